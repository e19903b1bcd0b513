"""What the RecordAnchor refuses."""

from fabricant.chain.reverts import ContractError
from fabricant.domain.units import Address


class RecordAnchor_NotOwner(
    ContractError,
    types="bytes32,address,address",
    says="{caller} may not write to stream {stream}; its owner {owner} has to, or has to lend it RECORD",
):
    stream: bytes
    caller: Address
    owner: Address


class RecordAnchor_StaleHead(
    ContractError,
    types="bytes32,bytes32,bytes32",
    says="stream {stream} goes on from {current}, not from {expected}: read its head again, then anchor",
):
    stream: bytes
    expected: bytes
    current: bytes


class RecordAnchor_EmptyBatch(
    ContractError,
    types="bytes32,bytes32",
    says="there is no record in the batch {root} for stream {stream}; anchor at least one",
):
    stream: bytes
    root: bytes


class RecordAnchor_NoReader(
    ContractError, types="bytes32", says="the grant for stream {stream} names no reader; name one"
):
    stream: bytes
