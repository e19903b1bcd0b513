"""Pledging: who has to agree, what comes into custody, and who goes on using it. PLG-1, PLG-5, PLG-6."""

from contextlib import AbstractContextManager

import pytest
from web3.contract import Contract

from tests.support.actors import Actor
from tests.support.assets import CARD, FLAG_ASSEMBLED, FLAG_HELD, FLAG_RECALLED, NONE, Status
from tests.support.capacity import FIRST, Capacity, start_of
from tests.support.chain import BEGINNING, Chain, call_data, event
from tests.support.deals import NATIVE
from tests.support.genealogy import DAY, NOBODY, hash_of
from tests.support.layout import members_of
from tests.support.lines import BUYER, SUPPLIER, address_of
from tests.support.pledges import (
    ADVANCE,
    CURE,
    ENDED,
    ENTRY,
    FORECLOSED,
    LENDER,
    PAYER,
    PLEDGE_TERMS,
    PLEDGED,
    PLEDGER,
    REVOKED,
    STRANGER,
    TEN_YEARS,
    UNSIGNED,
    Lien,
    Loan,
    Loans,
    guarded,
)
from tests.support.pledges import (
    NONE as UNKNOWN,
)
from tests.support.reverts import reverts
from tests.support.typed_data import domain_of, typed_digest
from tests.support.wallets import Answer

TAKES_FEE, PAUSED = 4, 5  # MockOddToken's oddities
TERMS = [field.split(" ")[1] for field in PLEDGE_TERMS.removesuffix(")").split("(")[1].split(",")]
HERE = Lien(PLEDGED, in_custody=True)


def no_consent(loan: Loan, party: str) -> AbstractContextManager[None]:
    return reverts("Pledge_NoConsent", id=loan.id, party=loan.terms[party])


def wrong_status(loan: Loan, status: int) -> AbstractContextManager[None]:
    return reverts("Pledge_WrongStatus", id=loan.id, status=status)


def lend(loan: Loan, user: Actor, until: int) -> None:
    """The pledger lends its asset before it pledges it."""
    call = loan.works.assets.functions.setUser(loan.asset, user.address, until)
    loan.chain.send(call, by=PLEDGER)


# Pledging


def test_an_asset_is_pledged(loans: Loans, assets: Contract, chain: Chain) -> None:
    loan = loans()
    loan.stands(Lien(), owner=PLEDGER)
    with loan.moves({LENDER: -ADVANCE, PLEDGER: ADVANCE}):
        receipt = loan.pledge()
    assert loan.said(receipt) == [loan.made]
    assert chain.events(receipt, assets)[-1] == event(
        assets, "UpdateUser", tokenId=loan.asset, user=PLEDGER.address, expires=loan.due + CURE
    )
    loan.stands(HERE, owner=loan.house, entitled=PLEDGER)
    assert loan.use == (PLEDGER.address, loan.due + CURE)


def test_the_id_is_what_wallets_sign(loans: Loans) -> None:
    loan = loans()
    assert domain_of(loan.house) == loan.domain
    assert loan.house.functions.pledgeId(loan.terms).call() == loan.id
    assert typed_digest(loan.house, PLEDGE_TERMS, loan.terms) == loan.id
    assert loan.house.functions.registry().call() == loan.works.assets.address


def test_a_pledge_takes_one_slot(loans: Loans) -> None:
    said = [("status", 0, 0, 1), ("inCustody", 0, 1, 1), ("noticedAt", 0, 2, 5)]
    assert members_of("Pledge", "Lien") == said


@pytest.mark.parametrize("sender", ["pledger", "lender"])
def test_who_sends_it_need_not_sign(loans: Loans, sender: str) -> None:
    loan = loans()
    loan.pledge(by=Actor(sender), **{sender: UNSIGNED})
    assert loan.lien == HERE


def test_a_wallet_contract_signs(chain: Chain, loans: Loans, token: Contract) -> None:
    wallets = {actor: chain.deploy("MockWallet", actor.address) for actor in (PLEDGER, LENDER)}
    mine, theirs = wallets.values()
    loan = loans(pledger=mine, lender=theirs)
    loan.works.give(loan.asset, mine)
    registry = loan.works.assets.functions
    chain.send(registry.approve(loan.house.address, loan.asset), by=address_of(mine))
    chain.send(token.functions.mint(theirs.address, ADVANCE), by=STRANGER)
    chain.send(token.functions.approve(loan.house.address, ADVANCE), by=address_of(theirs))
    with no_consent(loan, "pledger"):
        loan.pledge(pledger=loan.sign(signer=LENDER))
    loan.pledge()
    loan.stands(HERE, owner=loan.house, entitled=mine)


