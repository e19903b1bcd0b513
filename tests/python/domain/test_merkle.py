"""Trees, proofs and multiproofs are those of @openzeppelin/merkle-tree, and forgeries prove nothing."""

import json
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from eth_abi.abi import encode
from eth_hash.auto import keccak
from hypothesis import given
from hypothesis import strategies as st

from fabricant.domain.merkle import (
    Leaf,
    MerkleTree,
    MultiProof,
    Root,
    depths,
    leaf_of,
    verify,
    verify_many,
)
from fabricant.errors import InvalidInput

PROJECT = Path(__file__).parents[3]
SIZES = (1, 2, 3, 4, 5, 7, 8, 9, 31, 100)

# Builds a tree of (uint256, bytes32) values for each size and prints root, all proofs and one multiproof.
REFERENCE = """
const { StandardMerkleTree } = require("@openzeppelin/merkle-tree");
const report = (count) => {
  const values = Array.from({ length: count }, (_, i) => [i + 1, "0x" + String(i % 7).repeat(64)]);
  const tree = StandardMerkleTree.of(values, ["uint256", "bytes32"]);
  const many = tree.getMultiProof([...values.keys()].filter((i) => i % 3 === 0));
  return {
    root: tree.root,
    proofs: values.map((_, i) => tree.getProof(i)),
    many: { leaves: many.leaves.map((one) => tree.leafHash(one)), proof: many.proof, flags: many.proofFlags },
  };
};
console.log(JSON.stringify(JSON.parse(process.argv[1]).map(report)));
"""

HASHES = st.binary(min_size=32, max_size=32)
LEAVES = st.lists(HASHES.map(Leaf), min_size=1, max_size=40)


def values_of(count: int) -> list[Leaf]:
    """The leaves of the same values that the reference builds."""
    values = [(i + 1, bytes.fromhex(str(i % 7) * 64)) for i in range(count)]
    return [leaf_of(keccak(encode(["uint256", "bytes32"], value))) for value in values]


def as_hex(values: tuple[bytes, ...]) -> list[str]:
    return [f"0x{value.hex()}" for value in values]


def test_trees_and_proofs_are_those_of_openzeppelin():
    node = shutil.which("node")
    assert node, "Node is a tool of this project: see CONTRIBUTING.md"
    command = [node, "--eval", REFERENCE, json.dumps(SIZES)]
    answer = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=True, timeout=60)
    for count, expected in zip(SIZES, json.loads(answer.stdout), strict=True):
        tree = MerkleTree(values_of(count))
        many = tree.prove_many(range(0, count, 3))
        assert f"0x{tree.root.hex()}" == expected["root"]
        assert [as_hex(tree.prove(index)) for index in range(count)] == expected["proofs"]
        assert {"leaves": as_hex(many.leaves), "proof": as_hex(many.proof), "flags": list(many.flags)} == (
            expected["many"]
        )


@given(LEAVES, st.data())
def test_every_leaf_is_proven_alone_and_together(leaves: list[Leaf], data: st.DataObject):
    tree = MerkleTree(leaves)
    assert len(tree) == len(leaves)
    for index, leaf in enumerate(leaves):
        proof = tree.prove(index)
        assert verify(tree.root, leaf, proof)
        assert len(proof) in depths(len(leaves))
    chosen = data.draw(st.sets(st.integers(0, len(leaves) - 1), min_size=1))
    many = tree.prove_many(chosen)
    assert verify_many(tree.root, many)
    assert sorted(many.leaves) == sorted(leaves[index] for index in chosen)


@given(LEAVES, HASHES.map(Leaf))
def test_f079_a_foreign_leaf_is_never_proven(leaves: list[Leaf], stranger: Leaf):
    tree = MerkleTree([leaf for leaf in leaves if leaf != stranger] or [Leaf(keccak(stranger))])
    for index in range(len(tree)):
        assert not verify(tree.root, stranger, tree.prove(index))


