"""What is printed is whole, for people as for programs."""

from dataclasses import dataclass
from decimal import Decimal
from enum import Enum, IntEnum
from pathlib import Path

import pytest

from fabricant.cli import _output as output

HASH = "0x" + "ab" * 32


class Status(Enum):
    OPEN = 1


class Kind(IntEnum):
    LOT = 4


@dataclass(frozen=True, slots=True)
class Line:
    held_after: int
    order_ref: bytes


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (Line(7, b"\x01\xff"), {"heldAfter": 7, "orderRef": "0x01ff"}),
        ({"line": Line(7, b"")}, {"line": {"heldAfter": 7, "orderRef": "0x"}}),
        ((Status.OPEN, Kind.LOT, None, True), ["open", "lot", None, True]),
        ([Path("a/b"), Decimal("1.50")], ["a/b", "1.50"]),
        (iter(["text", 2**80]), ["text", 2**80]),
    ],
)
def test_values_become_json(value: object, expected: object) -> None:
    assert output.plain(value) == expected


def test_nothing_is_cut_however_narrow_the_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "20")

    output.table("contract", "gas", "transaction", rows=[("Directory", 965422, HASH), ("Records", None, "")])

    assert capsys.readouterr().out.splitlines() == [
        "contract       gas  transaction",
        f"Directory  965,422  {HASH}",
        "Records          –",
    ]


def test_markup_in_foreign_text_stays_text(capsys: pytest.CaptureFixture[str]) -> None:
    output.table(rows=[("[red]name[/red]", ":smile:")])

    assert capsys.readouterr().out == "[red]name[/red]  :smile:\n"


def test_empty_table_has_its_headings(capsys: pytest.CaptureFixture[str]) -> None:
    output.table("wallet", "address", rows=[])

    assert capsys.readouterr().out == "wallet  address\n"
