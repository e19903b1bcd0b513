"""Recalls: what they concern and how they are carried on, against brute force and the contract's rules."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from fabricant.domain.assets import AssetId, Status
from fabricant.domain.genealogy import Reach
from fabricant.domain.graph import Evidence, NodeId, Relation
from fabricant.domain.recalls import Concern, Fate, Link, affected, close, plan
from tests.support.actors import Actor
from tests.support.growing import HERE, NOTICE, OWNER, SEEN, Edges, Grown, genealogies

ISSUER = Actor("issuer").address
DEEP = 10_000


def concerned(edges: Edges, recalled: set[NodeId]) -> dict[NodeId, Concern]:
    """Brute force: every rule over every edge, until nothing changes."""
    whole, part = set(recalled), set[NodeId]()
    before = -1
    while len(whole) + len(part) > before:
        before = len(whole) + len(part)
        for relation, source, target in edges:
            if relation is Relation.PART:
                whole |= {source} if target in whole else set()
                part |= {target} if source in whole | part else set()
            else:
                whole |= {target} if source in whole else set()
    return dict.fromkeys(part, Concern.PART) | dict.fromkeys(whole, Concern.WHOLE)


class Contract:
    """What the genealogy's contract does with calls, edge by edge. Refuses what it would refuse."""

    def __init__(self, grown: Grown) -> None:
        self.grown = grown
        self.covers = grown.graph.notices[NOTICE].covers

    def call(self, link: Link) -> None:
        """One step of a notice."""
        if link.relation is None:
            reach = Reach.ISSUED
        else:
            ends = (link.source, link.target)
            edge = ends[::-1] if link.relation is Relation.PART else ends
            assert (link.relation, *edge) in self.grown.edges, "Genealogy_NoEdge"
            assert self.covers.get(link.source) in (Reach.ISSUED, Reach.DOWNWARD), "Genealogy_NotSpreading"
            reach = Reach.DOWNWARD
        covered = []
        node: NodeId | None = link.target
        if self.covers.get(link.target, Reach.UPWARD + 1) <= reach:
            node = None
        while node is not None:
            if self.covers.get(node, Reach.UPWARD + 1) > reach:
                self.covers[node] = reach
                covered.append(node)
            reach = Reach.UPWARD
            above = [edge[2] for edge in self.grown.edges if edge[:2] == (Relation.PART, node)]
            node = above[0] if above else None
        assert tuple(covered) == link.covers


seeds = st.lists(st.integers(0, 50), min_size=1, max_size=3)


def chosen(grown: Grown, seeds: list[int]) -> list[NodeId]:
    """Some of the nodes, each once."""
    return list(dict.fromkeys(grown.nodes[seed % len(grown.nodes)] for seed in seeds))


@given(genealogies(), seeds)
def test_it_concerns_what_brute_force_finds(grown: Grown, seeds: list[int]) -> None:
    recalled = chosen(grown, seeds)

    assert affected(grown.graph, recalled) == concerned(grown.edges, set(recalled))


@given(genealogies(), seeds)
def test_a_plan_covers_exactly_what_is_concerned(grown: Grown, seeds: list[int]) -> None:
    recalled = chosen(grown, seeds)
    grown.issue()
    planned = plan(grown.graph, NOTICE, named=recalled)

    contract = Contract(grown)
    for link in planned.links:
        contract.call(link)

    concerns = concerned(grown.edges, set(recalled))
    assert planned.concerns == concerns
    assert contract.covers == {
        node: (Reach.ISSUED if node in recalled else Reach.DOWNWARD)
        if concern is Concern.WHOLE
        else Reach.UPWARD
        for node, concern in concerns.items()
    }
    assert len(planned.links) == len([each for each in concerns.values() if each is Concern.WHOLE])


@given(genealogies(), seeds, st.integers(0, 100))
def test_a_plan_that_was_interrupted_goes_on_where_it_stopped(
    grown: Grown, seeds: list[int], stop: int
) -> None:
    recalled = chosen(grown, seeds)
    grown.issue()
    planned = plan(grown.graph, NOTICE, named=recalled)
    contract = Contract(grown)
    done, left = planned.links[:stop], planned.links[stop:]
    for link in done:
        contract.call(link)

    again = plan(grown.graph, NOTICE, named=recalled)

    assert {link.target for link in again.links} == {link.target for link in left}
    for link in again.links:
        contract.call(link)
    assert plan(grown.graph, NOTICE, named=recalled).links == ()


