"""`fabricant wallet`: keep keys, encrypted, and see what they hold."""

from pathlib import Path

import click

from fabricant.chain.keystore import SHORTEST_PASSPHRASE, Keystore
from fabricant.chain.secret import Secret, read_secret
from fabricant.chain.wallet import Wallet
from fabricant.cli import _app as app
from fabricant.cli import _naming as naming
from fabricant.cli import _output as output
from fabricant.domain.units import format_amount
from fabricant.errors import FabricantError

KEY_VARIABLE = "FABRICANT_PRIVATE_KEY"


@click.group
def command() -> None:
    """Keep keys, encrypted, and see what they hold.

    Keys never appear: not in a result, not in a log. A wallet can't be opened without its passphrase, and
    nobody can restore a passphrase.

    \b
    Example:
      fabricant wallet create purchasing
    """


@command.command
@click.argument("name")
@app.passphrase_option
@app.json_option
@click.pass_context
def create(ctx: click.Context, name: str) -> None:
    """Make a new key and keep it under a name.

    \b
    Example:
      fabricant wallet create purchasing
    """
    wallet = Keystore().create(name, _new_passphrase(ctx, name))
    _emit_kept(ctx, name, wallet)


@command.command("import")
@click.argument("name")
@click.option(
    "--file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Another program's keystore, version 3; its passphrase stays the same.",
)
@click.option(
    "--key-fd",
    type=click.IntRange(min=0),
    help=f"Read the private key from this file descriptor; else {KEY_VARIABLE}, else you are asked.",
)
@app.passphrase_option
@app.json_option
@click.pass_context
def import_(ctx: click.Context, name: str, *, file: Path | None, key_fd: int | None) -> None:
    """Keep a key that you have already, from a keystore file or as 64 hex digits.

    \b
    Example:
      fabricant wallet import treasury --file UTC--2026-11-20--5aaeb6053f3e94c9
    """
    if file is not None:
        wallet = Keystore().import_file(name, file, app.passphrase(ctx, f"passphrase of {file}"))
    else:
        key = read_secret("private key", variable=KEY_VARIABLE, descriptor=key_fd)
        wallet = Keystore().import_key(name, key, _new_passphrase(ctx, name))
    _emit_kept(ctx, name, wallet)


@command.command("list")
@app.json_option
@click.pass_context
def list_(ctx: click.Context) -> None:
    """List the wallets of the keystore.

    \b
    Example:
      fabricant wallet list
    """
    problems: list[FabricantError] = []
    entries = Keystore().entries(broken=problems.append)
    for problem in problems:
        output.note(f"Left out: {problem}")
    if not entries and not problems:
        output.note("No wallets yet: make one with `fabricant wallet create NAME`.")
    output.emit(
        ctx,
        entries,
        lambda: output.table("wallet", "address", rows=[(entry.name, entry.address) for entry in entries]),
    )


@command.command
@click.argument("who", type=naming.WHO, required=False)
@app.network_options
@app.json_option
@click.pass_context
def show(ctx: click.Context, who: str | None) -> None:
    """Show what a wallet, or any other account, holds on a network. The wallet stays closed.

    \b
    Example:
      fabricant wallet show purchasing --network sepolia
    """
    network, address = app.network(ctx), naming.principal(ctx, who)
    balance, sent = network.balance(address), network.nonce(address)
    facts = {"address": address, "chainId": network.chain_id, "coin": str(balance), "transactions": sent}
    rows = [
        ("address", address),
        ("coin", f"{format_amount(balance, 18)} on chain {network.chain_id}"),
        ("transactions sent", str(sent)),
    ]
    output.emit(ctx, facts, lambda: output.table(rows=rows))


def _new_passphrase(ctx: click.Context, name: str) -> Secret[str]:
    what = f"new passphrase of {name} (at least {SHORTEST_PASSPHRASE} characters)"
    return app.passphrase(ctx, what, twice=True)


def _emit_kept(ctx: click.Context, name: str, wallet: Wallet) -> None:
    facts = {"name": name, "address": wallet.address}
    output.emit(ctx, facts, lambda: output.say(f"{name} is {wallet.address}."))
    output.note("Keep a copy of the keystore's folder, and the passphrase elsewhere.")
