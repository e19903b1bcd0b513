"""Patterns of hours, and the calendar times that become them."""

from datetime import UTC, date, datetime, time, timedelta, timezone
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fabricant.domain.capacity import (
    HOURS_PER_WORD,
    WORKDAYS,
    EmptyMask,
    HourPattern,
    hours_between,
    parse_hours,
    shifts,
)
from fabricant.domain.units import HourIndex, UnixSeconds, hour_of, parse_time
from fabricant.errors import InvalidInput

BERLIN, KOLKATA = ZoneInfo("Europe/Berlin"), ZoneInfo("Asia/Kolkata")
MONDAY = date(2027, 3, 22)

# Sets of hours within three words, so that they meet and cross the borders.
some_hours = st.sets(st.integers(HOURS_PER_WORD - 20, 3 * HOURS_PER_WORD + 20).map(HourIndex), min_size=1)


@given(some_hours)
def test_a_pattern_is_its_hours(hours: set[HourIndex]) -> None:
    pattern = HourPattern.of(hours)

    assert pattern.hours == tuple(sorted(hours))
    assert (pattern.first, pattern.last, pattern.count) == (min(hours), max(hours), len(hours))
    assert HourPattern.of(pattern.hours) == pattern
    assert all(pattern.masks[place] for place in (0, -1))


@given(some_hours)
def test_spans_are_the_unbroken_runs(hours: set[HourIndex]) -> None:
    spans = HourPattern.of(hours).spans()

    assert {hour for begin, end in spans for hour in range(begin, end)} == hours
    assert all(end < begin for (_, end), (begin, _) in pairwise(spans))


@given(some_hours, st.integers(0, 40))
def test_a_run_at_the_beginning(hours: set[HourIndex], length: int) -> None:
    first = min(hours)

    expected = all(first + step in hours for step in range(length))
    assert HourPattern.of(hours).begins_with_run(length) == expected


@given(some_hours, some_hours)
def test_f076_overlap_is_what_both_have(mine: set[HourIndex], others: set[HourIndex]) -> None:
    pattern = HourPattern.of(mine)
    taken = [
        sum(1 << hour % HOURS_PER_WORD for hour in others if hour // HOURS_PER_WORD == word)
        for word in range(pattern.first_word, pattern.first_word + len(pattern.masks))
    ]

    assert pattern.overlap(taken) == tuple(sorted(mine & others))


@given(some_hours, st.integers(0, 4 * HOURS_PER_WORD * 3600))
def test_what_has_begun_does_not_remain(hours: set[HourIndex], moment: int) -> None:
    remaining = HourPattern.of(hours).remaining(UnixSeconds(moment))

    assert set(remaining) == {hour for hour in hours if hour * 3600 > moment}


@pytest.mark.parametrize("masks", [(), (0,), (0, 1), (1, 0)])
def test_there_is_one_spelling(masks: tuple[int, ...]) -> None:
    with pytest.raises(EmptyMask):
        HourPattern(5, masks)
    with pytest.raises(EmptyMask):
        HourPattern.of([])


@pytest.mark.parametrize(
    ("word", "masks"), [(0, (2**256,)), (0, (-1,)), (2**32, (1,)), (-1, (1,)), (2**32 - 1, (1, 1))]
)
def test_words_have_256_bits_and_a_place(word: int, masks: tuple[int, ...]) -> None:
    with pytest.raises(InvalidInput):
        HourPattern(word, masks)


def test_hours_for_people() -> None:
    begin = hour_of(parse_time("2027-01-11T05:00Z"))

    assert HourPattern.of(HourIndex(begin + hour) for hour in (0, 1, 5)).lines() == [
        "2027-01-11 05:00 UTC to 2027-01-11 07:00 UTC (2 h)",
        "2027-01-11 10:00 UTC to 2027-01-11 11:00 UTC (1 h)",
    ]


# Calendar times


@pytest.mark.parametrize(
    "text",
    [
        "2027-01-11T06:00+01:00/8 h, 2027-01-12T06:00+01:00/8h",
        "2027-01-11T06:00+01:00/2027-01-11T14:00+01:00,2027-01-12 05:00 UTC/480 min,",
        "2027-01-12T05:00Z/2027-01-12T13:00Z , 2027-01-11T05:00Z/1 h, 2027-01-11T05:00Z/8 hours",
    ],
)
def test_spans_in_text(text: str) -> None:
    first = hour_of(parse_time("2027-01-11T05:00Z"))

    assert parse_hours(text).spans() == ((first, first + 8), (first + 24, first + 32))


@pytest.mark.parametrize(
    "text",
    [
        "tomorrow",
        "2027-01-11T06:00/8 h",  # whose six o'clock?
        "2027-01-11T06:00Z",
        "2027-01-11T06:00Z/",
        "2027-01-11T06:30Z/8 h",
        "2027-01-11T06:00Z/90 min",
        "2027-01-11T06:00Z/0 h",
        "2027-01-11T06:00Z/2027-01-11T05:00Z",
        "2027-01-11T06:00Z/2127-01-11T05:00Z",
        "",
        " , ",
    ],
)
def test_what_is_no_span_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput):
        parse_hours(text)


