"""What is no token, or two, or loses money, costs its own lines alone; tests/contracts/zoo has the rest."""

from web3.contract import Contract

from fabricant.domain.units import parse_address
from tests.support.actors import Actor
from tests.support.chain import Chain
from tests.support.lines import BUYER, SUPPLIER, Books, Deals
from tests.support.reverts import reverts
from tests.support.zoo import ODDITIES


def test_f010_an_address_without_code_is_no_token(chain: Chain, escrow: Contract, stranger: Actor) -> None:
    deposit = escrow.functions.deposit
    with reverts("no reason"):
        chain.send(deposit(BUYER.address, stranger.address, 100), by=BUYER)
    echo = parse_address(f"0x{4:040x}")  # the precompile that returns what it is sent
    with reverts("SafeERC20FailedOperation", token=echo):
        chain.send(deposit(BUYER.address, echo, 100), by=BUYER)


def test_f019_two_entries_to_one_token_stay_solvent(
    chain: Chain, deal: Deals, books: Books, odd: Contract, escrow: Contract
) -> None:
    twin = chain.deploy("MockTwinToken", odd)
    first, second = deal(token=odd).given("Open"), deal(token=twin)
    books.donations |= {odd.address: second.amount, twin.address: first.amount}  # each sees the other's
    second.open()
    with books.moves({SUPPLIER: first.amount}):
        first.send("pay", 0, by=BUYER)
    second.send("pay", 0, by=BUYER)
    assert odd.functions.balanceOf(escrow.address).call() == 0
    books.donations.clear()


def test_f007_a_shrinking_token_costs_its_own_lines_alone(
    chain: Chain, deal: Deals, books: Books, odd: Contract, escrow: Contract
) -> None:
    sound, shrinking = deal().given("Open"), deal(token=odd).given("Open")
    chain.send(odd.functions.rebase(escrow.address, shrinking.amount - 1), by=BUYER)
    books.donations[odd.address] = -1
    with books.moves(free={SUPPLIER: shrinking.amount}, token=odd.address), books.moves():
        shrinking.send("pay", 0, by=BUYER)  # one unit is missing: nothing is paid, all is owed
    with books.moves({SUPPLIER: sound.amount}):
        sound.send("pay", 0, by=BUYER)


def test_f009_a_token_that_moves_but_does_not_say_so_cheats_its_own_lines_alone(
    chain: Chain, deal: Deals, books: Books, odd: Contract
) -> None:
    sound, cheated = deal().given("Open"), deal(token=odd).given("Open")
    chain.send(odd.functions.setOddity(ODDITIES.index("ReturnsTwo")), by=BUYER)
    with books.moves({SUPPLIER: cheated.amount}, free={SUPPLIER: cheated.amount}, token=odd.address):
        cheated.send("pay", 0, by=BUYER)
    books.donations[odd.address] = -cheated.amount
    with books.moves({SUPPLIER: sound.amount}):
        sound.send("pay", 0, by=BUYER)
