"""Whole deals, from the offer to the last payout: all events in order, all accounts to the base unit."""

from collections.abc import Callable, Sequence
from typing import Any, Final

import pytest
from eth_abi.abi import encode
from eth_utils.crypto import keccak
from web3.contract import Contract

from fabricant.chain.answers import Receipt
from tests.support.actors import Actor
from tests.support.assets import CARD, NONE, TWIN, Kind, Registration, asset_id, namespace_of
from tests.support.capacity import BUYER, FIRST, FREE, OPEN, RECORD, SUPPLIER, Booking, Capacity, start_of
from tests.support.chain import BEGINNING, Chain, event
from tests.support.deals import DAY, HOUR, NATIVE, ZERO, delivery
from tests.support.decoding import Event
from tests.support.lines import REASON, Books, Deal, Party, address_of

INSPECTOR, BROKER, GATEWAY, STRANGER = map(Actor, ("inspector", "broker", "gateway", "stranger"))
OWNER: Final = Actor("owner")  # another buyer

BOOKING: Final = BEGINNING + HOUR
SHIFT: Final = range(FIRST + 8, FIRST + 16)  # two hours of setup and six of work
PRICE: Final = 690_000_000  # 120 + 6 * 95


class Journey:
    """One deal of the supplier and the buyer, and everything that the contracts said."""

    def __init__(self, capacity: Capacity, books: Books) -> None:
        self.capacity, self.books, self.chain = capacity, books, capacity.chain
        self.said: list[Event] = []

    def send(self, call: Any, by: Party, *, at: int | None = None) -> None:
        """Makes a call, and listens."""
        self.hear(self.chain.send(call, by=address_of(by), at=at))

    def hear(self, receipt: Receipt) -> None:
        """Adds what was said in a transaction."""
        self.said += self.chain.events(receipt)

    def booking(
        self,
        *,
        agreed: dict[str, int] | None = None,
        assets: int = 0,
        drawing: bytes = NONE,
        **offered: Any,
    ) -> Booking:
        """The shift, on an offer with these conditions; not sent yet. `drawing`: the buyer's documents."""
        conditions = self.capacity.agree(**(agreed or {}))
        parties = {"inspector": INSPECTOR.address, "setupHours": 2, "totalHours": 8}
        offer = self.capacity.offer(conditions=conditions, **(parties | offered))
        booking = self.capacity.booking(SHIFT, offer=offer, assets=assets, documents=drawing)
        self.books.add(booking.deal)
        return booking

    def paid(self, source: Party, to: Party, amount: int) -> Event:
        """The token's event."""
        ends = {"from": address_of(source), "to": address_of(to)}
        return event(self.capacity.token, "Transfer", **ends, amount=amount)

    def handed(self, source: Party | str, to: Party, asset: int) -> Event:
        """The registry's event."""
        ends = {"from": address_of(source), "to": address_of(to)}
        return event(self.capacity.assets, "Transfer", **ends, id=asset)

    def made(self, booking: Booking, advance: Sequence[Event] = ()) -> list[Event]:
        """What is said when it is booked; the supplier's free balance pays the bond."""
        deal = booking.deal
        return [
            booking.opened(),
            deal.freed(SUPPLIER, FREE - deal.bond),
            self.paid(BUYER, self.capacity.escrow, booking.price),
            *advance,
            booking.booked(sold_after=8),
        ]

    def closes(self, expected: Sequence[Event], booking: Booking, status: str = "Closed") -> None:
        """Nothing else was said, and the line is where it should be."""
        assert self.said == list(expected)
        line = booking.deal.line
        assert (line.status, line.held) == (status, 0)


@pytest.fixture
def journey(capacity: Capacity, books: Books) -> Journey:
    """A deal to be made."""
    return Journey(capacity, books)


