"""A forging heat is recalled: all and only the engines with a blade of it are found, years and owners apart.

Heats become blanks, blanks become blades, blades go into rotors, and rotors into engines that are sold. Every
step is on the chain, so that whoever reads it knows where a blade is. Run it:
`python examples/turbine_blade/story.py`.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from eth_utils.crypto import keccak

from fabricant.chain.errors import AssetRegistry_Locked
from fabricant.chain.notices import Scope
from fabricant.chain.recalling import Campaign
from fabricant.chain.tracing import read_graph
from fabricant.demo.firms import Firm, Firms, own_chain
from fabricant.domain.assets import AssetId, Kind, Registration
from fabricant.domain.genealogy import Input, Scrap, Transformation
from fabricant.domain.graph import Graph, Way
from fabricant.domain.recalls import Closure, affected, close, plan

GRAMS: Final = b"GRM"
BLANK, LOSS = 2_700, 300  # grams of a blank, and lost with each
A: Final = [f"A-{n:02}" for n in range(1, 41)]
B: Final = [f"B-{n:02}" for n in range(1, 11)]
ROTORS: Final = {"ROTOR-1": A[:20], "ROTOR-2": A[20:38], "ROTOR-3": [A[38], *B[:9]]}
ENGINES: Final = {"ENGINE-1": "ROTOR-1", "ENGINE-2": "ROTOR-2", "ENGINE-3": "ROTOR-3"}
INSPECTIONS: Final = ("forging", "hardness", "dimensions", "cracks", "weight")
NOTICE: Final = b"Recall 4711: inclusions in HEAT-A. Ground all engines with a blade of it."


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the recall found: by the plan, before and after the repair, and by asking for every blade."""

    before: set[str]
    engines: set[str]
    by_hand: set[str]
    covered: int
    closure: Closure


@dataclass(frozen=True, slots=True)
class Cast:
    """Who takes part."""

    maker: Firm
    builder: Firm
    north: Firm
    south: Firm


def play(firms: Firms) -> Outcome:
    """The story."""
    cast = Cast(*map(firms.firm, ("maker", "builder", "north", "south")))
    heat = cast.maker.id("HEAT-A")
    _make_blades(firms, cast.maker)
    _build_engines(firms, cast)
    before = _engines(read_graph(firms.fabricant), heat)
    _repair(firms, cast)
    return _recall(firms, cast, before)


def _make_blades(firms: Firms, maker: Firm) -> None:
    firms.chapter("Two heats, fifty blades")
    _melt(firms, maker, "HEAT-A", A)
    _melt(firms, maker, "HEAT-B", B)
    firms.wait_for(2)
    genealogy, registry = maker.fabricant.genealogy, maker.fabricant.assets
    machining = (_making(maker, {f"BLANK-{blade}": 1}, [blade]) for blade in (*A, *B))
    genealogy.multicall([genealogy.prepare(genealogy.transform, each) for each in machining])
    firms.did(maker, f"machines {len(A) + len(B)} blades, each of its blank")
    for blade in A:
        for what in INSPECTIONS:
            topic, report = keccak(text=what), keccak(text=f"{blade} {what}: passed")
            registry.record(maker.id(blade), topic=topic, hash_=report)
    firms.did(maker, f"records {len(A) * len(INSPECTIONS)} inspections of the blades of HEAT-A")


def _build_engines(firms: Firms, cast: Cast) -> None:
    firms.chapter("Three engines")
    firms.wait_for(5)
    maker, builder = cast.maker, cast.builder
    maker.fabricant.assets.register_many(maker.namespace, [maker.piece(each) for each in ROTORS])
    for rotor, blades in ROTORS.items():
        maker.fabricant.genealogy.assemble(maker.id(rotor), [maker.id(each) for each in blades])
        maker.fabricant.assets.transfer_from(maker.address, builder.address, maker.id(rotor))
    firms.did(maker, "puts the blades into three rotors, and sells them to the builder")
    engines = [builder.piece(each, Kind.PRODUCT) for each in ENGINES]
    builder.fabricant.assets.register_many(builder.namespace, engines)
    for engine, rotor in ENGINES.items():
        builder.fabricant.genealogy.assemble(builder.id(engine), [maker.id(rotor)])
        airline = cast.south if engine == "ENGINE-3" else cast.north
        builder.fabricant.assets.transfer_from(builder.address, airline.address, builder.id(engine))
    firms.did(builder, "puts the rotors into engines: two for north, one for south")
    _tell_origins(firms, builder.id("ENGINE-3"))


def _repair(firms: Firms, cast: Cast) -> None:
    firms.chapter("A blade is replaced")
    firms.wait_for(60)
    maker, south, engine = cast.maker, cast.south, cast.builder.id("ENGINE-3")
    rotor, old, new = (maker.id(each) for each in ("ROTOR-3", "A-39", "B-10"))
    maker.fabricant.assets.transfer_from(maker.address, south.address, new)
    genealogy = south.fabricant.genealogy
    genealogy.disassemble(engine, [rotor])
    genealogy.disassemble(rotor, [old])
    genealogy.assemble(rotor, [new])
    genealogy.assemble(engine, [rotor])
    firms.did(south, "finds a nick in A-39, takes it out of ENGINE-3, and puts B-10 in")
    _tell_origins(firms, engine)


