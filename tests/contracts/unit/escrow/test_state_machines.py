"""docs/state-machines.md, executed: every row leads where it says, under the ending that it says."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import reduce
from operator import or_
from typing import Any, Final

import pytest
from web3.contract import Contract
from web3.contract.contract import ContractFunction

from fabricant.chain.network import Call as Question
from fabricant.domain.directory import Role
from fabricant.domain.escrow import LineFlag
from tests.docs.machines import PAGE, Transition, transitions
from tests.docs.tables import table, words
from tests.support.actors import Actor
from tests.support.cells import look
from tests.support.chain import Chain, call_data
from tests.support.deals import DAY, ENDINGS, NATIVE, NO_CONSENTS
from tests.support.decoding import VOCABULARY, Said
from tests.support.disputes import ARBITER, disputable, disputed
from tests.support.lines import (
    BUYER,
    FOREVER,
    LATER,
    NOTHING,
    SUPPLIER,
    Books,
    Deal,
    Deals,
    Goods,
    address_of,
)

PAYEE, STRANGER = Actor("payee"), Actor("stranger")
WHO: Final = {
    "the buyer": BUYER,
    "the buyer or the inspector": BUYER,
    "the inspector": BUYER,  # no line here names another
    "both parties": BUYER,  # the supplier signed
    "all parties": BUYER,
    "the supplier": SUPPLIER,
    "the payee": PAYEE,
    "the supplier side": SUPPLIER,  # no line here was assigned
    "the supplier or the payee": SUPPLIER,
    "either party": SUPPLIER,
    "any party or the arbiter": SUPPLIER,
    "the arbiter": ARBITER,
    "anyone": STRANGER,
}
EACH: Final = [
    pytest.param(row, begin, function, to, id=f"{number}-{function}-{begin}-{to}")
    for number, row in enumerate(transitions())
    for begin in row.begins
    for function in row.functions
    for to in row.to or (begin,)
]
FOR_BUYER: Final = NOTHING | {"goodsToBuyer": True}

Call = Callable[[Deal], ContractFunction]


@pytest.mark.parametrize(("row", "begin", "function", "to"), EACH)
def test_a_row_leads_where_it_says(
    deal: Deals, goods: Goods, books: Books, row: Transition, begin: str, function: str, to: str
) -> None:
    listed = goods(1) if row.action == "collect" else ()
    retention = 500 if "Retained" in (begin, to) else 0
    line = bring(deal(retentionBps=retention, goods=listed, arbiter=ARBITER), begin, row)

    receipt = line.chain.send(line.calls()[function], by=WHO[row.who], at=when(line, row))

    endings = [each for each in line.events(receipt) if each.name == "LineConcluded"]
    assert [ENDINGS[each.arguments["ending"]] for each in endings] == [row.ending] * bool(row.ending)
    assert line.line.status == to
    if function == "amend":
        books.add(replace(line, terms=line.successor(**LATER)))


def bring(line: Deal, begin: str, row: Transition) -> Deal:
    """The line in the status in which the row begins; goods, if it has any, are still here."""
    if row.action == "collect" and (begin, row.who) == ("Closed", "the supplier"):
        line.given("Delivered")
        consents = NO_CONSENTS | {"supplier": line.settled(SUPPLIER)}
        line.send("settle", NOTHING, FOREVER, consents, by=BUYER)
        return line
    return line.given(begin, goods_left=row.action == "collect")


def when(line: Deal, row: Transition) -> int:
    """A time at which the row's clock allows it."""
    state, agreed = line.line, line.agreed
    times = {
        "deliver": line.handover + 3 * DAY if state.rejections else line.handover,
        "deemAccept": state.since + agreed["inspection"],
        "applyDefault": state.since + agreed["arbitration"],
        "terminate": line.long_stop + 10 * DAY,
        "payRetention": state.since + agreed["retention"],
    }
    return max(line.chain.now + 1, times.get(row.action, 0))


# Operators

INSPECTOR: Final = Actor("inspector")
PRINCIPALS: Final = {  # who of these lends roles; of both parties the buyer calls, and the supplier signed
    "the buyer or the inspector": (BUYER, INSPECTOR),
    "the inspector": (INSPECTOR,),
    "either party": (BUYER, SUPPLIER),
    "any party or the arbiter": (BUYER, SUPPLIER, ARBITER),
    "anyone": (),
}
GOODS: Final = {("deliver", "Open"): (0, 1)}  # after a rejection they are still here
LENT: Final = [
    pytest.param(
        row, begin, function, principal, goods, id=f"{number}-{function}-{begin}-{principal.name}-{goods}"
    )
    for number, row in enumerate(transitions())
    for begin in row.begins
    for function in row.functions
    for principal in PRINCIPALS.get(row.who, (WHO[row.who],))
    for goods in GOODS.get((row.action, begin), (int(row.action == "collect"),))
]


