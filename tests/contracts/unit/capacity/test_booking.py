"""Booking: who may, which offers stand, and what an order may ask of one."""

from contextlib import AbstractContextManager
from typing import Any, Final

import pytest
from web3.contract import Contract

from tests.support.actors import Actor
from tests.support.capacity import (
    BITS,
    BUYER,
    EVERY_ROLE,
    FIRST,
    FREE,
    HORIZON,
    NOTHING_TAKEN,
    OFFER_FIELDS,
    OPEN,
    SHIFT,
    STRANGER,
    SUPPLIER,
    WORD,
    Booking,
    Capacity,
    start_of,
    words_of,
)
from tests.support.chain import BEGINNING, Chain, call_data, event
from tests.support.deals import DAY, HOUR, STATUSES
from tests.support.lines import Books
from tests.support.reverts import reverts

SOON: Final = BEGINNING + 2 * DAY
AS_BUYER: Final[Any] = {"from": BUYER.address}


def would_book(booking: Booking) -> bytes:
    """What the buyer's booking would return in the next block, without sending it."""
    return bytes(booking.call().call(AS_BUYER))


# Who


def not_buyer(caller: Actor) -> AbstractContextManager[None]:
    return reverts("CapacityMarket_NotBuyer", buyer=BUYER.address, caller=caller.address)


def test_f037_copied_calldata_books_nothing(capacity: Capacity) -> None:
    booking = capacity.booking()
    for caller in (STRANGER, SUPPLIER):
        with not_buyer(caller):
            booking.send(by=caller)
    assert capacity.taken() == NOTHING_TAKEN
    booking.send()


def test_f063_an_operator_needs_open_to_book(capacity: Capacity, operator: Actor) -> None:
    for roles in (*(1 << bit for bit in range(1, 16)), EVERY_ROLE & ~OPEN):
        capacity.lend(BUYER, operator, roles)
        with not_buyer(operator):
            capacity.booking().send(by=operator)


def test_an_operator_books_and_the_buyer_pays(capacity: Capacity, books: Books, operator: Actor) -> None:
    capacity.lend(BUYER, operator, OPEN)
    booking = capacity.booking()
    books.add(booking.deal)
    with books.moves({BUYER: -booking.price}, free={SUPPLIER: -booking.deal.bond}):
        receipt = booking.send(by=operator)
    assert capacity.chain.events(receipt)[0] == booking.opened()


def test_f048_an_operator_books_until_its_role_ends(capacity: Capacity, operator: Actor) -> None:
    capacity.lend(BUYER, operator, OPEN, until=SOON)
    capacity.booking(SHIFT[:4]).send(by=operator, at=SOON - 1)
    with not_buyer(operator):
        capacity.booking(SHIFT[4:]).send(by=operator, at=SOON)


def no_consent(capacity: Capacity, principal: Actor) -> AbstractContextManager[None]:
    return reverts("SupplierEscrow_NoConsent", principal=principal.address, actor=capacity.market.address)


def test_esc9_the_market_needs_open_of_the_buyer(capacity: Capacity) -> None:
    capacity.lend(BUYER, capacity.market, EVERY_ROLE & ~OPEN)
    with no_consent(capacity, BUYER):
        capacity.booking().send()
    assert capacity.taken() == NOTHING_TAKEN


def test_esc9_the_market_needs_open_of_the_supplier(capacity: Capacity) -> None:
    capacity.lend(SUPPLIER, capacity.market, EVERY_ROLE & ~OPEN)
    with no_consent(capacity, SUPPLIER):
        capacity.booking().send()
    assert capacity.taken() == NOTHING_TAKEN


def test_f048_the_markets_role_ends_at_its_instant(chain: Chain, capacity: Capacity) -> None:
    booking = capacity.booking()
    for principal, until in ((BUYER, SOON), (SUPPLIER, SOON + DAY)):
        capacity.lend(principal, capacity.market, OPEN, until=until)
        chain.warp(until - 1)
        assert would_book(booking) == booking.id
        chain.warp(until)
        with no_consent(capacity, principal):
            would_book(booking)
        capacity.lend(principal, capacity.market, OPEN)


