"""Order lines on the command line: one deal from the first word to the last product, and every way out."""

from pathlib import Path
from typing import Any

import pytest

from fabricant.samples import machine_log
from tests.python.cli.market import UNIT, Market, when

SPAN = "2027-01-11 to 2027-01-12 06:00 to 14:00"


def test_journey_from_conditions_to_accepted_products(market: Market) -> None:
    machine = market.open_for_business()
    market.do("asset", "device", "bind", "NMW-0417", "--device", "gateway", by="supplier")
    market.do(
        "directory", "operator", "set", "gateway", "--roles", "RECORD", "--until", "forever", by="supplier"
    )

    # The supplier offers, the buyer finds
    offer = market.offer()
    assert market.see("offer", "check", offer)["bookable"]
    market.do("offer", "publish", offer, by="supplier")
    wanted = ("--hours", SPAN, "--zone", "Europe/Berlin", "--max-hourly", "100", "--token", market.token)
    (found,) = market.see("offer", "find", *wanted)
    assert found["offer"]["machine"] == machine
    assert market.see("offer", "find", "--max-hourly", "94.99") == []

    # The buyer books: hours, line, money and deposit at once
    booked = market.book(
        found["id"][:12], "--assets", 2, "--order-number", "4711", hours="2027-01-11 06:00 to 14:00"
    )
    line, price = booked["line"], (8 * 95 + 120) * UNIT
    assert int(booked["price"]) == price
    assert market.has("buyer") == 10_000 * UNIT - price
    assert booked["orderSalt"] is not None
    shown = market.see("order", "show", line[:10])
    assert shown["line"]["status"] == "open"
    assert "BBBBBBBB" in market.text(
        "calendar", "show", machine, "--from", "2027-01-11", "--zone", "Europe/Berlin"
    )

    # The machine works; its log is anchored; two products are registered and delivered
    Path("machine.shdr").write_bytes(machine_log())
    stream = ("--stream", "machine-data", "--owner", "supplier")
    market.do("record", "anchor", "machine.shdr", *stream, by="gateway")
    for number in (1, 2):
        product = ("asset", "register", f"PART-{number}", "--kind", "product", "--twin", "machine.shdr")
        market.do(*product, by="supplier")
    market.wait_until("2027-01-11T14:00Z")
    parts = ("--asset", "PART-1", "--asset", "PART-2", "--evidence", "machine.shdr")
    told = market.refused("order", "deliver", line, *parts, by="supplier")
    assert "fabricant asset approve" in told.message
    market.do("asset", "approve", "PART-1", "PART-2", by="supplier")
    market.do("order", "deliver", line, *parts, by="supplier")

    # Received and rejected; the supplier collects the products and delivers them again
    market.do("order", "receipt", line, by="buyer")
    market.do("order", "reject", line, "--reason", "burrs", by="inspector")
    shown = market.see("order", "show", line)
    assert len(shown["goodsInCustody"]) == 2
    assert "accept" in [each["action"] for each in shown["actions"]]
    collected = market.do("order", "collect", line, by="supplier")
    assert collected["to"] == market.people["supplier"]
    assert "accept" not in [each["action"] for each in market.see("order", "show", line)["actions"]]
    market.do("asset", "approve", "PART-1", "PART-2", by="supplier")
    market.do("order", "deliver", line, *parts, by="supplier")

    # Accepted: money and products change hands
    accepted = market.do("order", "accept", line, by="inspector")
    assert (accepted["ending"], accepted["status"]) == ("accepted", "closed")
    assert market.has("supplier") == 9_000 * UNIT + price
    for part in collected["assets"]:
        assert market.see("asset", "show", part)["owner"] == market.people["buyer"]

    # The deposit is free again; a stranger verifies
    market.do("order", "withdraw", "all", "--token", market.token, by="supplier")
    assert market.has("supplier") == 10_000 * UNIT + price
    assert market.see("record", "verify", "machine.shdr", *stream)["intact"]
    (mine,) = market.see("order", "list", "--all", by="buyer")
    assert mine["id"] == line
    assert market.see("order", "list", by="buyer") == []
    events = [each["event"] for each in market.see("order", "show", line)["history"]]
    back = ["LineRejected", "GoodsHandedOver", "LineDelivered"]
    assert events == [
        *("LineOpened", "LineDelivered", "ReceiptConfirmed"),
        *back,
        *("LineConcluded", "GoodsHandedOver"),
    ]


