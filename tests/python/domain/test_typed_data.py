"""Typed data hashes as EIP-712 says and eth-account does, and takes no value that it would have to bend."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from eth_account.messages import encode_typed_data
from eth_utils.crypto import keccak
from hypothesis import given, settings
from hypothesis import strategies as st

from fabricant.domain.typed_data import Domain, Message, Struct
from fabricant.domain.units import address_from_bytes, parse_address
from fabricant.errors import InvalidInput

CONTRACT = parse_address("0xCcCCccccCCCCcCCCCCCcCcCccCcCCCcCcccccccC")
PERSON = Struct("Person", "string name, address wallet")
MAIL = Struct("Mail", "Person from, Person to, string contents", uses=[PERSON])
ETHER_MAIL = Domain("Ether Mail", "1", 1, CONTRACT)


def test_the_example_of_the_standard() -> None:
    cow = {"name": "Cow", "wallet": "0xCD2a3d9F938E13CD947Ec05AbC7FE734Df8DD826"}
    bob = {"name": "Bob", "wallet": "0xbBbBBBBbbBBBbbbBbbBbbbbBBbBbbbbBbBbbBBbB"}
    message = Message(ETHER_MAIL, MAIL, {"from": cow, "to": bob, "contents": "Hello, Bob!"})
    assert MAIL.type_text == "Mail(Person from,Person to,string contents)Person(string name,address wallet)"
    assert MAIL.type_hash.hex() == "a0cedeb2dc280ba39b857546d74f5549c3a1d7bdc2dd96bf881f76108e23dac2"
    assert message.hash.hex() == "c52c0ee5d84264471806290a3f2c4cecfc5490626bf912d01f240d7a274b371e"
    assert ETHER_MAIL.separator.hex() == "f2cee375fa42b42143804025fc449deafd50cc031ca257e0b194a650a912090f"
    assert message.digest.hex() == "be609aee343fb3c4b28e1df9e632fca64fcfaede20f02e86244efddf30957bd2"


ATOMS: Mapping[str, st.SearchStrategy[Any]] = {
    **{f"uint{bits}": st.integers(0, 2**bits - 1) for bits in range(8, 257, 8)},
    **{f"int{bits}": st.integers(-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) for bits in range(8, 257, 8)},
    **{f"bytes{size}": st.binary(min_size=size, max_size=size) for size in range(1, 33)},
    "bool": st.booleans(),
    "address": st.binary(min_size=20, max_size=20).map(address_from_bytes),
    "string": st.text(max_size=40),
    "bytes": st.binary(max_size=70),
}


@st.composite
def structs(draw: st.DrawFn, depth: int = 2) -> tuple[Struct, st.SearchStrategy[dict[str, Any]]]:
    """A random struct type, with a strategy for its values."""
    used = [draw(structs(depth=depth - 1)) for _ in range(draw(st.integers(0, 2)))] if depth else []
    name = f"S{depth}{draw(st.text('abcXYZ_', max_size=4))}"
    uses = {struct.name: (struct, values) for struct, values in used if struct.name != name}
    kinds: dict[str, st.SearchStrategy[Any]] = {
        **ATOMS,
        **{each: values for each, (_, values) in uses.items()},
    }
    fields: dict[str, tuple[str, st.SearchStrategy[Any]]] = {}
    for index in range(draw(st.integers(1, 5))):
        core = draw(st.sampled_from(sorted(uses) + sorted(ATOMS) if uses else sorted(ATOMS)))
        suffix = draw(st.sampled_from(["", "", "", "[]", "[2]", "[][]"]))
        fields[f"f{index}"] = (core + suffix, _arrays(kinds[core], suffix))
    text = ", ".join(f"{type_} {field}" for field, (type_, _) in fields.items())
    named = {type_.partition("[")[0] for type_, _ in fields.values()}
    struct = Struct(name, text, uses=[struct for each, (struct, _) in uses.items() if each in named])
    return struct, st.fixed_dictionaries({field: values for field, (_, values) in fields.items()})


def _arrays(values: st.SearchStrategy[Any], suffix: str) -> st.SearchStrategy[Any]:
    match suffix:
        case "[]":
            return st.lists(values, max_size=3)
        case "[2]":
            return st.lists(values, min_size=2, max_size=2)
        case "[][]":
            return st.lists(st.lists(values, max_size=2), max_size=2)
    return values


domains = st.builds(
    Domain,
    name=st.text(max_size=20),
    version=st.text(max_size=5),
    chain_id=st.integers(1, 2**256 - 1),
    verifying_contract=ATOMS["address"],
)


@settings(max_examples=800, deadline=None)
@given(st.data(), structs(), domains)
def test_digests_are_those_of_eth_account(
    data: st.DataObject, typed: tuple[Struct, st.SearchStrategy[dict[str, Any]]], domain: Domain
) -> None:
    struct, values = typed
    for value in data.draw(st.tuples(values, values, values)):
        message = Message(domain, struct, value)
        theirs = encode_typed_data(full_message=message.as_json())
        assert message.domain.separator == theirs.header
        assert message.hash == theirs.body
        assert message.digest == keccak(b"\x19\x01" + theirs.header + theirs.body)


@dataclass(frozen=True)
class Grant:
    principal: str
    not_before: int
    roles: tuple[int, ...]


def test_a_dataclass_speaks_snake_case_for_camel_case_fields() -> None:
    struct = Struct("Grant", "address principal, uint40 notBefore, uint16[] roles")
    grant = Grant(CONTRACT, 7, (1, 2))
    assert struct.hash(grant) == struct.hash({"principal": CONTRACT, "notBefore": 7, "roles": [1, 2]})
    with pytest.raises(InvalidInput, match="needs expiry"):
        Struct("Grant", "address principal, uint40 expiry").hash(grant)


@pytest.mark.parametrize(
    ("type_", "value"),
    [
        ("uint8", 256),
        ("uint8", -1),
        ("int8", 128),
        ("int8", -129),
        ("uint256", 2**256),
        ("uint256", "1"),
        ("uint256", 1.0),
        ("uint256", True),
        ("bool", 1),
        ("bytes32", bytes(31)),
        ("bytes32", bytes(33)),
        ("bytes32", "0x" + "00" * 32),
        ("bytes", "0x00"),
        ("string", b"text"),
        ("string", "\ud800"),
        ("address", CONTRACT.replace("C", "c", 1)),
        ("address", bytes(20)),
        ("address", "supplier.eth"),
        ("uint8[]", 1),
        ("uint8[]", "12"),
        ("uint8[2]", [1]),
        ("uint8[]", [1, 256]),
        ("uint8", None),
    ],
)
def test_a_value_that_the_type_does_not_hold_exactly_is_refused(type_: str, value: object) -> None:
    with pytest.raises(InvalidInput, match=r"Item\.field") as refused:
        Struct("Item", f"{type_} field").hash({"field": value})
    assert str(refused.value).isprintable()


@pytest.mark.parametrize("values", [{}, {"a": 1}, {"a": 1, "b": 2, "c": 3}])
def test_fields_are_neither_forgotten_nor_invented(values: dict[str, int]) -> None:
    with pytest.raises(InvalidInput, match="exactly the fields a, b"):
        Struct("Item", "uint8 a, uint8 b").hash(values)


@pytest.mark.parametrize(
    "fields",
    ["uint8", "uint7 a", "uint512 a", "bytes33 a", "bytes0 a", "Other a", "uint8 a, bool a", "", "uint8 a;"],
)
def test_a_type_that_solidity_does_not_know_is_no_struct(fields: str) -> None:
    with pytest.raises(ValueError, match=r"Item|is not a field"):
        Struct("Item", fields)


def test_f118_a_message_shows_what_it_is_for_field_by_field_and_inert() -> None:
    schedule = Message(
        ETHER_MAIL, Struct("Schedule", "bytes32 root, string note"), {"root": bytes(32), "note": "a\u202eb"}
    )
    assert schedule.lines() == [
        f"Schedule for Ether Mail version 1 at {CONTRACT} on chain 1",
        "  root: 0x" + "00" * 32,
        "  note: a\\u202eb",
    ]
