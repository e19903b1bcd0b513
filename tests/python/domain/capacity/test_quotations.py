"""Requests and quotations: their ids, their rules, and where an answer departs from its request."""

from dataclasses import fields, replace
from typing import Any

import pytest
from eth_utils.crypto import keccak
from hypothesis import given
from hypothesis import strategies as st

from fabricant.domain.assets import AssetId
from fabricant.domain.capacity import (
    NO_BOOKING,
    QUOTATION,
    Booking,
    BrokenRequest,
    CalendarWord,
    HourPattern,
    HoursTaken,
    NotThisBooking,
    OfferId,
    OtherOffer,
    Quotation,
    QuotationExpired,
    Request,
    RequestId,
    TooFarAhead,
    TooSoon,
    check_exchange,
    departures,
    quotation_id,
    request_id,
)
from fabricant.domain.escrow import NoAmount, Terms
from fabricant.domain.typed_data import Message, domain_of, snake
from fabricant.domain.units import BaseUnits, HourIndex, UnixSeconds, start_of
from tests.python.domain import strategies
from tests.support import quotations as other
from tests.support.typed_data import by_hand
from tests.support.world import USUAL

BUYER, SUPPLIER, MARKET, TOKEN, ESCROW, SOMEBODY = (
    strategies.address_from_bytes(bytes([number]) * 20) for number in range(1, 7)
)
DOMAIN = domain_of("CapacityMarket", 1, MARKET)
NOW = UnixSeconds(500_000 * 3600)
HOURS = HourPattern.of(HourIndex(hour) for hour in range(500_010, 500_018))
BOOKING = Booking(machine=AssetId(9), hours=HOURS)
ASKED = Request(
    buyer=BUYER,
    token=TOKEN,
    budget=BaseUnits(1_000),
    machine_hours=8,
    from_hour=HourIndex(500_000),
    until_hour=HourIndex(500_100),
    quote_by=UnixSeconds(NOW + 100),
    due_by=start_of(HourIndex(500_200)),
    conditions=USUAL.id,
    salt=1,
)
TERMS = Terms(
    buyer=BUYER,
    supplier=SUPPLIER,
    token=TOKEN,
    amount=BaseUnits(900),
    open_by=start_of(HourIndex(500_010)),
    due_by=start_of(HourIndex(500_200)),
    opener=MARKET,
    subject=BOOKING.subject,
    conditions=USUAL.id,
    salt=2,
)
QUOTED = Quotation(
    request_id=request_id(ASKED, DOMAIN), terms=TERMS, valid_until=UnixSeconds(NOW + 50), nonce=3
)

requests = st.builds(
    Request,
    buyer=strategies.addresses,
    process=strategies.words,
    token=strategies.addresses,
    budget=strategies.uint128,
    machine_hours=strategies.uint16,
    from_hour=strategies.uint32.map(HourIndex),
    until_hour=strategies.uint32.map(HourIndex),
    assets=strategies.uint16,
    quote_by=strategies.times,
    due_by=strategies.times,
    inspector=strategies.addresses,
    arbiter=strategies.addresses,
    broker=strategies.addresses,
    conditions=strategies.words,
    documents=strategies.words,
    order_ref=strategies.words,
    sealing_key=strategies.words,
    salt=strategies.uint256,
    uri=st.text(),
    reply_to=st.text(),
)
quotations = st.builds(
    Quotation,
    request_id=strategies.words.map(RequestId),
    terms=strategies.terms,
    valid_until=strategies.times,
    nonce=strategies.uint256,
    epoch=st.integers(0, 2**64 - 1),
)


def check(quoted: Quotation = QUOTED, booking: Booking = BOOKING, *, at: int = NOW) -> None:
    quoted.check(booking, USUAL, market=MARKET, escrow=ESCROW, at=UnixSeconds(at))


def requoted(**changes: Any) -> Quotation:
    """The usual quotation with other terms."""
    return replace(QUOTED, terms=replace(TERMS, **changes))


