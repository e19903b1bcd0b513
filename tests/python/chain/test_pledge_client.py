"""The typed client of the Pledge, and what it takes to make one."""

from dataclasses import replace

import pytest

from fabricant.chain import lookup, pledging
from fabricant.chain.errors import (
    AssetRegistry_InUse,
    Pledge_AlreadyDeclared,
    Pledge_NotDeclared,
    Pledge_NothingOwed,
    Pledge_NothingToCollect,
    Pledge_NotLender,
    Pledge_TooEarly,
    Pledge_WrongStatus,
)
from fabricant.chain.pledge import (
    DefaultDeclared,
    Pledge,
    PledgeForeclosed,
    PledgeHandedOver,
    PledgeMade,
    PledgeRedeemed,
    PledgeReleased,
    PledgeRevoked,
    pledge_address,
)
from fabricant.domain.assets import asset_id, namespace_of
from fabricant.domain.pledges import BrokenPledge, Lien, PledgeId, PledgeStatus, PledgeTerms
from fabricant.domain.units import ZERO_ADDRESS, BaseUnits, Seconds, UnixSeconds
from fabricant.errors import InsufficientFunds, InvalidInput, NotFound, SigningRefused, VerificationFailed
from tests.support.world import DAY, World, registration, wallet

PLEDGER, LENDER = wallet("supplier"), wallet("buyer")
SERIAL = "LATHE-7"
ADVANCE, AMOUNT = BaseUnits(900_000_007), BaseUnits(1_000_000_009)


@pytest.fixture
def terms(world: World) -> PledgeTerms:
    """A loan on the pledger's lathe, which both have allowed."""
    pledger, lender = world.as_("supplier"), world.as_("buyer")
    namespace = namespace_of(PLEDGER.address)
    pledger.assets.register(namespace, registration(SERIAL))
    asset, house = asset_id(namespace, SERIAL), world.fabricant.pledges.address
    pledger.assets.approve(house, asset)
    lender.token(world.token).approve(house, BaseUnits(ADVANCE + AMOUNT))
    return PledgeTerms(
        pledger=PLEDGER.address,
        lender=LENDER.address,
        asset=asset,
        token=world.token,
        advance=ADVANCE,
        amount=AMOUNT,
        open_by=UnixSeconds(world.now + DAY),
        due_by=UnixSeconds(world.now + 90 * DAY),
        cure=Seconds(14 * DAY),
        salt=4711,
    )


@pytest.fixture
def house(world: World) -> Pledge:
    """The contract, in the lender's name."""
    return world.as_("buyer").pledges


def made(world: World, terms: PledgeTerms) -> PledgeId:
    """Pledges: the pledger signs, the lender sends."""
    pledges = world.as_("buyer").pledges
    signature = pledges.sign_terms(terms, by=PLEDGER).signature
    return pledges.pledge(terms, pledger=signature).event.id


def test_it_stands_where_everybody_finds_it(world: World, house: Pledge) -> None:
    assert house.address == pledge_address(world.fabricant.deployment.assets)
    again = Pledge.create(world.chain, LENDER, assets=world.fabricant.deployment.assets)
    assert again.address == house.address
    with pytest.raises(NotFound, match="deploy it first"):
        Pledge(world.chain, pledge_address(house.address))


def test_an_asset_is_pledged_and_redeemed(world: World, house: Pledge, terms: PledgeTerms) -> None:
    signed = house.sign_terms(terms, by=PLEDGER)
    done = house.pledge(terms, pledger=signed.signature)
    pledge = done.event.id
    parties = {"pledger": PLEDGER.address, "lender": LENDER.address}
    assert done.event == PledgeMade(id=house.pledge_id(terms), **parties, terms=terms)
    assert house.lien_of(pledge) == Lien(
        status=PledgeStatus.PLEDGED, in_custody=True, noticed_at=UnixSeconds(0)
    )
    assert (house.entitled_to(terms), house.terms_of(pledge)) == (PLEDGER.address, terms)
    assert lookup.find_pledge(world.fabricant, f"0x{pledge.hex()[:8]}") == (pledge, terms)

    redeemed = house.redeem(terms)

    assert redeemed.event == PledgeRedeemed(id=pledge, payer=LENDER.address, amount=AMOUNT)
    handed = house.event(redeemed.receipt, PledgeHandedOver)
    assert handed == PledgeHandedOver(id=pledge, to=PLEDGER.address, asset=terms.asset)
    assert house.owed_to(LENDER.address, world.token) == AMOUNT
    assert house.withdraw(LENDER.address, world.token).event.owed_after == 0
    assert house.entitled_to(terms) == ZERO_ADDRESS
    said = [type(event) for _, event in house.history_of(pledge)]
    assert said == [PledgeMade, PledgeRedeemed, PledgeHandedOver]
    with pytest.raises(Pledge_WrongStatus, match="is RETURNED"):
        house.redeem(terms)
    with pytest.raises(Pledge_NothingOwed):
        house.withdraw(LENDER.address, world.token)
    with pytest.raises(Pledge_NothingToCollect):
        house.collect(terms)


