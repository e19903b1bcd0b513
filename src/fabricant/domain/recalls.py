"""A recall: which goods it concerns, along which edges it is carried on, and what became of each of them.

What is recalled spreads whole: to all that was made of it, to its parts, to a batch of which it is the origin
and to that batch's units. What merely has a recalled part is concerned for that part's sake, and its other
parts are not. The genealogy's contract follows one edge at a time, and upward by itself; a plan names the
edges in an order in which each begins at something that is covered by then.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final

from fabricant.domain.assets import AssetId, Namespace, Status
from fabricant.domain.genealogy import NoticeId, Reach
from fabricant.domain.graph import Calling, Graph, Making, NodeId, Relation, Thing
from fabricant.domain.units import Address

SPREADING: Final = (Reach.ISSUED, Reach.DOWNWARD)


# What a recall concerns


class Concern(Enum):
    """Why a recall concerns an asset or a batch."""

    WHOLE = "whole"  # it is recalled itself
    PART = "part"  # only because of a part


@dataclass(frozen=True, slots=True)
class _Step:
    relation: Relation
    source: NodeId
    target: NodeId
    making: Making | None = None


def affected(graph: Graph, recalled: Iterable[NodeId]) -> dict[NodeId, Concern]:
    """All that a recall of these assets and batches concerns, the nearest first."""
    whole = _reached(recalled, lambda node: (step.target for step in _spread(graph, node)))
    concerns = dict.fromkeys(whole, Concern.WHOLE)
    for node in whole:
        for above in graph.wholes(AssetId(node)) if graph.thing(node) else ():
            if above in concerns:
                break  # and so is what that is in, or it will be
            concerns[above] = Concern.PART
    return concerns


def _spread(graph: Graph, node: NodeId) -> Iterator[_Step]:
    """Where something recalled spreads, in one step that a call can make."""
    if (thing := graph.thing(node)) is not None:
        for making in thing.used:
            yield from (_Step(Relation.INPUT, node, each, making) for each in making.outputs)
        yield from (_Step(Relation.PART, node, each) for each in thing.parts)
        yield from (_Step(Relation.ORIGIN, node, each) for each in thing.batches)
    elif (production := graph.production(node)) is not None:
        yield from (_Step(Relation.UNIT, node, each) for each in production.units)


def _reached(starts: Iterable[NodeId], onward: Callable[[NodeId], Iterable[NodeId]]) -> list[NodeId]:
    met = dict.fromkeys(starts)
    ahead = list(met)
    for node in ahead:  # which grows
        for other in onward(node):
            if other not in met:
                met[other] = None
                ahead.append(other)
    return ahead


# Carrying a notice on


@dataclass(frozen=True, slots=True)
class Link:
    """A step of a notice to `target`, and all that it covers: the target, and what that is in.

    `relation` is None for what the issuer names; else that of the edge from `source`, which is covered by
    then. For a part, `source` is its whole. `making`: of an output.
    """

    relation: Relation | None
    source: NodeId
    target: NodeId
    covers: tuple[NodeId, ...]
    making: Making | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be done so that a notice covers all that it concerns.

    `unproven`: units that are tokens, of a batch whose run is not at hand.
    """

    notice: NoticeId
    links: tuple[Link, ...]
    concerns: Mapping[NodeId, Concern]
    unproven: tuple[AssetId, ...]


def plan(
    graph: Graph,
    notice: NoticeId,
    *,
    named: Collection[NodeId] = (),
    provable: Callable[[AssetId], bool] = lambda _: True,
) -> Plan:
    """How a notice comes to cover all that it concerns. What the chain covers already is left out.

    `named`: what its issuer names, now or before; `provable`: whether there is a proof that an asset is a
    unit of its batch.
    """
    return _Planner(graph, notice, provable).plan(named)


