"""The rule of an award, as a request publishes it."""

import json
from base64 import b64encode
from dataclasses import replace
from typing import Any

import pytest
from eth_utils.crypto import keccak
from hypothesis import given
from hypothesis import strategies as st

from fabricant.domain.capacity import CHEAPEST, EARLIEST, Goal, Request, Tender, Worth, tender_of
from fabricant.domain.capacity.describe import describe_request
from fabricant.domain.escrow import NO_HASH, ConditionsId
from fabricant.domain.units import HOUR, Address, BaseUnits, Token, UnixSeconds
from fabricant.errors import InvalidInput

ASKED = Request(
    buyer=Address("0x" + "11" * 20),
    quote_by=UnixSeconds(1_800_000_000),
    due_by=UnixSeconds(1_900_000_000),
    conditions=ConditionsId(b"\x01" * 32),
    salt=1,
)
TENDER = Tender(
    award=Worth(BaseUnits(20)),
    requires=frozenset({"ISO 9001", "5 axes"}),
    documents=b"\x07" * 32,
    uri="ipfs://drawing",
)
EURO = Token(Address("0x" + "22" * 20), "EURX", 6)
goals = st.just(EARLIEST) | st.integers(0, 2**128 - 1).map(lambda hour: Worth(BaseUnits(hour)))
words = st.frozensets(st.text("ab ü9", min_size=1, max_size=9).filter(lambda text: text == text.strip()))


def asking(tender: Tender, **changes: Any) -> Request:
    """A request that carries a tender."""
    return replace(ASKED, **{"documents": tender.hash, "uri": tender.data_uri, **changes})


@given(award=goals, requires=words, documents=st.binary(min_size=32, max_size=32))
def test_a_tender_comes_back_as_it_was(award: Goal, requires: frozenset[str], documents: bytes) -> None:
    tender = Tender(award=award, requires=requires, documents=documents)

    assert Tender.parse(tender.serialise()) == tender
    assert tender_of(asking(tender)) == tender


@pytest.mark.parametrize(
    "request_",
    [
        asking(TENDER, documents=b"\x01" * 32),
        asking(TENDER, documents=NO_HASH),
        asking(TENDER, uri=TENDER.data_uri[:-4]),
        asking(TENDER, uri=TENDER.data_uri + "é"),
        asking(TENDER, uri=TENDER.data_uri + " "),
        asking(TENDER, uri="data:application/json;base64," + "A" * 20_000),
        asking(TENDER, uri="ipfs://tender"),
        ASKED,
    ],
    ids=["another hash", "no hash", "cut", "no base64", "space", "huge", "elsewhere", "none"],
)
def test_what_is_not_the_tender_of_its_request_is_none(request_: Request) -> None:
    assert tender_of(request_) is None


def _changed(**changes: Any) -> bytes:
    document = json.loads(TENDER.serialise()) | changes
    return json.dumps({name: each for name, each in document.items() if each is not None}).encode()


HOSTILE = {
    "empty": b"",
    "no JSON": b"{",
    "a list": b"[]",
    "text": b'"tender"',
    "not unicode": b'{"format": "\xff"}',
    "spaces": json.dumps(json.loads(TENDER.serialise())).encode(),
    "deep": b'{"award":' * 4 + b"1" + b"}" * 4,
    "huge": TENDER.serialise().replace(b"ipfs", b"i" * 9000),
    "a field more": _changed(more=1),
    "a field less": _changed(uri=None),
    "another format": _changed(format="fabricant-tender/2"),
    "no rule": _changed(award={}),
    "another rule": _changed(award={"rule": "friends", "hourWorth": "0"}),
    "a worth of time": _changed(award={"rule": "time", "hourWorth": "1"}),
    "no worth": _changed(award={"rule": "price"}),
    "a number": _changed(award={"rule": "price", "hourWorth": 1}),
    "negative": _changed(award={"rule": "price", "hourWorth": "-1"}),
    "zeros": _changed(award={"rule": "price", "hourWorth": "01"}),
    "no words": _changed(requires=[1]),
    "words in words": _changed(requires="ISO"),
    "nothing required": _changed(requires=[""]),
    "control characters": _changed(requires=["\x1b[2J"]),
    "a short hash": _changed(documents="0x00"),
    "no hash": _changed(documents=7),
    "a hostile uri": _changed(uri="\u202egnp.exe"),
    "a lone surrogate": _changed(uri="\ud800"),
}


@pytest.mark.parametrize("raw", HOSTILE.values(), ids=HOSTILE)
def test_anything_else_is_no_tender(raw: bytes) -> None:
    compact = raw
    if raw.startswith(b"{") and raw != HOSTILE["spaces"]:
        compact = raw.replace(b'", "', b'","').replace(b": ", b":").replace(b", ", b",")
    with pytest.raises(InvalidInput):
        Tender.parse(compact)
    uri = "data:application/json;base64," + b64encode(compact).decode()
    assert tender_of(replace(ASKED, documents=keccak(compact), uri=uri)) is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"requires": frozenset({""})},
        {"requires": frozenset(map(str, range(51)))},
        {"requires": frozenset({"a" * 9000})},
        {"requires": frozenset({"\n"})},
        {"uri": "\x00"},
        {"documents": b""},
    ],
    ids=["nothing", "too many", "too long", "a line", "NUL", "no hash"],
)
def test_a_tender_that_could_not_be_read_is_not_made(wrong: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput):
        Tender(**wrong)


@pytest.mark.parametrize(
    ("award", "said"),
    [
        (CHEAPEST, "The cheapest quotation is the best; among equals the one that is due first."),
        (EARLIEST, "The quotation that is due first is the best; among equals the cheapest."),
        (
            Worth(BaseUnits(20)),
            f"where to have the goods an hour sooner is worth {EURO.format(BaseUnits(20))}.",
        ),
    ],
    ids=["price", "time", "worth"],
)
def test_a_request_says_by_what_its_buyer_awards(award: Goal, said: str) -> None:
    told = describe_request(asking(replace(TENDER, award=award)), token=EURO)

    assert any(each.endswith(said) for each in told)
    assert "Suppliers must have: 5 axes, ISO 9001." in told
    assert f"Its documents have the hash 0x{TENDER.documents.hex()}." in told
    assert "They are found at ipfs://drawing." in told
    assert not any("data:" in each for each in told)


@pytest.mark.parametrize(
    ("goal", "order"),
    [(CHEAPEST, "ebcad"), (EARLIEST, "cdeab"), (Worth(BaseUnits(2)), "cebad")],
    ids=["price", "time", "an hour is worth 2"],
)
def test_goals_order_prices_and_dates(goal: Goal, order: str) -> None:
    quotes = {"a": (100, 8), "b": (95, 9), "c": (99, 4), "d": (120, 4), "e": (95, 8)}

    def key(name: str) -> tuple[int, int]:
        price, due = quotes[name]
        return goal.measure(BaseUnits(price), UnixSeconds(due * HOUR))

    assert "".join(sorted(quotes, key=key)) == order
