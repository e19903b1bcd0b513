"""`fabricant quote`: answer requests with signed quotations, compare them, award one."""

import secrets
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import click

from fabricant.chain import lookup, quotations, sealing
from fabricant.chain.capacity import CapacityMarket, SignedQuotation
from fabricant.chain.escrow import LineOpened
from fabricant.chain.fabricant import Fabricant
from fabricant.chain.payments import payment_of
from fabricant.chain.quotations import QuotationReport, answering
from fabricant.cli import _app as app
from fabricant.cli import _facts as facts
from fabricant.cli import _files as files
from fabricant.cli import _naming as naming
from fabricant.cli import _output as output
from fabricant.cli import _trade as trade
from fabricant.cli.offer import ZONE, parse_all
from fabricant.domain.capacity import CHEAPEST, NO_BOOKING, Booking, Goal, Quotation, tender_of
from fabricant.domain.capacity.local import local_spans
from fabricant.domain.directory import nonce_word
from fabricant.domain.escrow import NO_HASH, Conditions
from fabricant.domain.escrow.describe import describe_terms
from fabricant.domain.units import UnixSeconds, count_of, format_time, parse_time, printable, start_of
from fabricant.errors import InvalidInput, VerificationFailed

TIME: Final = app.Parsed("time", parse_time)
NONCE_BITS: Final = 63


@click.group
def command() -> None:
    """Answer requests with signed quotations, compare them, award one.

    QUOTATION is a signed file. Signing costs nothing and reserves nothing; the award opens the order line
    with the hours that the quotation names, or does nothing at all.

    \b
    Example:
      fabricant quote compare turnery.json mill.json --by time
    """


def load(ctx: click.Context, fabricant: Fabricant, file: Path) -> SignedQuotation:
    """A signed quotation from its file. One that is sealed is opened with the wallet of the options."""
    raw = files.read(file, most=sealing.LARGEST_SEALED)
    with files.named(file):
        return quotations.read_answer(fabricant, raw, opener=lambda: app.wallet(ctx))


@command.command
@click.argument("request")
@click.option("--price", required=True, help="Of the whole line, in whole tokens.")
@click.option("--machine", metavar="ASSET", help="Whose hours are reserved: its local id, or its asset id.")
@click.option("--hours", multiple=True, help="Such as '2026-12-01 06:00 to 14:00'; may be given again.")
@click.option("--zone", type=ZONE, help="The time zone of the hours, such as Europe/Berlin or UTC.")
@click.option("--open-by", type=TIME, help="It must be awarded before. [default: as --valid-until]")
@click.option("--due-by", type=TIME, help="When the goods are due. [default: as asked]")
@click.option("--valid-until", type=TIME, required=True, help="From then on nobody can award it.")
@click.option("--supplier", type=naming.WHO, help="Whose quotation, if you sign as its operator (OPEN).")
@click.option("--nonce", type=click.IntRange(0), help="What shares one is cancelled together. [default: new]")
@click.option("--out", type=files.NEW_FILE, required=True, help="The file to write.")
@trade.acts
def sign(
    ctx: click.Context,
    request: str,
    *,
    price: str,
    machine: str | None,
    hours: tuple[str, ...],
    zone: ZoneInfo | None,
    open_by: UnixSeconds | None,
    due_by: UnixSeconds | None,
    valid_until: UnixSeconds,
    supplier: str | None,
    nonce: int | None,
    out: Path,
) -> None:
    """Answer a request: write a signed quotation to a file, for the buyer. Nothing is sent.

    If the request asks for sealed quotations, a second file with the ending .sealed is what the buyer gets.

    \b
    Example:
      fabricant quote sign 0x5a1b2c3d --price 820 --machine NMW-0417 --hours "2026-12-01 06:00 to 14:00" --zone Europe/Berlin --valid-until 2026-11-29T12:00Z --out turnery.json
    """  # noqa: E501 - an example is one line
    fabricant = trade.trying(ctx)
    asked, seller = lookup.find_request(fabricant, request), naming.principal(ctx, supplier)
    if (machine is None) != (not hours):
        raise InvalidInput("hours are a machine's: give both --machine and --hours, or neither")
    booking = NO_BOOKING
    if machine is not None:
        found = naming.asset(ctx, fabricant, machine, issuer=seller)
        booking = Booking(machine=found, hours=parse_all(hours, zone))
    terms = answering(
        fabricant,
        asked.request,
        seller=seller,
        booking=booking,
        price=lookup.token_of(fabricant, asked.request.token).parse(price),
        open_by=open_by or valid_until,
        due_by=due_by or asked.request.due_by,
    )
    quotation = Quotation(
        request_id=asked.id,
        terms=terms,
        valid_until=valid_until,
        nonce=secrets.randbits(NONCE_BITS) if nonce is None else nonce,
        epoch=fabricant.capacity.epoch_of(seller),
    )
    conditions = fabricant.escrow.conditions_of(quotation.terms.conditions)
    market = fabricant.capacity
    market.check_quotation(quotation, booking, conditions)
    trade.agree(ctx, ["You sign this quotation:", *quotation_words(fabricant, quotation, booking, zone)])
    file = quotations.sign_answer(fabricant, quotation, booking, by=app.wallet(ctx))
    files.write(out, file.serialise())
    said, box = f"Signed, in {out}.\nId 0x{file.id.hex()}", None
    if asked.request.sealing_key != NO_HASH:
        box = out.with_suffix(".sealed")
        files.write(box, quotations.handed_over(file, asked))
        said += f"\nFor the buyer alone: {box}. Keep {out} for yourself."
    data = {"file": str(out), "sealed": box and str(box), "id": f"0x{file.id.hex()}"}
    output.emit(ctx, {**data, **_facts(quotation, booking)}, lambda: output.say(said))


