"""What is refused before signing is what the contracts refuse, by the same name; what passes, opens.

Terms and orders are changed at random, most of them until a rule breaks. The library decides first; then
the chain is asked, without sending anything.
"""

import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Final

from fabricant.chain.errors import ContractError
from fabricant.domain.capacity import (
    HourPattern,
    Offer,
    Order,
    check_order,
    check_sold,
    offer_id,
)
from fabricant.domain.escrow import Consent, Terms, line_id
from fabricant.domain.units import ZERO_ADDRESS, BaseUnits, HourIndex, UnixSeconds, hour_of
from fabricant.errors import InvalidInput
from tests.support.actors import Actor
from tests.support.world import DAY, HOUR, USUAL, World, wallet

CASES: Final = 250
PARTIES: Final = ("buyer", "supplier", "inspector", "arbiter")
SIGNERS: Final = {wallet(role).address: Actor(role) for role in PARTIES}
RENAMED: Final = {"OtherConditions": "UnknownConditions"}


def _verdict(decide: Callable[[], object]) -> object:
    """The result, or the name of the broken rule."""
    try:
        return decide()
    except InvalidInput as broken:
        return RENAMED.get(type(broken).__name__, type(broken).__name__)
    except ContractError as refused:
        return type(refused).__name__.partition("_")[2]


def _changed(chance: random.Random, one: Any, values: dict[str, Sequence[Any]]) -> Any:
    """The same with some of its fields changed, seldom with none."""
    names = chance.sample(sorted(values), chance.choice([0, 1, 1, 1, 2, 3]))
    return replace(one, **{name: chance.choice(values[name]) for name in names})


def test_terms(world: World) -> None:
    chance, now, escrow = random.Random("terms"), UnixSeconds(world.now + 100), world.as_("buyer").escrow
    people = list(SIGNERS)
    values: dict[str, Sequence[Any]] = {
        "supplier": people,
        "inspector": [ZERO_ADDRESS, *people],
        "arbiter": [ZERO_ADDRESS, *people],
        "broker": [ZERO_ADDRESS, escrow.address, *people],
        "amount": [0, 1],
        "open_by": [now, now + 1, now + 29 * DAY, now + 31 * DAY],
        "due_by": [now, now + 1, now + 30 * DAY],
        "assets": [0, 1, 64, 65],
        "deliverables": [b"\x01" * 32],
        "conditions": [b"\x07" * 32],
    }
    seen = set()
    for _ in range(CASES):
        terms: Terms = _changed(chance, world.terms(), values)
        world.chain.warp(now)

        def ours(terms: Terms = terms) -> object:
            terms.check(USUAL, at=now, escrow=escrow.address)
            return escrow.line_id(terms)

        def theirs(terms: Terms = terms) -> object:
            signature = SIGNERS[terms.supplier].sign(escrow.line_id(terms))
            return escrow.simulate(escrow.open, terms, supplier=Consent(terms.supplier, (), signature))

        verdict = _verdict(ours)
        assert verdict == _verdict(theirs), terms
        seen.add(verdict if isinstance(verdict, str) else "opens")
    assert seen == {
        *("opens", "UnknownConditions", "NoAmount", "DueBeforeOpening", "TooLate", "TooManyAssets"),
        *("DeliverablesWithoutAssets", "BadParty"),
    }


def _patterns(begin: int) -> list[HourPattern]:
    shapes: list[Sequence[int]] = [
        range(9),
        range(-1, 8),
        range(3, 30),
        [0],
        [0, 1, 2],
        [0, 2, 3, 4],
        [0, 1, 5, 6, 40],
        range(82),
        range(60 * 24 - 30, 60 * 24 - 20),
        range(720 * 24, 720 * 24 + 9),
        range(731 * 24, 731 * 24 + 9),
    ]
    return [HourPattern.of(HourIndex(begin + hour) for hour in shape) for shape in shapes]


def test_orders(world: World) -> None:
    chance, capacity = random.Random("orders"), world.as_("buyer").capacity
    now = UnixSeconds((hour_of(world.now) + 2) * HOUR + 17)
    values: dict[str, Sequence[Any]] = {
        "hours": _patterns(hour_of(now) + 5),
        "assets": [0, 8, 9],
        "documents": [b"\x01" * 32],
        "max_price": [0, 700_000_000, 10**13],
    }
    offered: dict[str, Sequence[Any]] = {
        "last_minute_hourly": [0, 90_000_000, 90_000_001],
        "decay_hours": [0, 5, 24, 10_000],
        "until_hour": [hour_of(now) + 20, hour_of(now) + 60 * 24],
        "from_hour": [0, hour_of(now) + 6],
        "min_hours": [0, 9],
        "delivery_hours": [0, 2**32 - 1],
        "max_span": [8, 1000],
        "total_hours": [0, 8],
        "setup_hours": [0, 2],
        "notice_hours": [0, 5, 6],
        "buyer": [wallet("buyer").address, wallet("stranger").address],
        "valid_until": [now, now + 1],
    }
    long_offer = world.offer(until_hour=hour_of(now) + 800 * 24)
    seen = set()
    for _ in range(CASES):
        offer: Offer = _changed(chance, long_offer, offered)
        order: Order = _changed(chance, world.order(), values)
        world.chain.warp(now)
        digest = offer_id(offer, capacity.domain)
        consent = Consent(offer.supplier, (), Actor("supplier").sign(digest))

        def ours(offer: Offer = offer, order: Order = order) -> object:
            due = check_order(offer, order, USUAL, at=now)
            check_sold(offer, order.hours, 0)
            terms = capacity.terms_of(offer, order, amount=due)
            terms.check(USUAL, at=now)
            return line_id(terms, world.fabricant.escrow.domain)

        def theirs(offer: Offer = offer, order: Order = order, consent: Consent = consent) -> object:
            return capacity.simulate(capacity.book, offer, consent, order)

        verdict = _verdict(ours)
        assert verdict == _verdict(theirs), (offer, order)
        seen.add(verdict if isinstance(verdict, str) else "opens")
    assert seen == {
        *(
            "opens",
            "OfferExpired",
            "PriceRises",
            "OfferForAnother",
            "OutsideOffer",
            "TooSoon",
            "TooFarAhead",
            "DueTooLate",
        ),
        *("TooFewHours", "SpanTooLong", "SetupBroken", "TooManyAssets", "PriceAboveLimit", "OfferSoldOut"),
    }


def test_documents_that_the_supplier_cannot_decline(world: World) -> None:
    binding = replace(USUAL, resign_period=0)
    world.as_("stranger").escrow.publish_conditions(binding)
    buyer = world.as_("buyer").capacity
    offer = world.offer(conditions=binding.id)
    signed = world.as_("supplier").capacity.sign_offer(offer, binding, by=wallet("supplier"))
    order = world.order(documents=b"\x01" * 32)

    verdicts = [
        _verdict(lambda: check_order(offer, order, binding, at=world.now)),
        _verdict(lambda: buyer.simulate(buyer.book, signed.offer, signed.consent, order)),
    ]

    assert verdicts == ["DocumentsNotOffered"] * 2
    plain = replace(order, documents=bytes(32), max_price=BaseUnits(10**12))
    assert buyer.simulate(buyer.book, signed.offer, signed.consent, plain)
