"""A supplier's agent: one answer to each request, that its rules allow, whatever else is asked of it."""

from pathlib import Path
from typing import Any

import pytest

from fabricant.agents import Journal, SupplierAgent
from fabricant.chain.quotations import examine
from fabricant.domain.assets import Status
from fabricant.domain.capacity import HourPattern, Request
from fabricant.domain.directory import Role
from fabricant.domain.drafts import process_code
from fabricant.domain.units import HourIndex, UnixSeconds, hour_of
from fabricant.errors import InvalidInput, VerificationFailed
from tests.support.agents import PROCESS, Killed, Office, killed_at, signed, supplier_rules
from tests.support.world import DAY, HOUR, USUAL, World, wallet


@pytest.fixture
def supplier(world: World, tmp_path: Path) -> Office:
    """The supplier's office."""
    return Office(world, tmp_path, "supplier")


def asked(world: World, **changes: Any) -> Request:
    """The buyer asks everybody."""
    usual: dict[str, Any] = {
        "buyer": wallet("buyer").address,
        "process": process_code(PROCESS),
        "token": world.token,
        "machine_hours": 8,
        "from_hour": HourIndex(hour_of(world.now) + 100),
        "until_hour": HourIndex(hour_of(world.now) + 200),
        "quote_by": UnixSeconds(world.now + DAY),
        "due_by": UnixSeconds(world.now + 20 * DAY),
        "conditions": USUAL.id,
        "salt": 1,
    }
    request = Request(**{**usual, **changes})
    world.as_("buyer").capacity.request(request)
    return request


def test_what_it_signs_can_be_awarded_as_asked(supplier: Office) -> None:
    world = supplier.world
    asked(world)
    supplier.quote(supplier_rules(world.token))

    report = examine(world.fabricant, signed(supplier))

    assert supplier.decisions == ["quoted", "handed"]
    assert report.answers, (report.problems, report.departures)
    (post,) = (supplier.home / "post").iterdir()
    assert post.read_bytes() == next(supplier.folder.glob("*.json")).read_bytes()


def test_one_request_gets_one_answer(supplier: Office) -> None:
    rules = supplier_rules(supplier.world.token)
    asked(supplier.world)
    supplier.quote(rules)
    (post,) = (supplier.home / "post").iterdir()
    post.unlink()  # on its way to the buyer
    with supplier.supplier(rules) as agent:
        for _ in range(3):
            agent.step()

    assert [*(supplier.home / "post").iterdir()] == []
    assert supplier.decisions == ["quoted", "handed"]


def test_taken_hours_are_not_quoted(supplier: Office) -> None:
    world = supplier.world
    request = asked(world)
    free = range(request.from_hour + 40, request.from_hour + 50)
    taken = (hour for hour in range(request.from_hour, request.until_hour) if hour not in free)
    world.as_("supplier").capacity.block_hours(world.machine, HourPattern.of(map(HourIndex, taken)))

    supplier.quote(supplier_rules(world.token))

    hours = signed(supplier).booking.hours
    assert hours is not None
    assert [*hours.hours] == [*free]


def test_hours_of_a_user_are_not_the_owners_to_quote(supplier: Office) -> None:
    world = supplier.world
    request = asked(world)
    lent = UnixSeconds((request.until_hour - 12) * HOUR)
    world.as_("supplier").assets.set_user(world.machine, wallet("operator").address, expires=lent)

    supplier.quote(supplier_rules(world.token))

    hours = signed(supplier).booking.hours
    assert hours is not None
    assert hours.first == request.until_hour - 12


def test_a_machine_that_is_not_fit_is_not_quoted_until_it_is(supplier: Office) -> None:
    world, rules = supplier.world, supplier_rules(supplier.world.token)
    asked(world)
    registry = world.as_("supplier").assets
    registry.set_status(world.machine, Status.SUSPENDED)

    supplier.quote(rules)
    registry.set_status(world.machine, Status.ACTIVE)
    supplier.quote(rules)

    assert supplier.decisions == ["declined", "quoted", "handed"]
    assert supplier.told[0].why == "B400-0815: not enough hours are free"


