"""The payoff table: for every way in which a line can end, who gets what.

Each function is one row, in the words of `contracts/escrow/Payoffs.sol`, and tests compare both on
thousands of cases. What leaves a line and what stays held always adds up to what it held (and the advance, if
it is returned), to the last base unit: bond, damages and retention round up, everything else down. Brokerage
comes off whatever goes to the supplier side.
"""

from dataclasses import dataclass

from fabricant.domain.escrow.conditions import Conditions
from fabricant.domain.escrow.consents import Outcome
from fabricant.domain.escrow.lines import Ending, Line, LineFlag
from fabricant.domain.units import MAX_BPS, NOTHING, BaseUnits, Bps, bps_ceil, bps_floor
from fabricant.errors import InvalidInput


@dataclass(frozen=True, slots=True)
class Payoff:
    """What an ending does, in base units. `to_supplier_side` is before brokerage."""

    to_supplier_side: BaseUnits = NOTHING
    to_buyer: BaseUnits = NOTHING
    retained: BaseUnits = NOTHING  # stays held
    bond_to_buyer: BaseUnits = NOTHING  # the rest of the bond goes back to the supplier
    goods_to_buyer: bool = False


def accepted(line: Line, amount: BaseUnits, conditions: Conditions) -> Payoff:
    """Accepted or deemed accepted; the whole retention, if the buyer accepts while disputing it."""
    if LineFlag.RETENTION_DISPUTED in line.flags:
        return Payoff(to_supplier_side=line.held, goods_to_buyer=True)
    late = Bps(min(conditions.max_late_bps, line.late_intervals * conditions.late_bps))
    damages = min(line.held, bps_ceil(amount, late))
    rest = BaseUnits(line.held - damages)
    retained = bps_ceil(rest, conditions.retention_bps)
    return Payoff(
        to_supplier_side=BaseUnits(rest - retained),
        to_buyer=damages,
        retained=retained,
        goods_to_buyer=True,
    )


def cancelled(line: Line, amount: BaseUnits, conditions: Conditions) -> Payoff:
    """The buyer cancels in good time: the agreed compensation, less what the advance paid already."""
    due = bps_floor(amount, conditions.cancel_bps) - advance(line, amount, conditions)
    compensation = BaseUnits(min(line.held, max(0, due)))
    return Payoff(to_supplier_side=compensation, to_buyer=BaseUnits(line.held - compensation))


def failed(line: Line, amount: BaseUnits, conditions: Conditions) -> Payoff:
    """The supplier does not perform: resigned with penalty, or terminated after the long stop."""
    return Payoff(to_buyer=line.held, bond_to_buyer=bond(amount, conditions))


def declined(line: Line, amount: BaseUnits, conditions: Conditions) -> Payoff:
    """The supplier declines in good time, and returns the advance from its free balance."""
    return Payoff(to_buyer=BaseUnits(line.held + advance(line, amount, conditions)))


def retention_ended(line: Line) -> Payoff:
    """The warranty is over."""
    return Payoff(to_supplier_side=line.held, goods_to_buyer=True)


def decided(line: Line, amount: BaseUnits, conditions: Conditions, outcome: Outcome) -> Payoff:
    """Ruled, settled or amended: as decided, within what is there. Accepted goods stay the buyer's."""
    to_supplier_side = min(outcome.to_supplier, line.held)
    return Payoff(
        to_supplier_side=to_supplier_side,
        to_buyer=BaseUnits(line.held - to_supplier_side),
        bond_to_buyer=min(outcome.bond_to_buyer, bond(amount, conditions)),
        goods_to_buyer=outcome.goods_to_buyer or LineFlag.GOODS_TO_BUYER in line.flags,
    )


def defaulted(line: Line, conditions: Conditions) -> Payoff:
    """Nobody ruled: the agreed split, without late damages. Accepted goods stay the buyer's."""
    to_supplier_side = bps_floor(line.held, conditions.default_supplier_bps)
    accepted_before = LineFlag.RETENTION_DISPUTED in line.flags
    return Payoff(
        to_supplier_side=to_supplier_side,
        to_buyer=BaseUnits(line.held - to_supplier_side),
        goods_to_buyer=2 * conditions.default_supplier_bps >= MAX_BPS or accepted_before,
    )


def payoff(
    ending: Ending,
    line: Line,
    *,
    amount: BaseUnits,
    conditions: Conditions,
    outcome: Outcome | None = None,
    with_penalty: bool = True,
) -> Payoff:
    """The row of an ending. `outcome`: what was ruled or agreed; `with_penalty`: how the supplier resigns."""
    match ending:
        case Ending.ACCEPTED | Ending.DEEMED_ACCEPTED:
            return accepted(line, amount, conditions)
        case Ending.CANCELLED:
            return cancelled(line, amount, conditions)
        case Ending.RESIGNED | Ending.TERMINATED:
            declines = ending is Ending.RESIGNED and not with_penalty
            return (declined if declines else failed)(line, amount, conditions)
        case Ending.RETENTION_PAID:
            return retention_ended(line)
        case Ending.DEFAULTED:
            return defaulted(line, conditions)
        case Ending.RULED | Ending.SETTLED | Ending.AMENDED:
            if outcome is None:
                raise InvalidInput(f"a line that ends as {ending.name} needs the outcome that was decided")
            return decided(line, amount, conditions, outcome)


def advance(line: Line, amount: BaseUnits, conditions: Conditions) -> BaseUnits:
    """What was paid at opening. A line that replaces another paid none."""
    return NOTHING if LineFlag.AMENDED in line.flags else bps_floor(amount, conditions.advance_bps)


def bond(amount: BaseUnits, conditions: Conditions) -> BaseUnits:
    """The supplier's security deposit for a line of this price."""
    return bps_ceil(amount, conditions.bond_bps)


def arbiter_fee(amount: BaseUnits, conditions: Conditions) -> BaseUnits:
    """What a disputant deposits for the arbiter of a line of this price."""
    return bps_floor(amount, conditions.arbiter_fee_bps)


def brokerage(amount: BaseUnits, conditions: Conditions) -> BaseUnits:
    """The broker's part of an amount that goes to the supplier side."""
    return bps_floor(amount, conditions.broker_bps)
