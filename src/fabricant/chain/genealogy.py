"""The typed client of the Genealogy: assemblies, transformations, recalls and holds.

The AssetRegistry deployed it and obeys it; assets and batches go by the ids that they have there. Methods
that send a transaction return its receipt with the events that the Genealogy emitted; what the registry says
in the same transaction (hand-overs, locks, new quantities) is in `Fabricant.events`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from fabricant.chain.answers import Log, Receipt
from fabricant.chain.client import AllDone, Client, Done
from fabricant.chain.network import At, Call
from fabricant.domain.assets import AssetFlag, AssetId, Namespace, Registration, local_id_hash
from fabricant.domain.batches import Batch, BatchId
from fabricant.domain.genealogy import (
    Hold,
    Input,
    Notice,
    NoticeId,
    Processing,
    Reach,
    Recall,
    Scrap,
    Transformation,
    notice_id,
)
from fabricant.domain.units import ZERO_ADDRESS, Address, Bps, UnixSeconds, address_word


@dataclass(frozen=True, slots=True, kw_only=True)
class Assembled:
    """An asset became part of another."""

    parent: AssetId
    child: AssetId


@dataclass(frozen=True, slots=True, kw_only=True)
class Disassembled:
    """An asset was taken out of another."""

    parent: AssetId
    child: AssetId


@dataclass(frozen=True, slots=True, kw_only=True)
class Transformed:
    """Assets were made of others; `made` is the hash of the inputs, which every output keeps."""

    made: bytes
    owner: Address
    by: Address
    inputs: tuple[Input, ...]
    scrap: tuple[Scrap, ...]
    outputs: tuple[AssetId, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessingPermitted:
    """An owner lets the user of a lot transform it; the zero address: nobody any more."""

    lot: AssetId
    owner: Address
    processor: Address
    until: UnixSeconds
    max_scrap_bps: Bps


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeIssued:
    """A recall's notice was issued; its text is found at `uri`."""

    notice: NoticeId
    namespace: Namespace
    hash: bytes
    uri: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeLifted:
    """A notice was lifted: it locks nothing any more."""

    notice: NoticeId


@dataclass(frozen=True, slots=True, kw_only=True)
class Recalled:
    """A notice covers an asset or a batch, or does so for a stronger reason than before."""

    notice: NoticeId
    id: AssetId | BatchId
    reach: Reach


@dataclass(frozen=True, slots=True, kw_only=True)
class RecallCleared:
    """A notice no longer covers an asset, of which only a part was concerned."""

    notice: NoticeId
    id: AssetId


@dataclass(frozen=True, slots=True, kw_only=True)
class RecallAcknowledged:
    """Somebody declared to know of a notice."""

    notice: NoticeId
    account: Address


@dataclass(frozen=True, slots=True, kw_only=True)
class RecalledReturned:
    """A recalled asset went to its issuer, or to somebody who knows of its notices."""

    id: AssetId
    from_: Address
    to: Address


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthoritySet:
    """An issuer said whether an authority may hold what is named in a namespace."""

    namespace: Namespace
    authority: Address
    allowed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldPlaced:
    """An authority holds an asset."""

    id: AssetId
    authority: Address
    until: UnixSeconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """An asset is held for longer than before, itself or because of a part."""

    id: AssetId
    until: UnixSeconds


