"""Change orders: who may replace a line, by what signature, and with what. Money: test_amend_money.py."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import Any

import pytest
from eth_account.messages import encode_typed_data
from eth_utils.crypto import keccak
from web3.contract import Contract

from fabricant.domain.escrow import AMENDMENT, Amendment, LineId, Outcome
from fabricant.domain.typed_data import Domain, Message
from fabricant.domain.units import BaseUnits, UnixSeconds
from tests.support.actors import Actor
from tests.support.amendments import AGREED, Orders, amend
from tests.support.chain import Chain
from tests.support.deals import DAY, NO_CONSENT, ZERO
from tests.support.lines import BUYER, OPENING, SUPPLIER, Deal, Deals, Goods, Lend, Party, address_of
from tests.support.reverts import reverts

OPEN, CHANGE = 1, 2
ALL_BUT_CHANGE, ALL_BUT_OPEN = 0xFFFF & ~CHANGE, 0xFFFF & ~OPEN
DEADLINE = OPENING + 10 * DAY
SIDES = pytest.mark.parametrize("side", ["buyer", "supplier"])
EITHER_WAY = pytest.mark.parametrize("how", ["calls", "signs"])
OTHER = {"buyer": "supplier", "supplier": "buyer"}
STRANGER, PAYEE = Actor("stranger"), Actor("payee")
BY_CALLING: Mapping[str, Any] = {"buyer": NO_CONSENT, "supplier": NO_CONSENT}


def no_consent(principal: Actor, actor: Actor) -> AbstractContextManager[None]:
    return reverts("SupplierEscrow_NoConsent", principal=principal.address, actor=actor.address)


def bad_signature(line: Deal, new: Deal, signer: Party, **signed: Any) -> AbstractContextManager[None]:
    whose, digest = address_of(signer), line.amendment(new.terms, signed.pop("decided", AGREED), **signed)
    return reverts("SupplierEscrow_BadSignature", principal=whose, signer=whose, digest=digest)


def acts_for_both(line: Deal, for_buyer: Actor, for_supplier: Actor) -> AbstractContextManager[None]:
    told = {"forBuyer": for_buyer.address, "forSupplier": for_supplier.address}
    return line.refuses("SupplierEscrow_ActsForBoth", **told)


# Callers, signers and operators


@SIDES
def test_a_party_calls_and_the_other_signed(deal: Deals, order: Orders, side: str) -> None:
    line = deal().given("Open")
    new = order(line)
    amend(line, new, by=Actor(side), consents={side: NO_CONSENT})
    assert (line.line.status, new.line.status) == ("Closed", "Open")


@SIDES
def test_f063_nobody_consents_but_a_party(deal: Deals, order: Orders, side: str) -> None:
    line = deal(inspector=Actor("inspector"), arbiter=Actor("arbiter")).given("Open")
    new = order(line)
    for other in map(Actor, (OTHER[side], "inspector", "arbiter", "stranger")):
        with no_consent(Actor(side), other):
            amend(line, new, by=other, consents={side: NO_CONSENT})
        with no_consent(Actor(side), other):
            amend(line, new, consents={side: line.amended(other, new.terms, AGREED)})


@SIDES
@EITHER_WAY
def test_f063_an_operator_for_changes_amends(
    deal: Deals, order: Orders, lend: Lend, operator: Actor, side: str, how: str
) -> None:
    line = deal().given("Open")
    new = order(line)
    consent = NO_CONSENT if how == "calls" else line.amended(operator, new.terms, AGREED)
    caller = operator if how == "calls" else STRANGER
    lend(Actor(side), ALL_BUT_CHANGE)
    with no_consent(Actor(side), operator):
        amend(line, new, by=caller, consents={side: consent})
    lend(Actor(side), CHANGE)
    amend(line, new, by=caller, consents={side: consent})
    assert new.line.status == "Open"


@EITHER_WAY
def test_f063_a_bigger_bond_needs_trust_with_money(
    deal: Deals, order: Orders, lend: Lend, operator: Actor, how: str
) -> None:
    line = deal(bondBps=1_000).given("Open")
    bigger = order(line, amount=700_000_000, bondBps=1_429)
    line.deposit(SUPPLIER, bigger.bond)
    assert bigger.bond > line.bond
    caller = operator if how == "calls" else STRANGER
    consent = NO_CONSENT if how == "calls" else line.amended(operator, bigger.terms, AGREED)
    for roles in (CHANGE, ALL_BUT_OPEN, OPEN):
        lend(SUPPLIER, roles)
        with no_consent(SUPPLIER, operator):
            amend(line, bigger, by=caller, consents={"supplier": consent})
    lend(SUPPLIER, OPEN | CHANGE)
    amend(line, bigger, by=caller, consents={"supplier": consent})
    assert bigger.line.status == "Open"


@EITHER_WAY
def test_f063_as_big_a_bond_needs_no_more_than_changes(
    deal: Deals, order: Orders, lend: Lend, operator: Actor, how: str
) -> None:
    line = deal(bondBps=700).given("Open")
    new = order(line, bondBps=1_000)
    assert new.bond == line.bond
    lend(SUPPLIER, CHANGE)
    consent = NO_CONSENT if how == "calls" else line.amended(operator, new.terms, AGREED)
    caller = operator if how == "calls" else STRANGER
    amend(line, new, by=caller, consents={"supplier": consent})
    assert new.line.status == "Open"


def test_f063_changing_is_not_paying(deal: Deals, order: Orders, lend: Lend, operator: Actor) -> None:
    line = deal().given("Open")
    new = order(line, amount=line.amount)
    lend(BUYER, ALL_BUT_OPEN)
    with line.refuses("SupplierEscrow_NotPayer", caller=operator.address, payer=BUYER.address):
        amend(line, new, by=operator, payer=BUYER, consents={"buyer": NO_CONSENT})
    lend(BUYER, OPEN | CHANGE)
    amend(line, new, by=operator, payer=BUYER, consents={"buyer": NO_CONSENT})
    assert new.line.held == line.amount


def test_f037_who_copies_the_call_pays_itself(deal: Deals, order: Orders) -> None:
    line = deal().given("Open")
    new = order(line, amount=line.amount)
    with line.refuses("SupplierEscrow_NotPayer", caller=STRANGER.address, payer=BUYER.address):
        amend(line, new, payer=BUYER)


@SIDES
def test_f042_nobody_acts_for_both(
    deal: Deals, order: Orders, lend: Lend, operator: Actor, side: str
) -> None:
    line = deal().given("Open")
    new = order(line)
    signed = line.amended(operator, new.terms, AGREED)
    for party in (BUYER, SUPPLIER):
        lend(party, CHANGE)
    for caller, consents in (
        (operator, BY_CALLING),
        (STRANGER, {"buyer": signed, "supplier": signed}),
        (operator, {side: signed, OTHER[side]: NO_CONSENT}),
    ):
        with acts_for_both(line, operator, operator):
            amend(line, new, by=caller, consents=consents)


@SIDES
def test_f042_no_party_acts_for_the_other(
    deal: Deals, order: Orders, lend: Lend, operator: Actor, side: str
) -> None:
    party, line = Actor(side), deal().given("Open")
    new = order(line)
    lend(Actor(OTHER[side]), CHANGE, to=party)
    lend(party, CHANGE)
    with acts_for_both(line, party, party):
        amend(line, new, by=party, consents=BY_CALLING)
    signed = line.amended(operator, new.terms, AGREED)
    actors = {side: operator, OTHER[side]: party}
    with acts_for_both(line, actors["buyer"], actors["supplier"]):
        amend(line, new, by=party, consents={OTHER[side]: NO_CONSENT, side: signed})


# The opener


@pytest.fixture
def markets(deal: Deals, lend: Lend, operator: Actor) -> Deal:
    """An open line of an opener that may open for both."""
    line = deal(opener=operator)
    for party in (BUYER, SUPPLIER):
        lend(party, OPEN)
    line.open(by=operator, supplier=NO_CONSENT)
    return line


def test_the_opener_amends_for_the_buyer_alone(
    markets: Deal, order: Orders, lend: Lend, operator: Actor
) -> None:
    new = order(markets)
    with no_consent(SUPPLIER, operator):
        amend(markets, new, by=operator, payer=BUYER, consents=BY_CALLING)
    lend(SUPPLIER, OPEN | CHANGE)
    with acts_for_both(markets, operator, operator):
        amend(markets, new, by=operator, payer=BUYER, consents=BY_CALLING)
    amend(markets, new, by=operator, payer=BUYER, consents={"buyer": NO_CONSENT})
    assert new.line.status == "Open"


def test_changing_is_not_opening(markets: Deal, order: Orders, lend: Lend, operator: Actor) -> None:
    lend(BUYER, ALL_BUT_OPEN)
    with no_consent(BUYER, operator):
        amend(markets, order(markets), by=operator, consents={"buyer": NO_CONSENT})


@pytest.mark.parametrize("caller", ["buyer", "supplier", "stranger"])
def test_only_the_opener_amends(markets: Deal, order: Orders, operator: Actor, caller: str) -> None:
    new, by = order(markets), Actor(caller)
    with new.refuses("SupplierEscrow_NotOpener", caller=by.address, opener=operator.address):
        amend(markets, new, by=by)
    elsewhere = order(markets, opener=ZERO)
    with elsewhere.refuses("SupplierEscrow_MixedBatch"):
        amend(markets, elsewhere, by=by)


# The payee


@pytest.fixture
def assigned(deal: Deals) -> Deal:
    """An open line whose receivable is the payee's."""
    line = deal(bondBps=700, brokerBps=499, broker=Actor("broker")).given("Open")
    line.send("assign", PAYEE.address, DEADLINE, line.assigned(PAYEE, deadline=DEADLINE), by=SUPPLIER)
    return line