def test_the_type_is_the_contracts() -> None:
    assert QUOTATION.type_text == other.QUOTATION
    assert [field.name for field in fields(Quotation)] == [snake(name) for name, _ in QUOTATION.fields]


@given(quotations)
def test_f035_an_id_is_the_digest_that_eip_712_says(quotation: Quotation) -> None:
    domain = {"name": "Fabricant CapacityMarket", "version": "1", "chainId": 1, "verifyingContract": MARKET}
    message = Message(DOMAIN, QUOTATION, quotation)
    values = {name: getattr(quotation, snake(name)) for name, _ in QUOTATION.fields}
    terms = {name: getattr(quotation.terms, snake(name)) for name, _ in QUOTATION.structs["Terms"].fields}

    assert quotation_id(quotation, DOMAIN) == message.digest
    assert message.digest == by_hand(domain, other.QUOTATION, values | {"terms": terms})


@given(requests, requests, st.sampled_from(fields(Request)))
def test_f036_every_field_is_in_a_requests_id(one: Request, two: Request, field: Any) -> None:
    changed = replace(one, **{field.name: getattr(two, field.name)})

    assert (request_id(changed, DOMAIN) == request_id(one, DOMAIN)) == (changed == one)
    assert request_id(one, domain_of("CapacityMarket", 2, MARKET)) != request_id(one, DOMAIN)


def test_no_hours_are_all_zeros() -> None:
    assert (NO_BOOKING.first_word, NO_BOOKING.hour_masks, NO_BOOKING.subject) == (0, (), bytes(32))


# Requests


def test_a_good_request_passes() -> None:
    ASKED.check(at=NOW)
    replace(ASKED, machine_hours=0, from_hour=HourIndex(0), until_hour=HourIndex(0)).check(at=NOW)
    replace(ASKED, machine_hours=100).check(at=NOW)


@pytest.mark.parametrize(
    "change", [{"quote_by": NOW}, {"due_by": NOW + 100}, {"machine_hours": 101}, {"until_hour": 0}]
)
def test_what_nobody_could_answer_is_refused(change: dict[str, int]) -> None:
    with pytest.raises(BrokenRequest):
        replace(ASKED, **change).check(at=NOW)  # type: ignore[arg-type]


# Quotations


def test_a_good_quotation_passes() -> None:
    check()
    check(requoted(subject=bytes(32)), NO_BOOKING)


@pytest.mark.parametrize(
    ("quoted", "rule"),
    [
        (replace(QUOTED, valid_until=NOW), QuotationExpired),
        (requoted(opener=BUYER), NotThisBooking),
        (requoted(subject=bytes(32)), NotThisBooking),
        (requoted(subject=keccak(text="others")), NotThisBooking),
        (requoted(amount=BaseUnits(0)), NoAmount),
    ],
)
def test_what_nobody_could_award_is_refused(quoted: Quotation, rule: type[Exception]) -> None:
    with pytest.raises(rule):
        check(quoted)


def test_hours_lie_in_the_future_and_on_no_offer() -> None:
    begun = replace(QUOTED, valid_until=UnixSeconds(2**40 - 1))
    check(begun, at=start_of(HourIndex(500_010)) - 1)
    with pytest.raises(TooSoon):
        check(begun, at=start_of(HourIndex(500_010)))
    far = Booking(machine=AssetId(9), hours=HourPattern.of([HourIndex(500_000 + 730 * 24)]))
    with pytest.raises(TooFarAhead):
        check(requoted(subject=far.subject), far)
    sold = replace(BOOKING, offer=OfferId(b"\x01" * 32))
    with pytest.raises(OtherOffer):
        check(requoted(subject=sold.subject), sold)


# Departures


