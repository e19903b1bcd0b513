"""Requests, quotations, chains and changes of lines through the market's client."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from fabricant.chain.capacity import (
    LineRescheduled,
    Purchase,
    QuotationAwarded,
    QuotationsRequested,
    SignedQuotation,
)
from fabricant.chain.errors import (
    CapacityMarket_BadSignature,
    CapacityMarket_HoursTaken,
    CapacityMarket_NothingToBook,
    CapacityMarket_SeveralBuyers,
    SupplierEscrow_WrongStatus,
)
from fabricant.domain.capacity import (
    NO_BOOKING,
    Booking,
    BrokenRequest,
    HourPattern,
    Quotation,
    QuotationExpired,
    Request,
    Reservation,
)
from fabricant.domain.escrow import Amendment, Consents, Outcome, Status
from fabricant.domain.units import BaseUnits, HourIndex, UnixSeconds, hour_of, start_of
from tests.support.world import DAY, USUAL, World, wallet

SUPPLIER, BUYER = wallet("supplier"), wallet("buyer")
Quote = Callable[..., SignedQuotation]


@pytest.fixture
def wanted(world: World) -> Request:
    """What the buyer wants: eight hours within a month."""
    return Request(
        buyer=BUYER.address,
        process=b"\x0c" * 32,
        token=world.token,
        machine_hours=8,
        from_hour=hour_of(world.now),
        until_hour=HourIndex(hour_of(world.now) + 720),
        inspector=wallet("inspector").address,
        arbiter=wallet("arbiter").address,
        broker=wallet("broker").address,
        quote_by=UnixSeconds(world.now + DAY),
        due_by=UnixSeconds(world.now + 30 * DAY),
        conditions=USUAL.id,
        documents=b"\x0d" * 32,
        salt=7,
        uri="ipfs://drawing",
        reply_to="https://buyer.example/quotations",
    )


@pytest.fixture
def quote(world: World, wanted: Request) -> Quote:
    """The supplier's answer: some hours of its machine, or none."""

    def sign(begin: int = 48, hours: int = 8, **changes: object) -> SignedQuotation:
        market, first = world.as_("supplier").capacity, hour_of(world.now) + begin
        booking = NO_BOOKING
        if hours:
            pattern = HourPattern.of(HourIndex(hour) for hour in range(first, first + hours))
            booking = Booking(machine=world.machine, hours=pattern)
        usual = {"opener": market.address, "subject": booking.subject, "open_by": world.now + 2 * DAY}
        quotation = Quotation(
            request_id=market.request_id(wanted),
            terms=world.terms(**usual | changes),
            valid_until=UnixSeconds(world.now + DAY),
            nonce=9,
        )
        return market.sign_quotation(quotation, USUAL, by=SUPPLIER, booking=booking)

    return sign


def test_a_request_is_found(world: World, wanted: Request) -> None:
    market = world.as_("buyer").capacity

    done = market.request(wanted)

    assert done.event == QuotationsRequested(
        id=market.request_id(wanted), buyer=BUYER.address, process=wanted.process, request=wanted
    )
    for found in (market.requests(), market.requests(buyer=BUYER.address)):
        assert [event for _, event in found] == [done.event]
    assert market.requests(buyer=SUPPLIER.address) == []
    with pytest.raises(BrokenRequest):
        market.request(replace(wanted, quote_by=world.now))


def test_a_quotation_is_awarded_once_with_its_hours(world: World, wanted: Request, quote: Quote) -> None:
    market, signed = world.as_("buyer").capacity, quote()
    line = world.fabricant.escrow.line_id(signed.quotation.terms)

    done = market.award(signed.quotation, signed.consent, signed.booking)

    assert done.event == QuotationAwarded(
        request_id=market.request_id(wanted),
        id=line,
        supplier=SUPPLIER.address,
        quotation=market.quotation_id(signed.quotation),
    )
    assert [event for _, event in market.awards(market.request_id(wanted))] == [done.event]
    assert market.booking_of(line).booking == signed.booking
    with pytest.raises(CapacityMarket_HoursTaken):
        market.award(signed.quotation, signed.consent, signed.booking)


