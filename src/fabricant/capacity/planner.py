"""Planning a job with CP-SAT: an offer and hours for each operation, or what would have to give.

The model has a begin for every operation and a choice of booking; precedence, transport, due date, budget,
security deposits and what offers have left are its constraints. It is exact, but that amounts of more than
twelve digits are rounded up to fit into the solver's 64 bits; the same input gives the same plan.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any, Final

from fabricant.capacity.choices import Choice, all_choices, unfit
from fabricant.capacity.jobs import Available, Job
from fabricant.domain.assets import AssetId
from fabricant.domain.capacity import CHEAPEST, EARLIEST, Goal, HourPattern, Worth
from fabricant.domain.escrow import bond
from fabricant.domain.units import (
    HOUR,
    Address,
    BaseUnits,
    HourIndex,
    Seconds,
    UnixSeconds,
    count_of,
    format_duration,
    format_time,
    start_of,
)
from fabricant.errors import FabricantError, NotFound

MINUTE: Final = Seconds(60)
_MOST: Final = 2**40  # that amounts may count together: of the solver's 2**63, times take the rest


class SolverMissing(FabricantError):
    """OR-Tools is not installed."""


class Undecided(FabricantError):
    """The time was over before there was a plan, or a proof that there is none."""


class NoPlan(NotFound):
    """No plan keeps every limit. `reliefs`: what would have to give, each by itself."""

    def __init__(self, reliefs: Sequence[str]) -> None:
        super().__init__(f"there is no such plan: {'; or '.join(reliefs)}")
        self.reliefs = tuple(reliefs)


@dataclass(frozen=True, slots=True)
class Step:
    """An operation as it is to be booked. `begin`: of its work, after setup, when the material is there."""

    available: Available
    hours: HourPattern
    price: BaseUnits
    begin: UnixSeconds
    due_by: UnixSeconds


@dataclass(frozen=True, slots=True)
class Plan:
    """A step for each operation. `arrives`: when the goods are at the buyer's at the latest.

    `is_best`: whether it was proven that no plan is better; else the time was over.
    """

    steps: tuple[Step, ...]
    price: BaseUnits
    arrives: UnixSeconds
    is_best: bool


def plan(
    job: Job,
    available: Sequence[Available],
    *,
    at: UnixSeconds,
    goal: Goal = CHEAPEST,
    limit: Seconds = MINUTE,
) -> Plan:
    """The best plan for a job on these offers, at the prices of a time. Sends nothing.

    `limit`: how long to look for a better plan. Raises NoPlan with what would have to give, Undecided,
    SolverMissing.
    """
    options = all_choices(job, available, at=at)
    missing = [*_missing(job, available, options)]
    if missing:
        raise NoPlan(missing)

    def solve(job: Job, options: list[list[Choice]], goal: Goal) -> Plan | None:
        return _Model(job, options, goal).solve(limit)

    if found := solve(job, options, goal):
        return found
    raise NoPlan([*_reliefs(job, available, options, at, solve)])


# What would have to give


def _missing(job: Job, available: Sequence[Available], options: list[list[Choice]]) -> Iterator[str]:
    """For the operations that can't be booked at all: why."""
    for operation, found in zip(job.routing, options, strict=True):
        if found:
            continue
        same = [each for each in available if each.offer.process == operation.process]
        lacks = Counter(lack for each in same for lack in unfit(job, operation, each))
        fit = sum(not any(True for _ in unfit(job, operation, each)) for each in same)
        if not same:
            yield f"nobody offers the process of {operation.name}"
        elif fit:
            yield (
                f"for {operation.name}, {count_of(fit, 'offer')} would do, but none has "
                f"{count_of(operation.hours, 'hour')} left within its span and a deposit for them"
            )
        else:
            told = ", ".join(f"{lack} ({number})" for lack, number in sorted(lacks.items()))
            yield f"of offers for {operation.name}, {len(same)} in all, none fits: {told}"


_Solve = Callable[[Job, list[list[Choice]], Goal], Plan | None]


