"""Accepting a batch of lines with one payout to each receiver."""

from collections.abc import Sequence

import pytest
from eth_utils.crypto import keccak
from web3.contract import Contract

from fabricant.chain.answers import Receipt
from tests.support.actors import Actor
from tests.support.chain import Chain
from tests.support.deals import DAY, NATIVE
from tests.support.lines import BUYER, SUPPLIER, Books, Deal, Deals, Goods, up
from tests.support.reverts import reverts

TRANSFER = keccak(text="Transfer(address,address,uint256)")


def accept_many(
    lines: Sequence[Deal],
    lists: Sequence[Sequence[int]] | None = None,
    *,
    by: Actor = BUYER,
    at: int | None = None,
    value: int = 0,
) -> Receipt:
    """The buyer accepts a batch, by default without goods."""
    listed = [[] for _ in lines] if lists is None else lists
    call = lines[0].escrow.functions.acceptMany([line.terms for line in lines], listed)
    return lines[0].chain.send(call, by=by, at=at, value=value)


def bring(lines: Sequence[Deal], *statuses: str) -> None:
    """Brings several lines into their statuses, step by step."""
    for line in lines:
        line.secure()
    for line in lines:
        line.open()
    for line, status in zip(lines, statuses, strict=True):
        if status != "Open":
            line.deliver()
    for line, status in zip(lines, statuses, strict=True):
        if status == "Rejected":
            line.reject()


def test_an_empty_batch_accepts_nothing(chain: Chain, escrow: Contract) -> None:
    with reverts("SupplierEscrow_EmptyBatch"):
        chain.send(escrow.functions.acceptMany([], []), by=BUYER)


@pytest.mark.parametrize("count", [0, 1, 3])
def test_each_accepted_line_has_its_list(deal: Deals, count: int) -> None:
    lines = [deal(), deal()]
    bring(lines, "Delivered", "Delivered")
    with reverts("SupplierEscrow_LengthMismatch", lines=2, lists=count):
        accept_many(lines, [[]] * count)


@pytest.mark.parametrize("field", ["buyer", "supplier", "broker", "token", "opener"])
def test_only_lines_alike_are_accepted_together(deal: Deals, odd: Contract, field: str) -> None:
    others = {
        "buyer": Actor("payer"),
        "supplier": Actor("payee"),
        "broker": Actor("broker"),
        "token": odd,
        "opener": BUYER,
    }
    line, other = deal(), deal(**{"inspector": BUYER, field: others[field]})
    bring([line, other], "Delivered", "Delivered")
    with other.refuses("SupplierEscrow_MixedBatch"):
        accept_many([line, other])


def test_a_batch_is_accepted_whole_or_not_at_all(deal: Deals, books: Books) -> None:
    lines = [deal(), deal(), deal()]
    bring(lines, "Delivered", "Delivered", "Delivered")
    lines[2].accept()
    with lines[2].refuses_status("Closed"), books.moves():
        accept_many(lines)
    assert lines[0].line.status == "Delivered"


def test_f046_no_line_is_paid_twice_in_a_batch(deal: Deals, books: Books) -> None:
    line = deal().given("Delivered")
    with line.refuses_status("Closed"), books.moves():
        accept_many([line, line])


def test_f023_no_coins_with_an_acceptance(deal: Deals) -> None:
    line = deal(token=NATIVE).given("Delivered")
    with reverts("no reason"):
        accept_many([line], value=1)


def test_f044_a_batch_of_acceptances_is_exact(
    deal: Deals, books: Books, token: Contract, broker: Actor
) -> None:
    retained = deal(broker=broker, amount=1_000_003, brokerBps=499, retentionBps=333, bondBps=100)
    late = deal(broker=broker, amount=777_777, brokerBps=1, lateBps=321, bondBps=100)
    lines = [retained, late]
    for line in lines:
        line.secure()
    for line in lines:
        line.open()
    retained.deliver()
    late.deliver(at=late.due + 1)

    damages, kept = up(777_777, 321), up(1_000_003, 333)
    paid = (1_000_003 - kept, 777_777 - damages)
    brokerage = paid[0] * 499 // 10_000 + paid[1] // 10_000
    with books.moves(
        {BUYER: damages, SUPPLIER: sum(paid) - brokerage, broker: brokerage}, free={SUPPLIER: late.bond}
    ):
        receipt = accept_many(lines, at=late.due + DAY)

    assert [line.line.status for line in lines] == ["Retained", "Closed"]
    transfers = [log for log in receipt.logs if log.topics[0] == TRANSFER and log.address == token.address]
    assert len(transfers) == 3
    assert late.events(receipt) == [
        retained.concluded("Accepted", by=BUYER, to_supplier=paid[0], retained=kept, goods_to_buyer=True),
        late.concluded("Accepted", by=BUYER, to_supplier=paid[1], to_buyer=damages, goods_to_buyer=True),
        late.freed(SUPPLIER, late.bond),
    ]


def test_lines_of_any_status_are_accepted_together(deal: Deals, books: Books) -> None:
    lines = [deal(transit=0), deal(transit=0), deal(transit=0)]
    bring(lines, "Open", "Delivered", "Rejected")
    with books.moves({SUPPLIER: 3 * lines[0].amount}):
        accept_many(lines, at=lines[0].due)
    assert {line.line.status for line in lines} == {"Closed"}


def test_what_is_disputed_is_accepted_with_others(deal: Deals, books: Books, arbiter: Actor) -> None:
    rates = {"bondBps": 777, "arbiterFeeBps": 321}
    disputed, delivered = lines = [deal(arbiter=arbiter, **rates), deal(**rates | {"arbiterFeeBps": 0})]
    bring(lines, "Delivered", "Delivered")
    disputed.deposit(BUYER, disputed.arbiter_fee)
    disputed.dispute()
    bonds = disputed.bond + delivered.bond
    free = {SUPPLIER: bonds, BUYER: disputed.arbiter_fee}
    with books.moves({SUPPLIER: 2 * disputed.amount}, free=free):
        accept_many(lines, at=disputed.disputed + DAY)
    assert {line.line.status for line in lines} == {"Closed"}


def test_the_inspector_accepts_many(deal: Deals, books: Books, inspector: Actor) -> None:
    lines = [deal(inspector=inspector), deal(inspector=inspector)]
    bring(lines, "Delivered", "Delivered")
    with books.moves({SUPPLIER: 2 * lines[0].amount}):
        accept_many(lines, by=inspector)


def test_goods_of_many_lines_are_handed_over(deal: Deals, goods: Goods, assets: Contract) -> None:
    products = goods(3)
    lines = [deal(goods=products[:2]), deal(), deal(goods=products[2:])]
    bring(lines, "Delivered", "Delivered", "Delivered")
    accept_many(lines, [line.goods for line in lines])
    assert {assets.functions.ownerOf(each).call() for each in products} == {BUYER.address}
