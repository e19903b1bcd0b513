"""Trade conditions: the shares and periods that firms agree once and any number of order lines refer to.

A set of conditions is twenty numbers. The chain keeps them as two words, so that an action reads only the
one that it needs, and knows them by the hash of both, which is the same on every chain. What no contract
would publish can't be built here: every clock ends, and no share is above the whole.
"""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Final, NewType

from eth_utils.crypto import keccak

from fabricant.domain.units import HOUR, MAX_BPS, MAX_DURATION, Bps, Seconds, format_bps, format_duration
from fabricant.errors import InvalidInput

ConditionsId = NewType("ConditionsId", bytes)  # 32 bytes; zero means "none"

DAY: Final = Seconds(24 * HOUR)
YEAR: Final = Seconds(365 * DAY)
MOST_FEE: Final = Bps(500)
MOST_REJECTIONS: Final = 16
NO_SHARE: Final = Bps(0)
NO_TIME: Final = Seconds(0)


class ConditionOutOfRange(InvalidInput):
    """A condition is outside what the contract allows. `field` is its name; the limits are inclusive."""

    def __init__(self, field: str, value: int, *, least: int, most: int) -> None:
        shown, lowest, highest = (_readable(field, number) for number in (value, least, most))
        super().__init__(f"{field} is {shown}; it has to be from {lowest} to {highest}")
        self.field, self.value, self.least, self.most = field, value, least, most


@dataclass(frozen=True, kw_only=True)
class Conditions:
    """One set of conditions. Shares in bps (1/10,000), periods in seconds. Raises ConditionOutOfRange."""

    # Shares of money
    advance_bps: Bps = NO_SHARE  # of the price: paid at opening, secured by the bond only
    bond_bps: Bps = NO_SHARE  # of the price: the supplier's security deposit, from its free balance
    cancel_bps: Bps = NO_SHARE  # of the price: due to the supplier side when the buyer cancels
    retention_bps: Bps = NO_SHARE  # of what acceptance would pay: held back as warranty
    late_bps: Bps = NO_SHARE  # of the price, per commenced interval of delay
    max_late_bps: Bps = NO_SHARE  # of the price: late damages end here
    default_supplier_bps: Bps  # of what is held: the supplier side's share when no ruling comes
    broker_bps: Bps = NO_SHARE  # of whatever goes to the supplier side
    arbiter_fee_bps: Bps = NO_SHARE  # of the price: deposited by who disputes; zero without an arbiter
    max_rejections: int  # then the buyer may only accept or dispute

    # Clocks of an inspection and of a dispute
    inspection: Seconds  # from arrival; silence until its end is acceptance
    arbitration: Seconds  # from the dispute to the default split
    late_every: Seconds = DAY  # the interval of late damages

    # Other periods
    cancel_notice: Seconds  # the buyer may cancel before the due date less this; at least delivery_window
    resign_period: Seconds = NO_TIME  # from opening: the supplier may decline without penalty
    delivery_window: Seconds  # delivery not before the due date less this
    long_stop: Seconds  # after the due date; from then on the buyer may terminate; at least cure
    transit: Seconds = NO_TIME  # longest time from handover to arrival; zero: delivery means arrival
    cure: Seconds  # from a rejection: the buyer can't terminate before
    retention: Seconds = NO_TIME  # how long retention_bps stay held after acceptance

    def __post_init__(self) -> None:
        for name in PARAMETERS:
            if type(getattr(self, name)) is not int:
                raise InvalidInput(f"{name} is a whole number, of bps or of seconds")
        for name, (least, most) in self._limits().items():
            if not least <= (value := getattr(self, name)) <= most:
                raise ConditionOutOfRange(name, value, least=least, most=most)

    @cached_property
    def packed(self) -> "PackedConditions":
        """The two words of the contract."""
        return PackedConditions(_packed(RATES, self), _packed(PERIODS, self))

    @property
    def id(self) -> ConditionsId:
        """How every chain knows them."""
        return self.packed.id

    @property
    def has_resign_period(self) -> bool:
        """Whether the supplier may decline without penalty at first."""
        return self.resign_period != 0

    def _limits(self) -> dict[str, tuple[int, int]]:
        """The least and the most of every field, in the contract's order."""
        shares = dict.fromkeys(_SHARES, (0, int(MAX_BPS)))
        return shares | {
            "broker_bps": (0, MOST_FEE),
            "arbiter_fee_bps": (0, MOST_FEE),
            "max_rejections": (0, MOST_REJECTIONS),
            "inspection": (HOUR, YEAR),
            "arbitration": (HOUR, YEAR),
            "late_every": (HOUR, MAX_DURATION),
            "resign_period": (0, MAX_DURATION),
            "delivery_window": (0, MAX_DURATION),
            "cancel_notice": (self.delivery_window, MAX_DURATION),
            "long_stop": (self.cure, 2 * YEAR),
            "transit": (0, 2 * YEAR),
            "cure": (HOUR, YEAR),
            "retention": (0, 5 * YEAR),
        }


@dataclass(frozen=True, slots=True)
class PackedConditions:
    """Conditions as the contract keeps them: two words. Both are zero if it does not know them."""

    rates: int
    periods: int

    @property
    def id(self) -> ConditionsId:
        """keccak256(abi.encode(rates, periods))."""
        return ConditionsId(keccak(self.rates.to_bytes(32) + self.periods.to_bytes(32)))

    def unpack(self) -> Conditions:
        """The conditions that the words hold. Raises InvalidInput if they hold none."""
        values = dict(_unpacked(RATES, self.rates)) | dict(_unpacked(PERIODS, self.periods))
        del values["has_resign_period"]
        conditions = Conditions(**values)  # type: ignore[arg-type] # every value is a number
        if conditions.packed != self:
            raise InvalidInput("these two words are no trade conditions: a field contradicts another")
        return conditions


# The layout of the two words, the first field in the lowest bits. A field's place in both together is its
# number in the contract's error SupplierEscrow_ConditionOutOfRange.

_SHARES: Final = (
    *("advance_bps", "bond_bps", "cancel_bps", "retention_bps", "late_bps", "max_late_bps"),
    *("default_supplier_bps", "broker_bps", "arbiter_fee_bps"),
)
RATES: Final = (
    *((share, 16) for share in _SHARES),
    ("max_rejections", 8),
    ("inspection", 32),
    ("arbitration", 32),
    ("late_every", 32),
    ("has_resign_period", 8),
)
PERIODS: Final = tuple(
    (name, 32)
    for name in (
        *("cancel_notice", "resign_period", "delivery_window", "long_stop"),
        *("transit", "cure", "retention", "late_every"),
    )
)
PARAMETERS: Final = tuple(field.name for field in fields(Conditions))


def field_name(number: int) -> str:
    """The name of a condition by its number in the contract; "field 99" for one that there is not."""
    names = [name for name, _ in RATES + PERIODS]
    return names[number] if number < len(names) else f"field {number}"


def _packed(layout: Iterable[tuple[str, int]], conditions: Conditions) -> int:
    word, shift = 0, 0
    for name, bits in layout:
        word |= int(getattr(conditions, name)) << shift
        shift += bits
    return word


def _unpacked(layout: Iterable[tuple[str, int]], word: int) -> Iterable[tuple[str, int]]:
    for name, bits in layout:
        yield name, word & (1 << bits) - 1
        word >>= bits


def _readable(field: str, value: int) -> str:
    if field in _SHARES:
        return format_bps(Bps(value))
    return str(value) if field == "max_rejections" else format_duration(Seconds(value))
