"""Logs to events, fast and strictly: a reader for each event is put together once, from its ABI.

Values come out as JSON has them: numbers of up to 48 bits as numbers, larger ones as decimal text, ids of
assets and all bytes as hex, addresses checksummed. A log is an event only if the compiler would have written
exactly these bytes for it; everything else is kept raw, and counted.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from fabricant.chain.abi import Abi, Parameter
from fabricant.domain.units import Address, address_from_bytes

Values = dict[str, Any]
_Reader = Callable[[bytes, int], Any]  # data, where it begins
_Walker = Callable[[bytes, int], tuple[Any, int]]  # data, where its tail begins; with where that ends

WORD: Final = 32
NUMBER_BITS: Final = 48  # what every reader of JSON holds exactly
MOST_ADDRESSES: Final = 2**20  # that are remembered with their checksums
_ASSETS: Final = frozenset(
    ("asset", "assets", "outputs", "parent", "child", "machine", "batch", "origin", "lot", "tokenId")
)
_ID_OF_ASSET: Final = frozenset(("id", *_ASSETS))


class NotAnEvent(ValueError):
    """The bytes are not what the compiler writes for this event."""


@dataclass(frozen=True, slots=True)
class EventReader:
    """Reads the logs of an event. `read` takes the topics after the first one, put together, and the data."""

    contract: str
    name: str
    indexed: int  # how many topics follow the first
    subject: str  # the first of them; empty if there is none
    read: Callable[[bytes, bytes], Values]


def readers(contract: str, abi: Abi) -> dict[str, EventReader]:
    """The readers of a contract's events, by their topic as hex."""
    return {
        f"0x{event.topic.hex()}": EventReader(
            contract,
            event.name,
            sum(each.indexed for each in event.inputs),
            next((each.name for each in event.inputs if each.indexed), ""),
            _event(event.inputs),
        )
        for event in abi.events.values()
    }


def _event(inputs: Iterable[Parameter]) -> Callable[[bytes, bytes], Values]:
    inputs = tuple(inputs)
    names = [each.name for each in inputs]
    indexed = [each for each in inputs if each.indexed]
    others = [each for each in inputs if not each.indexed]
    topics = [
        (each.name, _hex(WORD) if each.is_hashed else _static(each), number * WORD)
        for number, each in enumerate(indexed)
    ]
    body, shuffled = _tuple(others), [each.name for each in indexed + others] != names

    def read(head: bytes, data: bytes) -> Values:
        found = {name: reader(head, at) for name, reader, at in topics}
        rest, end = body(data, 0)
        if end != len(data):
            raise NotAnEvent
        found |= rest
        return {name: found[name] for name in names} if shuffled else found

    return read


# Static types: one reader each, which takes a word or several at a place


def _is_dynamic(parameter: Parameter) -> bool:
    kind = parameter.type
    if kind.endswith("]") or kind in ("string", "bytes"):
        return True
    return bool(parameter.parts) and any(map(_is_dynamic, parameter.parts))


def _words(parameter: Parameter) -> int:
    """How many words a static value takes, or the head of a dynamic one."""
    if _is_dynamic(parameter) or not parameter.parts:
        return 1
    return sum(map(_words, parameter.parts))


def _static(parameter: Parameter) -> _Reader:
    kind, name = parameter.type, parameter.name
    if parameter.parts:
        whole = _tuple(parameter.parts)
        return lambda data, at: whole(data, at)[0]
    if kind == "address":
        return _address
    if kind == "bool":
        return _bool
    if kind.startswith("bytes"):
        return _hex(int(kind[5:]))
    if kind.startswith("uint"):
        bits = int(kind[4:])
        if bits == 256 and name in _ID_OF_ASSET:
            return _hex(WORD)
        return _number(bits) if bits <= NUMBER_BITS else _decimal(bits)
    raise TypeError(f"no reader for {kind}")


def _number(bits: int) -> _Reader:
    size = bits // 8
    pad, padding = WORD - size, bytes(WORD - size)

    def read(data: bytes, at: int) -> int:
        if data[at : at + pad] != padding or len(data) < at + WORD:
            raise NotAnEvent
        return int.from_bytes(data[at + pad : at + WORD])

    return read


