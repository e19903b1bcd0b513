"""`fabricant asset trace`: where an asset comes from, or where it went."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from fabricant.chain.tracing import read_lineage
from fabricant.cli import _facts as facts
from fabricant.cli import _files as files
from fabricant.cli import _naming as naming
from fabricant.cli import _output as output
from fabricant.cli import _trade as trade
from fabricant.domain import drawing
from fabricant.domain.lineage import Edge, Lineage, NodeId, Production, Thing, Trace, Way


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
    """Show where an asset or a batch comes from, or where it went: parts, inputs, origins and holders.

    \b
    Example:
      fabricant asset trace HEAT-7 --forward --svg heat-7.svg
    """
    fabricant = trade.reading(ctx)
    found = naming.asset(ctx, fabricant, asset, issuer=issuer, prefix=prefix)
    newest = fabricant.network.head().number if block is None else block
    lineage = read_lineage(fabricant, until=newest)
    walked = lineage.walk(found, Way.BACK if back else Way.FORWARD)
    for file, drawn in ((svg, drawing.svg), (dot, drawing.dot)):
        if file is not None:
            files.write(file, drawn(lineage, walked).encode())
            output.note(f"{file} has {len(walked.nodes):,} boxes and {len(walked.edges):,} lines.")
    data = {"way": walked.way, "block": newest, **trace_data(lineage, walked)}
    output.emit(ctx, data, lambda: output.tree(_lines(lineage, walked, levels)))


def trace_data(lineage: Lineage, walked: Trace) -> dict[str, Any]:
    """A trace for programs: ids in hex, quantities as text, and the transaction of whatever was said."""
    things = [thing for node in walked.nodes if (thing := lineage.thing(node))]
    productions = [each for node in walked.nodes if (each := lineage.production(node))]
    return {
        "start": facts.asset_text(walked.start),
        "assets": [_asset(lineage, each) for each in things],
        "batches": [_batch(lineage, each) for each in productions],
        "edges": [_edge(each) for each in walked.edges],
    }


def _lines(lineage: Lineage, walked: Trace, levels: int) -> Iterator[tuple[int, str]]:
    for entry in drawing.outline(walked, levels=levels):
        thing = lineage.thing(entry.node)
        told = [
            drawing.name(lineage, entry.node),
            *([f"({drawing.edge_words(lineage, entry.edge)})"] if entry.edge else []),
            ", ".join(drawing.facts(lineage, entry.node)),
            *([lineage.title(thing.id)] if thing else []),
            *(["… see above"] if entry.again else []),
            *([f"… and {entry.hidden} more below"] if entry.hidden else []),
        ]
        yield entry.level, "  ".join(told)


def _asset(lineage: Lineage, thing: Thing) -> dict[str, Any]:
    return {
        "id": facts.asset_text(thing.id),
        "localId": thing.local_id,
        "namespace": thing.namespace,
        "kind": thing.kind,
        "status": thing.status,
        "title": lineage.title(thing.id),
        "quantity": str(thing.quantity),
        "firstQuantity": str(thing.first_quantity),
        "unit": thing.unit.rstrip(b"\0").decode("ascii", "backslashreplace"),
        "registered": thing.registered,
        "whole": None if thing.whole is None else facts.asset_text(thing.whole),
        "formerWholes": thing.past,
        "twins": thing.twins,
        "records": thing.records,
        "heldUntil": thing.held_until,
        "recalls": _recalls(lineage, thing.id),
    }


def _batch(lineage: Lineage, production: Production) -> dict[str, Any]:
    return {
        "id": facts.asset_text(production.batch.id),
        **facts.of(production.batch),
        "tokens": len(production.units),
        "uri": production.uri,
        "committed": production.committed,
        "recalls": _recalls(lineage, production.batch.id),
    }


def _recalls(lineage: Lineage, node: NodeId) -> list[dict[str, Any]]:
    return [
        {"notice": each.id, "reach": each.covers[node], "lifted": each.lifted is not None}
        for each in lineage.notices.values()
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
