"""Whoever has the registry's logs has its state (IDX-1). Every function that writes refuses a stranger."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final

import pytest
from eth_utils.crypto import keccak
from web3.contract import Contract

from tests.support.actors import Actor
from tests.support.assets import BINDING, CARD, NONE, TWIN, Kind, Registration, Status, asset_id, namespace_of
from tests.support.chain import BEGINNING, Chain
from tests.support.decoding import Event
from tests.support.reverts import Reverted, reverts
from tests.support.typed_data import typed_digest

NOBODY: Final = "0x" + "00" * 20
DAY: Final = 86_400
PEOPLE: Final = tuple(map(Actor, ("owner", "buyer", "user", "device", "gateway")))


@dataclass
class Facts:
    """What the logs say of one asset."""

    owner: str = NOBODY
    kind: int = 0
    status: int = 0
    twin_version: int = 0
    user: str = NOBODY
    until: int = 0
    device: str = NOBODY
    bindings: int = 0
    quantity: int = 1
    unit: bytes = bytes(3)


@dataclass
class Replay:
    """A registry made of nothing but events."""

    assets: dict[int, Facts] = field(default_factory=dict)

    def apply(self, said: Event) -> None:
        about = {**said.arguments}
        facts = self.assets.setdefault(about.get("id", about.get("tokenId")), Facts())  # type: ignore[arg-type]
        match said.name:
            case "Transfer":
                facts.owner = about["to"]
            case "AssetRegistered":
                facts.kind, facts.twin_version = about["kind"], int(about["twin"] != NONE)
            case "QuantitySet":
                facts.quantity, facts.unit = about["quantity"], about["unit"]
            case "StatusSet":
                facts.status = about["status"]
            case "TwinSet":
                facts.twin_version = about["version"]
            case "UpdateUser":
                facts.user, facts.until = about["user"], about["expires"]
            case "DeviceBound":
                facts.device, facts.bindings = about["device"], about["nonce"] + 1
            case "DeviceUnbound":
                facts.device = NOBODY

    def compare(self, assets: Contract, now: int) -> None:
        """Every view says what the events say."""
        call = assets.functions
        for asset, facts in self.assets.items():
            user, until = (facts.user, facts.until) if now < facts.until else (NOBODY, 0)
            seen = call.assetOf(asset).call()
            assert (*seen[:3], seen[5]) == (facts.owner, facts.kind, facts.status, facts.twin_version)
            assert bool(seen[3]) == (facts.device != NOBODY)
            assert call.standingOf(asset).call()[:3] == (facts.owner, user, until)
            assert call.deviceOf(asset).call() == facts.device
            assert call.bindingNonce(asset).call() == facts.bindings
            assert (call.quantityOf(asset).call(), call.unitOf(asset).call()) == (facts.quantity, facts.unit)
        held = Counter(facts.owner for facts in self.assets.values())
        speaks = {facts.device: asset for asset, facts in self.assets.items()}
        for person in PEOPLE:
            assert call.balanceOf(person.address).call() == held[person.address]
            assert call.boundTo(person.address).call() == speaks.get(person.address, 0)


def random_calls(assets: Contract, replay: Replay, random: Random, now: Callable[[], int]) -> Iterator[Any]:
    """Calls that anybody may try; some of them by the right person at the right time."""
    issuer, call = Actor("issuer"), assets.functions
    known = [asset_id(namespace_of(issuer), f"P{number}") for number in range(4)]
    while True:
        asset = random.choice(known)
        facts = replay.assets.get(asset, Facts())
        holder = next((person for person in PEOPLE if person.address == facts.owner), PEOPLE[0])
        someone = random.choice((*PEOPLE, holder, holder, holder, holder))
        match random.randrange(8):
            case 0:
                kind = random.choice(list(Kind))
                amount = {"quantity": random.randrange(1, 9), "unit": b"KGM"} if kind is Kind.LOT else {}
                twin = random.choice((TWIN, NONE))
                local_id = f"P{known.index(asset)}"
                registration = Registration(local_id, kind, someone.address, twin=twin)._replace(**amount)
                yield issuer, call.register(namespace_of(issuer), registration)
            case 1:
                to = random.choice(PEOPLE)
                yield someone, call.transferFrom(someone.address, to.address, asset)
            case 2:
                yield someone, call.setStatus(asset, random.choice(list(Status)[:3]))
            case 3:
                yield someone, call.setTwin(asset, facts.twin_version + random.choice((0, 0, 1)), TWIN, CARD)
            case 4:
                yield someone, call.setUser(asset, random.choice(PEOPLE).address, now() + DAY)
            case 5:
                yield someone, call.setUser(asset, NOBODY, 0)
            case 6:
                speaker, deadline = random.choice(PEOPLE), now() + DAY
                values = (asset, speaker.address, someone.address, facts.bindings, deadline)
                message = dict(zip(("asset", "device", "owner", "nonce", "deadline"), values, strict=True))
                signature = speaker.sign(typed_digest(assets, BINDING, message))
                yield someone, call.bindDevice(asset, speaker.address, deadline, signature)
            case _:
                yield someone, call.unbindDevice(asset)


@pytest.mark.parametrize("seed", range(3))
def test_f081_events_rebuild_the_registry(chain: Chain, assets: Contract, seed: int) -> None:
    random, replay, done = Random(seed), Replay(), Counter[str]()
    calls = random_calls(assets, replay, random, lambda: chain.now)
    for _ in range(200):
        sender, call = next(calls)
        try:
            receipt = chain.send(call, by=sender, at=chain.now + random.choice((1, 1, DAY // 3)))
        except Reverted:
            continue
        done[call.fn_name] += 1
        for said in chain.events(receipt):
            replay.apply(said)
    replay.compare(assets, chain.now + 1)
    assert (
        min(
            done[name]
            for name in ("register", "transferFrom", "setTwin", "setUser", "bindDevice", "unbindDevice")
        )
        > 0
    )


def test_f063_a_stranger_changes_nothing(
    chain: Chain,
    assets: Contract,
    machine: int,
    owner: Actor,
    issuer: Actor,
    registrar: Actor,
    stranger: Actor,
) -> None:
    who, call = stranger.address, assets.functions
    namespace = namespace_of(issuer)
    registration = Registration("P1", Kind.PRODUCT, who)
    not_owner = ("AssetRegistry_NotOwner", {"id": machine, "caller": who, "owner": owner.address})
    not_issuer = (
        "AssetRegistry_NotIssuer",
        {"namespace": namespace, "caller": who, "issuer": issuer.address},
    )
    not_approved = ("AssetRegistry_NotApproved", {"id": machine, "caller": who})
    not_registrar = ("AssetRegistry_NotRegistrar", {"caller": who, "registrar": registrar.address})
    not_genealogy = ("AssetRegistry_NotGenealogy", {"caller": who})
    unknown_batch = call.batchId((namespace, TWIN, 1, 0)).call()
    attempts = {
        "acceptNamespace": (
            call.acceptNamespace(namespace),
            ("AssetRegistry_NotProposed", {"namespace": namespace, "caller": who, "proposed": NOBODY}),
        ),
        "acceptRegistrar": (
            call.acceptRegistrar(),
            ("AssetRegistry_NotSuccessor", {"caller": who, "successor": NOBODY}),
        ),
        "approve": (call.approve(who, machine), not_approved),
        "bindDevice": (call.bindDevice(machine, who, BEGINNING + DAY, b""), not_owner),
        "commitBatch": (call.commitBatch((namespace, TWIN, 1, 0), CARD), not_issuer),
        "draw": (call.draw(machine, 1), not_genealogy),
        "mark": (call.mark(machine, 1, True), not_genealogy),
        "move": (call.move(machine, who), not_genealogy),
        "proposeNamespace": (call.proposeNamespace("example.com", who), not_registrar),
        "proposeRegistrar": (call.proposeRegistrar(who), not_registrar),
        "record": (
            call.record(machine, TWIN, TWIN, CARD, NONE),
            ("AssetRegistry_NoRecorder", {"id": machine, "caller": who}),
        ),
        "recordAsIssuer": (
            call.recordAsIssuer(namespace, keccak(text="P229810"), TWIN, TWIN, CARD, NONE),
            not_issuer,
        ),
        "register": (call.register(namespace, registration), not_issuer),
        "registerOutput": (call.registerOutput(namespace, registration), not_genealogy),
        "setHeight": (call.setHeight(machine, 1), not_genealogy),
        "setRecorder": (call.setRecorder(machine, who, BEGINNING + DAY), not_owner),
        "registerMany": (call.registerMany(namespace, [registration]), not_issuer),
        "safeTransferFrom": (
            assets.get_function_by_signature("safeTransferFrom(address,address,uint256)")(
                owner.address, who, machine
            ),
            not_approved,
        ),
        "serialise": (
            call.serialise((namespace, TWIN, 1, 0), registration, []),
            ("AssetRegistry_UnknownBatch", {"batch": unknown_batch}),
        ),
        "setStatus": (call.setStatus(machine, Status.RETIRED), not_owner),
        "setTwin": (call.setTwin(machine, 1, TWIN, CARD), not_owner),
        "setUser": (call.setUser(machine, who, BEGINNING + DAY), not_approved),
        "transferFrom": (call.transferFrom(owner.address, who, machine), not_approved),
        "unbindDevice": (call.unbindDevice(machine), ("AssetRegistry_NoDevice", {"id": machine})),
    }
    about_oneself = {"setApprovalForAll"}
    writing = {
        entry["name"]
        for entry in assets.abi
        if entry["type"] == "function" and entry["stateMutability"] not in ("view", "pure")
    }
    assert writing == attempts.keys() | about_oneself
    for attempt, (error, arguments) in attempts.values():
        with reverts(error, **arguments):
            chain.send(attempt, by=stranger)
