"""A recall reaches what is affected, along real edges only, and stops it until its issuer lifts it."""

from collections.abc import Callable
from typing import Any

import pytest
from eth_abi.abi import encode
from eth_utils.crypto import keccak
from web3.contract import Contract

from fabricant.domain.merkle import MerkleTree, leaf_of
from tests.support.actors import Actor
from tests.support.assets import (
    FLAG_ASSEMBLED,
    FLAG_HELD,
    FLAG_RECALLED,
    Registration,
    Status,
    batch_id,
)
from tests.support.chain import BEGINNING, call_data, event
from tests.support.genealogy import (
    DAY,
    DEFECT,
    NOTICE,
    Batch,
    Reach,
    Works,
    hash_of,
    made_of,
    notice_id,
)
from tests.support.reverts import reverts

MOST_ASKED, MOST_HANDED, MOST_FORGOTTEN = 8, 32, 128
LEAF = ["string", "uint8", "address", "uint128", "bytes3", "bytes32", "string"]


@pytest.fixture
def heat(works: Works) -> int:
    return works.register(works.lot("H1", 1_000))[0]


@pytest.fixture
def other(works: Works, buyer: Actor) -> Works:
    """Another manufacturer."""
    return Works(works.chain, works.assets, works.genealogy, buyer)


class Packs:
    """A batch of three packs for the owner."""

    def __init__(self, works: Works, origin: int = 0) -> None:
        self.works = works
        self.units = [works.part(f"pack {n}") for n in range(3)]
        self.tree = MerkleTree([leaf_of(keccak(encode(LEAF, unit))) for unit in self.units])
        self.struct: Batch = (works.namespace, self.tree.root, 3, origin)
        self.id = batch_id(self.struct)

    def commit(self) -> None:
        self.works.commit(self.tree.root, 3, self.struct[3])

    def unit(self, index: int) -> tuple[Batch, Registration, Any]:
        return self.struct, self.units[index], self.tree.prove(index)

    def serialise(self, index: int) -> int:
        call = self.works.assets.functions.serialise(*self.unit(index))
        self.works.chain.send(call, by=Actor("stranger"))
        return self.works.id(self.units[index].local_id)


def locked(asset: int) -> Any:
    return reverts("AssetRegistry_Locked", id=asset, flags=FLAG_RECALLED)


def not_spreading(notice: bytes, source: int) -> Any:
    return reverts("Genealogy_NotSpreading", notice=notice, **{"from": source})


def no_edge(source: int, to: int) -> Any:
    return reverts("Genealogy_NoEdge", **{"from": source}, to=to)


def not_issuer(works: Works, caller: Actor) -> Any:
    return reverts(
        "Genealogy_NotIssuer", namespace=works.namespace, caller=caller.address, issuer=works.owner.address
    )


# recall


def test_f073_only_the_issuer_recalls(works: Works, heat: int, stranger: Actor, buyer: Actor) -> None:
    works.give(heat, buyer)
    for caller in (stranger, buyer):
        with not_issuer(works, caller):
            works.recall("H1", by=caller)


def test_unknown_assets_are_not_recalled(works: Works, heat: int) -> None:
    with reverts("AssetRegistry_UnknownAsset", id=works.id("H2")):
        works.recall("H1", "H2")


def test_only_own_batches_are_recalled(works: Works, other: Works) -> None:
    foreign = other.commit(hash_of("root"), 3)
    unknown = (works.namespace, hash_of("root"), 3, 0)
    for batch in (foreign, unknown):
        with reverts("Genealogy_BadBatch", namespace=works.namespace, batch=batch_id(batch)):
            works.recall(batches=[batch])


def test_a_lifted_notice_never_comes_back(works: Works, heat: int) -> None:
    notice = works.recall("H1")
    works.lift()
    with reverts("Genealogy_Lifted", notice=notice):
        works.recall("H1")


