"""Opening with an allowance that is signed instead of sent: whatever the permit does, the money must come."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Any

import pytest
from eth_abi.abi import encode
from eth_utils.crypto import keccak
from web3.contract import Contract

from fabricant.chain.answers import Receipt
from tests.support.actors import Actor
from tests.support.chain import Chain, call_data
from tests.support.deals import NATIVE, NO_CONSENT, ZERO
from tests.support.decoding import VOCABULARY
from tests.support.disputes import BROKER, PRICE
from tests.support.lines import (
    BUYER,
    FOREVER,
    OPENING,
    SUPPLIER,
    Books,
    Deal,
    Deals,
    Lend,
    Line,
    Party,
    address_of,
    down,
    stock,
)
from tests.support.reverts import reverts

OPEN, ALL_BUT_OPEN = 1, 0xFFFE
PAUSED, CALLS, BURNS_GAS, MEGABYTE = 5, 7, 8, 9  # of MockOddToken
PERMIT_TYPE = "Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)"
STRANGER, PAYER = Actor("stranger"), Actor("payer")
Permit = tuple[int, int, int, bytes, bytes]
NO_PERMIT: Permit = (0, 0, 0, bytes(32), bytes(32))


@pytest.fixture(autouse=True)
def no_allowance(chain: Chain, token: Contract, escrow: Contract, traders: None) -> None:
    """Nobody has approved anything."""
    for owner in (BUYER, PAYER):
        chain.send(token.functions.approve(escrow.address, 0), by=owner)


@pytest.fixture
def permit(token: Contract, escrow: Contract) -> Callable[..., Permit]:
    """Signs a permit: usually the buyer's, for the escrow."""

    def sign(
        value: int,
        *,
        owner: Actor = BUYER,
        signer: Actor | None = None,
        spender: Party = escrow,
        deadline: int = FOREVER,
    ) -> Permit:
        nonce = token.functions.nonces(owner.address).call()
        signed = [owner.address, address_of(spender), value, nonce, deadline]
        words = encode(
            ["bytes32", "address", "address", "uint256", "uint256", "uint256"],
            [keccak(text=PERMIT_TYPE), *signed],
        )
        digest = keccak(b"\x19\x01" + token.functions.DOMAIN_SEPARATOR().call() + keccak(words))
        signature = (signer or owner).sign(digest)
        return value, deadline, signature[64], signature[:32], signature[32:64]

    return sign


Sign = Callable[..., Permit]


def open_with(
    line: Deal,
    signed: Permit = NO_PERMIT,
    *,
    by: Party = BUYER,
    payer: Party | None = None,
    buyer: Mapping[str, Any] = NO_CONSENT,
    supplier: Mapping[str, Any] | None = None,
    at: int | None = OPENING,
    value: int = 0,
) -> Receipt:
    """The buyer opens and pays with a permit; the supplier signed."""
    consents = (buyer, line.signed(line.signer) if supplier is None else supplier)
    paying = address_of(payer or BUYER)
    return line.send("openWithPermit", *consents, paying, signed, by=by, at=at, value=value)


def not_allowed() -> AbstractContextManager[None]:
    return reverts("InsufficientAllowance")


def allowance(line: Deal, token: Contract, owner: Actor) -> int:
    found: int = token.functions.allowance(owner.address, line.escrow.address).call()
    return found


# The permit


def test_a_permit_pays(deal: Deals, books: Books, token: Contract, permit: Sign) -> None:
    line = deal(amount=PRICE, advanceBps=3_333, bondBps=777, brokerBps=499, broker=BROKER)
    line.secure()
    brokerage = down(line.advance, 499)
    moved = {BUYER: -PRICE, SUPPLIER: line.advance - brokerage, BROKER: brokerage}
    with books.moves(moved, free={SUPPLIER: -line.bond}):
        receipt = open_with(line, permit(PRICE))
    opened = line.event(
        "LineOpened",
        buyer=BUYER.address,
        supplier=SUPPLIER.address,
        terms=tuple(line.terms.values()),
        payer=BUYER.address,
        held=PRICE - line.advance,
    )
    assert line.events(receipt) == [opened, line.freed(SUPPLIER, 0)]
    assert line.line == Line("Open", 0, 0, OPENING, 0, 0, PRICE - line.advance)
    assert allowance(line, token, BUYER) == 0


def test_the_call_answers_with_the_id(deal: Deals, permit: Sign) -> None:
    line = deal()
    arguments = (NO_CONSENT, line.signed(SUPPLIER), BUYER.address, permit(line.amount))
    assert line.call("openWithPermit", *arguments).call({"from": BUYER.address}) == line.id


def test_what_a_permit_allows_beyond_stays_allowed(deal: Deals, token: Contract, permit: Sign) -> None:
    line = deal()
    open_with(line, permit(line.amount + 5))
    assert allowance(line, token, BUYER) == 5


def test_a_permit_for_less_does_not_pay(deal: Deals, permit: Sign) -> None:
    line = deal()
    with not_allowed():
        open_with(line, permit(line.amount - 1))


