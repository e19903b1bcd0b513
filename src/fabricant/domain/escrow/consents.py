"""How a party agrees: by calling, or by a signature over what it agrees to.

A `Consent` is what a call carries for one side. The other structs are what is signed: several lines at
once, the end of a line as both want it, a line in place of another, a receivable in new hands. Each is
typed data of the escrow on one chain; nothing signed for one line counts for another.
"""

from dataclasses import dataclass
from typing import Final

from fabricant.domain.bundles import Bundle
from fabricant.domain.escrow.terms import LineId
from fabricant.domain.typed_data import Struct
from fabricant.domain.units import NOTHING, ZERO_ADDRESS, Address, BaseUnits, UnixSeconds

SCHEDULE: Final = Struct("Schedule", "bytes32 root")
OUTCOME: Final = Struct("Outcome", "uint128 toSupplier, uint128 bondToBuyer, bool goodsToBuyer")
SETTLEMENT: Final = Struct("Settlement", "bytes32 id, Outcome outcome, uint40 deadline", uses=[OUTCOME])
AMENDMENT: Final = Struct(
    "Amendment", "bytes32 oldId, bytes32 newId, Outcome outcome, uint40 deadline", uses=[OUTCOME]
)
ASSIGNMENT: Final = Struct("Assignment", "bytes32 id, address payee, uint40 deadline")
PERMIT: Final = Struct(
    "Permit", "address owner, address spender, uint256 value, uint256 nonce, uint256 deadline"
)  # the token's, not the escrow's (ERC-2612)


@dataclass(frozen=True, slots=True)
class Consent:
    """One side's consent to a call. Without a signer, the caller consents: as the party or as its operator.

    `proof` leads from the lines (or the offer) to the root that was signed; empty if their id itself was.
    """

    signer: Address = ZERO_ADDRESS
    proof: tuple[bytes, ...] = ()
    signature: bytes = b""


@dataclass(frozen=True, slots=True)
class Permit:
    """A payer's allowance for the escrow, signed (ERC-2612). `value`: base units; `deadline`: inclusive."""

    value: BaseUnits
    deadline: UnixSeconds
    v: int
    r: bytes
    s: bytes


BY_CALLING: Final = Consent()


@dataclass(frozen=True, slots=True)
class Consents:
    """Those of all who have to agree; the payee's counts only if the line is assigned."""

    buyer: Consent = BY_CALLING
    supplier: Consent = BY_CALLING
    payee: Consent = BY_CALLING


class Schedule(Bundle[LineId]):
    """Several lines under one signature, each of which can be opened by itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The end of a line as somebody decides it. Base units; the supplier side gets at most what is held."""

    to_supplier: BaseUnits
    bond_to_buyer: BaseUnits = NOTHING
    goods_to_buyer: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """Both parties end a line. `deadline` is exclusive."""

    id: LineId
    outcome: Outcome
    deadline: UnixSeconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Amendment:
    """Both parties replace a line. `outcome` is the old line's: work in progress is the supplier's share."""

    old_id: LineId
    new_id: LineId
    outcome: Outcome
    deadline: UnixSeconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """A payee accepts what is due to the supplier of a line. `deadline` is exclusive."""

    id: LineId
    payee: Address
    deadline: UnixSeconds
