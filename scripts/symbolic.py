"""The symbolic checks of escrow, assets and market, and the proof that each would notice.

halmos runs a check once for all inputs: whatever the amounts, parties, states and times, within stated
bounds. A check that proves nothing can look like one that proves much, so each also runs on a copy of the
contract with a planted defect, and must find it. A time-out or a loop cut short is a failure.
"""

import argparse
import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from fabricant.chain.build import MOCKS, build
from fabricant.errors import FabricantError, InvalidInput
from tests.support.defects import Defect, compile_defects, read_defects, write_bytecode

ROOT = Path(__file__).resolve().parent.parent
CHECK = re.compile(r"function (check_\w+)\(")
CHECKS = ROOT / "tests" / "symbolic"
WORK = ROOT / ".build" / "symbolic"
PACKAGED = WORK / "packaged"
HALMOS = ".venv-symbolic/bin/halmos"
CONTRACTS = {
    "AssetRegistry": "src/fabricant/artifacts",
    "CapacityMarket": "src/fabricant/artifacts",
    "Directory": "src/fabricant/artifacts",
    "SupplierEscrow": "src/fabricant/artifacts",
    "HourMasksHarness": ".build/mocks",
    "PayoffsHarness": ".build/mocks",
}
# Which contract a defect of a check is planted in.
PLANTED_IN = {
    "HourChecks": f"{MOCKS}/HourMasksHarness.sol",
    "PayoffChecks": f"{MOCKS}/PayoffsHarness.sol",
}