def test_f076_a_week_of_day_shifts_keeps_its_local_hours_over_the_change_of_clocks() -> None:
    pattern = shifts(
        MONDAY, MONDAY + timedelta(days=13), begin=time(6), end=time(14), zone=BERLIN, weekdays=WORKDAYS
    )

    begins = [datetime.fromtimestamp(begin * 3600, BERLIN) for begin, _ in pattern.spans()]
    assert [(each.hour, each.weekday()) for each in begins] == [(6, day) for day in (0, 1, 2, 3, 4)] * 2
    assert pattern.count == 10 * 8
    assert begins[5].astimezone(UTC).hour == 4
    assert begins[4].astimezone(UTC).hour == 5


@pytest.mark.parametrize(
    ("day", "hours"), [(date(2027, 3, 20), 8), (date(2027, 3, 27), 7), (date(2027, 10, 30), 9)]
)
def test_f076_a_night_in_which_clocks_change_has_its_true_length(day: date, hours: int) -> None:
    assert shifts(day, day, begin=time(22), end=time(6), zone=BERLIN).count == hours


@pytest.mark.parametrize(("day", "hour"), [(date(2027, 3, 28), 2), (date(2027, 10, 31), 2)])
def test_f076_times_that_come_twice_or_never_are_refused(day: date, hour: int) -> None:
    with pytest.raises(InvalidInput, match="comes twice or never in Europe/Berlin"):
        shifts(day, day, begin=time(hour), end=time(10), zone=BERLIN)


def test_f076_the_market_counts_full_hours_of_utc() -> None:
    with pytest.raises(InvalidInput, match="not on a full hour of UTC"):
        shifts(MONDAY, MONDAY, begin=time(6), end=time(14), zone=KOLKATA)
    assert shifts(MONDAY, MONDAY, begin=time(6, 30), end=time(14, 30), zone=KOLKATA).count == 8


def test_no_day_is_no_pattern() -> None:
    with pytest.raises(EmptyMask):
        shifts(MONDAY, MONDAY, begin=time(6), end=time(14), zone=UTC, weekdays=[6])


def test_a_time_without_a_place_is_refused() -> None:
    with pytest.raises(InvalidInput, match="has no time zone"):
        hours_between(datetime(2027, 1, 1), datetime(2027, 1, 2, tzinfo=UTC))  # noqa: DTZ001


@given(st.dates(date(2020, 1, 1), date(2090, 1, 1)), st.integers(-14, 14), st.integers(1, 999))
def test_hours_between_two_moments(day: date, offset: int, length: int) -> None:
    start = datetime.combine(day, time(6), tzinfo=timezone(timedelta(hours=offset)))

    hours = hours_between(start, start + timedelta(hours=length))

    assert (hours.start, len(hours)) == (int(start.timestamp()) // 3600, length)
