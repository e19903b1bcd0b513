"""Production: the parts that a log shows being made, one by one.

A part is finished when the machine's part count goes up for a program that was seen running. Its cycle
begins with the program, or with the part before it while the program goes on, and ends with the program or
the count, whichever is first. What the log does not show is not claimed: a count that rose while nothing
was recorded makes no part.
"""

import re
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final, NewType

from eth_hash.auto import keccak

from fabricant.domain.canonical import canonical_json
from fabricant.domain.machine import Machine
from fabricant.domain.records import Manifest
from fabricant.domain.shdr import (
    SECOND,
    UNAVAILABLE,
    LineNumber,
    Log,
    Nanoseconds,
    Observations,
    Timed,
    UnixNanoseconds,
    plain_name,
    time_text,
)
from fabricant.errors import InvalidInput

TwinHash = NewType("TwinHash", bytes)  # keccak256 of a production record, 32 bytes
LineRange = tuple[LineNumber, LineNumber]  # both inclusive

LATEST_COUNT: Final = Nanoseconds(60 * SECOND)  # after the end of its program; later, it counts another part
MOST_AT_ONCE: Final = 100  # parts of one cycle

_FORMAT: Final = "fabricant-production/1"
_RUNNING: Final = "ACTIVE"
_ENDED: Final = frozenset({"READY", "PROGRAM_COMPLETED", UNAVAILABLE})  # every other state is an interruption
_COUNT: Final = re.compile(r"(\d{1,9})(?:\.0+)?(?::\w+)?", re.ASCII)  # "0:DAY" is a count that was reset
_LOAD: Final = re.compile(r"\d{1,9}(?:\.\d{1,9})?", re.ASCII)

# What adapters call the things that production is read from, as plain names, with or without a path in front.
_ROLES: Final = {
    role: re.compile(rf"(?:path|p)?\d*(?:{names})")
    for role, names in {
        "execution": "execution|executionstate|exec",
        "count": "partcount|partcountact|partscount|count",
        "program": "program|programname|activeprogram|mainprogram",
        "tool": "tool|toolid|toolnumber|currenttool|activetool",
    }.items()
}
_SPINDLE_LOAD: Final = re.compile(r"s\d*load|(?:s\d*)?spindle\d*load")
_AVAILABILITY: Final = re.compile(r"avail|availability")


class NoSignal(InvalidInput):
    """The log never reports something that production is read from: `role` is "execution" or "count"."""

    def __init__(self, role: str) -> None:
        super().__init__(
            f"the log never reports the {role}, so no part can be seen in it; name the key that does"
        )
        self.role = role


class ImplausibleCount(InvalidInput):
    """The part count leapt at `line_number` by more parts than one cycle can make."""

    def __init__(self, line_number: LineNumber, before: int, after: int) -> None:
        super().__init__(
            f"at line {line_number} the part count leaps from {before} to {after} within one cycle;"
            f" more than {MOST_AT_ONCE} at once are not believed, cut the log there"
        )
        self.line_number = line_number
        self.before = before
        self.after = after


@dataclass(frozen=True, slots=True)
class Signals:
    """The keys that production is read from, as they stand in the log."""

    execution: str
    count: str
    program: str | None = None
    tool: str | None = None

    @classmethod
    def of(cls, log: Log) -> "Signals":
        """The first key in the log for each of them. Raises NoSignal for a log without execution or count."""
        keys = dict.fromkeys(key for record in _observations(log) for key, _ in record.values)
        found: dict[str, str] = {}
        for key in keys:
            for role, names in _ROLES.items():
                if names.fullmatch(plain_name(key)):
                    found.setdefault(role, key)
        for role in ("execution", "count"):
            if role not in found:
                raise NoSignal(role)
        return cls(**found)


