"""Production runs on the command line."""

from pathlib import Path

import pytest

from tests.python.cli.market import Market

RUN = Path("packs.run.jsonl")


@pytest.fixture
def packs(market: Market) -> tuple[object, ...]:
    """The command that commits three packs, two of them the buyer's."""
    buyer = market.people["buyer"]
    Path("packs.csv").write_text(f"local_id,owner\nPACK-1,\nPACK-2,{buyer}\nPACK-3,{buyer}\n")
    return ("asset", "batch", "packs.csv", "--kind", "product", "--uri", "ipfs://packs")


def test_batch_is_committed_and_its_units_become_tokens(market: Market, packs: tuple[object, ...]) -> None:
    lot = market.do(
        "asset", "register", "HEAT-7", "--kind", "lot", "--quantity", 9, "--unit", "KGM", by="supplier"
    )
    done = market.do(*packs, "--origin", "HEAT-7", by="supplier")
    assert (done["count"], done["origin"], done["file"]) == (3, lot["id"], str(RUN))

    told = market.do("asset", "serialise", RUN, "PACK-2", "PACK-1", by="stranger")
    assert [(each["localId"], each["isNew"], each["owner"]) for each in told] == [
        ("PACK-2", True, market.people["buyer"]),
        ("PACK-1", True, market.people["supplier"]),
    ]
    shown = market.see("asset", "show", "PACK-2", "--issuer", "supplier")
    assert (shown["id"], shown["kind"]) == (told[0]["id"], "product")


def test_what_was_done_is_not_done_again(market: Market, packs: tuple[object, ...]) -> None:
    first = market.do(*packs, by="supplier")
    again = market.do(*packs, by="supplier")
    assert (again["batch"], "transaction" in again) == (first["batch"], False)

    market.do("asset", "serialise", RUN, "PACK-1", by="buyer")
    market.do("asset", "transfer", "PACK-1", "buyer", by="supplier")
    told = market.do("asset", "serialise", RUN, "PACK-1", "PACK-3", "PACK-1", by="buyer")
    assert [(each["isNew"], each["owner"]) for each in told] == [
        (False, market.people["buyer"]),
        (True, market.people["buyer"]),
    ]


def test_run_is_kept_before_anything_is_sent(market: Market, packs: tuple[object, ...]) -> None:
    refusal = market.refused(*packs, "--issuer", "buyer", by="supplier")
    assert refusal.error == "AssetRegistry_NotIssuer"
    assert RUN.exists()


def test_bad_lines_are_all_told_and_nothing_is_committed(market: Market) -> None:
    Path("packs.csv").write_text("local_id,kind\n,product\nA,product\nB,thing\n" + "C,\n" * 12)
    refusal = market.refused("asset", "batch", "packs.csv", by="supplier")
    assert "packs.csv: nothing was sent, for line 2: '' can't be a local id" in refusal.message
    assert "line 4: 'thing' is no kind" in refusal.message
    assert refusal.message.endswith("; and 4 more")
    assert not RUN.exists()


def test_file_that_is_no_text_is_refused(market: Market) -> None:
    Path("packs.csv").write_bytes(b"local_id\n\xff\xfe\n")
    assert (
        "packs.csv: it is no text in UTF-8"
        in market.refused("asset", "batch", "packs.csv", by="supplier").message
    )


def test_another_runs_file_is_left_alone(market: Market, packs: tuple[object, ...]) -> None:
    market.do(*packs, by="supplier")
    kept = RUN.read_bytes()
    Path("packs.csv").write_text("local_id\nPACK-9\n")
    assert "keeps another run; name another with --out" in market.refused(*packs, by="supplier").message
    assert RUN.read_bytes() == kept
    market.do(*packs, "--out", "more.jsonl", by="supplier")


def test_f072_changed_run_is_refused(market: Market, packs: tuple[object, ...]) -> None:
    market.do(*packs, by="supplier")
    RUN.write_text(RUN.read_text().replace("PACK-1", "PACK-8"))
    refusal = market.refused("asset", "serialise", RUN, "PACK-8", by="stranger")
    assert (refusal.code, refusal.error) == (6, "VerificationFailed")
    assert str(RUN) in refusal.message or "line 1" in refusal.message


def test_unknown_unit_and_unknown_batch_are_told(market: Market, packs: tuple[object, ...]) -> None:
    market.refused(*packs, "--issuer", "buyer", by="supplier")
    assert (
        market.refused("asset", "serialise", RUN, "PACK-1", by="stranger").error
        == "AssetRegistry_UnknownBatch"
    )
    assert "has no unit PACK-4" in market.refused("asset", "serialise", RUN, "PACK-4", by="stranger").message
