"""What commands share: the network, the wallet and the contracts that the options name.

A command takes the shared options with decorators and asks here for what they mean; nothing is connected,
opened or asked for before that. For a new command, `cli/asset.py`:

    '''`fabricant asset`: register machines, lots and products, and show them.'''

    from fabricant.cli import _app as app
    from fabricant.cli import _output as output

    @click.command
    @click.argument("asset", type=app.Parsed("asset", parse_asset))
    @app.network_options            # --network, --chain-id, --deployments
    @app.wallet_options             # --wallet, --passphrase-fd
    @app.json_option                # --json
    @click.pass_context
    def command(ctx: click.Context, asset: AssetId) -> None:
        '''Help, which ends with an example.'''
        network = app.network(ctx)            # connected now; closed when the program ends
        assets = app.deployment(ctx).assets   # where the contracts stand on it
        wallet = app.wallet(ctx)              # opened; asks for the passphrase
        output.emit(ctx, {...}, lambda: output.table(...))

    app.network(ctx)      Network. `local` is the chain of `fabricant chain start`
    app.development(ctx)  DevelopmentChain: the same, if it is an Anvil
    app.own_chain(ctx)    LocalChain: a fresh one instead
    app.deployment(ctx)   Deployment: .directory .records .assets .genealogy .escrow .capacity .first_block
    app.folder(ctx)       the folder of the deployments' records
    app.wallet(ctx)       Wallet: from the keystore, or dev:0 to dev:9 on an Anvil; a name may be given
    app.account(ctx)      Address of the same wallet, which stays closed
    app.sender(ctx)       Sender of that wallet on that network
    app.passphrase(ctx)   a passphrase for something else
    app.wants_json(ctx)   whether --json was given
    app.Parsed            a click type from any `parse_…` function that raises InvalidInput

Errors are raised, never printed: the frame shows them and ends with their exit code. This module is loaded
for every command, so that it imports the library only where it uses it.
"""

import os
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click
from click.shell_completion import CompletionItem

from fabricant.errors import InvalidInput, NotFound, WrongChain

# ruff: noqa: PLC0415

if TYPE_CHECKING:
    from fabricant.chain.anvil import DevelopmentChain, LocalChain
    from fabricant.chain.deployment import Deployment
    from fabricant.chain.network import Network
    from fabricant.chain.secret import Secret
    from fabricant.chain.transactions import Sender
    from fabricant.chain.wallet import Wallet
    from fabricant.domain.units import Address

F = TypeVar("F", bound=Callable[..., Any])

WALLET_VARIABLE: Final = "FABRICANT_WALLET"
PASSPHRASE_VARIABLE: Final = "FABRICANT_PASSPHRASE"  # noqa: S105 - a name, no passphrase
PASSPHRASE_FILE_VARIABLE: Final = "FABRICANT_PASSPHRASE_FILE"  # noqa: S105
DEV_WALLET: Final = re.compile(r"dev:([0-9])")
FIRST_DEV_WALLET: Final = "dev:0"


@dataclass(slots=True)
class _Choices:
    """What the options said, and what was made of it so far. One for each run of the program."""

    network: str | None = None
    chain_id: int | None = None
    deployments: Path | None = None
    wallet: str | None = None
    passphrase_fd: int | None = None
    json: bool = False
    connected: "Network | None" = None
    opened: "dict[str, Wallet]" = field(default_factory=dict)


def _choices(ctx: click.Context) -> _Choices:
    return ctx.find_root().ensure_object(_Choices)


# Options


def group_of(default: str) -> type[click.Group]:
    """A kind of group where `COMMAND X …` is short for `COMMAND default X …`, if X is no other command."""

    class _Group(click.Group):
        def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
            if args and args[0] not in self.commands and args[0] not in ctx.help_option_names:
                args = [default, *args]
            return super().parse_args(ctx, args)

    return _Group


class Parsed(click.ParamType):
    """A click type from a function that parses text, and raises InvalidInput for what it can't."""

    def __init__(self, name: str, parse: Callable[[str], Any]) -> None:
        self.name = name
        self._parse = parse

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """What the text means."""
        if not isinstance(value, str):
            return value
        try:
            return self._parse(value)
        except InvalidInput as wrong:
            self.fail(str(wrong), param, ctx)


