"""What a part was used over several wholes, and when it may be installed."""

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fabricant.domain.assets import AssetId
from fabricant.domain.logbook import Backwards, Content, Logbook, Meter, Reading, Right
from fabricant.domain.service_life import (
    Gap,
    LifeOver,
    NoLimit,
    NotReleasable,
    Reason,
    ServiceLife,
    Stay,
)
from tests.support.logbooks import CYCLES, at, book, entry, limit, log

THOUSANDS = Meter("cycles", "T3")
NORTH, SOUTH, WEST = AssetId(11), AssetId(12), AssetId(13)


def stay(whole: AssetId, since: int, until: int | None = None) -> Stay:
    """A time in a whole, by blocks."""
    return Stay(whole, at(since), None if until is None else at(until))


def life(stays: Iterable[Stay], *wholes: Logbook, most: int = 20_000) -> ServiceLife:
    """Of a part with a limit."""
    return ServiceLife(book(limit(1, most)), tuple(stays), {each.asset: each for each in wholes})


def reasons(part: ServiceLife) -> tuple[Reason, ...]:
    """Why it is not released."""
    with pytest.raises(NotReleasable) as refused:
        part.release()
    assert refused.value.reasons == part.reasons()
    return refused.value.reasons


def test_what_it_was_used_in_three_wholes_adds_up() -> None:
    part = life(
        [stay(NORTH, 11, 20), stay(SOUTH, 31, 40), stay(WEST, 51)],
        log(NORTH, [(5, 100), (10, 31_000), (15, 35_000), (21, 39_000), (60, 50_000)]),
        log(SOUTH, [(30, 12_000), (41, 19_000)]),
        log(WEST, [(50, 5_000), (55, 8_500)]),
    )

    assert [part.used_in(each, CYCLES) for each in part.stays] == [8_000, 7_000, 3_500]
    assert part.used(CYCLES) == 18_500
    assert part.remaining() == part.release() == {CYCLES: 1_500}


def test_a_part_comes_back_into_the_same_whole() -> None:
    flown = log(NORTH, [(10, 0), (21, 50), (30, 400), (41, 460)])

    assert life([stay(NORTH, 11, 20), stay(NORTH, 31, 40)], flown).used(CYCLES) == 110


def test_a_part_that_was_nowhere_is_new() -> None:
    assert life([]).release() == {CYCLES: 20_000}


def test_a_reading_long_after_counts_all_until_then() -> None:
    part = life([stay(NORTH, 11, 20)], log(NORTH, [(10, 100), (500, 1_700)]))

    assert (part.used(CYCLES), part.reasons()) == (1_600, ())


@pytest.mark.parametrize(
    "readings",
    [[], [(10, 0)], [(10, 0), (15, 50)], [(15, 50), (21, 90)], [(15, 50)], [(21, 90)]],
    ids=str,
)
def test_without_a_reading_before_and_one_after_there_is_a_gap(readings: list[tuple[int, int]]) -> None:
    gone = stay(NORTH, 11, 20)

    (gap,) = reasons(life([gone], log(NORTH, readings)))

    assert gap == Gap(gone, CYCLES)
    assert "counted in cycles while the part was in it is unknown" in str(gap)


def test_while_it_is_in_a_whole_the_last_reading_counts() -> None:
    there = stay(NORTH, 11)

    assert life([there], log(NORTH, [(10, 7)])).used(CYCLES) == 0
    assert life([there], log(NORTH, [(10, 7), (12, 9)])).used(CYCLES) == 2
    assert reasons(life([there], log(NORTH, [(12, 9)]))) == (Gap(there, CYCLES),)


def test_a_reading_in_another_unit_closes_no_gap() -> None:
    gone, flown = stay(NORTH, 11, 20), log(NORTH, [(10, 0), (21, 90)])
    thousands = entry(1, Content(work="", limit=Reading(THOUSANDS, 20)), rights=Right.ISSUER)
    part = ServiceLife(book(thousands, limit(2, 20_000)), (gone,), {NORTH: flown})

    assert (part.used(THOUSANDS), part.remaining()) == (0, {CYCLES: 19_910, THOUSANDS: 20})
    assert part.reasons() == (Gap(gone, THOUSANDS),)


def test_a_part_is_released_below_its_limit_and_not_at_it() -> None:
    flown = log(NORTH, [(10, 0), (21, 500)])

    assert life([stay(NORTH, 11, 20)], flown, most=501).release() == {CYCLES: 1}
    assert reasons(life([stay(NORTH, 11, 20)], flown, most=500)) == (LifeOver(CYCLES, 0),)
    over = life([stay(NORTH, 11, 20)], flown, most=450)
    with pytest.raises(NotReleasable, match="must not be installed: its cycles are used up, and 50 more"):
        over.release()
    assert over.remaining() == {CYCLES: -50}


def test_without_a_limit_it_is_not_released() -> None:
    part = ServiceLife(book(), (), {})

    assert (part.remaining(), reasons(part)) == ({}, (NoLimit(),))
    assert str(NoLimit()) == "its issuer states no limit"


def test_what_is_wrong_in_its_own_book_keeps_it_from_release() -> None:
    part = ServiceLife(book(limit(1, 9), *log(AssetId(1), [(2, 5), (3, 4)]).entries), (), {})

    (finding,) = reasons(part)
    assert isinstance(finding, Backwards)


def test_what_is_wrong_with_a_whole_matters_while_the_part_is_in_it() -> None:
    wound_back = log(NORTH, [(10, 900), (21, 950), (30, 960), (35, 300), (41, 350), (50, 20)])

    assert reasons(life([stay(NORTH, 31, 40)], wound_back)) == (wound_back.findings[0],)
    assert life([stay(NORTH, 11, 20)], wound_back).release() == {CYCLES: 19_950}


# Against the truth


@st.composite
def flights(draw: st.DrawFn) -> tuple[ServiceLife, int, bool]:
    """A part that goes from whole to whole, what it truly did, and whether every move was read."""
    careful = draw(st.booleans())
    meter, truth, inside = dict.fromkeys((NORTH, SOUTH, WEST), 0), 0, None
    readings: dict[AssetId, list[tuple[int, int]]] = {each: [] for each in meter}
    stays, block = list[Stay](), 1
    for whole, cycles, read in draw(
        st.lists(st.tuples(st.sampled_from(list(meter)), st.integers(0, 9), st.booleans()), max_size=30)
    ):
        if read:
            readings[whole].append((block := block + 1, meter[whole]))
        elif cycles:
            meter[whole] += cycles
            truth += cycles if whole == inside else 0
        elif inside is None:
            if careful:
                readings[whole].append((block := block + 1, meter[whole]))
            inside = whole
            stays.append(stay(whole, block := block + 1))
        else:
            stays[-1] = stay(inside, stays[-1].since.block, block := block + 1)
            if careful:
                readings[inside].append((block := block + 1, meter[inside]))
            inside = None
    if inside is not None:
        readings[inside].append((block + 1, meter[inside]))
    books = (log(each, found) for each, found in readings.items())
    return life(stays, *books, most=10**6), truth, careful


@given(flights())
def test_a_part_is_never_younger_than_it_is(flown: tuple[ServiceLife, int, bool]) -> None:
    part, truth, careful = flown
    gaps = [each for each in part.reasons() if isinstance(each, Gap)]

    if careful:
        assert (part.used(CYCLES), gaps) == (truth, [])
    assert part.used(CYCLES) >= truth or gaps
    assert part.used(CYCLES) == sum(part.used_in(each, CYCLES) for each in part.stays)
