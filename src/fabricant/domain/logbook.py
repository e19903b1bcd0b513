"""An asset's logbook: what its owner, its garages and its issuer wrote about it, none of it ever erased.

Of each entry the chain holds who wrote it and the hash of a document. The document says what was done, what
a meter showed, or the most that a meter may count. A correction counts in the place of an earlier entry of
the same author, and both remain to be read; what can't be believed as it stands is a finding.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import Flag, auto
from functools import cached_property
from itertools import pairwise
from typing import Annotated, Any, Final, Self

from eth_utils.crypto import keccak
from pydantic import Field, TypeAdapter, ValidationError

from fabricant.domain.assets import AssetId
from fabricant.domain.canonical import canonical_json
from fabricant.domain.outside import first_problem
from fabricant.domain.units import Address, UnixSeconds, printable
from fabricant.errors import InvalidInput, VerificationFailed

FORMAT: Final = "fabricant-log-entry/1"
TOPIC: Final = keccak(text=FORMAT)  # of the records that are entries of a logbook
NOTHING: Final = bytes(32)  # what an entry supersedes that is no correction
LARGEST_DOCUMENT: Final = 2**16  # bytes

Documents = Callable[[str], bytes | None]  # what is found at the locator of a record

_NAME: Final = r"[a-z][a-z0-9-]{0,39}"
_UNIT: Final = r"[A-Z0-9]{2,3}"
_READING: Final = re.compile(rf"({_NAME}) (\d[\d,]{{0,19}}) ({_UNIT})", re.ASCII)


# Documents


class BadDocument(VerificationFailed):
    """The document of an entry is not what its author committed to."""


class DocumentMissing(BadDocument):
    """There is no document at the locator."""


class DocumentAltered(BadDocument):
    """The document has another hash."""


class DocumentMalformed(BadDocument):
    """The document has the hash, and is no entry."""


@dataclass(frozen=True, slots=True)
class Meter:
    """What counts, and in which unit (UN/CEFACT Rec. 20): cycles in B7, an odometer in KMT."""

    name: Annotated[str, Field(pattern=f"^{_NAME}$")]
    unit: Annotated[str, Field(pattern=f"^{_UNIT}$")]


@dataclass(frozen=True, slots=True)
class Reading:
    """A count of a meter, in its whole units."""

    meter: Meter
    value: Annotated[int, Field(ge=0, lt=2**53)]

    def __str__(self) -> str:
        return f"{self.meter.name} {self.value:,} {self.meter.unit}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """A reading as people write it: "cycles 12,400 B7". Raises InvalidInput."""
        if not (match := _READING.fullmatch(text)):
            raise InvalidInput(f"{printable(text, 80)!r} is no reading; write one as in: cycles 12,400 B7")
        name, value, unit = match.groups()
        return cls(Meter(name, unit), int(value.replace(",", "")))


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What a document says: what was done, what a meter showed, and the most that a meter may count."""

    work: str
    reading: Reading | None = None
    limit: Reading | None = None

    @property
    def hash(self) -> bytes:
        """What is recorded."""
        return keccak(self.serialise())

    def serialise(self) -> bytes:
        """The document: canonical JSON. Raises DocumentMalformed, InvalidInput if nobody could read it."""
        data = _spell(self)
        self.parse(data)
        return data

    @staticmethod
    def parse(data: bytes) -> "Content":
        """Reads a document. Raises DocumentMalformed for anything that `serialise` does not write."""
        if len(data) > LARGEST_DOCUMENT:
            raise DocumentMalformed(f"it has {len(data):,} bytes; entries have at most {LARGEST_DOCUMENT:,}")
        try:
            content = _CONTENT.validate_json(data, strict=True)
        except ValidationError as wrong:
            raise DocumentMalformed(first_problem(wrong)) from None
        if _spell(content) != data:
            raise DocumentMalformed(f"it is not canonical JSON of the form {FORMAT}")
        return content


_CONTENT: Final = TypeAdapter(Content)


def _spell(content: Content) -> bytes:
    told: dict[str, Any] = _CONTENT.dump_python(content, exclude_none=True)
    return canonical_json({"format": FORMAT, **told})


def find_document(hash_: bytes, uri: str, documents: Documents) -> Content:
    """What a record commits to. Raises DocumentMissing, DocumentAltered, DocumentMalformed."""
    if (data := documents(uri)) is None:
        raise DocumentMissing(f"there is no document at {printable(uri)!r}; ask its author")
    if keccak(data) != hash_:
        raise DocumentAltered(f"the document at {printable(uri)!r} is not the one that was recorded")
    return Content.parse(data)


# Entries


class Right(Flag):
    """Why somebody may write about an asset. For a part, the owner is the owner of the whole."""

    OWNER = auto()
    USER = auto()
    DEVICE = auto()
    RECORDER = auto()  # whom the owner named
    ISSUER = auto()


