"""How a pledge ends: who gets asset and money, and when, whatever happens. PLG-2 to PLG-4, PLG-6."""

from collections.abc import Callable
from contextlib import AbstractContextManager, suppress

import pytest
from web3.contract import Contract

from tests.support.actors import Actor
from tests.support.assets import FLAG_HELD, FLAG_RECALLED
from tests.support.chain import BEGINNING, Chain, call_data
from tests.support.genealogy import DAY, NOBODY, notice_id
from tests.support.lines import stock
from tests.support.pledges import (
    AMOUNT,
    CURE,
    ENDED,
    ENTRY,
    FORECLOSED,
    LENDER,
    NONE,
    PAYER,
    PLEDGED,
    PLEDGER,
    RETURNED,
    STRANGER,
    Lien,
    Loan,
    Loans,
    guarded,
)
from tests.support.reverts import Reverted, reverts

USUAL, RETURNS_NOTHING, RETURNS_FALSE, TAKES_FEE, PAUSED = 0, 1, 2, 4, 5  # MockOddToken's oddities
STATUSES = {"none": NONE, "pledged": PLEDGED, "declared": PLEDGED} | ENDED
HOLD = 60 * DAY

End = Callable[[Loan], object]
ENDINGS: dict[str, tuple[str, End, int]] = {
    "redeem": ("pledged", Loan.redeem, RETURNED),
    "release": ("pledged", Loan.release, RETURNED),
    "foreclose": ("declared", Loan.foreclose, FORECLOSED),
}


def wrong_status(loan: Loan, state: str) -> AbstractContextManager[None]:
    return reverts("Pledge_WrongStatus", id=loan.id, status=STATUSES[state])


def not_lender(loan: Loan, caller: Actor) -> AbstractContextManager[None]:
    return reverts("Pledge_NotLender", id=loan.id, caller=caller.address)


def too_early(loan: Loan, now: int, begins: int) -> AbstractContextManager[None]:
    return reverts("Pledge_TooEarly", id=loan.id, nowAt=now, **{"from": begins})


def nothing_to_collect(loan: Loan, status: int) -> AbstractContextManager[None]:
    return reverts("Pledge_NothingToCollect", id=loan.id, status=status)


def locked(loan: Loan, flags: int) -> AbstractContextManager[None]:
    return reverts("AssetRegistry_Locked", id=loan.asset, flags=flags)


def hold(loan: Loan, until: int) -> None:
    """An authority holds the asset."""
    authority = Actor("arbiter")
    loan.works.empower(authority)
    loan.works.hold(loan.local_id, until, by=authority)


def entitled_after(status: int) -> Actor:
    return LENDER if status == FORECLOSED else PLEDGER


def stuck(loans: Loans, ending: str, **changes: object) -> tuple[Loan, Actor]:
    """A pledge that ended while its asset was recalled, and to whom the asset belongs."""
    state, end, status = ENDINGS[ending]
    loan = loans(**changes).given(state)
    loan.works.recall(loan.local_id)
    end(loan)
    party = entitled_after(status)
    noticed = loan.declared if ending == "foreclose" else 0
    loan.stands(Lien(status, in_custody=True, noticed_at=noticed), owner=loan.house, entitled=party)
    return loan, party


# Redeeming


@pytest.mark.parametrize("who", ["payer", "pledger", "stranger"])
def test_anyone_redeems(chain: Chain, loans: Loans, token: Contract, who: str) -> None:
    loan, payer = loans().given("pledged"), Actor(who)
    stock(chain, token, loan.house, payer)
    with loan.moves({payer: -AMOUNT}, owed=AMOUNT):
        receipt = loan.redeem(by=payer)
    assert loan.said(receipt) == [
        loan.event("PledgeRedeemed", payer=payer.address, amount=AMOUNT),
        loan.owed_changed(AMOUNT),
        loan.handed_over(PLEDGER),
    ]
    loan.stands(Lien(RETURNED), owner=PLEDGER)


@pytest.mark.parametrize("late", [0, CURE - 1, CURE, 400 * DAY])
def test_plg3_it_is_redeemed_until_it_is_foreclosed(loans: Loans, late: int) -> None:
    loan = loans().given("declared")
    loan.redeem(at=loan.declared + 1 + late)
    loan.stands(Lien(RETURNED, noticed_at=loan.declared), owner=PLEDGER)
    with wrong_status(loan, "redeemed"):
        loan.foreclose(at=loan.declared + 2 + late)


def test_a_debt_of_nothing_is_redeemed_for_nothing(loans: Loans) -> None:
    loan = loans(amount=0).given("pledged")
    with loan.moves():
        loan.redeem(by=STRANGER)
    loan.stands(Lien(RETURNED), owner=PLEDGER)


