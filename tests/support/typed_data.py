"""EIP-712 digests by eth-account, for the domain that a contract names (EIP-5267): a second opinion."""

from collections.abc import Mapping
from typing import Any

from eth_account.messages import encode_typed_data
from eth_utils.crypto import keccak
from web3.contract import Contract


def typed_digest(contract: Contract, struct: str, message: Mapping[str, Any]) -> bytes:
    """What is signed for `message` at `contract` as a `struct` such as "Grant(address to,uint16 roles)"."""
    fields, name, version, chain_id, address, salt, extensions = contract.functions.eip712Domain().call()
    assert (fields, salt, extensions) == (b"\x0f", bytes(32), [])
    name_of_struct, members = struct.rstrip(")").split("(")
    kinds = [member.split(" ") for member in members.split(",")]
    signable = encode_typed_data(
        domain_data={"name": name, "version": version, "chainId": chain_id, "verifyingContract": address},
        message_types={name_of_struct: [{"name": each, "type": kind} for kind, each in kinds]},
        message_data=dict(message),
    )
    return keccak(b"\x19\x01" + signable.header + signable.body)
