"""No ruling came: anybody ends the dispute by the agreed split, and its deposit goes back."""

import pytest
from web3.contract import Contract

from tests.support.actors import Actor
from tests.support.deals import DAY, NATIVE, ZERO
from tests.support.decoding import Event
from tests.support.disputes import (
    ARBITER,
    BROKER,
    DISPUTABLE,
    GOODS_TO_BUYER,
    PRICE,
    RETENTION_DISPUTED,
    agree,
    disputed,
    outcome,
)
from tests.support.lines import BUYER, SUPPLIER, Books, Deal, Deals, Goods, Party, down, list_hash

EACH_DISPUTE = pytest.mark.parametrize("after", DISPUTABLE)
SHARES = (0, 1, 3_333, 4_999, 5_000, 10_000)


def test_f048_the_default_applies_from_the_arbitrations_end(deal: Deals) -> None:
    line = disputed(deal)
    end = line.arbitration_end
    for now in (line.disputed, end - 1):
        with line.refuses("SupplierEscrow_TooEarly", nowAt=now, **{"from": end}):
            line.send("applyDefault", by=BUYER, at=now)
    line.send("applyDefault", by=BUYER, at=end)
    assert (line.line.status, line.line.since) == ("Closed", end)


@EACH_DISPUTE
@pytest.mark.parametrize("who", ["buyer", "supplier", "arbiter", "inspector", "stranger"])
def test_f052_anybody_ends_a_dispute_without_a_ruling(deal: Deals, after: str, who: str) -> None:
    line = disputed(deal, after, inspector=Actor("inspector"))
    line.send("applyDefault", by=Actor(who), at=line.arbitration_end + 1)
    assert line.line.status == "Closed"


