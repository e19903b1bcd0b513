"""CAP-3: at the moment of booking the seller is the machine's live user, or its owner if there is none."""

from contextlib import AbstractContextManager
from typing import Any, Final

import pytest

from tests.support.actors import Actor
from tests.support.assets import FLAG_ASSEMBLED, FLAG_HELD, FLAG_RECALLED, Kind, Status
from tests.support.capacity import (
    BUYER,
    EVERY_ROLE,
    FIRST,
    SERIAL,
    SHIFT,
    SUPPLIER,
    WORD,
    Booking,
    Capacity,
    masks_of,
    start_of,
)
from tests.support.chain import Chain
from tests.support.deals import DAY, HOUR, ZERO
from tests.support.genealogy import Works
from tests.support.lines import Party, address_of
from tests.support.reverts import reverts

MORNING: Final = start_of(SHIFT[0])
EVENING: Final = start_of(SHIFT[-1] + 1)


@pytest.fixture
def user(capacity: Capacity, user: Actor) -> Actor:
    """Somebody who may use machines, and sells their hours."""
    capacity.join(user)
    return user


@pytest.fixture
def owner(capacity: Capacity, owner: Actor) -> Actor:
    """Somebody who buys machines, and sells their hours."""
    capacity.join(owner)
    return owner


def lend(capacity: Capacity, to: Actor, until: int, *, by: Actor = SUPPLIER) -> None:
    """The machine is somebody's until then."""
    call = capacity.assets.functions.setUser(capacity.machine, to.address, until)
    capacity.chain.send(call, by=by)


def sell(capacity: Capacity, to: Party, *, by: Actor = SUPPLIER) -> None:
    """The machine changes hands."""
    call = capacity.assets.functions.transferFrom(by.address, address_of(to), capacity.machine)
    capacity.chain.send(call, by=by)


def offered_by(capacity: Capacity, seller: Actor, hours: Any = SHIFT) -> Booking:
    """A booking on an offer of somebody's."""
    return capacity.booking(hours, offer=capacity.offer(supplier=seller.address))


def books(booking: Booking) -> bool:
    """Whether the next block would take the booking; it is not sent."""
    return bytes(booking.call().call({"from": BUYER.address})) == booking.id


def not_seller(capacity: Capacity, offering: Actor, seller: Actor) -> AbstractContextManager[None]:
    return reverts(
        "CapacityMarket_NotSeller",
        machine=capacity.machine,
        supplier=offering.address,
        seller=seller.address,
    )


# Fitness


def test_an_unknown_machine_has_no_hours(capacity: Capacity) -> None:
    for machine in (1, 2**256 - 1):
        with reverts("AssetRegistry_UnknownAsset", id=machine):
            capacity.booking(offer=capacity.offer(machine=machine)).send()


def unfit(capacity: Capacity, status: int, flags: int) -> AbstractContextManager[None]:
    machine = capacity.machine
    return reverts("CapacityMarket_MachineUnfit", machine=machine, status=status, flags=flags)


def test_cap3_only_an_active_machine_is_sold(chain: Chain, capacity: Capacity) -> None:
    set_status = capacity.assets.functions.setStatus
    booking = capacity.booking()
    chain.send(set_status(capacity.machine, Status.SUSPENDED), by=SUPPLIER)
    with unfit(capacity, Status.SUSPENDED, 0):
        booking.send()
    chain.send(set_status(capacity.machine, Status.ACTIVE), by=SUPPLIER)
    assert books(booking)
    chain.send(set_status(capacity.machine, Status.RETIRED), by=SUPPLIER)
    with unfit(capacity, Status.RETIRED, 0):
        booking.send()


def test_cap3_a_consumed_machine_is_not_sold(capacity: Capacity, works: Works) -> None:
    booking = capacity.booking()
    works.transform([(capacity.machine, 1)], [], scrap=())
    with unfit(capacity, Status.CONSUMED, 0):
        booking.send()


def test_cap3_a_recalled_held_or_assembled_machine_is_not_sold(
    capacity: Capacity, works: Works, issuer: Actor
) -> None:
    booking, (line,) = capacity.booking(), works.parts("production line")
    works.assemble(line, [capacity.machine])
    with unfit(capacity, Status.ACTIVE, FLAG_ASSEMBLED):
        booking.send()
    works.disassemble(line, [capacity.machine])
    works.recall(SERIAL)
    with unfit(capacity, Status.ACTIVE, FLAG_RECALLED):
        booking.send()
    works.empower(issuer)
    until = works.chain.now + 3_600
    works.hold(SERIAL, until, by=issuer)
    with unfit(capacity, Status.ACTIVE, FLAG_RECALLED | FLAG_HELD):
        booking.send()
    works.lift()
    with unfit(capacity, Status.ACTIVE, FLAG_HELD):
        booking.send()
    works.chain.warp(until)
    booking.send()


def test_whatever_works_by_the_hour_is_sold(capacity: Capacity) -> None:
    """The market asks who may sell, not what: moulds, gauges and fixtures have hours, too."""
    for kind in (Kind.EQUIPMENT, Kind.COMPONENT, Kind.PRODUCT):
        machine = capacity.register(f"of kind {kind}", kind=kind)
        capacity.booking(offer=capacity.offer(machine=machine)).send()


# Sellers


def test_cap3_a_stranger_does_not_sell(chain: Chain, capacity: Capacity, owner: Actor) -> None:
    capacity.lend(SUPPLIER, owner, EVERY_ROLE)
    chain.send(capacity.assets.functions.approve(owner.address, capacity.machine), by=SUPPLIER)
    with not_seller(capacity, owner, SUPPLIER):
        offered_by(capacity, owner).send()


