"""Every example plays as its page tells it: what is printed, how its lines end, and everybody's money."""

import importlib
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import permutations
from pathlib import Path
from typing import Final

import pytest

from fabricant.chain.anvil import LocalChain
from fabricant.chain.build import find_project
from fabricant.chain.escrow import LineAmended, LineAssigned, LineConcluded, LineOpened
from fabricant.chain.tokens import COIN
from fabricant.chain.wallet import dev_wallets
from fabricant.demo.account import Statement
from fabricant.demo.scene import Scene
from fabricant.domain.escrow import Ending, Line, LineFlag, Status, Terms
from tests.checks.documents import dead_links
from tests.docs.blocks import read_blocks, read_console
from tests.docs.tables import tables

EXAMPLES: Final = find_project(Path(__file__).parent) / "examples"
NAMES: Final = sorted(script.parent.name for script in EXAMPLES.glob("*/deal.py"))
GOODS_ARE_THE_BUYERS: Final = LineFlag.GOODS_TO_BUYER


@dataclass(frozen=True)
class Played:
    """An example that is over."""

    name: str
    scene: Scene
    lines: tuple[Terms, ...]
    statement: Statement
    told: str

    @property
    def page(self) -> str:
        """What its page says."""
        return (EXAMPLES / self.name / "README.md").read_text(encoding="utf-8")

    def line(self, terms: Terms) -> Line:
        """What the escrow keeps of one of its lines."""
        escrow = self.scene.buyer.fabricant.escrow
        return escrow.line_of(escrow.line_id(terms))

    def block_of(self, terms: Terms, form: type[LineOpened | LineConcluded]) -> int:
        """In which block a line was opened, or first concluded."""
        escrow = self.scene.buyer.fabricant.escrow
        said = escrow.history_of(escrow.line_id(terms))
        return next(log.block for log, event in said if isinstance(event, form))

    def endings(self, terms: Terms) -> list[Ending]:
        """How the money of a line was concluded, in order."""
        escrow = self.scene.buyer.fabricant.escrow
        said = escrow.history_of(escrow.line_id(terms))
        return [event.ending for _, event in said if isinstance(event, LineConcluded)]

    def gained(self, party: str) -> int:
        """By how many whole tokens somebody is richer."""
        entry = self.statement.entries[party][self.scene.stage.money]
        gained, rest = divmod(entry.after - entry.before, self.scene.tokens(1))
        assert rest == 0
        return gained


@pytest.fixture(scope="module")
def chain() -> Iterator[LocalChain]:
    """One chain for all examples, one after the other."""
    with LocalChain.start() as chain:
        yield chain


@pytest.fixture(scope="module", params=NAMES)
def played(
    request: pytest.FixtureRequest, chain: LocalChain, tmp_path_factory: pytest.TempPathFactory
) -> Played:
    """Each example."""
    module = importlib.import_module(f"examples.{request.param}.deal")
    told: list[str] = []
    scene = Scene.set_up(
        chain,
        dev_wallets(chain)[0],
        folder=tmp_path_factory.mktemp("deployments"),
        say=told.append,
        **getattr(module, "HAD", {}),
    )
    performance = scene.perform(module.play)
    return Played(request.param, scene, performance.lines, performance.statement, "\n".join(told))


def test_it_tells_what_its_page_shows(played: Played) -> None:
    (block,) = (each for each in read_blocks(played.page) if each.language == "console")
    ((command, shown),) = read_console(block.text)

    assert command == f"python examples/{played.name}/deal.py"
    assert shown.strip("\n") == played.told.strip("\n")


def test_its_page_accounts_for_every_balance(played: Played) -> None:
    (stated,) = (rows for rows in tables(played.page) if "before" in rows[0])
    money = played.scene.stage.money
    entries = {
        who: tuple(played.scene.show(amount) for amount in (entry.before, entry.after))
        for who, entry in played.statement.of(money)
        if entry.before or entry.after
    }

    assert {row["who"]: (row["before"], row["after"]) for row in stated} == entries
    assert all(row["why"] for row in stated)


def test_its_pages_sums_are_right(played: Played) -> None:
    (stated,) = (rows for rows in tables(played.page) if "before" in rows[0])

    for row in stated:
        changes = re.findall(r"([+−]) ([\d,]+)", row["why"])
        change = sum(int(amount.replace(",", "")) * (1 if sign == "+" else -1) for sign, amount in changes)
        before, after = (int(row[title].replace(",", "")) for title in ("before", "after"))
        assert after - before == change, row


