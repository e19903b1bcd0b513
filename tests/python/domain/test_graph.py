"""Where things come from and where they went: the graph, against brute force."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fabricant.domain.assets import AssetId
from fabricant.domain.graph import Edge, NodeId, Relation, Way
from fabricant.errors import NotFound
from tests.support.growing import OWNER, Edges, Grown, genealogies

DEEP = 10_000


def closure(edges: Edges, start: NodeId, way: Way) -> set[NodeId]:
    """Brute force: over and over again, until nothing new is met."""
    met, before = {start}, 0
    while len(met) > before:
        before = len(met)
        for _, source, target in edges:
            if way is Way.BACK:
                source, target = target, source  # noqa: PLW2901 - the other way round
            if source in met:
                met.add(target)
    return met


@given(genealogies(), st.integers(0, 50), st.sampled_from(Way))
def test_a_walk_meets_what_brute_force_meets(grown: Grown, at: int, way: Way) -> None:
    start = grown.nodes[at % len(grown.nodes)]

    trace = grown.graph.walk(start, way)

    assert set(trace.nodes) == closure(grown.edges, start, way)
    said = {(each.relation, each.source, each.target) for each in trace.edges}
    near = 1 if way is Way.FORWARD else 2
    assert said == {edge for edge in grown.edges if edge[near] in trace.nodes}
    assert len(said) == len(trace.edges)


@given(genealogies(), st.integers(0, 50), st.sampled_from(Way))
def test_a_walk_says_how_far_away_everything_is(grown: Grown, at: int, way: Way) -> None:
    trace = grown.graph.walk(grown.nodes[at % len(grown.nodes)], way)

    branches = trace.branches()
    assert [edge for edges in branches.values() for edge in edges] == list(trace.edges)
    for node, edges in branches.items():
        assert all(trace.nodes[trace.next(edge)] <= trace.nodes[node] + 1 for edge in edges)
    ahead = {trace.next(edge): trace.nodes[node] for node, edges in branches.items() for edge in edges[::-1]}
    assert trace.nodes[trace.start] == 0
    assert set(ahead) | {trace.start} == set(trace.nodes)


@given(genealogies())
def test_both_ways_show_the_same_edges(grown: Grown) -> None:
    def all_edges(way: Way) -> set[Edge]:
        return {edge for node in grown.nodes for edge in grown.graph.edges(node, way)}

    assert all_edges(Way.BACK) == all_edges(Way.FORWARD)


def test_a_part_that_is_replaced_drops_out() -> None:
    grown = Grown()
    engine, old, new = (grown.register() for _ in range(3))
    grown.assemble(engine, old)
    assert set(grown.graph.walk(engine, Way.BACK).nodes) == {engine, old}

    grown.disassemble(old)
    grown.assemble(engine, new)

    assert set(grown.graph.walk(engine, Way.BACK).nodes) == {engine, new}
    assert set(grown.graph.walk(old, Way.FORWARD).nodes) == {old}
    (stay,) = grown.graph.assets[old].past
    assert stay.whole == engine


def test_title_follows_the_root() -> None:
    grown = Grown()
    engine, rotor, blade = (grown.register() for _ in range(3))
    grown.assemble(rotor, blade)
    grown.assemble(engine, rotor)
    for part in (rotor, blade):
        grown.graph.assets[part].owner = grown.graph.assets[part].owner.replace("0x", "0x0")  # type: ignore[assignment]

    assert grown.graph.root(blade) == engine
    assert grown.graph.title(blade) == OWNER


def test_an_input_named_twice_is_one_edge_with_the_sum() -> None:
    grown = Grown()
    lot = grown.register()
    (blank,) = grown.transform([lot, lot], 1)

    (edge,) = grown.graph.edges(blank, Way.BACK)
    assert (edge.relation, edge.source, edge.quantity) == (Relation.INPUT, lot, 3)
    assert grown.graph.edges(lot, Way.FORWARD) == [edge]


def test_a_chain_of_ten_thousand_is_walked() -> None:
    grown = Grown()
    first = last = grown.register()
    for _ in range(DEEP):
        (last,) = grown.transform([last], 1)

    assert grown.graph.walk(first, Way.FORWARD).nodes[last] == DEEP
    assert grown.graph.walk(last, Way.BACK).nodes[first] == DEEP


def test_what_is_not_there_has_no_walk() -> None:
    with pytest.raises(NotFound, match="is neither an asset nor a batch"):
        Grown().graph.walk(AssetId(1), Way.BACK)