def test_cap3_the_owner_sells(capacity: Capacity, owner: Actor) -> None:
    sell(capacity, owner)
    booking = offered_by(capacity, owner).sent()
    assert booking.deal.line.status == "Open"


def test_cap3_the_user_sells_within_its_term(capacity: Capacity, user: Actor) -> None:
    for until in (EVENING, EVENING + 1, EVENING + DAY):
        lend(capacity, user, until)
        with not_seller(capacity, SUPPLIER, user):
            capacity.booking().send()
        assert books(offered_by(capacity, user))


def test_cap3_the_owner_sells_after_the_users_term(capacity: Capacity, user: Actor) -> None:
    for until in (MORNING - HOUR, MORNING - 1, MORNING):
        lend(capacity, user, until)
        with not_seller(capacity, user, SUPPLIER):
            offered_by(capacity, user).send()
        assert books(capacity.booking())


def test_cap3_hours_of_two_sellers_are_not_sold_together(capacity: Capacity, user: Actor) -> None:
    for until in (MORNING + 1, MORNING + HOUR, EVENING - HOUR, EVENING - 1):
        lend(capacity, user, until)
        for seller in (SUPPLIER, user):
            with reverts(
                "CapacityMarket_UseEndsBefore",
                machine=capacity.machine,
                user=user.address,
                userUntil=until,
            ):
                offered_by(capacity, seller).send()


def test_cap3_an_owner_with_a_term_of_its_own_sells(capacity: Capacity, owner: Actor) -> None:
    """Sale and lease back: the former owner is the user, and sells until its term ends."""
    for until in (MORNING + 1, EVENING - 1, EVENING):
        lend(capacity, SUPPLIER, until)
        assert books(capacity.booking())
    sell(capacity, owner)
    assert books(capacity.booking())
    with not_seller(capacity, owner, SUPPLIER):
        offered_by(capacity, owner).send()
    assert books(offered_by(capacity, owner, [SHIFT[-1] + 1]))


def test_f048_a_users_right_to_sell_ends_at_its_instant(
    chain: Chain, capacity: Capacity, user: Actor
) -> None:
    """At the end of a term it is over, though hours after it were the owner's before."""
    until = start_of(FIRST - 24)
    lend(capacity, user, until)
    running, next_ = [FIRST - 25], [FIRST - 24]
    offers = {seller: capacity.offer(supplier=seller.address, noticeHours=0) for seller in (SUPPLIER, user)}
    chain.warp(until - HOUR - 1)
    assert books(capacity.booking(running, offer=offers[user]))
    assert books(capacity.booking(next_, offer=offers[SUPPLIER]))
    chain.warp(until)
    after = [FIRST - 23]
    with not_seller(capacity, user, SUPPLIER):
        capacity.booking(after, offer=offers[user]).send(at=until)
    capacity.booking(after, offer=offers[SUPPLIER]).send(at=until + 1)


# Machines that change hands


def hours_taken(capacity: Capacity, hours: Any) -> AbstractContextManager[None]:
    (mask,) = masks_of(hours)[1]
    return reverts("CapacityMarket_HoursTaken", machine=capacity.machine, word=WORD, taken=mask)


def test_cap3_a_former_owner_does_not_sell(capacity: Capacity, owner: Actor) -> None:
    booking = capacity.booking()
    sell(capacity, owner)
    with not_seller(capacity, SUPPLIER, owner):
        booking.send()


def test_cap1_booked_hours_outlive_a_sale(capacity: Capacity, owner: Actor) -> None:
    booking = capacity.booking().sent()
    sell(capacity, owner)
    with hours_taken(capacity, SHIFT[-1:]):
        offered_by(capacity, owner, range(SHIFT[-1], SHIFT[-1] + 3)).send()
    offered_by(capacity, owner, [SHIFT[-1] + 1]).send()
    assert capacity.taken() == ({*SHIFT, SHIFT[-1] + 1}, set())
    booking.deal.send("cancel", by=BUYER)
    booking.give_back()
    offered_by(capacity, owner).send()


def test_an_offer_stands_again_when_the_machine_comes_back(capacity: Capacity, owner: Actor) -> None:
    booking = capacity.booking()
    sell(capacity, owner)
    sell(capacity, SUPPLIER, by=owner)
    booking.send()


def test_cap1_booked_hours_outlive_a_term(capacity: Capacity, user: Actor) -> None:
    lend(capacity, user, EVENING + DAY)
    offered_by(capacity, user).send()
    capacity.chain.send(capacity.assets.functions.setUser(capacity.machine, ZERO, 0), by=user)
    with hours_taken(capacity, SHIFT):
        capacity.booking().send()
    capacity.booking([SHIFT[-1] + 1]).send()


def test_a_line_does_not_depend_on_the_machine(capacity: Capacity, user: Actor, owner: Actor) -> None:
    lend(capacity, user, EVENING + DAY)
    booking = offered_by(capacity, user).sent()
    capacity.chain.send(capacity.assets.functions.setUser(capacity.machine, ZERO, 0), by=user)
    sell(capacity, owner)
    capacity.chain.send(capacity.assets.functions.setStatus(capacity.machine, Status.RETIRED), by=owner)
    deal = booking.deal
    deal.deliver()
    deal.accept()
    assert deal.line.status == "Closed"
