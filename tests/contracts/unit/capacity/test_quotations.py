"""Requests for quotation, and awards: what a supplier signed becomes a line, never without its hours."""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import replace as copy_with
from typing import Any, Final

import pytest
from eth_utils.crypto import keccak
from web3.contract import Contract

from fabricant.domain.merkle import MerkleTree, leaf_of
from tests.support.actors import Actor
from tests.support.assets import Status
from tests.support.capacity import (
    BUNDLE,
    BUYER,
    EVERY_ROLE,
    FIRST,
    HORIZON,
    NOTHING_TAKEN,
    OPEN,
    SHIFT,
    STRANGER,
    SUPPLIER,
    WORD,
    Capacity,
    start_of,
)
from tests.support.chain import BEGINNING, Chain, event
from tests.support.deals import DAY, HOUR, NATIVE, NO_CONSENT, STATUSES, ZERO
from tests.support.lines import Books, address_of
from tests.support.quotations import NO_HOURS, QUOTATION, Quote, line_of, quote, request_id, request_of
from tests.support.reverts import reverts
from tests.support.typed_data import by_eth_account, domain_of, typed_digest

COIN: Final = 10**18
SOON: Final = BEGINNING + 2 * DAY
WHOLE_HOUR: Final = BEGINNING // HOUR * HOUR + 48 * HOUR


def not_buyer(caller: Actor) -> AbstractContextManager[None]:
    return reverts("CapacityMarket_NotBuyer", buyer=BUYER.address, caller=caller.address)


# Requests


def ask(capacity: Capacity, request: Mapping[str, Any], *, by: Actor = BUYER) -> Any:
    receipt = capacity.chain.send(capacity.market.functions.request(request), by=by)
    return capacity.chain.events(receipt)


def shown(capacity: Capacity, request: Mapping[str, Any]) -> Any:
    return event(
        capacity.market,
        "QuotationsRequested",
        id=request_id(capacity, request),
        buyer=request["buyer"],
        process=request["process"],
        request=tuple(request.values()),
    )


def test_f063_only_the_buyer_asks(capacity: Capacity, operator: Actor) -> None:
    capacity.lend(BUYER, operator, EVERY_ROLE & ~OPEN)
    for caller in (STRANGER, SUPPLIER, operator):
        with not_buyer(caller):
            ask(capacity, request_of(capacity), by=caller)


def test_a_buyer_asks(capacity: Capacity) -> None:
    request = request_of(capacity)
    assert ask(capacity, request) == [shown(capacity, request)]
    assert bytes(capacity.market.functions.requestId(request).call()) == request_id(capacity, request)


def test_a_buyer_asks_again(capacity: Capacity) -> None:
    request = request_of(capacity)
    assert ask(capacity, request) == ask(capacity, request)


def test_an_operator_asks(capacity: Capacity, operator: Actor) -> None:
    capacity.lend(BUYER, operator, OPEN)
    request = request_of(capacity)
    assert ask(capacity, request, by=operator) == [shown(capacity, request)]


def test_a_request_is_all_of_its_fields(capacity: Capacity) -> None:
    usual = request_of(capacity)
    found = set()
    for field, value in usual.items():
        other: Any = f"{value}!"
        if isinstance(value, int):
            other = value + 1
        elif isinstance(value, bytes):
            other = keccak(value)
        elif value[:2] == "0x":
            other = STRANGER.address
        changed = usual | {field: other}
        identifier = bytes(capacity.market.functions.requestId(changed).call())
        assert identifier == request_id(capacity, changed)
        found.add(identifier)
    assert len(found) == len(usual)
    assert request_id(capacity, usual) not in found


def test_a_request_is_for_one_market(chain: Chain, capacity: Capacity) -> None:
    other = chain.deploy("CapacityMarket", capacity.escrow)
    request = request_of(capacity)
    assert bytes(other.functions.requestId(request).call()) != request_id(capacity, request)


# The id


def test_f035_a_quotations_id_is_eth_accounts(capacity: Capacity) -> None:
    quotation_id = capacity.market.functions.quotationId
    usual, widest = quote(capacity), quote(capacity, request=b"\xff" * 32, nonce=2**256 - 1, epoch=2**64 - 1)
    widest.deal.terms |= {"amount": 2**128 - 1, "dueBy": 2**40 - 1, "assets": 2**16 - 1, "salt": 2**256 - 1}
    for each in (usual, widest):
        assert bytes(quotation_id(each.quotation).call()) == each.id


