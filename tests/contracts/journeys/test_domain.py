"""The rules in Python and the contracts are one: thousands of random cases, decided by both.

`fabricant.domain` says who gets what and who may do what when; the contracts do it. Lines are written
straight into the escrow's storage, so that every combination comes up, also rare ones.
FABRICANT_CASES=10000 takes longer.
"""

import os
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final

import pytest
from web3.contract import Contract

from fabricant.chain.client import Client
from fabricant.chain.errors import (
    SupplierEscrow_AlreadyArrived,
    SupplierEscrow_Assigned,
    SupplierEscrow_ExtensionOutOfRange,
    SupplierEscrow_GoodsStuck,
    SupplierEscrow_HeldNotBelow,
    SupplierEscrow_InsufficientBalance,
    SupplierEscrow_NotArbiter,
    SupplierEscrow_NotBuyer,
    SupplierEscrow_NotEntitled,
    SupplierEscrow_NotInspector,
    SupplierEscrow_NotParty,
    SupplierEscrow_NotSupplier,
    SupplierEscrow_RejectionsUsedUp,
    SupplierEscrow_TooEarly,
    SupplierEscrow_TooLate,
    SupplierEscrow_WrongAssetCount,
    SupplierEscrow_WrongAssets,
    SupplierEscrow_WrongStatus,
)
from fabricant.chain.escrow import Delivery, SupplierEscrow
from fabricant.domain.escrow import (
    ASSIGNMENT,
    Action,
    Assignment,
    Conditions,
    Consent,
    Ending,
    Line,
    LineFlag,
    Outcome,
    Payoff,
    Side,
    Status,
    Terms,
    advance,
    bond,
    brokerage,
    line_id,
    payoff,
    possible,
    windows,
)
from fabricant.domain.typed_data import Message
from fabricant.domain.units import ZERO_ADDRESS, Address, BaseUnits, Bps, Seconds, UnixSeconds
from tests.support.actors import Actor
from tests.support.cells import GOODS, PAYEE, put
from tests.support.chain import Chain, artifact

CASES: Final = int(os.environ.get("FABRICANT_CASES", "2000"))
LINES: Final = CASES // 50
MOMENTS: Final = 3  # of each line
DAY, YEAR = 86_400, 365 * 86_400
FACTOR = Actor("factor")
TOKEN: Final = Address("0x" + "7" * 40)  # no contract: payouts to it fail and are credited
NOT_THEIRS = (
    *(SupplierEscrow_NotBuyer, SupplierEscrow_NotSupplier, SupplierEscrow_NotInspector),
    *(SupplierEscrow_NotParty, SupplierEscrow_NotEntitled, SupplierEscrow_NotArbiter),
)
NOT_NOW = (
    *(SupplierEscrow_AlreadyArrived, SupplierEscrow_ExtensionOutOfRange, SupplierEscrow_HeldNotBelow),
    *(SupplierEscrow_RejectionsUsedUp, SupplierEscrow_WrongStatus, SupplierEscrow_Assigned),
    *(SupplierEscrow_TooEarly, SupplierEscrow_TooLate, SupplierEscrow_WrongAssets),
)
OTHERWISE = (SupplierEscrow_InsufficientBalance, SupplierEscrow_WrongAssetCount, SupplierEscrow_GoodsStuck)


class Harness(Client, contract="PayoffsHarness", abi=artifact("PayoffsHarness").abi):
    """The contract's payoff table."""

    def payoff(self, case: "Case", *, ending: Ending, penalty: bool, outcome: Outcome) -> Payoff:
        """One row."""
        rates = case.conditions.packed.rates
        return self._read_as(Payoff, "payoff", ending, penalty, case.line, case.amount, rates, outcome)

    def amounts(self, case: "Case") -> tuple[int, int, int]:
        """Bond, advance and brokerage."""
        rates = case.conditions.packed.rates
        return (
            self._read("bond", case.amount, rates),
            self._read("advance", case.line, case.amount, rates),
            self._read("brokerage", case.amount, rates),
        )


@dataclass(frozen=True)
class Case:
    """A line at random."""

    line: Line
    amount: BaseUnits
    conditions: Conditions


def some_amount(chance: random.Random) -> BaseUnits:
    """Amounts of every size, the smallest and the largest among them."""
    return BaseUnits(
        chance.choice([1, 2, 9_999, 10_001, 2**128 - 1, chance.getrandbits(chance.randint(1, 128))])
    )


def some_share(chance: random.Random, most: int = 10_000) -> Bps:
    """Shares, none and all among them."""
    return Bps(chance.choice([0, 1, most, chance.randint(0, most)]))


def some_period(chance: random.Random, least: int, most: int) -> Seconds:
    """Periods, the shortest and the longest among them."""
    return Seconds(chance.choice([least, most, chance.randint(least, most)]))


