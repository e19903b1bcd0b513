"""ESC-10: every asset in custody has exactly one entitled party, who can always come for it."""

import pytest
from web3.contract import Contract

from tests.support.actors import Actor
from tests.support.chain import Chain
from tests.support.deals import DAY
from tests.support.lines import BUYER, SUPPLIER, Books, Deal, Deals, Goods, Lend, list_hash

ASSETS, EVERYTHING = 32, 0xFFFF
NOTHING = bytes(32)


def word(assets: list[int]) -> bytes:
    """A list's hash as errors show it."""
    return list_hash(assets).ljust(32, b"\0")


@pytest.fixture
def stubborn(chain: Chain, deal: Deals, second_escrow: Contract, registry: Contract) -> Deal:
    """A line of three assets in the registry that holds goods back."""
    chain.send(registry.functions.register([11, 12, 13], SUPPLIER.address), by=SUPPLIER)
    return deal(escrow=second_escrow, goods=[11, 12, 13])


@pytest.mark.parametrize("status", ["None", "Open", "Delivered", "Revoked"])
def test_goods_are_collected_in_their_time(deal: Deals, goods: Goods, status: str) -> None:
    line = deal(goods=goods(1)).given(status)
    for party in (BUYER, SUPPLIER):
        with line.refuses_status(status):
            line.send("collect", line.goods, by=party)


# Accepted


@pytest.mark.parametrize("status", ["Retained", "Closed"])
@pytest.mark.parametrize("who", ["supplier", "inspector", "stranger", "operator"])
def test_accepted_goods_are_the_buyers(deal: Deals, goods: Goods, lend: Lend, status: str, who: str) -> None:
    line = deal(goods=goods(1), retentionBps=500 if status == "Retained" else 0).given(status)
    lend(BUYER, EVERYTHING & ~ASSETS)
    with line.refuses("SupplierEscrow_NotEntitled", caller=Actor(who).address, entitled=BUYER.address):
        line.send("collect", line.goods, by=Actor(who))


@pytest.mark.parametrize("status", ["Retained", "Closed"])
@pytest.mark.parametrize("who", ["buyer", "operator"])
def test_the_buyer_collects(
    deal: Deals, books: Books, goods: Goods, assets: Contract, lend: Lend, status: str, who: str
) -> None:
    line = deal(goods=goods(2), retentionBps=500 if status == "Retained" else 0).given(
        status, goods_left=True
    )
    lend(BUYER, ASSETS)
    before = line.line
    with books.moves():
        receipt = line.send("collect", line.goods, by=Actor(who))
    handed = line.event("GoodsHandedOver", to=BUYER.address, assets=tuple(line.goods), owedAfter=0)
    assert line.events(receipt) == [handed]
    assert {assets.functions.ownerOf(each).call() for each in line.goods} == {BUYER.address}
    assert line.custody == (bytes(24), 0)
    assert line.line == before


def test_goods_are_collected_once(deal: Deals, goods: Goods) -> None:
    line = deal(goods=goods(2)).given("Closed", goods_left=True)
    line.send("collect", line.goods, by=BUYER)
    with line.refuses("SupplierEscrow_WrongAssets", given=word(line.goods), expected=NOTHING):
        line.send("collect", line.goods, by=BUYER)


@pytest.mark.parametrize("change", ["empty", "fewer", "more", "order"])
def test_the_whole_list_is_collected(deal: Deals, goods: Goods, change: str) -> None:
    first, second, third = goods(3)
    line = deal(goods=[first, second]).given("Closed", goods_left=True)
    listed = {
        "empty": [],
        "fewer": [first],
        "more": [first, second, third],
        "order": [second, first],
    }[change]
    with line.refuses("SupplierEscrow_WrongAssets", given=word(listed), expected=word(line.goods)):
        line.send("collect", listed, by=BUYER)


# Rejected


