"""Which number the next transaction of an account gets.

All senders of one process share one lane for each account and chain: a lane gives out one nonce at a time,
and the next only when the node has taken (or definitely refused) the transaction before. What is on its way
counts, so that no two transactions get the same number and none leaves a gap.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from fabricant.chain.network import Network
from fabricant.domain.units import Address


class Lane:
    """The nonces of one account on one chain."""

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._on_the_way: set[int] = set()

    @contextmanager
    def turn(self, network: Network, address: Address) -> Iterator[int]:
        """The next nonce, for as long as the block lasts; nobody else gets one meanwhile.

        It counts as on its way when the block ends well, until `done` says otherwise.
        """
        with self._turn:
            nonce = max([network.nonce(address, at="pending"), *(taken + 1 for taken in self._on_the_way)])
            yield nonce
            self._on_the_way.add(nonce)

    def done(self, nonce: int) -> None:
        """The transaction with this nonce is mined, or is no longer waited for."""
        self._on_the_way.discard(nonce)


_lanes: Final[dict[tuple[object, Address], Lane]] = {}
_lanes_lock: Final = threading.Lock()


def lane(network: Network, address: Address) -> Lane:
    """The lane that everybody in this process shares for this account on this chain."""
    with _lanes_lock:
        return _lanes.setdefault((network.identity, address), Lane())
