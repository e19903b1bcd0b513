"""What an external function of the escrow can raise and emit, read from the contracts' sources.

Every function is followed into the functions that it calls, by name, also where it hands one on. What another
contract raises (the token, the registry) is not followed.
"""

import re
from dataclasses import dataclass
from functools import cache
from typing import Final

from fabricant.chain.build import find_project
from tests.docs.tables import DOCS

FOLDERS: Final = ("escrow", "directory")
_FUNCTION: Final = re.compile(r"\bfunction (\w+)\(([^{};]*)\{")
_CALL: Final = re.compile(r"(?<![.\w])(?:[A-Z]\w*\.|\w+\.(?=load|isNarrow|structHash))?(\w+)\(")
_HANDED_ON: Final = re.compile(r", (_\w+)\)")
_RAISES: Final = re.compile(r"\brevert (?:\w+\.)?(\w+)\(")
_EMITS: Final = re.compile(r"\bemit (\w+)\(|\b([A-Z]\w+)\.selector")


@dataclass(frozen=True, slots=True)
class Effects:
    """Names of errors and events."""

    errors: frozenset[str]
    events: frozenset[str]


@cache
def bodies() -> dict[str, list[str]]:
    """The bodies of all functions by name."""
    found: dict[str, list[str]] = {}
    for folder in FOLDERS:
        for file in sorted((find_project(DOCS) / "contracts" / folder).glob("*.sol")):
            text = re.sub(r"//.*", "", file.read_text(encoding="utf-8"))
            for match in _FUNCTION.finditer(text):
                found.setdefault(match[1], []).append(_block(text, match.end()))
    return found


def effects(function: str) -> Effects:
    """Of an external function and all that it calls."""
    seen: set[str] = set()
    waiting = [function]
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            for body in bodies()[name]:
                called = {*_CALL.findall(body), *_HANDED_ON.findall(body)}
                waiting += called & bodies().keys()
    text = "\n".join(body for name in seen for body in bodies()[name])
    events = {emitted or logged for emitted, logged in _EMITS.findall(text)}
    return Effects(frozenset(_RAISES.findall(text)), frozenset(events))


def _block(text: str, start: int) -> str:
    """What stands between a brace that opens just before `start` and the one that closes it."""
    depth, end = 1, start
    while depth:
        depth += {"{": 1, "}": -1}.get(text[end], 0)
        end += 1
    return text[start:end]
