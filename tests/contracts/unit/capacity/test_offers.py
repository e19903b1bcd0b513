"""Signed offers: who signs them, which of them stand, and how they are shown and cancelled."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, Final

import pytest
from eth_keys.datatypes import Signature
from eth_utils.crypto import keccak
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from web3.contract import Contract

from fabricant.chain.answers import Receipt
from fabricant.domain.merkle import MerkleTree, leaf_of
from fabricant.domain.units import address_from_bytes
from tests.support.actors import Actor
from tests.support.capacity import (
    BUNDLE,
    EVERY_ROLE,
    OFFER,
    OFFER_FIELDS,
    OPEN,
    STRANGER,
    SUPPLIER,
    Capacity,
    Offer,
    words_of,
)
from tests.support.chain import BEGINNING, Chain, call_data, event
from tests.support.deals import DAY, ZERO
from tests.support.decoding import Event
from tests.support.reverts import reverts
from tests.support.typed_data import SCHEDULE, typed_digest

SOON: Final = BEGINNING + 30 * DAY
ORDER: Final = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
GOOD_ANSWERS: Final = (0, 9)  # of MockOddWallet: the magic word, also with a megabyte behind it
ANSWERS: Final = range(12)

Consent = dict[str, Any]


@pytest.fixture
def show(chain: Chain, capacity: Capacity) -> Callable[..., Receipt]:
    """A stranger publishes an offer, signed by the supplier unless said otherwise."""

    def send(offer: Offer, consent: Consent | None = None, *, at: int | None = None) -> Receipt:
        signed = consent or capacity.signed(offer)
        return chain.send(capacity.market.functions.publish(offer, signed), by=STRANGER, at=at)

    return send


def published(capacity: Capacity, offer: Offer, consent: Consent) -> Event:
    return event(
        capacity.market,
        "OfferPublished",
        id=capacity.offer_id(offer),
        supplier=offer["supplier"],
        machine=offer["machine"],
        offer=tuple(offer.values()),
        consent=(consent["signer"], tuple(consent["proof"]), consent["signature"]),
    )


def no_consent(capacity: Capacity, offer: Offer, signer: str) -> AbstractContextManager[None]:
    return reverts("CapacityMarket_NoConsent", id=capacity.offer_id(offer), signer=signer)


def bad_signature(
    capacity: Capacity, offer: Offer, signer: str, digest: bytes | None = None
) -> AbstractContextManager[None]:
    identifier = capacity.offer_id(offer)
    return reverts("CapacityMarket_BadSignature", id=identifier, signer=signer, digest=digest or identifier)


# publish: offers that do not stand


def test_f026_no_offer_is_published_on_a_fork(
    chain: Chain,
    capacity: Capacity,
    show: Callable[..., Receipt],
    forked: AbstractContextManager[int],
) -> None:
    offer, home = capacity.offer(), chain.local.chain_id
    consent = capacity.signed(offer)
    with forked as there, reverts("Eip712_ForeignChain", chainId=there, homeChainId=home):
        show(offer, consent)
    show(offer, consent)


def test_f028_an_expired_offer_is_not_published(capacity: Capacity, show: Callable[..., Receipt]) -> None:
    offer = capacity.offer(validUntil=SOON)
    show(offer, at=SOON - 1)
    for late in (0, 1, DAY):
        with reverts(
            "CapacityMarket_OfferExpired",
            id=capacity.offer_id(offer),
            nowAt=SOON + late,
            validUntil=SOON,
        ):
            show(offer, at=SOON + late)


def test_an_offer_whose_price_rises_is_not_published(
    capacity: Capacity, show: Callable[..., Receipt]
) -> None:
    offer = capacity.offer(hourly=100, lastMinuteHourly=101)
    with reverts("CapacityMarket_PriceRises", id=capacity.offer_id(offer), hourly=100, lastMinuteHourly=101):
        show(offer)
    show(capacity.offer(hourly=100, lastMinuteHourly=100))


def test_f028_a_cancelled_offer_is_not_published(
    chain: Chain, capacity: Capacity, show: Callable[..., Receipt]
) -> None:
    offer = capacity.offer(nonce=7)
    show(offer)
    chain.send(capacity.market.functions.cancelOffers(SUPPLIER.address, 0, 1 << 7), by=SUPPLIER)
    with reverts("CapacityMarket_OfferCancelled", id=capacity.offer_id(offer), nonce=7):
        show(offer)


def test_f028_an_offer_of_another_epoch_is_not_published(
    chain: Chain, capacity: Capacity, show: Callable[..., Receipt]
) -> None:
    def wrong_epoch(epoch: int, current: int) -> AbstractContextManager[None]:
        identifier = capacity.offer_id(capacity.offer(epoch=epoch))
        return reverts("CapacityMarket_WrongEpoch", id=identifier, epoch=epoch, current=current)

    with wrong_epoch(1, 0):
        show(capacity.offer(epoch=1))
    chain.send(capacity.market.functions.raiseEpoch(SUPPLIER.address, 0), by=SUPPLIER)
    for epoch in (0, 2, 2**64 - 1):
        with wrong_epoch(epoch, 1):
            show(capacity.offer(epoch=epoch))
    show(capacity.offer(epoch=1))


# publish: who signs


def test_nobody_signs_no_offer(capacity: Capacity, show: Callable[..., Receipt]) -> None:
    offer = capacity.offer()
    with no_consent(capacity, offer, ZERO):
        show(offer, capacity.signed(offer) | {"signer": ZERO})


def test_a_stranger_signs_no_offer(
    capacity: Capacity, show: Callable[..., Receipt], buyer: Actor, stranger: Actor
) -> None:
    offer = capacity.offer()
    for signer in (buyer, stranger):
        with no_consent(capacity, offer, signer.address):
            show(offer, capacity.signed(offer, signer))
        with no_consent(capacity, offer, signer.address):
            show(offer, capacity.signed(offer) | {"signer": signer.address})


def test_f063_an_operator_needs_open_to_sign(
    capacity: Capacity, show: Callable[..., Receipt], operator: Actor
) -> None:
    offer = capacity.offer()
    capacity.lend(SUPPLIER, operator, EVERY_ROLE & ~OPEN)
    with no_consent(capacity, offer, operator.address):
        show(offer, capacity.signed(offer, operator))


def test_f048_a_signers_role_ends_at_its_instant(
    capacity: Capacity, show: Callable[..., Receipt], operator: Actor
) -> None:
    offer = capacity.offer()
    consent = capacity.signed(offer, operator)
    capacity.lend(SUPPLIER, operator, OPEN, until=SOON)
    show(offer, consent, at=SOON - 1)
    with no_consent(capacity, offer, operator.address):
        show(offer, consent, at=SOON)
    capacity.lend(SUPPLIER, operator, OPEN)
    show(offer, consent)
    capacity.lend(SUPPLIER, operator, 0)
    with no_consent(capacity, offer, operator.address):
        show(offer, consent)


# publish: whose signature


def test_another_key_signs_no_offer(
    capacity: Capacity, show: Callable[..., Receipt], stranger: Actor, operator: Actor
) -> None:
    offer = capacity.offer()
    capacity.lend(SUPPLIER, operator, OPEN)
    for signer in (stranger, operator):
        with bad_signature(capacity, offer, SUPPLIER.address):
            show(offer, capacity.signed(offer, signer, address=SUPPLIER))


def test_f027_an_offer_is_for_one_market(
    chain: Chain, capacity: Capacity, show: Callable[..., Receipt], assets: Contract
) -> None:
    other = chain.deploy("CapacityMarket", capacity.escrow)
    offer = capacity.offer()
    there = Capacity(chain, other, capacity.escrow, assets, capacity.token)
    with bad_signature(capacity, offer, SUPPLIER.address):
        show(offer, there.signed(offer))
    with bad_signature(there, offer, SUPPLIER.address):
        chain.send(other.functions.publish(offer, capacity.signed(offer)), by=STRANGER)
    chain.send(other.functions.publish(offer, there.signed(offer)), by=STRANGER)


def test_f029_a_signature_has_one_form(capacity: Capacity, show: Callable[..., Receipt]) -> None:
    offer = capacity.offer()
    consent = capacity.signed(offer)
    good: bytes = consent["signature"]
    r, s, v = good[:32], int.from_bytes(good[32:64], "big"), good[64]
    mirrored = r + (ORDER - s).to_bytes(32, "big") + bytes([55 - v])
    compact = r + (s | (v - 27) << 255).to_bytes(32, "big")
    mirror = Signature(mirrored[:64] + bytes([mirrored[64] - 27]))
    recovered = mirror.recover_public_key_from_msg_hash(capacity.offer_id(offer))
    assert recovered.to_checksum_address() == SUPPLIER.address
    odd = [good[:64] + bytes([each]) for each in (0, 1, 26, 29, 55 - v)]
    for signature in (mirrored, compact, *odd, good + b"\x00", good[:64], b""):
        with bad_signature(capacity, offer, SUPPLIER.address):
            show(offer, consent | {"signature": signature})
    show(offer, consent)


def test_f030_nobody_offers_nothing(capacity: Capacity, show: Callable[..., Receipt]) -> None:
    offer = capacity.offer(supplier=ZERO)
    for signature in (b"", bytes(65), bytes(64) + b"\x1b", SUPPLIER.sign(capacity.offer_id(offer))):
        with bad_signature(capacity, offer, ZERO):
            show(offer, {"signer": ZERO, "proof": [], "signature": signature})


def test_f031_odd_wallets_sign_nothing(
    chain: Chain, capacity: Capacity, show: Callable[..., Receipt]
) -> None:
    for answer in ANSWERS:
        wallet = chain.deploy("MockOddWallet", answer)
        offer = capacity.offer(supplier=wallet.address)
        consent = {"signer": wallet.address, "proof": [], "signature": b"anything"}
        if answer in GOOD_ANSWERS:
            show(offer, consent)
            continue
        with bad_signature(capacity, offer, wallet.address):
            show(offer, consent)


def test_f032_an_offer_is_for_one_wallet(
    chain: Chain, capacity: Capacity, show: Callable[..., Receipt]
) -> None:
    first, second = (chain.deploy("MockWallet", SUPPLIER) for _ in range(2))
    of_first, of_second = (capacity.offer(supplier=each.address) for each in (first, second))
    signed = capacity.signed(of_first, SUPPLIER, address=first)
    show(of_first, signed)
    with bad_signature(capacity, of_second, second.address):
        show(of_second, signed | {"signer": second.address})


def test_f034_a_wallet_without_code_signs_nothing(
    capacity: Capacity, show: Callable[..., Receipt], payee: Actor
) -> None:
    """An ERC-6492 signature brings the wallet's deployment along; deploy first."""
    offer = capacity.offer(supplier=payee.address)
    wrapped = SUPPLIER.sign(capacity.offer_id(offer)) + bytes.fromhex("6492" * 16)
    with bad_signature(capacity, offer, payee.address):
        show(offer, {"signer": payee.address, "proof": [], "signature": wrapped})


