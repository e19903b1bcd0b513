"""The genealogy read from a chain: what every event does to the graph."""

from dataclasses import replace

import pytest

from fabricant.chain.assets import AssetRegistered, BatchCommitted, Transfer
from fabricant.chain.genealogy import Assembled
from fabricant.chain.tracing import graph_of, read_graph
from fabricant.domain.assets import AssetId, Kind, Status, asset_id, namespace_of
from fabricant.domain.batches import Batch, BatchId
from fabricant.domain.genealogy import Input, Reach, Scrap
from fabricant.domain.graph import Evidence, Relation, Way
from fabricant.domain.merkle import Root
from fabricant.domain.units import UnixSeconds
from fabricant.errors import BadAnswer
from tests.support.workshop import Workshop
from tests.support.world import DAY, World, wallet

TEXT = b"\x07" * 32
SEEN = Evidence(1, "0x01")


def test_everything_that_happened_is_in_the_graph(world: World) -> None:
    shop = Workshop.of(world)
    registry, genealogy = shop.fabricant.assets, shop.fabricant.genealogy
    shop.lot("HEAT", 1000)
    shop.make({"HEAT": 400}, ["BLADE-1", "BLADE-2"])
    shop.parts("ENGINE")
    shop.assemble("ENGINE", "BLADE-1", "BLADE-2")
    shop.take_out("ENGINE", "BLADE-1")
    run = shop.run(["PIN-1", "PIN-2"], origin="HEAT", tokens=["PIN-2"])
    registry.set_twin(shop.id("ENGINE"), expected_version=0, twin=b"\1" * 32, uri="ipfs://engine")
    topic = b"\2" * 32
    registry.record(shop.id("ENGINE"), topic=topic, hash_=b"\3" * 32, uri="ipfs://report")
    registry.set_status(shop.id("BLADE-1"), Status.RETIRED)
    registry.transfer_from(shop.owner, wallet("buyer").address, shop.id("ENGINE"))
    genealogy.set_authority(shop.namespace, wallet("inspector").address, allowed=True)
    until = UnixSeconds(world.now + DAY)
    world.as_("inspector").genealogy.hold(shop.namespace, "BLADE-1", until=until)
    genealogy.recall(shop.namespace, TEXT, local_ids=["HEAT", "BLADE-2"], uri="ipfs://notice")
    world.as_("buyer").genealogy.acknowledge_recall(shop.notice(TEXT))

    graph = read_graph(world.fabricant)

    heat, engine = graph.assets[shop.id("HEAT")], graph.assets[shop.id("ENGINE")]
    blade, other = graph.assets[shop.id("BLADE-1")], graph.assets[shop.id("BLADE-2")]
    assert (heat.kind, heat.first_quantity, heat.quantity, heat.unit) == (Kind.LOT, 1000, 600, b"KGM")
    (making,) = heat.used
    assert making.inputs == (Input(asset=heat.id, quantity=400),)
    assert making.scrap == (Scrap(unit=b"KGM", quantity=0),)
    assert making.outputs == (blade.id, other.id)
    assert blade.made is making
    assert (blade.whole, [stay.whole for stay in blade.past]) == (None, [engine.id])
    assert (other.whole, list(engine.parts)) == (engine.id, [other.id])
    assert (blade.status, blade.held_until) == (Status.RETIRED, until)
    assert [(twin.version, twin.hash, twin.uri) for twin in engine.twins] == [
        (1, b"\1" * 32, "ipfs://engine")
    ]
    (record,) = engine.records
    assert (record.topic, record.author, record.hash) == (topic, shop.owner, b"\3" * 32)
    assert engine.owner == graph.title(other.id) == wallet("buyer").address
    assert heat.batches == [run.batch.id]
    assert list(graph.batches[run.batch.id].units) == [shop.id("PIN-2")]
    notice = graph.notices[shop.notice(TEXT)]
    assert (notice.namespace, notice.hash, notice.uri) == (shop.namespace, TEXT, "ipfs://notice")
    assert notice.covers == {
        heat.id: Reach.ISSUED,
        other.id: Reach.ISSUED,
        engine.id: Reach.UPWARD,
    }
    assert list(notice.acknowledged) == [wallet("buyer").address]

    genealogy.clear_recall(notice.id, shop.namespace, local_id="ENGINE")
    genealogy.lift_recall(shop.namespace, TEXT)
    notice = read_graph(world.fabricant).notices[notice.id]
    assert (notice.cleared, notice.lifted is not None) == ({engine.id}, True)


def test_an_earlier_block_has_its_own_genealogy(world: World) -> None:
    shop = Workshop.of(world)
    shop.parts("ENGINE", "OLD", "NEW")
    shop.assemble("ENGINE", "OLD")
    before = world.chain.head().number
    shop.take_out("ENGINE", "OLD")
    shop.assemble("ENGINE", "NEW")

    then, now = read_graph(world.fabricant, until=before), read_graph(world.fabricant)

    engine = shop.id("ENGINE")
    assert set(then.walk(engine, Way.BACK).nodes) == shop.ids("ENGINE", "OLD")
    assert set(now.walk(engine, Way.BACK).nodes) == shop.ids("ENGINE", "NEW")


def test_every_edge_names_its_transaction(world: World) -> None:
    shop = Workshop.of(world)
    shop.lot("HEAT", 10)
    shop.make({"HEAT": 3}, ["BLADE"])

    graph = read_graph(world.fabricant)

    (edge,) = graph.edges(shop.id("HEAT"), Way.FORWARD)
    assert (edge.relation, edge.quantity) == (Relation.INPUT, 3)
    receipt = world.chain.receipt(edge.evidence.transaction)
    assert receipt is not None
    assert receipt.block == edge.evidence.block


PART = AssetRegistered(
    id=AssetId(0),
    namespace=namespace_of(wallet("supplier").address),
    owner=wallet("supplier").address,
    kind=Kind.COMPONENT,
    local_id="PART",
    twin=bytes(32),
    uri="",
)


def test_a_node_that_lies_is_found_out() -> None:
    with pytest.raises(BadAnswer, match="the node shows another asset"):
        graph_of([(SEEN, PART)])
    batch = Batch(namespace=PART.namespace, root=Root(bytes(32)), count=1)
    committed = BatchCommitted(
        batch=BatchId(1), namespace=batch.namespace, origin=batch.origin, root=batch.root, count=1, uri=""
    )
    with pytest.raises(BadAnswer, match="the node shows another batch"):
        graph_of([(SEEN, committed)])
    part = replace(PART, id=asset_id(PART.namespace, "PART"))
    for event in (
        Assembled(parent=AssetId(1), child=part.id),
        Transfer(from_=PART.owner, to=PART.owner, id=AssetId(1)),
    ):
        with pytest.raises(BadAnswer, match="block 1 tells of assets that the node shows no registration of"):
            graph_of([(SEEN, part), (SEEN, event)])
