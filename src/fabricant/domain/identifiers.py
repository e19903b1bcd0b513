"""What is written on things, in one canonical form for each thing.

The same serialised product is a GS1 Digital Link on one label, an element string on the next and an EPC URN
in a reader; all three are one local id here: the path of the Digital Link, such as
"01/09506000134352/21/ABC". IEC 61406 links are kept as links, and anything else is a free serial number,
which is taken as it was written or refused, never changed.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from itertools import pairwise
from typing import Final
from urllib.parse import quote, unquote, urlsplit

from fabricant.domain.units import printable
from fabricant.errors import InvalidInput

LONGEST_LOCAL_ID: Final = 200
RESOLVER: Final = "id.gs1.org"


class UnclearCharacter(InvalidInput):
    """A character in an identifier that is not ASCII. `position` counts from one; `text` is safe to print."""

    def __init__(self, *, text: str, character: str, position: int) -> None:
        self.text = text
        self.character = character
        self.position = position
        name = unicodedata.name(character, "without a name")
        super().__init__(
            f"{text!r} can't be a local id: character {position} is U+{ord(character):04X} {name}, which can "
            "be mistaken for another or not be seen; write it in ASCII"
        )


class Scheme(Enum):
    """Whose rules an identifier follows."""

    GS1 = "GS1"
    LINK = "IEC 61406"
    SERIAL = "serial number"


@dataclass(frozen=True, slots=True)
class _Key:
    """A GS1 key: what tells its things apart, and where its check digit and company prefix are."""

    qualifiers: tuple[str, ...]  # the first one that is there makes the identity
    needed: bool  # a key that names a kind of things only needs one of them
    body: slice  # digits that end with a check digit; empty: it has none
    company: int  # where the company prefix begins


_KEYS: Final[Mapping[str, _Key]] = {
    "00": _Key((), needed=False, body=slice(18), company=1),  # SSCC: a logistic unit
    "01": _Key(("21", "10"), needed=True, body=slice(14), company=1),  # GTIN: a product, or a lot of it
    "414": _Key(("254",), needed=False, body=slice(13), company=0),  # GLN: a place
    "8003": _Key((), needed=False, body=slice(14), company=1),  # GRAI: a returnable asset
    "8004": _Key((), needed=False, body=slice(0), company=0),  # GIAI: an individual asset
    "8006": _Key(("21", "10"), needed=True, body=slice(14), company=1),  # ITIP: a piece of a product
}
_IDENTITY: Final = {*_KEYS, *(each for key in _KEYS.values() for each in key.qualifiers)}
# The names of earlier Digital Link standards.
_NAMES: Final = {"sscc": "00", "gtin": "01", "lot": "10", "ser": "21", "glnx": "254", "gln": "414"} | {
    "grai": "8003",
    "giai": "8004",
    "itip": "8006",
}
_PATH: Final = re.compile(rf"({'|'.join(_KEYS)})/\d{{4}}.*")
_EPC: Final = re.compile(r"urn:epc:(?:id|class):(\w+):(\d{6,12})\.(.+)", re.IGNORECASE)
_IN_LINKS: Final = re.compile(r"(?:[\w.~!$&'()*+,;=:@/?-]|%[0-9A-F]{2})*", re.ASCII)
_HOST: Final = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z][a-z0-9-]*[a-z0-9]")
_ESCAPED_IN_EPC: Final = "!'()*+,:;=-._"  # what an EPC URN leaves as it is, beside letters and digits


@dataclass(frozen=True, slots=True)
class Identifier:
    """An identifier that was checked. `local_id` is its canonical form."""

    scheme: Scheme
    local_id: str

    @property
    def elements(self) -> tuple[tuple[str, str], ...]:
        """Application identifiers and values of a GS1 identifier; nothing for another."""
        if self.scheme is not Scheme.GS1:
            return ()
        parts = [unquote(part) for part in self.local_id.split("/")]
        return tuple(zip(parts[::2], parts[1::2], strict=True))

    @property
    def element_string(self) -> str | None:
        """What people read beneath a GS1 symbol: "(01)09506000134352(21)ABC"."""
        return "".join(f"({ai}){value}" for ai, value in self.elements) or None

    def link(self, domain: str = RESOLVER) -> str | None:
        """Where the identifier resolves: an IEC 61406 link itself, a Digital Link at a domain."""
        if self.scheme is Scheme.SERIAL:
            return None
        return self.local_id if self.scheme is Scheme.LINK else f"https://{_host(domain)}/{self.local_id}"

    @property
    def epc(self) -> str | None:
        """The EPC URN, if there is one and GS1's list tells how long the company prefix is."""
        prefix = self._company_prefix()
        return _to_epc(dict(self.elements), prefix) if prefix else None

    def check_within(self, prefix: str) -> None:
        """Raises InvalidInput for an identifier outside the public prefix that its namespace stands for.

        A GS1 prefix URI ends with a company prefix, with which GS1 keys begin; a DNS domain is that of
        links. Free serial numbers lie in every namespace.
        """
        if self.scheme is Scheme.LINK:
            host = str(urlsplit(self.local_id).hostname)
            inside = host == prefix or host.endswith(f".{prefix}")
        elif self.scheme is Scheme.GS1:
            company = re.fullmatch(r"https://id\.gs1\.org/\d{2,4}/(\d{4,12})", prefix)
            inside = company is not None and self._company_digits().startswith(company[1])
        else:
            inside = True
        if not inside:
            raise InvalidInput(
                f"{self.local_id} does not lie in {printable(prefix)}; name the prefix of whoever issued it"
            )

    def _company_digits(self) -> str:
        ai, value = self.elements[0]
        return value[_KEYS[ai].company :]

    def _company_prefix(self) -> str | None:
        from biip import ParseError  # noqa: PLC0415 - its tables take long to load
        from biip.gs1_prefixes import GS1CompanyPrefix  # noqa: PLC0415

        if not self.elements:
            return None
        try:
            found = GS1CompanyPrefix.extract(self._company_digits())
        except ParseError:
            return None
        return found.value if found else None


