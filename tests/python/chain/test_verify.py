"""Verification finds every changed byte, says whose it is, and trusts neither the node nor the package."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fabricant import artifacts
from fabricant.artifacts import Artifact
from fabricant.chain import verify as verifying
from fabricant.chain.anvil import LocalChain
from fabricant.chain.deploy import deploy
from fabricant.chain.deployment import Deployment
from fabricant.chain.plan import CONTRACTS, Planned, plan
from fabricant.chain.transactions import Sender
from fabricant.chain.verify import Difference, Verification, differences, find_compiler, verify
from fabricant.chain.wallet import dev_wallets
from fabricant.domain.units import parse_address

REGISTRAR = parse_address("0x" + "5e" * 20)
STRANGER = parse_address("0x" + "99" * 20)
COMPILER = Path("solc")
CHAIN = 31337
PLANNED = plan(REGISTRAR)


@pytest.fixture(scope="module")
def deployed(session_local: LocalChain, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """The contracts, for all tests of this file."""
    snapshot = session_local.snapshot()
    sender = Sender(session_local, dev_wallets(session_local)[0])
    yield deploy(sender, registrar=REGISTRAR, folder=tmp_path_factory.mktemp("deployments"))
    session_local.revert(snapshot)


@pytest.fixture
def chain(deployed: Deployment, local: LocalChain) -> LocalChain:
    """A chain with the contracts."""
    return local


def by_name(name: str) -> Planned:
    (contract,) = (each for each in PLANNED if each.name == name)
    return contract


def wrong(result: Verification) -> dict[str, list[str]]:
    """Where each contract differs."""
    return {
        verdict.name: [each.where for each in verdict.differences]
        for verdict in result.verdicts
        if not verdict.is_verified
    }


def flipped(code: bytes, offset: int) -> bytes:
    return code[:offset] + bytes([code[offset] ^ 1]) + code[offset + 1 :]


def test_what_was_deployed_is_verified(chain: LocalChain, deployed: Deployment) -> None:
    result = verify(chain, REGISTRAR, recorded=deployed)

    assert result.is_verified
    assert (result.chain_id, result.registrar, result.compiler) == (CHAIN, REGISTRAR, None)
    assert [(each.name, each.address) for each in result.verdicts] == [
        (name, deployed.address(name)) for name in CONTRACTS
    ]


def test_packaged_sources_compile_to_the_packaged_bytes_again() -> None:
    compiler = find_compiler()
    assert compiler is not None

    assert verifying._recompile(PLANNED[:2], compiler) == [(), ()]  # the others take a quarter of a minute


def test_compiler_is_told(chain: LocalChain, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verifying, "_compile", lambda artifact, _: artifact.bytecode)

    result = verify(chain, REGISTRAR, compiler=COMPILER)

    assert result.is_verified
    assert result.compiler == artifacts.load("Directory").compiler


@pytest.mark.parametrize("name", CONTRACTS)
def test_changed_byte_is_found_and_named(chain: LocalChain, name: str) -> None:
    contract = by_name(name)
    code = chain.code(contract.address)
    offset = len(code) // 3
    chain.set_code(contract.address, flipped(code, offset))

    result = verify(chain, REGISTRAR)

    assert not result.is_verified
    (where,) = wrong(result)[name]
    assert wrong(result).keys() == {name}
    assert where == f"code at byte {offset}" or where.startswith("immutable ")


@given(contract=st.sampled_from(PLANNED), data=st.data())
def test_any_changed_byte_is_found(contract: Planned, data: st.DataObject) -> None:
    code = contract.code(CHAIN)
    offset = data.draw(st.integers(0, len(code) - 1))

    (found,) = differences(contract, flipped(code, offset), CHAIN)

    assert found.where.endswith(f" at byte {offset}") or found.where.startswith("immutable ")
    assert found.expected != found.found


@pytest.mark.parametrize("name", CONTRACTS)
@given(data=st.data())
def test_any_changed_immutable_is_named(name: str, data: st.DataObject) -> None:
    contract = by_name(name)
    immutable = data.draw(st.sampled_from(sorted(contract.artifact.immutables)))
    value = data.draw(st.binary(min_size=32, max_size=32))
    right = contract.immutables(CHAIN)[immutable]
    code = contract.artifact.fill(contract.code(CHAIN), {immutable: value})

    found = differences(contract, code, CHAIN)

    places = contract.artifact.immutables[immutable]
    expected = () if value == right else places
    assert [each.where for each in found] == [
        f"immutable {immutable} at byte {start}" for start, _ in expected[: verifying.MOST_DIFFERENCES]
    ]
    assert {(each.expected, each.found) for each in found} <= {(f"0x{right.hex()}", f"0x{value.hex()}")}


def test_neighbouring_bytes_are_one_difference() -> None:
    contract = by_name("Directory")
    code = contract.code(CHAIN)

    found = differences(contract, flipped(flipped(flipped(code, 9), 3), 4), CHAIN)

    assert [(each.where, len(each.found)) for each in found] == [("code at byte 3", 6), ("code at byte 9", 4)]


def test_not_more_is_told_than_helps() -> None:
    contract = by_name("SupplierEscrow")
    inverted = bytes(byte ^ 0xFF for byte in contract.code(CHAIN))
    every_second = bytes(b ^ (i & 1) for i, b in enumerate(contract.code(CHAIN)))

    assert 0 < len(differences(contract, inverted, CHAIN)) <= verifying.MOST_DIFFERENCES
    assert len(differences(contract, every_second, CHAIN)) == verifying.MOST_DIFFERENCES
    assert all(len(each.found) <= 2 + 64 + 1 for each in differences(contract, inverted, CHAIN))


def test_missing_and_longer_code_are_told(chain: LocalChain) -> None:
    directory, escrow = by_name("Directory"), by_name("SupplierEscrow")
    size = len(escrow.code(CHAIN))
    chain.set_code(directory.address, b"")
    chain.set_code(escrow.address, chain.code(escrow.address) + b"\0")

    found = {each.name: each.differences for each in verify(chain, REGISTRAR).verdicts}

    assert found["Directory"] == (Difference("code", f"{len(directory.code(CHAIN))} bytes", "no contract"),)
    assert found["SupplierEscrow"] == (Difference("code", f"{size} bytes", f"{size + 1} bytes"),)


def test_code_of_another_chain_is_not_this_chains() -> None:
    contract = by_name("CapacityMarket")

    names = {each.where.split()[1] for each in differences(contract, contract.code(1), CHAIN)}

    assert names == {"HOME_CHAIN_ID", "DOMAIN_SEPARATOR"}


def test_another_registrar_is_not_verified(chain: LocalChain, deployed: Deployment) -> None:
    found = wrong(verify(chain, STRANGER, recorded=deployed))

    moved = ("AssetRegistry", "Genealogy", "SupplierEscrow", "CapacityMarket")
    assert found == {name: ["recorded address", "code"] for name in moved}


# The package itself


@pytest.fixture
def tampered(monkeypatch: pytest.MonkeyPatch) -> Artifact:
    """A package in which somebody changed the escrow's bytecode, and a compiler that gives the true bytes.

    The change is near the end: the market's constructor asks the escrow, and must get its answers.
    """
    original = artifacts.load
    escrow = original("SupplierEscrow")
    offset = len(escrow.deployed) - 100
    changed = replace(
        escrow,
        bytecode=flipped(escrow.bytecode, escrow.bytecode.index(escrow.deployed) + offset),
        deployed=flipped(escrow.deployed, offset),
    )

    def load(name: str) -> Artifact:
        return changed if name == "SupplierEscrow" else original(name)

    monkeypatch.setattr(artifacts, "load", load)
    monkeypatch.setattr(verifying, "_compile", lambda artifact, _: original(artifact.name).bytecode)
    return changed


def test_tampered_package_is_found_by_compiling_it_again(
    local: LocalChain, tampered: Artifact, tmp_path: Path
) -> None:
    deploy(Sender(local, dev_wallets(local)[0]), registrar=REGISTRAR, folder=tmp_path)

    trusting, compiling = verify(local, REGISTRAR), verify(local, REGISTRAR, compiler=COMPILER)

    assert trusting.is_verified  # without a compiler, the package is all there is to compare with
    assert wrong(compiling) == {"SupplierEscrow": ["packaged bytecode, compiled again"]}


def test_tampered_package_does_not_verify_what_was_deployed_before(
    chain: LocalChain, deployed: Deployment, tampered: Artifact
) -> None:
    found = wrong(verify(chain, REGISTRAR, recorded=deployed))

    assert found.keys() == {"SupplierEscrow", "CapacityMarket"}
    assert found["SupplierEscrow"] == ["recorded address", "code"]


def test_without_py_solc_x_there_is_no_compiler(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verifying, "find_spec", lambda _: None)

    assert find_compiler() is None


def test_compiler_of_an_installed_package_is_kept_in_the_users_folder(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    asked: list[Path] = []

    def install(root: Path) -> Path:
        asked.append(root)
        raise verifying.NotFound("there is no compiler")

    def outside(_: Path) -> Path:
        raise verifying.NotFound("no clone here")

    monkeypatch.setattr(verifying, "user_folder", lambda: tmp_path)
    monkeypatch.setattr(verifying, "install_compiler", install)
    monkeypatch.setattr(verifying, "find_project", outside)

    assert find_compiler() is None
    assert asked == [tmp_path]