def test_a_recall_locks(works: Works, heat: int, buyer: Actor) -> None:
    call = (works.namespace, [hash_of("H1")], [], DEFECT, NOTICE)
    receipt = works.send("recall", *call, at=BEGINNING + 50)
    notice = notice_id(works.owner)
    assert works.chain.events(receipt) == [
        event(
            works.genealogy,
            "NoticeIssued",
            notice=notice,
            namespace=works.namespace,
            hash=DEFECT,
            uri=NOTICE,
        ),
        event(works.assets, "Locked", tokenId=heat),
        event(works.genealogy, "Recalled", notice=notice, id=heat, reach=Reach.ISSUED),
    ]
    assert works.ask("noticeOf", notice) == (BEGINNING + 50, 0)
    assert bytes(works.ask("noticeId", works.namespace, DEFECT)) == notice
    assert works.reaches(heat) == [(notice, Reach.ISSUED, False)]
    assert works.flags(heat) == works.ask("locksOf", heat) == FLAG_RECALLED
    assert works.assets.functions.standingOf(heat).call()[5] == FLAG_RECALLED
    assert works.assets.functions.locked(heat).call() is True
    with locked(heat):
        works.give(heat, buyer)


def test_a_notice_grows(works: Works, heat: int) -> None:
    works.parts("P")
    notice = works.recall("H1")
    before = works.ask("noticeOf", notice)
    assert works.recall("H1", "P") == notice
    assert works.ask("noticeOf", notice) == before
    assert works.reaches(heat) == works.reaches(works.id("P")) == [(notice, Reach.ISSUED, False)]


def test_what_is_consumed_is_recalled(works: Works, heat: int) -> None:
    works.transform([(heat, 1_000)], [works.part("P")])
    notice = works.recall("H1")
    works.send("extendToOutputs", notice, [(heat, 1_000)], 0, [works.id("P")])
    assert works.flags(works.id("P")) == FLAG_RECALLED


def test_ast4_a_recalled_part_stops_the_whole(works: Works, buyer: Actor) -> None:
    engine, rotor, blade, sound = works.parts("engine", "rotor", "blade", "sound")
    works.assemble(rotor, [blade, sound])
    works.assemble(engine, [rotor])
    notice = works.recall("blade")
    assert works.reaches(blade) == [(notice, Reach.ISSUED, False)]
    assert works.reaches(rotor) == works.reaches(engine) == [(notice, Reach.UPWARD, False)]
    assert works.reaches(sound) == []
    with locked(engine):
        works.give(engine, buyer)


def many(count: int) -> list[bytes]:
    """Hashes of notices."""
    return [hash_of(f"notice {n}") for n in range(count)]


def test_ast5_notices_do_not_push_each_other_out(works: Works, buyer: Actor) -> None:
    """Whoever owns the whole can't fill it with its own notices, and lift them when the part is recalled."""
    whole, part = works.parts("whole", "part")
    works.assemble(whole, [part])
    texts = many(MOST_ASKED + 2)
    for text in texts:
        works.recall("whole", text=text)
    notice = works.recall("part")
    for text in texts:
        works.lift(text)
    assert works.reaches(whole)[-1] == (notice, Reach.UPWARD, False)
    with locked(whole):
        works.give(whole, buyer)


def test_ast5_a_stronger_reason_replaces_a_weaker_one(works: Works) -> None:
    rotor, blade = works.parts("rotor", "blade")
    works.assemble(rotor, [blade])
    notice = works.recall("blade")
    assert works.reaches(rotor) == [(notice, Reach.UPWARD, False)]
    works.recall("rotor")
    assert works.reaches(rotor) == [(notice, Reach.ISSUED, False)]


def test_ast5_a_part_is_recalled_whatever_was_cleared_above(works: Works, other: Works) -> None:
    (top,) = other.parts("top")
    middle, part, second = works.parts("middle", "part", "second")
    works.assemble(middle, [part, second])
    works.give(middle, other.owner)
    other.assemble(top, [middle])
    notice = works.recall("part")
    clear(other, notice, "top")
    works.recall("second")
    assert other.reaches(top) == [(notice, Reach.UPWARD, False)]


def test_many_notices_that_are_over_are_forgotten(works: Works, heat: int, buyer: Actor) -> None:
    """Whoever looks at an asset looks at nine notices at most: money waits for the answer."""
    texts = many(MOST_ASKED + 1)
    for text in texts:
        works.recall("H1", text=text)
        works.lift(text)
    with locked(heat):
        works.give(heat, buyer)
    assert [lifted for _, _, lifted in works.reaches(heat)] == [True] * len(texts)
    works.send("unlock", [heat])
    assert works.reaches(heat) == []
    works.give(heat, buyer)
    texts = [hash_of(f"later notice {n}") for n in range(MOST_ASKED)]
    for text in texts:
        works.recall("H1", text=text)
        works.lift(text)
    works.give(heat, works.owner, by=buyer)


