"""`fabricant asset trace`: where an asset comes from, or where it went."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from fabricant.chain import lookup
from fabricant.chain.tracing import read_graph
from fabricant.cli import _facts as facts
from fabricant.cli import _files as files
from fabricant.cli import _naming as naming
from fabricant.cli import _output as output
from fabricant.cli import _trade as trade
from fabricant.domain import drawing
from fabricant.domain.assets import AssetId, asset_id
from fabricant.domain.graph import Edge, Graph, NodeId, Production, Thing, Trace, Way
from fabricant.domain.quantities import unit_text


@click.command
@click.argument("asset")
@click.option(
    "--back/--forward", default=True, show_default=True, help="Where it comes from, or where it went."
)
@click.option("--block", type=click.IntRange(min=0), help="As of this block; else as of now.")
@click.option(
    "--levels", type=click.IntRange(min=1), default=12, show_default=True, help="How deep the tree is shown."
)
@click.option("--svg", type=files.NEW_FILE, help="Draw all of it into this new file.")
@click.option("--dot", type=files.NEW_FILE, help="Write all of it into this new file, for Graphviz.")
@naming.in_namespace
@trade.reads
def trace(
    ctx: click.Context,
    asset: str,
    *,
    back: bool,
    block: int | None,
    levels: int,
    svg: Path | None,
    dot: Path | None,
    issuer: str | None,
    prefix: str | None,
) -> None:
    """Show where an asset comes from, or where it went: parts, inputs, batches and holders.

    ASSET may be the id of a batch, too.

    \b
    Example:
      fabricant asset trace HEAT-7 --forward --svg heat-7.svg
    """
    fabricant = trade.reading(ctx)
    newest = fabricant.network.head().number if block is None else block
    graph = read_graph(fabricant, until=newest)
    walked = graph.walk(
        node(ctx, graph, asset, issuer=issuer, prefix=prefix), Way.BACK if back else Way.FORWARD
    )
    for file, drawn in ((svg, drawing.svg), (dot, drawing.dot)):
        if file is not None:
            files.write(file, drawn(graph, walked).encode())
            output.note(f"{file} has {len(walked.nodes):,} boxes and {len(walked.edges):,} lines.")
    data = {"way": walked.way, "block": newest, **_data(graph, walked)}
    output.emit(ctx, data, lambda: output.tree(_lines(graph, walked, levels)))


def node(ctx: click.Context, graph: Graph, text: str, *, issuer: str | None, prefix: str | None) -> NodeId:
    """The asset or batch that a text means. Raises NotFound, InvalidInput."""
    if not text.startswith("0x"):
        local_id = naming.local_id(text, prefix)
        found = asset_id(naming.namespace(ctx, issuer, prefix), local_id)
        graph.require(found)
        return found
    ids = (each.to_bytes(32) for each in (*graph.assets, *graph.batches))
    return AssetId(int.from_bytes(lookup.match_id(text, ids, what="asset or batch")))


def _data(graph: Graph, walked: Trace) -> dict[str, Any]:
    things = [thing for node in walked.nodes if (thing := graph.thing(node))]
    productions = [each for node in walked.nodes if (each := graph.production(node))]
    return {
        "start": facts.asset_text(walked.start),
        "assets": [_asset(graph, each) for each in things],
        "batches": [_batch(graph, each) for each in productions],
        "edges": [_edge(each) for each in walked.edges],
    }


def _lines(graph: Graph, walked: Trace, levels: int) -> Iterator[tuple[int, str]]:
    for entry in drawing.outline(walked, levels=levels):
        thing = graph.thing(entry.node)
        told = [
            drawing.name(graph, entry.node),
            *([f"({drawing.edge_words(graph, entry.edge)})"] if entry.edge else []),
            ", ".join(drawing.facts(graph, entry.node)),
            *([graph.title(thing.id)] if thing else []),
            *(["… see above"] if entry.again else []),
            *([f"… and {entry.hidden} more below"] if entry.hidden else []),
        ]
        yield entry.level, "  ".join(told)


def _asset(graph: Graph, thing: Thing) -> dict[str, Any]:
    return {
        "id": facts.asset_text(thing.id),
        "localId": thing.local_id,
        "namespace": thing.namespace,
        "kind": thing.kind,
        "status": thing.status,
        "title": graph.title(thing.id),
        "quantity": str(thing.quantity),
        "firstQuantity": str(thing.first_quantity),
        "unit": unit_text(thing.unit) if any(thing.unit) else None,
        "registered": thing.registered,
        "whole": None if thing.whole is None else facts.asset_text(thing.whole),
        "formerWholes": thing.past,
        "twins": thing.twins,
        "records": thing.records,
        "heldUntil": thing.held_until,
        "recalls": _recalls(graph, thing.id),
    }


def _batch(graph: Graph, production: Production) -> dict[str, Any]:
    return {
        "id": facts.asset_text(production.batch.id),
        **facts.of(production.batch),
        "tokens": len(production.units),
        "uri": production.uri,
        "committed": production.committed,
        "recalls": _recalls(graph, production.batch.id),
    }


def _recalls(graph: Graph, node: NodeId) -> list[dict[str, Any]]:
    return [
        {"notice": each.id, "reach": each.covers[node], "lifted": each.lifted is not None}
        for each in graph.notices.values()
        if node in each.covers
    ]


def _edge(edge: Edge) -> dict[str, Any]:
    return {
        "relation": edge.relation,
        "from": facts.asset_text(edge.source),
        "to": facts.asset_text(edge.target),
        "quantity": str(edge.quantity),
        **facts.of(edge.evidence),
    }
