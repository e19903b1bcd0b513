"""Assigned lines: the payee has the money and the say over it, and the supplier can't give it away."""

from itertools import product
from typing import Any

import pytest
from web3.contract import Contract

from fabricant.chain.answers import Receipt
from tests.support.actors import Actor
from tests.support.assignments import ASSIGNED, DEADLINE, NEXT, PAYEE, assign, reassign
from tests.support.chain import Chain
from tests.support.deals import DAY, NO_CONSENT, NO_CONSENTS
from tests.support.disputes import BROKER, BUYER_DISPUTES, SUPPLIER_DISPUTES, agree, disputed, outcome
from tests.support.lines import (
    BUYER,
    FINDINGS,
    FINDINGS_URI,
    FOREVER,
    OPENING,
    SUPPLIER,
    Books,
    Deal,
    Deals,
    Lend,
    Party,
    down,
    stock,
)
from tests.support.reverts import reverts

CHANGE, QUALITY, FINANCE, EVERYTHING = 2, 4, 8, 0xFFFF
STRANGER, ARBITER = Actor("stranger"), Actor("arbiter")
PAYEE_DISPUTES = BUYER_DISPUTES | SUPPLIER_DISPUTES
AGREED = outcome(600_000_000, 50_000_000)


@pytest.fixture(autouse=True)
def payees(chain: Chain, token: Contract, escrow: Contract, traders: None) -> None:
    """Payees have tokens, and the escrow may take them."""
    stock(chain, token, escrow, PAYEE, NEXT)


# Money


def test_the_buyer_pays_the_payee_and_the_broker(deal: Deals, books: Books) -> None:
    line = agree(deal, "Open").given("Open")
    assign(line)
    amount = line.amount - 7
    fee = down(amount, 499)
    with books.moves({PAYEE: amount - fee, BROKER: fee}):
        receipt = line.send("pay", 7, by=BUYER)
    told = {"payee": PAYEE.address, "amount": amount, "heldAfter": 7}
    assert line.events(receipt) == [line.event("LinePaid", **told)]


def test_the_retention_follows_the_receivable(deal: Deals, books: Books) -> None:
    line = agree(deal, "Retained").given("Delivered")
    assign(line)
    line.accept()
    reassign(line, PAYEE, NEXT)
    held = line.line.held
    fee = down(held, 499)
    with books.moves({NEXT: held - fee, BROKER: fee}, free={SUPPLIER: line.bond}):
        line.send("payRetention", by=STRANGER, at=line.retention_end)


def test_a_payee_that_is_the_broker_is_paid_both(deal: Deals, books: Books) -> None:
    line = agree(deal, "Open").given("Open")
    assign(line, BROKER)
    with books.moves({BROKER: line.amount}):
        line.send("pay", 0, by=BUYER)


def test_only_the_last_payee_is_paid(deal: Deals, books: Books) -> None:
    line = deal().given("Open")
    assign(line)
    reassign(line, PAYEE, NEXT)
    with books.moves({NEXT: line.amount}):
        line.send("pay", 0, by=BUYER)


# Batches


MANY = pytest.mark.parametrize("function", ["acceptMany", "deemAcceptMany"])


def accept_many(lines: list[Deal], function: str) -> Receipt:
    """The buyer accepts deliveries together, or anybody after the inspection."""
    call = lines[0].escrow.get_function_by_name(function)([each.terms for each in lines], [[] for _ in lines])
    by, at = (
        (BUYER, lines[0].inspected)
        if function == "acceptMany"
        else (STRANGER, lines[-1].inspection_end + DAY)
    )
    return lines[0].chain.send(call, by=by, at=at)


def deliveries(deal: Deals, count: int) -> list[Deal]:
    """Lines that were delivered at one time."""
    lines = [agree(deal, "Delivered") for _ in range(count)]
    for line in lines:
        line.secure()
        line.open(at=None)
    for place, line in enumerate(lines):
        line.deliver(at=line.handover + place)
    return lines


@MANY
def test_one_payee_is_paid_for_many_lines(deal: Deals, books: Books, function: str) -> None:
    lines = deliveries(deal, 3)
    for line in lines:
        assign(line)
    amount, fee = sum(each.amount for each in lines), sum(down(each.amount, 499) for each in lines)
    bonds = sum(each.bond for each in lines)
    with books.moves({PAYEE: amount - fee, BROKER: fee}, free={SUPPLIER: bonds}):
        accept_many(lines, function)


