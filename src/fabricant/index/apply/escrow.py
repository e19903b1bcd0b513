"""Order lines and their money, as the contract keeps them."""

import json
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Final

from fabricant.domain.escrow import (
    Conditions,
    ConditionsId,
    Ending,
    LineFlag,
    PackedConditions,
    Status,
    Terms,
    arbiter_fee,
    bond,
)
from fabricant.domain.escrow import Line as Slot
from fabricant.domain.escrow.clocks import late_intervals
from fabricant.domain.typed_data import snake
from fabricant.domain.units import Address, BaseUnits, Seconds, UnixSeconds
from fabricant.index.decode import Values
from fabricant.index.rows import (
    NOBODY,
    Balance,
    ConditionsRow,
    Delivery,
    Dispute,
    Line,
    Money,
    Payment,
)
from fabricant.index.state import Place, State

_DEPOSITED: Final = LineFlag.BUYER_DISPUTES | LineFlag.SUPPLIER_DISPUTES
_STATUSES: Final = {each: each.name.lower() for each in Status}
_BY_NAME: Final = {name: each for each, name in _STATUSES.items()}
_ENDINGS: Final = {each.value: each for each in Ending}


# Conditions


def _conditions_published(state: State, event: Values, place: Place) -> None:
    del place
    packed = event["conditions"]
    if state.find(ConditionsRow, event["id"]) is None:
        state.put(
            ConditionsRow(id=event["id"], rates=packed["rates"], periods=packed["periods"], uri=event["uri"])
        )


@lru_cache(4096)
def _unpacked(rates: str, periods: str) -> Conditions:
    return PackedConditions(int(rates), int(periods)).unpack()


def _agreed(state: State, line: Line) -> Conditions:
    found = state.known(ConditionsRow, line.conditions)
    return _unpacked(found.rates, found.periods)


# Lines


def _opened(state: State, event: Values, place: Place) -> None:
    terms = {snake(name): value for name, value in event["terms"].items()}
    line = state.either(Line, event["id"])
    for name, value in terms.items():
        setattr(line, name, value)
    line.status, line.since, line.opened_at = _STATUSES[Status.OPEN], place.time, place.time
    line.held, line.payer = event["held"], event["payer"]
    line.bond = str(bond(BaseUnits(int(line.amount)), _agreed(state, line)))
    money = state.either(Money, line.token)
    _add(money, "held", int(line.held))
    _add(money, "bonds", int(line.bond))
    _time(state, line)
    paid = int(line.amount) - int(line.held)
    if paid:
        _pay(state, line, place, kind="advance", payee=line.supplier, amount=paid)


def _revoked(state: State, event: Values, place: Place) -> None:
    line = state.either(Line, event["id"])
    line.status, line.since = _STATUSES[Status.REVOKED], place.time


def _delivered(state: State, event: Values, place: Place) -> None:
    line = state.edit(Line, event["id"])
    line.status, line.late_intervals = _STATUSES[Status.DELIVERED], event["lateIntervals"]
    line.extra += event["arrivesAt"] - place.time
    line.since, line.delivered_at = event["arrivesAt"], place.time
    _time(state, line)
    state.put(
        Delivery(
            block=place.block,
            log_index=place.index,
            line=line.id,
            by=event["by"],
            late_intervals=event["lateIntervals"],
            arrives_at=event["arrivesAt"],
            evidence=event["evidence"],
            invoice=event["invoice"],
            uri=event["uri"],
            assets=json.dumps(event["assets"], separators=(",", ":")),
            at=place.time,
        )
    )


def _receipt_confirmed(state: State, event: Values, place: Place) -> None:
    del place
    line = state.edit(Line, event["id"])
    line.extra -= line.since - event["arrivedAt"]
    line.since = event["arrivedAt"]
    _time(state, line)


