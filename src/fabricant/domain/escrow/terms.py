"""One line of a purchase order: one deliverable, one price, one due date.

Both parties sign the Terms, and the hash of what they sign is the line's id, so the chain needs to keep
nothing of them. `check` applies the contract's rules before anybody signs: each broken rule is an error of
its own, named like the contract's.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NewType

from eth_abi.abi import encode
from eth_utils.crypto import keccak

from fabricant.domain.escrow.conditions import Conditions, ConditionsId
from fabricant.domain.typed_data import Domain, Message, Struct
from fabricant.domain.units import (
    ZERO_ADDRESS,
    Address,
    BaseUnits,
    UnixSeconds,
    format_bps,
    format_time,
)
from fabricant.errors import InvalidInput

LineId = NewType("LineId", bytes)  # 32 bytes: the EIP-712 digest of Terms; zero means "none"

NO_HASH: Final = bytes(32)
MAX_ASSETS: Final = 64

TERMS: Final = Struct(
    "Terms",
    "address buyer, address supplier, address inspector, address arbiter, address broker, address token, "
    "uint128 amount, uint40 openBy, uint40 dueBy, uint16 assets, bytes32 deliverables, bytes32 documents, "
    "bytes32 orderRef, address opener, bytes32 subject, bytes32 conditions, uint256 salt",
)


class BrokenTerms(InvalidInput):
    """Terms that the escrow would not open. Each rule has a class of its own."""


class OtherConditions(BrokenTerms):
    """The terms name other trade conditions than the ones at hand."""


class NoAmount(BrokenTerms):
    """The price is zero."""


class DueBeforeOpening(BrokenTerms):
    """The line would be due before it must be opened."""


class TooLate(BrokenTerms):
    """The time to open the line is over."""


class TooManyAssets(BrokenTerms):
    """More assets are agreed than a line can hand over."""


class DeliverablesWithoutAssets(BrokenTerms):
    """Deliverables are named but no assets are to be handed over."""


class BadParty(BrokenTerms):
    """Two parties that must differ are one, a party is missing, or one is the escrow itself."""


class FeeWithoutArbiter(BrokenTerms):
    """The conditions have an arbiter's fee, but nobody arbitrates."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What both parties of an order line agree to. Money in base units of `token`, times in Unix seconds.

    `supplier` differs from the buyer, and both from the arbiter. Without an inspector the buyer inspects;
    without an arbiter a dispute ends in time to settle and the default split. `deliverables` names the
    exact assets and quantities (`deliverables_of`); zero: any of that number. With an `opener`, only that
    contract opens the line.
    """

    buyer: Address
    supplier: Address
    inspector: Address = ZERO_ADDRESS
    arbiter: Address = ZERO_ADDRESS
    broker: Address = ZERO_ADDRESS  # commission agent
    token: Address  # ERC-20; zero: the chain's own coin
    amount: BaseUnits  # the price, at least 1, held from opening
    open_by: UnixSeconds  # exclusive
    due_by: UnixSeconds  # inclusive: exactly then is in time
    assets: int = 0  # how many registry assets are handed over, at most 64
    deliverables: bytes = NO_HASH
    documents: bytes = NO_HASH  # commitment to the contract package
    order_ref: bytes = NO_HASH  # `order_ref(number, salt=…)`
    opener: Address = ZERO_ADDRESS
    subject: bytes = NO_HASH  # what the opener binds there
    conditions: ConditionsId
    salt: int

    def check(
        self, conditions: Conditions, *, at: UnixSeconds | None = None, escrow: Address | None = None
    ) -> None:
        """Raises BrokenTerms, by rule, if the escrow would refuse these terms under these conditions.

        `at`: when they are to be opened, if that is to be checked too. Raises InvalidInput for a value that
        its type does not hold.
        """
        TERMS.hash(self)
        if self.conditions != conditions.id:
            raise OtherConditions("the terms name other trade conditions; take those that both parties read")
        if self.amount == 0:
            raise NoAmount("the price is zero; a line holds at least one base unit")
        self._check_times(at)
        self._check_assets()
        self._check_parties(escrow)
        if self.arbiter == ZERO_ADDRESS and conditions.arbiter_fee_bps:
            raise FeeWithoutArbiter(
                f"the conditions give an arbiter {format_bps(conditions.arbiter_fee_bps)} of the price, but "
                "the terms name none; name an arbiter, or take conditions without a fee"
            )

    def _check_times(self, at: UnixSeconds | None) -> None:
        if self.open_by > self.due_by:
            raise DueBeforeOpening(
                f"due by {format_time(self.due_by)}, before it must be opened ({format_time(self.open_by)}); "
                "choose a later due date"
            )
        if at is not None and at >= self.open_by:
            raise TooLate(f"the line had to be opened before {format_time(self.open_by)}; agree on new terms")

    def _check_assets(self) -> None:
        if self.assets > MAX_ASSETS:
            raise TooManyAssets(
                f"{self.assets} assets, but a line hands over {MAX_ASSETS} at most; use more lines"
            )
        if self.assets == 0 and self.deliverables != NO_HASH:
            raise DeliverablesWithoutAssets(
                "the terms name deliverables but no assets; say how many there are"
            )

    def _check_parties(self, escrow: Address | None) -> None:
        if ZERO_ADDRESS in (self.buyer, self.supplier):
            raise BadParty("a line has a buyer and a supplier; name both")
        if self.supplier == self.buyer:
            raise BadParty(f"{self.supplier} can't be both supplier and buyer")
        if self.arbiter in (self.buyer, self.supplier):
            raise BadParty(f"{self.arbiter} can't judge its own case; name another arbiter")
        if self.inspector != ZERO_ADDRESS and self.inspector in (self.supplier, self.arbiter):
            raise BadParty(f"{self.inspector} can't inspect as supplier or arbiter; name another inspector")
        if self.broker == escrow:
            raise BadParty(f"{self.broker} is the escrow itself and can't be the broker")


def line_id(terms: Terms, domain: Domain) -> LineId:
    """The id of an order line: what both parties sign."""
    return LineId(Message(domain, TERMS, terms).digest)


def deliverables_of(assets: Sequence[int], quantities: Sequence[int]) -> bytes:
    """What `Terms.deliverables` is for exactly these assets, in this order, with these quantities.

    Raises InvalidInput for none, too many, or lists of different lengths.
    """
    if not 0 < len(assets) <= MAX_ASSETS or len(assets) != len(quantities):
        raise InvalidInput(f"name 1 to {MAX_ASSETS} assets, with a quantity for each")
    return keccak(encode(["uint256[]", "uint128[]"], [assets, quantities]))


def goods_hash(assets: Sequence[int]) -> bytes:
    """The 24 bytes by which the escrow knows the goods in its custody."""
    return keccak(encode(["uint256[]"], [assets]))[:24]


def order_ref(number: str, *, salt: bytes) -> bytes:
    """What `Terms.order_ref` is for a purchase order number, so that others can't read volumes per order.

    `salt`: 32 random bytes that the parties keep. Raises InvalidInput for a salt of another length.
    """
    if len(salt) != 32:
        raise InvalidInput("the salt of an order reference is 32 random bytes")
    return keccak(salt + number.encode())
