"""Every block of the documentation that a reader could copy is run, in the order of its file.

Those of docs/operations run in test_operations.py, each on a line of its own.
"""

import os
import sys
from pathlib import Path

import pytest

from fabricant.chain.build import find_project
from tests.docs.blocks import Block, Mismatch, read_blocks, read_console, run_block

ROOT = find_project(Path(__file__).parent)
OPERATIONS = ROOT / "docs" / "operations"
DOCUMENTS = sorted(
    file.relative_to(ROOT).as_posix()
    for file in (*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"))
    if file.parent != OPERATIONS
)


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    """What a reader has after `make install` and activating the environment, in an empty home."""
    path = f"{Path(sys.prefix) / 'bin'}{os.pathsep}{os.environ['PATH']}"
    outer = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    return {**outer, "PATH": path, "HOME": str(tmp_path), "NO_COLOR": "1", "COLUMNS": "100"}


def _runnable(document: str) -> list[Block]:
    return [block for block in read_blocks((ROOT / document).read_text(encoding="utf-8")) if block.runs]


@pytest.mark.parametrize("document", [name for name in DOCUMENTS if _runnable(name)])
def test_blocks_do_what_the_document_says(
    document: str, env: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    names = {"__name__": "__main__"}

    for block in _runnable(document):
        cwd = ROOT if "make " in block.text else tmp_path
        run_block(block, name=document, names=names, cwd=cwd, env=env)


# The runner itself


def _run(text: str, tmp_path: Path, names: dict[str, object] | None = None) -> None:
    names = {} if names is None else names
    for block in read_blocks(text):
        run_block(block, name="x.md", names=names, cwd=tmp_path, env=dict(os.environ))


def test_console_output_is_compared_with_dots_for_anything(tmp_path: Path) -> None:
    _run("```console\n$ echo gas 21000 used\ngas … used\n$ echo two; echo lines\ntwo\nlines\n```\n", tmp_path)

    with pytest.raises(Mismatch, match=r"printed:\nthree"):
        _run("```console\n$ echo three\ntwo\n```\n", tmp_path)


@pytest.mark.parametrize("language", ["sh", "console"])
def test_command_that_fails_is_found(tmp_path: Path, language: str) -> None:
    with pytest.raises(Mismatch, match="ended with 3"):
        _run(f"```{language}\n{'$ ' if language == 'console' else ''}exit 3\n```\n", tmp_path)


def test_python_blocks_share_their_names_and_keep_their_lines(tmp_path: Path) -> None:
    names: dict[str, object] = {}
    _run("# Title\n\n```python\nx = 1\n```\n", tmp_path, names)

    with pytest.raises(ZeroDivisionError) as caught:
        _run("\n\n```python\ny = 0\n1 / y\n```\n", tmp_path, {"x": 1})
    assert caught.traceback[-1].lineno + 1 == 5
    assert names["x"] == 1


def test_only_a_block_that_says_so_with_a_reason_is_left_out() -> None:
    blocks = read_blocks(
        "```sh\n# not run: needs a network\ncurl x\n```\n```sh\n# not run:\nls\n```\n```text\nls\n```\n"
    )

    assert [block.runs for block in blocks] == [False, True, False]


def test_console_block_without_a_command_is_an_error() -> None:
    with pytest.raises(Mismatch, match="begins with a command"):
        read_console("hello\n$ ls\n")
