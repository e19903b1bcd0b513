"""`fabricant order`: how a line is performed: delivered, received, inspected, paid, collected."""

from typing import Final

import click
from eth_utils.crypto import keccak

from fabricant.chain.escrow import Delivery, SupplierEscrow
from fabricant.chain.payments import check_approved
from fabricant.cli import _facts as facts
from fabricant.cli import _files as files
from fabricant.cli import _naming as naming
from fabricant.cli import _trade as trade
from fabricant.cli._line import act, act_on_all, all_at_hand, at_hand, lines_argument
from fabricant.domain.escrow import Ending
from fabricant.domain.units import printable
from fabricant.errors import InvalidInput

ACCEPTED: Final = "The line was accepted."


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
@lines_argument
@trade.acts
def accept(ctx: click.Context, lines: tuple[str, ...]) -> None:
    """Accept deliveries: the money goes to the supplier, the products to the buyer, at once.

    Buyer or inspector (QUALITY); without a delivery or after a rejection the buyer alone (FINANCE). Several
    lines of the same parties go into one transaction, as far as its gas suffices.

    \b
    Example:
      fabricant order accept 0x1f2e3d4c 0x5b6a7988
    """
    found = all_at_hand(trade.trying(ctx), lines)
    words = ["You accept it.", *found[0].ending(Ending.ACCEPTED)]
    if len(found) == 1:
        act(ctx, found[0], SupplierEscrow.accept, words, ACCEPTED, found[0].goods())
    else:
        act_on_all(ctx, found, SupplierEscrow.accept_many, Ending.ACCEPTED)


@click.command("deem-accept")
@lines_argument
@trade.acts
def deem_accept(ctx: click.Context, lines: tuple[str, ...]) -> None:
    """Close deliveries that nobody inspected in time, as accepted. Anybody may.

    Several lines of the same parties go into one transaction, as far as its gas suffices.

    \b
    Example:
      fabricant order deem-accept 0x1f2e3d4c
    """
    found = all_at_hand(trade.trying(ctx), lines)
    words = ["Nobody inspected it in time.", *found[0].ending(Ending.DEEMED_ACCEPTED)]
    if len(found) == 1:
        act(ctx, found[0], SupplierEscrow.deem_accept, words, ACCEPTED, found[0].goods())
    else:
        act_on_all(ctx, found, SupplierEscrow.deem_accept_many, Ending.DEEMED_ACCEPTED)


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
