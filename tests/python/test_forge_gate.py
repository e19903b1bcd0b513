"""npm's launcher of forge ends with 0 when tests fail; the build must not."""

from collections import Counter
from pathlib import Path

import pytest

from fabricant.chain.build import find_project
from fabricant.chain.solc import install_compiler
from scripts import run_tests

ROOT = find_project(Path(__file__).parent)
TEST = """// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;
contract GateTest {
    function test_sums() external pure { assert(1 + 1 == 2); }
    function test_gate() external pure { assert(1 + 1 == %s); }
}
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """An empty Forge project with the settings and the compiler of this one."""
    install_compiler(ROOT)
    (tmp_path / "foundry.toml").write_text((ROOT / "foundry.toml").read_text())
    (tmp_path / ".cache").symlink_to(ROOT / ".cache")
    (tmp_path / "tests" / "invariants").mkdir(parents=True)
    return tmp_path


def _forge(project: Path, answer: int | None) -> Counter[str]:
    if answer is not None:
        (project / "tests" / "invariants" / "Gate.t.sol").write_text(TEST % answer)
    return run_tests.run(run_tests.Leg("Forge", (".venv/bin/forge", "test")), cwd=project)


def test_forge_test_that_fails_fails_the_build(project: Path) -> None:
    assert _forge(project, answer=3) == {"passed": 1, "failed": 1}


def test_forge_tests_that_pass_pass(project: Path) -> None:
    assert _forge(project, answer=2) == {"passed": 2}


def test_forge_that_finds_no_test_fails_the_build(project: Path) -> None:
    assert _forge(project, answer=None)["failed"] == 1
