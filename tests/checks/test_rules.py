"""Each house rule finds the violation that it is there for."""

from dataclasses import replace
from pathlib import Path

import pytest

from fabricant import artifacts
from fabricant.chain.build import find_project
from tests.checks import documents, layers, solidity, suites

ROOT = find_project(Path(__file__).parent)
HEAD = "// SPDX-License-Identifier: MIT\npragma solidity 0.8.37;\n"


def _write(root: Path, name: str, text: str) -> None:
    file = root / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


@pytest.mark.parametrize(
    ("importer", "target"),
    [("assets", "escrow"), ("directory", "assets"), ("escrow", "periphery"), ("escrow", "records")],
)
def test_import_against_the_direction_is_found(tmp_path: Path, importer: str, target: str) -> None:
    _write(tmp_path, f"contracts/{importer}/A.sol", f'import {{B}} from "../{target}/B.sol";')

    assert solidity.wrong_imports(tmp_path) == [
        f"contracts/{importer}/A.sol imports contracts/{target}/B.sol: {importer} may not know {target}"
    ]


def test_import_along_the_direction_is_fine(tmp_path: Path) -> None:
    _write(tmp_path, "contracts/capacity/A.sol", 'import {B} from "../escrow/B.sol";')
    _write(tmp_path, "contracts/mocks/M.sol", 'import {A} from "../capacity/A.sol";')

    assert solidity.wrong_imports(tmp_path) == []


def test_declaration_outside_an_interface_is_found(tmp_path: Path) -> None:
    _write(tmp_path, "contracts/assets/A.sol", "contract A {\n    error A_Bad(uint256 id);\n}")
    _write(tmp_path, "contracts/assets/IA.sol", "interface IA {\n    event Made(uint256 id);\n}")

    assert solidity.misplaced_declarations(tmp_path) == [
        "contracts/assets/A.sol declares error A_Bad: move it to an interface"
    ]


def test_missing_notice_is_found_and_inherited_functions_are_not_ours(tmp_path: Path) -> None:
    for name in (".cache", "lib", "scripts"):
        (tmp_path / name).symlink_to(ROOT / name)
    _write(
        tmp_path,
        "contracts/assets/IA.sol",
        f"""{HEAD}
import {{IERC165}} from "@openzeppelin/contracts/utils/introspection/IERC165.sol";
interface IA is IERC165 {{
    struct S {{ uint8[2] x; }}
    /// @notice Told.
    event Told(uint256 id);
    event Untold(uint256 id);
    /// @notice Told.
    error TellMe(S[] s);
    error DoNotTellMe(S[] s);
    /// @notice Tells.
    function told(S calldata s) external;
    /// @dev For developers only.
    function untold(S calldata s) external;
}}
""",
    )

    assert {
        problem.removeprefix("contracts/assets/IA.sol: ") for problem in solidity.undocumented(tmp_path)
    } == {
        "event Untold has no @notice",
        "error DoNotTellMe has no @notice",
        "function untold has no @notice",
    }


def test_f084_a_contract_at_the_limit_is_too_large() -> None:
    small = artifacts.load(artifacts.names()[0])
    large = replace(
        small, deployed=bytes(solidity.RUNTIME_LIMIT), bytecode=bytes(solidity.INITCODE_LIMIT), immutables={}
    )

    assert solidity.oversized([replace(large, deployed=b"", bytecode=b"")]) == []
    assert len(solidity.oversized([large])) == 2


TREE = """accept
├── when the caller is a stranger … it should revert with Escrow_NotBuyer  [test_accept_refuses_strangers]
└── given a delivery
    └── when the buyer accepts … it should pay  [test_accept_pays]
"""
TESTS = "def test_accept_refuses_strangers(): ...\nclass TestMore:\n    def test_accept_pays(self): ...\n"


