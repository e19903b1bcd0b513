"""Goods on every path: what is recalled or held stays owed to one party, and stops no money."""

from collections.abc import Sequence

import pytest
from web3.contract import Contract

from fabricant.domain.escrow import LineFlag, Status
from fabricant.domain.units import Address
from tests.support.actors import Actor
from tests.support.assets import FLAG_HELD, FLAG_RECALLED
from tests.support.assets import Status as AssetStatus
from tests.support.chain import Chain
from tests.support.genealogy import DAY, Works
from tests.support.lines import BUYER, SUPPLIER, Deals, Goods
from tests.support.paths import PATHS, STRANGER, Path
from tests.support.reverts import reverts
from tests.support.stage import EVERYTHING, Play, Stage, State
from tests.support.zoo import arrives

CUSTOMS = Actor("gateway")
LOCKED = ((True, False), (True, True))  # of two assets
ALSO = ("rule", "terminate", "payRetention")  # in the short run, beside the paths that hand goods over
SCENES = [each for each in PATHS if each.hands or (each.delivers and (each.action in ALSO or EVERYTHING))]


class Locks:
    """What the maker or an authority does with goods that are on their way; they are numbered."""

    def __init__(self, works: Works, flag: int) -> None:
        self.flag = flag
        self._works = works
        self._until = 0
        self._names: dict[int, str] = {}

    def register(self, numbers: Sequence[int]) -> list[int]:
        """Makes goods of the supplier's."""
        names = [f"goods {number}" for number in numbers]
        ids = self._works.parts(*names)
        self._names |= dict(zip(ids, names, strict=True))
        return ids

    def lock(self, assets: Sequence[int]) -> None:
        """Recalls or holds them."""
        names = [self._names[each] for each in assets]
        if self.flag == FLAG_RECALLED:
            self._works.recall(*names)
            return
        self._works.empower(CUSTOMS)
        self._until = self._works.chain.now + 179 * DAY
        for name in names:
            self._works.hold(name, self._until, by=CUSTOMS)

    def unlock(self) -> None:
        """Lifts the recall, or lets the hold end."""
        if self.flag == FLAG_RECALLED:
            self._works.lift()
        else:
            self._works.chain.warp(self._until)


@pytest.mark.parametrize("flag", [FLAG_RECALLED, FLAG_HELD], ids=["recalled", "held"])
@pytest.mark.parametrize("path", SCENES, ids=str)
def test_no_registry_stops_a_path(
    stage: Stage, deal: Deals, escrow: Contract, token: Contract, works: Works, path: Path, flag: int
) -> None:
    locks = Locks(works, flag)
    play = Play(stage, path.prepare(deal, locks.register, token=token, escrow=escrow))
    for which in LOCKED:
        with play.again(f"locked: {which}"):
            pairs = zip(play.scene.goods, which * len(play.scene.lines), strict=True)
            locked = [asset for asset, is_locked in pairs if is_locked]
            locks.lock(locked)
            meet(play, locks, locked, owed=sum(1 << bit for bit, is_locked in enumerate(which) if is_locked))


def meet(play: Play, locks: Locks, locked: list[int], *, owed: int) -> None:
    """A call while the goods are locked, and later, when they are not. `owed`: their bits."""
    path, first = play.scene.path, play.scene.first
    if path.action == "deliver":
        play.refuse("AssetRegistry_Locked", id=locked[0], flags=locks.flag)
        play.check(play.before)
        return
    if path.variant == "rejected" or (path.action == "collect" and owed == 0b11):
        play.refuse("SupplierEscrow_GoodsStuck", id=first.id, owed=owed)
        play.check(play.before)
        return
    _, expected = play.act(arrives)
    if path.hands:
        expected |= {("owed goods", line.id): owed for line in play.scene.lines}
        expected |= {("owner", asset): play.scene.escrow for asset in locked}
    play.check(expected)
    locks.unlock()
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
