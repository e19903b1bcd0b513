"""Allowances by signature: for tokens that have them, under the domain they go by, and by a key."""

from dataclasses import dataclass

import pytest
from eth_abi.abi import encode

from fabricant.chain.abi import selector
from fabricant.chain.tokens import Erc20
from fabricant.domain.escrow import PERMIT, Permit
from fabricant.domain.typed_data import Domain, Message
from fabricant.domain.units import Address, BaseUnits, UnixSeconds, parse_address
from fabricant.errors import SigningRefused
from tests.support.world import DAY, World, wallet

BUYER = wallet("buyer")
SPENDER = parse_address("0x" + "5e" * 20)
TOKEN = parse_address("0x" + "70" * 20)
AMOUNT, NONCE = BaseUnits(1_000_000_007), 7


@dataclass(frozen=True)
class Answers:
    """A token that gives each call its fixed answer, and reverts at any other."""

    by_function: dict[str, bytes]

    @property
    def code(self) -> bytes:
        """push4 selector, compare, jump to what returns the answer; else revert."""
        functions = list(self.by_function.items())
        head_length = 5 + 11 * len(functions) + 3
        head, bodies = bytes.fromhex("5f3560e01c"), b""
        for name, answer in functions:
            target = head_length + len(bodies)
            head += b"\x80\x63" + selector(name) + b"\x14\x61" + target.to_bytes(2) + b"\x57"
            words = [answer[at : at + 32] for at in range(0, len(answer), 32)]
            stored = b"".join(
                b"\x7f" + word + b"\x61" + (32 * n).to_bytes(2) + b"\x52" for n, word in enumerate(words)
            )
            bodies += b"\x5b" + stored + b"\x61" + len(answer).to_bytes(2) + b"\x5f\xf3"
        return head + bytes.fromhex("5f5ffd") + bodies


def token(world: World, *, name: str = "Euro Coin", version: str | None = None, **others: bytes) -> Erc20:
    """A token with permits, as most are written; `others`: further or other answers by function."""
    domain = Domain(name, version or "1", world.chain.chain_id, TOKEN)
    answers = {
        "nonces(address)": NONCE.to_bytes(32),
        "decimals()": (6).to_bytes(32),
        "symbol()": encode(["string"], ["EURC"]),
        "name()": encode(["string"], [name]),
        "DOMAIN_SEPARATOR()": domain.separator,
    }
    if version is not None:
        answers["version()"] = encode(["string"], [version])
    named = {function: answer for function, answer in (answers | _called(others)).items() if answer}
    world.chain.set_code(TOKEN, Answers(named).code)
    return Erc20(world.chain, TOKEN)


def _called(others: dict[str, bytes]) -> dict[str, bytes]:
    full = {"nonces": "nonces(address)"}
    return {full.get(name, f"{name}()"): answer for name, answer in others.items()}


def permit(world: World, money: Erc20) -> Permit:
    """The buyer's permit."""
    return money.sign_permit(SPENDER, AMOUNT, deadline=UnixSeconds(world.now + DAY), by=BUYER)


def signed(world: World, money: Erc20, name: str, version: str) -> None:
    """The permit is the buyer's, under this domain."""
    made = permit(world, money)
    domain = Domain(name, version, world.chain.chain_id, money.address)
    allowance = {"owner": BUYER.address, "spender": SPENDER, "value": AMOUNT}
    message = Message(domain, PERMIT, allowance | {"nonce": NONCE, "deadline": made.deadline})
    signature = BUYER.sign_typed_data(message)
    assert made == Permit(
        AMOUNT, UnixSeconds(world.now + DAY), signature[64], signature[:32], signature[32:64]
    )


@pytest.mark.parametrize("version", ["1", "2"])
def test_a_token_with_a_version(world: World, version: str) -> None:
    signed(world, token(world, version=version), "Euro Coin", version)


def test_a_token_without_a_version_goes_by_the_first(world: World) -> None:
    signed(world, token(world), "Euro Coin", "1")


def test_a_token_that_states_its_domain_is_believed(world: World) -> None:
    stated = encode(
        ["bytes1", "string", "string", "uint256", "address", "bytes32", "uint256[]"],
        [b"\x0f", "Euro", "3", world.chain.chain_id, TOKEN, bytes(32), []],
    )
    signed(world, token(world, version="2", eip712Domain=stated), "Euro", "3")


@pytest.mark.parametrize("deadline", [0, 2**256 - 1])
def test_any_deadline_is_signed(world: World, deadline: int) -> None:
    made = token(world).sign_permit(SPENDER, AMOUNT, deadline=UnixSeconds(deadline), by=BUYER)
    assert made.deadline == deadline


def test_a_token_without_permits(world: World) -> None:
    with pytest.raises(SigningRefused, match="EURC takes no permits; approve instead"):
        permit(world, token(world, nonces=b""))
    with pytest.raises(SigningRefused, match="states its domain"):
        permit(world, token(world, DOMAIN_SEPARATOR=b""))


def test_f118_a_lying_separator(world: World) -> None:
    other = Domain("Euro Coin", "1", 1, TOKEN).separator  # another chain's
    with pytest.raises(SigningRefused, match="does not go by this domain"):
        permit(world, token(world, DOMAIN_SEPARATOR=other))


def test_f118_a_token_that_states_anothers_domain_gets_no_permit_of_that_one(world: World) -> None:
    stated = encode(
        ["bytes1", "string", "string", "uint256", "address", "bytes32", "uint256[]"],
        [b"\x0f", "Test Dollar", "1", world.chain.chain_id, world.token, bytes(32), []],
    )
    signed(world, token(world, eip712Domain=stated), "Euro Coin", "1")


@dataclass(frozen=True)
class Safe:
    """A contract wallet with two owners: its signature is longer than a key's."""

    address: Address

    def sign_typed_data(self, message: Message) -> bytes:
        return 2 * BUYER.sign_typed_data(message)


def test_a_contract_wallet_does_not_sign_permits(world: World) -> None:
    yes = bytes.fromhex("631626ba7e60e01b5f5260205ff3")
    world.chain.set_code(SPENDER, yes)
    money = token(world)
    with pytest.raises(SigningRefused, match="a permit needs a key; approve instead"):
        money.sign_permit(TOKEN, AMOUNT, deadline=UnixSeconds(world.now + DAY), by=Safe(SPENDER))
