"""`fabricant asset`: production runs, committed with one transaction, and their units, one by one."""

from pathlib import Path

import click

from fabricant.chain.assets import AssetRegistry
from fabricant.cli import _asset_lists as lists
from fabricant.cli import _facts as facts
from fabricant.cli import _files as files
from fabricant.cli import _naming as naming
from fabricant.cli import _output as output
from fabricant.cli import _trade as trade
from fabricant.domain.assets import AssetId, Namespace, Registration, asset_id
from fabricant.domain.batches import NO_ORIGIN, Run
from fabricant.errors import InvalidInput
from fabricant.files import write_whole


@click.command
@click.argument("units", metavar="CSV", type=files.FILE)
@click.option("--kind", type=naming.KIND, help="What they are, where CSV says none.")
@click.option("--owner", type=naming.WHO, help="Their first owner, where CSV says none; else the issuer.")
@click.option("--origin", metavar="ASSET", help="What they were made of, such as a lot.")
@click.option("--uri", default="", help="Where OUT is found.")
@click.option("--out", type=files.NEW_FILE, help="Where the run is kept; else CSV with .run.jsonl.")
@naming.in_namespace
@trade.acts
def batch(
    ctx: click.Context,
    units: Path,
    *,
    kind: str | None,
    owner: str | None,
    origin: str | None,
    uri: str,
    out: Path | None,
    issuer: str | None,
    prefix: str | None,
) -> None:
    """Commit a production run of any size with one transaction.

    CSV has a line for each unit under a first line that names the columns: local_id, and any of kind, owner,
    quantity, unit, twin, uri. OUT keeps the run: whoever has it can make its units tokens, and proves them.

    \b
    Example:
      fabricant asset batch packs.csv --kind product --origin HEAT-7 --uri ipfs://bafy…
    """
    fabricant = trade.trying(ctx)
    place = naming.namespace(ctx, issuer, prefix)
    first_owner = naming.who(ctx, owner) if owner else fabricant.assets.issuer_of(place)
    source = naming.asset(ctx, fabricant, origin, issuer=issuer, prefix=prefix) if origin else NO_ORIGIN
    told = lists.good_lines(units, kind=kind, owner=first_owner, prefix=prefix)
    run = _hashed(place, told, source)
    file = out or units.with_suffix(".run.jsonl")
    batch_text, count = facts.asset_text(run.batch.id), f"{run.batch.count:,} units"
    if since := fabricant.assets.progress_of(run.batch.id).committed_at:
        _keep(file, run)
        data = {"batch": batch_text, "count": run.batch.count, "file": str(file), "committedAt": since}
        output.emit(ctx, data, lambda: output.say(f"Batch {batch_text} was committed before; see {file}."))
        return
    words = [
        f"{count} from {units} are committed, for ever, to be registered one by one.",
        f"  batch: {batch_text}",
        f"  root: 0x{run.batch.root.hex()}{trade.place(uri)}",
        *([f"  made of: {facts.asset_text(source)}"] if source else []),
        f"  kept in: {file}",
    ]
    _keep(file, run)
    done = trade.perform(ctx, fabricant.assets, AssetRegistry.commit_batch, words, run.batch, uri=uri)
    sentences = [
        f"{count} were committed as batch {batch_text}.",
        f"Keep {file}: without it, nobody proves them.",
    ]
    trade.report(ctx, done, sentences, {"file": str(file)})


@click.command
@click.argument("file", metavar="RUN", type=files.FILE)
@click.argument("local_ids", metavar="LOCAL_ID...", nargs=-1, required=True)
@trade.acts
def serialise(ctx: click.Context, file: Path, *, local_ids: tuple[str, ...]) -> None:
    """Make units of a committed run tokens of their own, for the owners that the run names.

    Anybody may, once for each. What is a token already is left as it is, so the command can be repeated.

    \b
    Example:
      fabricant asset serialise packs.run.jsonl 01/09506000134352/21/A 01/09506000134352/21/B
    """
    fabricant = trade.trying(ctx)
    run = files.read_run(file)
    wanted = dict.fromkeys(local_ids)
    missing = [each for each in wanted if not fabricant.assets.is_registered(_id(run, each))]
    for each in missing:
        fabricant.assets.simulate(
            fabricant.assets.serialise, run.batch, run.unit(each), proof=run.prove(each)
        )
    if missing:
        trade.agree(ctx, (f"{each} becomes a token of {run.unit(each).owner}." for each in missing))
    told = []
    for local_id in wanted:
        asset = _id(run, local_id)
        data = {"localId": local_id, "id": facts.asset_text(asset), "isNew": local_id in missing}
        if local_id in missing:
            unit, proof = run.unit(local_id), run.prove(local_id)
            done = trade.send(ctx, fabricant.assets, AssetRegistry.serialise, run.batch, unit, proof=proof)
            output.note(f"{local_id}: {trade.receipt_line(done.receipt)}")
        told.append(data | {"owner": fabricant.assets.owner_of(asset)})
    rows = [(each["localId"], each["id"], each["owner"]) for each in told]
    output.emit(ctx, told, lambda: output.table("local id", "id", "owner", rows=rows))


def _hashed(place: Namespace, units: tuple[Registration, ...], origin: AssetId) -> Run:
    run = Run(place, units, origin)
    output.note(f"Hashing {len(units):,} units …")
    _ = run.batch
    return run


def _keep(file: Path, run: Run) -> None:
    """Writes the run, unless it is there already. Raises InvalidInput if the file is something else's."""
    if not file.exists():
        write_whole(file, b"".join(run.serialise()))
    elif files.read_run(file) != run:
        raise InvalidInput(f"{file} is there already and keeps another run; name another with --out")


def _id(run: Run, local_id: str) -> AssetId:
    """A unit's id. Raises InvalidInput if the run has none of this local id."""
    return asset_id(run.namespace, run.unit(local_id).local_id)
