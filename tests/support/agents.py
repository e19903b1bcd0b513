"""Agents in tests: rules with changes, an office for each, and a chain on which they meet."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import pytest

from fabricant.agents import BuyerAgent, BuyerRules, Decision, Journal, SupplierAgent, SupplierRules
from fabricant.agents import buyer as buyer_module
from fabricant.agents import supplier as supplier_module
from fabricant.chain.capacity import SignedQuotation
from fabricant.chain.fabricant import Fabricant
from fabricant.chain.network import Network
from fabricant.chain.transactions import Policy
from fabricant.domain.assets import namespace_of
from fabricant.domain.directory import Role
from fabricant.domain.signed_files import QUOTATION_FILE, SignedFile
from fabricant.domain.units import BaseUnits, UnixSeconds, format_time
from tests.support.world import DAY, MONEY, USUAL, World, registration, wallet

UNIT: Final = 10**6
PROCESS: Final = "DIN 8580 3.2.2"
CONDITIONS: Final = f"0x{USUAL.id.hex()}"
MACHINE: Final[Mapping[str, Any]] = {
    "machine": "B400-0815",
    "process": PROCESS,
    "shifts": ["Mon-Sun 00:00 to 00:00"],
    "hourly": "85",
    "setup": "120",
    "hourly_cost": "52",
    "setup_cost": "40",
    "setup_hours": 2,
    "delivery_hours": 24,
    "max_span": 48,
}


def supplier_rules(token: str, *, machine: Mapping[str, Any] = {}, **changes: Any) -> SupplierRules:
    """Usual rules of a supplier, with changes."""
    usual = {
        "outbox": "post",
        "zone": "UTC",
        "token": token,
        "conditions": [CONDITIONS],
        "valid_for": "1 day",
        "margin": "15 %",
        "machines": [{**MACHINE, **machine}],
    }
    return SupplierRules.of({**usual, **changes})


def buyer_rules(world: World, **changes: Any) -> BuyerRules:
    """Usual rules of a buyer: eight hours in the week after next, quoted within two days."""
    usual = {
        "inbox": "post",
        "process": PROCESS,
        "machine_hours": 8,
        "begin": _time(_day(world, 4)),
        "end": _time(_day(world, 14)),
        "quote_by": _time(world.now + 2 * DAY),
        "due_by": _time(world.now + 20 * DAY),
        "token": world.token,
        "limit": "2000",
        "conditions": CONDITIONS,
        "award": "price",
    }
    return BuyerRules.of({**usual, **changes})


@dataclass
class Office:
    """Where an agent works: a folder beside others that share the post, and what it told so far."""

    world: World
    home: Path
    role: str
    patience: float = 900.0  # seconds that it waits for a transaction
    told: list[Decision] = field(default_factory=list)

    @property
    def folder(self) -> Path:
        """What the agent keeps."""
        return self.home / f"{self.role}.agent"

    @property
    def decisions(self) -> list[str]:
        """What it decided, without why."""
        return [each.decision for each in self.told]

    @property
    def reasons(self) -> str:
        """Why it decided so last."""
        return self.told[-1].why

    @contextmanager
    def supplier(self, rules: SupplierRules) -> Iterator[SupplierAgent]:
        """A supplier's agent, started anew."""
        with Journal.opened(self.folder, self.told.append) as journal:
            yield SupplierAgent(
                self.world.fabricant, rules, wallet=wallet(self.role), journal=journal, home=self.home
            )

    @contextmanager
    def buyer(self, rules: BuyerRules) -> Iterator[BuyerAgent]:
        """A buyer's agent, started anew."""
        with Journal.opened(self.folder, self.told.append) as journal:
            fabricant = Fabricant(
                self.world.chain,
                self.world.fabricant.deployment,
                wallet=wallet(self.role),
                policy=Policy(give_up_after=self.patience),
            )
            yield BuyerAgent(fabricant, rules, wallet=wallet(self.role), journal=journal, home=self.home)

    def quote(self, rules: SupplierRules) -> None:
        """Lets a supplier's agent look once."""
        with self.supplier(rules) as agent:
            assert agent.step() is False

    def buy(self, rules: BuyerRules) -> BuyerAgent:
        """Lets a buyer's agent look once."""
        with self.buyer(rules) as agent:
            agent.step()
        return agent


def settle(world: World, *roles: str) -> None:
    """Lets others sell, too: each has a machine, a deposit, and trusts the market."""
    for role in roles:
        firm, address = world.as_(role), wallet(role).address
        firm.directory.set_operator(firm.deployment.capacity, Role.OPEN)
        firm.token(world.token).approve(firm.deployment.escrow, MONEY)
        firm.escrow.deposit(world.token, BaseUnits(10_000 * UNIT))
        firm.assets.register(namespace_of(address), registration("B400-0815", owner=address))


def _day(world: World, number: int) -> int:
    """Midnight of a day from now."""
    return world.now - world.now % DAY + number * DAY


def _time(moment: int) -> str:
    return format_time(UnixSeconds(moment)).replace(" UTC", "Z").replace(" ", "T")


def signed(office: Office) -> SignedQuotation:
    """The one quotation that a supplier's agent has signed."""
    (file,) = office.folder.glob("*.json")
    read = SignedFile.parse(QUOTATION_FILE, file.read_bytes())
    return SignedQuotation(read.content, read.bookings["line"], read.consent("supplier"))


class Killed(BaseException):
    """The process ends here, as by kill -9: nothing after this is done."""


@contextmanager
def killed_at(moment: int) -> Iterator[list[str]]:
    """Kills whoever does the effect with this number, from 1: each is counted before it is done, and after.

    Effects are files that are written, transactions that leave, and decisions that are noted. Gives their
    names, as far as it came.
    """
    seen: list[str] = []

    def deadly(name: str, action: Callable[..., Any]) -> Callable[..., Any]:
        def act(*arguments: Any, **named: Any) -> Any:
            count(f"before {name}")
            result = action(*arguments, **named)
            count(f"after {name}")
            return result

        return act

    def count(name: str) -> None:
        seen.append(name)
        if len(seen) == moment:
            raise Killed(name)

    with pytest.MonkeyPatch.context() as patch:
        for module in (buyer_module, supplier_module):
            patch.setattr(module, "write_whole", deadly("a file", module.write_whole))
        patch.setattr(Network, "send_raw", deadly("a transaction", Network.send_raw))
        patch.setattr(Journal, "note", deadly("a decision", Journal.note))
        yield seen
