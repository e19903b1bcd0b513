"""What a booking costs, in tokens and in coins, and what can go wrong while it is paid."""

from collections.abc import Sequence
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from web3.contract import Contract

from fabricant.domain.capacity import Offer as DomainOffer
from fabricant.domain.capacity import price as domain_price
from fabricant.domain.units import HourIndex, UnixSeconds
from tests.support.actors import Actor
from tests.support.capacity import (
    ASSETS,
    BUYER,
    FIRST,
    NOTHING_TAKEN,
    OPEN,
    SHIFT,
    STRANGER,
    SUPPLIER,
    WORD,
    Booking,
    Capacity,
    Offer,
    price_of,
    start_of,
)
from tests.support.chain import BEGINNING, Chain, call_data
from tests.support.deals import DAY, HOUR, NATIVE, STATUSES
from tests.support.decoding import VOCABULARY
from tests.support.lines import Books, stock
from tests.support.reverts import reverts

COIN: Final = 10**18
LARGEST: Final = 2**128 - 1
(
    SOUND,
    RETURNS_NOTHING,
    RETURNS_FALSE,
    RETURNS_TWO,
    TAKES_FEE,
    PAUSED,
    BLOCKS,
    CALLS,
    BURNS_GAS,
    RETURNS_MEGABYTE,
) = range(10)


def priced(capacity: Capacity, offer: Offer, hours: int, last_hour: int) -> int:
    found: int = capacity.market.functions.priceOf(offer, hours, last_hour).call()
    return found


# priceOf


def test_a_price_without_decay_is_the_same_at_any_time(chain: Chain, capacity: Capacity) -> None:
    offer = capacity.offer(hourly=95, setup=120, lastMinuteHourly=7)
    for at in (BEGINNING + HOUR, start_of(FIRST) - 1, start_of(FIRST), start_of(FIRST) + DAY):
        chain.warp(at)
        assert [priced(capacity, offer, hours, FIRST) for hours in (0, 1, 8)] == [120, 215, 880]


def test_f048_a_price_falls_to_its_end(chain: Chain, capacity: Capacity) -> None:
    """From 100,000 to 28,000 over twenty hours: one base unit a second."""
    offer = capacity.offer(hourly=100_000, setup=5, lastMinuteHourly=28_000, decayHours=20)
    start = start_of(FIRST)
    falls = {-20 * HOUR - 1: 100_000, -20 * HOUR: 100_000, -20 * HOUR + 1: 99_999}
    ends = {-10 * HOUR: 64_000, -1: 28_001, 0: 28_000, 1: 28_000, DAY: 28_000}
    for lead, hourly in (falls | ends).items():
        chain.warp(start + lead)
        assert priced(capacity, offer, 3, FIRST) == 5 + 3 * hourly


AMOUNTS: Final = st.one_of(st.integers(0, 10**9), st.integers(0, LARGEST), st.just(LARGEST))


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    prices=st.tuples(AMOUNTS, AMOUNTS),
    setup=AMOUNTS,
    decay=st.one_of(st.integers(0, 200), st.integers(0, 2**32 - 1)),
    hours=st.one_of(st.integers(0, 200), st.integers(0, 2**32 - 1)),
    last_hour=st.one_of(st.integers(FIRST - 10, FIRST + 200), st.integers(0, 2**32 - 1)),
    seconds=st.integers(0, DAY),
)
def test_f045_any_price_is_the_models(
    chain: Chain,
    capacity: Capacity,
    prices: tuple[int, int],
    setup: int,
    decay: int,
    hours: int,
    last_hour: int,
    seconds: int,
) -> None:
    last, hourly = sorted(prices)
    offer = capacity.offer(hourly=hourly, lastMinuteHourly=last, setup=setup, decayHours=decay)
    at = start_of(FIRST - 12) + seconds
    snapshot = chain.local.snapshot()
    chain.warp(at)
    found = priced(capacity, offer, hours, last_hour)
    chain.local.revert(snapshot)
    assert found == price_of(offer, priced=hours, last_hour=last_hour, at=at)
    snake = {"".join(f"_{c.lower()}" if c.isupper() else c for c in name): offer[name] for name in offer}
    shared = DomainOffer(**snake)
    assert found == domain_price(shared, hours, HourIndex(last_hour), at=UnixSeconds(at))


