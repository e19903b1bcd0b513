"""Receipt: the goods are here, and the inspection period begins."""

import pytest

from tests.support.actors import Actor
from tests.support.deals import DAY
from tests.support.lines import Books, Deals, Lend, Line

QUALITY, EVERYTHING = 4, 0xFFFF


@pytest.mark.parametrize("who", ["buyer", "inspector", "buyer's operator", "inspector's operator"])
def test_the_buyers_side_confirms_receipt(deal: Deals, books: Books, lend: Lend, who: str) -> None:
    principal, _, through = who.partition("'s ")
    by = Actor(through or principal)
    lend(Actor(principal), QUALITY)
    line = deal(inspector=Actor("inspector")).given("Delivered")
    now = line.handover + DAY
    with books.moves():
        receipt = line.send("confirmReceipt", by=by, at=now)
    assert line.events(receipt) == [line.event("ReceiptConfirmed", by=by.address, arrivedAt=now)]
    assert line.line == Line("Delivered", 0, 0, now, 0, DAY, line.amount)


@pytest.mark.parametrize("who", ["supplier", "arbiter", "stranger", "operator"])
def test_nobody_else_confirms_receipt(deal: Deals, lend: Lend, buyer: Actor, who: str) -> None:
    line = deal(arbiter=Actor("arbiter"), inspector=Actor("inspector")).given("Delivered")
    for principal in (buyer, Actor("inspector")):
        lend(principal, EVERYTHING & ~QUALITY)
    with line.refuses("SupplierEscrow_NotInspector", caller=Actor(who).address):
        line.send("confirmReceipt", by=Actor(who))


@pytest.mark.parametrize("status", ["None", "Open", "Rejected", "Retained", "Closed", "Revoked"])
def test_receipt_is_confirmed_of_a_delivery(deal: Deals, buyer: Actor, status: str) -> None:
    line = deal(retentionBps=1 if status == "Retained" else 0).given(status)
    with line.refuses_status(status):
        line.send("confirmReceipt", by=buyer)


def test_f048_receipt_is_confirmed_before_the_transit_ends(deal: Deals, buyer: Actor) -> None:
    line, late = deal().given("Open"), deal().given("Open")
    line.deliver()
    late.deliver()
    line.send("confirmReceipt", by=buyer, at=line.arrival - 1)
    assert line.line.since == line.arrival - 1
    for now in (late.arrival, late.arrival + 1):
        with late.refuses("SupplierEscrow_AlreadyArrived", arrivedAt=late.arrival):
            late.send("confirmReceipt", by=buyer, at=now)


def test_goods_that_arrived_at_handover_are_not_confirmed(deal: Deals, buyer: Actor) -> None:
    line = deal(transit=0).given("Delivered")
    with line.refuses("SupplierEscrow_AlreadyArrived", arrivedAt=line.handover):
        line.send("confirmReceipt", by=buyer)


def test_confirmed_goods_are_deemed_accepted_earlier(deal: Deals, buyer: Actor, stranger: Actor) -> None:
    line = deal().given("Delivered")
    line.send("confirmReceipt", by=buyer, at=line.handover + 1)
    end = line.handover + 1 + line.agreed["inspection"]
    with line.refuses("SupplierEscrow_TooEarly", nowAt=end - 1, **{"from": end}):
        line.send("deemAccept", [], by=stranger, at=end - 1)
    line.send("deemAccept", [], by=stranger, at=end)
    assert line.line.status == "Closed"
