"""CAP-1: the hours of a machine. Which are marked by which pattern, what is taken, and who blocks."""

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from typing import Final

import pytest
from eth_utils.crypto import keccak
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fabricant.chain.answers import Receipt
from tests.support.actors import Actor
from tests.support.assets import Status
from tests.support.capacity import (
    ASSETS,
    BITS,
    BUYER,
    EVERY_ROLE,
    FIRST,
    FREE,
    NOTHING_TAKEN,
    SHIFT,
    STRANGER,
    SUPPLIER,
    WORD,
    Booking,
    Capacity,
    masks_of,
    price_of,
    start_of,
)
from tests.support.chain import BEGINNING, Chain, event
from tests.support.deals import HOUR
from tests.support.decoding import Event
from tests.support.layout import members_of
from tests.support.reverts import reverts

REASON: Final = keccak(text="maintenance")

Hours = Iterable[int]
Change = Callable[..., Receipt]


def hours_taken(
    capacity: Capacity, hours: Hours, *, machine: int | None = None
) -> AbstractContextManager[None]:
    """The block must revert because of these hours, which lie in one word."""
    word, (mask,) = masks_of(hours)
    concerned = machine or capacity.machine
    return reverts("CapacityMarket_HoursTaken", machine=concerned, word=word, taken=mask)


# Taken hours


def test_f076_no_two_bookings_overlap(capacity: Capacity) -> None:
    """Equal, nested both ways, overlapping at both ends, one hour in common, interleaved with a gap."""
    there = {FIRST + at for at in (10, 11, 12, 13, 14, 20)}
    capacity.booking(there).send()
    for offsets in (
        (10, 11, 12, 13, 14, 20),
        (11, 12),
        range(5, 25),
        range(5, 11),
        range(14, 18),
        (14,),
        (10,),
        (15, 20, 21),
        (0, 20, 255),
    ):
        booking = capacity.booking([FIRST + at for at in offsets])
        with hours_taken(capacity, booking.hours & there):
            booking.send()
    assert capacity.taken() == (there, set())


def test_f076_bookings_may_touch(capacity: Capacity) -> None:
    capacity.booking([FIRST + at for at in (10, 12)]).send()
    for offset in (9, 11, 13):
        capacity.booking([FIRST + offset]).send()
    assert capacity.taken() == ({FIRST + at for at in range(9, 14)}, set())


def test_a_conflict_in_a_later_word_is_found(capacity: Capacity) -> None:
    there = [FIRST + 2 * BITS + 7]
    capacity.booking(there).send()
    offer = capacity.offer(totalHours=1_000)
    booking = capacity.booking(range(FIRST, FIRST + 3 * BITS), offer=offer)
    with hours_taken(capacity, there):
        booking.send()
    assert capacity.taken() == (set(there), set())
    assert capacity.market.functions.soldHours(booking.offer_id).call() == 0


def test_blocked_hours_are_not_booked(capacity: Capacity, block: Change, unblock: Change) -> None:
    block(SHIFT[2:5])
    with hours_taken(capacity, SHIFT[2:5]):
        capacity.booking().send()
    unblock(SHIFT[2:5])
    capacity.booking().send()


def test_each_machine_has_its_calendar(capacity: Capacity) -> None:
    other = capacity.register("another machine")
    capacity.booking().send()
    capacity.booking(offer=capacity.offer(machine=other)).send()
    assert capacity.taken() == capacity.taken(other) == (set(SHIFT), set())


# Patterns


def test_a_single_hour_is_booked(capacity: Capacity) -> None:
    booked = set[int]()
    for offset in (0, 1, 127, 128, 254, 255, 256, 511):
        booked.add(FIRST + offset)
        capacity.booking([FIRST + offset]).send()
        assert capacity.taken(words=range(WORD - 1, WORD + 3)) == (booked, set())