@MANY
@pytest.mark.parametrize("payees", [(PAYEE, NEXT), (None, PAYEE), (PAYEE, None), (PAYEE, PAYEE, None)])
def test_lines_of_several_payees_are_no_batch(
    deal: Deals, books: Books, function: str, payees: tuple[Actor | None, ...]
) -> None:
    lines = deliveries(deal, len(payees))
    for line, payee in zip(lines, payees, strict=True):
        if payee:
            assign(line, payee)
    with books.moves(), lines[-1].refuses("SupplierEscrow_MixedBatch"):
        accept_many(lines, function)


@MANY
def test_a_line_sold_to_its_supplier_is_of_its_batch(deal: Deals, books: Books, function: str) -> None:
    lines = deliveries(deal, 2)
    assign(lines[0], SUPPLIER)
    amount, fee = lines[0].amount, down(lines[0].amount, 499)
    with books.moves({SUPPLIER: 2 * (amount - fee), BROKER: 2 * fee}, free={SUPPLIER: 2 * lines[0].bond}):
        accept_many(lines, function)


# Refund and resignation


@pytest.mark.parametrize("status", ["Open", "Delivered", "Rejected", "Retained"])
def test_f063_only_the_payee_refunds(deal: Deals, books: Books, lend: Lend, status: str) -> None:
    line = agree(deal, status).given(status)
    assign(line)
    lend(SUPPLIER, EVERYTHING)
    for caller in (SUPPLIER, Actor("operator"), BUYER, STRANGER, NEXT):
        with line.refuses("SupplierEscrow_NotSupplier", caller=caller.address):
            line.send("refund", 0, by=caller)
    held = line.line.held
    with books.moves({BUYER: held - 7}):
        receipt = line.send("refund", 7, by=PAYEE)
    told = {"by": PAYEE.address, "amount": held - 7, "heldAfter": 7}
    assert line.events(receipt) == [line.event("LineRefunded", **told)]


def test_f063_a_payees_operator_for_finance_refunds(deal: Deals, lend: Lend, operator: Actor) -> None:
    line = deal().given("Open")
    assign(line)
    lend(PAYEE, EVERYTHING & ~FINANCE)
    with line.refuses("SupplierEscrow_NotSupplier", caller=operator.address):
        line.send("refund", 7, by=operator)
    lend(PAYEE, FINANCE)
    line.send("refund", 7, by=operator)
    assert line.line.held == 7


def test_a_former_payee_does_not_refund(deal: Deals) -> None:
    line = deal().given("Open")
    assign(line)
    reassign(line, PAYEE, NEXT)
    with line.refuses("SupplierEscrow_NotSupplier", caller=PAYEE.address):
        line.send("refund", 7, by=PAYEE)


@pytest.mark.parametrize("status", ["Open", "Rejected"])
def test_nobody_resigns_from_an_assigned_line(deal: Deals, books: Books, status: str) -> None:
    line = agree(deal, status, resignPeriod=60 * DAY).given(status)
    assign(line)
    with books.moves(), line.refuses("SupplierEscrow_Assigned"):
        line.send("resign", by=SUPPLIER)
    with line.refuses("SupplierEscrow_NotSupplier", caller=PAYEE.address):
        line.send("resign", by=PAYEE)


# Settlement


def settle(line: Deal, *, by: Party = STRANGER, **consents: Any) -> Receipt:
    """All three signed, unless the test says otherwise."""
    signed = {side: line.settled(Actor(side), AGREED) for side in ("buyer", "supplier", "payee")}
    return line.send("settle", AGREED, FOREVER, signed | consents, by=by)


@pytest.mark.parametrize("caller", ["stranger", "buyer", "supplier", "payee"])
def test_three_settle_an_assigned_line(deal: Deals, books: Books, caller: str) -> None:
    line = agree(deal, "Open").given("Open")
    assign(line)
    fee = down(AGREED["toSupplier"], 499)
    to_buyer = line.amount - AGREED["toSupplier"] + AGREED["bondToBuyer"]
    moved = {PAYEE: AGREED["toSupplier"] - fee, BROKER: fee, BUYER: to_buyer}
    with books.moves(moved, free={SUPPLIER: line.bond - AGREED["bondToBuyer"]}):
        settle(line, by=Actor(caller), **({caller: NO_CONSENT} if caller != "stranger" else {}))


@pytest.mark.parametrize("who", ["buyer", "supplier", "stranger"])
def test_f063_nobody_settles_without_the_payee(deal: Deals, who: str) -> None:
    line = deal().given("Open")
    assign(line)
    told = {"principal": PAYEE.address, "actor": Actor(who).address}
    with reverts("SupplierEscrow_NoConsent", **told):
        settle(line, by=Actor(who), payee=NO_CONSENT)
    with reverts("SupplierEscrow_NoConsent", **told):
        settle(line, payee=line.settled(Actor(who), AGREED))


