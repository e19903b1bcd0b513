"""What a stranger can find out, with only the chain and the file.

It trusts no party and no server: the file gives the root, the root leads to the stream and so to the
supplier, the supplier's names for the parts to the products, and the products to the deal. Whatever does not
fit raises VerificationFailed; what does is told in a sentence.
"""

from dataclasses import dataclass
from typing import Self, TypeVar

from fabricant.chain.answers import Log, Receipt
from fabricant.chain.escrow import GoodsHandedOver, LineConcluded, LineDelivered, ReceiptConfirmed
from fabricant.chain.fabricant import Fabricant
from fabricant.chain.records import BatchAnchored
from fabricant.chain.tokens import Transfer
from fabricant.demo.evidence import Evidence
from fabricant.domain.assets import AssetId, asset_id, namespace_of
from fabricant.domain.escrow import Ending, LineId, Terms
from fabricant.domain.locator import Locator
from fabricant.domain.shdr import LineNumber, split_lines
from fabricant.domain.streams import owner_of_stream
from fabricant.domain.tampering import Verdict, verify_log
from fabricant.domain.units import Address, UnixSeconds, format_time, printable, start_of
from fabricant.errors import VerificationFailed

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Stranger:
    """Somebody with a log file, who has found where it was anchored. `fabricant` only reads."""

    fabricant: Fabricant
    evidence: Evidence
    anchored: Log
    batch: BatchAnchored

    @classmethod
    def with_file(cls, fabricant: Fabricant, data: bytes, *, since: int | None = None) -> Self:
        """Looks for the file's root on the chain, from block `since` on (by default, from the beginning).

        Of several anchors the first counts, so that nobody disturbs by anchoring a copy. Raises
        VerificationFailed if the file was never anchored, and what `Evidence.read` raises.
        """
        evidence, newest = Evidence.read(data), fabricant.network.head().number
        begin = fabricant.deployment.first_block if since is None else since
        for log, event in fabricant.records.history(since=begin, until=newest):
            if isinstance(event, BatchAnchored) and event.root == evidence.manifest.root:
                return cls(fabricant, evidence, log, event)
        raise VerificationFailed("nobody ever anchored this file; is it another one, or was it changed?")

    def verify(self) -> tuple[str, ...]:
        """Everything, sentence by sentence. Raises VerificationFailed for the first thing that is not so."""
        number = self.evidence.parts[-1].lines[-1][0]
        return (
            self.verify_line(number),
            self.verify_machine(),
            *(self.verify_product(index) for index in range(len(self.products))),
            *self.verify_deal(),
            self.find_change(number),
        )

    def verify_line(self, number: LineNumber) -> str:
        """One line is in the anchored log: by its proof alone, and the chain says so too."""
        proof, root = self.evidence.prove(number), self.batch.root
        on_chain = self.fabricant.records.verify(root, proof.record, proof.siblings)
        _require(
            proof.holds(root, self.batch.count) and on_chain, f"line {number} is not in the anchored log"
        )
        text = printable(proof.line.strip(), 60)
        return f"line {number} is in the anchored log, by a proof of {len(proof.siblings)} hashes: {text}"

    def verify_machine(self) -> str:
        """The supplier registered the machine that the log names, and its own key anchored the log."""
        machine, sender = self.evidence.machine, self._receipt(self.anchored).sender
        of_machine = self.fabricant.assets.device_of(self.machine) == sender
        _require(of_machine, f"the log was not anchored by the device of machine {machine.serial}")
        return f"it was anchored by the device of {machine.maker} {machine.model}, serial {machine.serial}"

    def verify_product(self, index: int) -> str:
        """A product's twin is the digest of the production record that follows from the file."""
        part, assets = self.evidence.parts[index], self.fabricant.assets
        registered = assets.registration_of(self.products[index])
        _require(
            registered.twin == self.evidence.twins[index],
            f"product {part.serial} is not the part of that name in the log",
        )
        return f"product {part.serial} was made on it by {printable(part.program, 40)}"

    def verify_deal(self) -> tuple[str, ...]:
        """How the products changed hands, from the events of their order line."""
        line, terms = self._deal()
        return (self._verify_hours(line, terms), *self._verify_handover(line, terms))

    def find_change(self, number: LineNumber) -> str:
        """One changed byte in the file is found, and the line that it is in."""
        verdict = self.compare(change_line(self.evidence.data, number))
        found = [(finding.original, finding.present) for finding in verdict.findings]
        _require(found == [(number, number)], f"a changed byte in line {number} was not found there")
        return f"with one byte changed, {verdict}"

    def compare(self, data: bytes) -> Verdict:
        """Whether a file is the anchored one, and which lines differ: by what the chain alone knows."""
        return verify_log(data, root=self.batch.root, locator=Locator.in_uri(self.batch.uri))

    @property
    def supplier(self) -> Address:
        """In whose stream the file was anchored."""
        return owner_of_stream(self.batch.stream)

    @property
    def machine(self) -> AssetId:
        """The machine's id, worked out from its serial number and the supplier's address."""
        return asset_id(namespace_of(self.supplier), self.evidence.machine.serial)

    @property
    def products(self) -> tuple[AssetId, ...]:
        """The products' ids, worked out likewise."""
        namespace = namespace_of(self.supplier)
        return tuple(asset_id(namespace, part.serial) for part in self.evidence.parts)

    def _deal(self) -> tuple[LineId, Terms]:
        """The supplier's order line by which the products were delivered."""
        escrow = self.fabricant.escrow
        for _, opened in escrow.lines_opened(supplier=self.supplier, since=self._first_block):
            for _, event in escrow.history_of(opened.id, since=self._first_block):
                if isinstance(event, LineDelivered) and event.assets == self.products:
                    return opened.id, escrow.terms_of(opened.id, since=self._first_block)
        raise VerificationFailed("no order line delivered these products")

    def _verify_hours(self, line: LineId, terms: Terms) -> str:
        booked = self.fabricant.capacity.booking_of(line, since=self._first_block)
        _require(
            (booked.machine, booked.booking.subject) == (self.machine, terms.subject),
            "the order line is not about hours of this machine",
        )
        first = format_time(start_of(booked.hours.first))
        return f"{booked.hours.count} hours of the machine were booked, the first on {first}"

    def _verify_handover(self, line: LineId, terms: Terms) -> tuple[str, ...]:
        said = self.fabricant.escrow.history_of(line, since=self._first_block)
        arrival, _ = _only(said, ReceiptConfirmed)
        end, concluded = _only(said, LineConcluded)
        handover, handed = _only(said, GoodsHandedOver)
        _require(
            concluded.ending is Ending.ACCEPTED
            and (handed.to, handed.assets) == (terms.buyer, self.products)
            and handover.transaction == end.transaction,
            "the products were not handed to the buyer when they were accepted",
        )
        token, paid = self.fabricant.token(terms.token), concluded.to_supplier_side
        payments = [event for event in token.events(self._receipt(end)) if isinstance(event, Transfer)]
        _require(
            any((payment.to, payment.value) == (terms.supplier, paid) for payment in payments),
            "the supplier was not paid when the products were handed over",
        )
        money, goods = token.info.format(paid), f"{len(self.products)} products"
        return (
            f"they arrived on {self._time(arrival)} and were accepted on {self._time(end)}",
            f"{money} went to the supplier and {goods} to the buyer, in one transaction",
        )

    @property
    def _first_block(self) -> int:
        return self.fabricant.deployment.first_block

    def _receipt(self, log: Log) -> Receipt:
        receipt = self.fabricant.network.receipt(log.transaction)
        if receipt is None:
            raise VerificationFailed(f"the chain does not know {log.transaction}; ask another node")
        return receipt

    def _time(self, log: Log) -> str:
        block = self.fabricant.network.block(log.block)
        return "an unknown day" if block is None else format_time(UnixSeconds(block.timestamp))


def change_line(data: bytes, number: LineNumber) -> bytes:
    """The file with one bit flipped, in the last character of a line that is not blank."""
    *before, line = split_lines(data)[:number]
    place = sum(map(len, before)) + len(line.rstrip()) - 1
    return data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]


def _only(said: list[tuple[Log, object]], form: type[T]) -> tuple[Log, T]:
    found = [(log, event) for log, event in said if isinstance(event, form)]
    _require(len(found) == 1, f"the order line has {len(found)} events {form.__name__} instead of one")
    return found[0]


def _require(condition: bool, complaint: str) -> None:  # noqa: FBT001 - reads like assert
    if not condition:
        raise VerificationFailed(f"{complaint}; do not trust it")
