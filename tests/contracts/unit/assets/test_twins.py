"""Digital twins: a compare-and-set on the version, so that a stale or forked one is refused."""

from collections.abc import Callable
from typing import Any, Final

import pytest
from eth_utils.crypto import keccak
from web3.contract import Contract

from fabricant.chain.answers import Receipt
from tests.support.actors import Actor
from tests.support.assets import CARD, NONE, Kind, owner_slot
from tests.support.chain import Chain, event
from tests.support.reverts import reverts

ASSETS: Final = 1 << 5
NEW: Final = keccak(text="a newer twin")

Put = Callable[..., Receipt]


@pytest.fixture
def put(chain: Chain, assets: Contract, machine: int, owner: Actor) -> Put:
    """The owner replaces its machine's twin."""

    def send(expected: int, hash_: bytes = NEW, uri: str = CARD, *, by: Actor = owner) -> Receipt:
        return chain.send(assets.functions.setTwin(machine, expected, hash_, uri), by=by)

    return send


@pytest.fixture
def version(assets: Contract, machine: int) -> Callable[[], int]:
    return lambda: int(assets.functions.assetOf(machine).call()[5])


def stale(machine: int, expected: int, current: int) -> Any:
    return reverts("AssetRegistry_StaleTwin", id=machine, expected=expected, current=current)


def test_an_unknown_asset_has_no_twin(chain: Chain, assets: Contract, owner: Actor) -> None:
    with reverts("AssetRegistry_UnknownAsset", id=7):
        chain.send(assets.functions.setTwin(7, 0, NEW, CARD), by=owner)


def test_f063_only_the_owner_sets_the_twin(
    put: Put,
    lend_role: Callable[..., None],
    machine: int,
    owner: Actor,
    stranger: Actor,
    issuer: Actor,
    operator: Actor,
) -> None:
    lend_role(owner, operator, but=ASSETS)
    for caller in (stranger, issuer, operator):
        with reverts("AssetRegistry_NotOwner", id=machine, caller=caller.address, owner=owner.address):
            put(1, by=caller)


def test_a_stale_twin_is_refused(put: Put, machine: int) -> None:
    for expected in (0, 2, 2**32 - 1):
        with stale(machine, expected, 1):
            put(expected)


def test_f077_of_two_twins_one_wins(chain: Chain, assets: Contract, put: Put, machine: int) -> None:
    twins = [keccak(text="of the shop floor"), keccak(text="of the office")]
    for first, second in (twins, twins[::-1]):
        snapshot = chain.local.snapshot()
        (said,) = chain.events(put(1, first))
        assert said == event(assets, "TwinSet", id=machine, version=2, hash=first, uri=CARD)
        with stale(machine, 1, 2):
            put(1, second)
        chain.local.revert(snapshot)


def test_a_twin_is_replaced(chain: Chain, assets: Contract, put: Put, machine: int) -> None:
    facts = assets.functions.assetOf(machine).call()
    receipt = put(1, NEW, "https://twin.example/2")
    assert chain.events(receipt) == [
        event(assets, "TwinSet", id=machine, version=2, hash=NEW, uri="https://twin.example/2")
    ]
    assert assets.functions.assetOf(machine).call() == (*facts[:5], 2, facts[6])


def test_an_operator_sets_the_twin(
    put: Put, lend_role: Callable[..., None], version: Callable[[], int], owner: Actor, operator: Actor
) -> None:
    lend_role(owner, operator, only=ASSETS)
    put(1, by=operator)
    assert version() == 2


def test_a_twin_is_withdrawn(chain: Chain, assets: Contract, put: Put, machine: int) -> None:
    receipt = put(1, NONE, "")
    assert chain.events(receipt) == [event(assets, "TwinSet", id=machine, version=2, hash=NONE, uri="")]


def test_the_last_version_is_the_last(
    chain: Chain, assets: Contract, put: Put, version: Callable[[], int], machine: int, owner: Actor
) -> None:
    last = 2**32 - 1
    word = (Kind.EQUIPMENT | last << 24 | chain.now << 56) << 160 | int(owner.address, 16)
    slot = f"{owner_slot(machine):#066x}"
    chain.local.rpc.call("anvil_setStorageAt", assets.address, slot, f"{word:#066x}")
    with reverts("Panic", code=0x11):
        put(last)
    assert version() == last