def identify(text: str) -> Identifier:
    """The identifier that a label, a reader or a person gives. No request is sent anywhere.

    GS1: a Digital Link at any domain or its path alone, an element string with brackets, an EPC URN. Of a
    product with a serial number the lot is left out, because it tells no unit from another. Raises
    UnclearCharacter for anything but ASCII, InvalidInput for what breaks the rules of its scheme.
    """
    _check_characters(text)
    found = _gs1(text) or _link(text) or Identifier(Scheme.SERIAL, text)
    if len(found.local_id) > LONGEST_LOCAL_ID:
        raise InvalidInput(
            f"{printable(text, 60)!r} can't be a local id: it is longer than {LONGEST_LOCAL_ID}"
        )
    return found


def _check_characters(text: str) -> None:
    """ASCII has no look-alikes, no invisible characters and nothing that turns the reading direction."""
    for position, character in enumerate(text, start=1):
        if not " " <= character <= "~":
            raise UnclearCharacter(text=printable(text, 60), character=character, position=position)
    if not text or text != text.strip():
        raise InvalidInput(f"{printable(text, 60)!r} can't be a local id: it is empty, or has outer spaces")


def _gs1(text: str) -> Identifier | None:
    if text.startswith("("):
        pairs = re.findall(r"\((\d{2,4})\)([^(]+(?:\((?!\d{2,4}\))[^(]*)*)", text)
        whole = "".join(f"({ai}){value}" for ai, value in pairs) == text
        return _canonical(pairs) if whole else None
    if text[:8].lower() == "urn:epc:":
        return _from_epc(text)
    if _PATH.fullmatch(text):
        return _canonical(_pairs(text.split("/")))
    if re.match(r"https?://", text, re.IGNORECASE):
        parts = [_NAMES.get(part, part) for part in urlsplit(text).path.split("/")]
        for start, (ai, value) in enumerate(pairwise(parts)):
            if ai in _KEYS and re.match(r"\d{4}", value):
                return _canonical(_pairs(parts[start:]))
    return None


