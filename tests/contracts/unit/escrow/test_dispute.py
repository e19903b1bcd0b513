"""Disputing: by the party whose turn it is, in time, with the arbiter's fee from its free balance."""

from typing import Any

import pytest

from tests.support.actors import Actor
from tests.support.chain import Chain
from tests.support.deals import DAY, HOUR, NATIVE, STATUSES, ZERO
from tests.support.decoding import Said
from tests.support.disputes import (
    ARBITER,
    DISPUTABLE,
    FLAGS,
    GOODS_TO_BUYER,
    SUPPLIER_DISPUTES,
    agree,
    disputable,
    disputed,
)
from tests.support.lines import (
    BUYER,
    FINDINGS,
    FINDINGS_URI,
    SUPPLIER,
    Books,
    Deal,
    Deals,
    Goods,
    Lend,
    Line,
    address_of,
    down,
    list_hash,
)
from tests.support.reverts import reverts

QUALITY, EVERYTHING = 4, 0xFFFF
EACH_STATUS = pytest.mark.parametrize("status", DISPUTABLE)
INSPECTOR = Actor("inspector")


# Who, and in which status


@EACH_STATUS
@pytest.mark.parametrize("who", ["party", "operator"])
def test_a_party_disputes(deal: Deals, books: Books, lend: Lend, status: str, who: str) -> None:
    line = disputable(deal, status, inspector=INSPECTOR)
    before, disputant = line.line, line.disputant(status)
    lend(disputant, QUALITY)
    by = disputant if who == "party" else Actor("operator")
    with books.moves(free={disputant: -line.arbiter_fee}):
        receipt = line.dispute(by=by)
    told = line.event("LineDisputed", by=address_of(by), disputant=address_of(disputant))
    assert line.events(receipt) == [line.freed(disputant, 0), told, *line.submitted(by)]
    assert line.line == before._replace(status="Disputed", flags=FLAGS[status], since=line.disputed)


@EACH_STATUS
@pytest.mark.parametrize("who", ["other party", "inspector", "arbiter", "broker", "stranger", "operator"])
def test_nobody_else_disputes(deal: Deals, lend: Lend, status: str, who: str) -> None:
    line = disputable(deal, status, inspector=INSPECTOR, token=NATIVE)
    disputant = line.disputant(status)
    other = BUYER if disputant == SUPPLIER else SUPPLIER
    lend(disputant, EVERYTHING & ~QUALITY)
    for principal in (other, INSPECTOR, ARBITER):
        lend(principal, EVERYTHING)
    by = other if who == "other party" else Actor(who)
    line.deposit(by, line.arbiter_fee)
    with line.refuses("SupplierEscrow_NotParty", caller=by.address):
        line.dispute(by=by)


@pytest.mark.parametrize("status", ["None", "Open", "Disputed", "Closed", "Revoked"])
def test_f050_only_what_may_be_wrong_is_disputed(deal: Deals, status: str) -> None:
    line = deal(arbiter=ARBITER).given(status)
    for party in (BUYER, SUPPLIER):
        with line.refuses_status(status):
            line.send("dispute", FINDINGS, FINDINGS_URI, by=party)


def test_the_buyer_disputes_goods_on_their_way(deal: Deals) -> None:
    line = disputable(deal, "Delivered")
    line.dispute(at=line.handover + 60)
    way = line.on_its_way
    assert line.line == Line("Disputed", FLAGS["Delivered"], 0, line.handover + 60, 0, way, line.amount)


def test_the_buyer_disputes_when_rejections_are_used_up(deal: Deals) -> None:
    line = disputable(deal, "Delivered", maxRejections=0)
    with line.refuses("SupplierEscrow_RejectionsUsedUp", rejections=0):
        line.reject()
    line.dispute()
    assert line.line.status == "Disputed"


def test_a_delivery_after_a_rejection_is_the_buyers_to_dispute(deal: Deals) -> None:
    line = disputable(deal, "Rejected")
    line.deliver(at=line.inspected + 60)
    line.deposit(BUYER, line.arbiter_fee)
    with line.refuses("SupplierEscrow_NotParty", caller=SUPPLIER.address):
        line.dispute(by=SUPPLIER)
    line.dispute(by=BUYER)
    assert line.line.flags == FLAGS["Delivered"]


# Clocks


