"""Change orders in tests: the line that takes another's place, and the call that replaces it."""

from collections.abc import Mapping
from dataclasses import replace as copy_with
from typing import Any, Protocol

from fabricant.chain.answers import Receipt
from tests.support.actors import Actor
from tests.support.deals import DAY, FIELDS, NO_CONSENTS
from tests.support.disputes import outcome
from tests.support.lines import DUE_BY, FOREVER, Books, Deal, Deals, Party, address_of

LATER = DUE_BY + 100 * DAY
WORK = 300_000_000  # in progress: the supplier's share
REST = 700_000_000  # of the usual price: the buyer's share, and the usual new price
AGREED = outcome(WORK)


class Orders(Protocol):
    """A fixture: the line that is to take another's place, by default for the buyer's share."""

    def __call__(self, line: Deal, /, **changes: Any) -> Deal: ...


def change_order(deal: Deals, books: Books, line: Deal, /, **changes: Any) -> Deal:
    """The line that is to take another's place. `changes`: of terms and conditions."""
    agreed = {name: changes.pop(name) for name in tuple(changes) if name in FIELDS}
    if agreed:
        changes["conditions"] = deal.publish(line.escrow, **{**line.agreed, **agreed})
    fields = {name: value.address if isinstance(value, Actor) else value for name, value in changes.items()}
    usual: dict[str, Any] = {"amount": REST, "openBy": LATER, "dueBy": LATER}
    terms = line.successor(**usual | fields)
    new = copy_with(line, agreed={**line.agreed, **agreed}, terms=terms)
    if terms["token"] == line.terms["token"]:
        books.add(new)
    return new


def amend(
    line: Deal,
    new: Deal,
    agreed: dict[str, Any] = AGREED,
    /,
    *,
    by: Party = Actor("stranger"),  # noqa: B008 (frozen)
    payer: Party | None = None,
    at: int | None = None,
    deadline: int = FOREVER,
    consents: Mapping[str, Mapping[str, Any]] = NO_CONSENTS,
    value: int = 0,
) -> Receipt:
    """Somebody replaces the line. `consents`: instead of the parties' signatures."""
    both = {
        "buyer": line.amended(Actor("buyer"), new.terms, agreed, deadline=deadline),
        "supplier": line.amended(line.signer, new.terms, agreed, deadline=deadline),
    }
    given = NO_CONSENTS | both | ({} if consents is NO_CONSENTS else dict(consents))
    arguments = (new.terms, agreed, deadline, given, address_of(payer or by))
    return line.send("amend", *arguments, by=by, at=at, value=value)
