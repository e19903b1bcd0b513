"""Rejecting: in time, so many times, by the one who inspects; the supplier may deliver again."""

import pytest

from tests.support.actors import Actor
from tests.support.deals import DAY, HOUR
from tests.support.lines import BUYER, REASON, Books, Deals, Goods, Lend, Line, list_hash

QUALITY, EVERYTHING = 4, 0xFFFF


@pytest.mark.parametrize("who", ["inspector", "operator"])
def test_the_inspector_rejects(deal: Deals, books: Books, lend: Lend, inspector: Actor, who: str) -> None:
    line = deal(inspector=inspector, bondBps=1_000).given("Delivered")
    lend(inspector, QUALITY)
    with books.moves():
        receipt = line.reject(by=Actor(who))
    rejected = line.event(
        "LineRejected",
        by=Actor(who).address,
        reason=REASON,
        rejectionsAfter=1,
        extraAfter=line.on_its_way + DAY,
    )
    assert line.events(receipt) == [rejected]
    assert line.line == Line("Rejected", 0, 1, line.inspected, 0, line.on_its_way + DAY, line.amount)


@pytest.mark.parametrize("who", ["buyer", "supplier", "stranger", "operator"])
def test_rejecting_is_the_inspectors_alone(deal: Deals, lend: Lend, inspector: Actor, who: str) -> None:
    line = deal(inspector=inspector).given("Delivered")
    lend(BUYER, EVERYTHING)
    lend(inspector, EVERYTHING & ~QUALITY)
    with line.refuses("SupplierEscrow_NotInspector", caller=Actor(who).address):
        line.reject(by=Actor(who))


@pytest.mark.parametrize("who", ["buyer", "operator"])
def test_the_buyer_rejects_without_an_inspector(deal: Deals, lend: Lend, who: str) -> None:
    line = deal().given("Delivered")
    lend(BUYER, QUALITY)
    line.reject(by=Actor(who))
    assert line.line.status == "Rejected"


@pytest.mark.parametrize("who", ["supplier", "arbiter", "stranger", "operator"])
def test_nobody_else_rejects(deal: Deals, lend: Lend, who: str) -> None:
    line = deal(arbiter=Actor("arbiter")).given("Delivered")
    lend(BUYER, EVERYTHING & ~QUALITY)
    with line.refuses("SupplierEscrow_NotInspector", caller=Actor(who).address):
        line.reject(by=Actor(who))


@pytest.mark.parametrize("status", ["None", "Open", "Rejected", "Retained", "Closed", "Revoked"])
def test_only_a_delivery_is_rejected(deal: Deals, status: str) -> None:
    line = deal(retentionBps=1 if status == "Retained" else 0).given(status)
    with line.refuses_status(status):
        line.send("reject", REASON, by=BUYER)


def test_f048_rejecting_ends_with_the_inspection(deal: Deals) -> None:
    line, late = deal().given("Open"), deal().given("Open")
    line.deliver()
    late.deliver()
    line.reject(at=line.inspection_end - 1)
    assert line.line.status == "Rejected"
    for now in (late.inspection_end, late.inspection_end + 1):
        with late.refuses("SupplierEscrow_TooLate", nowAt=now, before=late.inspection_end):
            late.reject(at=now)


@pytest.mark.parametrize("most", [0, 1, 2, 16])
def test_only_so_many_deliveries_are_rejected(deal: Deals, most: int) -> None:
    line = deal(maxRejections=most, transit=0).given("Delivered")
    for number in range(most):
        line.reject(at=line.handover + 2 * number + 1)
        line.deliver(at=line.handover + 2 * number + 2)
    assert line.line.rejections == most
    with line.refuses("SupplierEscrow_RejectionsUsedUp", rejections=most):
        line.reject(at=line.handover + 2 * most + 2)


@pytest.mark.parametrize("before", [1, DAY])
def test_the_time_on_their_way_is_given_back(deal: Deals, before: int) -> None:
    line = deal().given("Delivered")
    line.reject(at=line.arrival - before)
    way = line.on_its_way - before
    assert line.line == Line("Rejected", 0, 1, line.arrival - before, 0, way, line.amount)


@pytest.mark.parametrize("after", [0, 2 * HOUR])
def test_the_time_of_confirmed_goods_is_given_back(deal: Deals, after: int) -> None:
    line = deal().given("Delivered")
    line.send("confirmReceipt", by=BUYER, at=line.handover + HOUR)
    line.reject(at=line.handover + HOUR + after)
    assert line.line.extra == HOUR + after


def test_a_rejection_makes_no_delay_of_its_own(deal: Deals) -> None:
    """Delivered in time, rejected at the last moment, delivered again within what was left: in time."""
    line = deal(transit=30 * DAY).given("Delivered")
    line.reject(at=line.inspection_end - 1)
    line.deliver(at=line.inspection_end - 1 + DAY)
    assert line.line.late_intervals == 0


@pytest.mark.parametrize("after", [0, 1, 5 * DAY - 1])
def test_the_inspections_time_is_given_back(deal: Deals, after: int) -> None:
    line = deal().given("Delivered")
    line.reject(at=line.arrival + after)
    way = line.on_its_way
    assert line.line.extra == way + after
    again = line.arrival + after + DAY
    line.deliver(at=again)
    line.reject(at=again + way + 7)
    assert line.line.extra == way + after + way + 7


def test_rejected_goods_stay_in_custody(deal: Deals, goods: Goods) -> None:
    line = deal(goods=goods(2)).given("Rejected")
    assert line.custody == (list_hash(line.goods), 0b11)
