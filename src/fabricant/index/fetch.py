"""Logs from a node: many blocks in one question, several questions at once, nothing taken on trust.

Blocks that can't be replaced any more are asked for by ranges, which shrink where a node answers that they
are too much, and grow again; the others one by one, by their hashes, so that two nodes with different heads
can't be mixed. An answer that is not exactly what was asked for is no answer.
"""

from collections import deque
from collections.abc import Collection, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any, Final

import orjson
from eth_utils.crypto import keccak

from fabricant.chain.answers import as_bytes, as_fields, as_hash, as_list, as_quantity
from fabricant.chain.rpc import Rpc
from fabricant.errors import BadAnswer, NetworkError, RpcRefused
from fabricant.index.batch import Header

FIRST_RANGE: Final = 32  # blocks
WIDEST_RANGE: Final = 10_000
AT_ONCE: Final = 4  # questions
LOGS_AT_ONCE: Final = 5_000  # in an answer, about: what is read while the next ones are on their way
LARGEST_ANSWER: Final = 2**28  # bytes
UNFINAL_DEPTH: Final = 64  # blocks that may be replaced, where a node names no final one
HASH_DIGITS: Final = 66  # with 0x


@dataclass(frozen=True, slots=True)
class RawLog:
    """A log as it came. `time` is zero where the node does not tell it."""

    block: int
    index: int
    block_hash: str
    transaction: str
    address: str  # in lower case
    topics: list[str]
    data: str
    time: int

    def at(self, time: int) -> "RawLog":
        """The same, with its time."""
        return replace(self, time=time)


class TooMuch(Exception):
    """A range was maybe too wide for the node."""

    def __init__(self, error: NetworkError) -> None:
        super().__init__(str(error))
        self.error = error


def fast_json(raw: bytes) -> Any:
    """JSON, or None for what is none. Refuses what is nested deeper than any answer, by itself."""
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError:
        return None


