"""Namespaces: an address always controls its own; a prefix changes hands only after a public notice."""

from collections.abc import Callable
from typing import Any, Final

import pytest
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak
from web3.contract import Contract

from fabricant.chain.answers import Receipt
from fabricant.domain.units import parse_address
from tests.support.actors import Actor
from tests.support.assets import namespace_of
from tests.support.chain import BEGINNING, Chain, event
from tests.support.decoding import VOCABULARY
from tests.support.reverts import reverts

NOBODY: Final = "0x" + "00" * 20
PREFIX: Final = "https://id.gs1.org/01/0950600"
NAMESPACE: Final = keccak(text=PREFIX)
NOTICE: Final = 14 * 86_400

Send = Callable[..., Receipt]


@pytest.fixture
def propose(chain: Chain, assets: Contract, registrar: Actor) -> Send:
    """The registrar offers the prefix to somebody."""

    def send(to: str, *, by: Actor = registrar, prefix: str = PREFIX, at: int | None = None) -> Receipt:
        return chain.send(assets.functions.proposeNamespace(prefix, to), by=by, at=at)

    return send


@pytest.fixture
def accept(chain: Chain, assets: Contract) -> Send:
    def send(by: Actor, *, at: int | None = None) -> Receipt:
        return chain.send(assets.functions.acceptNamespace(NAMESPACE), by=by, at=at)

    return send


@pytest.fixture
def assigned(propose: Send, accept: Send, issuer: Actor) -> None:
    """The prefix is the issuer's."""
    propose(issuer.address)
    accept(issuer)


@pytest.fixture
def proposal(assets: Contract) -> Callable[[], tuple[str, int]]:
    return lambda: tuple(assets.functions.proposalOf(NAMESPACE).call())


@pytest.fixture
def issuer_of(assets: Contract) -> Callable[..., str]:
    return lambda namespace=NAMESPACE: str(assets.functions.issuerOf(namespace).call())


def not_registrar(caller: Actor, registrar: Actor) -> Any:
    return reverts("AssetRegistry_NotRegistrar", caller=caller.address, registrar=registrar.address)


def not_proposed(caller: Actor, proposed: str) -> Any:
    return reverts("AssetRegistry_NotProposed", namespace=NAMESPACE, caller=caller.address, proposed=proposed)


def not_successor(caller: Actor, successor: str) -> Any:
    return reverts("AssetRegistry_NotSuccessor", caller=caller.address, successor=successor)


# proposeNamespace


@pytest.mark.usefixtures("assigned")
def test_f063_only_the_registrar_proposes(
    propose: Send, stranger: Actor, issuer: Actor, registrar: Actor
) -> None:
    for caller in (stranger, issuer):
        with not_registrar(caller, registrar):
            propose(caller.address, by=caller)


def test_an_empty_prefix_is_refused(propose: Send, issuer: Actor) -> None:
    with reverts("AssetRegistry_EmptyPrefix"):
        propose(issuer.address, prefix="")


def proposed(assets: Contract, issuer: str, open_from: int) -> Any:
    return event(
        assets, "NamespaceProposed", namespace=NAMESPACE, issuer=issuer, openFrom=open_from, prefix=PREFIX
    )


def test_a_free_prefix_is_open_at_once(
    chain: Chain,
    assets: Contract,
    propose: Send,
    proposal: Callable[..., Any],
    registrar: Actor,
    issuer: Actor,
    issuer_of: Callable[..., str],
) -> None:
    call = assets.functions.proposeNamespace(PREFIX, issuer.address)
    assert call.call({"from": registrar.address}) == NAMESPACE
    receipt = propose(issuer.address, at=BEGINNING + 500)
    assert chain.events(receipt) == [proposed(assets, issuer.address, BEGINNING + 500)]
    assert proposal() == (issuer.address, BEGINNING + 500)
    assert issuer_of() == NOBODY


@pytest.mark.usefixtures("assigned")
def test_an_assigned_prefix_is_open_after_the_notice(
    chain: Chain,
    assets: Contract,
    propose: Send,
    proposal: Callable[..., Any],
    issuer_of: Callable[..., str],
    issuer: Actor,
    supplier: Actor,
) -> None:
    receipt = propose(supplier.address, at=BEGINNING + 500)
    assert chain.events(receipt) == [proposed(assets, supplier.address, BEGINNING + 500 + NOTICE)]
    assert proposal() == (supplier.address, BEGINNING + 500 + NOTICE)
    assert issuer_of() == issuer.address


