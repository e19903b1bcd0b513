"""Where the contracts stand on one chain, and how they came there.

Deploying writes `deployments/<chainId>.json` anew after each step, whole or not at all; clients, the index
and `verify` read it. The file only remembers: whether the contracts are really there, the chain says.
"""

import os
import tempfile
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

from fabricant.chain.answers import Hash
from fabricant.chain.network import DEVELOPMENT_CHAINS, Network
from fabricant.chain.plan import CONTRACTS
from fabricant.domain.outside import first_problem
from fabricant.domain.units import Address, parse_address
from fabricant.errors import InvalidInput, NotFound

FOLDER_VARIABLE: Final = "FABRICANT_DEPLOYMENTS"
LARGEST_FILE: Final = 2**20
ABANDONED_AFTER: Final = 60  # seconds; writing takes a moment


def _checked(text: str) -> Address:
    try:
        return parse_address(text)
    except InvalidInput as wrong:
        raise ValueError(str(wrong)) from None


_Address = Annotated[Address, AfterValidator(_checked)]
_Hash = Annotated[Hash, Field(pattern=r"^0x[0-9a-f]{64}$")]


class _Record(BaseModel):
    model_config = ConfigDict(
        alias_generator=to_camel, populate_by_name=True, extra="forbid", frozen=True, strict=True
    )


class Deployed(_Record):
    """One contract on the chain.

    `block` and `transaction` created it; None where the node does not remember that far back. `runtime_hash`
    is of its code with immutables, `initcode_hash` of the code and arguments that constructed it.
    """

    address: _Address
    arguments: Mapping[str, _Address]
    block: int | None
    transaction: _Hash | None
    initcode_hash: _Hash
    runtime_hash: _Hash
    source: str
    compiler: str
    settings: Mapping[str, Any]
    package: str
    commit: str | None


class Deployment(_Record):
    """The contracts that stand on a chain, as far as they do. `registrar` is the first one's, for ever."""

    format: Literal[1] = 1
    chain_id: int
    registrar: _Address
    factory: _Address
    salt: _Hash
    contracts: Mapping[str, Deployed] = {}

    @property
    def directory(self) -> Address:
        """The `Directory`."""
        return self.address("Directory")

    @property
    def records(self) -> Address:
        """The `RecordAnchor`."""
        return self.address("RecordAnchor")

    @property
    def assets(self) -> Address:
        """The `AssetRegistry`."""
        return self.address("AssetRegistry")

    @property
    def genealogy(self) -> Address:
        """The `Genealogy`."""
        return self.address("Genealogy")

    @property
    def escrow(self) -> Address:
        """The `SupplierEscrow`."""
        return self.address("SupplierEscrow")

    @property
    def capacity(self) -> Address:
        """The `CapacityMarket`."""
        return self.address("CapacityMarket")

    @property
    def first_block(self) -> int:
        """No event of these contracts is older; 0 where that is not known."""
        blocks = [contract.block for contract in self.contracts.values()]
        return min((block or 0 for block in blocks), default=0)

    def address(self, contract: str) -> Address:
        """A contract's address by its name. Raises NotFound while it is not deployed."""
        if (found := self.contracts.get(contract)) is None:
            raise NotFound(f"chain {self.chain_id} has no {contract} yet: run `fabricant deploy` again")
        return found.address

    def including(self, name: str, contract: Deployed) -> Self:
        """The same with one contract more."""
        return self.model_copy(update={"contracts": {**self.contracts, name: contract}})


def default_folder(environment: Mapping[str, str] = os.environ) -> Path:
    """Where deployments are recorded: FABRICANT_DEPLOYMENTS, else `deployments` in the working folder."""
    return Path(environment.get(FOLDER_VARIABLE) or "deployments")


def record_file(folder: Path, chain_id: int) -> Path:
    """The file of one chain's deployment."""
    return folder / f"{chain_id}.json"


def read(folder: Path, chain_id: int) -> Deployment | None:
    """The recorded deployment on a chain; None without a record. Raises InvalidInput for a broken file."""
    file = record_file(folder, chain_id)
    try:
        with file.open("rb") as source:
            raw = source.read(LARGEST_FILE + 1)
        if len(raw) > LARGEST_FILE:
            raise InvalidInput(f"{file} is larger than any deployment: restore it, or move it away")
        deployment = Deployment.model_validate_json(raw)
    except FileNotFoundError:
        return None
    except ValidationError as wrong:
        problem = first_problem(wrong)
        raise InvalidInput(f"{file} is no deployment ({problem}): restore it, or move it away") from None
    if deployment.chain_id != chain_id:
        raise InvalidInput(f"{file} records chain {deployment.chain_id}: give it back its own name")
    return deployment


def write(folder: Path, deployment: Deployment) -> Path:
    """Records a deployment, whole or not at all, and returns the file."""
    folder.mkdir(parents=True, exist_ok=True)
    file = record_file(folder, deployment.chain_id)
    _remove_abandoned(folder.glob(f".{file.name}.*"))
    with tempfile.NamedTemporaryFile("w", dir=folder, prefix=f".{file.name}.", delete=False) as draft:
        try:
            draft.write(deployment.model_dump_json(by_alias=True, indent=2) + "\n")
            draft.flush()
            os.fsync(draft.fileno())
            Path(draft.name).chmod(0o644)
            Path(draft.name).replace(file)
        except BaseException:
            Path(draft.name).unlink(missing_ok=True)
            raise
    return file


def _remove_abandoned(drafts: Iterable[Path]) -> None:
    """Removes what a program left behind that was killed while it wrote; a younger draft may be in use."""
    for draft in drafts:
        with suppress(FileNotFoundError):
            if time.time() - draft.stat().st_mtime > ABANDONED_AFTER:
                draft.unlink()


def find(network: Network, folder: Path | None = None) -> Deployment:
    """Where all contracts stand on this chain, by the record in `folder` (by default `default_folder`).

    Raises NotFound without a record, while contracts are missing, and for a development chain that was
    started anew since then.
    """
    place = folder or default_folder()
    deployment = read(place, network.chain_id)
    if deployment is None:
        raise NotFound(
            f"{record_file(place, network.chain_id)} does not exist: run `fabricant deploy` for this network "
            f"first, or name the folder of its record in {FOLDER_VARIABLE}"
        )
    addresses = [deployment.address(name) for name in CONTRACTS]
    if network.chain_id in DEVELOPMENT_CHAINS and not network.code(addresses[-1]):
        raise NotFound("the contracts are not on this development chain (any more): run `fabricant deploy`")
    return deployment