def some_conditions(chance: random.Random) -> Conditions:
    """Conditions that can be published."""
    cure, window = some_period(chance, 3_600, 60 * DAY), some_period(chance, 0, 60 * DAY)
    return Conditions(
        advance_bps=some_share(chance),
        bond_bps=some_share(chance),
        cancel_bps=some_share(chance),
        retention_bps=some_share(chance),
        late_bps=some_share(chance),
        max_late_bps=some_share(chance),
        default_supplier_bps=some_share(chance),
        broker_bps=some_share(chance, 500),
        arbiter_fee_bps=some_share(chance, 500),
        max_rejections=chance.randint(0, 3),
        inspection=some_period(chance, 3_600, 60 * DAY),
        arbitration=some_period(chance, 3_600, 60 * DAY),
        late_every=some_period(chance, 3_600, 10 * DAY),
        cancel_notice=some_period(chance, window, 90 * DAY),
        resign_period=some_period(chance, 0, 30 * DAY),
        delivery_window=window,
        long_stop=some_period(chance, cure, 90 * DAY),
        transit=some_period(chance, 0, 60 * DAY),
        cure=cure,
        retention=some_period(chance, 0, 60 * DAY),
    )


def some_line(chance: random.Random, amount: int, *, near: int = 2**39) -> Line:
    """A line in any status that holds at most its price."""
    return Line(
        status=chance.choice([Status.NONE, *Status, Status.OPEN, Status.DELIVERED, Status.REJECTED]),
        flags=LineFlag(chance.choice([0, 0, 1, 4, chance.getrandbits(6)])),
        rejections=chance.randint(0, 3),
        since=UnixSeconds(near + chance.randint(-60 * DAY, 60 * DAY)),
        late_intervals=chance.choice([0, 0, 1, 5, 65_535, chance.getrandbits(16)]),
        extra=Seconds(chance.choice([0, 0, 1, 366 * DAY - 1, 366 * DAY, 400 * DAY])),
        held=BaseUnits(chance.choice([0, 1, amount, chance.randint(0, amount)])),
    )


@pytest.fixture
def harness(chain: Chain) -> Harness:
    """The contract's payoff table."""
    deployed = chain.deploy("PayoffsHarness")
    return Harness(chain.local, Address(deployed.address))


def test_payoffs_are_the_contracts(harness: Harness) -> None:
    chance = random.Random("payoffs")
    for number in range(CASES):
        amount, conditions = some_amount(chance), some_conditions(chance)
        case = Case(some_line(chance, amount), amount, conditions)
        ending, penalty = chance.choice(list(Ending)), chance.random() < 0.5
        outcome = Outcome(
            to_supplier=some_amount(chance),
            bond_to_buyer=some_amount(chance),
            goods_to_buyer=chance.random() < 0.5,
        )

        ours = payoff(
            ending,
            case.line,
            amount=amount,
            conditions=conditions,
            outcome=outcome,
            with_penalty=penalty,
        )

        assert ours == harness.payoff(case, ending=ending, penalty=penalty, outcome=outcome), (case, ending)
        if number % 5 == 0:
            assert harness.amounts(case) == (
                bond(amount, conditions),
                advance(case.line, amount, conditions),
                brokerage(amount, conditions),
            )


# Clocks


def _some_terms(chance: random.Random, conditions: Conditions, near: int) -> Terms:
    due = near + chance.randint(-60 * DAY, 60 * DAY)
    return Terms(
        buyer=Actor("buyer").address,
        supplier=Actor("supplier").address,
        inspector=chance.choice([ZERO_ADDRESS, Actor("inspector").address]),
        arbiter=chance.choice([ZERO_ADDRESS, Actor("arbiter").address]),
        token=TOKEN,
        amount=some_amount(chance),
        open_by=UnixSeconds(due),
        due_by=UnixSeconds(due),
        assets=chance.choice([0, 0, 2]),
        conditions=conditions.id,
        salt=chance.getrandbits(256),
    )


def _moments(terms: Terms, kept: Line, conditions: Conditions, *, after: int) -> Iterator[UnixSeconds]:
    """Every instant at which something begins or ends, and the one before it."""
    bounds = {bound for each in windows(terms, kept, conditions) for bound in (each.since, each.before)}
    bounds |= {UnixSeconds(kept.since + 1), terms.due_by}
    for bound in sorted(each for each in bounds if each is not None and each - 1 > after):
        yield UnixSeconds(bound - 1)
        yield bound