def _rejected(state: State, event: Values, place: Place) -> None:
    line = state.edit(Line, event["id"])
    line.status, line.since = _STATUSES[Status.REJECTED], place.time
    line.rejections, line.extra = event["rejectionsAfter"], event["extraAfter"]
    _time(state, line)


def _extended(state: State, event: Values, place: Place) -> None:
    del place
    line = state.edit(Line, event["id"])
    line.extra = event["extraAfter"]
    _time(state, line)


def _paid(state: State, event: Values, place: Place) -> None:
    line = _hold(state, event)
    _pay(state, line, place, kind="paid", payee=event["payee"], amount=int(event["amount"]))


def _refunded(state: State, event: Values, place: Place) -> None:
    line = _hold(state, event)
    _pay(state, line, place, kind="refunded", payee=line.buyer, amount=int(event["amount"]))


def _hold(state: State, event: Values) -> Line:
    line = state.edit(Line, event["id"])
    _add(state.either(Money, line.token), "held", int(event["heldAfter"]) - int(line.held))
    line.held = event["heldAfter"]
    return line


def _assigned(state: State, event: Values, place: Place) -> None:
    del place
    line = state.edit(Line, event["id"])
    if line.flags & (_DEPOSITED | LineFlag.ASSIGNED) == LineFlag.SUPPLIER_DISPUTES:
        line.flags |= int(_DEPOSITED)
    line.flags |= int(LineFlag.ASSIGNED)
    line.payee = event["payee"]


def _amended(state: State, event: Values, place: Place) -> None:
    del place
    old, new = state.edit(Line, event["oldId"]), state.edit(Line, event["newId"])
    old.replaced_by, new.replaces = new.id, old.id
    new.flags |= int(LineFlag.AMENDED) | (old.flags & LineFlag.ASSIGNED)
    new.payee = old.payee


# Disputes and endings


def _disputed(state: State, event: Values, place: Place) -> None:
    line = state.edit(Line, event["id"])
    line.flags |= int(_disputing(line, event["disputant"]))
    line.status, line.since = _STATUSES[Status.DISPUTED], place.time
    line.deposit = str(arbiter_fee(BaseUnits(int(line.amount)), _agreed(state, line)))
    _add(state.either(Money, line.token), "deposits", int(line.deposit))
    _time(state, line)
    line.dispute = f"{place.block}:{place.index}"
    state.put(
        Dispute(
            block=place.block,
            log_index=place.index,
            line=line.id,
            by=event["by"],
            disputant=event["disputant"],
            at=place.time,
        )
    )


def _disputing(line: Line, disputant: str) -> LineFlag:
    if line.status == _STATUSES[Status.REJECTED]:
        return LineFlag.SUPPLIER_DISPUTES if disputant == line.supplier else _DEPOSITED
    if line.status == _STATUSES[Status.RETAINED]:
        return LineFlag.BUYER_DISPUTES | LineFlag.RETENTION_DISPUTED
    return LineFlag.BUYER_DISPUTES


def _concluded(state: State, event: Values, place: Place) -> None:
    line, ending = state.edit(Line, event["id"]), _ENDINGS[event["ending"]]
    money = state.either(Money, line.token)
    if ending is Ending.ACCEPTED and line.status == _STATUSES[Status.OPEN]:
        line.late_intervals = _late(state, line, place)
    if line.status == _STATUSES[Status.DISPUTED]:
        _end_dispute(state, line, event, place)
        _add(money, "deposits", -int(line.deposit))
        line.deposit = "0"
    retained = int(event["retained"])
    _add(money, "held", retained - int(line.held))
    line.held, line.ending = event["retained"], ending.name.lower()
    line.flags = line.flags & ~int(_DEPOSITED) | (
        int(LineFlag.GOODS_TO_BUYER) if event["goodsToBuyer"] else 0
    )
    line.status = _STATUSES[Status.RETAINED if retained else Status.CLOSED]
    line.since = line.concluded_at = place.time
    if not retained:
        _add(money, "bonds", -int(line.bond))
        line.bond = "0"
    _time(state, line)
    side = line.supplier if line.payee == NOBODY else line.payee
    for number, (kind, payee, amount) in enumerate(
        (
            ("supplier side", side, event["toSupplierSide"]),
            ("buyer", line.buyer, event["toBuyer"]),
            ("security deposit", line.buyer, event["bondToBuyer"]),
        )
    ):
        if int(amount):
            _pay(state, line, place, number=number, kind=kind, payee=payee, amount=int(amount))


