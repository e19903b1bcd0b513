"""Long lists on the command line."""

import json
from pathlib import Path

import pytest

from fabricant.chain import importing
from fabricant.chain.importing import run_import
from fabricant.cli import _asset_lists as lists
from fabricant.domain.asset_lists import BadLine
from fabricant.domain.units import ZERO_ADDRESS, Address
from tests.python.cli.market import Market

IMPORT = ("asset", "import", "tools.csv", "--kind", "equipment")


@pytest.fixture(autouse=True)
def few_together(monkeypatch: pytest.MonkeyPatch) -> None:
    """Chunks of three."""
    monkeypatch.setattr(importing, "TOGETHER", 3)


def write(*lines: str) -> None:
    """The list."""
    Path("tools.csv").write_text("\n".join(("local_id,owner,quantity", *lines)) + "\n")


def imported(market: Market, code: int = 0) -> dict[str, object]:
    """What an import by the supplier says."""
    return dict(market.see(*IMPORT, "--yes", by="supplier", code=code))


def test_a_list_is_registered_and_then_passed_over(market: Market) -> None:
    write(*(f"T-{number},," for number in range(7)))

    first, second = imported(market), imported(market)

    assert (first["registered"], first["present"], first["bad"]) == (7, 0, [])
    assert len(first["transactions"]) == 3  # type: ignore[arg-type]
    assert (second["registered"], second["present"], second["transactions"]) == (0, 7, [])
    assert market.see("asset", "show", "T-6", by="supplier")["owner"] == market.people["supplier"]


def test_bad_lines_are_told_and_stop_none_of_the_others(market: Market) -> None:
    registry = json.loads(Path(market.environment["FABRICANT_DEPLOYMENTS"], "31337.json").read_text())
    nobody = registry["contracts"]["AssetRegistry"]["address"]  # takes no assets, as only the chain knows
    market.do("asset", "register", "T-0", "--kind", "equipment", "--owner", "buyer", by="supplier")
    write("T-0,,", "T-1,,", f"T-2,{nobody},", "T-3,,2", "T-1,,", "T-4,,", "T-5,,")

    told = imported(market, code=2)

    assert told["bad"] == [
        {"line": 2, "problem": "T-0 is registered already, as something else"},
        {"line": 4, "problem": f"asset 0x{told_id(told, 4)}… can't go to {nobody}; name an owner"},
        {"line": 5, "problem": "T-3 is no lot; its quantity is one, without a unit"},
        {"line": 6, "problem": "T-1 is in line 3 already"},
    ]
    assert (told["registered"], told["present"]) == (3, 0)
    write("T-1,,", "T-2,,", "T-3,,", "T-4,,", "T-5,,")
    assert imported(market)["registered"] == 2


def told_id(told: dict[str, object], line: int) -> str:
    """The short id in what is said of a line."""
    bad = told["bad"]
    assert isinstance(bad, list)
    problem: str = next(each["problem"] for each in bad if each["line"] == line)
    return problem.removeprefix("asset 0x")[:8]


def test_people_see_what_is_to_be_done_and_what_was(market: Market) -> None:
    write("T-1,,", ",,", "T-2,,")

    noted = market.noted(*IMPORT, by="supplier")
    result = market.text(*IMPORT, "--yes", by="supplier", code=2)

    assert "as tools.csv says: 2 assets:\n  T-1\n  T-2\nLeft out: 1 bad line." in noted
    assert "Registered: 2 assets, with 1 transaction; 0 were before." in result
    assert "3     '' can't be a local id" in result


def test_what_was_done_before_ctrl_c_is_not_lost(market: Market, monkeypatch: pytest.MonkeyPatch) -> None:
    write(*(f"T-{number},," for number in range(7)))

    def interrupted(*arguments: object) -> object:
        for count, each in enumerate(run_import(*arguments)):  # type: ignore[arg-type]
            yield each
            if count:
                raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("fabricant.cli._asset_importing.run_import", interrupted)
        noted = market.noted(*IMPORT, "--yes", by="supplier")

    assert "At least 6 of 7 are registered; run it again to go on." in noted
    again = imported(market)
    assert (again["registered"], again["present"]) == (1, 6)


def test_who_may_not_register_is_told_once(market: Market) -> None:
    write("T-1,,")
    refusal = market.refused(*IMPORT, "--issuer", "supplier", by="buyer")
    assert refusal.error == "AssetRegistry_NotIssuer"


def test_local_ids_outside_the_prefix_are_bad() -> None:
    write("01/09506000134352/21/A,,", "01/04012345123456/21/A,,", "B,x,")
    prefix, nobody = "https://id.gs1.org/01/9506000", ZERO_ADDRESS.replace("0x0", "0x1")
    found = lists.lines(Path("tools.csv"), kind="equipment", owner=Address(nobody), prefix=prefix)
    assert [type(each) for each in found] == [tuple, BadLine, BadLine]
    assert "does not lie in https://id.gs1.org/01/9506000" in str(found[1])
