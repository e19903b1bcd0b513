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
from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import Enum
from itertools import zip_longest
from typing import Any

import click

from fabricant.cli import _app as app
from fabricant.errors import FabricantError


def emit(ctx: click.Context, data: object, show: Callable[[], object]) -> None:
    """Prints a result: `data` as JSON if that is wanted, else what `show` prints."""
    if app.wants_json(ctx):
        click.echo(json.dumps(plain(data), indent=1, ensure_ascii=False))
        sys.stdout.flush()
    else:
        show()


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


def say(text: str) -> None:
    """Prints a sentence of the result, for people."""
    click.echo(text)


def note(text: str) -> None:
    """Prints what is not the result: progress, hints, warnings. Says nothing beside JSON."""
    ctx = click.get_current_context(silent=True)
    if ctx is None or not app.wants_json(ctx):
        click.echo(text, err=True)


def fail(ctx: click.Context, error: FabricantError | OSError) -> int:
    """Prints a failure, as a JSON object if that is wanted, and returns the exit code that it ends with."""
    code = error.exit_code if isinstance(error, FabricantError) else 1
    if app.wants_json(ctx):
        facts = {"error": type(error).__name__, "message": str(error), "exitCode": code}
        more = {name: getattr(error, name, None) for name in ("arguments", "transaction")}
        facts |= {name: plain(value) for name, value in more.items() if value is not None}
        click.echo(json.dumps(facts, ensure_ascii=False), err=True)
    else:
        note("\n".join([f"fabricant: {error}", *getattr(error, "__notes__", ())]))
    return code


def plain(value: object) -> Any:
    """A value as JSON has it: dataclasses as objects, bytes as hex digits, enumerations by name."""
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
            names = [field.name for field in dataclasses.fields(value)]
            found = {camel(name): plain(getattr(value, name)) for name in names}
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
