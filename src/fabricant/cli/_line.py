"""An order line at hand: found by its id, shown in words, acted upon.

Every command of `fabricant order` that changes a line says which line it is, how it stands and what the
change means, before anybody agrees.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Concatenate, Final, ParamSpec, TypeVar

import click

from fabricant.chain import lookup
from fabricant.chain.client import AllDone, Done
from fabricant.chain.escrow import LineConcluded, LineState, SupplierEscrow
from fabricant.chain.fabricant import Fabricant
from fabricant.cli import _facts as facts
from fabricant.cli import _output as output
from fabricant.cli import _trade as trade
from fabricant.domain.assets import AssetId
from fabricant.domain.escrow import Ending, LineId, Outcome, Terms, Window, windows
from fabricant.domain.escrow.describe import describe_line, describe_payoff, foreseen, supplier_side
from fabricant.domain.units import NOTHING, Token

F = TypeVar("F", bound=Callable[..., Any])
P = ParamSpec("P")

MOST_GAS: Final = 12_000_000  # of one transaction, by this estimate; the protocol's cap is 16,777,216
GAS_OF_LINE: Final = 60_000  # at most, in a batch
GAS_OF_ASSET: Final = 50_000  # handed over

Many = Callable[[SupplierEscrow, Sequence[Terms], Sequence[Sequence[AssetId]]], AllDone[LineConcluded]]

lines_argument = click.argument("lines", metavar="LINE...", nargs=-1, required=True)


@dataclass(frozen=True, slots=True)
class LineAtHand:
    """A line that was opened, and how it stands."""

    fabricant: Fabricant
    id: LineId
    terms: Terms
    state: LineState
    token: Token

    @property
    def words(self) -> list[str]:
        """Which line it is, and how it stands."""
        terms, state = self.terms, self.state
        price = self.token.format(terms.amount)
        return [
            f"Line 0x{self.id.hex()}: {terms.buyer} buys from {terms.supplier} for {price}.",
            *describe_line(
                terms, state.line, state.conditions, token=self.token, at=state.at, payee=state.payee
            ),
        ]

    def ending(self, ending: Ending, outcome: Outcome | None = None) -> list[str]:
        """Who would get what if it ended so now; `outcome`: as somebody decides."""
        state = self.state
        payoff = foreseen(ending, self.terms, state.line, state.conditions, at=state.at, outcome=outcome)
        side = supplier_side(self.terms, payee=state.payee)
        said = describe_payoff(payoff, self.terms, state.conditions, token=self.token, supplier_side=side)
        return [f"  {sentence}" for sentence in said]

    @property
    def to_come(self) -> tuple[Window, ...]:
        """What can be done with it, now or later; not what it is too late for."""
        state = self.state
        found = windows(self.terms, state.line, state.conditions, goods_here=state.custody.owed != 0)
        return tuple(each for each in found if each.before is None or state.at < each.before)

    def outcome(self, *, to_supplier: str, bond_to_buyer: str | None, goods: str) -> Outcome:
        """The outcome that the options of `outcome_options` say."""
        return Outcome(
            to_supplier=self.token.parse(to_supplier),
            bond_to_buyer=self.token.parse(bond_to_buyer) if bond_to_buyer else NOTHING,
            goods_to_buyer=goods == "buyer",
        )

    def goods(self) -> tuple[AssetId, ...]:
        """The goods in custody, as they were delivered."""
        since = self.fabricant.deployment.first_block
        return lookup.goods_in_custody(self.fabricant.escrow, self.id, since=since)


def outcome_options(command: F) -> F:
    """The options that say how the money and the goods of a line are shared out."""
    supplier = click.option(
        "--to-supplier", required=True, metavar="AMOUNT", help="Of what is held; the buyer gets the rest."
    )
    bond = click.option(
        "--bond-to-buyer", metavar="AMOUNT", help="Of the supplier's security deposit. [default: none]"
    )
    goods = click.option(
        "--goods", type=click.Choice(["buyer", "supplier"]), required=True, help="Whose the goods are."
    )
    return supplier(bond(goods(command)))


def at_hand(fabricant: Fabricant, text: str) -> LineAtHand:
    """The line that an id, or the beginning of one, means."""
    return line_at_hand(fabricant, *lookup.find_line(fabricant, text))


def all_at_hand(fabricant: Fabricant, texts: Iterable[str]) -> list[LineAtHand]:
    """The lines that ids mean, each once."""
    found = (at_hand(fabricant, text) for text in texts)
    return [*{line.id: line for line in found}.values()]


def line_at_hand(fabricant: Fabricant, line: LineId, terms: Terms) -> LineAtHand:
    """A line whose terms are known."""
    state = fabricant.escrow.state_of(terms)
    return LineAtHand(fabricant, line, terms, state, lookup.token_of(fabricant, terms.token))


def act(
    ctx: click.Context,
    line: LineAtHand,
    action: Callable[Concatenate[SupplierEscrow, Terms, P], Done[Any]],
    words: Iterable[str],
    said: str,
    /,
    *args: P.args,
    **kwargs: P.kwargs,
) -> None:
    """Tries an action on a line, shows line and action, asks, sends, and reports."""
    shown = [*line.words, "", *words]
    done = trade.perform(ctx, line.fabricant.escrow, action, shown, line.terms, *args, **kwargs)
    after = line.fabricant.escrow.line_of(line.id)
    more = {"status": after.status.name.lower(), "held": str(after.held)}
    trade.report(ctx, done, [said], more)


def act_on_all(ctx: click.Context, lines: Sequence[LineAtHand], action: Many, ending: Ending) -> None:
    """Ends several lines at once, as `act` does one; in as many transactions as the gas cap takes.

    All are tried before anybody agrees, and told one by one: what was sent stays done if a later one fails.
    """
    escrow = lines[0].fabricant.escrow
    alike = groupby(sorted(lines, key=_shared), key=_shared)
    batches = [batch for _, some in alike for batch in _batches((line, line.goods()) for line in some)]
    for terms, goods in batches:
        escrow.simulate(getattr(escrow, action.__name__), terms, goods)
    words = [word for line in lines for word in (*line.words, "", *line.ending(ending), "")]
    trade.agree(ctx, [*words, f"{len(lines)} lines, in {len(batches)} transactions."])
    done = []
    for terms, goods in batches:
        done.append(trade.send(ctx, escrow, action, terms, goods))
        output.note(trade.receipt_line(done[-1].receipt))
    data = {
        "transactions": [facts.sent(each.receipt) for each in done],
        "lines": [facts.of(event) for each in done for event in each.events],
    }
    output.emit(ctx, data, lambda: output.say(f"{len(data['lines'])} lines were accepted."))


def _shared(line: LineAtHand) -> tuple[str, ...]:
    """What the escrow wants to be the same for all lines of a batch."""
    terms = line.terms
    return (terms.buyer, terms.supplier, line.state.payee, terms.token, terms.broker, terms.opener)


def _batches(
    lines: Iterable[tuple[LineAtHand, tuple[AssetId, ...]]], most: int = MOST_GAS
) -> Iterator[tuple[list[Terms], list[tuple[AssetId, ...]]]]:
    """Terms and goods of as many lines, in order, as one transaction takes."""
    terms, goods, gas = list[Terms](), list[tuple[AssetId, ...]](), 0
    for line, assets in lines:
        more = GAS_OF_LINE + GAS_OF_ASSET * len(assets)
        if terms and gas + more > most:
            yield terms, goods
            terms, goods, gas = [], [], 0
        terms.append(line.terms)
        goods.append(assets)
        gas += more
    yield terms, goods
