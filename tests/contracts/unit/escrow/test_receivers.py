"""ESC-5: no receiver of coin can stop a line, however it answers; what it refuses is its free balance."""

from collections.abc import Callable

import pytest
from web3.contract import Contract

from tests.support.actors import Actor
from tests.support.chain import Chain
from tests.support.deals import NATIVE
from tests.support.endings import CANCELLING, ENDINGS, Ending
from tests.support.lines import BUYER, SUPPLIER, Books, Deal, Deals, Goods, Lend, Party, stock
from tests.support.reverts import reverts

OPEN, CHANGE = 1, 2
ACCEPTS, REVERTS, BURNS_GAS, RETURNS_MEGABYTE = range(4)
RICH = 10**24
PAYOUT_GAS = 200_000
RECEIVERS = ("supplier", "buyer", "broker", "arbiter")
PARTIES = pytest.mark.parametrize("who", ["supplier", "buyer", "broker"])

Prepare = Callable[..., Deal]


@pytest.fixture
def prepare(chain: Chain, deal: Deals, lend: Lend, party: Callable[[], Contract]) -> Prepare:
    """A line in coin, one or all of whose receivers are contracts that take it as they are told to."""

    def make(ending: Ending, who: str) -> Deal:
        hostile = RECEIVERS if who == "all" else (who,)
        roles: dict[str, Party] = {role: party() for role in hostile}
        for contract in roles.values():
            chain.local.set_balance(contract.address, RICH)  # type: ignore[union-attr]
        if "supplier" in roles:
            lend(roles["supplier"], OPEN | CHANGE)
            roles["signer"] = Actor("operator")
        return ending.prepare(deal, token=NATIVE, **roles)

    return make


def behave(line: Deal, manner: int) -> None:
    """All contracts among the parties receive coin in this manner."""
    for role in RECEIVERS:
        if line.chain.w3.eth.get_code(line.terms[role]):
            contract = line.chain.at("MockParty", line.terms[role])
            line.chain.send(contract.functions.setManner(manner), by=Actor("stranger"))


@pytest.fixture
def refuse(chain: Chain, books: Books, prepare: Prepare) -> Callable[[str, int], None]:
    """One receiver of a cancelled line is bad: it is credited, the others are paid, and gas stays low."""

    def test(who: str, manner: int) -> None:
        line = prepare(CANCELLING, who)
        ready = chain.local.snapshot()
        paid, freed = books.changes(lambda: CANCELLING.make(line))
        assert len(paid) == 3
        chain.local.revert(ready)
        behave(line, manner)
        refused = line.terms[who]
        freed[refused] = freed.get(refused, 0) + paid.pop(refused)
        with books.moves(paid, free=freed):
            receipt = CANCELLING.make(line)
        assert line.line.status == "Closed"
        assert receipt.gas_used < PAYOUT_GAS + 200_000

    return test


@PARTIES
def test_f014_a_megabyte_returned_is_not_copied(refuse: Callable[[str, int], None], who: str) -> None:
    refuse(who, RETURNS_MEGABYTE)


@PARTIES
def test_f015_a_receiver_that_reverts_stops_nobody(refuse: Callable[[str, int], None], who: str) -> None:
    refuse(who, REVERTS)


@PARTIES
def test_f016_a_receiver_that_burns_gas_stops_nobody(refuse: Callable[[str, int], None], who: str) -> None:
    refuse(who, BURNS_GAS)


@pytest.mark.parametrize("ending", ENDINGS, ids=lambda ending: ending.action)
def test_f016_bad_receivers_stop_no_ending(
    chain: Chain, books: Books, prepare: Prepare, ending: Ending
) -> None:
    line = prepare(ending, "all")
    ready = chain.local.snapshot()
    paid, freed = books.changes(lambda: ending.make(line))
    concluded = line.line
    for manner in (REVERTS, BURNS_GAS, RETURNS_MEGABYTE):
        chain.local.revert(ready)
        ready = chain.local.snapshot()
        behave(line, manner)
        with books.moves(free={whom: paid.get(whom, 0) + freed.get(whom, 0) for whom in paid | freed}):
            receipt = ending.make(line)
        assert line.line == concluded
        assert receipt.gas_used < len(RECEIVERS) * PAYOUT_GAS + 250_000