def test_f063_a_former_payees_consent_is_void(deal: Deals) -> None:
    line = deal().given("Open")
    assign(line)
    reassign(line, PAYEE, NEXT)
    with reverts("SupplierEscrow_NoConsent", principal=NEXT.address, actor=PAYEE.address):
        settle(line)


def test_f063_a_payees_operator_needs_the_role_for_changes(deal: Deals, lend: Lend, operator: Actor) -> None:
    line = deal().given("Open")
    assign(line)
    lend(PAYEE, EVERYTHING & ~CHANGE)
    with reverts("SupplierEscrow_NoConsent", principal=PAYEE.address, actor=operator.address):
        settle(line, payee=line.settled(operator, AGREED))
    lend(PAYEE, CHANGE)
    settle(line, payee=line.settled(operator, AGREED))
    assert line.line.status == "Closed"


def test_f063_a_supplier_may_consent_for_its_payee(deal: Deals, lend: Lend) -> None:
    line = deal().given("Open")
    assign(line)
    lend(PAYEE, CHANGE, to=SUPPLIER)
    settle(line, payee=line.settled(SUPPLIER, AGREED))
    assert line.line.status == "Closed"


@pytest.mark.parametrize("how", ["calls", "signs"])
def test_f042_the_buyer_does_not_consent_for_the_payee(deal: Deals, lend: Lend, how: str) -> None:
    line = deal().given("Open")
    assign(line)
    lend(PAYEE, CHANGE, to=BUYER)
    lend(BUYER, CHANGE)
    consent = NO_CONSENT if how == "calls" else line.settled(BUYER, AGREED)
    by = BUYER if how == "calls" else STRANGER
    operator = Actor("operator")
    for buyers, actor in (({}, BUYER), ({"buyer": line.settled(operator, AGREED)}, operator)):
        told = {"forBuyer": actor.address, "forSupplier": BUYER.address}
        with line.refuses("SupplierEscrow_ActsForBoth", **told):
            settle(line, by=by, payee=consent, **buyers)


def test_f042_who_consents_for_the_buyer_does_not_for_the_payee(
    deal: Deals, lend: Lend, operator: Actor
) -> None:
    line = deal().given("Open")
    assign(line)
    for principal in (BUYER, PAYEE):
        lend(principal, CHANGE)
    signed = line.settled(operator, AGREED)
    told = {"forBuyer": operator.address, "forSupplier": operator.address}
    with line.refuses("SupplierEscrow_ActsForBoth", **told):
        settle(line, buyer=signed, payee=signed)


def test_f042_a_payee_does_not_consent_for_the_buyer_too(deal: Deals, lend: Lend) -> None:
    line = deal().given("Open")
    assign(line)
    lend(BUYER, CHANGE, to=PAYEE)
    told = {"forBuyer": PAYEE.address, "forSupplier": PAYEE.address}
    with line.refuses("SupplierEscrow_ActsForBoth", **told):
        settle(line, buyer=line.settled(PAYEE, AGREED))


def test_f042_a_payee_whose_operator_consents_does_not_act_for_the_buyer(
    deal: Deals, lend: Lend, operator: Actor
) -> None:
    line = deal().given("Open")
    assign(line)
    lend(BUYER, CHANGE, to=PAYEE)
    lend(PAYEE, CHANGE)
    told = {"forBuyer": PAYEE.address, "forSupplier": operator.address}
    with line.refuses("SupplierEscrow_ActsForBoth", **told):
        settle(line, buyer=line.settled(PAYEE, AGREED), payee=line.settled(operator, AGREED))


def test_f036_a_payees_consent_is_to_this_settlement(deal: Deals) -> None:
    line = deal().given("Open")
    assign(line)
    told = {"principal": PAYEE.address, "signer": PAYEE.address, "digest": line.settlement(AGREED)}
    for consent in (
        line.settled(PAYEE),
        line.assigned(PAYEE),
        line.settled(PAYEE, AGREED, deadline=DEADLINE),
    ):
        with reverts("SupplierEscrow_BadSignature", **told):
            settle(line, payee=consent)


def test_f028_a_settlement_signed_before_the_sale_needs_the_payee(deal: Deals) -> None:
    line = deal().given("Open")
    signed = {"buyer": line.settled(BUYER, AGREED), "supplier": line.settled(SUPPLIER, AGREED)}
    assign(line)
    with reverts("SupplierEscrow_NoConsent", principal=PAYEE.address, actor=SUPPLIER.address):
        line.send("settle", AGREED, FOREVER, NO_CONSENTS | signed, by=SUPPLIER)


