"""Closing many deliveries that nobody inspected, with one payout to each receiver."""

from collections.abc import Sequence
from typing import Any

import pytest
from eth_utils.crypto import keccak
from web3.contract import Contract

from fabricant.chain.answers import Receipt
from tests.support.actors import Actor
from tests.support.chain import Chain
from tests.support.deals import NATIVE
from tests.support.lines import BUYER, SUPPLIER, Books, Deal, Deals, Goods, list_hash, up
from tests.support.reverts import reverts

STRANGER = Actor("stranger")
TRANSFER = keccak(text="Transfer(address,address,uint256)")


def deem_accept_many(
    lines: Sequence[Deal],
    lists: Sequence[Sequence[int]] | None = None,
    *,
    by: Actor = STRANGER,
    at: int | None = None,
    value: int = 0,
) -> Receipt:
    """Somebody closes a batch at the inspection's end, by default without goods."""
    listed = [[] for _ in lines] if lists is None else lists
    call = lines[0].escrow.functions.deemAcceptMany([line.terms for line in lines], listed)
    return lines[0].chain.send(call, by=by, at=at or lines[0].inspection_end, value=value)


def bring(*lines: Deal) -> None:
    """Opens and delivers several lines."""
    for line in lines:
        line.secure()
    for line in lines:
        line.open()
    for line in lines:
        line.deliver()


def test_an_empty_batch_closes_nothing(chain: Chain, escrow: Contract) -> None:
    with reverts("SupplierEscrow_EmptyBatch"):
        chain.send(escrow.functions.deemAcceptMany([], []), by=STRANGER)


@pytest.mark.parametrize("count", [0, 1, 3])
def test_each_closed_line_has_its_list(deal: Deals, count: int) -> None:
    lines = [deal(), deal()]
    bring(*lines)
    with reverts("SupplierEscrow_LengthMismatch", lines=2, lists=count):
        deem_accept_many(lines, [[]] * count)


@pytest.mark.parametrize("field", ["buyer", "supplier", "broker", "token", "opener"])
def test_only_lines_alike_are_closed_together(deal: Deals, odd: Contract, field: str) -> None:
    others = {
        "buyer": Actor("payer"),
        "supplier": Actor("payee"),
        "broker": Actor("broker"),
        "token": odd,
        "opener": BUYER,
    }
    line, other = deal(), deal(**{field: others[field]})
    bring(line, other)
    with other.refuses("SupplierEscrow_MixedBatch"):
        deem_accept_many([line, other])


@pytest.mark.parametrize("who", ["buyer", "supplier", "inspector", "stranger"])
def test_f060_anybody_closes_many(deal: Deals, books: Books, who: str) -> None:
    lines = [deal(inspector=Actor("inspector")), deal()]
    bring(*lines)
    with books.moves({SUPPLIER: 2 * lines[0].amount}):
        deem_accept_many(lines, by=Actor(who))
    assert {line.line.status for line in lines} == {"Closed"}


@pytest.mark.parametrize("status", ["None", "Open", "Rejected", "Retained", "Disputed", "Closed", "Revoked"])
def test_f050_only_deliveries_are_closed_together(deal: Deals, status: str) -> None:
    line = deal(retentionBps=1 if status == "Retained" else 0).given(status)
    with line.refuses_status(status):
        deem_accept_many([line])


def test_f048_the_last_inspections_end_closes_a_batch(deal: Deals, books: Books) -> None:
    first, last = deal(), deal(inspection=6 * 24 * 3600)
    bring(first, last)
    for now in (first.inspection_end, last.inspection_end - 1):
        refusal = last.refuses("SupplierEscrow_TooEarly", nowAt=now, **{"from": last.inspection_end})
        with refusal, books.moves():
            deem_accept_many([first, last], at=now)
    assert first.line.status == "Delivered"
    deem_accept_many([first, last], at=last.inspection_end)
    assert {first.line.status, last.line.status} == {"Closed"}


def test_a_batch_is_closed_whole_or_not_at_all(deal: Deals, books: Books) -> None:
    lines = [deal(), deal()]
    bring(*lines)
    lines[1].accept()
    with lines[1].refuses_status("Closed"), books.moves():
        deem_accept_many(lines)
    assert lines[0].line.status == "Delivered"


def test_f046_no_line_is_closed_twice_in_a_batch(deal: Deals, books: Books) -> None:
    line = deal().given("Delivered")
    with line.refuses_status("Closed"), books.moves():
        deem_accept_many([line, line])


def test_f023_no_coins_with_silence(deal: Deals) -> None:
    line = deal(token=NATIVE).given("Delivered")
    with reverts("no reason"):
        deem_accept_many([line], value=1)


@pytest.mark.parametrize("money", ["token", "coin"])
def test_f044_a_batch_of_silences_is_exact(
    deal: Deals, books: Books, token: Contract, broker: Actor, money: str
) -> None:
    where = token if money == "token" else NATIVE
    retained = deal(
        token=where, broker=broker, amount=1_000_003, brokerBps=499, retentionBps=333, bondBps=100
    )
    late = deal(token=where, broker=broker, amount=777_777, brokerBps=1, lateBps=321, bondBps=100)
    lines = [retained, late]
    for line in lines:
        line.secure()
    for line in lines:
        line.open()
    retained.deliver()
    late.deliver(at=late.due + 1)
    now = late.due + 1 + late.agreed["transit"] + late.agreed["inspection"]

    damages, kept = up(777_777, 321), up(1_000_003, 333)
    paid = (1_000_003 - kept, 777_777 - damages)
    brokerage = paid[0] * 499 // 10_000 + paid[1] // 10_000
    with books.moves(
        {BUYER: damages, SUPPLIER: sum(paid) - brokerage, broker: brokerage}, free={SUPPLIER: late.bond}
    ):
        receipt = deem_accept_many(lines, at=now)

    assert [line.line.status for line in lines] == ["Retained", "Closed"]
    transfers = [log for log in receipt.logs if log.topics[0] == TRANSFER and log.address == token.address]
    assert len(transfers) == (3 if money == "token" else 0)
    told: dict[str, Any] = {"by": STRANGER, "goods_to_buyer": True}
    assert late.events(receipt) == [
        retained.concluded("DeemedAccepted", to_supplier=paid[0], retained=kept, **told),
        late.concluded("DeemedAccepted", to_supplier=paid[1], to_buyer=damages, **told),
        late.freed(SUPPLIER, late.bond),
    ]


def test_silence_hands_goods_of_many_lines_over(
    deal: Deals, books: Books, goods: Goods, assets: Contract
) -> None:
    products = goods(4)
    listed, unlisted, none = lines = [deal(goods=products[:2]), deal(goods=products[2:]), deal()]
    bring(*lines)
    with books.moves({SUPPLIER: 3 * none.amount}):
        deem_accept_many(lines, [listed.goods, [], []])
    assert {assets.functions.ownerOf(each).call() for each in listed.goods} == {BUYER.address}
    assert unlisted.custody == (list_hash(unlisted.goods), 0b11)
    unlisted.send("collect", unlisted.goods, by=BUYER)
    assert {assets.functions.ownerOf(each).call() for each in unlisted.goods} == {BUYER.address}


def test_silence_hands_no_other_lines_goods_over(deal: Deals, goods: Goods) -> None:
    first, second = goods(2)
    lines = [deal(goods=[first]), deal(goods=[second])]
    bring(*lines)
    given, expected = (list_hash(line.goods).ljust(32, b"\0") for line in reversed(lines))
    with lines[0].refuses("SupplierEscrow_WrongAssets", given=given, expected=expected):
        deem_accept_many(lines, [[second], [first]])
