"""What one party proposes and the other signs, checked before anybody signs it.

A proposal is good until its deadline, for a line that is still live, and about money that is there. The
contract would take less than what is named (`payoffs.decided`), so that no late payment can block what both
had signed; whoever signs should mean what it says.
"""

from fabricant.domain.escrow.clocks import LIVE
from fabricant.domain.escrow.conditions import Conditions
from fabricant.domain.escrow.consents import Outcome
from fabricant.domain.escrow.lines import Line, Status
from fabricant.domain.escrow.payoffs import bond
from fabricant.domain.escrow.terms import Terms
from fabricant.domain.units import Token, UnixSeconds, format_time
from fabricant.errors import InvalidInput


class BrokenProposal(InvalidInput):
    """A proposal that nobody should sign, or that the chain would refuse."""


class ProposalExpired(BrokenProposal):
    """The time in which it could be sent is over."""


class WrongLineStatus(BrokenProposal):
    """The line does not stand as the proposal needs it."""


class OutcomeBeyondHeld(BrokenProposal):
    """More is shared out than there is."""


def check_deadline(deadline: UnixSeconds, *, at: UnixSeconds) -> None:
    """Raises ProposalExpired from the deadline on."""
    if at >= deadline:
        raise ProposalExpired(
            f"this could be sent before {format_time(deadline)}, and that is over; propose it anew "
            "(fabricant order propose)"
        )


def check_live(line: Line) -> None:
    """Raises WrongLineStatus unless the line's money can still be decided on."""
    if line.status not in LIVE:
        raise WrongLineStatus(
            f"the line is {_STANDING[line.status]}, so there is nothing to agree on any more; see what "
            "happened to it (fabricant order show)"
        )


def check_unopened(line: Line) -> None:
    """Raises WrongLineStatus unless the line can still be opened."""
    if line.status is not Status.NONE:
        raise WrongLineStatus(
            f"the line is {_STANDING[line.status]} already, and a line is opened once; see how it stands "
            "(fabricant order show), or agree on a new one"
        )


def check_outcome(
    outcome: Outcome, terms: Terms, line: Line, conditions: Conditions, *, token: Token
) -> None:
    """Raises OutcomeBeyondHeld if more is shared out than what is held, or than the security deposit."""
    if outcome.to_supplier > line.held:
        raise OutcomeBeyondHeld(
            f"{token.format(outcome.to_supplier)} are to go to the supplier, and "
            f"{token.format(line.held)} are held; propose at most that"
        )
    if outcome.bond_to_buyer > (deposit := bond(terms.amount, conditions)):
        raise OutcomeBeyondHeld(
            f"{token.format(outcome.bond_to_buyer)} of the security deposit are to go to the buyer, and it "
            f"is {token.format(deposit)}; propose at most that"
        )


_STANDING = {status: status.name.lower() for status in Status} | {Status.NONE: "not open"}
