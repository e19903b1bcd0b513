"""Drafts: read as they were written, and every mistake named by its field."""

from typing import Any

import pytest

from fabricant.domain.assets import AssetId
from fabricant.domain.drafts import Draft, OfferDraft, TermsDraft, parse_hash, parse_token, process_code
from fabricant.domain.escrow import NO_HASH, ConditionsId, order_ref
from fabricant.domain.units import ZERO_ADDRESS, Token, parse_address, parse_time
from fabricant.errors import InvalidInput

SUPPLIER = parse_address("0x" + "5a" * 20)
BUYER = parse_address("0x" + "b0" * 20)
MONEY = Token(parse_address("0x" + "70" * 20), "TUSD", 6)
CONDITIONS = ConditionsId(b"\x0c" * 32)

OFFER: dict[str, Any] = {
    "machine": "NMW-0417",
    "hourly": "95.5",
    "begin": "2027-01-05T06:00+01:00",
    "end": "2027-01-09T22:00+01:00",
    "max_span": 40,
    "delivery_hours": 48,
    "valid_until": "2027-01-04T00:00Z",
    "conditions": "machine-time",
}
LINE: dict[str, Any] = {
    "buyer": BUYER,
    "supplier": SUPPLIER,
    "amount": "1250.50",
    "open_by": "2027-01-10T00:00Z",
    "due_by": "2027-01-25T12:00Z",
    "conditions": "prototypes",
}


@pytest.mark.parametrize(
    "draft",
    [
        OfferDraft.of(OFFER),
        OfferDraft.of(OFFER | {"last_minute_hourly": "70", "process": 'a "quoted" \\ code\t'}),
        TermsDraft.of(LINE),
        TermsDraft.of(LINE | {"goods": ["PART-1", "ö"], "order_number": "4711"}),
    ],
)
def test_draft_is_read_as_it_was_written(draft: Draft) -> None:
    assert type(draft).parse(draft.serialise()) == draft


def test_draft_means_the_same_however_often_it_is_signed() -> None:
    draft = TermsDraft.parse(TermsDraft.of(LINE | {"order_number": "4711"}).serialise())
    first, second = (draft.terms(token=MONEY, deliverables=NO_HASH, conditions=CONDITIONS) for _ in range(2))

    assert first == second
    assert TermsDraft.of(LINE).salt != TermsDraft.of(LINE).salt


def test_offer_means_what_its_draft_says() -> None:
    draft = OfferDraft.of(OFFER | {"process": "DIN 8580 3.2.2"})

    offer = draft.offer(supplier=SUPPLIER, machine=AssetId(7), token=MONEY, conditions=CONDITIONS, epoch=3)

    assert (offer.hourly, offer.last_minute_hourly, offer.setup) == (95_500_000, 95_500_000, 0)
    assert offer.from_hour * 3600 == parse_time("2027-01-05T05:00Z")
    assert offer.until_hour - offer.from_hour == 4 * 24 + 16
    assert (offer.buyer, offer.epoch, offer.nonce) == (ZERO_ADDRESS, 3, draft.nonce)
    assert offer.process == process_code("DIN 8580 3.2.2")


def test_terms_mean_what_their_draft_says() -> None:
    draft = TermsDraft.of(LINE | {"order_number": "4711", "goods": ["A", "B"]})

    terms = draft.terms(token=MONEY, deliverables=b"\x01" * 32, conditions=CONDITIONS)

    assert (terms.amount, terms.assets, terms.token) == (1_250_500_000, 2, MONEY.address)
    assert terms.order_ref == order_ref("4711", salt=parse_hash(draft.order_salt))
    assert terms.salt == int(draft.salt)


def test_amount_finer_than_the_token_is_refused() -> None:
    draft = OfferDraft.of(OFFER | {"hourly": "0.0000001"})

    with pytest.raises(InvalidInput, match="more decimal places"):
        draft.offer(supplier=SUPPLIER, machine=AssetId(7), token=MONEY, conditions=CONDITIONS, epoch=0)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"hourly": "1e3"}, "hourly: '1e3' is not an amount"),
        ({"hourly": "-1"}, "hourly"),
        ({"begin": "tomorrow"}, "begin"),
        ({"begin": "2027-01-05T06:30+01:00"}, "begin: .* not on a full hour of UTC"),
        ({"begin": "2027-01-05T06:00+05:30"}, "begin: .* not on a full hour of UTC"),
        ({"min_hours": -1}, "min_hours"),
        ({"max_span": "many"}, "max_span"),
        ({"token": "USDT"}, "token: 'USDT' is not an address"),
        ({"arbiter": "0x12"}, "arbiter"),
        ({"documents": "0x12"}, "documents: '0x12' is no hash"),
        ({"hourley": "1"}, "hourley"),
    ],
)
def test_mistake_is_named_by_its_field(change: dict[str, Any], named: str) -> None:
    with pytest.raises(InvalidInput, match=rf"^{named}"):
        OfferDraft.of(OFFER | change)


def test_missing_field_is_named() -> None:
    with pytest.raises(InvalidInput, match=r"^conditions"):
        OfferDraft.of({name: value for name, value in OFFER.items() if name != "conditions"})


@pytest.mark.parametrize("raw", [b"\xff", b"hourly = ", b"a" * 70_000, b"x = " + b"[" * 5_000])
def test_what_is_no_toml_is_refused(raw: bytes) -> None:
    with pytest.raises(InvalidInput):
        OfferDraft.parse(raw)


def test_token_is_an_address_or_coin() -> None:
    assert parse_token("coin") == ZERO_ADDRESS
    assert parse_token(MONEY.address) == MONEY.address
