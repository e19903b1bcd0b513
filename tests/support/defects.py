"""Defects planted in the contracts, so that tests can show that they would notice.

Each is a small change of one source file, kept in a `defects.toml` beside the tests. Many are compiled in one
go and in memory: the compiler sees a second name for every file that a defect reaches, and the files of the
tree for the rest. Nothing is ever written to the tree.
"""

import hashlib
import json
import os
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fabricant.chain.build import REMAPPINGS, Sources
from fabricant.chain.solc import compile_standard, install_compiler
from fabricant.errors import InvalidInput

TOGETHER = 32  # defects in one compilation; with 130, the compiler runs out of memory
# By the invariants' letters.
CONTRACTS = {
    "AST": "AssetRegistry",
    "CAP": "CapacityMarket",
    "DIR": "Directory",
    "ESC": "SupplierEscrow",
    "PLG": "Pledge",
}
FOLDERS = {
    "AssetRegistry": "contracts/assets",
    "CapacityMarket": "contracts/capacity",
    "Directory": "contracts/directory",
    "Pledge": "contracts/periphery",
    "SupplierEscrow": "contracts/escrow",
}


@dataclass(frozen=True, slots=True)
class Defect:
    """A fault planted in a contract's folder: `old` becomes `new` in a file, and breaks what tests guard."""

    name: str
    breaks: str  # such as ESC-1, or the name of a symbolic check
    file: str
    old: str
    new: str
    planted_in: str = ""  # a contract, where it is not the invariant's and not the escrow

    @property
    def contract(self) -> str:
        """The contract that it breaks."""
        return self.planted_in or CONTRACTS.get(self.breaks.partition("-")[0], "SupplierEscrow")

    @property
    def source(self) -> str:
        """The file's source id."""
        return f"{FOLDERS[self.contract]}/{self.file}"

    @property
    def entry(self) -> str:
        """The contract's source id."""
        return f"{FOLDERS[self.contract]}/{self.contract}.sol"

    @property
    def slug(self) -> str:
        """The name, for files."""
        return "-".join(self.name.replace("'", "").replace(",", "").split())


def read_defects(file: Path) -> list[Defect]:
    """The defects of a TOML file."""
    return [Defect(**entry) for entry in tomllib.loads(file.read_text(encoding="utf-8"))["defect"]]


def plant(text: str, defect: Defect) -> str:
    """The source with the defect in it. Raises InvalidInput unless `old` stands in it exactly once."""
    found = text.count(defect.old)
    if found != 1:
        raise InvalidInput(
            f"defect '{defect.name}': its text stands {found} times in {defect.file}, not once: adapt it"
        )
    return text.replace(defect.old, defect.new)


def compile_defects(
    root: Path, defects: Sequence[Defect], folder: Path, *, entry: str | None = None
) -> Mapping[Defect, Path]:
    """An artifact of each defect's contract with the defect in it, in a folder of its own inside `folder`.

    `entry`: the source id of another contract that has the defect in it, such as a mock; it is named like its
    file. Compiles without the optimiser what was not compiled before from the same sources.
    """
    sources = Sources(root)
    files = {
        defect: folder / f"{defect.slug}-{_key(sources, defect, entry)}" / f"{_contract(defect, entry)}.json"
        for defect in defects
    }
    missing = [defect for defect in defects if not files[defect].exists()]
    if missing:
        solc = install_compiler(root)
        inputs = [
            _standard_input(sources, missing[start : start + TOGETHER], entry)
            for start in range(0, len(missing), TOGETHER)
        ]
        compiled: dict[str, Any] = {}
        with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
            for output in pool.map(lambda each: compile_standard(solc, each), inputs):
                compiled |= output["contracts"]
        for defect in missing:
            evm = compiled[f"{defect.slug}/{entry or defect.entry}"][_contract(defect, entry)]["evm"]
            write_bytecode(files[defect], "0x" + evm["bytecode"]["object"])
    return files


def write_bytecode(file: Path, bytecode: str) -> None:
    """Writes an artifact of which `vm.getCode` finds the bytecode, in Forge and in halmos."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps({"abi": [], "bytecode": {"object": bytecode}}), encoding="utf-8")


def _contract(defect: Defect, entry: str | None) -> str:
    return Path(entry).stem if entry else defect.contract


def _key(sources: Sources, defect: Defect, entry: str | None) -> str:
    """Changes with anything that the artifact is made of."""
    standard_input = _standard_input(sources, [defect], entry)
    return hashlib.sha256(json.dumps(standard_input, sort_keys=True).encode()).hexdigest()[:16]


def _standard_input(sources: Sources, defects: Sequence[Defect], entry: str | None) -> dict[str, Any]:
    texts: dict[str, str] = {}
    remappings = [f"{prefix}={place}" for prefix, place in sorted(REMAPPINGS.items())]
    for defect in defects:
        closure = sources.closure(entry or defect.entry)
        reached = {name for name in closure if defect.source in sources.closure(name)}
        texts |= {name: sources.text(name) for name in closure}
        texts |= dict(_copies(texts, defect, reached))
        remappings += [f"{defect.slug}/{name}={name}" for name in sorted(closure - reached)]
    return {
        "language": "Solidity",
        "sources": {name: {"content": text} for name, text in texts.items()},
        "settings": {
            "evmVersion": "cancun",
            "optimizer": {"enabled": False},
            "outputSelection": {
                f"{defect.slug}/{entry or defect.entry}": {_contract(defect, entry): ["evm.bytecode.object"]}
                for defect in defects
            },
            "remappings": remappings,
        },
    }


def _copies(texts: Mapping[str, str], defect: Defect, reached: set[str]) -> Iterator[tuple[str, str]]:
    """The files that a defect reaches, under a second name."""
    for name in sorted(reached):
        text = plant(texts[name], defect) if name == defect.source else texts[name]
        yield f"{defect.slug}/{name}", text
