"""Puts the contracts on a chain: each of them once, and at the same addresses everywhere.

A survey finds out beforehand what can go wrong; then each missing contract takes one transaction (the
Genealogy comes with the AssetRegistry's), and is recorded when it is confirmed. The chain says what stands,
the record only where it came from: so whatever ends a deployment, running it again goes on from there.
"""

import subprocess
from bisect import bisect_left
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from eth_utils.crypto import keccak

from fabricant import __version__
from fabricant.chain.answers import Hash, as_address, as_bytes, as_fields, as_hash, as_list, maybe
from fabricant.chain.build import find_project
from fabricant.chain.create2 import FACTORY, FACTORY_GAS_PRICE, FACTORY_SIGNER, FACTORY_TRANSACTION, creation
from fabricant.chain.deployment import Deployed, Deployment, default_folder, write
from fabricant.chain.errors import ContractError
from fabricant.chain.network import Network
from fabricant.chain.plan import CREATORS, Planned
from fabricant.chain.survey import choose_registrar, factory_shortfall, factory_stands, stands, survey
from fabricant.chain.transactions import Sender
from fabricant.chain.waiting import await_earlier_transactions, wait
from fabricant.domain.units import Address, BaseUnits, format_amount
from fabricant.errors import (
    FeeCapExceeded,
    NetworkError,
    NotFound,
    RpcRefused,
    TransactionFailed,
    UnfundedWallet,
    UnsupportedChain,
)


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that deploying needs, as it goes on. Its transaction, block and gas are known at the end."""

    name: str
    address: Address
    state: Literal["waiting", "found", "sending", "done"]
    transaction: Hash | None = None
    block: int | None = None
    gas: int | None = None


Progress = Callable[[Step], object]


def deploy(
    sender: Sender,
    *,
    registrar: Address | None = None,
    folder: Path | None = None,
    progress: Progress = lambda _: None,
) -> Deployment:
    """Puts all contracts on the sender's chain and records them in `folder`. Sends transactions.

    `registrar` as in `choose_registrar`. Raises what `survey` does and UnfundedWallet before it sends
    anything; afterwards what `Sender.send` does, and VerificationFailed if the chain holds other code than
    it was sent. What is done by then is recorded, and running it again goes on from there.
    """
    network, deployer = sender.network, sender.wallet.address
    place = folder or default_folder()
    chosen = choose_registrar(network, registrar, deployer=deployer, folder=place)
    waiting = Step("earlier transactions", deployer, "waiting")
    await_earlier_transactions(network, deployer, told=lambda: progress(waiting))
    found = survey(network, registrar=chosen, folder=place)
    _require_funds(network, deployer, found.cost)
    if found.needs_factory:
        _create_factory(sender, progress)
    work = _Work(sender, place, progress, found.known)
    for contract in found.planned:
        work.ensure(contract)
    return work.deployment


@dataclass(slots=True)
class _Work:
    """A deployment as it grows."""

    sender: Sender
    folder: Path
    progress: Progress
    deployment: Deployment

    def ensure(self, contract: Planned) -> None:
        """Creates the contract unless it stands or comes with another, and sees to its record."""
        if contract.name in CREATORS:
            self._await(contract)
            self._adopt(contract)
        elif stands(self.sender.network, contract):
            self._adopt(contract)
        else:
            self._create(contract)

    def _adopt(self, contract: Planned) -> None:
        network = self.sender.network
        known = self.deployment.contracts.get(contract.name)
        if known is None or not _is_of_this_chain(network, known):
            self._record(contract, *self._origin(contract))
        self.progress(Step(contract.name, contract.address, "found"))

    def _origin(self, contract: Planned) -> tuple[int | None, Hash | None]:
        """The block and transaction that created a contract, or the one that it came with."""
        if creator := CREATORS.get(contract.name):
            entry = self.deployment.contracts[creator]
            return entry.block, entry.transaction
        return _origin(self.sender.network, contract)

    def _await(self, contract: Planned) -> None:
        wait(
            lambda: stands(self.sender.network, contract),
            f"{contract.name} was sent, but is not at {contract.address}; run this again later",
        )

    def _create(self, contract: Planned) -> None:
        network = self.sender.network
        self.progress(Step(contract.name, contract.address, "sending"))
        try:
            receipt = self.sender.send(FACTORY, creation(contract.initcode))
        except (ContractError, TransactionFailed):
            if not stands(network, contract):
                raise
            self._adopt(contract)  # somebody else was quicker
            return
        self._await(contract)
        self._record(contract, receipt.block, receipt.transaction)
        self.progress(
            Step(
                contract.name,
                contract.address,
                "done",
                transaction=receipt.transaction,
                block=receipt.block,
                gas=receipt.gas_used,
            )
        )

    def _record(self, contract: Planned, block: int | None, transaction: Hash | None) -> None:
        entry = _entry(contract, self.sender.network.chain_id, block, transaction)
        self.deployment = self.deployment.including(contract.name, entry)
        write(self.folder, self.deployment)


def _require_funds(network: Network, deployer: Address, cost: BaseUnits) -> None:
    balance = network.balance(deployer)
    if balance < cost:
        has, needs = (format_amount(wei, 18) for wei in (balance, cost))
        raise UnfundedWallet(
            f"{deployer} has {has} coin on chain {network.chain_id}, and deploying may take {needs}; fund it "
            "first. Nothing was sent"
        )


def _create_factory(sender: Sender, progress: Progress) -> None:
    network = sender.network
    if network.fee_market().base_fee > FACTORY_GAS_PRICE:
        raise FeeCapExceeded("the network asks more per gas than the factory's transaction pays; wait")
    progress(Step("factory", FACTORY, "sending"))
    if shortfall := factory_shortfall(network):
        sender.send(FACTORY_SIGNER, value=shortfall)
    try:
        network.send_raw(FACTORY_TRANSACTION)
    except RpcRefused as refusal:
        if not network.nonce(FACTORY_SIGNER, at="pending"):
            raise UnsupportedChain(
                f"this network does not take the transaction that makes the factory {FACTORY} ({refusal}); "
                "ask its operators for the factory"
            ) from None
    wait(lambda: factory_stands(network), "the factory's transaction is not mined yet; run this again later")
    progress(Step("factory", FACTORY, "done"))


# The record


def _entry(contract: Planned, chain_id: int, block: int | None, transaction: Hash | None) -> Deployed:
    artifact = contract.artifact
    settings = artifact.input["settings"]
    return Deployed(
        address=contract.address,
        arguments=contract.arguments,
        block=block,
        transaction=transaction,
        initcode_hash=f"0x{keccak(contract.initcode).hex()}",
        runtime_hash=f"0x{keccak(contract.code(chain_id)).hex()}",
        source=artifact.source,
        compiler=artifact.compiler,
        settings={name: settings[name] for name in ("evmVersion", "optimizer")},
        package=__version__,
        commit=_commit(),
    )


@cache
def _commit() -> str | None:
    """The commit of the clone that this package is imported from; None for an installed package."""
    try:
        root = find_project(Path(__file__).parent)
        if not Path(__file__).resolve().is_relative_to(root / "src"):
            return None  # installed into an environment that lies in some clone
        command = ("git", "-C", str(root), "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*")
        return subprocess.run(command, capture_output=True, check=True, text=True).stdout.strip()
    except (NotFound, OSError, subprocess.CalledProcessError):
        return None


def _is_of_this_chain(network: Network, known: Deployed) -> bool:
    """Whether the chain knows the recorded transaction: development chains begin anew, and blocks go."""
    if known.transaction is None:
        return False
    receipt = network.receipt(known.transaction)
    return receipt is not None and receipt.block == known.block


def _origin(network: Network, contract: Planned) -> tuple[int | None, Hash | None]:
    """The block and transaction that created a contract, as far as the node remembers."""

    def had_code(block: int) -> bool:
        return bool(network.code(contract.address, at=block))

    with suppress(NetworkError):
        block = bisect_left(range(network.head().number + 1), True, key=had_code)
        asked = creation(contract.initcode)
        return block, next((each for each, data in _factory_calls(network, block) if data == asked), None)
    return None, None


def _factory_calls(network: Network, block: int) -> Iterator[tuple[Hash, bytes]]:
    """The transactions of a block that went to the factory, with their data."""
    found = as_fields(network.rpc.call("eth_getBlockByNumber", hex(block), True), "a block")
    for each in as_list(found.get("transactions"), "transactions"):
        fields = as_fields(each, "a transaction")
        if maybe(fields.get("to"), as_address, "a receiver") == FACTORY:
            yield (
                as_hash(fields.get("hash"), "a transaction hash"),
                as_bytes(fields.get("input"), "input data"),
            )
