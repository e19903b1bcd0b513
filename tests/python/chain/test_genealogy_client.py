"""The Genealogy's client: assembled, transformed, recalled, held, and what the events tell of it."""

import pytest

from fabricant.chain.assets import Locked, QuantitySet, RecorderSet, StatusSet, Transfer, Unlocked
from fabricant.chain.errors import (
    AssetRegistry_Locked,
    AssetRegistry_NoRecorder,
    AssetRegistry_NotEnough,
    AssetRegistry_NotGenealogy,
    Genealogy_HeldBefore,
    Genealogy_InUse,
    Genealogy_Lifted,
    Genealogy_NoEdge,
    Genealogy_NotAcknowledged,
    Genealogy_NotAuthority,
    Genealogy_NotClearable,
    Genealogy_NotSpreading,
    Genealogy_TooMuchScrap,
    Genealogy_Unbalanced,
)
from fabricant.chain.genealogy import (
    Assembled,
    AuthoritySet,
    Disassembled,
    Held,
    NoticeIssued,
    NoticeLifted,
    ProcessingPermitted,
    RecallAcknowledged,
    RecallCleared,
    Recalled,
    RecalledReturned,
    Transformed,
)
from fabricant.domain.assets import AssetFlag, AssetId, Kind, asset_id, namespace_of
from fabricant.domain.batches import NO_ORIGIN, Run
from fabricant.domain.genealogy import (
    Hold,
    Input,
    Notice,
    Processing,
    Reach,
    Recall,
    Scrap,
    Transformation,
    hash_of_inputs,
    notice_id,
)
from fabricant.domain.units import ZERO_ADDRESS, Bps, UnixSeconds
from fabricant.errors import InvalidInput
from tests.support.world import DAY, World, registration, wallet

SUPPLIER, BUYER, STRANGER = (wallet(role).address for role in ("supplier", "buyer", "stranger"))
OWN = namespace_of(SUPPLIER)
TEXT = b"\x5e" * 32
NOTICE = notice_id(OWN, TEXT)
NOTHING = AssetId(0)


def named(local_id: str) -> AssetId:
    return asset_id(OWN, local_id)


def register(world: World, *local_ids: str, **changes: object) -> list[AssetId]:
    """Components of the supplier's, by default."""
    usual: dict[str, object] = {"kind": Kind.COMPONENT}
    done = world.as_("supplier").assets.register_many(
        OWN, [registration(each, **(usual | changes)) for each in local_ids]
    )
    return [event.id for event in done.events]


def lot(world: World, local_id: str, quantity: int) -> AssetId:
    (found,) = register(world, local_id, kind=Kind.LOT, quantity=quantity, unit=b"GRM")
    return found


def melting(world: World, **changes: object) -> Transformation:
    """400 g of a lot become a part and a lot of 300 g; 100 g are lost."""
    usual: dict[str, object] = {
        "inputs": (Input(asset=named("HEAT"), quantity=400),),
        "scrap": (Scrap(unit=b"GRM", quantity=100),),
        "namespace": OWN,
        "outputs": (
            registration("BLANK", kind=Kind.COMPONENT),
            registration("REST", kind=Kind.LOT, quantity=300, unit=b"GRM"),
        ),
    }
    return Transformation(**(usual | changes))  # type: ignore[arg-type]


def test_assembled_parts_follow_their_whole(world: World) -> None:
    supplier = world.as_("supplier")
    engine, rotor, blade = register(world, "ENGINE", "ROTOR", "BLADE")
    genealogy = supplier.genealogy

    first = genealogy.assemble(rotor, [blade])
    genealogy.assemble(engine, [rotor])
    supplier.assets.transfer_from(SUPPLIER, BUYER, engine)

    assert first.events == (Assembled(parent=rotor, child=blade),)
    assert supplier.events(first.receipt) == [
        Locked(token_id=blade),
        Transfer(from_=SUPPLIER, to=supplier.assets.address, id=blade),
        Assembled(parent=rotor, child=blade),
    ]
    assert (genealogy.parent_of(blade), genealogy.root_of(blade)) == (rotor, engine)
    assert (genealogy.title_of(blade), genealogy.parent_of(engine)) == (BUYER, NOTHING)
    assert supplier.assets.locked(blade)

    out = world.as_("buyer").genealogy.disassemble(engine, [rotor])
    assert out.events == (Disassembled(parent=engine, child=rotor),)
    told = [event for _, event in genealogy.assemblies(child=rotor)]
    assert told == [Assembled(parent=engine, child=rotor), *out.events]
    assert [event for _, event in genealogy.assemblies(parent=rotor)] == list(first.events)
    assert [event for _, event in genealogy.history_of(rotor)] == [*first.events, *told]


