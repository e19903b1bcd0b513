"""What nodes answer, parsed strictly.

A node may be broken, behind or hostile, so nothing of an answer is used before it was checked to be exactly
what was asked for; anything else is a `BadAnswer`. Blocks, logs and receipts come out as frozen data:
hashes lower case, addresses checksummed, amounts in wei.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from fabricant.domain.units import Address, BaseUnits, UnixSeconds, address_from_bytes, printable
from fabricant.errors import BadAnswer

Hash = str  # 0x and 64 lower-case hex digits
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Block:
    """A block's header. `base_fee` is in wei per gas; zero on chains without one."""

    number: int
    hash: Hash
    parent: Hash
    timestamp: UnixSeconds
    base_fee: BaseUnits


@dataclass(frozen=True, slots=True)
class Log:
    """One event as the chain keeps it. `index` counts within the block."""

    address: Address
    topics: tuple[bytes, ...]
    data: bytes
    block: int
    block_hash: Hash
    transaction: Hash
    index: int


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a mined transaction did. `fee` is what the sender paid for gas; `created` is a new contract."""

    transaction: Hash
    sender: Address
    to: Address | None
    created: Address | None
    succeeded: bool
    block: int
    block_hash: Hash
    gas_used: int
    fee: BaseUnits
    logs: tuple[Log, ...]


def bad_answer(what: str, found: object) -> BadAnswer:
    """The error for an answer that is not `what` was asked for."""
    return BadAnswer(f"the node answered {printable(repr(found), 80)} where {what} was due; try another node")


def as_quantity(found: object, what: str) -> int:
    """A number up to 256 bits."""
    if not isinstance(found, str) or not re.fullmatch(r"0x[0-9a-fA-F]{1,64}", found):
        raise bad_answer(what, found)
    return int(found, 16)


def as_bytes(found: object, what: str) -> bytes:
    """Bytes of any length."""
    if not isinstance(found, str) or not re.fullmatch(r"0x([0-9a-fA-F]{2})*", found):
        raise bad_answer(what, found)
    return bytes.fromhex(found[2:])


def as_hash(found: object, what: str) -> Hash:
    """A hash of 32 bytes."""
    if len(raw := as_bytes(found, what)) != 32:
        raise bad_answer(what, found)
    return f"0x{raw.hex()}"


def as_address(found: object, what: str) -> Address:
    """An address of 20 bytes."""
    if len(raw := as_bytes(found, what)) != 20:
        raise bad_answer(what, found)
    return address_from_bytes(raw)


def as_fields(found: object, what: str) -> Mapping[str, Any]:
    """A JSON object."""
    if not isinstance(found, dict):
        raise bad_answer(what, found)
    return found


def as_list(found: object, what: str) -> list[Any]:
    """A JSON array."""
    if not isinstance(found, list):
        raise bad_answer(what, found)
    return found


def maybe(found: object, parse: Callable[[object, str], T], what: str) -> T | None:
    """None for null; else what `parse` makes of it."""
    return None if found is None else parse(found, what)


def as_block(found: object, what: str) -> Block:
    """A block's header."""
    fields = as_fields(found, what)
    return Block(
        number=as_quantity(fields.get("number"), "a block number"),
        hash=as_hash(fields.get("hash"), "a block hash"),
        parent=as_hash(fields.get("parentHash"), "a block hash"),
        timestamp=UnixSeconds(as_quantity(fields.get("timestamp"), "a timestamp")),
        base_fee=BaseUnits(as_quantity(fields.get("baseFeePerGas", "0x0"), "a base fee")),
    )


def as_log(found: object, what: str) -> Log:
    """An event of the present chain."""
    fields = as_fields(found, what)
    if fields.get("removed"):
        raise bad_answer(what, "one that was removed")
    return Log(
        address=as_address(fields.get("address"), "a contract"),
        topics=tuple(as_bytes(topic, "a topic") for topic in as_list(fields.get("topics"), "topics")),
        data=as_bytes(fields.get("data"), "event data"),
        block=as_quantity(fields.get("blockNumber"), "a block number"),
        block_hash=as_hash(fields.get("blockHash"), "a block hash"),
        transaction=as_hash(fields.get("transactionHash"), "a transaction hash"),
        index=as_quantity(fields.get("logIndex"), "a log index"),
    )


def as_receipt(found: object, what: str) -> Receipt:
    """A mined transaction's receipt, consistent in itself."""
    fields = as_fields(found, what)
    gas_used = as_quantity(fields.get("gasUsed"), "gas")
    receipt = Receipt(
        transaction=as_hash(fields.get("transactionHash"), "a transaction hash"),
        sender=as_address(fields.get("from"), "a sender"),
        to=maybe(fields.get("to"), as_address, "a contract"),
        created=maybe(fields.get("contractAddress"), as_address, "a contract"),
        succeeded=as_quantity(fields.get("status"), "a status") == 1,
        block=as_quantity(fields.get("blockNumber"), "a block number"),
        block_hash=as_hash(fields.get("blockHash"), "a block hash"),
        gas_used=gas_used,
        fee=BaseUnits(gas_used * as_quantity(fields.get("effectiveGasPrice", "0x0"), "a gas price")),
        logs=tuple(as_log(entry, "an event") for entry in as_list(fields.get("logs"), "events")),
    )
    place = (receipt.transaction, receipt.block_hash, receipt.block)
    if any((log.transaction, log.block_hash, log.block) != place for log in receipt.logs):
        raise bad_answer(what, "one with another transaction's events")
    return receipt
