"""Resigning: free of charge in the resign period, for the bond afterwards."""

import pytest
from web3.contract import Contract

from tests.support.actors import Actor
from tests.support.chain import Chain
from tests.support.deals import DAY, HOUR, NATIVE
from tests.support.lines import (
    BUYER,
    OPEN_BY,
    OPENING,
    SUPPLIER,
    Books,
    Deals,
    Goods,
    Lend,
    Line,
    up,
)
from tests.support.reverts import reverts

CHANGE, EVERYTHING = 2, 0xFFFF
PRICE = 1_000_000_007
IN_TOKENS_AND_COIN = pytest.mark.parametrize("money", [None, NATIVE], ids=["token", "coin"])


@pytest.mark.parametrize("who", ["buyer", "inspector", "stranger", "operator"])
def test_only_the_supplier_resigns(deal: Deals, lend: Lend, who: str) -> None:
    line = deal(inspector=Actor("inspector")).given("Open")
    lend(SUPPLIER, EVERYTHING & ~CHANGE)
    with line.refuses("SupplierEscrow_NotSupplier", caller=Actor(who).address):
        line.send("resign", by=Actor(who))


@pytest.mark.parametrize("status", ["None", "Delivered", "Retained", "Closed", "Revoked"])
def test_only_undelivered_lines_are_resigned(deal: Deals, status: str) -> None:
    line = deal(retentionBps=1 if status == "Retained" else 0).given(status)
    with line.refuses_status(status):
        line.send("resign", by=SUPPLIER)


# In the resign period


@IN_TOKENS_AND_COIN
def test_declining_in_time_costs_nothing(deal: Deals, books: Books, money: str | None) -> None:
    line = deal(amount=PRICE, token=money, bondBps=777, resignPeriod=DAY).given("Open")
    with books.moves({BUYER: PRICE}, free={SUPPLIER: 77_700_001}):
        receipt = line.send("resign", by=SUPPLIER, at=OPENING + HOUR)
    resigned = line.concluded("Resigned", by=SUPPLIER, to_buyer=PRICE)
    assert line.events(receipt) == [resigned, line.freed(SUPPLIER, 77_700_001)]
    assert line.line == Line("Closed", 0, 0, OPENING + HOUR, 0, 0, 0)


@IN_TOKENS_AND_COIN
@pytest.mark.parametrize("bond", [0, 1_000, 5_000])
def test_declining_returns_the_whole_advance(
    chain: Chain, deal: Deals, books: Books, broker: Actor, bond: int, money: str | None
) -> None:
    rates = {"advanceBps": 3_333, "brokerBps": 499, "bondBps": bond}
    line = deal(amount=PRICE, token=money, broker=broker, resignPeriod=DAY, **rates).given("Open")
    advance = PRICE * 3_333 // 10_000
    missing = max(0, advance - line.bond)
    deposit = line.escrow.functions.deposit(SUPPLIER.address, line.terms["token"], missing)
    chain.send(deposit, by=SUPPLIER, value=missing if money == NATIVE else 0)

    with books.moves({BUYER: PRICE}, free={SUPPLIER: line.bond - advance}):
        receipt = line.send("resign", by=SUPPLIER)
    assert line.events(receipt)[0] == line.concluded("Resigned", by=SUPPLIER, to_buyer=PRICE)
    assert line.events(receipt)[-1] == line.freed(SUPPLIER, max(0, line.bond - advance))


def test_declining_needs_the_advance(chain: Chain, deal: Deals) -> None:
    line = deal(amount=PRICE, advanceBps=3_333, bondBps=1_000, resignPeriod=DAY).given("Open")
    missing = line.advance - line.bond
    deposit = line.escrow.functions.deposit(SUPPLIER.address, line.terms["token"], missing - 1)
    chain.send(deposit, by=SUPPLIER)
    with reverts(
        "SupplierEscrow_InsufficientBalance",
        owner=SUPPLIER.address,
        token=line.terms["token"],
        balance=line.advance - 1,
        needed=line.advance,
    ):
        line.send("resign", by=SUPPLIER)


@pytest.mark.parametrize("ends", ["period", "due"])
def test_f048_declining_ends_with_its_period(deal: Deals, books: Books, ends: str) -> None:
    changes = {"resignPeriod": 20 * DAY} | ({"dueBy": OPEN_BY} if ends == "due" else {})
    free, costly = (deal(bondBps=1_000, **changes).given("Open") for _ in range(2))
    end = OPEN_BY if ends == "due" else OPENING + 20 * DAY
    with books.moves({BUYER: free.amount}, free={SUPPLIER: free.bond}):
        free.send("resign", by=SUPPLIER, at=end - 1)
    with books.moves({BUYER: costly.amount + costly.bond}):
        costly.send("resign", by=SUPPLIER, at=end)


def test_nobody_declines_after_a_delivery(deal: Deals, books: Books) -> None:
    line = deal(bondBps=1_000, resignPeriod=300 * DAY, deliveryWindow=29 * DAY, cancelNotice=29 * DAY)
    line.secure()
    line.open()
    line.deliver(at=OPENING + 2 * DAY)
    line.reject(at=OPENING + 3 * DAY)
    with books.moves({BUYER: line.amount + line.bond}):
        line.send("resign", by=SUPPLIER, at=OPENING + 4 * DAY)


# With penalty


@IN_TOKENS_AND_COIN
@pytest.mark.parametrize("status", ["Open", "Rejected"])
def test_resigning_costs_the_bond(deal: Deals, books: Books, status: str, money: str | None) -> None:
    line = deal(amount=PRICE, token=money, bondBps=777).given(status)
    before, now = line.line, line.inspected + DAY
    with books.moves({BUYER: PRICE + up(PRICE, 777)}):
        receipt = line.send("resign", by=SUPPLIER, at=now)
    resigned = line.concluded("Resigned", by=SUPPLIER, to_buyer=PRICE, bond_to_buyer=up(PRICE, 777))
    assert line.events(receipt) == [resigned]
    assert line.line == before._replace(status="Closed", since=now, held=0)


def test_the_bond_alone_secures_the_advance(deal: Deals, books: Books) -> None:
    line = deal(amount=PRICE, advanceBps=5_000, bondBps=5_000).given("Open")
    with books.moves({BUYER: PRICE - line.advance + line.bond}):
        line.send("resign", by=SUPPLIER)


def test_goods_of_a_resigned_line_are_the_suppliers(deal: Deals, goods: Goods, assets: Contract) -> None:
    line = deal(goods=goods(2)).given("Rejected")
    line.send("resign", by=SUPPLIER)
    with line.refuses("SupplierEscrow_NotEntitled", caller=BUYER.address, entitled=SUPPLIER.address):
        line.send("collect", line.goods, by=BUYER)
    line.send("collect", line.goods, by=SUPPLIER)
    assert {assets.functions.ownerOf(each).call() for each in line.goods} == {SUPPLIER.address}


def test_an_operator_resigns(deal: Deals, lend: Lend, operator: Actor) -> None:
    line = deal().given("Open")
    lend(SUPPLIER, CHANGE)
    receipt = line.send("resign", by=operator)
    assert line.events(receipt)[0].arguments["by"] == operator.address
