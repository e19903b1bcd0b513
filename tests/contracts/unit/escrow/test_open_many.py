"""Opening a purchase order: many lines, one signature, one transfer."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest
from eth_utils.crypto import keccak
from web3.contract import Contract

from fabricant.chain.answers import Receipt
from tests.support.actors import Actor
from tests.support.chain import Chain
from tests.support.deals import DAY, NATIVE, NO_CONSENT, STATUSES, ZERO
from tests.support.lines import (
    BUYER,
    DUE_BY,
    OPENING,
    SUPPLIER,
    Books,
    Deal,
    Deals,
    climb,
    consent_to,
    in_leaf_order,
    schedule_digest,
    up,
)
from tests.support.reverts import reverts

TRANSFER = keccak(text="Transfer(address,address,uint256)")


def open_many(
    lines: Sequence[Deal],
    *,
    supplier: Mapping[str, Any] | None = None,
    by: Actor = BUYER,
    payer: Actor = BUYER,
    value: int = 0,
) -> Receipt:
    """The buyer opens a batch that the supplier signed as a whole."""
    consent = supplier or consent_to(lines, SUPPLIER, lines)
    chain, escrow = lines[0].chain, lines[0].escrow
    call = escrow.functions.openMany([line.terms for line in lines], NO_CONSENT, consent, payer.address)
    return chain.send(call, by=by, at=OPENING, value=value)


def test_an_empty_batch_opens_nothing(chain: Chain, escrow: Contract, deal: Deals) -> None:
    consent = deal().signed(SUPPLIER)
    with reverts("SupplierEscrow_EmptyBatch"):
        chain.send(escrow.functions.openMany([], NO_CONSENT, consent, BUYER.address), by=BUYER)


@pytest.mark.parametrize("field", ["buyer", "supplier", "broker", "token", "opener"])
def test_a_batch_has_one_of_each_party(deal: Deals, stranger: Actor, field: str) -> None:
    first = deal(opener=BUYER)
    other = replace(first, terms=first.terms | {field: ZERO if field == "opener" else stranger.address})
    with other.refuses("SupplierEscrow_MixedBatch"):
        open_many([first, other])


def test_lines_of_a_batch_differ_in_all_else(deal: Deals, arbiter: Actor, inspector: Actor) -> None:
    changes: list[dict[str, Any]] = [
        {"inspector": inspector},
        {"arbiter": arbiter},
        {"amount": 1},
        {"dueBy": DUE_BY + DAY, "openBy": DUE_BY},
        {"assets": 2, "deliverables": keccak(text="deliverables")},
        {"documents": bytes(32), "orderRef": bytes(32), "subject": keccak(text="subject")},
        {"retentionBps": 500},
    ]
    lines = in_leaf_order([deal(**change) for change in changes])
    open_many(lines)
    assert {line.line.status for line in lines} == {"Open"}


def test_a_batch_opens_whole_or_not_at_all(deal: Deals) -> None:
    lines = in_leaf_order([deal(), deal(), deal(amount=0)])
    unsound = next(line for line in lines if not line.amount)
    with unsound.refuses("SupplierEscrow_NoAmount"):
        open_many(lines)
    assert {line.line.status for line in lines} == {"None"}


def test_f043_a_batch_holds_a_line_once(deal: Deals) -> None:
    line = deal()
    with line.refuses("SupplierEscrow_WrongStatus", status=STATUSES.index("Open")):
        open_many([line, line])


def test_f023_no_coins_with_a_batch(deal: Deals) -> None:
    with reverts("no reason"):
        open_many([deal(token=NATIVE)], value=1_000_000_000)


# Schedules


@pytest.mark.parametrize("count", [2, 3, 4, 5, 8])
def test_a_whole_schedule_opens_at_once(deal: Deals, count: int) -> None:
    lines = in_leaf_order([deal() for _ in range(count)])
    consent = consent_to(lines, SUPPLIER, lines)
    assert consent["proof"] == []
    open_many(lines, supplier=consent)
    assert {line.line.status for line in lines} == {"Open"}


@pytest.mark.parametrize("part", [slice(0, 2), slice(2, 4), slice(6, 8), slice(0, 4), slice(4, 8)])
def test_a_part_of_a_schedule_opens(deal: Deals, part: slice) -> None:
    schedule = in_leaf_order([deal() for _ in range(8)])
    batch = schedule[part]
    open_many(batch, supplier=consent_to(schedule, SUPPLIER, batch))
    assert [line for line in schedule if line.line.status == "Open"] == batch


def batch_root(lines: Sequence[Deal]) -> bytes:
    """The root of two or three lines, in the order in which they come."""
    *rest, last = lines
    if len(rest) == 1:
        return climb(last, [climb(rest[0], [])])
    first, second = rest  # three leaves: the last two make a node, which is joined with the first
    return keccak(b"".join(sorted((climb(last, []), climb(first, [climb(second, [])])))))


def test_f079_the_order_of_leaves_counts(deal: Deals) -> None:
    lines = in_leaf_order([deal() for _ in range(3)])
    consent, swapped = consent_to(lines, SUPPLIER, lines), [lines[2], lines[0], lines[1]]
    digest = schedule_digest(lines[0], batch_root(swapped))
    assert digest != schedule_digest(lines[0], batch_root(lines))
    with reverts(
        "SupplierEscrow_BadSignature", principal=SUPPLIER.address, signer=SUPPLIER.address, digest=digest
    ):
        open_many(swapped, supplier=consent)


def test_f079_no_foreign_line_slips_into_a_batch(deal: Deals) -> None:
    lines, foreign = in_leaf_order([deal(), deal()]), deal()
    batch = [lines[0], foreign]
    with reverts(
        "SupplierEscrow_BadSignature",
        principal=SUPPLIER.address,
        signer=SUPPLIER.address,
        digest=schedule_digest(foreign, batch_root(batch)),
    ):
        open_many(batch, supplier=consent_to(lines, SUPPLIER, lines))


def test_a_batch_of_one_is_a_line(deal: Deals, books: Books) -> None:
    line = deal()
    with books.moves({BUYER: -line.amount}):
        open_many([line], supplier=line.signed(SUPPLIER))
    assert line.line.status == "Open"


# Sums


def test_f044_a_batch_moves_exact_sums(deal: Deals, books: Books, token: Contract, broker: Actor) -> None:
    agreed = {"advanceBps": 3_333, "bondBps": 1_001, "brokerBps": 499}
    amounts = (1_000_003, 7, 33_333)
    lines = in_leaf_order([deal(amount=amount, broker=broker, **agreed) for amount in amounts])
    advances = [amount * 3_333 // 10_000 for amount in amounts]
    brokerage = sum(advance * 499 // 10_000 for advance in advances)
    bonds = sum(up(amount, 1_001) for amount in amounts)
    for line in lines:
        line.secure()

    with books.moves(
        {BUYER: -sum(amounts), SUPPLIER: sum(advances) - brokerage, broker: brokerage},
        free={SUPPLIER: -bonds},
    ):
        receipt = open_many(lines)

    transfers = [log for log in receipt.logs if log.topics[0] == TRANSFER and log.address == token.address]
    assert len(transfers) == 3  # in, to the supplier, to the broker


def test_a_batch_in_coin_is_paid_from_free_balance(chain: Chain, deal: Deals, books: Books) -> None:
    lines = in_leaf_order([deal(token=NATIVE) for _ in range(3)])
    total = sum(line.amount for line in lines)
    chain.send(lines[0].escrow.functions.deposit(BUYER.address, NATIVE, total + 1), by=BUYER, value=total + 1)
    with books.moves(free={BUYER: -total}):
        open_many(lines)


def test_a_batch_in_coin_needs_free_balance(chain: Chain, deal: Deals) -> None:
    lines = in_leaf_order([deal(token=NATIVE) for _ in range(3)])
    total = sum(line.amount for line in lines)
    chain.send(lines[0].escrow.functions.deposit(BUYER.address, NATIVE, total - 1), by=BUYER, value=total - 1)
    with reverts(
        "SupplierEscrow_InsufficientBalance",
        owner=BUYER.address,
        token=NATIVE,
        balance=total - 1,
        needed=total,
    ):
        open_many(lines)


def test_a_batch_tells_each_line(chain: Chain, deal: Deals) -> None:
    lines = in_leaf_order([deal(), deal(amount=5), deal()])
    consent = consent_to(lines, SUPPLIER, lines)
    call = lines[0].escrow.functions.openMany(
        [line.terms for line in lines], NO_CONSENT, consent, BUYER.address
    )
    assert call.call({"from": BUYER.address}) == [line.id for line in lines]

    told = lines[0].events(open_many(lines, supplier=consent))
    assert told == [
        line.event(
            "LineOpened",
            buyer=BUYER.address,
            supplier=SUPPLIER.address,
            terms=tuple(line.terms.values()),
            payer=BUYER.address,
            held=line.amount,
        )
        for line in lines
    ]


def test_f043_a_hundred_lines_open_at_once(deal: Deals, books: Books) -> None:
    lines = in_leaf_order([deal() for _ in range(100)])
    with books.moves({BUYER: -sum(line.amount for line in lines)}):
        open_many(lines)
    assert {line.line.status for line in lines[::33]} == {"Open"}
