"""Free balances: what is somebody's without being bound to a line."""

from collections.abc import Callable

import pytest
from web3.contract import Contract

from tests.support.actors import Actor
from tests.support.chain import Chain, event
from tests.support.deals import NATIVE
from tests.support.lines import BUYER, Books, Deals, Lend
from tests.support.reverts import reverts

FINANCE, EVERYTHING = 8, 0xFFFF
RETURNS_FALSE, TAKES_FEE, PAUSED = 2, 4, 5  # MockOddToken.Oddity


@pytest.mark.parametrize("who", ["stranger", "operator", "supplier"])
def test_only_the_owner_deposits_its_tokens(
    chain: Chain, escrow: Contract, token: Contract, traders: None, lend: Lend, who: str
) -> None:
    lend(BUYER, EVERYTHING & ~FINANCE)
    with reverts("SupplierEscrow_NotOwner", owner=BUYER.address, caller=Actor(who).address):
        chain.send(escrow.functions.deposit(BUYER.address, token.address, 1), by=Actor(who))


def test_an_operator_deposits_from_the_owner(
    deal: Deals, chain: Chain, escrow: Contract, token: Contract, books: Books, lend: Lend, operator: Actor
) -> None:
    deal()
    lend(BUYER, FINANCE)
    with books.moves({BUYER: -7}, free={BUYER: 7}):
        chain.send(escrow.functions.deposit(BUYER.address, token.address, 7), by=operator)


def test_f023_tokens_are_deposited_without_coin(
    chain: Chain, escrow: Contract, token: Contract, traders: None
) -> None:
    with reverts("SupplierEscrow_WrongValue", value=1, limit=0):
        chain.send(escrow.functions.deposit(BUYER.address, token.address, 1), by=BUYER, value=1)


def test_f006_a_deposit_arrives_whole(chain: Chain, escrow: Contract, odd: Contract) -> None:
    chain.send(odd.functions.setOddity(TAKES_FEE), by=BUYER)
    with reverts("SupplierEscrow_InexactTransfer", token=odd.address, received=99, expected=100):
        chain.send(escrow.functions.deposit(BUYER.address, odd.address, 100), by=BUYER)


def test_a_deposit_is_credited(
    deal: Deals, chain: Chain, escrow: Contract, token: Contract, books: Books
) -> None:
    deal()
    with books.moves({BUYER: -100}, free={BUYER: 100}):
        receipt = chain.send(escrow.functions.deposit(BUYER.address, token.address, 100), by=BUYER)
    credited = {"owner": BUYER.address, "token": token.address, "balanceAfter": 100}
    assert chain.events(receipt, escrow) == [event(escrow, "FreeBalanceChanged", **credited)]


@pytest.mark.parametrize("value", [0, 9, 11])
def test_f024_a_deposit_of_coin_is_exact(chain: Chain, escrow: Contract, value: int) -> None:
    with reverts("SupplierEscrow_WrongValue", value=value, limit=10):
        chain.send(escrow.functions.deposit(BUYER.address, NATIVE, 10), by=BUYER, value=value)


def test_anyone_deposits_coin_for_another(
    deal: Deals, chain: Chain, escrow: Contract, books: Books, stranger: Actor
) -> None:
    deal(token=NATIVE)
    with books.moves({stranger: -10}, free={BUYER: 10}):
        chain.send(escrow.functions.deposit(BUYER.address, NATIVE, 10), by=stranger, value=10)


@pytest.mark.parametrize("who", ["stranger", "operator", "supplier"])
def test_only_the_owner_withdraws(
    chain: Chain, escrow: Contract, token: Contract, traders: None, lend: Lend, who: str
) -> None:
    lend(BUYER, EVERYTHING & ~FINANCE)
    with reverts("SupplierEscrow_NotOwner", owner=BUYER.address, caller=Actor(who).address):
        chain.send(escrow.functions.withdraw(BUYER.address, token.address, 0), by=Actor(who))


