"""Where an example of a deal plays: the parties on a chain of its own, a clock in days, and an account.

An example makes the calls that everybody makes; its scene prepares the terms, sets the clock forward and
tells what happens. Time stands still between the steps, so that every example ends the same, to the last base
unit.
"""

import secrets
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Concatenate, Final, ParamSpec, Self, TypeVar

from fabricant.chain.answers import Receipt
from fabricant.chain.anvil import DevelopmentChain, LocalChain
from fabricant.chain.client import Client
from fabricant.chain.reverts import ContractError
from fabricant.chain.tokens import COIN
from fabricant.chain.wallet import Wallet, dev_wallets
from fabricant.conditions import ConditionsSet
from fabricant.demo.account import Statement
from fabricant.demo.journal import Chapter, Journal, Remark, Step
from fabricant.demo.stage import BUYER_HAS, NOBODY, SUPPLIER_HAS, Party, Stage
from fabricant.domain.assets import AssetId, Kind, Registration, asset_id, namespace_of
from fabricant.domain.escrow import Terms, bond
from fabricant.domain.units import BaseUnits, Seconds, UnixSeconds, to_whole
from fabricant.errors import VerificationFailed

C = TypeVar("C", bound=Client)
P = ParamSpec("P")

DAY: Final = Seconds(86_400)
PIECES: Final = b"C62"  # UN/CEFACT Recommendation 20

Say = Callable[[str], object]


