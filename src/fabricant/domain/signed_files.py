"""What firms hand each other: an offer, terms, a grant, each a JSON file with its signatures.

A file names the contract that it is for, holds what is signed field by field, and its id, the digest that
the signatures are over. Numbers are decimal text and bytes hex, as wallets write typed data. Reading is
strict: a file in which anything but a signature was altered no longer has its own id; whether a signature is
its signer's, only the chain can say.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, Generic, TypeVar, get_type_hints

from fabricant.domain.capacity import OFFER, Offer
from fabricant.domain.directory import GRANT, OperatorGrant
from fabricant.domain.escrow import TERMS, Consent, Terms
from fabricant.domain.merkle import HASH_BYTES, MAX_DEPTH
from fabricant.domain.typed_data import DOMAIN, Domain, Message, Struct, as_hinted, snake
from fabricant.domain.units import parse_address, printable
from fabricant.errors import InvalidInput, VerificationFailed, WrongChain

T = TypeVar("T")

LARGEST_FILE: Final = 2**17  # bytes
_MOST_BRACKETS: Final = 16  # deep nesting could crash the whole process
_FIELDS: Final = frozenset({"format", "id", "domain", "message", "consents"})


@dataclass(frozen=True, slots=True)
class FileKind(Generic[T]):
    """A kind of file. `sides` are those who may sign it; `name` is what people call it."""

    name: str
    format: str
    struct: Struct
    form: type[T]
    sides: tuple[str, ...]


OFFER_FILE: Final = FileKind("offer", "fabricant-offer/1", OFFER, Offer, ("supplier",))
TERMS_FILE: Final = FileKind("order line", "fabricant-terms/1", TERMS, Terms, ("buyer", "supplier"))
GRANT_FILE: Final = FileKind("grant", "fabricant-grant/1", GRANT, OperatorGrant, ("principal",))


@dataclass(frozen=True)
class SignedFile(Generic[T]):
    """What is agreed, for which contract, and who signed it so far."""

    kind: FileKind[T]
    domain: Domain
    content: T
    consents: Mapping[str, Consent]

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

    def serialise(self) -> bytes:
        """The file."""
        document = {
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
        return json.dumps(document, indent=2).encode() + b"\n"

    @classmethod
    def parse(cls, kind: FileKind[T], raw: bytes) -> "SignedFile[T]":
        """Reads a file of this kind.

        Raises InvalidInput for anything else, VerificationFailed if it does not have the id that it names.
        """
        document = _document(kind, raw)
        consents = document["consents"]
        if not isinstance(consents, dict) or not consents.keys() <= set(kind.sides):
            raise _no_file(kind, f"its consents are not those of {' and '.join(kind.sides)}")
        domain = _read(kind, DOMAIN, Domain, document["domain"])
        content = _read(kind, kind.struct, kind.form, document["message"])
        found = cls(kind, domain, content, {side: _consent(kind, each) for side, each in consents.items()})
        if document["id"] != _hex(found.id):
            raise VerificationFailed(
                f"the {kind.name} was altered: it is not the one that its id names; ask for it again"
            )
        return found


def _document(kind: FileKind[Any], raw: bytes) -> dict[str, Any]:
    if len(raw) > LARGEST_FILE or raw.count(b"{") + raw.count(b"[") > _MOST_BRACKETS:
        raise _no_file(kind, "it is too large")
    try:
        found = json.loads(raw)
    except ValueError:
        raise _no_file(kind, "it is not JSON") from None
    if not isinstance(found, dict) or found.get("format") != kind.format:
        raise _no_file(kind, f"it does not say that it is a {kind.format}")
    if found.keys() != _FIELDS:
        raise _no_file(kind, f"it has other fields than {', '.join(sorted(_FIELDS))}")
    return found


def _read(kind: FileKind[Any], struct: Struct, form: type[Any], found: Any) -> Any:
    names = [name for name, _ in struct.fields]
    if not isinstance(found, dict) or set(found) != set(names):
        raise _no_file(kind, f"the fields of {struct.name} are {', '.join(names)}")
    hints = get_type_hints(form)
    values = {snake(name): _value(kind, name, type_, found[name]) for name, type_ in struct.fields}
    return form(**{name: as_hinted(value, hints[name]) for name, value in values.items()})


def _value(kind: FileKind[Any], name: str, type_: str, found: Any) -> Any:
    """A field as `Struct.as_json` wrote it. Whether it fits its type is checked when it is hashed."""
    if isinstance(found, str):
        if type_ == "address":
            return parse_address(found)
        if type_ == "string":
            return found
        if type_.startswith("bytes") and re.fullmatch(r"0x([0-9a-f]{2})*", found):
            return bytes.fromhex(found[2:])
        if "int" in type_ and re.fullmatch(r"0|[1-9][0-9]{0,77}", found):
            return int(found)
    raise _no_file(kind, f"{name} is no {type_}: {printable(str(found), 80)}")


def _consent(kind: FileKind[Any], found: Any) -> Consent:
    match found:
        case {"signer": str(signer), "proof": list(proof), "signature": signature, **more} if not more:
            siblings = tuple(_value(kind, "proof", "bytes32", sibling) for sibling in proof)
            if len(siblings) <= MAX_DEPTH and {len(sibling) for sibling in siblings} <= {HASH_BYTES}:
                return Consent(parse_address(signer), siblings, _value(kind, "signature", "bytes", signature))
    raise _no_file(kind, "a consent has a signer, a proof and a signature")


def _no_file(kind: FileKind[Any], why: str) -> InvalidInput:
    return InvalidInput(f"this is no {kind.name} file: {why}")


def _hex(value: bytes) -> str:
    return f"0x{value.hex()}"
