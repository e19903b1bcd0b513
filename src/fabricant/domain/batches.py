"""Production runs: any number of units under one hash, each of which can become a token of its own.

A run is a list of registrations in one namespace. The registry is given the root of their Merkle tree, in
OpenZeppelin's standard layout, with one transaction for any number of units. Later, whoever has the list
proves a unit, and the registry makes it a token: once, for the owner that was named from the start.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any, Final, NewType

from eth_hash.auto import keccak

from fabricant.domain.assets import NO_TWIN, NO_UNIT, AssetId, Kind, Namespace, Registration, parse_unit
from fabricant.domain.merkle import Leaf, MerkleTree, Root, leaf_of
from fabricant.domain.units import UnixSeconds, parse_address, printable
from fabricant.errors import InvalidInput, VerificationFailed

BatchId = NewType("BatchId", int)  # 256 bits

NO_ORIGIN: Final = AssetId(0)
LARGEST_LINE: Final = 2**14  # bytes of a unit in a file, so that no nesting of JSON exhausts the stack
_FORMAT: Final = "fabricant-batch/1"
_WORD: Final = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """What the registry is told of a run. `origin` is an asset that it was made of, such as a lot."""

    namespace: Namespace
    root: Root
    count: int  # how many units may come out of it, below 2**64
    origin: AssetId = NO_ORIGIN

    @property
    def id(self) -> BatchId:
        """What the registry calls it: a hash of all four."""
        words = (self.namespace, self.root, _word(self.count), _word(self.origin))
        return BatchId(int.from_bytes(keccak(b"".join(words))))


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a batch has become tokens."""

    committed_at: UnixSeconds  # zero: never
    serialised: int  # units that have a token of their own
    recalled: bool  # a notice covered it at some time; the Genealogy knows which


@dataclass(frozen=True)
class Run:
    """The units of a run, in the order of their list."""

    namespace: Namespace
    units: tuple[Registration, ...]
    origin: AssetId = NO_ORIGIN

    def __post_init__(self) -> None:
        """Raises InvalidInput for no unit, one that the registry would refuse, or a local id twice."""
        for unit in self.units:
            unit.check()
        if len(self._places) < len(self.units):
            twice = next(
                unit for place, unit in enumerate(self.units) if self._places[unit.local_id] != place
            )
            raise InvalidInput(f"{twice.local_id} is in the run twice; a local id is one unit's")
        if not self.units:
            raise InvalidInput("a run needs at least one unit")

    @cached_property
    def batch(self) -> Batch:
        """What is committed. Hashes the whole run at the first time."""
        return Batch(
            namespace=self.namespace, root=self._tree.root, count=len(self.units), origin=self.origin
        )

    def unit(self, local_id: str) -> Registration:
        """The unit of this local id. Raises InvalidInput if the run has none."""
        return self.units[self._place(local_id)]

    def prove(self, local_id: str) -> tuple[bytes, ...]:
        """The proof that a unit is in the run. Raises InvalidInput if the run has none of this local id."""
        return self._tree.prove(self._place(local_id))

    def serialise(self) -> Iterator[bytes]:
        """The lines of its file, one JSON object each: what it is, then its units."""
        batch = self.batch
        head = {
            "format": _FORMAT,
            "namespace": f"0x{batch.namespace.hex()}",
            "root": f"0x{batch.root.hex()}",
            "count": batch.count,
            "origin": f"{batch.origin:#066x}",
        }
        for each in (head, *map(_told, self.units)):
            yield json.dumps(each, separators=(",", ":")).encode() + b"\n"

    @classmethod
    def parse(cls, lines: Iterable[bytes]) -> "Run":
        """Reads the lines of a file, and hashes the whole run.

        Raises InvalidInput for what is no such file, VerificationFailed if it is not what it says it is.
        """
        numbered = enumerate(lines, 1)
        head = _read(*next(numbered, (1, b"")))
        if head.get("format") != _FORMAT:
            raise InvalidInput(f"this is no file of a batch; its first line would say {_FORMAT}")
        units = tuple(_unit(number, _read(number, line)) for number, line in numbered)
        try:
            run = cls(Namespace(_hash(head["namespace"])), units, AssetId(int(str(head["origin"]), 16)))
            claimed = (head["root"], head["count"])
        except (KeyError, ValueError):
            raise InvalidInput("line 1 does not say namespace, root, count and origin of the batch") from None
        if claimed != (f"0x{run.batch.root.hex()}", run.batch.count):
            raise VerificationFailed("the units are not those that line 1 commits to; get the file anew")
        return run

    def _place(self, local_id: str) -> int:
        if (place := self._places.get(local_id)) is None:
            raise InvalidInput(f"the run has no unit {printable(local_id, 60)}")
        return place

    @cached_property
    def _places(self) -> dict[str, int]:
        return {unit.local_id: place for place, unit in enumerate(self.units)}

    @cached_property
    def _tree(self) -> MerkleTree:
        return MerkleTree([leaf_of_unit(unit) for unit in self.units])


