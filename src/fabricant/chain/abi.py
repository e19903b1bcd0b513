"""A contract's ABI, and values in and out of it, strictly.

`eth_abi` reads leniently and pads what is short; here, data is accepted only if encoding its values gives
the same bytes again, and values only if decoding their data gives the same values again. Addresses are
checksummed, arrays and structs are tuples; frozen dataclasses stand for structs, their fields named like
the ABI's, in snake case.
"""

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cache
from typing import Any, Self, TypeVar, cast, get_args, get_origin, get_type_hints

from eth_abi.abi import decode, encode
from eth_abi.exceptions import DecodingError, EncodingError
from eth_abi.grammar import TupleType, parse
from eth_utils.crypto import keccak

from fabricant.domain.typed_data import as_hinted, snake
from fabricant.domain.units import parse_address, printable
from fabricant.errors import InvalidInput

T = TypeVar("T")


class NotCanonical(ValueError):
    """The data is not what the compiler would write for values of these types."""


def selector(signature: str) -> bytes:
    """The four bytes that name a function or an error: of "transfer(address,uint256)", a9059cbb."""
    return keccak(text=signature)[:4]


def split_types(types: str) -> tuple[str, ...]:
    """The types of a list: "bytes32,(uint8,address)[]" gives "bytes32" and "(uint8,address)[]"."""
    if not types:
        return ()
    components = cast("TupleType", parse(f"({types})")).components
    return tuple(component.to_type_str() for component in components)


def decode_strictly(types: Sequence[str], data: bytes) -> tuple[Any, ...]:
    """The values that `data` encodes. Raises NotCanonical for anything but their exact encoding."""
    try:
        values = decode(types, data)
        canonical = encode(types, values) == data
    except (DecodingError, UnicodeError, OverflowError):
        canonical = False
    if not canonical:
        raise NotCanonical(f"{len(data)} bytes that do not encode ({','.join(types)})")
    return tuple(_checksummed(value, type_) for value, type_ in zip(values, types, strict=True))


def encode_strictly(types: Sequence[str], values: Sequence[Any]) -> bytes:
    """The encoding of `values`. Raises InvalidInput for a value that its type does not hold exactly."""
    try:
        data = encode(types, values)
        exact = decode_strictly(types, data) == tuple(values)
    except (EncodingError, ValueError, TypeError):
        exact = False
    if not exact:
        raise InvalidInput(f"{printable(repr(tuple(values)), 200)} are not values of ({','.join(types)})")
    return data


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of a function, event or error, with the parameters of its struct if it is one."""

    name: str
    type: str
    parts: tuple["Parameter", ...] = ()
    indexed: bool = False

    @classmethod
    def parse(cls, entry: Mapping[str, Any]) -> Self:
        """A parameter as the compiler writes it."""
        kind: str = entry["type"]
        parts = tuple(map(cls.parse, entry.get("components", ())))
        if kind.startswith("tuple"):
            kind = f"({','.join(part.type for part in parts)}){kind.removeprefix('tuple')}"
        return cls(entry["name"], kind, parts, bool(entry.get("indexed")))

    @property
    def is_hashed(self) -> bool:
        """Whether only a hash of it is in the event: indexed text, bytes, arrays and structs."""
        return self.indexed and (self.type in ("string", "bytes") or self.type[-1] in "])")

    def plain(self, value: Any) -> Any:
        """A value as the encoder takes it: dataclasses as tuples, by the names of their fields."""
        if self.type.endswith("]"):
            return tuple(map(self._item().plain, value))
        if self.parts and dataclasses.is_dataclass(value):
            value = [getattr(value, snake(part.name)) for part in self.parts]
        if self.parts:
            return tuple(part.plain(each) for part, each in zip(self.parts, value, strict=True))
        return value.value if isinstance(value, Enum) else value

    def typed(self, value: Any, hint: Any) -> Any:
        """A decoded value as `hint` says: structs as that dataclass, numbers as that enumeration."""
        if self.type.endswith("]"):
            item = get_args(hint)[0] if get_origin(hint) is tuple else Any
            return tuple(self._item().typed(each, item) for each in value)
        if self.parts and dataclasses.is_dataclass(hint):
            return build(cast("type[Any]", hint), self.parts, value)
        return as_hinted(value, hint)

    def _item(self) -> "Parameter":
        return dataclasses.replace(self, type=self.type[: self.type.rindex("[")])


def build(form: type[T], parameters: Iterable[Parameter], values: Iterable[Any]) -> T:
    """A dataclass from decoded values. Raises ValueError for a number outside its enumeration."""
    hints = _hints(cast("Any", form))
    named = {snake(each.name): (each, value) for each, value in zip(parameters, values, strict=True)}
    return form(**{name: each.typed(value, hints[name]) for name, (each, value) in named.items()})


@dataclass(frozen=True, slots=True)
class Function:
    """A function of a contract."""

    name: str
    inputs: tuple[Parameter, ...]
    outputs: tuple[Parameter, ...]

    @property
    def signature(self) -> str:
        """Its name and types: "transfer(address,uint256)"."""
        return f"{self.name}({','.join(each.type for each in self.inputs)})"

    def encode(self, arguments: Sequence[Any]) -> bytes:
        """The call's data. Raises InvalidInput for arguments that it does not take."""
        if len(arguments) != len(self.inputs):
            raise InvalidInput(f"{self.signature} takes {len(self.inputs)} arguments, not {len(arguments)}")
        plain = [each.plain(value) for each, value in zip(self.inputs, arguments, strict=True)]
        return selector(self.signature) + encode_strictly([each.type for each in self.inputs], plain)

    def decode(self, answer: bytes) -> tuple[Any, ...]:
        """What it returned. Raises NotCanonical."""
        return decode_strictly([each.type for each in self.outputs], answer)


