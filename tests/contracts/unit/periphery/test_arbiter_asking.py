"""Asking a court: who pays it, what comes back, and what a court can't do while it is asked."""

from collections.abc import Callable

import pytest
from web3.contract import Contract
from web3.contract.contract import ContractFunction

from tests.support.actors import Actor
from tests.support.chain import Chain, call_data
from tests.support.court import (
    APPEAL_PRICE,
    BURNS_GAS,
    CALLS,
    EXTRA,
    FOR_BUYER,
    FOR_SUPPLIER,
    HIDES_ITS_COST,
    HONEST,
    META_EVIDENCE,
    PRICE,
    REFUSES,
    REPEATS_ITSELF,
    RULES_AT_ONCE,
    WANTS_MORE,
    Court,
)
from tests.support.deals import DAY, NATIVE, STATUSES, ZERO
from tests.support.decoding import VOCABULARY, Event
from tests.support.disputes import ARBITER, DISPUTABLE, RETENTION, agree, disputed
from tests.support.lines import BUYER, Books, Deal, Deals
from tests.support.reverts import reverts

PAYER = Actor("payer")
ENTRY = "ReentrancyGuardReentrantCall"
REFUSES_COIN = 1  # MockParty's manner
NOT_ASKED = (0, ZERO, False, 0)


def questions(court: Court, line: Deal, *, number: int = 0, by: str = PAYER.address) -> list[Event]:
    """What is said when a court is asked."""
    asked = court.event("CourtAsked", id=line.id, disputeId=number, by=by, cost=PRICE)
    group = int.from_bytes(line.id, "big")
    began = {"disputeID": number, "metaEvidenceID": 0, "evidenceGroupID": group}
    return [asked, court.event("Dispute", arbitrator=court.judges.address, **began)]


def entries(court: Court, line: Deal) -> dict[str, ContractFunction]:
    """Every guarded function, as somebody would call it who comes back."""
    return {
        "ask": court.call("ask", line.terms),
        "appeal": court.call("appeal", 0),
        "execute": court.call("execute", line.terms),
        "withdraw": court.call("withdraw", PAYER.address, NATIVE),
    }


# Asking


def test_it_says_what_the_court_is_asked(court: Court, escrow: Contract) -> None:
    said = court.arbiter.events.MetaEvidence().get_logs(from_block=0)
    assert [dict(each.args) for each in said] == [{"metaEvidenceID": 0, "evidence": META_EVIDENCE}]
    views = court.arbiter.functions
    assert views.escrow().call() == escrow.address
    assert (views.arbitrator().call(), views.extraData().call()) == (court.judges.address, EXTRA)


def test_a_court_hears_its_own_lines_alone(deal: Deals, court: Court) -> None:
    line = disputed(deal)
    with reverts("ArbiterERC792_NotArbiter", id=line.id, arbiter=ARBITER.address):
        court.ask(line)


@pytest.mark.parametrize("status", [status for status in STATUSES if status != "Disputed"])
def test_f050_a_court_hears_disputes_alone(deal: Deals, court: Court, status: str) -> None:
    line = deal(arbiter=court.arbiter, retentionBps=1 if status == "Retained" else 0).given(status)
    with reverts("ArbiterERC792_NotDisputed", id=line.id, status=STATUSES.index(status)):
        court.ask(line)


@pytest.mark.parametrize("after", DISPUTABLE)
@pytest.mark.parametrize("who", ["buyer", "supplier", "stranger"])
def test_anyone_asks_the_court(deal: Deals, court: Court, books: Books, after: str, who: str) -> None:
    line, retained = court.disputed(deal, after), after == "Retained"
    assert court.arbiter.functions.cost().call() == PRICE
    assert court.asked(line, over_retention=retained) == NOT_ASKED
    asker = Actor(who)
    with books.moves({asker: -PRICE, court.judges: PRICE}, token=NATIVE):
        receipt = court.ask(line, by=asker)
    assert court.events(receipt) == questions(court, line, by=asker.address)
    assert court.asked(line, over_retention=retained) == (0, asker.address, False, 0)
    assert court.asked(line, over_retention=not retained) == NOT_ASKED
    judges = court.judges.functions
    assert (judges.choices().call(), judges.told().call()) == (2, EXTRA)
    assert judges.arbitrable(0).call() == court.arbiter.address


