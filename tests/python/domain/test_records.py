"""A manifest commits to every byte of every line, and a line is proven by its number and its bytes alone."""

import json
from collections.abc import Callable
from dataclasses import replace

import pytest
from eth_abi.abi import encode
from eth_hash.auto import keccak
from hypothesis import given
from hypothesis import strategies as st

from fabricant.domain.merkle import MerkleTree, leaf_of
from fabricant.domain.records import LineProof, Manifest, digest_of, record_of
from fabricant.domain.shdr import LineNumber, split_lines
from fabricant.errors import InvalidInput, VerificationFailed

LOG = b"first\nsecond\r\n\nthird without an ending"
LOGS = st.lists(st.sampled_from([b"a\n", b"b\n", b"c\r\n", b"\n"]), min_size=1, max_size=12).map(b"".join)


def test_lines_keep_their_endings_and_only_a_newline_ends_one():
    assert split_lines(b"a\r\nb\rc\x0bd\n\ne") == (b"a\r\n", b"b\rc\x0bd\n", b"\n", b"e")
    assert split_lines(b"") == ()


def test_a_record_is_the_hash_of_number_and_digest():
    digest = digest_of(b"first\n")
    assert digest == keccak(b"first\n")
    assert record_of(LineNumber(7), digest) == keccak(encode(["uint256", "bytes32"], [7, digest]))


def test_a_proof_says_what_the_contract_is_to_be_asked():
    proof = Manifest.of(LOG).prove(LineNumber(2), b"second\r\n")
    assert proof.record == keccak(encode(["uint256", "bytes32"], [2, keccak(b"second\r\n")]))


def test_the_root_is_that_of_all_lines_in_order():
    manifest = Manifest.of(LOG)
    digests = [keccak(line) for line in (b"first\n", b"second\r\n", b"\n", b"third without an ending")]
    records = [keccak(encode(["uint256", "bytes32"], [n, digest])) for n, digest in enumerate(digests, 1)]
    assert manifest.digests == tuple(digests)
    assert manifest.count == 4
    assert manifest.root == MerkleTree([leaf_of(record) for record in records]).root


@given(LOGS, LOGS)
def test_two_logs_have_one_root_only_if_they_are_the_same(one: bytes, other: bytes):
    assert (Manifest.of(one).root == Manifest.of(other).root) == (one == other)


def test_an_empty_log_commits_to_nothing():
    with pytest.raises(InvalidInput, match="the log is empty"):
        Manifest.of(b"")


# The manifest as a file


@given(LOGS)
def test_a_manifest_is_read_as_it_is_written(data: bytes):
    manifest = Manifest.of(data)
    assert Manifest.parse(manifest.serialise()) == manifest


def test_line_n_of_a_log_stands_on_line_n_plus_1_of_its_manifest():
    header, *rows = Manifest.of(LOG).serialise().decode().splitlines()
    assert header == f"fabricant-manifest/1 4 0x{Manifest.of(LOG).root.hex()}"
    assert rows[1] == keccak(b"second\r\n").hex()


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: b"",
        lambda text: text[:-1],
        lambda text: text + b"x",
        lambda text: b"\n" + text,
        lambda text: text.replace(b"manifest/1", b"manifest/2"),
        lambda text: text.replace(b"\n", b"\r\n"),
        lambda text: text[:-3] + b"g\n",
        lambda text: text.upper(),
    ],
)
def test_what_is_not_a_manifest_is_refused(damage: Callable[[bytes], bytes]):
    with pytest.raises(InvalidInput):
        Manifest.parse(damage(Manifest.of(LOG).serialise()))


def test_a_manifest_that_was_changed_is_not_believed():
    text = Manifest.of(LOG).serialise()
    rows = text.splitlines(keepends=True)
    swapped = b"".join([rows[0], rows[2], rows[1], *rows[3:]])
    other_root = text.replace(Manifest.of(LOG).root.hex().encode(), Manifest.of(b"x").root.hex().encode())
    for changed in (swapped, other_root):
        with pytest.raises(VerificationFailed, match="was changed"):
            Manifest.parse(changed)
    with pytest.raises(VerificationFailed, match="says 4 lines and lists 3"):
        Manifest.parse(b"".join(rows[:-1]))


# One line and its proof