def test_f021_a_permit_submitted_by_somebody_else_does_no_harm(
    chain: Chain, deal: Deals, books: Books, token: Contract, permit: Sign
) -> None:
    line = deal()
    signed = permit(line.amount)
    used = token.functions.permit(BUYER.address, line.escrow.address, *signed)
    chain.send(used, by=STRANGER)
    with books.moves({BUYER: -line.amount}):
        open_with(line, signed)


def test_f020_an_allowance_needs_no_permit(chain: Chain, deal: Deals, books: Books, token: Contract) -> None:
    line = deal()
    chain.send(token.functions.approve(line.escrow.address, line.amount), by=BUYER)
    with books.moves({BUYER: -line.amount}):
        open_with(line)


def test_f048_a_permits_last_second_is_in_time(deal: Deals, permit: Sign) -> None:
    line = deal()
    open_with(line, permit(line.amount, deadline=OPENING), at=OPENING)
    assert line.line.status == "Open"


def test_f048_a_permit_can_be_too_late(deal: Deals, permit: Sign) -> None:
    line = deal()
    with not_allowed():
        open_with(line, permit(line.amount, deadline=OPENING), at=OPENING + 1)


def test_f028_a_permit_pays_once(deal: Deals, permit: Sign) -> None:
    line, other = deal(), deal()
    signed = permit(line.amount)
    open_with(line, signed)
    with not_allowed():
        open_with(other, signed)


def test_f036_a_permit_is_one_persons_for_one_sum(deal: Deals, permit: Sign) -> None:
    line = deal()
    good = permit(line.amount)
    for bad in (
        permit(line.amount, spender=SUPPLIER),
        permit(line.amount, signer=STRANGER),
        permit(line.amount, owner=PAYER),
        (good[0] + 1, *good[1:]),
        (good[0], good[1] - 1, *good[2:]),
        (*good[:2], good[2] ^ 1 if good[2] == 27 else 27, *good[3:]),
        (*good[:3], good[4], good[3]),
        NO_PERMIT,
    ):
        with not_allowed():
            open_with(line, bad)


# The payer


def test_an_operator_opens_with_its_principals_permit(
    deal: Deals, books: Books, lend: Lend, operator: Actor, permit: Sign
) -> None:
    line = deal()
    lend(PAYER, OPEN)
    signed = permit(line.amount, owner=PAYER)
    with books.moves({PAYER: -line.amount}):
        receipt = open_with(line, signed, by=operator, payer=PAYER, buyer=line.signed(BUYER))
    assert line.events(receipt)[0].arguments["payer"] == PAYER.address


@pytest.mark.parametrize("caller", ["buyer", "supplier", "operator", "stranger"])
def test_a_permit_is_no_consent_to_pay(
    deal: Deals, books: Books, lend: Lend, token: Contract, permit: Sign, caller: str
) -> None:
    line, by = deal(), Actor(caller)
    lend(PAYER, ALL_BUT_OPEN)
    signed = permit(line.amount, owner=PAYER)
    with books.moves(), line.refuses("SupplierEscrow_NotPayer", caller=by.address, payer=PAYER.address):
        open_with(line, signed, by=by, payer=PAYER, buyer=line.signed(BUYER))
    assert allowance(line, token, PAYER) == 0


def test_f037_who_copies_the_call_pays_itself(deal: Deals, permit: Sign) -> None:
    line = deal()
    refused = {"caller": STRANGER.address, "payer": BUYER.address}
    with line.refuses("SupplierEscrow_NotPayer", **refused):
        open_with(line, permit(line.amount), by=STRANGER, buyer=line.signed(BUYER))


# The line


@pytest.mark.parametrize("missing", ["buyer", "supplier"])
def test_a_permit_is_no_consent_to_the_line(deal: Deals, token: Contract, permit: Sign, missing: str) -> None:
    line, by = deal(), PAYER
    both: dict[str, Any] = {"buyer": line.signed(BUYER), "supplier": line.signed(SUPPLIER)}
    with reverts("SupplierEscrow_NoConsent", principal=Actor(missing).address, actor=by.address):
        open_with(line, permit(line.amount, owner=PAYER), by=by, payer=PAYER, **both | {missing: NO_CONSENT})
    assert allowance(line, token, PAYER) == 0


@pytest.mark.parametrize("status", ["Open", "Closed", "Revoked"])
def test_f062_a_line_opens_once(
    chain: Chain, deal: Deals, token: Contract, permit: Sign, status: str
) -> None:
    line = deal()
    chain.send(token.functions.approve(line.escrow.address, line.amount), by=BUYER)
    line.given(status)
    left = allowance(line, token, BUYER)
    with line.refuses_status(status):
        open_with(line, permit(line.amount), at=None)
    assert allowance(line, token, BUYER) == left


def test_unsound_terms_are_refused(deal: Deals, permit: Sign) -> None:
    line = deal(amount=0)
    with line.refuses("SupplierEscrow_NoAmount"):
        open_with(line, permit(1))


