"""What every action does to a line and to everybody's money, predicted to the last base unit.

A `Position` is a line before an action, and each method one action that the contract would allow, as a pure
step. `Moved` says what goes into or out of pockets (the token itself) and free balances (in the escrow), and
how the line is afterwards; what it holds, its bond and a dispute's deposit are the rest. Receivers are taken
to accept their payments: one that refuses gets the amount as free balance instead.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace

from fabricant.domain.escrow.clocks import declining_ends, late_intervals
from fabricant.domain.escrow.conditions import Conditions
from fabricant.domain.escrow.consents import Outcome
from fabricant.domain.escrow.lines import Ending, Line, LineFlag, Status
from fabricant.domain.escrow.payoffs import advance, arbiter_fee, bond, brokerage, payoff
from fabricant.domain.escrow.terms import Terms
from fabricant.domain.units import ZERO_ADDRESS, Address, BaseUnits, Seconds, UnixSeconds

_DEPOSITED = LineFlag.BUYER_DISPUTES | LineFlag.SUPPLIER_DISPUTES
_NO_FLAGS = LineFlag(0)


@dataclass(frozen=True, slots=True)
class Moved:
    """What an action moves, in base units of the line's token, and the line after it. Below zero: out."""

    line: Line
    pockets: Mapping[Address, int]
    free: Mapping[Address, int]


