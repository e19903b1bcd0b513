"""Traces and recalls on the command line."""

from pathlib import Path

import pytest

from fabricant.chain.fabricant import Fabricant
from fabricant.chain.keystore import Keystore
from fabricant.chain.secret import Secret
from tests.python.cli.market import PASSPHRASE, Market
from tests.support.workshop import Workshop

TEXT = b"\x07" * 32
RUN = Path("pins.run.jsonl")


@pytest.fixture
def shop(market: Market) -> Workshop:
    """A heat, of which two blades were made and a run of pins; one blade is in an engine of the buyer."""
    folder = Path(market.environment["FABRICANT_DEPLOYMENTS"])
    wallet = Keystore(Path(market.environment["FABRICANT_HOME"]) / "keystore").open(
        "supplier", Secret(PASSPHRASE)
    )
    fabricant = Fabricant.on(market.chain, wallet=wallet, folder=folder)
    shop = Workshop(fabricant, wallet.address)
    shop.lot("HEAT-7", 1000)
    shop.make({"HEAT-7": 300}, ["BLADE-1", "BLADE-2"])
    shop.parts("ENGINE-1")
    shop.assemble("ENGINE-1", "BLADE-1")
    run = shop.run(["PIN-1", "PIN-2", "PIN-3"], origin="HEAT-7", tokens=["PIN-1"])
    RUN.write_bytes(b"".join(run.serialise()))
    fabricant.assets.transfer_from(shop.owner, market.people["buyer"], shop.id("ENGINE-1"))
    return shop


def issue(shop: Workshop) -> str:
    """Recalls the heat; the notice's id."""
    shop.fabricant.genealogy.recall(shop.namespace, TEXT, local_ids=["HEAT-7"], uri="ipfs://notice")
    return f"0x{shop.notice(TEXT).hex()}"


def test_trace_tells_where_an_asset_comes_from(market: Market, shop: Workshop) -> None:
    told = market.text("asset", "trace", "ENGINE-1", by="supplier")

    buyer = market.people["buyer"]
    assert told.splitlines() == [
        f"ENGINE-1  component  {buyer}",
        f"└── BLADE-1  (part)  component  {buyer}",
        f"    └── HEAT-7  (300 KGM)  lot, 700 KGM  {shop.owner}",
    ]


def test_trace_tells_where_an_asset_went(market: Market, shop: Workshop) -> None:
    issue(shop)
    told = market.text("asset", "trace", "HEAT-7", "--forward", "--levels", 1, by="supplier")

    batch = f"batch {shop.runs[0].batch.id:#066x}"[:20]
    assert told.splitlines() == [
        f"HEAT-7  lot, 700 KGM, recalled  {shop.owner}",
        f"├── BLADE-1  (300 KGM)  component  {market.people['buyer']}  … and 1 more below",
        f"├── BLADE-2  (300 KGM)  component  {shop.owner}",
        f"└── {batch}  (origin)  3 units, 1 token  … and 1 more below",
    ]


def test_trace_gives_everything_to_programs_and_drawings(market: Market, shop: Workshop) -> None:
    shop.fabricant.assets.record(shop.id("BLADE-2"), topic=b"\1" * 32, hash_=b"\2" * 32, uri="ipfs://report")
    drawn = ("--svg", "heat.svg", "--dot", "heat.dot")
    told = market.see("asset", "trace", "HEAT-7", "--forward", *drawn, by="supplier")

    assets = {each["localId"]: each for each in told["assets"]}
    assert set(assets) == {"HEAT-7", "BLADE-1", "BLADE-2", "ENGINE-1", "PIN-1"}
    heat, blade = assets["HEAT-7"], assets["BLADE-1"]
    assert (told["start"], told["way"], told["block"]) == (heat["id"], "forward", market.chain.head().number)
    assert (heat["quantity"], heat["firstQuantity"], heat["unit"]) == ("700", "1000", "KGM")
    assert (blade["title"], blade["whole"]) == (market.people["buyer"], assets["ENGINE-1"]["id"])
    assert [(each["hash"], each["author"]) for each in assets["BLADE-2"]["records"]] == [
        ("0x" + "02" * 32, shop.owner)
    ]
    assert [(each["id"], each["count"], each["tokens"]) for each in told["batches"]] == [
        (f"{shop.runs[0].batch.id:#066x}", 3, 1)
    ]
    edges = {(each["relation"], each["from"], each["to"]): each["quantity"] for each in told["edges"]}
    assert edges["input", heat["id"], blade["id"]] == "300"
    assert edges["part", blade["id"], assets["ENGINE-1"]["id"]] == "1"
    assert {relation for relation, *_ in edges} == {"input", "part", "origin", "unit"}
    assert Path("heat.svg").read_text().startswith("<svg ")
    assert Path("heat.dot").read_text().count("->") == len(edges)
    assert (
        "is there already"
        in market.refused("asset", "trace", "HEAT-7", "--dot", "heat.dot", by="supplier", yes=False).message
    )


