"""The anchor's client: batches in order, roots kept, records verified by the chain."""

import pytest

from fabricant.chain.errors import (
    MerkleProofInvalidMultiproof,
    RecordAnchor_EmptyBatch,
    RecordAnchor_NoReader,
    RecordAnchor_NotOwner,
    RecordAnchor_StaleHead,
)
from fabricant.chain.records import BatchAnchored, ReaderGranted, RootRetained, StreamOpened
from fabricant.domain.directory import Role
from fabricant.domain.merkle import Root, leaf_of
from fabricant.domain.records import Manifest
from fabricant.domain.shdr import LineNumber
from fabricant.domain.streams import NO_HEAD, head_after, next_head, stream_id
from fabricant.domain.units import ZERO_ADDRESS, UnixSeconds
from tests.support.world import World, wallet

SUPPLIER, GATEWAY = wallet("supplier"), wallet("gateway")
STREAM = stream_id(SUPPLIER.address, "B400-0815")
LOG = b"one\ntwo\nthree\n"


def test_a_gateway_with_nothing_but_its_role_anchors_batch_after_batch(world: World) -> None:
    world.as_("supplier").directory.set_operator(GATEWAY.address, Role.RECORD)
    gateway = world.as_("gateway").records
    first, second = (Manifest.of(LOG + suffix) for suffix in (b"", b"four\n"))

    done = gateway.anchor(STREAM, first.root, count=first.count, uri="ipfs://log")
    one = world.now
    again = gateway.anchor(STREAM, second.root, count=second.count)
    two = world.now

    head = next_head(NO_HEAD, first.root, 3, one)
    assert done.event == BatchAnchored(stream=STREAM, root=first.root, count=3, head=head, uri="ipfs://log")
    assert gateway.events(done.receipt)[0] == StreamOpened(stream=STREAM, owner=SUPPLIER.address)
    assert gateway.head_of(STREAM) == again.event.head
    assert again.event.head == head_after([(first.root, 3, one), (second.root, 4, two)])
    assert [event for _, event in gateway.batches(STREAM)] == [done.event, again.event]
    assert gateway.batches(stream_id(SUPPLIER.address, "other")) == []


def test_who_lost_the_race_learns_it(world: World) -> None:
    records = world.as_("supplier").records
    records.anchor(STREAM, Root(b"\x01" * 32), count=1)

    with pytest.raises(RecordAnchor_StaleHead, match="read its head again, then anchor") as refused:
        records.anchor(STREAM, Root(b"\x02" * 32), count=1, expected_head=NO_HEAD)
    assert refused.value.current == records.head_of(STREAM)
    with pytest.raises(RecordAnchor_NotOwner):
        world.as_("stranger").records.anchor(STREAM, Root(b"\x02" * 32), count=1)
    with pytest.raises(RecordAnchor_EmptyBatch):
        records.anchor(STREAM, Root(b"\x02" * 32), count=0)


def test_a_root_is_kept_for_other_contracts(world: World) -> None:
    records = world.as_("supplier").records
    root = Root(b"\x01" * 32)
    assert records.retained_since(STREAM, root) == 0

    done = records.anchor(STREAM, root, count=1, retained=True)

    assert RootRetained(stream=STREAM, root=root, since=world.now) in records.events(done.receipt)
    assert records.retained_since(STREAM, root) == world.now


def test_the_chain_finds_a_line_by_its_proof(world: World) -> None:
    records, manifest = world.fabricant.records, Manifest.of(LOG)
    proof = manifest.prove(LineNumber(2), b"two\n")

    assert records.verify(manifest.root, proof.record, proof.siblings)
    assert not records.verify(manifest.root, b"\x00" * 32, proof.siblings)


def test_f079_the_chain_finds_several_records_at_once(world: World) -> None:
    records = world.fabricant.records
    one, two = b"\x01" * 32, b"\x02" * 32
    low, high = sorted((one, two), key=leaf_of)
    root = Manifest.of(LOG).root

    assert not records.verify_many(root, [low, high], proof=[], flags=[True])
    assert not records.verify_many(root, [], proof=[root], flags=[])
    with pytest.raises(MerkleProofInvalidMultiproof):
        records.verify_many(root, [low], proof=[], flags=[True])


def test_a_reader_gets_a_sealed_key(world: World) -> None:
    records = world.as_("supplier").records
    reader, until = wallet("buyer").address, UnixSeconds(2_000_000_000)

    event = records.grant(STREAM, reader, sealed_key=b"sealed", until=until).event

    assert event == ReaderGranted(stream=STREAM, reader=reader, sealed_key=b"sealed", until=until)
    with pytest.raises(RecordAnchor_NoReader):
        records.grant(STREAM, ZERO_ADDRESS, sealed_key=b"", until=until)