@dataclass(frozen=True, slots=True)
class Position:
    """A line before an action. `payee`: to whom it was assigned; zero if it was not."""

    terms: Terms
    line: Line
    conditions: Conditions
    payee: Address = ZERO_ADDRESS

    @property
    def supplier_side(self) -> Address:
        """To whom the supplier's money goes."""
        return self.terms.supplier if self.payee == ZERO_ADDRESS else self.payee

    def opened(self, *, at: UnixSeconds, payer: Address, value: BaseUnits | None = None) -> Moved:
        """Price in, bond locked, advance out. `value`: coin that is sent; the rest is free balance."""
        amount, moved = self.terms.amount, _Moving()
        paid = advance(self.line, amount, self.conditions)
        sent = amount if value is None else value
        moved.pockets[payer] -= sent
        moved.free[payer] -= amount - sent
        moved.free[self.terms.supplier] -= bond(amount, self.conditions)
        self._to_supplier_side(moved, paid)
        return moved.to(replace(self.line, status=Status.OPEN, since=at, held=BaseUnits(amount - paid)))

    def delivered(self, *, at: UnixSeconds) -> Moved:
        """Handed over; the transit is added to the due date, in case of a rejection."""
        line, transit = self.line, self.conditions.transit
        return _Moving().to(
            replace(
                line,
                status=Status.DELIVERED,
                late_intervals=self._late(at),
                since=UnixSeconds(at + transit),
                extra=Seconds(line.extra + transit),
            )
        )

    def confirmed(self, *, at: UnixSeconds) -> Moved:
        """Arrived before the transit was over."""
        extra = Seconds(self.line.extra - (self.line.since - at))
        return _Moving().to(replace(self.line, since=at, extra=extra))

    def rejected(self, *, at: UnixSeconds) -> Moved:
        """Refused; the time since the handover is given back."""
        line = self.line
        extra = Seconds(line.extra + at - line.since)
        rejections = line.rejections + 1
        return _Moving().to(
            replace(line, status=Status.REJECTED, rejections=rejections, since=at, extra=extra)
        )

    def extended(self, extra_after: Seconds) -> Moved:
        """Due later."""
        return _Moving().to(replace(self.line, extra=extra_after))

    def paid(self, held_after: BaseUnits) -> Moved:
        """The buyer releases a part."""
        moved = _Moving()
        self._to_supplier_side(moved, self.line.held - held_after)
        return moved.to(replace(self.line, held=held_after))

    def refunded(self, held_after: BaseUnits) -> Moved:
        """The supplier side gives a part back."""
        moved = _Moving()
        moved.pockets[self.terms.buyer] += self.line.held - held_after
        return moved.to(replace(self.line, held=held_after))

    def disputed(self, *, at: UnixSeconds, disputant: Address) -> Moved:
        """The arbiter's fee is deposited."""
        moved, flags = _Moving(), LineFlag.BUYER_DISPUTES
        if self.line.status is Status.REJECTED:
            flags = LineFlag.SUPPLIER_DISPUTES if disputant == self.terms.supplier else _DEPOSITED
        elif self.line.status is Status.RETAINED:
            flags |= LineFlag.RETENTION_DISPUTED
        moved.free[disputant] -= self._fee
        return moved.to(replace(self.line, status=Status.DISPUTED, flags=self.line.flags | flags, since=at))

    def assigned(self) -> Moved:
        """Sold; the supplier's deposit in a running dispute goes along."""
        flags = self.line.flags
        if flags & (_DEPOSITED | LineFlag.ASSIGNED) == LineFlag.SUPPLIER_DISPUTES:
            flags |= _DEPOSITED
        return _Moving().to(replace(self.line, flags=flags | LineFlag.ASSIGNED))

    def ended(self, ending: Ending, *, at: UnixSeconds, outcome: Outcome | None = None) -> Moved:
        """The money is concluded. `outcome`: what was ruled or agreed."""
        moved = _Moving()
        after, _ = self._end(moved, ending, at, outcome)
        return moved.to(after)

    def amended(
        self,
        new: Terms,
        new_conditions: Conditions,
        outcome: Outcome,
        *,
        at: UnixSeconds,
        payer: Address,
    ) -> tuple[Moved, Line]:
        """Ended, and opened anew with the buyer's share: all that moves, with the old line; the new line."""
        moved = _Moving()
        after, share = self._end(moved, Ending.AMENDED, at, outcome)
        flags = LineFlag.AMENDED | (self.line.flags & LineFlag.ASSIGNED)
        opened = Position(new, Line(flags=flags), new_conditions, self.payee).opened(at=at, payer=payer)
        used = min(share, new.amount)
        moved.add(opened)
        moved.pockets[self.terms.buyer] -= used
        moved.pockets[payer] += used
        return moved.to(after), opened.line

    # Inside

    @property
    def _fee(self) -> BaseUnits:
        return arbiter_fee(self.terms.amount, self.conditions)

    def _late(self, at: UnixSeconds) -> int:
        return late_intervals(self.terms, self.line, self.conditions, at=at)

    def _end(
        self, moved: "_Moving", ending: Ending, at: UnixSeconds, outcome: Outcome | None
    ) -> tuple[Line, int]:
        terms, line, conditions = self.terms, self.line, self.conditions
        if ending is Ending.ACCEPTED and line.status is Status.OPEN:
            line = replace(line, late_intervals=self._late(at))
        in_time = at < declining_ends(terms, line, conditions)
        with_penalty = ending is not Ending.RESIGNED or not in_time
        row = payoff(
            ending,
            line,
            amount=terms.amount,
            conditions=conditions,
            outcome=outcome,
            with_penalty=with_penalty,
        )
        self._to_supplier_side(moved, row.to_supplier_side)
        moved.pockets[terms.buyer] += row.to_buyer + row.bond_to_buyer
        if not row.retained:
            moved.free[terms.supplier] += bond(terms.amount, conditions) - row.bond_to_buyer
        if not with_penalty:
            moved.free[terms.supplier] -= advance(line, terms.amount, conditions)
        if line.status is Status.DISPUTED:
            self._return_fee(moved, ending)
        flags = line.flags & ~_DEPOSITED | (LineFlag.GOODS_TO_BUYER if row.goods_to_buyer else _NO_FLAGS)
        status = Status.RETAINED if row.retained else Status.CLOSED
        after = replace(line, status=status, flags=flags, since=at, held=row.retained)
        return after, row.to_buyer + row.bond_to_buyer

    def _return_fee(self, moved: "_Moving", ending: Ending) -> None:
        depositors = {
            LineFlag.BUYER_DISPUTES: self.terms.buyer,
            LineFlag.SUPPLIER_DISPUTES: self.terms.supplier,
            _DEPOSITED: self.supplier_side,
        }
        if ending is Ending.RULED:
            moved.pockets[self.terms.arbiter] += self._fee
        else:
            moved.free[depositors[self.line.flags & _DEPOSITED]] += self._fee

    def _to_supplier_side(self, moved: "_Moving", amount: int) -> None:
        brokered = self.terms.broker != ZERO_ADDRESS
        commission = brokerage(BaseUnits(amount), self.conditions) if brokered else 0
        moved.pockets[self.terms.broker] += commission
        moved.pockets[self.supplier_side] += amount - commission


class _Moving:
    """Movements that are being added up."""

    def __init__(self) -> None:
        self.pockets: Counter[Address] = Counter()
        self.free: Counter[Address] = Counter()

    def add(self, other: Moved) -> None:
        self.pockets.update(other.pockets)
        self.free.update(other.free)

    def to(self, line: Line) -> Moved:
        def changed(moved: Counter[Address]) -> dict[Address, int]:
            return {who: amount for who, amount in moved.items() if amount}

        return Moved(line, changed(self.pockets), changed(self.free))
