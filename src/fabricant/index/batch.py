"""What is written together: events, the rows that they changed, and how far the index has come."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from fabricant.index.rows import Row
from fabricant.index.state import Before

# Block, index of the log, time, transaction, contract, name, subject, arguments as JSON. What could not be
# read has no name, and its topics and data as arguments.
EventRow = tuple[int, int, int, str, str, str, str, str]


@dataclass(frozen=True, slots=True)
class Header:
    """A block as the index knows it. `bloom` tells what its logs may be; zero where it was not asked for."""

    number: int
    hash: str
    parent: str
    time: int
    bloom: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Cursor:
    """Up to which block everything is there, `final`: up to which nothing can be replaced any more.

    `unknown`: logs that were kept raw so far.
    """

    block: int
    hash: str
    time: int
    final: int
    unknown: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """One step of the index, from one consistent state to the next."""

    cursor: Cursor
    events: Sequence[EventRow] = ()
    changed: Mapping[type[Row], Sequence[tuple[Any, ...]]] = field(default_factory=dict)
    before: Sequence[Before] = ()
    blocks: Sequence[Header] = ()
