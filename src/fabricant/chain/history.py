"""What happened to order lines: the escrow's events in order, each with its time and in words.

The chain's logs hold everything that ever was done to a line. A `Happening` is one of them as people read
it: when, what, with which amounts, and by whom, by the name of its side where it is one of the parties.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from fabricant.chain.answers import Hash, Log
from fabricant.chain.escrow import (
    GoodsHandedOver,
    LineAmended,
    LineAssigned,
    LineConcluded,
    LineDelivered,
    LineExtended,
    LineOpened,
    LinePaid,
    LineRefunded,
    LineRejected,
)
from fabricant.chain.fabricant import Fabricant
from fabricant.chain.lookup import time_of, token_of
from fabricant.domain.escrow import LineId, Terms
from fabricant.domain.escrow.clocks import Side
from fabricant.domain.escrow.describe import party_name
from fabricant.domain.typed_data import snake
from fabricant.domain.units import Address, BaseUnits, Token, UnixSeconds, format_duration, format_time


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """One thing that happened to a line. `who`: None if it follows from another."""

    line: LineId
    at: UnixSeconds
    log: Log
    event: object
    said: str
    who: str | None

    @property
    def transaction(self) -> Hash:
        """The transaction in which it happened."""
        return self.log.transaction


def history_of(fabricant: Fabricant, line: LineId, terms: Terms) -> list[Happening]:
    """Everything that happened to a line, in order. Raises BadAnswer if a block is not there."""
    events = fabricant.escrow.history_of(line, since=fabricant.deployment.first_block)
    times = {log.block_hash: log for log, _ in events}
    clock = {block: time_of(fabricant, log) for block, log in times.items()}
    token, payee = token_of(fabricant, terms.token), fabricant.escrow.payee_of(line)
    return [
        Happening(
            line=line,
            at=clock[log.block_hash],
            log=log,
            event=event,
            said=_said(event, line, terms, token=token, at=clock[log.block_hash]),
            who=_who(event, terms, payee),
        )
        for log, event in events
    ]


def merged(histories: Iterable[list[Happening]]) -> list[Happening]:
    """What happened to several lines, in the order in which it happened."""
    together = (each for history in histories for each in history)
    return sorted(together, key=lambda each: (each.log.block, each.log.index))


def _who(event: object, terms: Terms, payee: Address) -> str | None:
    match event:
        case LineOpened():
            by: Address | None = event.payer
        case LinePaid():
            return str(Side.BUYER)  # by whom the event does not say; nobody else may
        case LineAssigned():
            by = event.assignor
        case _:
            by = getattr(event, "by", None)
    return party_name(terms, by, payee=payee) if by is not None else None


def _said(event: object, line: LineId, terms: Terms, *, token: Token, at: UnixSeconds) -> str:
    match event:
        case LineOpened():
            said = f"opened: {token.format(terms.amount)} paid in, {token.format(event.held)} held"
        case LineDelivered():
            said = _delivered(event, at)
        case LineRejected():
            said = _rejected(event)
        case LineExtended():
            said = f"due {format_duration(event.extra_after)} later than agreed at first"
        case LinePaid():
            said = f"{token.format(event.amount)} released to the supplier side{_rest(event, token)}"
        case LineRefunded():
            said = f"{token.format(event.amount)} given back to the buyer{_rest(event, token)}"
        case LineConcluded():
            said = _concluded(event, token)
        case GoodsHandedOver():
            said = f"{_products(len(event.assets))} handed over to {party_name(terms, event.to)}"
        case LineAssigned() | LineAmended():
            said = _handed_on(event, line)
        case _:
            said = snake(type(event).__name__).removeprefix("line_").replace("_", " ")
    return said


def _handed_on(event: LineAssigned | LineAmended, line: LineId) -> str:
    if isinstance(event, LineAssigned):
        return f"what is due to the supplier assigned to {event.payee}"
    if event.old_id == line:
        return f"replaced by line {_short(event.new_id)}"
    return f"replaces line {_short(event.old_id)}"


def _rejected(event: LineRejected) -> str:
    times = event.rejections_after
    return "rejected" if times == 1 else f"rejected, {times} times by now"


def _delivered(event: LineDelivered, at: UnixSeconds) -> str:
    parts = ["delivered"]
    if event.assets:
        parts.append(_products(len(event.assets)))
    if event.late_intervals:
        parts.append("1 period late" if event.late_intervals == 1 else f"{event.late_intervals} periods late")
    if event.arrives_at > at:
        parts.append(f"arrives by {format_time(event.arrives_at)}")
    return ", ".join(parts)


def _rest(event: LinePaid | LineRefunded, token: Token) -> str:
    return f", {token.format(event.held_after)} stay held"


def _concluded(event: LineConcluded, token: Token) -> str:
    shares: list[tuple[BaseUnits, str]] = [
        (event.to_supplier_side, "to the supplier side"),
        (event.to_buyer, "to the buyer"),
        (event.retained, "retained"),
        (event.bond_to_buyer, "of the security deposit to the buyer"),
    ]
    told = ", ".join(f"{token.format(amount)} {where}" for amount, where in shares if amount)
    how = event.ending.name.lower().replace("_", " ")
    return f"{how}: {told}" if told else how


def _short(line: LineId) -> str:
    """The beginning of an id, enough to name the line by."""
    return f"0x{line.hex()[:10]}"


def _products(number: int) -> str:
    return "1 product" if number == 1 else f"{number} products"