def test_a_quotations_id_outlives_a_fork(capacity: Capacity, forked: AbstractContextManager[int]) -> None:
    quoted = quote(capacity)
    home = quoted.id
    with forked:
        assert bytes(capacity.market.functions.quotationId(quoted.quotation).call()) == home


# Who awards


def test_f037_copied_calldata_awards_nothing(capacity: Capacity, operator: Actor) -> None:
    quoted = quote(capacity)
    capacity.lend(BUYER, operator, EVERY_ROLE & ~OPEN)
    for caller in (STRANGER, SUPPLIER, operator):
        with not_buyer(caller):
            quoted.award(by=caller)
    assert capacity.taken() == NOTHING_TAKEN
    quoted.award()


def test_f026_nothing_is_awarded_on_a_fork(
    chain: Chain, capacity: Capacity, forked: AbstractContextManager[int]
) -> None:
    quoted, home = quote(capacity), chain.local.chain_id
    call = quoted.call()
    with forked as there, reverts("Eip712_ForeignChain", chainId=there, homeChainId=home):
        chain.send(call, by=BUYER)


# Quotations that do not stand


def test_f038_a_stale_quotation_is_not_awarded(capacity: Capacity) -> None:
    """A buyer that waits for its luck finds the price gone."""
    quote(capacity, SHIFT[:4], valid_until=SOON).award(at=SOON - 1)
    stale = quote(capacity, SHIFT[4:], valid_until=SOON)
    for late in (0, 1):
        with stale.refuses("CapacityMarket_OfferExpired", nowAt=SOON + late, validUntil=SOON):
            stale.award(at=SOON + late)


def test_f028_a_cancelled_quotation_is_not_awarded(chain: Chain, capacity: Capacity) -> None:
    chain.send(capacity.market.functions.cancelOffers(SUPPLIER.address, 1, 1 << 3), by=SUPPLIER)
    cancelled = quote(capacity, nonce=256 + 3)
    with cancelled.refuses("CapacityMarket_OfferCancelled", nonce=256 + 3):
        cancelled.award()
    quote(capacity, nonce=256 + 2).award()


def test_f028_a_quotation_of_another_epoch_is_not_awarded(chain: Chain, capacity: Capacity) -> None:
    old = quote(capacity)
    chain.send(capacity.market.functions.raiseEpoch(SUPPLIER.address, 0), by=SUPPLIER)
    with old.refuses("CapacityMarket_WrongEpoch", epoch=0, current=1):
        old.award()
    quote(capacity, epoch=1).award()


# Consents that are not the supplier's


def test_a_stranger_signs_no_quotation(capacity: Capacity) -> None:
    quoted = quote(capacity)
    for consent in (NO_CONSENT, quoted.signed(STRANGER), quoted.signed(BUYER)):
        with quoted.refuses("CapacityMarket_NoConsent", signer=consent["signer"]):
            quoted.award(consent=consent)


def test_f063_an_operator_needs_open_to_quote(capacity: Capacity, operator: Actor) -> None:
    quoted = quote(capacity)
    capacity.lend(SUPPLIER, operator, EVERY_ROLE & ~OPEN)
    with quoted.refuses("CapacityMarket_NoConsent", signer=operator.address):
        quoted.award(consent=quoted.signed(operator))


def refuses_signature(quoted: Quote, signer: Actor = SUPPLIER) -> AbstractContextManager[None]:
    return quoted.refuses("CapacityMarket_BadSignature", signer=signer.address, digest=quoted.id)


def test_f027_a_quotation_is_for_one_market(chain: Chain, capacity: Capacity) -> None:
    quoted = quote(capacity)
    elsewhere = domain_of(capacity.market) | {"verifyingContract": capacity.escrow.address}
    on_a_fork = domain_of(capacity.market) | {"chainId": 1}
    digests = [by_eth_account(domain, QUOTATION, quoted.quotation) for domain in (elsewhere, on_a_fork)]
    for signature in (STRANGER.sign(quoted.id), *map(SUPPLIER.sign, digests)):
        with refuses_signature(quoted):
            quoted.award(consent=quoted.signed() | {"signature": signature})


