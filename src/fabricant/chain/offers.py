"""Offers before they are booked: whether one still stands, which hours are free, what a booking would cost.

Everything is checked here first, by the market's own rules and in its order, so that a refusal comes as a
sentence and before anything is signed. What only the chain can know is asked of it.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final, TypeVar

from fabricant.chain.errors import ContractError
from fabricant.chain.fabricant import Fabricant
from fabricant.chain.lookup import token_of
from fabricant.domain.assets import AssetId, Standing
from fabricant.domain.capacity import (
    HourPattern,
    Offer,
    OfferId,
    OfferSoldOut,
    Order,
    check_free,
    check_order,
    check_seller,
    check_sold,
    earliest_hour,
    latest_hour,
    sold_by,
)
from fabricant.domain.directory import Role
from fabricant.domain.escrow import Conditions, Consent, LineId, Terms, bond
from fabricant.domain.units import (
    ZERO_ADDRESS,
    Address,
    BaseUnits,
    HourIndex,
    count_of,
    format_amount,
    to_whole,
)
from fabricant.errors import FabricantError, InsufficientFunds, InvalidInput, NotFound

T = TypeVar("T")

ANY_PRICE: Final = BaseUnits(2**128 - 1)  # the limit of who sets none


@dataclass(frozen=True, slots=True)
class OfferReport:
    """An offer as it stands now. `problems` are why nobody can book on it; there are none if somebody can.

    `warnings` are what its supplier should know. `free`: hours of it that can be booked, in order; `left`:
    hours until its total is sold, None without a total.
    """

    id: OfferId
    offer: Offer
    consent: Consent
    conditions: Conditions | None
    machine: Standing | None
    free: tuple[HourIndex, ...]
    left: int | None
    problems: tuple[FabricantError, ...]
    warnings: tuple[FabricantError, ...]


@dataclass(frozen=True, slots=True)
class Quote:
    """What booking an order on an offer would lead to, at the time of the newest block.

    If the price falls until the booking is mined, `price`, `terms` and `line` are those of a moment ago.
    """

    order: Order
    price: BaseUnits
    terms: Terms
    line: LineId
    conditions: Conditions


def examine(fabricant: Fabricant, offer: Offer, consent: Consent) -> OfferReport:
    """Whether an offer can be booked: signature, validity, machine, hours, conditions. Sends nothing."""
    market, now = fabricant.capacity, fabricant.network.head().timestamp
    problems: list[FabricantError] = []
    warnings: list[FabricantError] = []
    _collect(problems, lambda: market.simulate(market.publish, offer, consent))
    conditions = _collect(problems, lambda: fabricant.escrow.conditions_of(offer.conditions))
    if conditions is not None and not problems:
        _collect(problems, lambda: offer.check_bookable(conditions, at=now))
    machine = _collect(problems, lambda: fabricant.assets.standing_of(offer.machine))
    begin = max(offer.from_hour, earliest_hour(offer, at=now))
    end = min(offer.until_hour, latest_hour(at=now) + 1)
    unsold = market.free_hours(offer.machine, HourIndex(begin), HourIndex(end)) if begin < end else ()
    free = unsold if machine is None else sold_by(machine, offer.supplier, unsold)
    left = offer.total_hours - market.sold_hours(market.offer_id(offer)) if offer.total_hours else None
    _collect(problems, lambda: _check_left(offer, free or unsold, left))
    if machine is not None and unsold:
        some = HourPattern.of((free or unsold)[:1])
        _collect(problems, lambda: check_seller(machine, offer.supplier, some))
    _collect(problems, lambda: check_ready(fabricant, offer.supplier))
    if conditions is not None:
        _collect(problems, lambda: _check_bond(fabricant, offer, conditions))
        _collect(warnings, lambda: offer.check_cancelling(conditions))
    return OfferReport(
        market.offer_id(offer),
        offer,
        consent,
        conditions,
        machine,
        free,
        left,
        tuple(problems),
        tuple(warnings),
    )


def quote(fabricant: Fabricant, offer: Offer, order: Order) -> Quote:
    """What booking would cost now, and which line it would open. Sends nothing.

    The order's limit is lowered to the price, which can only fall. Raises BrokenOffer, BrokenOrder, NotFound
    for unpublished conditions, AssetRegistry_UnknownAsset, InvalidInput as `check_ready`.
    """
    market, now = fabricant.capacity, fabricant.network.head().timestamp
    conditions = fabricant.escrow.conditions_of(offer.conditions)
    price = check_order(offer, order, conditions, at=now)
    _check_hours(fabricant, offer, order.hours)
    for party in (order.buyer, offer.supplier):
        check_ready(fabricant, party)
    limited = replace(order, max_price=price)
    terms = market.terms_of(offer, limited, amount=price)
    terms.check(conditions, at=now, escrow=fabricant.deployment.escrow)
    return Quote(limited, price, terms, fabricant.escrow.line_id(terms), conditions)


def price_of(fabricant: Fabricant, offer: Offer, hours: HourPattern) -> BaseUnits:
    """What these hours cost now, whoever books them. Sends nothing.

    Raises BrokenOffer or BrokenOrder, as booking them would.
    """
    conditions = fabricant.escrow.conditions_of(offer.conditions)
    somebody = Order(buyer=offer.buyer, max_price=ANY_PRICE, salt=0, hours=hours)
    price = check_order(offer, somebody, conditions, at=fabricant.network.head().timestamp)
    _check_hours(fabricant, offer, hours)
    return price


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What somebody looks for in published offers; None: anything. `highest` is in whole tokens an hour."""

    supplier: Address | None = None
    machine: AssetId | None = None
    processes: frozenset[bytes] | None = None
    token: Address | None = None
    highest: Decimal | None = None
    hours: HourPattern | None = None
    buyer: Address | None = None


