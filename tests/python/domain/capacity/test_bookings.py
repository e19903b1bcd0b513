"""Bookings: price, rules in the market's order, and the line that comes of them."""

from dataclasses import replace
from fractions import Fraction

import pytest
from eth_abi.abi import encode
from eth_utils.crypto import keccak
from hypothesis import assume, given
from hypothesis import strategies as st

from fabricant.domain.assets import AssetFlag, AssetId, Kind, Standing, Status
from fabricant.domain.capacity import (
    Booking,
    BrokenOrder,
    CalendarWord,
    DocumentsNotOffered,
    DueTooLate,
    HourPattern,
    HoursTaken,
    MachineUnfit,
    NotSeller,
    Offer,
    OfferForAnother,
    OfferSoldOut,
    Order,
    OutsideOffer,
    PriceAboveLimit,
    SetupBroken,
    SpanTooLong,
    TooFarAhead,
    TooFewHours,
    TooManyAssets,
    TooSoon,
    UseEndsBefore,
    booked_terms,
    check_free,
    check_order,
    check_seller,
    check_sold,
    free_hours,
    offer_id,
    price,
    seller_of,
    sold_by,
)
from fabricant.domain.units import ZERO_ADDRESS, Address, BaseUnits, HourIndex, Seconds, UnixSeconds
from tests.python.domain import strategies
from tests.python.domain.capacity.test_offers import BUYER, DOMAIN, GOOD, MARKET, NOW, SUPPLIER, TOKEN
from tests.support.world import USUAL

FIRST = 500_010


def hours(*numbers: int) -> HourPattern:
    """A pattern."""
    return HourPattern.of(map(HourIndex, numbers))


ORDER = Order(
    buyer=BUYER,
    documents=b"\x0b" * 32,
    order_ref=b"\x0c" * 32,
    max_price=BaseUnits(10**9),
    salt=5,
    assets=4,
    hours=hours(*range(FIRST, FIRST + 6)),
)


@given(strategies.offers, st.integers(0, 2**16), strategies.uint32, strategies.times)
def test_f045_the_price_falls_in_a_straight_line(
    offer: Offer, priced: int, last_hour: int, at: UnixSeconds
) -> None:
    assume(offer.last_minute_hourly <= offer.hourly)

    due = price(offer, priced, HourIndex(last_hour), at=at)

    lead, decay = Fraction(last_hour * 3600 - at, 3600), offer.decay_hours
    part = min(Fraction(1), max(Fraction(0), lead / decay)) if decay else Fraction(1)
    hourly = offer.last_minute_hourly + (offer.hourly - offer.last_minute_hourly) * part
    assert due == offer.setup + int(priced * hourly)


def test_a_good_order_has_a_price() -> None:
    lead = 15 * 3600  # to the last of six hours

    assert check_order(GOOD, ORDER, USUAL, at=NOW) == 45 + 5 * (60 * 72 * 3600 + 30 * lead) // (72 * 3600)


