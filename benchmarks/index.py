"""How fast the index is, beside web3.py on the same chain: `make bench-index`, or with other sizes:

    .venv/bin/python benchmarks/index.py 30000 300000

A fresh Anvil gets transactions of about a hundred events each, of the project's own contracts: registered
assets, opened order lines, changed balances. Then the index and web3.py read them, one after the other, in
this process. The results are written to index.json and index.md beside this file.
"""

import json
import platform
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from web3 import Web3

from fabricant.artifacts import load
from fabricant.chain.anvil import LocalChain
from fabricant.chain.wallet import dev_wallets
from fabricant.conditions import load as load_conditions
from fabricant.demo.stage import Stage
from fabricant.domain.assets import Kind, Registration, namespace_of
from fabricant.domain.escrow import Terms
from fabricant.domain.units import BaseUnits, UnixSeconds
from fabricant.index import Index

HERE: Final = Path(__file__).parent
SIZES: Final = (30_000, 100_000)  # events
ASSETS, LINES = 45, 8  # of a transaction: an asset makes two events, a line one
WEB3_BLOCKS, WEB3_EVENTS = 100, 30_000  # of a question; after so many it has shown how fast it is
HEADS: Final = 100


@dataclass(frozen=True)
class Result:
    """What was measured on one chain. Latency: from a mined block to its events in the database."""

    events: int
    blocks: int
    seconds: float
    events_per_second: int
    events_per_cpu_second: int
    megabytes: float
    peak_memory_megabytes: int
    head_latency_ms_median: float
    head_latency_ms_worst: float
    web3_events_per_second: int
    times_as_fast_as_web3: float


def main(sizes: Sequence[int]) -> None:
    """Measures all sizes, and writes the results."""
    results = [measure(size) for size in sizes]
    where = f"{platform.machine()}, Python {platform.python_version()}, SQLite, Anvil on the same machine"
    document = {"where": where, "results": [asdict(each) for each in results]}
    (HERE / "index.json").write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    columns = [name.replace("_", " ") for name in asdict(results[0])]
    lines = [
        "# The index",
        "",
        f"{where}, written by `make bench-index`. These machines are noisy: compare columns of one row.",
        "",
        f"| {' | '.join(columns)} |",
        f"|{'---:|' * len(columns)}",
        *(f"| {' | '.join(f'{value:,}' for value in asdict(each).values())} |" for each in results),
    ]
    (HERE / "index.md").write_text("\n".join([*lines, ""]), encoding="utf-8")
    print("\n".join(lines))


def measure(size: int) -> Result:
    """Makes a chain of so many events, and reads it."""
    with LocalChain.start() as chain, tempfile.TemporaryDirectory() as folder:
        stage = Stage.set_up(
            chain,
            dev_wallets(chain)[0],
            folder=Path(folder),
            buyer_has="1000000000",
            supplier_has="1000000000",
        )
        for party in (stage.buyer, stage.supplier):
            chain.set_balance(party.address, BaseUnits(10**24))
        fill(stage, size)
        chain.mine(70)
        with Index.open(stage.buyer.fabricant, Path(folder) / "index.db") as index:
            began, cpu = time.perf_counter(), time.process_time()
            done = index.sync()
            seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
            memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
            megabytes = index.store.file.stat().st_size / 10**6
            latencies = [head_latency(stage, index) for _ in range(HEADS)]
        count, taken = web3_events(stage)
        web3_rate = count / taken
        return Result(
            events=done.events,
            blocks=done.block,
            seconds=round(seconds, 2),
            events_per_second=round(done.events / seconds),
            events_per_cpu_second=round(done.events / cpu),
            megabytes=round(megabytes, 1),
            peak_memory_megabytes=memory,
            head_latency_ms_median=round(statistics.median(latencies), 1),
            head_latency_ms_worst=round(max(latencies), 1),
            web3_events_per_second=round(web3_rate),
            times_as_fast_as_web3=round(done.events / seconds / web3_rate, 1),
        )


def fill(stage: Stage, size: int) -> None:
    """Makes so many events, about."""
    supplier, conditions = stage.supplier, load_conditions("machine-time")
    escrow, assets, own = supplier.fabricant.escrow, supplier.fabricant.assets, namespace_of(supplier.address)
    escrow.publish_conditions(conditions.conditions)
    for party in (stage.buyer, supplier):
        money = party.fabricant.token(stage.money.address)
        money.approve(escrow.address, BaseUnits(2**128))
    escrow.deposit(stage.money.address, BaseUnits(10**14))
    now, made, number = chain_time(stage), 0, 0
    while made < size:
        number += 1
        goods = [
            Registration(local_id=f"P{number}-{each}", kind=Kind.PRODUCT, owner=supplier.address)
            for each in range(ASSETS)
        ]
        receipts = [assets.register_many(own, goods).receipt]
        if number % 4 == 0:
            terms = [
                Terms(
                    buyer=stage.buyer.address,
                    supplier=supplier.address,
                    token=stage.money.address,
                    amount=BaseUnits(1000),
                    open_by=UnixSeconds(now + 86_400),
                    due_by=UnixSeconds(now + 30 * 86_400),
                    conditions=conditions.id,
                    salt=number * LINES + each,
                )
                for each in range(LINES)
            ]
            signed = escrow.sign_schedule(terms, by=supplier.wallet).together
            receipts.append(stage.buyer.fabricant.escrow.open_many(terms, supplier=signed).receipt)
        made += sum(len(each.logs) for each in receipts)


def chain_time(stage: Stage) -> UnixSeconds:
    """The time of the newest block."""
    return stage.chain.head().timestamp


def head_latency(stage: Stage, index: Index) -> float:
    """Milliseconds from a block with an event to its row."""
    stage.supplier.fabricant.escrow.deposit(stage.money.address, BaseUnits(1))
    mined = time.perf_counter()
    index.sync()
    return (time.perf_counter() - mined) * 1000


def web3_events(stage: Stage) -> tuple[int, float]:
    """How many events web3.py reads and decodes, stored nowhere, and in how many seconds."""
    w3 = Web3(Web3.HTTPProvider(stage.chain.rpc.url.reveal()))
    deployment = stage.deployment
    contracts = [
        w3.eth.contract(address=Web3.to_checksum_address(address), abi=load(name).abi)
        for name, address in (("AssetRegistry", deployment.assets), ("SupplierEscrow", deployment.escrow))
    ]
    began, count, block, head = time.perf_counter(), 0, 0, stage.chain.head().number
    while block <= head and count < WEB3_EVENTS:
        for contract in contracts:
            for event in contract.events:
                found = event.get_logs(from_block=block, to_block=min(head, block + WEB3_BLOCKS - 1))
                count += len(found)
        block += WEB3_BLOCKS
    return count, time.perf_counter() - began


if __name__ == "__main__":
    main([int(each) for each in sys.argv[1:]] or SIZES)
