"""What makes one way to have something made better than another: the price, the time, or both weighed."""

from dataclasses import dataclass
from typing import Final

from fabricant.domain.units import HOUR, BaseUnits, UnixSeconds
from fabricant.errors import InvalidInput


@dataclass(frozen=True, slots=True)
class Worth:
    """A weighted goal: so many base units an hour is it worth to have the goods sooner; zero: nothing.

    Among equals the sooner one is better.
    """

    hour: BaseUnits

    def __post_init__(self) -> None:
        if self.hour < 0:
            raise InvalidInput("an hour sooner can't be worth less than nothing; give 0 or more")

    def measure(self, price: BaseUnits, due_by: UnixSeconds) -> tuple[int, int]:
        """What is lower for a better one. Prices in base units."""
        return price * HOUR + self.hour * due_by, due_by


@dataclass(frozen=True, slots=True)
class _Earliest:
    """The goods as soon as possible; among equals the cheapest."""

    def measure(self, price: BaseUnits, due_by: UnixSeconds) -> tuple[int, int]:
        """What is lower for a better one."""
        return due_by, price


Goal = Worth | _Earliest
EARLIEST: Final = _Earliest()
CHEAPEST: Final = Worth(BaseUnits(0))
