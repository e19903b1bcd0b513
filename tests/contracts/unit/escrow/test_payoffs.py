"""ESC-2: the payoff table against a straightforward model. Every ending adds up, to the last base unit."""

from collections.abc import Callable
from typing import Any, NamedTuple

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.support.chain import Chain
from tests.support.deals import ENDINGS, RATES, USUAL, packed
from tests.support.lines import down, up

GOODS_TO_BUYER, AMENDED, RETENTION_DISPUTED = 1 << 0, 1 << 2, 1 << 5
LARGEST = 2**128 - 1
ALL = 10_000


class Case(NamedTuple):
    """What a payoff depends on."""

    ending: str
    with_penalty: bool
    amount: int
    held: int
    late: int
    flags: int
    rates: dict[str, int]
    outcome: tuple[int, int, bool]


class Payoff(NamedTuple):
    """Who gets what. `to_supplier` includes the broker's part."""

    to_supplier: int
    to_buyer: int
    retained: int
    bond_to_buyer: int
    goods_to_buyer: bool


def model(case: Case) -> Payoff:
    """The table of the specification, in integers."""
    _, with_penalty, amount, held, late, flags, rates, (to_supplier, bond_to_buyer, goods) = case
    bond = up(amount, rates["bondBps"])
    advance = 0 if flags & AMENDED else down(amount, rates["advanceBps"])
    match case.ending:
        case "Accepted" | "DeemedAccepted":
            if flags & RETENTION_DISPUTED:
                return Payoff(held, 0, 0, 0, True)
            damages = min(held, up(amount, min(rates["maxLateBps"], late * rates["lateBps"])))
            retained = up(held - damages, rates["retentionBps"])
            return Payoff(held - damages - retained, damages, retained, 0, True)
        case "Cancelled":
            paid = min(held, max(0, down(amount, rates["cancelBps"]) - advance))
            return Payoff(paid, held - paid, 0, 0, False)
        case "Resigned" | "Terminated":
            declined = case.ending == "Resigned" and not with_penalty
            return Payoff(0, held + advance, 0, 0, False) if declined else Payoff(0, held, 0, bond, False)
        case "RetentionPaid":
            return Payoff(held, 0, 0, 0, True)
        case "Defaulted":
            paid = down(held, rates["defaultSupplierBps"])
            kept = rates["defaultSupplierBps"] >= ALL // 2 or bool(flags & RETENTION_DISPUTED)
            return Payoff(paid, held - paid, 0, 0, kept)
        case _:  # ruled, settled, amended
            paid = min(to_supplier, held)
            kept = goods or bool(flags & GOODS_TO_BUYER)
            return Payoff(paid, held - paid, 0, min(bond_to_buyer, bond), kept)


SHARES = st.integers(0, ALL)
AMOUNTS = st.one_of(st.integers(1, 10**6), st.integers(1, LARGEST), st.sampled_from([1, LARGEST]))
HARD_RATES = st.fixed_dictionaries(
    {name: SHARES if bits == 16 else st.just(USUAL.get(name, 0)) for name, bits in RATES}
)


@st.composite
def cases(draw: st.DrawFn) -> Case:
    amount = draw(AMOUNTS)
    return Case(
        ending=draw(st.sampled_from(ENDINGS)),
        with_penalty=draw(st.booleans()),
        amount=amount,
        held=draw(st.one_of(st.integers(0, amount), st.sampled_from([0, amount]))),
        late=draw(st.one_of(st.integers(0, 100), st.just(2**16 - 1))),
        flags=draw(st.sampled_from([0, AMENDED, GOODS_TO_BUYER, RETENTION_DISPUTED | GOODS_TO_BUYER])),
        rates=draw(HARD_RATES),
        outcome=(draw(st.integers(0, LARGEST)), draw(st.integers(0, LARGEST)), draw(st.booleans())),
    )


Ask = Callable[..., Any]


@pytest.fixture(scope="session")
def table(session_chain: Chain) -> Ask:
    """Asks the contract's payoff table."""
    harness = session_chain.deploy("PayoffsHarness")
    return lambda function, *given: session_chain.ask(harness.get_function_by_name(function)(*given))


def line_of(case: Case) -> tuple[int, ...]:
    """The line of a case, as the ABI has it."""
    return 0, case.flags, 0, 0, case.late, 0, case.held


def payoff(table: Ask, case: Case) -> Payoff:
    """What the contract says."""
    rates, number = packed(RATES, case.rates), ENDINGS.index(case.ending)
    given = (number, case.with_penalty, line_of(case), case.amount, rates, case.outcome)
    return Payoff(*table("payoff", *given))


def worst(ending: str, **rates: int) -> Any:
    """All of the largest amount, as late as can be."""
    merged = {name: rates.get(name, ALL) for name, bits in RATES if bits == 16}
    others = {name: USUAL.get(name, 0) for name, bits in RATES if bits != 16}
    return Case(ending, True, LARGEST, LARGEST, 2**16 - 1, 0, merged | others, (LARGEST, LARGEST, True))


@settings(deadline=None, max_examples=150)
@given(cases())
@example(worst("Accepted"))
@example(worst("Cancelled", advanceBps=0))
@example(worst("Ruled"))
def test_every_payoff_is_what_the_model_says(table: Ask, case: Case) -> None:
    assert payoff(table, case) == model(case)


@settings(deadline=None, max_examples=60)
@given(cases())
def test_f044_every_payoff_adds_up(table: Ask, case: Case) -> None:
    found = payoff(table, case)
    returned = 0
    if case.ending == "Resigned" and not case.with_penalty and not case.flags & AMENDED:
        returned = down(case.amount, case.rates["advanceBps"])
    assert found.to_supplier + found.to_buyer + found.retained == case.held + returned
    assert found.bond_to_buyer <= up(case.amount, case.rates["bondBps"]) <= case.amount


@pytest.mark.parametrize("ending", ["Accepted", "DeemedAccepted"])
def test_an_accepted_retention_is_paid_whole(table: Ask, ending: str) -> None:
    case = worst(ending)._replace(flags=RETENTION_DISPUTED, held=7)
    assert payoff(table, case) == Payoff(7, 0, 0, 0, True)


@pytest.mark.parametrize("ending", ENDINGS)
def test_f045_the_largest_amounts_do_not_overflow(table: Ask, ending: str) -> None:
    found = payoff(table, worst(ending))
    assert found.to_supplier + found.to_buyer + found.retained == LARGEST


@settings(deadline=None, max_examples=20)
@given(AMOUNTS, HARD_RATES)
def test_shares_round_to_one_side(table: Ask, amount: int, rates: dict[str, int]) -> None:
    word, empty = packed(RATES, rates), (0, 0, 0, 0, 0, 0, 0)
    assert table("bond", amount, word) == up(amount, rates["bondBps"])
    assert table("advance", empty, amount, word) == down(amount, rates["advanceBps"])
    assert table("advance", (0, AMENDED, *empty[2:]), amount, word) == 0
    assert table("brokerage", amount, word) == down(amount, rates["brokerBps"])
