"""Every way of the escrow to move value, prepared so that one call is left to be made.

A `Path` is a row of the table: which function, of a line in which status, called by whom and when, and what
`fabricant.domain.escrow` says that it moves. `prepare` makes a `Scene` of it: its lines, one or two, and a
neighbour, another line of the same parties in the same token. Nothing in it divides evenly.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from web3.contract import Contract
from web3.contract.contract import ContractFunction

from fabricant.chain.answers import Receipt
from fabricant.domain.escrow import Conditions, Ending, Moved, Outcome, Position, Status, Terms
from fabricant.domain.typed_data import snake
from fabricant.domain.units import Address, BaseUnits, Seconds, UnixSeconds
from tests.support.actors import Actor
from tests.support.assignments import DEADLINE, PAYEE, assign
from tests.support.assignments import NEXT as NEXT_PAYEE
from tests.support.chain import Chain
from tests.support.deals import DAY, NATIVE, NO_CONSENT, NO_CONSENTS, delivery
from tests.support.disputes import outcome
from tests.support.lines import (
    BUYER,
    FINDINGS,
    FINDINGS_URI,
    FOREVER,
    LATER,
    NO_PERMIT,
    OPENING,
    REASON,
    SUPPLIER,
    Deal,
    Deals,
    address_of,
    in_leaf_order,
)
from tests.support.lines import consent_to as consent_to_all

ODD_RATES = {"bondBps": 777, "brokerBps": 499, "lateBps": 123, "cancelBps": 4_321, "arbiterFeeBps": 321}
ODD_PRICE = 1_000_000_007
ARBITER, BROKER, STRANGER = Actor("arbiter"), Actor("broker"), Actor("stranger")
PEOPLE = (BUYER, SUPPLIER, PAYEE, BROKER, ARBITER)
PUT_IN = 77  # by a deposit, beside a whole token or the price
DEARER = 500  # base units by which a change order costs more
PAYS_NOBODY = (
    *("deposit", "collect", "deliver", "dispute", "evidence", "assign", "revoke", "confirmReceipt"),
    *("reject", "extend"),
)
WAIT = 60  # seconds after the moment from which a call is possible

State = Mapping[tuple[str, Any], Any]  # ("pocket", whom), ("line", id) and so on, as `Stage.look` finds them
Register = Callable[[Sequence[int]], Sequence[int]]  # so many goods as there are numbers: their ids
Predict = Callable[[Position, UnixSeconds, "Scene"], Moved]
Arguments = Callable[["Scene"], tuple[Any, ...]]  # after the terms of the first line


def position(line: Deal, state: State) -> Position:
    """What the domain makes of a line."""
    terms = Terms(**{snake(name): value for name, value in line.terms.items()})
    agreed = {snake(name): value for name, value in line.agreed.items()}
    return Position(terms, state["line", line.id], Conditions(**agreed), state["payee", line.id])


@dataclass
class Foretold:
    """What a call moves, and how its lines are afterwards."""

    pockets: Counter[Address] = field(default_factory=Counter)
    free: Counter[Address] = field(default_factory=Counter)
    others: dict[str, dict[Any, Any]] = field(default_factory=dict)  # by name and key: lines, goods, payees

    def add(self, line: Deal, moved: Moved) -> None:
        """One line's part."""
        self.pockets.update(moved.pockets)
        self.free.update(moved.free)
        self.others.setdefault("line", {})[line.id] = moved.line