def test_f040_splitting_a_booking_saves_less_than_a_base_unit_an_hour(
    chain: Chain, capacity: Capacity
) -> None:
    offer = capacity.offer(hourly=100_001, lastMinuteHourly=33_333, decayHours=77, setup=0)
    for lead in (1, 7 * HOUR + 11, 76 * HOUR + 59, 78 * HOUR):
        chain.warp(start_of(FIRST) - lead)
        one, many = (priced(capacity, offer, hours, FIRST) for hours in (1, 40))
        assert 0 <= many - 40 * one < 40
        assert lead < 77 * HOUR or many == 40 * one


# Prices that fall


@pytest.fixture
def falling(capacity: Capacity) -> Offer:
    """An offer whose hours cost 100,000 base units, and in the last twenty hours one less every second."""
    return capacity.offer(hourly=100_000, lastMinuteHourly=28_000, decayHours=20, setup=0, noticeHours=0)


@pytest.mark.parametrize(
    ("lead", "hourly"),
    [(20 * HOUR + 1, 100_000), (20 * HOUR - 1, 99_999), (10 * HOUR, 64_000), (7 * HOUR + 1, 53_201)],
)
def test_a_booking_costs_what_it_costs_now(
    chain: Chain, capacity: Capacity, books: Books, falling: Offer, lead: int, hourly: int
) -> None:
    at = start_of(SHIFT[-1]) - lead
    booking = capacity.booking(offer=falling, at=at)
    books.add(booking.deal)
    assert booking.price == 8 * hourly
    with books.moves({BUYER: -booking.price}, free={SUPPLIER: -booking.deal.bond}):
        assert chain.events(booking.send(at=at))[0] == booking.opened()


def test_the_last_hour_makes_the_price(capacity: Capacity, falling: Offer) -> None:
    """Of one hour that begins in two seconds; and then of four others, after three for setting up."""
    at = start_of(SHIFT[0])
    alone = capacity.booking(SHIFT[:1], offer=falling, at=at - 2)
    alone.send(at=at - 2)
    assert alone.deal.line.held == 28_002
    others = capacity.booking(SHIFT[1:], offer=falling | {"setupHours": 3}, at=at - 1)
    others.send(at=at - 1)
    assert others.deal.line.held == 4 * 53_201


def test_f038_a_later_booking_never_costs_more(chain: Chain, capacity: Capacity, falling: Offer) -> None:
    meant = start_of(SHIFT[-1]) - 19 * HOUR
    limit = capacity.booking(offer=falling, at=meant).price
    early = capacity.booking(offer=falling, at=meant - 1, maxPrice=limit)
    with early.refuses("CapacityMarket_PriceAboveLimit", price=limit + 8, maxPrice=limit):
        early.send(at=meant - 1)
    late = capacity.booking(offer=falling, at=meant + 12 * 60, maxPrice=limit)
    late.send(at=meant + 12 * 60)
    assert late.deal.line.held == limit - 8 * 12 * 60


# Extreme prices


def test_f043_nothing_is_no_price(capacity: Capacity) -> None:
    booking = capacity.booking(offer=capacity.offer(hourly=0, setup=0))
    with reverts("SupplierEscrow_NoAmount", id=booking.id):
        booking.send()
    assert capacity.taken() == NOTHING_TAKEN


def test_f043_one_base_unit_is_a_price(capacity: Capacity) -> None:
    for place, offer in enumerate((capacity.offer(hourly=0, setup=1), capacity.offer(hourly=1, setup=0))):
        booking = capacity.booking([FIRST + place], offer=offer).sent()
        assert (booking.deal.line.held, booking.deal.bond) == (1, 1)


def test_f045_the_largest_price_is_paid(capacity: Capacity, books: Books) -> None:
    capacity.deposit(SUPPLIER, 2**127)
    hourly, rest = divmod(LARGEST, 8)
    booking = capacity.booking(offer=capacity.offer(hourly=hourly, setup=rest))
    books.add(booking.deal)
    assert booking.price == LARGEST
    with books.moves({BUYER: -LARGEST}, free={SUPPLIER: -booking.deal.bond}):
        booking.send()


