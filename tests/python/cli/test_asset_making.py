"""Lots that are transformed, split and merged on the command line."""

from pathlib import Path

import pytest

from tests.python.cli.market import Market


@pytest.fixture
def heat(market: Market) -> str:
    """500 kg of the supplier's steel, counted in grams."""
    lot = ("asset", "register", "HEAT-7", "--kind", "lot", "--unit", "GRM", "--quantity", "500 kg")
    return str(market.do(*lot, by="supplier")["id"])


def test_a_lot_becomes_parts_in_other_units(market: Market, heat: str) -> None:
    Path("blanks.csv").write_text("local_id\nBLANK-1\nBLANK-2\n")
    forge = ("asset", "transform", "blanks.csv", "--kind", "component", "--input", "HEAT-7", "400.5 kg")

    done = market.do(*forge, by="supplier")

    assert done["inputs"] == [{"asset": heat, "quantity": "400500"}]
    assert market.see("asset", "show", "HEAT-7", by="supplier")["quantity"] == "99500"
    blank = market.see("asset", "show", "BLANK-2", by="supplier")
    assert (blank["id"], blank["madeFrom"]) == (done["outputs"][1], done["inputs"])
    shown = market.text("asset", "show", "BLANK-2", by="supplier")
    assert f"made from    400,500 GRM of {heat[:12]}" in shown


def test_what_comes_out_and_is_lost_adds_up(market: Market, heat: str) -> None:
    Path("powder.csv").write_text("local_id,kind,quantity,unit\nPOWDER-1,lot,480 kg,GRM\n")
    grind = ("asset", "transform", "powder.csv", "--input", "HEAT-7", "all")

    refusal = market.refused(*grind, by="supplier")
    assert refusal.error == "Genealogy_Unbalanced"
    assert "of GRM, 500000 go in, 480000 come out and 0 are scrap" in refusal.message

    noted = market.noted(*grind, "--scrap", "20 kg", by="supplier")
    assert "500,000 GRM of " + heat in noted
    assert "480,000 GRM: POWDER-1" in noted
    assert "20,000 GRM are lost." in noted
    assert market.do(*grind, "--scrap", "0.02 t", by="supplier")["scrap"] == [
        {"unit": "GRM", "quantity": "20000"}
    ]
    assert market.see("asset", "show", "HEAT-7", by="supplier")["status"] == "consumed"


def test_bad_quantities_are_sentences_before_anything_is_sent(market: Market, heat: str) -> None:
    Path("out.csv").write_text("local_id\nX\n")
    make = ("asset", "transform", "out.csv", "--kind", "component", "--input", "HEAT-7")

    def told(*more: str) -> str:
        refusal = market.refused(*make, *more, by="supplier")
        assert refusal.code == 2
        return refusal.message

    assert "there are 500,000 GRM" in told("501 kg")
    assert "there are 500,000 GRM" in told("0")
    assert "0.5 mg is no whole number of GRM" in told("0.5 mg")
    assert "5 l can't be counted in GRM" in told("5 l")
    assert "is no quantity" in told("lots")
    assert "could be counted in 0 of these units: GRM" in told("1 kg", "--scrap", "1 l")
    Path("out.csv").write_text("local_id,quantity\nX,5\n")
    assert "out.csv: nothing was sent, for line 2: X is no lot" in told("1 kg")


def test_a_lot_is_split_and_the_rest_stays(market: Market, heat: str) -> None:
    market.do("asset", "split", "HEAT-7", "100 kg", "REST=50 kg", "25 kg", by="supplier")

    def has(name: str) -> str:
        return str(market.see("asset", "show", name, by="supplier")["quantity"])

    assert [has(each) for each in ("HEAT-7", "HEAT-7-1", "REST", "HEAT-7-2")] == [
        "325000",
        "100000",
        "50000",
        "25000",
    ]
    market.do("asset", "split", "HEAT-7", "5 kg", by="supplier")
    assert has("HEAT-7-3") == "5000"
    assert "there are 320,000 GRM" in market.refused("asset", "split", "HEAT-7", "1 t", by="supplier").message


def test_lots_of_one_unit_are_merged(market: Market, heat: str) -> None:
    market.do("asset", "split", "HEAT-7", "100 kg", "A=50 kg", by="supplier")

    market.do("asset", "merge", "HEAT-7-1", "A", "--into", "B", by="supplier")

    assert market.see("asset", "show", "B", by="supplier")["quantity"] == "150000"
    assert market.see("asset", "show", "A", by="supplier")["status"] == "consumed"
    market.do("asset", "register", "TOOL", "--kind", "equipment", by="supplier")
    refusal = market.refused("asset", "merge", "HEAT-7", "TOOL", "--into", "C", by="supplier")
    assert (refusal.code, "only lots of one unit" in refusal.message) == (2, True)
    split = market.refused("asset", "split", "TOOL", "1", by="supplier")
    assert "is no lot, and only lots can be split" in split.message


def test_a_processor_makes_what_is_the_owners(market: Market, heat: str) -> None:
    Path("blanks.csv").write_text("local_id,kind,quantity,unit\nBLANKS,lot,98 kg,GRM\n")
    market.do("asset", "transfer", "HEAT-7", "buyer", by="supplier")
    process = ("asset", "transform", "blanks.csv", "--issuer", "supplier", "--input", "HEAT-7", "100 kg")
    assert market.refused(*process, "--scrap", "2 kg", by="supplier").error == "Genealogy_NotOwner"
    permit = ("asset", "permit-processing", heat)
    terms = ("supplier", "--until", "2027-03-01T00:00Z", "--max-scrap", "2 %")
    assert "needs the use of the lot, too" in market.noted(*permit, *terms, by="buyer")
    market.do(*permit, *terms, by="buyer")
    market.do("asset", "user", "set", heat, "supplier", "--until", "2027-03-01T00:00Z", by="buyer")

    done = market.do(*process, "--scrap", "2 kg", by="supplier")

    assert (done["owner"], done["by"]) == (market.people["buyer"], market.people["supplier"])
    market.do(*permit, "--end", by="buyer")
    assert market.refused(*process, "--scrap", "2 kg", by="supplier").error == "Genealogy_InUse"
    assert "or say --end alone" in market.refused(*permit, "supplier", by="buyer").message


def test_outputs_are_named_in_the_namespace_that_is_asked_for(market: Market, heat: str) -> None:
    refusal = market.refused("asset", "split", "HEAT-7", "1 kg", "--new-issuer", "buyer", by="supplier")
    assert refusal.error == "Genealogy_NotIssuer"
    market.do(
        "directory", "operator", "set", "supplier", "--roles", "ASSETS", "--until", "forever", by="buyer"
    )

    market.do("asset", "split", "HEAT-7", "1 kg", "--new-issuer", "buyer", by="supplier")

    shown = market.see("asset", "show", "HEAT-7-1", "--issuer", "buyer")
    assert shown["owner"] == market.people["supplier"]
