"""The life of a part that may be used only so much: counted over all wholes that it was ever in.

The Genealogy says when a part was in which whole, and the logbook of that whole says what its meter showed.
So a part's use is what the meters of its wholes rose by, each from the last reading before the part went in
to the first one after it came out: never less than it was. Where one of them is missing, its history has a
gap, and a part with a gap is not released.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from fabricant.domain.assets import AssetId
from fabricant.domain.logbook import Finding, Logbook, Mark, Meter, Moment, rise
from fabricant.errors import VerificationFailed


@dataclass(frozen=True, slots=True)
class Stay:
    """A part's time in a whole. `until`: None while it is there."""

    whole: AssetId
    since: Moment
    until: Moment | None = None

    def bracket(self, marks: list[Mark]) -> list[Mark]:
        """The marks from the last before it to the first after it, as far as there are any."""
        begin = max((n for n, each in enumerate(marks) if each.when < self.since), default=0)
        end = next((n for n, each in enumerate(marks) if self._is_over(each)), len(marks))
        return marks[begin : end + 1]

    def is_covered(self, marks: list[Mark]) -> bool:
        """Whether there is a mark before it, and one after it if it is over."""
        bracket = self.bracket(marks)
        begins = bool(bracket) and bracket[0].when < self.since
        return begins and (self.until is None or self._is_over(bracket[-1]))

    def _is_over(self, mark: Mark) -> bool:
        return self.until is not None and mark.when > self.until


@dataclass(frozen=True, slots=True)
class Gap:
    """A whole has no reading before the part went in, or none after it came out."""

    stay: Stay
    meter: Meter

    def __str__(self) -> str:
        return (
            f"what {self.stay.whole:#066x} counted in {self.meter.name} while the part was in it is unknown"
        )


@dataclass(frozen=True, slots=True)
class NoLimit:
    """The issuer states no limit."""

    def __str__(self) -> str:
        return "its issuer states no limit"


@dataclass(frozen=True, slots=True)
class LifeOver:
    """Nothing is left; the limit is exceeded by `over` whole units, or reached."""

    meter: Meter
    over: int

    def __str__(self) -> str:
        return f"its {self.meter.name} are used up, and {self.over:,} more"


Reason = Finding | Gap | NoLimit | LifeOver


class NotReleasable(VerificationFailed):
    """A part must not be installed, for these reasons."""

    def __init__(self, reasons: tuple[Reason, ...]) -> None:
        super().__init__(f"the part must not be installed: {'; '.join(map(str, reasons))}")
        self.reasons = reasons


@dataclass(frozen=True, slots=True)
class ServiceLife:
    """A part's own logbook, its stays in order, and the logbooks of the wholes that it was in."""

    book: Logbook
    stays: tuple[Stay, ...]
    wholes: Mapping[AssetId, Logbook]

    def used(self, meter: Meter) -> int:
        """What it was used in all its stays, in whole units; too little only if there are gaps."""
        return sum(self.used_in(stay, meter) for stay in self.stays)

    def used_in(self, stay: Stay, meter: Meter) -> int:
        """The same in one stay."""
        return rise(stay.bracket(self.wholes[stay.whole].marks(meter)))

    def remaining(self) -> dict[Meter, int]:
        """What is left below each limit, in whole units; negative if it is exceeded."""
        return {meter: limit - self.used(meter) for meter, limit in self.book.limits.items()}

    def release(self) -> dict[Meter, int]:
        """What is left of a part that may be installed, in whole units. Raises NotReleasable."""
        if reasons := self.reasons():
            raise NotReleasable(reasons)
        return self.remaining()

    def reasons(self) -> tuple[Reason, ...]:
        """Why the part must not be installed; none if it may."""
        remaining = self.remaining()
        over = (LifeOver(meter, -left) for meter, left in remaining.items() if left <= 0)
        doubts = (each for meter in remaining for each in self._doubts(meter))
        found = (*self.book.findings, *doubts, *over)
        return tuple(dict.fromkeys(found)) if remaining else (*found, NoLimit())

    def _doubts(self, meter: Meter) -> Iterator[Reason]:
        for stay in self.stays:
            book = self.wholes[stay.whole]
            marks = book.marks(meter)
            bracket = stay.bracket(marks)
            if not stay.is_covered(marks):
                yield Gap(stay, meter)
            for finding in book.findings:
                if bracket and bracket[0].when <= finding.when <= bracket[-1].when:
                    yield finding