def _pairs(parts: list[str]) -> list[tuple[str, str]]:
    if len(parts) % 2:
        raise InvalidInput(f"{'/'.join(parts)} has a key without a value")
    values = [unquote(part) for part in parts[1::2]]
    return list(zip((_NAMES.get(part, part) for part in parts[::2]), values, strict=True))


def _canonical(pairs: Iterable[tuple[str, str]]) -> Identifier:
    """The key and what tells its things apart, whatever else was said about the thing."""
    elements: dict[str, str] = {}
    for ai, value in pairs:
        padded = value.zfill(14) if ai == "01" else value
        if ai in _IDENTITY and elements.setdefault(ai, padded) != padded:
            raise InvalidInput(f"({ai}) has two values, {elements[ai]} and {value}; write one")
        _check_element(ai, padded)
    keys = [ai for ai in elements if ai in _KEYS]
    if len(keys) != 1:
        raise InvalidInput(f"one GS1 key is needed, not {len(keys)}; use one of {', '.join(_KEYS)}")
    key, value = keys[0], elements[keys[0]]
    _check_key(key, value)
    told = next((ai for ai in _KEYS[key].qualifiers if ai in elements), None)
    if _KEYS[key].needed and told is None:
        raise InvalidInput(
            f"({key}){value} names a kind of things; add a serial number (21) or, for a lot, its number (10)"
        )
    wanted = [key] if told is None or (told, elements[told]) == ("254", "0") else [key, told]
    path = "/".join(f"{ai}/{quote(elements[ai], safe='')}" for ai in wanted)
    return Identifier(Scheme.GS1, path)


def _check_element(ai: str, value: str) -> None:
    """The format and characters of one element, by GS1's list."""
    from biip import ParseError  # noqa: PLC0415 - its tables take long to load
    from biip.gs1_application_identifiers import GS1ApplicationIdentifier  # noqa: PLC0415

    try:
        known = GS1ApplicationIdentifier.extract(ai)
    except ParseError:
        raise InvalidInput(f"({ai}) is no application identifier of GS1") from None
    if known.ai != ai or not re.fullmatch(known.pattern, f"{ai}{value}"):
        raise InvalidInput(f"({ai}){printable(value, 60)} is not written as {known.format}, as GS1 has it")


def _check_key(key: str, value: str) -> None:
    digits = value[_KEYS[key].body]
    if digits and _check_digit(digits[:-1]) != digits[-1]:
        raise InvalidInput(
            f"({key}){value}: the check digit of {digits} would be {_check_digit(digits[:-1])}; "
            "read the label again"
        )
    if key == "8003" and (value[0] != "0" or len(value) == 14):
        raise InvalidInput(f"(8003){value} needs a zero before it and a serial number after its check digit")


def _check_digit(digits: str) -> str:
    from biip.checksums import gs1_standard_check_digit  # noqa: PLC0415

    return str(gs1_standard_check_digit(digits))


# EPC URNs: the company prefix has its own field, and check digits are left out


