"""EIP-712 digests for the domain that a contract names (EIP-5267), without the library: two second opinions.

Types are text as EIP-712 writes it, "Grant(address to,uint16 roles)", the signed struct first and those that
it uses after it. One opinion is eth-account's, what a wallet signs; the other is worked out here.
"""

import re
from collections.abc import Mapping
from typing import Any

from eth_abi.abi import encode
from eth_account.messages import encode_typed_data
from eth_utils.crypto import keccak
from web3.contract import Contract

DOMAIN_TYPE = "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
GRANT = (
    "OperatorGrant(address principal,address operator,uint16 roles,uint40 until,"
    "uint32 version,uint256 nonce,uint40 deadline)"
)
SCHEDULE = "Schedule(bytes32 root)"

Message = Mapping[str, Any]


def domain_of(contract: Contract) -> dict[str, Any]:
    """The domain of a contract, as wallets are told it."""
    fields, name, version, chain_id, address, salt, extensions = contract.functions.eip712Domain().call()
    assert (fields, salt, extensions) == (b"\x0f", bytes(32), [])
    return {"name": name, "version": version, "chainId": chain_id, "verifyingContract": address}


def typed_digest(contract: Contract, types: str, message: Message) -> bytes:
    """What is signed for `message` at `contract`, by eth-account."""
    return by_eth_account(domain_of(contract), types, message)


def by_eth_account(domain: Message, types: str, message: Message) -> bytes:
    """The digest that a wallet signs."""
    signable = encode_typed_data(
        domain_data=dict(domain),
        message_types={
            name: [{"name": field, "type": kind} for kind, field in fields]
            for name, fields in members(types).items()
        },
        message_data=dict(message),
    )
    return keccak(b"\x19\x01" + signable.header + signable.body)


def by_hand(domain: Message, types: str, message: Message) -> bytes:
    """The digest as EIP-712 says it."""
    return keccak(b"\x19\x01" + struct_hash(DOMAIN_TYPE, domain) + struct_hash(types, message))


def struct_hash(types: str, message: Message) -> bytes:
    """The hash of a message of the first of `types`."""
    structs = members(types)

    def word(kind: str, value: Any) -> bytes:
        if kind == "string":
            return keccak(text=value)
        if kind in structs:
            return struct_hash(types[types.index(f"{kind}(") :], value)
        return encode([kind], [value])

    first = next(iter(structs.values()))
    return keccak(keccak(text=types) + b"".join(word(kind, message[name]) for kind, name in first))


def members(types: str) -> dict[str, list[list[str]]]:
    """Kind and name of each field, by struct."""
    found = re.findall(r"(\w+)\((.*?)\)", types)
    return {name: [field.split(" ") for field in fields.split(",")] for name, fields in found}
