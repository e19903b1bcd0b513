"""Measures which lines and branches of the contracts the contract tests execute.

The tests run against contracts compiled without the optimiser, so that every instruction belongs to one
place of the source, and a tracer notes each executed instruction. A line is covered if every statement that
begins on it was executed; a branch is one way that one condition (if, ternary, &&, ||, loop, try) can go.

Files under contracts/assets, contracts/directory and contracts/escrow must have all lines and 98 % of their
branches. What cannot be covered is listed with its reason in tests/coverage.toml; an entry that matches
nothing missed is an error, so that the list never says more than it must.
"""

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tomllib
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from fabricant.artifacts import Artifact
from fabricant.chain.build import build
from fabricant.chain.solc import compile_standard, install_compiler

ROOT = Path(__file__).resolve().parent.parent
WORK = ROOT / ".build" / "coverage"
TRACES = WORK / "traces"
EXCEPTIONS = ROOT / "tests" / "coverage.toml"
GATED = ("contracts/assets/", "contracts/capacity/", "contracts/directory/", "contracts/escrow/")
LEAST_LINES, LEAST_BRANCHES = 1.0, 0.98

Traces = Mapping[str, set[str]]  # "<metadata hash> runtime" → "17" executed, "17t"/"17f" jumped or not
Place = tuple[str, int, int]  # source file, first byte, length

_OUTPUTS = ["evm.bytecode", "evm.deployedBytecode"]
_BLOCKS = ("Block", "UncheckedBlock", "PlaceholderStatement", "InlineAssembly", "YulBlock")
_BRANCHING = ("IfStatement", "Conditional", "ForStatement", "WhileStatement", "TryStatement", "YulIf")
_BODIES = ("statements", "trueBody", "falseBody", "body", "initializationExpression", "loopExpression")
_JUMPI = 0x57
_METADATA = "a2646970667358221220"  # what stands before the hash


