"""`fabricant plan`: find the best offers for a whole job, and book them together."""

import secrets
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, TypeVar
from zoneinfo import ZoneInfo

import click

from fabricant.capacity import Job, Plan, gather, plan, purchases
from fabricant.capacity.job_files import TEMPLATE, JobFile
from fabricant.chain import lookup
from fabricant.chain.capacity import CapacityMarket, Purchase
from fabricant.chain.escrow import LineOpened
from fabricant.chain.fabricant import Fabricant
from fabricant.chain.offers import Quote, quote
from fabricant.chain.payments import payment_of
from fabricant.cli import _app as app
from fabricant.cli import _facts as facts
from fabricant.cli import _files as files
from fabricant.cli import _naming as naming
from fabricant.cli import _output as output
from fabricant.cli import _trade as trade
from fabricant.cli.offer import ZONE
from fabricant.domain.capacity.local import local_spans
from fabricant.domain.drafts import parse_token
from fabricant.domain.escrow import NO_HASH, order_ref
from fabricant.domain.escrow.describe import describe_terms
from fabricant.domain.units import (
    BaseUnits,
    Seconds,
    count_of,
    format_time,
    parse_duration,
    printable,
    start_of,
)

F = TypeVar("F", bound=Callable[..., Any])

LIMIT: Final = app.Parsed("duration", parse_duration)


@click.group
def command() -> None:
    """Find the best offers for a whole job, and book them together.

    JOB is a file that says what is to be made: operations in order, each with a process and hours, and until
    when. Needs `pip install fabricant[plan]`.

    \b
    Example:
      fabricant plan show job.toml --by time
    """


def _finding(command: F) -> F:
    """The options that say which plan is the best."""
    options = (
        click.option(
            "--by",
            type=click.Choice(["price", "time"]),
            default="price",
            show_default=True,
            help="What makes a plan better.",
        ),
        click.option(
            "--hour-worth",
            metavar="AMOUNT",
            help="With --by price: what an hour sooner is worth, in whole tokens.",
        ),
        click.option("--limit", type=LIMIT, default="60 s", show_default=True, help="How long to look."),
        click.option("--buyer", type=naming.WHO, help="Who buys, if you act as its operator (OPEN)."),
        click.option("--zone", type=ZONE, help="The time zone in which hours are shown. [default: UTC]"),
    )
    for option in reversed(options):
        command = option(command)
    return command


@command.command
@click.argument("file", type=files.NEW_FILE)
@click.pass_context
def new(ctx: click.Context, file: Path) -> None:
    """Write an example of a job to FILE, to be changed.

    \b
    Example:
      fabricant plan new job.toml
    """
    files.write(file, TEMPLATE.encode())
    said = f"An example of a job is in {file}. Change it, then see `fabricant plan show {file}`."
    output.emit(ctx, {"file": str(file)}, lambda: output.say(said))


@command.command
@click.argument("job", type=files.FILE)
@_finding
@trade.reads
def show(
    ctx: click.Context,
    job: Path,
    *,
    by: str,
    hour_worth: str | None,
    limit: Seconds,
    buyer: str | None,
    zone: ZoneInfo | None,
) -> None:
    """Show the best plan for a job, or what would have to give. Ends with 6 if there is none.

    \b
    Example:
      fabricant plan show job.toml --hour-worth 5 --zone Europe/Berlin
    """
    fabricant = trade.reading(ctx)
    wanted, found = _find(ctx, fabricant, job, by=by, worth=hour_worth, limit=limit, buyer=buyer)
    output.emit(ctx, _facts(wanted, found), lambda: _show(fabricant, wanted, found, zone))


