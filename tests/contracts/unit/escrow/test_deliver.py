"""Handing over: in its window, with its delay fixed, goods into custody."""

import pytest
from eth_abi.abi import encode
from eth_utils.crypto import keccak
from web3.contract import Contract

from fabricant.chain.answers import Receipt
from tests.support.actors import Actor
from tests.support.assets import Kind, Registration, asset_id, namespace_of
from tests.support.chain import Chain
from tests.support.deals import DAY, HOUR, delivery
from tests.support.lines import (
    OPENING,
    SUPPLIER,
    Books,
    Deal,
    Deals,
    Goods,
    Lend,
    Line,
    list_hash,
)
from tests.support.reverts import reverts

QUALITY, ASSETS, EVERYTHING = 4, 32, 0xFFFF
NO_LIMIT = 2**32 - 1


def deliverables(assets: list[int], quantities: list[int]) -> bytes:
    """What the terms say of exact goods."""
    return keccak(encode(["uint256[]", "uint128[]"], [assets, quantities]))


@pytest.mark.parametrize("who", ["buyer", "inspector", "arbiter", "stranger", "operator"])
def test_only_the_supplier_delivers(deal: Deals, lend: Lend, supplier: Actor, who: str) -> None:
    line = deal(inspector=Actor("inspector"), arbiter=Actor("arbiter")).given("Open")
    lend(supplier, EVERYTHING & ~QUALITY)
    with line.refuses("SupplierEscrow_NotSupplier", caller=Actor(who).address):
        line.deliver(by=Actor(who))


def test_an_operator_needs_both_roles_to_deliver_goods(
    deal: Deals, goods: Goods, lend: Lend, supplier: Actor, operator: Actor
) -> None:
    line, bare = deal(goods=goods(1)).given("Open"), deal().given("Open")
    for roles in (QUALITY, ASSETS):
        lend(supplier, roles)
        with line.refuses("SupplierEscrow_NotSupplier", caller=operator.address):
            line.deliver(by=operator)
    lend(supplier, QUALITY)
    bare.deliver(by=operator, at=bare.handover)
    lend(supplier, QUALITY | ASSETS)
    line.deliver(by=operator, at=line.handover + 60)
    assert line.line.status == bare.line.status == "Delivered"


@pytest.mark.parametrize("status", ["None", "Delivered", "Retained", "Closed", "Revoked"])
def test_only_open_and_rejected_lines_are_delivered(deal: Deals, status: str) -> None:
    line = deal(retentionBps=1 if status == "Retained" else 0).given(status)
    with line.refuses_status(status):
        line.send("deliver", delivery(), by=SUPPLIER)


# When


def test_f048_delivery_begins_with_its_window(deal: Deals) -> None:
    line = deal().given("Open")
    begins = line.deliverable_from
    with line.refuses("SupplierEscrow_TooEarly", nowAt=begins - 1, **{"from": begins}):
        line.deliver(at=begins - 1)
    line.deliver(at=begins)
    assert line.line.status == "Delivered"


def test_a_window_may_be_longer_than_time(deal: Deals) -> None:
    line = deal(deliveryWindow=NO_LIMIT, cancelNotice=NO_LIMIT).given("Open")
    line.deliver(at=OPENING + 1)
    assert line.line.status == "Delivered"


def test_f048_delivery_ends_at_the_long_stop(deal: Deals) -> None:
    line, late = deal().given("Open"), deal().given("Open")
    line.deliver(at=line.long_stop - 1)
    for now in (line.long_stop, line.long_stop + 1):
        with late.refuses("SupplierEscrow_TooLate", nowAt=now, before=line.long_stop):
            late.deliver(at=now)


def test_an_extension_moves_the_long_stop(deal: Deals, buyer: Actor) -> None:
    line = deal().given("Open")
    line.send("extend", 10 * DAY, by=buyer)
    end = line.long_stop + 10 * DAY
    with line.refuses("SupplierEscrow_TooLate", nowAt=end, before=end):
        line.deliver(at=end)


