"""Quantities of lots, as people write them: "2.5 kg" of a lot that is counted in grams is 2500.

On chain a quantity is a whole number of the lot's own unit, a code of UN/CEFACT Recommendation 20. People may
write another unit of the same kind, by its symbol or its code, if it comes to a whole number exactly; nothing
is ever rounded. A bare number is in the lot's own unit.
"""

import re
from collections.abc import Collection
from fractions import Fraction
from typing import Final

from fabricant.domain.assets import NO_UNIT, parse_unit
from fabricant.domain.units import parse_decimal, printable
from fabricant.errors import InvalidInput

PIECES: Final = "pieces"  # what people call NO_UNIT, that of assets that are no lots

# The units of a kind, by symbol and code, with how many of the first one they are.
_KINDS: Final = (
    (("mg", "MGM", 1), ("g", "GRM", 10**3), ("kg", "KGM", 10**6), ("t", "TNE", 10**9)),
    (("µm", "4H", 1), ("mm", "MMT", 10**3), ("cm", "CMT", 10**4), ("m", "MTR", 10**6), ("km", "KMT", 10**9)),
    (("mm²", "MMK", 1), ("cm²", "CMK", 10**2), ("m²", "MTK", 10**6)),
    (
        ("mm³", "MMQ", 1),
        ("ml", "MLT", 10**3),
        ("cl", "CLT", 10**4),
        ("l", "LTR", 10**6),
        ("m³", "MTQ", 10**9),
    ),
    (("Wh", "WHR", 1), ("kWh", "KWH", 10**3), ("MWh", "MWH", 10**6)),
    (("s", "SEC", 1), ("min", "MIN", 60), ("h", "HUR", 3600)),
)
_SYMBOLS: Final = {symbol: code for units in _KINDS for symbol, code, _ in units} | {
    "piece": "",
    PIECES: "",
}
_SIZES: Final = {
    parse_unit(code): (kind, size) for kind, units in enumerate(_KINDS) for _, code, size in units
}


def parse_quantity(text: str, unit: bytes) -> int:
    """How many whole `unit`s a text such as "2.5 kg", "2500" or "2500 GRM" is. Raises InvalidInput."""
    number, written = _split(text)
    quantity = number if written in (None, unit) else number * _factor(written, unit, text)
    if quantity.denominator != 1:
        raise InvalidInput(f"{text} is no whole number of {unit_text(unit)}, in which this is counted")
    return quantity.numerator


def meant_unit(text: str, units: Collection[bytes]) -> bytes:
    """Which of these units a quantity is to be counted in: its own, or the one of its kind.

    Raises InvalidInput if there is none or more than one.
    """
    _, written = _split(text)
    if written is not None and written in units:
        return written
    alike = [each for each in units if written is None or _kind(each) == _kind(written) is not None]
    if len(alike) != 1:
        names = ", ".join(map(unit_text, sorted(units)))
        raise InvalidInput(
            f"{text} could be counted in {len(alike)} of these units: {names}; name one of them"
        )
    return alike[0]


def unit_text(unit: bytes) -> str:
    """A unit as people write it: its code, or "pieces" for none."""
    return unit.rstrip(b"\0").decode("ascii", "backslashreplace") or PIECES


def quantity_text(quantity: int, unit: bytes) -> str:
    """A quantity with its unit: "2,500 GRM"; `parse_quantity` reads it without the comma."""
    return f"{quantity:,} {unit_text(unit)}"


def _split(text: str) -> tuple[Fraction, bytes | None]:
    """A number, and the unit behind it if there is one."""
    found = re.fullmatch(r"([0-9.]+) ?([^\s0-9.]\S{0,7}|4H)?", text)
    if found is None:
        raise InvalidInput(f"{printable(text, 60)!r} is no quantity; write it like 2.5 kg or 2500 GRM")
    written = found[2]
    return Fraction(parse_decimal(found[1])), None if written is None else _unit(written)


def _unit(text: str) -> bytes:
    code = _SYMBOLS.get(text, text)
    return parse_unit(code) if code else NO_UNIT


def _kind(unit: bytes) -> int | None:
    return _SIZES[unit][0] if unit in _SIZES else None


def _factor(written: bytes | None, unit: bytes, text: str) -> Fraction:
    if written is None or _kind(written) is None or _kind(written) != _kind(unit):
        raise InvalidInput(f"{text} can't be counted in {unit_text(unit)}, in which this is counted")
    return Fraction(_SIZES[written][1], _SIZES[unit][1])
