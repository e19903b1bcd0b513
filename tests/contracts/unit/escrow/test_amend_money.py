"""The money of change orders: work in progress, the new price beyond the buyer's share, and the bond."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.support.actors import Actor
from tests.support.amendments import LATER, Orders, amend
from tests.support.deals import DAY, NATIVE, NO_CONSENT
from tests.support.decoding import Event
from tests.support.disputes import BROKER, PRICE, outcome
from tests.support.lines import BUYER, FOREVER, OPENING, SUPPLIER, Books, Deal, Deals, Line, down
from tests.support.reverts import reverts

AMENDED, ASSIGNED = 4, 2
LARGEST = 2**128 - 1
NOW = OPENING + DAY
BUYER_CALLS = {"buyer": NO_CONSENT}
PAYEE = Actor("payee")
MONEYS = pytest.mark.parametrize("money", [None, NATIVE], ids=["token", "coin"])


@pytest.fixture
def uneven(deal: Deals) -> Callable[..., Deal]:
    """An open line in which nothing divides evenly."""

    def make(**changes: Any) -> Deal:
        rates: dict[str, Any] = {
            "advanceBps": 3_333,
            "bondBps": 777,
            "brokerBps": 499,
            "broker": BROKER,
            "amount": PRICE,
        }
        return deal(**rates | changes).given("Open")

    return make


def free_changes(line: Deal, owner: Actor, *changes: int) -> list[Event]:
    """The events of a free balance that changes so; nothing is said where nothing changes."""
    balance, told = line.free(owner), []
    for change in filter(None, changes):
        balance += change
        told.append(line.freed(owner, balance))
    return told


@MONEYS
@pytest.mark.parametrize("price", [1, 400_000_000, 566_670_006, 566_670_007, 2 * PRICE])
@pytest.mark.parametrize("bond", [0, 776, 777, 10_000])
@pytest.mark.parametrize(("work", "taken"), [(0, 0), (100_000_003, 7), (LARGEST, LARGEST)])
def test_f044_f046_a_change_order_moves_what_both_agreed(
    uneven: Callable[..., Deal],
    books: Books,
    order: Orders,
    money: str | None,
    price: int,
    bond: int,
    work: int,
    taken: int,
) -> None:
    line = uneven(token=money)
    new = order(line, amount=price, bondBps=bond)
    line.deposit(SUPPLIER, new.bond)
    held = line.line.held
    paid, lost = min(work, held), min(taken, line.bond)
    share, brokerage = held - paid + lost, down(paid, 499)
    rest, back = max(0, price - share), max(0, share - price)
    told = free_changes(line, SUPPLIER, line.bond - lost, -new.bond)

    moved = {SUPPLIER: paid - brokerage, BROKER: brokerage, BUYER: back - rest}
    with books.moves(moved, free={SUPPLIER: line.bond - lost - new.bond}):
        receipt = amend(
            line,
            new,
            outcome(work, taken),
            by=BUYER,
            at=NOW,
            consents=BUYER_CALLS,
            value=rest if money == NATIVE else 0,
        )

    ended = line.concluded("Amended", by=BUYER, to_supplier=paid, to_buyer=held - paid, bond_to_buyer=lost)
    opened = new.event(
        "LineOpened",
        buyer=BUYER.address,
        supplier=SUPPLIER.address,
        terms=tuple(new.terms.values()),
        payer=BUYER.address,
        held=price,
    )
    replaced = Event("LineAmended", {"oldId": line.id, "newId": new.id}, opened.emitter)
    assert line.events(receipt) == [ended, opened, replaced, *told]
    assert line.line == Line("Closed", 0, 0, NOW, 0, 0, 0)
    assert new.line == Line("Open", AMENDED, 0, NOW, 0, 0, price)


def test_work_in_progress_is_the_payees(uneven: Callable[..., Deal], books: Books, order: Orders) -> None:
    line = uneven(advanceBps=0)
    line.send("assign", PAYEE.address, FOREVER, line.assigned(PAYEE), by=SUPPLIER)
    new = order(line, amount=PRICE - 100)
    consents = BUYER_CALLS | {"payee": line.amended(PAYEE, new.terms, outcome(100))}
    with books.moves({PAYEE: 96, BROKER: 4}, free={SUPPLIER: line.bond - new.bond}):
        amend(line, new, outcome(100), by=BUYER, consents=consents)
    assert new.line.flags == AMENDED | ASSIGNED
    with books.moves(
        {PAYEE: new.amount - down(new.amount, 499), BROKER: down(new.amount, 499)}, free={SUPPLIER: new.bond}
    ):
        new.send("accept", [], by=BUYER)


def test_brokerage_of_the_work_is_at_the_old_rate(
    uneven: Callable[..., Deal], books: Books, order: Orders
) -> None:
    line = uneven(bondBps=0)
    new = order(line, amount=1, brokerBps=0)
    held = line.line.held
    with books.moves({SUPPLIER: 95_010_000, BROKER: 4_990_000, BUYER: held - 10**8 - 1}):
        amend(line, new, outcome(10**8))
    with books.moves({SUPPLIER: 1}):
        new.send("accept", [], by=BUYER)


def test_somebody_else_pays_the_rest(deal: Deals, books: Books, order: Orders, payer: Actor) -> None:
    line = deal().given("Open")
    new = order(line, amount=line.amount + 1)
    with books.moves({payer: -1}):
        receipt = amend(line, new, outcome(), by=payer)
    assert line.events(receipt)[1].arguments["payer"] == payer.address


def test_paid_and_refunded_money_is_not_there_any_more(deal: Deals, books: Books, order: Orders) -> None:
    line = deal().given("Open")
    line.send("pay", 10, by=BUYER)
    line.send("refund", 7, by=SUPPLIER)
    new = order(line, amount=10)
    with books.moves({SUPPLIER: 2, BUYER: -5}):
        amend(line, new, outcome(2), by=BUYER, consents=BUYER_CALLS)


def test_an_amended_line_is_amended(deal: Deals, books: Books, order: Orders) -> None:
    line = deal(bondBps=1_000).given("Open")
    second = order(line)
    amend(line, second)
    third = order(second, amount=400_000_000)
    with books.moves({SUPPLIER: 300_000_000}, free={SUPPLIER: 30_000_000}):
        amend(second, third)
    assert third.line.flags == AMENDED


# What an amended line is


def test_an_amended_line_pays_no_advance(uneven: Callable[..., Deal], books: Books, order: Orders) -> None:
    line = uneven(bondBps=0, cancelBps=5_000)
    new = order(line, amount=line.line.held)
    with books.moves():
        amend(line, new, outcome())
    fee, brokerage = new.amount // 2, down(new.amount // 2, 499)  # no advance counts against it
    with books.moves({SUPPLIER: fee - brokerage, BROKER: brokerage, BUYER: new.amount - fee}):
        new.send("cancel", by=BUYER, at=NOW)


def test_f022_nobody_resigns_from_an_amended_line_for_nothing(
    deal: Deals, books: Books, order: Orders
) -> None:
    line = deal(bondBps=1_000, resignPeriod=30 * DAY).given("Open")
    new = order(line)
    amend(line, new)
    with books.moves({BUYER: new.amount + new.bond}):
        new.send("resign", by=SUPPLIER)


def test_new_conditions_rule_the_new_line(deal: Deals, books: Books, order: Orders) -> None:
    line = deal(lateBps=100, maxLateBps=500).given("Open")
    new = order(line, dueBy=LATER, lateBps=250, maxLateBps=1_000)
    amend(line, new, at=line.due + 5 * DAY)
    with books.moves({BUYER: 52_500_000, SUPPLIER: 647_500_000}):
        new.send("accept", [], by=BUYER, at=LATER + 3 * DAY)


# The bond


@MONEYS
def test_the_old_bond_secures_the_new_line(deal: Deals, order: Orders, money: str | None) -> None:
    line = deal(bondBps=1_000, token=money).given("Open")
    new = order(line, bondBps=1_429)
    needed = {"token": line.terms["token"], "balance": line.bond, "needed": new.bond}
    with reverts("SupplierEscrow_InsufficientBalance", owner=SUPPLIER.address, **needed):
        amend(line, new)
    line.deposit(SUPPLIER, new.bond - line.bond)
    amend(line, new)
    assert line.free(SUPPLIER) == 0


# Coin


def test_f024_coin_comes_from_the_value_and_then_the_free_balance(
    deal: Deals, books: Books, order: Orders
) -> None:
    line = deal(token=NATIVE).given("Open")
    line.deposit(BUYER, 1_000)
    new = order(line, amount=line.amount + 700)
    with books.moves({BUYER: -300}, free={BUYER: -400}):
        receipt = amend(line, new, outcome(), by=BUYER, consents=BUYER_CALLS, value=300)
    assert line.events(receipt)[3:] == [line.freed(BUYER, 600)]


@pytest.mark.parametrize(("price", "value", "limit"), [(700, 701, 700), (0, 1, 0), (-5, 1, 0)])
def test_f024_too_many_coins_are_refused(
    deal: Deals, order: Orders, price: int, value: int, limit: int
) -> None:
    line = deal(token=NATIVE).given("Open")
    new = order(line, amount=line.amount + price)
    with reverts("SupplierEscrow_WrongValue", value=value, limit=limit):
        amend(line, new, outcome(), by=BUYER, consents=BUYER_CALLS, value=value)


def test_f024_too_few_coins_are_refused(deal: Deals, order: Orders) -> None:
    line = deal(token=NATIVE).given("Open")
    new = order(line, amount=line.amount + 700)
    with reverts(
        "SupplierEscrow_InsufficientBalance", owner=BUYER.address, token=NATIVE, balance=0, needed=1
    ):
        amend(line, new, outcome(), by=BUYER, consents=BUYER_CALLS, value=699)


def test_f023_no_coins_with_tokens(deal: Deals, order: Orders) -> None:
    line = deal().given("Open")
    with reverts("SupplierEscrow_WrongValue", value=1, limit=0):
        amend(line, order(line), value=1)
