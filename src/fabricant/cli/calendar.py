"""`fabricant calendar`: see when a machine is free, and take hours out of sale."""

from datetime import date, datetime, tzinfo
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import click
from eth_utils.crypto import keccak

from fabricant.chain.capacity import CapacityMarket
from fabricant.cli import _app as app
from fabricant.cli import _facts as facts
from fabricant.cli import _files as files
from fabricant.cli import _naming as naming
from fabricant.cli import _output as output
from fabricant.cli import _trade as trade
from fabricant.cli.offer import HOURS_HELP, ZONE, ZONE_HELP, parse_all
from fabricant.domain.capacity.calendars import Calendar, Entry, Use, days_of
from fabricant.domain.capacity.hours import HourPattern
from fabricant.domain.capacity.local import local_spans
from fabricant.domain.escrow import NO_HASH
from fabricant.domain.units import HourIndex, count_of, start_of

DATE: Final = click.DateTime(["%Y-%m-%d"])
MOST_DAYS: Final = 366


@click.group(cls=app.group_of("show"))
def command() -> None:
    """See when a machine is free, and take hours out of sale.

    `fabricant calendar MACHINE …` is short for `fabricant calendar show MACHINE …`.

    \b
    Example:
      fabricant calendar show NMW-0417 --zone Europe/Berlin
    """


@command.command
@click.argument("machine")
@click.option(
    "--from", "first", type=DATE, metavar="DATE", help="The first day, such as 2026-11-30. [default: today]"
)
@click.option(
    "--days", type=click.IntRange(1, MOST_DAYS), default=7, show_default=True, help="How many days."
)
@click.option("--zone", type=ZONE, required=True, help=ZONE_HELP)
@click.option(
    "--ical", type=files.NEW_FILE, help="Write them into this new file, for other calendars (RFC 5545)."
)
@click.option("--svg", type=files.NEW_FILE, help="Draw them into this new file.")
@naming.in_namespace
@trade.reads
def show(
    ctx: click.Context,
    machine: str,
    *,
    first: datetime | None,
    days: int,
    zone: ZoneInfo,
    ical: Path | None,
    svg: Path | None,
    issuer: str | None,
    prefix: str | None,
) -> None:
    """Show a week of a machine: free, booked (B) and blocked (x) hours, and which lines hold them.

    \b
    Example:
      fabricant calendar show NMW-0417 --from 2026-11-30 --zone Europe/Berlin --ical november.ics
    """
    fabricant = trade.reading(ctx)
    market, since = fabricant.capacity, fabricant.deployment.first_block
    found = naming.asset(ctx, fabricant, machine, issuer=issuer, prefix=prefix)
    registered, now = fabricant.assets.registration_of(found, since=since), fabricant.network.head().timestamp
    day: date = (first or datetime.fromtimestamp(now, zone)).date()
    hours = days_of(day, days, zone)
    calendar = Calendar(
        name=registered.local_id,
        machine=found,
        first=day,
        days=days,
        zone=zone,
        words=market.calendar_of(found, HourIndex(hours[0]), HourIndex(hours[-1] + 1)),
        lines=market.lines_of(found, since=since),
    )
    if ical:
        files.write(ical, calendar.icalendar(at=now))
    if svg:
        files.write(svg, calendar.svg().encode())
    output.emit(ctx, _facts(calendar), lambda: output.say("\n".join([*calendar.chart(), *_lines(calendar)])))
    for file in filter(None, (ical, svg)):
        output.note(f"Written: {file}")


@command.command
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
      fabricant calendar block NMW-0417 --hours "2026-12-24 06:00 to 22:00" --zone Europe/Berlin
    """
    fabricant = trade.trying(ctx)
    found, pattern = (
        naming.asset(ctx, fabricant, machine, issuer=issuer, prefix=prefix),
        parse_all(hours, zone),
    )
    words = ["These hours are taken out of sale:", *trade.hours_words(pattern, zone)]
    action = CapacityMarket.block_hours
    done = trade.perform(ctx, fabricant.capacity, action, words, found, pattern, reason=_reason(reason))
    trade.report(ctx, done, [f"Out of sale: {count_of(pattern.count, 'hour')}."])


@command.command
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
      fabricant calendar unblock NMW-0417 --hours "2026-12-24 06:00 to 22:00" --zone Europe/Berlin
    """
    fabricant = trade.trying(ctx)
    found, pattern = (
        naming.asset(ctx, fabricant, machine, issuer=issuer, prefix=prefix),
        parse_all(hours, zone),
    )
    words = ["These hours are on sale again:", *trade.hours_words(pattern, zone)]
    done = trade.perform(ctx, fabricant.capacity, CapacityMarket.unblock_hours, words, found, pattern)
    trade.report(ctx, done, [f"On sale again: {count_of(pattern.count, 'hour')}."])


def _facts(calendar: Calendar) -> dict[str, object]:
    uses = {
        use: [start_of(HourIndex(hour)) for hour in calendar.hours if calendar.use_of(hour) is use]
        for use in (Use.BOOKED, Use.BLOCKED)
    }
    return {
        "machine": facts.asset_text(calendar.machine),
        "booked": uses[Use.BOOKED],
        "blocked": uses[Use.BLOCKED],
        "entries": [
            {
                "use": entry.use.value,
                "from": start_of(entry.begin),
                "until": start_of(entry.end),
                "line": None if entry.line is None else f"0x{entry.line.hex()}",
            }
            for entry in calendar.entries()
        ],
    }


def _lines(calendar: Calendar) -> list[str]:
    """What is booked and blocked, a line each."""
    return [_entry_line(entry, calendar.zone) for entry in calendar.entries()]


def _entry_line(entry: Entry, zone: tzinfo) -> str:
    (span,) = local_spans(HourPattern.of(map(HourIndex, range(entry.begin, entry.end))), zone)
    return f"{entry.use.sign} {span}" + (f"  line {facts.short(entry.line)}" if entry.line else "")


def _reason(text: str) -> bytes:
    return keccak(text=text) if text else NO_HASH
