"""`fabricant offer`: sell idle hours of a machine, and find them."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self
from zoneinfo import ZoneInfo

import click

from fabricant.chain import lookup, offers
from fabricant.chain.capacity import CapacityMarket, SignedOffer
from fabricant.chain.errors import AssetRegistry_UnknownAsset, ContractError
from fabricant.chain.fabricant import Fabricant
from fabricant.chain.offers import OfferReport, Wanted
from fabricant.cli import _app as app
from fabricant.cli import _facts as facts
from fabricant.cli import _files as files
from fabricant.cli import _naming as naming
from fabricant.cli import _output as output
from fabricant.cli import _trade as trade
from fabricant.domain.assets import asset_id, namespace_of
from fabricant.domain.capacity import HourPattern, Offer
from fabricant.domain.capacity.describe import describe_offer
from fabricant.domain.capacity.local import joined, parse_local_hours, parse_zone
from fabricant.domain.drafts import OfferDraft, parse_token, process_code
from fabricant.domain.signed_files import OFFER_FILE, SignedFile
from fabricant.domain.units import (
    Address,
    BaseUnits,
    HourIndex,
    count_of,
    format_time,
    parse_decimal,
    printable,
    start_of,
)
from fabricant.errors import FabricantError, InvalidInput, NotFound, VerificationFailed

ZONE: Final = app.Parsed("zone", parse_zone)
HOURS_HELP: Final = (
    "Such as '2026-12-01 06:00 to 14:00' or '2026-12-01 to 2026-12-05 06:00 to 14:00'; may be given again."
)
ZONE_HELP: Final = "The time zone of the hours, such as Europe/Berlin or UTC."


def load(fabricant: Fabricant, which: str) -> SignedOffer:
    """A signed offer from its file, or one that was published from the beginning of its id."""
    if lookup.is_id(which):
        published = lookup.find_offer(fabricant, which)
        return SignedOffer(published.offer, published.consent)
    file = files.read_signed(Path(which), OFFER_FILE)
    file.check_domain(fabricant.capacity.domain)
    return SignedOffer(file.content, file.consent("supplier"))


def offer_words(fabricant: Fabricant, offer: Offer) -> list[str]:
    """An offer in words, its conditions too."""
    token = lookup.token_of(fabricant, offer.token)
    conditions = lookup.named(fabricant.escrow.conditions_of(offer.conditions))
    first, *others = describe_offer(offer, token=token)
    return [first, _called(fabricant, offer), *others, "", *trade.conditions_words(conditions)]


@click.group
def command() -> None:
    """Sell idle hours of a machine, and find them.

    An offer is a signed file: signing costs nothing, and whoever has the file can book on it. OFFER is such a
    file, or the id (or its first digits) of an offer that was published.

    \b
    Example:
      fabricant offer find --process "DIN 8580 3.2.2"
    """


@command.command
@click.argument("file", type=files.NEW_FILE)
@files.draft_options(OfferDraft)
@trade.reads
def new(ctx: click.Context, /, file: Path, **given: Any) -> None:
    """Write the draft of an offer to FILE, to be read, changed and signed. Nothing is signed yet.

    \b
    Example:
      fabricant offer new offer.toml --machine NMW-0417 --hourly 95 --process "DIN 8580 3.2.2" --begin 2026-12-01T06:00+01:00 --end 2026-12-20T22:00+01:00 --max-span 40 --delivery-hours 48 --valid-until 2026-12-15T00:00Z --conditions machine-time
    """  # noqa: E501 - an example is one line
    draft = files.draft(ctx, OfferDraft, given)
    files.write(file, draft.serialise())
    said = f"The draft is in {file}. Sign it with `fabricant offer sign {file}`."
    output.emit(ctx, {"file": str(file), "draft": draft.model_dump()}, lambda: output.say(said))


@command.command
@click.argument("draft", type=files.FILE)
@click.option("--supplier", type=naming.WHO, help="Whose offer it is, if you sign as its operator (OPEN).")
@click.option("--out", type=files.NEW_FILE, help="The file to write; else DRAFT with the ending .json.")
@trade.acts
def sign(ctx: click.Context, draft: Path, *, supplier: str | None, out: Path | None) -> None:
    """Sign a draft. Whoever has the signed file can book on it; nothing is sent.

    \b
    Example:
      fabricant offer sign offer.toml --out offer.json
    """
    fabricant = trade.trying(ctx)
    written = files.read_draft(draft, OfferDraft)
    seller = naming.principal(ctx, supplier)
    _check_machine(fabricant, written.machine, seller)
    conditions = lookup.find_conditions(fabricant, written.conditions).conditions
    fabricant.escrow.conditions_of(conditions.id)
    offer = written.offer(
        supplier=seller,
        machine=naming.asset(ctx, fabricant, written.machine, issuer=seller),
        token=lookup.token_of(fabricant, parse_token(written.token)),
        conditions=conditions.id,
        epoch=fabricant.capacity.epoch_of(seller),
    )
    offer.check(conditions, at=fabricant.network.head().timestamp)
    trade.agree(ctx, ["You sign this offer:", *offer_words(fabricant, offer)])
    market = fabricant.capacity
    signed = market.sign_offer(offer, conditions, by=app.wallet(ctx))
    file = SignedFile(OFFER_FILE, market.domain, offer, {"supplier": signed.consent})
    target = out or draft.with_suffix(".json")
    files.write(target, file.serialise())
    data = {"file": str(target), "id": f"0x{file.id.hex()}", "offer": facts.of(offer)}
    output.emit(ctx, data, lambda: output.say(f"Signed, in {target}.\nId 0x{file.id.hex()}"))


@command.command
@click.argument("offer")
@click.option(
    "--hours", multiple=True, help="Also what these hours cost, such as '2026-12-01 06:00 to 14:00'."
)
@click.option("--zone", type=ZONE, help="The time zone of --hours.")
@trade.reads
def check(ctx: click.Context, offer: str, *, hours: tuple[str, ...], zone: ZoneInfo | None) -> None:
    """Show an offer in words, and say whether it can be booked. Ends with 6 if not.

    \b
    Example:
      fabricant offer check offer.json --hours "2026-12-01 06:00 to 14:00" --zone Europe/Berlin
    """
    fabricant = trade.reading(ctx)
    signed = load(fabricant, offer)
    report = offers.examine(fabricant, signed.offer, signed.consent)
    pattern = parse_all(hours, zone) if hours else None
    asked = _Asked.about(fabricant, report, pattern) if pattern else _Asked()
    output.emit(ctx, _facts(report) | asked.facts, lambda: _show(fabricant, report, asked))
    if report.problems:
        raise VerificationFailed(f"this offer can't be booked: {report.problems[0]}")
    if asked.problem:
        raise VerificationFailed(f"these hours can't be booked: {asked.problem}")


@command.command
@click.argument("file", type=files.FILE)
@trade.acts
def publish(ctx: click.Context, file: Path) -> None:
    """Show a signed offer to everybody, on the chain.

    \b
    Example:
      fabricant offer publish offer.json
    """
    fabricant = trade.trying(ctx)
    signed = load(fabricant, str(file))
    words = ["This offer is shown to everybody:", *offer_words(fabricant, signed.offer)]
    action = CapacityMarket.publish
    done = trade.perform(ctx, fabricant.capacity, action, words, signed.offer, signed.consent)
    trade.report(ctx, done, ["The offer was published.", f"Id 0x{done.event.id.hex()}"])


@command.command
@click.option("--machine", metavar="ASSET", help="Of this machine.")
@click.option("--supplier", type=naming.WHO, help="Of this supplier.")
@click.option("--process", help="For a process with this code.")
@click.option("--token", help="To be paid in this token, or in `coin`.")
@click.option(
    "--max-hourly",
    type=app.Parsed("amount", parse_decimal),
    help="For at most so much an hour, in whole tokens.",
)
@click.option("--hours", multiple=True, help="With these hours free, such as '2026-12-01 06:00 to 14:00'.")
@click.option("--zone", type=ZONE, help="The time zone of --hours.")
@click.option("--all", "everything", is_flag=True, help="Also offers that can't be booked any more.")
@trade.reads
def find(
    ctx: click.Context,
    *,
    machine: str | None,
    supplier: str | None,
    process: str | None,
    token: str | None,
    max_hourly: Any,
    hours: tuple[str, ...],
    zone: ZoneInfo | None,
    everything: bool,
) -> None:
    """Find offers that were published and can be booked, the cheapest first.

    \b
    Example:
      fabricant offer find --max-hourly 100 --hours "2026-12-01 06:00 to 14:00" --zone Europe/Berlin
    """
    fabricant = trade.reading(ctx)
    seller = naming.who(ctx, supplier) if supplier else None
    wanted = Wanted(
        supplier=seller,
        machine=naming.asset(ctx, fabricant, machine, issuer=supplier) if machine else None,
        processes=frozenset({process_code(process)}) if process else None,
        token=parse_token(token) if token else None,
        highest=max_hourly,
        hours=parse_all(hours, zone) if hours else None,
    )
    found = offers.search(fabricant, wanted, broken=everything)
    rows = [_row(fabricant, each) for each in found]
    columns = ("offer", "machine", "hourly", "setup", "free hours", "from", "conditions", "valid until", "")
    output.emit(ctx, [_facts(each) for each in found], lambda: output.table(*columns, rows=rows))
    if not found:
        output.note("No offer is like that.")


@command.command
@click.argument("offer")
@trade.acts
def cancel(ctx: click.Context, offer: str) -> None:
    """Cancel an offer, and all others with its nonce. What is booked stays booked.

    \b
    Example:
      fabricant offer cancel offer.json
    """
    fabricant = trade.trying(ctx)
    signed = load(fabricant, offer)
    words = [
        f"Nobody can book any more on the offer {_id(fabricant, signed.offer)}",
        f"of {signed.offer.supplier}, nor on others with its nonce {signed.offer.nonce}.",
    ]
    done = trade.perform(ctx, fabricant.capacity, CapacityMarket.cancel_offer, words, signed.offer)
    trade.report(ctx, done, ["The offer was cancelled."])


@command.command
@click.option("--supplier", type=naming.WHO, help="Whose offers; else your own.")
@click.option("--raise", "raising", is_flag=True, help="Cancel all offers that were signed so far.")
@trade.acts
def epoch(ctx: click.Context, *, supplier: str | None, raising: bool) -> None:
    """Show the epoch that a supplier's offers must have, or raise it, which cancels all of them.

    \b
    Example:
      fabricant offer epoch --raise
    """
    seller = naming.principal(ctx, supplier)
    fabricant = trade.trying(ctx) if raising else trade.reading(ctx)
    market, present = fabricant.capacity, fabricant.capacity.epoch_of(seller)
    if raising:
        words = [f"Nobody can book any more on any offer that {seller} signed so far."]
        done = trade.perform(ctx, market, CapacityMarket.raise_epoch, words, seller, expected=present)
        trade.report(ctx, done, [f"The epoch is {done.event.epoch_after} now."])
    else:
        data = {"supplier": seller, "epoch": present}
        output.emit(ctx, data, lambda: output.say(f"Offers of {seller} have the epoch {present}."))


def parse_all(texts: tuple[str, ...], zone: ZoneInfo | None) -> HourPattern:
    """The hours that all texts mean together."""
    return joined([parse_local_hours(text, zone) for text in texts])


def _check_machine(fabricant: Fabricant, machine: str, seller: Address) -> None:
    """Raises NotFound for a local id that the seller never gave: mostly, it is another wallet's."""
    if machine.startswith("0x"):
        return
    try:
        fabricant.assets.standing_of(asset_id(namespace_of(seller), machine))
    except AssetRegistry_UnknownAsset:
        raise NotFound(
            f"{printable(machine)!r} was never registered in the namespace of {seller}; is that the right "
            "--wallet?"
        ) from None