def test_a_lot_is_transformed_and_keeps_the_rest(world: World) -> None:
    heat, supplier = lot(world, "HEAT", 500), world.as_("supplier")
    melt = melting(world)

    done = supplier.genealogy.transform(melt)

    blank, rest = named("BLANK"), named("REST")
    assert done.event == Transformed(
        made=melt.made,
        owner=SUPPLIER,
        by=SUPPLIER,
        inputs=melt.inputs,
        scrap=melt.scrap,
        outputs=(blank, rest),
    )
    assert QuantitySet(id=heat, quantity=100, unit=b"GRM") in supplier.events(done.receipt)
    assert supplier.genealogy.made_of(blank) == melt.made == hash_of_inputs(melt.inputs)
    assert supplier.genealogy.made_of(heat) == bytes(32)
    assert [event for _, event in supplier.genealogy.transformations(made=melt.made)] == [done.event]
    assert [event for _, event in supplier.genealogy.transformations(owner=BUYER)] == []

    end = melting(world, inputs=(Input(asset=heat, quantity=100),), outputs=())
    told = supplier.events(supplier.genealogy.transform(end).receipt)
    assert [type(each) for each in told] == [QuantitySet, StatusSet, Locked, Transformed]


def test_f073_a_transformation_that_does_not_balance_is_refused(world: World) -> None:
    lot(world, "HEAT", 500)
    transform = world.as_("supplier").genealogy.transform

    with pytest.raises(Genealogy_Unbalanced) as refused:
        transform(melting(world, scrap=(Scrap(unit=b"GRM", quantity=99),)))
    assert refused.value.arguments == {"unit": b"GRM", "put": 400, "made": 300, "scrap": 99}
    with pytest.raises(AssetRegistry_NotEnough) as short:
        transform(melting(world, inputs=(Input(asset=named("HEAT"), quantity=501),)))
    assert (short.value.quantity, short.value.available) == (501, 500)
    with pytest.raises(InvalidInput, match="at least one input"):
        transform(melting(world, inputs=()))


def test_a_processor_works_for_the_owner(world: World) -> None:
    heat, supplier, buyer = lot(world, "HEAT", 500), world.as_("supplier"), world.as_("buyer")
    until = UnixSeconds(world.now + DAY)
    supplier.assets.transfer_from(SUPPLIER, BUYER, heat)
    buyer.assets.set_user(heat, SUPPLIER, expires=until)
    outputs = (registration("REST", kind=Kind.LOT, quantity=300, unit=b"GRM", owner=BUYER),)
    melt = melting(world, outputs=outputs)
    with pytest.raises(Genealogy_InUse):
        supplier.genealogy.transform(melt)

    permit = buyer.genealogy.permit_processing(heat, SUPPLIER, until=until, max_scrap_bps=Bps(2_000))
    assert permit.event == ProcessingPermitted(
        lot=heat, owner=BUYER, processor=SUPPLIER, until=until, max_scrap_bps=Bps(2_000)
    )
    permitted = Processing(processor=SUPPLIER, until=until, max_scrap_bps=Bps(2_000))
    assert buyer.genealogy.processing_of(heat, BUYER) == permitted
    with pytest.raises(Genealogy_TooMuchScrap, match="100 GRM of scrap are more than the 20 %"):
        supplier.genealogy.transform(melt)
    buyer.genealogy.permit_processing(heat, SUPPLIER, until=until, max_scrap_bps=Bps(2_500))
    assert supplier.genealogy.transform(melt).event.owner == BUYER

    assert buyer.genealogy.end_processing(heat).event.processor == ZERO_ADDRESS


