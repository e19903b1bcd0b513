"""Goods on every path: what their registry holds back stays owed to one party, and stops no money.

The AssetRegistry of today lets everything in custody go, whatever was done to it before; recalls, holds and
assemblies, which will stop transfers, are played by a registry that refuses what it is told to.
"""

from collections.abc import Sequence

import pytest
from web3.contract import Contract

from fabricant.domain.escrow import LineFlag, Status
from fabricant.domain.units import Address
from tests.support.assets import Status as AssetStatus
from tests.support.chain import Chain
from tests.support.lines import BUYER, SUPPLIER, Deals, Goods
from tests.support.paths import PATHS, STRANGER, Path
from tests.support.reverts import reverts
from tests.support.stage import EVERYTHING, Play, Stage, State
from tests.support.zoo import arrives

HELD = ((True, False), (True, True))  # of two assets
ALSO = ("rule", "terminate", "payRetention")  # in the short run, beside the paths that hand goods over
SCENES = [each for each in PATHS if each.hands or (each.delivers and (each.action in ALSO or EVERYTHING))]


@pytest.mark.parametrize("path", SCENES, ids=str)
def test_no_registry_stops_a_path(
    stage: Stage, deal: Deals, registry: Contract, second_escrow: Contract, token: Contract, path: Path
) -> None:
    def register(numbers: Sequence[int]) -> list[int]:
        stage.chain.send(registry.functions.register(numbers, SUPPLIER.address), by=SUPPLIER)
        return list(numbers)

    play = Play(stage, path.prepare(deal, register, token=token, escrow=second_escrow))
    for which in HELD:
        with play.again(f"held back: {which}"):
            pairs = zip(play.scene.goods, which * len(play.scene.lines), strict=True)
            held = [asset for asset, is_held in pairs if is_held]
            stage.chain.send(registry.functions.holdBack(held, True), by=STRANGER)
            meet(play, registry, held, owed=sum(1 << bit for bit, is_held in enumerate(which) if is_held))


def meet(play: Play, registry: Contract, held: list[int], *, owed: int) -> None:
    """A call while the goods are held back, and later, when they are not. `owed`: their bits."""
    path, first = play.scene.path, play.scene.first
    if path.action == "deliver":
        play.refuse("HeldBack", id=held[0])
        play.check(play.before)
        return
    if path.variant == "rejected" or (path.action == "collect" and owed == 0b11):
        play.refuse("SupplierEscrow_GoodsStuck", id=first.id, owed=owed)
        play.check(play.before)
        return
    _, expected = play.act(arrives)
    if path.hands:
        expected |= {("owed goods", line.id): owed for line in play.scene.lines}
        expected |= {("owner", asset): play.scene.escrow for asset in held}
    play.check(expected)
    play.stage.chain.send(registry.functions.holdBack(held, False), by=STRANGER)
    play.check(collect(play, expected))


def collect(play: Play, state: State) -> State:
    """Whoever is entitled comes for what is owed. How everything should be then."""
    expected = dict(state)
    for line in play.scene.lines:
        kept = expected["line", line.id]
        if expected["owed goods", line.id] and kept.status in (Status.CLOSED, Status.RETAINED):
            entitled = BUYER if LineFlag.GOODS_TO_BUYER in kept.flags else SUPPLIER
            line.send("collect", line.goods, by=entitled)
            expected["owed goods", line.id] = 0
            expected |= {("owner", asset): entitled.address for asset in line.goods}
    return expected


@pytest.mark.parametrize("status", [AssetStatus.SUSPENDED, AssetStatus.RETIRED], ids=lambda each: each.name)
def test_f063_nobody_holds_back_what_is_in_custody(
    chain: Chain, deal: Deals, goods: Goods, assets: Contract, status: AssetStatus
) -> None:
    line, registry = deal(goods=goods(1)).given("Open"), assets.functions
    (asset,) = line.goods
    chain.send(registry.setStatus(asset, status), by=SUPPLIER)
    chain.send(registry.approve(STRANGER.address, asset), by=SUPPLIER)
    line.deliver()
    here = Address(line.escrow.address)
    for by in (SUPPLIER, BUYER, STRANGER):
        told = {"id": asset, "caller": by.address}
        with reverts("AssetRegistry_NotApproved", **told):
            chain.send(registry.transferFrom(here, by.address, asset), by=by)
        with reverts("AssetRegistry_NotApproved", **told):
            chain.send(registry.setUser(asset, by.address, line.due), by=by)
        with reverts("AssetRegistry_NotOwner", **told, owner=here):
            chain.send(registry.setStatus(asset, AssetStatus.ACTIVE), by=by)
    line.accept()
    assert chain.ask(registry.ownerOf(asset)) == BUYER.address.lower()
