"""What one asset is part of, what it was made of, and what keeps it from changing hands.

The Genealogy keeps a word for each and the events tell the rest, so that whatever an event says of what an
asset was made of proves itself by its hash, whoever the node is.
"""

from dataclasses import dataclass

from fabricant.chain.fabricant import Fabricant
from fabricant.chain.genealogy import Assembled, Genealogy
from fabricant.domain.assets import AssetId
from fabricant.domain.genealogy import Hold, Input, NoticeId, Reach, hash_of_inputs
from fabricant.domain.units import Address
from fabricant.errors import BadAnswer


@dataclass(frozen=True, slots=True, kw_only=True)
class Covered:
    """By a notice in force: why, and where its text is found."""

    notice: NoticeId
    reach: Reach
    uri: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Lineage:
    """One asset among others."""

    title: Address  # the owner of the whole that it is in; its own owner if it is part of nothing
    part_of: tuple[AssetId, ...]  # its whole, that one's whole, and so on
    parts: tuple[AssetId, ...]
    made_from: tuple[Input, ...]
    recalls: tuple[Covered, ...]
    hold: Hold
    locked: bool


def lineage_of(fabricant: Fabricant, asset: AssetId) -> Lineage:
    """What is known of an asset now. Raises AssetRegistry_UnknownAsset."""
    genealogy, since = fabricant.genealogy, fabricant.deployment.first_block
    return Lineage(
        locked=fabricant.assets.locked(asset),
        title=genealogy.title_of(asset),
        part_of=_wholes(genealogy, asset),
        parts=parts_of(genealogy, asset, since=since),
        made_from=made_from(genealogy, asset, since=since),
        recalls=recalls_of(genealogy, asset, since=since),
        hold=genealogy.hold_of(asset),
    )


def parts_of(genealogy: Genealogy, asset: AssetId, *, since: int = 0) -> tuple[AssetId, ...]:
    """What an asset has in it now, one level down, by the events from block `since` on."""
    found: dict[AssetId, None] = {}
    for _, event in genealogy.assemblies(parent=asset, since=since):
        if isinstance(event, Assembled):
            found[event.child] = None
        else:
            found.pop(event.child, None)
    return tuple(found)


def made_from(genealogy: Genealogy, asset: AssetId, *, since: int = 0) -> tuple[Input, ...]:
    """The inputs of which an asset was made; none if it was not. Raises BadAnswer if the node hides them."""
    made = genealogy.made_of(asset)
    if not any(made):
        return ()
    for _, event in genealogy.transformations(made=made, since=since):
        if asset in event.outputs and hash_of_inputs(event.inputs) == made:
            return event.inputs
    raise BadAnswer(f"the node does not show what asset {asset:#066x} was made of; use one with all events")


def recalls_of(genealogy: Genealogy, asset: AssetId, *, since: int = 0) -> tuple[Covered, ...]:
    """The notices in force that cover an asset, by the events from block `since` on."""
    found = []
    for each in genealogy.recalls_of(asset):
        if not each.lifted:
            issued = genealogy.notices_issued(notice=each.notice, since=since)
            uri = issued[0][1].uri if issued else ""
            found.append(Covered(notice=each.notice, reach=each.reach, uri=uri))
    return tuple(found)


def _wholes(genealogy: Genealogy, asset: AssetId) -> tuple[AssetId, ...]:
    found = []
    while asset := genealogy.parent_of(asset):
        found.append(asset)
    return tuple(found)
