"""A machine is sold in the middle of a month whose hours are booked, and every promise is kept.

The calendar belongs to the machine: booked hours stay booked whoever owns it, the old owner can't sell more,
and the new owner can't take them back. Run it: `python examples/machine_sold/deal.py`.
"""

from dataclasses import replace

from fabricant.chain.capacity import CapacityMarket, SignedOffer
from fabricant.chain.errors import CapacityMarket_HoursTaken, CapacityMarket_NotSeller
from fabricant.chain.escrow import Delivery, LineOpened
from fabricant.conditions import ConditionsSet, load
from fabricant.demo.scene import Scene, main
from fabricant.demo.stage import Party
from fabricant.domain.assets import AssetId, Kind, Registration
from fabricant.domain.capacity import HourPattern, Offer, Order
from fabricant.domain.directory import Role
from fabricant.domain.escrow import Terms
from fabricant.domain.units import HourIndex, UnixSeconds, hour_of

HAD = {"guests": {"successor": "6000"}}
HOURLY, HOURS, PRICE = 90, 8, 5_000
SOON, SOLD, LATER, LAST = 5, 10, 20, 22  # days
SECURITY = 700


def play(scene: Scene) -> tuple[Terms, ...]:
    """The story. Returns the booked lines and that of the machine."""
    supplier, successor = scene.supplier, scene.guest("successor")
    conditions = load("machine-time")
    scene.chapter("A month of hours is for sale, and two jobs are booked")
    scene.publish(conditions)
    (machine,) = scene.register([Registration(local_id="MILL", kind=Kind.EQUIPMENT, owner=supplier.address)])
    for party in (supplier, scene.buyer):
        trust(scene, party)
    scene.deposit(supplier, scene.tokens(SECURITY), "its security")
    offered = offer(scene, supplier, conditions, machine)
    soon, later = book(scene, offered, SOON), book(scene, offered, LATER)
    perform(scene, supplier, soon)

    scene.chapter("The machine is sold, and so through the escrow")
    sale = sell(scene, successor, conditions, machine)

    scene.chapter("What was booked stays booked, and the old owner sells no more")
    refusals(scene, offered, machine)

    scene.chapter("The old owner keeps its word, on the machine of the new one")
    perform(scene, supplier, later)
    trust(scene, successor)
    scene.deposit(successor, scene.tokens(100), "its security")
    last = book(scene, offer(scene, successor, conditions, machine), LAST)
    perform(scene, successor, last)
    for party in (supplier, successor):
        scene.withdraw(party)
    return soon, later, sale, last


def trust(scene: Scene, party: Party) -> None:
    """Whoever trades in the market lets it open lines."""
    done = party.fabricant.directory.set_operator(party.fabricant.capacity.address, Role.OPEN)
    scene.did(party, "lets the market open lines for it", done.receipt)


def offer(scene: Scene, seller: Party, conditions: ConditionsSet, machine: AssetId) -> SignedOffer:
    """An owner signs for its hours of the rest of the month."""
    hourly = scene.tokens(HOURLY)
    signed = seller.fabricant.capacity.sign_offer(
        Offer(
            supplier=seller.address,
            machine=machine,
            token=scene.stage.money.address,
            hourly=hourly,
            last_minute_hourly=hourly,
            from_hour=HourIndex(hour_of(scene.at(scene.today)) + 1),
            until_hour=HourIndex(hour_of(scene.at(32))),
            max_span=HOURS,
            delivery_hours=24,
            inspector=scene.inspector.address,
            valid_until=scene.at(32),
            nonce=0,
            conditions=conditions.id,
        ),
        conditions.conditions,
        by=seller.wallet,
    )
    scene.note(f"the {seller.name} signs an offer of the hours until day 32")
    return signed


