"""Following a chain: what is final in long strides, the newest blocks one by one, and back where they change.

Every step is one batch, after which the database is exactly what somebody would find who began at the first
block and stopped there.
"""

import gc
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from fabricant.errors import BadAnswer, NetworkError
from fabricant.index.batch import Batch, Cursor, Header
from fabricant.index.fetch import RawLog, Source
from fabricant.index.pipeline import Pipeline
from fabricant.index.sqlite import SqliteStore
from fabricant.index.state import State

MOST_EVENTS: Final = 20_000  # of a batch
MOST_BLOCKS: Final = 64  # that may be replaced, in one batch


class TooDeep(NetworkError):
    """The chain replaced blocks that were final: what the index knows is no longer its history."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run has come: up to `block` of `head`, `events` written and blocks taken back so far."""

    block: int
    head: int
    events: int
    rewound: int


class Follower:
    """Brings a store to the head of a chain. It is the only one that writes the store."""

    def __init__(
        self, source: Source, store: SqliteStore, pipeline: Pipeline, state: State, *, first: int
    ) -> None:
        """`first`: the block before which nothing happened."""
        self._source = source
        self._store = store
        self._pipeline = pipeline
        self._state = state
        self._first = first
        self._head = first - 1
        self._events = 0
        self._rewound = 0
        self._go_on_from_store()

    def sync(self, tell: Callable[[Progress], object] = lambda _: None) -> Progress:
        """Goes to the head, as it is when it gets there. Raises TooDeep, BadAnswer, RpcUnavailable.

        A node that is behind what the store has is waited for, not followed back.
        """
        with _no_garbage():
            for done in self.steps():
                tell(done)
        cursor = self._store.cursor()
        at = self._first - 1 if cursor is None else cursor.block
        return Progress(at, self._head, self._events, self._rewound)

    def steps(self) -> Iterator[Progress]:
        """The same, batch by batch."""
        while True:
            head = self._source.head()
            self._head = head.number
            final = self._source.final(head)
            if not self._stands(head):
                continue
            cursor = self._store.cursor()
            at = self._first - 1 if cursor is None else cursor.block
            if at >= head.number:
                if cursor is not None and final > cursor.final:
                    self._write(self._at(cursor.block), final=final)
                return
            try:
                if at < final:
                    yield from self._stride(at + 1, final, head)
                else:
                    yield self._walk(at + 1, head, final)
            except BaseException:
                self._go_on_from_store()
                raise

    # Forward

    def _stride(self, since: int, until: int, head: Header) -> Iterator[Progress]:
        """Blocks that can't be replaced, from one to another."""
        self._state.begin(None)
        before = self._known(since - 1)
        with ThreadPoolExecutor(1) as pool:
            written: Future[None] | None = None
            for first, last, logs in self._source.ranges(since, until):
                end = self._header(last)
                begin = end if first == last else self._header(first)
                if before is not None and begin.parent != before.hash:
                    raise TooDeep(_deep(first))
                before = end
                self._check_hashes(logs, begin, end)
                rows = self._pipeline.read(self._timed(logs, end))
                changed, _ = self._state.flush()
                cursor = Cursor(end.number, end.hash, end.time, end.number, self._pipeline.unknown)
                batch = Batch(cursor=cursor, events=rows, changed=changed, blocks=[end])
                if written is not None:
                    written.result()
                written = pool.submit(self._store.commit, batch)
                self._events += len(rows)
                if self._state.is_large:
                    written.result()
                    self._state.forget()
                yield Progress(last, head.number, self._events, self._rewound)
            if written is not None:
                written.result()

    def _walk(self, since: int, head: Header, final: int) -> Progress:
        """The next blocks that may be replaced, each by its hash and after its parent."""
        rows, blocks, parent = [], [], self._known(since - 1)
        for number in range(since, min(head.number, since + MOST_BLOCKS - 1) + 1):
            block = head if number == head.number else self._source.header(number)
            if block is None or (parent is not None and block.parent != parent.hash):
                break  # the chain changed meanwhile
            self._state.begin(number)
            rows += self._pipeline.read(self._timed(self._source.of_block(block), block))
            blocks.append(block)
            parent = block
        if not blocks:
            self._go_on_from_store()
            return Progress(since - 1, head.number, self._events, self._rewound)
        changed, before = self._state.flush()
        self._events += len(rows)
        end = blocks[-1]
        cursor = Cursor(end.number, end.hash, end.time, final, self._pipeline.unknown)
        self._store.commit(Batch(cursor=cursor, events=rows, changed=changed, before=before, blocks=blocks))
        return Progress(end.number, head.number, self._events, self._rewound)

    def _write(self, at: Header, *, final: int) -> None:
        """Only what is final has moved."""
        cursor = Cursor(at.number, at.hash, at.time, final, self._pipeline.unknown)
        self._store.commit(Batch(cursor=cursor))

    # Back

    def _stands(self, head: Header) -> bool:
        """Whether the last block of the store is still in the chain; if not, goes back to the last that is.

        A node that has not come as far as the store answers for the blocks that it has.
        """
        cursor = self._store.cursor()
        if cursor is None:
            return True
        if self._in_chain(self._at(cursor.block), head):
            return True
        for known in reversed(self._store.blocks()):
            if known.number < cursor.block and self._in_chain(known, head):
                self._rewound += cursor.block - known.number
                self._store.rewind(known, final=cursor.final)
                self._go_on_from_store()
                return False
        raise TooDeep(_deep(cursor.final))

    def _go_on_from_store(self) -> None:
        """Forgets what was read and not written."""
        cursor = self._store.cursor()
        self._state.forget()
        self._pipeline.unknown = 0 if cursor is None else cursor.unknown

    def _in_chain(self, known: Header, head: Header) -> bool:
        if known.number > head.number:  # the node is behind, or its chain has become shorter
            mine = next((each for each in self._store.blocks() if each.number == head.number), None)
            return mine is None or mine.hash == head.hash
        found = head if known.number == head.number else self._source.header(known.number)
        return found is not None and found.hash == known.hash

    # Blocks

    def _known(self, number: int) -> Header | None:
        """A block of the store; None before the first."""
        return next((each for each in self._store.blocks() if each.number == number), None)

    def _at(self, number: int) -> Header:
        if (found := self._known(number)) is None:
            raise BadAnswer(f"the index has lost its block {number}; delete it and run it again")
        return found

    def _header(self, number: int) -> Header:
        if (found := self._source.header(number)) is None:
            raise BadAnswer(f"the node has no block {number}, which it called final; try another node")
        return found

    def _timed(self, logs: list[RawLog], last: Header) -> list[RawLog]:
        """The logs with their times, asked for where the node leaves them out."""
        if all(each.time for each in logs):
            return logs
        times = {last.number: last.time}
        for each in logs:
            if each.block not in times:
                times[each.block] = self._header(each.block).time
        return [each.at(times[each.block]) for each in logs]

    @staticmethod
    def _check_hashes(logs: list[RawLog], *ends: Header) -> None:
        """Raises BadAnswer if logs are of other blocks than those that the node has."""
        hashes = {each.number: each.hash for each in ends}
        if any(hashes.get(each.block, each.block_hash) != each.block_hash for each in logs):
            raise BadAnswer("the node answered with logs of blocks that it has not; try another node")


@contextmanager
def _no_garbage() -> Iterator[None]:
    """Without Python's collector of cycles: it would look at every row, again and again, and find none."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _deep(block: int) -> str:
    return (
        f"the chain has another block {block} than the index, although it was final: use another node, or "
        "delete the database and run the index again"
    )
