"""A booking logged a total that was no longer true when somebody returned hours while it was being paid.

The market calls the escrow, the escrow the token (or the supplier, with its advance), and that may call
`returnHours` for another line of the same offer. The return was logged first, with the lower total; then the
booking, with the higher one, counted before. The logs alone must rebuild everything (IDX-1).
"""

from tests.support.capacity import BUYER, SHIFT, STRANGER, SUPPLIER, Capacity
from tests.support.chain import Chain, call_data
from tests.support.lines import stock


def test_idx1_f002_f081_the_last_total_in_the_logs_is_true(chain: Chain, capacity: Capacity) -> None:
    token = chain.deploy("MockOddToken")
    stock(chain, token, capacity.escrow, BUYER, SUPPLIER)
    offer = capacity.offer(token=token.address, totalHours=100, conditions=capacity.agree(bondBps=0))
    closed, booking = capacity.booking(SHIFT[:3], offer=offer), capacity.booking(SHIFT[3:], offer=offer)
    closed.send()
    closed.deal.send("cancel", by=BUYER)
    call = capacity.market.functions.returnHours(closed.deal.terms, closed.bound)
    chain.send(token.functions.setCall(call.address, call_data(call)), by=STRANGER)

    logged = chain.events(booking.send(), capacity.market)

    assert {each.name for each in logged} == {"HoursReturned", "HoursBooked"}
    assert logged[-1].arguments["soldAfter"] == 5
    assert capacity.market.functions.soldHours(booking.offer_id).call() == 5
