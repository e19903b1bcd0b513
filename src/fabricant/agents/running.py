"""Running an agent: step after step, through outages of the node, until it is done or somebody stops it."""

import time
from collections.abc import Callable
from typing import Final, Protocol

from fabricant.agents.journal import Journal
from fabricant.domain.units import UnixSeconds
from fabricant.errors import BadAnswer, RpcRefused, RpcUnavailable

LONGEST_PAUSE: Final = 60.0  # seconds, while the node does not answer


class Agent(Protocol):
    """What can be run."""

    def step(self) -> bool:
        """Does all that can be done now. Whether the agent is done."""


def run(
    agent: Agent,
    journal: Journal,
    *,
    every: float,
    clock: Callable[[], float] = time.time,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Steps until the agent is done, with a pause of `every` seconds between.

    A node that does not answer, or wrongly, is asked again after ever longer pauses; all else is raised.
    """
    pause = every
    while True:
        try:
            if agent.step():
                return
            pause = every
        except (RpcUnavailable, RpcRefused, BadAnswer) as trouble:
            journal.note(UnixSeconds(int(clock())), "waiting", "node", str(trouble))
            pause = min(2 * pause, max(LONGEST_PAUSE, every))
        else:
            if journal.last("node") == "waiting":
                journal.note(UnixSeconds(int(clock())), "answers", "node")
        sleep(pause)
