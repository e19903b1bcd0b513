"""Recalls carried out on a chain: all and only what is concerned, in as few transactions as can be."""

from collections.abc import Mapping

import pytest

from fabricant.chain import recalling
from fabricant.chain.errors import Genealogy_NotIssuer, Genealogy_NotSpreading
from fabricant.chain.fabricant import Fabricant
from fabricant.chain.notices import Scope
from fabricant.chain.recalling import Campaign, runs_by_batch
from fabricant.chain.tracing import read_graph
from fabricant.domain.assets import namespace_of
from fabricant.domain.genealogy import Reach
from fabricant.domain.graph import Calling, NodeId
from fabricant.domain.recalls import Fate, Plan, close, plan
from fabricant.errors import InvalidInput
from tests.support.workshop import Workshop
from tests.support.world import World, wallet

TEXT = b"\x07" * 32


@pytest.fixture
def shop(world: World) -> Workshop:
    """A heat of which six blades were made; two engines with a rotor of two blades each; a run of pins.

    A pin that is a token is in the second engine, beside its rotor. Another heat made one blade.
    """
    shop = Workshop.of(world)
    shop.lot("HEAT", 1000)
    shop.lot("GOOD", 1000)
    shop.make({"HEAT": 100}, [f"BLANK-{n}" for n in range(6)])
    for n in range(6):
        shop.make({f"BLANK-{n}": 1}, [f"BLADE-{n}"])
    shop.make({"GOOD": 100}, ["BLADE-G"])
    shop.parts("ROTOR-1", "ROTOR-2", "ENGINE-1", "ENGINE-2", "ENGINE-3")
    shop.run(["PIN-1", "PIN-2", "PIN-3"], origin="HEAT", tokens=["PIN-1", "PIN-2"])
    shop.assemble("ROTOR-1", "BLADE-0", "BLADE-1")
    shop.assemble("ROTOR-2", "BLADE-2", "BLADE-G")
    shop.assemble("ENGINE-1", "ROTOR-1")
    shop.assemble("ENGINE-2", "ROTOR-2", "PIN-1")
    return shop


def planned(shop: Workshop, *named: str, proven: bool = True) -> tuple[Plan, Campaign]:
    """The plan of a recall, as the chain is now."""
    graph, runs = read_graph(shop.fabricant), runs_by_batch(shop.runs if proven else [])
    ids: list[NodeId] = [shop.id(each) for each in named]
    found = plan(
        graph,
        shop.notice(TEXT),
        named=ids,
        provable=lambda unit: graph.assets[unit].batch in runs,
    )
    naming = Scope(namespace=shop.namespace, hash=TEXT, uri="ipfs://notice")
    return found, Campaign(graph, found, naming=naming, runs=runs)


def carry_out(shop: Workshop, *named: str, by: Fabricant | None = None) -> int:
    """Carries a recall out; how many transactions it took."""
    _, campaign = planned(shop, *named)
    return len(list(campaign.carry_out((by or shop.fabricant).genealogy)))


def calling(shop: Workshop) -> Calling:
    """The notice, as the chain tells it."""
    return read_graph(shop.fabricant).notices[shop.notice(TEXT)]


def names(shop: Workshop, covers: Mapping[NodeId, object]) -> dict[str, object]:
    """By local ids; a batch is "run"."""
    assets = read_graph(shop.fabricant).assets
    return {assets[node].local_id if node in assets else "run": said for node, said in covers.items()}  # type: ignore[index]


ALL: dict[str, Reach] = (
    {"HEAT": Reach.ISSUED, "run": Reach.DOWNWARD, "PIN-1": Reach.DOWNWARD, "PIN-2": Reach.DOWNWARD}
    | {f"{what}-{n}": Reach.DOWNWARD for what in ("BLANK", "BLADE") for n in range(6)}
    | {f"{what}-{n}": Reach.UPWARD for what in ("ROTOR", "ENGINE") for n in (1, 2)}
)


