"""Change orders, assignments and permits on the command line: what the parties read, sign and send."""

from pathlib import Path

import pytest

from tests.python.cli.market import UNIT, Market

AMEND = ("order", "propose", "amend")
ASSIGN = ("order", "propose", "assign")
SETTLE = ("order", "propose", "settle")
DUE = "2027-02-10T12:00Z"


def revised(draft: Path, name: str = "new.toml", **changes: str) -> Path:
    """The draft of another line: `due_by` and `salt` differ, and what `changes` say."""
    values = {"due_by": DUE, "salt": "8"} | changes
    lines = [each for each in draft.read_text().splitlines() if each.split(" =")[0].strip("# ") not in values]
    Path(name).write_text("\n".join([*(f'{key} = "{value}"' for key, value in values.items()), *lines]))
    return Path(name)


@pytest.fixture
def order(trade: Market, draft: Path, line: str) -> Path:
    """A change order that the supplier proposed: 300 of 800 for work in progress, 900 still open."""
    new = revised(draft, amount="900")
    return Path(trade.do(*AMEND, line, new, "--work-in-progress", "300", by="supplier")["file"])


@pytest.fixture
def assigned(trade: Market, line: str) -> str:
    """The line, assigned to the stranger."""
    file = trade.see(*ASSIGN, line, "stranger", by="supplier")["file"]
    trade.do("order", "sign", file, by="stranger")
    trade.do("order", "send", file, by="supplier")
    return line


def test_journey_of_a_change_order(trade: Market, line: str, order: Path) -> None:
    before = trade.has("buyer")
    assert order.name == f"change-order-{line[2:12]}.json"

    sent = trade.do("order", "send", order, by="buyer")

    assert (sent["oldId"], sent["newId"], sent["line"]) == (line, sent["line"], sent["newId"])
    assert (sent["status"], sent["held"]) == ("open", str(900 * UNIT))
    assert before - trade.has("buyer") == 400 * UNIT
    old, new = (trade.see("order", "show", each) for each in (line, sent["line"]))
    assert old["history"][-1]["said"] == f"replaced by line {sent['line'][:12]}"
    assert f"replaces line {line[:12]}" in [each["said"] for each in new["history"]]


def test_change_order_is_shown_in_words_before_it_is_signed(trade: Market, order: Path) -> None:
    told = trade.noted("order", "sign", order, by="buyer")

    for words in (
        "You sign this change order for the buyer:",
        "The price still open is 900.00 TUSD; it was 1000.00 TUSD.",
        "It is due at 2027-02-10 12:00 UTC; it was due at 2027-01-25 12:00 UTC.",
        "300.00 TUSD go to the supplier side",
        "900.00 TUSD are held for it, of which 500.00 TUSD are the buyer's share of the old line.",
        "400.00 TUSD are still to be paid for the buyer.",
        "The supplier locks a security deposit of 90.00 TUSD.",
        "10.00 TUSD of the old deposit stay free.",
        "once both agree",
    ):
        assert words in told


def test_cheaper_line_gives_money_back(trade: Market, draft: Path, line: str) -> None:
    new, before = revised(draft, amount="100"), trade.has("buyer")
    options = ("--work-in-progress", "300", "--bond-to-buyer", "20")
    file = trade.do(*AMEND, line, new, *options, by="supplier")["file"]

    assert "420.00 TUSD go back to the buyer" in trade.noted("order", "send", file, by="buyer")
    trade.do("order", "send", file, by="buyer")
    assert trade.has("buyer") - before == 420 * UNIT


@pytest.mark.parametrize(
    ("changes", "work", "error"),
    [
        ({}, "800.01", "OutcomeBeyondHeld"),
        ({"broker": "0x" + 39 * "0" + "7"}, "300", "OtherDeal"),
        ({"token": "coin"}, "300", "OtherDeal"),
        ({"due_by": "2027-01-25T12:00Z"}, "300", "OtherDeal"),
        ({"open_by": "2027-01-01T12:00Z"}, "300", "TooLate"),
    ],
)
def test_change_order_that_would_fail_is_not_signed(
    trade: Market, draft: Path, line: str, changes: dict[str, str], work: str, error: str
) -> None:
    new = revised(draft, **changes)

    refusal = trade.refused(*AMEND, line, new, "--work-in-progress", work, by="buyer")

    assert (refusal.code, refusal.error) == (2, error)


def test_f028_change_order_of_a_delivered_line_is_refused(trade: Market, line: str, order: Path) -> None:
    trade.wait_until("2027-01-25T10:00Z")
    trade.do("order", "deliver", line, by="supplier")

    refusal = trade.refused("order", "send", order, by="buyer")

    assert (refusal.code, refusal.error) == (2, "WrongLineStatus")
    assert "while work on it goes on" in refusal.message


def test_f028_change_order_is_over_at_its_deadline(trade: Market, draft: Path, line: str) -> None:
    until = ("--work-in-progress", "1", "--until", "2027-01-05T12:00Z")
    file = trade.do(*AMEND, line, revised(draft), *until, by="supplier")["file"]
    trade.wait_until("2027-01-05T12:00Z")

    assert trade.refused("order", "send", file, by="buyer").error == "ProposalExpired"


