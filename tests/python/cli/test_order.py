"""Order lines on the command line: one deal from the first word to the last product, and every way out."""

from pathlib import Path

from fabricant.samples import machine_log
from tests.python.cli.market import UNIT, Market

SPAN = "2027-01-11 to 2027-01-12 06:00 to 14:00"


def test_journey_from_conditions_to_collected_products(market: Market) -> None:
    machine = market.open_for_business()
    market.do("asset", "device", "bind", "NMW-0417", "--device", "gateway", by="supplier")
    market.do(
        "directory", "operator", "set", "gateway", "--roles", "RECORD", "--until", "forever", by="supplier"
    )

    # The supplier offers, the buyer finds
    offer = market.offer()
    assert market.see("offer", "check", offer)["bookable"]
    market.do("offer", "publish", offer, by="supplier")
    wanted = ("--hours", SPAN, "--zone", "Europe/Berlin", "--max-hourly", "100", "--token", market.token)
    (found,) = market.see("offer", "find", *wanted)
    assert found["offer"]["machine"] == machine
    assert market.see("offer", "find", "--max-hourly", "94.99") == []

    # The buyer books: hours, line, money and deposit at once
    booked = market.book(
        found["id"][:12], "--assets", 2, "--order-number", "4711", hours="2027-01-11 06:00 to 14:00"
    )
    line, price = booked["line"], (8 * 95 + 120) * UNIT
    assert int(booked["price"]) == price
    assert market.has("buyer") == 10_000 * UNIT - price
    assert booked["orderSalt"] is not None
    shown = market.see("order", "show", line[:10])
    assert shown["line"]["status"] == "open"
    assert "BBBBBBBB" in market.text(
        "book", "calendar", "show", machine, "--from", "2027-01-11", "--zone", "Europe/Berlin"
    )

    # The machine works; its log is anchored; two products are registered and delivered
    Path("machine.shdr").write_bytes(machine_log())
    stream = ("--stream", "machine-data", "--owner", "supplier")
    market.do("record", "anchor", "machine.shdr", *stream, by="gateway")
    for number in (1, 2):
        product = ("asset", "register", f"PART-{number}", "--kind", "product", "--twin", "machine.shdr")
        market.do(*product, by="supplier")
    market.wait_until("2027-01-11T14:00Z")
    parts = ("--asset", "PART-1", "--asset", "PART-2", "--evidence", "machine.shdr")
    told = market.refused("order", "deliver", line, *parts, by="supplier")
    assert "fabricant asset approve" in told.message
    market.do("asset", "approve", "PART-1", "PART-2", by="supplier")
    market.do("order", "deliver", line, *parts, by="supplier")

    # Received, accepted; the products wait until the buyer collects them
    market.do("order", "receipt", line, by="buyer")
    accepted = market.do("order", "accept", line, "--leave-goods", by="inspector")
    assert (accepted["ending"], accepted["status"]) == ("accepted", "closed")
    assert market.has("supplier") == 9_000 * UNIT + price
    assert len(market.see("order", "show", line)["goodsInCustody"]) == 2
    collected = market.do("order", "collect", line, by="buyer")
    assert collected["to"] == market.people["buyer"]
    for part in collected["assets"]:
        assert market.see("asset", "show", part)["owner"] == market.people["buyer"]

    # The deposit is free again; a stranger verifies
    market.do("order", "withdraw", "all", "--token", market.token, by="supplier")
    assert market.has("supplier") == 10_000 * UNIT + price
    assert market.see("record", "verify", "machine.shdr", *stream)["intact"]
    (mine,) = market.see("order", "list", "--all", by="buyer")
    assert mine["id"] == line
    assert market.see("order", "list", by="buyer") == []
    events = [each["event"] for each in market.see("order", "show", line, "--history")["history"]]
    assert events == ["LineOpened", "LineDelivered", "ReceiptConfirmed", "LineConcluded", "GoodsHandedOver"]
