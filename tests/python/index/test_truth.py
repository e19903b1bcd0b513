"""The index says what the contracts say, of everything in every example (catalogue 81)."""

import importlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fabricant.chain.anvil import LocalChain
from fabricant.chain.build import find_project
from fabricant.chain.fabricant import Fabricant
from fabricant.chain.tokens import balance
from fabricant.chain.wallet import dev_wallets
from fabricant.demo.firms import Firms
from fabricant.demo.scene import Scene
from fabricant.domain.assets import AssetId
from fabricant.domain.escrow import LineId
from fabricant.domain.units import Address
from fabricant.index import Index
from tests.support.indexes import clean, contents, rows

EXAMPLES = find_project(Path(__file__).parent) / "examples"


@pytest.fixture(scope="module")
def fabricant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fabricant]:
    """A deployment in which every example was played."""
    with LocalChain.start() as chain:
        folder = tmp_path_factory.mktemp("deployments")
        for script in sorted(EXAMPLES.glob("*/story.py")):
            module = importlib.import_module(f"examples.{script.parent.name}.story")
            module.play(Firms.set_up(chain, folder=folder, say=lambda _: None))
        for script in sorted(EXAMPLES.glob("*/deal.py")):
            module = importlib.import_module(f"examples.{script.parent.name}.deal")
            scene = Scene.set_up(
                chain,
                dev_wallets(chain)[0],
                folder=folder,
                say=lambda _: None,
                **getattr(module, "HAD", {}),
            )
            module.play(scene)
        yield Fabricant(chain, scene.stage.deployment)


@pytest.fixture(scope="module")
def index(fabricant: Fabricant, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    """The index of it."""
    with Index.open(fabricant, tmp_path_factory.mktemp("index") / "index.db") as index:
        index.sync()
        yield index


def asset(text: str) -> AssetId:
    """An id."""
    return AssetId(int(text, 16))


def test_every_log_is_an_event(fabricant: Fabricant, index: Index) -> None:
    deployment = fabricant.deployment
    contracts = [
        *(deployment.directory, deployment.assets, deployment.genealogy),
        *(deployment.records, deployment.capacity, deployment.escrow),
    ]
    logs = fabricant.network.logs(contracts, since=0, until=fabricant.network.head().number)
    cursor = index.cursor()

    assert cursor is not None
    assert (len(rows(index, "events")), cursor.unknown) == (len(logs), 0)
    assert [(each["block"], each["log_index"]) for each in rows(index, "events")] == [
        (log.block, log.index) for log in logs
    ]


def test_lines_are_the_escrows(fabricant: Fabricant, index: Index) -> None:
    escrow, found = fabricant.escrow, rows(index, "lines")

    assert len(found) > 20
    for each in found:
        line = LineId(bytes.fromhex(each["id"][2:]))
        kept = escrow.line_of(line)
        names = ("rejections", "since", "late_intervals", "extra")
        assert (each["status"], each["flags"], int(each["held"])) == (
            kept.status.name.lower(),
            int(kept.flags),
            kept.held,
        ), each
        assert {name: each[name] for name in names} == {name: getattr(kept, name) for name in names}
        assert each["payee"] == escrow.payee_of(line)


def test_money_is_where_the_index_says(fabricant: Fabricant, index: Index) -> None:
    for each in rows(index, "balances"):
        owner, token = Address(each["owner"]), Address(each["token"])
        assert int(each["amount"]) == fabricant.escrow.free_balance_of(owner, token)
    found = rows(index, "money")
    assert found
    for each in found:
        total = sum(int(each[name]) for name in ("held", "bonds", "deposits", "free"))
        assert total == balance(fabricant.network, fabricant.deployment.escrow, Address(each["token"])), each


def test_assets_are_the_registrys(fabricant: Fabricant, index: Index) -> None:
    registry, found = fabricant.assets, rows(index, "assets")

    assert len(found) > 30
    for each in found:
        known = registry.asset_of(asset(each["id"]))
        standing = registry.standing_of(asset(each["id"]))
        assert (each["owner"], each["kind"], each["status"], each["twin_version"], each["registered_at"]) == (
            known.owner,
            known.kind.name.lower(),
            known.status.name.lower(),
            known.twin_version,
            known.registered_at,
        )
        assert (each["user"], each["user_until"]) == (
            standing.user,
            standing.user_until,
        ) or standing.user in (
            "0x" + "00" * 20,
            each["owner"],
        )
        assert each["locked"] == bool(standing.flags & standing.flags.UNFIT) or each["status"] == "consumed"
        if each["kind"] == "lot":
            assert int(each["quantity"]) == registry.quantity_of(asset(each["id"]))


def test_calendars_are_the_markets(fabricant: Fabricant, index: Index) -> None:
    found = rows(index, "calendar")
    assert found
    for each in found:
        hours = fabricant.capacity.hours_of(asset(each["machine"]), each["word"])
        assert (int(each["booked"], 16), int(each["blocked"], 16)) == (hours.booked, hours.blocked)
    for each in rows(index, "bookings"):
        line = LineId(bytes.fromhex(each["line"][2:]))
        assert bool(each["returned"]) == fabricant.capacity.is_returned(line)


def test_streams_are_the_anchors(fabricant: Fabricant, index: Index) -> None:
    for each in rows(index, "streams"):
        stream: Any = bytes.fromhex(each["stream"][2:])
        assert each["head"] == f"0x{fabricant.records.head_of(stream).hex()}"
    assert sum(each["batches"] for each in rows(index, "streams")) == len(rows(index, "anchors"))


def test_operators_are_the_directorys(fabricant: Fabricant, index: Index) -> None:
    found = rows(index, "operators")
    assert found
    for each in found:
        lent = fabricant.directory.operator_of(Address(each["principal"]), Address(each["operator"]))
        assert (each["roles"], each["until"], each["version"]) == (int(lent.roles), lent.until, lent.version)


def test_parts_are_where_the_genealogy_says(fabricant: Fabricant, index: Index) -> None:
    for each in rows(index, "assets"):
        assert asset(each["parent"]) == fabricant.genealogy.parent_of(asset(each["id"]))
    for each in rows(index, "recalls"):
        notice: Any = bytes.fromhex(each["notice"][2:])
        assert (
            each["reach"] == fabricant.genealogy.reach_of(asset(each["id"]), notice).name.lower()
            or each["cleared"]
        )


def test_it_is_the_same_for_who_begins_now(fabricant: Fabricant, index: Index) -> None:
    assert clean(fabricant) == contents(index)
