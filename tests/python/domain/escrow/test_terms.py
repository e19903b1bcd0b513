"""Terms: their hash, and every rule of the contract that can be broken before they are signed."""

from dataclasses import Field, fields, replace
from typing import Any

import pytest
from eth_account.messages import encode_typed_data
from eth_utils.crypto import keccak
from hypothesis import given
from hypothesis import strategies as st

from fabricant.domain import escrow
from fabricant.domain.escrow import (
    AMENDMENT,
    ASSIGNMENT,
    SETTLEMENT,
    TERMS,
    BadParty,
    BrokenTerms,
    Conditions,
    DeliverablesWithoutAssets,
    DueBeforeOpening,
    FeeWithoutArbiter,
    NoAmount,
    OtherConditions,
    Terms,
    TooLate,
    TooManyAssets,
    deliverables_of,
    goods_hash,
    line_id,
    order_ref,
)
from fabricant.domain.typed_data import domain_of, snake
from fabricant.domain.units import ZERO_ADDRESS, Address, BaseUnits, Bps, UnixSeconds, parse_address
from fabricant.errors import InvalidInput
from tests.python.domain import strategies
from tests.support import deals
from tests.support.lines import TERMS_TYPE
from tests.support.world import USUAL

BUYER, SUPPLIER, INSPECTOR, ARBITER, BROKER, ESCROW = (
    parse_address("0x" + f"{number}{number}" * 20) for number in range(1, 7)
)
TOKEN = parse_address("0x" + "a0" * 20)
DOMAIN = domain_of("SupplierEscrow", 1, ESCROW)
GOOD = Terms(
    buyer=BUYER,
    supplier=SUPPLIER,
    inspector=INSPECTOR,
    arbiter=ARBITER,
    broker=BROKER,
    token=TOKEN,
    amount=BaseUnits(1),
    open_by=UnixSeconds(1000),
    due_by=UnixSeconds(1000),
    assets=64,
    deliverables=b"\x01" * 32,
    conditions=USUAL.id,
    salt=0,
)


def test_the_struct_is_the_contracts() -> None:
    assert TERMS.type_text == TERMS_TYPE
    assert [field.name for field in fields(Terms)] == [snake(name) for name, _ in TERMS.fields]


def test_what_both_sign_later_is_final() -> None:
    outcome = "Outcome(uint128 toSupplier,uint128 bondToBuyer,bool goodsToBuyer)"
    assert SETTLEMENT.type_text == f"Settlement(bytes32 id,Outcome outcome,uint40 deadline){outcome}"
    assert AMENDMENT.type_text == (
        f"Amendment(bytes32 oldId,bytes32 newId,Outcome outcome,uint40 deadline){outcome}"
    )
    assert ASSIGNMENT.type_text == "Assignment(bytes32 id,address payee,uint40 deadline)"


@given(strategies.terms)
def test_f035_an_id_is_the_digest_that_wallets_sign(terms: Terms) -> None:
    message = {name: getattr(terms, snake(name)) for name, _ in TERMS.fields}
    types = [{"name": name, "type": kind} for name, kind in TERMS.fields]
    signable = encode_typed_data(
        domain_data={
            "name": "Fabricant SupplierEscrow",
            "version": "1",
            "chainId": 1,
            "verifyingContract": ESCROW,
        },
        message_types={"Terms": types},
        message_data=message,
    )

    assert line_id(terms, DOMAIN) == keccak(b"\x19\x01" + signable.header + signable.body)


def test_good_terms_pass() -> None:
    GOOD.check(USUAL, at=UnixSeconds(999), escrow=ESCROW)
    replace(GOOD, inspector=BUYER, arbiter=ZERO_ADDRESS, broker=ZERO_ADDRESS).check(USUAL)


