"""Reads of a chain: typed, strict, and deaf to nodes that lie or falter."""

from collections.abc import Callable
from typing import Any

import pytest
from web3 import Web3

from fabricant.chain import connect as connecting
from fabricant.chain.answers import as_log, as_receipt
from fabricant.chain.anvil import LocalChain
from fabricant.chain.connect import connect
from fabricant.chain.errors import Panicked, RevertedWithReason, UnknownContractError
from fabricant.chain.network import Call, FeeMarket, Network
from fabricant.chain.profiles import Profile
from fabricant.chain.rpc import Patience, Rpc, RpcUrl
from fabricant.domain.units import Address, BaseUnits, parse_address
from fabricant.errors import BadAnswer, RpcRefused, WrongChain
from tests.support import faulty_node as faults
from tests.support.chain import mined
from tests.support.faulty_node import FaultyNode

ECHO_REVERT = bytes.fromhex("365f5f37365ffd")
ECHO = bytes.fromhex("365f5f37365ff3")
EMIT = bytes.fromhex("365f5f375f35365fa100")  # one event: its topic and its data from the calldata
CONTRACT = parse_address("0x" + "11" * 20)
OTHER = parse_address("0x" + "22" * 20)
HASH = "0x" + "ab" * 32
SENDER = parse_address("0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266")  # Anvil's first account


def network_at(node: FaultyNode) -> Network:
    return Network(
        Rpc(RpcUrl(node.url), patience=Patience(attempts=2), sleep=lambda _: None), Profile("test")
    )


def transaction(to: Address, data: str = "0x") -> dict[str, str]:
    return {"from": SENDER, "to": to, "data": data}


def test_a_call_returns_bytes_and_coin_nonce_and_code_are_typed(local: LocalChain) -> None:
    local.set_code(CONTRACT, ECHO)
    local.set_balance(OTHER, BaseUnits(7))
    assert local.call(Call(CONTRACT, b"\x01\x02")) == b"\x01\x02"
    assert local.balance(OTHER) == 7
    assert (local.nonce(SENDER), local.nonce(OTHER)) == (0, 0)
    assert local.code(CONTRACT) == ECHO
    assert local.code(OTHER) == b""
    assert local.estimate_gas(Call(CONTRACT, sender=SENDER)) > 21_000


@pytest.mark.parametrize("method", [Network.call, Network.estimate_gas])
@pytest.mark.parametrize(
    ("data", "kind"),
    [
        ("08c379a0" + "00" * 31 + "20" + "00" * 31 + "02" + "6e6f" + "00" * 30, RevertedWithReason),
        ("4e487b71" + "00" * 31 + "11", Panicked),
        ("12345678", UnknownContractError),
        ("", UnknownContractError),
    ],
)
def test_a_revert_is_a_typed_error(
    local: LocalChain, method: Callable[[Network, Call], object], data: str, kind: type[Exception]
) -> None:
    local.set_code(CONTRACT, ECHO_REVERT)
    with pytest.raises(kind):
        method(local, Call(CONTRACT, bytes.fromhex(data), sender=SENDER))


def test_another_refusal_than_a_revert_stays_one(local: LocalChain) -> None:
    with pytest.raises(RpcRefused):
        local.call(Call(CONTRACT), at=10**9)


def test_a_block_by_tag_number_and_hash_or_none(local: LocalChain) -> None:
    head = local.mine(2)
    assert local.block("latest") == local.block(head.number) == local.block(head.hash) == head == local.head()
    assert local.block(head.number + 1) is None
    assert local.block("0x" + "00" * 32) is None
    parent = local.block(head.number - 1)
    assert parent is not None
    assert parent.hash == head.parent


def test_a_receipt_has_its_logs_and_a_waiting_transaction_has_none(local: LocalChain) -> None:
    local.set_code(CONTRACT, EMIT)
    sent = mined(local.rpc, transaction(CONTRACT, HASH + "0102"))
    receipt = local.receipt(sent.transaction)
    assert receipt == sent
    assert (receipt.succeeded, receipt.sender, receipt.to, receipt.created) == (True, SENDER, CONTRACT, None)
    assert receipt.fee >= receipt.gas_used > 21_000
    (log,) = receipt.logs
    assert (log.address, log.topics, log.data) == (
        CONTRACT,
        (bytes.fromhex(HASH[2:]),),
        bytes.fromhex(HASH[2:] + "0102"),
    )
    assert local.logs([CONTRACT], since=0, until=receipt.block, topics=[log.topics[0]]) == [log]
    assert local.logs([OTHER], since=0, until=receipt.block) == []
    local.automine(on=False)
    waiting = local.rpc.call("eth_sendTransaction", transaction(CONTRACT))
    assert local.receipt(waiting) is None
    assert local.knows(waiting)
    assert not local.knows(HASH)


def test_the_fee_market_is_the_next_blocks_base_fee_and_the_usual_tip(local: LocalChain) -> None:
    local.set_base_fee(BaseUnits(7 * 10**9))
    mined(local.rpc, transaction(OTHER))
    market = local.fee_market()
    assert local.head().base_fee == 7 * 10**9
    assert market.base_fee < 7 * 10**9
    assert market.tip > 0


def test_web3_speaks_through_the_same_connection(local: LocalChain) -> None:
    assert isinstance(local.w3, Web3)
    assert local.w3.eth.chain_id == 31337
    assert local.w3.is_connected()
    local.set_code(CONTRACT, ECHO_REVERT)
    with pytest.raises(Exception, match="12345678"):
        local.w3.eth.call({"to": CONTRACT, "data": "0x12345678"})  # type: ignore[typeddict-item]


