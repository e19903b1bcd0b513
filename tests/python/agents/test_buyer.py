"""A buyer's agent: the best that counts gets the award, once, within the limit, come what may."""

from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from fabricant.agents import BuyerAgent, BuyerRules, Journal
from fabricant.chain import lookup
from fabricant.chain.capacity import CapacityMarket
from fabricant.chain.quotations import handed_over, sign_answer
from fabricant.domain.capacity import RequestId
from fabricant.domain.directory import Role
from fabricant.domain.escrow import LineId
from fabricant.domain.units import BaseUnits, UnixSeconds, parse_time
from fabricant.errors import InvalidInput
from tests.support.agents import (
    UNIT,
    Killed,
    Office,
    buyer_rules,
    killed_at,
    settle,
    signed,
    supplier_rules,
)
from tests.support.world import DAY, MONEY, World, wallet


@pytest.fixture
def buyer(world: World, tmp_path: Path) -> Office:
    """The buyer's office."""
    return Office(world, tmp_path, "buyer")


def offered(buyer: Office, *, hourly: str = "85", role: str = "supplier", **changes: Any) -> Office:
    """A supplier answers."""
    office = Office(buyer.world, buyer.home, role)
    office.quote(supplier_rules(buyer.world.token, machine={"hourly": hourly}, **changes))
    return office


def close(buyer: Office, rules: BuyerRules) -> None:
    """Lets the time for quotations pass."""
    buyer.world.chain.mine(at=UnixSeconds(max(buyer.world.now, parse_time(rules.quote_by))))


def spent(world: World) -> int:
    """What the buyer has paid, in base units."""
    return MONEY - world.as_("buyer").token(world.token).balance_of(wallet("buyer").address)


def lines(world: World) -> list[LineId]:
    """The lines that the buyer has opened."""
    opened = world.fabricant.escrow.lines_opened(since=0)
    return [event.id for _, event in opened if event.terms.buyer == wallet("buyer").address]


def test_the_cheapest_gets_the_award(buyer: Office) -> None:
    settle(buyer.world, "broker", "gateway")
    rules = buyer_rules(buyer.world)
    buyer.buy(rules)
    for role, hourly in (("supplier", "90"), ("broker", "85"), ("gateway", "88")):
        assert offered(buyer, role=role, hourly=hourly).decisions == ["quoted", "handed"]
    buyer.buy(rules)
    close(buyer, rules)

    agent = buyer.buy(rules)

    assert buyer.decisions == ["published", "counts", "counts", "counts", "ranked", "awarded"]
    assert agent.line is not None
    line = buyer.world.fabricant.escrow.terms_of(agent.line)
    assert (line.supplier, spent(buyer.world)) == (wallet("broker").address, (120 + 8 * 85) * UNIT)
    order = [part.split()[-1] for part in buyer.told[-2].why.split("; ")]
    assert order == [wallet(role).address for role in ("broker", "gateway", "supplier")]


def test_by_time_the_first_gets_the_award(buyer: Office) -> None:
    settle(buyer.world, "broker")
    rules = buyer_rules(buyer.world, award="time")
    buyer.buy(rules)
    offered(buyer, hourly="90")
    late = Office(buyer.world, buyer.home, "broker")
    late.quote(supplier_rules(buyer.world.token, machine={"hourly": "60", "delivery_hours": 48}))
    close(buyer, rules)

    agent = buyer.buy(rules)

    assert agent.line is not None
    assert buyer.world.fabricant.escrow.terms_of(agent.line).supplier == wallet("supplier").address


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"limit": "799.99"}, "800.00 TUSD is above the limit"),
        ({"suppliers": [wallet("broker").address]}, "is none of the suppliers in the rules"),
        ({"requires": ["ISO 9001"]}, "is not known to have ISO 9001"),
        ({"least_quotations": 2}, ""),
    ],
    ids=["limit", "suppliers", "requires", "fewest"],
)
def test_what_the_rules_do_not_allow_gets_no_award(buyer: Office, changes: dict[str, Any], told: str) -> None:
    rules = buyer_rules(buyer.world, **changes)
    buyer.buy(rules)
    assert offered(buyer, has=["ISO 9001"]).decisions == ["quoted", "handed"]
    close(buyer, rules)

    agent = buyer.buy(rules)

    assert (agent.line, buyer.decisions[-1], spent(buyer.world)) == (None, "over", 0)
    assert told in buyer.told[1].why


