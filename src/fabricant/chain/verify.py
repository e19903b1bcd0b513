"""Whether the contracts on a chain are the ones of this package, with no explorer in between.

The packaged sources are compiled again, if there is a compiler; else the packaged bytes count as they are.
From them follow the address and every byte of the code that each contract must have, immutables included
(the other contracts' addresses, the chain, the domain of signatures), and the chain is compared with that.
"""

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib.util import find_spec
from itertools import groupby, islice
from pathlib import Path
from typing import Final

from fabricant.artifacts import Artifact
from fabricant.chain.build import find_project
from fabricant.chain.deployment import Deployment
from fabricant.chain.network import Network
from fabricant.chain.plan import Planned, plan
from fabricant.chain.profiles import user_folder
from fabricant.chain.solc import compile_standard, install_compiler
from fabricant.domain.units import Address
from fabricant.errors import NotFound

MOST_DIFFERENCES: Final = 10  # that are told of one contract
_SHOWN: Final = 32  # bytes of each


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is not as it should be: where, what should be there, and what is."""

    where: str
    expected: str
    found: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one contract."""

    name: str
    address: Address
    differences: tuple[Difference, ...]

    @property
    def is_verified(self) -> bool:
        """Whether the contract is exactly what it should be."""
        return not self.differences


@dataclass(frozen=True, slots=True)
class Verification:
    """The verdicts on all contracts as of one block. `compiler` is None if nothing was compiled again."""

    chain_id: int
    block: int
    registrar: Address
    compiler: str | None
    verdicts: tuple[Verdict, ...]

    @property
    def is_verified(self) -> bool:
        """Whether every contract is exactly what it should be."""
        return all(verdict.is_verified for verdict in self.verdicts)


def verify(
    network: Network,
    registrar: Address,
    *,
    recorded: Deployment | None = None,
    compiler: Path | None = None,
) -> Verification:
    """Compares the contracts on a chain with the package, as of the newest block. Sends nothing.

    Their addresses follow from the `registrar`; a `recorded` deployment must name the same. With a
    `compiler` (see `find_compiler`), the packaged bytecode must also be what its sources compile to.
    """
    block = network.head().number
    planned = plan(registrar)
    verdicts = []
    for contract, unlike in zip(planned, _recompile(planned, compiler), strict=True):
        code = network.code(contract.address, at=block)
        found = (*unlike, *_misplaced(contract, recorded), *differences(contract, code, network.chain_id))
        verdicts.append(Verdict(contract.name, contract.address, found))
    compiled_by = None if compiler is None else planned[0].artifact.compiler
    return Verification(network.chain_id, block, registrar, compiled_by, tuple(verdicts))


def find_compiler() -> Path | None:
    """A compiler of the pinned version: installed, downloaded by py-solc-x, or npm's; else None."""
    if find_spec("solcx") is None:
        return None
    try:
        return install_compiler(_workshop())
    except NotFound:
        return None


def differences(contract: Planned, code: bytes, chain_id: int) -> tuple[Difference, ...]:
    """Where code from a chain is not the contract's: immutables by name, other bytes by their offset."""
    expected = contract.code(chain_id)
    if len(code) != len(expected):
        found = f"{len(code)} bytes" if code else "no contract"
        return (Difference("code", f"{len(expected)} bytes", found),)
    return tuple(islice(_differences(contract.artifact, expected, code), MOST_DIFFERENCES))


def _differences(artifact: Artifact, expected: bytes, code: bytes) -> Iterator[Difference]:
    immutables = {
        offset: (name, start, start + length)
        for name, places in artifact.immutables.items()
        for start, length in places
        for offset in range(start, start + length)
    }
    wrong = [offset for offset, pair in enumerate(zip(expected, code, strict=True)) if pair[0] != pair[1]]
    for name, start, end in dict.fromkeys(immutables[offset] for offset in wrong if offset in immutables):
        yield _difference(f"immutable {name} at byte {start}", expected[start:end], code[start:end])
    for start, end in _runs(offset for offset in wrong if offset not in immutables):
        yield _difference(f"code at byte {start}", expected[start:end], code[start:end])


def _runs(offsets: Iterator[int]) -> Iterator[tuple[int, int]]:
    """Neighbouring offsets as ranges: 3, 4, 9 gives (3, 5) and (9, 10)."""
    for _, group in groupby(enumerate(offsets), lambda numbered: numbered[1] - numbered[0]):
        run = [offset for _, offset in group]
        yield run[0], run[-1] + 1


def _difference(where: str, expected: bytes, found: bytes) -> Difference:
    return Difference(where, _shown(expected), _shown(found))


def _shown(data: bytes) -> str:
    return f"0x{data[:_SHOWN].hex()}" + ("…" if len(data) > _SHOWN else "")


def _misplaced(contract: Planned, recorded: Deployment | None) -> Iterator[Difference]:
    entry = None if recorded is None else recorded.contracts.get(contract.name)
    if entry is not None and entry.address != contract.address:
        yield Difference("recorded address", contract.address, entry.address)


def _recompile(planned: tuple[Planned, ...], compiler: Path | None) -> list[tuple[Difference, ...]]:
    """For each contract, where its packaged bytecode is not what its packaged sources compile to."""
    if compiler is None:
        return [()] * len(planned)

    def check(contract: Planned) -> tuple[Difference, ...]:
        packaged, compiled = contract.artifact.bytecode, _compile(contract.artifact, compiler)
        if packaged == compiled:
            return ()
        return (_difference("packaged bytecode, compiled again", compiled, packaged),)

    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        return list(pool.map(check, planned))


def _compile(artifact: Artifact, compiler: Path) -> bytes:
    wanted = {artifact.source: {artifact.name: ["evm.bytecode.object"]}}
    settings = {**artifact.input["settings"], "outputSelection": wanted}
    output = compile_standard(compiler, {**artifact.input, "settings": settings})
    bytecode = output["contracts"][artifact.source][artifact.name]["evm"]["bytecode"]["object"]
    return bytes.fromhex(bytecode)


def _workshop() -> Path:
    """Where a compiler may be kept: the clone that this package is imported from, else the user's folder."""
    try:
        return find_project(Path(__file__).parent)
    except NotFound:
        return user_folder()
