"""Transformations as people think of them, checked before anything is sent."""

import pytest

from fabricant.chain.errors import AssetRegistry_UnknownAsset
from fabricant.chain.making import Drawn, draw, merge, split, transformation
from fabricant.domain.assets import NO_UNIT, AssetId, Kind, asset_id, namespace_of
from fabricant.domain.genealogy import Input, Scrap
from fabricant.errors import InvalidInput
from tests.support.world import World, registration, wallet

SUPPLIER = wallet("supplier").address
OWN = namespace_of(SUPPLIER)
HEAT = asset_id(OWN, "HEAT")


@pytest.fixture
def lots(world: World) -> World:
    """A heat of 500 g and one of 2 l, both the supplier's."""
    heat = registration("HEAT", kind=Kind.LOT, quantity=500, unit=b"GRM")
    oil = registration("OIL", kind=Kind.LOT, quantity=2, unit=b"LTR")
    world.as_("supplier").assets.register_many(OWN, [heat, oil])
    return world


def test_some_or_all_is_drawn(lots: World) -> None:
    registry = lots.fabricant.assets
    assert draw(registry, HEAT, "0.4 kg") == Drawn(Input(asset=HEAT, quantity=400), b"GRM", SUPPLIER)
    assert draw(registry, HEAT, None).input.quantity == 500
    assert draw(registry, lots.machine, None) == Drawn(Input(asset=lots.machine), NO_UNIT, SUPPLIER)
    for wrong in ("501", "0"):
        with pytest.raises(InvalidInput, match=rf"{wrong} of asset .* there are 500 GRM"):
            draw(registry, HEAT, wrong)
    with pytest.raises(AssetRegistry_UnknownAsset):
        draw(registry, AssetId(1), None)


def test_every_unit_that_goes_in_has_its_scrap(lots: World) -> None:
    registry = lots.fabricant.assets
    drawn = [draw(registry, each, None) for each in (HEAT, asset_id(OWN, "OIL"), lots.machine)]

    def scrap(*told: str) -> tuple[Scrap, ...]:
        return transformation(drawn, scrap=told, namespace=OWN, outputs=()).scrap

    assert scrap() == (Scrap(unit=b"GRM", quantity=0), Scrap(unit=b"LTR", quantity=0))
    assert scrap("0.1 kg", "50 g", "1 piece") == (
        Scrap(unit=b"GRM", quantity=150),
        Scrap(unit=b"LTR", quantity=0),
        Scrap(unit=NO_UNIT, quantity=1),
    )
    with pytest.raises(InvalidInput, match="5 could be counted in 3 of these units"):
        scrap("5")


def test_parts_of_a_lot_have_free_names(lots: World) -> None:
    supplier = lots.as_("supplier")
    supplier.assets.register(OWN, registration("HEAT-2"))

    parts = split(
        supplier.assets,
        HEAT,
        [(None, "100 g"), (None, "0.05 kg"), ("HEAT-3", "7"), (None, "1")],
        namespace=OWN,
        known_as="HEAT",
    )

    assert [(each.local_id, each.quantity) for each in parts.outputs] == [
        *(("HEAT-1", 100), ("HEAT-4", 50), ("HEAT-3", 7), ("HEAT-5", 1))
    ]
    assert parts.inputs == (Input(asset=HEAT, quantity=158),)
    supplier.genealogy.transform(parts)
    assert supplier.assets.quantity_of(HEAT) == 342


def test_only_lots_are_split_and_merged(lots: World) -> None:
    registry = lots.fabricant.assets
    with pytest.raises(InvalidInput, match="is no lot"):
        split(registry, lots.machine, [(None, "1")], namespace=OWN, known_as="X")
    with pytest.raises(InvalidInput, match="counted in GRM, LTR"):
        merge(registry, [HEAT, asset_id(OWN, "OIL")], "X", namespace=OWN)
    with pytest.raises(InvalidInput, match="counted in pieces"):
        merge(registry, [lots.machine], "X", namespace=OWN)
