"""The index in one file: SQLite, written by one process and read by many.

Whatever is written together is one transaction of a write-ahead log: readers see all of it or nothing, and so
does who starts again after a kill.
"""

import fcntl
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Final, Self

import orjson
from sqlalchemy import Select
from sqlalchemy.dialects import sqlite
from sqlalchemy.schema import CreateIndex, CreateTable

from fabricant.errors import FabricantError, InvalidInput, NotFound
from fabricant.index.batch import Batch, Cursor, Header
from fabricant.index.rows import ALL, Row
from fabricant.index.state import Before, Key, undone
from fabricant.index.tables import METADATA, VERSION

BUSY_SECONDS: Final = 60.0
_DIALECT: Final = sqlite.dialect()
_EVENT_COLUMNS: Final = "deployment, block, log_index, time, tx, contract, event, subject, arguments"
_FORMS: Final[Mapping[str, type[Row]]] = {form.table: form for form in ALL}


class OtherSchema(InvalidInput):
    """The database was made by another version of the index."""


class InUse(FabricantError):
    """Another process writes this database."""


class SqliteStore:
    """A database file, for one deployment. Only one process at a time may `write`."""

    def __init__(self, file: Path) -> None:
        """Opens a file, and makes it if there is none. Raises OtherSchema, InvalidInput."""
        self.file = file
        self._lock: IO[str] | None = None
        try:
            self._db, self._reading = _connect(file), _connect(file)
            self._prepare()
        except sqlite3.DatabaseError as problem:
            raise InvalidInput(f"{file} is no database of an index: {problem}") from None
        self.deployment = 0
        self._upserts = {form: _upsert(form) for form in ALL}
        self._selects = {form: _select(form) for form in ALL}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes the file, and lets others write."""
        self._reading.close()
        self._db.close()
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def _prepare(self) -> None:
        if not self._tables():
            with self._transaction():
                if not self._tables():  # nobody else made them meanwhile
                    self._create()
        found = (
            self._db.execute("SELECT version FROM schema").fetchall() if "schema" in self._tables() else []
        )
        if found != [(VERSION,)]:
            raise OtherSchema(
                f"{self.file} was made by another version of the index (schema {found and found[0][0]}, not "
                f"{VERSION}); use that version, or delete the file and run the index again"
            )

    def _tables(self) -> set[str]:
        return {name for (name,) in self._db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}

    def _create(self) -> None:
        for table in METADATA.sorted_tables:
            self._db.execute(str(CreateTable(table).compile(dialect=_DIALECT)))
            for index in sorted(table.indexes, key=lambda each: str(each.name)):
                self._db.execute(str(CreateIndex(index).compile(dialect=_DIALECT)))
        self._db.execute("INSERT INTO schema VALUES (?)", (VERSION,))

    # Writing

    def lock(self) -> None:
        """Makes this process the one that writes, until `close`. Raises InUse if another does."""
        lock = self.file.with_name(f"{self.file.name}.lock").open("w")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            lock.close()
            raise InUse(f"another process writes {self.file}; stop it, or read only") from None
        self._lock = lock

    def choose(self, *, chain_id: int, genesis: str, escrow: str, first_block: int) -> None:
        """Sets the deployment that everything from now on is about.

        Raises InvalidInput if it is another chain's, NotFound if it is not there and only `lock` may add it.
        """
        query = "SELECT deployment, genesis FROM deployments WHERE chain_id = ? AND escrow = ?"
        found = self._reading.execute(query, (chain_id, escrow)).fetchone()
        if found is None:
            if self._lock is None:
                raise NotFound(f"{self.file} knows nothing of this deployment; run `fabricant index run`")
            self._db.execute(
                "INSERT INTO deployments (chain_id, genesis, escrow, first_block) VALUES (?, ?, ?, ?)",
                (chain_id, genesis, escrow, first_block),
            )
            found = self._reading.execute(query, (chain_id, escrow)).fetchone()
        self.deployment = found[0]
        if found[1] != genesis:
            raise InvalidInput(
                f"{self.file} indexes another chain with the id {chain_id}; name another file for this one"
            )

    def commit(self, batch: Batch) -> None:
        """Writes a batch, all of it or nothing."""
        chosen, cursor = self.deployment, batch.cursor
        with self._transaction():
            self._db.executemany(
                f"INSERT INTO events ({_EVENT_COLUMNS}) VALUES ({chosen}, ?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608
                batch.events,
            )
            for form, rows in batch.changed.items():
                self._db.executemany(self._upserts[form].format(chosen), rows)
            self._db.executemany(
                f"INSERT INTO undo VALUES ({chosen}, ?, ?, ?, ?)",  # noqa: S608
                ((each.block, each.table, _json(each.key), _json(each.values)) for each in batch.before),
            )
            self._db.executemany(
                f"INSERT INTO blocks VALUES ({chosen}, ?, ?, ?, ?)",  # noqa: S608
                ((each.number, each.hash, each.parent, each.time) for each in batch.blocks),
            )
            self._move(cursor)

    def rewind(self, to: Header, *, final: int) -> None:
        """Undoes everything that happened after a block."""
        after, cursor = (self.deployment, to.number), self.cursor()
        with self._transaction():
            found = self._db.execute(
                "SELECT block, form, row, before FROM undo WHERE deployment = ? AND block > ?", after
            )
            before = [
                Before(block, form, tuple(orjson.loads(row)), _values(values))
                for block, form, row, values in found
            ]
            for (name, key), values in undone(before).items():
                form = _FORMS[name]
                if values is None:
                    self._db.execute(_delete(form), (self.deployment, *key))
                else:
                    self._db.execute(self._upserts[form].format(self.deployment), values)
            unknown = self._db.execute(
                "SELECT count(*) FROM events WHERE deployment = ? AND block > ? AND event = ''", after
            ).fetchone()[0]
            for table in ("events", "undo"):
                self._db.execute(f"DELETE FROM {table} WHERE deployment = ? AND block > ?", after)  # noqa: S608
            self._db.execute("DELETE FROM blocks WHERE deployment = ? AND number > ?", after)
            left = 0 if cursor is None else cursor.unknown - unknown
            self._move(Cursor(to.number, to.hash, to.time, final, left))

    def _move(self, cursor: Cursor) -> None:
        """Sets the cursor, and forgets what only blocks that may be replaced need."""
        self._db.execute("DELETE FROM cursors WHERE deployment = ?", (self.deployment,))
        self._db.execute(
            "INSERT INTO cursors VALUES (?, ?, ?, ?, ?, ?)",
            (self.deployment, cursor.block, cursor.hash, cursor.time, cursor.final, cursor.unknown),
        )
        final = min(cursor.final, cursor.block)
        self._db.execute("DELETE FROM undo WHERE deployment = ? AND block <= ?", (self.deployment, final))
        self._db.execute("DELETE FROM blocks WHERE deployment = ? AND number < ?", (self.deployment, final))

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    # Reading

    def cursor(self) -> Cursor | None:
        """How far the index has come; None if it has not begun."""
        found = self._db.execute(
            "SELECT block, hash, time, final, unknown FROM cursors WHERE deployment = ?", (self.deployment,)
        ).fetchone()
        return None if found is None else Cursor(*found)

    def blocks(self) -> list[Header]:
        """The blocks that may still be replaced, and the last one that may not; in order."""
        query = "SELECT number, hash, parent, time FROM blocks WHERE deployment = ? ORDER BY number"
        return [Header(*each) for each in self._db.execute(query, (self.deployment,))]

    def load(self, form: type[Row], key: Key) -> tuple[Any, ...] | None:
        """A row's values, None if there is none. May be asked while another thread writes."""
        found = self._reading.execute(self._selects[form], (self.deployment, *key)).fetchone()
        return None if found is None else tuple(found)

    def select(self, query: Select[Any]) -> list[tuple[Any, ...]]:
        """What a query answers. Its values are never part of its text."""
        made = query.compile(dialect=_DIALECT, compile_kwargs={"render_postcompile": True})
        values = [made.params[name] for name in made.positiontup or ()]
        return self._reading.execute(str(made), values).fetchall()

    def stream(self, table: str) -> Iterator[tuple[Any, ...]]:
        """The rows of a table, of this deployment, in the order of their keys."""
        of = METADATA.tables[table]
        columns = [each.name for each in of.columns if each.name != "deployment"]
        order = [each.name for each in of.primary_key if each.name != "deployment"] or columns
        yield from self._reading.execute(
            f"SELECT {_names(columns)} FROM {table} WHERE deployment = ? ORDER BY {_names(order)}",  # noqa: S608
            (self.deployment,),
        )


