"""Assignments: who sells what is due to a supplier, to whom and until when; each consent counts once."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Any

import pytest
from eth_abi.abi import encode
from eth_account.messages import encode_typed_data
from eth_utils.crypto import keccak
from web3.contract import Contract

from fabricant.domain.escrow import ASSIGNMENT, Assignment, LineId
from fabricant.domain.typed_data import Domain, Message
from fabricant.domain.units import Address, UnixSeconds, parse_address
from tests.support.actors import Actor
from tests.support.assignments import ASSIGNED, DEADLINE, NEXT, PAYEE, assign, reassign
from tests.support.chain import TRANSACTION_GAS, Chain, call_data
from tests.support.deals import DAY, NO_CONSENT, ZERO
from tests.support.decoding import Said
from tests.support.disputes import agree
from tests.support.lines import (
    BUYER,
    FOREVER,
    LIVE,
    OPENING,
    SUPPLIER,
    Books,
    Deal,
    Deals,
    Lend,
    Party,
    address_of,
)
from tests.support.reverts import reverts

MAGIC, WRONG_MAGIC, MEGABYTE_OF_MAGIC = 0, 1, 9  # answers of MockOddWallet
OPEN, CHANGE, EVERYTHING = 1, 2, 0xFFFF
ALL_BUT_CHANGE = EVERYTHING & ~CHANGE
ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
STRANGER = Actor("stranger")
SOONER = DEADLINE - DAY
PEOPLE: dict[str, Any] = {
    "inspector": Actor("inspector"),
    "arbiter": Actor("arbiter"),
    "broker": Actor("broker"),
}


def no_consent(principal: Party, actor: Party) -> AbstractContextManager[None]:
    told = {"principal": address_of(principal), "actor": address_of(actor)}
    return reverts("SupplierEscrow_NoConsent", **told)


def bad_signature(
    line: Deal, payee: Party = PAYEE, *, signer: Party | None = None, deadline: int = DEADLINE
) -> AbstractContextManager[None]:
    told = {"principal": address_of(payee), "signer": address_of(signer or payee)}
    digest = line.assignment(payee, deadline=deadline)
    return reverts("SupplierEscrow_BadSignature", **told, digest=digest)


def payee_of(line: Deal) -> Address:
    """To whom the escrow says that the line was assigned."""
    return parse_address(line.chain.ask(line.escrow.functions.payeeOf(line.id)))


# Callers


@pytest.mark.parametrize("status", LIVE)
def test_f050_every_live_line_is_assigned_at_any_time(deal: Deals, books: Books, status: str) -> None:
    line = agree(deal, status).given(status)
    before = line.line
    with books.moves():
        receipt = assign(line, at=line.retention_end + 20 * DAY, deadline=FOREVER)  # every clock is over
    assert line.events(receipt) == [
        line.event("LineAssigned", assignor=SUPPLIER.address, payee=PAYEE.address)
    ]
    assert line.line == before._replace(flags=before.flags | ASSIGNED)
    assert payee_of(line) == PAYEE.address


@pytest.mark.parametrize("status", ["None", "Closed", "Revoked"])
def test_f050_what_is_not_live_is_not_assigned(deal: Deals, status: str) -> None:
    line = deal().given(status)
    with line.refuses_status(status):
        assign(line)
    assert payee_of(line) == ZERO


@pytest.mark.parametrize("who", ["buyer", "inspector", "arbiter", "broker", "payee", "stranger"])
def test_f063_only_the_supplier_assigns(deal: Deals, who: str) -> None:
    line = deal(**PEOPLE).given("Open")
    with line.refuses("SupplierEscrow_NotSupplier", caller=Actor(who).address):
        assign(line, by=Actor(who))


def test_f063_no_operator_assigns(deal: Deals, lend: Lend, operator: Actor) -> None:
    line = deal().given("Open")
    for principal in (SUPPLIER, PAYEE):
        lend(principal, EVERYTHING)
    with line.refuses("SupplierEscrow_NotSupplier", caller=operator.address):
        assign(line, by=operator)
    assign(line)
    with line.refuses("SupplierEscrow_NotSupplier", caller=operator.address):
        reassign(line, operator, NEXT)


@pytest.mark.parametrize("who", ["buyer", "supplier", "stranger", "owner"])
def test_f063_once_assigned_only_the_payee_assigns(deal: Deals, who: str) -> None:
    line = deal().given("Open")
    assign(line)
    with line.refuses("SupplierEscrow_NotSupplier", caller=Actor(who).address):
        reassign(line, Actor(who), NEXT)
    assert payee_of(line) == PAYEE.address


def test_a_payee_assigns_further(deal: Deals, books: Books) -> None:
    line = deal().given("Open")
    assign(line)
    with books.moves():
        receipt = reassign(line, PAYEE, NEXT)
    told = {"assignor": PAYEE.address, "payee": NEXT.address}
    assert line.events(receipt) == [line.event("LineAssigned", **told)]
    assert payee_of(line) == NEXT.address
    with line.refuses("SupplierEscrow_NotSupplier", caller=PAYEE.address):
        reassign(line, PAYEE, STRANGER)


def test_a_receivable_comes_back_to_the_supplier(deal: Deals) -> None:
    line = deal().given("Open")
    assign(line)
    reassign(line, PAYEE, SUPPLIER, deadline=DEADLINE + 1)
    with line.refuses("SupplierEscrow_Assigned"):
        line.send("resign", by=SUPPLIER)
    reassign(line, SUPPLIER, NEXT)
    assert payee_of(line) == NEXT.address


# Payees


@pytest.mark.parametrize("who", ["buyer", "inspector", "arbiter"])
def test_f042_who_judges_is_no_payee(deal: Deals, who: str) -> None:
    line = deal(**PEOPLE).given("Open")
    with line.refuses("SupplierEscrow_BadParty", party=Actor(who).address):
        assign(line, Actor(who))
    assign(line)
    with line.refuses("SupplierEscrow_BadParty", party=Actor(who).address):
        reassign(line, PAYEE, Actor(who))


@pytest.mark.parametrize("who", ["broker", "supplier", "stranger"])
def test_anybody_else_is_a_payee(deal: Deals, who: str) -> None:
    line = deal(**PEOPLE).given("Open")
    assign(line, Actor(who))
    assert payee_of(line) == Actor(who).address


def test_nobody_is_no_payee(deal: Deals) -> None:
    nobody = Actor("nobody")
    unjudged, judged = deal().given("Open"), deal(**PEOPLE).given("Open")
    with unjudged.refuses("SupplierEscrow_BadParty", party=ZERO):
        unjudged.send("assign", ZERO, DEADLINE, NO_CONSENT, by=SUPPLIER)
    with no_consent(parse_address(ZERO), SUPPLIER):
        judged.send("assign", ZERO, DEADLINE, NO_CONSENT, by=SUPPLIER)
    with no_consent(parse_address(ZERO), nobody):
        judged.send("assign", ZERO, DEADLINE, judged.assigned(nobody), by=SUPPLIER)


def test_the_escrow_is_no_payee(deal: Deals) -> None:
    line = deal().given("Open")
    consent = {"signer": line.escrow.address, "proof": [], "signature": b""}
    with bad_signature(line, line.escrow):
        assign(line, line.escrow, consent=consent)


# Consent


def test_f063_nobody_but_a_payee_consents(deal: Deals) -> None:
    line = deal().given("Open")
    with no_consent(PAYEE, SUPPLIER):
        assign(line, consent=NO_CONSENT)
    for signer in (SUPPLIER, BUYER, STRANGER):
        with no_consent(PAYEE, signer):
            assign(line, consent=line.assigned(signer))


def test_f063_an_operator_for_changes_consents(deal: Deals, lend: Lend, operator: Actor) -> None:
    line = deal().given("Open")
    lend(PAYEE, CHANGE)
    signature = operator.sign(line.assignment(PAYEE, deadline=DEADLINE))
    assign(line, consent={"signer": operator.address, "proof": [], "signature": signature})
    assert payee_of(line) == PAYEE.address


def test_f063_a_supplier_that_is_the_payees_operator_consents(deal: Deals, lend: Lend) -> None:
    line = deal().given("Open")
    lend(PAYEE, CHANGE, to=SUPPLIER)
    assign(line, consent=NO_CONSENT)
    assert payee_of(line) == PAYEE.address


@pytest.mark.parametrize("how", ["calls", "signs"])
def test_f063_no_other_role_consents(deal: Deals, lend: Lend, operator: Actor, how: str) -> None:
    line, who = deal().given("Open"), SUPPLIER if how == "calls" else operator
    lend(PAYEE, ALL_BUT_CHANGE, to=who)
    signature = operator.sign(line.assignment(PAYEE, deadline=DEADLINE))
    signed = {"signer": operator.address, "proof": [], "signature": signature}
    with no_consent(PAYEE, who):
        assign(line, consent=NO_CONSENT if how == "calls" else signed)


def test_f048_an_operators_consent_ends_with_its_role(deal: Deals, lend: Lend, operator: Actor) -> None:
    line, late, ends = deal().given("Open"), deal().given("Open"), OPENING + DAY
    lend(PAYEE, CHANGE, until=ends)
    consents = [
        each.assigned(PAYEE, deadline=DEADLINE)
        | {"signer": operator.address, "signature": operator.sign(each.assignment(PAYEE, deadline=DEADLINE))}
        for each in (line, late)
    ]
    assign(line, at=ends - 1, consent=consents[0])
    with no_consent(PAYEE, operator):
        assign(late, at=ends, consent=consents[1])


# Time


def test_f048_an_assignment_is_in_time_until_the_last_second(deal: Deals) -> None:
    line, late = deal().given("Open"), deal().given("Open")
    assign(line, at=DEADLINE - 1)
    for now in (DEADLINE, DEADLINE + 1):
        with late.refuses("SupplierEscrow_TooLate", nowAt=now, before=DEADLINE):
            assign(late, at=now)


def test_f028_a_deadline_is_later_than_the_last_ones(deal: Deals) -> None:
    line = deal().given("Open")
    assign(line)
    for deadline in (SOONER, DEADLINE - 1, DEADLINE):
        with line.refuses("SupplierEscrow_TooLate", nowAt=deadline, before=DEADLINE):
            reassign(line, PAYEE, NEXT, deadline=deadline)
    reassign(line, PAYEE, NEXT, deadline=DEADLINE + 1)
    assert payee_of(line) == NEXT.address


def test_f028_no_assignment_follows_one_for_ever(deal: Deals) -> None:
    line = deal().given("Open")
    assign(line, deadline=FOREVER)
    with line.refuses("SupplierEscrow_TooLate", nowAt=FOREVER, before=FOREVER):
        reassign(line, PAYEE, NEXT)


# Signatures


def test_f028_a_signature_assigns_once(deal: Deals) -> None:
    line = deal().given("Open")
    assign(line)
    with line.refuses("SupplierEscrow_NotSupplier", caller=SUPPLIER.address):
        assign(line)
    with line.refuses("SupplierEscrow_TooLate", nowAt=DEADLINE, before=DEADLINE):
        assign(line, by=PAYEE)


def test_f028_no_used_signature_serves_in_a_ring(deal: Deals) -> None:
    """A sells to B, B back to A, and A can't sell to B again on the same word."""
    line = deal().given("Open")
    assign(line, PAYEE, deadline=SOONER)
    reassign(line, PAYEE, NEXT, deadline=SOONER + 1)
    reassign(line, NEXT, PAYEE, deadline=SOONER + 2)
    with line.refuses("SupplierEscrow_TooLate", nowAt=SOONER + 1, before=SOONER + 2):
        reassign(line, PAYEE, NEXT, deadline=SOONER + 1)
    with bad_signature(line, NEXT, deadline=SOONER + 3):
        used = line.assigned(NEXT, deadline=SOONER + 1)
        assign(line, NEXT, by=PAYEE, deadline=SOONER + 3, consent=used)


