"""Engineering changes of lines of the market on the command line: hours, price and drawing move at once."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.python.cli.market import UNIT, Market, when

LATER = ("--hours", "2027-01-13 06:00 to 14:00", "--zone", "Europe/Berlin")


@pytest.fixture
def line(trade: Market) -> str:
    """A booked line: eight hours for 880."""
    return str(trade.book(trade.offer())["line"])


def propose(trade: Market, line: str, *more: object, price: str = "960", by: str = "supplier") -> Any:
    """The supplier proposes a change and signs it."""
    return trade.do("order", "propose", "reschedule", line, "--price", price, *(more or LATER), by=by)


def send(trade: Market, file: str) -> Any:
    """The buyer lets the escrow take the difference, and sends the change."""
    return trade.do("order", "send", file, by="buyer")


def booked(trade: Market) -> list[str]:
    """When the machine's booked hours of that week begin and end."""
    shown = trade.see("calendar", "show", trade.machine, "--from", "2027-01-11", "--zone", "UTC")
    hours = [when(each) for each in shown["booked"]]
    return [hours[0], hours[-1]] if hours else []


def test_a_booking_moves_by_two_days_and_is_dearer(trade: Market, line: str) -> None:
    proposed = propose(trade, line)

    sent = send(trade, proposed["file"])

    assert (sent["status"], sent["held"]) == ("open", str(960 * UNIT))
    assert trade.see("order", "show", line)["line"]["status"] == "closed"
    assert booked(trade) == ["2027-01-13 05:00", "2027-01-13 12:00"]
    assert trade.has("buyer") == (10_000 - 960) * UNIT
    again = trade.refused("order", "send", proposed["file"], by="buyer")
    assert again.error == "WrongLineStatus"


def test_both_see_what_changes(trade: Market, line: str) -> None:
    result = trade.noted("order", "propose", "reschedule", line, "--price", "960", *LATER, by="supplier")

    for told in ("It gives up 8 hours", "It reserves 8 hours", "2027-01-13 05:00"):
        assert told in result
    assert booked(trade) == ["2027-01-11 05:00", "2027-01-11 12:00"]


def test_the_same_hours_are_kept_and_returned_once(trade: Market, line: str) -> None:
    proposed = propose(trade, line, "--work-in-progress", "200", price="700")
    new = send(trade, proposed["file"])["line"]

    assert booked(trade) == ["2027-01-11 05:00", "2027-01-11 12:00"]
    assert trade.has("supplier") > 10_000 * UNIT - 1_000 * UNIT
    trade.do("order", "cancel", new, by="buyer")
    assert (
        trade.refused("book", "hours", "return", line, by="stranger").error
        == "CapacityMarket_AlreadyReturned"
    )
    trade.do("book", "hours", "return", new, by="stranger")
    assert booked(trade) == []


def test_hours_are_given_up(trade: Market, line: str) -> None:
    send(trade, propose(trade, line, "--no-hours", price="400")["file"])

    assert booked(trade) == []


def test_the_supplier_signs_and_the_buyer_sends(trade: Market, line: str) -> None:
    assert trade.refused("order", "propose", "reschedule", line, "--price", "1", *LATER, by="buyer").code == 2
    proposed = propose(trade, line)
    for who in ("supplier", "stranger"):
        assert trade.refused("order", "send", proposed["file"], by=who).error == "SigningRefused"
    document = json.loads(Path(proposed["file"]).read_text())
    Path("unsigned.json").write_text(json.dumps(document | {"consents": {}}))
    assert trade.refused("order", "send", "unsigned.json", by="buyer").error == "MissingConsent"
    assert trade.do("order", "sign", "unsigned.json", by="supplier")["signed"] == ["supplier"]


def test_taken_hours_are_refused(trade: Market, line: str) -> None:
    trade.book("offer.json", hours="2027-01-13 08:00 to 10:00")

    refusal = trade.refused("order", "propose", "reschedule", line, "--price", "960", *LATER, by="supplier")

    assert (refusal.code, refusal.error) == (2, "HoursTaken")


def test_a_proposal_is_the_same_when_it_is_made_again(trade: Market, line: str) -> None:
    assert propose(trade, line)["id"] == propose(trade, line)["id"]


def test_f036_altered_hours_are_refused(trade: Market, line: str) -> None:
    proposed = propose(trade, line)
    document = json.loads(Path(proposed["file"]).read_text())
    document["bookings"]["new"] = document["bookings"]["old"]
    Path("altered.json").write_text(json.dumps(document))

    assert trade.refused("order", "send", "altered.json", by="buyer").error == "OtherHours"


def test_a_line_of_the_market_is_not_amended_otherwise(trade: Market, line: str) -> None:
    terms = (
        *("--buyer", "buyer", "--supplier", "supplier", "--token", trade.token, "--amount", "500"),
        *("--open-by", "2027-01-10T00:00Z", "--due-by", "2027-01-20T00:00Z", "--conditions", "machine-time"),
    )
    trade.see("order", "propose", "open", "new.toml", *terms, by="supplier")

    refusal = trade.refused(
        "order", "propose", "amend", line, "new.toml", "--work-in-progress", "1", by="supplier"
    )

    assert (refusal.error, "propose reschedule" in refusal.message) == ("OtherDeal", True)


@pytest.mark.parametrize("wrong", [("--no-hours", *LATER), ("--machine", "NMW-0417")])
def test_hours_are_named_or_given_up(trade: Market, line: str, wrong: tuple[str, ...]) -> None:
    refusal = trade.refused("order", "propose", "reschedule", line, "--price", "1", *wrong, by="supplier")

    assert (refusal.code, refusal.error) == (2, "InvalidInput")