def test_a_quotation_without_hours_is_awarded_once(world: World, quote: Quote) -> None:
    market, signed = world.as_("buyer").capacity, quote(hours=0)

    market.award(signed.quotation, signed.consent)

    with pytest.raises(SupplierEscrow_WrongStatus):
        market.award(signed.quotation, signed.consent)


def test_a_quotation_is_cancelled_like_an_offer(world: World, quote: Quote) -> None:
    market, signed = world.as_("supplier").capacity, quote()
    assert not market.is_cancelled(signed.quotation)

    market.cancel_offers(SUPPLIER.address, word=0, mask=1 << 9)

    assert market.is_cancelled(signed.quotation)


def test_what_nobody_could_award_is_not_signed(world: World, quote: Quote) -> None:
    market, signed = world.as_("supplier").capacity, quote()
    late = replace(signed.quotation, valid_until=world.now)
    with pytest.raises(QuotationExpired):
        market.sign_quotation(late, USUAL, by=SUPPLIER, booking=signed.booking)
    with pytest.raises(CapacityMarket_BadSignature):
        world.as_("buyer").capacity.award(replace(signed.quotation, nonce=10), signed.consent, signed.booking)


def test_a_chain_is_booked_together(world: World) -> None:
    market, supplier = world.as_("buyer").capacity, world.as_("supplier").capacity
    offer = supplier.sign_offer(world.offer(), USUAL, by=SUPPLIER)
    first = world.order()
    begin = first.hours.last + 1
    after = HourPattern.of(HourIndex(hour) for hour in range(begin, begin + 4))
    second = world.order(hours=after, salt=13)
    purchases = [Purchase(offer.offer, offer.consent, order) for order in (first, second)]

    with pytest.raises(CapacityMarket_HoursTaken):
        market.book_many([*purchases, replace(purchases[1], order=replace(second, salt=14))])
    with pytest.raises(CapacityMarket_SeveralBuyers):
        market.book_many([purchases[0], replace(purchases[1], order=replace(second, buyer=SUPPLIER.address))])
    with pytest.raises(CapacityMarket_NothingToBook):
        market.book_many([])
    done = market.book_many(purchases)

    assert [event.hours for event in done.events] == [first.hours, second.hours]
    assert {world.fabricant.escrow.line_of(event.id).status for event in done.events} == {Status.OPEN}


def test_a_line_and_its_hours_are_rescheduled(world: World, quote: Quote) -> None:
    """Two days later and dearer: the drawing changed."""
    market, escrow, signed = world.as_("buyer").capacity, world.fabricant.escrow, quote()
    market.award(signed.quotation, signed.consent, signed.booking)
    terms = signed.quotation.terms
    pattern = signed.booking.hours
    assert pattern is not None
    later = Booking(
        machine=world.machine, hours=HourPattern.of(HourIndex(hour + 48) for hour in pattern.hours)
    )
    assert later.hours is not None
    dearer = replace(
        terms,
        amount=BaseUnits(terms.amount * 11 // 10),
        open_by=start_of(later.hours.first),
        subject=later.subject,
    )
    nothing = Outcome(to_supplier=BaseUnits(0), bond_to_buyer=BaseUnits(0), goods_to_buyer=False)
    deadline = UnixSeconds(world.now + DAY)
    amendment = Amendment(
        old_id=escrow.line_id(terms), new_id=escrow.line_id(dearer), outcome=nothing, deadline=deadline
    )
    consent = world.as_("supplier").escrow.sign_amendment(amendment, by=SUPPLIER)

    done = market.reschedule(
        Reservation(terms=terms, booking=signed.booking),
        Reservation(terms=dearer, booking=later),
        nothing,
        deadline=deadline,
        consents=Consents(supplier=consent),
    )

    assert done.event == LineRescheduled(old_id=amendment.old_id, new_id=amendment.new_id)
    assert market.booking_of(amendment.new_id).booking == later
    assert market.is_returned(amendment.old_id)
    assert not market.is_returned(amendment.new_id)
    free = market.free_hours(world.machine, pattern.first, HourIndex(later.hours.last + 1))
    assert set(free) & set(later.hours.hours) == set()
    assert set(pattern.hours) <= set(free)
