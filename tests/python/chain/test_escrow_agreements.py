"""The escrow's client: change orders, and first payments by permit."""

from dataclasses import replace

import pytest

from fabricant.chain.errors import (
    InsufficientAllowance,
    SupplierEscrow_ActsForBoth,
    SupplierEscrow_BadSignature,
    SupplierEscrow_InsufficientBalance,
    SupplierEscrow_MixedBatch,
    SupplierEscrow_NoConsent,
    SupplierEscrow_TooLate,
    SupplierEscrow_WrongStatus,
)
from fabricant.chain.escrow import FreeBalanceChanged, LineAmended, LineConcluded, LineOpened
from fabricant.domain.directory import Role
from fabricant.domain.escrow import Amendment, Ending, Line, LineFlag, Outcome, Status, Terms, advance, bond
from fabricant.domain.units import BaseUnits, UnixSeconds
from tests.support.world import DAY, USUAL, World, wallet

BUYER, SUPPLIER = wallet("buyer"), wallet("supplier")
WORK = BaseUnits(300_000_000)
OUTCOME = Outcome(to_supplier=WORK, goods_to_buyer=False)


@pytest.fixture
def terms(world: World) -> Terms:
    """Terms of an open line."""
    terms = world.terms()
    consent = world.as_("supplier").escrow.sign_terms(terms, by=SUPPLIER)
    world.as_("buyer").escrow.open(terms, supplier=consent)
    return terms


@pytest.fixture
def new(terms: Terms) -> Terms:
    """What takes its place: another revision, due later, for more."""
    amount, due_by = BaseUnits(terms.amount + 5), UnixSeconds(terms.due_by + 20 * DAY)
    return replace(terms, salt=terms.salt + 1, documents=b"\x0f" * 32, amount=amount, due_by=due_by)


def agreed(world: World, terms: Terms, new: Terms) -> Amendment:
    """What both parties sign."""
    line_id = world.fabricant.escrow.line_id
    deadline = UnixSeconds(world.now + DAY)
    return Amendment(old_id=line_id(terms), new_id=line_id(new), outcome=OUTCOME, deadline=deadline)


def test_a_line_is_amended_by_a_signature_and_a_call(world: World, terms: Terms, new: Terms) -> None:
    amendment, buyer = agreed(world, terms, new), world.as_("buyer")
    signed = world.as_("supplier").escrow.sign_amendment(amendment, by=SUPPLIER)
    held = buyer.escrow.line_of(amendment.old_id).held
    money = buyer.token(world.token)
    before, free = (
        money.balance_of(BUYER.address),
        buyer.escrow.free_balance_of(SUPPLIER.address, world.token),
    )

    done = buyer.escrow.amend(terms, new, OUTCOME, deadline=amendment.deadline, supplier=signed)

    assert done.event == LineAmended(old_id=amendment.old_id, new_id=amendment.new_id)
    said = buyer.escrow.events(done.receipt)
    assert [type(each) for each in said] == [
        *(LineConcluded, LineOpened, LineAmended, FreeBalanceChanged, FreeBalanceChanged)
    ]
    concluded, opened = said[0], said[1]
    assert isinstance(concluded, LineConcluded)
    assert isinstance(opened, LineOpened)
    assert (concluded.id, concluded.ending) == (amendment.old_id, Ending.AMENDED)
    assert (concluded.to_supplier_side, concluded.to_buyer) == (WORK, held - WORK)
    assert (opened.id, opened.terms, opened.held) == (amendment.new_id, new, new.amount)
    assert buyer.escrow.line_of(amendment.old_id).status == Status.CLOSED
    assert buyer.escrow.line_of(amendment.new_id) == Line(
        Status.OPEN, since=world.now, held=new.amount, flags=LineFlag.AMENDED
    )
    assert before - money.balance_of(BUYER.address) == new.amount - (held - WORK)
    locked = bond(new.amount, USUAL) - bond(terms.amount, USUAL)
    assert buyer.escrow.free_balance_of(SUPPLIER.address, world.token) == free - locked


def test_anybody_sends_what_both_signed_and_pays(world: World, terms: Terms, new: Terms) -> None:
    cheaper = replace(new, amount=BaseUnits(terms.amount - WORK))
    amendment, stranger = agreed(world, terms, cheaper), world.as_("stranger").escrow
    by_buyer = stranger.sign_amendment(amendment, by=BUYER)
    by_supplier = stranger.sign_amendment(amendment, by=SUPPLIER)

    done = stranger.amend(
        terms, cheaper, OUTCOME, deadline=amendment.deadline, buyer=by_buyer, supplier=by_supplier
    )

    opened = next(each for each in stranger.events(done.receipt) if isinstance(each, LineOpened))
    assert (opened.payer, opened.buyer) == (wallet("stranger").address, BUYER.address)