def test_f063_no_change_order_without_the_payee(deal: Deals) -> None:
    line = deal().given("Open")
    assign(line)
    after = line.successor()
    signed = {side: line.amended(Actor(side), after, AGREED) for side in ("buyer", "supplier")}
    consents = NO_CONSENTS | signed
    with reverts("SupplierEscrow_NoConsent", principal=PAYEE.address, actor=BUYER.address):
        line.send("amend", after, AGREED, FOREVER, consents, BUYER.address, by=BUYER)


# Disputes


def dispute(line: Deal, by: Party, *, at: int | None = None) -> Receipt:
    """Somebody disputes with just the arbiter's fee."""
    line.deposit(by, line.arbiter_fee)
    return line.dispute(by=by, at=at)


@pytest.mark.parametrize("who", ["supplier", "payee"])
def test_the_supplier_and_the_payee_dispute_a_rejection(deal: Deals, books: Books, who: str) -> None:
    line, flags = agree(deal, "Rejected").given("Rejected"), {"supplier": 16, "payee": PAYEE_DISPUTES}
    assign(line)
    line.deposit(Actor(who), line.arbiter_fee)
    with books.moves(free={Actor(who): -line.arbiter_fee}):
        receipt = line.dispute(by=Actor(who))
    told = {"by": Actor(who).address, "disputant": Actor(who).address}
    assert line.events(receipt) == [
        line.freed(Actor(who), 0),
        line.event("LineDisputed", **told),
        *line.submitted(Actor(who)),
    ]
    assert line.line.flags == ASSIGNED | flags[who]


@pytest.mark.parametrize("who", ["buyer", "stranger", "broker", "owner"])
def test_f063_nobody_else_disputes_a_rejection(deal: Deals, who: str) -> None:
    line = agree(deal, "Rejected").given("Rejected")
    assign(line)
    with line.refuses("SupplierEscrow_NotParty", caller=Actor(who).address):
        line.dispute(by=Actor(who))


def test_f063_a_payees_operator_for_quality_disputes(deal: Deals, lend: Lend, operator: Actor) -> None:
    line = agree(deal, "Rejected").given("Rejected")
    assign(line)
    line.deposit(PAYEE, line.arbiter_fee)
    lend(PAYEE, EVERYTHING & ~QUALITY)
    with line.refuses("SupplierEscrow_NotParty", caller=operator.address):
        line.dispute(by=operator)
    lend(PAYEE, QUALITY)
    line.dispute(by=operator)
    assert (line.line.flags, line.free(PAYEE)) == (ASSIGNED | PAYEE_DISPUTES, 0)


@pytest.mark.parametrize("status", ["Open", "Delivered", "Retained"])
def test_a_payee_disputes_nothing_but_a_rejection(deal: Deals, status: str) -> None:
    line = agree(deal, status).given(status)
    assign(line)
    refused = (
        line.refuses_status("Open")
        if status == "Open"
        else line.refuses("SupplierEscrow_NotParty", caller=PAYEE.address)
    )
    with refused:
        line.dispute(by=PAYEE)


def test_f048_a_payee_disputes_before_the_cure_ends(deal: Deals) -> None:
    line, late = (agree(deal, "Rejected") for _ in range(2))
    for each in (line, late):
        each.secure()
        each.open(at=None)
    for step in ("deliver", "reject"):
        for place, each in enumerate((line, late)):
            getattr(each, step)(at=(each.handover if step == "deliver" else each.inspected) + place)
    for each in (line, late):
        assign(each)
    line.deposit(PAYEE, 2 * line.arbiter_fee)
    line.dispute(by=PAYEE, at=line.cure_end - 1)
    end = late.line.since + late.agreed["cure"]
    with late.refuses("SupplierEscrow_TooLate", nowAt=end, before=end):
        late.dispute(by=PAYEE, at=end)


def test_a_payee_without_a_deposit_does_not_dispute(deal: Deals) -> None:
    line = agree(deal, "Rejected").given("Rejected")
    assign(line)
    line.deposit(SUPPLIER, line.arbiter_fee)  # not the payee's to spend
    told = {"owner": PAYEE.address, "token": line.terms["token"], "balance": 0, "needed": line.arbiter_fee}
    with reverts("SupplierEscrow_InsufficientBalance", **told):
        line.dispute(by=PAYEE)


ENDS = ("accept", "applyDefault", "settle", "rule")


