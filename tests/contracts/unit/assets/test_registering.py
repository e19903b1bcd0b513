"""AST-1: one (namespace, local id) is one asset, for ever; only the namespace's issuer can register in it."""

from collections.abc import Callable

import pytest
from eth_abi.abi import encode
from eth_utils.crypto import keccak
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from web3.contract import Contract

from tests.support.actors import Actor
from tests.support.assets import (
    CARD,
    FLAG_DEVICE,
    NONE,
    TWIN,
    Kind,
    Registration,
    Status,
    asset_id,
    namespace_of,
    owner_slot,
)
from tests.support.chain import BEGINNING, Chain, event
from tests.support.layout import members_of
from tests.support.reverts import reverts

ASSETS = 1 << 5
NOBODY = "0x" + "00" * 20
PREFIX = "https://id.gs1.org/01/0950600"
Register = Callable[..., int]


def not_issuer(namespace: bytes, caller: Actor, issuer: str) -> object:
    return reverts("AssetRegistry_NotIssuer", namespace=namespace, caller=caller.address, issuer=issuer)


# register


def test_f070_nobody_registers_in_anothers_namespace(
    chain: Chain, assets: Contract, issuer: Actor, stranger: Actor, registrar: Actor
) -> None:
    for caller in (stranger, registrar):
        with not_issuer(namespace_of(issuer), caller, issuer.address):
            registration = Registration("P1", Kind.EQUIPMENT, caller.address)
            chain.send(assets.functions.register(namespace_of(issuer), registration), by=caller)


def test_an_operator_needs_the_assets_role(
    chain: Chain, assets: Contract, lend_role: Callable[..., None], issuer: Actor, operator: Actor
) -> None:
    lend_role(issuer, operator, but=ASSETS)
    with not_issuer(namespace_of(issuer), operator, issuer.address):
        registration = Registration("P1", Kind.EQUIPMENT, issuer.address)
        chain.send(assets.functions.register(namespace_of(issuer), registration), by=operator)


def test_an_operator_registers(
    chain: Chain,
    assets: Contract,
    lend_role: Callable[..., None],
    issuer: Actor,
    operator: Actor,
    owner: Actor,
) -> None:
    lend_role(issuer, operator, only=ASSETS)
    registration = Registration("P1", Kind.EQUIPMENT, owner.address)
    chain.send(assets.functions.register(namespace_of(issuer), registration), by=operator)
    assert assets.functions.ownerOf(asset_id(namespace_of(issuer), "P1")).call() == owner.address


def test_f069_nobody_issues_in_the_zero_namespace(chain: Chain, assets: Contract, stranger: Actor) -> None:
    with not_issuer(NONE, stranger, NOBODY):
        registration = Registration("P1", Kind.EQUIPMENT, stranger.address)
        chain.send(assets.functions.register(NONE, registration), by=stranger)


def test_nobody_issues_in_a_free_prefix(chain: Chain, assets: Contract, registrar: Actor) -> None:
    with not_issuer(keccak(text=PREFIX), registrar, NOBODY):
        registration = Registration("P1", Kind.PRODUCT, registrar.address)
        chain.send(assets.functions.register(keccak(text=PREFIX), registration), by=registrar)


@pytest.fixture
def prefix(chain: Chain, assets: Contract, registrar: Actor, issuer: Actor) -> bytes:
    """A namespace that was assigned to the issuer."""
    chain.send(assets.functions.proposeNamespace(PREFIX, issuer.address), by=registrar)
    chain.send(assets.functions.acceptNamespace(keccak(text=PREFIX)), by=issuer)
    return keccak(text=PREFIX)


def test_an_issuer_registers_under_its_prefix(
    chain: Chain, assets: Contract, prefix: bytes, issuer: Actor
) -> None:
    registration = Registration("01/09506000134352/21/P1", Kind.PRODUCT, issuer.address)
    chain.send(assets.functions.register(prefix, registration), by=issuer)
    assert assets.functions.ownerOf(asset_id(prefix, registration.local_id)).call() == issuer.address


def test_an_issuer_that_lost_its_prefix_registers_nothing(
    chain: Chain, assets: Contract, prefix: bytes, issuer: Actor, supplier: Actor, registrar: Actor
) -> None:
    first = Registration("P1", Kind.PRODUCT, issuer.address)
    chain.send(assets.functions.register(prefix, first), by=issuer)
    chain.send(assets.functions.proposeNamespace(PREFIX, supplier.address), by=registrar)
    chain.send(assets.functions.acceptNamespace(prefix), by=supplier, at=chain.now + 14 * 86_400)
    with not_issuer(prefix, issuer, supplier.address):
        chain.send(assets.functions.register(prefix, first._replace(local_id="P2")), by=issuer)
    with reverts("AssetRegistry_AlreadyRegistered", id=asset_id(prefix, "P1")):
        chain.send(assets.functions.register(prefix, first), by=supplier)
    assert assets.functions.ownerOf(asset_id(prefix, "P1")).call() == issuer.address


