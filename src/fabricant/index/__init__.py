"""The event index: everything that happened in a deployment, in a database that equals the chain.

    with Index.open(fabricant, Path("fabricant.db")) as index:
        index.sync()
        due = index.ask.lines(live=True)

Logs are the only source: delete the database and run again, and every row comes back the same.
"""

import shutil
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Self

from fabricant.chain.fabricant import Fabricant
from fabricant.index.batch import Cursor
from fabricant.index.decode import by_contract
from fabricant.index.fetch import Source
from fabricant.index.follow import Follower, Progress, TooDeep
from fabricant.index.pipeline import Pipeline
from fabricant.index.questions import Affected, EventSeen, Questions, SupplierRecord, Whereabouts
from fabricant.index.sqlite import InUse, OtherSchema, SqliteStore
from fabricant.index.state import MissingRow, State
from fabricant.index.tables import DEPLOYMENTS, METADATA, SCHEMA
from fabricant.index.watch import News, Watch

__all__ = [
    "Affected",
    "Cursor",
    "Differences",
    "EventSeen",
    "InUse",
    "Index",
    "MissingRow",
    "News",
    "OtherSchema",
    "Progress",
    "Questions",
    "SupplierRecord",
    "TooDeep",
    "Watch",
    "Whereabouts",
]


@dataclass(frozen=True, slots=True)
class Differences:
    """What an index has otherwise than one that was made anew: the tables, of so many rows in all."""

    rows: int
    tables: tuple[str, ...]


class Index:
    """A database, and the chain that it follows."""

    def __init__(self, fabricant: Fabricant, store: SqliteStore) -> None:
        """`store` is the deployment's from now on. Raises InvalidInput if it is another chain's."""
        deployment, network = fabricant.deployment, fabricant.network
        clients = (
            *(fabricant.directory, fabricant.assets, fabricant.genealogy),
            *(fabricant.records, fabricant.capacity, fabricant.escrow),
        )
        contracts = {each.address: (each.contract, each.abi) for each in clients}
        self.store = store
        self.ask = Questions(store)
        self._fabricant = fabricant
        self._source = Source(network.rpc, contracts)
        genesis = self._source.header(0)
        store.choose(
            chain_id=network.chain_id,
            genesis="" if genesis is None else genesis.hash,
            escrow=deployment.escrow,
            first_block=deployment.first_block,
        )
        names = {address.lower(): name for address, (name, _) in contracts.items()}
        state = State(store.load)
        pipeline = Pipeline(by_contract(contracts), names, state)
        self._follower = Follower(self._source, store, pipeline, state, first=deployment.first_block)

    @classmethod
    def open(cls, fabricant: Fabricant, file: Path, *, write: bool = True) -> Self:
        """The index in a file. Raises OtherSchema, InvalidInput, InUse if another process writes it.

        `write`: to be brought to the head of the chain; else only to be asked, while another may write. Then
        NotFound is raised if the deployment is not in it.
        """
        store = SqliteStore(file)
        try:
            if write:
                store.lock()
            return cls(fabricant, store)
        except BaseException:
            store.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes the database and the connections."""
        self.store.close()
        self._source.close()

    def sync(self, tell: Callable[[Progress], object] = lambda _: None) -> Progress:
        """Brings the database to the head of the chain; `tell` hears of every batch.

        Raises TooDeep, BadAnswer, RpcUnavailable, RpcRefused; what was written stays, and is right.
        """
        return self._follower.sync(tell)

    def follow(
        self,
        tell: Callable[[Progress], object] = lambda _: None,
        *,
        every: float = 0.25,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Stays at the head, for ever: looks every so many seconds. Raises as `sync`."""
        while True:
            self.sync(tell)
            sleep(every)

    def cursor(self) -> Cursor | None:
        """How far it has come; None: nowhere yet."""
        return self.store.cursor()

    def differences(self) -> Differences:
        """Reads everything again, into a database of its own, and compares all rows. Raises as `sync`.

        If the chain grew meanwhile, this one is brought there, too.
        """
        new = Path(tempfile.mkdtemp()) / "anew.db"
        try:
            with Index.open(self._fabricant, new) as anew:
                anew.sync()
                while self.cursor() != anew.cursor():
                    self.sync()
                    anew.sync()
                compared = {name: _compare(self.store, anew.store, name) for name in _COMPARED}
        finally:
            shutil.rmtree(new.parent)
        different = tuple(name for name, (_, same) in compared.items() if not same)
        return Differences(sum(count for count, _ in compared.values()), different)


def _compare(mine: SqliteStore, theirs: SqliteStore, table: str) -> tuple[int, bool]:
    """How many rows a table has, and whether another has the same."""
    count = 0
    for one, other in zip_longest(mine.stream(table), theirs.stream(table)):
        if one != other:
            return count, False
        count += 1
    return count, True


_COMPARED = sorted(METADATA.tables.keys() - {SCHEMA.name, DEPLOYMENTS.name})