def test_an_offer_that_is_too_wide_is_not_published(chain: Chain, capacity: Capacity) -> None:
    """Even one that its supplier signed: the event could not show it."""
    offer = capacity.offer()
    words = bytearray(words_of(offer))
    words[15 * 32] ^= 1  # deliveryHours, bit 255
    consent = {
        "signer": SUPPLIER.address,
        "proof": [],
        "signature": SUPPLIER.sign(capacity.digest_of(words)),
    }
    data = bytearray(call_data(capacity.market.functions.publish(offer, consent)))
    data[4 : 4 + len(words)] = words
    with reverts("no reason"):
        chain.w3.eth.call({"to": capacity.market.address, "from": STRANGER.address, "data": bytes(data)})


# publish: good offers


def test_anybody_publishes(chain: Chain, capacity: Capacity, show: Callable[..., Receipt]) -> None:
    offer = capacity.offer(
        lastMinuteHourly=60_000_000,
        decayHours=48,
        totalHours=400,
        setupHours=2,
        buyer=Actor("buyer").address,
        inspector=Actor("inspector").address,
        arbiter=Actor("arbiter").address,
        broker=Actor("broker").address,
        nonce=2**256 - 1,
    )
    consent = capacity.signed(offer)
    assert chain.events(show(offer, consent)) == [published(capacity, offer, consent)]
    answer = capacity.market.functions.publish(offer, consent).call({"from": STRANGER.address})
    assert answer == capacity.offer_id(offer)


