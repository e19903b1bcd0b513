"""The client of a court that is an arbiter: from the dispute to the fee, and what is said on the way."""

from dataclasses import replace

import pytest

from fabricant.chain.court import (
    ArbiterERC792,
    Choice,
    CourtAsked,
    CourtCase,
    Dispute,
    Evidence,
    MetaEvidence,
    OwedChanged,
    RulingAppealed,
    RulingExecuted,
)
from fabricant.chain.errors import (
    ArbiterERC792_AlreadyAsked,
    ArbiterERC792_NotArbiter,
    ArbiterERC792_NotDisputed,
    ArbiterERC792_NothingOwed,
    ArbiterERC792_NotRuled,
    ArbiterERC792_TooLittleCoin,
)
from fabricant.chain.escrow import Delivery, LineConcluded
from fabricant.domain.escrow import Ending, Terms, arbiter_fee
from fabricant.domain.units import ZERO_ADDRESS, Address, BaseUnits, Bps
from fabricant.errors import NotFound
from tests.support.judges import COST, Judges
from tests.support.world import USUAL, World, wallet

BUYER, STRANGER = wallet("buyer"), wallet("stranger")
APPEAL_COST = BaseUnits(7 * 10**16)
EXTRA = b"\x02" * 64
FEES = replace(USUAL, arbiter_fee_bps=Bps(300))


@pytest.fixture
def judges(world: World) -> Judges:
    """The judges."""
    return Judges(world.chain, STRANGER)


@pytest.fixture
def court(world: World, judges: Judges) -> ArbiterERC792:
    """The arbiter that asks them, in the buyer's name."""
    return ArbiterERC792.create(
        world.chain,
        BUYER,
        escrow=world.fabricant.escrow.address,
        arbitrator=judges.address,
        extra_data=EXTRA,
        meta_evidence="ipfs://question",
    )


def disputed(world: World, arbiter: Address) -> Terms:
    """A line that the buyer disputes."""
    supplier, buyer = world.as_("supplier"), world.as_("buyer")
    supplier.escrow.publish_conditions(FEES)
    terms = world.terms(arbiter=arbiter, conditions=FEES.id)
    consent = supplier.escrow.sign_terms(terms, by=wallet("supplier"))
    buyer.escrow.open(terms, supplier=consent)
    world.chain.mine(at=terms.due_by)
    supplier.escrow.deliver(terms, Delivery(evidence=b"\x01" * 32, invoice=b"\x02" * 32, uri="ipfs://x"))
    buyer.escrow.deposit(world.token, arbiter_fee(terms.amount, FEES))
    buyer.escrow.dispute(terms, evidence=b"\x03" * 32, uri="ipfs://findings")
    return terms


def test_a_court_decides_a_line(world: World, court: ArbiterERC792, judges: Judges) -> None:
    terms = disputed(world, court.address)
    escrow = world.fabricant.escrow
    line = escrow.line_id(terms)
    held = escrow.line_of(line).held

    asked = court.ask(terms)
    told = court.submit_evidence(line, "ipfs://photographs").event
    judges.tell("give", court.address, 0, Choice.BUYER)
    done = world.as_("stranger").court(court.address).execute(terms)
    paid = court.withdraw(BUYER.address, world.token)

    assert asked.event == CourtAsked(id=line, dispute_id=0, by=BUYER.address, cost=COST)
    assert court.event(asked.receipt, Dispute).evidence_group_id == int.from_bytes(line, "big")
    assert told == Evidence(
        arbitrator=judges.address,
        evidence_group_id=int.from_bytes(line, "big"),
        party=BUYER.address,
        evidence="ipfs://photographs",
    )
    assert done.event == RulingExecuted(id=line, dispute_id=0, ruling=Choice.BUYER)
    ended = escrow.event(done.receipt, LineConcluded)
    assert (ended.ending, ended.by, ended.to_buyer) == (Ending.RULED, court.address, held)
    assert paid.event == OwedChanged(owner=BUYER.address, token=world.token, owed_after=BaseUnits(0))
    assert court.case_of(line) == CourtCase(
        dispute_id=0, payer=BUYER.address, ruled=True, ruling=Choice.BUYER
    )


def test_the_fee_is_owed_to_who_paid(world: World, court: ArbiterERC792, judges: Judges) -> None:
    terms = disputed(world, court.address)
    line = court.ask(terms).event.id
    assert court.case_of(line).is_asked
    assert not court.case_of(line, over_retention=True).is_asked
    with pytest.raises(ArbiterERC792_NotRuled, match="has not ruled on dispute 0 yet"):
        court.execute(terms)
    with pytest.raises(ArbiterERC792_NothingOwed):
        court.withdraw(BUYER.address, ZERO_ADDRESS)

    judges.tell("give", court.address, 0, 99)

    assert court.execute(terms).event.ruling is Choice.REFUSED
    assert court.owed_to(BUYER.address, world.token) == arbiter_fee(terms.amount, FEES)


def test_what_a_court_costs_is_sent_along(world: World, court: ArbiterERC792, judges: Judges) -> None:
    terms = disputed(world, court.address)
    assert court.cost() == COST
    with pytest.raises(ArbiterERC792_TooLittleCoin, match="read the cost again") as refused:
        court.ask(terms, value=BaseUnits(COST - 1))
    assert (refused.value.value, refused.value.cost) == (COST - 1, COST)

    court.ask(terms, value=BaseUnits(COST + 1))
    with pytest.raises(ArbiterERC792_AlreadyAsked, match="calls it dispute 0"):
        court.ask(terms)

    judges.tell("setAppealPrice", APPEAL_COST)
    assert court.appeal_cost(0) == APPEAL_COST
    assert court.appeal(0).event == RulingAppealed(dispute_id=0, by=BUYER.address, cost=APPEAL_COST)
    assert world.chain.balance(judges.address) == COST + APPEAL_COST


def test_a_court_hears_its_own_disputes(world: World, court: ArbiterERC792) -> None:
    with pytest.raises(ArbiterERC792_NotDisputed):
        court.ask(world.terms(arbiter=court.address))
    with pytest.raises(ArbiterERC792_NotArbiter, match="ask that one"):
        court.ask(disputed(world, wallet("arbiter").address))


def test_a_court_says_what_it_is(world: World, court: ArbiterERC792, judges: Judges) -> None:
    said = [event for _, event in court.history(since=0, until=world.chain.head().number)]

    assert said == [MetaEvidence(meta_evidence_id=0, evidence="ipfs://question")]
    assert (court.arbitrator(), court.extra_data()) == (judges.address, EXTRA)
    with pytest.raises(NotFound):
        world.fabricant.court(STRANGER.address)
