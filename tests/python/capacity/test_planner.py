"""Plans: the best there is, by trying everything; and what would have to give if there is none."""

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import combinations, product
from typing import Any

import pytest
from eth_utils.crypto import keccak
from hypothesis import given, settings
from hypothesis import strategies as st

from fabricant.capacity import (
    CHEAPEST,
    EARLIEST,
    Available,
    Goal,
    Job,
    NoPlan,
    Operation,
    Plan,
    SolverMissing,
    Transport,
    Undecided,
    Worth,
    plan,
    purchases,
)
from fabricant.domain.assets import AssetId
from fabricant.domain.capacity import HourPattern, Offer, Order, check_order
from fabricant.domain.escrow import Consent, bond
from fabricant.domain.units import (
    HOUR,
    Address,
    BaseUnits,
    HourIndex,
    Seconds,
    Token,
    UnixSeconds,
    address_from_bytes,
)
from fabricant.errors import InvalidInput
from tests.support.world import USUAL

CASES = int(os.environ.get("FABRICANT_CASES", "150"))
BASE = 500_000
NOW = UnixSeconds(BASE * HOUR)
FIRMS = [address_from_bytes(bytes(19) + bytes([number])) for number in range(1, 6)]
BUYER, CASTER, TURNER, COATER, _ = FIRMS
MONEY = Token(address_from_bytes(bytes(18) + b"\1\1"), "USDC", 6)
CAST, TURN, COAT = keccak(text="cast"), keccak(text="turn"), keccak(text="coat")


def hours(*numbers: int) -> tuple[HourIndex, ...]:
    """Hours from now on."""
    return tuple(HourIndex(BASE + number) for number in numbers)


def offer(supplier: Address, process: bytes, **changes: Any) -> Offer:
    """An offer for a month."""
    usual = Offer(
        supplier=supplier,
        machine=AssetId(int(supplier, 16)),
        process=process,
        token=MONEY.address,
        hourly=BaseUnits(10),
        last_minute_hourly=BaseUnits(10),
        from_hour=HourIndex(BASE + 1),
        until_hour=HourIndex(BASE + 700),
        max_span=100,
        delivery_hours=0,
        valid_until=UnixSeconds(NOW + 10),
        nonce=0,
        conditions=USUAL.id,
    )
    return replace(usual, **changes)


def sale(offered: Offer, free: tuple[HourIndex, ...] = hours(*range(1, 100)), **changes: Any) -> Available:
    """What is left of an offer."""
    usual = Available(offer=offered, consent=Consent(), conditions=USUAL, free=free)
    return replace(usual, **changes)


def job(*routing: Operation, days: int = 5, **changes: Any) -> Job:
    """A job that begins now."""
    due = UnixSeconds(NOW + days * 24 * HOUR)
    return replace(Job(buyer=BUYER, token=MONEY, routing=routing, begin=NOW, due_by=due), **changes)


CASTING, TURNING, COATING = (
    Operation(name=name, process=process, hours=4)
    for name, process in (("casting", CAST), ("turning", TURN), ("coating", COAT))
)
CHAIN = [sale(offer(CASTER, CAST)), sale(offer(TURNER, TURN)), sale(offer(COATER, COAT))]


def found(wanted: Job, *available: Available, goal: Goal = CHEAPEST) -> Plan:
    """The plan for a job."""
    return plan(wanted, available, at=NOW, goal=goal)


def reliefs(wanted: Job, *available: Available) -> tuple[str, ...]:
    """What would have to give for a job."""
    with pytest.raises(NoPlan) as none:
        plan(wanted, available, at=NOW)
    assert all(relief in str(none.value) for relief in none.value.reliefs)
    return none.value.reliefs


# Against everything that could be done


def bookings(wanted: Job, operation: Operation, each: Available) -> Iterator[tuple[HourPattern, int]]:
    """Every set of free hours that the market would take for an operation, and its price."""
    if each.offer.process != operation.process:
        return
    priced = max(operation.hours, each.offer.min_hours)
    for chosen in combinations(each.free, priced + each.offer.setup_hours):
        pattern = HourPattern.of(chosen)
        order = Order(buyer=wanted.buyer, max_price=BaseUnits(2**100), salt=0, hours=pattern)
        try:
            yield pattern, check_order(each.offer, order, each.conditions, at=NOW)
        except InvalidInput:
            continue


