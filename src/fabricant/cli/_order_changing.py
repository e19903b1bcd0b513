"""`fabricant order`: what parties do with a line on the way: pay in part, extend, call off."""

import click

from fabricant.chain.escrow import SupplierEscrow
from fabricant.cli import _app as app
from fabricant.cli import _trade as trade
from fabricant.cli._line import LineAtHand, act, at_hand
from fabricant.domain.escrow import Ending, advance, declining_ends
from fabricant.domain.units import (
    BaseUnits,
    Seconds,
    UnixSeconds,
    format_time,
    parse_duration,
    parse_time,
)
from fabricant.errors import InvalidInput


@click.command
@click.argument("line")
@click.argument("amount")
@trade.acts
def pay(ctx: click.Context, line: str, amount: str) -> None:
    """Release a part of what is held to the supplier, in whole tokens. Buyer (FINANCE).

    \b
    Example:
      fabricant order pay 0x1f2e3d4c 250
    """
    found = at_hand(trade.trying(ctx), line)
    left = _left(found, amount)
    words = [f"You release {amount} of it to the supplier; {found.token.format(left)} stay held."]
    act(ctx, found, SupplierEscrow.pay, words, "The amount was released.", held_after=left)


@click.command
@click.argument("line")
@click.argument("amount")
@trade.acts
def refund(ctx: click.Context, line: str, amount: str) -> None:
    """Give a part of what is held back to the buyer, in whole tokens. Supplier (FINANCE).

    \b
    Example:
      fabricant order refund 0x1f2e3d4c 100
    """
    found = at_hand(trade.trying(ctx), line)
    left = _left(found, amount)
    words = [f"You give {amount} of it back to the buyer; {found.token.format(left)} stay held."]
    act(ctx, found, SupplierEscrow.refund, words, "The amount was given back.", held_after=left)


@click.command
@click.argument("line")
@click.option("--to", type=app.Parsed("time", parse_time), help="The new due date, a time with its offset.")
@click.option("--by", type=app.Parsed("duration", parse_duration), help="So much later than now agreed.")
@trade.acts
def extend(ctx: click.Context, line: str, *, to: UnixSeconds | None, by: Seconds | None) -> None:
    """Make a line due later. Buyer (CHANGE).

    \b
    Example:
      fabricant order extend 0x1f2e3d4c --by "2 weeks"
    """
    found = at_hand(trade.trying(ctx), line)
    if (to is None) == (by is None):
        raise InvalidInput("say either --to or --by")
    agreed, extra = found.terms.due_by, found.state.line.extra
    after = Seconds(extra + by) if by is not None else Seconds((to or 0) - agreed)
    if after <= extra:
        raise InvalidInput(
            f"it is due at {format_time(UnixSeconds(agreed + extra))} already; choose a later time"
        )
    words = [f"It becomes due at {format_time(UnixSeconds(agreed + after))}."]
    act(ctx, found, SupplierEscrow.extend, words, "The line is due later.", extra_after=after)


@click.command
@click.argument("line")
@trade.acts
def cancel(ctx: click.Context, line: str) -> None:
    """Cancel a line in good time, for the agreed compensation. Buyer (CHANGE).

    \b
    Example:
      fabricant order cancel 0x1f2e3d4c
    """
    found = at_hand(trade.trying(ctx), line)
    words = ["You cancel it:", *found.ending(Ending.CANCELLED)]
    act(ctx, found, SupplierEscrow.cancel, words, "The line was cancelled.")


@click.command
@click.argument("line")
@trade.acts
def resign(ctx: click.Context, line: str) -> None:
    """Decline to perform a line. Supplier (CHANGE).

    In the resign period of the conditions that costs nothing but the advance; later, the deposit is lost.

    \b
    Example:
      fabricant order resign 0x1f2e3d4c
    """
    found = at_hand(trade.trying(ctx), line)
    words = ["You decline to perform it:", *found.ending(Ending.RESIGNED), *_advance_back(found)]
    act(ctx, found, SupplierEscrow.resign, words, "The line was resigned.")


@click.command
@click.argument("line")
@trade.acts
def terminate(ctx: click.Context, line: str) -> None:
    """End a line that was not performed by the long stop. Buyer (CHANGE).

    \b
    Example:
      fabricant order terminate 0x1f2e3d4c
    """
    found = at_hand(trade.trying(ctx), line)
    words = ["You end it, because it was not performed:", *found.ending(Ending.TERMINATED)]
    act(ctx, found, SupplierEscrow.terminate, words, "The line was terminated.")


def _left(found: LineAtHand, text: str) -> BaseUnits:
    """What stays held when an amount goes."""
    amount, held = found.token.parse(text), found.state.line.held
    if not 0 < amount <= held:
        raise InvalidInput(f"{found.token.format(held)} are held; name an amount above zero and up to that")
    return BaseUnits(held - amount)


def _advance_back(found: LineAtHand) -> list[str]:
    """The advance that a supplier gives back when it declines in time."""
    state, terms = found.state, found.terms
    paid = advance(state.line, terms.amount, state.conditions)
    if not paid or state.at >= declining_ends(terms, state.line, state.conditions):
        return []
    return [f"  {found.token.format(paid)} of that are the advance, which comes from your free balance."]
