"""Merkle trees in OpenZeppelin's "standard" layout: one hash that stands for any number of values.

Leaves are hashed twice and sorted, and a node is the hash of its two children in ascending order, so that a
proof is a bare list of hashes and `RecordAnchor.verify`, OpenZeppelin's MerkleProof and
@openzeppelin/merkle-tree all read it. A node hashes 64 bytes once and a leaf 32 bytes of hash, so neither
can ever be passed off as the other.
"""

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, NewType

from eth_hash.auto import keccak

from fabricant.errors import InvalidInput

Leaf = NewType("Leaf", bytes)  # 32 bytes: the hash of a record
Root = NewType("Root", bytes)  # 32 bytes

HASH_BYTES: Final = 32
MAX_DEPTH: Final = 64  # of a proof; no tree that fits on a disk is deeper


@dataclass(frozen=True, slots=True)
class MultiProof:
    """A proof of several leaves at once. `flags` says of each step whether both its hashes are known."""

    leaves: tuple[Leaf, ...]
    proof: tuple[bytes, ...]
    flags: tuple[bool, ...]


def leaf_of(record: bytes) -> Leaf:
    """The leaf of a record, the hash of an ABI encoding. Raises InvalidInput unless it has 32 bytes."""
    if len(record) != HASH_BYTES:
        raise InvalidInput(
            f"a record is a hash of {HASH_BYTES} bytes, not {len(record)}; hash its ABI encoding"
        )
    return Leaf(keccak(record))


class MerkleTree:
    """The tree over `leaves`, in any order and with repetitions; leaves keep the index they came with."""

    __slots__ = ("_nodes", "_place")

    def __init__(self, leaves: Sequence[Leaf]) -> None:
        """Hashes the whole tree. Raises InvalidInput if there is no leaf, or one that is not 32 bytes."""
        if not leaves:
            raise InvalidInput("a Merkle tree needs at least one leaf")
        if any(len(leaf) != HASH_BYTES for leaf in leaves):
            raise InvalidInput(f"every leaf of a Merkle tree is a hash of {HASH_BYTES} bytes")
        last = 2 * len(leaves) - 2
        self._place = [0] * len(leaves)
        self._nodes = [b""] * (last + 1)
        for rank, index in enumerate(sorted(range(len(leaves)), key=leaves.__getitem__)):
            self._place[index] = last - rank
            self._nodes[last - rank] = leaves[index]
        for node in range(len(leaves) - 2, -1, -1):
            self._nodes[node] = _join(self._nodes[2 * node + 1], self._nodes[2 * node + 2])

    def __len__(self) -> int:
        """How many leaves there are."""
        return len(self._place)

    @property
    def root(self) -> Root:
        """The hash that commits to every leaf."""
        return Root(self._nodes[0])

    def prove(self, index: int) -> tuple[bytes, ...]:
        """The proof of one leaf: its siblings, from the bottom up. Raises InvalidInput for a wrong index."""
        node, siblings = self._find(index), []
        while node > 0:
            siblings.append(self._nodes[_sibling(node)])
            node = (node - 1) // 2
        return tuple(siblings)

    def prove_many(self, indexes: Iterable[int]) -> MultiProof:
        """One proof for several leaves, smaller than theirs together. The leaves come in the proof's order.

        Raises InvalidInput for no index, an unknown one, or the same one twice.
        """
        places = sorted((self._find(index) for index in indexes), reverse=True)
        if not places or len(set(places)) < len(places):
            raise InvalidInput("a multiproof is for one or more different leaves")
        proof, flags, pending = [], [], deque(places)
        while pending[0] > 0:
            node = pending.popleft()
            known = bool(pending) and pending[0] == _sibling(node)
            flags.append(known)
            if known:
                pending.popleft()
            else:
                proof.append(self._nodes[_sibling(node)])
            pending.append((node - 1) // 2)
        leaves = tuple(Leaf(self._nodes[place]) for place in places)
        return MultiProof(leaves=leaves, proof=tuple(proof), flags=tuple(flags))

    def _find(self, index: int) -> int:
        if not 0 <= index < len(self._place):
            raise InvalidInput(f"the tree has leaves 0 to {len(self._place) - 1}, no leaf {index}")
        return self._place[index]


def verify(root: Root, leaf: Leaf, proof: Sequence[bytes]) -> bool:
    """Whether `proof` shows that `leaf` is in the tree of `root`. Malformed hashes prove nothing."""
    if not _are_hashes((root, leaf, *proof)) or len(proof) > MAX_DEPTH:
        return False
    return root_over(leaf, proof) == root


def root_over(leaf: Leaf, proof: Sequence[bytes]) -> Root:
    """The root to which a proof leads from a leaf, of hashes of 32 bytes."""
    node: bytes = leaf
    for sibling in proof:
        node = _join(node, sibling)
    return Root(node)


def verify_many(root: Root, multiproof: MultiProof) -> bool:
    """Whether `multiproof` shows that all its leaves are in the tree of `root`. It is false for no leaves."""
    leaves, proof, flags = multiproof.leaves, multiproof.proof, multiproof.flags
    if not leaves or not _are_hashes((root, *leaves, *proof)):
        return False
    if len(leaves) + len(proof) != len(flags) + 1 or flags.count(False) != len(proof):
        return False
    pending, siblings = deque[bytes](leaves), deque(proof)
    for known in flags:  # one flag fewer than leaves is set, so a hash is always there to be taken
        first = pending.popleft()
        pending.append(_join(first, pending.popleft() if known else siblings.popleft()))
    return pending[0] == root


def depths(count: int) -> range:
    """How long the proof of a leaf can be in a tree of `count` leaves: one of at most two lengths."""
    return range(count.bit_length() - 1, (count - 1).bit_length() + 1)


def _are_hashes(values: Iterable[bytes]) -> bool:
    return all(len(value) == HASH_BYTES for value in values)


def _join(first: bytes, second: bytes) -> bytes:
    return keccak(first + second if first < second else second + first)


def _sibling(node: int) -> int:
    return node + 1 if node % 2 else node - 1