def test_an_offer_is_published_again(chain: Chain, capacity: Capacity, show: Callable[..., Receipt]) -> None:
    offer = capacity.offer()
    assert chain.events(show(offer)) == chain.events(show(offer)) != []


def test_an_operator_signs(
    chain: Chain, capacity: Capacity, show: Callable[..., Receipt], operator: Actor
) -> None:
    offer = capacity.offer()
    consent = capacity.signed(offer, operator)
    capacity.lend(SUPPLIER, operator, OPEN)
    assert chain.events(show(offer, consent)) == [published(capacity, offer, consent)]


def test_f031_a_wallet_signs(chain: Chain, capacity: Capacity, show: Callable[..., Receipt]) -> None:
    wallet = chain.deploy("MockWallet", SUPPLIER)
    offer = capacity.offer(supplier=wallet.address)
    consent = capacity.signed(offer, SUPPLIER, address=wallet)
    assert chain.events(show(offer, consent)) == [published(capacity, offer, consent)]


def test_f033_a_key_with_lent_code_signs(
    chain: Chain, capacity: Capacity, show: Callable[..., Receipt], stranger: Actor
) -> None:
    offer = capacity.offer()
    consent = capacity.signed(offer)
    wallet = chain.deploy("MockWallet", stranger)
    for code in (bytes.fromhex("ef0100" + wallet.address[2:]), b""):
        chain.local.set_code(SUPPLIER.address, code)
        assert chain.events(show(offer, consent)) == [published(capacity, offer, consent)]


