"""A locator: about a hundred bytes, published with a root, that find where a log was changed.

The digests x1 … xn of all lines are numbers modulo a prime; the locator is their three power sums, Σ xi·i^k
for k = 0, 1, 2, an error-correcting code. If a file was altered in one place, by up to two lines changed,
swapped, joined or lost, or any number added, the sums give back the digests that are missing, and the root
proves that they are right. So somebody with only the chain and the file learns the exact line; a locator
never accuses a wrong one.
"""

import base64
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from fabricant.domain.merkle import HASH_BYTES, Root
from fabricant.domain.records import Digest, Manifest
from fabricant.errors import InvalidInput

Sums = tuple[int, int, int]

_PRIME: Final = 2**256 - 189  # the largest below 2**256
_MOST_LOST: Final = 2  # original lines in the altered place; a third sum is left over to check the other two
_TEXT: Final = re.compile(r"([1-9]\d{0,8})\.([A-Za-z0-9_-]{128})", re.ASCII)
_IN_URI: Final = "#locator="


@dataclass(frozen=True, slots=True)
class Locator:
    """The power sums of the digests of a log of `count` lines."""

    count: int
    sums: Sums

    @classmethod
    def of(cls, manifest: Manifest) -> "Locator":
        """The locator of a log."""
        sums = (0, 0, 0)
        for number, digest in enumerate(manifest.digests, 1):
            sums = _plus(sums, number, int.from_bytes(digest, "big"))
        return cls(count=manifest.count, sums=_reduced(sums))

    @classmethod
    def parse(cls, text: str) -> "Locator":
        """Reads the text form. Raises InvalidInput for anything else."""
        match = _TEXT.fullmatch(text)
        if not match:
            raise InvalidInput("this is not a locator: a count of lines, a point and 128 characters")
        raw = base64.urlsafe_b64decode(match[2])
        first, second, third = (int.from_bytes(raw[at : at + HASH_BYTES], "big") for at in (0, 32, 64))
        return cls(count=int(match[1]), sums=(first, second, third))

    @classmethod
    def in_uri(cls, uri: str) -> "Locator | None":
        """The locator that the URI of an anchor carries in its fragment, if there is a readable one."""
        _, _, text = uri.partition(_IN_URI)
        return cls.parse(text) if _TEXT.fullmatch(text) else None

    def __str__(self) -> str:
        """The text form: the count, a point, and the sums in base64url."""
        raw = b"".join(value.to_bytes(HASH_BYTES, "big") for value in self.sums)
        return f"{self.count}.{base64.urlsafe_b64encode(raw).decode()}"

    def add_to_uri(self, uri: str) -> str:
        """`uri` with this locator as its fragment, for the `uri` of an anchor."""
        return f"{uri}{_IN_URI}{self}"

    def restore(self, present: Sequence[Digest], root: Root) -> Manifest | None:
        """The manifest of the original log, worked out from an altered one; None if too much was altered.

        `present` are the digests of the altered log. The result always has this `root`.
        """
        for lost in range(_MOST_LOST + 1):
            original = self._fit(present, lost)
            manifest = Manifest(original) if original else None
            if manifest and manifest.root == root:
                return manifest
        return None

    def _fit(self, present: Sequence[Digest], lost: int) -> tuple[Digest, ...] | None:
        """The first original that fits the sums, if `lost` of its lines stood in the altered place."""
        shift = len(present) - self.count
        if self.count < lost or len(present) < self.count - lost:
            return None
        values = [int.from_bytes(digest, "big") for digest in present]
        missing = self.sums  # of all original lines, less those that would be unaltered
        for number in range(lost + 1, self.count + 1):
            missing = _plus(missing, number, -values[number + shift - 1])
        for start in range(self.count - lost + 1):
            found = _solve(_reduced(missing), start + 1, lost)
            if found is not None:
                return (*present[:start], *found, *present[start + lost + shift :])
            if start < self.count - lost:
                missing = _plus(missing, start + 1, -values[start])
                missing = _plus(missing, start + lost + 1, values[start + lost + shift])
        return None


def _plus(sums: Sums, number: int, value: int) -> Sums:
    return sums[0] + value, sums[1] + value * number, sums[2] + value * number * number


def _reduced(sums: Sums) -> Sums:
    return sums[0] % _PRIME, sums[1] % _PRIME, sums[2] % _PRIME


def _solve(missing: Sums, first: int, lost: int) -> tuple[Digest, ...] | None:
    """The digests of lines `first` and on that make up the missing sums, if there are any."""
    if lost == 0:
        values: tuple[int, ...] = ()
    elif lost == 1:
        values = (missing[0],)
    else:
        second = (missing[1] - first * missing[0]) % _PRIME
        values = ((missing[0] - second) % _PRIME, second)
    sums = (0, 0, 0)
    for number, value in enumerate(values, first):
        sums = _plus(sums, number, value)
    if _reduced(sums) != missing:
        return None
    return tuple(Digest(value.to_bytes(HASH_BYTES, "big")) for value in values)
