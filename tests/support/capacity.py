"""Machine-hours in tests: offers, orders and what they come to, worked out without the contract.

An `Offer` or `Order` is a plain dict by the names of the contract's struct; hours are sets of hour numbers
(Unix seconds / 3600) that become masks only when they are sent. A `Booking` is an order on an offer, with the
order line that it must open: its terms, its id and every event of its making.
"""

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import count
from typing import Any

from eth_abi.abi import encode
from eth_utils.crypto import keccak
from web3.contract import Contract
from web3.contract.contract import ContractFunction

from fabricant.chain.answers import Receipt
from fabricant.domain.merkle import MerkleTree, leaf_of
from tests.support.actors import ROLES, Actor
from tests.support.assets import Kind, Registration, asset_id, namespace_of
from tests.support.chain import BEGINNING, Chain, event
from tests.support.deals import DAY, HOUR, NATIVE, USUAL, ZERO, conditions, conditions_id, terms
from tests.support.decoding import Event
from tests.support.lines import DOMAIN_TYPE, Deal, Party, address_of, stock
from tests.support.reverts import reverts
from tests.support.typed_data import typed_digest

BUYER, SUPPLIER, STRANGER = Actor("buyer"), Actor("supplier"), Actor("stranger")
KEYS = {Actor(role).address: Actor(role) for role in ROLES}
OPEN, CHANGE, QUALITY, FINANCE, RECORD, ASSETS = (1 << bit for bit in range(6))
EVERY_ROLE = 0xFFFF
FOR_EVER = 2**40 - 1

BITS = 256
WORD = BEGINNING // HOUR // BITS + 1  # the first word of a calendar that is wholly in the future
FIRST = WORD * BITS  # its first hour
SHIFT = range(FIRST + 8, FIRST + 16)  # eight hours in a row
HORIZON = 730 * DAY
FREE = 2**125  # free balance of who trades, in the token
SERIAL = "B400-0815"  # of the supplier's machine
NOTHING_TAKEN: Any = (set(), set())  # booked and blocked hours, as `Capacity.taken` tells them

OFFER = (
    "Offer(address supplier,uint256 machine,bytes32 process,address token,uint128 hourly,uint128 setup,"
    "uint128 lastMinuteHourly,uint32 decayHours,uint32 fromHour,uint32 untilHour,uint16 minHours,"
    "uint16 maxSpan,uint32 totalHours,uint16 setupHours,uint16 noticeHours,uint32 deliveryHours,"
    "uint16 maxAssets,address buyer,address inspector,address arbiter,address broker,uint40 validUntil,"
    "uint256 nonce,uint64 epoch,"
    "bytes32 documents,bytes32 conditions)"
)
BUNDLE = "OfferBundle(bytes32 root)"
OFFER_FIELDS = [field.split(" ") for field in OFFER.removesuffix(")").split("(")[1].split(",")]

Offer = dict[str, Any]
Order = dict[str, Any]


