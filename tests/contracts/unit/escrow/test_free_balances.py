"""Free balances: what belongs to somebody without being bound to a line."""

from typing import Any

import pytest
from web3.contract import Contract

from fabricant.chain.answers import Receipt
from tests.support.actors import Actor
from tests.support.chain import Chain
from tests.support.deals import NATIVE
from tests.support.lines import BUYER, SUPPLIER, Books, Deal, Deals, Goods, Lend
from tests.support.reverts import reverts

FINANCE, EVERYTHING = 8, 0xFFFF
IN_TOKENS_AND_COIN = pytest.mark.parametrize("money", [None, NATIVE], ids=["token", "coin"])


@pytest.fixture
def line(deal: Deals) -> Deal:
    """A line that nobody opens: its escrow and token."""
    return deal()


def move(
    line: Deal,
    function: str,
    amount: int,
    *,
    owner: Actor = BUYER,
    by: Actor | None = None,
    money: str | None = None,
    value: int | None = None,
) -> Receipt:
    """Deposits or withdraws, by default the line's token, by its owner."""
    call = line.escrow.get_function_by_name(function)(owner.address, money or line.terms["token"], amount)
    sent = amount if money == NATIVE and function == "deposit" else 0
    return line.chain.send(call, by=by or owner, value=sent if value is None else value)


def not_owner(caller: Actor) -> Any:
    return reverts("SupplierEscrow_NotOwner", owner=BUYER.address, caller=caller.address)


# deposit


@pytest.mark.parametrize("who", ["buyer", "operator"])
def test_the_owner_deposits_tokens(line: Deal, books: Books, lend: Lend, who: str) -> None:
    lend(BUYER, FINANCE)
    with books.moves({BUYER: -77}, free={BUYER: 77}):
        receipt = move(line, "deposit", 77, by=Actor(who))
    assert line.events(receipt) == [line.freed(BUYER, 77)]


@pytest.mark.parametrize("who", ["supplier", "stranger", "operator"])
def test_nobody_deposits_anothers_tokens(line: Deal, lend: Lend, who: str) -> None:
    lend(BUYER, EVERYTHING & ~FINANCE)
    with not_owner(Actor(who)):
        move(line, "deposit", 77, by=Actor(who))


def test_f023_coins_with_a_deposit_of_tokens_are_refused(line: Deal) -> None:
    with reverts("SupplierEscrow_WrongValue", value=77, limit=0):
        move(line, "deposit", 77, value=77)


def test_a_deposit_needs_an_allowance(chain: Chain, line: Deal, token: Contract) -> None:
    chain.send(token.functions.approve(line.escrow.address, 76), by=BUYER)
    with reverts("InsufficientAllowance"):
        move(line, "deposit", 77)


def test_f069_an_asset_is_no_token(
    chain: Chain, line: Deal, goods: Goods, assets: Contract, escrow: Contract
) -> None:
    """`transferFrom` of ERC-721 and of ERC-20 are one selector, and an id is a number like an amount."""
    (product,) = goods(1)
    with reverts("SupplierEscrow_InexactTransfer", token=assets.address, received=1, expected=product):
        move(line, "deposit", product, owner=SUPPLIER, money=assets.address)
    assert assets.functions.ownerOf(product).call() == SUPPLIER.address


@pytest.mark.parametrize("who", ["buyer", "stranger"])
def test_anybody_deposits_coin_for_anybody(line: Deal, books: Books, who: str) -> None:
    with books.moves({Actor(who): -77}, free={BUYER: 77}, token=NATIVE):
        move(line, "deposit", 77, by=Actor(who), money=NATIVE)


@pytest.mark.parametrize("value", [0, 76, 78])
def test_f024_a_deposit_of_coin_is_exact(line: Deal, value: int) -> None:
    with reverts("SupplierEscrow_WrongValue", value=value, limit=77):
        move(line, "deposit", 77, money=NATIVE, value=value)


def test_deposits_add_up(deal: Deals) -> None:
    line = deal(token=NATIVE)
    move(line, "deposit", 77, money=NATIVE)
    receipt = move(line, "deposit", 3, money=NATIVE)
    assert line.events(receipt) == [line.freed(BUYER, 80)]


@IN_TOKENS_AND_COIN
def test_an_empty_deposit_changes_nothing(line: Deal, books: Books, money: str | None) -> None:
    with books.moves(token=money):
        receipt = move(line, "deposit", 0, money=money)
    assert line.events(receipt) == []


# withdraw


@IN_TOKENS_AND_COIN
@pytest.mark.parametrize("who", ["buyer", "operator"])
def test_the_owner_withdraws(deal: Deals, books: Books, lend: Lend, who: str, money: str | None) -> None:
    line = deal(token=money)
    lend(BUYER, FINANCE)
    move(line, "deposit", 77, money=money)
    with books.moves({BUYER: 70}, free={BUYER: -70}):
        receipt = move(line, "withdraw", 70, by=Actor(who), money=money)
    assert line.events(receipt) == [line.freed(BUYER, 7)]


@pytest.mark.parametrize("who", ["supplier", "stranger", "operator"])
def test_nobody_else_withdraws(line: Deal, lend: Lend, who: str) -> None:
    move(line, "deposit", 77)
    lend(BUYER, EVERYTHING & ~FINANCE)
    with not_owner(Actor(who)):
        move(line, "withdraw", 77, by=Actor(who))


@IN_TOKENS_AND_COIN
def test_f046_no_more_is_withdrawn_than_is_there(deal: Deals, money: str | None) -> None:
    line = deal(token=money)
    move(line, "deposit", 77, money=money)
    move(line, "deposit", 100, owner=SUPPLIER, money=money)
    with reverts(
        "SupplierEscrow_InsufficientBalance",
        owner=BUYER.address,
        token=line.terms["token"],
        balance=77,
        needed=78,
    ):
        move(line, "withdraw", 78, money=money)


def test_balances_are_kept_apart(deal: Deals, line: Deal, books: Books) -> None:
    deal(token=NATIVE)
    for owner in (BUYER, SUPPLIER):
        for money in (None, NATIVE):
            move(line, "deposit", 77, owner=owner, money=money)
    with books.moves({BUYER: 77}, free={BUYER: -77}), books.moves(token=NATIVE):
        move(line, "withdraw", 77)


@IN_TOKENS_AND_COIN
def test_an_empty_withdrawal_changes_nothing(line: Deal, books: Books, money: str | None) -> None:
    with books.moves(token=money):
        receipt = move(line, "withdraw", 0, money=money)
    assert line.events(receipt) == []
