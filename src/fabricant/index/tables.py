"""The schema, for both kinds of database: the forms of `rows`, the events, and what the index needs itself.

Every table begins with the deployment that it is about, so that several chains and deployments share one
database. `VERSION` changes with every change of the schema.
"""

from dataclasses import fields
from types import MappingProxyType
from typing import Any, Final

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, MetaData, Table, Text, UniqueConstraint

from fabricant.index.rows import ALL

VERSION: Final = 1
METADATA: Final = MetaData()
_TYPES: Final[dict[Any, Any]] = {str: Text, int: BigInteger, bool: Boolean}


def _column(name: str, kind: Any, *, key: bool = False) -> Column[Any]:
    return Column(name, _TYPES[kind], primary_key=key, nullable=False)


def _table(name: str, columns: dict[str, Any], *, key: tuple[str, ...]) -> Table:
    parts = [_column(each, kind, key=each in key) for each, kind in columns.items()]
    return Table(
        name,
        METADATA,
        Column("deployment", Integer, primary_key=True, autoincrement=False),
        *parts,
    )


SCHEMA: Final = Table("schema", METADATA, Column("version", Integer, primary_key=True, autoincrement=False))
DEPLOYMENTS: Final = Table(
    "deployments",
    METADATA,
    Column("deployment", Integer, primary_key=True),
    Column("chain_id", BigInteger, nullable=False),
    Column("genesis", Text, nullable=False),
    Column("escrow", Text, nullable=False),
    Column("first_block", BigInteger, nullable=False),
    UniqueConstraint("chain_id", "escrow"),
)
# Up to which block everything is in the database, and up to which nothing can be replaced any more.
CURSORS: Final = _table(
    "cursors", {"block": int, "hash": str, "time": int, "final": int, "unknown": int}, key=()
)
# The blocks that may still be replaced, and the last one that may not.
BLOCKS: Final = _table("blocks", {"number": int, "hash": str, "parent": str, "time": int}, key=("number",))
# How rows were before a block that may still be replaced; no values: there was none.
UNDO: Final = _table(
    "undo", {"block": int, "form": str, "row": str, "before": str}, key=("block", "form", "row")
)
EVENTS: Final = _table(
    "events",
    {
        "block": int,
        "log_index": int,
        "time": int,
        "tx": str,
        "contract": str,
        "event": str,
        "subject": str,
        "arguments": str,
    },
    key=("block", "log_index"),
)
STATE: Final = MappingProxyType(
    {
        form: _table(
            form.table,
            {each.name: each.type for each in fields(form)},  # type: ignore[arg-type] # all are dataclasses
            key=form.key,
        )
        for form in ALL
    }
)

Index("events_by_subject", EVENTS.c.deployment, EVENTS.c.subject, EVENTS.c.block, EVENTS.c.log_index)
Index("events_by_name", EVENTS.c.deployment, EVENTS.c.event, EVENTS.c.block, EVENTS.c.log_index)
for _name, _columns in (
    ("assets", ("owner",)),
    ("assets", ("parent",)),
    ("assets", ("namespace", "local_id")),
    ("asset_edges", ("parent",)),
    ("asset_edges", ("child",)),
    ("records", ("asset",)),
    ("recalls", ("id",)),
    ("offers", ("supplier",)),
    ("offers", ("machine",)),
    ("offers", ("process",)),
    ("bookings", ("machine",)),
    ("requests", ("buyer",)),
    ("requests", ("process",)),
    ("quotations", ("request",)),
    ("lines", ("status", "deadline")),
    ("lines", ("supplier",)),
    ("lines", ("buyer",)),
    ("lines", ("order_ref",)),
    ("payments", ("line",)),
    ("payments", ("payee",)),
    ("deliveries", ("line",)),
    ("disputes", ("line",)),
):
    _of = METADATA.tables[_name]
    Index(f"{_name}_by_{'_'.join(_columns)}", _of.c.deployment, *(_of.c[each] for each in _columns))
