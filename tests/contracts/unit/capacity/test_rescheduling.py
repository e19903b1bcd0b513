"""Engineering changes: a line of the market and its hours are replaced at once, or not at all."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Final

import pytest
from eth_utils.crypto import keccak

from tests.support.actors import Actor
from tests.support.assets import Status
from tests.support.capacity import (
    BUYER,
    CHANGE,
    EVERY_ROLE,
    FIRST,
    NOTHING_TAKEN,
    OPEN,
    SHIFT,
    STRANGER,
    SUPPLIER,
    WORD,
    Booking,
    Capacity,
    start_of,
)
from tests.support.chain import BEGINNING, Chain, call_data, event
from tests.support.deals import DAY, HOUR, NATIVE, STATUSES
from tests.support.decoding import VOCABULARY
from tests.support.disputes import outcome
from tests.support.lines import Books, Deal, stock
from tests.support.quotations import (
    NO_HOURS,
    Change,
    change,
    line_of,
    opened,
    quote,
    subject_of,
)
from tests.support.reverts import reverts

PAYEE: Final = Actor("payee")
LATER: Final = [hour + 48 for hour in SHIFT]
MORNING: Final = start_of(SHIFT[0])
COIN: Final = 10**18


@pytest.fixture
def booking(capacity: Capacity) -> Booking:
    """Eight hours that the buyer booked."""
    return capacity.booking().sent()


def moved(booking: Booking, hours: Sequence[int] = LATER, **changes: Any) -> Change:
    """A booking's line with other hours."""
    return change(booking.capacity, booking.deal, booking.bound, hours, **changes)


def untouched(booking: Booking) -> bool:
    """Whether the booking has its hours, and nothing else is taken."""
    taken = booking.capacity.taken() == (booking.hours, set())
    return taken and not booking.capacity.market.functions.isReturned(booking.id).call()


def no_consent(principal: Actor, actor: str) -> AbstractContextManager[None]:
    return reverts("SupplierEscrow_NoConsent", principal=principal.address, actor=actor)


# Who


def test_f037_only_the_buyer_reschedules(capacity: Capacity, booking: Booking, operator: Actor) -> None:
    """Changing is giving away what is held, and spending more: it takes both roles."""
    later = moved(booking)
    callers = [STRANGER, SUPPLIER]
    for roles in (0, EVERY_ROLE & ~OPEN, EVERY_ROLE & ~CHANGE, OPEN, CHANGE):
        capacity.lend(BUYER, operator, roles)
        for caller in (*callers, operator):
            with reverts("CapacityMarket_NotBuyer", buyer=BUYER.address, caller=caller.address):
                later.send(by=caller)
    assert untouched(booking)
    capacity.lend(BUYER, operator, OPEN | CHANGE)
    later.send(by=operator)


def test_the_market_changes_nothing_for_the_supplier(capacity: Capacity, booking: Booking) -> None:
    later = moved(booking)
    with no_consent(SUPPLIER, capacity.market.address):
        later.send(consents={})
    capacity.lend(SUPPLIER, capacity.market, EVERY_ROLE)
    market = capacity.market.address
    with later.refuses("SupplierEscrow_ActsForBoth", forBuyer=market, forSupplier=market):
        later.send(consents={})
    assert untouched(booking)


def test_a_stranger_changes_nothing(capacity: Capacity, booking: Booking, operator: Actor) -> None:
    later = moved(booking)
    capacity.lend(SUPPLIER, operator, EVERY_ROLE & ~CHANGE)
    for signer in (STRANGER, operator):
        with no_consent(SUPPLIER, signer.address):
            later.send(consents={"supplier": later.signed(signer)})
    capacity.lend(SUPPLIER, operator, CHANGE)
    later.send(consents={"supplier": later.signed(operator)})


def test_f038_a_changed_change_is_refused(capacity: Capacity, booking: Booking) -> None:
    later = moved(booking)
    others = (
        moved(booking, amount=booking.price + 1),
        moved(booking, [*LATER, LATER[-1] + 1]),
        moved(booking, agreed=outcome(1)),
        moved(booking, deadline=later.deadline + 1),
    )
    for other in others:
        digest = other.old.amendment(other.new.terms, other.agreed, deadline=other.deadline)
        signer = SUPPLIER.address
        with reverts("SupplierEscrow_BadSignature", principal=signer, signer=signer, digest=digest):
            other.send(consents={"supplier": later.signed()})
    assert untouched(booking)


