"""How many lines go into one transaction: fewer than its gas cap takes, in order, and none is left out."""

from types import SimpleNamespace
from typing import Any

from fabricant.cli._line import GAS_OF_ASSET, GAS_OF_LINE, MOST_GAS, _batches


def lines(*goods: int) -> list[tuple[Any, Any]]:
    """Lines with so many goods each, numbered from 0."""
    return [(SimpleNamespace(terms=number), tuple(range(count))) for number, count in enumerate(goods)]


def batches(*goods: int, most: int = MOST_GAS) -> list[Any]:
    """How they are sent."""
    return [*_batches(lines(*goods), most)]


def test_lines_that_fit_go_together() -> None:
    assert batches(0, 2, 0) == [([0, 1, 2], [(), (0, 1), ()])]


def test_lines_beyond_the_cap_go_into_the_next_transaction() -> None:
    most = 2 * GAS_OF_LINE + GAS_OF_ASSET

    assert [terms for terms, _ in batches(1, 0, 0, 1, 1, most=most)] == [[0, 1], [2, 3], [4]]


def test_the_largest_line_has_a_transaction_of_its_own() -> None:
    assert [terms for terms, _ in batches(64, 64, most=GAS_OF_LINE)] == [[0], [1]]
