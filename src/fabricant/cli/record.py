"""`fabricant record`: anchor logs, and prove later that they are the same."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar

import click

from fabricant.chain import lookup
from fabricant.chain.lookup import Anchored
from fabricant.chain.records import RecordAnchor
from fabricant.cli import _app as app
from fabricant.cli import _facts as facts
from fabricant.cli import _files as files
from fabricant.cli import _naming as naming
from fabricant.cli import _output as output
from fabricant.cli import _trade as trade
from fabricant.domain import shdr
from fabricant.domain.locator import Locator
from fabricant.domain.records import LineProof, Manifest
from fabricant.domain.shdr import LineNumber, split_lines
from fabricant.domain.streams import StreamId, owner_of_stream, stream_id
from fabricant.domain.tampering import verify_log
from fabricant.domain.units import format_time, printable
from fabricant.errors import InvalidInput, VerificationFailed

F = TypeVar("F", bound=Callable[..., Any])

SUFFIX: Final = ".leaves"
MOST_LINE: Final = 2**23  # bytes of a proof


def stream_options(command: F) -> F:
    """The options that say in which stream roots are anchored."""
    stream = click.option("--stream", metavar="NAME|ID", required=True, help="Its name, or its whole id.")
    owner = click.option("--owner", type=naming.WHO, help="Whose stream it is; else your own wallet's.")
    return stream(owner(command))


def _stream(ctx: click.Context, text: str, owner: str | None) -> StreamId:
    if lookup.is_id(text) and len(text) == 66:
        return StreamId(bytes.fromhex(text[2:]))
    return stream_id(naming.principal(ctx, owner), text)


@click.group
def command() -> None:
    """Anchor logs, and prove later that they are the same.

    What is anchored is one hash over all lines; the log itself stays with you. The hashes of the lines are
    written to LOG.leaves: whoever has this file can say which lines of a log were changed.

    \b
    Example:
      fabricant record anchor machine.shdr --stream machine-data
    """


@command.command
@click.argument("log", type=files.FILE)
@stream_options
@click.option("--uri", default="", help="Where the log is found.")
@click.option("--retain", is_flag=True, help="Also keep the root on chain, for contracts to check.")
@click.option("--any-file", is_flag=True, help="Accept a file that is no SHDR log.")
@trade.acts
def anchor(
    ctx: click.Context, log: Path, *, stream: str, owner: str | None, uri: str, retain: bool, any_file: bool
) -> None:
    """Anchor a machine's log. You, or a gateway with the role RECORD for --owner.

    \b
    Example:
      fabricant record anchor machine.shdr --stream machine-data --owner supplier --wallet gateway
    """
    data = files.read(log)
    if not any_file:
        with files.named(log):
            shdr.parse(data)
    manifest = Manifest.of(data)
    fabricant, named = trade.trying(ctx), _stream(ctx, stream, owner)
    place = Locator.of(manifest).add_to_uri(uri)
    words = [
        f"{manifest.count:,} lines of {log} are anchored in the stream 0x{named.hex()}",
        f"  of {owner_of_stream(named)}",
        f"  root: 0x{manifest.root.hex()}{trade.place(uri)}",
    ]
    done = trade.perform(
        ctx,
        fabricant.records,
        RecordAnchor.anchor,
        words,
        named,
        manifest.root,
        count=manifest.count,
        uri=place,
        retained=retain,
    )
    leaves = log.with_name(log.name + SUFFIX)
    leaves.write_bytes(manifest.serialise())
    said = [f"{manifest.count:,} lines were anchored. The hashes of all lines are in {leaves}."]
    trade.report(ctx, done, said, {"manifest": str(leaves)})


@command.command
@click.argument("log", type=files.FILE)
@stream_options
@click.option("--manifest", type=files.FILE, help="The hashes of all lines; else LOG.leaves if it is there.")
@click.option("--line", type=click.IntRange(min=1), help="Also show this line, as it was proven.")
@trade.reads
def verify(
    ctx: click.Context, log: Path, *, stream: str, owner: str | None, manifest: Path | None, line: int | None
) -> None:
    """Say whether a log is one that was anchored, and if not, which lines differ.

    A log that differs is compared with that of the manifest, else with the newest one in the stream. Then the
    exit code is 6.

    \b
    Example:
      fabricant record verify machine.shdr --stream machine-data --owner supplier
    """
    data, named = files.read(log), _stream(ctx, stream, owner)
    beside = log.with_name(log.name + SUFFIX)
    leaves = manifest or (beside if beside.is_file() else None)
    listed = Manifest.parse(files.read(leaves)) if leaves else None
    anchored = lookup.find_batch(trade.reading(ctx), named, candidates=_roots(data, listed))
    batch = anchored.batch
    known = listed if listed and (manifest or listed.root == batch.root) else None
    verdict = verify_log(data, root=batch.root, manifest=known, locator=Locator.in_uri(batch.uri))
    told = {
        "intact": verdict.intact,
        "verdict": str(verdict),
        "findings": [
            {"change": str(each.change), "original": each.original, "present": each.present}
            for each in verdict.findings
        ],
        **_batch_facts(anchored),
    }
    said = [
        f"Anchored {_when(anchored)}, {batch.count:,} lines, root 0x{batch.root.hex()}.",
        _sentence(str(verdict)),
    ]
    if line is not None:
        text = printable(_line(data, line).rstrip(b"\r\n"), 1000)
        changed = any(each.present == line for each in verdict.findings)
        proven = verdict.intact or (verdict.located and not changed)
        told["line"] = {"number": line, "proven": proven, "text": text}
        said.append(f"Line {line} {'is proven' if proven else 'is not proven'}: {text}")
    output.emit(ctx, told, lambda: output.say("\n".join(said)))
    if not verdict.intact:
        raise VerificationFailed(str(verdict))


# Proofs of single lines


@command.group
def proof() -> None:
    """Prove a single line of a log to somebody who may not see the others.

    \b
    Example:
      fabricant record proof make machine.shdr 210 --out line-210.json
    """


@proof.command("make")
@click.argument("log", type=files.FILE)
@click.argument("line", type=click.IntRange(min=1))
@click.option("--out", type=files.NEW_FILE, required=True, help="The file to write.")
@app.json_option
@click.pass_context
def proof_make(ctx: click.Context, log: Path, line: int, *, out: Path) -> None:
    """Write the proof of one line to a file. It holds that line and no other.

    \b
    Example:
      fabricant record proof make machine.shdr 210 --out line-210.json
    """
    data = files.read(log)
    made = Manifest.of(data).prove(LineNumber(line), _line(data, line))
    files.write(out, made.serialise())
    told = {"file": str(out), "line": line, "record": f"0x{made.record.hex()}"}
    output.emit(ctx, told, lambda: output.say(f"The proof of line {line} is in {out}."))


@proof.command("check")
@click.argument("file", type=files.FILE)
@stream_options
@trade.reads
def proof_check(ctx: click.Context, file: Path, *, stream: str, owner: str | None) -> None:
    """Say whether a line stands in a log that was anchored. Ends with 6 if not.

    \b
    Example:
      fabricant record proof check line-210.json --stream machine-data --owner supplier
    """
    given, named = LineProof.parse(files.read(file, most=MOST_LINE)), _stream(ctx, stream, owner)
    anchored = lookup.batches_of(trade.reading(ctx), named)
    found = next((each for each in anchored if given.holds(each.batch.root, each.batch.count)), None)
    if found is None:
        raise VerificationFailed(
            f"no log that was anchored in this stream has this line {given.number}; check stream and file"
        )
    text = printable(given.line.rstrip(b"\r\n"), 1000)
    told = {"line": given.number, "text": text, "proven": True, **_batch_facts(found)}
    said = f"Line {given.number} stands in the log that was anchored {_when(found)}:\n{text}"
    output.emit(ctx, told, lambda: output.say(said))


# Streams


@command.group
def streams() -> None:
    """See what was anchored.

    \b
    Example:
      fabricant record streams show machine-data --owner supplier
    """


@streams.command("show")
@click.argument("stream", metavar="NAME|ID")
@click.option("--owner", type=naming.WHO, help="Whose stream it is; else your own wallet's.")
@trade.reads
def streams_show(ctx: click.Context, stream: str, *, owner: str | None) -> None:
    """List everything that was anchored in a stream.

    \b
    Example:
      fabricant record streams show machine-data --owner supplier
    """
    named = _stream(ctx, stream, owner)
    fabricant = trade.reading(ctx)
    found = lookup.batches_of(fabricant, named)
    head = fabricant.records.head_of(named)
    data = {
        "stream": f"0x{named.hex()}",
        "owner": owner_of_stream(named),
        "head": f"0x{head.hex()}",
        "batches": [_batch_facts(each) for each in found],
    }
    rows = [
        (format_time(each.time), each.batch.count, f"0x{each.batch.root.hex()}", _link(each))
        for each in found
    ]
    output.emit(ctx, data, lambda: _show(f"0x{named.hex()}", rows))


def _show(stream: str, rows: list[tuple[str, int, str, str | None]]) -> None:
    output.say(f"Stream {stream}\n")
    output.table("anchored", "lines", "root", "found at", rows=rows)


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}."


def _roots(data: bytes, listed: Manifest | None) -> list[bytes]:
    """The roots that a log may have been anchored with, the likeliest first."""
    own = [Manifest.of(data).root] if data else []
    return [*own, *([listed.root] if listed else [])]


def _line(data: bytes, number: int) -> bytes:
    lines = list(split_lines(data))
    if number > len(lines):
        raise InvalidInput(f"the log has lines 1 to {len(lines)}, no line {number}")
    return lines[number - 1]


def _when(anchored: Anchored) -> str:
    return f"at {format_time(anchored.time)}"


def _link(anchored: Anchored) -> str | None:
    return printable(anchored.batch.uri.partition("#")[0]) or None


def _batch_facts(anchored: Anchored) -> dict[str, object]:
    return {"time": anchored.time, "block": anchored.block, **facts.of(anchored.batch)}
