"""A buyer used 161 hours and then cancelled, because one more hour, seven weeks later, was booked with them.

A line is due some time after its last hour, and can be cancelled until some time before it is due. Buyers
chose how far apart their hours lay, so they chose how long they could cancel. Now an offer bounds the span of
a booking, and the library signs none whose conditions let a buyer cancel when the first hour has begun.
"""

from dataclasses import asdict
from typing import Final

import pytest

from fabricant.conditions import load
from fabricant.domain.capacity import CancellableTooLate
from fabricant.domain.capacity import Offer as DomainOffer
from fabricant.domain.typed_data import snake
from tests.support.capacity import BUYER, FIRST, Capacity, Offer, start_of
from tests.support.deals import HOUR, USUAL
from tests.support.lines import Books

SHIPPED: Final = load("machine-time").conditions
LONGEST: Final = SHIPPED.cancel_notice // HOUR - 48  # with two days for the delivery


def offered(capacity: Capacity, span: int) -> Offer:
    """An offer on the conditions that ship for machine time."""
    agreed = capacity.agree(**{name: asdict(SHIPPED)[snake(name)] for name in USUAL})
    assert agreed == SHIPPED.id
    return capacity.offer(conditions=agreed, maxSpan=span, deliveryHours=48, setupHours=2, noticeHours=0)


def test_a_far_hour_does_not_keep_near_ones_cancellable(capacity: Capacity) -> None:
    offer = offered(capacity, LONGEST)
    far = FIRST + 7 * 7 * 24
    booking = capacity.booking([*range(FIRST, FIRST + 100), far], offer=offer)
    with booking.refuses("CapacityMarket_SpanTooLong", span=far - FIRST + 1, maxSpan=LONGEST):
        booking.send()


@pytest.mark.parametrize("hours", [range(LONGEST), [0, 1, 2, LONGEST - 1]])
def test_hours_that_have_begun_are_not_cancelled(
    capacity: Capacity, books: Books, hours: range | list[int]
) -> None:
    booking = capacity.booking([FIRST + hour for hour in hours], offer=offered(capacity, LONGEST)).sent()
    deal, begins = booking.deal, start_of(FIRST)
    books.add(deal)
    assert deal.cancellable_before == begins
    with deal.refuses("SupplierEscrow_TooLate", nowAt=begins, before=begins):
        deal.send("cancel", by=BUYER, at=begins)


def test_what_lets_used_hours_be_cancelled_is_not_signed(capacity: Capacity) -> None:
    def check(span: int) -> None:
        offer = offered(capacity, span)
        fields = {snake(name): value for name, value in offer.items()}
        DomainOffer(**fields).check_cancelling(SHIPPED)

    check(LONGEST)
    with pytest.raises(CancellableTooLate):
        check(LONGEST + 1)