@pytest.fixture
def make(chain: Chain, assets: Contract) -> Callable[..., list[Event]]:
    """The supplier registers equipment or products, and expects the events."""

    def register(journey: Journey, kind: Kind, *serials: str) -> list[Event]:
        listed = [Registration(serial, kind, SUPPLIER.address) for serial in serials]
        journey.send(assets.functions.registerMany(namespace_of(SUPPLIER), listed), SUPPLIER)
        expected = []
        for each in listed:
            identifier = asset_id(namespace_of(SUPPLIER), each.local_id)
            registered = event(
                assets,
                "AssetRegistered",
                id=identifier,
                namespace=namespace_of(SUPPLIER),
                owner=SUPPLIER.address,
                kind=kind,
                localId=each.local_id,
                twin=TWIN,
                uri=CARD,
            )
            expected += [journey.handed(ZERO, SUPPLIER, identifier), registered]
        return expected

    return register


def products(*serials: str) -> list[int]:
    """Ids in the supplier's namespace."""
    return [asset_id(namespace_of(SUPPLIER), serial) for serial in serials]


def delivered(deal: Deal, *, late: int = 0, arrives: int, goods: Sequence[int] = ()) -> Event:
    """The escrow's event of a handover by the supplier."""
    said = delivery(goods) | {"assets": tuple(goods)}
    return deal.event("LineDelivered", by=SUPPLIER.address, lateIntervals=late, arrivesAt=arrives, **said)


def handed_over(deal: Deal, to: Party, goods: Sequence[int]) -> Event:
    """The escrow's event of goods that left custody."""
    return deal.event("GoodsHandedOver", to=address_of(to), assets=tuple(goods), owedAfter=0)


def test_a_whole_deal(
    journey: Journey, anchor: Contract, assets: Contract, make: Callable[..., list[Event]]
) -> None:
    """A machine's identity, an offer that costs nothing, a booking, records, three parts, and the money."""
    capacity, books = journey.capacity, journey.books
    expected = make(journey, Kind.EQUIPMENT, "P229810")
    (machine,) = products("P229810")
    booking = journey.booking(
        agreed={"brokerBps": 200}, assets=3, machine=machine, broker=BROKER.address, buyer=BUYER.address
    )
    deal, serials = booking.deal, ("P229810-1", "P229810-2", "P229810-3")
    deal.goods = products(*serials)
    assert (booking.price, deal.bond) == (PRICE, 34_500_000)

    with books.moves({BUYER: -690_000_000, SUPPLIER: 676_200_000, BROKER: 13_800_000}):
        journey.hear(booking.send(at=BOOKING))
        expected += journey.made(booking)
        assert capacity.taken(machine) == (set(SHIFT), set())

        # The machine works; its gateway anchors what it recorded.
        capacity.lend(SUPPLIER, GATEWAY, RECORD)
        stream = anchor.functions.streamId(SUPPLIER.address, "P229810").call()
        root, count, at = keccak(text="10,770 lines"), 10_770, start_of(SHIFT[-1] + 1)
        journey.send(anchor.functions.anchor(stream, NONE, root, count, CARD), GATEWAY, at=at)
        head = keccak(encode(["bytes32", "bytes32", "uint256", "uint256"], [NONE, root, count, at]))
        batch = {"stream": stream, "root": root, "count": count, "head": head, "uri": CARD}
        expected += [
            event(anchor, "StreamOpened", stream=stream, owner=SUPPLIER.address),
            event(anchor, "BatchAnchored", **batch),
        ]

        # Three parts are registered and go into custody.
        expected += make(journey, Kind.PRODUCT, *serials)
        journey.hear(deal.deliver(at=deal.handover))
        expected += [delivered(deal, arrives=deal.arrival, goods=deal.goods)]
        expected += [journey.handed(SUPPLIER, capacity.escrow, each) for each in deal.goods]

        # They arrive the next morning, and the inspector accepts.
        arrived = deal.handover + 18 * HOUR
        journey.hear(deal.send("confirmReceipt", by=BUYER, at=arrived))
        expected += [deal.event("ReceiptConfirmed", by=BUYER.address, arrivedAt=arrived)]
        journey.hear(deal.accept(by=INSPECTOR, at=arrived + DAY, assets=deal.goods))
        expected += [
            deal.concluded("Accepted", by=INSPECTOR, to_supplier=PRICE, goods_to_buyer=True),
            *(journey.handed(capacity.escrow, BUYER, each) for each in deal.goods),
            handed_over(deal, BUYER, deal.goods),
            deal.freed(SUPPLIER, FREE),
            journey.paid(capacity.escrow, SUPPLIER, 676_200_000),
            journey.paid(capacity.escrow, BROKER, 13_800_000),
        ]

    # The hours are over: there is nothing to return, and it is said once.
    journey.hear(booking.give_back())
    expected += [booking.returned([], sold_after=8)]
    journey.closes(expected, booking)
    assert [assets.functions.ownerOf(each).call() for each in deal.goods] == 3 * [BUYER.address]
    assert capacity.taken(machine) == (set(SHIFT), set())


