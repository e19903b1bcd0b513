"""Runs every leg of the test suite, also after one has failed, and ends with one line that adds them up.

A leg is a program with tests of its own. It counts as failed when its program says so, and also when it ran
no test at all: a suite that silently finds nothing must not look green.
"""

import os
import re
import socket
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
_SUMMARY = re.compile(
    r"(=+ )?\d+ (passed|failed|skipped|error).* in [\d.]+s|\d+ passed(, \d+ failed)?$|Ran \d+ test suite"
)
_COUNT = re.compile(r"(\d+)(?: tests?)? (passed|failed|skipped|error)")


@dataclass(frozen=True, slots=True)
class Leg:
    """One program with tests. Its command runs in the project's root."""

    name: str
    command: tuple[str, ...]


# Only `fabricant.chain` imports web3 (a check says so). The slow ones show nothing new with another version.
WITH_WEB3 = (
    *("tests/python/chain", "tests/python/demo", "tests/python/test_package.py"),
    *("--ignore=tests/python/chain/test_ledger.py", "--ignore=tests/python/chain/test_shop_floor.py"),
    "--ignore=tests/python/chain/test_build.py",
)
LEGS = (
    Leg("Forge", (".venv/bin/python", "-m", "scripts.invariants")),
    Leg("Python with web3 7", (".venv/bin/pytest", "-n2", "--dist=worksteal", "--ignore=tests/checks")),
    Leg("Python with web3 8", (".venv-web3-8/bin/pytest", "-n2", "--dist=worksteal", *WITH_WEB3)),
    Leg("ape", (".venv/bin/ape", "test")),
)


def main() -> None:
    """Run the legs in turn; exit with 1 if one failed."""
    total: Counter[str] = Counter()
    for leg in LEGS:
        print(f"\n── {leg.name}: {' '.join(leg.command)}", flush=True)
        total += run(leg)
    skipped = f", {total['skipped']} skipped" if total["skipped"] else ""
    print(f"\n{total['passed']} passed, {total['failed']} failed{skipped}")
    sys.exit(1 if total["failed"] else 0)


def run(leg: Leg, cwd: Path = ROOT) -> Counter[str]:
    """How many tests of the leg passed, failed and were skipped, while its output is shown."""
    if leg.name == "ape" and not (ROOT / leg.command[0]).exists():
        print(f"ape cannot be installed on Python {sys.version_info.major}.{sys.version_info.minor}")
        return Counter(skipped=1)
    command = [str(ROOT / leg.command[0]), *leg.command[1:]]
    lines = []
    with subprocess.Popen(command, cwd=cwd, stdout=subprocess.PIPE, text=True, env=_environment()) as process:
        assert process.stdout
        for line in process.stdout:
            print(line, end="", flush=True)
            lines.append(line)
    counts = count(lines)
    if process.returncode and not counts["failed"]:
        counts["failed"] = 1
    if not counts.total():
        print(f"{leg.name} ran no test at all")
        counts["failed"] = 1
    return counts


def count(lines: Sequence[str]) -> Counter[str]:
    """The figures of the last line in which pytest or Forge adds them up."""
    summary = next((line for line in reversed(lines) if _SUMMARY.match(line)), "")
    counts: Counter[str] = Counter()
    for number, word in _COUNT.findall(summary):
        counts["failed" if word == "error" else word] += int(number)
    return +counts


def _environment() -> dict[str, str]:
    """Ours without colour, so that the counts can be read, and with a free port for ape's Anvil.

    Ape takes a port by chance otherwise, and waits in vain if connections of the leg before still block it.
    """
    return {
        **os.environ,
        "NO_COLOR": "1",
        "PY_COLORS": "0",
        "APE_FOUNDRY_HOST": f"http://127.0.0.1:{free_port()}",
    }


def free_port() -> int:
    """A port of this machine on which nothing listens or lingers."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


if __name__ == "__main__":
    main()
