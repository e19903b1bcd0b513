"""`fabricant agent`: let a program quote and award for you, within rules that you write."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar

import click

from fabricant.agents import BuyerAgent, BuyerRules, Decision, Journal, SupplierAgent, SupplierRules, run
from fabricant.agents.buyer_rules import TEMPLATE as BUYER_TEMPLATE
from fabricant.agents.supplier_rules import TEMPLATE as SUPPLIER_TEMPLATE
from fabricant.chain.fabricant import Fabricant
from fabricant.cli import _app as app
from fabricant.cli import _files as files
from fabricant.cli import _naming as naming
from fabricant.cli import _output as output
from fabricant.cli import _trade as trade
from fabricant.domain.units import Seconds, parse_duration
from fabricant.errors import NotFound

F = TypeVar("F", bound=Callable[..., Any])

PAUSE: Final = app.Parsed("duration", parse_duration)
TEMPLATES: Final = {"buyer": BUYER_TEMPLATE, "supplier": SUPPLIER_TEMPLATE}


@click.group
def command() -> None:
    """Let a program quote and award for you, within rules that you write.

    A supplier's agent answers requests with signed quotations; a buyer's publishes a request and awards the
    best answer. The rules are a file: what they don't allow is not done, and nobody is asked. Each decision
    is told, and kept in a folder beside the rules. Stop an agent at any time, and start it again.

    \b
    Example:
      fabricant agent supplier --rules mill.toml
    """


def _running(command: F) -> F:
    """The options of an agent that runs."""
    options = (
        click.option("--rules", type=files.FILE, required=True, help="What the agent may do."),
        click.option("--once", is_flag=True, help="Do what can be done now, then end."),
        click.option("--every", type=PAUSE, default="5 s", show_default=True, help="Look so often."),
    )
    for option in reversed(options):
        command = option(command)
    return command


@command.command
@click.argument("kind", type=click.Choice([*TEMPLATES]))
@click.argument("file", type=files.NEW_FILE)
@click.pass_context
def new(ctx: click.Context, kind: str, file: Path) -> None:
    """Write an example of rules to FILE, to be changed.

    \b
    Example:
      fabricant agent new supplier mill.toml
    """
    files.write(file, TEMPLATES[kind].encode())
    said = f"An example of rules is in {file}. Change it, then run `fabricant agent {kind} --rules {file}`."
    output.emit(ctx, {"file": str(file)}, lambda: output.say(said))


@command.command
@_running
@click.option("--supplier", type=naming.WHO, help="Who quotes, if you sign as its operator (OPEN).")
@trade.reads
def supplier(ctx: click.Context, *, rules: Path, once: bool, every: Seconds, supplier: str | None) -> None:
    """Answer requests with signed quotations, in the folder that the rules name, until you stop it.

    \b
    Example:
      fabricant agent supplier --rules mill.toml
    """
    allowed, fabricant = files.read_draft(rules, SupplierRules), trade.reading(ctx)
    whose = naming.principal(ctx, supplier)
    with Journal.opened(_folder(rules), _teller(ctx)) as journal:
        agent = SupplierAgent(
            fabricant, allowed, wallet=app.wallet(ctx), journal=journal, home=rules.parent, supplier=whose
        )
        _run(agent, journal, once=once, every=every)


@command.command
@_running
@click.option("--buyer", type=naming.WHO, help="Who buys, if you act as its operator (OPEN).")
@trade.reads
def buyer(ctx: click.Context, *, rules: Path, once: bool, every: Seconds, buyer: str | None) -> None:
    """Publish a request, collect quotations, and award the best, by the rule that the request published.

    Ends when a line is open, or with 6 if nothing is awarded. However often you start it, it asks once.

    \b
    Example:
      fabricant agent buyer --rules brackets.toml
    """
    allowed, whose = files.read_draft(rules, BuyerRules), naming.principal(ctx, buyer)
    wallet = app.wallet(ctx)
    fabricant = Fabricant(app.network(ctx), app.deployment(ctx), wallet=wallet)
    with Journal.opened(_folder(rules), _teller(ctx)) as journal:
        agent = BuyerAgent(fabricant, allowed, wallet=wallet, journal=journal, home=rules.parent, buyer=whose)
        done = _run(agent, journal, once=once, every=every)
    if done and agent.line is None:
        raise NotFound("nothing was awarded; see why in the decisions, and ask again with new rules")


def _run(agent: SupplierAgent | BuyerAgent, journal: Journal, *, once: bool, every: Seconds) -> bool:
    """Runs an agent. Whether it is done."""
    if once:
        return agent.step()
    run(agent, journal, every=max(1, every))
    return True


def _folder(rules: Path) -> Path:
    """Where an agent keeps what it decided and signed."""
    return rules.with_name(f"{rules.stem}.agent")


def _teller(ctx: click.Context) -> Callable[[Decision], None]:
    """Prints each decision as it is made: a line for people, or one of JSON."""

    def tell(decision: Decision) -> None:
        output.stream(ctx, decision.as_json(), str(decision))

    return tell
