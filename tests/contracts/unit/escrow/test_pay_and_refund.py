"""Money on the way: the buyer releases a part early, the supplier gives a part back."""

import pytest

from tests.support.actors import Actor
from tests.support.deals import NATIVE
from tests.support.lines import BUYER, SUPPLIER, Books, Deal, Deals, Lend

FINANCE, EVERYTHING = 8, 0xFFFF
PRICE = 1_000_000_007
LIVE = pytest.mark.parametrize("status", ["Open", "Delivered", "Rejected", "Retained"])
NOT_LIVE = pytest.mark.parametrize("status", ["None", "Closed", "Revoked"])
IN_TOKENS_AND_COIN = pytest.mark.parametrize("money", [None, NATIVE], ids=["token", "coin"])


def held_back(deal: Deals, status: str) -> Deal:
    """A line in a status; in Retained it holds a tenth."""
    return deal(retentionBps=1_000 if status == "Retained" else 0, bondBps=100).given(status)


# pay


@pytest.mark.parametrize("who", ["supplier", "inspector", "arbiter", "stranger", "operator"])
def test_only_the_buyer_pays(deal: Deals, lend: Lend, who: str) -> None:
    line = deal(inspector=Actor("inspector"), arbiter=Actor("arbiter")).given("Open")
    lend(BUYER, EVERYTHING & ~FINANCE)
    with line.refuses("SupplierEscrow_NotBuyer", caller=Actor(who).address):
        line.send("pay", 0, by=Actor(who))


@NOT_LIVE
def test_only_lines_that_hold_money_pay(deal: Deals, status: str) -> None:
    line = deal().given(status)
    with line.refuses_status(status):
        line.send("pay", 0, by=BUYER)


def test_f047_a_repeated_payment_is_refused(deal: Deals) -> None:
    line = deal(amount=100).given("Open")
    line.send("pay", 60, by=BUYER)
    for named in (60, 61, 100, 2**128 - 1):
        with line.refuses("SupplierEscrow_HeldNotBelow", heldAfter=named, held=60):
            line.send("pay", named, by=BUYER)
    line.send("pay", 59, by=BUYER)
    assert line.line.held == 59


@IN_TOKENS_AND_COIN
def test_f044_a_part_is_paid_exactly(
    deal: Deals, books: Books, supplier: Actor, broker: Actor, money: str | None
) -> None:
    line = deal(amount=PRICE, token=money, broker=broker, brokerBps=499, bondBps=100).given("Open")
    brokerage = 333_333_333 * 499 // 10_000
    with books.moves({supplier: 333_333_333 - brokerage, broker: brokerage}):
        receipt = line.send("pay", PRICE - 333_333_333, by=BUYER)
    paid = line.event("LinePaid", payee=supplier.address, amount=333_333_333, heldAfter=PRICE - 333_333_333)
    assert line.events(receipt) == [paid]
    assert line.line.held == PRICE - 333_333_333


@LIVE
def test_all_may_be_paid_in_any_live_status(deal: Deals, books: Books, status: str) -> None:
    line = held_back(deal, status)
    before = line.line
    with books.moves({SUPPLIER: before.held}):
        line.send("pay", 0, by=BUYER)
    assert line.line == before._replace(held=0)


def test_an_operator_pays(deal: Deals, books: Books, lend: Lend, operator: Actor) -> None:
    line = deal().given("Open")
    lend(BUYER, FINANCE)
    with books.moves({SUPPLIER: line.amount}):
        line.send("pay", 0, by=operator)


def test_f046_what_is_paid_and_accepted_adds_up(deal: Deals, books: Books) -> None:
    line = deal(amount=PRICE, lateBps=10_000, maxLateBps=10_000).given("Open")
    with books.moves({SUPPLIER: PRICE - 1, BUYER: 1}):
        line.send("pay", 1, by=BUYER)
        line.deliver(at=line.due + 1)
        line.accept()
    assert line.line.held == 0


# refund


@pytest.mark.parametrize("who", ["buyer", "inspector", "arbiter", "stranger", "operator"])
def test_only_the_supplier_refunds(deal: Deals, lend: Lend, supplier: Actor, who: str) -> None:
    line = deal(inspector=Actor("inspector"), arbiter=Actor("arbiter")).given("Open")
    lend(supplier, EVERYTHING & ~FINANCE)
    with line.refuses("SupplierEscrow_NotSupplier", caller=Actor(who).address):
        line.send("refund", 0, by=Actor(who))


@NOT_LIVE
def test_only_lines_that_hold_money_refund(deal: Deals, status: str) -> None:
    line = deal().given(status)
    with line.refuses_status(status):
        line.send("refund", 0, by=SUPPLIER)


def test_f047_a_repeated_refund_is_refused(deal: Deals) -> None:
    line = deal(amount=100).given("Open")
    line.send("pay", 80, by=BUYER)
    line.send("refund", 60, by=SUPPLIER)
    for named in (60, 61, 100):
        with line.refuses("SupplierEscrow_HeldNotBelow", heldAfter=named, held=60):
            line.send("refund", named, by=SUPPLIER)


@IN_TOKENS_AND_COIN
def test_a_part_is_refunded_exactly(deal: Deals, books: Books, broker: Actor, money: str | None) -> None:
    line = deal(amount=PRICE, token=money, broker=broker, brokerBps=499).given("Open")
    with books.moves({BUYER: 333_333_333}):
        receipt = line.send("refund", PRICE - 333_333_333, by=SUPPLIER)
    refunded = line.event(
        "LineRefunded", by=SUPPLIER.address, amount=333_333_333, heldAfter=PRICE - 333_333_333
    )
    assert line.events(receipt) == [refunded]
    assert line.line.held == PRICE - 333_333_333


@LIVE
def test_all_may_be_refunded_in_any_live_status(deal: Deals, books: Books, status: str) -> None:
    line = held_back(deal, status)
    before = line.line
    with books.moves({BUYER: before.held}):
        line.send("refund", 0, by=SUPPLIER)
    assert line.line == before._replace(held=0)


def test_a_refund_goes_to_the_buyer(deal: Deals, books: Books, payer: Actor) -> None:
    line = deal()
    line.open(by=payer, payer=payer, buyer=line.signed(BUYER))
    with books.moves({BUYER: line.amount}):
        line.send("refund", 0, by=SUPPLIER)


def test_an_operator_refunds(deal: Deals, books: Books, lend: Lend, operator: Actor) -> None:
    line = deal().given("Open")
    lend(SUPPLIER, FINANCE)
    with books.moves({BUYER: line.amount}):
        receipt = line.send("refund", 0, by=operator)
    assert line.events(receipt)[0].arguments["by"] == operator.address
