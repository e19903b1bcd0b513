"""The market's client: offers signed and shown, hours booked, returned, blocked."""

from dataclasses import replace

import pytest

from fabricant.chain.capacity import (
    EpochRaised,
    HoursBlocked,
    HoursBooked,
    HoursReturned,
    HoursUnblocked,
    OfferPublished,
    OffersCancelled,
    SignedOffer,
)
from fabricant.chain.errors import (
    CapacityMarket_AlreadyReturned,
    CapacityMarket_BadSignature,
    CapacityMarket_HoursTaken,
    CapacityMarket_LineNotClosed,
    CapacityMarket_NotSeller,
    CapacityMarket_NotThisBooking,
    CapacityMarket_OfferCancelled,
    CapacityMarket_OfferExpired,
    CapacityMarket_OfferSoldOut,
    CapacityMarket_PriceAboveLimit,
    CapacityMarket_WrongEpoch,
    SupplierEscrow_NoConsent,
)
from fabricant.chain.offers import examine
from fabricant.domain.capacity import (
    Booking,
    CalendarWord,
    CancellableTooLate,
    HourPattern,
    OfferExpired,
    Order,
    PriceRises,
    check_order,
)
from fabricant.domain.escrow import Consent, LineId, Status
from fabricant.domain.units import ZERO_ADDRESS, BaseUnits, HourIndex, UnixSeconds, hour_of
from fabricant.errors import InvalidInput, NotFound
from tests.support.actors import Actor
from tests.support.world import USUAL, World, wallet

SUPPLIER, BUYER = wallet("supplier"), wallet("buyer")


@pytest.fixture
def signed(world: World) -> SignedOffer:
    """The supplier's usual offer."""
    return world.as_("supplier").capacity.sign_offer(world.offer(), USUAL, by=SUPPLIER)


def test_an_offer_costs_nothing_and_is_found(world: World, signed: SignedOffer) -> None:
    stranger = world.as_("stranger").capacity

    done = stranger.publish(signed.offer, signed.consent)

    assert done.event == OfferPublished(
        id=stranger.offer_id(signed.offer),
        supplier=SUPPLIER.address,
        machine=world.machine,
        offer=signed.offer,
        consent=signed.consent,
    )
    for found in (
        stranger.offers(),
        stranger.offers(supplier=SUPPLIER.address),
        stranger.offers(machine=world.machine),
    ):
        assert [event for _, event in found] == [done.event]
    assert stranger.offers(supplier=BUYER.address) == []


def test_what_nobody_could_book_is_not_signed(world: World) -> None:
    capacity = world.as_("supplier").capacity

    with pytest.raises(OfferExpired):
        capacity.sign_offer(world.offer(valid_until=world.now), USUAL, by=SUPPLIER)
    with pytest.raises(PriceRises):
        capacity.sign_offer(world.offer(last_minute_hourly=BaseUnits(10**9)), USUAL, by=SUPPLIER)


def test_what_could_be_cancelled_after_use_is_not_signed(world: World) -> None:
    capacity, risky = world.as_("supplier").capacity, world.offer(max_span=145)  # and 24 h, of 168 h

    with pytest.raises(CancellableTooLate, match="lower the two"):
        capacity.sign_offer(risky, USUAL, by=SUPPLIER)
    with pytest.raises(CancellableTooLate):
        capacity.sign_offers([world.offer(), risky], [USUAL], by=SUPPLIER)


def test_who_signed_elsewhere_is_warned_and_buyers_may_book(world: World) -> None:
    buyer, risky = world.as_("buyer"), world.offer(max_span=145)
    consent = Consent(SUPPLIER.address, (), Actor("supplier").sign(buyer.capacity.offer_id(risky)))

    found = examine(buyer, risky, consent)

    assert [type(each) for each in found.warnings] == [CancellableTooLate]
    assert found.problems == ()
    buyer.capacity.book(risky, consent, world.order())


