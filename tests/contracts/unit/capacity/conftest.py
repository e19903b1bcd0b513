"""A fork of the chain, for the tests of the market."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest

from tests.support.chain import Chain


@pytest.fixture
def forked(chain: Chain) -> AbstractContextManager[int]:
    """Within the block the chain has another id, as a fork of it gets."""

    @contextmanager
    def change() -> Iterator[int]:
        home = chain.local.chain_id
        chain.local.rpc.call("anvil_setChainId", home + 1)
        try:
            yield home + 1
        finally:
            chain.local.rpc.call("anvil_setChainId", home)

    return change()
