"""A locator gives back the original digests after damage in one place, and never any that the root denies."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fabricant.domain.locator import Locator
from fabricant.domain.records import Digest, Manifest
from fabricant.domain.shdr import split_lines
from fabricant.errors import InvalidInput

LINE = st.sampled_from([b"a", b"b"]) | st.binary(max_size=5).filter(lambda text: b"\n" not in text)
LINES = st.lists(LINE.map(lambda text: text + b"\n"), min_size=1)
NOISE = st.lists(LINE.map(lambda text: text + b"\n"), max_size=4)


def restored(lines: list[bytes], present: list[bytes]) -> bool:
    """Whether the original's manifest is worked out from its root, its locator and an altered file."""
    original = Manifest.of(b"".join(lines))
    found = Locator.of(original).restore(digests(present), original.root)
    assert found in (None, original)
    return found is not None


def digests(lines: list[bytes]) -> tuple[Digest, ...]:
    data = b"".join(lines)
    return Manifest.of(data).digests if data else ()


@given(LINES, NOISE, st.data())
def test_damage_in_one_place_is_undone_if_at_most_two_lines_were_lost(
    lines: list[bytes], noise: list[bytes], data: st.DataObject
):
    start = data.draw(st.integers(0, len(lines)))
    lost = data.draw(st.integers(0, 2))
    assert restored(lines, lines[:start] + noise + lines[start + lost :])


@given(st.binary(min_size=1, max_size=60), st.data())
def test_any_changed_byte_is_undone(log: bytes, data: st.DataObject):
    at, byte = data.draw(st.integers(0, len(log) - 1)), data.draw(st.integers(0, 255))
    changed = log[:at] + bytes([byte]) + log[at + 1 :]
    assert restored(list(split_lines(log)), list(split_lines(changed)))


def test_damage_in_two_places_is_not_guessed_at():
    lines = [b"%d\n" % number for number in range(20)]
    assert not restored(lines, [b"x\n", *lines[1:19], b"y\n"])
    assert not restored(lines, lines[:5] + lines[8:])
    assert not restored(lines, [])


def test_sums_that_agree_without_the_root_are_not_believed():
    original, other = Manifest.of(b"a\nb\n"), Manifest.of(b"c\nd\n")
    assert Locator.of(other).restore(original.digests, original.root) is None


@given(LINES)
def test_a_locator_is_read_as_it_is_written(lines: list[bytes]):
    locator = Locator.of(Manifest.of(b"".join(lines)))
    assert Locator.parse(str(locator)) == locator
    assert Locator.in_uri(locator.add_to_uri("ipfs://bafy")) == locator
    assert len(str(locator)) <= 140


@pytest.mark.parametrize(
    "text", ["", "4", "4.", "0." + "A" * 128, "4." + "A" * 127, "4." + "A" * 127 + "=", "x." + "A" * 128]
)
def test_what_is_not_a_locator_is_refused(text: str):
    with pytest.raises(InvalidInput, match="not a locator"):
        Locator.parse(text)
    assert Locator.in_uri(f"ipfs://bafy#locator={text}") is None


def test_an_address_without_a_locator_has_none():
    assert Locator.in_uri("ipfs://bafy") is None
    assert Locator.in_uri("") is None