@pytest.mark.parametrize(
    "change",
    [
        {"amount": 1},
        {"openBy": BEGINNING + 500 * DAY},
        {"dueBy": BEGINNING + 700 * DAY},
        {"salt": 2**255},
        {"documents": keccak(text="another drawing")},
        {"inspector": STRANGER.address},
    ],
    ids=lambda change: next(iter(change)),
)
def test_f038_a_changed_quotation_is_not_awarded(capacity: Capacity, change: Mapping[str, Any]) -> None:
    quoted = quote(capacity)
    consent = quoted.signed()
    changed = copy_with(quoted, deal=copy_with(quoted.deal, terms=quoted.deal.terms | change))
    with refuses_signature(changed):
        changed.award(consent=consent)
    for other in (
        copy_with(quoted, valid_until=quoted.valid_until + 1),
        copy_with(quoted, nonce=8),
        copy_with(quoted, request=bytes(32)),
    ):
        with refuses_signature(other):
            other.award(consent=consent)
    quoted.award(consent=consent)


def test_a_line_is_no_quotation(capacity: Capacity) -> None:
    quoted = quote(capacity)
    with refuses_signature(quoted):
        quoted.award(consent=quoted.deal.signed(SUPPLIER))


# Two sides


def test_f042_nobody_awards_to_itself(capacity: Capacity, operator: Actor) -> None:
    quoted = quote(capacity)
    for principal, agent in (
        (BUYER, operator),
        (SUPPLIER, operator),
        (BUYER, SUPPLIER),
        (SUPPLIER, BUYER),
    ):
        capacity.lend(principal, agent, OPEN)
    for caller, signer in ((operator, operator), (SUPPLIER, operator), (operator, BUYER)):
        with quoted.refuses(
            "CapacityMarket_ActsForBoth", forBuyer=caller.address, forSupplier=signer.address
        ):
            quoted.award(by=caller, consent=quoted.signed(signer))
    quoted.award(by=operator)


# Terms and hours


def not_this(quoted: Quote) -> AbstractContextManager[None]:
    return quoted.deal.refuses("CapacityMarket_NotThisBooking", subject=quoted.deal.terms["subject"])


def test_the_terms_name_the_market(capacity: Capacity, operator: Actor) -> None:
    """Whoever else opens them: the market does not even look at the hours."""
    for opener in (ZERO, BUYER.address, operator.address):
        for hours in (SHIFT, ()):
            quoted = quote(capacity, hours, opener=opener)
            with not_this(quoted):
                quoted.award()


def test_terms_are_never_without_their_hours(capacity: Capacity) -> None:
    quoted = quote(capacity)
    other = capacity.register("B400-0816")
    for booking in (
        NO_HOURS,
        quoted.booking | {"machine": other},
        quoted.booking | {"firstWord": WORD + 1},
        quoted.booking | {"hourMasks": [1]},
        quoted.booking | {"hourMasks": []},
        quoted.booking | {"offer": keccak(text="an offer")},
    ):
        with not_this(quoted):
            quoted.award(booking=booking)
    assert capacity.taken() == NOTHING_TAKEN


def test_a_subject_is_hours_or_nothing(capacity: Capacity) -> None:
    """Any other value could be the hash of somebody's hours, which would then be returned by it."""
    for subject in (bytes(31) + b"\x01", keccak(text="a quotation of ours")):
        quoted = quote(capacity, (), subject=subject)
        with not_this(quoted):
            quoted.award()


def test_a_quotation_takes_no_offers_hours(capacity: Capacity) -> None:
    """Else its return would lower what an offer says is sold."""
    offer = capacity.offer_id(capacity.offer(totalHours=8))
    capacity.booking(SHIFT, offer=capacity.offer(totalHours=8)).send()
    hours = [hour + 24 for hour in SHIFT]
    plain = quote(capacity, hours)
    booking = plain.booking | {"offer": offer}
    quoted = copy_with(plain, booking=booking, deal=line_of(capacity, booking))
    with quoted.deal.refuses("CapacityMarket_OtherOffer", offer=offer, expected=bytes(32)):
        quoted.award()


@pytest.mark.parametrize("masks", [[0], [0, 1], [1, 0], [0, 1, 0]])
def test_a_pattern_has_no_empty_ends(capacity: Capacity, masks: list[int]) -> None:
    plain = quote(capacity)
    booking = plain.booking | {"hourMasks": masks}
    quoted = copy_with(plain, booking=booking, deal=line_of(capacity, booking))
    with reverts("CapacityMarket_EmptyMask"):
        quoted.award()


# Hours that can't be sold