def test_a_booking_is_known_before_it_is_sent(world: World, signed: SignedOffer) -> None:
    capacity, order = world.as_("buyer").capacity, world.order()
    moment = UnixSeconds(world.now + 60)
    due = check_order(signed.offer, order, USUAL, at=moment)
    terms = capacity.terms_of(signed.offer, order, amount=due)
    line = world.fabricant.escrow.line_id(terms)

    world.chain.warp(moment)
    assert capacity.simulate(capacity.book, signed.offer, signed.consent, order) == line
    done = capacity.book(signed.offer, signed.consent, order)

    assert done.event == HoursBooked(
        id=line,
        machine=world.machine,
        offer=capacity.offer_id(signed.offer),
        first_word=order.first_word,
        hour_masks=order.hour_masks,
        sold_after=9,
    )
    assert world.fabricant.escrow.terms_of(line) == terms
    assert capacity.price_of(signed.offer, order.hours) == due
    assert capacity.sold_hours(done.event.offer) == 9
    assert done.event.booking.subject == terms.subject
    assert capacity.booking_of(line) == done.event
    begin = order.hours.first
    assert capacity.free_hours(world.machine, HourIndex(begin - 1), HourIndex(begin + 10)) == (
        begin - 1,
        begin + 9,
    )
    booked = capacity.hours_of(world.machine, order.first_word)
    assert booked == CalendarWord(booked=order.hour_masks[0])


def test_f025_f076_no_hour_is_sold_twice(world: World, signed: SignedOffer) -> None:
    capacity, order = world.as_("buyer").capacity, world.order()
    capacity.book(signed.offer, signed.consent, order)

    with pytest.raises(CapacityMarket_HoursTaken, match="9 of the hours in word") as refused:
        capacity.book(signed.offer, signed.consent, replace(order, salt=99))
    assert refused.value.taken == order.hour_masks[0]
    small = _signed(world, world.offer(total_hours=8, min_hours=1))
    with pytest.raises(CapacityMarket_OfferSoldOut, match="would have sold 9 hours of 8; book fewer"):
        capacity.book(small.offer, small.consent, world.order(hours=_later(order, 9)))


def _signed(world: World, offer: object) -> SignedOffer:
    return world.as_("supplier").capacity.sign_offer(offer, USUAL, by=SUPPLIER)  # type: ignore[arg-type]


def _later(order: Order, count: int) -> HourPattern:
    """As many hours, a day later."""
    begin = order.hours.first + 24
    return HourPattern.of(HourIndex(hour) for hour in range(begin, begin + count))


def test_f036_f038_an_offer_altered_by_one_field_is_refused(world: World, signed: SignedOffer) -> None:
    capacity, order = world.as_("buyer").capacity, world.order()
    cheaper = replace(signed.offer, hourly=BaseUnits(signed.offer.hourly - 1))

    with pytest.raises(CapacityMarket_BadSignature, match="was changed; ask for it again"):
        capacity.book(cheaper, signed.consent, order)
    with pytest.raises(CapacityMarket_PriceAboveLimit):
        capacity.book(signed.offer, signed.consent, replace(order, max_price=BaseUnits(1)))


def test_f028_offers_are_cancelled_by_nonce_and_by_epoch(world: World, signed: SignedOffer) -> None:
    supplier, buyer, order = world.as_("supplier").capacity, world.as_("buyer").capacity, world.order()
    assert not supplier.is_cancelled(signed.offer)

    cancelled = supplier.cancel_offer(signed.offer).event

    assert cancelled == OffersCancelled(supplier=SUPPLIER.address, word=0, cancelled_after=1 << 7)
    assert supplier.is_cancelled(signed.offer)
    assert supplier.cancelled_nonces(SUPPLIER.address, 0) == 1 << 7
    with pytest.raises(CapacityMarket_OfferCancelled):
        buyer.book(signed.offer, signed.consent, order)

    other = _signed(world, world.offer(nonce=8))
    raised = supplier.raise_epoch(SUPPLIER.address, expected=0).event
    assert raised == EpochRaised(supplier=SUPPLIER.address, epoch_after=1)
    assert supplier.epoch_of(SUPPLIER.address) == 1
    assert supplier.is_cancelled(other.offer)
    with pytest.raises(CapacityMarket_WrongEpoch):
        buyer.book(other.offer, other.consent, order)


def test_f028_an_expired_offer_is_refused(world: World, signed: SignedOffer) -> None:
    world.chain.mine(at=signed.offer.valid_until)

    with pytest.raises(CapacityMarket_OfferExpired, match="ask the supplier for a new one"):
        world.as_("buyer").capacity.book(signed.offer, signed.consent, world.order())


