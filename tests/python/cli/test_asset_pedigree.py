"""Packs on the command line: labelled, checked before they are sold, and sold once."""

from pathlib import Path

import pytest

from tests.python.cli.market import Market

RUN = Path("packs.run.jsonl")
CHECK = ("--licences", "licences.toml", "--documents", "labels")


@pytest.fixture
def packs(market: Market) -> Market:
    """Two packs of the supplier in a case that a wholesaler, the inspector, sold to the buyer's pharmacy."""
    Path("labels").mkdir()
    label = market.see(
        *("asset", "pack-label", "labels/case-1.json", "--lot", "LOT-7"),
        *("--expires", "2028-11-20T00:00Z", "--case", "CASE-1"),
    )
    maker, wholesaler, pharmacy = (market.people[each] for each in ("supplier", "inspector", "buyer"))
    rows = "".join(f"PACK-{number},{label['hash']},ipfs://x/case-1.json\n" for number in (1, 2))
    Path("packs.csv").write_text(f"local_id,twin,uri\n{rows}")
    market.do("asset", "batch", "packs.csv", "--kind", "product", "--uri", "ipfs://packs", by="supplier")
    market.do("asset", "register", "CASE-1", "--kind", "product", by="supplier")
    case = market.see("asset", "show", "CASE-1", "--issuer", "supplier")["id"]
    market.do("asset", "transfer", case, wholesaler, by="supplier")
    market.do("asset", "transfer", case, pharmacy, by="inspector")
    Path("licences.toml").write_text(
        f'makers = ["{maker}"]\nwholesalers = ["{wholesaler}"]\npharmacies = ["{pharmacy}"]\n'
    )
    return market


def test_a_genuine_pack_is_sold_once(packs: Market) -> None:
    (checked,) = packs.see("asset", "pedigree", RUN, "PACK-1", *CHECK, by="buyer")
    assert checked == {"serial": "PACK-1", "genuine": True, "findings": []}
    assert "PACK-1  genuine" in packs.text("asset", "pedigree", RUN, "PACK-1", *CHECK, by="buyer")

    packs.do("asset", "dispense", RUN, "PACK-1", *CHECK, by="buyer")

    again = packs.refused("asset", "dispense", RUN, "PACK-1", *CHECK, by="buyer")
    assert (again.code, again.error) == (6, "NotGenuine")
    assert "sold it at" in again.message
    packs.do("asset", "dispense", RUN, "PACK-2", *CHECK, by="buyer")


def test_what_must_not_be_sold_is_told_for_each_pack(packs: Market) -> None:
    seen = packs.see("asset", "pedigree", RUN, "PACK-1", "PACK-9", *CHECK, by="buyer", code=6)
    assert [each["genuine"] for each in seen] == [True, False]
    assert [each["finding"] for each in seen[1]["findings"]] == ["UnknownSerial"]
    by_another = packs.see(
        "asset", "pedigree", RUN, "PACK-1", *CHECK, "--presented-by", "stranger", by="buyer", code=6
    )
    assert [each["finding"] for each in by_another[0]["findings"]] == ["ClonedSerial"]


def test_without_its_label_nothing_is_genuine(packs: Market) -> None:
    Path("labels/case-1.json").unlink()
    (seen,) = packs.see("asset", "pedigree", RUN, "PACK-1", *CHECK, by="buyer", code=6)
    assert [each["finding"] for each in seen["findings"]] == ["Unlabelled"]
    assert packs.refused("asset", "dispense", RUN, "PACK-1", *CHECK, by="buyer").error == "NotGenuine"


def test_licences_that_can_t_be_read_are_refused(packs: Market) -> None:
    Path("licences.toml").write_text('makers = ["Acme"]\n')
    refusal = packs.refused("asset", "pedigree", RUN, "PACK-1", *CHECK, by="buyer", yes=False)
    assert (refusal.code, refusal.error) == (2, "InvalidInput")
    assert refusal.message.startswith("licences.toml: makers.0: ")


def test_a_label_is_not_written_over(packs: Market) -> None:
    again = packs.refused(
        *("asset", "pack-label", "labels/case-1.json", "--lot", "LOT-7"),
        *("--expires", "2028-11-20T00:00Z", "--case", "CASE-1"),
        by="supplier",
        yes=False,
    )
    assert again.error == "InvalidInput"
