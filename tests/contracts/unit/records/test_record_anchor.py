"""REC-1: a stream's head commits to every root ever anchored in it; nothing is lost or reordered."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any, Final

import pytest
from eth_abi.abi import encode
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from web3.contract import Contract

from fabricant.chain.answers import Receipt
from fabricant.domain.merkle import Leaf, MerkleTree
from tests.support.actors import Actor
from tests.support.chain import BEGINNING, Chain, event
from tests.support.reverts import reverts

RECORD, EVERY_ROLE_BUT_RECORD = 1 << 4, 0xFFFF & ~(1 << 4)
NOBODY: Final = "0x" + "00" * 20
NOTHING: Final = bytes(32)
ROOT: Final = keccak(text="a root")
URI: Final = "ipfs://bafybeigdyrzt5sfp7udm7hu76uh7y26nf3efuylqabf3oclgtqy55fbzdi"
NAME: Final = "mill 3, spindle"

Anchor = Callable[..., Receipt]


def stream_of(owner: Actor, name: str = NAME) -> bytes:
    return bytes.fromhex(owner.address[2:]) + keccak(text=name)[:12]


def next_head(head: bytes, root: bytes, count: int, time: int) -> bytes:
    return keccak(encode(["bytes32", "bytes32", "uint32", "uint256"], [head, root, count, time]))


@pytest.fixture
def head_of(anchor: Contract, supplier: Actor) -> Callable[[], bytes]:
    return lambda: bytes(anchor.functions.headOf(stream_of(supplier)).call())


@pytest.fixture
def put(chain: Chain, anchor: Contract, supplier: Actor) -> Anchor:
    """The supplier anchors a batch in its stream."""

    def send(
        expected: bytes = NOTHING,
        root: bytes = ROOT,
        count: int = 100,
        *,
        by: Actor = supplier,
        how: str = "anchor",
        stream: bytes = stream_of(supplier),
        at: int | None = None,
    ) -> Receipt:
        call = anchor.get_function_by_name(how)(stream, expected, root, count, URI)
        return chain.send(call, by=by, at=at)

    return send


@pytest.fixture
def lend(chain: Chain, directory: Contract, supplier: Actor, gateway: Actor) -> Callable[[int, int], None]:
    """The supplier lends the gateway roles."""

    def send(roles: int, until: int) -> None:
        chain.send(directory.functions.setOperator(gateway.address, roles, until), by=supplier)

    return send


def not_owner(caller: Actor, owner: Actor) -> Any:
    return reverts(
        "RecordAnchor_NotOwner", stream=stream_of(owner), caller=caller.address, owner=owner.address
    )


def stale(owner: Actor, expected: bytes, current: bytes) -> Any:
    return reverts("RecordAnchor_StaleHead", stream=stream_of(owner), expected=expected, current=current)


def anchored(anchor: Contract, owner: Actor, head: bytes, *, root: bytes = ROOT, count: int = 100) -> Any:
    return event(anchor, "BatchAnchored", stream=stream_of(owner), root=root, count=count, head=head, uri=URI)


# anchor


def test_a_stranger_anchors_nothing(put: Anchor, stranger: Actor, supplier: Actor) -> None:
    with not_owner(stranger, supplier):
        put(by=stranger)


def test_an_operator_needs_the_record_role(
    put: Anchor, lend: Callable[..., None], gateway: Actor, supplier: Actor
) -> None:
    lend(EVERY_ROLE_BUT_RECORD, BEGINNING + 86_400)
    with not_owner(gateway, supplier):
        put(by=gateway)


def test_f048_a_gateway_anchors_until_its_role_ends(
    put: Anchor, lend: Callable[..., None], head_of: Callable[[], bytes], gateway: Actor, supplier: Actor
) -> None:
    end = BEGINNING + 86_400
    lend(RECORD, end)
    put(by=gateway, at=end - 1)
    with not_owner(gateway, supplier):
        put(head_of(), by=gateway, at=end)


def test_f069_nobodys_stream_stays_empty(put: Anchor, stranger: Actor) -> None:
    stream = bytes(20) + keccak(text=NAME)[:12]
    with reverts("RecordAnchor_NotOwner", stream=stream, caller=stranger.address, owner=NOBODY):
        put(by=stranger, stream=stream)


def test_an_empty_batch_is_refused(put: Anchor, supplier: Actor) -> None:
    with reverts("RecordAnchor_EmptyBatch", stream=stream_of(supplier), root=ROOT):
        put(count=0)


def test_the_first_batch_follows_nothing(put: Anchor, supplier: Actor) -> None:
    with stale(supplier, ROOT, NOTHING):
        put(ROOT)


def test_the_first_batch_opens_a_stream(
    chain: Chain, anchor: Contract, put: Anchor, head_of: Callable[[], bytes], supplier: Actor
) -> None:
    receipt = put(at=BEGINNING + 500)
    head = next_head(NOTHING, ROOT, 100, BEGINNING + 500)
    assert head_of() == head
    assert chain.events(receipt) == [
        event(anchor, "StreamOpened", stream=stream_of(supplier), owner=supplier.address),
        anchored(anchor, supplier, head),
    ]


def test_a_lost_race_is_refused(put: Anchor, head_of: Callable[[], bytes], supplier: Actor) -> None:
    put()
    first = head_of()
    put(first)
    for expected in (NOTHING, first):
        with stale(supplier, expected, head_of()):
            put(expected)


def test_a_batch_follows_the_head(
    chain: Chain, anchor: Contract, put: Anchor, head_of: Callable[[], bytes], supplier: Actor
) -> None:
    put()
    before, root = head_of(), keccak(text="another root")
    receipt = put(before, root, 2**32 - 1, at=BEGINNING + 900)
    head = next_head(before, root, 2**32 - 1, BEGINNING + 900)
    assert head_of() == head
    assert chain.events(receipt) == [anchored(anchor, supplier, head, root=root, count=2**32 - 1)]


def test_a_gateway_anchors(
    chain: Chain,
    anchor: Contract,
    put: Anchor,
    lend: Callable[..., None],
    head_of: Callable[[], bytes],
    gateway: Actor,
    supplier: Actor,
) -> None:
    put()
    lend(RECORD, BEGINNING + 86_400)
    receipt = put(head_of(), by=gateway)
    assert chain.events(receipt) == [anchored(anchor, supplier, head_of())]


def test_a_repeated_root_makes_another_head(put: Anchor, head_of: Callable[[], bytes]) -> None:
    put()
    first = head_of()
    put(first)
    assert head_of() != first


BATCHES: Final = st.lists(
    st.tuples(st.binary(min_size=32, max_size=32), st.integers(1, 2**32 - 1)), max_size=8
)


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(batches=BATCHES)
def test_the_head_commits_to_every_root_in_order(
    session_chain: Chain, anchor: Contract, put: Anchor, supplier: Actor, batches: list[tuple[bytes, int]]
) -> None:
    snapshot = session_chain.local.snapshot()
    heads = [NOTHING]
    times = []
    for root, count in batches:
        receipt = put(heads[-1], root, count)
        times.append(session_chain.now)
        *_, said = session_chain.events(receipt)
        heads.append(next_head(heads[-1], root, count, session_chain.now))
        assert said.arguments["head"] == heads[-1]
    assert bytes(anchor.functions.headOf(stream_of(supplier)).call()) == heads[-1]
    assert len(set(heads)) == len(heads)

    reordered = NOTHING
    for (root, count), time in zip(reversed(batches), times, strict=True):
        reordered = next_head(reordered, root, count, time)
    assert reordered != heads[-1] or batches == batches[::-1]
    session_chain.local.revert(snapshot)


def test_f026_anchoring_goes_on_after_a_fork(
    forked: AbstractContextManager[int], put: Anchor, head_of: Callable[[], bytes]
) -> None:
    with forked:
        put()
        assert head_of() != NOTHING


# anchorRetained


@pytest.fixture
def kept(anchor: Contract, supplier: Actor) -> Callable[..., int]:
    def ask(root: bytes = ROOT, stream: bytes = stream_of(supplier)) -> int:
        since: int = anchor.functions.retainedSince(stream, root).call()
        return since

    return ask


def test_a_stranger_retains_nothing(
    put: Anchor, kept: Callable[..., int], stranger: Actor, supplier: Actor
) -> None:
    with not_owner(stranger, supplier):
        put(by=stranger, how="anchorRetained")
    assert kept() == 0


def test_a_root_is_kept_with_its_time(
    chain: Chain, anchor: Contract, put: Anchor, kept: Callable[..., int], supplier: Actor
) -> None:
    receipt = put(how="anchorRetained", at=BEGINNING + 500)
    assert kept() == BEGINNING + 500
    assert chain.events(receipt) == [
        event(anchor, "StreamOpened", stream=stream_of(supplier), owner=supplier.address),
        anchored(anchor, supplier, next_head(NOTHING, ROOT, 100, BEGINNING + 500)),
        event(anchor, "RootRetained", stream=stream_of(supplier), root=ROOT, since=BEGINNING + 500),
    ]


def test_the_first_time_stays(
    chain: Chain,
    anchor: Contract,
    put: Anchor,
    kept: Callable[..., int],
    head_of: Callable[[], bytes],
    supplier: Actor,
) -> None:
    put(how="anchorRetained", at=BEGINNING + 500)
    receipt = put(head_of(), how="anchorRetained", at=BEGINNING + 900)
    assert kept() == BEGINNING + 500
    assert chain.events(receipt) == [anchored(anchor, supplier, head_of())]


def test_roots_are_kept_for_each_stream(
    put: Anchor, kept: Callable[..., int], supplier: Actor, stranger: Actor
) -> None:
    put(how="anchorRetained", by=stranger, stream=stream_of(stranger), at=BEGINNING + 500)
    assert (kept(), kept(stream=stream_of(stranger))) == (0, BEGINNING + 500)
    put(how="anchorRetained", at=BEGINNING + 900)
    assert (kept(), kept(keccak(text="never anchored"))) == (BEGINNING + 900, 0)


def test_a_plain_anchor_keeps_no_time(
    put: Anchor, kept: Callable[..., int], head_of: Callable[[], bytes]
) -> None:
    put(at=BEGINNING + 500)
    assert kept() == 0
    put(head_of(), how="anchorRetained", at=BEGINNING + 900)
    assert kept() == BEGINNING + 900


# grant


def test_a_stranger_grants_nothing(chain: Chain, anchor: Contract, stranger: Actor, supplier: Actor) -> None:
    with not_owner(stranger, supplier):
        chain.send(anchor.functions.grant(stream_of(supplier), stranger.address, b"key", 0), by=stranger)


def test_a_gateway_grants_nothing(
    chain: Chain, anchor: Contract, lend: Callable[..., None], gateway: Actor, supplier: Actor
) -> None:
    lend(0xFFFF, BEGINNING + 86_400)
    with not_owner(gateway, supplier):
        chain.send(anchor.functions.grant(stream_of(supplier), gateway.address, b"key", 0), by=gateway)


def test_a_grant_needs_a_reader(chain: Chain, anchor: Contract, supplier: Actor) -> None:
    with reverts("RecordAnchor_NoReader", stream=stream_of(supplier)):
        chain.send(anchor.functions.grant(stream_of(supplier), NOBODY, b"key", 0), by=supplier)


def test_a_reader_is_granted(chain: Chain, anchor: Contract, supplier: Actor, buyer: Actor) -> None:
    sealed = keccak(text="a sealed box") + bytes(48)
    receipt = chain.send(
        anchor.functions.grant(stream_of(supplier), buyer.address, sealed, BEGINNING + 86_400), by=supplier
    )
    assert chain.events(receipt) == [
        event(
            anchor,
            "ReaderGranted",
            stream=stream_of(supplier),
            reader=buyer.address,
            sealedKey=sealed,
            until=BEGINNING + 86_400,
        )
    ]


# streamId


def test_a_stream_names_its_owner(anchor: Contract, supplier: Actor) -> None:
    for name in (NAME, "", "Fräse 3"):
        stream = anchor.functions.streamId(supplier.address, name).call()
        assert stream == stream_of(supplier, name)
        assert anchor.functions.ownerOf(stream).call() == supplier.address


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    pairs=st.sets(
        st.tuples(st.binary(min_size=20, max_size=20), st.text(max_size=40)), min_size=2, max_size=4
    )
)
def test_streams_differ(anchor: Contract, pairs: set[tuple[bytes, str]]) -> None:
    streams = {anchor.functions.streamId(to_checksum_address(owner), name).call() for owner, name in pairs}
    assert len(streams) == len(pairs)


# verify


def records(count: int) -> list[bytes]:
    """Hashes of `abi.encode(uint256 number, bytes32 digest)`, as machine logs have them."""
    return [
        keccak(encode(["uint256", "bytes32"], [number, keccak(text=f"line {number}")]))
        for number in range(count)
    ]


def tree(values: Sequence[bytes]) -> MerkleTree:
    return MerkleTree([Leaf(keccak(value)) for value in values])


@pytest.fixture
def verified(anchor: Contract) -> Callable[[bytes, bytes, Sequence[bytes]], bool]:
    return lambda root, record, proof: bool(anchor.functions.verify(root, record, proof).call())


@pytest.mark.parametrize("count", [1, 2, 3, 4, 7, 8, 33])
def test_every_record_is_proven(verified: Callable[..., bool], count: int) -> None:
    values = records(count)
    whole = tree(values)
    for index, value in enumerate(values):
        assert verified(whole.root, value, whole.prove(index))


def test_f079_anything_else_is_not_proven(verified: Callable[..., bool]) -> None:
    values = records(9)
    whole = tree(values)
    proof = list(whole.prove(4))
    assert verified(whole.root, values[4], proof)
    wrong = [
        (ROOT, values[4], proof),
        (whole.root, values[5], proof),
        (whole.root, values[4], proof[:-1]),
        (whole.root, values[4], proof[1:]),
        (whole.root, values[4], [*proof, ROOT]),
        (whole.root, values[4], proof[::-1]),
        (whole.root, values[4], []),
        (NOTHING, NOTHING, []),
    ]
    assert not any(verified(*each) for each in wrong)


def test_f079_no_node_passes_for_a_record(verified: Callable[..., bool]) -> None:
    values = records(4)
    whole = tree(values)
    sibling, uncle = whole.prove(0)
    leaf = keccak(values[0])
    node = keccak(min(leaf, sibling) + max(leaf, sibling))
    assert keccak(min(node, uncle) + max(node, uncle)) == whole.root

    assert not verified(whole.root, leaf, [sibling, uncle])
    assert not verified(whole.root, node, [uncle])
    assert not verified(whole.root, whole.root, [])


def test_f079_an_empty_proof_proves_a_lone_record(verified: Callable[..., bool]) -> None:
    (value,) = records(1)
    assert verified(tree([value]).root, value, [])
    assert not verified(tree([value]).root, keccak(value), [])
    assert not verified(tree([value]).root, ROOT, [])


# verifyMany


@pytest.fixture
def all_verified(anchor: Contract) -> Callable[..., bool]:
    def ask(root: bytes, values: Sequence[bytes], proof: Sequence[bytes], flags: Sequence[bool]) -> bool:
        return bool(anchor.functions.verifyMany(root, list(values), list(proof), list(flags)).call())

    return ask


def prove_many(
    values: Sequence[bytes], indexes: Sequence[int]
) -> tuple[list[bytes], list[bytes], list[bool]]:
    """Records in the proof's order, proof and flags."""
    by_leaf = {keccak(value): value for value in values}
    several = tree(values).prove_many(indexes)
    return [by_leaf[leaf] for leaf in several.leaves], list(several.proof), list(several.flags)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(count=st.integers(1, 20), data=st.data())
