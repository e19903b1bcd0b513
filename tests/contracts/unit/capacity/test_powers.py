"""What the market can be made to do with the roles that both parties lent it: book, and nothing else."""

from typing import Any

from web3.contract import Contract

from fabricant.domain.units import parse_address
from tests.support.capacity import BUYER, FIRST, OPEN, SHIFT, STRANGER, SUPPLIER, Booking, Capacity
from tests.support.chain import Chain, artifact
from tests.support.deals import NO_CONSENT
from tests.support.lines import Books, Deals
from tests.support.reverts import reverts


def test_the_market_signs_no_offer(capacity: Capacity) -> None:
    """It is the supplier's operator (OPEN), so it may sign; but it answers no question about signatures."""
    booking, market = capacity.booking(), capacity.market.address
    for signature in (b"", bytes(65), capacity.signed(booking.offer)["signature"]):
        consent = {"signer": market, "proof": [], "signature": signature}
        with booking.refuses("CapacityMarket_BadSignature", signer=market, digest=booking.offer_id):
            booking.send(consent=consent)


def test_the_market_is_no_party(capacity: Capacity) -> None:
    market = capacity.market.address
    consent = {"signer": market, "proof": [], "signature": b""}
    sold = capacity.booking(offer=capacity.offer(supplier=market))
    with sold.refuses("CapacityMarket_BadSignature", signer=market, digest=sold.offer_id):
        sold.send(consent=consent)
    with reverts("CapacityMarket_NotBuyer", buyer=market, caller=BUYER.address):
        capacity.booking(buyer=market).send()


def test_esc9_the_market_signs_no_line(capacity: Capacity, deal: Deals) -> None:
    line, market = deal(), capacity.market.address
    by_market = {"signer": market, "proof": [], "signature": b""}
    forged = {"principal": BUYER.address, "signer": market, "digest": line.id}
    with reverts("SupplierEscrow_BadSignature", **forged):
        line.open(by=STRANGER, payer=STRANGER, buyer=by_market, supplier=by_market)


def test_esc9_only_the_market_opens_its_lines(capacity: Capacity, deal: Deals) -> None:
    line = deal(opener=capacity.market)
    for caller in (STRANGER, BUYER, SUPPLIER):
        with line.refuses("SupplierEscrow_NotOpener", caller=caller.address, opener=capacity.market.address):
            line.open(by=caller, payer=BUYER, buyer=NO_CONSENT)


def test_esc9_only_a_booking_moves_money(chain: Chain, capacity: Capacity, books: Books) -> None:
    booking = capacity.booking().sent()
    books.add(booking.deal)
    booking.deal.send("cancel", by=BUYER)
    functions, offer = capacity.market.functions, booking.offer
    calls: list[tuple[Any, Any]] = [
        (functions.publish(offer, capacity.signed(offer)), STRANGER),
        (functions.returnHours(booking.deal.terms, booking.bound), STRANGER),
        (functions.blockHours(capacity.machine, FIRST // 256, [1], bytes(32)), SUPPLIER),
        (functions.unblockHours(capacity.machine, FIRST // 256, [1], bytes(32)), SUPPLIER),
        (functions.cancelOffers(SUPPLIER.address, 0, 1), SUPPLIER),
        (functions.raiseEpoch(SUPPLIER.address, 0), SUPPLIER),
    ]
    with books.moves():
        for call, caller in calls:
            chain.send(call, by=caller)


def _ends(booking: Booking) -> None:
    booking.deal.send("cancel", by=BUYER)
    booking.give_back()


def test_a_role_that_is_taken_back_ends_bookings_not_lines(capacity: Capacity) -> None:
    for principal in (SUPPLIER, BUYER):
        booked, wanted = capacity.booking(SHIFT[:4]).sent(), capacity.booking(SHIFT[4:])
        capacity.lend(principal, capacity.market, 0)
        with reverts("SupplierEscrow_NoConsent", principal=principal.address, actor=capacity.market.address):
            wanted.send()
        _ends(booked)
        assert capacity.taken() == (set(), set())
        capacity.lend(principal, capacity.market, OPEN)


def test_f068_the_market_does_what_it_says() -> None:
    kinds = {
        entry["name"]: entry["stateMutability"]
        for entry in artifact("CapacityMarket").abi
        if entry["type"] == "function" and entry["stateMutability"] not in ("view", "pure")
    }
    quiet = ("publish", "cancelOffers", "raiseEpoch", "request", "returnHours", "blockHours", "unblockHours")
    paid = ("book", "bookMany", "award", "reschedule")
    assert kinds == dict.fromkeys(paid, "payable") | dict.fromkeys(quiet, "nonpayable")
    assert {entry["type"] for entry in artifact("CapacityMarket").abi} == {
        "constructor",
        "function",
        "event",
        "error",
    }


def test_the_market_names_what_it_trusts(
    capacity: Capacity, directory: Contract, assets: Contract, escrow: Contract
) -> None:
    functions = capacity.market.functions
    named = [functions.directory().call(), functions.registry().call(), functions.escrow().call()]
    assert named == [parse_address(each.address) for each in (directory, assets, escrow)]
