"""Defects planted in the escrow, so that tests can show that they would notice.

Each is a small change of one source file, kept in a `defects.toml` beside the tests. All are compiled in one
go and in memory: the compiler sees a second name for every file that a defect reaches, and the files of the
tree for the rest. Nothing is ever written to the tree.
"""

import hashlib
import json
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fabricant.chain.build import REMAPPINGS, Sources
from fabricant.chain.solc import compile_standard, install_compiler
from fabricant.errors import InvalidInput

ESCROW = "contracts/escrow/SupplierEscrow.sol"


@dataclass(frozen=True, slots=True)
class Defect:
    """A fault planted in a file of `contracts/escrow`: `old` becomes `new`, which breaks what tests guard."""

    name: str
    breaks: str  # such as ESC-1, or the name of a symbolic check
    file: str
    old: str
    new: str

    @property
    def source(self) -> str:
        """The file's source id."""
        return f"contracts/escrow/{self.file}"

    @property
    def slug(self) -> str:
        """The name, for files."""
        return "-".join(self.name.replace("'", "").split())


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
    root: Path, defects: Sequence[Defect], folder: Path, *, contract: str = ESCROW
) -> Mapping[Defect, Path]:
    """An artifact of the contract with each defect, in a folder of their own inside `folder`.

    `contract` is the file of the same name. Compiles without the optimiser, and only if the sources or the
    defects changed.
    """
    standard_input = _standard_input(Sources(root), defects, contract)
    name = Path(contract).stem
    key = hashlib.sha256(json.dumps(standard_input, sort_keys=True).encode()).hexdigest()
    files = {defect: folder / key[:16] / defect.slug / f"{name}.json" for defect in defects}
    if not all(file.exists() for file in files.values()):
        output = compile_standard(install_compiler(root), standard_input)
        for defect, file in files.items():
            evm = output["contracts"][f"{defect.slug}/{contract}"][name]["evm"]
            write_bytecode(file, "0x" + evm["bytecode"]["object"])
    return files


def write_bytecode(file: Path, bytecode: str) -> None:
    """Write an artifact of which `vm.getCode` finds the bytecode, in Forge and in halmos."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps({"abi": [], "bytecode": {"object": bytecode}}), encoding="utf-8")


def _standard_input(sources: Sources, defects: Sequence[Defect], contract: str) -> dict[str, Any]:
    closure = sources.closure(contract)
    texts = {name: sources.text(name) for name in sorted(closure)}
    remappings = [f"{prefix}={place}" for prefix, place in sorted(REMAPPINGS.items())]
    for defect in defects:
        reached = {name for name in closure if defect.source in sources.closure(name)}
        texts |= dict(_copies(texts, defect, reached))
        remappings += [f"{defect.slug}/{name}={name}" for name in sorted(closure - reached)]
    return {
        "language": "Solidity",
        "sources": {name: {"content": text} for name, text in texts.items()},
        "settings": {
            "evmVersion": "cancun",
            "optimizer": {"enabled": False},
            "outputSelection": {
                f"{defect.slug}/{contract}": {Path(contract).stem: ["evm.bytecode.object"]}
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