class Source:
    """One node, asked for the logs of some contracts."""

    def __init__(self, rpc: Rpc, addresses: Collection[str], *, depth: int = UNFINAL_DEPTH) -> None:
        """`depth`: how many blocks may be replaced, where the node names no final one."""
        self._rpc = Rpc(rpc.url, largest=LARGEST_ANSWER, parse=fast_json)
        self._addresses = frozenset(each.lower() for each in addresses)
        self._depth = depth
        self._masks = [_mask(bytes.fromhex(each[2:])) for each in self._addresses]

    def close(self) -> None:
        """Closes the connections."""
        self._rpc.close()

    # Blocks

    def header(self, block: int | str) -> Header | None:
        """A block by its number, hash or tag; None if there is none."""
        by_hash = isinstance(block, str) and block.startswith("0x")
        method = "eth_getBlockByHash" if by_hash else "eth_getBlockByNumber"
        found = self._rpc.call(method, hex(block) if isinstance(block, int) else block, False)
        if found is None:
            return None
        fields = as_fields(found, "a block")
        header = Header(
            as_quantity(fields.get("number"), "a block's number"),
            as_hash(fields.get("hash"), "a block's hash"),
            as_hash(fields.get("parentHash"), "a block's parent"),
            as_quantity(fields.get("timestamp"), "a block's time"),
            int.from_bytes(as_bytes(fields.get("logsBloom", "0x"), "a block's bloom")),
        )
        if (isinstance(block, int) and header.number != block) or (by_hash and header.hash != block):
            raise BadAnswer(f"{self._rpc.url} answered with another block than {block}; try another node")
        return header

    def head(self) -> Header:
        """The newest block."""
        if (found := self.header("latest")) is None:
            raise BadAnswer(f"{self._rpc.url} has no newest block; try another node")
        return found

    def final(self, head: Header) -> int:
        """The number of the newest block that can't be replaced any more; below zero: there is none yet."""
        try:
            found = self.header("finalized")
        except (RpcRefused, BadAnswer):  # nodes of chains without finality
            found = None
        named = head.number - self._depth if found is None else found.number
        return min(named, head.number)

    # Logs

    def of_block(self, block: Header) -> list[RawLog]:
        """The logs of one block, by its hash.

        If there are none, but the block's bloom says that there may be, they are looked for in its receipts:
        nodes answer so when they have a block, but not its logs yet.
        """
        found = self._logs({"blockHash": block.hash}, block.number, block.number)
        if not found and any(block.bloom & mask == mask for mask in self._masks):
            found = self._in_receipts(block)
        if any(each.block_hash != block.hash for each in found):
            raise BadAnswer(f"{self._rpc.url} answered with logs of another block; try another node")
        return found

    def ranges(self, since: int, until: int) -> Iterator[tuple[int, int, list[RawLog]]]:
        """The logs from one block to another, both included: ranges in order, without a gap."""
        size, asked = FIRST_RANGE, deque[tuple[int, int, Future[list[RawLog]]]]()
        with ThreadPoolExecutor(AT_ONCE) as pool:
            begin, limit = since, WIDEST_RANGE
            try:
                while begin <= until or asked:
                    while begin <= until and len(asked) < AT_ONCE:
                        end = min(begin + size - 1, until)
                        asked.append((begin, end, pool.submit(self._range, begin, end)))
                        begin = end + 1
                    first, last, answer = asked.popleft()
                    try:
                        found = answer.result()
                    except TooMuch as refusal:
                        width = last - first + 1
                        if width == 1:
                            raise refusal.error from None
                        size, limit = width // 2, width - 1
                        asked.clear()  # they are as wide
                        begin = first
                        continue
                    yield first, last, found
                    dense = len(found) * 2 > LOGS_AT_ONCE
                    size = min(size if dense else size * 2, limit)
                    if len(found) > 2 * LOGS_AT_ONCE:
                        size = max(1, (last - first + 1) * LOGS_AT_ONCE // len(found))
                    limit = min(limit + limit // 8 + 1, WIDEST_RANGE)
            finally:
                for _, _, each in asked:
                    each.cancel()

    def _in_receipts(self, block: Header) -> list[RawLog]:
        """The logs of a block as its receipts have them, where the node shows these."""
        try:
            receipts = as_list(self._rpc.call("eth_getBlockReceipts", block.hash), "receipts")
        except RpcRefused:  # not every node can
            return self._logs({"blockHash": block.hash}, block.number, block.number)
        logs = [log for each in receipts for log in as_list(as_fields(each, "a receipt").get("logs"), "logs")]
        ours = [log for log in logs if str(as_fields(log, "a log").get("address")).lower() in self._addresses]
        return self._read(ours, block.number, block.number)

    def _range(self, since: int, until: int) -> list[RawLog]:
        try:
            return self._logs({"fromBlock": hex(since), "toBlock": hex(until)}, since, until)
        except NetworkError as error:  # whatever words it has for it: less may work
            raise TooMuch(error) from None

    def _logs(self, where: dict[str, str], since: int, until: int) -> list[RawLog]:
        criteria = {**where, "address": sorted(self._addresses)}
        return self._read(as_list(self._rpc.call("eth_getLogs", criteria), "logs"), since, until)

    def _read(self, answer: list[Any], since: int, until: int) -> list[RawLog]:
        """The logs of an answer, checked, each once and in order."""
        try:
            found = [_log(each) for each in answer if not each.get("removed")]
        except (KeyError, TypeError, ValueError, AttributeError):
            raise BadAnswer(f"{self._rpc.url} answered with what are no logs; try another node") from None
        if not all(since <= each.block <= until and each.address in self._addresses for each in found):
            raise BadAnswer(f"{self._rpc.url} answered with logs that were not asked for; try another node")
        found.sort(key=lambda each: (each.block, each.index))
        return _once(found, self._rpc)


def _mask(address: bytes) -> int:
    """The bits of a bloom that the logs of an address set (Yellow Paper, section 4.4.3)."""
    hashed = keccak(address)
    return sum({1 << (int.from_bytes(hashed[place : place + 2]) & 2047) for place in (0, 2, 4)})


def _log(found: dict[str, Any]) -> RawLog:
    time = found.get("blockTimestamp")
    log = RawLog(
        block=int(found["blockNumber"], 16),
        index=int(found["logIndex"], 16),
        block_hash=found["blockHash"],
        transaction=found["transactionHash"],
        address=found["address"].lower(),
        topics=found["topics"],
        data=found["data"],
        time=0 if time is None else int(time, 16),
    )
    hashes = (log.block_hash, log.transaction, *log.topics)
    if any(len(each) != HASH_DIGITS for each in hashes) or not log.transaction.isalnum():
        raise ValueError
    return log


def _once(found: list[RawLog], rpc: Rpc) -> list[RawLog]:
    """Logs in order, each once. Raises BadAnswer if two are at the same place, or a block has two hashes."""
    kept: list[RawLog] = []
    last: RawLog | None = None
    for each in found:
        if last is not None and each.block == last.block:
            if each == last:
                continue
            if each.index == last.index or each.block_hash != last.block_hash:
                raise BadAnswer(
                    f"{rpc.url} answered with two versions of block {each.block}; try another node"
                )
        kept.append(each)
        last = each
    return kept
