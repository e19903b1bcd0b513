"""A machine that the issuer registered for its owner, and short ways to deal in it."""

from collections.abc import Callable
from typing import Any, Final

import pytest
from web3.contract import Contract

from fabricant.chain.answers import Receipt
from tests.support.actors import Actor
from tests.support.assets import BINDING, Kind, Registration, asset_id, namespace_of
from tests.support.chain import BEGINNING, Chain
from tests.support.typed_data import typed_digest

SERIAL: Final = "P229810"

Binding = dict[str, Any]


@pytest.fixture
def register(chain: Chain, assets: Contract, issuer: Actor, owner: Actor) -> Callable[..., int]:
    """The issuer registers an asset in its own namespace; by default equipment of the owner."""

    def send(local_id: str, *, kind: Kind = Kind.EQUIPMENT, to: str = owner.address, **more: object) -> int:
        registration = Registration(local_id, kind, to)._replace(**more)  # type: ignore[arg-type]
        chain.send(assets.functions.register(namespace_of(issuer), registration), by=issuer)
        return asset_id(namespace_of(issuer), local_id)

    return send


@pytest.fixture
def machine(register: Callable[..., int]) -> int:
    """The owner's machine."""
    return register(SERIAL)


@pytest.fixture
def lend_role(chain: Chain, directory: Contract) -> Callable[..., None]:
    """A principal lends an operator a role for a day; by default every role but the one named."""

    def send(principal: Actor, operator: Actor, *, only: int | None = None, but: int = 0) -> None:
        roles = only if only is not None else 0xFFFF & ~but
        call = directory.functions.setOperator(operator.address, roles, BEGINNING + 86_400)
        chain.send(call, by=principal)

    return send


@pytest.fixture
def give(chain: Chain, assets: Contract, owner: Actor) -> Callable[..., None]:
    """The owner transfers an asset."""

    def send(asset: int, to: Actor | Contract, *, by: Actor = owner) -> None:
        chain.send(assets.functions.transferFrom(by.address, to.address, asset), by=by)

    return send


@pytest.fixture
def binding(owner: Actor, device: Actor) -> Callable[..., Binding]:
    """What the device would sign to speak for an asset of the owner, within an hour."""

    def make(asset: int, /, **more: object) -> Binding:
        usual = {"asset": asset, "device": device.address, "owner": owner.address, "nonce": 0}
        return usual | {"deadline": BEGINNING + 3_600} | more

    return make


@pytest.fixture
def bind(
    chain: Chain, assets: Contract, binding: Callable[..., Binding], owner: Actor, device: Actor
) -> Callable[..., Receipt]:
    """The owner binds the device, which signed for it; `more` is what the device signed instead."""

    def send(asset: int, /, *, by: Actor = owner, signer: Actor = device, **more: object) -> Receipt:
        signed = binding(asset, **more)
        signature = signer.sign(typed_digest(assets, BINDING, signed))
        return chain.send(
            assets.functions.bindDevice(asset, signed["device"], signed["deadline"], signature), by=by
        )

    return send
