"""Settlements: both parties end a line as they like, each by its own consent, and once."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Any

import pytest
from eth_abi.abi import encode
from eth_account.messages import encode_typed_data
from eth_utils.crypto import keccak
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from web3.contract import Contract

from fabricant.chain.answers import Receipt
from fabricant.domain.escrow import SETTLEMENT, LineId, Outcome, Settlement
from fabricant.domain.typed_data import Domain, Message
from fabricant.domain.units import BaseUnits, UnixSeconds
from tests.support.actors import Actor
from tests.support.chain import Chain, call_data
from tests.support.deals import DAY, NATIVE, NO_CONSENT, NO_CONSENTS
from tests.support.decoding import Said
from tests.support.disputes import (
    BROKER,
    DISPUTABLE,
    GOODS_TO_BUYER,
    PRICE,
    RETENTION,
    RETENTION_DISPUTED,
    agree,
    disputed,
    outcome,
)
from tests.support.lines import (
    BUYER,
    FOREVER,
    LIVE,
    OPENING,
    SUPPLIER,
    Books,
    Deal,
    Deals,
    Goods,
    Lend,
    Party,
    address_of,
    down,
    list_hash,
)
from tests.support.reverts import reverts

MAGIC, WRONG_MAGIC, MEGABYTE_OF_MAGIC = 0, 1, 9  # answers of MockOddWallet
OPEN, CHANGE = 1, 2
ALL_BUT_CHANGE = 0xFFFF & ~CHANGE
ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
LARGEST = 2**128 - 1
DEADLINE = OPENING + 10 * DAY
AGREED = outcome(600_000_000, 50_000_000, goods_to_buyer=True)
SIDES = pytest.mark.parametrize("side", ["buyer", "supplier"])
EITHER_WAY = pytest.mark.parametrize("how", ["calls", "signs"])
OTHER = {"buyer": "supplier", "supplier": "buyer"}
STRANGER = Actor("stranger")
BOTH_SIGNED: Mapping[str, Any] = {}
BY_CALLING = {"buyer": NO_CONSENT, "supplier": NO_CONSENT}


def settle(
    line: Deal,
    agreed: dict[str, Any] = AGREED,
    *,
    by: Party = STRANGER,
    at: int | None = None,
    deadline: int = FOREVER,
    consents: Mapping[str, Mapping[str, Any]] = BOTH_SIGNED,
) -> Receipt:
    """Somebody settles the line; both parties signed, unless the test says otherwise."""
    both = {side: line.settled(Actor(side), agreed, deadline=deadline) for side in OTHER} | dict(consents)
    return line.send("settle", agreed, deadline, NO_CONSENTS | both, by=by, at=at)


def no_consent(principal: Actor, actor: Actor) -> AbstractContextManager[None]:
    return reverts("SupplierEscrow_NoConsent", principal=principal.address, actor=actor.address)


def bad_signature(line: Deal, signer: Party, *, digest: bytes | None = None) -> AbstractContextManager[None]:
    whose, signed = address_of(signer), digest or line.settlement(AGREED)
    return reverts("SupplierEscrow_BadSignature", principal=whose, signer=whose, digest=signed)


def acts_for_both(line: Deal, for_buyer: Actor, for_supplier: Actor) -> AbstractContextManager[None]:
    told = {"forBuyer": for_buyer.address, "forSupplier": for_supplier.address}
    return line.refuses("SupplierEscrow_ActsForBoth", **told)


# Callers and signers


@SIDES
def test_a_party_calls_and_the_other_signed(deal: Deals, side: str) -> None:
    line = deal().given("Open")
    settle(line, by=Actor(side), consents={side: NO_CONSENT})
    assert line.line.status == "Closed"


def test_both_signed_and_anybody_calls(deal: Deals) -> None:
    line = deal().given("Open")
    receipt = settle(line)
    assert line.events(receipt)[0].arguments["by"] == STRANGER.address


@SIDES
def test_f063_nobody_consents_by_calling_but_a_party(deal: Deals, side: str) -> None:
    line = deal(inspector=Actor("inspector"), arbiter=Actor("arbiter"), broker=BROKER).given("Open")
    for caller in map(Actor, (OTHER[side], "inspector", "arbiter", "broker", "stranger")):
        with no_consent(Actor(side), caller):
            settle(line, by=caller, consents={side: NO_CONSENT})


@SIDES
def test_f063_nobody_signs_for_a_party(deal: Deals, side: str) -> None:
    line = deal().given("Open")
    for signer in map(Actor, (OTHER[side], "stranger")):
        with no_consent(Actor(side), signer):
            settle(line, consents={side: line.settled(signer, AGREED)})


# Operators


@SIDES
@EITHER_WAY
def test_f063_an_operator_for_changes_consents(
    deal: Deals, lend: Lend, operator: Actor, side: str, how: str
) -> None:
    line = deal().given("Open")
    lend(Actor(side), CHANGE)
    consent = NO_CONSENT if how == "calls" else line.settled(operator, AGREED)
    settle(line, by=operator if how == "calls" else STRANGER, consents={side: consent})
    assert line.line.status == "Closed"


@SIDES
@EITHER_WAY
def test_f063_no_other_role_consents(deal: Deals, lend: Lend, operator: Actor, side: str, how: str) -> None:
    line = deal().given("Open")
    lend(Actor(side), ALL_BUT_CHANGE)
    consent = NO_CONSENT if how == "calls" else line.settled(operator, AGREED)
    with no_consent(Actor(side), operator):
        settle(line, by=operator if how == "calls" else STRANGER, consents={side: consent})


@SIDES
@EITHER_WAY
def test_f048_an_operators_consent_ends_with_its_role(
    deal: Deals, lend: Lend, operator: Actor, side: str, how: str
) -> None:
    line, late = deal().given("Open"), deal().given("Open")
    lend(Actor(side), CHANGE, until=DEADLINE)
    caller = operator if how == "calls" else STRANGER
    consent, too_late = (
        NO_CONSENT if how == "calls" else each.settled(operator, AGREED) for each in (line, late)
    )
    settle(line, by=caller, at=DEADLINE - 1, consents={side: consent})
    with no_consent(Actor(side), operator):
        settle(late, by=caller, at=DEADLINE, consents={side: too_late})


@SIDES
def test_f028_a_revoked_operators_signature_is_void(
    deal: Deals, lend: Lend, operator: Actor, side: str
) -> None:
    line = deal().given("Open")
    lend(Actor(side), CHANGE)
    consent = line.settled(operator, AGREED)
    lend(Actor(side), 0, until=0)
    with no_consent(Actor(side), operator):
        settle(line, consents={side: consent})


def test_two_operators_settle_for_their_principals(deal: Deals, lend: Lend) -> None:
    line = deal().given("Open")
    sales, purchasing = Actor("user"), Actor("operator")
    lend(SUPPLIER, CHANGE, to=sales)
    lend(BUYER, CHANGE, to=purchasing)
    settle(line, by=purchasing, consents={"buyer": NO_CONSENT, "supplier": line.settled(sales, AGREED)})
    assert line.line.status == "Closed"


# One address on both sides


@pytest.fixture
def lent_by_both(deal: Deals, lend: Lend) -> Callable[..., Deal]:
    """An open line, both of whose parties have lent the operator a role."""

    def make(roles: int = CHANGE, **changes: Any) -> Deal:
        line = deal(**changes)
        for party in (BUYER, SUPPLIER):
            lend(party, roles | OPEN)
        line.open(by=Actor("operator"), buyer=line.signed(BUYER), supplier=line.signed(SUPPLIER))
        return line

    return make


def test_f042_one_caller_does_not_settle_for_both(lent_by_both: Callable[..., Deal], operator: Actor) -> None:
    line = lent_by_both()
    with acts_for_both(line, operator, operator):
        settle(line, by=operator, consents=BY_CALLING)


def test_f042_one_signer_does_not_settle_for_both(lent_by_both: Callable[..., Deal], operator: Actor) -> None:
    line = lent_by_both()
    signed = line.settled(operator, AGREED)
    with acts_for_both(line, operator, operator):
        settle(line, consents={"buyer": signed, "supplier": signed})


@SIDES
def test_f042_calling_and_signing_is_one_address(
    lent_by_both: Callable[..., Deal], operator: Actor, side: str
) -> None:
    line = lent_by_both()
    consents = {side: line.settled(operator, AGREED), OTHER[side]: NO_CONSENT}
    with acts_for_both(line, operator, operator):
        settle(line, by=operator, consents=consents)


@SIDES
@EITHER_WAY
def test_f042_no_party_settles_for_both(deal: Deals, lend: Lend, side: str, how: str) -> None:
    party, line = Actor(side), deal().given("Open")
    lend(Actor(OTHER[side]), CHANGE, to=party)
    consent = NO_CONSENT if how == "calls" else line.settled(party, AGREED)
    with acts_for_both(line, party, party):
        settle(line, by=party if how == "calls" else STRANGER, consents={OTHER[side]: consent})


@SIDES
@EITHER_WAY
def test_f042_no_party_acts_for_the_other_alone(
    deal: Deals, lend: Lend, operator: Actor, side: str, how: str
) -> None:
    party, line = Actor(side), deal().given("Open")
    lend(Actor(OTHER[side]), CHANGE, to=party)
    lend(party, CHANGE, to=operator)
    consents = {OTHER[side]: NO_CONSENT if how == "calls" else line.settled(party, AGREED)}
    consents[side] = line.settled(operator, AGREED)
    actors = {side: operator, OTHER[side]: party}
    with acts_for_both(line, actors["buyer"], actors["supplier"]):
        settle(line, by=party if how == "calls" else STRANGER, consents=consents)


# The opener


def test_f042_the_opener_does_not_settle_for_both(lent_by_both: Callable[..., Deal], operator: Actor) -> None:
    line = lent_by_both(opener=operator)
    with acts_for_both(line, operator, operator):
        settle(line, by=operator, consents=BY_CALLING)


def test_f063_opening_for_both_is_not_settling_for_both(
    lent_by_both: Callable[..., Deal], operator: Actor
) -> None:
    line = lent_by_both(ALL_BUT_CHANGE, opener=operator)
    with no_consent(BUYER, operator):
        settle(line, by=operator, consents=BY_CALLING)
    with no_consent(SUPPLIER, operator):
        settle(line, by=operator, consents={"supplier": NO_CONSENT})


def test_f042_an_opener_that_does_not_call_is_one_address(
    lent_by_both: Callable[..., Deal], operator: Actor
) -> None:
    line = lent_by_both(opener=operator)
    signed = line.settled(operator, AGREED)
    with acts_for_both(line, operator, operator):
        settle(line, consents={"buyer": signed, "supplier": signed})


@SIDES
def test_f042_a_party_as_opener_does_not_settle_for_the_other(deal: Deals, lend: Lend, side: str) -> None:
    party = Actor(side)
    line = deal(opener=party)
    line.open(by=party, payer=party, buyer=line.signed(BUYER), supplier=line.signed(SUPPLIER))
    lend(Actor(OTHER[side]), CHANGE, to=party)
    with acts_for_both(line, party, party):
        settle(line, by=party, consents=BY_CALLING)


# Signatures


@SIDES
def test_f036_another_keys_signature_is_refused(deal: Deals, side: str) -> None:
    line, signer = deal().given("Open"), Actor(side)
    with bad_signature(line, signer):
        settle(line, consents={side: line.settled(STRANGER, AGREED, address=signer)})


def changed_settlements() -> Iterator[tuple[dict[str, Any], int]]:
    """The agreed outcome and FOREVER with one bit of one byte changed."""
    for name, size in (("toSupplier", 16), ("bondToBuyer", 16)):
        for place in range(size):
            yield AGREED | {name: AGREED[name] ^ 1 << 8 * place}, FOREVER
    yield AGREED | {"goodsToBuyer": not AGREED["goodsToBuyer"]}, FOREVER
    for place in range(5):
        yield AGREED, FOREVER ^ 1 << 8 * place


@SIDES
def test_f036_every_byte_of_a_settlement_is_signed(deal: Deals, side: str) -> None:
    line, signer = deal().given("Open"), Actor(side)
    for agreed, deadline in changed_settlements():
        consents = {each: line.settled(Actor(each), agreed, deadline=deadline) for each in OTHER}
        consents[side] = line.settled(signer, AGREED)
        told: dict[str, Any] = {"principal": signer.address, "signer": signer.address}
        told["digest"] = line.settlement(agreed, deadline=deadline)
        said = line.attempt("settle", agreed, deadline, NO_CONSENTS | consents, by=STRANGER)
        assert said == Said("SupplierEscrow_BadSignature", told), (agreed, deadline)


@pytest.mark.parametrize("form", ["high s", "v of 0 or 1", "compact", "long", "empty"])
def test_f029_only_the_one_form_of_a_signature_counts(deal: Deals, form: str) -> None:
    line = deal().given("Open")
    consent = line.settled(SUPPLIER, AGREED)
    signature = consent["signature"]
    r, s, v = signature[:32], int.from_bytes(signature[32:64], "big"), signature[64]
    forms = {
        "high s": r + (ORDER - s).to_bytes(32, "big") + bytes([55 - v]),
        "v of 0 or 1": signature[:64] + bytes([v - 27]),
        "compact": r + (s | (v - 27) << 255).to_bytes(32, "big"),
        "long": signature + b"\0",
        "empty": b"",
    }
    with bad_signature(line, SUPPLIER):
        settle(line, consents={"supplier": consent | {"signature": forms[form]}})


@SIDES
def test_f028_a_signature_settles_once(deal: Deals, books: Books, side: str) -> None:
    line = deal(bondBps=1_000).given("Open")
    signed = line.settled(Actor(side), AGREED)
    settle(line, by=Actor(OTHER[side]), consents={OTHER[side]: NO_CONSENT, side: signed})
    with line.refuses_status("Closed"), books.moves():
        settle(line, by=Actor(OTHER[side]), consents={OTHER[side]: NO_CONSENT, side: signed})


@SIDES
def test_f028_a_signature_is_for_one_line(deal: Deals, side: str) -> None:
    line, other = deal().given("Open"), deal().given("Open")
    with bad_signature(line, Actor(side)):
        settle(line, consents={side: other.settled(Actor(side), AGREED)})


@SIDES
def test_f027_a_signature_is_for_one_escrow(deal: Deals, second_escrow: Contract, side: str) -> None:
    here = deal().given("Open")
    there = replace(here, escrow=second_escrow)
    deal.publish(second_escrow)
    there.given("Open")
    with bad_signature(there, Actor(side)):
        settle(there, consents={side: here.settled(Actor(side), AGREED)})


def test_f026_no_line_is_settled_on_a_fork(
    chain: Chain, deal: Deals, forked: AbstractContextManager[int]
) -> None:
    line, home = deal().given("Open"), chain.local.chain_id
    with forked as there, reverts("Eip712_ForeignChain", chainId=there, homeChainId=home):
        settle(line)
    settle(line)
    assert line.line.status == "Closed"


@SIDES
def test_f059_who_signed_to_open_did_not_sign_to_settle(deal: Deals, side: str) -> None:
    line = deal().given("Open")
    with bad_signature(line, Actor(side)):
        settle(line, consents={side: line.signed(Actor(side))})


def test_f059_who_signed_to_settle_did_not_sign_to_open(deal: Deals) -> None:
    line = deal()
    with bad_signature(line, SUPPLIER, digest=line.id):
        line.open(supplier=line.settled(SUPPLIER, AGREED))


def test_a_proof_beside_a_signature_changes_nothing(deal: Deals) -> None:
    line = deal().given("Open")
    settle(line, consents={"supplier": line.settled(SUPPLIER, AGREED) | {"proof": [bytes(32)]}})
    assert line.line.status == "Closed"


@pytest.fixture
def one_line(deal: Deals) -> Deal:
    """A line for many questions that change nothing."""
    return deal().given("Open")


AMOUNTS = st.integers(min_value=0, max_value=LARGEST)


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    outcomes=st.builds(outcome, AMOUNTS, AMOUNTS, goods_to_buyer=st.booleans()),
    deadline=st.integers(min_value=DEADLINE, max_value=FOREVER),
)
def test_f035_what_is_signed_is_one_thing_for_everybody(
    one_line: Deal, outcomes: dict[str, Any], deadline: int
) -> None:
    line, chain_id = one_line, one_line.chain.local.chain_id
    unsigned = {"signer": BUYER.address, "proof": [], "signature": b""}
    said = line.attempt("settle", outcomes, deadline, NO_CONSENTS | {"buyer": unsigned}, by=SUPPLIER)
    assert said is not None
    digest = line.settlement(outcomes, deadline=deadline)
    assert said.arguments["digest"] == digest

    domain = Domain("Fabricant SupplierEscrow", "1", chain_id, address_of(line.escrow))
    ours = Settlement(
        id=LineId(line.id),
        outcome=Outcome(
            to_supplier=BaseUnits(outcomes["toSupplier"]),
            bond_to_buyer=BaseUnits(outcomes["bondToBuyer"]),
            goods_to_buyer=outcomes["goodsToBuyer"],
        ),
        deadline=UnixSeconds(deadline),
    )
    assert Message(domain, SETTLEMENT, ours).digest == digest

    theirs = encode_typed_data(
        domain_data={
            "name": "Fabricant SupplierEscrow",
            "version": "1",
            "chainId": chain_id,
            "verifyingContract": line.escrow.address,
        },
        message_types={
            "Settlement": [
                {"name": "id", "type": "bytes32"},
                {"name": "outcome", "type": "Outcome"},
                {"name": "deadline", "type": "uint40"},
            ],
            "Outcome": [
                {"name": "toSupplier", "type": "uint128"},
                {"name": "bondToBuyer", "type": "uint128"},
                {"name": "goodsToBuyer", "type": "bool"},
            ],
        },
        message_data={"id": line.id, "outcome": outcomes, "deadline": deadline},
    )
    assert keccak(b"\x19\x01" + theirs.header + theirs.body) == digest


# Contract wallets


@pytest.fixture
def of_wallet(deal: Deals, lend: Lend) -> Callable[[Party], Deal]:
    """An open line whose supplier is a contract; its operator signed to open it, and may do nothing else."""

    def make(wallet: Party) -> Deal:
        lend(wallet, OPEN)
        return deal(supplier=wallet, signer=Actor("operator")).given("Open")

    return make


def test_f031_a_wallet_consents(chain: Chain, of_wallet: Callable[[Party], Deal]) -> None:
    wallet = chain.deploy("MockWallet", SUPPLIER)
    line = of_wallet(wallet)
    settle(line, consents={"supplier": line.settled(SUPPLIER, AGREED, address=wallet)})
    assert line.line.status == "Closed"


@pytest.mark.parametrize("answer", [MAGIC, MEGABYTE_OF_MAGIC])
def test_f031_the_magic_word_consents(chain: Chain, of_wallet: Callable[[Party], Deal], answer: int) -> None:
    wallet = chain.deploy("MockOddWallet", answer)
    line = of_wallet(wallet)
    settle(line, consents={"supplier": {"signer": wallet.address, "proof": [], "signature": b""}})
    assert line.line.status == "Closed"


@pytest.mark.parametrize("answer", sorted(set(range(12)) - {MAGIC, MEGABYTE_OF_MAGIC}))
def test_f031_nothing_else_consents(chain: Chain, of_wallet: Callable[[Party], Deal], answer: int) -> None:
    wallet = chain.deploy("MockOddWallet", answer)
    line = of_wallet(wallet)
    with bad_signature(line, wallet):
        settle(line, consents={"supplier": line.settled(SUPPLIER, AGREED, address=wallet)})


def test_f032_a_signature_is_for_one_wallets_line(chain: Chain, of_wallet: Callable[[Party], Deal]) -> None:
    ours, others = (of_wallet(chain.deploy("MockWallet", SUPPLIER)) for _ in range(2))
    with bad_signature(others, others.supplier):
        settle(others, consents={"supplier": ours.settled(SUPPLIER, AGREED, address=others.supplier)})


@SIDES
def test_f033_a_key_with_lent_code_consents(chain: Chain, deal: Deals, side: str) -> None:
    line = deal().given("Open")
    delegate = chain.deploy("MockOddWallet", WRONG_MAGIC)
    chain.local.set_code(Actor(side).address, bytes.fromhex("ef0100" + delegate.address[2:]))
    settle(line)
    assert line.line.status == "Closed"


def test_f034_a_wallet_without_code_does_not_consent(deal: Deals, user: Actor) -> None:
    line = deal(supplier=user).given("Open")  # at this address the supplier's wallet would be made
    inner = SUPPLIER.sign(line.settlement(AGREED))
    creation = encode(["address", "bytes", "bytes"], [SUPPLIER.address, b"", inner])
    consent = {"signer": user.address, "proof": [], "signature": creation + 16 * b"\x64\x92"}
    with bad_signature(line, user):
        settle(line, consents={"supplier": consent})


def test_wallets_settle_by_calling(
    chain: Chain, of_wallet: Callable[[Party], Deal], party: Callable[[], Contract]
) -> None:
    wallet = party()
    line = of_wallet(wallet)
    call = line.call("settle", AGREED, FOREVER, NO_CONSENTS | {"buyer": line.settled(BUYER, AGREED)})
    chain.send(wallet.functions.execute(line.escrow.address, 0, call_data(call)), by=STRANGER)
    assert line.line.status == "Closed"


# When


@pytest.mark.parametrize("status", LIVE)
def test_f050_every_live_line_is_settled_at_any_time(deal: Deals, status: str) -> None:
    line = agree(deal, status).given(status)
    settle(line, at=line.retention_end + 365 * DAY)  # every clock is over
    assert line.line.status == "Closed"


@pytest.mark.parametrize("status", ["None", "Closed", "Revoked"])
def test_f050_what_is_not_live_is_not_settled(deal: Deals, status: str) -> None:
    line = deal().given(status)
    with line.refuses_status(status):
        settle(line)


@SIDES
def test_f048_a_settlement_is_in_time_until_the_last_second(deal: Deals, side: str) -> None:
    line = deal().given("Open")
    settle(line, by=Actor(side), deadline=DEADLINE, at=DEADLINE - 1, consents={side: NO_CONSENT})
    assert line.line.since == DEADLINE - 1


def test_f048_a_settlement_can_be_too_late(deal: Deals) -> None:
    line = deal().given("Open")
    for now in (DEADLINE, DEADLINE + 1):
        with line.refuses("SupplierEscrow_TooLate", nowAt=now, before=DEADLINE):
            settle(line, deadline=DEADLINE, at=now)


# Money


STATES = [(status, None) for status in LIVE if status != "Disputed"] + [
    ("Disputed", after) for after in DISPUTABLE
]
EACH_STATE = pytest.mark.parametrize(("status", "after"), STATES)


def living(deal: Deals, status: str, after: str | None, **changes: Any) -> Deal:
    """A line in a status, disputed after another if there is one."""
    return disputed(deal, after, **changes) if after else agree(deal, status, **changes).given(status)


@EACH_STATE
@pytest.mark.parametrize("money", [None, NATIVE], ids=["token", "coin"])
@pytest.mark.parametrize(
    ("to_supplier", "bond_to_buyer"),
    [(0, 0), (1, 1), (12_345_678, 7_654_321), (0, LARGEST), (LARGEST, 0), (LARGEST, LARGEST)],
)
def test_f044_f046_f055_a_settlement_divides_what_is_there(
    deal: Deals,
    books: Books,
    status: str,
    after: str | None,
    money: str | None,
    to_supplier: int,
    bond_to_buyer: int,
) -> None:
    line = living(deal, status, after, token=money)
    before, now = line.line, line.disputed + DAY
    paid, taken = min(to_supplier, before.held), min(bond_to_buyer, line.bond)
    brokerage = down(paid, 499)
    moved = {SUPPLIER: paid - brokerage, BROKER: brokerage, BUYER: before.held - paid + taken}
    depositor, fee = line.disputant(after or status), line.arbiter_fee if after else 0
    suppliers = line.bond - taken + (fee if depositor == SUPPLIER else 0)
    free = {SUPPLIER: suppliers} | ({BUYER: fee} if depositor == BUYER else {})
    with books.moves(moved, free=free):
        receipt = settle(line, outcome(to_supplier, bond_to_buyer), at=now)

    flags = before.flags & (GOODS_TO_BUYER | RETENTION_DISPUTED)
    ended = line.concluded(
        "Settled",
        by=STRANGER,
        to_supplier=paid,
        to_buyer=before.held - paid,
        bond_to_buyer=taken,
        goods_to_buyer=bool(flags & GOODS_TO_BUYER),  # accepted before
    )
    returned = [line.freed(depositor, fee)] if fee else []
    freed = [line.freed(SUPPLIER, suppliers)] if taken != line.bond else []
    assert line.events(receipt) == [*returned, ended, *freed]
    assert line.line == before._replace(status="Closed", flags=flags, since=now, held=0)


def test_a_late_payment_is_not_paid_twice(deal: Deals, books: Books) -> None:
    line = agree(deal, "Delivered").given("Delivered")
    line.send("pay", 1_000, by=BUYER)
    with books.moves({SUPPLIER: 1_000 - 49, BROKER: 49}, free={SUPPLIER: line.bond}):
        settle(line, outcome(PRICE))


def test_f047_an_empty_line_is_settled(deal: Deals, books: Books) -> None:
    line = agree(deal, "Delivered").given("Delivered")
    line.send("refund", 0, by=SUPPLIER)
    with books.moves({BUYER: 5}, free={SUPPLIER: line.bond - 5}):
        settle(line, outcome(7, 5))


def test_an_advance_stays_paid(deal: Deals, books: Books) -> None:
    line = agree(deal, "Open", advanceBps=3_333).given("Open")
    with books.moves({BUYER: PRICE - line.advance}, free={SUPPLIER: line.bond}):
        settle(line, outcome())


def test_a_settled_retention_is_what_was_retained(deal: Deals, books: Books) -> None:
    line = agree(deal, "Retained", amount=10_000, brokerBps=0).given("Retained")
    with books.moves({SUPPLIER: RETENTION}, free={SUPPLIER: line.bond}):
        settle(line, outcome(LARGEST))


def test_a_settlement_knows_no_late_damages(deal: Deals, books: Books) -> None:
    line = agree(deal, "Delivered", brokerBps=0).given("Open")
    line.deliver(at=line.due + 3 * DAY)
    assert line.line.late_intervals == 3
    with books.moves({SUPPLIER: PRICE}, free={SUPPLIER: line.bond}):
        settle(line, outcome(PRICE))


@pytest.mark.parametrize(("to_supplier", "gets"), [(0, BUYER), (1, SUPPLIER)])
def test_f043_one_unit_is_settled_to_one_side(
    deal: Deals, books: Books, to_supplier: int, gets: Actor
) -> None:
    line = agree(deal, "Open", amount=1, bondBps=0).given("Open")
    with books.moves({gets: 1}):
        settle(line, outcome(to_supplier))


def test_the_bond_and_the_deposit_are_freed_once(deal: Deals, books: Books) -> None:
    line = disputed(deal)
    settle(line, outcome(0, 7))
    with books.moves():
        for call in ("applyDefault", "terminate", "payRetention"):
            with line.refuses_status("Closed"):
                line.send(call, by=BUYER, at=line.retention_end + 365 * DAY)


def test_f023_no_coins_with_a_settlement(deal: Deals) -> None:
    line = deal(token=NATIVE).given("Open")
    both = {each: line.settled(Actor(each), AGREED) for each in OTHER}
    with reverts("no reason"):
        line.send("settle", AGREED, FOREVER, NO_CONSENTS | both, by=STRANGER, value=1)


# Goods


IN_CUSTODY = [("Delivered", None), ("Rejected", None), ("Disputed", "Delivered"), ("Disputed", "Rejected")]
TO_EITHER = pytest.mark.parametrize("to_buyer", [True, False], ids=["to the buyer", "to the supplier"])


@TO_EITHER
@pytest.mark.parametrize(("status", "after"), IN_CUSTODY)
def test_goods_are_kept_for_whom_both_name(
    deal: Deals, goods: Goods, assets: Contract, status: str, after: str | None, *, to_buyer: bool
) -> None:
    line = living(deal, status, after, goods=goods(2))
    receipt = settle(line, outcome(goods_to_buyer=to_buyer))
    ended = next(said for said in line.events(receipt) if said.name == "LineConcluded")
    assert ended.arguments["goodsToBuyer"] == to_buyer
    assert line.line.flags == (GOODS_TO_BUYER if to_buyer else 0)
    assert line.custody == (list_hash(line.goods), 0b11)
    entitled, other = (BUYER, SUPPLIER) if to_buyer else (SUPPLIER, BUYER)
    with line.refuses("SupplierEscrow_NotEntitled", caller=other.address, entitled=entitled.address):
        line.send("collect", line.goods, by=other)
    line.send("collect", line.goods, by=entitled)
    assert {assets.functions.ownerOf(each).call() for each in line.goods} == {entitled.address}


@TO_EITHER
def test_no_settlement_takes_accepted_goods_back(deal: Deals, goods: Goods, *, to_buyer: bool) -> None:
    line = agree(deal, "Retained", goods=goods(2)).given("Retained", goods_left=True)
    receipt = settle(line, outcome(goods_to_buyer=to_buyer))
    assert line.events(receipt)[0].arguments["goodsToBuyer"]
    with line.refuses("SupplierEscrow_NotEntitled", caller=SUPPLIER.address, entitled=BUYER.address):
        line.send("collect", line.goods, by=SUPPLIER)
    line.send("collect", line.goods, by=BUYER)
    assert line.custody == (bytes(24), 0)


@TO_EITHER
@pytest.mark.parametrize("status", ["Open", "Rejected"])
def test_goods_that_are_with_the_supplier_are_in_no_settlement(
    deal: Deals, goods: Goods, assets: Contract, status: str, *, to_buyer: bool
) -> None:
    line = agree(deal, status, goods=goods(1)).given(status)
    if status == "Rejected":
        line.send("collect", line.goods, by=SUPPLIER)
    settle(line, outcome(goods_to_buyer=to_buyer))
    named = list_hash(line.goods).ljust(32, b"\0")
    with line.refuses("SupplierEscrow_WrongAssets", given=named, expected=bytes(32)):
        line.send("collect", line.goods, by=BUYER if to_buyer else SUPPLIER)
    assert assets.functions.ownerOf(line.goods[0]).call() == SUPPLIER.address
