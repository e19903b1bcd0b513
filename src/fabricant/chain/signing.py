"""Typed signatures: for which contract on which chain, by whom, and whether they count.

`sign` is the one way to a signature: it refuses a message whose domain is not exactly what the contract on
the connected chain says of itself, and a signature that would not count there. Keys are asked first and
code second (ERC-1271), as the contracts do.
"""

from typing import Final, Protocol

from eth_keys.datatypes import Signature
from eth_keys.exceptions import BadSignature
from eth_utils.exceptions import ValidationError

from fabricant.chain.abi import NotCanonical, decode_strictly, selector
from fabricant.chain.errors import ContractError
from fabricant.chain.network import Call, Network
from fabricant.domain.typed_data import Domain, Message
from fabricant.domain.units import Address
from fabricant.errors import SigningRefused

# The highest s that counts: half of secp256k1's order.
HIGHEST_S: Final = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0
EIP712_DOMAIN: Final = selector("eip712Domain()")  # EIP-5267
DOMAIN_SEPARATOR: Final = selector("DOMAIN_SEPARATOR()")  # ERC-2612
IS_VALID_SIGNATURE: Final = selector("isValidSignature(bytes32,bytes)")  # ERC-1271; also its answer for yes

_EIP712_DOMAIN_ANSWER: Final = ("bytes1", "string", "string", "uint256", "address", "bytes32", "uint256[]")
_NAME_VERSION_CHAIN_CONTRACT: Final = b"\x0f"


class Signer(Protocol):
    """Who can sign: a wallet, or a contract whose owner signs for it."""

    @property
    def address(self) -> Address:
        """Whose signature it is."""

    def sign_typed_data(self, message: Message) -> bytes:
        """The signature, without any check of the message: call `sign` instead."""


def sign(message: Message, *, by: Signer, on: Network) -> bytes:
    """The signature of a message, once it is sure to be meant for a contract of this chain. Sends nothing.

    Raises SigningRefused if the domain is not the one that the contract states on this chain, or if the chain
    would not count the signature as the signer's.
    """
    check_domain(message.domain, on)
    signature = by.sign_typed_data(message)
    if not is_valid(signature, message.digest, signer=by.address, on=on):
        raise SigningRefused(f"{by.address} does not accept this signature; is the key one of its owners?")
    return signature


def is_valid(signature: bytes, digest: bytes, *, signer: Address, on: Network) -> bool:
    """Whether a signature counts as the signer's: its key's first, then its code's (ERC-1271)."""
    return _is_keys(signature, digest, signer) or _is_codes(signature, digest, signer, on)


def check_domain(domain: Domain, network: Network) -> None:
    """Raises SigningRefused unless a domain is exactly what its contract on this chain states of itself."""
    if domain.chain_id != network.chain_id:
        raise SigningRefused(f"this is for {domain}; the connected chain is {network.chain_id}")
    if (stated := _stated_separator(domain.verifying_contract, network)) is None:
        raise SigningRefused(f"there is no contract that states its domain: {domain}; check the address")
    if stated != domain.separator:
        raise SigningRefused(f"the contract does not go by this domain: {domain}; do not sign it")


def read_domain(contract: Address, network: Network) -> Domain:
    """The domain that a contract states of itself (EIP-5267). Raises SigningRefused if it states none."""
    if (domain := _stated_domain(contract, network)) is None:
        raise SigningRefused(f"{contract} on chain {network.chain_id} states no domain to sign for; check it")
    return domain


def _stated_domain(contract: Address, network: Network) -> Domain | None:
    try:
        answer = network.call(Call(contract, EIP712_DOMAIN))
        fields, name, version, chain_id, address, salt, more = decode_strictly(_EIP712_DOMAIN_ANSWER, answer)
    except (ContractError, NotCanonical):
        return None
    own = address == contract  # else it asks for a signature that counts elsewhere
    usual = own and fields == _NAME_VERSION_CHAIN_CONTRACT and not any(salt) and not more
    return Domain(name, version, chain_id, address) if usual else None


def _stated_separator(contract: Address, network: Network) -> bytes | None:
    if (domain := _stated_domain(contract, network)) is not None:
        return domain.separator
    try:
        answer = network.call(Call(contract, DOMAIN_SEPARATOR))
    except ContractError:
        return None
    return answer if len(answer) == 32 else None


def _is_keys(signature: bytes, digest: bytes, signer: Address) -> bool:
    if len(signature) != 65 or signature[64] not in (27, 28):
        return False
    if int.from_bytes(signature[32:64]) > HIGHEST_S:
        return False
    try:
        key = Signature(signature[:64] + bytes([signature[64] - 27])).recover_public_key_from_msg_hash(digest)
    except (BadSignature, ValidationError):
        return False
    return str(key.to_checksum_address()) == signer


def _is_codes(signature: bytes, digest: bytes, signer: Address, network: Network) -> bool:
    padding = bytes(-len(signature) % 32)
    arguments = digest + (64).to_bytes(32) + len(signature).to_bytes(32) + signature + padding
    try:
        answer = network.call(Call(signer, IS_VALID_SIGNATURE + arguments))
    except ContractError:
        return False
    return answer[:32] == IS_VALID_SIGNATURE.ljust(32, b"\0")
