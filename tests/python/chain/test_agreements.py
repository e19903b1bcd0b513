"""Agreements beside the chain: whose signatures count, and what an agreement is sent with."""

from dataclasses import replace

import pytest

from fabricant.chain import agreements, history
from fabricant.chain.agreements import BadConsent, MissingConsent, Opening, Settling
from fabricant.domain.directory import Role
from fabricant.domain.escrow import Ending, Outcome, Status
from fabricant.domain.units import BaseUnits, Seconds, UnixSeconds
from fabricant.errors import SigningRefused, WrongChain
from tests.support.world import DAY, World, wallet

BUYER, SUPPLIER, STRANGER = map(wallet, ("buyer", "supplier", "stranger"))
HALF = Outcome(to_supplier=BaseUnits(500_000_000), goods_to_buyer=True)


@pytest.fixture
def opening(world: World) -> Opening:
    """A line that nobody has signed yet."""
    return agreements.opening(world.as_("buyer"), world.terms())


@pytest.fixture
def settling(world: World, opening: Opening) -> Settling:
    """A settlement of that line, which is open."""
    signed = opening.signed("supplier", by=SUPPLIER)
    world.as_("buyer").escrow.open(**signed.arguments(payer=BUYER.address, value=BaseUnits(0)))
    deadline = UnixSeconds(world.now + DAY)
    return agreements.settling(world.as_("buyer"), opening.file.content, HALF, deadline=deadline)


def test_signature_over_several_lines_counts_for_each_of_them(world: World) -> None:
    lines = [world.terms(salt=salt) for salt in range(3)]
    schedule = world.as_("supplier").escrow.sign_schedule(lines, by=SUPPLIER)
    for terms in lines:
        opening = agreements.opening(world.as_("buyer"), terms)
        consent = schedule.consent(world.fabricant.escrow.line_id(terms))
        signed = replace(opening, file=opening.file.signed("supplier", consent))
        signed.check_consents()

        other = replace(consent, proof=(*consent.proof[1:], bytes(32)))
        with pytest.raises(BadConsent, match="the supplier's signature in this order line does not count"):
            replace(signed, file=signed.file.signed("supplier", other)).check_consents()


def test_agreement_says_who_agrees_and_what_it_costs(
    world: World, opening: Opening, settling: Settling
) -> None:
    both = {"buyer": BUYER.address, "supplier": SUPPLIER.address}
    assert (opening.parties, settling.parties) == (both, both)
    assert (opening.price, settling.price) == (world.terms().amount, 0)
    assert opening.new_terms == (opening.file.content,)
    assert settling.new_terms == ()
    assert opening.token == settling.token == world.token
    assert settling.payment(BUYER.address).allowance == 0


def test_settlement_is_sent_with_what_was_signed(world: World, settling: Settling) -> None:
    signed = settling.signed("buyer", by=BUYER).signed("supplier", by=SUPPLIER)
    signed.check_consents()
    signed.check_sender(STRANGER.address)
    stranger = world.as_("stranger").escrow

    done = signed.action(stranger, **signed.arguments(payer=STRANGER.address, value=BaseUnits(0)))

    assert done.event.ending is Ending.SETTLED
    assert stranger.line_of(settling.file.content.id).status is Status.CLOSED
    said = history.history_of(world.fabricant, settling.file.content.id, settling.terms)
    assert [each.log.transaction for each in said][-1] == done.receipt.transaction


def test_nobody_signs_for_a_side_that_is_not_its_own(world: World, settling: Settling) -> None:
    for side, signer in (("buyer", SUPPLIER), ("supplier", BUYER), ("buyer", STRANGER)):
        with pytest.raises(SigningRefused, match=f"may not sign for the {side}"):
            settling.signed(side, by=signer)
    for role, may in ((Role.OPEN, False), (Role.CHANGE, True)):
        world.as_("buyer").directory.set_operator(STRANGER.address, role)
        assert settling.may_agree("buyer", STRANGER.address) is may
    assert settling.side_of(BUYER.address) == "buyer"


def test_party_is_no_operator_of_the_other(world: World, settling: Settling) -> None:
    world.as_("buyer").directory.set_operator(SUPPLIER.address, Role.CHANGE)

    with pytest.raises(SigningRefused):
        settling.signed("buyer", by=SUPPLIER)
    with pytest.raises(MissingConsent, match="the buyer has not signed this settlement"):
        settling.check_sender(SUPPLIER.address)


def test_f026_file_of_another_contract_is_refused(world: World, opening: Opening) -> None:
    elsewhere = replace(opening.file, domain=world.fabricant.capacity.domain)

    with pytest.raises(WrongChain):
        agreements.agreement(world.fabricant, elsewhere)


def test_happenings_of_several_lines_are_told_in_their_order(world: World) -> None:
    lines = [world.terms(salt=salt) for salt in (1, 2)]
    buyer = world.as_("buyer")
    for terms in lines:
        signed = agreements.opening(buyer, terms).signed("supplier", by=SUPPLIER)
        buyer.escrow.open(**signed.arguments(payer=BUYER.address, value=BaseUnits(0)))
    buyer.escrow.extend(lines[0], extra_after=Seconds(DAY))
    ids = [buyer.escrow.line_id(terms) for terms in lines]

    told = history.merged(
        history.history_of(world.fabricant, line, terms) for line, terms in zip(ids, lines, strict=True)
    )

    assert [each.line for each in told] == [*ids, ids[0]]
    assert [each.said.partition(":")[0] for each in told] == [
        *("opened", "opened"),
        "due 1 day later than agreed at first",
    ]
    assert {each.who for each in told} == {"the buyer"}
    assert told[-1].at == world.now


def test_operator_of_supplier_and_payee_counts_for_both(world: World, settling: Settling) -> None:
    deadline = UnixSeconds(world.now + DAY)
    proposed = agreements.assigning(
        world.as_("supplier"), settling.terms, wallet("broker").address, deadline=deadline
    )
    assigned = proposed.signed("payee", by=wallet("broker"))
    world.as_("supplier").escrow.assign(**assigned.arguments(payer=SUPPLIER.address, value=BaseUnits(0)))
    for role in ("supplier", "broker"):
        world.as_(role).directory.set_operator(STRANGER.address, Role.CHANGE)
    signed = settling.signed("buyer", by=BUYER)

    assert [*signed.parties] == ["buyer", "supplier", "payee"]
    signed.check_sender(STRANGER.address)
    done = signed.action(
        world.as_("stranger").escrow, **signed.arguments(payer=STRANGER.address, value=BaseUnits(0))
    )
    assert done.event.ending is Ending.SETTLED


def test_larger_bond_takes_an_operator_with_open_as_well(world: World, settling: Settling) -> None:
    more = replace(settling.terms, amount=BaseUnits(2 * settling.terms.amount), salt=1)
    less = replace(more, amount=BaseUnits(1))
    deadline = UnixSeconds(world.now + DAY)
    world.as_("supplier").directory.set_operator(STRANGER.address, Role.CHANGE)

    for new, may in ((more, False), (less, True)):
        amending = agreements.amending(world.as_("stranger"), settling.terms, new, HALF, deadline=deadline)
        assert amending.may_agree("supplier", STRANGER.address) is may
