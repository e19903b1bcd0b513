"""Ids by their beginning: one, none or several."""

import pytest

from fabricant.chain.lookup import is_id, match_id
from fabricant.errors import InvalidInput, NotFound

IDS = [bytes.fromhex(digits.ljust(64, "0")) for digits in ("1f2e3d4c5a", "1f2e3d4c5b", "aa2e3d4c")]


def test_id_is_found_by_its_beginning_in_either_case() -> None:
    assert match_id("0xaa2e3d4c", IDS, what="line") == IDS[2]
    assert match_id("0xAA2E3D4C", IDS, what="line") == IDS[2]
    assert match_id(f"0x{IDS[0].hex()}", IDS, what="line") == IDS[0]


def test_id_that_came_twice_is_one() -> None:
    assert match_id("0xaa2e3d4c", [*IDS, IDS[2]], what="line") == IDS[2]


def test_beginning_of_several_ids_is_refused() -> None:
    with pytest.raises(InvalidInput, match="0x1f2e3d4c is the beginning of 2 ids; write more digits"):
        match_id("0x1f2e3d4c", IDS, what="line")


def test_beginning_of_no_id_is_not_found() -> None:
    with pytest.raises(NotFound, match="there is no line 0x1f2e3d4d on this chain"):
        match_id("0x1f2e3d4d", IDS, what="line")


@pytest.mark.parametrize(
    "text", ["", "0x", "0x1234567", "1f2e3d4c", "0x1f2e3d4g", "0x" + "1" * 65, "line\u202e"]
)
def test_what_is_no_id_is_refused(text: str) -> None:
    assert not is_id(text)
    with pytest.raises(InvalidInput, match="write 0x and at least 8 digits"):
        match_id(text, IDS, what="line")
