"""Who may do what, and when: no instant is nobody's, and none belongs to two opponents."""

from collections.abc import Iterable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fabricant.domain.directory import Role
from fabricant.domain.escrow import (
    Action,
    Conditions,
    Line,
    LineFlag,
    Side,
    Status,
    Terms,
    Window,
    declining_ends,
    late_intervals,
    long_stop,
    next_change,
    possible,
    windows,
)
from fabricant.domain.units import ZERO_ADDRESS, BaseUnits, Seconds, UnixSeconds
from tests.python.domain import strategies
from tests.python.domain.escrow.test_terms import BUYER, GOOD, INSPECTOR, SUPPLIER, TOKEN
from tests.support.world import DAY, HOUR, USUAL

OPENED = UnixSeconds(1_000 * DAY)
DUE = UnixSeconds(1_030 * DAY)
TERMS = replace(GOOD, open_by=OPENED, due_by=DUE)
HELD = BaseUnits(100)


def line(status: Status, *, since: int = OPENED, **more: object) -> Line:
    """A line that holds money."""
    return Line(status=status, since=UnixSeconds(since), held=HELD, **more)  # type: ignore[arg-type]


def actions(found: Iterable[Window]) -> set[str]:
    """Only what can be done."""
    return {window.action.value for window in found}


def at(moment: int, status: Status, terms: Terms = TERMS, **more: object) -> set[str]:
    """What can be done with such a line at a moment."""
    return actions(possible(terms, line(status, **more), USUAL, at=UnixSeconds(moment)))  # type: ignore[arg-type]


ALWAYS = {"assign", "settle"}
ALWAYS_OPEN = ALWAYS | {"amend", "extend", "pay", "refund", "resign"}


@pytest.mark.parametrize(
    ("moment", "more"),
    [
        (OPENED, {"cancel"}),
        (DUE - 7 * DAY - 1, {"cancel"}),
        (DUE - 7 * DAY, {"deliver"}),  # the delivery window opens when cancelling ends
        (DUE + 21 * DAY - 1, {"deliver"}),
        (DUE + 21 * DAY, {"terminate"}),
    ],
)
def test_f048_an_open_line(moment: int, more: set[str]) -> None:
    assert at(moment, Status.OPEN) == ALWAYS_OPEN | more


def test_a_service_can_be_accepted_without_a_delivery() -> None:
    service = replace(TERMS, assets=0, deliverables=bytes(32))

    (window,) = [each for each in windows(service, line(Status.OPEN), USUAL) if each.action is Action.ACCEPT]

    assert (window.by, window.role) == (Side.BUYER, Role.FINANCE)
    assert "accept" not in at(DUE, Status.OPEN)


ARRIVED = DUE + 2 * DAY


@pytest.mark.parametrize(
    ("moment", "more"),
    [
        (ARRIVED - 1, {"confirm_receipt", "dispute", "reject"}),
        (ARRIVED, {"dispute", "reject"}),
        (ARRIVED + 5 * DAY - 1, {"dispute", "reject"}),
        (ARRIVED + 5 * DAY, {"deem_accept"}),
    ],
)
def test_f048_a_delivered_line(moment: int, more: set[str]) -> None:
    assert at(moment, Status.DELIVERED, since=ARRIVED) == ALWAYS | {"accept", "pay", "refund"} | more


def test_f060_rejections_are_used_up() -> None:
    assert "reject" in at(ARRIVED, Status.DELIVERED, since=ARRIVED, rejections=1)
    assert "reject" not in at(ARRIVED, Status.DELIVERED, since=ARRIVED, rejections=2)


@pytest.mark.parametrize("late_rejection", [False, True])
def test_f048_a_rejected_line_leaves_the_whole_cure_period(*, late_rejection: bool) -> None:
    rejected = DUE + 15 * DAY if late_rejection else DUE - DAY
    stop = DUE + 29 * DAY if late_rejection else DUE + 21 * DAY
    always = ALWAYS | {"accept", "collect", "extend", "pay", "refund", "resign"}
    disputable = {"dispute"} if stop - 1 < rejected + USUAL.cure else set()

    assert long_stop(TERMS, line(Status.REJECTED, since=rejected), USUAL) == stop
    assert at(stop - 1, Status.REJECTED, since=rejected) == always | {"deliver"} | disputable
    assert at(stop, Status.REJECTED, since=rejected) == always | {"terminate"}


def test_f048_a_retention() -> None:
    goods = {"flags": LineFlag.GOODS_TO_BUYER}
    always = ALWAYS | {"collect", "pay", "refund"}

    assert at(DUE + 90 * DAY - 1, Status.RETAINED, since=DUE, **goods) == always | {"dispute"}
    assert at(DUE + 90 * DAY, Status.RETAINED, since=DUE, **goods) == always | {"pay_retention"}


def test_f048_a_dispute() -> None:
    ends = DUE + USUAL.arbitration
    always = ALWAYS | {"accept", "evidence"}

    assert at(ends - 1, Status.DISPUTED, since=DUE) == always | {"rule"}
    assert at(ends, Status.DISPUTED, since=DUE) == always | {"apply_default"}
    assert "rule" not in at(DUE, Status.DISPUTED, replace(TERMS, arbiter=ZERO_ADDRESS), since=DUE)


