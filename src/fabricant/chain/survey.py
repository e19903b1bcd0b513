"""What deploying would do on a chain, and everything that could go wrong with it, without sending anything.

A survey refuses a chain that can't run the contracts or give them their addresses, other code where they
are to stand, and a record that contradicts. What remains is a list of what is missing and the most that it
can cost.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from fabricant.chain.create2 import FACTORY, FACTORY_CODE, FACTORY_COST, FACTORY_SIGNER, SALT
from fabricant.chain.deployment import Deployment, default_folder, read, record_file
from fabricant.chain.errors import ContractError
from fabricant.chain.fees import DEFAULT_CAP, suggest
from fabricant.chain.network import DEVELOPMENT_CHAINS, Call, Network
from fabricant.chain.plan import Planned, plan
from fabricant.chain.transactions import GAS_MARGIN
from fabricant.domain.units import Address, BaseUnits
from fabricant.errors import InvalidInput, RpcRefused, UnsupportedChain, VerificationFailed

TRANSFER_GAS: Final = 21_000
ABOVE_CODE: Final = 40_000  # gas of a constructor and of the factory, above that of putting code in place

# Constructor code that stores, loads and copies with PUSH0, TSTORE, TLOAD and MCOPY, and answers with 42.
_PROBE: Final = bytes.fromhex("602a5f5d5f5c5f5260205f60205e60206020f3")
_PROBED: Final = (42).to_bytes(32)
# Constructor code that does nothing but leave the code that follows it: PUSH3 its size, …
_LEAVE: Final = (bytes.fromhex("62"), bytes.fromhex("80600b5f395ff3"))


@dataclass(frozen=True, slots=True)
class Survey:
    """What deploying would do. `cost` is the most that it can take, in wei; `known` is what is recorded."""

    planned: tuple[Planned, ...]
    missing: tuple[Planned, ...]
    needs_factory: bool
    cost: BaseUnits
    known: Deployment


def survey(network: Network, *, registrar: Address, folder: Path | None = None) -> Survey:
    """What deploying would do now. Sends nothing.

    Raises UnsupportedChain, VerificationFailed for foreign code at an address of ours, InvalidInput for a
    record of other contracts that are alive, FeeCapExceeded.
    """
    _require_cancun(network)
    planned = plan(registrar)
    known = _known(network, planned, registrar, folder or default_folder())
    missing = tuple(contract for contract in planned if not stands(network, contract))
    needs_factory = not factory_stands(network) and bool(missing)
    cost = _price(network, sum(_gas(network, contract) for contract in missing))
    if needs_factory:
        _require_fresh_signer(network)
        cost += _price(network, TRANSFER_GAS) + factory_shortfall(network)
    return Survey(planned, missing, needs_factory, BaseUnits(cost), known)


def choose_registrar(
    network: Network, named: Address | None, *, deployer: Address, folder: Path | None = None
) -> Address:
    """Who is to assign companies' prefixes: who is named, else the record's, else the deployer.

    The registrar is part of the addresses, so on a chain that lasts it must be named; raises InvalidInput.
    """
    if named is not None:
        return named
    if (recorded := read(folder or default_folder(), network.chain_id)) is not None:
        return recorded.registrar
    if network.chain_id in DEVELOPMENT_CHAINS:
        return deployer
    raise InvalidInput(
        f"who assigns companies' prefixes on chain {network.chain_id}? The registrar is part of the "
        "addresses, so name it, and the same one on every chain: --registrar ADDRESS"
    )


def stands(network: Network, contract: Planned) -> bool:
    """Whether a contract is there. Raises VerificationFailed if something else is."""
    code = network.code(contract.address)
    if code and code != contract.code(network.chain_id):
        raise VerificationFailed(
            f"chain {network.chain_id} has other code than {contract.name} at {contract.address}; don't use "
            "it, and ask another node"
        )
    return bool(code)


def factory_stands(network: Network) -> bool:
    """Whether the standard factory is there. Raises UnsupportedChain if something else is."""
    code = network.code(FACTORY)
    if code not in (b"", FACTORY_CODE):
        raise UnsupportedChain(
            f"chain {network.chain_id} has other code than the standard factory at {FACTORY}, so the "
            "contracts can't have their usual addresses there; choose another network"
        )
    return bool(code)


def factory_shortfall(network: Network) -> BaseUnits:
    """What the signer of the factory's transaction lacks for it, in wei."""
    return BaseUnits(max(FACTORY_COST - network.balance(FACTORY_SIGNER), 0))


def _require_cancun(network: Network) -> None:
    try:
        answer = network.call(Call(None, _PROBE))
    except (RpcRefused, ContractError):
        answer = b""
    if answer != _PROBED:
        raise UnsupportedChain(
            f"chain {network.chain_id} does not know the instructions of Ethereum's Cancun upgrade, and the "
            "contracts need them; choose another network"
        )


def _known(network: Network, planned: tuple[Planned, ...], registrar: Address, folder: Path) -> Deployment:
    """The record so far, without what another version or a former development chain left in it."""
    recorded = read(folder, network.chain_id)
    entries = {} if recorded is None else recorded.contracts
    ours = {contract.name: contract.address for contract in planned}
    for name, entry in entries.items():
        if entry.address != ours.get(name) and network.code(entry.address):
            raise InvalidInput(
                f"{record_file(folder, network.chain_id)} records {name} at {entry.address}, and with this "
                "version or this registrar it stands elsewhere: name another folder for the new deployment"
            )
    return Deployment(
        chain_id=network.chain_id,
        registrar=registrar,
        factory=FACTORY,
        salt=f"0x{SALT.hex()}",
        contracts={name: entry for name, entry in entries.items() if entry.address == ours.get(name)},
    )


def _require_fresh_signer(network: Network) -> None:
    if network.nonce(FACTORY_SIGNER):
        raise UnsupportedChain(
            f"the one transaction that can make the factory {FACTORY} has failed on chain "
            f"{network.chain_id}; choose another network"
        )


def _gas(network: Network, contract: Planned) -> int:
    """About what creating a contract takes, even if its constructor asks one that does not stand yet."""
    code, (push, leave) = contract.code(network.chain_id), _LEAVE
    rest = contract.initcode[len(code) :]  # is paid for, too
    return network.estimate_gas(Call(None, push + len(code).to_bytes(3) + leave + code + rest)) + ABOVE_CODE


def _price(network: Network, gas: int) -> int:
    """The most that a sender would pay for this much estimated gas, in wei."""
    if not gas:
        return 0
    fees = suggest(network, cap=network.profile.max_fee or DEFAULT_CAP)
    return gas * (100 + GAS_MARGIN) // 100 * fees.most
