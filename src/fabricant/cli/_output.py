"""How results and failures are shown: tables for people, JSON for programs.

A result goes to standard output and nothing else does; notes, progress and failures go to standard error,
so that a script can read one and a person sees the other. In JSON, names are in camelCase, bytes are 0x and
hex digits, times are Unix seconds; a command gives amounts of money as text in base units, because many
programs read numbers as floats.

    output.emit(ctx, {"gas": 1}, lambda: output.table("operation", "gas", rows=[("book", 148000)]))
"""

import dataclasses
import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from enum import Enum
from itertools import zip_longest
from typing import Any, Final

import click

from fabricant.cli import _app as app
from fabricant.errors import FabricantError

STOPPED: Final = 130
_INDENT: Final = 4  # columns of a level of a tree


def emit(ctx: click.Context, data: object, show: Callable[[], object]) -> None:
    """Prints a result: `data` as JSON if that is wanted, else what `show` prints."""
    if app.wants_json(ctx):
        click.echo(json.dumps(plain(data), indent=1, ensure_ascii=False))
        sys.stdout.flush()
    else:
        show()


def stream(ctx: click.Context, data: object, text: str) -> None:
    """Prints one of many results as it comes: `data` as a line of JSON if that is wanted, else the text."""
    click.echo(json.dumps(plain(data), ensure_ascii=False) if app.wants_json(ctx) else text)
    sys.stdout.flush()


def table(*headings: str, rows: Iterable[Sequence[object]]) -> None:
    """Prints rows, below headings if any: numbers to the right, None as a dash; nothing is cut or wrapped."""
    from rich.console import Console  # noqa: PLC0415 - slow, and not needed for JSON
    from rich.measure import Measurement  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    cells = [list(row) for row in rows]
    shown = Table(box=None, pad_edge=False, header_style="bold", show_header=bool(headings))
    for heading, *column in zip_longest(headings, *cells, fillvalue=""):
        is_number = any(type(value) is int for value in column)
        shown.add_column(Text(str(heading)), justify="right" if is_number else "left", no_wrap=True)
    for row in cells:
        shown.add_row(*(Text(_cell(value)) for value in row))
    console = Console(highlight=False)
    natural = Measurement.get(console, console.options.update(width=10_000), shown).maximum
    console.width = max(console.width, natural)
    with console.capture() as captured:
        console.print(shown)
    for line in captured.get().splitlines():
        click.echo(line.rstrip())


def tree(lines: Iterable[tuple[int, str]]) -> None:
    """Prints lines as a tree, each with its level; the first is at level zero. Nothing is cut or wrapped."""
    from rich.cells import cell_len  # noqa: PLC0415 - slow, and not needed for JSON
    from rich.console import Console  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415
    from rich.tree import Tree  # noqa: PLC0415

    (_, root), *others = lines
    branch, width = [Tree(Text(root))], cell_len(root)
    for level, text in others:
        branch[level:] = [branch[level - 1].add(Text(text))]
        width = max(width, _INDENT * level + cell_len(text))
    console = Console(highlight=False, width=width)
    with console.capture() as captured:
        console.print(branch[0])
    for line in captured.get().splitlines():
        click.echo(line.rstrip())


def say(text: str) -> None:
    """Prints a sentence of the result, for people."""
    click.echo(text)


def note(text: str) -> None:
    """Prints what is not the result: progress, hints, warnings. Says nothing beside JSON."""
    ctx = click.get_current_context(silent=True)
    if ctx is None or not app.wants_json(ctx):
        click.echo(text, err=True)


@contextmanager
def progress(total: int, what: str) -> Iterator[Callable[[int], object]]:
    """A bar on standard error; what it gives is told how many more are done. Shows nothing beside JSON."""
    from rich.console import Console  # noqa: PLC0415 - slow, and not needed for JSON
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn  # noqa: PLC0415

    ctx = click.get_current_context(silent=True)
    columns = ("{task.description}", BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    quiet = ctx is not None and app.wants_json(ctx)
    with Progress(*columns, console=Console(stderr=True), disable=quiet) as bar:
        task = bar.add_task(what, total=total)
        yield lambda more: bar.advance(task, more)


def fail(error: FabricantError | OSError, *, as_json: bool) -> int:
    """Prints a failure, as a JSON object if that is wanted, and returns the exit code that it ends with."""
    code = error.exit_code if isinstance(error, FabricantError) else 1
    if as_json:
        _fail_json(type(error).__name__, str(error), code, **_more(error))
    else:
        click.echo("\n".join([f"fabricant: {error}", *getattr(error, "__notes__", ())]), err=True)
    return code


def fail_usage(wrong: click.ClickException, *, as_json: bool) -> int:
    """The same for a command line that click refuses."""
    if as_json:
        _fail_json("Usage", wrong.format_message(), wrong.exit_code)
    else:
        wrong.show()
    return wrong.exit_code


def stopped(*, as_json: bool) -> int:
    """The same for a program that somebody ended, with Ctrl-C or without typing what it asked for."""
    if as_json:
        _fail_json("Stopped", "stopped", STOPPED)
    else:
        click.echo("fabricant: stopped", err=True)
    return STOPPED


def _fail_json(error: str, message: str, code: int, **more: object) -> None:
    facts = {"error": error, "message": message, "exitCode": code, **more}
    click.echo(json.dumps(facts, ensure_ascii=False), err=True)


def _more(error: FabricantError | OSError) -> dict[str, object]:
    """What else programs may know of an error: a contract's arguments, a transaction's hash."""
    from fabricant.chain.reverts import ContractError  # noqa: PLC0415 - slow, and there only in a failure
    from fabricant.cli import _facts as facts  # noqa: PLC0415

    found: dict[str, object] = {}
    if isinstance(error, ContractError):
        found["arguments"] = facts.of_fields(type(error), error.arguments)
    if transaction := getattr(error, "transaction", None):
        found["transaction"] = transaction
    return found


def plain(value: object) -> Any:
    """A value as JSON has it: bytes as hex digits, enumerations by name, dataclasses as `_facts.of` has them.

    A bare number stays one: amounts and ids are known by their types, in dataclasses alone.
    """
    match value:
        case Enum():
            found: Any = value.name.lower()
        case None | bool() | int() | str():
            found = value
        case bytes():
            found = f"0x{value.hex()}"
        case Mapping():
            found = {str(name): plain(each) for name, each in value.items()}
        case _ if dataclasses.is_dataclass(value):
            from fabricant.cli import _facts as facts  # noqa: PLC0415 - slow, and seldom needed

            found = facts.of(value)
        case Iterable():
            found = [plain(each) for each in value]
        case _:
            found = str(value)
    return found


def camel(name: str) -> str:
    """The JSON name of a field: "first_block" is "firstBlock", "from_" is "from"."""
    first, *others = name.strip("_").split("_")
    return first + "".join(other.title() for other in others)


def _cell(value: object) -> str:
    if value is None:
        return "–"
    return f"{value:,}" if type(value) is int else str(value)
