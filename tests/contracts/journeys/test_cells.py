"""Every cell: each state, action, caller and moment, answered by the escrow, the reader and the domain.

Lines are written into the escrow's storage; each cell is a call to the escrow and one to the reader, whose
answers must be the same bytes. FABRICANT_CASES=1000000 takes every cell, less takes every so-manieth one.
"""

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from functools import lru_cache
from typing import Any, Final

import pytest
from eth_utils.crypto import keccak
from web3.contract import Contract

from fabricant.artifacts import load
from fabricant.chain.escrow import Delivery, SupplierEscrow
from fabricant.chain.network import Call
from fabricant.chain.reader import Deed, EscrowReader
from fabricant.domain.assets import AssetId
from fabricant.domain.directory import Role
from fabricant.domain.escrow import (
    ASSIGNMENT,
    Action,
    Assignment,
    Conditions,
    Consent,
    Consents,
    Line,
    LineFlag,
    Outcome,
    Side,
    Status,
    Terms,
    line_id,
    possible,
    windows,
)
from fabricant.domain.typed_data import Message
from fabricant.domain.units import (
    NOTHING,
    ZERO_ADDRESS,
    Address,
    BaseUnits,
    Bps,
    Seconds,
    UnixSeconds,
    address_word,
)
from tests.support.actors import Actor
from tests.support.cells import GOODS, PAYEE, look, put
from tests.support.chain import Chain

CELLS: Final = 981_516
STRIDE: Final = max(
    1, CELLS // int(os.environ.get("FABRICANT_CASES", "4000"))
)  # 245: prime to a moment's 1,052
DAY, HOUR, FOREVER = 86_400, 3_600, UnixSeconds(2**40 - 1)
HELD, LONGEST = BaseUnits(9_001), Seconds(366 * DAY)
FACTOR = Actor("factor")
CALLERS: Final = ("buyer", "supplier", "inspector", "arbiter", "payee", "owner", "broker", "stranger")
LENDERS: Final = ("buyer", "supplier", "payee")
ROLES: Final = (Role.OPEN, Role.CHANGE, Role.QUALITY, Role.FINANCE, Role.ASSETS, Role.QUALITY | Role.ASSETS)
ALL: Final = Role(63)
NONE, ASSIGNED, AMENDED = LineFlag(0), LineFlag.ASSIGNED, LineFlag.AMENDED
BY_BUYER, BY_SUPPLIER = LineFlag.BUYER_DISPUTES, LineFlag.SUPPLIER_DISPUTES
DISPUTES: Final = (BY_BUYER, BY_SUPPLIER, BY_BUYER | LineFlag.RETENTION_DISPUTED)
UNCHECKED: Final = {Deed.SETTLE, Deed.AMEND}
CONDITIONS: Final = Conditions(
    advance_bps=Bps(1_000),
    bond_bps=Bps(500),
    cancel_bps=Bps(2_000),
    retention_bps=Bps(1_000),
    late_bps=Bps(50),
    max_late_bps=Bps(500),
    default_supplier_bps=Bps(5_000),
    broker_bps=Bps(100),
    arbiter_fee_bps=Bps(0),
    max_rejections=1,
    inspection=Seconds(5 * DAY),
    arbitration=Seconds(30 * DAY),
    late_every=Seconds(DAY),
    cancel_notice=Seconds(20 * DAY),
    resign_period=Seconds(3 * DAY),
    delivery_window=Seconds(10 * DAY),
    long_stop=Seconds(15 * DAY),
    transit=Seconds(2 * DAY),
    cure=Seconds(7 * DAY),
    retention=Seconds(40 * DAY),
)


_STANDING_NAMES: Final = (
    *("NotBuyer", "NotSupplier", "NotInspector", "NotParty", "NotEntitled", "NotArbiter", "WrongStatus"),
    *("TooEarly", "TooLate", "AlreadyArrived", "RejectionsUsedUp", "ExtensionOutOfRange", "HeldNotBelow"),
    *("Assigned", "WrongAssets", "WrongAssetCount"),
)
# What the reader foretells; anything else that the escrow says lies with money, the registry or consents.
STANDING: Final = {
    keccak(text=f"{each['name']}({','.join(part['type'] for part in each['inputs'])})")[:4]
    for each in load("SupplierEscrow").abi
    if each["type"] == "error" and each["name"].removeprefix("SupplierEscrow_") in _STANDING_NAMES
}

Asked = tuple[tuple[Any, ...], int, tuple[AssetId, ...]]


@dataclass(frozen=True)
class State:
    """A line, its terms, and whether its goods are here."""

    terms: Terms
    line: Line
    here: bool