def test_a_recall_covers_all_and_only_what_is_concerned(shop: Workshop) -> None:
    assert carry_out(shop, "HEAT") == 1

    assert names(shop, calling(shop).covers) == ALL
    genealogy = shop.fabricant.genealogy
    for asset in shop.ids(*ALL.keys() - {"run"}):
        (recall,) = genealogy.recalls_of(asset)
        assert (recall.notice, recall.lifted) == (shop.notice(TEXT), False)
    assert not any(genealogy.recalls_of(each) for each in shop.ids("GOOD", "BLADE-G", "ENGINE-3"))
    assert planned(shop, "HEAT")[0].links == ()


def test_upward_never_spreads_down_to_other_parts(shop: Workshop) -> None:
    carry_out(shop, "BLADE-2")

    assert names(shop, calling(shop).covers) == {
        "BLADE-2": Reach.ISSUED,
        "ROTOR-2": Reach.UPWARD,
        "ENGINE-2": Reach.UPWARD,
    }
    with pytest.raises(Genealogy_NotSpreading):
        shop.fabricant.genealogy.extend_to_parts(shop.notice(TEXT), [shop.id("BLADE-G")])


@pytest.mark.parametrize("killed_after", [1, 2, 5])
def test_what_was_interrupted_goes_on_where_it_stopped(
    shop: Workshop, world: World, monkeypatch: pytest.MonkeyPatch, killed_after: int
) -> None:
    monkeypatch.setattr(recalling, "MOST_GAS", 200_000)
    _, campaign = planned(shop, "HEAT")
    sending = campaign.carry_out(shop.fabricant.genealogy)
    for _ in range(killed_after):
        next(sending)
    assert names(shop, calling(shop).covers) != ALL

    left = carry_out(shop, by=world.as_("stranger"))

    assert left == len(campaign.packets) - killed_after
    assert names(shop, calling(shop).covers) == ALL


def test_what_somebody_else_did_meanwhile_is_passed_over(shop: Workshop, world: World) -> None:
    _, campaign = planned(shop, "HEAT")
    carry_out(shop, "HEAT")

    (done,) = campaign.carry_out(shop.fabricant.genealogy)

    assert done.events == ()
    assert names(shop, calling(shop).covers) == ALL


def test_a_part_that_was_replaced_drops_out(shop: Workshop) -> None:
    shop.take_out("ENGINE-1", "ROTOR-1")
    shop.take_out("ROTOR-1", "BLADE-0", "BLADE-1")
    shop.assemble("ENGINE-1", "ROTOR-1")

    found, _ = planned(shop, "HEAT")

    concerned = names(shop, found.concerns)
    assert {"BLADE-0", "BLADE-1", "ENGINE-2"} <= concerned.keys()
    assert not {"ROTOR-1", "ENGINE-1"} & concerned.keys()


def test_a_whole_without_its_bad_part_can_be_cleared(shop: Workshop) -> None:
    carry_out(shop, "BLADE-2")
    shop.take_out("ENGINE-2", "ROTOR-2")
    shop.take_out("ROTOR-2", "BLADE-2")

    fates = closure(shop)

    assert fates == {"BLADE-2": Fate.RETURNED, "ROTOR-2": Fate.CLEARABLE, "ENGINE-2": Fate.CLEARABLE}
    shop.fabricant.genealogy.clear_recall(shop.notice(TEXT), shop.namespace, local_id="ROTOR-2")
    assert "ROTOR-2" not in closure(shop)


def test_units_need_the_run_that_proves_them(shop: Workshop) -> None:
    found, campaign = planned(shop, "HEAT", proven=False)
    assert set(found.unproven) == shop.ids("PIN-1", "PIN-2")

    list(campaign.carry_out(shop.fabricant.genealogy))

    covered = names(shop, calling(shop).covers)
    assert covered == {name: reach for name, reach in ALL.items() if name not in ("PIN-1", "PIN-2")}
    assert closure(shop)["PIN-1"] is Fate.UNCOVERED
    run = shop.runs[0]
    shop.fabricant.assets.serialise(run.batch, run.unit("PIN-3"), proof=run.prove("PIN-3"))
    assert names(shop, calling(shop).covers)["PIN-3"] is Reach.DOWNWARD


