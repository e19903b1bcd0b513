"""Who acts for whom.

Participants are addresses. A principal lends roles to operators, each role a bit, until a time; an operator
can lend nothing on. A grant can also be signed: it then names the version that it replaces and a nonce, so
that it works at most once and never comes back after it was revoked.
"""

from dataclasses import dataclass
from enum import IntFlag
from typing import Final

from fabricant.domain.typed_data import Struct
from fabricant.domain.units import MAX_TIME, ZERO_ADDRESS, Address, UnixSeconds, format_time
from fabricant.errors import InvalidInput

GRANT: Final = Struct(
    "OperatorGrant",
    "address principal, address operator, uint16 roles, uint40 until, uint32 version, uint256 nonce, "
    "uint40 deadline",
)


class Role(IntFlag):
    """What an operator may do for its principal. Bits that are not listed are kept for later contracts."""

    OPEN = 1 << 0
    CHANGE = 1 << 1
    QUALITY = 1 << 2
    FINANCE = 1 << 3
    RECORD = 1 << 4
    ASSETS = 1 << 5

    @property
    def meaning(self) -> str:
        """What all of these roles together allow, in words."""
        return "; ".join(_MEANINGS[role] for role in Role if role in self) or "nothing"

    @property
    def advice(self) -> str:
        """To whom such roles are given."""
        return "; ".join(_ADVICE[role] for role in Role if role in self) or "nobody"

    @property
    def label(self) -> str:
        """The names of the roles: "OPEN + CHANGE"."""
        known = [str(role.name) for role in Role if role in self]
        later = int(self) & ~int(_ALL)
        return " + ".join(known + ([f"{later:#x}"] if later else [])) or "none"

    @classmethod
    def parse(cls, text: str) -> "Role":
        """The roles that a list of names such as "OPEN, quality" means. Raises InvalidInput for others."""
        names = [name.strip().upper() for name in text.replace("+", ",").split(",")]
        if unknown := [name for name in names if name not in cls.__members__]:
            raise InvalidInput(f"there is no role {unknown[0]!r}; there are {', '.join(cls.__members__)}")
        roles = cls(0)
        for name in names:
            roles |= cls[name]
        return roles


NO_ROLE: Final = Role(0)
_NEVER: Final = UnixSeconds(0)
_ALL: Final = Role(sum(Role))
_MEANINGS: Final = {
    Role.OPEN: (
        "open and book lines, offer hours, and sign for that, spending the principal's allowance and free "
        "balance"
    ),
    Role.CHANGE: "cancel, resign, terminate, extend, settle and amend lines, and sign for that",
    Role.QUALITY: "deliver, confirm receipt, accept a delivery, reject and dispute",
    Role.FINANCE: "pay, refund, accept without a delivery, deposit, and withdraw to the principal",
    Role.RECORD: "record and anchor data; it moves no money",
    Role.ASSETS: (
        "register assets and change their status, twin and device, deliver and collect goods, take hours of "
        "machines out of sale"
    ),
}
_ADVICE: Final = {
    Role.OPEN: "code or people trusted with the principal's money (the market needs only this)",
    Role.CHANGE: "purchasing and sales",
    Role.QUALITY: "inspectors and the shop floor",
    Role.FINANCE: "accounts",
    Role.RECORD: "gateways and machines",
    Role.ASSETS: "asset management",
}


@dataclass(frozen=True, slots=True)
class Operator:
    """What a principal has lent to one operator. `until` is exclusive; `version` counts the changes."""

    roles: Role = NO_ROLE
    until: UnixSeconds = _NEVER
    version: int = 0

    def may(self, role: Role, at: UnixSeconds) -> bool:
        """Whether it has all these roles at a time. It has no role that is not asked for."""
        return bool(role) and role in self.roles and at < self.until


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorGrant:
    """A grant as the principal signs it. Times in Unix seconds, exclusive.

    `version` is the operator's present one, which the grant replaces; `nonce` may be any that is not spent.
    """

    principal: Address
    operator: Address
    roles: Role
    until: UnixSeconds
    version: int
    nonce: int
    deadline: UnixSeconds

    def check(self, at: UnixSeconds) -> None:
        """Raises InvalidInput if the Directory would refuse the grant at that time, whatever it knows."""
        check_operator(self.principal, self.operator)
        GRANT.hash(self)
        if self.roles and at >= self.until:
            raise InvalidInput(f"the roles would be over since {format_time(self.until)}; choose a later end")
        if at >= self.deadline:
            raise InvalidInput(f"the grant expired at {format_time(self.deadline)}; sign a new one")


def check_operator(principal: Address, operator: Address) -> None:
    """Raises InvalidInput for an operator that nobody can have."""
    if operator in (ZERO_ADDRESS, principal):
        raise InvalidInput(f"{operator} can't be an operator of {principal}; name another address")


def nonce_word(nonce: int) -> tuple[int, int]:
    """Where a nonce is kept: the number of its word, and its bit as a mask. For grants and for offers."""
    return nonce >> 8, 1 << (nonce & 255)


FOREVER: Final = MAX_TIME  # the latest end that roles can have
