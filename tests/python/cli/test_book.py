"""Booking hours on the command line."""

import json
from pathlib import Path

import pytest

from tests.python.cli.market import UNIT, Market, when

HOURS = ("--hours", "2027-01-11 06:00 to 14:00", "--zone", "Europe/Berlin")


def test_booking_marks_local_hours_opens_the_line_and_holds_the_money(trade: Market) -> None:
    booked = trade.book(trade.offer())

    (span,) = booked["hours"]
    assert (when(span["from"]), when(span["until"])) == ("2027-01-11 05:00", "2027-01-11 13:00")
    assert booked["price"] == str((8 * 95 + 120) * UNIT)
    line = trade.see("order", "show", booked["line"])
    assert (line["line"]["status"], line["line"]["held"]) == ("open", booked["price"])
    assert line["terms"]["inspector"] == trade.people["inspector"]


def test_f118_price_line_and_conditions_are_shown_before_anything_is_sent(trade: Market) -> None:
    offer = trade.offer()
    assert trade.run is not None

    result = trade.run("--wallet", "buyer", "book", offer, *HOURS)

    assert result.exit_code == 2
    for told in (
        "You book 8 hours for 880.00 TUSD:",
        "Mon 2027-01-11 06:00 to Mon 2027-01-11 14:00 CET (8 h)",
        "First the escrow is allowed to take exactly 880.00 TUSD.",
        "Order line 0x",
        "The supplier locks a security deposit of 88.00 TUSD",
        "Silence counts as acceptance.",
    ):
        assert told in result.stderr
    assert trade.has("buyer") == 10_000 * UNIT
    assert trade.see("order", "list", by="buyer") == []


def test_hours_are_sold_once(trade: Market) -> None:
    offer = trade.offer()
    trade.book(offer)

    refusal = trade.refused("book", offer, "--hours", "2027-01-11T12:00Z/2 h", by="buyer")

    assert (refusal.code, refusal.error) == (2, "HoursTaken")
    assert "the first at 2027-01-11 12:00 UTC" in refusal.message


@pytest.mark.parametrize(
    ("hours", "told"),
    [
        (("2027-01-11 06:00 to 14:00",), "has no time zone"),
        (("2027-01-11T06:30Z/8 h",), "not on a full hour"),
        (("2027-01-11T06:00Z/8 h", "2027-01-11T13:00Z/2 h"), "named twice"),
        (("11.1.2027 6 to 14",), "has no time zone"),
        (("2027-03-01T06:00Z/8 h",), "the offer is for hours from"),
        (("2027-01-11T06:00Z/100 h",), "from the first hour to the last lie 100"),
    ],
)
def test_hours_that_cannot_be_meant_are_refused(trade: Market, hours: tuple[str, ...], told: str) -> None:
    options = [part for each in hours for part in ("--hours", each)]

    refusal = trade.refused("book", trade.offer(), *options, by="buyer")

    assert refusal.code == 2
    assert told in refusal.message


def test_unknown_zone_is_a_usage_error(trade: Market) -> None:
    assert trade.run is not None
    result = trade.run("book", "offer.json", "--hours", "2027-01-11 06:00 to 14:00", "--zone", "Mars/Base")

    assert result.exit_code == 2
    assert "there is no time zone 'Mars/Base'" in result.stderr


def test_f038_price_above_the_limit_is_refused(trade: Market) -> None:
    refusal = trade.refused("book", trade.offer(), *HOURS, "--max-price", "879.99", by="buyer")

    assert (refusal.code, refusal.error) == (2, "PriceAboveLimit")


def test_falling_price_is_what_the_chain_says(trade: Market) -> None:
    offer = trade.offer(last_minute_hourly="19", decay_hours=100)
    trade.wait_until("2027-01-09T10:00Z")  # 50 hours before the last hour: half way down

    booked = trade.book(offer)

    price = int(booked["price"])
    assert (8 * 57 + 120) * UNIT - 8 * UNIT < price <= (8 * 57 + 120) * UNIT
    assert booked["terms"]["amount"] == booked["price"]


