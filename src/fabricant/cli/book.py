"""`fabricant book`: buy hours of a machine, and keep its calendar."""

import secrets
from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

import click
from eth_utils.crypto import keccak

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
from fabricant.cli import _output as output
from fabricant.cli import _trade as trade
from fabricant.cli.offer import load, parse_all
from fabricant.domain.capacity import HourPattern, Offer, Order
from fabricant.domain.capacity.local import (
    BLOCKED,
    BOOKED,
    local_spans,
    parse_zone,
    sign_of,
    week_lines,
    week_of,
)
from fabricant.domain.escrow import NO_HASH, order_ref
from fabricant.domain.escrow.describe import describe_terms
from fabricant.domain.units import HourIndex, count_of, start_of

ZONE: Final = app.Parsed("zone", parse_zone)
HOURS_HELP: Final = (
    "Such as '2026-12-01 06:00 to 14:00' or '2026-12-01 to 2026-12-05 06:00 to 14:00'; may be given again."
)
ZONE_HELP: Final = "The time zone of the hours, such as Europe/Berlin or UTC."


class _BookGroup(click.Group):
    """`fabricant book OFFER` is `fabricant book offer OFFER`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if args and args[0] not in self.commands and args[0] not in ctx.help_option_names:
            args = ["offer", *args]
        return super().parse_args(ctx, args)


@click.group(cls=_BookGroup)
def command() -> None:
    """Buy hours of a machine, and keep its calendar.

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


# Calendars


@command.group
def calendar() -> None:
    """See when a machine is free, and take hours out of sale.

    \b
    Example:
      fabricant book calendar show NMW-0417 --from 2026-11-30 --zone Europe/Berlin
    """


@calendar.command("show")
@click.argument("machine")
@click.option(
    "--from",
    "first",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="DATE",
    required=True,
    help="The first of seven days, such as 2026-11-30.",
)
@click.option("--zone", type=ZONE, required=True, help=ZONE_HELP)
@naming.in_namespace
@trade.reads
def calendar_show(
    ctx: click.Context,
    machine: str,
    *,
    first: datetime,
    zone: ZoneInfo,
    issuer: str | None,
    prefix: str | None,
) -> None:
    """Show seven days of a machine: free, booked (B) and blocked (x) hours.

    \b
    Example:
      fabricant book calendar show NMW-0417 --from 2026-11-30 --zone Europe/Berlin
    """
    fabricant = trade.reading(ctx)
    found = naming.asset(ctx, fabricant, machine, issuer=issuer, prefix=prefix)
    fabricant.assets.standing_of(found)
    day: date = first.date()
    week = week_of(day, zone)
    begin, end = HourIndex(week[0]), HourIndex(week[-1] + 1)
    words = fabricant.capacity.calendar_of(found, begin, end)
    data = {
        "machine": facts.asset_text(found),
        "booked": [start_of(HourIndex(hour)) for hour in week if sign_of(hour, words) == BOOKED],
        "blocked": [start_of(HourIndex(hour)) for hour in week if sign_of(hour, words) == BLOCKED],
    }
    output.emit(ctx, data, lambda: output.say("\n".join(week_lines(day, zone, words))))


@calendar.command
@click.argument("machine")
@click.option("--hours", multiple=True, required=True, help=HOURS_HELP)
@click.option("--zone", type=ZONE, help=ZONE_HELP)
@click.option("--reason", default="", help="What for; only its hash is published.")
@naming.in_namespace
@trade.acts
def block(
    ctx: click.Context,
    machine: str,
    *,
    hours: tuple[str, ...],
    zone: ZoneInfo | None,
    reason: str,
    issuer: str | None,
    prefix: str | None,
) -> None:
    """Take hours out of sale, for maintenance or your own use.

    \b
    Example:
      fabricant book calendar block NMW-0417 --hours "2026-12-24 06:00 to 22:00" --zone Europe/Berlin
    """
    fabricant = trade.trying(ctx)
    found, pattern = (
        naming.asset(ctx, fabricant, machine, issuer=issuer, prefix=prefix),
        parse_all(hours, zone),
    )
    words = ["These hours are taken out of sale:", *_shown(pattern, zone)]
    action = CapacityMarket.block_hours
    done = trade.perform(ctx, fabricant.capacity, action, words, found, pattern, reason=_reason(reason))
    trade.report(ctx, done, [f"Out of sale: {count_of(pattern.count, 'hour')}."])


@calendar.command
@click.argument("machine")
@click.option("--hours", multiple=True, required=True, help=HOURS_HELP)
@click.option("--zone", type=ZONE, help=ZONE_HELP)
@naming.in_namespace
@trade.acts
def unblock(
    ctx: click.Context,
    machine: str,
    *,
    hours: tuple[str, ...],
    zone: ZoneInfo | None,
    issuer: str | None,
    prefix: str | None,
) -> None:
    """Put hours on sale again.

    \b
    Example:
      fabricant book calendar unblock NMW-0417 --hours "2026-12-24 06:00 to 22:00" --zone Europe/Berlin
    """
    fabricant = trade.trying(ctx)
    found, pattern = (
        naming.asset(ctx, fabricant, machine, issuer=issuer, prefix=prefix),
        parse_all(hours, zone),
    )
    words = ["These hours are on sale again:", *_shown(pattern, zone)]
    done = trade.perform(ctx, fabricant.capacity, CapacityMarket.unblock_hours, words, found, pattern)
    trade.report(ctx, done, [f"On sale again: {count_of(pattern.count, 'hour')}."])


def _words(
    fabricant: Fabricant, offer: Offer, quoted: Quote, payment: Payment, zone: ZoneInfo | None
) -> list[str]:
    token = lookup.token_of(fabricant, offer.token)
    return [
        f"You book {count_of(quoted.order.hours.count, 'hour')} for {token.format(quoted.price)}:",
        *_shown(quoted.order.hours, zone),
        *(trade.payment_words(payment, token)),
        "",
        f"Order line 0x{quoted.line.hex()}" + (" (if the price stays)" if offer.decay_hours else ""),
        *describe_terms(quoted.terms, quoted.conditions, token=token),
        "",
        *trade.conditions_words(lookup.named(quoted.conditions)),
    ]


def _shown(pattern: HourPattern, zone: ZoneInfo | None) -> list[str]:
    return [f"  {span}" for span in local_spans(pattern, zone)]


def _reason(text: str) -> bytes:
    return keccak(text=text) if text else NO_HASH