def test_f042_nobody_sells_to_itself(capacity: Capacity, operator: Actor) -> None:
    """The rest of the rule is in tests/contracts/regression/test_market_acts_for_both.py."""
    capacity.lend(SUPPLIER, operator, OPEN)
    alone = capacity.booking(buyer=SUPPLIER.address)
    for caller in (SUPPLIER, operator):
        consent = capacity.signed(alone.offer, caller)
        both = {"forBuyer": caller.address, "forSupplier": caller.address}
        with alone.refuses("CapacityMarket_ActsForBoth", **both):
            alone.send(by=caller, consent=consent)


def test_f042_parties_differ(capacity: Capacity, arbiter: Actor) -> None:
    capacity.join(arbiter)
    refused = [
        (capacity.booking(offer=capacity.offer(arbiter=BUYER.address)), BUYER, BUYER),
        (capacity.booking(offer=capacity.offer(arbiter=SUPPLIER.address)), BUYER, SUPPLIER),
        (capacity.booking(offer=capacity.offer(inspector=SUPPLIER.address)), BUYER, SUPPLIER),
        (
            capacity.booking(offer=capacity.offer(inspector=arbiter.address, arbiter=arbiter.address)),
            BUYER,
            arbiter,
        ),
        (capacity.booking(offer=capacity.offer(broker=capacity.escrow.address)), BUYER, capacity.escrow),
    ]
    for booking, caller, party in refused:
        with reverts("SupplierEscrow_BadParty", id=booking.id, party=party.address):
            booking.send(by=caller)
    assert capacity.taken() == NOTHING_TAKEN


# The offer must stand


def test_f026_nothing_is_booked_on_a_fork(
    capacity: Capacity, forked: AbstractContextManager[int], chain: Chain
) -> None:
    booking = capacity.booking()
    home, consent = chain.local.chain_id, capacity.signed(booking.offer)
    with forked as there, reverts("Eip712_ForeignChain", chainId=there, homeChainId=home):
        booking.send(consent=consent)
    booking.send(consent=consent)


def test_f028_an_expired_offer_is_not_booked(chain: Chain, capacity: Capacity) -> None:
    booking = capacity.booking(offer=capacity.offer(validUntil=SOON))
    chain.warp(SOON - 1)
    assert would_book(booking) == booking.id
    chain.warp(SOON)
    with booking.refuses("CapacityMarket_OfferExpired", nowAt=SOON, validUntil=SOON):
        would_book(booking)


def test_an_offer_whose_price_rises_is_not_booked(capacity: Capacity) -> None:
    booking = capacity.booking(offer=capacity.offer(hourly=7, lastMinuteHourly=8))
    with booking.refuses("CapacityMarket_PriceRises", hourly=7, lastMinuteHourly=8):
        booking.send()


def test_f028_a_cancelled_offer_is_not_booked(chain: Chain, capacity: Capacity) -> None:
    offer = capacity.offer(nonce=300)
    capacity.booking(SHIFT[:4], offer=offer).send()
    chain.send(capacity.market.functions.cancelOffers(SUPPLIER.address, 1, 1 << 44), by=SUPPLIER)
    booking = capacity.booking(SHIFT[4:], offer=offer)
    with booking.refuses("CapacityMarket_OfferCancelled", nonce=300):
        booking.send()
    capacity.booking(SHIFT[4:], offer=offer | {"nonce": 301}).send()


def test_f028_an_offer_of_a_past_epoch_is_not_booked(chain: Chain, capacity: Capacity) -> None:
    offer = capacity.offer()
    capacity.booking(SHIFT[:4], offer=offer).send()
    chain.send(capacity.market.functions.raiseEpoch(SUPPLIER.address, 0), by=SUPPLIER)
    booking = capacity.booking(SHIFT[4:], offer=offer)
    with booking.refuses("CapacityMarket_WrongEpoch", epoch=0, current=1):
        booking.send()
    capacity.booking(SHIFT[4:], offer=offer | {"epoch": 1}).send()