def test_other_notices_push_none_out(shop: Workshop) -> None:
    for number in range(9):
        shop.fabricant.genealogy.recall(shop.namespace, bytes([8 + number]) * 32, local_ids=["BLADE-2"])

    carry_out(shop, "HEAT")

    assert names(shop, calling(shop).covers) == ALL
    assert planned(shop, "HEAT")[0].links == ()


def test_closure_says_who_has_what(shop: Workshop, world: World) -> None:
    registry, genealogy = shop.fabricant.assets, shop.fabricant.genealogy
    for engine, whom in (("ENGINE-1", "buyer"), ("ENGINE-2", "operator"), ("BLADE-3", "buyer")):
        registry.transfer_from(shop.owner, wallet(whom).address, shop.id(engine))
    carry_out(shop, "HEAT")
    world.as_("buyer").genealogy.acknowledge_recall(shop.notice(TEXT))
    world.as_("buyer").genealogy.return_recalled(shop.namespace, "BLADE-3", to=shop.owner)

    fates = closure(shop)

    assert {name for name, fate in fates.items() if fate is Fate.MISSING} == {
        *("ENGINE-2", "ROTOR-2", "BLADE-2", "PIN-1")
    }
    acknowledged = {name for name, fate in fates.items() if fate is Fate.ACKNOWLEDGED}
    assert acknowledged == {"ENGINE-1", "ROTOR-1", "BLADE-0", "BLADE-1"}
    assert fates["BLADE-3"] is Fate.RETURNED
    assert {fates[f"BLANK-{n}"] for n in range(6)} == {Fate.CONSUMED}
    genealogy.lift_recall(shop.namespace, TEXT)
    assert calling(shop).lifted


def closure(shop: Workshop) -> dict[str, Fate]:
    """What became of everything, by local ids."""
    graph = read_graph(shop.fabricant)
    found = close(graph, graph.notices[shop.notice(TEXT)], shop.fabricant.assets.issuer_of)
    return {each.local_id: each.fate for each in found.assets}


def test_only_the_issuer_names_assets(shop: Workshop, world: World) -> None:
    with pytest.raises(Genealogy_NotIssuer):
        carry_out(shop, "HEAT", by=world.as_("stranger"))
    graph = read_graph(shop.fabricant)
    found = plan(graph, shop.notice(TEXT), named=[shop.id("HEAT")])
    runs = runs_by_batch(shop.runs)
    with pytest.raises(InvalidInput, match="only with its issuer's notice"):
        next(Campaign(graph, found, runs=runs).carry_out(shop.fabricant.genealogy))
    foreign = Scope(namespace=namespace_of(wallet("buyer").address), hash=TEXT)
    with pytest.raises(InvalidInput, match="a notice names what is in its issuer's namespace"):
        next(Campaign(graph, found, naming=foreign, runs=runs).carry_out(shop.fabricant.genealogy))


# Gas


def test_estimates_are_above_what_receipts_say(shop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    for n in range(12):
        shop.lot(f"LOT-{n}", 10**30)
    shop.make({f"LOT-{n}": 10**29 + n for n in range(12)}, [f"MIXED-{n}" for n in range(30)])
    monkeypatch.setattr(recalling, "MOST_GAS", 1_000_000)
    _, campaign = planned(shop, "HEAT", "LOT-7")

    for packet in campaign.packets:
        calls = campaign.calls(shop.fabricant.genealogy, packet)
        done = shop.fabricant.genealogy.multicall(calls)
        estimate = campaign.gas_of(packet)
        assert done.receipt.gas_used < estimate < 3 * done.receipt.gas_used, packet[0].relation
        assert estimate <= recalling.MOST_GAS

    affected = len(calling(shop).covers)
    assert campaign.gas < 100_000 * affected + 200_000 * len(campaign.packets)
