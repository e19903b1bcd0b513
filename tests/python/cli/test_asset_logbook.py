"""Logbooks on the command line: written, corrected, read, and asked for a release."""

from pathlib import Path

import pytest

from tests.python.cli.market import Market


@pytest.fixture
def disc(market: Market) -> str:
    """A disc of the supplier's."""
    return str(market.do("asset", "register", "DISC-1", "--kind", "component", by="supplier")["id"])


def log(market: Market, asset: str, work: str, *more: str, to: str, by: str = "supplier") -> str:
    """Writes into a logbook; returns the hash of that."""
    said = market.do("asset", "log", asset, work, *more, "--document", to, by=by)
    return str(said["hash"])


def test_a_logbook_shows_what_was_corrected_and_what_cannot_be_believed(market: Market, disc: str) -> None:
    market.do("asset", "recorder", disc, "inspector", "--until", "2027-02-01T00:00Z", by="supplier")
    wrong = log(market, disc, "weighed", "--reading", "cycles 700 B7", to="1.json", by="inspector")
    more = (
        "--reading",
        "cycles 70 B7",
        "--supersedes",
        "1.json",
        "--uri",
        "https://inspector.example/2.json",
    )
    log(market, disc, "weighed", *more, to="2.json", by="inspector")
    log(market, disc, "polished", "--reading", "cycles 60 B7", to="3.json")

    told = market.see("asset", "logbook", disc)

    first, second, third = told["entries"]
    assert (first["hash"], first["correctedBy"], second["correctedBy"]) == (wrong, 2, None)
    assert first["content"]["reading"]["value"] == 700
    assert (second["uri"], third["uri"]) == ("https://inspector.example/2.json", "3.json")
    assert (first["rights"], third["rights"]) == ("recorder", "owner|issuer")
    assert [(each["entry"], each["kind"]) for each in told["findings"]] == [(3, "Backwards")]
    shown = market.text("asset", "logbook", disc)
    assert "weighed; cycles 700 B7" in shown
    assert "No. 3 says cycles 60 B7, and No. 2 said cycles 70 B7 before" in shown


def test_documents_are_looked_for_in_their_folder_alone(market: Market, disc: str) -> None:
    Path("logs").mkdir()
    log(market, disc, "polished", "--uri", "../secret.json", to="secret.json")
    log(market, disc, "weighed", to="logs/2.json")
    Path("logs/2.json").write_bytes(b"{}")

    shown = market.text("asset", "logbook", disc, "--documents", "logs")

    assert "No. 1 can't be read: there is no document at '../secret.json'" in shown
    assert "No. 2 can't be read: the document at '2.json' is not the one that was recorded" in shown


def test_an_entry_is_written_again_with_the_same_document_only(market: Market, disc: str) -> None:
    assert log(market, disc, "polished", to="1.json") == log(market, disc, "polished", to="1.json")
    other = ("asset", "log", disc, "weighed", "--document", "1.json")
    assert "1.json is there already" in market.refused(*other, by="supplier").message
    assert "is no reading" in market.refused(*other, "--reading", "70", by="supplier").message


def test_a_part_is_released_or_it_is_said_why_not(market: Market, disc: str) -> None:
    market.do("asset", "register", "ENGINE-1", "--kind", "product", by="supplier")
    refusal = market.refused("asset", "release", disc, by="stranger", yes=False)
    assert (refusal.code, refusal.error) == (6, "NotReleasable")
    assert "its issuer states no limit" in refusal.message
    log(market, disc, "limitation", "--limit", "cycles 20,000 B7", "--as-issuer", to="1.json")
    log(market, "ENGINE-1", "read", "--reading", "cycles 100 B7", to="2.json")
    market.do("asset", "assemble", "ENGINE-1", disc, by="supplier")
    market.do("asset", "disassemble", "ENGINE-1", disc, by="supplier")
    assert "is unknown" in market.refused("asset", "release", disc, by="stranger", yes=False).message
    log(market, "ENGINE-1", "read", "--reading", "cycles 350 B7", to="3.json")

    (meter,) = market.see("asset", "release", disc)["meters"]

    assert meter == {"meter": "cycles", "unit": "B7", "limit": 20_000, "used": 250, "left": 19_750}
    assert "19,750" in market.text("asset", "release", disc)
