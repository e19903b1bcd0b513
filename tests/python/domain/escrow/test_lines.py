"""A line's slot, and the payoffs of every ending."""

from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from fabricant.domain.escrow import (
    Conditions,
    Ending,
    Line,
    LineFlag,
    Outcome,
    Payoff,
    Status,
    advance,
    bond,
    brokerage,
    payoff,
)
from fabricant.domain.units import BaseUnits, Bps
from fabricant.errors import InvalidInput
from tests.python.domain import strategies
from tests.support.world import USUAL

NOT_DECIDED = [each for each in Ending if each not in (Ending.RULED, Ending.SETTLED, Ending.AMENDED)]


def test_the_slot_is_laid_out_like_the_contracts() -> None:
    line = Line(Status.CLOSED, LineFlag(0x21), 3, 0x1122334455, 0x6677, 0x8899AABBCC, 0xDDEEFF)  # type: ignore[arg-type]

    assert line.pack() == int("0000000000000000000000000000ddeeff8899aabbcc66771122334455032106", 16)


@given(strategies.lines)
def test_a_line_is_read_back(line: Line) -> None:
    assert Line.unpack(line.pack()) == line


@pytest.mark.parametrize("word", [8, 255, 1 << 248, -1])
def test_what_is_no_line_is_refused(word: int) -> None:
    with pytest.raises(InvalidInput, match="is not the slot of an order line"):
        Line.unpack(word)


@pytest.mark.parametrize("status", Status)
def test_only_closed_and_revoked_are_final(status: Status) -> None:
    assert Line(status=status).is_final == (status in (Status.CLOSED, Status.REVOKED))


@st.composite
def situations(draw: st.DrawFn) -> tuple[Line, BaseUnits, Conditions]:
    """A line that holds at most its price."""
    line, amount = draw(strategies.lines), draw(strategies.uint128)
    return replace(line, held=min(line.held, amount)), amount, draw(strategies.conditions())


@given(
    situation=situations(), ending=st.sampled_from(Ending), penalty=st.booleans(), outcome=strategies.outcomes
)
def test_f044_f046_payoffs_add_up_to_the_last_base_unit(
    *, situation: tuple[Line, BaseUnits, Conditions], ending: Ending, penalty: bool, outcome: Outcome
) -> None:
    line, amount, conditions = situation

    got = payoff(ending, line, amount=amount, conditions=conditions, outcome=outcome, with_penalty=penalty)

    declined = ending is Ending.RESIGNED and not penalty
    returned = advance(line, amount, conditions) if declined else 0
    assert got.to_supplier_side + got.to_buyer + got.retained == line.held + returned
    assert min(got.to_supplier_side, got.to_buyer, got.retained, got.bond_to_buyer) >= 0
    assert got.bond_to_buyer <= bond(amount, conditions) <= amount
    assert 0 <= brokerage(got.to_supplier_side, conditions) <= got.to_supplier_side


@pytest.mark.parametrize("ending", [Ending.RULED, Ending.SETTLED, Ending.AMENDED])
def test_a_decided_ending_needs_what_was_decided(ending: Ending) -> None:
    with pytest.raises(InvalidInput, match=f"ends as {ending.name} needs the outcome"):
        payoff(ending, Line(), amount=BaseUnits(1), conditions=USUAL)


@pytest.mark.parametrize("ending", NOT_DECIDED)
def test_an_undecided_ending_ignores_an_outcome(ending: Ending) -> None:
    line, decided = Line(held=BaseUnits(900)), Outcome(to_supplier=BaseUnits(1), goods_to_buyer=True)

    with_it = payoff(ending, line, amount=BaseUnits(1000), conditions=USUAL, outcome=decided)

    assert with_it == payoff(ending, line, amount=BaseUnits(1000), conditions=USUAL)


def test_acceptance_cuts_damages_then_retention() -> None:
    conditions = replace(USUAL, late_bps=Bps(100), max_late_bps=Bps(250), retention_bps=Bps(1_000))
    line = Line(held=BaseUnits(1001))

    assert payoff(Ending.ACCEPTED, line, amount=BaseUnits(1001), conditions=conditions) == Payoff(
        to_supplier_side=BaseUnits(900), retained=BaseUnits(101), goods_to_buyer=True
    )
    late = replace(line, late_intervals=2)
    assert payoff(Ending.DEEMED_ACCEPTED, late, amount=BaseUnits(1001), conditions=conditions) == Payoff(
        to_supplier_side=BaseUnits(882),
        to_buyer=BaseUnits(21),
        retained=BaseUnits(98),
        goods_to_buyer=True,
    )
    very_late = replace(line, late_intervals=65_535)
    got = payoff(Ending.ACCEPTED, very_late, amount=BaseUnits(1001), conditions=conditions)
    assert got.to_buyer == 26


