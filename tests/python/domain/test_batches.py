"""Runs of units: hashed as the registry hashes them, kept in files, and proven one by one."""

import json
import subprocess
from collections.abc import Callable
from dataclasses import replace

import pytest
from eth_abi.abi import encode
from eth_hash.auto import keccak
from hypothesis import given
from hypothesis import strategies as st

from fabricant.domain.assets import AssetId, Kind, Namespace, Registration
from fabricant.domain.batches import Run, leaf_of_unit
from fabricant.domain.merkle import leaf_of, verify
from fabricant.domain.units import parse_address
from fabricant.errors import InvalidInput, VerificationFailed
from tests.python.domain.test_merkle import PROJECT, as_hex

OWNER = parse_address("0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266")
OTHER = parse_address("0x70997970C51812dc3A010C7d01b50e0d17dc79C8")
SPACE = Namespace(bytes(12) + bytes.fromhex(OWNER[2:]))
TYPES = ["string", "uint8", "address", "uint128", "bytes3", "bytes32", "string"]

REFERENCE = """
const { StandardMerkleTree } = require("@openzeppelin/merkle-tree");
const [types, values] = JSON.parse(process.argv[1]);
const tree = StandardMerkleTree.of(values, types);
console.log(JSON.stringify({ root: tree.root, proofs: values.map((_, i) => tree.getProof(i)) }));
"""


def pack(local_id: str, **more: object) -> Registration:
    return replace(Registration(local_id=local_id, kind=Kind.PRODUCT, owner=OWNER), **more)  # type: ignore[arg-type]


def values_of(unit: Registration) -> tuple[object, ...]:
    return (unit.local_id, unit.kind, unit.owner, unit.quantity, unit.unit, unit.twin, unit.uri)


PACKS = (
    pack("01/09506000134352/21/A"),
    pack("01/09506000134352/21/B", owner=OTHER, twin=b"\7" * 32, uri="ipfs://b"),
    pack("drum 1", kind=Kind.LOT, quantity=200, unit=b"LTR"),
    pack("body", kind=Kind.COMPONENT, uri="https://example.com/" + "x" * 50),
    pack("mill", kind=Kind.EQUIPMENT),
)


@pytest.fixture
def run() -> Run:
    return Run(SPACE, PACKS, AssetId(7))


PRINTABLE = st.characters(codec="ascii", min_codepoint=33, max_codepoint=126)


@given(
    unit=st.builds(
        Registration,
        local_id=st.text(PRINTABLE, min_size=1, max_size=80),
        kind=st.sampled_from(Kind),
        owner=st.sampled_from([OWNER, OTHER]),
        quantity=st.integers(0, 2**128 - 1),
        unit=st.binary(min_size=3, max_size=3),
        twin=st.binary(min_size=32, max_size=32),
        uri=st.text(max_size=80),
    )
)
def test_f035_a_leaf_is_that_of_the_abi(unit: Registration) -> None:
    assert leaf_of_unit(unit) == leaf_of(keccak(encode(TYPES, values_of(unit))))


def test_root_and_proofs_are_those_of_openzeppelin(run: Run) -> None:
    def plain(value: object) -> str:
        return f"0x{value.hex()}" if isinstance(value, bytes) else f"{value}"

    values = [[plain(value) for value in values_of(unit)] for unit in PACKS]
    told = subprocess.check_output(
        ["node", "-e", REFERENCE, json.dumps([TYPES, values])], cwd=PROJECT, text=True
    )
    reference = json.loads(told)
    assert f"0x{run.batch.root.hex()}" == reference["root"]
    assert [as_hex(run.prove(each.local_id)) for each in PACKS] == reference["proofs"]


def test_every_unit_is_proven_and_no_other(run: Run) -> None:
    for unit in PACKS:
        assert run.unit(unit.local_id) == unit
        assert verify(run.batch.root, leaf_of_unit(unit), run.prove(unit.local_id))
        assert not verify(run.batch.root, leaf_of_unit(replace(unit, uri="x")), run.prove(unit.local_id))
    for ask in (run.unit, run.prove):
        with pytest.raises(InvalidInput, match="has no unit 01/09506000134352/21/C"):
            ask("01/09506000134352/21/C")


