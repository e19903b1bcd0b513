"""What an agent decided is told once, kept, and read again however the file looks."""

import json
from pathlib import Path

import pytest

from fabricant.agents import Decision, Journal
from fabricant.domain.units import UnixSeconds
from fabricant.errors import InvalidInput

NOON = UnixSeconds(1_800_000_000)


def test_a_decision_is_told_once_until_it_changes(tmp_path: Path) -> None:
    told: list[Decision] = []
    for _ in range(2):
        with Journal.opened(tmp_path / "agent", told.append) as journal:
            journal.note(NOON, "declined", "request 1", "another process")
            journal.note(NOON, "declined", "request 2", "another process")
            journal.note(NOON, "declined", "request 1", "another process")
            assert journal.last("request 1") == "declined"
            assert (journal.last("request 3"), journal.count("declined")) == ("", 2)
    with Journal.opened(tmp_path / "agent", told.append) as journal:
        journal.note(NOON, "declined", "request 1", "too late")

    assert [(each.about, each.why) for each in told] == [
        ("request 1", "another process"),
        ("request 2", "another process"),
        ("request 1", "too late"),
    ]
    assert str(told[0]) == "2027-01-15 08:00 UTC  declined   request 1: another process"


def test_a_line_that_was_cut_off_costs_that_line_alone(tmp_path: Path) -> None:
    file = tmp_path / "decisions.jsonl"
    with Journal.opened(tmp_path, lambda _: None) as journal:
        journal.note(NOON, "quoted", "request 1", "820", price="820")
        journal.note(NOON, "quoted", "request 2", "820")
    file.write_bytes(file.read_bytes()[:-20])

    with Journal.opened(tmp_path, lambda _: None) as journal:
        assert (journal.last("request 1"), journal.last("request 2")) == ("quoted", "")
        journal.note(NOON, "quoted", "request 2", "820")
    with Journal.opened(tmp_path, lambda _: None) as journal:
        assert journal.last("request 2") == "quoted"
    assert json.loads(file.read_text().splitlines()[0])["price"] == "820"


@pytest.mark.parametrize(
    "line",
    [
        "[" * 100_000,
        '{"time": 1}',
        '{"time": "1", "decision": "a", "about": "b", "why": ""}',
        '{"time": 1, "decision": 2, "about": "b", "why": ""}',
        "[1, 2]",
        '"text"',
        "\x00",
    ],
    ids=["deep", "short", "no time", "a number", "a list", "text", "NUL"],
)
def test_lines_that_are_no_decisions_are_passed_over(tmp_path: Path, line: str) -> None:
    good = {"time": NOON, "decision": "quoted", "about": "request 1", "why": ""}
    (tmp_path / "decisions.jsonl").write_text(f"{line}\n{json.dumps(good)}\n")

    with Journal.opened(tmp_path, lambda _: None) as journal:
        assert journal.last("request 1") == "quoted"


def test_foreign_text_is_harmless_in_it(tmp_path: Path) -> None:
    told: list[Decision] = []
    with Journal.opened(tmp_path, told.append) as journal:
        journal.note(NOON, "ignored", "file", "\x1b[2J\u202egnp\n" + "a" * 5000)

    assert "\x1b" not in str(told[0])
    assert "\n" not in str(told[0])
    assert len(str(told[0])) < 1200


def test_a_folder_that_can_not_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(InvalidInput, match="can't be written"), Journal.opened(tmp_path / "file", print):
        pass