def test_the_supplier_collects_what_was_rejected(deal: Deals, goods: Goods, assets: Contract) -> None:
    line = deal(goods=goods(2)).given("Rejected")
    receipt = line.send("collect", line.goods, by=SUPPLIER)
    handed = line.event("GoodsHandedOver", to=SUPPLIER.address, assets=tuple(line.goods), owedAfter=0)
    assert line.events(receipt) == [handed]
    assert {assets.functions.ownerOf(each).call() for each in line.goods} == {SUPPLIER.address}


def test_the_buyer_collects_nothing_rejected(deal: Deals, goods: Goods) -> None:
    line = deal(goods=goods(1)).given("Rejected")
    with line.refuses("SupplierEscrow_NotEntitled", caller=BUYER.address, entitled=SUPPLIER.address):
        line.send("collect", line.goods, by=BUYER)


def test_rejected_goods_are_collected_all_or_none(
    chain: Chain, stubborn: Deal, registry: Contract, second_escrow: Contract
) -> None:
    line = stubborn.given("Rejected")
    chain.send(registry.functions.holdBack([12], True), by=SUPPLIER)
    with line.refuses("SupplierEscrow_GoodsStuck", owed=0b010):
        line.send("collect", line.goods, by=SUPPLIER)
    assert {registry.functions.ownerOf(each).call() for each in line.goods} == {second_escrow.address}
    line.deliver(assets=[], at=line.inspected + DAY)
    assert line.custody == (list_hash(line.goods), 0b111)


# Held back


def test_goods_are_collected_one_by_one(chain: Chain, stubborn: Deal, registry: Contract) -> None:
    line = stubborn.given("Closed", goods_left=True)
    held = registry.functions.holdBack
    chain.send(held([11, 13], True), by=SUPPLIER)
    for free, owed in ((None, 0b101), (13, 0b001), (11, 0)):
        if free:
            chain.send(held([free], False), by=SUPPLIER)
        receipt = line.send("collect", line.goods, by=BUYER)
        handed = line.event("GoodsHandedOver", to=BUYER.address, assets=(11, 12, 13), owedAfter=owed)
        assert line.events(receipt) == [handed]
        assert line.custody == (list_hash(line.goods) if owed else bytes(24), owed)
    assert {registry.functions.ownerOf(each).call() for each in line.goods} == {BUYER.address}


def test_collecting_nothing_is_a_mistake(chain: Chain, stubborn: Deal, registry: Contract) -> None:
    line = stubborn.given("Closed", goods_left=True)
    chain.send(registry.functions.holdBack([11, 12, 13], True), by=SUPPLIER)
    with line.refuses("SupplierEscrow_GoodsStuck", owed=0b111):
        line.send("collect", line.goods, by=BUYER)


def test_there_is_nothing_to_collect_without_goods(deal: Deals, goods: Goods) -> None:
    line = deal().given("Closed")
    for listed in ([], goods(1)):
        with line.refuses("SupplierEscrow_WrongAssets", given=word(listed), expected=NOTHING):
            line.send("collect", listed, by=BUYER)


def test_goods_of_a_later_line_are_safe_from_an_earlier_one(
    chain: Chain, deal: Deals, second_escrow: Contract, registry: Contract
) -> None:
    """An asset handed over, delivered on and in custody again, while its old line still owes another."""
    chain.send(registry.functions.register([11, 12], SUPPLIER.address), by=SUPPLIER)
    old = deal(escrow=second_escrow, goods=[11, 12])
    later = deal(escrow=second_escrow, goods=[11], buyer=SUPPLIER, supplier=BUYER)
    later.open()
    old.open()
    old.deliver()
    chain.send(registry.functions.holdBack([12], True), by=SUPPLIER)
    old.accept(assets=[11, 12], at=old.handover + 60)
    later.deliver(at=old.handover + 120)

    with old.refuses("SupplierEscrow_GoodsStuck", owed=0b10):
        old.send("collect", [11, 12], by=BUYER)
    chain.send(registry.functions.holdBack([12], False), by=SUPPLIER)
    old.send("collect", [11, 12], by=BUYER)
    assert registry.functions.ownerOf(11).call() == second_escrow.address
    assert registry.functions.ownerOf(12).call() == BUYER.address
    assert later.custody == (list_hash([11]), 0b1)