@given(genealogies(), seeds)
def test_what_is_unproven_is_left_out_and_told(grown: Grown, seeds: list[int]) -> None:
    recalled = chosen(grown, seeds)
    grown.issue()

    planned = plan(grown.graph, NOTICE, named=recalled, provable=lambda unit: unit % 2 == 0)

    covered = {node for link in planned.links for node in link.covers}
    assert not set(planned.unproven) & {link.target for link in planned.links}
    assert all(grown.graph.assets[unit].batch and unit % 2 for unit in planned.unproven)
    whole = {node for node, concern in planned.concerns.items() if concern is Concern.WHOLE}
    if not planned.unproven:
        assert whole <= covered


def test_other_parts_of_a_whole_are_not_concerned() -> None:
    grown = Grown()
    engine, bad, good = (grown.register() for _ in range(3))
    grown.assemble(engine, bad)
    grown.assemble(engine, good)

    assert affected(grown.graph, [bad]) == {bad: Concern.WHOLE, engine: Concern.PART}
    assert affected(grown.graph, [engine]) == dict.fromkeys((engine, bad, good), Concern.WHOLE)


def test_outputs_of_one_transformation_stand_together() -> None:
    grown = Grown()
    heat = grown.register()
    blanks = grown.transform([heat], 3)
    wholes = [grown.register() for _ in range(3)]
    for blank, whole in zip(blanks, wholes, strict=True):
        grown.assemble(blank, whole)
    blades = [blade for blank in blanks for blade in grown.transform([blank], 2)]
    grown.issue()

    links = plan(grown.graph, NOTICE, named=[heat]).links

    assert [link.relation for link in links] == [
        None,
        *[Relation.INPUT] * 3,
        *[Relation.PART] * 3,
        *[Relation.INPUT] * 6,
    ]
    assert [link.target for link in links] == [heat, *blanks, *wholes, *blades]


def test_assemblies_and_chains_may_be_as_deep_as_they_like() -> None:
    grown = Grown()
    first = last = grown.register()
    for _ in range(DEEP):
        above = grown.register()
        grown.assemble(above, last)
        last = above
    grown.issue()

    assert len(plan(grown.graph, NOTICE, named=[first]).links[0].covers) == DEEP + 1
    assert len(plan(grown.graph, NOTICE, named=[last]).links) == DEEP + 1


# Closing


def test_what_became_of_everything_is_told() -> None:
    grown = Grown()
    heat = grown.register()
    blanks = grown.transform([heat], 6)
    missing, uncovered, acknowledged, returned, retired, replaced = blanks
    engine, other = grown.register(), grown.register()
    grown.assemble(engine, missing)
    batch = grown.commit(heat)
    grown.serialise(batch)
    grown.issue(covers=[heat, *blanks, batch])
    notice, things = grown.graph.notices[NOTICE], grown.graph.assets
    del notice.covers[uncovered]
    grown.graph.cover(NOTICE, engine, Reach.UPWARD)
    grown.graph.clear(NOTICE, engine)
    grown.graph.cover(NOTICE, other, Reach.UPWARD)
    notice.acknowledged[Actor("buyer").address] = SEEN
    things[acknowledged].owner = Actor("buyer").address
    things[returned].owner = ISSUER
    things[heat].status, things[retired].status = Status.CONSUMED, Status.RETIRED
    things[replaced].owner = ISSUER

    closure = close(grown.graph, notice, {HERE: ISSUER}.__getitem__)

    fates = {each.asset: each.fate for each in closure.assets}
    unit = AssetId(max(things))
    assert fates == {
        heat: Fate.CONSUMED,
        missing: Fate.MISSING,
        uncovered: Fate.UNCOVERED,
        acknowledged: Fate.ACKNOWLEDGED,
        returned: Fate.RETURNED,
        replaced: Fate.RETURNED,
        retired: Fate.RETIRED,
        engine: Fate.CLEARED,
        other: Fate.CLEARABLE,
        unit: Fate.UNCOVERED,
    }
    assert [(each.batch, each.covered, each.untold) for each in closure.batches] == [(batch, True, 999_999)]
    assert closure.counts[Fate.UNCOVERED] == 2
    assert not closure.is_closed
    holders = {each.asset: each.holder for each in closure.assets}
    assert (holders[missing], holders[acknowledged]) == (OWNER, Actor("buyer").address)


def test_a_recall_is_closed_when_nobody_is_missing() -> None:
    grown = Grown()
    pack = grown.register()
    grown.issue(covers=[pack])
    notice = grown.graph.notices[NOTICE]
    assert not close(grown.graph, notice, {HERE: ISSUER}.__getitem__).is_closed

    notice.acknowledged[OWNER] = replace(SEEN, block=2)

    assert close(grown.graph, notice, {HERE: ISSUER}.__getitem__).is_closed
    assert notice.acknowledged[OWNER] == Evidence(2, SEEN.transaction)