def test_f048_a_change_has_a_deadline(booking: Booking) -> None:
    deadline = BEGINNING + DAY
    later = moved(booking, deadline=deadline)
    for after in (0, 1):
        with later.refuses("SupplierEscrow_TooLate", nowAt=deadline + after, before=deadline):
            later.send(at=deadline + after)
    moved(booking, deadline=deadline + 9).send(at=deadline + 8)


def acts_for_both(later: Change, caller: Actor, signer: Actor) -> AbstractContextManager[None]:
    told = {"forBuyer": caller.address, "forSupplier": signer.address}
    return later.refuses("CapacityMarket_ActsForBoth", **told)


def test_f042_nobody_reschedules_with_itself(capacity: Capacity, booking: Booking, operator: Actor) -> None:
    later = moved(booking)
    for principal in (BUYER, SUPPLIER):
        for agent in {operator, BUYER, SUPPLIER} - {principal}:
            capacity.lend(principal, agent, OPEN | CHANGE)
    for caller, signer in ((operator, operator), (SUPPLIER, operator), (operator, BUYER), (BUYER, BUYER)):
        with acts_for_both(later, caller, signer):
            later.send(by=caller, consents={"supplier": later.signed(signer)})
    later.send(by=operator)


# Assigned lines


@pytest.fixture
def assigned(booking: Booking) -> Booking:
    """The booking, whose price a payee will get."""
    deadline = BEGINNING + 5 * DAY
    consent = booking.deal.assigned(PAYEE, deadline=deadline)
    booking.deal.send("assign", PAYEE.address, deadline, consent, by=SUPPLIER)
    return booking


def test_a_payee_has_its_say(capacity: Capacity, assigned: Booking) -> None:
    later = moved(assigned)
    with no_consent(PAYEE, capacity.market.address):
        later.send()
    with no_consent(PAYEE, STRANGER.address):
        later.send(consents={"supplier": later.signed(), "payee": later.signed(STRANGER)})
    assert untouched(assigned)


def test_f042_no_payee_reschedules(capacity: Capacity, assigned: Booking, operator: Actor) -> None:
    later = moved(assigned)
    for agent in (PAYEE, operator):
        capacity.lend(BUYER, agent, OPEN | CHANGE)
    for agent in (BUYER, operator):
        capacity.lend(PAYEE, agent, CHANGE)
    for caller, signer in ((PAYEE, PAYEE), (PAYEE, operator), (operator, operator), (operator, BUYER)):
        consents = {"supplier": later.signed(), "payee": later.signed(signer)}
        with acts_for_both(later, caller, signer):
            later.send(by=caller, consents=consents)


def test_a_payee_stays(capacity: Capacity, assigned: Booking) -> None:
    later = moved(assigned)
    later.send(consents={"supplier": later.signed(), "payee": later.signed(PAYEE)})
    assert capacity.escrow.functions.payeeOf(later.new.id).call() == PAYEE.address
    assert capacity.taken() == (set(LATER), set())


# Terms and hours


def not_this(line: Deal) -> AbstractContextManager[None]:
    return line.refuses("CapacityMarket_NotThisBooking", subject=line.terms["subject"])


def test_lines_are_exchanged_with_their_hours(capacity: Capacity, booking: Booking) -> None:
    later = moved(booking)
    for wrong in (NO_HOURS, later.new_hours, later.old_hours | {"offer": bytes(32)}):
        with not_this(later.old):
            later.send(old_hours=wrong)
    for wrong in (NO_HOURS, later.old_hours, later.new_hours | {"firstWord": WORD + 1}):
        with not_this(later.new):
            later.send(new_hours=wrong)
    for terms in ({"opener": STRANGER.address}, {"subject": keccak(text="hours of somebody")}):
        changed = moved(booking, **terms)
        with not_this(changed.new):
            changed.send()
    assert untouched(booking)


def test_new_hours_are_on_the_same_offer(capacity: Capacity, booking: Booking) -> None:
    for other in (bytes(32), keccak(text="an offer")):
        later = moved(booking, offer=other)
        told = {"offer": other, "expected": booking.offer_id}
        with later.new.refuses("CapacityMarket_OtherOffer", **told):
            later.send()
    plain = quote(capacity, (), salt=2**200)
    plain.award()
    later = change(
        capacity, plain.deal, plain.booking, LATER, machine=capacity.machine, offer=booking.offer_id
    )
    with later.new.refuses("CapacityMarket_OtherOffer", offer=booking.offer_id, expected=bytes(32)):
        later.send()