def test_f036_another_keys_signature_is_refused(deal: Deals) -> None:
    line = deal().given("Open")
    forged = STRANGER.sign(line.assignment(PAYEE, deadline=DEADLINE))
    with bad_signature(line):
        assign(line, consent={"signer": PAYEE.address, "proof": [], "signature": forged})


def test_f036_every_byte_of_an_assignment_is_signed(deal: Deals) -> None:
    line = deal().given("Open")
    consent = line.assigned(PAYEE)
    for deadline in [FOREVER ^ 1 << 8 * place for place in range(5)]:
        told = {"principal": PAYEE.address, "signer": PAYEE.address}
        digest = line.assignment(PAYEE, deadline=deadline)
        said = line.attempt("assign", PAYEE.address, deadline, consent, by=SUPPLIER)
        assert said == Said("SupplierEscrow_BadSignature", told | {"digest": digest})


def test_f036_a_payee_signs_its_own_name(deal: Deals, lend: Lend) -> None:
    line = deal().given("Open")
    lend(NEXT, CHANGE, to=PAYEE)
    with bad_signature(line, NEXT, signer=PAYEE):
        assign(line, NEXT, consent=line.assigned(PAYEE, deadline=DEADLINE))


@pytest.mark.parametrize("form", ["high s", "v of 0 or 1", "compact", "long", "empty"])
def test_f029_only_the_one_form_of_a_signature_counts(deal: Deals, form: str) -> None:
    line = deal().given("Open")
    consent = line.assigned(PAYEE, deadline=DEADLINE)
    signature = consent["signature"]
    r, s, v = signature[:32], int.from_bytes(signature[32:64], "big"), signature[64]
    forms = {
        "high s": r + (ORDER - s).to_bytes(32, "big") + bytes([55 - v]),
        "v of 0 or 1": signature[:64] + bytes([v - 27]),
        "compact": r + (s | (v - 27) << 255).to_bytes(32, "big"),
        "long": signature + b"\0",
        "empty": b"",
    }
    with bad_signature(line):
        assign(line, consent=consent | {"signature": forms[form]})