class Exemption(BaseModel):
    """A line that the tests cannot cover wholly, and why. `source` is the text of the line."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    file: str
    source: str
    reason: str = Field(min_length=1)


@dataclass(slots=True)
class Coverage:
    """One file: its statements and its branches by place, and whether they were taken."""

    text: bytes
    statements: dict[Place, bool] = field(default_factory=dict)
    branches: dict[tuple[Place, str], bool] = field(default_factory=dict)

    def line(self, place: Place) -> int:
        """The line on which a place begins, from 1."""
        return self.text.count(b"\n", 0, place[1]) + 1

    def lines(self) -> dict[int, bool]:
        """Every line on which a statement begins, and whether all of these were executed."""
        found: dict[int, bool] = {}
        for place, taken in self.statements.items():
            found[self.line(place)] = found.get(self.line(place), True) and taken
        return dict(sorted(found.items()))

    def missed(self) -> Iterator[tuple[int, str]]:
        """Line and what is missed there."""
        yield from ((line, "line") for line, taken in self.lines().items() if not taken)
        for (place, way), taken in self.branches.items():
            if not taken:
                condition = self.text[place[1] : place[1] + place[2]].decode().split("\n")[0]
                yield self.line(place), f"{'a jump' if way == 't' else 'no jump'} at {condition}"

    def source(self, line: int) -> str:
        """The text of a line."""
        return self.text.splitlines()[line - 1].decode().strip()


def main() -> None:
    """Run the tests, print the table, exit with 1 if anything falls short."""
    options = _options()
    if not options.keep:
        run_tests(options.tests, workers=options.workers)
    files = measure(read_artifacts(), read_traces(TRACES))
    exemptions = [Exemption(**entry) for entry in tomllib.loads(EXCEPTIONS.read_text()).get("exception", [])]
    show(files)
    problems = judge(files, exemptions)
    for problem in problems:
        print(problem)
    sys.exit(1 if problems else 0)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description="Lines and branches of the contracts that the contract tests execute.",
        epilog=f"Exceptions, each with its reason: {EXCEPTIONS.relative_to(ROOT)}",
    )
    parser.add_argument("tests", nargs="*", default=["tests/contracts"], help="default: tests/contracts")
    parser.add_argument("--keep", action="store_true", help="judge the traces of the last run again")
    parser.add_argument("--workers", default="2", help="test processes (default: %(default)s)")
    return parser.parse_args()


def run_tests(tests: Sequence[str], *, workers: str) -> None:
    """Runs the tests under the tracer, on contracts that are not optimised. Ends if one fails."""
    shutil.rmtree(TRACES, ignore_errors=True)
    TRACES.mkdir(parents=True)
    environment = os.environ | {"FABRICANT_FAST": "1", "FABRICANT_TRACES": str(TRACES)}
    command = ("-m", "pytest", "--quiet", "-n", workers, "--dist", "worksteal", "-p", "tests.support.tracing")
    if subprocess.run([sys.executable, *command, *tests], cwd=ROOT, env=environment, check=False).returncode:
        sys.exit("a test failed on the contracts without optimiser: there is no figure before it passes")


def read_artifacts() -> list[Artifact]:
    """Everything under contracts/, without optimiser, as the tests deploy it."""
    return [built.artifact for built in build(ROOT, fast=True).built]


def read_traces(folder: Path) -> Traces:
    """What all test processes saw."""
    seen: defaultdict[str, set[str]] = defaultdict(set)
    for file in folder.glob("*.json"):
        for code, marks in json.loads(file.read_text()).items():
            seen[code].update(marks)
    return seen


def measure(artifacts: Iterable[Artifact], traces: Traces) -> dict[str, Coverage]:
    """File → coverage, of every file with statements; a mock's libraries count, the mock does not."""
    files: dict[str, Coverage] = {}
    for artifact in artifacts:
        output = compile_with_maps(artifact.input)
        names = {source["id"]: name for name, source in output["sources"].items()}
        nodes = {name: _Nodes(name, source["ast"]) for name, source in output["sources"].items()}
        for name, found in nodes.items():
            if name.startswith("contracts/") and not name.startswith("contracts/mocks/"):
                text = artifact.input["sources"][name]["content"].encode()
                file = files.setdefault(name, Coverage(text))
                for place in found.statements.places:
                    file.statements.setdefault(place, False)
        for kind, key in (("creation", "bytecode"), ("runtime", "deployedBytecode")):
            code = output["contracts"][artifact.source][artifact.name]["evm"][key]
            _count(code, _traced(code, kind, traces), names, nodes, files)
    return {name: file for name, file in sorted(files.items()) if file.statements}


def compile_with_maps(standard_input: Mapping[str, Any]) -> dict[str, Any]:
    """What the compiler says with source maps and syntax trees, from the cache if it was asked before."""
    asked = dict(standard_input)
    wanted = {name: {"*": _OUTPUTS} for name in asked["settings"]["outputSelection"] if name != "*"}
    asked["settings"] = asked["settings"] | {"outputSelection": {**wanted, "*": {"": ["ast"]}}}
    key = hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()
    cached = ROOT / ".cache" / "coverage" / f"{key}.json"
    if not cached.exists():
        output = compile_standard(install_compiler(ROOT), asked)
        cached.parent.mkdir(parents=True, exist_ok=True)
        cached.write_text(json.dumps(output))
    found: dict[str, Any] = json.loads(cached.read_text())
    return found


def _traced(code: Mapping[str, Any], kind: str, traces: Traces) -> set[str]:
    at = code["object"].rfind(_METADATA) + len(_METADATA)
    return traces.get(f"{code['object'][at : at + 64]} {kind}", set())


def _count(
    code: Mapping[str, Any],
    seen: set[str],
    names: Mapping[int, str],
    nodes: Mapping[str, "_Nodes"],
    files: Mapping[str, Coverage],
) -> None:
    """Marks what one contract's code executed."""
    for place, pc, operation in _instructions(code, names):
        if place is None or place[0] not in files:
            continue
        file, found = files[place[0]], nodes[place[0]]
        statement = found.statements.around(place)
        if statement is not None and str(pc) in seen:
            file.statements[statement] = True
        if operation == _JUMPI and place in found.conditions:
            for way in "tf":
                taken = f"{pc}{way}" in seen
                file.branches[place, way] = file.branches.get((place, way), False) or taken


