"""Roles, operators and grants."""

from dataclasses import fields, replace

import pytest

from fabricant.domain.directory import (
    FOREVER,
    GRANT,
    NO_ROLE,
    Operator,
    OperatorGrant,
    Role,
    check_operator,
    nonce_word,
)
from fabricant.domain.typed_data import snake
from fabricant.domain.units import ZERO_ADDRESS, UnixSeconds, parse_address
from fabricant.errors import InvalidInput

PRINCIPAL, OPERATOR = parse_address("0x" + "11" * 20), parse_address("0x" + "22" * 20)
GOOD = OperatorGrant(
    principal=PRINCIPAL,
    operator=OPERATOR,
    roles=Role.OPEN | Role.RECORD,
    until=UnixSeconds(2000),
    version=0,
    nonce=257,
    deadline=UnixSeconds(1001),
)


def test_the_struct_is_the_contracts() -> None:
    assert GRANT.type_text == (
        "OperatorGrant(address principal,address operator,uint16 roles,uint40 until,"
        "uint32 version,uint256 nonce,uint40 deadline)"
    )
    assert [field.name for field in fields(OperatorGrant)] == [snake(name) for name, _ in GRANT.fields]


def test_roles_are_the_contracts_bits() -> None:
    assert [(role.name, role.value) for role in Role] == [
        ("OPEN", 1),
        ("CHANGE", 2),
        ("QUALITY", 4),
        ("FINANCE", 8),
        ("RECORD", 16),
        ("ASSETS", 32),
    ]


@pytest.mark.parametrize("role", Role)
def test_each_role_is_explained(role: Role) -> None:
    assert role.meaning != "nothing"
    assert role.advice != "nobody"
    assert role.label == role.name


def test_roles_are_read_and_shown() -> None:
    both = Role.OPEN | Role.QUALITY

    assert Role.parse("open, QUALITY") == Role.parse("Quality+Open") == both
    assert both.label == "OPEN + QUALITY"
    assert both.meaning == f"{Role.OPEN.meaning}; {Role.QUALITY.meaning}"
    assert (NO_ROLE.label, NO_ROLE.meaning, NO_ROLE.advice) == ("none", "nothing", "nobody")
    assert Role(0x8001).label == "OPEN + 0x8000"  # of a later contract
    for wrong in ("", "open,", "owner"):
        with pytest.raises(InvalidInput, match="there is no role"):
            Role.parse(wrong)


def test_an_operator_may_what_is_listed_until_its_end() -> None:
    lent = Operator(Role.OPEN | Role.RECORD, UnixSeconds(1000), 1)

    assert lent.may(Role.OPEN, UnixSeconds(999))
    assert lent.may(Role.OPEN | Role.RECORD, UnixSeconds(0))
    assert not lent.may(Role.OPEN, UnixSeconds(1000))
    assert not lent.may(Role.OPEN | Role.ASSETS, UnixSeconds(0))
    assert not lent.may(NO_ROLE, UnixSeconds(0))
    assert not Operator().may(Role.OPEN, UnixSeconds(0))


def test_a_good_grant_passes() -> None:
    GOOD.check(UnixSeconds(1000))
    replace(GOOD, roles=NO_ROLE, until=UnixSeconds(0)).check(UnixSeconds(1000))  # takes all back
    replace(GOOD, until=FOREVER).check(UnixSeconds(1000))


@pytest.mark.parametrize(
    "change",
    [
        {"operator": ZERO_ADDRESS},
        {"operator": PRINCIPAL},
        {"until": 1000},
        {"deadline": 1000},
        {"version": 2**32},
        {"nonce": -1},
        {"roles": 2**16},
    ],
)
def test_f028_a_grant_that_the_directory_would_refuse_is_not_signed(change: dict[str, object]) -> None:
    with pytest.raises(InvalidInput):
        replace(GOOD, **change).check(UnixSeconds(1000))  # type: ignore[arg-type]


def test_operators_are_somebody_else() -> None:
    check_operator(PRINCIPAL, OPERATOR)
    with pytest.raises(InvalidInput, match="name another address"):
        check_operator(PRINCIPAL, PRINCIPAL)


def test_f041_a_nonce_has_its_bit() -> None:
    assert nonce_word(257) == (1, 2)
    assert nonce_word(2**256 - 1) == (2**248 - 1, 1 << 255)
