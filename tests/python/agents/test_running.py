"""An agent outlives its node's troubles, and nothing else."""

from collections.abc import Callable
from pathlib import Path

import pytest

from fabricant.agents import Decision, Journal, run
from fabricant.errors import FabricantError, InvalidInput, RpcUnavailable, WrongChain


class Script:
    """An agent whose steps are given."""

    def __init__(self, *steps: Callable[[], bool]) -> None:
        self.steps = [*steps]

    def step(self) -> bool:
        """The next one."""
        return self.steps.pop(0)()


def failing(error: FabricantError) -> Callable[[], bool]:
    """A step that fails."""

    def fail() -> bool:
        raise error

    return fail


def test_troubles_of_the_node_are_waited_out(tmp_path: Path) -> None:
    told: list[Decision] = []
    pauses: list[float] = []
    trouble = failing(RpcUnavailable("no answer"))
    agent = Script(lambda: False, *[trouble] * 5, lambda: False, lambda: False, lambda: True)
    with Journal.opened(tmp_path, told.append) as journal:
        run(agent, journal, every=5, clock=lambda: 1_800_000_000.5, sleep=pauses.append)

    assert pauses == [5, 10, 20, 40, 60, 60, 5, 5]
    assert [each.decision for each in told] == ["waiting", "answers"]
    assert agent.steps == []


@pytest.mark.parametrize("error", [InvalidInput("no"), WrongChain("another")], ids=["input", "chain"])
def test_all_else_ends_it(tmp_path: Path, error: FabricantError) -> None:
    with Journal.opened(tmp_path, print) as journal, pytest.raises(type(error)):
        run(Script(failing(error)), journal, every=5, sleep=lambda _: None)