@given(LEAVES.filter(lambda leaves: len(leaves) > 1), st.data())
def test_f079_a_proof_with_any_bit_flipped_proves_nothing(leaves: list[Leaf], data: st.DataObject):
    tree = MerkleTree(leaves)
    index = data.draw(st.integers(0, len(leaves) - 1))
    proof = list(tree.prove(index))
    at, bit = data.draw(st.integers(0, len(proof) - 1)), data.draw(st.integers(0, 255))
    proof[at] = (int.from_bytes(proof[at], "big") ^ (1 << bit)).to_bytes(32, "big")
    assert not verify(tree.root, leaves[index], proof)


def test_f079_an_inner_node_is_no_leaf_of_any_value():
    first, second = values_of(2)
    tree = MerkleTree([first, second])
    inner = b"".join(sorted([first, second]))
    assert tree.root == keccak(inner)
    assert not verify(tree.root, leaf_of(keccak(inner)), ())  # a value of 64 bytes is hashed once more
    with pytest.raises(InvalidInput, match="32 bytes, not 64"):
        leaf_of(inner)


def test_f079_an_empty_proof_proves_only_a_tree_of_one_leaf():
    one, other = values_of(2)
    assert verify(MerkleTree([one]).root, one, ())
    assert not verify(MerkleTree([one, other]).root, one, ())
    assert list(depths(1)) == [0]
    assert 0 not in depths(2)


def test_f079_the_order_of_a_pair_does_not_matter_and_a_duplicate_leaf_changes_the_root():
    one, other, third = values_of(3)
    assert MerkleTree([one, other]).root == MerkleTree([other, one]).root
    assert MerkleTree([one, other, third]).root != MerkleTree([one, other, third, third]).root


@pytest.mark.parametrize("length", [0, 31, 33, 64])
def test_f079_hashes_of_another_length_prove_nothing(length: int):
    one, other = values_of(2)
    tree = MerkleTree([one, other])
    odd = b"\x01" * length
    assert not verify(tree.root, one, (odd,))
    assert not verify(tree.root, Leaf(odd), (other,))
    assert not verify(Root(odd), one, (other,))
    assert not verify_many(tree.root, MultiProof(leaves=(one,), proof=(odd,), flags=(False,)))
    with pytest.raises(InvalidInput, match="32 bytes"):
        MerkleTree([one, Leaf(odd)])


@pytest.mark.parametrize(("length", "believed"), [(64, True), (65, False)])
def test_f079_a_proof_longer_than_any_tree_is_deep_is_not_believed(length: int, *, believed: bool):
    leaf, sibling = values_of(2)
    root = bytes(leaf)
    for _ in range(length):
        root = keccak(b"".join(sorted([root, sibling])))
    assert verify(Root(root), leaf, (sibling,) * length) is believed


def test_f079_a_multiproof_whose_parts_do_not_fit_proves_nothing():
    tree = MerkleTree(values_of(9))
    good = tree.prove_many([0, 4, 8])
    assert verify_many(tree.root, good)
    assert not verify_many(tree.root, replace(good, leaves=()))
    assert not verify_many(tree.root, replace(good, leaves=good.leaves[:-1]))
    assert not verify_many(tree.root, replace(good, leaves=(*good.leaves[:-1], values_of(10)[9])))
    assert not verify_many(tree.root, replace(good, proof=good.proof[:-1]))
    assert not verify_many(tree.root, replace(good, proof=(*good.proof, good.proof[0])))
    assert not verify_many(tree.root, replace(good, flags=good.flags[:-1]))
    assert not verify_many(tree.root, replace(good, flags=tuple(not flag for flag in good.flags)))
    # The root itself, put in as the last piece of a proof in which nothing is joined.
    assert not verify_many(tree.root, MultiProof(leaves=(), proof=(tree.root,), flags=()))
    assert not verify_many(
        tree.root, MultiProof(leaves=(values_of(10)[9],), proof=(tree.root,), flags=(True,))
    )


def test_a_tree_and_its_proofs_need_leaves_that_exist():
    with pytest.raises(InvalidInput, match="at least one leaf"):
        MerkleTree([])
    tree = MerkleTree(values_of(3))
    for index in (-1, 3):
        with pytest.raises(InvalidInput, match=rf"leaves 0 to 2, no leaf {index}"):
            tree.prove(index)
    for indexes in ([], [1, 1]):
        with pytest.raises(InvalidInput, match="one or more different leaves"):
            tree.prove_many(indexes)
