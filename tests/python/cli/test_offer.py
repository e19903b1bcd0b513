"""Offers on the command line: drafted, signed, checked, found, and refused when they no longer stand."""

import json
from pathlib import Path

import pytest

from tests.python.cli.market import UNIT, Market, when


def problems(trade: Market, offer: Path | str) -> list[str]:
    """Why an offer can't be booked: the errors' names; checking it ends with 6 if there are any."""
    assert trade.run is not None
    result = trade.run("--json", "--wallet", "stranger", "offer", "check", offer)
    found = [each["error"] for each in json.loads(result.stdout)["problems"]]
    assert result.exit_code == (6 if found else 0)
    return found


def test_draft_explains_its_fields_and_stays_readable(trade: Market) -> None:
    trade.offer()

    draft = Path("offer.toml").read_text()

    assert 'hourly = "95"  # price of an hour, in whole tokens' in draft
    assert f'inspector = "{trade.people["inspector"]}"' in draft


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("hourly", "95,50", "hourly: '95,50' is not an amount"),
        ("hourly", "95.0000001", "more decimal places than the token's 6"),
        ("begin", "2027-01-05 00:00", "begin: '2027-01-05 00:00' is not a time"),
        ("begin", "2027-01-05T00:30Z", "begin: 2027-01-05T00:30Z is not on a full hour"),
        ("inspector", "0x1234", "is not an address"),
        ("end", "2027-01-04T09:00Z", "begin (2027-01-05T00:00Z) has to be before end (2027-01-04T09:00Z)"),
        ("begin", "2027-02-05T00:00Z", "has to be before end"),
        ("max_span", -1, "max_span has to be at least 0"),
        ("machine", "NMW-0418", "'NMW-0418' was never registered in the namespace of 0x"),
        ("conditions", "handshake", "no conditions are called 'handshake'"),
        ("conditions", "tooling", "publish them first"),
    ],
)
def test_field_that_is_wrong_is_named(trade: Market, field: str, value: str, told: str) -> None:
    with pytest.raises(AssertionError) as failure:
        trade.offer(**{field: value})

    assert told in str(failure.value)
    assert not Path("offer.json").exists()


def test_field_that_does_not_exist_is_named(trade: Market) -> None:
    trade.offer()
    Path("typo.toml").write_text(Path("offer.toml").read_text() + 'hourley = "1"\n')

    refusal = trade.refused("offer", "sign", "typo.toml", by="supplier")

    assert (refusal.code, refusal.message) == (2, "typo.toml: hourley is no field that there is")


def test_machine_of_another_wallet_is_asked_about(trade: Market) -> None:
    trade.offer()

    refusal = trade.refused("offer", "sign", "offer.toml", "--out", "again.json", by="buyer")

    assert (refusal.code, refusal.error) == (6, "NotFound")
    assert trade.people["buyer"] in refusal.message
    assert refusal.message.endswith("is that the right --wallet?")


def test_f118_offer_is_shown_in_words_with_its_conditions_before_it_is_signed(trade: Market) -> None:
    trade.offer()
    assert trade.run is not None

    result = trade.run("--wallet", "supplier", "offer", "sign", "offer.toml", "--out", "again.json")

    assert result.exit_code == 2
    for told in ("An hour costs 95.00 TUSD.", "Silence counts as acceptance.", "NMW-0417", "Do it?"):
        assert told in result.stderr
    assert not Path("again.json").exists()


def test_offer_whose_used_hours_could_be_cancelled_is_not_signed(trade: Market) -> None:
    """Machine time lets buyers cancel until 168 hours before the goods are due."""
    trade.offer("longest", max_span=120)
    with pytest.raises(AssertionError, match="lower the two"):
        trade.offer("longer", max_span=121)

    refusal = trade.refused("offer", "sign", "longer.toml", by="supplier")

    assert (refusal.code, refusal.error) == (2, "CancellableTooLate")
    assert "a cancel_notice of 7 days 1 hour or more" in refusal.message
    assert trade.see("offer", "check", "longest.json")["warnings"] == []


def test_offer_that_stands_is_bookable(trade: Market) -> None:
    offer = trade.offer(total_hours=100)

    report = trade.see("offer", "check", offer)

    assert (report["bookable"], report["hoursLeft"], report["freeHours"]) == (True, 100, 31 * 24)
    assert "It can be booked." in trade.text("offer", "check", offer)