def test_the_payee_must_consent(assigned: Deal, order: Orders) -> None:
    new = order(assigned)
    for caller in (BUYER, SUPPLIER, STRANGER):
        with no_consent(PAYEE, caller):
            amend(assigned, new, by=caller)
    with no_consent(PAYEE, SUPPLIER):
        amend(assigned, new, consents={"payee": assigned.amended(SUPPLIER, new.terms, AGREED)})


@EITHER_WAY
def test_f042_who_consents_for_the_buyer_does_not_for_the_payee(
    assigned: Deal, order: Orders, lend: Lend, operator: Actor, how: str
) -> None:
    new = order(assigned)
    for party in (BUYER, PAYEE):
        lend(party, CHANGE)
    signed = assigned.amended(operator, new.terms, AGREED)
    consent = NO_CONSENT if how == "calls" else signed
    with acts_for_both(assigned, operator, operator):
        amend(assigned, new, by=operator, consents={"buyer": consent, "payee": consent})


@EITHER_WAY
def test_the_receivable_goes_with_the_line(assigned: Deal, order: Orders, how: str) -> None:
    new = order(assigned, bondBps=1_000)
    consent = NO_CONSENT if how == "calls" else assigned.amended(PAYEE, new.terms, AGREED)
    amend(assigned, new, by=PAYEE if how == "calls" else STRANGER, consents={"payee": consent})
    assert new.escrow.functions.payeeOf(new.id).call() == PAYEE.address
    assert (new.line.flags, assigned.line.status) == (6, "Closed")
    with new.refuses("SupplierEscrow_Assigned"):
        new.send("resign", by=SUPPLIER)
    with new.refuses("SupplierEscrow_NotSupplier", caller=SUPPLIER.address):
        new.send("refund", 0, by=SUPPLIER)
    new.send("refund", 0, by=PAYEE)
    again = order(new, amount=1, bondBps=0)  # no receivable is lost on the way
    with no_consent(PAYEE, STRANGER):
        amend(new, again)


