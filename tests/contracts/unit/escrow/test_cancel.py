"""Cancelling: the buyer, in good time, for the agreed compensation."""

import pytest

from tests.support.actors import Actor
from tests.support.lines import BUYER, OPENING, Books, Deals, Lend, down

CHANGE, EVERYTHING = 2, 0xFFFF
NO_LIMIT = 2**32 - 1
PRICE = 1_000_000_007  # divides by nothing


@pytest.mark.parametrize("who", ["supplier", "inspector", "arbiter", "stranger", "operator"])
def test_only_the_buyer_cancels(deal: Deals, lend: Lend, who: str) -> None:
    line = deal(inspector=Actor("inspector"), arbiter=Actor("arbiter")).given("Open")
    lend(BUYER, EVERYTHING & ~CHANGE)
    with line.refuses("SupplierEscrow_NotBuyer", caller=Actor(who).address):
        line.send("cancel", by=Actor(who))


def test_an_operator_cancels_for_the_buyer(deal: Deals, lend: Lend, operator: Actor) -> None:
    line = deal().given("Open")
    lend(BUYER, CHANGE)
    line.send("cancel", by=operator)
    assert line.line.status == "Closed"


@pytest.mark.parametrize("status", ["None", "Delivered", "Rejected", "Retained", "Closed", "Revoked"])
def test_only_open_lines_are_cancelled(deal: Deals, status: str) -> None:
    line = deal(retentionBps=1 if status == "Retained" else 0).given(status)
    with line.refuses_status(status):
        line.send("cancel", by=BUYER)


def test_f048_cancelling_ends_with_the_notice(deal: Deals) -> None:
    early, late = (deal().given("Open") for _ in range(2))
    ends = early.cancellable_before
    early.send("cancel", by=BUYER, at=ends - 1)
    with late.refuses("SupplierEscrow_TooLate", nowAt=ends, before=ends):
        late.send("cancel", by=BUYER, at=ends)
    assert (early.line.status, late.line.status) == ("Closed", "Open")


def test_an_extension_does_not_move_the_notice(deal: Deals) -> None:
    line = deal().given("Open")
    line.send("extend", 86_400, by=BUYER)
    ends = line.cancellable_before
    with line.refuses("SupplierEscrow_TooLate", nowAt=ends, before=ends):
        line.send("cancel", by=BUYER, at=ends)


def test_a_notice_may_be_longer_than_time(deal: Deals) -> None:
    line = deal(cancelNotice=NO_LIMIT).given("Open")
    with line.refuses("SupplierEscrow_TooLate", nowAt=OPENING + 1, before=0):
        line.send("cancel", by=BUYER, at=OPENING + 1)


def test_f044_cancelling_pays_the_compensation(deal: Deals, books: Books, supplier: Actor) -> None:
    line = deal(amount=PRICE, cancelBps=1_111, bondBps=333).given("Open")
    fee, before = down(PRICE, 1_111), line.free(supplier)
    with books.moves({supplier: fee, BUYER: PRICE - fee}, free={supplier: line.bond}):
        receipt = line.send("cancel", by=BUYER)
    assert line.events(receipt) == [
        line.concluded("Cancelled", by=BUYER, to_supplier=fee, to_buyer=PRICE - fee),
        line.freed(supplier, before + line.bond),
    ]


@pytest.mark.parametrize("advance", [1_000, 1_001, 10_000])
def test_the_advance_counts_towards_the_compensation(
    deal: Deals, books: Books, supplier: Actor, advance: int
) -> None:
    line = deal(amount=PRICE, cancelBps=1_000, advanceBps=advance).given("Open")
    with books.moves({BUYER: PRICE - line.advance}):
        line.send("cancel", by=BUYER)
    part = deal(amount=PRICE, cancelBps=1_000, advanceBps=400).given("Open")
    rest = down(PRICE, 1_000) - part.advance
    with books.moves({supplier: rest, BUYER: PRICE - part.advance - rest}):
        part.send("cancel", by=BUYER)


def test_f046_a_cancelled_line_pays_what_it_holds(deal: Deals, books: Books, supplier: Actor) -> None:
    line = deal(amount=PRICE, cancelBps=10_000).given("Open")
    line.send("refund", 5, by=supplier)
    with books.moves({supplier: 5}):
        line.send("cancel", by=BUYER)


def test_the_broker_has_its_part_of_the_compensation(
    deal: Deals, books: Books, supplier: Actor, broker: Actor
) -> None:
    line = deal(amount=PRICE, cancelBps=1_000, brokerBps=250, broker=broker).given("Open")
    fee = down(PRICE, 1_000)
    part = down(fee, 250)
    with books.moves({supplier: fee - part, broker: part, BUYER: PRICE - fee}):
        line.send("cancel", by=BUYER)
