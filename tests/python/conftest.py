"""A chain for the library's tests: one Anvil for the process, set back after each test that uses it."""

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from fabricant.chain.anvil import LocalChain
from fabricant.domain.units import BaseUnits
from tests.support.world import World

# How long an example takes says nothing on a busy machine.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")


@pytest.fixture(scope="session")
def session_local() -> Iterator[LocalChain]:
    """The Anvil of this test process."""
    with LocalChain.start() as chain:
        yield chain


@pytest.fixture
def local(session_local: LocalChain) -> Iterator[LocalChain]:
    """A local chain for one test."""
    snapshot = session_local.snapshot()
    yield session_local
    # What a test left in the pool, Anvil would mine at some moment of the next test.
    session_local.rpc.call("anvil_dropAllTransactions")
    session_local.automine(on=True)
    session_local.revert(snapshot)
    session_local.set_base_fee(BaseUnits(10**9))


@pytest.fixture(scope="session")
def session_world() -> Iterator[World]:
    """All contracts, on an Anvil of their own: other tests want an empty chain."""
    with LocalChain.start() as chain:
        yield World.create(chain)


@pytest.fixture
def world(session_world: World) -> Iterator[World]:
    """The world in which the typed clients are tested, as it was built, for one test."""
    snapshot = session_world.chain.snapshot()
    yield session_world
    session_world.chain.revert(snapshot)