def test_a_bad_receiver_can_withdraw_when_it_is_good_again(
    chain: Chain, books: Books, prepare: Prepare, stranger: Actor
) -> None:
    line = prepare(CANCELLING, "buyer")
    behave(line, REVERTS)
    CANCELLING.make(line)
    owed = line.free(line.buyer)
    buyer = line.terms["buyer"]
    withdraw = line.escrow.functions.withdraw(buyer, NATIVE, owed)
    with reverts("SupplierEscrow_PayoutFailed", token=NATIVE, to=buyer, amount=owed):
        chain.send(withdraw, by=buyer)
    behave(line, ACCEPTS)
    with books.moves({buyer: owed}, free={buyer: -owed}):
        chain.send(withdraw, by=buyer)


def test_a_withdrawal_has_all_the_gas_of_the_call(chain: Chain, books: Books, prepare: Prepare) -> None:
    """A receiver that needs more than a payout's gas is credited, and gets it when it asks for it."""
    line = prepare(CANCELLING, "buyer")
    behave(line, RETURNS_MEGABYTE)
    CANCELLING.make(line)
    owed = line.free(line.buyer)
    buyer = line.terms["buyer"]
    with books.moves({buyer: owed}, free={buyer: -owed}):
        receipt = chain.send(line.escrow.functions.withdraw(buyer, NATIVE, owed), by=buyer)
    assert receipt.gas_used > 2 * PAYOUT_GAS


def test_f033_a_key_with_lent_code_is_paid(
    chain: Chain, deal: Deals, books: Books, party: Callable[[], Contract]
) -> None:
    line = deal(token=NATIVE).given("Delivered")
    chain.local.set_code(SUPPLIER.address, bytes.fromhex("ef0100" + party().address[2:]))
    with books.moves({SUPPLIER: line.amount}):
        line.accept()


def test_f005_goods_go_to_a_contract_that_is_not_asked(
    deal: Deals,
    goods: Goods,
    assets: Contract,
    token: Contract,
    chain: Chain,
    party: Callable[[], Contract],
) -> None:
    buyer = party()
    line = deal(buyer=buyer, goods=goods(1))
    stock(chain, token, line.escrow, buyer)
    line.given("Delivered").accept(assets=line.goods)
    assert assets.functions.ownerOf(line.goods[0]).call() == buyer.address


# Gifts


def test_f017_forced_coin_is_nobodys(
    chain: Chain, deal: Deals, books: Books, escrow: Contract, stranger: Actor
) -> None:
    line = deal(token=NATIVE).given("Delivered")
    chain.local.set_balance(escrow.address, line.amount + 77)
    books.donations[NATIVE] = 77
    with books.moves({SUPPLIER: line.amount}):
        line.accept()
    for whom in (BUYER, SUPPLIER, stranger):
        with reverts(
            "SupplierEscrow_InsufficientBalance", owner=whom.address, token=NATIVE, balance=0, needed=77
        ):
            chain.send(escrow.functions.withdraw(whom.address, NATIVE, 77), by=whom)


def test_f017_given_tokens_are_nobodys(
    chain: Chain, deal: Deals, books: Books, escrow: Contract, token: Contract
) -> None:
    line = deal()
    chain.send(token.functions.transfer(escrow.address, 77), by=BUYER)
    books.donations[token.address] = 77
    with books.moves({BUYER: -line.amount}):
        line.open()
    line.deliver()
    with books.moves({SUPPLIER: line.amount}):
        line.accept()
    with reverts(
        "SupplierEscrow_InsufficientBalance",
        owner=BUYER.address,
        token=token.address,
        balance=0,
        needed=77,
    ):
        chain.send(escrow.functions.withdraw(BUYER.address, token.address, 77), by=BUYER)


def test_coin_without_a_call_is_refused(
    chain: Chain, escrow: Contract, party: Callable[[], Contract]
) -> None:
    courier = party()
    chain.local.set_balance(courier.address, RICH)
    for data in (b"", b"\x12\x34\x56\x78"):
        with reverts("no reason"):
            chain.send(courier.functions.execute(escrow.address, 77, data), by=BUYER)
