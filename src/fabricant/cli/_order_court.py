"""`fabricant order court`: a line whose arbiter is a court of ERC-792, such as Kleros."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Concatenate, Final, ParamSpec

import click

from fabricant.chain.client import Done
from fabricant.chain.court import ArbiterERC792, Choice, CourtCase
from fabricant.chain.errors import ArbiterERC792_NotAsked
from fabricant.chain.tokens import COIN
from fabricant.cli import _naming as naming
from fabricant.cli import _trade as trade
from fabricant.cli._line import LineAtHand, at_hand
from fabricant.domain.escrow import LineFlag

P = ParamSpec("P")

_MEANINGS: Final = {
    Choice.REFUSED: "The court refused to arbitrate: the line ends by the agreed split.",
    Choice.SUPPLIER: "The court ruled for the supplier: it is paid, less the agreed late damages.",
    Choice.BUYER: "The court ruled for the buyer: it gets what is held, and the bond if no cure was left.",
}


@dataclass(frozen=True, slots=True)
class _Hearing:
    """A line, and the court that is its arbiter."""

    line: LineAtHand
    court: ArbiterERC792

    @property
    def case(self) -> CourtCase:
        """What the court was asked in the line's present dispute. Raises ArbiterERC792_NotAsked."""
        over_retention = LineFlag.RETENTION_DISPUTED in self.line.state.line.flags
        case = self.court.case_of(self.line.id, over_retention=over_retention)
        if not case.is_asked:
            raise ArbiterERC792_NotAsked(id=self.line.id)
        return case


@click.group
def court() -> None:
    """Have a court decide a dispute, if the line's arbiter is one.

    \b
    Example:
      fabricant order court ask 0x1f2e3d4c
    """


@court.command
@click.argument("line")
@trade.acts
def ask(ctx: click.Context, line: str) -> None:
    """Pay the court to hear a disputed line. Anybody may, once for each dispute.

    You get the arbiter's fee of the line when a ruling is carried out, and nothing if it ends otherwise.

    \b
    Example:
      fabricant order court ask 0x1f2e3d4c
    """
    hearing = _hearing(ctx, line)
    words = [f"You pay the court {COIN.format(hearing.court.cost(at='pending'))} to hear it."]
    _act(ctx, hearing, ArbiterERC792.ask, words, "The court was asked.", hearing.line.terms)


@court.command
@click.argument("line")
@trade.acts
def appeal(ctx: click.Context, line: str) -> None:
    """Pay the court to judge again, while it takes appeals. Anybody may; nobody pays it back.

    \b
    Example:
      fabricant order court appeal 0x1f2e3d4c
    """
    hearing = _hearing(ctx, line)
    number = hearing.case.dispute_id
    price = COIN.format(hearing.court.appeal_cost(number, at="pending"))
    words = [f"You pay the court {price} to judge dispute {number} again."]
    _act(ctx, hearing, ArbiterERC792.appeal, words, "The court judges again.", number)


@court.command
@click.argument("line")
@trade.acts
def execute(ctx: click.Context, line: str) -> None:
    """Carry out what the court ruled. Anybody may, before the time of the arbiter is over.

    \b
    Example:
      fabricant order court execute 0x1f2e3d4c
    """
    hearing = _hearing(ctx, line)
    words = [_MEANINGS[hearing.case.ruling]]
    _act(ctx, hearing, ArbiterERC792.execute, words, "The line was closed.", hearing.line.terms)


@court.command
@click.argument("line")
@click.option("--owner", type=naming.WHO, help="Who paid the court. [default: you]")
@trade.acts
def withdraw(ctx: click.Context, line: str, *, owner: str | None) -> None:
    """Have the fee of a line paid out to who paid the court, with all else that is owed to it.

    \b
    Example:
      fabricant order court withdraw 0x1f2e3d4c
    """
    hearing, whom = _hearing(ctx, line), naming.principal(ctx, owner)
    token = hearing.line.token
    owed = hearing.court.owed_to(whom, token.address)
    words = [f"{token.format(owed)} are paid to {whom}."]
    _act(ctx, hearing, ArbiterERC792.withdraw, words, "It was paid.", whom, token.address)


def _hearing(ctx: click.Context, text: str) -> _Hearing:
    found = at_hand(trade.trying(ctx), text)
    return _Hearing(found, found.fabricant.court(found.terms.arbiter))


def _act(
    ctx: click.Context,
    hearing: _Hearing,
    action: Callable[Concatenate[ArbiterERC792, P], Done[Any]],
    words: Iterable[str],
    said: str,
    /,
    *args: P.args,
    **kwargs: P.kwargs,
) -> None:
    """Tries an action at the court, shows line and action, asks, sends, and reports."""
    line = hearing.line
    done = trade.perform(ctx, hearing.court, action, [*line.words, "", *words], *args, **kwargs)
    status = line.fabricant.escrow.line_of(line.id).status
    trade.report(ctx, done, [said], {"status": status.name.lower()})
