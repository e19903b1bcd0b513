"""`fabricant verify`: check that the contracts on a chain are the ones of this package."""

from pathlib import Path

import click

from fabricant.chain.deployment import Deployment, read
from fabricant.chain.verify import Verification, find_compiler, verify
from fabricant.cli import _app as app
from fabricant.cli import _output as output
from fabricant.domain.units import Address, parse_address
from fabricant.errors import NotFound, VerificationFailed


@click.command
@click.option(
    "--registrar",
    type=app.Parsed("address", parse_address),
    help="The registrar at deployment; without it, the one that is recorded.",
)
@click.option("--no-compile", is_flag=True, help="Trust the packaged bytecode, also if there is a compiler.")
@app.network_options
@app.json_option
@click.pass_context
def command(ctx: click.Context, *, registrar: Address | None, no_compile: bool) -> None:
    """Check that the contracts on a chain are the ones of this package, to the last byte.

    The packaged sources are compiled again if there is a compiler; no explorer is asked. Ends with 6 if
    anything differs.

    \b
    Example:
      fabricant verify --network sepolia
    """
    network, folder = app.network(ctx), app.folder(ctx)
    recorded = read(folder, network.chain_id)
    known = registrar or _recorded_registrar(recorded, folder)
    result = verify(network, known, recorded=recorded, compiler=None if no_compile else find_compiler())
    output.emit(ctx, _plain(result), lambda: _show(result))
    if not result.is_verified:
        wrong = ", ".join(verdict.name for verdict in result.verdicts if not verdict.is_verified)
        raise VerificationFailed(
            f"not what this package says on chain {result.chain_id}: {wrong}; don't use it"
        )


def _recorded_registrar(recorded: Deployment | None, folder: Path) -> Address:
    if recorded is None:
        raise NotFound(f"no deployment on this chain is recorded in {folder}: name the --registrar of it")
    return recorded.registrar


def _plain(result: Verification) -> object:
    return {
        "chainId": result.chain_id,
        "block": result.block,
        "registrar": result.registrar,
        "compiler": result.compiler,
        "verified": result.is_verified,
        "contracts": {
            verdict.name: {
                "address": verdict.address,
                "verified": verdict.is_verified,
                "differences": verdict.differences,
            }
            for verdict in result.verdicts
        },
    }


def _show(result: Verification) -> None:
    rows = [
        (verdict.name, verdict.address, "as it should be" if verdict.is_verified else "DIFFERS")
        for verdict in result.verdicts
    ]
    output.table("contract", "address", "", rows=rows)
    for verdict in result.verdicts:
        for one in verdict.differences:
            output.say(f"\n{verdict.name}: {one.where}\n  expected {one.expected}\n  found    {one.found}")
    compared = (
        f"sources, compiled again with {result.compiler}"
        if result.compiler
        else "packaged bytecode (nothing was compiled)"
    )
    output.say(f"\nCompared with the {compared}, as of block {result.block}.")
