"""CAP-2: every booked hour belongs to one line, and is freed at most once, when that line is closed."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Final

import pytest
from eth_utils.crypto import keccak

from fabricant.domain.units import parse_address
from tests.support.actors import Actor
from tests.support.assets import Status
from tests.support.capacity import (
    BITS,
    BUYER,
    FIRST,
    NOTHING_TAKEN,
    SHIFT,
    STRANGER,
    SUPPLIER,
    WORD,
    Booking,
    Capacity,
    start_of,
)
from tests.support.chain import BEGINNING, Chain
from tests.support.deals import DAY, HOUR, STATUSES, ZERO
from tests.support.lines import Books, Deal, Deals

# Conditions under which a line can run its whole life before its hours begin.
EARLY: Final = {
    "deliveryWindow": 90 * DAY,
    "cancelNotice": 90 * DAY,
    "transit": 0,
    "inspection": HOUR,
    "cure": HOUR,
}


def book_early(capacity: Capacity, **changes: int) -> Booking:
    """Hours in two words, whose line can end before they begin."""
    offer = capacity.offer(conditions=capacity.agree(**(EARLY | changes)))
    return capacity.booking([*SHIFT, FIRST + BITS + 1], offer=offer).sent(at=BEGINNING + HOUR)


def ends(booking: Booking, status: str = "Closed") -> Deal:
    """The booking's line, which is closed now and has not given back its hours."""
    assert booking.deal.line.status == status
    assert booking.capacity.taken() == (booking.hours, set())
    return booking.deal


def gives_back(booking: Booking) -> None:
    """Anyone returns all hours of a booking whose line is closed."""
    capacity, deal = booking.capacity, ends(booking)
    line = deal.line
    receipt = booking.give_back()
    assert capacity.chain.events(receipt) == [booking.returned()]
    assert capacity.taken() == NOTHING_TAKEN
    assert capacity.market.functions.isReturned(booking.id).call()
    assert deal.line == line


# Which lines


def not_this(deal: Deal) -> AbstractContextManager[None]:
    return deal.refuses("CapacityMarket_NotThisBooking", subject=deal.terms["subject"])


@pytest.mark.parametrize("opener", [ZERO, BUYER.address])
def test_cap2_only_lines_of_the_market_return_hours(
    chain: Chain, capacity: Capacity, books: Books, deal: Deals, opener: str
) -> None:
    """Buyer and supplier open a line between them that names a booking of theirs, and close it."""
    booking = capacity.booking().sent()
    books.add(booking.deal)
    forged = deal(subject=booking.deal.terms["subject"], opener=opener).given("Closed")
    call = capacity.market.functions.returnHours(forged.terms, booking.bound)
    with not_this(forged):
        chain.send(call, by=STRANGER)
    assert capacity.taken() == (set(SHIFT), set())


def test_cap2_a_line_returns_its_own_hours_alone(capacity: Capacity) -> None:
    booking, other = capacity.booking().sent(), capacity.booking([FIRST + 1]).sent()
    booking.deal.send("cancel", by=BUYER)
    for change in (
        {"machine": 1},
        {"offer": bytes(32)},
        {"firstWord": WORD + 1},
        {"hourMasks": []},
        {"hourMasks": [2**256 - 1]},
        {"hourMasks": [*booking.bound["hourMasks"], 0]},
        other.bound,
    ):
        with not_this(booking.deal):
            booking.give_back(**change)
    assert capacity.taken() == (booking.hours | other.hours, set())


def not_closed(deal: Deal, status: str) -> AbstractContextManager[None]:
    return deal.refuses("CapacityMarket_LineNotClosed", status=STATUSES.index(status))


def test_cap2_terms_that_nobody_opened_return_nothing(capacity: Capacity) -> None:
    """Anybody can write down terms that name the market and somebody's hours."""
    booking = capacity.booking().sent()
    booking.deal.terms["salt"] += 1
    booking.deal.terms["buyer"] = STRANGER.address
    with not_closed(booking.deal, "None"):
        booking.give_back()


def test_cap2_a_revoked_line_returns_nothing(capacity: Capacity) -> None:
    booking = capacity.booking().sent()
    booking.deal.terms["salt"] += 1
    booking.deal.send("revoke", by=SUPPLIER)
    with not_closed(booking.deal, "Revoked"):
        booking.give_back()
    assert capacity.taken() == (set(SHIFT), set())


