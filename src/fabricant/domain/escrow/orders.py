"""A purchase order: the lines that carry one reference, and what they come to together.

Lines are independent of each other, so an order has no state of its own. It is what its lines are; only
their money adds up, for each token.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from fabricant.domain.escrow.lines import Line
from fabricant.domain.escrow.terms import Terms
from fabricant.domain.units import NOTHING, BaseUnits, Token


@dataclass(frozen=True, slots=True, kw_only=True)
class Total:
    """What lines come to, in base units of one token."""

    price: BaseUnits = NOTHING
    held: BaseUnits = NOTHING


def totals(lines: Iterable[tuple[Token, Terms, Line]]) -> dict[Token, Total]:
    """What these lines come to, for each token in which they are paid."""
    found: dict[Token, Total] = {}
    for token, terms, line in lines:
        so_far = found.get(token, Total())
        found[token] = Total(
            price=BaseUnits(so_far.price + terms.amount), held=BaseUnits(so_far.held + line.held)
        )
    return found