def test_f024_the_court_is_paid_in_full(deal: Deals, court: Court, books: Books) -> None:
    line = court.disputed(deal)
    for value in (0, PRICE - 1):
        with reverts("ArbiterERC792_TooLittleCoin", value=value, cost=PRICE), books.moves(token=NATIVE):
            court.ask(line, value=value)


def test_f024_the_rest_goes_back(deal: Deals, court: Court, books: Books) -> None:
    line = court.disputed(deal)
    with books.moves({PAYER: -PRICE, court.judges: PRICE}, token=NATIVE):
        receipt = court.ask(line, value=PRICE + 77)
    assert court.events(receipt) == questions(court, line)
    assert court.owed(PAYER, NATIVE) == 0


def test_f015_a_caller_that_refuses_the_rest_is_owed_it(
    chain: Chain, deal: Deals, court: Court, books: Books, party: Callable[[], Contract]
) -> None:
    lines, asker = court.several(deal, 2), party()
    chain.send(asker.functions.setManner(REFUSES_COIN), by=BUYER)
    moved = {asker: -PRICE - 77, court.judges: PRICE, court.arbiter: 77}
    for times, line in enumerate(lines, start=1):
        data = call_data(court.call("ask", line.terms))
        with books.moves(moved, token=NATIVE):
            call = asker.functions.execute(court.arbiter.address, PRICE + 77, data)
            receipt = chain.send(call, by=BUYER)
        owed = {"owner": asker.address, "token": NATIVE, "owedAfter": 77 * times}
        assert court.events(receipt)[2:] == [court.event("OwedChanged", **owed)]
        assert court.owed(asker, NATIVE) == 77 * times


def test_f054_the_cost_may_rise(deal: Deals, court: Court) -> None:
    line = court.disputed(deal)
    court.tell("setPrice", PRICE + 1)
    with reverts("ArbiterERC792_TooLittleCoin", value=PRICE, cost=PRICE + 1):
        court.ask(line)


def test_f054_the_cost_may_fall(deal: Deals, court: Court, books: Books) -> None:
    line = court.disputed(deal)
    court.tell("setPrice", PRICE - 77)
    with books.moves({PAYER: 77 - PRICE, court.judges: PRICE - 77}, token=NATIVE):
        court.ask(line)


def test_a_dispute_is_asked_about_once(deal: Deals, court: Court, books: Books) -> None:
    first, line = court.several(deal, 2)
    court.ask(first)
    court.ask(line)
    for ruled in (False, True):
        with (
            reverts("ArbiterERC792_AlreadyAsked", id=line.id, disputeId=1),
            books.moves(token=NATIVE),
        ):
            court.ask(line, by=BUYER)
        if not ruled:
            court.rule(FOR_BUYER, dispute=1)
    assert court.judges.functions.disputes().call() == 2


def test_f048_nobody_pays_for_a_ruling_that_comes_too_late(deal: Deals, court: Court) -> None:
    in_time, line = court.several(deal, 2)
    end = line.arbitration_end
    court.ask(in_time, at=end - 1)
    for now in (end, end + 1):
        with reverts("ArbiterERC792_TooLate", id=line.id, nowAt=now, before=end):
            court.ask(line, at=now)


def test_a_disputed_retention_is_a_case_of_its_own(deal: Deals, court: Court) -> None:
    line = court.disputed(deal, retentionBps=RETENTION)
    court.ask(line)
    line.accept(at=line.disputed + DAY)
    line.deposit(BUYER, line.arbiter_fee)
    line.dispute(at=line.disputed + 2 * DAY)

    receipt = court.ask(line, by=BUYER)

    assert court.events(receipt) == questions(court, line, number=1, by=BUYER.address)
    assert court.asked(line) == (0, PAYER.address, False, 0)
    assert court.asked(line, over_retention=True) == (1, BUYER.address, False, 0)


