"""What the escrow shows, and the one word that it keeps of a line."""

from contextlib import AbstractContextManager
from typing import Any

import pytest
from eth_utils.crypto import keccak
from hypothesis import given, settings
from hypothesis import strategies as st
from web3.contract import Contract

from tests.support.actors import Actor
from tests.support.chain import Chain, artifact
from tests.support.deals import STATUSES, ZERO
from tests.support.lines import LINES_SLOT, TERMS_TYPE, Deals, Line
from tests.support.typed_data import typed_digest

BITS = (8, 8, 40, 16, 40, 128)  # of a line's fields after its status
EXTREMES = [
    Line("Revoked", *(2**bits - 1 for bits in BITS)),
    *(
        Line("None", *(2**bits - 1 if place == field else 0 for place, bits in enumerate(BITS)))
        for field in range(len(BITS))
    ),
    *(Line(status, 0, 0, 0, 0, 0, 0) for status in STATUSES),
]
LINES = st.builds(
    Line, st.sampled_from(STATUSES), *(st.integers(min_value=0, max_value=2**bits - 1) for bits in BITS)
)


def struct_of(line: Line) -> tuple[int, ...]:
    """A line as the ABI has it."""
    return STATUSES.index(line.status), *line[1:]


# Ids


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"inspector": Actor("inspector"), "arbiter": Actor("arbiter"), "broker": Actor("broker")},
        {"amount": 2**128 - 1, "openBy": 2**40 - 1, "dueBy": 2**40 - 1, "assets": 2**16 - 1},
        {"deliverables": b"\xff" * 32, "subject": b"\x01" * 32, "opener": Actor("operator")},
    ],
)
def test_f035_an_id_is_what_eth_account_signs(deal: Deals, changes: dict[str, Any]) -> None:
    line = deal(**changes)
    signed = typed_digest(line.escrow, TERMS_TYPE, line.terms)
    assert line.escrow.functions.lineId(line.terms).call() == signed == line.id


def test_f026_ids_are_those_of_the_chain_of_deployment(
    deal: Deals, forked: AbstractContextManager[int]
) -> None:
    line = deal()
    with forked:
        assert line.escrow.functions.lineId(line.terms).call() == line.id


# Lines


def test_an_unknown_line_is_empty(deal: Deals) -> None:
    assert deal().line == Line("None", 0, 0, 0, 0, 0, 0)


@pytest.mark.parametrize("line", EXTREMES, ids=str)
def test_a_line_is_read_from_one_slot(deal: Deals, line: Line) -> None:
    forced = deal(token=ZERO)
    forced.force(line)
    assert forced.line == line
    forced.force(Line("None", 0, 0, 0, 0, 0, 0))


def test_a_line_is_one_slot() -> None:
    layout = artifact("SupplierEscrow").layout
    (lines,) = (each for each in layout["storage"] if each["label"] == "lines")
    kept = layout["types"][layout["types"][lines["type"]]["value"]]
    assert (int(lines["slot"]), kept["numberOfBytes"]) == (LINES_SLOT, "32")
    assert [(each["label"], each["slot"], each["offset"]) for each in kept["members"]] == [
        ("status", "0", 0),
        ("flags", "0", 1),
        ("rejections", "0", 2),
        ("since", "0", 3),
        ("lateIntervals", "0", 8),
        ("extra", "0", 10),
        ("held", "0", 15),
    ]


@pytest.fixture(scope="session")
def slot(session_chain: Chain) -> Contract:
    """A line's slot, packed and read both ways."""
    return session_chain.deploy("LineSlotHarness")


@settings(deadline=None, max_examples=50)
@given(LINES)
def test_what_is_packed_by_hand_is_read_by_the_compiler(
    session_chain: Chain, slot: Contract, line: Line
) -> None:
    assert session_chain.ask(slot.functions.writtenByHand(struct_of(line))) == struct_of(line)


@settings(deadline=None, max_examples=50)
@given(LINES)
def test_what_the_compiler_packed_is_read_by_hand(session_chain: Chain, slot: Contract, line: Line) -> None:
    assert session_chain.ask(slot.functions.readByHand(struct_of(line))) == struct_of(line)


# All else


def test_unknown_conditions_are_empty(escrow: Contract) -> None:
    assert escrow.functions.conditionsOf(keccak(text="unknown")).call() == (0, 0)


def test_a_line_without_goods_has_no_custody(deal: Deals) -> None:
    assert deal().given("Delivered").custody == (bytes(24), 0)


def test_the_escrow_names_its_neighbours(escrow: Contract, directory: Contract, assets: Contract) -> None:
    assert escrow.functions.directory().call() == directory.address
    assert escrow.functions.registry().call() == assets.address


def test_the_escrow_names_its_domain(chain: Chain, escrow: Contract) -> None:
    domain = [b"\x0f", "Fabricant SupplierEscrow", "1", chain.local.chain_id, escrow.address, bytes(32), []]
    assert escrow.functions.eip712Domain().call() == domain
