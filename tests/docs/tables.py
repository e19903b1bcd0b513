"""Reads the tables and diagrams of Markdown files, so that tests can compare what they say with what is."""

import re
from functools import cache
from pathlib import Path

from fabricant.chain.build import find_project

DOCS = find_project(Path(__file__).parent) / "docs"
_HEADING = re.compile(r"^##? (.*)$", re.MULTILINE)
_TABLE = re.compile(r"^\|.*\|\n\|[-:| ]+\|\n(?:\|.*\|\n)*", re.MULTILINE)
_DIAGRAM = re.compile(r"^```mermaid\nstateDiagram-v2\n(.*?)^```", re.DOTALL | re.MULTILINE)
_EDGE = re.compile(r"^ *(\S+) --> (\S+)(?:: (.*))?$", re.MULTILINE)

Row = dict[str, str]  # a cell by its column's title


@cache
def section(page: str, heading: str) -> str:
    """What stands under a heading of a page in docs/, up to the next of the first two levels."""
    parts = _HEADING.split((DOCS / page).read_text(encoding="utf-8"))
    found = [text for title, text in zip(parts[1::2], parts[2::2], strict=True) if title == heading]
    assert len(found) == 1, f"{page} has {len(found)} sections “{heading}”"
    return found[0]


def tables(text: str) -> list[list[Row]]:
    """The tables of a text, in order."""
    return [_rows(match[0]) for match in _TABLE.finditer(text)]


def table(page: str, heading: str, *, first: str) -> list[Row]:
    """The one table under a heading whose first column has this title."""
    found = [rows for rows in tables(section(page, heading)) if next(iter(rows[0])) == first]
    assert len(found) == 1, f"{page}, “{heading}”, has {len(found)} tables of “{first}”"
    return found[0]


def edges(text: str) -> set[tuple[str, str, str]]:
    """The edges of a text's state diagram: from, to and each of the actions on the label, or none."""
    (diagram,) = _DIAGRAM.findall(text)
    return {
        (begin, end, action) for begin, end, label in _EDGE.findall(diagram) for action in label.split(", ")
    }


def words(cell: str) -> list[str]:
    """What a cell lists, without code marks; nothing for an empty one."""
    return [word for word in cell.replace("`", "").split(", ") if word]


def _rows(text: str) -> list[Row]:
    head, _, *body = [_cells(line) for line in text.strip().splitlines()]
    return [dict(zip(head, cells, strict=True)) for cells in body]


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in re.split(r"(?<!\\)\|", line.strip().strip("|"))]
