"""Resigning: the supplier does not perform; early it costs nothing, later the bond."""

import pytest
from web3.contract import Contract

from tests.support.actors import Actor
from tests.support.deals import DAY
from tests.support.lines import BUYER, DUE_BY, OPENING, Books, Deals, Goods, Lend, up
from tests.support.reverts import reverts

CHANGE, EVERYTHING = 2, 0xFFFF
PRICE = 1_000_000_007  # divides by nothing


@pytest.mark.parametrize("who", ["buyer", "inspector", "arbiter", "stranger", "operator"])
def test_only_the_supplier_resigns(deal: Deals, lend: Lend, supplier: Actor, who: str) -> None:
    line = deal(inspector=Actor("inspector"), arbiter=Actor("arbiter")).given("Open")
    lend(supplier, EVERYTHING & ~CHANGE)
    with line.refuses("SupplierEscrow_NotSupplier", caller=Actor(who).address):
        line.send("resign", by=Actor(who))


def test_an_operator_resigns_for_the_supplier(
    deal: Deals, lend: Lend, supplier: Actor, operator: Actor
) -> None:
    line = deal().given("Open")
    lend(supplier, CHANGE)
    line.send("resign", by=operator)
    assert line.line.status == "Closed"


@pytest.mark.parametrize("status", ["None", "Delivered", "Retained", "Closed", "Revoked"])
def test_only_unperformed_lines_are_resigned(deal: Deals, supplier: Actor, status: str) -> None:
    line = deal(retentionBps=1 if status == "Retained" else 0).given(status)
    with line.refuses_status(status):
        line.send("resign", by=supplier)


def test_f048_resigning_early_costs_nothing(deal: Deals, books: Books, supplier: Actor) -> None:
    line = deal(amount=PRICE, resignPeriod=DAY, bondBps=777).given("Open")
    with books.moves({BUYER: PRICE}, free={supplier: line.bond}):
        receipt = line.send("resign", by=supplier, at=OPENING + DAY - 1)
    assert line.events(receipt) == [
        line.concluded("Resigned", by=supplier, to_buyer=PRICE),
        line.freed(supplier, line.bond),
    ]


def test_f048_resigning_late_costs_the_bond(deal: Deals, books: Books, supplier: Actor) -> None:
    line = deal(amount=PRICE, resignPeriod=DAY, bondBps=777).given("Open")
    bond = up(PRICE, 777)
    with books.moves({BUYER: PRICE + bond}):
        receipt = line.send("resign", by=supplier, at=OPENING + DAY)
    concluded = line.concluded("Resigned", by=supplier, to_buyer=PRICE, bond_to_buyer=bond)
    assert line.events(receipt) == [concluded]


def test_f048_the_resign_period_ends_with_the_due_date(deal: Deals, books: Books, supplier: Actor) -> None:
    early, late = (deal(resignPeriod=365 * DAY, bondBps=500).given("Open") for _ in range(2))
    with books.moves({BUYER: early.amount}, free={supplier: early.bond}):
        early.send("resign", by=supplier, at=DUE_BY - 1)
    with books.moves({BUYER: late.amount + late.bond}):
        late.send("resign", by=supplier, at=DUE_BY)


def test_resigning_early_returns_the_gross_advance(
    deal: Deals, books: Books, supplier: Actor, broker: Actor, escrow: Contract, token: Contract
) -> None:
    line = deal(amount=PRICE, resignPeriod=DAY, advanceBps=3_000, brokerBps=500, broker=broker).given("Open")
    line.chain.send(escrow.functions.deposit(supplier.address, token.address, line.advance), by=supplier)
    with books.moves({BUYER: PRICE}, free={supplier: -line.advance}):
        receipt = line.send("resign", by=supplier)
    assert line.events(receipt) == [
        line.concluded("Resigned", by=supplier, to_buyer=PRICE - line.advance),
        line.freed(supplier, 0),
    ]


def test_the_freed_bond_counts_for_the_advance(deal: Deals, books: Books, supplier: Actor) -> None:
    line = deal(amount=PRICE, resignPeriod=DAY, advanceBps=500, bondBps=500).given("Open")
    with books.moves({BUYER: PRICE}, free={supplier: line.bond - line.advance}):
        line.send("resign", by=supplier)


def test_resigning_early_needs_the_advance(deal: Deals, supplier: Actor, token: Contract) -> None:
    line = deal(amount=PRICE, resignPeriod=DAY, advanceBps=500, bondBps=499).given("Open")
    short = {
        "owner": supplier.address,
        "token": token.address,
        "balance": line.bond,
        "needed": line.advance,
    }
    with reverts("SupplierEscrow_InsufficientBalance", **short):
        line.send("resign", by=supplier)
    assert line.line.status == "Open"


def test_resigning_after_a_rejection_costs_the_bond(
    deal: Deals, books: Books, goods: Goods, supplier: Actor, assets: Contract
) -> None:
    line = deal(resignPeriod=365 * DAY, bondBps=500, goods=goods(2)).given("Rejected")
    with books.moves({BUYER: line.amount + line.bond}):
        line.send("resign", by=supplier)
    line.send("collect", line.goods, by=supplier)
    assert {assets.functions.ownerOf(each).call() for each in line.goods} == {supplier.address}
