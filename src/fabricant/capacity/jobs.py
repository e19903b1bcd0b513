"""What is to be planned: a job with its routing, and the hours that are for sale.

Times are as contracts have them: an operation begins when the goods of the one before are due at the latest
and were carried over, so that a supplier who uses all its time breaks no plan.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from fabricant.domain.assets import AssetId
from fabricant.domain.capacity import Offer
from fabricant.domain.escrow import NO_HASH, Conditions, Consent
from fabricant.domain.units import Address, BaseUnits, HourIndex, Token, UnixSeconds
from fabricant.errors import InvalidInput


@dataclass(frozen=True, slots=True)
class Transport:
    """Hours on the way from one party to another: `between` two that are named, else `usual`."""

    usual: int = 0
    between: Mapping[frozenset[Address], int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.usual < 0 or any(hours < 0 for hours in self.between.values()):
            raise InvalidInput("goods can't arrive before they leave; give 0 hours or more")

    def hours(self, source: Address, target: Address) -> int:
        """The hours from one to the other; none within a firm."""
        return 0 if source == target else self.between.get(frozenset((source, target)), self.usual)


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One step of a routing. `hours` are machine-hours without setup, which an offer adds by itself."""

    name: str
    process: bytes  # hash of a process code, as in Offer
    hours: int
    machines: frozenset[AssetId] | None = None  # on one of these; None: on any
    requires: frozenset[str] = frozenset()  # of supplier or machine, as `Available.attributes` names it
    assets: int = 0  # registered products to be handed over
    documents: bytes = NO_HASH  # commitment to the buyer's part of the contract package

    def __post_init__(self) -> None:
        if self.hours < 1:
            raise InvalidInput(f"{self.name} needs an hour at least")


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What a buyer wants made. Money in base units of `token`, in which its offers are priced."""

    buyer: Address
    token: Token
    routing: tuple[Operation, ...]  # in order
    begin: UnixSeconds  # the material is at the buyer's
    due_by: UnixSeconds  # the goods are at the buyer's
    budget: BaseUnits | None = None
    transport: Transport = Transport()

    def __post_init__(self) -> None:
        if not self.routing:
            raise InvalidInput("a job has an operation at least; name one")
        if self.due_by <= self.begin:
            raise InvalidInput("the job would be due before it begins; set a later due date")


@dataclass(frozen=True, slots=True, kw_only=True)
class Available:
    """An offer that stands, and what is left of it. `gather` reads them from the chain."""

    offer: Offer
    consent: Consent  # the supplier's
    conditions: Conditions
    free: tuple[HourIndex, ...]  # that the supplier may sell, in order
    left: int | None = None  # hours of its total, setup counted; None: it has none
    deposit: BaseUnits | None = None  # the supplier's free balance, for security deposits; None: enough
    attributes: frozenset[str] = frozenset()  # what the buyer knows of supplier and machine