# Lines that two parties agree on directly


def state(market: Market, line: str) -> Any:
    """What the chain keeps of a line."""
    return market.see("order", "show", line)["line"]


def test_both_sign_the_same_file_and_anybody_with_the_money_opens(trade: Market, draft: Path) -> None:
    first = trade.do("order", "sign", draft, by="supplier")
    both = trade.do("order", "sign", "line.json", by="buyer")
    assert (first["signed"], both["signed"]) == (["supplier"], ["buyer", "supplier"])
    assert trade.see("order", "show", "line.json")["signed"] == ["buyer", "supplier"]

    opened = trade.do("order", "send", "line.json", by="buyer")

    assert opened["id"] == first["id"]
    assert opened["held"] == str(800 * UNIT)
    assert trade.has("supplier") == 9_200 * UNIT
    again = trade.refused("order", "send", "line.json", by="buyer")
    assert (again.code, again.error) == (2, "WrongLineStatus")


def test_second_side_may_sign_the_draft_too(trade: Market, draft: Path) -> None:
    trade.do("order", "sign", draft, by="supplier")
    assert trade.do("order", "sign", draft, by="buyer")["signed"] == ["buyer", "supplier"]

    draft.write_text(draft.read_text().replace('amount = "1000"', 'amount = "999"'))
    refusal = trade.refused("order", "sign", draft, by="buyer")

    assert (refusal.code, "is another order line" in refusal.message) == (2, True)


def test_f118_line_is_shown_in_words_before_it_is_signed(trade: Market, draft: Path) -> None:
    assert trade.run is not None

    result = trade.run("--wallet", "supplier", "order", "sign", draft)

    assert result.exit_code == 2
    for told in (
        "for 1000.00 TUSD.",
        "200.00 TUSD of it is paid to the supplier at opening.",
        "due at 2027-01-25 12:00 UTC",
        "10 % of what acceptance pays is held back as a warranty",
    ):
        assert told in result.stderr
    assert not Path("line.json").exists()


def test_line_that_nobody_signed_needs_the_supplier(trade: Market, draft: Path) -> None:
    refusal = trade.refused("order", "send", draft, by="buyer")

    assert (refusal.code, refusal.error) == (2, "MissingConsent")
    assert "the supplier has not signed this order line" in refusal.message


def test_stranger_signs_only_as_an_operator(trade: Market, draft: Path) -> None:
    assert "neither buyer nor supplier" in trade.refused("order", "sign", draft, by="stranger").message

    for_supplier = ("order", "sign", draft, "--for", "supplier")
    refusal = trade.refused(*for_supplier, by="stranger")
    assert (refusal.code, refusal.error) == (5, "SigningRefused")
    assert "let it lend you OPEN" in refusal.message

    lend = ("directory", "operator", "set", "stranger", "--roles", "OPEN", "--until", "forever")
    trade.do(*lend, by="supplier")
    trade.do(*for_supplier, by="stranger")

    assert trade.do("order", "send", "line.json", by="buyer")["status"] == "open"


def test_consent_of_an_operator_that_may_no_more_does_not_count(trade: Market, draft: Path) -> None:
    operator = ("directory", "operator", "set", "stranger", "--until", "forever")
    trade.do(*operator, "--roles", "OPEN", by="supplier")
    trade.do("order", "sign", draft, "--for", "supplier", by="stranger")
    trade.do(*operator, "--roles", "QUALITY", by="supplier")

    refusal = trade.refused("order", "send", "line.json", by="buyer")

    assert (refusal.code, refusal.error) == (6, "BadConsent")
    shown = trade.see("order", "show", "line.json")
    assert (shown["signed"], shown["problem"]) == ([], refusal.message)


