"""Disputed lines in tests: nothing in them divides evenly; the disputant has just the arbiter's fee."""

from typing import Any

from tests.support.actors import Actor
from tests.support.lines import Deal, Deals

DISPUTABLE = ("Delivered", "Rejected", "Retained")
RETENTION = 333
RATES = {"bondBps": 777, "brokerBps": 499, "lateBps": 123, "arbiterFeeBps": 321}
PRICE = 1_000_000_007
ARBITER, BROKER = Actor("arbiter"), Actor("broker")

GOODS_TO_BUYER, BUYER_DISPUTES, SUPPLIER_DISPUTES, RETENTION_DISPUTED = 1, 8, 16, 32
FLAGS = {
    "Delivered": BUYER_DISPUTES,
    "Rejected": SUPPLIER_DISPUTES,
    "Retained": GOODS_TO_BUYER | BUYER_DISPUTES | RETENTION_DISPUTED,
}


def agree(deal: Deals, status: str, **changes: Any) -> Deal:
    """A new line whose conditions lead to a status in which it may be disputed."""
    retention = RETENTION if status == "Retained" else 0
    usual: dict[str, Any] = {
        "amount": PRICE,
        "arbiter": ARBITER,
        "broker": BROKER,
        "retentionBps": retention,
    } | RATES
    return deal(**usual | changes)


def disputable(deal: Deals, status: str, **changes: Any) -> Deal:
    """A line in a status in which it may be disputed."""
    line = agree(deal, status, **changes).given(status)
    line.deposit(line.disputant(status), line.arbiter_fee)
    return line


def disputed(deal: Deals, after: str = "Delivered", **changes: Any) -> Deal:
    """A disputed line; `after`: the status in which the dispute began."""
    return agree(deal, after, **changes).given("Disputed", after=after)


def outcome(to_supplier: int = 0, bond_to_buyer: int = 0, *, goods_to_buyer: bool = False) -> dict[str, Any]:
    """What an arbiter decides."""
    return {"toSupplier": to_supplier, "bondToBuyer": bond_to_buyer, "goodsToBuyer": goods_to_buyer}
