"""After any reorganisation, fault or kill, the database is what somebody finds who begins now (IDX-1)."""

import json
import random
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fabricant.chain.anvil import LocalChain
from fabricant.chain.connect import connect
from fabricant.chain.deployment import write
from fabricant.chain.fabricant import Fabricant
from fabricant.domain.assets import namespace_of
from fabricant.domain.capacity import HourPattern
from fabricant.domain.units import BaseUnits, HourIndex, hour_of
from fabricant.errors import BadAnswer, InvalidInput, NotFound, RpcRefused, RpcUnavailable
from fabricant.index import Cursor, EventSeen, Index, InUse, OtherSchema, TooDeep, Watch
from fabricant.index.sqlite import SqliteStore
from tests.support import faulty_node as faults
from tests.support.faulty_node import FaultyNode
from tests.support.indexes import clean, contents, rows
from tests.support.world import World, registration, wallet


@pytest.fixture
def fresh() -> Iterator[World]:
    """A world on a chain of its own: Anvil takes back only blocks of a chain that was never reverted."""
    with LocalChain.start() as chain:
        yield World.create(chain)


@pytest.fixture
def fresh_index(fresh: World, tmp_path: Path) -> Iterator[Index]:
    """The index of that."""
    with Index.open(fresh.fabricant, tmp_path / "index.db") as index:
        yield index


@pytest.fixture
def index(world: World, tmp_path: Path) -> Iterator[Index]:
    """An index that has seen nothing yet."""
    with Index.open(world.fabricant, tmp_path / "index.db") as index:
        yield index


class Life:
    """What firms do, at random: every step is a block or more, and none depends on an earlier one."""

    def __init__(self, world: World, seed: int) -> None:
        self.world = world
        self.choice = random.Random(seed)
        self.number = 0

    def step(self) -> None:
        """One thing that happens."""
        self.number += 1
        self.choice.choice((self.register, self.deposit, self.block, self.lend, self.order, self.nothing))()

    def register(self) -> None:
        supplier, name = self.world.as_("supplier"), f"P-{self.choice.getrandbits(64)}"
        supplier.assets.register(namespace_of(wallet("supplier").address), registration(name))

    def deposit(self) -> None:
        amount = BaseUnits(self.choice.randrange(1, 1000))
        self.world.as_("supplier").escrow.deposit(self.world.token, amount)

    def block(self) -> None:
        begin = hour_of(self.world.now) + self.choice.randrange(1, 2000)
        hours = HourPattern.of(HourIndex(begin + each) for each in range(self.choice.randrange(1, 300)))
        market, machine = self.world.as_("supplier").capacity, self.world.machine
        if self.choice.random() < 0.5:
            market.unblock_hours(machine, hours)
        elif not any(self.booked(begin, hours.last)):
            market.block_hours(machine, hours)

    def booked(self, begin: int, last: int) -> list[int]:
        words = self.world.fabricant.capacity.calendar_of(
            self.world.machine, HourIndex(begin), HourIndex(last + 1)
        )
        return [word.booked for word in words.values()]

    def lend(self) -> None:
        role = self.choice.choice(("operator", "gateway", "device"))
        self.world.as_("supplier").directory.set_operator(
            wallet(role).address, self.choice.randrange(1, 8), until=2**39 + self.choice.randrange(1000)
        )

    def order(self) -> None:
        buyer, supplier = self.world.as_("buyer"), self.world.as_("supplier")
        terms = self.world.terms(
            salt=self.choice.getrandbits(200), amount=BaseUnits(self.choice.randrange(1, 10**9))
        )
        buyer.escrow.open(terms, supplier=supplier.escrow.sign_terms(terms, by=wallet("supplier")))
        fate = self.choice.random()
        if fate < 0.3:
            buyer.escrow.cancel(terms)
        elif fate < 0.6:
            supplier.escrow.resign(terms)
        elif fate < 0.8:
            buyer.escrow.pay(terms, held_after=BaseUnits(0))

    def nothing(self) -> None:
        self.world.chain.mine(self.choice.randrange(1, 5))


