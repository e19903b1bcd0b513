"""The small programs behind the Makefile."""

from pathlib import Path

import pytest

from scripts import faults, reference, run_tests


@pytest.mark.parametrize(
    ("lines", "counts"),
    [
        (["x\n", "===== 2 failed, 29 passed, 1 skipped in 27.25s =====\n"], (29, 2, 1)),
        (["1 passed in 0.1s\n", "Results written.\n"], (1, 0, 0)),
        (["== 3 passed, 1 error in 2s ==\n"], (3, 1, 0)),
        (
            [
                "Ran 1 test suite in 3ms: 4 tests passed, 1 failed, 2 skipped (7 total tests)\n",
                "1 failed test\n",
            ],
            (4, 1, 2),
        ),
        (["Nothing to compile\n"], (0, 0, 0)),
        (["47 passed"], (47, 0, 0)),
        (["46 passed, 1 failed"], (46, 1, 0)),
    ],
)
def test_counts_are_read_from_the_summary(lines: list[str], counts: tuple[int, int, int]) -> None:
    found = run_tests.count(lines)

    assert (found["passed"], found["failed"], found["skipped"]) == counts


def test_leg_that_cannot_start_or_crashes_is_a_failure(tmp_path: Path) -> None:
    leg = run_tests.Leg("crash", (".venv/bin/python", "-c", "print('3 passed in 1s'); raise SystemExit(2)"))

    assert run_tests.run(leg, cwd=tmp_path) == {"passed": 3, "failed": 1}


def test_faults_are_counted_by_the_numbers_in_names() -> None:
    names = ["test_f028_x", "test_f028_y", "test_f090_f091_z", "test_fine", "test_f12_x", "invariant_f129"]

    assert {case: len(tests) for case, tests in faults.covered(names).items()} == {
        28: 2,
        90: 1,
        91: 1,
        129: 1,
    }


def test_page_that_differs_is_missing_or_is_left_over_is_stale(tmp_path: Path) -> None:
    for name, text in {"a.md": "a", "b.md": "old", "gone.md": "x"}.items():
        (tmp_path / name).write_text(text)

    assert reference.stale(tmp_path, {"a.md": "a", "b.md": "b", "c.md": "c"}) == ["b.md", "c.md", "gone.md"]
