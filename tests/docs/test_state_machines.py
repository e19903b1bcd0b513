"""docs/state-machines.md says what the contracts' enums and the domain's rules say: no more, no less.

That each row does what it says on a chain is tested in tests/contracts/unit/escrow/test_state_machines.py.
"""

import re
from collections.abc import Iterable
from dataclasses import replace
from itertools import product
from typing import Final

import pytest

from fabricant import artifacts
from fabricant.chain.build import find_project
from fabricant.domain.directory import NO_ROLE, Role
from fabricant.domain.escrow import (
    Line,
    LineFlag,
    Side,
    Status,
    Terms,
    cancellation_ends,
    declining_ends,
    delivery_opens,
    long_stop,
    windows,
)
from fabricant.domain.typed_data import snake
from fabricant.domain.units import BaseUnits, Seconds, UnixSeconds
from tests.contracts.unit.assets.test_status import TABLE as ASSET_TRANSITIONS
from tests.docs.machines import PAGE, Transition, transitions
from tests.docs.tables import DOCS, Row, edges, section, table, words
from tests.python.domain.escrow.test_terms import GOOD
from tests.support.world import DAY, USUAL

ROOT: Final = find_project(DOCS)
ABI: Final = artifacts.load("SupplierEscrow").abi
FUNCTIONS: Final = {
    entry["name"]: entry
    for entry in ABI
    if entry["type"] == "function" and entry["stateMutability"] not in ("view", "pure")
}
ELSEWHERE: Final = {"publishConditions", "deposit", "withdraw"}  # no line's

DUE: Final = UnixSeconds(1_030 * DAY)
OPENED: Final = UnixSeconds(1_000 * DAY)
AGREED: Final = replace(USUAL, cancel_notice=Seconds(8 * DAY))
TERMS: Final = replace(GOOD, open_by=UnixSeconds(1_001 * DAY), due_by=DUE, deliverables=bytes(32))


def solidity(file: str, kind: str, name: str) -> list[str]:
    """The names in an enum of the contracts, or of a struct's fields."""
    text = re.sub(r"//.*", "", (ROOT / "contracts" / file).read_text(encoding="utf-8"))
    found = re.search(rf"{kind} {name} \{{(.*?)\}}", text, re.DOTALL)
    assert found, f"{file} has no {kind} {name}"
    return re.findall(r"(\w+)[,;]?\s*(?:\n|$)", found[1])


def column(heading: str, title: str, *, first: str | None = None) -> list[str]:
    """The cells of a column, without code marks."""
    return [row[title].strip("`") for row in table(PAGE, heading, first=first or title)]


# Enums


def test_statuses_are_the_contracts() -> None:
    assert column("The line", "status") == solidity("escrow/SupplierEscrowTypes.sol", "enum", "Status")


def test_endings_are_the_contracts() -> None:
    endings = solidity("escrow/SupplierEscrowTypes.sol", "enum", "Ending")
    built = endings

    assert column("The endings", "ending") == built
    assert {each.ending for each in transitions()} - {""} == set(built)


def test_endings_name_the_actions_of_the_table() -> None:
    by_ending = {row["ending"]: words(row["action"]) for row in table(PAGE, "The endings", first="ending")}

    for each in transitions():
        if each.ending:
            assert list(each.functions) == by_ending[each.ending]


def test_an_outcome_has_the_contracts_fields() -> None:
    fields = solidity("escrow/SupplierEscrowTypes.sol", "struct", "Outcome")

    assert column("The dispute", "field") == fields


def test_asset_statuses_are_the_contracts() -> None:
    assert column("An asset's status", "status") == solidity(
        "assets/AssetRegistryTypes.sol", "enum", "Status"
    )


# The line


def test_every_function_that_changes_a_line_is_in_the_table() -> None:
    assert {name for each in transitions() for name in each.functions} == FUNCTIONS.keys() - ELSEWHERE


def test_the_table_is_the_domains_rules() -> None:
    assert stated() == ruled()


def stated() -> set[tuple[object, ...]]:
    """What the table says, a tuple for each status, action, role and clock."""
    return {
        (Status[begin.upper()], snake(each.action), Side(each.who), role, *clock(each, Status[begin.upper()]))
        for each in transitions()
        for begin in each.begins
        for role in roles(each.role)
    }


def ruled() -> set[tuple[object, ...]]:
    """What the domain says, of lines in every status, with and without goods."""
    return {
        (line.status, window.action.value, window.by, window.role, window.since or None, window.before)
        for terms, line in lines()
        for window in windows(terms, line, AGREED)
    }


def lines() -> Iterable[tuple[Terms, Line]]:
    """Lines as they can be: goods are the buyer's once they are accepted, or as their ending says."""
    flags = {
        Status.RETAINED: [LineFlag.GOODS_TO_BUYER],
        Status.CLOSED: [LineFlag(0), LineFlag.GOODS_TO_BUYER],
    }
    for status, assets in product(Status, (0, 1)):
        for flag in flags.get(status, [LineFlag(0)]):
            yield replace(TERMS, assets=assets), given(status, flag)


