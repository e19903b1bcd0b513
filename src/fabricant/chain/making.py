"""Transformations as people think of them: so much of these, into those, with so much lost.

What a transformation needs to know of its inputs (unit, owner, how much there is) is asked of the registry,
so that a wrong quantity is a sentence before anything is sent. Nothing here sends a transaction; the result
is what `Genealogy.transform` takes.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count

from fabricant.chain.assets import AssetRegistry
from fabricant.domain.assets import NO_UNIT, AssetId, Kind, Namespace, Registration, asset_id
from fabricant.domain.genealogy import Input, Scrap, Transformation
from fabricant.domain.quantities import meant_unit, parse_quantity, quantity_text, unit_text
from fabricant.domain.units import Address
from fabricant.errors import InvalidInput


@dataclass(frozen=True, slots=True)
class Drawn:
    """Some of an asset, or all of it, with what is known of it."""

    input: Input
    unit: bytes
    owner: Address


def draw(registry: AssetRegistry, asset: AssetId, quantity: str | None) -> Drawn:
    """So much of a lot, such as "2.5 kg"; without a quantity all of it, or the one that anything else is.

    Raises InvalidInput for more than there is, AssetRegistry_UnknownAsset.
    """
    unit, available = registry.unit_of(asset), registry.quantity_of(asset)
    wanted = available if quantity is None else parse_quantity(quantity, unit)
    if not 0 < wanted <= available:
        raise InvalidInput(
            f"{quantity} of asset {asset:#066x} can't be taken: there are {quantity_text(available, unit)}"
        )
    return Drawn(Input(asset=asset, quantity=wanted), unit, registry.owner_of(asset))


def transformation(
    drawn: Sequence[Drawn],
    *,
    scrap: Sequence[str] = (),
    namespace: Namespace,
    outputs: Sequence[Registration],
) -> Transformation:
    """What goes in becomes what comes out; `scrap` such as "2 kg", none of a unit that it does not name.

    Raises InvalidInput for what the Genealogy would refuse whatever the balance is.
    """
    made = Transformation(
        inputs=tuple(each.input for each in drawn),
        scrap=_scrap({each.unit for each in drawn}, scrap),
        namespace=namespace,
        outputs=tuple(outputs),
    )
    made.check()
    return made


def split(
    registry: AssetRegistry,
    lot: AssetId,
    parts: Sequence[tuple[str | None, str]],
    *,
    namespace: Namespace,
    known_as: str,
) -> Transformation:
    """Parts of a lot become lots of their own; what is left stays in it.

    Each part is its local id and its quantity; without a local id it is `known_as` with the next free number.
    Raises InvalidInput, AssetRegistry_UnknownAsset.
    """
    unit, owner = registry.unit_of(lot), registry.owner_of(lot)
    if unit == NO_UNIT:
        raise InvalidInput(f"asset {lot:#066x} is no lot, and only lots can be split")
    quantities = [parse_quantity(quantity, unit) for _, quantity in parts]
    taken = draw(registry, lot, str(sum(quantities)))
    free = _free_names(registry, namespace, known_as, taken={name for name, _ in parts})
    names = [name or next(free) for name, _ in parts]
    outputs = [_lot(name, owner, each, unit) for name, each in zip(names, quantities, strict=True)]
    return transformation([taken], namespace=namespace, outputs=outputs)


def merge(
    registry: AssetRegistry, lots: Sequence[AssetId], local_id: str, *, namespace: Namespace
) -> Transformation:
    """All of several lots of one unit becomes one lot. Raises InvalidInput, AssetRegistry_UnknownAsset."""
    drawn = [draw(registry, each, None) for each in lots]
    units = {each.unit for each in drawn}
    if units & {NO_UNIT} or len(units) > 1:
        names = ", ".join(map(unit_text, sorted(units)))
        raise InvalidInput(f"only lots of one unit can be merged, and these are counted in {names}")
    total = sum(each.input.quantity for each in drawn)
    output = _lot(local_id, drawn[0].owner, total, drawn[0].unit)
    return transformation(drawn, namespace=namespace, outputs=[output])


def _lot(local_id: str, owner: Address, quantity: int, unit: bytes) -> Registration:
    return Registration(local_id=local_id, kind=Kind.LOT, owner=owner, quantity=quantity, unit=unit)


def _free_names(
    registry: AssetRegistry, namespace: Namespace, known_as: str, *, taken: set[str | None]
) -> Iterator[str]:
    names = (f"{known_as}-{number}" for number in count(1))
    return (
        name for name in names if name not in taken and not registry.is_registered(asset_id(namespace, name))
    )


def _scrap(units: set[bytes], told: Sequence[str]) -> tuple[Scrap, ...]:
    """What is said to be lost; of every other unit that goes in, nothing.

    Pieces are balanced only if somebody says so: two parts may well become one.
    """
    lost = dict.fromkeys(sorted(units - {NO_UNIT}), 0)
    for text in told:
        unit = meant_unit(text, units)
        lost[unit] = lost.get(unit, 0) + parse_quantity(text, unit)
    return tuple(Scrap(unit=unit, quantity=quantity) for unit, quantity in lost.items())