def _from_epc(text: str) -> Identifier:  # noqa: PLR0911 - one for each scheme
    wrong = InvalidInput(f"{printable(text, 80)} is no EPC URN of one thing or lot")
    found = _EPC.fullmatch(text)
    if not found:
        raise wrong
    scheme, company, rest = found[1].lower(), found[2], found[3]
    fields = [company, *(rest.split(".", _FIELDS.get(scheme, 0)))]
    if scheme not in _FIELDS or len(fields) != _FIELDS[scheme] + 2:
        raise wrong
    fields = [unquote(each) for each in fields]
    if scheme == "giai":
        return _canonical([("8004", company + fields[1])])
    digits, reference, last = _EPC_DIGITS[scheme], fields[1], fields[-1]
    if not re.fullmatch(r"\d*", reference, re.ASCII) or len(company + reference) != digits:
        raise wrong
    moved = digits in (13, 17)  # the first digit of the reference stands before the company prefix
    body = reference[:1] + company + reference[1:] if moved else company + reference
    body += _check_digit(body)
    match scheme:
        case "sgtin":
            return _canonical([("01", body), ("21", last)])
        case "lgtin":
            return _canonical([("01", body), ("10", last)])
        case "itip":
            return _canonical([("8006", body + fields[2] + fields[3]), ("21", last)])
        case "sscc":
            return _canonical([("00", body)])
        case "grai":
            return _canonical([("8003", f"0{body}{last}")])
        case _:
            return _canonical([("414", body), ("254", last)])


_FIELDS: Final = {"sgtin": 1, "lgtin": 1, "itip": 3, "sscc": 0, "grai": 1, "sgln": 1, "giai": 0}  # dots
_EPC_DIGITS: Final = {"sgtin": 13, "lgtin": 13, "itip": 13, "sscc": 17, "grai": 12, "sgln": 12}


def _to_epc(elements: dict[str, str], company: str) -> str | None:  # noqa: PLR0911 - one for each key
    (key, value), size = next(iter(elements.items())), len(company)
    serial, lot = elements.get("21"), elements.get("10")
    moved = f"{company}.{value[0]}{value[1 + size : -1]}"
    match key:
        case "00":
            return f"urn:epc:id:sscc:{moved}"
        case "01" if serial:
            return f"urn:epc:id:sgtin:{moved}.{_epc(serial)}"
        case "01" if lot:
            return f"urn:epc:class:lgtin:{moved}.{_epc(lot)}"
        case "8006" if serial:
            item = f"{company}.{value[0]}{value[1 + size : 13]}"
            return f"urn:epc:id:itip:{item}.{value[14:16]}.{value[16:]}.{_epc(serial)}"
        case "414":
            return f"urn:epc:id:sgln:{company}.{value[size:-1]}.{_epc(elements.get('254', '0'))}"
        case "8003":
            return f"urn:epc:id:grai:{company}.{value[1 + size : 13]}.{_epc(value[14:])}"
        case "8004":
            return f"urn:epc:id:giai:{company}.{_epc(value[size:])}"
        case _:
            return None


def _epc(text: str) -> str:
    return quote(text, safe=_ESCAPED_IN_EPC)


# IEC 61406 links


def _link(text: str) -> Identifier | None:
    scheme, mark, rest = text.partition("://")
    if not mark:
        return None
    if scheme.lower() != "https":
        raise InvalidInput(f"{printable(text, 80)} is no identification link: it has to begin with https://")
    authority, slash, tail = rest.partition("/")
    host = _host(authority.removesuffix(":443"))
    tail = re.sub(r"%[0-9a-fA-F]{2}", lambda code: _normal(code[0]), tail)
    if not slash or not tail or not _IN_LINKS.fullmatch(tail):
        raise InvalidInput(
            f"{printable(text, 80)} names no thing: a link has a path, no fragment, and no character that "
            "RFC 3986 keeps out"
        )
    if {".", ".."} & set(tail.partition("?")[0].split("/")):
        raise InvalidInput(f"{printable(text, 80)} has dots in its path; write where they lead")
    return Identifier(Scheme.LINK, f"https://{host}/{tail}")


def _host(text: str) -> str:
    if not _HOST.fullmatch(text.lower()):
        raise InvalidInput(f"{printable(text, 80)} is no domain name; write one such as example.com")
    return text.lower()


def _normal(code: str) -> str:
    """A percent-encoded octet as RFC 3986 has it: capitals, and letters, digits, - . _ ~ themselves."""
    character = chr(int(code[1:], 16))
    return character if re.fullmatch(r"[\w.~-]", character, re.ASCII) else code.upper()