@command.command
@click.argument("quotation", type=files.FILE)
@trade.reads
def check(ctx: click.Context, quotation: Path) -> None:
    """Show a quotation in words, and say whether it can be awarded. Ends with 6 if not.

    \b
    Example:
      fabricant quote check turnery.json
    """
    fabricant = trade.reading(ctx)
    signed = load(ctx, fabricant, quotation)
    report = quotations.examine(fabricant, signed)
    words = [f"Quotation 0x{report.id.hex()}"]
    if report.conditions is not None:
        words += quotation_words(fabricant, signed.quotation, signed.booking, None)
    output.emit(ctx, _report_facts(report), lambda: output.say("\n".join([*words, "", *_verdict(report)])))
    if report.problems:
        raise VerificationFailed(f"this quotation can't be awarded: {report.problems[0]}")


@command.command
@click.argument("files_", metavar="QUOTATION...", type=files.FILE, nargs=-1, required=True)
@click.option(
    "--by", type=click.Choice(["price", "time"]),
    help="Which one is better: the cheaper, or the one due earlier. [default: as published, else price]",
)  # fmt: skip
@click.option(
    "--hour-worth", metavar="AMOUNT", help="By price: what an hour sooner is worth, in whole tokens."
)
@trade.reads
def compare(ctx: click.Context, files_: tuple[Path, ...], *, by: str | None, hour_worth: str | None) -> None:
    """Compare quotations: the best first, then those that depart from the request or can't be awarded.

    \b
    Example:
      fabricant quote compare turnery.json mill.json --by time
    """
    fabricant = trade.reading(ctx)
    reports = {file: quotations.examine(fabricant, load(ctx, fabricant, file)) for file in files_}
    if len({each.signed.quotation.request_id for each in reports.values()}) > 1:
        raise InvalidInput("these quotations answer different requests; compare those for one")
    ranked = quotations.rank(reports.values(), _goal(fabricant, next(iter(reports.values())), by, hour_worth))
    named = {report.id: str(file) for file, report in reports.items()}
    rows = [_row(fabricant, named[each.id], each) for each in ranked]
    columns = ("file", "supplier", "price", "due by", "hours", "")
    data = [{"file": named[each.id], **_report_facts(each)} for each in ranked]
    output.emit(ctx, data, lambda: output.table(*columns, rows=rows))


@command.command
@click.argument("quotation", type=files.FILE)
@click.option("--anyway", is_flag=True, help="Award it although it is not what was asked for.")
@trade.acts
def award(ctx: click.Context, quotation: Path, *, anyway: bool) -> None:
    """Award a quotation: its hours are marked, the line is opened and your money held, or nothing happens.

    \b
    Example:
      fabricant quote award turnery.json
    """
    fabricant = trade.trying(ctx)
    signed = load(ctx, fabricant, quotation)
    report = quotations.examine(fabricant, signed)
    if report.problems:
        raise report.problems[0]
    if report.departures != () and not anyway:
        raise InvalidInput(f"{_departed(report)}; if you want it as it is, add --anyway")
    terms, market = signed.quotation.terms, fabricant.capacity
    payment = payment_of(fabricant, terms.token, terms.amount, payer=terms.buyer)
    arguments = (signed.quotation, signed.consent, signed.booking)
    if not payment.allowance:
        market.simulate(market.award, *arguments, value=payment.value)
    token = lookup.token_of(fabricant, terms.token)
    words = quotation_words(fabricant, signed.quotation, signed.booking, None)
    trade.agree(ctx, ["You award this quotation:", *words, *trade.payment_words(payment, token)])
    trade.allow(ctx, fabricant, terms.token, payment)
    done = trade.send(ctx, market, CapacityMarket.award, *arguments, value=payment.value)
    opened = fabricant.escrow.event(done.receipt, LineOpened)
    said = [f"Awarded: {token.format(terms.amount)} are held.", f"Line 0x{opened.id.hex()}"]
    trade.report(ctx, done, said, {"line": f"0x{opened.id.hex()}", "terms": facts.of(terms)})


