"""Records: those with a part in an asset's life state things about it; nothing is ever erased."""

from collections.abc import Callable
from typing import Any, Final

import pytest
from eth_utils.crypto import keccak
from web3.contract import Contract

from fabricant.chain.answers import Receipt
from tests.support.actors import Actor
from tests.support.assets import CARD, NONE, Kind, Registration, Status, asset_id, namespace_of
from tests.support.chain import BEGINNING, Chain, event
from tests.support.genealogy import Works
from tests.support.reverts import reverts

RECORD: Final = 1 << 4
TOPIC: Final = keccak(text="inspection")
HASH: Final = keccak(text="a record")
UNTIL: Final = BEGINNING + 86_400
SERIAL: Final = keccak(text="P229810")

Record = Callable[..., Receipt]


@pytest.fixture
def record(chain: Chain, assets: Contract, machine: int) -> Record:
    """Somebody states something about the machine."""

    def send(by: Actor, *, asset: int = machine, supersedes: bytes = NONE, at: int | None = None) -> Receipt:
        return chain.send(assets.functions.record(asset, TOPIC, HASH, CARD, supersedes), by=by, at=at)

    return send


@pytest.fixture
def lend(chain: Chain, assets: Contract, machine: int, owner: Actor, user: Actor) -> Callable[[], None]:
    """The owner lends its machine to the user for a day."""

    def send() -> None:
        chain.send(assets.functions.setUser(machine, user.address, UNTIL), by=owner)

    return send


def recorded(assets: Contract, asset: int, author: Actor, by: Actor, supersedes: bytes = NONE) -> Any:
    return event(
        assets,
        "RecordAdded",
        id=asset,
        topic=TOPIC,
        author=author.address,
        by=by.address,
        hash=HASH,
        supersedes=supersedes,
        uri=CARD,
    )


def no_recorder(asset: int, caller: Actor) -> Any:
    return reverts("AssetRegistry_NoRecorder", id=asset, caller=caller.address)


# setRecorder


@pytest.fixture
def name_recorder(chain: Chain, assets: Contract, machine: int, owner: Actor) -> Record:
    """The owner lets the gateway record for a day."""

    def send(recorder: Actor, *, until: int = UNTIL, by: Actor = owner) -> Receipt:
        return chain.send(assets.functions.setRecorder(machine, recorder.address, until), by=by)

    return send


def test_f063_only_the_owner_names_recorders(
    machine: int,
    lend: Callable[[], None],
    lend_role: Callable[..., None],
    name_recorder: Record,
    owner: Actor,
    user: Actor,
    operator: Actor,
    stranger: Actor,
) -> None:
    lend()
    lend_role(owner, operator, but=RECORD)
    for caller in (stranger, user, operator):
        with reverts("AssetRegistry_NotOwner", id=machine, caller=caller.address, owner=owner.address):
            name_recorder(stranger, by=caller)


def test_f048_a_recorder_records_until_its_instant(
    chain: Chain,
    assets: Contract,
    machine: int,
    lend_role: Callable[..., None],
    record: Record,
    name_recorder: Record,
    owner: Actor,
    operator: Actor,
    gateway: Actor,
) -> None:
    lend_role(owner, operator, only=RECORD)
    receipt = name_recorder(gateway, by=operator)
    said = {"id": machine, "owner": owner.address, "recorder": gateway.address, "until": UNTIL}
    assert chain.events(receipt) == [event(assets, "RecorderSet", **said)]
    assert assets.functions.recorderUntil(machine, owner.address, gateway.address).call() == UNTIL
    assert chain.events(record(gateway, at=UNTIL - 1)) == [recorded(assets, machine, gateway, gateway)]
    with no_recorder(machine, gateway):
        record(gateway, at=UNTIL)


def test_a_dismissed_recorder_records_nothing(
    machine: int, record: Record, name_recorder: Record, gateway: Actor
) -> None:
    name_recorder(gateway)
    record(gateway)
    name_recorder(gateway, until=0)
    with no_recorder(machine, gateway):
        record(gateway)


def test_recorders_go_with_the_owner(
    machine: int,
    record: Record,
    name_recorder: Record,
    give: Callable[..., None],
    gateway: Actor,
    buyer: Actor,
) -> None:
    name_recorder(gateway)
    give(machine, buyer)
    with no_recorder(machine, gateway):
        record(gateway)


