"""Proposals: good until their deadline, for a live line, about money that is there."""

from dataclasses import replace

import pytest
from hypothesis import assume, given

from fabricant.conditions import load
from fabricant.domain.escrow import Conditions, Line, Outcome, Status, Terms, bond
from fabricant.domain.escrow.clocks import LIVE
from fabricant.domain.escrow.proposals import (
    GoodsInCustody,
    OtherDeal,
    OutcomeBeyondHeld,
    ProposalExpired,
    WrongLineStatus,
    check_amendable,
    check_deadline,
    check_live,
    check_outcome,
    check_successor,
    check_unopened,
)
from fabricant.domain.units import BaseUnits, Token, UnixSeconds, parse_address
from tests.python.domain import strategies

TUSD = Token(parse_address("0x" + "44" * 20), "TUSD", 6)
SERIES = load("machine-time").conditions


def test_f048_deadline_is_exclusive() -> None:
    check_deadline(UnixSeconds(100), at=UnixSeconds(99))
    for late in 100, 101:
        with pytest.raises(ProposalExpired, match=r"before 1970-01-01 00:01:40 UTC.*propose it anew"):
            check_deadline(UnixSeconds(100), at=UnixSeconds(late))


@pytest.mark.parametrize("status", Status)
def test_f050_every_status_is_live_or_says_why_not(status: Status) -> None:
    if status in LIVE:
        check_live(Line(status=status))
    else:
        with pytest.raises(WrongLineStatus, match=r"the line is (not open|closed|revoked), .*order show"):
            check_live(Line(status=status))
    if status is Status.NONE:
        check_unopened(Line(status=status))
    else:
        with pytest.raises(WrongLineStatus, match=f"the line is {status.name.lower()} already"):
            check_unopened(Line(status=status))


@given(strategies.outcomes, strategies.terms, strategies.lines, strategies.conditions())
def test_f051_outcome_is_what_is_there_or_refused(
    outcome: Outcome, terms: Terms, line: Line, conditions: Conditions
) -> None:
    there = outcome.to_supplier <= line.held and outcome.bond_to_buyer <= bond(terms.amount, conditions)
    try:
        check_outcome(outcome, terms, line, conditions, token=TUSD)
    except OutcomeBeyondHeld:
        assert not there
    else:
        assert there


@given(strategies.terms, strategies.lines)
def test_all_that_is_there_can_be_shared_out_and_not_one_unit_more(terms: Terms, line: Line) -> None:
    deposit = bond(terms.amount, SERIES)
    assume(deposit)

    def shared(more: int, more_bond: int) -> None:
        outcome = Outcome(
            to_supplier=BaseUnits(line.held + more),
            bond_to_buyer=BaseUnits(deposit + more_bond),
            goods_to_buyer=False,
        )
        check_outcome(outcome, terms, line, SERIES, token=TUSD)

    shared(0, 0)
    with pytest.raises(OutcomeBeyondHeld, match="are held; propose at most that"):
        shared(1, 0)
    with pytest.raises(OutcomeBeyondHeld, match="of the security deposit"):
        shared(0, 1)


def test_line_whose_goods_are_here_is_not_changed() -> None:
    check_amendable(Line(status=Status.REJECTED), goods_here=False)
    with pytest.raises(GoodsInCustody, match="fabricant order collect"):
        check_amendable(Line(status=Status.REJECTED), goods_here=True)


@given(strategies.terms)
def test_line_that_a_contract_opened_is_changed_by_it_alone(terms: Terms) -> None:
    booked = replace(terms, opener=TUSD.address)

    with pytest.raises(OtherDeal, match=f"only the contract {TUSD.address}"):
        check_successor(booked, replace(booked, amount=BaseUnits(booked.amount + 1)))
