"""`fabricant asset`: what a recall concerns, carrying it on, and what became of the goods."""

from collections.abc import Collection, Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import click

from fabricant.chain.client import AllDone
from fabricant.chain.fabricant import Fabricant
from fabricant.chain.genealogy import Genealogy, Recalled
from fabricant.chain.recalling import Campaign, runs_by_batch
from fabricant.chain.tracing import read_graph
from fabricant.cli import _app as app
from fabricant.cli import _asset_recalls as recalls
from fabricant.cli import _asset_trace as tracing
from fabricant.cli import _facts as facts
from fabricant.cli import _files as files
from fabricant.cli import _naming as naming
from fabricant.cli import _output as output
from fabricant.cli import _trade as trade
from fabricant.domain import drawing
from fabricant.domain.batches import BatchId, Run
from fabricant.domain.genealogy import NoticeId
from fabricant.domain.graph import Calling, Graph, NodeId
from fabricant.domain.recalls import Closure, Concern, Fate, Plan, close, plan
from fabricant.domain.units import count_of, printable
from fabricant.errors import InvalidInput

run_option = click.option(
    "--run",
    "runs",
    type=files.FILE,
    multiple=True,
    help="The file of a recalled batch, which proves units that are tokens already; may be repeated.",
)


@click.command("recall-plan")
@click.argument("assets", metavar="ASSET...", nargs=-1, required=True)
@run_option
@naming.in_namespace
@trade.reads
def recall_plan(
    ctx: click.Context,
    assets: tuple[str, ...],
    *,
    runs: tuple[Path, ...],
    issuer: str | None,
    prefix: str | None,
) -> None:
    """Show what a recall of assets and batches would concern, before any notice is issued.

    ASSET may be the id of a batch, too.

    \b
    Example:
      fabricant asset recall-plan HEAT-7 --run pins.run.jsonl
    """
    fabricant = trade.reading(ctx)
    graph, proofs = read_graph(fabricant), _runs(runs)
    found = [tracing.node(ctx, graph, each, issuer=issuer, prefix=prefix) for each in assets]
    planned = _plan(graph, NoticeId(bytes(31)), proofs, named=found)
    campaign = Campaign(graph, planned, runs=proofs)
    output.emit(
        ctx,
        _planned(graph, planned, campaign),
        lambda: _show_plan(graph, planned, campaign),
    )


@click.command("extend-recall")
@click.argument("notice", metavar="NOTICE")
@run_option
@trade.acts
def extend_recall(ctx: click.Context, notice: str, *, runs: tuple[Path, ...]) -> None:
    """Carry a recall on to all that it concerns: what was made of it, its parts, its batches and units.

    NOTICE is its id, the beginning of it, or the file with its text. Anyone may. What is covered already is
    left out, so that the command can be repeated.

    \b
    Example:
      fabricant asset extend-recall 0x5aa3c01f7be2 --run pins.run.jsonl
    """
    fabricant, proofs = trade.trying(ctx), _runs(runs)
    graph = read_graph(fabricant)
    calling = _notice(fabricant, graph, notice)
    if calling.lifted is not None:
        raise InvalidInput(
            f"{facts.bytes_text(calling.id)} was lifted: it covers nothing any more, and never will"
        )
    planned = _plan(graph, calling.id, proofs)
    campaign = Campaign(graph, planned, runs=proofs)
    done = _carry_out(ctx, fabricant, campaign)
    covered = {event.id for each in done for event in each.events if isinstance(event, Recalled)}
    data = {
        "notice": calling.id,
        "transactions": [facts.sent(each.receipt) for each in done],
        "covered": [facts.asset_text(each) for each in covered],
        **_left(planned),
    }
    told = f"{len(covered):,} more are covered, by {count_of(len(done), 'transaction')}."
    words = [told, *_warnings(graph, planned)]
    output.emit(ctx, data, lambda: output.say("\n".join(words)))


@click.command
@click.argument("notice", metavar="NOTICE")
@trade.reads
def closure(ctx: click.Context, notice: str) -> None:
    """Show what became of all that a recall concerns: acknowledged, returned, missing, and who holds it.

    NOTICE is its id, the beginning of it, or the file with its text.

    \b
    Example:
      fabricant asset closure 0x5aa3c01f7be2
    """
    fabricant = trade.reading(ctx)
    graph = read_graph(fabricant)
    calling = _notice(fabricant, graph, notice)
    found = close(graph, calling, cache(fabricant.assets.issuer_of))
    output.emit(ctx, _closed(calling, found), lambda: _show_closure(graph, calling, found))


def _notice(fabricant: Fabricant, graph: Graph, text: str) -> Calling:
    return graph.notices[recalls.find_notice(fabricant, text).notice]


# Planning