def test_f036_altered_line_is_refused(trade: Market, draft: Path) -> None:
    trade.do("order", "sign", draft, by="supplier")
    file = Path("line.json")
    file.write_text(file.read_text().replace('"amount": "1000000000"', '"amount": "100000000"'))

    refusal = trade.refused("order", "send", file, by="buyer")

    assert (refusal.code, refusal.error) == (6, "VerificationFailed")


def test_line_that_was_to_be_opened_earlier_is_refused(trade: Market, draft: Path) -> None:
    trade.do("order", "sign", draft, by="supplier")
    trade.wait_until("2027-01-10T00:00Z")

    refusal = trade.refused("order", "send", "line.json", by="buyer")

    assert (refusal.code, refusal.error) == (2, "TooLate")


def test_revoked_line_is_never_opened(trade: Market, draft: Path) -> None:
    trade.do("order", "sign", draft, by="supplier")
    trade.do("order", "revoke", "line.json", by="supplier")

    for command in "send", "sign":
        refusal = trade.refused("order", command, "line.json", by="buyer")
        assert (refusal.code, refusal.error) == (2, "WrongLineStatus")
        assert "the line is revoked" in refusal.message


def test_show_says_what_can_happen_who_may_do_it_and_until_when(trade: Market, line: str) -> None:
    shown = trade.see("order", "show", line[:10])

    actions = {each["action"]: each for each in shown["actions"]}
    deliver, cancel = actions["deliver"], actions["cancel"]
    assert (deliver["who"], deliver["now"]) == ([trade.people["supplier"]], False)
    assert when(deliver["from"]) == "2027-01-23 12:00"
    assert when(cancel["before"]) == "2027-01-18 12:00"
    assert cancel["role"] == "change"
    text = trade.text("order", "show", line)
    assert "800.00 TUSD are held." in text
    assert "the supplier" in text


def test_line_is_named_by_enough_digits(trade: Market, line: str) -> None:
    assert trade.refused("order", "show", line[:9], by="buyer", yes=False).code == 2
    other = "0x" + ("1" if line[2] != "1" else "2") + line[3:]
    assert trade.refused("order", "cancel", other, by="buyer").error == "NotFound"
    assert trade.refused("order", "cancel", other[:12], by="buyer").error == "NotFound"


def test_rejected_delivery_is_delivered_again_and_accepted_late(trade: Market, line: str) -> None:
    trade.wait_until("2027-01-25T10:00Z")
    trade.do("order", "deliver", line, by="supplier")
    trade.do("order", "receipt", line, by="buyer")
    Path("report.pdf").write_bytes(b"chatter marks")
    buyer = trade.refused("order", "reject", line, "--reason", "@report.pdf", by="buyer")
    assert buyer.error == "SupplierEscrow_NotInspector"
    assert buyer.message.endswith("To accept and to confirm receipt, the buyer may in any case")
    rejected = trade.do("order", "reject", line, "--reason", "@report.pdf", by="inspector")
    assert rejected["status"] == "rejected"
    trade.wait_until("2027-01-27T10:00Z")
    trade.do("order", "deliver", line, by="supplier")

    accepted = trade.do("order", "accept", line, by="inspector")

    late = 2 * 20 * UNIT  # two days have begun, 2 % of the price each
    retained = (800 * UNIT - late) // 10
    assert accepted["toBuyer"] == str(late)
    assert (accepted["status"], accepted["held"]) == ("retained", str(retained))
    early = trade.refused("order", "retention", line, by="stranger")
    assert early.error == "SupplierEscrow_TooEarly"
    trade.wait_until("2027-05-01T00:00Z")
    assert trade.do("order", "retention", line, by="stranger")["status"] == "closed"
    assert trade.has("supplier") == 9_000 * UNIT + 1_000 * UNIT - late


def test_delivery_that_nobody_inspects_is_accepted_by_silence(trade: Market, line: str) -> None:
    trade.wait_until("2027-01-25T10:00Z")
    trade.do("order", "deliver", line, by="supplier")
    silence = ("order", "deem-accept", line)
    assert trade.refused(*silence, by="stranger").error == "SupplierEscrow_TooEarly"
    trade.wait_until("2027-01-30T10:00:05Z")

    assert trade.do(*silence, by="stranger")["ending"] == "deemed_accepted"