def arrival(wanted: Job, steps: Sequence[tuple[Available, HourPattern, int]]) -> int | None:
    """The hour when the goods are at the buyer's, None if these bookings don't make a plan."""
    ready, place = BASE, wanted.buyer
    done: dict[int, int] = {}
    sold: dict[int, int] = {}
    locked: dict[Address, int] = {}
    for each, pattern, price in steps:
        work = pattern.hours[each.offer.setup_hours]
        if work < ready + wanted.transport.hours(place, each.offer.supplier):
            return None
        if pattern.first < done.get(each.offer.machine, 0):
            return None
        sold[id(each)] = sold.get(id(each), 0) + pattern.count
        locked[each.offer.supplier] = locked.get(each.offer.supplier, 0) + bond(BaseUnits(price), USUAL)
        if each.left is not None and sold[id(each)] > each.left:
            return None
        if each.deposit is not None and locked[each.offer.supplier] > each.deposit:
            return None
        done[each.offer.machine] = pattern.last + 1
        ready, place = pattern.last + 1 + each.offer.delivery_hours, each.offer.supplier
    arrives = ready + wanted.transport.hours(place, wanted.buyer)
    cost = sum(price for _, _, price in steps)
    late = arrives * HOUR > wanted.due_by
    return None if late or (wanted.budget is not None and cost > wanted.budget) else arrives


def measure(goal: Goal, price: int, arrives: int) -> tuple[int, int]:
    """What a goal makes smallest, and then."""
    if isinstance(goal, Worth):
        return price + goal.hour * (arrives - BASE), arrives
    return arrives, price


def best(wanted: Job, available: Sequence[Available], goal: Goal) -> tuple[int, int] | None:
    """The measure of the best plan, by trying all of them."""
    options = [
        [(each, *booking) for each in available for booking in bookings(wanted, operation, each)]
        for operation in wanted.routing
    ]
    measures = (
        measure(goal, sum(price for _, _, price in steps), arrives)
        for steps in product(*options)
        if (arrives := arrival(wanted, steps)) is not None
    )
    return min(measures, default=None)


amounts = st.integers(0, 40).map(BaseUnits)


@st.composite
def offers(draw: st.DrawFn) -> Available:
    """Some hours for sale, on one of three machines of two firms."""
    machine = draw(st.integers(1, 3))
    hourly = draw(amounts)
    offered = offer(
        FIRMS[1 + machine % 2],
        draw(st.sampled_from([CAST, TURN])),
        machine=AssetId(machine),
        hourly=hourly,
        setup=draw(amounts),
        last_minute_hourly=BaseUnits(draw(st.integers(0, hourly))),
        decay_hours=draw(st.sampled_from([0, 4, 12])),
        min_hours=draw(st.integers(0, 3)),
        max_span=draw(st.integers(1, 9)),
        setup_hours=draw(st.integers(0, 2)),
        notice_hours=draw(st.integers(0, 3)),
        delivery_hours=draw(st.integers(0, 2)),
    )
    free = draw(st.sets(st.integers(1, 14), min_size=1, max_size=8))
    return sale(offered, hours(*sorted(free)), left=draw(st.none() | st.integers(0, 8)))


@st.composite
def markets(draw: st.DrawFn) -> list[Available]:
    """Up to three offers. What a firm has for deposits, it has for all of its offers."""
    has = {firm: draw(st.none() | st.integers(0, 30).map(BaseUnits)) for firm in (CASTER, TURNER)}
    found = draw(st.lists(offers(), max_size=3))
    return [replace(each, deposit=has[each.offer.supplier]) for each in found]