@dataclass(slots=True)
class Scene:
    """A scene on a chain. Days count from its beginning; amounts are whole tokens."""

    stage: Stage
    say: Say
    began: UnixSeconds = field(init=False)
    _journal: Journal = field(init=False)
    _chapters: int = field(init=False, default=0)

    def __post_init__(self) -> None:
        self.began = self.stage.chain.now()
        self._journal = Journal(self.stage.chain, self._tell)

    @classmethod
    def set_up(
        cls,
        chain: DevelopmentChain,
        funder: Wallet,
        *,
        folder: Path,
        say: Say,
        buyer_has: str = BUYER_HAS,
        supplier_has: str = SUPPLIER_HAS,
        guests: Mapping[str, str] = NOBODY,
    ) -> Self:
        """A stage with a clock that stands still. Sends transactions; the rest is as `Stage.set_up`."""
        stage = Stage.set_up(
            chain, funder, folder=folder, buyer_has=buyer_has, supplier_has=supplier_has, guests=guests
        )
        chain.freeze()
        return cls(stage, say)

    @property
    def buyer(self) -> Party:
        """Who buys."""
        return self.stage.buyer

    @property
    def supplier(self) -> Party:
        """Who sells."""
        return self.stage.supplier

    @property
    def inspector(self) -> Party:
        """Who inspects for the buyer."""
        return self.stage.inspector

    @property
    def arbiter(self) -> Party:
        """Who decides a dispute."""
        return self.stage.arbiter

    @property
    def anybody(self) -> Party:
        """Somebody without any part in the deal."""
        return self.stage.gateway

    def guest(self, name: str) -> Party:
        """Somebody whom only this story needs, such as a factor."""
        return next(each for each in self.stage.guests if each.name == name)

    # Time and money

    def at(self, day: int) -> UnixSeconds:
        """The time of a day of the story."""
        return UnixSeconds(self.began + day * DAY)

    @property
    def today(self) -> int:
        """Which day of the story it is."""
        return (self.stage.chain.now() - self.began) // DAY

    def wait_for(self, day: int) -> None:
        """Sets the clock to a day of the story."""
        self.stage.chain.mine(at=self.at(day))

    def tokens(self, whole: int) -> BaseUnits:
        """Whole tokens as base units."""
        return self.stage.money.parse(str(whole))

    def show(self, amount: int) -> str:
        """Base units as people read them, without zeros behind the point."""
        whole = to_whole(BaseUnits(amount), self.stage.money.decimals)
        return f"{whole.normalize():,f}"

    # What several examples need

    def publish(self, conditions: ConditionsSet) -> ConditionsSet:
        """Puts trade conditions on the chain. The supplier sends a transaction."""
        done = self.supplier.fabricant.escrow.publish_conditions(conditions.conditions)
        self.did(self.supplier, f"publishes the conditions “{conditions.title}”", done.receipt)
        return conditions

    def terms(
        self, conditions: ConditionsSet, *, amount: int, open_by: int, due_by: int, assets: int = 0
    ) -> Terms:
        """A line between the two: its price in whole tokens, its times as days of the story."""
        return Terms(
            buyer=self.buyer.address,
            supplier=self.supplier.address,
            inspector=self.inspector.address,
            arbiter=self.arbiter.address,
            token=self.stage.money.address,
            amount=self.tokens(amount),
            open_by=self.at(open_by),
            due_by=self.at(due_by),
            assets=assets,
            conditions=conditions.id,
            salt=secrets.randbits(256),
        )

    def secure(self, lines: Sequence[tuple[Terms, ConditionsSet]]) -> None:
        """The supplier deposits the bonds of lines that are not open yet. Sends two transactions."""
        needed = sum(bond(terms.amount, agreed.conditions) for terms, agreed in lines)
        self.deposit(self.supplier, BaseUnits(needed), "its security")

    def deposit(self, party: Party, amount: BaseUnits, what: str) -> None:
        """A party adds to its free balance. Sends two transactions."""
        self.allow(party, amount)
        done = party.fabricant.escrow.deposit(self.stage.money.address, amount)
        self.did(party, f"deposits {self.show(amount)}: {what}", done.receipt)

    def allow(self, party: Party, amount: BaseUnits) -> None:
        """A party lets the escrow take an amount. Sends a transaction."""
        token = party.fabricant.token(self.stage.money.address)
        done = token.approve(party.fabricant.escrow.address, amount)
        self.did(party, f"lets the escrow take {self.show(amount)}", done.receipt)

    def withdraw(self, party: Party) -> None:
        """A party takes out all its free balance. Sends a transaction."""
        escrow, token = party.fabricant.escrow, self.stage.money.address
        free = escrow.free_balance_of(party.address, token)
        done = escrow.withdraw(token, free)
        self.did(party, f"withdraws {self.show(free)}", done.receipt)

    def register(self, goods: Sequence[Registration]) -> tuple[AssetId, ...]:
        """The supplier registers goods of its own, and lets the escrow take them. Sends two transactions."""
        assets, namespace = self.supplier.fabricant.assets, namespace_of(self.supplier.address)
        done = assets.register_many(namespace, goods)
        self.did(self.supplier, f"registers {', '.join(each.local_id for each in goods)}", done.receipt)
        approved = assets.set_approval_for_all(self.supplier.fabricant.escrow.address, approved=True)
        self.did(self.supplier, "lets the escrow take its goods", approved.receipt)
        return tuple(asset_id(namespace, each.local_id) for each in goods)

    def lot(self, local_id: str, pieces: int) -> Registration:
        """So many parts as one lot of the supplier's."""
        owner = self.supplier.address
        return Registration(local_id=local_id, kind=Kind.LOT, owner=owner, quantity=pieces, unit=PIECES)

    # Telling

    def chapter(self, title: str) -> None:
        """Begins a part of the story."""
        self._journal.chapter(title)

    def note(self, text: str) -> None:
        """Tells what no transaction shows."""
        self._journal.remark(text)

    def did(self, party: Party, what: str, receipt: Receipt) -> None:
        """Tells of a transaction, and remembers what it cost its sender in gas."""
        self._journal.step("", party.name, what, receipt)

    def refused(
        self,
        party: Party,
        what: str,
        expected: ContractError,
        client: C,
        action: Callable[Concatenate[C, P], object],
        /,
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> None:
        """Tries what a contract has to refuse with exactly this error, and tells it. Sends nothing.

        Raises VerificationFailed if it would not be refused, another error if it would be otherwise.
        """
        try:
            client.simulate(getattr(client, action.__name__), *args, **kwargs)
        except ContractError as refusal:
            if (type(refusal), refusal.arguments) != (type(expected), expected.arguments):
                raise
        else:
            raise VerificationFailed(f"the {party.name} can do this: {what}")
        self.say(f"   day {self.today:<3} {party.name:<9} {what}: {type(expected).__name__}")

    def _tell(self, event: Chapter | Remark | Step) -> None:
        match event:
            case Chapter(title):
                self._chapters += 1
                self.say(f"\n{self._chapters}  {title}")
            case Remark(text):
                self.say(f"{'':20}{text}")
            case Step(who=who, what=what):
                self.say(f"   day {self.today:<3} {who:<9} {what}")

    # The account

    def perform(self, story: "Story") -> "Performance":
        """Plays a story and tells the account, which adds up to the last base unit.

        Raises what the story raises, VerificationFailed if the account does not add up.
        """
        before = self.stage.balances()
        lines = story(self)
        statement = Statement(COIN, before, self.stage.balances(), self._journal.fees)
        statement.check()
        self.say(f"\nThe account, in {self.stage.money.symbol}\n")
        for who, entry in statement.of(self.stage.money):
            if entry.before or entry.after:
                self.say(f"   {who:<9} {self.show(entry.before):>9}  →  {self.show(entry.after):>9}")
        return Performance(lines, statement)


@dataclass(frozen=True, slots=True)
class Performance:
    """What came of a story: its lines, and what everybody had before and has after it."""

    lines: tuple[Terms, ...]
    statement: Statement


Story = Callable[[Scene], tuple[Terms, ...]]  # returns its lines


def main(
    story: Story,
    *,
    buyer_has: str = BUYER_HAS,
    supplier_has: str = SUPPLIER_HAS,
    guests: Mapping[str, str] = NOBODY,
) -> None:
    """Plays a story on a chain that ends with it, and prints it. What an example's file runs."""
    with tempfile.TemporaryDirectory() as folder, LocalChain.start() as chain:
        scene = Scene.set_up(
            chain,
            dev_wallets(chain)[0],
            folder=Path(folder),
            say=print,
            buyer_has=buyer_has,
            supplier_has=supplier_has,
            guests=guests,
        )
        scene.perform(story)
