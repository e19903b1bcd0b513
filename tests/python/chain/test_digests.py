"""What is signed is one thing for the contracts, for every wallet, for the library and for EIP-712 itself.

Random messages of every struct that anybody signs, extremes among them, and four digests of each: the
contract's, eth-account's, the library's and the tests' own. FABRICANT_CASES=10000 for the long run.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any, Final

import pytest
from eth_abi.abi import encode
from eth_utils.crypto import keccak
from hypothesis import HealthCheck, given, settings

from fabricant.chain.abi import selector
from fabricant.chain.network import Call
from fabricant.chain.signing import is_valid
from fabricant.domain.assets import BINDING
from fabricant.domain.capacity import OFFER, OFFER_BUNDLE
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
    Consent,
    Consents,
    Line,
    LineId,
    Outcome,
    Schedule,
    Settlement,
    Status,
)
from fabricant.domain.pledges import PLEDGE_TERMS
from fabricant.domain.typed_data import Message, Struct
from fabricant.domain.units import address_from_bytes
from tests.python.domain import strategies
from tests.support import assets, capacity, lines, pledges, typed_data
from tests.support.actors import Actor
from tests.support.cells import look, put
from tests.support.typed_data import by_eth_account, by_hand, members
from tests.support.world import USUAL, World, wallet

CASES: Final = int(os.environ.get("FABRICANT_CASES", "500"))
BUYER, SUPPLIER = wallet("buyer").address, wallet("supplier").address
REFUSALS: Final = {  # they end with the digest
    selector("SupplierEscrow_BadSignature(address,address,bytes32)"),
    selector("CapacityMarket_BadSignature(bytes32,address,bytes32)"),
}

Case = tuple[dict[str, Any], Call]  # a message, and a call that answers or fails with its digest


@dataclass(frozen=True)
class Signed:
    """A struct that is signed for a contract: the library's and the tests' own, and its cases."""

    contract: str
    struct: Struct
    types: str
    case: Callable[[World, Random], Case]
    every: int = 1


def drawn(chance: Random, types: str, name: str | None = None) -> dict[str, Any]:
    """A random message of the first of `types`, or of another."""
    structs = members(types)
    chosen = structs[name] if name else next(iter(structs.values()))
    return {
        field: drawn(chance, types, kind) if kind in structs else value_of(chance, kind)
        for kind, field in chosen
    }


def value_of(chance: Random, kind: str) -> Any:
    """A random value of a type, in two cases of five all zeros or all ones."""
    size = {"address": 160, "bytes32": 256, "bool": 1}.get(kind) or int(kind.removeprefix("uint"))
    number = chance.choice((0, 2**size - 1, *(chance.getrandbits(size) for _ in range(3))))
    if kind == "address":
        return address_from_bytes(number.to_bytes(20))
    return {"bytes32": number.to_bytes(32), "bool": bool(number)}.get(kind, number)


def viewed(contract: str, function: str, types: str) -> Callable[[World, Random], Case]:
    """Cases of a struct that its contract hashes for anybody."""

    def case(world: World, chance: Random) -> Case:
        client, message = getattr(world.fabricant, contract), drawn(chance, types)
        asked = client.abi.functions[function]
        words = encode([each.type for each in asked.inputs], [tuple(message.values())])
        return message, Call(client.address, selector(asked.signature) + words)

    return case


def known_line(world: World, chance: Random) -> tuple[dict[str, Any], bytes]:
    """Random terms of an open line, and its id."""
    escrow = world.fabricant.escrow
    terms = drawn(chance, lines.TERMS_TYPE) | {"buyer": BUYER, "supplier": SUPPLIER}
    identifier = LineId(Message(escrow.domain, TERMS, terms).digest)
    put(world.chain, escrow.address, identifier, Line(status=Status.OPEN), USUAL)
    return terms, identifier


def called(world: World, contract: str, function: str, *arguments: Any, sender: Any = None) -> Call:
    """A call; structs are given as messages."""
    client = getattr(world.fabricant, contract)
    plain = [plain_of(each) for each in arguments]
    return Call(client.address, client.abi.functions[function].encode(plain), sender=sender)


def plain_of(value: Any) -> Any:
    """A message as a tuple."""
    return tuple(map(plain_of, value.values())) if isinstance(value, dict) else value


UNSIGNED: Final = Consents(buyer=Consent(BUYER))


def settlement(world: World, chance: Random) -> Case:
    """Settles without a signature."""
    terms, identifier = known_line(world, chance)
    message = drawn(chance, lines.SETTLEMENT_TYPE) | {"id": identifier, "deadline": later(world, chance)}
    arguments = (terms, message["outcome"], message["deadline"], UNSIGNED)
    return message, called(world, "escrow", "settle", *arguments)


def amendment(world: World, chance: Random) -> Case:
    """Amends without a signature."""
    (terms, identifier), new = known_line(world, chance), drawn(chance, lines.TERMS_TYPE)
    message = drawn(chance, lines.AMENDMENT_TYPE) | {
        "oldId": identifier,
        "newId": Message(world.fabricant.escrow.domain, TERMS, new).digest,
        "deadline": later(world, chance),
    }
    arguments = (terms, new, message["outcome"], message["deadline"], UNSIGNED, BUYER)
    return message, called(world, "escrow", "amend", *arguments)


def assignment(world: World, chance: Random) -> Case:
    """Assigns without a signature."""
    terms, identifier = known_line(world, chance)
    payee, deadline = address_from_bytes(chance.randbytes(20)), later(world, chance)
    message = {"id": identifier, "payee": payee, "deadline": deadline}
    call = called(world, "escrow", "assign", terms, payee, deadline, Consent(payee), sender=SUPPLIER)
    return message, call


def schedule(world: World, chance: Random) -> Case:
    """Opens one of two lines without a signature."""
    terms, sibling = world.terms(salt=chance.getrandbits(256)), chance.randbytes(32)
    unsigned = Consent(SUPPLIER, (sibling,))
    call = called(world, "escrow", "open", terms, Consent(), unsigned, BUYER, sender=BUYER)
    return root_of(world.fabricant.escrow.line_id(terms), sibling), call


def bundle(world: World, chance: Random) -> Case:
    """Publishes one of two offers without a signature."""
    offer, sibling = world.offer(nonce=chance.getrandbits(256)), chance.randbytes(32)
    call = called(world, "capacity", "publish", offer, Consent(SUPPLIER, (sibling,)))
    return root_of(world.fabricant.capacity.offer_id(offer), sibling), call


def later(world: World, chance: Random) -> int:
    """A deadline, at times the last one."""
    return chance.choice((chance.randrange(world.now + 1, 2**40), 2**40 - 1))


def root_of(identifier: bytes, sibling: bytes) -> dict[str, bytes]:
    """The root over two leaves, as it is signed."""
    return {"root": keccak(b"".join(sorted((keccak(keccak(identifier)), sibling))))}


def of_views(contract: str, function: str, struct: Struct, types: str, every: int = 1) -> Signed:
    return Signed(contract, struct, types, viewed(contract, function, types), every)


SIGNED: Final = {
    "terms": of_views("escrow", "lineId", TERMS, lines.TERMS_TYPE),
    "offer": of_views("capacity", "offerId", OFFER, capacity.OFFER),
    "grant": of_views("directory", "grantDigest", GRANT, typed_data.GRANT, every=10),
    "binding": of_views("assets", "bindingDigest", BINDING, assets.BINDING, every=10),
    "pledge": of_views("pledges", "pledgeId", PLEDGE_TERMS, pledges.PLEDGE_TERMS, every=10),
    "schedule": Signed("escrow", SCHEDULE, typed_data.SCHEDULE, schedule, every=10),
    "bundle": Signed("capacity", OFFER_BUNDLE, capacity.BUNDLE, bundle, every=10),
    "settlement": Signed("escrow", SETTLEMENT, lines.SETTLEMENT_TYPE, settlement, every=10),
    "amendment": Signed("escrow", AMENDMENT, lines.AMENDMENT_TYPE, amendment, every=10),
    "assignment": Signed("escrow", ASSIGNMENT, lines.ASSIGNMENT_TYPE, assignment, every=10),
}


@pytest.mark.parametrize("what", SIGNED)
def test_f035_everybody_hashes_alike(world: World, what: str) -> None:
    signed, chance = SIGNED[what], Random(what)
    ours = getattr(world.fabricant, signed.contract).domain
    domain = {
        "name": ours.name,
        "version": ours.version,
        "chainId": ours.chain_id,
        "verifyingContract": ours.verifying_contract,
    }
    cases = [signed.case(world, chance) for _ in range(CASES // signed.every)]

    answers = look(world.chain, [call for _, call in cases])

    for (message, _), (answered, said) in zip(cases, answers, strict=True):
        assert answered or said[:4] in REFUSALS, (message, said)
        assert said[-32:] == by_eth_account(domain, signed.types, message), message
        assert said[-32:] == by_hand(domain, signed.types, message), message
        assert said[-32:] == Message(ours, signed.struct, message).digest, message


@settings(
    max_examples=CASES // 10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
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