def test_trace_as_of_an_earlier_block(market: Market, shop: Workshop) -> None:
    before = market.chain.head().number
    shop.parts("LATER")
    known = market.see("asset", "trace", "ENGINE-1", "--block", before, by="supplier")
    assert len(known["assets"]) == 3
    later = ("asset", "trace", "LATER", "--block", str(before))
    assert "is neither an asset nor a batch" in market.refused(*later, by="supplier", yes=False).message


def test_recall_plan_tells_what_would_be_concerned(market: Market, shop: Workshop) -> None:
    told = market.see("asset", "recall-plan", "HEAT-7", by="supplier")

    concerned = {each["name"]: each["concern"] for each in told["concerns"]}
    batch = f"batch {shop.runs[0].batch.id:#066x}"[:20]
    wholes = dict.fromkeys(("HEAT-7", "BLADE-1", "BLADE-2", batch, "PIN-1"), "whole")
    assert concerned == wholes | {"ENGINE-1": "part"}
    assert (told["links"], told["transactions"]) == (4, 1)
    assert told["unproven"] == [f"{shop.id('PIN-1'):#066x}"]

    shown = market.text("asset", "recall-plan", "HEAT-7", "--run", RUN, by="supplier")
    assert "6 are concerned; 1 transaction, " in shown
    assert "need its file" not in shown
    missing = market.refused("asset", "recall-plan", f"0x{1:064x}", by="supplier", yes=False)
    assert "there is no asset or batch 0x" in missing.message


def test_recall_is_carried_on_by_anybody_and_only_once(market: Market, shop: Workshop) -> None:
    notice = issue(shop)
    done = market.do("asset", "extend-recall", notice[:12], by="stranger")
    assert (len(done["transactions"]), len(done["covered"])) == (1, 4)
    assert done["unproven"] == [f"{shop.id('PIN-1'):#066x}"]

    done = market.do("asset", "extend-recall", notice, "--run", RUN, by="stranger")
    assert (done["covered"], done["unproven"]) == ([f"{shop.id('PIN-1'):#066x}"], [])
    done = market.do("asset", "extend-recall", notice, "--run", RUN, by="stranger")
    assert (done["transactions"], done["covered"]) == ([], [])
    told = market.text("asset", "extend-recall", notice, "--yes")
    assert told == "0 more are covered, by 0 transactions.\n"


def test_lifted_notice_is_not_carried_on(market: Market, shop: Workshop) -> None:
    notice = issue(shop)
    shop.fabricant.genealogy.lift_recall(shop.namespace, TEXT)
    assert "was lifted" in market.refused("asset", "extend-recall", notice, by="stranger").message
    assert (
        "there is no recall notice"
        in market.refused("asset", "closure", "0x12345678", by="stranger", yes=False).message
    )


def test_closure_tells_who_is_missing(market: Market, shop: Workshop) -> None:
    notice = issue(shop)
    market.do("asset", "extend-recall", notice, "--run", RUN, by="stranger")

    told = market.see("asset", "closure", notice)
    assert (told["closed"], told["counts"]) == (False, {"missing": 2, "returned": 3})
    buyer = market.people["buyer"]
    assert told["holders"] == {
        shop.owner: {"acknowledged": False, "counts": {"returned": 3}},
        buyer: {"acknowledged": False, "counts": {"missing": 2}},
    }
    missing = [each["localId"] for each in told["assets"] if each["fate"] == "missing"]
    assert sorted(missing) == ["BLADE-1", "ENGINE-1"]
    assert [(each["covered"], each["untold"]) for each in told["batches"]] == [(True, 2)]
    shown = market.text("asset", "closure", notice)
    assert "ENGINE-1  missing   part" in shown
    assert f"{buyer}  2 missing" in shown
    assert f"Notice {notice} at ipfs://notice: 2 missing, 3 returned. It is open." in shown