def test_f036_what_was_not_signed_is_not_amended(world: World, terms: Terms, new: Terms) -> None:
    amendment, buyer = agreed(world, terms, new), world.as_("buyer").escrow
    signed, deadline = buyer.sign_amendment(amendment, by=SUPPLIER), amendment.deadline

    with pytest.raises(SupplierEscrow_BadSignature):
        buyer.amend(terms, new, OUTCOME, deadline=UnixSeconds(deadline + 1), supplier=signed)
    with pytest.raises(SupplierEscrow_BadSignature):
        buyer.amend(terms, replace(new, salt=1), OUTCOME, deadline=deadline, supplier=signed)
    dearer = replace(OUTCOME, to_supplier=BaseUnits(0))
    with pytest.raises(SupplierEscrow_BadSignature):
        buyer.amend(terms, new, dearer, deadline=deadline, supplier=signed)
    with pytest.raises(SupplierEscrow_NoConsent):
        buyer.amend(terms, new, OUTCOME, deadline=deadline)
    world.as_("buyer").directory.set_operator(SUPPLIER.address, Role.CHANGE)
    with pytest.raises(SupplierEscrow_ActsForBoth):
        world.as_("supplier").escrow.amend(terms, new, OUTCOME, deadline=deadline)
    world.chain.mine(at=deadline)
    with pytest.raises(SupplierEscrow_TooLate):
        buyer.amend(terms, new, OUTCOME, deadline=deadline, supplier=signed)


def test_f028_an_amendment_is_sent_once(world: World, terms: Terms, new: Terms) -> None:
    amendment, buyer = agreed(world, terms, new), world.as_("buyer").escrow
    signed = buyer.sign_amendment(amendment, by=SUPPLIER)
    buyer.amend(terms, new, OUTCOME, deadline=amendment.deadline, supplier=signed)

    with pytest.raises(SupplierEscrow_WrongStatus, match="is closed"):
        buyer.amend(terms, new, OUTCOME, deadline=amendment.deadline, supplier=signed)


def test_what_does_not_fit_is_refused(world: World, terms: Terms, new: Terms) -> None:
    buyer = world.as_("buyer").escrow
    foreign, dear = replace(new, broker=wallet("stranger").address), replace(new, amount=BaseUnits(2**100))
    for other, error in ((foreign, SupplierEscrow_MixedBatch), (dear, SupplierEscrow_InsufficientBalance)):
        amendment = agreed(world, terms, other)
        signed = buyer.sign_amendment(amendment, by=SUPPLIER)
        with pytest.raises(error):
            buyer.amend(terms, other, OUTCOME, deadline=amendment.deadline, supplier=signed)


# First payments by permit


def test_f021_a_line_is_opened_with_a_permit(world: World) -> None:
    terms, buyer = world.terms(), world.as_("buyer")
    money, escrow = buyer.token(world.token), buyer.escrow
    money.approve(escrow.address, BaseUnits(0))
    consent = escrow.sign_terms(terms, by=SUPPLIER)
    deadline = UnixSeconds(world.now + DAY)
    with pytest.raises(InsufficientAllowance):
        escrow.open(terms, supplier=consent)
    short = money.sign_permit(escrow.address, BaseUnits(terms.amount - 1), deadline=deadline, by=BUYER)
    with pytest.raises(InsufficientAllowance):
        escrow.open_with_permit(terms, short, supplier=consent)
    permit = money.sign_permit(escrow.address, terms.amount, deadline=deadline, by=BUYER)

    event = escrow.open_with_permit(terms, permit, supplier=consent).event

    line = escrow.line_id(terms)
    held = BaseUnits(terms.amount - advance(Line(), terms.amount, USUAL))
    assert (event.id, event.payer, event.held) == (line, BUYER.address, held)
    assert money.allowance(BUYER.address, escrow.address) == 0
    other = world.terms(salt=2)
    again = escrow.sign_terms(other, by=SUPPLIER)
    with pytest.raises(InsufficientAllowance):
        escrow.open_with_permit(other, permit, supplier=again)
