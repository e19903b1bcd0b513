"""Terms that are not open yet can be withdrawn by either party, for ever."""

import pytest
from eth_utils.crypto import keccak

from tests.support.actors import Actor
from tests.support.lines import Books, Deals, Lend, Line

OPEN, ALL_BUT_OPEN = 1, 0xFFFE


@pytest.mark.parametrize("side", ["buyer", "supplier"])
@pytest.mark.parametrize("through", ["itself", "operator"])
def test_either_party_revokes(deal: Deals, books: Books, lend: Lend, side: str, through: str) -> None:
    line, by = deal(), Actor(side if through == "itself" else "operator")
    lend(Actor(side), OPEN)
    with books.moves():
        receipt = line.send("revoke", by=by)
    assert line.events(receipt) == [line.event("LineRevoked", by=by.address)]
    assert line.line == Line("Revoked", 0, 0, 0, 0, 0, 0)


@pytest.mark.parametrize("who", ["operator", "inspector", "arbiter", "broker", "stranger"])
def test_nobody_else_revokes(deal: Deals, lend: Lend, buyer: Actor, supplier: Actor, who: str) -> None:
    roles = {role: Actor(role) for role in ("inspector", "arbiter", "broker")}
    line = deal(**roles)
    lend(buyer, ALL_BUT_OPEN)
    lend(supplier, ALL_BUT_OPEN)
    with line.refuses("SupplierEscrow_NotParty", caller=Actor(who).address):
        line.send("revoke", by=Actor(who))


@pytest.mark.parametrize("status", ["Open", "Delivered", "Rejected", "Retained", "Closed", "Revoked"])
def test_only_what_never_opened_is_revoked(deal: Deals, buyer: Actor, status: str) -> None:
    line = deal(retentionBps=1 if status == "Retained" else 0).given(status)
    with line.refuses_status(status):
        line.send("revoke", by=buyer)


def test_unsound_terms_can_be_revoked(deal: Deals, buyer: Actor) -> None:
    line = deal(amount=0, conditions=keccak(text="nobody published these"), openBy=0)
    line.send("revoke", by=buyer)
    assert line.line.status == "Revoked"
