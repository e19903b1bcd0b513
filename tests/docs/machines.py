"""The transitions that docs/state-machines.md states, as data."""

from dataclasses import dataclass
from functools import cache

from tests.docs.tables import Row, table, words

PAGE = "state-machines.md"
MANY = "Many"


@dataclass(frozen=True, slots=True)
class Transition:
    """One row of the line's table. `functions` are the contract's; no `to`: the status stays."""

    begins: tuple[str, ...]
    functions: tuple[str, ...]
    to: tuple[str, ...]
    ending: str
    who: str
    role: str
    when: str

    @classmethod
    def read(cls, row: Row) -> "Transition":
        """From the row's cells."""
        listed = (tuple(words(row[column])) for column in ("from", "action", "to"))
        return cls(*listed, *(row[column] for column in ("ending", "who", "role", "when")))

    @property
    def action(self) -> str:
        """Its function without the variant for several lines."""
        return self.functions[0].removesuffix(MANY)

    def __str__(self) -> str:
        return f"{self.action} of {', '.join(self.begins)}"


@cache
def transitions() -> tuple[Transition, ...]:
    """The line's."""
    return tuple(map(Transition.read, table(PAGE, "The line", first="from")))
