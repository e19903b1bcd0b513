"""Several ids under one signature."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fabricant.domain.bundles import Bundle, leaf_of_id
from fabricant.domain.merkle import MerkleTree, verify
from fabricant.errors import InvalidInput
from tests.python.domain import strategies

some_ids = st.lists(strategies.words, min_size=2, max_size=20, unique=True)


@given(some_ids)
def test_each_member_has_a_proof(ids: list[bytes]) -> None:
    bundle = Bundle(ids)

    assert sorted(bundle.ids) == sorted(ids)
    assert all(verify(bundle.root, leaf_of_id(each), bundle.proof(each)) for each in ids)
    assert bundle.root == MerkleTree([leaf_of_id(each) for each in ids]).root


@given(some_ids, st.randoms())
def test_the_order_in_which_they_come_does_not_matter(ids: list[bytes], random: "st.random.Random") -> None:
    shuffled = list(ids)
    random.shuffle(shuffled)

    assert Bundle(shuffled).root == Bundle(ids).root
    assert Bundle(shuffled).ids == Bundle(ids).ids


@pytest.mark.parametrize("ids", [[], [b"\x01" * 32], [b"\x01" * 32] * 2, [b"\x01" * 31, b"\x02" * 31]])
def test_what_is_no_bundle_is_refused(ids: list[bytes]) -> None:
    with pytest.raises(InvalidInput):
        Bundle(ids)


def test_a_stranger_has_no_proof() -> None:
    with pytest.raises(InvalidInput, match="is not among the 2 that are signed together"):
        Bundle([b"\x01" * 32, b"\x02" * 32]).proof(b"\x03" * 32)