def test_words_have_256_hours(capacity: Capacity) -> None:
    first = capacity.booking(range(FIRST, FIRST + BITS))
    assert (first.order["firstWord"], first.order["hourMasks"]) == (WORD, [2**256 - 1])
    first.send()
    capacity.booking([FIRST + BITS, FIRST + 2 * BITS - 1]).send()
    capacity.booking(range(FIRST + BITS + 1, FIRST + 2 * BITS - 1)).send()
    assert capacity.taken() == (set(range(FIRST, FIRST + 2 * BITS)), set())


def test_five_day_shifts_are_one_booking(capacity: Capacity) -> None:
    """Monday to Friday, six to fourteen o'clock; the week has a border of words on Thursday."""
    monday = FIRST + BITS - 80
    hours = {monday + 24 * day + hour for day in range(5) for hour in range(6, 14)}
    booking = capacity.booking(hours)
    assert len(booking.order["hourMasks"]) == 2
    booking.send()
    assert capacity.taken() == (hours, set())
    assert booking.price == 120_000_000 + 40 * 95_000_000
    assert booking.deal.terms["dueBy"] == start_of(monday + 4 * 24 + 14 + 72)


def test_a_night_shift_crosses_a_border(capacity: Capacity) -> None:
    hours = range(FIRST + BITS - 2, FIRST + BITS + 6)
    booking = capacity.booking(hours, offer=capacity.offer(setupHours=3))
    assert booking.order["hourMasks"] == [0b11 << 254, 0b111111]
    booking.send()
    assert capacity.taken() == (set(hours), set())


def test_hours_two_years_apart_are_one_booking(chain: Chain, capacity: Capacity) -> None:
    hour = FIRST - 12
    first, last = hour + 12, hour + 730 * 24 - 1
    offer = capacity.offer(untilHour=2**32 - 1, maxSpan=last - first + 1)
    booking = capacity.booking([first, last], offer=offer)
    assert len(booking.order["hourMasks"]) == 69
    booking.send(at=start_of(hour))
    assert capacity.taken(words=range(WORD, WORD + 70)) == ({first, last}, set())
    assert booking.deal.terms["dueBy"] == start_of(last + 73)


@st.composite
def _patterns(draw: st.DrawFn) -> set[int]:
    """Runs of hours, long and short, in and across words."""
    starts = st.integers(FIRST, FIRST + 5 * BITS)
    lengths = st.one_of(st.integers(1, 12), st.integers(200, 300))
    runs = draw(st.lists(st.tuples(starts, lengths), min_size=1, max_size=6))
    return {hour for start, length in runs for hour in range(start, start + length)}


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(hours=_patterns(), setup=st.integers(0, 3))
def test_any_pattern_is_marked_exactly(chain: Chain, capacity: Capacity, hours: set[int], setup: int) -> None:
    snapshot = chain.local.snapshot()
    first = min(hours)
    whole = hours | set(range(first, first + setup + 1))
    offer = capacity.offer(setupHours=setup, totalHours=10_000)
    booking = capacity.booking(whole, offer=offer)
    receipt = booking.send()
    assert chain.events(receipt)[0] == booking.opened()
    assert chain.events(receipt)[-1] == booking.booked(sold_after=len(whole))
    priced, last = len(whole) - setup, max(whole)
    assert booking.deal.amount == price_of(offer, priced=priced, last_hour=last, at=BEGINNING)
    assert capacity.taken() == (whole, set())
    chain.local.revert(snapshot)


# When the escrow refuses


def nothing_happened(capacity: Capacity, booking: Booking) -> bool:
    sold = capacity.market.functions.soldHours(booking.offer_id).call()
    return capacity.taken() == NOTHING_TAKEN and sold == 0 and booking.deal.line.status == "None"