def test_f097_f114_the_wrong_chain_is_refused_before_anything_else(
    local: LocalChain, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = local.rpc.url
    with pytest.raises(WrongChain, match="serves chain 31337, not 1 as mainnet expects"):
        Network(Rpc(url), Profile("mainnet", url, chain_id=1))
    with pytest.raises(WrongChain, match="serves chain 31337, not 5"):
        connect(url.reveal(), chain_id=5)
    monkeypatch.setattr(connecting, "choose", lambda _: Profile("mainnet", url, chain_id=1))
    with pytest.raises(WrongChain, match="mainnet is chain 1, not 31337"):
        connect("mainnet", chain_id=31337)


def test_connect_by_url_checks_what_is_asked(local: LocalChain) -> None:
    with connect(local.rpc.url.reveal(), chain_id=31337) as network:
        assert network.head() == local.head()


LOG = {
    "address": CONTRACT,
    "topics": [],
    "data": "0x",
    "blockNumber": "0x1",
    "blockHash": HASH,
    "transactionHash": HASH,
    "logIndex": "0x0",
}
RECEIPT = {
    "transactionHash": HASH,
    "from": CONTRACT,
    "to": None,
    "contractAddress": OTHER.lower(),
    "status": "0x1",
    "blockNumber": "0x1",
    "blockHash": HASH,
    "gasUsed": "0x5208",
    "effectiveGasPrice": "0x2",
    "logs": [LOG],
}
BLOCK = {"number": "0x1", "hash": HASH, "parentHash": HASH, "timestamp": "0x1", "baseFeePerGas": "0x1"}


def test_sound_answers_are_accepted() -> None:
    receipt = as_receipt(RECEIPT, "a receipt")
    assert (receipt.created, receipt.fee) == (OTHER, 42_000)
    assert receipt.logs == (as_log(LOG, "an event"),)


@pytest.mark.parametrize(
    "change",
    [
        {"status": None},
        {"gasUsed": -1},
        {"gasUsed": "0x" + "f" * 65},
        {"from": "0x12"},
        {"blockHash": HASH[:-2]},
        {"logs": None},
        {"logs": [LOG | {"removed": True}]},
        {"logs": [LOG | {"transactionHash": "0x" + "cd" * 32}]},
        {"logs": [LOG | {"blockNumber": "0x2"}]},
        {"logs": [LOG | {"data": "0x1"}]},
        {"logs": ["x"]},
        {"transactionHash": 5},
    ],
)
def test_f095_f117_a_receipt_that_is_not_whole_and_consistent_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(BadAnswer):
        as_receipt(RECEIPT | change, "a receipt")


def test_f117_a_receipt_must_be_the_one_asked_for() -> None:
    with (
        FaultyNode(results={"eth_getTransactionReceipt": RECEIPT}) as node,
        pytest.raises(BadAnswer, match="another"),
    ):
        network_at(node).receipt("0x" + "cd" * 32)


@pytest.mark.parametrize("block", [None, BLOCK | {"hash": "0x" + "cd" * 32}])
def test_f093_f117_a_receipt_whose_block_is_not_in_the_chain_does_not_count(
    block: dict[str, Any] | None,
) -> None:
    with FaultyNode(results={"eth_getTransactionReceipt": RECEIPT, "eth_getBlockByNumber": block}) as node:
        assert network_at(node).receipt(HASH) is None
        node.results["eth_getBlockByNumber"] = BLOCK
        assert network_at(node).receipt(HASH) == as_receipt(RECEIPT, "a receipt")


@pytest.mark.parametrize("change", [{"address": OTHER}, {"blockNumber": "0x9"}])
def test_f095_events_that_were_not_asked_for_are_refused(change: dict[str, Any]) -> None:
    with (
        FaultyNode(results={"eth_getLogs": [LOG | change]}) as node,
        pytest.raises(BadAnswer, match="not asked for"),
    ):
        network_at(node).logs([CONTRACT], since=0, until=5)


@pytest.mark.parametrize("answer", [None, "", "0x", "0xzz", 5, "0x" + "1" * 65, True, [], {}, "\x1b[2J"])
def test_f117_a_number_that_is_none_is_refused_and_shown_safely(answer: object) -> None:
    with FaultyNode(results={"eth_getBalance": answer}) as node, pytest.raises(BadAnswer) as refused:
        network_at(node).balance(CONTRACT)
    assert str(refused.value).isprintable()


def test_a_node_without_blocks_is_not_ready() -> None:
    with (
        FaultyNode(results={"eth_getBlockByNumber": None}) as node,
        pytest.raises(BadAnswer, match="synchronised"),
    ):
        network_at(node).head()


def test_a_chain_without_fees_has_none() -> None:
    with FaultyNode(results={"eth_feeHistory": {"oldestBlock": "0x0"}}) as node:
        assert network_at(node).fee_market() == FeeMarket(BaseUnits(0), BaseUnits(0))


def test_f096_a_refused_range_of_events_says_so() -> None:
    with FaultyNode() as node:
        node.fail("eth_getLogs", faults.refuse(-32005, "query returned more than 10000 results"))
        with pytest.raises(RpcRefused, match="more than 10000"):
            network_at(node).logs([CONTRACT], since=0, until=10**6)