@pytest.mark.parametrize("state", ["none", *ENDED])
def test_f050_only_a_pledge_is_redeemed(loans: Loans, state: str) -> None:
    loan = loans() if state == "none" else loans().given(state)
    with wrong_status(loan, state), loan.moves():
        loan.redeem()


def test_f063_a_payer_pays_what_it_approved(chain: Chain, loans: Loans, token: Contract) -> None:
    loan = loans().given("pledged")
    chain.send(token.functions.approve(loan.house.address, AMOUNT - 1), by=PAYER)
    with reverts("InsufficientAllowance"):
        loan.redeem()
    loan.stands(Lien(PLEDGED, in_custody=True), owner=loan.house, entitled=PLEDGER)


def test_f006_what_redeems_arrives_in_full(chain: Chain, loans: Loans, odd_money: Contract) -> None:
    loan = loans(token=odd_money).given("pledged")
    received = AMOUNT - AMOUNT // 100
    told = {"token": odd_money.address, "received": received, "expected": AMOUNT}
    refusals = {
        TAKES_FEE: reverts("Pledge_InexactTransfer", **told),
        PAUSED: reverts("Odd"),
        RETURNS_FALSE: reverts("SafeERC20FailedOperation", token=odd_money.address),
    }
    for oddity, refusal in refusals.items():
        chain.send(odd_money.functions.setOddity(oddity), by=STRANGER)
        with refusal:
            loan.redeem()
    chain.send(odd_money.functions.setOddity(USUAL), by=STRANGER)
    loan.stands(Lien(PLEDGED, in_custody=True), owner=loan.house, entitled=PLEDGER)
    loan.redeem()


def test_f008_a_token_without_answers_serves(chain: Chain, loans: Loans, odd_money: Contract) -> None:
    loan = loans(token=odd_money)
    chain.send(odd_money.functions.setOddity(RETURNS_NOTHING), by=STRANGER)
    loan.given("redeemed")
    with loan.moves({LENDER: AMOUNT}, owed=-AMOUNT):
        loan.chain.send(loan.house.functions.withdraw(LENDER.address, odd_money.address), by=STRANGER)


def test_f011_a_lender_that_cannot_be_paid_stops_nobody(
    chain: Chain, loans: Loans, odd_money: Contract
) -> None:
    loan = loans(token=odd_money, advance=0).given("pledged")
    chain.send(odd_money.functions.setBlocked(LENDER.address), by=STRANGER)
    with loan.moves({PAYER: -AMOUNT}, owed=AMOUNT):
        loan.redeem()
    loan.stands(Lien(RETURNED), owner=PLEDGER)
    withdrawal = loan.house.functions.withdraw(LENDER.address, odd_money.address)
    with reverts("Odd"):
        chain.send(withdrawal, by=LENDER)
    assert loan.owed() == AMOUNT
    chain.send(odd_money.functions.setOddity(USUAL), by=STRANGER)
    chain.send(withdrawal, by=LENDER)


def test_f002_a_payment_lets_nobody_in(chain: Chain, loans: Loans, odd_money: Contract) -> None:
    for door in range(len(guarded(loans()))):
        loan = loans(token=odd_money).given("pledged")
        call = guarded(loan)[door]
        chain.send(odd_money.functions.setCall(loan.house.address, call_data(call)), by=STRANGER)
        with loan.moves({PAYER: -AMOUNT}, owed=AMOUNT):
            loan.redeem()
        assert odd_money.functions.targetAnswer().call() == ENTRY
        chain.send(odd_money.functions.setOddity(USUAL), by=STRANGER)


def test_f016_too_little_gas_keeps_nothing_back(chain: Chain, loans: Loans) -> None:
    loan = loans().given("pledged")
    ready, outcomes = chain.local.snapshot(), []
    for gas in range(60_000, 300_000, 4_000):
        with suppress(Reverted):
            loan.redeem(gas=gas)
        outcomes.append(loan.lien)
        chain.local.revert(ready)
        ready = chain.local.snapshot()
    assert set(outcomes) == {Lien(PLEDGED, in_custody=True), Lien(RETURNED)}


# Releasing


@pytest.mark.parametrize("state", ["pledged", "declared"])
def test_a_lender_releases(loans: Loans, state: str) -> None:
    loan = loans().given(state)
    with loan.moves():
        receipt = loan.release()
    assert loan.said(receipt) == [loan.event("PledgeReleased"), loan.handed_over(PLEDGER)]
    loan.stands(Lien(RETURNED, noticed_at=loan.declared if state == "declared" else 0), owner=PLEDGER)


@pytest.mark.parametrize("function", ["release", "declareDefault", "foreclose"])
def test_f063_nobody_acts_for_the_lender(loans: Loans, lend_all: End, function: str) -> None:
    loan = loans().given("declared")
    lend_all(loan)
    for caller in (PLEDGER, PAYER, STRANGER, Actor("operator")):
        with not_lender(loan, caller):
            loan.send(function, by=caller, at=None)


