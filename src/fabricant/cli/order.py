"""`fabricant order`: open order lines, deliver, accept, get paid, see what can happen next."""

import click

from fabricant.chain import lookup
from fabricant.chain.escrow import LineOpened
from fabricant.chain.fabricant import Fabricant
from fabricant.cli import _facts as facts
from fabricant.cli import _naming as naming
from fabricant.cli import _order_agreeing as agreeing
from fabricant.cli import _order_changing as changing
from fabricant.cli import _order_disputing as disputing
from fabricant.cli import _order_money as money
from fabricant.cli import _order_performing as performing
from fabricant.cli import _order_showing as showing
from fabricant.cli import _output as output
from fabricant.cli import _trade as trade
from fabricant.domain.escrow import Line, Status, next_change
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


for each in (
    showing.show,
    *(agreeing.propose, agreeing.sign, agreeing.send, agreeing.revoke),
    *(performing.deliver, performing.receipt, performing.accept, performing.reject),
    *(disputing.dispute, disputing.submit, disputing.rule, disputing.apply_default),
    *(changing.pay, changing.refund, changing.extend, changing.cancel, changing.resign, changing.terminate),
    *(performing.retention, performing.collect, money.deposit, money.withdraw, money.balance),
):
    command.add_command(each)
