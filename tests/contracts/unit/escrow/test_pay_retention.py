"""Paying the retention: anyone, once the warranty is over."""

import pytest
from web3.contract import Contract

from tests.support.actors import Actor
from tests.support.lines import BUYER, Books, Deals, Goods, Line, down, up

GOODS_TO_BUYER = 1
PRICE = 1_000_000_007  # divides by nothing


@pytest.mark.parametrize("status", ["None", "Open", "Delivered", "Rejected", "Closed", "Revoked"])
def test_only_retained_lines_pay_their_retention(deal: Deals, stranger: Actor, status: str) -> None:
    line = deal().given(status)
    with line.refuses_status(status):
        line.send("payRetention", by=stranger)


def test_f048_the_retention_is_paid_from_its_end(deal: Deals, stranger: Actor) -> None:
    line = deal(retentionBps=500).given("Retained")
    end = line.retention_end
    with line.refuses("SupplierEscrow_TooEarly", nowAt=end - 1, **{"from": end}):
        line.send("payRetention", by=stranger, at=end - 1)
    line.send("payRetention", by=stranger, at=end)
    assert line.line == Line("Closed", GOODS_TO_BUYER, 0, end, 0, 0, 0)


@pytest.mark.parametrize("who", ["buyer", "supplier", "stranger"])
def test_anyone_pays_the_retention(deal: Deals, books: Books, supplier: Actor, who: str) -> None:
    line = deal(amount=PRICE, retentionBps=777, bondBps=333).given("Retained")
    kept = up(PRICE, 777)
    with books.moves({supplier: kept}, free={supplier: line.bond}):
        receipt = line.send("payRetention", by=Actor(who), at=line.retention_end)
    assert line.events(receipt) == [
        line.concluded("RetentionPaid", by=Actor(who), to_supplier=kept, goods_to_buyer=True),
        line.freed(supplier, line.bond),
    ]


def test_the_broker_has_its_part_of_the_retention(
    deal: Deals, books: Books, supplier: Actor, broker: Actor
) -> None:
    line = deal(amount=PRICE, retentionBps=777, brokerBps=333, broker=broker).given("Retained")
    kept = up(PRICE, 777)
    part = down(kept, 333)
    with books.moves({supplier: kept - part, broker: part}):
        line.send("payRetention", by=broker, at=line.retention_end)


@pytest.mark.parametrize("way", ["pay", "refund"])
def test_an_empty_retention_frees_the_bond(deal: Deals, books: Books, supplier: Actor, way: str) -> None:
    line = deal(retentionBps=500, bondBps=500).given("Retained")
    line.send(way, 0, by=BUYER if way == "pay" else supplier)
    with books.moves(free={supplier: line.bond}):
        line.send("payRetention", by=supplier, at=line.retention_end)
    assert line.line.status == "Closed"


def test_goods_stay_the_buyers_after_the_retention(
    deal: Deals, goods: Goods, supplier: Actor, assets: Contract
) -> None:
    line = deal(retentionBps=500, goods=goods(2)).given("Retained")
    line.send("payRetention", by=supplier, at=line.retention_end)
    with line.refuses("SupplierEscrow_NotEntitled", caller=supplier.address, entitled=BUYER.address):
        line.send("collect", line.goods, by=supplier)
    line.send("collect", line.goods, by=BUYER)
    assert {assets.functions.ownerOf(each).call() for each in line.goods} == {BUYER.address}