def end(line: Deal, how: str, payee: Actor) -> None:
    """Ends a dispute."""
    if how == "settle":
        settle(line, payee=line.settled(payee, AGREED))
    elif how == "accept":
        line.send("accept", [], by=BUYER, at=line.line.since + DAY)
    elif how == "applyDefault":
        line.send("applyDefault", by=STRANGER, at=line.line.since + line.agreed["arbitration"])
    else:
        line.send("rule", AGREED, by=ARBITER, at=line.line.since + DAY)


SALES = ("before", "during", "before and during", "never")
CASES = [
    (who, sold)
    for who, sold in product(("buyer", "supplier", "payee"), SALES)
    if who != "payee" or sold.startswith("before")  # else there is no payee yet
]


@pytest.mark.parametrize("how", ENDS)
@pytest.mark.parametrize(("who", "sold"), CASES)
def test_f055_a_deposit_goes_back_to_whose_it_is(deal: Deals, who: str, sold: str, how: str) -> None:
    line = agree(deal, "Delivered" if who == "buyer" else "Rejected")
    line.given("Delivered" if who == "buyer" else "Rejected")
    if sold.startswith("before"):
        assign(line)
    dispute(line, Actor(who))
    if sold == "during":
        assign(line)
    elif sold == "before and during":
        reassign(line, PAYEE, NEXT)
    payee = {"before and during": NEXT, "never": SUPPLIER}.get(sold, PAYEE)
    depositor: Actor = BUYER if who == "buyer" else SUPPLIER
    if who == "payee" or (who == "supplier" and sold == "during"):
        depositor = payee
    before = line.free(depositor)
    bond = 0
    if depositor == SUPPLIER:
        bond = line.bond - (AGREED["bondToBuyer"] if how in ("settle", "rule") else 0)
    end(line, how, payee)
    assert line.free(depositor) - before == bond + (0 if how == "rule" else line.arbiter_fee)
    assert line.line.flags & PAYEE_DISPUTES == 0


@pytest.mark.parametrize("times", [1, 2, 3])
def test_f055_a_deposit_follows_every_sale(deal: Deals, times: int) -> None:
    line = disputed(deal, "Rejected")
    ring = [SUPPLIER, PAYEE, NEXT, PAYEE]
    for place in range(times):
        reassign(line, ring[place], ring[place + 1], deadline=DEADLINE + place)
        assert line.line.flags == ASSIGNED | PAYEE_DISPUTES
    line.send("accept", [], by=BUYER, at=line.disputed + DAY)
    assert line.free(ring[times]) == line.arbiter_fee
    assert line.free(SUPPLIER) == line.bond


def test_f055_a_buyers_deposit_stays_the_buyers(deal: Deals) -> None:
    line = disputed(deal)
    assign(line)
    assert line.line.flags == ASSIGNED | BUYER_DISPUTES
    line.send("accept", [], by=BUYER, at=line.disputed + DAY)
    assert (line.free(BUYER), line.free(PAYEE)) == (line.arbiter_fee, 0)


@pytest.mark.parametrize("who", ["buyer", "supplier", "payee", "arbiter"])
def test_evidence_is_everybodys(deal: Deals, who: str) -> None:
    line = disputed(deal)
    assign(line)
    receipt = line.send("evidence", FINDINGS, FINDINGS_URI, by=Actor(who))
    assert line.events(receipt) == line.submitted(Actor(who))


def test_f063_only_a_payee_of_now_submits_evidence(deal: Deals, lend: Lend, operator: Actor) -> None:
    line = disputed(deal)
    with line.refuses("SupplierEscrow_NotParty", caller=PAYEE.address):
        line.send("evidence", FINDINGS, FINDINGS_URI, by=PAYEE)
    assign(line)
    lend(PAYEE, EVERYTHING & ~QUALITY)
    with line.refuses("SupplierEscrow_NotParty", caller=operator.address):
        line.send("evidence", FINDINGS, FINDINGS_URI, by=operator)
    lend(PAYEE, QUALITY)
    line.send("evidence", FINDINGS, FINDINGS_URI, by=operator)
    reassign(line, PAYEE, NEXT)
    with line.refuses("SupplierEscrow_NotParty", caller=PAYEE.address):
        line.send("evidence", FINDINGS, FINDINGS_URI, by=PAYEE)


# What stays the supplier's and the buyer's


def test_the_work_and_the_goods_stay_the_suppliers(deal: Deals) -> None:
    line = deal().given("Open")
    assign(line, at=OPENING + DAY)
    with line.refuses("SupplierEscrow_NotSupplier", caller=PAYEE.address):
        line.deliver(by=PAYEE)
    line.deliver()
    assert line.line.flags == ASSIGNED
    with line.refuses("SupplierEscrow_NotBuyer", caller=PAYEE.address):
        line.send("pay", 0, by=PAYEE)
