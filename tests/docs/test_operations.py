"""docs/operations: a page for each action, with exactly its errors and events; its examples run.

Errors and events are followed through the contracts' sources; the Python block of a page is run on a chain,
on a line in the status in which the page's table begins.
"""

import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import click
import pytest
from eth_utils.crypto import keccak

from fabricant import artifacts
from fabricant.chain.answers import Receipt
from fabricant.chain.anvil import LocalChain
from fabricant.chain.build import find_project
from fabricant.chain.escrow import Delivery
from fabricant.cli import main as command_line
from fabricant.domain.assets import AssetId, Kind, asset_id, namespace_of
from fabricant.domain.escrow import Action, Terms, windows
from fabricant.domain.typed_data import snake
from fabricant.domain.units import BaseUnits, UnixSeconds
from tests.docs.blocks import Block, read_blocks
from tests.docs.machines import MANY, Transition, transitions
from tests.docs.sources import effects
from tests.docs.tables import DOCS, Row, tables
from tests.docs.test_state_machines import FUNCTIONS
from tests.support.world import DAY, USUAL, World, registration, wallet

PAGES: Final = DOCS / "operations"
INDEX: Final = "README"
NAMES: Final = sorted(page.stem for page in PAGES.glob("*.md") if page.stem != INDEX)
EACH: Final = pytest.mark.parametrize("name", NAMES)
GAS: Final = json.loads((find_project(DOCS) / "benchmarks" / "gas.json").read_text(encoding="utf-8"))
REPORT: Final = keccak(text="report")


def page(name: str) -> str:
    """The text of a page."""
    return (PAGES / f"{name}.md").read_text(encoding="utf-8")


def rows(name: str, title: str) -> list[Row]:
    """The table of a page whose first column has this title; none if there is none."""
    return next((found for found in tables(page(name)) if next(iter(found[0])) == title), [])


def listed_errors(name: str) -> set[str]:
    """The errors in a page's table."""
    return {row["error"].strip("`") for row in rows(name, "error")}


def raised(name: str) -> set[str]:
    """The errors that an action can raise, but for those that every action can."""
    errors = set(effects(name).errors) - listed_errors(INDEX)
    payable = FUNCTIONS[name]["stateMutability"] == "payable"
    return errors if payable else errors - {"SupplierEscrow_WrongValue"}  # no coin gets as far as that


def known(kind: str, contract: str = "SupplierEscrow") -> set[str]:
    """The names of a contract's errors or events."""
    return {entry["name"] for entry in artifacts.load(contract).abi if entry["type"] == kind}


# What a page says


def test_every_action_has_its_page_and_its_place_in_the_index() -> None:
    assert sorted(FUNCTIONS) == NAMES
    assert sorted(re.findall(r"\[`(\w+)`\]\((?:\1)\.md\)", page(INDEX))) == NAMES


@EACH
def test_a_page_begins_with_its_part_of_the_state_machine(name: str) -> None:
    columns = ("from", "to", "who", "role", "when")
    expected = [
        (", ".join(each.begins), ", ".join(each.to), each.who, each.role, each.when)
        for each in transitions()
        if name in each.functions
    ]

    assert page(name).startswith(f"# `{name}`\n")
    assert [tuple(row[title] for title in columns) for row in rows(name, "from")] == expected


@EACH
def test_a_page_names_exactly_the_events(name: str) -> None:
    (told,) = re.findall(r"^\*\*Events:\*\* (.*?)\n\n", page(name), re.MULTILINE | re.DOTALL)

    assert set(re.findall(r"`(\w+)`", told)) == effects(name).events <= known("event")


@EACH
def test_a_page_names_exactly_the_errors(name: str) -> None:
    single = name.removesuffix(MANY)  # a page of a batch names what comes to the errors of one
    errors = raised(name) - (set() if single == name else raised(single))
    others = listed_errors(name) - known("error")

    assert listed_errors(name) - others == errors
    assert others <= known("error", "AssetRegistry")
    assert all(row["what to do"] for row in rows(name, "error"))
    assert single == name or f"Everything that [`{single}`]({single}.md) refuses" in page(name)


def test_no_error_is_without_a_page() -> None:
    told = {error for name in (INDEX, *NAMES) for error in listed_errors(name)}
    inside = {"StringTooLong", "InvalidShortString", "SafeERC20FailedOperation"}  # of libraries

    assert known("error") - inside <= told


def test_gas_is_the_measured_one() -> None:
    stated = [found for name in NAMES for found in re.findall(r"([\d,]+)[^`\d]*\(`(\w+\.\w+)`\)", page(name))]
    measured = {operation: gas for operation, gas in GAS["operations"].items() if "escrow." in operation}

    assert {operation: int(gas.replace(",", "")) for gas, operation in stated} == measured


# What a page lets people type


def block(name: str, language: str) -> list[Block]:
    """The blocks of a page in a language: one of Python; one for the command line, or none."""
    return [each for each in read_blocks(page(name)) if each.language == language]