def test_check_says_what_hours_cost_and_which_are_taken(trade: Market) -> None:
    offer = trade.offer()
    trade.book(offer)
    asked = ("--hours", "2027-01-11 13:00 to 16:00", "--zone", "Europe/Berlin")

    report = trade.see("offer", "check", offer, *asked, code=6)

    assert report["price"] == str((3 * 95 + 120) * UNIT)
    assert [when(hour) for hour in report["taken"]] == ["2027-01-11 12:00"]
    assert report["problem"]["error"] == "HoursTaken"
    text = trade.text("offer", "check", offer, *asked, code=6)
    assert "The machine is fit to be booked." in text
    assert "1 of them is not free, the first at 2027-01-11 12:00 UTC." in text
    assert trade.text("offer", "check", offer, "--hours", "2027-01-12 13:00 to 16:00", "--zone", "UTC")


@pytest.mark.parametrize(
    ("hours", "error", "told"),
    [
        ("2027-02-08 06:00 to 14:00", "OutsideOffer", "the offer is for hours from 2027-01-05 00:00 UTC"),
        ("2027-01-11 06:00 to 2027-01-15 06:00", "SpanTooLong", "80 at most"),
    ],
)
def test_check_says_what_book_would_say_of_hours(trade: Market, hours: str, error: str, told: str) -> None:
    offer, asked = trade.offer(), ("--hours", hours, "--zone", "Europe/Berlin")

    report = trade.see("offer", "check", offer, *asked, code=6)
    checked = trade.refused("offer", "check", offer, *asked, by="buyer", yes=False)
    booked = trade.refused("book", offer, *asked, by="buyer")

    assert (report["bookable"], report["problem"]["error"]) == (True, error)
    assert checked.code == 6
    assert checked.message == f"these hours can't be booked: {booked.message}"
    assert (booked.error, told in booked.message) == (error, True)


def test_f036_offer_altered_by_one_byte_is_refused(trade: Market) -> None:
    offer = trade.offer()
    raw = offer.read_bytes()
    altered = [
        raw.replace(b'"hourly": "95000000"', b'"hourly": "15000000"'),
        raw.replace(b'"maxSpan": "80"', b'"maxSpan": "90"'),
        raw.replace(b'"chainId": "31337"', b'"chainId": "31338"'),
    ]
    for each in altered:
        assert each != raw
        offer.write_bytes(each)
        for command in (("offer", "check"), ("book",)):
            hours = ("--hours", "2027-01-11T06:00Z/8 h") if command == ("book",) else ()
            refusal = trade.refused(*command, offer, *hours, by="buyer", yes=command == ("book",))
            assert (refusal.code, refusal.error) == (6, "VerificationFailed")
            assert "was altered" in refusal.message


def test_f036_altered_signature_is_refused(trade: Market) -> None:
    offer = trade.offer()
    document = json.loads(offer.read_text())
    signature = document["consents"]["supplier"]["signature"]
    document["consents"]["supplier"]["signature"] = (
        signature[:20] + ("1" if signature[20] != "1" else "2") + signature[21:]
    )
    offer.write_text(json.dumps(document))

    assert problems(trade, offer) == ["CapacityMarket_BadSignature"]
    refusal = trade.refused("book", offer, "--hours", "2027-01-11T06:00Z/8 h", by="buyer")
    assert (refusal.code, refusal.error) == (3, "CapacityMarket_BadSignature")


def test_f036_offer_with_new_terms_and_id_but_the_old_signature_is_refused(trade: Market) -> None:
    offer, cheaper = trade.offer(), trade.offer("cheaper", hourly="15")
    document, other = json.loads(offer.read_text()), json.loads(cheaper.read_text())
    other["consents"] = document["consents"]
    offer.write_text(json.dumps(other))

    assert problems(trade, offer) == ["CapacityMarket_BadSignature"]


def test_offer_signed_with_a_wrong_key_is_refused(trade: Market) -> None:
    trade.offer()
    signed = ("offer", "sign", "offer.toml", "--supplier", "supplier", "--out", "forged.json")
    trade.do(*signed, by="stranger")

    assert problems(trade, "forged.json") == ["CapacityMarket_NoConsent"]
    refusal = trade.refused("book", "forged.json", "--hours", "2027-01-11T06:00Z/8 h", by="buyer")
    assert (refusal.code, refusal.error) == (3, "CapacityMarket_NoConsent")


def test_operator_signs_for_the_supplier(trade: Market) -> None:
    trade.offer()
    role = ("directory", "operator", "set", "stranger", "--roles", "OPEN", "--until", "forever")
    trade.do(*role, by="supplier")
    signed = ("offer", "sign", "offer.toml", "--supplier", "supplier", "--out", "lent.json")
    trade.do(*signed, by="stranger")

    assert problems(trade, "lent.json") == []


def test_f028_expired_offer_is_refused(trade: Market) -> None:
    offer = trade.offer(valid_until="2027-01-05T00:00Z")
    trade.wait_until("2027-01-05T00:00Z")

    assert problems(trade, offer) == ["CapacityMarket_OfferExpired"]
    refusal = trade.refused("book", offer, "--hours", "2027-01-11T06:00Z/8 h", by="buyer")
    assert (refusal.code, refusal.error) == (3, "CapacityMarket_OfferExpired")
    assert trade.refused("offer", "publish", offer, by="stranger").error == "CapacityMarket_OfferExpired"


