"""Transactions counted again under the planned repricing."""

import pytest

from fabricant.chain.answers import Receipt
from fabricant.chain.anvil import LocalChain
from fabricant.chain.repricing import repriced
from fabricant.chain.transactions import Sender
from fabricant.chain.wallet import dev_wallets
from fabricant.domain.units import Address
from fabricant.errors import RpcRefused

# A contract that stores the first word of its calldata in slot 0.
STORE = bytes.fromhex("5f355f5500")
CREATE_STORE = bytes.fromhex("6005600a5f3960055ff3") + STORE


@pytest.fixture
def sender(local: LocalChain) -> Sender:
    return Sender(local, dev_wallets(local)[0])


@pytest.fixture
def store(sender: Sender) -> Address:
    created = sender.send(None, CREATE_STORE).created
    assert created is not None
    return created


def _word(value: int) -> bytes:
    return value.to_bytes(32)


def _extra(local: LocalChain, receipt: Receipt) -> int:
    later = repriced(local, receipt)
    assert later is not None
    return later - receipt.gas_used


def test_new_slot_costs_more_than_a_changed_one(local: LocalChain, sender: Sender, store: Address) -> None:
    filled, changed, emptied, same = (sender.send(store, _word(value)) for value in (1, 2, 0, 0))

    assert _extra(local, filled) == 110_020 - 22_100
    assert _extra(local, changed) == 12_100 - 5_000
    assert _extra(local, emptied) == 12_100 - 5_000
    assert _extra(local, same) == 0


def test_much_calldata_costs_the_floor(local: LocalChain, sender: Sender) -> None:
    receipt = sender.send(Address("0x" + "11" * 20), b"\1" * 5_000)

    assert repriced(local, receipt) == 21_000 + 64 * 5_000


def test_node_without_traces_gives_no_figure(
    local: LocalChain, sender: Sender, store: Address, monkeypatch: pytest.MonkeyPatch
) -> None:
    receipt = sender.send(store, _word(1))
    asked = local.rpc.call

    def untraced(method: str, *parameters: object) -> object:
        if method.startswith("debug_"):
            raise RpcRefused("the method debug_traceTransaction does not exist", -32601)
        return asked(method, *parameters)

    monkeypatch.setattr(local.rpc, "call", untraced)
    assert repriced(local, receipt) is None