def masks_of(hours: Iterable[int]) -> tuple[int, list[int]]:
    """Hours as the contract takes them: the first word, and a mask for each word from there to the last."""
    marked = set(hours)
    first = min(marked) // BITS
    masks = [0] * (max(marked) // BITS - first + 1)
    for hour in marked:
        masks[hour // BITS - first] |= 1 << hour % BITS
    return first, masks


def hours_in(first_word: int, masks: Sequence[int]) -> set[int]:
    """The hours of masks."""
    bits = ((first_word + place, bit) for place in range(len(masks)) for bit in range(BITS))
    return {word * BITS + bit for word, bit in bits if masks[word - first_word] >> bit & 1}


def start_of(hour: int) -> int:
    """When an hour begins, in Unix seconds."""
    return hour * HOUR


def price_of(offer: Offer, *, priced: int, last_hour: int, at: int) -> int:
    """What hours cost at a time: exact, and rounded down once."""
    lead, decay = max(0, start_of(last_hour) - at), offer["decayHours"] * HOUR
    fallen = Fraction(max(0, decay - lead), decay or 1)
    hourly = offer["hourly"] - (offer["hourly"] - offer["lastMinuteHourly"]) * fallen
    return int(offer["setup"] + priced * hourly)


def words_of(offer: Offer) -> bytes:
    """An offer as 26 words."""
    return encode([kind for kind, _ in OFFER_FIELDS], [offer[name] for _, name in OFFER_FIELDS])


@dataclass
class Booking:
    """An order on an offer. `price`: what it must cost; `deal`: the line that it must open."""

    capacity: "Capacity"
    offer: Offer
    order: Order
    price: int

    @cached_property
    def offer_id(self) -> bytes:
        """The offer's id."""
        return self.capacity.offer_id(self.offer)

    @cached_property
    def hours(self) -> set[int]:
        """All hours that it marks."""
        return hours_in(self.order["firstWord"], self.order["hourMasks"])

    @cached_property
    def bound(self) -> dict[str, Any]:
        """The contract's Booking: what the line binds."""
        return {
            "machine": self.offer["machine"],
            "offer": self.offer_id,
            "firstWord": self.order["firstWord"],
            "hourMasks": self.order["hourMasks"],
        }

    @cached_property
    def deal(self) -> Deal:
        """The order line."""
        offer, order, capacity = self.offer, self.order, self.capacity
        shared = {name: offer[name] for name in ("inspector", "arbiter", "broker", "token", "conditions")}
        return Deal(
            chain=capacity.chain,
            escrow=capacity.escrow,
            agreed=capacity.agreed[offer["conditions"]],
            terms=terms(
                buyer=order["buyer"],
                supplier=offer["supplier"],
                amount=self.price,
                openBy=start_of(min(self.hours)),
                dueBy=start_of(max(self.hours) + 1 + offer["deliveryHours"]),
                assets=order["assets"],
                documents=keccak(offer["documents"] + order["documents"]),
                orderRef=order["orderRef"],
                opener=capacity.market.address,
                subject=keccak(
                    encode(["uint256", "bytes32", "uint32", "uint256[]"], list(self.bound.values()))
                ),
                salt=order["salt"],
                **shared,
            ),
            buyer=order["buyer"],
            supplier=offer["supplier"],
        )

    @property
    def id(self) -> bytes:
        """The line's id."""
        return self.deal.id

    def call(self, consent: dict[str, Any] | None = None) -> ContractFunction:
        """The call that books; the supplier signed, unless another consent is given."""
        signed = consent or self.capacity.signed(self.offer)
        return self.capacity.market.functions.book(self.offer, signed, self.order)

    def send(
        self,
        *,
        by: Party = BUYER,
        consent: dict[str, Any] | None = None,
        value: int = 0,
        at: int | None = None,
    ) -> Receipt:
        """Books."""
        return self.capacity.chain.send(self.call(consent), by=address_of(by), value=value, at=at)

    def sent(self, **how: Any) -> "Booking":
        """Books, and is there to be looked at."""
        self.send(**how)
        return self

    def refuses(self, error: str, /, **arguments: Any) -> AbstractContextManager[None]:
        """The block must revert with this error about this offer."""
        return reverts(error, id=self.offer_id, **arguments)

    def give_back(self, *, by: Party = STRANGER, at: int | None = None, **changes: Any) -> Receipt:
        """Returns the hours; `changes` are of what is said to be bound."""
        call = self.capacity.market.functions.returnHours(self.deal.terms, self.bound | changes)
        return self.capacity.chain.send(call, by=address_of(by), at=at)

    def opened(self) -> Event:
        """The escrow's event of the line."""
        return self.deal.event(
            "LineOpened",
            buyer=self.order["buyer"],
            supplier=self.offer["supplier"],
            terms=tuple(self.deal.terms.values()),
            payer=self.order["buyer"],
            held=self.price - self.deal.advance,
        )

    def booked(self, *, sold_after: int = 0) -> Event:
        """The market's event of the booking."""
        return self._hours("HoursBooked", self.order["hourMasks"], sold_after)

    def returned(self, freed: Iterable[int] | None = None, *, sold_after: int = 0) -> Event:
        """The market's event of the return; all hours unless some are named."""
        kept = self.hours if freed is None else set(freed)
        masks = [
            sum(1 << hour % BITS for hour in kept if hour // BITS == word)
            for word in range(self.order["firstWord"], self.order["firstWord"] + len(self.order["hourMasks"]))
        ]
        return self._hours("HoursReturned", masks, sold_after)

    def _hours(self, name: str, masks: Sequence[int], sold_after: int) -> Event:
        return event(
            self.capacity.market,
            name,
            id=self.id,
            machine=self.offer["machine"],
            offer=self.offer_id,
            firstWord=self.order["firstWord"],
            hourMasks=tuple(masks),
            soldAfter=sold_after,
        )


class Capacity:
    """A market with a machine on it, and everybody who trades there."""

    def __init__(
        self, chain: Chain, market: Contract, escrow: Contract, assets: Contract, token: Contract
    ) -> None:
        self.chain, self.market, self.escrow, self.assets, self.token = chain, market, escrow, assets, token
        self.directory = chain.at("Directory", market.functions.directory().call())
        self.machine = asset_id(namespace_of(SUPPLIER), SERIAL)
        self.agreed: dict[bytes, dict[str, int]] = {}  # conditions by id
        self.salts = count(1)

    def for_one_test(self) -> "Capacity":
        """The same market, for a test that may publish more conditions."""
        fresh = Capacity(self.chain, self.market, self.escrow, self.assets, self.token)
        fresh.agreed |= self.agreed
        return fresh

    # Setting up

    def register(self, serial: str, *, owner: Party = SUPPLIER, kind: Kind = Kind.EQUIPMENT) -> int:
        """Registers an asset in the supplier's namespace."""
        registration = Registration(serial, kind, address_of(owner))
        call = self.assets.functions.register(namespace_of(SUPPLIER), registration)
        self.chain.send(call, by=SUPPLIER)
        return asset_id(namespace_of(SUPPLIER), serial)

    def agree(self, **changes: int) -> bytes:
        """Publishes conditions: the usual ones with a bond of 5 %, and changes. Returns their id."""
        named = {"bondBps": 500} | changes
        published = conditions(**named)
        identifier = conditions_id(published)
        if identifier not in self.agreed:
            self.chain.send(self.escrow.functions.publishConditions(published, ""), by=STRANGER)
            self.agreed[identifier] = USUAL | named
        return identifier

    def lend(self, principal: Party, operator: Party, roles: int, until: int = FOR_EVER) -> None:
        """Makes somebody an operator, or with no roles nobody."""
        call = self.directory.functions.setOperator(address_of(operator), roles, until)
        self.chain.send(call, by=address_of(principal))

    def join(self, party: Party) -> None:
        """Makes the market somebody's operator, and gives it tokens, some of them as free balance."""
        stock(self.chain, self.token, self.escrow, party)
        self.lend(party, self.market, OPEN)
        self.deposit(party, FREE)

    def deposit(self, owner: Party, amount: int, *, token: str | None = None) -> None:
        """Adds to somebody's free balance, by default in the token."""
        chosen = token or self.token.address
        call = self.escrow.functions.deposit(address_of(owner), chosen, amount)
        self.chain.send(call, by=address_of(owner), value=amount if chosen == NATIVE else 0)

    # Offers and orders

    def offer(self, **changes: Any) -> Offer:
        """A usual offer with changes."""
        usual: Offer = {
            "supplier": SUPPLIER.address,
            "machine": changes.pop("machine", None) or self.machine,
            "process": keccak(text="DIN 8580: 3.2.1 turning"),
            "token": self.token.address,
            "hourly": 95_000_000,
            "setup": 120_000_000,
            "lastMinuteHourly": 0,
            "decayHours": 0,
            "fromHour": FIRST - 64,
            "untilHour": FIRST + 2_000,
            "minHours": 1,
            "maxSpan": 2_100,
            "totalHours": 0,
            "setupHours": 0,
            "noticeHours": 12,
            "deliveryHours": 72,
            "maxAssets": 8,
            "buyer": ZERO,
            "inspector": ZERO,
            "arbiter": ZERO,
            "broker": ZERO,
            "validUntil": BEGINNING + 365 * DAY,
            "nonce": 7,
            "epoch": 0,
            "documents": keccak(text="the supplier's contract package"),
            "conditions": changes.pop("conditions", None) or self.agree(),
        }
        assert changes.keys() <= usual.keys(), changes.keys() - usual.keys()
        return usual | changes

    def order(self, hours: Iterable[int] = SHIFT, **changes: Any) -> Order:
        """A usual order of hours with changes."""
        first, masks = masks_of(hours)
        usual: Order = {
            "buyer": BUYER.address,
            "documents": bytes(32),
            "orderRef": keccak(text="purchase order 4711"),
            "maxPrice": 2**128 - 1,
            "salt": next(self.salts),
            "assets": 0,
            "firstWord": first,
            "hourMasks": masks,
        }
        assert changes.keys() <= usual.keys(), changes.keys() - usual.keys()
        return usual | changes

    def booking(
        self, hours: Iterable[int] = SHIFT, *, offer: Offer | None = None, at: int = BEGINNING, **changes: Any
    ) -> Booking:
        """An order on an offer, to be sent. `at`: when, if the price falls; `changes`: to the order."""
        offered = offer or self.offer()
        order = self.order(hours, **changes)
        marked = hours_in(order["firstWord"], order["hourMasks"])
        priced = len(marked) - offered["setupHours"]
        price = price_of(offered, priced=priced, last_hour=max(marked, default=0), at=at)
        return Booking(self, offered, order, price)

    def offer_id(self, offer: Offer) -> bytes:
        """An offer's id. A test compares it with eth-account's."""
        return self.digest_of(words_of(offer))

    def signed(
        self, offer: Offer, signer: Actor | None = None, *, address: Party | None = None
    ) -> dict[str, Any]:
        """Who signs an offer consents: its supplier, unless told otherwise. `address`: a wallet's."""
        key = signer or KEYS[offer["supplier"]]
        named = address_of(address or key)
        return {"signer": named, "proof": [], "signature": key.sign(self.offer_id(offer))}

    def digest_of(self, words: bytes) -> bytes:
        """The id of an offer given as words, which may be wider than their types."""
        return keccak(b"\x19\x01" + self._domain + keccak(keccak(text=OFFER) + words))

    @cached_property
    def _domain(self) -> bytes:
        _, name, version, chain_id, address, *_ = self.market.functions.eip712Domain().call()
        hashes = [keccak(text=each) for each in (DOMAIN_TYPE, name, version)]
        kinds = ["bytes32", "bytes32", "bytes32", "uint256", "address"]
        return keccak(encode(kinds, [*hashes, chain_id, address]))

    def signed_together(self, offers: Sequence[Offer], signer: Actor = SUPPLIER) -> list[dict[str, Any]]:
        """The consents to several offers under one signature, in their order."""
        tree = MerkleTree([leaf_of(keccak(self.offer_id(each))) for each in offers])
        signature = signer.sign(typed_digest(self.market, BUNDLE, {"root": tree.root}))
        return [
            {"signer": signer.address, "proof": list(tree.prove(place)), "signature": signature}
            for place in range(len(offers))
        ]

    # Looking

    def taken(self, machine: int | None = None, words: Iterable[int] = range(WORD - 1, WORD + 7)) -> Any:
        """Booked and blocked hours of a machine."""
        found: tuple[set[int], set[int]] = (set(), set())
        for word in words:
            hours = self.market.functions.hoursOf(machine or self.machine, word).call()
            for kind, mask in zip(found, hours, strict=True):
                kind.update(hours_in(word, [mask]))
        return found
