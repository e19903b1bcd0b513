"""Typed data (EIP-712): what a signature is over.

A `Struct` states a type as Solidity writes it and hashes its values; a `Domain` names the contract on one
chain that a signature is for; a `Message` is both with the values, and its digest is the 32 bytes that are
signed. Nothing is converted on the way: a value that the type does not hold exactly is refused. A signature
over a Merkle root is nothing special: a Struct with the one field "bytes32 root".
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cache, cached_property
from keyword import iskeyword
from typing import Any, Final

from eth_utils.crypto import keccak

from fabricant.domain.units import Address, address_word, parse_address, printable
from fabricant.errors import InvalidInput

Values = Mapping[str, Any] | object  # by field name; or a dataclass, its names in snake case


def _field(text: str) -> tuple[str, str]:
    match = re.fullmatch(r"\s*([A-Za-z_]\w*(?:\[[0-9]*\])*) ([A-Za-z_]\w*)\s*", text, re.ASCII)
    if match is None:
        raise ValueError(f"{text!r} is not a field; write it like bytes32 id")
    return match[2], match[1]


def _core(type_: str) -> str:
    return type_.partition("[")[0]


def _array(type_: str) -> tuple[str, int | None]:
    item, _, length = type_[:-1].rpartition("[")
    return item, int(length) if length else None


def _is_atomic(type_: str) -> bool:
    kind, size = _kind_and_size(type_)
    match kind:
        case "uint" | "int":
            return size in range(8, 257, 8)
        case "bytes":
            return size is None or 1 <= size <= 32
        case _:
            return type_ in ("bool", "address", "string")


def _kind_and_size(type_: str) -> tuple[str, int | None]:
    kind, size = re.fullmatch(r"(\w*?)([0-9]*)", type_).groups()  # type: ignore[union-attr]
    return kind, int(size) if size else None


def _atomic_word(type_: str, value: Any) -> bytes:
    kind, size = _kind_and_size(type_)
    match kind, value:
        case "bool", bool():
            return int(value).to_bytes(32)
        case "uint" | "int", int() if not isinstance(value, bool):
            value.to_bytes((size or 0) // 8, signed=kind == "int")
            return value.to_bytes(32, signed=kind == "int")
        case "address", str():
            return address_word(parse_address(value))
        case "string", str():
            return keccak(value.encode())
        case "bytes", bytes() if size is None:
            return keccak(value)
        case "bytes", bytes() if size == len(value):
            return value.ljust(32, b"\0")
    raise TypeError(type_)


@cache
def snake(name: str) -> str:
    """Solidity's name of a field as Python's: "notBefore" is "not_before", "from" is "from_"."""
    snaked = re.sub(r"(?<=[a-z0-9])([A-Z])", r"_\1", name).lower()
    return f"{snaked}_" if iskeyword(snaked) else snaked


def as_hinted(value: Any, hint: Any) -> Any:
    """A number as the enumeration that a field's type is; anything else as it is. Raises ValueError."""
    return hint(value) if isinstance(hint, type) and issubclass(hint, Enum) else value