def test_cap2_a_live_line_keeps_its_hours(capacity: Capacity) -> None:
    booking = book_early(capacity, retentionBps=1_000)
    deal = booking.deal

    def keeps(status: str) -> None:
        ends(booking, status)
        with not_closed(deal, status):
            booking.give_back()

    keeps("Open")
    deal.deliver(at=BEGINNING + 2 * HOUR)
    keeps("Delivered")
    deal.reject(at=BEGINNING + 2 * HOUR + 1)
    keeps("Rejected")
    deal.deliver(at=BEGINNING + 3 * HOUR)
    deal.accept(at=BEGINNING + 3 * HOUR + 1)
    keeps("Retained")
    assert not capacity.market.functions.isReturned(booking.id).call()


# Each ending


def _by_inspector(deal: Deal) -> None:
    deal.deliver(at=BEGINNING + 2 * HOUR)
    deal.accept(by=Actor("inspector"), at=BEGINNING + 2 * HOUR + 1)


def _by_buyer(deal: Deal) -> None:
    deal.accept(by=BUYER, at=BEGINNING + 2 * HOUR)


def _by_silence(deal: Deal) -> None:
    deal.deliver(at=BEGINNING + 2 * HOUR)
    deal.send("deemAccept", [], by=STRANGER, at=BEGINNING + 3 * HOUR)


@pytest.mark.parametrize("accept", [_by_inspector, _by_buyer, _by_silence])
def test_hours_return_when_accepted(
    capacity: Capacity, inspector: Actor, accept: Callable[[Deal], None]
) -> None:
    offer = capacity.offer(conditions=capacity.agree(**EARLY), inspector=inspector.address)
    booking = capacity.booking(offer=offer).sent(at=BEGINNING + HOUR)
    accept(booking.deal)
    gives_back(booking)


def test_hours_return_when_the_retention_is_paid(capacity: Capacity) -> None:
    booking = book_early(capacity, retentionBps=1_000, retention=DAY)
    booking.deal.deliver(at=BEGINNING + 2 * HOUR)
    booking.deal.accept(at=BEGINNING + 3 * HOUR)
    booking.deal.send("payRetention", by=STRANGER, at=BEGINNING + 3 * HOUR + DAY)
    gives_back(booking)


def test_hours_return_when_cancelled(capacity: Capacity) -> None:
    booking = book_early(capacity, deliveryWindow=0, cancelNotice=DAY)
    booking.deal.send("cancel", by=BUYER)
    gives_back(booking)


@pytest.mark.parametrize("later", [DAY - 1, DAY])
def test_hours_return_when_resigned(capacity: Capacity, later: int) -> None:
    booking = book_early(capacity, resignPeriod=DAY)
    booking.deal.send("resign", by=SUPPLIER, at=BEGINNING + HOUR + later)
    gives_back(booking)


def test_nothing_is_left_to_return_when_terminated(capacity: Capacity) -> None:
    booking = capacity.booking().sent()
    deal = booking.deal
    deal.send("terminate", by=BUYER, at=deal.long_stop)
    assert capacity.chain.events(booking.give_back()) == [booking.returned([])]
    assert capacity.taken() == (set(SHIFT), set())


# Time


@pytest.mark.parametrize("after", [-1, 0, 1, HOUR - 1, HOUR])
def test_f048_hours_that_have_begun_stay_booked(capacity: Capacity, after: int) -> None:
    """Returned around the beginning of the shift's third hour, which has begun at that very second."""
    booking = book_early(capacity)
    booking.deal.accept(by=BUYER, at=BEGINNING + DAY)
    now = start_of(SHIFT[2]) + after
    freed = {hour for hour in booking.hours if start_of(hour) > now}
    receipt = booking.give_back(at=now)
    assert capacity.chain.events(receipt) == [booking.returned(freed)]
    assert capacity.taken() == (booking.hours - freed, set())
    assert len(freed) == {-1: 7, HOUR: 5}.get(after, 6)


def test_past_hours_are_never_freed(capacity: Capacity) -> None:
    booking = book_early(capacity)
    booking.deal.accept(by=BUYER, at=BEGINNING + DAY)
    receipt = booking.give_back(at=start_of(FIRST + BITS + 1))
    assert capacity.chain.events(receipt) == [booking.returned([])]
    assert capacity.taken() == (booking.hours, set())


# Once


def cancelled(booking: Booking) -> Booking:
    booking.deal.send("cancel", by=BUYER)
    return booking


def already_returned(booking: Booking) -> AbstractContextManager[None]:
    return booking.deal.refuses("CapacityMarket_AlreadyReturned")


