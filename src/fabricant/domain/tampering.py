"""Tampering: whether a log is the one that was anchored, and if not, which lines differ and how.

The root alone answers yes or no. Which lines differ follows from the original's manifest, either the file
that the anchoring party hands out or the one that a locator restores; both are checked against the root
before they are believed. Lines that stand only once on both sides are matched first, so that a moved line
is called moved.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from fabricant.domain.locator import Locator
from fabricant.domain.merkle import Root
from fabricant.domain.records import Digest, Manifest, digest_of
from fabricant.domain.shdr import LineNumber, split_lines
from fabricant.errors import VerificationFailed

Pair = tuple[int, int]  # indexes of a line in the original and in the file at hand


class Change(StrEnum):
    """What was done to a line."""

    CHANGED = "changed"
    MISSING = "missing"
    ADDED = "added"
    MOVED = "moved"


@dataclass(frozen=True, slots=True)
class Finding:
    """One difference. `original` is the line's number when it was anchored, `present` its number now."""

    change: Change
    original: LineNumber | None
    present: LineNumber | None

    def __str__(self) -> str:
        """The finding in words, beginning with the line's number in the file at hand where it has one."""
        match self.change:
            case Change.CHANGED if self.original == self.present:
                return f"line {self.present} was changed"
            case Change.CHANGED:
                return f"line {self.present} was changed (it was line {self.original})"
            case Change.MISSING:
                return f"line {self.original} of the original is missing"
            case Change.ADDED:
                return f"line {self.present} was added"
            case Change.MOVED:
                return f"line {self.present} was moved (it was line {self.original})"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a check of a log against its anchored root has shown.

    `intact`: every byte is as it was. Otherwise `findings` name the lines, in order, unless `located` is
    false: then the log differs, and neither a manifest nor a locator could tell where.
    """

    intact: bool
    located: bool
    findings: tuple[Finding, ...]

    def __str__(self) -> str:
        """The verdict as a sentence; of many findings, the first three."""
        if self.intact:
            return "the log is exactly the one that was anchored"
        if not self.located:
            return "the log is not the one that was anchored; to see which lines differ, ask for its manifest"
        named, more = ", ".join(map(str, self.findings[:3])), len(self.findings) - 3
        rest = f", and {more} more" if more > 0 else ""
        return f"the log is not the one that was anchored: {named}{rest}"


def verify_log(
    data: bytes, *, root: Root, manifest: Manifest | None = None, locator: Locator | None = None
) -> Verdict:
    """Checks a file's bytes against an anchored root, and says which lines differ if it can be known.

    `manifest` finds any number of differences, `locator` those in one place. Raises VerificationFailed if the
    manifest is not the one of this root.
    """
    if manifest and manifest.root != root:
        raise VerificationFailed("this manifest belongs to another root; ask for the one of the anchored log")
    present = tuple(map(digest_of, split_lines(data)))
    if present and Manifest(present).root == root:
        return Verdict(intact=True, located=True, findings=())
    original = manifest or (locator.restore(present, root) if locator else None)
    if original is None:
        return Verdict(intact=False, located=False, findings=())
    return Verdict(intact=False, located=True, findings=compare(original.digests, present))


def compare(original: Sequence[Digest], present: Sequence[Digest]) -> tuple[Finding, ...]:
    """Every difference between two lists of lines, in the order of the file at hand."""
    start, ends = _common_ends(original, present)
    unique = _unique_pairs(original[start : ends[0]], present[start : ends[1]])
    unique = [(old + start, new + start) for old, new in unique]
    kept = _longest_rising(unique)
    moved = dict(sorted(set(unique) - set(kept)))
    findings = [_finding(Change.MOVED, old, new) for old, new in moved.items()]
    gone, come = set(moved), set(moved.values())
    before = (start - 1, start - 1)
    for pair in [*kept, ends]:
        olds = [index for index in range(before[0] + 1, pair[0]) if index not in gone]
        news = [index for index in range(before[1] + 1, pair[1]) if index not in come]
        findings += _between(original, present, olds, news)
        before = pair
    return tuple(sorted(findings, key=_place))


def _common_ends(original: Sequence[Digest], present: Sequence[Digest]) -> tuple[int, Pair]:
    """Where the differences begin, and where they end on both sides."""
    shorter = min(len(original), len(present))
    start = 0
    while start < shorter and original[start] == present[start]:
        start += 1
    tail = 0
    while tail < shorter - start and original[-1 - tail] == present[-1 - tail]:
        tail += 1
    return start, (len(original) - tail, len(present) - tail)


def _unique_pairs(original: Sequence[Digest], present: Sequence[Digest]) -> list[Pair]:
    """Lines that stand exactly once on each side, in the order of the file at hand."""
    counts, place = Counter(original), {digest: index for index, digest in enumerate(original)}
    once = {digest for digest, count in Counter(present).items() if count == 1 and counts[digest] == 1}
    return [(place[digest], index) for index, digest in enumerate(present) if digest in once]


def _longest_rising(pairs: Sequence[Pair]) -> list[Pair]:
    """The longest sequence of pairs that rises on both sides: the lines that kept their order."""
    tails: list[int] = []  # original index that ends the best sequence of each length
    ends: list[int] = []  # and the pair that it belongs to
    previous: list[int] = []
    for at, (old, _) in enumerate(pairs):
        length = bisect_left(tails, old)
        tails[length : length + 1] = [old]
        ends[length : length + 1] = [at]
        previous.append(ends[length - 1] if length else -1)
    kept, at = [], ends[-1] if ends else -1
    while at >= 0:
        kept.append(pairs[at])
        at = previous[at]
    return kept[::-1]


def _between(
    original: Sequence[Digest], present: Sequence[Digest], olds: Sequence[int], news: Sequence[int]
) -> Iterator[Finding]:
    """Differences between two lines that are known: changed while both sides have lines, then one-sided."""
    shared = min(len(olds), len(news))
    for old, new in zip(olds, news, strict=False):
        if original[old] != present[new]:
            yield _finding(Change.CHANGED, old, new)
    for old in olds[shared:]:
        yield _finding(Change.MISSING, old, None)
    for new in news[shared:]:
        yield _finding(Change.ADDED, None, new)


def _place(finding: Finding) -> tuple[int, int]:
    return finding.present or finding.original or 0, finding.original or 0


def _finding(change: Change, old: int | None, new: int | None) -> Finding:
    return Finding(
        change=change,
        original=None if old is None else LineNumber(old + 1),
        present=None if new is None else LineNumber(new + 1),
    )