def test_f048_begun_hours_are_not_awarded(capacity: Capacity) -> None:
    """No notice: the next hour to begin is for sale until it begins."""
    hour = WHOLE_HOUR // HOUR
    quote(capacity, [hour], openBy=WHOLE_HOUR).award(at=WHOLE_HOUR - 1)
    late = quote(capacity, [hour, hour + 1])
    for after in (0, 1, HOUR - 1):
        with late.refuses("CapacityMarket_TooSoon", firstHour=hour, earliest=hour + 1):
            late.award(at=WHOLE_HOUR + after)


def test_f048_far_hours_are_not_awarded(capacity: Capacity) -> None:
    at = WHOLE_HOUR - 1
    latest = (at + HORIZON) // HOUR - 1
    far = quote(capacity, [latest + 1], openBy=start_of(latest), dueBy=start_of(latest + 99))
    with reverts("CapacityMarket_TooFarAhead", lastHour=latest + 1, latest=latest):
        far.award(at=at)
    far.award(at=at + 1)


def test_cap1_taken_hours_are_not_awarded(chain: Chain, capacity: Capacity) -> None:
    booked = capacity.booking(SHIFT[:4]).sent()
    mask = 1 << SHIFT[7] % 256
    chain.send(capacity.market.functions.blockHours(capacity.machine, WORD, [mask], bytes(32)), by=SUPPLIER)
    masks = booked.order["hourMasks"]
    for hours, taken in ((SHIFT, masks[0] | mask), (SHIFT[3:7], 1 << SHIFT[3] % 256), (SHIFT[4:], mask)):
        with reverts("CapacityMarket_HoursTaken", machine=capacity.machine, word=WORD, taken=taken):
            quote(capacity, hours).award()
    quote(capacity, SHIFT[4:7]).award()


def test_cap3_an_unfit_machine_is_not_awarded(chain: Chain, capacity: Capacity) -> None:
    set_status = capacity.assets.functions.setStatus
    chain.send(set_status(capacity.machine, Status.SUSPENDED), by=SUPPLIER)
    with reverts("CapacityMarket_MachineUnfit", machine=capacity.machine, status=Status.SUSPENDED, flags=0):
        quote(capacity).award()
    quote(capacity, ()).award()


def test_cap3_a_sold_machine_is_not_awarded(chain: Chain, capacity: Capacity, owner: Actor) -> None:
    sale = capacity.assets.functions.transferFrom(SUPPLIER.address, owner.address, capacity.machine)
    chain.send(sale, by=SUPPLIER)
    with reverts(
        "CapacityMarket_NotSeller",
        machine=capacity.machine,
        supplier=SUPPLIER.address,
        seller=owner.address,
    ):
        quote(capacity).award()


# Awards


def test_a_quotation_is_awarded(capacity: Capacity, books: Books) -> None:
    quoted = quote(capacity, [*SHIFT, FIRST + 300])
    books.add(quoted.deal)
    deal = quoted.deal
    line_id = quoted.call().call({"from": BUYER.address})
    with books.moves({BUYER: -deal.amount}, free={SUPPLIER: -deal.bond}):
        receipt = quoted.award()
    assert bytes(line_id) == deal.id
    assert capacity.chain.events(receipt, capacity.market) == [quoted.booked(), quoted.awarded()]
    assert quoted.opened() in capacity.chain.events(receipt, capacity.escrow)
    assert capacity.taken() == (quoted.hours, set())
    assert (deal.line.status, deal.line.held) == ("Open", deal.amount)


def test_an_operator_awards_and_the_buyer_pays(capacity: Capacity, books: Books, operator: Actor) -> None:
    capacity.lend(BUYER, operator, OPEN)
    quoted = quote(capacity)
    books.add(quoted.deal)
    with books.moves({BUYER: -quoted.deal.amount}, free={SUPPLIER: -quoted.deal.bond}):
        quoted.award(by=operator)


def test_an_operator_or_a_wallet_quotes(chain: Chain, capacity: Capacity, operator: Actor) -> None:
    capacity.lend(SUPPLIER, operator, OPEN)
    quoted = quote(capacity, SHIFT[:4])
    quoted.award(consent=quoted.signed(operator))
    wallet: Contract = chain.deploy("MockWallet", operator)
    capacity.lend(SUPPLIER, wallet, OPEN)
    signed_by_wallet = quote(capacity, SHIFT[4:])
    signed_by_wallet.award(consent=signed_by_wallet.signed(operator, address=address_of(wallet)))
    assert capacity.taken() == (set(SHIFT), set())