@pytest.mark.parametrize("seed", range(4))
def test_f086_whatever_is_reorganised_the_index_follows(fresh: World, fresh_index: Index, seed: int) -> None:
    life = Life(fresh, seed)
    for _ in range(12):
        for _ in range(life.choice.randrange(1, 12)):
            life.step()
            if life.choice.random() < 0.3:
                fresh_index.sync()
        if life.choice.random() < 0.6:
            fresh_index.sync()
            fresh.chain.reorganise(life.choice.randrange(1, min(64, fresh.chain.head().number - 25)))
    fresh_index.sync()

    assert contents(fresh_index) == clean(fresh.fabricant)
    assert rows(fresh_index, "events")


def test_f086_every_depth(fresh: World, fresh_index: Index) -> None:
    life = Life(fresh, 7)
    for _ in range(90):
        life.register()
    for depth in (1, 2, 3, 31, 32, 33, 62, 63, 64):
        fresh_index.sync()
        fresh.chain.reorganise(depth)
        life.deposit()
        fresh_index.sync()
        assert contents(fresh_index) == clean(fresh.fabricant), depth
        for _ in range(depth):
            life.register()


def test_f087_what_was_final_is_never_replaced_silently(fresh: World, fresh_index: Index) -> None:
    life = Life(fresh, 1)
    for _ in range(70):
        life.register()
    fresh_index.sync()
    before = contents(fresh_index)
    fresh.chain.reorganise(66)
    fresh.chain.mine(70)

    with pytest.raises(TooDeep, match="use another node"):
        fresh_index.sync()
    assert contents(fresh_index) == before


def test_f088_to_a_shorter_chain_and_back(world: World, index: Index) -> None:
    life = Life(world, 3)
    fork = world.chain.snapshot()
    for _ in range(8):
        life.register()
    index.sync()
    world.chain.revert(fork)
    life.deposit()
    life.lend()
    index.sync()
    assert contents(index) == clean(world.fabricant)
    for _ in range(10):
        life.order()
    index.sync()
    assert contents(index) == clean(world.fabricant)


def test_f098_a_node_that_is_behind_takes_nothing_back(world: World, tmp_path: Path) -> None:
    life = Life(world, 5)
    with FaultyNode(upstream=world.chain.rpc.url.reveal()) as node:
        fabricant = Fabricant(connect(node.url), world.fabricant.deployment)
        with Index.open(fabricant, tmp_path / "index.db") as index:
            old = world.chain.rpc.call("eth_getBlockByNumber", "latest", False)
            for _ in range(5):
                life.register()
            index.sync()
            before = contents(index)
            node.fail("eth_getBlockByNumber", faults.result(old))
            index.sync()
            assert contents(index) == before == clean(world.fabricant)


@pytest.mark.parametrize("seed", range(2))
def test_who_watches_hears_every_event_once_and_what_is_taken_back(
    fresh: World, fresh_index: Index, seed: int
) -> None:
    life, heard = Life(fresh, seed), list[EventSeen]()
    begin = fresh.chain.head().number
    fresh_index.sync()
    watch = Watch(fresh_index.ask, since=0)
    for _ in range(12):
        for _ in range(life.choice.randrange(1, 12)):
            life.step()
        fresh_index.sync()
        for news in watch.news():
            if news.removed:
                assert heard.pop() == news.event
            else:
                heard.append(news.event)
        assert heard == [*_all_events(fresh_index)]
        assert watch.news() == []
        fresh.chain.reorganise(life.choice.randrange(1, min(30, fresh.chain.head().number - begin) + 1))
    assert heard


def _all_events(index: Index) -> Iterator[EventSeen]:
    after = None
    while found := index.ask.events(after=after, limit=7):
        yield from found
        after = (found[-1].block, found[-1].log_index)


