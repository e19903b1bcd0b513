"""A car's service book: garages write, mistakes are corrected and never erased, and the odometer is watched.

The owner lets each garage write for some days. The chain says who wrote what, and when; the documents are
files that anybody may keep, and whoever reads the book checks them. Run it:
`python examples/service_book/story.py`.
"""

from dataclasses import dataclass, field, replace
from typing import Final

from fabricant.chain.errors import AssetRegistry_NoRecorder
from fabricant.chain.logbooks import read_logbook, write_entry
from fabricant.demo.firms import DAY, Firm, Firms, own_chain
from fabricant.domain.assets import AssetId, Kind
from fabricant.domain.logbook import NOTHING, Content, Entry, Logbook, Meter, Reading
from fabricant.domain.units import UnixSeconds

ODOMETER: Final = Meter("odometer", "KMT")


@dataclass(frozen=True, slots=True)
class Outcome:
    """The book before the sale, and at the end."""

    sold: Logbook
    last: Logbook


@dataclass(frozen=True, slots=True)
class Story:
    """Who takes part, and the documents that they all have."""

    firms: Firms
    maker: Firm
    ada: Firm
    ben: Firm
    moto: Firm
    rapid: Firm
    volta: Firm
    documents: dict[str, bytes] = field(default_factory=dict, kw_only=True)

    @property
    def car(self) -> AssetId:
        """The car."""
        return self.maker.id("CAR-1")

    def admit(self, owner: Firm, garage: Firm, *, days: int) -> None:
        """The owner lets a garage write."""
        until = UnixSeconds(self.firms.chain.now() + days * DAY)
        owner.fabricant.assets.set_recorder(self.car, garage.address, until=until)

    def write(self, firm: Firm, work: str, kilometres: int, *, corrects: bytes = NOTHING) -> bytes:
        """Somebody writes into the book; returns the hash of that."""
        content = Content(work=work, reading=Reading(ODOMETER, kilometres))
        uri = f"https://{firm.name}.example/{len(self.documents) + 1}.json"
        write_entry(firm.fabricant, self.car, content, uri=uri, corrects=corrects)
        self.documents[uri] = content.serialise()
        self.firms.did(firm, f"writes: {work}, {kilometres:,} km")
        return content.hash

    def try_to_write(self, firm: Firm, why: str) -> None:
        """Somebody without a right to."""
        with self.firms.refused(firm, f"tries to write{why}", AssetRegistry_NoRecorder):
            self.write(firm, "inspection", 30_000)

    def read(self) -> Logbook:
        """What everybody can read."""
        return read_logbook(self.firms.fabricant, self.car, self.documents.get)

    def check(self, reader: Firm) -> Logbook:
        """Somebody looks for what can't be believed."""
        self.firms.did(reader, "checks the book:")
        book = self.read()
        for finding in book.findings:
            self.firms.note(str(finding))
        return book

    def line(self, entry: Entry, book: Logbook) -> str:
        """An entry as people read it."""
        names = {each.address: each.name for each in (self.moto, self.rapid, self.volta)}
        correction = book.corrections.get(entry.number)
        replaced = f", corrected by No. {correction.number}" if correction else ""
        return f"No. {entry.number}  {names[entry.author]:<6} {entry.reading}{replaced}"


def play(firms: Firms) -> Outcome:
    """The story."""
    story = Story(firms, *map(firms.firm, ("maker", "ada", "ben", "moto", "rapid", "volta")))
    battery = _serve(story)
    _wind_back(story, battery)
    sold = _sell(story)
    return Outcome(sold, _alter(story))


def _serve(story: Story) -> bytes:
    firms, maker, ada = story.firms, story.maker, story.ada
    firms.chapter("Three garages")
    car = replace(maker.piece("CAR-1", Kind.PRODUCT), owner=ada.address)
    maker.fabricant.assets.register(maker.namespace, car)
    firms.did(maker, "delivers CAR-1 to ada")
    firms.wait_for(400)
    story.admit(ada, story.moto, days=2)
    story.write(story.moto, "first service", 15_000)
    firms.wait_for(800)
    story.admit(ada, story.rapid, days=5)
    wrong = story.write(story.rapid, "brakes", 310_000)
    firms.wait_for(803)
    story.write(story.rapid, "brakes", 31_000, corrects=wrong)
    firms.wait_for(806)
    story.try_to_write(story.rapid, " when its days are over")
    firms.wait_for(1200)
    story.admit(ada, story.volta, days=2)
    battery = story.write(story.volta, "new battery", 62_300)
    firms.did(ada, "reads the book:")
    book = story.read()
    for entry in book.entries:
        firms.note(story.line(entry, book))
    firms.note(f"From the first to the last it was driven {book.total(ODOMETER):,} km.")
    return battery


def _wind_back(story: Story, battery: bytes) -> None:
    story.firms.chapter("The odometer runs backwards")
    story.firms.wait_for(1500)
    story.admit(story.ada, story.moto, days=30)
    story.write(story.moto, "second service", 41_000)
    story.write(story.ada, "a slip of the pen", 40_300, corrects=battery)


def _sell(story: Story) -> Logbook:
    firms, ada, ben = story.firms, story.ada, story.ben
    firms.wait_for(1510)
    firms.chapter("The sale")
    book = story.check(ben)
    ada.fabricant.assets.transfer_from(ada.address, ben.address, story.car)
    firms.did(ada, "sells CAR-1 to ben, for less")
    story.try_to_write(ada, "")
    story.try_to_write(story.moto, ", whom ada gave 30 days")
    return book


def _alter(story: Story) -> Logbook:
    firms = story.firms
    firms.chapter("A garage changes its file")
    firms.wait_for(1600)
    uri = story.read().entries[3].uri
    story.documents[uri] = story.documents[uri].replace(b"62300", b"40300")
    firms.did(story.volta, "puts another document where the old one was")
    return story.check(story.ben)


if __name__ == "__main__":
    with own_chain() as firms:
        play(firms)
