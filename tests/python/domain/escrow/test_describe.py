"""Order lines in words: what is said adds up, and fits what the line says."""

from dataclasses import replace

import pytest
from hypothesis import given

from fabricant.conditions import load
from fabricant.domain.escrow import (
    Amendment,
    Assignment,
    Conditions,
    Ending,
    Line,
    LineFlag,
    LineId,
    Outcome,
    Settlement,
    Status,
    Terms,
    bond,
)
from fabricant.domain.escrow.describe import (
    describe_amendment,
    describe_assignment,
    describe_line,
    describe_payoff,
    describe_settlement,
    describe_terms,
    foreseen,
    party_name,
)
from fabricant.domain.units import (
    ZERO_ADDRESS,
    BaseUnits,
    Seconds,
    Token,
    UnixSeconds,
    parse_address,
    parse_time,
)
from tests.python.domain import strategies

BUYER, SUPPLIER, INSPECTOR, ARBITER, BROKER, MONEY = (parse_address("0x" + digit * 40) for digit in "123456")
TUSD = Token(MONEY, "TUSD", 6)
PROTOTYPES = load("prototypes").conditions
DUE = parse_time("2027-01-25T12:00Z")
OPENED = parse_time("2027-01-04T08:00Z")
PLAIN = Terms(
    buyer=BUYER,
    supplier=SUPPLIER,
    token=MONEY,
    amount=BaseUnits(1_000_000_000),
    open_by=parse_time("2027-01-10T00:00Z"),
    due_by=DUE,
    conditions=PROTOTYPES.id,
    salt=1,
)
FULL = Terms(
    buyer=BUYER,
    supplier=SUPPLIER,
    inspector=INSPECTOR,
    arbiter=ARBITER,
    broker=BROKER,
    token=MONEY,
    amount=BaseUnits(1_000_000_000),
    open_by=parse_time("2027-01-10T00:00Z"),
    due_by=DUE,
    assets=2,
    deliverables=b"\xdd" * 32,
    documents=b"\xd0" * 32,
    order_ref=b"\x0f" * 32,
    opener=BROKER,
    conditions=PROTOTYPES.id,
    salt=1,
)


def line(status: Status, **fields: object) -> Line:
    """A line in a state."""
    return Line(status=status, since=OPENED, held=BaseUnits(800_000_000), **fields)  # type: ignore[arg-type]


def told(line: Line, *, at: UnixSeconds = OPENED) -> str:
    """How a line stands, in one text."""
    return " ".join(describe_line(PLAIN, line, PROTOTYPES, token=TUSD, at=at))


def test_plain_terms_say_who_pays_what_to_whom_and_when() -> None:
    said = describe_terms(PLAIN, PROTOTYPES, token=TUSD)

    assert said[0] == f"{BUYER} buys from {SUPPLIER} for 1000.00 TUSD."
    assert "200.00 TUSD of it is paid to the supplier at opening." in said
    assert "It must be opened before 2027-01-10 00:00 UTC, and is due at 2027-01-25 12:00 UTC." in said
    assert "The buyer inspects." in said
    assert "No registered assets are handed over." in said


def test_every_field_of_terms_is_said() -> None:
    said = " ".join(describe_terms(FULL, PROTOTYPES, token=TUSD))

    for field in (INSPECTOR, ARBITER, BROKER, "dd" * 32, "d0" * 32, "0f" * 32, "2 registered assets"):
        assert field in said
    assert f"{INSPECTOR} inspects: it alone rejects, it or the buyer accepts." in said


@pytest.mark.parametrize(
    ("status", "fields", "words"),
    [
        (Status.NONE, {}, "It is not open yet."),
        (Status.REVOKED, {}, "can never be opened"),
        (Status.OPEN, {}, "open since 2027-01-04 08:00 UTC, and due at 2027-01-25 12:00 UTC"),
        (Status.OPEN, {"extra": Seconds(86_400)}, "due at 2027-01-26 12:00 UTC"),
        (
            Status.DELIVERED,
            {},
            "arrived at 2027-01-04 08:00 UTC. From 2027-01-14 08:00 UTC, silence is acceptance",
        ),
        (Status.DELIVERED, {"late_intervals": 2}, "2 periods of delay have begun, of 7 days each"),
        (Status.REJECTED, {"rejections": 2}, "rejected 2 times"),
        (Status.RETAINED, {}, "accepted at 2027-01-04 08:00 UTC"),
        (Status.DISPUTED, {}, "in dispute since"),
        (Status.CLOSED, {}, "closed at 2027-01-04 08:00 UTC"),
        (Status.OPEN, {"flags": LineFlag.ASSIGNED}, "was assigned to a payee"),
    ],
)
def test_state_is_said(status: Status, fields: dict[str, object], words: str) -> None:
    assert words in told(line(status, **fields))


def test_line_that_was_never_opened_in_time_says_so() -> None:
    assert "can't be any more" in told(Line(), at=PLAIN.open_by)


def test_goods_on_their_way_have_not_arrived() -> None:
    assert "counts as arrived from" in told(line(Status.DELIVERED), at=UnixSeconds(OPENED - 1))


def test_delay_of_an_open_line_grows_with_time() -> None:
    assert "delay" not in told(line(Status.OPEN), at=DUE)
    assert "1 period of delay has begun" in told(line(Status.OPEN), at=UnixSeconds(DUE + 1))


@given(strategies.terms, strategies.lines, strategies.conditions())
def test_every_line_can_be_said(terms: Terms, line: Line, conditions: Conditions) -> None:
    describe_terms(terms, conditions, token=TUSD)
    describe_line(terms, line, conditions, token=TUSD, at=UnixSeconds(line.since))


