"""Money that nobody deposited is nobody's."""

from collections.abc import Callable

from web3.contract import Contract

from tests.support.actors import Actor
from tests.support.chain import Chain
from tests.support.deals import NATIVE
from tests.support.lines import BUYER, SUPPLIER, Books, Deals
from tests.support.reverts import reverts

RICH = 10**24


def test_f017_forced_coin_is_nobodys(
    chain: Chain, deal: Deals, books: Books, escrow: Contract, stranger: Actor
) -> None:
    line = deal(token=NATIVE).given("Delivered")
    chain.local.set_balance(escrow.address, line.amount + 77)
    books.donations[NATIVE] = 77
    with books.moves({SUPPLIER: line.amount}):
        line.accept()
    for whom in (BUYER, SUPPLIER, stranger):
        with reverts(
            "SupplierEscrow_InsufficientBalance", owner=whom.address, token=NATIVE, balance=0, needed=77
        ):
            chain.send(escrow.functions.withdraw(whom.address, NATIVE, 77), by=whom)


def test_f017_given_tokens_are_nobodys(
    chain: Chain, deal: Deals, books: Books, escrow: Contract, token: Contract
) -> None:
    line = deal()
    chain.send(token.functions.transfer(escrow.address, 77), by=BUYER)
    books.donations[token.address] = 77
    with books.moves({BUYER: -line.amount}):
        line.open()
    line.deliver()
    with books.moves({SUPPLIER: line.amount}):
        line.accept()
    with reverts(
        "SupplierEscrow_InsufficientBalance",
        owner=BUYER.address,
        token=token.address,
        balance=0,
        needed=77,
    ):
        chain.send(escrow.functions.withdraw(BUYER.address, token.address, 77), by=BUYER)


def test_coin_without_a_call_is_refused(
    chain: Chain, escrow: Contract, party: Callable[[], Contract]
) -> None:
    courier = party()
    chain.local.set_balance(courier.address, RICH)
    for data in (b"", b"\x12\x34\x56\x78"):
        with reverts("no reason"):
            chain.send(courier.functions.execute(escrow.address, 77, data), by=BUYER)