def clerk(principal: Actor, roles: int) -> Actor:
    """The operator to whom a principal lends these roles."""
    return Actor(f"clerk of the {principal.name} with {roles}")


@pytest.fixture(scope="session")
def staff(session_chain: Chain, directory: Contract) -> None:
    """Everybody's clerks, one for each set of roles."""
    for principal in (BUYER, SUPPLIER, INSPECTOR, ARBITER):
        for roles in range(1, 64):
            call = directory.functions.setOperator(clerk(principal, roles).address, roles, FOREVER)
            session_chain.send(call, by=principal)


def needed(row: Transition, principal: Actor, *, goods: int) -> int:
    """The roles that a row asks of an operator; one that nobody has where no operator will do."""
    first, _, more = row.role.partition("; with goods also ")
    if not first or principal == ARBITER:
        return 64
    return Role[first] | (Role[more] if more and goods else 0)


@pytest.mark.parametrize(("row", "begin", "function", "principal", "here"), LENT)
def test_f063_operators_do_what_their_roles_list(
    chain: Chain,
    deal: Deals,
    goods: Goods,
    staff: None,
    row: Transition,
    begin: str,
    function: str,
    principal: Actor,
    here: int,
) -> None:
    inspected: dict[str, Any] = {"inspector": INSPECTOR} if principal == INSPECTOR else {}
    retention = 500 if begin == "Retained" else 0
    line = bring(deal(retentionBps=retention, goods=goods(here), arbiter=ARBITER, **inspected), begin, row)
    line.deposit(principal, line.arbiter_fee)
    chain.warp(when(line, row))
    call, roles = line.calls()[function], needed(row, principal, goods=here)
    people = [clerk(principal, lent) for lent in range(64)]
    calls = [
        Question(address_of(line.escrow), call_data(paid_by(each, line, call)), sender=each.address)
        for each in people
    ]
    refusal = chain.attempt(call, by=STRANGER)
    assert refusal
    for lent, (who, (passed, answer)) in enumerate(zip(people, look(chain.local, calls), strict=True)):
        if lent & roles == roles:
            assert passed, VOCABULARY.error(answer)
            continue
        told = {
            name: who.address if value == STRANGER.address else value
            for name, value in refusal.arguments.items()
        }
        assert VOCABULARY.error(answer) == Said(refusal.name, told), Role(lent)


def paid_by(who: Actor, line: Deal, call: ContractFunction) -> ContractFunction:
    """The call; whoever amends pays itself, because letting the principal pay takes another role."""
    if call.fn_name != "amend":
        return call
    return line.call("amend", *call.args[1:-1], who.address)


def test_f063_every_function_is_tried_by_operators(escrow: Contract) -> None:
    writing = {
        entry["name"]
        for entry in escrow.abi
        if entry["type"] == "function" and entry["stateMutability"] in ("nonpayable", "payable")
    }
    anyones = {"deemAccept", "deemAcceptMany", "applyDefault", "payRetention", "publishConditions"}
    others = {"deposit", "withdraw"}  # of balances: test_free_balances.py
    assert writing == {str(each.values[2]) for each in LENT} | anyones | others


# The dispute


@pytest.mark.parametrize(
    "row", table(PAGE, "The dispute", first="ends by"), ids=lambda row: row["ends by"].strip("`")
)
def test_the_arbiters_fee_goes_where_its_row_says(
    chain: Chain, deal: Deals, token: Contract, row: dict[str, str]
) -> None:
    line = disputed(deal)
    (action,) = words(row["ends by"])
    (ends,) = (each for each in transitions() if each.action == action and "Disputed" in each.begins)
    arbiters = token.functions.balanceOf(ARBITER.address)
    had = {"the disputant": line.free(BUYER), "the arbiter": chain.ask(arbiters)}

    chain.send(line.calls()[action], by=WHO[ends.who], at=when(line, ends))

    has = {"the disputant": line.free(BUYER), "the arbiter": chain.ask(arbiters)}
    assert line.arbiter_fee
    assert {who: has[who] - had[who] for who in has if has[who] != had[who]} == {
        row["the fee goes to"]: line.arbiter_fee
    }