def test_f028_a_signature_is_for_one_line(deal: Deals) -> None:
    line, other = deal().given("Open"), deal().given("Open")
    with bad_signature(line):
        assign(line, consent=other.assigned(PAYEE, deadline=DEADLINE))


def test_f027_a_signature_is_for_one_escrow(deal: Deals, second_escrow: Contract) -> None:
    here = deal().given("Open")
    there = replace(here, escrow=second_escrow)
    deal.publish(second_escrow)
    there.given("Open")
    with bad_signature(there):
        assign(there, consent=here.assigned(PAYEE, deadline=DEADLINE))


def test_f026_no_line_is_assigned_on_a_fork(
    chain: Chain, deal: Deals, forked: AbstractContextManager[int]
) -> None:
    line, home = deal().given("Open"), chain.local.chain_id
    with forked as there, reverts("Eip712_ForeignChain", chainId=there, homeChainId=home):
        assign(line)
    assign(line)
    assert payee_of(line) == PAYEE.address


def test_f059_no_other_signature_is_an_assignment(deal: Deals) -> None:
    line = deal().given("Open")
    for consent in (line.signed(PAYEE), line.settled(PAYEE, deadline=DEADLINE)):
        with bad_signature(line):
            assign(line, consent=consent)


def test_a_proof_beside_a_signature_changes_nothing(deal: Deals) -> None:
    line = deal().given("Open")
    assign(line, consent=line.assigned(PAYEE, deadline=DEADLINE) | {"proof": [bytes(32)]})
    assert payee_of(line) == PAYEE.address


