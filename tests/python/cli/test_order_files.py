"""Agreements that parties hand each other as files: settlements, and what protects those who sign."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from fabricant.domain.escrow import line_id
from fabricant.domain.signed_files import SETTLEMENT_FILE, SignedFile
from tests.python.cli.market import UNIT, Market, when

PROPOSE = ("order", "propose", "settle")
OUTCOME = ("--to-supplier", "700", "--bond-to-buyer", "25", "--goods", "buyer")


@pytest.fixture
def settlement(trade: Market, line: str) -> Path:
    """A settlement that the supplier proposed: 700 of 800 for it."""
    return Path(trade.do(*PROPOSE, line, *OUTCOME, by="supplier")["file"])


def edited(file: Path, **changes: Any) -> None:
    """Changes fields of a file."""
    file.write_text(json.dumps(json.loads(file.read_text()) | changes))


def test_journey_of_a_settlement(trade: Market, line: str, settlement: Path) -> None:
    assert settlement.name == f"settlement-{line[2:12]}.json"
    assert trade.see("order", "show", settlement)["signed"] == ["supplier"]

    both = trade.do("order", "sign", settlement, by="buyer")
    assert both["signed"] == ["buyer", "supplier"]
    sent = trade.do("order", "send", settlement, by="supplier")

    assert (sent["ending"], sent["status"], sent["line"]) == ("settled", "closed", line)
    assert (sent["toSupplierSide"], sent["toBuyer"]) == (str(700 * UNIT), str(100 * UNIT))
    assert sent["bondToBuyer"] == str(25 * UNIT)
    assert trade.has("buyer") == 10_000 * UNIT - 1_000 * UNIT + 125 * UNIT


def test_who_sends_a_settlement_agrees_by_that(trade: Market, settlement: Path) -> None:
    assert trade.do("order", "send", settlement, by="buyer")["ending"] == "settled"


def test_settlement_is_shown_in_words_before_it_is_signed(trade: Market, settlement: Path) -> None:
    before = settlement.read_bytes()

    told = trade.noted("order", "sign", settlement, by="buyer")

    for words in (
        "You sign this settlement for the buyer:",
        "800.00 TUSD are held.",
        "700.00 TUSD go to the supplier side",
        "100.00 TUSD go to the buyer",
        "25.00 TUSD of the supplier's security deposit go to the buyer.",
        "sent before 2027-01-18 08:0",
    ):
        assert words in told
    assert settlement.read_bytes() == before
    assert "700.00 TUSD go to the supplier side" in trade.text("order", "show", settlement)


def test_proposing_and_signing_again_changes_nothing(trade: Market, line: str, settlement: Path) -> None:
    before = settlement.read_bytes()
    trade.wait_until("2027-01-05T08:00Z")
    trade.do(*PROPOSE, line, *OUTCOME, by="supplier")
    trade.do("order", "sign", settlement, by="supplier")
    assert settlement.read_bytes() == before

    trade.do("order", "sign", settlement, by="buyer")
    both = settlement.read_bytes()
    trade.do(*PROPOSE, line, *OUTCOME, by="supplier")

    assert settlement.read_bytes() == both
    assert not list(Path().glob(".*.part"))


def test_stop_in_the_middle_of_writing_loses_nothing(
    trade: Market, settlement: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = settlement.read_bytes()

    def stop(_part: Path, _target: Path) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(Path, "replace", stop)
        assert trade.refused("order", "sign", settlement, by="buyer").code == 130

    assert settlement.read_bytes() == before
    assert not list(Path().glob(".*.part"))
    assert trade.do("order", "sign", settlement, by="buyer")["signed"] == ["buyer", "supplier"]


def test_draft_is_shown_before_anybody_signs(trade: Market, draft: Path) -> None:
    shown = trade.see("order", "show", draft)

    assert (shown["kind"], shown["signed"], shown["problem"]) == ("order line", [], None)
    assert "signed by nobody yet" in trade.text("order", "show", draft)


def test_other_proposal_never_takes_the_place_of_a_file(trade: Market, line: str, settlement: Path) -> None:
    before = settlement.read_bytes()
    other = (*PROPOSE, line, "--to-supplier", "800", "--goods", "buyer")

    for options in ((), ("--out", "line.json")):
        refusal = trade.refused(*other, *options, by="supplier")
        assert (refusal.code, refusal.error) == (2, "InvalidInput")
    refusal = trade.refused(*PROPOSE, line, *OUTCOME, "--until", "2027-01-06T00:00Z", by="supplier")

    assert (refusal.code, "name another file with --out" in refusal.message) == (2, True)
    assert settlement.read_bytes() == before
    assert trade.do(*other, "--out", "second.json", by="supplier")["signed"] == ["supplier"]


@pytest.mark.parametrize(
    ("outcome", "told"),
    [
        (("--to-supplier", "800.000001"), "800.00 TUSD are held"),
        (("--to-supplier", "800", "--bond-to-buyer", "100.01"), "it is 100.00 TUSD"),
    ],
)
def test_more_than_there_is_cannot_be_shared_out(
    trade: Market, line: str, outcome: tuple[str, ...], told: str
) -> None:
    refusal = trade.refused(*PROPOSE, line, *outcome, "--goods", "buyer", by="buyer")

    assert (refusal.code, refusal.error) == (2, "OutcomeBeyondHeld")
    assert told in refusal.message


def test_payment_after_signing_does_not_block_a_settlement(
    trade: Market, line: str, settlement: Path
) -> None:
    trade.do("order", "sign", settlement, by="buyer")
    trade.do("order", "pay", line, "200", by="buyer")

    told = trade.noted("order", "send", settlement, by="supplier")
    assert "Of the 700.00 TUSD for the supplier side, only 600.00 TUSD are held." in told
    assert trade.do("order", "send", settlement, by="supplier")["toSupplierSide"] == str(600 * UNIT)


def test_f028_settlement_is_over_at_its_deadline(trade: Market, line: str) -> None:
    until = ("--until", "2027-01-05T12:00Z", "--out", "soon.json")
    trade.do(*PROPOSE, line, *OUTCOME, *until, by="supplier")
    trade.wait_until("2027-01-05T12:00Z")

    for command in (("order", "sign", "soon.json"), ("order", "send", "soon.json")):
        refusal = trade.refused(*command, by="buyer")
        assert (refusal.code, refusal.error) == (2, "ProposalExpired")
        assert "before 2027-01-05 12:00 UTC" in refusal.message
        assert "propose it anew" in refusal.message
    assert trade.see("order", "show", "soon.json")["problem"] == refusal.message


def test_f028_settlement_of_a_closed_line_is_refused(trade: Market, line: str, settlement: Path) -> None:
    trade.do("order", "cancel", line, by="buyer")

    for command in (("order", "sign", settlement), ("order", "send", settlement), (*PROPOSE, line, *OUTCOME)):
        refusal = trade.refused(*command, by="buyer")
        assert (refusal.code, refusal.error) == (2, "WrongLineStatus")
        assert "the line is closed" in refusal.message


def test_settlement_that_only_one_side_signed_is_not_sent_by_it(trade: Market, settlement: Path) -> None:
    for sender in "supplier", "stranger":
        refusal = trade.refused("order", "send", settlement, by=sender)
        assert (refusal.code, refusal.error) == (2, "MissingConsent")
        assert "the buyer has not signed this settlement" in refusal.message


def test_nobody_signs_for_another(trade: Market, settlement: Path) -> None:
    assert trade.refused("order", "sign", settlement, by="stranger").error == "InvalidInput"
    for signer, side in (("stranger", "buyer"), ("supplier", "buyer"), ("buyer", "supplier")):
        refusal = trade.refused("order", "sign", settlement, "--for", side, by=signer)
        assert (refusal.code, refusal.error) == (5, "SigningRefused")
        assert f"may not sign for the {side}" in refusal.message
    odd = trade.refused("order", "sign", settlement, "--for", "inspector", by="inspector")
    assert (odd.code, "sign for buyer or supplier" in odd.message) == (2, True)


def test_operator_signs_for_one_side_only(trade: Market, line: str) -> None:
    for principal in "buyer", "supplier":
        lend = ("directory", "operator", "set", "stranger", "--roles", "CHANGE", "--until", "forever")
        trade.do(*lend, by=principal)
    settlement = trade.do(*PROPOSE, line, *OUTCOME, "--for", "buyer", by="stranger")["file"]

    refusal = trade.refused("order", "sign", settlement, "--for", "supplier", by="stranger")

    assert (refusal.code, refusal.error) == (5, "SigningRefused")
    assert trade.do("order", "send", settlement, by="supplier")["ending"] == "settled"


def test_f036_altered_settlement_is_refused(trade: Market, settlement: Path) -> None:
    document = json.loads(settlement.read_text())
    message = document["message"]
    edited(settlement, message=message | {"outcome": message["outcome"] | {"toSupplier": "1"}})

    for command in "sign", "send", "show":
        refusal = trade.refused("order", command, settlement, by="buyer", yes=command != "show")
        assert (refusal.code, refusal.error) == (6, "VerificationFailed")
        assert "ask for it again" in refusal.message


def test_f036_settlement_with_other_terms_is_refused(trade: Market, settlement: Path) -> None:
    lines = json.loads(settlement.read_text())["lines"]
    edited(settlement, lines={"line": lines["line"] | {"amount": "1"}})

    refusal = trade.refused("order", "sign", settlement, by="buyer")

    assert (refusal.code, refusal.error) == (6, "OtherTerms")
    assert "are not those of the line that it names" in refusal.message


def test_f026_settlement_for_another_chain_is_refused(trade: Market, settlement: Path) -> None:
    file = SignedFile.parse(SETTLEMENT_FILE, settlement.read_bytes())
    elsewhere = replace(file.domain, chain_id=1)
    message = replace(file.content, id=line_id(file.lines["line"], elsewhere))
    settlement.write_bytes(replace(file, domain=elsewhere, content=message).serialise())

    refusal = trade.refused("order", "sign", settlement, by="buyer")

    assert (refusal.code, refusal.error) == (4, "WrongChain")
    assert "on chain 1" in refusal.message


def test_signature_of_somebody_else_does_not_count(trade: Market, settlement: Path) -> None:
    document = json.loads(settlement.read_text())
    consent = document["consents"]["supplier"]
    forged = consent | {"signature": consent["signature"][:-4] + "0000"}
    for side, wrong, other in (("supplier", forged, "buyer"), ("buyer", consent, "supplier")):
        edited(settlement, consents={side: wrong})
        for command in "sign", "send":
            refusal = trade.refused("order", command, settlement, by=other)
            assert (refusal.code, refusal.error) == (6, "BadConsent")
            assert "ask for a file that it signed anew" in refusal.message
        assert trade.see("order", "show", settlement)["signed"] == []
    assert trade.do("order", "sign", settlement, by="buyer")["signed"] == ["buyer"]
    assert trade.see("order", "show", settlement)["problem"] is None


def test_file_of_another_kind_is_refused(trade: Market, settlement: Path) -> None:
    Path("noise.json").write_bytes(b"{}")
    assert "this is no signed file" in trade.refused("order", "sign", "noise.json", by="buyer").message
    assert "is another kind of file" in trade.refused("order", "revoke", settlement, by="buyer").message


# What happened, and what can happen next


def test_timeline_of_a_line(trade: Market, line: str) -> None:
    trade.do("order", "pay", line, "50", by="buyer")
    trade.do("order", "extend", line, "--by", "1 day", by="buyer")
    trade.do("order", "refund", line, "10", by="supplier")
    trade.wait_until("2027-01-27T10:00Z")
    trade.do("order", "deliver", line, by="supplier")
    trade.do("order", "receipt", line, by="inspector")
    trade.do("order", "reject", line, "--reason", "burrs", by="inspector")
    trade.do("order", "deliver", line, by="supplier")
    trade.do("order", "accept", line, by="inspector")

    shown = trade.see("order", "show", line)

    said = [(each["said"].partition(", arrives by 2027-01-29")[0], each["who"]) for each in shown["history"]]
    assert "arrives by 2027-01-29 10:00" in shown["history"][4]["said"]
    assert said == [
        ("opened: 1000.00 TUSD paid in, 800.00 TUSD held", "the buyer"),
        ("50.00 TUSD released to the supplier side, 750.00 TUSD stay held", "the buyer"),
        ("due 1 day later than agreed at first", "the buyer"),
        ("10.00 TUSD given back to the buyer, 740.00 TUSD stay held", "the supplier"),
        ("delivered, 1 period late", "the supplier"),
        ("receipt confirmed", "the inspector"),
        ("rejected", "the inspector"),
        ("delivered, 1 period late", "the supplier"),
        (
            "accepted: 648.00 TUSD to the supplier side, 20.00 TUSD to the buyer, 72.00 TUSD retained",
            "the inspector",
        ),
    ]
    assert when(shown["history"][4]["at"]) == "2027-01-27 10:00"
    text = trade.text("order", "show", line)
    for words in ("what happened", "opened: 1000.00 TUSD paid in", "possible", "pay retention", "anyone"):
        assert words in text


def test_timeline_of_a_closed_line(trade: Market, line: str, settlement: Path) -> None:
    trade.do("order", "send", settlement, by="buyer")

    text = trade.text("order", "show", line)

    assert "settled: 700.00 TUSD to the supplier side, 100.00 TUSD to the buyer, 25.00 TUSD of the" in text
    assert "Nothing can happen to it any more." in text


@pytest.fixture
def order(trade: Market, draft: Path, line: str) -> tuple[list[str], str, str]:
    """Two lines of one purchase order, its reference, and the salt of its number."""
    text = [each for each in draft.read_text().splitlines() if not each.startswith(("salt", "amount"))]
    second = Path("second.toml")
    second.write_text("\n".join(["salt = '7'", "amount = '500'", *text]))
    trade.do("order", "sign", second, by="supplier")
    other = trade.do("order", "send", "second.json", by="buyer")["id"]
    salt = next(each for each in text if each.startswith("order_salt")).split('"')[1]
    reference = trade.see("order", "show", line)["terms"]["orderRef"]
    return [line, other], reference, salt


def test_purchase_order_is_shown_with_all_its_lines(trade: Market, order: tuple[list[str], str, str]) -> None:
    lines, reference, salt = order
    trade.do("order", "pay", lines[0], "50", by="buyer")

    shown = trade.see("order", "show", "--order", "4711", "--salt", salt)

    assert shown == trade.see("order", "show", "--order", reference)
    assert [each["id"] for each in shown["lines"]] == lines
    assert [len(each["history"]) for each in shown["lines"]] == [2, 1]
    text = trade.text("order", "show", "--order", reference)
    assert shown["totals"] == [{"token": trade.token, "price": str(1_500 * UNIT), "held": str(1_150 * UNIT)}]
    assert f"Purchase order {reference}: 2 lines." in text
    assert "1500.00 TUSD in all; 1150.00 TUSD are held." in text
    told = [each for each in text.splitlines() if "opened:" in each or "released" in each]
    assert [each.split()[-1] for each in told] == [lines[0][:12], lines[1][:12], lines[0][:12]]


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (("--order", "4711"), "InvalidInput"),
        (("--order", "4711", "--salt", "0x" + "11" * 32), "NotFound"),
        (("--order", "0x" + "11" * 32), "NotFound"),
        (("--order", "0x" + "00" * 32), "InvalidInput"),
        (("0x12345678", "--order", "0x" + "11" * 32), "InvalidInput"),
        ((), "InvalidInput"),
    ],
)
def test_purchase_order_that_is_not_there(trade: Market, words: tuple[str, ...], error: str) -> None:
    assert trade.refused("order", "show", *words, by="buyer", yes=False).error == error