@dataclass(frozen=True, slots=True)
class ProducedPart:
    """One finished part, and where the log shows it.

    `serial` is the machine's serial number and the second in which the part was finished. `count` is what the
    machine counted with it, at `counted`. `tools` were in the spindle, in the order of their first use;
    `spindle_loads` are the highest that were reported, by key, in the log's own unit (percent, as a rule).
    `lines` are all lines of the log from `started` to `counted`.
    """

    serial: str
    program: str
    started: UnixNanoseconds
    finished: UnixNanoseconds
    counted: UnixNanoseconds
    count: int
    tools: tuple[str, ...]
    spindle_loads: tuple[tuple[str, str], ...]
    lines: tuple[LineRange, ...]

    @property
    def cycle_ms(self) -> int:
        """Milliseconds from start to finish, interruptions included, rounded down."""
        return (self.finished - self.started) // 1_000_000


def produced_parts(log: Log, machine: Machine, signals: Signals | None = None) -> tuple[ProducedPart, ...]:
    """The parts that a log shows, in the order in which they were finished.

    Recordings may stand in any order. Without `signals` they are found in the log: raises NoSignal if they
    can't be, ImplausibleCount for a count that leaps. A log in which nothing was finished gives no parts.
    """
    lines, serials = _LinesByTime(log), Counter[str]()
    parts = []
    for counted in _counted(log, signals or Signals.of(log)):
        serial = f"{machine.serial}-{_stamp(counted.finished)}"
        for count in counted.counts:
            serials[serial] += 1
            parts.append(
                ProducedPart(
                    serial=serial if serials[serial] == 1 else f"{serial}-{serials[serial]}",
                    program=counted.cycle.program,
                    started=counted.cycle.started,
                    finished=counted.finished,
                    counted=counted.time,
                    count=count,
                    tools=tuple(counted.cycle.tools),
                    spindle_loads=tuple(sorted(counted.cycle.loads.items())),
                    lines=lines.between(counted.cycle.started, counted.time),
                )
            )
    return tuple(parts)


def production_record(part: ProducedPart, *, machine: Machine, manifest: Manifest) -> bytes:
    """The production record of a part: canonical JSON that binds it to machine and anchored log."""
    return canonical_json(
        {
            "format": _FORMAT,
            "machine": {"maker": machine.maker, "model": machine.model, "serial": machine.serial},
            "log": {"root": f"0x{manifest.root.hex()}", "lines": manifest.count},
            "serial": part.serial,
            "program": part.program,
            "started": time_text(part.started),
            "finished": time_text(part.finished),
            "counted": time_text(part.counted),
            "cycleMs": part.cycle_ms,
            "count": part.count,
            "tools": part.tools,
            "spindleLoads": dict(part.spindle_loads),
            "evidence": part.lines,
        }
    )


def twin_hash(record: bytes) -> TwinHash:
    """The digest of a production record: what the product's asset carries on chain."""
    return TwinHash(keccak(record))


@dataclass(slots=True)
class _Cycle:
    """A run of a program, while the log is read. It is over when `ended` is set."""

    program: str
    started: UnixNanoseconds
    tools: dict[str, None]
    loads: dict[str, str] = field(default_factory=dict)
    ended: UnixNanoseconds | None = None

    def can_be_counted(self, time: UnixNanoseconds) -> bool:
        return self.ended is None or time - self.ended <= LATEST_COUNT


@dataclass(frozen=True, slots=True)
class _Counted:
    """A cycle that made parts, and what the machine counted with each of them."""

    cycle: _Cycle
    time: UnixNanoseconds
    counts: range

    @property
    def finished(self) -> UnixNanoseconds:
        return self.time if self.cycle.ended is None else self.cycle.ended


