"""What one asset is part of and was made of, as the events tell it."""

import pytest

from fabricant.chain.genealogy import Genealogy
from fabricant.chain.lineage import Covered, lineage_of, made_from, parts_of
from fabricant.domain.assets import AssetId, Kind, namespace_of
from fabricant.domain.genealogy import Hold, Input, Reach, Scrap, Transformation, notice_id
from fabricant.domain.units import UnixSeconds
from fabricant.errors import BadAnswer
from tests.support.world import World, registration, wallet

SUPPLIER = wallet("supplier").address
OWN = namespace_of(SUPPLIER)
TEXT = b"\x5e" * 32


@pytest.fixture
def parts(world: World) -> dict[str, AssetId]:
    """An engine with a rotor with two blades, one of them made of 5 kg of a heat."""
    supplier = world.as_("supplier")
    heat = registration("HEAT", kind=Kind.LOT, quantity=9, unit=b"KGM")
    others = [registration(name, kind=Kind.COMPONENT) for name in ("ENGINE", "ROTOR", "BLADE-2")]
    done = supplier.assets.register_many(OWN, [heat, *others])
    found = {event.local_id: event.id for event in done.events}
    melt = Transformation(
        inputs=(Input(asset=found["HEAT"], quantity=5),),
        scrap=(Scrap(unit=b"KGM", quantity=0),),
        namespace=OWN,
        outputs=(registration("BLADE-1", kind=Kind.COMPONENT),),
    )
    (found["BLADE-1"],) = supplier.genealogy.transform(melt).event.outputs
    supplier.genealogy.assemble(found["ROTOR"], [found["BLADE-1"], found["BLADE-2"]])
    supplier.genealogy.assemble(found["ENGINE"], [found["ROTOR"]])
    return found


def test_a_part_knows_its_wholes_and_what_it_was_made_of(world: World, parts: dict[str, AssetId]) -> None:
    supplier = world.as_("supplier")
    supplier.genealogy.recall(OWN, TEXT, local_ids=["BLADE-1"], uri="ipfs://notice")

    blade, rotor = (lineage_of(world.fabricant, parts[name]) for name in ("BLADE-1", "ROTOR"))

    assert (blade.title, blade.part_of, blade.parts) == (SUPPLIER, (parts["ROTOR"], parts["ENGINE"]), ())
    assert blade.made_from == (Input(asset=parts["HEAT"], quantity=5),)
    assert (rotor.parts, rotor.made_from) == ((parts["BLADE-1"], parts["BLADE-2"]), ())
    notice = notice_id(OWN, TEXT)
    assert [blade.recalls, rotor.recalls] == [
        (Covered(notice=notice, reach=reach, uri="ipfs://notice"),) for reach in (Reach.ISSUED, Reach.UPWARD)
    ]
    assert (rotor.locked, rotor.hold) == (
        True,
        Hold(until=UnixSeconds(0), itself=UnixSeconds(0), again=UnixSeconds(0)),
    )
    supplier.genealogy.lift_recall(OWN, TEXT)
    assert lineage_of(world.fabricant, parts["BLADE-1"]).recalls == ()


def test_a_part_that_was_taken_out_is_none_any_more(world: World, parts: dict[str, AssetId]) -> None:
    genealogy = world.as_("supplier").genealogy
    genealogy.disassemble(parts["ENGINE"], [parts["ROTOR"]])
    genealogy.disassemble(parts["ROTOR"], [parts["BLADE-1"]])
    assert parts_of(genealogy, parts["ROTOR"]) == (parts["BLADE-2"],)
    genealogy.assemble(parts["ROTOR"], [parts["BLADE-1"]])
    assert parts_of(genealogy, parts["ROTOR"]) == (parts["BLADE-2"], parts["BLADE-1"])


def test_a_node_that_hides_what_something_was_made_of_is_told(
    world: World, parts: dict[str, AssetId], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Genealogy, "transformations", lambda *_, **__: [])
    with pytest.raises(BadAnswer, match=r"does not show what asset 0x.* was made of"):
        made_from(world.fabricant.genealogy, parts["BLADE-1"])
