"""The typed client of the CapacityMarket: machine-hours, offered and booked.

A supplier signs offers without sending anything; a buyer books with one transaction that marks the hours,
opens and funds the line and locks the bond, or does nothing at all. What a booking would cost and which
line it would open is known before it is sent.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from fabricant.chain.answers import Log
from fabricant.chain.client import AllDone, Client, Done
from fabricant.chain.network import NO_COIN, At
from fabricant.chain.signing import Signer, sign
from fabricant.domain.assets import AssetId
from fabricant.domain.capacity import (
    HOURS_PER_WORD,
    NO_BOOKING,
    OFFER,
    OFFER_BUNDLE,
    QUOTATION,
    Booking,
    CalendarWord,
    HourPattern,
    Offer,
    OfferBundle,
    OfferId,
    Order,
    Quotation,
    Request,
    RequestId,
    Reservation,
    booked_terms,
    free_hours,
    offer_id,
    priced_hours,
    quotation_id,
    request_id,
)
from fabricant.domain.directory import nonce_word
from fabricant.domain.escrow import NO_HASH, Conditions, Consent, Consents, LineId, Outcome, Terms
from fabricant.domain.typed_data import Message
from fabricant.domain.units import Address, BaseUnits, HourIndex, UnixSeconds, address_word, parse_address
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
    """Offers and quotations with these nonces are over. `cancelled_after` is the whole word."""

    supplier: Address
    word: int
    cancelled_after: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EpochRaised:
    """All offers and quotations of earlier epochs are over."""

    supplier: Address
    epoch_after: int


@dataclass(frozen=True, slots=True, kw_only=True)
class QuotationsRequested:
    """A buyer wants quotations. What others wrote in it is text of strangers."""

    id: RequestId
    buyer: Address
    process: bytes
    request: Request


@dataclass(frozen=True, slots=True, kw_only=True)
class QuotationAwarded:
    """A quotation became a line. Its supplier signed for which request; whether of this buyer, compare."""

    request_id: RequestId
    id: LineId
    supplier: Address
    quotation: OfferId


@dataclass(frozen=True, slots=True, kw_only=True)
class LineRescheduled:
    """A line took another one's place. Hours that were neither returned nor booked with it, it kept."""

    old_id: LineId
    new_id: LineId


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
    def hours(self) -> HourPattern:
        """The hours, setup hours included."""
        return HourPattern(self.first_word, self.hour_masks)

    @property
    def booking(self) -> Booking:
        """What the line binds."""
        return Booking(machine=self.machine, offer=self.offer, hours=self.hours)


@dataclass(frozen=True, slots=True, kw_only=True)
class HoursReturned:
    """The hours of a closed or replaced line that had not begun are free again; masks may be zero."""

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


@dataclass(frozen=True, slots=True)
class SignedQuotation:
    """A quotation with its supplier's consent, and the hours that its terms bind."""

    quotation: Quotation
    booking: Booking
    consent: Consent


@dataclass(frozen=True, slots=True)
class Purchase:
    """An order on an offer: one link of a chain that is booked whole."""

    offer: Offer
    consent: Consent
    order: Order