@pytest.mark.parametrize("answer", [Answer.REVERT, Answer.TRUE, Answer.NOTHING, Answer.WRITE_STATE])
def test_f031_a_wallet_that_does_not_agree(chain: Chain, loans: Loans, answer: Answer) -> None:
    loan = loans(lender=chain.deploy("MockOddWallet", answer))
    with no_consent(loan, "lender"):
        loan.pledge(lender=b"any")


@pytest.mark.parametrize("party", ["pledger", "lender"])
def test_plg1_nobody_is_party_unasked(loans: Loans, party: str) -> None:
    loan, another = loans(), loans()
    other = LENDER if party == "pledger" else PLEDGER
    agreed = loan.sign(signer=Actor(party))
    mirrored = agreed[:32] + (2**256 - int.from_bytes(agreed[32:64])).to_bytes(32) + agreed[64:]
    for signature in (
        UNSIGNED,
        loan.sign(signer=other),
        another.sign(signer=Actor(party)),
        agreed[:64],
        mirrored,
    ):
        for sender in (other, STRANGER):
            with no_consent(loan, party):
                loan.pledge(by=sender, **{party: signature})


def test_f030_nobody_has_no_signature(loans: Loans) -> None:
    loan = loans(lender=NATIVE, advance=0)
    with no_consent(loan, "lender"):
        loan.pledge(lender=bytes(65))


@pytest.mark.parametrize("field", [name for name in TERMS if name not in ("pledger", "lender")])
def test_f036_a_signature_is_for_these_terms(loans: Loans, field: str) -> None:
    loan = loans()
    changed = {"token": PAYER.address, "documents": NONE}.get(field, BEGINNING + DAY)
    forged = loan.but(**{field: changed})
    signatures = {"pledger": loan.sign(signer=PLEDGER), "lender": loan.sign(signer=LENDER)}
    with no_consent(forged, "pledger"):
        forged.pledge(by=LENDER, **signatures)
    with no_consent(forged, "lender"):
        forged.pledge(by=PLEDGER, **signatures)


def test_f026_no_signature_works_after_a_fork(loans: Loans, forked: AbstractContextManager[int]) -> None:
    loan = loans()
    signatures = {"pledger": loan.sign(signer=PLEDGER), "lender": loan.sign(signer=LENDER)}
    home = loan.chain.local.chain_id
    with forked as other, reverts("Eip712_ForeignChain", chainId=other, homeChainId=home):
        loan.pledge(**signatures)
    loan.pledge(**signatures)


@pytest.mark.parametrize("state", ["pledged", "declared", *ENDED])
def test_f028_plg5_a_signature_serves_once(loans: Loans, state: str) -> None:
    loan = loans().given(state)
    signatures = {"pledger": loan.sign(signer=PLEDGER), "lender": loan.sign(signer=LENDER)}
    for sender in (PLEDGER, LENDER, STRANGER):
        with wrong_status(loan, ENDED.get(state, PLEDGED)):
            loan.pledge(by=sender, **signatures)


def test_f048_terms_lapse(loans: Loans) -> None:
    loan, other = loans(), loans()
    end = loan.terms["openBy"]
    loan.pledge(at=end - 1)
    for now in (end, end + 1):
        with reverts("Pledge_TooLate", id=other.id, nowAt=now, before=end):
            other.pledge(at=now)


def test_plg1_only_its_owner_pledges_an_asset(loans: Loans) -> None:
    loan = loans()
    loan.works.give(loan.asset, STRANGER)
    registry = loan.works.assets.functions
    loan.chain.send(registry.setApprovalForAll(loan.house.address, True), by=STRANGER)
    told = {"id": loan.asset, "from": PLEDGER.address, "owner": STRANGER.address}
    with reverts("AssetRegistry_WrongFrom", **told):
        loan.pledge(by=PLEDGER, pledger=UNSIGNED)


def test_a_pledged_asset_is_not_pledged_again(loans: Loans) -> None:
    loan = loans().given("pledged")
    again = loan.but(salt=77)
    told = {"id": loan.asset, "from": PLEDGER.address, "owner": loan.house.address}
    with reverts("AssetRegistry_WrongFrom", **told):
        again.pledge()
    ours = again.but(pledger=loan.house.address)
    with no_consent(ours, "pledger"):
        ours.pledge(pledger=bytes(65))


