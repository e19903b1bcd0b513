"""The genealogy as the chain tells it: the events of the AssetRegistry and the Genealogy, made into a graph.

One request gets them all, in order, and each says one thing of one asset; what they add up to is in
`fabricant.domain.graph`. An id proves its namespace and local id, whoever the node is; that nothing was
left out, it does not prove.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from fabricant.chain.answers import Log
from fabricant.chain.assets import (
    AssetRegistered,
    BatchCommitted,
    QuantitySet,
    RecordAdded,
    StatusSet,
    Transfer,
    TwinSet,
    UnitSerialised,
)
from fabricant.chain.fabricant import Fabricant
from fabricant.chain.genealogy import (
    Assembled,
    Disassembled,
    Held,
    NoticeIssued,
    NoticeLifted,
    RecallAcknowledged,
    RecallCleared,
    Recalled,
    Transformed,
)
from fabricant.domain.assets import NO_TWIN, asset_id
from fabricant.domain.batches import Batch
from fabricant.domain.graph import (
    Calling,
    Evidence,
    Graph,
    Making,
    Production,
    Statement,
    Thing,
    Twin,
)
from fabricant.domain.units import ZERO_ADDRESS
from fabricant.errors import BadAnswer

Happened = tuple[Evidence, object]


def read_graph(fabricant: Fabricant, *, until: int | None = None) -> Graph:
    """The genealogy of all assets as of a block, by default the newest. Sends nothing.

    Raises BadAnswer if the node's events contradict each other, or begin too late.
    """
    registry, genealogy = fabricant.assets, fabricant.genealogy
    newest = fabricant.network.head().number if until is None else until
    clients = {each.address: each for each in (registry, genealogy)}
    logs = fabricant.network.logs(clients, since=fabricant.deployment.first_block, until=newest)
    return graph_of((_evidence(log), clients[log.address].decode(log)) for log in logs)


def graph_of(happened: Iterable[Happened]) -> Graph:
    """The same, of events in their order; those that say nothing of the genealogy are passed over."""
    graph = Graph()
    for evidence, event in happened:
        if (apply := _APPLIED.get(type(event))) is None:
            continue
        try:
            apply(graph, event, evidence)
        except KeyError:
            raise BadAnswer(
                f"block {evidence.block} tells of assets that the node shows no registration of; "
                "use a node with all events"
            ) from None
    return graph


def _evidence(log: Log) -> Evidence:
    return Evidence(log.block, log.transaction)


def _registered(graph: Graph, event: AssetRegistered, seen: Evidence) -> None:
    if asset_id(event.namespace, event.local_id) != event.id:
        raise BadAnswer(f"the node shows another asset as {event.id:#066x}; use another node")
    thing = Thing(
        id=event.id,
        namespace=event.namespace,
        local_id=event.local_id,
        kind=event.kind,
        owner=event.owner,
        registered=seen,
    )
    if event.twin != NO_TWIN:
        thing.twins.append(Twin(1, event.twin, event.uri, seen))
    graph.add(thing)


def _transferred(graph: Graph, event: Transfer, _: Evidence) -> None:
    if event.from_ != ZERO_ADDRESS:  # else it is told once more, with all the rest
        graph.assets[event.id].owner = event.to


def _quantity_set(graph: Graph, event: QuantitySet, _: Evidence) -> None:
    graph.set_quantity(event.id, event.quantity, event.unit)


def _status_set(graph: Graph, event: StatusSet, _: Evidence) -> None:
    graph.assets[event.id].status = event.status


def _twin_set(graph: Graph, event: TwinSet, seen: Evidence) -> None:
    graph.assets[event.id].twins.append(Twin(event.version, event.hash, event.uri, seen))


def _record_added(graph: Graph, event: RecordAdded, seen: Evidence) -> None:
    stated = Statement(
        topic=event.topic,
        author=event.author,
        hash=event.hash,
        supersedes=event.supersedes,
        uri=event.uri,
        evidence=seen,
    )
    graph.assets[event.id].records.append(stated)


def _committed(graph: Graph, event: BatchCommitted, seen: Evidence) -> None:
    batch = Batch(namespace=event.namespace, root=event.root, count=event.count, origin=event.origin)
    if batch.id != event.batch:
        raise BadAnswer(f"the node shows another batch as {event.batch:#066x}; use another node")
    graph.commit(Production(batch, event.uri, seen))


def _serialised(graph: Graph, event: UnitSerialised, seen: Evidence) -> None:
    graph.serialise(event.id, event.batch, seen)


def _transformed(graph: Graph, event: Transformed, seen: Evidence) -> None:
    graph.transform(Making(event.made, event.inputs, event.scrap, event.outputs, seen))


def _assembled(graph: Graph, event: Assembled, seen: Evidence) -> None:
    graph.assemble(event.parent, event.child, seen)


def _disassembled(graph: Graph, event: Disassembled, seen: Evidence) -> None:
    graph.disassemble(event.parent, event.child, seen)


def _issued(graph: Graph, event: NoticeIssued, seen: Evidence) -> None:
    graph.notices[event.notice] = Calling(
        id=event.notice, namespace=event.namespace, hash=event.hash, uri=event.uri, issued=seen
    )


def _lifted(graph: Graph, event: NoticeLifted, seen: Evidence) -> None:
    graph.notices[event.notice].lifted = seen


def _recalled(graph: Graph, event: Recalled, _: Evidence) -> None:
    graph.cover(event.notice, event.id, event.reach)


def _cleared(graph: Graph, event: RecallCleared, _: Evidence) -> None:
    graph.clear(event.notice, event.id)


def _acknowledged(graph: Graph, event: RecallAcknowledged, seen: Evidence) -> None:
    graph.notices[event.notice].acknowledged[event.account] = seen


def _held(graph: Graph, event: Held, _: Evidence) -> None:
    graph.assets[event.id].held_until = event.until


_APPLIED: Final[Mapping[type, Callable[[Graph, Any, Evidence], None]]] = {
    AssetRegistered: _registered,
    Transfer: _transferred,
    QuantitySet: _quantity_set,
    StatusSet: _status_set,
    TwinSet: _twin_set,
    RecordAdded: _record_added,
    BatchCommitted: _committed,
    UnitSerialised: _serialised,
    Transformed: _transformed,
    Assembled: _assembled,
    Disassembled: _disassembled,
    NoticeIssued: _issued,
    NoticeLifted: _lifted,
    Recalled: _recalled,
    RecallCleared: _cleared,
    RecallAcknowledged: _acknowledged,
    Held: _held,
}
