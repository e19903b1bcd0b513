"""Sending survives stuck, lost, replaced and reorganised transactions, and never pays twice."""

import json
import threading
from collections.abc import Callable, Iterator

import pytest

from fabricant.chain.anvil import LocalChain
from fabricant.chain.errors import UnknownContractError
from fabricant.chain.network import Network
from fabricant.chain.profiles import Profile
from fabricant.chain.rpc import Patience, Rpc, RpcUrl
from fabricant.chain.secret import Secret
from fabricant.chain.transactions import GAS_CAP, Policy, Sender
from fabricant.chain.wallet import Wallet
from fabricant.domain.units import BaseUnits, parse_address
from fabricant.errors import (
    BadAnswer,
    FeeCapExceeded,
    GasCapExceeded,
    InsufficientFunds,
    OutcomeUnknown,
    RpcRefused,
    TransactionFailed,
    TransactionReplaced,
)
from tests.support import faulty_node as faults
from tests.support.faulty_node import Fault, FaultyNode

GWEI = 10**9
COIN = BaseUnits(10**18)
ONE = BaseUnits(1)
PAYEE = parse_address("0x" + "9a" * 20)
CONTRACT = parse_address("0x" + "11" * 20)
ECHO_REVERT = bytes.fromhex("365f5f37365ffd")
COUNTER = bytes.fromhex("5f54600101805f555f5260205ff3")  # adds one to slot 0
BURNER = bytes.fromhex("5b5f56")  # runs in circles until its gas is gone


class Time:
    """A clock that moves only when somebody sleeps, and lets the test act meanwhile."""

    def __init__(self) -> None:
        self.now = 0.0
        self.scale = 1.0
        self.acts: list[Callable[[], object]] = []

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds * self.scale
        if self.acts:
            self.acts.pop(0)()


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def payer(local: LocalChain) -> Wallet:
    wallet = Wallet(Secret(b"\x02" * 32))
    local.set_balance(wallet.address, BaseUnits(100 * COIN))
    return wallet


@pytest.fixture
def sender(local: LocalChain, payer: Wallet, time: Time) -> Sender:
    return Sender(local, payer, clock=time.clock, sleep=time.sleep)


@pytest.fixture
def node(local: LocalChain) -> Iterator[FaultyNode]:
    with FaultyNode(upstream=local.rpc.url.reveal()) as node:
        yield node


@pytest.fixture
def shaky(node: FaultyNode, payer: Wallet, time: Time) -> Sender:
    """A sender behind a faulty node."""
    rpc = Rpc(RpcUrl(node.url), patience=Patience(timeout=5, attempts=2), sleep=lambda _: None)
    return Sender(Network(rpc, Profile("shaky")), payer, clock=time.clock, sleep=time.sleep)


def with_policy(sender: Sender, time: Time, **changes: object) -> Sender:
    policy = Policy(**changes)  # type: ignore[arg-type]
    return Sender(sender.network, sender.wallet, policy=policy, clock=time.clock, sleep=time.sleep)


def pending(local: LocalChain) -> list[dict[str, str]]:
    waiting = local.rpc.call("txpool_content")["pending"]
    return [transaction for account in waiting.values() for transaction in account.values()]


def test_a_transaction_is_sent_mined_and_confirmed(local: LocalChain, sender: Sender) -> None:
    receipt = sender.send(PAYEE, value=ONE)
    assert (receipt.succeeded, receipt.to, receipt.gas_used) == (True, PAYEE, 21_000)
    assert local.balance(PAYEE) == 1
    assert local.balance(sender.wallet.address) == 100 * COIN - 1 - receipt.fee


def test_a_contract_is_created(local: LocalChain, sender: Sender) -> None:
    receipt = sender.send(None, bytes.fromhex("600e600c5f39600e5ff3" + "0000") + COUNTER)
    assert receipt.created is not None
    assert local.code(receipt.created) == COUNTER


