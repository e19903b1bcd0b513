"""The typed client of the RecordAnchor: proof that records existed, and in which order.

What is anchored is the Merkle root of a batch; the records stay where they are. A batch follows the head
that the sender knows of, so that of two gateways that write at once one is refused instead of both being
lost in disorder.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from fabricant.chain.answers import Log
from fabricant.chain.client import Client, Done
from fabricant.chain.network import At
from fabricant.domain.merkle import Root
from fabricant.domain.streams import Head, StreamId
from fabricant.domain.units import Address, UnixSeconds


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamOpened:
    """A stream has its first batch."""

    stream: StreamId
    owner: Address


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchAnchored:
    """A batch was anchored; `head` is the stream's from now on."""

    stream: StreamId
    root: Root
    count: int
    head: Head
    uri: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RootRetained:
    """A root is kept on chain for the first time in its stream."""

    stream: StreamId
    root: Root
    since: UnixSeconds


@dataclass(frozen=True, slots=True, kw_only=True)
class ReaderGranted:
    """The owner of a stream lets somebody read it."""

    stream: StreamId
    reader: Address
    sealed_key: bytes
    until: UnixSeconds


class RecordAnchor(
    Client, contract="RecordAnchor", events=(StreamOpened, BatchAnchored, RootRetained, ReaderGranted)
):
    """Streams of anchored roots."""

    def anchor(
        self,
        stream: StreamId,
        root: Root,
        *,
        count: int,
        uri: str = "",
        expected_head: Head | None = None,
        retained: bool = False,
    ) -> Done[BatchAnchored]:
        """Anchors a batch of `count` records. The stream's owner or its RECORD operator; sends a transaction.

        `expected_head`: what the batch follows; by default the present head. `retained`: also keeps the
        time at which the root first came, for proofs that a contract has to check. Raises
        RecordAnchor_NotOwner, RecordAnchor_StaleHead, RecordAnchor_EmptyBatch.
        """
        follows = self.head_of(stream, at="pending") if expected_head is None else expected_head
        function = "anchorRetained" if retained else "anchor"
        return self._do(BatchAnchored, function, stream, follows, root, count, uri)

    def grant(
        self, stream: StreamId, reader: Address, *, sealed_key: bytes, until: UnixSeconds
    ) -> Done[ReaderGranted]:
        """Hands a stream's key to a reader. The owner only; sends a transaction.

        `sealed_key`: the key, sealed to the reader's encryption key in the Directory; `until`: until when
        later keys will be sealed to it too. Raises RecordAnchor_NotOwner, RecordAnchor_NoReader.
        """
        return self._do(ReaderGranted, "grant", stream, reader, sealed_key, until)

    def head_of(self, stream: StreamId, *, at: At = "latest") -> Head:
        """The head of a stream; zero: nothing was anchored in it."""
        return Head(self._read("headOf", stream, at=at))

    def retained_since(self, stream: StreamId, root: Root, *, at: At = "latest") -> UnixSeconds:
        """When a retained root first came to a stream; zero: never."""
        return UnixSeconds(self._read("retainedSince", stream, root, at=at))

    def verify(self, root: Root, record: bytes, proof: Sequence[bytes], *, at: At = "latest") -> bool:
        """Whether the chain finds a record in the tree of a root. Whether that was anchored is not asked."""
        return bool(self._read("verify", root, record, tuple(proof), at=at))

    def verify_many(
        self,
        root: Root,
        records: Sequence[bytes],
        *,
        proof: Sequence[bytes],
        flags: Sequence[bool],
        at: At = "latest",
    ) -> bool:
        """Whether the chain finds all records in the tree of a root. Raises MerkleProofInvalidMultiproof."""
        return bool(self._read("verifyMany", root, tuple(records), tuple(proof), tuple(flags), at=at))

    def batches(
        self, stream: StreamId, *, since: int = 0, until: int | None = None
    ) -> list[tuple[Log, BatchAnchored]]:
        """All batches of a stream in blocks `since` to `until` (by default the newest), in order."""
        return self._find(BatchAnchored, stream, since=since, until=until)
