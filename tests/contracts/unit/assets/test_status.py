"""The life of an asset: Active and Suspended alternate, Consumed and Retired are final."""

from collections.abc import Callable
from typing import Any, Final

import pytest
from web3.contract import Contract

from fabricant.chain.answers import Receipt
from tests.support.actors import Actor
from tests.support.assets import Kind, Status, owner_slot
from tests.support.chain import BEGINNING, Chain, event
from tests.support.reverts import reverts

ASSETS: Final = 1 << 5
UNTIL: Final = BEGINNING + 86_400
FINAL: Final = (Status.CONSUMED, Status.RETIRED)
TABLE: Final = {
    (Status.ACTIVE, Status.SUSPENDED),
    (Status.ACTIVE, Status.RETIRED),
    (Status.SUSPENDED, Status.ACTIVE),
    (Status.SUSPENDED, Status.RETIRED),
}

Put = Callable[..., Receipt]


@pytest.fixture
def put(chain: Chain, assets: Contract, machine: int, owner: Actor) -> Put:
    """The owner sets its machine's status."""

    def send(status: int, *, by: Actor = owner, **more: Any) -> Receipt:
        return chain.send(assets.functions.setStatus(machine, status), by=by, **more)

    return send


@pytest.fixture
def status_of(assets: Contract, machine: int) -> Callable[[], Status]:
    return lambda: Status(assets.functions.standingOf(machine).call()[4])


@pytest.fixture
def begin(chain: Chain, assets: Contract, machine: int, owner: Actor) -> Callable[[Status], None]:
    """Puts the machine into a status, whether or not there is a way to it today."""

    def write(status: Status) -> None:
        registered: int = assets.functions.assetOf(machine).call()[6]
        word = (Kind.EQUIPMENT | status << 4 | 1 << 24 | registered << 56) << 160 | int(owner.address, 16)
        slot = f"{owner_slot(machine):#066x}"
        chain.local.rpc.call("anvil_setStorageAt", assets.address, slot, f"{word:#066x}")

    return write


def test_an_unknown_asset_has_no_status(chain: Chain, assets: Contract, owner: Actor) -> None:
    with reverts("AssetRegistry_UnknownAsset", id=7):
        chain.send(assets.functions.setStatus(7, Status.SUSPENDED), by=owner)


def test_f063_only_the_owner_sets_status(
    chain: Chain,
    assets: Contract,
    put: Put,
    lend_role: Callable[..., None],
    machine: int,
    owner: Actor,
    stranger: Actor,
    issuer: Actor,
    user: Actor,
    operator: Actor,
) -> None:
    lend_role(owner, operator, but=ASSETS)
    chain.send(assets.functions.setUser(machine, user.address, UNTIL), by=owner)
    for caller in (stranger, issuer, user, operator):
        with reverts("AssetRegistry_NotOwner", id=machine, caller=caller.address, owner=owner.address):
            put(Status.SUSPENDED, by=caller)


@pytest.mark.parametrize(("before", "after"), sorted(TABLE))
def test_statuses_change_by_the_table(
    chain: Chain,
    assets: Contract,
    put: Put,
    begin: Callable[[Status], None],
    machine: int,
    before: Status,
    after: Status,
) -> None:
    begin(before)
    facts = assets.functions.assetOf(machine).call()
    receipt = put(after)
    assert chain.events(receipt) == [event(assets, "StatusSet", id=machine, status=after)]
    assert assets.functions.assetOf(machine).call() == (*facts[:2], after, *facts[3:])


OTHERS: Final = {(a, b) for a in Status for b in Status if a not in FINAL} - TABLE


@pytest.mark.parametrize(("before", "after"), sorted(OTHERS))
def test_other_statuses_are_refused(
    put: Put, begin: Callable[[Status], None], machine: int, before: Status, after: Status
) -> None:
    begin(before)
    with reverts("AssetRegistry_BadStatus", id=machine, status=after, current=before):
        put(after)


@pytest.mark.parametrize("before", FINAL)
@pytest.mark.parametrize("after", list(Status))
def test_final_statuses_stay(
    put: Put, begin: Callable[[Status], None], machine: int, before: Status, after: Status
) -> None:
    begin(before)
    with reverts("AssetRegistry_Final", id=machine, status=before):
        put(after)


def test_an_operator_sets_status(
    put: Put,
    lend_role: Callable[..., None],
    status_of: Callable[[], Status],
    owner: Actor,
    operator: Actor,
) -> None:
    lend_role(owner, operator, only=ASSETS)
    put(Status.SUSPENDED, by=operator)
    assert status_of() is Status.SUSPENDED


def test_cap3_the_owner_cannot_suspend_what_it_lent(
    chain: Chain, assets: Contract, put: Put, machine: int, owner: Actor, user: Actor
) -> None:
    chain.send(assets.functions.setUser(machine, user.address, UNTIL), by=owner)
    for status in (Status.SUSPENDED, Status.RETIRED):
        with reverts("AssetRegistry_InUse", id=machine, user=user.address, until=UNTIL):
            put(status, at=UNTIL - 9 + status)


def test_f048_a_status_can_be_set_from_the_terms_end(
    chain: Chain,
    assets: Contract,
    put: Put,
    status_of: Callable[[], Status],
    machine: int,
    owner: Actor,
    user: Actor,
) -> None:
    chain.send(assets.functions.setUser(machine, user.address, UNTIL), by=owner)
    with reverts("AssetRegistry_InUse", id=machine, user=user.address, until=UNTIL):
        put(Status.RETIRED, at=UNTIL - 1)
    put(Status.RETIRED, at=UNTIL)
    assert status_of() is Status.RETIRED


def test_an_owner_suspends_what_it_uses(
    chain: Chain, assets: Contract, put: Put, status_of: Callable[[], Status], machine: int, owner: Actor
) -> None:
    chain.send(assets.functions.setUser(machine, owner.address, UNTIL), by=owner)
    put(Status.SUSPENDED)
    assert status_of() is Status.SUSPENDED