def test_a_recall_follows_every_edge(world: World) -> None:
    heat, supplier = lot(world, "HEAT", 500), world.as_("supplier")
    melt = melting(world)
    supplier.genealogy.transform(melt)
    blank, (engine, screw) = named("BLANK"), register(world, "ENGINE", "SCREW")
    supplier.genealogy.assemble(engine, [blank, screw])
    run = Run(OWN, (registration("PACK-1", kind=Kind.PRODUCT),), heat)
    supplier.assets.commit_batch(run.batch)
    unit = supplier.assets.serialise(run.batch, run.unit("PACK-1"), proof=run.prove("PACK-1")).event.id
    anyone = world.as_("stranger").genealogy

    issued = supplier.genealogy.recall(OWN, TEXT, local_ids=["HEAT"], uri="https://example.com/notice")
    down = anyone.extend_to_outputs(NOTICE, melt.inputs, recalled=0, outputs=[blank])
    again = anyone.extend_to_outputs(NOTICE, melt.inputs, recalled=0, outputs=[blank])
    batch = anyone.extend_to_batch(NOTICE, run.batch)
    pack = anyone.extend_to_unit(NOTICE, run.batch, unit=run.unit("PACK-1"), proof=run.prove("PACK-1"))

    assert issued.events == (Recalled(notice=NOTICE, id=heat, reach=Reach.ISSUED),)
    assert down.events == (
        Recalled(notice=NOTICE, id=blank, reach=Reach.DOWNWARD),
        Recalled(notice=NOTICE, id=engine, reach=Reach.UPWARD),
    )
    assert again.events == ()
    assert batch.events == (Recalled(notice=NOTICE, id=run.batch.id, reach=Reach.DOWNWARD),)
    assert pack.events == (Recalled(notice=NOTICE, id=unit, reach=Reach.DOWNWARD),)
    assert supplier.assets.progress_of(run.batch.id).recalled
    assert [event for _, event in anyone.notices_issued(namespace=OWN)] == [
        NoticeIssued(notice=NOTICE, namespace=OWN, hash=TEXT, uri="https://example.com/notice")
    ]
    assert anyone.notice_id(OWN, TEXT) == NOTICE == anyone._read("noticeId", OWN, TEXT)
    assert {event.id for _, event in anyone.recalled(notice=NOTICE)} == {
        *(heat, blank, engine, run.batch.id, unit)
    }
    assert [event for _, event in anyone.recalled(asset=engine)] == [down.events[1]]
    assert anyone.recalls_of(engine) == (Recall(notice=NOTICE, reach=Reach.UPWARD, lifted=False),)
    assert anyone.locks_of(screw) is AssetFlag(0)
    with pytest.raises(Genealogy_NotSpreading):
        anyone.extend_to_parts(NOTICE, [screw])
    with pytest.raises(Genealogy_NoEdge):
        anyone.extend_to_outputs(NOTICE, melt.inputs, recalled=0, outputs=[screw])

    supplier.genealogy.recall(OWN, TEXT, local_ids=["ENGINE"])
    assert anyone.extend_to_parts(NOTICE, [screw]).events == (
        Recalled(notice=NOTICE, id=screw, reach=Reach.DOWNWARD),
    )


def test_a_recall_is_acknowledged_cleared_and_lifted(world: World) -> None:
    engine, blade = register(world, "ENGINE", "BLADE")
    supplier, stranger = world.as_("supplier"), world.as_("stranger")
    supplier.genealogy.assemble(engine, [blade])
    supplier.genealogy.recall(OWN, TEXT, local_ids=["BLADE"])
    issued = world.now
    with pytest.raises(AssetRegistry_Locked, match="it is recalled; `fabricant asset show` says") as locked:
        supplier.assets.transfer_from(SUPPLIER, STRANGER, engine)
    assert locked.value.flags is AssetFlag.RECALLED
    with pytest.raises(Genealogy_NotAcknowledged):
        supplier.genealogy.return_recalled(OWN, "ENGINE", to=STRANGER)

    known = stranger.genealogy.acknowledge_recall(NOTICE).event
    back = supplier.genealogy.return_recalled(OWN, "ENGINE", to=STRANGER).event

    assert known == RecallAcknowledged(notice=NOTICE, account=STRANGER)
    assert stranger.genealogy.has_acknowledged(NOTICE, STRANGER)
    assert back == RecalledReturned(id=engine, from_=SUPPLIER, to=STRANGER)
    with pytest.raises(Genealogy_NotClearable) as refused:
        supplier.genealogy.clear_recall(NOTICE, OWN, local_id="BLADE")
    assert refused.value.reach is Reach.ISSUED
    cleared = supplier.genealogy.clear_recall(NOTICE, OWN, local_id="ENGINE")
    assert cleared.event == RecallCleared(notice=NOTICE, id=engine)
    assert Unlocked(token_id=engine) in supplier.events(cleared.receipt)

    lifted = supplier.genealogy.lift_recall(OWN, TEXT).event
    assert lifted == NoticeLifted(notice=NOTICE)
    notice = supplier.genealogy.notice_of(NOTICE)
    assert notice == Notice(issued_at=issued, lifted_at=world.now)
    assert supplier.genealogy.recalls_of(blade)[0].lifted
    with pytest.raises(Genealogy_Lifted):
        supplier.genealogy.recall(OWN, TEXT, local_ids=["BLADE"])


