"""An authority stops an asset for a time, and takes nothing; locks end by themselves."""

import pytest
from eth_utils.crypto import keccak

from tests.support.actors import Actor
from tests.support.assets import FLAG_ASSEMBLED, FLAG_HELD, FLAG_RECALLED
from tests.support.chain import BEGINNING, event
from tests.support.genealogy import DAY, Works
from tests.support.layout import members_of
from tests.support.reverts import Reverted, reverts

HALF_YEAR = 180 * DAY


@pytest.fixture
def authority(works: Works, issuer: Actor) -> Actor:
    """Customs, which the works let hold."""
    works.empower(issuer)
    return issuer


@pytest.fixture
def part(works: Works) -> int:
    return works.parts("part")[0]


# setAuthority


def test_f063_only_the_issuer_names_authorities(works: Works, stranger: Actor) -> None:
    with reverts(
        "Genealogy_NotIssuer", namespace=works.namespace, caller=stranger.address, issuer=works.owner.address
    ):
        works.send("setAuthority", works.namespace, stranger.address, True, by=stranger)


def test_an_issuer_names_authorities(works: Works, part: int, issuer: Actor) -> None:
    for allowed in (True, False):
        receipt = works.send("setAuthority", works.namespace, issuer.address, allowed)
        said = {"namespace": works.namespace, "authority": issuer.address, "allowed": allowed}
        assert works.chain.events(receipt) == [event(works.genealogy, "AuthoritySet", **said)]
        assert works.ask("isAuthority", works.namespace, issuer.address) is allowed
    with reverts("Genealogy_NotAuthority", namespace=works.namespace, caller=issuer.address):
        works.hold("part", BEGINNING + DAY, by=issuer)


def test_authorities_go_with_the_issuer(
    works: Works, registrar: Actor, authority: Actor, buyer: Actor
) -> None:
    prefix = "https://id.example/01"
    space, call = keccak(text=prefix), works.assets.functions
    works.chain.send(call.proposeNamespace(prefix, works.owner.address), by=registrar)
    works.chain.send(call.acceptNamespace(space), by=works.owner)
    works.send("setAuthority", space, authority.address, True)
    assert works.ask("isAuthority", space, authority.address) is True
    works.chain.send(call.proposeNamespace(prefix, buyer.address), by=registrar)
    works.chain.send(call.acceptNamespace(space), by=buyer, at=BEGINNING + 15 * DAY)
    assert works.ask("isAuthority", space, authority.address) is False
    with reverts("Genealogy_NotAuthority", namespace=space, caller=authority.address):
        works.send("hold", space, keccak(text="part"), BEGINNING + 16 * DAY, by=authority)


# hold


def test_f063_only_an_authority_holds(works: Works, part: int, authority: Actor, stranger: Actor) -> None:
    for caller in (stranger, works.owner):
        with reverts("Genealogy_NotAuthority", namespace=works.namespace, caller=caller.address):
            works.hold("part", BEGINNING + DAY, by=caller)


def test_f048_a_hold_lasts_at_most_180_days(works: Works, part: int, authority: Actor) -> None:
    now = BEGINNING + 100
    for length in (-1, 0, HALF_YEAR + 1, 2**39):
        with reverts("Genealogy_BadTerm", until=now + length, nowAt=now):
            works.hold("part", now + length, by=authority, at=now)
        now += 1
    works.hold("part", now + HALF_YEAR, by=authority, at=now)
    assert works.ask("holdOf", part) == (now + HALF_YEAR, now + HALF_YEAR, now + 2 * HALF_YEAR)


def test_unknown_assets_are_not_held(works: Works, authority: Actor) -> None:
    with reverts("AssetRegistry_UnknownAsset", id=works.id("none")):
        works.hold("none", BEGINNING + DAY, by=authority)


def test_a_hold_comes_back_half_a_year_later(works: Works, part: int, authority: Actor) -> None:
    until = BEGINNING + DAY
    again = until + HALF_YEAR
    works.hold("part", until, by=authority)
    for now in (BEGINNING + 100, again - 1):
        with reverts("Genealogy_HeldBefore", id=part, nowAt=now, again=again):
            works.hold("part", now + DAY, by=authority, at=now)
    works.hold("part", again + DAY, by=authority, at=again)


