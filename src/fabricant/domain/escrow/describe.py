"""An order line in plain words: what is agreed, how it stands, and who would get what.

These are the sentences that people see before they sign or send anything, and when they ask how a line is
doing. Amounts are in whole tokens, times in UTC; texts that come from others are made safe to show.
"""

from collections.abc import Iterator
from dataclasses import replace

from fabricant.domain.escrow.clocks import (
    arbitration_ends,
    declining_ends,
    inspection_ends,
    late_intervals,
    long_stop,
    retention_ends,
)
from fabricant.domain.escrow.conditions import Conditions
from fabricant.domain.escrow.consents import Outcome, Settlement
from fabricant.domain.escrow.lines import Ending, Line, LineFlag, Status
from fabricant.domain.escrow.payoffs import Payoff, advance, arbiter_fee, bond, brokerage, payoff
from fabricant.domain.escrow.terms import NO_HASH, Terms
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
    terms: Terms, line: Line, conditions: Conditions, *, token: Token, at: UnixSeconds
) -> tuple[str, ...]:
    """How a line stands at a time."""
    return (*_state(terms, line, conditions, at), *_held(terms, line, conditions, token))


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
    settlement: Settlement, terms: Terms, line: Line, conditions: Conditions, *, token: Token, at: UnixSeconds
) -> tuple[str, ...]:
    """What both parties would agree to, if it were sent at a time."""
    ending = foreseen(Ending.SETTLED, terms, line, conditions, at=at, outcome=settlement.outcome)
    told = describe_payoff(ending, terms, conditions, token=token, supplier_side=terms.supplier)
    named = settlement.outcome.to_supplier
    less = f"Of the {token.format(named)} for the supplier side, only {token.format(line.held)} are held."
    return (
        *([less] if named > line.held else []),
        *told,
        f"That ends the line, once both agree and it is sent before {format_time(settlement.deadline)}.",
    )


def party_name(terms: Terms, address: Address) -> str:
    """What an address is to a line, such as "the buyer"; the address itself if it is none of its parties."""
    parties = {
        terms.broker: "the broker",
        terms.arbiter: "the arbiter",
        terms.inspector: "the inspector",
        terms.supplier: "the supplier",
        terms.buyer: "the buyer",
    }
    return address if address == ZERO_ADDRESS else parties.get(address, address)


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


def _held(terms: Terms, line: Line, conditions: Conditions, token: Token) -> Iterator[str]:
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
        yield "What is due to the supplier was assigned to a payee."


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
