"""ESC-8: silence pays from handover + transit + inspection on, and not a second earlier."""

import pytest
from web3.contract import Contract

from tests.support.actors import Actor
from tests.support.deals import DAY
from tests.support.lines import BUYER, Books, Deals, Goods, list_hash, up

GOODS_TO_BUYER = 1
PRICE = 1_000_000_007


@pytest.mark.parametrize("status", ["None", "Open", "Rejected", "Retained", "Closed", "Revoked"])
def test_only_a_delivery_is_deemed_accepted(deal: Deals, stranger: Actor, status: str) -> None:
    line = deal(retentionBps=1 if status == "Retained" else 0).given(status)
    with line.refuses_status(status):
        line.send("deemAccept", [], by=stranger, at=line.inspection_end)


@pytest.mark.parametrize("transit", [0, 3 * DAY])
def test_f048_silence_pays_from_the_inspections_end(deal: Deals, stranger: Actor, transit: int) -> None:
    line = deal(transit=transit).given("Delivered")
    end = line.handover + transit + line.agreed["inspection"]
    for now in (line.handover + 1, end - 1):
        with line.refuses("SupplierEscrow_TooEarly", nowAt=now, **{"from": end}):
            line.send("deemAccept", [], by=stranger, at=now)
    line.send("deemAccept", [], by=stranger, at=end)
    assert line.line.status == "Closed"


@pytest.mark.parametrize("who", ["stranger", "supplier", "buyer", "arbiter"])
def test_f060_anybody_closes_what_nobody_inspected(
    deal: Deals, books: Books, supplier: Actor, broker: Actor, who: str
) -> None:
    rates = {"lateBps": 123, "retentionBps": 333, "brokerBps": 499, "bondBps": 777}
    line = deal(amount=PRICE, broker=broker, arbiter=Actor("arbiter"), **rates).given("Open")
    line.deliver(at=line.due + 1)
    now = line.due + 9 * DAY
    damages = up(PRICE, 123)
    retained = up(PRICE - damages, 333)
    paid = PRICE - damages - retained
    brokerage = paid * 499 // 10_000
    with books.moves({BUYER: damages, supplier: paid - brokerage, broker: brokerage}):
        receipt = line.send("deemAccept", [], by=Actor(who), at=now)
    kept = line.concluded(
        "DeemedAccepted",
        by=Actor(who),
        to_supplier=paid,
        to_buyer=damages,
        retained=retained,
        goods_to_buyer=True,
    )
    assert line.events(receipt) == [kept]
    assert (line.line.status, line.line.since, line.line.flags) == ("Retained", now, GOODS_TO_BUYER)


def test_silence_hands_goods_over(deal: Deals, goods: Goods, assets: Contract, stranger: Actor) -> None:
    line = deal(goods=goods(2)).given("Delivered")
    receipt = line.send("deemAccept", line.goods, by=stranger, at=line.inspection_end)
    handed = line.event("GoodsHandedOver", to=BUYER.address, assets=tuple(line.goods), owedAfter=0)
    assert line.events(receipt)[1:] == [handed]
    assert {assets.functions.ownerOf(each).call() for each in line.goods} == {BUYER.address}


def test_silence_owes_goods(deal: Deals, goods: Goods, stranger: Actor) -> None:
    line = deal(goods=goods(2)).given("Delivered")
    line.send("deemAccept", [], by=stranger, at=line.inspection_end)
    assert line.custody == (list_hash(line.goods), 0b11)


def test_silence_hands_over_what_is_in_custody(deal: Deals, goods: Goods, stranger: Actor) -> None:
    line = deal(goods=goods(2)).given("Delivered")
    given, expected = (list_hash(listed).ljust(32, b"\0") for listed in (line.goods[:1], line.goods))
    with line.refuses("SupplierEscrow_WrongAssets", given=given, expected=expected):
        line.send("deemAccept", line.goods[:1], by=stranger, at=line.inspection_end)