def _end_dispute(state: State, line: Line, event: Values, place: Place) -> None:
    block, index = map(int, line.dispute.split(":"))
    dispute = state.edit(Dispute, block, index)
    dispute.ending, dispute.ended_at = _ENDINGS[event["ending"]].name.lower(), place.time
    dispute.to_supplier_side, dispute.to_buyer = event["toSupplierSide"], event["toBuyer"]
    line.dispute = ""


def _late(state: State, line: Line, place: Place) -> int:
    return late_intervals(_terms(line), _slot(line), _agreed(state, line), at=UnixSeconds(place.time))


# Balances


def _balance_changed(state: State, event: Values, place: Place) -> None:
    del place
    balance = state.either(Balance, event["owner"], event["token"])
    _add(state.either(Money, event["token"]), "free", int(event["balanceAfter"]) - int(balance.amount))
    balance.amount = event["balanceAfter"]


# What several need


def _pay(
    state: State, line: Line, place: Place, *, number: int = 0, kind: str, payee: str, amount: int
) -> None:
    """Money that leaves a line, the broker's part included."""
    state.put(
        Payment(
            block=place.block,
            log_index=place.index,
            number=number,
            line=line.id,
            kind=kind,
            token=line.token,
            payee=payee,
            amount=str(amount),
            at=place.time,
        )
    )


def _add(money: Money, name: str, amount: int) -> None:
    setattr(money, name, str(int(getattr(money, name)) + amount))


def _time(state: State, line: Line) -> None:
    """When time next decides: delivery is due, or inspection, retention or arbitration end."""
    agreed = _agreed(state, line)
    after = {
        Status.OPEN: line.due_by + line.extra - line.since,
        Status.REJECTED: line.due_by + line.extra - line.since,
        Status.DELIVERED: agreed.inspection,
        Status.RETAINED: agreed.retention,
        Status.DISPUTED: agreed.arbitration,
    }.get(_BY_NAME[line.status])
    line.deadline = 0 if after is None else line.since + after


def _slot(line: Line) -> Slot:
    return Slot(
        status=_BY_NAME[line.status],
        flags=LineFlag(line.flags),
        rejections=line.rejections,
        since=UnixSeconds(line.since),
        late_intervals=line.late_intervals,
        extra=Seconds(line.extra),
        held=BaseUnits(int(line.held)),
    )


def _terms(line: Line) -> Terms:
    return Terms(
        buyer=Address(line.buyer),
        supplier=Address(line.supplier),
        amount=BaseUnits(int(line.amount)),
        open_by=UnixSeconds(line.open_by),
        due_by=UnixSeconds(line.due_by),
        token=Address(line.token),
        conditions=ConditionsId(bytes.fromhex(line.conditions[2:])),
        salt=int(line.salt),
    )


HANDLERS: Final[Mapping[str, Callable[[State, Values, Place], None]]] = {
    "ConditionsPublished": _conditions_published,
    "LineOpened": _opened,
    "LineRevoked": _revoked,
    "LineDelivered": _delivered,
    "ReceiptConfirmed": _receipt_confirmed,
    "LineRejected": _rejected,
    "LineExtended": _extended,
    "LinePaid": _paid,
    "LineRefunded": _refunded,
    "LineAssigned": _assigned,
    "LineAmended": _amended,
    "LineDisputed": _disputed,
    "LineConcluded": _concluded,
    "FreeBalanceChanged": _balance_changed,
}