def test_what_is_in_force_is_not_forgotten(works: Works, heat: int) -> None:
    texts = many(MOST_FORGOTTEN + 2)
    notices = [works.recall("H1", text=text) for text in texts]
    for text in (*texts[:1], *texts[2:]):
        works.lift(text)
    works.send("unlock", [heat])
    assert [notice for notice, _, _ in works.reaches(heat)] == notices[:2]
    works.send("unlock", [heat])
    assert works.reaches(heat) == [(notices[1], Reach.ISSUED, False)]
    assert works.flags(heat) == FLAG_RECALLED


def test_32_notices_go_down_and_home(works: Works, buyer: Actor) -> None:
    whole, part = works.parts("whole", "part")
    works.assemble(whole, [part])
    texts = many(MOST_HANDED + 1)
    notices = [works.recall("whole", text=text) for text in texts]
    with reverts("Genealogy_TooManyNotices", id=whole):
        works.disassemble(whole, [part])
    works.lift(texts[0])
    works.disassemble(whole, [part])
    assert sorted(works.reaches(part)) == sorted((notice, Reach.DOWNWARD, False) for notice in notices[1:])
    works.lift(texts[1])
    for notice in notices[2:]:
        with reverts("Genealogy_NotAcknowledged", id=part, to=buyer.address):
            works.send("returnRecalled", works.namespace, hash_of("part"), buyer.address)
        works.send("acknowledgeRecall", notice, by=buyer)
    works.send("returnRecalled", works.namespace, hash_of("part"), buyer.address)
    assert works.owner_of(part) == buyer.address


# extendToOutputs


def test_ast5_a_recall_does_not_go_where_no_edge_is(works: Works, heat: int) -> None:
    (second,) = works.register(works.lot("H2", 10))
    works.transform([(heat, 10)], [works.part("of H1")])
    works.transform([(second, 10)], [works.part("of H2")])
    notice = works.recall("H1")
    with no_edge(heat, works.id("of H2")):
        works.send("extendToOutputs", notice, [(heat, 10)], 0, [works.id("of H1"), works.id("of H2")])
    with no_edge(heat, works.id("of H1")):
        works.send("extendToOutputs", notice, [(heat, 11)], 0, [works.id("of H1")])
    with no_edge(heat, second):
        works.send("extendToOutputs", notice, [(heat, 10)], 0, [second])
    with not_spreading(notice, 0):
        works.send("extendToOutputs", notice, [(heat, 10)], 1, [works.id("of H1")])


def test_ast5_a_recall_starts_where_it_is(works: Works, heat: int) -> None:
    (second,) = works.register(works.lot("H2", 10))
    works.transform([(heat, 10), (second, 10)], [works.part("P")])
    notice, inputs = works.recall("H1"), [(heat, 10), (second, 10)]
    with not_spreading(notice, second):
        works.send("extendToOutputs", notice, inputs, 1, [works.id("P")])
    another = works.recall("H2", text=hash_of("another"))
    with not_spreading(another, heat):
        works.send("extendToOutputs", another, inputs, 0, [works.id("P")])
    works.send("extendToOutputs", another, inputs, 1, [works.id("P")])
    works.send("extendToOutputs", notice, inputs, 0, [works.id("P")])
    works.lift(hash_of("another"))
    assert works.flags(works.id("P")) == FLAG_RECALLED


def test_only_a_notice_in_force_spreads(works: Works, heat: int) -> None:
    works.transform([(heat, 10)], [works.part("P")])
    unknown = notice_id(works.owner)
    extend = ("extendToOutputs", unknown, [(heat, 10)], 0, [works.id("P")])
    with reverts("Genealogy_UnknownNotice", notice=unknown):
        works.send(*extend)
    works.recall("H1")
    works.lift()
    with reverts("Genealogy_Lifted", notice=unknown):
        works.send(*extend)


