"""Contracts at the same address on every chain.

CREATE2 makes an address from who creates, a salt and the code that constructs, and nothing else. Who creates
is a factory that stands at one address on almost every chain, because the transaction that made it was
signed once, for no chain in particular, by an account whose key nobody has. Where it is missing, anybody can
fund that account and hand the transaction in.
"""

from typing import Final

from eth_utils.crypto import keccak

from fabricant.domain.units import Address, BaseUnits, address_from_bytes

FACTORY: Final = Address("0x4e59b44847b379578588920cA78FbF26c0B4956C")
FACTORY_CODE: Final = bytes.fromhex(
    "7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffe0"
    "3601600081602082378035828234f58015156039578182fd5b8082525050506014600cf3"
)
SALT: Final = b"fabricant".ljust(32, b"\0")  # never changes: it is part of every address

# The transaction that creates the factory. Its signature was chosen, not computed, so nobody has the key.
FACTORY_SIGNER: Final = Address("0x3fAB184622Dc19b6109349B94811493BF2a45362")
FACTORY_TRANSACTION: Final = bytes.fromhex(
    "f8a58085174876e800830186a08080b853604580600e600039806000f350fe"
    + FACTORY_CODE.hex()
    + "1b"
    + ("a0" + "22" * 32) * 2
)
FACTORY_GAS_PRICE: Final = BaseUnits(100 * 10**9)  # wei; the transaction can't offer more
FACTORY_COST: Final = BaseUnits(100_000 * FACTORY_GAS_PRICE)  # 0.01 coin, which its signer must hold


def address_of(initcode: bytes) -> Address:
    """Where the factory puts the contract that this code constructs."""
    inputs = b"\xff" + bytes.fromhex(FACTORY[2:]) + SALT + keccak(initcode)
    return address_from_bytes(keccak(inputs)[12:])


def first_created_by(creator: Address) -> Address:
    """Where a contract puts the first contract that it creates itself (CREATE with nonce 1, EIP-161)."""
    return address_from_bytes(keccak(b"\xd6\x94" + bytes.fromhex(creator[2:]) + b"\x01")[12:])


def creation(initcode: bytes) -> bytes:
    """What to send to the factory, so that it puts the contract there. It reverts if one is there already."""
    return SALT + initcode
