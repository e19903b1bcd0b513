"""The world in which the typed clients are tested: built once for the process, set back after each test."""

from collections.abc import Iterator

import pytest

from fabricant.chain.anvil import LocalChain
from tests.support.world import World


@pytest.fixture(scope="session")
def session_world() -> Iterator[World]:
    """All contracts, on an Anvil of their own: other tests want an empty chain."""
    with LocalChain.start() as chain:
        yield World.create(chain)


@pytest.fixture
def world(session_world: World) -> Iterator[World]:
    """The world as it was built, for one test."""
    snapshot = session_world.chain.snapshot()
    yield session_world
    session_world.chain.revert(snapshot)
