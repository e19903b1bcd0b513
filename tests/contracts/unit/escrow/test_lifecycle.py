"""All statuses, roles and clocks against all actions: what is not allowed is refused."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from web3.contract import Contract
from web3.contract.contract import ContractFunction

from tests.support.actors import Actor
from tests.support.chain import Chain
from tests.support.deals import DAY, NATIVE, NO_CONSENTS, STATUSES
from tests.support.decoding import Said
from tests.support.disputes import ARBITER, PRICE, RATES, outcome
from tests.support.lines import BUYER, FOREVER, OPENING, SUPPLIER, Books, Deal, Deals, Goods, Lend

OPEN, CHANGE, QUALITY, FINANCE, RECORD, ASSETS = ROLES = tuple(1 << bit for bit in range(6))
DECIDED = outcome(PRICE // 3, 7)
INSPECTOR, OPERATOR, STRANGER = Actor("inspector"), Actor("operator"), Actor("stranger")

# Statuses

UNDELIVERED = ("Open", "Rejected")
HOLDING = ("Open", "Delivered", "Rejected", "Retained")
ALLOWED = {
    "open": ("None",),
    "openWithPermit": ("None",),
    "openMany": ("None",),
    "revoke": ("None",),
    "deliver": UNDELIVERED,
    "confirmReceipt": ("Delivered",),
    "accept": ("Open", "Delivered", "Rejected", "Disputed"),
    "acceptMany": ("Open", "Delivered", "Rejected", "Disputed"),
    "deemAccept": ("Delivered",),
    "deemAcceptMany": ("Delivered",),
    "reject": ("Delivered",),
    "dispute": ("Delivered", "Rejected", "Retained"),
    "evidence": ("Disputed",),
    "rule": ("Disputed",),
    "applyDefault": ("Disputed",),
    "settle": (*HOLDING, "Disputed"),
    "amend": UNDELIVERED,
    "assign": (*HOLDING, "Disputed"),
    "pay": HOLDING,
    "refund": HOLDING,
    "extend": UNDELIVERED,
    "cancel": ("Open",),
    "resign": UNDELIVERED,
    "terminate": UNDELIVERED,
    "payRetention": ("Retained",),
    "collect": ("Rejected", "Retained", "Closed"),
}
BY_SUPPLIER = ("deliver", "refund", "resign", "assign")


@pytest.mark.parametrize("status", STATUSES)
def test_f050_every_status_allows_its_actions_alone(deal: Deals, goods: Goods, status: str) -> None:
    line = deal(goods=goods(1), retentionBps=500 if status == "Retained" else 0).given(status)
    refusal = Said("SupplierEscrow_WrongStatus", {"id": line.id, "status": STATUSES.index(status)})
    for name, call in line.calls().items():
        said = line.chain.attempt(call, by=SUPPLIER if name in BY_SUPPLIER else BUYER)
        assert (said == refusal) == (status not in ALLOWED[name]), (name, said)


def test_f063_no_function_is_forgotten(escrow: Contract) -> None:
    writing = {
        entry["name"]
        for entry in escrow.abi
        if entry["type"] == "function" and entry["stateMutability"] in ("nonpayable", "payable")
    }
    assert writing == ALLOWED.keys() | {"publishConditions", "deposit", "withdraw"}


# Roles


@dataclass(frozen=True)
class Right:
    """What the operator of a principal may do with a role, and how it is told otherwise."""

    action: str
    status: str
    principal: Actor
    role: int
    error: str
    inspected: bool = False
    goods: int = 0

    def __str__(self) -> str:
        return f"{self.action} of {self.status} for the {self.principal.name}"


RIGHTS = [
    Right("open", "None", BUYER, OPEN, "NoConsent"),
    Right("openWithPermit", "None", BUYER, OPEN, "NoConsent"),
    Right("openMany", "None", BUYER, OPEN, "NoConsent"),
    Right("revoke", "None", BUYER, OPEN, "NotParty"),
    Right("revoke", "None", SUPPLIER, OPEN, "NotParty"),
    Right("deliver", "Open", SUPPLIER, QUALITY, "NotSupplier"),
    Right("deliver", "Open", SUPPLIER, QUALITY | ASSETS, "NotSupplier", goods=1),
    Right("confirmReceipt", "Delivered", BUYER, QUALITY, "NotInspector", inspected=True),
    Right("confirmReceipt", "Delivered", INSPECTOR, QUALITY, "NotInspector", inspected=True),
    Right("accept", "Delivered", BUYER, QUALITY, "NotInspector", inspected=True),
    Right("accept", "Delivered", INSPECTOR, QUALITY, "NotInspector", inspected=True),
    Right("accept", "Open", BUYER, FINANCE, "NotBuyer"),
    Right("accept", "Rejected", BUYER, FINANCE, "NotBuyer"),
    Right("accept", "Disputed", BUYER, FINANCE, "NotBuyer"),
    Right("acceptMany", "Delivered", INSPECTOR, QUALITY, "NotInspector", inspected=True),
    Right("acceptMany", "Open", BUYER, FINANCE, "NotBuyer"),
    Right("reject", "Delivered", BUYER, QUALITY, "NotInspector"),
    Right("reject", "Delivered", INSPECTOR, QUALITY, "NotInspector", inspected=True),
    Right("dispute", "Delivered", BUYER, QUALITY, "NotParty"),
    Right("dispute", "Rejected", SUPPLIER, QUALITY, "NotParty"),
    Right("evidence", "Disputed", BUYER, QUALITY, "NotParty"),
    Right("evidence", "Disputed", SUPPLIER, QUALITY, "NotParty"),
    Right("settle", "Delivered", BUYER, CHANGE, "NoConsent"),
    Right("pay", "Open", BUYER, FINANCE, "NotBuyer"),
    Right("refund", "Open", SUPPLIER, FINANCE, "NotSupplier"),
    Right("extend", "Open", BUYER, CHANGE, "NotBuyer"),
    Right("cancel", "Open", BUYER, CHANGE, "NotBuyer"),
    Right("terminate", "Open", BUYER, CHANGE, "NotBuyer"),
    Right("resign", "Open", SUPPLIER, CHANGE, "NotSupplier"),
    Right("collect", "Closed", BUYER, ASSETS, "NotEntitled", goods=1),
    Right("collect", "Rejected", SUPPLIER, ASSETS, "NotEntitled", goods=1),
]
EACH_RIGHT = pytest.mark.parametrize("right", RIGHTS, ids=str)


@pytest.fixture
def ready(deal: Deals, goods: Goods) -> Callable[[Right], tuple[Deal, ContractFunction, int]]:
    """A line in the right's status, the call, and a time at which its principal may make it."""

    def make(right: Right) -> tuple[Deal, ContractFunction, int]:
        inspector: dict[str, Any] = {"inspector": INSPECTOR} if right.inspected else {}
        line = deal(goods=goods(right.goods) if right.goods else [], **inspector)
        line.given(right.status, goods_left=right.goods > 0)
        times = {
            "None": OPENING,
            "Open": OPENING + DAY,
            "Delivered": line.handover + DAY,
            "Rejected": line.inspected + DAY,
            "Disputed": line.disputed + DAY,
            "Closed": line.inspection_end + DAY,
        }
        when = {"deliver": line.handover, "terminate": line.long_stop}
        return line, line.calls()[right.action], when.get(right.action, times[right.status])

    return make


