"""The Directory's client: profiles, operators, signed grants, nonces."""

from dataclasses import replace

import pytest

from fabricant.chain.directory import NoncesInvalidated, OperatorSet, ProfileSet
from fabricant.chain.errors import (
    Directory_BadOperator,
    Directory_BadSignature,
    Directory_NonceSpent,
    Directory_StaleVersion,
)
from fabricant.domain.directory import FOREVER, NO_ROLE, Operator, OperatorGrant, Role
from fabricant.domain.units import UnixSeconds
from fabricant.errors import InvalidInput, SigningRefused
from tests.support.world import DAY, World, wallet

SUPPLIER, OPERATOR = wallet("supplier"), wallet("operator")


def grant(world: World, **changes: object) -> OperatorGrant:
    """The supplier lends its gateway's role."""
    usual = OperatorGrant(
        principal=SUPPLIER.address,
        operator=OPERATOR.address,
        roles=Role.RECORD,
        until=UnixSeconds(world.now + 30 * DAY),
        version=0,
        nonce=300,
        deadline=UnixSeconds(world.now + DAY),
    )
    return replace(usual, **changes)  # type: ignore[arg-type]


def test_a_profile_is_an_event(world: World) -> None:
    done = world.as_("supplier").directory.set_profile(encryption_key=b"\x05" * 32, uri="https://example.com")

    assert done.event == ProfileSet(
        participant=SUPPLIER.address, encryption_key=b"\x05" * 32, uri="https://example.com"
    )


def test_roles_are_lent_and_taken_back(world: World) -> None:
    directory = world.as_("supplier").directory

    lent = directory.set_operator(OPERATOR.address, Role.RECORD | Role.ASSETS).event

    assert lent == OperatorSet(
        principal=SUPPLIER.address,
        operator=OPERATOR.address,
        roles=Role.RECORD | Role.ASSETS,
        until=FOREVER,
        version=1,
    )
    assert directory.operator_of(SUPPLIER.address, OPERATOR.address) == Operator(
        Role.RECORD | Role.ASSETS, FOREVER, 1
    )
    assert directory.may_act(SUPPLIER.address, OPERATOR.address, Role.ASSETS)
    assert not directory.may_act(SUPPLIER.address, OPERATOR.address, Role.OPEN)
    assert directory.revoke_operator(OPERATOR.address).event.roles == NO_ROLE
    assert not directory.may_act(SUPPLIER.address, OPERATOR.address, Role.ASSETS)
    with pytest.raises(Directory_BadOperator):
        directory.set_operator(SUPPLIER.address, Role.OPEN)


def test_f028_a_signed_grant_works_once(world: World) -> None:
    wanted = grant(world)
    stranger = world.as_("stranger").directory
    signature = stranger.sign_grant(wanted, by=SUPPLIER)

    event = stranger.set_operator_by_signature(wanted, signature).event

    assert (event.roles, event.until, event.version) == (Role.RECORD, wanted.until, 1)
    assert stranger.spent_nonces(SUPPLIER.address, 1) == 1 << 44
    with pytest.raises(Directory_StaleVersion, match="sign it anew for 1"):
        stranger.set_operator_by_signature(wanted, signature)
    again = grant(world, version=1)
    with pytest.raises(Directory_NonceSpent):
        stranger.set_operator_by_signature(again, stranger.sign_grant(again, by=SUPPLIER))


def test_f036_an_altered_grant_is_refused(world: World) -> None:
    directory = world.as_("stranger").directory
    signature = directory.sign_grant(grant(world), by=SUPPLIER)

    with pytest.raises(Directory_BadSignature):
        directory.set_operator_by_signature(grant(world, roles=Role.OPEN), signature)


def test_what_would_be_refused_is_not_signed(world: World) -> None:
    directory = world.fabricant.directory

    with pytest.raises(InvalidInput):
        directory.sign_grant(grant(world, deadline=world.now), by=SUPPLIER)
    world.chain.set_code(directory.address, b"\x00")
    with pytest.raises(SigningRefused):
        directory.sign_grant(grant(world), by=SUPPLIER)


def test_f041_nonces_are_spent_on_purpose(world: World) -> None:
    directory = world.as_("supplier").directory

    event = directory.invalidate_nonces(1, 1 << 44).event

    assert event == NoncesInvalidated(principal=SUPPLIER.address, word=1, spent=1 << 44)
    wanted = grant(world)
    with pytest.raises(Directory_NonceSpent):
        directory.set_operator_by_signature(wanted, directory.sign_grant(wanted, by=SUPPLIER))
