"""Registering a list of any length, of which some lines may be bad.

The chain is the journal: what is registered already, as the list says it, is passed over, so that whatever
interrupts an import, running it again goes on from there. A line that the registry refuses is told with its
number and the reason, and stops none of the others.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from fabricant.chain.answers import Receipt
from fabricant.chain.assets import AssetRegistered, AssetRegistry
from fabricant.chain.chunks import send_in_chunks
from fabricant.chain.errors import ContractError
from fabricant.domain.asset_lists import BadLine
from fabricant.domain.assets import Namespace, Registration

TOGETHER: Final = 200  # in one transaction, if its gas suffices

Row = tuple[int, Registration]  # with the number of its line


@dataclass(frozen=True, slots=True, kw_only=True)
class Import:
    """What is to be done with the lines of a list."""

    namespace: Namespace
    missing: tuple[Row, ...]
    present: tuple[Row, ...]  # registered already, just so
    bad: tuple[BadLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What became of some lines. No receipt: nothing was left to send."""

    registered: tuple[Row, ...]
    refused: tuple[BadLine, ...] = ()
    receipt: Receipt | None = None


def plan_import(
    registry: AssetRegistry, namespace: Namespace, lines: Iterable[Row | BadLine], *, since: int = 0
) -> Import:
    """Compares a list with what is registered, by the events from block `since` on. Sends nothing.

    Raises AssetRegistry_NotIssuer if the client's account may not register in the namespace.
    """
    registry.simulate(registry.register_many, namespace, [])
    known = {
        event.local_id: event for _, event in registry.assets_registered(namespace=namespace, since=since)
    }
    first: dict[str, int] = {}
    missing, present, bad = [], [], []
    for line in lines:
        if isinstance(line, BadLine):
            bad.append(line)
            continue
        number, row = line
        if (before := first.setdefault(row.local_id, number)) != number:
            bad.append(BadLine(number, f"{row.local_id} is in line {before} already"))
        elif row.local_id not in known:
            missing.append(line)
        elif _is_same(known[row.local_id], row):
            present.append(line)
        else:
            bad.append(BadLine(number, f"{row.local_id} is registered already, as something else"))
    return Import(namespace=namespace, missing=tuple(missing), present=tuple(present), bad=tuple(bad))


def run_import(registry: AssetRegistry, plan: Import) -> Iterator[Imported]:
    """Registers what is missing, and tells what became of it as it goes. Sends transactions.

    Raises as `AssetRegistry.register_many`, but for what is wrong with single lines.
    """

    def send(rows: Sequence[Row]) -> Imported:
        try:
            return _register(registry, plan.namespace, rows)
        except ContractError:
            refused = _refused(registry, plan.namespace, rows)
            if not refused:
                raise
            numbers = {each.number for each in refused}
            good = [row for row in rows if row[0] not in numbers]
            return _register(registry, plan.namespace, good, refused)

    return send_in_chunks(plan.missing, TOGETHER, send)


def _register(
    registry: AssetRegistry, namespace: Namespace, rows: Sequence[Row], refused: Sequence[BadLine] = ()
) -> Imported:
    done = registry.register_many(namespace, [row for _, row in rows]) if rows else None
    receipt = done.receipt if done else None
    return Imported(registered=tuple(rows), refused=tuple(refused), receipt=receipt)


def _refused(registry: AssetRegistry, namespace: Namespace, rows: Sequence[Row]) -> list[BadLine]:
    """The lines that the registry refuses, found by halving."""
    try:
        registry.simulate(registry.register_many, namespace, [row for _, row in rows])
    except ContractError as reason:
        if len(rows) == 1:
            return [BadLine(rows[0][0], str(reason))]
        middle = len(rows) // 2
        return [bad for half in (rows[:middle], rows[middle:]) for bad in _refused(registry, namespace, half)]
    return []


def _is_same(known: AssetRegistered, row: Registration) -> bool:
    said = (row.kind, row.owner, row.twin, row.uri)
    return (known.kind, known.owner, known.twin, known.uri) == said
