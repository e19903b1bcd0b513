"""ESC-5: no token can stop a line. Coming in, it must move exactly what it says; going out, it may fail."""

from collections.abc import Callable

import pytest
from web3.contract import Contract

from fabricant.domain.units import parse_address
from tests.support.actors import Actor
from tests.support.chain import Chain
from tests.support.endings import CANCELLING, ENDINGS, Ending
from tests.support.lines import BUYER, SUPPLIER, Books, Deals, address_of
from tests.support.reverts import reverts

ODDITIES = (
    *("None", "ReturnsNothing", "ReturnsFalse", "ReturnsTwo", "TakesFee", "Paused", "Blocks", "Calls"),
    *("BurnsGas", "ReturnsMegabyte"),
)
FAILING = ("ReturnsFalse", "Paused", "BurnsGas", "ReturnsMegabyte")  # given 200,000 gas
EACH_ENDING = pytest.mark.parametrize("ending", ENDINGS, ids=lambda ending: ending.action)

Become = Callable[[str], None]
Block = Callable[[Actor | Contract], None]


@pytest.fixture
def become(chain: Chain, odd: Contract) -> Become:
    """The token misbehaves from now on."""

    def change(oddity: str) -> None:
        chain.send(odd.functions.setOddity(ODDITIES.index(oddity)), by=BUYER)

    return change


@pytest.fixture
def block(chain: Chain, odd: Contract) -> Block:
    """The token moves nothing from or to somebody any more."""

    def change(whom: Actor | Contract) -> None:
        chain.send(odd.functions.setBlocked(whom.address), by=BUYER)

    return change


# In


def test_f006_a_token_that_takes_a_fee_is_refused(
    chain: Chain, deal: Deals, odd: Contract, become: Become
) -> None:
    line = deal(token=odd)
    become("TakesFee")
    for call in (line.calls()["open"], line.escrow.functions.deposit(BUYER.address, odd.address, 100)):
        amount = 100 if call.fn_name == "deposit" else line.amount
        fee = amount // 100
        with reverts(
            "SupplierEscrow_InexactTransfer", token=odd.address, received=amount - fee, expected=amount
        ):
            chain.send(call, by=BUYER)
    assert line.line.status == "None"


@pytest.mark.parametrize("oddity", ["ReturnsFalse", "ReturnsTwo"])
def test_f009_a_token_that_does_not_say_true_is_refused(
    chain: Chain, deal: Deals, odd: Contract, become: Become, oddity: str
) -> None:
    line = deal(token=odd)
    become(oddity)
    for call in (line.calls()["open"], line.escrow.functions.deposit(BUYER.address, odd.address, 100)):
        with reverts("SafeERC20FailedOperation", token=odd.address):
            chain.send(call, by=BUYER)


@pytest.mark.parametrize("how", ["paused", "escrow", "payer"])
def test_f013_a_token_that_refuses_is_refused(
    deal: Deals,
    odd: Contract,
    become: Become,
    block: Block,
    escrow: Contract,
    how: str,
) -> None:
    line = deal(token=odd, bondBps=100)
    line.secure()
    if how == "paused":
        become("Paused")
    else:
        block(escrow if how == "escrow" else BUYER)
    with reverts("Odd"):
        line.open()
    assert line.free(SUPPLIER) == line.bond


def test_f016_a_token_that_burns_all_gas_is_refused(deal: Deals, odd: Contract, become: Become) -> None:
    line = deal(token=odd)
    become("BurnsGas")
    with reverts("no reason"):
        line.open(gas=1_000_000)


def test_f010_an_address_without_code_is_no_token(chain: Chain, escrow: Contract, stranger: Actor) -> None:
    deposit = escrow.functions.deposit
    with reverts("no reason"):
        chain.send(deposit(BUYER.address, stranger.address, 100), by=BUYER)
    echo = parse_address(f"0x{4:040x}")  # the precompile that returns what it is sent
    with reverts("SafeERC20FailedOperation", token=echo):
        chain.send(deposit(BUYER.address, echo, 100), by=BUYER)


@pytest.mark.parametrize("oddity", ["ReturnsNothing", "ReturnsMegabyte"])
def test_f008_a_token_that_returns_nothing_is_fine(
    deal: Deals, books: Books, odd: Contract, become: Become, oddity: str
) -> None:
    line = deal(token=odd)
    become(oddity)
    with books.moves({BUYER: -line.amount}):
        line.open()


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