def _instructions(
    code: Mapping[str, Any], names: Mapping[int, str]
) -> Iterator[tuple[Place | None, int, int]]:
    """Place, program counter and opcode of every instruction that the source map describes."""
    binary = bytes.fromhex(code["object"].replace("__", "00"))
    start, length, file = "-1", "-1", "-1"
    pc = 0
    for entry in code["sourceMap"].split(";"):
        given = (*entry.split(":"), "", "", "")
        start, length, file = given[0] or start, given[1] or length, given[2] or file
        operation = binary[pc]
        name = names.get(int(file))
        yield (None if name is None else (name, int(start), int(length))), pc, operation
        pc += 1 + (operation - 0x5F if 0x60 <= operation <= 0x7F else 0)


class _Spans:
    """Places of one file that lie beside or within each other."""

    def __init__(self, places: Iterable[Place]) -> None:
        self.places = sorted(set(places), key=lambda place: (place[1], -place[2]))
        self._starts = [place[1] for place in self.places]

    def around(self, inner: Place) -> Place | None:
        """The innermost of them that holds a place."""
        for index in range(bisect_right(self._starts, inner[1]) - 1, -1, -1):
            name, start, length = self.places[index]
            if start + length >= inner[1] + inner[2]:
                return name, start, length
        return None


class _Nodes:
    """The statements and conditions of one file, from its syntax tree."""

    def __init__(self, name: str, tree: Mapping[str, Any]) -> None:
        statements: list[Place] = []
        self.conditions: set[Place] = set()
        for node in _walk(tree):
            kind = node["nodeType"]
            start, length, _ = map(int, node["src"].split(":"))
            place = (name, start, length)
            if node.get("statement"):
                statements.append(place)
            if kind in _BRANCHING or node.get("operator") in ("&&", "||"):
                self.conditions.add(place)
        self.statements = _Spans(statements)


def _walk(node: Any) -> Iterator[dict[str, Any]]:
    """Every node below one, which comes first; the parts of a body are marked as statements."""
    if isinstance(node, list):
        for child in node:
            yield from _walk(child)
    elif isinstance(node, dict):
        if "nodeType" in node:
            yield node
        for key, child in node.items():
            if key in _BODIES:
                _mark(child if isinstance(child, list) else [child])
            yield from _walk(child)


def _mark(parts: Iterable[Any]) -> None:
    for part in parts:
        if part and part["nodeType"] not in _BLOCKS and not part["nodeType"].endswith("Definition"):
            part["statement"] = True


def show(files: Mapping[str, Coverage]) -> None:
    """Prints the table."""
    print(f"\n{'file':48} {'lines':>14} {'branches':>14}")
    for name, file in files.items():
        print(f"{name:48} {_ratio(file.lines().values()):>14} {_ratio(file.branches.values()):>14}")
        for line, what in sorted(file.missed()):
            print(f"    {name}:{line}: {what}: {file.source(line)}")
    print()


def _ratio(taken: Iterable[bool]) -> str:
    all_of_them = list(taken)
    return f"{sum(all_of_them)}/{len(all_of_them)}"


def judge(files: Mapping[str, Coverage], exemptions: Sequence[Exemption]) -> list[str]:
    """What falls short of the bar, and what is excepted without need."""
    listed = {(each.file, each.source) for each in exemptions}
    problems, used = [], set()
    lines: list[bool] = []
    branches: list[bool] = []
    for name, file in files.items():
        if not name.startswith(GATED):
            continue
        branches += file.branches.values()
        for line, taken in file.lines().items():
            lines.append(taken or (name, file.source(line)) in listed)
        for line, what in file.missed():
            if (name, file.source(line)) in listed:
                used.add((name, file.source(line)))
            else:
                problems.append(f"{name}:{line}: {what} not covered and not listed")
    for file_name, text in sorted(listed - used):
        problems.append(f"{EXCEPTIONS.name}: {file_name}: {text!r} is covered, or there is no such line")
    if sum(lines) < LEAST_LINES * len(lines) or sum(branches) < LEAST_BRANCHES * len(branches):
        problems.append(f"lines {sum(lines)}/{len(lines)}, branches {sum(branches)}/{len(branches)}")
    return problems


if __name__ == "__main__":
    main()
