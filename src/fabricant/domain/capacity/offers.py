"""Machine-hours for sale: what a supplier signs, at no cost, and anybody can check.

An Offer names the machine, the hours, the price and the terms of the lines that it leads to; its signature
is all that the market needs from the supplier. `check` applies the rules of market and escrow before it is
signed: an offer on which nobody could ever book is refused here, and one whose buyer could cancel hours that
were used.
"""

from dataclasses import dataclass
from typing import Final, NewType

from fabricant.domain.assets import AssetId
from fabricant.domain.bundles import Bundle
from fabricant.domain.escrow import MAX_ASSETS, NO_HASH, Conditions, ConditionsId, Terms
from fabricant.domain.typed_data import Domain, Message, Struct
from fabricant.domain.units import (
    HOUR,
    NOTHING,
    ZERO_ADDRESS,
    Address,
    BaseUnits,
    HourIndex,
    Seconds,
    UnixSeconds,
    format_duration,
    format_time,
    start_of,
)
from fabricant.errors import InvalidInput

OfferId = NewType("OfferId", bytes)  # 32 bytes: the EIP-712 digest of an Offer; zero means "none"

NO_OFFER: Final = OfferId(bytes(32))

OFFER: Final = Struct(
    "Offer",
    "address supplier, uint256 machine, bytes32 process, address token, uint128 hourly, uint128 setup, "
    "uint128 lastMinuteHourly, uint32 decayHours, uint32 fromHour, uint32 untilHour, uint16 minHours, "
    "uint16 maxSpan, uint32 totalHours, uint16 setupHours, uint16 noticeHours, uint32 deliveryHours, "
    "uint16 maxAssets, address buyer, address inspector, address arbiter, address broker, uint40 validUntil, "
    "uint256 nonce, uint64 epoch, bytes32 documents, bytes32 conditions",
)
OFFER_BUNDLE: Final = Struct("OfferBundle", "bytes32 root")


class BrokenOffer(InvalidInput):
    """An offer that nobody could book. The rules of the market have classes of their own."""


class OfferExpired(BrokenOffer):
    """The offer is no longer valid."""


class PriceRises(BrokenOffer):
    """The last-minute price is above the hourly one."""