# OfferBundle


@pytest.fixture
def series(capacity: Capacity) -> Callable[[int], list[Offer]]:
    """Offers that differ in their nonces."""
    return lambda size: [capacity.offer(nonce=nonce) for nonce in range(size)]


def bundle_digest(capacity: Capacity, offer: Offer, proof: list[bytes]) -> bytes:
    """What a consent with this proof would have had to sign, worked out node by node."""
    node = keccak(keccak(capacity.offer_id(offer)))
    for sibling in proof:
        node = keccak(min(node, sibling) + max(node, sibling))
    return typed_digest(capacity.market, BUNDLE, {"root": node})


def test_offers_are_signed_together(
    chain: Chain,
    capacity: Capacity,
    show: Callable[..., Receipt],
    series: Callable[[int], list[Offer]],
    operator: Actor,
) -> None:
    capacity.lend(SUPPLIER, operator, OPEN)
    for size, signer in ((2, SUPPLIER), (3, operator), (4, SUPPLIER), (7, operator)):
        offers = series(size)
        for offer, consent in zip(offers, capacity.signed_together(offers, signer), strict=True):
            assert chain.events(show(offer, consent)) == [published(capacity, offer, consent)]


def test_f036_an_altered_leaf_is_refused(
    capacity: Capacity, show: Callable[..., Receipt], series: Callable[[int], list[Offer]]
) -> None:
    offers = series(5)
    for offer, consent in zip(offers, capacity.signed_together(offers), strict=True):
        altered = offer | {"hourly": offer["hourly"] - 1}
        digest = bundle_digest(capacity, altered, consent["proof"])
        with bad_signature(capacity, altered, SUPPLIER.address, digest):
            show(altered, consent)


def test_f079_a_foreign_offer_is_refused(
    capacity: Capacity, show: Callable[..., Receipt], series: Callable[[int], list[Offer]]
) -> None:
    *offers, foreign = series(5)
    for consent in capacity.signed_together(offers):
        digest = bundle_digest(capacity, foreign, consent["proof"])
        with bad_signature(capacity, foreign, SUPPLIER.address, digest):
            show(foreign, consent)


def test_f079_a_wrong_proof_is_refused(
    capacity: Capacity, show: Callable[..., Receipt], series: Callable[[int], list[Offer]]
) -> None:
    offers = series(4)
    (consent, other, *_) = capacity.signed_together(offers)
    proof = consent["proof"]
    wrong = (proof[:1], proof[1:], proof[::-1], [*proof, bytes(32)], [bytes(32), *proof], other["proof"])
    for each in wrong:
        digest = bundle_digest(capacity, offers[0], each)
        with bad_signature(capacity, offers[0], SUPPLIER.address, digest):
            show(offers[0], consent | {"proof": each})
    with bad_signature(capacity, offers[0], SUPPLIER.address):
        show(offers[0], consent | {"proof": []})


def test_a_signature_over_one_offer_needs_no_proof(
    capacity: Capacity, show: Callable[..., Receipt], series: Callable[[int], list[Offer]]
) -> None:
    offers = series(2)
    proof = capacity.signed_together(offers)[0]["proof"]
    with bad_signature(capacity, offers[0], SUPPLIER.address, bundle_digest(capacity, offers[0], proof)):
        show(offers[0], capacity.signed(offers[0]) | {"proof": proof})