def _decimal(bits: int) -> _Reader:
    number = _number(bits)
    return lambda data, at: str(number(data, at))


def _hex(size: int) -> _Reader:
    padding = bytes(WORD - size)

    def read(data: bytes, at: int) -> str:
        if data[at + size : at + WORD] != padding or len(data) < at + WORD:
            raise NotAnEvent
        return "0x" + data[at : at + size].hex()

    return read


_addresses: dict[bytes, str] = {}


def _address(data: bytes, at: int) -> str:
    word = data[at : at + WORD]
    if (found := _addresses.get(word)) is None:
        if len(word) != WORD or any(word[:12]):
            raise NotAnEvent
        if len(_addresses) >= MOST_ADDRESSES:
            _addresses.clear()
        found = _addresses[word] = str(address_from_bytes(word[12:]))
    return found


def _bool(data: bytes, at: int) -> bool:
    word = data[at : at + WORD]
    if len(word) != WORD or any(word[:31]) or word[31] > 1:
        raise NotAnEvent
    return word[31] == 1


# Dynamic types: their heads point at tails, which the compiler writes in order and without gaps


def _tuple(parameters: Iterable[Parameter]) -> _Walker:
    """Values one after the other: their heads from a place on, the tails behind."""
    statics: list[tuple[str, _Reader, int]] = []
    tails: list[tuple[str, _Walker, int]] = []
    size, names = 0, []
    for each in parameters:
        name = each.name
        names.append(name)
        if _is_dynamic(each):
            tails.append((name, _tail(each), size))
        else:
            statics.append((name, _static(each), size))
        size += _words(each) * WORD
    offset = _number(256)

    def walk(data: bytes, at: int) -> tuple[Values, int]:
        found = {name: reader(data, at + place) for name, reader, place in statics}
        end = at + size
        for name, walker, place in tails:
            if offset(data, at + place) != end - at:
                raise NotAnEvent
            found[name], end = walker(data, end)
        return ({name: found[name] for name in names} if tails and statics else found), end

    return walk


def _tail(parameter: Parameter) -> _Walker:
    kind = parameter.type
    if kind == "string":
        return _text
    if kind == "bytes":
        return _bytes
    if kind.endswith("[]"):
        return _array(Parameter(parameter.name, kind[:-2], parameter.parts))
    return _tuple(parameter.parts)


def _array(item: Parameter) -> _Walker:
    if _is_dynamic(item):
        raise TypeError(f"no reader for arrays of {item.type}")
    reader, size, length = _static(item), _words(item) * WORD, _number(48)

    def walk(data: bytes, at: int) -> tuple[list[Any], int]:
        count = length(data, at)
        begin, end = at + WORD, at + WORD + count * size
        if end > len(data):
            raise NotAnEvent
        return [reader(data, place) for place in range(begin, end, size)], end

    return walk


_length: Final = _number(48)


def _raw(data: bytes, at: int) -> tuple[bytes, int]:
    length = _length(data, at)
    begin, end = at + WORD, at + WORD + length
    padded = end + -length % WORD
    if padded > len(data) or any(data[end:padded]):
        raise NotAnEvent
    return data[begin:end], padded


def _bytes(data: bytes, at: int) -> tuple[str, int]:
    found, end = _raw(data, at)
    return "0x" + found.hex(), end


def _text(data: bytes, at: int) -> tuple[str, int]:
    found, end = _raw(data, at)
    return plain_text(found), end


def plain_text(raw: bytes) -> str:
    """Text from the chain as every database takes it: bytes that are no UTF-8, and NUL, as \\xff."""
    return raw.decode("utf-8", "backslashreplace").replace("\0", "\\x00")


def by_contract(contracts: Mapping[Address, tuple[str, Abi]]) -> dict[str, dict[str, EventReader]]:
    """The readers of each contract's events, by its address in lower case."""
    return {address.lower(): readers(name, abi) for address, (name, abi) in contracts.items()}
