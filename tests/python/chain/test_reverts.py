"""A declared error decodes into its class exactly; anything else keeps its bytes and claims nothing."""

import pickle
from enum import IntEnum

import pytest
from eth_abi.abi import encode
from eth_utils.crypto import keccak
from hypothesis import given
from hypothesis import strategies as st

from fabricant.chain.abi import split_types
from fabricant.chain.reverts import (
    ContractError,
    Panicked,
    RevertedWithReason,
    UnknownContractError,
    declared_errors,
    decode_revert,
)
from fabricant.domain.units import Address, UnixSeconds, parse_address
from fabricant.errors import ChainError


class Phase(IntEnum):
    OPEN = 1


class Test_InspectionOver(  # noqa: N801 - named like the contract's error
    ContractError,
    types="bytes32,uint256,uint40,uint32,uint16,uint32",
    says="line {id}: ended {endedAt:time} after {length:duration}, {share:bps}, {hour:hour}; {nowAt}",
):
    __test__ = False
    id: bytes
    nowAt: int  # noqa: N815
    endedAt: UnixSeconds  # noqa: N815
    length: int
    share: int
    hour: int


class Test_WrongPhase(ContractError, types="uint8,address", says="{phase} forbids it to {caller}"):  # noqa: N801
    __test__ = False
    phase: Phase
    caller: Address


class Test_Nested(ContractError, types="(address,uint8[])[]", says="{parties}"):  # noqa: N801
    __test__ = False
    parties: tuple[tuple[Address, tuple[int, ...]], ...]


CALLER = parse_address("0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed")
LINE = bytes.fromhex("7b" * 32)
PHASE_DATA = Test_WrongPhase.selector + encode(["uint8", "address"], [1, CALLER])


def test_the_signature_is_the_name_and_the_types() -> None:
    assert Test_WrongPhase.signature == "Test_WrongPhase(uint8,address)"
    assert Test_WrongPhase.selector == keccak(text="Test_WrongPhase(uint8,address)")[:4]
    assert declared_errors()["Test_WrongPhase(uint8,address)"] is Test_WrongPhase
    assert RevertedWithReason.selector.hex() == "08c379a0"
    assert Panicked.selector.hex() == "4e487b71"


def test_a_declared_error_comes_with_typed_fields_and_a_sentence() -> None:
    types = split_types("bytes32,uint256,uint40,uint32,uint16,uint32")
    data = encode(types, [LINE, 5, 1_795_183_200, 172_800, 250, 498_662])
    error = decode_revert(Test_InspectionOver.selector + data)
    assert isinstance(error, Test_InspectionOver)
    assert error.arguments == {
        "id": LINE,
        "nowAt": 5,
        "endedAt": 1_795_183_200,
        "length": 172_800,
        "share": 250,
        "hour": 498_662,
    }
    assert str(error) == (
        "line 0x7b7b7b7b…: ended 2026-11-20 14:00 UTC after 2 days, 2.5 %, 2026-11-20 14:00 UTC; 5"
    )
    assert isinstance(error, ChainError)
    assert error.exit_code == 3


def test_enumerations_and_addresses_have_their_types() -> None:
    error = decode_revert(PHASE_DATA)
    assert isinstance(error, Test_WrongPhase)
    assert error.phase is Phase.OPEN
    assert error.caller == CALLER
    assert str(error) == f"OPEN forbids it to {CALLER}"


def test_addresses_deep_inside_are_checksummed_too() -> None:
    data = encode(["(address,uint8[])[]"], [[(CALLER.lower(), [1, 2])]])
    error = decode_revert(Test_Nested.selector + data)
    assert isinstance(error, Test_Nested)
    assert error.parties == ((CALLER, (1, 2)),)


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (RevertedWithReason.selector + encode(["string"], ["no\x1b[2J"]), "the contract refused: no\\x1b[2J"),
        (Panicked.selector + encode(["uint256"], [0x11]), "the contract hit a defect: a number overflowed"),
        (Panicked.selector + encode(["uint256"], [0x99]), "the contract hit a defect: panic 0x99"),
        (b"", "the contract refused with an undeclared error, no data"),
        (b"\x12\x34\x56\x78\x00", "the contract refused with an undeclared error, 0x1234567800"),
    ],
)
def test_built_in_and_unknown_errors(data: bytes, sentence: str) -> None:
    assert str(decode_revert(data)) == sentence


@pytest.mark.parametrize(
    "data",
    [
        PHASE_DATA[:-1],
        PHASE_DATA + b"\x00",
        PHASE_DATA[:4],
        Test_WrongPhase.selector + b"\x01" + PHASE_DATA[5:],
        Test_WrongPhase.selector + encode(["uint8", "address"], [2, CALLER]),
        RevertedWithReason.selector + encode(["bytes"], [b"\xff\xfe"]),
        RevertedWithReason.selector + (64).to_bytes(32) + bytes(64),
    ],
    ids=[
        "short",
        "long",
        "no arguments",
        "dirty padding",
        "outside the enumeration",
        "not UTF-8",
        "odd offset",
    ],
)
def test_f104_what_is_not_exactly_a_declared_error_is_unknown(data: bytes) -> None:
    error = decode_revert(data)
    assert isinstance(error, UnknownContractError)
    assert error.data == data


@given(
    st.sampled_from([b"", *(error.selector for error in declared_errors().values())]), st.binary(max_size=200)
)
def test_f104_no_revert_data_breaks_the_decoder(selector: bytes, rest: bytes) -> None:
    assert str(decode_revert(selector + rest)).isprintable()


def test_the_arguments_are_final_but_the_exception_still_works() -> None:
    error = Test_WrongPhase(phase=Phase.OPEN, caller=CALLER)
    with pytest.raises(AttributeError, match="what the contract said"):
        error.caller = CALLER  # type: ignore[misc]
    error.add_note("while testing")
    again = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own bytes
    assert (type(again), again.arguments, str(again)) == (Test_WrongPhase, error.arguments, str(error))
    with pytest.raises(Test_WrongPhase) as raised:
        raise error from None
    assert raised.value.__traceback__ is not None


def test_an_error_takes_exactly_its_fields() -> None:
    with pytest.raises(TypeError, match="takes exactly phase, caller"):
        Test_WrongPhase(phase=Phase.OPEN)  # type: ignore[call-arg]


def test_a_declaration_must_be_sound_and_single() -> None:
    with pytest.raises(TypeError, match="declared once"):
        type(
            "Test_WrongPhase",
            (ContractError,),
            {"__annotations__": {"a": int, "b": str}},
            types="uint8,address",
            says="",
        )
    with pytest.raises(TypeError, match="one field for each type"):
        type("Test_Other", (ContractError,), {"__annotations__": {"a": int}}, types="uint8,address", says="")
