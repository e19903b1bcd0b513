"""Assets on the command line."""

from pathlib import Path

import pytest
from eth_utils.crypto import keccak

from tests.python.cli.market import Market


@pytest.fixture
def machine(market: Market) -> str:
    """A machine of the supplier."""
    Path("plate.json").write_text("{}")
    return str(
        market.do(
            "asset", "register", "NMW-0417", "--kind", "equipment", "--twin", "plate.json", by="supplier"
        )["id"]
    )


def test_registered_asset_is_found_by_id_prefix_and_local_id(market: Market, machine: str) -> None:
    by_local_id = market.see("asset", "show", "NMW-0417", by="supplier")

    assert by_local_id == market.see("asset", "show", machine) == market.see("asset", "show", machine[:10])
    assert by_local_id == market.see("asset", "show", "NMW-0417", "--issuer", "supplier")
    assert by_local_id["id"] == machine
    assert by_local_id["twin"] == f"0x{keccak(b'{}').hex()}"
    assert (by_local_id["kind"], by_local_id["fit"]) == ("equipment", True)


def test_lot_has_quantity_and_unit(market: Market) -> None:
    lot = ("asset", "register", "LOT-1", "--kind", "lot", "--quantity", 500)
    assert "needs a quantity above zero and a unit" in market.refused(*lot, by="supplier").message

    market.do(*lot, "--unit", "kgm", "--owner", "buyer", by="supplier")

    shown = market.see("asset", "show", "LOT-1", by="supplier")
    assert (shown["quantity"], shown["unit"], shown["owner"]) == ("500", "KGM", market.people["buyer"])


def test_local_id_is_registered_once(market: Market, machine: str) -> None:
    refusal = market.refused("asset", "register", "NMW-0417", "--kind", "product", by="supplier")

    assert (refusal.code, refusal.error) == (3, "AssetRegistry_AlreadyRegistered")


def test_f071_local_id_that_looks_like_another_is_refused(market: Market) -> None:
    refusal = market.refused("asset", "register", "NMW‐0417", "--kind", "product", by="supplier")

    assert (refusal.code, refusal.error) == (2, "UnclearCharacter")
    assert "character 4 is U+2010 HYPHEN" in refusal.message


def test_transfer_is_the_owners(market: Market, machine: str) -> None:
    refusal = market.refused("asset", "transfer", machine, "stranger", by="stranger")
    assert refusal.code == 3

    market.do("asset", "transfer", machine, "buyer", by="supplier")

    assert market.see("asset", "show", machine)["owner"] == market.people["buyer"]


def test_status_suspends_and_resumes(market: Market, machine: str) -> None:
    market.do("asset", "status", "NMW-0417", "suspended", by="supplier")
    assert not market.see("asset", "show", machine)["fit"]
    market.do("asset", "status", "NMW-0417", "active", by="supplier")
    assert market.see("asset", "show", machine)["fit"]


def test_twin_that_was_made_from_an_old_version_is_refused(market: Market, machine: str) -> None:
    Path("plate2.json").write_text("{ }")
    set_ = ("asset", "twin", "set", "NMW-0417", "plate2.json", "--replaces")
    assert market.do(*set_, 1, by="supplier")["version"] == 2

    refusal = market.refused(*set_, 1, by="supplier")

    assert (refusal.code, refusal.error) == (3, "AssetRegistry_StaleTwin")


def test_device_signs_with_its_own_wallet(market: Market, machine: str) -> None:
    market.do("asset", "device", "bind", "NMW-0417", "--device", "gateway", by="supplier")
    assert market.see("asset", "show", machine)["device"] == market.people["gateway"]

    market.do("asset", "device", "unbind", machine, by="gateway")
    assert int(market.see("asset", "show", machine)["device"], 16) == 0


def test_lent_asset_is_the_users_until_it_gives_it_back(market: Market, machine: str) -> None:
    lend = ("asset", "user", "set", machine, "buyer", "--until", "2027-03-01T00:00Z")
    market.do(*lend, by="supplier")
    again = ("asset", "user", "set", machine, "stranger", "--until", "2027-02-01T00:00Z")
    assert market.refused(*again, by="supplier").error == "AssetRegistry_InUse"

    market.do("asset", "user", "end", machine, by="buyer")

    market.do(*again, by="supplier")


def test_approval_of_all_or_of_some(market: Market, machine: str) -> None:
    assert market.refused("asset", "approve", by="supplier").message == "name the assets, or say --all"
    assert len(market.do("asset", "approve", machine, by="supplier")) == 1
    (all_,) = market.do("asset", "approve", "--all", by="supplier")
    assert all_["isApproved"]


def test_record_by_owner_and_by_issuer(market: Market, machine: str) -> None:
    Path("report.pdf").write_bytes(b"report")
    record = ("asset", "record", machine, "report.pdf", "--topic", "inspection")
    first = market.do(*record, by="supplier")
    assert first["hash"] == f"0x{keccak(b'report').hex()}"
    market.do("asset", "transfer", machine, "buyer", by="supplier")
    assert market.refused(*record, by="supplier").error == "AssetRegistry_NoRecorder"

    issued = market.do(*record, "--as-issuer", "--supersedes", first["hash"], by="supplier")

    assert (issued["author"], issued["supersedes"]) == (market.people["supplier"], first["hash"])


def test_history_tells_everything_in_order(market: Market, machine: str) -> None:
    market.do("asset", "status", machine, "suspended", by="supplier")
    market.do("asset", "transfer", machine, "buyer", by="supplier")

    history = market.see("asset", "show", machine, "--history")["history"]

    assert [each["event"] for each in history] == ["Transfer", "AssetRegistered", "StatusSet", "Transfer"]
    assert "status suspended" in market.text("asset", "show", machine, "--history")


def test_asset_that_is_not_there_is_not_found(market: Market) -> None:
    assert market.refused("asset", "show", "0x12345678", by="buyer", yes=False).code == 6
    assert market.refused("asset", "show", "NIX", by="buyer", yes=False).error == "AssetRegistry_UnknownAsset"


def test_every_spelling_of_a_label_is_one_asset(market: Market) -> None:
    typed = "(21)ABC(01)09506000134352"
    made = market.do("asset", "register", typed, "--kind", "product", by="supplier")

    shown = market.see("asset", "show", "https://example.com/01/9506000134352/21/ABC", by="supplier")

    assert (shown["id"], shown["localId"]) == (made["id"], "01/09506000134352/21/ABC")
    drawn = market.see("asset", "label", typed, "label.png", "--domain", "example.com", by="supplier")
    assert drawn["content"] == "https://example.com/01/09506000134352/21/ABC"
    assert Path("label.png").read_bytes().startswith(b"\x89PNG")


def test_label_of_a_serial_number_names_the_asset_on_its_chain(market: Market, machine: str) -> None:
    drawn = market.see("asset", "label", "NMW-0417", "label.svg", by="supplier")

    assert drawn["content"].endswith(f"/{int(machine, 16)}")
    assert Path("label.svg").read_text().startswith("<svg")
