"""`fabricant asset import`: a list of any length, registered line by line."""

from pathlib import Path

import click

from fabricant.chain.assets import AssetRegistry
from fabricant.chain.importing import Import, Imported, plan_import, run_import
from fabricant.chain.waiting import await_earlier_transactions
from fabricant.cli import _app as app
from fabricant.cli import _asset_lists as lists
from fabricant.cli import _facts as facts
from fabricant.cli import _files as files
from fabricant.cli import _naming as naming
from fabricant.cli import _output as output
from fabricant.cli import _trade as trade
from fabricant.domain.asset_lists import BadLine
from fabricant.domain.units import count_of
from fabricant.errors import InvalidInput


@click.command("import")
@click.argument("file", metavar="CSV", type=files.FILE)
@click.option("--kind", type=naming.KIND, help="What they are, where CSV says none.")
@click.option("--owner", type=naming.WHO, help="Their first owner, where CSV says none; else the issuer.")
@naming.in_namespace
@trade.acts
def import_(
    ctx: click.Context,
    file: Path,
    *,
    kind: str | None,
    owner: str | None,
    issuer: str | None,
    prefix: str | None,
) -> None:
    """Register all assets of a CSV, which has a line for each under a first line that names the columns.

    The columns are local_id, and any of kind, owner, quantity, unit, twin, uri. Bad lines are told with their
    numbers and stop none of the others; then the command ends with 2. What is registered already is passed
    over: interrupted or corrected, run it again.

    \b
    Example:
      fabricant asset import tools.csv --kind equipment
    """
    fabricant = trade.trying(ctx)
    await_earlier_transactions(
        fabricant.network, app.account(ctx), told=lambda: output.note("Waiting for earlier transactions …")
    )
    place, since = naming.namespace(ctx, issuer, prefix), fabricant.deployment.first_block
    first_owner = naming.who(ctx, owner) if owner else fabricant.assets.issuer_of(place)
    found = lists.lines(file, kind=kind, owner=first_owner, prefix=prefix)
    plan = plan_import(fabricant.assets, place, found, since=since)
    if plan.missing:
        trade.agree(ctx, _words(file, plan))
    done = _run(ctx, fabricant.assets, plan)
    bad = sorted([*plan.bad, *(line for each in done for line in each.refused)], key=lambda line: line.number)
    data = {
        "registered": _count(done),
        "present": len(plan.present),
        "bad": [{"line": line.number, "problem": line.problem} for line in bad],
        "transactions": [facts.sent(each.receipt) for each in done if each.receipt],
    }
    output.emit(ctx, data, lambda: _show(plan, done, bad))
    if bad:
        raise InvalidInput(f"{file}: {count_of(len(bad), 'bad line')}; correct and import it again")


def _run(ctx: click.Context, registry: AssetRegistry, plan: Import) -> list[Imported]:
    done: list[Imported] = []
    if not plan.missing:
        return done
    try:
        with output.progress(len(plan.missing), "Registering") as advance:
            for each in trade.send(ctx, registry, run_import, plan):
                done.append(each)
                advance(len(each.registered) + len(each.refused))
    except BaseException:
        output.note(
            f"At least {_count(done):,} of {len(plan.missing):,} are registered; run it again to go on."
        )
        raise
    return done


def _count(done: list[Imported]) -> int:
    return sum(len(each.registered) for each in done)


def _words(file: Path, plan: Import) -> list[str]:
    local_ids = [row.local_id for _, row in plan.missing]
    return [
        f"Registered for ever, as {file} says: {count_of(len(local_ids), 'asset')}:",
        *lists.in_words(local_ids),
        *([f"Registered already: {count_of(len(plan.present), 'line')}."] if plan.present else []),
        *([f"Left out: {count_of(len(plan.bad), 'bad line')}."] if plan.bad else []),
    ]


def _show(plan: Import, done: list[Imported], bad: list[BadLine]) -> None:
    sent = [each.receipt for each in done if each.receipt]
    output.say(
        f"Registered: {count_of(_count(done), 'asset')}, with {count_of(len(sent), 'transaction')}; "
        f"{len(plan.present):,} were before."
    )
    if bad:
        output.table("line", "problem", rows=[(str(line.number), line.problem) for line in bad])
