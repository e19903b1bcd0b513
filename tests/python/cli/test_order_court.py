"""A court as the arbiter, on the command line: asked, appealed to, obeyed, and paid back."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from fabricant.chain.court import ArbiterERC792, Choice
from fabricant.chain.fabricant import Fabricant
from fabricant.chain.wallet import dev_wallets
from tests.python.cli.market import UNIT, Market
from tests.support.judges import COST, Judges


@dataclass(frozen=True)
class Trial:
    """A disputed line of 1,000, and the court that may decide it."""

    line: str
    judges: Judges
    arbiter: ArbiterERC792

    def rule(self, choice: Choice) -> None:
        """The court rules."""
        self.judges.tell("give", self.arbiter.address, 0, choice)


@pytest.fixture
def trial(trade: Market) -> Trial:
    """The buyer disputes a delivery that it couldn't reject."""
    rich = dev_wallets(trade.chain)[0]
    judges = Judges(trade.chain, rich)
    deployed = Fabricant.on(trade.chain, folder=Path(trade.environment["FABRICANT_DEPLOYMENTS"]))
    arbiter = ArbiterERC792.create(
        trade.chain,
        rich,
        escrow=deployed.escrow.address,
        arbitrator=judges.address,
        extra_data=b"",
        meta_evidence="ipfs://question",
    )
    trade.see("conditions", "new", "own.toml", "--arbiter-fee-bps", "2 %", "--max-rejections", "0")
    conditions = trade.do("conditions", "publish", "own.toml", by="supplier")["id"]
    parties = ("--buyer", "buyer", "--supplier", "supplier", "--arbiter", arbiter.address)
    times = ("--open-by", "2027-01-10T00:00Z", "--due-by", "2027-01-25T12:00Z")
    price = ("--token", trade.token, "--amount", "1000", "--conditions", conditions)
    trade.see("order", "propose", "open", "line.toml", *parties, *times, *price, "--order-number", "4711")
    trade.do("order", "sign", "line.toml", by="supplier")
    line = str(trade.do("order", "send", "line.json", by="buyer")["id"])
    trade.wait_until("2027-01-25T10:00Z")
    trade.do("order", "deliver", line, by="supplier")
    Path("report.pdf").write_bytes(b"chatter marks")
    trade.do("order", "deposit", "20", "--token", trade.token, by="buyer")
    trade.do("order", "dispute", line, "report.pdf", by="buyer")
    return Trial(line, judges, arbiter)


def test_a_court_is_asked_obeyed_and_paid_back(trade: Market, trial: Trial) -> None:
    assert "You pay the court 0.03 ETH to hear it." in trade.noted("order", "court", "ask", trial.line)
    asked = trade.do("order", "court", "ask", trial.line, by="buyer")
    assert (asked["disputeId"], asked["cost"], asked["status"]) == (0, str(COST), "disputed")
    early = trade.refused("order", "court", "execute", trial.line, by="stranger")
    assert (early.code, early.error) == (3, "ArbiterERC792_NotRuled")

    trial.rule(Choice.BUYER)
    told = trade.noted("order", "court", "execute", trial.line)
    ruled = trade.do("order", "court", "execute", trial.line, by="stranger")

    assert "The court ruled for the buyer: it gets what is held" in told
    assert (ruled["ruling"], ruled["status"]) == ("buyer", "closed")
    before = trade.has("buyer")
    trade.do("order", "court", "withdraw", trial.line, "--owner", "buyer", by="stranger")
    assert trade.has("buyer") == before + 20 * UNIT


def test_who_is_not_content_pays_for_an_appeal(trade: Market, trial: Trial) -> None:
    nobody = trade.refused("order", "court", "appeal", trial.line, by="supplier")
    assert (nobody.code, nobody.error) == (3, "ArbiterERC792_NotAsked")
    trade.do("order", "court", "ask", trial.line, by="buyer")
    trial.judges.tell("setAppealPrice", 2 * COST)

    appealed = trade.do("order", "court", "appeal", trial.line, by="supplier")

    assert (appealed["disputeId"], appealed["cost"]) == (0, str(2 * COST))


def test_a_court_hears_no_line_that_is_closed(trade: Market, trial: Trial) -> None:
    trade.wait_until("2027-12-25T10:00Z")
    trade.do("order", "default", trial.line, by="stranger")

    over = trade.refused("order", "court", "ask", trial.line, by="buyer")

    assert (over.code, over.error) == (3, "ArbiterERC792_NotDisputed")
