"""Errors and events of every contract in the tests, by the ABIs that were deployed."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from eth_utils.crypto import keccak

from fabricant.chain.abi import decode_strictly
from fabricant.chain.answers import Log
from fabricant.domain.units import Address

Abi = Iterable[Mapping[str, Any]]

_BUILT_IN: Abi = (
    {"type": "error", "name": "Error", "inputs": [{"name": "message", "type": "string"}]},
    {"type": "error", "name": "Panic", "inputs": [{"name": "code", "type": "uint256"}]},
)


@dataclass(frozen=True)
class Said:
    """An error or an event, with its name and all its arguments."""

    name: str
    arguments: Mapping[str, Any]

    def __repr__(self) -> str:
        shown = (f"{name}={_readable(value)}" for name, value in self.arguments.items())
        return f"{self.name}({', '.join(shown)})"


@dataclass(frozen=True)
class Event(Said):
    """An event and the contract that emitted it."""

    emitter: Address


class Vocabulary:
    """What the deployed contracts can say."""

    def __init__(self) -> None:
        self._errors: dict[bytes, Mapping[str, Any]] = {}
        self._events: dict[tuple[bytes, int], Mapping[str, Any]] = {}  # by hash and number of topics
        self.learn(_BUILT_IN)

    def learn(self, abi: Abi) -> None:
        """Adds a contract's errors and events."""
        for entry in abi:
            if entry["type"] == "error":
                self._errors[keccak(text=signature(entry))[:4]] = entry
            elif entry["type"] == "event" and not entry.get("anonymous"):
                topics = 1 + sum(each["indexed"] for each in entry["inputs"])
                self._events[keccak(text=signature(entry)), topics] = entry

    def has_error(self, name: str) -> bool:
        """Whether any contract has an error of this name."""
        return any(entry["name"] == name for entry in self._errors.values())

    def error(self, data: bytes) -> Said:
        """The error that revert data encodes; undeclared data is named as such."""
        entry = self._errors.get(data[:4])
        if entry is None:
            return Said("undeclared" if data else "no reason", {"data": data} if data else {})
        return Said(entry["name"], _named(entry["inputs"], data[4:]))

    def event(self, log: Log) -> Event:
        """The event that a log encodes. Indexed dynamic values stay hashes."""
        entry = self._events[log.topics[0], len(log.topics)]
        indexed = iter(log.topics[1:])
        plain = _named([each for each in entry["inputs"] if not each["indexed"]], log.data)
        arguments = {
            each["name"]: _topic(each, next(indexed)) if each["indexed"] else plain[each["name"]]
            for each in entry["inputs"]
        }
        return Event(entry["name"], arguments, log.address)


def type_of(parameter: Mapping[str, Any]) -> str:
    """The canonical type of an ABI parameter: structs as tuples."""
    kind: str = parameter["type"]
    if not kind.startswith("tuple"):
        return kind
    return f"({','.join(map(type_of, parameter['components']))}){kind.removeprefix('tuple')}"


def signature(entry: Mapping[str, Any]) -> str:
    """The canonical signature of an ABI entry."""
    return f"{entry['name']}({','.join(map(type_of, entry['inputs']))})"


def _named(parameters: Iterable[Mapping[str, Any]], data: bytes) -> dict[str, Any]:
    listed = list(parameters)
    values = decode_strictly([type_of(each) for each in listed], data)
    return {each["name"]: value for each, value in zip(listed, values, strict=True)}


def _topic(parameter: Mapping[str, Any], topic: bytes) -> Any:
    kind = type_of(parameter)
    hashed = kind in ("string", "bytes") or kind.endswith(("]", ")"))
    return topic if hashed else decode_strictly([kind], topic)[0]


def _readable(value: Any) -> str:
    return f"0x{value.hex()}" if isinstance(value, bytes) else repr(value)


VOCABULARY = Vocabulary()