def test_parts_of_the_price_are_released_and_given_back_exactly(trade: Market, line: str) -> None:
    assert trade.do("order", "pay", line, "250.5", by="buyer")["held"] == str(549_500_000)
    assert trade.do("order", "refund", line, "49.500001", by="supplier")["held"] == str(499_999_999)
    for amount, told in (("500", "499.999999 TUSD are held"), ("0", "above zero"), ("1.0000001", "decimal")):
        refusal = trade.refused("order", "pay", line, amount, by="buyer")
        assert refusal.code == 2
        assert told in refusal.message


def test_buyer_extends_to_a_time_or_by_a_duration(trade: Market, line: str) -> None:
    trade.do("order", "extend", line, "--to", "2027-01-26T12:00Z", by="buyer")
    assert trade.do("order", "extend", line, "--by", "1 week", by="buyer")["extraAfter"] == 8 * 86_400

    for options in (("--to", "2027-01-26T12:00Z"), (), ("--to", "2027-03-01T00:00Z", "--by", "1 week")):
        assert trade.refused("order", "extend", line, *options, by="buyer").code == 2


def test_buyer_cancels_in_good_time(trade: Market, line: str) -> None:
    cancelled = trade.do("order", "cancel", line, by="buyer")

    assert (cancelled["ending"], cancelled["toSupplierSide"], cancelled["toBuyer"]) == (
        "cancelled",
        "0",
        str(800 * UNIT),
    )


def test_buyer_cannot_cancel_too_late(trade: Market, line: str) -> None:
    trade.wait_until("2027-01-18T12:00Z")

    refusal = trade.refused("order", "cancel", line, by="buyer")

    assert "cancel" not in [each["action"] for each in trade.see("order", "show", line)["actions"]]
    assert (refusal.code, refusal.error) == (3, "SupplierEscrow_TooLate")
    assert "2027-01-18 12:00 UTC" in refusal.message


@pytest.fixture
def disputed(trade: Market, draft: Path) -> str:
    """A delivered line of 1,000 under conditions that let nobody reject, in dispute."""
    trade.see("conditions", "new", "strict.toml", "--max-rejections", "0", "--arbiter-fee-bps", "2 %")
    conditions = trade.do("conditions", "publish", "strict.toml", by="supplier")["id"]
    text = [each for each in draft.read_text().splitlines() if not each.startswith(("conditions", "arbiter"))]
    own = (f'conditions = "{conditions}"', f'arbiter = "{trade.people["arbiter"]}"')
    draft.write_text("\n".join([*own, *text]))
    trade.do("order", "sign", draft, by="supplier")
    line = str(trade.do("order", "send", "line.json", by="buyer")["id"])
    trade.wait_until("2027-01-25T10:00Z")
    trade.do("order", "deliver", line, by="supplier")
    Path("report.pdf").write_bytes(b"chatter marks")
    trade.do("order", "deposit", "20", "--token", trade.token, by="buyer")
    trade.do("order", "dispute", line, "report.pdf", "--uri", "https://example.com/report", by="buyer")
    return line


def test_arbiter_rules_and_is_paid(trade: Market, disputed: str) -> None:
    Path("reply.pdf").write_bytes(b"within tolerance")
    trade.do("order", "evidence", disputed, "reply.pdf", by="supplier")
    refusal = trade.refused("order", "rule", disputed, "--to-supplier", "1", "--goods", "buyer", by="buyer")
    assert (refusal.code, refusal.error) == (3, "SupplierEscrow_NotArbiter")

    ruled = trade.do("order", "rule", disputed, "--to-supplier", "700", "--goods", "buyer", by="arbiter")

    assert (ruled["ending"], ruled["toSupplierSide"], ruled["status"]) == ("ruled", str(700 * UNIT), "closed")
    assert trade.has("arbiter") == 20 * UNIT
    assert trade.has("supplier") == 10_000 * UNIT - 1_000 * UNIT + 700 * UNIT


