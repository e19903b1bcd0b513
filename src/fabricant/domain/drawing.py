"""A trace as people see it: an outline of lines, a text for Graphviz, or a drawing that needs no program.

In a drawing time runs from left to right, a column for each step away from the start. Everything that comes
from the chain is foreign text: it is made printable, and quoted for where it stands, so that a local id can
neither command a terminal nor bring a script into a browser.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final
from xml.sax.saxutils import escape

from fabricant.domain.assets import Kind, Status
from fabricant.domain.graph import Edge, Graph, NodeId, Relation, Trace, Way
from fabricant.domain.quantities import quantity_text
from fabricant.domain.units import count_of, printable

_LONGEST: Final = 48  # characters of a local id
_ROW, _COLUMN, _MARGIN, _BOX = 62, 90, 20, 46  # pixels
_CHARACTER, _PADDING, _LINE = 7, 14, 15  # of a monospaced font of 11 pixels
_STYLE: Final = (
    "text{font:11px monospace;fill:#1a1a1a}rect{fill:#fff;stroke:#5a6672;rx:4px}"
    ".recalled{fill:#fde8e6;stroke:#c0281c}path{fill:none;stroke:#9aa5b1}"
    "@media(prefers-color-scheme:dark){svg{background:#fff}}"
)


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of an outline. `edge`: how it was reached; `again`: what follows it stands further above."""

    level: int
    node: NodeId
    edge: Edge | None
    again: bool
    hidden: int  # how many would follow, but for the limit of levels


def outline(trace: Trace, *, levels: int) -> Iterator[Entry]:
    """The trace as an outline of at most so many levels below the start; each node opens up once."""
    branches, opened = trace.branches(), set[NodeId]()
    ahead: list[tuple[int, NodeId, Edge | None]] = [(0, trace.start, None)]
    while ahead:
        level, node, edge = ahead.pop()
        below, again = branches[node], node in opened and bool(branches[node])
        opened.add(node)
        shown = not again and level < levels
        yield Entry(level, node, edge, again, 0 if shown or again else len(below))
        if shown:
            ahead += [(level + 1, trace.next(each), each) for each in reversed(below)]


def name(graph: Graph, node: NodeId) -> str:
    """What a node is called: an asset's local id, or the beginning of a batch's."""
    thing = graph.thing(node)
    return printable(thing.local_id, _LONGEST) if thing else f"batch {node:#066x}"[:20]


def facts(graph: Graph, node: NodeId) -> list[str]:
    """What else is to be told of it, in a few words each."""
    if (thing := graph.thing(node)) is not None:
        return [
            thing.kind.name.lower(),
            *([printable(quantity_text(thing.quantity, thing.unit))] if thing.kind is Kind.LOT else []),
            *([thing.status.name.lower()] if thing.status is not Status.ACTIVE else []),
            *([count_of(len(thing.records), "record")] if thing.records else []),
            *([f"twin {thing.twins[-1].version}"] if thing.twins else []),
            *(["recalled"] if _is_recalled(graph, node) else []),
        ]
    production = graph.production(node)
    told = (
        [count_of(production.batch.count, "unit"), count_of(len(production.units), "token")]
        if production
        else []
    )
    return [*told, *(["recalled"] if _is_recalled(graph, node) else [])]


def edge_words(graph: Graph, edge: Edge) -> str:
    """How one thing went into another, in a word or with its quantity."""
    source = graph.thing(edge.source)
    if edge.relation is Relation.INPUT and source is not None and source.kind is Kind.LOT:
        return printable(quantity_text(edge.quantity, source.unit))
    return edge.relation.value


def dot(graph: Graph, trace: Trace) -> str:
    """The trace for Graphviz."""
    lines = ["digraph trace {", "  rankdir=LR", '  node [shape=box, fontname="monospace"]']
    for node in trace.nodes:
        label = "\\n".join(map(_quoted, _label(graph, node)))
        colour = ", color=red" if _is_recalled(graph, node) else ""
        lines.append(f'  "{node:#066x}" [label="{label}"{colour}]')
    for edge in trace.edges:
        words = _quoted(edge_words(graph, edge))
        lines.append(f'  "{edge.source:#066x}" -> "{edge.target:#066x}" [label="{words}"]')
    return "\n".join([*lines, "}", ""])


def svg(graph: Graph, trace: Trace) -> str:
    """The trace as a drawing that stands for itself: no script, no font, nothing from elsewhere."""
    labels = {node: _label(graph, node) for node in trace.nodes}
    column = max(len(line) for label in labels.values() for line in label) * _CHARACTER + 2 * _PADDING
    furthest, rows = max(trace.nodes.values()), _rows(trace)

    def place(node: NodeId) -> tuple[float, float]:
        steps = trace.nodes[node]
        at = steps if trace.way is Way.FORWARD else furthest - steps
        return _MARGIN + at * (column + _COLUMN), _MARGIN + rows[node] * _ROW

    width = 2 * _MARGIN + furthest * (column + _COLUMN) + column
    height = 2 * _MARGIN + max(rows.values()) * _ROW + _BOX
    size = f'width="{width}" height="{height:g}" viewBox="0 0 {width} {height:g}"'
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img">',
        f"<title>{escape(name(graph, trace.start))}</title><style>{_STYLE}</style>",
    ]
    for edge in trace.edges:
        (left, top), (right, bottom) = place(edge.source), place(edge.target)
        begin, end, middle = left + column, right, _BOX / 2
        bend = _COLUMN / 2
        words = escape(edge_words(graph, edge))
        lines.append(
            f'<path d="M{begin:g} {top + middle:g}C{begin + bend:g} {top + middle:g} '
            f'{end - bend:g} {bottom + middle:g} {end:g} {bottom + middle:g}"><title>{words}</title></path>'
        )
    for node, label in labels.items():
        x, y = place(node)
        mark = ' class="recalled"' if _is_recalled(graph, node) else ""
        lines.append(f'<g><rect{mark} x="{x:g}" y="{y:g}" width="{column}" height="{_BOX}"/>')
        for at, line in enumerate(label, 1):
            lines.append(f'<text x="{x + _PADDING:g}" y="{y + at * _LINE - 2:g}">{escape(line)}</text>')
        lines.append(f"<title>{node:#066x}</title></g>")
    return "\n".join([*lines, "</svg>", ""])


def _rows(trace: Trace) -> Mapping[NodeId, float]:
    """A row for each node: the ends have rows of their own, and the others stand amidst what follows them."""
    followers: dict[NodeId, list[NodeId]] = {node: [] for node in trace.nodes}
    placed = {trace.start}
    for edge in trace.edges:
        if (node := trace.next(edge)) not in placed:
            placed.add(node)
            followers[edge.source if node == edge.target else edge.target].append(node)
    rows: dict[NodeId, float] = {}
    ahead = [trace.start]
    while ahead:
        node = ahead.pop()
        if not followers[node]:
            rows[node] = len(rows)
        ahead += reversed(followers[node])
    for node in reversed(list(trace.nodes)):
        if node not in rows:
            mine = [rows[each] for each in followers[node]]
            rows[node] = (mine[0] + mine[-1]) / 2
    return rows


def _label(graph: Graph, node: NodeId) -> list[str]:
    label = [name(graph, node), ", ".join(facts(graph, node))]
    return [*label, str(graph.title(thing.id))] if (thing := graph.thing(node)) else label


def _is_recalled(graph: Graph, node: NodeId) -> bool:
    return any(node in each.covers for each in graph.notices.values() if each.lifted is None)


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')
