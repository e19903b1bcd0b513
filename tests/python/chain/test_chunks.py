"""What is too much for one transaction goes in several."""

from collections.abc import Sequence

import pytest

from fabricant.chain.chunks import chunks, send_in_chunks
from fabricant.errors import GasCapExceeded


def test_a_chunk_that_is_too_large_is_halved_and_stays_so() -> None:
    tried = []

    def send(items: Sequence[int]) -> list[int]:
        tried.append(len(items))
        if len(items) > 3:
            raise GasCapExceeded("too much")
        return list(items)

    assert list(send_in_chunks(range(8), 100, send)) == [[0, 1], [2, 3], [4, 5], [6, 7]]
    assert tried == [8, 4, 2, 2, 2, 2]
    assert list(send_in_chunks([], 100, send)) == []


def test_one_thing_that_is_too_much_is_told() -> None:
    def send(_: Sequence[int]) -> None:
        raise GasCapExceeded("too much")

    with pytest.raises(GasCapExceeded):
        list(send_in_chunks(range(5), 4, send))


def test_chunks_hold_everything_in_order() -> None:
    assert [list(each) for each in chunks(range(5), 2)] == [[0, 1], [2, 3], [4]]
    assert chunks([], 2) == []
