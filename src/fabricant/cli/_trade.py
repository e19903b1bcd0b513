"""What the trading commands share: who and what a text names, and showing before sending.

Whatever a command signs or sends is tried first, so that the chain's refusal comes before any question; then
it is shown in words, on standard error; and then somebody agrees, or said `--yes` before. Only then is the
wallet opened.

    fabricant = trade.trying(ctx)  # the contracts, in the name of the wallet, which stays closed
    done = trade.perform(ctx, fabricant.escrow, SupplierEscrow.cancel, words, terms)
    trade.report(ctx, done, ["The line was cancelled."])
"""

import dataclasses
from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import Enum, Flag
from pathlib import Path
from typing import Any, Concatenate, Final, ParamSpec, TypeVar, cast, get_args, get_type_hints

import click
from eth_utils.crypto import keccak

from fabricant.chain.answers import Receipt
from fabricant.chain.client import Client, Done
from fabricant.chain.fabricant import Fabricant
from fabricant.chain.keystore import Keystore
from fabricant.chain.payments import Payment
from fabricant.chain.secret import read_secret
from fabricant.chain.tokens import Erc20
from fabricant.chain.wallet import Wallet
from fabricant.cli import _app as app
from fabricant.cli import _output as output
from fabricant.conditions import ConditionsSet
from fabricant.domain.assets import AssetId
from fabricant.domain.capacity import HOURS_PER_WORD, HourPattern
from fabricant.domain.drafts import Draft
from fabricant.domain.signed_files import FileKind, SignedFile
from fabricant.domain.units import Address, BaseUnits, HourIndex, Token, parse_address, printable, start_of
from fabricant.errors import InvalidInput

C = TypeVar("C", bound=Client)
D = TypeVar("D", bound=Draft)
F = TypeVar("F", bound=Callable[..., Any])
P = ParamSpec("P")
R = TypeVar("R")
T = TypeVar("T")

LARGEST_FILE: Final = 2**29  # bytes
MOST_SIGNED: Final = 2**17  # bytes
_WORDS: Final = ("first_word", "hour_masks")
_AS_TEXT: Final = frozenset({"nonce", "salt"})  # up to 256 bits; JSON readers hold 53

# Options and arguments

FILE: Final = click.Path(exists=True, dir_okay=False, path_type=Path)
NEW_FILE: Final = click.Path(dir_okay=False, path_type=Path)
WHO_HELP: Final = "an address, one of your wallets, `market` or `escrow`"


def _yes(ctx: click.Context, _param: click.Parameter, value: bool) -> None:  # noqa: FBT001 - click's way
    if value:
        ctx.find_root().meta[__name__] = True


yes_option = click.option(
    "--yes", is_flag=True, expose_value=False, callback=_yes, help="Don't ask: sign or send what is shown."
)


def reads(command: F) -> F:
    """The options of a command that reads."""
    return app.network_options(app.wallet_options(app.json_option(cast("F", click.pass_context(command)))))


def acts(command: F) -> F:
    """The options of a command that signs or sends."""
    return yes_option(reads(command))


# The contracts


def reading(ctx: click.Context) -> Fabricant:
    """The contracts, in nobody's name."""
    return Fabricant(app.network(ctx), app.deployment(ctx))


def trying(ctx: click.Context) -> Fabricant:
    """The contracts in the name of the wallet of the options, which stays closed."""
    return Fabricant(app.network(ctx), app.deployment(ctx), account=app.account(ctx))


# Names


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


def commitment(text: str | None) -> bytes:
    """The hash that a text means: 0x and 64 digits, or that of the file of this name; zero for None."""
    if text is None:
        return bytes(32)
    if text.startswith("0x") and len(text) == 66:
        try:
            return bytes.fromhex(text[2:])
        except ValueError:
            raise InvalidInput(f"{printable(text, 80)!r} is no hash; write 0x and 64 hex digits") from None
    return keccak(read(Path(text)))


def read(file: Path, *, most: int = LARGEST_FILE) -> bytes:
    """A file's bytes. Raises InvalidInput for one that is not there or larger than `most`."""
    try:
        with file.open("rb") as source:
            raw = source.read(most + 1)
    except OSError as problem:
        raise InvalidInput(f"{file} can't be read: {problem.strerror}") from None
    if len(raw) > most:
        raise InvalidInput(f"{file} has more than {most} bytes; is it the right file?")
    return raw


def write(file: Path, raw: bytes) -> None:
    """Writes a new file. Raises InvalidInput if there is one already."""
    try:
        with file.open("xb") as target:
            target.write(raw)
    except FileExistsError:
        raise InvalidInput(f"{file} is there already; name another file, or move it away") from None


def read_signed(file: Path, kind: FileKind[T]) -> SignedFile[T]:
    """A signed file of this kind. Raises InvalidInput, VerificationFailed."""
    return SignedFile.parse(kind, read(file, most=MOST_SIGNED))


def draft_options(form: type[Draft]) -> Callable[[F], F]:
    """An option for each field of a draft."""

    def decorate(command: F) -> F:
        for name, field in reversed([*form.model_fields.items()]):
            said = str(field.description)
            command = click.option(
                f"--{name.replace('_', '-')}",
                name,
                type=click.INT if field.annotation is int else click.STRING,
                metavar=_METAVARS.get(name),
                multiple=name == "goods",
                required=field.is_required(),
                help=f"{said[0].upper()}{said[1:]}.",
            )(command)
        return command

    return decorate