def test_an_authority_holds_once_in_a_while(world: World) -> None:
    engine, blade = register(world, "ENGINE", "BLADE")
    supplier, inspector = world.as_("supplier"), world.as_("inspector")
    authority, until = wallet("inspector").address, UnixSeconds(world.now + DAY)
    supplier.genealogy.assemble(engine, [blade])
    with pytest.raises(Genealogy_NotAuthority):
        inspector.genealogy.hold(OWN, "BLADE", until=until)

    may = supplier.genealogy.set_authority(OWN, authority, allowed=True).event
    held = inspector.genealogy.hold(OWN, "BLADE", until=until)

    assert may == AuthoritySet(namespace=OWN, authority=authority, allowed=True)
    assert supplier.genealogy.is_authority(OWN, authority)
    assert held.events == tuple(Held(id=each, until=until) for each in (blade, engine))
    assert supplier.genealogy.hold_of(blade) == Hold(
        until=until, itself=until, again=UnixSeconds(until + 180 * DAY)
    )
    with pytest.raises(Genealogy_HeldBefore):
        inspector.genealogy.hold(OWN, "BLADE", until=until)
    assert supplier.genealogy.locks_of(engine) is AssetFlag.HELD
    world.chain.mine(at=until)
    assert supplier.genealogy.locks_of(engine) is AssetFlag(0)
    receipt = world.as_("stranger").genealogy.unlock([engine])
    assert supplier.events(receipt) == [Unlocked(token_id=engine)]


def test_several_calls_are_one_transaction(world: World) -> None:
    rotor, engine, blade = register(world, "ROTOR", "ENGINE", "BLADE")
    genealogy = world.as_("supplier").genealogy
    calls = [
        genealogy.prepare(genealogy.assemble, rotor, [blade]),
        genealogy.prepare(genealogy.recall, OWN, TEXT, local_ids=["BLADE"]),
    ]

    done = genealogy.multicall(calls)

    assert [type(each) for each in done.events] == [Assembled, NoticeIssued, Recalled, Recalled]
    with pytest.raises(Genealogy_NotSpreading):
        genealogy.multicall([genealogy.prepare(genealogy.extend_to_parts, NOTICE, [engine]), *calls])


def test_recorders_are_named_by_the_owner(world: World) -> None:
    (blade,) = register(world, "BLADE")
    assets, stranger = world.as_("supplier").assets, world.as_("stranger").assets
    until = UnixSeconds(world.now + DAY)

    done = assets.set_recorder(blade, STRANGER, until=until)

    assert done.event == RecorderSet(id=blade, owner=SUPPLIER, recorder=STRANGER, until=until)
    assert assets.recorder_until(blade, SUPPLIER, STRANGER) == until
    assert stranger.record(blade, topic=bytes(32), hash_=TEXT).event.author == STRANGER
    world.chain.mine(at=until)
    with pytest.raises(AssetRegistry_NoRecorder):
        stranger.record(blade, topic=bytes(32), hash_=TEXT)


def test_what_is_the_genealogys_is_nobody_elses(world: World) -> None:
    with pytest.raises(AssetRegistry_NotGenealogy):
        world.as_("supplier").assets._send("mark", world.machine, 1, True)


def test_nothing_is_known_of_what_is_not_there(world: World) -> None:
    genealogy = world.fabricant.genealogy
    assert genealogy.notice_of(NOTICE) == Notice(issued_at=UnixSeconds(0), lifted_at=UnixSeconds(0))
    assert (genealogy.recalls_of(NOTHING), genealogy.parent_of(NO_ORIGIN)) == ((), NOTHING)
