"""docs/payoffs.md says what the domain's payoff table says, which tests compare with the contract."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from fabricant.conditions import load
from fabricant.domain.escrow import (
    Ending,
    Line,
    LineFlag,
    Outcome,
    Status,
    advance,
    arbiter_fee,
    bond,
    brokerage,
    late_intervals,
    payoff,
)
from fabricant.domain.units import BaseUnits, UnixSeconds
from tests.docs.tables import Row, table, words
from tests.docs.test_state_machines import TERMS
from tests.support.world import DAY

PAGE: Final = "payoffs.md"
PRICE: Final = BaseUnits(100_000)  # whole tokens
TOOLING: Final = load("tooling").conditions
HELD: Final = BaseUnits(70_000)
RETAINED: Final = BaseUnits(7_000)
NO_FLAGS: Final = LineFlag(0)
ACCEPTED_BEFORE: Final = LineFlag.GOODS_TO_BUYER | LineFlag.RETENTION_DISPUTED


@dataclass(frozen=True, slots=True)
class Case:
    """One row: how a line ends, and what is said of it."""

    ending: Ending
    said: str = ""
    status: Status = Status.DELIVERED
    held: BaseUnits = HELD
    flags: LineFlag = NO_FLAGS
    late: int = 0  # seconds
    outcome: Outcome | None = None
    with_penalty: bool = True

    @property
    def row(self) -> Row:
        """As the page shows it."""
        line = Line(status=self.status, flags=self.flags, held=self.held, late_intervals=self.intervals)
        paid = payoff(
            self.ending,
            line,
            amount=PRICE,
            conditions=TOOLING,
            outcome=self.outcome,
            with_penalty=self.with_penalty,
        )
        broker = brokerage(paid.to_supplier_side, TOOLING)
        returned = paid.to_buyer + paid.to_supplier_side + paid.retained - self.held
        freed = 0 if paid.retained else bond(PRICE, TOOLING) - paid.bond_to_buyer
        amounts = {
            "held": self.held,
            "supplier": paid.to_supplier_side - broker - returned,
            "broker": broker,
            "buyer": paid.to_buyer,
            "stays held": paid.retained,
            "bond to the buyer": paid.bond_to_buyer,
            "bond back": freed,
        }
        return {
            "what happens": f"{camel(self.ending)}{self.said}",
            **{name: f"{amount:,}".replace("-", "−") if amount else "" for name, amount in amounts.items()},
            "fee to": self.fee_to,
            "goods": "buyer" if paid.goods_to_buyer else "supplier",
        }

    @property
    def intervals(self) -> int:
        """Commenced intervals of delay."""
        return late_intervals(TERMS, Line(), TOOLING, at=UnixSeconds(TERMS.due_by + self.late))

    @property
    def fee_to(self) -> str:
        """Who gets the arbiter's fee; nobody, unless the line was disputed."""
        if self.status is not Status.DISPUTED:
            return ""
        return "arbiter" if self.ending is Ending.RULED else "disputant"


def camel(ending: Ending) -> str:
    """As the contract writes it."""
    return ending.name.title().replace("_", "")


def outcome(to_supplier: int, *, bond_to_buyer: int = 0, goods: bool = False) -> Outcome:
    """What is decided, in whole tokens."""
    return Outcome(
        to_supplier=BaseUnits(to_supplier), bond_to_buyer=BaseUnits(bond_to_buyer), goods_to_buyer=goods
    )


def cases() -> Iterator[Case]:
    """Every row of the example."""
    yield Case(Ending.ACCEPTED, ", in time")
    yield Case(Ending.ACCEPTED, ", fifteen days late", late=15 * DAY)
    yield Case(Ending.ACCEPTED, ", a year late", late=365 * DAY)
    yield Case(Ending.DEEMED_ACCEPTED, ", in time")
    yield Case(Ending.RETENTION_PAID, status=Status.RETAINED, held=RETAINED, flags=LineFlag.GOODS_TO_BUYER)
    again = {"status": Status.DISPUTED, "held": RETAINED, "flags": ACCEPTED_BEFORE}
    yield Case(Ending.ACCEPTED, ", in a dispute of the retention", **again)  # type: ignore[arg-type]
    yield Case(Ending.CANCELLED, status=Status.OPEN)
    yield Case(Ending.RESIGNED, ", in the resign period", status=Status.OPEN, with_penalty=False)
    yield Case(Ending.RESIGNED, ", later", status=Status.OPEN)
    yield Case(Ending.TERMINATED, status=Status.OPEN)
    ruled, settled = outcome(40_000, bond_to_buyer=5_000, goods=True), outcome(50_000)
    yield Case(Ending.RULED, ": 40,000, 5,000 of the bond, goods", status=Status.DISPUTED, outcome=ruled)
    yield Case(Ending.RULED, " on the retention: 4,000", outcome=outcome(4_000), **again)  # type: ignore[arg-type]
    yield Case(Ending.SETTLED, ": 50,000, no bond, no goods", status=Status.DISPUTED, outcome=settled)
    amended = outcome(20_000)
    yield Case(Ending.AMENDED, ": 20,000 for work in progress", status=Status.OPEN, outcome=amended)
    yield Case(Ending.DEFAULTED, status=Status.DISPUTED)


def test_the_example_is_what_the_domain_says() -> None:
    stated, right = table(PAGE, "An example", first="what happens"), [case.row for case in cases()]

    assert stated == right, "\n".join("| " + " | ".join(row.values()) + " |" for row in right)


def test_the_example_begins_as_it_says() -> None:
    paid = advance(Line(), PRICE, TOOLING)

    assert (PRICE - paid, bond(PRICE, TOOLING)) == (HELD, 15_000)
    assert (paid - brokerage(paid, TOOLING), brokerage(paid, TOOLING)) == (29_400, 600)
    assert arbiter_fee(PRICE, TOOLING) == 2_000
    assert Case(Ending.ACCEPTED).row["stays held"] == f"{RETAINED:,}"


def test_every_ending_has_its_row_in_both_tables() -> None:
    built = {camel(ending) for ending in Ending}

    ruled = {
        word.split(" ")[0] for row in table(PAGE, "Payoffs", first="ending") for word in words(row["ending"])
    }
    assert ruled == built
    assert {camel(case.ending) for case in cases()} == built