@given(strategies.terms, strategies.lines, strategies.conditions())
def test_esc2_what_is_said_of_an_ending_adds_up(terms: Terms, line: Line, conditions: Conditions) -> None:
    for ending in (Ending.ACCEPTED, Ending.CANCELLED, Ending.RESIGNED, Ending.TERMINATED):
        payoff = foreseen(ending, terms, line, conditions, at=UnixSeconds(line.since))
        said = describe_payoff(payoff, terms, conditions, token=TUSD, supplier_side=SUPPLIER)
        amounts = [TUSD.parse(sentence.split()[0]) for sentence in said if sentence[0].isdigit()]

        deposit = 0 if payoff.retained else bond(terms.amount, conditions)
        moved = payoff.to_supplier_side + payoff.to_buyer + payoff.retained
        assert sum(amounts) == moved + deposit


def test_resigning_in_time_costs_no_deposit() -> None:
    early, late = (
        foreseen(Ending.RESIGNED, PLAIN, line(Status.OPEN), PROTOTYPES, at=UnixSeconds(OPENED + after))
        for after in (PROTOTYPES.resign_period - 1, PROTOTYPES.resign_period)
    )

    assert early.bond_to_buyer == 0
    assert late.bond_to_buyer == bond(PLAIN.amount, PROTOTYPES) > 0


def test_accepting_without_a_delivery_counts_the_delay_until_now() -> None:
    late = foreseen(Ending.ACCEPTED, PLAIN, line(Status.OPEN), PROTOTYPES, at=UnixSeconds(DUE + 1))

    assert late.to_buyer == PLAIN.amount * PROTOTYPES.late_bps // 10_000


@pytest.mark.parametrize("named", [700, 900])
def test_settlement_says_who_gets_what_and_until_when(named: int) -> None:
    outcome = Outcome(to_supplier=BaseUnits(named * 10**6), goods_to_buyer=True)
    settlement = Settlement(id=LineId(bytes(32)), outcome=outcome, deadline=DUE)

    said = describe_settlement(settlement, PLAIN, line(Status.DELIVERED), PROTOTYPES, token=TUSD, at=OPENED)

    less = "Of the 900.00 TUSD for the supplier side, only 800.00 TUSD are held."
    assert (said[0] == less) == (named == 900)
    assert f"{min(named, 800)}.00 TUSD go to the supplier side, {SUPPLIER}." in said
    assert said[-1] == "That ends the line, once both agree and it is sent before 2027-01-25 12:00 UTC."


@pytest.mark.parametrize("payee", [ZERO_ADDRESS, INSPECTOR])
def test_settlement_names_who_is_paid(payee: str) -> None:
    factor = parse_address(payee)
    outcome = Outcome(to_supplier=BaseUnits(1), goods_to_buyer=True)
    settlement = Settlement(id=LineId(bytes(32)), outcome=outcome, deadline=DUE)

    said = describe_settlement(
        settlement, PLAIN, line(Status.OPEN), PROTOTYPES, token=TUSD, at=OPENED, payee=factor
    )

    assigned = factor != ZERO_ADDRESS
    assert any(each.endswith(f"supplier side, {factor if assigned else SUPPLIER}.") for each in said)
    assert ("all three agree" in said[-1]) == assigned


def test_change_order_says_what_changes_and_what_it_costs() -> None:
    new = replace(PLAIN, amount=BaseUnits(900_000_000), documents=b"\xd1" * 32, salt=2)
    changed = replace(PROTOTYPES, inspection=Seconds(PROTOTYPES.inspection + 86_400))
    outcome = Outcome(to_supplier=BaseUnits(300_000_000), goods_to_buyer=False)
    amendment = Amendment(old_id=LineId(bytes(32)), new_id=LineId(bytes(32)), outcome=outcome, deadline=DUE)

    said = describe_amendment(amendment, (PLAIN, PROTOTYPES), (new, changed), line(Status.OPEN), token=TUSD)
    together = "\n".join(said)

    assert "The price still open is 900.00 TUSD; it was 1000.00 TUSD." in together
    assert f"The contract package: 0x{'d1' * 32}; before: none." in together
    assert f"The trade conditions: 0x{changed.id.hex()}; before: 0x{PROTOTYPES.id.hex()}." in together
    assert together.count("after arrival to inspect") == 2
    assert "It is due at" not in together
    assert f"300.00 TUSD go to the supplier side, {SUPPLIER}." in together
    assert "400.00 TUSD are still to be paid for the buyer." in together


def test_assignment_says_what_the_payee_gets_and_risks() -> None:
    assignment = Assignment(id=LineId(bytes(32)), payee=INSPECTOR, deadline=DUE)
    disputed = line(Status.DISPUTED, flags=LineFlag.SUPPLIER_DISPUTES)

    plain = describe_assignment(assignment, PLAIN, line(Status.OPEN), PROTOTYPES, token=TUSD)
    full = describe_assignment(assignment, FULL, disputed, PROTOTYPES, token=TUSD)

    assert "That is at most what is held, 800.00 TUSD." in plain
    assert "less the broker's" in full[1]
    assert any("it may get nothing" in each for each in plain)
    assert len(full) == len(plain) + 1


def test_parties_go_by_their_names() -> None:
    names = {BUYER: "the buyer", SUPPLIER: "the supplier", INSPECTOR: "the inspector", ARBITER: "the arbiter"}
    assert {each: party_name(FULL, each) for each in names} == names
    assert party_name(PLAIN, ARBITER) == ARBITER
    assert party_name(PLAIN, ZERO_ADDRESS) == ZERO_ADDRESS
