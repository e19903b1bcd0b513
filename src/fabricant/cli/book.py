"""`fabricant book`: buy hours of a machine."""

import secrets
from zoneinfo import ZoneInfo

import click

from fabricant.chain import lookup
from fabricant.chain.capacity import CapacityMarket
from fabricant.chain.escrow import LineOpened
from fabricant.chain.fabricant import Fabricant
from fabricant.chain.offers import ANY_PRICE, Quote, quote
from fabricant.chain.payments import Payment, payment_of
from fabricant.cli import _app as app
from fabricant.cli import _facts as facts
from fabricant.cli import _files as files
from fabricant.cli import _naming as naming
from fabricant.cli import _trade as trade
from fabricant.cli.offer import HOURS_HELP, ZONE, ZONE_HELP, load, parse_all
from fabricant.domain.capacity import Offer, Order
from fabricant.domain.escrow import NO_HASH, order_ref
from fabricant.domain.escrow.describe import describe_terms
from fabricant.domain.units import count_of


@click.group(cls=app.group_of("offer"))
def command() -> None:
    """Buy hours of a machine.

    `fabricant book OFFER …` is short for `fabricant book offer OFFER …`.

    \b
    Example:
      fabricant book offer offer.json --hours "2026-12-01 06:00 to 14:00" --zone Europe/Berlin
    """


@command.command
@click.argument("offer")
@click.option("--hours", multiple=True, required=True, help=HOURS_HELP)
@click.option("--zone", type=ZONE, help=ZONE_HELP)
@click.option("--buyer", type=naming.WHO, help="Who buys, if you act as its operator (OPEN).")
@click.option("--max-price", help="Book only up to this price, in whole tokens.")
@click.option(
    "--assets", type=click.IntRange(0, 64), default=0, help="Registered products to be handed over."
)
@click.option("--documents", metavar="FILE|HASH", help="Your part of the contract package, such as drawings.")
@click.option("--order-number", help="Your purchase order; only its salted hash is published.")
@trade.acts
def offer(
    ctx: click.Context,
    offer: str,
    *,
    hours: tuple[str, ...],
    zone: ZoneInfo | None,
    buyer: str | None,
    max_price: str | None,
    assets: int,
    documents: str | None,
    order_number: str | None,
) -> None:
    """Book hours on an offer: a signed file, or the id of a published one.

    The hours, setup hours included, are marked, the order line is opened and your money is held, in one
    transaction or not at all. Price, line and conditions are shown first.

    \b
    Example:
      fabricant book offer offer.json --hours "2026-12-01 06:00 to 14:00" --zone Europe/Berlin
    """
    fabricant = trade.trying(ctx)
    signed = load(fabricant, offer)
    payer = naming.principal(ctx, buyer)
    token = lookup.token_of(fabricant, signed.offer.token)
    salt = secrets.token_bytes(32)
    order = Order(
        buyer=payer,
        documents=files.commitment(documents),
        order_ref=order_ref(order_number, salt=salt) if order_number else NO_HASH,
        max_price=ANY_PRICE if max_price is None else token.parse(max_price),
        salt=int.from_bytes(secrets.token_bytes(32)),
        assets=assets,
        hours=parse_all(hours, zone),
    )
    fabricant.capacity.simulate(fabricant.capacity.publish, signed.offer, signed.consent)
    quoted = quote(fabricant, signed.offer, order)
    payment = payment_of(fabricant, token.address, quoted.price, payer=payer)
    if not payment.allowance:
        market = fabricant.capacity
        market.simulate(market.book, signed.offer, signed.consent, quoted.order, value=payment.value)
    trade.agree(ctx, _words(fabricant, signed.offer, quoted, payment, zone))
    trade.allow(ctx, fabricant, token.address, payment)
    action = CapacityMarket.book
    done = trade.send(
        ctx, fabricant.capacity, action, signed.offer, signed.consent, quoted.order, value=payment.value
    )
    opened = fabricant.escrow.event(done.receipt, LineOpened)
    data = {
        "line": f"0x{opened.id.hex()}",
        "price": str(opened.terms.amount),
        "terms": facts.of(opened.terms),
        "orderSalt": f"0x{salt.hex()}" if order_number else None,
    }
    said = [f"Booked: {token.format(opened.terms.amount)} are held.", f"Line 0x{opened.id.hex()}"]
    said += [f"Keep the salt of your order number: 0x{salt.hex()}"] if order_number else []
    trade.report(ctx, done, said, data)


# Hours of a line


@command.group
def hours() -> None:
    """Free the hours of a line that ended early.

    \b
    Example:
      fabricant book hours return 0x1f2e3d4c
    """


@hours.command("return")
@click.argument("line")
@trade.acts
def hours_return(ctx: click.Context, line: str) -> None:
    """Free the hours of a closed line that have not begun yet. Anybody may.

    \b
    Example:
      fabricant book hours return 0x1f2e3d4c
    """
    fabricant = trade.trying(ctx)
    found, terms = lookup.find_line(fabricant, line)
    booking = fabricant.capacity.bound_by(terms, found, since=fabricant.deployment.first_block)
    left = booking.hours.remaining(fabricant.network.head().timestamp) if booking.hours else ()
    are = "is" if len(left) == 1 else "are"
    words = [f"{count_of(len(left), 'hour')} of the line 0x{found.hex()} {are} free for others again."]
    done = trade.perform(ctx, fabricant.capacity, CapacityMarket.return_hours, words, terms, booking)
    trade.report(ctx, done, words)


def _words(
    fabricant: Fabricant, offer: Offer, quoted: Quote, payment: Payment, zone: ZoneInfo | None
) -> list[str]:
    token = lookup.token_of(fabricant, offer.token)
    return [
        f"You book {count_of(quoted.order.hours.count, 'hour')} for {token.format(quoted.price)}:",
        *trade.hours_words(quoted.order.hours, zone),
        *(trade.payment_words(payment, token)),
        "",
        f"Order line 0x{quoted.line.hex()}" + (" (if the price stays)" if offer.decay_hours else ""),
        *describe_terms(quoted.terms, quoted.conditions, token=token),
        "",
        *trade.conditions_words(lookup.named(quoted.conditions)),
    ]
