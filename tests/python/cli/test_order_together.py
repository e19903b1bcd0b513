"""Several lines of one purchase order: one signature of each side, one transaction, all or none."""

import json
from pathlib import Path

import pytest

from fabricant.artifacts import load
from tests.python.cli.market import UNIT, Market

AMOUNTS = ("1000", "500", "250")


@pytest.fixture
def drafts(trade: Market, draft: Path) -> list[Path]:
    """Three lines of one order, for 1,000, 500 and 250."""
    text = [each for each in draft.read_text().splitlines() if not each.startswith(("salt", "amount"))]
    others = []
    for number, amount in enumerate(AMOUNTS[1:]):
        other = Path(f"line-{number}.toml")
        other.write_text("\n".join([f"salt = '{number}'", f"amount = '{amount}'", *text]))
        others.append(other)
    assert trade
    return [draft, *others]


@pytest.fixture
def signed(trade: Market, drafts: list[Path]) -> list[Path]:
    """The same, signed together by the supplier."""
    return [Path(each) for each in trade.do("order", "sign", *drafts, by="supplier")["files"]]


def statuses(trade: Market, files: list[Path]) -> list[str]:
    """How the files' lines stand on the chain."""
    ids = [json.loads(file.read_text())["id"] for file in files]
    return [trade.see("order", "show", each)["line"]["status"] for each in ids]


def test_lines_are_signed_and_opened_together(trade: Market, drafts: list[Path], signed: list[Path]) -> None:
    assert [each.name for each in signed] == ["line.json", "line-0.json", "line-1.json"]
    consents = [json.loads(each.read_text())["consents"]["supplier"] for each in signed]
    assert len({each["signature"] for each in consents}) == 1

    sent = trade.do("order", "send", *signed, by="buyer")

    assert len(sent["transactions"]) == 1
    assert [each["event"] for each in sent["events"]] == ["LineOpened"] * 3
    assert statuses(trade, signed) == ["open"] * 3
    assert trade.has("buyer") == (10_000 - 1_750) * UNIT


def test_both_sign_and_either_sends(trade: Market, signed: list[Path]) -> None:
    both = trade.do("order", "sign", *signed, by="buyer")
    assert both["signed"] == ["buyer", "supplier"]
    before = [each.read_bytes() for each in signed]
    trade.do("order", "sign", *signed, by="buyer")
    assert [each.read_bytes() for each in signed] == before

    trade.do("order", "send", *reversed(signed), by="buyer")

    assert statuses(trade, signed) == ["open"] * 3


def test_each_line_can_be_opened_by_itself(trade: Market, signed: list[Path]) -> None:
    trade.do("order", "send", signed[1], by="buyer")
    assert statuses(trade, signed[1:2]) == ["open"]
    refusal = trade.refused("order", "send", *signed, by="buyer")
    assert (refusal.code, refusal.error) == (2, "WrongLineStatus")


def test_everything_is_shown_before_it_is_signed(trade: Market, drafts: list[Path]) -> None:
    told = trade.noted("order", "sign", *drafts, by="supplier")
    assert "You sign these 3 lines for the supplier:" in told
    for amount in AMOUNTS:
        assert f"{amount}.00 TUSD" in told
    assert not Path("line.json").exists()


def test_only_exactly_what_was_signed_opens_together(trade: Market, signed: list[Path]) -> None:
    refusal = trade.refused("order", "send", *signed[:2], by="buyer")
    assert (refusal.code, refusal.error) == (2, "InvalidInput")
    assert "did not sign exactly these lines together" in refusal.message


def test_lines_signed_one_by_one_are_sent_one_by_one(trade: Market, drafts: list[Path]) -> None:
    for each in drafts:
        trade.do("order", "sign", each, by="supplier")
    files = [each.with_suffix(".json") for each in drafts]
    refusal = trade.refused("order", "send", *files, by="buyer")
    assert "did not sign exactly these lines together" in refusal.message
    trade.do("order", "sign", *files, by="supplier")
    trade.do("order", "send", *files, by="buyer")


def test_a_side_that_signed_some_lines_only(trade: Market, drafts: list[Path], signed: list[Path]) -> None:
    file = json.loads(signed[0].read_text())
    signed[0].write_text(json.dumps(file | {"consents": {}}))
    refusal = trade.refused("order", "send", *signed, by="buyer")
    assert (refusal.code, refusal.error) == (2, "MissingConsent")


def test_f036_an_altered_line_is_refused(trade: Market, signed: list[Path]) -> None:
    file = json.loads(signed[2].read_text())
    signed[2].write_text(json.dumps(file | {"message": file["message"] | {"amount": "1"}}))
    refusal = trade.refused("order", "send", *signed, by="buyer")
    assert refusal.error == "VerificationFailed"
    assert trade.has("buyer") == 10_000 * UNIT


def test_lines_of_other_parties_do_not_go_together(trade: Market, drafts: list[Path]) -> None:
    text = drafts[1].read_text().replace(trade.token, "0x" + "00" * 20)
    drafts[1].write_text(text)
    refusal = trade.refused("order", "sign", *drafts, by="supplier")
    assert (refusal.code, refusal.error) == (2, "InvalidInput")
    assert "not all the same token" in refusal.message


@pytest.mark.parametrize(
    ("options", "told"),
    [(("line.toml", "line.toml"), "each of them once"), (("--out", "a.json"), "leave --out out")],
)
def test_what_can_not_be_signed_together(
    trade: Market, drafts: list[Path], options: tuple[str, ...], told: str
) -> None:
    files = () if options[0].endswith(".toml") else drafts
    refusal = trade.refused("order", "sign", *files, *options, by="supplier")
    assert refusal.code == 2
    assert told in refusal.message


def test_a_permit_is_for_one_line(trade: Market, signed: list[Path]) -> None:
    refusal = trade.refused("order", "send", *signed, "--permit", by="buyer")
    assert "without --permit" in refusal.message


def test_f028_an_expired_line_stops_all(trade: Market, signed: list[Path]) -> None:
    trade.wait_until("2027-01-10T00:00Z")
    refusal = trade.refused("order", "send", *signed, by="buyer")
    assert refusal.code == 2
    assert trade.has("buyer") == 10_000 * UNIT


# Every function of the escrow that changes anything, and the command for it.
COMMANDS = {
    "accept": "order accept",
    "acceptMany": "order accept",
    "amend": "order send",
    "applyDefault": "order default",
    "assign": "order send",
    "cancel": "order cancel",
    "collect": "order collect",
    "confirmReceipt": "order receipt",
    "deemAccept": "order deem-accept",
    "deemAcceptMany": "order deem-accept",
    "deliver": "order deliver",
    "deposit": "order deposit",
    "dispute": "order dispute",
    "evidence": "order evidence",
    "extend": "order extend",
    "open": "order send",
    "openMany": "order send",
    "openWithPermit": "order send",
    "pay": "order pay",
    "payRetention": "order retention",
    "publishConditions": "conditions publish",
    "refund": "order refund",
    "reject": "order reject",
    "resign": "order resign",
    "revoke": "order revoke",
    "rule": "order rule",
    "settle": "order send",
    "terminate": "order terminate",
    "withdraw": "order withdraw",
}


def test_every_action_has_its_command(trade: Market) -> None:
    writes = {
        entry["name"]
        for entry in load("SupplierEscrow").abi
        if entry["type"] == "function" and entry["stateMutability"] in ("nonpayable", "payable")
    }
    assert writes == set(COMMANDS)
    for command in sorted(set(COMMANDS.values())):
        assert "Usage:" in trade.text(*command.split(), "--help")