def search(fabricant: Fabricant, wanted: Wanted, *, broken: bool = False) -> list[OfferReport]:
    """The published offers that somebody can book and that are as wanted, the cheapest hour first.

    `broken`: also those that nobody can book any more. Sends nothing.
    """
    since = fabricant.deployment.first_block
    published = fabricant.capacity.offers(supplier=wanted.supplier, machine=wanted.machine, since=since)
    latest = {event.id: event for _, event in published if _is_wanted(fabricant, event.offer, wanted)}
    reports = [examine(fabricant, event.offer, event.consent) for event in latest.values()]
    hours = set() if wanted.hours is None else set(wanted.hours.hours)
    found = [each for each in reports if (broken or not each.problems) and hours <= set(each.free)]
    return sorted(found, key=lambda each: (each.offer.token, each.offer.hourly))


def _is_wanted(fabricant: Fabricant, offer: Offer, wanted: Wanted) -> bool:
    if wanted.processes is not None and offer.process not in wanted.processes:
        return False
    if wanted.token not in (None, offer.token):
        return False
    if wanted.buyer is not None and offer.buyer not in (ZERO_ADDRESS, wanted.buyer):
        return False
    if wanted.highest is None:
        return True
    return to_whole(offer.hourly, token_of(fabricant, offer.token).decimals) <= wanted.highest


def check_ready(fabricant: Fabricant, party: Address) -> None:
    """Raises InvalidInput unless a party has let the market open lines for it, as it has to once."""
    market = fabricant.deployment.capacity
    if not fabricant.directory.may_act(party, market, Role.OPEN):
        raise InvalidInput(
            f"{party} has not made the market its operator yet: it has to run, once, "
            "`fabricant directory operator set market --roles OPEN --until forever`"
        )


def _check_hours(fabricant: Fabricant, offer: Offer, hours: HourPattern) -> None:
    """What only the chain knows of an offer's hours: whether they are left, free, and the supplier's."""
    market = fabricant.capacity
    check_sold(offer, hours, market.sold_hours(market.offer_id(offer)))
    end = HourIndex(hours.last + 1)
    check_free(hours, [*market.calendar_of(offer.machine, hours.first, end).values()])
    check_seller(fabricant.assets.standing_of(offer.machine), offer.supplier, hours)


def _check_left(offer: Offer, free: tuple[HourIndex, ...], left: int | None) -> None:
    fewest = max(1, offer.min_hours) + offer.setup_hours
    if left is not None and left < fewest:
        has = count_of(left, "hour")
        raise OfferSoldOut(f"the offer has {has} left, and a booking has at least {fewest}")
    if len(free) < fewest:
        raise OfferSoldOut(f"hours of it that are free: {len(free)}; a booking has at least {fewest}")


def _check_bond(fabricant: Fabricant, offer: Offer, conditions: Conditions) -> None:
    smallest = BaseUnits(offer.setup + max(1, offer.min_hours) * offer.last_minute_hourly)
    needed = bond(smallest, conditions)
    has = fabricant.escrow.free_balance_of(offer.supplier, offer.token)
    if has < needed:
        token = token_of(fabricant, offer.token)
        missing = format_amount(BaseUnits(needed - has), token.decimals)
        raise InsufficientFunds(
            f"{offer.supplier} has {token.format(has)} of free balance in the escrow, and the smallest "
            f"booking locks {token.format(needed)} as security deposit; it has to run "
            f"`fabricant order deposit {missing} --token {token.argument}`"
        )


def _collect(problems: list[FabricantError], check: Callable[[], T]) -> T | None:
    try:
        return check()
    except (ContractError, InvalidInput, NotFound, InsufficientFunds) as problem:
        problems.append(problem)
        return None
