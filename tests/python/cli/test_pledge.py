"""A pledge on the command line: proposed, signed, sent, redeemed or foreclosed."""

from pathlib import Path

import pytest

from tests.python.cli.market import UNIT, Market

DUE, LATE = "2027-04-01T00:00Z", "2027-04-02T00:00Z"


@pytest.fixture
def loan(trade: Market) -> Path:
    """The draft of a loan of 500 on the supplier's machine: the buyer lends, 540 redeem it."""
    trade.do("pledge", "deploy", by="stranger")
    parties = ("--pledger", "supplier", "--lender", "buyer", "--asset", "NMW-0417")
    money = ("--token", trade.token, "--advance", "500", "--amount", "540")
    times = ("--open-by", "2027-01-10T00:00Z", "--due-by", DUE, "--cure", "30 days")
    trade.see("pledge", "propose", "loan.toml", *parties, *money, *times)
    return Path("loan.toml")


@pytest.fixture
def pledge(trade: Market, loan: Path) -> str:
    """That loan, signed and allowed by the lender, sent by the pledger."""
    trade.do("pledge", "sign", loan, by="buyer")
    trade.do("pledge", "approve", "loan.json", by="buyer")
    return str(trade.do("pledge", "send", "loan.json", by="supplier")["id"])


def test_journey_of_a_pledge(trade: Market, loan: Path) -> None:
    had = trade.has("supplier")
    told = trade.noted("pledge", "sign", loan, by="buyer")
    assert "You sign this pledge as the lender:" in told
    assert "Whoever pays 540.00 TUSD redeems it" in told
    signed = trade.do("pledge", "sign", loan, by="buyer")
    assert signed["signed"] == ["lender"]
    assert "Signed by lender." in trade.text("pledge", "show", "loan.json")
    early = trade.refused("pledge", "send", "loan.json", by="supplier")
    assert (early.code, early.error) == (2, "InvalidInput")
    assert trade.do("pledge", "approve", "loan.json", by="buyer")["allowed"]
    assert not trade.do("pledge", "approve", "loan.json", by="buyer")["allowed"]

    made = trade.do("pledge", "send", "loan.json", by="supplier")

    assert made["id"] == signed["id"]
    assert trade.has("supplier") == had + 500 * UNIT
    shown = trade.see("pledge", "show", made["id"])
    assert (shown["status"], shown["inCustody"], shown["terms"]["amount"]) == (
        "pledged",
        True,
        str(540 * UNIT),
    )
    (listed,) = trade.see("pledge", "list", "--lender", "buyer")
    assert listed["id"] == made["id"]
    assert trade.see("pledge", "list", "--pledger", "buyer") == []
    assert "540.00 TUSD" in trade.text("pledge", "list")


def test_it_is_redeemed_and_paid_out(trade: Market, pledge: str) -> None:
    had = trade.has("buyer")
    redeemed = trade.do("pledge", "redeem", pledge[:12], by="supplier")
    assert (redeemed["status"], redeemed["inCustody"]) == ("returned", False)
    assert "540.00 TUSD are paid" in trade.noted("pledge", "withdraw", trade.token, "--owner", "buyer")
    paid = trade.do("pledge", "withdraw", trade.token, "--owner", "buyer", by="stranger")
    assert paid["amount"] == str(540 * UNIT)
    assert trade.has("buyer") == had + 540 * UNIT
    over = trade.refused("pledge", "release", pledge, by="buyer")
    assert (over.code, over.error) == (3, "Pledge_WrongStatus")


def test_it_is_released(trade: Market, pledge: str) -> None:
    assert trade.refused("pledge", "release", pledge, by="supplier").error == "Pledge_NotLender"
    assert trade.do("pledge", "release", pledge, by="buyer")["status"] == "returned"
    assert "It is over" in trade.text("pledge", "show", pledge)


def test_it_is_foreclosed(trade: Market, pledge: str) -> None:
    assert trade.refused("pledge", "default", pledge, by="buyer").error == "Pledge_TooEarly"
    trade.wait_until(LATE)
    declared = trade.do("pledge", "default", pledge, by="buyer")
    assert trade.see("pledge", "show", pledge)["forecloseFrom"] == declared["forecloseFrom"]
    prolonged = trade.do("pledge", "prolong", pledge, by="supplier")
    assert prolonged["userUntil"] == declared["forecloseFrom"]
    assert trade.refused("pledge", "foreclose", pledge, by="buyer").error == "Pledge_TooEarly"
    trade.wait_until(declared["forecloseFrom"])
    assert trade.do("pledge", "foreclose", pledge, by="buyer")["status"] == "foreclosed"
    for options in ((), ("--recalled",)):
        nothing = trade.refused("pledge", "collect", pledge, *options, by="stranger")
        assert nothing.error == "Pledge_NothingToCollect"


def test_who_signed_can_revoke(trade: Market, loan: Path) -> None:
    both = trade.do("pledge", "sign", loan, by="supplier")
    assert both["signed"] == ["pledger"]
    trade.do("pledge", "revoke", "loan.json", by="supplier")
    late = trade.refused("pledge", "sign", "loan.json", by="buyer")
    assert (late.code, late.error) == (2, "BrokenPledge")
    nobody = trade.refused("pledge", "approve", "loan.json", by="stranger")
    assert nobody.error == "SigningRefused"


def test_nothing_is_pledged_where_nobody_deployed_it(trade: Market) -> None:
    missing = trade.refused("pledge", "show", "0x1f2e3d4c", by="stranger", yes=False)
    assert (missing.code, missing.error) == (6, "NotFound")
