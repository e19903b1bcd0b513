"""The registry obeys its Genealogy, and nobody else: not the owner, not the issuer."""

from collections.abc import Callable
from typing import Any

import pytest

from fabricant.chain.create2 import first_created_by
from tests.support.actors import Actor
from tests.support.assets import FLAG_RECALLED
from tests.support.genealogy import Works
from tests.support.reverts import reverts

Refused = Callable[..., None]


@pytest.fixture
def part(works: Works) -> int:
    return works.parts("part")[0]


@pytest.fixture
def refused(works: Works, stranger: Actor) -> Refused:
    """Neither the owner, who is the issuer, nor a stranger may call the function."""

    def send(function: str, *arguments: Any) -> None:
        call = works.assets.get_function_by_name(function)(*arguments)
        for caller in (works.owner, stranger):
            with reverts("AssetRegistry_NotGenealogy", caller=caller.address):
                works.chain.send(call, by=caller)

    return send


def test_f063_only_the_genealogy_locks(part: int, refused: Refused) -> None:
    refused("mark", part, FLAG_RECALLED, True)


def test_f063_only_the_genealogy_moves(part: int, refused: Refused, stranger: Actor) -> None:
    refused("move", part, stranger.address)


def test_f063_only_the_genealogy_measures(part: int, refused: Refused) -> None:
    refused("setHeight", part, 1)


def test_f063_only_the_genealogy_consumes(part: int, refused: Refused) -> None:
    refused("draw", part, 1)


def test_f063_only_the_genealogy_registers_outputs(works: Works, refused: Refused) -> None:
    refused("registerOutput", works.namespace, works.part("output"))


def test_registry_and_genealogy_know_each_other(works: Works) -> None:
    assert works.genealogy.address == first_created_by(works.assets.address)
    assert works.ask("registry") == works.assets.address
    assert works.ask("directory") == works.assets.functions.directory().call()
