"""House rules for the contracts. Each function returns the violations that it finds, as sentences."""

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from eth_utils.abi import abi_to_signature

from fabricant.artifacts import Artifact
from fabricant.chain.build import REMAPPINGS, Sources
from fabricant.chain.solc import compile_standard, install_compiler

RUNTIME_LIMIT = 24_576  # EIP-170
INITCODE_LIMIT = 49_152  # EIP-3860

# What each folder may import beside itself. Tests may do as they like.
MAY_IMPORT = {
    "directory": set(),
    "records": {"directory"},
    "assets": {"directory"},
    "escrow": {"assets", "directory"},
    "capacity": {"escrow", "assets", "directory"},
    "periphery": {"capacity", "escrow", "assets", "records", "directory"},
}
TESTS_ONLY = "mocks"
_DECLARATION = re.compile(r"^\s*(function|event|error)\s+(\w+)\s*\(", re.MULTILINE)


def _folder(source: str) -> str:
    return source.split("/")[1]


def _is_interface(source: str) -> bool:
    return bool(re.fullmatch(r"I[A-Z]\w*\.sol", Path(source).name))


def _shipped(sources: Sources) -> Iterator[str]:
    return (source for source in sources.ours() if _folder(source) != TESTS_ONLY)


def wrong_imports(root: Path) -> list[str]:
    """Calls run one way: capacity → escrow → assets → directory; nothing imports the periphery or a mock."""
    sources = Sources(root)
    return [
        f"{source} imports {target}: {_folder(source)} may not know {_folder(target)}"
        for source in _shipped(sources)
        for target in sources.imports(source)
        if target.startswith("contracts/")
        and _folder(target) not in MAY_IMPORT[_folder(source)] | {_folder(source)}
    ]


def misplaced_declarations(root: Path) -> list[str]:
    """Events and errors are declared in interfaces, where clients and the index find them."""
    sources = Sources(root)
    return [
        f"{source} declares {kind} {name}: move it to an interface"
        for source in _shipped(sources)
        if not _is_interface(source)
        for kind, name in _DECLARATION.findall(sources.code(source))
        if kind != "function"
    ]


def undocumented(root: Path) -> list[str]:
    """Every function, event and error of an interface has a notice: what it means to the one who uses it."""
    return [
        f"{source}: {entry['type']} {entry['name']} has no @notice"
        for source, compiled in interfaces(root).items()
        for entry in compiled["abi"]
        if not _has_notice(compiled["userdoc"], entry)
    ]


def interfaces(root: Path) -> dict[str, Mapping[str, Any]]:
    """What each shipped interface declares itself: source → abi and userdoc."""
    sources = Sources(root)
    ours = [source for source in _shipped(sources) if _is_interface(source)]
    needed = sorted({name for source in ours for name in sources.closure(source)})
    answer = compile_standard(
        install_compiler(root),
        {
            "language": "Solidity",
            "sources": {name: {"content": sources.text(name)} for name in needed},
            "settings": {
                "outputSelection": {source: {"*": ["abi", "userdoc"]} for source in ours},
                "remappings": [f"{prefix}={place}" for prefix, place in REMAPPINGS.items()],
            },
        },
    )
    return {
        source: {"abi": _own(sources.code(source), compiled["abi"]), "userdoc": compiled["userdoc"]}
        for source in ours
        for compiled in answer["contracts"].get(source, {}).values()
    }


def _own(code: str, abi: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Without what an interface inherits, such as a standard's functions."""
    declared = set(_DECLARATION.findall(code))
    return [entry for entry in abi if (entry["type"], entry.get("name")) in declared]


def _has_notice(userdoc: Mapping[str, Any], entry: Any) -> bool:
    place = {"function": "methods", "event": "events", "error": "errors"}[entry["type"]]
    found = userdoc.get(place, {}).get(abi_to_signature(entry), {})
    return bool((found[0] if isinstance(found, list) else found).get("notice"))


def oversized(artifacts: Iterable[Artifact]) -> list[str]:
    """Contracts too large to deploy with room to spare."""
    problems = []
    for artifact in artifacts:
        if len(artifact.deployed) >= RUNTIME_LIMIT:
            problems.append(
                f"{artifact.name}: {len(artifact.deployed):,} bytes at run time; below {RUNTIME_LIMIT:,}"
            )
        if len(artifact.bytecode) >= INITCODE_LIMIT:
            problems.append(
                f"{artifact.name}: {len(artifact.bytecode):,} bytes of initcode; below {INITCODE_LIMIT:,}"
            )
    return problems
