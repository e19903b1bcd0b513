"""Terminating: after the long stop a line that was not performed is the buyer's, bond included."""

import pytest
from web3.contract import Contract

from tests.support.actors import Actor
from tests.support.deals import DAY, delivery
from tests.support.lines import BUYER, Books, Deals, Goods, Lend, up

CHANGE, EVERYTHING = 2, 0xFFFF
PRICE = 1_000_000_007  # divides by nothing


@pytest.mark.parametrize("who", ["supplier", "inspector", "arbiter", "stranger", "operator"])
def test_only_the_buyer_terminates(deal: Deals, lend: Lend, who: str) -> None:
    line = deal(inspector=Actor("inspector"), arbiter=Actor("arbiter")).given("Open")
    lend(BUYER, EVERYTHING & ~CHANGE)
    with line.refuses("SupplierEscrow_NotBuyer", caller=Actor(who).address):
        line.send("terminate", by=Actor(who), at=line.long_stop)


def test_an_operator_terminates_for_the_buyer(deal: Deals, lend: Lend, operator: Actor) -> None:
    line = deal().given("Open")
    lend(BUYER, CHANGE)
    line.send("terminate", by=operator, at=line.long_stop)
    assert line.line.status == "Closed"


@pytest.mark.parametrize("status", ["None", "Delivered", "Retained", "Closed", "Revoked"])
def test_only_unperformed_lines_are_terminated(deal: Deals, status: str) -> None:
    line = deal(retentionBps=1 if status == "Retained" else 0).given(status)
    with line.refuses_status(status):
        line.send("terminate", by=BUYER, at=line.long_stop + 365 * DAY)


def test_f048_a_line_is_terminated_from_the_long_stop(deal: Deals) -> None:
    line = deal().given("Open")
    stop = line.long_stop
    with line.refuses("SupplierEscrow_TooEarly", nowAt=stop - 1, **{"from": stop}):
        line.send("terminate", by=BUYER, at=stop - 1)
    line.send("terminate", by=BUYER, at=stop)
    assert line.line.status == "Closed"


def test_an_extension_delays_termination(deal: Deals) -> None:
    line = deal().given("Open")
    line.send("extend", DAY, by=BUYER)
    later = line.long_stop + DAY
    with line.refuses("SupplierEscrow_TooEarly", nowAt=later - 1, **{"from": later}):
        line.send("terminate", by=BUYER, at=later - 1)


def test_f061_termination_pays_the_buyer(deal: Deals, books: Books) -> None:
    line = deal(amount=PRICE, bondBps=777, advanceBps=1_234).given("Open")
    held, bond = PRICE - line.advance, up(PRICE, 777)
    with books.moves({BUYER: held + bond}):
        receipt = line.send("terminate", by=BUYER, at=line.long_stop)
    concluded = line.concluded("Terminated", by=BUYER, to_buyer=held, bond_to_buyer=bond)
    assert line.events(receipt) == [concluded]


def test_esc_7_the_cure_period_comes_before_termination(deal: Deals) -> None:
    line = deal(inspection=30 * DAY).given("Delivered")
    rejected = line.inspection_end - 1
    line.reject(at=rejected)
    cured = max(line.due + line.line.extra + line.agreed["longStop"], rejected + line.agreed["cure"])
    with line.refuses("SupplierEscrow_TooEarly", nowAt=cured - 1, **{"from": cured}):
        line.send("terminate", by=BUYER, at=cured - 1)


def test_f048_delivering_and_terminating_meet(deal: Deals, supplier: Actor) -> None:
    kept, ended = (deal(longStop=14 * DAY).given("Open") for _ in range(2))
    rejected = kept.inspection_end - 1
    for line in (kept, ended):
        line.deliver()
    for line in (kept, ended):
        line.reject(at=rejected)
    stop = max(kept.due + kept.line.extra + 14 * DAY, rejected + 14 * DAY)
    kept.deliver(at=stop - 1)
    with ended.refuses("SupplierEscrow_TooLate", nowAt=stop, before=stop):
        ended.send("deliver", delivery(), by=supplier, at=stop)
    ended.send("terminate", by=BUYER, at=stop)
    assert (kept.line.status, ended.line.status) == ("Delivered", "Closed")


def test_a_terminated_supplier_collects_its_goods(
    deal: Deals, goods: Goods, supplier: Actor, assets: Contract
) -> None:
    line = deal(goods=goods(2)).given("Rejected")
    line.send("terminate", by=BUYER, at=line.long_stop + 365 * DAY)
    line.send("collect", line.goods, by=supplier)
    assert {assets.functions.ownerOf(each).call() for each in line.goods} == {supplier.address}