@pytest.mark.parametrize("deadline", [DEADLINE, FOREVER])
def test_f035_what_is_signed_is_one_thing_for_everybody(deal: Deals, deadline: int) -> None:
    line = deal().given("Open")
    chain_id, unsigned = line.chain.local.chain_id, {"signer": PAYEE.address, "proof": [], "signature": b""}
    said = line.attempt("assign", PAYEE.address, deadline, unsigned, by=SUPPLIER)
    assert said is not None
    digest = said.arguments["digest"]
    assert digest == line.assignment(PAYEE, deadline=deadline)
    domain = Domain("Fabricant SupplierEscrow", "1", chain_id, address_of(line.escrow))
    ours = Assignment(id=LineId(line.id), payee=PAYEE.address, deadline=UnixSeconds(deadline))
    assert Message(domain, ASSIGNMENT, ours).digest == digest
    theirs = encode_typed_data(
        domain_data={
            "name": "Fabricant SupplierEscrow",
            "version": "1",
            "chainId": chain_id,
            "verifyingContract": line.escrow.address,
        },
        message_types={
            "Assignment": [
                {"name": "id", "type": "bytes32"},
                {"name": "payee", "type": "address"},
                {"name": "deadline", "type": "uint40"},
            ]
        },
        message_data={"id": line.id, "payee": PAYEE.address, "deadline": deadline},
    )
    assert keccak(b"\x19\x01" + theirs.header + theirs.body) == digest


