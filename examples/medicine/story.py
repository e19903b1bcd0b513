"""A thousand packs of a medicine, of which each pharmacy checks every single one before it sells it.

The maker commits all packs with one transaction, and ships them in cases. Then somebody prints labels of
packs that were never made, or copies one, and somebody sells past the wholesaler. Run it:
`python examples/medicine/story.py`.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from fabricant.chain.pedigrees import dispense, read_pedigrees
from fabricant.demo.firms import DAY, Firm, Firms, own_chain
from fabricant.domain.assets import Kind, Registration
from fabricant.domain.batches import Run
from fabricant.domain.pedigree import Finding, Label, Licences, Pedigrees
from fabricant.domain.units import UnixSeconds

CASES: Final = tuple(f"CASE-{number}" for number in range(1, 11))
PACKS_IN_CASE: Final = 100
EXPIRY: Final = 720  # days


@dataclass(frozen=True, slots=True)
class Outcome:
    """How many genuine packs were checked, what was found on them, and on five that should not be sold."""

    checked: int
    alarms: tuple[Finding, ...]
    unknown: tuple[Finding, ...]
    cloned: tuple[Finding, ...]
    sold_twice: tuple[Finding, ...]
    skipped: tuple[Finding, ...]
    expired: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Story:
    """Who takes part, and the documents that they all have."""

    firms: Firms
    maker: Firm
    whole: Firm
    castle: Firm
    bridge: Firm
    documents: dict[str, bytes] = field(default_factory=dict, kw_only=True)

    @property
    def licences(self) -> Licences:
        """As the authority publishes them."""
        pharmacies = frozenset((self.castle.address, self.bridge.address))
        makers = frozenset((self.maker.namespace,))
        return Licences(makers, frozenset((self.whole.address,)), pharmacies)

    def pack(self, serial: str, label: Label) -> Registration:
        """A pack of the maker's, whose label is where everybody finds it."""
        uri = f"https://maker.example/{label.case}.json"
        self.documents[uri] = label.serialise()
        return Registration(
            local_id=serial, kind=Kind.PRODUCT, owner=self.maker.address, twin=label.hash, uri=uri
        )

    def make(self, lot: str, cases: Iterable[str], *, packs: int) -> Run:
        """Commits a run of packs, and registers the cases that they are in."""
        maker, registry = self.maker, self.maker.fabricant.assets
        expires = UnixSeconds(self.firms.began + EXPIRY * DAY)
        labels = [Label(lot=lot, expires=expires, case=case) for case in cases]
        registry.register_many(maker.namespace, [maker.piece(label.case, Kind.PRODUCT) for label in labels])
        run = Run(
            maker.namespace,
            tuple(self.pack(f"{each.case}-{n:03}", each) for each in labels for n in range(packs)),
        )
        registry.commit_batch(run.batch)
        self.firms.did(maker, f"commits {len(run.units):,} packs of {lot}, in {_count(len(labels), 'case')}")
        return run

    def ship(self, seller: Firm, buyer: Firm, cases: Iterable[str]) -> None:
        """Cases change hands."""
        shipped = list(cases)
        for case in shipped:
            seller.fabricant.assets.transfer_from(seller.address, buyer.address, self.maker.id(case))
        self.firms.did(seller, f"ships {_count(len(shipped), 'case')} to {buyer.name}")

    def read(self, run: Run, pharmacy: Firm) -> Pedigrees:
        """What a pharmacy can know of a run now."""
        return read_pedigrees(pharmacy.fabricant, run, self.documents.get)

    def check(self, run: Run, serial: str, pharmacy: Firm) -> tuple[Finding, ...]:
        """A pharmacy scans a pack, and tells what is wrong with it."""
        found = self.scan(run, [serial], pharmacy)
        named = ", ".join(type(each).__name__ for each in found) or "sells it"
        self.firms.did(pharmacy, f"scans {serial}: {named}")
        return found

    def scan(self, run: Run, serials: Iterable[str], pharmacy: Firm) -> tuple[Finding, ...]:
        """What is wrong with packs that a pharmacy has in hand."""
        pedigrees = self.read(run, pharmacy)
        at, by = self.firms.chain.now(), pharmacy.address
        checked = (pedigrees.check(each, presented_by=by, at=at, licences=self.licences) for each in serials)
        return tuple(finding for findings in checked for finding in findings)


def play(firms: Firms) -> Outcome:
    """The story."""
    story = Story(firms, *map(firms.firm, ("maker", "whole", "castle", "bridge")))
    run, alarms = _deliver(story)
    unknown, cloned, sold_twice = _copy(story, run)
    skipped = _skip(story)
    firms.chapter("The date")
    firms.wait_for(EXPIRY)
    expired = story.check(run, "CASE-9-000", story.bridge)
    return Outcome(len(run.units), alarms, unknown, cloned, sold_twice, skipped, expired)


def _deliver(story: Story) -> tuple[Run, tuple[Finding, ...]]:
    firms, maker, whole, castle, bridge = story.firms, story.maker, story.whole, story.castle, story.bridge
    firms.chapter("A thousand packs")
    run = story.make("LOT-7", CASES, packs=PACKS_IN_CASE)
    firms.wait_for(10)
    story.ship(maker, whole, CASES)
    firms.wait_for(14)
    alarms = list[Finding]()
    for pharmacy, cases in ((castle, CASES[:5]), (bridge, CASES[5:])):
        story.ship(whole, pharmacy, cases)
        serials = [pack.local_id for pack in run.units if pack.local_id.rpartition("-")[0] in cases]
        found = story.scan(run, serials, pharmacy)
        firms.did(pharmacy, f"scans {len(serials)} packs: {_count(len(found), 'alarm')}")
        alarms += found
    return run, tuple(alarms)


def _copy(story: Story, run: Run) -> tuple[tuple[Finding, ...], ...]:
    firms, castle, bridge = story.firms, story.castle, story.bridge
    firms.chapter("Copies")
    firms.wait_for(30)
    unknown = story.check(run, "CASE-1-100", castle)
    cloned = story.check(run, "CASE-1-007", bridge)
    story.check(run, "CASE-1-007", castle)
    dispense(castle.fabricant, story.read(run, castle), "CASE-1-007")
    firms.wait_for(31)
    sold_twice = story.check(run, "CASE-1-007", castle)
    return unknown, cloned, sold_twice


def _skip(story: Story) -> tuple[Finding, ...]:
    story.firms.chapter("Past the wholesaler")
    story.firms.wait_for(60)
    run = story.make("LOT-8", ["CASE-11"], packs=20)
    story.ship(story.maker, story.castle, ["CASE-11"])
    return story.check(run, "CASE-11-003", story.castle)


def _count(number: int, what: str) -> str:
    return f"{number or 'no'} {what}{'' if number == 1 else 's'}"


if __name__ == "__main__":
    with own_chain() as firms:
        play(firms)
