"""Agreements: files that the parties of a line sign one after another, and then somebody sends.

Whatever the parties agree on goes the same way: one proposes, each signs the same file, and whoever sends it
consents by that if it has not signed. An `Agreement` is such a file beside the chain: who has to agree, what
it says in words, and whether it is worth signing. A kind more is a class more, in `_FORMS`.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Final, Generic, Self, TypeVar

from eth_utils.crypto import keccak

from fabricant.chain import lookup
from fabricant.chain.client import Done
from fabricant.chain.escrow import LineState, SupplierEscrow
from fabricant.chain.fabricant import Fabricant
from fabricant.chain.payments import Payment, payment_of
from fabricant.chain.signing import Signer, is_valid
from fabricant.domain.bundles import leaf_of_id
from fabricant.domain.directory import Role
from fabricant.domain.escrow import (
    BY_CALLING,
    SCHEDULE,
    Consent,
    LineId,
    Outcome,
    Settlement,
    Terms,
    line_id,
)
from fabricant.domain.escrow.describe import describe_line, describe_settlement, describe_terms
from fabricant.domain.escrow.proposals import check_deadline, check_live, check_outcome, check_unopened
from fabricant.domain.signed_files import SETTLEMENT_FILE, TERMS_FILE, FileKind, SignedFile
from fabricant.domain.typed_data import Message
from fabricant.domain.units import NOTHING, Address, BaseUnits, UnixSeconds
from fabricant.errors import InvalidInput, SigningRefused, VerificationFailed

T = TypeVar("T")


class MissingConsent(InvalidInput):
    """Somebody has to sign yet."""


class BadConsent(VerificationFailed):
    """A signature in the file is not that of somebody who may sign for the side."""


@dataclass(frozen=True)
class Agreement(ABC, Generic[T]):
    """A file that parties sign, beside the chain that it is for."""

    fabricant: Fabricant
    file: SignedFile[T]

    role: ClassVar[Role]  # that operators need, to sign or send
    action: ClassVar[Callable[..., Done[Any]]]  # of the escrow, by which it is sent
    done: ClassVar[str]  # what is said then

    # What each kind says

    @property
    @abstractmethod
    def token(self) -> Address:
        """Of what amounts are."""

    @property
    @abstractmethod
    def parties(self) -> Mapping[str, Address]:
        """Who has to agree, by side."""

    @property
    @abstractmethod
    def new_terms(self) -> tuple[Terms, ...]:
        """Terms that are agreed by it, whose conditions have to be read, too."""

    @abstractmethod
    def words(self) -> list[str]:
        """What is agreed, in plain words."""

    @abstractmethod
    def check(self) -> None:
        """Raises InvalidInput, by rule, if it can't be sent now, whoever signs."""

    def check_proposal(self) -> None:
        """Raises as `check`, and for what one should not sign although the chain would take it."""
        self.check()

    @abstractmethod
    def sign(self, *, by: Signer) -> Consent:
        """A consent by signature. Sends nothing."""

    @abstractmethod
    def arguments(self, *, payer: Address, value: BaseUnits) -> Mapping[str, Any]:
        """What `action` takes. `value`: of the chain's own coin, in wei."""

    @property
    def price(self) -> BaseUnits:
        """What is paid into the escrow, in base units."""
        return NOTHING

    # What is the same for all

    def payment(self, payer: Address) -> Payment:
        """What it takes that `payer` pays its price. Raises as `payment_of`."""
        return payment_of(self.fabricant, self.token, self.price, payer=payer) if self.price else Payment()

    def signed(self, side: str, *, by: Signer) -> Self:
        """The same with one signature more. Sends nothing. Raises as `check_signer`, SigningRefused."""
        self.check_signer(side, by.address)
        return replace(self, file=self.file.signed(side, self.sign(by=by)))

    def side_of(self, account: Address) -> str:
        """For whom an account agrees by itself. Raises InvalidInput if it is none of the parties."""
        for side, party in self.parties.items():
            if account == party:
                return side
        sides = " nor ".join(self.parties)
        raise InvalidInput(f"{account} is neither {sides} of this line; say with --for whose operator it is")

    def may_agree(self, side: str, account: Address) -> bool:
        """Whether an account counts for a side: as the party, or as an operator that is not another party."""
        party = self.parties[side]
        if account == party:
            return True
        return account not in self.parties.values() and self.fabricant.directory.may_act(
            party, account, self.role
        )

    def check_signer(self, side: str, account: Address) -> None:
        """Raises SigningRefused if an account may not sign for a side."""
        if side not in self.parties:
            raise InvalidInput(f"this needs no consent of a {side}; sign for {' or '.join(self.parties)}")
        if not self.may_agree(side, account):
            raise SigningRefused(
                f"{account} may not sign for the {side}, {self.parties[side]}: sign with that wallet, or let "
                f"it lend you {self.role.label} (fabricant directory operator set)"
            )
        for other, consent in self.file.consents.items():
            if other != side and consent.signer == account:
                raise SigningRefused(
                    f"{account} signed for the {other} already, and nobody signs for both sides"
                )

    def counts(self, side: str) -> bool:
        """Whether a side has signed, and its signature counts now, as the contract will judge it."""
        if (consent := self.file.consents.get(side)) is None:
            return False
        digest, network = self._digest(consent), self.fabricant.network
        return self.may_agree(side, consent.signer) and is_valid(
            consent.signature, digest, signer=consent.signer, on=network
        )

    def check_consents(self, *, besides: str | None = None) -> None:
        """Raises BadConsent for a signature in the file that does not count; `besides`: of other sides."""
        for side in self.file.consents.keys() & self.parties.keys():
            if side != besides and not self.counts(side):
                raise BadConsent(
                    f"the {side}'s signature in this {self.file.kind.name} does not count: it is neither its "
                    "own nor that of an operator that may sign; ask for a file that it signed anew"
                )

    def check_sender(self, account: Address) -> None:
        """Raises MissingConsent if a side has not signed for which the sender does not count."""
        missing = [side for side in self.parties if side not in self.file.consents]
        standing_for = next((side for side in missing if self.may_agree(side, account)), None)
        if others := [side for side in missing if side != standing_for]:
            raise MissingConsent(
                f"the {' and the '.join(others)} has not signed this {self.file.kind.name}; hand over the "
                "file and ask for the signature (fabricant order sign)"
            )

    def _consents(self) -> dict[str, Consent]:
        return {side: self.file.consents.get(side, BY_CALLING) for side in self.parties}

    def _digest(self, consent: Consent) -> bytes:  # noqa: ARG002 - one kind can be signed several at once
        """What a signature is over."""
        return self.file.id


