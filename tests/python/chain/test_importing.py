"""A long list is registered whatever happens, and each bad line is told."""

from dataclasses import replace

import pytest

from fabricant.chain import importing
from fabricant.chain.assets import AssetRegistry
from fabricant.chain.errors import AssetRegistry_AlreadyRegistered, AssetRegistry_NotIssuer
from fabricant.chain.importing import Row, plan_import, run_import
from fabricant.domain.asset_lists import BadLine
from fabricant.domain.assets import Kind, namespace_of
from tests.support.world import World, registration, wallet

OWN = namespace_of(wallet("supplier").address)
ROWS: list[Row] = [(number + 2, registration(f"T-{number}")) for number in range(9)]


@pytest.fixture
def registry(world: World, monkeypatch: pytest.MonkeyPatch) -> AssetRegistry:
    """The supplier's client, which registers four at once."""
    monkeypatch.setattr(importing, "TOGETHER", 4)
    return world.as_("supplier").assets


def test_a_list_goes_in_chunks(registry: AssetRegistry) -> None:
    done = list(run_import(registry, plan_import(registry, OWN, ROWS)))

    assert [len(each.registered) for each in done] == [4, 4, 1]
    again = plan_import(registry, OWN, ROWS)
    assert (again.missing, list(again.present), again.bad) == ((), ROWS, ())
    assert list(run_import(registry, again)) == []


def test_what_is_registered_as_something_else_is_bad(registry: AssetRegistry) -> None:
    registry.register(OWN, registration("T-1", kind=Kind.PRODUCT))
    lines = [*ROWS[:3], BadLine(9, "no"), (10, replace(ROWS[0][1], uri="elsewhere"))]

    plan = plan_import(registry, OWN, lines)

    assert [number for number, _ in plan.missing] == [2, 4]
    assert [(each.number, each.problem) for each in plan.bad] == [
        (3, "T-1 is registered already, as something else"),
        (9, "no"),
        (10, "T-0 is in line 2 already"),
    ]


def test_lines_that_only_the_chain_refuses_are_found(registry: AssetRegistry) -> None:
    plan = plan_import(registry, OWN, ROWS)
    registry.register_many(OWN, [ROWS[2][1], ROWS[8][1]])  # meanwhile

    done = list(run_import(registry, plan))

    assert [each.number for chunk in done for each in chunk.refused] == [4, 10]
    assert "is registered already" in done[0].refused[0].problem
    assert [len(each.registered) for each in done] == [3, 4, 0]
    assert done[-1].receipt is None


def test_a_refusal_that_is_no_lines_is_raised(
    registry: AssetRegistry, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = plan_import(registry, OWN, ROWS)

    def refuse(*_: object) -> None:
        raise AssetRegistry_AlreadyRegistered(id=ROWS[0][0])

    monkeypatch.setattr(importing, "_register", refuse)
    with pytest.raises(AssetRegistry_AlreadyRegistered):
        list(run_import(registry, plan))


def test_who_may_not_register_is_told_before_anything_else(world: World) -> None:
    with pytest.raises(AssetRegistry_NotIssuer):
        plan_import(world.as_("buyer").assets, OWN, ROWS)