def test_the_pledger_approves_it(loans: Loans) -> None:
    loan = loans()
    registry = loan.works.assets.functions
    loan.chain.send(registry.setApprovalForAll(loan.house.address, False), by=PLEDGER)
    with reverts("AssetRegistry_NotApproved", id=loan.asset, caller=loan.house.address):
        loan.pledge()


def test_an_unknown_asset_is_not_pledged(loans: Loans) -> None:
    with reverts("AssetRegistry_UnknownAsset", id=7):
        loans(asset=7).pledge()


@pytest.mark.parametrize("left", [4_999, 1])
def test_a_lot_is_pledged_whole(loans: Loans, left: int) -> None:
    loan = loans(lot=5_000)
    used = loan.works.part("a casting")
    loan.works.transform([(loan.asset, 5_000 - left)], [used], scrap=[(b"KGM", 5_000 - left)])
    with reverts("Pledge_WrongQuantity", id=loan.id, quantity=left, agreed=5_000):
        loan.pledge()


def test_what_somebody_uses_is_not_pledged(loans: Loans, user: Actor) -> None:
    loan = loans()
    lend(loan, user, BEGINNING + DAY)
    with reverts("AssetRegistry_InUse", id=loan.asset, user=user.address, until=BEGINNING + DAY):
        loan.pledge(at=BEGINNING + DAY - 1)
    loan.pledge(at=BEGINNING + DAY)


@pytest.mark.parametrize("longer", [0, 1, DAY])
def test_plg6_a_pledger_keeps_no_longer_use(loans: Loans, longer: int) -> None:
    loan = loans()
    until = loan.due + CURE + longer
    lend(loan, PLEDGER, until)
    with reverts("AssetRegistry_InUse", id=loan.asset, user=PLEDGER.address, until=until):
        loan.pledge()


def test_a_pledger_who_uses_it_already(loans: Loans) -> None:
    loan = loans()
    lend(loan, PLEDGER, loan.due + CURE - 1)
    loan.pledge()
    assert loan.use == (PLEDGER.address, loan.due + CURE)


@pytest.mark.parametrize("lock", ["recalled", "held"])
def test_what_is_locked_is_not_pledged(loans: Loans, arbiter: Actor, lock: str) -> None:
    loan = loans()
    if lock == "recalled":
        loan.works.recall(loan.local_id)
    else:
        loan.works.empower(arbiter)
        loan.works.hold(loan.local_id, BEGINNING + DAY, by=arbiter)
    flags = FLAG_RECALLED if lock == "recalled" else FLAG_HELD
    with reverts("AssetRegistry_Locked", id=loan.asset, flags=flags):
        loan.pledge()


def test_a_part_is_not_pledged_without_its_whole(loans: Loans) -> None:
    loan, whole = loans(), loans()
    loan.works.assemble(whole.asset, [loan.asset])
    told = {"id": loan.asset, "from": PLEDGER.address, "owner": loan.works.assets.address}
    with reverts("AssetRegistry_WrongFrom", **told):
        loan.pledge()
    whole.pledge()
    assert loan.works.flags(loan.asset) == FLAG_ASSEMBLED
    assert loan.works.ask("titleOf", loan.asset) == whole.house.address


def test_what_is_retired_is_not_pledged(loans: Loans) -> None:
    loan = loans()
    loan.chain.send(loan.works.assets.functions.setStatus(loan.asset, Status.RETIRED), by=PLEDGER)
    with reverts("AssetRegistry_Final", id=loan.asset, status=Status.RETIRED):
        loan.pledge()


@pytest.mark.parametrize("advance", [0, ADVANCE])
@pytest.mark.parametrize("nothing", [NATIVE, STRANGER.address])
def test_f010_what_is_no_token_redeems_nothing(loans: Loans, nothing: str, advance: int) -> None:
    loan = loans(advance=advance).but(token=nothing)
    with reverts("Pledge_NoToken", id=loan.id, token=nothing):
        loan.pledge()


def test_f023_coin_is_refused(loans: Loans) -> None:
    loan = loans()
    with reverts("no reason"):
        loan.pledge(value=1)
    loan.pledge()
    for function in ("redeem", "release", "foreclose", "collect"):
        with reverts("no reason"):
            loan.send(function, by=LENDER, value=1)


def test_without_an_advance_nobody_pays(loans: Loans) -> None:
    loan = loans(advance=0)
    with loan.moves():
        loan.pledge()
    assert loan.lien == HERE


def test_f063_the_lender_pays_what_it_approved(loans: Loans, token: Contract) -> None:
    loan = loans()
    loan.chain.send(token.functions.approve(loan.house.address, ADVANCE - 1), by=LENDER)
    with reverts("InsufficientAllowance"):
        loan.pledge()
    loan.stands(Lien(), owner=PLEDGER)


