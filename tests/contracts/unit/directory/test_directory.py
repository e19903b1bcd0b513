"""DIR-1: an operator does only what its unexpired role lists; a revoked grant never comes back."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, Final

import pytest
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from web3.contract import Contract

from fabricant.chain.answers import Receipt
from tests.support.actors import Actor
from tests.support.chain import BEGINNING, Chain, event
from tests.support.layout import members_of
from tests.support.reverts import reverts
from tests.support.typed_data import GRANT, typed_digest

OPEN, CHANGE, QUALITY, FINANCE, RECORD, ASSETS = (1 << bit for bit in range(6))
EVERY_ROLE: Final = 0xFFFF
NOBODY: Final = "0x" + "00" * 20
SOON: Final = BEGINNING + 30 * 86_400
LATER: Final = SOON + 86_400

Grant = dict[str, Any]
Lend = Callable[..., Receipt]


@pytest.fixture
def lend(chain: Chain, directory: Contract, supplier: Actor, operator: Actor) -> Lend:
    """The supplier lends roles by its own call."""

    def send(
        roles: int = RECORD, until: int = SOON, *, to: str = operator.address, at: int | None = None
    ) -> Receipt:
        return chain.send(directory.functions.setOperator(to, roles, until), by=supplier, at=at)

    return send


@pytest.fixture
def grant(supplier: Actor, operator: Actor) -> Grant:
    """What the supplier would sign to make the operator its gateway."""
    return {
        "principal": supplier.address,
        "operator": operator.address,
        "roles": RECORD,
        "until": LATER,
        "version": 0,
        "nonce": 7,
        "deadline": SOON,
    }


@pytest.fixture
def send_grant(chain: Chain, directory: Contract, supplier: Actor, stranger: Actor) -> Callable[..., Receipt]:
    """A stranger sends a grant, signed by the supplier unless somebody else is named."""

    def send(
        grant: Grant, *, signer: Actor = supplier, signature: bytes | None = None, at: int | None = None
    ) -> Receipt:
        signed = signer.sign(digest_of(directory, grant)) if signature is None else signature
        call = directory.functions.setOperatorBySignature(tuple(grant.values()), signed)
        return chain.send(call, by=stranger, at=at)

    return send


def digest_of(directory: Contract, grant: Grant) -> bytes:
    return typed_digest(directory, GRANT, grant)


def operator_of(directory: Contract, principal: Actor, operator: Actor) -> tuple[int, int, int]:
    roles, until, version = directory.functions.operatorOf(principal.address, operator.address).call()
    return roles, until, version


# setProfile


def test_a_profile_is_published(chain: Chain, directory: Contract, supplier: Actor) -> None:
    key = keccak(text="an X25519 key")
    receipt = chain.send(directory.functions.setProfile(key, "ipfs://card"), by=supplier)
    assert chain.events(receipt) == [
        event(directory, "ProfileSet", participant=supplier.address, encryptionKey=key, uri="ipfs://card")
    ]


def test_an_empty_profile_is_published(chain: Chain, directory: Contract, supplier: Actor) -> None:
    receipt = chain.send(directory.functions.setProfile(bytes(32), ""), by=supplier)
    assert chain.events(receipt) == [
        event(directory, "ProfileSet", participant=supplier.address, encryptionKey=bytes(32), uri="")
    ]


# setOperator


def test_nobody_is_no_operator(lend: Lend, supplier: Actor) -> None:
    with reverts("Directory_BadOperator", principal=supplier.address, operator=NOBODY):
        lend(to=NOBODY)


def test_one_is_not_ones_own_operator(lend: Lend, supplier: Actor) -> None:
    with reverts("Directory_BadOperator", principal=supplier.address, operator=supplier.address):
        lend(to=supplier.address)


def test_roles_that_are_over_are_not_lent(lend: Lend, operator: Actor) -> None:
    with reverts("Directory_AlreadyOver", operator=operator.address, until=SOON, nowAt=SOON):
        lend(until=SOON, at=SOON)
    lend(until=SOON + 2, at=SOON + 1)


def test_roles_are_lent(
    chain: Chain, directory: Contract, lend: Lend, supplier: Actor, operator: Actor
) -> None:
    receipt = lend(EVERY_ROLE, SOON)
    assert operator_of(directory, supplier, operator) == (EVERY_ROLE, SOON, 1)
    assert chain.events(receipt) == [
        event(
            directory,
            "OperatorSet",
            principal=supplier.address,
            operator=operator.address,
            roles=EVERY_ROLE,
            until=SOON,
            version=1,
        )
    ]


def test_roles_are_replaced(directory: Contract, lend: Lend, supplier: Actor, operator: Actor) -> None:
    lend(RECORD, LATER)
    lend(ASSETS, SOON)
    assert operator_of(directory, supplier, operator) == (ASSETS, SOON, 2)


def test_no_roles_revoke(
    chain: Chain, directory: Contract, lend: Lend, supplier: Actor, operator: Actor
) -> None:
    lend(EVERY_ROLE)
    receipt = lend(0, SOON)
    assert operator_of(directory, supplier, operator) == (0, 0, 2)
    assert chain.events(receipt) == [
        event(
            directory,
            "OperatorSet",
            principal=supplier.address,
            operator=operator.address,
            roles=0,
            until=0,
            version=2,
        )
    ]


# mayAct


@pytest.fixture
def may_act(directory: Contract, supplier: Actor, operator: Actor) -> Callable[..., bool]:
    def ask(role: int, *, principal: Actor = supplier, actor: Actor = operator) -> bool:
        answer: bool = directory.functions.mayAct(principal.address, actor.address, role).call()
        return answer

    return ask


def test_everybody_acts_for_itself(may_act: Callable[..., bool], supplier: Actor) -> None:
    assert all(may_act(role, actor=supplier) for role in (0, OPEN, RECORD | ASSETS, EVERY_ROLE))


def test_a_stranger_acts_for_nobody(may_act: Callable[..., bool], stranger: Actor) -> None:
    assert not any(may_act(role, actor=stranger) for role in (0, OPEN, EVERY_ROLE))


def test_all_bits_of_the_role_are_needed(may_act: Callable[..., bool], lend: Lend) -> None:
    lend(RECORD | ASSETS)
    assert all(may_act(role) for role in (RECORD, ASSETS, RECORD | ASSETS))
    assert not any(may_act(role) for role in (OPEN, RECORD | OPEN, EVERY_ROLE))


def test_no_role_is_no_permission(may_act: Callable[..., bool], lend: Lend) -> None:
    lend(EVERY_ROLE)
    assert not may_act(0)


def test_f048_roles_end_at_their_instant(chain: Chain, may_act: Callable[..., bool], lend: Lend) -> None:
    lend(RECORD, SOON)
    chain.warp(SOON - 1)
    assert may_act(RECORD)
    chain.warp(SOON)
    assert not may_act(RECORD)


def test_roles_are_for_one_principal_and_not_lent_on(
    chain: Chain,
    directory: Contract,
    may_act: Callable[..., bool],
    lend: Lend,
    operator: Actor,
    gateway: Actor,
    buyer: Actor,
    supplier: Actor,
) -> None:
    lend(EVERY_ROLE)
    chain.send(directory.functions.setOperator(gateway.address, EVERY_ROLE, SOON), by=operator)
    assert may_act(RECORD, principal=operator, actor=gateway)
    assert not may_act(RECORD, actor=gateway)
    assert not may_act(RECORD, principal=buyer)
    assert not may_act(RECORD, principal=operator, actor=supplier)


def test_a_revoked_operator_may_nothing(may_act: Callable[..., bool], lend: Lend) -> None:
    lend(EVERY_ROLE)
    lend(0)
    assert not any(may_act(role) for role in (0, RECORD, EVERY_ROLE))


# setOperatorBySignature


def test_f026_a_grant_is_void_on_a_fork(
    chain: Chain,
    directory: Contract,
    send_grant: Callable[..., Receipt],
    grant: Grant,
    forked: AbstractContextManager[int],
) -> None:
    home = chain.local.chain_id
    signature = Actor("supplier").sign(digest_of(directory, grant))
    with forked as there:
        assert directory.functions.eip712Domain().call()[3] == home
        with reverts("Eip712_ForeignChain", chainId=there, homeChainId=home):
            send_grant(grant, signature=signature)
    send_grant(grant, signature=signature)


def test_f028_expired_grant_is_refused(
    send_grant: Callable[..., Receipt], grant: Grant, supplier: Actor
) -> None:
    with reverts("Directory_Expired", principal=supplier.address, nowAt=SOON, deadline=SOON):
        send_grant(grant, at=SOON)
    send_grant(grant | {"deadline": SOON + 2}, at=SOON + 1)


def stale(grant: Grant, *, current: int) -> Any:
    return reverts(
        "Directory_StaleVersion",
        principal=grant["principal"],
        operator=grant["operator"],
        version=grant["version"],
        current=current,
    )


def test_f028_a_grant_works_once(send_grant: Callable[..., Receipt], grant: Grant) -> None:
    send_grant(grant)
    with stale(grant, current=1):
        send_grant(grant)


def test_f028_a_revoked_grant_never_comes_back(
    send_grant: Callable[..., Receipt], lend: Lend, grant: Grant
) -> None:
    lend(0)
    with stale(grant, current=1):
        send_grant(grant)
    lend(0)
    with stale(grant, current=2):
        send_grant(grant)


def test_a_grant_for_later_waits(send_grant: Callable[..., Receipt], lend: Lend, grant: Grant) -> None:
    later = grant | {"version": 1}
    with stale(later, current=0):
        send_grant(later)
    lend()
    send_grant(later)


def test_f028_an_invalidated_grant_is_refused(
    chain: Chain, directory: Contract, send_grant: Callable[..., Receipt], grant: Grant, supplier: Actor
) -> None:
    chain.send(directory.functions.invalidateNonces(0, 1 << 7), by=supplier)
    with reverts("Directory_NonceSpent", principal=supplier.address, nonce=7):
        send_grant(grant)


def test_two_grants_with_one_nonce_are_alternatives(
    send_grant: Callable[..., Receipt], grant: Grant, supplier: Actor, gateway: Actor
) -> None:
    send_grant(grant)
    with reverts("Directory_NonceSpent", principal=supplier.address, nonce=7):
        send_grant(grant | {"operator": gateway.address})


def unsigned(directory: Contract, grant: Grant) -> Any:
    return reverts("Directory_BadSignature", principal=grant["principal"], digest=digest_of(directory, grant))


def test_only_the_principal_signs_grants(
    directory: Contract, send_grant: Callable[..., Receipt], grant: Grant, stranger: Actor, operator: Actor
) -> None:
    for signer in (stranger, operator):
        with unsigned(directory, grant):
            send_grant(grant, signer=signer)


def test_an_operator_signs_no_grants(
    directory: Contract,
    send_grant: Callable[..., Receipt],
    lend: Lend,
    grant: Grant,
    operator: Actor,
    gateway: Actor,
) -> None:
    lend(EVERY_ROLE)
    for_another = grant | {"operator": gateway.address}
    with unsigned(directory, for_another):
        send_grant(for_another, signer=operator)


@pytest.mark.parametrize("field", ["principal", "operator", "roles", "until", "nonce", "deadline"])
def test_f036_a_changed_grant_is_refused(
    directory: Contract,
    send_grant: Callable[..., Receipt],
    grant: Grant,
    supplier: Actor,
    stranger: Actor,
    field: str,
) -> None:
    other = stranger.address if field in ("principal", "operator") else grant[field] + 1
    changed = grant | {field: other}
    with unsigned(directory, changed):
        send_grant(changed, signature=supplier.sign(digest_of(directory, grant)))


def test_f027_a_grant_is_for_one_directory(
    chain: Chain, directory: Contract, send_grant: Callable[..., Receipt], grant: Grant, supplier: Actor
) -> None:
    another = chain.deploy("Directory")
    with unsigned(directory, grant):
        send_grant(grant, signature=supplier.sign(digest_of(another, grant)))


def test_f030_nobody_grants_nothing(
    directory: Contract, send_grant: Callable[..., Receipt], grant: Grant
) -> None:
    from_nobody = grant | {"principal": NOBODY}
    for signature in (b"", bytes(65), bytes(64) + b"\x1b"):
        with unsigned(directory, from_nobody):
            send_grant(from_nobody, signature=signature)


def test_f032_a_grant_is_for_one_wallet(
    chain: Chain, directory: Contract, send_grant: Callable[..., Receipt], grant: Grant, supplier: Actor
) -> None:
    one, other = chain.deploy("MockWallet", supplier), chain.deploy("MockWallet", supplier)
    of_one, of_other = grant | {"principal": one.address}, grant | {"principal": other.address}
    signature = supplier.sign(digest_of(directory, of_one))
    with unsigned(directory, of_other):
        send_grant(of_other, signature=signature)
    send_grant(of_one, signature=signature)


def test_a_signed_grant_needs_an_operator(
    send_grant: Callable[..., Receipt], grant: Grant, supplier: Actor
) -> None:
    for operator in (NOBODY, supplier.address):
        with reverts("Directory_BadOperator", principal=supplier.address, operator=operator):
            send_grant(grant | {"operator": operator})


def test_a_signed_grant_of_roles_that_are_over_is_refused(
    send_grant: Callable[..., Receipt], grant: Grant, operator: Actor
) -> None:
    with reverts("Directory_AlreadyOver", operator=operator.address, until=SOON - 9, nowAt=SOON - 9):
        send_grant(grant | {"until": SOON - 9}, at=SOON - 9)


def test_a_signed_grant_lends_roles(
    chain: Chain,
    directory: Contract,
    send_grant: Callable[..., Receipt],
    grant: Grant,
    supplier: Actor,
    operator: Actor,
) -> None:
    receipt = send_grant(grant | {"nonce": 256 * 3 + 255})
    assert operator_of(directory, supplier, operator) == (RECORD, LATER, 1)
    assert directory.functions.spentNonces(supplier.address, 3).call() == 1 << 255
    assert chain.events(receipt) == [
        event(directory, "NoncesInvalidated", principal=supplier.address, word=3, spent=1 << 255),
        event(
            directory,
            "OperatorSet",
            principal=supplier.address,
            operator=operator.address,
            roles=RECORD,
            until=LATER,
            version=1,
        ),
    ]


def test_a_signed_grant_revokes(
    directory: Contract,
    send_grant: Callable[..., Receipt],
    lend: Lend,
    grant: Grant,
    supplier: Actor,
    operator: Actor,
) -> None:
    lend(EVERY_ROLE)
    send_grant(grant | {"roles": 0, "until": 0, "version": 1})
    assert operator_of(directory, supplier, operator) == (0, 0, 2)


def test_f031_a_wallet_grants(
    chain: Chain,
    directory: Contract,
    send_grant: Callable[..., Receipt],
    grant: Grant,
    supplier: Actor,
    operator: Actor,
) -> None:
    wallet = chain.deploy("MockWallet", supplier)
    send_grant(grant | {"principal": wallet.address})
    assert directory.functions.mayAct(wallet.address, operator.address, RECORD).call()
    assert not directory.functions.mayAct(supplier.address, operator.address, RECORD).call()


def test_nonces_have_no_order(send_grant: Callable[..., Receipt], grant: Grant) -> None:
    for version, nonce in enumerate((2**256 - 1, 0, 300, 1)):
        send_grant(grant | {"version": version, "nonce": nonce})


ADDRESSES: Final = st.binary(min_size=20, max_size=20).map(to_checksum_address)


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_f035_the_digest_is_eth_accounts(directory: Contract, data: st.DataObject) -> None:
    widths = {"roles": 16, "until": 40, "version": 32, "nonce": 256, "deadline": 40}
    some: Grant = {name: data.draw(ADDRESSES, name) for name in ("principal", "operator")}
    some |= {name: data.draw(st.integers(0, 2**bits - 1), name) for name, bits in widths.items()}
    assert directory.functions.grantDigest(tuple(some.values())).call() == digest_of(directory, some)


# invalidateNonces


def test_named_nonces_are_spent(chain: Chain, directory: Contract, supplier: Actor) -> None:
    word, mask = 2**248 - 1, (1 << 255) | 1
    receipt = chain.send(directory.functions.invalidateNonces(word, mask), by=supplier)
    assert directory.functions.spentNonces(supplier.address, word).call() == mask
    assert directory.functions.spentNonces(supplier.address, 0).call() == 0
    assert chain.events(receipt) == [
        event(directory, "NoncesInvalidated", principal=supplier.address, word=word, spent=mask)
    ]


def test_spent_nonces_stay_spent(chain: Chain, directory: Contract, supplier: Actor) -> None:
    chain.send(directory.functions.invalidateNonces(0, 0b0110), by=supplier)
    receipt = chain.send(directory.functions.invalidateNonces(0, 0b1010), by=supplier)
    assert directory.functions.spentNonces(supplier.address, 0).call() == 0b1110
    assert chain.events(receipt) == [
        event(directory, "NoncesInvalidated", principal=supplier.address, word=0, spent=0b1110)
    ]
    chain.send(directory.functions.invalidateNonces(0, 0), by=supplier)
    assert directory.functions.spentNonces(supplier.address, 0).call() == 0b1110


def test_nonces_are_ones_own(
    chain: Chain, directory: Contract, send_grant: Callable[..., Receipt], grant: Grant, stranger: Actor
) -> None:
    chain.send(directory.functions.invalidateNonces(0, 2**256 - 1), by=stranger)
    send_grant(grant)


def test_f041_a_whole_word_costs_as_much_as_one_nonce(
    chain: Chain, directory: Contract, supplier: Actor
) -> None:
    one = chain.send(directory.functions.invalidateNonces(0, 1 << 255), by=supplier)
    whole = chain.send(directory.functions.invalidateNonces(1, 2**256 - 1), by=supplier)
    calldata_of_ones = 31 * (16 - 4) + 16 - 4
    assert whole.gas_used - one.gas_used <= calldata_of_ones


# eip712Domain


def test_the_domain_is_named(chain: Chain, directory: Contract) -> None:
    assert directory.functions.eip712Domain().call() == [
        b"\x0f",
        "Fabricant Directory",
        "1",
        chain.w3.eth.chain_id,
        directory.address,
        bytes(32),
        [],
    ]


# operatorOf


def test_an_operator_is_one_slot() -> None:
    assert members_of("Directory", "Operator") == [
        ("roles", 0, 0, 2),
        ("until", 0, 2, 5),
        ("version", 0, 7, 4),
    ]
