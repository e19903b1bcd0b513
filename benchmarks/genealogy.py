"""How long a large genealogy takes in Python: `.venv/bin/python benchmarks/genealogy.py [PARTS]`.

Heats are made into blanks, blanks into blades, and blades go into rotors, rotors into engines; every fifth
blade has records. What counts is the time for 100,000 parts, from the events in memory to the answer.
"""

import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

from fabricant.chain.assets import AssetRegistered, QuantitySet, RecordAdded, StatusSet, Transfer
from fabricant.chain.genealogy import Assembled, Transformed
from fabricant.chain.recalling import Campaign
from fabricant.chain.tracing import Happened, graph_of
from fabricant.domain.assets import AssetId, Kind, Status, asset_id, namespace_of
from fabricant.domain.genealogy import Input, NoticeId, hash_of_inputs
from fabricant.domain.graph import Evidence, Graph, Way
from fabricant.domain.recalls import plan
from fabricant.domain.units import ZERO_ADDRESS, parse_address

OWNER = parse_address("0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266")
REGISTRY = parse_address("0x70997970C51812dc3A010C7d01b50e0d17dc79C8")
HERE = namespace_of(OWNER)
SEEN = Evidence(1, "0x" + "00" * 32)
BLADES, ROTORS = 40, 2  # of a heat and of a rotor: 40; rotors in an engine


class Factory:
    """Writes down the events of a production, in the order of the contracts."""

    def __init__(self) -> None:
        self.events: list[Happened] = []
        self.parts = 0

    def say(self, *events: object) -> None:
        """What the contracts say."""
        self.events += ((SEEN, event) for event in events)

    def register(self, local_id: str, kind: Kind = Kind.COMPONENT) -> AssetId:
        """A new part."""
        self.parts += 1
        asset = asset_id(HERE, local_id)
        self.say(Transfer(from_=ZERO_ADDRESS, to=OWNER, id=asset))
        self.say(
            AssetRegistered(
                id=asset, namespace=HERE, owner=OWNER, kind=kind, local_id=local_id, twin=bytes(32), uri=""
            )
        )
        return asset

    def make(self, source: AssetId, outputs: list[str], *, quantity: int = 1) -> list[AssetId]:
        """Parts of another."""
        inputs = (Input(asset=source, quantity=quantity),)
        self.say(StatusSet(id=source, status=Status.CONSUMED))
        made = [self.register(each) for each in outputs]
        self.say(
            Transformed(
                made=hash_of_inputs(inputs),
                owner=OWNER,
                by=OWNER,
                inputs=inputs,
                scrap=(),
                outputs=tuple(made),
            )
        )
        return made

    def assemble(self, whole: AssetId, part: AssetId) -> None:
        """A part goes into a whole."""
        self.say(Transfer(from_=OWNER, to=REGISTRY, id=part), Assembled(parent=whole, child=part))

    def rotor(self, number: int) -> AssetId:
        """A heat, its blanks and blades, and the rotor that they are in."""
        heat, rotor = self.register(f"HEAT-{number}", Kind.LOT), self.register(f"ROTOR-{number}")
        self.say(QuantitySet(id=heat, quantity=1_000, unit=b"KGM"))
        blanks = self.make(heat, [f"BLANK-{number}-{at}" for at in range(BLADES)], quantity=1_000)
        for at, blank in enumerate(blanks):
            (blade,) = self.make(blank, [f"BLADE-{number}-{at}"])
            if at % 5 == 0:
                self.say(_record(blade))
            self.assemble(rotor, blade)
        return rotor


def main() -> None:
    """Prints seconds for each step."""
    wanted = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    factory = Factory()
    engines = list(_engines(factory, wanted))
    heats = [asset_id(HERE, f"HEAT-{number}") for number in range(ROTORS * len(engines))]
    print(f"{factory.parts:,} parts, {len(factory.events):,} events")

    graph: Graph = _timed("made into a graph", lambda: graph_of(factory.events))
    _timed("every engine walked back", lambda: [graph.walk(each, Way.BACK) for each in engines])
    _timed("every heat walked forward", lambda: [graph.walk(each, Way.FORWARD) for each in heats])
    notice = NoticeId(bytes(31))
    planned = _timed("recall of all heats planned", lambda: plan(graph, notice, named=heats))
    packets = _timed("packed into transactions", lambda: Campaign(graph, planned).packets)
    print(f"{len(planned.concerns):,} concerned, {len(planned.links):,} links, {len(packets)} transactions")


def _engines(factory: Factory, wanted: int) -> Iterator[AssetId]:
    number = 0
    while factory.parts < wanted:
        engine = factory.register(f"ENGINE-{number}")
        for _ in range(ROTORS):
            factory.assemble(engine, factory.rotor(number))
            number += 1
        yield engine


def _record(asset: AssetId) -> RecordAdded:
    return RecordAdded(
        id=asset, topic=bytes(32), author=OWNER, by=OWNER, hash=bytes(32), supersedes=bytes(32), uri=""
    )


def _timed(step: str, do: Callable[[], Any]) -> Any:
    begin = time.perf_counter()
    done = do()
    print(f"{time.perf_counter() - begin:8.2f} s  {step}", flush=True)
    return done


if __name__ == "__main__":
    main()
