"""What a transformation says of itself, before anything is sent."""

from dataclasses import replace

import pytest
from eth_abi.abi import encode
from eth_utils.crypto import keccak
from hypothesis import given
from hypothesis import strategies as st

from fabricant.domain.assets import NO_UNIT, AssetId, Kind, Namespace, Registration
from fabricant.domain.genealogy import Input, Notice, Scrap, Transformation, hash_of_inputs, notice_id
from fabricant.domain.units import Address, UnixSeconds
from fabricant.errors import InvalidInput

OWNER = Address("0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266")
PLACE = Namespace(bytes(31) + b"\x01")
MADE = Transformation(
    inputs=(Input(asset=AssetId(7), quantity=500),),
    scrap=(Scrap(unit=b"GRM", quantity=0), Scrap(unit=NO_UNIT, quantity=0)),
    namespace=PLACE,
    outputs=(Registration(local_id="A", kind=Kind.PRODUCT, owner=OWNER),),
)

inputs = st.lists(st.builds(Input, asset=st.integers(0, 2**256 - 1), quantity=st.integers(0, 2**128 - 1)))


@given(inputs)
def test_inputs_are_hashed_as_the_contract_does(given_: list[Input]) -> None:
    pairs = [(each.asset, each.quantity) for each in given_]
    assert hash_of_inputs(given_) == keccak(encode(["(uint256,uint128)[]"], [pairs]))


def test_a_notice_is_known_by_namespace_and_text() -> None:
    assert notice_id(PLACE, bytes(32)) == keccak(PLACE + bytes(32))[:31]
    assert MADE.made == hash_of_inputs(MADE.inputs)


def test_a_notice_is_in_force_between_issue_and_lift() -> None:
    never, issued = (Notice(issued_at=UnixSeconds(at), lifted_at=UnixSeconds(0)) for at in (0, 5))
    lifted = Notice(issued_at=UnixSeconds(5), lifted_at=UnixSeconds(5))
    assert [each.is_in_force for each in (never, issued, lifted)] == [False, True, False]


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"inputs": ()}, "at least one input"),
        ({"inputs": (Input(asset=AssetId(7), quantity=0),)}, "a quantity above zero goes in"),
        ({"inputs": (Input(asset=AssetId(7), quantity=2**128),)}, "a quantity above zero goes in"),
        ({"scrap": (Scrap(unit=b"GRM", quantity=1),) * 2}, "a unit has scrap twice"),
        ({"scrap": (Scrap(unit=b"GRM", quantity=-1),)}, "scrap has a quantity and a unit"),
        ({"scrap": (Scrap(unit=b"g\0\0", quantity=1),)}, "scrap has a quantity and a unit"),
        ({"outputs": (Registration(local_id="", kind=Kind.PRODUCT, owner=OWNER),)}, "can't be a local id"),
    ],
)
def test_what_no_registry_takes_is_refused(change: dict[str, object], problem: str) -> None:
    MADE.check()
    with pytest.raises(InvalidInput, match=problem):
        replace(MADE, **change).check()  # type: ignore[arg-type]