@command.command
@click.argument("job", type=files.FILE)
@_finding
@click.option("--order-number", help="Your purchase order; only its salted hash is published.")
@trade.acts
def book(
    ctx: click.Context,
    job: Path,
    *,
    by: str,
    hour_worth: str | None,
    limit: Seconds,
    buyer: str | None,
    zone: ZoneInfo | None,
    order_number: str | None,
) -> None:
    """Find the best plan for a job and book all of it, in one transaction or not at all.

    \b
    Example:
      fabricant plan book job.toml --by time --zone Europe/Berlin
    """
    fabricant = trade.trying(ctx)
    wanted, found = _find(ctx, fabricant, job, by=by, worth=hour_worth, limit=limit, buyer=buyer)
    salt = secrets.token_bytes(32)
    reference = order_ref(order_number, salt=salt) if order_number else NO_HASH
    quoted = [
        (each, quote(fabricant, each.offer, each.order))
        for each in purchases(wanted, found, order_ref=reference)
    ]
    chain = [replace(each, order=offered.order) for each, offered in quoted]
    price = BaseUnits(sum(offered.price for _, offered in quoted))
    payment = payment_of(fabricant, wanted.token.address, price, payer=wanted.buyer)
    market, action = fabricant.capacity, CapacityMarket.book_many
    if not payment.allowance:
        market.simulate(market.book_many, chain, value=payment.value)
    words = [*_words(wanted, quoted, zone), *trade.payment_words(payment, wanted.token)]
    trade.agree(ctx, [f"You book {count_of(len(chain), 'line')} for {wanted.token.format(price)}:", *words])
    trade.allow(ctx, fabricant, wanted.token.address, payment)
    done = trade.send(ctx, market, action, chain, value=payment.value)
    opened = [each for each in fabricant.escrow.events(done.receipt) if isinstance(each, LineOpened)]
    held = wanted.token.format(BaseUnits(sum(each.terms.amount for each in opened)))
    said = [f"Booked: {held} are held."]
    said += [
        f"{operation.name:16} line 0x{each.id.hex()}"
        for operation, each in zip(wanted.routing, opened, strict=True)
    ]
    said += [f"Keep the salt of your order number: 0x{salt.hex()}"] if order_number else []
    more = {
        "lines": [f"0x{each.id.hex()}" for each in opened],
        "plan": _facts(wanted, found),
        "orderSalt": f"0x{salt.hex()}" if order_number else None,
    }
    trade.report_all(ctx, [done], said, more)


def _find(
    ctx: click.Context,
    fabricant: Fabricant,
    file: Path,
    *,
    by: str,
    worth: str | None,
    limit: Seconds,
    buyer: str | None,
) -> tuple[Job, Plan]:
    """The job of a file, and the best plan for it."""
    written, now = files.read_draft(file, JobFile), fabricant.network.head().timestamp
    token = lookup.token_of(fabricant, parse_token(written.token))
    with files.named(file):
        job = written.job(buyer=naming.principal(ctx, buyer), token=token, at=now)
    goal = trade.goal(by, worth, token)
    available = gather(fabricant, job, written.attributes())
    output.note(f"Looking for the best among {count_of(len(available), 'offer')} …")
    return job, plan(job, available, at=now, goal=goal, limit=limit)


def _show(fabricant: Fabricant, job: Job, found: Plan, zone: ZoneInfo | None) -> None:
    since = fabricant.deployment.first_block
    rows = []
    for operation, step in zip(job.routing, found.steps, strict=True):
        machine = fabricant.assets.registration_of(step.available.offer.machine, since=since)
        first, *others = local_spans(step.hours, zone)
        price = job.token.format(step.price)
        offer = facts.short(fabricant.capacity.offer_id(step.available.offer))
        name = printable(machine.local_id, 30)
        rows.append((operation.name, name, offer, first, price, format_time(step.due_by)))
        rows += [("", "", "", span, "", "") for span in others]
    output.table("operation", "machine", "offer", "hours", "price", "due by", rows=rows)
    output.say(f"\nAll for {job.token.format(found.price)}, at your place by {format_time(found.arrives)}.")
    if not found.is_best:
        output.note("The time was over before it was proven that no plan is better; allow more with --limit.")


def _words(job: Job, quoted: list[tuple[Purchase, Quote]], zone: ZoneInfo | None) -> Iterator[str]:
    """Everything that is agreed to, line by line, and each set of conditions once."""
    for operation, (_, offered) in zip(job.routing, quoted, strict=True):
        yield f"{operation.name}: order line 0x{offered.line.hex()}"
        yield from (f"  {span}" for span in local_spans(offered.order.hours, zone))
        yield from describe_terms(offered.terms, offered.conditions, token=job.token)
        yield ""
    for conditions in {offered.conditions.id: offered.conditions for _, offered in quoted}.values():
        yield from trade.conditions_words(lookup.named(conditions))
        yield ""


def _facts(job: Job, found: Plan) -> dict[str, object]:
    return {
        "price": str(found.price),
        "arrives": found.arrives,
        "isBest": found.is_best,
        "steps": [
            {
                "operation": operation.name,
                "supplier": step.available.offer.supplier,
                "machine": facts.asset_text(step.available.offer.machine),
                "hours": [
                    {"from": start_of(begin), "until": start_of(end)} for begin, end in step.hours.spans()
                ],
                "price": str(step.price),
                "begin": step.begin,
                "dueBy": step.due_by,
            }
            for operation, step in zip(job.routing, found.steps, strict=True)
        ],
    }
