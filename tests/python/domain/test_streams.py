"""Streams of anchored records."""

from eth_abi.abi import encode
from eth_utils.crypto import keccak
from hypothesis import given
from hypothesis import strategies as st

from fabricant.domain.merkle import Root
from fabricant.domain.streams import NO_HEAD, head_after, next_head, owner_of_stream, stream_id
from fabricant.domain.units import Address, UnixSeconds
from tests.python.domain import strategies


@given(strategies.addresses, st.text(alphabet=st.characters(codec="utf-8")))
def test_a_stream_says_whose_it_is(owner: Address, name: str) -> None:
    stream = stream_id(owner, name)

    assert len(stream) == 32
    assert owner_of_stream(stream) == owner
    assert stream[20:] == keccak(text=name)[:12]


batches = st.lists(
    st.tuples(strategies.words.map(Root), st.integers(1, 2**32 - 1), strategies.times), max_size=5
)


@given(batches)
def test_a_head_commits_to_every_batch_in_order(anchored: list[tuple[Root, int, UnixSeconds]]) -> None:
    head = bytes(32)
    for root, count, at in anchored:
        head = keccak(encode(["bytes32", "bytes32", "uint32", "uint256"], [head, root, count, at]))

    assert head_after(anchored) == head


@given(batches, st.data())
def test_leaving_a_batch_out_changes_the_head(
    anchored: list[tuple[Root, int, UnixSeconds]], data: st.DataObject
) -> None:
    if anchored:
        left_out = data.draw(st.integers(0, len(anchored) - 1))
        rest = anchored[:left_out] + anchored[left_out + 1 :]
        assert head_after(rest) != head_after(anchored)
    assert next_head(NO_HEAD, Root(bytes(32)), 1, UnixSeconds(0)) != NO_HEAD
