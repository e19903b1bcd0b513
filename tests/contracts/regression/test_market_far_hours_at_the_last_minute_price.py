"""One hour that began at once made 159 hours eight weeks ahead cost a tenth.

The first hour made the price of all. Now the last one does.
"""

from tests.support.capacity import FIRST, Capacity, start_of
from tests.support.deals import HOUR
from tests.support.lines import Books


def test_a_near_hour_makes_no_far_hour_cheap(capacity: Capacity, books: Books) -> None:
    offer = capacity.offer(
        hourly=100_000_000, setup=0, lastMinuteHourly=10_000_000, decayHours=48, noticeHours=0
    )
    at, far = start_of(FIRST) - 1, range(FIRST + 1_000, FIRST + 1_159)
    booking = capacity.booking([FIRST, *far], offer=offer, at=at)
    books.add(booking.deal)
    booking.send(at=at)
    assert booking.deal.amount == 160 * 100_000_000


def test_hours_together_never_cost_less_than_apart(capacity: Capacity) -> None:
    """What a buyer could gain by a near hour, it would gain without the far ones too."""
    offer = capacity.offer(hourly=1_000_000, setup=0, lastMinuteHourly=280_000, decayHours=20, noticeHours=0)
    at, hours = start_of(FIRST) - HOUR // 2, [FIRST, FIRST + 5, FIRST + 11, FIRST + 30]

    def cost(*hours: int) -> int:
        price = capacity.market.functions.priceOf(offer, len(hours), max(hours))
        capacity.chain.warp(at)
        return int(price.call())

    assert cost(*hours) > sum(cost(hour) for hour in hours)
    assert cost(hours[-1]) == 1_000_000
