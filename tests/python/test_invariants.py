"""The runner of the stateful campaign sees what fails, and what should fail and does not."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from fabricant.artifacts import load
from fabricant.chain.build import find_project
from fabricant.chain.solc import install_compiler
from fabricant.errors import InvalidInput
from scripts import invariants
from scripts.invariants import Outcome, Rate, add, judge_defect, judge_real
from tests.support.defects import Defect, plant, read_defects

ROOT = find_project(Path(__file__).parent)
ESCROWS = tuple(f"ESC-{number}" for number in range(1, 11))
ASSETS = tuple(f"AST-{number}" for number in range(1, 6))
MARKETS = tuple(f"CAP-{number}" for number in range(1, 4))
DEFECT = Defect(name="pigs fly", breaks="ESC-1", file="A.sol", old="walk", new="fly")
CAMPAIGN = """// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;
contract Handler {
    uint256 public steps;
    function step(uint256) external { ++steps; }
    function stumble(uint256 seed) external { require(seed == 4711); ++steps; }
}
contract SupplierEscrowInvariants {
    Handler private handler = new Handler();
    function setUp() external {}
    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(handler);
    }
    function invariant_steps() external view { require(handler.steps() < LIMIT, "ESC-1: too far"); }
}
"""


@pytest.fixture
def campaign(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Outcome]:
    """Runs a campaign of 128 calls, by Forge, in a project of its own."""
    (tmp_path / ".cache").mkdir()
    (tmp_path / ".cache" / "solcx").symlink_to(install_compiler(ROOT).parent)
    (tmp_path / "foundry.toml").write_text((ROOT / "foundry.toml").read_text())
    (tmp_path / "tests" / "invariants").mkdir(parents=True)
    monkeypatch.setattr(invariants, "ROOT", tmp_path)

    def run(source: str) -> Outcome:
        (tmp_path / "tests" / "invariants" / "A.t.sol").write_text(source)
        return invariants.run_campaign("SupplierEscrow", calls=128, seed=1)

    return run


def test_broken_invariant_is_a_problem(campaign: Callable[[str], Outcome]) -> None:
    outcome = campaign(CAMPAIGN.replace("LIMIT", "3"))

    (problem,) = judge_real(Outcome(outcome.reason, outcome.calls, {}, outcome.sequence))
    assert problem.startswith("ESC-1: too far\n  step(")
    assert problem.count("\n") == 3
    assert judge_defect(DEFECT, outcome) == []


def test_invariant_that_holds_is_none(campaign: Callable[[str], Outcome]) -> None:
    outcome = campaign(CAMPAIGN.replace("LIMIT", "1000"))

    assert outcome.reason is None
    assert outcome.calls == 128
    assert outcome.rates["step"].succeeded == outcome.rates["step"].calls
    assert [problem.split()[0] for problem in judge_real(outcome)] == ["stumble"]


def test_no_campaign_is_no_success(campaign: Callable[[str], Outcome]) -> None:
    with pytest.raises(InvalidInput, match="Forge ran no campaign"):
        campaign(CAMPAIGN.replace("SupplierEscrowInvariants", "Another"))


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        (None, "nothing noticed that pigs fly, in 64 calls"),
        ("ESC-2: odd", "that pigs fly was to be noticed by ESC-1, not by ESC-2: odd"),
        ("ESC-12: odd", "that pigs fly was to be noticed by ESC-1, not by ESC-12: odd"),
    ],
)
def test_defect_that_its_invariant_does_not_find_is_a_problem(reason: str | None, words: str) -> None:
    assert judge_defect(DEFECT, Outcome(reason, 64, {})) == [words]


def test_action_that_hardly_ever_succeeds_is_a_problem() -> None:
    rates = {"often": Rate(calls=10, succeeded=3), "rarely": Rate(calls=10, succeeded=2)}

    assert judge_real(Outcome(None, 64, rates)) == [
        "rarely succeeded 2 times in 10: the campaign reaches too little"
    ]


def test_defect_is_planted_exactly_once() -> None:
    assert plant("pigs walk", DEFECT) == "pigs fly"
    for text in ("pigs run", "walk, walk"):
        with pytest.raises(InvalidInput, match="not once"):
            plant(text, DEFECT)


def test_every_defect_can_be_planted() -> None:
    defects = read_defects(ROOT / "tests" / "invariants" / "defects.toml")

    for defect in defects:
        plant((ROOT / defect.source).read_text(), defect)
    breaks = [defect.breaks for defect in defects]
    assert [number for number in (*ESCROWS, *ASSETS, *MARKETS, "DIR-1") if breaks.count(number) < 2] == []


@pytest.mark.parametrize(
    ("contract", "handler", "others"),
    [
        ("SupplierEscrow", "Handler.sol", set()),
        # The registry's own, and what the rest is packed with.
        ("Genealogy", "AssetHandler.sol", {"inherit", "multicall", "setAuthority"}),
        ("Directory", "DirectoryHandler.sol", set()),
        ("Pledge", "PledgeHandler.sol", set()),
    ],
)
def test_every_function_that_changes_anything_is_an_action(
    contract: str, handler: str, others: set[str]
) -> None:
    source = (ROOT / "tests" / "invariants" / handler).read_text()
    actions = re.findall(r"function (\w+)\(uint256 seed\) external seeded\(seed\)", source)
    writes = {
        entry["name"]
        for entry in load(contract).abi
        if entry["type"] == "function" and entry["stateMutability"] in ("nonpayable", "payable")
    }

    assert writes
    assert writes - set(actions) == others


def test_parts_of_a_campaign_add_up() -> None:
    held = Outcome(None, 64, {"open": Rate(10, 9), "pay": Rate(4, 4)})
    broken = Outcome("ESC-1: odd", 3, {"open": Rate(3, 2)}, ("open(1)",))

    assert add([held, held]) == Outcome(None, 128, {"open": Rate(20, 18), "pay": Rate(8, 8)})
    assert add([held, broken]) == Outcome(
        "ESC-1: odd", 67, {"open": Rate(13, 11), "pay": Rate(4, 4)}, ("open(1)",)
    )


@pytest.mark.parametrize(("problems", "code"), [([], 0), (["ESC-1: odd"], 1)])
def test_exit_code_says_what_the_last_line_says(
    problems: list[str], code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["invariants.py"])
    monkeypatch.setattr(invariants, "run", lambda *, calls, seed: (problems, 7))

    with pytest.raises(SystemExit) as stopped:
        invariants.main()

    assert stopped.value.code == code
    assert capsys.readouterr().out.splitlines()[-1] == ("6 passed, 1 failed" if code else "7 passed")