def _reliefs(
    job: Job, available: Sequence[Available], options: list[list[Choice]], at: UnixSeconds, solve: _Solve
) -> Iterator[str]:
    """What would make a plan possible: a later due date, a higher budget, fewer demands, other hours."""
    patient = replace(job, due_by=_NEVER)
    rich = replace(job, budget=None)
    late = solve(patient, options, EARLIEST)
    dear = solve(rich, options, CHEAPEST) if job.budget is not None else None
    if late:
        wait = format_duration(Seconds(late.arrives - job.due_by))
        yield f"the goods arrive at {format_time(late.arrives)}, {wait} late"
    if dear:
        above = BaseUnits(dear.price - (job.budget or 0))
        yield f"they cost {job.token.format(dear.price)}, {job.token.format(above)} above the budget"
    if not late and not dear:
        both = solve(replace(patient, budget=None), options, EARLIEST)
        yield _both(job, both) if both else _stuck(job, options, solve)
    for number, operation in enumerate(job.routing):
        if operation.requires or operation.machines is not None:
            freed = replace(operation, requires=frozenset(), machines=None)
            easier = replace(job, routing=(*job.routing[:number], freed, *job.routing[number + 1 :]))
            if solve(easier, all_choices(easier, available, at=at), CHEAPEST):
                yield f"anybody may do {operation.name}"


_NEVER: Final = UnixSeconds(2**40 - 1)


def _both(job: Job, found: Plan) -> str:
    return f"the goods arrive at {format_time(found.arrives)} and cost {job.token.format(found.price)}"


def _stuck(job: Job, options: list[list[Choice]], solve: _Solve) -> str:
    """The first operation that finds no hours after those before it."""
    since = job.begin
    for number, operation in enumerate(job.routing):
        begun = replace(job, routing=job.routing[: number + 1], due_by=_NEVER, budget=None)
        if not (found := solve(begun, options[: number + 1], EARLIEST)):
            return f"somebody offers hours for {operation.name} after {format_time(since)}"
        since = found.steps[-1].due_by
    raise AssertionError("the whole routing was impossible")


# The model


