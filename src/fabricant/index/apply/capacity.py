"""Machine-hours: what is offered, asked for and booked."""

import json
from collections.abc import Callable, Mapping
from typing import Final

from fabricant.domain.typed_data import snake
from fabricant.index.apply.directory import nonces_spent
from fabricant.index.decode import Values
from fabricant.index.rows import (
    ZERO,
    Booking,
    CalendarWord,
    Epoch,
    Offer,
    Quotation,
    Request,
    SoldHours,
)
from fabricant.index.state import Place, State

_WORD_BITS: Final = 256


def _offer_published(state: State, event: Values, place: Place) -> None:
    consent = json.dumps(event["consent"], separators=(",", ":"))
    fields = {snake(name): value for name, value in event["offer"].items()}
    state.put(Offer(id=event["id"], **fields, consent=consent, at=place.time))


def _offers_cancelled(state: State, event: Values, place: Place) -> None:
    del place
    word, spent = event["word"], event["cancelledAfter"]
    state.put(nonces_spent("CapacityMarket", event["supplier"], word, spent))


def _epoch_raised(state: State, event: Values, place: Place) -> None:
    del place
    state.put(Epoch(supplier=event["supplier"], epoch=event["epochAfter"]))


def _requested(state: State, event: Values, place: Place) -> None:
    fields = {snake(name): value for name, value in event["request"].items()}
    state.put(Request(id=event["id"], **fields, at=place.time))


def _awarded(state: State, event: Values, place: Place) -> None:
    state.put(
        Quotation(
            line=event["id"],
            request=event["requestId"],
            supplier=event["supplier"],
            quotation=event["quotation"],
            at=place.time,
        )
    )


# The calendar


def _booked(state: State, event: Values, place: Place) -> None:
    masks = [int(each) for each in event["hourMasks"]]
    for word, mask in enumerate(masks, event["firstWord"]):
        hours = state.either(CalendarWord, event["machine"], word)
        hours.booked = _hex(int(hours.booked, 16) | mask)
    _sold(state, event)
    state.put(
        Booking(
            line=event["id"],
            machine=event["machine"],
            offer=event["offer"],
            first_word=event["firstWord"],
            hour_masks=json.dumps([_hex(each) for each in masks], separators=(",", ":")),
            hours=sum(each.bit_count() for each in masks),
            at=place.time,
        )
    )


def _returned(state: State, event: Values, place: Place) -> None:
    del place
    for word, mask in enumerate(map(int, event["hourMasks"]), event["firstWord"]):
        hours = state.either(CalendarWord, event["machine"], word)
        hours.booked = _hex(int(hours.booked, 16) & ~mask)
    _sold(state, event)
    state.edit(Booking, event["id"]).returned = True


def _sold(state: State, event: Values) -> None:
    if event["offer"] != ZERO:
        state.put(SoldHours(offer=event["offer"], sold=event["soldAfter"]))


def _rescheduled(state: State, event: Values, place: Place) -> None:
    """The new line has the old one's hours, unless it was booked with others."""
    old = state.find(Booking, event["oldId"])
    if old is None or state.find(Booking, event["newId"]) is not None:
        return
    kept = {name: getattr(old, name) for name in Booking.columns}
    state.edit(Booking, event["oldId"]).returned = True
    state.put(Booking(**kept | {"line": event["newId"], "at": place.time}))


def _blocked(state: State, event: Values, place: Place) -> None:
    del place
    for word, mask in enumerate(map(int, event["hourMasks"]), event["firstWord"]):
        hours = state.either(CalendarWord, event["machine"], word)
        hours.blocked = _hex(int(hours.blocked, 16) | mask)


def _unblocked(state: State, event: Values, place: Place) -> None:
    del place
    for word, mask in enumerate(map(int, event["hourMasks"]), event["firstWord"]):
        hours = state.either(CalendarWord, event["machine"], word)
        hours.blocked = _hex(int(hours.blocked, 16) & ~mask)


def _hex(word: int) -> str:
    return f"0x{word:0{_WORD_BITS // 4}x}"


HANDLERS: Final[Mapping[str, Callable[[State, Values, Place], None]]] = {
    "OfferPublished": _offer_published,
    "OffersCancelled": _offers_cancelled,
    "EpochRaised": _epoch_raised,
    "QuotationsRequested": _requested,
    "QuotationAwarded": _awarded,
    "HoursBooked": _booked,
    "HoursReturned": _returned,
    "LineRescheduled": _rescheduled,
    "HoursBlocked": _blocked,
    "HoursUnblocked": _unblocked,
}
