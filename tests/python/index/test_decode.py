"""Events are read as strictly as the library reads them, and no byte of a log can change unnoticed."""

from collections.abc import Sequence
from typing import Any

import pytest
from eth_abi.abi import encode
from hypothesis import given
from hypothesis import strategies as st

from fabricant.artifacts import load
from fabricant.chain.abi import Abi, Event, NotCanonical, Parameter
from fabricant.domain.units import parse_address
from fabricant.index.decode import NUMBER_BITS, EventReader, NotAnEvent, plain_text, readers

CONTRACTS = ("Directory", "AssetRegistry", "Genealogy", "RecordAnchor", "CapacityMarket", "SupplierEscrow")
ABIS = {name: Abi.parse(load(name).abi) for name in CONTRACTS}
EVENTS = [(name, event) for name, abi in ABIS.items() for event in abi.events.values()]
IDS = [f"{name}.{event.name}" for name, event in EVENTS]
ASSETS = (
    "id",
    "asset",
    "assets",
    "outputs",
    "parent",
    "child",
    "machine",
    "batch",
    "origin",
    "lot",
    "tokenId",
)


def reader_of(contract: str, event: Event) -> EventReader:
    """The reader of an event."""
    return readers(contract, ABIS[contract])[f"0x{event.topic.hex()}"]


def values_of(parameter: Parameter) -> st.SearchStrategy[Any]:
    """Any value of a type."""
    kind = parameter.type
    if kind.endswith("[]"):
        return st.lists(values_of(Parameter(parameter.name, kind[:-2], parameter.parts)), max_size=3).map(
            tuple
        )
    if parameter.parts:
        return st.tuples(*map(values_of, parameter.parts))
    if kind == "string":
        return st.text(max_size=40)
    if kind == "bytes":
        return st.binary(max_size=70)
    if kind == "bool":
        return st.booleans()
    if kind == "address":
        return st.binary(min_size=20, max_size=20).map(lambda raw: parse_address(f"0x{raw.hex()}"))
    if kind.startswith("bytes"):
        return st.binary(min_size=int(kind[5:]), max_size=int(kind[5:]))
    bits = int(kind[4:])
    return st.integers(0, 2**bits - 1) | st.sampled_from([0, 2**bits - 1, 2 ** (bits - 1)])


def as_json(parameter: Parameter, value: Any) -> Any:
    """A value as JSON has it, worked out without the reader."""
    kind = parameter.type
    if kind.endswith("[]"):
        return [as_json(Parameter(parameter.name, kind[:-2], parameter.parts), each) for each in value]
    if parameter.parts:
        return {part.name: as_json(part, each) for part, each in zip(parameter.parts, value, strict=True)}
    if kind == "string":
        return value.replace("\0", "\\x00")
    if isinstance(value, bytes):
        return f"0x{value.hex()}"
    if kind == "uint256" and parameter.name in ASSETS:
        return f"{value:#066x}"
    if kind.startswith("uint"):
        return value if int(kind[4:]) <= NUMBER_BITS else str(value)
    return value


def log_of(event: Event, values: Sequence[Any]) -> tuple[bytes, bytes]:
    """Topics after the first one, and data."""
    pairs = list(zip(event.inputs, values, strict=True))
    head = b"".join(encode([each.type], [value]) for each, value in pairs if each.indexed)
    types = [each.type for each, _ in pairs if not each.indexed]
    return head, encode(types, [value for each, value in pairs if not each.indexed])


def strictly(event: Event, head: bytes, data: bytes) -> bool:
    """Whether the library takes the log for the event."""
    topics = [event.topic, *(head[place : place + 32] for place in range(0, len(head), 32))]
    try:
        event.decode(topics, data)
    except NotCanonical:
        return False
    return True


def fast(reader: EventReader, head: bytes, data: bytes) -> bool:
    """Whether the index does."""
    try:
        reader.read(head, data)
    except NotAnEvent:
        return False
    return True


@pytest.mark.parametrize(("contract", "event"), EVENTS, ids=IDS)
@given(data=st.data())
def test_f105_every_event_is_read_as_it_was_written(contract: str, event: Event, data: st.DataObject) -> None:
    values = [data.draw(values_of(each)) for each in event.inputs]
    head, body = log_of(event, values)

    found = reader_of(contract, event).read(head, body)

    wanted = {each.name: as_json(each, value) for each, value in zip(event.inputs, values, strict=True)}
    assert found == wanted
    assert [*found] == [*wanted]


@pytest.mark.parametrize(("contract", "event"), EVENTS, ids=IDS)
@given(data=st.data())
def test_f104_what_the_library_refuses_is_no_event(contract: str, event: Event, data: st.DataObject) -> None:
    values = [data.draw(values_of(each)) for each in event.inputs]
    head, body = (bytearray(part) for part in log_of(event, values))
    target = data.draw(st.sampled_from([part for part in (head, body) if part] or [body]))
    match data.draw(st.sampled_from(["flip", "cut", "add", "swap"])):
        case "flip" if target:
            target[data.draw(st.integers(0, len(target) - 1))] ^= 1 << data.draw(st.integers(0, 7))
        case "cut":
            del body[data.draw(st.integers(0, max(0, len(body) - 1))) :]
        case "add":
            body += bytes(data.draw(st.sampled_from([1, 31, 32])))
        case _:
            words = [body[place : place + 32] for place in range(0, len(body), 32)]
            body = bytearray(b"".join(data.draw(st.permutations(words))))
    reader = reader_of(contract, event)

    assert fast(reader, bytes(head), bytes(body)) == _readable(event, bytes(head), bytes(body))


def _readable(event: Event, head: bytes, body: bytes) -> bool:
    """As the library; but text that is no UTF-8 is an event for the index."""
    if strictly(event, head, body):
        return True
    if not any(each.type == "string" or "string" in each.type for each in event.inputs):
        return False
    inputs = tuple(
        Parameter(each.name, each.type.replace("string", "bytes"), _as_bytes(each.parts), each.indexed)
        for each in event.inputs
    )
    types = [each.type for each in inputs if not each.indexed]
    other = Event(event.name, inputs)
    topics = [other.topic, *(head[place : place + 32] for place in range(0, len(head), 32))]
    try:
        other.decode(topics, body)
    except NotCanonical:
        return False
    return bool(types)


def _as_bytes(parts: tuple[Parameter, ...]) -> tuple[Parameter, ...]:
    return tuple(
        Parameter(each.name, each.type.replace("string", "bytes"), _as_bytes(each.parts), each.indexed)
        for each in parts
    )


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b"a\0b", "a\\x00b"),
        (b"\xff\xfe", "\\xff\\xfe"),
        (b"\xed\xa0\x80", "\\xed\\xa0\\x80"),
        ("\u202e<b>".encode(), "\u202e<b>"),
        (b"x" * 2**20, "x" * 2**20),
    ],
    ids=["NUL", "no UTF-8", "surrogate", "right to left", "a megabyte"],
)
def test_f107_any_bytes_are_text_that_databases_take(raw: bytes, text: str) -> None:
    assert plain_text(raw) == text
    plain_text(raw).encode()