def test_f063_who_signs_must_still_have_open(capacity: Capacity, operator: Actor) -> None:
    booking = capacity.booking()
    consent = capacity.signed(booking.offer, operator)
    for roles in (0, EVERY_ROLE & ~OPEN):
        capacity.lend(SUPPLIER, operator, roles)
        with booking.refuses("CapacityMarket_NoConsent", signer=operator.address):
            booking.send(consent=consent)
    capacity.lend(SUPPLIER, operator, OPEN)
    booking.send(consent=consent)


def _refusal(words: bytes) -> tuple[str, dict[str, Any]]:
    """What the market says to an altered offer; a field that is too wide counts as its lower bits."""
    fields = {
        name: int.from_bytes(words[32 * place : 32 * place + 32], "big")
        for place, (_, name) in enumerate(OFFER_FIELDS)
    }
    valid_until, epoch = fields["validUntil"] % 2**40, fields["epoch"] % 2**64
    hourly, last_minute = fields["hourly"] % 2**128, fields["lastMinuteHourly"] % 2**128
    if valid_until <= SOON:
        return "OfferExpired", {"nowAt": SOON, "validUntil": valid_until}
    if last_minute > hourly:
        return "PriceRises", {"hourly": hourly, "lastMinuteHourly": last_minute}
    if epoch:
        return "WrongEpoch", {"epoch": epoch, "current": 0}
    if fields["supplier"] % 2**160 != int(SUPPLIER.address, 16):
        return "NoConsent", {"signer": SUPPLIER.address}
    return "BadSignature", {"signer": SUPPLIER.address}


def test_f036_an_altered_offer_is_refused(chain: Chain, capacity: Capacity) -> None:
    booking = capacity.booking(offer=capacity.offer(validUntil=2**39))
    words, data = words_of(booking.offer), call_data(booking.call())
    assert data[4 : 4 + len(words)] == words
    call = AS_BUYER | {"to": capacity.market.address}
    chain.warp(SOON)
    assert bytes(chain.w3.eth.call(call | {"data": data})) == booking.id
    refusals = set()
    for place in range(len(words)):
        altered = words[:place] + bytes([words[place] ^ 0x80]) + words[place + 1 :]
        name, arguments = _refusal(altered)
        identifier = capacity.digest_of(altered)
        if name == "BadSignature":
            arguments["digest"] = identifier
        with reverts(f"CapacityMarket_{name}", id=identifier, **arguments):
            chain.w3.eth.call(call | {"data": data[:4] + altered + data[4 + len(words) :]})
        refusals.add(name)
    assert refusals == {"OfferExpired", "PriceRises", "WrongEpoch", "NoConsent", "BadSignature"}


def test_a_field_that_is_too_wide_counts_by_its_lower_bits(chain: Chain, capacity: Capacity) -> None:
    """Nobody's tools sign such an offer. If a supplier does by hand, it binds itself to what it can mean."""
    offer = capacity.offer(lastMinuteHourly=60_000_000, decayHours=24, totalHours=100, setupHours=1)
    at = start_of(SHIFT[0]) - 13 * HOUR - 7
    booking = capacity.booking(offer=offer, at=at)
    words = words_of(offer)
    wide = [place for place, (kind, _) in enumerate(OFFER_FIELDS) if kind not in ("uint256", "bytes32")]
    for place in wide:
        altered = words[: 32 * place] + b"\xff" + words[32 * place + 1 :]
        dirty = capacity.booking(offer=offer, at=at, salt=booking.order["salt"])
        dirty.offer_id = capacity.digest_of(altered)
        signed = {"signer": SUPPLIER.address, "proof": [], "signature": SUPPLIER.sign(dirty.offer_id)}
        data = call_data(dirty.call(signed))
        call = AS_BUYER | {"to": capacity.market.address, "data": data[:4] + altered + data[4 + len(words) :]}
        chain.warp(at)
        assert bytes(chain.w3.eth.call(call)) == dirty.id
    assert len(wide) == 21


