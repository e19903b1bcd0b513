"""Names, ids and registrations of assets."""

from dataclasses import fields, replace

import pytest
from eth_abi.abi import encode
from eth_utils.crypto import keccak
from hypothesis import given
from hypothesis import strategies as st

from fabricant.domain.assets import (
    BINDING,
    AssetFlag,
    DeviceBinding,
    Kind,
    Registration,
    Standing,
    Status,
    asset_id,
    check_local_id,
    is_unit,
    namespace_of,
    namespace_of_prefix,
    parse_unit,
)
from fabricant.domain.typed_data import snake
from fabricant.domain.units import ZERO_ADDRESS, UnixSeconds, parse_address
from fabricant.errors import InvalidInput
from tests.python.domain import strategies
from tests.support import assets

ISSUER = parse_address("0x" + "11" * 20)
PART = Registration(local_id="P229810", kind=Kind.PRODUCT, owner=ISSUER)
LOT = Registration(local_id="L-7", kind=Kind.LOT, owner=ISSUER, quantity=500, unit=b"KGM")


def test_the_struct_is_the_contracts() -> None:
    assert BINDING.type_text == assets.BINDING
    assert [field.name for field in fields(DeviceBinding)] == [snake(name) for name, _ in BINDING.fields]


def test_numbers_are_the_contracts() -> None:
    assert [kind.name for kind in Kind] == ["EQUIPMENT", "COMPONENT", "PRODUCT", "LOT"]
    assert [status.name for status in Status] == ["ACTIVE", "SUSPENDED", "CONSUMED", "RETIRED"]
    assert [flag.value for flag in AssetFlag] == [1, 2, 4, 8]


@given(strategies.words, st.text())
def test_an_id_follows_from_namespace_and_local_id(namespace: bytes, local_id: str) -> None:
    encoded = encode(["bytes32", "bytes32"], [namespace, keccak(local_id.encode("utf-8", "surrogatepass"))])

    assert asset_id(namespace, local_id) == int.from_bytes(keccak(encoded))  # type: ignore[arg-type]


def test_namespaces() -> None:
    assert namespace_of(ISSUER) == bytes(12) + b"\x11" * 20
    assert namespace_of_prefix("example.com") == keccak(text="example.com")
    with pytest.raises(InvalidInput):
        namespace_of_prefix("")


@pytest.mark.parametrize(
    "good", ["1", "P229810", "/01/09521321004017/21/12345", "https://id.example.com/x?y=z", "a b", "~" * 200]
)
def test_f071_plain_local_ids_are_fine(good: str) -> None:
    check_local_id(good)


@pytest.mark.parametrize(
    "bad",
    [
        *("", " ", " 1", "1 ", "a\tb", "a\nb", "1\n", "~" * 201),
        *("Р229810", "é", "é", "P\u200b1", "\u202e018922P", "１２３", "a\u00a0b", "\ud800"),
    ],
)
def test_f071_local_ids_that_look_alike_are_refused(bad: str) -> None:
    with pytest.raises(InvalidInput, match="can't be a local id") as refused:
        check_local_id(bad)

    assert str(refused.value).isprintable()


def test_good_registrations_pass() -> None:
    PART.check()
    LOT.check()


@pytest.mark.parametrize(
    "registration",
    [
        replace(PART, local_id="Р229810"),
        replace(PART, owner=ZERO_ADDRESS),
        replace(PART, quantity=2),
        replace(PART, unit=b"KGM"),
        replace(LOT, quantity=0),
        replace(LOT, quantity=2**128),
        replace(LOT, unit=bytes(3)),
        replace(LOT, unit=b"kg\0"),
    ],
)
def test_what_the_registry_would_refuse_is_refused(registration: Registration) -> None:
    with pytest.raises(InvalidInput):
        registration.check()


@pytest.mark.parametrize(
    ("code", "unit"), [("KGM", b"KGM"), ("c62", b"C62"), ("H87", b"H87"), ("MM", b"MM\0")]
)
def test_units_of_measure(code: str, unit: bytes) -> None:
    assert parse_unit(code) == unit
    assert is_unit(unit)


@pytest.mark.parametrize("code", ["", "K", "KILO", "k\u017f", "K M"])
def test_what_is_no_unit_is_refused(code: str) -> None:
    with pytest.raises(InvalidInput, match="is no unit code"):
        parse_unit(code)


@pytest.mark.parametrize("status", Status)
@pytest.mark.parametrize("flag", [AssetFlag(0), *AssetFlag])
def test_fit_for_sale(status: Status, flag: AssetFlag) -> None:
    standing = Standing(
        owner=ISSUER,
        user=ZERO_ADDRESS,
        user_until=UnixSeconds(0),
        kind=Kind.LOT,
        status=status,
        flags=flag,
    )

    assert standing.is_fit == (status is Status.ACTIVE and flag in (0, AssetFlag.DEVICE))
