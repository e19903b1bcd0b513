"""Several things under one signature.

The ids of order lines or of offers become the leaves of a Merkle tree (OpenZeppelin's standard tree of
`["bytes32"]`), and its root is what is signed. Each member can then be used by itself, with its proof, in
any order; all together need no proof.
"""

from collections.abc import Iterable
from typing import Generic, TypeVar

from eth_utils.crypto import keccak

from fabricant.domain.merkle import HASH_BYTES, Leaf, MerkleTree, Root, leaf_of
from fabricant.errors import InvalidInput

Id = TypeVar("Id", bound=bytes)


class Bundle(Generic[Id]):
    """Ids of 32 bytes under one root. `ids` is their order in the tree, in which the contracts want them."""

    def __init__(self, ids: Iterable[Id]) -> None:
        """Raises InvalidInput for fewer than two different ids: one alone is signed as it is."""
        self.ids = tuple(sorted(ids, key=leaf_of_id))
        if len(set(self.ids)) < max(2, len(self.ids)) or any(len(each) != HASH_BYTES for each in self.ids):
            raise InvalidInput("sign at least two different ids together; one alone is signed as it is")
        self._tree = MerkleTree([leaf_of_id(each) for each in self.ids])

    @property
    def root(self) -> Root:
        """What is signed for all of them."""
        return self._tree.root

    def proof(self, member: Id) -> tuple[bytes, ...]:
        """The proof that a member belongs here. Raises InvalidInput if it does not."""
        if member not in self.ids:
            raise InvalidInput(f"0x{member.hex()} is not among the {len(self.ids)} that are signed together")
        return self._tree.prove(self.ids.index(member))


def leaf_of_id(member: bytes) -> Leaf:
    """The leaf of an id: keccak256(keccak256(id))."""
    return leaf_of(keccak(member))
