"""`fabricant order`: open order lines, deliver, accept, get paid, see what can happen next."""

import click

from fabricant.cli import _order_agreeing as agreeing
from fabricant.cli import _order_changing as changing
from fabricant.cli import _order_court as at_court
from fabricant.cli import _order_disputing as disputing
from fabricant.cli import _order_money as money
from fabricant.cli import _order_performing as performing
from fabricant.cli import _order_rescheduling as rescheduling
from fabricant.cli import _order_showing as showing


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


agreeing.propose.add_command(rescheduling.reschedule)
for each in (
    *(showing.show, showing.list_),
    *(agreeing.propose, agreeing.sign, agreeing.send, agreeing.revoke),
    *(performing.deliver, performing.receipt, performing.accept, performing.deem_accept, performing.reject),
    *(disputing.dispute, disputing.submit, disputing.rule, disputing.apply_default, at_court.court),
    *(changing.pay, changing.refund, changing.extend, changing.cancel, changing.resign, changing.terminate),
    *(performing.retention, performing.collect, money.deposit, money.withdraw, money.balance),
):
    command.add_command(each)
