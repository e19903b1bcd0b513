"""Booking hours: the price, the rules, and the order line that comes of it.

An Order is what a buyer adds to a supplier's offer. From both follow the price at a time, whether the
market would take the order, and the exact Terms of the line that the booking opens, so that its id is known
beforehand.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from eth_abi.abi import encode
from eth_utils.crypto import keccak

from fabricant.domain.assets import AssetId, Standing
from fabricant.domain.capacity.hours import HOURS_PER_WORD, HourPattern
from fabricant.domain.capacity.offers import NO_OFFER, Offer, OfferId, check_standing, offer_id
from fabricant.domain.escrow import NO_HASH, Conditions, Terms
from fabricant.domain.typed_data import Domain
from fabricant.domain.units import (
    HOUR,
    MAX_TIME,
    ZERO_ADDRESS,
    Address,
    BaseUnits,
    HourIndex,
    Seconds,
    UnixSeconds,
    count_of,
    format_time,
    start_of,
)
from fabricant.errors import InvalidInput

NO_MACHINE: Final = AssetId(0)
HORIZON = Seconds(730 * 24 * HOUR)


class BrokenOrder(InvalidInput):
    """An order that the market would refuse. Each rule has a class of its own, named like the contract's."""


class OfferForAnother(BrokenOrder):
    """The offer is for another buyer."""


class OutsideOffer(BrokenOrder):
    """Hours that the offer does not cover."""


class TooSoon(BrokenOrder):
    """The first hour begins too early for the offer's notice, or has begun."""


class TooFarAhead(BrokenOrder):
    """The last hour is more than two years ahead."""


class DueTooLate(BrokenOrder):
    """The goods would be due beyond the times that the chain can write."""


class TooFewHours(BrokenOrder):
    """Too few hours, setup hours not counted."""


class SpanTooLong(BrokenOrder):
    """Too long from the first hour to the last."""


class SetupBroken(BrokenOrder):
    """The setup hours are not marked without a gap before the first priced hour."""


class TooManyAssets(BrokenOrder):
    """More registered products are asked for than offered."""


class DocumentsNotOffered(BrokenOrder):
    """The buyer adds documents, but the supplier could not decline them."""


class PriceAboveLimit(BrokenOrder):
    """The price is above what the buyer set."""


class OfferSoldOut(BrokenOrder):
    """The offer has not as many hours left."""


class HoursTaken(BrokenOrder):
    """Hours are booked or blocked."""


class MachineUnfit(BrokenOrder):
    """The machine is not active, or is recalled, held or assembled."""


class NotSeller(BrokenOrder):
    """The hours are not the supplier's to sell."""


class UseEndsBefore(BrokenOrder):
    """The machine's user has it for a part of the hours only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What a buyer books on an offer. `hours` include the setup hours; `max_price` in base units."""

    buyer: Address
    documents: bytes = NO_HASH  # commitment to the buyer's part of the contract package
    order_ref: bytes = NO_HASH
    max_price: BaseUnits
    salt: int
    assets: int = 0  # registered products to be handed over
    hours: HourPattern

    @property
    def first_word(self) -> int:
        """The pattern's first word, as the contract's struct has it."""
        return self.hours.first_word

    @property
    def hour_masks(self) -> tuple[int, ...]:
        """The pattern's words, as the contract's struct has them."""
        return self.hours.masks


@dataclass(frozen=True, slots=True, kw_only=True)
class Booking:
    """The hours that a line binds: `subject` is what its Terms say of them. `NO_BOOKING`: none.

    Raises InvalidInput for a machine or an offer without hours: the subject would not bind it.
    """

    machine: AssetId = NO_MACHINE
    offer: OfferId = NO_OFFER  # on which they were sold; none: on a quotation
    hours: HourPattern | None = None

    def __post_init__(self) -> None:
        if self.hours is None and (self.machine, self.offer) != (NO_MACHINE, NO_OFFER):
            raise InvalidInput("a booking of no hours has no machine and no offer; leave them out")

    @property
    def first_word(self) -> int:
        """The pattern's first word, as the contract's struct has it."""
        return 0 if self.hours is None else self.hours.first_word

    @property
    def hour_masks(self) -> tuple[int, ...]:
        """The pattern's words, as the contract's struct has them."""
        return () if self.hours is None else self.hours.masks

    @property
    def subject(self) -> bytes:
        """keccak256(abi.encode(machine, offer, firstWord, hourMasks)); zero without hours."""
        if self.hours is None:
            return NO_HASH
        types = ["uint256", "bytes32", "uint32", "uint256[]"]
        return keccak(encode(types, [self.machine, self.offer, self.first_word, self.hour_masks]))


