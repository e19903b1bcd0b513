"""How long planning takes: `.venv/bin/python benchmarks/planner.py [SEED]`.

200 machines of 50 firms, each with a month of hours, half of them in shifts and a third of all hours sold; 12
operations of 4 to 24 hours, each done by 16 or 17 of the machines, with a day's transport between firms. It
counts from the offers in memory to the proof that no plan is better.
"""

import random
import sys
import time

from fabricant.capacity import CHEAPEST, EARLIEST, Available, Job, Operation, Transport, Worth, plan
from fabricant.conditions import load
from fabricant.domain.assets import AssetId
from fabricant.domain.capacity import Offer
from fabricant.domain.escrow import Consent
from fabricant.domain.units import (
    Address,
    BaseUnits,
    HourIndex,
    Token,
    UnixSeconds,
    address_from_bytes,
    hour_of,
)

MACHINES, FIRMS, OPERATIONS, DAYS = 200, 50, 12, 30
TERMS = load("machine-time").conditions
NOW = UnixSeconds(500_000 * 3600)
MONEY = Token(address_from_bytes(bytes(19) + b"\1"), "USDC", 6)


def firm(number: int) -> Address:
    """A firm's address."""
    return address_from_bytes(bytes(16) + (1000 + number).to_bytes(4))


def process(number: int) -> bytes:
    """The hash of a process code, or what stands for one."""
    return number.to_bytes(32)


def machine(number: int, chance: random.Random) -> Available:
    """A machine with a month of hours for sale."""
    begin = hour_of(NOW) + 10
    until = begin + DAYS * 24
    in_shifts = chance.random() < 0.5
    hourly = BaseUnits(chance.randrange(40, 200) * 10**6)
    offer = Offer(
        supplier=firm(number % FIRMS),
        machine=AssetId(number + 1),
        process=process(number % OPERATIONS),
        token=MONEY.address,
        hourly=hourly,
        setup=BaseUnits(chance.randrange(300) * 10**6),
        last_minute_hourly=BaseUnits(hourly * 7 // 10),
        decay_hours=72,
        from_hour=HourIndex(begin),
        until_hour=HourIndex(until),
        min_hours=4,
        max_span=120,
        setup_hours=chance.randrange(3),
        notice_hours=12,
        delivery_hours=8,
        valid_until=UnixSeconds(NOW + 3600),
        nonce=number,
        conditions=TERMS.id,
    )
    free = (hour for hour in range(begin, until) if not in_shifts or 6 <= hour % 24 < 22)
    sold = [
        range(day, day + chance.randrange(4, 20)) for day in range(begin, until, 24) if chance.random() < 0.5
    ]
    taken = {hour for hours in sold for hour in hours}
    left = tuple(HourIndex(hour) for hour in free if hour not in taken)
    return Available(offer=offer, consent=Consent(), conditions=TERMS, free=left)


def main(seed: int) -> None:
    """Plans with three goals and prints the time of each."""
    chance = random.Random(seed)
    offers = [machine(number, chance) for number in range(MACHINES)]
    routing = tuple(
        Operation(name=f"operation {number + 1}", process=process(number), hours=chance.randrange(4, 25))
        for number in range(OPERATIONS)
    )
    job = Job(
        buyer=firm(FIRMS),
        token=MONEY,
        routing=routing,
        begin=NOW,
        due_by=UnixSeconds(NOW + DAYS * 24 * 3600),
        transport=Transport(usual=24),
    )
    free = sum(len(each.free) for each in offers)
    print(f"{MACHINES} machines, {free:,} free hours, {OPERATIONS} operations, seed {seed}")
    worth = Worth(BaseUnits(20 * 10**6))
    for name, goal in (("cheapest", CHEAPEST), ("earliest", EARLIEST), ("20 an hour sooner", worth)):
        begun = time.perf_counter()
        found = plan(job, offers, at=NOW, goal=goal)
        took = time.perf_counter() - begun
        days = (found.arrives - NOW) / 86_400
        best = "" if found.is_best else ", not proven"
        print(f"  {name:18} {MONEY.format(found.price):>16} {days:5.1f} days {took:6.2f} s{best}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1)
