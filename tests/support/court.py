"""A court of ERC-792 in tests, and the contract that makes it the arbiter of lines."""

from dataclasses import dataclass, field
from typing import Any, Self

from web3.contract import Contract
from web3.contract.contract import ContractFunction

from fabricant.chain.answers import Receipt
from tests.support.actors import Actor
from tests.support.chain import Chain, event
from tests.support.decoding import Event
from tests.support.disputes import agree, disputed
from tests.support.lines import Deal, Deals, Party, address_of

PRICE, APPEAL_PRICE = 30_000_000_000_000_000, 70_000_000_000_000_001  # wei
EXTRA = bytes(31) + b"\x02" + bytes(31) + b"\x03"  # subcourt 2, three jurors
META_EVIDENCE = "ipfs://what-the-court-is-asked"
REFUSED, FOR_SUPPLIER, FOR_BUYER = range(3)
HONEST, HIDES_ITS_COST, REFUSES, WANTS_MORE, REPEATS_ITSELF, RULES_AT_ONCE, CALLS, BURNS_GAS = range(8)
RICH = 10**21


@dataclass
class Court:
    """A court, the judges, and the arbiter that asks them. A stranger calls, unless said otherwise."""

    chain: Chain
    judges: Contract
    arbiter: Contract
    asker: Actor = field(default_factory=lambda: Actor("payer"))

    @classmethod
    def deploy(cls, chain: Chain, escrow: Contract) -> Self:
        """A court that charges `PRICE`, with its arbiter."""
        judges = chain.deploy("MockArbitrator")
        chain.send(judges.functions.setPrice(PRICE), by=Actor("stranger"))
        arbiter = chain.deploy("ArbiterERC792", escrow, judges, EXTRA, META_EVIDENCE)
        return cls(chain, judges, arbiter)

    def disputed(self, deal: Deals, after: str = "Delivered", **changes: Any) -> Deal:
        """A disputed line whose arbiter is this court. Nothing in it divides evenly."""
        return disputed(deal, after, **{"arbiter": self.arbiter} | changes)

    def several(self, deal: Deals, how_many: int, **changes: Any) -> list[Deal]:
        """So many lines that are disputed at the same time."""
        usual = {"arbiter": self.arbiter} | changes
        lines = [agree(deal, "Delivered", **usual).given("Open") for _ in range(how_many)]
        for line in lines:
            line.deliver()
        for line in lines:
            line.deposit(line.buyer, line.arbiter_fee)
            line.dispute()
        return lines

    # The arbiter

    def call(self, function: str, /, *arguments: Any) -> ContractFunction:
        """A call to the arbiter."""
        call: ContractFunction = self.arbiter.get_function_by_name(function)(*arguments)
        return call

    def send(self, function: str, /, *arguments: Any, by: Party | None = None, **sending: Any) -> Receipt:
        """Sends a call to the arbiter."""
        return self.chain.send(
            self.call(function, *arguments), by=address_of(by or Actor("stranger")), **sending
        )

    def ask(self, line: Deal, *, by: Party | None = None, value: int = PRICE, **sending: Any) -> Receipt:
        """The asker pays the court to hear a line."""
        return self.send("ask", line.terms, by=by or self.asker, value=value, **sending)

    def execute(self, line: Deal, **sending: Any) -> Receipt:
        """Somebody has a ruling carried out."""
        return self.send("execute", line.terms, **sending)

    def asked(self, line: Deal, *, over_retention: bool = False) -> tuple[int, str, bool, int]:
        """The dispute's number, who paid for it, whether there is a ruling, and which."""
        number, payer, ruled, ruling = self.chain.ask(self.call("caseOf", line.id, over_retention))
        return number, self.chain.w3.to_checksum_address(payer), ruled, ruling

    def owed(self, owner: Party, token: str) -> int:
        """What somebody may withdraw from the arbiter."""
        found: int = self.chain.ask(self.call("owedTo", address_of(owner), token))
        return found

    # The judges

    def tell(self, function: str, /, *arguments: Any) -> Receipt:
        """Tells the judges what to do."""
        return self.chain.send(self.judges.get_function_by_name(function)(*arguments), by=Actor("stranger"))

    def rule(self, ruling: int, *, dispute: int = 0, at: int | None = None) -> Receipt:
        """The judges rule."""
        call = self.judges.functions.give(self.arbiter.address, dispute, ruling)
        return self.chain.send(call, by=Actor("stranger"), at=at)

    def ruled(self, line: Deal, ruling: int) -> Deal:
        """Asks about a line and has it ruled; the ruling is left to be executed."""
        number = self.chain.ask(self.judges.functions.disputes())
        self.ask(line)
        self.rule(ruling, dispute=number)
        return line

    # What they say

    def event(self, name: str, /, **arguments: Any) -> Event:
        """An event of the arbiter, to compare with."""
        return event(self.arbiter, name, **arguments)

    def events(self, receipt: Receipt) -> list[Event]:
        """What the arbiter said in a transaction."""
        return self.chain.events(receipt, self.arbiter)
