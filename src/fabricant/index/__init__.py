"""The event index: everything that happened in a deployment, in a database that equals the chain.

with Index.open(fabricant, Path("fabricant.db")) as index:
    index.sync()
"""

from pathlib import Path
from typing import Self

from fabricant.chain.fabricant import Fabricant
from fabricant.index.batch import Cursor
from fabricant.index.decode import by_contract
from fabricant.index.fetch import Source
from fabricant.index.follow import Follower, Progress, TooDeep
from fabricant.index.pipeline import Pipeline
from fabricant.index.sqlite import InUse, OtherSchema, SqliteStore
from fabricant.index.state import MissingRow, State

__all__ = ["Cursor", "InUse", "Index", "MissingRow", "OtherSchema", "Progress", "TooDeep"]


class Index:
    """A database, and the chain that it follows."""

    def __init__(self, fabricant: Fabricant, store: SqliteStore) -> None:
        """`store` is of the deployment of `fabricant` from now on."""
        deployment, network = fabricant.deployment, fabricant.network
        clients = (
            *(fabricant.directory, fabricant.assets, fabricant.genealogy),
            *(fabricant.records, fabricant.capacity, fabricant.escrow),
        )
        contracts = {each.address: (each.contract, each.abi) for each in clients}
        self.store = store
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
        self.follower = Follower(self._source, store, pipeline, state, first=deployment.first_block)

    @classmethod
    def open(cls, fabricant: Fabricant, file: Path) -> Self:
        """The index in a file, to be written. Raises OtherSchema, InUse, InvalidInput."""
        store = SqliteStore(file)
        try:
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

    def sync(self) -> Progress:
        """Brings the database to the head of the chain."""
        return self.follower.sync()

    def cursor(self) -> Cursor | None:
        """How far it has come; None: nowhere yet."""
        return self.store.cursor()
