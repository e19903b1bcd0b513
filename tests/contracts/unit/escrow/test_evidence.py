"""Evidence: who may be heard in a dispute, and where everybody finds what was said (ERC-1497)."""

import pytest

from tests.support.actors import Actor
from tests.support.deals import DAY, ZERO
from tests.support.disputes import ARBITER, DISPUTABLE, disputed, outcome
from tests.support.lines import BUYER, FINDINGS, FINDINGS_URI, SUPPLIER, Books, Deals, Goods, Lend

QUALITY, EVERYTHING = 4, 0xFFFF
EVIDENCE = ("evidence", FINDINGS, FINDINGS_URI)


@pytest.mark.parametrize("after", DISPUTABLE)
@pytest.mark.parametrize("who", ["buyer", "supplier", "arbiter", "buyer's operator", "supplier's operator"])
def test_the_parties_and_the_arbiter_submit_evidence(
    deal: Deals, books: Books, lend: Lend, after: str, who: str
) -> None:
    principal, _, through = who.partition("'s ")
    by = Actor(through or principal)
    line = disputed(deal, after)
    lend(Actor(principal), QUALITY)
    before = line.line
    with books.moves():
        receipt = line.send(*EVIDENCE, by=by)
    assert line.events(receipt) == line.submitted(by)
    assert line.line == before


@pytest.mark.parametrize("who", ["inspector", "broker", "stranger", "operator"])
def test_nobody_else_submits_evidence(deal: Deals, lend: Lend, who: str) -> None:
    line = disputed(deal, inspector=Actor("inspector"))
    for party in (BUYER, SUPPLIER):
        lend(party, EVERYTHING & ~QUALITY)
    lend(ARBITER, EVERYTHING)
    with line.refuses("SupplierEscrow_NotParty", caller=Actor(who).address):
        line.send(*EVIDENCE, by=Actor(who))


@pytest.mark.parametrize("status", ["None", "Open", "Delivered", "Rejected", "Retained", "Closed", "Revoked"])
def test_f050_evidence_is_heard_in_disputes_alone(deal: Deals, status: str) -> None:
    line = deal(arbiter=ARBITER, retentionBps=1 if status == "Retained" else 0).given(status)
    for party in (BUYER, SUPPLIER, ARBITER):
        with line.refuses_status(status):
            line.send(*EVIDENCE, by=party)


def test_f048_evidence_has_no_time_limit_of_its_own(deal: Deals) -> None:
    line = disputed(deal)
    end = line.arbitration_end
    for now in (line.disputed, end - 1, end, end + 1, end + 365 * DAY):
        line.send(*EVIDENCE, by=BUYER, at=now)
    line.send("applyDefault", by=SUPPLIER)
    with line.refuses_status("Closed"):
        line.send(*EVIDENCE, by=BUYER)


def test_no_evidence_after_the_ruling(deal: Deals) -> None:
    line = disputed(deal)
    line.send("rule", outcome(), by=ARBITER)
    with line.refuses_status("Closed"):
        line.send(*EVIDENCE, by=SUPPLIER)


def test_evidence_without_an_arbiter_names_none(deal: Deals, lend: Lend) -> None:
    line = disputed(deal, arbiter=ZERO, arbiterFeeBps=0)
    receipt = line.send(*EVIDENCE, by=SUPPLIER)
    assert line.events(receipt)[1].arguments["arbitrator"] == ZERO


@pytest.mark.parametrize("uri", ["", "ipfs://" + 1_000 * "é"], ids=["empty", "long"])
def test_evidence_is_found_anywhere(deal: Deals, goods: Goods, uri: str) -> None:
    line = disputed(deal, goods=goods(1))
    receipt = line.send("evidence", bytes(32), uri, by=BUYER)
    submitted, told = line.events(receipt)
    assert submitted == line.event("EvidenceSubmitted", by=BUYER.address, hash=bytes(32))
    assert told.arguments["evidence"] == uri
