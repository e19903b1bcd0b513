"""What firms hand each other: an offer, terms, a settlement, a grant, each a JSON file with its signatures.

A file names the contract that it is for, holds what is signed field by field, and its id, the digest that
the signatures are over. What names order lines by their ids carries their terms too, which the ids prove,
and what binds machine-hours carries these, which the terms prove.
Numbers are decimal text and bytes hex, as wallets write typed data. Reading is strict: a file in which
anything but a signature was altered no longer has its own id; whether a signature is its signer's, only the
chain can say.

A kind more is a constant more.
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, Generic, TypeVar, get_type_hints

from fabricant.domain.assets import AssetId
from fabricant.domain.capacity import (
    OFFER,
    QUOTATION,
    Booking,
    HourPattern,
    Offer,
    OfferId,
    Quotation,
)
from fabricant.domain.directory import GRANT, OperatorGrant
from fabricant.domain.escrow import (
    AMENDMENT,
    ASSIGNMENT,
    SETTLEMENT,
    TERMS,
    Amendment,
    Assignment,
    Consent,
    Settlement,
    Terms,
    line_id,
)
from fabricant.domain.merkle import HASH_BYTES, MAX_DEPTH
from fabricant.domain.pledges import PLEDGE_TERMS, PledgeTerms
from fabricant.domain.typed_data import DOMAIN, Domain, Message, Struct, as_hinted, snake
from fabricant.domain.units import parse_address, printable
from fabricant.errors import InvalidInput, VerificationFailed, WrongChain

T = TypeVar("T")

LARGEST_FILE: Final = 2**17  # bytes
_MOST_BRACKETS: Final = 24  # deep nesting could crash the whole process
_MOST_MASKS: Final = 72  # words that hold two years
_SIDES: Final = ("buyer", "supplier", "payee")  # the payee's is needed of an assigned line
_FIELDS: Final = frozenset({"format", "id", "domain", "message", "consents"})


@dataclass(frozen=True, slots=True)
class FileKind(Generic[T]):
    """A kind of file. `name` is what people call it, `sides` are those who may sign it.

    `lines`: the order lines whose terms it carries, each with the field of its content that is the line's id.
    `bookings`: the lines whose hours it carries, by the names of `lines` or, in its own terms, `line`.
    """

    name: str
    format: str
    struct: Struct
    form: type[T]
    sides: tuple[str, ...]
    lines: Mapping[str, str] = field(default_factory=dict)
    bookings: tuple[str, ...] = ()

    @property
    def fields(self) -> frozenset[str]:
        """What the document consists of."""
        more = {"lines"} if self.lines else set()
        return _FIELDS | more | ({"bookings"} if self.bookings else set())


class OtherTerms(VerificationFailed):
    """The terms that a file carries are not those of the line that it names."""


class OtherHours(VerificationFailed):
    """The hours that a file carries are not those that its terms bind."""


OFFER_FILE: Final = FileKind("offer", "fabricant-offer/1", OFFER, Offer, ("supplier",))
QUOTATION_FILE: Final = FileKind(
    "quotation", "fabricant-quotation/1", QUOTATION, Quotation, ("supplier",), bookings=("line",)
)
TERMS_FILE: Final = FileKind("order line", "fabricant-terms/1", TERMS, Terms, ("buyer", "supplier"))
SETTLEMENT_FILE: Final = FileKind(
    "settlement",
    "fabricant-settlement/1",
    SETTLEMENT,
    Settlement,
    _SIDES,
    lines={"line": "id"},
)
AMENDMENT_FILE: Final = FileKind(
    "change order",
    "fabricant-amendment/1",
    AMENDMENT,
    Amendment,
    _SIDES,
    lines={"old": "old_id", "new": "new_id"},
)
RESCHEDULING_FILE: Final = FileKind(
    "rescheduling",
    "fabricant-rescheduling/1",
    AMENDMENT,
    Amendment,
    ("supplier", "payee"),
    lines={"old": "old_id", "new": "new_id"},
    bookings=("old", "new"),
)
ASSIGNMENT_FILE: Final = FileKind(
    "assignment",
    "fabricant-assignment/1",
    ASSIGNMENT,
    Assignment,
    ("payee",),
    lines={"line": "id"},
)
PLEDGE_FILE: Final = FileKind(
    "pledge", "fabricant-pledge/1", PLEDGE_TERMS, PledgeTerms, ("pledger", "lender")
)
GRANT_FILE: Final = FileKind("grant", "fabricant-grant/1", GRANT, OperatorGrant, ("principal",))


@dataclass(frozen=True)
class SignedFile(Generic[T]):
    """What is agreed, for which contract, who signed it so far, and the terms of the lines that it names."""

    kind: FileKind[T]
    domain: Domain
    content: T
    consents: Mapping[str, Consent] = field(default_factory=dict)
    lines: Mapping[str, Terms] = field(default_factory=dict)
    bookings: Mapping[str, Booking] = field(default_factory=dict)

    @property
    def message(self) -> Message:
        """What is signed."""
        return Message(self.domain, self.kind.struct, self.content)

    @property
    def id(self) -> bytes:
        """The digest that the signatures are over, by which the chain knows the content."""
        return self.message.digest

    def consent(self, side: str) -> Consent:
        """The consent of a side. Raises InvalidInput if it has not signed."""
        if side not in self.consents:
            raise InvalidInput(f"the {side} has not signed this {self.kind.name}; ask for its signature")
        return self.consents[side]

    def check_domain(self, domain: Domain) -> None:
        """Raises WrongChain if the file is for another contract or chain than this."""
        if self.domain != domain:
            raise WrongChain(f"this {self.kind.name} is for {self.domain}; you are asking {domain}")

    def signed(self, side: str, consent: Consent) -> "SignedFile[T]":
        """The same with the consent of one side more, or anew."""
        return replace(self, consents={**self.consents, side: consent})

    def joined(self, other: "SignedFile[T]") -> "SignedFile[T]":
        """The same with the consents of another copy, where there are none yet.

        Raises InvalidInput if that is no copy of this.
        """
        if (self.kind.format, self.id) != (other.kind.format, other.id):
            raise InvalidInput(f"0x{other.id.hex()} is another {other.kind.name} than 0x{self.id.hex()}")
        return replace(self, consents={**other.consents, **self.consents})

    def serialise(self) -> bytes:
        """The file."""
        document: dict[str, Any] = {
            "format": self.kind.format,
            "id": _hex(self.id),
            "domain": DOMAIN.as_json(self.domain),
            "message": self.kind.struct.as_json(self.content),
            "consents": {
                side: {
                    "signer": consent.signer,
                    "proof": [_hex(sibling) for sibling in consent.proof],
                    "signature": _hex(consent.signature),
                }
                for side, consent in self.consents.items()
            },
        }
        if self.lines:
            document["lines"] = {name: TERMS.as_json(terms) for name, terms in self.lines.items()}
        if self.bookings:
            document["bookings"] = {name: _hours_json(each) for name, each in self.bookings.items()}
        return json.dumps(document, indent=2).encode() + b"\n"

    @classmethod
    def parse(cls, kind: FileKind[T], raw: bytes) -> "SignedFile[T]":
        """Reads a file of this kind.

        Raises InvalidInput for anything else, VerificationFailed if it does not have the id that it names,
        OtherTerms or OtherHours as `check`.
        """
        return _parse((kind,), raw)

    def check(self) -> None:
        """Raises OtherTerms if its terms are not those of the lines that it names, OtherHours if its hours
        are not those that its terms bind.
        """
        for name, id_ in self.kind.lines.items():
            if name not in self.lines or line_id(self.lines[name], self.domain) != getattr(self.content, id_):
                raise OtherTerms(
                    f"the terms in this {self.kind.name} are not those of the line that it names; ask for it "
                    "again"
                )
        for name in self.kind.bookings:
            terms = self.lines[name] if self.lines else self.content.terms  # type: ignore[attr-defined]
            if name not in self.bookings or self.bookings[name].subject != terms.subject:
                raise OtherHours(
                    f"the hours in this {self.kind.name} are not those that its terms bind; ask for it again"
                )


def parse_any(kinds: Iterable[FileKind[Any]], raw: bytes) -> SignedFile[Any]:
    """Reads a file of one of these kinds. Raises as `SignedFile.parse`."""
    return _parse(tuple(kinds), raw)


def _parse(kinds: tuple[FileKind[Any], ...], raw: bytes) -> SignedFile[Any]:
    kind, document = _document(kinds, raw)
    consents = document["consents"]
    if not isinstance(consents, dict) or not consents.keys() <= set(kind.sides):
        raise _no_file(kind.name, f"its consents are not those of {' and '.join(kind.sides)}")
    found = SignedFile(
        kind,
        _read(kind, DOMAIN, Domain, document["domain"]),
        _read(kind, kind.struct, kind.form, document["message"]),
        {side: _consent(kind, each) for side, each in consents.items()},
        _lines(kind, document.get("lines", {})),
        _bookings(kind, document.get("bookings", {})),
    )
    if document["id"] != _hex(found.id):
        raise VerificationFailed(
            f"the {kind.name} was altered: it is not the one that its id names; ask for it again"
        )
    found.check()
    return found


def _document(kinds: tuple[FileKind[Any], ...], raw: bytes) -> tuple[FileKind[Any], dict[str, Any]]:
    name = kinds[0].name if len(kinds) == 1 else "signed"
    if len(raw) > LARGEST_FILE or raw.count(b"{") + raw.count(b"[") > _MOST_BRACKETS:
        raise _no_file(name, "it is too large")
    try:
        found = json.loads(raw, object_pairs_hook=_once)
    except ValueError:
        raise _no_file(name, "it is not JSON") from None
    by_format = {kind.format: kind for kind in kinds}
    said = found.get("format") if isinstance(found, dict) else None
    if not isinstance(said, str) or (kind := by_format.get(said)) is None:
        raise _no_file(name, f"it does not say that it is a {' or '.join(by_format)}")
    if found.keys() != kind.fields:
        raise _no_file(kind.name, f"it has other fields than {', '.join(sorted(kind.fields))}")
    return kind, found


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object. Raises ValueError for a name that stands there twice, which readers take differently."""
    if len(found := dict(pairs)) < len(pairs):
        raise ValueError("a name stands there twice")
    return found


