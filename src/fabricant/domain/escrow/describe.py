"""An order line in plain words: what is agreed, how it stands, and who would get what.

These are the sentences that people see before they sign or send anything, and when they ask how a line is
doing. Amounts are in whole tokens, times in UTC; texts that come from others are made safe to show.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from fabricant.domain.escrow.clocks import (
    arbitration_ends,
    declining_ends,
    inspection_ends,
    late_intervals,
    long_stop,
    retention_ends,
)
from fabricant.domain.escrow.conditions import Conditions
from fabricant.domain.escrow.consents import Amendment, Assignment, Outcome, Settlement
from fabricant.domain.escrow.lines import Ending, Line, LineFlag, Status
from fabricant.domain.escrow.payoffs import Payoff, advance, arbiter_fee, bond, brokerage, payoff
from fabricant.domain.escrow.terms import NO_HASH, Terms
from fabricant.domain.escrow.words import explain
from fabricant.domain.units import (
    NOTHING,
    ZERO_ADDRESS,
    Address,
    BaseUnits,
    Token,
    UnixSeconds,
    format_bps,
    format_duration,
    format_time,
)


def describe_terms(terms: Terms, conditions: Conditions, *, token: Token) -> tuple[str, ...]:
    """What the parties of a line agree to, beside their trade conditions (`explain`)."""
    return (
        f"{terms.buyer} buys from {terms.supplier} for {token.format(terms.amount)}.",
        *_money(terms, conditions, token),
        f"It must be opened before {format_time(terms.open_by)}, and is due at {format_time(terms.due_by)}.",
        *_people(terms, conditions),
        *_goods(terms),
        *_papers(terms),
    )


def describe_line(
    terms: Terms,
    line: Line,
    conditions: Conditions,
    *,
    token: Token,
    at: UnixSeconds,
    payee: Address = ZERO_ADDRESS,
) -> tuple[str, ...]:
    """How a line stands at a time. `payee`: zero if it was not assigned."""
    return (*_state(terms, line, conditions, at), *_held(terms, line, conditions, token, payee))


def foreseen(
    ending: Ending,
    terms: Terms,
    line: Line,
    conditions: Conditions,
    *,
    at: UnixSeconds,
    outcome: Outcome | None = None,
) -> Payoff:
    """Who would get what if the line ended so at a time; `outcome`: as the arbiter or the parties decide."""
    if line.status is Status.OPEN:
        line = replace(line, late_intervals=late_intervals(terms, line, conditions, at=at))
    penalty = at >= declining_ends(terms, line, conditions)
    return payoff(
        ending,
        line,
        amount=terms.amount,
        conditions=conditions,
        outcome=outcome,
        with_penalty=penalty,
    )


def describe_payoff(
    payoff: Payoff, terms: Terms, conditions: Conditions, *, token: Token, supplier_side: Address
) -> tuple[str, ...]:
    """Who gets what when a line ends that way. `supplier_side`: its payee if it was assigned."""
    return tuple(_payoff(payoff, terms, conditions, token, supplier_side))


def describe_settlement(
    settlement: Settlement,
    terms: Terms,
    line: Line,
    conditions: Conditions,
    *,
    token: Token,
    at: UnixSeconds,
    payee: Address = ZERO_ADDRESS,
) -> tuple[str, ...]:
    """What the parties would agree to, if it were sent at a time. `payee`: zero if it was not assigned."""
    ending = foreseen(Ending.SETTLED, terms, line, conditions, at=at, outcome=settlement.outcome)
    all_ = "both" if payee == ZERO_ADDRESS else "all three"
    return (
        *_less(settlement.outcome, line, token),
        *describe_payoff(
            ending, terms, conditions, token=token, supplier_side=supplier_side(terms, payee=payee)
        ),
        f"That ends the line, once {all_} agree and it is sent before {format_time(settlement.deadline)}.",
    )


def describe_amendment(
    amendment: Amendment,
    old: tuple[Terms, Conditions],
    new: tuple[Terms, Conditions],
    line: Line,
    *,
    token: Token,
    payee: Address = ZERO_ADDRESS,
) -> tuple[str, ...]:
    """What changes with a change order, and who pays and gets what for it. `line`: the old one's."""
    (terms, conditions), outcome = old, amendment.outcome
    ending = payoff(Ending.AMENDED, line, amount=terms.amount, conditions=conditions, outcome=outcome)
    told = describe_payoff(
        replace(ending, to_buyer=NOTHING),  # it goes into the new line first
        replace(terms, assets=0),  # none are in custody
        conditions,
        token=token,
        supplier_side=supplier_side(terms, payee=payee),
    )
    all_ = "both" if payee == ZERO_ADDRESS else "all three"
    return (
        "What changes:",
        *(f"  {change}" for change in _changes(old, new, line, token)),
        "The old line ends, and its work in progress is paid:",
        *(f"  {sentence}" for sentence in (*_less(outcome, line, token), *told)),
        "The new line opens:",
        *(f"  {sentence}" for sentence in _funding(ending, old, new, token)),
        f"That is done once {all_} agree and it is sent before {format_time(amendment.deadline)}.",
    )