def test_ast4_a_held_asset_stays_until_the_holds_end(
    works: Works, part: int, authority: Actor, buyer: Actor
) -> None:
    until = BEGINNING + DAY
    receipt = works.hold("part", until, by=authority)
    assert works.chain.events(receipt) == [
        event(works.genealogy, "HoldPlaced", id=part, authority=authority.address, until=until),
        event(works.assets, "Locked", tokenId=part),
        event(works.genealogy, "Held", id=part, until=until),
    ]
    assert works.flags(part) == FLAG_HELD
    with reverts("AssetRegistry_Locked", id=part, flags=FLAG_HELD):
        works.give(part, buyer, at=until - 1)
    works.give(part, buyer, at=until)
    assert works.flags(part) == 0


def test_ast4_a_held_part_stops_the_whole(works: Works, part: int, authority: Actor, buyer: Actor) -> None:
    engine, rotor, other = works.parts("engine", "rotor", "other")
    works.assemble(rotor, [part, other])
    works.assemble(engine, [rotor])
    works.hold("part", BEGINNING + DAY, by=authority)
    assert [works.ask("holdOf", each)[0] for each in (part, rotor, engine)] == [BEGINNING + DAY] * 3
    assert works.flags(other) == FLAG_ASSEMBLED
    with reverts("AssetRegistry_Locked", id=engine, flags=FLAG_HELD):
        works.give(engine, buyer)
    works.chain.warp(BEGINNING + DAY)
    works.give(engine, buyer)
    assert works.ask("holdOf", engine) == (BEGINNING + DAY, 0, 0)


def test_a_short_hold_does_not_end_a_long_one(works: Works, part: int, authority: Actor) -> None:
    (rotor,) = works.parts("rotor")
    works.assemble(rotor, [part])
    works.hold("rotor", BEGINNING + 9 * DAY, by=authority)
    receipt = works.hold("part", BEGINNING + DAY, by=authority)
    assert works.ask("holdOf", rotor)[0] == BEGINNING + 9 * DAY
    assert [each.arguments["id"] for each in works.chain.events(receipt) if each.name == "Held"] == [part]


# unlock


def test_anyone_says_that_an_asset_is_free(
    works: Works, part: int, authority: Actor, stranger: Actor
) -> None:
    works.recall("part")
    works.hold("part", BEGINNING + DAY, by=authority)
    works.lift()
    works.chain.warp(BEGINNING + DAY)
    receipt = works.send("unlock", [part], by=stranger)
    assert works.chain.events(receipt) == [event(works.assets, "Unlocked", tokenId=part)]
    assert works.chain.events(works.send("unlock", [part], by=stranger)) == []


def test_what_is_in_force_stays_locked(works: Works, part: int, authority: Actor, stranger: Actor) -> None:
    works.recall("part")
    works.hold("part", BEGINNING + DAY, by=authority)
    works.chain.warp(BEGINNING + DAY)
    assert works.chain.events(works.send("unlock", [part], by=stranger)) == []
    assert works.flags(part) == FLAG_RECALLED
    batch = works.commit(b"\1" * 32, 1)
    works.recall(batches=[batch])
    works.send("unlock", [works.assets.functions.batchId(batch).call()], by=stranger)
    assert works.assets.functions.progressOf(works.assets.functions.batchId(batch).call()).call()[2] is True


# locked


def test_erc5192_locked_is_what_transfers_say(
    works: Works, part: int, authority: Actor, buyer: Actor
) -> None:
    recalled, held, whole, consumed, free = works.parts("recalled", "held", "whole", "consumed", "free")
    works.assemble(whole, [part])
    works.recall("recalled")
    works.hold("held", BEGINNING + DAY, by=authority)
    works.transform([(consumed, 1)], [], scrap=())
    for asset in (recalled, held, whole, consumed, free, part):
        snapshot = works.chain.local.snapshot()
        try:
            works.give(asset, buyer)
            moved = True
        except Reverted:
            moved = False
        works.chain.local.revert(snapshot)
        assert works.assets.functions.locked(asset).call() is not moved
    with reverts("AssetRegistry_UnknownAsset", id=7):
        works.assets.functions.locked(7).call()


# storage


def test_each_fits_a_slot() -> None:
    assert members_of("Genealogy", "Hold") == [
        ("until", 0, 0, 5),
        ("itself", 0, 5, 5),
        ("again", 0, 10, 5),
    ]
    assert members_of("Genealogy", "Notice") == [("issuedAt", 0, 0, 5), ("liftedAt", 0, 5, 5)]
    permission = [("processor", 0, 0, 20), ("until", 0, 20, 5), ("maxScrapBps", 0, 25, 2)]
    assert members_of("Genealogy", "Processing") == permission
