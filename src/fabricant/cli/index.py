"""`fabricant index`: keep everything that happened in a database, and check it."""

import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from fabricant.cli import _app as app
from fabricant.cli import _index as databases
from fabricant.cli import _output as output
from fabricant.cli import _trade as trade
from fabricant.domain.units import Seconds, UnixSeconds, count_of, format_time, parse_duration
from fabricant.errors import BadAnswer, RpcRefused, RpcUnavailable, VerificationFailed

if TYPE_CHECKING:
    from fabricant.index import Index, Progress

PAUSE: Final = app.Parsed("duration", parse_duration)
LONGEST_PAUSE: Final = 60.0


@click.group
def command() -> None:
    """Keep everything that happened in a database, and check it.

    The index follows one deployment: every event, and the state that follows from them, in a SQLite file that
    equals the chain after any reorganisation or kill. `fabricant query` asks it, and so can any program that
    reads SQLite. Needs `pip install fabricant[index]`.

    \b
    Example:
      fabricant index run --once
    """


@command.command
@databases.store_option
@click.option("--once", is_flag=True, help="Go to the head of the chain, then end.")
@click.option("--every", type=PAUSE, default="1 s", show_default=True, help="Look for new blocks so often.")
@trade.reads
def run(ctx: click.Context, *, store: Path | None, once: bool, every: Seconds) -> None:
    """Follow the chain until you stop it. Stop or kill it at any time; it goes on where it was.

    \b
    Example:
      fabricant index run
    """
    pause = float(max(1, every))
    with databases.opened(ctx, store, write=True) as index:
        output.note(f"Following into {index.store.file}.")
        while True:
            try:
                _sync(index)
                pause = float(max(1, every))
            except (BadAnswer, RpcRefused, RpcUnavailable) as trouble:
                if once:
                    raise
                output.note(f"{trouble}. Trying again.")
                pause = min(2 * pause, LONGEST_PAUSE)
            if once:
                break
            time.sleep(pause)
        data = {"store": str(index.store.file), **databases.age(index)}
        said = f"At block {data['block']}: {count_of(_events(index), 'event')} in {index.store.file}."
        output.emit(ctx, data, lambda: output.say(said))


def _sync(index: "Index") -> None:
    """Goes to the head; says how far it is about every second."""
    told = time.monotonic()

    def tell(done: "Progress") -> None:
        nonlocal told
        if time.monotonic() - told > 1:
            told = time.monotonic()
            output.note(f"block {done.block} of {done.head}, {count_of(done.events, 'event')}")

    index.sync(tell)


@command.command
@databases.store_option
@trade.reads
def status(ctx: click.Context, *, store: Path | None) -> None:
    """Say how far the index has come, and how far the chain has.

    \b
    Example:
      fabricant index status
    """
    with databases.opened(ctx, store, write=False) as index:
        head, at = app.network(ctx).head(), index.ask.cursor()
        events = _events(index)
        data = {
            "store": str(index.store.file),
            **databases.age(index),
            "head": head.number,
            "behind": max(0, head.number - at.block),
            "events": events,
            "unknownLogs": at.unknown,
        }
        when, behind = format_time(UnixSeconds(at.time)), count_of(max(0, head.number - at.block), "block")
        words = [
            f"{count_of(events, 'event')} up to block {at.block} ({when}), {behind} behind.",
            f"The database is {index.store.file}.",
            f"Nothing can be replaced any more up to block {max(at.final, 0)}.",
            *([f"Logs that are no known event, kept as they are: {at.unknown}."] if at.unknown else []),
        ]
        output.emit(ctx, data, lambda: output.say("\n".join(words)))


@command.command
@databases.store_option
@trade.reads
def verify(ctx: click.Context, *, store: Path | None) -> None:
    """Read everything again from the chain and compare every row. Ends with 6 if one is different.

    \b
    Example:
      fabricant index verify
    """
    with databases.opened(ctx, store, write=True) as index:
        index.sync()
        output.note("Reading everything again …")
        different = index.differences()
        data = {**databases.age(index), "rows": different.rows, "different": list(different.tables)}
        said = f"All {different.rows:,} rows are as the chain has them."
        if different.tables:
            raise VerificationFailed(
                f"the index is not what the chain says: {', '.join(different.tables)} differ; delete "
                f"{index.store.file} and run the index again"
            )
        output.emit(ctx, data, lambda: output.say(said))


def _events(index: "Index") -> int:
    return index.ask.count()
