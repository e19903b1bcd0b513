"""The tables: one form for each kind of row, of which SQL and Python are both made.

A row is known by its key within a deployment. Ids and hashes are hex, addresses checksummed; amounts are
decimal text in base units, since they may be larger than any number of a database; times are Unix seconds,
and lists JSON. What happened and can't change has the block and the index of its log as its key.
"""

from dataclasses import dataclass, fields
from operator import attrgetter
from typing import Any, ClassVar, Final, TypeVar, dataclass_transform

from fabricant.domain.units import ZERO_ADDRESS

R = TypeVar("R", bound="Row")

ZERO: Final = "0x" + "00" * 32
NOBODY: Final = str(ZERO_ADDRESS)


class Row:
    """A row of state. `table` is its name, `key` are the columns that tell it from others."""

    __slots__ = ()
    table: ClassVar[str]
    key: ClassVar[tuple[str, ...]]
    columns: ClassVar[tuple[str, ...]]
    values: ClassVar[Any]  # of a row, in the order of its columns


ALL: Final[list[type[Row]]] = []


@dataclass_transform(kw_only_default=True)
def table(name: str, *key: str) -> Any:
    """Makes a class the form of a table's rows."""

    def declare(form: type[R]) -> type[R]:
        made: Any = dataclass(slots=True, kw_only=True)(form)
        made.table, made.key = name, key
        made.columns = tuple(each.name for each in fields(made))
        made.values = staticmethod(attrgetter(*made.columns))
        if made.columns[: len(key)] != key:
            raise TypeError(f"the columns of {name} begin with its key")
        ALL.append(made)
        return made  # type: ignore[no-any-return]

    return declare


# Directory


@table("profiles", "participant")
class Profile(Row):
    """How a participant described itself last."""

    participant: str
    encryption_key: str
    uri: str
    at: int


@table("operators", "principal", "operator")
class Operator(Row):
    """What an operator may do for a principal, since the last change."""

    principal: str
    operator: str
    roles: int
    until: int
    version: int
    at: int


@table("spent_nonces", "contract", "principal", "word")
class SpentNonces(Row):
    """256 nonces that can't be used, a bit each."""

    contract: str
    principal: str
    word: str
    spent: str


# Assets


@table("namespaces", "namespace")
class Namespace(Row):
    """Who names assets with a public prefix, and to whom it is offered."""

    namespace: str
    issuer: str = NOBODY
    proposed: str = NOBODY
    open_from: int = 0
    prefix: str = ""


@table("registrars", "contract")
class Registrar(Row):
    """Who assigns prefixes, and the successor that it named."""

    contract: str
    registrar: str = NOBODY
    proposed: str = NOBODY


@table("assets", "id")
class Asset(Row):
    """A machine, component, product or lot. `parent`: the asset that it is assembled into; zero: none."""

    id: str
    namespace: str
    local_id: str
    kind: str
    owner: str
    status: str
    twin: str
    twin_version: int
    uri: str
    registered_at: int
    user: str = NOBODY
    user_until: int = 0
    quantity: str = "1"
    unit: str = ""
    parent: str = ZERO
    parent_since: str = ""  # block and index of the assembly
    locked: bool = False
    held_until: int = 0
    batch: str = ZERO  # of which it is a unit
    device: str = NOBODY
    approved: str = NOBODY


@table("asset_operators", "owner", "operator")
class AssetOperator(Row):
    """Whether somebody may transfer all assets of an owner (ERC-721)."""

    owner: str
    operator: str
    approved: bool


@table("batches", "id")
class Batch(Row):
    """A production run that was committed at once."""

    id: str
    namespace: str
    origin: str
    root: str
    count: str
    uri: str
    at: int


@table("recorders", "asset", "owner", "recorder")
class Recorder(Row):
    """Until when somebody may record about an owner's asset."""

    asset: str
    owner: str
    recorder: str
    until: int


@table("records", "block", "log_index")
class Record(Row):
    """An entry about an asset."""

    block: int
    log_index: int
    asset: str
    topic: str
    author: str
    by: str
    hash: str
    supersedes: str
    uri: str
    at: int


# Genealogy


@table("asset_edges", "block", "log_index", "number")
class AssetEdge(Row):
    """An asset became part of another (`assembled`), or was made of it (`transformed`).

    `until_block`: in which it was taken out again; zero: it is still in it. `quantity`: of the child.
    """

    block: int
    log_index: int
    number: int
    kind: str
    parent: str
    child: str
    quantity: str
    at: int
    until_block: int = 0


@table("processings", "lot", "owner")
class Processing(Row):
    """What an owner lets the user of a lot do with it."""

    lot: str
    owner: str
    processor: str
    until: int
    max_scrap_bps: int


@table("notices", "notice")
class Notice(Row):
    """A recall."""

    notice: str
    namespace: str
    hash: str
    uri: str
    at: int
    lifted: bool = False


@table("recalls", "notice", "id")
class Recall(Row):
    """An asset or batch that a notice covers, and why."""

    notice: str
    id: str
    reach: str
    at: int
    cleared: bool = False


@table("acknowledgements", "notice", "account")
class Acknowledgement(Row):
    """Somebody declared to know of a notice."""

    notice: str
    account: str
    at: int


@table("authorities", "namespace", "authority")
class Authority(Row):
    """Whether an authority may hold what is named in a namespace."""

    namespace: str
    authority: str
    allowed: bool


# Records


