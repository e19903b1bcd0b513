"""What the chain keeps of an order line: one word.

A line's status says what may happen next, and `since` is the time of its last transition, from which every
clock runs. The word is all that changes in a line's life; who the parties are and what they agreed are the
Terms, which the line's id proves.
"""

from dataclasses import dataclass
from enum import IntEnum, IntFlag
from typing import Final, Self

from fabricant.domain.escrow.conditions import NO_TIME
from fabricant.domain.units import NOTHING, BaseUnits, Seconds, UnixSeconds
from fabricant.errors import InvalidInput


class Status(IntEnum):
    """Life of a line. Time alone can end DELIVERED, RETAINED and DISPUTED; CLOSED and REVOKED are final."""

    NONE = 0
    OPEN = 1
    DELIVERED = 2
    REJECTED = 3
    RETAINED = 4
    DISPUTED = 5
    CLOSED = 6
    REVOKED = 7


class Ending(IntEnum):
    """How the money of a line was concluded."""

    ACCEPTED = 0  # by the buyer or its inspector
    DEEMED_ACCEPTED = 1  # by silence until the inspection's end
    CANCELLED = 2  # by the buyer, in good time
    RESIGNED = 3  # by the supplier
    TERMINATED = 4  # by the buyer, after the long stop
    RETENTION_PAID = 5  # after the retention period
    RULED = 6  # by the arbiter
    DEFAULTED = 7  # because no ruling came
    SETTLED = 8  # by both
    AMENDED = 9  # by both: a new line takes this one's place


class LineFlag(IntFlag):
    """What else is known of a line."""

    GOODS_TO_BUYER = 1 << 0  # goods not yet handed over are the buyer's
    ASSIGNED = 1 << 1  # what is due to the supplier goes to a payee
    AMENDED = 1 << 2  # the line replaces another: no advance, no resignation without penalty
    BUYER_DISPUTES = 1 << 3  # the buyer deposited the arbiter's fee
    SUPPLIER_DISPUTES = 1 << 4  # the supplier deposited it; with the flag before: the payee
    RETENTION_DISPUTED = 1 << 5  # the dispute began in RETAINED: the goods had been accepted


NEVER: Final = UnixSeconds(0)
_NO_FLAGS: Final = LineFlag(0)
_LAYOUT: Final = (
    *(("status", 8), ("flags", 8), ("rejections", 8), ("since", 40)),
    *(("late_intervals", 16), ("extra", 40), ("held", 128)),
)


@dataclass(frozen=True, slots=True)
class Line:
    """One order line, as its slot says. All zero if it was never opened."""

    status: Status = Status.NONE
    flags: LineFlag = _NO_FLAGS
    rejections: int = 0
    since: UnixSeconds = NEVER  # opening, arrival (maybe to come), rejection, acceptance, dispute or closing
    late_intervals: int = 0  # commenced intervals of delay, fixed at delivery; saturates at 65,535
    extra: Seconds = (
        NO_TIME  # added to the due date; while Delivered, with the transit that a rejection gives back
    )
    held: BaseUnits = NOTHING

    @classmethod
    def unpack(cls, word: int) -> Self:
        """The line that a storage slot holds. Raises InvalidInput for what no line looks like."""
        values, rest = {}, word
        for name, bits in _LAYOUT:
            values[name] = rest & (1 << bits) - 1
            rest >>= bits
        if rest or values["status"] > max(Status):
            raise InvalidInput(f"{word:#066x} is not the slot of an order line")
        values["status"], values["flags"] = Status(values["status"]), LineFlag(values["flags"])
        return cls(**values)  # type: ignore[arg-type] # the others are numbers

    def pack(self) -> int:
        """The slot's word."""
        word, shift = 0, 0
        for name, bits in _LAYOUT:
            word |= int(getattr(self, name)) << shift
            shift += bits
        return word

    @property
    def is_final(self) -> bool:
        """Whether nothing about its money can change any more."""
        return self.status in (Status.CLOSED, Status.REVOKED)
