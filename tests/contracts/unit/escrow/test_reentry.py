"""Whoever is called while money moves can't enter again, and sees how things are afterwards."""

from collections.abc import Callable

import pytest
from web3.contract import Contract
from web3.contract.contract import ContractFunction

from fabricant.domain.units import parse_address
from tests.support.actors import Actor
from tests.support.chain import Chain, call_data
from tests.support.deals import DAY, NATIVE, STATUSES
from tests.support.decoding import VOCABULARY
from tests.support.lines import BUYER, OPENING, SUPPLIER, Books, Deal, Deals, Lend

OPEN = 1
ENTRY = "ReentrancyGuardReentrantCall"
CALLS = 7  # of MockOddToken


def entries(line: Deal, intruder: Contract) -> dict[str, ContractFunction]:
    """Every guarded function, as somebody would call it who comes back."""
    escrow, token = line.escrow.functions, line.terms["token"]
    return line.calls() | {
        "deposit": escrow.deposit(intruder.address, token, 0),
        "withdraw": escrow.withdraw(intruder.address, token, 0),
    }


def test_f001_a_withdrawal_is_not_made_twice(
    chain: Chain, deal: Deals, books: Books, party: Callable[[], Contract]
) -> None:
    owner, escrow = party(), deal(token=NATIVE).escrow
    chain.send(escrow.functions.deposit(owner.address, NATIVE, 100), by=BUYER, value=100)
    withdraw = escrow.functions.withdraw(owner.address, NATIVE, 50)
    chain.send(owner.functions.setCall(escrow.address, call_data(withdraw)), by=BUYER)
    with books.moves({owner: 50}, free={owner: -50}):
        chain.send(withdraw, by=parse_address(owner.address))
    assert VOCABULARY.error(owner.functions.callAnswer().call()).name == ENTRY


def test_f002_a_receiver_enters_nowhere(
    chain: Chain, deal: Deals, lend: Lend, party: Callable[[], Contract]
) -> None:
    """The supplier is paid in coin, and calls back about its other line."""
    supplier = party()
    lend(supplier, OPEN)
    line, other = (
        deal(token=NATIVE, supplier=supplier, signer=Actor("operator")).given("Open") for _ in range(2)
    )
    for step, (name, call) in enumerate(entries(other, supplier).items(), start=1):
        chain.send(supplier.functions.setCall(line.escrow.address, call_data(call)), by=BUYER)
        line.send("pay", line.amount - step, by=BUYER, at=OPENING + step * 60)
        assert chain.balance(supplier) == step, name
        assert supplier.functions.callFailed().call(), name
        assert VOCABULARY.error(supplier.functions.callAnswer().call()).name == ENTRY, name


@pytest.mark.parametrize("way", ["in", "out"])
def test_f004_a_token_enters_nowhere(chain: Chain, deal: Deals, lend: Lend, odd: Contract, way: str) -> None:
    """The token is the supplier's own, and calls back about its other line."""
    lend(SUPPLIER, 0xFFFF, to=odd)
    lend(BUYER, 0xFFFF, to=odd)
    line, other = deal(token=odd).given("Open"), deal(token=odd).given("Open")
    deposit = line.escrow.functions.deposit(BUYER.address, odd.address, 1)
    for step, (name, call) in enumerate(entries(other, odd).items(), start=1):
        chain.send(odd.functions.setCall(line.escrow.address, call_data(call)), by=BUYER)
        if way == "in":
            chain.send(deposit, by=BUYER)
            assert line.free(BUYER) == step
        else:
            line.send("pay", line.amount - step, by=BUYER, at=OPENING + step * 60)
            assert line.free(SUPPLIER) == 0
        assert odd.functions.targetCallFailed().call(), name
        assert VOCABULARY.error(odd.functions.targetAnswer().call()).name == ENTRY, name


def test_f003_views_show_what_will_be(chain: Chain, deal: Deals, odd: Contract) -> None:
    line = deal(token=odd)
    look = call_data(line.escrow.functions.lineOf(line.id))
    chain.send(odd.functions.setCall(line.escrow.address, look), by=BUYER)

    def seen() -> tuple[str, int]:
        answer = odd.functions.targetAnswer().call()
        return STATUSES[int.from_bytes(answer[:32], "big")], int.from_bytes(answer[-32:], "big")

    line.open()
    assert seen() == ("Open", line.amount)
    line.send("pay", 5, by=BUYER, at=OPENING + 1)
    assert seen() == ("Open", 5)
    line.send("cancel", by=BUYER, at=OPENING + DAY)
    assert seen() == ("Closed", 0)