def test_what_would_fail_is_not_sent_and_says_why(local: LocalChain, sender: Sender) -> None:
    local.set_code(CONTRACT, ECHO_REVERT)
    with pytest.raises(UnknownContractError) as refused:
        sender.send(CONTRACT, b"\x12\x34\x56\x78")
    assert refused.value.data == b"\x12\x34\x56\x78"
    assert local.nonce(sender.wallet.address) == 0


@pytest.mark.parametrize(
    "value", [BaseUnits(100 * COIN + 1), BaseUnits(100 * COIN)], ids=["value", "value and fee"]
)
def test_f114_an_account_without_the_money_is_told_before_sending(
    local: LocalChain, sender: Sender, value: BaseUnits
) -> None:
    with pytest.raises(InsufficientFunds, match="fund it first"):
        sender.send(PAYEE, value=value)
    assert local.nonce(sender.wallet.address) == 0


def test_f114_an_empty_account_is_told_too(local: LocalChain, time: Time) -> None:
    stranger = Sender(local, Wallet.create(), clock=time.clock, sleep=time.sleep)
    with pytest.raises(InsufficientFunds, match=r"has 0\.00 coin"):
        stranger.send(PAYEE)


# Fees and gas


def test_f110_a_base_fee_above_the_cap_stops_it_before_sending(local: LocalChain, sender: Sender) -> None:
    local.set_base_fee(BaseUnits(300 * GWEI))
    local.mine()
    with pytest.raises(FeeCapExceeded, match=r"asks \d+\.\d+ gwei per gas, your cap is 200\.00"):
        sender.send(PAYEE)
    assert local.nonce(sender.wallet.address) == 0


