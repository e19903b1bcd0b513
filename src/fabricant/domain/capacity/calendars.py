"""A machine's calendar as people see it: a chart of days, a drawing, or a file for their own calendar.

Days begin at midnight in a zone. A night in which clocks change makes a day of 23 or 25 hours.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import Enum
from itertools import groupby
from typing import Final
from xml.sax.saxutils import escape

from icalendar import Calendar as ICalendar
from icalendar import Event

from fabricant.domain.assets import AssetId
from fabricant.domain.capacity.bookings import CalendarWord
from fabricant.domain.capacity.hours import HOURS_PER_WORD, hours_between
from fabricant.domain.escrow import LineId
from fabricant.domain.units import HourIndex, UnixSeconds, printable, start_of

_LABEL, _CELL, _ROW, _MARGIN = 130, 24, 26, 20  # pixels
_STYLE: Final = (
    "text{font:11px monospace;fill:#1a1a1a}rect{stroke:#5a6672}"
    ".free{fill:#fff}.booked{fill:#2f6db5}.blocked{fill:#c9ced4}"
    "@media(prefers-color-scheme:dark){svg{background:#fff}}"
)


class Use(Enum):
    """What an hour is used for. `sign`: how a chart shows it."""

    FREE = "free"
    BOOKED = "booked"
    BLOCKED = "blocked"

    @property
    def sign(self) -> str:
        """One character."""
        return {Use.FREE: "·", Use.BOOKED: "B", Use.BLOCKED: "x"}[self]


@dataclass(frozen=True, slots=True)
class Entry:
    """Hours without a gap and with one use. `end` is exclusive; `line`: whose they are, if that is known."""

    use: Use
    begin: HourIndex
    end: HourIndex
    line: LineId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """So many days of a machine. `words` are its calendar's; those that are not given are free."""

    name: str  # of the machine, for people
    machine: AssetId
    first: date
    days: int
    zone: tzinfo
    words: Mapping[int, CalendarWord]
    lines: Mapping[HourIndex, LineId]  # who holds booked hours

    @property
    def hours(self) -> range:
        """All its hours."""
        return days_of(self.first, self.days, self.zone)

    def use_of(self, hour: int) -> Use:
        """What an hour is used for."""
        word, bit = self.words.get(hour // HOURS_PER_WORD, CalendarWord()), hour % HOURS_PER_WORD
        if word.booked >> bit & 1:
            return Use.BOOKED
        return Use.BLOCKED if word.blocked >> bit & 1 else Use.FREE

    def entries(self) -> Iterator[Entry]:
        """Its booked and blocked hours, in order."""

        def key(hour: int) -> tuple[Use, LineId | None]:
            use = self.use_of(hour)
            return use, self.lines.get(HourIndex(hour)) if use is Use.BOOKED else None

        for (use, line), run in groupby(self.hours, key):
            if use is not Use.FREE:
                hours = [*run]
                yield Entry(use, HourIndex(hours[0]), HourIndex(hours[-1] + 1), line)

    def chart(self) -> Iterator[str]:
        """Its days, a line each: a sign for every hour, from midnight on."""
        ticks = "".join(f"{hour:<6}" for hour in range(0, 24, 6))
        yield f"{'':14} {ticks}"
        for day, hours in self._rows():
            yield f"{day:%a %Y-%m-%d} {''.join(self.use_of(hour).sign for hour in hours)}"

    def svg(self) -> str:
        """Its days as a drawing that stands for itself: no script, no font, nothing from elsewhere."""
        rows = [*self._rows()]
        longest = max(len(hours) for _, hours in rows)
        width, height = 2 * _MARGIN + _LABEL + longest * _CELL, 2 * _MARGIN + (len(rows) + 2) * _ROW
        size = f'width="{width}" height="{height}" viewBox="0 0 {width} {height}"'
        lines = [
            f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img">',
            f"<title>{escape(printable(self.name))}</title><style>{_STYLE}</style>",
        ]
        lines += [
            f'<text x="{_MARGIN + _LABEL + hour * _CELL}" y="{_MARGIN + _ROW - 10}">{hour}</text>'
            for hour in range(0, 24, 6)
        ]
        for number, (day, hours) in enumerate(rows, 1):
            y = _MARGIN + number * _ROW
            lines.append(f'<text x="{_MARGIN}" y="{y + 16}">{day:%a %Y-%m-%d}</text>')
            lines += [self._cell(hour, _MARGIN + _LABEL + at * _CELL, y) for at, hour in enumerate(hours)]
        said = f"{printable(self.name)}, {self.zone}: blue is booked, grey blocked, white free"
        lines.append(f'<text x="{_MARGIN}" y="{_MARGIN + (len(rows) + 2) * _ROW - 8}">{escape(said)}</text>')
        return "\n".join([*lines, "</svg>", ""])

    def icalendar(self, *, at: UnixSeconds) -> bytes:
        """Its booked and blocked hours as events (RFC 5545). `at`: when it was read.

        An event that is exported again has its former UID, so that a calendar replaces it.
        """
        file = ICalendar()
        file.add("prodid", "-//Fabricant//fabricant calendar//EN")
        file.add("version", "2.0")
        for entry in self.entries():
            event = Event()
            event.add("uid", f"{self.machine:064x}-{entry.begin}@fabricant")
            event.add("dtstamp", datetime.fromtimestamp(at, UTC))
            event.add("dtstart", datetime.fromtimestamp(start_of(entry.begin), UTC))
            event.add("dtend", datetime.fromtimestamp(start_of(entry.end), UTC))
            event.add("summary", f"{printable(self.name)} {entry.use.value}")
            if entry.line is not None:
                event.add("description", f"Order line 0x{entry.line.hex()}")
            file.add_component(event)
        return bytes(file.to_ical())

    def _rows(self) -> Iterator[tuple[datetime, range]]:
        for number in range(self.days):
            day = datetime.combine(self.first + timedelta(days=number), time(), tzinfo=self.zone)
            yield day, days_of(day.date(), 1, self.zone)

    def _cell(self, hour: int, x: int, y: int) -> str:
        use, line = self.use_of(hour), self.lines.get(HourIndex(hour))
        begin = datetime.fromtimestamp(start_of(HourIndex(hour)), self.zone)
        told = f"{begin:%a %Y-%m-%d %H:%M %Z} {use.value}"
        told += f" line 0x{line.hex()}" if use is Use.BOOKED and line is not None else ""
        place = f'x="{x}" y="{y}" width="{_CELL}" height="{_ROW - 4}"'
        return f'<rect class="{use.value}" {place}><title>{escape(told)}</title></rect>'


def days_of(first: date, days: int, zone: tzinfo) -> range:
    """The hours of so many days from a day on. Raises InvalidInput."""
    begin = datetime.combine(first, time(), tzinfo=zone)
    return hours_between(begin, begin + timedelta(days=days))