def test_an_empty_local_id_is_refused(register: Register, issuer: Actor) -> None:
    with reverts("AssetRegistry_EmptyLocalId", namespace=namespace_of(issuer)):
        register("")


def test_f070_a_local_id_is_registered_once(register: Register, machine: int, stranger: Actor) -> None:
    for kind in (Kind.EQUIPMENT, Kind.PRODUCT):
        with reverts("AssetRegistry_AlreadyRegistered", id=machine):
            register("P229810", kind=kind, to=stranger.address)


def test_ast1_an_id_is_never_free_again(
    chain: Chain,
    assets: Contract,
    register: Register,
    give: Callable[..., None],
    machine: int,
    owner: Actor,
    buyer: Actor,
) -> None:
    chain.send(assets.functions.setStatus(machine, Status.RETIRED), by=owner)
    give(machine, buyer)
    with reverts("AssetRegistry_AlreadyRegistered", id=machine):
        register("P229810")


def test_f070_the_same_local_id_under_two_issuers(
    chain: Chain, assets: Contract, machine: int, stranger: Actor, owner: Actor
) -> None:
    registration = Registration("P229810", Kind.EQUIPMENT, stranger.address)
    chain.send(assets.functions.register(namespace_of(stranger), registration), by=stranger)
    other = asset_id(namespace_of(stranger), "P229810")
    assert other != machine
    assert assets.functions.ownerOf(other).call() == stranger.address
    assert assets.functions.ownerOf(machine).call() == owner.address


def test_f071_look_alikes_are_different_assets(chain: Chain, assets: Contract, register: Register) -> None:
    names = ["P229810", "Р229810", "P229810\u200b", "\u202e018922P", "P22981O", "é", "e\u0301", "P229810 "]
    assert len({register(name) for name in names}) == len(names)


def test_f069_an_asset_needs_an_owner(assets: Contract, register: Register, issuer: Actor) -> None:
    for receiver in (NOBODY, assets.address):
        with reverts("AssetRegistry_BadReceiver", id=asset_id(namespace_of(issuer), "P1"), receiver=receiver):
            register("P1", to=receiver)


def test_f005_registering_calls_nobody(chain: Chain, assets: Contract, register: Register) -> None:
    refuses = chain.deploy("MockAssetReceiver", b"\0\0\0\0")
    asset = register("P1", to=refuses.address)
    assert assets.functions.ownerOf(asset).call() == refuses.address
    assert assets.functions.balanceOf(refuses.address).call() == 1


@pytest.mark.parametrize(("quantity", "unit"), [(0, b"KGM"), (5, bytes(3)), (0, bytes(3))])
def test_a_lot_has_quantity_and_unit(register: Register, issuer: Actor, quantity: int, unit: bytes) -> None:
    lot = asset_id(namespace_of(issuer), "H1")
    with reverts("AssetRegistry_BadQuantity", id=lot, quantity=quantity, unit=unit):
        register("H1", kind=Kind.LOT, quantity=quantity, unit=unit)


@pytest.mark.parametrize("kind", [Kind.EQUIPMENT, Kind.COMPONENT, Kind.PRODUCT])
@pytest.mark.parametrize(("quantity", "unit"), [(0, bytes(3)), (2, bytes(3)), (1, b"C62")])
def test_anything_but_a_lot_is_one(
    register: Register, issuer: Actor, kind: Kind, quantity: int, unit: bytes
) -> None:
    asset = asset_id(namespace_of(issuer), "P1")
    with reverts("AssetRegistry_BadQuantity", id=asset, quantity=quantity, unit=unit):
        register("P1", kind=kind, quantity=quantity, unit=unit)


def test_an_asset_is_registered(chain: Chain, assets: Contract, issuer: Actor, owner: Actor) -> None:
    call = assets.functions.register(
        namespace_of(issuer), Registration("P229810", Kind.EQUIPMENT, owner.address)
    )
    asset = asset_id(namespace_of(issuer), "P229810")
    assert call.call({"from": issuer.address}) == asset
    receipt = chain.send(call, by=issuer, at=BEGINNING + 500)
    assert chain.events(receipt) == [
        event(assets, "Transfer", **{"from": NOBODY}, to=owner.address, id=asset),
        event(
            assets,
            "AssetRegistered",
            id=asset,
            namespace=namespace_of(issuer),
            owner=owner.address,
            kind=Kind.EQUIPMENT,
            localId="P229810",
            twin=TWIN,
            uri=CARD,
        ),
    ]
    assert assets.functions.assetOf(asset).call() == (
        owner.address,
        Kind.EQUIPMENT,
        Status.ACTIVE,
        0,
        0,
        1,
        BEGINNING + 500,
    )
    assert assets.functions.standingOf(asset).call() == (
        owner.address,
        NOBODY,
        0,
        Kind.EQUIPMENT,
        Status.ACTIVE,
        0,
    )
    assert assets.functions.balanceOf(owner.address).call() == 1
    assert assets.functions.quantityOf(asset).call() == 1
    assert assets.functions.unitOf(asset).call() == bytes(3)