def _runs(paths: Iterable[Path]) -> dict[BatchId, Run]:
    return runs_by_batch(files.read_run(each) for each in paths)


def _plan(
    graph: Graph, notice: NoticeId, runs: Mapping[BatchId, Run], *, named: Collection[NodeId] = ()
) -> Plan:
    return plan(graph, notice, named=named, provable=lambda unit: graph.assets[unit].batch in runs)


def _planned(graph: Graph, planned: Plan, campaign: Campaign) -> dict[str, Any]:
    concerns = [
        {"id": facts.asset_text(node), "name": drawing.name(graph, node), "concern": concern}
        for node, concern in planned.concerns.items()
    ]
    sums = {"links": len(planned.links), "transactions": len(campaign.packets), "gas": campaign.gas}
    return {"concerns": concerns, **sums, **_left(planned)}


def _left(planned: Plan) -> dict[str, list[str]]:
    return {"unproven": [facts.asset_text(node) for node in planned.unproven]}


def _show_plan(graph: Graph, planned: Plan, campaign: Campaign) -> None:
    rows = [
        (
            drawing.name(graph, node),
            ", ".join(drawing.facts(graph, node)),
            concern.value,
            _holder(graph, node),
        )
        for node, concern in planned.concerns.items()
    ]
    output.table("name", "", "concerned", "held by", rows=rows)
    output.say("")
    count = count_of(len(campaign.packets), "transaction")
    output.say(f"{len(rows):,} are concerned; {count}, {campaign.gas:,} gas at most in all.")
    for warning in _warnings(graph, planned):
        output.say(warning)


def _warnings(graph: Graph, planned: Plan) -> list[str]:
    if not planned.unproven:
        return []
    names = ", ".join(drawing.name(graph, node) for node in planned.unproven)
    return [f"{names} are tokens of a batch, and need its file: --run."]


def _holder(graph: Graph, node: NodeId) -> str | None:
    return graph.title(thing.id) if (thing := graph.thing(node)) else None


# Carrying out


def _carry_out(ctx: click.Context, fabricant: Fabricant, campaign: Campaign) -> list[AllDone[object]]:
    if not campaign.packets:
        return []
    genealogy, count = fabricant.genealogy, len(campaign.packets)
    genealogy.simulate(genealogy.multicall, campaign.calls(genealogy, campaign.packets[0]))
    links = sum(map(len, campaign.packets))
    trade.agree(
        ctx,
        [
            f"The recall is carried on along {links:,} edges.",
            f"  {count_of(count, 'transaction')}, {campaign.gas:,} gas at most",
        ],
    )
    sending = Genealogy(fabricant.network, genealogy.address, wallet=app.wallet(ctx))
    done = []
    for number, each in enumerate(campaign.carry_out(sending), 1):
        output.note(f"{number} of {count}: {trade.receipt_line(each.receipt)}")
        done.append(each)
    return done


# Closing


def _closed(calling: Calling, found: Closure) -> dict[str, Any]:
    return {
        "notice": calling.id,
        "uri": calling.uri,
        "lifted": calling.lifted is not None,
        "closed": found.is_closed,
        "counts": _counts(found.counts),
        "holders": {
            holder: {"acknowledged": holder in calling.acknowledged, "counts": _counts(counts)}
            for holder, counts in found.holders.items()
        },
        "assets": [facts.of(each) for each in found.assets],
        "batches": [facts.of(each) for each in found.batches],
    }


def _counts(counts: Mapping[Fate, int]) -> dict[str, int]:
    return {fate.value: counts[fate] for fate in Fate if counts.get(fate)}


def _show_closure(graph: Graph, calling: Calling, found: Closure) -> None:
    order = list(Fate)
    rows = [
        (printable(each.local_id, 60), each.fate.value, _why(each.concern), each.holder)
        for each in sorted(found.assets, key=lambda each: order.index(each.fate))
    ]
    output.table("name", "", "concerned", "held by", rows=rows)
    output.say("")
    held = [(holder, _in_words(counts)) for holder, counts in found.holders.items()]
    output.table("holder", "has", rows=held)
    output.say("")
    for each in found.batches:
        state = "covered" if each.covered else "not covered"
        left = f"{count_of(each.untold, 'unit')} of it are no tokens yet"
        output.say(f"{drawing.name(graph, each.batch)} is {state}; {left}.")
    ended = "It was lifted." if calling.lifted else "It is closed." if found.is_closed else "It is open."
    notice = f"Notice {facts.bytes_text(calling.id)}{trade.place(calling.uri)}"
    output.say(f"{notice}: {_in_words(found.counts)}. {ended}")


def _why(concern: Concern | None) -> str | None:
    return concern.value if concern else None


def _in_words(counts: Mapping[Fate, int]) -> str:
    return ", ".join(f"{count:,} {fate}" for fate, count in _counts(counts).items())
