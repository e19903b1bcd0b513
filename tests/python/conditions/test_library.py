"""The trade conditions that ship: their ids never change, their files are readable, their words complete."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fabricant.conditions import ConditionsSet, conditions_named, library, load, parse
from fabricant.domain.escrow import Conditions, ConditionsId
from fabricant.errors import InvalidInput, NotFound
from tests.python.domain import strategies

# What is published on a chain stays; a set that is to change needs a new name.
IDS = {
    "machine-time": "5ae2cbd81b425d18fc6c2c3e2e93b22c54ce4496da4dd2e3c04b96a2055e5df9",
    "prototypes": "c3e7f1fbb64744dcdcb3da65910f539b12a101fcf2ea0b57e1038ba24d65a515",
    "repair": "3f23b96f7e325e614aaffff5c6ffc17b319d55f959d56f9f2dbbcedf29c1c9ab",
    "series-parts-delivered-at-place": "b034887446358f82065e1caf2333565bcec628479e44e561000aa0f17e60a149",
    "tooling": "9024e452fcd79e291d831ea43c1de0c65fd2796673c93ad372517433644fd273",
}
GOOD = load("repair")


def test_published_ids_are_stable() -> None:
    assert {each.name: each.id.hex() for each in library()} == IDS


@pytest.mark.parametrize("name", IDS)
def test_a_known_set_is_recognised_by_its_id(name: str) -> None:
    known = conditions_named(ConditionsId(bytes.fromhex(IDS[name])))

    assert known == load(name)
    assert known
    assert known.sentences


def test_what_is_not_known() -> None:
    assert conditions_named(ConditionsId(bytes(32))) is None
    with pytest.raises(NotFound, match="no conditions are called 'welding'; there are machine-time, "):
        load("welding")


@pytest.mark.parametrize("each", library(), ids=lambda each: each.name)
def test_every_set_is_described(each: ConditionsSet) -> None:
    assert each.title[0].isupper()
    assert each.purpose.endswith(".")
    assert len(each.sentences) > 10


@given(
    strategies.conditions(),
    st.text(min_size=1, alphabet=st.characters(codec="utf-8", exclude_categories=["Cc"])),
)
def test_a_set_is_read_back_from_its_file(conditions: Conditions, title: str) -> None:
    one = ConditionsSet("own", title, 'Said "so":\n\\ twice.', conditions)

    assert parse(one.serialise(), name="own") == one


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"5 days"', '"5 moons"', "5 moons"),
        ('"5 days"', "432000", "needs its unit"),
        ('"10 %"', '"110 %"', "share"),
        ("max_rejections = 2", 'max_rejections = "twice"', "max_rejections is a number"),
        ("max_rejections = 2", "max_rejections = 17", "max_rejections is 17"),
        ("max_rejections = 2", "max_rejections = true", "max_rejections"),
        ("max_rejections = 2\n", "", "say nothing of max_rejections"),
        ("max_rejections = 2", "max_rejections = 2\nlunch = 1", "no condition 'lunch'"),
        ('cure = "5 days"', 'cure = "15 days"', "long_stop is 14 days"),
        ("[disputes]", "[quarrels]", "disputes is missing"),
        ("title = ", "name = ", "title"),
        ("title = ", "= ", "not written in TOML"),
        ('"Repair"', "3", "title"),
    ],
)
def test_a_file_that_is_wrong_is_refused_with_the_place(old: str, new: str, said: str) -> None:
    text = GOOD.serialise()
    assert old in text

    with pytest.raises(InvalidInput, match=said):
        parse(text.replace(old, new, 1), name="own")


def test_a_huge_file_is_refused() -> None:
    with pytest.raises(InvalidInput, match="longer than any conditions"):
        parse("#" * 2**17, name="own")


def test_names_are_not_part_of_the_id() -> None:
    assert replace(GOOD, name="own", title="Other").id == GOOD.id