def test_ast5_upward_never_goes_down(works: Works) -> None:
    part, sound = works.parts("part", "sound")
    (box,) = works.register(works.lot("box of screws", 100))
    works.transform([(box, 10)], [works.part("P")])
    works.assemble(box, [part, sound])
    notice = works.recall("part")
    with not_spreading(notice, box):
        works.send("extendToParts", notice, [sound])
    with not_spreading(notice, box):
        works.send("extendToOutputs", notice, [(box, 10)], 0, [works.id("P")])


def test_an_edge_is_walked_once(works: Works, heat: int) -> None:
    works.transform([(heat, 10)], [works.part("P")])
    notice = works.recall("H1")
    extend = ("extendToOutputs", notice, [(heat, 10)], 0, [works.id("P"), works.id("P")])
    assert len(works.chain.events(works.send(*extend))) == 2
    assert works.chain.events(works.send(*extend)) == []
    works.recall("P")
    assert works.reaches(works.id("P")) == [(notice, Reach.ISSUED, False)]


def test_ast5_anyone_carries_a_recall_on(works: Works, heat: int, stranger: Actor, buyer: Actor) -> None:
    works.transform([(heat, 10)], [works.part("P"), works.part("Q")])
    (whole,) = works.parts("whole")
    works.assemble(whole, [works.id("P")])
    notice = works.recall("H1")
    outputs = [works.id("P"), works.id("Q")]
    receipt = works.send("extendToOutputs", notice, [(heat, 10)], 0, outputs, by=stranger)
    assert [each for each in works.chain.events(receipt) if each.name == "Recalled"] == [
        event(works.genealogy, "Recalled", notice=notice, id=works.id("P"), reach=Reach.DOWNWARD),
        event(works.genealogy, "Recalled", notice=notice, id=whole, reach=Reach.UPWARD),
        event(works.genealogy, "Recalled", notice=notice, id=works.id("Q"), reach=Reach.DOWNWARD),
    ]
    with locked(whole):
        works.give(whole, buyer)
    assert works.ask("madeOf", works.id("P")) == made_of([(heat, 10)])


# extendToParts


def test_ast5_a_recall_reaches_parts(works: Works, stranger: Actor) -> None:
    whole, part, below = works.parts("whole", "part", "below")
    works.assemble(part, [below])
    works.assemble(whole, [part])
    notice = works.recall("whole")
    works.send("extendToParts", notice, [part, below], by=stranger)
    assert works.reaches(below) == works.reaches(part) == [(notice, Reach.DOWNWARD, False)]
    assert works.flags(part) == FLAG_RECALLED | FLAG_ASSEMBLED
    assert works.reaches(whole) == [(notice, Reach.ISSUED, False)]


def test_ast5_what_is_no_part_is_not_reached(works: Works) -> None:
    whole, loose, sound, part = works.parts("whole", "loose", "sound", "part")
    works.assemble(sound, [part])
    notice = works.recall("whole")
    with not_spreading(notice, 0):
        works.send("extendToParts", notice, [loose])
    with not_spreading(notice, sound):
        works.send("extendToParts", notice, [part])
    assert works.reaches(whole)


# Batches


def test_ast5_a_recall_reaches_the_units_of_a_batch(works: Works, heat: int, stranger: Actor) -> None:
    packs = Packs(works, heat)
    packs.commit()
    unit = packs.serialise(0)
    notice = works.recall("H1")
    works.send("extendToBatch", notice, packs.struct, by=stranger)
    assert works.reaches(packs.id) == [(notice, Reach.DOWNWARD, False)]
    assert works.assets.functions.progressOf(packs.id).call()[2] is True
    works.send("extendToUnit", notice, *packs.unit(0), by=stranger)
    assert works.reaches(unit) == [(notice, Reach.DOWNWARD, False)]
    works.lift()
    works.send("unlock", [packs.id, unit])
    assert works.assets.functions.progressOf(packs.id).call()[2] is False


def test_ast5_only_its_batch_is_reached(works: Works, heat: int) -> None:
    packs, elsewhere = Packs(works, heat), Packs(works)
    elsewhere.commit()
    notice = works.recall("H1")
    with no_edge(heat, packs.id):
        works.send("extendToBatch", notice, packs.struct)
    with not_spreading(notice, 0):
        works.send("extendToBatch", notice, elsewhere.struct)
    with not_spreading(notice, elsewhere.id):
        works.send("extendToUnit", notice, *elsewhere.unit(0))


