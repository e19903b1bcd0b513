"""Several lines with one command, in as few transactions as they take."""

from pathlib import Path

import pytest

from fabricant.cli import _line
from tests.python.cli.market import Market


@pytest.fixture
def lines(trade: Market, draft: Path) -> list[str]:
    """Three lines of the same two parties, all delivered."""
    opened = []
    for number in range(3):
        file = Path(f"line-{number}.toml")
        file.write_text(draft.read_text().replace('amount = "1000"', f'amount = "{100 + number}"'))
        trade.do("order", "sign", file, by="supplier")
        opened.append(str(trade.do("order", "send", file.with_suffix(".json"), by="buyer")["id"]))
    trade.wait_until("2027-01-24T12:00Z")
    for line in opened:
        trade.do("order", "deliver", line, by="supplier")
    return opened


def test_several_lines_are_accepted_at_once(trade: Market, lines: list[str]) -> None:
    told = trade.do("order", "accept", *lines, lines[0][:12], by="inspector")

    assert {each["id"] for each in told} == set(lines)
    assert len({each["transaction"] for each in told}) == 1
    assert {each["ending"] for each in told} == {"accepted"}
    for line in lines:
        assert trade.see("order", "show", line)["line"]["status"] == "retained"


def test_what_nobody_inspected_is_closed_at_once(trade: Market, lines: list[str]) -> None:
    silence = ("order", "accept", *lines, "--by-silence")
    assert trade.refused(*silence, by="stranger").error == "SupplierEscrow_TooEarly"
    trade.wait_until("2027-02-02T12:00Z")

    told = trade.do(*silence, by="stranger")

    assert [each["ending"] for each in told] == ["deemed_accepted"] * 3


def test_more_than_fits_goes_into_several_transactions(
    trade: Market, lines: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_line, "MOST_GAS", 2 * _line.LINE_GAS)

    told = trade.do("order", "accept", *lines, by="inspector")

    assert len({each["transaction"] for each in told}) == 2


def test_one_that_can_not_be_accepted_stops_all(trade: Market, lines: list[str]) -> None:
    trade.do("order", "accept", lines[1], by="inspector")

    assert trade.refused("order", "accept", *lines, by="inspector").error == "SupplierEscrow_WrongStatus"
    assert trade.see("order", "show", lines[0])["line"]["status"] == "delivered"