# Out


@EACH_ENDING
def test_f013_a_payout_that_fails_becomes_free_balance(
    chain: Chain, deal: Deals, books: Books, odd: Contract, become: Become, ending: Ending
) -> None:
    line = ending.prepare(deal, token=odd)
    ready = chain.local.snapshot()
    paid, freed = books.changes(lambda: ending.make(line))
    concluded = line.line
    everything = {whom: paid.get(whom, 0) + freed.get(whom, 0) for whom in paid | freed}
    for oddity in FAILING:
        chain.local.revert(ready)
        ready = chain.local.snapshot()
        become(oddity)
        with books.moves(free=everything):
            ending.make(line)
        assert line.line == concluded
    become("None")
    for whom, amount in everything.items():
        withdraw = line.escrow.functions.withdraw(whom, odd.address, amount)
        with books.moves({whom: amount}, free={whom: -amount}):
            chain.send(withdraw, by=whom)


@EACH_ENDING
def test_f008_a_token_that_returns_nothing_pays(
    chain: Chain, deal: Deals, books: Books, odd: Contract, become: Become, ending: Ending
) -> None:
    line = ending.prepare(deal, token=odd)
    ready = chain.local.snapshot()
    paid, freed = books.changes(lambda: ending.make(line))
    chain.local.revert(ready)
    become("ReturnsNothing")
    with books.moves(paid, free=freed):
        ending.make(line)


@pytest.mark.parametrize("blocked", ["supplier", "buyer", "broker"])
def test_f011_a_blocked_receiver_stops_nobody(
    chain: Chain,
    deal: Deals,
    books: Books,
    odd: Contract,
    block: Block,
    blocked: str,
) -> None:
    line, whom = CANCELLING.prepare(deal, token=odd), Actor(blocked).address
    ready = chain.local.snapshot()
    paid, freed = books.changes(lambda: CANCELLING.make(line))
    assert paid.keys() == {Actor(each).address for each in ("supplier", "buyer", "broker")}
    chain.local.revert(ready)
    block(Actor(blocked))
    freed[whom] = freed.get(whom, 0) + paid.pop(whom)
    with books.moves(paid, free=freed):
        CANCELLING.make(line)


def test_f011_a_blocked_supplier_has_its_advance_credited(
    deal: Deals, books: Books, odd: Contract, block: Block
) -> None:
    line = deal(token=odd, advanceBps=3_333)
    block(SUPPLIER)
    with books.moves({BUYER: -line.amount}, free={SUPPLIER: line.advance}):
        line.open()


def test_f012_a_blocked_escrow_pays_later(
    chain: Chain,
    deal: Deals,
    books: Books,
    odd: Contract,
    become: Become,
    block: Block,
    escrow: Contract,
) -> None:
    line = deal(token=odd).given("Delivered")
    block(escrow)
    with books.moves(free={SUPPLIER: line.amount}):
        line.accept()
    become("None")
    with books.moves({SUPPLIER: line.amount}, free={SUPPLIER: -line.amount}):
        chain.send(escrow.functions.withdraw(SUPPLIER.address, odd.address, line.amount), by=SUPPLIER)


@EACH_ENDING
def test_f010_a_token_that_is_gone_stops_no_line(
    chain: Chain, deal: Deals, odd: Contract, ending: Ending
) -> None:
    line = ending.prepare(deal, token=odd)
    before, code = line.line, bytes(chain.w3.eth.get_code(odd.address))
    chain.local.set_code(address_of(odd), b"")
    ending.make(line)
    assert line.line != before
    chain.local.set_code(address_of(odd), code)  # for the books


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
    deal: Deals, books: Books, odd: Contract, become: Become
) -> None:
    sound, cheated = deal().given("Open"), deal(token=odd).given("Open")
    become("ReturnsTwo")
    with books.moves({SUPPLIER: cheated.amount}, free={SUPPLIER: cheated.amount}, token=odd.address):
        cheated.send("pay", 0, by=BUYER)
    books.donations[odd.address] = -cheated.amount
    with books.moves({SUPPLIER: sound.amount}):
        sound.send("pay", 0, by=BUYER)
