"""What one party proposes and the other signs, checked before anybody signs it.

A proposal is good until its deadline, for a line that is still live, and about money that is there. The
contract would take less than what is named (`payoffs.decided`), so that no late payment can block what both
had signed; whoever signs should mean what it says.
"""

from dataclasses import replace

from fabricant.domain.escrow.clocks import LIVE
from fabricant.domain.escrow.conditions import Conditions
from fabricant.domain.escrow.consents import Outcome
from fabricant.domain.escrow.lines import Line, Status
from fabricant.domain.escrow.payoffs import bond
from fabricant.domain.escrow.terms import Terms
from fabricant.domain.units import ZERO_ADDRESS, Address, BaseUnits, Token, UnixSeconds, format_time
from fabricant.errors import InvalidInput


class BrokenProposal(InvalidInput):
    """A proposal that nobody should sign, or that the chain would refuse."""


class ProposalExpired(BrokenProposal):
    """The time in which it could be sent is over."""


class WrongLineStatus(BrokenProposal):
    """The line does not stand as the proposal needs it."""


class OtherDeal(BrokenProposal):
    """A change order can't change this: it takes a settlement and a new line."""


class GoodsInCustody(BrokenProposal):
    """The goods have to be collected first."""


class WrongPayee(BrokenProposal):
    """Somebody to whom the line can't be assigned, or whose line it can't become."""


class DeadlineNotLater(BrokenProposal):
    """A payee's consent that would serve after the one before it."""


class BondNotCovered(BrokenProposal):
    """The supplier has too little free balance for a larger security deposit."""


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


def check_successor(old: Terms, new: Terms, *, by: Address = ZERO_ADDRESS) -> None:
    """Raises OtherDeal unless new terms may take the place of old ones by a change order of both parties.

    `by`: the contract that opened the line and changes it, such as the market; zero: none.
    """
    if old.opener != by:
        raise OtherDeal(
            f"only the contract {old.opener}, which opened the line, can change it; for a line of the "
            "market, `fabricant order propose reschedule`"
        )
    for name in ("buyer", "supplier", "broker", "token", "opener"):
        if getattr(old, name) != getattr(new, name):
            raise OtherDeal(
                f"a change order keeps the {name}, {getattr(old, name)}; for another, settle this line and "
                "open a new one"
            )
    if replace(old, open_by=new.open_by, salt=new.salt) == new:
        raise OtherDeal("the new terms change nothing; say in them what changes")


def check_amendable(line: Line, *, goods_here: bool) -> None:
    """Raises WrongLineStatus, GoodsInCustody unless another line may take this one's place."""
    if line.status not in (Status.OPEN, Status.REJECTED):
        raise WrongLineStatus(
            f"the line is {_STANDING[line.status]}, and is changed only while work on it goes on; see what "
            "can happen to it (fabricant order show)"
        )
    if goods_here:
        raise GoodsInCustody(
            "goods of the line are in custody; the supplier has to collect them first "
            "(fabricant order collect)"
        )


def check_payee(terms: Terms, payee: Address) -> None:
    """Raises WrongPayee for somebody whose place in the line forbids to be its payee."""
    if payee in (ZERO_ADDRESS, terms.buyer, terms.inspector, terms.arbiter):
        raise WrongPayee(
            f"{payee} can't be the payee: that is somebody, and not the buyer, inspector or arbiter; name "
            "another"
        )


def check_later(deadline: UnixSeconds, *, than: UnixSeconds) -> None:
    """Raises DeadlineNotLater unless an assignment is good for longer than the one before it."""
    if deadline <= than:
        raise DeadlineNotLater(
            f"the assignment before this one was good until {format_time(than)}, and the next one has to be "
            "good for longer; propose a later time (--until)"
        )


def check_bond(bound: BaseUnits, *, freed: BaseUnits, free: BaseUnits, token: Token) -> None:
    """Raises BondNotCovered if a change order takes more security than it frees and the supplier has free.

    `bound`: the new security deposit, and what the buyer gets of the old one.
    """
    if (missing := bound - freed - free) > 0:
        raise BondNotCovered(
            f"the supplier's free balance is {token.format(BaseUnits(missing))} short of the new line's "
            "security deposit; it has to deposit that first (fabricant order deposit)"
        )


_STANDING = {status: status.name.lower() for status in Status} | {Status.NONE: "not open"}
