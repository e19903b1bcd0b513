"""Waiting for what only others can do: for a transaction to be mined, for a node to catch up."""

import time
from collections.abc import Callable
from typing import Final

from fabricant.chain.network import Network
from fabricant.domain.units import Address
from fabricant.errors import OutcomeUnknown

PATIENCE: Final = 900.0  # seconds
LONGEST_PAUSE: Final = 2.0


def wait(condition: Callable[[], bool], complaint: str) -> None:
    """Returns when the condition holds. Raises OutcomeUnknown with the complaint if it never does."""
    deadline, pause = time.monotonic() + PATIENCE, 0.01
    while not condition():
        if time.monotonic() > deadline:
            raise OutcomeUnknown(complaint)
        time.sleep(pause)
        pause = min(2 * pause, LONGEST_PAUSE)


def await_earlier_transactions(
    network: Network, account: Address, *, told: Callable[[], object] = lambda: None
) -> None:
    """Returns when nothing of an account is on its way: an interrupted run may have sent something.

    Calls `told` if there is something to wait for. Raises OutcomeUnknown if it is not mined in time.
    """

    def are_mined() -> bool:
        return network.nonce(account) >= network.nonce(account, at="pending")

    if not are_mined():
        told()
        wait(are_mined, f"earlier transactions of {account} still wait to be mined; run this again later")
