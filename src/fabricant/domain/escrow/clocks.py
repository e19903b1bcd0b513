"""What may happen to an order line, who may do it, and from when to when.

The contract's rules of time as a table: every action that a line's status allows, with the side that may
act, the role that its operators need, and the time in which it is possible. "From T" includes T and "before
T" excludes it, so that no instant belongs to both sides or to none.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from fabricant.domain.directory import NO_ROLE, Role
from fabricant.domain.escrow.conditions import DAY, Conditions
from fabricant.domain.escrow.lines import Line, LineFlag, Status
from fabricant.domain.escrow.terms import Terms
from fabricant.domain.units import ZERO_ADDRESS, Address, Seconds, UnixSeconds

LONGEST_EXTENSION: Final = Seconds(366 * DAY)
MOST_INTERVALS: Final = 2**16 - 1
LIVE: Final = (Status.OPEN, Status.DELIVERED, Status.REJECTED, Status.RETAINED, Status.DISPUTED)


class Action(StrEnum):
    """What can be done with a line, in the contract's verbs."""

    OPEN = "open"
    REVOKE = "revoke"
    DELIVER = "deliver"
    CONFIRM_RECEIPT = "confirm_receipt"
    ACCEPT = "accept"
    DEEM_ACCEPT = "deem_accept"
    REJECT = "reject"
    DISPUTE = "dispute"
    EVIDENCE = "evidence"
    RULE = "rule"
    APPLY_DEFAULT = "apply_default"
    SETTLE = "settle"
    AMEND = "amend"
    ASSIGN = "assign"
    PAY = "pay"
    REFUND = "refund"
    EXTEND = "extend"
    CANCEL = "cancel"
    RESIGN = "resign"
    TERMINATE = "terminate"
    PAY_RETENTION = "pay_retention"
    COLLECT = "collect"


class Side(StrEnum):
    """Who may act: by itself, or through an operator with the role."""

    BUYER = "the buyer"
    SUPPLIER = "the supplier"
    SUPPLIER_SIDE = "the supplier side"  # the payee of an assigned line, else the supplier
    SUPPLIER_OR_PAYEE = "the supplier or the payee"
    INSPECTOR = "the inspector"  # the buyer, if the terms name none
    BUYER_OR_INSPECTOR = "the buyer or the inspector"
    ARBITER = "the arbiter"
    PARTIES_OR_ARBITER = "any party or the arbiter"
    EITHER_PARTY = "either party"
    BOTH_PARTIES = "both parties"
    ALL_PARTIES = "all parties"  # the payee of an assigned line among them
    OPENER = "the contract that the terms name"
    ANYONE = "anyone"

    def principals(self, terms: Terms, *, payee: Address = ZERO_ADDRESS) -> tuple[Address, ...]:
        """The addresses that may act; empty if everybody may. `payee`: zero if the line is not assigned."""
        inspector = terms.buyer if terms.inspector == ZERO_ADDRESS else terms.inspector
        both = (terms.buyer, terms.supplier)
        payees = () if payee == ZERO_ADDRESS else (payee,)
        principals = {
            Side.BUYER: (terms.buyer,),
            Side.SUPPLIER: (terms.supplier,),
            Side.SUPPLIER_SIDE: payees or (terms.supplier,),
            Side.SUPPLIER_OR_PAYEE: (terms.supplier, *payees),
            Side.INSPECTOR: (inspector,),
            Side.BUYER_OR_INSPECTOR: tuple(dict.fromkeys((terms.buyer, inspector))),
            Side.ARBITER: (terms.arbiter,),
            Side.PARTIES_OR_ARBITER: (*both, *payees, terms.arbiter),
            Side.EITHER_PARTY: both,
            Side.BOTH_PARTIES: both,
            Side.ALL_PARTIES: (*both, *payees),
            Side.OPENER: (terms.opener,),
            Side.ANYONE: (),
        }
        return principals[self]


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A possible action. `since` is inclusive, `before` exclusive; None: no limit. `role` 0: needs none."""

    action: Action
    by: Side
    role: Role = NO_ROLE
    since: UnixSeconds | None = None
    before: UnixSeconds | None = None
    remark: str = ""

    def is_open(self, at: UnixSeconds) -> bool:
        """Whether the action is possible at a time."""
        return (self.since is None or self.since <= at) and (self.before is None or at < self.before)


def windows(
    terms: Terms, line: Line, conditions: Conditions, *, goods_here: bool = True
) -> tuple[Window, ...]:
    """Everything that the line's status allows, now or later, unless something else happens first.

    `goods_here`: False if the line's goods are not in custody (any more).
    """
    found = _windows(terms, line, conditions, goods_here=goods_here)
    return tuple(each for each in found if each.before is None or (each.since or 0) < each.before)


def possible(
    terms: Terms, line: Line, conditions: Conditions, *, at: UnixSeconds, goods_here: bool = True
) -> tuple[Window, ...]:
    """What may be done with the line at a time."""
    found = windows(terms, line, conditions, goods_here=goods_here)
    return tuple(window for window in found if window.is_open(at))


def next_change(
    terms: Terms, line: Line, conditions: Conditions, *, after: UnixSeconds
) -> UnixSeconds | None:
    """The next time at which something becomes possible or ends being so; None if time changes nothing."""
    bounds = (bound for each in windows(terms, line, conditions) for bound in (each.since, each.before))
    return min((bound for bound in bounds if bound is not None and bound > after), default=None)


def delivery_opens(terms: Terms, conditions: Conditions) -> UnixSeconds:
    """From when the supplier may deliver."""
    return UnixSeconds(max(0, terms.due_by - conditions.delivery_window))


def cancellation_ends(terms: Terms, conditions: Conditions) -> UnixSeconds:
    """Before when the buyer may cancel."""
    return UnixSeconds(max(0, terms.due_by - conditions.cancel_notice))


def inspection_ends(line: Line, conditions: Conditions) -> UnixSeconds:
    """From when a delivery counts as accepted by silence."""
    return UnixSeconds(line.since + conditions.inspection)


def retention_ends(line: Line, conditions: Conditions) -> UnixSeconds:
    """From when the retention can be paid."""
    return UnixSeconds(line.since + conditions.retention)


def arbitration_ends(line: Line, conditions: Conditions) -> UnixSeconds:
    """From when a dispute ends by the agreed split."""
    return UnixSeconds(line.since + conditions.arbitration)


def long_stop(terms: Terms, line: Line, conditions: Conditions) -> UnixSeconds:
    """From when the buyer may terminate, and the supplier can't deliver any more."""
    stop = terms.due_by + line.extra + conditions.long_stop
    cured = line.since + conditions.cure if line.status is Status.REJECTED else 0
    return UnixSeconds(max(stop, cured))


