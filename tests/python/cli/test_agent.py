"""Agents on the command line: rules in, decisions out, and a line at the end."""

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest

from tests.python.cli.market import UNIT, Market

SUPPLIER = """
outbox = "quotations"
zone = "Europe/Berlin"
token = "{token}"
conditions = ["machine-time"]
valid_for = "1 day"
margin = "15 %"
{more}

[[machines]]
machine = "NMW-0417"
process = "DIN 8580 3.2.2"
shifts = ["Mon-Fri 06:00 to 14:00"]
hourly = "85"
setup = "120"
hourly_cost = "52"
setup_hours = 2
delivery_hours = 48
max_span = 48
"""
BUYER = """
inbox = "quotations"
process = "DIN 8580 3.2.2"
machine_hours = 8
begin = "2027-01-10T00:00Z"
end = "2027-01-20T00:00Z"
quote_by = "2027-01-08T12:00Z"
due_by = "2027-01-29T12:00Z"
token = "{token}"
limit = "1000"
conditions = "machine-time"
award = "price"
order_number = "PO-4711"
{more}
"""


def rules(trade: Market, kind: str, more: str = "") -> str:
    """Writes rules; gives the name of their file."""
    text = {"supplier": SUPPLIER, "buyer": BUYER}[kind]
    Path(f"{kind}.toml").write_text(text.format(token=trade.token, more=more))
    return f"{kind}.toml"


def once(trade: Market, kind: str, *more: object, code: int = 0) -> list[dict[str, Any]]:
    """What an agent decides when it looks once."""
    assert trade.run is not None
    result = trade.run(
        *("--json", "--wallet", kind, "agent", kind, "--rules", f"{kind}.toml", "--once", *more)
    )
    assert result.exit_code == code, result.stderr
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_agents_come_to_an_award_unattended(trade: Market) -> None:
    rules(trade, "supplier")
    rules(trade, "buyer")

    (published,) = once(trade, "buyer")
    quoted, handed = once(trade, "supplier")
    (counts,) = once(trade, "buyer")
    trade.wait_until("2027-01-08T12:00Z")
    ranked, allowed, awarded = once(trade, "buyer")

    told = [each["decision"] for each in (published, quoted, handed, counts, ranked, allowed, awarded)]
    assert told == ["published", "quoted", "handed", "counts", "ranked", "allowed", "awarded"]
    assert quoted["price"] == str((120 + 8 * 85) * UNIT)
    assert trade.has("buyer") == 10_000 * UNIT - int(quoted["price"])
    line = awarded["why"].split()[1].rstrip(":")
    shown = trade.see("order", "show", line)
    assert shown["line"]["status"] == "open"
    assert [each["decision"] for each in once(trade, "supplier")] == ["awarded"]
    assert once(trade, "buyer") == once(trade, "supplier") == []
    assert trade.has("buyer") == 10_000 * UNIT - int(quoted["price"])


def test_decisions_are_told_in_words_and_kept(trade: Market) -> None:
    rules(trade, "supplier")
    rules(trade, "buyer")
    once(trade, "buyer")

    told = trade.text("agent", "supplier", "--rules", "supplier.toml", "--once", by="supplier")

    assert "quoted     request 0x" in told
    assert "800.00 TUSD (at least 611.764706 TUSD), due 2027-01-14 07:00 UTC" in told
    kept = Path("supplier.agent/decisions.jsonl").read_text().splitlines()
    assert [json.loads(line)["decision"] for line in kept] == ["quoted", "handed"]
    assert "PO-4711" not in Path("buyer.agent/decisions.jsonl").read_text()
    (sealed,) = Path("quotations").glob("*.sealed")
    assert "800" not in sealed.read_text()


def test_who_gets_no_quotation_ends_with_6(trade: Market) -> None:
    rules(trade, "buyer")
    once(trade, "buyer")
    trade.wait_until("2027-01-08T12:00Z")

    (over,) = once(trade, "buyer", code=6)

    assert (over["decision"], over["why"]) == ("over", "quotations that count: 0; nothing is awarded")


def test_a_request_is_asked_once_and_its_rules_stay(trade: Market) -> None:
    rules(trade, "buyer")
    once(trade, "buyer")
    assert once(trade, "buyer") == []
    assert len(trade.see("request", "find")) == 1

    rules(trade, "buyer", "assets = 1")

    refusal = trade.refused("agent", "buyer", "--rules", "buyer.toml", "--once", by="buyer", yes=False)
    assert (refusal.code, "put them back as they were" in refusal.message) == (2, True)
    assert len(trade.see("request", "find")) == 1


@pytest.mark.parametrize("kind", ["supplier", "buyer"])
def test_examples_of_rules_are_rules(trade: Market, kind: str) -> None:
    trade.see("agent", "new", kind, "mine.toml")
    text = Path("mine.toml").read_text()
    Path(f"{kind}.toml").write_text(text)

    assert tomllib.loads(text)
    refusal = trade.refused("agent", "new", kind, "mine.toml", by="stranger", yes=False)
    assert "is there already" in refusal.message
    if kind == "supplier":
        assert once(trade, kind) == []


@pytest.mark.parametrize(
    ("kind", "wrong", "told"),
    [
        ("supplier", 'margin = "100 %"', "no TOML file"),
        ("supplier", 'buyers = ["0x00"]', "buyers.0"),
        ("supplier", "most_quotations = 0", "most_quotations"),
        ("supplier", 'colour = "red"', "colour is no field that there is"),
        ("buyer", 'hour_worth = "-1"', "hour_worth"),
        ("buyer", 'award = "friends"', "no TOML file"),
        ("buyer", "least_quotations = 0", "least_quotations"),
        ("buyer", 'requires = "ISO"', "requires"),
        ("buyer", 'inspector = "me"', "inspector"),
    ],
    ids=lambda value: value if value in ("supplier", "buyer") else "",
)
def test_wrong_rules_are_named(trade: Market, kind: str, wrong: str, told: str) -> None:
    rules(trade, kind, wrong)

    refusal = trade.refused("agent", kind, "--rules", f"{kind}.toml", "--once", by=kind, yes=False)

    assert (refusal.code, f"{kind}.toml" in refusal.message, told in refusal.message) == (2, True, True)


def test_an_agent_needs_the_right_to_open_lines(trade: Market) -> None:
    rules(trade, "supplier")

    refusal = trade.refused(
        "agent", "supplier", "--rules", "supplier.toml", "--once", by="stranger", yes=False
    )

    assert refusal.error in ("AssetRegistry_UnknownAsset", "InvalidInput")
