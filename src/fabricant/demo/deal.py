"""One deal from beginning to end, in the calls that everybody uses.

A supplier offers the idle hours of its machine; a buyer books some of them; the machine makes parts and its
gateway anchors what it said; the parts change hands against payment. Each step is one method, each
transaction one call of a typed client by the party that sends it.
"""

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Final
from urllib.parse import quote_plus

from fabricant.chain.answers import Receipt
from fabricant.chain.capacity import SignedOffer
from fabricant.chain.escrow import Delivery
from fabricant.chain.offers import examine, quote
from fabricant.conditions import ConditionsSet, load
from fabricant.demo.evidence import Evidence
from fabricant.demo.journal import Journal
from fabricant.demo.stage import Party, Stage
from fabricant.domain.assets import AssetId, Kind, Namespace, Registration, asset_id, namespace_of
from fabricant.domain.capacity import WORKDAYS, HourPattern, Offer, Order, shifts
from fabricant.domain.capacity.describe import describe_offer
from fabricant.domain.directory import Role
from fabricant.domain.drafts import process_code
from fabricant.domain.escrow import LineId, Terms, delivery_opens, order_ref
from fabricant.domain.signed_files import OFFER_FILE, SignedFile
from fabricant.domain.streams import StreamId, stream_id
from fabricant.domain.units import (
    HOUR,
    BaseUnits,
    HourIndex,
    UnixSeconds,
    format_time,
    hour_of,
    printable,
)

CONDITIONS: Final = "machine-time"
PROCESS: Final = "DIN 8580, 3.2.1: turning"
HOURLY: Final = "95"  # prices in whole tokens
SETUP: Final = "120"
MOST: Final = "4000"  # what the buyer would pay
DEPOSIT: Final = "500"
SETUP_HOURS: Final = 2
DELIVERY_HOURS: Final = 48
OFFERED: Final = timedelta(weeks=8)
LEAD: Final = timedelta(days=2)  # from the offer to the first shift, at least
SHIFT: Final = (time(6), time(14))  # UTC
DAY: Final = 86_400  # seconds
ORDER_NUMBER: Final = "PO-4711"
LOG_URI: Final = "https://example.com/logs/"  # where the supplier keeps them


@dataclass(frozen=True, slots=True)
class Agreed:
    """What came of a deal."""

    machine: AssetId
    line: LineId
    terms: Terms
    products: tuple[AssetId, ...]


