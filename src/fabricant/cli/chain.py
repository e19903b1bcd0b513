"""`fabricant chain`: run a local chain to try things on, and see how any chain is doing."""

import signal
from contextlib import suppress

import click

from fabricant.chain.anvil import LocalChain
from fabricant.chain.deploy import deploy
from fabricant.chain.deployment import Deployment, find
from fabricant.chain.network import Network
from fabricant.chain.transactions import Sender
from fabricant.chain.wallet import Wallet, dev_wallets
from fabricant.cli import _app as app
from fabricant.cli import _local as local
from fabricant.cli import _output as output
from fabricant.domain.units import (
    BaseUnits,
    Seconds,
    UnixSeconds,
    format_amount,
    format_time,
    parse_duration,
)
from fabricant.errors import InvalidInput, NotFound

GWEI_DECIMALS = 9


@click.group
def command() -> None:
    """Run a local chain to try things on, and see how any chain is doing.

    \b
    Example:
      fabricant chain start --deploy
    """


@command.command
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="The port; without one, a free one.")
@click.option(
    "--block-time",
    type=click.IntRange(min=1),
    metavar="SECONDS",
    help="A block every so many seconds; without it, one for each transaction.",
)
@click.option("--deploy", "deploying", is_flag=True, help="Put the contracts on it.")
@app.network_options
@app.json_option
@click.pass_context
def start(ctx: click.Context, *, port: int, block_time: int | None, deploying: bool) -> None:
    """Run a chain of your own until Ctrl-C.

    The other commands find it as `local`, and its ten rich accounts as the wallets dev:0 to dev:9. It is
    Anvil, whose keys everybody knows: use these accounts nowhere else.

    \b
    Example:
      fabricant chain start --deploy
    """
    if (running := local.find()) is not None:
        raise InvalidInput(f"a local chain is running already, at {running}: end it first, or use it")
    options = () if block_time is None else ("--block-time", str(block_time))
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with (
        suppress(KeyboardInterrupt),
        LocalChain.start(port=port, options=options) as chain,
        local.announced(chain.rpc.url),
    ):
        wallets = dev_wallets(chain)
        deployment = deploy(Sender(chain, wallets[0]), folder=app.folder(ctx)) if deploying else None
        output.emit(ctx, _started(chain, wallets, deployment), lambda: _show(chain, wallets, deployment))
        signal.pause()


@command.command
@app.network_options
@app.json_option
@click.pass_context
def status(ctx: click.Context) -> None:
    """Show how a chain is doing, and whether the contracts are on it.

    \b
    Example:
      fabricant chain status --network local
    """
    network = app.network(ctx)
    head, market = network.head(), network.fee_market()
    deployment = None
    with suppress(NotFound):
        deployment = find(network, app.folder(ctx))
    facts = {
        "network": network.profile.name,
        "url": str(network.rpc.url),
        "chainId": network.chain_id,
        "client": str(network.rpc.call("web3_clientVersion")),
        "block": head.number,
        "time": head.timestamp,
        "baseFee": str(market.base_fee),
        "tip": str(market.tip),
        "contracts": _addresses(deployment),
    }
    words = {
        "time": format_time(head.timestamp),
        "baseFee": f"{_gwei(market.base_fee)} gwei per gas",
        "tip": f"{_gwei(market.tip)} gwei per gas",
        "contracts": "deployed" if deployment else "not deployed, or not recorded here",
    }
    rows = [(name, str(value)) for name, value in (facts | words).items()]
    output.emit(ctx, facts, lambda: output.table(rows=rows))


@command.command
@click.argument("duration", type=app.Parsed("duration", parse_duration))
@app.network_options
@app.json_option
@click.pass_context
def advance(ctx: click.Context, duration: Seconds) -> None:
    """Let time pass on a local chain, such as "3 days" or 90min.

    \b
    Example:
      fabricant chain advance "3 days"
    """
    chain = app.development(ctx)
    block = chain.mine(at=UnixSeconds(chain.now() + duration))
    facts = {"block": block.number, "time": block.timestamp}
    output.emit(
        ctx, facts, lambda: output.say(f"It is {format_time(block.timestamp)}, in block {block.number}.")
    )


def _started(chain: Network, wallets: tuple[Wallet, ...], deployment: Deployment | None) -> object:
    return {
        "url": chain.rpc.url.reveal(),
        "chainId": chain.chain_id,
        "accounts": {f"dev:{number}": wallet.address for number, wallet in enumerate(wallets)},
        "contracts": _addresses(deployment),
    }


def _show(chain: Network, wallets: tuple[Wallet, ...], deployment: Deployment | None) -> None:
    output.say(f"Chain {chain.chain_id} at {chain.rpc.url}; other commands know it as `local`.\n")
    accounts = [
        (f"dev:{number}", wallet.address, f"{format_amount(chain.balance(wallet.address), 18)}")
        for number, wallet in enumerate(wallets)
    ]
    output.table("wallet", "address", "coin", rows=accounts)
    if deployment is not None:
        output.say("")
        output.table("contract", "address", rows=(_addresses(deployment) or {}).items())
    output.say("\nCtrl-C ends it.")


def _addresses(deployment: Deployment | None) -> dict[str, str] | None:
    if deployment is None:
        return None
    return {name: entry.address for name, entry in deployment.contracts.items()}


def _gwei(fee: BaseUnits) -> str:
    return format_amount(fee, GWEI_DECIMALS)
