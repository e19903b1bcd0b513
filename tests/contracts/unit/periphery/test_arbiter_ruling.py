"""What a court's ruling does: recorded whatever happens, carried out once and in time, for one fee."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from web3.contract import Contract

from tests.support.actors import Actor
from tests.support.assets import Kind, Registration, asset_id, namespace_of
from tests.support.chain import Chain, call_data
from tests.support.court import FOR_BUYER, FOR_SUPPLIER, PRICE, REFUSED, Court
from tests.support.deals import DAY, NATIVE, NO_CONSENTS
from tests.support.decoding import VOCABULARY
from tests.support.disputes import BROKER, DISPUTABLE, RETENTION, agree
from tests.support.lines import BUYER, FOREVER, NOTHING, SUPPLIER, Books, Deal, Deals, down, up
from tests.support.reverts import reverts

PAYER = Actor("payer")
ENTRY = "ReentrancyGuardReentrantCall"
ACCEPTS, REFUSES_COIN = range(2)  # MockParty's manners
USUAL_TOKEN, RETURNS_NOTHING, PAUSED = 0, 1, 5  # MockOddToken's oddities
SEVERAL = (FOR_SUPPLIER, FOR_BUYER, REFUSED)


def carried_out(
    court: Court,
    line: Deal,
    books: Books,
    *,
    to_supplier: int,
    bond_to_buyer: int = 0,
    goods_to_buyer: bool = False,
) -> None:
    """Executes the ruling of a line: these shares, and nothing else, leave the escrow."""
    held, fee = line.line.held, line.arbiter_fee
    brokerage = down(to_supplier, 499)
    moved = {
        SUPPLIER: to_supplier - brokerage,
        BROKER: brokerage,
        BUYER: held - to_supplier + bond_to_buyer,
        court.arbiter: fee,
    }
    with books.moves(moved, free={SUPPLIER: line.bond - bond_to_buyer}):
        receipt = court.execute(line)
    shares = {"to_supplier": to_supplier, "to_buyer": held - to_supplier, "bond_to_buyer": bond_to_buyer}
    assert line.events(receipt)[0] == line.concluded(
        "Ruled", by=court.arbiter, goods_to_buyer=goods_to_buyer, **shares
    )
    assert line.line.status == "Closed"


# The court's own call


@pytest.mark.parametrize("who", ["buyer", "supplier", "payer", "stranger"])
def test_f051_nobody_but_the_court_rules(deal: Deals, court: Court, who: str) -> None:
    court.ask(court.disputed(deal))
    caller = Actor(who)
    with reverts("ArbiterERC792_NotArbitrator", caller=caller.address, arbitrator=court.judges.address):
        court.send("rule", 0, FOR_SUPPLIER, by=caller)


@pytest.mark.parametrize("number", [1, 2**256 - 1])
def test_f053_an_answer_to_no_question_is_refused(deal: Deals, court: Court, number: int) -> None:
    court.ask(court.disputed(deal))
    with reverts("ArbiterERC792_UnknownDispute", disputeId=number):
        court.rule(FOR_SUPPLIER, dispute=number)


def test_f051_a_court_rules_once(deal: Deals, court: Court) -> None:
    line = court.ruled(court.disputed(deal), FOR_BUYER)
    for executed in (False, True):
        for again in SEVERAL:
            with reverts("ArbiterERC792_AlreadyRuled", disputeId=0, ruling=FOR_BUYER):
                court.rule(again)
        if not executed:
            court.execute(line)


@pytest.mark.parametrize("ruling", SEVERAL)
def test_a_ruling_is_recorded(deal: Deals, court: Court, books: Books, ruling: int) -> None:
    line = court.disputed(deal)
    court.ask(line)
    before = line.line
    with books.moves():
        receipt = court.rule(ruling)
    said = {"arbitrator": court.judges.address, "disputeID": 0, "ruling": ruling}
    assert court.events(receipt) == [court.event("Ruling", **said)]
    assert court.asked(line) == (0, PAYER.address, True, ruling)
    assert line.line == before


@pytest.mark.parametrize("ruling", [3, 255, 256, 257, 2**256 - 1])
def test_f051_a_number_that_is_no_choice_counts_as_refused(deal: Deals, court: Court, ruling: int) -> None:
    line = court.disputed(deal)
    court.ask(line)
    receipt = court.rule(ruling)
    said = {"arbitrator": court.judges.address, "disputeID": 0, "ruling": ruling}
    assert court.events(receipt) == [court.event("Ruling", **said)]
    assert court.asked(line) == (0, PAYER.address, True, REFUSED)


@pytest.mark.parametrize("ending", ["accept", "settle", "applyDefault"])
def test_a_court_is_never_stopped(deal: Deals, court: Court, ending: str) -> None:
    line = court.disputed(deal)
    court.ask(line)
    end(line, ending)
    court.rule(FOR_SUPPLIER)
    assert court.asked(line) == (0, PAYER.address, True, FOR_SUPPLIER)


def end(line: Deal, ending: str) -> None:
    """Ends a disputed line without its arbiter."""
    if ending == "accept":
        line.accept(at=line.disputed + DAY)
    elif ending == "settle":
        consents = NO_CONSENTS | {"supplier": line.settled(SUPPLIER)}
        line.send("settle", NOTHING, FOREVER, consents, by=BUYER, at=line.disputed + DAY)
    else:
        line.send("applyDefault", by=PAYER, at=line.arbitration_end)


# Carrying it out


def test_without_a_question_there_is_no_ruling(deal: Deals, court: Court) -> None:
    asked, line = court.several(deal, 2)
    court.ruled(asked, FOR_BUYER)
    with reverts("ArbiterERC792_NotAsked", id=line.id):
        court.execute(line)


def test_without_an_answer_there_is_no_ruling(deal: Deals, court: Court) -> None:
    asked, line = court.several(deal, 2)
    court.ruled(asked, FOR_BUYER)
    court.ask(line)
    with reverts("ArbiterERC792_NotRuled", id=line.id, disputeId=1):
        court.execute(line)


@pytest.mark.parametrize("after", DISPUTABLE)
def test_refused_is_the_agreed_default(deal: Deals, court: Court, books: Books, after: str) -> None:
    line = court.ruled(court.disputed(deal, after, defaultSupplierBps=6_667), REFUSED)
    carried_out(court, line, books, to_supplier=down(line.line.held, 6_667), goods_to_buyer=True)


def test_refused_sends_the_goods_with_the_default(deal: Deals, court: Court, books: Books) -> None:
    line = court.ruled(court.disputed(deal, defaultSupplierBps=4_999), REFUSED)
    carried_out(court, line, books, to_supplier=down(line.amount, 4_999))


@pytest.mark.parametrize("after", DISPUTABLE)
def test_for_the_supplier_is_accepted(deal: Deals, court: Court, books: Books, after: str) -> None:
    """All that is held, also where an acceptance would retain a part of it."""
    line = court.ruled(court.disputed(deal, after, retentionBps=RETENTION), FOR_SUPPLIER)
    carried_out(court, line, books, to_supplier=line.line.held, goods_to_buyer=True)


@pytest.mark.parametrize(("days", "late_bps"), [(3, 369), (9, 500)])
def test_no_ruling_forgives_lateness(
    deal: Deals, court: Court, books: Books, days: int, late_bps: int
) -> None:
    line = agree(deal, "Delivered", arbiter=court.arbiter).given("Open")
    line.deliver(at=line.due + days * DAY)
    line.deposit(BUYER, line.arbiter_fee)
    line.dispute(at=line.due + days * DAY + 1)
    court.ruled(line, FOR_SUPPLIER)
    carried_out(court, line, books, to_supplier=line.amount - up(line.amount, late_bps), goods_to_buyer=True)


def test_a_first_delivery_costs_no_bond(deal: Deals, court: Court, books: Books) -> None:
    line = court.ruled(court.disputed(deal, maxRejections=1), FOR_BUYER)
    carried_out(court, line, books, to_supplier=0)


def test_who_disputes_instead_of_curing_loses_its_bond(deal: Deals, court: Court, books: Books) -> None:
    line = court.ruled(court.disputed(deal, "Rejected", maxRejections=16), FOR_BUYER)
    assert line.bond > 0
    carried_out(court, line, books, to_supplier=0, bond_to_buyer=line.bond)


@pytest.mark.parametrize("rejections", [0, 1])
def test_who_never_cured_loses_its_bond(deal: Deals, court: Court, books: Books, rejections: int) -> None:
    line = agree(deal, "Delivered", arbiter=court.arbiter, maxRejections=rejections).given("Open")
    line.deliver()
    if rejections:
        line.reject()
        line.deliver(at=line.inspected + DAY)
    line.deposit(BUYER, line.arbiter_fee)
    line.dispute(at=line.inspected + 2 * DAY)
    court.ruled(line, FOR_BUYER)
    carried_out(court, line, books, to_supplier=0, bond_to_buyer=line.bond)


@pytest.mark.parametrize("rejections", [0, 2])
def test_a_retention_secures_itself(deal: Deals, court: Court, books: Books, rejections: int) -> None:
    line = court.ruled(court.disputed(deal, "Retained", maxRejections=rejections), FOR_BUYER)
    assert line.line.held == up(line.amount, RETENTION)
    carried_out(court, line, books, to_supplier=0, goods_to_buyer=True)


@pytest.mark.parametrize(("ruling", "owner"), [(FOR_SUPPLIER, BUYER), (FOR_BUYER, SUPPLIER)])
def test_goods_go_with_the_ruling(
    chain: Chain, deal: Deals, court: Court, assets: Contract, ruling: int, owner: Actor
) -> None:
    namespace = namespace_of(SUPPLIER)
    product = Registration("housing-1", Kind.PRODUCT, SUPPLIER.address)
    chain.send(assets.functions.registerMany(namespace, [product]), by=SUPPLIER)
    goods = [asset_id(namespace, "housing-1")]
    line = court.ruled(court.disputed(deal, goods=goods), ruling)
    court.execute(line)
    line.send("collect", goods, by=owner)
    assert assets.functions.ownerOf(goods[0]).call() == owner.address


# Who gets the fee


@pytest.mark.parametrize("money", [None, NATIVE], ids=["token", "coin"])
@pytest.mark.parametrize("ruling", SEVERAL)
@pytest.mark.parametrize("who", ["supplier", "stranger"])
def test_who_paid_the_court_gets_the_fee(
    deal: Deals, court: Court, books: Books, money: str | None, ruling: int, who: str
) -> None:
    line = court.ruled(court.disputed(deal, token=money), ruling)
    token, fee = line.terms["token"], line.arbiter_fee
    receipt = court.execute(line, by=Actor(who))
    credited = {"owner": PAYER.address, "token": token, "owedAfter": fee}
    assert court.events(receipt) == [
        court.event("OwedChanged", **credited),
        court.event("RulingExecuted", id=line.id, disputeId=0, ruling=ruling),
    ]
    assert (court.owed(PAYER, token), court.owed(Actor(who), token)) == (fee, 0)
    with books.moves({PAYER: fee, court.arbiter: -fee}):
        court.send("withdraw", PAYER.address, token)


def test_without_a_fee_nothing_is_owed(deal: Deals, court: Court) -> None:
    line = court.ruled(court.disputed(deal, arbiterFeeBps=0), FOR_BUYER)
    receipt = court.execute(line)
    said = {"id": line.id, "disputeId": 0, "ruling": FOR_BUYER}
    assert court.events(receipt) == [court.event("RulingExecuted", **said)]
    assert court.owed(PAYER, line.terms["token"]) == 0


def test_f011_f057_a_fee_that_bounced_is_withdrawn_later(
    chain: Chain, deal: Deals, court: Court, books: Books, odd: Contract
) -> None:
    line = court.ruled(court.disputed(deal, token=odd), FOR_BUYER)
    fee = line.arbiter_fee
    chain.send(odd.functions.setBlocked(court.arbiter.address), by=BUYER)
    with books.moves({BUYER: line.amount}, free={SUPPLIER: line.bond, court.arbiter: fee}):
        court.execute(line)
    with (
        reverts("SupplierEscrow_PayoutFailed", token=odd.address, to=court.arbiter.address, amount=fee),
        books.moves(),
    ):
        court.send("withdraw", PAYER.address, odd.address)
    assert court.owed(PAYER, odd.address) == fee

    chain.send(odd.functions.setOddity(USUAL_TOKEN), by=BUYER)
    with books.moves({PAYER: fee}, free={court.arbiter: -fee}):
        court.send("withdraw", PAYER.address, odd.address)


# When


@pytest.mark.parametrize("after", DISPUTABLE)
def test_f048_a_ruling_is_carried_out_until_the_last_second(deal: Deals, court: Court, after: str) -> None:
    line = court.ruled(court.disputed(deal, after), FOR_SUPPLIER)
    court.execute(line, at=line.arbitration_end - 1)
    assert (line.line.status, line.line.since) == ("Closed", line.arbitration_end - 1)


def test_f048_a_late_ruling_is_void(deal: Deals, court: Court, books: Books) -> None:
    line = court.ruled(court.disputed(deal), FOR_SUPPLIER)
    stop = line.arbitration_end
    for now in (stop, stop + 1):
        with line.refuses("SupplierEscrow_TooLate", nowAt=now, before=stop), books.moves():
            court.execute(line, at=now)
    line.send("applyDefault", by=PAYER)
    assert line.line.status == "Closed"
    assert court.owed(PAYER, line.terms["token"]) == 0


@pytest.mark.parametrize("ending", ["accept", "settle", "applyDefault"])
def test_f050_an_ended_line_is_not_ruled(deal: Deals, court: Court, books: Books, ending: str) -> None:
    line = court.ruled(court.disputed(deal), FOR_SUPPLIER)
    end(line, ending)
    with line.refuses_status("Closed"), books.moves():
        court.execute(line)
    assert court.owed(PAYER, line.terms["token"]) == 0


def test_f051_a_ruling_is_carried_out_once(deal: Deals, court: Court, books: Books) -> None:
    line = court.ruled(court.disputed(deal), FOR_BUYER)
    court.execute(line)
    with line.refuses_status("Closed"), books.moves():
        court.execute(line)
    assert court.owed(PAYER, line.terms["token"]) == line.arbiter_fee


def test_an_old_ruling_is_about_the_old_dispute(deal: Deals, court: Court) -> None:
    """The buyer accepts, and then disputes the retention, before the court ruled on the goods."""
    line = court.disputed(deal, retentionBps=RETENTION)
    court.ask(line)
    line.accept(at=line.disputed + DAY)
    court.rule(FOR_SUPPLIER)
    with line.refuses_status("Retained"):
        court.execute(line)
    line.deposit(BUYER, line.arbiter_fee)
    line.dispute(at=line.disputed + DAY)
    with reverts("ArbiterERC792_NotAsked", id=line.id):
        court.execute(line)

    court.ask(line)
    court.rule(FOR_BUYER, dispute=1)
    receipt = court.execute(line)

    said = {"id": line.id, "disputeId": 1, "ruling": FOR_BUYER}
    assert court.event("RulingExecuted", **said) in court.events(receipt)


def test_f036_forged_terms_are_another_line(deal: Deals, court: Court, stranger: Actor) -> None:
    line = court.ruled(court.disputed(deal), FOR_SUPPLIER)
    for field, value in {"supplier": stranger.address, "amount": line.amount * 2}.items():
        forged = replace(line, terms=line.terms | {field: value})
        with reverts("ArbiterERC792_NotAsked", id=forged.id):
            court.execute(forged)


def test_f002_a_receiver_enters_no_ruling(
    chain: Chain, deal: Deals, court: Court, party: Callable[[], Contract]
) -> None:
    """The buyer is paid in coin, and calls back about another line of its own and about the fee."""
    buyer = party()
    *lines, other = court.several(deal, 4, token=NATIVE, buyer=buyer)
    court.ruled(other, FOR_BUYER)
    calls = {
        "ask": court.call("ask", other.terms),
        "execute": court.call("execute", other.terms),
        "withdraw": court.call("withdraw", PAYER.address, NATIVE),
    }
    for line, (name, call) in zip(lines, calls.items(), strict=True):
        chain.send(buyer.functions.setCall(court.arbiter.address, call_data(call)), by=BUYER)
        court.execute(court.ruled(line, FOR_BUYER))
        assert buyer.functions.callFailed().call(), name
        assert VOCABULARY.error(buyer.functions.callAnswer().call()).name == ENTRY, name


@pytest.mark.parametrize("ending", ["accept", "settle", "applyDefault"])
@pytest.mark.parametrize("after", DISPUTABLE)
def test_f052_a_silent_court_stops_nobody(
    deal: Deals, court: Court, books: Books, after: str, ending: str
) -> None:
    """The fee is free again for who deposited it; who paid the court is out of pocket."""
    line = court.disputed(deal, after)
    court.ask(line)
    depositor, before = line.disputant(after), line.free(line.disputant(after))
    bond = line.bond if depositor is SUPPLIER else 0
    end(line, ending)
    assert line.line.status == "Closed"
    assert line.free(depositor) == before + bond + line.arbiter_fee
    assert court.owed(PAYER, line.terms["token"]) == 0


def test_f058_every_fee_has_one_owner(
    chain: Chain, deal: Deals, court: Court, books: Books, odd: Contract
) -> None:
    """Four lines in one token, two askers; all fees but the first bounce. In the end nothing is left."""
    lines = court.several(deal, 4, token=odd)
    askers = [PAYER, Actor("operator"), Actor("operator"), PAYER]
    rulings = [FOR_BUYER, FOR_SUPPLIER, REFUSED, FOR_BUYER]
    for number, (line, asker, ruling) in enumerate(zip(lines, askers, rulings, strict=True)):
        court.ask(line, by=asker)
        court.rule(ruling, dispute=number)
    for number, line in enumerate(reversed(lines)):
        if number == 1:
            chain.send(odd.functions.setBlocked(court.arbiter.address), by=BUYER)
        court.execute(line)
    chain.send(odd.functions.setOddity(USUAL_TOKEN), by=BUYER)
    fee = lines[0].arbiter_fee
    with books.moves({PAYER: 2 * fee, court.arbiter: -fee}, free={court.arbiter: -fee}):
        court.send("withdraw", PAYER.address, odd.address)
    with books.moves({Actor("operator"): 2 * fee}, free={court.arbiter: -2 * fee}):
        court.send("withdraw", Actor("operator").address, odd.address)
    assert lines[0].free(court.arbiter) == 0
    assert odd.functions.balanceOf(court.arbiter.address).call() == 0


# Withdrawing


def test_nothing_is_withdrawn_from_nothing(deal: Deals, court: Court) -> None:
    line = court.ruled(court.disputed(deal), FOR_BUYER)
    court.execute(line)
    token = line.terms["token"]
    for owner, money in ((BUYER.address, token), (PAYER.address, NATIVE)):
        with reverts("ArbiterERC792_NothingOwed", owner=owner, token=money):
            court.send("withdraw", owner, money)


@pytest.mark.parametrize("money", [None, NATIVE], ids=["token", "coin"])
def test_f047_owners_are_paid_once(deal: Deals, court: Court, books: Books, money: str | None) -> None:
    lines = court.several(deal, 2, token=money)
    for line in lines:
        court.execute(court.ruled(line, FOR_BUYER))
    token, both = lines[0].terms["token"], 2 * lines[0].arbiter_fee
    assert court.owed(PAYER, token) == both
    with books.moves({PAYER: both, court.arbiter: -both}):
        receipt = court.send("withdraw", PAYER.address, token, by=BUYER)
    gone = {"owner": PAYER.address, "token": token, "owedAfter": 0}
    assert court.events(receipt) == [court.event("OwedChanged", **gone)]
    with reverts("ArbiterERC792_NothingOwed", owner=PAYER.address, token=token), books.moves():
        court.send("withdraw", PAYER.address, token)


def test_f015_who_refuses_its_coin_keeps_it_owed(
    chain: Chain, deal: Deals, court: Court, books: Books, party: Callable[[], Contract]
) -> None:
    line, asker = court.disputed(deal, token=NATIVE), party()
    data = call_data(court.call("ask", line.terms))
    chain.send(asker.functions.execute(court.arbiter.address, PRICE, data), by=BUYER)
    court.rule(FOR_BUYER)
    court.execute(line)
    fee = line.arbiter_fee
    chain.send(asker.functions.setManner(REFUSES_COIN), by=BUYER)
    with reverts("ArbiterERC792_PayoutFailed", owner=asker.address, amount=fee), books.moves():
        court.send("withdraw", asker.address, NATIVE)
    chain.send(asker.functions.setManner(ACCEPTS), by=BUYER)
    with books.moves({asker: fee, court.arbiter: -fee}):
        court.send("withdraw", asker.address, NATIVE)


def test_f013_a_paused_token_keeps_it_owed(
    chain: Chain, deal: Deals, court: Court, books: Books, odd: Contract
) -> None:
    line = court.ruled(court.disputed(deal, token=odd), FOR_BUYER)
    court.execute(line)
    chain.send(odd.functions.setOddity(PAUSED), by=BUYER)
    with reverts("Odd"), books.moves():
        court.send("withdraw", PAYER.address, odd.address)
    assert court.owed(PAYER, odd.address) == line.arbiter_fee


def test_f008_a_silent_token_is_withdrawn(
    chain: Chain, deal: Deals, court: Court, books: Books, odd: Contract
) -> None:
    chain.send(odd.functions.setOddity(RETURNS_NOTHING), by=BUYER)
    line = court.ruled(court.disputed(deal, token=odd), FOR_BUYER)
    court.execute(line)
    with books.moves({PAYER: line.arbiter_fee, court.arbiter: -line.arbiter_fee}):
        court.send("withdraw", PAYER.address, odd.address)


def test_f012_what_is_here_needs_no_escrow(
    chain: Chain, deal: Deals, court: Court, books: Books, odd: Contract
) -> None:
    line = court.ruled(court.disputed(deal, token=odd), FOR_BUYER)
    court.execute(line)
    chain.send(odd.functions.setBlocked(line.escrow.address), by=BUYER)
    with books.moves({PAYER: line.arbiter_fee, court.arbiter: -line.arbiter_fee}):
        court.send("withdraw", PAYER.address, odd.address)


def test_f001_a_withdrawal_lets_nobody_in(
    chain: Chain, deal: Deals, court: Court, books: Books, party: Callable[[], Contract]
) -> None:
    mine, other = court.several(deal, 2, token=NATIVE)
    asker = party()
    for line in (mine, other):
        data = call_data(court.call("ask", line.terms))
        chain.send(asker.functions.execute(court.arbiter.address, PRICE, data), by=BUYER)
    court.rule(FOR_BUYER)
    court.execute(mine)
    court.rule(FOR_BUYER, dispute=1)
    again = call_data(court.call("execute", other.terms))
    chain.send(asker.functions.setCall(court.arbiter.address, again), by=BUYER)
    with books.moves({asker: mine.arbiter_fee, court.arbiter: -mine.arbiter_fee}):
        court.send("withdraw", asker.address, NATIVE)
    assert VOCABULARY.error(asker.functions.callAnswer().call()).name == ENTRY
    assert other.line.status == "Disputed"


def test_f017_stray_coin_is_refused(
    chain: Chain, court: Court, party: Callable[[], Contract], stranger: Actor
) -> None:
    courier = party()
    with reverts("ArbiterERC792_UnexpectedCoin", sender=courier.address, value=77):
        chain.send(courier.functions.execute(court.arbiter.address, 77, b""), by=stranger)
    with reverts("no reason"):
        chain.send(courier.functions.execute(court.arbiter.address, 77, b"\x12\x34\x56\x78"), by=stranger)


def test_f017_gifts_are_nobodys(
    chain: Chain, deal: Deals, court: Court, books: Books, token: Contract
) -> None:
    """Tokens that were given away stay where they are; what is owed is paid beside them."""
    line = court.ruled(court.disputed(deal), FOR_BUYER)
    chain.send(token.functions.transfer(court.arbiter.address, 77), by=BUYER)
    chain.local.set_balance(court.arbiter.address, 99)
    court.execute(line)
    with books.moves({PAYER: line.arbiter_fee, court.arbiter: -line.arbiter_fee}):
        court.send("withdraw", PAYER.address, token.address)
    for money in (token.address, NATIVE):
        with reverts("ArbiterERC792_NothingOwed", owner=BUYER.address, token=money):
            court.send("withdraw", BUYER.address, money, by=BUYER)