@dataclass(frozen=True, slots=True, order=True)
class Moment:
    """When the chain says something. `index` counts within the block."""

    block: int
    index: int
    time: UnixSeconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One entry. `rights`: what the author had when it wrote; `by` sent it, for the author."""

    number: int  # in its book, from 1
    when: Moment
    author: Address
    by: Address
    rights: Right
    hash: bytes
    supersedes: bytes  # the hash of what it corrects, or NOTHING
    uri: str
    content: Content | BadDocument

    @property
    def reading(self) -> Reading | None:
        """What a meter showed, if it says so."""
        return self.content.reading if isinstance(self.content, Content) else None

    @property
    def limit(self) -> Reading | None:
        """The most that a meter may count, if it says so."""
        return self.content.limit if isinstance(self.content, Content) else None


@dataclass(frozen=True, slots=True)
class Mark:
    """What a meter showed at some time, by the entry that counts for it now."""

    when: Moment
    entry: Entry
    reading: Reading


# Findings


@dataclass(frozen=True, slots=True)
class Finding:
    """What can't be believed as it stands of an entry that counts since `when`."""

    when: Moment
    entry: Entry


@dataclass(frozen=True, slots=True)
class Unreadable(Finding):
    """The document is missing, has another hash or is malformed."""

    def __str__(self) -> str:
        return f"No. {self.entry.number} can't be read: {self.entry.content}"


@dataclass(frozen=True, slots=True)
class FalseCorrection(Finding):
    """It corrects what is not its author's, or was corrected already; so it counts beside that."""

    def __str__(self) -> str:
        return f"No. {self.entry.number} corrects no entry of its author that counted then"


@dataclass(frozen=True, slots=True)
class ForeignLimit(Finding):
    """It states a limit, and is not the issuer's; the limit does not count."""

    def __str__(self) -> str:
        return f"No. {self.entry.number} states a limit, and is not the issuer's"


@dataclass(frozen=True, slots=True)
class OtherUnit(Finding):
    """It reads a meter in another unit than the first reading."""

    first: Meter

    def __str__(self) -> str:
        return f"No. {self.entry.number} says {self.entry.reading}; this meter counts {self.first.unit}"


@dataclass(frozen=True, slots=True)
class Backwards(Finding):
    """A meter shows less than before."""

    before: Mark

    def __str__(self) -> str:
        return (
            f"No. {self.entry.number} says {self.entry.reading}, and No. {self.before.entry.number} said "
            f"{self.before.reading} before"
        )


# The book


@dataclass(frozen=True)
class Logbook:
    """All entries about an asset, in order."""

    asset: AssetId
    entries: tuple[Entry, ...]

    @cached_property
    def corrections(self) -> Mapping[int, Entry]:
        """What corrects an entry, by the number of that."""
        counting, found = defaultdict[tuple[Address, bytes], list[Entry]](list), dict[int, Entry]()
        for entry in self.entries:
            if entry.supersedes != NOTHING and (earlier := counting[entry.author, entry.supersedes]):
                found[earlier.pop().number] = entry
            counting[entry.author, entry.hash].append(entry)
        return found

    def in_force(self) -> Iterator[tuple[Moment, Entry]]:
        """The entries that count, and since when: a correction since what it corrects."""
        correcting = {each.number for each in self.corrections.values()}
        for first in self.entries:
            if first.number not in correcting:
                entry = first
                while (correction := self.corrections.get(entry.number)) is not None:
                    entry = correction
                yield first.when, entry

    def marks(self, meter: Meter) -> list[Mark]:
        """What a meter showed, in order; readings in other units are left out."""
        return [each for each in self._marks(meter.name) if each.reading.meter == meter]

    def total(self, meter: Meter) -> int:
        """By how much a meter rose, in its whole units, from its first reading to its last."""
        return rise(self.marks(meter))

    @property
    def limits(self) -> dict[Meter, int]:
        """The most that meters may count, in their whole units: the strictest that the issuer states."""
        stated = (entry.limit for _, entry in self.in_force() if Right.ISSUER in entry.rights)
        by_value = sorted((each for each in stated if each), key=lambda each: -each.value)
        return {each.meter: each.value for each in by_value}

    @cached_property
    def findings(self) -> tuple[Finding, ...]:
        """What can't be believed as it stands, in the order of the entries."""
        names = dict.fromkeys(each.reading.meter.name for _, each in self.in_force() if each.reading)
        found = [*self._misstated(), *(each for name in names for each in self._misread(name))]
        return tuple(sorted(found, key=lambda each: each.entry.number))

    def _misstated(self) -> Iterator[Finding]:
        for when, entry in self.in_force():
            if isinstance(entry.content, BadDocument):
                yield Unreadable(when, entry)
            if entry.supersedes != NOTHING and when == entry.when:
                yield FalseCorrection(when, entry)
            if entry.limit and Right.ISSUER not in entry.rights:
                yield ForeignLimit(when, entry)

    def _misread(self, name: str) -> Iterator[Finding]:
        marks = self._marks(name)
        first = marks[0].reading.meter
        for each in marks:
            if each.reading.meter != first:
                yield OtherUnit(each.when, each.entry, first)
        for before, after in pairwise(self.marks(first)):
            if after.reading.value < before.reading.value:
                yield Backwards(after.when, after.entry, before)

    def _marks(self, name: str) -> list[Mark]:
        found = ((when, entry, entry.reading) for when, entry in self.in_force())
        return [Mark(when, entry, read) for when, entry, read in found if read and read.meter.name == name]


def rise(marks: Iterable[Mark]) -> int:
    """By how much a meter rose over these marks, in its whole units; what it lost is not taken off."""
    return sum(max(after.reading.value - before.reading.value, 0) for before, after in pairwise(marks))