@pytest.mark.parametrize("kind", [Kind.COMPONENT, Kind.PRODUCT])
def test_an_asset_without_a_twin(
    assets: Contract, register: Register, owner: Actor, kind: Kind, chain: Chain
) -> None:
    asset = register("P1", kind=kind, twin=NONE, uri="")
    assert assets.functions.assetOf(asset).call() == (owner.address, kind, Status.ACTIVE, 0, 0, 0, chain.now)


def test_a_lot_is_registered(chain: Chain, assets: Contract, issuer: Actor, owner: Actor) -> None:
    most = 2**128 - 1
    registration = Registration("heat 7", Kind.LOT, owner.address, quantity=most, unit=b"KGM")
    receipt = chain.send(assets.functions.register(namespace_of(issuer), registration), by=issuer)
    lot = asset_id(namespace_of(issuer), "heat 7")
    *_, said = chain.events(receipt)
    assert said == event(assets, "QuantitySet", id=lot, quantity=most, unit=b"KGM")
    assert assets.functions.quantityOf(lot).call() == most
    assert assets.functions.unitOf(lot).call() == b"KGM"
    assert assets.functions.standingOf(lot).call()[3] == Kind.LOT


# registerMany


def several(owner: Actor, count: int) -> list[Registration]:
    return [Registration(f"P{number}", Kind.PRODUCT, owner.address, uri="") for number in range(count)]


def test_a_stranger_registers_not_many_either(
    chain: Chain, assets: Contract, issuer: Actor, stranger: Actor
) -> None:
    for registrations in ([], several(stranger, 2)):
        with not_issuer(namespace_of(issuer), stranger, issuer.address):
            chain.send(assets.functions.registerMany(namespace_of(issuer), registrations), by=stranger)


def test_many_are_registered(chain: Chain, assets: Contract, issuer: Actor, owner: Actor) -> None:
    heat = Registration("heat 7", Kind.LOT, owner.address, quantity=900, unit=b"GRM")
    registrations = [*several(owner, 3), heat]
    call = assets.functions.registerMany(namespace_of(issuer), registrations)
    ids = [asset_id(namespace_of(issuer), each.local_id) for each in registrations]
    assert call.call({"from": issuer.address}) == ids
    receipt = chain.send(call, by=issuer)
    assert [each.arguments["id"] for each in chain.events(receipt) if each.name == "AssetRegistered"] == ids
    assert [assets.functions.ownerOf(each).call() for each in ids] == [owner.address] * 4
    assert assets.functions.balanceOf(owner.address).call() == 4
    assert assets.functions.quantityOf(ids[-1]).call() == 900


def test_many_are_registered_all_or_none(
    chain: Chain, assets: Contract, issuer: Actor, owner: Actor, machine: int
) -> None:
    registrations = [*several(owner, 2), Registration("P229810", Kind.EQUIPMENT, owner.address)]
    with reverts("AssetRegistry_AlreadyRegistered", id=machine):
        chain.send(assets.functions.registerMany(namespace_of(issuer), registrations), by=issuer)
    assert assets.functions.balanceOf(owner.address).call() == 1


def test_f043_the_same_asset_twice_in_one_call(
    chain: Chain, assets: Contract, issuer: Actor, owner: Actor
) -> None:
    with reverts("AssetRegistry_AlreadyRegistered", id=asset_id(namespace_of(issuer), "P0")):
        chain.send(
            assets.functions.registerMany(namespace_of(issuer), several(owner, 1) * 2),
            by=issuer,
        )


def test_f075_each_costs_the_same(
    chain: Chain, assets: Contract, issuer: Actor, owner: Actor, machine: int
) -> None:
    def cost(count: int, tag: str) -> int:
        registrations = [
            each._replace(local_id=f"{tag}{each.local_id:>04}") for each in several(owner, count)
        ]
        call = assets.functions.registerMany(namespace_of(issuer), registrations)
        return chain.send(call, by=issuer).gas_used

    one, few, many = cost(1, "a"), cost(11, "b"), cost(111, "c")
    assert abs((many - few) / 100 - (few - one) / 10) < 500


# assetId


