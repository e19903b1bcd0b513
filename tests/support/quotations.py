"""Requests, quotations and changes of lines in tests, worked out without the contract.

A `Quote` is a supplier's answer with the hours that it reserves, if any, and the order line that its award
must open; a `Change` replaces an open line of the market, and its hours, by another.
"""

from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from dataclasses import replace as copy_with
from functools import cached_property
from typing import Any

from eth_abi.abi import encode
from eth_utils.crypto import keccak
from web3.contract.contract import ContractFunction

from fabricant.chain.answers import Receipt
from tests.support.actors import Actor
from tests.support.capacity import (
    BITS,
    BUYER,
    FIRST,
    KEYS,
    SHIFT,
    SUPPLIER,
    Capacity,
    hours_in,
    masks_of,
    start_of,
)
from tests.support.chain import BEGINNING, event
from tests.support.deals import DAY, NO_CONSENTS, ZERO, terms
from tests.support.decoding import Event
from tests.support.lines import NOTHING, TERMS_TYPE, Deal, Party, address_of
from tests.support.reverts import reverts
from tests.support.typed_data import typed_digest

QUOTATION = (
    "Quotation(bytes32 requestId,Terms terms,uint40 validUntil,uint256 nonce,uint64 epoch)" + TERMS_TYPE
)
REQUEST = (
    "(address,bytes32,address,uint128,uint16,uint32,uint32,uint16,uint40,uint40,address,address,address,"
    "bytes32,bytes32,bytes32,bytes32,uint256,string,string)"
)
NO_HOURS: Mapping[str, Any] = {"machine": 0, "offer": bytes(32), "firstWord": 0, "hourMasks": []}
LATE = BEGINNING + 600 * DAY  # opening and due, where a test is not about them


def request_of(capacity: Capacity, **changes: Any) -> dict[str, Any]:
    """A usual request with changes."""
    usual: dict[str, Any] = {
        "buyer": BUYER.address,
        "process": keccak(text="DIN 8580: 3.2.1 turning"),
        "token": capacity.token.address,
        "budget": 2_000_000_000,
        "machineHours": 8,
        "fromHour": FIRST,
        "untilHour": FIRST + 200,
        "assets": 0,
        "quoteBy": BEGINNING + 3 * DAY,
        "dueBy": BEGINNING + 40 * DAY,
        "inspector": ZERO,
        "arbiter": ZERO,
        "broker": ZERO,
        "conditions": capacity.agree(),
        "documents": keccak(text="drawing 100-31 C"),
        "orderRef": keccak(text="purchase order 4711"),
        "sealingKey": bytes(32),
        "salt": 1,
        "uri": "ipfs://drawing",
        "replyTo": "",
    }
    assert changes.keys() <= usual.keys(), changes.keys() - usual.keys()
    return usual | changes


def request_id(capacity: Capacity, request: Mapping[str, Any]) -> bytes:
    """The id of a request."""
    home = [capacity.chain.local.chain_id, capacity.market.address]
    return keccak(encode(["uint256", "address", REQUEST], [*home, tuple(request.values())]))


def bound_hours(
    capacity: Capacity,
    hours: Iterable[int],
    *,
    machine: int | None = None,
    offer: bytes = NO_HOURS["offer"],
) -> dict[str, Any]:
    """The contract's Booking of hours, or of none."""
    marked = set(hours)
    if not marked:
        return dict(NO_HOURS)
    first, masks = masks_of(marked)
    return {
        "machine": machine or capacity.machine,
        "offer": offer,
        "firstWord": first,
        "hourMasks": masks,
    }


def subject_of(booking: Mapping[str, Any]) -> bytes:
    """What a line's terms say of the hours that it binds."""
    if not booking["hourMasks"]:
        return bytes(32)
    return keccak(encode(["uint256", "bytes32", "uint32", "uint256[]"], list(booking.values())))