# A court that misbehaves when it is asked


@pytest.mark.parametrize(
    ("manner", "error"),
    [
        (HIDES_ITS_COST, ("MockArbitrator_Refused", {})),
        (REFUSES, ("MockArbitrator_Refused", {})),
        (WANTS_MORE, ("MockArbitrator_TooLittle", {"value": PRICE, "wanted": PRICE + 1})),
    ],
)
@pytest.mark.parametrize("ending", ["accept", "applyDefault"])
def test_f053_a_court_that_refuses_stops_nobody(
    deal: Deals, court: Court, books: Books, manner: int, error: tuple[str, dict[str, int]], ending: str
) -> None:
    line = court.disputed(deal)
    court.tell("setManner", manner)
    name, arguments = error
    with reverts(name, **arguments), books.moves(token=NATIVE):
        court.ask(line, value=PRICE + 77)
    assert court.asked(line) == NOT_ASKED
    if ending == "accept":
        line.accept(at=line.disputed + DAY)
    else:
        line.send("applyDefault", by=PAYER, at=line.arbitration_end)
    assert line.line.status == "Closed"


def test_f053_a_court_that_burns_gas_stops_nobody(deal: Deals, court: Court, books: Books) -> None:
    line = court.disputed(deal)
    court.tell("setManner", BURNS_GAS)
    with reverts("no reason"), books.moves(token=NATIVE):
        court.ask(line, gas=2_000_000)
    court.tell("setManner", HONEST)
    court.ask(line)
    assert court.asked(line) == (0, PAYER.address, False, 0)


def test_f053_a_number_given_again_is_refused(deal: Deals, court: Court, books: Books) -> None:
    first, second = court.several(deal, 2)
    court.ask(first)
    court.tell("setManner", REPEATS_ITSELF)
    for ruled in (False, True):
        with (
            reverts("ArbiterERC792_DisputeExists", id=second.id, disputeId=0),
            books.moves(token=NATIVE),
        ):
            court.ask(second)
        if not ruled:
            court.rule(FOR_SUPPLIER)
    assert court.asked(second) == NOT_ASKED


def test_f053_a_ruling_before_the_question_is_refused(deal: Deals, court: Court) -> None:
    line = court.disputed(deal)
    court.tell("setManner", RULES_AT_ONCE)
    with reverts("ArbiterERC792_UnknownDispute", disputeId=0):
        court.ask(line)


def test_f002_f053_a_court_enters_nowhere(deal: Deals, court: Court) -> None:
    *lines, other = court.several(deal, 5)
    for line, (name, call) in zip(lines, entries(court, other).items(), strict=True):
        court.tell("setCall", court.arbiter.address, call_data(call))
        court.ask(line)
        assert court.judges.functions.callFailed().call(), name
        assert VOCABULARY.error(court.judges.functions.callAnswer().call()).name == ENTRY, name


def test_f054_the_court_gets_no_coin_of_others(deal: Deals, court: Court, books: Books) -> None:
    owed, line = court.several(deal, 2, token=NATIVE, amount=10**18)
    court.execute(court.ruled(owed, FOR_BUYER))
    assert court.owed(PAYER, NATIVE) == owed.arbiter_fee > 1
    court.tell("setPrice", PRICE + 1)
    with (
        reverts("ArbiterERC792_TooLittleCoin", value=PRICE, cost=PRICE + 1),
        books.moves(token=NATIVE),
    ):
        court.ask(line)


# Appeals


def test_only_disputes_of_here_are_appealed(deal: Deals, court: Court) -> None:
    court.ask(court.disputed(deal))
    with reverts("ArbiterERC792_UnknownDispute", disputeId=1):
        court.send("appeal", 1)


def test_a_final_ruling_is_not_appealed(deal: Deals, court: Court) -> None:
    court.ruled(court.disputed(deal), FOR_BUYER)
    court.tell("setAppealPrice", 0)
    with reverts("ArbiterERC792_AlreadyRuled", disputeId=0, ruling=FOR_BUYER):
        court.send("appeal", 0)


