"""`fabricant request`: ask suppliers for quotations, and see who asks."""

import secrets
from typing import Final

import click

from fabricant.chain import lookup
from fabricant.chain.capacity import CapacityMarket, QuotationsRequested
from fabricant.chain.fabricant import Fabricant
from fabricant.chain.sealing import sealing_key
from fabricant.cli import _app as app
from fabricant.cli import _facts as facts
from fabricant.cli import _files as files
from fabricant.cli import _naming as naming
from fabricant.cli import _output as output
from fabricant.cli import _trade as trade
from fabricant.domain.capacity import Request, Tender
from fabricant.domain.capacity.describe import describe_request
from fabricant.domain.drafts import parse_hour, parse_token, process_code
from fabricant.domain.escrow import NO_HASH, order_ref
from fabricant.domain.units import (
    COIN_NAME,
    NOTHING,
    ZERO_ADDRESS,
    HourIndex,
    UnixSeconds,
    format_time,
    parse_time,
    printable,
)
from fabricant.errors import InvalidInput

TIME: Final = app.Parsed("time", parse_time)
HOUR: Final = app.Parsed("hour", parse_hour)
BEGINNING: Final = HourIndex(0)


@click.group
def command() -> None:
    """Ask suppliers for quotations, and see who asks.

    A request binds nobody. Suppliers answer with signed files (`fabricant quote`), of which the buyer awards
    one. REQUEST is an id, or its first digits.

    \b
    Example:
      fabricant request find --process "DIN 8580 3.2.2"
    """


@command.command
@click.option("--process", default="", help="Code of the process, such as DIN 8580 3.2.2.")
@click.option("--token", default=COIN_NAME, show_default=True, help="To be paid in this token, or in `coin`.")
@click.option("--budget", help="The most that it may cost, in whole tokens; everybody sees it.")
@click.option("--machine-hours", type=click.IntRange(0, 65_535), default=0, help="Hours to be reserved.")
@click.option("--begin", type=HOUR, help="The first hour in which they may lie.")
@click.option("--end", type=HOUR, help="The end of the last one.")
@click.option(
    "--assets", type=click.IntRange(0, 64), default=0, help="Registered products to be handed over."
)
@click.option("--quote-by", type=TIME, required=True, help="Quotations come before.")
@click.option("--due-by", type=TIME, required=True, help="When the goods are due at the latest.")
@click.option("--inspector", type=naming.WHO, help="Alone rejects, and may accept; else the buyer.")
@click.option("--arbiter", type=naming.WHO, help="Rules on disputes; else nobody.")
@click.option("--broker", type=naming.WHO, help="Gets the commission; else nobody.")
@click.option("--conditions", type=naming.CONDITIONS, required=True, help="Trade conditions, by name or id.")
@click.option("--documents", metavar="FILE|HASH", help="Drawings, quantities, what proofs you want.")
@click.option("--uri", default="", help="Where suppliers find them.")
@click.option(
    "--award",
    type=click.Choice(["price", "time"]),
    help="Publish by what you award, as a tender.",
)
@click.option(
    "--hour-worth",
    metavar="AMOUNT",
    help="With --award price: what an hour sooner is worth.",
)
@click.option("--requires", metavar="WORDS", multiple=True, help="What a supplier must have; with --award.")
@click.option("--reply-to", default="", help="Where they send their quotations.")
@click.option("--sealed", is_flag=True, help="Ask for quotations that only your wallet can read.")
@click.option("--order-number", help="Your purchase order; only its salted hash is published.")
@click.option("--buyer", type=naming.WHO, help="Who asks, if you act as its operator (OPEN).")
@trade.acts
def publish(
    ctx: click.Context,
    *,
    process: str,
    token: str,
    budget: str | None,
    machine_hours: int,
    begin: HourIndex | None,
    end: HourIndex | None,
    assets: int,
    quote_by: UnixSeconds,
    due_by: UnixSeconds,
    inspector: str | None,
    arbiter: str | None,
    broker: str | None,
    conditions: str,
    documents: str | None,
    uri: str,
    award: str | None,
    hour_worth: str | None,
    requires: tuple[str, ...],
    reply_to: str,
    sealed: bool,
    order_number: str | None,
    buyer: str | None,
) -> None:
    """Ask everybody for quotations. It costs the fee alone, and binds you to nothing.

    \b
    Example:
      fabricant request publish --process "DIN 8580 3.2.2" --machine-hours 8 --begin 2026-12-01T06:00Z --end 2026-12-12T18:00Z --quote-by 2026-11-28T12:00Z --due-by 2026-12-18T12:00Z --conditions machine-time --documents drawing.pdf
    """  # noqa: E501 - an example is one line
    fabricant = trade.trying(ctx)
    money = lookup.token_of(fabricant, parse_token(token))
    agreed, salt = lookup.find_conditions(fabricant, conditions).conditions, secrets.token_bytes(32)
    own_salt = int.from_bytes(secrets.token_bytes(32))
    fabricant.escrow.conditions_of(agreed.id)
    others = [ZERO_ADDRESS if who is None else naming.who(ctx, who) for who in (inspector, arbiter, broker)]
    papers, place = files.commitment(documents), uri
    if award is not None:
        goal = trade.goal(award, hour_worth, money)
        tender = Tender(award=goal, requires=frozenset(requires), documents=papers, uri=uri)
        papers, place = tender.hash, tender.data_uri
    elif hour_worth or requires:
        raise InvalidInput("--hour-worth and --requires are parts of a tender; say --award price, too")
    request = Request(
        buyer=naming.principal(ctx, buyer),
        process=process_code(process),
        token=money.address,
        budget=NOTHING if budget is None else money.parse(budget),
        machine_hours=machine_hours,
        from_hour=begin or BEGINNING,
        until_hour=end or BEGINNING,
        assets=assets,
        quote_by=quote_by,
        due_by=due_by,
        inspector=others[0],
        arbiter=others[1],
        broker=others[2],
        conditions=agreed.id,
        documents=papers,
        order_ref=order_ref(order_number, salt=salt) if order_number else NO_HASH,
        sealing_key=sealing_key(app.wallet(ctx), own_salt) if sealed else NO_HASH,
        salt=own_salt,
        uri=place,
        reply_to=reply_to,
    )
    words = ["You ask everybody:", *request_words(fabricant, request)]
    done = trade.perform(ctx, fabricant.capacity, CapacityMarket.request, words, request)
    said = ["The request was published.", f"Id 0x{done.event.id.hex()}"]
    said += [f"Keep the salt of your order number: 0x{salt.hex()}"] if order_number else []
    trade.report(ctx, done, said, {"orderSalt": f"0x{salt.hex()}" if order_number else None})


