"""Holds, authorities and recorders on the command line."""

from pathlib import Path

import pytest

from tests.python.cli.market import Market

HOLD = ("asset", "hold", "NMW-0417", "--issuer", "supplier", "--until")


@pytest.fixture
def machine(market: Market) -> str:
    """A machine of the supplier."""
    return str(market.do("asset", "register", "NMW-0417", "--kind", "equipment", by="supplier")["id"])


def test_an_authority_holds_for_a_time(market: Market, machine: str) -> None:
    refusal = market.refused(*HOLD, "2027-03-01T00:00Z", by="inspector")
    assert (refusal.error, "let its issuer allow that" in refusal.message) == ("Genealogy_NotAuthority", True)
    market.do("asset", "authority", "inspector", by="supplier")

    (held,) = market.do(*HOLD, "2027-03-01T00:00Z", by="inspector")["events"]

    assert held["id"] == machine
    assert "held         until 2027-03-01 00:00 UTC" in market.text("asset", "show", machine)
    transfer = ("asset", "transfer", machine, "buyer")
    assert market.refused(*transfer, by="supplier").error == "AssetRegistry_Locked"
    again = market.refused(*HOLD, "2027-03-02T00:00Z", by="inspector")
    assert "can be held again from 2027-08-28 00:00 UTC" in again.message

    market.wait_until("2027-03-01T00:00Z")
    assert market.do("asset", "unlock", machine, by="stranger")["unlocked"] == [machine]
    assert market.do("asset", "unlock", machine, by="stranger")["unlocked"] == []
    market.do(*transfer, by="supplier")


def test_an_authority_ends(market: Market, machine: str) -> None:
    market.do("asset", "authority", "inspector", by="supplier")
    assert not market.do("asset", "authority", "inspector", "--end", by="supplier")["allowed"]
    assert market.refused(*HOLD, "2027-03-01T00:00Z", by="inspector").error == "Genealogy_NotAuthority"


def test_a_hold_of_too_long_is_refused(market: Market, machine: str) -> None:
    market.do("asset", "authority", "inspector", by="supplier")
    refusal = market.refused(*HOLD, "2027-12-01T00:00Z", by="inspector")
    assert (refusal.error, "within 180 days" in refusal.message) == ("Genealogy_BadTerm", True)


def test_a_recorder_records_until_its_time_is_over(market: Market, machine: str) -> None:
    Path("service.pdf").write_bytes(b"serviced")
    record = ("asset", "record", machine, "service.pdf", "--topic", "service")
    refusal = market.refused(*record, by="inspector")
    assert (refusal.error, "name it a recorder" in refusal.message) == ("AssetRegistry_NoRecorder", True)

    market.do("asset", "recorder", machine, "inspector", "--until", "2027-02-01T00:00Z", by="supplier")
    assert market.do(*record, by="inspector")["author"] == market.people["inspector"]

    market.do("asset", "recorder", machine, "inspector", "--end", by="supplier")
    assert market.refused(*record, by="inspector").error == "AssetRegistry_NoRecorder"
    assert (
        "say --until when, or --end"
        in market.refused("asset", "recorder", machine, "inspector", by="supplier").message
    )