@dataclass(frozen=True, slots=True)
class Event:
    """An event of a contract."""

    name: str
    inputs: tuple[Parameter, ...]

    @property
    def topic(self) -> bytes:
        """What its logs begin with."""
        return _hash(f"{self.name}({','.join(each.type for each in self.inputs)})")

    def decode(self, topics: Sequence[bytes], data: bytes) -> tuple[Any, ...]:
        """Its values in order; those that are hashed stay hashes. Raises NotCanonical."""
        indexed = [each for each in self.inputs if each.indexed]
        if len(topics) != len(indexed) + 1 or topics[0] != self.topic:
            raise NotCanonical(f"{len(topics)} topics that are not those of {self.name}")
        types = ["bytes32" if each.is_hashed else each.type for each in indexed]
        found = iter(decode_strictly(types, b"".join(topics[1:])))
        plain = iter(decode_strictly([each.type for each in self.inputs if not each.indexed], data))
        return tuple(next(found) if each.indexed else next(plain) for each in self.inputs)


@dataclass(frozen=True, slots=True)
class Abi:
    """What a contract offers. Overloaded functions go by their signature, all others also by their name."""

    functions: Mapping[str, Function]
    events: Mapping[str, Event]

    @classmethod
    def parse(cls, entries: Iterable[Any]) -> Self:
        """An ABI as the compiler writes it."""
        functions: dict[str, Function] = {}
        events: dict[str, Event] = {}
        overloaded = set()
        for entry in entries:
            inputs = tuple(map(Parameter.parse, entry.get("inputs", ())))
            if entry["type"] == "function":
                function = Function(entry["name"], inputs, tuple(map(Parameter.parse, entry["outputs"])))
                overloaded |= {function.name} & functions.keys()
                functions |= {function.name: function, function.signature: function}
            elif entry["type"] == "event" and not entry["anonymous"]:
                events[entry["name"]] = Event(entry["name"], inputs)
        return cls({name: each for name, each in functions.items() if name not in overloaded}, events)


@cache
def _hash(signature: str) -> bytes:
    return keccak(text=signature)


@cache
def _hints(form: type[Any]) -> dict[str, Any]:
    return get_type_hints(form)


def _checksummed(value: Any, type_: str) -> Any:
    if type_ == "address":
        return parse_address(value)
    if type_.endswith("]"):
        item = type_[: type_.rindex("[")]
        return tuple(_checksummed(part, item) for part in value)
    if type_.startswith("("):
        return tuple(map(_checksummed, value, split_types(type_[1:-1])))
    return value