@EACH
def test_commands_parse(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for each in block(name, "sh"):
        for line in each.text.splitlines():
            program, *arguments = shlex.split(line)
            for file in re.findall(r"[\w.-]+\.(?:toml|json|pdf|csv)\b", line):
                Path(file).touch()
            assert program == "fabricant"
            parse(arguments)


def parse(arguments: list[str]) -> None:
    """Checks a command's arguments without running it. Raises click.UsageError."""
    command, context = command_line, click.Context(command_line)
    while isinstance(command, click.Group):
        name, *arguments = arguments
        found = command.get_command(context, name)
        assert found is not None, name
        command, context = found, click.Context(found, parent=context)
    command.make_context(command.name, arguments, parent=context.parent)


@pytest.fixture(scope="module")
def session_world() -> Iterator[World]:
    """The contracts and the firms. Tests use `world`."""
    with LocalChain.start() as chain:
        world = World.create(chain)
        buyer, supplier = world.as_("buyer"), world.as_("supplier")
        buyer.escrow.deposit(world.token, BaseUnits(10**9))
        supplier.assets.set_approval_for_all(supplier.escrow.address, approved=True)
        goods = [registration(name, kind=Kind.PRODUCT) for name in ("PART-0001", "PART-0002")]
        supplier.assets.register_many(namespace_of(wallet("supplier").address), goods)
        yield world


@pytest.fixture
def world(session_world: World) -> Iterator[World]:
    """The same for one test."""
    snapshot = session_world.chain.snapshot()
    yield session_world
    session_world.chain.revert(snapshot)


@EACH
def test_the_python_of_a_page_runs(name: str, world: World) -> None:
    (code,) = block(name, "python")
    names = stage(name, world)

    exec(compile("\n" * (code.line - 1) + code.text, f"{name}.md", "exec"), names)  # noqa: S102

    said = {type(event).__name__ for event in world.fabricant.events(as_receipt(names["done"]))}
    assert said & effects(name).events
    assert said & known("event") <= effects(name).events


def as_receipt(done: Any) -> Receipt:
    """The receipt of what a block has done."""
    found = done.receipt
    assert isinstance(found, Receipt)
    return found


def stage(name: str, world: World) -> dict[str, Any]:
    """The names that the index promises; lines are in the status in which the page's table begins."""
    row = next((each for each in transitions() if name in each.functions), None)
    part, other = (asset_id(namespace_of(wallet("supplier").address), each.local_id) for each in PARTS)
    first, second = (
        world.terms(assets=assets(row), salt=salt, open_by=UnixSeconds(world.now + DAY)) for salt in (1, 2)
    )
    clients = {who: world.as_(who) for who in ("buyer", "supplier", "inspector", "arbiter")}
    if row is not None:
        goods = (part, other) if assets(row) else None
        bring(world, row.begins[0], (first, second), goods)
        wait(world, row, second)
    return {
        **clients,
        "anybody": world.as_("stranger"),
        "terms": first,
        "line": clients["buyer"].escrow.line_id(first),
        "goods": (part,) if assets(row) else (),
        "more_goods": (other,),
        "lines": (first, second),
        "report": REPORT,
        "amount": BaseUnits(1_000),
        "token": world.token,
        "tomorrow": UnixSeconds(world.now + DAY),
    }


PARTS: Final = tuple(registration(name) for name in ("PART-0001", "PART-0002"))


def assets(row: Transition | None) -> int:
    """How many assets the lines of a page hand over: those that deal with goods, one."""
    with_goods = ("deliver", "accept", "deemAccept", "collect")
    return 1 if row is not None and row.action in with_goods else 0


def bring(world: World, status: str, lines: tuple[Terms, ...], parts: tuple[AssetId, ...] | None) -> None:
    """Brings lines into a status, step by step; a retention by silence, so that goods are still here."""
    buyer, supplier, inspector = (world.as_(who).escrow for who in ("buyer", "supplier", "inspector"))
    if status == "None":
        return
    for terms in lines:
        buyer.open(terms, supplier=supplier.sign_terms(terms, by=wallet("supplier")))
    if status == "Open":
        return
    world.chain.warp(UnixSeconds(lines[0].due_by - DAY))
    for number, terms in enumerate(lines):
        supplier.deliver(terms, Delivery(assets=() if parts is None else (parts[number],)))
    if status == "Retained":
        world.chain.warp(UnixSeconds(world.now + USUAL.transit + USUAL.inspection))
    for terms in lines:
        if status == "Rejected":
            inspector.reject(terms, reason=REPORT)
        elif status == "Retained":
            inspector.deem_accept(terms)
        elif status == "Disputed":
            buyer.dispute(terms, evidence=REPORT)


def wait(world: World, row: Transition, terms: Terms) -> None:
    """Sets the clock to when the row's action is possible."""
    line = world.fabricant.escrow.line_of(world.fabricant.escrow.line_id(terms))
    action = Action(snake(row.action.removesuffix(MANY)))
    found = [each for each in windows(terms, line, USUAL) if each.action is action]
    if found and found[0].since is not None and found[0].since > world.now:
        world.chain.mine(at=found[0].since)