def test_goods_that_are_gone_are_not_accepted() -> None:
    rejected, disputed = line(Status.REJECTED), line(Status.DISPUTED)
    retained = replace(disputed, flags=LineFlag.RETENTION_DISPUTED | LineFlag.GOODS_TO_BUYER)

    for kept, acceptable in ((rejected, False), (disputed, False), (retained, True)):
        found = actions(windows(TERMS, kept, USUAL, goods_here=False))
        assert ("accept" in found) is acceptable
        assert "collect" not in found


def test_what_is_over_is_over() -> None:
    assert at(DUE, Status.CLOSED) == {"collect"}
    assert at(DUE, Status.CLOSED, replace(TERMS, assets=0)) == set()
    assert at(DUE, Status.REVOKED) == set()


def test_what_was_not_opened() -> None:
    assert at(OPENED - 1, Status.NONE) == {"open", "revoke"}
    assert at(OPENED, Status.NONE) == {"revoke"}
    by_market = windows(replace(TERMS, opener=TOKEN), Line(), USUAL)
    assert by_market[0].by is Side.OPENER


def test_without_money_there_is_nothing_to_pay() -> None:
    paid = replace(line(Status.OPEN), held=BaseUnits(0))

    assert actions(possible(TERMS, paid, USUAL, at=DUE)) == ALWAYS | {"amend", "deliver", "extend", "resign"}


@pytest.mark.parametrize(
    ("flags", "since", "ends"),
    [
        (LineFlag(0), OPENED, OPENED + DAY),
        (LineFlag(0), DUE - HOUR, DUE),  # never beyond the due date
        (LineFlag.AMENDED, OPENED, 0),
    ],
)
def test_declining_without_penalty_ends(flags: LineFlag, since: int, ends: int) -> None:
    opened = line(Status.OPEN, since=since, flags=flags)

    assert declining_ends(TERMS, opened, USUAL) == ends
    resigning = [each for each in windows(TERMS, opened, USUAL) if each.action is Action.RESIGN]
    assert [each.remark for each in resigning] == ["without penalty"] * bool(ends) + ["the bond is lost"]


@pytest.mark.parametrize(
    ("late", "intervals"),
    [(-DAY, 0), (0, 0), (1, 1), (DAY, 1), (DAY + 1, 2), (65_535 * DAY, 65_535), (90_000 * DAY, 65_535)],
)
def test_commenced_intervals_count(late: int, intervals: int) -> None:
    extended = line(Status.OPEN, extra=Seconds(100))

    assert late_intervals(TERMS, extended, USUAL, at=UnixSeconds(DUE + 100 + late)) == intervals


def test_the_longest_extension_is_the_last() -> None:
    longest = line(Status.OPEN, extra=Seconds(366 * DAY))

    assert "extend" not in actions(windows(TERMS, longest, USUAL))


def test_sides_are_addresses() -> None:
    assert Side.BUYER.principals(TERMS) == (BUYER,)
    assert Side.INSPECTOR.principals(TERMS) == (INSPECTOR,)
    assert Side.BUYER_OR_INSPECTOR.principals(TERMS) == (BUYER, INSPECTOR)
    assert Side.EITHER_PARTY.principals(TERMS) == (BUYER, SUPPLIER)
    assert Side.ARBITER.principals(TERMS) == (TERMS.arbiter,)
    assert Side.PARTIES_OR_ARBITER.principals(TERMS) == (BUYER, SUPPLIER, TERMS.arbiter)
    assert Side.ANYONE.principals(TERMS) == ()
    alone = replace(TERMS, inspector=ZERO_ADDRESS)
    assert Side.INSPECTOR.principals(alone) == Side.BUYER_OR_INSPECTOR.principals(alone) == (BUYER,)


LIVE = st.sampled_from([Status.OPEN, Status.DELIVERED, Status.REJECTED, Status.RETAINED, Status.DISPUTED])


@given(strategies.terms, strategies.lines, strategies.conditions(), LIVE, strategies.times)
def test_f052_f060_f061_one_party_alone_always_gets_out(
    terms: Terms, kept: Line, conditions: Conditions, status: Status, moment: UnixSeconds
) -> None:
    kept = replace(kept, status=status)

    found = windows(terms, kept, conditions)

    exits = {"terminate", "deem_accept", "pay_retention", "apply_default", "accept"}
    assert any(each.action in exits and each.before is None for each in found)
    delivering = [each for each in found if each.action is Action.DELIVER]
    terminating = [each for each in found if each.action is Action.TERMINATE]
    assert [each.before for each in delivering] in ([], [each.since for each in terminating])
    silent = [each for each in found if each.action is Action.DEEM_ACCEPT and each.is_open(moment)]
    rejecting = [each for each in found if each.action is Action.REJECT and each.is_open(moment)]
    assert not (silent and rejecting)


@given(strategies.terms, strategies.lines, strategies.conditions(), strategies.times)
def test_nothing_changes_before_the_next_change(
    terms: Terms, kept: Line, conditions: Conditions, moment: UnixSeconds
) -> None:
    change = next_change(terms, kept, conditions, after=moment)

    now = possible(terms, kept, conditions, at=moment)
    if change is None:
        assert possible(terms, kept, conditions, at=UnixSeconds(2**48)) == now
    else:
        assert change > moment
        assert possible(terms, kept, conditions, at=UnixSeconds(change - 1)) == now
        assert possible(terms, kept, conditions, at=change) != now