class CapacityMarket(
    Client,
    contract="CapacityMarket",
    events=(
        *(OfferPublished, OffersCancelled, EpochRaised, QuotationsRequested, QuotationAwarded),
        *(HoursBooked, HoursReturned, LineRescheduled, HoursBlocked, HoursUnblocked),
    ),
):
    """Offers, quotations, bookings and the calendars of machines."""

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

    def sign_quotation(
        self, quotation: Quotation, conditions: Conditions, *, by: Signer, booking: Booking = NO_BOOKING
    ) -> SignedQuotation:
        """A supplier's quotation, signed. Sends nothing.

        `by`: the supplier, or its operator with OPEN; `conditions`: those that its terms name; `booking`: the
        hours that they bind. Raises BrokenQuotation, BrokenOrder or BrokenTerms if nobody could award it,
        SigningRefused as `signing.sign`.
        """
        self.check_quotation(quotation, booking, conditions)
        signature = sign(Message(self.domain, QUOTATION, quotation), by=by, on=self.network)
        return SignedQuotation(quotation, booking, Consent(by.address, (), signature))

    def check_quotation(self, quotation: Quotation, booking: Booking, conditions: Conditions) -> None:
        """Raises as `Quotation.check` if an award in the newest block would be refused. Sends nothing."""
        market, escrow = self.address, parse_address(self._read("escrow"))
        now = self.network.head().timestamp
        quotation.check(booking, conditions, market=market, escrow=escrow, at=now)

    # Offers and quotations

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

    def request(self, request: Request) -> Done[QuotationsRequested]:
        """Asks for quotations, as an event. Buyer (OPEN); sends a transaction.

        Raises BrokenRequest if nobody could answer, CapacityMarket_NotBuyer.
        """
        request.check(at=self.network.head().timestamp)
        return self._do(QuotationsRequested, "request", request)

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

    def book_many(self, purchases: Sequence[Purchase], *, value: BaseUnits = NO_COIN) -> AllDone[HoursBooked]:
        """Books a chain of one buyer's orders, all or none. Buyer (OPEN); sends a transaction.

        Money as in `book`; the chain's own coin is used in the order given. Raises as `book` for each order,
        CapacityMarket_NothingToBook, CapacityMarket_SeveralBuyers.
        """
        return self._do_all(HoursBooked, "bookMany", tuple(purchases), value=value)

    def award(
        self,
        quotation: Quotation,
        consent: Consent,
        booking: Booking = NO_BOOKING,
        *,
        value: BaseUnits = NO_COIN,
    ) -> Done[QuotationAwarded]:
        """Opens the line of a quotation, with the hours that it binds, if any. Buyer (OPEN).

        Sends a transaction; money as in `book`. Raises the market's errors for the quotation and the machine,
        and the escrow's for the line: a quotation is awarded once.
        """
        return self._do(QuotationAwarded, "award", quotation, consent, booking, value=value)

    def reschedule(
        self,
        current: Reservation,
        following: Reservation,
        outcome: Outcome,
        *,
        deadline: UnixSeconds,
        consents: Consents,
        value: BaseUnits = NO_COIN,
    ) -> Done[LineRescheduled]:
        """An engineering change order: replaces a line that the market opened, and its hours.

        Buyer (OPEN and CHANGE); sends a transaction. `consents`: of the supplier, and the payee of an
        assigned line, over the escrow's Amendment (`SupplierEscrow.sign_amendment`). The same booking keeps
        its hours; those of another must be free and the supplier's to sell. Raises
        CapacityMarket_NotThisBooking, CapacityMarket_OtherOffer, the market's errors for hours and machine,
        and the escrow's for the change.
        """
        arguments = (current, following, outcome, deadline, consents)
        return self._do(LineRescheduled, "reschedule", *arguments, value=value)

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

    def request_id(self, request: Request) -> RequestId:
        """The id of a request, worked out here as the contract does."""
        return request_id(request, self.domain)

    def quotation_id(self, quotation: Quotation) -> OfferId:
        """The id of a quotation, worked out here as the contract does."""
        return quotation_id(quotation, self.domain)

    def sold_hours(self, offer: OfferId, *, at: At = "latest") -> int:
        """Hours sold on an offer that has a total."""
        return int(self._read("soldHours", offer, at=at))

    def is_cancelled(self, offer: Offer | Quotation, *, at: At = "latest") -> bool:
        """Whether an offer or a quotation was cancelled, by its nonce or by its epoch."""
        supplier = offer.supplier if isinstance(offer, Offer) else offer.terms.supplier
        word, mask = nonce_word(offer.nonce)
        cancelled = self.cancelled_nonces(supplier, word, at=at) & mask
        return bool(cancelled) or self.epoch_of(supplier, at=at) != offer.epoch

    def cancelled_nonces(self, supplier: Address, word: int, *, at: At = "latest") -> int:
        """The cancelled nonces of a word, one bit each."""
        return int(self._read("cancelledNonces", supplier, word, at=at))

    def epoch_of(self, supplier: Address, *, at: At = "latest") -> int:
        """The epoch that a supplier's offers and quotations must have."""
        return int(self._read("epochOf", supplier, at=at))

    def is_returned(self, line: LineId, *, at: At = "latest") -> bool:
        """Whether a line's hours were returned, or passed to the line that took its place."""
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

    def requests(
        self,
        *,
        id_: RequestId | None = None,
        buyer: Address | None = None,
        since: int = 0,
        until: int | None = None,
    ) -> list[tuple[Log, QuotationsRequested]]:
        """The requests that were published in these blocks, with an id or of a buyer if one is named."""
        whose = None if buyer is None else address_word(buyer)
        return self._find(QuotationsRequested, id_, whose, since=since, until=until)

    def awards(
        self, request: RequestId | None = None, *, since: int = 0, until: int | None = None
    ) -> list[tuple[Log, QuotationAwarded]]:
        """The quotations that were awarded in these blocks, for a request if one is named."""
        return self._find(QuotationAwarded, request, since=since, until=until)

    def bound_by(self, terms: Terms, line: LineId, *, since: int = 0) -> Booking:
        """The hours that a line of the market binds, also those that it kept from the line before it.

        Raises NotFound if they were booked before block `since`, or the line is not the market's.
        """
        if terms.subject == NO_HASH:
            return NO_BOOKING
        while not (found := self._find(HoursBooked, line, since=since)):
            before = self._find(LineRescheduled, None, line, since=since)
            if not before:
                raise NotFound(f"line 0x{line.hex()} is not the market's; check its id")
            line = before[0][1].old_id
        return found[0][1].booking

    def lines_of(self, machine: AssetId, *, since: int = 0) -> dict[HourIndex, LineId]:
        """The line that booked each hour of a machine last, in block `since` or later, now free or not.

        What a line kept when another took its place is the later one's.
        """
        follows = {event.old_id: event.new_id for _, event in self._find(LineRescheduled, since=since)}
        found: dict[HourIndex, LineId] = {}
        for _, event in self._find(HoursBooked, None, machine.to_bytes(32), since=since):
            found |= dict.fromkeys(event.hours.hours, event.id)
        while kept := {hour: follows[line] for hour, line in found.items() if line in follows}:
            found |= kept
        return found

    def booking_of(self, line: LineId, *, since: int = 0) -> HoursBooked:
        """What was booked for a line, in block `since` or later. Raises NotFound if nothing was."""
        found = self._find(HoursBooked, line, since=since)
        if not found:
            raise NotFound(
                f"line 0x{line.hex()} was not booked on chain {self.network.chain_id}; check its id"
            )
        return found[0][1]