class CancellableTooLate(InvalidInput):
    """A buyer could still cancel when its first hour has begun. The market takes such an offer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """Machine-hours for sale. Hours are Unix seconds / 3600; prices in base units of `token`.

    An hour costs `hourly`; over the `decay_hours` before a booking's last hour that falls in a straight line
    to `last_minute_hourly`, for all its hours. The first `setup_hours` of a booking are marked without a gap,
    and not priced by the hour.
    """

    supplier: Address
    machine: AssetId
    process: bytes = NO_HASH  # hash of a process code
    token: Address  # zero: the chain's own coin
    hourly: BaseUnits
    setup: BaseUnits = NOTHING  # once per booking
    last_minute_hourly: BaseUnits  # at most hourly
    decay_hours: int = 0  # zero: the price never falls
    from_hour: HourIndex  # inclusive
    until_hour: HourIndex  # exclusive
    min_hours: int = 1  # of a booking, setup hours not counted
    max_span: int  # hours from a booking's first to its last, setup hours and pauses included
    total_hours: int = 0  # of all bookings, setup hours counted; zero: the calendar alone limits them
    setup_hours: int = 0
    notice_hours: int = 0  # between booking and start
    delivery_hours: int  # goods are due this long after the last hour
    max_assets: int = 0  # registered products that a booking may ask for, at most 64
    buyer: Address = ZERO_ADDRESS  # zero: anyone
    inspector: Address = ZERO_ADDRESS  # as in Terms
    arbiter: Address = ZERO_ADDRESS
    broker: Address = ZERO_ADDRESS
    valid_until: UnixSeconds  # exclusive
    nonce: int  # offers that share one are cancelled together
    epoch: int = 0  # the supplier's present one
    documents: bytes = NO_HASH  # commitment to the supplier's contract package, which prevails
    conditions: ConditionsId

    def check(self, conditions: Conditions, *, at: UnixSeconds) -> None:
        """What a supplier checks before it signs. Raises as `check_bookable` and `check_cancelling`."""
        self.check_bookable(conditions, at=at)
        self.check_cancelling(conditions)

    def check_cancelling(self, conditions: Conditions) -> None:
        """Raises CancellableTooLate if some buyer could cancel when the first of its hours has begun.

        Buyers may cancel before `dueBy - cancel_notice`, and the due date follows the last hour.
        """
        needed = Seconds((self.max_span + self.delivery_hours) * HOUR)
        if needed > conditions.cancel_notice:
            raise CancellableTooLate(
                f"a buyer could use hours and cancel: max_span and delivery_hours make "
                f"{self.max_span + self.delivery_hours} hours, and these conditions let it cancel until "
                f"{format_duration(conditions.cancel_notice)} before the due date; lower the two, or take "
                f"conditions with a cancel_notice of {format_duration(needed)} or more"
            )

    def check_bookable(self, conditions: Conditions, *, at: UnixSeconds) -> None:
        """Raises BrokenOffer, or the escrow's BrokenTerms, if no booking could be made on it from now on.

        `at`: now. Raises InvalidInput for a value that its type does not hold.
        """
        OFFER.hash(self)
        check_standing(self, at=at)
        if self.from_hour >= self.until_hour or self.until_hour * HOUR <= at:
            raise BrokenOffer(f"its hours end at {format_time(start_of(self.until_hour))}; offer later hours")
        smallest = max(1, self.min_hours) + self.setup_hours
        if self.max_span < smallest:
            raise BrokenOffer(f"the smallest booking has {smallest} hours; raise max_span to that at least")
        if self.until_hour - self.from_hour < smallest:
            raise BrokenOffer("there are fewer hours in it than the smallest booking has; offer more")
        if self.total_hours and self.total_hours < smallest:
            raise BrokenOffer("its total is less than the smallest booking; raise it, or set it to 0")
        if self.max_assets > MAX_ASSETS:
            raise BrokenOffer(f"a line hands over {MAX_ASSETS} products at most, not {self.max_assets}")
        if self.buyer == self.supplier:
            raise BrokenOffer("a supplier can't be its own buyer; name another, or nobody")
        self._some_terms().check(conditions)

    def _some_terms(self) -> Terms:
        """What a line on this offer has in common with every other."""
        some_buyer = self.buyer if self.buyer != ZERO_ADDRESS else _NOBODY
        return Terms(
            buyer=some_buyer,
            supplier=self.supplier,
            inspector=self.inspector,
            arbiter=self.arbiter,
            broker=self.broker,
            token=self.token,
            amount=BaseUnits(self.setup + self.hourly),
            open_by=start_of(self.from_hour),
            due_by=start_of(HourIndex(self.until_hour + self.delivery_hours)),
            conditions=self.conditions,
            salt=0,
        )


_NOBODY: Final = Address("0x" + "0" * 39 + "1")  # stands for a buyer that is not known yet


class OfferBundle(Bundle[OfferId]):
    """Several offers under one signature."""


def check_standing(offer: Offer, *, at: UnixSeconds) -> None:
    """Raises OfferExpired or PriceRises if the market would not take the offer at a time, whoever books."""
    if at >= offer.valid_until:
        raise OfferExpired(
            f"the offer expired at {format_time(offer.valid_until)}; ask the supplier for a new one"
        )
    if offer.last_minute_hourly > offer.hourly:
        raise PriceRises("the last-minute price is above the hourly one; lower it")


def offer_id(offer: Offer, domain: Domain) -> OfferId:
    """The id of an offer: what its supplier signs."""
    return OfferId(Message(domain, OFFER, offer).digest)
