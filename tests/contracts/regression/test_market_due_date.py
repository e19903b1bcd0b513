"""A due date beyond 40 bits wrapped: goods promised in 34,865 years were due 24 minutes after the last hour.

`deliveryHours` has 32 bits, and 2**32 hours are more seconds than a `uint40` holds; the cast cut them off.
"""

from tests.support.capacity import SHIFT, Capacity, start_of
from tests.support.deals import HOUR

LATEST = 2**40 - 1
LONGEST = LATEST // HOUR - (SHIFT[-1] + 1)  # hours for delivery that still fit


def test_f045_a_due_date_never_wraps(capacity: Capacity) -> None:
    for hours in (LONGEST + 1, 2**40 // HOUR + 1, 2**32 - 1):
        booking = capacity.booking(offer=capacity.offer(deliveryHours=hours))
        due_by = start_of(SHIFT[-1] + 1 + hours)
        with booking.refuses("CapacityMarket_DueTooLate", dueBy=due_by, latest=LATEST):
            booking.send()


def test_f045_the_last_due_date_is_booked(capacity: Capacity) -> None:
    booking = capacity.booking(offer=capacity.offer(deliveryHours=LONGEST)).sent()
    assert booking.deal.line.status == "Open"
    assert LATEST - HOUR < booking.deal.terms["dueBy"] <= LATEST