def _called(fabricant: Fabricant, offer: Offer) -> str:
    """What the machine is called, and by whom. Raises NotFound for one that was never registered."""
    registered = fabricant.assets.registration_of(offer.machine, since=fabricant.deployment.first_block)
    issuer = fabricant.assets.issuer_of(registered.namespace)
    return f"Its issuer {issuer} calls it {printable(registered.local_id)}."


@dataclass(frozen=True, slots=True)
class _Asked:
    """What booking certain hours on an offer would lead to."""

    price: BaseUnits | None = None
    taken: tuple[HourIndex, ...] = ()
    problem: FabricantError | None = None

    @classmethod
    def about(cls, fabricant: Fabricant, report: OfferReport, hours: HourPattern) -> Self:
        begin, end = hours.first, HourIndex(hours.last + 1)
        free = fabricant.capacity.free_hours(report.offer.machine, begin, end)
        taken = tuple(sorted(set(hours.hours) - set(free)))
        try:
            return cls(offers.price_of(fabricant, report.offer, hours), taken)
        except (InvalidInput, NotFound, ContractError) as problem:
            return cls(fabricant.capacity.price_of(report.offer, hours), taken, problem)

    @property
    def facts(self) -> dict[str, object]:
        return {
            "price": None if self.price is None else str(self.price),
            "taken": [start_of(hour) for hour in self.taken],
            "problem": _told(self.problem) if self.problem else None,
        }


