"""CAP-1, CAP-2 and CAP-3 over random histories, against a model that keeps each hour by itself."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final

import pytest
from web3.contract.contract import ContractFunction

from tests.support.actors import Actor
from tests.support.capacity import (
    BUYER,
    FIRST,
    SUPPLIER,
    WORD,
    Booking,
    Capacity,
    Offer,
    hours_in,
    masks_of,
    start_of,
)
from tests.support.chain import Chain
from tests.support.deals import HOUR
from tests.support.decoding import VOCABULARY, Event
from tests.support.reverts import Reverted

STEPS: Final = 250
SELLERS: Final = (SUPPLIER, Actor("owner"), Actor("user"))
BUYERS: Final = (BUYER, Actor("stranger"))
WORDS: Final = range(WORD - 1, WORD + 2)
START: Final = start_of(FIRST - 40)  # two days before a border of words
TOTAL: Final = 10  # hours of an offer that is limited
OUTCOMES: Final = {
    None,
    "CapacityMarket_AlreadyReturned",
    "CapacityMarket_HoursTaken",
    "CapacityMarket_LineNotClosed",
    "CapacityMarket_NotSeller",
    "CapacityMarket_OfferSoldOut",
    "CapacityMarket_TooSoon",
    "CapacityMarket_UseEndsBefore",
}


@dataclass
class Sale:
    """A booking that was made. Its line is live until it is cancelled."""

    booking: Booking
    is_live: bool = True
    is_returned: bool = False


@dataclass
class Machine:
    """Whose a machine is, and each of its hours that is not free."""

    id: int
    owner: Actor = SUPPLIER
    user: Actor | None = None
    user_until: int = 0
    booked: dict[int, Sale] = field(default_factory=dict)
    blocked: set[int] = field(default_factory=set)

    def seller(self, hours: set[int], now: int) -> Actor | None:
        """Whose these hours are; nobody's if they are two people's."""
        until = self.user_until if now < self.user_until and self.user != self.owner else 0
        spanned = range(min(hours), max(hours) + 1)
        within = {start_of(hour) < until for hour in spanned}
        is_cut = any(start_of(hour) < until < start_of(hour + 1) for hour in spanned)
        if is_cut or len(within) > 1:
            return None
        return self.user if within.pop() else self.owner


@dataclass
class Model:
    """What a market should know. Each method makes a change, or says which error the contract must give."""

    machines: list[Machine]
    sales: list[Sale] = field(default_factory=list)
    sold: dict[bytes, int] = field(default_factory=dict)

    def machine(self, identifier: int) -> Machine:
        return next(each for each in self.machines if each.id == identifier)

    def book(self, booking: Booking, seller: Actor, now: int) -> str | None:
        machine, hours = self.machine(booking.offer["machine"]), booking.hours
        total, sold = booking.offer["totalHours"], self.sold.get(booking.offer_id, 0)
        if start_of(min(hours)) <= now:
            return "CapacityMarket_TooSoon"
        if (found := machine.seller(hours, now)) != seller:
            return "CapacityMarket_NotSeller" if found else "CapacityMarket_UseEndsBefore"
        if total and sold + len(hours) > total:
            return "CapacityMarket_OfferSoldOut"
        if hours & (machine.booked.keys() | machine.blocked):
            return "CapacityMarket_HoursTaken"
        sale = Sale(booking)
        self.sales.append(sale)
        machine.booked |= dict.fromkeys(hours, sale)
        if total:
            self.sold[booking.offer_id] = sold + len(hours)
        return None

    def give_back(self, sale: Sale, now: int) -> str | None:
        if sale.is_live:
            return "CapacityMarket_LineNotClosed"
        if sale.is_returned:
            return "CapacityMarket_AlreadyReturned"
        sale.is_returned = True
        machine = self.machine(sale.booking.offer["machine"])
        freed = {hour for hour in sale.booking.hours if start_of(hour) > now}
        assert all(machine.booked[hour] is sale for hour in freed)
        for hour in freed:
            del machine.booked[hour]
        if sale.booking.offer["totalHours"]:
            self.sold[sale.booking.offer_id] -= len(freed)
        return None

    def block(self, machine: Machine, hours: set[int], caller: Actor, now: int, *, off: bool) -> str | None:
        if (found := machine.seller(hours, now)) != caller:
            return "CapacityMarket_NotSeller" if found else "CapacityMarket_UseEndsBefore"
        if off:
            machine.blocked -= hours
        elif hours & machine.booked.keys():
            return "CapacityMarket_HoursTaken"
        else:
            machine.blocked |= hours
        return None


def _wanted(random: Random, now: int) -> set[int]:
    """Some hours, mostly soon, mostly in a row."""
    first = now // HOUR + random.randrange(0, 20)
    run = range(first, first + random.randint(1, 8))
    return {hour for hour in run if hour in (run[0], run[-1]) or random.random() < 0.8}


class History:
    """One market and its model, which take the same steps."""

    def __init__(self, capacity: Capacity, random: Random) -> None:
        self.capacity, self.random, self.chain = capacity, random, capacity.chain
        for actor in (*SELLERS, *BUYERS):
            capacity.join(actor)
        machines = [Machine(capacity.machine), Machine(capacity.register("the second machine"))]
        self.model = Model(machines)
        terms = {"noticeHours": 0, "conditions": capacity.agree(deliveryWindow=0, cancelNotice=0)}
        self.offers = [
            (seller, self._offer(seller, machine, total, terms))
            for seller in SELLERS
            for machine in machines
            for total in (0, TOTAL)
        ]
        self.now = START
        self.outcomes: dict[str | None, int] = {}
        self.events: list[Event] = []

    def _offer(self, seller: Actor, machine: Machine, total: int, terms: dict[str, Any]) -> Offer:
        named = {"supplier": seller.address, "machine": machine.id, "totalHours": total}
        return self.capacity.offer(**named, **terms)

    def step(self) -> None:
        """Time passes, and somebody does something, allowed or not."""
        self.now += self.random.choice((1, 60, 600, HOUR - self.now % HOUR))
        action = self.random.choices(
            (self._book, self._close, self._give_back, self._block, self._sell, self._lend),
            weights=(12, 4, 5, 5, 1, 1),
        )[0]
        action()

    def _send(self, call: ContractFunction, by: Actor, expected: str | None) -> None:
        try:
            receipt = self.chain.send(call, by=by, at=self.now)
        except Reverted as refused:
            happened: str | None = VOCABULARY.error(refused.data).name
        else:
            happened = None
            self.events += self.chain.events(receipt, self.capacity.market)
        assert happened == expected
        self.outcomes[expected] = self.outcomes.get(expected, 0) + 1

    def _book(self) -> None:
        """Mostly on an offer of the one who may sell the hours."""
        machine, hours = self.random.choice(self.model.machines), _wanted(self.random, self.now)
        rightful = machine.seller(hours, self.now)
        seller, offer = self.random.choice(
            [
                (seller, offer)
                for seller, offer in self.offers
                if offer["machine"] == machine.id and (seller == rightful or self.random.random() < 0.15)
            ]
            or self.offers
        )
        buyer = self.random.choice([each for each in BUYERS if each != seller])
        booking = self.capacity.booking(hours, offer=offer, buyer=buyer.address)
        self._send(booking.call(), buyer, self.model.book(booking, seller, self.now))

    def _close(self) -> None:
        live = [sale for sale in self.model.sales if sale.is_live]
        if live:
            sale = self.random.choice(live)
            buyer = next(each for each in BUYERS if each.address == sale.booking.order["buyer"])
            self._send(sale.booking.deal.call("cancel"), buyer, None)
            sale.is_live = False

    def _give_back(self) -> None:
        if self.model.sales:
            sale = self.random.choice(self.model.sales[-8:])
            booking = sale.booking
            call = self.capacity.market.functions.returnHours(booking.deal.terms, booking.bound)
            self._send(call, Actor("broker"), self.model.give_back(sale, self.now))

    def _block(self) -> None:
        machine, hours = self.random.choice(self.model.machines), _wanted(self.random, self.now)
        rightful = machine.seller(hours, self.now)
        caller = self.random.choice([*SELLERS, *([rightful] * 9 if rightful else [])])
        off = self.random.random() < 0.6
        expected = self.model.block(machine, hours, caller, self.now, off=off)
        first, masks = masks_of(hours)
        functions = self.capacity.market.functions
        change = functions.unblockHours if off else functions.blockHours
        self._send(change(machine.id, first, masks, bytes(32)), caller, expected)

    def _sell(self) -> None:
        machine = self.random.choice(self.model.machines)
        to = self.random.choice([each for each in SELLERS if each != machine.owner])
        call = self.capacity.assets.functions.transferFrom(machine.owner.address, to.address, machine.id)
        self._send(call, machine.owner, None)
        machine.owner = to

    def _lend(self) -> None:
        machine = self.random.choice(self.model.machines)
        if self.now >= machine.user_until:
            user, until = self.random.choice(SELLERS), self.now + self.random.randrange(1, 30 * HOUR)
            call = self.capacity.assets.functions.setUser(machine.id, user.address, until)
            self._send(call, machine.owner, None)
            machine.user, machine.user_until = user, until

    def check(self) -> None:
        """The market, its model and its logs agree, and every live line has its hours to itself."""
        logged = _rebuilt(self.events)
        for machine in self.model.machines:
            found = self.capacity.taken(machine.id, WORDS)
            assert found == (machine.booked.keys(), machine.blocked)
            assert found == logged.taken(machine.id)
        for offer in {sale.booking.offer_id for sale in self.model.sales}:
            count = self.capacity.market.functions.soldHours(offer).call()
            assert count == self.model.sold.get(offer, 0) == logged.sold.get(offer, 0)
        claimed = [
            (sale.booking.offer["machine"], hour)
            for sale in self.model.sales
            if sale.is_live
            for hour in sale.booking.hours
        ]
        assert len(claimed) == len(set(claimed)), "CAP-1"


@dataclass
class Log:
    """What the market's events say, and nothing else."""

    booked: dict[int, set[int]] = field(default_factory=dict)
    blocked: dict[int, set[int]] = field(default_factory=dict)
    sold: dict[bytes, int] = field(default_factory=dict)

    def taken(self, machine: int) -> tuple[set[int], set[int]]:
        return self.booked.get(machine, set()), self.blocked.get(machine, set())


def _rebuilt(events: Iterable[Event]) -> Log:
    log = Log()
    for each in events:
        said = each.arguments
        hours = hours_in(said["firstWord"], said["hourMasks"])
        booked = log.booked.setdefault(said["machine"], set())
        blocked = log.blocked.setdefault(said["machine"], set())
        match each.name:
            case "HoursBooked":
                assert not hours & (booked | blocked)
                booked |= hours
                log.sold[said["offer"]] = said["soldAfter"]
            case "HoursReturned":
                assert hours <= booked
                booked -= hours
                log.sold[said["offer"]] = said["soldAfter"]
            case "HoursBlocked":
                blocked |= hours
            case "HoursUnblocked":
                blocked -= hours
    return log


@pytest.mark.parametrize("seed", range(2))
def test_cap1_cap2_idx1_f076_f078_f081_a_market_is_its_model(
    chain: Chain, capacity: Capacity, seed: int
) -> None:
    history = History(capacity, Random(seed))
    for number in range(STEPS):
        history.step()
        if number % 50 == 49:
            history.check()
    assert history.outcomes.keys() == OUTCOMES
    assert history.outcomes[None] > STEPS // 4
