"""Lists of assets: those that commands read from CSV files, and those that they show."""

from itertools import islice
from pathlib import Path
from typing import Final

from fabricant.chain.importing import Row
from fabricant.cli import _files as files
from fabricant.domain.asset_lists import BadLine, read_list
from fabricant.domain.assets import Kind, Registration
from fabricant.domain.identifiers import identify
from fabricant.domain.units import Address
from fabricant.errors import InvalidInput

SHOWN: Final = 10  # of many, in a sentence


def lines(file: Path, *, kind: str | None, owner: Address, prefix: str | None) -> list[Row | BadLine]:
    """The lines of a CSV, good and bad; `kind` and `owner` where a line says none.

    With a `prefix`, local ids outside it are bad. Raises InvalidInput for what is no such list.
    """
    with files.named(file), file.open(encoding="utf-8", newline="") as source:
        try:
            found = list(read_list(source, kind=Kind[kind.upper()] if kind else None, owner=owner))
        except UnicodeDecodeError:
            raise InvalidInput("it is no text in UTF-8; save it as such") from None
    return found if prefix is None else [_within(each, prefix) for each in found]


def good_lines(
    file: Path, *, kind: str | None, owner: Address, prefix: str | None
) -> tuple[Registration, ...]:
    """The assets of a CSV, as `lines`. Raises InvalidInput that tells of all bad lines, if there is one."""
    found = lines(file, kind=kind, owner=owner, prefix=prefix)
    bad = [each for each in found if isinstance(each, BadLine)]
    if bad:
        told = "; ".join(f"line {each.number}: {each.problem}" for each in islice(bad, SHOWN))
        rest = f"; and {len(bad) - SHOWN} more" if len(bad) > SHOWN else ""
        raise InvalidInput(f"{file}: nothing was sent, for {told}{rest}")
    return tuple(each[1] for each in found if not isinstance(each, BadLine))


def _within(line: Row | BadLine, prefix: str) -> Row | BadLine:
    if not isinstance(line, BadLine):
        try:
            identify(line[1].local_id).check_within(prefix)
        except InvalidInput as wrong:
            return BadLine(line[0], str(wrong))
    return line


def in_words(names: list[str]) -> list[str]:
    """The first of many names, each on a line, and how many more there are."""
    rest = [f"  and {len(names) - SHOWN:,} more"] if len(names) > SHOWN else []
    return [f"  {each}" for each in names[:SHOWN]] + rest