WITH_FEE = replace(USUAL, arbiter_fee_bps=Bps(1))


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"conditions": b"\x07" * 32}, OtherConditions),
        ({"amount": 0}, NoAmount),
        ({"due_by": 999}, DueBeforeOpening),
        ({"open_by": 500}, TooLate),
        ({"assets": 65}, TooManyAssets),
        ({"assets": 0}, DeliverablesWithoutAssets),
        ({"buyer": SUPPLIER}, BadParty),
        ({"buyer": ZERO_ADDRESS}, BadParty),
        ({"supplier": ZERO_ADDRESS}, BadParty),
        ({"arbiter": BUYER}, BadParty),
        ({"arbiter": SUPPLIER}, BadParty),
        ({"inspector": SUPPLIER}, BadParty),
        ({"inspector": ARBITER}, BadParty),
        ({"broker": ESCROW}, BadParty),
    ],
)
def test_f042_f069_a_broken_rule_has_its_own_error(
    change: dict[str, object], rule: type[BrokenTerms]
) -> None:
    with pytest.raises(rule) as broken:
        replace(GOOD, **change).check(USUAL, at=UnixSeconds(500), escrow=ESCROW)  # type: ignore[arg-type]

    assert type(broken.value) is rule
    assert rule.__name__ in vars(escrow)


def test_an_arbiters_fee_needs_an_arbiter() -> None:
    terms = replace(GOOD, conditions=WITH_FEE.id)

    terms.check(WITH_FEE)
    with pytest.raises(FeeWithoutArbiter, match=r"give an arbiter 0\.01 % of the price"):
        replace(terms, arbiter=ZERO_ADDRESS).check(WITH_FEE)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("amount", 2**128),
        ("amount", -1),
        ("open_by", 2**40),
        ("assets", 2**16),
        ("salt", 2**256),
        ("documents", bytes(31)),
        ("buyer", "0x12"),
    ],
)
def test_f036_a_value_that_its_type_does_not_hold_is_refused(field: str, value: object) -> None:
    with pytest.raises(InvalidInput, match=r"Terms\.\w+: .* is not a value of"):
        replace(GOOD, **{field: value}).check(USUAL)  # type: ignore[arg-type]


@given(strategies.terms, strategies.terms, st.sampled_from(fields(Terms)))
def test_f036_every_field_is_in_the_id(one: Terms, other: Terms, field: Field[Any]) -> None:
    changed = replace(one, **{field.name: getattr(other, field.name)})

    assert (line_id(changed, DOMAIN) == line_id(one, DOMAIN)) == (changed == one)


def test_f027_another_contract_or_chain_gives_another_id() -> None:
    domains = [DOMAIN, domain_of("SupplierEscrow", 2, ESCROW), domain_of("SupplierEscrow", 1, TOKEN)]

    assert len({line_id(GOOD, domain) for domain in domains}) == len(domains)


def test_deliverables_and_goods() -> None:
    assert deliverables_of([1, 2], [1, 5]) == keccak(_words(0x40, 0xA0, 2, 1, 2, 2, 1, 5))
    assert goods_hash([7]) == keccak(_words(0x20, 1, 7))[:24]
    for assets, quantities in (([], []), ([1], []), ([1] * 65, [1] * 65)):
        with pytest.raises(InvalidInput):
            deliverables_of(assets, quantities)


def test_a_reference_hides_the_order_number() -> None:
    salt = b"\x05" * 32

    assert order_ref("4711", salt=salt) == keccak(salt + b"4711")
    with pytest.raises(InvalidInput, match="32 random bytes"):
        order_ref("4711", salt=b"")


def _words(*numbers: int) -> bytes:
    return b"".join(number.to_bytes(32) for number in numbers)


def test_the_usual_conditions_of_contract_tests_are_known_here() -> None:
    packed = deals.conditions()

    assert isinstance(escrow.PackedConditions(packed["rates"], packed["periods"]).unpack(), Conditions)
    assert Address(ZERO_ADDRESS) == deals.ZERO