def test_what_is_known_of_a_supplier_counts(buyer: Office) -> None:
    settle(buyer.world, "broker")
    known = [{"who": wallet("supplier").address, "has": ["ISO 9001", "5 axes"]}]
    rules = buyer_rules(buyer.world, requires=["ISO 9001"], known=known)
    buyer.buy(rules)
    offered(buyer, hourly="90", has=["ISO 9001"])
    offered(buyer, role="broker", hourly="60", has=["ISO 9001"])  # it says so, but nobody has seen it
    close(buyer, rules)

    agent = buyer.buy(rules)

    assert agent.line is not None
    assert buyer.world.fabricant.escrow.terms_of(agent.line).supplier == wallet("supplier").address


def test_hours_that_are_gone_leave_the_award_to_the_next(buyer: Office) -> None:
    settle(buyer.world, "broker")
    rules = buyer_rules(buyer.world)
    buyer.buy(rules)
    hours = signed(offered(buyer)).booking.hours
    offered(buyer, role="broker", hourly="90")
    buyer.buy(rules)
    assert hours is not None
    buyer.world.as_("supplier").capacity.block_hours(buyer.world.machine, hours)
    close(buyer, rules)

    agent = buyer.buy(rules)

    assert agent.line is not None
    assert buyer.world.fabricant.escrow.terms_of(agent.line).supplier == wallet("broker").address