def ends(line: Deal, status: str) -> int:
    """When a line can't be disputed any more."""
    return {
        "Delivered": line.inspection_end,
        "Rejected": line.cure_end,
        "Retained": line.retention_end,
    }[status]


@EACH_STATUS
def test_f048_f050_a_line_is_disputed_until_the_last_second(deal: Deals, status: str) -> None:
    line = disputable(deal, status)
    line.dispute(by=line.disputant(status), at=ends(line, status) - 1)
    assert (line.line.status, line.line.since) == ("Disputed", ends(line, status) - 1)


@EACH_STATUS
def test_f048_a_dispute_can_be_too_late(deal: Deals, status: str) -> None:
    line = disputable(deal, status)
    end = ends(line, status)
    for now in (end, end + 1):
        with line.refuses("SupplierEscrow_TooLate", nowAt=now, before=end):
            line.dispute(by=line.disputant(status), at=now)


@pytest.mark.parametrize(
    ("status", "silence"), [("Delivered", ("deemAccept", [])), ("Retained", ("payRetention",))]
)
def test_f048_disputes_end_when_silence_pays(
    chain: Chain, deal: Deals, status: str, silence: tuple[Any, ...]
) -> None:
    line = disputable(deal, status)
    moment = ends(line, status)
    for now in range(moment - 2, moment + 3):
        chain.warp(now)
        early = line.attempt("dispute", FINDINGS, FINDINGS_URI, by=BUYER) is None
        late = line.attempt(*silence, by=BUYER) is None
        assert (early, late) == (now < moment, now >= moment), now - moment


def test_f048_disputes_end_when_the_buyer_may_terminate(chain: Chain, deal: Deals) -> None:
    """Delivered so late that the end of the cure period is the long stop."""
    line = agree(deal, "Rejected", longStop=14 * DAY, cure=14 * DAY).given("Open")
    line.deliver(at=line.due + 10 * DAY)
    line.reject(at=line.due + 11 * DAY)
    line.deposit(SUPPLIER, line.arbiter_fee)
    moment = line.due + 25 * DAY
    for now in range(moment - 2, moment + 3):
        chain.warp(now)
        early = line.attempt("dispute", FINDINGS, FINDINGS_URI, by=SUPPLIER) is None
        late = line.attempt("terminate", by=BUYER) is None
        assert (early, late) == (now < moment, now >= moment), now - moment


def test_a_retention_without_a_period_is_not_disputed(deal: Deals) -> None:
    line = disputable(deal, "Retained", retention=0)
    with line.refuses("SupplierEscrow_TooLate", nowAt=line.inspected + HOUR, before=line.inspected):
        line.dispute(at=line.inspected + HOUR)


# The arbiter's fee


@EACH_STATUS
@pytest.mark.parametrize("money", [None, NATIVE], ids=["token", "coin"])
def test_who_cannot_pay_the_arbiter_does_not_dispute(
    deal: Deals, books: Books, status: str, money: str | None
) -> None:
    line = agree(deal, status, token=money).given(status)
    disputant = line.disputant(status)
    for hours, balance in enumerate((0, line.arbiter_fee - 1)):
        line.deposit(disputant, balance)
        with (
            books.moves(),
            reverts(
                "SupplierEscrow_InsufficientBalance",
                owner=address_of(disputant),
                token=line.terms["token"],
                balance=balance,
                needed=line.arbiter_fee,
            ),
        ):
            line.dispute(by=disputant, at=line.disputed + hours * HOUR)
    line.deposit(disputant, 1)
    with books.moves(free={disputant: -line.arbiter_fee}):
        line.dispute(by=disputant, at=line.disputed + 2 * HOUR)


def test_the_supplier_does_not_pay_the_arbiter_with_its_bond(deal: Deals) -> None:
    line = agree(deal, "Rejected", bondBps=10_000).given("Rejected")
    with reverts(
        "SupplierEscrow_InsufficientBalance",
        owner=SUPPLIER.address,
        token=line.terms["token"],
        balance=0,
        needed=line.arbiter_fee,
    ):
        line.dispute(by=SUPPLIER)


def test_an_operator_disputes_with_its_principals_money(
    deal: Deals, books: Books, lend: Lend, operator: Actor
) -> None:
    line = disputable(deal, "Delivered", token=NATIVE)
    lend(BUYER, QUALITY)
    line.deposit(operator, line.arbiter_fee)
    with books.moves(free={BUYER: -line.arbiter_fee}):
        line.dispute(by=operator)


