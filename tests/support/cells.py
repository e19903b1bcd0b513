"""Order lines written straight into an escrow's storage, and many looks at them in one request."""

from collections.abc import Sequence
from typing import Any

import requests
from eth_utils.crypto import keccak

from fabricant.artifacts import load
from fabricant.chain.anvil import LocalChain
from fabricant.chain.network import Call
from fabricant.domain.assets import AssetId
from fabricant.domain.escrow import Conditions, Line, LineFlag, LineId, goods_hash
from fabricant.domain.units import Address
from tests.support.actors import Actor

GOODS = (AssetId(1), AssetId(2))
PAYEE = Actor("payee")
BATCH = 250  # Anvil takes no request of 2 MB


def _slot(label: str, key: bytes) -> int:
    entry = next(each for each in load("SupplierEscrow").layout["storage"] if each["label"] == label)
    return int.from_bytes(keccak(key + int(entry["slot"]).to_bytes(32)))


def _write(local: LocalChain, escrow: Address, slot: int, word: int) -> None:
    local.rpc.call("anvil_setStorageAt", escrow, f"{slot:#066x}", f"{word:#066x}")


def put(
    local: LocalChain,
    escrow: Address,
    line: LineId,
    kept: Line,
    conditions: Conditions,
    *,
    goods_here: bool = False,
) -> None:
    """The line, its conditions and its goods, as the contract keeps them; GOODS that nobody registered."""
    custody = int.from_bytes(goods_hash(GOODS).ljust(32, b"\0")) | 0b11 if goods_here else 0
    _write(local, escrow, _slot("custodies", line), custody)
    _write(local, escrow, _slot("lines", line), kept.pack())
    assigned = LineFlag.ASSIGNED in kept.flags
    _write(local, escrow, _slot("receivables", line), int(PAYEE.address, 16) if assigned else 0)
    agreed = _slot("conditions", conditions.id)
    _write(local, escrow, agreed, conditions.packed.rates)
    _write(local, escrow, agreed + 1, conditions.packed.periods)


def look(local: LocalChain, calls: Sequence[Call]) -> list[tuple[bool, bytes]]:
    """What every call would answer in the next block: whether it succeeds, and its answer or error."""
    found: list[tuple[bool, bytes]] = []
    for start in range(0, len(calls), BATCH):
        body = [_request(number, call) for number, call in enumerate(calls[start : start + BATCH])]
        answers = requests.post(local.rpc.url.reveal(), json=body, timeout=120).json()
        for answer in sorted(answers, key=lambda each: each["id"]):
            ok = "result" in answer
            said = answer["result"] if ok else answer["error"].get("data") or "0x"
            found.append((ok, bytes.fromhex(said.removeprefix("0x"))))
    return found


def _request(number: int, call: Call) -> dict[str, Any]:
    asked = {"from": call.sender, "to": call.to, "data": f"0x{call.data.hex()}"}
    return {"jsonrpc": "2.0", "id": number, "method": "eth_call", "params": [asked, "pending"]}