def test_an_operator_withdraws_to_the_owner(
    deal: Deals, chain: Chain, escrow: Contract, token: Contract, books: Books, lend: Lend, operator: Actor
) -> None:
    deal()
    lend(BUYER, FINANCE)
    chain.send(escrow.functions.deposit(BUYER.address, token.address, 7), by=BUYER)
    with books.moves({BUYER: 5}, free={BUYER: -5}):
        chain.send(escrow.functions.withdraw(BUYER.address, token.address, 5), by=operator)


def test_f046_nobody_withdraws_more_than_its_balance(
    chain: Chain, escrow: Contract, token: Contract, traders: None, supplier: Actor
) -> None:
    chain.send(escrow.functions.deposit(BUYER.address, token.address, 7), by=BUYER)
    chain.send(escrow.functions.deposit(supplier.address, token.address, 7), by=supplier)
    short = {"owner": BUYER.address, "token": token.address, "balance": 7, "needed": 8}
    with reverts("SupplierEscrow_InsufficientBalance", **short):
        chain.send(escrow.functions.withdraw(BUYER.address, token.address, 8), by=BUYER)


@pytest.mark.parametrize("oddity", [RETURNS_FALSE, PAUSED])
def test_f012_a_failed_withdrawal_keeps_the_balance(
    chain: Chain, escrow: Contract, odd: Contract, oddity: int
) -> None:
    chain.send(escrow.functions.deposit(BUYER.address, odd.address, 7), by=BUYER)
    chain.send(odd.functions.setOddity(oddity), by=BUYER)
    with reverts("SupplierEscrow_PayoutFailed", token=odd.address, to=BUYER.address, amount=7):
        chain.send(escrow.functions.withdraw(BUYER.address, odd.address, 7), by=BUYER)
    assert escrow.functions.freeBalanceOf(BUYER.address, odd.address).call() == 7
    chain.send(odd.functions.setOddity(0), by=BUYER)
    chain.send(escrow.functions.withdraw(BUYER.address, odd.address, 7), by=BUYER)
    assert escrow.functions.freeBalanceOf(BUYER.address, odd.address).call() == 0


def test_withdrawing_nothing_changes_nothing(
    deal: Deals, chain: Chain, escrow: Contract, token: Contract, books: Books
) -> None:
    deal()
    with books.moves({}):
        receipt = chain.send(escrow.functions.withdraw(BUYER.address, token.address, 0), by=BUYER)
    assert receipt.logs == ()


@pytest.mark.parametrize("kind", ["coin", "token"])
def test_f058_everything_is_withdrawn(
    deal: Deals, chain: Chain, escrow: Contract, token: Contract, books: Books, kind: str
) -> None:
    where, value = (NATIVE, 1_000) if kind == "coin" else (token.address, 0)
    deal(token=where)
    chain.send(escrow.functions.deposit(BUYER.address, where, 1_000), by=BUYER, value=value)
    with books.moves({BUYER: 1_000}, free={BUYER: -1_000}):
        receipt = chain.send(escrow.functions.withdraw(BUYER.address, where, 1_000), by=BUYER)
    emptied = {"owner": BUYER.address, "token": where, "balanceAfter": 0}
    assert chain.events(receipt, escrow) == [event(escrow, "FreeBalanceChanged", **emptied)]


def test_f015_a_receiver_that_refuses_coin_keeps_its_balance(
    deal: Deals, chain: Chain, escrow: Contract, party: Callable[[], Contract]
) -> None:
    deal(token=NATIVE)
    wallet = party()
    chain.send(escrow.functions.deposit(wallet.address, NATIVE, 10), by=BUYER, value=10)
    chain.send(wallet.functions.setManner(1), by=BUYER)  # reverts
    withdrawal = escrow.functions.withdraw(wallet.address, NATIVE, 10)
    data = bytes.fromhex(withdrawal._encode_transaction_data()[2:])
    with reverts("SupplierEscrow_PayoutFailed", token=NATIVE, to=wallet.address, amount=10):
        chain.send(wallet.functions.execute(escrow.address, 0, data), by=BUYER)
    chain.send(wallet.functions.setManner(0), by=BUYER)
    chain.send(wallet.functions.execute(escrow.address, 0, data), by=BUYER)
    assert chain.balance(wallet) == 10