NO_BOOKING: Final = Booking()


@dataclass(frozen=True, slots=True)
class CalendarWord:
    """256 hours of a machine's calendar, a bit each."""

    booked: int = 0  # held by a line
    blocked: int = 0  # maintenance, own use

    @property
    def taken(self) -> int:
        """Hours that can't be booked."""
        return self.booked | self.blocked


def price(offer: Offer, priced: int, last_hour: HourIndex, *, at: UnixSeconds) -> BaseUnits:
    """What a booking costs at a time: setup and the priced hours, rounded down once. In base units.

    `priced`: hours without setup hours; `last_hour`: the booking's, which makes the price of all.
    """
    lead = max(0, start_of(last_hour) - at)
    decay = offer.decay_hours * HOUR
    if lead >= decay:
        return BaseUnits(offer.setup + priced * offer.hourly)
    last = offer.last_minute_hourly
    return BaseUnits(offer.setup + priced * (last * decay + (offer.hourly - last) * lead) // decay)


def priced_hours(offer: Offer, pattern: HourPattern) -> int:
    """The hours of a pattern that are not setup hours."""
    return max(0, pattern.count - offer.setup_hours)


def earliest_hour(offer: Offer, *, at: UnixSeconds) -> HourIndex:
    """The first hour that can be booked on an offer at a time, by its notice."""
    noticed = -(-(at + offer.notice_hours * HOUR) // HOUR)
    return HourIndex(max(noticed, at // HOUR + 1))


def latest_hour(*, at: UnixSeconds) -> HourIndex:
    """The last hour that can be booked at a time."""
    return HourIndex((at + HORIZON) // HOUR - 1)


def check_order(offer: Offer, order: Order, conditions: Conditions, *, at: UnixSeconds) -> BaseUnits:
    """The price of an order at a time. Raises BrokenOffer or BrokenOrder, in the market's order of rules.

    What only the chain knows (signature, cancelled offers, hours left, the calendar, the machine) is not
    asked here: see `check_sold`, `check_free` and `check_seller`.
    """
    check_standing(offer, at=at)
    pattern = order.hours
    if offer.buyer not in (ZERO_ADDRESS, order.buyer):
        raise OfferForAnother(f"the offer is for {offer.buyer} alone; ask the supplier for one of your own")
    _check_times(offer, pattern, at)
    priced = priced_hours(offer, pattern)
    if priced < max(1, offer.min_hours):
        raise TooFewHours(
            f"{count_of(priced, 'hour')} beside {count_of(offer.setup_hours, 'setup hour')}; the offer is "
            f"for {max(1, offer.min_hours)} or more"
        )
    if pattern.span > offer.max_span:
        raise SpanTooLong(
            f"from the first hour to the last lie {pattern.span}; the offer allows {offer.max_span} at most, "
            "so book them in parts"
        )
    if offer.setup_hours and not pattern.begins_with_run(offer.setup_hours + 1):
        raise SetupBroken(
            f"the first {offer.setup_hours} hours are for setup: mark them and the next hour without a gap"
        )
    if order.assets > offer.max_assets:
        raise TooManyAssets(
            f"the offer has {offer.max_assets} registered products at most, not {order.assets}"
        )
    if order.documents != NO_HASH and not conditions.has_resign_period:
        raise DocumentsNotOffered(
            "the supplier can't decline under these conditions, so add no documents; or ask for others"
        )
    due = price(offer, priced, pattern.last, at=at)
    if due > order.max_price:
        raise PriceAboveLimit(f"the price is {due} base units, above your limit of {order.max_price}")
    if (due_by := start_of(HourIndex(pattern.last + 1 + offer.delivery_hours))) > MAX_TIME:
        raise DueTooLate(f"the goods would be due {format_time(due_by)}; ask for an offer with less time")
    return due


def check_sold(offer: Offer, pattern: HourPattern, sold: int) -> None:
    """Raises OfferSoldOut if an offer with a total has not as many hours left. `sold`: hours sold so far."""
    if offer.total_hours and sold + pattern.count > offer.total_hours:
        left = offer.total_hours - sold
        raise OfferSoldOut(f"the offer has {count_of(left, 'hour')} left, not {pattern.count}; book fewer")


def check_free(pattern: HourPattern, words: Sequence[CalendarWord]) -> None:
    """Raises HoursTaken if an hour can't be booked. `words`: the calendar, for each word of the pattern."""
    if taken := pattern.overlap(word.taken for word in words):
        raise HoursTaken(
            f"taken already: {count_of(len(taken), 'hour')}, the first at {format_time(start_of(taken[0]))}; "
            "choose others"
        )


def check_seller(machine: Standing, supplier: Address, pattern: HourPattern) -> None:
    """Raises MachineUnfit, NotSeller or UseEndsBefore unless the supplier may sell these hours (CAP-3)."""
    if not machine.is_fit:
        raise MachineUnfit(
            f"the machine is {machine.status.name.lower()} or not fit for sale; choose another"
        )
    if (seller := seller_of(machine, pattern)) != supplier:
        raise NotSeller(f"these hours are {seller}'s to sell, not {supplier}'s")


def seller_of(machine: Standing, pattern: HourPattern) -> Address:
    """Who disposes of hours: the user that has the machine until they are over, or else the owner.

    Raises UseEndsBefore if the term of a user other than the owner ends within them.
    """
    if machine.user in (ZERO_ADDRESS, machine.owner) or machine.user_until <= start_of(pattern.first):
        return machine.owner
    if machine.user_until < start_of(HourIndex(pattern.last + 1)):
        raise UseEndsBefore(
            f"{machine.user} has the machine until {format_time(machine.user_until)} only; split the hours"
        )
    return machine.user


def sold_by(machine: Standing, supplier: Address, hours: Sequence[HourIndex]) -> tuple[HourIndex, ...]:
    """Those of these hours that are a supplier's to sell, alone or together."""
    lent_until = machine.user_until if machine.user not in (ZERO_ADDRESS, machine.owner) else UnixSeconds(0)
    return tuple(
        hour
        for hour in hours
        if (supplier == machine.owner and start_of(hour) >= lent_until)
        or (supplier == machine.user and start_of(HourIndex(hour + 1)) <= lent_until)
    )


def booked_terms(offer: Offer, order: Order, *, amount: BaseUnits, market: Domain) -> Terms:
    """The Terms of the line that the market opens for an order at this price."""
    booking = Booking(machine=offer.machine, offer=offer_id(offer, market), hours=order.hours)
    return Terms(
        buyer=order.buyer,
        supplier=offer.supplier,
        inspector=offer.inspector,
        arbiter=offer.arbiter,
        broker=offer.broker,
        token=offer.token,
        amount=amount,
        open_by=start_of(order.hours.first),
        due_by=start_of(HourIndex(order.hours.last + 1 + offer.delivery_hours)),
        assets=order.assets,
        documents=keccak(offer.documents + order.documents),
        order_ref=order.order_ref,
        opener=market.verifying_contract,
        subject=booking.subject,
        conditions=offer.conditions,
        salt=order.salt,
    )


def free_hours(begin: HourIndex, end: HourIndex, words: Mapping[int, CalendarWord]) -> tuple[HourIndex, ...]:
    """The hours from `begin` to `end`, exclusive, that can be booked; words that are not given are free."""
    free = CalendarWord()
    return tuple(
        HourIndex(hour)
        for hour in range(begin, end)
        if not words.get(hour // HOURS_PER_WORD, free).taken >> hour % HOURS_PER_WORD & 1
    )


def _check_times(offer: Offer, pattern: HourPattern, at: UnixSeconds) -> None:
    if pattern.first < offer.from_hour or pattern.last >= offer.until_hour:
        begin, end = format_time(start_of(offer.from_hour)), format_time(start_of(offer.until_hour))
        raise OutsideOffer(f"the offer is for hours from {begin} to {end}; choose hours within")
    earliest, latest = earliest_hour(offer, at=at), latest_hour(at=at)
    if pattern.first < earliest:
        raise TooSoon(f"the first hour can begin at {format_time(start_of(earliest))}; choose later hours")
    if pattern.last > latest:
        raise TooFarAhead(f"the last hour can begin at {format_time(start_of(latest))}; choose earlier hours")