@EACH_DISPUTE
def test_f052_a_dispute_without_an_arbiter_ends(deal: Deals, books: Books, after: str) -> None:
    line = disputed(deal, after, arbiter=ZERO, arbiterFeeBps=0, brokerBps=0)
    held = line.line.held
    with books.moves({SUPPLIER: held // 2, BUYER: held - held // 2}, free={SUPPLIER: line.bond}):
        line.send("applyDefault", by=BUYER, at=line.arbitration_end)


@pytest.mark.parametrize("status", ["None", "Open", "Delivered", "Rejected", "Retained", "Closed", "Revoked"])
def test_f050_only_disputes_have_a_default(deal: Deals, stranger: Actor, status: str) -> None:
    line = deal(retentionBps=1 if status == "Retained" else 0).given(status)
    with line.refuses_status(status):
        line.send("applyDefault", by=stranger, at=line.retention_end + 365 * DAY)


def test_f051_no_default_after_a_ruling(deal: Deals, books: Books) -> None:
    line = disputed(deal)
    line.send("rule", outcome(), by=ARBITER)
    with line.refuses_status("Closed"), books.moves():
        line.send("applyDefault", by=SUPPLIER, at=line.arbitration_end)


# Money


def freed(line: Deal, depositor: Party, concluded: Event) -> list[Event]:
    """The events of a default: the fee goes back before the line is concluded, the bond after it."""
    before = line.arbiter_fee if depositor == SUPPLIER else 0
    return [line.freed(depositor, line.arbiter_fee), concluded, line.freed(SUPPLIER, before + line.bond)]


@EACH_DISPUTE
@pytest.mark.parametrize("share", SHARES)
def test_f044_the_default_is_exact(
    deal: Deals, books: Books, stranger: Actor, after: str, share: int
) -> None:
    line = disputed(deal, after, defaultSupplierBps=share)
    held, before, depositor = line.line.held, line.line, Actor("supplier" if after == "Rejected" else "buyer")
    paid = down(held, share)
    brokerage = down(paid, 499)
    back = {SUPPLIER: line.bond}
    back[depositor] = back.get(depositor, 0) + line.arbiter_fee
    with books.moves({SUPPLIER: paid - brokerage, BROKER: brokerage, BUYER: held - paid}, free=back):
        receipt = line.send("applyDefault", by=stranger, at=line.arbitration_end)
    to_buyer = share >= 5_000 or after == "Retained"
    concluded = line.concluded(
        "Defaulted", by=stranger, to_supplier=paid, to_buyer=held - paid, goods_to_buyer=to_buyer
    )
    assert line.events(receipt) == freed(line, depositor, concluded)
    flags = (GOODS_TO_BUYER if to_buyer else 0) | (RETENTION_DISPUTED if after == "Retained" else 0)
    assert line.line == before._replace(status="Closed", flags=flags, since=line.arbitration_end, held=0)


def test_the_default_pays_coin(deal: Deals, books: Books, stranger: Actor) -> None:
    line = disputed(deal, "Rejected", token=NATIVE, defaultSupplierBps=3_333)
    paid = down(PRICE, 3_333)
    brokerage = down(paid, 499)
    with books.moves(
        {SUPPLIER: paid - brokerage, BROKER: brokerage, BUYER: PRICE - paid},
        free={SUPPLIER: line.bond + line.arbiter_fee},
    ):
        line.send("applyDefault", by=stranger, at=line.arbitration_end)


def test_the_default_knows_no_late_damages(deal: Deals, books: Books, stranger: Actor) -> None:
    line = agree(deal, "Delivered", defaultSupplierBps=10_000, brokerBps=0).given("Open")
    line.deliver(at=line.due + 3 * DAY)
    line.deposit(BUYER, line.arbiter_fee)
    line.dispute(at=line.due + 4 * DAY)
    assert line.line.late_intervals == 3
    with books.moves({SUPPLIER: PRICE}, free={SUPPLIER: line.bond, BUYER: line.arbiter_fee}):
        line.send("applyDefault", by=stranger, at=line.due + 40 * DAY)


@pytest.mark.parametrize(("amount", "share", "gets"), [(1, 9_999, BUYER), (1, 10_000, SUPPLIER)])
def test_f043_one_unit_goes_to_one_side_by_default(
    deal: Deals, books: Books, stranger: Actor, amount: int, share: int, gets: Actor
) -> None:
    line = disputed(deal, amount=amount, defaultSupplierBps=share, bondBps=0)
    with books.moves({gets: amount}):
        line.send("applyDefault", by=stranger, at=line.arbitration_end)


def test_f047_the_default_divides_what_is_left(deal: Deals, books: Books, stranger: Actor) -> None:
    line = agree(deal, "Delivered", brokerBps=0).given("Delivered")
    line.send("pay", 1_000, by=BUYER)
    line.send("refund", 7, by=SUPPLIER)
    line.deposit(BUYER, line.arbiter_fee)
    line.dispute()
    with books.moves({SUPPLIER: 3, BUYER: 4}, free={SUPPLIER: line.bond, BUYER: line.arbiter_fee}):
        line.send("applyDefault", by=stranger, at=line.arbitration_end)


def test_the_bond_and_the_deposit_go_back_once(deal: Deals, books: Books, stranger: Actor) -> None:
    line = disputed(deal, "Rejected")
    line.send("applyDefault", by=stranger, at=line.arbitration_end)
    with books.moves():
        for call in ("applyDefault", "terminate", "payRetention", "resign"):
            with line.refuses_status("Closed"):
                line.send(call, by=SUPPLIER)
    assert line.free(SUPPLIER) == line.bond + line.arbiter_fee


# Goods


@pytest.mark.parametrize("after", ["Delivered", "Rejected"])
@pytest.mark.parametrize("share", [0, 4_999, 5_000, 10_000])
def test_goods_go_to_who_pays_at_least_half(
    deal: Deals, goods: Goods, assets: Contract, stranger: Actor, after: str, share: int
) -> None:
    line = disputed(deal, after, goods=goods(2), defaultSupplierBps=share)
    line.send("applyDefault", by=stranger, at=line.arbitration_end)
    assert line.custody == (list_hash(line.goods), 0b11)
    entitled, other = (BUYER, SUPPLIER) if share >= 5_000 else (SUPPLIER, BUYER)
    with line.refuses("SupplierEscrow_NotEntitled", caller=other.address, entitled=entitled.address):
        line.send("collect", line.goods, by=other)
    line.send("collect", line.goods, by=entitled)
    assert {assets.functions.ownerOf(each).call() for each in line.goods} == {entitled.address}


def test_accepted_goods_stay_the_buyers_by_default(
    deal: Deals, goods: Goods, assets: Contract, stranger: Actor
) -> None:
    line = agree(deal, "Retained", goods=goods(2), defaultSupplierBps=0)
    line.given("Retained", goods_left=True).deposit(BUYER, line.arbiter_fee)
    disputed_at = line.inspection_end + DAY
    line.dispute(at=disputed_at)
    line.send("applyDefault", by=stranger, at=disputed_at + line.agreed["arbitration"])
    with line.refuses("SupplierEscrow_NotEntitled", caller=SUPPLIER.address, entitled=BUYER.address):
        line.send("collect", line.goods, by=SUPPLIER)
    line.send("collect", line.goods, by=BUYER)
    assert {assets.functions.ownerOf(each).call() for each in line.goods} == {BUYER.address}