def test_only_the_opener_opens(deal: Deals, operator: Actor, permit: Sign) -> None:
    line = deal(opener=operator)
    with line.refuses("SupplierEscrow_NotOpener", caller=BUYER.address, opener=operator.address):
        open_with(line, permit(line.amount))


def test_f026_no_line_opens_on_a_fork(deal: Deals, permit: Sign, forked: AbstractContextManager[int]) -> None:
    line = deal()
    signed, consent, home = permit(line.amount), line.signed(SUPPLIER), line.chain.local.chain_id
    with forked as away, reverts("Eip712_ForeignChain", chainId=away, homeChainId=home):
        open_with(line, signed, supplier=consent)


# Coin, and tokens without permits


def test_f024_coin_comes_from_the_free_balance(deal: Deals, books: Books) -> None:
    line = deal(token=NATIVE)
    line.deposit(BUYER, line.amount + 3)
    with books.moves(free={BUYER: -line.amount}):
        receipt = open_with(line)
    assert line.events(receipt)[1:] == [line.freed(BUYER, 3)]


def test_f024_coin_must_be_there(deal: Deals) -> None:
    line = deal(token=NATIVE)
    missing = {"owner": BUYER.address, "token": ZERO, "balance": 0, "needed": line.amount}
    with reverts("SupplierEscrow_InsufficientBalance", **missing):
        open_with(line)


@pytest.mark.parametrize("money", [None, NATIVE], ids=["token", "coin"])
def test_f023_no_coins_are_taken(deal: Deals, permit: Sign, money: str | None) -> None:
    line = deal(token=money)
    with reverts("no reason"):
        open_with(line, permit(line.amount), value=1)


def test_f010_nothing_comes_from_no_token(deal: Deals) -> None:
    line = deal()
    tokenless = replace(line, terms=line.terms | {"token": STRANGER.address})
    with reverts("no reason"):
        open_with(tokenless)


@pytest.fixture
def tricky(chain: Chain, escrow: Contract) -> Contract:
    """A token whose permits are odd; the buyer has approved the escrow."""
    token = chain.deploy("MockOddPermit")
    stock(chain, token, escrow, BUYER, SUPPLIER)
    return token


@pytest.mark.parametrize("name", ["MockOddToken", "MockOddPermit"], ids=["none", "a fallback"])
def test_a_token_without_permits_needs_an_allowance(
    chain: Chain, deal: Deals, books: Books, escrow: Contract, name: str
) -> None:
    token = chain.deploy(name)
    stock(chain, token, escrow, BUYER)
    line, other = deal(token=token), deal(token=token)
    chain.send(token.functions.approve(escrow.address, line.amount), by=BUYER)
    with books.moves({BUYER: -line.amount}):
        open_with(line, (line.amount, FOREVER, 27, bytes(32), bytes(32)))
    with reverts("Panic", code=17):
        open_with(other, (line.amount, FOREVER, 27, bytes(32), bytes(32)))


@pytest.mark.parametrize("manner", [PAUSED, BURNS_GAS, MEGABYTE], ids=["reverts", "burns gas", "a megabyte"])
def test_f014_f016_no_permit_stops_an_allowed_payment(
    chain: Chain, deal: Deals, books: Books, tricky: Contract, manner: int
) -> None:
    line = deal(token=tricky)
    chain.send(tricky.functions.setPermitting(manner), by=STRANGER)
    with books.moves({BUYER: -line.amount}):
        receipt = open_with(line)
    if manner == MEGABYTE:
        assert receipt.gas_used < 3_000_000  # the token's own; a copy would double it


def test_f002_a_permit_does_not_come_back(
    chain: Chain, deal: Deals, books: Books, lend: Lend, tricky: Contract
) -> None:
    for party in (BUYER, SUPPLIER):
        lend(party, 0xFFFF, to=tricky)
    line, live = deal(token=tricky), deal(token=tricky).given("Open")
    for number, (name, call) in enumerate((line.calls() | live.calls()).items()):
        chain.send(tricky.functions.setCall(line.escrow.address, call_data(call)), by=STRANGER)
        chain.send(tricky.functions.setPermitting(CALLS), by=STRANGER)
        each = deal(token=tricky)
        with books.moves({BUYER: -each.amount}):
            open_with(each, at=OPENING + 60 * (number + 1))
        said = VOCABULARY.error(tricky.functions.targetAnswer().call()).name
        assert (name, said) == (name, "ReentrancyGuardReentrantCall")


def test_f003_what_a_permit_sees_is_not_open_yet(chain: Chain, deal: Deals, tricky: Contract) -> None:
    line = deal(token=tricky)
    look = call_data(line.escrow.functions.lineOf(line.id))
    chain.send(tricky.functions.setCall(line.escrow.address, look), by=STRANGER)
    chain.send(tricky.functions.setPermitting(CALLS), by=STRANGER)
    open_with(line)
    assert tricky.functions.targetAnswer().call() == bytes(7 * 32)