def test_dispute_without_a_ruling_ends_by_the_agreed_split(trade: Market, disputed: str) -> None:
    early = trade.refused("order", "default", disputed, by="stranger")
    assert early.error == "SupplierEscrow_TooEarly"
    shown = trade.see("order", "show", disputed)
    trade.wait_until(next(each["from"] for each in shown["actions"] if each["action"] == "apply_default"))

    assert trade.do("order", "default", disputed, by="stranger")["ending"] == "defaulted"


def test_supplier_declines_early_and_gives_the_advance_back(trade: Market, line: str) -> None:
    assert trade.run is not None
    told = trade.run("--wallet", "supplier", "order", "resign", line).stderr
    assert "200.00 TUSD of that are the advance, which comes from your free balance." in told

    assert trade.do("order", "resign", line, by="supplier")["bondToBuyer"] == "0"

    assert trade.has("buyer") == 10_000 * UNIT


def test_supplier_that_resigns_late_loses_its_deposit(trade: Market, line: str) -> None:
    trade.wait_until("2027-01-15T00:00Z")

    resigned = trade.do("order", "resign", line, by="supplier")

    assert (resigned["bondToBuyer"], resigned["toBuyer"]) == (str(100 * UNIT), str(800 * UNIT))


def test_buyer_terminates_what_was_not_performed(trade: Market, line: str) -> None:
    assert trade.refused("order", "terminate", line, by="buyer").error == "SupplierEscrow_TooEarly"
    trade.wait_until("2027-02-01T12:00Z")

    terminated = trade.do("order", "terminate", line, by="buyer")

    assert (terminated["ending"], terminated["status"]) == ("terminated", "closed")
    assert trade.has("buyer") == 10_000 * UNIT - 200 * UNIT + 100 * UNIT


def test_stranger_can_do_nothing_with_a_line(trade: Market, line: str) -> None:
    for action in (("cancel",), ("resign",), ("pay", "1"), ("refund", "1"), ("extend", "--by", "1 day")):
        command, *more = action
        refusal = trade.refused("order", command, line, *more, by="stranger")
        assert (refusal.code, refusal.error[:18]) == (3, "SupplierEscrow_Not")


def test_line_with_exact_goods(trade: Market, draft: Path) -> None:
    goods = [
        trade.do("asset", "register", name, "--kind", "product", by="supplier")["id"]
        for name in ("PART-1", "PART-2", "PART-3")
    ]
    text = draft.read_text().replace("goods = []", f'goods = ["PART-1", "{goods[1]}"]')
    draft.write_text(text)
    trade.do("order", "sign", draft, by="supplier")
    line = trade.do("order", "send", "line.json", by="buyer")["id"]
    trade.do("asset", "approve", "--all", by="supplier")
    trade.wait_until("2027-01-25T10:00Z")
    wrong = trade.refused("order", "deliver", line, "--asset", "PART-1", "--asset", "PART-3", by="supplier")
    assert wrong.error == "SupplierEscrow_WrongAssets"

    trade.do("order", "deliver", line, "--asset", "PART-1", "--asset", "PART-2", by="supplier")
    trade.do("order", "accept", line, by="inspector")

    owners = [trade.see("asset", "show", each)["owner"] for each in goods]
    assert owners == [trade.people["buyer"]] * 2 + [trade.people["supplier"]]
    assert trade.refused("order", "collect", line, by="buyer").code == 2


# Free balances


def test_balances_are_deposited_shown_and_withdrawn(trade: Market) -> None:
    trade.do("order", "deposit", "0.5", "--token", "coin", by="supplier")
    (tokens, coin) = trade.see("order", "balance", by="supplier")["balances"]
    assert (tokens["symbol"], tokens["amount"]) == ("TUSD", str(1_000 * UNIT))
    assert (coin["symbol"], coin["amount"]) == ("ETH", str(5 * 10**17))
    assert trade.text("order", "balance", by="supplier").splitlines()[2].split() == ["0.50", "ETH", "coin"]

    trade.do("order", "withdraw", "0.1", "--token", "coin", by="supplier")
    left = trade.do("order", "withdraw", "all", "--token", trade.token, by="supplier")

    assert left["balanceAfter"] == "0"
    too_much = trade.refused("order", "withdraw", "0.5", "--token", "coin", by="supplier")
    assert (too_much.code, too_much.error) == (3, "SupplierEscrow_InsufficientBalance")


