"""`fabricant events`: print events as they happen, and take back what a reorganisation removed."""

import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from fabricant.cli import _app as app
from fabricant.cli import _index as databases
from fabricant.cli import _output as output
from fabricant.cli import _trade as trade
from fabricant.domain.units import Seconds, UnixSeconds, format_time, parse_duration, printable
from fabricant.errors import BadAnswer, RpcRefused, RpcUnavailable

if TYPE_CHECKING:
    from fabricant.index import Index, News

PAUSE: Final = app.Parsed("duration", parse_duration)


@click.command
@click.option("--follow", is_flag=True, help="Go on until you stop it.")
@click.option("--since", type=click.IntRange(0), help="From this block on. [default: the next one]")
@click.option("--contract", help="Of this contract, such as SupplierEscrow.")
@click.option("--event", help="Of this name, such as LineOpened.")
@click.option("--subject", help="About this line, asset or account: the whole id, or the address.")
@click.option("--every", type=PAUSE, default="1 s", show_default=True, help="Look for new blocks so often.")
@databases.store_option
@trade.reads
def command(
    ctx: click.Context,
    *,
    follow: bool,
    since: int | None,
    contract: str | None,
    event: str | None,
    subject: str | None,
    every: Seconds,
    store: Path | None,
) -> None:
    """Print events as they happen, a line each; those of blocks that were replaced are taken back.

    Reads and brings on the index of `fabricant index run`, or only reads it while that runs. With --json each
    line is an object, whose `removed` says whether the event is taken back.

    \b
    Example:
      fabricant events --follow --contract SupplierEscrow
    """
    from fabricant.index import Watch  # noqa: PLC0415 - an extra of the package

    with databases.shared(ctx, store) as (index, writes):
        _bring_on(index, writes=writes)
        begin = index.ask.cursor().block + 1 if since is None else since
        watch = Watch(index.ask, since=begin, contract=contract, event=event, subject=subject)
        while True:
            for news in watch.news():
                _tell(ctx, news)
            if not follow:
                return
            time.sleep(max(1, every))
            try:
                _bring_on(index, writes=writes)
            except (BadAnswer, RpcRefused, RpcUnavailable) as trouble:
                output.note(f"{trouble}. Trying again.")


def _bring_on(index: "Index", *, writes: bool) -> None:
    if writes:
        index.sync()


def _tell(ctx: click.Context, news: "News") -> None:
    event = news.event
    when, name = format_time(UnixSeconds(event.time)), event.event or "unknown"
    said = f"{when}  {event.block:>9}  {name:<20} {printable(event.subject)}"
    data = {output.camel(each): getattr(event, each) for each in event.__dataclass_fields__}
    text = f"taken back: {said}" if news.removed else said
    output.stream(ctx, {**data, "removed": news.removed}, text)
