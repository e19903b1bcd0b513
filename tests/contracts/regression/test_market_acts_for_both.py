"""The market let one address, or one party, act for both sides: a supplier's operator booked its own offer.

`SupplierEscrow.open` refuses that (SupplierEscrow_ActsForBoth). The market is the one exception there: it
acts for both by itself. So it has to ask the same of who signed the offer and of who books.
"""

import pytest

from tests.support.actors import Actor
from tests.support.capacity import FIRST, OPEN, Capacity

BUYER, SUPPLIER, OPERATOR, AGENT = map(Actor, ("buyer", "supplier", "operator", "payee"))


@pytest.mark.parametrize(
    ("caller", "signer"),
    [
        (OPERATOR, OPERATOR),
        (BUYER, BUYER),
        (SUPPLIER, SUPPLIER),
        (AGENT, BUYER),
        (SUPPLIER, OPERATOR),
    ],
    ids=["operator of both", "buyer", "supplier", "signed by the buyer", "booked by the supplier"],
)
def test_f042_esc9_nobody_books_for_both(capacity: Capacity, caller: Actor, signer: Actor) -> None:
    for principal in (BUYER, SUPPLIER):
        for other in {BUYER, SUPPLIER, OPERATOR, AGENT} - {principal}:
            capacity.lend(principal, other, OPEN)
    booking = capacity.booking(offer=capacity.offer(hourly=0, setup=1))
    with booking.refuses("CapacityMarket_ActsForBoth", forBuyer=caller.address, forSupplier=signer.address):
        booking.send(by=caller, consent=capacity.signed(booking.offer, signer))


def test_operators_of_either_side_book(capacity: Capacity) -> None:
    """What stays allowed: each side acts by itself, or by an operator of its own."""
    capacity.lend(BUYER, AGENT, OPEN)
    capacity.lend(SUPPLIER, OPERATOR, OPEN)
    for place, (caller, signer) in enumerate(
        ((BUYER, SUPPLIER), (BUYER, OPERATOR), (AGENT, SUPPLIER), (AGENT, OPERATOR))
    ):
        booking = capacity.booking([FIRST + place])
        booking.send(by=caller, consent=capacity.signed(booking.offer, signer))
