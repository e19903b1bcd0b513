"""What a supplier's agent may quote, as its owner writes it: a TOML file."""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Final, NamedTuple
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field

from fabricant.domain.assets import AssetId
from fabricant.domain.capacity import Offer, Request, shifts
from fabricant.domain.capacity.local import parse_zone
from fabricant.domain.drafts import Draft, parse_token, process_code, reads
from fabricant.domain.units import (
    COIN_NAME,
    HOUR,
    MAX_BPS,
    Address,
    BaseUnits,
    Bps,
    HourIndex,
    Token,
    UnixSeconds,
    parse_address,
    parse_bps,
    parse_decimal,
    parse_duration,
    printable,
    start_of,
)
from fabricant.errors import InvalidInput

TEMPLATE: Final = """\
# What your agent may quote for you, unattended. It signs nothing beyond this.

outbox = "quotations"                 # folder for what buyers get, beside this file
zone = "Europe/Berlin"                # of the shifts below
token = "coin"                        # address of the token in which you quote; coin: the chain's own
conditions = ["machine-time"]         # trade conditions that you accept, by name or id
valid_for = "2 days"                  # so long after the last time for quotations the buyer may award
ahead = "90 days"                     # hours farther away are not quoted
margin = "15 %"                       # of a price, above your costs; nothing is ever quoted below that
idle_discount = "10 %"                # off, when all hours that a buyer could have are free; in proportion
most_quotations = 100                 # that stand at the same time
has = ["ISO 9001"]                    # what you may say that you have
buyers = []                           # quote for these alone; empty: for anybody
trusted = []                          # whom you accept as inspector, arbiter or broker beside the buyer
unseen_documents = false              # true: quote although nobody read them, if you may decline afterwards

[[machines]]
machine = "NMW-0417"                  # its local id in your own namespace, or its asset id
process = "DIN 8580 3.2.2"            # code of the process, as requests name it
shifts = ["Mon-Fri 06:00 to 22:00"]   # hours that you sell; overnight if the end is not later
hourly = "85"                         # price of an hour, in whole tokens
setup = "120"                         # price of a job's setup
hourly_cost = "52"                    # what an hour costs you, setup hours too
setup_cost = "40"                     # what a setup costs you beside its hours
setup_hours = 2                       # at the begin of a job, not priced by the hour
delivery_hours = 72                   # goods are due so long after the last hour
max_span = 48                         # hours from a job's first to its last, setup and pauses included
# min_hours = 1                       # of a job, setup hours not counted
# notice_hours = 0                    # between award and start
# last_minute_hourly = "60"           # what an hour costs when the last one begins now; left out: as hourly
# decay_hours = 0                     # over so many hours before the last one the price falls to that
# max_assets = 0                      # registered products that a job may ask for
"""

_WEEKDAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_DAYS: Final = "|".join(_WEEKDAYS)
_SHIFT: Final = re.compile(rf"({_DAYS})(?:-({_DAYS}))? (\d\d:\d\d) to (\d\d:\d\d)", re.ASCII)


def parse_margin(text: str) -> Bps:
    """A share of a price that is above the costs. Raises InvalidInput for all of it, or no share."""
    if (share := parse_bps(text)) == MAX_BPS:
        raise InvalidInput("a margin of 100 % is no price; take less")
    return share


_Amount = Annotated[str, reads(parse_decimal)]
_Share = Annotated[str, reads(parse_bps)]
_Margin = Annotated[str, reads(parse_margin)]
_Count = Annotated[int, Field(ge=0, lt=2**16)]
_Firms = Annotated[list[Annotated[str, reads(parse_address)]], Field(default_factory=list)]


class Shift(NamedTuple):
    """The same local hours on some days of every week; overnight if `end` is not after `begin`."""

    weekdays: frozenset[int]  # Monday is 0
    begin: time
    end: time

    def hours(self, first: date, last: date, zone: ZoneInfo) -> Iterator[HourIndex]:
        """Its hours on the days from `first` to `last`.

        A shift that begins or ends at a time which comes twice or never, because clocks change, is left out.
        """
        for number in range((last - first).days + 1):
            day = first + timedelta(days=number)
            if day.weekday() in self.weekdays:
                try:
                    yield from shifts(day, day, begin=self.begin, end=self.end, zone=zone).hours
                except InvalidInput:
                    continue


