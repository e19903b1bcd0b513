"""A manufacturer's parts and lots, and what becomes of them, in few words.

    works.assemble(rotor, blades)
    works.transform([(heat, 4_000)], [works.part("B1")], scrap=[(b"KGM", 0)])
    notice = works.recall("H1")

The supplier issues and owns everything, unless said otherwise; ids and hashes are worked out here.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Final

from eth_abi.abi import encode
from eth_utils.crypto import keccak
from web3.contract import Contract

from fabricant.chain.answers import Receipt
from tests.support.actors import Actor
from tests.support.assets import NONE, Kind, Registration, asset_id, namespace_of
from tests.support.chain import Chain

DAY: Final = 86_400
KG: Final = b"KGM"
DEFECT: Final = keccak(text="blades crack at the root")
NOTICE: Final = "ipfs://bafybeib3a5kjtnfpvudzr4v2qrmtxnmm2r5ps4dzsdd6r6wwvvhx3xprkq"
NOBODY: Final = "0x" + "00" * 20

Batch = tuple[bytes, bytes, int, int]


class Reach(IntEnum):
    """Why a notice covers an asset."""

    NONE = 0
    ISSUED = 1
    DOWNWARD = 2
    UPWARD = 3


def hash_of(local_id: str) -> bytes:
    """What calls bring of a local id."""
    return keccak(text=local_id)


def made_of(inputs: Iterable[tuple[int, int]]) -> bytes:
    """What an output keeps of its inputs: asset and quantity each."""
    return keccak(encode(["(uint256,uint128)[]"], [list(inputs)]))


def notice_id(issuer: Actor, text: bytes = DEFECT) -> bytes:
    """The id of an issuer's notice."""
    return keccak(encode(["bytes32", "bytes32"], [namespace_of(issuer), text]))[:31]


@dataclass(frozen=True)
class Works:
    """Everything that a genealogy needs."""

    chain: Chain
    assets: Contract
    genealogy: Contract
    owner: Actor

    @property
    def namespace(self) -> bytes:
        """The owner's own."""
        return namespace_of(self.owner)

    def id(self, local_id: str) -> int:
        """The id of an asset that the owner issued."""
        return asset_id(self.namespace, local_id)

    def send(self, function: str, *arguments: Any, by: Actor | None = None, at: int | None = None) -> Receipt:
        """Sends a call to the Genealogy."""
        call = self.genealogy.get_function_by_name(function)(*arguments)
        return self.chain.send(call, by=by or self.owner, at=at)

    def ask(self, function: str, *arguments: Any) -> Any:
        """What a view of the Genealogy answers."""
        return self.genealogy.get_function_by_name(function)(*arguments).call()

    # Registering

    def part(self, local_id: str, *, to: Actor | None = None) -> Registration:
        """A component."""
        return Registration(local_id, Kind.COMPONENT, (to or self.owner).address, twin=NONE, uri="")

    def lot(self, local_id: str, quantity: int, unit: bytes = KG, *, to: Actor | None = None) -> Registration:
        """A lot."""
        owner = (to or self.owner).address
        return Registration(local_id, Kind.LOT, owner, quantity, unit, NONE, "")

    def register(self, *registrations: Registration) -> list[int]:
        """Registers them in the owner's namespace."""
        call = self.assets.functions.registerMany(self.namespace, list(registrations))
        self.chain.send(call, by=self.owner)
        return [self.id(each.local_id) for each in registrations]

    def parts(self, *local_ids: str) -> list[int]:
        """Registers components."""
        return self.register(*map(self.part, local_ids))

    def commit(self, root: bytes, count: int, origin: int = 0) -> Batch:
        """Commits a batch of the owner's."""
        batch = (self.namespace, root, count, origin)
        self.chain.send(self.assets.functions.commitBatch(batch, ""), by=self.owner)
        return batch

    # What becomes of them

    def assemble(self, parent: int, children: Sequence[int], *, by: Actor | None = None) -> Receipt:
        """Puts parts in."""
        return self.send("assemble", parent, list(children), by=by)

    def disassemble(self, parent: int, children: Sequence[int], *, by: Actor | None = None) -> Receipt:
        """Takes parts out."""
        return self.send("disassemble", parent, list(children), by=by)

    def transform(
        self,
        inputs: Sequence[tuple[int, int]],
        outputs: Sequence[Registration],
        *,
        scrap: Sequence[tuple[bytes, int]] = ((KG, 0),),
        by: Actor | None = None,
        namespace: bytes | None = None,
    ) -> Receipt:
        """Makes outputs of inputs."""
        space = self.namespace if namespace is None else namespace
        made = (list(inputs), [(unit.ljust(3, b"\0"), lost) for unit, lost in scrap], space, list(outputs))
        return self.send("transform", made, by=by)

    def recall(
        self,
        *local_ids: str,
        batches: Sequence[Batch] = (),
        text: bytes = DEFECT,
        by: Actor | None = None,
    ) -> bytes:
        """The issuer recalls its own; returns the notice."""
        hashes = [hash_of(each) for each in local_ids]
        self.send("recall", self.namespace, hashes, list(batches), text, NOTICE, by=by)
        return notice_id(self.owner, text)

    def lift(self, text: bytes = DEFECT) -> Receipt:
        """The issuer lifts its notice."""
        return self.send("liftRecall", self.namespace, text)

    def hold(self, local_id: str, until: int, *, by: Actor, at: int | None = None) -> Receipt:
        """An authority holds an asset of the owner's."""
        return self.send("hold", self.namespace, hash_of(local_id), until, by=by, at=at)

    def empower(self, authority: Actor) -> None:
        """Lets an authority hold what is named in the owner's namespace."""
        self.send("setAuthority", self.namespace, authority.address, True)

    def give(self, asset: int, to: Actor, *, by: Actor | None = None, at: int | None = None) -> Receipt:
        """A plain transfer in the registry."""
        giver = by or self.owner
        return self.chain.send(
            self.assets.functions.transferFrom(giver.address, to.address, asset), by=giver, at=at
        )

    # What is so

    def reaches(self, asset: int) -> list[tuple[bytes, Reach, bool]]:
        """Its notices: id, reach, lifted."""
        return [
            (bytes(notice), Reach(reach), lifted) for notice, reach, lifted in self.ask("recallsOf", asset)
        ]

    def flags(self, asset: int) -> int:
        """Its flags, as they are now."""
        return int(self.assets.functions.assetOf(asset).call()[3])

    def owner_of(self, asset: int) -> str:
        """Who owns it."""
        return str(self.assets.functions.ownerOf(asset).call())

    def quantity(self, asset: int) -> int:
        """How much it is."""
        return int(self.assets.functions.quantityOf(asset).call())