def test_id_depends_on_all_that_is_committed(run: Run) -> None:
    batch = run.batch
    others = [
        batch,
        replace(batch, namespace=Namespace(b"\1" * 32)),
        replace(batch, root=PACKS[1].twin),
        replace(batch, count=6),
        replace(batch, origin=AssetId(8)),
    ]
    assert len({each.id for each in others}) == len(others)
    encoded = encode(["bytes32", "bytes32", "uint64", "uint256"], [SPACE, batch.root, 5, 7])
    assert batch.id == int.from_bytes(keccak(encoded))


def test_file_gives_the_run_back(run: Run) -> None:
    lines = list(run.serialise())
    assert json.loads(lines[0]) == {
        "format": "fabricant-batch/1",
        "namespace": f"0x{SPACE.hex()}",
        "root": f"0x{run.batch.root.hex()}",
        "count": 5,
        "origin": f"0x{7:064x}",
    }
    assert json.loads(lines[1]) == {"localId": PACKS[0].local_id, "kind": "product", "owner": OWNER}
    assert Run.parse(lines) == run


@pytest.mark.parametrize("units", [(), (PACKS[0], PACKS[1], replace(PACKS[0], owner=OTHER))])
def test_run_has_units_and_each_local_id_once(units: tuple[Registration, ...]) -> None:
    with pytest.raises(InvalidInput, match=r"at least one unit|21/A is in the run twice"):
        Run(SPACE, units)


def test_f071_unit_that_could_be_mistaken_is_refused() -> None:
    with pytest.raises(InvalidInput, match="can't be a local id"):
        Run(SPACE, (pack("Р229810"),))


def altered(line: int, **more: object) -> Callable[[list[bytes]], list[bytes]]:
    def change(lines: list[bytes]) -> list[bytes]:
        told = {name: value for name, value in (json.loads(lines[line]) | more).items() if value is not None}
        return [*lines[:line], json.dumps(told).encode(), *lines[line + 1 :]]

    return change


TAMPERED = {
    "another owner": altered(1, owner=str(OTHER)),
    "another root": altered(0, root=f"0x{7:064x}"),
    "another count": altered(0, count=6),
    "a unit less": lambda lines: lines[:-1],
}


@pytest.mark.parametrize("name", TAMPERED)
def test_f072_file_that_was_changed_is_noticed(run: Run, name: str) -> None:
    with pytest.raises(VerificationFailed, match="not those that line 1 commits to"):
        Run.parse(TAMPERED[name](list(run.serialise())))


BROKEN = {
    "nothing": (lambda _: [], "line 1 is no JSON object"),
    "another file": (lambda lines: lines[1:], "no file of a batch"),
    "no JSON": (lambda lines: [lines[0], b"\xff{"], "line 2 is no JSON object"),
    "nested": (lambda lines: [lines[0], b"[" * 16_384], "line 2 is no JSON object"),
    "nested deeper": (lambda lines: [lines[0], b"[" * 60_000], "line 2 is no JSON object"),
    "a long line": (lambda lines: [lines[0], b'"' + b"x" * 70_000 + b'"'], "line 2 is no JSON object"),
    "a field too many": (altered(1, colour="red"), "line 2 has not the fields"),
    "no owner": (altered(1, owner=None), "line 2 has not the fields"),
    "no address": (altered(1, owner="0x12"), "line 2 is no unit"),
    "an unknown kind": (altered(1, kind="thing"), "line 2 is no unit"),
    "half a hash": (altered(1, twin="0x12"), "line 2 is no unit"),
    "no namespace": (altered(0, namespace=None), "line 1 does not say"),
    "no number": (altered(0, origin="x"), "line 1 does not say"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_no_file_of_a_batch_is_refused(run: Run, name: str) -> None:
    change, said = BROKEN[name]
    with pytest.raises(InvalidInput, match=said):
        Run.parse(change(list(run.serialise())))