def test_amount_that_the_token_cannot_have_is_refused(trade: Market) -> None:
    refusal = trade.refused("order", "deposit", "0.0000001", "--token", trade.token, by="supplier")

    assert (refusal.code, refusal.error) == (2, "InvalidInput")


def test_address_without_a_token_is_not_found(trade: Market) -> None:
    deposit = ("order", "deposit", "1", "--token", trade.people["buyer"])

    assert trade.refused(*deposit, by="supplier").error == "NotFound"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("deposit", "0"), "the amount is zero"),
        (("withdraw", "0"), "the amount is zero"),
        (("withdraw", "all"), "there is nothing to withdraw"),
        (("deposit", "--", "-1"), "from 0 up"),
    ],
)
def test_money_that_would_not_move_is_refused_before_anything_is_asked(
    trade: Market, words: tuple[str, ...], told: str
) -> None:
    action, *amount = words

    refusal = trade.refused(
        "--json", "order", action, "--token", "coin", "--yes", *amount, by="buyer", yes=False
    )

    assert (refusal.code, refusal.error) == (2, "InvalidInput")
    assert told in refusal.message


def test_f114_coin_that_is_not_there_is_refused_before_the_trial(trade: Market) -> None:
    refusal = trade.refused("order", "deposit", "11", "--token", "coin", by="supplier")

    assert (refusal.code, refusal.error) == (3, "UnfundedWallet")
    assert "this takes 11.00 and the fee" in refusal.message


def test_line_without_a_delivery_says_so(trade: Market, line: str) -> None:
    receipt = trade.refused("order", "receipt", line, by="buyer")

    assert receipt.error == "SupplierEscrow_WrongStatus"
    assert "is open, and nothing was delivered yet" in receipt.message


def test_products_that_were_not_delivered_are_not_accepted(trade: Market) -> None:
    line = trade.book(trade.offer(), "--assets", 2)["line"]

    refusal = trade.refused("order", "accept", line, by="buyer")

    assert refusal.error == "SupplierEscrow_WrongAssets"
    assert "nothing was delivered yet" in refusal.message


def test_delivery_without_papers_says_none(trade: Market, line: str) -> None:
    trade.wait_until("2027-01-25T10:00Z")

    shown = trade.noted("order", "deliver", line, by="supplier")

    assert "evidence: none" in shown
    assert "0x" + "0" * 64 not in shown


@pytest.fixture
def lines(trade: Market, draft: Path, line: str) -> list[str]:
    """Two lines between the same two, both delivered."""
    Path("second.toml").write_text(draft.read_text().replace('amount = "1000"', 'amount = "2000"'))
    trade.do("order", "sign", "second.toml", by="supplier")
    second = trade.do("order", "send", "second.json", by="buyer")["id"]
    trade.wait_until("2027-01-25T10:00Z")
    for each in (line, second):
        trade.do("order", "deliver", each, by="supplier")
    return [line, str(second)]


def test_lines_are_accepted_together(trade: Market, lines: list[str]) -> None:
    done = trade.do("order", "accept", *lines, lines[0][:12], by="inspector")

    assert len(done["transactions"]) == 1
    assert {(each["id"], each["ending"]) for each in done["lines"]} == {(each, "accepted") for each in lines}


def test_one_line_that_can_not_be_accepted_stops_all(trade: Market, lines: list[str]) -> None:
    trade.do("order", "accept", lines[1], by="inspector")

    assert trade.refused("order", "accept", *lines, by="inspector").error == "SupplierEscrow_WrongStatus"
    assert state(trade, lines[0])["status"] == "delivered"


def test_lines_that_nobody_inspects_are_closed_together(trade: Market, lines: list[str]) -> None:
    refusal = trade.refused("order", "deem-accept", *lines, by="stranger")
    assert refusal.error == "SupplierEscrow_TooEarly"
    trade.wait_until("2027-01-30T11:00Z")

    done = trade.do("order", "deem-accept", *lines, by="stranger")

    assert [each["ending"] for each in done["lines"]] == ["deemed_accepted"] * 2
