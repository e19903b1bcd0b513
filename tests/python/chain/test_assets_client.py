"""The registry's client: assets named, moved, lent, described, bound and recorded."""

from dataclasses import replace

import pytest

from fabricant.chain.assets import (
    Approval,
    ApprovalForAll,
    AssetRegistered,
    BatchCommitted,
    DeviceBound,
    DeviceUnbound,
    NamespaceAssigned,
    NamespaceProposed,
    Proposal,
    QuantitySet,
    RecordAdded,
    RegistrarChanged,
    RegistrarProposed,
    StatusSet,
    Transfer,
    TwinSet,
    UnitSerialised,
    UpdateUser,
)
from fabricant.chain.errors import (
    AssetRegistry_AlreadyCommitted,
    AssetRegistry_AlreadyRegistered,
    AssetRegistry_BadSignature,
    AssetRegistry_InUse,
    AssetRegistry_NotInBatch,
    AssetRegistry_NotIssuer,
    AssetRegistry_NotOwner,
    AssetRegistry_StaleTwin,
    AssetRegistry_UnknownAsset,
    AssetRegistry_UnknownBatch,
    AssetRegistry_WrongFrom,
)
from fabricant.chain.wallet import dev_wallets
from fabricant.domain.assets import (
    Asset,
    AssetFlag,
    AssetId,
    Kind,
    Standing,
    Status,
    asset_id,
    namespace_of,
    namespace_of_prefix,
)
from fabricant.domain.batches import Progress, Run
from fabricant.domain.directory import Role
from fabricant.domain.units import ZERO_ADDRESS, UnixSeconds
from fabricant.errors import InvalidInput, NotFound
from tests.support.world import DAY, World, registration, wallet

SUPPLIER, BUYER, DEVICE = wallet("supplier"), wallet("buyer"), wallet("device")
OWN = namespace_of(SUPPLIER.address)


def test_an_asset_is_registered_once(world: World) -> None:
    assets = world.as_("supplier").assets
    part = registration("P229810", kind=Kind.PRODUCT)

    done = assets.register(OWN, part)

    asset = asset_id(OWN, "P229810")
    assert done.event == AssetRegistered(
        id=asset,
        namespace=OWN,
        owner=SUPPLIER.address,
        kind=Kind.PRODUCT,
        local_id="P229810",
        twin=part.twin,
        uri=part.uri,
    )
    assert assets.asset_id(OWN, "P229810") == asset == assets._read("assetId", OWN, "P229810")
    assert assets.registration_of(asset) == done.event
    assert assets.asset_of(asset) == Asset(
        owner=SUPPLIER.address,
        kind=Kind.PRODUCT,
        status=Status.ACTIVE,
        flags=AssetFlag(0),
        height=0,
        twin_version=1,
        registered_at=world.now,
    )
    assert assets.standing_of(asset) == Standing(
        owner=SUPPLIER.address,
        user=ZERO_ADDRESS,
        user_until=UnixSeconds(0),
        kind=Kind.PRODUCT,
        status=Status.ACTIVE,
        flags=AssetFlag(0),
    )
    with pytest.raises(AssetRegistry_AlreadyRegistered) as refused:
        assets.register(OWN, part)
    assert refused.value.id == asset


def test_f070_only_the_issuer_names_assets(world: World) -> None:
    with pytest.raises(AssetRegistry_NotIssuer):
        world.as_("stranger").assets.register(OWN, registration("X"))
    world.as_("supplier").directory.set_operator(wallet("operator").address, Role.ASSETS)
    assert world.as_("operator").assets.register(OWN, registration("X")).event.namespace == OWN


def test_f071_a_name_that_looks_like_another_is_not_sent(world: World) -> None:
    with pytest.raises(InvalidInput, match="can't be a local id"):
        world.as_("supplier").assets.register(OWN, registration("Р229810"))
    with pytest.raises(InvalidInput):
        world.as_("supplier").assets.register_many(OWN, [registration("P1"), registration("")])


def test_many_at_once_and_lots(world: World) -> None:
    assets = world.as_("supplier").assets
    lot = registration("L-1", kind=Kind.LOT, quantity=500, unit=b"KGM")

    done = assets.register_many(OWN, [registration("A"), lot])

    assert [each.local_id for each in done.events] == ["A", "L-1"]
    identity = asset_id(OWN, "L-1")
    assert QuantitySet(id=identity, quantity=500, unit=b"KGM") in assets.events(done.receipt)
    assert (assets.quantity_of(identity), assets.unit_of(identity)) == (500, b"KGM")
    assert (assets.quantity_of(asset_id(OWN, "A")), assets.unit_of(asset_id(OWN, "A"))) == (1, bytes(3))
    registered = assets.assets_registered(namespace=OWN, owner=SUPPLIER.address)
    assert [event.local_id for _, event in registered] == ["B400-0815", "A", "L-1"]
    assert assets.assets_registered(owner=BUYER.address) == []