def _lines(kind: FileKind[Any], found: Any) -> dict[str, Terms]:
    if not isinstance(found, dict) or found.keys() != kind.lines.keys():
        raise _no_file(kind.name, f"it carries other terms than those of {' and '.join(kind.lines)}")
    return {name: _read(kind, TERMS, Terms, found[name]) for name in kind.lines}


def _bookings(kind: FileKind[Any], found: Any) -> dict[str, Booking]:
    if not isinstance(found, dict) or found.keys() != set(kind.bookings):
        raise _no_file(kind.name, f"it carries other hours than those of {' and '.join(kind.bookings)}")
    return {name: _hours(kind, found[name]) for name in kind.bookings}


def _hours(kind: FileKind[Any], found: Any) -> Booking:
    match found:
        case {"machine": machine, "offer": offer, "firstWord": word, "hourMasks": list(masks), **more} if (
            not more and len(masks) <= _MOST_MASKS
        ):
            first = _value(kind, "firstWord", "uint32", word)
            pattern = tuple(_value(kind, "hourMasks", "uint256", mask) for mask in masks)
            booking = Booking(
                machine=AssetId(_value(kind, "machine", "uint256", machine)),
                offer=OfferId(_value(kind, "offer", "bytes32", offer)),
                hours=HourPattern(first, pattern) if pattern else None,
            )
            if booking.first_word == first:  # there is one spelling of no hours, too
                return booking
    raise _no_file(kind.name, "hours are a machine, an offer, a first word and masks")