def test_one_signature_for_many_offers(world: World) -> None:
    capacity = world.as_("supplier").capacity
    offers = [world.offer(nonce=nonce) for nonce in range(5)]

    bundle = capacity.sign_offers(offers, [USUAL], by=SUPPLIER)

    assert [each.offer for each in bundle] == offers
    assert len({each.consent.signature for each in bundle}) == 1
    for each in bundle:
        assert world.as_("buyer").capacity.publish(each.offer, each.consent).event.offer == each.offer
    with pytest.raises(InvalidInput, match="give the conditions 0x"):
        capacity.sign_offers(offers, [], by=SUPPLIER)
    with pytest.raises(InvalidInput, match="at least two"):
        capacity.sign_offers(offers[:1], [USUAL], by=SUPPLIER)


def test_hours_of_a_cancelled_line_are_sold_again(world: World, signed: SignedOffer) -> None:
    begin = hour_of(world.now) + 20 * 24
    order = world.order(hours=HourPattern.of(HourIndex(begin + hour) for hour in range(9)))
    buyer = world.as_("buyer")
    booked = buyer.capacity.book(signed.offer, signed.consent, order).event
    terms = buyer.escrow.terms_of(booked.id)
    stranger = world.as_("stranger").capacity
    with pytest.raises(CapacityMarket_LineNotClosed) as refused:
        stranger.return_hours(terms, booked.booking)
    assert refused.value.status is Status.OPEN

    buyer.escrow.cancel(terms)
    event = stranger.return_hours(terms, booked.booking).event

    assert event == HoursReturned(
        id=booked.id,
        machine=world.machine,
        offer=booked.offer,
        first_word=order.first_word,
        hour_masks=order.hour_masks,
        sold_after=0,
    )
    assert stranger.is_returned(booked.id)
    with pytest.raises(CapacityMarket_AlreadyReturned):
        stranger.return_hours(terms, booked.booking)
    buyer.capacity.book(signed.offer, signed.consent, replace(order, salt=13))


def test_hours_are_blocked_for_maintenance(world: World, signed: SignedOffer) -> None:
    supplier, order = world.as_("supplier").capacity, world.order()
    reason = b"\x04" * 32

    blocked = supplier.block_hours(world.machine, order.hours, reason=reason).event

    assert blocked == HoursBlocked(
        machine=world.machine,
        by=SUPPLIER.address,
        first_word=order.first_word,
        hour_masks=order.hour_masks,
        reason=reason,
    )
    with pytest.raises(CapacityMarket_HoursTaken):
        world.as_("buyer").capacity.book(signed.offer, signed.consent, order)
    with pytest.raises(CapacityMarket_NotSeller):
        world.as_("stranger").capacity.unblock_hours(world.machine, order.hours)
    freed = supplier.unblock_hours(world.machine, order.hours).event
    assert freed == HoursUnblocked(
        machine=world.machine,
        by=SUPPLIER.address,
        first_word=order.first_word,
        hour_masks=order.hour_masks,
        reason=bytes(32),
    )


def test_coin_pays_for_hours_and_change_stays_free(world: World) -> None:
    supplier, buyer, order = world.as_("supplier"), world.as_("buyer"), world.order()
    supplier.escrow.deposit(ZERO_ADDRESS, BaseUnits(10**12))
    signed = _signed(world, world.offer(token=ZERO_ADDRESS))

    booked = buyer.capacity.book(signed.offer, signed.consent, order, value=order.max_price).event

    price = buyer.escrow.terms_of(booked.id).amount
    assert buyer.escrow.free_balance_of(BUYER.address, ZERO_ADDRESS) == order.max_price - price


def test_who_never_let_the_market_act_books_nothing(world: World, signed: SignedOffer) -> None:
    buyer = world.as_("buyer")
    buyer.directory.revoke_operator(buyer.deployment.capacity)

    with pytest.raises(SupplierEscrow_NoConsent, match=r"has to lend it OPEN \(setOperator\)"):
        buyer.capacity.book(signed.offer, signed.consent, world.order())


def test_a_line_that_was_not_booked(world: World) -> None:
    with pytest.raises(NotFound, match="was not booked on chain 31337"):
        world.fabricant.capacity.booking_of(LineId(bytes(32)))


def test_hours_that_were_not_booked_are_not_returned(world: World, signed: SignedOffer) -> None:
    buyer, order = world.as_("buyer"), world.order()
    booked = buyer.capacity.book(signed.offer, signed.consent, order).event
    terms = buyer.escrow.terms_of(booked.id)
    wrong = Booking(machine=world.machine, hours=order.hours)  # names no offer

    with pytest.raises(CapacityMarket_NotThisBooking) as refused:
        buyer.capacity.return_hours(terms, wrong)
    assert refused.value.subject == terms.subject != wrong.subject
