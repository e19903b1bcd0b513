"""SHDR, the lines that an MTConnect adapter sends, read without a device model.

A log is a sequence of records, and every physical line belongs to exactly one of them: mostly one line is
one record, an asset or a device model may span many. The protocol leaves to the device model which keys are
conditions or messages; here the shape of the line decides, by the rules in `_read_items`, and
docs/records.md states them. What is not SHDR is refused with its line and the reason, and no other error
ever leaves this module.
"""

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Final, NewType

from fabricant.domain.units import printable
from fabricant.errors import InvalidInput

LineNumber = NewType("LineNumber", int)  # the first line of a log is 1
UnixNanoseconds = NewType("UnixNanoseconds", int)
Nanoseconds = NewType("Nanoseconds", int)  # a duration

SECOND: Final = 1_000_000_000  # in nanoseconds
UNAVAILABLE: Final = "UNAVAILABLE"
MAX_LOG_BYTES: Final = 512 * 1024 * 1024
MAX_LINE_BYTES: Final = 1024 * 1024

_LEVELS: Final = frozenset({"NORMAL", "WARNING", "FAULT", UNAVAILABLE})
_ALARMING: Final = frozenset({"WARNING", "FAULT"})
_ALARM_STATES: Final = frozenset({"ACTIVE", "CLEARED", "INSTANT"})
_ALARM_SEVERITIES: Final = frozenset({"", "CRITICAL", "ERROR", "WARNING", "INFORMATION"})
_EXCERPT: Final = 80  # characters of a refused line that are shown
_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"

_TIME: Final = re.compile(
    r"((?:19[7-9]|2\d\d)\d-\d\d-\d\d)T([01]\d|2[0-3]):([0-5]\d):([0-5]\d|60)(?:\.(\d{1,9}))?"
    r"(?:Z|([+-])([01]\d|2[0-3]):?([0-5]\d))?(?:@(\d{1,9})(?:\.(\d{1,9}))?)?",
    re.ASCII,
)
_QUOTED: Final = re.compile(r'\s*"((?:[^"\\|]|\\.)*)"\s*(?=\||\Z)', re.DOTALL)
_COMMAND: Final = re.compile(r"\*\s*([A-Za-z]\w*)\s*(?::|\s|\Z)\s*(.*)", re.ASCII | re.DOTALL)
_OPENING: Final = re.compile(r"(.*\||\*[^:|]*:)\s*(--multiline--\S*)\s*", re.DOTALL)
_NUMBER: Final = re.compile(r"[+-]?\d{1,18}(?:\.\d{1,18})?", re.ASCII)


class NotShdr(InvalidInput):
    """A line is not SHDR. `line_number` says which, `excerpt` is safe to show, `reason` says why."""

    def __init__(self, line_number: LineNumber, excerpt: str, reason: str) -> None:
        reads = f"; it reads: {excerpt}" if excerpt else ""
        super().__init__(f"line {line_number} is not SHDR: {reason}{reads}")
        self.line_number = line_number
        self.excerpt = excerpt
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Record:
    """What one or several lines say. `first` and `last` are the numbers of its lines, both inclusive."""

    first: LineNumber
    last: LineNumber


@dataclass(frozen=True, slots=True)
class Blank(Record):
    """A line without content."""