@pytest.mark.parametrize(
    ("offer", "order", "rule"),
    [
        ({"buyer": TOKEN}, {}, OfferForAnother),
        ({}, {"hours": hours(*range(FIRST - 1, FIRST + 5))}, OutsideOffer),
        ({}, {"hours": hours(*range(500_095, 500_101))}, OutsideOffer),
        ({"from_hour": 0, "notice_hours": 0}, {"hours": hours(*range(500_000, 500_006))}, TooSoon),
        ({"notice_hours": 11}, {}, TooSoon),
        (
            {"until_hour": 600_000},
            {"hours": hours(*range(500_000 + 730 * 24 - 5, 500_000 + 730 * 24 + 1))},
            TooFarAhead,
        ),
        ({"delivery_hours": 2**40 // 3600}, {}, DueTooLate),
        ({}, {"hours": hours(*range(FIRST, FIRST + 4))}, TooFewHours),
        ({"min_hours": 0}, {"hours": hours(FIRST)}, TooFewHours),  # nothing but setup
        ({}, {"hours": hours(*range(FIRST, FIRST + 41))}, SpanTooLong),
        ({}, {"hours": hours(*range(FIRST, FIRST + 5), FIRST + 40)}, SpanTooLong),
        ({}, {"hours": hours(FIRST, *range(FIRST + 2, FIRST + 8))}, SetupBroken),
        ({}, {"assets": 5}, TooManyAssets),
        ({}, {"max_price": 1}, PriceAboveLimit),
    ],
)
def test_a_broken_rule_has_its_own_error(
    offer: dict[str, object], order: dict[str, object], rule: type[BrokenOrder]
) -> None:
    with pytest.raises(rule):
        check_order(replace(GOOD, **offer), replace(ORDER, **order), USUAL, at=NOW)  # type: ignore[arg-type]


def test_documents_need_a_time_to_decline() -> None:
    binding = replace(USUAL, resign_period=Seconds(0))

    with pytest.raises(DocumentsNotOffered):
        check_order(GOOD, ORDER, binding, at=NOW)
    check_order(GOOD, replace(ORDER, documents=bytes(32)), binding, at=NOW)


@pytest.mark.parametrize(
    ("now", "notice", "earliest"), [(0, 0, 1), (1, 0, 1), (3599, 0, 1), (0, 2, 2), (1, 2, 3)]
)
def test_f048_the_first_hour_is_the_next_after_the_notice(now: int, notice: int, earliest: int) -> None:
    at = UnixSeconds(NOW + now)
    offer = replace(GOOD, from_hour=HourIndex(0), notice_hours=notice, valid_until=UnixSeconds(NOW + 9999))

    def order(begin: int) -> Order:
        return replace(ORDER, hours=hours(*range(500_000 + begin, 500_000 + begin + 6)))

    check_order(offer, order(earliest), USUAL, at=at)
    with pytest.raises(TooSoon):
        check_order(offer, order(earliest - 1), USUAL, at=at)


def test_the_horizon_is_two_years() -> None:
    last = 500_000 + 730 * 24 - 1
    offer = replace(GOOD, until_hour=HourIndex(2**31))

    check_order(offer, replace(ORDER, hours=hours(*range(last - 5, last + 1))), USUAL, at=NOW)


def test_f025_an_offer_with_a_total_sells_out() -> None:
    check_sold(GOOD, ORDER.hours, 54)
    with pytest.raises(OfferSoldOut, match="5 hours left, not 6"):
        check_sold(GOOD, ORDER.hours, 55)
    check_sold(replace(GOOD, total_hours=0), ORDER.hours, 10**9)


def test_f076_taken_hours_are_named() -> None:
    bit = 1 << FIRST % 256
    free = CalendarWord(booked=bit >> 1, blocked=bit << 6)

    check_free(ORDER.hours, [free])
    for word in (CalendarWord(booked=bit), CalendarWord(blocked=bit)):
        with pytest.raises(HoursTaken, match="1 hour, the first at 2027-01-15 18:00 UTC"):
            check_free(ORDER.hours, [word])
    number = FIRST // 256
    assert free_hours(HourIndex(FIRST - 2), HourIndex(FIRST + 8), {number: free}) == tuple(
        hour for hour in range(FIRST - 2, FIRST + 8) if hour not in (FIRST - 1, FIRST + 6)
    )
    assert len(free_hours(HourIndex(0), HourIndex(600), {})) == 600


MACHINE = Standing(
    owner=SUPPLIER,
    user=ZERO_ADDRESS,
    user_until=UnixSeconds(0),
    kind=Kind.EQUIPMENT,
    status=Status.ACTIVE,
    flags=AssetFlag.DEVICE,
)


@pytest.mark.parametrize(
    ("until", "seller"),
    [(FIRST * 3600, SUPPLIER), ((FIRST + 6) * 3600, BUYER), ((FIRST + 6) * 3600 + 1, BUYER)],
)
def test_hours_are_the_live_users_to_sell(until: int, seller: str) -> None:
    used = replace(MACHINE, user=BUYER, user_until=UnixSeconds(until))

    assert seller_of(used, ORDER.hours) == seller
    assert seller_of(MACHINE, ORDER.hours) == SUPPLIER


def test_an_owners_own_term_divides_no_hours() -> None:
    used = replace(MACHINE, user=SUPPLIER, user_until=UnixSeconds(FIRST * 3600 + 1))

    assert seller_of(used, ORDER.hours) == SUPPLIER


@pytest.mark.parametrize("until", [FIRST * 3600 + 1, (FIRST + 6) * 3600 - 1])
def test_hours_of_two_are_nobodys_to_sell(until: int) -> None:
    with pytest.raises(UseEndsBefore):
        seller_of(replace(MACHINE, user=BUYER, user_until=UnixSeconds(until)), ORDER.hours)


@pytest.mark.parametrize(
    "change",
    [{"status": each} for each in Status if each is not Status.ACTIVE]
    + [{"flags": each} for each in (AssetFlag.RECALLED, AssetFlag.HELD, AssetFlag.ASSEMBLED)],
)
def test_an_unfit_machine_is_not_sold(change: dict[str, object]) -> None:
    with pytest.raises(MachineUnfit):
        check_seller(replace(MACHINE, **change), SUPPLIER, ORDER.hours)  # type: ignore[arg-type]


@given(
    user=st.sampled_from([ZERO_ADDRESS, SUPPLIER, BUYER]),
    until=st.integers(FIRST * 3600 - 1, (FIRST + 9) * 3600 + 1).map(UnixSeconds),
    supplier=st.sampled_from([SUPPLIER, BUYER]),
    some=st.sets(st.integers(FIRST, FIRST + 8).map(HourIndex), min_size=1),
)
def test_hours_that_are_sold_by_somebody_can_be_sold_together(
    user: Address, until: UnixSeconds, supplier: Address, some: set[HourIndex]
) -> None:
    machine = replace(MACHINE, user=user, user_until=until)
    sold = sold_by(machine, supplier, sorted(some))
    if sold:
        check_seller(machine, supplier, HourPattern.of(sold))
    for hour in some - set(sold):
        with pytest.raises((NotSeller, UseEndsBefore)):
            check_seller(machine, supplier, HourPattern.of([hour]))


def test_only_the_seller_sells() -> None:
    check_seller(MACHINE, SUPPLIER, ORDER.hours)
    with pytest.raises(NotSeller):
        check_seller(MACHINE, BUYER, ORDER.hours)


def test_the_line_follows_from_offer_and_order() -> None:
    terms = booked_terms(GOOD, ORDER, amount=BaseUnits(321), market=DOMAIN)

    offered = offer_id(GOOD, DOMAIN)
    subject = keccak(
        encode(
            ["uint256", "bytes32", "uint32", "uint256[]"],
            [9, offered, ORDER.first_word, list(ORDER.hour_masks)],
        )
    )
    assert terms.subject == subject == Booking(machine=AssetId(9), offer=offered, hours=ORDER.hours).subject
    assert (terms.open_by, terms.due_by) == (FIRST * 3600, (FIRST + 6 + 24) * 3600)
    assert (terms.opener, terms.amount, terms.assets) == (MARKET, 321, 4)
    assert terms.documents == keccak(bytes(32) + b"\x0b" * 32)
    terms.check(USUAL, at=NOW)
