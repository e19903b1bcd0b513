"""ESC-7: between a rejection and a termination lies the whole cure period; then all is the buyer's."""

import pytest
from web3.contract import Contract

from tests.support.actors import Actor
from tests.support.deals import DAY, NATIVE
from tests.support.lines import BUYER, SUPPLIER, Books, Deals, Goods, Lend, Line, up

CHANGE, EVERYTHING = 2, 0xFFFF
PRICE = 1_000_000_007


@pytest.mark.parametrize("who", ["supplier", "inspector", "stranger", "operator"])
def test_only_the_buyer_terminates(deal: Deals, lend: Lend, who: str) -> None:
    line = deal(inspector=Actor("inspector")).given("Open")
    lend(BUYER, EVERYTHING & ~CHANGE)
    with line.refuses("SupplierEscrow_NotBuyer", caller=Actor(who).address):
        line.send("terminate", by=Actor(who), at=line.long_stop)


@pytest.mark.parametrize("status", ["None", "Delivered", "Retained", "Closed", "Revoked"])
def test_only_undelivered_lines_are_terminated(deal: Deals, status: str) -> None:
    line = deal(retentionBps=1 if status == "Retained" else 0).given(status)
    with line.refuses_status(status):
        line.send("terminate", by=BUYER, at=line.long_stop)


@pytest.mark.parametrize("extension", [0, 10 * DAY])
def test_f048_terminating_begins_at_the_long_stop(deal: Deals, extension: int) -> None:
    line = deal().given("Open")
    if extension:
        line.send("extend", extension, by=BUYER)
    begins = line.long_stop + extension
    with line.refuses("SupplierEscrow_TooEarly", nowAt=begins - 1, **{"from": begins}):
        line.send("terminate", by=BUYER, at=begins - 1)
    line.send("terminate", by=BUYER, at=begins)
    assert line.line.status == "Closed"


@pytest.mark.parametrize("money", [None, NATIVE], ids=["token", "coin"])
def test_f061_the_buyer_ends_what_never_began(deal: Deals, books: Books, money: str | None) -> None:
    line = deal(amount=PRICE, token=money, bondBps=777, advanceBps=777).given("Open")
    held, bond = PRICE - PRICE * 777 // 10_000, up(PRICE, 777)
    with books.moves({BUYER: held + bond}):
        receipt = line.send("terminate", by=BUYER, at=line.long_stop)
    terminated = line.concluded("Terminated", by=BUYER, to_buyer=held, bond_to_buyer=bond)
    assert line.events(receipt) == [terminated]
    assert line.line == Line("Closed", 0, 0, line.long_stop, 0, 0, 0)


def test_an_operator_terminates(deal: Deals, lend: Lend, operator: Actor) -> None:
    line = deal().given("Open")
    lend(BUYER, CHANGE)
    receipt = line.send("terminate", by=operator, at=line.long_stop)
    assert line.events(receipt)[0].arguments["by"] == operator.address


def test_the_whole_cure_period_lies_before_a_termination(deal: Deals) -> None:
    line = deal(longStop=14 * DAY, transit=0).given("Open")
    line.deliver(at=line.long_stop - 1)
    rejected = line.long_stop + 4 * DAY  # gives four days and a second back
    line.reject(at=rejected)
    begins = rejected + line.agreed["cure"]
    assert begins == line.long_stop + 18 * DAY > line.long_stop + line.line.extra
    for now in (rejected, begins - 1):
        with line.refuses("SupplierEscrow_TooEarly", nowAt=now, **{"from": begins}):
            line.send("terminate", by=BUYER, at=now)
    line.send("terminate", by=BUYER, at=begins)
    assert line.line.status == "Closed"


def test_goods_of_a_terminated_line_are_the_suppliers(deal: Deals, goods: Goods, assets: Contract) -> None:
    line = deal(goods=goods(2)).given("Rejected")
    line.send("terminate", by=BUYER, at=line.long_stop + 30 * DAY)
    line.send("collect", line.goods, by=SUPPLIER)
    assert {assets.functions.ownerOf(each).call() for each in line.goods} == {SUPPLIER.address}