class _Planner:
    """Covers things as the contract will, to know what is left to do."""

    def __init__(self, graph: Graph, notice: NoticeId, provable: Callable[[AssetId], bool]) -> None:
        self._graph, self._notice, self._provable = graph, notice, provable
        calling = graph.notices.get(notice)
        self._covered = dict(calling.covers) if calling else {}
        self._unproven: dict[NodeId, None] = {}

    def plan(self, named: Collection[NodeId]) -> Plan:
        spreading = [node for node, reach in self._covered.items() if reach in SPREADING]
        concerns = affected(self._graph, [*named, *spreading])
        unnamed = (node for node in named if self._covered.get(node) is not Reach.ISSUED)
        links = [Link(None, node, node, self._cover(node, Reach.ISSUED)) for node in unnamed]
        wave = [*spreading, *(link.target for link in links)]
        while wave:
            added = [self._link(step) for step in self._steps(wave) if self._can_go(step)]
            links += added
            wave = [link.target for link in added]
        unproven = tuple(AssetId(node) for node in self._unproven if not self._spreads(node))
        return Plan(self._notice, tuple(links), concerns, unproven)

    def _steps(self, wave: Iterable[NodeId]) -> Iterator[_Step]:
        """Steps of one kind together, because one call makes many of them."""
        steps: dict[Relation, list[_Step]] = {relation: [] for relation in Relation}
        for node in wave:
            for step in _spread(self._graph, node):
                steps[step.relation].append(step)
        for alike in steps.values():
            yield from alike

    def _can_go(self, step: _Step) -> bool:
        if self._spreads(step.target):
            return False
        if step.relation is Relation.UNIT and not self._provable(AssetId(step.target)):
            self._unproven[step.target] = None
            return False
        return True

    def _link(self, step: _Step) -> Link:
        covers = self._cover(step.target, Reach.DOWNWARD)
        return Link(step.relation, step.source, step.target, covers, step.making)

    def _spreads(self, node: NodeId) -> bool:
        return self._covered.get(node) in SPREADING

    def _cover(self, node: NodeId, reach: Reach) -> tuple[NodeId, ...]:
        self._covered[node] = reach
        covers = [node]
        for above in self._graph.wholes(AssetId(node)) if self._graph.thing(node) else ():
            if above in self._covered:
                continue  # what that is in may have been cleared
            self._covered[above] = Reach.UPWARD
            covers.append(above)
        return tuple(covers)


# Closing it


class Fate(Enum):
    """What became of an asset that a recall concerns."""

    MISSING = "missing"  # its holder did not declare to know of the notice
    UNCOVERED = "uncovered"  # the notice does not cover it on chain
    ACKNOWLEDGED = "acknowledged"  # its holder knows
    RETURNED = "returned"  # its issuer has it: it came back, or never left
    CONSUMED = "consumed"  # it went into something else
    RETIRED = "retired"
    CLEARED = "cleared"  # its issuer freed it, though a part of it is concerned
    CLEARABLE = "clearable"  # covered because of a part that it no longer has


OPEN: Final = frozenset({Fate.MISSING, Fate.UNCOVERED})


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """An asset that a notice concerns or covers, who holds it, and what became of it."""

    asset: AssetId
    local_id: str
    concern: Concern | None  # None: not any more
    holder: Address
    fate: Fate


@dataclass(frozen=True, slots=True)
class Remaining:
    """A recalled batch. Its units that are no tokens yet are recalled when they become tokens."""

    batch: NodeId
    covered: bool
    untold: int  # units that are no tokens


@dataclass(frozen=True, slots=True)
class Closure:
    """How far a recall is closed."""

    assets: tuple[Whereabouts, ...]
    batches: tuple[Remaining, ...]

    @property
    def counts(self) -> Mapping[Fate, int]:
        """How many assets had which fate."""
        return Counter(each.fate for each in self.assets)

    @property
    def holders(self) -> Mapping[Address, Mapping[Fate, int]]:
        """How many assets with which fate each holder has."""
        found: dict[Address, Counter[Fate]] = {}
        for each in self.assets:
            found.setdefault(each.holder, Counter())[each.fate] += 1
        return found

    @property
    def is_closed(self) -> bool:
        """Whether nobody has to be asked for anything any more, unless more units become tokens."""
        return not any(each.fate in OPEN for each in self.assets) and all(
            each.covered for each in self.batches
        )


def close(graph: Graph, notice: Calling, issuer_of: Callable[[Namespace], Address]) -> Closure:
    """What became of all that a notice concerns. `issuer_of`: who names assets in a namespace."""
    spreading = [node for node, reach in notice.covers.items() if reach in SPREADING]
    concerns = affected(graph, spreading)
    found: dict[NodeId, Concern | None] = {
        **concerns,
        **{n: None for n in notice.covers if n not in concerns},
    }
    assets, batches = [], []
    for node, concern in found.items():
        if (thing := graph.thing(node)) is not None:
            holder = graph.title(thing.id)
            fate = _fate(thing, concern, notice, holder=holder, issuer=issuer_of(thing.namespace))
            assets.append(Whereabouts(thing.id, thing.local_id, concern, holder, fate))
        elif (production := graph.production(node)) is not None:
            untold = production.batch.count - len(production.units)
            batches.append(Remaining(node, node in notice.covers, untold))
    return Closure(tuple(assets), tuple(batches))


_ENDS: Final = {Status.CONSUMED: Fate.CONSUMED, Status.RETIRED: Fate.RETIRED}


def _fate(
    thing: Thing, concern: Concern | None, notice: Calling, *, holder: Address, issuer: Address
) -> Fate:
    if thing.id not in notice.covers:
        return Fate.CLEARED if thing.id in notice.cleared else Fate.UNCOVERED
    if concern is None:
        return Fate.CLEARABLE
    if thing.status in _ENDS:
        return _ENDS[thing.status]
    if holder == issuer:
        return Fate.RETURNED
    return Fate.ACKNOWLEDGED if holder in notice.acknowledged else Fate.MISSING