def line_of(capacity: Capacity, booking: Mapping[str, Any], /, **changes: Any) -> Deal:
    """A line of the market for these hours, worked out but not opened. `changes`: of its terms."""
    conditions = changes.pop("conditions", None) or capacity.agree()
    usual = {"openBy": LATE, "dueBy": LATE, "salt": next(capacity.salts), "token": capacity.token.address}
    agreed = terms(
        buyer=changes.pop("buyer", BUYER),
        supplier=changes.pop("supplier", SUPPLIER),
        conditions=conditions,
        **usual | {"opener": capacity.market.address, "subject": subject_of(booking)} | changes,
    )
    return Deal(
        chain=capacity.chain,
        escrow=capacity.escrow,
        agreed=capacity.agreed[conditions],
        terms=agreed,
        buyer=agreed["buyer"],
        supplier=agreed["supplier"],
    )


def hours_event(
    capacity: Capacity, name: str, deal: Deal, booking: Mapping[str, Any], masks: Iterable[int], sold: int
) -> Event:
    """An event of the hours of a line."""
    told = {name: booking[name] for name in ("machine", "offer", "firstWord")}
    return event(capacity.market, name, id=deal.id, hourMasks=tuple(masks), soldAfter=sold, **told)


@dataclass
class Quote:
    """A supplier's answer. `booking`: the hours that its line binds; `deal`: the line."""

    capacity: Capacity
    deal: Deal
    booking: dict[str, Any]
    request: bytes  # its id
    valid_until: int
    nonce: int
    epoch: int

    @property
    def quotation(self) -> dict[str, Any]:
        """The contract's Quotation."""
        return {
            "requestId": self.request,
            "terms": self.deal.terms,
            "validUntil": self.valid_until,
            "nonce": self.nonce,
            "epoch": self.epoch,
        }

    @cached_property
    def id(self) -> bytes:
        """The quotation's id, by eth-account."""
        return typed_digest(self.capacity.market, QUOTATION, self.quotation)

    @property
    def hours(self) -> set[int]:
        """The hours that it reserves."""
        return hours_in(self.booking["firstWord"], self.booking["hourMasks"])

    def signed(self, signer: Actor | None = None, *, address: Party | None = None) -> dict[str, Any]:
        """Who signs consents: the supplier, unless told otherwise. `address`: a wallet's."""
        key = signer or KEYS[self.deal.terms["supplier"]]
        return {"signer": address_of(address or key), "proof": [], "signature": key.sign(self.id)}

    def call(
        self, consent: Mapping[str, Any] | None = None, *, booking: Mapping[str, Any] | None = None
    ) -> ContractFunction:
        """The call that awards; the supplier signed, unless another consent is given."""
        award = self.capacity.market.functions.award
        return award(self.quotation, consent or self.signed(), booking or self.booking)

    def award(
        self,
        *,
        by: Party = BUYER,
        consent: Mapping[str, Any] | None = None,
        booking: Mapping[str, Any] | None = None,
        value: int = 0,
        at: int | None = None,
    ) -> Receipt:
        """Awards."""
        call = self.call(consent, booking=booking)
        return self.capacity.chain.send(call, by=address_of(by), value=value, at=at)

    def refuses(self, error: str, /, **arguments: Any) -> AbstractContextManager[None]:
        """The block must revert with this error about this quotation."""
        return reverts(error, id=self.id, **arguments)

    def opened(self) -> Event:
        """The escrow's event of the line."""
        return opened(self.deal)

    def booked(self) -> Event:
        """The market's event of the hours."""
        masks = self.booking["hourMasks"]
        return hours_event(self.capacity, "HoursBooked", self.deal, self.booking, masks, 0)

    def awarded(self) -> Event:
        """The market's event of the award."""
        return event(
            self.capacity.market,
            "QuotationAwarded",
            requestId=self.request,
            id=self.deal.id,
            supplier=self.deal.terms["supplier"],
            quotation=self.id,
        )


def opened(deal: Deal) -> Event:
    """The escrow's event of a line that its buyer pays."""
    return deal.event(
        "LineOpened",
        buyer=deal.terms["buyer"],
        supplier=deal.terms["supplier"],
        terms=tuple(deal.terms.values()),
        payer=deal.terms["buyer"],
        held=deal.amount - deal.advance,
    )


def quote(
    capacity: Capacity,
    hours: Iterable[int] = SHIFT,
    *,
    machine: int | None = None,
    request: bytes | None = None,
    valid_until: int = BEGINNING + 90 * DAY,
    nonce: int = 7,
    epoch: int = 0,
    **changes: Any,
) -> Quote:
    """A usual quotation, which reserves hours. `changes`: of the terms."""
    booking = bound_hours(capacity, hours, machine=machine)
    deal = line_of(capacity, booking, **changes)
    return Quote(
        capacity=capacity,
        deal=deal,
        booking=booking,
        request=request_id(capacity, request_of(capacity)) if request is None else request,
        valid_until=valid_until,
        nonce=nonce,
        epoch=epoch,
    )


