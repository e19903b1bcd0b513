"""What a supplier's agent quotes: its rates by the market's formula, and never below costs and margin."""

from dataclasses import replace
from datetime import date, datetime
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fabricant.agents import SupplierRules
from fabricant.agents.quoting import Answer, MachineHours, Shop, answer, unsuitable, window
from fabricant.agents.supplier_rules import parse_shift
from fabricant.domain.assets import AssetId
from fabricant.domain.capacity import EARLIEST, Request, Tender
from fabricant.domain.drafts import process_code
from fabricant.domain.escrow import bond
from fabricant.domain.units import Address, BaseUnits, HourIndex, Seconds, Token, UnixSeconds
from fabricant.errors import InvalidInput
from tests.support.agents import CONDITIONS, PROCESS, UNIT, supplier_rules
from tests.support.world import DAY, HOUR, USUAL, wallet

NOW = UnixSeconds(500_000 * HOUR)  # a Thursday
FIRST = 500_000 + 5 * 24
TOKEN = Token(Address("0x" + "22" * 20), "EURX", 6)
BUYER, SUPPLIER, OTHER = (wallet(role).address for role in ("buyer", "supplier", "stranger"))
NOTHING = Address("0x" + "00" * 20)


def shop(**changes: Any) -> Shop:
    """A supplier with rules."""
    return Shop(
        at=NOW,
        supplier=SUPPLIER,
        rules=supplier_rules(TOKEN.address, **changes),
        token=TOKEN,
        accepted=frozenset({USUAL.id}),
        deposit=BaseUnits(10**12),
    )


def request(**changes: Any) -> Request:
    """Eight hours, quoted within two days, in the week from the fifth day on."""
    usual: dict[str, Any] = {
        "buyer": BUYER,
        "process": process_code(PROCESS),
        "token": TOKEN.address,
        "machine_hours": 8,
        "from_hour": HourIndex(FIRST),
        "until_hour": HourIndex(FIRST + 7 * 24),
        "quote_by": UnixSeconds(NOW + 2 * DAY),
        "due_by": UnixSeconds(NOW + 20 * DAY),
        "conditions": USUAL.id,
        "salt": 1,
    }
    return Request(**{**usual, **changes})


def machine(of: Shop, free: frozenset[int] = frozenset(range(FIRST, FIRST + 7 * 24))) -> MachineHours:
    """The one machine, with these hours free."""
    return MachineHours(rule=of.rules.machines[0], machine=AssetId(7), free=frozenset(map(HourIndex, free)))


def quoted(of: Shop, asked: Request, **more: Any) -> Answer:
    """What is quoted."""
    found = answer(of, asked, [machine(of, **more)], USUAL)
    assert isinstance(found, Answer), found
    return found


def declined(of: Shop, asked: Request, **more: Any) -> str:
    """Why nothing is."""
    found = answer(of, asked, [machine(of, **more)], USUAL)
    assert isinstance(found, str), found
    return found


def test_the_rates_are_quoted() -> None:
    found = quoted(shop(), request())

    assert found.price == (120 + 8 * 85) * UNIT
    assert found.booking.hours is not None
    assert (found.booking.hours.first, found.booking.hours.count) == (FIRST, 10)
    assert found.due_by == (FIRST + 10 + 24) * HOUR
    assert found.valid_until == NOW + 3 * DAY


def test_idle_hours_are_cheaper_in_proportion() -> None:
    of, usual = shop(idle_discount="10 %"), (120 + 8 * 85) * UNIT

    assert quoted(of, request()).price == usual * 9 // 10
    assert quoted(of, request(), free=frozenset(range(FIRST, FIRST + 84))).price == usual * 19 // 20


def test_a_budget_is_met_down_to_costs_and_margin() -> None:
    least = (40 + 10 * 52) * UNIT * 10_000 // 8_500 + 1

    assert quoted(shop(), request(budget=BaseUnits(700 * UNIT))).price == 700 * UNIT
    assert quoted(shop(), request(budget=BaseUnits(least))).price == least
    told = declined(shop(), request(budget=BaseUnits(least - 1)))
    assert told == f"B400-0815: costs and margin make {TOKEN.format(BaseUnits(least))}, above the budget"
    dear = shop(machine={"hourly_cost": "90"})
    assert quoted(dear, request()).price > (120 + 8 * 85) * UNIT


def test_last_minute_rates_count_from_the_last_time_for_an_award() -> None:
    rates = {"last_minute_hourly": "55", "decay_hours": 100, "setup_cost": "0", "hourly_cost": "0"}
    of = shop(machine=rates)
    lead = FIRST + 9 - (500_000 + 3 * 24)

    assert quoted(of, request()).price == 120 * UNIT + 8 * (55 * UNIT * 100 + 30 * UNIT * lead) // 100