def refusal(right: Right, line: Deal) -> Said:
    """What the operator is told when it may not."""
    told = {"id": line.id, "caller": OPERATOR.address}
    if right.error == "NoConsent":
        told = {"principal": right.principal.address, "actor": OPERATOR.address}
    if right.error == "NotEntitled":
        told["entitled"] = right.principal.address
    return Said(f"SupplierEscrow_{right.error}", told)


@EACH_RIGHT
def test_f048_an_operator_acts_until_its_role_ends(
    chain: Chain, ready: Callable[[Right], tuple[Deal, ContractFunction, int]], lend: Lend, right: Right
) -> None:
    line, call, now = ready(right)
    lend(right.principal, right.role, until=now + 60)
    chain.warp(now + 59)
    assert chain.attempt(call, by=OPERATOR) is None
    chain.warp(now + 60)
    assert chain.attempt(call, by=OPERATOR) == refusal(right, line)


@EACH_RIGHT
def test_f063_a_revoked_operator_does_nothing(
    chain: Chain, ready: Callable[[Right], tuple[Deal, ContractFunction, int]], lend: Lend, right: Right
) -> None:
    line, call, now = ready(right)
    lend(right.principal, right.role)
    lend(right.principal, 0, until=0)
    chain.warp(now + 60)
    assert chain.attempt(call, by=OPERATOR) == refusal(right, line)


ANYBODY_MAY = {
    "Delivered": {"deemAccept", "deemAcceptMany"},
    "Retained": {"payRetention"},
    "Disputed": {"applyDefault"},
}


@pytest.mark.parametrize("status", STATUSES)
def test_f063_a_stranger_does_nothing(chain: Chain, deal: Deals, goods: Goods, status: str) -> None:
    line = deal(goods=goods(1), retentionBps=500 if status == "Retained" else 0).given(status)
    chain.warp(line.retention_end)  # every clock but this line's opening is over
    done = {name for name, call in line.calls().items() if chain.attempt(call, by=STRANGER) is None}
    assert done == ANYBODY_MAY.get(status, set())


# Clocks


