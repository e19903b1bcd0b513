"""Owning and handing over: ERC-721, without surprises."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from eth_utils.crypto import keccak
from web3.contract import Contract

from fabricant.chain.answers import Receipt
from fabricant.domain.units import ZERO_ADDRESS
from tests.support.actors import Actor
from tests.support.assets import FLAG_DEVICE, FLAG_RECALLED, TWIN, Kind, Status
from tests.support.chain import BEGINNING, Chain, event
from tests.support.genealogy import Works
from tests.support.reverts import reverts

NOBODY = "0x" + "00" * 20
ON_RECEIVED = keccak(text="onERC721Received(address,address,uint256,bytes)")[:4]
Transfer = Callable[..., Receipt]


@pytest.fixture
def transfer(chain: Chain, assets: Contract, owner: Actor, buyer: Actor) -> Transfer:
    """The owner transfers to the buyer, unless said otherwise."""

    def send(
        asset: int, *, by: Actor = owner, source: str = owner.address, to: str = buyer.address, **more: Any
    ) -> Receipt:
        return chain.send(assets.functions.transferFrom(source, to, asset), by=by, **more)

    return send


@pytest.fixture
def safely(chain: Chain, assets: Contract, owner: Actor) -> Transfer:
    """The owner transfers safely, with data."""

    def send(asset: int, to: Contract, data: bytes | None = None) -> Receipt:
        arguments = [owner.address, to.address, asset, *([] if data is None else [data])]
        kinds = "address,address,uint256" + ("" if data is None else ",bytes")
        function = assets.get_function_by_signature(f"safeTransferFrom({kinds})")
        return chain.send(function(*arguments), by=owner)

    return send


@pytest.fixture
def owner_of(assets: Contract) -> Callable[[int], str]:
    return lambda asset: str(assets.functions.ownerOf(asset).call())


def moved(assets: Contract, asset: int, source: Actor | Contract, to: Actor | Contract) -> Any:
    return event(assets, "Transfer", **{"from": source.address}, to=to.address, id=asset)


def not_approved(asset: int, caller: Actor) -> Any:
    return reverts("AssetRegistry_NotApproved", id=asset, caller=caller.address)


# transferFrom


def test_an_unknown_asset_is_not_transferred(transfer: Transfer) -> None:
    with reverts("AssetRegistry_UnknownAsset", id=7):
        transfer(7)


def test_an_asset_leaves_its_owner_only(
    transfer: Transfer, machine: int, owner: Actor, stranger: Actor
) -> None:
    for source in (stranger.address, NOBODY):
        with reverts("AssetRegistry_WrongFrom", id=machine, **{"from": source}, owner=owner.address):
            transfer(machine, source=source)


def test_f063_a_stranger_transfers_nothing(
    transfer: Transfer, machine: int, stranger: Actor, buyer: Actor
) -> None:
    for caller in (stranger, buyer):
        with not_approved(machine, caller):
            transfer(machine, by=caller)


def test_roles_transfer_nothing(
    chain: Chain,
    assets: Contract,
    transfer: Transfer,
    lend_role: Callable[..., None],
    machine: int,
    owner: Actor,
    issuer: Actor,
    registrar: Actor,
    operator: Actor,
    user: Actor,
) -> None:
    lend_role(owner, operator)
    chain.send(assets.functions.setUser(machine, user.address, BEGINNING + 86_400), by=owner)
    for caller in (issuer, registrar, operator, user):
        with not_approved(machine, caller):
            transfer(machine, by=caller)
        with not_approved(machine, caller):
            chain.send(assets.functions.approve(caller.address, machine), by=caller)


def test_f069_an_asset_goes_to_somebody_else(assets: Contract, transfer: Transfer, machine: int) -> None:
    for receiver in (NOBODY, assets.address):
        with reverts("AssetRegistry_BadReceiver", id=machine, receiver=receiver):
            transfer(machine, to=receiver)


def test_f023_the_registry_takes_no_coin(
    chain: Chain, assets: Contract, transfer: Transfer, machine: int
) -> None:
    with reverts("AssetRegistry_NoCoin", value=1):
        transfer(machine, value=1)
    assert chain.balance(assets) == 0


def test_an_owner_transfers(
    chain: Chain,
    assets: Contract,
    transfer: Transfer,
    register: Callable[..., int],
    machine: int,
    owner: Actor,
    buyer: Actor,
) -> None:
    register("P2")
    before = assets.functions.assetOf(machine).call()
    receipt = transfer(machine)
    assert chain.events(receipt) == [moved(assets, machine, owner, buyer)]
    assert assets.functions.assetOf(machine).call() == (buyer.address, *before[1:])
    assert [assets.functions.balanceOf(each.address).call() for each in (owner, buyer)] == [1, 1]


def test_an_approval_is_for_one_transfer(
    chain: Chain,
    assets: Contract,
    transfer: Transfer,
    machine: int,
    owner: Actor,
    operator: Actor,
    buyer: Actor,
) -> None:
    chain.send(assets.functions.approve(operator.address, machine), by=owner)
    transfer(machine, by=operator)
    assert assets.functions.getApproved(machine).call() == NOBODY
    with not_approved(machine, operator):
        transfer(machine, by=operator, source=buyer.address, to=operator.address)


def test_an_approval_for_all_is_for_every_asset(
    chain: Chain,
    assets: Contract,
    transfer: Transfer,
    register: Callable[..., int],
    machine: int,
    owner: Actor,
    operator: Actor,
    buyer: Actor,
    owner_of: Callable[[int], str],
) -> None:
    receipt = chain.send(assets.functions.setApprovalForAll(operator.address, True), by=owner)
    assert chain.events(receipt) == [
        event(assets, "ApprovalForAll", owner=owner.address, operator=operator.address, isApproved=True)
    ]
    other = register("P2")
    for asset in (machine, other):
        transfer(asset, by=operator)
    assert [owner_of(asset) for asset in (machine, other)] == [buyer.address] * 2
    with not_approved(machine, operator):
        transfer(machine, by=operator, source=buyer.address, to=operator.address)


@pytest.mark.parametrize("status", [Status.SUSPENDED, Status.RETIRED])
def test_a_retired_asset_can_be_sold(
    chain: Chain,
    assets: Contract,
    transfer: Transfer,
    machine: int,
    owner: Actor,
    buyer: Actor,
    status: Status,
) -> None:
    chain.send(assets.functions.setStatus(machine, status), by=owner)
    transfer(machine)
    assert assets.functions.standingOf(machine).call() == (
        buyer.address,
        NOBODY,
        0,
        Kind.EQUIPMENT,
        status,
        0,
    )


def test_cap3_a_sale_does_not_break_a_lease(
    chain: Chain, assets: Contract, transfer: Transfer, machine: int, owner: Actor, user: Actor, buyer: Actor
) -> None:
    until = BEGINNING + 86_400
    chain.send(assets.functions.setUser(machine, user.address, until), by=owner)
    receipt = transfer(machine)
    assert chain.events(receipt) == [moved(assets, machine, owner, buyer)]
    standing = assets.functions.standingOf(machine).call()
    assert standing == (buyer.address, user.address, until, Kind.EQUIPMENT, Status.ACTIVE, 0)
    with reverts("AssetRegistry_InUse", id=machine, user=user.address, until=until):
        chain.send(assets.functions.setUser(machine, NOBODY, 0), by=buyer)


def test_ast4_a_locked_asset_stays(works: Works, buyer: Actor) -> None:
    whole, part, recalled, consumed = works.parts("whole", "part", "recalled", "consumed")
    works.assemble(whole, [part])
    works.recall("recalled")
    works.transform([(consumed, 1)], [], scrap=())
    with reverts("AssetRegistry_NotApproved", id=part, caller=works.owner.address):
        registry = works.assets.address
        works.chain.send(works.assets.functions.transferFrom(registry, buyer.address, part), by=works.owner)
    with reverts("AssetRegistry_Locked", id=recalled, flags=FLAG_RECALLED):
        works.give(recalled, buyer)
    with reverts("AssetRegistry_Final", id=consumed, status=Status.CONSUMED):
        works.give(consumed, buyer)


def test_a_transfer_clears_what_is_over(
    works: Works, bind: Callable[..., Receipt], owner: Actor, buyer: Actor, device: Actor
) -> None:
    mine = replace(works, owner=owner)
    (asset,) = mine.parts("P")
    bind(asset)
    mine.recall("P")
    mine.lift()
    assert mine.chain.events(mine.give(asset, buyer)) == [
        event(mine.assets, "Unlocked", tokenId=asset),
        event(mine.assets, "DeviceUnbound", id=asset, device=device.address),
        moved(mine.assets, asset, owner, buyer),
    ]
    assert mine.flags(asset) == 0


def test_a_device_does_not_go_with_the_asset(
    chain: Chain,
    assets: Contract,
    transfer: Transfer,
    bind: Callable[..., Receipt],
    machine: int,
    owner: Actor,
    buyer: Actor,
    device: Actor,
) -> None:
    bind(machine)
    receipt = transfer(machine)
    assert chain.events(receipt) == [
        event(assets, "DeviceUnbound", id=machine, device=device.address),
        moved(assets, machine, owner, buyer),
    ]
    assert assets.functions.deviceOf(machine).call() == NOBODY
    assert assets.functions.boundTo(device.address).call() == 0
    assert not assets.functions.standingOf(machine).call()[5] & FLAG_DEVICE
    with reverts("AssetRegistry_NoRecorder", id=machine, caller=device.address):
        chain.send(assets.functions.record(machine, TWIN, TWIN, "", bytes(32)), by=device)


def test_a_plain_transfer_calls_nobody(
    chain: Chain, assets: Contract, transfer: Transfer, machine: int, owner: Actor
) -> None:
    refuses = chain.deploy("MockAssetReceiver", b"\0\0\0\0")
    receipt = transfer(machine, to=refuses.address)
    assert chain.events(receipt) == [moved(assets, machine, owner, refuses)]


# safeTransferFrom


@pytest.fixture
def receiver(chain: Chain) -> Contract:
    """A contract that takes assets."""
    return chain.deploy("MockAssetReceiver", ON_RECEIVED)


@pytest.mark.parametrize("data", [None, b"", b"purchase order 7"])
def test_a_safe_transfer_asks_the_receiver(
    chain: Chain,
    assets: Contract,
    safely: Transfer,
    receiver: Contract,
    machine: int,
    owner: Actor,
    data: bytes | None,
) -> None:
    receipt = safely(machine, receiver, data)
    asked = {"operator": owner.address, "from": owner.address, "id": machine, "data": data or b""}
    assert chain.events(receipt) == [
        moved(assets, machine, owner, receiver),
        event(receiver, "Asked", **asked),
    ]


def test_a_safe_transfer_needs_the_right_answer(
    chain: Chain, safely: Transfer, owner_of: Callable[[int], str], machine: int, owner: Actor
) -> None:
    for answer in (b"\0\0\0\0", b"\x15\x0b\x7a\x03"):
        with reverts("TransferToNonERC721ReceiverImplementer"):
            safely(machine, chain.deploy("MockAssetReceiver", answer))
    assert owner_of(machine) == owner.address


def test_a_safe_transfer_needs_a_receiver(
    safely: Transfer, directory: Contract, owner_of: Callable[[int], str], machine: int, owner: Actor
) -> None:
    for data in (None, b"data"):
        with reverts("TransferToNonERC721ReceiverImplementer"):
            safely(machine, directory, data)
    assert owner_of(machine) == owner.address


def test_f005_a_receiver_that_sends_on(
    chain: Chain,
    assets: Contract,
    safely: Transfer,
    receiver: Contract,
    machine: int,
    owner: Actor,
    buyer: Actor,
) -> None:
    onward = assets.encode_abi("transferFrom", [receiver.address, buyer.address, machine])
    chain.send(receiver.functions.prepare(assets.address, onward), by=owner)
    receipt = safely(machine, receiver)
    assert chain.events(receipt, assets) == [
        moved(assets, machine, owner, receiver),
        moved(assets, machine, receiver, buyer),
    ]
    holders = (owner, receiver, buyer)
    assert [assets.functions.balanceOf(each.address).call() for each in holders] == [0, 0, 1]


def test_f005_a_receiver_has_no_more_rights_than_it_holds(
    chain: Chain,
    assets: Contract,
    safely: Transfer,
    receiver: Contract,
    register: Callable[..., int],
    machine: int,
    owner: Actor,
) -> None:
    other = register("P2")
    chain.send(assets.functions.approve(receiver.address, machine), by=owner)
    attempts = [
        assets.encode_abi("transferFrom", [owner.address, receiver.address, machine]),
        assets.encode_abi("transferFrom", [owner.address, receiver.address, other]),
        assets.encode_abi("setStatus", [other, Status.RETIRED]),
        assets.encode_abi("setUser", [other, receiver.address, BEGINNING + 86_400]),
        assets.encode_abi("record", [other, TWIN, TWIN, "", bytes(32)]),
    ]
    for attempt in attempts:
        snapshot = chain.local.snapshot()
        chain.send(receiver.functions.prepare(assets.address, attempt), by=owner)
        receipt = safely(machine, receiver)
        assert chain.events(receipt, assets) == [moved(assets, machine, owner, receiver)]
        assert receiver.functions.refusal().call() != b""
        chain.local.revert(snapshot)


def test_f003_views_are_right_while_a_receiver_is_asked(
    chain: Chain, assets: Contract, safely: Transfer, receiver: Contract, machine: int, owner: Actor
) -> None:
    """A call that only the new owner may make succeeds while it is asked."""
    suspend = assets.encode_abi("setStatus", [machine, Status.SUSPENDED])
    chain.send(receiver.functions.prepare(assets.address, suspend), by=owner)
    receipt = safely(machine, receiver)
    assert receiver.functions.refusal().call() == b""
    assert event(assets, "StatusSet", id=machine, status=Status.SUSPENDED) in chain.events(receipt)


# approve


def test_an_unknown_asset_is_not_approved(chain: Chain, assets: Contract, owner: Actor, buyer: Actor) -> None:
    with reverts("AssetRegistry_UnknownAsset", id=7):
        chain.send(assets.functions.approve(buyer.address, 7), by=owner)


def test_only_owners_approve(
    chain: Chain, assets: Contract, machine: int, owner: Actor, operator: Actor, stranger: Actor
) -> None:
    chain.send(assets.functions.approve(operator.address, machine), by=owner)
    for caller in (operator, stranger):
        with not_approved(machine, caller):
            chain.send(assets.functions.approve(stranger.address, machine), by=caller)


def test_f023_approvals_take_no_coin(
    chain: Chain, assets: Contract, machine: int, owner: Actor, buyer: Actor
) -> None:
    with reverts("AssetRegistry_NoCoin", value=5):
        chain.send(assets.functions.approve(buyer.address, machine), by=owner, value=5)


def test_an_owner_approves(
    chain: Chain, assets: Contract, machine: int, owner: Actor, operator: Actor, buyer: Actor
) -> None:
    chain.send(assets.functions.setApprovalForAll(operator.address, True), by=owner)
    for caller, approved in ((owner, buyer.address), (operator, operator.address), (owner, NOBODY)):
        receipt = chain.send(assets.functions.approve(approved, machine), by=caller)
        assert chain.events(receipt) == [
            event(assets, "Approval", owner=owner.address, account=approved, id=machine)
        ]
        assert assets.functions.getApproved(machine).call() == approved


# supportsInterface


def test_interfaces(assets: Contract) -> None:
    def interface_id(*signatures: str) -> bytes:
        numbers = (int.from_bytes(keccak(text=each)[:4], "big") for each in signatures)
        whole = 0
        for number in numbers:
            whole ^= number
        return whole.to_bytes(4, "big")

    erc4907 = interface_id("setUser(uint256,address,uint64)", "userOf(uint256)", "userExpires(uint256)")
    assert erc4907.hex() == "ad092b5c"
    assert interface_id("locked(uint256)").hex() == "b45a3c0e"
    known = ["01ffc9a7", "80ac58cd", "5b5e139f", "ad092b5c", "b45a3c0e"]
    unknown = ["ffffffff", "00000000", "780e9d63", "d9b67a26"]
    supported = {
        each: assets.functions.supportsInterface(bytes.fromhex(each)).call() for each in known + unknown
    }
    assert supported == dict.fromkeys(known, True) | dict.fromkeys(unknown, False)


# ownerOf, balanceOf, getApproved


def test_what_is_not_there_has_no_owner(assets: Contract) -> None:
    for view in (assets.functions.ownerOf, assets.functions.getApproved):
        with reverts("AssetRegistry_UnknownAsset", id=7):
            view(7).call()
    with reverts("BalanceQueryForZeroAddress"):
        assets.functions.balanceOf(ZERO_ADDRESS).call()


# tokenURI


def test_token_uris_are_in_events(assets: Contract, machine: int) -> None:
    assert assets.functions.tokenURI(machine).call() == ""
