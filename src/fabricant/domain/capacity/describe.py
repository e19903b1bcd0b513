"""Offers and requests in plain words, as people see them before they sign, book or answer."""

from collections.abc import Iterator

from fabricant.domain.capacity.goals import Worth
from fabricant.domain.capacity.offers import Offer
from fabricant.domain.capacity.quotations import Request
from fabricant.domain.capacity.tenders import Tender, tender_of
from fabricant.domain.escrow import NO_HASH
from fabricant.domain.units import ZERO_ADDRESS, Token, count_of, format_time, printable, start_of


def describe_offer(offer: Offer, *, token: Token) -> tuple[str, ...]:
    """What a supplier offers, beside the trade conditions (`explain`). In whole tokens and UTC."""
    begin, end = format_time(start_of(offer.from_hour)), format_time(start_of(offer.until_hour))
    return (
        f"{offer.supplier} offers hours of the machine {offer.machine:#066x}.",
        *([f"The process has the code hash 0x{offer.process.hex()}."] if offer.process != NO_HASH else []),
        f"The hours lie between {begin} and {end}.",
        *_price(offer, token),
        *_booking(offer),
        *_people(offer),
        f"Nobody can book from {format_time(offer.valid_until)} on.",
        *([f"Its documents have the hash 0x{offer.documents.hex()}."] if offer.documents != NO_HASH else []),
    )


def describe_request(request: Request, *, token: Token) -> tuple[str, ...]:
    """What a buyer wants quotations for, beside the trade conditions (`explain`). In whole tokens and UTC."""
    process, until = request.process, format_time(request.quote_by)
    return (
        f"{request.buyer} wants quotations until {until}, to be paid in {token.symbol}.",
        *([f"The process has the code hash 0x{process.hex()}."] if process != NO_HASH else []),
        *([f"It may cost {token.format(request.budget)} at most."] if request.budget else []),
        *_hours_wanted(request),
        f"The goods are due by {format_time(request.due_by)}.",
        *([f"{count_of(request.assets, 'registered product')} are handed over."] if request.assets else []),
        *_papers(request, token),
    )


def _hours_wanted(request: Request) -> Iterator[str]:
    if request.machine_hours:
        begin, end = (format_time(start_of(hour)) for hour in (request.from_hour, request.until_hour))
        yield f"{count_of(request.machine_hours, 'machine-hour')} are reserved, between {begin} and {end}."


def _papers(request: Request, token: Token) -> Iterator[str]:
    documents, uri = request.documents, request.uri
    if (tender := tender_of(request)) is not None:
        yield from _tender(tender, token)
        documents, uri = tender.documents, tender.uri
    if documents != NO_HASH:
        yield f"Its documents have the hash 0x{documents.hex()}."
    if uri:
        yield f"They are found at {printable(uri)}."
    if request.sealing_key != NO_HASH:
        yield "Quotations are sealed, so that the buyer alone can read them."
    if request.reply_to:
        yield f"Quotations are sent to {printable(request.reply_to)}."


def _tender(tender: Tender, token: Token) -> Iterator[str]:
    if not isinstance(tender.award, Worth):
        yield "The quotation that is due first is the best; among equals the cheapest."
    elif tender.award.hour:
        worth = token.format(tender.award.hour)
        yield f"The cheapest quotation is the best, where to have the goods an hour sooner is worth {worth}."
    else:
        yield "The cheapest quotation is the best; among equals the one that is due first."
    if tender.requires:
        yield f"Suppliers must have: {', '.join(map(printable, sorted(tender.requires)))}."


def _price(offer: Offer, token: Token) -> Iterator[str]:
    yield f"An hour costs {token.format(offer.hourly)}."
    if offer.decay_hours and offer.last_minute_hourly < offer.hourly:
        lowest = token.format(offer.last_minute_hourly)
        period = count_of(offer.decay_hours, "hour")
        yield f"Over the {period} before a booking's last hour, that falls to {lowest}."
    if offer.setup:
        yield f"Setup costs {token.format(offer.setup)}, once for each booking."


def _booking(offer: Offer) -> Iterator[str]:
    yield f"A booking has at least {count_of(max(1, offer.min_hours), 'hour')}."
    if offer.setup_hours:
        yield f"Before them, it has {count_of(offer.setup_hours, 'hour')} of setup, without a gap."
    yield f"From its first hour to its last lie {offer.max_span} at most, setup and pauses included."
    if offer.total_hours:
        yield f"All bookings together have {count_of(offer.total_hours, 'hour')} at most, setup included."
    if offer.notice_hours:
        yield f"It has to be made at least {count_of(offer.notice_hours, 'hour')} before its start."
    yield f"Goods are due {count_of(offer.delivery_hours, 'hour')} after the last hour."
    if offer.max_assets:
        yield f"A booking may ask for up to {count_of(offer.max_assets, 'registered product')}."


def _people(offer: Offer) -> Iterator[str]:
    yield "Anybody may book." if offer.buyer == ZERO_ADDRESS else f"Only {offer.buyer} may book."
    if offer.inspector == ZERO_ADDRESS:
        yield "The buyer inspects."
    else:
        yield f"{offer.inspector} inspects: it alone rejects, it or the buyer accepts."
    if offer.arbiter != ZERO_ADDRESS:
        yield f"{offer.arbiter} rules on disputes."
    if offer.broker != ZERO_ADDRESS:
        yield f"{offer.broker} is the broker."