def test_f006_an_advance_arrives_in_full(loans: Loans, odd_money: Contract) -> None:
    loan = loans(token=odd_money)
    received = ADVANCE - ADVANCE // 100
    told = {"token": odd_money.address, "received": received, "expected": ADVANCE}
    for oddity, refusal in ((TAKES_FEE, reverts("Pledge_InexactTransfer", **told)), (PAUSED, reverts("Odd"))):
        loan.chain.send(odd_money.functions.setOddity(oddity), by=STRANGER)
        with refusal:
            loan.pledge()
    loan.stands(Lien(), owner=PLEDGER)


def test_f002_an_advance_lets_nobody_in(loans: Loans, odd_money: Contract) -> None:
    for door in range(len(guarded(loans()))):
        loan = loans(token=odd_money)
        call = guarded(loan)[door]
        loan.chain.send(odd_money.functions.setCall(loan.house.address, call_data(call)), by=STRANGER)
        loan.pledge()
        assert odd_money.functions.targetAnswer().call() == ENTRY
        assert loan.lien == HERE


def test_f042_a_pledge_to_oneself_binds_nobody_else(loans: Loans) -> None:
    loan = loans(lender=PLEDGER, advance=0)
    loan.pledge(by=PLEDGER)
    loan.declare(by=PLEDGER)
    loan.foreclose(by=PLEDGER)
    loan.stands(Lien(FORECLOSED, noticed_at=loan.declared), owner=PLEDGER)


# Using it


@pytest.mark.parametrize("beyond", [0, 1, DAY])
def test_a_use_has_a_limit(loans: Loans, beyond: int) -> None:
    made = BEGINNING + DAY
    loan = loans(dueBy=made + TEN_YEARS - CURE + beyond)
    loan.pledge(at=made)
    assert loan.use == (PLEDGER.address, made + TEN_YEARS)


def test_the_pledger_records(chain: Chain, loans: Loans, directory: Contract, gateway: Actor) -> None:
    loan = loans().given("pledged")
    record = loan.works.assets.functions.record(loan.asset, hash_of("spindle"), hash_of("hours"), CARD, NONE)
    chain.send(directory.functions.setOperator(gateway.address, 1 << 4, loan.due), by=PLEDGER)
    for sender in (PLEDGER, gateway):
        (said,) = chain.events(chain.send(record, by=sender))
        assert (said.arguments["author"], said.arguments["by"]) == (PLEDGER.address, sender.address)
    with reverts("AssetRegistry_NoRecorder", id=loan.asset, caller=LENDER.address):
        chain.send(record, by=LENDER)


def test_what_waits_for_the_end(chain: Chain, loans: Loans, assets: Contract, genealogy: Contract) -> None:
    loan = loans().given("pledged")
    registry, house, asset = assets.functions, loan.house.address, loan.asset
    refused = {
        "AssetRegistry_NotOwner": [
            registry.setStatus(asset, Status.SUSPENDED),
            registry.setTwin(asset, 0, hash_of("twin"), ""),
            registry.bindDevice(asset, STRANGER.address, 2**40 - 1, b""),
            registry.setRecorder(asset, STRANGER.address, 2**40 - 1),
        ],
        "Genealogy_NotOwner": [
            genealogy.functions.assemble(asset, []),
            genealogy.functions.disassemble(asset, []),
            genealogy.functions.permitProcessing(asset, PLEDGER.address, 2**40 - 1, 0),
        ],
    }
    for error, calls in refused.items():
        for call in calls:
            for caller in (PLEDGER, LENDER):
                with reverts(error, id=asset, caller=caller.address, owner=house):
                    chain.send(call, by=caller)
    with reverts("AssetRegistry_WrongFrom", id=asset, **{"from": PLEDGER.address}, owner=house):
        loan.works.give(asset, STRANGER, by=PLEDGER)
    with reverts("AssetRegistry_NotApproved", id=asset, caller=LENDER.address):
        chain.send(registry.transferFrom(house, LENDER.address, asset), by=LENDER)
    with reverts("Genealogy_InUse", id=asset, user=PLEDGER.address, until=loan.due + CURE):
        loan.works.transform([(asset, 1)], [loan.works.part("scrap")], scrap=[])


