"""A workshop on a chain: lots, blanks and engines by their local ids, for tests of traces and recalls."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Self

from fabricant.chain.fabricant import Fabricant
from fabricant.domain.assets import AssetId, Kind, Namespace, Registration, asset_id, namespace_of
from fabricant.domain.batches import Run
from fabricant.domain.genealogy import Input, NoticeId, Scrap, Transformation, notice_id
from fabricant.domain.units import Address
from tests.support.world import World

KILOGRAMS = b"KGM"


@dataclass(frozen=True)
class Workshop:
    """What the supplier of a world makes, in its own namespace."""

    fabricant: Fabricant
    owner: Address
    runs: list[Run] = field(default_factory=list)

    @classmethod
    def of(cls, world: World) -> Self:
        """The supplier's."""
        fabricant = world.as_("supplier")
        assert fabricant.account is not None
        return cls(fabricant, fabricant.account)

    @property
    def namespace(self) -> Namespace:
        """Its own."""
        return namespace_of(self.owner)

    def id(self, local_id: str) -> AssetId:
        """An asset's id."""
        return asset_id(self.namespace, local_id)

    def ids(self, *local_ids: str) -> set[AssetId]:
        """Several assets' ids."""
        return {self.id(each) for each in local_ids}

    def part(self, local_id: str) -> Registration:
        """A component."""
        return Registration(local_id=local_id, kind=Kind.COMPONENT, owner=self.owner)

    def lot(self, local_id: str, kilograms: int) -> None:
        """Registers a lot."""
        lot = Registration(
            local_id=local_id, kind=Kind.LOT, owner=self.owner, quantity=kilograms, unit=KILOGRAMS
        )
        self.fabricant.assets.register(self.namespace, lot)

    def parts(self, *local_ids: str) -> None:
        """Registers components."""
        self.fabricant.assets.register_many(self.namespace, [self.part(each) for each in local_ids])

    def make(self, inputs: dict[str, int], outputs: Iterable[str]) -> None:
        """Makes components of others; of lots, what goes in is lost or in the components."""
        put = tuple(Input(asset=self.id(each), quantity=quantity) for each, quantity in inputs.items())
        registry = self.fabricant.assets
        units = dict.fromkeys(registry.unit_of(each.asset) for each in put)
        scrap = tuple(Scrap(unit=unit, quantity=0) for unit in units if any(unit))
        made = tuple(self.part(each) for each in outputs)
        self.fabricant.genealogy.transform(
            Transformation(inputs=put, scrap=scrap, namespace=self.namespace, outputs=made)
        )

    def assemble(self, whole: str, *parts: str) -> None:
        """Parts go into a whole."""
        self.fabricant.genealogy.assemble(self.id(whole), [self.id(each) for each in parts])

    def take_out(self, whole: str, *parts: str) -> None:
        """They come out again."""
        self.fabricant.genealogy.disassemble(self.id(whole), [self.id(each) for each in parts])

    def run(self, local_ids: Sequence[str], *, origin: str, tokens: Sequence[str] = ()) -> Run:
        """Commits a run made of something, and makes some of its units tokens."""
        run = Run(self.namespace, tuple(map(self.part, local_ids)), self.id(origin))
        registry = self.fabricant.assets
        registry.commit_batch(run.batch)
        for each in tokens:
            registry.serialise(run.batch, run.unit(each), proof=run.prove(each))
        self.runs.append(run)
        return run

    def notice(self, text: bytes) -> NoticeId:
        """The id of a notice."""
        return notice_id(self.namespace, text)