@given(LOGS, st.data())
def test_every_line_is_proven_to_somebody_with_the_root(data: bytes, draw: st.DataObject):
    manifest, lines = Manifest.of(data), split_lines(data)
    number = LineNumber(draw.draw(st.integers(1, len(lines))))
    proof = manifest.prove(number, lines[number - 1])
    assert proof.holds(manifest.root, manifest.count)
    assert LineProof.parse(proof.serialise()) == proof


def test_a_proof_holds_for_its_line_its_number_and_its_log_only():
    manifest = Manifest.of(LOG)
    proof = manifest.prove(LineNumber(2), b"second\r\n")
    assert not replace(proof, line=b"second\n").holds(manifest.root, 4)
    assert not replace(proof, number=LineNumber(3)).holds(manifest.root, 4)
    assert not replace(proof, number=LineNumber(0)).holds(manifest.root, 4)
    assert not replace(proof, number=LineNumber(-1)).holds(manifest.root, 4)
    assert not replace(proof, siblings=proof.siblings[:-1]).holds(manifest.root, 4)
    assert not proof.holds(Manifest.of(LOG + b"!").root, 4)
    assert not proof.holds(manifest.root, 1)


def test_f079_a_proof_whose_length_does_not_fit_the_count_does_not_hold():
    manifest = Manifest.of(LOG)
    proof = manifest.prove(LineNumber(2), b"second\r\n")
    assert len(proof.siblings) == 2
    assert [count for count in range(1, 20) if proof.holds(manifest.root, count)] == [3, 4, 5, 6, 7]


def test_a_proof_needs_a_line_of_this_log():
    manifest = Manifest.of(LOG)
    for number in (0, 5):
        with pytest.raises(InvalidInput, match=f"lines 1 to 4, no line {number}"):
            manifest.prove(LineNumber(number), b"")
    with pytest.raises(VerificationFailed, match="line 2 of the log is not the one"):
        manifest.prove(LineNumber(2), b"second\n")


@pytest.mark.parametrize(
    "change",
    [
        {"format": "fabricant-line-proof/2"},
        {"line": "2"},
        {"line": True},
        {"line": 2.0},
        {"bytes": "0xABCD"},
        {"bytes": "0x0"},
        {"bytes": None},
        {"proof": "0x"},
        {"proof": ["0x00"]},
        {"proof": [7]},
        {"proof": ["0x" + "00" * 32] * 65},
    ],
)
def test_what_is_not_a_proof_is_refused(change: dict[str, object]):
    document = json.loads(Manifest.of(LOG).prove(LineNumber(2), b"second\r\n").serialise()) | change
    with pytest.raises(InvalidInput, match="not a proof of a line"):
        LineProof.parse(json.dumps(document).encode())


@pytest.mark.parametrize(
    "text", [b"", b"{", b"[]", b"\xff", b"[" * 100_000, b'{"line": 1' + b"0" * 5000 + b"}"]
)
def test_f124_a_proof_file_of_any_bytes_is_refused_with_one_error(text: bytes):
    with pytest.raises(InvalidInput, match="not a proof of a line"):
        LineProof.parse(text)


# Whole logs


def test_the_sample_has_its_known_root(sample_log: bytes):
    manifest = Manifest.of(sample_log)
    assert manifest.count == 364
    assert manifest.root.hex() == "11f67d06e199ca2e6e0f1483d41ad2da2a83b8d88b6dc66383a8abdd0c5db05b"


def test_every_line_of_the_sample_is_proven(sample_log: bytes):
    manifest = Manifest.of(sample_log)
    for number, line in enumerate(split_lines(sample_log), 1):
        assert manifest.prove(LineNumber(number), line).holds(manifest.root, manifest.count)


def test_the_real_log_has_its_known_root(real_log: bytes):
    manifest = Manifest.of(real_log)
    assert manifest.count == 10_770
    assert manifest.root.hex() == "461bd2301f16affc8260c66190d306fbb342e945800a07d7a63405349e7f1def"
    proof = manifest.prove(LineNumber(1383), split_lines(real_log)[1382])
    assert proof.line.endswith(b"|pexecution|PROGRAM_COMPLETED\n")
    assert proof.holds(manifest.root, manifest.count)
    assert Manifest.parse(manifest.serialise()) == manifest
