"""`fabricant order propose reschedule`: an engineering change of a line that was booked or awarded."""

from dataclasses import replace
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

import click

from fabricant.chain import agreements
from fabricant.chain.agreements import Rescheduling
from fabricant.cli import _app as app
from fabricant.cli import _files as files
from fabricant.cli import _naming as naming
from fabricant.cli import _trade as trade
from fabricant.cli._line import LineAtHand, at_hand
from fabricant.cli._order_agreeing import out_option, proposal, sign_proposal, until_option
from fabricant.cli.offer import ZONE, parse_all
from fabricant.domain.capacity import NO_BOOKING, Booking, Reservation
from fabricant.domain.escrow import Outcome, Terms
from fabricant.domain.units import UnixSeconds, parse_time
from fabricant.errors import InvalidInput

SALTS = 2**256


@click.command
@click.argument("line")
@click.option("--price", required=True, help="Of what is still open, in whole tokens.")
@click.option("--hours", multiple=True, help="The new hours; may be given again. [default: they stay]")
@click.option("--zone", type=ZONE, help="The time zone of the hours, such as Europe/Berlin or UTC.")
@click.option("--machine", metavar="ASSET", help="Of this machine. [default: the same]")
@click.option("--no-hours", is_flag=True, help="Give up the hours, and reserve none.")
@click.option("--due-by", type=app.Parsed("time", parse_time), help="When it is due. [default: as before]")
@click.option("--documents", metavar="FILE|HASH", help="The new contract package. [default: as before]")
@click.option(
    "--work-in-progress", default="0", show_default=True, help="What the supplier gets of what is held."
)
@click.option("--bond-to-buyer", metavar="AMOUNT", help="Of the supplier's security deposit. [default: none]")
@click.option("--for", "side", metavar="SIDE", help="For whom, if you sign as an operator.")
@until_option
@out_option
@trade.acts
def reschedule(
    ctx: click.Context,
    line: str,
    *,
    price: str,
    hours: tuple[str, ...],
    zone: ZoneInfo | None,
    machine: str | None,
    no_hours: bool,
    due_by: UnixSeconds | None,
    documents: str | None,
    work_in_progress: str,
    bond_to_buyer: str | None,
    side: str | None,
    until: UnixSeconds | None,
    out: Path | None,
) -> None:
    """Propose other hours, another price or drawing for a line of the market, and sign that. Supplier (CHANGE).

    Work in progress is paid, and the rest of what is held goes into the new line, with its hours, in one
    transaction of the buyer. The file is rescheduling-LINE.json.

    \b
    Example:
      fabricant order propose reschedule 0x1f2e3d4c --price 900 --hours "2026-12-03 06:00 to 14:00" --zone Europe/Berlin
    """  # noqa: E501 - an example is one line
    fabricant = trade.trying(ctx)
    found = at_hand(fabricant, line)
    since = fabricant.deployment.first_block
    old = fabricant.capacity.bound_by(found.terms, found.id, since=since)
    if no_hours and (hours or machine):
        raise InvalidInput("either give up the hours (--no-hours) or name new ones (--hours)")
    if machine and not hours:
        raise InvalidInput("name the hours of the machine, too (--hours)")
    new = NO_BOOKING if no_hours else old
    if hours:
        where = naming.asset(ctx, fabricant, machine, issuer=found.terms.supplier) if machine else old.machine
        new = Booking(machine=where, offer=old.offer, hours=parse_all(hours, zone))
    terms = replace(
        found.terms,
        amount=found.token.parse(price),
        due_by=due_by or found.terms.due_by,
        documents=files.commitment(documents) if documents else found.terms.documents,
        subject=new.subject,
        salt=(found.terms.salt + 1) % SALTS,
    )
    outcome = found.outcome(to_supplier=work_in_progress, bond_to_buyer=bond_to_buyer, goods="supplier")
    propose_ = partial(_rescheduled, found, Reservation(terms=found.terms, booking=old), terms, new, outcome)
    rescheduling, target = proposal(found, "rescheduling", propose_, until=until, out=out)
    sign_proposal(ctx, rescheduling, side, target)


def _rescheduled(
    found: LineAtHand,
    current: Reservation,
    terms: Terms,
    booking: Booking,
    outcome: Outcome,
    *,
    deadline: UnixSeconds,
) -> Rescheduling:
    """The change, to be opened as long as it may be sent."""
    opened = replace(terms, open_by=min(deadline, terms.due_by))
    following = Reservation(terms=opened, booking=booking)
    return agreements.rescheduling(found.fabricant, current, following, outcome, deadline=deadline)