def leaf_of_unit(unit: Registration) -> Leaf:
    """A unit's leaf in a standard tree of (string, uint8, address, uint128, bytes3, bytes32, string).

    The encoding of the ABI, written out, because a library takes ten times as long for a million units.
    """
    local_id, uri = _text(unit.local_id), _text(unit.uri)
    head = (
        _word(7 * _WORD),
        _word(unit.kind),
        bytes.fromhex(unit.owner[2:]).rjust(_WORD, b"\0"),
        _word(unit.quantity),
        unit.unit.ljust(_WORD, b"\0"),
        unit.twin,
        _word(7 * _WORD + len(local_id)),
    )
    return leaf_of(keccak(b"".join((*head, local_id, uri))))


def _word(number: int) -> bytes:
    return number.to_bytes(_WORD)


def _text(text: str) -> bytes:
    raw = text.encode()
    return _word(len(raw)) + raw + bytes(-len(raw) % _WORD)


def _told(unit: Registration) -> dict[str, object]:
    """A unit as its line says it: what it has not, is left out."""
    told: dict[str, object] = {
        "localId": unit.local_id,
        "kind": unit.kind.name.lower(),
        "owner": unit.owner,
    }
    if unit.kind is Kind.LOT:
        told |= {"quantity": str(unit.quantity), "unit": unit.unit.rstrip(b"\0").decode()}
    if unit.twin != NO_TWIN:
        told["twin"] = f"0x{unit.twin.hex()}"
    return told | ({"uri": unit.uri} if unit.uri else {})


_FIELDS: Final = frozenset({"localId", "kind", "owner", "quantity", "unit", "twin", "uri"})


def _unit(number: int, told: dict[str, Any]) -> Registration:
    if not {"localId", "kind", "owner"} <= told.keys() <= _FIELDS:
        raise InvalidInput(f"line {number} has not the fields of a unit: {', '.join(sorted(_FIELDS))}")
    try:
        return Registration(
            local_id=str(told["localId"]),
            kind=Kind[str(told["kind"]).upper()],
            owner=_owner(str(told["owner"])),
            quantity=int(str(told.get("quantity", "1"))),
            unit=parse_unit(str(told["unit"])) if "unit" in told else NO_UNIT,
            twin=_hash(told["twin"]) if "twin" in told else NO_TWIN,
            uri=str(told.get("uri", "")),
        )
    except (KeyError, ValueError, InvalidInput) as wrong:
        raise InvalidInput(f"line {number} is no unit: {printable(str(wrong), 200)}") from None


_owner = lru_cache(parse_address)  # a run has few, and each has a checksum


def _read(number: int, line: bytes) -> dict[str, Any]:
    try:
        told = json.loads(line) if len(line) <= LARGEST_LINE else None
    except (ValueError, RecursionError):
        told = None
    if not isinstance(told, dict):
        raise InvalidInput(f"line {number} is no JSON object; is this the file of a batch?")
    return told


def _hash(text: object) -> bytes:
    raw = bytes.fromhex(str(text).removeprefix("0x"))
    if len(raw) != _WORD:
        raise ValueError("a hash has 64 digits")
    return raw
