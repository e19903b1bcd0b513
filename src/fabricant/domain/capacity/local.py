"""Hours as people say them: local times in a named zone.

The zone is always named, because a shift from six to two is another set of hours in every country.
"""

import re
from datetime import date, datetime, time, tzinfo
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from fabricant.domain.capacity.hours import (
    EVERY_DAY,
    HourPattern,
    hours_between,
    parse_hours,
    shifts,
)
from fabricant.domain.units import HourIndex, printable, start_of
from fabricant.errors import InvalidInput

_DAY: Final = r"(\d{4}-\d\d-\d\d)"
_CLOCK: Final = r"(\d\d:\d\d)"
_SAME_DAY: Final = re.compile(rf"{_DAY} {_CLOCK} to {_CLOCK}", re.ASCII)
_TWO_DAYS: Final = re.compile(rf"{_DAY} {_CLOCK} to {_DAY} {_CLOCK}", re.ASCII)
_EACH_DAY: Final = re.compile(rf"{_DAY} to {_DAY},? {_CLOCK} to {_CLOCK}", re.ASCII)


def parse_zone(name: str) -> ZoneInfo:
    """A time zone by its name, such as Europe/Berlin or UTC. Raises InvalidInput for others."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise InvalidInput(
            f"there is no time zone {printable(name, 40)!r}; write it like Europe/Berlin, or UTC"
        ) from None


def parse_local_hours(text: str, zone: tzinfo | None) -> HourPattern:
    """The hours that a text means in a zone. Raises InvalidInput.

    "2026-12-01 06:00 to 14:00" on one day (overnight if the end is not later), "2026-12-01 22:00 to
    2026-12-02 06:00", "2026-12-01 to 2026-12-05 06:00 to 14:00" on each of several days; or, without a
    zone, with an offset and a duration: "2026-12-01T06:00+01:00/8 h".
    """
    if "/" in text:
        return parse_hours(text)
    if zone is None:
        raise InvalidInput(
            f"{printable(text, 60)!r} has no time zone; name one, such as Europe/Berlin or UTC"
        )
    try:
        return _parse(text, zone)
    except ValueError as wrong:
        raise InvalidInput(f"{printable(text, 60)!r} are no hours: {wrong}") from None


def _parse(text: str, zone: tzinfo) -> HourPattern:
    if match := _TWO_DAYS.fullmatch(text):
        begin, end = (
            datetime.combine(date.fromisoformat(day), time.fromisoformat(clock), tzinfo=zone)
            for day, clock in ((match[1], match[2]), (match[3], match[4]))
        )
        return HourPattern.of(map(HourIndex, hours_between(begin, end)))
    if match := _SAME_DAY.fullmatch(text):
        first, last, begins, ends = match[1], match[1], match[2], match[3]
    elif match := _EACH_DAY.fullmatch(text):
        first, last, begins, ends = match.groups()
    else:
        raise InvalidInput(
            f"{printable(text, 60)!r} are no hours; write them like 2026-12-01 06:00 to 14:00, or like "
            "2026-12-01 to 2026-12-05 06:00 to 14:00"
        )
    return shifts(
        date.fromisoformat(first),
        date.fromisoformat(last),
        begin=time.fromisoformat(begins),
        end=time.fromisoformat(ends),
        zone=zone,
        weekdays=EVERY_DAY,
    )


def joined(patterns: list[HourPattern]) -> HourPattern:
    """All hours of several patterns. Raises InvalidInput if an hour is in two of them: that is a mistake."""
    hours = [hour for pattern in patterns for hour in pattern.hours]
    if len(set(hours)) < len(hours):
        raise InvalidInput("some hours are named twice; name each once")
    return HourPattern.of(hours)


def local_spans(pattern: HourPattern, zone: tzinfo | None) -> list[str]:
    """A pattern's hours for people: a span a line, in a zone, or else in UTC."""
    if zone is None:
        return pattern.lines()
    spans = ((_local(begin, zone), _local(end, zone), end - begin) for begin, end in pattern.spans())
    return [
        f"{begin:%a %Y-%m-%d %H:%M} to {end:%a %Y-%m-%d %H:%M %Z} ({hours} h)" for begin, end, hours in spans
    ]


def _local(hour: HourIndex, zone: tzinfo) -> datetime:
    return datetime.fromtimestamp(start_of(hour), zone)
