"""Opening a line: what terms are sound, who pays, and what moves. Who consents is in test_consents.py."""

from collections.abc import Callable
from typing import Any

import pytest
from eth_abi.abi import encode
from eth_utils.crypto import keccak
from web3.contract import Contract

from tests.support.actors import Actor
from tests.support.chain import Chain, call_data
from tests.support.deals import NATIVE, NO_CONSENT, ZERO
from tests.support.lines import (
    DUE_BY,
    OPEN_BY,
    OPENING,
    Books,
    Deals,
    Lend,
    Line,
    digest,
    down,
    terms_hash,
    up,
    words_of,
)
from tests.support.reverts import reverts

OPEN, ALL_BUT_OPEN = 1, 0xFFFE
PRICE = 1_000_000_007  # divides by nothing
IN_TOKENS_AND_COIN = pytest.mark.parametrize("money", [None, NATIVE], ids=["token", "coin"])
ADDRESSES = ("buyer", "supplier", "inspector", "arbiter", "broker", "token", "opener")


# What is not new


@pytest.mark.parametrize("status", ["Open", "Delivered", "Rejected", "Retained", "Closed"])
def test_f062_a_line_opens_once(deal: Deals, status: str) -> None:
    line = deal(retentionBps=1 if status == "Retained" else 0).given(status)
    with line.refuses_status(status):
        line.open(at=None)


def test_f028_a_revoked_line_never_opens(deal: Deals) -> None:
    line = deal().given("Revoked")
    with line.refuses_status("Revoked"):
        line.open()


# Unsound terms


def test_unknown_conditions_are_refused(deal: Deals) -> None:
    unknown = keccak(text="conditions that nobody published")
    with reverts("SupplierEscrow_UnknownConditions", id=unknown):
        deal(conditions=unknown).open()


def test_f043_a_line_without_a_price_is_refused(deal: Deals) -> None:
    line = deal(amount=0)
    with line.refuses("SupplierEscrow_NoAmount"):
        line.open()


def test_a_line_due_before_opening_is_refused(deal: Deals) -> None:
    line = deal(openBy=OPEN_BY, dueBy=OPEN_BY - 1)
    with line.refuses("SupplierEscrow_DueBeforeOpening", dueBy=OPEN_BY - 1, openBy=OPEN_BY):
        line.open()


def test_f048_a_line_opens_before_its_time_is_over(deal: Deals) -> None:
    deal().open(at=OPEN_BY - 1)
    late = deal()
    for now in (OPEN_BY, OPEN_BY + 1):
        with late.refuses("SupplierEscrow_TooLate", nowAt=now, before=OPEN_BY):
            late.open(at=now)


def test_more_assets_than_a_line_hands_over_are_refused(deal: Deals) -> None:
    deal(assets=64).open()
    line = deal(assets=65)
    with line.refuses("SupplierEscrow_TooManyAssets", assets=65, limit=64):
        line.open()


def test_deliverables_without_assets_are_refused(deal: Deals) -> None:
    deliverables = keccak(text="deliverables")
    deal(assets=1, deliverables=deliverables).open()
    line = deal(deliverables=deliverables)
    with line.refuses("SupplierEscrow_DeliverablesWithoutAssets", deliverables=deliverables):
        line.open()


@pytest.mark.parametrize(
    ("role", "same_as"),
    [
        ("supplier", "buyer"),
        ("arbiter", "buyer"),
        ("arbiter", "supplier"),
        ("inspector", "supplier"),
        ("inspector", "arbiter"),
    ],
)
def test_f042_roles_that_must_differ_are_kept_apart(
    deal: Deals, arbiter: Actor, role: str, same_as: str
) -> None:
    line = deal(arbiter=arbiter)
    line.terms[role] = line.terms[same_as]
    with line.refuses("SupplierEscrow_BadParty", party=line.terms[role]):
        line.open(supplier=NO_CONSENT)


def test_f069_the_escrow_is_no_broker(deal: Deals, escrow: Contract) -> None:
    line = deal(broker=escrow)
    with line.refuses("SupplierEscrow_BadParty", party=escrow.address):
        line.open()


@pytest.mark.parametrize(
    "parties",
    [
        {"inspector": Actor("buyer")},
        {"broker": Actor("buyer")},
        {"broker": Actor("supplier")},
        {"broker": Actor("arbiter"), "arbiter": Actor("arbiter")},
        {"broker": Actor("inspector"), "inspector": Actor("inspector")},
    ],
)
def test_f042_roles_that_may_be_one_open(deal: Deals, parties: dict[str, Any]) -> None:
    line = deal(brokerBps=100, advanceBps=5_000, **parties)
    line.open()
    assert line.line.status == "Open"


