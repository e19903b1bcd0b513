"""The escrow and its model, driven together: every balance of everybody, and every line, after every action.

Hypothesis opens lines, lets time pass and takes any action that the rules allow, through the typed clients.
`fabricant.domain.escrow.Position` says beforehand what will move; the chain says what did.
"""

import os
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from itertools import count
from typing import Any, ClassVar, Final

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)

from fabricant.chain.escrow import Delivery, SupplierEscrow
from fabricant.domain.escrow import (
    Action,
    Amendment,
    Assignment,
    Conditions,
    Ending,
    Line,
    Moved,
    Outcome,
    Position,
    Settlement,
    Side,
    Status,
    Terms,
    next_change,
    possible,
)
from fabricant.domain.units import ZERO_ADDRESS, Address, BaseUnits, Bps, Seconds, UnixSeconds
from tests.support.world import DAY, MONEY, USUAL, World, wallet

EXAMPLES: Final = int(os.environ.get("FABRICANT_CASES", "2000")) // 160
STEPS: Final = 30
LINES: Final = 2  # at a time
HASH: Final = b"\x01" * 32
PARTIES: Final = ("buyer", "supplier", "inspector", "arbiter", "broker", "operator", "stranger")
PAYEES: Final = ("operator", "stranger")
SETS: Final = (
    USUAL,
    replace(USUAL, advance_bps=Bps(3_000), arbiter_fee_bps=Bps(123), retention_bps=Bps(0)),
    replace(USUAL, advance_bps=Bps(333), arbiter_fee_bps=Bps(500), bond_bps=Bps(777), broker_bps=Bps(499)),
)
UNITS = st.integers(1, 10**10).map(BaseUnits)
OTHERWISE: Final = {Action.EVIDENCE, Action.COLLECT}  # move no money, or goods alone
ENDINGS: Final = {
    Action.ACCEPT: Ending.ACCEPTED,
    Action.DEEM_ACCEPT: Ending.DEEMED_ACCEPTED,
    Action.APPLY_DEFAULT: Ending.DEFAULTED,
    Action.CANCEL: Ending.CANCELLED,
    Action.RESIGN: Ending.RESIGNED,
    Action.TERMINATE: Ending.TERMINATED,
    Action.PAY_RETENTION: Ending.RETENTION_PAID,
}


