"""Reads the code blocks of Markdown files, so that what a reader copies is what the tests run.

Blocks in `python`, `sh` and `console` run; those of one file share a folder, and the Python ones their names.
A console block shows commands after `$ ` with their output, in which `…` stands for anything. A block that is
not to be run says so to the reader too: its first line is the comment `# not run: …` with the reason.
"""

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

RUNNABLE = ("python", "sh", "console")
_BLOCK = re.compile(r"^```(\w*)[^\n]*\n(.*?)^```\s*$", re.DOTALL | re.MULTILINE)
_NOT_RUN = re.compile(r"# not run: \S")


@dataclass(frozen=True, slots=True)
class Block:
    """One fenced block: its language, where its first line of code stands, and the code."""

    language: str
    line: int
    text: str

    @property
    def runs(self) -> bool:
        """Whether a test runs it."""
        return self.language in RUNNABLE and not _NOT_RUN.match(self.text)


class Mismatch(AssertionError):
    """A command did not do what the document shows."""


def read_blocks(markdown: str) -> list[Block]:
    """All fenced blocks, in order."""
    return [
        Block(match[1], markdown.count("\n", 0, match.start(2)) + 1, match[2])
        for match in _BLOCK.finditer(markdown)
    ]


def run_block(block: Block, *, name: str, names: dict[str, Any], cwd: Path, env: dict[str, str]) -> None:
    """Run one block in `cwd`; raises `Mismatch`, or whatever its Python raises."""
    if block.language == "python":
        code = "\n" * (block.line - 1) + block.text  # so that tracebacks name the document's lines
        exec(compile(code, name, "exec"), names)  # noqa: S102  # the project's own document
    elif block.language == "sh":
        _run(block.text, cwd=cwd, env=env)
    else:
        for command, expected in read_console(block.text):
            _compare(command, _run(command, cwd=cwd, env=env), expected)


def read_console(text: str) -> list[tuple[str, str]]:
    """The commands of a console block, each with the output shown below it."""
    parts = re.split(r"^\$ (.*)\n", text, flags=re.MULTILINE)
    if parts[0].strip():
        raise Mismatch(f"a console block begins with a command, '$ …', not with: {parts[0].strip()}")
    return list(zip(parts[1::2], parts[2::2], strict=True))


def _run(script: str, *, cwd: Path, env: dict[str, str]) -> str:
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=cwd,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode:
        raise Mismatch(f"ended with {done.returncode}: {script}\n{done.stdout}")
    return done.stdout


def _compare(command: str, output: str, expected: str) -> None:
    pattern = ".*?".join(re.escape(part) for part in _tidy(expected).split("…"))
    if not re.fullmatch(pattern, _tidy(output), re.DOTALL):
        raise Mismatch(f"$ {command}\nprinted:\n{output}\nthe document shows:\n{expected}")


def _tidy(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.strip().splitlines())
