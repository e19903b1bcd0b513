"""The smallest booking took an hour of each of eight shifts, and nobody could book a whole shift any more.

Now a booking lies within the span that its offer allows.
"""

from tests.support.capacity import FIRST, SHIFT, Capacity


def test_a_small_booking_breaks_up_one_shift_at_most(capacity: Capacity) -> None:
    offer = capacity.offer(minHours=8, maxSpan=10)
    strewn = [FIRST + 8 * shift + 4 for shift in range(8)]
    booking = capacity.booking(strewn, offer=offer)
    with booking.refuses("CapacityMarket_SpanTooLong", span=57, maxSpan=10):
        booking.send()
    capacity.booking(SHIFT, offer=offer).send()