def test_acceptance_of_a_disputed_retention_pays_all_of_it() -> None:
    line = Line(flags=LineFlag.RETENTION_DISPUTED, held=BaseUnits(50), late_intervals=9)

    got = payoff(Ending.ACCEPTED, line, amount=BaseUnits(1000), conditions=USUAL)

    assert got == Payoff(to_supplier_side=BaseUnits(50), goods_to_buyer=True)


@given(situations())
def test_damages_never_exceed_the_cap(situation: tuple[Line, BaseUnits, Conditions]) -> None:
    line, amount, conditions = situation
    assume(LineFlag.RETENTION_DISPUTED not in line.flags)

    got = payoff(Ending.ACCEPTED, line, amount=amount, conditions=conditions)

    assert got.to_buyer * 10_000 < amount * conditions.max_late_bps + 10_000


def test_the_advance_counts_towards_the_cancellation_fee() -> None:
    conditions = replace(USUAL, advance_bps=Bps(3_000), cancel_bps=Bps(4_000))
    line = Line(held=BaseUnits(700))

    got = payoff(Ending.CANCELLED, line, amount=BaseUnits(1000), conditions=conditions)
    assert (got.to_supplier_side, got.to_buyer, got.goods_to_buyer) == (100, 600, False)
    less = replace(conditions, cancel_bps=Bps(2_000))
    assert payoff(Ending.CANCELLED, line, amount=BaseUnits(1000), conditions=less).to_supplier_side == 0
    amended = replace(line, flags=LineFlag.AMENDED)
    assert advance(amended, BaseUnits(1000), conditions) == 0
    got = payoff(Ending.CANCELLED, amended, amount=BaseUnits(1000), conditions=conditions)
    assert got.to_supplier_side == 400


@pytest.mark.parametrize(("share", "goods"), [(4_999, False), (5_000, True), (10_000, True)])
def test_without_a_ruling_goods_follow_the_larger_share(*, share: int, goods: bool) -> None:
    conditions = replace(USUAL, default_supplier_bps=Bps(share))

    got = payoff(Ending.DEFAULTED, Line(held=BaseUnits(999)), amount=BaseUnits(999), conditions=conditions)
    assert got == Payoff(
        to_supplier_side=BaseUnits(999 * share // 10_000),
        to_buyer=BaseUnits(999 - 999 * share // 10_000),
        goods_to_buyer=goods,
    )
    accepted = Line(flags=LineFlag.RETENTION_DISPUTED, held=BaseUnits(10))
    assert payoff(Ending.DEFAULTED, accepted, amount=BaseUnits(10), conditions=conditions).goods_to_buyer


def test_resigning_costs_the_bond_or_not() -> None:
    line = Line(held=BaseUnits(1001))

    free = payoff(Ending.RESIGNED, line, amount=BaseUnits(1001), conditions=USUAL, with_penalty=False)
    assert free == Payoff(to_buyer=BaseUnits(1001))
    failed = Payoff(to_buyer=BaseUnits(1001), bond_to_buyer=BaseUnits(101))
    assert payoff(Ending.RESIGNED, line, amount=BaseUnits(1001), conditions=USUAL) == failed
    assert (
        payoff(Ending.TERMINATED, line, amount=BaseUnits(1001), conditions=USUAL, with_penalty=False)
        == failed
    )


def test_f051_nobody_decides_more_than_there_is() -> None:
    everything = Outcome(
        to_supplier=BaseUnits(2**128 - 1), bond_to_buyer=BaseUnits(2**128 - 1), goods_to_buyer=True
    )
    line = Line(held=BaseUnits(77))

    got = payoff(Ending.RULED, line, amount=BaseUnits(100), conditions=USUAL, outcome=everything)

    assert got == Payoff(to_supplier_side=BaseUnits(77), bond_to_buyer=BaseUnits(10), goods_to_buyer=True)