def states(near: int) -> Iterator[State]:
    """Every status and kind of dispute, assigned, amended, with goods, without people."""
    due = UnixSeconds(near + 40 * DAY)
    full = Terms(
        buyer=Actor("buyer").address,
        supplier=Actor("supplier").address,
        inspector=Actor("inspector").address,
        arbiter=Actor("arbiter").address,
        broker=Actor("broker").address,
        opener=Actor("owner").address,
        token=Address("0x" + "7" * 40),
        amount=BaseUnits(10_001),
        open_by=due,
        due_by=due,
        assets=2,
        conditions=CONDITIONS.id,
        salt=near,
    )
    bare = replace(full, inspector=ZERO_ADDRESS, arbiter=ZERO_ADDRESS, assets=0)
    yield State(full, Line(), False)
    for terms in (full, bare):
        for status in Status:
            if status is Status.NONE:
                continue
            kinds: tuple[LineFlag, ...] = DISPUTES if status is Status.DISPUTED else (NONE,)
            kinds = (NONE, LineFlag.GOODS_TO_BUYER) if status is Status.CLOSED else kinds
            places = {bool(terms.assets), False} if status not in (Status.OPEN, Status.REVOKED) else {False}
            if status is Status.DELIVERED:
                places = {bool(terms.assets)}
            for kind in kinds:
                for flag in (NONE, ASSIGNED) if status is not Status.REVOKED else (NONE,):
                    for here in sorted(places):
                        rejections = int(status is Status.REJECTED or flag is ASSIGNED)
                        since = UnixSeconds(near)
                        line = Line(status, kind | flag, rejections, since, 0, Seconds(0), HELD)
                        yield State(terms, line, here)
                        if status is not Status.REVOKED:  # nothing is left to pay or to extend
                            spent = replace(line, flags=line.flags | AMENDED, extra=LONGEST, held=NOTHING)
                            yield State(terms, spent, here)


def moments(state: State, *, after: int) -> Iterator[UnixSeconds]:
    """A second before, at and after each boundary."""
    found = windows(state.terms, state.line, CONDITIONS, goods_here=state.here)
    bounds = {bound for each in found for bound in (each.since, each.before) if bound is not None}
    bounds |= {state.line.since or state.terms.open_by, state.terms.due_by}
    for at in sorted({bound + step for bound in bounds if bound < FOREVER for step in (-1, 0, 1)}):
        if at > after:
            yield UnixSeconds(at)


@lru_cache(maxsize=len(Deed))
def asked_of(state: State, deed: Deed, escrow: SupplierEscrow) -> tuple[Asked, ...]:
    """All that the action is called with after the terms, the usual first, and what the reader is told."""
    here = GOODS if state.here else ()
    brought = GOODS if state.terms.assets and not state.here else ()
    outcome = Outcome(to_supplier=NOTHING, goods_to_buyer=False)
    replaced, payer, ends = replace(state.terms, salt=1), state.terms.buyer, (FOREVER, UnixSeconds(1))
    found: dict[Deed, Iterable[Asked]] = {
        Deed.DELIVER: (((Delivery(assets=listed),), 0, listed) for listed in (brought, GOODS[:1])),
        Deed.EXTEND: (((extra,), extra, ()) for extra in (1, 0, LONGEST, LONGEST + 1)),
        Deed.SETTLE: (((outcome, end, Consents()), end, ()) for end in ends),
        Deed.AMEND: (((replaced, outcome, end, Consents(), payer), end, ()) for end in ends),
        Deed.ASSIGN: (((FACTOR.address, end, consent(state, end, escrow)), end, ()) for end in ends),
        Deed.RULE: [((outcome,), 0, ())],
        Deed.REJECT: [((bytes(32),), 0, ())],
    }
    for each in (Deed.ACCEPT, Deed.DEEM_ACCEPT, Deed.COLLECT):
        found[each] = [((listed,), 0, listed) for listed in (here, GOODS[:1])]
    for each in (Deed.PAY, Deed.REFUND):
        found[each] = [((left,), left, ()) for left in (HELD - 1, 0, HELD, 2**128 - 1)]
    for each in (Deed.DISPUTE, Deed.EVIDENCE):
        found[each] = [((bytes(32), ""), 0, ())]
    return tuple(found.get(deed, [((), 0, ())]))


def consent(state: State, end: UnixSeconds, escrow: SupplierEscrow) -> Consent:
    """The next payee's to an assignment."""
    told = Assignment(id=line_id(state.terms, escrow.domain), payee=FACTOR.address, deadline=end)
    return Consent(FACTOR.address, (), FACTOR.sign(Message(escrow.domain, ASSIGNMENT, told).digest))


