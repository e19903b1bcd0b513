"""The world in which the typed clients are tested: built once for the process, set back after each test."""

import pytest

from fabricant.chain.anvil import LocalChain
from tests.support.world import World


@pytest.fixture(scope="session")
def session_world(session_local: LocalChain) -> World:
    """All contracts on this process's Anvil."""
    return World.create(session_local)


@pytest.fixture
def world(session_world: World, local: LocalChain) -> World:
    """The world as it was built, for one test."""
    return session_world
