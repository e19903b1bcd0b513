"""The harness is strict: a wrong revert, argument or event fails the test that expected another."""

from collections.abc import Callable
from typing import Any

import pytest
from eth_abi.abi import encode
from eth_utils.crypto import keccak
from web3.contract import Contract

from fabricant.domain.units import address_from_bytes, parse_address
from tests.support.actors import Actor
from tests.support.chain import BEGINNING, Chain, event
from tests.support.decoding import VOCABULARY
from tests.support.reverts import reverts

ECHO = bytes.fromhex("365f5f37365ffd")  # reverts with its calldata
CLOCK = bytes.fromhex("425f5260205ff3")  # returns the time
IDENTIFIER = {"name": "id", "type": "bytes32"}
CALLER = {"name": "caller", "type": "address"}
ERRORS: list[dict[str, Any]] = [
    {"type": "error", "name": "Echo_NotBuyer", "inputs": [IDENTIFIER, CALLER]},
    {"type": "error", "name": "Echo_Closed", "inputs": [IDENTIFIER]},
]
VIEWS: list[dict[str, Any]] = [
    {**ERRORS[0], "type": "function", "stateMutability": "view", "outputs": []},
    {**ERRORS[1], "type": "function", "stateMutability": "view", "outputs": []},
    {
        "type": "function",
        "name": "now",
        "stateMutability": "view",
        "inputs": [],
        "outputs": [{"name": "", "type": "uint256"}],
    },
]
LINE = keccak(text="line")


@pytest.fixture
def place(chain: Chain) -> Callable[[bytes], Contract]:
    def place(code: bytes) -> Contract:
        VOCABULARY.learn(ERRORS)
        address = address_from_bytes(keccak(code)[:20])
        chain.local.set_code(address, code)
        return chain.w3.eth.contract(address=address, abi=VIEWS)

    return place


@pytest.fixture
def echo(place: Callable[[bytes], Contract]) -> Contract:
    return place(ECHO)


@pytest.mark.parametrize("how", ["send", "view"])
def test_the_expected_error_with_its_arguments_passes(
    chain: Chain, echo: Contract, buyer: Actor, how: str
) -> None:
    call = echo.functions.Echo_NotBuyer(LINE, buyer.address)
    with reverts("Echo_NotBuyer", id=LINE, caller=buyer.address):
        chain.send(call, by=buyer) if how == "send" else call.call()


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("Echo_Closed", {"id": LINE}),
        ("Echo_NotBuyer", {"id": bytes(32), "caller": Actor("buyer").address}),
        ("Echo_NotBuyer", {"id": LINE}),
        ("Echo_NotBuyer", {"id": LINE, "caller": Actor("buyer").address, "limit": 1}),
        ("Echo_NotBuyer", {}),
        ("Echo_Typo", {"id": LINE}),
        ("no reason", {}),
        ("Error", {"message": "x"}),
    ],
)
def test_any_other_expectation_fails(
    chain: Chain, echo: Contract, buyer: Actor, name: str, arguments: dict[str, Any]
) -> None:
    with pytest.raises(pytest.fail.Exception), reverts(name, **arguments):
        chain.send(echo.functions.Echo_NotBuyer(LINE, buyer.address), by=buyer)


def test_no_revert_at_all_fails(chain: Chain, place: Callable[[bytes], Contract], buyer: Actor) -> None:
    with pytest.raises(pytest.fail.Exception, match="nothing reverted"), reverts("Panic", code=1):
        chain.send(place(CLOCK).functions.now(), by=buyer)


def test_an_error_of_the_test_itself_is_not_a_revert() -> None:
    with pytest.raises(ZeroDivisionError), reverts("Panic", code=0x12):
        _ = 1 // 0


def test_data_that_is_no_exact_encoding_is_undeclared() -> None:
    sound = keccak(text="Echo_Closed(bytes32)")[:4] + LINE
    VOCABULARY.learn(ERRORS)
    assert VOCABULARY.error(sound).name == "Echo_Closed"
    with pytest.raises(ValueError, match="do not encode"):
        VOCABULARY.error(sound + b"\x00")


def test_built_in_reasons(chain: Chain, buyer: Actor, place: Callable[[bytes], Contract]) -> None:
    panic = keccak(text="Panic(uint256)")[:4] + encode(["uint256"], [0x11])
    assert VOCABULARY.error(panic).arguments == {"code": 0x11}
    with reverts("no reason"):
        chain.send(place(bytes.fromhex("5f5ffd")).functions.now(), by=buyer)


def test_a_transaction_is_mined_at_the_exact_time_and_views_see_it(
    chain: Chain, place: Callable[[bytes], Contract], buyer: Actor
) -> None:
    clock = place(CLOCK)
    chain.warp(BEGINNING + 1_000_000)
    assert clock.functions.now().call() == BEGINNING + 1_000_000
    chain.send(clock.functions.now(), by=buyer)
    assert chain.now == BEGINNING + 1_000_000
    chain.send(clock.functions.now(), by=buyer, at=BEGINNING + 1_000_007)
    assert chain.now == BEGINNING + 1_000_007


@pytest.mark.parametrize("_again", range(2))
def test_every_test_begins_where_the_session_left_off(chain: Chain, _again: int) -> None:
    assert BEGINNING <= chain.now < BEGINNING + 3600
    assert chain.balance(Actor("buyer")) == 10_000 * 10**18
    chain.local.set_balance(Actor("buyer").address, 1)  # type: ignore[arg-type]
    chain.warp(BEGINNING + 10_000_000)
    chain.local.mine()


def test_a_contract_can_send_and_gas_is_free(
    chain: Chain, echo: Contract, place: Callable[[bytes], Contract]
) -> None:
    before = chain.balance(echo)
    chain.send(place(CLOCK).functions.now(), by=parse_address(echo.address))
    assert chain.balance(echo) == before == 0


def test_events_are_compared_field_by_field(chain: Chain, directory: Contract, supplier: Actor) -> None:
    key = keccak(text="key")
    receipt = chain.send(directory.functions.setProfile(key, "https://supplier.example"), by=supplier)
    said = event(
        directory,
        "ProfileSet",
        participant=supplier.address,
        encryptionKey=key,
        uri="https://supplier.example",
    )
    assert chain.events(receipt) == chain.events(receipt, directory) == [said]
    assert chain.events(receipt) != [event(directory, "ProfileSet", participant=supplier.address)]
