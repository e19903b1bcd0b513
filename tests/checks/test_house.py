"""The house rules, applied to this repository."""

import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from fabricant import artifacts
from fabricant.chain.build import Sources, build, find_project
from tests.checks import documents, layers, solidity, suites

ROOT = find_project(Path(__file__).parent)
PACKAGE = ROOT / "src" / "fabricant"
CONTRACT_TESTS = ROOT / "tests" / "contracts"
SUPPORT = ROOT / "tests" / "support"


def test_contracts_compile_without_warnings() -> None:
    assert build(ROOT).warnings == ()


def test_contracts_call_one_way() -> None:
    _expect_none(solidity.wrong_imports(ROOT))


def test_events_and_errors_are_declared_in_interfaces() -> None:
    _expect_none(solidity.misplaced_declarations(ROOT))


def test_interfaces_are_documented() -> None:
    _expect_none(solidity.undocumented(ROOT))


def test_f084_contracts_are_small_enough() -> None:
    _expect_none(solidity.oversized(artifacts.load(name) for name in artifacts.names()))


def test_every_leaf_has_its_test() -> None:
    _expect_none(suites.broken_trees(ROOT / "tests"))


def test_every_function_that_writes_has_a_tree() -> None:
    _expect_none(suites.without_tree(_names("function"), CONTRACT_TESTS))


def test_every_error_is_named_by_a_test() -> None:
    _expect_none(suites.unnamed(_names("error"), CONTRACT_TESTS.rglob("*.py")))


def test_every_event_is_named_by_a_test_or_its_factory() -> None:
    files = [*CONTRACT_TESTS.rglob("*.py"), *SUPPORT.rglob("*.py")]
    _expect_none(suites.unnamed(_names("event"), files))


def test_library_imports_one_way() -> None:
    _expect_none(layers.wrong_imports(PACKAGE))


def test_library_declares_what_it_imports() -> None:
    _expect_none(layers.undeclared(PACKAGE, ROOT / "pyproject.toml"))


@pytest.mark.parametrize("module", layers.module_names(PACKAGE))
def test_module_imports(module: str) -> None:
    import_module(module)


def test_domain_loads_no_web3() -> None:
    modules = [name for name in layers.module_names(PACKAGE) if name.startswith("fabricant.domain")]
    loaded = f"import sys, {', '.join(modules)}; print(' '.join(sys.modules))"

    told = subprocess.check_output([sys.executable, "-c", loaded], text=True).split()

    assert {"web3", "requests", "aiohttp", "solcx"} & set(told) == set()


def test_links_lead_somewhere() -> None:
    _expect_none(documents.dead_links(documents.documents(ROOT)))


def test_documents_name_tests_that_are_there() -> None:
    known = suites.test_names((ROOT / "tests").rglob("*"))
    _expect_none(documents.unknown_tests(documents.documents(ROOT), known))


def test_decisions_have_a_number_and_a_title() -> None:
    _expect_none(documents.bad_decisions(ROOT / "docs" / "decisions"))


def test_lock_files_name_no_registry() -> None:
    assert '"resolved"' not in (ROOT / "package-lock.json").read_text()
    assert [file.name for file in (ROOT / "requirements").iterdir() if "://" in file.read_text()] == []


def _expect_none(problems: list[str]) -> None:
    if problems:
        pytest.fail("\n".join(problems), pytrace=False)


def _names(kind: str) -> list[str]:
    """What our own interfaces declare: functions that write, errors or events, sorted."""
    found = {
        entry["name"]
        for compiled in solidity.interfaces(ROOT).values()
        for entry in compiled["abi"]
        if entry["type"] == kind and entry.get("stateMutability") not in ("view", "pure")
    }
    assert found, "there are interfaces"
    return sorted(found)


def test_sources_have_one_licence() -> None:
    sources = Sources(ROOT)

    assert [
        name
        for name in sources.ours()
        if not sources.text(name).startswith("// SPDX-License-Identifier: MIT\n")
    ] == []