@pytest.mark.usefixtures("assigned")
def test_a_new_proposal_replaces(
    propose: Send, accept: Send, proposal: Callable[..., Any], supplier: Actor, buyer: Actor
) -> None:
    propose(supplier.address, at=BEGINNING + 500)
    propose(buyer.address, at=BEGINNING + 900)
    assert proposal() == (buyer.address, BEGINNING + 900 + NOTICE)
    with not_proposed(supplier, buyer.address):
        accept(supplier, at=BEGINNING + 900 + NOTICE)


@pytest.mark.usefixtures("assigned")
def test_a_proposal_is_withdrawn(
    propose: Send, accept: Send, issuer_of: Callable[..., str], supplier: Actor, issuer: Actor
) -> None:
    propose(supplier.address)
    propose(NOBODY)
    with not_proposed(supplier, NOBODY):
        accept(supplier, at=BEGINNING + 2 * NOTICE)
    assert issuer_of() == issuer.address


# acceptNamespace


def test_f063_only_the_proposed_accepts(
    propose: Send, accept: Send, issuer: Actor, stranger: Actor, registrar: Actor
) -> None:
    propose(issuer.address)
    for caller in (stranger, registrar):
        with not_proposed(caller, issuer.address):
            accept(caller)


@pytest.mark.usefixtures("assigned")
def test_nothing_is_accepted_twice(accept: Send, proposal: Callable[..., Any], issuer: Actor) -> None:
    assert proposal() == (NOBODY, 0)
    with not_proposed(issuer, NOBODY):
        accept(issuer)


@pytest.mark.usefixtures("assigned")
def test_f048_a_reassignment_waits_for_its_notice(propose: Send, accept: Send, supplier: Actor) -> None:
    propose(supplier.address, at=BEGINNING + 500)
    open_from = BEGINNING + 500 + NOTICE
    with reverts("AssetRegistry_NoticeRunning", namespace=NAMESPACE, nowAt=open_from - 1, openFrom=open_from):
        accept(supplier, at=open_from - 1)
    accept(supplier, at=open_from)


def test_a_free_prefix_is_accepted(
    chain: Chain,
    assets: Contract,
    propose: Send,
    accept: Send,
    issuer_of: Callable[..., str],
    issuer: Actor,
) -> None:
    propose(issuer.address)
    assert chain.events(accept(issuer)) == [
        event(assets, "NamespaceAssigned", namespace=NAMESPACE, issuer=issuer.address, previous=NOBODY)
    ]
    assert issuer_of() == issuer.address


@pytest.mark.usefixtures("assigned")
def test_an_assigned_prefix_changes_hands(
    chain: Chain,
    assets: Contract,
    propose: Send,
    accept: Send,
    issuer_of: Callable[..., str],
    issuer: Actor,
    supplier: Actor,
) -> None:
    propose(supplier.address, at=BEGINNING + 500)
    receipt = accept(supplier, at=BEGINNING + 500 + NOTICE)
    assert chain.events(receipt) == [
        event(
            assets,
            "NamespaceAssigned",
            namespace=NAMESPACE,
            issuer=supplier.address,
            previous=issuer.address,
        )
    ]
    assert issuer_of() == supplier.address


# issuerOf


def test_f070_an_address_keeps_its_namespace(
    chain: Chain,
    assets: Contract,
    issuer_of: Callable[..., str],
    registrar: Actor,
    issuer: Actor,
    stranger: Actor,
) -> None:
    chain.send(assets.functions.proposeNamespace(issuer.address, stranger.address), by=registrar)
    chain.send(assets.functions.acceptNamespace(keccak(text=issuer.address)), by=stranger)
    assert issuer_of(namespace_of(issuer)) == issuer.address
    assert issuer_of(bytes(12) + b"\xff" * 20) == to_checksum_address("0x" + "ff" * 20)
    with reverts(
        "AssetRegistry_NotProposed", namespace=namespace_of(issuer), caller=stranger.address, proposed=NOBODY
    ):
        chain.send(assets.functions.acceptNamespace(namespace_of(issuer)), by=stranger)


