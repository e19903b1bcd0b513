"""`fabricant order`: open order lines, deliver, accept, get paid, see what can happen next."""

from pathlib import Path
from typing import Any

import click

from fabricant.chain import lookup
from fabricant.chain.escrow import LineOpened
from fabricant.chain.fabricant import Fabricant
from fabricant.cli import _facts as facts
from fabricant.cli import _naming as naming
from fabricant.cli import _order_agreeing as agreeing
from fabricant.cli import _order_changing as changing
from fabricant.cli import _order_court as at_court
from fabricant.cli import _order_disputing as disputing
from fabricant.cli import _order_money as money
from fabricant.cli import _order_performing as performing
from fabricant.cli import _output as output
from fabricant.cli import _trade as trade
from fabricant.cli._line import LineAtHand, at_hand
from fabricant.domain.escrow import Line, Status, Terms, Window, next_change
from fabricant.domain.escrow.describe import describe_line
from fabricant.domain.units import Address, UnixSeconds, format_time


class _OrderGroup(click.Group):
    """Lists its commands in the order of a deal."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(self.commands)


@click.group(cls=_OrderGroup)
def command() -> None:
    """Open order lines, deliver, accept, get paid, see what can happen next.

    LINE is the id of a line, or its first digits (8 at least). Who may act is said at each command: a party
    itself, or an operator of it with the role in brackets.

    \b
    Example:
      fabricant order show 0x1f2e3d4c
    """


@command.command
@click.argument("line", metavar="LINE|FILE")
@click.option("--history", is_flag=True, help="Also everything that happened to it.")
@trade.reads
def show(ctx: click.Context, line: str, *, history: bool) -> None:
    """Say how a line stands, what can happen next, who may do it, and until when.

    \b
    Example:
      fabricant order show 0x1f2e3d4c
    """
    fabricant = trade.reading(ctx)
    if not lookup.is_id(line):
        _show_file(ctx, fabricant, Path(line))
        return
    found = at_hand(fabricant, line)
    events = fabricant.escrow.history_of(found.id, since=fabricant.deployment.first_block) if history else []
    told = [{"block": log.block, "event": type(event).__name__, **facts.of(event)} for log, event in events]
    data = _facts(found) | ({"history": told} if history else {})
    output.emit(ctx, data, lambda: _show(found, told))


@command.command("list")
@click.argument("who", type=naming.WHO, required=False)
@click.option("--all", "everything", is_flag=True, help="Also lines that are closed.")
@trade.reads
def list_(ctx: click.Context, who: str | None, *, everything: bool) -> None:
    """List the lines of WHO, or your own.

    \b
    Example:
      fabricant order list
    """
    party = naming.principal(ctx, who)
    fabricant = trade.reading(ctx)
    escrow, since = fabricant.escrow, fabricant.deployment.first_block
    opened = [
        *(event for _, event in escrow.lines_opened(buyer=party, since=since)),
        *(event for _, event in escrow.lines_opened(supplier=party, since=since)),
    ]
    now = fabricant.network.head().timestamp
    lines = [(event, escrow.line_of(event.id)) for event in opened]
    kept = [(event, line) for event, line in lines if everything or not line.is_final]
    rows = [_row(fabricant, party, event, line, now) for event, line in kept]
    columns = ("line", "you are", "with", "price", "held", "status", "due", "next change")
    data = [
        {"id": f"0x{event.id.hex()}", "line": facts.of(line), "terms": facts.of(event.terms)}
        for event, line in kept
    ]
    output.emit(ctx, data, lambda: output.table(*columns, rows=rows))


def _row(
    fabricant: Fabricant, party: Address, event: LineOpened, line: Line, now: UnixSeconds
) -> tuple[object, ...]:
    terms = event.terms
    token = lookup.token_of(fabricant, terms.token)
    conditions = fabricant.escrow.conditions_of(terms.conditions)
    change = next_change(terms, line, conditions, after=now)
    return (
        facts.short(event.id),
        "buyer" if terms.buyer == party else "supplier",
        terms.supplier if terms.buyer == party else terms.buyer,
        token.format(terms.amount),
        token.format(line.held),
        line.status.name.lower(),
        format_time(UnixSeconds(terms.due_by + line.extra))
        if line.status in (Status.OPEN, Status.REJECTED)
        else None,
        format_time(change) if change else None,
    )


def _facts(found: LineAtHand) -> dict[str, Any]:
    terms, state = found.terms, found.state
    change = next_change(terms, state.line, state.conditions, after=state.at)
    return {
        "id": f"0x{found.id.hex()}",
        "at": state.at,
        "line": facts.of(state.line),
        "terms": facts.of(terms),
        "conditions": lookup.named(state.conditions).name,
        "words": list(describe_line(terms, state.line, state.conditions, token=found.token, at=state.at)),
        "goodsInCustody": [facts.asset_text(each) for each in found.goods()],
        "actions": [_window(each, terms, state.at) for each in found.to_come],
        "nextChange": change,
    }


def _window(window: Window, terms: Terms, now: UnixSeconds) -> dict[str, object]:
    return {
        "action": str(window.action),
        "by": str(window.by),
        "who": list(window.by.principals(terms)),
        "role": window.role.label.lower(),
        "from": window.since,
        "before": window.before,
        "now": window.is_open(now),
        "remark": window.remark,
    }


def _show(found: LineAtHand, told: list[dict[str, Any]]) -> None:
    state = found.state
    output.say("\n".join([*found.words, ""]))
    rows = [
        (
            str(each.action).replace("_", " "),
            str(each.by),
            each.role.label.lower() if each.role else None,
            "now" if each.is_open(state.at) else format_time(each.since) if each.since else None,
            format_time(each.before) if each.before else None,
            each.remark or None,
        )
        for each in found.to_come
    ]
    if rows:
        output.table("possible", "who", "operators need", "from", "before", "", rows=rows)
    else:
        output.say("Nothing can happen to it any more.")
    if told:
        output.say("")
        output.table("block", "event", rows=[(each["block"], each["event"]) for each in told])


def _show_file(ctx: click.Context, fabricant: Fabricant, file: Path) -> None:
    """A line that is in a file only, as yet."""
    found = agreeing.read_terms(ctx, fabricant, file)
    signed = sorted(found.consents)
    data = {"id": f"0x{found.id.hex()}", "terms": facts.of(found.content), "signed": signed}
    words = [
        f"Line 0x{found.id.hex()}, signed by {' and '.join(signed) or 'nobody yet'}:",
        *agreeing.terms_words(fabricant, found.content),
    ]
    output.emit(ctx, data, lambda: output.say("\n".join(words)))


for each in (
    *(agreeing.new, agreeing.sign, agreeing.open_, agreeing.revoke),
    *(performing.deliver, performing.receipt, performing.accept, performing.reject),
    *(disputing.dispute, disputing.submit, disputing.rule, disputing.apply_default, at_court.court),
    *(changing.pay, changing.refund, changing.extend, changing.cancel, changing.resign, changing.terminate),
    *(performing.retention, performing.collect, money.deposit, money.withdraw, money.balance),
):
    command.add_command(each)
