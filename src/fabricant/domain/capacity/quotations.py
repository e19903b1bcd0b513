"""Requests for quotation and the answers to them.

A buyer's Request says what it wants and binds nobody. A supplier's Quotation is the Terms of an order line,
signed, which the buyer's award opens; if it reserves machine-hours, the terms' subject binds exactly these,
so that neither goes without the other. `check` applies the rules of market and escrow before anybody signs;
`departures` says where a quotation is not what was asked for.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, NewType

from eth_abi.abi import encode
from eth_utils.crypto import keccak

from fabricant.domain.capacity.bookings import (
    Booking,
    CalendarWord,
    HoursTaken,
    TooFarAhead,
    TooSoon,
    latest_hour,
)
from fabricant.domain.capacity.hours import HOURS_PER_WORD
from fabricant.domain.capacity.offers import NO_OFFER, OfferId
from fabricant.domain.escrow import NO_HASH, TERMS, Conditions, ConditionsId, Terms
from fabricant.domain.typed_data import Domain, Message, Struct
from fabricant.domain.units import (
    NOTHING,
    ZERO_ADDRESS,
    Address,
    BaseUnits,
    HourIndex,
    UnixSeconds,
    count_of,
    format_time,
    hour_of,
    start_of,
)
from fabricant.errors import InvalidInput

RequestId = NewType("RequestId", bytes)  # 32 bytes

QUOTATION: Final = Struct(
    "Quotation",
    "bytes32 requestId, Terms terms, uint40 validUntil, uint256 nonce, uint64 epoch",
    uses=[TERMS],
)
_BEGINNING: Final = HourIndex(0)
_REQUEST_TYPE: Final = (
    "(address,bytes32,address,uint128,uint16,uint32,uint32,uint16,uint40,uint40,address,address,address,"
    "bytes32,bytes32,bytes32,bytes32,uint256,string,string)"
)


class BrokenRequest(InvalidInput):
    """A request that nobody could answer."""


class BrokenQuotation(InvalidInput):
    """A quotation that nobody could award. The rules of the market have classes of their own."""


class QuotationExpired(BrokenQuotation):
    """The quotation is no longer valid."""


class NotThisBooking(BrokenQuotation):
    """The terms do not bind these hours, or do not name the market as the line's opener."""