def test_an_award_that_fails_is_not_tried_again(buyer: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """The supplier's wallet says yes to whoever asks, and no to the market."""
    settle(buyer.world, "broker")
    rules = buyer_rules(buyer.world)
    buyer.buy(rules)
    offered(buyer)
    offered(buyer, role="broker", hourly="90")
    close(buyer, rules)
    tried: list[object] = []
    award = CapacityMarket.award

    def refuse_first(self: CapacityMarket, quotation: Any, *more: Any, **named: Any) -> Any:
        tried.append(quotation)
        if len(tried) == 1:
            quotation = type(quotation)(
                **{name: getattr(quotation, name) for name in quotation.__dataclass_fields__} | {"nonce": 1}
            )
        return award(self, quotation, *more, **named)

    monkeypatch.setattr(CapacityMarket, "award", refuse_first)
    assert buyer.buy(rules).line is None
    assert buyer.decisions[-1] == "set aside"
    agent = buyer.buy(rules)

    assert agent.line is not None
    assert buyer.world.fabricant.escrow.terms_of(agent.line).supplier == wallet("broker").address
    assert len(lines(buyer.world)) == 1


def test_after_so_many_failures_nothing_is_tried_any_more(
    buyer: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    settle(buyer.world, "broker", "gateway")
    rules = buyer_rules(buyer.world, most_attempts=2)
    buyer.buy(rules)
    for role in ("supplier", "broker", "gateway"):
        offered(buyer, role=role)
    close(buyer, rules)
    award = CapacityMarket.award

    def refuse(self: CapacityMarket, quotation: Any, consent: Any, *more: Any, **named: Any) -> Any:
        return award(self, quotation, type(consent)(consent.signer, (), b"\x01" * 65), *more, **named)

    monkeypatch.setattr(CapacityMarket, "award", refuse)
    with buyer.buyer(rules) as agent:
        steps = [agent.step() for _ in range(3)]

    assert (steps, agent.line) == ([False, False, True], None)
    assert buyer.decisions.count("set aside") == 2
    assert buyer.reasons == "2 awards failed; nothing is awarded"


def test_who_has_no_money_waits_for_it(buyer: Office) -> None:
    world = buyer.world
    rules = buyer_rules(world)
    buyer.buy(rules)
    offered(buyer)
    close(buyer, rules)
    money, home = world.as_("buyer").token(world.token), wallet("stranger").address
    money.approve(world.fabricant.escrow.address, type(MONEY)(0))
    money.transfer(home, MONEY)

    assert buyer.buy(rules).line is None
    assert buyer.decisions[-1] == "waiting"
    world.as_("stranger").token(world.token).transfer(wallet("buyer").address, MONEY)
    agent = buyer.buy(rules)

    assert agent.line is not None
    assert money.allowance(wallet("buyer").address, world.fabricant.escrow.address) == 0


def test_what_somebody_awarded_by_hand_is_not_awarded_again(buyer: Office) -> None:
    settle(buyer.world, "broker")
    rules = buyer_rules(buyer.world)
    buyer.buy(rules)
    offered(buyer)
    dear = signed(offered(buyer, role="broker", hourly="90"))
    close(buyer, rules)
    buyer.world.as_("buyer").capacity.award(dear.quotation, dear.consent, dear.booking)

    agent = buyer.buy(rules)

    assert lines(buyer.world) == [agent.line]


def test_a_transaction_on_its_way_is_waited_for(buyer: Office) -> None:
    """Killed after the award left: the next run neither pays again nor takes another."""
    world = buyer.world
    settle(world, "broker")
    rules = buyer_rules(world)
    buyer.buy(rules)
    offered(buyer)
    offered(buyer, role="broker", hourly="90")
    close(buyer, rules)
    terms = signed(Office(world, buyer.home, "supplier")).quotation.terms
    world.as_("buyer").token(world.token).approve(world.fabricant.escrow.address, terms.amount)
    world.chain.automine(on=False)
    try:
        with pytest.raises(Killed, match="after a transaction"), killed_at(10):
            buyer.buy(rules)
        assert buyer.buy(rules).line is None
        assert buyer.decisions[-1] == "waiting"
        world.chain.mine()
    finally:
        world.chain.automine(on=True)
    agent = buyer.buy(rules)

    assert lines(world) == [agent.line]
    assert spent(world) == (120 + 8 * 85) * UNIT


@pytest.mark.parametrize(("automine", "step"), [(True, 1), (False, 3)], ids=["mined at once", "mined later"])
def test_killed_at_any_moment_it_asks_once_and_pays_once(buyer: Office, *, automine: bool, step: int) -> None:
    world = buyer.world
    settle(world, "broker")
    rules = buyer_rules(world)
    moment, seen = 0, ["something"]
    while len(seen) >= moment:
        moment += step
        snapshot, home = world.chain.snapshot(), buyer.home / str(moment)
        home.mkdir()
        world.chain.automine(on=automine)
        with killed_at(moment) as seen:
            agent = _play(Office(world, home, "buyer", patience=900 if automine else 0.05), rules)
        assert lines(world) == [agent.line], moment
        assert spent(world) == (120 + 8 * 85) * UNIT, moment
        assert len({event.id for _, event in world.fabricant.capacity.requests(since=0)}) == 1, moment
        assert len([*home.glob("post/*")]) == 2, moment
        world.chain.automine(on=True)
        world.chain.revert(snapshot)
    assert moment > 30


def _play(buyer: Office, rules: BuyerRules) -> BuyerAgent:
    """Everybody's agent from the request to the award, each started again after a kill."""
    others = [Office(buyer.world, buyer.home, role) for role in ("supplier", "broker")]
    for round_ in range(20):
        if round_ == 6:
            close(buyer, rules)
        for office, hourly in zip(others, ("85", "90"), strict=True):
            with suppress(Killed):
                office.quote(supplier_rules(buyer.world.token, machine={"hourly": hourly}))
        with suppress(Killed):
            if (agent := buyer.buy(rules)).line is not None:
                return agent
        buyer.world.chain.mine()
    raise AssertionError(buyer.decisions)


def test_rubbish_in_the_inbox_is_passed_over(buyer: Office) -> None:
    rules = buyer_rules(buyer.world)
    buyer.buy(rules)
    supplier = offered(buyer)
    post = buyer.home / "post"
    (good,) = post.iterdir()
    raw = good.read_bytes()
    own = (supplier.folder / f"{good.name.split('-')[0]}.json").read_bytes()
    for name, content in {
        "0.json": b"",
        "1.json": b"{" * 100_000,
        "2.json": b'{"format": "fabricant-quotation/1"}',
        "3.sealed": b'{"format": "fabricant-sealed/1", "request": "0x00", "box": ""}',
        "4.sealed": raw[:-40] + b"A" * 40,
        "5.json": b"\xff" * (2**19),
        "6.json": own.replace(b'"800000000"', b'"1"'),
        "12.json": own,
        "7\u202e.json": b"[]",
        "8.exe": b"MZ",
    }.items():
        (post / name).write_bytes(content)
    (post / "9.json").symlink_to("/dev/zero")
    (post / "10.json").mkdir()
    (post / "11.json").symlink_to(post / "11.json")
    buyer.buy(rules)
    close(buyer, rules)

    agent = buyer.buy(rules)

    assert agent.line is not None
    assert buyer.decisions.count("ignored") == 8
    assert buyer.decisions.count("counts") == 2, "the good one, and its copy"
    assert "\u202e" not in (buyer.folder / "decisions.jsonl").read_text()


def test_what_is_not_what_was_asked_for_is_not_awarded(buyer: Office) -> None:
    """Signed by the supplier, and valid; but for another conditions, due later, or for another request."""
    rules = buyer_rules(buyer.world)
    agent = buyer.buy(rules)
    supplier = offered(buyer)
    (file,) = (buyer.home / "post").iterdir()
    file.unlink()
    good = signed(supplier)
    asked = lookup.find_request(buyer.world.fabricant, f"0x{agent.request_id.hex()}")
    terms = good.quotation.terms
    for number, wrong in enumerate(
        (
            replace(good.quotation, terms=replace(terms, due_by=UnixSeconds(terms.due_by + 90 * DAY))),
            replace(good.quotation, terms=replace(terms, arbiter=wallet("stranger").address)),
            replace(good.quotation, terms=replace(terms, amount=BaseUnits(2_000 * UNIT + 1))),
            replace(good.quotation, request_id=RequestId(b"\1" * 32)),
        )
    ):
        forged = sign_answer(buyer.world.fabricant, wrong, good.booking, by=wallet("supplier"))
        (buyer.home / "post" / f"{number}.sealed").write_bytes(handed_over(forged, asked))
    close(buyer, rules)

    assert buyer.buy(rules).line is None
    told = "; ".join(each.why for each in buyer.told if each.decision == "ignored")
    for reason in ("due date", "arbiter", "above the limit", "it answers another request"):
        assert reason in told
    assert spent(buyer.world) == 0


@pytest.mark.parametrize("name", ["request.json", "award.json"])
def test_files_of_its_own_that_somebody_altered_are_refused(buyer: Office, name: str) -> None:
    rules = buyer_rules(buyer.world)
    buyer.buy(rules)
    offered(buyer)
    close(buyer, rules)
    (buyer.folder / name).write_text("{}")

    with pytest.raises(InvalidInput, match=name):
        buyer.buy(rules)
    assert spent(buyer.world) == 0


def test_a_request_that_comes_too_late_is_not_published(buyer: Office) -> None:
    rules = buyer_rules(buyer.world)
    with buyer.buyer(rules) as agent:
        close(buyer, rules)
        assert agent.step()

    assert (buyer.decisions, agent.line) == (["over"], None)
    with pytest.raises(InvalidInput, match="set a later time"):
        Office(buyer.world, buyer.home / "again", "buyer").buy(rules)


def test_the_limit_is_shown_only_if_the_rules_say_so(buyer: Office) -> None:
    buyer.buy(buyer_rules(buyer.world))
    shown = Office(buyer.world, buyer.home / "shown", "buyer")
    shown.buy(buyer_rules(buyer.world, show_limit=True))

    budgets = [event.request.budget for _, event in buyer.world.fabricant.capacity.requests(since=0)]
    assert budgets == [0, 2_000 * UNIT]


def test_no_two_agents_work_in_one_folder(buyer: Office) -> None:
    rules = buyer_rules(buyer.world)
    with buyer.buyer(rules), pytest.raises(InvalidInput, match="another agent works in"):
        buyer.buy(rules)
    buyer.buy(rules)


def test_an_operator_spends_what_its_principal_allows(buyer: Office) -> None:
    """The agent's key is not the firm's: it may open lines, and only the firm lets the escrow take money."""
    world, rules = buyer.world, buyer_rules(buyer.world)
    firm = world.as_("buyer")
    firm.directory.set_operator(wallet("operator").address, Role.OPEN)
    firm.token(world.token).approve(world.fabricant.escrow.address, BaseUnits(0))

    def look() -> BuyerAgent:
        with Journal.opened(buyer.folder, buyer.told.append) as journal:
            agent = BuyerAgent(
                world.as_("operator"),
                rules,
                wallet=wallet("operator"),
                journal=journal,
                home=buyer.home,
                buyer=wallet("buyer").address,
            )
            agent.step()
        return agent

    look()
    offered(buyer)
    close(buyer, rules)
    assert look().line is None
    assert buyer.decisions[-1] == "waiting"
    assert "has to approve that itself" in buyer.reasons
    firm.token(world.token).approve(world.fabricant.escrow.address, BaseUnits(800 * UNIT))

    line = look().line
    assert line is not None
    assert lines(world) == [line]
