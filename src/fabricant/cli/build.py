"""`fabricant build`: compile the contracts of a clone into the artifacts that ship with the package."""

import json

import click
from rich.console import Console
from rich.table import Table

from fabricant.chain.build import Built, Report, build, find_project


@click.command
@click.argument("contracts", nargs=-1, metavar="[CONTRACT]...")
@click.option("--fast", is_flag=True, help="Leave the optimiser out and write to .build/fast.")
@click.option("--check", is_flag=True, help="Write nothing; fail if a packaged artifact is stale.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def command(contracts: tuple[str, ...], *, fast: bool, check: bool, as_json: bool) -> None:
    """Compile all contracts, or only those named (by contract, or by path from the root).

    \b
    Example:
      fabricant build Directory contracts/escrow/SupplierEscrow.sol
    """
    report = build(find_project(), only=contracts, fast=fast, check=check)
    if as_json:
        click.echo(json.dumps(_plain(report), indent=1))
    else:
        _show(report)


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
    table = Table("contract", "runtime bytes", "initcode bytes", "artifact", box=None)
    for built in report.built:
        sizes = _sizes(built)
        state = "written" if built.changed else "unchanged"
        table.add_row(built.artifact.name, f"{sizes['runtime']:,}", f"{sizes['initcode']:,}", state)
    if report.built:
        Console().print(table)
    click.echo(f"{len(report.compiled)} sources compiled, the others were in the cache.")
