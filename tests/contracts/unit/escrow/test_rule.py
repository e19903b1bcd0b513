"""Rulings: the arbiter's alone, once and in time; it divides what is there, and nothing more."""

from dataclasses import replace

import pytest
from web3.contract import Contract

from tests.support.actors import Actor
from tests.support.chain import Chain
from tests.support.deals import DAY, NATIVE, ZERO
from tests.support.disputes import (
    ARBITER,
    BROKER,
    DISPUTABLE,
    GOODS_TO_BUYER,
    PRICE,
    RETENTION,
    RETENTION_DISPUTED,
    agree,
    disputed,
    outcome,
)
from tests.support.lines import BUYER, SUPPLIER, Books, Deals, Goods, Lend, down, list_hash

EVERYTHING = 0xFFFF
LARGEST = 2**128 - 1
EACH_DISPUTE = pytest.mark.parametrize("after", DISPUTABLE)


# Who and when


@pytest.mark.parametrize("who", ["buyer", "supplier", "inspector", "broker", "stranger", "operator"])
def test_f051_nobody_but_the_arbiter_rules(deal: Deals, lend: Lend, who: str) -> None:
    line = disputed(deal, inspector=Actor("inspector"))
    for principal in (BUYER, SUPPLIER, ARBITER):
        lend(principal, EVERYTHING)
    with line.refuses("SupplierEscrow_NotArbiter", caller=Actor(who).address):
        line.send("rule", outcome(line.amount), by=Actor(who))


def test_f036_who_names_itself_arbiter_rules_another_line(deal: Deals, stranger: Actor) -> None:
    line = disputed(deal)
    forged = replace(line, terms=line.terms | {"arbiter": stranger.address})
    with forged.refuses_status("None"):
        forged.send("rule", outcome(), by=stranger)


@EACH_DISPUTE
def test_without_an_arbiter_nobody_rules(deal: Deals, after: str) -> None:
    line = disputed(deal, after, arbiter=ZERO, arbiterFeeBps=0)
    for whom in (BUYER, SUPPLIER, ARBITER):
        with line.refuses("SupplierEscrow_NotArbiter", caller=whom.address):
            line.send("rule", outcome(), by=whom)


@pytest.mark.parametrize("status", ["None", "Open", "Delivered", "Rejected", "Retained", "Closed", "Revoked"])
def test_f050_only_disputes_are_ruled(deal: Deals, status: str) -> None:
    line = deal(arbiter=ARBITER, retentionBps=1 if status == "Retained" else 0).given(status)
    with line.refuses_status(status):
        line.send("rule", outcome(), by=ARBITER)


def test_f051_a_dispute_is_ruled_once(deal: Deals, books: Books) -> None:
    line = disputed(deal)
    line.send("rule", outcome(), by=ARBITER)
    with line.refuses_status("Closed"), books.moves():
        line.send("rule", outcome(line.amount), by=ARBITER)


@EACH_DISPUTE
def test_f048_the_arbiter_rules_until_the_last_second(deal: Deals, after: str) -> None:
    line = disputed(deal, after)
    line.send("rule", outcome(), by=ARBITER, at=line.arbitration_end - 1)
    assert (line.line.status, line.line.since) == ("Closed", line.arbitration_end - 1)


@EACH_DISPUTE
def test_f048_a_ruling_can_be_too_late(deal: Deals, after: str) -> None:
    line = disputed(deal, after)
    end = line.arbitration_end
    for now in (end, end + 1):
        with line.refuses("SupplierEscrow_TooLate", nowAt=now, before=end):
            line.send("rule", outcome(), by=ARBITER, at=now)


def test_f048_either_the_arbiter_or_the_default_decides(chain: Chain, deal: Deals) -> None:
    line = disputed(deal)
    end = line.arbitration_end
    for now in range(end - 2, end + 3):
        chain.warp(now)
        ruled = line.attempt("rule", outcome(), by=ARBITER) is None
        defaulted = line.attempt("applyDefault", by=ARBITER) is None
        assert (ruled, defaulted) == (now < end, now >= end), now - end


def test_a_ruling_may_come_at_once(deal: Deals) -> None:
    line = disputed(deal)
    line.send("rule", outcome(), by=ARBITER, at=line.disputed)
    assert line.line.status == "Closed"


