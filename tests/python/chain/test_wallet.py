"""A wallet signs, and its key shows nowhere."""

import logging

import pytest
from eth_account import Account

from fabricant.chain.anvil import LocalChain
from fabricant.chain.network import Network
from fabricant.chain.profiles import Profile
from fabricant.chain.rpc import Rpc, RpcUrl
from fabricant.chain.secret import Secret
from fabricant.chain.wallet import ContractWallet, Wallet, dev_wallets
from fabricant.domain.typed_data import Domain, Message, Struct
from fabricant.domain.units import parse_address
from fabricant.errors import InvalidInput, SigningRefused, WalletError
from tests.support.canary import assert_not_stored, shown_by, shown_by_error
from tests.support.faulty_node import FaultyNode

KEY = bytes.fromhex("c0ffee" * 10 + "beef")
CANARIES = (KEY.hex(), KEY.hex()[:16], str(int.from_bytes(KEY))[:20], repr(KEY)[2:20], KEY.hex()[:16].upper())
CONTRACT = parse_address("0x" + "11" * 20)
MESSAGE = Message(Domain("Test", "1", 31337, CONTRACT), Struct("Note", "string text"), {"text": "hello"})
TRANSACTION = {
    "type": 2,
    "chainId": 31337,
    "nonce": 0,
    "to": CONTRACT,
    "value": 1,
    "data": b"\x01",
    "gas": 21_000,
    "maxFeePerGas": 10,
    "maxPriorityFeePerGas": 1,
}


@pytest.fixture
def wallet() -> Wallet:
    return Wallet(Secret(KEY))


def test_it_has_the_address_of_its_key_and_signs_transactions(wallet: Wallet) -> None:
    signed = wallet.sign_transaction(TRANSACTION)
    assert wallet.address == Account.from_key(KEY).address
    assert Account.recover_transaction(signed.raw) == wallet.address
    assert signed.hash == "0x" + bytes(Account.from_key(KEY).sign_transaction(TRANSACTION).hash).hex()


def test_it_signs_typed_data_like_eth_account_with_a_low_s(wallet: Wallet) -> None:
    signature = wallet.sign_typed_data(MESSAGE)
    theirs = Account.from_key(KEY).sign_typed_data(full_message=MESSAGE.as_json())
    assert signature == bytes(theirs.signature)
    assert bytes(theirs.message_hash) == MESSAGE.digest
    assert len(signature) == 65
    assert signature[64] in (27, 28)


def test_new_wallets_differ() -> None:
    assert Wallet.create().address != Wallet.create().address


def test_f115_no_output_of_a_wallet_shows_its_key(wallet: Wallet, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        logging.getLogger().warning("%s %r", wallet, wallet)
        wallet.sign_transaction(TRANSACTION)
        wallet.sign_typed_data(MESSAGE)
    shown = shown_by(wallet) + shown_by(ContractWallet(CONTRACT, wallet)) + repr(Secret(KEY)) + caplog.text
    assert not [canary for canary in CANARIES if canary in shown]
    assert str(wallet) == f"<Wallet {wallet.address}>"


def test_f115_a_wallet_is_neither_pickled_nor_copied(wallet: Wallet) -> None:
    assert_not_stored(wallet)
    assert_not_stored(Secret(KEY))


@pytest.mark.parametrize(
    "broken",
    [{"gas": -1}, {"gas": "much"}, {"to": "nobody"}, {"unknown": 1}, {"chainId": None}, {"data": object()}],
)
def test_f115_an_error_while_signing_shows_no_key(wallet: Wallet, broken: dict[str, object]) -> None:
    with pytest.raises(SigningRefused) as refused:
        wallet.sign_transaction(TRANSACTION | broken)
    shown = shown_by_error(refused.value)
    assert not [canary for canary in CANARIES if canary in shown]
    assert refused.value.__context__ is None


def test_f115_bad_typed_data_is_refused_before_the_key_is_touched(wallet: Wallet) -> None:
    with pytest.raises(InvalidInput) as refused:
        wallet.sign_typed_data(Message(MESSAGE.domain, MESSAGE.struct, {"text": 5}))
    assert not [canary for canary in CANARIES if canary in shown_by_error(refused.value)]


@pytest.mark.parametrize("key", [bytes(32), KEY[:31], KEY + b"\0", b"\xff" * 32, b""])
def test_f115_what_is_no_key_is_refused_without_showing_it(key: bytes) -> None:
    with pytest.raises(WalletError, match="no private key") as refused:
        Wallet(Secret(key))
    if len(key) > 16:
        assert key.hex()[:16] not in shown_by_error(refused.value).replace("0000000000000000", "")


def test_a_contracts_signature_is_its_owners_unchanged(wallet: Wallet) -> None:
    contract = ContractWallet(CONTRACT, wallet)
    assert contract.sign_typed_data(MESSAGE) == wallet.sign_typed_data(MESSAGE)
    assert contract.address == CONTRACT


def test_dev_wallets_are_anvils_own_accounts(local: LocalChain) -> None:
    wallets = dev_wallets(local)
    assert [wallet.address.lower() for wallet in wallets] == local.rpc.call("eth_accounts")
    assert all(local.balance(wallet.address) > 0 for wallet in wallets)


@pytest.mark.parametrize(
    ("chain_id", "client"),
    [("0x1", "anvil/v1"), ("0x7a69", "Geth/v1"), ("0x7a69", None), ("0xaa36a7", "Geth")],
)
def test_dev_wallets_work_on_no_other_chain(chain_id: str, client: object) -> None:
    with FaultyNode(results={"eth_chainId": chain_id, "web3_clientVersion": client}) as node:
        network = Network(Rpc(RpcUrl(node.url)), Profile("test"))
        with pytest.raises(WalletError, match="no Anvil"):
            dev_wallets(network)
