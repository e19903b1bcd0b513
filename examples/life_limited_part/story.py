"""Two discs may fly 20,000 cycles: what they used is counted over all aircraft that they were ever in.

Each airline reads the meters of its own aircraft, and the chain knows which disc was in which. Before a disc
goes in, the rule is asked; where the answer is no, the agency holds it, and the chain refuses. Run it:
`python examples/life_limited_part/story.py`.
"""

from dataclasses import dataclass, field
from typing import Final

from eth_utils.crypto import keccak

from fabricant.chain.errors import Genealogy_Unfit
from fabricant.chain.logbooks import read_service_life, write_entry
from fabricant.demo.firms import DAY, Firm, Firms, own_chain
from fabricant.domain.assets import Kind
from fabricant.domain.logbook import NOTHING, TOPIC, Content, Meter, Reading
from fabricant.domain.service_life import Reason, ServiceLife
from fabricant.domain.units import UnixSeconds

CYCLES: Final = Meter("cycles", "B7")
DISCS: Final = ("DISC-1", "DISC-2")
LIMIT, LOWER_LIMIT = 20_000, 18_000
NOTICE: Final = b"DISC-1 has flown more cycles than it may. It must not be installed again."


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was used of each disc, and why it was refused meanwhile."""

    used: dict[str, int]
    gap: tuple[Reason, ...]
    over: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class Story:
    """Who takes part, and the documents that they all have."""

    firms: Firms
    maker: Firm
    agency: Firm
    north: Firm
    south: Firm
    west: Firm
    documents: dict[str, bytes] = field(default_factory=dict, kw_only=True)

    def publish(self, firm: Firm, content: Content) -> str:
        """Puts a document where everybody finds it; says where."""
        uri = f"https://{firm.name}.example/{content.hash.hex()}.json"
        self.documents[uri] = content.serialise()
        return uri

    def read_meter(self, airline: Firm, aircraft: str, cycles: int) -> None:
        """An airline writes into the logbook of its aircraft."""
        content = Content(work="meter read", reading=Reading(CYCLES, cycles))
        uri = self.publish(airline, content)
        write_entry(airline.fabricant, airline.id(aircraft), content, uri=uri)
        self.firms.did(airline, f"reads {aircraft}: {cycles:,} cycles")

    def state_limit(self, disc: str, cycles: int, *, corrects: bytes = NOTHING) -> bytes:
        """The maker writes into the logbook of a disc, whoever owns it; returns the hash of that."""
        content = Content(work="airworthiness limitation", limit=Reading(CYCLES, cycles))
        uri, registry = self.publish(self.maker, content), self.maker.fabricant.assets
        said = {"topic": TOPIC, "hash_": content.hash, "supersedes": corrects}
        registry.record_as_issuer(self.maker.namespace, disc, uri=uri, **said)
        return content.hash

    def life(self, disc: str) -> ServiceLife:
        """What everybody can read of a disc."""
        return read_service_life(self.firms.fabricant, self.maker.id(disc), self.documents.get)

    def install(self, airline: Firm, aircraft: str, disc: str) -> None:
        """Asks the rule, and puts a disc in. Raises NotReleasable."""
        left = self.life(disc).release()[CYCLES]
        airline.fabricant.genealogy.assemble(airline.id(aircraft), [self.maker.id(disc)])
        self.firms.did(airline, f"puts {disc} into {aircraft}; it has {left:,} cycles left")

    def remove(self, airline: Firm, aircraft: str, disc: str) -> None:
        """Takes a disc out."""
        airline.fabricant.genealogy.disassemble(airline.id(aircraft), [self.maker.id(disc)])
        self.firms.did(airline, f"takes {disc} out of {aircraft}")

    def sell(self, seller: Firm, buyer: Firm) -> None:
        """Both discs change hands."""
        for disc in DISCS:
            seller.fabricant.assets.transfer_from(seller.address, buyer.address, self.maker.id(disc))
        self.firms.did(seller, f"sells both discs to {buyer.name}")

    def refuse(self, disc: str, aircraft: str, *, days: int) -> tuple[Reason, ...]:
        """The rule refuses a disc, the agency holds it, and west tries to put it in all the same."""
        reasons = self.life(disc).reasons()
        self.firms.did(self.west, f"asks for the release of {disc}: refused, {_told(reasons)}")
        until = UnixSeconds(self.firms.chain.now() + days * DAY)
        self.agency.fabricant.genealogy.hold(self.maker.namespace, disc, until=until)
        self.firms.did(self.agency, f"holds {disc} for {days} days")
        self.try_anyway(disc, aircraft)
        return reasons

    def try_anyway(self, disc: str, aircraft: str) -> None:
        """Nobody asks the rule, and the chain refuses."""
        with self.firms.refused(self.west, f"tries to put {disc} into {aircraft}", Genealogy_Unfit):
            self.west.fabricant.genealogy.assemble(self.west.id(aircraft), [self.maker.id(disc)])


def play(firms: Firms) -> Outcome:
    """The story."""
    story = Story(firms, *map(firms.firm, ("maker", "agency", "north", "south", "west")))
    stated = _make(story)
    _fly(story)
    gap = _find_gap(story)
    over = _reach_limit(story, stated)
    return Outcome({disc: story.life(disc).used(CYCLES) for disc in DISCS}, gap, over)


def _make(story: Story) -> bytes:
    story.firms.chapter("Two discs with a limit")
    maker, registry = story.maker, story.maker.fabricant.assets
    registry.register_many(maker.namespace, [maker.piece(each) for each in DISCS])
    maker.fabricant.genealogy.set_authority(maker.namespace, story.agency.address, allowed=True)
    stated = [story.state_limit(each, LIMIT) for each in DISCS]
    story.firms.did(maker, f"makes two discs for {LIMIT:,} cycles each, which the agency may hold")
    fleets = {story.north: ("N-1",), story.south: ("S-1", "S-2"), story.west: ("W-1", "W-2")}
    for airline, fleet in fleets.items():
        aircraft = [airline.piece(each, Kind.PRODUCT) for each in fleet]
        airline.fabricant.assets.register_many(airline.namespace, aircraft)
    story.sell(maker, story.north)
    return stated[0]


def _fly(story: Story) -> None:
    firms, north, south, west = story.firms, story.north, story.south, story.west
    firms.chapter("Three aircraft")
    story.read_meter(north, "N-1", 31_000)
    for disc in DISCS:
        story.install(north, "N-1", disc)
    firms.wait_for(700)
    for disc in DISCS:
        story.remove(north, "N-1", disc)
    story.read_meter(north, "N-1", 39_000)
    story.sell(north, south)
    firms.wait_for(710)
    story.read_meter(south, "S-1", 12_000)
    story.install(south, "S-1", "DISC-1")
    story.read_meter(south, "S-2", 26_000)
    story.install(south, "S-2", "DISC-2")
    firms.wait_for(1300)
    story.remove(south, "S-1", "DISC-1")
    story.read_meter(south, "S-1", 19_000)
    story.remove(south, "S-2", "DISC-2")
    story.sell(south, west)
    firms.wait_for(1310)
    story.read_meter(west, "W-1", 5_000)
    story.install(west, "W-1", "DISC-1")


def _find_gap(story: Story) -> tuple[Reason, ...]:
    firms = story.firms
    firms.chapter("A gap")
    story.read_meter(story.west, "W-2", 2_000)
    reasons = story.refuse("DISC-2", "W-2", days=90)
    firms.wait_for(1350)
    story.read_meter(story.south, "S-2", 30_400)
    firms.note("All that S-2 flew until then counts, though DISC-2 was out of it for 50 days.")
    firms.wait_for(1400)
    story.install(story.west, "W-2", "DISC-2")
    return reasons


def _reach_limit(story: Story, stated: bytes) -> tuple[Reason, ...]:
    firms, maker = story.firms, story.maker
    firms.chapter("The limit")
    firms.wait_for(1700)
    story.remove(story.west, "W-1", "DISC-1")
    story.read_meter(story.west, "W-1", 8_500)
    life = story.life("DISC-1")
    firms.note(f"DISC-1 has flown {_counted(life)} cycles.")
    firms.note(f"Of {LIMIT:,}, {life.remaining()[CYCLES]:,} are left.")
    story.state_limit("DISC-1", LOWER_LIMIT, corrects=stated)
    firms.did(maker, f"lowers the limit of DISC-1 to {LOWER_LIMIT:,} cycles")
    reasons = story.refuse("DISC-1", "W-1", days=30)
    maker.fabricant.genealogy.recall(maker.namespace, keccak(NOTICE), local_ids=["DISC-1"])
    firms.did(maker, "recalls DISC-1 for good")
    firms.wait_for(2000)
    story.try_anyway("DISC-1", "W-1")
    return reasons


def _counted(life: ServiceLife) -> str:
    """What was used in each aircraft, and in all."""
    counts = [life.used_in(stay, CYCLES) for stay in life.stays]
    return f"{' + '.join(f'{each:,}' for each in counts)} = {sum(counts):,}"


def _told(reasons: tuple[Reason, ...]) -> str:
    return ", ".join(type(each).__name__ for each in reasons)


if __name__ == "__main__":
    with own_chain() as firms:
        play(firms)
