"""Counts how many cases of the fault catalogue have a test: `test_f028_…` covers case 28.

The catalogue lists what went wrong elsewhere in contracts, wallets and trade. A test that guards against a
case carries its number in its name, whether it is a pytest or a Forge test.
"""

import re
from pathlib import Path

from tests.checks.suites import test_names

ROOT = Path(__file__).resolve().parent.parent
CASES = 129
_NUMBER = re.compile(r"_f(\d{3})(?=_|$)")


def covered(names: list[str]) -> dict[int, list[str]]:
    """Case → the tests that carry its number; a test may carry several."""
    found: dict[int, list[str]] = {}
    for name in names:
        for number in _NUMBER.findall(name):
            found.setdefault(int(number), []).append(name)
    return dict(sorted(found.items()))


def main() -> None:
    """Print the cases that are covered, by how many tests, and the total."""
    cases = covered(list(test_names((ROOT / "tests").rglob("*"))))
    for case, names in cases.items():
        print(f"f{case:03}  {len(names):3}  {names[0]}")
    unknown = [case for case in cases if not 1 <= case <= CASES]
    if unknown:
        raise SystemExit(f"no such case: {', '.join(map(str, unknown))}")
    print(f"{len(cases)} of {CASES} cases of the fault catalogue have a test.")


if __name__ == "__main__":
    main()