def _recall(firms: Firms, cast: Cast, before: set[str]) -> Outcome:
    firms.chapter("The heat is recalled")
    firms.wait_for(700)
    maker, north, south = cast.maker, cast.north, cast.south
    graph = read_graph(firms.fabricant)
    naming = Scope(namespace=maker.namespace, hash=keccak(NOTICE), uri="https://maker.example/4711")
    planned = plan(graph, naming.notice, named=[maker.id("HEAT-A")])
    done = list(Campaign(graph, planned, naming=naming).carry_out(maker.fabricant.genealogy))
    firms.did(maker, f"recalls HEAT-A and all that is of it, in {len(done)} transaction")
    graph = read_graph(firms.fabricant)
    covers = graph.notices[naming.notice].covers
    covered = {thing.local_id for each in covers if (thing := graph.thing(each))}
    found, by_hand = covered & ENGINES.keys(), _by_hand(maker, graph)
    firms.note(f"{len(covered)} are covered: the heat, 40 blanks, 40 blades, 2 rotors, 2 engines")
    firms.note(f"The engines are {_list(found)}; before the repair: {_list(before)}.")
    firms.note(f"Every blade of the heat asked where it is, one by one: {_list(by_hand)}.")
    with firms.refused(north, "tries to sell ENGINE-1", AssetRegistry_Locked):
        engine = cast.builder.id("ENGINE-1")
        north.fabricant.assets.transfer_from(north.address, south.address, engine)

    firms.chapter("The recall is closed")
    _close(firms, maker, naming)
    firms.wait_for(701)
    north.fabricant.genealogy.acknowledge_recall(naming.notice)
    firms.did(north, "declares to know of the notice, and grounds both engines")
    south.fabricant.genealogy.return_recalled(maker.namespace, "A-39", to=maker.address)
    firms.did(south, "sends A-39 back")
    return Outcome(before, found, by_hand, len(covered), _close(firms, maker, naming))


def _melt(firms: Firms, maker: Firm, heat: str, blades: list[str]) -> None:
    """A heat, and the blanks that are forged of it."""
    grams = len(blades) * (BLANK + LOSS)
    lot = Registration(local_id=heat, kind=Kind.LOT, owner=maker.address, quantity=grams, unit=GRAMS)
    maker.fabricant.assets.register(maker.namespace, lot)
    lost = len(blades) * LOSS
    blanks = [f"BLANK-{each}" for each in blades]
    forging = _making(maker, {heat: grams}, blanks, Scrap(unit=GRAMS, quantity=lost))
    maker.fabricant.genealogy.transform(forging)
    firms.did(maker, f"melts {heat}, {grams:,} g, and forges {len(blades)} blanks; {lost:,} g are scrap")


def _making(maker: Firm, inputs: dict[str, int], outputs: list[str], *scrap: Scrap) -> Transformation:
    put = tuple(Input(asset=maker.id(each), quantity=quantity) for each, quantity in inputs.items())
    made = tuple(maker.piece(each) for each in outputs)
    return Transformation(inputs=put, scrap=scrap, namespace=maker.namespace, outputs=made)


def _tell_origins(firms: Firms, engine: AssetId) -> None:
    """The heats in an engine, and how many blades of each."""
    graph = read_graph(firms.fabricant)
    met = [thing.local_id for node in graph.walk(engine, Way.BACK).nodes if (thing := graph.thing(node))]
    blades = {heat: len([each for each in met if each.startswith(f"{heat}-")]) for heat in "AB"}
    told = [f"HEAT-{heat} (blades: {count})" for heat, count in blades.items() if count]
    firms.note(f"Where does {graph.assets[engine].local_id} come from? From {_list(told)}.")


def _engines(graph: Graph, heat: AssetId) -> set[str]:
    """The engines that a recall of a heat concerns."""
    things = (graph.thing(each) for each in affected(graph, [heat]))
    return {thing.local_id for thing in things if thing} & ENGINES.keys()


def _by_hand(maker: Firm, graph: Graph) -> set[str]:
    """The contract is asked for each blade of the heat in which engine it is."""
    roots = {maker.fabricant.genealogy.root_of(maker.id(blade)) for blade in A}
    return {graph.assets[root].local_id for root in roots} & ENGINES.keys()


def _close(firms: Firms, maker: Firm, naming: Scope) -> Closure:
    graph = read_graph(firms.fabricant)
    closure = close(graph, graph.notices[naming.notice], maker.fabricant.assets.issuer_of)
    counts = sorted((fate.value, count) for fate, count in closure.counts.items())
    firms.did(maker, f"asks: {', '.join(f'{count} {fate}' for fate, count in counts)}")
    return closure


def _list(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))


if __name__ == "__main__":
    with own_chain() as firms:
        play(firms)