# Money


@EACH_DISPUTE
@pytest.mark.parametrize("money", [None, NATIVE], ids=["token", "coin"])
@pytest.mark.parametrize(
    ("to_supplier", "bond_to_buyer"),
    [(0, 0), (1, 1), (12_345_678, 7_654_321), (0, LARGEST), (LARGEST, 0), (LARGEST, LARGEST)],
)
def test_f044_f046_f055_a_ruling_divides_what_is_there(
    deal: Deals, books: Books, after: str, money: str | None, to_supplier: int, bond_to_buyer: int
) -> None:
    line = disputed(deal, after, token=money)
    held, before = line.line.held, line.line
    paid, taken = min(to_supplier, held), min(bond_to_buyer, line.bond)
    brokerage = down(paid, 499)
    moved = {
        SUPPLIER: paid - brokerage,
        BROKER: brokerage,
        BUYER: held - paid + taken,
        ARBITER: line.arbiter_fee,
    }
    with books.moves(moved, free={SUPPLIER: line.bond - taken}):
        receipt = line.send("rule", outcome(to_supplier, bond_to_buyer), by=ARBITER, at=line.disputed + DAY)
    shares = {"to_supplier": paid, "to_buyer": held - paid, "bond_to_buyer": taken}
    ruled = line.concluded("Ruled", by=ARBITER, goods_to_buyer=after == "Retained", **shares)
    freed = [line.freed(SUPPLIER, line.bond - taken)] if taken != line.bond else []
    assert line.events(receipt) == [ruled, *freed]
    flags = GOODS_TO_BUYER | RETENTION_DISPUTED if after == "Retained" else 0
    assert line.line == before._replace(status="Closed", flags=flags, since=line.disputed + DAY, held=0)


def test_what_a_ruling_divides_is_what_the_arbiter_saw_or_less(deal: Deals, books: Books) -> None:
    line = agree(deal, "Delivered").given("Delivered")
    line.send("pay", PRICE - 1_000, by=BUYER)
    line.deposit(BUYER, line.arbiter_fee)
    line.dispute()
    paid = PRICE - 1_000
    brokerage = down(paid, 499)
    with books.moves(
        {SUPPLIER: paid - brokerage, BROKER: brokerage, ARBITER: line.arbiter_fee}, free={SUPPLIER: line.bond}
    ):
        line.send("rule", outcome(PRICE), by=ARBITER)


def test_f047_an_empty_line_is_ruled(deal: Deals, books: Books) -> None:
    line = agree(deal, "Delivered").given("Delivered")
    line.send("refund", 0, by=SUPPLIER)
    line.deposit(BUYER, line.arbiter_fee)
    line.dispute()
    with books.moves({BUYER: 5, ARBITER: line.arbiter_fee}, free={SUPPLIER: line.bond - 5}):
        line.send("rule", outcome(7, 5), by=ARBITER)


def test_a_disputed_retention_is_what_was_retained(deal: Deals) -> None:
    line = disputed(deal, "Retained", amount=10_000)
    assert line.line.held == RETENTION


def test_a_ruling_knows_no_late_damages(deal: Deals, books: Books) -> None:
    line = agree(deal, "Delivered", brokerBps=0).given("Open")
    line.deliver(at=line.due + 3 * DAY)
    line.deposit(BUYER, line.arbiter_fee)
    line.dispute(at=line.due + 4 * DAY)
    assert line.line.late_intervals == 3
    with books.moves({SUPPLIER: PRICE, ARBITER: line.arbiter_fee}, free={SUPPLIER: line.bond}):
        line.send("rule", outcome(PRICE), by=ARBITER)


@EACH_DISPUTE
def test_an_arbiter_who_works_for_nothing_is_paid_nothing(deal: Deals, books: Books, after: str) -> None:
    line = disputed(deal, after, arbiterFeeBps=0)
    with books.moves({BUYER: line.line.held}, free={SUPPLIER: line.bond}):
        line.send("rule", outcome(), by=ARBITER)