def parse_shift(text: str) -> Shift:
    """A shift such as "Mon-Fri 06:00 to 22:00". Raises InvalidInput for anything else."""
    wrong = InvalidInput(f"{printable(text, 60)!r} is no shift; write it like Mon-Fri 06:00 to 22:00")
    if (match := _SHIFT.fullmatch(text)) is None:
        raise wrong
    first = _WEEKDAYS.index(match[1])
    last = _WEEKDAYS.index(match[2] or match[1])
    try:
        begin, end = time.fromisoformat(match[3]), time.fromisoformat(match[4])
    except ValueError:
        raise wrong from None
    days = frozenset((first + number) % 7 for number in range((last - first) % 7 + 1))
    return Shift(days, begin, end)


class MachineRule(BaseModel):
    """What may be quoted of a machine."""

    model_config = ConfigDict(extra="forbid", frozen=True, coerce_numbers_to_str=True)

    machine: Annotated[str, Field(min_length=1)]
    process: Annotated[str, Field(min_length=1)]
    shifts: Annotated[list[Annotated[str, reads(parse_shift)]], Field(min_length=1, max_length=21)]
    hourly: _Amount
    setup: _Amount = "0"
    hourly_cost: _Amount
    setup_cost: _Amount = "0"
    last_minute_hourly: _Amount | None = None
    decay_hours: _Count = 0
    min_hours: _Count = 1
    max_span: _Count
    setup_hours: _Count = 0
    notice_hours: _Count = 0
    delivery_hours: _Count
    max_assets: Annotated[int, Field(ge=0, le=64)] = 0

    def rates(
        self, request: Request, *, supplier: Address, machine: AssetId, token: Token, window: range
    ) -> Offer:
        """The rule as an offer of the hours of a window, which nobody signs: its price is the rule's."""
        hourly = token.parse(self.hourly)
        last_minute = self.last_minute_hourly
        return Offer(
            supplier=supplier,
            machine=machine,
            process=process_code(self.process),
            token=token.address,
            hourly=hourly,
            setup=token.parse(self.setup),
            last_minute_hourly=hourly if last_minute is None else min(hourly, token.parse(last_minute)),
            decay_hours=self.decay_hours,
            from_hour=HourIndex(window.start),
            until_hour=HourIndex(window.stop),
            min_hours=self.min_hours,
            max_span=self.max_span,
            setup_hours=self.setup_hours,
            notice_hours=self.notice_hours,
            delivery_hours=self.delivery_hours,
            max_assets=self.max_assets,
            valid_until=request.quote_by,
            nonce=0,
            conditions=request.conditions,
        )

    def cost(self, hours: int, *, token: Token) -> BaseUnits:
        """What a job of so many hours, setup counted, costs the supplier."""
        return BaseUnits(token.parse(self.setup_cost) + hours * token.parse(self.hourly_cost))

    def working(self, window: range, zone: ZoneInfo) -> frozenset[HourIndex]:
        """The hours of its shifts within a window."""
        if not window:
            return frozenset()
        first = _day(window.start, zone) - timedelta(days=1)  # a shift of the night before
        last = _day(window.stop, zone)
        found = (hour for each in self.shifts for hour in parse_shift(each).hours(first, last, zone))
        return frozenset(hour for hour in found if hour in window)


class SupplierRules(Draft):
    """What a supplier's agent may quote."""

    outbox: Annotated[str, Field(min_length=1)]
    zone: Annotated[str, reads(parse_zone)]
    token: Annotated[str, reads(parse_token)] = COIN_NAME
    conditions: Annotated[list[str], Field(min_length=1)]
    valid_for: Annotated[str, reads(parse_duration)]
    ahead: Annotated[str, reads(parse_duration)] = "90 days"
    margin: _Margin
    idle_discount: _Share = "0 %"
    most_quotations: Annotated[int, Field(ge=1, le=10_000)] = 100
    has: Annotated[list[str], Field(default_factory=list)]
    buyers: _Firms
    trusted: _Firms
    unseen_documents: bool = False
    machines: Annotated[list[MachineRule], Field(min_length=1, max_length=200)]

    def last_hour(self, at: UnixSeconds) -> HourIndex:
        """The end of the hours that are quoted at a time."""
        return HourIndex((at + parse_duration(self.ahead)) // HOUR)


def _day(hour: int, zone: ZoneInfo) -> date:
    return datetime.fromtimestamp(start_of(HourIndex(hour)), UTC).astimezone(zone).date()