class Genealogy(
    Client,
    contract="Genealogy",
    events=(
        *(Assembled, Disassembled, Transformed, ProcessingPermitted),
        *(NoticeIssued, NoticeLifted, Recalled, RecallCleared, RecallAcknowledged, RecalledReturned),
        *(AuthoritySet, HoldPlaced, Held),
    ),
):
    """What assets are made of, which of them are called back, and which are held."""

    # Assemblies

    def assemble(self, parent: AssetId, children: Sequence[AssetId]) -> AllDone[Assembled]:
        """Makes assets parts of another of the same owner. Owner (ASSETS); sends a transaction.

        Title to them follows the root from then on. Raises Genealogy_NotOwner, Genealogy_NotJoinable,
        Genealogy_Unfit, Genealogy_Final, Genealogy_InUse, Genealogy_TooHigh, AssetRegistry_UnknownAsset.
        """
        return self._do_all(Assembled, "assemble", parent, tuple(children))

    def disassemble(self, parent: AssetId, children: Sequence[AssetId]) -> AllDone[Disassembled]:
        """Takes parts out, to the owner of the whole. Owner (ASSETS); sends a transaction.

        What is recalled with the whole stays recalled, and a part that is held stays held. Raises
        Genealogy_NotOwner, Genealogy_NotAPart, Genealogy_InUse, Genealogy_TooManyNotices, and Genealogy_Unfit
        for a whole that is held itself or part of something.
        """
        return self._do_all(Disassembled, "disassemble", parent, tuple(children))

    def parent_of(self, asset: AssetId, *, at: At = "latest") -> AssetId:
        """What an asset is a part of; zero: nothing."""
        return AssetId(self._read("parentOf", asset, at=at))

    def parts_in(self, asset: AssetId, *, at: At = "latest") -> int:
        """How many parts an asset has, not counting theirs."""
        return int(self._read("partsIn", asset, at=at))

    def root_of(self, asset: AssetId, *, at: At = "latest") -> AssetId:
        """The asset that has an asset in it, at whatever level: itself if it is part of nothing."""
        return AssetId(self._read("rootOf", asset, at=at))

    def title_of(self, asset: AssetId, *, at: At = "latest") -> Address:
        """Who has title to an asset: the owner of its root. Raises AssetRegistry_UnknownAsset."""
        return Address(self._read("titleOf", asset, at=at))

    def assemblies(
        self,
        *,
        parent: AssetId | None = None,
        child: AssetId | None = None,
        since: int = 0,
        until: int | None = None,
    ) -> list[tuple[Log, Assembled | Disassembled]]:
        """What was put in and taken out in these blocks, of a whole or of a part if they are named."""
        edge = (_topic(parent), _topic(child))
        joined = self._find(Assembled, *edge, since=since, until=until)
        parted = self._find(Disassembled, *edge, since=since, until=until)
        return sorted([*joined, *parted], key=lambda found: (found[0].block, found[0].index))

    # Transformations

    def transform(self, transformation: Transformation) -> Done[Transformed]:
        """Makes new assets of others. Owner of the inputs (ASSETS), or their processor; sends a transaction.

        The sender acts for the issuer of the outputs' namespace too. Raises InvalidInput, Genealogy_NotOwner,
        Genealogy_NotIssuer, Genealogy_MixedOwners, Genealogy_UndeclaredUnit, Genealogy_Unbalanced,
        Genealogy_TooMuchScrap, Genealogy_Unfit, Genealogy_Final, Genealogy_InUse, AssetRegistry_NotEnough,
        and as `AssetRegistry.register` for outputs.
        """
        transformation.check()
        return self._do(Transformed, "transform", transformation)

    def permit_processing(
        self, lot: AssetId, processor: Address, *, until: UnixSeconds, max_scrap_bps: Bps
    ) -> Done[ProcessingPermitted]:
        """Lets the user of a lot transform it for its owner, until a time. Owner (ASSETS).

        Sends a transaction. Counts while this owner has the lot; for the zero address it ends. Raises
        Genealogy_NotOwner, Genealogy_BadShare, AssetRegistry_UnknownAsset.
        """
        arguments = (lot, processor, until, max_scrap_bps)
        return self._do(ProcessingPermitted, "permitProcessing", *arguments)

    def end_processing(self, lot: AssetId) -> Done[ProcessingPermitted]:
        """Lets nobody transform a lot for its owner any more. Owner (ASSETS); sends a transaction."""
        return self.permit_processing(lot, ZERO_ADDRESS, until=UnixSeconds(0), max_scrap_bps=Bps(0))

    def processing_of(self, lot: AssetId, owner: Address, *, at: At = "latest") -> Processing:
        """What an owner lets the user of a lot do with it; zeros: nothing."""
        return self._read_as(Processing, "processingOf", lot, owner, at=at)

    def made_of(self, asset: AssetId, *, at: At = "latest") -> bytes:
        """The hash of the inputs that an asset was made of; zero: it was not."""
        return bytes(self._read("madeOf", asset, at=at))

    def transformations(
        self,
        *,
        made: bytes | None = None,
        owner: Address | None = None,
        since: int = 0,
        until: int | None = None,
    ) -> list[tuple[Log, Transformed]]:
        """The transformations in these blocks: of these inputs, or of an owner, if they are named."""
        whose = None if owner is None else address_word(owner)
        return self._find(Transformed, made, whose, since=since, until=until)

    # Recalls

    def recall(
        self,
        namespace: Namespace,
        notice_hash: bytes,
        *,
        local_ids: Sequence[str] = (),
        batches: Sequence[Batch] = (),
        uri: str = "",
    ) -> AllDone[Recalled]:
        """Recalls assets and batches, and with each asset all that it is in. Issuer (ASSETS).

        Sends a transaction. The same hash again adds to the same notice; `uri` says where its text is found,
        the first time. What the notice covers already is passed over. Raises Genealogy_NotIssuer,
        Genealogy_Lifted, Genealogy_BadBatch, AssetRegistry_UnknownAsset.
        """
        hashes = tuple(map(local_id_hash, local_ids))
        return self._do_all(Recalled, "recall", namespace, hashes, tuple(batches), notice_hash, uri)

    def extend_to_outputs(
        self, notice: NoticeId, inputs: Sequence[Input], *, recalled: int, outputs: Sequence[AssetId]
    ) -> AllDone[Recalled]:
        """Carries a recall from an input on to outputs. Anyone; sends a transaction.

        `inputs` are all that the outputs were made of, and `recalled` says which of them it comes from, from
        zero. Raises Genealogy_NotSpreading, Genealogy_NoEdge, Genealogy_UnknownNotice, Genealogy_Lifted.
        """
        arguments = (notice, tuple(inputs), recalled, tuple(outputs))
        return self._do_all(Recalled, "extendToOutputs", *arguments)

    def extend_to_parts(self, notice: NoticeId, children: Sequence[AssetId]) -> AllDone[Recalled]:
        """Carries a recall from wholes on to their parts. Anyone; sends a transaction.

        Raises Genealogy_NotSpreading, Genealogy_UnknownNotice, Genealogy_Lifted.
        """
        return self._do_all(Recalled, "extendToParts", notice, tuple(children))

    def extend_to_batch(self, notice: NoticeId, batch: Batch) -> AllDone[Recalled]:
        """Carries a recall from a batch's origin on to the batch. Anyone; sends a transaction.

        Raises Genealogy_NotSpreading, Genealogy_NoEdge, Genealogy_UnknownNotice, Genealogy_Lifted.
        """
        return self._do_all(Recalled, "extendToBatch", notice, batch)

    def extend_to_unit(
        self, notice: NoticeId, batch: Batch, *, unit: Registration, proof: Sequence[bytes]
    ) -> AllDone[Recalled]:
        """Carries a recall from a batch on to a unit that is a token already. Anyone; sends a transaction.

        Raises Genealogy_NotSpreading, Genealogy_NoEdge, Genealogy_UnknownNotice, Genealogy_Lifted,
        AssetRegistry_UnknownAsset.
        """
        return self._do_all(Recalled, "extendToUnit", notice, batch, unit, tuple(proof))

    def clear_recall(self, notice: NoticeId, namespace: Namespace, *, local_id: str) -> Done[RecallCleared]:
        """Frees an asset from a notice that covers only a part of it. The asset's issuer (ASSETS).

        Sends a transaction. Raises Genealogy_NotIssuer, Genealogy_NotClearable.
        """
        return self._do(RecallCleared, "clearRecall", notice, namespace, local_id_hash(local_id))

    def lift_recall(self, namespace: Namespace, notice_hash: bytes) -> Done[NoticeLifted]:
        """Lifts a notice for ever, and frees all that it covers. Issuer (ASSETS); sends a transaction.

        Raises Genealogy_NotIssuer, Genealogy_UnknownNotice, Genealogy_Lifted.
        """
        return self._do(NoticeLifted, "liftRecall", namespace, notice_hash)

    def acknowledge_recall(self, notice: NoticeId) -> Done[RecallAcknowledged]:
        """Declares that the sender knows of a notice, so that what it covers may come to it.

        Sends a transaction. Raises Genealogy_UnknownNotice, Genealogy_Lifted.
        """
        return self._do(RecallAcknowledged, "acknowledgeRecall", notice)

    def return_recalled(self, namespace: Namespace, local_id: str, *, to: Address) -> Done[RecalledReturned]:
        """Hands a recalled asset to its issuer, or to whoever acknowledged all its notices.

        The owner, or whom it approved (ERC-721). Sends a transaction. Raises Genealogy_NotApproved,
        Genealogy_NotAcknowledged, Genealogy_NotRecalled, Genealogy_Final, and Genealogy_Unfit if it is held.
        """
        return self._do(RecalledReturned, "returnRecalled", namespace, local_id_hash(local_id), to)

    def notice_id(self, namespace: Namespace, notice_hash: bytes) -> NoticeId:
        """A notice's id, worked out here as the contract does."""
        return notice_id(namespace, notice_hash)

    def notice_of(self, notice: NoticeId, *, at: At = "latest") -> Notice:
        """When a notice was issued and lifted; zeros: never."""
        return self._read_as(Notice, "noticeOf", notice, at=at)

    def has_acknowledged(self, notice: NoticeId, account: Address, *, at: At = "latest") -> bool:
        """Whether an account declared to know of a notice."""
        return bool(self._read("hasAcknowledged", notice, account, at=at))

    def reach_of(self, asset: AssetId | BatchId, notice: NoticeId, *, at: At = "latest") -> Reach:
        """How a notice covers an asset or a batch, or would if it were not lifted."""
        return Reach(self._read("reachOf", asset, notice, at=at))

    def recalls_of(self, asset: AssetId | BatchId, *, at: At = "latest") -> tuple[Recall, ...]:
        """The notices that cover an asset or a batch, with lifted ones until `unlock` forgets them."""
        output = self.abi.functions["recallsOf"].outputs[0]
        recalls: tuple[Recall, ...] = output.typed(self._read("recallsOf", asset, at=at), tuple[Recall, ...])
        return recalls

    def notices_issued(
        self,
        *,
        notice: NoticeId | None = None,
        namespace: Namespace | None = None,
        since: int = 0,
        until: int | None = None,
    ) -> list[tuple[Log, NoticeIssued]]:
        """The notices issued in these blocks, or this one, or a namespace's."""
        return self._find(NoticeIssued, _word(notice), namespace, since=since, until=until)

    def recalled(
        self,
        *,
        notice: NoticeId | None = None,
        asset: AssetId | BatchId | None = None,
        since: int = 0,
        until: int | None = None,
    ) -> list[tuple[Log, Recalled]]:
        """What came to be covered in these blocks, by a notice or of an asset or batch if they are named."""
        return self._find(Recalled, _word(notice), _topic(asset), since=since, until=until)

    # Holds

    def set_authority(self, namespace: Namespace, authority: Address, *, allowed: bool) -> Done[AuthoritySet]:
        """Says whether an authority may hold what is named in a namespace. Issuer (ASSETS).

        Sends a transaction. Raises Genealogy_NotIssuer.
        """
        return self._do(AuthoritySet, "setAuthority", namespace, authority, allowed)

    def hold(self, namespace: Namespace, local_id: str, *, until: UnixSeconds) -> AllDone[Held]:
        """Holds an asset, and all that it is in, for at most 180 days. An authority; sends a transaction.

        Again only 180 days after the end. Raises Genealogy_NotAuthority, Genealogy_BadTerm,
        Genealogy_HeldBefore, AssetRegistry_UnknownAsset.
        """
        return self._do_all(Held, "hold", namespace, local_id_hash(local_id), until)

    def is_authority(self, namespace: Namespace, authority: Address, *, at: At = "latest") -> bool:
        """Whether an authority may hold what is named in a namespace."""
        return bool(self._read("isAuthority", namespace, authority, at=at))

    def hold_of(self, asset: AssetId, *, at: At = "latest") -> Hold:
        """Until when an asset is held, and from when it can be held again; zeros: never."""
        return self._read_as(Hold, "holdOf", asset, at=at)

    # Locks

    def unlock(self, assets: Sequence[AssetId]) -> Receipt:
        """Makes the registry tell of assets that nothing locks any more (ERC-5192's Unlocked). Anyone.

        Sends a transaction. They could be transferred without it, unless the last eight of more notices that
        cover one are lifted: until these are forgotten here, 128 at a time, it counts as recalled.
        """
        return self._send("unlock", tuple(assets))

    def locks_of(self, asset: AssetId | BatchId, *, at: At = "latest") -> AssetFlag:
        """Whether an asset is recalled or held now."""
        return AssetFlag(self._read("locksOf", asset, at=at))

    # Whatever it is

    def history_of(
        self, asset: AssetId | BatchId, *, since: int = 0, until: int | None = None
    ) -> list[tuple[Log, object]]:
        """What the Genealogy said of an asset, in order; what it was used up for, `transformations` has."""
        id_ = _topic(asset)
        found = [
            *self._find_all(None, id_, since=since, until=until),
            *self._find_all(None, None, id_, since=since, until=until),
        ]
        return sorted(found, key=lambda each: (each[0].block, each[0].index))

    # Several at once

    def multicall(self, calls: Sequence[Call]) -> AllDone[object]:
        """Sends calls that `prepare` made of this client's methods as one transaction, all or none.

        Sends a transaction. Returns all that the Genealogy said. Raises what any of them raises.
        """
        receipt = self._send("multicall", tuple(call.data for call in calls))
        return AllDone(receipt, tuple(self.events(receipt)))


def _topic(id_: int | None) -> bytes | None:
    return None if id_ is None else id_.to_bytes(32)


def _word(notice: NoticeId | None) -> bytes | None:
    return None if notice is None else notice.ljust(32, b"\0")