LOOP = 16  # times that a loop is unrolled; to need more is a failure
SECONDS = 240  # for the solver to answer one question
COUNTEREXAMPLE = 1  # halmos's exit code
EXIT_CODES = ("passed", "is wrong", "timed out", "got stuck", "reverts always", "broke halmos")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What halmos says about one check. Only paths that end without a revert prove anything."""

    contract: str
    check: str
    exit_code: int
    paths: int
    succeeded: int
    cut_loops: int
    seconds: float


def main() -> None:
    """Run the checks; exit with 1 on any deviation. The last line adds up."""
    only = _options().only
    try:
        problems, count = run(only)
    except FabricantError as error:
        sys.exit(str(error))
    for problem in problems:
        print(f"\n{problem}")
    print(f"\n{count - len(problems)} passed" + (f", {len(problems)} failed" if problems else ""))
    sys.exit(1 if problems else 0)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description="Prove the checks in tests/symbolic for all inputs, and find a planted defect with each.",
        epilog="The bounds, and what each check says, stand in docs/invariants.md.",
    )
    parser.add_argument(
        "only", nargs="?", default="", help="part of a check's name: run these alone (default: all)"
    )
    return parser.parse_args()


def run(only: str) -> tuple[list[str], int]:
    """The problems found, and how many checks and defects there were. Raises InvalidInput without halmos."""
    if not (ROOT / HALMOS).exists():
        raise InvalidInput("halmos is not installed: run `make deep`, or `make .venv-symbolic/.dev`")
    defects = [each for each in read_defects(CHECKS / "defects.toml") if only in each.breaks]
    build(ROOT, only=CONTRACTS)
    for name, folder in CONTRACTS.items():
        artifact = json.loads((ROOT / folder / f"{name}.json").read_text(encoding="utf-8"))
        write_bytecode(PACKAGED / f"{name}.json", artifact["bytecode"])
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        outcomes = _prove(checks_named(only), pool)
        problems = [problem for outcome in outcomes for problem in judge(outcome)]
        contracts = {outcome.check: outcome.contract for outcome in outcomes}
        artifacts = _plant(defects, contracts)
        print("\nPlanted defects\n", flush=True)
        for defect, found in zip(
            defects, pool.map(lambda each: _try(each, artifacts[each]), defects), strict=True
        ):
            problems += judge_defect(defect, found)
            verdict = "not found" if judge_defect(defect, found) else f"found in {found.seconds:.0f} s"
            print(f"  {defect.breaks:<36}{defect.name:<60}{verdict}", flush=True)
    return problems, len(outcomes) + len(defects)


def checks_named(part: str) -> list[str]:
    """The names of the checks with this part, in the order of their files."""
    files = sorted(CHECKS.glob("*.t.sol"))
    names = [name for file in files for name in CHECK.findall(file.read_text(encoding="utf-8"))]
    return [name for name in names if part in name]


def judge(outcome: Outcome) -> list[str]:
    """What is wrong with a check on the packaged contracts: anything but a proof of something."""
    if outcome.exit_code:
        return [f"{outcome.check} {EXIT_CODES[outcome.exit_code]}"]
    if not outcome.succeeded:
        return [f"{outcome.check} proves nothing: no path of it succeeds"]
    if outcome.cut_loops:
        return [f"{outcome.check} proves too little: a loop runs more than {LOOP} times"]
    return []


def judge_defect(defect: Defect, outcome: Outcome) -> list[str]:
    """What is wrong with a check on a contract with its defect: it must have a counterexample."""
    if outcome.exit_code == COUNTEREXAMPLE:
        return []
    return [f"{defect.breaks} {EXIT_CODES[outcome.exit_code]} although {defect.name}"]


def _prove(checks: Sequence[str], pool: ThreadPoolExecutor) -> list[Outcome]:
    """What halmos says about each check of the packaged contracts. Prints it as it comes."""
    print(f"  {'check':<40}{'paths':>8}{'seconds':>10}", flush=True)
    outcomes = []
    for (outcome,) in pool.map(lambda check: run_checks(rf"^{check}\(", PACKAGED), checks):
        print(f"  {outcome.check:<40}{outcome.paths:>8}{outcome.seconds:>10.1f}", flush=True)
        outcomes.append(outcome)
    return outcomes


def _plant(defects: Sequence[Defect], contracts: Mapping[str, str]) -> dict[Defect, Path]:
    """An artifact for each defect, of the contract that its check looks at."""
    planted: dict[Defect, Path] = {}
    for entry in (None, *PLANTED_IN.values()):
        reached = [each for each in defects if PLANTED_IN.get(contracts[each.breaks]) == entry]
        planted |= compile_defects(ROOT, reached, WORK / "defects", entry=entry)
    return planted


def _try(defect: Defect, artifact: Path) -> Outcome:
    """The check that must find the defect, in a folder where the contract has it."""
    for packaged in PACKAGED.iterdir():
        if packaged.name != artifact.name:
            (artifact.parent / packaged.name).write_bytes(packaged.read_bytes())
    (outcome,) = run_checks(rf"^{defect.breaks}\(", artifact.parent)
    return outcome


def run_checks(signatures: str, contracts: Path) -> list[Outcome]:
    """What halmos says about the checks whose signature matches. Raises InvalidInput if it runs none."""
    with TemporaryDirectory(dir=WORK) as folder:
        return _run_checks(signatures, contracts, Path(folder) / "answer.json")


def _run_checks(signatures: str, contracts: Path, answer: Path) -> list[Outcome]:
    command = [
        *(str(ROOT / HALMOS), "--no-status", "--forge-build-out", ".cache/forge/symbolic"),
        *("--match-test", signatures, "--loop", str(LOOP), "--solver-threads", "1"),
        *("--solver-timeout-assertion", f"{SECONDS}s", "--json-output", str(answer), "--early-exit"),
    ]
    environment = {
        **os.environ,
        "FOUNDRY_PROFILE": "symbolic",
        "CONTRACTS": contracts.relative_to(ROOT).as_posix(),
        "PATH": f"{Path(sys.prefix) / 'bin'}{os.pathsep}{os.environ['PATH']}",
    }
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    outcomes = parse(json.loads(answer.read_text(encoding="utf-8"))) if answer.exists() else []
    if not outcomes:
        raise InvalidInput(f"halmos ran no check:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return outcomes


def parse(answer: Mapping[str, Any]) -> list[Outcome]:
    """What halmos's JSON says about each check."""
    return [
        Outcome(
            contract=place.rpartition(":")[2],
            check=result["name"].partition("(")[0],
            exit_code=result["exitcode"],
            paths=(result["num_paths"] or [0])[0],
            succeeded=(result["num_paths"] or [0, 0])[1],
            cut_loops=result["num_bounded_loops"] or 0,
            seconds=(result["time"] or [0])[0],
        )
        for place, results in answer["test_results"].items()
        for result in results
    ]


if __name__ == "__main__":
    main()