def test_order_number_stays_private_and_documents_are_hashed(trade: Market) -> None:
    Path("drawing.step").write_bytes(b"drawing")

    booked = trade.book(trade.offer(), "--order-number", "PO-4711", "--documents", "drawing.step")

    assert "PO-4711" not in json.dumps(booked)
    assert int(booked["terms"]["orderRef"], 16) != 0
    assert int(booked["terms"]["documents"], 16) != 0


def test_buyer_that_did_not_let_the_market_act_is_told_how(trade: Market) -> None:
    offer = trade.offer()
    trade.do("directory", "operator", "revoke", "market", by="buyer")

    refusal = trade.refused("book", offer, *HOURS, by="buyer")

    assert refusal.code == 2
    assert "fabricant directory operator set market --roles OPEN" in refusal.message


def test_buyer_without_enough_money_is_refused(trade: Market) -> None:
    role = ("directory", "operator", "set", "market", "--roles", "OPEN", "--until", "forever")
    trade.do(*role, by="stranger")

    refusal = trade.refused("book", trade.offer(), *HOURS, by="stranger")

    assert (refusal.code, refusal.error) == (3, "InsufficientFunds")
    assert "has 0.00 TUSD and needs 880.00 TUSD" in refusal.message


def test_f114_wallet_without_coin_for_gas_is_refused(trade: Market) -> None:
    offer = trade.offer()
    trade.chain.set_balance(trade.people["buyer"], 0)  # type: ignore[arg-type]

    refusal = trade.refused("book", offer, *HOURS, by="buyer")

    assert (refusal.code, refusal.error) == (3, "InsufficientFunds")
    assert "fund it first" in refusal.message


def test_f114_wrong_chain_is_refused(trade: Market) -> None:
    offer = trade.offer()

    refusal = trade.refused("book", offer, *HOURS, "--chain-id", 11155111, by="buyer")

    assert (refusal.code, refusal.error) == (4, "WrongChain")


def test_wrong_passphrase_is_refused(trade: Market, monkeypatch: pytest.MonkeyPatch) -> None:
    offer = trade.offer()
    monkeypatch.setenv("FABRICANT_PASSPHRASE", "not this one either")

    refusal = trade.refused("book", offer, *HOURS, by="buyer")

    assert (refusal.code, refusal.error) == (5, "WrongPassphrase")


def test_operator_books_with_the_buyers_money(trade: Market) -> None:
    offer = trade.offer()
    role = ("directory", "operator", "set", "stranger", "--roles", "OPEN", "--until", "forever")
    trade.do(*role, by="buyer")
    refusal = trade.refused("book", offer, *HOURS, "--buyer", "buyer", by="stranger")
    assert "has not let the escrow take" in refusal.message


def test_coin_is_sent_along(trade: Market) -> None:
    trade.do("order", "deposit", "1", "--token", "coin", by="supplier")
    offer = trade.offer(token="coin", hourly="0.1", setup="0")
    before = trade.chain.balance(trade.people["buyer"])

    booked = trade.book(offer)

    assert booked["price"] == str(8 * 10**17)
    paid = before - trade.chain.balance(trade.people["buyer"])
    assert paid == 8 * 10**17 + int(booked["fee"])


def test_hours_of_a_line_that_ended_early_are_returned_once(trade: Market) -> None:
    offer = trade.offer()
    line = trade.book(offer)["line"]
    refusal = trade.refused("book", "hours", "return", line, by="stranger")
    assert refusal.error == "CapacityMarket_LineNotClosed"
    trade.do("order", "resign", line, by="supplier")

    returned = trade.do("book", "hours", "return", line[:12], by="stranger")

    assert len(returned["hours"]) == 1
    assert (
        trade.refused("book", "hours", "return", line, by="stranger").error
        == "CapacityMarket_AlreadyReturned"
    )
    assert trade.book(offer)["line"] != line
