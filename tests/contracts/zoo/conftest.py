"""The stage, for each file of tests."""

from collections.abc import Iterator, Sequence

import pytest
from web3.contract import Contract

from tests.support.assets import Kind, Registration, asset_id, namespace_of
from tests.support.chain import Chain
from tests.support.lines import SUPPLIER
from tests.support.paths import Register
from tests.support.stage import Stage


@pytest.fixture(scope="module")
def whole_stage(
    session_chain: Chain,
    escrow: Contract,
    directory: Contract,
    assets: Contract,
    token: Contract,
    books_reader: Contract,
    traders: None,
) -> Iterator[Stage]:
    """The stage. Whatever lives longer is among its arguments, so that it stays."""
    snapshot = session_chain.local.snapshot()
    yield Stage(session_chain, escrow, directory)
    session_chain.local.revert(snapshot)


@pytest.fixture
def stage(chain: Chain, whole_stage: Stage) -> Stage:
    """The stage, for one test."""
    return whole_stage


@pytest.fixture
def register(chain: Chain, assets: Contract) -> Register:
    """Registers products of the supplier in the AssetRegistry, by numbers. Returns their ids."""

    def make(numbers: Sequence[int]) -> list[int]:
        space, names = namespace_of(SUPPLIER), [f"part {number}" for number in numbers]
        listed = [Registration(name, Kind.PRODUCT, SUPPLIER.address) for name in names]
        chain.send(assets.functions.registerMany(space, listed), by=SUPPLIER)
        return [asset_id(space, name) for name in names]

    return make
