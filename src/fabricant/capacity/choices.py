"""Which bookings are possible: for an operation, on an offer, beginning at any of its hours.

On one offer a booking is never better for having later hours: the price falls towards the last hour. So from
each first hour the hours follow as they come, pauses left out. Bookings that are alike but for their begin
are one Choice.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from fabricant.capacity.jobs import Available, Job, Operation
from fabricant.domain.capacity import HourPattern, earliest_hour, latest_hour, price
from fabricant.domain.escrow import NO_HASH, bond
from fabricant.domain.units import ZERO_ADDRESS, BaseUnits, HourIndex, UnixSeconds


@dataclass(frozen=True, slots=True)
class Choice:
    """Bookings of one length and price on one offer. Times are hour indices.

    `begins`: when the material is needed, which is after the setup hours; `works`: hours from there to the
    end of the last one; `takes`: until the goods are due.
    """

    available: Available
    count: int  # hours, setup counted
    price: BaseUnits
    works: int
    begins: tuple[int, ...]

    @property
    def takes(self) -> int:
        """Hours from the begin until the goods are due."""
        return self.works + self.available.offer.delivery_hours

    def hours(self, begin: int) -> HourPattern:
        """The hours of the booking that begins its work then."""
        free = self.available.free
        start = free.index(HourIndex(begin - self.available.offer.setup_hours))
        return HourPattern.of(free[start : start + self.count])


def choices(job: Job, operation: Operation, available: Available, *, at: UnixSeconds) -> list[Choice]:
    """Every booking for an operation on an offer that the market would take at a time."""
    if any(True for _ in unfit(job, operation, available)):
        return []
    offer, free = available.offer, available.free
    priced = max(operation.hours, offer.min_hours)
    count = priced + offer.setup_hours
    if available.left is not None and available.left < count:
        return []
    begins: dict[tuple[BaseUnits, int], list[int]] = defaultdict(list)
    first, last = (
        max(offer.from_hour, earliest_hour(offer, at=at)),
        min(offer.until_hour - 1, latest_hour(at=at)),
    )
    for start in range(len(free) - count + 1):
        begin, end = free[start], free[start + count - 1]
        if begin < first or end - begin >= offer.max_span:
            continue
        if end > last:
            break
        if free[start + offer.setup_hours] != begin + offer.setup_hours:  # setup goes over into the work
            continue
        cost = price(offer, priced, end, at=at)
        if available.deposit is not None and bond(cost, available.conditions) > available.deposit:
            continue
        begins[cost, end + 1 - begin - offer.setup_hours].append(begin + offer.setup_hours)
    return [Choice(available, count, cost, works, tuple(found)) for (cost, works), found in begins.items()]


def unfit(job: Job, operation: Operation, available: Available) -> Iterator[str]:
    """Why an offer is not for an operation, whatever the hours."""
    offer = available.offer
    if offer.process != operation.process:
        yield "process"
    if offer.token != job.token.address:
        yield "token"
    if operation.machines is not None and offer.machine not in operation.machines:
        yield "machine"
    yield from sorted(operation.requires - available.attributes)
    if offer.max_assets < operation.assets:
        yield "registered products"
    if operation.documents != NO_HASH and not available.conditions.has_resign_period:
        yield "documents"
    if offer.buyer not in (ZERO_ADDRESS, job.buyer) or job.buyer in (offer.supplier, offer.arbiter):
        yield "buyer"


def all_choices(job: Job, available: Sequence[Available], *, at: UnixSeconds) -> list[list[Choice]]:
    """The choices for each operation of a job."""
    return [
        [choice for each in available for choice in choices(job, operation, each, at=at)]
        for operation in job.routing
    ]
