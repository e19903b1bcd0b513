"""Requests and quotations on the command line, from the first question to the order line."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.python.cli.market import UNIT, Market, when

HOURS = ("--machine", "NMW-0417", "--hours", "2027-01-11 06:00 to 14:00", "--zone", "Europe/Berlin")


def ask(trade: Market, *more: object) -> Any:
    """The buyer wants eight hours for at most a thousand."""
    return trade.do(
        *("request", "publish", "--process", "DIN 8580 3.2.2", "--token", trade.token, "--budget", "1000"),
        *("--machine-hours", 8, "--begin", "2027-01-10T00:00Z", "--end", "2027-01-20T00:00Z"),
        *("--quote-by", "2027-01-08T12:00Z", "--due-by", "2027-01-29T12:00Z"),
        *("--conditions", "machine-time", "--inspector", "inspector", *more),
        by="buyer",
    )


def quote(trade: Market, request: str, out: str = "quote.json", *more: object, price: str = "820") -> Any:
    """The supplier answers."""
    return trade.do(
        *("quote", "sign", request, "--price", price, "--valid-until", "2027-01-09T12:00Z"),
        *("--out", out, *(more or HOURS)),
        by="supplier",
    )


def test_a_request_is_published_and_found(trade: Market) -> None:
    asked = ask(trade, "--uri", "ipfs://drawing", "--reply-to", "sales\x1b[2J@buyer.example")

    (found,) = trade.see("request", "find", "--process", "DIN 8580 3.2.2")
    assert (found["id"], found["request"]["budget"]) == (asked["id"], str(1_000 * UNIT))
    assert trade.see("request", "find", "--process", "DIN 8580 1.1") == []
    assert trade.see("request", "find", "--buyer", "supplier") == []
    told = trade.text("request", "show", asked["id"][:12])
    for said in (
        "wants quotations until 2027-01-08 12:00 UTC",
        "8 machine-hours are reserved",
        "Nothing was awarded yet.",
    ):
        assert said in told
    assert "\x1b" not in told
    trade.wait_until("2027-01-08T12:00Z")
    assert trade.see("request", "find") == []
    assert len(trade.see("request", "find", "--all")) == 1


def test_an_order_number_stays_private(trade: Market) -> None:
    asked = ask(trade, "--order-number", "PO-4711")

    assert "PO-4711" not in json.dumps(asked)
    assert int(asked["request"]["orderRef"], 16) != 0
    assert len(asked["orderSalt"]) == 66


def test_what_nobody_could_answer_is_refused(trade: Market) -> None:
    refusal = trade.refused(
        *("request", "publish", "--quote-by", "2027-01-08T12:00Z", "--due-by", "2027-01-08T12:00Z"),
        *("--conditions", "machine-time"),
        by="buyer",
    )

    assert (refusal.code, refusal.error) == (2, "BrokenRequest")


def test_a_quotation_is_awarded_with_its_hours(trade: Market) -> None:
    asked = ask(trade)
    signed = quote(trade, asked["id"])

    checked = trade.see("quote", "check", signed["file"], by="buyer")
    awarded = trade.do("quote", "award", signed["file"], by="buyer")

    assert (checked["awardable"], checked["answers"], checked["problems"]) == (True, True, [])
    (span,) = checked["hours"]
    assert (when(span["from"]), when(span["until"])) == ("2027-01-11 05:00", "2027-01-11 13:00")
    line = trade.see("order", "show", awarded["line"])
    assert (line["line"]["status"], line["line"]["held"]) == ("open", str(820 * UNIT))
    shown = trade.see("request", "show", asked["id"])
    assert [each["id"] for each in shown["awards"]] == [awarded["line"]]
    offer = trade.offer()
    assert trade.refused("book", offer, *HOURS[2:], by="buyer").error == "HoursTaken"
    again = trade.refused("quote", "award", signed["file"], by="buyer")
    assert again.error in ("Withdrawn", "HoursTaken")


def test_what_is_awarded_is_shown_before(trade: Market) -> None:
    signed = quote(trade, ask(trade)["id"])
    assert trade.run is not None

    result = trade.run("--wallet", "buyer", "quote", "award", signed["file"])

    assert result.exit_code == 2
    for told in (
        "You award this quotation:",
        "for 820.00 TUSD",
        "It reserves 8 hours of the machine 0x",
        "First the escrow is allowed to take exactly 820.00 TUSD.",
    ):
        assert told in result.stderr
    assert trade.has("buyer") == 10_000 * UNIT


def test_a_quotation_may_reserve_nothing(trade: Market) -> None:
    asked = ask(trade)
    signed = quote(trade, asked["id"], "bare.json", "--due-by", "2027-01-25T12:00Z")

    checked = trade.see("quote", "check", signed["file"])

    assert checked["departures"] == ["machine-hours: 0 reserved of 8"]
    refusal = trade.refused("quote", "award", signed["file"], by="buyer")
    assert (refusal.code, "--anyway" in refusal.message) == (2, True)
    assert trade.do("quote", "award", signed["file"], "--anyway", by="buyer")["line"]


def test_quotations_are_compared(trade: Market) -> None:
    asked = ask(trade)["id"]
    quote(trade, asked, "dear.json", *HOURS, "--due-by", "2027-01-20T12:00Z", price="990")
    quote(trade, asked, "cheap.json", *HOURS, "--due-by", "2027-01-28T12:00Z", price="700")
    quote(trade, asked, "late.json", *HOURS, "--due-by", "2027-02-20T12:00Z", price="100")
    files = ("dear.json", "cheap.json", "late.json")

    by_price = [each["file"] for each in trade.see("quote", "compare", *files)]
    by_time = [each["file"] for each in trade.see("quote", "compare", *files, "--by", "time")]

    assert by_price == ["cheap.json", "dear.json", "late.json"]
    assert by_time == ["dear.json", "cheap.json", "late.json"]
    assert "departs" in trade.text("quote", "compare", *files)
    other = ask(trade)["id"]
    quote(trade, other, "other.json")
    refusal = trade.refused("quote", "compare", "cheap.json", "other.json", by="buyer", yes=False)
    assert "different requests" in refusal.message


def test_a_buyer_publishes_by_what_it_awards(trade: Market) -> None:
    tender = ("--award", "price", "--hour-worth", "10", "--requires", "ISO 9001", "--uri", "ipfs://drawing")
    asked = ask(trade, *tender, "--documents", "0x" + "07" * 32)["id"]
    quote(trade, asked, "soon.json", *HOURS, "--due-by", "2027-01-20T12:00Z", price="990")
    quote(trade, asked, "cheap.json", *HOURS, "--due-by", "2027-01-21T16:00Z", price="720")
    files = ("soon.json", "cheap.json")

    def best(*more: object) -> str:
        return str(trade.see("quote", "compare", *files, *more)[0]["file"])

    assert (best(), best("--by", "price"), best("--hour-worth", "9")) == ("soon.json", *["cheap.json"] * 2)
    told = trade.text("request", "show", asked)
    for said in (
        "where to have the goods an hour sooner is worth 10",
        "Suppliers must have: ISO 9001.",
        "They are found at ipfs://drawing.",
        f"Its documents have the hash 0x{'07' * 32}.",
    ):
        assert said in told


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (("--hour-worth", "1"), "say --award price, too"),
        (("--requires", "ISO 9001"), "say --award price, too"),
        (("--award", "time", "--hour-worth", "1"), "say price instead of time"),
    ],
    ids=["worth", "requires", "time"],
)
def test_parts_of_a_tender_need_its_rule(trade: Market, given: tuple[str, ...], told: str) -> None:
    refusal = trade.refused(
        *("request", "publish", "--quote-by", "2027-01-08T12:00Z", "--due-by", "2027-01-29T12:00Z"),
        *("--conditions", "machine-time", *given),
        by="buyer",
    )

    assert (refusal.code, told in refusal.message) == (2, True)


def test_f036_an_altered_quotation_is_refused(trade: Market) -> None:
    signed = quote(trade, ask(trade)["id"])
    document = json.loads(Path(signed["file"]).read_text())
    hours = document["bookings"]["line"]
    for name, altered in (
        ("id", document | {"message": document["message"] | {"nonce": "7"}}),
        ("hours", document | {"bookings": {"line": hours | {"hourMasks": ["1"]}}}),
        ("none", document | {"bookings": {"line": hours | {"hourMasks": []}}}),
        ("missing", {key: value for key, value in document.items() if key != "bookings"}),
        ("shape", document | {"bookings": {"line": [1]}}),
        ("number", document | {"bookings": {"line": hours | {"machine": -1}}}),
    ):
        file = Path(f"{name}.json")
        file.write_text(json.dumps(altered))
        refusal = trade.refused("quote", "award", file, by="buyer")
        assert refusal.error in ("VerificationFailed", "OtherHours", "InvalidInput"), (name, refusal)


def test_a_stranger_signs_for_nobody(trade: Market) -> None:
    asked = ask(trade)
    signed = quote(trade, asked["id"])
    document = json.loads(Path(signed["file"]).read_text())
    forged = document["consents"]["supplier"] | {"signer": trade.people["stranger"]}
    Path("forged.json").write_text(json.dumps(document | {"consents": {"supplier": forged}}))

    assert trade.see("quote", "check", "forged.json", code=6)["problems"][0]["error"] == "NotSigned"
    assert trade.refused("quote", "award", "forged.json", by="buyer").error == "NotSigned"


def test_a_cancelled_quotation_is_not_awarded(trade: Market) -> None:
    signed = quote(trade, ask(trade)["id"])

    trade.do("quote", "cancel", signed["file"], by="supplier")

    assert trade.refused("quote", "award", signed["file"], by="buyer").error == "Withdrawn"


def test_nobody_awards_for_the_buyer(trade: Market) -> None:
    signed = quote(trade, ask(trade)["id"])

    refusal = trade.refused("quote", "award", signed["file"], by="stranger")

    assert refusal.code != 0
    assert trade.see("request", "show", trade.see("request", "find")[0]["id"])["awards"] == []


@pytest.mark.parametrize(
    "half", [("--machine", "NMW-0417"), ("--hours", "2027-01-11T06:00Z/8 h")], ids=["machine", "hours"]
)
def test_hours_are_a_machines(trade: Market, half: tuple[str, str]) -> None:
    refusal = trade.refused(
        *("quote", "sign", ask(trade)["id"], "--price", "1", "--valid-until", "2027-01-09T12:00Z"),
        *("--out", "half.json", *half),
        by="supplier",
    )

    assert "both --machine and --hours" in refusal.message


# Sealed


def test_a_sealed_quotation_is_compared_and_awarded_by_the_buyer_alone(trade: Market) -> None:
    request = ask(trade, "--sealed")["id"]
    assert "the buyer alone can read them" in trade.text("request", "show", request)

    signed = quote(trade, request, "mill.json")

    assert signed["sealed"] == "mill.sealed"
    assert str(820 * UNIT) not in Path("mill.sealed").read_text()
    stranger = trade.refused("quote", "check", "mill.sealed", by="stranger", yes=False)
    assert (stranger.code, stranger.error) == (6, "NotOpened")
    (compared,) = trade.see("quote", "compare", "mill.sealed", by="buyer")
    assert compared["answers"]
    assert trade.see("quote", "check", "mill.json", by="supplier")["id"] == signed["id"]
    awarded = trade.do("quote", "award", "mill.sealed", by="buyer")
    assert trade.see("order", "show", awarded["line"])["line"]["status"] == "open"


def test_an_open_quotation_has_no_sealed_file(trade: Market) -> None:
    assert quote(trade, ask(trade)["id"])["sealed"] is None
    assert not Path("quote.sealed").exists()