def test_cap3_the_pledger_sells_its_hours(capacity: Capacity, loans: Loans) -> None:
    end = start_of(FIRST + 100)
    chain, house, machine = capacity.chain, loans().house, capacity.machine
    loan = loans(asset=machine, pledger=SUPPLIER, advance=0, dueBy=end - DAY, cure=DAY)
    chain.send(capacity.assets.functions.approve(house.address, machine), by=SUPPLIER)
    loan.pledge(by=SUPPLIER, pledger=UNSIGNED)
    capacity.booking(range(FIRST + 92, FIRST + 100)).send(by=BUYER)
    told = {"machine": machine, "user": SUPPLIER.address, "userUntil": end}
    with reverts("CapacityMarket_UseEndsBefore", **told):
        capacity.booking(range(FIRST + 99, FIRST + 108), salt=2).send(by=BUYER)
    told = {"machine": machine, "supplier": SUPPLIER.address, "seller": house.address}
    with reverts("CapacityMarket_NotSeller", **told):
        capacity.booking(range(FIRST + 100, FIRST + 108), salt=2).send(by=BUYER)


# Prolonging the use


def test_a_use_goes_on_while_nobody_declares_default(loans: Loans) -> None:
    loan = loans().given("pledged")
    for now in (loan.due + 1, loan.due + CURE + DAY):
        loan.send("prolongUse", at=now)
        assert loan.use == (PLEDGER.address, now + CURE)
    loan.declare(at=loan.due + CURE + 2 * DAY)
    end = loan.due + CURE + 2 * DAY + CURE
    loan.send("prolongUse", at=end - 1)
    assert loan.use == (PLEDGER.address, end)


def test_plg6_no_use_outlasts_the_cure(loans: Loans) -> None:
    loan = loans().given("declared")
    loan.send("prolongUse")
    use = {"id": loan.asset, "user": PLEDGER.address, "until": loan.foreclosable}
    for now in (loan.declared + DAY, loan.foreclosable - 1):
        with reverts("AssetRegistry_InUse", **use):
            loan.send("prolongUse", at=now)
    term = {"id": loan.asset, "user": PLEDGER.address, "expires": loan.foreclosable}
    with reverts("AssetRegistry_BadTerm", **term, nowAt=loan.foreclosable):
        loan.send("prolongUse", at=loan.foreclosable)


def test_before_it_is_due_there_is_nothing_to_prolong(loans: Loans) -> None:
    loan = loans().given("pledged")
    for now in (BEGINNING + DAY, loan.due):
        with reverts("AssetRegistry_InUse", id=loan.asset, user=PLEDGER.address, until=loan.due + CURE):
            loan.send("prolongUse", at=now)


def test_a_use_that_was_given_up_comes_back(loans: Loans) -> None:
    loan = loans().given("pledged")
    give_up = loan.works.assets.functions.setUser(loan.asset, NOBODY, 0)
    loan.chain.send(give_up, by=PLEDGER)
    assert loan.use == (NOBODY, 0)
    loan.send("prolongUse", by=PLEDGER)
    assert loan.use == (PLEDGER.address, loan.due + CURE)


def test_a_long_use_is_prolonged_in_steps(loans: Loans) -> None:
    loan = loans(dueBy=BEGINNING + 2 * TEN_YEARS).given("pledged")
    later = BEGINNING + TEN_YEARS - DAY
    loan.send("prolongUse", at=later)
    assert loan.use == (PLEDGER.address, later + TEN_YEARS)


@pytest.mark.parametrize("state", ["none", *ENDED])
def test_f050_an_ended_pledge_has_no_use(loans: Loans, state: str) -> None:
    loan = loans() if state == "none" else loans().given(state)
    with wrong_status(loan, ENDED.get(state, UNKNOWN)):
        loan.send("prolongUse")


# Revoking


@pytest.mark.parametrize("party", ["pledger", "lender"])
def test_a_party_revokes(loans: Loans, party: str) -> None:
    loan = loans()
    receipt = loan.send("revoke", by=Actor(party))
    assert loan.said(receipt) == [loan.event("PledgeRevoked", by=Actor(party).address)]
    loan.stands(Lien(REVOKED), owner=PLEDGER)
    with wrong_status(loan, REVOKED):
        loan.pledge()


def test_f063_nobody_else_revokes(loans: Loans) -> None:
    loan = loans()
    with reverts("Pledge_NotParty", id=loan.id, caller=STRANGER.address):
        loan.send("revoke")


@pytest.mark.parametrize("state", ["pledged", "declared", *ENDED])
def test_f050_what_was_pledged_is_not_revoked(loans: Loans, state: str) -> None:
    loan = loans().given(state)
    for party in (PLEDGER, LENDER):
        with wrong_status(loan, ENDED.get(state, PLEDGED)):
            loan.send("revoke", by=party)