def test_journey_of_an_assignment(trade: Market, line: str) -> None:
    file = Path(trade.see(*ASSIGN, line, "stranger", by="supplier")["file"])
    assert file.name == f"assignment-{line[2:12]}.json"
    early = trade.refused("order", "send", file, by="supplier")
    assert (early.code, early.error) == (2, "MissingConsent")

    told = trade.noted("order", "sign", file, by="stranger")
    assert "at most what is held, 800.00 TUSD" in told
    assert "it may get nothing" in told
    assert trade.do("order", "sign", file, by="stranger")["signed"] == ["payee"]
    for other in "buyer", "stranger":
        assert trade.refused("order", "send", file, by=other).error == "SigningRefused"

    sent = trade.do("order", "send", file, by="supplier")

    stranger = trade.people["stranger"]
    assert (sent["payee"], sent["line"]) == (stranger, line)
    shown = trade.see("order", "show", line)
    assert shown["payee"] == stranger
    assert shown["history"][-1]["said"] == f"what is due to the supplier assigned to {stranger}"
    who = {each["action"]: each["who"] for each in shown["actions"]}
    assert (who["refund"], stranger in who["settle"]) == ([stranger], True)
    assert f"go to the supplier side, {stranger}" in trade.noted("order", "accept", line, by="buyer")


def test_proposing_an_assignment_again_keeps_the_payees_signature(trade: Market, line: str) -> None:
    file = trade.see(*ASSIGN, line, "stranger", by="supplier")["file"]
    trade.do("order", "sign", file, by="stranger")
    trade.wait_until("2027-01-05T08:00Z")

    assert trade.see(*ASSIGN, line, "stranger", by="supplier")["signed"] == ["payee"]


@pytest.mark.parametrize(
    ("payee", "by", "error"),
    [
        *(("buyer", "supplier", "WrongPayee"), ("inspector", "supplier", "WrongPayee")),
        *(("supplier", "supplier", "WrongPayee"), ("stranger", "buyer", "SigningRefused")),
    ],
)
def test_assignment_that_would_fail_is_not_written(
    trade: Market, line: str, payee: str, by: str, error: str
) -> None:
    refusal = trade.refused(*ASSIGN, line, payee, by=by, yes=False)

    assert refusal.error == error
    assert not list(Path().glob("assignment-*"))


def test_payee_is_the_third_to_agree(trade: Market, draft: Path, assigned: str) -> None:
    settle = trade.do(*SETTLE, assigned, "--to-supplier", "700", "--goods", "buyer", by="supplier")["file"]
    amend = trade.do(*AMEND, assigned, revised(draft), "--work-in-progress", "300", by="supplier")["file"]
    for file in settle, amend:
        refusal = trade.refused("order", "send", file, by="buyer")
        assert (refusal.error, "the payee has not signed" in refusal.message) == ("MissingConsent", True)
        assert trade.do("order", "sign", file, by="stranger")["signed"] == ["payee", "supplier"]
    assert "once all three agree" in trade.noted("order", "sign", settle, by="buyer")

    sent = trade.do("order", "send", amend, by="buyer")

    assert trade.see("order", "show", sent["line"])["payee"] == trade.people["stranger"]
    assert trade.has("stranger") == 300 * UNIT


def test_first_payment_with_a_permit(trade: Market, draft: Path) -> None:
    trade.do("order", "sign", draft, by="supplier")

    told = trade.noted("order", "send", "line.json", "--permit", by="buyer")
    assert "You sign a permit by which the escrow takes exactly 1000.00 TUSD." in told
    sent = trade.do("order", "send", "line.json", "--permit", by="buyer")

    assert (sent["status"], sent["held"]) == ("open", str(800 * UNIT))
    assert trade.has("buyer") == 9_000 * UNIT


def test_permit_is_for_new_lines_in_tokens_only(trade: Market, draft: Path, order: Path) -> None:
    assert trade.refused("order", "send", order, "--permit", by="buyer").error == "InvalidInput"
    coin = revised(draft, "coin.toml", token="coin", amount="1")
    trade.do("order", "sign", coin, by="supplier")

    refusal = trade.refused("order", "send", "coin.json", "--permit", by="buyer")

    assert (refusal.code, "without --permit" in refusal.message) == (2, True)


def test_change_order_that_takes_more_security_than_there_is_is_not_proposed(
    trade: Market, draft: Path, line: str
) -> None:
    trade.do("order", "withdraw", "900", "--token", trade.token, by="supplier")
    new = revised(draft, amount="2000")

    refusal = trade.refused(*AMEND, line, new, "--work-in-progress", "300", by="buyer")

    assert (refusal.code, refusal.error) == (2, "BondNotCovered")
    assert "100.00 TUSD short" in refusal.message
    assert "fabricant order deposit" in refusal.message


def test_operator_needs_open_where_the_buyer_gets_bond(trade: Market, draft: Path, line: str) -> None:
    lend = ("directory", "operator", "set", "stranger", "--until", "forever", "--roles")
    trade.do(*lend, "CHANGE", by="supplier")
    some = ("--work-in-progress", "300", "--bond-to-buyer", "50", "--for", "supplier")
    propose = (*AMEND, line, revised(draft), *some)

    assert trade.refused(*propose, by="stranger").error == "SigningRefused"
    trade.do(*lend, "CHANGE,OPEN", by="supplier")
    assert trade.do(*propose, by="stranger")["signed"] == ["supplier"]


def test_next_assignment_is_good_for_longer_than_the_last(trade: Market, assigned: str) -> None:
    propose = (*ASSIGN, assigned, "gateway", "--out", "next.json", "--until")

    refusal = trade.refused(*propose, "2027-01-06T00:00Z", by="stranger", yes=False)

    assert (refusal.code, refusal.error) == (2, "DeadlineNotLater")
    assert "propose a later time (--until)" in refusal.message
    assert trade.see(*propose, "2027-02-20T00:00Z", by="stranger")["signed"] == []