def test_f079_a_wrong_proof_reaches_nothing(works: Works) -> None:
    packs = Packs(works)
    packs.commit()
    packs.serialise(0)
    (foreign,) = works.parts("loose")
    notice = works.recall(batches=[packs.struct])
    batch, unit, _ = packs.unit(0)
    with no_edge(packs.id, works.id(unit.local_id)):
        works.send("extendToUnit", notice, batch, unit, packs.tree.prove(1))
    with no_edge(packs.id, foreign):
        works.send("extendToUnit", notice, batch, works.part("loose"), packs.tree.prove(0))
    with reverts("AssetRegistry_UnknownAsset", id=works.id("pack 1")):
        works.send("extendToUnit", notice, *packs.unit(1))


def test_f063_only_the_registry_hands_recalls_on(works: Works, heat: int, stranger: Actor) -> None:
    works.recall("H1")
    (part,) = works.parts("P")
    for caller in (stranger, works.owner):
        with reverts("Genealogy_NotRegistry", caller=caller.address):
            works.send("inherit", heat, part, by=caller)


def test_ast4_units_of_a_recalled_batch_are_recalled(works: Works) -> None:
    packs = Packs(works)
    packs.commit()
    before = packs.serialise(0)
    notice = works.recall(batches=[packs.struct])
    assert works.reaches(packs.id) == [(notice, Reach.ISSUED, False)]
    unit = packs.serialise(1)
    assert (works.reaches(unit), works.reaches(before)) == ([(notice, Reach.DOWNWARD, False)], [])
    works.lift()
    assert works.flags(packs.serialise(2)) == works.flags(unit) == 0


def test_ast4_a_batch_of_a_recalled_origin_is_recalled(works: Works, heat: int) -> None:
    notice = works.recall("H1")
    packs = Packs(works, heat)
    packs.commit()
    assert works.reaches(packs.id) == [(notice, Reach.DOWNWARD, False)]
    assert works.flags(packs.serialise(0)) == FLAG_RECALLED
    works.lift()
    later = (works.namespace, hash_of("later"), 1, heat)
    works.commit(*later[1:])
    assert works.reaches(batch_id(later)) == []


# clearRecall


@pytest.fixture
def assembly(works: Works, other: Works) -> tuple[int, int, bytes]:
    """The other's whole with a recalled part and a sound one of the works': whole, part, notice."""
    whole, _ = other.parts("whole", "spare")
    part, sound = works.parts("part", "sound")
    for each in (part, sound):
        works.give(each, other.owner)
    other.assemble(whole, [part, sound])
    return whole, part, works.recall("part")


def clear(works: Works, notice: bytes, local_id: str, by: Actor | None = None) -> Any:
    return works.send("clearRecall", notice, works.namespace, hash_of(local_id), by=by)


def test_f063_only_the_issuer_clears(
    works: Works, other: Works, assembly: tuple[int, int, bytes], stranger: Actor
) -> None:
    _, _, notice = assembly
    for caller in (stranger, works.owner):
        with not_issuer(other, caller):
            clear(other, notice, "whole", by=caller)


def test_f073_only_what_is_recalled_for_a_part_is_cleared(
    works: Works, other: Works, assembly: tuple[int, int, bytes], heat: int
) -> None:
    _, part, notice = assembly
    with reverts("Genealogy_NotClearable", notice=notice, id=part, reach=Reach.ISSUED):
        clear(works, notice, "part")
    with reverts("Genealogy_NotClearable", notice=notice, id=other.id("spare"), reach=Reach.NONE):
        clear(other, notice, "spare")
    works.transform([(heat, 10)], [works.part("P")])
    second = works.recall("H1", text=hash_of("another"))
    works.send("extendToOutputs", second, [(heat, 10)], 0, [works.id("P")])
    with reverts("Genealogy_NotClearable", notice=second, id=works.id("P"), reach=Reach.DOWNWARD):
        clear(works, second, "P")


def test_a_whole_is_cleared(other: Works, assembly: tuple[int, int, bytes], stranger: Actor) -> None:
    whole, _, notice = assembly
    receipt = clear(other, notice, "whole")
    assert other.chain.events(receipt) == [
        event(other.genealogy, "RecallCleared", notice=notice, id=whole),
        event(other.assets, "Unlocked", tokenId=whole),
    ]
    assert (other.reaches(whole), other.flags(whole)) == ([], 0)
    other.give(whole, stranger)