@command.command
@click.option("--buyer", type=naming.WHO, help="Of this buyer.")
@click.option("--process", help="For a process with this code.")
@click.option("--all", "everything", is_flag=True, help="Also those that are over.")
@trade.reads
def find(ctx: click.Context, *, buyer: str | None, process: str | None, everything: bool) -> None:
    """Find requests that can still be answered, the most urgent first.

    \b
    Example:
      fabricant request find --process "DIN 8580 3.2.2"
    """
    fabricant = trade.reading(ctx)
    now, market = fabricant.network.head().timestamp, fabricant.capacity
    whose = naming.who(ctx, buyer) if buyer else None
    published = market.requests(buyer=whose, since=fabricant.deployment.first_block)
    latest = {event.id: event for _, event in published if market.request_id(event.request) == event.id}
    wanted = [
        event
        for event in sorted(latest.values(), key=lambda each: each.request.quote_by)
        if (everything or event.request.quote_by > now)
        and (process is None or event.process == process_code(process))
    ]
    rows = [_row(fabricant, each) for each in wanted]
    columns = ("request", "buyer", "hours", "budget", "quote by", "due by", "conditions")
    output.emit(ctx, [facts.of(each) for each in wanted], lambda: output.table(*columns, rows=rows))
    if not wanted:
        output.note("Nobody asks for anything like that.")


@command.command
@click.argument("request")
@trade.reads
def show(ctx: click.Context, request: str) -> None:
    """Show a request in words, with its conditions and what was awarded.

    \b
    Example:
      fabricant request show 0x5a1b2c3d
    """
    fabricant = trade.reading(ctx)
    found = lookup.find_request(fabricant, request)
    since, escrow = fabricant.deployment.first_block, fabricant.escrow
    awards = [
        event
        for _, event in fabricant.capacity.awards(found.id, since=since)
        if escrow.terms_of(event.id, since=since).buyer == found.buyer
    ]
    data = {**facts.of(found), "awards": [facts.of(each) for each in awards]}
    told = [f"Awarded to {each.supplier}: line 0x{each.id.hex()}" for each in awards]
    told = told or ["Nothing was awarded yet."]
    words = [f"Request 0x{found.id.hex()}", *request_words(fabricant, found.request), "", *told]
    output.emit(ctx, data, lambda: output.say("\n".join(words)))


def request_words(fabricant: Fabricant, request: Request) -> list[str]:
    """A request in words, its conditions too."""
    token = lookup.token_of(fabricant, request.token)
    conditions = lookup.named(fabricant.escrow.conditions_of(request.conditions))
    return [*describe_request(request, token=token), "", *trade.conditions_words(conditions)]


def _row(fabricant: Fabricant, event: QuotationsRequested) -> tuple[object, ...]:
    request, token = event.request, lookup.token_of(fabricant, event.request.token)
    known = lookup.conditions_published(fabricant).get(request.conditions)
    return (
        facts.short(event.id),
        printable(event.buyer),
        request.machine_hours or None,
        token.format(request.budget) if request.budget else None,
        format_time(request.quote_by),
        format_time(request.due_by),
        lookup.named(known).name if known else None,
    )
