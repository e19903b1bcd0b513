"""Chains: orders on several offers in one transaction, all or none."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Final

import pytest
from web3.contract.contract import ContractFunction

from tests.support.actors import Actor
from tests.support.capacity import (
    ASSETS,
    BUYER,
    EVERY_ROLE,
    FIRST,
    NOTHING_TAKEN,
    OPEN,
    SHIFT,
    STRANGER,
    SUPPLIER,
    WORD,
    Booking,
    Capacity,
)
from tests.support.chain import BEGINNING, Chain, call_data
from tests.support.deals import NATIVE
from tests.support.lines import Books, Party, address_of, stock
from tests.support.reverts import reverts

COIN: Final = 10**18
TRADES: Final = ("casting", "machining", "coating")


def call_of(capacity: Capacity, bookings: Iterable[Booking]) -> ContractFunction:
    """The call that books all of them."""
    purchases = [
        {"offer": each.offer, "consent": capacity.signed(each.offer), "order": each.order}
        for each in bookings
    ]
    return capacity.market.functions.bookMany(purchases)


def book_all(
    capacity: Capacity,
    bookings: Iterable[Booking],
    *,
    by: Party = BUYER,
    value: int = 0,
    at: int | None = None,
) -> Any:
    return capacity.chain.send(call_of(capacity, bookings), by=address_of(by), value=value, at=at)


@pytest.fixture
def suppliers(capacity: Capacity, owner: Actor, user: Actor) -> Sequence[Actor]:
    """Three firms that sell hours."""
    for firm in (owner, user):
        capacity.join(firm)
    return (SUPPLIER, owner, user)


@pytest.fixture
def links(capacity: Capacity, suppliers: Sequence[Actor]) -> list[Booking]:
    """An order on a machine of each firm, one shift after the other."""
    bookings = []
    for place, (firm, trade) in enumerate(zip(suppliers, TRADES, strict=True)):
        machine = capacity.register(trade, owner=firm)
        offer = capacity.offer(supplier=firm.address, machine=machine, hourly=10_000_000 + place)
        hours = [hour + 24 * place for hour in SHIFT]
        bookings.append(capacity.booking(hours, offer=offer))
    return bookings


def booked(capacity: Capacity, bookings: Iterable[Booking]) -> bool:
    """Whether each has its hours and its line; False if none has anything."""
    found = {
        (each.deal.line.status, capacity.taken(each.offer["machine"]) == (each.hours, set()))
        for each in bookings
    }
    assert found in ({("Open", True)}, {("None", False)})
    return found == {("Open", True)}


# Who, and what


def test_nothing_is_not_booked(capacity: Capacity) -> None:
    for value in (0, 1):
        with reverts("CapacityMarket_NothingToBook"):
            book_all(capacity, [], value=value)


def not_buyer(caller: Actor) -> AbstractContextManager[None]:
    return reverts("CapacityMarket_NotBuyer", buyer=BUYER.address, caller=caller.address)


def test_f037_copied_calldata_books_no_chain(
    capacity: Capacity, links: Sequence[Booking], operator: Actor
) -> None:
    capacity.lend(BUYER, operator, EVERY_ROLE & ~OPEN)
    for caller in (STRANGER, SUPPLIER, operator):
        with not_buyer(caller):
            book_all(capacity, links, by=caller)
    capacity.lend(BUYER, operator, OPEN)
    book_all(capacity, links, by=operator)
    assert booked(capacity, links)


def test_a_chain_has_one_buyer(capacity: Capacity, links: Sequence[Booking], owner: Actor) -> None:
    """The caller may act for both."""
    capacity.lend(owner, BUYER, OPEN)
    links[2].order["buyer"] = owner.address
    with reverts("CapacityMarket_SeveralBuyers", buyer=BUYER.address, other=owner.address):
        book_all(capacity, links)
    assert not booked(capacity, links)


# Three suppliers


def test_a_chain_is_booked(capacity: Capacity, links: Sequence[Booking], books: Books) -> None:
    for each in links:
        books.add(each.deal)
    bonds = {each.offer["supplier"]: -each.deal.bond for each in links}
    ids = call_of(capacity, links).call({"from": BUYER.address})
    with books.moves({BUYER: -sum(each.price for each in links)}, free=bonds):
        receipt = book_all(capacity, links)
    assert [bytes(each) for each in ids] == [each.id for each in links]
    assert booked(capacity, links)
    told = capacity.chain.events(receipt, capacity.market)
    assert told == [each.booked() for each in links]


OBSTACLES: Final = {
    "expired": (
        {"validUntil": BEGINNING},
        "CapacityMarket_OfferExpired",
        {"nowAt": BEGINNING + 60, "validUntil": BEGINNING},
    ),
    "cancelled": ({"nonce": 8}, "CapacityMarket_OfferCancelled", {"nonce": 8}),
    "of another epoch": ({"epoch": 1}, "CapacityMarket_WrongEpoch", {"epoch": 1, "current": 0}),
    "out of its hours": (
        {"fromHour": FIRST + 100},
        "CapacityMarket_OutsideOffer",
        {"firstHour": SHIFT[0] + 48, "lastHour": SHIFT[-1] + 48},
    ),
}


@pytest.mark.parametrize(("change", "error", "told"), OBSTACLES.values(), ids=OBSTACLES)
def test_a_chain_is_booked_whole_or_not_at_all(
    capacity: Capacity,
    links: Sequence[Booking],
    user: Actor,
    books: Books,
    change: Mapping[str, int],
    error: str,
    told: Mapping[str, int],
) -> None:
    capacity.chain.send(capacity.market.functions.cancelOffers(user.address, 0, 1 << 8), by=user)
    able, unable = links[:2], capacity.booking([hour + 48 for hour in SHIFT], offer=links[2].offer | change)
    for each in (*able, unable):
        books.add(each.deal)
    with books.moves(), unable.refuses(error, **told):
        book_all(capacity, [*able, unable], at=BEGINNING + 60)
    assert not booked(capacity, [*able, unable])
    book_all(capacity, able)
    assert booked(capacity, able)


def test_f042_no_supplier_books_a_chain(
    capacity: Capacity, links: Sequence[Booking], user: Actor, operator: Actor
) -> None:
    capacity.lend(BUYER, user, OPEN)
    with links[2].refuses("CapacityMarket_ActsForBoth", forBuyer=user.address, forSupplier=user.address):
        book_all(capacity, links, by=user)
    assert not booked(capacity, links)
    book_all(capacity, links[:2], by=user)


# One machine


def test_cap1_a_chain_sells_no_hour_twice(capacity: Capacity) -> None:
    offer = capacity.offer()
    bookings = [capacity.booking(hours, offer=offer) for hours in (SHIFT[:4], SHIFT[3:])]
    with reverts("CapacityMarket_HoursTaken", machine=capacity.machine, word=WORD, taken=1 << SHIFT[3] % 256):
        book_all(capacity, bookings)
    assert capacity.taken() == NOTHING_TAKEN
    bookings[1] = capacity.booking(SHIFT[4:], offer=offer)
    book_all(capacity, bookings)
    assert capacity.taken() == (set(SHIFT), set())


def test_a_chain_keeps_to_a_total(capacity: Capacity) -> None:
    offer = capacity.offer(totalHours=7)
    bookings = [capacity.booking(hours, offer=offer) for hours in (SHIFT[:4], SHIFT[4:])]
    with bookings[1].refuses("CapacityMarket_OfferSoldOut", soldAfter=8, totalHours=7):
        book_all(capacity, bookings)
    bookings[1] = capacity.booking(SHIFT[4:7], offer=offer)
    receipt = book_all(capacity, bookings)
    told = capacity.chain.events(receipt, capacity.market)
    assert told == [bookings[0].booked(sold_after=4), bookings[1].booked(sold_after=7)]


# Coins


def in_coins(capacity: Capacity, hours: Sequence[int]) -> Booking:
    """A booking for a tenth of a coin an hour."""
    offer = capacity.offer(token=NATIVE, hourly=COIN // 10, setup=0, conditions=capacity.agree(bondBps=0))
    return capacity.booking(hours, offer=offer)


@pytest.fixture
def pair(capacity: Capacity, books: Books) -> list[Booking]:
    """Two orders for 0.4 coins each."""
    bookings = [in_coins(capacity, SHIFT[:4]), in_coins(capacity, SHIFT[4:])]
    for each in bookings:
        books.add(each.deal)
    return bookings


@pytest.mark.parametrize("excess", [0, 1, 5 * COIN])
def test_f024_what_a_chain_leaves_is_the_buyers(
    capacity: Capacity, books: Books, pair: list[Booking], excess: int
) -> None:
    cost = 8 * COIN // 10
    with books.moves({BUYER: -cost - excess}, free={BUYER: excess}):
        book_all(capacity, pair, value=cost + excess)
    assert booked_together(capacity, pair)
    assert capacity.chain.balance(capacity.market) == 0


def booked_together(capacity: Capacity, bookings: Sequence[Booking]) -> bool:
    """Whether orders on one machine have their hours and their lines."""
    hours = set().union(*(each.hours for each in bookings))
    return capacity.taken() == (hours, set()) and {each.deal.line.status for each in bookings} == {"Open"}


def test_f024_a_chain_uses_coins_in_order(capacity: Capacity, books: Books, pair: list[Booking]) -> None:
    capacity.deposit(BUYER, COIN // 10, token=NATIVE)
    with reverts(
        "SupplierEscrow_InsufficientBalance",
        owner=BUYER.address,
        token=NATIVE,
        balance=COIN // 10,
        needed=COIN // 10 + 1,
    ):
        book_all(capacity, pair, value=7 * COIN // 10 - 1)
    sent = 7 * COIN // 10
    with books.moves({BUYER: -sent}, free={BUYER: -COIN // 10}):
        receipt = book_all(capacity, pair, value=sent)
    told = [each.name for each in capacity.chain.events(receipt)]
    assert told == ["LineOpened", "HoursBooked", "LineOpened", "FreeBalanceChanged", "HoursBooked"]


def test_a_chain_is_paid_in_coins_and_tokens(capacity: Capacity, books: Books, pair: list[Booking]) -> None:
    tokens = capacity.booking([hour + 24 for hour in SHIFT])
    with books.moves({BUYER: -8 * COIN // 10 - 3}, free={BUYER: 3}):
        book_all(capacity, [pair[0], tokens, pair[1]], value=8 * COIN // 10 + 3)
    assert booked_together(capacity, [*pair, tokens])
    assert tokens.deal.line.held == tokens.price


def test_f023_coins_book_no_chain_in_tokens(capacity: Capacity, links: Sequence[Booking]) -> None:
    with reverts("CapacityMarket_WrongValue", value=5):
        book_all(capacity, links, value=5)
    assert not booked(capacity, links)


# Called in between


def test_f002_hours_taken_within_a_chain(chain: Chain, capacity: Capacity) -> None:
    """The first order's token blocks an hour of the second one's."""
    odd = chain.deploy("MockOddToken")
    stock(chain, odd, capacity.escrow, BUYER)
    capacity.lend(SUPPLIER, odd, OPEN | ASSETS)
    free = capacity.agree(bondBps=0)
    first = capacity.booking(SHIFT[:4], offer=capacity.offer(token=odd.address, conditions=free))
    second = capacity.booking(SHIFT[4:])
    mask = 1 << SHIFT[5] % 256
    block = capacity.market.functions.blockHours(capacity.machine, WORD, [mask], bytes(32))
    chain.send(odd.functions.setCall(block.address, call_data(block)), by=STRANGER)
    with reverts("CapacityMarket_HoursTaken", machine=capacity.machine, word=WORD, taken=mask):
        book_all(capacity, [first, second])
    assert capacity.taken() == NOTHING_TAKEN
    assert not odd.functions.targetCallFailed().call()
