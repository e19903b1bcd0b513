"""Order lines for contract tests: terms and conditions as the ABI takes them, with usual values.

Everything is a plain dict by the names of the contracts' structs, so that a test changes what it is about
and nothing else: `terms(dueBy=…)`. Conditions are packed here by the layout that `Conditions.sol` states,
independently of the library's own packing.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from eth_abi.abi import encode
from eth_utils.crypto import keccak

from tests.support.actors import Actor

HOUR = 3600
DAY = 24 * HOUR
NATIVE = ZERO = "0x" + 40 * "0"
NO_CONSENT: dict[str, Any] = {"signer": ZERO, "proof": [], "signature": b""}
NO_CONSENTS = {"buyer": NO_CONSENT, "supplier": NO_CONSENT, "payee": NO_CONSENT}  # all by calling

STATUSES = ("None", "Open", "Delivered", "Rejected", "Retained", "Disputed", "Closed", "Revoked")
ENDINGS = (
    "Accepted",
    "DeemedAccepted",
    "Cancelled",
    "Resigned",
    "Terminated",
    "RetentionPaid",
    "Ruled",
    "Defaulted",
    "Settled",
    "Amended",
)

RATES = (  # name, bits
    ("advanceBps", 16),
    ("bondBps", 16),
    ("cancelBps", 16),
    ("retentionBps", 16),
    ("lateBps", 16),
    ("maxLateBps", 16),
    ("defaultSupplierBps", 16),
    ("brokerBps", 16),
    ("arbiterFeeBps", 16),
    ("maxRejections", 8),
    ("inspection", 32),
    ("arbitration", 32),
    ("lateEvery", 32),
    ("hasResignPeriod", 8),
)
PERIODS = (
    ("cancelNotice", 32),
    ("resignPeriod", 32),
    ("deliveryWindow", 32),
    ("longStop", 32),
    ("transit", 32),
    ("cure", 32),
    ("retention", 32),
    ("lateEvery", 32),
)
FIELDS = tuple(name for name, _ in RATES + PERIODS)  # the numbers in SupplierEscrow_ConditionOutOfRange

USUAL = {
    "advanceBps": 0,
    "bondBps": 0,
    "cancelBps": 1_000,
    "retentionBps": 0,
    "lateBps": 100,
    "maxLateBps": 500,
    "defaultSupplierBps": 5_000,
    "brokerBps": 0,
    "arbiterFeeBps": 0,
    "maxRejections": 2,
    "inspection": 5 * DAY,
    "arbitration": 30 * DAY,
    "lateEvery": DAY,
    "cancelNotice": 7 * DAY,
    "resignPeriod": 0,
    "deliveryWindow": 7 * DAY,
    "longStop": 21 * DAY,
    "transit": 3 * DAY,
    "cure": 14 * DAY,
    "retention": 90 * DAY,
}


def packed(layout: Iterable[tuple[str, int]], values: dict[str, int]) -> int:
    """The word that holds the fields, the first in the lowest bits."""
    word, shift = 0, 0
    for name, bits in layout:
        word |= values[name] << shift
        shift += bits
    return word


def conditions(**changes: int) -> dict[str, int]:
    """Usual conditions with changes, as the contract takes them: two words."""
    values = USUAL | changes
    values.setdefault("hasResignPeriod", 1 if values["resignPeriod"] else 0)
    return {"rates": packed(RATES, values), "periods": packed(PERIODS, values)}


def conditions_id(published: dict[str, int]) -> bytes:
    """The id of conditions: the hash of their encoding."""
    return keccak(encode(["uint256", "uint256"], [published["rates"], published["periods"]]))


def terms(
    *, buyer: Actor | str, supplier: Actor | str, token: str, conditions: bytes, **changes: Any
) -> dict[str, Any]:
    """Usual terms with changes. `openBy` and `dueBy` must be given."""
    usual: dict[str, Any] = {
        "buyer": buyer.address if isinstance(buyer, Actor) else buyer,
        "supplier": supplier.address if isinstance(supplier, Actor) else supplier,
        "inspector": ZERO,
        "arbiter": ZERO,
        "broker": ZERO,
        "token": token,
        "amount": 1_000_000_000,
        "assets": 0,
        "deliverables": bytes(32),
        "documents": keccak(text="contract package"),
        "orderRef": keccak(text="purchase order 4711"),
        "opener": ZERO,
        "subject": bytes(32),
        "conditions": conditions,
        "salt": int.from_bytes(keccak(text="salt"), "big"),
    }
    order = (
        *(
            "buyer",
            "supplier",
            "inspector",
            "arbiter",
            "broker",
            "token",
            "amount",
            "openBy",
            "dueBy",
            "assets",
        ),
        *("deliverables", "documents", "orderRef", "opener", "subject", "conditions", "salt"),
    )
    merged = usual | changes
    return {name: merged[name] for name in order}


def consent(signer: Actor, digest: bytes, *, address: str | None = None) -> dict[str, Any]:
    """A consent by signature over a line's id. `address`: the signer's, if it is a contract."""
    return {"signer": address or signer.address, "proof": [], "signature": signer.sign(digest)}


def delivery(assets: Sequence[int] = ()) -> dict[str, Any]:
    """What a supplier says about a handover."""
    return {
        "evidence": keccak(text="evidence"),
        "invoice": keccak(text="invoice"),
        "uri": "ipfs://bafybeigdyrzt5sfp7udm7hu76uh7y26nf3efuylqabf3oclgtqy55fbzdi",
        "assets": list(assets),
    }