def test_other_namespaces_are_nobodys(issuer_of: Callable[..., str], issuer: Actor) -> None:
    just_too_long = bytes(11) + b"\x01" + bytes.fromhex(issuer.address[2:])
    for namespace in (just_too_long, b"\xff" * 32, NAMESPACE, bytes(32)):
        assert issuer_of(namespace) == NOBODY


# proposeRegistrar


@pytest.fixture
def office(assets: Contract) -> Callable[[], tuple[str, str]]:
    """The registrar and its named successor."""
    functions = assets.functions
    return lambda: (str(functions.registrar().call()), str(functions.registrarSuccessor().call()))


@pytest.fixture
def name(chain: Chain, assets: Contract, registrar: Actor) -> Send:
    """The registrar names a successor."""

    def send(successor: str, *, by: Actor = registrar) -> Receipt:
        return chain.send(assets.functions.proposeRegistrar(successor), by=by)

    return send


@pytest.fixture
def take(chain: Chain, assets: Contract) -> Send:
    def send(by: Actor) -> Receipt:
        return chain.send(assets.functions.acceptRegistrar(), by=by)

    return send


def test_f063_only_the_registrar_names_a_successor(
    name: Send, stranger: Actor, supplier: Actor, registrar: Actor
) -> None:
    name(supplier.address)
    for caller in (stranger, supplier):
        with not_registrar(caller, registrar):
            name(caller.address, by=caller)


def test_f064_naming_a_successor_hands_nothing_over(
    chain: Chain,
    assets: Contract,
    name: Send,
    office: Callable[..., Any],
    propose: Send,
    registrar: Actor,
    supplier: Actor,
    issuer: Actor,
) -> None:
    receipt = name(supplier.address)
    assert chain.events(receipt) == [
        event(assets, "RegistrarProposed", registrar=registrar.address, successor=supplier.address)
    ]
    assert office() == (registrar.address, supplier.address)
    with not_registrar(supplier, registrar):
        propose(issuer.address, by=supplier)
    propose(issuer.address)


def test_f064_the_office_is_never_given_up(
    name: Send, take: Send, office: Callable[..., Any], registrar: Actor, supplier: Actor
) -> None:
    name(supplier.address)
    name(NOBODY)
    assert office() == (registrar.address, NOBODY)
    with not_successor(supplier, NOBODY):
        take(supplier)


# acceptRegistrar


def test_f063_only_the_successor_accepts(
    name: Send, take: Send, stranger: Actor, registrar: Actor, supplier: Actor
) -> None:
    name(supplier.address)
    for caller in (stranger, registrar):
        with not_successor(caller, supplier.address):
            take(caller)


def test_f064_a_wrong_name_can_be_corrected(
    name: Send, take: Send, office: Callable[..., Any], stranger: Actor, supplier: Actor
) -> None:
    name(stranger.address)
    name(supplier.address)
    with not_successor(stranger, supplier.address):
        take(stranger)
    take(supplier)
    assert office() == (supplier.address, NOBODY)


def test_f064_the_office_is_handed_over_in_two_steps(
    chain: Chain,
    assets: Contract,
    name: Send,
    take: Send,
    office: Callable[..., Any],
    propose: Send,
    registrar: Actor,
    supplier: Actor,
    issuer: Actor,
) -> None:
    name(supplier.address)
    assert chain.events(take(supplier)) == [
        event(assets, "RegistrarChanged", registrar=supplier.address, previous=registrar.address)
    ]
    assert office() == (supplier.address, NOBODY)
    with not_successor(supplier, NOBODY):
        take(supplier)
    with not_registrar(registrar, supplier):
        propose(issuer.address)
    propose(issuer.address, by=supplier)


# registrar


def test_the_first_registrar_is_announced(chain: Chain, directory: Contract, supplier: Actor) -> None:
    registry = chain.deploy("AssetRegistry", directory, supplier)
    deployed = chain.local.head().number
    logs = chain.local.logs([parse_address(registry.address)], since=deployed, until=deployed)
    assert [VOCABULARY.event(log) for log in logs] == [
        event(registry, "RegistrarChanged", registrar=supplier.address, previous=NOBODY)
    ]
    assert registry.functions.registrar().call() == supplier.address
    assert registry.functions.registrarSuccessor().call() == NOBODY