@pytest.mark.parametrize(("amount", "bps", "fee"), [(1, 500, 0), (19, 500, 0), (20, 500, 1), (39, 500, 1)])
def test_f043_the_arbiters_fee_is_rounded_down(
    deal: Deals, books: Books, amount: int, bps: int, fee: int
) -> None:
    line = disputable(deal, "Delivered", amount=amount, arbiterFeeBps=bps)
    with books.moves(free={BUYER: -fee}):
        line.dispute()


@EACH_STATUS
def test_an_arbiter_may_work_for_nothing(deal: Deals, books: Books, status: str) -> None:
    line = disputable(deal, status, arbiterFeeBps=0)
    disputant = line.disputant(status)
    with books.moves():
        receipt = line.dispute(by=disputant)
    told = line.event("LineDisputed", by=address_of(disputant), disputant=address_of(disputant))
    assert line.events(receipt) == [told, *line.submitted(disputant)]


def test_f056_the_fee_is_the_agreed_one(deal: Deals, books: Books) -> None:
    line = disputable(deal, "Delivered", arbiterFeeBps=100)
    deal.publish(line.escrow, arbiterFeeBps=500)
    with books.moves(free={BUYER: -down(line.amount, 100)}):
        line.dispute()


def test_f023_no_coins_with_a_dispute(deal: Deals) -> None:
    line = disputable(deal, "Delivered", token=NATIVE)
    with reverts("no reason"):
        line.send("dispute", FINDINGS, FINDINGS_URI, by=BUYER, value=1)


@EACH_STATUS
def test_without_an_arbiter_a_dispute_is_time_to_settle(deal: Deals, books: Books, status: str) -> None:
    line = disputable(deal, status, arbiter=ZERO, arbiterFeeBps=0)
    disputant = line.disputant(status)
    with books.moves():
        receipt = line.dispute(by=disputant)
    assert line.events(receipt)[1:] == line.submitted(disputant)
    assert line.line.status == "Disputed"


# Goods


@pytest.mark.parametrize("after", ["Delivered", "Rejected"])
def test_disputed_goods_stay_in_custody(deal: Deals, goods: Goods, after: str) -> None:
    line = disputed(deal, after, goods=goods(2))
    for party in (BUYER, SUPPLIER):
        with line.refuses_status("Disputed"):
            line.send("collect", line.goods, by=party)
    assert line.custody == (list_hash(line.goods), 0b11)


def test_goods_left_by_the_buyer_stay_in_a_disputed_retention(deal: Deals, goods: Goods) -> None:
    line = agree(deal, "Retained", goods=goods(2)).given("Retained", goods_left=True)
    line.deposit(BUYER, line.arbiter_fee)
    line.dispute(at=line.inspection_end + DAY)
    assert line.line.flags & GOODS_TO_BUYER
    with line.refuses_status("Disputed"):
        line.send("collect", line.goods, by=BUYER)
    assert line.custody == (list_hash(line.goods), 0b11)


def test_the_supplier_disputes_a_rejection_whose_goods_it_collected(deal: Deals, goods: Goods) -> None:
    line = disputable(deal, "Rejected", goods=goods(2))
    line.send("collect", line.goods, by=SUPPLIER)
    line.dispute(by=SUPPLIER)
    assert (line.line.status, line.line.flags) == ("Disputed", SUPPLIER_DISPUTES)
    assert line.custody == (bytes(24), 0)


# Meanwhile


@pytest.mark.parametrize("after", DISPUTABLE)
def test_f050_a_dispute_stops_everything_else(chain: Chain, deal: Deals, after: str) -> None:
    line = disputed(deal, after)
    chain.warp(line.arbitration_end + 365 * DAY)  # every clock is over
    refusal = Said("SupplierEscrow_WrongStatus", {"id": line.id, "status": STATUSES.index("Disputed")})
    calls = line.calls()
    ends = {"accept", "acceptMany", "evidence", "rule", "applyDefault", "settle", "assign"}
    for name in calls.keys() - ends:
        for party in (BUYER, SUPPLIER):
            assert line.chain.attempt(calls[name], by=party) == refusal, name