def test_it_stays_at_the_head(world: World, index: Index) -> None:
    life, seen = Life(world, 8), []

    def sleep(seconds: float) -> None:
        cursor = index.cursor()
        assert cursor is not None
        seen.append((seconds, world.chain.head().number - cursor.block))
        if len(seen) == 4:
            raise KeyboardInterrupt
        life.register()

    with pytest.raises(KeyboardInterrupt):
        index.follow(every=0.25, sleep=sleep)
    assert seen == [(0.25, 0)] * 4
    assert contents(index) == clean(world.fabricant)


# Faults of nodes


def logs_of(world: World) -> list[dict[str, Any]]:
    """The registry's logs as the node has them."""
    criteria = {"fromBlock": "0x0", "toBlock": "latest", "address": world.fabricant.deployment.assets}
    return list(world.chain.rpc.call("eth_getLogs", criteria))


@pytest.mark.parametrize(
    "fault",
    [
        faults.lose_request,
        faults.lose_answer,
        faults.truncate,
        faults.status(500),
        faults.status(502, b"<html>bad gateway</html>"),
        faults.status(429, Retry_After="0"),
        faults.result(None),
        faults.refuse(-32005, "query returned more than 10000 results"),
        faults.refuse(-32600, "eth_getLogs is limited to a 2000 range"),
    ],
    ids=[
        "f090 reset",
        "f090 lost",
        "f092 cut",
        "f091 500",
        "f091 html",
        "f091 429",
        "f093 null",
        "f096 a",
        "f096 b",
    ],
)
def test_f090_answers_that_fail_are_asked_for_again_or_refused(
    world: World, tmp_path: Path, fault: faults.Fault
) -> None:
    life = Life(world, 11)
    for _ in range(20):
        life.step()
    world.chain.mine(70)
    life.register()
    with FaultyNode(upstream=world.chain.rpc.url.reveal()) as node:
        fabricant = Fabricant(connect(node.url), world.fabricant.deployment)
        with Index.open(fabricant, tmp_path / "index.db") as index:
            node.fail("eth_getLogs", fault, fault)
            node.fail("eth_getBlockByNumber", fault)
            for _ in range(6):
                try:
                    index.sync()
                except (BadAnswer, RpcRefused, RpcUnavailable):
                    continue
                break
            assert contents(index) == clean(world.fabricant)


@pytest.mark.parametrize("receipts", [True, False], ids=["receipts", "none"])
def test_f093_logs_that_a_node_has_not_yet_are_not_none(
    world: World, tmp_path: Path, *, receipts: bool
) -> None:
    life = Life(world, 6)
    for _ in range(6):
        life.register()
    with FaultyNode(upstream=world.chain.rpc.url.reveal()) as node:
        fabricant = Fabricant(connect(node.url), world.fabricant.deployment)
        if not receipts:
            node.fail("eth_getBlockReceipts", *[faults.refuse(-32601, "method not found")] * 99)
        with Index.open(fabricant, tmp_path / "index.db") as index:
            index.sync()
            life.register()
            node.fail("eth_getLogs", faults.result([]))
            index.sync()
            assert contents(index) == clean(world.fabricant)


