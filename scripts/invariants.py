"""The stateful campaigns over the contracts, and the proof that they would notice what breaks.

Forge makes thousands of calls of the packaged contracts and checks the invariants of the architecture on the
way. An invariant can be wrong, so the same campaign runs on copies of the contract with a planted defect, and
each must be found by the invariant that it breaks. An action that hardly ever succeeds is a failure, too.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fabricant.chain.build import build
from fabricant.errors import FabricantError, InvalidInput
from tests.support.defects import Defect, compile_defects, read_defects

ROOT = Path(__file__).resolve().parent.parent
CAMPAIGN = ROOT / "tests" / "invariants"
WORK = ROOT / ".build" / "invariants"
FAILURES = WORK / "failures"
USED = (
    *("AssetRegistry", "CapacityMarket", "Directory", "Pledge", "RecordAnchor", "SupplierEscrow"),
    *("MockAssetRegistry", "MockERC20Permit", "MockOddToken", "MockParty", "MockWallet"),
)

# Each with the share of the calls that it makes: those of pledges are slow, and need few.
CAMPAIGNS = {
    "SupplierEscrow": 1.0,
    "AssetRegistry": 1.0,
    "Directory": 1.0,
    "CapacityMarket": 1.0,
    "Pledge": 0.125,
}
PARTS = 4  # of a campaign, each with a seed of its own, so that all cores have something to do
DEPTH = 64  # calls in one sequence
CALLS = 65_536
DEEP_CALLS = 1_048_576
SEED = 4711
LEAST_SUCCESS = 0.3  # of an action's calls: below that, the campaign reaches too little


@dataclass(frozen=True, slots=True)
class Rate:
    """How often an action was tried, and how often the escrow let it pass."""

    calls: int
    succeeded: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """What Forge says about one campaign. `reason` is None if every invariant held; `sequence` led to it."""

    reason: str | None
    calls: int
    rates: Mapping[str, Rate]
    sequence: tuple[str, ...] = ()


def main() -> None:
    """Run the campaign; exit with 1 on any deviation. The last line adds up."""
    options = _options()
    try:
        problems, count = run(calls=options.calls, seed=options.seed)
    except FabricantError as error:
        sys.exit(str(error))
    for problem in problems:
        print(f"\n{problem}")
    print(f"\n{count - len(problems)} passed" + (f", {len(problems)} failed" if problems else ""))
    sys.exit(1 if problems else 0)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Fuzz the contracts and a copy for each planted defect.")
    parser.add_argument(
        "--calls", type=int, default=CALLS, help="calls of each campaign (default: %(default)s)"
    )
    parser.add_argument(
        "--deep", dest="calls", action="store_const", const=DEEP_CALLS, help=f"{DEEP_CALLS:,} calls"
    )
    parser.add_argument(
        "--seed", type=int, default=SEED, help="another seed, other calls (default: %(default)s)"
    )
    return parser.parse_args()


def run(*, calls: int, seed: int) -> tuple[list[str], int]:
    """The problems found, and how many campaigns and rates were looked at."""
    defects = read_defects(CAMPAIGN / "defects.toml")
    shutil.rmtree(FAILURES, ignore_errors=True)
    build(ROOT, only=USED)
    _compile_campaign()
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        parts = {
            contract: [
                pool.submit(_run_part, contract, part, calls=int(calls * share), seed=seed)
                for part in range(PARTS)
            ]
            for contract, share in CAMPAIGNS.items()
        }
        artifacts = compile_defects(ROOT, defects, WORK / "defects")
        planted = [
            pool.submit(_try_defect, defect, artifacts[defect], calls=calls, seed=seed) for defect in defects
        ]
        real = {contract: add([part.result() for part in run]) for contract, run in parts.items()}
        problems = []
        for contract, outcome in real.items():
            _show_real(contract, outcome, seed=seed)
            problems += judge_real(outcome)
        print("Planted defects\n")
        for defect, found in zip(defects, planted, strict=True):
            problems += judge_defect(defect, found.result())
            _show_defect(defect, found.result())
    return problems, sum(1 + len(outcome.rates) for outcome in real.values()) + len(defects)


def add(parts: Sequence[Outcome]) -> Outcome:
    """The parts of a campaign as one: the first broken invariant, if any, and all calls."""
    broken = next((part for part in parts if part.reason is not None), parts[0])
    rates: dict[str, Rate] = {}
    for action, rate in (entry for part in parts for entry in part.rates.items()):
        before = rates.get(action, Rate(0, 0))
        rates[action] = Rate(before.calls + rate.calls, before.succeeded + rate.succeeded)
    return Outcome(broken.reason, sum(part.calls for part in parts), rates, broken.sequence)


def judge_real(outcome: Outcome) -> list[str]:
    """What is wrong on the real contract: a broken invariant, or an action that hardly ever succeeds."""
    problems = []
    if outcome.reason is not None:
        problems.append("\n  ".join([outcome.reason, *outcome.sequence]))
    for action, rate in sorted(outcome.rates.items()):
        if rate.succeeded < LEAST_SUCCESS * rate.calls:
            times = f"{rate.succeeded} times in {rate.calls}"
            problems.append(f"{action} succeeded {times}: the campaign reaches too little")
    return problems


def judge_defect(defect: Defect, outcome: Outcome) -> list[str]:
    """What is wrong with the campaign on a defect: it must fail, by the invariant that the defect breaks."""
    if outcome.reason is None:
        return [f"nothing noticed that {defect.name}, in {outcome.calls:,} calls"]
    if not outcome.reason.startswith(f"{defect.breaks}:"):
        return [f"that {defect.name} was to be noticed by {defect.breaks}, not by {outcome.reason}"]
    return []


def _run_part(contract: str, part: int, *, calls: int, seed: int) -> Outcome:
    settings = {"FOUNDRY_INVARIANT_FAILURE_PERSIST_DIR": str(FAILURES / f"{contract}-{part}")}
    return run_campaign(contract, calls=-(-calls // PARTS), seed=seed + part, settings=settings)


def _try_defect(defect: Defect, artifact: Path, *, calls: int, seed: int) -> Outcome:
    """The campaign on the contract with the defect, looking for nothing but what it breaks."""
    settings = {
        "INVARIANTS": str(1 << int(defect.breaks.partition("-")[2])),
        "TESTED": str(artifact.relative_to(ROOT)),
        "FOUNDRY_INVARIANT_SHRINK_RUN_LIMIT": "0",
        "FOUNDRY_INVARIANT_FAILURE_PERSIST_DIR": str(FAILURES / defect.slug),
    }
    return run_campaign(defect.contract, calls=calls, seed=seed, settings=settings)


def _compile_campaign() -> None:
    answer = _forge("build")
    if answer.returncode:
        raise InvalidInput(f"the campaign does not compile:\n{answer.stdout}{answer.stderr}")


def run_campaign(
    contract: str, *, calls: int, seed: int, settings: Mapping[str, str] | None = None
) -> Outcome:
    """A contract's campaign of at least `calls` calls. Raises InvalidInput if Forge can't run it."""
    budget = {"FOUNDRY_INVARIANT_RUNS": str(-(-calls // DEPTH)), "FOUNDRY_INVARIANT_DEPTH": str(DEPTH)}
    answer = _forge(
        *("test", "--json", "--fuzz-seed", str(seed), "--match-contract", f"^{contract}Invariants$"),
        settings=budget | dict(settings or {}),
    )
    try:
        return parse(json.loads(answer.stdout))
    except ValueError as error:
        raise InvalidInput(f"Forge ran no campaign:\n{answer.stdout[-2000:]}{answer.stderr}") from error


def _forge(*arguments: str, settings: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "FOUNDRY_PROFILE": "invariants", **(settings or {})}
    command = [str(Path(sys.prefix) / "bin" / "forge"), *arguments]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


def parse(answer: Mapping[str, Any]) -> Outcome:
    """What `forge test --json` says about its one test; ValueError if there is not exactly one."""
    (suite,) = answer.values()
    (result,) = suite["test_results"].values()
    if "Invariant" not in result["kind"]:
        return Outcome(reason=result["reason"] or "the campaign could not be set up", calls=0, rates={})
    figures = result["kind"]["Invariant"]
    rates = {
        name.rpartition(".")[2]: Rate(each["calls"], each["calls"] - each["reverts"])
        for name, each in figures["metrics"].items()
    }
    reason = None if result["status"] == "Success" else result["reason"] or "failed without a reason"
    sequence = tuple(_steps(result["counterexample"]))
    return Outcome(reason, figures["calls"] + len(sequence), rates, sequence)


def _steps(counterexample: Mapping[str, Any] | None) -> Iterable[str]:
    """The calls that broke an invariant, one line each."""
    _, steps = (counterexample or {}).get("Sequence", (0, ()))
    return (f"{step['func_name']}({step['args'].split()[0]})" for step in steps)


def _show_real(contract: str, outcome: Outcome, *, seed: int) -> None:
    watch = "an invariant was broken (FOUNDRY_PROFILE=invariants .venv/bin/forge test -vvvv shows how)"
    verdict = "every invariant held" if outcome.reason is None else watch
    print(f"{contract}, {outcome.calls:,} calls with seed {seed}: {verdict}\n")
    _table(
        ("action", "calls", "succeeded"),
        [
            (action, f"{rate.calls:,}", f"{rate.succeeded / rate.calls:.0%}")
            for action, rate in sorted(outcome.rates.items())
        ],
    )
    print()


def _show_defect(defect: Defect, outcome: Outcome) -> None:
    found = "found after" if outcome.reason else "not found in"
    print(f"  {defect.breaks:<6}  {defect.name:<60}{found} {outcome.calls:,} calls", flush=True)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    for name, *figures in [head, *rows]:
        print(f"  {name:<20}" + "".join(f"{figure:>12}" for figure in figures))


if __name__ == "__main__":
    main()
