"""Every cell: each state, action, caller and moment, answered by the escrow, the reader and the domain.

Lines are written into the escrow's storage; each cell is a call to the escrow and one to the reader, whose
answers must be the same bytes. FABRICANT_CASES=202000 takes every cell, less takes every so-manieth one.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

import pytest
from eth_utils.crypto import keccak
from web3.contract import Contract

from fabricant.artifacts import load
from fabricant.chain.escrow import Delivery, SupplierEscrow
from fabricant.chain.network import Call
from fabricant.chain.reader import Deed, EscrowReader
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
    Status,
    Terms,
    line_id,
    possible,
    windows,
)
from fabricant.domain.typed_data import Message
from fabricant.domain.units import ZERO_ADDRESS, Address, BaseUnits, Bps, Seconds, UnixSeconds
from tests.support.actors import Actor
from tests.support.cells import GOODS, PAYEE, look, put
from tests.support.chain import Chain

CASES: Final = int(os.environ.get("FABRICANT_CASES", "2000"))
STRIDE: Final = max(1, 202_000 // CASES)  # 101 shares no factor with the callers and actions
DAY, HOUR, FOREVER = 86_400, 3_600, 2**40 - 1
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
            kinds = DISPUTES if status is Status.DISPUTED else (NONE,)
            kinds = (NONE, AMENDED) if status is Status.OPEN else kinds
            kinds = (NONE, LineFlag.GOODS_TO_BUYER) if status is Status.CLOSED else kinds
            places = {bool(terms.assets), False} if status not in (Status.OPEN, Status.REVOKED) else {False}
            if status is Status.DELIVERED:
                places = {bool(terms.assets)}
            for kind in kinds:
                for flag in (NONE, ASSIGNED) if status is not Status.REVOKED else (NONE,):
                    for here in sorted(places):
                        rejections = int(status is Status.REJECTED or flag is ASSIGNED)
                        yield State(
                            terms,
                            Line(
                                status,
                                kind | flag,
                                rejections,
                                UnixSeconds(near),
                                0,
                                Seconds(0),
                                BaseUnits(9_001),
                            ),
                            here,
                        )


def moments(state: State, *, after: int) -> Iterator[UnixSeconds]:
    """A second before, at and after each boundary."""
    found = windows(state.terms, state.line, CONDITIONS, goods_here=state.here)
    bounds = {bound for each in found for bound in (each.since, each.before) if bound is not None}
    bounds |= {state.line.since or state.terms.open_by, state.terms.due_by}
    for at in sorted({bound + step for bound in bounds if bound < FOREVER for step in (-1, 0, 1)}):
        if at > after:
            yield UnixSeconds(at)


def arguments(
    state: State, deed: Deed, escrow: SupplierEscrow
) -> tuple[tuple[Any, ...], int, tuple[int, ...]]:
    """What the escrow's function is called with after the terms, and what of it the reader is told."""
    assets = GOODS if state.here else ()
    outcome = Outcome(to_supplier=BaseUnits(0), goods_to_buyer=False)
    match deed:
        case Deed.DELIVER:
            given = GOODS if state.terms.assets and not state.here else ()
            return (Delivery(assets=given),), 0, given
        case Deed.ACCEPT | Deed.DEEM_ACCEPT | Deed.COLLECT:
            return (assets,), 0, assets
        case Deed.REJECT:
            return (bytes(32),), 0, ()
        case Deed.DISPUTE | Deed.EVIDENCE:
            return (bytes(32), ""), 0, ()
        case Deed.RULE:
            return (outcome,), 0, ()
        case Deed.SETTLE:
            return (outcome, FOREVER, Consents()), FOREVER, ()
        case Deed.AMEND:
            return (
                (replace(state.terms, salt=1), outcome, FOREVER, Consents(), state.terms.buyer),
                FOREVER,
                (),
            )
        case Deed.ASSIGN:
            told = Assignment(
                id=line_id(state.terms, escrow.domain), payee=FACTOR.address, deadline=UnixSeconds(FOREVER)
            )
            signed = FACTOR.sign(Message(escrow.domain, ASSIGNMENT, told).digest)
            return (FACTOR.address, FOREVER, Consent(FACTOR.address, (), signed)), FOREVER, ()
        case Deed.PAY | Deed.REFUND:
            return (9_000,), 9_000, ()
        case Deed.EXTEND:
            return (1,), 1, ()
        case _:
            return (), 0, ()


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


def test_every_cell_is_refused_as_the_reader_says(
    chain: Chain, escrow: Contract, directory: Contract, reader: EscrowReader
) -> None:
    client = SupplierEscrow(chain.local, Address(escrow.address))
    callers = people()
    for caller, (lender, lent) in callers.items():
        if caller != lender:
            chain.send(directory.functions.setOperator(caller, int(lent), FOREVER), by=lender)
    near, counted, cell, allowed_cells = chain.now + 10 * DAY, 0, 0, 0
    for state in states(near):
        near = max(near, chain.now + 10 * DAY)
        state = State(
            replace(
                state.terms,
                due_by=UnixSeconds(near + 40 * DAY),
                open_by=UnixSeconds(near + 40 * DAY),
                salt=near,
            ),
            state.line if state.line.status is Status.NONE else replace(state.line, since=UnixSeconds(near)),
            state.here,
        )
        put(chain, escrow, line_id(state.terms, client.domain), state.line, CONDITIONS, goods_here=state.here)
        payee = PAYEE.address if ASSIGNED in state.line.flags else ZERO_ADDRESS
        prepared = {deed: arguments(state, deed, client) for deed in Deed}
        data = {
            deed: SupplierEscrow.abi.functions[name_of(deed)].encode((state.terms, *given))
            for deed, (given, _, _) in prepared.items()
        }
        for moment in moments(state, after=chain.now):
            chain.warp(moment)
            open_now = possible(state.terms, state.line, CONDITIONS, at=moment, goods_here=state.here)
            cells, calls = [], []
            for deed, (_, figure, assets) in prepared.items():
                for caller in callers:
                    cell += 1
                    if cell % STRIDE:
                        continue
                    asked = (deed, state.terms, caller, (figure, assets))
                    cells.append((deed, caller))
                    calls.append(Call(client.address, data[deed], sender=caller))
                    calls.append(
                        Call(reader.address, EscrowReader.abi.functions["check"].encode(asked), sender=caller)
                    )
            answers = look(chain, calls)
            for (deed, caller), theirs, said in zip(cells, answers[::2], answers[1::2], strict=True):
                where = (deed.name, callers[caller], moment - near, state)
                if said[0]:
                    # Nothing in the way of state, time or caller: the escrow did it, or says what lies elsewhere.
                    assert theirs[0] or theirs[1][:4] not in STANDING, (where, theirs[1][:4].hex())
                    allowed_cells += 1
                else:
                    assert theirs == said, (where, theirs, said)
                if deed not in UNCHECKED and callers[caller][0] == caller:
                    ours = any(
                        each.action is Action[deed.name]
                        and (
                            each.by.value == "anyone"
                            or caller in each.by.principals(state.terms, payee=payee)
                        )
                        for each in open_now
                    )
                    assert ours == said[0], (where, said, ours)
                counted += 1
    print(f"{counted} cells, {allowed_cells} of them allowed")
    assert allowed_cells > 100