@table("streams", "stream")
class Stream(Row):
    """A chain of anchored batches."""

    stream: str
    owner: str
    at: int
    head: str = ZERO
    batches: int = 0
    records: int = 0


@table("anchors", "stream", "number")
class Anchor(Row):
    """A batch of records that was anchored, counted from zero."""

    stream: str
    number: int
    root: str
    count: int
    head: str
    uri: str
    block: int
    at: int


@table("retained_roots", "stream", "root")
class RetainedRoot(Row):
    """A root that is kept on chain."""

    stream: str
    root: str
    since: int


@table("readers", "stream", "reader")
class Reader(Row):
    """Whom the owner of a stream lets read it."""

    stream: str
    reader: str
    sealed_key: str
    until: int


# Capacity


@table("offers", "id")
class Offer(Row):
    """A published offer of machine-hours. `sold`: hours of its total; `consent`: the signature, as JSON."""

    id: str
    supplier: str
    machine: str
    process: str
    token: str
    hourly: str
    setup: str
    last_minute_hourly: str
    decay_hours: int
    from_hour: int
    until_hour: int
    min_hours: int
    max_span: int
    total_hours: int
    setup_hours: int
    notice_hours: int
    delivery_hours: int
    max_assets: int
    buyer: str
    inspector: str
    arbiter: str
    broker: str
    valid_until: int
    nonce: str
    epoch: str
    documents: str
    conditions: str
    consent: str
    at: int


@table("sold_hours", "offer")
class SoldHours(Row):
    """Hours sold on an offer, published or not, that has a total."""

    offer: str
    sold: int


@table("epochs", "supplier")
class Epoch(Row):
    """The epoch that a supplier's offers and quotations must have."""

    supplier: str
    epoch: str


@table("calendar", "machine", "word")
class CalendarWord(Row):
    """256 hours of a machine, a bit each, as hex; hour `word * 256 + bit`."""

    machine: str
    word: int
    booked: str = ZERO
    blocked: str = ZERO


@table("bookings", "line")
class Booking(Row):
    """The hours that were booked for a line. `returned`: they are free again, or the line's that follows."""

    line: str
    machine: str
    offer: str
    first_word: int
    hour_masks: str
    hours: int
    at: int
    returned: bool = False


@table("requests", "id")
class Request(Row):
    """A request for quotations."""

    id: str
    buyer: str
    process: str
    token: str
    budget: str
    machine_hours: int
    from_hour: int
    until_hour: int
    assets: int
    quote_by: int
    due_by: int
    inspector: str
    arbiter: str
    broker: str
    conditions: str
    documents: str
    order_ref: str
    sealing_key: str
    salt: str
    uri: str
    reply_to: str
    at: int


@table("quotations", "line")
class Quotation(Row):
    """A quotation that was awarded: the chain knows no other."""

    line: str
    request: str
    supplier: str
    quotation: str
    at: int


# Escrow


@table("conditions", "id")
class ConditionsRow(Row):
    """Trade conditions, as the contract packs them."""

    id: str
    rates: str
    periods: str
    uri: str


@table("lines", "id")
class Line(Row):
    """An order line: its terms, and what the contract keeps of it. `deadline`: when time next changes what
    may be done; zero: never. `bond` is locked, `deposit` the arbiter's fee of a running dispute.
    """

    id: str
    buyer: str = NOBODY
    supplier: str = NOBODY
    inspector: str = NOBODY
    arbiter: str = NOBODY
    broker: str = NOBODY
    token: str = NOBODY
    amount: str = "0"
    open_by: int = 0
    due_by: int = 0
    assets: int = 0
    deliverables: str = ZERO
    documents: str = ZERO
    order_ref: str = ZERO
    opener: str = NOBODY
    subject: str = ZERO
    conditions: str = ZERO
    salt: str = "0"
    status: str = "none"
    flags: int = 0
    rejections: int = 0
    since: int = 0
    late_intervals: int = 0
    extra: int = 0
    held: str = "0"
    bond: str = "0"
    deposit: str = "0"
    payee: str = NOBODY
    payer: str = NOBODY
    replaces: str = ZERO
    replaced_by: str = ZERO
    dispute: str = ""  # block and index of the one that runs
    ending: str = ""
    opened_at: int = 0
    delivered_at: int = 0
    concluded_at: int = 0
    deadline: int = 0


@table("payments", "block", "log_index", "number")
class Payment(Row):
    """Money that left a line, and for whom: what is released, given back, or concluded."""

    block: int
    log_index: int
    number: int
    line: str
    kind: str
    token: str
    payee: str
    amount: str
    at: int


@table("deliveries", "block", "log_index")
class Delivery(Row):
    """A delivery of a line."""

    block: int
    log_index: int
    line: str
    by: str
    late_intervals: int
    arrives_at: int
    evidence: str
    invoice: str
    uri: str
    assets: str
    at: int


@table("disputes", "block", "log_index")
class Dispute(Row):
    """A dispute about a line, and how it ended; `ending` is empty while it runs."""

    block: int
    log_index: int
    line: str
    by: str
    disputant: str
    at: int
    ending: str = ""
    ended_at: int = 0
    to_supplier_side: str = "0"
    to_buyer: str = "0"


@table("balances", "owner", "token")
class Balance(Row):
    """What an owner may withdraw from the escrow."""

    owner: str
    token: str
    amount: str = "0"


@table("money", "token")
class Money(Row):
    """What the escrow holds of a token: in lines, as bonds and deposits, and free."""

    token: str
    held: str = "0"
    bonds: str = "0"
    deposits: str = "0"
    free: str = "0"
