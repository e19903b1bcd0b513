"""`fabricant build`: compile the contracts of a clone into the artifacts that ship with the package."""

import click

from fabricant.chain.build import Built, Report, build, find_project
from fabricant.cli import _app as app
from fabricant.cli import _output as output


@click.command
@click.argument("contracts", nargs=-1, metavar="[CONTRACT]...")
@click.option("--fast", is_flag=True, help="Leave the optimiser out and write to .build/fast.")
@click.option("--check", is_flag=True, help="Write nothing; fail if a packaged artifact is stale.")
@app.json_option
@click.pass_context
def command(ctx: click.Context, contracts: tuple[str, ...], *, fast: bool, check: bool) -> None:
    """Compile all contracts, or only those named (by contract, or by path from the root).

    \b
    Example:
      fabricant build Directory contracts/escrow/SupplierEscrow.sol
    """
    report = build(find_project(), only=contracts, fast=fast, check=check)
    output.emit(ctx, _plain(report), lambda: _show(report))


def _plain(report: Report) -> dict[str, object]:
    return {
        "compiled": report.compiled,
        "warnings": report.warnings,
        "artifacts": {
            built.artifact.name: _sizes(built) | {"changed": built.changed} for built in report.built
        },
    }


def _sizes(built: Built) -> dict[str, int]:
    return {"runtime": len(built.artifact.deployed), "initcode": len(built.artifact.bytecode)}


def _show(report: Report) -> None:
    for warning in report.warnings:
        click.echo(warning, err=True)
    rows = [
        (built.artifact.name, *_sizes(built).values(), "written" if built.changed else "unchanged")
        for built in report.built
    ]
    if rows:
        output.table("contract", "runtime bytes", "initcode bytes", "artifact", rows=rows)
    output.say(f"{len(report.compiled)} sources compiled, the others were in the cache.")