@dataclass(frozen=True, slots=True)
class Command(Record):
    """What the adapter tells the agent about itself or the device: `* manufacturer: …`, `* PONG 10000`."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Timed(Record):
    """A record with its time, and for a statistic the period that it covers."""

    time: UnixNanoseconds
    duration: Nanoseconds | None


@dataclass(frozen=True, slots=True)
class Observations(Timed):
    """Values that were observed at one time, as (key, value). Data sets and tables stay as they were sent."""

    values: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Condition(Timed):
    """The state of something that can fail. `level` is NORMAL, WARNING, FAULT or UNAVAILABLE."""

    key: str
    level: str
    native_code: str
    native_severity: str
    qualifier: str
    text: str


@dataclass(frozen=True, slots=True)
class Message(Timed):
    """A text for people."""

    key: str
    native_code: str
    text: str


@dataclass(frozen=True, slots=True)
class Alarm(Timed):
    """The form of a condition before MTConnect 1.1."""

    key: str
    code: str
    native_code: str
    severity: str
    state: str
    text: str


@dataclass(frozen=True, slots=True)
class TimeSeries(Timed):
    """Many samples of one key at a fixed rate (in hertz, or empty)."""

    key: str
    rate: str
    samples: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Asset(Timed):
    """A document about something that outlives a program, such as a cutting tool. `body` is not parsed."""

    asset_id: str
    type: str
    body: str


@dataclass(frozen=True, slots=True)
class AssetUpdate(Timed):
    """New values for parts of an asset, as (name, value)."""

    asset_id: str
    changes: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class AssetRemoval(Timed):
    """An asset is gone."""

    asset_id: str


@dataclass(frozen=True, slots=True)
class AllAssetsRemoval(Timed):
    """All assets of a type are gone; of every type, if it is empty."""

    type: str


@dataclass(frozen=True, slots=True)
class Log:
    """A log as it was read. Its lines together are its bytes; its records cover each line exactly once."""

    lines: tuple[bytes, ...]
    records: tuple[Record, ...]


def split_lines(data: bytes) -> tuple[bytes, ...]:
    r"""The physical lines of a file, each with its ending. Only "\n" ends a line; no byte is lost."""
    return tuple(io.BytesIO(data))


def parse(data: bytes) -> Log:
    """Reads a whole log. Raises NotShdr, and nothing else, for bytes that are not one."""
    if len(data) > MAX_LOG_BYTES:
        raise NotShdr(LineNumber(1), "", f"the log is larger than {MAX_LOG_BYTES} bytes, cut it into parts")
    lines = split_lines(data)
    if not lines:
        raise NotShdr(LineNumber(1), "", "the log is empty")
    return Log(lines=lines, records=tuple(_records(lines)))


def time_text(time: UnixNanoseconds) -> str:
    """A time as SHDR writes it, in UTC and as exact as it was: "2022-08-08T13:51:34.7167146Z"."""
    seconds, fraction = divmod(time, SECOND)
    days, second = divmod(seconds, 86_400)
    day = date.fromordinal(_EPOCH + days)
    clock = f"{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}"
    return f"{day}T{clock}.{fraction:09}".rstrip("0").rstrip(".") + "Z"


@lru_cache(maxsize=4096)
def plain_name(key: str) -> str:
    """A key without its device, in small letters and digits alone: "Mill:Serial Number" is "serialnumber"."""
    return re.sub(r"[\W_]", "", key.rpartition(":")[2]).lower()


_Where = tuple[LineNumber, LineNumber, UnixNanoseconds, Nanoseconds | None]  # the fields of Timed


class _Malformed(Exception):
    """Why a line is not SHDR."""


def _records(lines: tuple[bytes, ...]) -> Iterator[Record]:
    numbered = enumerate(lines, 1)
    for first, line in numbered:
        last = first
        try:
            text = _decode(first, line.removeprefix(_BYTE_ORDER_MARK) if first == 1 else line)
            opening = _OPENING.fullmatch(text) if "--multiline--" in text else None
            if opening:
                body, last = _read_body(numbered, opening[2])
                text = opening[1] + body
            yield _read(LineNumber(first), LineNumber(last), text)
        except _Malformed as problem:
            raise _refusal(first, line, str(problem)) from None


def _refusal(number: int, line: bytes, reason: str) -> NotShdr:
    return NotShdr(LineNumber(number), printable(line, _EXCERPT), reason)


def _decode(number: int, line: bytes) -> str:
    if len(line) > MAX_LINE_BYTES:
        raise _refusal(number, line, f"it is longer than {MAX_LINE_BYTES} bytes")
    if b"\0" in line:
        raise _refusal(number, line, "it contains NUL bytes, as binary files and UTF-16 do; save it as UTF-8")
    return line.rstrip(b"\r\n").decode("utf-8", "backslashreplace")


def _read_body(numbered: "enumerate[bytes]", terminator: str) -> tuple[str, int]:
    body: list[str] = []
    for number, line in numbered:
        text = _decode(number, line)
        if text.rstrip() == terminator:
            return "\n".join(body), number
        body.append(text)
    raise _Malformed(f"it opens {printable(terminator, 40)}, and no line closes that; the log was cut off")


def _read(first: LineNumber, last: LineNumber, text: str) -> Record:
    if not text.strip():
        return Blank(first, last)
    if text.startswith("*"):
        command = _COMMAND.fullmatch(text)
        if not command:
            raise _Malformed("a command is written * name: value")
        return Command(first, last, command[1], command[2].strip())
    time, _, rest = text.partition("|")
    where = (first, last, *_read_time(time.strip()))
    if rest.lstrip().startswith("@"):
        return _read_asset(where, rest)
    return _read_items(where, _fields(rest))


def _read_items(where: _Where, items: list[str]) -> Record:
    """Decides by shape. Pairs are the rule; the other forms stand alone on their line."""
    level = items[1].upper() if len(items) > 1 else ""
    if len(items) == 6 and level in _ALARMING:
        return Condition(*where, items[0], level, *items[2:])
    if len(items) == 6 and items[4].upper() in _ALARM_STATES and items[3].upper() in _ALARM_SEVERITIES:
        return Alarm(*where, *items)
    if len(items) == 4 and _is_series(*items[1:]):
        return TimeSeries(*where, items[0], items[2], tuple(items[3].split()))
    pairs = _pairs(items)
    if pairs:
        return Observations(*where, pairs)
    if items[0] and level in _LEVELS and len(items) <= 6:
        return Condition(*where, items[0], level, *items[2:], *[""] * (6 - len(items)))
    if items[0] and len(items) == 3:
        return Message(*where, *items)
    raise _Malformed("after the time come pairs key|value, and here a key or a value is missing")


def _pairs(items: list[str]) -> tuple[tuple[str, str], ...]:
    """The items as pairs, or nothing if they are none. One empty field at the end is a stray separator."""
    if len(items) % 2 and not items[-1]:
        items = items[:-1]
    if len(items) % 2 or not all(items[::2]):
        return ()
    return tuple(zip(items[::2], items[1::2], strict=True))


def _is_series(count: str, rate: str, samples: str) -> bool:
    values = samples.split()
    numeric = all(_NUMBER.fullmatch(value) for value in [rate or "0", *values])
    return bool(values) and numeric and count == str(len(values))


def _read_asset(where: _Where, rest: str) -> Record:
    name, *items = [field.strip() for field in rest.split("|", 3)]
    match name, items:
        case "@ASSET@", [asset_id, kind, body] if asset_id and kind:
            return Asset(*where, asset_id, kind, body)
        case "@UPDATE_ASSET@", [asset_id, *_] if asset_id:
            pairs = _pairs(_fields(rest)[2:])
            if pairs:
                return AssetUpdate(*where, asset_id, pairs)
        case "@REMOVE_ASSET@", [asset_id] if asset_id:
            return AssetRemoval(*where, asset_id)
        case "@REMOVE_ALL_ASSETS@", [] | [_]:
            return AllAssetsRemoval(*where, *(items or [""]))
    raise _Malformed(f"{printable(name, 40)} is no asset command, or lacks a field")


def _read_time(text: str) -> tuple[UnixNanoseconds, Nanoseconds | None]:
    match = _TIME.fullmatch(text)
    if not match:
        raise _Malformed("it does not begin with a time such as 2026-02-17T08:00:00.5Z")
    day, hour, minute, second, fraction, sign, hours, minutes, period, period_fraction = match.groups()
    seconds = _days(day) * 86_400 + int(hour) * 3600 + int(minute) * 60 + int(second)
    if sign:
        offset = int(hours) * 3600 + int(minutes) * 60
        seconds += -offset if sign == "+" else offset
    duration = Nanoseconds(_nanoseconds(int(period), period_fraction)) if period else None
    return UnixNanoseconds(_nanoseconds(seconds, fraction)), duration


def _nanoseconds(seconds: int, fraction: str | None) -> int:
    return seconds * SECOND + (int(fraction.ljust(9, "0")) if fraction else 0)


_EPOCH: Final = date(1970, 1, 1).toordinal()


@lru_cache(maxsize=64)
def _days(day: str) -> int:
    try:
        return date.fromisoformat(day).toordinal() - _EPOCH
    except ValueError:
        raise _Malformed(f"{day} is no date") from None


def _fields(text: str) -> list[str]:
    r"""The fields between separators, trimmed. A field in quotes may contain the separator, escaped as \|."""
    if '"' not in text:
        return [field.strip() for field in text.split("|")]
    fields, position = [], 0
    while position <= len(text):
        quoted = _QUOTED.match(text, position)
        if quoted:
            fields.append(re.sub(r"\\(.)", r"\1", quoted[1], flags=re.DOTALL))
            position = quoted.end() + 1
        else:
            end = text.find("|", position)
            end = len(text) if end < 0 else end
            fields.append(text[position:end].strip())
            position = end + 1
    return fields
