"""What assets came from and what they went into: a graph, told by the registry's and the genealogy's events.

Parts go into wholes, inputs into outputs, an origin into a batch and a batch into its units; an edge of the
graph always points from what was there before to what it went into. A part that is taken out again leaves the
graph, so that the graph is the genealogy as of one block, and that of an earlier block is built from fewer
events. Nothing here is recursive: a chain of ten thousand assets is walked like any other.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property
from typing import Final

from fabricant.domain.assets import NO_UNIT, AssetId, Kind, Namespace, Status
from fabricant.domain.batches import Batch, BatchId
from fabricant.domain.genealogy import Input, NoticeId, Reach, Scrap
from fabricant.domain.units import Address, UnixSeconds
from fabricant.errors import NotFound

NodeId = AssetId | BatchId  # both are hashes of 256 bits

NEVER: Final = UnixSeconds(0)


class Way(Enum):
    """In which direction a graph is walked."""

    BACK = "back"  # where does it come from
    FORWARD = "forward"  # where did it go


class Relation(Enum):
    """How one thing went into another."""

    PART = "part"  # of a whole
    INPUT = "input"  # of a transformation
    ORIGIN = "origin"  # of a batch
    UNIT = "unit"  # a batch, and the token that one of its units became


@dataclass(frozen=True, slots=True)
class Evidence:
    """Where the chain says something."""

    block: int
    transaction: str


@dataclass(frozen=True, slots=True)
class Twin:
    """A digital twin of an asset; `version` counts them."""

    version: int
    hash: bytes
    uri: str
    evidence: Evidence


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """What `author` stated about an asset; `supersedes` an earlier statement, or zero."""

    topic: bytes
    author: Address
    hash: bytes
    supersedes: bytes
    uri: str
    evidence: Evidence


@dataclass(frozen=True)
class Making:
    """A transformation. `hash` is that of its inputs, which every output keeps on chain."""

    hash: bytes
    inputs: tuple[Input, ...]
    scrap: tuple[Scrap, ...]
    outputs: tuple[AssetId, ...]
    evidence: Evidence

    @cached_property
    def drawn(self) -> Mapping[AssetId, int]:
        """How much was taken of each input: one may be named twice."""
        sums: dict[AssetId, int] = {}
        for each in self.inputs:
            sums[each.asset] = sums.get(each.asset, 0) + each.quantity
        return sums


@dataclass(frozen=True, slots=True)
class Stay:
    """A part's time in a whole, which is over."""

    whole: AssetId
    since: Evidence
    until: Evidence


@dataclass(slots=True, kw_only=True)
class Thing:
    """An asset, as the events tell it. What it is joined to is the graph's to change."""

    id: AssetId
    namespace: Namespace
    local_id: str
    kind: Kind
    owner: Address  # the registry's own address while it is a part
    registered: Evidence
    quantity: int = 1
    unit: bytes = NO_UNIT
    first_quantity: int = 1  # before anything was drawn from it
    status: Status = Status.ACTIVE
    twins: list[Twin] = field(default_factory=list)
    records: list[Statement] = field(default_factory=list)
    held_until: UnixSeconds = NEVER
    whole: AssetId | None = None
    joined: Evidence | None = None  # when it became a part of `whole`
    parts: dict[AssetId, None] = field(default_factory=dict)  # in order
    past: list[Stay] = field(default_factory=list)
    made: Making | None = None
    used: list[Making] = field(default_factory=list)
    batch: BatchId | None = None
    batches: list[BatchId] = field(default_factory=list)


@dataclass(slots=True)
class Production:
    """A batch, and those of its units that are tokens."""

    batch: Batch
    uri: str
    committed: Evidence
    units: dict[AssetId, Evidence] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class Calling:
    """A recall notice. `covers` is what it covers on chain; `cleared` what its issuer freed from it."""

    id: NoticeId
    namespace: Namespace
    hash: bytes
    uri: str
    issued: Evidence
    lifted: Evidence | None = None
    covers: dict[NodeId, Reach] = field(default_factory=dict)
    cleared: set[NodeId] = field(default_factory=set)
    acknowledged: dict[Address, Evidence] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Edge:
    """`source` went into `target`. `quantity`: how much of it, in whole units of its own."""

    relation: Relation
    source: NodeId
    target: NodeId
    quantity: int
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class Trace:
    """A walk: every node that was met, the start first, with its distance; every edge between them, once."""

    start: NodeId
    way: Way
    nodes: Mapping[NodeId, int]
    edges: tuple[Edge, ...]

    def next(self, edge: Edge) -> NodeId:
        """Where an edge leads on this walk."""
        return edge.target if self.way is Way.FORWARD else edge.source

    def branches(self) -> dict[NodeId, list[Edge]]:
        """The edges that lead on from each node, in order."""
        found: dict[NodeId, list[Edge]] = {node: [] for node in self.nodes}
        for edge in self.edges:
            found[edge.source if self.way is Way.FORWARD else edge.target].append(edge)
        return found