def draft(ctx: click.Context, form: type[D], given: Mapping[str, Any]) -> D:
    """The draft that the options of `draft_options` say: names become addresses, files their hashes."""
    values = {name: value for name, value in given.items() if value not in (None, ())}
    for name in _PARTIES & values.keys():
        values[name] = who(ctx, values[name])
    if "documents" in values:
        values["documents"] = f"0x{commitment(values['documents']).hex()}"
    return form.of(values)


_PARTIES: Final = frozenset({"buyer", "supplier", "inspector", "arbiter", "broker"})
_METAVARS: Final = dict.fromkeys(_PARTIES, "WHO") | {"documents": "FILE|HASH", "machine": "ASSET"}


def conditions_words(found: ConditionsSet) -> list[str]:
    """Trade conditions in words, with what they are called."""
    return [
        f"{printable(found.title)} ({found.name}, 0x{found.id.hex()})",
        f"  {printable(found.purpose, 1000)}",
        *(f"  · {sentence}" for sentence in found.sentences),
    ]


# Showing, asking, sending


def agree(ctx: click.Context, words: Iterable[str]) -> None:
    """Shows what is to be done, and returns if that is wanted. Raises InvalidInput if not."""
    for line in words:
        output.note(line)
    if ctx.find_root().meta.get(__name__):
        return
    try:
        agreed = click.confirm("Do it?", err=True)
    except click.Abort:
        output.note("")
        agreed = False
    if not agreed:
        raise InvalidInput("nobody agreed, so nothing was signed or sent; answer y, or add --yes")


def send(
    ctx: click.Context,
    client: C,
    action: Callable[Concatenate[C, P], R],
    /,
    *args: P.args,
    **kwargs: P.kwargs,
) -> R:
    """Does an action of a client with the wallet of the options, without asking."""
    return action(type(client)(client.network, client.address, wallet=app.wallet(ctx)), *args, **kwargs)


def perform(
    ctx: click.Context,
    client: C,
    action: Callable[Concatenate[C, P], R],
    words: Iterable[str],
    /,
    *args: P.args,
    **kwargs: P.kwargs,
) -> R:
    """Tries an action of a client, shows it in words, asks, and sends it."""
    client.simulate(getattr(client, action.__name__), *args, **kwargs)
    agree(ctx, words)
    return send(ctx, client, action, *args, **kwargs)


def payment_words(payment: Payment, token: Token) -> list[str]:
    """What a payment takes, in words."""
    if payment.allowance:
        return [f"First the escrow is allowed to take exactly {token.format(payment.allowance)}."]
    return [f"{token.format(payment.value)} are sent along."] if payment.value else []


def allow(ctx: click.Context, fabricant: Fabricant, token: Address, payment: Payment) -> None:
    """Sets the allowance that a payment takes, if it takes one."""
    if payment.allowance:
        escrow = fabricant.deployment.escrow
        send(ctx, fabricant.token(token), Erc20.approve, escrow, payment.allowance)


def report(
    ctx: click.Context,
    done: Done[Any],
    sentences: Iterable[str],
    more: Mapping[str, object] | None = None,
) -> None:
    """Prints what a transaction did: in words, or all of it as JSON."""
    data = {**sent(done.receipt), **facts(done.event), **(more or {})}
    output.emit(ctx, data, lambda: output.say("\n".join([*sentences, receipt_line(done.receipt)])))


def receipt_line(receipt: Receipt) -> str:
    """A transaction in one line."""
    return f"Transaction {receipt.transaction} in block {receipt.block}, {receipt.gas_used:,} gas."


def sent(receipt: Receipt) -> dict[str, object]:
    """A transaction for programs."""
    return {
        "transaction": receipt.transaction,
        "block": receipt.block,
        "gasUsed": receipt.gas_used,
        "fee": str(receipt.fee),
    }


def facts(value: object) -> dict[str, Any]:
    """A dataclass for programs: amounts as text in base units, asset ids as hex, flags as lists of names.

    Words of hours become spans, from and until in Unix seconds.
    """
    hints = get_type_hints(type(value))
    named = {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}  # type: ignore[arg-type] # it is one
    words = {name: named.pop(name) for name in _WORDS if name in named}
    found = {_camel(name): _fact(each, hints[name], name) for name, each in named.items()}
    return found | ({"hours": _spans(**words)} if words else {})


def _spans(first_word: int, hour_masks: Sequence[int]) -> list[dict[str, int]]:
    bits = sum(mask << HOURS_PER_WORD * at for at, mask in enumerate(hour_masks))
    hours = [HourIndex(first_word * HOURS_PER_WORD + at) for at in range(bits.bit_length()) if bits >> at & 1]
    spans = HourPattern.of(hours).spans() if hours else ()
    return [{"from": start_of(begin), "until": start_of(end)} for begin, end in spans]


def _fact(value: Any, hint: Any, name: str) -> Any:
    if hint is BaseUnits or name in _AS_TEXT:
        return str(value)
    if hint is AssetId:
        return asset_text(value)
    if isinstance(value, tuple | list):
        inner = (get_args(hint) or (Any,))[0]
        return [_fact(each, inner, name) for each in value]
    if isinstance(value, Flag):
        return [str(flag.name).lower() for flag in type(value) if flag in value]
    if dataclasses.is_dataclass(value):
        return facts(value)
    return value.name.lower() if isinstance(value, Enum) else output.plain(value)


def asset_text(asset: int) -> str:
    """An asset's id as people pass it around."""
    return f"{asset:#066x}"


def place(uri: str) -> str:
    """Where something is found, behind its hash; nothing if no uri says so."""
    return f" at {printable(uri)}" if uri else ""


def _camel(name: str) -> str:
    first, *others = name.strip("_").split("_")
    return first + "".join(each.title() for each in others)
