"""The typed client of the CapacityMarket: machine-hours, offered and booked.

A supplier signs offers without sending anything; a buyer books with one transaction that marks the hours,
opens and funds the line and locks the bond, or does nothing at all. What a booking would cost and which
line it would open is known before it is sent.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from fabricant.chain.answers import Log
from fabricant.chain.client import Client, Done
from fabricant.chain.network import NO_COIN, At
from fabricant.chain.signing import Signer, sign
from fabricant.domain.assets import AssetId
from fabricant.domain.capacity import (
    HOURS_PER_WORD,
    OFFER,
    OFFER_BUNDLE,
    Booking,
    CalendarWord,
    HourPattern,
    Offer,
    OfferBundle,
    OfferId,
    Order,
    booked_terms,
    free_hours,
    offer_id,
    priced_hours,
)
from fabricant.domain.directory import nonce_word
from fabricant.domain.escrow import Conditions, Consent, LineId, Terms
from fabricant.domain.typed_data import Message
from fabricant.domain.units import Address, BaseUnits, HourIndex, address_word
from fabricant.errors import InvalidInput, NotFound


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferPublished:
    """A signed offer was shown to everybody."""

    id: OfferId
    supplier: Address
    machine: AssetId
    offer: Offer
    consent: Consent


@dataclass(frozen=True, slots=True, kw_only=True)
class OffersCancelled:
    """Offers with these nonces can't be booked any more. `cancelled_after` is the whole word."""

    supplier: Address
    word: int
    cancelled_after: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EpochRaised:
    """All offers of earlier epochs can't be booked any more."""

    supplier: Address
    epoch_after: int


