"""A supplier's idle hours in its off-season, and three buyers that want more than there are.

Whoever comes first gets the hours it wants; who comes later is told which are gone, before it signs anything.
Nothing is sold twice, what nobody wants stays for sale, and the last hours are cheaper the day before.
Run it: `python examples/off_season/deal.py`.
"""

from collections.abc import Sequence

from eth_utils.crypto import keccak

from fabricant.chain.capacity import CapacityMarket, SignedOffer
from fabricant.chain.errors import CapacityMarket_HoursTaken
from fabricant.chain.escrow import Delivery, LineOpened
from fabricant.conditions import load
from fabricant.demo.scene import Scene, main
from fabricant.demo.stage import Party
from fabricant.domain.assets import Kind, Registration, asset_id, namespace_of
from fabricant.domain.capacity import HourPattern, Offer, Order
from fabricant.domain.directory import Role
from fabricant.domain.escrow import Terms
from fabricant.domain.units import BaseUnits, HourIndex, UnixSeconds, hour_of, start_of

HAD = {"guests": {"toolmaker": "10000", "workshop": "10000"}}
ORDER = ("buyer", "toolmaker", "workshop")
LISTED, WANTED, LAST = 48, 20, 4  # hours
HOURLY, LAST_MINUTE, DECAY = 90, 42, 48  # tokens, and the hours over which the price falls
SECURITY = 500
FIRST_DAY = 2


def play(scene: Scene) -> tuple[Terms, ...]:
    """The story, with the buyers as they are listed. Returns the lines."""
    return compete(scene, ORDER)


def compete(scene: Scene, order: Sequence[str]) -> tuple[Terms, ...]:
    """The story, with the buyers in any order."""
    first, second, late = (firm(scene, name) for name in order)
    scene.chapter(f"{LISTED} idle hours for {HOURLY} each, and for {LAST_MINUTE} at the last minute")
    offered = offer(scene, order)

    scene.chapter(f"Three buyers want {WANTED} hours each")
    begin = offered.offer.from_hour
    terms = [book(scene, first, offered, begin, WANTED)]
    taken(scene, second, offered, begin)
    terms.append(book(scene, second, offered, begin + WANTED, WANTED))
    taken(scene, late, offered, begin + WANTED)
    show_calendar(scene, offered.offer)

    scene.chapter("The day before, the last hours are cheaper")
    last = begin + LISTED - LAST
    scene.stage.chain.mine(at=start_of(HourIndex(last + LAST - 1 - DECAY // 2)))
    terms.append(book(scene, late, offered, last, LAST))
    show_calendar(scene, offered.offer)

    scene.chapter("Delivered, accepted, paid")
    scene.stage.chain.mine(at=UnixSeconds(min(each.due_by for each in terms) - 1))
    for each in terms:
        delivered = scene.supplier.fabricant.escrow.deliver(each, Delivery())
        scene.did(scene.supplier, "delivers in time", delivered.receipt)
        accepted = scene.inspector.fabricant.escrow.accept(each)
        paid = scene.show(accepted.event.to_supplier_side)
        scene.did(scene.inspector, f"accepts: {paid} paid", accepted.receipt)
    scene.withdraw(scene.supplier)
    return tuple(terms)


def firm(scene: Scene, name: str) -> Party:
    """A buyer by its name."""
    return scene.buyer if name == "buyer" else scene.guest(name)


def offer(scene: Scene, buyers: Sequence[str]) -> SignedOffer:
    """The supplier signs one offer, which costs nothing; everybody trusts the market to open its lines."""
    supplier, conditions = scene.supplier, load("machine-time")
    scene.publish(conditions)
    registration = Registration(local_id="MILL", kind=Kind.EQUIPMENT, owner=supplier.address)
    done = supplier.fabricant.assets.register(namespace_of(supplier.address), registration)
    scene.did(supplier, "registers MILL", done.receipt)
    for party in (supplier, *(firm(scene, name) for name in buyers)):
        trusted = party.fabricant.directory.set_operator(party.fabricant.capacity.address, Role.OPEN)
        scene.did(party, "lets the market open lines for it", trusted.receipt)
    scene.deposit(supplier, scene.tokens(SECURITY), "its security")
    begin = HourIndex(hour_of(UnixSeconds(scene.at(FIRST_DAY) - 1)) + 1)
    idle = Offer(
        supplier=supplier.address,
        machine=asset_id(namespace_of(supplier.address), "MILL"),
        token=scene.stage.money.address,
        hourly=scene.tokens(HOURLY),
        last_minute_hourly=scene.tokens(LAST_MINUTE),
        decay_hours=DECAY,
        from_hour=begin,
        until_hour=HourIndex(begin + LISTED),
        max_span=LISTED,
        delivery_hours=72,
        inspector=scene.inspector.address,
        valid_until=scene.at(20),
        nonce=0,
        documents=keccak(text="what MILL can do"),
        conditions=conditions.id,
    )
    signed = supplier.fabricant.capacity.sign_offer(idle, conditions.conditions, by=supplier.wallet)
    scene.note(f"the supplier signs one offer of {LISTED} hours")
    return signed


def wants(buyer: Party, offered: SignedOffer, begin: int, hours: int) -> Order:
    """What a buyer would book, for what it costs now."""
    pattern = HourPattern.of(HourIndex(hour) for hour in range(begin, begin + hours))
    price = buyer.fabricant.capacity.price_of(offered.offer, pattern)
    return Order(buyer=buyer.address, max_price=price, salt=begin, hours=pattern)


def book(scene: Scene, buyer: Party, offered: SignedOffer, begin: int, hours: int) -> Terms:
    """A buyer books hours that are free."""
    order = wants(buyer, offered, begin, hours)
    scene.allow(buyer, order.max_price)
    done = buyer.fabricant.capacity.book(offered.offer, offered.consent, order)
    opened = buyer.fabricant.escrow.event(done.receipt, LineOpened)
    each = scene.show(BaseUnits(opened.terms.amount // hours))
    scene.did(buyer, f"books {hours} hours for {each} each", done.receipt)
    return opened.terms


def taken(scene: Scene, buyer: Party, offered: SignedOffer, begin: int) -> None:
    """A buyer tries to book hours that somebody else has."""
    order = wants(buyer, offered, begin, WANTED)
    market = buyer.fabricant.capacity
    words = market.calendar_of(offered.offer.machine, order.hours.first, HourIndex(order.hours.last + 1))
    word, mask = next(
        (word, mask & words[word].taken)
        for word, mask in enumerate(order.hours.masks, order.hours.first_word)
        if mask & words[word].taken
    )
    gone = CapacityMarket_HoursTaken(machine=offered.offer.machine, word=word, taken=mask)
    told, action = "wants hours that are gone", CapacityMarket.book
    scene.refused(buyer, told, gone, market, action, offered.offer, offered.consent, order)


def show_calendar(scene: Scene, idle: Offer) -> None:
    """How many hours are sold, to how many lines, and how many still for sale."""
    market = scene.supplier.fabricant.capacity
    free = market.free_hours(idle.machine, idle.from_hour, idle.until_hour)
    booked = market.lines_of(idle.machine)
    lines = len(set(booked.values()))
    scene.note(f"{len(booked)} of {LISTED} hours are sold to {lines} lines, {len(free)} are free")


if __name__ == "__main__":
    main(play, guests=HAD["guests"])
