"""A court and its arbiter, pledges, and those who make trouble for them."""

from collections.abc import Callable

import pytest
from web3.contract import Contract

from tests.support.chain import Chain
from tests.support.court import RICH, Court
from tests.support.genealogy import Works
from tests.support.lines import BUYER, SUPPLIER, Books, stock
from tests.support.pledges import LENDER, PAYER, PLEDGER, Loans


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


@pytest.fixture(scope="session")
def house(session_chain: Chain, assets: Contract, token: Contract) -> Contract:
    """The Pledge, which may take the lender's and the payer's money and the pledger's assets."""
    made = session_chain.deploy("Pledge", assets)
    stock(session_chain, token, made, LENDER, PAYER)
    session_chain.send(assets.functions.setApprovalForAll(made.address, True), by=PLEDGER)
    return made


@pytest.fixture
def loans(chain: Chain, assets: Contract, genealogy: Contract, house: Contract, token: Contract) -> Loans:
    """Makes loans on the pledger's machines and lots."""
    return Loans(Works(chain, assets, genealogy, PLEDGER), house, token)


@pytest.fixture
def odd_money(chain: Chain, house: Contract) -> Contract:
    """A token that misbehaves on demand; the lender and the payer have plenty of it."""
    token = chain.deploy("MockOddToken")
    stock(chain, token, house, LENDER, PAYER)
    return token
