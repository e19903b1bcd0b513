"""`fabricant order`: how a line is performed: delivered, received, inspected, paid, collected."""

import click
from eth_utils.crypto import keccak

from fabricant.chain.escrow import Delivery, SupplierEscrow
from fabricant.chain.payments import check_approved
from fabricant.cli import _facts as facts
from fabricant.cli import _files as files
from fabricant.cli import _naming as naming
from fabricant.cli import _trade as trade
from fabricant.cli._line import act, act_on_many, at_hand
from fabricant.domain.escrow import Ending
from fabricant.domain.units import printable
from fabricant.errors import InvalidInput


@click.command
@click.argument("line")
@click.option(
    "--asset", "assets", metavar="ASSET", multiple=True, help="A product to hand over; give all of them."
)
@click.option("--evidence", metavar="FILE|HASH", help="Records of the delivery.")
@click.option("--invoice", metavar="FILE|HASH", help="The invoice.")
@click.option("--uri", default="", help="Where both are found.")
@naming.in_namespace
@trade.acts
def deliver(
    ctx: click.Context,
    line: str,
    *,
    assets: tuple[str, ...],
    evidence: str | None,
    invoice: str | None,
    uri: str,
    issuer: str | None,
    prefix: str | None,
) -> None:
    """Record that you handed over; the products go into the escrow's custody.

    Supplier (QUALITY, with products also ASSETS).

    \b
    Example:
      fabricant order deliver 0x1f2e3d4c --asset PART-0001 --asset PART-0002 --evidence delivery-note.pdf
    """
    fabricant = trade.trying(ctx)
    found = at_hand(fabricant, line)
    goods = tuple(naming.asset(ctx, fabricant, each, issuer=issuer, prefix=prefix) for each in assets)
    check_approved(fabricant, goods, owner=found.terms.supplier)
    delivery = Delivery(
        evidence=files.commitment(evidence), invoice=files.commitment(invoice), uri=uri, assets=goods
    )
    words = [
        f"You record its delivery{trade.place(uri)}:",
        f"  evidence: {files.commitment_text(delivery.evidence)}",
        f"  invoice: {files.commitment_text(delivery.invoice)}",
        *(f"  into custody: {facts.asset_text(each)}" for each in goods),
    ]
    act(ctx, found, SupplierEscrow.deliver, words, "The delivery was recorded.", delivery)


@click.command
@click.argument("line")
@trade.acts
def receipt(ctx: click.Context, line: str) -> None:
    """Confirm that the goods arrived. Inspection begins now; this accepts nothing.

    Buyer or inspector (QUALITY).

    \b
    Example:
      fabricant order receipt 0x1f2e3d4c
    """
    found = at_hand(trade.trying(ctx), line)
    words = ["You confirm that the goods have arrived; the time to inspect them begins now."]
    act(ctx, found, SupplierEscrow.confirm_receipt, words, "The receipt was confirmed.")


@click.command
@click.argument("lines", metavar="LINE...", nargs=-1, required=True)
@click.option("--by-silence", is_flag=True, help="Nobody inspected in time; anybody may close it then.")
@trade.acts
def accept(ctx: click.Context, lines: tuple[str, ...], *, by_silence: bool) -> None:
    """Accept deliveries: the money goes to the supplier, the products to the buyer, at once.

    Buyer or inspector (QUALITY); without a delivery or after a rejection the buyer alone (FINANCE). Several
    lines of the same parties go into one transaction, as far as its gas suffices.

    \b
    Examples:
      fabricant order accept 0x1f2e3d4c
      fabricant order accept 0x1f2e3d4c 0x5b6a7988 0x9a8b7c6d
    """
    fabricant = trade.trying(ctx)
    found = list({line.id: line for line in (at_hand(fabricant, each) for each in lines)}.values())
    ending = Ending.DEEMED_ACCEPTED if by_silence else Ending.ACCEPTED
    said = "Nobody inspected it in time." if by_silence else "You accept it."
    if len(found) > 1:
        many = SupplierEscrow.deem_accept_many if by_silence else SupplierEscrow.accept_many
        act_on_many(ctx, found, many, lambda line: [said, *line.ending(ending)])
        return
    action = SupplierEscrow.deem_accept if by_silence else SupplierEscrow.accept
    words = [said, *found[0].ending(ending)]
    act(ctx, found[0], action, words, "The line was accepted.", found[0].goods())


@click.command
@click.argument("line")
@click.option("--reason", required=True, metavar="TEXT|@FILE", help="Only its hash is published.")
@trade.acts
def reject(ctx: click.Context, line: str, *, reason: str) -> None:
    """Refuse a delivery; the supplier may deliver again.

    The inspector, or the buyer if there is none (QUALITY). The reason is a text, or @ and a report's file.

    \b
    Example:
      fabricant order reject 0x1f2e3d4c --reason @inspection-report.pdf
    """
    found = at_hand(trade.trying(ctx), line)
    if not reason:
        raise InvalidInput("say why; the supplier has to know what to cure")
    hashed = files.commitment(reason[1:]) if reason.startswith("@") else keccak(text=reason)
    words = [f"You reject the delivery: {printable(reason)}", f"  published as 0x{hashed.hex()}"]
    act(ctx, found, SupplierEscrow.reject, words, "The delivery was rejected.", reason=hashed)


@click.command
@click.argument("line")
@trade.acts
def retention(ctx: click.Context, line: str) -> None:
    """Pay the retention once the warranty is over. Anybody may.

    \b
    Example:
      fabricant order retention 0x1f2e3d4c
    """
    found = at_hand(trade.trying(ctx), line)
    words = ["The retention is paid:", *found.ending(Ending.RETENTION_PAID)]
    act(ctx, found, SupplierEscrow.pay_retention, words, "The retention was paid.")


@click.command
@click.argument("line")
@trade.acts
def collect(ctx: click.Context, line: str) -> None:
    """Take products out of custody that are yours.

    The party to whom the line gave them (ASSETS); the supplier after a rejection.

    \b
    Example:
      fabricant order collect 0x1f2e3d4c
    """
    found = at_hand(trade.trying(ctx), line)
    goods = found.goods()
    if not goods:
        raise InvalidInput(f"nothing of line 0x{found.id.hex()} is in custody; there is nothing to collect")
    words = ["You collect:", *(f"  {facts.asset_text(each)}" for each in goods)]
    act(ctx, found, SupplierEscrow.collect, words, "The products were handed over.", goods)
