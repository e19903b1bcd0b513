"""Which database the commands about the index mean, and what each of them says of its age."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from fabricant.chain.profiles import user_folder
from fabricant.cli import _app as app
from fabricant.cli import _output as output
from fabricant.cli import _trade as trade
from fabricant.domain.units import UnixSeconds, format_time
from fabricant.errors import NotFound

if TYPE_CHECKING:
    from fabricant.index import Index

store_option = click.option(
    "--store",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The database's file. [default: one for each deployment, in your own folder]",
)


def file_of(ctx: click.Context, store: Path | None) -> Path:
    """The database of the deployment of the options."""
    if store is not None:
        return store
    deployment = app.deployment(ctx)
    name = f"{deployment.chain_id}-{deployment.escrow[2:10].lower()}.db"
    return user_folder() / "index" / name


def opened(ctx: click.Context, store: Path | None, *, write: bool) -> "Index":
    """The index of the options. Raises NotFound if it is only to be asked and there is none."""
    from fabricant.index import Index  # noqa: PLC0415 - an extra of the package

    file = file_of(ctx, store)
    if write:
        file.parent.mkdir(parents=True, exist_ok=True)
    elif not file.exists():
        raise NotFound(f"there is no index in {file}; run `fabricant index run` first")
    return Index.open(trade.reading(ctx), file, write=write)


@contextmanager
def shared(ctx: click.Context, store: Path | None) -> "Iterator[tuple[Index, bool]]":
    """The index of the options, made if there is none; and whether it is this process that writes it."""
    from fabricant.index import InUse  # noqa: PLC0415 - an extra of the package

    try:
        index, writes = opened(ctx, store, write=True), True
    except InUse:
        index, writes = opened(ctx, store, write=False), False
    with index:
        yield index, writes


def age(index: "Index") -> dict[str, Any]:
    """As of which block the answers of an index are, and up to which they are final."""
    at = index.ask.cursor()
    return {"block": at.block, "hash": at.hash, "time": at.time, "finalBlock": max(at.final, 0)}


def note_age(index: "Index") -> None:
    """Says so, beside the answer."""
    at = index.ask.cursor()
    when, final = format_time(UnixSeconds(at.time)), max(at.final, 0)
    output.note(f"As of block {at.block} ({when}); final up to {final}.")