def test_nothing_is_left_in_the_escrow(played: Played) -> None:
    money = played.scene.stage.money

    assert played.statement.entries["escrow"][money].after == 0
    assert all(tokens.keys() <= {money, COIN} for tokens in played.statement.entries.values())
    for terms in played.lines:
        line = played.line(terms)
        assert (line.status, line.held) == (Status.CLOSED, 0)
        replaced = played.endings(terms) == [Ending.AMENDED]
        assert (GOODS_ARE_THE_BUYERS in line.flags) is not replaced


def test_its_page_leads_somewhere(played: Played) -> None:
    assert dead_links([EXAMPLES / played.name / "README.md"]) == []


def test_an_example_runs_by_itself() -> None:
    script = EXAMPLES / "late_delivery" / "deal.py"

    printed = subprocess.check_output([sys.executable, script], text=True)

    assert printed.strip("\n") in (script.parent / "README.md").read_text(encoding="utf-8")


# What each is about


def only(name: str) -> pytest.MarkDecorator:
    """The test is about one example."""
    return pytest.mark.parametrize("played", [name], indirect=True)


@only("five_deliveries")
def test_one_lot_is_rejected_and_no_other_line_notices(played: Played) -> None:
    concluded = [played.block_of(terms, LineConcluded) for terms in played.lines]

    assert [played.line(terms).rejections for terms in played.lines] == [0, 0, 1, 0, 0]
    assert [played.line(terms).late_intervals for terms in played.lines] == [0] * 5
    assert concluded == sorted(concluded)
    assert [played.endings(terms) for terms in played.lines] == [[Ending.ACCEPTED, Ending.RETENTION_PAID]] * 5
    assert (played.gained("buyer"), played.gained("supplier")) == (-5_000, 5_000)


@only("tooling_to_series")
def test_nothing_is_opened_before_the_approval_of_what_comes_before(played: Played) -> None:
    tool, article, *series = played.lines

    assert played.block_of(tool, LineConcluded) < played.block_of(article, LineOpened)
    for terms in series:
        assert played.block_of(article, LineConcluded) < played.block_of(terms, LineOpened)
    assert (played.gained("buyer"), played.gained("supplier")) == (-8_500, 8_500)


@only("late_delivery")
def test_three_days_cost_three_intervals(played: Played) -> None:
    (terms,) = played.lines

    assert played.line(terms).late_intervals == 3
    assert (played.gained("buyer"), played.gained("supplier")) == (-1_880, 1_880)


@only("warranty_claim")
def test_the_claim_is_about_the_retention_alone(played: Played) -> None:
    (terms,) = played.lines

    assert played.endings(terms) == [Ending.ACCEPTED, Ending.RULED]
    assert LineFlag.RETENTION_DISPUTED in played.line(terms).flags
    gained = {party: played.gained(party) for party in ("buyer", "supplier", "arbiter")}
    assert gained == {"buyer": -96_000, "supplier": 94_000, "arbiter": 2_000}


@only("change_order")
def test_the_change_pays_work_in_progress_and_links_both_lines(played: Played) -> None:
    old, new = played.lines
    escrow = played.scene.buyer.fabricant.escrow
    link = LineAmended(old_id=escrow.line_id(old), new_id=escrow.line_id(new))

    for terms in played.lines:
        said = [event for _, event in escrow.history_of(escrow.line_id(terms))]
        assert [event for event in said if isinstance(event, LineAmended)] == [link]
    assert all(getattr(old, name) != getattr(new, name) for name in ("amount", "due_by", "documents"))
    assert old.order_ref == new.order_ref != bytes(32)
    assert played.endings(old) == [Ending.AMENDED]
    assert played.endings(new) == [Ending.ACCEPTED, Ending.RETENTION_PAID]
    (ended,) = (
        event for _, event in escrow.history_of(escrow.line_id(old)) if isinstance(event, LineConcluded)
    )
    tokens = played.scene.tokens
    assert (ended.to_supplier_side, ended.to_buyer) == (tokens(1_200), tokens(2_800))
    assert (played.gained("buyer"), played.gained("supplier")) == (-4_500, 4_500)


