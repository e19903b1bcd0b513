"""`fabricant query`: ask the index what happened."""

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar
from zoneinfo import ZoneInfo

import click

from fabricant.chain import lookup
from fabricant.cli import _index as databases
from fabricant.cli import _naming as naming
from fabricant.cli import _output as output
from fabricant.cli import _trade as trade
from fabricant.cli.offer import ZONE
from fabricant.cli.request import HOUR
from fabricant.domain.capacity import HourPattern
from fabricant.domain.capacity.local import local_spans
from fabricant.domain.units import (
    Address,
    BaseUnits,
    HourIndex,
    UnixSeconds,
    format_time,
    printable,
    start_of,
)

F = TypeVar("F", bound=Callable[..., Any])

LIMIT: Final = click.option(
    "--limit", type=click.IntRange(1, 1000), default=100, show_default=True, help="At most so many rows."
)
_SHOWN: Final = 10  # characters of an id


@dataclass(frozen=True, slots=True)
class Span:
    """Free hours, from and until in Unix seconds."""

    begin: int
    end: int


@dataclass(frozen=True, slots=True)
class Held:
    """An asset, and who has it."""

    id: str
    kind: str
    status: str
    holder: str


@dataclass(frozen=True, slots=True)
class Recalled:
    """A recalled asset or batch, and who has it; nobody, if it is a batch."""

    id: str
    reach: str
    holder: str


@click.group
def command() -> None:
    """Ask the index what happened. Every answer says as of which block it is.

    Answers come from the database of `fabricant index run`, with --json or --csv for programs.

    \b
    Example:
      fabricant query lines --live
    """


def _asks(command: F) -> F:
    """The options of a question."""
    flag = click.option("--csv", "as_csv", is_flag=True, help="Print the rows as CSV.")
    return flag(databases.store_option(trade.reads(command)))


def _answer(
    ctx: click.Context,
    index: Any,
    rows: Sequence[object],
    shown: Callable[[], tuple[Sequence[str], Sequence[Sequence[object]]]],
    *,
    as_csv: bool,
) -> None:
    """Prints rows: as a table, as JSON with the block that they are of, or as CSV."""
    data = [_fields(each) for each in rows]
    if as_csv:
        text = io.StringIO()
        table = csv.DictWriter(text, fieldnames=[*data[0]] if data else [])
        if data:
            table.writeheader()
            table.writerows({name: _cell(each) for name, each in row.items()} for row in data)
        output.say(text.getvalue().rstrip("\n"))
        return
    columns, cells = shown()
    output.emit(ctx, {**databases.age(index), "rows": data}, lambda: output.table(*columns, rows=cells))
    databases.note_age(index)


def _cell(value: object) -> object:
    """A value in a spreadsheet: text that would be a formula there is marked as text."""
    return f"'{value}" if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r") else value


def _fields(row: object) -> Mapping[str, Any]:
    names = row.__dataclass_fields__  # type: ignore[attr-defined] # all rows are dataclasses
    return {output.camel(name): getattr(row, name) for name in names}


def _time(moment: int) -> str | None:
    return format_time(UnixSeconds(moment)) if moment else None


@command.command
@click.option("--live", is_flag=True, help="Only lines with money in them.")
@click.option("--buyer", type=naming.WHO, help="Of this buyer.")
@click.option("--supplier", type=naming.WHO, help="Of this supplier.")
@LIMIT
@_asks
def lines(
    ctx: click.Context,
    *,
    live: bool,
    buyer: str | None,
    supplier: str | None,
    limit: int,
    store: Path | None,
    as_csv: bool,
) -> None:
    """Order lines, those whose time runs out first first.

    \b
    Example:
      fabricant query lines --live --supplier 0x5B70B933e0821c4233733dB3B0070F2770c9d274
    """
    with databases.opened(ctx, store, write=False) as index:
        found = index.ask.lines(
            live=live,
            buyer=None if buyer is None else naming.who(ctx, buyer),
            supplier=None if supplier is None else naming.who(ctx, supplier),
            limit=limit,
        )

        def shown() -> tuple[Sequence[str], Sequence[Sequence[object]]]:
            fabricant = trade.reading(ctx)
            cells = []
            for each in found:
                token = lookup.token_of(fabricant, Address(each.token))
                amount, held = (token.format(BaseUnits(int(text))) for text in (each.amount, each.held))
                line, until = each.id[:_SHOWN], _time(each.deadline)
                cells.append((line, each.status, each.supplier, amount, held, until))
            return ("line", "status", "supplier", "price", "held", "until"), cells

        _answer(ctx, index, found, shown, as_csv=as_csv)


