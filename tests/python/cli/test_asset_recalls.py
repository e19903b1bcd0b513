"""Recalls on the command line, from the notice to its end."""

from pathlib import Path

import pytest
from eth_utils.crypto import keccak

from tests.python.cli.market import Market

URI = "https://example.com/notice"


@pytest.fixture
def engine(market: Market) -> str:
    """An engine of the supplier's with BLADE-1 in it, beside BLADE-2; and the text of a notice."""
    Path("notice.txt").write_text("Blades 1 to 2 may break.")
    for name in ("BLADE-1", "BLADE-2"):
        market.do("asset", "register", name, "--kind", "component", by="supplier")
    engine = market.do("asset", "register", "ENGINE-4", "--kind", "product", by="supplier")["id"]
    market.do("asset", "assemble", "ENGINE-4", "BLADE-1", by="supplier")
    return str(engine)


def recall(market: Market, *more: object) -> dict[str, object]:
    """The supplier recalls something."""
    return dict(market.do("asset", "recall", "notice.txt", *more, "--uri", URI, by="supplier"))


def flags(market: Market, asset: str) -> list[str]:
    """What is known of one of the supplier's assets."""
    return list(market.see("asset", "show", asset, by="supplier")["flags"])


def test_a_recall_reaches_what_the_asset_is_in_and_no_more(market: Market, engine: str) -> None:
    done = recall(market, "BLADE-1")

    assert [(each["event"], each["reach"]) for each in done["events"]] == [  # type: ignore[attr-defined]
        ("Recalled", "issued"),
        ("Recalled", "upward"),
    ]
    assert (flags(market, "BLADE-1"), flags(market, "BLADE-2")) == (["recalled", "assembled"], [])
    notice = str(done["notice"])
    shown = market.text("asset", "show", engine)
    assert f"recalled     notice {notice[:12]} (upward) at {URI}" in shown
    assert market.refused("asset", "transfer", engine, "buyer", by="supplier").error == "AssetRegistry_Locked"


def test_the_same_notice_again_adds_what_is_missing(market: Market, engine: str) -> None:
    first = recall(market, "BLADE-1")
    Path("more.txt").write_text("BLADE-1\n\n BLADE-2 \n")

    more = recall(market, "--list", "more.txt")
    nothing = recall(market, "BLADE-2", "BLADE-1")

    assert (more["notice"], len(more["events"])) == (first["notice"], 1)  # type: ignore[arg-type]
    assert nothing == {"transactions": [], "events": [], "notice": first["notice"]}


def test_a_batch_and_its_units_are_recalled(market: Market, engine: str) -> None:
    Path("packs.csv").write_text("local_id\nPACK-1\nPACK-2\n")
    batch = market.do("asset", "batch", "packs.csv", "--kind", "product", by="supplier")["batch"]

    recall(market, "--batch", "packs.run.jsonl")
    recall(market, "--batch", batch[:12])
    market.do("asset", "serialise", "packs.run.jsonl", "PACK-2", by="stranger")

    assert flags(market, "PACK-2") == ["recalled"]


def test_only_what_the_namespace_names_is_recalled(market: Market, engine: str) -> None:
    nobody = market.refused("asset", "recall", "notice.txt", "BLADE-9", "BLADE-1", by="supplier")
    stranger = market.refused("asset", "recall", "notice.txt", engine, by="stranger")
    other = market.refused("asset", "recall", "notice.txt", "BLADE-1", "--issuer", "supplier", by="stranger")

    assert (nobody.code, "BLADE-9 were never registered in this namespace" in nobody.message) == (6, True)
    assert "is not in the namespace that recalls" in stranger.message
    assert other.error == "Genealogy_NotIssuer"


def test_a_recalled_asset_goes_back_or_to_who_knows(market: Market, engine: str) -> None:
    market.do("asset", "transfer", "BLADE-2", "buyer", by="supplier")
    notice = str(recall(market, "BLADE-2")["notice"])
    give = ("asset", "return", "BLADE-2", "--issuer", "supplier")
    assert market.refused(*give, "--to", "stranger", by="buyer").error == "Genealogy_NotAcknowledged"

    market.do("asset", "acknowledge", notice[:12], by="stranger")
    market.do(*give, "--to", "stranger", by="buyer")
    back = market.do(*give, by="stranger")

    assert back["to"] == market.people["supplier"]


def test_an_asset_is_cleared_of_what_concerns_a_part_only(market: Market, engine: str) -> None:
    recall(market, "BLADE-1")
    refusal = market.refused("asset", "clear-recall", "BLADE-1", "notice.txt", by="supplier")
    assert (refusal.error, "let its issuer lift it" in refusal.message) == ("Genealogy_NotClearable", True)

    market.do("asset", "clear-recall", engine, "notice.txt", by="supplier")

    assert flags(market, "ENGINE-4") == []


def test_a_lifted_notice_locks_nothing_any_more(market: Market, engine: str) -> None:
    recall(market, "BLADE-2")
    hashed = f"0x{keccak(b'Blades 1 to 2 may break.').hex()}"

    market.do("asset", "lift-recall", hashed, by="supplier")

    assert flags(market, "BLADE-2") == []
    again = market.refused("asset", "recall", "notice.txt", "BLADE-2", "BLADE-1", by="supplier")
    assert (again.error, "never comes back" in again.message) == ("Genealogy_Lifted", True)
    assert market.refused("asset", "lift-recall", "notice.txt", by="supplier").error == "Genealogy_Lifted"
    told = market.do("asset", "unlock", "BLADE-2", "ENGINE-4", by="supplier")
    assert len(told["unlocked"]) == 1


def test_a_notice_that_is_not_there_is_not_found(market: Market, engine: str) -> None:
    refusal = market.refused("asset", "acknowledge", "notice.txt", by="buyer")
    assert (refusal.code, "there is no recall notice" in refusal.message) == (6, True)


def test_two_issuers_notices_of_one_text_are_told_apart(market: Market, engine: str) -> None:
    notice = str(recall(market, "BLADE-2")["notice"])
    market.do("asset", "recall", "notice.txt", by="buyer")

    refusal = market.refused("asset", "acknowledge", "notice.txt", by="stranger")

    assert "2 issuers have a notice of this text; name the notice by its id" in refusal.message
    market.do("asset", "acknowledge", notice, by="stranger")


def test_many_assets_take_several_transactions(market: Market, engine: str) -> None:
    Path("many.csv").write_text("local_id\n" + "".join(f"T-{number}\n" for number in range(120)))
    market.do("asset", "import", "many.csv", "--kind", "product", by="supplier")
    Path("all.txt").write_text("".join(f"T-{number}\n" for number in range(120)))

    noted = market.noted("asset", "recall", "notice.txt", "--list", "all.txt", by="supplier")
    done = recall(market, "--list", "all.txt")

    assert "  T-9\n  and 110 more\n" in noted
    assert (len(done["transactions"]), len(done["events"])) == (3, 120)  # type: ignore[arg-type]