@pytest.mark.parametrize(
    ("status", "before", "afterwards"),
    [
        ("Open", "cancel", "deliver"),
        ("Open", "deliver", "terminate"),
        ("Rejected", "deliver", "terminate"),
        ("Delivered", "reject", "deemAccept"),
    ],
)
@pytest.mark.parametrize("cure", [14 * DAY, 21 * DAY])
def test_f048_exactly_one_side_may_act(
    chain: Chain, deal: Deals, status: str, before: str, afterwards: str, cure: int
) -> None:
    line = deal(cure=cure).given(status)
    moment = {
        ("Open", "cancel"): line.due - line.agreed["cancelNotice"],
        ("Open", "deliver"): line.due + line.agreed["longStop"],
        ("Rejected", "deliver"): max(
            line.due + line.inspected - line.handover + line.agreed["longStop"], line.inspected + cure
        ),
        ("Delivered", "reject"): line.arrival + line.agreed["inspection"],
    }[status, before]
    calls = line.calls()
    for now in range(moment - 2, moment + 3):
        chain.warp(now)
        early, late = (
            chain.attempt(calls[name], by=SUPPLIER if name in BY_SUPPLIER else BUYER) is None
            for name in (before, afterwards)
        )
        assert (early, late) == (now < moment, now >= moment), now - moment


# Exits


@pytest.mark.parametrize(
    ("status", "action", "who"),
    [
        ("Open", "terminate", BUYER),
        ("Open", "resign", SUPPLIER),
        ("Delivered", "deemAccept", STRANGER),
        ("Rejected", "terminate", BUYER),
        ("Rejected", "resign", SUPPLIER),
        ("Retained", "payRetention", STRANGER),
        ("Disputed", "applyDefault", STRANGER),
    ],
)
@pytest.mark.parametrize("money", [None, NATIVE], ids=["token", "coin"])
def test_f052_nobody_can_lock_a_line(
    chain: Chain, deal: Deals, goods: Goods, money: str | None, status: str, action: str, who: Actor
) -> None:
    retention = 500 if status == "Retained" else 0
    line = deal(goods=goods(1), token=money, bondBps=1_000, retentionBps=retention).given(status)
    chain.send(line.calls()[action], by=who, at=line.retention_end)
    assert line.line.status == "Closed"


@pytest.mark.parametrize("money", [None, NATIVE], ids=["token", "coin"])
def test_f058_nothing_stays_behind(
    chain: Chain, deal: Deals, token: Contract, escrow: Contract, broker: Actor, money: str | None
) -> None:
    odd: dict[str, Any] = RATES | {"advanceBps": 11, "cancelBps": 1_234}
    retentions = (0, 0, 0, 0, 333, 333, 0, 0, 0)
    lines = [
        deal(
            token=money,
            amount=1_000_003 + number,
            arbiter=ARBITER,
            broker=broker,
            retentionBps=retention,
            **odd,
        )
        for number, retention in enumerate(retentions)
    ]
    cancelled, resigned, terminated, accepted, retained, silent, *disputed = lines
    ruled, settled, defaulted = disputed
    for line in lines:
        line.secure()
    for line in lines:
        line.open()
    due = cancelled.due
    cancelled.send("cancel", by=BUYER, at=OPENING + DAY)
    resigned.send("resign", by=SUPPLIER)
    accepted.send("pay", 500_000, by=BUYER)
    accepted.send("refund", 400_000, by=SUPPLIER)
    for line in (accepted, retained, silent, *disputed):
        line.deliver(at=due + 1)
    accepted.accept(at=due + 2 * DAY)
    retained.accept(at=due + 2 * DAY)
    for line in disputed:
        line.deposit(BUYER, line.arbiter_fee)
        line.dispute()
    ruled.send("rule", DECIDED, by=ARBITER)
    consents = NO_CONSENTS | {"supplier": settled.settled(SUPPLIER, DECIDED)}
    settled.send("settle", DECIDED, FOREVER, consents, by=BUYER)
    silent.send("deemAccept", [], by=STRANGER, at=due + 9 * DAY)
    terminated.send("terminate", by=BUYER, at=terminated.long_stop)
    defaulted.send("applyDefault", by=STRANGER, at=defaulted.arbitration_end)
    for line in (retained, silent):
        line.send("payRetention", by=STRANGER, at=due + 100 * DAY)
    for owner in (BUYER, SUPPLIER):
        free = escrow.functions.withdraw(owner.address, cancelled.terms["token"], cancelled.free(owner))
        chain.send(free, by=owner)

    assert {line.line.status for line in lines} == {"Closed"}
    left = chain.balance(escrow) if money == NATIVE else token.functions.balanceOf(escrow.address).call()
    assert left == 0


def test_f022_opening_and_cancelling_at_once_earns_nothing(deal: Deals, books: Books) -> None:
    line = deal(bondBps=1_000, cancelBps=1_000)
    line.secure()
    with books.moves({BUYER: -line.amount // 10, SUPPLIER: line.amount // 10}):
        line.open(at=OPENING)
        line.send("cancel", by=BUYER, at=OPENING)