def test_many_records_are_proven_at_once(
    all_verified: Callable[..., bool], count: int, data: st.DataObject
) -> None:
    values = records(count)
    indexes = sorted(data.draw(st.sets(st.integers(0, count - 1), min_size=1)))
    assert all_verified(tree(values).root, *prove_many(values, indexes))


def test_f079_one_wrong_record_spoils_the_proof(all_verified: Callable[..., bool]) -> None:
    values = records(8)
    some, proof, flags = prove_many(values, [1, 4, 6])
    for index in range(3):
        wrong = [*some[:index], ROOT, *some[index + 1 :]]
        assert not all_verified(tree(values).root, wrong, proof, flags)


def test_f079_no_records_prove_nothing(all_verified: Callable[..., bool]) -> None:
    root = tree(records(8)).root
    assert not all_verified(root, [], [root], [])


def test_f079_a_record_counts_once(all_verified: Callable[..., bool]) -> None:
    values = records(4)
    some, proof, flags = prove_many(values, [0, 2])
    assert not all_verified(tree(values).root, [some[0], some[0]], proof, flags)
    with reverts("MerkleProofInvalidMultiproof"):
        all_verified(tree(values).root, [*some, some[0]], proof, flags)


def test_f079_a_misshapen_proof_is_refused(all_verified: Callable[..., bool]) -> None:
    values = records(8)
    some, proof, flags = prove_many(values, [1, 4, 6])
    for misshapen in ((some[:-1], proof, flags), (some, proof[:-1], flags), (some, proof, [*flags, True])):
        with reverts("MerkleProofInvalidMultiproof"):
            all_verified(tree(values).root, *misshapen)
