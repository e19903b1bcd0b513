"""House rules for the library: imports run one way, cli and api → chain and index → domain."""

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

# What each part may import beside itself. `None` stands for the modules in the package's root.
MAY_IMPORT: dict[str | None, set[str | None]] = {
    None: set(),
    "__main__": {"cli"},
    "domain": {None},
    "artifacts": {None},
    "conditions": {None, "domain"},
    "chain": {None, "artifacts", "conditions", "domain"},
    "capacity": {None, "chain", "domain"},
    "agents": {None, "capacity", "chain", "domain"},
    "index": {None, "artifacts", "chain", "conditions", "domain"},
    "api": {None, "artifacts", "chain", "conditions", "domain", "index"},
    "demo": {None, "artifacts", "chain", "conditions", "domain"},
    "cli": {None, "agents", "api", "artifacts", "capacity", "chain", "conditions", "demo", "domain", "index"},
}
OPTIONAL = {"orjson", "ortools", "solcx", "sqlalchemy"}  # extras of the package
IMPORTED_AS = {"pillow": "PIL", "pynacl": "nacl"}
CHAIN_ONLY = {"eth_account", "nacl", "web3"}
# biip reads GS1 labels; segno, pystrich and PIL draw them, icalendar writes calendars: all in memory only.
DOMAIN_LIBRARIES = {
    "PIL",
    "biip",
    "icalendar",
    "pystrich",
    "segno",
    "eth_abi",
    "eth_hash",
    "eth_typing",
    "eth_utils",
    "pydantic",
}


def module_names(package: Path) -> list[str]:
    """Every module below the folder of a package, by its full name."""
    files = sorted(package.rglob("*.py"))
    return [_module(package, file) for file in files]


def _module(package: Path, file: Path) -> str:
    parts = file.relative_to(package.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def wrong_imports(package: Path) -> list[str]:
    """Imports against the direction, also inside functions, and libraries that a part may not know."""
    return [problem for file in sorted(package.rglob("*.py")) for problem in _problems(package, file)]


def _problems(package: Path, file: Path) -> Iterator[str]:
    here = _part(package.name, _module(package, file))
    for line, target in _imported(ast.parse(file.read_text(encoding="utf-8"))):
        place = f"{file.relative_to(package.parent)}:{line}"
        top = target.split(".")[0]
        if top == package.name:
            there = _part(package.name, target)
            if there != here and there not in MAY_IMPORT[here]:
                yield f"{place}: {here or 'the root'} may not import {target}"
        elif here == "domain" and top not in sys.stdlib_module_names | DOMAIN_LIBRARIES:
            yield f"{place}: the domain may not import {target}"
        elif top in CHAIN_ONLY and here != "chain":
            yield f"{place}: only chain may import {target}"


def undeclared(package: Path, project: Path) -> list[str]:
    """Libraries that the package imports and its pyproject.toml does not ask for."""
    declared = tomllib.loads(project.read_text(encoding="utf-8"))["project"]
    asked = {re.split(r"[^\w-]", line)[0].replace("-", "_") for line in declared["dependencies"]}
    asked |= {IMPORTED_AS[name] for name in asked & IMPORTED_AS.keys()}
    known = sys.stdlib_module_names | asked | OPTIONAL | {package.name}
    return [
        f"{file.relative_to(package.parent)}:{line}: {target.split('.')[0]} is not a dependency"
        for file in sorted(package.rglob("*.py"))
        for line, target in _imported(ast.parse(file.read_text(encoding="utf-8")))
        if target.split(".")[0] not in known
    ]


def _imported(tree: ast.AST) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)


def _part(package: str, module: str) -> str | None:
    name = module.removeprefix(package).lstrip(".").split(".")[0]
    return name if name in MAY_IMPORT else None
