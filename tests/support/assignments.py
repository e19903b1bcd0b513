"""Assigned lines in tests: the supplier sells what is due to it, and the payee signed that it takes it."""

from collections.abc import Mapping
from typing import Any

from fabricant.chain.answers import Receipt
from tests.support.actors import Actor
from tests.support.lines import FOREVER, OPENING, SUPPLIER, Deal, Party, address_of

PAYEE, NEXT = Actor("payee"), Actor("owner")
DEADLINE = OPENING + 200 * 24 * 3600
ASSIGNED = 2  # the flag


def assign(
    line: Deal,
    payee: Party = PAYEE,
    *,
    by: Party = SUPPLIER,
    at: int | None = None,
    deadline: int = DEADLINE,
    consent: Mapping[str, Any] | None = None,
) -> Receipt:
    """The supplier assigns the line, and the payee, an actor, signed, unless the test says otherwise."""
    if consent is None:
        assert isinstance(payee, Actor)
        consent = line.assigned(payee, deadline=deadline)
    return line.send("assign", address_of(payee), deadline, consent, by=by, at=at)


def reassign(line: Deal, seller: Actor, payee: Actor, *, deadline: int = FOREVER) -> Receipt:
    """A payee assigns the line further."""
    return assign(line, payee, by=seller, deadline=deadline)