def test_no_more_quotations_stand_than_the_rules_allow(supplier: Office) -> None:
    world, rules = supplier.world, supplier_rules(supplier.world.token, most_quotations=2)
    for salt in range(3):
        asked(world, salt=salt, quote_by=UnixSeconds(world.now + (5 if salt == 2 else 1) * DAY))
    supplier.quote(rules)
    supplier.quote(rules)

    assert sorted(supplier.decisions) == ["handed", "handed", "quoted", "quoted", "waiting"]
    world.chain.mine(at=UnixSeconds(world.now + 3 * DAY))
    supplier.quote(rules)
    assert supplier.decisions[-1] == "handed", "two have expired"


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"process": bytes(32)}, "another process"),
        ({"conditions": b"\1" * 32}, "other trade conditions"),
        ({"arbiter": wallet("stranger").address}, "its arbiter is not trusted"),
        ({"documents": b"\7" * 32}, "nobody has read its documents"),
        ({"due_by": UnixSeconds(2**40 - 1), "quote_by": UnixSeconds(2**40 - 2)}, "not enough hours"),
        (
            {"from_hour": HourIndex(2**32 - 9), "until_hour": HourIndex(2**32 - 1)},
            "not enough",
        ),
        ({"uri": "data:application/json;base64," + "A" * 3000, "documents": b"\7" * 32}, "nobody has read"),
        ({"uri": "\x1b[2J", "reply_to": "\u202e", "arbiter": wallet("stranger").address}, "not trusted"),
        ({"sealing_key": b"\1" + bytes(31)}, "key is none"),
    ],
    ids=["process", "conditions", "arbiter", "papers", "times", "hours", "tender", "text", "key"],
)
def test_what_anybody_may_ask_harms_nobody(supplier: Office, changes: dict[str, Any], told: str) -> None:
    asked(supplier.world, **changes)
    rules = supplier_rules(supplier.world.token)
    supplier.quote(rules)
    supplier.quote(rules)

    assert supplier.decisions == ["declined"]
    assert told in supplier.reasons
    assert not (supplier.home / "post").exists()


def test_an_award_is_told(supplier: Office) -> None:
    world, rules = supplier.world, supplier_rules(supplier.world.token)
    asked(world)
    supplier.quote(rules)
    answer = signed(supplier)
    done = world.as_("buyer").capacity.award(answer.quotation, answer.consent, answer.booking)

    supplier.quote(rules)
    supplier.quote(rules)

    assert supplier.decisions == ["quoted", "handed", "awarded"]
    assert supplier.reasons == f"line 0x{done.event.id.hex()}"


def test_killed_at_any_moment_it_hands_over_one_answer(supplier: Office) -> None:
    world, rules = supplier.world, supplier_rules(supplier.world.token)
    asked(world)
    moment, seen = 0, ["something"]
    while len(seen) >= moment:
        moment += 1
        office = Office(world, supplier.home / str(moment), "supplier")
        with killed_at(moment) as seen:
            for _ in range(3):
                try:
                    office.quote(rules)
                except Killed:
                    continue
        (post,) = (office.home / "post").iterdir()
        (own,) = office.folder.glob("*.json")
        assert post.read_bytes() == own.read_bytes()
        assert not [*office.folder.glob(".*")]
    assert moment > 6


@pytest.mark.parametrize(
    ("old", "new", "error"),
    [
        (b"\n", b"", InvalidInput),
        (b'"nonce": "', b'"nonce": "1', VerificationFailed),
        (b"{", b"[", InvalidInput),
    ],
    ids=["cut", "nonce", "brackets"],
)
def test_a_file_of_its_own_that_was_altered_is_refused(
    supplier: Office, old: bytes, new: bytes, error: type[Exception]
) -> None:
    rules = supplier_rules(supplier.world.token)
    asked(supplier.world)
    supplier.quote(rules)
    (file,) = supplier.folder.glob("*.json")
    raw = file.read_bytes()
    file.write_bytes(raw[:100] if old == b"\n" else raw.replace(old, new, 1))

    with pytest.raises(error, match=file.name):
        supplier.quote(rules)


@pytest.mark.parametrize(
    "changes",
    [{"machine": {"machine": "NMW-1"}}, {"conditions": ["nobody-knows"]}, {"conditions": [f"0x{'11' * 32}"]}],
    ids=["machine", "conditions", "conditions by id"],
)
def test_rules_of_what_is_not_there_are_refused(supplier: Office, changes: dict[str, Any]) -> None:
    with pytest.raises(Exception, match=r"never registered|no conditions|there is no"):
        supplier.quote(supplier_rules(supplier.world.token, **changes))


def test_an_operator_quotes_for_its_principal(supplier: Office) -> None:
    """The agent's key is not the firm's: it may open lines, and nothing else."""
    world = supplier.world
    world.as_("supplier").directory.set_operator(wallet("operator").address, Role.OPEN)
    asked(world)
    with Journal.opened(supplier.folder, supplier.told.append) as journal:
        agent = SupplierAgent(
            world.fabricant,
            supplier_rules(world.token),
            wallet=wallet("operator"),
            journal=journal,
            home=supplier.home,
            supplier=wallet("supplier").address,
        )
        agent.step()

    answer = signed(supplier)
    assert (answer.consent.signer, answer.quotation.terms.supplier) == (
        wallet("operator").address,
        wallet("supplier").address,
    )
    assert examine(world.fabricant, answer).answers
