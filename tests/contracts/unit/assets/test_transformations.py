"""Lots and parts become others: nothing appears, nothing is lost that is not declared as scrap."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.actors import Actor
from tests.support.assets import FLAG_ASSEMBLED, FLAG_HELD, FLAG_RECALLED, Status, asset_id, namespace_of
from tests.support.chain import BEGINNING, event
from tests.support.genealogy import DAY, KG, NOBODY, Works, made_of
from tests.support.reverts import Reverted, reverts

MOST = 2**128 - 1
PIECES = bytes(3)
TERM = BEGINNING + 100 * DAY


@pytest.fixture
def heat(works: Works) -> int:
    """A heat of steel: 1,000 kg."""
    return works.register(works.lot("H1", 1_000))[0]


def unbalanced(unit: bytes, put: int, made: int, scrap: int) -> Any:
    return reverts("Genealogy_Unbalanced", unit=unit, put=put, made=made, scrap=scrap)


# transform


def test_something_goes_in(works: Works) -> None:
    with reverts("Genealogy_NoInputs"):
        works.transform([], [works.part("P")], scrap=())


def test_f063_outputs_are_named_by_their_issuer(works: Works, heat: int, issuer: Actor) -> None:
    space, own = namespace_of(issuer), works.owner.address
    with reverts("Genealogy_NotIssuer", namespace=space, caller=own, issuer=issuer.address):
        works.transform([(heat, 1)], [works.part("P")], namespace=space)


def test_f063_only_the_owner_transforms(works: Works, heat: int, stranger: Actor) -> None:
    with reverts("Genealogy_NotOwner", id=heat, caller=stranger.address, owner=works.owner.address):
        works.transform([(heat, 1)], [], namespace=namespace_of(stranger), by=stranger)


def test_inputs_have_one_owner(works: Works, heat: int, buyer: Actor) -> None:
    (other,) = works.register(works.lot("H2", 5, to=buyer))
    with reverts("Genealogy_MixedOwners", id=other, owner=buyer.address, expected=works.owner.address):
        works.transform([(heat, 1), (other, 1)], [])


def test_outputs_belong_to_the_inputs_owner(works: Works, heat: int, buyer: Actor) -> None:
    output = works.part("P", to=buyer)
    expected = {"id": works.id("P"), "owner": buyer.address, "expected": works.owner.address}
    with reverts("Genealogy_MixedOwners", **expected):
        works.transform([(heat, 1)], [output])


def test_ast4_an_unfit_asset_is_not_transformed(works: Works, heat: int, issuer: Actor) -> None:
    works.empower(issuer)
    held, part, whole = works.parts("held", "part", "whole")
    works.recall("H1")
    works.hold("held", BEGINNING + DAY, by=issuer)
    with reverts("Genealogy_Unfit", id=heat, flags=FLAG_RECALLED):
        works.transform([(heat, 1)], [])
    with reverts("Genealogy_Unfit", id=held, flags=FLAG_HELD):
        works.transform([(held, 1)], [], scrap=())
    works.assemble(whole, [part])
    with reverts("Genealogy_Unfit", id=part, flags=FLAG_ASSEMBLED):
        works.transform([(part, 1)], [], scrap=())


def test_a_whole_is_not_transformed(works: Works) -> None:
    """Its parts would stay with who sells what came of it."""
    whole, *parts = works.parts("whole", "one", "two")
    works.assemble(whole, parts)
    with reverts("Genealogy_HasParts", id=whole, parts=2):
        works.transform([(whole, 1)], [works.part("painted")], scrap=())
    works.disassemble(whole, parts)
    works.transform([(whole, 1)], [works.part("painted")], scrap=())


def test_final_assets_are_not_transformed(works: Works, heat: int) -> None:
    works.transform([(heat, 1_000)], [])
    with reverts("Genealogy_Final", id=heat, status=Status.CONSUMED):
        works.transform([(heat, 1)], [])
    (retired,) = works.parts("P")
    works.chain.send(works.assets.functions.setStatus(retired, Status.RETIRED), by=works.owner)
    with reverts("Genealogy_Final", id=retired, status=Status.RETIRED):
        works.transform([(retired, 1)], [], scrap=())


def test_no_more_goes_in_than_there_is(works: Works, heat: int) -> None:
    (part,) = works.parts("P")
    for asset, quantity, available in ((heat, 1_001, 1_000), (heat, 0, 1_000), (part, 2, 1), (part, 0, 1)):
        with reverts("AssetRegistry_NotEnough", id=asset, quantity=quantity, available=available):
            works.transform([(asset, quantity)], [])


def test_f074_outputs_are_new(works: Works, heat: int) -> None:
    works.parts("P")
    with reverts("AssetRegistry_AlreadyRegistered", id=works.id("P")):
        works.transform([(heat, 1)], [works.part("P")])
    with reverts("AssetRegistry_AlreadyRegistered", id=heat):
        works.transform([(heat, 1_000)], [works.lot("H1", 1_000)])


def test_every_unit_is_declared(works: Works, heat: int) -> None:
    for scrap in ((), ((b"LTR", 0),)):
        with reverts("Genealogy_UndeclaredUnit", unit=KG):
            works.transform([(heat, 1)], [], scrap=scrap)


def test_declared_units_go_in(works: Works, heat: int) -> None:
    with unbalanced(b"LTR", 0, 0, 0):
        works.transform([(heat, 1)], [], scrap=((KG, 1), (b"LTR", 0)))
    with unbalanced(KG, 0, 0, 0):
        works.transform([(heat, 1)], [], scrap=((KG, 1), (KG, 0)))


@pytest.mark.parametrize(("made", "scrap"), [(600, 401), (600, 399), (1_001, 0), (999, 0), (1_000, 1)])
def test_ast3_a_unit_on_both_sides_balances(works: Works, heat: int, made: int, scrap: int) -> None:
    with unbalanced(KG, 1_000, made, scrap):
        works.transform([(heat, 1_000)], [works.lot("L1", made)], scrap=((KG, scrap),))


def test_ast3_what_goes_in_is_gone(works: Works, heat: int) -> None:
    receipt = works.transform([(heat, 600)], [works.lot("L1", 400), works.lot("L2", 150)], scrap=((KG, 50),))
    assert (works.quantity(heat), works.quantity(works.id("L1"))) == (400, 400)
    assert works.assets.functions.assetOf(heat).call()[2] == Status.ACTIVE
    said = {each.name: each for each in works.chain.events(receipt)}
    assert said["Transformed"] == event(
        works.genealogy,
        "Transformed",
        made=made_of([(heat, 600)]),
        owner=works.owner.address,
        by=works.owner.address,
        inputs=((heat, 600),),
        scrap=((KG, 50),),
        outputs=(works.id("L1"), works.id("L2")),
    )
    receipt = works.transform([(heat, 400)], [works.lot("L3", 400)])
    assert works.chain.events(receipt)[:3] == [
        event(works.assets, "QuantitySet", id=heat, quantity=0, unit=KG),
        event(works.assets, "StatusSet", id=heat, status=Status.CONSUMED),
        event(works.assets, "Locked", tokenId=heat),
    ]
    assert works.assets.functions.locked(heat).call() is True
    with reverts("AssetRegistry_Final", id=heat, status=Status.CONSUMED):
        works.give(heat, Actor("buyer"))


def test_no_more_is_scrapped_than_goes_in(works: Works, heat: int) -> None:
    with unbalanced(KG, 10, 0, 11):
        works.transform([(heat, 10)], [works.part("P")], scrap=((KG, 11),))
    works.transform([(heat, 10)], [works.part("P")], scrap=((KG, 10),))


def test_a_lot_becomes_pieces(works: Works, heat: int) -> None:
    blanks = [works.part(f"blank {n}") for n in range(40)]
    works.transform([(heat, 1_000)], blanks, scrap=((KG, 30),))
    assert works.owner_of(works.id("blank 39")) == works.owner.address
    works.transform([(works.id("blank 0"), 1)], [works.part("blade 0")], scrap=())
    assert works.assets.functions.assetOf(works.id("blank 0")).call()[2] == Status.CONSUMED
    with unbalanced(PIECES, 1, 2, 0):
        works.transform(
            [(works.id("blank 1"), 1)], [works.part("half"), works.part("other half")], scrap=((PIECES, 0),)
        )


def test_a_lot_named_twice_is_drawn_twice(works: Works, heat: int) -> None:
    works.transform([(heat, 300), (heat, 200)], [works.lot("L1", 500)])
    assert works.quantity(heat) == 500
    with reverts("Genealogy_Final", id=heat, status=Status.CONSUMED):
        works.transform([(heat, 500), (heat, 500)], [works.lot("L2", 1_000)])


def test_ast3_sums_do_not_overflow(works: Works) -> None:
    lots = works.register(works.lot("A", MOST), works.lot("B", MOST))
    inputs = [(each, MOST) for each in lots]
    with unbalanced(KG, 2 * MOST, MOST - 1, 0):
        works.transform(inputs, [works.lot("C", MOST - 1)])
    works.transform(inputs, [works.lot("C", MOST), works.lot("D", MOST)])


def test_an_output_knows_its_inputs(works: Works, heat: int) -> None:
    (other,) = works.register(works.lot("H2", 5))
    works.transform([(heat, 10), (other, 5)], [works.lot("L1", 15), works.part("P")])
    for output in ("L1", "P"):
        assert works.ask("madeOf", works.id(output)) == made_of([(heat, 10), (other, 5)])
    assert works.ask("madeOf", heat) == bytes(32)


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    put=st.lists(st.tuples(st.sampled_from((KG, b"LTR")), st.integers(1, 9)), min_size=1, max_size=4),
    made=st.lists(st.tuples(st.sampled_from((KG, b"LTR", b"MTR")), st.integers(1, 9)), max_size=3),
    kg=st.integers(0, 9),
    litres=st.integers(0, 9),
)
def test_ast3_a_transformation_balances_exactly_or_not_at_all(
    works: Works, put: list[tuple[bytes, int]], made: list[tuple[bytes, int]], kg: int, litres: int
) -> None:
    snapshot = works.chain.local.snapshot()
    lots = works.register(*(works.lot(f"in {n}", quantity, unit) for n, (unit, quantity) in enumerate(put)))
    sums = {unit: sum(q for each, q in put if each == unit) for unit in (KG, b"LTR")}
    scrap = {unit: lost for unit, lost in ((KG, kg), (b"LTR", litres)) if sums[unit]}
    outs = {unit: sum(q for each, q in made if each == unit) for unit in scrap}
    balances = all(
        outs[unit] + lost == sums[unit] if outs[unit] else lost <= sums[unit] for unit, lost in scrap.items()
    )
    outputs = [works.lot(f"out {n}", quantity, unit) for n, (unit, quantity) in enumerate(made)]
    inputs = [(lot, quantity) for lot, (_, quantity) in zip(lots, put, strict=True)]
    try:
        works.transform(inputs, outputs, scrap=list(scrap.items()))
        done = True
    except Reverted:
        done = False
    works.chain.local.revert(snapshot)
    assert done == balances


# Toll processing


def lend(works: Works, asset: int, to: Actor, until: int = TERM) -> None:
    works.chain.send(works.assets.functions.setUser(asset, to.address, until), by=works.owner)


def permit(works: Works, asset: int, processor: Actor, *, until: int = TERM, bps: int = 500) -> None:
    works.send("permitProcessing", asset, processor.address, until, bps)


def process(works: Works, asset: int, quantity: int, made: int, lost: int, by: Actor) -> None:
    output = works.lot("rolled", made)
    works.transform([(asset, quantity)], [output], scrap=((KG, lost),), by=by, namespace=namespace_of(by))


def test_an_owner_does_not_transform_what_another_uses(works: Works, heat: int, user: Actor) -> None:
    lend(works, heat, user)
    permit(works, heat, user)
    with reverts("Genealogy_InUse", id=heat, user=user.address, until=TERM):
        works.transform([(heat, 1)], [])
    works.chain.warp(TERM)
    works.transform([(heat, 1)], [])


def test_a_processor_keeps_to_its_permission(works: Works, heat: int, user: Actor, stranger: Actor) -> None:
    lend(works, heat, user)
    in_use = {"id": heat, "user": user.address, "until": TERM}
    with reverts("Genealogy_InUse", **in_use):
        process(works, heat, 100, 95, 5, user)
    permit(works, heat, stranger)
    for caller in (user, stranger):
        with reverts("Genealogy_InUse", **in_use):
            process(works, heat, 100, 95, 5, caller)
    permit(works, heat, user, until=BEGINNING + DAY)
    with reverts("Genealogy_InUse", **in_use):
        process(works, heat, 100, 95, 5, stranger)
    with reverts("Genealogy_TooMuchScrap", unit=KG, scrap=6, maxScrapBps=500):
        process(works, heat, 100, 94, 6, user)
    works.chain.warp(BEGINNING + DAY)
    with reverts("Genealogy_InUse", **in_use):
        process(works, heat, 100, 95, 5, user)


def test_ast3_a_processor_accounts_for_everything(works: Works, heat: int, user: Actor) -> None:
    (part,) = works.parts("P")
    for asset in (heat, part):
        lend(works, asset, user)
        permit(works, asset, user, bps=10_000)
    own = namespace_of(user)
    with unbalanced(KG, 100, 0, 99):
        works.transform([(heat, 100)], [works.part("X")], scrap=((KG, 99),), by=user, namespace=own)
    works.transform([(heat, 100)], [works.part("X")], scrap=((KG, 100),), by=user, namespace=own)
    with reverts("Genealogy_UndeclaredUnit", unit=PIECES):
        works.transform([(part, 1)], [works.part("Y")], scrap=(), by=user, namespace=own)
    with unbalanced(PIECES, 1, 0, 0):
        works.transform([(part, 1)], [], scrap=((PIECES, 0),), by=user, namespace=own)
    works.transform([(part, 1)], [works.part("Y")], scrap=((PIECES, 0),), by=user, namespace=own)


def test_a_permission_ends_with_the_ownership(works: Works, heat: int, user: Actor, buyer: Actor) -> None:
    lend(works, heat, user)
    permit(works, heat, user)
    works.give(heat, buyer)
    output = works.lot("rolled", 100, to=buyer)
    with reverts("Genealogy_InUse", id=heat, user=user.address, until=TERM):
        works.transform([(heat, 100)], [output], by=user, namespace=namespace_of(user))


def test_toll_processing(works: Works, heat: int, user: Actor) -> None:
    lend(works, heat, user)
    permit(works, heat, user)
    process(works, heat, 100, 95, 5, user)
    rolled = asset_id(namespace_of(user), "rolled")
    assert (works.owner_of(rolled), works.quantity(rolled)) == (works.owner.address, 95)
    assert works.quantity(heat) == 900


def test_f063_only_the_owner_permits_processing(
    works: Works, heat: int, user: Actor, stranger: Actor
) -> None:
    lend(works, heat, user)
    for caller in (user, stranger):
        with reverts("Genealogy_NotOwner", id=heat, caller=caller.address, owner=works.owner.address):
            works.send("permitProcessing", heat, caller.address, TERM, 500, by=caller)


def test_no_more_than_everything_is_scrapped(works: Works, heat: int, user: Actor) -> None:
    with reverts("Genealogy_BadShare", bps=10_001):
        permit(works, heat, user, bps=10_001)


def test_an_owner_permits_processing(works: Works, heat: int, user: Actor) -> None:
    own = works.owner.address
    receipt = works.send("permitProcessing", heat, user.address, TERM, 500)
    assert works.chain.events(receipt) == [
        event(
            works.genealogy,
            "ProcessingPermitted",
            lot=heat,
            owner=own,
            processor=user.address,
            until=TERM,
            maxScrapBps=500,
        )
    ]
    assert works.ask("processingOf", heat, own) == (user.address, TERM, 500)
    works.send("permitProcessing", heat, NOBODY, 0, 0)
    assert works.ask("processingOf", heat, own) == (NOBODY, 0, 0)