@dataclass
class Change:
    """A line of the market and the one in its place, with their hours. `agreed`: the first one's outcome."""

    capacity: Capacity
    old: Deal
    old_hours: dict[str, Any]
    new: Deal
    new_hours: dict[str, Any]
    agreed: dict[str, Any]
    deadline: int

    def signed(self, signer: Actor | None = None, *, address: Party | None = None) -> dict[str, Any]:
        """Who signs consents: the supplier, unless told otherwise."""
        key = signer or KEYS[self.old.terms["supplier"]]
        return self.old.amended(key, self.new.terms, self.agreed, deadline=self.deadline, address=address)

    def call(
        self,
        consents: Mapping[str, Any] | None = None,
        *,
        old_hours: Mapping[str, Any] | None = None,
        new_hours: Mapping[str, Any] | None = None,
    ) -> ContractFunction:
        """The call that reschedules; the supplier signed, unless other consents are given."""
        given = NO_CONSENTS | ({"supplier": self.signed()} if consents is None else dict(consents))
        return self.capacity.market.functions.reschedule(
            {"terms": self.old.terms, "booking": old_hours or self.old_hours},
            {"terms": self.new.terms, "booking": new_hours or self.new_hours},
            self.agreed,
            self.deadline,
            given,
        )

    def send(
        self,
        *,
        by: Party = BUYER,
        consents: Mapping[str, Any] | None = None,
        value: int = 0,
        at: int | None = None,
        **hours: Mapping[str, Any],
    ) -> Receipt:
        """Reschedules. `hours`: as in `call`."""
        call = self.call(consents, **hours)
        return self.capacity.chain.send(call, by=address_of(by), value=value, at=at)

    def refuses(self, error: str, /, **arguments: Any) -> AbstractContextManager[None]:
        """The block must revert with this error about the line to be replaced."""
        return self.old.refuses(error, **arguments)

    def returned(self, freed: Iterable[int] | None = None, *, sold: int = 0) -> Event:
        """The market's event of the old hours; all unless some are named."""
        hours = self.old_hours
        marked = hours_in(hours["firstWord"], hours["hourMasks"])
        kept = marked if freed is None else set(freed)
        words = range(hours["firstWord"], hours["firstWord"] + len(hours["hourMasks"]))
        masks = [sum(1 << hour % BITS for hour in kept if hour // BITS == word) for word in words]
        return hours_event(self.capacity, "HoursReturned", self.old, hours, masks, sold)

    def replaced(self) -> Event:
        """The market's event of the change."""
        return event(self.capacity.market, "LineRescheduled", oldId=self.old.id, newId=self.new.id)

    def booked(self, *, sold: int = 0) -> Event:
        """The market's event of the new hours."""
        masks = self.new_hours["hourMasks"]
        return hours_event(self.capacity, "HoursBooked", self.new, self.new_hours, masks, sold)


def change(
    capacity: Capacity,
    old: Deal,
    old_hours: Mapping[str, Any],
    hours: Iterable[int],
    *,
    machine: int | None = None,
    offer: bytes | None = None,
    agreed: Mapping[str, Any] = NOTHING,
    deadline: int = LATE,
    **changes: Any,
) -> Change:
    """A line with other hours in an open one's place. `changes`: of its terms.

    By default on the same machine and offer, at the same price, and all that is held goes into the new line.
    """
    named = old_hours["offer"] if offer is None else offer
    new_hours = bound_hours(capacity, hours, machine=machine or old_hours["machine"], offer=named)
    marked = set(hours_in(new_hours["firstWord"], new_hours["hourMasks"]))
    times = {"openBy": start_of(min(marked)), "dueBy": start_of(max(marked) + 73)} if marked else {}
    successor = old.successor(**times | {"subject": subject_of(new_hours)} | changes)
    new = copy_with(old, terms=successor)
    return Change(capacity, old, dict(old_hours), new, new_hours, dict(agreed), deadline)