# record


def test_an_unknown_asset_has_no_records(record: Record, owner: Actor) -> None:
    for unknown in (0, 7):
        with reverts("AssetRegistry_UnknownAsset", id=unknown):
            record(owner, asset=unknown)


def test_f063_a_stranger_records_nothing(
    record: Record, machine: int, stranger: Actor, registrar: Actor
) -> None:
    for caller in (stranger, registrar):
        with no_recorder(machine, caller):
            record(caller)


def test_an_issuer_has_its_own_way(record: Record, machine: int, issuer: Actor) -> None:
    with no_recorder(machine, issuer):
        record(issuer)


def test_an_operator_needs_the_record_role(
    record: Record,
    lend: Callable[[], None],
    lend_role: Callable[..., None],
    machine: int,
    owner: Actor,
    user: Actor,
    operator: Actor,
) -> None:
    lend()
    for principal in (owner, user):
        lend_role(principal, operator, but=RECORD)
    with no_recorder(machine, operator):
        record(operator)


def test_the_owner_of_before_records_nothing(
    record: Record,
    give: Callable[..., None],
    lend_role: Callable[..., None],
    machine: int,
    owner: Actor,
    operator: Actor,
    buyer: Actor,
) -> None:
    lend_role(owner, operator)
    give(machine, buyer)
    for caller in (owner, operator):
        with no_recorder(machine, caller):
            record(caller)
    record(buyer)


def test_f048_a_user_records_until_its_instant(
    record: Record,
    lend: Callable[[], None],
    machine: int,
    user: Actor,
) -> None:
    lend()
    record(user, at=UNTIL - 1)
    with no_recorder(machine, user):
        record(user, at=UNTIL)


def test_an_unbound_device_records_nothing(
    chain: Chain, assets: Contract, record: Record, bind: Callable[..., Any], machine: int, device: Actor
) -> None:
    bind(machine)
    chain.send(assets.functions.unbindDevice(machine), by=device)
    with no_recorder(machine, device):
        record(device)


def test_a_device_records_on_its_own_asset(
    record: Record, bind: Callable[..., Any], register: Callable[..., int], machine: int, device: Actor
) -> None:
    bind(machine)
    other = register("P2")
    with no_recorder(other, device):
        record(device, asset=other)


def test_owner_user_and_device_record(
    chain: Chain,
    assets: Contract,
    record: Record,
    lend: Callable[[], None],
    bind: Callable[..., Any],
    machine: int,
    owner: Actor,
    user: Actor,
    device: Actor,
) -> None:
    bind(machine)
    lend()
    for author in (owner, user, device):
        assert chain.events(record(author)) == [recorded(assets, machine, author, author)]


@pytest.mark.parametrize("role", ["owner", "user"])
def test_operators_record_for_their_principal(
    chain: Chain,
    assets: Contract,
    record: Record,
    lend: Callable[[], None],
    lend_role: Callable[..., None],
    machine: int,
    gateway: Actor,
    role: str,
) -> None:
    lend()
    lend_role(Actor(role), gateway, only=RECORD)
    assert chain.events(record(gateway)) == [recorded(assets, machine, Actor(role), gateway)]


def test_oneself_comes_first(
    chain: Chain,
    assets: Contract,
    record: Record,
    lend: Callable[[], None],
    bind: Callable[..., Any],
    lend_role: Callable[..., None],
    machine: int,
    owner: Actor,
    user: Actor,
    device: Actor,
    gateway: Actor,
) -> None:
    lend()
    bind(machine)
    for operator in (user, device, gateway):
        lend_role(owner, operator, only=RECORD)
    for operator in (device, gateway):
        lend_role(user, operator, only=RECORD)
    for sender, author in ((user, user), (device, device), (gateway, owner)):
        assert chain.events(record(sender)) == [recorded(assets, machine, author, sender)]


def test_a_correction_supersedes(
    chain: Chain, assets: Contract, record: Record, machine: int, owner: Actor
) -> None:
    first = keccak(text="a mistaken record")
    receipt = record(owner, supersedes=first)
    assert chain.events(receipt) == [recorded(assets, machine, owner, owner, first)]


