"""What will stand where: the six contracts, each with its arguments, its address and its code.

All of it follows from the packaged artifacts and one choice, the registrar (the account that assigns
companies' prefixes, an argument of the asset registry and so part of four addresses). Deploying makes the
plan true, verifying compares a chain with it, and both work it out for themselves.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from eth_abi.abi import encode

from fabricant import artifacts
from fabricant.artifacts import Artifact
from fabricant.chain.create2 import address_of, first_created_by
from fabricant.domain.typed_data import domain_of
from fabricant.domain.units import Address, address_word

# The contracts in the order in which they need each other, and the word that constructors know each by.
CONTRACTS: Final = {
    "Directory": "directory",
    "RecordAnchor": "records",
    "AssetRegistry": "assets",
    "Genealogy": "genealogy",
    "SupplierEscrow": "escrow",
    "CapacityMarket": "capacity",
}
# Whose constructor creates a contract that the factory does not.
CREATORS: Final = {"Genealogy": "AssetRegistry"}
REGISTRAR: Final = "registrar"
_SYNONYMS: Final = {"registry": "assets"}


@dataclass(frozen=True, slots=True)
class Planned:
    """One contract that is to stand at `address`. `arguments` are its constructor's, by name, in order.

    `known`: what stands before it, by the word that constructors know it by; it may ask one of the others.
    """

    artifact: Artifact
    arguments: Mapping[str, Address]
    known: Mapping[str, Address]
    address: Address

    @property
    def name(self) -> str:
        """The contract's."""
        return self.artifact.name

    @property
    def initcode(self) -> bytes:
        """The code that constructs it, with its arguments."""
        return _initcode(self.artifact, self.arguments)

    def immutables(self, chain_id: int) -> dict[str, bytes]:
        """What its constructor fills in on this chain: words of 32 bytes by name."""
        given = {word: address_word(address) for word, address in self.known.items()}
        wanted = self.artifact.immutables
        return {name: given.get(_word(name)) or self._own(name, chain_id) for name in wanted}

    def code(self, chain_id: int) -> bytes:
        """Its runtime code on this chain, immutables filled in."""
        return self.artifact.fill(self.artifact.deployed, self.immutables(chain_id))

    def _own(self, name: str, chain_id: int) -> bytes:
        domain = domain_of(self.name, chain_id, self.address)
        match name:
            case "genealogy":
                return address_word(first_created_by(self.address))
            case "HOME_CHAIN_ID":
                return chain_id.to_bytes(32)
            case "DOMAIN_SEPARATOR":
                return domain.separator
            case "NAME":  # a ShortString: the text, and its length in the last byte
                return domain.name.encode().ljust(31, b"\0") + bytes([len(domain.name)])
        raise TypeError(f"nothing says what {name} of {self.name} should be")


def plan(registrar: Address) -> tuple[Planned, ...]:
    """The contracts in the order of their deployment, on any chain. Reads no chain."""
    known = {REGISTRAR: registrar}
    planned = []
    for name, word in CONTRACTS.items():
        contract = _plan(artifacts.load(name), known)
        known[word] = contract.address
        planned.append(contract)
    return tuple(planned)


def _plan(artifact: Artifact, known: Mapping[str, Address]) -> Planned:
    arguments = {name: known[_word(name)] for name in _parameters(artifact)}
    if creator := CREATORS.get(artifact.name):
        address = first_created_by(known[CONTRACTS[creator]])
    else:
        address = address_of(_initcode(artifact, arguments))
    return Planned(artifact, arguments, dict(known), address)


def _parameters(artifact: Artifact) -> list[str]:
    constructors = [entry for entry in artifact.abi if entry["type"] == "constructor"]
    return [parameter["name"].strip("_") for entry in constructors for parameter in entry["inputs"]]


def _initcode(artifact: Artifact, arguments: Mapping[str, Address]) -> bytes:
    return artifact.bytecode + encode(["address"] * len(arguments), list(arguments.values()))


def _word(name: str) -> str:
    word = name.strip("_").lower()
    return _SYNONYMS.get(word, word)
