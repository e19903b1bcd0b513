"""An asset that secures a debt while its owner goes on using it.

Pledger and lender sign the PledgeTerms, and the hash of what they sign is the pledge's id; the chain keeps a
Lien of it, one word. `check` finds terms that nobody should sign; `describe_pledge` and `describe_lien` are
what people read before they sign or send, and when they ask how a pledge stands.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from typing import Final, NewType

from fabricant.domain.assets import AssetId
from fabricant.domain.typed_data import Domain, Message, Struct
from fabricant.domain.units import (
    ZERO_ADDRESS,
    Address,
    BaseUnits,
    Seconds,
    Token,
    UnixSeconds,
    format_duration,
    format_time,
)
from fabricant.errors import InvalidInput

PledgeId = NewType("PledgeId", bytes)  # 32 bytes: the EIP-712 digest of PledgeTerms

NO_HASH: Final = bytes(32)

PLEDGE_TERMS: Final = Struct(
    "PledgeTerms",
    "address pledger, address lender, uint256 asset, uint128 quantity, address token, uint128 advance, "
    "uint128 amount, uint40 openBy, uint40 dueBy, uint32 cure, bytes32 documents, uint256 salt",
)


class PledgeStatus(IntEnum):
    """Life of a pledge. Only PLEDGED goes on."""

    NONE = 0
    PLEDGED = 1
    RETURNED = 2  # redeemed or released: the asset is the pledger's
    FORECLOSED = 3  # the asset is the lender's
    REVOKED = 4  # never pledged, and can't be any more


class BrokenPledge(InvalidInput):
    """Terms that nobody should sign."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lien:
    """What the chain keeps of a pledge. `noticed_at`: when default was declared; zero: it was not."""

    status: PledgeStatus
    in_custody: bool  # the asset is with the contract
    noticed_at: UnixSeconds


@dataclass(frozen=True, slots=True, kw_only=True)
class PledgeTerms:
    """What pledger and lender agree to. Money in base units of `token`, times in Unix seconds."""

    pledger: Address  # owns the asset, and goes on using it
    lender: Address  # gets the asset if nobody redeems it
    asset: AssetId
    quantity: int = 1  # of a lot, in whole base units; one for anything else
    token: Address  # ERC-20
    advance: BaseUnits  # what the lender pays with the pledge; zero: the debt is older than that
    amount: BaseUnits  # what redeems it
    open_by: UnixSeconds  # exclusive: it is pledged before
    due_by: UnixSeconds  # from then default can be declared
    cure: Seconds  # between that and the foreclosure
    documents: bytes = NO_HASH  # commitment to the contract that it secures
    salt: int

    def check(self, *, at: UnixSeconds | None = None) -> None:
        """Raises BrokenPledge for terms that nobody should sign. `at`: when they would be pledged.

        Raises InvalidInput for a value that its type does not hold.
        """
        PLEDGE_TERMS.hash(self)
        if self.pledger == self.lender:
            raise BrokenPledge(f"{self.pledger} can't be pledger and lender at once; name another")
        if self.token == ZERO_ADDRESS:
            raise BrokenPledge("a pledge is redeemed in an ERC-20 token, not in coin; name a token")
        if not self.amount:
            raise BrokenPledge("nothing redeems this pledge, so that anybody could; name an amount")
        if self.open_by > self.due_by:
            raise BrokenPledge(
                f"the debt is due from {format_time(self.due_by)}, before it has to be pledged "
                f"({format_time(self.open_by)}); choose a later due date"
            )
        if not self.cure:
            raise BrokenPledge(
                "without a cure the asset is lost with the declaration of default; agree on one"
            )
        if at is not None and at >= self.open_by:
            raise BrokenPledge(f"it had to be pledged before {format_time(self.open_by)}; agree on new terms")


def pledge_id(terms: PledgeTerms, domain: Domain) -> PledgeId:
    """The id of a pledge: what both parties sign."""
    return PledgeId(Message(domain, PLEDGE_TERMS, terms).digest)


def foreclosable_from(terms: PledgeTerms, lien: Lien) -> UnixSeconds:
    """From when the lender may foreclose; without a declaration of default, the earliest there can be."""
    return UnixSeconds((lien.noticed_at or terms.due_by) + terms.cure)


def describe_pledge(terms: PledgeTerms, *, token: Token) -> tuple[str, ...]:
    """What the parties agree to."""
    quantity = f"{terms.quantity:,} units of " if terms.quantity != 1 else ""
    cure, due = format_duration(terms.cure), format_time(terms.due_by)
    return (
        f"{terms.pledger} pledges {quantity}asset {terms.asset:#066x} to {terms.lender}.",
        f"{terms.lender} pays {token.format(terms.advance)} with that."
        if terms.advance
        else "No money is paid with that: it secures a debt that exists already.",
        f"It has to be pledged before {format_time(terms.open_by)}.",
        f"Whoever pays {token.format(terms.amount)} redeems it, and the lender may release it without that.",
        f"From {due} the lender may declare default, and {cure} later take the asset for good,",
        "whatever it is worth. Until that happens it can be redeemed.",
        "Meanwhile the pledger alone uses it, sells its hours and records. Nobody sells, lends, assembles,",
        "transforms or suspends it or changes its twin; its device is unbound.",
        *([f"It secures the contract 0x{terms.documents.hex()}."] if terms.documents != NO_HASH else []),
    )


def describe_lien(terms: PledgeTerms, lien: Lien, *, at: UnixSeconds) -> tuple[str, ...]:
    """How a pledge stands at a time, and what can happen next."""
    return tuple(_standing(terms, lien, at))


def _standing(terms: PledgeTerms, lien: Lien, at: UnixSeconds) -> Iterator[str]:
    match lien.status:
        case PledgeStatus.NONE:
            in_time = at < terms.open_by
            yield "It is not pledged yet." if in_time else "It was not pledged, and its time is over."
        case PledgeStatus.REVOKED:
            yield "It was revoked and can't be pledged any more."
        case PledgeStatus.RETURNED:
            yield f"It is over: the asset is {terms.pledger}'s, free of it."
        case PledgeStatus.FORECLOSED:
            yield f"It is over: the asset is {terms.lender}'s."
        case PledgeStatus.PLEDGED:
            yield "The asset is pledged."
            yield _default(terms, lien, at)
    if lien.in_custody and lien.status is not PledgeStatus.PLEDGED:
        yield "It was recalled or held when the pledge ended, and waits to be collected."


def _default(terms: PledgeTerms, lien: Lien, at: UnixSeconds) -> str:
    if not lien.noticed_at:
        said = "The lender may declare default" if at >= terms.due_by else "Nothing is due"
        return f"{said} (due {format_time(terms.due_by)})."
    begins = foreclosable_from(terms, lien)
    said = (
        "The lender may foreclose" if at >= begins else f"The lender may foreclose from {format_time(begins)}"
    )
    return f"Default was declared at {format_time(lien.noticed_at)}. {said}."
