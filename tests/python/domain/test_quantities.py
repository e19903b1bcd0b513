"""Quantities are read as people write them, exactly or not at all."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fabricant.domain.assets import NO_UNIT
from fabricant.domain.quantities import meant_unit, parse_quantity, quantity_text, unit_text
from fabricant.errors import InvalidInput


@pytest.mark.parametrize(
    ("text", "unit", "quantity"),
    [
        ("2.5 kg", b"GRM", 2500),
        ("2500", b"GRM", 2500),
        ("2500GRM", b"GRM", 2500),
        ("2500 grm", b"GRM", 2500),
        ("0.0025 t", b"GRM", 2500),
        ("3000 g", b"KGM", 3),
        ("1.5 m³", b"LTR", 1500),
        ("1 m", b"4H\0", 10**6),
        ("90 min", b"SEC", 5400),
        ("1.5 h", b"MIN", 90),
        ("7", NO_UNIT, 7),
        ("7 pieces", NO_UNIT, 7),
        ("1 piece", NO_UNIT, 1),
        ("12 C62", b"C62", 12),
        ("0", b"KGM", 0),
        ("340282366920938463463374607431768211455", b"GRM", 2**128 - 1),
        ("340282366920938463463374607431768211.455 kg", b"GRM", 2**128 - 1),
    ],
)
def test_what_people_write(text: str, unit: bytes, quantity: int) -> None:
    assert parse_quantity(text, unit) == quantity


@pytest.mark.parametrize(
    ("text", "unit", "problem"),
    [
        ("2.5 g", b"KGM", "2.5 g is no whole number of KGM"),
        ("0.5", b"KGM", "0.5 is no whole number of KGM"),
        ("0.5", NO_UNIT, "0.5 is no whole number of pieces"),
        ("5 l", b"KGM", "5 l can't be counted in KGM"),
        ("5 kg", b"C62", "5 kg can't be counted in C62"),
        ("5 kg", NO_UNIT, "5 kg can't be counted in pieces"),
        ("5 pieces", b"KGM", "5 pieces can't be counted in KGM"),
        ("5 C62", b"H87", "5 C62 can't be counted in H87"),
        ("5 kilogram", b"KGM", "is no unit code"),
        ("-5 kg", b"KGM", "is no quantity"),
        ("1e3", b"KGM", "1e3 can't be counted in KGM"),
        ("1,000 kg", b"KGM", "is no"),
        ("1.2.3", b"KGM", "is not an amount"),
        ("", b"KGM", "is no quantity"),
        ("kg", b"KGM", "is no quantity"),
        ("5 \u202ekg", b"KGM", r"is no"),
    ],
)
def test_what_is_refused(text: str, unit: bytes, problem: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        parse_quantity(text, unit)
    assert problem in str(refused.value)


@given(st.integers(0, 2**128 - 1), st.sampled_from([b"GRM", b"KGM", b"4H\0", b"C62", NO_UNIT]))
def test_what_is_shown_is_read_back(quantity: int, unit: bytes) -> None:
    assert parse_quantity(quantity_text(quantity, unit).replace(",", ""), unit) == quantity


def test_which_unit_is_meant() -> None:
    assert meant_unit("5 kg", [b"GRM", b"LTR", NO_UNIT]) == b"GRM"
    assert meant_unit("5 kg", [b"GRM", b"KGM"]) == b"KGM"
    assert meant_unit("5", [b"LTR"]) == b"LTR"
    assert meant_unit("5 pieces", [b"LTR", NO_UNIT]) == NO_UNIT
    with pytest.raises(InvalidInput, match="5 t could be counted in 2 of these units: GRM, KGM; name one"):
        meant_unit("5 t", [b"KGM", b"GRM"])
    with pytest.raises(InvalidInput, match="5 could be counted in 2 of these units: pieces, KGM"):
        meant_unit("5", [b"KGM", NO_UNIT])
    with pytest.raises(InvalidInput, match="5 C62 could be counted in 0 of"):
        meant_unit("5 C62", [b"H87"])


def test_units_have_names() -> None:
    assert (unit_text(b"4H\0"), unit_text(NO_UNIT)) == ("4H", "pieces")
