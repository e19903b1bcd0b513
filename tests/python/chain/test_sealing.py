"""Sealed quotations: the buyer's wallet opens them, always with the same key, and nobody else does."""

import json
from base64 import b64decode, b64encode
from dataclasses import replace

import pytest
from Crypto.Hash import SHA256
from Crypto.Protocol.KDF import HKDF
from hypothesis import given
from hypothesis import strategies as st

from fabricant.chain.sealing import (
    NotOpened,
    is_sealed,
    request_of,
    seal,
    sealing_key,
    unseal,
)
from fabricant.chain.secret import Secret
from fabricant.chain.wallet import Wallet
from fabricant.domain.capacity import Request, RequestId
from fabricant.domain.escrow import NO_HASH
from fabricant.domain.units import UnixSeconds
from fabricant.errors import InvalidInput
from tests.support.world import USUAL, wallet

BUYER, RIVAL = wallet("buyer"), wallet("stranger")
ID = RequestId(b"\7" * 32)
ASKED = Request(
    buyer=BUYER.address,
    quote_by=UnixSeconds(1_000),
    due_by=UnixSeconds(2_000),
    conditions=USUAL.id,
    sealing_key=sealing_key(BUYER, 99),
    salt=99,
)


def test_who_asked_reads_the_answer() -> None:
    sealed = seal(b"820, and not a cent less", ASKED, to=ID)

    assert is_sealed(sealed)
    assert b"820" not in sealed
    assert request_of(sealed) == ID
    assert unseal(sealed, ASKED, BUYER) == b"820, and not a cent less"
    assert not is_sealed(b'{"format": "fabricant-quotation/1"}')


def test_f039_nobody_else_reads_it_and_no_two_boxes_are_alike() -> None:
    sealed = seal(b"820", ASKED, to=ID)

    with pytest.raises(NotOpened, match="use the wallet that published the request"):
        unseal(sealed, ASKED, RIVAL)
    with pytest.raises(NotOpened):
        unseal(sealed, replace(ASKED, salt=98), BUYER)
    assert seal(b"820", ASKED, to=ID) != sealed, "nor does anybody know that the price is the same"


def test_each_request_has_a_key_of_its_own_that_is_found_again() -> None:
    again = Wallet(Secret(bytes(BUYER._account.reveal().key)))

    assert sealing_key(again, 99) == ASKED.sealing_key
    assert len({sealing_key(BUYER, salt) for salt in range(5)} | {sealing_key(RIVAL, 1)}) == 6


@given(purpose=st.binary(max_size=80))
def test_derived_keys_are_those_of_rfc_5869(purpose: bytes) -> None:
    key = bytes(BUYER._account.reveal().key)

    derived = BUYER.derived(purpose)

    assert derived.reveal() == HKDF(key, 32, b"fabricant", SHA256, context=purpose)
    assert derived.reveal().hex() not in repr(derived)


@given(position=st.integers(0, 10_000), change=st.integers(1, 255))
def test_an_altered_box_is_not_opened(position: int, change: int) -> None:
    document = json.loads(seal(b"820", ASKED, to=ID))
    box = bytearray(b64decode(document["box"]))
    box[position % len(box)] ^= change
    document["box"] = b64encode(bytes(box)).decode()

    with pytest.raises(NotOpened):
        unseal(json.dumps(document).encode(), ASKED, BUYER)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"[]",
        b"{",
        b'{"format": "fabricant-sealed/1"}',
        b'{"format": "fabricant-sealed/2", "request": "0x", "box": ""}',
        b'{"format": "fabricant-sealed/1", "request": 7, "box": ""}',
        b'{"format": "fabricant-sealed/1", "request": "0x12", "box": ""}',
        b'{"format": "fabricant-sealed/1", "request": "0x' + b"07" * 32 + b'", "box": "???"}',
        b'{"format": "fabricant-sealed/1", "request": "0x' + b"07" * 32 + b'", "box": null}',
        pytest.param(b"[" * 100_000, id="deep"),
    ],
)
def test_what_is_no_sealed_file_is_refused(raw: bytes) -> None:
    with pytest.raises(InvalidInput):
        request_of(raw)


def test_a_box_that_is_too_short_is_not_opened() -> None:
    short = json.dumps({"format": "fabricant-sealed/1", "request": "0x" + "07" * 32, "box": "AAAA"})
    with pytest.raises(NotOpened):
        unseal(short.encode(), ASKED, BUYER)


@pytest.mark.parametrize("key", [NO_HASH, b"\1" + bytes(31), b"\xec" + b"\xff" * 30 + b"\x7f"])
def test_nothing_is_sealed_to_a_key_that_is_none(key: bytes) -> None:
    """Points of small order share a secret that everybody knows; libsodium refuses them."""
    with pytest.raises(InvalidInput):
        seal(b"820", replace(ASKED, sealing_key=key), to=ID)
