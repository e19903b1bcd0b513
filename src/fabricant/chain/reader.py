"""The typed client of the EscrowReader: an order line in one call, and what would be refused.

The reader asks the escrow and works out moments, endings and refusals on the chain, at the time of a block.
It holds nothing and may do nothing; whoever doubts it deploys another.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

from fabricant.chain.client import Client
from fabricant.chain.network import At
from fabricant.domain.escrow import Ending, Line, LineId, PackedConditions, Payoff, Terms
from fabricant.domain.units import Address, BaseUnits, UnixSeconds


class Deed(IntEnum):
    """What changes a line, as the reader numbers it."""

    REVOKE = 0
    DELIVER = 1
    CONFIRM_RECEIPT = 2
    ACCEPT = 3
    DEEM_ACCEPT = 4
    REJECT = 5
    DISPUTE = 6
    EVIDENCE = 7
    RULE = 8
    APPLY_DEFAULT = 9
    SETTLE = 10
    AMEND = 11
    ASSIGN = 12
    PAY = 13
    REFUND = 14
    EXTEND = 15
    CANCEL = 16
    RESIGN = 17
    TERMINATE = 18
    PAY_RETENTION = 19
    COLLECT = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Clocks:
    """The moments of a line; zero: not running."""

    long_stop: UnixSeconds
    decline_end: UnixSeconds
    inspection_end: UnixSeconds
    cure_end: UnixSeconds
    retention_end: UnixSeconds
    arbitration_end: UnixSeconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Possible:
    """An ending that somebody can bring about now."""

    ending: Ending
    payoff: Payoff


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """Everything about a line. Amounts in base units of its token; `payee` zero: not assigned."""

    id: LineId
    line: Line
    conditions: PackedConditions
    assets_hash: bytes
    owed: int
    payee: Address
    bond: BaseUnits
    advance: BaseUnits
    arbiter_fee: BaseUnits
    clocks: Clocks
    possible: tuple[Possible, ...]


class EscrowReader(Client, contract="EscrowReader"):
    """Reads one escrow. Sends nothing."""

    def overview(self, terms: Terms, *, at: At = "latest") -> Overview:
        """Everything about the line that the terms prove."""
        return self._read_as(Overview, "overview", terms, at=at)

    def refusal(
        self,
        deed: Deed,
        terms: Terms,
        *,
        caller: Address,
        figure: int = 0,
        assets: Sequence[int] = (),
        at: At = "latest",
    ) -> bytes:
        """The escrow's error, ABI-encoded, or nothing if state, time and caller allow the deed.

        `figure`: the held_after, extra_after or deadline. Tokens, balances, receivers, consents and the
        registry's answers are not checked. Raises EscrowReader_NoAnswer.
        """
        return bytes(self._read("refusal", deed, terms, caller, (figure, tuple(assets)), at=at))

    def check(
        self,
        deed: Deed,
        terms: Terms,
        *,
        caller: Address,
        figure: int = 0,
        assets: Sequence[int] = (),
        at: At = "latest",
    ) -> None:
        """Like `refusal`, but raises the escrow's error."""
        self._read("check", deed, terms, caller, (figure, tuple(assets)), at=at)