def test_a_buyer_without_money_books_nothing(chain: Chain, capacity: Capacity, owner: Actor) -> None:
    """Free balance is no allowance: tokens come from the wallet, as far as it let the escrow take them."""
    capacity.join(owner)
    token = capacity.token.functions
    booking = capacity.booking(offer=capacity.offer(totalHours=100), buyer=owner.address)
    chain.send(token.approve(capacity.escrow.address, booking.price - 1), by=owner)
    with reverts("InsufficientAllowance"):
        booking.send(by=owner)
    assert nothing_happened(capacity, booking)
    chain.send(token.approve(capacity.escrow.address, booking.price), by=owner)
    balance = token.balanceOf(owner.address).call()
    chain.send(token.transfer(STRANGER.address, balance - booking.price + 1), by=owner)
    with reverts("InsufficientBalance"):
        booking.send(by=owner)
    assert nothing_happened(capacity, booking)
    chain.send(token.mint(owner.address, 1), by=owner)
    booking.send(by=owner)
    assert token.balanceOf(owner.address).call() == 0


def test_a_supplier_without_a_bond_sells_nothing(chain: Chain, capacity: Capacity) -> None:
    booking = capacity.booking(offer=capacity.offer(totalHours=100))
    needed, token = booking.deal.bond, capacity.token.address
    withdraw = capacity.escrow.functions.withdraw(SUPPLIER.address, token, FREE - needed + 1)
    chain.send(withdraw, by=SUPPLIER)
    with reverts(
        "SupplierEscrow_InsufficientBalance",
        owner=SUPPLIER.address,
        token=token,
        balance=needed - 1,
        needed=needed,
    ):
        booking.send()
    assert nothing_happened(capacity, booking)
    capacity.deposit(SUPPLIER, 1)
    booking.send()
    assert booking.deal.free(SUPPLIER) == 0


# blockHours


def _change(capacity: Capacity, name: str) -> Change:
    def send(
        hours: Hours = SHIFT,
        *,
        by: Actor = SUPPLIER,
        machine: int | None = None,
        masks: tuple[int, list[int]] | None = None,
    ) -> Receipt:
        first, listed = masks or masks_of(hours)
        call = capacity.market.get_function_by_name(name)
        concerned = capacity.machine if machine is None else machine
        return capacity.chain.send(call(concerned, first, listed, REASON), by=by)

    return send


@pytest.fixture
def block(capacity: Capacity) -> Change:
    """The supplier blocks hours of its machine."""
    return _change(capacity, "blockHours")


@pytest.fixture
def unblock(capacity: Capacity) -> Change:
    """The supplier unblocks them."""
    return _change(capacity, "unblockHours")


def changed(capacity: Capacity, name: str, hours: Hours, *, by: Actor = SUPPLIER) -> list[Event]:
    first, masks = masks_of(hours)
    return [
        event(
            capacity.market,
            name,
            machine=capacity.machine,
            by=by.address,
            firstWord=first,
            hourMasks=tuple(masks),
            reason=REASON,
        )
    ]


def not_seller(capacity: Capacity, caller: Actor, seller: Actor = SUPPLIER) -> AbstractContextManager[None]:
    """The caller is told whose the hours are."""
    machine = capacity.machine
    return reverts(
        "CapacityMarket_NotSeller", machine=machine, supplier=caller.address, seller=seller.address
    )


def outsiders(capacity: Capacity) -> list[Actor]:
    operator = Actor("operator")
    capacity.lend(SUPPLIER, operator, EVERY_ROLE & ~ASSETS)
    return [STRANGER, BUYER, operator]


def lend_to(capacity: Capacity, user: Actor, until: int) -> None:
    call = capacity.assets.functions.setUser(capacity.machine, user.address, until)
    capacity.chain.send(call, by=SUPPLIER)


def use_ends(capacity: Capacity, user: Actor, until: int) -> AbstractContextManager[None]:
    return reverts(
        "CapacityMarket_UseEndsBefore", machine=capacity.machine, user=user.address, userUntil=until
    )


def test_f063_only_the_seller_blocks(capacity: Capacity, block: Change) -> None:
    for caller in outsiders(capacity):
        with not_seller(capacity, caller):
            block(by=caller)


