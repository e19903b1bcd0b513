"""What a supplier's agent answers to a request: the price and the hours, or why it does not quote.

Nothing here asks the chain or signs. The price is that of the supplier's rates, by the market's own formula;
less a discount for idle hours; at most what the buyer said that it may cost; and never below the costs with
the margin, whatever the rest would make it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from fabricant.agents.supplier_rules import MachineRule, SupplierRules
from fabricant.capacity.choices import choices, unfit
from fabricant.capacity.jobs import Available, Job, Operation
from fabricant.domain.assets import AssetId
from fabricant.domain.capacity import CHEAPEST, Booking, Request, tender_of
from fabricant.domain.capacity.local import parse_zone
from fabricant.domain.drafts import process_code
from fabricant.domain.escrow import NO_HASH, Conditions, ConditionsId, Consent, bond
from fabricant.domain.units import (
    HOUR,
    MAX_BPS,
    ZERO_ADDRESS,
    Address,
    BaseUnits,
    HourIndex,
    Token,
    UnixSeconds,
    format_time,
    parse_bps,
    parse_duration,
    printable,
    start_of,
)

_UNSIGNED = Consent(ZERO_ADDRESS, (), b"")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shop:
    """What a supplier's agent knows when it looks at a request. `accepted`: the conditions of its rules."""

    at: UnixSeconds
    supplier: Address
    rules: SupplierRules
    token: Token
    accepted: frozenset[ConditionsId]
    deposit: BaseUnits  # free balance in the escrow, for security deposits


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineHours:
    """A machine of the rules, and those of its hours that are neither taken nor another's to sell."""

    rule: MachineRule
    machine: AssetId
    free: frozenset[HourIndex]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What is quoted: hours of a machine for a price, due at a time, to be awarded before another."""

    booking: Booking
    price: BaseUnits
    least: BaseUnits  # the costs with the margin
    due_by: UnixSeconds
    valid_until: UnixSeconds


def unsuitable(shop: Shop, request: Request, conditions: Conditions | None) -> Iterator[str]:
    """Why a request is not answered, whatever hours are free. `conditions`: None if nobody published them."""
    rules = shop.rules
    if request.process not in {process_code(each.process) for each in rules.machines}:
        yield "another process"
        return
    if shop.at >= request.quote_by:
        yield f"quotations were to come by {format_time(request.quote_by)}"
    if request.token != shop.token.address:
        yield "another token"
    if conditions is None or request.conditions not in shop.accepted:
        yield "other trade conditions"
    if not request.machine_hours:
        yield "it asks for no machine-hours"
    yield from _strangers(shop, request)
    yield from _papers(rules, request, conditions)


def _strangers(shop: Shop, request: Request) -> Iterator[str]:
    if request.buyer == shop.supplier or (shop.rules.buyers and request.buyer not in shop.rules.buyers):
        yield f"{request.buyer} is none of the buyers in the rules"
    usual = (ZERO_ADDRESS, *shop.rules.trusted)
    known = {"inspector": (request.buyer, *usual), "arbiter": usual, "broker": usual}
    yield from (
        f"its {role} is not trusted" for role, whom in known.items() if getattr(request, role) not in whom
    )


def _papers(rules: SupplierRules, request: Request, conditions: Conditions | None) -> Iterator[str]:
    tender = tender_of(request)
    unread = request.documents if tender is None else tender.documents
    declinable = conditions is not None and conditions.has_resign_period
    if unread != NO_HASH and not (rules.unseen_documents and declinable):
        yield "nobody has read its documents"
    if tender is not None and (missing := sorted(tender.requires - set(rules.has))):
        yield f"it requires {', '.join(map(printable, missing))}"


def window(shop: Shop, request: Request) -> range:
    """The hours that a job may take: as the request wants them, and not farther ahead than the rules go."""
    end = min(request.until_hour, shop.rules.last_hour(shop.at))
    return range(min(request.from_hour, end), end)


def answer(
    shop: Shop, request: Request, machines: Sequence[MachineHours], conditions: Conditions
) -> Answer | str:
    """The best answer by the buyer's published rule, else the cheapest; or why there is none."""
    tender = tender_of(request)
    goal = CHEAPEST if tender is None else tender.award
    found = [each for machine in machines for each in _answers(shop, request, machine, conditions)]
    answers = [each for each in found if isinstance(each, Answer)]
    if not answers:
        return "; ".join(dict.fromkeys(each for each in found if isinstance(each, str)))
    return min(answers, key=lambda each: goal.measure(each.price, each.due_by))


def _answers(
    shop: Shop, request: Request, machine: MachineHours, conditions: Conditions
) -> Iterator[Answer | str]:
    """What could be quoted of a machine, or why a job on it can't be."""
    rule, rules, token = machine.rule, shop.rules, shop.token
    hours = window(shop, request)
    working = rule.working(hours, parse_zone(rules.zone))
    free = sorted(working & machine.free)
    rates = rule.rates(request, supplier=shop.supplier, machine=machine.machine, token=token, window=hours)
    operation = Operation(
        name=rule.machine, process=request.process, hours=request.machine_hours, assets=request.assets
    )
    job = Job(
        buyer=request.buyer, token=token, routing=(operation,), begin=request.quote_by, due_by=request.due_by
    )
    available = Available(offer=rates, consent=_UNSIGNED, conditions=conditions, free=tuple(free))
    if wrong := [*unfit(job, operation, available)]:
        yield from (f"{rule.machine}: other {each}" for each in wrong if each != "process")
        return
    commission = 0 if request.broker == ZERO_ADDRESS else conditions.broker_bps
    if (share := parse_bps(rules.margin) + commission) >= MAX_BPS:
        yield f"{rule.machine}: margin and commission leave nothing of any price"
        return
    valid_until = UnixSeconds(request.quote_by + parse_duration(rules.valid_for))
    possible = choices(job, operation, available, at=valid_until)
    if not possible:
        yield f"{rule.machine}: not enough hours are free"
    for choice in possible:
        begin = choice.begins[0]
        due_by = start_of(HourIndex(begin + choice.takes))
        least = _above(rule.cost(choice.count, token=token), share)
        discount = choice.price * parse_bps(rules.idle_discount) * len(free) // (MAX_BPS * len(working))
        price = max(least, BaseUnits(choice.price - discount))
        if request.budget:
            price = max(least, min(price, request.budget))
        locked = bond(price, conditions)
        if due_by > request.due_by:
            yield f"{rule.machine}: due {format_time(due_by)} at the earliest"
        elif request.budget and price > request.budget:
            yield f"{rule.machine}: costs and margin make {token.format(least)}, above the budget"
        elif locked > shop.deposit:
            yield (
                f"{rule.machine}: the line locks {token.format(locked)} of your free balance in the escrow, "
                f"which is {token.format(shop.deposit)}"
            )
        elif (rule.setup_hours + choice.takes) * HOUR > conditions.cancel_notice:
            yield f"{rule.machine}: the buyer could still cancel when the job has begun"
        else:
            booking = Booking(machine=machine.machine, hours=choice.hours(begin))
            yield Answer(booking=booking, price=price, least=least, due_by=due_by, valid_until=valid_until)


def _above(cost: BaseUnits, share: int) -> BaseUnits:
    """The lowest price of which at least a share, in basis points, is left above the costs."""
    return BaseUnits(-(-cost * MAX_BPS // (MAX_BPS - share)))