@dataclass(frozen=True, slots=True, kw_only=True)
class HoursBooked:
    """Hours were booked for a line. `sold_after`: hours sold on the offer, counted if it has a total."""

    id: LineId
    machine: AssetId
    offer: OfferId
    first_word: int
    hour_masks: tuple[int, ...]
    sold_after: int

    @property
    def booking(self) -> Booking:
        """What the line binds."""
        return Booking(
            machine=self.machine, offer=self.offer, hours=HourPattern(self.first_word, self.hour_masks)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class HoursReturned:
    """The hours of a closed line that had not begun are free again; masks may be zero."""

    id: LineId
    machine: AssetId
    offer: OfferId
    first_word: int
    hour_masks: tuple[int, ...]
    sold_after: int


@dataclass(frozen=True, slots=True, kw_only=True)
class HoursBlocked:
    """Hours were taken out of sale."""

    machine: AssetId
    by: Address
    first_word: int
    hour_masks: tuple[int, ...]
    reason: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class HoursUnblocked:
    """Hours were put on sale again."""

    machine: AssetId
    by: Address
    first_word: int
    hour_masks: tuple[int, ...]
    reason: bytes


@dataclass(frozen=True, slots=True)
class SignedOffer:
    """An offer with its supplier's consent: all that somebody needs to book on it."""

    offer: Offer
    consent: Consent


class CapacityMarket(
    Client,
    contract="CapacityMarket",
    events=(
        *(OfferPublished, OffersCancelled, EpochRaised, HoursBooked, HoursReturned, HoursBlocked),
        HoursUnblocked,
    ),
):
    """Offers, bookings and the calendars of machines."""

    # Signing: sends nothing

    def sign_offer(self, offer: Offer, conditions: Conditions, *, by: Signer) -> SignedOffer:
        """A supplier's offer, signed. Sends nothing.

        `by`: the supplier, or its operator with OPEN; `conditions`: those that the offer names. Raises
        BrokenOffer or BrokenTerms if nobody could book on it or a buyer could cancel when its hours have
        begun, SigningRefused as `signing.sign`.
        """
        offer.check(conditions, at=self.network.head().timestamp)
        signature = sign(Message(self.domain, OFFER, offer), by=by, on=self.network)
        return SignedOffer(offer, Consent(by.address, (), signature))

    def sign_offers(
        self, offers: Sequence[Offer], conditions: Iterable[Conditions], *, by: Signer
    ) -> tuple[SignedOffer, ...]:
        """Several offers under one signature, each of which can be booked by itself. Sends nothing.

        `conditions`: those that the offers name. Raises InvalidInput for fewer than two different offers or
        if conditions are missing, and as `sign_offer`.
        """
        known = {each.id: each for each in conditions}
        now = self.network.head().timestamp
        for offer in offers:
            if offer.conditions not in known:
                raise InvalidInput(f"give the conditions 0x{offer.conditions.hex()} that an offer names")
            offer.check(known[offer.conditions], at=now)
        bundle = OfferBundle(map(self.offer_id, offers))
        signature = sign(Message(self.domain, OFFER_BUNDLE, bundle), by=by, on=self.network)
        return tuple(
            SignedOffer(offer, Consent(by.address, bundle.proof(self.offer_id(offer)), signature))
            for offer in offers
        )

    # Offers

    def publish(self, offer: Offer, consent: Consent) -> Done[OfferPublished]:
        """Shows a signed offer to everybody, as an event. Anyone; sends a transaction.

        Raises CapacityMarket_BadSignature, CapacityMarket_NoConsent, CapacityMarket_OfferExpired,
        CapacityMarket_OfferCancelled, CapacityMarket_WrongEpoch, CapacityMarket_PriceRises.
        """
        return self._do(OfferPublished, "publish", offer, consent)

    def cancel_offer(self, offer: Offer) -> Done[OffersCancelled]:
        """Cancels an offer, and all others with its nonce. Supplier (OPEN); sends a transaction.

        Raises CapacityMarket_NotSupplier, CapacityMarket_NothingToCancel.
        """
        word, mask = nonce_word(offer.nonce)
        return self.cancel_offers(offer.supplier, word=word, mask=mask)

    def cancel_offers(self, supplier: Address, *, word: int, mask: int) -> Done[OffersCancelled]:
        """Cancels the offers with the nonces of `mask` in `word`. Supplier (OPEN); sends a transaction.

        Raises CapacityMarket_NotSupplier, CapacityMarket_NothingToCancel.
        """
        return self._do(OffersCancelled, "cancelOffers", supplier, word, mask)

    def raise_epoch(self, supplier: Address, *, expected: int) -> Done[EpochRaised]:
        """Cancels all offers signed so far. Supplier (OPEN); sends a transaction.

        `expected`: the present epoch, so that a repeat is refused. Raises CapacityMarket_NotSupplier,
        CapacityMarket_EpochPassed.
        """
        return self._do(EpochRaised, "raiseEpoch", supplier, expected)

    # Booking

    def book(
        self, offer: Offer, consent: Consent, order: Order, *, value: BaseUnits = NO_COIN
    ) -> Done[HoursBooked]:
        """Books hours: marks them, opens and funds the line, locks the bond; all or nothing. Buyer (OPEN).

        Sends a transaction. ERC-20 comes from the buyer's allowance to the escrow; the chain's own coin
        from `value` (wei), then the buyer's free balance, and what is too much becomes its free balance.
        Both parties have made the market their operator (OPEN). Raises the market's errors for the offer,
        the order and the machine, and the escrow's for the line. `simulate(market.book, …)` tells which,
        without sending.
        """
        return self._do(HoursBooked, "book", offer, consent, order, value=value)

    def return_hours(self, terms: Terms, booking: Booking) -> Done[HoursReturned]:
        """Frees the hours of a closed line that have not begun. Anyone, once a line; sends a transaction.

        Raises CapacityMarket_NotThisBooking, CapacityMarket_LineNotClosed, CapacityMarket_AlreadyReturned.
        """
        return self._do(HoursReturned, "returnHours", terms, booking)

    def price_of(self, offer: Offer, hours: HourPattern, *, at: At = "latest") -> BaseUnits:
        """What a booking of these hours costs at a block, in base units."""
        priced = priced_hours(offer, hours)
        return BaseUnits(self._read("priceOf", offer, priced, hours.last, at=at))

    def terms_of(self, offer: Offer, order: Order, *, amount: BaseUnits) -> Terms:
        """The terms of the line that booking an order at this price opens."""
        return booked_terms(offer, order, amount=amount, market=self.domain)

    # Calendar

    def block_hours(
        self, machine: AssetId, hours: HourPattern, *, reason: bytes = bytes(32)
    ) -> Done[HoursBlocked]:
        """Takes hours out of sale. Who may sell them (ASSETS); sends a transaction.

        `reason`: what for, as a hash. Raises CapacityMarket_NotSeller, CapacityMarket_UseEndsBefore,
        CapacityMarket_HoursTaken.
        """
        return self._do(HoursBlocked, "blockHours", machine, hours.first_word, hours.masks, reason)

    def unblock_hours(
        self, machine: AssetId, hours: HourPattern, *, reason: bytes = bytes(32)
    ) -> Done[HoursUnblocked]:
        """Puts hours on sale again. Who may sell them (ASSETS); sends a transaction.

        Raises CapacityMarket_NotSeller, CapacityMarket_UseEndsBefore.
        """
        return self._do(HoursUnblocked, "unblockHours", machine, hours.first_word, hours.masks, reason)

    def hours_of(self, machine: AssetId, word: int, *, at: At = "latest") -> CalendarWord:
        """256 hours of a machine's calendar."""
        return self._read_as(CalendarWord, "hoursOf", machine, word, at=at)

    def calendar_of(
        self, machine: AssetId, begin: HourIndex, end: HourIndex, *, at: At = "latest"
    ) -> dict[int, CalendarWord]:
        """The words of a machine's calendar that hold the hours from `begin` to `end`, exclusive."""
        words = range(begin // HOURS_PER_WORD, (end - 1) // HOURS_PER_WORD + 1)
        return {word: self.hours_of(machine, word, at=at) for word in words}

    def free_hours(
        self, machine: AssetId, begin: HourIndex, end: HourIndex, *, at: At = "latest"
    ) -> tuple[HourIndex, ...]:
        """The hours of a machine from `begin` to `end`, exclusive, that are neither booked nor blocked."""
        return free_hours(begin, end, self.calendar_of(machine, begin, end, at=at))

    # Offers, read

    def offer_id(self, offer: Offer) -> OfferId:
        """The id of an offer, worked out here as the contract does."""
        return offer_id(offer, self.domain)

    def sold_hours(self, offer: OfferId, *, at: At = "latest") -> int:
        """Hours sold on an offer that has a total."""
        return int(self._read("soldHours", offer, at=at))

    def is_cancelled(self, offer: Offer, *, at: At = "latest") -> bool:
        """Whether an offer was cancelled, by its nonce or by its epoch."""
        word, mask = nonce_word(offer.nonce)
        cancelled = self.cancelled_nonces(offer.supplier, word, at=at) & mask
        return bool(cancelled) or self.epoch_of(offer.supplier, at=at) != offer.epoch

    def cancelled_nonces(self, supplier: Address, word: int, *, at: At = "latest") -> int:
        """The cancelled nonces of a word, one bit each."""
        return int(self._read("cancelledNonces", supplier, word, at=at))

    def epoch_of(self, supplier: Address, *, at: At = "latest") -> int:
        """The epoch that a supplier's offers must have."""
        return int(self._read("epochOf", supplier, at=at))

    def is_returned(self, line: LineId, *, at: At = "latest") -> bool:
        """Whether a line's hours were returned."""
        return bool(self._read("isReturned", line, at=at))

    def offers(
        self,
        *,
        supplier: Address | None = None,
        machine: AssetId | None = None,
        since: int = 0,
        until: int | None = None,
    ) -> list[tuple[Log, OfferPublished]]:
        """The offers that were published in these blocks, of a supplier or machine if they are named."""
        whose = None if supplier is None else address_word(supplier)
        which = None if machine is None else machine.to_bytes(32)
        return self._find(OfferPublished, None, whose, which, since=since, until=until)

    def booking_of(self, line: LineId, *, since: int = 0) -> HoursBooked:
        """What was booked for a line, in block `since` or later. Raises NotFound if nothing was."""
        found = self._find(HoursBooked, line, since=since)
        if not found:
            raise NotFound(
                f"line 0x{line.hex()} was not booked on chain {self.network.chain_id}; check its id"
            )
        return found[0][1]
