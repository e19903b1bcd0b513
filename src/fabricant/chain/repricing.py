"""What a transaction would cost under the repricing that is planned for Ethereum (EIP-8037, EIP-8038).

Storage gets dearer, and calldata gets a floor. So a mined transaction is counted again from what it did: the
slots that it filled, those that it changed, and the bytes that it carried.
"""

from typing import Any, Final

from fabricant.chain.answers import Hash, Receipt, as_bytes, as_fields
from fabricant.chain.network import Network
from fabricant.errors import RpcRefused

# Gas for a slot that was zero, for one that was not, and for a transaction that does little but carry bytes.
NEW_SLOT: Final = 110_020
NEW_SLOT_NOW: Final = 22_100
CHANGED_SLOT: Final = 12_100
CHANGED_SLOT_NOW: Final = 5_000
FLOOR_BASE: Final = 21_000
FLOOR_PER_BYTE: Final = 64


def repriced(network: Network, receipt: Receipt) -> int | None:
    """The gas of a mined transaction under the planned repricing; None if the node traces nothing."""
    try:
        new, changed = _slots(network, receipt.transaction)
    except RpcRefused:
        return None
    execution = (
        receipt.gas_used + new * (NEW_SLOT - NEW_SLOT_NOW) + changed * (CHANGED_SLOT - CHANGED_SLOT_NOW)
    )
    return max(execution, FLOOR_BASE + FLOOR_PER_BYTE * _calldata(network, receipt.transaction))


def _slots(network: Network, transaction: Hash) -> tuple[int, int]:
    """How many slots the transaction filled, and how many others it changed."""
    tracer = {"tracer": "prestateTracer", "tracerConfig": {"diffMode": True}}
    trace = as_fields(network.rpc.call("debug_traceTransaction", transaction, tracer), "a trace")
    before, after = (_storage(as_fields(trace.get(side), "a state")) for side in ("pre", "post"))
    touched = [slot for slot in before | after if before.get(slot, 0) != after.get(slot, 0)]
    filled = sum(1 for slot in touched if not before.get(slot, 0))
    return filled, len(touched) - filled


def _storage(state: Any) -> dict[tuple[str, str], int]:
    return {
        (address, slot): int.from_bytes(as_bytes(value, "a slot"))
        for address, account in state.items()
        for slot, value in as_fields(as_fields(account, "an account").get("storage", {}), "storage").items()
    }


def _calldata(network: Network, transaction: Hash) -> int:
    sent = as_fields(network.rpc.call("eth_getTransactionByHash", transaction), "a transaction")
    return len(as_bytes(sent.get("input"), "input data"))