class Trade(RuleBasedStateMachine):
    """Several lines between two firms, and what the model says of them."""

    world: World  # set for the run
    taken: ClassVar[Counter[Action]] = Counter()

    def __init__(self) -> None:
        super().__init__()
        self.snapshot = self.world.chain.snapshot()
        self.positions: list[Position] = []
        self.salts = count(1)
        self.had = self.balances()

    def teardown(self) -> None:
        self.world.chain.revert(self.snapshot)

    # What happens

    @initialize(data=st.data())
    def begin(self, data: st.DataObject) -> None:
        for _ in range(LINES):
            self.open(data)

    @precondition(lambda self: sum(not each.line.is_final for each in self.positions) < LINES)
    @rule(data=st.data())
    def open(self, data: st.DataObject) -> None:
        conditions = data.draw(st.sampled_from(SETS))
        terms = self.terms(data, conditions)
        signed = self.escrow("supplier").sign_terms(terms, by=wallet("supplier"))
        position = Position(terms, Line(), conditions)
        self.expect(position.opened(at=self.now, payer=terms.buyer))
        self.escrow("buyer").open(terms, supplier=signed)
        self.check(position, position.opened(at=self.now, payer=terms.buyer).line)

    @rule(data=st.data(), patient=st.booleans())
    def act(self, data: st.DataObject, *, patient: bool) -> None:
        """Any action that is allowed now, on any line; the patient don't end a line by agreement."""
        now, found = self.now, []
        for index, each in enumerate(self.positions):
            windows = possible(each.terms, each.line, each.conditions, at=now)
            without = OTHERWISE | ({Action.SETTLE, Action.RESIGN, Action.CANCEL} if patient else set())
            found += [(index, window.action) for window in windows if window.action not in without]
        if found:
            self.take(data, *data.draw(st.sampled_from(found)))

    def take(self, data: st.DataObject, index: int, action: Action) -> None:
        """One action on one line, as the model says."""
        self.taken[action] += 1
        position = self.positions.pop(index)
        if action is Action.AMEND:
            self.amend(data, position)
            return
        moved, do = self.step(data, position, action)
        self.expect(moved)
        do()
        after = replace(position, payee=self.payee) if action is Action.ASSIGN else position
        self.check(after, moved.line)

    @rule(data=st.data())
    def wait(self, data: st.DataObject) -> None:
        """To a moment at which something changes on a line, or the second before."""
        bounds = [
            next_change(each.terms, each.line, each.conditions, after=self.now) for each in self.positions
        ]
        later = [bound for bound in bounds if bound is not None] or [UnixSeconds(self.now + DAY)]
        moment = data.draw(st.sampled_from([min(later), max(later), min(later) - 1]))
        if moment > self.now:
            self.world.chain.mine(at=UnixSeconds(moment))

    # The actions

    def step(self, data: st.DataObject, at: Position, action: Action) -> tuple[Moved, Callable[[], object]]:
        """What the model says of an action, and the call."""
        if action in ENDINGS:
            who = {
                Action.RESIGN: "supplier",
                Action.DEEM_ACCEPT: "stranger",
                Action.APPLY_DEFAULT: "operator",
            }
            call = getattr(self.escrow(who.get(action, "buyer")), action.value)
            return at.ended(ENDINGS[action], at=self.now), partial(call, at.terms)
        if action in (Action.PAY, Action.REFUND, Action.EXTEND):
            return self.adjust(data, at, action)
        if action in (Action.DISPUTE, Action.RULE, Action.SETTLE):
            return self.decide(data, at, action)
        supplier, inspector = self.escrow("supplier"), self.of(Side.INSPECTOR.principals(at.terms)[0])
        match action:
            case Action.DELIVER:
                return at.delivered(at=self.now), partial(supplier.deliver, at.terms, Delivery())
            case Action.CONFIRM_RECEIPT:
                return at.confirmed(at=self.now), partial(inspector.confirm_receipt, at.terms)
            case Action.REJECT:
                return at.rejected(at=self.now), partial(inspector.reject, at.terms, reason=HASH)
        assert action is Action.ASSIGN, action
        return at.assigned(), self.assign(data, at)

    def adjust(self, data: st.DataObject, at: Position, action: Action) -> tuple[Moved, Callable[[], object]]:
        """More time, or less held."""
        buyer, side = self.escrow("buyer"), self.of(at.supplier_side)
        if action is Action.EXTEND:
            extra = data.draw(st.integers(at.line.extra + 1, 366 * DAY).map(Seconds))
            return at.extended(extra), partial(buyer.extend, at.terms, extra_after=extra)
        after = data.draw(st.integers(0, at.line.held - 1).map(BaseUnits))
        if action is Action.PAY:
            return at.paid(after), partial(buyer.pay, at.terms, held_after=after)
        return at.refunded(after), partial(side.refund, at.terms, held_after=after)

    def decide(self, data: st.DataObject, at: Position, action: Action) -> tuple[Moved, Callable[[], object]]:
        """A dispute, and how people end it."""
        if action is Action.SETTLE:
            return self.settle(data, at)
        if action is Action.RULE:
            outcome = self.outcome(data, at)
            moved = at.ended(Ending.RULED, at=self.now, outcome=outcome)
            return moved, partial(self.escrow("arbiter").rule, at.terms, outcome)
        rejected = at.line.status is Status.REJECTED
        sides = (at.terms.supplier, at.supplier_side) if rejected else (at.terms.buyer,)
        disputant = data.draw(st.sampled_from(sides))
        moved = at.disputed(at=self.now, disputant=disputant)
        return moved, partial(self.of(disputant).dispute, at.terms, evidence=HASH)

    def settle(self, data: st.DataObject, at: Position) -> tuple[Moved, Callable[[], object]]:
        """The buyer sends what the others signed."""
        outcome, deadline = self.outcome(data, at), UnixSeconds(self.now + 1)
        settlement = Settlement(id=self.escrow("buyer").line_id(at.terms), outcome=outcome, deadline=deadline)
        signed = {
            side: self.of(who).sign_settlement(settlement, by=self.wallet_of(who))
            for side, who in self.others(at).items()
        }
        call = self.escrow("buyer").settle
        return (
            at.ended(Ending.SETTLED, at=self.now, outcome=outcome),
            lambda: call(at.terms, outcome, deadline=deadline, **signed),
        )

    def amend(self, data: st.DataObject, at: Position) -> None:
        """The same, for a line in place of another."""
        conditions, escrow = data.draw(st.sampled_from(SETS)), self.escrow("buyer")
        kept = {name: getattr(at.terms, name) for name in ("inspector", "broker")}
        new = replace(self.terms(data, conditions), **kept)
        outcome, deadline = self.outcome(data, at), UnixSeconds(self.now + 1)
        old_id, new_id = escrow.line_id(at.terms), escrow.line_id(new)
        amendment = Amendment(old_id=old_id, new_id=new_id, outcome=outcome, deadline=deadline)
        signed = {
            side: self.of(who).sign_amendment(amendment, by=self.wallet_of(who))
            for side, who in self.others(at).items()
        }
        buyer = at.terms.buyer
        moved, opened = at.amended(new, conditions, outcome, at=self.now, payer=buyer)
        self.expect(moved)
        escrow.amend(at.terms, new, outcome, deadline=deadline, **signed)
        self.check(at, moved.line)
        self.check(Position(new, Line(), conditions, at.payee), opened)

    def assign(self, data: st.DataObject, at: Position) -> Callable[[], object]:
        """To a payee, with its signature; each deadline is later than the one before."""
        role, escrow = data.draw(st.sampled_from(PAYEES)), self.of(at.supplier_side)
        self.payee, deadline = wallet(role).address, UnixSeconds(self.now + next(self.salts))
        assignment = Assignment(id=escrow.line_id(at.terms), payee=self.payee, deadline=deadline)
        consent = self.escrow(role).sign_assignment(assignment, by=wallet(role))
        return lambda: escrow.assign(at.terms, self.payee, deadline=deadline, consent=consent)

    # What comes of it

    def expect(self, moved: Moved) -> None:
        """What everybody should have after the next call."""
        for kind, changes in (("pocket", moved.pockets), ("free", moved.free)):
            for who, change in changes.items():
                self.had[kind, who] += change

    def check(self, position: Position, line: Line) -> None:
        """The line and everybody's balances are as the model says."""
        escrow = self.escrow("stranger")
        kept = escrow.line_of(escrow.line_id(position.terms))
        assert kept == line
        assert escrow.payee_of(escrow.line_id(position.terms)) == position.payee
        found = self.balances()
        assert found == self.had
        self.positions.append(replace(position, line=line))

    def balances(self) -> dict[tuple[str, Address], int]:
        """Everybody's pocket and free balance."""
        token, escrow = self.world.as_("stranger").token(self.world.token), self.escrow("stranger")
        who = [wallet(role).address for role in PARTIES]
        pockets = {("pocket", each): int(token.balance_of(each)) for each in who}
        return pockets | {("free", each): int(escrow.free_balance_of(each, self.world.token)) for each in who}

    # Who and what

    @property
    def now(self) -> UnixSeconds:
        return self.world.now

    def escrow(self, role: str) -> SupplierEscrow:
        return self.world.as_(role).escrow

    def of(self, address: Address) -> SupplierEscrow:
        return next(self.escrow(role) for role in PARTIES if wallet(role).address == address)

    def wallet_of(self, address: Address) -> Any:
        return next(wallet(role) for role in PARTIES if wallet(role).address == address)

    def others(self, at: Position) -> dict[str, Address]:
        """Who signs beside the buyer."""
        assigned = {} if at.payee == ZERO_ADDRESS else {"payee": at.payee}
        return {"supplier": at.terms.supplier} | assigned

    def terms(self, data: st.DataObject, conditions: Conditions) -> Terms:
        """New terms of these firms."""
        changes: dict[str, object] = {
            name: ZERO_ADDRESS for name in ("inspector", "broker") if data.draw(st.booleans())
        }
        due = data.draw(st.integers(1, 12)) * DAY + self.now
        times = {"open_by": UnixSeconds(due), "due_by": UnixSeconds(due)}
        more = {"amount": data.draw(UNITS), "conditions": conditions.id, "salt": next(self.salts)}
        return self.world.terms(**changes | times | more)

    def outcome(self, data: st.DataObject, at: Position) -> Outcome:
        """Shares of what is there, and beyond."""
        to_supplier, to_buyer = data.draw(
            st.tuples(*[st.integers(0, at.terms.amount + 1).map(BaseUnits)] * 2)
        )
        return Outcome(
            to_supplier=to_supplier, bond_to_buyer=to_buyer, goods_to_buyer=data.draw(st.booleans())
        )


def test_f044_the_model_predicts_every_balance(world: World) -> None:
    Trade.world = world
    for role in ("buyer", *PAYEES):
        firm = world.as_(role)
        firm.token(world.token).approve(firm.escrow.address, MONEY)
        firm.escrow.deposit(world.token, BaseUnits(10**13))
    for conditions in SETS:
        world.as_("stranger").escrow.publish_conditions(conditions)
    quick = settings(
        max_examples=EXAMPLES,
        stateful_step_count=STEPS,
        deadline=None,
        derandomize=True,
        phases=[Phase.generate],  # a run is short; making it shorter would take minutes
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(Trade, settings=quick)
    print(
        sum(Trade.taken.values()),
        "actions:",
        ", ".join(f"{n} {each}" for each, n in Trade.taken.most_common()),
    )
    assert len(Trade.taken) > len(Action) // 2