@dataclass(frozen=True)
class Opening(Agreement[Terms]):
    """A new line."""

    role = Role.OPEN
    action = staticmethod(SupplierEscrow.open)
    done = "The line is open."

    @property
    def parties(self) -> Mapping[str, Address]:
        """Both parties of the line."""
        return _both(self.file.content)

    @property
    def new_terms(self) -> tuple[Terms, ...]:
        """The line's."""
        return (self.file.content,)

    def words(self) -> list[str]:
        """The terms."""
        terms = self.file.content
        conditions = self.fabricant.escrow.conditions_of(terms.conditions)
        token = lookup.token_of(self.fabricant, terms.token)
        return [*describe_terms(terms, conditions, token=token)]

    def check(self) -> None:
        """Raises BrokenTerms, NotFound for unpublished conditions, WrongLineStatus if it was opened."""
        escrow = self.fabricant.escrow
        check_unopened(escrow.line_of(LineId(self.file.id)))
        escrow.check(self.file.content)

    def sign(self, *, by: Signer) -> Consent:
        """As `SupplierEscrow.sign_terms`."""
        return self.fabricant.escrow.sign_terms(self.file.content, by=by)

    @property
    def token(self) -> Address:
        """The line's."""
        return self.file.content.token

    @property
    def price(self) -> BaseUnits:
        """The line's."""
        return self.file.content.amount

    def arguments(self, *, payer: Address, value: BaseUnits) -> Mapping[str, Any]:
        """As `SupplierEscrow.open`."""
        return {"terms": self.file.content, **self._consents(), "payer": payer, "value": value}

    def _digest(self, consent: Consent) -> bytes:
        """The line's own, or that of the schedule to which the consent's proof leads."""
        if not consent.proof:
            return self.file.id
        node: bytes = leaf_of_id(self.file.id)
        for sibling in consent.proof:
            node = keccak(b"".join(sorted((node, sibling))))
        return Message(self.file.domain, SCHEDULE, {"root": node}).digest