def test_a_broker_is_paid_out_of_the_price() -> None:
    of = shop(trusted=[OTHER], machine={"hourly": "1", "setup": "0"})

    price = quoted(of, request(broker=OTHER)).price

    assert price * (10_000 - 1_500 - USUAL.broker_bps) >= 560 * UNIT * 10_000
    assert (price - 1) * (10_000 - 1_500 - USUAL.broker_bps) < 560 * UNIT * 10_000
    greedy = shop(trusted=[OTHER], margin="98 %")
    assert "leave nothing" in declined(greedy, request(broker=OTHER))


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"process": process_code("DIN 8580 1.1")}, "another process"),
        ({"quote_by": NOW}, "quotations were to come by"),
        ({"buyer": SUPPLIER}, "none of the buyers in the rules"),
        ({"token": NOTHING}, "another token"),
        ({"conditions": b"\1" * 32}, "other trade conditions"),
        ({"inspector": OTHER}, "its inspector is not trusted"),
        ({"arbiter": OTHER}, "its arbiter is not trusted"),
        ({"arbiter": BUYER}, "its arbiter is not trusted"),
        ({"broker": OTHER}, "its broker is not trusted"),
        ({"machine_hours": 0}, "it asks for no machine-hours"),
        ({"documents": b"\7" * 32}, "nobody has read its documents"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_what_the_rules_do_not_allow_is_not_answered(changes: dict[str, Any], told: str) -> None:
    assert told in "; ".join(unsuitable(shop(), request(**changes), USUAL))
    assert [*unsuitable(shop(), request(inspector=BUYER), USUAL)] == []


def test_buyers_documents_and_attributes_of_the_rules_count() -> None:
    tender = Tender(requires=frozenset({"ISO 9001", "5 axes"}), documents=b"\7" * 32)
    asked = request(documents=tender.hash, uri=tender.data_uri)
    open_minded = shop(unseen_documents=True, has=["5 axes", "ISO 9001"], buyers=[BUYER])
    final = replace(USUAL, resign_period=Seconds(0))

    assert [*unsuitable(open_minded, asked, USUAL)] == []
    assert [*unsuitable(open_minded, asked, final)] == ["nobody has read its documents"]
    assert next(unsuitable(open_minded, asked, None)) == "other trade conditions"
    without = shop(unseen_documents=True, has=["5 axes"])
    assert [*unsuitable(without, asked, USUAL)] == ["it requires ISO 9001"]
    assert [*unsuitable(shop(buyers=[OTHER]), request(), USUAL)] == [
        f"{BUYER} is none of the buyers in the rules"
    ]


@pytest.mark.parametrize(
    ("changes", "rules", "free", "told"),
    [
        ({"until_hour": HourIndex(FIRST + 9)}, {}, None, "not enough hours are free"),
        ({}, {}, range(FIRST, FIRST + 9), "not enough hours are free"),
        ({}, {"ahead": "5 days"}, None, "not enough hours are free"),
        ({"until_hour": HourIndex(0)}, {}, None, "not enough hours are free"),
        ({"from_hour": HourIndex(2**32 - 9), "until_hour": HourIndex(2**32 - 1)}, {}, None, "not enough"),
        ({"due_by": UnixSeconds((FIRST + 34) * HOUR - 1)}, {}, None, "due 2027"),
        ({"assets": 1}, {}, None, "other registered products"),
        ({"quote_by": UnixSeconds(2**40 - 1)}, {}, None, "not enough hours are free"),
    ],
    ids=["window", "taken", "ahead", "empty window", "far window", "due", "assets", "far away"],
)
def test_why_hours_are_not_quoted(
    changes: dict[str, Any], rules: dict[str, Any], free: range | None, told: str
) -> None:
    more = {} if free is None else {"free": frozenset(free)}
    assert told in declined(shop(**rules), request(**{"due_by": UnixSeconds(2**40), **changes}), **more)


def test_a_deposit_and_the_right_to_cancel_are_minded() -> None:
    of = shop()
    needed = bond(BaseUnits(800 * UNIT), USUAL)

    assert isinstance(answer(replace(of, deposit=needed), request(), [machine(of)], USUAL), Answer)
    poor = answer(replace(of, deposit=BaseUnits(needed - 1)), request(), [machine(of)], USUAL)
    assert "of your free balance in the escrow" in str(poor)
    week = USUAL.cancel_notice // HOUR
    assert quoted(shop(machine={"delivery_hours": week - 10}), request()).booking.hours
    assert "could still cancel" in declined(shop(machine={"delivery_hours": week - 9}), request())


def test_the_buyers_rule_decides_between_machines() -> None:
    base = shop().rules
    quick = base.machines[0].model_copy(update={"hourly": "99", "delivery_hours": 1})
    rules = SupplierRules.of(
        {**base.model_dump(), "machines": [base.machines[0].model_dump(), quick.model_dump()]}
    )
    of = replace(shop(), rules=rules)
    free = frozenset(map(HourIndex, range(FIRST, FIRST + 48)))
    machines = [
        MachineHours(rule=rule, machine=AssetId(number), free=free)
        for number, rule in enumerate(rules.machines)
    ]
    tender = Tender(award=EARLIEST)
    urgent = request(documents=tender.hash, uri=tender.data_uri)

    cheap, soon = (answer(of, asked, machines, USUAL) for asked in (request(), urgent))

    assert isinstance(cheap, Answer)
    assert isinstance(soon, Answer)
    assert (cheap.booking.machine, soon.booking.machine) == (0, 1)


@given(data=st.data())
def test_no_answer_ever_breaks_the_rules(data: st.DataObject) -> None:
    amount = st.integers(0, 300).map(str)
    of = shop(
        margin=f"{data.draw(st.integers(0, 99))} %",
        idle_discount=f"{data.draw(st.integers(0, 100))} %",
        machine={
            "hourly": data.draw(amount),
            "setup": data.draw(amount),
            "hourly_cost": data.draw(amount),
            "setup_cost": data.draw(amount),
            "last_minute_hourly": data.draw(amount),
            "decay_hours": data.draw(st.integers(0, 300)),
            "setup_hours": data.draw(st.integers(0, 3)),
            "max_span": data.draw(st.integers(1, 60)),
            "notice_hours": data.draw(st.integers(0, 60)),
            "delivery_hours": data.draw(st.integers(0, 100)),
            "shifts": data.draw(st.sampled_from([["Mon-Fri 06:00 to 14:00"], ["Sat-Tue 22:00 to 06:00"]])),
        },
    )
    begin = FIRST + data.draw(st.integers(-100, 60))
    asked = request(
        machine_hours=data.draw(st.integers(1, 20)),
        budget=BaseUnits(data.draw(st.integers(0, 5_000)) * UNIT),
        from_hour=HourIndex(begin),
        until_hour=HourIndex(begin + data.draw(st.integers(0, 200))),
        due_by=UnixSeconds(NOW + data.draw(st.integers(3, 20)) * DAY),
    )
    free = frozenset(FIRST + number for number in data.draw(st.frozensets(st.integers(-50, 200))))
    rule = of.rules.machines[0]
    found = answer(of, asked, [machine(of, free | frozenset(range(FIRST, FIRST + 60)))], USUAL)
    if isinstance(found, str):
        return
    hours = found.booking.hours
    assert hours is not None
    assert set(hours.hours) <= free | set(range(FIRST, FIRST + 60))
    assert set(hours.hours) <= rule.working(window(of, asked), ZoneInfo("UTC"))
    assert asked.from_hour <= hours.first
    assert hours.last < asked.until_hour
    assert hours.count == asked.machine_hours + rule.setup_hours
    assert hours.span <= rule.max_span
    assert hours.first * HOUR >= found.valid_until + rule.notice_hours * HOUR
    assert found.due_by == (hours.last + 1 + rule.delivery_hours) * HOUR <= asked.due_by
    assert hours.first * HOUR >= found.due_by - USUAL.cancel_notice
    cost = rule.cost(hours.count, token=TOKEN)
    if found.price:
        margin = Fraction(int(of.rules.margin.split()[0]), 100)
        assert Fraction(found.price - cost, found.price) >= margin
    assert found.price >= cost
    assert not asked.budget or found.price <= asked.budget


@pytest.mark.parametrize(
    ("text", "days", "hours"),
    [
        ("Mon-Fri 06:00 to 22:00", 5, 80),
        ("Fri-Mon 06:00 to 14:00", 4, 32),
        ("Sun 22:00 to 06:00", 1, 8),
        ("Mon-Sun 00:00 to 00:00", 7, 168),
    ],
    ids=["two shifts", "over the weekend", "night", "always"],
)
def test_shifts_repeat_every_week(text: str, days: int, hours: int) -> None:
    shift = parse_shift(text)
    week = [*shift.hours(date(2027, 1, 4), date(2027, 1, 10), ZoneInfo("Europe/Berlin"))]

    assert (len(shift.weekdays), len(week), len(set(week))) == (days, hours, hours)


@pytest.mark.parametrize(
    "text",
    ["", "Mon", "Mo-Fr 06:00 to 14:00", "Mon 6:00 to 14:00", "Mon 06:00 to 25:00", "Mon 06:00-14:00"],
)
def test_what_is_no_shift_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput, match="write it like Mon-Fri 06:00 to 22:00"):
        parse_shift(text)


def test_shifts_mind_the_clocks() -> None:
    """On 28 March 2027 two o'clock does not come in Berlin: what would begin then is left out."""
    berlin = ZoneInfo("Europe/Berlin")
    night, gone = parse_shift("Mon-Sun 22:00 to 06:00"), parse_shift("Mon-Sun 02:00 to 06:00")
    day = date(2027, 3, 27)

    assert len([*night.hours(day, day, berlin)]) == 7
    assert len([*gone.hours(date(2027, 3, 28), date(2027, 3, 28), berlin)]) == 0
    (first, *_) = night.hours(day, day, berlin)
    assert first * HOUR == datetime(2027, 3, 27, 22, tzinfo=berlin).timestamp()


def test_conditions_of_the_tests_are_the_worlds() -> None:
    assert f"0x{USUAL.id.hex()}" == CONDITIONS