def test_f028_cancelled_offer_is_refused(trade: Market) -> None:
    offer, other = trade.offer(), trade.offer("other")
    assert trade.refused("offer", "cancel", offer, by="stranger").error == "CapacityMarket_NotSupplier"
    trade.do("offer", "cancel", offer, by="supplier")

    assert problems(trade, offer) == ["CapacityMarket_OfferCancelled"]
    assert problems(trade, other) == []
    refusal = trade.refused("book", offer, "--hours", "2027-01-11T06:00Z/8 h", by="buyer")
    assert (refusal.code, refusal.error) == (3, "CapacityMarket_OfferCancelled")


def test_f028_offers_of_an_earlier_epoch_are_refused(trade: Market) -> None:
    offer = trade.offer()
    assert trade.see("offer", "epoch", by="supplier")["epoch"] == 0
    assert trade.do("offer", "epoch", "--raise", by="supplier")["epochAfter"] == 1

    assert problems(trade, offer) == ["CapacityMarket_WrongEpoch"]
    assert problems(trade, trade.offer("new")) == []


def test_oversold_offer_is_refused(trade: Market) -> None:
    offer = trade.offer(total_hours=10, min_hours=2)
    trade.book(offer)
    refusal = trade.refused("book", offer, "--hours", "2027-01-12T06:00Z/3 h", by="buyer")
    assert (refusal.code, refusal.error) == (2, "OfferSoldOut")
    assert "2 hours left, not 3" in refusal.message

    trade.book(offer, hours="2027-01-12 06:00 to 08:00")

    assert problems(trade, offer) == ["OfferSoldOut"]


def test_offer_of_a_machine_that_is_not_the_suppliers_is_refused(trade: Market) -> None:
    offer = trade.offer()
    trade.do("asset", "transfer", trade.machine, "buyer", by="supplier")
    assert problems(trade, offer) == ["NotSeller"]

    trade.do("asset", "status", trade.machine, "suspended", by="buyer")
    assert problems(trade, offer) == ["MachineUnfit"]


def test_offer_of_a_supplier_that_is_not_ready_says_what_to_do(trade: Market) -> None:
    offer = trade.offer()
    trade.do("order", "withdraw", "all", "--token", trade.token, by="supplier")
    trade.do("directory", "operator", "revoke", "market", by="supplier")

    assert problems(trade, offer) == ["InvalidInput", "InsufficientFunds"]
    assert trade.run is not None
    told = trade.run("--wallet", "buyer", "offer", "check", offer).stdout
    assert "fabricant directory operator set market --roles OPEN" in told
    assert "fabricant order deposit" in told


def test_published_offers_are_found_by_what_is_wanted(trade: Market) -> None:
    milling = trade.offer("milling", process="DIN 8580 3.2.2", hourly="80")
    turning = trade.offer("turning", process="DIN 8580 3.2.1", hourly="60", valid_until="2027-01-10T00:00Z")
    for each in (milling, turning):
        trade.do("offer", "publish", each, by="stranger")

    def find(*options: object) -> list[str]:
        return [each["offer"]["hourly"] for each in trade.see("offer", "find", *options)]

    assert find() == ["60000000", "80000000"]
    assert find("--process", "DIN 8580 3.2.2") == ["80000000"]
    assert find("--max-hourly", "79.99", "--machine", trade.machine) == ["60000000"]
    assert find("--supplier", "stranger") == find("--token", "coin") == []
    hours = ("--hours", "2027-01-11 06:00 to 14:00", "--zone", "UTC")
    assert find(*hours) == ["60000000", "80000000"]
    trade.book(milling, hours="2027-01-11 12:00 to 16:00")
    assert find(*hours) == []
    trade.wait_until("2027-01-10T00:00Z")
    assert find() == ["80000000"]
    assert find("--all") == ["60000000", "80000000"]
    assert "No offer is like that." in trade.noted("offer", "find", "--process", "welding")


def test_offer_file_that_is_none_is_refused(trade: Market) -> None:
    for text in ("", "{}", "[" * 10_000, '{"format": "fabricant-grant/1"}', "\xff"):
        Path("offer.json").write_bytes(text.encode("latin-1"))
        refusal = trade.refused("offer", "check", "offer.json", by="buyer", yes=False)
        assert (refusal.code, refusal.error) == (2, "InvalidInput")
    assert trade.refused("offer", "check", "nothing.json", by="buyer", yes=False).code == 2
    assert trade.refused("offer", "check", "0x12345678", by="buyer", yes=False).code == 6