def test_f045_a_larger_price_is_refused(capacity: Capacity) -> None:
    largest = {"hourly": LARGEST, "setup": LARGEST, "lastMinuteHourly": LARGEST, "decayHours": 2**32 - 1}
    for hours, offer in (
        ([FIRST], capacity.offer(hourly=LARGEST, setup=1)),
        (SHIFT, capacity.offer(hourly=LARGEST // 8 + 1, setup=0)),
        (range(FIRST, FIRST + 1_000), capacity.offer(**largest)),
    ):
        booking = capacity.booking(hours, offer=offer)
        with booking.refuses("CapacityMarket_PriceAboveLimit", price=booking.price, maxPrice=LARGEST):
            booking.send()


# Tokens


def test_f023_coins_are_no_tokens(capacity: Capacity) -> None:
    for value in (1, COIN):
        with reverts("CapacityMarket_WrongValue", value=value):
            capacity.booking().send(value=value)
    assert capacity.taken() == NOTHING_TAKEN


def test_an_advance_is_paid_when_booked(
    chain: Chain, capacity: Capacity, books: Books, broker: Actor
) -> None:
    """30 % at once, of which the broker gets 2 %; both rounded down."""
    agreed = capacity.agree(advanceBps=3_000, brokerBps=200)
    booking = capacity.booking(offer=capacity.offer(conditions=agreed, broker=broker.address, setup=7))
    books.add(booking.deal)
    assert (booking.price, booking.deal.advance, booking.deal.bond) == (760_000_007, 228_000_002, 38_000_001)
    gains = {BUYER: -760_000_007, SUPPLIER: 228_000_002 - 4_560_000, broker: 4_560_000}
    with books.moves(gains, free={SUPPLIER: -booking.deal.bond}):
        receipt = booking.send()
    assert chain.events(receipt)[0] == booking.opened()
    assert booking.deal.line.held == 760_000_007 - 228_000_002


@pytest.fixture
def odd(chain: Chain, capacity: Capacity) -> Contract:
    """A token that misbehaves on demand; the buyer and the supplier have plenty of it."""
    token = chain.deploy("MockOddToken")
    stock(chain, token, capacity.escrow, BUYER, SUPPLIER)
    return token


def in_token(capacity: Capacity, token: Contract | str, hours: Sequence[int] = SHIFT, **more: Any) -> Booking:
    """A booking in another token, without a bond unless conditions are named."""
    address = token if isinstance(token, str) else token.address
    offer = {"conditions": capacity.agree(bondBps=0), "token": address} | more
    return capacity.booking(hours, offer=capacity.offer(**offer))


@pytest.mark.parametrize("oddity", [SOUND, RETURNS_NOTHING, RETURNS_MEGABYTE])
def test_f008_odd_tokens_that_move_are_taken(
    chain: Chain, capacity: Capacity, books: Books, odd: Contract, oddity: int
) -> None:
    booking = in_token(capacity, odd)
    books.add(booking.deal)
    chain.send(odd.functions.setOddity(oddity), by=STRANGER)
    with books.moves({BUYER: -booking.price}):
        booking.send()


def test_f006_f009_f013_tokens_that_do_not_move_book_nothing(
    chain: Chain, capacity: Capacity, odd: Contract
) -> None:
    booking = in_token(capacity, odd, totalHours=100)
    fee = booking.price // 100
    inexact = {"token": odd.address, "received": booking.price - fee, "expected": booking.price}
    refusals: dict[int, tuple[str, dict[str, Any]]] = {
        TAKES_FEE: ("SupplierEscrow_InexactTransfer", inexact),
        RETURNS_FALSE: ("SafeERC20FailedOperation", {"token": odd.address}),
        RETURNS_TWO: ("SafeERC20FailedOperation", {"token": odd.address}),
        PAUSED: ("Odd", {}),
        BURNS_GAS: ("no reason", {}),
    }
    for oddity, (error, arguments) in refusals.items():
        chain.send(odd.functions.setOddity(oddity), by=STRANGER)
        with reverts(error, **arguments):
            booking.send()
        assert capacity.taken() == NOTHING_TAKEN
        assert capacity.market.functions.soldHours(booking.offer_id).call() == 0
    chain.send(odd.functions.setOddity(SOUND), by=STRANGER)
    booking.send()


def test_f010_a_token_without_code_books_nothing(capacity: Capacity) -> None:
    with reverts("no reason"):
        in_token(capacity, STRANGER.address).send()
    assert capacity.taken() == NOTHING_TAKEN


# Coins


def in_coins(capacity: Capacity, hours: Sequence[int] = SHIFT, **more: Any) -> Booking:
    """A booking for a tenth of a coin an hour, and a supplier who has deposited the bond."""
    booking = in_token(capacity, NATIVE, hours, hourly=COIN // 10, setup=0, **more)
    if booking.deal.bond:
        capacity.deposit(SUPPLIER, booking.deal.bond, token=NATIVE)
    return booking


def test_f024_coins_are_paid_exactly(chain: Chain, capacity: Capacity, books: Books) -> None:
    booking = in_coins(capacity, conditions=capacity.agree(bondBps=500))
    books.add(booking.deal)
    with books.moves({BUYER: -booking.price}, free={SUPPLIER: -booking.deal.bond}):
        receipt = booking.send(value=booking.price)
    assert chain.events(receipt) == [booking.opened(), booking.deal.freed(SUPPLIER, 0), booking.booked()]
    assert (booking.price, chain.balance(capacity.market)) == (8 * COIN // 10, 0)


@pytest.mark.parametrize("sent", [0, 1, 8 * COIN // 10 - 1])
def test_f024_missing_coins_come_from_the_free_balance(
    chain: Chain, capacity: Capacity, books: Books, sent: int
) -> None:
    booking = in_coins(capacity)
    books.add(booking.deal)
    capacity.deposit(BUYER, COIN, token=NATIVE)
    missing = booking.price - sent
    with books.moves({BUYER: -sent}, free={BUYER: -missing}):
        receipt = booking.send(value=sent)
    freed = booking.deal.freed(BUYER, COIN - missing)
    assert chain.events(receipt) == [booking.opened(), freed, booking.booked()]


def test_f024_too_few_coins_book_nothing(capacity: Capacity) -> None:
    booking = in_coins(capacity)
    capacity.deposit(BUYER, 99, token=NATIVE)
    with reverts(
        "SupplierEscrow_InsufficientBalance", owner=BUYER.address, token=NATIVE, balance=99, needed=100
    ):
        booking.send(value=booking.price - 100)
    assert capacity.taken() == NOTHING_TAKEN
    booking.send(value=booking.price - 99)


@pytest.mark.parametrize("excess", [1, 5 * COIN])
def test_f024_excess_coins_are_the_buyers(
    chain: Chain, capacity: Capacity, books: Books, excess: int
) -> None:
    booking = in_coins(capacity)
    books.add(booking.deal)
    with books.moves({BUYER: -booking.price - excess}, free={BUYER: excess}):
        receipt = booking.send(value=booking.price + excess)
    freed = booking.deal.freed(BUYER, excess)
    assert chain.events(receipt) == [booking.opened(), booking.booked(), freed]
    assert chain.balance(capacity.market) == 0


def test_an_operators_excess_is_the_buyers(capacity: Capacity, books: Books, operator: Actor) -> None:
    capacity.lend(BUYER, operator, OPEN)
    booking = in_coins(capacity)
    books.add(booking.deal)
    with books.moves({operator: -booking.price - 3}, free={BUYER: 3}):
        booking.send(by=operator, value=booking.price + 3)


def test_f017_the_market_takes_no_coins(chain: Chain, capacity: Capacity) -> None:
    market = capacity.market
    publish = market.functions.publish(capacity.offer(), capacity.signed(capacity.offer()))
    cancel = market.functions.cancelOffers(SUPPLIER.address, 0, 1)
    for call, sender in ((publish, STRANGER), (cancel, SUPPLIER)):
        with reverts("no reason"):
            chain.send(call, by=sender, value=1)
    empty = {"from": BUYER.address, "to": market.address, "value": 1}
    with reverts("no reason"):
        chain.w3.eth.call(empty)


# Called in between


@pytest.fixture
def hook(chain: Chain, capacity: Capacity, odd: Contract) -> Any:
    """A token that makes a call of the test's choice before it moves, with every role of both parties."""
    for principal in (BUYER, SUPPLIER):
        capacity.lend(principal, odd, OPEN | ASSETS)

    def prepare(call: Any) -> None:
        chain.send(odd.functions.setCall(call.address, call_data(call)), by=STRANGER)

    return prepare


def answer_of(odd: Contract) -> tuple[bool, bytes]:
    """Whether the call in between succeeded, and what it returned or reverted with."""
    return not odd.functions.targetCallFailed().call(), bytes(odd.functions.targetAnswer().call())


def test_f002_no_booking_within_a_booking(chain: Chain, capacity: Capacity, odd: Contract, hook: Any) -> None:
    outer, inner = in_token(capacity, odd, SHIFT[:4]), in_token(capacity, odd, SHIFT[4:])
    same = in_token(capacity, odd, SHIFT[:4])
    hook(inner.call())
    receipt = outer.send()
    succeeded, said = answer_of(odd)
    assert (succeeded, VOCABULARY.error(said).name) == (False, "ReentrancyGuardReentrantCall")
    assert [each.name for each in chain.events(receipt)] == ["LineOpened", "Transfer", "HoursBooked"]
    assert capacity.taken() == (outer.hours, set())
    assert inner.deal.line.status == "None"
    hook(same.call())
    inner.send()
    succeeded, said = answer_of(odd)
    assert (succeeded, VOCABULARY.error(said).name) == (False, "CapacityMarket_HoursTaken")


def test_f002_hours_being_booked_are_taken(
    chain: Chain, capacity: Capacity, odd: Contract, hook: Any
) -> None:
    functions = capacity.market.functions
    booking = in_token(capacity, odd, totalHours=100)
    first, masks = booking.order["firstWord"], booking.order["hourMasks"]
    attempts = (
        (
            functions.blockHours(capacity.machine, first, masks, bytes(32)),
            ("CapacityMarket_HoursTaken", [capacity.machine, WORD, masks[0]]),
        ),
        (
            functions.returnHours(booking.deal.terms, booking.bound),
            ("CapacityMarket_LineNotClosed", [booking.id, STATUSES.index("Open")]),
        ),
        (functions.unblockHours(capacity.machine, first, masks, bytes(32)), None),
    )
    for call, refusal in attempts:
        snapshot = chain.local.snapshot()
        hook(call)
        booking.send()
        succeeded, said = answer_of(odd)
        if refusal is None:
            assert succeeded
        else:
            error = VOCABULARY.error(said)
            assert (error.name, list(error.arguments.values())) == refusal
        assert capacity.taken() == (booking.hours, set())
        chain.local.revert(snapshot)


def test_f002_an_offer_cancelled_within_its_booking(
    chain: Chain, capacity: Capacity, odd: Contract, hook: Any
) -> None:
    functions = capacity.market.functions
    first, second = in_token(capacity, odd, SHIFT[:4]), in_token(capacity, odd, SHIFT[4:])
    hook(functions.cancelOffers(SUPPLIER.address, 0, 1 << 7))
    first.send()
    assert answer_of(odd)[0]
    assert first.deal.line.status == "Open"
    with second.refuses("CapacityMarket_OfferCancelled", nonce=7):
        second.send()


def test_f003_views_within_a_booking_are_of_after_it(
    chain: Chain, capacity: Capacity, odd: Contract, hook: Any
) -> None:
    booking = in_token(capacity, odd, totalHours=100)
    views = (
        capacity.market.functions.hoursOf(capacity.machine, WORD),
        capacity.market.functions.soldHours(booking.offer_id),
        capacity.escrow.functions.lineOf(booking.id),
    )
    for view in views:
        snapshot = chain.local.snapshot()
        hook(view)
        booking.send()
        seen = answer_of(odd)
        after = bytes(chain.w3.eth.call({"to": view.address, "data": call_data(view)}))
        assert seen == (True, after)
        assert any(after)
        chain.local.revert(snapshot)