def test_a_rejection_leaves_the_cure_period(chain: Chain, deal: Deals) -> None:
    line = deal(longStop=14 * DAY).given("Open")
    line.deliver(at=line.long_stop - 1)
    rejected = line.long_stop + 2 * DAY  # while the goods are on their way: no time is given back
    line.reject(at=rejected)
    end = rejected + line.agreed["cure"]
    chain.warp(end - 1)
    assert line.attempt("deliver", delivery(), by=SUPPLIER) is None
    with line.refuses("SupplierEscrow_TooLate", nowAt=end, before=end):
        line.deliver(at=end)


# What is recorded


def told(line: Deal, receipt: Receipt, *, late: int, arrives: int) -> None:
    said = delivery(line.goods) | {"assets": tuple(line.goods)}
    event = line.event("LineDelivered", by=SUPPLIER.address, lateIntervals=late, arrivesAt=arrives, **said)
    assert line.events(receipt) == [event]


@pytest.mark.parametrize("transit", [0, 1, 3 * DAY, 2 * 365 * DAY])
def test_a_delivery_is_recorded(deal: Deals, books: Books, transit: int) -> None:
    line = deal(transit=transit, bondBps=500).given("Open")
    with books.moves():
        receipt = line.deliver(at=line.handover)
    told(line, receipt, late=0, arrives=line.handover + transit)
    assert line.line == Line("Delivered", 0, 0, line.handover + transit, 0, transit, line.amount)
    assert line.custody == (bytes(24), 0)


@pytest.mark.parametrize(
    ("after", "late"), [(-DAY, 0), (0, 0), (1, 1), (DAY, 1), (DAY + 1, 2), (20 * DAY, 20), (20 * DAY + 1, 21)]
)
def test_f048_late_intervals_are_commenced_ones(deal: Deals, after: int, late: int) -> None:
    line = deal().given("Open")
    receipt = line.deliver(at=line.due + after)
    told(line, receipt, late=late, arrives=line.due + after + line.agreed["transit"])
    assert line.line.late_intervals == late


def test_an_extension_is_no_delay(deal: Deals, buyer: Actor) -> None:
    line = deal().given("Open")
    line.send("extend", 10 * DAY, by=buyer)
    line.deliver(at=line.due + 10 * DAY + 1)
    assert line.line.late_intervals == 1


def test_a_redelivery_counts_its_delay_anew(deal: Deals) -> None:
    line = deal(transit=0).given("Open")
    line.deliver(at=line.due + 2 * DAY)
    line.reject(at=line.due + 5 * DAY + HOUR)  # the inspection took three days and an hour
    line.deliver(at=line.due + 6 * DAY + 2 * HOUR)
    assert line.line.late_intervals == 4  # three days and an hour, commenced
    assert line.line.rejections == 1


# Goods


def test_goods_go_into_custody(
    deal: Deals, books: Books, assets: Contract, goods: Goods, escrow: Contract
) -> None:
    products = goods(3)
    line = deal(goods=products).given("Open")
    with books.moves():
        receipt = line.deliver()
    told(line, receipt, late=0, arrives=line.arrival)
    assert line.custody == (list_hash(products), 0b111)
    assert {assets.functions.ownerOf(each).call() for each in products} == {escrow.address}


@pytest.mark.parametrize(("agreed", "given"), [(2, 0), (2, 1), (2, 3), (0, 1)])
def test_the_agreed_number_of_goods_is_delivered(deal: Deals, goods: Goods, agreed: int, given: int) -> None:
    products = goods(3)
    line = deal(goods=products[:agreed]).given("Open")
    with line.refuses("SupplierEscrow_WrongAssetCount", given=given, expected=agreed):
        line.deliver(assets=products[:given])


@pytest.fixture
def lot(chain: Chain, assets: Contract, supplier: Actor) -> int:
    """500 kilograms of the supplier's steel."""
    registered = Registration("heat 4711", Kind.LOT, supplier.address, 500, b"KGM")
    chain.send(assets.functions.register(namespace_of(supplier), registered), by=supplier)
    return asset_id(namespace_of(supplier), "heat 4711")


def test_f059_the_agreed_goods_are_delivered(deal: Deals, goods: Goods, lot: int) -> None:
    listed = [*goods(1), lot]
    line = deal(goods=listed, deliverables=deliverables(listed, [1, 500])).given("Open")
    line.deliver()
    assert line.custody == (list_hash(listed), 0b11)