@command.command
@_asks
def money(ctx: click.Context, *, store: Path | None, as_csv: bool) -> None:
    """What the escrow holds of each token: in lines, as security deposits and fees, and free.

    \b
    Example:
      fabricant query money
    """
    with databases.opened(ctx, store, write=False) as index:
        found = index.ask.money()

        def shown() -> tuple[Sequence[str], Sequence[Sequence[object]]]:
            fabricant = trade.reading(ctx)
            cells = []
            for each in found:
                token = lookup.token_of(fabricant, Address(each.token))
                parts = (each.held, each.bonds, each.deposits, each.free)
                cells.append((token.symbol, *(token.format(BaseUnits(int(part))) for part in parts)))
            return ("token", "in lines", "security", "arbiters' fees", "free"), cells

        _answer(ctx, index, found, shown, as_csv=as_csv)


@command.command
@click.argument("supplier", type=naming.WHO)
@_asks
def supplier(ctx: click.Context, supplier: str, *, store: Path | None, as_csv: bool) -> None:
    """A supplier's record: how many lines it delivered, late or not, and what came of disputes.

    \b
    Example:
      fabricant query supplier 0x5B70B933e0821c4233733dB3B0070F2770c9d274
    """
    with databases.opened(ctx, store, write=False) as index:
        found = index.ask.record_of(naming.who(ctx, supplier))
        cells = [(name, value) for name, value in _fields(found).items() if name != "supplier"]
        _answer(ctx, index, [found], lambda: (("lines that were", "count"), cells), as_csv=as_csv)


@command.command
@click.argument("machine")
@click.option("--begin", type=HOUR, required=True, help="The first hour.")
@click.option("--end", type=HOUR, required=True, help="The end of the last one.")
@click.option("--zone", type=ZONE, help="The time zone in which hours are shown. [default: UTC]")
@_asks
def hours(
    ctx: click.Context,
    machine: str,
    *,
    begin: HourIndex,
    end: HourIndex,
    zone: ZoneInfo | None,
    store: Path | None,
    as_csv: bool,
) -> None:
    """The hours of a machine that nobody has booked or blocked.

    \b
    Example:
      fabricant query hours NMW-0417 --begin 2026-12-01T00:00Z --end 2026-12-08T00:00Z
    """
    found = naming.asset(ctx, trade.reading(ctx), machine)
    with databases.opened(ctx, store, write=False) as index:
        free = index.ask.free_hours(found, begin, end)
        spans = HourPattern.of(free).spans() if free else ()
        rows = [Span(start_of(first), start_of(last)) for first, last in spans]
        words = [(each,) for each in local_spans(HourPattern.of(free), zone)] if free else []
        _answer(ctx, index, rows, lambda: (("free",), words), as_csv=as_csv)


@command.command
@click.argument("asset")
@_asks
def asset(ctx: click.Context, asset: str, *, store: Path | None, as_csv: bool) -> None:
    """Where an asset is: in which others it is built in, and who has it.

    \b
    Example:
      fabricant query asset NMW-0417
    """
    found = naming.asset(ctx, trade.reading(ctx), asset)
    with databases.opened(ctx, store, write=False) as index:
        where = index.ask.whereabouts(found)
        told = [
            ("asset", where.asset.id),
            ("local id", printable(where.asset.local_id)),
            ("kind", where.asset.kind),
            ("status", where.asset.status),
            *(("in", whole) for whole in where.wholes),
            ("who has it", where.holder),
        ]
        row = Held(
            **{name: getattr(where.asset, name) for name in ("id", "kind", "status")}, holder=where.holder
        )
        _answer(ctx, index, [row], lambda: (("", ""), told), as_csv=as_csv)


@command.command
@click.argument("notice")
@_asks
def recall(ctx: click.Context, notice: str, *, store: Path | None, as_csv: bool) -> None:
    """What a recall concerns, and who has it.

    \b
    Example:
      fabricant query recall 0x5a1b2c3d
    """
    name = f"0x{lookup.find_notice(trade.reading(ctx), notice).notice.hex()}"
    with databases.opened(ctx, store, write=False) as index:
        found = [
            Recalled(each.recall.id, each.recall.reach, each.holder or "")
            for each in index.ask.affected(name)
        ]
        cells = [(each.id, each.reach, each.holder or None) for each in found]
        _answer(ctx, index, found, lambda: (("asset", "reach", "who has it"), cells), as_csv=as_csv)


@command.command
@click.option("--contract", help="Of this contract, such as SupplierEscrow.")
@click.option("--event", help="Of this name, such as LineOpened.")
@click.option("--subject", help="About this line, asset or account: the whole id, or the address.")
@click.option("--since", type=click.IntRange(0), default=0, help="From this block on.")
@LIMIT
@_asks
def events(
    ctx: click.Context,
    *,
    contract: str | None,
    event: str | None,
    subject: str | None,
    since: int,
    limit: int,
    store: Path | None,
    as_csv: bool,
) -> None:
    """Events as they happened.

    \b
    Example:
      fabricant query events --contract SupplierEscrow --event LineOpened
    """
    with databases.opened(ctx, store, write=False) as index:
        found = index.ask.events(contract=contract, event=event, subject=subject, since=since, limit=limit)
        cells = [
            (each.block, _time(each.time), each.event or "unknown", printable(each.subject)) for each in found
        ]
        _answer(ctx, index, found, lambda: (("block", "time", "event", "about"), cells), as_csv=as_csv)