@lru_cache(maxsize=4 * len(Deed))
def calls_of(state: State, deed: Deed, escrow: SupplierEscrow, place: int) -> tuple[bytes, bytes, bytes]:
    """The calldata of an action with one of its arguments; the reader's, before and after the caller."""
    given, figure, assets = asked_of(state, deed, escrow)[place]
    data = SupplierEscrow.abi.functions[name_of(deed)].encode((state.terms, *given))
    told = EscrowReader.abi.functions["check"].encode((deed, state.terms, ZERO_ADDRESS, (figure, assets)))
    caller = 4 + 32 * (1 + len(fields(state.terms)))
    return data, told[:caller], told[caller + 32 :]


def name_of(deed: Deed) -> str:
    """The escrow's function."""
    first, *rest = deed.name.lower().split("_")
    return first + "".join(each.title() for each in rest)


def people() -> dict[Address, tuple[Address, Role]]:
    """Every caller, for whom it acts, and with which roles."""
    found = {Actor(name).address: (Actor(name).address, ALL) for name in CALLERS}
    for lender in LENDERS:
        for role in ROLES:
            for kind, lent in (("with", role), ("without", ALL & ~role)):
                found[Actor(f"{kind} {role} of {lender}").address] = (Actor(lender).address, lent)
    return found


@pytest.fixture
def reader(chain: Chain, escrow: Contract) -> EscrowReader:
    """The escrow's reader."""
    return EscrowReader(chain.local, Address(chain.deploy("EscrowReader", escrow).address))


@dataclass
class Table:
    """The cells that are looked at: every so-manieth of all."""

    chain: Chain
    escrow: SupplierEscrow
    reader: EscrowReader
    callers: Mapping[Address, tuple[Address, Role]]
    passed: int = 0
    counted: int = 0
    allowed: int = 0

    def look(self, state: State, moment: UnixSeconds) -> None:
        """Every action by every caller on one line at one moment."""
        cells, calls = [], []
        for deed, caller, place in self._chosen(state):
            data, before, after = calls_of(state, deed, self.escrow, place)
            cells.append((deed, caller, place))
            calls.append(Call(self.escrow.address, data, sender=caller))
            told = before + address_word(caller) + after
            calls.append(Call(self.reader.address, told, sender=caller))
        answers = look(self.chain.local, calls)
        for (deed, caller, place), theirs, said in zip(cells, answers[::2], answers[1::2], strict=True):
            principal = self.callers[caller][0] == caller
            where = (deed.name, place, self.callers[caller], moment, state)
            if said[0]:  # state, time and caller allow it: the escrow did it, or says what else is in the way
                assert theirs[0] or theirs[1][:4] not in STANDING, (where, theirs[1][:4].hex())
            else:
                assert theirs == said, (where, theirs, said)
            if deed not in UNCHECKED and principal and place == 0:
                assert said[0] == self.is_allowed(state, deed, caller, moment), (where, said)
            self.counted += 1
            self.allowed += said[0]

    def _chosen(self, state: State) -> Iterator[tuple[Deed, Address, int]]:
        """Actions by callers with one of their arguments; operators try the usual ones alone."""
        for deed in Deed:
            for caller, (principal, _) in self.callers.items():
                for place in range(len(asked_of(state, deed, self.escrow)) if principal == caller else 1):
                    self.passed += 1
                    if self.passed % STRIDE == 0:
                        yield deed, caller, place

    def is_allowed(self, state: State, deed: Deed, caller: Address, moment: UnixSeconds) -> bool:
        """What the domain says."""
        payee = PAYEE.address if ASSIGNED in state.line.flags else ZERO_ADDRESS
        windows = possible(state.terms, state.line, CONDITIONS, at=moment, goods_here=state.here)
        return any(
            window.by is Side.ANYONE or caller in window.by.principals(state.terms, payee=payee)
            for window in windows
            if window.action is Action[deed.name]
        )


def test_f048_f050_f063_every_cell_is_answered_alike(
    chain: Chain, escrow: Contract, directory: Contract, reader: EscrowReader
) -> None:
    client, callers = SupplierEscrow(chain.local, Address(escrow.address)), people()
    for caller, (lender, lent) in callers.items():
        if caller != lender:
            chain.send(directory.functions.setOperator(caller, int(lent), FOREVER), by=lender)
    table, near = Table(chain, client, reader, callers), 0
    for each in states(0):
        near = max(near, chain.now + 10 * DAY)
        due = UnixSeconds(near + 40 * DAY)
        fresh = each.line.status is Status.NONE
        line = each.line if fresh else replace(each.line, since=UnixSeconds(near))
        state = State(replace(each.terms, due_by=due, open_by=due, salt=near), line, each.here)
        kept = line_id(state.terms, client.domain)
        put(chain.local, client.address, kept, line, CONDITIONS, goods_here=state.here)
        for moment in moments(state, after=chain.now):
            chain.warp(moment)
            table.look(state, moment)
    assert table.passed == CELLS
    print(f"{table.counted} of {table.passed} cells, {table.allowed} of them allowed")
    assert table.allowed > 100