def test_a_lender_forecloses(world: World, house: Pledge, terms: PledgeTerms) -> None:
    pledge = made(world, terms)
    with pytest.raises(AssetRegistry_InUse):
        house.prolong_use(terms)
    with pytest.raises(Pledge_NotDeclared):
        house.foreclose(terms)
    with pytest.raises(Pledge_TooEarly, match="the lender may do that from"):
        house.declare_default(terms)
    world.chain.mine(at=UnixSeconds(terms.due_by + DAY))
    with pytest.raises(Pledge_NotLender):
        world.as_("supplier").pledges.declare_default(terms)
    declared = house.declare_default(terms).event
    assert declared == DefaultDeclared(id=pledge, foreclose_from=UnixSeconds(world.now + terms.cure))
    with pytest.raises(Pledge_AlreadyDeclared, match="default was declared at"):
        house.declare_default(terms)
    assert house.prolong_use(terms).succeeded

    world.chain.mine(at=declared.foreclose_from)

    assert house.foreclose(terms).event == PledgeForeclosed(id=pledge)
    assert world.fabricant.assets.owner_of(terms.asset) == LENDER.address


def test_a_lender_releases(world: World, house: Pledge, terms: PledgeTerms) -> None:
    pledge, namespace = made(world, terms), namespace_of(PLEDGER.address)
    assert house.release(terms).event == PledgeReleased(id=pledge)
    with pytest.raises(Pledge_NothingToCollect):
        house.collect_recalled(terms, namespace=namespace, local_id_hash=bytes(32))


def test_a_party_revokes(house: Pledge, terms: PledgeTerms, world: World) -> None:
    revoked = house.revoke(terms).event
    assert revoked == PledgeRevoked(id=house.pledge_id(terms), by=LENDER.address)
    with pytest.raises(NotFound, match="there is no pledge"):
        house.terms_of(revoked.id)
    with pytest.raises(BrokenPledge, match="are revoked already"):
        pledging.check(world.fabricant, pledging.proposed(world.fabricant, terms))


# Before it is sent


def test_a_file_is_checked_before_it_is_sent(world: World, house: Pledge, terms: PledgeTerms) -> None:
    fabricant = world.fabricant
    unsigned = pledging.proposed(fabricant, terms)
    pledging.check(fabricant, unsigned)
    with pytest.raises(InvalidInput, match="the pledger has not signed"):
        pledging.check_others(fabricant, unsigned, LENDER.address)
    signed = unsigned.signed("pledger", house.sign_terms(terms, by=PLEDGER))
    pledging.check(fabricant, signed)
    pledging.check_others(fabricant, signed, LENDER.address)
    forged = unsigned.signed("pledger", house.sign_terms(terms, by=LENDER))
    with pytest.raises(VerificationFailed, match="the pledger's signature"):
        pledging.check(fabricant, forged)
    with pytest.raises(BrokenPledge, match="has 1 units, and 5 are agreed"):
        pledging.check(fabricant, pledging.proposed(fabricant, replace(terms, quantity=5)))


def test_who_is_no_party_does_not_sign(terms: PledgeTerms) -> None:
    assert pledging.side_of(terms, LENDER.address) == "lender"
    with pytest.raises(SigningRefused, match="neither pledger nor lender"):
        pledging.side_of(terms, wallet("operator").address)


def test_what_is_missing_is_known(world: World, terms: PledgeTerms) -> None:
    fabricant, house = world.fabricant, world.fabricant.pledges.address
    assert not pledging.missing(fabricant, terms, "pledger")
    assert not pledging.missing(fabricant, terms, "lender")
    world.as_("supplier").assets.approve(ZERO_ADDRESS, terms.asset)
    world.as_("buyer").token(world.token).approve(house, BaseUnits(ADVANCE - 1))
    assert pledging.missing(fabricant, terms, "pledger") == pledging.Missing(asset=True)
    assert pledging.missing(fabricant, terms, "lender") == pledging.Missing(allowance=ADVANCE)
    signed = pledging.proposed(fabricant, terms)
    signed = signed.signed("pledger", fabricant.pledges.sign_terms(terms, by=PLEDGER))
    with pytest.raises(InvalidInput, match="the pledger has to allow its part first"):
        pledging.check_others(fabricant, signed, LENDER.address)
    with pytest.raises(InsufficientFunds, match="get the rest first"):
        pledging.missing(fabricant, replace(terms, advance=BaseUnits(2**127)), "lender")