@st.composite
def jobs(draw: st.DrawFn) -> Job:
    """One or two operations."""
    operation = st.builds(
        Operation, name=st.just("work"), process=st.sampled_from([CAST, TURN]), hours=st.integers(1, 3)
    )
    return job(
        *draw(st.lists(operation, min_size=1, max_size=2)),
        due_by=UnixSeconds((BASE + draw(st.integers(4, 24))) * HOUR),
        budget=draw(st.none() | st.integers(0, 200).map(BaseUnits)),
        transport=Transport(draw(st.integers(0, 2)), {frozenset((CASTER, TURNER)): draw(st.integers(0, 4))}),
    )


@settings(max_examples=CASES, deadline=None)
@given(
    wanted=jobs(),
    available=markets(),
    goal=st.sampled_from([CHEAPEST, EARLIEST]) | amounts.map(Worth),
)
def test_no_plan_is_better_than_the_one_found(wanted: Job, available: list[Available], goal: Goal):
    """Compared with every set of hours on every offer, so also with those that are never considered."""
    expected = best(wanted, available, goal)
    if expected is None:
        assert reliefs(wanted, *available)
        return
    made = found(wanted, *available, goal=goal)
    steps = [(step.available, step.hours, int(step.price)) for step in made.steps]
    for (each, pattern, price), operation in zip(steps, wanted.routing, strict=True):
        assert (pattern, price) in list(bookings(wanted, operation, each))
    arrives = arrival(wanted, steps)
    assert arrives is not None
    assert (made.price, made.arrives) == (sum(price for _, _, price in steps), arrives * HOUR)
    assert measure(goal, made.price, arrives) == expected
    assert made.is_best


# One rule at a time


def test_each_step_has_its_material_when_it_begins():
    made = found(job(CASTING, TURNING, COATING, transport=Transport(usual=6)), *CHAIN)
    assert [step.hours.hours for step in made.steps] == [
        hours(6, 7, 8, 9),
        hours(16, 17, 18, 19),
        hours(26, 27, 28, 29),
    ]
    assert [step.begin - NOW for step in made.steps] == [6 * HOUR, 16 * HOUR, 26 * HOUR]
    assert [step.due_by - NOW for step in made.steps] == [10 * HOUR, 20 * HOUR, 30 * HOUR]
    assert (made.price, made.arrives) == (120, NOW + 36 * HOUR)


def test_what_a_supplier_may_deliver_late_is_waited_for():
    slow = sale(offer(CASTER, CAST, delivery_hours=20))
    made = found(job(CASTING, TURNING), slow, CHAIN[1])
    assert made.steps[1].begin == NOW + 25 * HOUR


def test_nothing_is_carried_within_a_firm():
    near = sale(offer(CASTER, TURN, machine=AssetId(77), hourly=BaseUnits(11)))
    wanted = job(CASTING, TURNING, transport=Transport(usual=24))
    assert found(wanted, CHAIN[0], CHAIN[1], near).price == 80
    assert found(wanted, CHAIN[0], CHAIN[1], near, goal=EARLIEST).steps[1].available is near


def test_the_setup_may_be_made_before_the_material_is_there():
    with_setup = sale(offer(TURNER, TURN, setup_hours=3, setup=BaseUnits(5)))
    made = found(job(CASTING, TURNING), CHAIN[0], with_setup)
    assert made.steps[1].hours.hours == hours(*range(2, 9))
    assert (made.steps[1].begin, made.steps[1].price) == (NOW + 5 * HOUR, 45)


def test_a_machine_is_not_set_up_while_it_does_another_operation():
    cast, turn = (sale(offer(CASTER, process, machine=AssetId(5), setup_hours=3)) for process in (CAST, TURN))
    made = found(job(CASTING, TURNING), cast, turn)
    assert made.steps[1].hours.first == made.steps[0].hours.last + 1


def test_an_hour_sooner_is_paid_for_up_to_its_worth():
    """Half the hours are free at twice the price, two days sooner."""
    late = sale(offer(TURNER, TURN), hours(*range(49, 100)))
    soon = sale(offer(COATER, TURN, hourly=BaseUnits(20)))
    chosen = [
        found(job(TURNING), late, soon, goal=goal).price
        for goal in (CHEAPEST, Worth(BaseUnits(0)), Worth(BaseUnits(1)), EARLIEST)
    ]
    assert chosen == [40, 40, 80, 80]