def test_cap3_an_owner_cannot_block_what_its_user_sells(
    capacity: Capacity, block: Change, user: Actor
) -> None:
    until = start_of(SHIFT[-1] + 1)
    lend_to(capacity, user, until)
    with not_seller(capacity, SUPPLIER, user):
        block()
    with not_seller(capacity, user):
        block([SHIFT[-1] + 1], by=user)
    assert capacity.chain.events(block(by=user)) == changed(capacity, "HoursBlocked", SHIFT, by=user)
    block([SHIFT[-1] + 1])


def test_hours_of_two_are_not_blocked_together(capacity: Capacity, block: Change, user: Actor) -> None:
    for until in (start_of(SHIFT[0]) + 1, start_of(SHIFT[-1] + 1) - 1):
        lend_to(capacity, user, until)
        for caller in (SUPPLIER, user):
            with use_ends(capacity, user, until):
                block(by=caller)


def test_an_owner_blocks_across_a_term_of_its_own(capacity: Capacity, block: Change) -> None:
    lend_to(capacity, SUPPLIER, start_of(SHIFT[4]))
    block()
    assert capacity.taken() == (set(), set(SHIFT))


def test_an_unknown_machine_is_not_blocked(block: Change) -> None:
    for machine in (0, 1, 2**256 - 1):
        with reverts("AssetRegistry_UnknownAsset", id=machine):
            block(machine=machine)


def test_no_hours_are_not_blocked(block: Change) -> None:
    for masks in ([], [0], [0, 1], [1, 0]):
        with reverts("CapacityMarket_EmptyMask"):
            block(masks=(WORD, masks))


def test_cap1_booked_hours_are_not_blocked(capacity: Capacity, block: Change) -> None:
    capacity.booking().send()
    border = range(SHIFT[-1], FIRST + BITS + 3)
    with hours_taken(capacity, SHIFT[-1:]):
        block(border)
    later = capacity.booking([FIRST + BITS + 2])
    later.send()
    with hours_taken(capacity, later.hours):
        block(border[1:])
    assert capacity.taken() == ({*SHIFT, FIRST + BITS + 2}, set())


def test_hours_are_blocked(chain: Chain, capacity: Capacity, block: Change) -> None:
    hours = range(FIRST + BITS - 3, FIRST + BITS + 2)
    assert chain.events(block(hours)) == changed(capacity, "HoursBlocked", hours)
    assert capacity.taken() == (set(), set(hours))


def test_blocking_again_adds(chain: Chain, capacity: Capacity, block: Change) -> None:
    block(SHIFT[:4])
    assert chain.events(block(SHIFT[2:6])) == changed(capacity, "HoursBlocked", SHIFT[2:6])
    block(SHIFT[2:6])
    assert capacity.taken() == (set(), set(SHIFT[:6]))


def test_an_operator_blocks(chain: Chain, capacity: Capacity, block: Change, operator: Actor) -> None:
    capacity.lend(SUPPLIER, operator, ASSETS)
    assert chain.events(block(by=operator)) == changed(capacity, "HoursBlocked", SHIFT, by=operator)