def test_clearing_keeps_the_other_notices(
    works: Works, other: Works, assembly: tuple[int, int, bytes]
) -> None:
    whole, _, notice = assembly
    more = [works.recall("part", text=hash_of(f"notice {n}")) for n in range(3)]
    clear(other, notice, "whole")
    assert {each for each, _, _ in other.reaches(whole)} == set(more)
    clear(other, more[1], "whole")
    assert {each for each, _, _ in other.reaches(whole)} == {more[0], more[2]}
    assert other.flags(whole) == FLAG_RECALLED


def test_a_cleared_notice_is_remembered_as_such(
    works: Works, other: Works, assembly: tuple[int, int, bytes]
) -> None:
    whole, _, notice = assembly
    clear(other, notice, "whole")
    with reverts("Genealogy_NotClearable", notice=notice, id=whole, reach=Reach.NONE):
        clear(other, notice, "whole")
    works.recall("sound")
    second = works.recall("part", text=hash_of("another"))
    clear(other, notice, "whole")
    assert other.ask("reachOf", whole, notice) == Reach.NONE
    works.recall("part", text=hash_of("a third"))
    assert {each for each, _, _ in other.reaches(whole)} == {
        second,
        notice_id(works.owner, hash_of("a third")),
    }


def test_a_cleared_whole_is_reached_again(
    works: Works, other: Works, assembly: tuple[int, int, bytes]
) -> None:
    whole, _, notice = assembly
    clear(other, notice, "whole")
    works.recall("part")
    assert other.reaches(whole) == []
    works.recall("sound")
    assert other.reaches(whole) == [(notice, Reach.UPWARD, False)]


# liftRecall


def test_f073_only_the_issuer_lifts(works: Works, heat: int, stranger: Actor, buyer: Actor) -> None:
    works.recall("H1")
    for caller in (stranger, buyer):
        with not_issuer(works, caller):
            works.send("liftRecall", works.namespace, DEFECT, by=caller)


def test_a_notice_is_lifted_once(works: Works, heat: int) -> None:
    notice = notice_id(works.owner)
    with reverts("Genealogy_UnknownNotice", notice=notice):
        works.lift()
    works.recall("H1")
    works.lift()
    with reverts("Genealogy_Lifted", notice=notice):
        works.lift()


def test_lifting_frees_everything(works: Works, heat: int, buyer: Actor) -> None:
    works.transform([(heat, 10)], [works.part("P")])
    notice = works.recall("H1")
    works.send("extendToOutputs", notice, [(heat, 10)], 0, [works.id("P")])
    receipt = works.lift()
    assert works.chain.events(receipt) == [event(works.genealogy, "NoticeLifted", notice=notice)]
    assert works.reaches(heat) == [(notice, Reach.ISSUED, True)]
    for asset in (heat, works.id("P")):
        assert works.flags(asset) == 0
        assert works.assets.functions.locked(asset).call() is False
        events = works.chain.events(works.give(asset, buyer))
        assert events[0] == event(works.assets, "Unlocked", tokenId=asset)


# acknowledgeRecall


def test_only_a_notice_in_force_is_acknowledged(works: Works, heat: int, buyer: Actor) -> None:
    notice = notice_id(works.owner)
    with reverts("Genealogy_UnknownNotice", notice=notice):
        works.send("acknowledgeRecall", notice, by=buyer)
    works.recall("H1")
    works.lift()
    with reverts("Genealogy_Lifted", notice=notice):
        works.send("acknowledgeRecall", notice, by=buyer)


def test_anyone_acknowledges(works: Works, heat: int, stranger: Actor) -> None:
    notice = works.recall("H1")
    receipt = works.send("acknowledgeRecall", notice, by=stranger)
    assert works.chain.events(receipt) == [
        event(works.genealogy, "RecallAcknowledged", notice=notice, account=stranger.address)
    ]
    assert works.ask("hasAcknowledged", notice, stranger.address) is True
    assert works.ask("hasAcknowledged", notice, works.owner.address) is False


# Returning


@pytest.fixture
def give_back(works: Works, buyer: Actor) -> Callable[..., Any]:
    """The buyer returns an asset of the works'."""

    def send(local_id: str, to: Actor, *, by: Actor = buyer) -> Any:
        return works.send("returnRecalled", works.namespace, hash_of(local_id), to.address, by=by)

    return send


