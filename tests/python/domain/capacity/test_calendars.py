"""Calendars: what is shown of each hour, also in a night when clocks change, and in files for others."""

from datetime import UTC, date, datetime
from typing import Any
from xml.etree import ElementTree as ET
from zoneinfo import ZoneInfo

import pytest
from icalendar import Calendar as ICalendar

from fabricant.domain.assets import AssetId
from fabricant.domain.capacity import CalendarWord, HourPattern
from fabricant.domain.capacity.calendars import Calendar, Entry, Use, days_of
from fabricant.domain.escrow import LineId
from fabricant.domain.units import HourIndex, UnixSeconds

BERLIN = ZoneInfo("Europe/Berlin")
LINE, OTHER = LineId(b"\1" * 32), LineId(b"\2" * 32)
DAY = date(2027, 3, 27)  # before the night in which clocks go forward


def calendar(booked: range = range(0), blocked: range = range(0), **changes: Any) -> Calendar:
    """Two days of a machine. Hours are counted from the first midnight."""
    first = days_of(DAY, 1, BERLIN)[0]
    words: dict[int, list[int]] = {}
    for at, hours in enumerate((booked, blocked)):
        if hours:
            pattern = HourPattern.of(HourIndex(first + hour) for hour in hours)
            for number, mask in enumerate(pattern.masks):
                words.setdefault(pattern.first_word + number, [0, 0])[at] = mask
    usual: dict[str, Any] = {
        "name": "NMW-0417",
        "machine": AssetId(9),
        "first": DAY,
        "days": 2,
        "zone": BERLIN,
        "words": {number: CalendarWord(*masks) for number, masks in words.items()},
        "lines": {},
    }
    return Calendar(**usual | changes)


def at(hour: int) -> HourIndex:
    """An hour, counted from the first midnight."""
    return HourIndex(days_of(DAY, 1, BERLIN)[0] + hour)


def test_every_hour_has_a_sign_and_a_night_in_which_clocks_change_an_hour_less() -> None:
    chart = [*calendar(booked=range(24, 26), blocked=range(2)).chart()]
    assert chart[0].split() == ["0", "6", "12", "18"]
    assert chart[1] == "Sat 2027-03-27 xx······················"
    assert chart[2] == "Sun 2027-03-28 BB·····················"


@pytest.mark.parametrize(("month", "day", "hours"), [(3, 28, 23), (10, 31, 25), (1, 3, 24)])
def test_f076_day_in_which_clocks_change_has_its_own_length(month: int, day: int, hours: int) -> None:
    _, shown = calendar(first=date(2027, month, day), days=1).chart()

    assert len(shown.split()[-1]) == hours == len(days_of(date(2027, month, day), 1, BERLIN))


def test_entries_end_where_another_use_or_line_begins() -> None:
    lines = {at(hour): LINE if hour < 4 else OTHER for hour in range(2, 9)}
    made = calendar(booked=range(2, 6), blocked=range(6, 8), lines=lines)
    assert [*made.entries()] == [
        Entry(Use.BOOKED, at(2), at(4), LINE),
        Entry(Use.BOOKED, at(4), at(6), OTHER),
        Entry(Use.BLOCKED, at(6), at(8)),
    ]


def test_other_programs_read_the_events() -> None:
    made = calendar(
        booked=range(2, 6), lines=dict.fromkeys(map(at, range(2, 6)), LINE), name="mill; 5,\\axes"
    )
    now = UnixSeconds(1_800_000_000)
    (event,) = ICalendar.from_ical(made.icalendar(at=now)).walk("VEVENT")
    assert event["SUMMARY"] == "mill; 5,\\axes booked"
    assert event["DESCRIPTION"] == f"Order line 0x{LINE.hex()}"
    assert event.decoded("DTSTART") == datetime(2027, 3, 27, 1, tzinfo=UTC)
    assert event.decoded("DTEND") == datetime(2027, 3, 27, 5, tzinfo=UTC)
    assert event.decoded("DTSTAMP") == datetime.fromtimestamp(now, UTC)
    again = ICalendar.from_ical(made.icalendar(at=UnixSeconds(now + 9))).walk("VEVENT")
    assert again[0]["UID"] == event["UID"]


def test_a_drawing_says_of_each_hour_what_it_is_and_runs_nothing() -> None:
    made = calendar(
        booked=range(2, 6), blocked=range(6, 7), lines={at(2): LINE}, name="<script>alert(1)</script>"
    )
    drawn = ET.fromstring(made.svg())  # noqa: S314 - our own
    cells = {use: drawn.findall(f".//*[@class='{use.value}']") for use in Use}
    assert {use: len(found) for use, found in cells.items()} == {Use.BOOKED: 4, Use.BLOCKED: 1, Use.FREE: 42}
    told = [cell[0].text for cell in cells[Use.BOOKED]]
    assert told[:2] == [
        f"Sat 2027-03-27 02:00 CET booked line 0x{LINE.hex()}",
        "Sat 2027-03-27 03:00 CET booked",
    ]
    assert "<script" not in made.svg()