@dataclass(frozen=True)
class Settling(Agreement[Settlement]):
    """The end of a line as both want it."""

    role = Role.CHANGE
    action = staticmethod(SupplierEscrow.settle)
    done = "The line was settled."

    @property
    def terms(self) -> Terms:
        """Those of the line that it ends."""
        return self.file.lines["line"]

    @property
    def token(self) -> Address:
        """The line's."""
        return self.terms.token

    @property
    def parties(self) -> Mapping[str, Address]:
        """Both parties of the line."""
        return _both(self.terms)

    @property
    def new_terms(self) -> tuple[Terms, ...]:
        """None."""
        return ()

    def words(self) -> list[str]:
        """Which line it is, how it stands, and who would get what."""
        terms, state = self.terms, self._state()
        token, line, at = lookup.token_of(self.fabricant, terms.token), state.line, state.at
        price = token.format(terms.amount)
        return [
            f"Line 0x{state.id.hex()}: {terms.buyer} buys from {terms.supplier} for {price}.",
            *describe_line(terms, line, state.conditions, token=token, at=at),
            "",
            *describe_settlement(self.file.content, terms, line, state.conditions, token=token, at=at),
        ]

    def check(self) -> None:
        """Raises ProposalExpired, WrongLineStatus."""
        state = self._state()
        check_live(state.line)
        check_deadline(self.file.content.deadline, at=state.at)

    def check_proposal(self) -> None:
        """Raises as `check`, OutcomeBeyondHeld."""
        self.check()
        state, terms = self._state(), self.terms
        token = lookup.token_of(self.fabricant, terms.token)
        check_outcome(self.file.content.outcome, terms, state.line, state.conditions, token=token)

    def sign(self, *, by: Signer) -> Consent:
        """As `SupplierEscrow.sign_settlement`."""
        return self.fabricant.escrow.sign_settlement(self.file.content, by=by)

    def arguments(self, *, payer: Address, value: BaseUnits) -> Mapping[str, Any]:  # noqa: ARG002 - free
        """As `SupplierEscrow.settle`."""
        settlement = self.file.content
        return {
            "terms": self.terms,
            "outcome": settlement.outcome,
            "deadline": settlement.deadline,
            **self._consents(),
        }

    def _state(self) -> LineState:
        return self.fabricant.escrow.state_of(self.terms)


_FORMS: Final[Mapping[str, type[Agreement[Any]]]] = {
    TERMS_FILE.format: Opening,
    SETTLEMENT_FILE.format: Settling,
}
KINDS: Final[tuple[FileKind[Any], ...]] = (TERMS_FILE, SETTLEMENT_FILE)


def agreement(fabricant: Fabricant, file: SignedFile[Any]) -> Agreement[Any]:
    """What a file is for. Raises WrongChain if it is for another contract or chain."""
    file.check_domain(fabricant.escrow.domain)
    return _FORMS[file.kind.format](fabricant, file)


def opening(fabricant: Fabricant, terms: Terms) -> Opening:
    """A line that nobody has signed yet."""
    return Opening(fabricant, SignedFile(TERMS_FILE, fabricant.escrow.domain, terms))


def settling(fabricant: Fabricant, terms: Terms, outcome: Outcome, *, deadline: UnixSeconds) -> Settling:
    """A settlement of a line that nobody has signed yet. `deadline` is exclusive."""
    domain = fabricant.escrow.domain
    settlement = Settlement(id=line_id(terms, domain), outcome=outcome, deadline=deadline)
    return Settling(fabricant, SignedFile(SETTLEMENT_FILE, domain, settlement, lines={"line": terms}))


def _both(terms: Terms) -> dict[str, Address]:
    return {"buyer": terms.buyer, "supplier": terms.supplier}