@pytest.fixture
def lend_all(chain: Chain, directory: Contract) -> End:
    """The lender gives its operator every role there is."""

    def send(loan: Loan) -> None:
        call = directory.functions.setOperator(Actor("operator").address, 0xFFFF, 2**40 - 1)
        chain.send(call, by=LENDER)

    return send


@pytest.mark.parametrize("function", ["release", "declareDefault", "foreclose"])
@pytest.mark.parametrize("state", ["none", *ENDED])
def test_f050_a_lender_acts_on_pledges_alone(loans: Loans, state: str, function: str) -> None:
    loan = loans() if state == "none" else loans().given(state)
    with wrong_status(loan, state):
        loan.send(function, by=LENDER)


# Default and foreclosure


def test_f048_default_is_declared_when_it_is_due(loans: Loans) -> None:
    loan = loans().given("pledged")
    for now in (loan.due - DAY, loan.due - 1):
        with too_early(loan, now, loan.due):
            loan.declare(at=now)
    receipt = loan.declare(at=loan.due)
    assert loan.said(receipt) == [loan.event("DefaultDeclared", forecloseFrom=loan.due + CURE)]
    declared = Lien(PLEDGED, in_custody=True, noticed_at=loan.due)
    loan.stands(declared, owner=loan.house, entitled=PLEDGER)


def test_default_is_declared_once(loans: Loans) -> None:
    loan = loans().given("declared")
    for now in (loan.declared + 1, loan.foreclosable + DAY):
        with reverts("Pledge_AlreadyDeclared", id=loan.id, noticedAt=loan.declared):
            loan.declare(at=now)


def test_plg3_nothing_is_foreclosed_without_default(loans: Loans) -> None:
    loan = loans().given("pledged")
    for now in (loan.due, loan.due + 100 * CURE):
        with reverts("Pledge_NotDeclared", id=loan.id):
            loan.foreclose(at=now)


def test_plg3_nothing_is_foreclosed_before_the_cure(loans: Loans) -> None:
    loan = loans().given("declared")
    for now in (loan.declared + 1, loan.foreclosable - 1):
        with too_early(loan, now, loan.foreclosable):
            loan.foreclose(at=now)
    with loan.moves():
        receipt = loan.foreclose(at=loan.foreclosable)
    assert loan.said(receipt) == [loan.event("PledgeForeclosed"), loan.handed_over(LENDER)]
    loan.stands(Lien(FORECLOSED, noticed_at=loan.declared), owner=LENDER)


@pytest.mark.parametrize("prolonged", [False, True])
@pytest.mark.parametrize("late", [2, 200 * DAY])
def test_plg6_a_lender_gets_it_unused(loans: Loans, late: int, *, prolonged: bool) -> None:
    loan = loans().given("pledged")
    if prolonged:
        loan.send("prolongUse", at=loan.due + late - 1)
    loan.declare(at=loan.due + late)
    if prolonged:
        loan.send("prolongUse", at=loan.due + late + 1)
    loan.foreclose(at=loan.due + late + CURE)
    loan.chain.warp(loan.due + late + CURE + 1)
    assert loan.use == (NOBODY, 0)


def test_without_a_cure_it_is_foreclosed_at_once(chain: Chain, loans: Loans) -> None:
    loan = loans(cure=0)
    lender = chain.deploy("MockParty")
    loan = loan.but(lender=lender.address, advance=0)
    loan.pledge(by=lender.address)
    loan.declare(by=lender.address, at=loan.due)
    loan.foreclose(by=lender.address, at=loan.due + 1)
    loan.stands(Lien(FORECLOSED, noticed_at=loan.due), owner=lender)


# Assets that are held back


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_recall_stops_no_ending(loans: Loans, ending: str) -> None:
    loan, party = stuck(loans, ending)
    with locked(loan, FLAG_RECALLED):
        loan.collect()
    loan.works.lift()
    receipt = loan.collect()
    assert loan.said(receipt) == [loan.handed_over(party)]
    loan.stands(loan.lien, owner=party)
    with nothing_to_collect(loan, loan.lien.status):
        loan.collect()


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_hold_stops_no_ending(loans: Loans, ending: str) -> None:
    state, end, status = ENDINGS[ending]
    loan = loans(dueBy=BEGINNING + 10 * DAY).given(state)
    until = BEGINNING + HOLD
    hold(loan, until)
    end(loan)
    party = entitled_after(status)
    loan.chain.warp(until - 1)
    with locked(loan, FLAG_HELD):
        loan.collect()
    loan.chain.warp(until)
    loan.collect()
    loan.stands(loan.lien, owner=party)