def test_f078_hours_return_once(capacity: Capacity, owner: Actor) -> None:
    capacity.join(owner)
    booking = cancelled(capacity.booking().sent())
    booking.give_back()
    with already_returned(booking):
        booking.give_back()
    again = capacity.booking(SHIFT[:3], buyer=owner.address)
    again.send(by=owner)
    with already_returned(booking):
        booking.give_back()
    assert capacity.taken() == (again.hours, set())


def test_f078_each_line_returns_its_hours_once(capacity: Capacity) -> None:
    """The second line binds the same hours of the same offer: its subject is the first one's."""
    first = cancelled(capacity.booking().sent())
    first.give_back()
    second = capacity.booking().sent()
    assert second.deal.terms["subject"] == first.deal.terms["subject"]
    with not_closed(second.deal, "Open"):
        second.give_back()
    cancelled(second)
    with already_returned(first):
        first.give_back()
    assert capacity.taken() == (set(SHIFT), set())
    second.give_back()
    assert capacity.taken() == NOTHING_TAKEN


# Totals


def test_returned_hours_are_for_sale_again(capacity: Capacity) -> None:
    offer = capacity.offer(totalHours=11, setupHours=1, conditions=capacity.agree(**EARLY))
    events = capacity.chain.events
    early = capacity.booking(range(FIRST, FIRST + 6), offer=offer)
    late = capacity.booking(range(FIRST + 20, FIRST + 25), offer=offer)
    assert events(early.send())[-1] == early.booked(sold_after=6)
    assert events(late.send())[-1] == late.booked(sold_after=11)
    early.deal.accept(by=BUYER, at=BEGINNING + DAY)
    now = start_of(FIRST + 1) + 1
    freed = [FIRST + 2, FIRST + 3, FIRST + 4, FIRST + 5]
    assert events(early.give_back(at=now)) == [early.returned(freed, sold_after=7)]
    assert capacity.market.functions.soldHours(early.offer_id).call() == 7
    again = capacity.booking(range(FIRST + 40, FIRST + 45), offer=offer)
    with again.refuses("CapacityMarket_OfferSoldOut", soldAfter=12, totalHours=11):
        again.send()
    again = capacity.booking(range(FIRST + 40, FIRST + 44), offer=offer)
    assert events(again.send())[-1] == again.booked(sold_after=11)


def test_an_offer_without_a_total_counts_nothing(capacity: Capacity) -> None:
    booking = capacity.booking()
    booking.send()
    assert capacity.market.functions.soldHours(booking.offer_id).call() == 0
    assert capacity.chain.events(cancelled(booking).give_back()) == [booking.returned(sold_after=0)]


# Whatever happened to machine and offer


def test_hours_return_whoever_owns_the_machine(chain: Chain, capacity: Capacity, owner: Actor) -> None:
    booking = cancelled(capacity.booking().sent())
    assets = capacity.assets.functions
    chain.send(assets.transferFrom(SUPPLIER.address, owner.address, capacity.machine), by=SUPPLIER)
    chain.send(assets.setStatus(capacity.machine, Status.RETIRED), by=owner)
    booking.give_back()
    assert capacity.taken() == NOTHING_TAKEN


def _expires(capacity: Capacity) -> None:
    capacity.chain.local.mine(at=start_of(FIRST))


def _is_cancelled(capacity: Capacity) -> None:
    call = capacity.market.functions.cancelOffers(SUPPLIER.address, 0, 1 << 7)
    capacity.chain.send(call, by=SUPPLIER)


def _is_of_a_past_epoch(capacity: Capacity) -> None:
    capacity.chain.send(capacity.market.functions.raiseEpoch(SUPPLIER.address, 0), by=SUPPLIER)


@pytest.mark.parametrize("void", [_expires, _is_cancelled, _is_of_a_past_epoch])
def test_hours_return_whatever_became_of_the_offer(
    capacity: Capacity, void: Callable[[Capacity], None]
) -> None:
    offer = capacity.offer(validUntil=start_of(FIRST), totalHours=100)
    booking = cancelled(capacity.booking(offer=offer).sent())
    void(capacity)
    assert capacity.chain.events(booking.give_back()) == [booking.returned()]


# isReturned


def test_no_line_is_returned_before(capacity: Capacity) -> None:
    booking = cancelled(capacity.booking().sent())
    for line in (booking.id, bytes(32), keccak(text="no line")):
        assert capacity.market.functions.isReturned(line).call() is False
    assert parse_address(capacity.market.address) == booking.deal.terms["opener"]
