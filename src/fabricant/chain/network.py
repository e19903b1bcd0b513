"""A connection to one chain, for reading and for handing in what was signed elsewhere.

The chain id is checked when the connection is made. Reads name the block they want, and a contract's
refusal becomes its own typed error, so that callers never see JSON. Use `fabricant.chain.connect.connect`
to get one.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from types import TracebackType
from typing import TYPE_CHECKING, Final, Literal, Self, TypeVar

from fabricant.chain.answers import (
    Block,
    Hash,
    Log,
    Receipt,
    as_block,
    as_bytes,
    as_fields,
    as_list,
    as_log,
    as_quantity,
    as_receipt,
    maybe,
)
from fabricant.chain.errors import decode_revert
from fabricant.chain.profiles import Profile
from fabricant.chain.rpc import Rpc
from fabricant.domain.units import Address, BaseUnits
from fabricant.errors import BadAnswer, RpcRefused, WrongChain

if TYPE_CHECKING:
    from web3 import Web3

BlockTag = Literal["latest", "pending", "safe", "finalized", "earliest"]
At = BlockTag | int | Hash  # a block by tag, number or hash
T = TypeVar("T")

DEVELOPMENT_CHAINS: Final = frozenset({1337, 31337})
NO_COIN: Final = BaseUnits(0)
EXECUTION_REVERTED: Final = 3  # the JSON-RPC error code of a revert
TIP_BLOCKS: Final = 10  # how far back the usual tip is looked for
TIP_PERCENTILE: Final = 50


@dataclass(frozen=True, slots=True)
class Call:
    """Who calls whom with what. `value` is in wei; `to` None creates a contract."""

    to: Address | None
    data: bytes = b""
    value: BaseUnits = NO_COIN
    sender: Address | None = None

    def as_json(self) -> dict[str, str]:
        """The call as nodes want it."""
        fields = {
            "from": self.sender,
            "to": self.to,
            "data": f"0x{self.data.hex()}",
            "value": hex(self.value),
        }
        return {name: text for name, text in fields.items() if text is not None}


@dataclass(frozen=True, slots=True)
class FeeMarket:
    """Wei per gas: what the next block burns, and the priority fee that is usual. Zero where unknown."""

    base_fee: BaseUnits
    tip: BaseUnits


class Network:
    """One chain through one node. Safe to share between threads. Nothing here signs."""

    def __init__(self, rpc: Rpc, profile: Profile) -> None:
        """Asks the node for its chain id. Raises WrongChain if the profile expects another."""
        self.rpc = rpc
        self.profile = profile
        self.chain_id = as_quantity(rpc.call("eth_chainId"), "a chain id")
        if profile.chain_id not in (None, self.chain_id):
            raise WrongChain(
                f"{rpc.url} serves chain {self.chain_id}, not {profile.chain_id} as {profile.name} expects; "
                "check the URL"
            )

    @property
    def identity(self) -> tuple[object, ...]:
        """What tells this chain from others. Development chains share their ids, so their nodes count too."""
        return (self.chain_id, self.rpc.url) if self.chain_id in DEVELOPMENT_CHAINS else (self.chain_id,)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.profile.name}: chain {self.chain_id} at {self.rpc.url}>"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Closes the connection; a local chain ends with it."""
        self.rpc.close()

    @cached_property
    def w3(self) -> "Web3":
        """The same node through web3.py, for what this class has no method for."""
        from fabricant.chain.web3_provider import web3_over  # noqa: PLC0415 - importing web3 is slow

        return web3_over(self.rpc)

    def block(self, at: At) -> Block | None:
        """The header of a block; None when the node has no such block."""
        by_hash = isinstance(at, str) and at.startswith("0x")
        method = "eth_getBlockByHash" if by_hash else "eth_getBlockByNumber"
        return maybe(self.rpc.call(method, _parameter(at), False), as_block, "a block")

    def head(self) -> Block:
        """The newest block."""
        if (block := self.block("latest")) is None:
            raise BadAnswer(f"{self.rpc.url} has no newest block; wait until it has synchronised")
        return block

    def call(self, call: Call, *, at: At = "latest") -> bytes:
        """What a call returns at a block. Raises the contract's own ContractError. Sends nothing."""
        return self._execute("eth_call", call, at, as_bytes)

    def estimate_gas(self, call: Call) -> int:
        """The gas that a call would use now. Raises the contract's own ContractError. Sends nothing."""
        return self._execute("eth_estimateGas", call, "pending", as_quantity)

    def balance(self, address: Address, *, at: At = "latest") -> BaseUnits:
        """An account's coin, in wei."""
        return BaseUnits(as_quantity(self.rpc.call("eth_getBalance", address, _parameter(at)), "a balance"))

    def nonce(self, address: Address, *, at: At = "latest") -> int:
        """How many transactions an account has sent, as of a block."""
        return as_quantity(self.rpc.call("eth_getTransactionCount", address, _parameter(at)), "a nonce")

    def code(self, address: Address, *, at: At = "latest") -> bytes:
        """A contract's runtime code; empty where there is none."""
        return as_bytes(self.rpc.call("eth_getCode", address, _parameter(at)), "code")

    def fee_market(self) -> FeeMarket:
        """What the next block asks per gas, and what recent blocks got."""
        history = as_fields(
            self.rpc.call("eth_feeHistory", hex(TIP_BLOCKS), "latest", [TIP_PERCENTILE]), "a fee history"
        )
        bases = as_list(history.get("baseFeePerGas") or ["0x0"], "base fees")
        rewards = as_list(history.get("reward") or [], "tips")
        tips = sorted(as_quantity(tip, "a tip") for block in rewards for tip in as_list(block, "tips"))
        return FeeMarket(
            base_fee=BaseUnits(as_quantity(bases[-1], "a base fee")),
            tip=BaseUnits(tips[len(tips) // 2] if tips else 0),
        )

    def send_raw(self, raw: bytes) -> None:
        """Hands a signed transaction to the node, once. Raises RpcRefused or RpcUnavailable."""
        self.rpc.call("eth_sendRawTransaction", f"0x{raw.hex()}")

    def knows(self, transaction: Hash) -> bool:
        """Whether the node has the transaction, mined or waiting."""
        return self.rpc.call("eth_getTransactionByHash", transaction) is not None

    def receipt(self, transaction: Hash) -> Receipt | None:
        """A mined transaction's receipt, if its block is a block of the chain; else None."""
        found = self.rpc.call("eth_getTransactionReceipt", transaction)
        if (receipt := maybe(found, as_receipt, "a receipt")) is None:
            return None
        if receipt.transaction != transaction:
            raise BadAnswer(f"{self.rpc.url} answered with the receipt of another transaction")
        block = self.block(receipt.block)
        return receipt if block is not None and block.hash == receipt.block_hash else None

    def logs(
        self, addresses: Iterable[Address], *, since: int, until: int, topics: Iterable[bytes | None] = ()
    ) -> list[Log]:
        """The events of these contracts in blocks `since` to `until`, both included, in the chain's order."""
        wanted = list(addresses)
        criteria = {
            "address": wanted,
            "fromBlock": hex(since),
            "toBlock": hex(until),
            "topics": [None if topic is None else f"0x{topic.hex()}" for topic in topics],
        }
        found = [
            as_log(entry, "an event") for entry in as_list(self.rpc.call("eth_getLogs", criteria), "events")
        ]
        if not all(since <= log.block <= until and log.address in wanted for log in found):
            raise BadAnswer(f"{self.rpc.url} answered with events that were not asked for")
        return sorted(found, key=lambda log: (log.block, log.index))

    def _execute(self, method: str, call: Call, at: At, parse: Callable[[object, str], T]) -> T:
        try:
            return parse(self.rpc.call(method, call.as_json(), _parameter(at)), method)
        except RpcRefused as refusal:
            reason = revert_data(refusal)
            if reason is None:
                raise
        raise decode_revert(reason)


def revert_data(refusal: RpcRefused) -> bytes | None:
    """What a contract reverted with, if it was a contract that refused; empty when it gave no reason."""
    if refusal.data is not None and re.fullmatch(r"0x([0-9a-fA-F]{2})*", refusal.data):
        return bytes.fromhex(refusal.data[2:])
    return b"" if refusal.code == EXECUTION_REVERTED else None


def _parameter(at: At) -> str:
    return hex(at) if isinstance(at, int) else at