def declining_ends(terms: Terms, line: Line, conditions: Conditions) -> UnixSeconds:
    """Before when the supplier may resign without penalty; zero if it may not at all."""
    if line.status is not Status.OPEN or LineFlag.AMENDED in line.flags:
        return UnixSeconds(0)
    return UnixSeconds(min(line.since + conditions.resign_period, terms.due_by))


def late_intervals(terms: Terms, line: Line, conditions: Conditions, *, at: UnixSeconds) -> int:
    """Commenced intervals of delay at a time. Exactly at the due date is in time; it saturates at 65,535."""
    late = at - terms.due_by - line.extra
    return min(MOST_INTERVALS, -(-late // conditions.late_every)) if late > 0 else 0


def _windows(terms: Terms, line: Line, conditions: Conditions, *, goods_here: bool) -> Iterator[Window]:
    match line.status:
        case Status.NONE:
            yield from _unopened(terms)
        case Status.OPEN:
            yield from _performing(terms, line, conditions)
            ends = cancellation_ends(terms, conditions)
            yield Window(action=Action.CANCEL, by=Side.BUYER, role=Role.CHANGE, before=ends)
        case Status.DELIVERED:
            yield from _inspecting(line, conditions)
        case Status.REJECTED:
            yield from _performing(terms, line, conditions)
            yield _dispute(Side.SUPPLIER_OR_PAYEE, before=UnixSeconds(line.since + conditions.cure))
        case Status.RETAINED:
            ends = retention_ends(line, conditions)
            yield Window(action=Action.PAY_RETENTION, by=Side.ANYONE, since=ends)
            yield _dispute(Side.BUYER, before=ends)
        case Status.DISPUTED:
            yield from _disputing(terms, line, conditions)
    yield from _at_any_time(terms, line, goods_here=goods_here)


def _unopened(terms: Terms) -> Iterator[Window]:
    opener = Side.BOTH_PARTIES if terms.opener == ZERO_ADDRESS else Side.OPENER
    yield Window(action=Action.OPEN, by=opener, role=Role.OPEN, before=terms.open_by)
    yield Window(action=Action.REVOKE, by=Side.EITHER_PARTY, role=Role.OPEN)


def _at_any_time(terms: Terms, line: Line, *, goods_here: bool) -> Iterator[Window]:
    if _is_acceptable(terms, line, goods_here=goods_here):
        yield Window(action=Action.ACCEPT, by=Side.BUYER, role=Role.FINANCE, remark="as it is")
    if line.status in LIVE:
        yield Window(action=Action.SETTLE, by=Side.ALL_PARTIES, role=Role.CHANGE)
        yield Window(action=Action.ASSIGN, by=Side.SUPPLIER_SIDE)
    if line.status is Status.OPEN or (line.status is Status.REJECTED and not (terms.assets and goods_here)):
        amender = Side.ALL_PARTIES if terms.opener == ZERO_ADDRESS else Side.OPENER
        yield Window(action=Action.AMEND, by=amender, role=Role.CHANGE)
    if line.held and line.status in LIVE and line.status is not Status.DISPUTED:
        yield Window(action=Action.PAY, by=Side.BUYER, role=Role.FINANCE)
        yield Window(action=Action.REFUND, by=Side.SUPPLIER_SIDE, role=Role.FINANCE)
    if terms.assets and goods_here and line.status in (Status.REJECTED, Status.RETAINED, Status.CLOSED):
        entitled = Side.BUYER if LineFlag.GOODS_TO_BUYER in line.flags else Side.SUPPLIER
        yield Window(action=Action.COLLECT, by=entitled, role=Role.ASSETS)


def _is_acceptable(terms: Terms, line: Line, *, goods_here: bool) -> bool:
    """Whether the buyer may accept a line that is not waiting for its inspection."""
    if line.status in (Status.REJECTED, Status.DISPUTED):
        return not terms.assets or goods_here or LineFlag.RETENTION_DISPUTED in line.flags
    return line.status is Status.OPEN and not terms.assets


def _dispute(by: Side, *, before: UnixSeconds) -> Window:
    return Window(action=Action.DISPUTE, by=by, role=Role.QUALITY, before=before)


def _disputing(terms: Terms, line: Line, conditions: Conditions) -> Iterator[Window]:
    ends = arbitration_ends(line, conditions)
    yield Window(action=Action.EVIDENCE, by=Side.PARTIES_OR_ARBITER, role=Role.QUALITY)
    if terms.arbiter != ZERO_ADDRESS:
        yield Window(action=Action.RULE, by=Side.ARBITER, before=ends)
    yield Window(action=Action.APPLY_DEFAULT, by=Side.ANYONE, since=ends)


def _performing(terms: Terms, line: Line, conditions: Conditions) -> Iterator[Window]:
    stop = long_stop(terms, line, conditions)
    yield Window(
        action=Action.DELIVER,
        by=Side.SUPPLIER,
        role=Role.QUALITY | Role.ASSETS if terms.assets else Role.QUALITY,
        since=delivery_opens(terms, conditions),
        before=stop,
    )
    yield Window(action=Action.TERMINATE, by=Side.BUYER, role=Role.CHANGE, since=stop)
    if line.extra < LONGEST_EXTENSION:
        yield Window(action=Action.EXTEND, by=Side.BUYER, role=Role.CHANGE)
    if LineFlag.ASSIGNED in line.flags:
        return
    declines = declining_ends(terms, line, conditions)
    yield Window(
        action=Action.RESIGN,
        by=Side.SUPPLIER,
        role=Role.CHANGE,
        before=declines,
        remark="without penalty",
    )
    yield Window(
        action=Action.RESIGN, by=Side.SUPPLIER, role=Role.CHANGE, since=declines, remark="the bond is lost"
    )


def _inspecting(line: Line, conditions: Conditions) -> Iterator[Window]:
    ends = inspection_ends(line, conditions)
    yield Window(
        action=Action.CONFIRM_RECEIPT, by=Side.BUYER_OR_INSPECTOR, role=Role.QUALITY, before=line.since
    )
    yield Window(action=Action.ACCEPT, by=Side.BUYER_OR_INSPECTOR, role=Role.QUALITY)
    if line.rejections < conditions.max_rejections:
        yield Window(action=Action.REJECT, by=Side.INSPECTOR, role=Role.QUALITY, before=ends)
    yield _dispute(Side.BUYER, before=ends)
    yield Window(action=Action.DEEM_ACCEPT, by=Side.ANYONE, since=ends)
