"""`fabricant conditions`: read trade conditions in words, write your own, publish them."""

from pathlib import Path
from typing import Any

import click

from fabricant import conditions as shipped
from fabricant.chain import lookup
from fabricant.chain.escrow import SupplierEscrow
from fabricant.cli import _app as app
from fabricant.cli import _facts as facts
from fabricant.cli import _files as files
from fabricant.cli import _naming as naming
from fabricant.cli import _output as output
from fabricant.cli import _trade as trade
from fabricant.conditions import ConditionsSet, Values
from fabricant.domain.units import printable
from fabricant.errors import InvalidInput, NotFound

SUFFIX = ".toml"
MOST = 2**18  # bytes of a file


@click.group
def command() -> None:
    """Read trade conditions in words, write your own, publish them.

    Conditions are standard terms that firms agree once. Whoever agrees to a line or an offer agrees to its
    conditions, so they are always shown in words.

    \b
    Example:
      fabricant conditions show machine-time
    """


@command.command("list")
@trade.reads
def list_(ctx: click.Context) -> None:
    """List the conditions that ship with Fabricant, and those that were published on the chain.

    \b
    Example:
      fabricant conditions list
    """
    published = _published(ctx)
    own = [lookup.named(each) for each in published.values() if shipped.conditions_named(each.id) is None]
    found = [*shipped.library(), *own]
    data = [_facts(each) | {"published": each.id in published} for each in found]
    rows = [
        (
            each.name,
            printable(each.title),
            f"0x{each.id.hex()}",
            "published" if each.id in published else None,
        )
        for each in found
    ]
    output.emit(ctx, data, lambda: output.table("name", "title", "id", "", rows=rows))


@command.command
@click.argument("which", type=naming.CONDITIONS, metavar="NAME|ID|FILE")
@trade.reads
def show(ctx: click.Context, which: str) -> None:
    """Say in words what conditions mean.

    \b
    Example:
      fabricant conditions show machine-time
    """
    found = _find(ctx, which)
    output.emit(ctx, _facts(found), lambda: output.say("\n".join(trade.conditions_words(found))))


@command.command
@click.argument("which", type=naming.CONDITIONS, metavar="NAME|FILE")
@click.option("--uri", default="", help="Where the text is found; it binds nobody.")
@trade.acts
def publish(ctx: click.Context, which: str, *, uri: str) -> None:
    """Publish conditions, so that lines can refer to them. Once published, they never change.

    \b
    Example:
      fabricant conditions publish machine-time
    """
    found = _find(ctx, which)
    if found.id in lookup.conditions_published(trade.reading(ctx)):
        data = {**_facts(found), "transaction": None}
        said = f"The conditions {found.name} (0x{found.id.hex()}) were published before; nothing was sent."
        output.emit(ctx, data, lambda: output.say(said))
        return
    fabricant = trade.trying(ctx)
    words = ["These conditions are published for everybody's use:", *trade.conditions_words(found)]
    action = SupplierEscrow.publish_conditions
    done = trade.perform(ctx, fabricant.escrow, action, words, found.conditions, uri=uri)
    data = {**facts.sent(done.receipt), **_facts(found)}
    lines = [f"The conditions {found.name} were published as 0x{found.id.hex()}."]
    output.emit(ctx, data, lambda: output.say("\n".join([*lines, trade.receipt_line(done.receipt)])))


def _value_options(command: trade.F) -> trade.F:
    """An option for every condition."""
    for name, value in reversed([*shipped.library()[0].values.items()]):
        flag = f"--{name.replace('_', '-')}"
        kind = click.INT if isinstance(value, int) else click.STRING
        meaning = "A number." if isinstance(value, int) else f"Such as {value!r}."
        command = click.option(flag, name, type=kind, help=meaning)(command)
    return command


@command.command
@click.argument("file", type=files.NEW_FILE)
@click.option("--based-on", default="machine-time", show_default=True, help="The set to begin with.")
@click.option("--title", help="What you call them.")
@click.option("--purpose", help="What they are for.")
@click.option("--ask", is_flag=True, help="Ask for every condition that no option states.")
@_value_options
@app.json_option
@click.pass_context
def new(
    ctx: click.Context,
    /,
    file: Path,
    *,
    based_on: str,
    title: str | None,
    purpose: str | None,
    ask: bool,
    **given: Any,
) -> None:
    """Write conditions of your own to FILE, beginning with a shipped set.

    Shares are written like "2.5 %", periods like "3 days". Nothing is published.

    \b
    Example:
      fabricant conditions new ours.toml --based-on tooling --inspection "10 days" --retention-bps "5 %"
    """
    base = shipped.load(based_on)
    values = {name: value for name, value in given.items() if value is not None}
    if ask:
        values = _asked(base.values, values)
    own = base.changed(
        values, name=file.stem, title=title or f"{base.title}, changed", purpose=purpose or base.purpose
    )
    files.write(file, own.serialise().encode())
    data = _facts(own) | {"file": str(file)}
    output.emit(
        ctx, data, lambda: output.say("\n".join([*trade.conditions_words(own), "", f"Written to {file}."]))
    )


def _asked(base: Values, given: dict[str, str | int]) -> dict[str, str | int]:
    """The conditions as somebody at the keyboard wants them."""
    answers = {}
    for name, usual in base.items():
        label = name.removesuffix("_bps").replace("_", " ")
        answers[name] = given.get(name) or click.prompt(label, default=usual, type=type(usual), err=True)
    return answers


def _find(ctx: click.Context, which: str) -> ConditionsSet:
    if which.endswith(SUFFIX):
        file = Path(which)
        try:
            return shipped.parse(files.read(file, most=MOST).decode(), name=file.stem)
        except UnicodeDecodeError:
            raise InvalidInput(f"{file} is not written in UTF-8; is it the right file?") from None
    if not which.startswith("0x"):
        return shipped.load(which)
    return lookup.find_conditions(trade.reading(ctx), which)


def _published(ctx: click.Context) -> dict[Any, Any]:
    """What the chain knows; nothing, and a hint, if there is no chain at hand."""
    try:
        return lookup.conditions_published(trade.reading(ctx))
    except NotFound as missing:
        output.note(f"Only what ships: {missing}")
        return {}


def _facts(found: ConditionsSet) -> dict[str, object]:
    return {
        "name": found.name,
        "title": found.title,
        "id": f"0x{found.id.hex()}",
        "purpose": found.purpose,
        "conditions": facts.of(found.conditions),
        "words": list(found.sentences),
    }
