"""Three firms that don't know each other cast, machine and coat: booked in one transaction, or not at all.

The buyer plans over what they offer. When the coater can't, neither of the others is booked. Later an
engineering change moves the machining by two days and makes it dearer: price, date and machine-hours change
together. Run it: `python examples/casting_machining_coating/deal.py`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from eth_utils.crypto import keccak

from fabricant.capacity import Job, Operation, Plan, Transport, gather, plan, purchases
from fabricant.chain import agreements
from fabricant.chain.agreements import KINDS
from fabricant.chain.capacity import CapacityMarket
from fabricant.chain.errors import CapacityMarket_HoursTaken
from fabricant.chain.escrow import Delivery, LineOpened
from fabricant.conditions import ConditionsSet, load
from fabricant.demo.scene import Scene, main
from fabricant.demo.stage import Party
from fabricant.domain.assets import AssetId, Kind, Registration, asset_id, namespace_of
from fabricant.domain.capacity import Booking, HourPattern, Offer, Reservation
from fabricant.domain.directory import Role
from fabricant.domain.drafts import process_code
from fabricant.domain.escrow import Outcome, Terms
from fabricant.domain.signed_files import parse_any
from fabricant.domain.units import NOTHING, HourIndex, UnixSeconds, hour_of, start_of

HAD = {"guests": {"foundry": "100", "coater": "100"}}
SECURITY = 100
CASTING, MACHINING, COATING = "DIN 8580 1.1.1", "DIN 8580 3.2.2", "DIN 8580 5.1"


@dataclass(frozen=True)
class Seller:
    """A firm with idle hours: of which machine, for how much each, from which day on."""

    name: str
    machine: str
    process: str
    hourly: int
    day: int


SELLERS = (
    Seller("foundry", "FURNACE", CASTING, 60, 2),
    Seller("supplier", "MILL", MACHINING, 95, 2),
    Seller("coater", "CHAMBER", COATING, 40, 12),
)
ROUTING = (("casting", CASTING, 8), ("machining", MACHINING, 6), ("coating", COATING, 5))
TRANSPORT, DELIVERY = 24, 24  # hours
CHANGE, MOVED, DEARER = 3, 2, 660  # the day of the change, days later, and the price of it


def play(scene: Scene) -> tuple[Terms, ...]:
    """The story. Returns the lines, the changed one as it was and as it went on."""
    conditions = load("machine-time")
    scene.chapter("Three firms offer idle hours of their machines")
    scene.publish(conditions)
    for seller in SELLERS:
        offer(scene, conditions, seller)

    scene.chapter("The coater can't, so nobody is booked")
    job = wanted(scene)
    first = planned(scene, job)
    taken_meanwhile(scene, job, first)

    scene.chapter("Three lines in one transaction")
    casting, machining, coating = book(scene, job, planned(scene, job))

    scene.chapter("An engineering change: another drawing, two days later, dearer")
    scene.wait_for(CHANGE)
    changed = change(scene, machining)

    scene.chapter("Delivered, accepted, paid")
    for name, terms in (("foundry", casting), ("supplier", changed), ("coater", coating)):
        perform(scene, firm(scene, name), terms)
    for seller in SELLERS:
        scene.withdraw(firm(scene, seller.name))
    return casting, machining, changed, coating


def firm(scene: Scene, name: str) -> Party:
    """A seller by its name."""
    return scene.supplier if name == "supplier" else scene.guest(name)


def machine_of(party: Party, local_id: str) -> AssetId:
    """A machine that a firm registered."""
    return asset_id(namespace_of(party.address), local_id)


def offer(scene: Scene, conditions: ConditionsSet, selling: Seller) -> None:
    """A firm registers its machine, secures its promises, and publishes an offer."""
    seller, machine = firm(scene, selling.name), selling.machine
    market, price = seller.fabricant.capacity, scene.tokens(selling.hourly)
    registration = Registration(local_id=machine, kind=Kind.EQUIPMENT, owner=seller.address)
    done = seller.fabricant.assets.register(namespace_of(seller.address), registration)
    scene.did(seller, f"registers {machine}", done.receipt)
    trusted = seller.fabricant.directory.set_operator(market.address, Role.OPEN)
    scene.did(seller, "lets the market open lines for it", trusted.receipt)
    scene.deposit(seller, scene.tokens(SECURITY), "its security")
    some = Offer(
        supplier=seller.address,
        machine=machine_of(seller, machine),
        process=process_code(selling.process),
        token=scene.stage.money.address,
        hourly=price,
        last_minute_hourly=price,
        from_hour=HourIndex(hour_of(scene.at(selling.day)) + 1),
        until_hour=HourIndex(hour_of(scene.at(40))),
        max_span=20,
        delivery_hours=DELIVERY,
        inspector=scene.inspector.address,
        valid_until=scene.at(20),
        nonce=0,
        documents=keccak(text=f"what {machine} can do"),
        conditions=conditions.id,
    )
    signed = market.sign_offer(some, conditions.conditions, by=seller.wallet)
    published = market.publish(signed.offer, signed.consent)
    told = f"offers its hours for {selling.hourly} each, from day {selling.day} on"
    scene.did(seller, told, published.receipt)


def wanted(scene: Scene) -> Job:
    """What the buyer wants made."""
    return Job(
        buyer=scene.buyer.address,
        token=scene.stage.money,
        routing=tuple(
            Operation(name=name, process=process_code(code), hours=hours) for name, code, hours in ROUTING
        ),
        begin=scene.at(1),
        due_by=scene.at(30),
        budget=scene.tokens(1_500),
        transport=Transport(usual=TRANSPORT),
    )


def planned(scene: Scene, job: Job) -> Plan:
    """The best plan over what is for sale."""
    fabricant = scene.buyer.fabricant
    found = plan(job, gather(fabricant, job, {}), at=fabricant.network.head().timestamp)
    days = [(step.begin - scene.began) // 86_400 for step in found.steps]
    told = ", ".join(
        f"{operation.name} on day {day}" for operation, day in zip(job.routing, days, strict=True)
    )
    scene.note(f"the buyer plans: {told}, for {scene.show(found.price)}")
    return found


def taken_meanwhile(scene: Scene, job: Job, found: Plan) -> None:
    """The coater blocks hours of the plan; the buyer tries to book it all the same."""
    buyer, coater = scene.buyer, scene.guest("coater")
    trusted = buyer.fabricant.directory.set_operator(buyer.fabricant.capacity.address, Role.OPEN)
    scene.did(buyer, "lets the market open lines for it", trusted.receipt)
    scene.allow(buyer, found.price)
    hours = found.steps[-1].hours
    blocked = coater.fabricant.capacity.block_hours(machine_of(coater, "CHAMBER"), hours)
    scene.did(coater, "takes these hours out of sale: its chamber is repaired", blocked.receipt)
    expected = CapacityMarket_HoursTaken(
        machine=machine_of(coater, "CHAMBER"), word=hours.first_word, taken=hours.masks[0]
    )
    market, action = buyer.fabricant.capacity, CapacityMarket.book_many
    scene.refused(buyer, "tries to book all three", expected, market, action, purchases(job, found))
    if not any(market.lines_of(step.available.offer.machine) for step in found.steps):
        scene.note("no hour of any machine is booked, and no money moved")


def book(scene: Scene, job: Job, found: Plan) -> Sequence[Terms]:
    """The chain, whole."""
    buyer = scene.buyer
    done = buyer.fabricant.capacity.book_many(purchases(job, found))
    opened = [each for each in buyer.fabricant.escrow.events(done.receipt) if isinstance(each, LineOpened)]
    held = scene.show(sum(each.held for each in opened))
    scene.did(buyer, f"books {len(opened)} lines at three firms: {held} held", done.receipt)
    return [each.terms for each in opened]


def change(scene: Scene, old: Terms) -> Terms:
    """The supplier proposes later hours and signs; the buyer sends, which is its own consent."""
    buyer, supplier, market = scene.buyer, scene.supplier, scene.buyer.fabricant.capacity
    booked = market.booking_of(buyer.fabricant.escrow.line_id(old))
    booking, hours = booked.booking, booked.hours
    later = HourPattern.of(HourIndex(hour + MOVED * 24) for hour in hours.hours)
    moved = Booking(machine=booking.machine, offer=booking.offer, hours=later)
    new = replace(
        old,
        amount=scene.tokens(DEARER),
        open_by=scene.at(CHANGE + 1),
        due_by=UnixSeconds(start_of(HourIndex(later.last + 1 + DELIVERY))),
        documents=keccak(text="housing, revision B"),
        subject=moved.subject,
        salt=old.salt ^ 1,
    )
    proposed = agreements.rescheduling(
        supplier.fabricant,
        Reservation(terms=old, booking=booking),
        Reservation(terms=new, booking=moved),
        Outcome(to_supplier=NOTHING, goods_to_buyer=False),
        deadline=scene.at(CHANGE + 1),
    )
    proposed.check_proposal()
    file = proposed.signed("supplier", by=supplier.wallet).file.serialise()
    scene.note(f"the supplier proposes {DEARER} and {MOVED} days later, and signs")
    agreed = agreements.agreement(buyer.fabricant, parse_any(KINDS, file))
    agreed.check()
    agreed.check_consents()
    agreed.check_sender(buyer.address)
    more = agreed.price
    scene.allow(buyer, more)
    done = market.reschedule(**agreed.arguments(payer=buyer.address, value=NOTHING))
    scene.did(buyer, f"agrees by sending: {scene.show(more)} more, and the hours move", done.receipt)
    free = market.free_hours(booking.machine, hours.first, HourIndex(hours.last + 1))
    scene.note(f"{len(free)} hours are for sale again, and {later.count} others booked")
    return new


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