class OtherOffer(BrokenQuotation):
    """The hours are said to be sold on an offer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What a buyer wants quotations for. Money in base units of `token`, times in Unix seconds."""

    buyer: Address
    process: bytes = NO_HASH  # hash of a process code, as in Offer
    token: Address = ZERO_ADDRESS  # zero: the chain's own coin
    budget: BaseUnits = NOTHING  # the most that it may cost; zero: not told
    machine_hours: int = 0  # to be reserved, as far as the buyer knows; zero: none
    from_hour: HourIndex = _BEGINNING  # inclusive, for these hours
    until_hour: HourIndex = _BEGINNING  # exclusive
    assets: int = 0  # as in Terms, like the parties, conditions and order_ref below
    quote_by: UnixSeconds  # exclusive: quotations come before
    due_by: UnixSeconds
    inspector: Address = ZERO_ADDRESS
    arbiter: Address = ZERO_ADDRESS
    broker: Address = ZERO_ADDRESS
    conditions: ConditionsId
    documents: bytes = NO_HASH  # commitment to drawings, quantities, proofs wanted, and the ranking rule
    order_ref: bytes = NO_HASH
    sealing_key: bytes = NO_HASH  # of X25519 (RFC 7748), to which quotations are sealed; zero: they are not
    salt: int
    uri: str = ""  # where the documents are found
    reply_to: str = ""  # where quotations are sent

    def check(self, *, at: UnixSeconds) -> None:
        """Raises BrokenRequest if nobody could answer it. `at`: now."""
        if at >= self.quote_by:
            raise BrokenRequest(f"quotations were to come by {format_time(self.quote_by)}; set a later time")
        if self.due_by <= self.quote_by:
            raise BrokenRequest("the goods would be due before the quotations are; set a later due date")
        window = self.until_hour - self.from_hour
        if self.machine_hours and window < self.machine_hours:
            raise BrokenRequest(
                f"{count_of(self.machine_hours, 'hour')} do not fit into {max(0, window)}; ask for fewer, or "
                "for a longer time"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Quotation:
    """A supplier's answer to a request: the terms as they are to be opened."""

    request_id: RequestId
    terms: Terms
    valid_until: UnixSeconds  # exclusive
    nonce: int  # shared with offers: what has the same one is cancelled together
    epoch: int = 0  # the supplier's present one

    def check(
        self, booking: Booking, conditions: Conditions, *, market: Address, escrow: Address, at: UnixSeconds
    ) -> None:
        """Raises BrokenQuotation, BrokenOrder or BrokenTerms if an award at this time would be refused.

        What only the chain knows is not asked: signature, cancelled nonces, calendar, machine.
        """
        if at >= self.valid_until:
            raise QuotationExpired(
                f"the quotation expired at {format_time(self.valid_until)}; ask the supplier for a new one"
            )
        check_bound(self.terms, booking, market=market)
        if booking.offer != NO_OFFER:
            raise OtherOffer("hours of a quotation are sold on no offer; leave it out of the booking")
        check_future(booking, at=at)
        self.terms.check(conditions, at=at, escrow=escrow)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reservation:
    """A line's terms with the hours that it binds."""

    terms: Terms
    booking: Booking


def check_bound(terms: Terms, booking: Booking, *, market: Address) -> None:
    """Raises NotThisBooking unless the terms are opened by the market, for exactly these hours."""
    if terms.opener != market:
        raise NotThisBooking(f"the terms are not the market's to open; name {market} as their opener")
    if terms.subject != booking.subject:
        raise NotThisBooking("the terms are not for these hours; check machine, offer and hours")


def check_future(booking: Booking, *, at: UnixSeconds) -> None:
    """Raises TooSoon or TooFarAhead unless all hours, if there are any, can be booked at a time."""
    if booking.hours is None:
        return
    earliest, latest = HourIndex(hour_of(at) + 1), latest_hour(at=at)
    if booking.hours.first < earliest:
        raise TooSoon(f"the first hour can begin at {format_time(start_of(earliest))}; choose later hours")
    if booking.hours.last > latest:
        raise TooFarAhead(f"the last hour can begin at {format_time(start_of(latest))}; choose earlier hours")


def check_exchange(old: Booking, new: Booking, words: Mapping[int, CalendarWord], *, at: UnixSeconds) -> None:
    """Raises OtherOffer, TooSoon, TooFarAhead or HoursTaken unless hours can take the place of others.

    `words`: the new machine's calendar. What the line has itself and has not begun is free for it; the same
    booking is kept as it is. Who may sell the new hours is not asked here: see `check_seller`.
    """
    if new == old or new.hours is None:
        return
    if new.offer != old.offer:
        raise OtherOffer("the new hours have to be on the same offer as the old ones")
    check_future(new, at=at)
    own = set(old.hours.remaining(at)) if old.hours is not None and old.machine == new.machine else set()
    taken = [
        hour
        for hour in new.hours.hours
        if hour not in own and words[hour // HOURS_PER_WORD].taken >> hour % HOURS_PER_WORD & 1
    ]
    if taken:
        raise HoursTaken(
            f"taken already: {count_of(len(taken), 'hour')}, the first at {format_time(start_of(taken[0]))}; "
            "choose others"
        )


def departures(request: Request, quotation: Quotation, booking: Booking) -> list[str]:
    """Where a quotation is not what the request asks for, in words; none: it answers it."""
    terms = quotation.terms
    found = [
        f"{told}: {getattr(terms, name)!s} instead of {getattr(request, name)!s}"
        for name, told in _AS_ASKED.items()
        if getattr(terms, name) != getattr(request, name)
    ]
    found += [
        f"another {told}"
        for name, told in _AS_ASKED_HASHES.items()
        if getattr(terms, name) != getattr(request, name)
    ]
    if request.budget and terms.amount > request.budget:
        found.append(f"price: {terms.amount} base units, above the budget of {request.budget}")
    if terms.due_by > request.due_by:
        found.append(f"due date: {format_time(terms.due_by)}, after {format_time(request.due_by)}")
    return found + _hours_missed(request, booking)


_AS_ASKED: Final = {
    "buyer": "buyer",
    "token": "token",
    "assets": "registered products",
    "inspector": "inspector",
    "arbiter": "arbiter",
    "broker": "broker",
}
_AS_ASKED_HASHES: Final = {
    "conditions": "set of trade conditions",
    "documents": "set of documents",
    "order_ref": "order reference",
}


def _hours_missed(request: Request, booking: Booking) -> list[str]:
    reserved = 0 if booking.hours is None else booking.hours.count
    if reserved < request.machine_hours:
        return [f"machine-hours: {reserved} reserved of {request.machine_hours}"]
    if booking.hours is None or not request.machine_hours:
        return []
    if booking.hours.first < request.from_hour or booking.hours.last >= request.until_hour:
        begin, end = (format_time(start_of(hour)) for hour in (request.from_hour, request.until_hour))
        return [f"machine-hours: not all between {begin} and {end}"]
    return []


def request_id(request: Request, market: Domain) -> RequestId:
    """The id of a request at a market: keccak256(abi.encode(chain id, market, request))."""
    fields = tuple(getattr(request, name) for name in request.__dataclass_fields__)
    home = [market.chain_id, market.verifying_contract]
    return RequestId(keccak(encode(["uint256", "address", _REQUEST_TYPE], [*home, fields])))


def quotation_id(quotation: Quotation, domain: Domain) -> OfferId:
    """The id of a quotation: what its supplier signs."""
    return OfferId(Message(domain, QUOTATION, quotation).digest)