def _connect(file: Path) -> sqlite3.Connection:
    """A connection that any thread may use, one at a time."""
    made = sqlite3.connect(file, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    for name, value in (("journal_mode", "WAL"), ("synchronous", "NORMAL"), ("cache_size", "-65536")):
        made.execute(f"PRAGMA {name} = {value}")
    return made


def _upsert(form: type[Row]) -> str:
    marks = ", ".join("?" for _ in form.columns)
    return f"INSERT OR REPLACE INTO {form.table} (deployment, {_names(form.columns)}) VALUES ({{}}, {marks})"  # noqa: S608


def _select(form: type[Row]) -> str:
    return f"SELECT {_names(form.columns)} FROM {form.table} WHERE deployment = ? AND {_where(form)}"  # noqa: S608


def _delete(form: type[Row]) -> str:
    return f"DELETE FROM {form.table} WHERE deployment = ? AND {_where(form)}"  # noqa: S608


def _where(form: type[Row]) -> str:
    return " AND ".join(f'"{name}" = ?' for name in form.key)


def _names(columns: Iterable[str]) -> str:
    return ", ".join(f'"{name}"' for name in columns)


def _json(values: tuple[Any, ...] | None) -> str:
    return "" if values is None else orjson.dumps(values).decode()


def _values(text: str) -> tuple[Any, ...] | None:
    return tuple(orjson.loads(text)) if text else None