def test_an_answer_departs_in_nothing() -> None:
    assert departures(ASKED, QUOTED, BOOKING) == []
    assert departures(replace(ASKED, budget=BaseUnits(0), machine_hours=0), QUOTED, NO_BOOKING) == []


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"buyer": SOMEBODY}, f"buyer: {SOMEBODY} instead of {BUYER}"),
        ({"token": SOMEBODY}, f"token: {SOMEBODY} instead of {TOKEN}"),
        ({"arbiter": SOMEBODY}, "arbiter: "),
        ({"inspector": SOMEBODY}, "inspector: "),
        ({"broker": SOMEBODY}, "broker: "),
        ({"assets": 3}, "registered products: 3 instead of 0"),
        ({"documents": b"\x01" * 32}, "another set of documents"),
        ({"conditions": b"\x01" * 32}, "another set of trade conditions"),
        ({"order_ref": b"\x01" * 32}, "another order reference"),
        ({"amount": 1_001}, "price: 1001 base units, above the budget of 1000"),
        ({"due_by": TERMS.due_by + 1}, "due date: "),
    ],
)
def test_every_departure_is_told(change: dict[str, Any], told: str) -> None:
    (found,) = departures(ASKED, requoted(**change), BOOKING)

    assert found.startswith(told)


@pytest.mark.parametrize(
    ("hours", "told"),
    [
        (range(500_010, 500_017), "machine-hours: 7 reserved of 8"),
        (range(499_999, 500_010), "machine-hours: not all between "),
        (range(500_095, 500_103), "machine-hours: not all between "),
    ],
)
def test_missing_hours_are_told(hours: range, told: str) -> None:
    booking = Booking(machine=AssetId(9), hours=HourPattern.of(map(HourIndex, hours)))

    (found,) = departures(ASKED, QUOTED, booking)

    assert found.startswith(told)


def test_hours_that_nobody_asked_for_are_no_departure() -> None:
    early = Booking(machine=AssetId(9), hours=HourPattern.of([HourIndex(499_000)]))

    assert departures(replace(ASKED, machine_hours=0), QUOTED, early) == []


# One booking for another

LATER = replace(BOOKING, hours=HourPattern.of(HourIndex(hour + 4) for hour in HOURS.hours))


def calendar(*booked: int) -> dict[int, CalendarWord]:
    """A machine's calendar with these hours booked."""
    marked = HourPattern.of(map(HourIndex, (*booked, 500_300)))
    first = {word: CalendarWord() for word in range(500_000 // 256, 500_300 // 256 + 1)}
    return first | {
        marked.first_word + number: CalendarWord(booked=mask) for number, mask in enumerate(marked.masks)
    }


def test_hours_that_the_line_has_itself_are_free_for_it() -> None:
    check_exchange(BOOKING, LATER, calendar(*HOURS.hours), at=NOW)
    with pytest.raises(HoursTaken, match="taken already: 1 hour, the first at"):
        check_exchange(BOOKING, LATER, calendar(*HOURS.hours, 500_020), at=NOW)


def test_its_own_hours_are_not_free_for_it_on_another_machine_or_once_they_began() -> None:
    with pytest.raises(HoursTaken, match="4 hours"):
        check_exchange(BOOKING, replace(LATER, machine=AssetId(8)), calendar(*HOURS.hours), at=NOW)
    begun = start_of(HourIndex(500_012))
    with pytest.raises(TooSoon):
        check_exchange(BOOKING, replace(BOOKING, hours=HourPattern.of(HOURS.hours[1:])), calendar(), at=begun)


@pytest.mark.parametrize("new", [BOOKING, NO_BOOKING])
def test_the_same_hours_or_none_are_always_possible(new: Booking) -> None:
    check_exchange(BOOKING, new, calendar(*HOURS.hours), at=start_of(HourIndex(500_050)))


def test_new_hours_are_on_the_old_ones_offer() -> None:
    with pytest.raises(OtherOffer):
        check_exchange(BOOKING, replace(LATER, offer=OfferId(b"\1" * 32)), calendar(), at=NOW)


def test_new_hours_lie_ahead_and_not_too_far() -> None:
    with pytest.raises(TooSoon):
        check_exchange(BOOKING, LATER, calendar(), at=start_of(LATER.hours.first))  # type: ignore[union-attr]
    far = replace(BOOKING, hours=HourPattern.of([HourIndex(500_000 + 731 * 24)]))
    with pytest.raises(TooFarAhead):
        check_exchange(BOOKING, far, calendar(), at=NOW)
