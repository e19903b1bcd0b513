"""The warranty's end: whoever calls, the supplier is paid."""

import pytest
from web3.contract import Contract

from tests.support.actors import Actor
from tests.support.deals import NATIVE
from tests.support.lines import BUYER, SUPPLIER, Books, Deals, Goods, Line, up

GOODS_TO_BUYER = 1
PRICE = 1_000_000_007


@pytest.mark.parametrize("status", ["None", "Open", "Delivered", "Rejected", "Closed", "Revoked"])
def test_only_a_retention_is_paid(deal: Deals, stranger: Actor, status: str) -> None:
    line = deal().given(status)
    with line.refuses_status(status):
        line.send("payRetention", by=stranger, at=line.retention_end)


def test_f048_a_retention_is_paid_from_its_end(deal: Deals, stranger: Actor) -> None:
    line = deal(retentionBps=500).given("Retained")
    end = line.retention_end
    with line.refuses("SupplierEscrow_TooEarly", nowAt=end - 1, **{"from": end}):
        line.send("payRetention", by=stranger, at=end - 1)
    line.send("payRetention", by=stranger, at=end)
    assert line.line.status == "Closed"


@pytest.mark.parametrize("money", [None, NATIVE], ids=["token", "coin"])
@pytest.mark.parametrize("who", ["stranger", "supplier", "buyer"])
def test_anybody_pays_a_retention(
    deal: Deals, books: Books, supplier: Actor, broker: Actor, who: str, money: str | None
) -> None:
    rates = {"retentionBps": 333, "brokerBps": 499, "bondBps": 777}
    line = deal(amount=PRICE, token=money, broker=broker, **rates).given("Retained")
    held = up(PRICE, 333)
    brokerage = held * 499 // 10_000
    with books.moves({supplier: held - brokerage, broker: brokerage}, free={supplier: up(PRICE, 777)}):
        receipt = line.send("payRetention", by=Actor(who), at=line.retention_end)
    paid = line.concluded("RetentionPaid", by=Actor(who), to_supplier=held, goods_to_buyer=True)
    assert line.events(receipt) == [paid, line.freed(supplier, up(PRICE, 777))]
    assert line.line == Line("Closed", GOODS_TO_BUYER, 0, line.retention_end, 0, line.on_its_way, 0)


def test_a_retention_without_a_period_is_paid_at_once(deal: Deals, stranger: Actor) -> None:
    line = deal(retentionBps=500, retention=0).given("Retained")
    line.send("payRetention", by=stranger, at=line.inspected)
    assert line.line.status == "Closed"


def test_f047_what_is_left_of_a_retention_is_paid(deal: Deals, books: Books, stranger: Actor) -> None:
    line = deal(amount=PRICE, retentionBps=10_000, bondBps=777).given("Retained")
    with books.moves({SUPPLIER: 100, BUYER: PRICE - 100}, free={SUPPLIER: line.bond}):
        line.send("pay", PRICE - 60, by=BUYER)
        line.send("refund", 40, by=SUPPLIER)
        line.send("payRetention", by=stranger, at=line.retention_end)


def test_goods_stay_the_buyers_after_the_retention(
    deal: Deals, goods: Goods, assets: Contract, stranger: Actor
) -> None:
    line = deal(goods=goods(2), retentionBps=500).given("Retained", goods_left=True)
    line.send("payRetention", by=stranger, at=line.inspection_end + line.agreed["retention"])
    with line.refuses("SupplierEscrow_NotEntitled", caller=SUPPLIER.address, entitled=BUYER.address):
        line.send("collect", line.goods, by=SUPPLIER)
    line.send("collect", line.goods, by=BUYER)
    assert {assets.functions.ownerOf(each).call() for each in line.goods} == {BUYER.address}
