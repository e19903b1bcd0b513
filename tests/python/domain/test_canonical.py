"""One value has one spelling, and what JSON readers would disagree about is refused."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fabricant.domain.canonical import canonical_json
from fabricant.errors import InvalidInput

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)


@given(VALUES)
def test_what_is_written_is_read_back_and_written_the_same(value: Any):
    text = canonical_json(value)
    assert json.loads(text) == value
    assert canonical_json(json.loads(text)) == text


def test_the_form_is_that_of_rfc_8785():
    value = {
        "\u20ac": "Euro",
        "\r": "CR",
        "\ufb33": "Hebrew",
        "1": "One",
        "\U0001f600": "Smile",
        "\u0080": "C",
        "ö": [],
    }
    keys = list(json.loads(canonical_json(value)))
    assert keys == ["\r", "1", "\u0080", "ö", "\u20ac", "\U0001f600", "\ufb33"]  # by UTF-16 units
    assert (
        canonical_json(['\u000f\n"\\/€', True, None, -1]) == '["\\u000f\\n\\"\\\\/€",true,null,-1]'.encode()
    )


@pytest.mark.parametrize(
    "value", [1.5, b"raw", {1: "a"}, 2**53, -(2**53), "\ud800", {"\udfff": 1}, [object()]]
)
def test_what_has_no_single_spelling_is_refused(value: Any):
    with pytest.raises(InvalidInput):
        canonical_json(value)