@pytest.mark.parametrize("role", ["inspector", "arbiter"])
def test_f042_the_payee_does_not_come_to_judge(assigned: Deal, order: Orders, role: str) -> None:
    new = order(assigned, **{role: PAYEE})
    with new.refuses("SupplierEscrow_BadParty", party=PAYEE.address):
        amend(assigned, new, consents={"payee": assigned.amended(PAYEE, new.terms, AGREED)})


# Signatures


@pytest.mark.parametrize("signed_by", ["buyer", "supplier"])
def test_f036_every_byte_of_an_amendment_is_signed(deal: Deals, order: Orders, signed_by: str) -> None:
    line = deal().given("Open")
    new = order(line)
    signed = line.amended(Actor(signed_by), new.terms, AGREED, deadline=DEADLINE)
    others = [  # the new terms, the outcome, the deadline: each with another byte
        *((order(line, **{name: value}), AGREED, DEADLINE) for name, value in _altered(new).items()),
        *((new, AGREED | {name: AGREED[name] ^ 1}, DEADLINE) for name in ("toSupplier", "bondToBuyer")),
        (new, AGREED | {"goodsToBuyer": True}, DEADLINE),
        *((new, AGREED, DEADLINE ^ 1 << 8 * byte) for byte in range(5) if DEADLINE ^ 1 << 8 * byte > OPENING),
    ]
    for other, decided, deadline in others:
        with bad_signature(line, other, Actor(signed_by), decided=decided, deadline=deadline):
            amend(line, other, decided, deadline=deadline, at=OPENING, consents={signed_by: signed})


