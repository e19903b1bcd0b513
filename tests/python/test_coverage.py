"""The coverage of the contracts is honest: known calls of a small contract give known lines and branches."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace

import pytest

from fabricant.artifacts import Artifact
from scripts.coverage import Coverage, Exemption, compile_with_maps, judge, measure
from tests.support.chain import Chain, artifact
from tests.support.tracing import Traces

FILE = "contracts/escrow/Small.sol"
SOURCE = """// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

contract Small {
    uint256 public total;

    function add(uint256 some) external {
        if (some > 9) revert();
        total += some > 4 && some < 7
            ? 2
            : 1;
    }

    function never() external {
        total = 0;
    }
}
"""
ADD = "0x1003e2d2"


@pytest.fixture(scope="module")
def small() -> Artifact:
    """A contract that is not one of ours."""
    given = artifact("Directory")
    settings = given.input["settings"] | {"outputSelection": {FILE: {"*": []}}}
    asked = {**given.input, "sources": {FILE: {"content": SOURCE}}, "settings": settings}
    return replace(given, name="Small", source=FILE, input=asked)


@pytest.fixture(scope="module")
def chain() -> Iterator[Chain]:
    """A chain of its own."""
    chain = Chain.start()
    with closing(chain.local):
        yield chain


def traced(chain: Chain, small: Artifact, *added: int) -> Coverage:
    code = compile_with_maps(small.input)["contracts"][FILE]["Small"]["evm"]["deployedBytecode"]["object"]
    place = "0x" + "51" * 20
    chain.local.rpc.call("anvil_setCode", place, f"0x{code}")
    traces = Traces()
    for some in added:
        request = ({"to": place, "data": f"{ADD}{some:064x}"}, "latest")
        traces.observe(chain.local.rpc, "eth_call", request, None)
    return measure([small], traces.seen)[FILE]


def test_lines_are_those_that_were_executed(chain: Chain, small: Artifact) -> None:
    assert traced(chain, small).lines() == {8: False, 9: False, 15: False}
    assert traced(chain, small, 1).lines() == {8: False, 9: True, 15: False}
    assert traced(chain, small, 1, 10).lines() == {8: True, 9: True, 15: False}


def test_every_condition_has_two_branches(chain: Chain, small: Artifact) -> None:
    taken = {
        added: sum(traced(chain, small, *added).branches.values()) for added in ((), (1,), (1, 8), (1, 8, 5))
    }

    assert len(traced(chain, small).branches) == 6
    assert taken == {(): 0, (1,): 3, (1, 8): 4, (1, 8, 5): 5}
    assert all(traced(chain, small, 1, 8, 5, 10).branches.values())


def test_what_is_missed_needs_an_exception(chain: Chain, small: Artifact) -> None:
    files = {FILE: traced(chain, small, 1, 5, 8, 10)}

    assert judge(files, [])
    assert judge(files, [Exemption(file=FILE, source="total = 0;", reason="never called")]) == []


def test_exception_that_matches_nothing_is_a_problem() -> None:
    said = judge({}, [Exemption(file=FILE, source="return false;", reason="never")])

    assert said == [f"coverage.toml: {FILE}: 'return false;' is covered, or there is no such line"]
