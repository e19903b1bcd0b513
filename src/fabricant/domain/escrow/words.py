"""Trade conditions in plain words.

Nobody should agree to a hash: wherever conditions are shown, these sentences are shown with them. They say
everything that the numbers do and nothing else, so two sets that differ in effect never read alike.
"""

from collections.abc import Iterator

from fabricant.domain.escrow.conditions import DAY, Conditions
from fabricant.domain.units import HOUR, MAX_BPS, MAX_DURATION, Seconds, format_bps, format_duration


def explain(conditions: Conditions) -> tuple[str, ...]:
    """What the conditions mean, sentence by sentence, in the order of a deal."""
    return (
        *_payment(conditions),
        *_calling_off(conditions),
        *_delivery(conditions),
        *_inspection(conditions),
        *_disputes(conditions),
    )


def _payment(c: Conditions) -> Iterator[str]:
    yield "The buyer pays the whole price into escrow when the line is opened."
    if c.advance_bps:
        secures = "only the security deposit" if c.bond_bps else "nothing"
        share = format_bps(c.advance_bps)
        yield f"{share} goes to the supplier at once, as an advance that {secures} secures."
    if c.bond_bps:
        yield (
            f"The supplier locks a security deposit of {format_bps(c.bond_bps)} of the price, and gets it "
            "back when the line is closed."
        )
    else:
        yield "The supplier locks no security deposit."
    if c.broker_bps:
        yield f"If there is a broker, it gets {format_bps(c.broker_bps)} of whatever the supplier is paid."


def _calling_off(c: Conditions) -> Iterator[str]:
    until = f"until {_before('the due date', c.cancel_notice)}, if nothing was delivered"
    if c.cancel_notice == MAX_DURATION:
        yield "The buyer can't cancel."
    elif c.cancel_bps > c.advance_bps:
        share = format_bps(c.cancel_bps)
        counted = ", in which the advance is counted" if c.advance_bps else ""
        yield f"The buyer may cancel {until}; the supplier then gets {share} of the price{counted}."
    elif c.advance_bps:
        yield f"The buyer may cancel {until}; the supplier then keeps the advance."
    else:
        yield f"The buyer may cancel {until}, at no cost."
    if c.resign_period:
        yield (
            f"The supplier may decline within {format_duration(c.resign_period)} after opening, not later "
            "than the due date, without penalty; it gives any advance back."
        )
    later = " after that" if c.resign_period else ""
    yield f"If the supplier resigns{later}, the buyer gets {_held_and_deposit(c)}."


def _delivery(c: Conditions) -> Iterator[str]:
    yield f"The supplier may deliver from {_before('the due date', c.delivery_window)} on."
    if c.late_bps and c.max_late_bps:
        yield (
            f"For each {_interval(c.late_every)} of delay that has begun, the buyer gets "
            f"{format_bps(c.late_bps)} of the price back, {format_bps(c.max_late_bps)} at most."
        )
    else:
        yield "Being late costs the supplier nothing, up to the long stop."
    yield (
        f"From {format_duration(c.long_stop)} after the due date (the long stop), the supplier can't "
        f"deliver any more; the buyer may then terminate, and gets {_held_and_deposit(c)}."
    )
    if c.transit:
        yield (
            f"Goods count as arrived {format_duration(c.transit)} after the handover, or earlier if the "
            "buyer or its inspector confirms it."
        )
    else:
        yield "Delivery means that the goods have arrived."


def _inspection(c: Conditions) -> Iterator[str]:
    period = format_duration(c.inspection)
    yield f"The buyer has {period} after arrival to inspect. Silence counts as acceptance."
    if c.max_rejections:
        times = "once" if c.max_rejections == 1 else f"up to {c.max_rejections} times"
        yield (
            f"It may reject {times}. The supplier may then deliver again until the long stop, and for "
            f"{format_duration(c.cure)} in any case; the time since the handover is added to the due date."
        )
    else:
        yield "It can't reject; it accepts or disputes."
    if c.retention_bps:
        yield (
            f"{format_bps(c.retention_bps)} of what acceptance pays is held back as a warranty for "
            f"{format_duration(c.retention)} and then paid."
        )
    else:
        yield "Acceptance pays all that is held, less what being late costs."


def _disputes(c: Conditions) -> Iterator[str]:
    if c.arbiter_fee_bps:
        share = format_bps(c.arbiter_fee_bps)
        yield f"Who disputes deposits {share} of the price, for the arbiter that the line has to name."
    yield (
        f"A dispute that is neither ruled on nor settled within {format_duration(c.arbitration)} ends by "
        f"itself: {_default_split(c)}."
    )


def _default_split(c: Conditions) -> str:
    share = c.default_supplier_bps
    if share == 0:
        split = "the buyer gets all that is held"
    elif share == MAX_BPS:
        split = "the supplier gets all that is held"
    else:
        split = f"the supplier gets {format_bps(share)} of what is held, and the buyer the rest"
    goods = "the buyer" if 2 * share >= MAX_BPS else "the supplier, unless they were accepted before"
    return f"{split}; the goods go to {goods}"


def _held_and_deposit(c: Conditions) -> str:
    return "all that is held and the security deposit" if c.bond_bps else "all that is held"


def _before(moment: str, period: Seconds) -> str:
    return f"{format_duration(period)} before {moment}" if period else moment


def _interval(period: Seconds) -> str:
    """A period after "each": "day", "week", "period of 2 days"."""
    return {HOUR: "hour", DAY: "day", 7 * DAY: "week"}.get(period, f"period of {format_duration(period)}")
