"""A court and its arbiter, and those who make trouble for it."""

from collections.abc import Callable

import pytest
from web3.contract import Contract

from tests.support.chain import Chain
from tests.support.court import RICH, Court
from tests.support.lines import BUYER, SUPPLIER, Books, stock


@pytest.fixture
def court(chain: Chain, escrow: Contract, books: Books) -> Court:
    """A court that is the arbiter of lines."""
    made = Court.deploy(chain, escrow)
    books.watch(made.arbiter, made.judges)
    return made


@pytest.fixture
def odd(chain: Chain, escrow: Contract) -> Contract:
    """A token that misbehaves on demand; the buyer and the supplier have plenty of it."""
    token = chain.deploy("MockOddToken")
    stock(chain, token, escrow, BUYER, SUPPLIER)
    return token


@pytest.fixture
def party(chain: Chain, books: Books) -> Callable[[], Contract]:
    """Makes a rich contract that calls what it is told to, and receives coin well or badly."""

    def make() -> Contract:
        made = chain.deploy("MockParty")
        chain.local.set_balance(made.address, RICH)
        books.watch(made)
        return made

    return make