@pytest.mark.parametrize("state", ["none", "pledged", "declared", *ENDED])
def test_what_is_not_held_back_is_not_collected(loans: Loans, state: str) -> None:
    loan = loans() if state == "none" else loans().given(state)
    for collect in (loan.collect, loan.collect_recalled):
        with nothing_to_collect(loan, STATUSES[state]):
            collect()


def test_plg2_an_asset_that_came_back_is_another_pledges(loans: Loans) -> None:
    loan = loans().given("redeemed")
    again = loan.but(dueBy=loan.due + DAY).given("pledged")
    again.stands(Lien(PLEDGED, in_custody=True), owner=loan.house, entitled=PLEDGER)
    with nothing_to_collect(loan, RETURNED):
        loan.collect()
    assert loan.entitled == NOBODY


@pytest.mark.parametrize("ending", ENDINGS)
def test_who_knows_of_a_recall_takes_it_back(loans: Loans, ending: str) -> None:
    loan, party = stuck(loans, ending)
    if party == LENDER:
        with reverts("Genealogy_NotAcknowledged", id=loan.asset, to=LENDER.address):
            loan.collect_recalled()
        loan.works.send("acknowledgeRecall", notice_id(PLEDGER), by=LENDER)
    receipt = loan.collect_recalled()
    assert loan.said(receipt) == [loan.handed_over(party)]
    loan.stands(loan.lien, owner=party)
    with nothing_to_collect(loan, loan.lien.status):
        loan.collect_recalled()


def test_plg2_nobody_takes_anothers_recalled_asset(loans: Loans) -> None:
    loan, _ = stuck(loans, "redeem")
    other = loans().given("pledged")
    other.works.recall(other.local_id)
    with reverts("Pledge_WrongAsset", id=loan.id, asset=other.asset):
        loan.collect_recalled(local_id=other.local_id)
    other.stands(Lien(PLEDGED, in_custody=True), owner=other.house, entitled=PLEDGER)


def test_what_is_held_too_waits(loans: Loans) -> None:
    loan, _ = stuck(loans, "redeem")
    hold(loan, BEGINNING + HOLD)
    with reverts("Genealogy_Unfit", id=loan.asset, flags=FLAG_RECALLED | FLAG_HELD):
        loan.collect_recalled()


# Money


def test_a_lender_withdraws_all_of_it(chain: Chain, loans: Loans, token: Contract) -> None:
    first, second = loans().given("redeemed"), loans(amount=7).given("pledged")
    with second.moves({PAYER: -7}, owed=7):
        receipt = second.redeem()
    assert second.owed_changed(AMOUNT + 7) in second.said(receipt)
    withdrawal = first.house.functions.withdraw(LENDER.address, token.address)
    with first.moves({LENDER: AMOUNT + 7}, owed=-AMOUNT - 7):
        receipt = chain.send(withdrawal, by=STRANGER)
    assert first.said(receipt) == [first.owed_changed(0)]
    with reverts("Pledge_NothingOwed", owner=LENDER.address, token=token.address):
        chain.send(withdrawal, by=LENDER)


def test_f047_nobody_withdraws_what_others_are_owed(chain: Chain, loans: Loans, token: Contract) -> None:
    loan = loans().given("redeemed")
    for owner in (PLEDGER, PAYER, STRANGER):
        with reverts("Pledge_NothingOwed", owner=owner.address, token=token.address), loan.moves():
            chain.send(loan.house.functions.withdraw(owner.address, token.address), by=owner)


def test_f002_a_withdrawal_lets_nobody_in(chain: Chain, loans: Loans, odd_money: Contract) -> None:
    for door in range(len(guarded(loans()))):
        loan = loans(token=odd_money).given("redeemed")
        withdrawal = loan.house.functions.withdraw(LENDER.address, odd_money.address)
        call = guarded(loan)[door]
        chain.send(odd_money.functions.setCall(loan.house.address, call_data(call)), by=STRANGER)
        with loan.moves({LENDER: AMOUNT}, owed=-AMOUNT):
            chain.send(withdrawal, by=LENDER)
        assert odd_money.functions.targetAnswer().call() == ENTRY
        chain.send(odd_money.functions.setOddity(USUAL), by=STRANGER)


def test_f007_a_token_that_shrinks_costs_its_own_lenders_alone(
    chain: Chain, loans: Loans, odd_money: Contract
) -> None:
    sound, sick = loans().given("redeemed"), loans(token=odd_money).given("redeemed")
    chain.send(odd_money.functions.rebase(sick.house.address, AMOUNT - 1), by=STRANGER)
    with reverts("Panic", code=0x11):
        chain.send(sick.house.functions.withdraw(LENDER.address, odd_money.address), by=LENDER)
    with sound.moves({LENDER: AMOUNT}, owed=-AMOUNT):
        chain.send(sound.house.functions.withdraw(LENDER.address, sound.token.address), by=LENDER)