def test_a_supplier_that_never_delivers_loses_its_bond(journey: Journey) -> None:
    """A fifth was paid in advance; the bond, three tenths, makes up for it and for the trouble."""
    agreed = {"advanceBps": 2_000, "bondBps": 3_000}
    booking, escrow = journey.booking(agreed=agreed), journey.capacity.escrow
    deal = booking.deal
    assert (deal.advance, deal.bond) == (138_000_000, 207_000_000)
    with journey.books.moves({BUYER: 69_000_000, SUPPLIER: 138_000_000}, free={SUPPLIER: -207_000_000}):
        journey.hear(booking.send(at=BOOKING))
        with deal.refuses("SupplierEscrow_TooEarly", nowAt=deal.long_stop - 1, **{"from": deal.long_stop}):
            deal.send("terminate", by=BUYER, at=deal.long_stop - 1)
        journey.hear(deal.send("terminate", by=BUYER, at=deal.long_stop))
    journey.hear(booking.give_back())
    expected = [
        *journey.made(booking, [journey.paid(escrow, SUPPLIER, 138_000_000)]),
        deal.concluded("Terminated", by=BUYER, to_buyer=552_000_000, bond_to_buyer=207_000_000),
        journey.paid(escrow, BUYER, 759_000_000),
        booking.returned([], sold_after=8),
    ]
    journey.closes(expected, booking)


def test_rework_that_comes_late_costs_damages(
    journey: Journey, assets: Contract, make: Callable[..., list[Event]]
) -> None:
    """The supplier gets back three hours since the handover; two days and a second later is three late."""
    booking, escrow = journey.booking(assets=1), journey.capacity.escrow
    deal = booking.deal
    expected = make(journey, Kind.PRODUCT, "shaft 1")
    (shaft,) = deal.goods = products("shaft 1")
    arrived = deal.handover + HOUR
    due_again = deal.due + 3 * HOUR
    late = due_again + 2 * DAY + 1
    with journey.books.moves({BUYER: 20_700_000 - PRICE, SUPPLIER: PRICE - 20_700_000}):
        journey.hear(booking.send(at=BOOKING))
        journey.hear(deal.deliver(at=deal.handover))
        journey.hear(deal.send("confirmReceipt", by=INSPECTOR, at=arrived))
        journey.hear(deal.reject(by=INSPECTOR, at=arrived + 2 * HOUR))
        journey.hear(deal.send("collect", [shaft], by=SUPPLIER))
        assert assets.functions.ownerOf(shaft).call() == SUPPLIER.address
        journey.hear(deal.deliver(at=late))
        journey.hear(deal.accept(by=INSPECTOR, at=late + 4 * DAY, assets=[shaft]))
    paid = PRICE - 20_700_000
    rejected = {"by": INSPECTOR.address, "reason": REASON, "rejectionsAfter": 1, "extraAfter": 3 * HOUR}
    expected += [
        *journey.made(booking),
        delivered(deal, arrives=deal.arrival, goods=[shaft]),
        journey.handed(SUPPLIER, escrow, shaft),
        deal.event("ReceiptConfirmed", by=INSPECTOR.address, arrivedAt=arrived),
        deal.event("LineRejected", **rejected),
        journey.handed(escrow, SUPPLIER, shaft),
        handed_over(deal, SUPPLIER, [shaft]),
        delivered(deal, late=3, arrives=late + 3 * DAY, goods=[shaft]),
        journey.handed(SUPPLIER, escrow, shaft),
        deal.concluded("Accepted", by=INSPECTOR, to_supplier=paid, to_buyer=20_700_000, goods_to_buyer=True),
        journey.handed(escrow, BUYER, shaft),
        handed_over(deal, BUYER, [shaft]),
        deal.freed(SUPPLIER, FREE),
        journey.paid(escrow, SUPPLIER, paid),
        journey.paid(escrow, BUYER, 20_700_000),
    ]
    journey.closes(expected, booking)
    assert assets.functions.ownerOf(shaft).call() == BUYER.address