def _attempts(
    escrow: SupplierEscrow, terms: Terms, kept: Line, *, goods_here: bool
) -> dict[Action, Callable[[], bytes]]:
    """A try of every action, with arguments that only the line's state and time can refuse."""
    longer = Seconds(min(kept.extra + 1, 2**40 - 1))
    calls: dict[Action, tuple[Any, ...]] = {
        Action.REVOKE: (escrow.revoke, terms),
        Action.DELIVER: (escrow.deliver, terms, Delivery()),
        Action.CONFIRM_RECEIPT: (escrow.confirm_receipt, terms),
        Action.ACCEPT: (escrow.accept, terms, GOODS if terms.assets and goods_here else ()),
        Action.DEEM_ACCEPT: (escrow.deem_accept, terms),
        Action.REJECT: (escrow.reject, terms),
        Action.DISPUTE: (escrow.dispute, terms),
        Action.EVIDENCE: (escrow.evidence, terms),
        Action.RULE: (escrow.rule, terms, Outcome(to_supplier=BaseUnits(0), goods_to_buyer=False)),
        Action.APPLY_DEFAULT: (escrow.apply_default, terms),
        Action.PAY: (escrow.pay, terms),
        Action.REFUND: (escrow.refund, terms),
        Action.EXTEND: (escrow.extend, terms),
        Action.CANCEL: (escrow.cancel, terms),
        Action.RESIGN: (escrow.resign, terms),
        Action.TERMINATE: (escrow.terminate, terms),
        Action.PAY_RETENTION: (escrow.pay_retention, terms),
    }
    assignment = Assignment(
        id=line_id(terms, escrow.domain), payee=FACTOR.address, deadline=UnixSeconds(2**40 - 1)
    )
    signed = FACTOR.sign(Message(escrow.domain, ASSIGNMENT, assignment).digest)
    calls[Action.ASSIGN] = (escrow.assign, terms, FACTOR.address)
    if terms.assets:
        calls[Action.COLLECT] = (escrow.collect, terms, GOODS)
    named: dict[Action, dict[str, Any]] = {
        Action.REJECT: {"reason": bytes(32)},
        Action.DISPUTE: {"evidence": bytes(32)},
        Action.EVIDENCE: {"evidence": bytes(32)},
        Action.PAY: {"held_after": BaseUnits(0)},
        Action.REFUND: {"held_after": BaseUnits(0)},
        Action.EXTEND: {"extra_after": longer},
        Action.ASSIGN: {"deadline": assignment.deadline, "consent": Consent(FACTOR.address, (), signed)},
    }
    return {
        action: partial(escrow.simulate, *call, **named.get(action, {})) for action, call in calls.items()
    }


def _is_allowed(attempt: Callable[[], bytes]) -> bool:
    """Whether neither role, state nor time refuse it; goods and balances may."""
    try:
        attempt()
    except NOT_THEIRS + NOT_NOW:
        return False
    except OTHERWISE:
        return True
    return True


SIDES: Final = ("buyer", "supplier", "inspector", "arbiter", "payee")
TOGETHER: Final = {Action.OPEN, Action.SETTLE, Action.AMEND}  # which need both parties


def _is_side(side: Side, role: str, terms: Terms, kept: Line) -> bool:
    payee = PAYEE.address if LineFlag.ASSIGNED in kept.flags else ZERO_ADDRESS
    return side is Side.ANYONE or Actor(role).address in side.principals(terms, payee=payee)


def test_f048_f050_what_is_possible_when_is_what_the_contract_allows(chain: Chain, escrow: Contract) -> None:
    chance = random.Random("clocks")
    near = chain.now + 3 * YEAR
    clients = {
        role: SupplierEscrow(chain.local, Address(escrow.address), account=Actor(role).address)
        for role in SIDES
    }
    compared = 0
    for _ in range(LINES):
        conditions = some_conditions(chance)
        terms = _some_terms(chance, conditions, near)
        kept = some_line(chance, terms.amount, near=near)
        if kept.status is Status.NONE:
            kept = Line()
        if kept.status is not Status.DISPUTED:
            kept = replace(kept, flags=kept.flags & ~LineFlag.RETENTION_DISPUTED)
        after_delivery = kept.status in (Status.REJECTED, Status.RETAINED, Status.DISPUTED, Status.CLOSED)
        here = kept.status is Status.DELIVERED or (after_delivery and chance.random() < 0.5)
        buyer = clients["buyer"]
        put(chain.local, buyer.address, line_id(terms, buyer.domain), kept, conditions, goods_here=here)
        moments = list(_moments(terms, kept, conditions, after=chain.now))
        for moment in chance.sample(moments, min(MOMENTS, len(moments))):
            chain.warp(moment)
            role = chance.choice(SIDES)
            allowed = possible(terms, kept, conditions, at=moment, goods_here=here)
            ours = {each.action for each in allowed if _is_side(each.by, role, terms, kept)} - TOGETHER
            attempts = _attempts(clients[role], terms, kept, goods_here=here)
            theirs = {action for action, attempt in attempts.items() if _is_allowed(attempt)}
            assert ours == theirs, (role, moment, terms, kept, conditions)
            compared += len(theirs)
    assert compared > LINES