def test_the_cap_comes_from_the_profile_and_limits_the_offer(
    local: LocalChain, payer: Wallet, time: Time
) -> None:
    profile = Profile("capped", local.rpc.url, max_fee=BaseUnits(3 * GWEI // 2))
    Sender(Network(Rpc(local.rpc.url), profile), payer, clock=time.clock, sleep=time.sleep).send(PAYEE)
    block = local.rpc.call("eth_getBlockByNumber", "latest", True)
    assert int(block["transactions"][0]["maxFeePerGas"], 16) <= 3 * GWEI // 2


def test_f110_a_spike_during_the_wait_raises_the_offer_and_ends_at_the_cap(
    local: LocalChain, sender: Sender, time: Time
) -> None:
    local.automine(on=False)
    time.scale = 1000
    offers: list[int] = []

    def spike() -> None:
        offers.extend(int(each["maxFeePerGas"], 16) for each in pending(local))
        local.rpc.call("anvil_dropAllTransactions")  # else Anvil would mine it at any fee
        local.set_base_fee(BaseUnits(min(local.head().base_fee * 10, 150 * GWEI)))
        local.mine()

    time.acts = [spike] * 12
    with pytest.raises(FeeCapExceeded) as stopped:
        with_policy(sender, time, stuck_after=1.0, cap=BaseUnits(60 * GWEI), give_up_after=1e9).send(PAYEE)
    assert stopped.value.transaction is not None
    assert stopped.value.transaction in str(stopped.value)
    assert offers[0] < offers[-1] <= 60 * GWEI
    assert offers == sorted(offers)


def test_f109_a_stuck_transaction_is_replaced_by_one_that_pays_an_eighth_more(
    local: LocalChain, sender: Sender, time: Time
) -> None:
    local.automine(on=False)
    time.scale = 1000
    seen: list[dict[str, str]] = []

    def look() -> None:
        seen.extend(pending(local))

    time.acts = [look, look, local.mine]
    receipt = with_policy(sender, time, stuck_after=5.0, give_up_after=1e9).send(PAYEE, value=ONE)
    first, second = seen[0], seen[-1]
    assert first["nonce"] == second["nonce"] == "0x0"
    assert first["hash"] != second["hash"]
    for fee in ("maxFeePerGas", "maxPriorityFeePerGas"):
        assert int(second[fee], 16) * 8 >= int(first[fee], 16) * 9
    assert receipt.succeeded
    assert local.balance(PAYEE) == 1
    assert local.nonce(sender.wallet.address) == 1


@pytest.mark.parametrize(
    ("estimate", "error"), [(hex(GAS_CAP + 1), GasCapExceeded), (hex(2**200), GasCapExceeded)]
)
def test_f084_f117_more_gas_than_a_transaction_may_use_is_refused(
    shaky: Sender, node: FaultyNode, estimate: str, error: type[Exception]
) -> None:
    node.fail("eth_estimateGas", faults.result(estimate))
    with pytest.raises(error, match="split it"):
        shaky.send(PAYEE)
    assert node.count("eth_sendRawTransaction") == 0


def test_f117_a_node_that_gives_up_estimating_says_so(shaky: Sender, node: FaultyNode) -> None:
    node.fail(
        "eth_estimateGas",
        faults.refuse(-32000, "gas required exceeds allowance (30000000)"),
        faults.refuse(-32000, "header not found"),
    )
    with pytest.raises(GasCapExceeded, match="split it"):
        shaky.send(PAYEE)
    with pytest.raises(RpcRefused, match="header not found"):
        shaky.send(PAYEE)
    assert node.count("eth_sendRawTransaction") == 0


def test_f117_a_node_that_invents_fees_can_cost_no_more_than_the_cap(shaky: Sender, node: FaultyNode) -> None:
    node.fail("eth_feeHistory", faults.result({"reward": [[hex(10**15)]] * 10}))
    with pytest.raises(FeeCapExceeded):
        shaky.send(PAYEE)
    assert node.count("eth_sendRawTransaction") == 0


# Nonces


def test_f109_many_senders_of_one_account_share_its_nonces(local: LocalChain, payer: Wallet) -> None:
    senders = [Sender(local, payer) for _ in range(4)]
    failures: list[Exception] = []

    def work(sender: Sender) -> None:
        try:
            for _ in range(6):
                sender.send(PAYEE, value=ONE)
        except Exception as failure:  # noqa: BLE001 - shown by the assertion
            failures.append(failure)

    threads = [threading.Thread(target=work, args=(sender,)) for sender in senders for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert local.balance(PAYEE) == local.nonce(payer.address) == 48


def test_f109_a_nonce_that_another_program_took_first_is_left_to_it(
    local: LocalChain, shaky: Sender, node: FaultyNode, payer: Wallet, time: Time
) -> None:
    Sender(local, payer).send(PAYEE, value=ONE)
    node.fail("eth_getTransactionCount", faults.result("0x0"))
    assert shaky.send(PAYEE, value=ONE).succeeded
    assert local.nonce(payer.address) == local.balance(PAYEE) == 2


def test_f109_if_that_never_ends_nothing_was_sent(shaky: Sender, node: FaultyNode) -> None:
    node.fail("eth_sendRawTransaction", *[faults.refuse(-32000, "nonce too low")] * 5)
    with pytest.raises(TransactionReplaced, match="nothing was sent"):
        shaky.send(PAYEE)


def test_f109_a_transaction_that_another_program_overtook_is_reported(
    local: LocalChain, sender: Sender, payer: Wallet, time: Time
) -> None:
    local.automine(on=False)

    def overtake() -> None:
        fields = {
            "type": 2,
            "chainId": 31337,
            "nonce": 0,
            "to": CONTRACT,
            "value": 0,
            "gas": 21_000,
            "maxFeePerGas": 100 * GWEI,
            "maxPriorityFeePerGas": 50 * GWEI,
        }
        local.send_raw(payer.sign_transaction(fields).raw)
        local.mine()

    time.acts = [overtake]
    with pytest.raises(TransactionReplaced, match="never will be") as replaced:
        sender.send(PAYEE, value=ONE)
    assert replaced.value.transaction is not None
    assert local.balance(PAYEE) == 0


def test_f109_a_transaction_that_the_node_forgot_is_handed_in_again(
    local: LocalChain, sender: Sender, time: Time
) -> None:
    local.automine(on=False)
    time.acts = [lambda: local.rpc.call("anvil_dropAllTransactions"), lambda: None, local.mine]
    assert sender.send(PAYEE, value=ONE).succeeded
    assert local.balance(PAYEE) == 1


# Unknown outcomes

LOSSES: dict[str, Fault] = {
    "request lost": faults.lose_request,
    "answer lost": faults.lose_answer,
    "answer truncated": faults.truncate,
    "gateway timeout": faults.status(504),
    "answer of another": faults.say(b'{"jsonrpc":"2.0","id":0,"result":"0x00"}'),
}


@pytest.mark.parametrize("name", LOSSES)
def test_f112_a_lost_answer_never_pays_twice(
    local: LocalChain, shaky: Sender, node: FaultyNode, name: str
) -> None:
    for trial in range(1, 41):
        node.fail("eth_sendRawTransaction", *[LOSSES[name]] * (trial % 3 + 1))
        assert shaky.send(PAYEE, value=ONE).succeeded
        assert local.balance(PAYEE) == local.nonce(shaky.wallet.address) == trial
    raws = {params[0] for method, params in node.seen if method == "eth_sendRawTransaction"}
    assert len(raws) == 40


def test_f112_also_if_the_look_up_is_lost_too(local: LocalChain, shaky: Sender, node: FaultyNode) -> None:
    node.fail("eth_sendRawTransaction", faults.lose_answer, faults.lose_answer)
    node.fail("eth_getTransactionByHash", *[faults.lose_request] * 4)
    node.fail("eth_getTransactionReceipt", *[faults.status(500)] * 6)
    assert shaky.send(PAYEE, value=ONE).succeeded
    assert local.balance(PAYEE) == local.nonce(shaky.wallet.address) == 1


def test_f112_a_refusal_after_a_lost_answer_proves_nothing(
    local: LocalChain, shaky: Sender, node: FaultyNode
) -> None:
    behind = faults.refuse(-32000, "insufficient funds for gas * price + value")
    node.fail("eth_sendRawTransaction", faults.lose_answer, behind)
    node.fail("eth_getTransactionByHash", *[faults.result(None)] * 2)
    assert shaky.send(PAYEE, value=ONE).succeeded
    assert local.balance(PAYEE) == local.nonce(shaky.wallet.address) == 1


def test_f112_if_no_answer_ever_comes_the_hash_is_named(
    local: LocalChain, shaky: Sender, node: FaultyNode, time: Time
) -> None:
    time.scale = 1000
    node.fail("eth_sendRawTransaction", *[faults.lose_answer] * 5)
    node.fail("eth_getTransactionByHash", *[faults.lose_request] * 50)
    with pytest.raises(OutcomeUnknown, match="may still be mined") as unknown:
        with_policy(shaky, time, give_up_after=60.0).send(PAYEE, value=ONE)
    assert unknown.value.transaction is not None
    assert local.receipt(unknown.value.transaction) is not None


def test_waiting_ends_when_nothing_is_ever_mined(local: LocalChain, sender: Sender, time: Time) -> None:
    local.automine(on=False)
    time.scale = 100
    with pytest.raises(OutcomeUnknown):
        with_policy(sender, time, stuck_after=1e9).send(PAYEE)


def test_another_refusal_is_final_and_frees_the_nonce(
    local: LocalChain, shaky: Sender, node: FaultyNode
) -> None:
    node.fail("eth_sendRawTransaction", faults.refuse(-32000, "transaction type not supported"))
    with pytest.raises(RpcRefused, match="not supported"):
        shaky.send(PAYEE)
    node.fail("eth_sendRawTransaction", faults.refuse(-32000, "insufficient funds for gas * price + value"))
    with pytest.raises(InsufficientFunds):
        shaky.send(PAYEE)
    assert shaky.send(PAYEE).succeeded
    assert local.nonce(shaky.wallet.address) == 1


# Reorganisations and false receipts


def test_confirmations_are_waited_for(local: LocalChain, sender: Sender, time: Time) -> None:
    time.acts = [local.mine] * 10
    receipt = with_policy(sender, time, confirmations=4).send(PAYEE)
    assert local.head().number - receipt.block + 1 == 4


def test_f111_a_transaction_thrown_out_by_a_reorganisation_comes_back_as_it_was(
    local: LocalChain, sender: Sender, time: Time
) -> None:
    local.mine(3)
    local.automine(on=False)
    first: list[str] = []

    def throw_out() -> None:
        first.extend(local.rpc.call("eth_getBlockByNumber", "latest", False)["transactions"])
        local.reorganise(2)
        assert local.nonce(sender.wallet.address) == 0

    time.acts = [local.mine, throw_out, *[local.mine] * 20]
    receipt = with_policy(sender, time, confirmations=3).send(PAYEE, value=ONE)
    assert first == [receipt.transaction]
    assert local.receipt(receipt.transaction) == receipt
    assert local.balance(PAYEE) == local.nonce(sender.wallet.address) == 1


def test_f117_a_receipt_of_somebody_else_is_not_believed(
    local: LocalChain, shaky: Sender, node: FaultyNode
) -> None:
    other = Sender(local, Wallet(Secret(b"\x03" * 32)))
    local.set_balance(other.wallet.address, COIN)
    foreign = other.send(PAYEE)
    genuine = local.rpc.call("eth_getTransactionReceipt", foreign.transaction)

    def forged(handler: faults.Handler, body: bytes) -> None:
        wanted = json.loads(body)["params"][0]
        faults.result(genuine | {"transactionHash": wanted})(handler, body)

    node.fail("eth_getTransactionReceipt", forged)
    with pytest.raises(BadAnswer, match="somebody else"):
        shaky.send(PAYEE, value=ONE)


def test_f117_a_receipt_in_a_block_that_is_not_in_the_chain_is_not_believed(
    local: LocalChain, shaky: Sender, node: FaultyNode
) -> None:
    def forged(handler: faults.Handler, body: bytes) -> None:
        genuine = local.rpc.call("eth_getTransactionReceipt", json.loads(body)["params"][0])
        faults.result(genuine and genuine | {"blockHash": "0x" + "ab" * 32, "logs": []})(handler, body)

    node.fail("eth_getTransactionReceipt", *[forged] * 3)
    receipt = shaky.send(PAYEE, value=ONE)
    assert receipt == local.receipt(receipt.transaction)


def test_a_transaction_that_fails_when_it_is_mined_says_so(
    local: LocalChain, sender: Sender, time: Time
) -> None:
    local.set_code(CONTRACT, COUNTER)
    local.automine(on=False)

    def break_it() -> None:
        local.set_code(CONTRACT, BURNER)
        local.mine()

    time.acts = [break_it]
    with pytest.raises(TransactionFailed, match="ran out of gas") as failed:
        sender.send(CONTRACT)
    assert failed.value.transaction is not None
    assert local.nonce(sender.wallet.address) == 1


def test_a_transaction_that_reverts_when_it_is_mined_raises_the_contracts_error(
    local: LocalChain, sender: Sender, time: Time
) -> None:
    local.set_code(CONTRACT, COUNTER)
    local.automine(on=False)

    def break_it() -> None:
        local.set_code(CONTRACT, ECHO_REVERT)
        local.mine()

    time.acts = [break_it]
    with pytest.raises(UnknownContractError) as failed:
        sender.send(CONTRACT, b"\x12\x34\x56\x78")
    assert failed.value.data == b"\x12\x34\x56\x78"
    (note,) = failed.value.__notes__
    assert note.startswith("transaction 0x")
