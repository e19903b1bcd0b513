"""House rules for the documentation: links lead somewhere, named tests are there, decisions have numbers."""

import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

_FENCED = re.compile(r"^```.*?^```", re.DOTALL | re.MULTILINE)
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#+\s+(.*)$", re.MULTILINE)
_TEST = re.compile(r"`((?:test|invariant)_\w+)`")
_DECISION = re.compile(r"(\d{4})-[a-z0-9]+(-[a-z0-9]+)*\.md")


def documents(root: Path) -> list[Path]:
    """The Markdown files that people read."""
    return sorted([*root.glob("*.md"), *(root / "docs").rglob("*.md")])


def dead_links(files: Iterable[Path]) -> list[str]:
    """Links to files or headings of this repository that are not there."""
    return [
        f"{file.name}: dead link to {target}"
        for file in files
        for target in _LINK.findall(_prose(file))
        if "://" not in target and not target.startswith("mailto:") and not _leads_somewhere(file, target)
    ]


def unknown_tests(files: Iterable[Path], known: Iterable[str]) -> list[str]:
    """Tests that a document names and nobody has written."""
    names = set(known)
    return [
        f"{file.name}: there is no test {name}"
        for file in files
        for name in _TEST.findall(_prose(file))
        if name not in names
    ]


def _leads_somewhere(file: Path, target: str) -> bool:
    path, _, anchor = target.partition("#")
    place = (file.parent / path).resolve() if path else file
    return place.exists() and (not anchor or anchor in _anchors(place))


def _anchors(file: Path) -> set[str]:
    return {_anchor(heading) for heading in _HEADING.findall(_prose(file))}


def _anchor(heading: str) -> str:
    """As GitHub makes it from a heading."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


def _prose(file: Path) -> str:
    return _FENCED.sub("", file.read_text(encoding="utf-8"))


def bad_decisions(folder: Path) -> list[str]:
    """Decision records without a number, a title of their own, or with somebody else's number."""
    files = sorted(folder.glob("*.md"))
    named = {file: _DECISION.fullmatch(file.name) for file in files}
    numbers = Counter(match[1] for match in named.values() if match)
    return [
        *(f"{file.name}: call it NNNN-title-of-it.md" for file, match in named.items() if not match),
        *(f"{number}: {count} decisions have this number" for number, count in numbers.items() if count > 1),
        *(
            f"{file.name}: it begins with no '# Title'"
            for file in files
            if not file.read_text().startswith("# ")
        ),
    ]