def test_f104_a_log_that_is_no_known_event_is_kept_and_counted_once(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.chain.mine(70)
    deployment = world.fabricant.deployment
    contracts = [deployment.directory, deployment.assets, deployment.escrow, deployment.records]
    first = deployment.first_block
    criteria = {"address": contracts, "fromBlock": hex(first), "toBlock": hex(first + 31)}
    logs = world.chain.rpc.call("eth_getLogs", criteria)
    strange = next(each for each in logs if each["address"] == deployment.directory.lower())
    strange["topics"][0] = "0x" + "33" * 32
    move, failed = SqliteStore._move, []

    def full_once(self: SqliteStore, cursor: Cursor) -> None:
        if not failed:
            failed.append(cursor)
            raise sqlite3.OperationalError("database or disk is full")
        move(self, cursor)

    monkeypatch.setattr(SqliteStore, "_move", full_once)
    with FaultyNode(upstream=world.chain.rpc.url.reveal()) as node:
        fabricant = Fabricant(connect(node.url), deployment)
        with Index.open(fabricant, tmp_path / "index.db") as index:
            node.fail("eth_getLogs", faults.result(logs), *[faults.pass_on] * 3)
            with pytest.raises(sqlite3.OperationalError):
                index.sync()
            node.faults["eth_getLogs"].clear()
            node.fail("eth_getLogs", faults.result(logs))
            index.sync()

            cursor = index.cursor()
            (kept,) = (each for each in rows(index, "events") if not each["event"])
            assert cursor is not None
            assert (cursor.unknown, kept["contract"]) == (1, "Directory")
            assert json.loads(kept["arguments"]) == {"topics": strange["topics"], "data": strange["data"]}


def test_f095_logs_that_come_twice_or_were_removed_count_once(world: World, tmp_path: Path) -> None:
    Life(world, 2).register()
    world.chain.mine(70)
    with FaultyNode(upstream=world.chain.rpc.url.reveal()) as node:
        fabricant = Fabricant(connect(node.url), world.fabricant.deployment)
        addresses = [fabricant.deployment.assets]
        found = world.chain.rpc.call(
            "eth_getLogs", {"fromBlock": "0x0", "toBlock": "latest", "address": addresses}
        )
        every = [
            *({**each, "removed": True, "logIndex": "0x99"} for each in found),
            *found[::-1],
            *found,
        ]
        with Index.open(fabricant, tmp_path / "index.db") as index:
            node.fail("eth_getLogs", faults.result(every))
            index.sync()
            names = [each["event"] for each in rows(index, "events") if each["contract"] == "AssetRegistry"]
            assert names.count("AssetRegistered") == 2


@pytest.mark.parametrize(
    "change",
    [
        {"address": "0x" + "11" * 20},
        {"blockNumber": "0xffff"},
        {"blockHash": "0x" + "22" * 31},
        {"logIndex": "0x"},
        {"data": "0x0"},
        {"data": "0x 0"},
        {"topics": ["0x" + "33" * 31]},
        {"topics": None},
        {"transactionHash": "0x'; drop table events; --"},
    ],
    ids=["address", "block", "hash", "index", "odd", "blank", "topic", "topics", "sql"],
)
def test_f092_logs_that_were_not_asked_for_are_no_answer(
    world: World, tmp_path: Path, change: dict[str, object]
) -> None:
    world.chain.mine(70)
    with FaultyNode(upstream=world.chain.rpc.url.reveal()) as node:
        fabricant = Fabricant(connect(node.url), world.fabricant.deployment)
        addresses = [fabricant.deployment.assets]
        found = world.chain.rpc.call(
            "eth_getLogs", {"fromBlock": "0x0", "toBlock": "latest", "address": addresses}
        )
        with Index.open(fabricant, tmp_path / "index.db") as index:
            node.fail("eth_getLogs", *[faults.result([{**found[-1], **change}])] * 99)
            with pytest.raises(BadAnswer):
                index.sync()
            assert rows(index, "events") == []


def test_f097_another_chain_is_refused(world: World, tmp_path: Path) -> None:
    file = tmp_path / "index.db"
    with Index.open(world.fabricant, file) as index:
        index.sync()
    db = sqlite3.connect(file)
    db.execute("UPDATE deployments SET genesis = '0x00'")
    db.commit()
    db.close()

    with pytest.raises(InvalidInput, match="indexes another chain"):
        Index.open(world.fabricant, file)


# Faults of the database


def test_f101_only_one_writes(world: World, index: Index) -> None:
    with pytest.raises(InUse, match="stop it, or read only"):
        Index.open(world.fabricant, index.store.file)
    assert SqliteStore(index.store.file).cursor() is None


def test_f101_who_reads_is_not_kept_waiting_and_makes_nothing(world: World, index: Index) -> None:
    index.sync()
    writing = sqlite3.connect(index.store.file, isolation_level=None)
    writing.execute("BEGIN IMMEDIATE")
    with Index.open(world.fabricant, index.store.file, write=False) as reading:
        assert reading.ask.money() == index.ask.money()
        assert reading.cursor() == index.cursor()
    writing.execute("UPDATE deployments SET escrow = '0x00'")
    writing.execute("COMMIT")
    writing.close()

    with pytest.raises(NotFound, match="fabricant index run"):
        Index.open(world.fabricant, index.store.file, write=False)


@pytest.mark.parametrize("version", [0, 2, 99])
def test_f102_another_schema_is_refused(world: World, tmp_path: Path, version: int) -> None:
    file = tmp_path / "index.db"
    Index.open(world.fabricant, file).close()
    db = sqlite3.connect(file)
    db.execute("UPDATE schema SET version = ?", (version,))
    db.commit()
    db.close()

    with pytest.raises(OtherSchema, match="another version"):
        Index.open(world.fabricant, file)


def test_f102_what_is_no_index_is_refused(world: World, tmp_path: Path) -> None:
    (tmp_path / "text").write_text("no database, but text that is longer than the header of one" * 9)
    db = sqlite3.connect(tmp_path / "other")
    db.execute("CREATE TABLE mine (id)")
    db.commit()
    db.close()

    for name in ("text", "other"):
        with pytest.raises(InvalidInput):
            Index.open(world.fabricant, tmp_path / name)


def test_f100_a_batch_that_can_not_be_written_leaves_no_trace(
    world: World, index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    life = Life(world, 4)
    for _ in range(10):
        life.step()
    move, calls = SqliteStore._move, []

    def full(self: SqliteStore, cursor: object) -> None:
        calls.append(cursor)
        if len(calls) % 2:
            raise sqlite3.OperationalError("database or disk is full")
        move(self, cursor)  # type: ignore[arg-type]

    monkeypatch.setattr(SqliteStore, "_move", full)
    for _ in range(4):
        try:
            index.sync()
        except sqlite3.OperationalError:
            assert rows(index, "events") == []
            continue
        break
    monkeypatch.undo()
    assert contents(index) == clean(world.fabricant)


SCRIPT = """
import os, signal, sys
from pathlib import Path
from fabricant.chain.connect import connect
from fabricant.chain.fabricant import Fabricant
from fabricant.index import Index, fetch
from fabricant.index.sqlite import SqliteStore

url, file, folder, moment = sys.argv[1:]
fetch.FIRST_RANGE, fetch.WIDEST_RANGE, left = 2, 3, int(moment)

def deadly(action):
    def act(*arguments):
        global left
        result = action(*arguments)
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return result
    return act

SqliteStore._move = deadly(SqliteStore._move)  # everything is written, but not committed
SqliteStore.commit = deadly(SqliteStore.commit)
with Index.open(Fabricant.on(connect(url), folder=Path(folder)), Path(file)) as index:
    index.sync()
"""


def test_f099_killed_again_and_again_it_ends_up_right(world: World, tmp_path: Path) -> None:
    life, choice = Life(world, 9), random.Random(9)
    for _ in range(60):
        life.step()
    world.chain.mine(70)
    folder, file = tmp_path / "deployments", tmp_path / "index.db"
    write(folder, world.fabricant.deployment)
    command = [sys.executable, "-c", SCRIPT, world.chain.rpc.url.reveal(), str(file), str(folder)]
    for _ in range(8):
        killed = subprocess.run([*command, str(choice.randrange(1, 12))], check=False)
        assert killed.returncode == -signal.SIGKILL
    subprocess.run([*command, "0"], check=True)

    with Index.open(world.fabricant, file) as index:
        assert contents(index) == clean(world.fabricant)
        assert rows(index, "events")
