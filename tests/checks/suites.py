"""House rules for the tests: trees, and that every error and event of a contract has a test."""

import ast
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

_LEAF = re.compile(r"\bit should\b")
_NAME = re.compile(r"\[(\w+)\]\s*$")
_BRANCHES = " │├└─"
_FORGE_TEST = re.compile(r"function\s+((?:test|invariant)\w*)\s*\(")


@dataclass(frozen=True, slots=True)
class TreeLine:
    """One line of a tree. `test` is the name in brackets at its end."""

    number: int
    depth: int
    text: str
    is_leaf: bool
    test: str | None


def read_tree(file: Path) -> list[TreeLine]:
    """The lines of a `.tree` file that are not blank."""
    lines = enumerate(file.read_text(encoding="utf-8").splitlines(), start=1)
    return [_line(number, line) for number, line in lines if line.strip()]


def _line(number: int, line: str) -> TreeLine:
    text = line.lstrip(_BRANCHES)
    named = _NAME.search(text)
    return TreeLine(
        number, len(line) - len(text), text, bool(_LEAF.search(text)), named[1] if named else None
    )


def broken_trees(folder: Path) -> list[str]:
    """Every leaf names one test beside it, every branch ends in leaves, and no two leaves share a test."""
    return [problem for file in sorted(folder.rglob("*.tree")) for problem in _problems(file)]


def _problems(file: Path) -> Iterator[str]:
    lines = read_tree(file)
    tests = set(test_names(file.parent.rglob("*")))
    for line, following in zip(lines, [*lines[1:], None], strict=True):
        place = f"{file.name}:{line.number}"
        if not line.is_leaf and (following is None or following.depth <= line.depth):
            yield f"{place}: this branch has no leaf ('… it should …'): {line.text}"
        if line.is_leaf and line.test is None:
            yield f"{place}: this leaf names no test ('[test_…]' at its end): {line.text}"
        if line.test is not None and line.test not in tests:
            yield f"{place}: there is no test {line.test} beside this tree"
    named = Counter(line.test for line in lines if line.test)
    yield from (f"{file.name}: {count} leaves name {test}" for test, count in named.items() if count > 1)


def test_names(files: Iterable[Path]) -> Iterator[str]:
    """The names of all tests in these files, of pytest and of Forge."""
    for file in files:
        if file.suffix == ".py":
            tree = ast.parse(file.read_text(encoding="utf-8"))
            functions = (
                node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
            )
            yield from (function.name for function in functions if function.name.startswith("test"))
        elif file.name.endswith(".t.sol"):
            yield from _FORGE_TEST.findall(file.read_text(encoding="utf-8"))


def without_tree(functions: Iterable[str], folder: Path) -> list[str]:
    """Functions that no tree has as a root."""
    roots = {
        line.text.strip() for file in folder.rglob("*.tree") for line in read_tree(file) if line.depth == 0
    }
    return [f"{function} has no tree" for function in functions if function not in roots]


def unnamed(names: Iterable[str], files: Iterable[Path]) -> list[str]:
    """Names of errors or events that no test file mentions."""
    words = {word for file in files for word in re.findall(r"\w+", file.read_text(encoding="utf-8"))}
    return [f"no test names {name}" for name in names if name not in words]