@command.command
@click.argument("quotation", type=files.FILE)
@trade.acts
def cancel(ctx: click.Context, quotation: Path) -> None:
    """Cancel a quotation, and all offers and quotations with its nonce.

    \b
    Example:
      fabricant quote cancel turnery.json
    """
    fabricant = trade.trying(ctx)
    signed = load(ctx, fabricant, quotation).quotation
    word, mask = nonce_word(signed.nonce)
    supplier = signed.terms.supplier
    words = [
        f"Nobody can award it any more, nor book or award what else has {supplier}'s nonce {signed.nonce}."
    ]
    action = CapacityMarket.cancel_offers
    done = trade.perform(ctx, fabricant.capacity, action, words, supplier, word=word, mask=mask)
    trade.report(ctx, done, ["The quotation was cancelled."])


def quotation_words(
    fabricant: Fabricant, quotation: Quotation, booking: Booking, zone: ZoneInfo | None
) -> list[str]:
    """A quotation in words: what it answers, the line that it would open, its hours and conditions."""
    terms = quotation.terms
    conditions: Conditions = fabricant.escrow.conditions_of(terms.conditions)
    return [
        f"It answers the request 0x{quotation.request_id.hex()}.",
        f"It can be awarded before {format_time(quotation.valid_until)}.",
        *describe_terms(terms, conditions, token=lookup.token_of(fabricant, terms.token)),
        *_hours_words(booking, zone),
        "",
        *trade.conditions_words(lookup.named(conditions)),
    ]


def _goal(fabricant: Fabricant, report: QuotationReport, by: str | None, worth: str | None) -> Goal:
    """What is better: as the options say, else as the buyer published."""
    token = lookup.token_of(fabricant, report.signed.quotation.terms.token)
    if by is None and worth is None:
        asked = quotations.request_of(fabricant, report.signed)
        published = None if asked is None else tender_of(asked.request)
        return CHEAPEST if published is None else published.award
    return trade.goal(by or "price", worth, token)


def _hours_words(booking: Booking, zone: ZoneInfo | None) -> list[str]:
    if booking.hours is None:
        return ["It reserves no machine-hours."]
    spans = local_spans(booking.hours, zone)
    reserved = count_of(booking.hours.count, "hour")
    machine = facts.asset_text(booking.machine)
    return [f"It reserves {reserved} of the machine {machine}:", *(f"  {each}" for each in spans)]


def _facts(quotation: Quotation, booking: Booking) -> dict[str, object]:
    hours = () if booking.hours is None else booking.hours.spans()
    return {
        "quotation": facts.of(quotation),
        "machine": None if booking.hours is None else facts.asset_text(booking.machine),
        "hours": [{"from": start_of(begin), "until": start_of(end)} for begin, end in hours],
    }


def _report_facts(report: QuotationReport) -> dict[str, object]:
    return {
        "id": f"0x{report.id.hex()}",
        "awardable": not report.problems,
        "answers": report.answers,
        "problems": [{"error": type(each).__name__, "message": str(each)} for each in report.problems],
        "departures": None if report.departures is None else list(report.departures),
        **_facts(report.signed.quotation, report.signed.booking),
    }


def _verdict(report: QuotationReport) -> list[str]:
    if report.problems:
        return [f"Problem: {each}" for each in report.problems]
    if report.departures == ():
        return ["It is what was asked for, and can be awarded."]
    return ["It can be awarded, but:", _departed(report)]


def _departed(report: QuotationReport) -> str:
    if report.departures is None:
        return "nobody published the request that it answers"
    return f"it is not what was asked for: {'; '.join(report.departures)}"


def _row(fabricant: Fabricant, file: str, report: QuotationReport) -> tuple[object, ...]:
    terms, hours = report.signed.quotation.terms, report.signed.booking.hours
    return (
        printable(file),
        terms.supplier,
        lookup.token_of(fabricant, terms.token).format(terms.amount),
        format_time(terms.due_by),
        hours.count if hours else None,
        "problems" if report.problems else "" if report.answers else "departs",
    )