def given(status: Status, flags: LineFlag = LineFlag(0)) -> Line:  # noqa: B008  # a number
    """A line that holds money, at a time at which no two moments are one."""
    return Line(status=status, since=UnixSeconds(OPENED + 12_345), held=BaseUnits(100), flags=flags)


def roles(cell: str) -> list[Role]:
    """The roles that an operator needs: alone, and together with those for goods."""
    alone, _, more = cell.partition("; with goods also ")
    role = Role[alone] if alone else NO_ROLE
    return [role, role | Role[more]] if more else [role]


def clock(row: Transition, status: Status) -> tuple[UnixSeconds | None, UnixSeconds | None]:
    """From when and before when, in numbers."""
    known = moments(status)
    bounds = dict(part.split(" ", 1) for part in row.when.split(", ")) if row.when else {}
    assert bounds.keys() <= {"from", "before"}, row.when
    since, before = (known[bounds[word]] if word in bounds else None for word in ("from", "before"))
    return since, before


def moments(status: Status) -> dict[str, UnixSeconds | None]:
    """The moments that the table names, of a line in this status."""
    line = given(status)
    return {
        "openBy": TERMS.open_by,
        "since": line.since,
        "since + inspection": UnixSeconds(line.since + AGREED.inspection),
        "since + cure": UnixSeconds(line.since + AGREED.cure),
        "since + retention": UnixSeconds(line.since + AGREED.retention),
        "since + arbitration": UnixSeconds(line.since + AGREED.arbitration),
        "dueBy − deliveryWindow": delivery_opens(TERMS, AGREED),
        "dueBy − cancelNotice": cancellation_ends(TERMS, AGREED),
        "D": long_stop(TERMS, line, AGREED),
        "R": declining_ends(TERMS, line, AGREED),
        "the signed deadline": None,  # no part of the terms
    }


@pytest.mark.parametrize("status", Status)
def test_no_two_moments_are_one(status: Status) -> None:
    numbers = list(moments(status).values())

    assert len(set(numbers)) == len(numbers)


# Diagrams


def test_the_lines_diagram_is_its_table() -> None:
    drawn = edges(section(PAGE, "The line"))
    listed = {(begin, to, each.action) for each in transitions() for begin in each.begins for to in each.to}

    assert {(as_status(begin), to, action) for begin, to, action in drawn if to != "[*]"} == listed
    assert {begin for begin, to, _ in drawn if to == "[*]"} == {"Closed", "Revoked"}


def as_status(drawn: str) -> str:
    """Where a diagram begins, no line is."""
    return "None" if drawn == "[*]" else drawn


def test_the_disputes_diagram_is_a_part_of_the_lines() -> None:
    whole, part = (edges(section(PAGE, heading)) for heading in ("The line", "The dispute"))

    assert part == {each for each in whole if "Disputed" in each[:2]}


@pytest.mark.parametrize("heading", ["Goods in custody", "An asset's status"])
def test_other_diagrams_are_their_tables(heading: str) -> None:
    drawn = {each for each in edges(section(PAGE, heading)) if "[*]" not in each[:2]}

    assert drawn == set(moves(table(PAGE, heading, first="from")))


def moves(rows: Iterable[Row]) -> Iterable[tuple[str, str, str]]:
    """Every from, to and action of a table."""
    for row in rows:
        yield from product(*(words(row[title]) for title in ("from", "to", "action")))


# The dispute, custody, assets


def test_disputes_begin_and_end_as_in_the_lines_table() -> None:
    rows, begins = table(PAGE, "The dispute", first="began in"), dict[str, str]()
    for row in rows:
        before = begins.get(row["began in"])
        begins[row["began in"]] = f"{before} or {row['disputant']}" if before else row["disputant"]
    ends = {row["ends by"].strip("`"): row["ending"] for row in table(PAGE, "The dispute", first="ends by")}

    assert begins == {each.begins[0]: each.who for each in transitions() if each.action == "dispute"}
    assert ends == {
        each.action: each.ending for each in transitions() if "Disputed" in each.begins and each.to
    }


def test_who_may_collect_is_as_in_the_lines_table() -> None:
    stated = {
        (status, row["who may collect"])
        for row in table(PAGE, "Goods in custody", first="custody")
        for status in words(row["in which status of the line"])
        if row["who may collect"] != "nobody"
    }

    assert stated == {
        (begin, each.who) for each in transitions() if each.action == "collect" for begin in each.begins
    }


def test_an_assets_transitions_are_the_executed_ones() -> None:
    stated = {(begin, to) for begin, to, _ in moves(table(PAGE, "An asset's status", first="from"))}

    assert stated == {(begin.name.title(), to.name.title()) for begin, to in ASSET_TRANSITIONS}
