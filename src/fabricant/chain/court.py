"""The typed client of the ArbiterERC792: a court of ERC-792, such as Kleros, as the arbiter of order lines.

A line names the contract as its arbiter. Once the line is disputed, somebody pays the court to hear it, in
the chain's own coin; the court rules in its own time; then anybody has the ruling carried out, and who paid
the court gets the arbiter's fee of the line.
"""

from dataclasses import dataclass
from enum import IntEnum
from typing import Self

from eth_abi.abi import encode

from fabricant.artifacts import load
from fabricant.chain.client import Client, Done
from fabricant.chain.network import At, Network
from fabricant.chain.transactions import Sender
from fabricant.chain.wallet import Wallet
from fabricant.domain.escrow import LineId, Terms
from fabricant.domain.units import ZERO_ADDRESS, Address, BaseUnits
from fabricant.errors import BadAnswer


class Choice(IntEnum):
    """What the court may answer, and how the line then ends."""

    REFUSED = 0  # by the agreed split, as if nobody had ruled
    SUPPLIER = 1  # as if accepted, without a retention
    BUYER = 2  # all that is held back to the buyer; the bond too, if no cure was left


@dataclass(frozen=True, slots=True, kw_only=True)
class CourtCase:
    """One dispute of a line at the court. `payer` paid for it; zero: nobody asked."""

    dispute_id: int
    payer: Address
    ruled: bool
    ruling: Choice

    @property
    def is_asked(self) -> bool:
        """Whether the court was asked at all."""
        return self.payer != ZERO_ADDRESS


@dataclass(frozen=True, slots=True, kw_only=True)
class MetaEvidence:
    """ERC-1497: where it is written what the court is asked."""

    meta_evidence_id: int
    evidence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispute:
    """ERC-1497: a dispute began. The group is the line's id as a number."""

    arbitrator: Address
    dispute_id: int
    meta_evidence_id: int
    evidence_group_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """ERC-1497: where evidence is found. Anybody's."""

    arbitrator: Address
    evidence_group_id: int
    party: Address
    evidence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruling:
    """ERC-792: the court ruled, in its own number; one that is no Choice counts as refused."""

    arbitrator: Address
    dispute_id: int
    ruling: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CourtAsked:
    """Somebody paid the court `cost` wei to hear a line."""

    id: LineId
    dispute_id: int
    by: Address
    cost: BaseUnits


@dataclass(frozen=True, slots=True, kw_only=True)
class RulingAppealed:
    """Somebody paid the court `cost` wei to judge again."""

    dispute_id: int
    by: Address
    cost: BaseUnits


@dataclass(frozen=True, slots=True, kw_only=True)
class RulingExecuted:
    """A ruling ended its line."""

    id: LineId
    dispute_id: int
    ruling: Choice


@dataclass(frozen=True, slots=True, kw_only=True)
class OwedChanged:
    """What somebody may withdraw changed; base units."""

    owner: Address
    token: Address
    owed_after: BaseUnits


class ArbiterERC792(
    Client,
    contract="ArbiterERC792",
    events=(
        MetaEvidence,
        Dispute,
        Evidence,
        Ruling,
        CourtAsked,
        RulingAppealed,
        RulingExecuted,
        OwedChanged,
    ),
):
    """A court as the arbiter of lines."""

    @classmethod
    def create(
        cls,
        network: Network,
        wallet: Wallet,
        *,
        escrow: Address,
        arbitrator: Address,
        extra_data: bytes,
        meta_evidence: str,
    ) -> Self:
        """Makes a court an arbiter that lines of an escrow can name. Anyone; sends a transaction.

        `extra_data`: what the court wants to know of every dispute (of Kleros: subcourt and number of jurors,
        32 bytes each). `meta_evidence`: where the question and its choices are written (ERC-1497).
        """
        types = ["address", "address", "bytes", "string"]
        arguments = encode(types, [escrow, arbitrator, extra_data, meta_evidence])
        receipt = Sender(network, wallet).send(None, load(cls.contract).bytecode + arguments)
        if receipt.created is None:
            raise BadAnswer(f"{receipt.transaction} created no contract; try another node")
        return cls(network, receipt.created, wallet=wallet)

    # Asking

    def ask(self, terms: Terms, *, value: BaseUnits | None = None) -> Done[CourtAsked]:
        """Pays the court to hear a disputed line, once for each dispute. Anyone; sends a transaction.

        `value`: wei to send along, by default what the court asks for now; the rest comes back. Raises
        ArbiterERC792_NotArbiter, ArbiterERC792_NotDisputed, ArbiterERC792_AlreadyAsked,
        ArbiterERC792_TooLate, ArbiterERC792_TooLittleCoin, or the court's own error.
        """
        sent = self.cost(at="pending") if value is None else value
        return self._do(CourtAsked, "ask", terms, value=sent)

    def appeal(self, dispute_id: int, *, value: BaseUnits | None = None) -> Done[RulingAppealed]:
        """Pays the court to judge again, while it takes appeals. Anyone; sends a transaction.

        `value`: as `ask`. Nobody pays an appeal back. Raises ArbiterERC792_UnknownDispute,
        ArbiterERC792_AlreadyRuled, ArbiterERC792_TooLittleCoin, or the court's own error.
        """
        sent = self.appeal_cost(dispute_id, at="pending") if value is None else value
        return self._do(RulingAppealed, "appeal", dispute_id, value=sent)

    def submit_evidence(self, line: LineId, evidence: str) -> Done[Evidence]:
        """Shows the court where evidence about a line is found. Anyone; sends a transaction."""
        return self._do(Evidence, "submitEvidence", int.from_bytes(line, "big"), evidence)

    # Ruling

    def execute(self, terms: Terms) -> Done[RulingExecuted]:
        """Ends a line as the court ruled; the fee is owed to who paid the court. Anyone.

        Sends a transaction. Raises ArbiterERC792_NotAsked, ArbiterERC792_NotRuled, SupplierEscrow_TooLate,
        SupplierEscrow_WrongStatus.
        """
        return self._do(RulingExecuted, "execute", terms)

    def withdraw(self, owner: Address, token: Address) -> Done[OwedChanged]:
        """Pays all that is owed to an owner in a token (zero: coin), to that owner. Anyone.

        Sends a transaction. Raises ArbiterERC792_NothingOwed, ArbiterERC792_PayoutFailed,
        SupplierEscrow_PayoutFailed, or the token's error.
        """
        return self._do(OwedChanged, "withdraw", owner, token)

    # Looking

    def cost(self, *, at: At = "latest") -> BaseUnits:
        """What it costs to ask, in wei. Raises the court's own error."""
        return BaseUnits(self._read("cost", at=at))

    def appeal_cost(self, dispute_id: int, *, at: At = "latest") -> BaseUnits:
        """What it costs to appeal, in wei; beyond all coin if one can't. Raises the court's own error."""
        return BaseUnits(self._read("appealCost", dispute_id, at=at))

    def case_of(self, line: LineId, *, over_retention: bool = False, at: At = "latest") -> CourtCase:
        """What was asked about a line, and answered. A dispute over its retention is a case of its own."""
        return self._read_as(CourtCase, "caseOf", line, over_retention, at=at)

    def owed_to(self, owner: Address, token: Address, *, at: At = "latest") -> BaseUnits:
        """What an owner can withdraw, in base units."""
        return BaseUnits(self._read("owedTo", owner, token, at=at))

    def arbitrator(self) -> Address:
        """The court."""
        return Address(self._read("arbitrator"))

    def extra_data(self) -> bytes:
        """What the court is told of every dispute."""
        return bytes(self._read("extraData"))