def test_any_hours_are_blocked(chain: Chain, capacity: Capacity, block: Change) -> None:
    now = chain.now // HOUR
    chain.send(capacity.assets.functions.setStatus(capacity.machine, Status.SUSPENDED), by=SUPPLIER)
    hours = {0, now - 1, now, now + 10_000 * 24, 2**40 - 1}
    for hour in hours:
        block([hour])
    assert capacity.taken(words={hour // BITS for hour in hours}) == (set(), hours)


def test_calendars_go_on_after_a_fork(
    chain: Chain,
    capacity: Capacity,
    block: Change,
    unblock: Change,
    forked: AbstractContextManager[int],
) -> None:
    """No signature is involved. The same goes for cancelling, and for returning what was booked before."""
    booking = capacity.booking([FIRST]).sent()
    booking.deal.send("cancel", by=BUYER)
    with forked:
        block()
        unblock()
        booking.give_back()
        chain.send(capacity.market.functions.cancelOffers(SUPPLIER.address, 0, 1), by=SUPPLIER)
        chain.send(capacity.market.functions.raiseEpoch(SUPPLIER.address, 0), by=SUPPLIER)
    assert capacity.taken() == NOTHING_TAKEN


# unblockHours


def test_f063_only_the_seller_unblocks(capacity: Capacity, block: Change, unblock: Change) -> None:
    block()
    for caller in outsiders(capacity):
        with not_seller(capacity, caller):
            unblock(by=caller)


def test_hours_of_two_are_not_unblocked_together(
    capacity: Capacity, block: Change, unblock: Change, user: Actor
) -> None:
    until = start_of(SHIFT[4])
    block()
    lend_to(capacity, user, until)
    for caller in (SUPPLIER, user):
        with use_ends(capacity, user, until):
            unblock(by=caller)
    unblock(SHIFT[:4], by=user)
    unblock(SHIFT[4:])
    assert capacity.taken() == NOTHING_TAKEN


def test_an_unknown_machine_is_not_unblocked(unblock: Change) -> None:
    with reverts("AssetRegistry_UnknownAsset", id=1):
        unblock(machine=1)


def test_no_hours_are_not_unblocked(unblock: Change) -> None:
    for masks in ([], [0], [0, 1], [1, 0]):
        with reverts("CapacityMarket_EmptyMask"):
            unblock(masks=(WORD, masks))


def test_hours_are_unblocked(chain: Chain, capacity: Capacity, block: Change, unblock: Change) -> None:
    hours = range(FIRST + BITS - 3, FIRST + BITS + 2)
    block(hours)
    assert chain.events(unblock(hours[:4])) == changed(capacity, "HoursUnblocked", hours[:4])
    assert capacity.taken() == (set(), set(hours[4:]))
    capacity.booking(hours[:4]).send()


def test_cap1_unblocking_never_frees_booked_hours(capacity: Capacity, block: Change, unblock: Change) -> None:
    capacity.booking().send()
    block([SHIFT[0] - 1, SHIFT[-1] + 1])
    unblock(range(SHIFT[0] - 2, SHIFT[-1] + 3))
    assert capacity.taken() == (set(SHIFT), set())


def test_unblocking_free_hours_changes_nothing(chain: Chain, capacity: Capacity, unblock: Change) -> None:
    assert chain.events(unblock()) == changed(capacity, "HoursUnblocked", SHIFT)
    assert capacity.taken() == NOTHING_TAKEN


def test_an_operator_unblocks(
    chain: Chain, capacity: Capacity, block: Change, unblock: Change, operator: Actor
) -> None:
    block()
    capacity.lend(SUPPLIER, operator, ASSETS)
    assert chain.events(unblock(by=operator)) == changed(capacity, "HoursUnblocked", SHIFT, by=operator)
    assert capacity.taken() == NOTHING_TAKEN


def test_a_new_owner_unblocks(
    chain: Chain, capacity: Capacity, block: Change, unblock: Change, owner: Actor
) -> None:
    block()
    sold = capacity.assets.functions.transferFrom(SUPPLIER.address, owner.address, capacity.machine)
    chain.send(sold, by=SUPPLIER)
    with not_seller(capacity, SUPPLIER, owner):
        unblock()
    unblock(by=owner)
    assert capacity.taken() == NOTHING_TAKEN


# hoursOf


def test_an_unknown_calendar_is_empty(capacity: Capacity) -> None:
    for machine, word in ((0, 0), (1, WORD), (2**256 - 1, 2**32 - 1)):
        assert capacity.market.functions.hoursOf(machine, word).call() == (0, 0)


def test_a_word_of_a_calendar_is_two_slots() -> None:
    assert members_of("CapacityMarket", "Calendar.Word") == [
        ("taken", 0, 0, 32),
        ("blocked", 1, 0, 32),
    ]
