"""Trade conditions: within their ranges, packed as the contract packs them, and told in words."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fabricant.domain.escrow import ConditionOutOfRange, Conditions, PackedConditions, explain
from fabricant.domain.escrow.conditions import PARAMETERS, PERIODS, RATES, field_name
from fabricant.domain.units import Seconds
from fabricant.errors import InvalidInput
from tests.python.domain import strategies
from tests.support import deals
from tests.support.world import DAY, HOUR, USUAL

YEAR = 365 * DAY


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


def test_the_fields_are_those_of_the_contract() -> None:
    assert [_camel(name) for name, _ in RATES] == [name for name, _ in deals.RATES]
    assert [_camel(name) for name, _ in PERIODS] == [name for name, _ in deals.PERIODS]
    assert [field_name(number) for number in range(22)] == [name for name, _ in RATES + PERIODS]
    assert field_name(22) == "field 22"


@given(strategies.conditions())
def test_conditions_are_packed_like_the_contract_does(conditions: Conditions) -> None:
    values = {_camel(name): getattr(conditions, name) for name in PARAMETERS}
    packed = deals.conditions(**values)

    assert conditions.packed == PackedConditions(packed["rates"], packed["periods"])
    assert conditions.id == deals.conditions_id(packed)
    assert conditions.packed.unpack() == conditions


@pytest.mark.parametrize(
    ("field", "least", "most"),
    [
        *((name, 0, 10_000) for name, bits in RATES[:7]),
        ("broker_bps", 0, 500),
        ("arbiter_fee_bps", 0, 500),
        ("max_rejections", 0, 16),
        ("inspection", HOUR, YEAR),
        ("arbitration", HOUR, YEAR),
        ("late_every", HOUR, 2**32 - 1),
        ("resign_period", 0, 2**32 - 1),
        ("cancel_notice", USUAL.delivery_window, 2**32 - 1),
        ("long_stop", USUAL.cure, 2 * YEAR),
        ("transit", 0, 2 * YEAR),
        ("cure", HOUR, USUAL.long_stop),
        ("retention", 0, 5 * YEAR),
    ],
)
def test_the_limits_are_allowed_and_nothing_beyond(field: str, least: int, most: int) -> None:
    for allowed in (least, most):
        assert getattr(replace(USUAL, **{field: allowed}), field) == allowed
    for wrong in (least - 1, most + 1):
        with pytest.raises(ConditionOutOfRange):
            replace(USUAL, **{field: wrong})


def test_a_broken_limit_is_named_in_words() -> None:
    with pytest.raises(ConditionOutOfRange) as broken:
        replace(USUAL, cancel_notice=Seconds(DAY))

    assert (broken.value.field, broken.value.value) == ("cancel_notice", DAY)
    assert (broken.value.least, broken.value.most) == (USUAL.delivery_window, 2**32 - 1)
    assert str(broken.value).startswith("cancel_notice is 1 day; it has to be from 7 days to ")
    with pytest.raises(ConditionOutOfRange, match=r"broker_bps is 5\.01 %; it has to be from 0 % to 5 %"):
        replace(USUAL, broker_bps=501)
    with pytest.raises(ConditionOutOfRange, match="max_rejections is 17; it has to be from 0 to 16"):
        replace(USUAL, max_rejections=17)


@pytest.mark.parametrize("value", [0.5, "1 day", True, None])
def test_only_whole_numbers_are_conditions(value: object) -> None:
    with pytest.raises(InvalidInput, match="inspection is a whole number"):
        replace(USUAL, inspection=value)


@pytest.mark.parametrize(
    "packed",
    [
        PackedConditions(0, 0),
        replace(USUAL.packed, rates=USUAL.packed.rates ^ 1 << 248),  # says that there is no resign period
        replace(USUAL.packed, rates=USUAL.packed.rates ^ 1 << 249),
        replace(USUAL.packed, periods=USUAL.packed.periods ^ 1 << 224),  # another interval of late damages
        replace(USUAL.packed, rates=USUAL.packed.rates ^ 0xFFFF << 112),
    ],
)
def test_words_that_contradict_each_other_are_no_conditions(packed: PackedConditions) -> None:
    with pytest.raises(InvalidInput):
        packed.unpack()


# In words


def _effective(c: Conditions) -> Conditions:
    """Without the fields that change nothing, given the others."""
    if not (c.late_bps and c.max_late_bps):
        c = replace(c, late_bps=0, max_late_bps=0, late_every=HOUR)
    if not c.retention_bps:
        c = replace(c, retention=0)
    if c.cancel_notice == 2**32 - 1:
        c = replace(c, cancel_bps=0)
    if c.cancel_bps <= c.advance_bps:
        c = replace(c, cancel_bps=0)
    if c.max_rejections == 0:
        c = replace(c, cure=HOUR)
    return c


@given(strategies.conditions(), strategies.conditions(), st.sampled_from(PARAMETERS))
def test_conditions_that_differ_in_effect_never_read_alike(
    one: Conditions, other: Conditions, changed: str
) -> None:
    values = {changed: getattr(other, changed)}
    if changed in ("delivery_window", "cancel_notice"):
        values = {name: getattr(other, name) for name in ("delivery_window", "cancel_notice")}
    if changed in ("cure", "long_stop"):
        values = {name: getattr(other, name) for name in ("cure", "long_stop")}
    another = replace(one, **values)

    alike = explain(one) == explain(another)

    assert alike == (_effective(one) == _effective(another))


@given(strategies.conditions())
def test_sentences_are_sentences(conditions: Conditions) -> None:
    for sentence in explain(conditions):
        assert not sentence[0].islower()
        assert sentence.endswith(".")
        assert sentence.isprintable()
        assert "  " not in sentence


def test_usual_conditions_in_words() -> None:
    sentences = explain(USUAL)

    assert "The buyer has 5 days after arrival to inspect. Silence counts as acceptance." in sentences
    assert sentences[0] == "The buyer pays the whole price into escrow when the line is opened."
    assert any("1 % of the price back, 5 % at most" in sentence for sentence in sentences)
