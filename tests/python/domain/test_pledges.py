"""Terms of a pledge: what nobody should sign, and what people read before they do."""

from dataclasses import replace
from typing import Any

import pytest

from fabricant.domain.assets import AssetId
from fabricant.domain.pledges import (
    BrokenPledge,
    Lien,
    PledgeStatus,
    PledgeTerms,
    describe_lien,
    describe_pledge,
)
from fabricant.domain.units import ZERO_ADDRESS, Address, BaseUnits, Seconds, Token, UnixSeconds, parse_time
from fabricant.errors import InvalidInput
from tests.support.actors import Actor

MAKER, BANK = Actor("pledger").address, Actor("lender").address
DUE = parse_time("2027-12-01T00:00Z")
OPEN_BY = parse_time("2026-12-01T00:00Z")
DAY = 86_400
TOKEN = Token(Address(Actor("device").address), "TUSD", 2)
TERMS = PledgeTerms(
    pledger=MAKER,
    lender=BANK,
    asset=AssetId(0x4711),
    token=TOKEN.address,
    advance=BaseUnits(5_000_000),
    amount=BaseUnits(5_400_000),
    open_by=OPEN_BY,
    due_by=DUE,
    cure=Seconds(30 * DAY),
    documents=b"\x0d" * 32,
    salt=7,
)


def test_usual_terms_can_be_signed() -> None:
    TERMS.check(at=UnixSeconds(OPEN_BY - 1))


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"lender": MAKER}, "can't be pledger and lender at once"),
        ({"token": ZERO_ADDRESS}, "not in coin"),
        ({"amount": 0}, "nothing redeems this pledge"),
        ({"open_by": DUE + 1}, "choose a later due date"),
        ({"cure": 0}, "without a cure"),
    ],
)
def test_terms_that_nobody_should_sign(changes: dict[str, Any], says: str) -> None:
    with pytest.raises(BrokenPledge, match=says):
        replace(TERMS, **changes).check()


def test_terms_lapse() -> None:
    with pytest.raises(BrokenPledge, match="before 2026-12-01 00:00 UTC"):
        TERMS.check(at=OPEN_BY)


def test_a_value_that_its_type_does_not_hold() -> None:
    with pytest.raises(InvalidInput, match=r"PledgeTerms\.cure"):
        replace(TERMS, cure=Seconds(2**32)).check()


def test_terms_in_words() -> None:
    told = "\n".join(describe_pledge(TERMS, token=TOKEN))
    for words in (
        f"{MAKER} pledges asset 0x{0x4711:064x} to {BANK}.",
        f"{BANK} pays 50000.00 TUSD with that.",
        "It has to be pledged before 2026-12-01 00:00 UTC.",
        "Whoever pays 54000.00 TUSD redeems it",
        "From 2027-12-01 00:00 UTC the lender may declare default, and 30 days later take the asset for good",
        f"It secures the contract 0x{'0d' * 32}.",
    ):
        assert words in told


def test_a_lot_for_an_older_debt_in_words() -> None:
    terms = replace(TERMS, quantity=5_000, advance=BaseUnits(0), documents=bytes(32))
    told = "\n".join(describe_pledge(terms, token=TOKEN))
    assert "pledges 5,000 units of asset" in told
    assert "No money is paid with that" in told
    assert "It secures the contract" not in told


@pytest.mark.parametrize(
    ("status", "noticed", "here", "at", "says"),
    [
        (PledgeStatus.NONE, 0, False, OPEN_BY - 1, ["It is not pledged yet."]),
        (PledgeStatus.NONE, 0, False, OPEN_BY, ["It was not pledged, and its time is over."]),
        (PledgeStatus.REVOKED, 0, False, OPEN_BY, ["It was revoked and can't be pledged any more."]),
        (PledgeStatus.PLEDGED, 0, True, DUE - 1, ["Nothing is due (due 2027-12-01 00:00 UTC)."]),
        (PledgeStatus.PLEDGED, 0, True, DUE, ["The lender may declare default (due 2027-12-01 00:00 UTC)."]),
        (PledgeStatus.PLEDGED, DUE, True, DUE, ["The lender may foreclose from 2027-12-31 00:00 UTC."]),
        (PledgeStatus.PLEDGED, DUE, True, DUE + 30 * DAY, ["The lender may foreclose."]),
        (PledgeStatus.RETURNED, 0, False, DUE, [f"It is over: the asset is {MAKER}'s, free of it."]),
        (PledgeStatus.FORECLOSED, DUE, True, DUE, [f"the asset is {BANK}'s.", "waits to be collected."]),
    ],
)
def test_how_it_stands_in_words(
    status: PledgeStatus, noticed: int, at: int, says: list[str], *, here: bool
) -> None:
    lien = Lien(status=status, in_custody=here, noticed_at=UnixSeconds(noticed))
    told = "\n".join(describe_lien(TERMS, lien, at=UnixSeconds(at)))
    assert [words for words in says if words not in told] == []