def test_a_supplier_declines_and_sells_the_hours_again(journey: Journey) -> None:
    """The buyer's drawing can't be made. Within a day, the supplier gives back the price with the advance."""
    capacity, books = journey.capacity, journey.books
    agreed = {"resignPeriod": DAY, "advanceBps": 1_000}
    booking = journey.booking(agreed=agreed, drawing=keccak(text="a drawing"))
    deal, escrow = booking.deal, capacity.escrow
    capacity.join(OWNER)
    with books.moves({SUPPLIER: 69_000_000}, free={SUPPLIER: -69_000_000}):
        journey.hear(booking.send(at=BOOKING))
        journey.hear(deal.send("resign", by=SUPPLIER, at=BOOKING + DAY - 1))
        journey.hear(booking.give_back())
    expected = [
        *journey.made(booking, [journey.paid(escrow, SUPPLIER, 69_000_000)]),
        deal.concluded("Resigned", by=SUPPLIER, to_buyer=PRICE),
        deal.freed(SUPPLIER, FREE),
        deal.freed(SUPPLIER, FREE - 69_000_000),
        journey.paid(escrow, BUYER, PRICE),
        booking.returned(),
    ]
    journey.closes(expected, booking)
    again = capacity.booking(SHIFT, offer=booking.offer, buyer=OWNER.address)
    books.add(again.deal)
    with books.moves({OWNER: -PRICE, SUPPLIER: 69_000_000}, free={SUPPLIER: -again.deal.bond}):
        assert capacity.chain.events(again.send(by=OWNER))[-1] == again.booked(sold_after=8)
    assert capacity.taken() == (set(SHIFT), set())


def test_a_retention_is_paid_after_the_warranty(journey: Journey) -> None:
    """Nobody inspects: silence accepts. A tenth stays held for ninety days, and then anybody has it paid."""
    agreed = {"retentionBps": 1_000, "brokerBps": 150}
    booking, escrow = journey.booking(agreed=agreed, broker=BROKER.address), journey.capacity.escrow
    deal = booking.deal
    accepted = deal.inspection_end
    gains = {BUYER: -PRICE, SUPPLIER: PRICE - 10_350_000, BROKER: 10_350_000}
    with journey.books.moves(gains):
        journey.hear(booking.send(at=BOOKING))
        journey.hear(deal.deliver(at=deal.handover))
        journey.hear(deal.send("deemAccept", [], by=STRANGER, at=accepted))
        assert (deal.line.status, deal.line.held) == ("Retained", 69_000_000)
        with deal.refuses("CapacityMarket_LineNotClosed", status=4):
            booking.give_back()
        journey.hear(deal.send("payRetention", by=STRANGER, at=accepted + 90 * DAY))
    journey.hear(booking.give_back())
    first = {"to_supplier": 621_000_000, "retained": 69_000_000, "goods_to_buyer": True}
    expected = [
        *journey.made(booking),
        delivered(deal, arrives=deal.arrival),
        deal.concluded("DeemedAccepted", by=STRANGER, **first),
        journey.paid(escrow, SUPPLIER, 611_685_000),
        journey.paid(escrow, BROKER, 9_315_000),
        deal.concluded("RetentionPaid", by=STRANGER, to_supplier=69_000_000, goods_to_buyer=True),
        deal.freed(SUPPLIER, FREE),
        journey.paid(escrow, SUPPLIER, 67_965_000),
        journey.paid(escrow, BROKER, 1_035_000),
        booking.returned([], sold_after=8),
    ]
    journey.closes(expected, booking)