def _keep(ctx: click.Context, param: click.Parameter, value: Any) -> None:
    """Remembers an option, so that it may stand before or behind the command; the later one counts."""
    if param.name and value not in (None, False):
        setattr(_choices(ctx), param.name, value)


def _shared(*declaration: str, **attributes: Any) -> Callable[[F], F]:
    return click.option(*declaration, expose_value=False, callback=_keep, **attributes)


def _together(*options: Callable[[F], F]) -> Callable[[F], F]:
    def decorate(command: F) -> F:
        for option in reversed(options):
            command = option(command)
        return command

    return decorate


def _complete_network(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    from fabricant.chain.profiles import names

    return [CompletionItem(name) for name in names() if name.startswith(incomplete)]


def _complete_wallet(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    from fabricant.chain.keystore import Keystore

    entries = (entry for entry in Keystore().entries() if entry.name.startswith(incomplete))
    return [CompletionItem(entry.name, help=entry.address) for entry in entries]


network_options = _together(
    _shared(
        "--network",
        metavar="NETWORK",
        help="`local`, a name from fabricant.toml, or an RPC URL.",
        shell_complete=_complete_network,
    ),
    _shared("--chain-id", type=click.IntRange(min=1), help="Refuse any other chain than this."),
    _shared(
        "--deployments",
        type=click.Path(file_okay=False, path_type=Path),
        help="Where deployments are recorded; else FABRICANT_DEPLOYMENTS, else ./deployments.",
    ),
)
passphrase_option = _shared(
    "--passphrase-fd",
    type=click.IntRange(min=0),
    help="Read the passphrase from this file descriptor; else FABRICANT_PASSPHRASE_FILE, else you are asked.",
)
wallet_options = _together(
    _shared(
        "--wallet",
        metavar="WALLET",
        help="A wallet of the keystore, or dev:0 to dev:9 on a local chain; else FABRICANT_WALLET.",
        shell_complete=_complete_wallet,
    ),
    passphrase_option,
)
json_option = _shared("--json", is_flag=True, help="Print the result as JSON.")


def wants_json(ctx: click.Context) -> bool:
    """Whether --json was given."""
    return _choices(ctx).json


# Network and contracts


def network(ctx: click.Context, *, start_local: bool = False) -> "Network":
    """The network of the options, connected once and closed at the end.

    `local` is the chain of `fabricant chain start`; without one, `start_local` says whether a chain of its
    own makes sense for the command. Raises InvalidInput, NotFound, RpcUnavailable, WrongChain.
    """
    choices = _choices(ctx)
    if choices.connected is None:
        choices.connected = _connect(choices, start_local=start_local)
        ctx.find_root().call_on_close(choices.connected.close)
    return choices.connected


def _connect(choices: _Choices, *, start_local: bool) -> "Network":
    from fabricant.chain.connect import connect
    from fabricant.chain.profiles import choose

    if choose(choices.network).url is None:
        return _connect_local(choices.chain_id, start_local=start_local)
    return connect(choices.network, chain_id=choices.chain_id)


def _connect_local(chain_id: int | None, *, start_local: bool) -> "Network":
    from fabricant.chain.anvil import DevelopmentChain
    from fabricant.chain.profiles import LOCAL, Profile
    from fabricant.chain.rpc import Rpc
    from fabricant.cli import _local as local
    from fabricant.cli import _output as output

    if (url := local.find()) is not None:
        return DevelopmentChain(Rpc(url), Profile(LOCAL, url, chain_id))
    if not start_local:
        raise NotFound(
            "no local chain is running: start one with `fabricant chain start`, or name a --network"
        )
    output.note("No local chain is running; this one ends with the command.")
    return _start(chain_id)


def _start(chain_id: int | None) -> "LocalChain":
    from fabricant.chain.anvil import LocalChain

    chain = LocalChain.start()
    if chain_id not in (None, chain.chain_id):
        chain.close()
        raise WrongChain(f"a local chain is chain {chain.chain_id}, not {chain_id}; name another network")
    return chain


def names_network(ctx: click.Context) -> bool:
    """Whether --network was given."""
    return _choices(ctx).network is not None


def own_chain(ctx: click.Context) -> "LocalChain":
    """A fresh chain of the command's own, which is the network from now on and ends with the program."""
    choices = _choices(ctx)
    choices.connected = chain = _start(choices.chain_id)
    ctx.find_root().call_on_close(chain.close)
    return chain


def development(ctx: click.Context) -> "DevelopmentChain":
    """The network of the options, if it is an Anvil; raises InvalidInput for a chain that obeys nobody."""
    from fabricant.chain.anvil import DevelopmentChain

    chain = network(ctx)
    if not str(chain.rpc.call("web3_clientVersion")).startswith("anvil/"):
        raise InvalidInput(f"{chain} is no Anvil: only a development chain does what one tells it")
    return DevelopmentChain(chain.rpc, chain.profile)


def folder(ctx: click.Context) -> Path:
    """Where deployments are recorded."""
    from fabricant.chain.deployment import default_folder

    return _choices(ctx).deployments or default_folder()


def deployment(ctx: click.Context) -> "Deployment":
    """Where the contracts stand on the network. Raises NotFound if they are not deployed."""
    from fabricant.chain.deployment import find

    return find(network(ctx), folder(ctx))


# Wallets


def wallet(ctx: click.Context, name: str | None = None) -> "Wallet":
    """The wallet of that name, else that of the options, opened once.

    Without either: FABRICANT_WALLET, else dev:0 on a development chain. Raises InvalidInput if no wallet is
    named, and what `Keystore.open` raises.
    """
    chosen, opened = name or _wallet_name(ctx), _choices(ctx).opened
    if chosen not in opened:
        opened[chosen] = _open(ctx, chosen)
    return opened[chosen]


def account(ctx: click.Context, name: str | None = None) -> "Address":
    """The address of the same wallet; no passphrase is asked for."""
    from fabricant.chain.keystore import Keystore

    chosen = name or _wallet_name(ctx)
    return wallet(ctx, chosen).address if DEV_WALLET.fullmatch(chosen) else Keystore().address(chosen)


def sender(ctx: click.Context) -> "Sender":
    """A sender of the wallet on the network."""
    from fabricant.chain.transactions import Sender

    return Sender(network(ctx), wallet(ctx))


def passphrase(ctx: click.Context, what: str, *, twice: bool = False) -> "Secret[str]":
    """A passphrase: from --passphrase-fd, FABRICANT_PASSPHRASE_FILE, FABRICANT_PASSPHRASE or the keyboard.

    `twice` asks again at the keyboard, for a new one.
    """
    from fabricant.chain.secret import read_secret

    descriptor, file = _choices(ctx).passphrase_fd, os.environ.get(PASSPHRASE_FILE_VARIABLE)
    if descriptor is None and file:
        try:
            descriptor = os.open(file, os.O_RDONLY)
        except OSError as problem:
            raise InvalidInput(f"{PASSPHRASE_FILE_VARIABLE} names no file to read: {problem}") from None
    return read_secret(what, variable=PASSPHRASE_VARIABLE, descriptor=descriptor, twice=twice)


def _wallet_name(ctx: click.Context) -> str:
    from fabricant.chain.network import DEVELOPMENT_CHAINS

    if name := _choices(ctx).wallet or os.environ.get(WALLET_VARIABLE):
        return name
    if network(ctx).chain_id in DEVELOPMENT_CHAINS:
        return FIRST_DEV_WALLET
    raise InvalidInput("which wallet? Name one with --wallet; `fabricant wallet list` shows yours")


def _open(ctx: click.Context, name: str) -> "Wallet":
    from fabricant.chain.keystore import Keystore
    from fabricant.chain.wallet import dev_wallets

    if match := DEV_WALLET.fullmatch(name):
        return dev_wallets(network(ctx))[int(match[1])]
    keystore = Keystore()
    keystore.address(name)  # there is one, before anybody types a passphrase
    return keystore.open(name, passphrase(ctx, f"passphrase of {name}"))