def test_f027_an_offer_is_booked_at_its_market(chain: Chain, capacity: Capacity, assets: Contract) -> None:
    other = chain.deploy("CapacityMarket", capacity.escrow)
    there = Capacity(chain, other, capacity.escrow, assets, capacity.token)
    booking, foreign = capacity.booking(), there.booking(offer=capacity.offer())
    for principal in (BUYER, SUPPLIER):
        capacity.lend(principal, other, OPEN)
    with foreign.refuses("CapacityMarket_BadSignature", signer=SUPPLIER.address, digest=foreign.offer_id):
        foreign.send(consent=capacity.signed(booking.offer))
    booking.send()


# What an order may ask


def test_f037_an_offer_for_one_buyer(capacity: Capacity, owner: Actor) -> None:
    capacity.join(owner)
    offer = capacity.offer(buyer=owner.address)
    booking = capacity.booking(offer=offer)
    with booking.refuses("CapacityMarket_OfferForAnother", buyer=BUYER.address, offeredTo=owner.address):
        booking.send()
    capacity.lend(BUYER, owner, OPEN)
    with booking.refuses("CapacityMarket_OfferForAnother", buyer=BUYER.address, offeredTo=owner.address):
        booking.send(by=owner)
    capacity.lend(owner, BUYER, OPEN)
    capacity.booking(offer=offer, buyer=owner.address).send()


def test_hours_lie_within_the_offer(capacity: Capacity) -> None:
    offer = capacity.offer(fromHour=FIRST + 100, untilHour=FIRST + 300)
    for hours in (
        range(FIRST + 99, FIRST + 102),
        range(FIRST + 298, FIRST + 301),
        (FIRST + 300,),
        (FIRST + 99,),
    ):
        booking = capacity.booking(hours, offer=offer)
        with booking.refuses("CapacityMarket_OutsideOffer", firstHour=min(hours), lastHour=max(hours)):
            booking.send()
    capacity.booking(range(FIRST + 100, FIRST + 300), offer=offer).send()


@pytest.mark.parametrize("notice", [0, 1, 12, 1000])
def test_f048_hours_are_booked_in_time(chain: Chain, capacity: Capacity, notice: int) -> None:
    """At nine sharp an hour's notice allows ten o'clock; a second later, eleven. Nine itself has begun."""
    offer = capacity.offer(noticeHours=notice, fromHour=0)
    nine = FIRST
    for now, earliest in (
        (start_of(nine) - 1, nine + max(notice, 0)),
        (start_of(nine), nine + max(notice, 1)),
        (start_of(nine) + 1, nine + notice + 1),
        (start_of(nine + 1) - 1, nine + notice + 1),
    ):
        chain.warp(now)
        booking = capacity.booking([earliest], offer=offer)
        assert would_book(booking) == booking.id
        for hour in (earliest - 1, nine - 1, 0):
            booking = capacity.booking([hour], offer=offer)
            with booking.refuses("CapacityMarket_TooSoon", firstHour=hour, earliest=earliest):
                would_book(booking)