class Graph:
    """Assets, batches and notices as of one block."""

    def __init__(self) -> None:
        self.assets: dict[AssetId, Thing] = {}
        self.batches: dict[BatchId, Production] = {}
        self.notices: dict[NoticeId, Calling] = {}

    # Asking

    def title(self, asset: AssetId) -> Address:
        """Who has title to an asset: the owner of its root."""
        return self.assets[self.root(asset)].owner

    def root(self, asset: AssetId) -> AssetId:
        """The asset that has an asset in it, at whatever level: itself if it is part of nothing."""
        return next(reversed((asset, *self.wholes(asset))))

    def wholes(self, asset: AssetId) -> Iterator[AssetId]:
        """What an asset is part of, from the nearest to its root."""
        above = self.assets[asset].whole
        while above is not None:
            yield above
            above = self.assets[above].whole

    def thing(self, node: NodeId) -> Thing | None:
        """The asset of this id; None for a batch."""
        return self.assets.get(AssetId(node))

    def production(self, node: NodeId) -> Production | None:
        """The batch of this id; None for an asset."""
        return self.batches.get(BatchId(node))

    def require(self, node: NodeId) -> None:
        """Raises NotFound if there is no such asset or batch."""
        if self.thing(node) is None and self.production(node) is None:
            raise NotFound(f"{node:#066x} is neither an asset nor a batch of this chain; check its id")

    def edges(self, node: NodeId, way: Way) -> list[Edge]:
        """What a node came from or went into, in one step."""
        thing, production = self.thing(node), self.production(node)
        if thing is not None:
            return list(self._into(thing) if way is Way.FORWARD else self._from(thing))
        if production is None:
            return []
        if way is Way.FORWARD:
            return [_edge(Relation.UNIT, node, unit, seen) for unit, seen in production.units.items()]
        origin = production.batch.origin
        return [_edge(Relation.ORIGIN, origin, node, production.committed)] if origin else []

    def walk(self, start: NodeId, way: Way) -> Trace:
        """Everything that a node came from, or went into, the nearest first.

        Raises NotFound if there is no such asset or batch.
        """
        self.require(start)
        nodes, edges, ahead = {start: 0}, list[Edge](), [start]
        for node in ahead:  # which grows
            for edge in self.edges(node, way):
                edges.append(edge)
                other = edge.target if way is Way.FORWARD else edge.source
                if other not in nodes:
                    nodes[other] = nodes[node] + 1
                    ahead.append(other)
        return Trace(start, way, nodes, tuple(edges))

    def _into(self, thing: Thing) -> Iterator[Edge]:
        if thing.whole is not None and thing.joined is not None:
            yield _edge(Relation.PART, thing.id, thing.whole, thing.joined)
        for making in thing.used:
            drawn = making.drawn[thing.id]
            for output in making.outputs:
                yield _edge(Relation.INPUT, thing.id, output, making.evidence, drawn)
        for batch in thing.batches:
            yield _edge(Relation.ORIGIN, thing.id, batch, self.batches[batch].committed)

    def _from(self, thing: Thing) -> Iterator[Edge]:
        for part in thing.parts:
            joined = self.assets[part].joined
            if joined is not None:
                yield _edge(Relation.PART, part, thing.id, joined)
        if thing.made is not None:
            for each, drawn in thing.made.drawn.items():
                yield _edge(Relation.INPUT, each, thing.id, thing.made.evidence, drawn)
        if thing.batch is not None:
            serialised = self.batches[thing.batch].units[thing.id]
            yield _edge(Relation.UNIT, thing.batch, thing.id, serialised)

    # Being told, in the order of the events

    def add(self, thing: Thing) -> None:
        """An asset was registered."""
        self.assets[thing.id] = thing

    def set_quantity(self, asset: AssetId, quantity: int, unit: bytes) -> None:
        """A lot has a new quantity."""
        thing = self.assets[asset]
        if thing.unit == NO_UNIT:
            thing.first_quantity = quantity
        thing.quantity, thing.unit = quantity, unit

    def commit(self, production: Production) -> None:
        """A batch was committed."""
        self.batches[production.batch.id] = production
        if production.batch.origin:
            self.assets[production.batch.origin].batches.append(production.batch.id)

    def serialise(self, unit: AssetId, batch: BatchId, seen: Evidence) -> None:
        """A unit of a batch became a token."""
        self.assets[unit].batch = batch
        self.batches[batch].units[unit] = seen

    def transform(self, making: Making) -> None:
        """Assets were made of others."""
        for each in making.drawn:
            self.assets[each].used.append(making)
        for output in making.outputs:
            self.assets[output].made = making

    def assemble(self, whole: AssetId, part: AssetId, seen: Evidence) -> None:
        """An asset became part of another."""
        joined = self.assets[part]
        joined.whole, joined.joined = whole, seen
        self.assets[whole].parts[part] = None

    def disassemble(self, whole: AssetId, part: AssetId, seen: Evidence) -> None:
        """A part was taken out."""
        left = self.assets[part]
        if left.joined is not None:
            left.past.append(Stay(whole, left.joined, seen))
        left.whole = left.joined = None
        del self.assets[whole].parts[part]

    def cover(self, notice: NoticeId, node: NodeId, reach: Reach) -> None:
        """A notice covers an asset or a batch."""
        calling = self.notices[notice]
        calling.covers[node] = reach
        calling.cleared.discard(node)

    def clear(self, notice: NoticeId, asset: AssetId) -> None:
        """A notice no longer covers an asset."""
        calling = self.notices[notice]
        del calling.covers[asset]
        calling.cleared.add(asset)


def _edge(relation: Relation, source: NodeId, target: NodeId, evidence: Evidence, quantity: int = 1) -> Edge:
    return Edge(relation, source, target, quantity, evidence)