class _Scale:
    """Amounts as numbers that a solver can add up: exact if their total has twelve digits or fewer."""

    def __init__(self, amounts: Iterable[int], total: int) -> None:
        self._unit = max(1, math.gcd(*amounts))
        while total // self._unit >= _MOST:
            self._unit *= 2

    def up(self, amount: int) -> int:
        """What an amount counts."""
        return -(-amount // self._unit)

    def limit(self, amount: int) -> int:
        """What a limit counts. More than there can be is no limit."""
        return min(amount // self._unit, 2 * _MOST)


class _Model:
    """A job as CP-SAT sees it. Times are hours from the job's begin."""

    def __init__(self, job: Job, options: list[list[Choice]], goal: Goal) -> None:
        self._cp = _cp_model()
        self._model = self._cp.CpModel()
        self._job, self._options = job, options
        self._base = -(-job.begin // HOUR)
        self._last = (
            max((choice.begins[-1] + choice.takes for found in options for choice in found), default=0)
            - self._base
            + max((job.transport.usual, *job.transport.between.values()))
        )
        self._chosen = [[self._model.new_bool_var("") for _ in found] for found in options]
        self._begins = [self._model.new_int_var(0, max(0, self._last), "") for _ in options]
        for number in range(len(options)):
            self._choose(number)
        self._arrives = self._follow()
        self._share_machines()
        self._share_offers()
        self._share_deposits()
        self._aim(goal)

    def solve(self, limit: Seconds) -> Plan | None:
        """The best plan, None if there is none. Raises Undecided."""
        solver = self._cp.CpSolver()
        parameters = solver.parameters
        parameters.num_workers, parameters.random_seed = 1, 0  # the same input, the same plan
        parameters.linearization_level = 0  # two to five times faster here: benchmarks/planner.py
        parameters.max_time_in_seconds, parameters.catch_sigint_signal = float(limit), False
        with ThreadPoolExecutor(1) as pool:
            solving = pool.submit(solver.solve, self._model)
            try:
                status = solving.result()
            except KeyboardInterrupt:
                solver.stop_search()
                raise
        if status == self._cp.INFEASIBLE:
            return None
        if status not in (self._cp.OPTIMAL, self._cp.FEASIBLE):
            raise Undecided(f"no plan was found in {format_duration(limit)}; allow more time")
        chosen = [
            next(
                choice.available for choice, takes in self._options_of(number) if solver.boolean_value(takes)
            )
            for number in range(len(self._options))
        ]
        return self._plan(chosen, is_best=status == self._cp.OPTIMAL)

    def _choose(self, number: int) -> None:
        """One booking for an operation, at one of its times."""
        self._model.add_exactly_one(self._chosen[number])
        for choice, chosen in self._options_of(number):
            times = self._cp.Domain.from_values([begin - self._base for begin in choice.begins])
            self._model.add_linear_expression_in_domain(self._begins[number], times).only_enforce_if(chosen)

    def _follow(self) -> Any:
        """Each operation has its material when it begins. Returns when the buyer has the goods."""
        job = self._job
        buyer = {job.buyer: self._model.new_constant(1)}
        arrives: Any = 0
        before: dict[Address, Any] = buyer
        for number, begins in enumerate(self._begins):
            at = self._suppliers(number)
            self._model.add(begins >= arrives + self._way(before, at))
            arrives, before = begins + self._total(number, lambda choice: choice.takes), at
        due = job.due_by // HOUR - self._base
        return self._variable(arrives + self._way(before, buyer), most=min(due, self._last))

    def _suppliers(self, number: int) -> dict[Address, Any]:
        """Who may do an operation, and whether it does."""
        by: dict[Address, list[Any]] = defaultdict(list)
        for choice, chosen in self._options_of(number):
            by[choice.available.offer.supplier].append(chosen)
        return {supplier: self._sum((1, each) for each in chosen) for supplier, chosen in by.items()}

    def _way(self, sources: dict[Address, Any], targets: dict[Address, Any]) -> Any:
        """The hours on the way from the one that does to the one that does."""
        hours = self._job.transport.hours
        longest = max(hours(source, target) for source in sources for target in targets)
        way = self._model.new_int_var(0, longest, "")
        for source, leaves in sources.items():
            to = self._sum((hours(source, target), reaches) for target, reaches in targets.items())
            self._model.add(way >= to - longest + longest * leaves)
        return way

    def _share_machines(self) -> None:
        """A machine is not set up for an operation while it does another."""
        done = [
            begins + self._total(number, lambda choice: choice.works)
            for number, begins in enumerate(self._begins)
        ]
        for later, begins in enumerate(self._begins):
            starts = begins - self._total(later, lambda choice: choice.available.offer.setup_hours)
            set_up = self._machines(later, lambda choice: choice.available.offer.setup_hours > 0)
            for earlier in range(later):
                uses = self._machines(earlier, lambda _: True)
                for machine in set_up.keys() & uses.keys():
                    both = self._any(uses[machine]), self._any(set_up[machine])
                    self._model.add(starts >= done[earlier]).only_enforce_if(*both)

    def _machines(self, number: int, counts: Callable[[Choice], bool]) -> dict[AssetId, list[Any]]:
        on: dict[AssetId, list[Any]] = defaultdict(list)
        for choice, chosen in self._options_of(number):
            if counts(choice):
                on[choice.available.offer.machine].append(chosen)
        return on

    def _share_offers(self) -> None:
        """An offer with a total sells no more."""
        uses: dict[int, list[tuple[int, Any]]] = defaultdict(list)
        limits: dict[int, int] = {}
        for choice, chosen in self._all():
            if choice.available.left is not None:
                uses[id(choice.available)].append((choice.count, chosen))
                limits[id(choice.available)] = choice.available.left
        for key, used in uses.items():
            self._model.add(self._sum(used) <= limits[key])

    def _share_deposits(self) -> None:
        """A supplier has the security deposits for all that is booked with it."""
        locks: dict[Address, list[tuple[int, Any]]] = defaultdict(list)
        has: dict[Address, int] = {}
        for choice, chosen in self._all():
            supplier, deposit = choice.available.offer.supplier, choice.available.deposit
            if deposit is not None:
                locks[supplier].append((bond(choice.price, choice.available.conditions), chosen))
                has[supplier] = deposit
        for supplier, bonds in locks.items():
            most = len(self._options) * max(amount for amount, _ in bonds)
            scale = _Scale((amount for amount, _ in bonds), most)
            locked = self._sum((scale.up(amount), chosen) for amount, chosen in bonds)
            self._model.add(locked <= scale.limit(has[supplier]))

    def _aim(self, goal: Goal) -> None:
        """The budget, and what makes a plan better."""
        worth = goal.hour if isinstance(goal, Worth) else 0
        dearest = sum(max(choice.price for choice in found) for found in self._options)
        scale = _Scale((worth, *(choice.price for choice, _ in self._all())), dearest + worth * self._last)
        prices = [(scale.up(choice.price), chosen) for choice, chosen in self._all()]
        if self._job.budget is not None:
            self._model.add(self._sum(prices) <= scale.limit(self._job.budget))
        if isinstance(goal, Worth):  # the sooner of equals: a coin counts more than all hours
            coin, hour = self._last + 1, scale.up(worth) * (self._last + 1) + 1
        else:
            coin, hour = 1, scale.up(dearest) + len(self._options)
        aim = [(coin * price, chosen) for price, chosen in prices]
        self._model.minimize(self._sum([*aim, (hour, self._arrives)]))

    def _variable(self, value: Any, *, most: int) -> Any:
        """A variable that has a value, which is no more than `most`."""
        variable = self._model.new_int_var(0, max(0, most), "")
        self._model.add(variable == value)
        return variable

    def _any(self, chosen: Sequence[Any]) -> Any:
        """Whether one of these is chosen."""
        return self._variable(self._sum((1, each) for each in chosen), most=1)

    def _total(self, number: int, measure: Callable[[Choice], int]) -> Any:
        """A measure of what is chosen for an operation."""
        return self._sum((measure(choice), chosen) for choice, chosen in self._options_of(number))

    def _sum(self, terms: Iterable[tuple[int, Any]]) -> Any:
        factors, variables = zip(*terms, strict=True)
        return self._cp.LinearExpr.weighted_sum(variables, factors)

    def _options_of(self, number: int) -> Iterator[tuple[Choice, Any]]:
        return zip(self._options[number], self._chosen[number], strict=True)

    def _all(self) -> Iterator[tuple[Choice, Any]]:
        return chain.from_iterable(map(self._options_of, range(len(self._options))))

    def _plan(self, chosen: Sequence[Available], *, is_best: bool) -> Plan:
        """Each operation as soon as it can be on the offers that were chosen: no later one is better."""
        job, steps = self._job, list[Step]()
        ready, place = self._base, job.buyer
        done: dict[AssetId, int] = {}
        for found, available in zip(self._options, chosen, strict=True):
            offer = available.offer
            arrives = ready + job.transport.hours(place, offer.supplier)
            free = done.get(offer.machine, 0) + offer.setup_hours
            begin, choice = min(
                (begin, choice)
                for choice in found
                if choice.available is available
                for begin in choice.begins
                if begin >= max(arrives, free)
            )
            ready, place = begin + choice.takes, offer.supplier
            done[offer.machine] = begin + choice.works
            steps.append(
                Step(
                    available,
                    choice.hours(begin),
                    choice.price,
                    start_of(HourIndex(begin)),
                    start_of(HourIndex(ready)),
                )
            )
        price = BaseUnits(sum(step.price for step in steps))
        return Plan(
            tuple(steps), price, start_of(HourIndex(ready + job.transport.hours(place, job.buyer))), is_best
        )


def _cp_model() -> Any:
    try:
        from ortools.sat.python import cp_model  # noqa: PLC0415 - only who plans needs it
    except ImportError:
        raise SolverMissing(
            "planning needs OR-Tools, which is not installed; install it with `pip install fabricant[plan]`"
        ) from None
    return cp_model