def test_complete_tree_is_fine(tmp_path: Path) -> None:
    _write(tmp_path, "escrow/accept.tree", TREE)
    _write(tmp_path, "escrow/test_accept.py", TESTS)

    assert suites.broken_trees(tmp_path) == []
    assert suites.without_tree(["accept", "reject"], tmp_path) == ["reject has no tree"]


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("  [test_accept_pays]", "", "this leaf names no test"),
        ("[test_accept_pays]", "[test_accept_plays]", "there is no test test_accept_plays"),
        (
            "[test_accept_pays]",
            "[test_accept_refuses_strangers]",
            "2 leaves name test_accept_refuses_strangers",
        ),
        (
            "    └── when the buyer accepts … it should pay  [test_accept_pays]\n",
            "",
            "this branch has no leaf",
        ),
    ],
)
def test_broken_tree_is_found(tmp_path: Path, old: str, new: str, problem: str) -> None:
    assert old in TREE
    _write(tmp_path, "escrow/accept.tree", TREE.replace(old, new))
    _write(tmp_path, "escrow/test_accept.py", TESTS)

    assert any(problem in found for found in suites.broken_trees(tmp_path))


def test_tests_elsewhere_do_not_count_for_a_tree(tmp_path: Path) -> None:
    _write(tmp_path, "escrow/accept.tree", TREE)
    _write(tmp_path, "assets/test_accept.py", TESTS)

    assert len(suites.broken_trees(tmp_path)) == 2


def test_forge_tests_count(tmp_path: Path) -> None:
    _write(tmp_path, "A.t.sol", "function test_one() external {} function invariant_two() external {}")

    assert list(suites.test_names(tmp_path.iterdir())) == ["test_one", "invariant_two"]


def test_error_without_a_test_is_found(tmp_path: Path) -> None:
    _write(tmp_path, "test_a.py", 'reverts("Escrow_NotBuyer")')

    assert suites.unnamed(["Escrow_NotBuyer", "Escrow_Not"], tmp_path.iterdir()) == [
        "no test names Escrow_Not"
    ]


@pytest.mark.parametrize(
    ("module", "statement"),
    [
        ("domain/a.py", "from fabricant.chain import b"),
        ("domain/a.py", "from fabricant import chain"),
        ("domain/a.py", "def f():\n    import fabricant.chain.b"),
        ("domain/a.py", "import web3"),
        ("cli/a.py", "from web3 import Web3"),
        ("chain/a.py", "from fabricant.cli import main"),
        ("errors.py", "from fabricant.domain import b"),
    ],
)
def test_python_import_against_the_direction_is_found(tmp_path: Path, module: str, statement: str) -> None:
    _write(tmp_path, f"fabricant/{module}", statement)

    assert len(layers.wrong_imports(tmp_path / "fabricant")) == 1


def test_python_imports_along_the_direction_are_fine(tmp_path: Path) -> None:
    text = "import json\nimport click\nfrom fabricant.chain import a\nfrom fabricant.errors import E\n"
    _write(tmp_path, "fabricant/cli/b.py", text)

    assert layers.wrong_imports(tmp_path / "fabricant") == []


def test_dead_links_are_found(tmp_path: Path) -> None:
    _write(tmp_path, "docs/b.md", "# The `escrow`, in words\n")
    _write(
        tmp_path,
        "a.md",
        "[b](docs/b.md) [w](docs/b.md#the-escrow-in-words) [x](https://example.org) [c](docs/c.md) "
        "[h](docs/b.md#here)\n```text\n[not](a-link)\n```\n",
    )

    assert documents.dead_links(documents.documents(tmp_path)) == [
        "a.md: dead link to docs/c.md",
        "a.md: dead link to docs/b.md#here",
    ]


def test_bad_decisions_are_found(tmp_path: Path) -> None:
    for name, text in {
        "0001-one.md": "# One",
        "0001-two.md": "# Two",
        "three.md": "# Three",
        "0004-four.md": "",
    }.items():
        _write(tmp_path, name, text)

    assert documents.bad_decisions(tmp_path) == [
        "three.md: call it NNNN-title-of-it.md",
        "0001: 2 decisions have this number",
        "0004-four.md: it begins with no '# Title'",
    ]


def test_undeclared_library_is_found(tmp_path: Path) -> None:
    _write(tmp_path, "pyproject.toml", '[project]\ndependencies = ["eth-abi>=5.1", "click"]\n')
    _write(
        tmp_path,
        "fabricant/a.py",
        "import json\nimport eth_abi\nfrom click import echo\nimport numpy.linalg\n",
    )

    assert layers.undeclared(tmp_path / "fabricant", tmp_path / "pyproject.toml") == [
        "fabricant/a.py:4: numpy is not a dependency"
    ]
