"""Whoever calls chooses the gas, but can't starve a payout into a credit, nor goods out of custody."""

from collections.abc import Callable
from contextlib import suppress

import pytest
from web3.contract import Contract

from tests.support.actors import Actor
from tests.support.chain import Chain, call_data
from tests.support.deals import NATIVE
from tests.support.decoding import VOCABULARY
from tests.support.lines import BUYER, OPENING, SUPPLIER, Deal, Deals, Goods, Lend, list_hash
from tests.support.reverts import Reverted

OPEN = 1
BURNS_GAS = 2  # of MockParty
PAYOUT_GAS = 200_000
BEFORE_PAYOUT = PAYOUT_GAS * 64 // 63 + 40_000


@pytest.fixture
def hungry(chain: Chain, deal: Deals, lend: Lend, party: Callable[[], Contract]) -> Deal:
    """A line in coin whose supplier needs almost 200,000 gas to receive it: it writes to seven new slots."""
    supplier, notes = party(), party()
    lend(supplier, OPEN)
    line = deal(token=NATIVE, supplier=supplier, signer=Actor("operator")).given("Open")
    note = notes.functions.setCall(notes.address, b"\xff" * 160)
    chain.send(supplier.functions.setCall(notes.address, call_data(note)), by=BUYER)
    return line


def test_f016_too_little_gas_is_said(deal: Deals) -> None:
    line = deal(token=NATIVE).given("Open")
    with pytest.raises(Reverted) as refused:
        line.send("pay", 1, by=BUYER, gas=270_000)
    said = VOCABULARY.error(refused.value.data)
    assert said.name == "SupplierEscrow_TooLittleGas"
    assert said.arguments["needed"] == BEFORE_PAYOUT
    assert said.arguments["gasLeft"] < BEFORE_PAYOUT


def test_f016_nobody_is_starved_into_credit(chain: Chain, hungry: Deal) -> None:
    line, supplier = hungry, hungry.supplier
    ready, outcomes = chain.local.snapshot(), []
    for gas in range(230_000, 320_000, 3_000):
        with suppress(Reverted):
            line.send("pay", line.amount - 7, by=BUYER, at=OPENING + 60, gas=gas)
        outcomes.append((chain.balance(supplier), line.free(supplier), line.line.held))
        chain.local.revert(ready)
        ready = chain.local.snapshot()
    assert set(outcomes) == {(0, 0, line.amount), (7, 0, line.amount - 7)}
    assert outcomes == sorted(outcomes)
    assert line.send("pay", line.amount - 7, by=BUYER).gas_used > 230_000


def test_f016_what_is_left_is_enough_to_credit(
    chain: Chain, deal: Deals, lend: Lend, party: Callable[[], Contract]
) -> None:
    """A receiver that burns all it is given: above the least gas a call credits, below it says so."""
    supplier = party()
    lend(supplier, OPEN)
    line = deal(token=NATIVE, supplier=supplier, signer=Actor("operator")).given("Open")
    chain.send(supplier.functions.setManner(BURNS_GAS), by=BUYER)
    ready, outcomes = chain.local.snapshot(), []
    for gas in range(270_000, 310_000, 1_000):
        try:
            line.send("pay", line.amount - 7, by=BUYER, at=OPENING + 60, gas=gas)
            outcomes.append("credited")
            assert line.free(supplier) == 7
        except Reverted as refused:
            outcomes.append(VOCABULARY.error(refused.data).name)
        chain.local.revert(ready)
        ready = chain.local.snapshot()
    assert set(outcomes) == {"SupplierEscrow_TooLittleGas", "credited"}
    assert outcomes == sorted(outcomes)


def test_starved_goods_are_owed(chain: Chain, deal: Deals, goods: Goods, assets: Contract) -> None:
    """A line that pays nothing any more may be accepted with any gas; ESC-10 holds all the same."""
    line = deal(goods=goods(2)).given("Delivered")
    line.send("refund", 0, by=SUPPLIER)
    ready, outcomes = chain.local.snapshot(), set()
    for gas in range(60_000, 200_000, 7_000):
        with suppress(Reverted):
            line.accept(assets=line.goods, gas=gas)
        kept, owed = line.custody
        owners = [assets.functions.ownerOf(each).call() for each in line.goods]
        here = [owner == line.escrow.address for owner in owners]
        assert here == [bool(owed >> number & 1) for number in range(2)]
        assert kept == (list_hash(line.goods) if owed else bytes(24))
        outcomes.add((line.line.status, owed))
        chain.local.revert(ready)
        ready = chain.local.snapshot()
    assert {("Delivered", 0b11), ("Closed", 0)} <= outcomes
