"""Parts go into wholes of the same owner and come out again; title to them follows the root."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from fabricant.chain.answers import Receipt
from tests.support.actors import Actor
from tests.support.assets import FLAG_ASSEMBLED, FLAG_DEVICE, FLAG_HELD, FLAG_RECALLED, Kind, Status
from tests.support.chain import BEGINNING, event
from tests.support.genealogy import DAY, NOBODY, Reach, Works, hash_of
from tests.support.reverts import reverts

MOST_LEVELS = 15


@pytest.fixture
def rotor(works: Works) -> int:
    return works.parts("rotor")[0]


@pytest.fixture
def blades(works: Works) -> list[int]:
    return works.parts("B1", "B2", "B3")


# assemble


def test_f063_only_the_owner_assembles(
    works: Works, rotor: int, blades: list[int], stranger: Actor, issuer: Actor
) -> None:
    for caller in (stranger, issuer):
        with reverts("Genealogy_NotOwner", id=rotor, caller=caller.address, owner=works.owner.address):
            works.assemble(rotor, blades, by=caller)


def test_assets_operators_assemble(works: Works, rotor: int, blades: list[int], operator: Actor) -> None:
    directory = works.genealogy.functions.directory().call()
    grant = works.chain.at("Directory", directory).functions.setOperator
    works.chain.send(grant(operator.address, 0xFFFF & ~(1 << 5), BEGINNING + DAY), by=works.owner)
    with reverts("Genealogy_NotOwner", id=rotor, caller=operator.address, owner=works.owner.address):
        works.assemble(rotor, blades, by=operator)
    works.chain.send(grant(operator.address, 1 << 5, BEGINNING + DAY), by=works.owner)
    works.assemble(rotor, blades, by=operator)
    assert works.ask("parentOf", blades[0]) == rotor


def test_unknown_assets_are_not_assembled(works: Works, rotor: int, blades: list[int]) -> None:
    with reverts("AssetRegistry_UnknownAsset", id=7):
        works.assemble(7, blades)
    with reverts("AssetRegistry_UnknownAsset", id=7):
        works.assemble(rotor, [7])


def test_parts_belong_to_the_wholes_owner(works: Works, rotor: int, stranger: Actor) -> None:
    """An operator of both could otherwise take from one and give to the other."""
    (foreign,) = works.register(works.part("B9", to=stranger))
    with reverts("Genealogy_NotJoinable", parent=rotor, child=foreign, owner=stranger.address):
        works.assemble(rotor, [foreign])


def test_f074_nothing_is_part_of_itself(works: Works, rotor: int, blades: list[int]) -> None:
    with reverts("Genealogy_NotJoinable", parent=rotor, child=rotor, owner=works.owner.address):
        works.assemble(rotor, [*blades, rotor])


def test_f074_assemblies_have_no_cycles(works: Works, rotor: int, blades: list[int]) -> None:
    works.assemble(rotor, blades)
    with reverts("Genealogy_Unfit", id=blades[0], flags=FLAG_ASSEMBLED):
        works.assemble(blades[0], [rotor])
    with reverts("Genealogy_Unfit", id=blades[0], flags=FLAG_ASSEMBLED):
        works.assemble(works.parts("another")[0], [blades[0]])
    with reverts("Genealogy_Unfit", id=blades[1], flags=FLAG_ASSEMBLED):
        works.assemble(rotor, [blades[1]])


def test_f074_assemblies_have_fifteen_levels_at_most(works: Works) -> None:
    levels = works.parts(*(f"level {n}" for n in range(MOST_LEVELS + 2)))
    for above, below in zip(levels[1 : MOST_LEVELS + 1], levels, strict=False):
        works.assemble(above, [below])
    top = levels[MOST_LEVELS]
    assert works.assets.functions.assetOf(top).call()[4] == MOST_LEVELS
    with reverts("Genealogy_TooHigh", parent=levels[-1], child=top):
        works.assemble(levels[-1], [top])
    assert works.ask("rootOf", levels[0]) == top


def test_a_whole_is_as_high_as_its_highest_part(works: Works, rotor: int, blades: list[int]) -> None:
    works.assemble(blades[1], [blades[2]])
    works.assemble(rotor, [blades[1], blades[0]])
    assert works.assets.functions.assetOf(rotor).call()[4] == 2
    assert works.assets.functions.assetOf(blades[1]).call()[4] == 1


@pytest.mark.parametrize("status", [Status.RETIRED])
def test_final_assets_are_not_assembled(works: Works, rotor: int, blades: list[int], status: Status) -> None:
    works.chain.send(works.assets.functions.setStatus(blades[0], status), by=works.owner)
    with reverts("Genealogy_Final", id=blades[0], status=status):
        works.assemble(rotor, blades)
    with reverts("Genealogy_Final", id=blades[0], status=status):
        works.assemble(blades[0], [rotor])
    (lot,) = works.register(works.lot("L1", 10))
    works.transform([(lot, 10)], [])
    with reverts("Genealogy_Final", id=lot, status=Status.CONSUMED):
        works.assemble(rotor, [lot])


def test_ast4_a_recalled_or_held_asset_is_not_assembled(
    works: Works, rotor: int, blades: list[int], issuer: Actor
) -> None:
    works.empower(issuer)
    works.recall("B1")
    works.hold("B2", BEGINNING + DAY, by=issuer)
    for unfit, flags in ((blades[0], FLAG_RECALLED), (blades[1], FLAG_HELD)):
        with reverts("Genealogy_Unfit", id=unfit, flags=flags):
            works.assemble(rotor, [unfit])
        with reverts("Genealogy_Unfit", id=unfit, flags=flags):
            works.assemble(unfit, [rotor])


def test_a_part_has_no_user(works: Works, rotor: int, blades: list[int], user: Actor) -> None:
    until = BEGINNING + DAY
    works.chain.send(works.assets.functions.setUser(blades[0], user.address, until), by=works.owner)
    with reverts("Genealogy_InUse", id=blades[0], user=user.address, until=until):
        works.assemble(rotor, blades)
    works.chain.warp(until)
    works.assemble(rotor, blades)


def test_parts_belong_to_the_registry(works: Works, rotor: int, blades: list[int]) -> None:
    receipt = works.assemble(rotor, blades[:1])
    registry, own = works.assets.address, works.owner.address
    assert works.chain.events(receipt) == [
        event(works.assets, "Locked", tokenId=blades[0]),
        event(works.assets, "Transfer", **{"from": own}, to=registry, id=blades[0]),
        event(works.genealogy, "Assembled", parent=rotor, child=blades[0]),
    ]
    assert (works.owner_of(blades[0]), works.owner_of(rotor)) == (registry, own)
    assert works.flags(blades[0]) == FLAG_ASSEMBLED
    assert works.assets.functions.locked(blades[0]).call() is True
    assert works.assets.functions.locked(rotor).call() is False
    assert works.assets.functions.balanceOf(registry).call() == 1


def test_ast4_a_part_does_nothing_on_its_own(
    works: Works, rotor: int, blades: list[int], buyer: Actor
) -> None:
    call = works.assets.functions
    works.chain.send(call.setApprovalForAll(buyer.address, True), by=works.owner)
    works.chain.send(call.approve(buyer.address, blades[0]), by=works.owner)
    works.assemble(rotor, blades)
    registry, part = works.assets.address, blades[0]
    for caller in (works.owner, buyer):
        with reverts("AssetRegistry_WrongFrom", id=part, **{"from": works.owner.address}, owner=registry):
            works.chain.send(call.transferFrom(works.owner.address, buyer.address, part), by=caller)
        with reverts("AssetRegistry_NotApproved", id=part, caller=caller.address):
            works.chain.send(call.transferFrom(registry, buyer.address, part), by=caller)
        with reverts("AssetRegistry_NotApproved", id=part, caller=caller.address):
            works.chain.send(call.setUser(part, buyer.address, BEGINNING + DAY), by=caller)
        with reverts("AssetRegistry_NotOwner", id=part, caller=caller.address, owner=registry):
            works.chain.send(call.setStatus(part, Status.RETIRED), by=caller)
        with reverts("AssetRegistry_NotOwner", id=part, caller=caller.address, owner=registry):
            works.chain.send(call.setTwin(part, 0, hash_of("twin"), ""), by=caller)


def test_a_parts_device_is_unbound(
    works: Works, owner: Actor, device: Actor, bind: Callable[..., Receipt]
) -> None:
    """It would speak for the next owner of the whole."""
    mine = replace(works, owner=owner)
    rotor, blade = mine.parts("rotor", "B1")
    bind(blade)
    bind(rotor, nonce=0, device=works.owner.address, signer=works.owner)
    mine.assemble(rotor, [blade])
    deviceless, bound = (mine.assets.functions.deviceOf(each).call() for each in (blade, rotor))
    assert (deviceless, bound) == (NOBODY, works.owner.address)
    assert mine.flags(blade) == FLAG_ASSEMBLED
    assert mine.flags(rotor) == FLAG_DEVICE
    mine.disassemble(rotor, [blade])
    bind(blade, nonce=1)


def test_title_follows_the_root(works: Works, rotor: int, blades: list[int], buyer: Actor) -> None:
    (engine,) = works.register(works.part("engine")._replace(kind=Kind.PRODUCT))
    works.assemble(rotor, blades)
    works.assemble(engine, [rotor])
    works.give(engine, buyer)
    for asset in (engine, rotor, *blades):
        assert works.ask("titleOf", asset) == buyer.address
        assert works.ask("rootOf", asset) == engine
    works.disassemble(engine, [rotor], by=buyer)
    works.disassemble(rotor, blades[:1], by=buyer)
    assert works.owner_of(blades[0]) == buyer.address
    assert works.ask("titleOf", blades[1]) == buyer.address


# disassemble


def test_f063_only_the_owner_disassembles(
    works: Works, rotor: int, blades: list[int], stranger: Actor
) -> None:
    works.assemble(rotor, blades)
    with reverts("Genealogy_NotOwner", id=rotor, caller=stranger.address, owner=works.owner.address):
        works.disassemble(rotor, blades, by=stranger)


def test_only_parts_come_out(works: Works, rotor: int, blades: list[int]) -> None:
    works.assemble(rotor, blades[:2])
    with reverts("Genealogy_NotAPart", parent=rotor, child=blades[2]):
        works.disassemble(rotor, [blades[0], blades[2]])
    with reverts("Genealogy_NotAPart", parent=rotor, child=blades[0]):
        works.disassemble(rotor, [blades[0], blades[0]])


def test_what_is_a_part_is_not_taken_apart(works: Works, rotor: int, blades: list[int]) -> None:
    """A recall or hold of the whole would otherwise not reach what leaves it from below."""
    (engine,) = works.parts("engine")
    works.assemble(rotor, blades)
    works.assemble(engine, [rotor])
    with reverts("Genealogy_Unfit", id=rotor, flags=FLAG_ASSEMBLED):
        works.disassemble(rotor, blades)


def test_ast4_a_held_whole_is_not_taken_apart(
    works: Works, rotor: int, blades: list[int], issuer: Actor
) -> None:
    works.empower(issuer)
    works.assemble(rotor, blades)
    works.hold("rotor", BEGINNING + DAY, by=issuer)
    assert works.flags(rotor) == FLAG_HELD
    with reverts("Genealogy_Unfit", id=rotor, flags=FLAG_HELD):
        works.disassemble(rotor, blades[1:])
    works.chain.warp(BEGINNING + DAY)
    works.disassemble(rotor, blades)


def test_ast4_a_held_part_comes_out_and_stays_held(
    works: Works, rotor: int, blades: list[int], issuer: Actor, buyer: Actor
) -> None:
    """Otherwise parts that are held in turn would hold the whole for ever."""
    works.empower(issuer)
    works.assemble(rotor, blades)
    works.hold("B1", BEGINNING + DAY, by=issuer)
    works.disassemble(rotor, blades)
    assert [works.flags(each) for each in (rotor, *blades)] == [FLAG_HELD, FLAG_HELD, 0, 0]
    for held in (rotor, blades[0]):
        with reverts("AssetRegistry_Locked", id=held, flags=FLAG_HELD):
            works.give(held, buyer)


def test_a_lessor_takes_no_parts(works: Works, rotor: int, blades: list[int], user: Actor) -> None:
    until = BEGINNING + DAY
    works.assemble(rotor, blades)
    works.chain.send(works.assets.functions.setUser(rotor, user.address, until), by=works.owner)
    with reverts("Genealogy_InUse", id=rotor, user=user.address, until=until):
        works.disassemble(rotor, blades)
    works.chain.warp(until)
    works.disassemble(rotor, blades)


def test_parts_are_counted(works: Works, rotor: int, blades: list[int]) -> None:
    works.assemble(rotor, blades)
    assert works.ask("partsIn", rotor) == 3
    works.disassemble(rotor, blades[:2])
    assert (works.ask("partsIn", rotor), works.assets.functions.assetOf(rotor).call()[4]) == (1, 1)
    works.disassemble(rotor, blades[2:])
    assert (works.ask("partsIn", rotor), works.assets.functions.assetOf(rotor).call()[4]) == (0, 0)


def test_parts_come_out_to_their_owner(works: Works, rotor: int, blades: list[int]) -> None:
    works.assemble(rotor, blades)
    receipt = works.disassemble(rotor, blades[:1])
    registry, own, part = works.assets.address, works.owner.address, blades[0]
    assert works.chain.events(receipt) == [
        event(works.assets, "Unlocked", tokenId=part),
        event(works.assets, "Transfer", **{"from": registry}, to=own, id=part),
        event(works.genealogy, "Disassembled", parent=rotor, child=part),
    ]
    assert (works.owner_of(part), works.flags(part), works.ask("parentOf", part)) == (own, 0, 0)
    assert works.ask("parentOf", blades[1]) == rotor
    works.assemble(works.parts("another")[0], [part])


def test_ast4_what_is_recalled_with_the_whole_stays_recalled(
    works: Works, rotor: int, blades: list[int], buyer: Actor
) -> None:
    works.assemble(rotor, blades)
    notice = works.recall("rotor")
    receipt = works.disassemble(rotor, blades[:1])
    assert works.chain.events(receipt)[-3:] == [
        event(works.genealogy, "Disassembled", parent=rotor, child=blades[0]),
        event(works.assets, "Locked", tokenId=blades[0]),
        event(works.genealogy, "Recalled", notice=notice, id=blades[0], reach=Reach.DOWNWARD),
    ]
    with reverts("AssetRegistry_Locked", id=blades[0], flags=FLAG_RECALLED):
        works.give(blades[0], buyer)
    works.lift()
    works.disassemble(rotor, blades[1:2])
    assert works.flags(blades[1]) == 0


def test_upward_recalls_do_not_come_down_again(works: Works, rotor: int, blades: list[int]) -> None:
    works.assemble(rotor, blades)
    notice = works.recall("B1")
    assert works.reaches(rotor) == [(notice, Reach.UPWARD, False)]
    works.disassemble(rotor, blades)
    assert [works.flags(each) for each in blades] == [FLAG_RECALLED, 0, 0]
    assert works.ask("locksOf", rotor) == FLAG_RECALLED


# rootOf and titleOf


def test_what_is_in_nothing_is_its_own_root(works: Works, rotor: int) -> None:
    assert works.ask("rootOf", rotor) == rotor
    assert works.ask("titleOf", rotor) == works.owner.address
    with reverts("AssetRegistry_UnknownAsset", id=7):
        works.ask("titleOf", 7)
