"""Compiles `contracts/` into the artifacts that ship with the package.

Each source file is compiled alone with everything that it imports, and this closure, as the compiler's
standard-JSON input, is the key of the cache: an edit compiles again only what imports the edited file. The
bytes written depend on that input alone, so that anybody can reproduce them and `check` can compare them.
"""

import hashlib
import json
import os
import posixpath
import re
import threading
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fabricant.artifacts import Artifact
from fabricant.chain.solc import VERSION, CompileError, compile_standard, install_compiler
from fabricant.errors import InvalidInput, NotFound, VerificationFailed

REMAPPINGS = {
    "@openzeppelin/contracts": "lib/@openzeppelin/contracts",
    "solady": "lib/solady/src",
}
MOCKS = "contracts/mocks"

_OUTPUTS = (
    "abi",
    "devdoc",
    "evm.bytecode.object",
    "evm.deployedBytecode.immutableReferences",
    "evm.deployedBytecode.object",
    "evm.methodIdentifiers",
    "metadata",
    "storageLayout",
    "userdoc",
)
_COMMENTS_AND_STRINGS = re.compile(r"""("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|//[^\n]*|/\*.*?\*/""", re.DOTALL)
_IMPORT = re.compile(r"""\bimport\b[^;"']*["']([^"']+)["']""")
_CONTRACT = re.compile(r"^contract\s+(\w+)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Unit:
    """One source file to compile, with its closure. `contracts` are the deployable ones that it declares."""

    source: str
    contracts: tuple[str, ...]
    input: Mapping[str, Any]

    @property
    def key(self) -> str:
        """Names the result in the cache: two units with the same key compile to the same bytes."""
        return hashlib.sha256(f"{VERSION}\n{json.dumps(self.input, sort_keys=True)}".encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class _Result:
    unit: Unit
    output: Mapping[str, Any]
    cached: bool


@dataclass(frozen=True, slots=True)
class Built:
    """One artifact of a build, where it lies, and whether the build changed the file."""

    artifact: Artifact
    file: Path
    changed: bool


@dataclass(frozen=True, slots=True)
class Report:
    """What a build did. `compiled` are the sources that were not in the cache."""

    built: tuple[Built, ...]
    compiled: tuple[str, ...]
    warnings: tuple[str, ...]


def find_project(start: Path | None = None) -> Path:
    """The clone of Fabricant around `start` (the working folder); `NotFound` outside of one."""
    folder = (start or Path.cwd()).resolve()
    for root in (folder, *folder.parents):
        if (root / "contracts").is_dir() and (root / "foundry.toml").is_file():
            return root
    raise NotFound("this folder is not in a clone of Fabricant: only there are contracts to build")


def build(root: Path, *, only: Iterable[str] = (), fast: bool = False, check: bool = False) -> Report:
    """Compile the contracts of the project at `root` and write the artifacts that differ.

    `only` names contracts or source files; nothing else is then touched. `fast` leaves the optimiser out and
    writes to `.build/fast`. `check` writes nothing and raises `VerificationFailed` if a packaged artifact is
    not what its source compiles to. Raises `CompileError` once everything that does compile is written.
    """
    units = _units(root, tuple(only), fast=fast)
    if check:
        units = [unit for unit in units if not _is_mock(unit)]
    results, diagnostics = _compile(root, units)
    texts = {
        _folder(root, result.unit, fast=fast) / f"{name}.json": _render(result, name)
        for result in results
        for name in result.unit.contracts
    }
    stale = {file for file, text in texts.items() if not file.exists() or file.read_text() != text}
    leftover = set() if only or fast or diagnostics else _leftovers(root, texts)
    if not check:
        _apply({file: texts[file] for file in stale}, leftover)
    if diagnostics:
        raise CompileError(diagnostics)
    if check:
        _require_fresh(stale | leftover)
    return Report(
        built=tuple(Built(Artifact.parse(text), file, file in stale) for file, text in texts.items()),
        compiled=tuple(result.unit.source for result in results if not result.cached),
        warnings=tuple(dict.fromkeys(warning for result in results for warning in _warnings(result.output))),
    )


class Sources:
    """Reads Solidity files by source id: the path from the project's root, with remappings applied."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._texts: dict[str, str] = {}
        self._imports: dict[str, tuple[str, ...]] = {}

    def ours(self) -> list[str]:
        """Every file under contracts/, sorted."""
        return sorted(
            file.relative_to(self._root).as_posix() for file in (self._root / "contracts").rglob("*.sol")
        )

    def text(self, source: str) -> str:
        """The file as it is."""
        if source not in self._texts:
            self._texts[source] = (self._root / source).read_text(encoding="utf-8")
        return self._texts[source]

    def code(self, source: str) -> str:
        """The text without comments."""
        return _COMMENTS_AND_STRINGS.sub(lambda match: match[1] or " ", self.text(source))

    def imports(self, source: str) -> tuple[str, ...]:
        """The source ids that the file itself imports."""
        if source not in self._imports:
            targets = _IMPORT.findall(self.code(source))
            self._imports[source] = tuple(_resolve(source, target) for target in targets)
        return self._imports[source]

    def closure(self, source: str) -> set[str]:
        """The file and everything that it imports. The compiler will complain about what does not exist."""
        found: set[str] = set()
        waiting = [source]
        while waiting:
            here = waiting.pop()
            if here not in found and (self._root / here).is_file():
                found.add(here)
                waiting.extend(self.imports(here))
        return found


def _resolve(importer: str, target: str) -> str:
    if target.startswith("."):
        return posixpath.normpath(posixpath.join(posixpath.dirname(importer), target))
    for prefix, place in REMAPPINGS.items():
        if target.startswith(f"{prefix}/"):
            return place + target.removeprefix(prefix)
    return target


def _units(root: Path, only: Sequence[str], *, fast: bool) -> list[Unit]:
    """The sources named in `only`, or else all that declare a contract or that nothing else would compile."""
    sources = Sources(root)
    files = sources.ours()
    contracts = {source: tuple(_CONTRACT.findall(sources.code(source))) for source in files}
    _require_unique(contracts)
    if only:
        chosen = _named(contracts, only)
    else:
        imported = {name for source in files for name in sources.closure(source) if name != source}
        chosen = [source for source in files if contracts[source] or source not in imported]
    return [_unit(sources, source, contracts[source], fast=fast) for source in chosen]


def _unit(sources: Sources, source: str, contracts: tuple[str, ...], *, fast: bool) -> Unit:
    texts = {name: sources.text(name) for name in sorted(sources.closure(source))}
    return Unit(source, contracts, _standard_input(source, texts, fast=fast))


def _named(contracts: Mapping[str, tuple[str, ...]], only: Sequence[str]) -> list[str]:
    known = {name: source for source, names in contracts.items() for name in (source, *names)}
    for name in only:
        if name not in known:
            raise NotFound(
                f"there is no contract {name!r} and no such file: name one, or its path from the root"
            )
    return sorted({known[name] for name in only})


def _require_unique(contracts: Mapping[str, tuple[str, ...]]) -> None:
    places: dict[str, str] = {}
    for source, names in contracts.items():
        for name in names:
            if name in places:
                raise InvalidInput(
                    f"contract {name} is declared in {places[name]} and in {source}: rename one"
                )
            places[name] = source


def _standard_input(source: str, texts: Mapping[str, str], *, fast: bool) -> dict[str, Any]:
    return {
        "language": "Solidity",
        "sources": {name: {"content": text} for name, text in texts.items()},
        "settings": {
            "evmVersion": "cancun",
            "optimizer": {"enabled": not fast, "runs": 200},
            "outputSelection": {source: {"*": list(_OUTPUTS)}, "*": {"": ["ast"]}},
            "remappings": [f"{prefix}={place}" for prefix, place in sorted(REMAPPINGS.items())],
        },
    }


def _is_mock(unit: Unit) -> bool:
    return unit.source.startswith(f"{MOCKS}/")


def _compile(root: Path, units: Sequence[Unit]) -> tuple[list[_Result], tuple[str, ...]]:
    """Every unit's output, from the cache or the compiler, and the errors of those that have none."""

    def attempt(unit: Unit) -> _Result | CompileError:
        try:
            return _compile_unit(root, unit)
        except CompileError as error:
            return error

    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        outcomes = list(pool.map(attempt, units))
    errors = [outcome for outcome in outcomes if isinstance(outcome, CompileError)]
    diagnostics = dict.fromkeys(text for error in errors for text in error.diagnostics)
    return [outcome for outcome in outcomes if isinstance(outcome, _Result)], tuple(diagnostics)


def _compile_unit(root: Path, unit: Unit) -> _Result:
    cached = root / ".cache" / "build" / f"{unit.key}.json"
    if cached.exists():
        return _Result(unit, json.loads(cached.read_text()), cached=True)
    output = compile_standard(install_compiler(root), dict(unit.input))
    output["immutables"] = _immutable_names(output.pop("sources"))
    _write(cached, json.dumps(output))
    return _Result(unit, output, cached=False)


def _immutable_names(sources: Mapping[str, Any]) -> dict[str, str]:
    """The names of immutable variables by their number, which is all that compiled code calls them by."""
    contracts = (node for source in sources.values() for node in source["ast"]["nodes"])
    members = (member for contract in contracts for member in contract.get("nodes", ()))
    immutables = (member for member in members if member.get("mutability") == "immutable")
    return {str(member["id"]): member["name"] for member in immutables}


def _folder(root: Path, unit: Unit, *, fast: bool) -> Path:
    if fast:
        return root / ".build" / "fast"
    return root / ".build" / "mocks" if _is_mock(unit) else root / "src" / "fabricant" / "artifacts"


def _render(result: _Result, name: str) -> str:
    compiled = result.output["contracts"][result.unit.source][name]
    evm = compiled["evm"]
    places = {
        result.output["immutables"][number]: sorted([place["start"], place["length"]] for place in found)
        for number, found in evm["deployedBytecode"]["immutableReferences"].items()
    }
    artifact = {
        "name": name,
        "source": result.unit.source,
        "abi": compiled["abi"],
        "bytecode": "0x" + evm["bytecode"]["object"],
        "deployedBytecode": "0x" + evm["deployedBytecode"]["object"],
        "immutables": dict(sorted(places.items())),
        "methodIdentifiers": evm["methodIdentifiers"],
        "storageLayout": compiled["storageLayout"],
        "devdoc": compiled["devdoc"],
        "userdoc": compiled["userdoc"],
        "compiler": json.loads(compiled["metadata"])["compiler"]["version"],
        "input": result.unit.input,
    }
    return json.dumps(artifact, indent=1, ensure_ascii=False) + "\n"


def _warnings(output: Mapping[str, Any]) -> list[str]:
    """What the compiler warns of in our own sources; libraries are not ours to change."""
    ours = (
        entry
        for entry in output.get("errors", ())
        if entry.get("sourceLocation", {}).get("file", "").startswith("contracts/")
    )
    return [entry["formattedMessage"] for entry in ours if entry["severity"] == "warning"]


def _leftovers(root: Path, texts: Mapping[Path, str]) -> set[Path]:
    return set((root / "src" / "fabricant" / "artifacts").glob("*.json")) - texts.keys()


def _require_fresh(wrong: set[Path]) -> None:
    if wrong:
        found = ", ".join(sorted(file.stem for file in wrong))
        raise VerificationFailed(
            f"these artifacts are not what the sources compile to: {found}; run `fabricant build`"
        )


def _apply(texts: Mapping[Path, str], leftover: Iterable[Path]) -> None:
    for file, text in texts.items():
        _write(file, text)
    for file in leftover:
        file.unlink()


def _write(file: Path, text: str) -> None:
    """Whole or not at all, so that builds may run side by side."""
    file.parent.mkdir(parents=True, exist_ok=True)
    temporary = file.with_suffix(f".{os.getpid()}-{threading.get_ident()}")
    temporary.write_text(text, encoding="utf-8")
    temporary.replace(file)