# Contract wallets


def test_f031_a_wallet_consents(chain: Chain, deal: Deals) -> None:
    line, wallet = deal().given("Open"), chain.deploy("MockWallet", PAYEE)
    assign(line, wallet, consent=line.assigned(PAYEE, deadline=DEADLINE, address=wallet))
    assert payee_of(line) == address_of(wallet)


@pytest.mark.parametrize("answer", range(12))
def test_f031_only_the_magic_word_consents(chain: Chain, deal: Deals, answer: int) -> None:
    line, wallet = deal().given("Open"), chain.deploy("MockOddWallet", answer)
    consent = {"signer": wallet.address, "proof": [], "signature": b""}
    if answer in (MAGIC, MEGABYTE_OF_MAGIC):
        assign(line, wallet, consent=consent)
        assert payee_of(line) == address_of(wallet)
    else:
        with bad_signature(line, wallet):
            assign(line, wallet, consent=consent)


def test_f032_a_signature_is_for_one_wallet(chain: Chain, deal: Deals) -> None:
    line, (ours, others) = deal().given("Open"), (chain.deploy("MockWallet", PAYEE) for _ in range(2))
    consent = line.assigned(PAYEE, deadline=DEADLINE, address=ours)
    with bad_signature(line, others):
        assign(line, others, consent=consent | {"signer": others.address})


def test_f033_a_key_with_lent_code_consents(chain: Chain, deal: Deals) -> None:
    line, delegate = deal().given("Open"), chain.deploy("MockOddWallet", WRONG_MAGIC)
    chain.local.set_code(PAYEE.address, bytes.fromhex("ef0100" + delegate.address[2:]))
    assign(line)
    assert payee_of(line) == PAYEE.address


def test_f034_a_wallet_without_code_does_not_consent(deal: Deals, user: Actor) -> None:
    line = deal().given("Open")  # at the user's address the payee's wallet would be made
    inner = PAYEE.sign(line.assignment(user, deadline=DEADLINE))
    creation = encode(["address", "bytes", "bytes"], [PAYEE.address, b"", inner])
    consent = {"signer": user.address, "proof": [], "signature": creation + 16 * b"\x64\x92"}
    with bad_signature(line, user):
        assign(line, user, consent=consent)


def test_wallets_assign_by_calling(
    chain: Chain, deal: Deals, lend: Lend, party: Callable[[], Contract]
) -> None:
    wallet = party()
    lend(wallet, OPEN)
    line = deal(supplier=wallet, signer=Actor("operator")).given("Open")
    call = line.call("assign", PAYEE.address, DEADLINE, line.assigned(PAYEE, deadline=DEADLINE))
    chain.send(wallet.functions.execute(line.escrow.address, 0, call_data(call)), by=STRANGER)
    assert payee_of(line) == PAYEE.address


def test_f023_no_coins_with_an_assignment(deal: Deals) -> None:
    line = deal().given("Open")
    call = line.call("assign", PAYEE.address, DEADLINE, line.assigned(PAYEE, deadline=DEADLINE))
    with reverts("no reason"):
        line.chain.send(call, by=SUPPLIER, value=1, gas=TRANSACTION_GAS)
