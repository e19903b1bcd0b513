"""Records: a log as a list of lines, each committed to with its number and its exact bytes.

One physical line is one leaf, so that evidence needs no parser and a single changed byte, a line too many,
too few or out of place is a different root. The manifest lists the digests of all lines in order: whoever
has it and the anchored root can name every line that differs, and prove any single line to somebody who has
the root alone.
"""

import json
import re
from dataclasses import dataclass
from functools import cached_property
from typing import Final, NewType

from eth_hash.auto import keccak

from fabricant.domain.canonical import canonical_json
from fabricant.domain.merkle import HASH_BYTES, MAX_DEPTH, MerkleTree, Root, depths, leaf_of, verify
from fabricant.domain.shdr import LineNumber, split_lines
from fabricant.errors import InvalidInput, VerificationFailed

Digest = NewType("Digest", bytes)  # keccak256 of a line with its ending, 32 bytes

_FORMAT: Final = "fabricant-manifest/1"
_PROOF_FORMAT: Final = "fabricant-line-proof/1"
_HEADER: Final = re.compile(rb"fabricant-manifest/1 ([1-9]\d{0,8}) 0x([0-9a-f]{64})")
_DIGEST: Final = re.compile(rb"[0-9a-f]{64}")
_HEX: Final = re.compile(r"0x((?:[0-9a-f]{2})*)")


def digest_of(line: bytes) -> Digest:
    """What a manifest says of a line: the hash of its bytes, with its line ending."""
    return Digest(keccak(line))


def record_of(number: LineNumber, digest: Digest) -> bytes:
    """What RecordAnchor.verify takes for a line: the hash of `abi.encode(uint256 number, bytes32 digest)`."""
    return keccak(number.to_bytes(32, "big") + digest)


@dataclass(frozen=True)
class Manifest:
    """The digests of all lines of a log, in order. Its `root` is what is anchored, its `count` beside it."""

    digests: tuple[Digest, ...]

    def __post_init__(self) -> None:
        """Raises InvalidInput for an empty log: there is nothing to commit to."""
        if not self.digests:
            raise InvalidInput("there is no line to anchor: the log is empty")

    @classmethod
    def of(cls, data: bytes) -> "Manifest":
        """The manifest of a file's bytes, SHDR or not."""
        return cls(tuple(digest_of(line) for line in split_lines(data)))

    @classmethod
    def parse(cls, text: bytes) -> "Manifest":
        """Reads a manifest file. Raises InvalidInput for others, VerificationFailed if it was changed."""
        header, *rows = text.split(b"\n")
        head = _HEADER.fullmatch(header)
        if not head or rows[-1:] != [b""]:
            raise InvalidInput(f"this is not a manifest: its first line is no {_FORMAT}, or its end is lost")
        rows.pop()
        for number, row in enumerate(rows, 2):
            if not _DIGEST.fullmatch(row):
                raise InvalidInput(f"line {number} of the manifest is not a digest (64 small hex digits)")
        if len(rows) != int(head[1]):
            raise VerificationFailed(f"the manifest says {int(head[1])} lines and lists {len(rows)}")
        manifest = cls(tuple(Digest(bytes.fromhex(row.decode())) for row in rows))
        if manifest.root.hex() != head[2].decode():
            raise VerificationFailed("the manifest was changed: its digests do not make its own root")
        return manifest

    def serialise(self) -> bytes:
        """The manifest as a file: a header, then the digest of line N on line N + 1."""
        header = f"{_FORMAT} {self.count} 0x{self.root.hex()}"
        return "\n".join([header, *(digest.hex() for digest in self.digests), ""]).encode()

    @property
    def count(self) -> int:
        """How many lines there are."""
        return len(self.digests)

    @property
    def root(self) -> Root:
        """The Merkle root over all lines."""
        return self._tree.root

    def prove(self, number: LineNumber, line: bytes) -> "LineProof":
        """The proof of one line, to hand to somebody who has only the root.

        Raises InvalidInput if there is no such line, VerificationFailed if `line` are not its bytes.
        """
        if not 1 <= number <= self.count:
            raise InvalidInput(f"the log has lines 1 to {self.count}, no line {number}")
        if digest_of(line) != self.digests[number - 1]:
            raise VerificationFailed(f"line {number} of the log is not the one that the manifest lists")
        return LineProof(number=number, line=line, siblings=self._tree.prove(number - 1))

    @cached_property
    def _tree(self) -> MerkleTree:
        records = (record_of(LineNumber(n), digest) for n, digest in enumerate(self.digests, 1))
        return MerkleTree([leaf_of(record) for record in records])


@dataclass(frozen=True, slots=True)
class LineProof:
    """One line of a log with its exact bytes, and the Merkle proof that an anchored log has it there."""

    number: LineNumber
    line: bytes
    siblings: tuple[bytes, ...]

    @property
    def record(self) -> bytes:
        """The line as RecordAnchor.verify takes it, to have the proof checked on chain."""
        return record_of(self.number, digest_of(self.line))

    def holds(self, root: Root, count: int) -> bool:
        """Whether the log anchored as `root`, of `count` lines, has exactly this line at this number."""
        if not 1 <= self.number <= count or len(self.siblings) not in depths(count):
            return False
        return verify(root, leaf_of(self.record), self.siblings)

    def serialise(self) -> bytes:
        """The proof as a JSON file. It names no root: the verifier takes that from the chain."""
        return canonical_json(
            {
                "format": _PROOF_FORMAT,
                "line": self.number,
                "bytes": _hex(self.line),
                "proof": [_hex(sibling) for sibling in self.siblings],
            }
        )

    @classmethod
    def parse(cls, text: bytes) -> "LineProof":
        """Reads a proof file. Raises InvalidInput for anything else."""
        nested = text.count(b"[") + text.count(b"{") > 2  # deep nesting could crash the whole process
        try:
            return cls._read(None if nested else json.loads(text))
        except ValueError:
            raise InvalidInput(f"this is not a proof of a line ({_PROOF_FORMAT}); ask for it again") from None

    @classmethod
    def _read(cls, document: object) -> "LineProof":
        match document:
            case {
                "format": "fabricant-line-proof/1",
                "line": int(number),
                "bytes": line,
                "proof": list(proof),
            }:
                siblings = tuple(_unhex(sibling) for sibling in proof)
                if (
                    type(number) is int
                    and len(siblings) <= MAX_DEPTH
                    and set(map(len, siblings)) <= {HASH_BYTES}
                ):
                    return cls(number=LineNumber(number), line=_unhex(line), siblings=siblings)
        raise ValueError(_PROOF_FORMAT)


def _hex(value: bytes) -> str:
    return f"0x{value.hex()}"


def _unhex(text: object) -> bytes:
    match = _HEX.fullmatch(text) if isinstance(text, str) else None
    if not match:
        raise ValueError(_PROOF_FORMAT)
    return bytes.fromhex(match[1])
