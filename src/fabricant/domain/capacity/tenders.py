"""What a request's documents say to programs: by which rule the buyer awards, and what it requires.

A tender is small enough to stand in the request itself, as a data URI (RFC 2397) whose bytes have the hash
that the request names as its documents. So the rule is published before anybody quotes, it is part of every
quotation that answers, and whoever looks later can check that the best one got the award.
"""

import json
import re
from base64 import b64decode, b64encode
from dataclasses import dataclass
from typing import Any, Final, Self

from eth_utils.crypto import keccak

from fabricant.domain.capacity.goals import CHEAPEST, EARLIEST, Goal, Worth
from fabricant.domain.capacity.quotations import Request
from fabricant.domain.escrow import NO_HASH
from fabricant.domain.merkle import HASH_BYTES
from fabricant.domain.units import BaseUnits, printable
from fabricant.errors import InvalidInput

FORMAT: Final = "fabricant-tender/1"
LARGEST: Final = 2**13  # bytes
_PREFIX: Final = "data:application/json;base64,"
_FIELDS: Final = frozenset({"format", "award", "requires", "documents", "uri"})
_MOST_BRACKETS: Final = 3  # deep nesting could crash the whole process
_MOST_REQUIRED: Final = 50
_AMOUNT: Final = re.compile(r"0|[1-9][0-9]{0,38}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tender:
    """The rule of an award, what suppliers must have, and the papers: their hash and where they are found.

    `requires` is what the buyer has to know of a supplier, such as a certificate that it has seen.
    Raises InvalidInput for what can't be printed, or is too much.
    """

    award: Goal = CHEAPEST
    requires: frozenset[str] = frozenset()
    documents: bytes = NO_HASH
    uri: str = ""

    def __post_init__(self) -> None:
        for text in (self.uri, *self.requires):
            if text != printable(text, LARGEST):
                raise InvalidInput(f"{printable(text, 40)!r} can't be published; write it without odd signs")
        if len(self.documents) != HASH_BYTES:
            raise InvalidInput("the hash of a tender's documents has 32 bytes")
        if "" in self.requires or len(self.requires) > _MOST_REQUIRED or len(self.serialise()) > LARGEST:
            raise InvalidInput("a tender requires something, and not too much; say it in fewer words")

    @property
    def hash(self) -> bytes:
        """What the request names as its documents."""
        return keccak(self.serialise())

    @property
    def data_uri(self) -> str:
        """What the request names as the place of its documents: the tender itself."""
        return _PREFIX + b64encode(self.serialise()).decode()

    def serialise(self) -> bytes:
        """The tender as JSON; there is one spelling of each."""
        worth = {"hourWorth": str(self.award.hour)} if isinstance(self.award, Worth) else {}
        document = {
            "format": FORMAT,
            "award": {"rule": "price" if worth else "time", **worth},
            "requires": sorted(self.requires),
            "documents": f"0x{self.documents.hex()}",
            "uri": self.uri,
        }
        return json.dumps(document, separators=(",", ":")).encode()

    @classmethod
    def parse(cls, raw: bytes) -> Self:
        """Reads a tender. Raises InvalidInput for anything else, also for another spelling of one."""
        wrong = InvalidInput("this is no tender; ask the buyer for another request")
        if len(raw) > LARGEST or raw.count(b"{") + raw.count(b"[") > _MOST_BRACKETS:
            raise wrong
        try:
            found = cls(**_read(json.loads(raw)))
        except (ValueError, TypeError, KeyError, AttributeError):
            raise wrong from None
        if found.serialise() != raw:
            raise wrong
        return found


def tender_of(request: Request) -> Tender | None:
    """The tender that a request carries; None if it carries none, or not the one that its hash is of."""
    if not request.uri.startswith(_PREFIX) or len(request.uri) > 2 * LARGEST:
        return None
    try:
        raw = b64decode(request.uri.removeprefix(_PREFIX), validate=True)
        return Tender.parse(raw) if keccak(raw) == request.documents else None
    except (ValueError, InvalidInput):
        return None


def _read(found: dict[str, Any]) -> dict[str, Any]:
    if found.keys() != _FIELDS or found["format"] != FORMAT:
        raise ValueError
    return {
        "award": _goal(**found["award"]),
        "requires": frozenset(found["requires"]),
        "documents": bytes.fromhex(found["documents"].removeprefix("0x")),
        "uri": found["uri"],
    }


def _goal(*, rule: str, hourWorth: str | None = None) -> Goal:  # noqa: N803 - as the file names it
    if rule == "time" and hourWorth is None:
        return EARLIEST
    if rule != "price" or hourWorth is None or not _AMOUNT.fullmatch(hourWorth):
        raise ValueError
    return Worth(BaseUnits(int(hourWorth)))
