"""The contracts, deployed once for each test process, and everybody who uses them.

Contracts and actors are session fixtures; `chain` goes back to where it was after every test, so tests can
do what they like. A fixture that deploys or sends takes `chain`, like a test.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager

import pytest
from web3.contract import Contract

from tests.support.actors import ROLES, Actor
from tests.support.assets import Kind, Registration, asset_id, namespace_of
from tests.support.capacity import SERIAL, Capacity
from tests.support.chain import Chain
from tests.support.genealogy import Works
from tests.support.lines import BUYER, SUPPLIER, Books, Deals, Goods, stock


@pytest.fixture(scope="session")
def session_chain() -> Iterator[Chain]:
    """The chain of this test process. Only session fixtures use it; tests use `chain`."""
    chain = Chain.start()
    with closing(chain.local):
        yield chain


@pytest.fixture(autouse=True)
def chain(session_chain: Chain) -> Iterator[Chain]:
    """The chain, as the session left it, for one test."""
    snapshot = session_chain.local.snapshot()
    yield session_chain
    session_chain.local.revert(snapshot)


@pytest.fixture
def forked(chain: Chain) -> AbstractContextManager[int]:
    """Within the block the chain has another id, as a fork of it gets; that id is what it gives."""

    @contextmanager
    def change() -> Iterator[int]:
        home = chain.local.chain_id
        chain.local.rpc.call("anvil_setChainId", home + 1)
        try:
            yield home + 1
        finally:
            chain.local.rpc.call("anvil_setChainId", home)

    return change()


def _actor(role: str) -> Callable[[], Actor]:
    def actor() -> Actor:
        return Actor(role)

    actor.__doc__ = f"The {role}."
    return pytest.fixture(actor, scope="session", name=role)


for _role in ROLES:
    globals()[_role] = _actor(_role)


@pytest.fixture(scope="session")
def directory(session_chain: Chain) -> Contract:
    """The Directory."""
    return session_chain.deploy("Directory")


@pytest.fixture(scope="session")
def anchor(session_chain: Chain, directory: Contract) -> Contract:
    """The RecordAnchor."""
    return session_chain.deploy("RecordAnchor", directory)


@pytest.fixture(scope="session")
def assets(session_chain: Chain, directory: Contract, registrar: Actor) -> Contract:
    """The AssetRegistry."""
    return session_chain.deploy("AssetRegistry", directory, registrar)


@pytest.fixture(scope="session")
def genealogy(session_chain: Chain, assets: Contract) -> Contract:
    """The Genealogy, which the AssetRegistry deployed."""
    return session_chain.at("Genealogy", assets.functions.genealogy().call())


@pytest.fixture(scope="session")
def works(session_chain: Chain, assets: Contract, genealogy: Contract) -> Works:
    """A manufacturer's parts and lots."""
    return Works(session_chain, assets, genealogy, SUPPLIER)


@pytest.fixture(scope="session")
def escrow(session_chain: Chain, directory: Contract, assets: Contract) -> Contract:
    """The SupplierEscrow."""
    return session_chain.deploy("SupplierEscrow", directory, assets)


@pytest.fixture(scope="session")
def market(session_chain: Chain, escrow: Contract) -> Contract:
    """The CapacityMarket."""
    return session_chain.deploy("CapacityMarket", escrow)


@pytest.fixture(scope="session")
def token(session_chain: Chain) -> Contract:
    """A well-behaved token with permit: USD Test, 6 decimals."""
    return session_chain.deploy("MockERC20Permit")


@pytest.fixture(scope="session")
def books_reader(session_chain: Chain) -> Contract:
    """Reads many balances and lines at once."""
    return session_chain.deploy("MockBooks")


@pytest.fixture(scope="session")
def traders(session_chain: Chain, escrow: Contract, assets: Contract, token: Contract, payer: Actor) -> None:
    """Buyer, supplier and payer have tokens; the escrow may take them, and the supplier's goods."""
    stock(session_chain, token, escrow, BUYER, SUPPLIER, payer)
    session_chain.send(assets.functions.setApprovalForAll(escrow.address, True), by=SUPPLIER)


@pytest.fixture
def books(books_reader: Contract, chain: Chain) -> Iterator[Books]:
    """Everybody's money, which must add up when the test is over."""
    books = Books(chain, books_reader)
    yield books
    books.close()


@pytest.fixture
def goods(chain: Chain, assets: Contract) -> Goods:
    """Registers so many products of the supplier, in its own namespace. Returns their ids."""

    def register(how_many: int, *, batch: str = "batch", owner: Actor = SUPPLIER) -> list[int]:
        namespace, names = namespace_of(owner), [f"{batch}-{number}" for number in range(how_many)]
        listed = [Registration(name, Kind.PRODUCT, owner.address) for name in names]
        chain.send(assets.functions.registerMany(namespace, listed), by=owner)
        return [asset_id(namespace, name) for name in names]

    return register


@pytest.fixture
def deal(chain: Chain, escrow: Contract, token: Contract, books: Books, traders: None) -> Deals:
    """Makes order lines between the buyer and the supplier."""
    return Deals(chain, escrow, token, books)


@pytest.fixture
def registry(chain: Chain) -> Contract:
    """An asset registry that holds back what it is told to."""
    return chain.deploy("MockAssetRegistry")


@pytest.fixture
def second_escrow(chain: Chain, directory: Contract, registry: Contract, token: Contract) -> Contract:
    """Another SupplierEscrow, whose goods are in `registry`."""
    made = chain.deploy("SupplierEscrow", directory, registry)
    stock(chain, token, made, BUYER, SUPPLIER)
    return made


@pytest.fixture(scope="module")
def marketplace(
    session_chain: Chain,
    market: Contract,
    escrow: Contract,
    assets: Contract,
    anchor: Contract,
    token: Contract,
    books_reader: Contract,
    traders: None,
) -> Iterator[Capacity]:
    """A market with the supplier's machine, which may act for the supplier and the buyer.

    It is there for one file of tests. Whatever lives longer is among its arguments, so that it stays.
    """
    snapshot = session_chain.local.snapshot()
    capacity = Capacity(session_chain, market, escrow, assets, token)
    capacity.register(SERIAL)
    capacity.agree()
    for party in (BUYER, SUPPLIER):
        capacity.join(party)
    yield capacity
    session_chain.local.revert(snapshot)


@pytest.fixture
def capacity(chain: Chain, marketplace: Capacity) -> Capacity:
    """The market, for one test."""
    return marketplace.for_one_test()
