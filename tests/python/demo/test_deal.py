"""The whole deal: what is sent by whom, what the contracts say of it, and what the report says."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from fabricant.chain.anvil import LocalChain
from fabricant.chain.assets import Transfer
from fabricant.chain.capacity import HoursBooked
from fabricant.chain.escrow import FreeBalanceChanged, GoodsHandedOver, LineConcluded, LineOpened
from fabricant.chain.wallet import Wallet, dev_wallets
from fabricant.demo import run
from fabricant.demo.deal import day_shifts
from fabricant.demo.evidence import Evidence
from fabricant.demo.journal import Chapter, Remark, Step
from fabricant.domain.directory import Role
from fabricant.domain.escrow import Status
from fabricant.domain.units import HOUR, parse_time, start_of
from fabricant.errors import UnfundedWallet
from tests.python.demo.conftest import Played

STEPS = [
    ("asset.register", "supplier"),
    ("asset.bindDevice", "supplier"),
    ("directory.setOperator", "supplier"),
    ("directory.setOperator", "supplier"),
    ("escrow.publishConditions", "supplier"),
    ("token.approve", "supplier"),
    ("escrow.deposit", "supplier"),
    ("directory.setOperator", "buyer"),
    ("token.approve", "buyer"),
    ("capacity.book", "buyer"),
    ("record.anchor", "gateway"),
    ("asset.registerMany", "supplier"),
    ("asset.setApprovalForAll", "supplier"),
    ("escrow.deliver", "supplier"),
    ("escrow.confirmReceipt", "buyer"),
    ("escrow.accept", "inspector"),
    ("escrow.withdraw", "supplier"),
]


def step(deal: Played, name: str) -> Step:
    (found,) = (each for each in deal.report.steps if each.name == name)
    return found


def said(deal: Played, name: str) -> list[object]:
    return deal.fabricant.events(step(deal, name).receipt)


def test_steps_are_told_in_order_with_their_senders(deal: Played) -> None:
    parties = {party.name: party.address for party in deal.report.stage.parties}

    assert [(each.name, each.who) for each in deal.report.steps] == STEPS
    assert [each for each in deal.told if isinstance(each, Step)] == list(deal.report.steps)
    assert len([each for each in deal.told if isinstance(each, Chapter)]) == 6
    for each in deal.report.steps:
        assert each.receipt.sender == parties[each.who]
        assert each.repriced is not None
        assert each.repriced >= each.receipt.gas_used


def test_all_parties_are_different_and_fresh(deal: Played) -> None:
    addresses = {party.address for party in deal.report.stage.parties}

    assert len(addresses) == 5
    assert addresses.isdisjoint(wallet.address for wallet in dev_wallets(deal.chain))


def test_offer_is_shown_in_words_with_its_conditions(deal: Played) -> None:
    told = "\n".join(each.text for each in deal.told if isinstance(each, Remark))

    assert "signs an offer and sends it as a file; nothing goes to the chain" in told
    assert "An hour costs 95.00 TUSD." in told
    assert "The buyer has 3 days after arrival to inspect. Silence counts as acceptance." in told


def test_booking_marks_hours_holds_the_price_and_locks_the_bond_in_one_transaction(deal: Played) -> None:
    events = said(deal, "capacity.book")
    (booked,) = (each for each in events if isinstance(each, HoursBooked))
    (opened,) = (each for each in events if isinstance(each, LineOpened))
    (bond,) = (each for each in events if isinstance(each, FreeBalanceChanged))

    hours = booked.booking.hours
    assert (booked.id, booked.machine) == (opened.id, deal.report.agreed.machine)
    assert hours.count == 40
    assert len(hours.spans()) == 5
    assert opened.held == opened.terms.amount == 3_730_000_000
    assert bond.owner == deal.report.stage.supplier.address
    assert bond.balance_after == 500_000_000 - 373_000_000


def test_gateway_has_the_record_role_and_no_other(deal: Played) -> None:
    stage = deal.report.stage
    lent = deal.fabricant.directory.operator_of(stage.supplier.address, stage.gateway.address)

    assert lent.roles is Role.RECORD
    assert deal.fabricant.assets.device_of(deal.report.agreed.machine) == stage.gateway.address


def test_products_carry_the_digests_of_their_records(deal: Played, sample: Evidence) -> None:
    assets, agreed = deal.fabricant.assets, deal.report.agreed

    assert tuple(assets.twin_of(product) for product in agreed.products) == sample.twins
    assert {assets.owner_of(product) for product in agreed.products} == {deal.report.stage.buyer.address}


def test_acceptance_moves_money_and_products_in_one_transaction(deal: Played) -> None:
    events, agreed = said(deal, "escrow.accept"), deal.report.agreed
    (concluded,) = (each for each in events if isinstance(each, LineConcluded))
    (handed,) = (each for each in events if isinstance(each, GoodsHandedOver))

    assert (concluded.to_supplier_side, concluded.retained) == (3_730_000_000, 0)
    assert (handed.to, handed.assets) == (deal.report.stage.buyer.address, agreed.products)
    assert [each.id for each in events if isinstance(each, Transfer)] == list(agreed.products)
    assert deal.fabricant.escrow.line_of(agreed.line).status is Status.CLOSED


def test_report_has_the_agreed_form(deal: Played) -> None:
    report, stage, agreed = deal.report.as_json(), deal.report.stage, deal.report.agreed

    assert list(report) == ["machine", "products", "steps", "account", "verified"]
    assert report["machine"] == {
        "id": f"0x{agreed.machine:064x}",
        "maker": "Nonesuch Machine Works (fictional)",
        "model": "Imaginaria 400",
        "serial": "NMW-0417",
        "owner": stage.supplier.address,
        "device": stage.gateway.address,
    }
    assert report["products"] == [f"0x{product:064x}" for product in agreed.products]
    assert [each["name"] for each in report["steps"]] == [name for name, _ in STEPS]
    for each in report["steps"]:
        assert list(each) == ["name", "tx", "gas"]
        receipt = deal.chain.receipt(each["tx"])
        assert receipt is not None
        assert each["gas"] == receipt.gas_used
    assert report["verified"] is True


def test_account_adds_up_with_what_the_chain_says(deal: Played) -> None:
    account, stage = deal.report.as_json()["account"], deal.report.stage
    money = deal.fabricant.token(stage.money.address)

    assert list(account) == ["buyer", "supplier", "gateway", "inspector", "arbiter", "escrow", "network"]
    for token in ("TUSD", "ETH"):
        entries = [tokens[token] for tokens in account.values() if token in tokens]
        assert sum(int(each["before"]) for each in entries) == sum(int(each["after"]) for each in entries)
    for party in stage.parties:
        assert int(account[party.name]["TUSD"]["after"]) == money.balance_of(party.address)
        assert int(account[party.name]["ETH"]["after"]) == deal.chain.balance(party.address)
    paid = {
        name: int(tokens["TUSD"]["after"]) - int(tokens["TUSD"]["before"])
        for name, tokens in list(account.items())[:6]
    }
    assert paid == {
        "buyer": -3_730_000_000,
        "supplier": 3_730_000_000,
        "gateway": 0,
        "inspector": 0,
        "arbiter": 0,
        "escrow": 0,
    }
    assert account["network"] == {
        "ETH": {"before": "0", "after": str(sum(s.receipt.fee for s in deal.report.steps))}
    }


def test_real_log_makes_serial_p229810_and_four_products(
    real_log: bytes, local: LocalChain, tmp_path: Path
) -> None:
    report = run(
        Evidence.read(real_log), chain=local, funder=dev_wallets(local)[0], folder=tmp_path
    ).as_json()

    assert report["machine"]["serial"] == "P229810"
    assert (report["machine"]["maker"], len(report["products"])) == ("OKUMA", 4)
    assert report["verified"] is True


def test_second_deal_on_the_same_chain_finds_the_contracts(
    deal: Played, sample: Evidence, tmp_path: Path
) -> None:
    again = run(sample, chain=deal.chain, funder=dev_wallets(deal.chain)[0], folder=tmp_path)

    assert again.stage.deployment.escrow == deal.report.stage.deployment.escrow
    assert set(again.agreed.products).isdisjoint(deal.report.agreed.products)


def test_wallet_that_cannot_pay_for_everything_sends_nothing(
    sample: Evidence, local: LocalChain, tmp_path: Path
) -> None:
    before = local.head()

    with pytest.raises(UnfundedWallet, match=r"fund it first\. Nothing was sent"):
        run(sample, chain=local, funder=Wallet.create(), folder=tmp_path)
    assert local.head() == before


@pytest.mark.parametrize(
    ("now", "first"),
    [
        ("2026-11-22T00:00Z", "2026-11-30T06:00Z"),  # a Sunday: the next day would be too soon
        ("2026-11-21T23:59Z", "2026-11-23T06:00Z"),
        ("2026-11-25T10:00Z", "2026-11-30T06:00Z"),
    ],
)
def test_shifts_begin_on_the_first_monday_that_leaves_two_days(now: str, first: str) -> None:
    hours = day_shifts(parse_time(now))

    assert start_of(hours.first) == parse_time(first)
    assert [(end - begin) for begin, end in hours.spans()] == [8] * 5
    days = [datetime.fromtimestamp(hour * HOUR, UTC).isoweekday() for hour in hours.hours]
    assert days == [day for day in range(1, 6) for _ in range(8)]