def still_to_pay(ending: Payoff, amount: BaseUnits) -> BaseUnits:
    """What a change order costs the payer, beyond the buyer's share of the old line. Base units."""
    return BaseUnits(max(0, amount - ending.to_buyer - ending.bond_to_buyer))


def describe_assignment(
    assignment: Assignment, terms: Terms, line: Line, conditions: Conditions, *, token: Token
) -> tuple[str, ...]:
    """What a payee gets with a line, and what it risks."""
    less = "" if terms.broker == ZERO_ADDRESS else f", less the broker's {format_bps(conditions.broker_bps)}"
    return (
        f"What is due to the supplier goes to {assignment.payee} from then on.",
        f"That is at most what is held, {token.format(line.held)}{less}.",
        "It alone may refund and assign it on, and settlements and change orders need its consent, too.",
        "It may dispute and give evidence. The supplier can't resign any more.",
        "It bears the risk that the supplier does not perform, or loses a dispute: it may get nothing.",
        "If the buyer cancels or terminates, it gets only what the trade conditions leave the supplier.",
        "The security deposit and the goods stay the supplier's, and the buyer's rights are the same.",
        *(["A deposit of the supplier side for the arbiter goes along."] if _side_disputes(line) else []),
        f"It counts once the payee agrees and it is sent before {format_time(assignment.deadline)}.",
    )


def supplier_side(terms: Terms, *, payee: Address) -> Address:
    """To whom the supplier's money goes. `payee`: zero if the line was not assigned."""
    return terms.supplier if payee == ZERO_ADDRESS else payee


def party_name(terms: Terms, address: Address, *, payee: Address = ZERO_ADDRESS) -> str:
    """What an address is to a line, such as "the buyer"; the address itself if it is none of its parties."""
    parties = {
        payee: "the payee",
        terms.broker: "the broker",
        terms.arbiter: "the arbiter",
        terms.inspector: "the inspector",
        terms.supplier: "the supplier",
        terms.buyer: "the buyer",
    }
    return address if address == ZERO_ADDRESS else parties.get(address, address)


def _less(outcome: Outcome, line: Line, token: Token) -> Iterator[str]:
    if (named := outcome.to_supplier) > line.held:
        yield f"Of the {token.format(named)} for the supplier side, only {token.format(line.held)} are held."


def _changes(
    old: tuple[Terms, Conditions], new: tuple[Terms, Conditions], line: Line, token: Token
) -> Iterator[str]:
    (before, conditions), (after, changed) = old, new
    if before.amount != after.amount:
        yield f"The price still open is {token.format(after.amount)}; it was {token.format(before.amount)}."
    if (due := UnixSeconds(before.due_by + line.extra)) != after.due_by:
        yield f"It is due at {format_time(after.due_by)}; it was due at {format_time(due)}."
    for name, said in _SHOWN.items():
        was, is_ = (_shown(getattr(terms, name)) for terms in (before, after))
        if was != is_:
            yield f"{said}: {is_}; before: {was}."
    if conditions != changed:
        was_said, is_said = explain(conditions), explain(changed)
        yield f"The trade conditions: 0x{changed.id.hex()}; before: 0x{conditions.id.hex()}."
        yield from (f"  now: {each}" for each in is_said if each not in was_said)
        yield from (f"  no more: {each}" for each in was_said if each not in is_said)


