"""Goods, operators and hostile things for the tests of SupplierEscrow."""

from collections.abc import Callable
from typing import Any

import pytest
from web3.contract import Contract

from tests.support.actors import Actor
from tests.support.amendments import Orders, change_order
from tests.support.chain import BEGINNING, Chain
from tests.support.deals import DAY
from tests.support.lines import BUYER, SUPPLIER, Books, Deal, Deals, Lend, Party, address_of, stock


@pytest.fixture
def lend(chain: Chain, directory: Contract) -> Lend:
    """A principal lends the operator roles, for a year unless told otherwise."""

    def send(
        principal: Party, roles: int, *, until: int = BEGINNING + 365 * DAY, to: Party | None = None
    ) -> None:
        operator = address_of(to or Actor("operator"))
        chain.send(directory.functions.setOperator(operator, roles, until), by=address_of(principal))

    return send


@pytest.fixture
def odd(chain: Chain, escrow: Contract) -> Contract:
    """A token that misbehaves on demand; the buyer and the supplier have plenty of it."""
    token = chain.deploy("MockOddToken")
    stock(chain, token, escrow, BUYER, SUPPLIER)
    return token


@pytest.fixture
def party(chain: Chain, books: Books) -> Callable[[], Contract]:
    """Makes a contract that takes part in deals and receives coin well or badly."""

    def make() -> Contract:
        made = chain.deploy("MockParty")
        books.watch(made)
        return made

    return make


@pytest.fixture
def order(deal: Deals, books: Books) -> Orders:
    """Makes the line that is to take another's place."""

    def make(line: Deal, /, **changes: Any) -> Deal:
        return change_order(deal, books, line, **changes)

    return make