def _altered(new: Deal) -> dict[str, Any]:
    altered: dict[str, Any] = {}
    for name, value in new.terms.items():
        if isinstance(value, int):
            altered[name] = value ^ 1
        elif isinstance(value, bytes):
            altered[name] = bytes([value[0] ^ 1]) + value[1:]
        else:
            altered[name] = address_of(Actor("user"))
    return altered


def test_f028_no_signature_amends_twice(deal: Deals, order: Orders) -> None:
    line = deal().given("Open")
    new = order(line)
    signed = {side: line.amended(Actor(side), new.terms, AGREED) for side in OTHER}
    amend(line, new, consents=signed)
    with line.refuses_status("Closed"):
        amend(line, new, consents=signed)
    last = order(new, amount=1)
    with bad_signature(new, last, BUYER):
        amend(new, last, consents=signed)
    amend(new, last)
    for closed in (line, new):
        for target in (new, last, order(closed, salt=12)):
            with closed.refuses_status("Closed"):
                amend(closed, target, consents=signed)
    assert last.line.held == 1


def test_f059_other_consents_are_none(deal: Deals, order: Orders) -> None:
    line = deal().given("Open")
    new = order(line)
    for signed in (line.signed(BUYER), new.signed(BUYER), line.settled(BUYER, AGREED)):
        with bad_signature(line, new, BUYER):
            amend(line, new, consents={"buyer": signed})


def test_f059_an_amendment_opens_and_settles_nothing(deal: Deals, order: Orders) -> None:
    line = deal().given("Open")
    new = order(line)
    signed = {side: line.amended(Actor(side), new.terms, AGREED) for side in OTHER}
    refused = {"principal": SUPPLIER.address, "signer": SUPPLIER.address}
    with reverts("SupplierEscrow_BadSignature", **refused, digest=new.id):
        new.open(supplier=signed["supplier"], at=None)
    with reverts("SupplierEscrow_BadSignature", **refused, digest=line.settlement(AGREED)):
        consents = {"buyer": NO_CONSENT, "payee": NO_CONSENT, "supplier": signed["supplier"]}
        line.send("settle", AGREED, 2**40 - 1, consents, by=BUYER)


def test_f026_no_line_is_amended_on_a_fork(
    deal: Deals, order: Orders, forked: AbstractContextManager[int]
) -> None:
    line = deal().given("Open")
    new = order(line)
    consents = {side: line.amended(Actor(side), new.terms, AGREED) for side in OTHER}
    home = line.chain.local.chain_id
    with forked as away, reverts("Eip712_ForeignChain", chainId=away, homeChainId=home):
        amend(line, new, consents=consents)