def _funding(
    ending: Payoff, old: tuple[Terms, Conditions], new: tuple[Terms, Conditions], token: Token
) -> Iterator[str]:
    amount = new[0].amount
    share = BaseUnits(ending.to_buyer + ending.bond_to_buyer)
    yield (
        f"{token.format(amount)} are held for it, of which {token.format(min(share, amount))} are the "
        "buyer's share of the old line."
    )
    if missing := still_to_pay(ending, amount):
        yield f"{token.format(missing)} are still to be paid for the buyer."
    if share > amount:
        yield f"{token.format(BaseUnits(share - amount))} go back to the buyer, {new[0].buyer}."
    freed, locked = bond(old[0].amount, old[1]) - ending.bond_to_buyer, bond(amount, new[1])
    if locked:
        yield f"The supplier locks a security deposit of {token.format(locked)}."
    if locked > freed:
        yield f"That takes {token.format(BaseUnits(locked - freed))} more from its free balance."
    elif freed > locked:
        yield f"{token.format(BaseUnits(freed - locked))} of the old deposit stay free."
    yield "No advance is paid, and the supplier can't resign from it without penalty."


def _shown(value: Address | bytes | int) -> str:
    if isinstance(value, bytes):
        return "none" if value == NO_HASH else f"0x{value.hex()}"
    return "nobody" if value == ZERO_ADDRESS else str(value)


def _side_disputes(line: Line) -> bool:
    return line.status is Status.DISPUTED and LineFlag.SUPPLIER_DISPUTES in line.flags


def _money(terms: Terms, conditions: Conditions, token: Token) -> Iterator[str]:
    if paid := advance(Line(), terms.amount, conditions):
        yield f"{token.format(paid)} of it is paid to the supplier at opening."
    if deposit := bond(terms.amount, conditions):
        yield f"The supplier locks a security deposit of {token.format(deposit)}, from its free balance."


def _people(terms: Terms, conditions: Conditions) -> Iterator[str]:
    if terms.inspector == ZERO_ADDRESS:
        yield "The buyer inspects."
    else:
        yield f"{terms.inspector} inspects: it alone rejects, it or the buyer accepts."
    if terms.arbiter == ZERO_ADDRESS:
        yield "Nobody rules on disputes: time to settle, then the agreed split."
    else:
        yield f"{terms.arbiter} rules on disputes."
    if terms.broker != ZERO_ADDRESS:
        share = format_bps(conditions.broker_bps)
        yield f"{terms.broker} is the broker and gets {share} of what the supplier is paid."
    if terms.opener != ZERO_ADDRESS:
        yield f"Only the contract {terms.opener} opens it."


def _goods(terms: Terms) -> Iterator[str]:
    if terms.assets:
        number = "1 registered asset" if terms.assets == 1 else f"{terms.assets} registered assets"
        exact = "any" if terms.deliverables == NO_HASH else f"exactly those of 0x{terms.deliverables.hex()}"
        yield f"{number} of the supplier {'is' if terms.assets == 1 else 'are'} handed over: {exact}."
    else:
        yield "No registered assets are handed over."


def _papers(terms: Terms) -> Iterator[str]:
    if terms.documents != NO_HASH:
        yield f"The contract package has the hash 0x{terms.documents.hex()}."
    if terms.order_ref != NO_HASH:
        yield f"The purchase order has the reference 0x{terms.order_ref.hex()}."