@only("factored_receivable")
def test_the_factor_is_paid_and_nobody_diverts_it(played: Played) -> None:
    (terms,) = played.lines
    escrow, factor = played.scene.buyer.fabricant.escrow, played.scene.guest("factor")
    line = escrow.line_id(terms)
    assigned = LineAssigned(id=line, assignor=terms.supplier, payee=factor.address)
    refusals = [said.rsplit(": ", 1)[1] for said in played.told.splitlines() if ": SupplierEscrow_" in said]

    said = [event for _, event in escrow.history_of(line)]
    assert [event for event in said if isinstance(event, LineAssigned)] == [assigned]
    assert refusals == 2 * [
        "SupplierEscrow_NoConsent",
        "SupplierEscrow_NoConsent",
        "SupplierEscrow_NotSupplier",
        "SupplierEscrow_NotSupplier",
        "SupplierEscrow_Assigned",
        "SupplierEscrow_NotBuyer",
    ]
    assert played.endings(terms) == [Ending.ACCEPTED, Ending.RETENTION_PAID]
    gained = {party: played.gained(party) for party in ("buyer", "supplier", "factor", "clerk")}
    assert gained == {"buyer": -8_000, "supplier": 7_800, "factor": 200, "clerk": 0}


@only("casting_machining_coating")
def test_three_firms_are_booked_at_once_and_one_link_is_changed(played: Played) -> None:
    casting, machining, changed, coating = played.lines
    opened = {played.block_of(terms, LineOpened) for terms in (casting, machining, coating)}

    assert len(opened) == 1
    assert played.endings(machining) == [Ending.AMENDED]
    assert changed.due_by - machining.due_by == 2 * 86_400
    assert len({terms.supplier for terms in played.lines}) == 3
    gained = {party: played.gained(party) for party in ("buyer", "supplier", "foundry", "coater")}
    assert gained == {"buyer": -1_340, "supplier": 660, "foundry": 480, "coater": 200}


@only("five_bidders")
def test_the_best_qualified_bidder_wins_unattended(played: Played) -> None:
    (terms,) = played.lines
    told = [line.strip() for line in played.told.splitlines()]

    assert terms.supplier == played.scene.guest("miller").address
    assert [each for each in told if "foundry" in each and "quotes" in each] == [
        "the agent of the foundry quotes nothing: another process"
    ]
    gained = {party: played.gained(party) for party in ("buyer", "miller", "supplier", "turner", "foundry")}
    assert gained == {"buyer": -824, "miller": 824, "supplier": 0, "turner": 0, "foundry": 0}


@only("machine_sold")
def test_booked_hours_outlive_the_owner_and_the_old_one_sells_no_more(played: Played) -> None:
    soon, later, sale, last = played.lines
    escrow, market = played.scene.buyer.fabricant.escrow, played.scene.buyer.fabricant.capacity
    refusals = [said.rsplit(": ", 1)[1] for said in played.told.splitlines() if ": CapacityMarket_" in said]

    assert refusals == ["CapacityMarket_NotSeller", "CapacityMarket_NotSeller", "CapacityMarket_HoursTaken"]
    machine = market.booking_of(escrow.line_id(later)).machine
    assert played.scene.buyer.fabricant.assets.owner_of(machine) == sale.buyer == last.supplier
    assert played.block_of(sale, LineConcluded) < played.block_of(later, LineConcluded)
    assert soon.supplier == later.supplier == sale.supplier
    gained = {party: played.gained(party) for party in ("buyer", "supplier", "successor")}
    assert gained == {"buyer": -2_160, "supplier": 6_440, "successor": -4_280}


@pytest.mark.parametrize("order", permutations(("buyer", "toolmaker", "workshop")))
def test_f077_in_every_order_as_many_hours_are_sold_and_none_twice(
    order: tuple[str, ...], chain: LocalChain, tmp_path: Path
) -> None:
    module = importlib.import_module("examples.off_season.deal")
    scene = Scene.set_up(chain, dev_wallets(chain)[0], folder=tmp_path, say=lambda _: None, **module.HAD)
    performance = scene.perform(lambda scene: module.compete(scene, order))
    market, escrow = scene.buyer.fabricant.capacity, scene.buyer.fabricant.escrow
    booked = [market.booking_of(escrow.line_id(terms)) for terms in performance.lines]
    hours = [hour for each in booked for hour in each.hours.hours]

    assert len(hours) == len(set(hours)) == 44
    assert market.lines_of(booked[0].machine).keys() == set(hours)
    paid = {who: performance.statement.entries[who][scene.stage.money] for who in (*order, "supplier")}
    gained = [(paid[who].after - paid[who].before) // scene.tokens(1) for who in (*order, "supplier")]
    assert gained == [-1_800, -1_800, -264, 3_864]