@pytest.mark.parametrize("masks", [[0], [0, 1], [1, 0]])
def test_a_new_pattern_has_no_empty_ends(booking: Booking, masks: list[int]) -> None:
    later = moved(booking)
    later.new_hours |= {"hourMasks": masks}
    later.new.terms["subject"] = subject_of(later.new_hours)
    with reverts("CapacityMarket_EmptyMask"):
        later.send()
    assert untouched(booking)


# New hours that can't be sold


def test_f048_begun_hours_are_not_new(booking: Booking) -> None:
    """No notice: both agree."""
    first = LATER[0]
    later = moved(booking, openBy=start_of(first) + HOUR)
    begun = {"id": later.new.id, "firstHour": first, "earliest": first + 1}
    for after in (0, 1):
        with reverts("CapacityMarket_TooSoon", **begun):
            later.send(at=start_of(first) + after)
    in_time = moved(booking, [first + 1])
    in_time.send(at=start_of(first + 1) - 1)


def test_cap1_taken_hours_are_not_exchanged(capacity: Capacity, booking: Booking) -> None:
    other = capacity.booking([LATER[3]]).sent()
    taken = {"machine": capacity.machine, "word": WORD, "taken": 1 << LATER[3] % 256}
    with reverts("CapacityMarket_HoursTaken", **taken):
        moved(booking).send()
    assert capacity.taken() == (booking.hours | other.hours, set())


def test_cap3_no_new_hours_of_a_sold_machine(
    chain: Chain, capacity: Capacity, booking: Booking, owner: Actor
) -> None:
    machine, assets = capacity.machine, capacity.assets.functions
    chain.send(assets.setStatus(machine, Status.SUSPENDED), by=SUPPLIER)
    with reverts("CapacityMarket_MachineUnfit", machine=machine, status=Status.SUSPENDED, flags=0):
        moved(booking).send()
    chain.send(assets.setStatus(machine, Status.ACTIVE), by=SUPPLIER)
    chain.send(assets.transferFrom(SUPPLIER.address, owner.address, machine), by=SUPPLIER)
    sold = {"machine": machine, "supplier": SUPPLIER.address, "seller": owner.address}
    with reverts("CapacityMarket_NotSeller", **sold):
        moved(booking).send()
    assert untouched(booking)


# Lines that can't change


def refuses_status(later: Change, status: str) -> AbstractContextManager[None]:
    return later.refuses("SupplierEscrow_WrongStatus", status=STATUSES.index(status))


def test_cap2_only_a_line_that_can_change_gives_hours_up(capacity: Capacity, booking: Booking) -> None:
    """Anybody can write down terms that bind somebody's hours, and have them signed."""
    forged = line_of(capacity, booking.bound, amount=1, salt=2**201)
    never = change(capacity, forged, booking.bound, LATER)
    with refuses_status(never, "None"):
        never.send()
    later = moved(booking, openBy=booking.deal.due, dueBy=booking.deal.due)
    booking.deal.deliver(at=MORNING + HOUR)
    with refuses_status(later, "Delivered"):
        later.send()
    booking.deal.accept(at=MORNING + HOUR)
    with refuses_status(later, "Closed"):
        later.send()
    assert untouched(booking)


def test_f028_a_change_is_made_once(capacity: Capacity, booking: Booking) -> None:
    """What the first one freed is somebody else's now."""
    later = moved(booking)
    later.send()
    capacity.booking(SHIFT).send()
    given_up = moved(booking, (), openBy=later.new.due, dueBy=later.new.due, salt=2**202)
    for again in (later, given_up):
        error = {"machine": capacity.machine, "word": WORD, "taken": later.new_hours["hourMasks"][0]}
        refusal = (
            reverts("CapacityMarket_HoursTaken", **error)
            if again is later
            else refuses_status(again, "Closed")
        )
        with refusal:
            again.send()
    assert capacity.taken() == ({*SHIFT, *LATER}, set())


# Exchanges


def test_a_booking_is_moved(capacity: Capacity, booking: Booking, books: Books) -> None:
    """The change of a drawing: two days later and 10 % dearer; the bond is 5 %, and grows with it."""
    dearer = booking.price * 11 // 10
    later = moved(booking, amount=dearer)
    for line in (booking.deal, later.new):
        books.add(line)
    more = later.new.bond - booking.deal.bond
    with books.moves({BUYER: booking.price - dearer}, free={SUPPLIER: -more}):
        receipt = later.send()
    assert capacity.chain.events(receipt, capacity.market) == [
        later.returned(),
        later.booked(),
        later.replaced(),
    ]
    told = capacity.chain.events(receipt, capacity.escrow)
    assert opened(later.new) in told
    assert event(capacity.escrow, "LineAmended", oldId=booking.id, newId=later.new.id) in told
    assert capacity.taken() == (set(LATER), set())
    assert (booking.deal.line.status, later.new.line.status) == ("Closed", "Open")
    is_returned = capacity.market.functions.isReturned
    assert (is_returned(booking.id).call(), is_returned(later.new.id).call()) == (True, False)
    with booking.deal.refuses("CapacityMarket_AlreadyReturned"):
        booking.give_back()


