"""A signature leaves only for the contract, chain and signer that it is meant for."""

from dataclasses import replace

import pytest
from eth_abi.abi import encode
from hypothesis import given, settings
from hypothesis import strategies as st

from fabricant.artifacts import load
from fabricant.chain.anvil import LocalChain
from fabricant.chain.secret import Secret
from fabricant.chain.signing import HIGHEST_S, check_domain, is_valid, read_domain, sign
from fabricant.chain.wallet import ContractWallet, Wallet
from fabricant.domain.typed_data import Domain, Message, Struct
from fabricant.domain.units import Address, parse_address
from fabricant.errors import SigningRefused
from tests.support.chain import mined

ORDER = 2 * HIGHEST_S + 1
SAFE = parse_address("0x" + "5a" * 20)
PLAIN = parse_address("0x" + "11" * 20)
YES = bytes.fromhex("631626ba7e60e01b5f5260205ff3")  # answers every question with ERC-1271's yes
NO = bytes.fromhex("63ffffffff60e01b5f5260205ff3")
REVERTS = bytes.fromhex("5f5ffd")
SHORT_YES = bytes.fromhex("631626ba7e60e01b5f5260045ff3")  # four bytes are no word
SCHEDULE = Struct("Schedule", "bytes32 root")
VALUES = {"root": b"\x07" * 32}


@pytest.fixture
def supplier() -> Wallet:
    return Wallet(Secret(b"\x01" * 32))


@pytest.fixture
def directory(local: LocalChain) -> Address:
    (sender,) = local.rpc.call("eth_accounts")[:1]
    deployment = {"from": sender, "data": "0x" + load("Directory").bytecode.hex()}
    receipt = mined(local.rpc, deployment)
    assert receipt.created
    return receipt.created


@pytest.fixture
def message(local: LocalChain, directory: Address) -> Message:
    return Message(read_domain(directory, local), SCHEDULE, VALUES)


def test_the_contract_states_its_own_domain(local: LocalChain, directory: Address) -> None:
    assert read_domain(directory, local) == Domain("Fabricant Directory", "1", 31337, directory)


def test_a_signature_for_a_contract_of_this_chain_counts(
    local: LocalChain, message: Message, supplier: Wallet
) -> None:
    signature = sign(message, by=supplier, on=local)
    assert is_valid(signature, message.digest, signer=supplier.address, on=local)
    assert not is_valid(signature, message.digest, signer=PLAIN, on=local)
    assert not is_valid(signature, bytes(32), signer=supplier.address, on=local)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"chain_id": 1}, "the connected chain is 31337"),
        ({"name": "Directory"}, "does not go by this domain"),
        ({"name": "\u202eyrotceriD"}, "does not go by this domain"),
        ({"version": "2"}, "does not go by this domain"),
        ({"verifying_contract": PLAIN}, "no contract that states its domain"),
    ],
)
def test_f118_a_message_for_another_domain_is_not_signed(
    local: LocalChain, message: Message, supplier: Wallet, change: dict[str, object], said: str
) -> None:
    hostile = replace(message, domain=replace(message.domain, **change))  # type: ignore[arg-type]
    with pytest.raises(SigningRefused, match=said) as refused:
        sign(hostile, by=supplier, on=local)
    assert str(refused.value).isprintable()


@pytest.mark.parametrize(
    "code", [b"", YES, NO, REVERTS], ids=["nothing", "one word", "another word", "reverts"]
)
def test_f118_what_is_at_the_address_must_state_a_domain(
    local: LocalChain, message: Message, supplier: Wallet, code: bytes
) -> None:
    local.set_code(PLAIN, code)
    with pytest.raises(SigningRefused):
        sign(
            replace(message, domain=replace(message.domain, verifying_contract=PLAIN)), by=supplier, on=local
        )
    with pytest.raises(SigningRefused, match="states no domain"):
        read_domain(PLAIN, local)


def returns(words: bytes, first: str) -> bytes:
    """Code that answers calls of the function `first` with `words` and reverts on any other."""
    size = f"61{len(words):04x}"
    answer_if_asked = f"5f3560e01c63{first}14601157" + "5f5ffd" + f"5b{size}601e5f39{size}5ff3"
    return bytes.fromhex(answer_if_asked) + words


def test_a_token_that_states_only_its_separator_can_be_signed_for(
    local: LocalChain, supplier: Wallet
) -> None:
    permit = Message(Domain("USD Test", "1", 31337, PLAIN), SCHEDULE, VALUES)
    local.set_code(PLAIN, returns(permit.domain.separator, "3644e515"))
    assert len(sign(permit, by=supplier, on=local)) == 65
    with pytest.raises(SigningRefused, match="does not go by"):
        check_domain(replace(permit.domain, version="2"), local)


@pytest.mark.parametrize(
    ("fields", "salt", "more"),
    [(b"\x1f", bytes(32), []), (b"\x0f", b"\1" * 32, []), (b"\x0f", bytes(32), [1])],
)
def test_f118_a_domain_with_more_parts_than_ours_is_not_taken_for_one_of_ours(
    local: LocalChain, fields: bytes, salt: bytes, more: list[int]
) -> None:
    types = ["bytes1", "string", "string", "uint256", "address", "bytes32", "uint256[]"]
    words = encode(types, [fields, "Fabricant Directory", "1", 31337, PLAIN, salt, more])
    local.set_code(PLAIN, returns(words, "84b0196e"))
    with pytest.raises(SigningRefused):
        read_domain(PLAIN, local)


def test_a_contracts_signature_counts_if_the_contract_says_so(
    local: LocalChain, message: Message, supplier: Wallet
) -> None:
    safe = ContractWallet(SAFE, supplier)
    local.set_code(SAFE, YES)
    signature = sign(message, by=safe, on=local)
    assert signature == supplier.sign_typed_data(message)
    assert is_valid(b"any length at all", message.digest, signer=SAFE, on=local)


@pytest.mark.parametrize("code", [b"", NO, REVERTS, SHORT_YES], ids=["no code", "no", "reverts", "too short"])
def test_a_signature_that_the_contract_does_not_accept_is_not_handed_out(
    local: LocalChain, message: Message, supplier: Wallet, code: bytes
) -> None:
    local.set_code(SAFE, code)
    with pytest.raises(SigningRefused, match="does not accept"):
        sign(message, by=ContractWallet(SAFE, supplier), on=local)


def test_a_key_counts_only_with_65_bytes_the_usual_v_and_a_low_s(
    local: LocalChain, message: Message, supplier: Wallet
) -> None:
    signature = sign(message, by=supplier, on=local)
    r, s, v = signature[:32], int.from_bytes(signature[32:64]), signature[64]
    mirrored = r + (ORDER - s).to_bytes(32) + bytes([55 - v])
    compact = r + (s | ((v - 27) << 255)).to_bytes(32)
    for other in (
        mirrored,
        compact,
        signature[:64] + bytes([v - 27]),
        signature + b"\0",
        signature[:64],
        b"",
    ):
        assert not is_valid(other, message.digest, signer=supplier.address, on=local)


@settings(max_examples=100, deadline=None)
@given(st.binary(min_size=64, max_size=64), st.sampled_from([27, 28]))
def test_no_forged_bytes_break_the_check(session_local: LocalChain, rest: bytes, v: int) -> None:
    for forged in (rest + bytes([v]), rest[:32] + bytes(32) + bytes([v]), bytes(32) + rest[32:] + bytes([v])):
        assert not is_valid(forged, b"\x01" * 32, signer=PLAIN, on=session_local)