def test_f048_hours_end_within_two_years(chain: Chain, capacity: Capacity) -> None:
    offer = capacity.offer(untilHour=2**32 - 1, maxSpan=2**16 - 1)
    hour = FIRST - 24
    for now, latest in (
        (start_of(hour), hour + HORIZON // HOUR - 1),
        (start_of(hour + 1) - 1, hour + HORIZON // HOUR - 1),
        (start_of(hour + 1), hour + HORIZON // HOUR),
    ):
        chain.warp(now)
        for hours in ([latest], [FIRST, latest]):
            booking = capacity.booking(hours, offer=offer)
            assert would_book(booking) == booking.id
            late = capacity.booking([*hours, latest + 1], offer=offer)
            with reverts("CapacityMarket_TooFarAhead", lastHour=latest + 1, latest=latest):
                would_book(late)


def test_f048_goods_are_due_while_time_has_a_name(capacity: Capacity) -> None:
    latest = 2**40 - 1
    longest = latest // HOUR - (SHIFT[-1] + 1)
    booking = capacity.booking(offer=capacity.offer(deliveryHours=longest + 1))
    due_by = start_of(SHIFT[-1] + 2 + longest)
    with booking.refuses("CapacityMarket_DueTooLate", dueBy=due_by, latest=latest):
        booking.send()
    capacity.booking(offer=capacity.offer(deliveryHours=longest)).send()


def too_few(booking: Booking, priced: int) -> AbstractContextManager[None]:
    least = booking.offer["minHours"]
    return booking.refuses("CapacityMarket_TooFewHours", priced=priced, minHours=least)


def too_long(booking: Booking, span: int) -> AbstractContextManager[None]:
    return booking.refuses("CapacityMarket_SpanTooLong", span=span, maxSpan=booking.offer["maxSpan"])


def test_a_booking_has_a_least_size(capacity: Capacity) -> None:
    for setup in (0, 2):
        offer = capacity.offer(minHours=4, setupHours=setup)
        for priced in (1, 3):
            booking = capacity.booking(range(FIRST, FIRST + setup + priced), offer=offer)
            with too_few(booking, priced):
                would_book(booking)
        for priced in (4, 5, 1_900):
            booking = capacity.booking(range(FIRST, FIRST + setup + priced), offer=offer)
            assert would_book(booking) == booking.id


@pytest.mark.parametrize("longest", [6, BITS, 2 * BITS + 3])
def test_a_booking_has_a_span(capacity: Capacity, longest: int) -> None:
    """From the first hour to the last, setup hours and pauses included, wherever in its word it begins."""
    offer = capacity.offer(maxSpan=longest, setupHours=2)
    for begin in (FIRST, FIRST + 1, FIRST + BITS - 3, FIRST + BITS - 1):
        for size in (3, 4, longest):
            marked = {*range(begin, begin + size - 1)}
            fits = capacity.booking(marked | {begin + 2, begin + longest - 1}, offer=offer)
            assert would_book(fits) == fits.id
            for more in (0, 1, 1_000):
                over = capacity.booking(marked | {begin + 2, begin + longest + more}, offer=offer)
                with too_long(over, longest + 1 + more):
                    would_book(over)


def test_setup_alone_is_no_booking(capacity: Capacity) -> None:
    offer = capacity.offer(minHours=0, setupHours=3)
    for marked in (1, 2, 3):
        booking = capacity.booking(range(FIRST, FIRST + marked), offer=offer)
        with too_few(booking, 0):
            booking.send()
    capacity.booking(range(FIRST, FIRST + 4), offer=offer).send()


def test_an_offer_without_a_size_is_never_booked(capacity: Capacity) -> None:
    for least, span in ((3, 2), (2**16 - 1, 2**16 - 1)):
        booking = capacity.booking([FIRST, FIRST + 1], offer=capacity.offer(minHours=least, maxSpan=span))
        with too_few(booking, 2):
            booking.send()
    for least, span in ((2, 1), (0, 0)):
        booking = capacity.booking([FIRST, FIRST + 1], offer=capacity.offer(minHours=least, maxSpan=span))
        with too_long(booking, 2):
            booking.send()


def test_setup_runs_into_work(capacity: Capacity) -> None:
    """Two hours of setup at every place around a border of words, and three hundred across two borders."""
    short, long = capacity.offer(setupHours=2), capacity.offer(setupHours=300)
    border = FIRST + BITS
    for start in (FIRST, border - 4, border - 3, border - 2, border - 1, border):
        for broken in ([0, 2, 3], [0, 1, 3], [0, 2, 4]):
            booking = capacity.booking([start + each for each in broken], offer=short)
            with booking.refuses("CapacityMarket_SetupBroken", setupHours=2):
                would_book(booking)
        for whole in ([0, 1, 2], [0, 1, 2, 3], [0, 1, 2, 7, 300]):
            booking = capacity.booking([start + each for each in whole], offer=short)
            assert would_book(booking) == booking.id
    for start in (border - 1, border - 22, border):
        hours = range(start, start + 301)
        booking = capacity.booking([*hours, start + 303], offer=long)
        assert would_book(booking) == booking.id
        for gap in (hours[1], hours[150], hours[299], hours[300]):
            booking = capacity.booking({*hours, start + 303} - {gap}, offer=long)
            with booking.refuses("CapacityMarket_SetupBroken", setupHours=300):
                would_book(booking)


def test_masks_have_one_form(capacity: Capacity) -> None:
    for masks in ([], [0], [0, 1], [1, 0], [0, 1, 0], [0, 0]):
        with reverts("CapacityMarket_EmptyMask"):
            capacity.booking(firstWord=WORD, hourMasks=masks).send()
    capacity.booking(firstWord=WORD, hourMasks=[1, 0, 1]).send()


def test_f025_an_offer_sells_its_total_and_no_more(chain: Chain, capacity: Capacity) -> None:
    """Setup hours count; offers that differ in nothing but the nonce count apart."""
    offer = capacity.offer(totalHours=12, setupHours=1)
    first, second = (capacity.booking(range(FIRST + at, FIRST + at + 5), offer=offer) for at in (0, 10))
    assert chain.events(first.send())[-1] == first.booked(sold_after=5)
    assert chain.events(second.send())[-1] == second.booked(sold_after=10)
    for size in (3, 8):
        third = capacity.booking(range(FIRST + 20, FIRST + 20 + size), offer=offer)
        with third.refuses("CapacityMarket_OfferSoldOut", soldAfter=10 + size, totalHours=12):
            third.send()
    third = capacity.booking(range(FIRST + 20, FIRST + 22), offer=offer)
    assert chain.events(third.send())[-1] == third.booked(sold_after=12)
    other = capacity.booking(range(FIRST + 30, FIRST + 42), offer=offer | {"nonce": 8})
    assert chain.events(other.send())[-1] == other.booked(sold_after=12)
    sold = capacity.market.functions.soldHours
    assert [sold(each.offer_id).call() for each in (third, other)] == [12, 12]


def test_products_are_limited_by_the_offer(capacity: Capacity) -> None:
    offer = capacity.offer(maxAssets=3)
    for assets in (4, 2**16 - 1):
        booking = capacity.booking(offer=offer, assets=assets)
        with booking.refuses("CapacityMarket_TooManyAssets", assets=assets, maxAssets=3):
            booking.send()
    booking = capacity.booking(offer=offer, assets=3)
    booking.send()
    none = capacity.booking([FIRST], offer=capacity.offer(maxAssets=0), assets=1)
    with none.refuses("CapacityMarket_TooManyAssets", assets=1, maxAssets=0):
        none.send()


def test_products_are_limited_by_the_line(capacity: Capacity) -> None:
    offer = capacity.offer(maxAssets=2**16 - 1)
    booking = capacity.booking(offer=offer, assets=65)
    with reverts("SupplierEscrow_TooManyAssets", id=booking.id, assets=65, limit=64):
        booking.send()
    assert capacity.taken() == NOTHING_TAKEN
    capacity.booking(offer=offer, assets=64).send()


def test_documents_need_a_resign_period(chain: Chain, capacity: Capacity) -> None:
    strict, lenient = capacity.agree(), capacity.agree(resignPeriod=1)
    drawing = b"\x01" + bytes(31)
    booking = capacity.booking(offer=capacity.offer(conditions=strict), documents=drawing)
    with booking.refuses("CapacityMarket_DocumentsNotOffered", conditions=strict):
        booking.send()
    booking = capacity.booking(offer=capacity.offer(conditions=lenient), documents=drawing)
    assert chain.events(booking.send())[0] == booking.opened()


def test_conditions_are_published_first(capacity: Capacity) -> None:
    unknown = b"\x01" * 32
    capacity.agreed[unknown] = capacity.agreed[capacity.agree()]
    offer = capacity.offer(conditions=unknown)
    with reverts("SupplierEscrow_UnknownConditions", id=unknown):
        capacity.booking(offer=offer).send()
    booking = capacity.booking(offer=offer, documents=b"\x01" * 32)
    with booking.refuses("CapacityMarket_DocumentsNotOffered", conditions=unknown):
        booking.send()


def test_f038_the_price_has_a_limit(capacity: Capacity) -> None:
    offer = capacity.offer()
    price = capacity.booking(offer=offer).price
    for limit in (price - 1, 0):
        booking = capacity.booking(offer=offer, maxPrice=limit)
        with booking.refuses("CapacityMarket_PriceAboveLimit", price=price, maxPrice=limit):
            booking.send()
    capacity.booking(offer=offer, maxPrice=price).send()


# Booked


def test_a_booking_opens_a_line(chain: Chain, capacity: Capacity, books: Books) -> None:
    booking = capacity.booking()
    deal = booking.deal
    books.add(deal)
    assert (booking.price, deal.bond) == (120_000_000 + 8 * 95_000_000, 44_000_000)
    with books.moves({BUYER: -booking.price}, free={SUPPLIER: -deal.bond}):
        receipt = booking.send(at=SOON)
    paid = {"from": BUYER.address, "to": capacity.escrow.address, "amount": booking.price}
    assert chain.events(receipt) == [
        booking.opened(),
        deal.freed(SUPPLIER, FREE - deal.bond),
        event(capacity.token, "Transfer", **paid),
        booking.booked(),
    ]
    assert capacity.taken() == (set(SHIFT), set())
    assert deal.line == ("Open", 0, 0, SOON, 0, 0, booking.price)
    assert (deal.terms["openBy"], deal.terms["dueBy"]) == (start_of(FIRST + 8), start_of(FIRST + 16 + 72))


def test_every_field_reaches_the_line(
    chain: Chain, capacity: Capacity, inspector: Actor, arbiter: Actor, broker: Actor
) -> None:
    offer = capacity.offer(
        inspector=inspector.address,
        arbiter=arbiter.address,
        broker=broker.address,
        setupHours=2,
        totalHours=40,
        deliveryHours=2_000,
        documents=bytes(range(32)),
        conditions=capacity.agree(resignPeriod=DAY, brokerBps=200, arbiterFeeBps=100),
        buyer=BUYER.address,
        nonce=2**256 - 1,
    )
    booking = capacity.booking(
        [*range(FIRST + 250, FIRST + 262), FIRST + 700],
        offer=offer,
        assets=5,
        salt=2**256 - 1,
        documents=bytes(range(32, 64)),
        orderRef=b"\xff" * 32,
    )
    assert booking.price == 120_000_000 + 11 * 95_000_000
    events = chain.events(booking.send(), capacity.market, capacity.escrow)
    assert (events[0], events[-1]) == (booking.opened(), booking.booked(sold_after=13))
    assert capacity.escrow.functions.lineId(booking.deal.terms).call() == booking.id


def test_an_offer_of_a_bundle_is_booked(capacity: Capacity) -> None:
    offers = [capacity.offer(nonce=nonce) for nonce in range(5)]
    for place, consent in enumerate(capacity.signed_together(offers)):
        booking = capacity.booking([FIRST + place], offer=offers[place])
        booking.send(consent=consent)
        assert booking.deal.line.status == "Open"


def test_f031_wallets_trade(chain: Chain, capacity: Capacity, stranger: Actor) -> None:
    seller, buyer = (chain.deploy("MockWallet", key) for key in (SUPPLIER, stranger))
    for wallet in (seller, buyer):
        capacity.join(wallet)
    machine = capacity.register("of a wallet", owner=seller)
    offer = capacity.offer(supplier=seller.address, machine=machine)
    booking = capacity.booking(offer=offer, buyer=buyer.address)
    booking.send(by=buyer, consent=capacity.signed(offer, SUPPLIER, address=seller))
    assert booking.deal.line.status == "Open"
    other = capacity.booking([FIRST], offer=offer, buyer=buyer.address)
    with other.refuses("CapacityMarket_BadSignature", signer=seller.address, digest=other.offer_id):
        other.send(by=buyer, consent=capacity.signed(offer, stranger, address=seller))


def test_f033_a_key_with_lent_code_sells(chain: Chain, capacity: Capacity, stranger: Actor) -> None:
    wallet = chain.deploy("MockWallet", stranger)
    offer = capacity.offer()
    codes = (b"", bytes.fromhex("ef0100" + wallet.address[2:]), b"")
    for place, code in enumerate(codes):
        chain.local.set_code(SUPPLIER.address, code)
        capacity.booking([FIRST + place], offer=offer).send()


def test_f025_an_order_books_once(capacity: Capacity) -> None:
    booking = capacity.booking().sent()
    mask = booking.order["hourMasks"][0]
    taken = {"machine": capacity.machine, "word": WORD, "taken": mask}
    with reverts("CapacityMarket_HoursTaken", **taken):
        booking.send()
    with reverts("CapacityMarket_HoursTaken", **taken):
        capacity.booking(offer=booking.offer).send()


def test_f025_an_order_never_opens_again(capacity: Capacity) -> None:
    booking = capacity.booking().sent()
    booking.deal.send("cancel", by=BUYER)
    booking.give_back()
    closed = STATUSES.index("Closed")
    with reverts("SupplierEscrow_WrongStatus", id=booking.id, status=closed):
        booking.send()
    assert capacity.taken() == NOTHING_TAKEN
    capacity.booking(offer=booking.offer).send()


def test_revoked_terms_book_nothing(capacity: Capacity) -> None:
    booking = capacity.booking()
    booking.deal.send("revoke", by=SUPPLIER)
    with reverts("SupplierEscrow_WrongStatus", id=booking.id, status=STATUSES.index("Revoked")):
        booking.send()
    assert capacity.taken() == NOTHING_TAKEN


def test_f077_the_first_of_two_buyers_gets_the_hours(
    chain: Chain, capacity: Capacity, books: Books, owner: Actor
) -> None:
    capacity.join(owner)
    offer = capacity.offer()
    mine = capacity.booking(SHIFT, offer=offer)
    theirs = capacity.booking(range(SHIFT[-1], SHIFT[-1] + 4), offer=offer, buyer=owner.address)
    for first, second in ((mine, theirs), (theirs, mine)):
        snapshot = chain.local.snapshot()
        before = _balances(capacity)
        chain.local.automine(on=False)
        try:
            for booking in (first, second):
                _queue(chain, booking)
            chain.local.mine()
        finally:
            chain.local.automine(on=True)
        assert first.deal.line.status == "Open"
        assert second.deal.line.status == "None"
        assert capacity.taken() == (first.hours, set())
        paid = {first.order["buyer"]: first.price}
        assert _balances(capacity) == {whom: had - paid.get(whom, 0) for whom, had in before.items()}
        chain.local.revert(snapshot)


def _balances(capacity: Capacity) -> dict[str, int]:
    parties = (BUYER, Actor("owner"))
    return {each.address: capacity.token.functions.balanceOf(each.address).call() for each in parties}


def _queue(chain: Chain, booking: Booking) -> None:
    transaction = {
        "from": booking.order["buyer"],
        "to": booking.capacity.market.address,
        "data": "0x" + call_data(booking.call()).hex(),
        "gas": hex(2_000_000),
        "gasPrice": "0x0",
    }
    chain.local.rpc.call("eth_sendTransaction", transaction)
