"""The command line: one module per command, each loaded only when its command is called.

A file `cli/<name>.py` that exposes a click command or group called `command` is the command
`fabricant <name>`; there is nothing else to register. The first line of its docstring, "`fabricant <name>`:
what it is for.", is what `fabricant --help` says of it, so that listing the commands loads none of them.
What commands share is in `_app` (networks, wallets, contracts) and `_output` (tables, JSON, errors).
"""

import ast
import pkgutil
import re
import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.util import find_spec
from typing import Any, cast

import click
from click.shell_completion import CompletionItem

from fabricant import __version__
from fabricant.cli import _app as app
from fabricant.cli import _output as output
from fabricant.errors import FabricantError


class _Root(click.Group):
    """Finds commands by file name, and ends the program as `fabricant.errors` says."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return sorted(name for _, name, _ in pkgutil.iter_modules(__path__) if not name.startswith("_"))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.list_commands(ctx):
            return None
        return cast("click.Command", import_module(f"{__name__}.{cmd_name}").command)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, _summary(name)) for name in self.list_commands(ctx)])

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        matching = (name for name in self.list_commands(ctx) if name.startswith(incomplete))
        options = click.Command.shell_complete(self, ctx, incomplete)
        return [*(CompletionItem(name, help=_summary(name)) for name in matching), *options]

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except (FabricantError, OSError) as error:
            ctx.exit(output.fail(error, as_json=app.wants_json(ctx)))

    def main(self, args: Sequence[str] | None = None, *others: Any, **more: Any) -> Any:
        """Runs the program. What click itself refuses, and Ctrl-C, end as all else does."""
        given = sys.argv[1:] if args is None else [*args]
        as_json = "--json" in given  # a line that can't be read has no options yet
        try:
            code = super().main(given, *others, **{**more, "standalone_mode": False})
        except click.ClickException as wrong:
            code = output.fail_usage(wrong, as_json=as_json)
        except (click.Abort, KeyboardInterrupt):
            code = output.stopped(as_json=as_json)
        sys.exit(code or 0)


def _summary(name: str) -> str:
    """What a command's module says of it in its first line, read without running the module."""
    spec = find_spec(f"{__name__}.{name}")
    source = cast("Any", spec).loader.get_source(f"{__name__}.{name}")
    line = (ast.get_docstring(ast.parse(source)) or "").partition("\n")[0]
    says = re.sub(r"^`[^`]+`: ", "", line)
    return says[:1].upper() + says[1:]


@click.group(cls=_Root, context_settings={"help_option_names": ["-h", "--help"]})
@app.network_options
@app.wallet_options
@app.json_option
@click.version_option(__version__)
def main() -> None:
    """Do business between manufacturers on any Ethereum network.

    The options below may stand here or behind the command. Every command explains itself:
    `fabricant COMMAND --help`.

    Exit codes: 0 done, 1 unexpected, 2 usage or invalid input, 3 refused by the chain, 4 network, 5 wallet, 6
    not found or not verified, 130 stopped with Ctrl-C.

    \b
    Completion, for bash (zsh and fish likewise), in ~/.bashrc:
      eval "$(_FABRICANT_COMPLETE=bash_source fabricant)"

    \b
    Example:
      fabricant chain start --deploy
      fabricant demo
    """
