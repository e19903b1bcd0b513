"""Streams of anchored records: how they are called, and how their heads grow.

A stream's id begins with its owner's address and ends with a hash of its name, so it says itself whose it
is. Its head commits to every root that was ever anchored in it, in order: nothing can be removed, inserted
or exchanged.
"""

from collections.abc import Iterable
from typing import Final, NewType

from eth_utils.crypto import keccak

from fabricant.domain.merkle import Root
from fabricant.domain.units import Address, UnixSeconds, address_from_bytes

StreamId = NewType("StreamId", bytes)  # 32 bytes
Head = NewType("Head", bytes)  # 32 bytes

NO_HEAD: Final = Head(bytes(32))  # of a stream in which nothing was anchored


def stream_id(owner: Address, name: str) -> StreamId:
    """The stream of an owner with this name."""
    return StreamId(bytes.fromhex(owner[2:]) + keccak(text=name)[:12])


def owner_of_stream(stream: StreamId) -> Address:
    """Whose a stream is."""
    return address_from_bytes(stream[:20])


def next_head(head: Head, root: Root, count: int, at: UnixSeconds) -> Head:
    """The head after a batch: keccak256(abi.encode(head, root, count, time))."""
    return Head(keccak(head + root + count.to_bytes(32) + at.to_bytes(32)))


def head_after(batches: Iterable[tuple[Root, int, UnixSeconds]]) -> Head:
    """The head of a stream in which these batches were anchored: root, count and time of each, in order."""
    head = NO_HEAD
    for root, count, at in batches:
        head = next_head(head, root, count, at)
    return head