def order(scene: Scene, day: int) -> Order:
    """What the buyer books: some hours of a day."""
    first = hour_of(UnixSeconds(scene.at(day) - 1)) + 1
    hours = HourPattern.of(HourIndex(hour) for hour in range(first, first + HOURS))
    return Order(buyer=scene.buyer.address, max_price=scene.tokens(HOURS * HOURLY), salt=day, hours=hours)


def book(scene: Scene, offered: SignedOffer, day: int) -> Terms:
    """The buyer books hours of a day."""
    buyer, wanted = scene.buyer, order(scene, day)
    scene.allow(buyer, wanted.max_price)
    done = buyer.fabricant.capacity.book(offered.offer, offered.consent, wanted)
    opened = buyer.fabricant.escrow.event(done.receipt, LineOpened)
    scene.did(buyer, f"books {HOURS} hours on day {day}: {scene.show(opened.held)} held", done.receipt)
    return opened.terms


def sell(scene: Scene, successor: Party, conditions: ConditionsSet, machine: AssetId) -> Terms:
    """The machine is the goods of an order line: paid when its buyer accepts it."""
    scene.wait_for(SOLD)
    terms = replace(
        scene.terms(conditions, amount=PRICE, open_by=SOLD + 1, due_by=SOLD + 2, assets=1),
        buyer=successor.address,
        inspector=successor.address,
    )
    scene.allow(successor, terms.amount)
    signed = scene.supplier.fabricant.escrow.sign_terms(terms, by=scene.supplier.wallet)
    opened = successor.fabricant.escrow.open(terms, supplier=signed)
    scene.did(successor, f"buys MILL for {PRICE:,}: held", opened.receipt)
    delivered = scene.supplier.fabricant.escrow.deliver(terms, Delivery(assets=(machine,)))
    scene.did(scene.supplier, "hands it over", delivered.receipt)
    accepted = successor.fabricant.escrow.accept(terms, (machine,))
    paid = scene.show(accepted.event.to_supplier_side)
    scene.did(successor, f"accepts it: {paid} paid, and MILL is its own", accepted.receipt)
    return terms


def refusals(scene: Scene, offered: SignedOffer, machine: AssetId) -> None:
    """Neither owner can do what it might like to."""
    supplier, successor, buyer = scene.supplier, scene.guest("successor"), scene.buyer
    market, wanted, kept = buyer.fabricant.capacity, order(scene, LAST), order(scene, LATER).hours
    gone = CapacityMarket_NotSeller(machine=machine, supplier=supplier.address, seller=successor.address)
    told, action = "wants more hours of the old offer", CapacityMarket.book
    scene.refused(buyer, told, gone, market, action, offered.offer, offered.consent, wanted)

    none = CapacityMarket_NotSeller(machine=machine, supplier=supplier.address, seller=successor.address)
    market, hours = supplier.fabricant.capacity, wanted.hours
    scene.refused(
        supplier, "takes hours out of sale", none, market, CapacityMarket.block_hours, machine, hours
    )

    booked = CapacityMarket_HoursTaken(machine=machine, word=kept.first_word, taken=kept.masks[0])
    market = successor.fabricant.capacity
    scene.refused(
        successor, "wants booked hours back", booked, market, CapacityMarket.block_hours, machine, kept
    )
    holders = set(market.lines_of(machine).values())
    scene.note(f"the calendar still has the hours of {len(holders)} lines")


def perform(scene: Scene, seller: Party, terms: Terms) -> None:
    """A line to its end."""
    scene.stage.chain.mine(at=UnixSeconds(terms.due_by - 3600))
    delivered = seller.fabricant.escrow.deliver(terms, Delivery())
    scene.did(seller, "delivers in time", delivered.receipt)
    accepted = scene.inspector.fabricant.escrow.accept(terms)
    scene.did(
        scene.inspector, f"accepts: {scene.show(accepted.event.to_supplier_side)} paid", accepted.receipt
    )


if __name__ == "__main__":
    main(play, guests=HAD["guests"])