def _facts(report: OfferReport) -> dict[str, object]:
    return {
        "id": f"0x{report.id.hex()}",
        "bookable": not report.problems,
        "problems": [_told(each) for each in report.problems],
        "warnings": [_told(each) for each in report.warnings],
        "freeHours": len(report.free),
        "firstFreeHour": start_of(report.free[0]) if report.free else None,
        "hoursLeft": report.left,
        "machine": None if report.machine is None else facts.of(report.machine),
        "offer": facts.of(report.offer),
    }


def _told(problem: FabricantError) -> dict[str, str]:
    return {"error": type(problem).__name__, "message": str(problem)}


def _show(fabricant: Fabricant, report: OfferReport, asked: _Asked) -> None:
    output.say(f"Offer 0x{report.id.hex()}")
    if report.conditions is not None and report.machine is not None:
        output.say("\n".join(offer_words(fabricant, report.offer)))
    if report.machine is not None:
        output.say(f"\nThe machine is {'fit' if report.machine.is_fit else 'not fit'} to be booked.")
    output.say(f"{_are(len(report.free), 'of its hours')} free.")
    if asked.price is not None:
        output.say(
            f"The hours cost {lookup.token_of(fabricant, report.offer.token).format(asked.price)} now."
        )
    if asked.taken:
        output.say(f"{_are(len(asked.taken), 'of them')} not free, the first at {_hour(asked.taken[0])}.")
    if report.left is not None:
        output.say(
            f"Of its total, {count_of(report.left, 'hour')} {'is' if report.left == 1 else 'are'} left."
        )
    for warning in report.warnings:
        output.say(f"For its supplier: {warning}")
    output.say("\n".join(f"Problem: {each}" for each in report.problems) or "It can be booked.")


def _are(number: int, what: str) -> str:
    return f"{number} {what} {'is' if number == 1 else 'are'}"


def _row(fabricant: Fabricant, report: OfferReport) -> tuple[object, ...]:
    offer, since = report.offer, fabricant.deployment.first_block
    token = lookup.token_of(fabricant, offer.token)
    return (
        facts.short(report.id),
        printable(fabricant.assets.registration_of(offer.machine, since=since).local_id, 30),
        token.format(offer.hourly),
        token.format(offer.setup),
        len(report.free),
        _hour(report.free[0]) if report.free else None,
        lookup.named(report.conditions).name if report.conditions else None,
        format_time(offer.valid_until),
        "problems" if report.problems else "",
    )


def _hour(hour: HourIndex) -> str:
    return format_time(start_of(hour))


def _id(fabricant: Fabricant, offer: Offer) -> str:
    return f"0x{fabricant.capacity.offer_id(offer).hex()}"