def test_a_part_has_a_history(works: Works, buyer: Actor, stranger: Actor, gateway: Actor) -> None:
    """Cycles of a part are counted while it is installed."""
    engine, blade = works.parts("engine", "blade")
    works.assemble(engine, [blade])
    works.give(engine, buyer)
    chain, assets = works.chain, works.assets
    record = assets.functions.record(blade, TOPIC, HASH, CARD, NONE)
    assert chain.events(chain.send(record, by=buyer)) == [recorded(assets, blade, buyer, buyer)]
    for caller in (works.owner, stranger, gateway):
        with no_recorder(blade, caller):
            chain.send(record, by=caller)
    chain.send(assets.functions.setRecorder(blade, gateway.address, UNTIL), by=buyer)
    assert chain.events(chain.send(record, by=gateway)) == [recorded(assets, blade, gateway, gateway)]


def test_a_retired_asset_has_a_history(
    chain: Chain, assets: Contract, record: Record, machine: int, owner: Actor
) -> None:
    chain.send(assets.functions.setStatus(machine, Status.RETIRED), by=owner)
    assert chain.events(record(owner)) == [recorded(assets, machine, owner, owner)]


# recordAsIssuer


@pytest.fixture
def record_as_issuer(chain: Chain, assets: Contract, issuer: Actor) -> Record:
    """Somebody states something as the issuer of a namespace, usually the issuer's own, on its P229810."""

    def send(by: Actor, *, namespace: bytes = namespace_of(issuer), local_id: bytes = SERIAL) -> Receipt:
        call = assets.functions.recordAsIssuer(namespace, local_id, TOPIC, HASH, CARD, NONE)
        return chain.send(call, by=by)

    return send


def not_issuer(namespace: bytes, caller: Actor, issuer: Actor) -> Any:
    return reverts(
        "AssetRegistry_NotIssuer", namespace=namespace, caller=caller.address, issuer=issuer.address
    )


def test_f063_only_the_issuer_records_as_issuer(
    record_as_issuer: Record,
    lend_role: Callable[..., None],
    machine: int,
    issuer: Actor,
    owner: Actor,
    stranger: Actor,
    operator: Actor,
) -> None:
    lend_role(issuer, operator, but=RECORD)
    for caller in (owner, stranger, operator):
        with not_issuer(namespace_of(issuer), caller, issuer):
            record_as_issuer(caller)


def test_an_issuer_records_on_what_it_registered(
    record_as_issuer: Record, machine: int, issuer: Actor, stranger: Actor
) -> None:
    unknown = asset_id(namespace_of(issuer), "P2")
    with reverts("AssetRegistry_UnknownAsset", id=unknown):
        record_as_issuer(issuer, local_id=keccak(text="P2"))
    with reverts("AssetRegistry_UnknownAsset", id=asset_id(namespace_of(stranger), "P229810")):
        record_as_issuer(stranger, namespace=namespace_of(stranger))


def test_an_issuer_records(
    chain: Chain,
    assets: Contract,
    record_as_issuer: Record,
    lend_role: Callable[..., None],
    give: Callable[..., None],
    machine: int,
    issuer: Actor,
    operator: Actor,
    buyer: Actor,
) -> None:
    give(machine, buyer)
    lend_role(issuer, operator, only=RECORD)
    for sender in (issuer, operator):
        assert chain.events(record_as_issuer(sender)) == [recorded(assets, machine, issuer, sender)]


def test_a_prefix_takes_its_history_along(
    chain: Chain,
    assets: Contract,
    record_as_issuer: Record,
    registrar: Actor,
    issuer: Actor,
    supplier: Actor,
) -> None:
    prefix = keccak(text="example.com")
    chain.send(assets.functions.proposeNamespace("example.com", issuer.address), by=registrar)
    chain.send(assets.functions.acceptNamespace(prefix), by=issuer)
    registration = Registration("P229810", Kind.PRODUCT, issuer.address)
    chain.send(assets.functions.register(prefix, registration), by=issuer)
    chain.send(assets.functions.proposeNamespace("example.com", supplier.address), by=registrar)
    chain.send(assets.functions.acceptNamespace(prefix), by=supplier, at=chain.now + 14 * 86_400)

    with not_issuer(prefix, issuer, supplier):
        record_as_issuer(issuer, namespace=prefix)
    receipt = record_as_issuer(supplier, namespace=prefix)
    assert chain.events(receipt) == [recorded(assets, asset_id(prefix, "P229810"), supplier, supplier)]
