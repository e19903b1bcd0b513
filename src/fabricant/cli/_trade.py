"""What the trading commands share: trying and showing before sending, and telling what came of it.

Whatever a command signs or sends is tried first, so that the chain's refusal comes before any question; then
it is shown in words, on standard error; and then somebody agrees, or said `--yes` before. Only then is the
wallet opened.

    fabricant = trade.trying(ctx)  # the contracts, in the name of the wallet, which stays closed
    done = trade.perform(ctx, fabricant.escrow, SupplierEscrow.cancel, words, terms)
    trade.report(ctx, done, ["The line was cancelled."])
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import tzinfo
from typing import Any, Concatenate, ParamSpec, TypeVar, cast

import click

from fabricant.chain.answers import Receipt
from fabricant.chain.client import AllDone, Client, Done
from fabricant.chain.fabricant import Fabricant
from fabricant.chain.payments import Payment
from fabricant.chain.tokens import Erc20
from fabricant.cli import _app as app
from fabricant.cli import _facts as facts
from fabricant.cli import _output as output
from fabricant.conditions import ConditionsSet
from fabricant.domain.capacity import CHEAPEST, EARLIEST, Goal, HourPattern, Worth
from fabricant.domain.capacity.local import local_spans
from fabricant.domain.units import Address, Token, printable
from fabricant.errors import InvalidInput

C = TypeVar("C", bound=Client)
F = TypeVar("F", bound=Callable[..., Any])
P = ParamSpec("P")
R = TypeVar("R")

# Options


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


def conditions_words(found: ConditionsSet) -> list[str]:
    """Trade conditions in words, with what they are called."""
    return [
        f"{printable(found.title)} ({found.name}, 0x{found.id.hex()})",
        f"  {printable(found.purpose, 1000)}",
        *(f"  · {sentence}" for sentence in found.sentences),
    ]


def hours_words(hours: HourPattern, zone: tzinfo | None) -> list[str]:
    """Hours in words, a span a line."""
    return [f"  {span}" for span in local_spans(hours, zone)]


def goal(by: str, worth: str | None, token: Token) -> Goal:
    """What the options --by (or --award) and --hour-worth say is better."""
    if worth is not None and by == "time":
        raise InvalidInput("--hour-worth weighs time against the price; say price instead of time")
    if by == "time":
        return EARLIEST
    return CHEAPEST if worth is None else Worth(token.parse(worth))


# Showing, asking, sending


def agree(ctx: click.Context, words: Iterable[str]) -> None:
    """Shows what is to be done, and returns if that is wanted. Raises InvalidInput if not."""
    for line in words:
        output.note(line)
    if ctx.find_root().meta.get(__name__):
        return
    try:
        agreed = click.confirm("Do it?", err=True)
    except click.Abort as abort:
        output.note("")
        if isinstance(abort.__context__, KeyboardInterrupt):
            raise
        agreed = False  # nobody was there to answer
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


def payment_words(payment: Payment, token: Token, *, permit: bool = False) -> list[str]:
    """What a payment takes, in words. `permit`: the allowance is signed, not sent."""
    if payment.allowance and permit:
        return [f"You sign a permit by which the escrow takes exactly {token.format(payment.allowance)}."]
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
    data = {**facts.sent(done.receipt), **facts.of(done.event), **(more or {})}
    output.emit(ctx, data, lambda: output.say("\n".join([*sentences, receipt_line(done.receipt)])))


def report_all(
    ctx: click.Context,
    done: Sequence[AllDone[Any]],
    sentences: Iterable[str],
    more: Mapping[str, object] | None = None,
) -> None:
    """Prints what transactions did, as many as it took, each with any number of events."""
    data = {
        "transactions": [facts.sent(each.receipt) for each in done],
        "events": [
            {"event": type(event).__name__, **facts.of(event)} for each in done for event in each.events
        ],
        **(more or {}),
    }
    lines = [receipt_line(each.receipt) for each in done] or ["Nothing was left to send."]
    output.emit(ctx, data, lambda: output.say("\n".join([*sentences, *lines])))


def receipt_line(receipt: Receipt) -> str:
    """A transaction in one line."""
    return f"Transaction {receipt.transaction} in block {receipt.block}, {receipt.gas_used:,} gas."


def place(uri: str) -> str:
    """Where something is found, behind its hash; nothing if no uri says so."""
    return f" at {printable(uri)}" if uri else ""
