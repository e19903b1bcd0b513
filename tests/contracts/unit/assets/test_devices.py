"""Devices: one device speaks for one asset, by its own consent, until the asset changes hands."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, Final

import pytest
from eth_utils.address import to_checksum_address
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from web3.contract import Contract

from fabricant.chain.answers import Receipt
from tests.support.actors import Actor
from tests.support.assets import BINDING, FLAG_DEVICE
from tests.support.chain import BEGINNING, Chain, event
from tests.support.reverts import reverts
from tests.support.typed_data import typed_digest

ASSETS: Final = 1 << 5
NOBODY: Final = "0x" + "00" * 20
HOUR: Final = BEGINNING + 3_600

Bind = Callable[..., Receipt]


@pytest.fixture
def unbind(chain: Chain, assets: Contract, machine: int, owner: Actor) -> Bind:
    def send(*, by: Actor = owner) -> Receipt:
        return chain.send(assets.functions.unbindDevice(machine), by=by)

    return send


def not_owner(machine: int, caller: Actor, owner: Actor) -> Any:
    return reverts("AssetRegistry_NotOwner", id=machine, caller=caller.address, owner=owner.address)


def bad_signature(assets: Contract, binding: dict[str, Any]) -> Any:
    return reverts(
        "AssetRegistry_BadSignature",
        id=binding["asset"],
        device=binding["device"],
        digest=typed_digest(assets, BINDING, binding),
    )


# bindDevice


def test_f026_a_binding_is_void_on_a_fork(
    chain: Chain,
    assets: Contract,
    binding: Bind,
    device: Actor,
    owner: Actor,
    machine: int,
    forked: AbstractContextManager[int],
) -> None:
    home = chain.local.chain_id
    signature = device.sign(typed_digest(assets, BINDING, binding(machine)))
    call = assets.functions.bindDevice(machine, device.address, HOUR, signature)
    with forked as there, reverts("Eip712_ForeignChain", chainId=there, homeChainId=home):
        chain.send(call, by=owner)
    chain.send(call, by=owner)


def test_an_unknown_asset_has_no_device(bind: Bind) -> None:
    with reverts("AssetRegistry_UnknownAsset", id=7):
        bind(7)


def test_f063_only_the_owner_binds(
    bind: Bind,
    lend_role: Callable[..., None],
    machine: int,
    owner: Actor,
    stranger: Actor,
    issuer: Actor,
    device: Actor,
    operator: Actor,
) -> None:
    lend_role(owner, operator, but=ASSETS)
    for caller in (stranger, issuer, device, operator):
        with not_owner(machine, caller, owner):
            bind(machine, by=caller)


def test_f028_an_expired_binding_is_refused(chain: Chain, assets: Contract, bind: Bind, machine: int) -> None:
    chain.warp(HOUR)
    with reverts("AssetRegistry_Expired", id=machine, nowAt=HOUR, deadline=HOUR):
        bind(machine)
    chain.warp(HOUR + 1)
    bind(machine, deadline=HOUR + 2)


def test_an_asset_has_one_device(bind: Bind, machine: int, device: Actor, gateway: Actor) -> None:
    bind(machine)
    with reverts("AssetRegistry_DevicePresent", id=machine, device=device.address):
        bind(machine, device=gateway.address, signer=gateway, nonce=1)


def test_a_device_has_one_asset(
    bind: Bind, register: Callable[..., int], machine: int, device: Actor
) -> None:
    bind(machine)
    other = register("P2")
    with reverts("AssetRegistry_DeviceTaken", id=other, device=device.address, boundTo=machine):
        bind(other)


def test_only_the_device_signs(
    assets: Contract, bind: Bind, binding: Callable[..., Any], machine: int, owner: Actor, stranger: Actor
) -> None:
    for signer in (owner, stranger):
        with bad_signature(assets, binding(machine)):
            bind(machine, signer=signer)


def test_f030_nobody_is_no_device(
    chain: Chain, assets: Contract, binding: Callable[..., Any], machine: int, owner: Actor
) -> None:
    for signature in (b"", bytes(65), bytes(64) + b"\x1b"):
        with bad_signature(assets, binding(machine, device=NOBODY)):
            chain.send(assets.functions.bindDevice(machine, NOBODY, HOUR, signature), by=owner)


@pytest.mark.parametrize("field", ["asset", "owner", "nonce", "deadline"])
def test_f036_a_device_signs_for_one_binding(
    chain: Chain,
    assets: Contract,
    binding: Callable[..., Any],
    register: Callable[..., int],
    machine: int,
    owner: Actor,
    buyer: Actor,
    device: Actor,
    field: str,
) -> None:
    others = {"asset": register("P2"), "owner": buyer.address, "nonce": 1, "deadline": HOUR + 1}
    signature = device.sign(typed_digest(assets, BINDING, binding(machine, **{field: others[field]})))
    with bad_signature(assets, binding(machine)):
        chain.send(assets.functions.bindDevice(machine, device.address, HOUR, signature), by=owner)


def test_f027_a_device_signs_for_one_registry(
    chain: Chain,
    assets: Contract,
    directory: Contract,
    binding: Callable[..., Any],
    machine: int,
    owner: Actor,
    device: Actor,
    registrar: Actor,
) -> None:
    another = chain.deploy("AssetRegistry", directory, registrar)
    signature = device.sign(typed_digest(another, BINDING, binding(machine)))
    with bad_signature(assets, binding(machine)):
        chain.send(assets.functions.bindDevice(machine, device.address, HOUR, signature), by=owner)


def test_f028_a_binding_works_once(
    chain: Chain,
    assets: Contract,
    bind: Bind,
    unbind: Bind,
    binding: Callable[..., Any],
    machine: int,
    device: Actor,
    owner: Actor,
) -> None:
    bind(machine)
    unbind(by=device)
    signature = device.sign(typed_digest(assets, BINDING, binding(machine)))
    with bad_signature(assets, binding(machine, nonce=1)):
        chain.send(assets.functions.bindDevice(machine, device.address, HOUR, signature), by=owner)


def test_f028_a_binding_is_for_one_owner(
    chain: Chain,
    assets: Contract,
    give: Callable[..., None],
    binding: Callable[..., Any],
    machine: int,
    device: Actor,
    buyer: Actor,
) -> None:
    signature = device.sign(typed_digest(assets, BINDING, binding(machine)))
    give(machine, buyer)
    with bad_signature(assets, binding(machine, owner=buyer.address)):
        chain.send(assets.functions.bindDevice(machine, device.address, HOUR, signature), by=buyer)


def test_a_device_is_bound(chain: Chain, assets: Contract, bind: Bind, machine: int, device: Actor) -> None:
    facts = assets.functions.assetOf(machine).call()
    assert assets.functions.bindingNonce(machine).call() == 0
    receipt = bind(machine)
    assert chain.events(receipt) == [event(assets, "DeviceBound", id=machine, device=device.address, nonce=0)]
    assert assets.functions.deviceOf(machine).call() == device.address
    assert assets.functions.boundTo(device.address).call() == machine
    assert assets.functions.bindingNonce(machine).call() == 1
    assert assets.functions.assetOf(machine).call() == (*facts[:3], FLAG_DEVICE, *facts[4:])


def test_an_operator_binds(
    assets: Contract,
    bind: Bind,
    lend_role: Callable[..., None],
    machine: int,
    owner: Actor,
    operator: Actor,
    device: Actor,
) -> None:
    lend_role(owner, operator, only=ASSETS)
    bind(machine, by=operator)
    assert assets.functions.deviceOf(machine).call() == device.address


def test_f031_a_contract_is_a_device(
    chain: Chain, assets: Contract, bind: Bind, machine: int, device: Actor
) -> None:
    module = chain.deploy("MockWallet", device)
    bind(machine, device=module.address)
    assert assets.functions.deviceOf(machine).call() == module.address


# unbindDevice


def test_an_unknown_asset_has_nothing_to_unbind(chain: Chain, assets: Contract, owner: Actor) -> None:
    with reverts("AssetRegistry_UnknownAsset", id=7):
        chain.send(assets.functions.unbindDevice(7), by=owner)


def test_no_device_is_unbound(bind: Bind, unbind: Bind, machine: int) -> None:
    with reverts("AssetRegistry_NoDevice", id=machine):
        unbind()
    bind(machine)
    unbind()
    with reverts("AssetRegistry_NoDevice", id=machine):
        unbind()


def test_f063_only_the_owner_or_the_device_unbinds(
    bind: Bind,
    unbind: Bind,
    lend_role: Callable[..., None],
    machine: int,
    owner: Actor,
    stranger: Actor,
    issuer: Actor,
    operator: Actor,
) -> None:
    bind(machine)
    lend_role(owner, operator, but=ASSETS)
    for caller in (stranger, issuer, operator):
        with not_owner(machine, caller, owner):
            unbind(by=caller)


@pytest.mark.parametrize("role", ["owner", "operator", "device"])
def test_a_device_is_unbound(
    chain: Chain,
    assets: Contract,
    bind: Bind,
    unbind: Bind,
    lend_role: Callable[..., None],
    machine: int,
    owner: Actor,
    operator: Actor,
    device: Actor,
    role: str,
) -> None:
    lend_role(owner, operator, only=ASSETS)
    facts = assets.functions.assetOf(machine).call()
    bind(machine)
    receipt = unbind(by=Actor(role))
    assert chain.events(receipt) == [event(assets, "DeviceUnbound", id=machine, device=device.address)]
    assert assets.functions.deviceOf(machine).call() == NOBODY
    assert assets.functions.boundTo(device.address).call() == 0
    assert assets.functions.bindingNonce(machine).call() == 1
    assert assets.functions.assetOf(machine).call() == facts


def test_both_are_free_again(
    assets: Contract,
    bind: Bind,
    unbind: Bind,
    register: Callable[..., int],
    machine: int,
    device: Actor,
    gateway: Actor,
) -> None:
    bind(machine)
    unbind()
    other = register("P2")
    bind(other)
    bind(machine, device=gateway.address, signer=gateway, nonce=1)
    assert assets.functions.boundTo(device.address).call() == other
    assert assets.functions.boundTo(gateway.address).call() == machine
    assert assets.functions.deviceOf(other).call() == device.address
    assert assets.functions.deviceOf(machine).call() == gateway.address


# bindingDigest


ADDRESSES = st.binary(min_size=20, max_size=20).map(to_checksum_address)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    asset=st.integers(0, 2**256 - 1),
    device=ADDRESSES,
    owner=ADDRESSES,
    nonce=st.integers(0, 2**96 - 1),
    deadline=st.integers(0, 2**40 - 1),
)
def test_f035_the_binding_digest_is_eth_accounts(assets: Contract, **binding: Any) -> None:
    fields = [binding[name] for name in ("asset", "device", "owner", "nonce", "deadline")]
    assert assets.functions.bindingDigest(fields).call() == typed_digest(assets, BINDING, binding)
