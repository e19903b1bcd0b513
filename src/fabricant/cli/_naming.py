"""What people call things on the command line: accounts, wallets, assets.

WHO is an address, one of the own wallets, or `market` or `escrow`, the contracts of the deployment. ASSET is
an id, the beginning of one, or the local id that its issuer gave it.
"""

from collections.abc import Callable
from typing import Any, Final, TypeVar

import click
from click.shell_completion import CompletionItem

from fabricant.chain import lookup
from fabricant.chain.fabricant import Fabricant
from fabricant.chain.keystore import Keystore
from fabricant.chain.secret import read_secret
from fabricant.chain.wallet import Wallet
from fabricant.cli import _app as app
from fabricant.cli import _output as output
from fabricant.conditions import library
from fabricant.domain.assets import AssetId, Kind, Namespace, namespace_of, namespace_of_prefix
from fabricant.domain.identifiers import identify
from fabricant.domain.units import Address, parse_address

F = TypeVar("F", bound=Callable[..., Any])

CONTRACTS: Final = ("market", "escrow")


class _Conditions(click.ParamType):
    """Trade conditions as they were typed: the name of a shipped set, an id, or a file."""

    name = "text"

    def shell_complete(
        self,
        ctx: click.Context,  # noqa: ARG002
        param: click.Parameter,  # noqa: ARG002
        incomplete: str,
    ) -> list[CompletionItem]:
        shipped = (each for each in library() if each.name.startswith(incomplete))
        return [CompletionItem(each.name, help=each.title) for each in shipped]


class _Who(click.ParamType):
    """WHO as it was typed; `who` says whom it means."""

    name = "who"

    def shell_complete(
        self,
        ctx: click.Context,  # noqa: ARG002
        param: click.Parameter,  # noqa: ARG002
        incomplete: str,
    ) -> list[CompletionItem]:
        names = (*CONTRACTS, *(entry.name for entry in Keystore().entries()))
        return [CompletionItem(name) for name in names if name.startswith(incomplete)]


CONDITIONS: Final = _Conditions()
KIND: Final = click.Choice([kind.name.lower() for kind in Kind])
WHO: Final = _Who()


def who(ctx: click.Context, text: str) -> Address:
    """The address that a text means: itself, one of the own wallets, the market or the escrow."""
    if text.startswith("0x"):
        return parse_address(text)
    if text == "market":
        return app.deployment(ctx).capacity
    if text == "escrow":
        return app.deployment(ctx).escrow
    return app.account(ctx, text)


def principal(ctx: click.Context, text: str | None) -> Address:
    """The address that a text means; without one, that of the wallet of the options."""
    return app.account(ctx) if text is None else who(ctx, text)


def second_wallet(ctx: click.Context, name: str, *, descriptor: int | None) -> Wallet:
    """Another wallet than that of the options, opened, such as a device's own.

    `descriptor`: from where its passphrase is read, if not from where the first one's is.
    """
    if descriptor is None:
        return app.wallet(ctx, name)
    secret = read_secret(f"passphrase of {name}", variable=app.PASSPHRASE_VARIABLE, descriptor=descriptor)
    return Keystore().open(name, secret)


def in_namespace(command: F) -> F:
    """The options that say whose local ids are meant."""
    issuer = click.option("--issuer", type=WHO, help="Whose local id it is; else your own wallet's.")
    prefix = click.option("--prefix", help="A company's prefix, if the local id is one of its.")
    return issuer(prefix(command))


def namespace(ctx: click.Context, issuer: str | None, prefix: str | None) -> Namespace:
    """The namespace that the options mean."""
    if prefix is not None:
        return namespace_of_prefix(prefix)
    return namespace_of(principal(ctx, issuer))


def local_id(text: str, prefix: str | None) -> str:
    """The canonical form of what was typed, said where it differs. Raises InvalidInput outside `prefix`."""
    found = identify(text)
    if prefix is not None:
        found.check_within(prefix)
    if found.local_id != text:
        output.note(f"{text} is {found.local_id} in its canonical form.")
    return found.local_id


def asset(
    ctx: click.Context,
    fabricant: Fabricant,
    text: str,
    *,
    issuer: str | None = None,
    prefix: str | None = None,
) -> AssetId:
    """The asset that a text means."""
    if not text.startswith("0x"):
        text = local_id(text, prefix)
    place = Namespace(bytes(32)) if text.startswith("0x") else namespace(ctx, issuer, prefix)
    return lookup.find_asset(fabricant, text, namespace=place)
