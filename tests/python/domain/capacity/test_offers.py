"""Offers: their hash, and what makes one that nobody could book."""

from dataclasses import Field, fields, replace
from typing import Any

import pytest
from eth_account.messages import encode_typed_data
from eth_utils.crypto import keccak
from hypothesis import given
from hypothesis import strategies as st

from fabricant.domain.assets import AssetId
from fabricant.domain.capacity import (
    OFFER,
    OFFER_BUNDLE,
    BrokenOffer,
    CancellableTooLate,
    Offer,
    OfferExpired,
    PriceRises,
    offer_id,
)
from fabricant.domain.escrow import (
    BadParty,
    BrokenTerms,
    DueBeforeOpening,
    FeeWithoutArbiter,
    NoAmount,
    OtherConditions,
)
from fabricant.domain.typed_data import domain_of, snake
from fabricant.domain.units import BaseUnits, Bps, HourIndex, UnixSeconds, parse_address
from fabricant.errors import InvalidInput
from tests.python.domain import strategies
from tests.support import capacity
from tests.support.world import USUAL

SUPPLIER, BUYER, TOKEN, MARKET = (parse_address("0x" + f"{number}{number}" * 20) for number in range(1, 5))
DOMAIN = domain_of("CapacityMarket", 1, MARKET)
NOW = UnixSeconds(500_000 * 3600)
GOOD = Offer(
    supplier=SUPPLIER,
    machine=AssetId(9),
    token=TOKEN,
    hourly=BaseUnits(90),
    setup=BaseUnits(45),
    last_minute_hourly=BaseUnits(60),
    decay_hours=72,
    from_hour=HourIndex(500_010),
    until_hour=HourIndex(500_100),
    min_hours=4,
    max_span=40,
    total_hours=60,
    setup_hours=1,
    notice_hours=8,
    delivery_hours=24,
    max_assets=4,
    buyer=BUYER,
    valid_until=UnixSeconds(NOW + 10),
    nonce=3,
    conditions=USUAL.id,
)


def test_the_structs_are_the_contracts() -> None:
    assert OFFER.type_text == capacity.OFFER
    assert [field.name for field in fields(Offer)] == [snake(name) for name, _ in OFFER.fields]
    assert OFFER_BUNDLE.type_text == "OfferBundle(bytes32 root)"


@given(strategies.offers)
def test_f035_an_id_is_the_digest_that_wallets_sign(offer: Offer) -> None:
    signable = encode_typed_data(
        domain_data={
            "name": "Fabricant CapacityMarket",
            "version": "1",
            "chainId": 1,
            "verifyingContract": MARKET,
        },
        message_types={"Offer": [{"name": name, "type": kind} for name, kind in OFFER.fields]},
        message_data={name: getattr(offer, snake(name)) for name, _ in OFFER.fields},
    )

    assert offer_id(offer, DOMAIN) == keccak(b"\x19\x01" + signable.header + signable.body)


@given(strategies.offers, strategies.offers, st.sampled_from(fields(Offer)))
def test_f036_every_field_is_in_the_id(one: Offer, other: Offer, field: Field[Any]) -> None:
    changed = replace(one, **{field.name: getattr(other, field.name)})

    assert (offer_id(changed, DOMAIN) == offer_id(one, DOMAIN)) == (changed == one)


def test_a_good_offer_passes() -> None:
    GOOD.check(USUAL, at=NOW)
    replace(GOOD, buyer=strategies.address_from_bytes(bytes(20)), total_hours=0).check(USUAL, at=NOW)


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"valid_until": NOW}, OfferExpired),
        ({"last_minute_hourly": 91}, PriceRises),
        ({"until_hour": 500_010}, BrokenOffer),
        ({"from_hour": 1, "until_hour": 500_000}, BrokenOffer),  # over
        ({"max_span": 4}, BrokenOffer),  # and the smallest booking has five hours
        ({"min_hours": 0, "max_span": 1}, BrokenOffer),
        ({"until_hour": 500_014}, BrokenOffer),  # four hours, and the smallest booking has five
        ({"total_hours": 4}, BrokenOffer),
        ({"max_assets": 65}, BrokenOffer),
        ({"buyer": SUPPLIER}, BrokenOffer),
        ({"arbiter": SUPPLIER}, BadParty),
        ({"arbiter": BUYER}, BadParty),
        ({"inspector": SUPPLIER}, BadParty),
        ({"conditions": bytes(32)}, OtherConditions),
        ({"hourly": 0, "last_minute_hourly": 0, "setup": 0}, NoAmount),
    ],
)
def test_an_offer_that_nobody_could_book_is_refused(
    change: dict[str, object], rule: type[BrokenOffer | BrokenTerms]
) -> None:
    with pytest.raises(rule) as broken:
        replace(GOOD, **change).check(USUAL, at=NOW)  # type: ignore[arg-type]

    assert type(broken.value) is rule


def test_hours_that_have_begun_are_not_cancelled() -> None:
    """Conditions that let the buyer cancel until 168 hours before the goods are due."""
    longest = replace(GOOD, max_span=168 - GOOD.delivery_hours)
    longest.check(USUAL, at=NOW)

    for broken in (
        replace(longest, max_span=longest.max_span + 1),
        replace(longest, delivery_hours=GOOD.delivery_hours + 1),
    ):
        broken.check_bookable(USUAL, at=NOW)
        with pytest.raises(CancellableTooLate, match=r"a cancel_notice of 7 days 1 hour or more$"):
            broken.check(USUAL, at=NOW)


def test_conditions_with_a_fee_need_an_arbiter() -> None:
    with_fee = replace(USUAL, arbiter_fee_bps=Bps(100))

    with pytest.raises(FeeWithoutArbiter):
        replace(GOOD, conditions=with_fee.id).check(with_fee, at=NOW)
    replace(GOOD, conditions=with_fee.id, arbiter=MARKET).check(with_fee, at=NOW)


@pytest.mark.parametrize(
    ("field", "value"), [("hourly", 2**128), ("min_hours", 2**16), ("nonce", -1), ("epoch", 2**64)]
)
def test_f036_a_value_that_its_type_does_not_hold_is_refused(field: str, value: int) -> None:
    with pytest.raises(InvalidInput, match=r"Offer\.\w+: .* is not a value of"):
        replace(GOOD, **{field: value}).check(USUAL, at=NOW)  # type: ignore[arg-type]


def test_goods_due_beyond_all_time_are_refused() -> None:
    with pytest.raises((InvalidInput, DueBeforeOpening)):
        replace(GOOD, until_hour=HourIndex(2**32 - 1), delivery_hours=2**32 - 1).check(USUAL, at=NOW)
