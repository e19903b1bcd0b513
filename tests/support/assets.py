"""What tests say to the AssetRegistry: ids, namespaces and registrations, worked out without it."""

from enum import IntEnum
from typing import Final, NamedTuple

from eth_abi.abi import encode
from eth_utils.crypto import keccak

from tests.support.actors import Actor

TWIN: Final = keccak(text="a digital twin")
CARD: Final = "ipfs://bafybeigdyrzt5sfp7udm7hu76uh7y26nf3efuylqabf3oclgtqy55fbzdi"
NONE: Final = bytes(32)
BINDING: Final = "DeviceBinding(uint256 asset,address device,address owner,uint96 nonce,uint40 deadline)"

FLAG_RECALLED, FLAG_HELD, FLAG_ASSEMBLED, FLAG_DEVICE = (1 << bit for bit in range(4))


class Kind(IntEnum):
    """What an asset is."""

    EQUIPMENT = 0
    COMPONENT = 1
    PRODUCT = 2
    LOT = 3


class Status(IntEnum):
    """The life of an asset."""

    ACTIVE = 0
    SUSPENDED = 1
    CONSUMED = 2
    RETIRED = 3


class Registration(NamedTuple):
    """What an issuer says of an asset, in the order of the contract's struct."""

    local_id: str
    kind: Kind
    owner: str
    quantity: int = 1
    unit: bytes = bytes(3)
    twin: bytes = TWIN
    uri: str = CARD


def namespace_of(issuer: Actor) -> bytes:
    """An address's own namespace."""
    return bytes(12) + bytes.fromhex(issuer.address[2:])


def asset_id(namespace: bytes, local_id: str) -> int:
    """The id of an asset."""
    return int.from_bytes(keccak(encode(["bytes32", "bytes32"], [namespace, keccak(text=local_id)])), "big")


def batch_id(struct: tuple[bytes, bytes, int, int]) -> int:
    """The id of a batch: namespace, root, count, origin."""
    return int.from_bytes(keccak(encode(["bytes32", "bytes32", "uint64", "uint256"], struct)))


def owner_slot(asset: int) -> int:
    """Where Solady's ERC721 keeps an asset's owner and the 96 bits beside it."""
    seeded = asset.to_bytes(32, "big")[:28] + bytes.fromhex("7d882553")
    return (2 * asset + int.from_bytes(keccak(seeded), "big")) % 2**256
