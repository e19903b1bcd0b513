"""A production run is one hash; its units become tokens one by one, as committed, at most once."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, Final

import pytest
from eth_abi.abi import encode
from eth_utils.crypto import keccak
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from web3.contract import Contract

from fabricant.domain.merkle import Leaf, MerkleTree, leaf_of
from tests.support.actors import Actor
from tests.support.assets import NONE, TWIN, Kind, Registration, Status, asset_id, batch_id, namespace_of
from tests.support.chain import BEGINNING, Chain, event
from tests.support.layout import members_of
from tests.support.reverts import reverts

ASSETS: Final = 1 << 5
NOBODY: Final = "0x" + "00" * 20
LEAF: Final = ["string", "uint8", "address", "uint128", "bytes3", "bytes32", "string"]
PREFIX: Final = "https://id.gs1.org/01/0950600"


def leaf(unit: Registration) -> Leaf:
    return leaf_of(keccak(encode(LEAF, unit)))


@dataclass(frozen=True)
class Run:
    """A batch with its units and what the contract is told of them."""

    namespace: bytes
    units: tuple[Registration, ...]
    count: int = 0  # zero: as many as there are units
    origin: int = 0
    tree: MerkleTree = field(init=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "tree", MerkleTree([leaf(each) for each in self.units]))
        object.__setattr__(self, "count", self.count or len(self.units))

    @property
    def struct(self) -> tuple[bytes, bytes, int, int]:
        return (self.namespace, self.tree.root, self.count, self.origin)

    @property
    def id(self) -> int:
        return batch_id(self.struct)

    def unit(self, index: int) -> tuple[Any, ...]:
        """What `serialise` is told for a unit."""
        return self.struct, self.units[index], self.tree.prove(index)

    def asset(self, index: int) -> int:
        return asset_id(self.namespace, self.units[index].local_id)


@pytest.fixture
def run(issuer: Actor, owner: Actor, buyer: Actor) -> Run:
    """Five packs, three of them for the owner."""
    packs = [Registration(f"01/09506000134352/21/{n}", Kind.PRODUCT, owner.address) for n in range(5)]
    packs[3:] = [each._replace(owner=buyer.address) for each in packs[3:]]
    return Run(namespace_of(issuer), tuple(packs))


@pytest.fixture
def commit(chain: Chain, assets: Contract, issuer: Actor) -> Callable[..., Run]:
    """Commits a run, by default in the name of the issuer; gives it back."""

    def send(run: Run, *, by: Actor = issuer) -> Run:
        chain.send(assets.functions.commitBatch(run.struct, "ipfs://units"), by=by)
        return run

    return send


@pytest.fixture
def serialise(chain: Chain, assets: Contract, stranger: Actor) -> Callable[..., int]:
    """A stranger makes a unit a token."""

    def send(run: Run, index: int) -> int:
        chain.send(assets.functions.serialise(*run.unit(index)), by=stranger)
        return run.asset(index)

    return send


# commitBatch


def not_issuer(run: Run, caller: Actor, issuer: Actor) -> object:
    return reverts(
        "AssetRegistry_NotIssuer", namespace=run.namespace, caller=caller.address, issuer=issuer.address
    )


def test_f063_nobody_commits_in_anothers_namespace(
    commit: Callable[..., Run], run: Run, stranger: Actor, owner: Actor, issuer: Actor
) -> None:
    for caller in (stranger, owner):
        with not_issuer(run, caller, issuer):
            commit(run, by=caller)


def test_a_committing_operator_needs_the_assets_role(
    commit: Callable[..., Run], lend_role: Callable[..., None], run: Run, issuer: Actor, operator: Actor
) -> None:
    lend_role(issuer, operator, but=ASSETS)
    with not_issuer(run, operator, issuer):
        commit(run, by=operator)


def test_an_operator_commits(
    assets: Contract,
    commit: Callable[..., Run],
    lend_role: Callable[..., None],
    run: Run,
    issuer: Actor,
    operator: Actor,
) -> None:
    lend_role(issuer, operator, only=ASSETS)
    commit(run, by=operator)
    assert assets.functions.progressOf(run.id).call()[0] != 0


def test_a_batch_has_units(chain: Chain, assets: Contract, issuer: Actor) -> None:
    empty = (namespace_of(issuer), TWIN, 0, 0)
    with reverts("AssetRegistry_EmptyBatch", namespace=namespace_of(issuer), root=TWIN):
        chain.send(assets.functions.commitBatch(empty, ""), by=issuer)


def test_an_origin_exists(commit: Callable[..., Run], register: Callable[..., int], run: Run) -> None:
    unknown = asset_id(run.namespace, "heat 7")
    with reverts("AssetRegistry_UnknownAsset", id=unknown):
        commit(replace(run, origin=unknown))
    register("heat 7", kind=Kind.LOT, quantity=900, unit=b"KGM")
    commit(replace(run, origin=unknown))


def test_f025_a_batch_is_committed_once(commit: Callable[..., Run], run: Run) -> None:
    commit(run)
    with reverts("AssetRegistry_AlreadyCommitted", batch=run.id):
        commit(run)


def test_f080_another_batch_has_another_id(
    assets: Contract, commit: Callable[..., Run], machine: int, run: Run
) -> None:
    others = [run, replace(run, units=run.units[1:]), replace(run, count=4), replace(run, origin=machine)]
    ids = [commit(each).id for each in others]
    assert len(set(ids)) == len(others)
    assert [assets.functions.batchId(each.struct).call() for each in others] == ids


def test_a_batch_is_committed(chain: Chain, assets: Contract, run: Run, machine: int, issuer: Actor) -> None:
    run = replace(run, origin=machine)
    call = assets.functions.commitBatch(run.struct, "ipfs://units")
    assert call.call({"from": issuer.address}) == run.id
    assert assets.functions.progressOf(run.id).call() == (0, 0, False)
    receipt = chain.send(call, by=issuer, at=BEGINNING + 500)
    assert chain.events(receipt) == [
        event(
            assets,
            "BatchCommitted",
            batch=run.id,
            namespace=run.namespace,
            origin=machine,
            root=run.tree.root,
            count=5,
            uri="ipfs://units",
        )
    ]
    assert assets.functions.progressOf(run.id).call() == (BEGINNING + 500, 0, False)


def test_f075_a_run_of_any_size_costs_the_same(chain: Chain, assets: Contract, issuer: Actor) -> None:
    def cost(root: bytes, count: int) -> int:
        call = assets.functions.commitBatch((namespace_of(issuer), root, count, 0), "")
        return chain.send(call, by=issuer).gas_used

    assert abs(cost(b"\1" * 32, 1) - cost(b"\2" * 32, 1_000_000)) < 100


# serialise


def test_nothing_comes_out_of_an_unknown_batch(serialise: Callable[..., int], run: Run) -> None:
    with reverts("AssetRegistry_UnknownBatch", batch=run.id):
        serialise(run, 0)


def test_f036_an_altered_batch_is_unknown(
    chain: Chain, assets: Contract, commit: Callable[..., Run], run: Run, stranger: Actor
) -> None:
    struct, unit, proof = commit(run).unit(0)
    for position, other in enumerate((namespace_of(stranger), TWIN, 6, 1)):
        altered = (*struct[:position], other, *struct[position + 1 :])
        with reverts("AssetRegistry_UnknownBatch", batch=batch_id(altered)):  # type: ignore[arg-type]
            chain.send(assets.functions.serialise(altered, unit, proof), by=stranger)


def test_f036_an_altered_unit_is_not_in_the_batch(
    chain: Chain, assets: Contract, commit: Callable[..., Run], run: Run, stranger: Actor
) -> None:
    struct, unit, proof = commit(run).unit(0)
    others = {
        "local_id": "01/09506000134352/21/5",
        "kind": Kind.COMPONENT,
        "owner": stranger.address,
        "quantity": 2,
        "unit": b"C62",
        "twin": NONE,
        "uri": "",
    }
    assert set(others) == set(unit._fields)
    for name, other in others.items():
        altered = unit._replace(**{name: other})
        with reverts("AssetRegistry_NotInBatch", batch=run.id, leaf=leaf(altered)):
            chain.send(assets.functions.serialise(struct, altered, proof), by=stranger)


def test_f079_a_wrong_proof_proves_nothing(
    chain: Chain, assets: Contract, commit: Callable[..., Run], run: Run, stranger: Actor
) -> None:
    struct, unit, proof = commit(run).unit(0)
    wrong = [run.tree.prove(1), proof[:-1], (*proof, NONE), proof[::-1], (*proof[:-1], NONE), ()]
    for other in wrong:
        with reverts("AssetRegistry_NotInBatch", batch=run.id, leaf=leaf(unit)):
            chain.send(assets.functions.serialise(struct, unit, other), by=stranger)


def test_f079_an_inner_node_is_no_leaf(
    chain: Chain, assets: Contract, commit: Callable[..., Run], run: Run, stranger: Actor
) -> None:
    """Even the shortest registration encodes to more than the 64 bytes that an inner node hashes."""
    commit(run)
    below = [leaf(each) for each in run.units]
    shortest = Registration("", Kind.EQUIPMENT, NOBODY, quantity=0, twin=NONE, uri="")
    assert len(encode(LEAF, shortest)) > 64
    with reverts("AssetRegistry_NotInBatch", batch=run.id, leaf=leaf(shortest)):
        chain.send(assets.functions.serialise(run.struct, shortest, below), by=stranger)


def test_f025_a_unit_is_serialised_once(
    commit: Callable[..., Run],
    serialise: Callable[..., int],
    give: Callable[..., None],
    run: Run,
    buyer: Actor,
    chain: Chain,
    assets: Contract,
    owner: Actor,
) -> None:
    unit = serialise(commit(run), 0)
    with reverts("AssetRegistry_AlreadyRegistered", id=unit):
        serialise(run, 0)
    give(unit, buyer)
    chain.send(assets.functions.setStatus(unit, Status.RETIRED), by=buyer)
    with reverts("AssetRegistry_AlreadyRegistered", id=unit):
        serialise(run, 0)
    assert assets.functions.progressOf(run.id).call()[1] == 1
    assert assets.functions.balanceOf(owner.address).call() == 0


def test_f070_a_registered_local_id_stays(
    commit: Callable[..., Run], serialise: Callable[..., int], register: Callable[..., int], run: Run
) -> None:
    registered = register(run.units[0].local_id)
    with reverts("AssetRegistry_AlreadyRegistered", id=registered):
        serialise(commit(run), 0)


def test_no_more_units_than_were_committed(
    commit: Callable[..., Run], serialise: Callable[..., int], run: Run
) -> None:
    short = commit(replace(run, count=4))
    for index in (4, 0, 2, 1):
        serialise(short, index)
    with reverts("AssetRegistry_BatchUsedUp", batch=short.id, count=4):
        serialise(short, 3)
    with reverts("AssetRegistry_BatchUsedUp", batch=short.id, count=4):
        serialise(short, 0)


def test_a_leaf_keeps_the_rules_of_registering(
    commit: Callable[..., Run], serialise: Callable[..., int], assets: Contract, run: Run
) -> None:
    good = run.units[0]
    bad = commit(
        replace(
            run,
            units=(
                good._replace(local_id=""),
                good._replace(owner=NOBODY),
                good._replace(owner=assets.address),
                good._replace(quantity=2),
                good._replace(kind=Kind.LOT, quantity=0, unit=b"KGM"),
            ),
        )
    )
    with reverts("AssetRegistry_EmptyLocalId", namespace=run.namespace):
        serialise(bad, 0)
    for index, receiver in ((1, NOBODY), (2, assets.address)):
        with reverts("AssetRegistry_BadReceiver", id=bad.asset(index), receiver=receiver):
            serialise(bad, index)
    for index, quantity, unit in ((3, 2, bytes(3)), (4, 0, b"KGM")):
        with reverts("AssetRegistry_BadQuantity", id=bad.asset(index), quantity=quantity, unit=unit):
            serialise(bad, index)


def test_f037_whoever_sends_it_the_owner_is_the_leafs(
    chain: Chain, assets: Contract, commit: Callable[..., Run], run: Run, stranger: Actor, buyer: Actor
) -> None:
    commit(run)
    call = assets.functions.serialise(*run.unit(3))
    assert call.call({"from": stranger.address}) == run.asset(3)
    receipt = chain.send(call, by=stranger, at=BEGINNING + 900)
    unit = run.units[3]
    assert chain.events(receipt) == [
        event(assets, "Transfer", **{"from": NOBODY}, to=buyer.address, id=run.asset(3)),
        event(
            assets,
            "AssetRegistered",
            id=run.asset(3),
            namespace=run.namespace,
            owner=buyer.address,
            kind=Kind.PRODUCT,
            localId=unit.local_id,
            twin=unit.twin,
            uri=unit.uri,
        ),
        event(assets, "UnitSerialised", id=run.asset(3), batch=run.id),
    ]
    registered = (buyer.address, Kind.PRODUCT, Status.ACTIVE, 0, 0, 1, BEGINNING + 900)
    assert assets.functions.assetOf(run.asset(3)).call() == registered
    assert assets.functions.progressOf(run.id).call()[1] == 1


def test_a_batch_outlives_its_issuers_office(
    chain: Chain,
    assets: Contract,
    commit: Callable[..., Run],
    serialise: Callable[..., int],
    run: Run,
    registrar: Actor,
    issuer: Actor,
    supplier: Actor,
    owner: Actor,
) -> None:
    prefix = keccak(text=PREFIX)
    chain.send(assets.functions.proposeNamespace(PREFIX, issuer.address), by=registrar)
    chain.send(assets.functions.acceptNamespace(prefix), by=issuer)
    committed = commit(replace(run, namespace=prefix))
    chain.send(assets.functions.proposeNamespace(PREFIX, supplier.address), by=registrar)
    chain.send(assets.functions.acceptNamespace(prefix), by=supplier, at=chain.now + 14 * 86_400)
    assert assets.functions.ownerOf(serialise(committed, 0)).call() == owner.address


def test_a_lot_comes_out_of_a_batch(
    assets: Contract, commit: Callable[..., Run], serialise: Callable[..., int], run: Run, owner: Actor
) -> None:
    drum = Registration("drum 1", Kind.LOT, owner.address, quantity=200, unit=b"LTR")
    lot = serialise(commit(replace(run, units=(drum, *run.units))), 0)
    assert assets.functions.quantityOf(lot).call() == 200
    assert assets.functions.unitOf(lot).call() == b"LTR"


def test_a_batch_of_one(
    assets: Contract, commit: Callable[..., Run], serialise: Callable[..., int], run: Run, owner: Actor
) -> None:
    single = commit(replace(run, units=run.units[:1], count=1))
    assert single.unit(0)[2] == ()
    assert assets.functions.ownerOf(serialise(single, 0)).call() == owner.address


# leafOf


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    unit=st.builds(
        Registration,
        local_id=st.text(max_size=80),
        kind=st.sampled_from(Kind),
        owner=st.binary(min_size=20, max_size=20).map(lambda raw: f"0x{raw.hex()}"),
        quantity=st.integers(0, 2**128 - 1),
        unit=st.binary(min_size=3, max_size=3),
        twin=st.binary(min_size=32, max_size=32),
        uri=st.text(max_size=80),
    )
)
def test_f035_a_leaf_is_the_standard_trees(chain: Chain, assets: Contract, unit: Registration) -> None:
    assert chain.ask(
        assets.functions.leafOf(unit._replace(owner=chain.w3.to_checksum_address(unit.owner)))
    ) == leaf(unit)


# storage


def test_a_batch_is_a_slot() -> None:
    assert members_of("AssetRegistry", "Progress") == [
        ("committedAt", 0, 0, 5),
        ("serialised", 0, 5, 8),
        ("recalled", 0, 13, 1),
    ]
