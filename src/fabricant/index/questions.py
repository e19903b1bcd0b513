"""What people ask of the index: open lines by deadline, money held, a supplier's record, where an asset is.

Every answer is as of the cursor, whose block, hash and finality come with it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any, Final, TypeVar

from sqlalchemy import Select, and_, case, func, or_, select

from fabricant.domain.assets import AssetId
from fabricant.domain.capacity import CalendarWord as HourWord
from fabricant.domain.capacity import free_hours
from fabricant.domain.capacity.hours import HOURS_PER_WORD
from fabricant.domain.escrow.clocks import LIVE
from fabricant.domain.units import Address, HourIndex
from fabricant.errors import InvalidInput, NotFound
from fabricant.index.batch import Cursor
from fabricant.index.rows import (
    ZERO,
    Asset,
    CalendarWord,
    Dispute,
    Line,
    Money,
    Notice,
    Recall,
    Row,
)
from fabricant.index.sqlite import SqliteStore
from fabricant.index.tables import EVENTS, STATE

R = TypeVar("R", bound=Row)

MOST_ROWS: Final = 1000  # of an answer
DEEPEST_ASSEMBLY: Final = 64
_LIVE: Final = tuple(each.name.lower() for each in LIVE)


@dataclass(frozen=True, slots=True)
class EventSeen:
    """An event, with its place. `arguments`: as JSON."""

    block: int
    log_index: int
    time: int
    transaction: str
    contract: str
    event: str
    subject: str
    arguments: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SupplierRecord:
    """What became of a supplier's lines. `late`: delivered after the due date; `against`: rulings or defaults
    that gave the supplier's side nothing.
    """

    supplier: str
    lines: int
    open: int
    delivered: int
    late: int
    rejected: int
    disputed: int
    against: int
    accepted: int
    failed: int  # resigned or terminated


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """Where an asset is: in which assets, the nearest first, and who has the outermost of them."""

    asset: Asset
    wholes: tuple[str, ...]
    holder: str


@dataclass(frozen=True, slots=True)
class Affected:
    """An asset that a recall concerns, and who has it."""

    recall: Recall
    holder: str | None  # None: it is a batch, whose units are held by nobody until they are serialised


class Questions:
    """Answers from a database."""

    def __init__(self, store: SqliteStore) -> None:
        self._store = store

    def cursor(self) -> Cursor:
        """As of which block everything here is. Raises NotFound if the index has not begun."""
        if (found := self._store.cursor()) is None:
            raise NotFound("this index has seen nothing yet; run `fabricant index run`")
        return found

    # Lines and money

    def lines(
        self,
        *,
        live: bool = False,
        buyer: Address | None = None,
        supplier: Address | None = None,
        order_ref: str | None = None,
        limit: int = MOST_ROWS,
    ) -> list[Line]:
        """Order lines, those whose time runs out first first; then those that time no longer changes.

        `live`: only those with money in them.
        """
        columns = STATE[Line].c
        wanted = [
            *([columns.status.in_(_LIVE)] if live else []),
            *([columns.buyer == buyer] if buyer else []),
            *([columns.supplier == supplier] if supplier else []),
            *([columns.order_ref == order_ref] if order_ref else []),
        ]
        order = (columns.deadline == 0, columns.deadline, columns.opened_at.desc(), columns.id)
        return self._rows(Line, self._of(Line, *wanted).order_by(*order), limit)

    def money(self) -> list[Money]:
        """What the escrow holds of each token."""
        return self._rows(Money, self._of(Money).order_by(STATE[Money].c.token), MOST_ROWS)

    def record_of(self, supplier: Address) -> SupplierRecord:
        """What became of a supplier's lines; all zero for who has none."""
        columns = STATE[Line].c

        def count(condition: Any) -> Any:
            return func.coalesce(func.sum(case((condition, 1), else_=0)), 0)

        disputed = self._lines_disputed()
        against = and_(columns.ending.in_(("ruled", "defaulted")), columns.id.in_(self._lines_lost()))
        query = select(
            func.count(),
            count(columns.status.in_(_LIVE)),
            count(columns.delivered_at > 0),
            count(columns.late_intervals > 0),
            count(columns.rejections > 0),
            count(columns.id.in_(disputed)),
            count(against),
            count(columns.ending.in_(("accepted", "deemed_accepted", "retention_paid"))),
            count(columns.ending.in_(("resigned", "terminated"))),
        ).where(columns.deployment == self._store.deployment, columns.supplier == supplier)
        (found,) = self._store.select(query)
        names = [each.name for each in fields(SupplierRecord) if each.name != "supplier"]
        return SupplierRecord(supplier=supplier, **dict(zip(names, map(int, found), strict=True)))

    def _lines_disputed(self) -> Any:
        columns = STATE[Dispute].c
        return select(columns.line).where(columns.deployment == self._store.deployment)

    def _lines_lost(self) -> Any:
        columns = STATE[Dispute].c
        return self._lines_disputed().where(columns.ending != "", columns.to_supplier_side == "0")

    # Machines

    def free_hours(self, machine: AssetId, begin: HourIndex, end: HourIndex) -> tuple[HourIndex, ...]:
        """The hours of a machine from `begin` to `end`, exclusive, that are neither booked nor blocked."""
        columns = STATE[CalendarWord].c
        words = range(begin // HOURS_PER_WORD, -(-end // HOURS_PER_WORD))
        query = self._of(
            CalendarWord,
            columns.machine == f"{machine:#066x}",
            columns.word >= words.start,
            columns.word < words.stop,
        )
        found = {
            each.word: HourWord(int(each.booked, 16), int(each.blocked, 16))
            for each in self._rows(CalendarWord, query, len(words))
        }
        return free_hours(begin, end, found)

    # Assets

    def asset(self, asset: AssetId) -> Asset:
        """An asset. Raises NotFound."""
        found = self._store.load(Asset, (f"{asset:#066x}",))
        if found is None:
            at = self.cursor().block
            raise NotFound(f"asset {asset:#066x} was not registered by block {at}; check its id")
        return Asset(**dict(zip(Asset.columns, found, strict=True)))

    def assets_of(self, owner: Address, *, limit: int = MOST_ROWS) -> list[Asset]:
        """What somebody owns, by itself and not as a part of something."""
        columns = STATE[Asset].c
        query = self._of(Asset, columns.owner == owner, columns.parent == ZERO, columns.status != "consumed")
        return self._rows(Asset, query.order_by(columns.registered_at.desc(), columns.id), limit)

    def whereabouts(self, asset: AssetId) -> Whereabouts:
        """Where an asset is. Raises NotFound."""
        found = whole = self.asset(asset)
        wholes: list[str] = []
        while whole.parent != ZERO and len(wholes) < DEEPEST_ASSEMBLY:
            wholes.append(whole.parent)
            whole = self.asset(AssetId(int(whole.parent, 16)))
        return Whereabouts(found, tuple(wholes), whole.owner)

    def affected(self, notice: str) -> list[Affected]:
        """What a recall concerns, and who has it; nothing if it was lifted. Raises NotFound."""
        row = self._store.load(Notice, (notice,))
        if row is None:
            raise NotFound(f"there is no notice {notice}; check its id")
        if dict(zip(Notice.columns, row, strict=True))["lifted"]:
            return []
        columns = STATE[Recall].c
        query = self._of(Recall, columns.notice == notice, columns.cleared.is_(False)).order_by(columns.id)
        return [Affected(each, self._holder(each.id)) for each in self._rows(Recall, query, None)]

    def _holder(self, asset: str) -> str | None:
        try:
            return self.whereabouts(AssetId(int(asset, 16))).holder
        except NotFound:
            return None

    # Events

    def events(
        self,
        *,
        contract: str | None = None,
        event: str | None = None,
        subject: str | None = None,
        since: int = 0,
        after: tuple[int, int] | None = None,
        limit: int = MOST_ROWS,
    ) -> list[EventSeen]:
        """Events in the chain's order, from block `since` on, `after` the one with a block and index.

        `subject`: the first indexed argument, such as a line's or an asset's id.
        """
        columns = EVENTS.c
        wanted = [
            *([columns.contract == contract] if contract else []),
            *([columns.event == event] if event else []),
            *([columns.subject == subject] if subject else []),
        ]
        if after is not None:
            block, index = after
            wanted.append(or_(columns.block > block, and_(columns.block == block, columns.log_index > index)))
        query = (
            select(*(column for column in columns if column.name != "deployment"))
            .where(columns.deployment == self._store.deployment, columns.block >= since, *wanted)
            .order_by(columns.block, columns.log_index)
        )
        return [EventSeen(*each) for each in self._store.select(query.limit(_bounded(limit)))]

    def count(self) -> int:
        """How many events there are."""
        query = select(func.count()).where(EVENTS.c.deployment == self._store.deployment)
        return int(self._store.select(query)[0][0])

    # All of them

    def _of(self, form: type[Row], *wanted: Any) -> Select[Any]:
        table = STATE[form]
        return select(*(table.c[name] for name in form.columns)).where(
            table.c.deployment == self._store.deployment, *wanted
        )

    def _rows(self, form: type[R], query: Select[Any], limit: int | None) -> list[R]:
        bounded = query if limit is None else query.limit(_bounded(limit))
        found: Sequence[tuple[Any, ...]] = self._store.select(bounded)
        return [form(**dict(zip(form.columns, each, strict=True))) for each in found]


def _bounded(limit: int) -> int:
    if not 0 < limit <= MOST_ROWS:
        raise InvalidInput(f"an answer has from 1 to {MOST_ROWS} rows; ask for the next ones after these")
    return limit