@dataclass(slots=True)
class _Reader:
    """Follows the signals through time. `cycle` is the one that runs, or has ended and may yet be counted."""

    signals: Signals
    program: str = ""
    tool: str = ""
    count: int | None = None
    cycle: _Cycle | None = None

    def read(self, record: Observations) -> Iterator[_Counted]:
        """Takes in what was observed at one time; gives the cycles that this counts."""
        for key, value in record.values:
            if key == self.signals.execution:
                self._on_execution(record.time, value.upper())
            elif key == self.signals.count:
                yield from self._on_count(record, value)
            elif key == self.signals.program:
                self._on_program(record.time, value)
            elif key == self.signals.tool:
                self._on_tool(value)
            elif _AVAILABILITY.fullmatch(plain_name(key)):
                self.count = None  # a connection begins and restates everything: a count to begin from
            else:
                self._on_other(key, value)

    def _on_execution(self, time: UnixNanoseconds, state: str) -> None:
        running = self.cycle is not None and self.cycle.ended is None
        if state == _RUNNING and not running:
            self.cycle = self._begin(time)
        elif state in _ENDED and running and self.cycle:
            self.cycle.ended = time

    def _on_count(self, record: Observations, value: str) -> Iterator[_Counted]:
        match = _COUNT.fullmatch(value)
        before, self.count = self.count, int(match[1]) if match else None
        if before is None or self.count is None or self.count <= before:
            return
        cycle = self.cycle
        if cycle is None or not cycle.can_be_counted(record.time):
            return
        if self.count - before > MOST_AT_ONCE:
            raise ImplausibleCount(record.first, before, self.count)
        self.cycle = self._begin(record.time) if cycle.ended is None else None
        yield _Counted(cycle, record.time, range(before + 1, self.count + 1))

    def _on_program(self, time: UnixNanoseconds, value: str) -> None:
        self.program = "" if value == UNAVAILABLE else value
        if self.cycle and (time == self.cycle.started or not self.cycle.program):
            self.cycle.program = self.program

    def _on_tool(self, value: str) -> None:
        self.tool = "" if value == UNAVAILABLE else value
        if self.tool and self.cycle and self.cycle.ended is None:
            self.cycle.tools.setdefault(self.tool)

    def _on_other(self, key: str, value: str) -> None:
        cycle = self.cycle
        spindle = _SPINDLE_LOAD.fullmatch(plain_name(key)) and _LOAD.fullmatch(value)
        if spindle and cycle and cycle.ended is None:
            cycle.loads[key] = max(cycle.loads.get(key, value), value, key=Decimal)

    def _begin(self, time: UnixNanoseconds) -> _Cycle:
        return _Cycle(program=self.program, started=time, tools={self.tool: None} if self.tool else {})


class _LinesByTime:
    """All lines of a log that have a time, in the order of time."""

    def __init__(self, log: Log) -> None:
        self._records = sorted(_timed(log.records), key=lambda record: record.time)
        self._times = [record.time for record in self._records]

    def between(self, first: UnixNanoseconds, last: UnixNanoseconds) -> tuple[LineRange, ...]:
        """The lines from `first` to `last`, both inclusive, as ascending ranges that do not touch."""
        within = self._records[bisect_left(self._times, first) : bisect_right(self._times, last)]
        ranges: list[LineRange] = []
        for begin, end in sorted((record.first, record.last) for record in within):
            if ranges and begin == ranges[-1][1] + 1:
                ranges[-1] = (ranges[-1][0], end)
            else:
                ranges.append((begin, end))
        return tuple(ranges)


def _counted(log: Log, signals: Signals) -> Iterator[_Counted]:
    """The cycles that were counted. Recordings may stand in any order: the time of each line decides."""
    reader = _Reader(signals)
    for record in sorted(_observations(log), key=lambda record: record.time):
        yield from reader.read(record)


def _observations(log: Log) -> Iterator[Observations]:
    return (record for record in log.records if isinstance(record, Observations))


def _timed(records: Iterable[object]) -> Iterator[Timed]:
    return (record for record in records if isinstance(record, Timed))


def _stamp(time: UnixNanoseconds) -> str:
    """The second in which `time` lies: "20220808T135443"."""
    return re.sub(r"[-:]|[.Z].*", "", time_text(time))
