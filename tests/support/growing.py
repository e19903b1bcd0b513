"""Genealogies for tests: grown at random, step by step as the contract would allow, with every edge noted.

A `Grown` keeps the library's graph and, beside it, nothing but a list of edges, from which tests work out by
brute force what the graph should say.
"""

from collections.abc import Iterable
from typing import Final

from hypothesis import strategies as st

from fabricant.domain.assets import AssetId, Kind, Namespace
from fabricant.domain.batches import Batch, BatchId
from fabricant.domain.genealogy import Input, NoticeId, Reach
from fabricant.domain.graph import Calling, Evidence, Graph, Making, NodeId, Production, Relation, Thing
from fabricant.domain.merkle import Root
from tests.support.actors import Actor

HERE: Final = Namespace(bytes(12) + bytes.fromhex(Actor("issuer").address[2:]))
OWNER: Final = Actor("owner").address
NOTICE: Final = NoticeId(b"\1" * 31)
SEEN: Final = Evidence(1, f"0x{bytes(32).hex()}")

Edges = set[tuple[Relation, NodeId, NodeId]]


class Grown:
    """A genealogy, and its edges: from what was there before to what it went into."""

    def __init__(self) -> None:
        self.graph = Graph()
        self.edges: Edges = set()
        self.nodes: list[NodeId] = []
        self._batches: list[BatchId] = []

    @property
    def assets(self) -> list[AssetId]:
        """All of them, the oldest first."""
        return list(self.graph.assets)

    def register(self) -> AssetId:
        """A new asset."""
        asset = AssetId(len(self.nodes) + 1)
        thing = Thing(
            id=asset, namespace=HERE, local_id=f"A-{asset}", kind=Kind.COMPONENT, owner=OWNER, registered=SEEN
        )
        self.graph.add(thing)
        self.nodes.append(asset)
        return asset

    def transform(self, inputs: Iterable[AssetId], outputs: int) -> list[AssetId]:
        """New assets of others."""
        put = tuple(Input(asset=each, quantity=1 + at) for at, each in enumerate(inputs))
        made = [self.register() for _ in range(outputs)]
        self.graph.transform(Making(made[0].to_bytes(32), put, (), tuple(made), SEEN))
        self.edges |= {(Relation.INPUT, each.asset, output) for each in put for output in made}
        return made

    def assemble(self, whole: AssetId, part: AssetId) -> None:
        """A part goes into a whole."""
        self.graph.assemble(whole, part, SEEN)
        self.edges.add((Relation.PART, part, whole))

    def disassemble(self, part: AssetId) -> None:
        """It comes out again."""
        whole = self.graph.assets[part].whole
        assert whole is not None
        self.graph.disassemble(whole, part, SEEN)
        self.edges.remove((Relation.PART, part, whole))

    def commit(self, origin: AssetId) -> BatchId:
        """A batch made of something."""
        root = Root((len(self.nodes) + 1).to_bytes(32))
        batch = Batch(namespace=HERE, root=root, count=10**6, origin=origin)
        self.graph.commit(Production(batch, "", SEEN))
        self.nodes.append(batch.id)
        self._batches.append(batch.id)
        self.edges.add((Relation.ORIGIN, origin, batch.id))
        return batch.id

    def serialise(self, batch: BatchId) -> AssetId:
        """A unit of it becomes a token."""
        unit = self.register()
        self.graph.serialise(unit, batch, SEEN)
        self.edges.add((Relation.UNIT, batch, unit))
        return unit

    def issue(self, notice: NoticeId = NOTICE, covers: Iterable[NodeId] = ()) -> None:
        """A notice that covers these."""
        calling = Calling(id=notice, namespace=HERE, hash=bytes(32), uri="", issued=SEEN)
        calling.covers |= dict.fromkeys(covers, Reach.ISSUED)
        self.graph.notices[notice] = calling

    def grow(self, what: int, first: int, second: int) -> None:
        """One step, which three numbers choose."""
        assets = self.assets
        one, other = assets[first % len(assets)], assets[second % len(assets)]
        thing = self.graph.assets[one]
        match what % 7:
            case 0:
                self.register()
            case 1 | 2:
                self.transform({one, other}, 1 + second % 3)
            case 3 | 4 if one != other and thing.whole is None and self.graph.assets[other].whole is None:
                self.assemble(other, one)
            case 4 if thing.whole is not None:
                self.disassemble(one)
            case 5:
                self.commit(one)
            case 6 if self._batches:
                self.serialise(self._batches[first % len(self._batches)])


@st.composite
def genealogies(draw: st.DrawFn) -> Grown:
    """Genealogies of up to some dozens of nodes."""
    grown = Grown()
    grown.register()
    number = st.integers(0, 50)
    for step in draw(st.lists(st.tuples(st.integers(0, 6), number, number), max_size=40)):
        grown.grow(*step)
    return grown