def test_a_schedule_is_no_bundle(
    capacity: Capacity, show: Callable[..., Receipt], series: Callable[[int], list[Offer]]
) -> None:
    offers = series(2)
    tree = MerkleTree([leaf_of(keccak(capacity.offer_id(each))) for each in offers])
    proof = list(tree.prove(0))
    for contract in (capacity.market, capacity.escrow):
        signature = SUPPLIER.sign(typed_digest(contract, SCHEDULE, {"root": tree.root}))
        digest = bundle_digest(capacity, offers[0], proof)
        with bad_signature(capacity, offers[0], SUPPLIER.address, digest):
            show(offers[0], {"signer": SUPPLIER.address, "proof": proof, "signature": signature})


# cancelOffers


@pytest.fixture
def cancel(chain: Chain, capacity: Capacity) -> Callable[..., Receipt]:
    """The supplier cancels, unless somebody else does."""

    def send(word: int, mask: int, *, by: Actor = SUPPLIER, supplier: Actor = SUPPLIER) -> Receipt:
        return chain.send(capacity.market.functions.cancelOffers(supplier.address, word, mask), by=by)

    return send


def outsiders(capacity: Capacity) -> list[Actor]:
    """Who may neither sign nor cancel for the supplier."""
    buyer, operator = Actor("buyer"), Actor("operator")
    capacity.lend(SUPPLIER, operator, EVERY_ROLE & ~OPEN)
    return [STRANGER, buyer, operator]


def not_supplier(caller: Actor) -> AbstractContextManager[None]:
    return reverts("CapacityMarket_NotSupplier", supplier=SUPPLIER.address, caller=caller.address)


def cancelled(capacity: Capacity, word: int, after: int, supplier: Actor = SUPPLIER) -> list[Event]:
    return [
        event(
            capacity.market,
            "OffersCancelled",
            supplier=supplier.address,
            word=word,
            cancelledAfter=after,
        )
    ]


def test_f063_only_the_supplier_cancels(capacity: Capacity, cancel: Callable[..., Receipt]) -> None:
    for caller in outsiders(capacity):
        with not_supplier(caller):
            cancel(0, 1, by=caller)


def test_what_is_cancelled_is_not_cancelled_again(cancel: Callable[..., Receipt]) -> None:
    def nothing(word: int) -> AbstractContextManager[None]:
        return reverts("CapacityMarket_NothingToCancel", supplier=SUPPLIER.address, word=word)

    with nothing(3):
        cancel(3, 0)
    cancel(3, 0b110)
    for mask in (0, 0b010, 0b110):
        with nothing(3):
            cancel(3, mask)
    cancel(3, 0b111)


def test_offers_are_cancelled(chain: Chain, capacity: Capacity, cancel: Callable[..., Receipt]) -> None:
    assert chain.events(cancel(3, 0b0110)) == cancelled(capacity, 3, 0b0110)
    assert chain.events(cancel(3, 0b1100)) == cancelled(capacity, 3, 0b1110)
    word = capacity.market.functions.cancelledNonces
    assert [word(SUPPLIER.address, each).call() for each in (2, 3, 4)] == [0, 0b1110, 0]


def test_an_operator_cancels(
    chain: Chain, capacity: Capacity, cancel: Callable[..., Receipt], operator: Actor
) -> None:
    capacity.lend(SUPPLIER, operator, OPEN)
    assert chain.events(cancel(0, 1 << 7, by=operator)) == cancelled(capacity, 0, 1 << 7)


def test_each_nonce_is_one_bit(
    capacity: Capacity, cancel: Callable[..., Receipt], show: Callable[..., Receipt]
) -> None:
    void = (0, 255, 256, 2**256 - 256, 2**256 - 1)
    for nonce in void:
        cancel(nonce >> 8, 1 << (nonce & 255))
    for nonce in void:
        offer = capacity.offer(nonce=nonce)
        with reverts("CapacityMarket_OfferCancelled", id=capacity.offer_id(offer), nonce=nonce):
            show(offer)
    for nonce in (1, 254, 257, 511, 512, 2**256 - 257, 2**256 - 255, 2**256 - 2):
        show(capacity.offer(nonce=nonce))


def test_nonces_are_the_suppliers_own(
    capacity: Capacity, cancel: Callable[..., Receipt], show: Callable[..., Receipt], owner: Actor
) -> None:
    cancel(0, 1 << 7, by=owner, supplier=owner)
    show(capacity.offer(nonce=7))
    with reverts(
        "CapacityMarket_OfferCancelled",
        id=capacity.offer_id(offer := capacity.offer(nonce=7, supplier=owner.address)),
        nonce=7,
    ):
        show(offer)


