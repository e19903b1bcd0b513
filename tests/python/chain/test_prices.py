"""One price: the market's formula and the domain's give the same base unit, at any time and for any offer.

FABRICANT_CASES=100000 compares as many; a run of the usual tests a few hundred.
"""

import os
import random
from dataclasses import replace
from typing import Final

import pytest

from fabricant.domain.capacity import Offer, price
from fabricant.domain.units import HOUR, BaseUnits, HourIndex, UnixSeconds
from tests.support.world import World

CASES: Final = int(os.environ.get("FABRICANT_CASES", "500"))
PARTS: Final = 8  # so that several workers share them
LARGEST: Final = 2**128 - 1
MOST_HOURS: Final = 2**32 - 1


def amount(chance: random.Random, most: int = LARGEST) -> BaseUnits:
    """A small amount or a large one, all sizes alike, and both ends often."""
    edge = chance.choice((0, 1, most - 1, most))
    return BaseUnits(
        max(
            0, edge if chance.random() < 0.1 else chance.randrange(2 ** chance.randrange(1, 129)) % (most + 1)
        )
    )


def offer(chance: random.Random, usual: Offer) -> Offer:
    """An offer with any price."""
    hourly = amount(chance)
    return replace(
        usual,
        hourly=hourly,
        setup=amount(chance),
        last_minute_hourly=amount(chance, hourly),
        decay_hours=chance.choice((0, 1, 48, 720, MOST_HOURS, chance.randrange(2**32))),
    )


@pytest.mark.parametrize("part", range(PARTS))
def test_contract_and_domain_price_alike(world: World, part: int) -> None:
    chance, capacity = random.Random(part), world.fabricant.capacity
    head = world.fabricant.network.head()
    usual, now = world.offer(), head.timestamp // HOUR
    for _ in range(-(-CASES // PARTS)):
        some = offer(chance, usual)
        priced = chance.choice((0, 1, chance.randrange(100), chance.randrange(2**32)))
        lead = chance.choice((-1, 0, 1, some.decay_hours - 1, some.decay_hours, some.decay_hours + 1))
        near = chance.randrange(max(1, some.decay_hours + 2))
        last = HourIndex(min(MOST_HOURS, max(0, now + (lead if chance.random() < 0.3 else near))))
        told = capacity._read("priceOf", some, priced, last, at=head.number)
        assert told == price(some, priced, last, at=UnixSeconds(head.timestamp)), (some, priced, last)