@dataclass(frozen=True, slots=True)
class Deal:
    """A deal on a stage, about the machine and the parts that a log shows."""

    stage: Stage
    evidence: Evidence
    journal: Journal

    def play(self) -> Agreed:
        """The whole deal. Sends every party's transactions, and sets the chain's clock forward."""
        self.journal.chapter("The supplier registers its machine and offers its idle hours")
        machine = self.register_machine()
        self.bind_device(machine)
        self.lend_roles()
        conditions = self.publish_conditions()
        self.make_deposit()
        message = self.sign_offer(machine, conditions)

        self.journal.chapter("The buyer finds the offer and books five day shifts")
        line, terms = self.book(self.read_offer(message, conditions))

        self.journal.chapter("The machine works, and its gateway anchors what it said")
        self.let_time_pass(terms, conditions)
        self.anchor()

        self.journal.chapter("Every finished part becomes a product with an identity of its own")
        products = self.register_products()

        self.journal.chapter("Delivery, receipt, acceptance: money against goods")
        self.deliver(terms, products)
        self.accept(terms, products)
        return Agreed(machine, line, terms, products)

    # The supplier gets ready

    def register_machine(self) -> AssetId:
        """The machine becomes an asset in the supplier's own namespace, under its serial number."""
        machine = self.evidence.machine
        entry = Registration(local_id=machine.serial, kind=Kind.EQUIPMENT, owner=self.supplier.address)
        done = self.supplier.fabricant.assets.register(self.namespace, entry)
        what = f"registers the machine as {machine.serial}"
        self.journal.remark(f"the log names it: {machine.maker}, {machine.model}, serial {machine.serial}")
        self._step("asset.register", self.supplier, what, done.receipt)
        return done.event.id

    def bind_device(self, machine: AssetId) -> None:
        """The gateway's key speaks for the machine, and says so itself."""
        assets, gateway = self.supplier.fabricant.assets, self.stage.gateway
        deadline = UnixSeconds(self.stage.chain.now() + DAY)
        binding = assets.next_binding(machine, gateway.address, deadline=deadline)
        done = assets.bind_device(binding, assets.sign_binding(binding, by=gateway.wallet))
        self._step("asset.bindDevice", self.supplier, "binds the gateway's key to the machine", done.receipt)

    def lend_roles(self) -> None:
        """The gateway may anchor, and the market may open lines: nothing else, and nobody else."""
        directory = self.supplier.fabricant.directory
        anchors = directory.set_operator(self.stage.gateway.address, Role.RECORD)
        self._step("directory.setOperator", self.supplier, "lets the gateway anchor: RECORD", anchors.receipt)
        self._let_market_open(self.supplier)

    def publish_conditions(self) -> ConditionsSet:
        """Trade conditions stand on the chain once, for any number of deals."""
        conditions = load(CONDITIONS)
        done = self.supplier.fabricant.escrow.publish_conditions(conditions.conditions)
        what = f"publishes the conditions “{conditions.title}”"
        self._step("escrow.publishConditions", self.supplier, what, done.receipt)
        return conditions

    def make_deposit(self) -> None:
        """Bonds are locked from the supplier's free balance."""
        amount = self.stage.money.parse(DEPOSIT)
        self._approve(self.supplier, amount)
        done = self.supplier.fabricant.escrow.deposit(self.stage.money.address, amount)
        what = f"deposits {self._money(amount)} for security"
        self._step("escrow.deposit", self.supplier, what, done.receipt)

    def sign_offer(self, machine: AssetId, conditions: ConditionsSet) -> bytes:
        """An offer is a signed file. Nothing goes to the chain."""
        market, money, now = self.supplier.fabricant.capacity, self.stage.money, self.stage.chain.now()
        hourly = money.parse(HOURLY)
        offer = Offer(
            supplier=self.supplier.address,
            machine=machine,
            process=process_code(PROCESS),
            token=money.address,
            hourly=hourly,
            setup=money.parse(SETUP),
            last_minute_hourly=hourly,
            from_hour=HourIndex(hour_of(now) + 1),
            until_hour=hour_of(UnixSeconds(now + int(OFFERED.total_seconds()))),
            min_hours=8,
            max_span=120,
            setup_hours=SETUP_HOURS,
            delivery_hours=DELIVERY_HOURS,
            max_assets=len(self.evidence.parts),
            inspector=self.stage.inspector.address,
            arbiter=self.stage.arbiter.address,
            valid_until=UnixSeconds(now + 7 * DAY),
            nonce=secrets.randbits(64),
            conditions=conditions.id,
        )
        signed = market.sign_offer(offer, conditions.conditions, by=self.supplier.wallet)
        self.journal.remark("the supplier signs an offer and sends it as a file; nothing goes to the chain")
        return SignedFile(OFFER_FILE, market.domain, offer, {"supplier": signed.consent}).serialise()

    # The buyer books

    def read_offer(self, message: bytes, conditions: ConditionsSet) -> SignedOffer:
        """The buyer reads what the file offers, and checks that it could be booked."""
        file, fabricant = SignedFile.parse(OFFER_FILE, message), self.buyer.fabricant
        file.check_domain(fabricant.capacity.domain)
        found = examine(fabricant, file.content, file.consent("supplier"))
        if found.problems:
            raise found.problems[0]
        words = describe_offer(file.content, token=self.stage.money)
        for sentence in (*words, f"Trade conditions “{conditions.title}”:", *conditions.sentences):
            self.journal.remark(sentence)
        return SignedOffer(file.content, file.consent("supplier"))

    def book(self, signed: SignedOffer) -> tuple[LineId, Terms]:
        """Hours marked, line opened and funded, bond locked: one transaction, or nothing."""
        fabricant, hours = self.buyer.fabricant, day_shifts(self.stage.chain.now())
        self._let_market_open(self.buyer)
        order = Order(
            buyer=self.buyer.address,
            order_ref=order_ref(ORDER_NUMBER, salt=secrets.token_bytes(32)),
            max_price=self.stage.money.parse(MOST),
            salt=secrets.randbits(64),
            assets=len(self.evidence.parts),
            hours=hours,
        )
        quoted = quote(fabricant, signed.offer, order)
        self._approve(self.buyer, quoted.price)
        done = fabricant.capacity.book(signed.offer, signed.consent, quoted.order)
        what = f"books {hours.count} h: {self._money(quoted.price)} held, bond locked"
        self._step("capacity.book", self.buyer, what, done.receipt)
        for span in hours.lines():
            self.journal.remark(span)
        return done.event.id, quoted.terms

    # The machine works

    def let_time_pass(self, terms: Terms, conditions: ConditionsSet) -> None:
        """Sets the chain's clock to when the hours are over and delivery may begin."""
        over = UnixSeconds(terms.due_by - DELIVERY_HOURS * HOUR)
        block = self.stage.chain.mine(at=max(over, delivery_opens(terms, conditions.conditions)))
        self.journal.remark(f"the booked hours are over: it is {format_time(block.timestamp)}")

    def anchor(self) -> None:
        """The gateway anchors one hash for the whole log. It may do nothing else."""
        gateway, evidence = self.stage.gateway, self.evidence
        manifest, uri = (
            evidence.manifest,
            evidence.locator.add_to_uri(LOG_URI + quote_plus(evidence.machine.serial)),
        )
        done = gateway.fabricant.records.anchor(self.stream, manifest.root, count=manifest.count, uri=uri)
        what = f"anchors the root of {manifest.count:,} lines"
        self._step("record.anchor", gateway, what, done.receipt)

    def register_products(self) -> tuple[AssetId, ...]:
        """One asset for each part; its twin is the digest of its production record."""
        entries = [
            Registration(local_id=part.serial, kind=Kind.PRODUCT, owner=self.supplier.address, twin=twin)
            for part, twin in zip(self.evidence.parts, self.evidence.twins, strict=True)
        ]
        done = self.supplier.fabricant.assets.register_many(self.namespace, entries)
        what = f"registers {len(entries)} products"
        self._step("asset.registerMany", self.supplier, what, done.receipt)
        for part in self.evidence.parts:
            self.journal.remark(f"{part.serial} by {printable(part.program, 40)}")
        return tuple(asset_id(self.namespace, part.serial) for part in self.evidence.parts)

    # Money against goods

    def deliver(self, terms: Terms, products: tuple[AssetId, ...]) -> None:
        """The products go into custody, and a day later the buyer says that they arrived."""
        fabricant = self.supplier.fabricant
        approved = fabricant.assets.set_approval_for_all(fabricant.escrow.address, approved=True)
        what = "lets the escrow take its products"
        self._step("asset.setApprovalForAll", self.supplier, what, approved.receipt)
        handover = Delivery(evidence=self.evidence.manifest.root, assets=products)
        delivered = fabricant.escrow.deliver(terms, handover)
        what = f"delivers: {len(products)} products in custody"
        self._step("escrow.deliver", self.supplier, what, delivered.receipt)
        self._wait(DAY)
        received = self.buyer.fabricant.escrow.confirm_receipt(terms)
        self._step("escrow.confirmReceipt", self.buyer, "confirms that they arrived", received.receipt)

    def accept(self, terms: Terms, products: tuple[AssetId, ...]) -> None:
        """The inspector accepts: in one transaction the supplier is paid and the products are the buyer's."""
        self._wait(DAY)
        done = self.stage.inspector.fabricant.escrow.accept(terms, products)
        what = f"accepts: {self._money(done.event.to_supplier_side)} against {len(products)} products"
        self._step("escrow.accept", self.stage.inspector, what, done.receipt)
        escrow, token = self.supplier.fabricant.escrow, self.stage.money.address
        free = escrow.free_balance_of(self.supplier.address, token)
        withdrawn = escrow.withdraw(token, free)
        what = f"withdraws {self._money(free)}, its bond included"
        self._step("escrow.withdraw", self.supplier, what, withdrawn.receipt)

    # What many steps need

    @property
    def supplier(self) -> Party:
        """Who sells."""
        return self.stage.supplier

    @property
    def buyer(self) -> Party:
        """Who buys."""
        return self.stage.buyer

    @property
    def namespace(self) -> Namespace:
        """In which the supplier registers."""
        return namespace_of(self.supplier.address)

    @property
    def stream(self) -> StreamId:
        """In which the machine's gateway anchors."""
        return stream_id(self.supplier.address, self.evidence.machine.serial)

    def _wait(self, seconds: int) -> None:
        chain = self.stage.chain
        chain.mine(at=UnixSeconds(chain.now() + seconds))

    def _let_market_open(self, party: Party) -> None:
        market = party.fabricant.capacity.address
        done = party.fabricant.directory.set_operator(market, Role.OPEN)
        self._step("directory.setOperator", party, "lets the market open lines: OPEN", done.receipt)

    def _approve(self, party: Party, amount: BaseUnits) -> None:
        escrow, money = party.fabricant.escrow.address, party.fabricant.token(self.stage.money.address)
        done = money.approve(escrow, amount)
        self._step("token.approve", party, f"lets the escrow take {self._money(amount)}", done.receipt)

    def _money(self, amount: BaseUnits) -> str:
        return self.stage.money.format(amount)

    def _step(self, name: str, party: Party, what: str, receipt: Receipt) -> None:
        self.journal.step(name, party.name, what, receipt)


def day_shifts(now: UnixSeconds) -> HourPattern:
    """Monday to Friday, 6 to 14 o'clock UTC, in the first week that begins late enough."""
    soonest = datetime.fromtimestamp(now, UTC).date() + LEAD
    monday = soonest + timedelta(days=-soonest.weekday() % 7)
    begin, end = SHIFT
    return shifts(monday, monday + timedelta(days=4), begin=begin, end=end, zone=UTC, weekdays=WORKDAYS)
