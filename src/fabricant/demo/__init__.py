"""One real deal on a chain of one's own, from a machine's log to a stranger's verification.

`run` plays it with the same public calls that everybody uses (`deal.py` is the place to read), has a stranger
verify it, and returns a report whose account adds up to the last base unit. It needs an Anvil, because a deal
takes days and only there can the clock be set forward.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fabricant.chain.anvil import DevelopmentChain
from fabricant.chain.fabricant import Fabricant
from fabricant.chain.tokens import COIN
from fabricant.chain.wallet import Wallet
from fabricant.demo.account import Statement
from fabricant.demo.deal import Agreed, Deal
from fabricant.demo.evidence import Evidence
from fabricant.demo.journal import Journal, Step, Tell
from fabricant.demo.stage import Stage
from fabricant.demo.stranger import Stranger


@dataclass(frozen=True, slots=True)
class Report:
    """What came of a deal. It was verified, and its account adds up."""

    stage: Stage
    evidence: Evidence
    agreed: Agreed
    steps: tuple[Step, ...]
    statement: Statement

    def as_json(self) -> dict[str, Any]:
        """The report for programs: ids as hex, money as text in base units, gas as numbers."""
        machine = self.evidence.machine
        return {
            "machine": {
                "id": f"{self.agreed.machine:#066x}",
                "maker": machine.maker,
                "model": machine.model,
                "serial": machine.serial,
                "owner": self.stage.supplier.address,
                "device": self.stage.gateway.address,
            },
            "products": [f"{product:#066x}" for product in self.agreed.products],
            "steps": [
                {"name": step.name, "tx": step.receipt.transaction, "gas": step.receipt.gas_used}
                for step in self.steps
            ],
            "account": {
                party: {
                    token.symbol: {"before": str(entry.before), "after": str(entry.after)}
                    for token, entry in tokens.items()
                }
                for party, tokens in self.statement.entries.items()
            },
            "verified": True,
        }


def run(
    evidence: Evidence, *, chain: DevelopmentChain, funder: Wallet, folder: Path, tell: Tell = lambda _: None
) -> Report:
    """Plays a deal about what a log shows, and verifies it. Sends transactions and sets the clock forward.

    `funder` pays for deploying and gives everybody coin for gas; `folder` is where the deployment is
    recorded; `tell` hears of everything as it happens. Raises UnfundedWallet before the first transaction,
    VerificationFailed if something does not prove what it should, and whatever a step raises.
    """
    stage = Stage.set_up(chain, funder, folder=folder)
    journal = Journal(chain, tell)
    before, since = stage.balances(), chain.head().number
    agreed = Deal(stage, evidence, journal).play()
    statement = Statement(COIN, before, stage.balances(), journal.fees)
    statement.check()
    journal.chapter("A stranger verifies it, with only the chain and the file")
    stranger = Stranger.with_file(Fabricant(chain, stage.deployment), evidence.data, since=since)
    for sentence in stranger.verify():
        journal.remark(sentence)
    return Report(stage, evidence, agreed, tuple(journal.steps), statement)
