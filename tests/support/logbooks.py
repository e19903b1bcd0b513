"""Logbooks in few words, for tests of their rules."""

from collections.abc import Iterable
from typing import Final

from fabricant.domain.assets import AssetId
from fabricant.domain.logbook import (
    NOTHING,
    BadDocument,
    Content,
    Entry,
    Logbook,
    Meter,
    Moment,
    Reading,
    Right,
)
from fabricant.domain.units import UnixSeconds
from tests.support.actors import Actor

CYCLES: Final = Meter("cycles", "B7")
GARAGE, OTHER = Actor("garage").address, Actor("stranger").address
PART: Final = AssetId(1)


def at(block: int) -> Moment:
    """The moment of a block's only event."""
    return Moment(block, 0, UnixSeconds(block))


def entry(
    block: int,
    says: int | Content | BadDocument = 0,
    *,
    corrects: Entry | bytes = NOTHING,
    author: str = "garage",
    rights: Right = Right.RECORDER,
) -> Entry:
    """An entry; a number is a reading in cycles."""
    who = Actor(author).address
    content = Content(work="", reading=Reading(CYCLES, says)) if isinstance(says, int) else says
    return Entry(
        number=block,
        when=at(block),
        author=who,
        by=who,
        rights=rights,
        hash=content.hash if isinstance(content, Content) else bytes([block]) * 32,
        supersedes=corrects.hash if isinstance(corrects, Entry) else corrects,
        uri="",
        content=content,
    )


def limit(block: int, cycles: int, **more: object) -> Entry:
    """The issuer's word, or, if `rights` say so, somebody else's."""
    content = Content(work="", limit=Reading(CYCLES, cycles))
    return entry(block, content, **({"rights": Right.ISSUER} | more))  # type: ignore[arg-type]


def book(*entries: Entry, asset: AssetId = PART) -> Logbook:
    """A logbook."""
    return Logbook(asset, entries)


def log(asset: AssetId, readings: Iterable[tuple[int, int]]) -> Logbook:
    """The logbook of a whole: cycles that it had at some blocks."""
    return book(*(entry(block, cycles) for block, cycles in readings), asset=asset)
