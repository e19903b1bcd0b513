"""Every way in which a line pays somebody, prepared so that one call is left to be made."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from fabricant.chain.answers import Receipt
from tests.support.actors import Actor
from tests.support.deals import DAY, NO_CONSENTS
from tests.support.lines import FOREVER, OPENING, Deal, Deals

ODD_RATES = {"bondBps": 777, "brokerBps": 499, "lateBps": 123, "cancelBps": 1_234, "arbiterFeeBps": 321}
ODD_PRICE = 1_000_000_007
ODD_OUTCOME = {"toSupplier": ODD_PRICE // 3, "bondToBuyer": 7, "goodsToBuyer": False}


@dataclass(frozen=True)
class Ending:
    """The last call of a line, or the one that pays."""

    status: str  # in which it is made
    action: str
    by: str  # "buyer", "supplier", "arbiter" or "anybody"
    when: Callable[[Deal], int]

    def prepare(self, deal: Deals, **changes: Any) -> Deal:
        """A line in the status in which the call is made. Nothing in it divides evenly."""
        retention = 333 if self.status == "Retained" else 0
        others = {"arbiter": Actor("arbiter"), "broker": Actor("broker")}
        usual = {"amount": ODD_PRICE, "retentionBps": retention} | others | ODD_RATES
        return deal(**usual | changes).given(self.status)

    def make(self, line: Deal, **sending: Any) -> Receipt:
        """Makes the call."""
        caller = Actor("stranger") if self.by == "anybody" else line.terms[self.by]
        arguments: dict[str, tuple[Any, ...]] = {
            "accept": ([],),
            "deemAccept": ([],),
            "pay": (7,),
            "refund": (7,),
            "rule": (ODD_OUTCOME,),
            "settle": (
                ODD_OUTCOME,
                FOREVER,
                NO_CONSENTS | {"supplier": line.settled(line.signer, ODD_OUTCOME)},
            ),
        }
        given = arguments.get(self.action, ())
        return line.send(self.action, *given, by=caller, at=self.when(line), **sending)


def _soon(line: Deal) -> int:
    return OPENING + DAY


ENDINGS = (
    Ending("Open", "accept", "buyer", lambda line: line.due + 1),  # late: pays damages too
    Ending("Delivered", "deemAccept", "anybody", lambda line: line.inspection_end),
    Ending("Open", "pay", "buyer", _soon),
    Ending("Open", "refund", "supplier", _soon),
    Ending("Open", "cancel", "buyer", _soon),
    Ending("Open", "resign", "supplier", _soon),
    Ending("Rejected", "terminate", "buyer", lambda line: line.long_stop + 10 * DAY),
    Ending("Retained", "payRetention", "anybody", lambda line: line.retention_end),
    Ending("Disputed", "accept", "buyer", lambda line: line.arbitration_end),
    Ending("Disputed", "rule", "arbiter", lambda line: line.disputed + DAY),
    Ending("Disputed", "applyDefault", "anybody", lambda line: line.arbitration_end),
    Ending("Disputed", "settle", "buyer", lambda line: line.arbitration_end),
)
CANCELLING = ENDINGS[4]  # pays the buyer, the supplier and the broker, and frees the bond