@dataclass(frozen=True)
class Path:
    """One way of moving value. `by`: a role of the terms, the supplier "side" or a "stranger"."""

    action: str
    status: str  # of its lines before
    by: str
    predict: Predict
    when: Callable[[Deal], int] = lambda line: OPENING + DAY
    arguments: Arguments = lambda scene: ()
    variant: str = ""
    agreed: Mapping[str, int] = field(default_factory=dict)
    after: str = "Delivered"  # the status in which a dispute began
    hands: str = ""  # to whom the call hands the goods: a role, or the "escrow"
    lines: int = 1
    sellable: bool = True  # may be assigned before
    assigned: bool = False  # it was

    def __str__(self) -> str:
        return " ".join(filter(None, (self.action, self.variant, self.assigned * "assigned")))

    @property
    def delivers(self) -> bool:
        """Whether goods come into custody on the way, or by the call."""
        return self.status not in ("None", "Open") or self.action == "deliver"

    @property
    def pays(self) -> bool:
        """Whether money goes out."""
        return self.action not in PAYS_NOBODY

    def prepare(
        self,
        deal: Deals,
        register: Register,
        *,
        token: Contract | str,
        price: int = ODD_PRICE,
        whole: int = 0,
        escrow: Contract | None = None,
    ) -> "Scene":
        """Its lines, and all that the call needs. `whole`: base units of a whole token."""
        usual = {"token": token, "escrow": escrow, "amount": price, "arbiter": ARBITER, "broker": BROKER}
        agreed = {**ODD_RATES, **self.agreed}

        def make(number: int) -> Deal:
            goods = register(range(2 * number, 2 * number + 2)) if self.delivers else []
            return deal(**usual, **agreed, goods=goods)

        lines = in_leaf_order([make(number) for number in range(self.lines)])
        neighbour = deal(**usual, **agreed)
        scene = Scene(self, lines, neighbour, put_in=max(price, whole) + PUT_IN)
        neighbour.secure()
        neighbour.open(at=OPENING)
        scene.lead()
        scene.provide()
        return scene


