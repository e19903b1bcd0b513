"""Lists of assets, as spreadsheets write them: one line each, under a first line that names the columns.

Only `local_id` has to be there. What a list leaves out is the same for all its assets and comes from whoever
reads it. A bad line is told with its number, and the good ones around it are still read.
"""

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from fabricant.domain.assets import NO_TWIN, NO_UNIT, Kind, Registration, parse_unit
from fabricant.domain.quantities import parse_quantity
from fabricant.domain.units import Address, parse_address, printable
from fabricant.errors import InvalidInput

COLUMNS: Final = ("local_id", "kind", "owner", "quantity", "unit", "twin", "uri")


@dataclass(frozen=True, slots=True)
class BadLine:
    """What is wrong with a line."""

    number: int  # from 1, the line with the names
    problem: str


def read_list(
    lines: Iterable[str], *, kind: Kind | None, owner: Address
) -> Iterator[tuple[int, Registration] | BadLine]:
    """The assets of a list with their lines' numbers; `kind` and `owner` where a line says none.

    Raises InvalidInput if the first line names columns that there are not.
    """
    numbered = iter(lines)
    first = next(numbered, "").lstrip("\ufeff")
    separator = ";" if ";" in first else ","
    columns = [each.strip().lower().replace(" ", "_") for each in first.strip().split(separator)]
    if "local_id" not in columns or not set(columns) <= set(COLUMNS) or len(set(columns)) < len(columns):
        raise InvalidInput(
            f"the first line names the columns, local_id and any of {', '.join(COLUMNS[1:])}; "
            f"it says {printable(first.strip(), 100)!r}"
        )
    rows = csv.reader(numbered, delimiter=separator, strict=True)
    while True:
        number = rows.line_num + 2
        try:
            cells = next(rows, None)
            if cells is None:
                return
            if cells:
                yield number, _registration(columns, cells, kind=kind, owner=owner)
        except (csv.Error, InvalidInput) as wrong:
            yield BadLine(number, printable(str(wrong), 300))


def _registration(columns: list[str], cells: list[str], *, kind: Kind | None, owner: Address) -> Registration:
    if len(cells) != len(columns):
        raise InvalidInput(f"it has {len(cells)} cells where the first line names {len(columns)} columns")
    said = {column: cell.strip() for column, cell in zip(columns, cells, strict=True) if cell.strip()}
    unit = parse_unit(said["unit"]) if "unit" in said else NO_UNIT
    registration = Registration(
        local_id=said.get("local_id", ""),
        kind=_kind(said["kind"]) if "kind" in said else _required(kind),
        owner=parse_address(said["owner"]) if "owner" in said else owner,
        quantity=parse_quantity(said.get("quantity", "1"), unit),
        unit=unit,
        twin=_hash(said["twin"]) if "twin" in said else NO_TWIN,
        uri=said.get("uri", ""),
    )
    registration.check()
    return registration


def _kind(text: str) -> Kind:
    try:
        return Kind[text.upper()]
    except KeyError:
        kinds = ", ".join(kind.name.lower() for kind in Kind)
        raise InvalidInput(f"{printable(text, 20)!r} is no kind; there are {kinds}") from None


def _required(kind: Kind | None) -> Kind:
    if kind is None:
        raise InvalidInput("it says no kind; add the column, or name one for the whole list")
    return kind


def _hash(text: str) -> bytes:
    try:
        raw = bytes.fromhex(text.removeprefix("0x"))
    except ValueError:
        raw = b""
    if len(raw) != len(NO_TWIN):
        raise InvalidInput(f"{printable(text, 80)!r} is no hash; write 0x and 64 hex digits")
    return raw
