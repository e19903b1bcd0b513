"""Databases of an index in tests: what is in them, and one that somebody else would have."""

import tempfile
from pathlib import Path
from typing import Any

from fabricant.chain.fabricant import Fabricant
from fabricant.index import Index
from fabricant.index.tables import METADATA

Contents = dict[str, list[tuple[Any, ...]]]


def contents(index: Index) -> Contents:
    """Every row of every table, in order."""
    tables = sorted(METADATA.tables)
    return {name: sorted(index.store.rows(f"SELECT * FROM {name}")) for name in tables}  # noqa: S608


def clean(fabricant: Fabricant) -> Contents:
    """What somebody finds who begins now, and asks once."""
    with tempfile.TemporaryDirectory() as folder, Index.open(fabricant, Path(folder) / "clean.db") as index:
        index.sync()
        return contents(index)


def rows(index: Index, table: str) -> list[dict[str, Any]]:
    """The rows of a table, by the names of their columns."""
    names = [column.name for column in METADATA.tables[table].columns]
    found = index.store.rows(f"SELECT * FROM {table}")  # noqa: S608
    return [dict(zip(names, each, strict=True)) for each in found]
