"""State as events make it: rows that are read when they are needed, changed, and written together.

A `State` is between the events and a store. It remembers every row that it has seen since the last rewind,
and for blocks that may still be replaced, how each row was before the block, so that these can be undone.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from fabricant.errors import VerificationFailed
from fabricant.index.rows import Row

R = TypeVar("R", bound=Row)
Key = tuple[Any, ...]
Load = Callable[[type[Row], Key], tuple[Any, ...] | None]

MOST_ROWS: Final = 30_000  # that are remembered between batches


class MissingRow(VerificationFailed):
    """An event is about something that no event before it made: the node left some out."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where an event stands: what its rows are known by."""

    block: int
    index: int
    time: int


@dataclass(frozen=True, slots=True)
class Before:
    """How a row was before a block: None, it was not there."""

    block: int
    table: str
    key: Key
    values: tuple[Any, ...] | None


class State:
    """Rows by their keys. `load` reads one from the store."""

    def __init__(self, load: Load) -> None:
        self._load = load
        self._rows: dict[type[Row], dict[Key, Any]] = {}
        self._changed: dict[tuple[type[Row], Key], None] = {}
        self._block: int | None = None
        self._touched: set[tuple[type[Row], Key]] = set()
        self._before: list[Before] = []

    def begin(self, block: int | None) -> None:
        """What follows happens in a block that may be replaced; None: in blocks that may not."""
        self._block = block
        self._touched.clear()

    def find(self, form: type[R], *key: Any) -> R | None:
        """A row as it is, None if there is none. It must not be changed: see `edit`."""
        rows = self._rows.setdefault(form, {})
        try:
            return rows[key]  # type: ignore[no-any-return]
        except KeyError:
            loaded = self._load(form, key)
            found = None if loaded is None else form(**dict(zip(form.columns, loaded, strict=True)))
            rows[key] = found
            return found

    def known(self, form: type[R], *key: Any) -> R:
        """A row as it is. Raises MissingRow if there is none. It must not be changed: see `edit`."""
        if (found := self.find(form, *key)) is None:
            raise MissingRow(
                f"the node left out what came before: no {form.table} {key} was seen; use another node"
            )
        return found

    def edit(self, form: type[R], *key: Any) -> R:
        """A row, to be changed. Raises MissingRow if there is none."""
        found = self.known(form, *key)
        self._touch(form, key, found)
        return found

    def put(self, made: Row) -> None:
        """A new row, or one in the place of another with its key."""
        form = type(made)
        key = tuple(getattr(made, name) for name in form.key)
        self._touch(form, key, self.find(form, *key) if self._block is not None else None)
        self._rows.setdefault(form, {})[key] = made

    def either(self, form: type[R], *key: Any) -> R:
        """A row to be changed, made with its usual values if there is none."""
        if self.find(form, *key) is None:
            self.put(form(**dict(zip(form.key, key, strict=True))))
        return self.edit(form, *key)

    def flush(self) -> tuple[dict[type[Row], list[tuple[Any, ...]]], list[Before]]:
        """What changed since the last time, by form, and how it was before. Both are forgotten."""
        changed: dict[type[Row], list[tuple[Any, ...]]] = {}
        for form, key in self._changed:
            changed.setdefault(form, []).append(form.values(self._rows[form][key]))
        before, self._before = self._before, []
        self._changed.clear()
        self._touched.clear()
        return changed, before

    @property
    def is_large(self) -> bool:
        """Whether it is time to `forget`, when all that changed is in the store."""
        return sum(map(len, self._rows.values())) > MOST_ROWS

    def forget(self) -> None:
        """Drops everything that is not in the store: what it holds now is another state."""
        self._rows.clear()
        self._changed.clear()
        self._before.clear()
        self._touched.clear()

    def _touch(self, form: type[Row], key: Key, present: Row | None) -> None:
        name = (form, key)
        self._changed[name] = None
        if self._block is not None and name not in self._touched:
            self._touched.add(name)
            values = None if present is None else form.values(present)
            self._before.append(Before(self._block, form.table, key, values))


def undone(before: Iterable[Before]) -> dict[tuple[str, Key], tuple[Any, ...] | None]:
    """How rows were before the earliest of these changes; in any order."""
    earliest: dict[tuple[str, Key], Before] = {}
    for each in before:
        name = (each.table, each.key)
        if name not in earliest or each.block < earliest[name].block:
            earliest[name] = each
    return {name: each.values for name, each in earliest.items()}
