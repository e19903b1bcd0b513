"""What happens in a deal, told as it happens and kept for the report."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from fabricant.chain.answers import Receipt
from fabricant.chain.network import Network
from fabricant.chain.repricing import repriced
from fabricant.domain.units import BaseUnits


@dataclass(frozen=True, slots=True)
class Chapter:
    """A part of the story begins."""

    title: str


@dataclass(frozen=True, slots=True)
class Remark:
    """Something that no transaction shows: what was signed, read or found."""

    text: str


@dataclass(frozen=True, slots=True)
class Step:
    """A transaction: who did what. `name` is the contract's domain and function, as in the gas report.

    `repriced`: its gas under the planned repricing; None if the node traces nothing.
    """

    name: str
    who: str
    what: str
    receipt: Receipt
    repriced: int | None


Tell = Callable[[Chapter | Remark | Step], object]


@dataclass(slots=True)
class Journal:
    """Tells a deal to `tell`, and remembers its steps."""

    network: Network
    tell: Tell
    steps: list[Step] = field(default_factory=list)

    def chapter(self, title: str) -> None:
        """Begins a part of the story."""
        self.tell(Chapter(title))

    def remark(self, text: str) -> None:
        """Tells what no transaction shows."""
        self.tell(Remark(text))

    def step(self, name: str, who: str, what: str, receipt: Receipt) -> None:
        """Tells of a transaction."""
        step = Step(name, who, what, receipt, repriced(self.network, receipt))
        self.steps.append(step)
        self.tell(step)

    @property
    def fees(self) -> Mapping[str, BaseUnits]:
        """What everybody paid for gas so far, in wei."""
        paid: dict[str, BaseUnits] = {}
        for step in self.steps:
            paid[step.who] = BaseUnits(paid.get(step.who, 0) + step.receipt.fee)
        return paid