@pytest.mark.parametrize(("to_supplier", "gets"), [(0, BUYER), (1, SUPPLIER)])
def test_f043_one_unit_is_ruled_to_one_side(deal: Deals, books: Books, to_supplier: int, gets: Actor) -> None:
    line = disputed(deal, amount=1, bondBps=0)
    with books.moves({gets: 1}):
        line.send("rule", outcome(to_supplier), by=ARBITER)


def test_the_bond_is_freed_once(deal: Deals, books: Books) -> None:
    line = disputed(deal)
    line.send("rule", outcome(0, 7), by=ARBITER)
    with books.moves():
        for call in ("applyDefault", "terminate", "payRetention"):
            with line.refuses_status("Closed"):
                line.send(call, by=BUYER, at=line.retention_end + 365 * DAY)
    assert line.free(SUPPLIER) == line.bond - 7


# Goods


@pytest.mark.parametrize("after", ["Delivered", "Rejected"])
@pytest.mark.parametrize("to_buyer", [True, False], ids=["to the buyer", "to the supplier"])
def test_goods_go_where_the_arbiter_says(
    deal: Deals, goods: Goods, assets: Contract, after: str, *, to_buyer: bool
) -> None:
    line = disputed(deal, after, goods=goods(2))
    receipt = line.send("rule", outcome(goods_to_buyer=to_buyer), by=ARBITER)
    assert line.events(receipt)[0].arguments["goodsToBuyer"] == to_buyer
    assert line.line.flags == (GOODS_TO_BUYER if to_buyer else 0)
    assert line.custody == (list_hash(line.goods), 0b11)
    entitled, other = (BUYER, SUPPLIER) if to_buyer else (SUPPLIER, BUYER)
    with line.refuses("SupplierEscrow_NotEntitled", caller=other.address, entitled=entitled.address):
        line.send("collect", line.goods, by=other)
    line.send("collect", line.goods, by=entitled)
    assert {assets.functions.ownerOf(each).call() for each in line.goods} == {entitled.address}


@pytest.mark.parametrize("to_buyer", [True, False], ids=["to the buyer", "to the supplier"])
def test_no_ruling_takes_accepted_goods_back(deal: Deals, goods: Goods, *, to_buyer: bool) -> None:
    line = agree(deal, "Retained", goods=goods(2)).given("Retained", goods_left=True)
    line.deposit(BUYER, line.arbiter_fee)
    line.dispute(at=line.inspection_end + DAY)
    line.send("rule", outcome(goods_to_buyer=to_buyer), by=ARBITER)
    with line.refuses("SupplierEscrow_NotEntitled", caller=SUPPLIER.address, entitled=BUYER.address):
        line.send("collect", line.goods, by=SUPPLIER)
    line.send("collect", line.goods, by=BUYER)
    assert line.custody == (bytes(24), 0)


@pytest.mark.parametrize("to_buyer", [True, False], ids=["to the buyer", "to the supplier"])
def test_goods_that_went_back_are_in_no_ruling(
    deal: Deals, goods: Goods, assets: Contract, *, to_buyer: bool
) -> None:
    line = agree(deal, "Rejected", goods=goods(1)).given("Rejected")
    line.send("collect", line.goods, by=SUPPLIER)
    line.deposit(SUPPLIER, line.arbiter_fee)
    line.dispute(by=SUPPLIER)
    line.send("rule", outcome(goods_to_buyer=to_buyer), by=ARBITER)
    given = list_hash(line.goods).ljust(32, b"\0")
    with line.refuses("SupplierEscrow_WrongAssets", given=given, expected=bytes(32)):
        line.send("collect", line.goods, by=BUYER if to_buyer else SUPPLIER)
    assert assets.functions.ownerOf(line.goods[0]).call() == SUPPLIER.address


def test_f081_a_ruling_says_to_whom_accepted_goods_belong(deal: Deals, goods: Goods) -> None:
    line = agree(deal, "Retained", goods=goods(1)).given("Retained", goods_left=True)
    line.deposit(BUYER, line.arbiter_fee)
    line.dispute(at=line.inspection_end + DAY)
    receipt = line.send("rule", outcome(goods_to_buyer=False), by=ARBITER)
    assert line.events(receipt)[0].arguments["goodsToBuyer"] is True
