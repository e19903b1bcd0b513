"""ESC-9: nobody is a party without its own consent. ESC-4: no signature works twice, or elsewhere."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Any

import pytest
from eth_abi.abi import encode
from eth_utils.address import to_checksum_address
from web3.contract import Contract

from tests.support.actors import Actor
from tests.support.chain import Chain, call_data
from tests.support.deals import NO_CONSENT
from tests.support.decoding import Said
from tests.support.lines import (
    BUYER,
    OPENING,
    SUPPLIER,
    TERMS_TYPES,
    Books,
    Deal,
    Deals,
    Lend,
    climb,
    consent_to,
    in_leaf_order,
    schedule_digest,
    stock,
)
from tests.support.reverts import reverts

MAGIC, WRONG_MAGIC, MEGABYTE_OF_MAGIC = 0, 1, 9  # answers of MockOddWallet
OPEN, ALL_BUT_OPEN = 1, 0xFFFE
ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
SIDES = pytest.mark.parametrize("side", ["buyer", "supplier"])


def no_consent(principal: Actor | Contract, actor: Actor) -> Any:
    return reverts("SupplierEscrow_NoConsent", principal=principal.address, actor=actor.address)


def bad_signature(line: Deal, signer: Any, *, principal: Any = None, digest: bytes | None = None) -> Any:
    return reverts(
        "SupplierEscrow_BadSignature",
        principal=(principal or signer).address,
        signer=signer.address,
        digest=digest or line.id,
    )


def signed_by_both(line: Deal, **other: Any) -> dict[str, Any]:
    """Consents of both parties by signature, for a third party that calls."""
    return {side: line.signed(Actor(side)) for side in ("buyer", "supplier")} | other


# Callers and signers


def test_the_supplier_signs_and_the_buyer_calls(deal: Deals, buyer: Actor, supplier: Actor) -> None:
    line = deal()
    line.open(by=buyer, buyer=NO_CONSENT, supplier=line.signed(supplier))
    assert line.line.status == "Open"


def test_an_operator_signs_for_the_supplier(
    deal: Deals, lend: Lend, supplier: Actor, operator: Actor
) -> None:
    line = deal()
    lend(supplier, OPEN)
    line.open(supplier=line.signed(operator))
    assert line.line.status == "Open"


@SIDES
def test_a_stranger_consents_for_nobody(deal: Deals, payer: Actor, stranger: Actor, side: str) -> None:
    line = deal()
    with no_consent(Actor(side), stranger):
        line.open(by=payer, payer=payer, **signed_by_both(line, **{side: line.signed(stranger)}))


def test_both_sign_and_anybody_calls(deal: Deals, payer: Actor) -> None:
    line = deal()
    line.open(by=payer, payer=payer, **signed_by_both(line))
    assert line.line.status == "Open"


@SIDES
def test_an_operator_calls_for_its_principal(
    chain: Chain, deal: Deals, lend: Lend, token: Contract, operator: Actor, side: str
) -> None:
    line = deal()
    lend(Actor(side), OPEN)
    stock(chain, token, line.escrow, operator)
    line.open(by=operator, payer=operator, **signed_by_both(line, **{side: NO_CONSENT}))
    assert line.line.status == "Open"


@SIDES
def test_a_caller_consents_for_nobody_else(deal: Deals, payer: Actor, side: str) -> None:
    line = deal()
    with no_consent(Actor(side), payer):
        line.open(by=payer, payer=payer, **signed_by_both(line, **{side: NO_CONSENT}))


# Operators


@SIDES
@pytest.mark.parametrize("how", ["calls", "signs"])
def test_only_the_opening_role_consents(
    deal: Deals, lend: Lend, operator: Actor, payer: Actor, side: str, how: str
) -> None:
    line = deal()
    lend(Actor(side), ALL_BUT_OPEN)
    consent = NO_CONSENT if how == "calls" else line.signed(operator)
    caller = operator if how == "calls" else payer
    with no_consent(Actor(side), operator):
        line.open(by=caller, payer=caller, **signed_by_both(line, **{side: consent}))


def test_f048_an_operators_consent_ends_with_its_role(
    deal: Deals, lend: Lend, operator: Actor, supplier: Actor
) -> None:
    lend(supplier, OPEN, until=OPENING)
    line = deal()
    line.open(supplier=line.signed(operator), at=OPENING - 1)
    late = deal()
    with no_consent(supplier, operator):
        late.open(supplier=late.signed(operator), at=OPENING)


def test_f028_a_revoked_operators_signature_is_void(
    deal: Deals, lend: Lend, operator: Actor, supplier: Actor
) -> None:
    lend(supplier, OPEN)
    line = deal()
    consent = line.signed(operator)
    lend(supplier, 0, until=0)
    with no_consent(supplier, operator):
        line.open(supplier=consent)


# One address on both sides


def acts_for_both(line: Deal, who: Actor, other: Actor | None = None) -> Any:
    return line.refuses(
        "SupplierEscrow_ActsForBoth", forBuyer=who.address, forSupplier=(other or who).address
    )


def test_f042_one_caller_does_not_act_for_both(
    deal: Deals, lend: Lend, operator: Actor, buyer: Actor, supplier: Actor
) -> None:
    line = deal()
    lend(buyer, OPEN)
    lend(supplier, OPEN)
    with acts_for_both(line, operator):
        line.open(by=operator, buyer=NO_CONSENT, supplier=NO_CONSENT)


def test_f042_one_signer_does_not_act_for_both(
    deal: Deals, lend: Lend, operator: Actor, payer: Actor, buyer: Actor, supplier: Actor
) -> None:
    line = deal()
    lend(buyer, OPEN)
    lend(supplier, OPEN)
    with acts_for_both(line, operator):
        line.open(by=payer, payer=payer, buyer=line.signed(operator), supplier=line.signed(operator))


@SIDES
def test_f042_calling_and_signing_is_one_address(
    deal: Deals, lend: Lend, operator: Actor, buyer: Actor, supplier: Actor, side: str
) -> None:
    line = deal()
    lend(buyer, OPEN)
    lend(supplier, OPEN)
    consents = {"buyer": NO_CONSENT, "supplier": NO_CONSENT} | {side: line.signed(operator)}
    with acts_for_both(line, operator):
        line.open(by=operator, **consents)


@pytest.mark.parametrize("how", ["calls", "signs"])
@pytest.mark.parametrize(("party", "other"), [("buyer", "supplier"), ("supplier", "buyer")])
def test_f042_no_party_acts_for_the_other(
    deal: Deals, lend: Lend, payer: Actor, how: str, party: str, other: str
) -> None:
    actor, line = Actor(party), deal()
    lend(Actor(other), OPEN, to=actor)
    consent = NO_CONSENT if how == "calls" else line.signed(actor)
    caller = actor if how == "calls" else payer
    with acts_for_both(line, actor):
        line.open(by=caller, payer=caller, **{party: line.signed(actor), other: consent})


# Signatures


@SIDES
def test_f036_another_keys_signature_is_refused(
    deal: Deals, payer: Actor, stranger: Actor, side: str
) -> None:
    line, signer = deal(), Actor(side)
    with bad_signature(line, signer):
        forged = line.signed(stranger, address=signer)
        line.open(by=payer, payer=payer, **signed_by_both(line, **{side: forged}))


BYTES = {"address": 20, "uint128": 16, "uint40": 5, "uint16": 2, "bytes32": 32, "uint256": 32}
UNSOUND = {  # a changed field may be refused for itself
    "buyer": {"SupplierEscrow_NoConsent"},
    "supplier": {"SupplierEscrow_NoConsent"},
    "openBy": {"SupplierEscrow_TooLate", "SupplierEscrow_DueBeforeOpening"},
    "dueBy": {"SupplierEscrow_DueBeforeOpening"},
    "assets": {"SupplierEscrow_TooManyAssets", "SupplierEscrow_DeliverablesWithoutAssets"},
    "opener": {"SupplierEscrow_NotOpener"},
    "conditions": {"SupplierEscrow_UnknownConditions"},
}


def flipped(value: Any, place: int) -> Any:
    """A field with one bit of one byte changed."""
    if isinstance(value, int):
        return value ^ 1 << 8 * place
    changed = bytearray(value if isinstance(value, bytes) else bytes.fromhex(value[2:]))
    changed[place] ^= 1
    return bytes(changed) if isinstance(value, bytes) else to_checksum_address(bytes(changed))


@SIDES
def test_f036_every_byte_of_the_terms_is_signed(chain: Chain, deal: Deals, payer: Actor, side: str) -> None:
    line, signer = deal(assets=1, deliverables=b"\x01" * 32), Actor(side)
    signature = line.signed(signer)
    chain.warp(OPENING)
    for (name, value), kind in zip(line.terms.items(), TERMS_TYPES, strict=True):
        for place in range(BYTES[kind]):
            changed = replace(line, terms=line.terms | {name: flipped(value, place)})
            consents = signed_by_both(changed, **{side: signature})
            refused = changed.attempt("open", *consents.values(), payer.address, by=payer)
            assert refused is not None, (name, place)
            if refused.name not in UNSOUND.get(name, ()):
                expected = {"principal": signer.address, "signer": signer.address, "digest": changed.id}
                assert refused == Said("SupplierEscrow_BadSignature", expected), (name, place)


@pytest.mark.parametrize("form", ["high s", "v of 0 or 1", "compact", "long", "empty"])
def test_f029_only_the_one_form_of_a_signature_counts(deal: Deals, supplier: Actor, form: str) -> None:
    line = deal()
    consent = line.signed(supplier)
    signature = consent["signature"]
    r, s, v = signature[:32], int.from_bytes(signature[32:64], "big"), signature[64]
    forms = {
        "high s": r + (ORDER - s).to_bytes(32, "big") + bytes([55 - v]),
        "v of 0 or 1": signature[:64] + bytes([v - 27]),
        "compact": r + (s | (v - 27) << 255).to_bytes(32, "big"),
        "long": signature + b"\0",
        "empty": b"",
    }
    with bad_signature(line, supplier):
        line.open(supplier=consent | {"signature": forms[form]})


def test_a_signature_of_another_line_is_refused(deal: Deals, supplier: Actor) -> None:
    line, other = deal(), deal()
    with bad_signature(line, supplier):
        line.open(supplier=other.signed(supplier))


def test_f027_a_signature_is_for_one_escrow(deal: Deals, second_escrow: Contract, supplier: Actor) -> None:
    here = deal()
    there = replace(here, escrow=second_escrow)
    deal.publish(second_escrow)
    with bad_signature(there, supplier, digest=there.id):
        there.open(supplier=here.signed(supplier))
    there.open()
    assert here.line.status == "None"


def test_f026_no_line_opens_on_a_fork(
    chain: Chain, deal: Deals, forked: AbstractContextManager[int], supplier: Actor
) -> None:
    line, home = deal(), chain.local.chain_id
    many = line.escrow.functions.openMany([line.terms], NO_CONSENT, line.signed(supplier), BUYER.address)
    with forked as there:
        with reverts("Eip712_ForeignChain", chainId=there, homeChainId=home):
            line.open()
        with reverts("Eip712_ForeignChain", chainId=there, homeChainId=home):
            chain.send(many, by=BUYER)


def test_f026_open_lines_go_on_after_a_fork(deal: Deals, forked: AbstractContextManager[int]) -> None:
    line = deal().given("Open")
    with forked:
        line.deliver()
        line.accept()
    assert line.line.status == "Closed"


def test_f028_a_signature_works_once(deal: Deals, supplier: Actor) -> None:
    line = deal()
    consent = line.signed(supplier)
    line.open(supplier=consent)
    line.send("refund", 0, by=supplier)
    line.deliver()
    line.accept()
    with line.refuses_status("Closed"):
        line.open(supplier=consent, at=None)


# Contract wallets


def test_f031_a_wallet_consents(chain: Chain, deal: Deals, supplier: Actor) -> None:
    wallet = chain.deploy("MockWallet", supplier)
    line = deal(supplier=wallet)
    line.open(supplier=line.signed(supplier, address=wallet))
    assert line.line.status == "Open"


@pytest.mark.parametrize("answer", [MAGIC, MEGABYTE_OF_MAGIC])
def test_f031_the_magic_word_consents(chain: Chain, deal: Deals, supplier: Actor, answer: int) -> None:
    wallet = chain.deploy("MockOddWallet", answer)
    line = deal(supplier=wallet)
    line.open(supplier=line.signed(supplier, address=wallet))
    assert line.line.status == "Open"


@pytest.mark.parametrize("answer", sorted(set(range(12)) - {MAGIC, MEGABYTE_OF_MAGIC}))
def test_f031_nothing_else_consents(chain: Chain, deal: Deals, supplier: Actor, answer: int) -> None:
    wallet = chain.deploy("MockOddWallet", answer)
    line = deal(supplier=wallet)
    with bad_signature(line, wallet):
        line.open(supplier=line.signed(supplier, address=wallet))


def test_f032_a_signature_is_for_one_wallet(chain: Chain, deal: Deals, supplier: Actor) -> None:
    ours, other = chain.deploy("MockWallet", supplier), chain.deploy("MockWallet", supplier)
    line = deal(supplier=ours)
    elsewhere = replace(line, supplier=other, terms=line.terms | {"supplier": other.address})
    with bad_signature(elsewhere, other):
        elsewhere.open(supplier=line.signed(supplier, address=other))


def test_f033_a_key_with_lent_code_consents(chain: Chain, deal: Deals, supplier: Actor) -> None:
    delegate = chain.deploy("MockOddWallet", WRONG_MAGIC)
    chain.local.set_code(supplier.address, bytes.fromhex("ef0100" + delegate.address[2:]))
    line = deal().given("Open")
    assert line.line.status == "Open"


def test_f034_a_wallet_without_code_does_not_consent(deal: Deals, supplier: Actor, user: Actor) -> None:
    line = deal(supplier=user)  # an address at which the supplier's wallet would be made
    creation = encode(["address", "bytes", "bytes"], [supplier.address, b"", supplier.sign(line.id)])
    consent = {"signer": user.address, "proof": [], "signature": creation + 16 * b"\x64\x92"}
    with bad_signature(line, user):
        line.open(supplier=consent)


def test_wallets_open_by_calling(
    chain: Chain, deal: Deals, books: Books, token: Contract, party: Callable[[], Contract], stranger: Actor
) -> None:
    wallet = party()
    line = deal(buyer=wallet)
    stock(chain, token, line.escrow, wallet)
    consents = (NO_CONSENT, line.signed(SUPPLIER), wallet.address)
    call = wallet.functions.execute(line.escrow.address, 0, call_data(line.call("open", *consents)))
    with books.moves({wallet: -line.amount}):
        chain.send(call, by=stranger)
    assert line.line.status == "Open"


# Schedules


@pytest.mark.parametrize("count", [2, 3, 5])
def test_each_line_of_a_schedule_opens_alone(deal: Deals, supplier: Actor, count: int) -> None:
    schedule = in_leaf_order([deal() for _ in range(count)])
    for line in reversed(schedule):
        line.open(supplier=consent_to(schedule, supplier, [line]), at=None)
        assert line.line.status == "Open"


def test_f079_a_foreign_line_is_not_in_a_schedule(deal: Deals, supplier: Actor) -> None:
    schedule, foreign = in_leaf_order([deal() for _ in range(4)]), deal()
    consent = consent_to(schedule, supplier, schedule[:1])
    digest = schedule_digest(foreign, climb(foreign, consent["proof"]))
    with bad_signature(foreign, supplier, digest=digest):
        foreign.open(supplier=consent)


@pytest.mark.parametrize("change", ["shorter", "longer", "reversed", "altered"])
def test_f079_a_wrong_proof_is_refused(deal: Deals, supplier: Actor, change: str) -> None:
    schedule = in_leaf_order([deal() for _ in range(4)])
    consent = consent_to(schedule, supplier, schedule[:1])
    first, last = consent["proof"]
    proof = {
        "shorter": [first],
        "longer": [first, last, bytes(32)],
        "reversed": [last, first],
        "altered": [first, flipped(last, 31)],
    }[change]
    line = schedule[0]
    with bad_signature(line, supplier, digest=schedule_digest(line, climb(line, proof))):
        line.open(supplier=consent | {"proof": proof})


def test_f079_a_schedule_is_no_line(deal: Deals, supplier: Actor) -> None:
    line, other = in_leaf_order([deal(), deal()])
    lone = {**line.signed(supplier), "signature": supplier.sign(schedule_digest(line, climb(line, [])))}
    with bad_signature(line, supplier):
        line.open(supplier=lone)

    proof = consent_to([line, other], supplier, [line])["proof"]
    with bad_signature(line, supplier, digest=schedule_digest(line, climb(line, proof))):
        line.open(supplier=line.signed(supplier) | {"proof": proof})