def test_an_asset_changes_hands(world: World) -> None:
    supplier, buyer = world.as_("supplier").assets, world.as_("buyer").assets

    approved = supplier.approve(BUYER.address, world.machine).event
    assert approved == Approval(owner=SUPPLIER.address, account=BUYER.address, id=world.machine)
    assert supplier.get_approved(world.machine) == BUYER.address
    moved = buyer.transfer_from(SUPPLIER.address, BUYER.address, world.machine).event
    assert moved == Transfer(from_=SUPPLIER.address, to=BUYER.address, id=world.machine)
    assert (buyer.owner_of(world.machine), buyer.balance_of(BUYER.address)) == (BUYER.address, 1)
    with pytest.raises(AssetRegistry_WrongFrom) as refused:
        buyer.transfer_from(SUPPLIER.address, BUYER.address, world.machine)
    assert refused.value.arguments == {
        "id": world.machine,
        "from_": SUPPLIER.address,
        "owner": BUYER.address,
    }
    back = buyer.safe_transfer_from(BUYER.address, SUPPLIER.address, world.machine, data=b"note").event
    assert back.to == SUPPLIER.address
    everything = supplier.set_approval_for_all(BUYER.address, approved=True).event
    assert everything == ApprovalForAll(owner=SUPPLIER.address, operator=BUYER.address, is_approved=True)
    assert supplier.is_approved_for_all(SUPPLIER.address, BUYER.address)
    names = [type(event).__name__ for _, event in supplier.history_of(world.machine)]
    assert names == ["Transfer", "AssetRegistered", "Transfer", "Transfer"]


def test_an_asset_is_lent(world: World) -> None:
    supplier, buyer = world.as_("supplier").assets, world.as_("buyer").assets
    until = UnixSeconds(world.now + 30 * DAY)

    lent = supplier.set_user(world.machine, BUYER.address, expires=until).event

    assert lent == UpdateUser(token_id=world.machine, user=BUYER.address, expires=until)
    standing = supplier.standing_of(world.machine)
    assert (standing.user, standing.user_until) == (BUYER.address, until)
    with pytest.raises(AssetRegistry_InUse) as refused:
        supplier.set_user(world.machine, ZERO_ADDRESS, expires=UnixSeconds(0))
    assert refused.value.until == until
    assert buyer.give_up_use(world.machine).event.user == ZERO_ADDRESS
    assert supplier.standing_of(world.machine).user == ZERO_ADDRESS


def test_status_and_twin(world: World) -> None:
    assets = world.as_("supplier").assets

    assert assets.set_status(world.machine, Status.SUSPENDED).event == StatusSet(
        id=world.machine, status=Status.SUSPENDED
    )
    assert assets.twin_of(world.machine) == b"\x0a" * 32
    changed = assets.set_twin(world.machine, expected_version=1, twin=b"\x0b" * 32, uri="ipfs://y")
    assert changed.event == TwinSet(id=world.machine, version=2, hash=b"\x0b" * 32, uri="ipfs://y")
    assert assets.twin_of(world.machine) == b"\x0b" * 32
    assert assets.twin_of(AssetId(1)) == bytes(32)
    with pytest.raises(AssetRegistry_StaleTwin, match="start from the present one") as refused:
        assets.set_twin(world.machine, expected_version=1, twin=bytes(32))
    assert (refused.value.expected, refused.value.current) == (1, 2)
    with pytest.raises(AssetRegistry_NotOwner):
        world.as_("stranger").assets.set_status(world.machine, Status.ACTIVE)


def test_a_device_speaks_for_an_asset(world: World) -> None:
    supplier = world.as_("supplier").assets
    binding = supplier.next_binding(world.machine, DEVICE.address, deadline=UnixSeconds(world.now + DAY))
    signature = supplier.sign_binding(binding, by=DEVICE)

    bound = supplier.bind_device(binding, signature).event

    assert bound == DeviceBound(id=world.machine, device=DEVICE.address, nonce=0)
    assert supplier.device_of(world.machine) == DEVICE.address
    assert supplier.bound_to(DEVICE.address) == world.machine
    assert supplier.binding_nonce(world.machine) == 1
    assert AssetFlag.DEVICE in supplier.standing_of(world.machine).flags
    unbound = world.as_("device").assets.unbind_device(world.machine).event
    assert unbound == DeviceUnbound(id=world.machine, device=DEVICE.address)
    with pytest.raises(AssetRegistry_BadSignature):
        supplier.bind_device(binding, signature)  # its nonce is spent