def test_an_appeal_out_of_time_costs_too_much(deal: Deals, court: Court) -> None:
    court.ask(court.disputed(deal))
    with reverts("ArbiterERC792_TooLittleCoin", value=APPEAL_PRICE, cost=2**256 - 1):
        court.send("appeal", 0, by=BUYER, value=APPEAL_PRICE)


@pytest.mark.parametrize("excess", [0, 77])
def test_anyone_appeals(deal: Deals, court: Court, books: Books, stranger: Actor, excess: int) -> None:
    court.ask(court.disputed(deal))
    court.tell("setAppealPrice", APPEAL_PRICE)
    assert court.arbiter.functions.appealCost(0).call() == APPEAL_PRICE
    with books.moves({stranger: -APPEAL_PRICE, court.judges: APPEAL_PRICE}, token=NATIVE):
        receipt = court.send("appeal", 0, by=stranger, value=APPEAL_PRICE + excess)
    appealed = court.event("RulingAppealed", disputeId=0, by=stranger.address, cost=APPEAL_PRICE)
    assert court.events(receipt) == [appealed]
    assert court.judges.functions.appeals(0).call() == 1
    assert court.judges.functions.told().call() == EXTRA
    with reverts("ArbiterERC792_TooLittleCoin", value=APPEAL_PRICE - 1, cost=APPEAL_PRICE):
        court.send("appeal", 0, by=stranger, value=APPEAL_PRICE - 1)


def test_courts_take_appeals_from_the_arbiter_alone(chain: Chain, deal: Deals, court: Court) -> None:
    court.ask(court.disputed(deal))
    court.tell("setAppealPrice", APPEAL_PRICE)
    with reverts("MockArbitrator_NotArbitrable", caller=BUYER.address):
        chain.send(court.judges.functions.appeal(0, EXTRA), by=BUYER, value=APPEAL_PRICE)


def test_f053_a_refused_appeal_costs_nothing(deal: Deals, court: Court, books: Books) -> None:
    court.ask(court.disputed(deal))
    court.tell("setAppealPrice", APPEAL_PRICE)
    for manner in (REFUSES, HIDES_ITS_COST):
        court.tell("setManner", manner)
        with reverts("MockArbitrator_Refused"), books.moves(token=NATIVE):
            court.send("appeal", 0, by=BUYER, value=APPEAL_PRICE)


def test_f002_an_appeal_lets_nobody_in(deal: Deals, court: Court) -> None:
    asked, line = court.several(deal, 2)
    court.ask(asked)
    court.tell("setAppealPrice", 0)
    for name, call in entries(court, line).items():
        court.tell("setCall", court.arbiter.address, call_data(call))
        court.send("appeal", 0)
        assert court.judges.functions.callFailed().call(), name
        assert VOCABULARY.error(court.judges.functions.callAnswer().call()).name == ENTRY, name
    assert court.judges.functions.manner().call() == CALLS


def test_the_last_word_counts(deal: Deals, court: Court) -> None:
    """A court says its first word to nobody but itself, until no appeal is possible any more."""
    line = court.disputed(deal)
    court.ask(line)
    court.tell("setAppealPrice", APPEAL_PRICE)
    court.send("appeal", 0, by=BUYER, value=APPEAL_PRICE)
    with reverts("ArbiterERC792_NotRuled", id=line.id, disputeId=0):
        court.execute(line)
    court.rule(FOR_BUYER)
    court.execute(line)
    assert line.line.status == "Closed"


# Evidence


def test_a_court_is_shown_evidence(deal: Deals, court: Court, stranger: Actor) -> None:
    line = agree(deal, "Delivered", arbiter=court.arbiter)
    group = int.from_bytes(line.id, "big")
    for whom in (BUYER, stranger):
        receipt = court.send("submitEvidence", group, "ipfs://photographs", by=whom)
        told = {"arbitrator": court.judges.address, "evidenceGroupID": group, "party": whom.address}
        assert court.events(receipt) == [court.event("Evidence", evidence="ipfs://photographs", **told)]