@dataclass
class Scene:
    """A path with one call to be made."""

    path: Path
    lines: list[Deal]
    neighbour: Deal
    put_in: int  # what is deposited and withdrawn

    @property
    def first(self) -> Deal:
        return self.lines[0]

    @property
    def chain(self) -> Chain:
        return self.first.chain

    @property
    def token(self) -> str:
        """What is paid with."""
        return str(self.first.terms["token"])

    @property
    def caller(self) -> Address:
        """Who makes the call."""
        return self.who(self.path.by)

    def who(self, role: str) -> Address:
        """Somebody by role."""
        match role:
            case "stranger":
                return STRANGER.address
            case "side":
                return PAYEE.address if self.path.assigned else SUPPLIER.address
        return Address(self.first.terms[role])

    @cached_property
    def successor(self) -> Deal:
        """The line in place of the first: a little dearer than the buyer's share, or much cheaper."""
        share = self.first.amount - self.outcome.to_supplier + min(7, self.first.bond)
        amount = share + DEARER if self.path.variant == "dearer" else max(1, share // 3)
        return replace(self.first, terms=self.first.successor(amount=amount, **LATER))

    @property
    def decided(self) -> dict[str, Any]:
        """What is ruled or agreed."""
        return outcome(self.first.amount // 3, 7)

    @property
    def outcome(self) -> Outcome:
        """The same for the domain."""
        return Outcome(**{snake(name): value for name, value in self.decided.items()})

    @property
    def escrow(self) -> Address:
        return address_of(self.first.escrow)

    @cached_property
    def deals(self) -> list[Deal]:
        """All lines that are looked at."""
        return [*self.lines, self.neighbour, *([self.successor] if self.path.action == "amend" else [])]

    @cached_property
    def ids(self) -> list[bytes]:
        """Theirs."""
        return [line.id for line in self.deals]

    @property
    def goods(self) -> list[int]:
        """All assets of the lines."""
        return [each for line in self.lines for each in line.goods]

    # Before

    def lead(self) -> None:
        """The lines to their status, step by step, a second apart."""
        status = self.path.status
        began = self.path.after if status == "Disputed" else status
        steps: list[Callable[[Deal, int], object]] = [lambda line, late: line.secure()]
        if status != "None":
            steps.append(lambda line, late: line.open(at=OPENING + 1 + late))
        if self.path.assigned:
            steps.append(lambda line, late: assign(line, deadline=DEADLINE))
        if began not in ("None", "Open"):
            steps.append(lambda line, late: line.deliver(at=line.handover + late))
        if began == "Rejected":
            steps.append(lambda line, late: line.reject(at=line.inspected + late))
        elif began == "Retained":
            steps.append(lambda line, late: line.accept(at=line.inspected + late))
        elif began == "Closed":
            steps.append(
                lambda line, late: line.send("deemAccept", [], by=BUYER, at=line.inspection_end + late)
            )
        if status == "Disputed":
            by = self.first.disputant(began)
            steps.append(lambda line, late: line.deposit(by, line.arbiter_fee))
            steps.append(lambda line, late: line.dispute(by=by, at=line.disputed + late))
        for step in steps:
            for late, line in enumerate(self.lines):
                step(line, late)

    def provide(self) -> None:
        """Free balances that the call draws upon."""
        first, action = self.first, self.path.action
        if action == "dispute":
            first.deposit(self._disputant, first.arbiter_fee)
        elif action == "withdraw":
            first.deposit(SUPPLIER, self.put_in)
        elif self.path.variant == "in good time":
            first.deposit(SUPPLIER, first.advance)
        elif action == "amend":
            first.deposit(SUPPLIER, self.successor.bond)
        if action in ("openMany", "openWithPermit") and self.token == NATIVE:
            first.deposit(BUYER, sum(line.amount for line in self.lines))

    @property
    def _disputant(self) -> Actor:
        return BUYER if self.path.by == "buyer" else PAYEE if self.path.assigned else SUPPLIER

    # The call

    @property
    def at(self) -> UnixSeconds:
        """When it is made."""
        return UnixSeconds(max(self.path.when(line) for line in self.lines) + WAIT)

    def make(self, **sending: Any) -> Receipt:
        """Makes the call."""
        return self.chain.send(self.call, by=self.caller, at=self.at, value=self._value, **sending)

    def foretell(self, before: State) -> Foretold:
        """What the domain says of the call that `make` makes."""
        found = Foretold()
        if self.path.action == "amend":
            return self._amended(before)
        for line in self.lines:
            found.add(line, self.path.predict(position(line, before), self.at, self))
        if self._comes_free:
            for who in [who for who, amount in found.pockets.items() if amount < 0]:
                found.free[who] += found.pockets.pop(who)
        if self.path.hands:
            whom = address_of({"buyer": BUYER, "supplier": SUPPLIER}.get(self.path.hands, self.escrow))
            owed = 0b11 if whom == self.escrow else 0
            found.others |= {
                "owed goods": {line.id: owed for line in self.lines},
                "owner": dict.fromkeys(self.goods, whom),
            }
        if self.path.action == "assign":
            found.others["payee"] = {self.first.id: self.next_payee.address}
        return found

    def foretell_neighbour(self, before: State) -> Foretold:
        """All that the neighbour holds is paid: what the domain says of it."""
        found = Foretold()
        found.add(self.neighbour, position(self.neighbour, before).paid(BaseUnits(0)))
        return found

    @property
    def call(self) -> ContractFunction:
        """The call."""
        path, first, escrow = self.path, self.first, self.first.escrow.functions
        terms = [line.terms for line in self.lines]
        match path.action:
            case "deposit" | "withdraw":
                return escrow[path.action](SUPPLIER.address, self.token, self.put_in)
            case "openMany":
                consent = consent_to_all(self.lines, SUPPLIER, self.lines)
                return escrow.openMany(terms, NO_CONSENT, consent, BUYER.address)
            case "acceptMany" | "deemAcceptMany":
                return escrow[path.action](terms, [line.goods for line in self.lines])
            case "amend":
                return self._change_order()
        return first.call(path.action, *path.arguments(self))

    @property
    def _comes_free(self) -> bool:
        """Whether the price is paid from free balance: coin, if the call takes none."""
        return self.token == NATIVE and self.path.action in ("openMany", "openWithPermit")

    @property
    def _value(self) -> int:
        sent = {"open": self.first.amount, "deposit": self.put_in, "dearer": DEARER}
        path = self.path
        return sent.get(path.variant or path.action, 0) if self.token == NATIVE else 0

    def _change_order(self) -> ContractFunction:
        first, new, decided = self.first, self.successor, self.decided
        signed = {"supplier": first.amended(SUPPLIER, new.terms, decided)}
        if self.path.assigned:
            signed["payee"] = first.amended(PAYEE, new.terms, decided)
        return first.call("amend", new.terms, decided, FOREVER, NO_CONSENTS | signed, BUYER.address)

    def _amended(self, before: State) -> Foretold:
        old, new = position(self.first, before), position(self.successor, before)
        moved, opened = old.amended(
            new.terms, new.conditions, self.outcome, at=self.at, payer=old.terms.buyer
        )
        found = Foretold()
        found.add(self.first, moved)
        found.others["line"][self.successor.id] = opened
        if self.path.assigned:
            found.others["payee"] = {self.successor.id: PAYEE.address}
        return found

    @property
    def next_payee(self) -> Actor:
        """Who buys the receivable by `assign`."""
        return NEXT_PAYEE if self.path.assigned else PAYEE

    def settlement(self) -> dict[str, Any]:
        """The consents of all but the buyer, who calls."""
        signed = {"supplier": self.first.settled(SUPPLIER, self.decided)}
        if self.path.assigned:
            signed["payee"] = self.first.settled(PAYEE, self.decided)
        return NO_CONSENTS | signed


# What the domain says


def _ends(ending: Ending) -> Predict:
    return lambda line, at, scene: line.ended(ending, at=at, outcome=scene.outcome)


def _opens(line: Position, at: UnixSeconds, scene: Scene) -> Moved:
    return line.opened(at=at, payer=line.terms.buyer)


def _stays(line: Position, at: UnixSeconds, scene: Scene) -> Moved:
    return Moved(line.line, {}, {})


def _puts_in(line: Position, at: UnixSeconds, scene: Scene) -> Moved:
    supplier, amount = line.terms.supplier, scene.put_in
    return Moved(line.line, {supplier: -amount}, {supplier: amount})


def _takes_out(line: Position, at: UnixSeconds, scene: Scene) -> Moved:
    supplier, amount = line.terms.supplier, scene.put_in
    return Moved(line.line, {supplier: amount}, {supplier: -amount})


def _disputes(line: Position, at: UnixSeconds, scene: Scene) -> Moved:
    return line.disputed(at=at, disputant=Address(scene.caller))


def _revokes(line: Position, at: UnixSeconds, scene: Scene) -> Moved:
    return Moved(replace(line.line, status=Status.REVOKED), {}, {})


def _assigns(line: Position, at: UnixSeconds, scene: Scene) -> Moved:
    return line.assigned()


def _delivers(line: Position, at: UnixSeconds, scene: Scene) -> Moved:
    return line.delivered(at=at)


def _confirms(line: Position, at: UnixSeconds, scene: Scene) -> Moved:
    return line.confirmed(at=at)


def _rejects(line: Position, at: UnixSeconds, scene: Scene) -> Moved:
    return line.rejected(at=at)


def _extends(line: Position, at: UnixSeconds, scene: Scene) -> Moved:
    return line.extended(Seconds(DAY))


def _pays(line: Position, at: UnixSeconds, scene: Scene) -> Moved:
    return line.paid(BaseUnits(line.terms.amount // 2))


def _gives_back(line: Position, at: UnixSeconds, scene: Scene) -> Moved:
    return line.refunded(BaseUnits(line.terms.amount // 2))


_ACCEPTED, _SILENCE, _RESIGNED = map(_ends, (Ending.ACCEPTED, Ending.DEEMED_ACCEPTED, Ending.RESIGNED))


# When, at the earliest


def _handed_over(line: Deal) -> int:
    return line.handover


def _inspected(line: Deal) -> int:
    return line.inspected


def _silent(line: Deal) -> int:
    return line.inspection_end


def _disputed(line: Deal) -> int:
    return line.disputed


def _unruled(line: Deal) -> int:
    return line.arbitration_end


def _warranted(line: Deal) -> int:
    return line.retention_end


def _late(line: Deal) -> int:
    return line.due + DAY


def _overdue(line: Deal) -> int:
    return max(line.long_stop + line.on_its_way, line.cure_end) + DAY


# What is said beside the terms


def _goods(scene: Scene) -> tuple[Any, ...]:
    return (scene.first.goods,)


def _half(scene: Scene) -> tuple[Any, ...]:
    return (scene.first.amount // 2,)


def _signed(scene: Scene) -> tuple[Any, ...]:
    return (NO_CONSENT, scene.first.signed(SUPPLIER), BUYER.address)


def _permitted(scene: Scene) -> tuple[Any, ...]:
    return (*_signed(scene), NO_PERMIT)


def _delivery(scene: Scene) -> tuple[Any, ...]:
    return (delivery(scene.first.goods),)


def _decided(scene: Scene) -> tuple[Any, ...]:
    return (scene.decided,)


def _findings(scene: Scene) -> tuple[Any, ...]:
    return (FINDINGS, FINDINGS_URI)


def _sold(scene: Scene) -> tuple[Any, ...]:
    return (scene.next_payee.address, FOREVER, scene.first.assigned(scene.next_payee))


def _settled(scene: Scene) -> tuple[Any, ...]:
    return (scene.decided, FOREVER, scene.settlement())


ADVANCE, RETENTION = {"advanceBps": 3_333}, {"retentionBps": 333}
DECLINING = ADVANCE | {"resignPeriod": 7 * DAY}
PATHS = (
    # In, and in and out
    Path("deposit", "Open", "supplier", _puts_in, sellable=False),
    Path("open", "None", "buyer", _opens, arguments=_signed, agreed=ADVANCE, sellable=False),
    Path("openWithPermit", "None", "buyer", _opens, arguments=_permitted, agreed=ADVANCE, sellable=False),
    Path("openMany", "None", "buyer", _opens, agreed=ADVANCE, lines=2, sellable=False),
    Path("amend", "Open", "buyer", _stays, variant="dearer"),
    Path("amend", "Open", "buyer", _stays, variant="cheaper"),
    # Out
    Path("accept", "Open", "buyer", _ACCEPTED, _late, _goods, "undelivered, late"),
    Path("accept", "Delivered", "buyer", _ACCEPTED, _inspected, _goods, agreed=RETENTION, hands="buyer"),
    Path("acceptMany", "Delivered", "buyer", _ACCEPTED, _inspected, lines=2, hands="buyer"),
    Path("deemAccept", "Delivered", "stranger", _SILENCE, _silent, _goods, hands="buyer"),
    Path("deemAcceptMany", "Delivered", "stranger", _SILENCE, _silent, lines=2, hands="buyer"),
    Path("accept", "Disputed", "buyer", _ACCEPTED, _unruled, _goods, "in dispute", hands="buyer"),
    Path("rule", "Disputed", "arbiter", _ends(Ending.RULED), _disputed, _decided),
    Path("applyDefault", "Disputed", "stranger", _ends(Ending.DEFAULTED), _unruled, after="Rejected"),
    Path("settle", "Disputed", "buyer", _ends(Ending.SETTLED), _disputed, _settled),
    Path("pay", "Open", "buyer", _pays, arguments=_half),
    Path("refund", "Open", "side", _gives_back, arguments=_half),
    Path("cancel", "Open", "buyer", _ends(Ending.CANCELLED)),
    Path("resign", "Open", "supplier", _RESIGNED, variant="in good time", agreed=DECLINING, sellable=False),
    Path("resign", "Rejected", "supplier", _RESIGNED, _inspected, sellable=False),
    Path("terminate", "Rejected", "buyer", _ends(Ending.TERMINATED), _overdue),
    Path("payRetention", "Retained", "stranger", _ends(Ending.RETENTION_PAID), _warranted, agreed=RETENTION),
    Path("withdraw", "Open", "supplier", _takes_out, sellable=False),
    # Goods alone, deposits, and what moves nothing
    Path("deliver", "Open", "supplier", _delivers, _handed_over, _delivery, hands="escrow"),
    Path("collect", "Closed", "buyer", _stays, _silent, _goods, hands="buyer"),
    Path("collect", "Rejected", "supplier", _stays, _inspected, _goods, "rejected", hands="supplier"),
    Path("dispute", "Delivered", "buyer", _disputes, _inspected, _findings),
    Path("dispute", "Rejected", "side", _disputes, _inspected, _findings, "of a rejection"),
    Path("evidence", "Disputed", "buyer", _stays, _disputed, _findings),
    Path("assign", "Open", "side", _assigns, arguments=_sold),
    Path("revoke", "None", "buyer", _revokes, sellable=False),
    Path("confirmReceipt", "Delivered", "buyer", _confirms, lambda line: line.handover + DAY),
    Path("reject", "Delivered", "buyer", _rejects, _inspected, lambda scene: (REASON,)),
    Path("extend", "Open", "buyer", _extends, arguments=lambda scene: (DAY,)),
)
ASSIGNED_PATHS = tuple(replace(path, assigned=True) for path in PATHS if path.sellable)