def test_f041_a_whole_word_costs_as_much_as_one_nonce(cancel: Callable[..., Receipt]) -> None:
    one, all_ = cancel(1, 1 << 7), cancel(2, 2**256 - 1)
    assert abs(all_.gas_used - one.gas_used) < 1_000  # 32 bytes of calldata that are not zero


# raiseEpoch


@pytest.fixture
def leave_epoch(chain: Chain, capacity: Capacity) -> Callable[..., Receipt]:
    """The supplier raises its epoch, unless somebody else does."""

    def send(expected: int, *, by: Actor = SUPPLIER, supplier: Actor = SUPPLIER) -> Receipt:
        return chain.send(capacity.market.functions.raiseEpoch(supplier.address, expected), by=by)

    return send


def raised(capacity: Capacity, after: int) -> list[Event]:
    return [event(capacity.market, "EpochRaised", supplier=SUPPLIER.address, epochAfter=after)]


def test_f063_only_the_supplier_raises_the_epoch(
    capacity: Capacity, leave_epoch: Callable[..., Receipt]
) -> None:
    for caller in outsiders(capacity):
        with not_supplier(caller):
            leave_epoch(0, by=caller)


def test_an_epoch_is_left_once(capacity: Capacity, leave_epoch: Callable[..., Receipt]) -> None:
    leave_epoch(0)
    for expected in (0, 2, 2**64 - 1):
        with reverts("CapacityMarket_EpochPassed", supplier=SUPPLIER.address, expected=expected, current=1):
            leave_epoch(expected)


def test_an_epoch_is_raised(
    chain: Chain, capacity: Capacity, leave_epoch: Callable[..., Receipt], show: Callable[..., Receipt]
) -> None:
    offers = [capacity.offer(epoch=epoch, nonce=nonce) for epoch in range(3) for nonce in (0, 2**255)]
    for current in range(3):
        for offer in offers:
            if offer["epoch"] == current:
                show(offer)
                continue
            identifier = capacity.offer_id(offer)
            with reverts("CapacityMarket_WrongEpoch", id=identifier, epoch=offer["epoch"], current=current):
                show(offer)
        assert capacity.market.functions.epochOf(SUPPLIER.address).call() == current
        assert chain.events(leave_epoch(current)) == raised(capacity, current + 1)


def test_an_operator_raises_the_epoch(
    chain: Chain, capacity: Capacity, leave_epoch: Callable[..., Receipt], operator: Actor
) -> None:
    capacity.lend(SUPPLIER, operator, OPEN)
    assert chain.events(leave_epoch(0, by=operator)) == raised(capacity, 1)


def test_epochs_are_the_suppliers_own(
    capacity: Capacity, leave_epoch: Callable[..., Receipt], show: Callable[..., Receipt], owner: Actor
) -> None:
    leave_epoch(0, by=owner, supplier=owner)
    assert capacity.market.functions.epochOf(SUPPLIER.address).call() == 0
    show(capacity.offer(epoch=0))


# offerId, eip712Domain


def _value(kind: str) -> st.SearchStrategy[Any]:
    if kind == "address":
        return st.binary(min_size=20, max_size=20).map(address_from_bytes)
    if kind == "bytes32":
        return st.binary(min_size=32, max_size=32)
    return st.integers(0, 2 ** int(kind.removeprefix("uint")) - 1)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(offer=st.fixed_dictionaries({name: _value(kind) for kind, name in OFFER_FIELDS}))
def test_f035_the_id_is_eth_accounts(capacity: Capacity, offer: Offer) -> None:
    found = bytes(capacity.market.functions.offerId(offer).call())
    assert found == capacity.offer_id(offer) == typed_digest(capacity.market, OFFER, offer)


def test_an_offers_id_outlives_a_fork(capacity: Capacity, forked: AbstractContextManager[int]) -> None:
    offer = capacity.offer()
    before = capacity.market.functions.offerId(offer).call()
    with forked:
        assert capacity.market.functions.offerId(offer).call() == before == capacity.offer_id(offer)


def test_the_markets_domain_is_named(chain: Chain, market: Contract) -> None:
    found = market.functions.eip712Domain().call()
    name = "Fabricant CapacityMarket"
    assert found == [b"\x0f", name, "1", chain.w3.eth.chain_id, market.address, bytes(32), []]
