"""Hours as the market counts them, and the calendar times that people mean by them.

An hour is its index, Unix seconds / 3600, and a pattern of hours is a row of words with a bit for each of
256 hours. People give local times; those become hours only with their time zone or offset, and only if they
exist and begin on a full hour of UTC. A night in which clocks change has an hour more or less, and no hour
that does not exist.
"""

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from itertools import groupby
from typing import Final, Self

from fabricant.domain.units import (
    HOUR,
    HourIndex,
    UnixSeconds,
    format_time,
    hour_of,
    parse_duration,
    parse_time,
    printable,
    start_of,
)
from fabricant.errors import InvalidInput

HOURS_PER_WORD: Final = 256
MOST_WORDS: Final = 2**32
LONGEST_RANGE: Final = 20_000  # hours, more than two years
EVERY_DAY: Final = range(7)  # Monday is 0
WORKDAYS: Final = range(5)


class EmptyMask(InvalidInput):
    """A pattern marks no hour, or its first or last word is empty."""


@dataclass(frozen=True, slots=True)
class HourPattern:
    """A set of hours: bit b of `masks[i]` stands for hour (first_word + i) * 256 + b.

    There is one spelling of each set: the first and the last word are not empty. Raises EmptyMask.
    """

    first_word: int
    masks: tuple[int, ...]

    def __post_init__(self) -> None:
        if not self.masks or not self.masks[0] or not self.masks[-1]:
            raise EmptyMask("a pattern of hours begins and ends with a word that marks one; mark an hour")
        if not all(0 <= mask < 2**HOURS_PER_WORD for mask in self.masks):
            raise InvalidInput(f"a word of hours has {HOURS_PER_WORD} bits")
        if not 0 <= self.first_word <= MOST_WORDS - len(self.masks):
            raise InvalidInput("these hours lie beyond the market's calendar")

    @classmethod
    def of(cls, hours: Iterable[HourIndex]) -> Self:
        """The pattern of these hours, in any order. Raises EmptyMask for none."""
        words: dict[int, int] = {}
        for hour in hours:
            words[hour // HOURS_PER_WORD] = words.get(hour // HOURS_PER_WORD, 0) | 1 << hour % HOURS_PER_WORD
        first, last = min(words, default=0), max(words, default=-1)
        return cls(first, tuple(words.get(word, 0) for word in range(first, last + 1)))

    @property
    def hours(self) -> tuple[HourIndex, ...]:
        """All its hours, in order."""
        return tuple(
            HourIndex((self.first_word + index) * HOURS_PER_WORD + bit)
            for index, mask in enumerate(self.masks)
            for bit in range(HOURS_PER_WORD)
            if mask >> bit & 1
        )

    @property
    def first(self) -> HourIndex:
        """The first hour."""
        low = self.masks[0] & -self.masks[0]
        return HourIndex(self.first_word * HOURS_PER_WORD + low.bit_length() - 1)

    @property
    def last(self) -> HourIndex:
        """The last hour."""
        words = self.first_word + len(self.masks) - 1
        return HourIndex(words * HOURS_PER_WORD + self.masks[-1].bit_length() - 1)

    @property
    def count(self) -> int:
        """How many hours there are."""
        return sum(mask.bit_count() for mask in self.masks)

    @property
    def span(self) -> int:
        """How many hours lie from the first to the last, both included."""
        return self.last - self.first + 1

    def begins_with_run(self, length: int) -> bool:
        """Whether the first `length` hours follow each other without a gap."""
        hours = self.hours[:length]
        return len(hours) == length and (length == 0 or hours[-1] - hours[0] == length - 1)

    def overlap(self, words: Iterable[int]) -> tuple[HourIndex, ...]:
        """Its hours that are also set in `words`, one for each of its own words."""
        common = tuple(mask & word for mask, word in zip(self.masks, words, strict=True))
        if not any(common):
            return ()
        return tuple(hour for hour in self.hours if self._bit(common, hour))

    def remaining(self, at: UnixSeconds) -> tuple[HourIndex, ...]:
        """Its hours that have not begun: they are free again when they are returned."""
        return tuple(hour for hour in self.hours if hour > hour_of(at))

    def spans(self) -> tuple[tuple[HourIndex, HourIndex], ...]:
        """Its hours as unbroken spans: first hour, and the hour after the last."""
        runs = groupby(enumerate(self.hours), key=lambda numbered: numbered[1] - numbered[0])
        unbroken = ([hour for _, hour in run] for _, run in runs)
        return tuple((run[0], HourIndex(run[-1] + 1)) for run in unbroken)

    def lines(self) -> list[str]:
        """Its hours for people: a span a line, in UTC."""
        return [
            f"{format_time(start_of(begin))} to {format_time(start_of(end))} ({end - begin} h)"
            for begin, end in self.spans()
        ]

    def _bit(self, words: tuple[int, ...], hour: HourIndex) -> int:
        index, bit = divmod(hour - self.first_word * HOURS_PER_WORD, HOURS_PER_WORD)
        return words[index] >> bit & 1


def hours_between(begin: datetime, end: datetime) -> range:
    """The hours from `begin` to `end`, exclusive. Both have a time zone and lie on a full hour of UTC.

    Raises InvalidInput otherwise, for times that do not exist or come twice where clocks change, and if
    `end` is not later.
    """
    return _hours(_moment(begin), _moment(end))


def shifts(
    first_day: date,
    last_day: date,
    *,
    begin: time,
    end: time,
    zone: tzinfo,
    weekdays: Collection[int] = EVERY_DAY,
) -> HourPattern:
    """The same local hours on each of several days, both included; overnight if `end` is not after `begin`.

    `weekdays`: which days count, Monday 0 to Sunday 6. Raises InvalidInput as `hours_between`, EmptyMask
    for no day.
    """
    found: list[int] = []
    for number in range((last_day - first_day).days + 1):
        day = first_day + timedelta(days=number)
        if day.weekday() in weekdays:
            until = day if end > begin else day + timedelta(days=1)
            found += hours_between(
                datetime.combine(day, begin, tzinfo=zone), datetime.combine(until, end, tzinfo=zone)
            )
    return HourPattern.of(map(HourIndex, found))


def parse_hours(text: str) -> HourPattern:
    """The hours that a list of spans means, such as "2027-01-11T06:00+01:00/8 h, 2027-01-12T06:00+01:00/8 h".

    A span is a time with its offset, a slash, and a duration or another time. Raises InvalidInput.
    """
    found: list[int] = []
    for span in filter(None, (part.strip() for part in text.split(","))):
        begin_text, slash, end_text = (part.strip() for part in span.partition("/"))
        if not slash:
            raise InvalidInput(
                f"{printable(span, 60)!r} is no span of hours; write it like 2027-01-11T06:00+01:00/8 h"
            )
        begin = parse_time(begin_text)
        lasts = re.match(r"\d+ ?[a-z]", end_text)
        end = UnixSeconds(begin + parse_duration(end_text)) if lasts else parse_time(end_text)
        found += _hours(begin, end)
    return HourPattern.of(map(HourIndex, found))


def _hours(begin: UnixSeconds, end: UnixSeconds) -> range:
    for moment in (begin, end):
        if moment % HOUR:
            raise InvalidInput(
                f"{format_time(moment)} is not on a full hour of UTC, as the market counts them"
            )
    hours = range(hour_of(begin), hour_of(end))
    if not hours or len(hours) > LONGEST_RANGE:
        raise InvalidInput(
            f"{format_time(begin)} to {format_time(end)} are no hours to book; correct the times"
        )
    return hours


def _moment(local: datetime) -> UnixSeconds:
    if local.tzinfo is None:
        raise InvalidInput(f"{local.isoformat()} has no time zone; say where it is meant")
    if local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset():
        raise InvalidInput(
            f"{local.replace(tzinfo=None).isoformat()} comes twice or never in {local.tzinfo}, where clocks "
            "change then; choose another hour, or give its offset"
        )
    return UnixSeconds((local - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(seconds=1))
