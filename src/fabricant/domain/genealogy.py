"""What assets are made of, and which of them are called back.

Parts are assembled into wholes, and lots are transformed into other assets; each output keeps one hash of all
that it was made of. A recall is a notice of a namespace's issuer: it covers what is named in it, and follows
both kinds of edges. A hold is an authority's, for a time, and takes nothing.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum
from typing import NewType

from eth_hash.auto import keccak

from fabricant.domain.assets import NO_UNIT, AssetId, Namespace, Registration, is_unit
from fabricant.domain.units import Address, Bps, UnixSeconds
from fabricant.errors import InvalidInput

NoticeId = NewType("NoticeId", bytes)  # 31 bytes


class Reach(IntEnum):
    """Why a notice covers an asset or a batch, the strongest first."""

    NONE = 0
    ISSUED = 1  # its issuer named it
    DOWNWARD = 2  # it was made of, taken out of or produced from something that is covered
    UPWARD = 3  # a part of it is covered; that says nothing about its other parts


@dataclass(frozen=True, slots=True, kw_only=True)
class Input:
    """What goes into a transformation: some of a lot, in whole base units, or one of anything else."""

    asset: AssetId
    quantity: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Scrap:
    """What is lost in a transformation, of one unit; NO_UNIT stands for pieces."""

    unit: bytes
    quantity: int  # whole base units


@dataclass(frozen=True, slots=True, kw_only=True)
class Transformation:
    """Assets that are made of others, which are drawn down or consumed.

    All inputs are one owner's, and so are the outputs. `scrap` has an entry for each unit that goes in, even
    if nothing of it is lost; a unit that stands on both sides balances exactly with its scrap.
    """

    inputs: tuple[Input, ...]
    scrap: tuple[Scrap, ...]
    namespace: Namespace  # of the outputs
    outputs: tuple[Registration, ...]

    @property
    def made(self) -> bytes:
        """What every output keeps: the hash of the inputs."""
        return hash_of_inputs(self.inputs)

    def check(self) -> None:
        """Raises InvalidInput for what the Genealogy would refuse, whatever the inputs are."""
        if not self.inputs:
            raise InvalidInput("a transformation needs at least one input")
        for each in self.inputs:
            if not 0 < each.quantity < 2**128:
                raise InvalidInput(f"of asset {each.asset:#066x} a quantity above zero goes in")
        if len({lost.unit for lost in self.scrap}) < len(self.scrap):
            raise InvalidInput("a unit has scrap twice; add it up")
        for lost in self.scrap:
            if not 0 <= lost.quantity < 2**128 or (lost.unit != NO_UNIT and not is_unit(lost.unit)):
                raise InvalidInput("scrap has a quantity and a unit such as KGM (UN/CEFACT Rec. 20)")
        for output in self.outputs:
            output.check()


@dataclass(frozen=True, slots=True, kw_only=True)
class Processing:
    """What the owner of a lot lets its user do with it (toll processing)."""

    processor: Address  # zero: nobody
    until: UnixSeconds  # exclusive
    max_scrap_bps: Bps  # of each unit that goes in


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """When a recall's notice was issued and lifted."""

    issued_at: UnixSeconds  # zero: never
    lifted_at: UnixSeconds  # zero: not lifted

    @property
    def is_in_force(self) -> bool:
        """Whether it locks what it covers."""
        return bool(self.issued_at) and not self.lifted_at


@dataclass(frozen=True, slots=True, kw_only=True)
class Recall:
    """A notice that covers an asset or a batch, and why."""

    notice: NoticeId
    reach: Reach
    lifted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """Authorities' holds on an asset."""

    until: UnixSeconds  # exclusive: the asset or a part of it; zero: never held
    itself: UnixSeconds  # exclusive: the asset itself
    again: UnixSeconds  # from then the asset can be held anew


def notice_id(namespace: Namespace, notice_hash: bytes) -> NoticeId:
    """The id of a namespace's notice, by the hash of its text; issued or not."""
    return NoticeId(keccak(namespace + notice_hash)[:31])


def hash_of_inputs(inputs: Iterable[Input]) -> bytes:
    """What an output keeps of its inputs: the hash of their ABI encoding, in their order."""
    words = [word for each in inputs for word in (each.asset, each.quantity)]
    return keccak(b"".join(word.to_bytes(32) for word in (32, len(words) // 2, *words)))