def test_f027_a_signature_is_for_one_escrow(deal: Deals, order: Orders, second_escrow: Contract) -> None:
    line = deal(escrow=second_escrow).given("Open")
    new, here = order(line), deal(salt=line.terms["salt"])
    with bad_signature(line, new, BUYER):
        amend(line, new, consents={"buyer": here.amended(BUYER, new.terms, AGREED)})


def test_f031_a_wallet_consents_by_its_key(
    chain: Chain, deal: Deals, order: Orders, lend: Lend, operator: Actor
) -> None:
    wallet = chain.deploy("MockWallet", SUPPLIER)
    lend(wallet, OPEN)
    line = deal(supplier=wallet, signer=operator).given("Open")
    new = order(line)
    with bad_signature(line, new, wallet):
        amend(line, new, consents={"supplier": line.amended(STRANGER, new.terms, AGREED, address=wallet)})
    amend(line, new, consents={"supplier": line.amended(SUPPLIER, new.terms, AGREED, address=wallet)})
    assert new.line.status == "Open"


def test_f035_what_is_signed_is_one_thing_for_everybody(deal: Deals, order: Orders) -> None:
    line = deal()
    new, chain_id = order(line), line.chain.local.chain_id
    digest = line.amendment(new.terms, AGREED, deadline=DEADLINE)
    domain = Domain("Fabricant SupplierEscrow", "1", chain_id, address_of(line.escrow))
    decided = Outcome(to_supplier=BaseUnits(AGREED["toSupplier"]), goods_to_buyer=False)
    ours = Amendment(
        old_id=LineId(line.id), new_id=LineId(new.id), outcome=decided, deadline=UnixSeconds(DEADLINE)
    )
    assert Message(domain, AMENDMENT, ours).digest == digest
    theirs = encode_typed_data(
        domain_data={
            "name": domain.name,
            "version": "1",
            "chainId": chain_id,
            "verifyingContract": line.escrow.address,
        },
        message_types={
            "Amendment": [
                {"name": "oldId", "type": "bytes32"},
                {"name": "newId", "type": "bytes32"},
                {"name": "outcome", "type": "Outcome"},
                {"name": "deadline", "type": "uint40"},
            ],
            "Outcome": [
                {"name": "toSupplier", "type": "uint128"},
                {"name": "bondToBuyer", "type": "uint128"},
                {"name": "goodsToBuyer", "type": "bool"},
            ],
        },
        message_data={"oldId": line.id, "newId": new.id, "outcome": AGREED, "deadline": DEADLINE},
    )
    assert keccak(b"\x19\x01" + theirs.header + theirs.body) == digest


# When, and which lines


def test_f048_an_amendment_can_be_too_late(deal: Deals, order: Orders) -> None:
    line, late = deal().given("Open"), deal().given("Open")
    new, never = order(line), order(late)
    amend(line, new, deadline=DEADLINE, at=DEADLINE - 1)
    assert new.line.since == line.line.since == DEADLINE - 1
    for now in (DEADLINE, DEADLINE + 1):
        with late.refuses("SupplierEscrow_TooLate", nowAt=now, before=DEADLINE):
            amend(late, never, deadline=DEADLINE, at=now)


def test_f048_the_new_line_opens_in_time(deal: Deals, order: Orders) -> None:
    line, late = deal().given("Open"), deal().given("Open")
    new, never = order(line, openBy=DEADLINE), order(late, openBy=DEADLINE)
    amend(line, new, at=DEADLINE - 1)
    with never.refuses("SupplierEscrow_TooLate", nowAt=DEADLINE, before=DEADLINE):
        amend(late, never, at=DEADLINE)