def test_a_buyer_cancels_in_time(journey: Journey) -> None:
    """A tenth of the price compensates the supplier, which sells the hours to somebody else."""
    capacity, books = journey.capacity, journey.books
    booking, escrow = journey.booking(), journey.capacity.escrow
    deal = booking.deal
    last = deal.cancellable_before
    with books.moves({BUYER: -69_000_000, SUPPLIER: 69_000_000}):
        journey.hear(booking.send(at=BOOKING))
        journey.hear(deal.send("cancel", by=BUYER, at=last - 1))
        journey.hear(booking.give_back())
    expected = [
        *journey.made(booking),
        deal.concluded("Cancelled", by=BUYER, to_supplier=69_000_000, to_buyer=621_000_000),
        deal.freed(SUPPLIER, FREE),
        journey.paid(escrow, SUPPLIER, 69_000_000),
        journey.paid(escrow, BUYER, 621_000_000),
        booking.returned(),
    ]
    journey.closes(expected, booking)
    capacity.join(OWNER)
    again = capacity.booking(SHIFT, offer=booking.offer, buyer=OWNER.address)
    books.add(again.deal)
    assert capacity.chain.events(again.send(by=OWNER))[-1] == again.booked(sold_after=8)
    with again.deal.refuses("SupplierEscrow_TooLate", nowAt=last, before=last):
        again.deal.send("cancel", by=OWNER, at=last)


def test_f015_a_supplier_that_takes_no_coins_stops_nothing(chain: Chain, journey: Journey) -> None:
    """Advance and price become the free balance of a contract that reverts when it is paid."""
    capacity, books = journey.capacity, journey.books
    refusing = chain.deploy("MockParty")
    books.watch(refusing)
    chain.send(refusing.functions.setManner(1), by=STRANGER)
    for operator in (capacity.market, SUPPLIER):
        grant = capacity.directory.functions.setOperator(address_of(operator), OPEN | 4, 2**40 - 1)
        data = grant.build_transaction({"gas": 1, "gasPrice": 0, "nonce": 0, "from": ZERO})["data"]
        chain.send(refusing.functions.execute(capacity.directory.address, 0, data), by=STRANGER)
    machine = capacity.register("of a contract", owner=refusing)
    offered = {"supplier": refusing.address, "machine": machine, "token": NATIVE}
    booking = journey.booking(agreed={"bondBps": 0, "advanceBps": 2_000}, **offered)
    deal = booking.deal
    consent = capacity.signed(booking.offer, SUPPLIER)
    with books.moves({BUYER: -PRICE}, free={refusing: PRICE}):
        journey.hear(booking.send(at=BOOKING, value=PRICE, consent=consent))
        journey.hear(deal.deliver(by=SUPPLIER, at=deal.handover))
        journey.hear(deal.accept(by=BUYER, at=deal.inspected))
    expected = [
        booking.opened(),
        deal.freed(refusing, 138_000_000),
        booking.booked(sold_after=8),
        delivered(deal, arrives=deal.arrival),
        deal.concluded("Accepted", by=BUYER, to_supplier=552_000_000, goods_to_buyer=True),
        deal.freed(refusing, PRICE),
    ]
    journey.closes(expected, booking)