def test_f063_only_the_owner_returns(
    works: Works,
    directory: Contract,
    heat: int,
    buyer: Actor,
    stranger: Actor,
    operator: Actor,
    give_back: Callable[..., Any],
) -> None:
    works.give(heat, buyer)
    works.recall("H1")
    works.chain.send(directory.functions.setOperator(operator.address, 0xFFFF, BEGINNING + DAY), by=buyer)
    for caller in (stranger, works.owner, operator):
        with reverts("Genealogy_NotApproved", id=heat, caller=caller.address):
            give_back("H1", works.owner, by=caller)


@pytest.mark.parametrize("function", ["approve", "setApprovalForAll"])
def test_who_is_approved_returns(
    works: Works, heat: int, stranger: Actor, give_back: Callable[..., Any], function: str
) -> None:
    approval = works.assets.get_function_by_name(function)
    works.chain.send(approval(stranger.address, heat if function == "approve" else True), by=works.owner)
    works.recall("H1")
    give_back("H1", works.owner, by=stranger)


def test_ast4_only_what_is_merely_recalled_is_returned(
    works: Works, heat: int, issuer: Actor, give_back: Callable[..., Any]
) -> None:
    with reverts("Genealogy_NotRecalled", id=heat):
        give_back("H1", works.owner, by=works.owner)
    works.recall("H1")
    works.empower(issuer)
    works.hold("H1", BEGINNING + DAY, by=issuer)
    with reverts("Genealogy_Unfit", id=heat, flags=FLAG_RECALLED | FLAG_HELD):
        give_back("H1", works.owner, by=works.owner)
    whole, part = works.parts("whole", "part")
    works.assemble(whole, [part])
    works.recall("part")
    with reverts("Genealogy_NotApproved", id=part, caller=works.owner.address):
        give_back("part", works.owner, by=works.owner)


def test_what_is_gone_is_not_returned(works: Works, heat: int, give_back: Callable[..., Any]) -> None:
    works.transform([(heat, 1_000)], [])
    works.recall("H1")
    with reverts("Genealogy_Final", id=heat, status=Status.CONSUMED):
        give_back("H1", works.owner, by=works.owner)


def test_ast4_a_recalled_asset_goes_to_who_knows(
    works: Works, heat: int, buyer: Actor, user: Actor, give_back: Callable[..., Any]
) -> None:
    works.give(heat, buyer)
    notices = [works.recall("H1", text=hash_of(text)) for text in ("one", "two")]
    for notice in notices:
        with reverts("Genealogy_NotAcknowledged", id=heat, to=user.address):
            give_back("H1", user)
        works.send("acknowledgeRecall", notice, by=user)
    receipt = give_back("H1", user)
    assert works.chain.events(receipt) == [
        event(works.assets, "Transfer", **{"from": buyer.address}, to=user.address, id=heat),
        event(works.genealogy, "RecalledReturned", id=heat, **{"from": buyer.address}, to=user.address),
    ]
    assert works.flags(heat) == FLAG_RECALLED


def test_a_recalled_asset_goes_home(
    works: Works, heat: int, buyer: Actor, give_back: Callable[..., Any]
) -> None:
    works.give(heat, buyer)
    works.recall("H1")
    give_back("H1", works.owner)
    assert works.owner_of(heat) == works.owner.address


# multicall


def test_many_edges_in_one_transaction(works: Works, heat: int, stranger: Actor) -> None:
    works.transform([(heat, 10)], [works.part("P")])
    works.transform([(works.id("P"), 1)], [works.part("Q")], scrap=())
    notice, call = works.recall("H1"), works.genealogy.functions
    edges = [
        call.extendToOutputs(notice, [(heat, 10)], 0, [works.id("P")]),
        call.extendToOutputs(notice, [(works.id("P"), 1)], 0, [works.id("Q")]),
    ]
    works.send("multicall", [call_data(each) for each in edges], by=stranger)
    assert works.flags(works.id("Q")) == FLAG_RECALLED
    with not_issuer(works, stranger):
        works.send("multicall", [call_data(call.liftRecall(works.namespace, DEFECT))], by=stranger)
