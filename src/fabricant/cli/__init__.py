"""The command line: one module per command group, each loaded only when its command is called.

A file `cli/<name>.py` that exposes a click command or group called `command` is the command
`fabricant <name>`; there is nothing else to register. A `FabricantError` ends the program with its sentence
and its exit code.
"""

import pkgutil
import sys
from importlib import import_module
from typing import Any

import click

from fabricant import __version__
from fabricant.errors import FabricantError


class _LazyGroup(click.Group):
    """Finds commands by file name, so that `fabricant --help` stays fast as commands are added."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return sorted(name for _, name, _ in pkgutil.iter_modules(__path__) if not name.startswith("_"))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.list_commands(ctx):
            return None
        command = import_module(f"{__name__}.{cmd_name}").command
        assert isinstance(command, click.Command)  # noqa: S101  # a programming error, not an input
        return command

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except FabricantError as error:
            click.echo(f"fabricant: {error}", err=True)
            sys.exit(error.exit_code)


@click.group(cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__)
def main() -> None:
    """Do business between manufacturers on any Ethereum network."""