@pytest.mark.parametrize("role", ["buyer", "supplier"])
def test_f069_nobody_is_no_party(deal: Deals, arbiter: Actor, stranger: Actor, role: str) -> None:
    line = deal(arbiter=arbiter)
    line.terms[role] = ZERO
    consents: dict[str, Any] = {each: line.signed(Actor(each)) for each in ("buyer", "supplier")}
    consents[role] = NO_CONSENT
    with reverts("SupplierEscrow_NoConsent", principal=ZERO, actor=stranger.address):
        line.open(by=stranger, payer=stranger, **consents)


def test_a_fee_needs_an_arbiter(deal: Deals, arbiter: Actor) -> None:
    deal(arbiter=arbiter, arbiterFeeBps=150).open()
    line = deal(arbiterFeeBps=150)
    with line.refuses("SupplierEscrow_FeeWithoutArbiter", arbiterFeeBps=150):
        line.open()


@pytest.mark.parametrize(
    ("field", "bits"),
    [*((name, 160) for name in ADDRESSES), ("amount", 128), ("openBy", 40), ("dueBy", 40), ("assets", 16)],
)
def test_a_field_wider_than_its_type_is_refused(
    chain: Chain, deal: Deals, party: Callable[[], Contract], stranger: Actor, field: str, bits: int
) -> None:
    line, courier = deal(), party()
    words, number = words_of(line.terms), list(line.terms).index(field)
    data = call_data(line.call("open", NO_CONSENT, NO_CONSENT, courier.address))
    for bit in (bits, 255):
        dirty = bytearray(words)
        dirty[32 * number + 31 - bit // 8] |= 1 << bit % 8
        identifier = digest(line.escrow, chain.local.chain_id, terms_hash(bytes(dirty)))
        call = courier.functions.execute(line.escrow.address, 0, data.replace(words, bytes(dirty)))
        with reverts("SupplierEscrow_FieldTooWide", id=identifier):
            chain.send(call, by=stranger)


# The opener


def test_only_the_opener_opens(deal: Deals, operator: Actor, buyer: Actor) -> None:
    line = deal(opener=operator)
    with line.refuses("SupplierEscrow_NotOpener", caller=buyer.address, opener=operator.address):
        line.open()


def test_the_opener_acts_for_both(
    deal: Deals, books: Books, lend: Lend, operator: Actor, buyer: Actor, supplier: Actor
) -> None:
    line = deal(opener=operator)
    lend(buyer, OPEN)
    lend(supplier, OPEN)
    with books.moves({buyer: -line.amount}):
        line.open(by=operator, supplier=NO_CONSENT)
    assert line.line.status == "Open"


@pytest.mark.parametrize("lender", ["buyer", "supplier"])
def test_the_opener_needs_both_consents(deal: Deals, lend: Lend, operator: Actor, lender: str) -> None:
    line = deal(opener=operator)
    lend(Actor(lender), OPEN)
    other = {"buyer": "supplier", "supplier": "buyer"}[lender]
    with reverts("SupplierEscrow_NoConsent", principal=Actor(other).address, actor=operator.address):
        line.open(by=operator, supplier=NO_CONSENT)


@pytest.mark.parametrize(("opener", "other"), [("buyer", "supplier"), ("supplier", "buyer")])
def test_f042_a_party_as_opener_does_not_act_for_the_other(
    deal: Deals, lend: Lend, opener: str, other: str
) -> None:
    party = Actor(opener)
    line = deal(opener=party)
    lend(Actor(other), OPEN, to=party)
    with line.refuses("SupplierEscrow_ActsForBoth", forBuyer=party.address, forSupplier=party.address):
        line.open(by=party, supplier=NO_CONSENT)


# What moves


def test_a_line_is_opened(deal: Deals, books: Books, buyer: Actor, supplier: Actor) -> None:
    line = deal(inspector=Actor("inspector"), arbiter=Actor("arbiter"), broker=Actor("broker"))
    consents = (NO_CONSENT, line.signed(supplier), buyer.address)
    assert line.call("open", *consents).call({"from": buyer.address}) == line.id
    with books.moves({buyer: -line.amount}):
        receipt = line.open(at=OPENING)

    opened = line.event(
        "LineOpened",
        buyer=buyer.address,
        supplier=supplier.address,
        terms=tuple(line.terms.values()),
        payer=buyer.address,
        held=line.amount,
    )
    assert line.events(receipt) == [opened]
    assert line.line == Line("Open", 0, 0, OPENING, 0, 0, line.amount)


@pytest.mark.parametrize(
    "agreed",
    [
        {"advanceBps": 3_333, "bondBps": 1_001, "brokerBps": 499},
        {"advanceBps": 1, "bondBps": 1, "brokerBps": 1},
        {"advanceBps": 10_000, "bondBps": 10_000, "brokerBps": 500},
        {"advanceBps": 9_999, "bondBps": 0, "brokerBps": 0},
    ],
)
@IN_TOKENS_AND_COIN
def test_f044_advance_brokerage_and_bond_are_exact(
    deal: Deals,
    books: Books,
    buyer: Actor,
    supplier: Actor,
    broker: Actor,
    agreed: dict[str, Any],
    money: str | None,
) -> None:
    line = deal(amount=PRICE, broker=broker, token=money, **agreed)
    bond, advance = up(PRICE, agreed["bondBps"]), down(PRICE, agreed["advanceBps"])
    brokerage = down(advance, agreed["brokerBps"])
    line.secure()

    with books.moves(
        {buyer: -PRICE, supplier: advance - brokerage, broker: brokerage}, free={supplier: -bond}
    ):
        receipt = line.open()

    assert line.line.held == PRICE - advance
    told = line.events(receipt)
    assert told[0].arguments["held"] == PRICE - advance
    assert told[1:] == ([line.freed(supplier, 0)] if bond else [])


def test_no_broker_no_commission(deal: Deals, books: Books, buyer: Actor, supplier: Actor) -> None:
    line = deal(amount=PRICE, advanceBps=3_333, brokerBps=500)
    with books.moves({buyer: -PRICE, supplier: line.advance}):
        line.open()


@pytest.mark.parametrize("amount", [1, 2**128 - 1])
def test_f043_any_price_is_exact(
    deal: Deals, books: Books, buyer: Actor, supplier: Actor, broker: Actor, amount: int
) -> None:
    line = deal(amount=amount, advanceBps=3_333, bondBps=1, brokerBps=499, broker=broker)
    brokerage = down(line.advance, 499)
    line.secure()
    with books.moves(
        {buyer: -amount, supplier: line.advance - brokerage, broker: brokerage},
        free={supplier: -up(amount, 1)},
    ):
        line.open()
    assert line.line.held == amount - line.advance


def test_a_line_may_be_due_when_it_must_be_opened(deal: Deals) -> None:
    line = deal(dueBy=OPEN_BY)
    line.open(at=OPEN_BY - 1)
    assert line.line.status == "Open"


# The payer


def test_f037_whoever_copies_the_call_pays_itself(
    deal: Deals, books: Books, payer: Actor, buyer: Actor, supplier: Actor
) -> None:
    line = deal()
    with books.moves({payer: -line.amount}):
        receipt = line.open(by=payer, payer=payer, buyer=line.signed(buyer))
    assert line.events(receipt)[0].arguments["payer"] == payer.address


def test_an_operator_spends_its_principals_money(
    deal: Deals, books: Books, lend: Lend, payer: Actor, operator: Actor, buyer: Actor
) -> None:
    line = deal()
    lend(payer, OPEN)
    with books.moves({payer: -line.amount}):
        line.open(by=operator, payer=payer, buyer=line.signed(buyer))


@pytest.mark.parametrize("caller", ["buyer", "operator", "stranger"])
def test_nobody_spends_anothers_money(
    deal: Deals, lend: Lend, payer: Actor, buyer: Actor, caller: str
) -> None:
    line = deal()
    lend(payer, ALL_BUT_OPEN)
    sender = Actor(caller)
    with line.refuses("SupplierEscrow_NotPayer", caller=sender.address, payer=payer.address):
        line.open(by=sender, payer=payer, buyer=line.signed(buyer))


def test_a_signature_alone_spends_no_allowance(deal: Deals, buyer: Actor, supplier: Actor) -> None:
    line = deal()
    with line.refuses("SupplierEscrow_NotPayer", caller=supplier.address, payer=buyer.address):
        line.open(by=supplier, buyer=line.signed(buyer), supplier=NO_CONSENT)


# The bond


@IN_TOKENS_AND_COIN
def test_a_bond_must_be_there(chain: Chain, deal: Deals, supplier: Actor, money: str | None) -> None:
    line = deal(amount=PRICE, bondBps=1_001, token=money)
    line.secure()
    short = deal(amount=PRICE + 10, bondBps=1_001, token=line.terms["token"])
    with reverts(
        "SupplierEscrow_InsufficientBalance",
        owner=supplier.address,
        token=line.terms["token"],
        balance=line.bond,
        needed=line.bond + 1,
    ):
        short.open()


# Tokens


def test_an_allowance_must_be_there(chain: Chain, deal: Deals, token: Contract, buyer: Actor) -> None:
    line = deal()
    chain.send(token.functions.approve(line.escrow.address, line.amount - 1), by=buyer)
    with reverts("InsufficientAllowance"):
        line.open()


def test_f023_coins_with_a_price_in_tokens_are_refused(deal: Deals) -> None:
    line = deal()
    with reverts("SupplierEscrow_WrongValue", value=1, limit=0):
        line.open(value=1)


def test_a_price_in_tokens_leaves_free_balance_alone(
    chain: Chain, deal: Deals, books: Books, token: Contract, buyer: Actor
) -> None:
    line = deal()
    chain.send(line.escrow.functions.deposit(buyer.address, token.address, line.amount), by=buyer)
    with books.moves({buyer: -line.amount}, free={}):
        line.open()


def test_f020_a_refused_opening_takes_nothing(
    chain: Chain, deal: Deals, books: Books, token: Contract, buyer: Actor
) -> None:
    line = deal()
    allowance = token.functions.allowance(buyer.address, line.escrow.address)
    chain.send(token.functions.approve(line.escrow.address, line.amount), by=buyer)
    with books.moves(), line.refuses("SupplierEscrow_NotPayer", caller=buyer.address, payer=ZERO):
        line.open(payer=ZERO)
    assert allowance.call() == line.amount
    line.open()
    assert allowance.call() == 0


def test_f021_a_permit_used_by_somebody_else_does_no_harm(
    chain: Chain, deal: Deals, books: Books, token: Contract, stranger: Actor, payer: Actor, buyer: Actor
) -> None:
    line = deal()
    chain.send(token.functions.approve(line.escrow.address, 0), by=payer)
    typehash = keccak(
        text="Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)"
    )
    words = ["bytes32", "address", "address", "uint256", "uint256", "uint256"]
    permit = encode(words, [typehash, payer.address, line.escrow.address, line.amount, 0, DUE_BY])
    signature = payer.sign(keccak(b"\x19\x01" + token.functions.DOMAIN_SEPARATOR().call() + keccak(permit)))
    parts = (signature[64], signature[:32], signature[32:64])
    used = token.functions.permit(payer.address, line.escrow.address, line.amount, DUE_BY, *parts)

    chain.send(used, by=stranger)
    with books.moves({payer: -line.amount}):
        line.open(by=payer, payer=payer, buyer=line.signed(buyer))


# The chain's own coin


def test_f024_the_exact_value_opens(deal: Deals, books: Books, buyer: Actor) -> None:
    line = deal(token=NATIVE)
    with books.moves({buyer: -line.amount}):
        line.open(value=line.amount)


@pytest.mark.parametrize("value", [0, 1, PRICE - 1])
def test_f024_free_balance_makes_up_for_missing_value(
    chain: Chain, deal: Deals, books: Books, buyer: Actor, value: int
) -> None:
    line = deal(token=NATIVE, amount=PRICE)
    chain.send(line.escrow.functions.deposit(buyer.address, NATIVE, PRICE), by=buyer, value=PRICE)
    with books.moves({buyer: -value}, free={buyer: value - PRICE}):
        receipt = line.open(value=value)
    assert line.events(receipt)[1:] == [line.freed(buyer, value)]


def test_f024_too_little_value_is_refused(chain: Chain, deal: Deals, buyer: Actor) -> None:
    line = deal(token=NATIVE, amount=PRICE)
    chain.send(line.escrow.functions.deposit(buyer.address, NATIVE, 6), by=buyer, value=6)
    with reverts(
        "SupplierEscrow_InsufficientBalance", owner=buyer.address, token=NATIVE, balance=6, needed=7
    ):
        line.open(value=PRICE - 7)


def test_f024_too_much_value_is_refused(chain: Chain, deal: Deals, buyer: Actor) -> None:
    line = deal(token=NATIVE, amount=PRICE)
    with reverts("SupplierEscrow_WrongValue", value=PRICE + 1, limit=PRICE):
        line.open(value=PRICE + 1)
