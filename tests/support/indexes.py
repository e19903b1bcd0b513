"""Databases of an index in tests: what is in them, and one that somebody else would have."""

import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path
from typing import Any

from fabricant.chain.fabricant import Fabricant
from fabricant.index import Index
from fabricant.index.tables import METADATA

Contents = dict[str, list[tuple[Any, ...]]]


def contents(index: Index) -> Contents:
    """Every row of every table, in order."""
    return {name: sorted(_rows(index, name)) for name in sorted(METADATA.tables)}


def clean(fabricant: Fabricant) -> Contents:
    """What somebody finds who begins now, and asks once."""
    with tempfile.TemporaryDirectory() as folder, Index.open(fabricant, Path(folder) / "clean.db") as index:
        index.sync()
        return contents(index)


def rows(index: Index, table: str) -> list[dict[str, Any]]:
    """The rows of a table, by the names of their columns."""
    names = [column.name for column in METADATA.tables[table].columns]
    return [dict(zip(names, each, strict=True)) for each in _rows(index, table)]


def _rows(index: Index, table: str) -> list[tuple[Any, ...]]:
    """As anybody may read them, beside who writes."""
    with closing(sqlite3.connect(index.store.file)) as database:
        return database.execute(f"SELECT * FROM {table}").fetchall()  # noqa: S608
