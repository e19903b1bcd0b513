"""Carrying a recall out: the links of a plan become calls, and the calls transactions below the gas cap.

The chain is the only memory. What is covered already is in no plan, so that a program that was stopped is
simply run again; and where somebody else was quicker, the contract passes over it.
"""

from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from typing import Final

from fabricant.chain.client import AllDone
from fabricant.chain.genealogy import Genealogy
from fabricant.chain.network import Call
from fabricant.chain.notices import Scope
from fabricant.domain.assets import AssetId
from fabricant.domain.batches import BatchId, Run
from fabricant.domain.graph import Graph, Relation
from fabricant.domain.recalls import Link, Plan
from fabricant.errors import InvalidInput

# Gas, at most, measured from receipts (tests/python/chain/test_recalling.py).
MOST_GAS: Final = 14_000_000  # of one transaction, by this estimate; the protocol's cap is 16,777,216
GAS_OF_TRANSACTION: Final = 60_000
GAS_OF_CALL: Final = 12_000
GAS_OF_COVERED: Final = 80_000  # an asset or a batch
GAS_OF_INPUT: Final = 2_000  # of the transformation, in a call
GAS_OF_PROOF: Final = 2_500  # a hash of it


class Campaign:
    """A plan, ready to be sent.

    `naming`: the notice, if its issuer has still to name assets or batches of the plan in it; `runs`: of the
    batches whose units have to be proven.
    """

    def __init__(
        self,
        graph: Graph,
        plan: Plan,
        *,
        naming: Scope | None = None,
        runs: Mapping[BatchId, Run] | None = None,
    ) -> None:
        self._graph, self._notice, self._naming = graph, plan.notice, naming
        self._runs = runs or {}
        self.packets = tuple(self._pack(plan.links))

    @property
    def gas(self) -> int:
        """What all of it takes at most, by estimate."""
        return sum(self.gas_of(packet) for packet in self.packets)

    def carry_out(self, genealogy: Genealogy) -> Iterator[AllDone[object]]:
        """Sends the transactions, one after the other.

        Whoever names assets is the issuer (ASSETS); anyone carries a notice on. What was sent stays done. If
        goods were assembled or taken apart meanwhile: Genealogy_NoEdge, Genealogy_NotSpreading; plan anew.
        """
        for packet in self.packets:
            yield genealogy.multicall(self.calls(genealogy, packet))

    def calls(self, genealogy: Genealogy, packet: Iterable[Link]) -> list[Call]:
        """The calls that make a packet's links, for the Genealogy's multicall. Sends nothing."""
        return [self._call(genealogy, list(links)) for _, links in groupby(packet, key=_group)]

    def _call(self, genealogy: Genealogy, links: list[Link]) -> Call:
        first, targets = links[0], [AssetId(link.target) for link in links]
        if first.making is not None:
            inputs = first.making.inputs
            place = next(at for at, each in enumerate(inputs) if each.asset == first.source)
            action = genealogy.extend_to_outputs
            return genealogy.prepare(action, self._notice, inputs, recalled=place, outputs=targets)
        match first.relation:
            case Relation.PART:
                return genealogy.prepare(genealogy.extend_to_parts, self._notice, targets)
            case Relation.ORIGIN:
                batch = self._graph.batches[BatchId(first.target)].batch
                return genealogy.prepare(genealogy.extend_to_batch, self._notice, batch)
            case Relation.UNIT:
                run, local_id = self._run(first), self._graph.assets[AssetId(first.target)].local_id
                unit, proof = run.unit(local_id), run.prove(local_id)
                prove = genealogy.extend_to_unit
                return genealogy.prepare(prove, self._notice, run.batch, unit=unit, proof=proof)
            case _:
                return self._name(genealogy, links)

    def _name(self, genealogy: Genealogy, links: list[Link]) -> Call:
        if self._naming is None:
            raise InvalidInput("only with its issuer's notice does a recall name assets; say which notice")
        things = [thing for link in links if (thing := self._graph.thing(link.target))]
        batches = [made.batch for link in links if (made := self._graph.production(link.target))]
        namespaces = {each.namespace for each in things} | {each.namespace for each in batches}
        if namespaces != {self._naming.namespace}:
            raise InvalidInput("a notice names what is in its issuer's namespace; it spreads by itself")
        return genealogy.prepare(
            genealogy.recall,
            self._naming.namespace,
            self._naming.hash,
            local_ids=[thing.local_id for thing in things],
            batches=batches,
            uri=self._naming.uri,
        )

    def _run(self, link: Link) -> Run:
        return self._runs[BatchId(link.source)]

    def _pack(self, links: Iterable[Link]) -> Iterator[tuple[Link, ...]]:
        packet = list[Link]()
        gas, group = GAS_OF_TRANSACTION, None
        for link in links:
            more = self._gas_of_link(link) + (self._gas_of_call(link) if _group(link) != group else 0)
            if packet and gas + more > MOST_GAS:
                yield tuple(packet)
                packet, gas = [], GAS_OF_TRANSACTION
                more = self._gas_of_link(link) + self._gas_of_call(link)
            packet.append(link)
            gas, group = gas + more, _group(link)
        if packet:
            yield tuple(packet)

    def gas_of(self, packet: Iterable[Link]) -> int:
        """What a packet takes at most, by estimate."""
        groups = [list(links) for _, links in groupby(packet, key=_group)]
        calls = sum(self._gas_of_call(links[0]) for links in groups)
        return GAS_OF_TRANSACTION + calls + sum(self._gas_of_link(link) for links in groups for link in links)

    def _gas_of_call(self, link: Link) -> int:
        inputs = len(link.making.inputs) if link.making else 0
        return GAS_OF_CALL + inputs * GAS_OF_INPUT

    def _gas_of_link(self, link: Link) -> int:
        proof = self._run(link).batch.count.bit_length() if link.relation is Relation.UNIT else 0
        return len(link.covers) * GAS_OF_COVERED + proof * GAS_OF_PROOF


def runs_by_batch(runs: Iterable[Run]) -> dict[BatchId, Run]:
    """Runs by the batches that they were committed as."""
    return {run.batch.id: run for run in runs}


def _group(link: Link) -> tuple[object, ...]:
    """Links that are made by one call have this in common."""
    if link.making is not None:
        return (link.source, link.making.hash)
    return (link.relation,) if link.relation in (None, Relation.PART) else (link.relation, link.target)