def _state(terms: Terms, line: Line, conditions: Conditions, at: UnixSeconds) -> Iterator[str]:
    since = format_time(line.since)
    due = UnixSeconds(terms.due_by + line.extra)
    match line.status:
        case Status.NONE:
            over = at >= terms.open_by
            yield "It was never opened, and can't be any more." if over else "It is not open yet."
        case Status.REVOKED:
            yield "It was revoked and can never be opened."
        case Status.OPEN:
            yield f"It is open since {since}, and due at {format_time(due)}."
        case Status.DELIVERED:
            ends = format_time(inspection_ends(line, conditions))
            arrived = "counts as arrived from" if line.since > at else "arrived at"
            yield f"It was delivered; it {arrived} {since}. From {ends}, silence is acceptance."
        case Status.REJECTED:
            times = "once" if line.rejections == 1 else f"{line.rejections} times"
            stop = format_time(long_stop(terms, line, conditions))
            yield f"It was rejected {times}, last at {since}. The supplier may deliver again before {stop}."
        case Status.RETAINED:
            ends = format_time(retention_ends(line, conditions))
            yield f"It was accepted at {since}. The retention is due at {ends}."
        case Status.DISPUTED:
            ends = format_time(arbitration_ends(line, conditions))
            yield f"It is in dispute since {since}. From {ends}, it ends by the agreed split."
        case Status.CLOSED:
            yield f"It was closed at {since}."
    yield from _delay(terms, line, conditions, at)


def _delay(terms: Terms, line: Line, conditions: Conditions, at: UnixSeconds) -> Iterator[str]:
    if line.extra and line.status in (Status.OPEN, Status.REJECTED):
        yield f"It is due {format_duration(line.extra)} later than agreed at first."
    waiting = line.status is Status.OPEN
    late = late_intervals(terms, line, conditions, at=at) if waiting else line.late_intervals
    if late:
        begun = "period of delay has" if late == 1 else "periods of delay have"
        yield f"{late} {begun} begun, of {format_duration(conditions.late_every)} each."


def _held(terms: Terms, line: Line, conditions: Conditions, token: Token, payee: Address) -> Iterator[str]:
    if line.status in (Status.NONE, Status.REVOKED):
        return
    if line.held:
        yield f"{token.format(line.held)} are held."
    elif line.status is not Status.CLOSED:
        yield "Nothing is held any more."
    fee = arbiter_fee(terms.amount, conditions)
    if fee and line.status is Status.DISPUTED:
        yield f"{token.format(fee)} of the {_disputant(line)} are deposited for the arbiter."
    deposit = bond(terms.amount, conditions)
    if deposit and line.status is not Status.CLOSED:
        yield f"{token.format(deposit)} of the supplier are locked as security deposit."
    if LineFlag.ASSIGNED in line.flags:
        named = "a payee" if payee == ZERO_ADDRESS else f"the payee, {payee}"
        yield f"What is due to the supplier was assigned to {named}."


def _disputant(line: Line) -> str:
    if LineFlag.BUYER_DISPUTES not in line.flags:
        return "supplier"
    return "payee" if LineFlag.SUPPLIER_DISPUTES in line.flags else "buyer"


def _payoff(
    payoff: Payoff, terms: Terms, conditions: Conditions, token: Token, supplier_side: Address
) -> Iterator[str]:
    deposit = bond(terms.amount, conditions)
    if payoff.to_supplier_side:
        commission = (
            brokerage(payoff.to_supplier_side, conditions) if terms.broker != ZERO_ADDRESS else NOTHING
        )
        net = BaseUnits(payoff.to_supplier_side - commission)
        yield f"{token.format(net)} go to the supplier side, {supplier_side}."
        if commission:
            yield f"{token.format(commission)} go to the broker, {terms.broker}."
    if payoff.to_buyer:
        yield f"{token.format(payoff.to_buyer)} go to the buyer, {terms.buyer}."
    if payoff.retained:
        period = format_duration(conditions.retention)
        yield f"{token.format(payoff.retained)} stay held as a warranty for {period}."
    if payoff.bond_to_buyer:
        yield f"{token.format(payoff.bond_to_buyer)} of the supplier's security deposit go to the buyer."
    if not payoff.retained and (rest := BaseUnits(deposit - payoff.bond_to_buyer)):
        yield f"{token.format(rest)} of the supplier's security deposit are free again."
    if terms.assets:
        yield f"The goods go to the {'buyer' if payoff.goods_to_buyer else 'supplier'}."


_SHOWN: Final = {
    "inspector": "Who inspects",
    "arbiter": "Who rules on disputes",
    "assets": "Registered assets to be handed over",
    "deliverables": "Exactly these assets",
    "documents": "The contract package",
    "order_ref": "The reference of the purchase order",
    "subject": "What the opener binds",
}