def test_records_are_added_and_corrected(world: World) -> None:
    supplier = world.as_("supplier").assets
    topic, first, second = b"\x01" * 32, b"\x02" * 32, b"\x03" * 32

    one = supplier.record(world.machine, topic=topic, hash_=first, uri="ipfs://a").event
    two = supplier.record_as_issuer(OWN, "B400-0815", topic=topic, hash_=second, supersedes=first).event

    assert one == RecordAdded(
        id=world.machine,
        topic=topic,
        author=SUPPLIER.address,
        by=SUPPLIER.address,
        hash=first,
        supersedes=bytes(32),
        uri="ipfs://a",
    )
    assert two == replace(one, hash=second, supersedes=first, uri="")
    assert [event for _, event in supplier.records_of(world.machine)] == [one, two]
    assert supplier.records_of(world.machine, topic=b"\x09" * 32) == []


def test_what_was_never_registered(world: World) -> None:
    assets = world.fabricant.assets

    with pytest.raises(AssetRegistry_UnknownAsset, match="was never registered"):
        assets.asset_of(AssetId(1))
    with pytest.raises(NotFound, match="was not registered on chain 31337"):
        assets.registration_of(AssetId(1))


def test_prefixes_and_the_registrars_office(world: World) -> None:
    registrar, first = wallet("stranger"), dev_wallets(world.chain)[0]
    holder = world.fabricant.acting(first).assets
    assert holder.registrar() == world.fabricant.deployment.registrar == first.address
    prefix = namespace_of_prefix("example.com")
    proposed = holder.propose_namespace("example.com", SUPPLIER.address).event
    assert proposed == NamespaceProposed(
        namespace=prefix, issuer=SUPPLIER.address, open_from=world.now, prefix="example.com"
    )
    assert holder.proposal_of(prefix) == Proposal(issuer=SUPPLIER.address, open_from=world.now)
    assigned = world.as_("supplier").assets.accept_namespace(prefix).event
    assert assigned == NamespaceAssigned(namespace=prefix, issuer=SUPPLIER.address, previous=ZERO_ADDRESS)
    assert holder.issuer_of(prefix) == SUPPLIER.address

    named = holder.propose_registrar(registrar.address).event
    assert named == RegistrarProposed(registrar=first.address, successor=registrar.address)
    assert holder.registrar_successor() == registrar.address
    taken = world.as_("stranger").assets.accept_registrar().event
    assert taken == RegistrarChanged(registrar=registrar.address, previous=first.address)
    assert holder.registrar() == registrar.address


def test_a_batch_is_committed_and_its_units_serialised(world: World) -> None:
    assets = world.as_("supplier").assets
    heat = assets.register(OWN, registration("heat 7", kind=Kind.LOT, quantity=900, unit=b"KGM")).event.id
    packs = [registration(f"pack {n}", kind=Kind.PRODUCT, owner=BUYER.address) for n in range(3)]
    run = Run(OWN, tuple(packs), heat)
    with pytest.raises(AssetRegistry_UnknownBatch) as unknown:
        assets.serialise(run.batch, packs[0], proof=run.prove("pack 0"))
    assert unknown.value.batch == run.batch.id == assets._read("batchId", run.batch)

    done = assets.commit_batch(run.batch, uri="ipfs://packs")
    committed = world.now

    assert done.event == BatchCommitted(
        batch=run.batch.id, namespace=OWN, origin=heat, root=run.batch.root, count=3, uri="ipfs://packs"
    )
    assert [event for _, event in assets.batches_committed(namespace=OWN)] == [done.event]
    with pytest.raises(AssetRegistry_AlreadyCommitted):
        assets.commit_batch(run.batch)

    anyone = world.as_("stranger").assets
    with pytest.raises(AssetRegistry_NotInBatch):
        anyone.serialise(run.batch, packs[0], proof=run.prove("pack 1"))
    unit = anyone.serialise(run.batch, packs[1], proof=run.prove("pack 1")).event

    assert unit == UnitSerialised(id=asset_id(OWN, "pack 1"), batch=run.batch.id)
    assert assets.owner_of(unit.id) == BUYER.address
    assert assets.progress_of(run.batch.id) == Progress(committed_at=committed, serialised=1, recalled=False)
    with pytest.raises(AssetRegistry_AlreadyRegistered):
        anyone.serialise(run.batch, packs[1], proof=run.prove("pack 1"))
