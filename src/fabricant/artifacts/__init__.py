"""The compiled contracts that ship with the package.

The build writes one JSON file for each contract; `load` reads it, so an installed `fabricant` never needs a
compiler. Each file carries the compiler's whole input, so that anybody can compile it again and compare. The
files are generated: edit the contract, never the artifact.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Self

from eth_typing import ABI

from fabricant.errors import NotFound


@dataclass(frozen=True, slots=True)
class Artifact:
    """One compiled contract.

    `deployed` is the runtime code before the constructor fills in its immutables; `immutables` says in which
    byte ranges (start, length) each of them stands. `methods` maps signatures such as ``"f(uint256)"`` to
    their selectors.
    """

    name: str
    source: str
    abi: ABI
    bytecode: bytes
    deployed: bytes
    immutables: Mapping[str, tuple[tuple[int, int], ...]]
    methods: Mapping[str, bytes]
    layout: Mapping[str, Any]
    docs: Mapping[str, Any]
    compiler: str
    input: Mapping[str, Any]

    @classmethod
    def parse(cls, text: str | bytes) -> Self:
        """The artifact that the build wrote as `text`."""
        raw = json.loads(text)
        return cls(
            name=raw["name"],
            source=raw["source"],
            abi=raw["abi"],
            bytecode=bytes.fromhex(raw["bytecode"][2:]),
            deployed=bytes.fromhex(raw["deployedBytecode"][2:]),
            immutables={
                name: tuple((start, length) for start, length in places)
                for name, places in raw["immutables"].items()
            },
            methods={signature: bytes.fromhex(x) for signature, x in raw["methodIdentifiers"].items()},
            layout=raw["storageLayout"],
            docs={"dev": raw["devdoc"], "user": raw["userdoc"]},
            compiler=raw["compiler"],
            input=raw["input"],
        )

    def matches(self, code: bytes) -> bool:
        """Whether `code`, read from a chain, is this contract: equal outside the immutables."""
        return len(code) == len(self.deployed) and self._blank(code) == self._blank(self.deployed)

    def _blank(self, code: bytes) -> bytes:
        return self.fill(code, dict.fromkeys(self.immutables, bytes(32)))

    def fill(self, code: bytes, values: Mapping[str, bytes]) -> bytes:
        """`code` with these values, of 32 bytes each, in the places of the immutables."""
        filled = bytearray(code)
        for name, value in values.items():
            for start, length in self.immutables[name]:
                filled[start : start + length] = value
        return bytes(filled)


@cache
def load(name: str) -> Artifact:
    """The packaged artifact of the contract called `name`; raises `NotFound` if there is none."""
    file = files(__name__) / f"{name}.json"
    if name not in names():
        raise NotFound(f"no contract {name!r} ships with this package; there are: {', '.join(names())}")
    return Artifact.parse(file.read_bytes())


@cache
def names() -> tuple[str, ...]:
    """The names of all packaged contracts, sorted."""
    found = (
        file.name.removesuffix(".json") for file in files(__name__).iterdir() if file.name.endswith(".json")
    )
    return tuple(sorted(found))