def test_the_same_plan_is_made_again():
    same = [sale(offer(firm, TURN, machine=AssetId(number))) for number, firm in enumerate(FIRMS[1:])]
    assert found(job(TURNING, TURNING), *same) == found(job(TURNING, TURNING), *same)


@pytest.mark.parametrize("unit", [1, 10**6, 10**18, 10**30])
def test_large_amounts_are_compared_to_twelve_digits(unit: int):
    dear = sale(offer(TURNER, TURN, hourly=BaseUnits(1_000 * unit + 7), last_minute_hourly=BaseUnits(0)))
    cheap = sale(offer(COATER, TURN, hourly=BaseUnits(999 * unit + 3), last_minute_hourly=BaseUnits(0)))
    wanted = job(TURNING, budget=BaseUnits(4_100 * unit))
    assert found(wanted, dear, cheap).price == 4 * (999 * unit + 3)
    assert found(wanted, dear, cheap, goal=Worth(BaseUnits(unit))).price == 4 * (999 * unit + 3)
    assert reliefs(replace(wanted, budget=BaseUnits(3_000 * unit)), dear, cheap)


def test_no_plan_goes_beyond_its_budget_by_what_is_rounded():
    odd = sale(offer(TURNER, TURN, hourly=BaseUnits(10**30 + 1), last_minute_hourly=BaseUnits(0)))
    other = sale(offer(COATER, COAT, hourly=BaseUnits(10**29 + 7), last_minute_hourly=BaseUnits(0)))
    exact = 4 * (10**30 + 1 + 10**29 + 7)
    assert reliefs(job(TURNING, COATING, budget=BaseUnits(exact - 1)), odd, other)
    assert found(job(TURNING, COATING, budget=BaseUnits(exact + exact // 10**11)), odd, other).price == exact


def test_a_plan_becomes_the_orders_of_one_booking():
    wanted = job(CASTING, replace(TURNING, documents=CAST, assets=2), COATING)
    able = replace(CHAIN[1], offer=replace(CHAIN[1].offer, max_assets=2))
    made = found(wanted, CHAIN[0], able, CHAIN[2])
    bought = purchases(wanted, made, order_ref=COAT)
    assert [each.offer.process for each in bought] == [CAST, TURN, COAT]
    assert [each.order.max_price for each in bought] == [40, 40, 40]
    assert [(each.order.assets, each.order.documents) for each in bought][1] == (2, CAST)
    assert {each.order.order_ref for each in bought} == {COAT}
    assert len({each.order.salt for each in bought}) == 3
    for each in bought:
        check_order(each.offer, each.order, USUAL, at=NOW)


# What would have to give


def test_a_process_that_nobody_offers_is_named():
    assert reliefs(job(CASTING, TURNING), CHAIN[0]) == ("nobody offers the process of turning",)


@pytest.mark.parametrize(
    ("operation", "lack"),
    [
        (replace(TURNING, requires=frozenset({"ISO 9001"})), "ISO 9001"),
        (replace(TURNING, machines=frozenset({AssetId(1)})), "machine"),
        (replace(TURNING, assets=1), "registered products"),
    ],
)
def test_what_offers_lack_is_named(operation: Operation, lack: str):
    assert reliefs(job(operation), CHAIN[1]) == (f"of offers for turning, 1 in all, none fits: {lack} (1)",)


@pytest.mark.parametrize(
    ("changes", "lack"),
    [
        ({"token": BUYER}, "token"),
        ({"buyer": COATER}, "buyer"),
        ({"supplier": BUYER}, "buyer"),
        ({"arbiter": BUYER}, "buyer"),
    ],
)
def test_offers_for_others_are_no_use(changes: dict[str, Address], lack: str):
    unusable = sale(offer(**{"supplier": TURNER, "process": TURN} | changes))
    assert reliefs(job(TURNING), unusable) == (f"of offers for turning, 1 in all, none fits: {lack} (1)",)


def test_documents_go_only_to_who_may_decline():
    firm = sale(offer(TURNER, TURN), conditions=replace(USUAL, resign_period=Seconds(0)))
    wanted = job(replace(TURNING, documents=CAST))
    assert reliefs(wanted, firm) == ("of offers for turning, 1 in all, none fits: documents (1)",)
    assert found(wanted, CHAIN[1])


def test_hours_that_are_too_few_are_named():
    few = sale(offer(TURNER, TURN), hours(1, 2, 3))
    assert reliefs(job(TURNING), few) == (
        "for turning, 1 offer would do, but none has 4 hours left within its span and a deposit for them",
    )


def test_deposits_that_are_too_small_are_named():
    poor = sale(offer(TURNER, TURN), deposit=BaseUnits(3))
    assert len(reliefs(job(TURNING), poor)) == 1
    assert "a deposit for them" in reliefs(job(TURNING), poor)[0]
    assert found(job(TURNING), replace(poor, deposit=BaseUnits(4)))


def test_a_later_due_date_is_proposed():
    late = reliefs(job(CASTING, TURNING, due_by=UnixSeconds(NOW + 7 * HOUR)), *CHAIN)
    assert len(late) == 1
    assert late[0].endswith(", 2 hours late")


def test_a_higher_budget_is_proposed():
    assert reliefs(job(CASTING, TURNING, budget=BaseUnits(75)), *CHAIN) == (
        "they cost 0.00008 USDC, 0.000005 USDC above the budget",
    )


def test_both_are_proposed_if_one_is_not_enough():
    wanted = job(CASTING, TURNING, budget=BaseUnits(75), due_by=UnixSeconds(NOW + 7 * HOUR))
    (both,) = reliefs(wanted, *CHAIN)
    assert both.endswith("and cost 0.00008 USDC")


def test_fewer_demands_are_proposed():
    soon = sale(offer(COATER, TURN), attributes=frozenset())
    late = sale(offer(TURNER, TURN), hours(*range(200, 210)), attributes=frozenset({"ISO 9001"}))
    demanding = replace(TURNING, requires=frozenset({"ISO 9001"}))
    told = reliefs(job(demanding), soon, late)
    assert told[-1] == "anybody may do turning"
    assert len(told) == 2


def test_hours_in_the_wrong_order_are_named():
    late = sale(offer(CASTER, CAST), hours(*range(50, 60)))
    early = sale(offer(TURNER, TURN), hours(*range(1, 20)))
    (told,) = reliefs(job(CASTING, TURNING), late, early)
    assert told.startswith("somebody offers hours for turning after ")


def test_demands_of_suppliers_and_machines_are_kept():
    able = replace(CHAIN[1], attributes=frozenset({"ISO 9001", "5 axes"}))
    wanted = job(replace(TURNING, requires=frozenset({"ISO 9001"})))
    cheaper = sale(offer(COATER, TURN, hourly=BaseUnits(1), last_minute_hourly=BaseUnits(1)))
    assert found(wanted, able, cheaper).steps[0].available is able


# What is no job, and what the solver lacks


@pytest.mark.parametrize(
    "wrong",
    [
        job,
        lambda: job(TURNING, days=0),
        lambda: replace(TURNING, hours=0),
        lambda: Transport(usual=-1),
        lambda: Transport(between={frozenset(FIRMS[:2]): -1}),
        lambda: Worth(BaseUnits(-1)),
    ],
)
def test_what_can_t_be_planned_is_refused(wrong: Callable[[], object]):
    with pytest.raises(InvalidInput):
        wrong()


def test_without_or_tools_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "ortools.sat.python", None)
    with pytest.raises(SolverMissing, match=r"fabricant\[plan\]"):
        found(job(TURNING), *CHAIN)


def test_without_time_nothing_is_claimed():
    with pytest.raises(Undecided, match="allow more time"):
        plan(job(CASTING, TURNING, COATING), CHAIN, at=NOW, limit=Seconds(0))
