"""`fabricant deploy`: put the contracts on a chain, at the same addresses everywhere."""

import click

from fabricant.chain.deploy import Step, deploy
from fabricant.chain.deployment import Deployment, record_file
from fabricant.chain.survey import Survey, choose_registrar, survey
from fabricant.cli import _app as app
from fabricant.cli import _output as output
from fabricant.domain.units import Address, format_amount, parse_address


@click.command
@click.option(
    "--registrar",
    type=app.Parsed("address", parse_address),
    help="Who assigns companies' prefixes. Part of the addresses, so the same one on every chain.",
)
@click.option("--dry-run", is_flag=True, help="Send nothing; show what is missing and what it may cost.")
@app.network_options
@app.wallet_options
@app.json_option
@click.pass_context
def command(ctx: click.Context, *, registrar: Address | None, dry_run: bool) -> None:
    """Put the contracts on a chain, at the same addresses on every chain.

    What is there already is checked and kept, so that you can run this again whenever it was interrupted.
    Each step is recorded in deployments/<chain id>.json.

    \b
    Example:
      fabricant deploy --network sepolia --registrar 0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed
    """
    network, folder = app.network(ctx, start_local=True), app.folder(ctx)
    if dry_run:
        chosen = choose_registrar(network, registrar, deployer=app.account(ctx), folder=folder)
        found = survey(network, registrar=chosen, folder=folder)
        output.emit(ctx, _plan(found), lambda: _show_plan(found))
    else:
        deployment = deploy(app.sender(ctx), registrar=registrar, folder=folder, progress=_tell)
        output.emit(ctx, _result(deployment), lambda: _show(deployment))
        output.note(f"Recorded in {record_file(folder, network.chain_id)}.")


def _tell(step: Step) -> None:
    match step.state:
        case "waiting":
            output.note(f"{step.name} of {step.address}: waiting until they are mined")
        case "found":
            output.note(f"{step.name}: is there")
        case "sending":
            output.note(f"{step.name}: sending …")
        case "done":
            output.note(f"{step.name}: done" + (f", {step.gas:,} gas" if step.gas else ""))


def _result(deployment: Deployment) -> object:
    return {
        "chainId": deployment.chain_id,
        "registrar": deployment.registrar,
        "contracts": {
            name: {"address": entry.address, "block": entry.block, "transaction": entry.transaction}
            for name, entry in deployment.contracts.items()
        },
    }


def _show(deployment: Deployment) -> None:
    rows = [
        (name, entry.address, entry.block, entry.transaction) for name, entry in deployment.contracts.items()
    ]
    output.table("contract", "address", "block", "transaction", rows=rows)


def _plan(found: Survey) -> object:
    return {
        "chainId": found.known.chain_id,
        "registrar": found.known.registrar,
        "cost": str(found.cost),
        "factoryMissing": found.needs_factory,
        "contracts": {
            contract.name: {"address": contract.address, "missing": contract in found.missing}
            for contract in found.planned
        },
    }


def _show_plan(found: Survey) -> None:
    rows = [
        (contract.name, contract.address, "missing" if contract in found.missing else "there")
        for contract in found.planned
    ]
    output.table("contract", "address", "", rows=rows)
    output.say(f"\nRegistrar: {found.known.registrar}")
    if found.needs_factory:
        output.say("The standard factory is missing too.")
    output.say(f"Deploying would cost {format_amount(found.cost, 18)} coin at most. Nothing was sent.")
