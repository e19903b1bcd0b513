"""Extending: the buyer makes a line due later, never earlier, a year at most."""

import pytest

from tests.support.actors import Actor
from tests.support.deals import DAY
from tests.support.lines import BUYER, Books, Deals, Lend, Line

CHANGE, EVERYTHING = 2, 0xFFFF
LIMIT = 366 * DAY


@pytest.mark.parametrize("who", ["supplier", "inspector", "stranger", "operator"])
def test_only_the_buyer_extends(deal: Deals, lend: Lend, who: str) -> None:
    line = deal(inspector=Actor("inspector")).given("Open")
    lend(BUYER, EVERYTHING & ~CHANGE)
    with line.refuses("SupplierEscrow_NotBuyer", caller=Actor(who).address):
        line.send("extend", DAY, by=Actor(who))


@pytest.mark.parametrize("status", ["None", "Delivered", "Retained", "Closed", "Revoked"])
def test_only_undelivered_lines_are_extended(deal: Deals, status: str) -> None:
    line = deal(retentionBps=1 if status == "Retained" else 0).given(status)
    with line.refuses_status(status):
        line.send("extend", DAY, by=BUYER)


@pytest.mark.parametrize("named", [0, DAY - 1, DAY])
def test_an_extension_only_grows(deal: Deals, named: int) -> None:
    line = deal().given("Open")
    line.send("extend", DAY, by=BUYER)
    with line.refuses("SupplierEscrow_ExtensionOutOfRange", extraAfter=named, extra=DAY, limit=LIMIT):
        line.send("extend", named, by=BUYER)


def test_an_extension_has_a_limit(deal: Deals) -> None:
    line = deal().given("Open")
    with line.refuses("SupplierEscrow_ExtensionOutOfRange", extraAfter=LIMIT + 1, extra=0, limit=LIMIT):
        line.send("extend", LIMIT + 1, by=BUYER)
    line.send("extend", LIMIT, by=BUYER)
    assert line.line.extra == LIMIT


@pytest.mark.parametrize("who", ["buyer", "operator"])
def test_the_buyer_extends(deal: Deals, books: Books, lend: Lend, who: str) -> None:
    line = deal(bondBps=100).given("Open")
    lend(BUYER, CHANGE)
    opened = line.line
    with books.moves():
        receipt = line.send("extend", DAY, by=Actor(who))
    assert line.events(receipt) == [line.event("LineExtended", by=Actor(who).address, extraAfter=DAY)]
    assert line.line == opened._replace(extra=DAY)


def test_an_extension_adds_to_time_given_back(deal: Deals) -> None:
    line = deal().given("Rejected")
    back = line.inspected - line.handover
    with line.refuses("SupplierEscrow_ExtensionOutOfRange", extraAfter=back, extra=back, limit=LIMIT):
        line.send("extend", back, by=BUYER)
    line.send("extend", back + 1, by=BUYER)
    assert line.line == Line("Rejected", 0, 1, line.inspected, 0, back + 1, line.amount)


def test_an_extension_does_not_move_cancelling(deal: Deals) -> None:
    line = deal().given("Open")
    line.send("extend", 10 * DAY, by=BUYER)
    last = line.cancellable_before
    with line.refuses("SupplierEscrow_TooLate", nowAt=last, before=last):
        line.send("cancel", by=BUYER, at=last)
    end = line.long_stop + 10 * DAY
    with line.refuses("SupplierEscrow_TooEarly", nowAt=end - 1, **{"from": end}):
        line.send("terminate", by=BUYER, at=end - 1)