@pytest.mark.parametrize("row", table(PAGE, "The dispute", first="began in"), ids=lambda row: row["began in"])
def test_a_dispute_sets_the_flags_of_its_row(deal: Deals, row: dict[str, str]) -> None:
    line = disputable(deal, row["began in"], token=NATIVE)
    before = line.line.flags

    if row["disputant"] == "the payee":
        line.send("assign", PAYEE.address, FOREVER, line.assigned(PAYEE), by=SUPPLIER)
        line.deposit(PAYEE, line.arbiter_fee)
        before = line.line.flags

    line.dispute(by=WHO[row["disputant"]])

    assert LineFlag(line.line.flags & ~before) == reduce(
        or_, (LineFlag[name] for name in words(row["flags"]))
    )


# Custody


def test_goods_move_as_the_custody_table_says(
    chain: Chain, deal: Deals, goods: Goods, second_escrow: Contract, registry: Contract
) -> None:
    seen = {
        *moved_by_every_row(chain, deal, goods),
        *moved_when_held_back(chain, deal, second_escrow, registry),
    }

    assert {move for move in seen if move[0] != move[2]} == {
        (begin, action, to)
        for row in table(PAGE, "Goods in custody", first="from")
        for begin in words(row["from"])
        for action in words(row["action"])
        for to in words(row["to"])
    }


@contextmanager
def undone(chain: Chain) -> Iterator[None]:
    """Afterwards the chain is as it was before the block, its clock too."""
    snapshot = chain.local.snapshot()
    yield
    chain.local.revert(snapshot)


def custody(line: Deal) -> str:
    """Where the line's goods are, as the page calls it."""
    state = line.line
    if not line.custody[1]:
        return "Nothing"
    if state.status in ("Delivered", "Disputed"):
        return "Waiting"
    return "Buyer" if state.status != "Rejected" and state.flags & 1 else "Supplier"


def moved_by_every_row(chain: Chain, deal: Deals, goods: Goods) -> Iterator[tuple[str, str, str]]:
    """What every row does with the goods of a line, in each way in which they can be named or decided."""
    rows = [(row, begin, way) for row in transitions() for begin in row.begins for way in ways(row)]
    for number, (row, begin, (call, conditions)) in enumerate(rows):
        if begin == "None" or (row.action, begin) in (("accept", "Open"), ("amend", "Rejected")):
            continue  # nothing was delivered, or nothing may be here
        retained = {"retentionBps": 500} if begin == "Retained" else {}
        line = deal(goods=goods(1, batch=str(number)), arbiter=ARBITER, **retained | conditions)
        with undone(chain):
            if begin == "Retained":
                line.given(begin, goods_left=True)
            else:
                bring(line, begin, row)
            before = custody(line)
            if (row.action, before) == ("deliver", "Supplier"):
                line.goods = []
            chain.send(call(line), by=WHO[row.who], at=when(line, row))
            yield before, row.action, custody(line)


def ways(row: Transition) -> list[tuple[Call, dict[str, int]]]:
    """The calls of a row that differ in what they do with goods, each with the conditions that it needs."""

    def settling(outcome: dict[str, Any]) -> Call:
        def call(line: Deal) -> ContractFunction:
            consents = NO_CONSENTS | {"supplier": line.settled(SUPPLIER, outcome)}
            return line.call("settle", outcome, FOREVER, consents)

        return call

    found: dict[str, list[tuple[Call, dict[str, int]]]] = {
        "accept": [(lambda line: line.call("accept", line.goods), {})],
        "deemAccept": [
            (lambda line: line.call("deemAccept", line.goods), {}),
            (lambda line: line.call("deemAccept", []), {}),
        ],
        "rule": [
            (lambda line: line.call("rule", FOR_BUYER), {}),
            (lambda line: line.call("rule", NOTHING), {}),
        ],
        "applyDefault": [
            (lambda line: line.call("applyDefault"), {"defaultSupplierBps": share}) for share in (0, 5_000)
        ],
        "settle": [(settling(NOTHING), {}), (settling(FOR_BUYER), {})],
    }
    return found.get(row.action, [(lambda line: line.calls()[row.action], {})])


def moved_when_held_back(
    chain: Chain, deal: Deals, escrow: Contract, registry: Contract
) -> Iterator[tuple[str, str, str]]:
    """What accepting does with goods that their registry holds back."""
    for number, begin in enumerate(("Delivered", "Rejected"), start=1):
        line = deal(escrow=escrow, goods=[number])
        with undone(chain):
            chain.send(registry.functions.register(line.goods, SUPPLIER.address), by=SUPPLIER)
            line.given(begin)
            chain.send(registry.functions.holdBack(line.goods, True), by=SUPPLIER)
            before = custody(line)
            chain.send(line.call("accept", line.goods), by=BUYER, at=chain.now + 1)
            yield before, "accept", custody(line)
