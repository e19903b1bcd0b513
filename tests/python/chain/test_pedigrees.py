"""Pedigrees read from a chain: cases that change hands, packs that are sold, labels that are altered."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest

from fabricant.chain.answers import Receipt
from fabricant.chain.errors import AssetRegistry_NoRecorder
from fabricant.chain.fabricant import Fabricant
from fabricant.chain.pedigrees import dispense, read_pedigrees
from fabricant.chain.pledge import pledge_address
from fabricant.domain.assets import Kind, Registration, asset_id, namespace_of
from fabricant.domain.batches import Run, leaf_of_unit
from fabricant.domain.pedigree import Custody, Label, Licences, Pedigrees, Recalled, Sale, Unlabelled
from fabricant.domain.units import Address, UnixSeconds
from fabricant.errors import InvalidInput, VerificationFailed
from tests.support.world import DAY, World, wallet

MAKER, BUYER = wallet("supplier").address, wallet("buyer").address
LABEL = Label(lot="LOT-7", expires=UnixSeconds(2**39), case="CASE-1")
OTHER = replace(LABEL, case="CASE-2")


@dataclass(frozen=True)
class Shipment:
    """A run of two packs in two cases, of which the second may not exist."""

    world: World
    run: Run

    def read(self) -> Pedigrees:
        return read_pedigrees(self.world.fabricant, self.run, self.documents)

    def documents(self, uri: str) -> bytes | None:
        return {"one": LABEL, "two": OTHER}[uri].serialise()


@pytest.fixture
def shipment(world: World) -> Shipment:
    packs = [
        Registration(local_id=serial, kind=Kind.PRODUCT, owner=MAKER, twin=label.hash, uri=uri)
        for serial, label, uri in (("P-1", LABEL, "one"), ("P-2", OTHER, "two"))
    ]
    run, registry = Run(namespace_of(MAKER), tuple(packs)), world.as_("supplier").assets
    registry.register(run.namespace, Registration(local_id="CASE-1", kind=Kind.PRODUCT, owner=MAKER))
    registry.commit_batch(run.batch)
    return Shipment(world, run)


def test_a_case_has_had_its_holders(shipment: Shipment) -> None:
    world, run = shipment.world, shipment.run
    case = asset_id(run.namespace, "CASE-1")
    world.as_("supplier").assets.transfer_from(MAKER, BUYER, case)

    found = shipment.read()

    assert found.custody["CASE-1"] == Custody((MAKER, BUYER), {})
    assert found.labels[LABEL.hash] == LABEL
    assert not found.recalled


def test_sales_are_told_by_whoever_then_has_the_case(shipment: Shipment) -> None:
    world, run = shipment.world, shipment.run
    case, supplier = asset_id(run.namespace, "CASE-1"), world.as_("supplier").assets
    pedigrees = shipment.read()
    supplier.set_recorder(case, BUYER, until=UnixSeconds(world.now + DAY))
    dispense(world.as_("buyer"), pedigrees, "P-1")
    supplier.transfer_from(MAKER, BUYER, case)
    receipts = list[Receipt]()
    for _ in range(2):
        world.chain.warp(UnixSeconds(world.now + DAY))
        receipts.append(dispense(world.as_("buyer"), pedigrees, "P-1").receipt)

    sales = shipment.read().custody["CASE-1"].sales

    blocks = [world.fabricant.network.block(each.block_hash) for each in receipts]
    assert sales == {leaf_of_unit(run.unit("P-1")): [Sale(BUYER, each.timestamp) for each in blocks if each]}


def test_a_stranger_sells_nothing(shipment: Shipment) -> None:
    pedigrees = shipment.read()

    with pytest.raises(AssetRegistry_NoRecorder):
        dispense(shipment.world.as_("buyer"), pedigrees, "P-1")
    with pytest.raises(InvalidInput, match="no unit P-9"):
        dispense(shipment.world.as_("supplier"), pedigrees, "P-9")
    with pytest.raises(VerificationFailed, match="its case is no asset"):
        dispense(shipment.world.as_("supplier"), pedigrees, "P-2")


def test_a_pack_with_its_own_token_is_apart_once_that_moved(shipment: Shipment) -> None:
    world, run = shipment.world, shipment.run
    for serial in ("P-1", "P-2"):
        world.as_("buyer").assets.serialise(run.batch, run.unit(serial), proof=run.prove(serial))
    assert shipment.read().apart == {}

    supplier = world.as_("supplier").assets
    supplier.transfer_from(MAKER, BUYER, asset_id(run.namespace, "P-1"))
    supplier.transfer_from(MAKER, world.fabricant.escrow.address, asset_id(run.namespace, "P-2"))

    assert shipment.read().apart == {leaf_of_unit(run.unit("P-1")): BUYER}


def test_a_recall_reaches_a_case(shipment: Shipment) -> None:
    world, run = shipment.world, shipment.run

    world.as_("supplier").genealogy.recall(run.namespace, b"\1" * 32, local_ids=["CASE-1"])

    found = shipment.read()
    assert found.custody["CASE-1"].recalled
    assert not found.recalled


def test_a_case_that_nobody_registered_is_no_case(shipment: Shipment) -> None:
    labels = shipment.read().labels

    assert labels[OTHER.hash] == Unlabelled("its case is no asset of its maker's")


@pytest.mark.parametrize(
    ("document", "why"),
    [
        (None, "there is no document; ask its maker"),
        (OTHER.serialise(), "the document is not the one that it commits to"),
    ],
)
def test_a_label_is_the_one_that_was_committed(shipment: Shipment, document: bytes | None, why: str) -> None:
    labels = read_pedigrees(shipment.world.fabricant, shipment.run, lambda _: document).labels

    assert labels[LABEL.hash] == Unlabelled(why)


def test_a_recall_reaches_its_packs(shipment: Shipment) -> None:
    world, run = shipment.world, shipment.run
    world.as_("supplier").genealogy.recall(run.namespace, b"\1" * 32, batches=[run.batch])

    found = shipment.read()

    (finding,) = found.check(
        "P-2",
        presented_by=MAKER,
        at=UnixSeconds(world.now),
        licences=Licences(frozenset(), frozenset(), frozenset()),
    )[:1]
    assert finding == Recalled()


def test_a_lifted_recall_is_over(shipment: Shipment) -> None:
    world, run = shipment.world, shipment.run
    world.as_("supplier").genealogy.recall(run.namespace, b"\1" * 32, batches=[run.batch])
    world.as_("supplier").genealogy.lift_recall(run.namespace, b"\1" * 32)

    assert not shipment.read().recalled


@pytest.mark.parametrize(
    "keeper",
    [
        pytest.param(lambda fabricant: fabricant.escrow.address, id="escrow"),
        pytest.param(lambda fabricant: pledge_address(fabricant.assets.address), id="pledge"),
    ],
)
def test_contracts_that_keep_a_case_meanwhile_are_no_holders(
    shipment: Shipment, keeper: Callable[[Fabricant], Address]
) -> None:
    world, run = shipment.world, shipment.run
    registry, genealogy = world.as_("supplier").assets, world.as_("supplier").genealogy
    registry.register(run.namespace, Registration(local_id="PALLET", kind=Kind.PRODUCT, owner=MAKER))
    pallet, case = asset_id(run.namespace, "PALLET"), asset_id(run.namespace, "CASE-1")
    genealogy.assemble(pallet, [case])
    registry.transfer_from(MAKER, BUYER, pallet)
    world.as_("buyer").genealogy.disassemble(pallet, [case])
    world.as_("buyer").assets.transfer_from(BUYER, keeper(world.fabricant), case)

    custody = shipment.read().custody["CASE-1"]

    assert custody.holders == (MAKER, BUYER)


def test_a_run_that_nobody_committed_is_refused(shipment: Shipment) -> None:
    forged = Run(shipment.run.namespace, shipment.run.units[:1])

    with pytest.raises(VerificationFailed, match="nobody committed this run"):
        read_pedigrees(shipment.world.fabricant, forged, shipment.documents)
