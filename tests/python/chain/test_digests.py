"""What is signed is one thing for the library, for the contracts and for every wallet.

Random terms, offers, grants, bindings and agreements: the digest worked out here, the contract's own, and
eth-account's. 500 of terms and offers in a normal run; FABRICANT_CASES=10000 for the long one.
"""

import os
from collections.abc import Callable, Mapping
from typing import Any, Final

import pytest
from eth_account.messages import encode_typed_data
from eth_utils.crypto import keccak
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fabricant.chain.signing import is_valid
from fabricant.domain.assets import BINDING, AssetId, DeviceBinding
from fabricant.domain.capacity import OFFER, Offer
from fabricant.domain.directory import GRANT, OperatorGrant, Role
from fabricant.domain.escrow import (
    AMENDMENT,
    ASSIGNMENT,
    SCHEDULE,
    SETTLEMENT,
    TERMS,
    Amendment,
    Assignment,
    Conditions,
    LineId,
    Outcome,
    Schedule,
    Settlement,
    Terms,
)
from fabricant.domain.typed_data import Domain, Message, Struct, snake
from tests.python.domain import strategies
from tests.support.actors import Actor
from tests.support.world import World, wallet

CASES: Final = int(os.environ.get("FABRICANT_CASES", "500"))
often = settings(
    max_examples=CASES, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
seldom = settings(parent=often, max_examples=CASES // 10)

grants = st.builds(
    OperatorGrant,
    principal=strategies.addresses,
    operator=strategies.addresses,
    roles=strategies.uint16.map(Role),
    until=strategies.times,
    version=strategies.uint32,
    nonce=strategies.uint256,
    deadline=strategies.times,
)
bindings = st.builds(
    DeviceBinding,
    asset=strategies.uint256.map(AssetId),
    device=strategies.addresses,
    owner=strategies.addresses,
    nonce=st.integers(0, 2**96 - 1),
    deadline=strategies.times,
)
settlements = st.builds(
    Settlement,
    id=strategies.words.map(LineId),
    outcome=strategies.outcomes,
    deadline=strategies.times,
)
amendments = st.builds(
    Amendment,
    old_id=strategies.words.map(LineId),
    new_id=strategies.words.map(LineId),
    outcome=strategies.outcomes,
    deadline=strategies.times,
)
assignments = st.builds(
    Assignment,
    id=strategies.words.map(LineId),
    payee=strategies.addresses,
    deadline=strategies.times,
)


def by_eth_account(domain: Domain, struct: Struct, values: object) -> bytes:
    """The digest that a wallet signs."""
    signable = encode_typed_data(
        domain_data={
            "name": domain.name,
            "version": domain.version,
            "chainId": domain.chain_id,
            "verifyingContract": domain.verifying_contract,
        },
        message_types={
            name: [{"name": field, "type": kind} for field, kind in used.fields]
            for name, used in struct.structs.items()
        },
        message_data=_plain(values, struct, struct.structs),
    )
    return keccak(b"\x19\x01" + signable.header + signable.body)


def _plain(value: Any, struct: Struct | None, structs: Mapping[str, Struct]) -> Any:
    if struct is None:
        return int(value) if isinstance(value, Role) else value
    return {
        name: _plain(getattr(value, snake(name)), structs.get(kind), structs) for name, kind in struct.fields
    }


@often
@given(terms=strategies.terms)
def test_f035_terms(world: World, terms: Terms) -> None:
    escrow = world.fabricant.escrow

    digest = escrow.line_id(terms)

    assert digest == escrow._read("lineId", terms)
    assert digest == by_eth_account(escrow.domain, TERMS, terms)


@often
@given(offer=strategies.offers)
def test_f035_offers(world: World, offer: Offer) -> None:
    capacity = world.fabricant.capacity

    digest = capacity.offer_id(offer)

    assert digest == capacity._read("offerId", offer)
    assert digest == by_eth_account(capacity.domain, OFFER, offer)


@seldom
@given(grant=grants)
def test_f035_grants(world: World, grant: OperatorGrant) -> None:
    directory = world.fabricant.directory

    digest = directory.grant_digest(grant)

    assert digest == directory._read("grantDigest", grant)
    assert digest == by_eth_account(directory.domain, GRANT, grant)


@seldom
@given(binding=bindings)
def test_f035_bindings(world: World, binding: DeviceBinding) -> None:
    assets = world.fabricant.assets

    digest = assets.binding_digest(binding)

    assert digest == assets._read("bindingDigest", binding)
    assert digest == by_eth_account(assets.domain, BINDING, binding)


@seldom
@given(ids=st.lists(strategies.words, min_size=2, max_size=8, unique=True))
def test_f035_schedules(world: World, ids: list[Any]) -> None:
    escrow, schedule = world.fabricant.escrow, Schedule(ids)

    assert Message(escrow.domain, SCHEDULE, schedule).digest == by_eth_account(
        escrow.domain, SCHEDULE, schedule
    )


@seldom
@given(settlement=settlements)
def test_f035_settlements(world: World, settlement: Settlement) -> None:
    """The contract's own: tests/contracts/unit/escrow/test_settle.py."""
    domain = world.fabricant.escrow.domain

    assert Message(domain, SETTLEMENT, settlement).digest == by_eth_account(domain, SETTLEMENT, settlement)


@seldom
@given(amendment=amendments)
def test_f035_amendments(world: World, amendment: Amendment) -> None:
    """The contract's own: tests/contracts/unit/escrow/test_amend.py."""
    domain = world.fabricant.escrow.domain

    assert Message(domain, AMENDMENT, amendment).digest == by_eth_account(domain, AMENDMENT, amendment)


@seldom
@given(assignment=assignments)
def test_f035_assignments(world: World, assignment: Assignment) -> None:
    """The contract's own: tests/contracts/unit/escrow/test_assign.py."""
    domain = world.fabricant.escrow.domain

    assert Message(domain, ASSIGNMENT, assignment).digest == by_eth_account(domain, ASSIGNMENT, assignment)


@seldom
@given(conditions=strategies.conditions())
def test_conditions(world: World, conditions: Conditions) -> None:
    escrow = world.as_("stranger").escrow

    answer = escrow.simulate(escrow.publish_conditions, conditions)

    assert answer == conditions.id


def _signers(world: World) -> dict[str, Callable[[], tuple[bytes, bytes]]]:
    """Each helper that signs: the signature that it makes for the usual message, and the message's digest."""
    fabricant = world.fabricant
    terms, offer = world.terms(), world.offer()
    others = world.terms(salt=1)
    principal, device = wallet("supplier"), wallet("device")
    grant = OperatorGrant(
        principal=principal.address,
        operator=wallet("operator").address,
        roles=Role.OPEN,
        until=terms.due_by,
        version=0,
        nonce=0,
        deadline=terms.due_by,
    )
    binding = fabricant.assets.next_binding(world.machine, device.address, deadline=terms.due_by)
    usual = fabricant.escrow.conditions_of(terms.conditions)
    schedule = Schedule([fabricant.escrow.line_id(terms), fabricant.escrow.line_id(others)])
    settlement = Settlement(
        id=fabricant.escrow.line_id(terms),
        outcome=Outcome(to_supplier=terms.amount, goods_to_buyer=True),
        deadline=terms.due_by,
    )
    amendment = Amendment(
        old_id=fabricant.escrow.line_id(terms),
        new_id=fabricant.escrow.line_id(others),
        outcome=settlement.outcome,
        deadline=terms.due_by,
    )
    assignment = Assignment(
        id=fabricant.escrow.line_id(terms), payee=principal.address, deadline=terms.due_by
    )
    return {
        "terms": lambda: (
            fabricant.escrow.sign_terms(terms, by=principal).signature,
            fabricant.escrow.line_id(terms),
        ),
        "schedule": lambda: (
            fabricant.escrow.sign_schedule([terms, others], by=principal).signature,
            Message(fabricant.escrow.domain, SCHEDULE, schedule).digest,
        ),
        "settlement": lambda: (
            fabricant.escrow.sign_settlement(settlement, by=principal).signature,
            Message(fabricant.escrow.domain, SETTLEMENT, settlement).digest,
        ),
        "amendment": lambda: (
            fabricant.escrow.sign_amendment(amendment, by=principal).signature,
            Message(fabricant.escrow.domain, AMENDMENT, amendment).digest,
        ),
        "assignment": lambda: (
            fabricant.escrow.sign_assignment(assignment, by=principal).signature,
            Message(fabricant.escrow.domain, ASSIGNMENT, assignment).digest,
        ),
        "offer": lambda: (
            fabricant.capacity.sign_offer(offer, usual, by=principal).consent.signature,
            fabricant.capacity.offer_id(offer),
        ),
        "grant": lambda: (
            fabricant.directory.sign_grant(grant, by=principal),
            fabricant.directory.grant_digest(grant),
        ),
        "binding": lambda: (
            fabricant.assets.sign_binding(binding, by=device),
            fabricant.assets.binding_digest(binding),
        ),
    }


@pytest.mark.parametrize(
    "what",
    ["terms", "schedule", "settlement", "amendment", "assignment", "offer", "grant", "binding"],
)
def test_f029_signatures_are_the_signers_and_eth_accounts(world: World, what: str) -> None:
    role = "device" if what == "binding" else "supplier"

    signature, digest = _signers(world)[what]()

    assert is_valid(signature, digest, signer=wallet(role).address, on=world.chain)
    assert signature == Actor(role).sign(digest)
    assert world.chain.nonce(wallet(role).address) == world.chain.nonce(wallet(role).address, at="pending")