def _hours_json(booking: Booking) -> dict[str, Any]:
    return {
        "machine": str(booking.machine),
        "offer": _hex(booking.offer),
        "firstWord": str(booking.first_word),
        "hourMasks": [str(mask) for mask in booking.hour_masks],
    }


def _read(kind: FileKind[Any], struct: Struct, form: type[Any], found: Any) -> Any:
    names = [name for name, _ in struct.fields]
    if not isinstance(found, dict) or set(found) != set(names):
        raise _no_file(kind.name, f"the fields of {struct.name} are {', '.join(names)}")
    hints, values = get_type_hints(form), {}
    for name, type_ in struct.fields:
        hint = hints[snake(name)]
        if type_ in struct.structs:
            values[snake(name)] = _read(kind, struct.structs[type_], hint, found[name])
        else:
            values[snake(name)] = as_hinted(_value(kind, name, type_, found[name]), hint)
    return form(**values)


def _value(kind: FileKind[Any], name: str, type_: str, found: Any) -> Any:
    """A field as `Struct.as_json` wrote it. Whether it fits its type is checked when it is hashed."""
    if isinstance(found, bool) and type_ == "bool":
        return found
    if isinstance(found, str):
        if type_ == "address":
            return parse_address(found)
        if type_ == "string":
            return found
        if type_.startswith("bytes") and re.fullmatch(r"0x([0-9a-f]{2})*", found):
            return bytes.fromhex(found[2:])
        if "int" in type_ and re.fullmatch(r"0|[1-9][0-9]{0,77}", found):
            return int(found)
    raise _no_file(kind.name, f"{name} is no {type_}: {printable(str(found), 80)}")


def _consent(kind: FileKind[Any], found: Any) -> Consent:
    match found:
        case {"signer": str(signer), "proof": list(proof), "signature": signature, **more} if not more:
            siblings = tuple(_value(kind, "proof", "bytes32", sibling) for sibling in proof)
            if len(siblings) <= MAX_DEPTH and {len(sibling) for sibling in siblings} <= {HASH_BYTES}:
                return Consent(parse_address(signer), siblings, _value(kind, "signature", "bytes", signature))
    raise _no_file(kind.name, "a consent has a signer, a proof and a signature")


def _no_file(name: str, why: str) -> InvalidInput:
    return InvalidInput(f"this is no {name} file: {why}")


def _hex(value: bytes) -> str:
    return f"0x{value.hex()}"
