"""A change order that costs nothing more still asked the token to move nothing: a paused token stopped it."""

from web3.contract import Contract

from tests.support.actors import Actor
from tests.support.amendments import WORK, amend, change_order
from tests.support.chain import Chain
from tests.support.lines import BUYER, SUPPLIER, Books, Deals, stock

PAUSED = 5


def test_f013_a_paused_token_does_not_stop_what_needs_no_money(
    chain: Chain, deal: Deals, books: Books, escrow: Contract, stranger: Actor
) -> None:
    odd = chain.deploy("MockOddToken")
    stock(chain, odd, escrow, BUYER, SUPPLIER)
    line = deal(token=odd).given("Open")
    new = change_order(deal, books, line)
    chain.send(odd.functions.setOddity(PAUSED), by=stranger)
    with books.moves(free={SUPPLIER: WORK}):
        amend(line, new)
    assert new.line.status == "Open"
