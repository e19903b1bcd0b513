"""The index on the command line: it runs, is asked, and is checked."""

import csv
import io
import json
import sqlite3
from pathlib import Path

import pytest

from fabricant.cli import events
from tests.python.cli.market import UNIT, Market


@pytest.fixture
def indexed(trade: Market) -> Market:
    """A market in which hours were booked, with its index."""
    trade.book(trade.offer())
    trade.see("index", "run", "--once", "--store", "index.db")
    return trade


def ask(trade: Market, *question: object) -> list[dict[str, object]]:
    """The rows of an answer."""
    answer = trade.see("query", *question, "--store", "index.db")
    assert answer["block"] == trade.chain.head().number
    assert (len(answer["hash"]), answer["finalBlock"] <= answer["block"]) == (66, True)
    return list(answer["rows"])


def test_it_runs_and_says_how_far_it_is(trade: Market) -> None:
    ran = trade.see("index", "run", "--once", "--store", "index.db")
    assert ran["block"] == trade.chain.head().number
    trade.chain.mine(3)

    status = trade.see("index", "status", "--store", "index.db")
    assert (status["behind"], status["unknownLogs"]) == (3, 0)
    assert "3 blocks behind" in trade.text("index", "status", "--store", "index.db")
    trade.see("index", "run", "--once", "--store", "index.db")
    assert trade.see("index", "status", "--store", "index.db")["behind"] == 0


def test_open_lines_and_money(indexed: Market) -> None:
    (line,) = ask(indexed, "lines", "--live")
    assert (line["status"], line["held"], line["supplier"]) == (
        "open",
        str((120 + 8 * 95) * UNIT),
        indexed.people["supplier"],
    )
    assert ask(indexed, "lines", "--buyer", "supplier") == []
    assert len(ask(indexed, "lines", "--supplier", "supplier", "--buyer", "buyer")) == 1
    (money,) = ask(indexed, "money")
    assert sum(int(str(money[part])) for part in ("held", "bonds", "deposits", "free")) == (880 + 1000) * UNIT
    told = indexed.text("query", "lines", "--store", "index.db")
    assert "880.00 TUSD" in told
    assert "1000.00 TUSD" not in told


def test_a_suppliers_record(indexed: Market) -> None:
    (record,) = ask(indexed, "supplier", indexed.people["supplier"])
    assert (record["lines"], record["open"], record["late"], record["disputed"]) == (1, 1, 0, 0)
    (nobody,) = ask(indexed, "supplier", indexed.people["stranger"])
    assert nobody["lines"] == 0
    assert "delivered" in indexed.text("query", "supplier", "supplier", "--store", "index.db")


def test_free_hours_and_whereabouts(indexed: Market) -> None:
    spans = ask(
        indexed,
        *("hours", indexed.machine, "--begin", "2027-01-11T00:00Z", "--end", "2027-01-12T00:00Z"),
    )
    assert [(int(str(each["end"])) - int(str(each["begin"]))) // 3600 for each in spans] == [5, 11]
    (held,) = ask(indexed, "asset", indexed.machine)
    assert (held["kind"], held["holder"]) == ("equipment", indexed.people["supplier"])
    assert "who has it" in indexed.text("query", "asset", indexed.machine, "--store", "index.db")


def test_events_for_people_and_programs(indexed: Market) -> None:
    (opened,) = ask(indexed, "events", "--contract", "SupplierEscrow", "--event", "LineOpened")
    assert json.loads(str(opened["arguments"]))["id"] == opened["subject"]
    about = ask(indexed, "events", "--subject", opened["subject"])
    assert {"LineOpened", "HoursBooked"} <= {each["event"] for each in about}
    assert len(ask(indexed, "events", "--limit", 2)) == 2
    table = indexed.text("query", "events", "--csv", "--store", "index.db")
    rows = [*csv.DictReader(io.StringIO(table))]
    assert [row["event"] for row in rows] == [each["event"] for each in ask(indexed, "events")]


def test_f121_what_is_asked_is_never_a_part_of_the_question(indexed: Market) -> None:
    for hostile in ("'; DROP TABLE events; --", "' OR '1'='1", '" OR 1=1 --', "\0", "%"):
        assert ask(indexed, "events", "--event", hostile) == []
        assert ask(indexed, "events", "--contract", hostile) == []
        assert ask(indexed, "events", "--subject", hostile) == []
    assert ask(indexed, "events")


def test_every_row_can_be_checked(indexed: Market) -> None:
    checked = indexed.see("index", "verify", "--store", "index.db")
    assert (checked["different"], checked["rows"] > 10) == ([], True)
    db = sqlite3.connect("index.db")
    db.execute("UPDATE lines SET held = '1'")
    db.commit()
    db.close()

    refusal = indexed.refused("index", "verify", "--store", "index.db", by="stranger", yes=False)
    assert (refusal.code, "lines differ" in refusal.message) == (6, True)


def test_without_an_index_it_says_what_to_do(trade: Market) -> None:
    refusal = trade.refused("query", "money", "--store", "none.db", by="stranger", yes=False)
    assert (refusal.code, "fabricant index run" in refusal.message) == (6, True)
    assert not Path("none.db").exists()
    trade.see("index", "run", "--once")
    assert trade.see("query", "money")["rows"]


def test_text_from_the_chain_is_harmless_in_tables_and_spreadsheets(trade: Market) -> None:
    trade.do("directory", "profile", "set", "--card", "=HYPERLINK(1)\x1b[2J", by="supplier")
    trade.see("index", "run", "--once", "--store", "index.db")

    assert "\x1b" not in trade.text("query", "events", "--store", "index.db")
    assert "\x1b" not in trade.text("query", "events", "--csv", "--store", "index.db")


def test_events_are_told_as_they_happen_and_taken_back(
    indexed: Market, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed after three looks: at first nothing is new; then a deposit; then its block is replaced."""
    before = indexed.chain.snapshot()

    def replace() -> None:
        indexed.chain.revert(before)
        indexed.chain.mine(3)

    acts = [
        lambda: indexed.do("order", "deposit", "5", "--token", indexed.token, by="supplier"),
        replace,
        lambda: (_ for _ in ()).throw(KeyboardInterrupt),
    ]
    monkeypatch.setattr(events.time, "sleep", lambda _: acts.pop(0)())
    assert indexed.run is not None

    result = indexed.run("--json", "--wallet", "buyer", "events", "--follow", "--store", "index.db")

    assert result.exit_code == 130
    told = [json.loads(line) for line in result.stdout.splitlines()]
    assert [(each["event"], each["removed"]) for each in told] == [
        ("FreeBalanceChanged", False),
        ("FreeBalanceChanged", True),
    ]
    assert told[0]["arguments"] == told[1]["arguments"]


def test_events_of_the_past_are_told_and_it_ends(indexed: Market) -> None:
    told = indexed.text("events", "--since", 0, "--contract", "CapacityMarket", "--store", "index.db")
    assert "HoursBooked" in told
    assert indexed.text("events", "--store", "index.db") == ""
