"""docs/invariants.md: guards, proofs and defects that exist, for every invariant that something cites."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Final

import pytest

from fabricant.chain.build import find_project
from scripts.invariants import CALLS, DEEP_CALLS
from tests.checks.suites import test_names as names_of_tests
from tests.docs.tables import DOCS
from tests.support.defects import read_defects

ROOT: Final = find_project(DOCS)
TESTS: Final = ROOT / "tests"
DEFECTS: Final = {
    defect.name: defect.breaks for defect in read_defects(TESTS / "invariants" / "defects.toml")
}
_NUMBER: Final = re.compile(r"\b(?:ESC|DIR|AST|CAP|REC|PLG)-\d+\b")
_ENTRY: Final = re.compile(
    r"^### (\S+): [^\n]*\n\n(.+?)\n\n- Guards: (.+?)\n- Proof: (.+?)\n- Defects: (.+?)\n(?:\n|\Z)",
    re.DOTALL | re.MULTILINE,
)
_CODE: Final = re.compile(r"`([^`]+)`")
_QUOTED: Final = re.compile(r"“([^”]+)”")


@dataclass(frozen=True, slots=True)
class Invariant:
    """One entry of the page."""

    number: str
    guards: tuple[str, ...]
    proofs: tuple[str, ...]
    defects: tuple[str, ...]
    remark: str  # about the defects


def read() -> Iterator[Invariant]:
    """The page's entries, in order."""
    page = (DOCS / "invariants.md").read_text(encoding="utf-8")
    for number, _, guards, proofs, defects in _ENTRY.findall(page):
        named = tuple(" ".join(name.split()) for name in _QUOTED.findall(defects))
        yield Invariant(number, tuple(_CODE.findall(guards)), tuple(_CODE.findall(proofs)), named, defects)


INVARIANTS: Final = tuple(read())
EACH: Final = pytest.mark.parametrize("invariant", INVARIANTS, ids=lambda each: each.number)


@cache
def every_test() -> frozenset[str]:
    """The names of all tests."""
    return frozenset(names_of_tests(TESTS.rglob("*")))


def is_function(name: str) -> bool:
    """Whether a contract, ours or of the campaign, declares a function, as in `Payoffs.failed`."""
    contract, _, function = name.partition(".")
    files = [*ROOT.glob(f"contracts/*/{contract}.sol"), *ROOT.glob(f"tests/invariants/{contract}.sol")]
    return any(re.search(rf"\bfunction {function}\(", file.read_text(encoding="utf-8")) for file in files)


def test_every_invariant_that_is_cited_is_listed_once() -> None:
    sources = [*ROOT.glob("contracts/*/*.sol"), *(TESTS / "invariants").iterdir()]
    sources += (TESTS / "contracts").rglob("*.py")
    cited = {number for file in sources for number in _NUMBER.findall(file.read_text(encoding="utf-8"))}
    page = (DOCS / "invariants.md").read_text(encoding="utf-8")

    assert {each.number for each in INVARIANTS} == cited
    assert len(INVARIANTS) == len(cited) == page.count("\n### ")


def test_the_campaigns_sizes_are_the_real_ones() -> None:
    page = (DOCS / "invariants.md").read_text(encoding="utf-8")

    assert (
        f"makes {CALLS:,} random calls of the escrow in `make test` and {DEEP_CALLS:,} in\n`make deep`"
        in page
    )


@EACH
def test_guards_and_proofs_exist(invariant: Invariant) -> None:
    assert invariant.guards
    assert invariant.proofs
    assert [name for name in invariant.guards if not is_function(name)] == []
    assert [name for name in invariant.proofs if name not in every_test() and not is_function(name)] == []


@EACH
def test_defects_exist_and_break_it(invariant: Invariant) -> None:
    broken = {DEFECTS.get(name, f"no defect is called “{name}”") for name in invariant.defects}

    if invariant.number in DEFECTS.values():
        assert broken == {invariant.number}
    elif invariant.defects:
        assert [f"(planted for {number})" for number in broken] == re.findall(r"\(.*?\)", invariant.remark)
    else:
        assert invariant.remark.startswith("none planted")