@pytest.mark.parametrize("change", ["quantity", "order", "asset"])
def test_f059_other_goods_or_quantities_are_refused(deal: Deals, goods: Goods, lot: int, change: str) -> None:
    product, other = goods(2)
    agreed = deliverables([product, lot], [1, 501 if change == "quantity" else 500])
    listed = {"quantity": [product, lot], "order": [lot, product], "asset": [other, lot]}[change]
    given = deliverables(listed, [500, 1] if change == "order" else [1, 500])
    line = deal(goods=listed, deliverables=agreed).given("Open")
    with line.refuses("SupplierEscrow_WrongAssets", given=given, expected=agreed):
        line.deliver()


def test_lent_goods_are_not_delivered(
    chain: Chain, deal: Deals, goods: Goods, assets: Contract, user: Actor
) -> None:
    products = goods(2)
    line = deal(goods=products).given("Open")
    chain.send(assets.functions.setUser(products[1], user.address, line.handover + 1), by=SUPPLIER)
    with reverts("AssetRegistry_InUse", id=products[1], user=user.address, until=line.handover + 1):
        line.deliver(at=line.handover)
    line.deliver(at=line.handover + 1)
    assert line.line.status == "Delivered"


def test_only_the_suppliers_own_goods_are_delivered(
    deal: Deals, goods: Goods, buyer: Actor, supplier: Actor
) -> None:
    foreign = goods(1, owner=buyer)
    line = deal(goods=foreign).given("Open")
    error = reverts(
        "AssetRegistry_WrongFrom", id=foreign[0], **{"from": supplier.address, "owner": buyer.address}
    )
    with error:
        line.deliver()


def test_one_asset_is_delivered_once(deal: Deals, goods: Goods, supplier: Actor, escrow: Contract) -> None:
    (product,) = goods(1)
    line = deal(goods=[product, product]).given("Open")
    error = reverts(
        "AssetRegistry_WrongFrom", id=product, **{"from": supplier.address, "owner": escrow.address}
    )
    with error:
        line.deliver()


def test_the_escrow_must_be_approved(
    chain: Chain, deal: Deals, goods: Goods, assets: Contract, escrow: Contract
) -> None:
    line = deal(goods=goods(1)).given("Open")
    chain.send(assets.functions.setApprovalForAll(escrow.address, False), by=SUPPLIER)
    with reverts("AssetRegistry_NotApproved", id=line.goods[0], caller=escrow.address):
        line.deliver()


def test_a_line_delivers_up_to_64_assets(deal: Deals, goods: Goods) -> None:
    line = deal(goods=goods(64)).given("Open")
    line.deliver()
    assert line.custody == (list_hash(line.goods), 2**64 - 1)


def test_goods_are_in_one_custody(deal: Deals, goods: Goods, supplier: Actor, escrow: Contract) -> None:
    products = goods(1)
    line, other = deal(goods=products).given("Open"), deal(goods=products).given("Open")
    line.deliver()
    error = reverts(
        "AssetRegistry_WrongFrom", id=products[0], **{"from": supplier.address, "owner": escrow.address}
    )
    with error:
        other.deliver()


def test_a_redelivery_keeps_the_goods_that_are_here(deal: Deals, goods: Goods) -> None:
    line = deal(goods=goods(2)).given("Rejected")
    receipt = line.deliver(assets=[], at=line.inspected + DAY)
    assert line.events(receipt)[0].arguments["assets"] == ()
    assert line.custody == (list_hash(line.goods), 0b11)


def test_a_redelivery_of_goods_that_are_here_is_empty(deal: Deals, goods: Goods) -> None:
    line = deal(goods=goods(2)).given("Rejected")
    with line.refuses("SupplierEscrow_WrongAssetCount", given=2, expected=0):
        line.deliver(at=line.inspected + DAY)


def test_a_redelivery_after_collection_is_full(deal: Deals, goods: Goods, supplier: Actor) -> None:
    line = deal(goods=goods(2)).given("Rejected")
    line.send("collect", line.goods, by=supplier)
    with line.refuses("SupplierEscrow_WrongAssetCount", given=0, expected=2):
        line.deliver(assets=[], at=line.inspected + DAY)
    replaced = goods(2, batch="replacement")
    line.deliver(assets=replaced, at=line.inspected + DAY + 60)
    assert line.custody == (list_hash(replaced), 0b11)