@pytest.mark.parametrize("status", ["Open", "Rejected"])
def test_f050_every_clock_may_be_over(deal: Deals, order: Orders, status: str) -> None:
    line = deal().given(status)
    new = order(line)
    amend(line, new, at=max(line.long_stop, line.cure_end) + 20 * DAY)
    assert (new.line.rejections, new.line.extra) == (0, 0)


@pytest.mark.parametrize("status", ["None", "Delivered", "Retained", "Disputed", "Closed", "Revoked"])
def test_f050_nothing_else_is_amended(deal: Deals, order: Orders, status: str) -> None:
    line = deal(retentionBps=1 if status == "Retained" else 0).given(status)
    with line.refuses_status(status):
        amend(line, order(line))


def test_f062_the_new_line_is_new(deal: Deals, order: Orders) -> None:
    line, other, revoked = deal().given("Open"), deal().given("Open"), deal().given("Revoked")
    for known, status in ((line, "Closed"), (other, "Open"), (revoked, "Revoked")):
        with known.refuses_status(status):
            amend(line, known)


@pytest.mark.parametrize("field", ["buyer", "supplier", "broker", "token"])
def test_whose_line_it_is_stays(deal: Deals, order: Orders, field: str) -> None:
    line = deal().given("Open")
    new = order(line, **{field: Actor("user")})
    with new.refuses("SupplierEscrow_MixedBatch"):
        amend(line, new)


def test_nobody_becomes_the_opener(deal: Deals, order: Orders) -> None:
    line = deal().given("Open")
    new = order(line, opener=BUYER)
    with new.refuses("SupplierEscrow_MixedBatch"):
        amend(line, new, by=BUYER)


UNSOUND: Mapping[str, tuple[dict[str, Any], str, Callable[[Deal], dict[str, Any]]]] = {
    "price": ({"amount": 0}, "NoAmount", lambda new: {}),
    "dates": (
        {"dueBy": DEADLINE, "openBy": DEADLINE + 1},
        "DueBeforeOpening",
        lambda new: {"dueBy": DEADLINE, "openBy": DEADLINE + 1},
    ),
    "assets": ({"assets": 65}, "TooManyAssets", lambda new: {"assets": 65, "limit": 64}),
    "deliverables": (
        {"deliverables": b"\x01" * 32},
        "DeliverablesWithoutAssets",
        lambda new: {"deliverables": b"\x01" * 32},
    ),
    "arbiter": ({"arbiter": BUYER}, "BadParty", lambda new: {"party": BUYER.address}),
    "inspector": ({"inspector": SUPPLIER}, "BadParty", lambda new: {"party": SUPPLIER.address}),
    "fee": ({"arbiterFeeBps": 1}, "FeeWithoutArbiter", lambda new: {"arbiterFeeBps": 1}),
}


@pytest.mark.parametrize("what", UNSOUND)
def test_the_new_terms_must_be_sound(deal: Deals, order: Orders, what: str) -> None:
    line = deal().given("Open")
    changes, error, told = UNSOUND[what]
    new = order(line, **changes)
    with new.refuses(f"SupplierEscrow_{error}", **told(new)):
        amend(line, new)
    assert line.line.status == "Open"


def test_unknown_conditions_are_refused(deal: Deals, order: Orders) -> None:
    line = deal().given("Open")
    with reverts("SupplierEscrow_UnknownConditions", id=b"\x01" * 32):
        amend(line, order(line, conditions=b"\x01" * 32))


def test_goods_in_custody_are_collected_first(deal: Deals, order: Orders, goods: Goods) -> None:
    line = deal(goods=goods(3)).given("Rejected")
    new = order(line)
    with line.refuses("SupplierEscrow_GoodsStuck", owed=0b111):
        amend(line, new)
    line.send("collect", line.goods, by=SUPPLIER)
    amend(line, new)
    new.deliver(at=new.handover)
    new.accept()
    assert new.custody == (bytes(24), 0)
    with line.refuses("SupplierEscrow_NotEntitled", caller=BUYER.address, entitled=SUPPLIER.address):
        line.send("collect", line.goods, by=BUYER)