def test_quotations_are_signed_together_with_offers(capacity: Capacity) -> None:
    quoted, booking = quote(capacity, SHIFT[:4]), capacity.booking(SHIFT[4:])
    ids = [quoted.id, booking.offer_id]
    tree = MerkleTree([leaf_of(keccak(each)) for each in ids])
    signature = SUPPLIER.sign(typed_digest(capacity.market, BUNDLE, {"root": tree.root}))
    consents = [
        {"signer": SUPPLIER.address, "proof": list(tree.prove(place)), "signature": signature}
        for place in range(len(ids))
    ]
    quoted.award(consent=consents[0])
    booking.send(consent=consents[1])
    assert capacity.taken() == (set(SHIFT), set())


def test_hours_of_a_quotation_return(capacity: Capacity) -> None:
    quoted = quote(capacity)
    quoted.award()
    quoted.deal.send("cancel", by=BUYER)
    give_back = capacity.market.functions.returnHours(quoted.deal.terms, quoted.booking)
    capacity.chain.send(give_back, by=STRANGER)
    assert capacity.taken() == NOTHING_TAKEN
    with quoted.deal.refuses("CapacityMarket_AlreadyReturned"):
        capacity.chain.send(give_back, by=STRANGER)


def test_a_quotation_without_hours_is_awarded(capacity: Capacity, books: Books) -> None:
    quoted = quote(capacity, ())
    books.add(quoted.deal)
    with books.moves({BUYER: -quoted.deal.amount}, free={SUPPLIER: -quoted.deal.bond}):
        receipt = quoted.award()
    assert capacity.chain.events(receipt, capacity.market) == [quoted.awarded()]
    assert capacity.taken() == NOTHING_TAKEN
    assert quoted.deal.terms["subject"] == bytes(32)


def test_a_line_without_hours_returns_none(capacity: Capacity) -> None:
    quoted = quote(capacity, ())
    quoted.award()
    quoted.deal.send("cancel", by=BUYER)
    with reverts("CapacityMarket_EmptyMask"):
        capacity.chain.send(
            capacity.market.functions.returnHours(quoted.deal.terms, quoted.booking), by=STRANGER
        )


# Once


def used(quoted: Quote, status: str) -> AbstractContextManager[None]:
    return quoted.deal.refuses("SupplierEscrow_WrongStatus", status=STATUSES.index(status))


def test_f028_a_quotation_is_awarded_once(capacity: Capacity) -> None:
    with_hours, without = quote(capacity), quote(capacity, ())
    with_hours.award()
    without.award()
    masks = with_hours.booking["hourMasks"]
    with reverts("CapacityMarket_HoursTaken", machine=capacity.machine, word=WORD, taken=masks[0]):
        with_hours.award()
    with used(without, "Open"):
        without.award()


def test_f028_a_closed_quotation_is_not_awarded_again(capacity: Capacity) -> None:
    quoted = quote(capacity)
    quoted.award()
    quoted.deal.send("cancel", by=BUYER)
    give_back = capacity.market.functions.returnHours(quoted.deal.terms, quoted.booking)
    capacity.chain.send(give_back, by=STRANGER)
    with used(quoted, "Closed"):
        quoted.award()
    assert capacity.taken() == NOTHING_TAKEN


@pytest.mark.parametrize("party", [BUYER, SUPPLIER], ids=["buyer", "supplier"])
def test_a_revoked_quotation_is_not_awarded(capacity: Capacity, party: Actor) -> None:
    """One line at a time, while nonces end many."""
    quoted = quote(capacity)
    quoted.deal.send("revoke", by=party)
    with used(quoted, "Revoked"):
        quoted.award()


# Coins


@pytest.mark.parametrize("excess", [0, 1, 5 * COIN])
def test_f024_what_an_award_leaves_is_the_buyers(capacity: Capacity, books: Books, excess: int) -> None:
    free = capacity.agree(bondBps=0)
    quoted = quote(capacity, token=NATIVE, amount=COIN, conditions=free)
    books.add(quoted.deal)
    with books.moves({BUYER: -COIN - excess}, free={BUYER: excess}):
        quoted.award(value=COIN + excess)


def test_f023_coins_award_nothing_in_tokens(capacity: Capacity) -> None:
    with reverts("CapacityMarket_WrongValue", value=7):
        quote(capacity).award(value=7)
    assert capacity.taken() == NOTHING_TAKEN