def test_a_booking_is_shifted_by_an_hour(capacity: Capacity, booking: Booking) -> None:
    shifted = [hour + 1 for hour in SHIFT]
    later = moved(booking, shifted)
    receipt = later.send()
    assert capacity.chain.events(receipt, capacity.market) == [
        later.returned(),
        later.booked(),
        later.replaced(),
    ]
    assert capacity.taken() == (set(shifted), set())


def test_begun_hours_stay_behind(capacity: Capacity, booking: Booking) -> None:
    """Three of eight hours are over or have begun; half of the price is work in progress."""
    later = moved(booking, agreed=outcome(booking.price // 2), amount=booking.price // 2)
    receipt = later.send(at=start_of(SHIFT[2]))
    told = capacity.chain.events(receipt, capacity.market)
    assert told == [later.returned(SHIFT[3:]), later.booked(), later.replaced()]
    assert capacity.taken() == ({*SHIFT[:3], *LATER}, set())


def test_a_booking_changes_machines(capacity: Capacity, booking: Booking) -> None:
    other = capacity.register("B400-0816")
    later = moved(booking, SHIFT, machine=other)
    receipt = later.send()
    assert capacity.chain.events(receipt, capacity.market) == [
        later.returned(),
        later.booked(),
        later.replaced(),
    ]
    assert capacity.taken() == NOTHING_TAKEN
    assert capacity.taken(other) == (set(SHIFT), set())


def test_a_rejected_line_is_rescheduled(capacity: Capacity, booking: Booking) -> None:
    booking.deal.deliver(at=MORNING + HOUR)
    booking.deal.reject(at=MORNING + 2 * HOUR)
    moved(booking).send()
    assert capacity.taken() == ({*SHIFT[:3], *LATER}, set())


# The same booking


def test_the_same_hours_are_kept(capacity: Capacity, booking: Booking, books: Books) -> None:
    dearer = moved(booking, SHIFT, amount=booking.price + 100)
    for line in (booking.deal, dearer.new):
        books.add(line)
    with books.moves({BUYER: -100}, free={SUPPLIER: booking.deal.bond - dearer.new.bond}):
        receipt = dearer.send()
    assert capacity.chain.events(receipt, capacity.market) == [dearer.replaced()]
    assert capacity.taken() == (booking.hours, set())


def test_kept_hours_need_no_seller(chain: Chain, capacity: Capacity, booking: Booking, owner: Actor) -> None:
    """In the middle of the work, on a machine that is another firm's now."""
    sale = capacity.assets.functions.transferFrom(SUPPLIER.address, owner.address, capacity.machine)
    chain.send(sale, by=SUPPLIER)
    due = booking.deal.due
    cheaper = moved(booking, SHIFT, amount=booking.price - 100, openBy=due, dueBy=due)
    receipt = cheaper.send(at=start_of(SHIFT[4]))
    assert capacity.chain.events(receipt, capacity.market) == [cheaper.replaced()]
    assert capacity.taken() == (booking.hours, set())


def test_f078_kept_hours_return_once(capacity: Capacity, booking: Booking) -> None:
    due = booking.deal.due + 30 * DAY  # as far as the buyer may cancel before its hours begin
    later = moved(booking, SHIFT, dueBy=due)
    later.send()
    with booking.deal.refuses("CapacityMarket_AlreadyReturned"):
        booking.give_back()
    later.new.send("cancel", by=BUYER)
    give_back = capacity.market.functions.returnHours(later.new.terms, later.new_hours)
    capacity.chain.send(give_back, by=STRANGER)
    assert capacity.taken() == NOTHING_TAKEN
    with later.new.refuses("CapacityMarket_AlreadyReturned"):
        capacity.chain.send(give_back, by=STRANGER)
    with booking.deal.refuses("CapacityMarket_AlreadyReturned"):
        booking.give_back()


# With hours and without


def test_hours_are_given_up(capacity: Capacity, booking: Booking) -> None:
    later = moved(booking, ())
    receipt = later.send()
    assert capacity.chain.events(receipt, capacity.market) == [later.returned(), later.replaced()]
    assert capacity.taken() == NOTHING_TAKEN
    assert later.new.terms["subject"] == bytes(32)


def test_hours_are_added(capacity: Capacity) -> None:
    plain = quote(capacity, ())
    plain.award()
    later = change(capacity, plain.deal, plain.booking, LATER, machine=capacity.machine)
    receipt = later.send()
    assert capacity.chain.events(receipt, capacity.market) == [later.booked(), later.replaced()]
    assert capacity.taken() == (set(LATER), set())


def test_a_line_without_hours_changes(capacity: Capacity) -> None:
    plain = quote(capacity, ())
    plain.award()
    later = change(capacity, plain.deal, plain.booking, (), amount=plain.deal.amount + 1)
    receipt = later.send()
    assert capacity.chain.events(receipt, capacity.market) == [later.replaced()]
    assert later.new.line.held == plain.deal.amount + 1
    assert capacity.market.functions.isReturned(plain.deal.id).call()


# Totals


def sold(booking: Booking) -> int:
    found: int = booking.capacity.market.functions.soldHours(booking.offer_id).call()
    return found


def test_a_total_counts_new_hours(capacity: Capacity) -> None:
    offer = capacity.offer(totalHours=10)
    booking = capacity.booking(offer=offer).sent()
    later = moved(booking, range(FIRST + 100, FIRST + 112))
    receipt = later.send()
    told = capacity.chain.events(receipt, capacity.market)
    assert told == [later.returned(sold=0), later.booked(sold=12), later.replaced()]
    assert sold(booking) == 12
    over = capacity.booking([FIRST + 8], offer=offer)
    with over.refuses("CapacityMarket_OfferSoldOut", soldAfter=13, totalHours=10):
        over.send()
    later.new.send("cancel", by=BUYER)
    give_back = capacity.market.functions.returnHours(later.new.terms, later.new_hours)
    capacity.chain.send(give_back, by=STRANGER)
    assert sold(booking) == 0
    over.send()


def test_a_total_counts_what_is_given_up(capacity: Capacity) -> None:
    offer = capacity.offer(totalHours=10)
    first, second = capacity.booking(SHIFT[:4], offer=offer).sent(), capacity.booking(SHIFT[4:], offer=offer)
    second.send()
    receipt = moved(second, ()).send()
    returned, _ = capacity.chain.events(receipt, capacity.market)
    assert returned.arguments["soldAfter"] == 4
    assert sold(first) == 4


def test_no_total_no_count_of_changes(capacity: Capacity, booking: Booking) -> None:
    moved(booking).send()
    assert sold(booking) == 0


# Coins, and calls in between


def test_f024_a_change_takes_exact_coins(capacity: Capacity, books: Books) -> None:
    free = capacity.agree(bondBps=0)
    plain = quote(capacity, token=NATIVE, amount=COIN, conditions=free)
    books.add(plain.deal)
    plain.award(value=COIN)
    later = change(capacity, plain.deal, plain.booking, LATER, amount=COIN + 10)
    books.add(later.new)
    with reverts("SupplierEscrow_WrongValue", value=11, limit=10):
        later.send(value=11)
    with books.moves({BUYER: -10}):
        later.send(value=10)
    assert capacity.chain.balance(capacity.market) == 0


def test_f002_hours_are_not_returned_within_a_change(chain: Chain, capacity: Capacity) -> None:
    odd = chain.deploy("MockOddToken")
    stock(chain, odd, capacity.escrow, BUYER, SUPPLIER)
    offer = capacity.offer(token=odd.address, conditions=capacity.agree(bondBps=0))
    booking = capacity.booking(offer=offer).sent()
    later = moved(booking, SHIFT, amount=booking.price + 1)
    attempts: Mapping[str, Any] = {
        "CapacityMarket_AlreadyReturned": (booking.deal.terms, booking.bound),
        "CapacityMarket_LineNotClosed": (later.new.terms, later.new_hours),
    }
    for error, arguments in attempts.items():
        snapshot = chain.local.snapshot()
        call = capacity.market.functions.returnHours(*arguments)
        chain.send(odd.functions.setCall(call.address, call_data(call)), by=STRANGER)
        later.send()
        said = VOCABULARY.error(bytes(odd.functions.targetAnswer().call()))
        assert said.name == error
        assert capacity.taken() == (booking.hours, set())
        chain.local.revert(snapshot)
