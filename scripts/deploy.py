"""`ape run deploy --network ethereum:local:foundry`: `fabricant deploy` on the node that ape is connected to.

Options of `fabricant deploy` go behind two dashes: `ape run deploy --network … -- --wallet treasury`.
"""

import click
from ape import networks
from ape.cli import ConnectedProviderCommand

from fabricant.cli import main


@click.command(cls=ConnectedProviderCommand)
@click.argument("options", nargs=-1, type=click.UNPROCESSED)
def cli(options: tuple[str, ...]) -> None:
    """Put the contracts on the chain of --network; the options behind -- are those of `fabricant deploy`."""
    main(["deploy", "--network", networks.provider.uri, *options])