class Struct:
    """A struct type, stated as in Solidity: `Struct("Item", "bytes32 id, uint128[] amounts", uses=[…])`.

    `uses` are the structs that its fields name. Values are ints, bools, bytes, text, addresses, lists or
    tuples of them, and values of structs; nothing is padded, cut or converted.
    """

    def __init__(self, name: str, fields: str, *, uses: Iterable["Struct"] = ()) -> None:
        self.name = name
        self.fields = tuple(_field(text) for text in fields.split(","))
        self._uses = {used.name: used for used in uses}
        if len(dict(self.fields)) < len(self.fields):
            raise ValueError(f"{name} has two fields of the same name")
        structs = {core for _, type_ in self.fields if not _is_atomic(core := _core(type_))}
        if structs != self._uses.keys():
            raise ValueError(f"{name} names the structs {sorted(structs)} but uses {sorted(self._uses)}")

    def __repr__(self) -> str:
        return f"<Struct {self.type_text}>"

    @cached_property
    def structs(self) -> dict[str, "Struct"]:
        """This struct and all that it uses, by name."""
        found = {self.name: self}
        for used in self._uses.values():
            found |= used.structs
        return found

    @cached_property
    def type_text(self) -> str:
        """The type as EIP-712 writes it: this struct first, the others by name."""
        others = sorted(self.structs.keys() - {self.name})
        return "".join(self.structs[name].own_text for name in (self.name, *others))

    @cached_property
    def type_hash(self) -> bytes:
        """keccak256 of `type_text`."""
        return keccak(text=self.type_text)

    def hash(self, values: Values) -> bytes:
        """The EIP-712 hash of a value. Raises InvalidInput if a field is missing, unknown or out of range."""
        words = (self._word(type_, value, name) for name, type_, value in self._parts(values))
        return keccak(self.type_hash + b"".join(words))

    def as_json(self, values: Values) -> dict[str, Any]:
        """A value as wallets want it: numbers as decimal text, bytes as hex."""
        return {name: self._json(type_, value) for name, type_, value in self._parts(values)}

    @property
    def own_text(self) -> str:
        """The type without those that it uses."""
        return f"{self.name}({','.join(f'{type_} {name}' for name, type_ in self.fields)})"

    def _parts(self, values: Values) -> Iterable[tuple[str, str, Any]]:
        names = [name for name, _ in self.fields]
        if isinstance(values, Mapping):
            if set(values) != set(names):
                raise InvalidInput(f"a {self.name} has exactly the fields {', '.join(names)}")
            return [(name, type_, values[name]) for name, type_ in self.fields]
        if missing := [name for name in names if not hasattr(values, snake(name))]:
            raise InvalidInput(f"a {self.name} needs {', '.join(missing)}")
        return [(name, type_, getattr(values, snake(name))) for name, type_ in self.fields]

    def _word(self, type_: str, value: Any, name: str) -> bytes:
        if type_.endswith("]"):
            item, length = _array(type_)
            if not isinstance(value, list | tuple) or length not in (None, len(value)):
                raise InvalidInput(f"{self.name}.{name} is not a list that {type_} can hold")
            return keccak(b"".join(self._word(item, each, name) for each in value))
        if type_ in self._uses:
            return self._uses[type_].hash(value)
        try:
            return _atomic_word(type_, value)
        except (ValueError, TypeError, OverflowError, InvalidInput):
            pass
        raise InvalidInput(f"{self.name}.{name}: {printable(repr(value), 80)} is not a value of {type_}")

    def _json(self, type_: str, value: Any) -> Any:
        if type_.endswith("]"):
            return [self._json(_array(type_)[0], each) for each in value]
        if type_ in self._uses:
            return self._uses[type_].as_json(value)
        if isinstance(value, bytes):
            return f"0x{value.hex()}"
        return str(int(value)) if "int" in type_ else value


DOMAIN: Final = Struct(
    "EIP712Domain", "string name, string version, uint256 chainId, address verifyingContract"
)


@dataclass(frozen=True)
class Domain:
    """Which contract on which chain a signature is for."""

    name: str
    version: str
    chain_id: int
    verifying_contract: Address

    @cached_property
    def separator(self) -> bytes:
        """The domain's hash."""
        return DOMAIN.hash(self)

    def __str__(self) -> str:
        name, version = printable(self.name, 40), printable(self.version, 10)
        return f"{name} version {version} at {self.verifying_contract} on chain {self.chain_id}"


def domain_of(contract: str, chain_id: int, address: Address) -> Domain:
    """For which of Fabricant's contracts something is signed. `chain_id` is the chain of deployment."""
    return Domain(f"Fabricant {contract}", "1", chain_id, address)


@dataclass(frozen=True)
class Message:
    """What is signed: values of a struct, for one contract on one chain."""

    domain: Domain
    struct: Struct
    values: Values

    @cached_property
    def hash(self) -> bytes:
        """The hash of the values alone."""
        return self.struct.hash(self.values)

    @cached_property
    def digest(self) -> bytes:
        """The 32 bytes that are signed."""
        return keccak(b"\x19\x01" + self.domain.separator + self.hash)

    def as_json(self) -> dict[str, Any]:
        """The message as wallets take it (eth_signTypedData_v4)."""
        structs = {"EIP712Domain": DOMAIN} | self.struct.structs
        return {
            "types": {
                name: [{"name": field, "type": type_} for field, type_ in struct.fields]
                for name, struct in structs.items()
            },
            "primaryType": self.struct.name,
            "domain": DOMAIN.as_json(self.domain),
            "message": self.struct.as_json(self.values),
        }

    def lines(self) -> list[str]:
        """The message for the person who signs it: what for, then field by field, safe to show."""
        fields = self.struct.as_json(self.values)
        return [
            f"{self.struct.name} for {self.domain}",
            *(f"  {name}: {printable(str(value))}" for name, value in fields.items()),
        ]
