"""Traces as people see them; and what hostile text does there, which is nothing."""

from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fabricant.domain.assets import Kind
from fabricant.domain.drawing import dot, edge_words, facts, outline, svg
from fabricant.domain.graph import Graph, NodeId, Trace, Way
from tests.support.growing import OWNER, Grown, genealogies

SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = '\x1b[2J<script>alert("1")</script>\u202e]]>&amp;\\N"];x->y\x00\ud800'
DEEP = 10_000


@pytest.fixture
def heat() -> tuple[Graph, Trace]:
    """A lot, two blades of it, and an engine with both."""
    grown = Grown()
    lot, engine = grown.register(), grown.register()
    thing = grown.graph.assets[lot]
    thing.kind, thing.quantity, thing.unit = Kind.LOT, 1500, b"KG\0"
    for blade in grown.transform([lot], 2):
        grown.assemble(engine, blade)
    grown.issue(covers=[lot])
    return grown.graph, grown.graph.walk(lot, Way.FORWARD)


def test_outline_opens_each_node_once(heat: tuple[Graph, Trace]) -> None:
    graph, trace = heat
    told = [(entry.level, graph.assets[entry.node].local_id, entry.again) for entry in lines(trace)]  # type: ignore[index]
    assert told == [
        *((0, "A-1", False), (1, "A-3", False), (2, "A-2", False), (1, "A-4", False), (2, "A-2", False))
    ]
    assert [entry.edge and edge_words(graph, entry.edge) for entry in lines(trace)] == [
        *(None, "1 KG", "part", "1 KG", "part")
    ]
    assert facts(graph, trace.start) == ["lot", "1,500 KG", "recalled"]


def lines(trace: Trace) -> list:  # type: ignore[type-arg]
    """All of an outline."""
    return list(outline(trace, levels=99))


def parsed(drawn: str) -> ET.Element:
    """A drawing as a browser reads it."""
    return ET.fromstring(drawn)  # noqa: S314 - our own


def test_outline_tells_what_it_hides(heat: tuple[Graph, Trace]) -> None:
    _, trace = heat
    assert [(entry.level, entry.hidden) for entry in outline(trace, levels=1)] == [(0, 0), (1, 1), (1, 1)]


@given(genealogies(), st.integers(0, 50), st.sampled_from(Way))
def test_outline_shows_every_edge(grown: Grown, at: int, way: Way) -> None:
    trace = grown.graph.walk(grown.nodes[at % len(grown.nodes)], way)
    shown = [entry.edge for entry in outline(trace, levels=99) if entry.edge]
    assert sorted(map(repr, shown)) == sorted(map(repr, trace.edges))


@given(genealogies(), st.integers(0, 50), st.sampled_from(Way))
def test_drawing_has_everything_apart_from_each_other(grown: Grown, at: int, way: Way) -> None:
    trace = grown.graph.walk(grown.nodes[at % len(grown.nodes)], way)
    drawn = parsed(svg(grown.graph, trace))
    boxes = [tuple(float(box.attrib[side]) for side in ("x", "y")) for box in drawn.iter(f"{SVG}rect")]
    assert len(boxes) == len(trace.nodes)
    assert len(list(drawn.iter(f"{SVG}path"))) == len(trace.edges)
    height = float(next(drawn.iter(f"{SVG}rect")).attrib["height"])
    for number, (x, y) in enumerate(boxes):
        assert all(x != left or abs(y - top) >= height for left, top in boxes[:number])
    columns = sorted({x for x, _ in boxes}, reverse=way is Way.BACK)
    assert [columns.index(x) for x, _ in boxes] == list(trace.nodes.values())


def test_dot_names_every_node_and_edge(heat: tuple[Graph, Trace]) -> None:
    graph, trace = heat
    told = dot(graph, trace)
    assert told.startswith("digraph trace {\n")
    assert told.endswith("}\n")
    assert f'"{1:#066x}" [label="A-1\\nlot, 1,500 KG, recalled\\n{OWNER}", color=red]' in told
    assert f'"{1:#066x}" -> "{3:#066x}" [label="1 KG"]' in told
    assert told.count(" -> ") == len(trace.edges)


def test_hostile_text_stays_text() -> None:
    grown = Grown()
    node: NodeId = grown.register()
    thing = grown.graph.assets[grown.assets[0]]
    thing.local_id, thing.kind, thing.unit = HOSTILE, Kind.LOT, b"\x1b[J"
    grown.transform([thing.id], 1)
    trace = grown.graph.walk(node, Way.FORWARD)

    drawn, told = svg(grown.graph, trace), dot(grown.graph, trace)

    for text in (drawn, told):
        assert not set(text) & {"\x1b", "\x00", "\u202e", "\ud800"}
    elements = {element.tag.removeprefix(SVG) for element in parsed(drawn).iter()}
    assert elements == {"svg", "title", "style", "g", "rect", "text", "path"}
    labels = [line.split('label="')[1].removesuffix('"]') for line in told.splitlines() if "[label" in line]
    assert len(labels) == 3
    assert not any('"' in label.replace("\\\\", "").replace('\\"', "") for label in labels)


@given(st.text())
def test_any_text_makes_a_drawing(text: str) -> None:
    grown = Grown()
    node = grown.register()
    grown.graph.assets[node].local_id = text
    trace = grown.graph.walk(node, Way.FORWARD)
    parsed(svg(grown.graph, trace))
    assert dot(grown.graph, trace).count("\n") == 5


def test_a_batch_is_drawn_too() -> None:
    grown = Grown()
    lot = grown.register()
    batch = grown.commit(lot)
    grown.serialise(batch)
    trace = grown.graph.walk(lot, Way.FORWARD)
    assert facts(grown.graph, batch) == ["1,000,000 units", "1 token"]
    assert f"batch {batch:#066x}"[:20] in svg(grown.graph, trace)


def test_a_long_chain_is_drawn() -> None:
    grown = Grown()
    first = last = grown.register()
    for _ in range(DEEP):
        (last,) = grown.transform([last], 1)
    trace = grown.graph.walk(first, Way.FORWARD)
    assert svg(grown.graph, trace).count("<rect") == DEEP + 1
    assert sum(1 for _ in outline(trace, levels=DEEP)) == DEEP + 1