TEXTS = st.text(max_size=80)


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(namespace=st.binary(min_size=32, max_size=32), local_id=TEXTS)
def test_f080_ids_hash_two_fixed_words(assets: Contract, namespace: bytes, local_id: str) -> None:
    expected = keccak(encode(["bytes32", "bytes32"], [namespace, keccak(text=local_id)]))
    assert assets.functions.assetId(namespace, local_id).call() == int.from_bytes(expected, "big")


# assetOf


@pytest.mark.parametrize(
    "view", ["assetOf", "standingOf", "quantityOf", "unitOf", "ownerOf", "getApproved", "tokenURI"]
)
def test_an_unknown_asset_has_no_views(assets: Contract, view: str) -> None:
    for unknown in (0, 1, 2**256 - 1):
        with reverts("AssetRegistry_UnknownAsset", id=unknown):
            assets.get_function_by_name(view)(unknown).call()


def test_the_slot_is_laid_out_as_documented(
    chain: Chain, assets: Contract, register: Register, owner: Actor, buyer: Actor, give: Callable[..., None]
) -> None:
    asset = register("P1", kind=Kind.PRODUCT)
    registered = chain.now
    for version in (1, 2, 3):
        chain.send(assets.functions.setTwin(asset, version, TWIN, ""), by=owner)
    chain.send(assets.functions.setStatus(asset, Status.SUSPENDED), by=owner)

    word = chain.w3.eth.get_storage_at(assets.address, owner_slot(asset), "latest")
    beside = Kind.PRODUCT | Status.SUSPENDED << 4 | 0 << 8 | 0 << 16 | 4 << 24 | registered << 56
    assert int.from_bytes(word, "big") == beside << 160 | int(owner.address, 16)

    # Every field reads its own bits, whatever the others are. What the Genealogy knows nothing of is not so.
    full = Kind.LOT | Status.RETIRED << 4 | 0xA3 << 8 | 0x5A << 16 | 0x89ABCDEF << 24 | 0x1234567890 << 56
    packed = full << 160 | int(owner.address, 16)
    chain.local.rpc.call(
        "anvil_setStorageAt", assets.address, f"{owner_slot(asset):#066x}", f"{packed:#066x}"
    )
    assert assets.functions.assetOf(asset).call() == (
        owner.address,
        Kind.LOT,
        Status.RETIRED,
        0xA0,
        0x5A,
        0x89ABCDEF,
        0x1234567890,
    )
    assert not 0xA3 & FLAG_DEVICE
    give(asset, buyer)
    word = chain.w3.eth.get_storage_at(assets.address, owner_slot(asset), "latest")
    assert int.from_bytes(word, "big") == (full & ~(3 << 8)) << 160 | int(buyer.address, 16)


# deliverablesOf


def test_deliverables_are_ids_and_quantities(assets: Contract, register: Register, machine: int) -> None:
    lot = register("L1", kind=Kind.LOT, quantity=250, unit=b"KGM")
    for ids, quantities in (([], []), ([lot, machine], [250, 1]), ([machine, lot], [1, 250])):
        expected = keccak(encode(["uint256[]", "uint128[]"], [ids, quantities]))
        assert assets.functions.deliverablesOf(ids).call() == expected


def test_f048_what_is_in_use_is_not_delivered(
    chain: Chain, assets: Contract, machine: int, owner: Actor, user: Actor
) -> None:
    until = BEGINNING + 86_400
    chain.send(assets.functions.setUser(machine, user.address, until), by=owner)
    with reverts("AssetRegistry_InUse", id=machine, user=user.address, until=until):
        assets.functions.deliverablesOf([machine]).call()
    chain.warp(until)
    assets.functions.deliverablesOf([machine]).call()


# constructor


def test_the_registry_says_what_it_is(chain: Chain, assets: Contract, directory: Contract) -> None:
    assert assets.functions.directory().call() == directory.address
    assert assets.functions.name().call() == "Fabricant Assets"
    assert assets.functions.symbol().call() == "FABRICANT"
    assert assets.functions.eip712Domain().call() == [
        b"\x0f",
        "Fabricant AssetRegistry",
        "1",
        chain.w3.eth.chain_id,
        assets.address,
        bytes(32),
        [],
    ]


# storage


def test_what_an_asset_may_have_is_a_slot_each() -> None:
    layout = {struct: members_of("AssetRegistry", struct) for struct in ("Use", "Device", "Lot", "Proposal")}
    assert layout == {
        "Use": [("user", 0, 0, 20), ("until", 0, 20, 8)],
        "Device": [("key", 0, 0, 20), ("bindings", 0, 20, 12)],
        "Lot": [("quantity", 0, 0, 16), ("unit", 0, 16, 3)],
        "Proposal": [("issuer", 0, 0, 20), ("openFrom", 0, 20, 5)],
    }
