"""`fabricant asset`: write into an asset's logbook, read it, and say whether a part may be installed."""

from pathlib import Path
from typing import Any

import click

from fabricant.chain.logbooks import read_logbook, read_service_life
from fabricant.cli import _app as app
from fabricant.cli import _asset_life as life
from fabricant.cli import _facts as facts
from fabricant.cli import _files as files
from fabricant.cli import _naming as naming
from fabricant.cli import _output as output
from fabricant.cli import _trade as trade
from fabricant.domain.logbook import (
    LARGEST_DOCUMENT,
    TOPIC,
    Content,
    Documents,
    Entry,
    Logbook,
    Reading,
)
from fabricant.domain.units import format_time, printable

READING = app.Parsed("reading", Reading.parse)

documents_option = click.option(
    "--documents",
    "folder",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=".",
    help="Where the documents are, by the last part of their URIs; else here.",
)


@click.command
@click.argument("asset")
@click.argument("work")
@click.option("--reading", type=READING, help="What a meter shows: 'cycles 12,400 B7'.")
@click.option("--limit", type=READING, help="The most that a meter may count; as the issuer.")
@click.option("--document", type=files.NEW_FILE, required=True, help="The new file of the entry; keep it.")
@click.option("--uri", help="Where that is found; else its name.")
@click.option("--supersedes", metavar="FILE|HASH", help="An entry of yours that it corrects.")
@click.option("--as-issuer", is_flag=True, help="Write it as the asset's issuer, whoever owns it.")
@naming.in_namespace
@trade.acts
def log(
    ctx: click.Context,
    asset: str,
    work: str,
    *,
    reading: Reading | None,
    limit: Reading | None,
    document: Path,
    uri: str | None,
    supersedes: str | None,
    as_issuer: bool,
    issuer: str | None,
    prefix: str | None,
) -> None:
    """Write WORK into an asset's logbook: what was done, what a meter shows, how far it may go.

    \b
    Example:
      fabricant asset log NMW-0417 "spindle changed" --reading "hours 8,120 HUR" --document visit-7.json
    """
    fabricant = trade.trying(ctx)
    found = naming.asset(ctx, fabricant, asset, issuer=issuer, prefix=prefix)
    content, corrected = Content(work=work, reading=reading, limit=limit), files.commitment(supersedes)
    words = [
        f"Into the logbook of {facts.asset_text(found)}, for ever:",
        *(f"  {each}" for each in _told(content)),
        *([f"  in place of 0x{corrected.hex()}"] if supersedes else []),
    ]
    said = {"topic": TOPIC, "hash_": content.hash, "supersedes": corrected}
    if not document.exists() or files.read(document) != content.serialise():
        files.write(document, content.serialise())
    done = life.state(ctx, fabricant, found, words, as_issuer=as_issuer, uri=uri or document.name, **said)
    trade.report(ctx, done, [f"It was written. Keep {document}: the chain has only its hash."])


@click.command
@click.argument("asset")
@documents_option
@naming.in_namespace
@trade.reads
def logbook(ctx: click.Context, asset: str, *, folder: Path, issuer: str | None, prefix: str | None) -> None:
    """Show an asset's logbook: every entry, what corrects it, and what can't be believed.

    \b
    Example:
      fabricant asset logbook NMW-0417 --documents visits
    """
    fabricant = trade.reading(ctx)
    found = naming.asset(ctx, fabricant, asset, issuer=issuer, prefix=prefix)
    book = read_logbook(fabricant, found, documents_in(folder))
    data = {
        "asset": facts.asset_text(found),
        "entries": [_entry(each, book) for each in book.entries],
        "findings": [
            {"entry": each.entry.number, "kind": type(each).__name__, "said": str(each)}
            for each in book.findings
        ],
    }
    output.emit(ctx, data, lambda: _show(book))


@click.command
@click.argument("asset")
@documents_option
@naming.in_namespace
@trade.reads
def release(ctx: click.Context, asset: str, *, folder: Path, issuer: str | None, prefix: str | None) -> None:
    """Say what is left of a life-limited part, or fail and say why it must not be installed.

    \b
    Example:
      fabricant asset release DISC-1 --documents logs
    """
    fabricant = trade.reading(ctx)
    found = naming.asset(ctx, fabricant, asset, issuer=issuer, prefix=prefix)
    part = read_service_life(fabricant, found, documents_in(folder))
    left = part.release()
    rows = [
        (meter.name, meter.unit, limit, part.used(meter), left[meter])
        for meter, limit in part.book.limits.items()
    ]
    names = ("meter", "unit", "limit", "used", "left")
    data = {"asset": facts.asset_text(found), "meters": [dict(zip(names, row, strict=True)) for row in rows]}
    output.emit(ctx, data, lambda: output.table(*names, rows=rows))


def documents_in(folder: Path) -> Documents:
    """What is in a folder, and nothing outside of it, whatever a URI says."""
    found = {each.name: each for each in folder.iterdir() if each.is_file()}

    def read(uri: str) -> bytes | None:
        file = found.get(uri.rpartition("/")[2])
        return None if file is None else files.read(file, most=LARGEST_DOCUMENT)

    return read


def _entry(entry: Entry, book: Logbook) -> dict[str, Any]:
    return {
        "number": entry.number,
        "time": entry.when.time,
        "author": entry.author,
        "by": entry.by,
        "rights": entry.rights,
        "hash": entry.hash,
        "uri": entry.uri,
        "content": entry.content if isinstance(entry.content, Content) else None,
        "correctedBy": _corrected_by(entry, book),
    }


def _show(book: Logbook) -> None:
    rows = [
        (
            entry.number,
            format_time(entry.when.time),
            entry.author,
            ", ".join(str(right.name).lower() for right in entry.rights),
            "; ".join(_told(entry.content)) if isinstance(entry.content, Content) else None,
            _corrected_by(entry, book),
        )
        for entry in book.entries
    ]
    output.table("no.", "time", "author", "right", "entry", "corrected by", rows=rows)
    for finding in book.findings:
        output.say(str(finding))


def _corrected_by(entry: Entry, book: Logbook) -> int | None:
    correction = book.corrections.get(entry.number)
    return correction.number if correction else None


def _told(content: Content) -> list[str]:
    """What a document says, in words."""
    limit = f"limit: {content.limit}" if content.limit else None
    return [str(each) for each in (printable(content.work), content.reading, limit) if each]
