"""The runner of the symbolic checks takes nothing for a proof that is none."""

import re
from pathlib import Path

import pytest

from fabricant.chain.build import find_project
from scripts import symbolic
from scripts.symbolic import LOOP, SECONDS, Outcome, checks_named, judge, judge_defect, parse
from tests.support.defects import Defect, plant, read_defects

ROOT = find_project(Path(__file__).parent)
DEFECT = Defect(name="pigs fly", breaks="check_pigs", file="A.sol", old="walk", new="fly")


def outcome(*, exit_code: int = 0, succeeded: int = 1, cut_loops: int = 0) -> Outcome:
    """What halmos says of one check with three paths."""
    return Outcome("Checks", "check_pigs", exit_code, 3, succeeded, cut_loops, 1.5)


def test_halmos_is_understood() -> None:
    result = {
        "name": "check_pigs(uint256)",
        "exitcode": 0,
        "num_paths": [3, 1, 0],
        "time": [1.5, 1.0, 0.5],
        "num_bounded_loops": 0,
    }

    assert parse({"test_results": {"tests/symbolic/A.t.sol:Checks": [result]}}) == [outcome()]


def test_a_check_that_broke_halmos_has_no_figures() -> None:
    result = {
        "name": "check_pigs()",
        "exitcode": 5,
        "num_paths": None,
        "time": None,
        "num_bounded_loops": None,
    }

    (found,) = parse({"test_results": {"A.t.sol:Checks": [result]}})

    assert judge(found) == ["check_pigs broke halmos"]


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (outcome(exit_code=1), "check_pigs is wrong"),
        (outcome(exit_code=2), "check_pigs timed out"),
        (outcome(exit_code=4), "check_pigs reverts always"),
        (outcome(succeeded=0), "check_pigs proves nothing: no path of it succeeds"),
        (outcome(cut_loops=1), f"check_pigs proves too little: a loop runs more than {LOOP} times"),
    ],
)
def test_what_is_no_proof_is_a_problem(found: Outcome, words: str) -> None:
    assert judge(found) == [words]


def test_a_proof_is_none() -> None:
    assert judge(outcome()) == []


@pytest.mark.parametrize(
    ("code", "words"),
    [(0, "check_pigs passed although pigs fly"), (2, "check_pigs timed out although pigs fly")],
)
def test_a_defect_needs_a_counterexample(code: int, words: str) -> None:
    assert judge_defect(DEFECT, outcome(exit_code=code)) == [words]
    assert judge_defect(DEFECT, outcome(exit_code=1)) == []


def test_every_check_has_a_defect_that_can_be_planted() -> None:
    defects = read_defects(symbolic.CHECKS / "defects.toml")

    for defect in defects:
        plant((ROOT / defect.source).read_text(), defect)
    assert sorted(defect.breaks for defect in defects) == sorted(checks_named(""))


def test_every_check_and_bound_is_documented() -> None:
    page = (ROOT / "docs" / "invariants.md").read_text(encoding="utf-8")

    assert sorted(re.findall(r"^\| `(check_\w+)` \|", page, re.MULTILINE)) == sorted(checks_named(""))
    assert f"unrolled {LOOP} times" in page
    assert f"with {SECONDS} seconds for each question" in page


@pytest.mark.parametrize(("problems", "code"), [([], 0), (["odd"], 1)])
def test_exit_code_says_what_the_last_line_says(
    problems: list[str], code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["symbolic.py"])
    monkeypatch.setattr(symbolic, "run", lambda only: (problems, 7))

    with pytest.raises(SystemExit) as stopped:
        symbolic.main()

    assert stopped.value.code == code
    assert capsys.readouterr().out.splitlines()[-1] == ("6 passed, 1 failed" if code else "7 passed")
