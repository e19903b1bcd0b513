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
from fabricant.chain.capacity import CapacityMarket
from fabricant.chain.client import Client, Done
from fabricant.chain.errors import SupplierEscrow_NoConsent, SupplierEscrow_TooLate
from fabricant.chain.escrow import LineState, SupplierEscrow
from fabricant.chain.fabricant import Fabricant
from fabricant.chain.payments import Payment, payment_of
from fabricant.chain.signing import Signer, is_valid
from fabricant.domain.bundles import leaf_of_id
from fabricant.domain.capacity import Booking, Reservation, check_bound, check_exchange, check_seller
from fabricant.domain.directory import Role
from fabricant.domain.escrow import (
    BY_CALLING,
    SCHEDULE,
    Amendment,
    Assignment,
    Consent,
    Consents,
    LineId,
    Outcome,
    Permit,
    Settlement,
    Terms,
    bond,
    line_id,
)
from fabricant.domain.escrow.describe import (
    describe_amendment,
    describe_assignment,
    describe_line,
    describe_settlement,
    describe_terms,
    still_to_pay,
    supplier_side,
)
from fabricant.domain.escrow.payoffs import decided
from fabricant.domain.escrow.proposals import (
    WrongPayee,
    check_amendable,
    check_bond,
    check_deadline,
    check_later,
    check_live,
    check_outcome,
    check_payee,
    check_successor,
    check_unopened,
)
from fabricant.domain.signed_files import (
    AMENDMENT_FILE,
    ASSIGNMENT_FILE,
    RESCHEDULING_FILE,
    SETTLEMENT_FILE,
    TERMS_FILE,
    FileKind,
    SignedFile,
)
from fabricant.domain.typed_data import Message
from fabricant.domain.units import NOTHING, ZERO_ADDRESS, Address, BaseUnits, HourIndex, UnixSeconds, count_of
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
    action: ClassVar[Callable[..., Done[Any]]]  # of `client`, by which it is sent
    done: ClassVar[str]  # what is said then
    anybody_sends: ClassVar[bool] = True  # who has to agree; else somebody else alone

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

    @property
    @abstractmethod
    def line(self) -> LineId:
        """The line that stands there once it was sent."""

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
    def client(self) -> Client:
        """The contract that it is sent to."""
        return self.fabricant.escrow

    @property
    def price(self) -> BaseUnits:
        """What is paid into the escrow, in base units."""
        return NOTHING

    def payer(self, account: Address) -> Address:
        """Who pays, if `account` is to."""
        return account

    def role_for(self, side: str) -> Role:  # noqa: ARG002 - most need the same for each
        """What an operator of a side needs."""
        return self.role

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
        """Whether an account counts for a side: as the party, or as an operator who is not across."""
        parties = self.parties
        if account == (party := parties[side]):
            return True
        across = {each for other, each in parties.items() if _across(side, other)}
        return account not in across and self.fabricant.directory.may_act(party, account, self.role_for(side))

    def check_signer(self, side: str, account: Address) -> None:
        """Raises SigningRefused if an account may not sign for a side."""
        if side not in self.parties:
            raise InvalidInput(f"this needs no consent of a {side}; sign for {' or '.join(self.parties)}")
        if not self.may_agree(side, account):
            raise SigningRefused(
                f"{account} may not sign for the {side}, {self.parties[side]}: sign with that wallet, or let "
                f"it lend you {self.role_for(side).label} (fabricant directory operator set)"
            )
        for other, consent in self.file.consents.items():
            if _across(side, other) and consent.signer == account:
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
        standing_for = [side for side in missing if self.may_agree(side, account)]
        counted = [side for side in standing_for if not _across(standing_for[0], side)]
        if others := [side for side in missing if side not in counted]:
            has = "have" if len(others) > 1 else "has"
            raise MissingConsent(
                f"the {' and the '.join(others)} {has} not signed this {self.file.kind.name}; hand over the "
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

    @property
    def line(self) -> LineId:
        """The new one."""
        return LineId(self.file.id)

    def arguments(self, *, payer: Address, value: BaseUnits) -> Mapping[str, Any]:
        """As `SupplierEscrow.open`."""
        return {"terms": self.file.content, **self._consents(), "payer": payer, "value": value}

    def with_permit(self, permit: Permit, *, payer: Address) -> Mapping[str, Any]:
        """As `SupplierEscrow.open_with_permit`."""
        return {"terms": self.file.content, "permit": permit, **self._consents(), "payer": payer}

    def _digest(self, consent: Consent) -> bytes:
        """The line's own, or that of the schedule to which the consent's proof leads."""
        if not consent.proof:
            return self.file.id
        node: bytes = leaf_of_id(self.file.id)
        for sibling in consent.proof:
            node = keccak(b"".join(sorted((node, sibling))))
        return Message(self.file.domain, SCHEDULE, {"root": node}).digest


@dataclass(frozen=True)
class _OfLine(Agreement[T]):
    """What is agreed of a line that is open."""

    role = Role.CHANGE

    @property
    def terms(self) -> Terms:
        """The line's."""
        return self.file.lines["line"]

    @property
    def token(self) -> Address:
        """The line's."""
        return self.terms.token

    @property
    def parties(self) -> Mapping[str, Address]:
        """Both parties of the line and, if it was assigned, the payee."""
        payee = self.fabricant.escrow.payee_of(line_id(self.terms, self.file.domain))
        return _both(self.terms) | ({} if payee == ZERO_ADDRESS else {"payee": payee})

    @property
    def new_terms(self) -> tuple[Terms, ...]:
        """None."""
        return ()

    @property
    def _state(self) -> LineState:
        return self.fabricant.escrow.state_of(self.terms)

    def _words(self, state: LineState) -> list[str]:
        """Which line it is, and how it stands."""
        token, terms = lookup.token_of(self.fabricant, self.token), self.terms
        standing = describe_line(
            terms, state.line, state.conditions, token=token, at=state.at, payee=state.payee
        )
        price = token.format(terms.amount)
        return [
            f"Line 0x{state.id.hex()}: {terms.buyer} buys from {terms.supplier} for {price}.",
            *standing,
            "",
        ]

    def _check_outcome(self, outcome: Outcome) -> None:
        state, token = self._state, lookup.token_of(self.fabricant, self.token)
        check_outcome(outcome, self.terms, state.line, state.conditions, token=token)


@dataclass(frozen=True)
class Settling(_OfLine[Settlement]):
    """The end of a line as all want it."""

    action = staticmethod(SupplierEscrow.settle)
    done = "The line was settled."

    @property
    def line(self) -> LineId:
        """The one that it ends."""
        return self.file.content.id

    def words(self) -> list[str]:
        """Which line it is, how it stands, and who would get what."""
        state, token = self._state, lookup.token_of(self.fabricant, self.token)
        said = describe_settlement(
            self.file.content,
            self.terms,
            state.line,
            state.conditions,
            token=token,
            at=state.at,
            payee=state.payee,
        )
        return [*self._words(state), *said]

    def check(self) -> None:
        """Raises ProposalExpired, WrongLineStatus."""
        state = self._state
        check_live(state.line)
        check_deadline(self.file.content.deadline, at=state.at)

    def check_proposal(self) -> None:
        """Raises as `check`, OutcomeBeyondHeld."""
        self.check()
        self._check_outcome(self.file.content.outcome)

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


@dataclass(frozen=True)
class Amending(_OfLine[Amendment]):
    """A change order: another line in the place of one that is worked on."""

    action: ClassVar[Callable[..., Done[Any]]] = staticmethod(SupplierEscrow.amend)
    done = "The line was changed: a new one took its place."

    @property
    def terms(self) -> Terms:
        """Those of the old line."""
        return self.file.lines["old"]

    @property
    def new_terms(self) -> tuple[Terms, ...]:
        """Those of the new line."""
        return (self.file.lines["new"],)

    @property
    def line(self) -> LineId:
        """The new one."""
        return self.file.content.new_id

    def role_for(self, side: str) -> Role:
        """The supplier's operator also needs OPEN if more bond is bound, as the contract counts it."""
        return self.role | Role.OPEN if side == "supplier" and self._bound > self._freed else self.role

    def words(self) -> list[str]:
        """Which line it is, how it stands, what changes, and who pays and gets what."""
        state, (new,) = self._state, self.new_terms
        said = describe_amendment(
            self.file.content,
            (self.terms, state.conditions),
            (new, self.fabricant.escrow.conditions_of(new.conditions)),
            state.line,
            token=lookup.token_of(self.fabricant, self.token),
            payee=state.payee,
        )
        return [*self._words(state), *said]

    def check(self) -> None:
        """Raises BrokenProposal, by rule, BrokenTerms for the new line, NotFound for its conditions."""
        state, escrow, (new,) = self._state, self.fabricant.escrow, self.new_terms
        check_successor(self.terms, new, by=self._opener)
        check_amendable(state.line, goods_here=state.custody.owed != 0)
        check_deadline(self.file.content.deadline, at=state.at)
        check_unopened(escrow.line_of(self.line))
        escrow.check(new)
        token = lookup.token_of(self.fabricant, self.token)
        free = escrow.free_balance_of(self.terms.supplier, self.token)
        check_bond(self._bound, freed=self._freed, free=free, token=token)
        if state.payee != ZERO_ADDRESS:
            check_payee(new, state.payee)

    def check_proposal(self) -> None:
        """Raises as `check`, OutcomeBeyondHeld."""
        self.check()
        self._check_outcome(self.file.content.outcome)

    @property
    def _opener(self) -> Address:
        """The contract that opened the line and changes it; zero: none."""
        return ZERO_ADDRESS

    @property
    def _bound(self) -> BaseUnits:
        """The new bond, and what the buyer gets of the old one."""
        (new,) = self.new_terms
        return BaseUnits(self._bond_of(new) + self.file.content.outcome.bond_to_buyer)

    @property
    def _freed(self) -> BaseUnits:
        """The old bond."""
        return self._bond_of(self.terms)

    def _bond_of(self, terms: Terms) -> BaseUnits:
        return bond(terms.amount, self.fabricant.escrow.conditions_of(terms.conditions))

    def sign(self, *, by: Signer) -> Consent:
        """As `SupplierEscrow.sign_amendment`."""
        return self.fabricant.escrow.sign_amendment(self.file.content, by=by)

    @property
    def price(self) -> BaseUnits:
        """What the new line costs beyond the buyer's share of the old one."""
        state, (new,) = self._state, self.new_terms
        ending = decided(state.line, self.terms.amount, state.conditions, self.file.content.outcome)
        return still_to_pay(ending, new.amount)

    def arguments(self, *, payer: Address, value: BaseUnits) -> Mapping[str, Any]:
        """As `SupplierEscrow.amend`."""
        amendment, (new,) = self.file.content, self.new_terms
        return {
            "terms": self.terms,
            "new_terms": new,
            "outcome": amendment.outcome,
            "deadline": amendment.deadline,
            **self._consents(),
            "payer": payer,
            "value": value,
        }


@dataclass(frozen=True)
class Rescheduling(Amending):
    """A change order for a line of the market, with its machine-hours: the others sign, the buyer sends."""

    action = staticmethod(CapacityMarket.reschedule)
    done = "The line and its hours were changed."
    anybody_sends = False

    @property
    def client(self) -> Client:
        """The market, which opened the line."""
        return self.fabricant.capacity

    @property
    def parties(self) -> Mapping[str, Address]:
        """The supplier and, if the line was assigned, the payee; the buyer agrees by sending."""
        return {side: party for side, party in super().parties.items() if side != "buyer"}

    def payer(self, account: Address) -> Address:  # noqa: ARG002 - nobody else can
        """The buyer."""
        return self.terms.buyer

    def may_agree(self, side: str, account: Address) -> bool:
        """As for every agreement; the buyer signs for nobody."""
        return account != self.terms.buyer and super().may_agree(side, account)

    def words(self) -> list[str]:
        """As a change order, with the hours."""
        old, new = self.file.bookings["old"], self.file.bookings["new"]
        if new == old:
            return [*super().words(), "Its machine-hours stay as they are."]
        return [*super().words(), *_hours_words("It gives up", old), *_hours_words("It reserves", new)]

    def check(self) -> None:
        """Raises as a change order, NotThisBooking, OtherOffer, BrokenOrder for hours that are not free."""
        super().check()
        old, new = self.file.bookings["old"], self.file.bookings["new"]
        (terms,), market = self.new_terms, self.fabricant.capacity
        check_bound(self.terms, old, market=market.address)
        check_bound(terms, new, market=market.address)
        if new == old or new.hours is None:
            return
        calendar = market.calendar_of(new.machine, new.hours.first, HourIndex(new.hours.last + 1))
        check_exchange(old, new, calendar, at=self._state.at)
        check_seller(self.fabricant.assets.standing_of(new.machine), terms.supplier, new.hours)

    def check_sender(self, account: Address) -> None:
        """Raises SigningRefused for anybody but the buyer or who has its CHANGE and OPEN, MissingConsent."""
        buyer, roles = self.terms.buyer, Role.CHANGE | Role.OPEN
        if account != buyer and not self.fabricant.directory.may_act(buyer, account, roles):
            raise SigningRefused(
                f"the buyer {buyer} sends this, or who has its roles CHANGE and OPEN; use that wallet"
            )
        if missing := [side for side in self.parties if side not in self.file.consents]:
            raise MissingConsent(
                f"the {' and the '.join(missing)} has not signed this {self.file.kind.name}; hand over the "
                "file and ask for the signature (fabricant order sign)"
            )
        if account in {consent.signer for consent in self.file.consents.values()}:
            raise SigningRefused(f"{account} signed for the other side, and nobody acts for both")

    def arguments(self, *, payer: Address, value: BaseUnits) -> Mapping[str, Any]:  # noqa: ARG002 - the buyer
        """As `CapacityMarket.reschedule`."""
        amendment, bookings, (new,) = self.file.content, self.file.bookings, self.new_terms
        return {
            "current": Reservation(terms=self.terms, booking=bookings["old"]),
            "following": Reservation(terms=new, booking=bookings["new"]),
            "outcome": amendment.outcome,
            "deadline": amendment.deadline,
            "consents": Consents(**self._consents()),
            "value": value,
        }

    @property
    def _opener(self) -> Address:
        return self.fabricant.capacity.address


@dataclass(frozen=True)
class Assigning(_OfLine[Assignment]):
    """A receivable in new hands: the payee signs, the assignor sends."""

    action = staticmethod(SupplierEscrow.assign)
    done = "What is due to the supplier was assigned."
    anybody_sends = False

    @property
    def line(self) -> LineId:
        """The one that is assigned."""
        return self.file.content.id

    @property
    def parties(self) -> Mapping[str, Address]:
        """The payee; the assignor agrees by sending."""
        return {"payee": self.file.content.payee}

    def words(self) -> list[str]:
        """Which line it is, how it stands, what the payee gets, and what it risks."""
        state, token = self._state, lookup.token_of(self.fabricant, self.token)
        said = describe_assignment(self.file.content, self.terms, state.line, state.conditions, token=token)
        return [*self._words(state), *said]

    def check(self) -> None:
        """Raises ProposalExpired, WrongLineStatus, WrongPayee, DeadlineNotLater."""
        state = self._state
        check_live(state.line)
        check_deadline(self.file.content.deadline, at=state.at)
        check_payee(self.terms, self.file.content.payee)
        if self.file.content.payee == supplier_side(self.terms, payee=state.payee):
            raise WrongPayee(f"{self.file.content.payee} is paid already; name another payee")
        if state.payee != ZERO_ADDRESS:
            self._check_later(state.payee)

    def _check_later(self, assignor: Address) -> None:
        """Raises DeadlineNotLater, as the escrow alone knows: it judges the deadline before the consent."""
        network, deployment = self.fabricant.network, self.fabricant.deployment
        escrow = Fabricant(network, deployment, account=assignor).escrow
        assignment = self.file.content
        try:
            escrow.simulate(
                escrow.assign, self.terms, assignment.payee, deadline=assignment.deadline, consent=BY_CALLING
            )
        except SupplierEscrow_TooLate as refusal:
            check_later(assignment.deadline, than=refusal.before)
        except SupplierEscrow_NoConsent:
            pass  # the payee has yet to sign

    def check_assignor(self, account: Address) -> None:
        """Raises SigningRefused for anybody but the supplier side itself: the right is its own."""
        assignor = supplier_side(self.terms, payee=self._state.payee)
        if account != assignor:
            raise SigningRefused(
                f"only {assignor}, to whom the line's money is due, assigns it, and no operator may; use "
                "that wallet"
            )

    def check_sender(self, account: Address) -> None:
        """Raises as `check_assignor`, MissingConsent."""
        self.check_assignor(account)
        super().check_sender(account)

    def sign(self, *, by: Signer) -> Consent:
        """As `SupplierEscrow.sign_assignment`."""
        return self.fabricant.escrow.sign_assignment(self.file.content, by=by)

    def arguments(self, *, payer: Address, value: BaseUnits) -> Mapping[str, Any]:  # noqa: ARG002 - free
        """As `SupplierEscrow.assign`."""
        assignment = self.file.content
        return {
            "terms": self.terms,
            "payee": assignment.payee,
            "deadline": assignment.deadline,
            "consent": self._consents()["payee"],
        }


_FORMS: Final[Mapping[str, type[Agreement[Any]]]] = {
    TERMS_FILE.format: Opening,
    SETTLEMENT_FILE.format: Settling,
    AMENDMENT_FILE.format: Amending,
    RESCHEDULING_FILE.format: Rescheduling,
    ASSIGNMENT_FILE.format: Assigning,
}
KINDS: Final[tuple[FileKind[Any], ...]] = (
    *(TERMS_FILE, SETTLEMENT_FILE, AMENDMENT_FILE, RESCHEDULING_FILE),
    ASSIGNMENT_FILE,
)


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


def amending(
    fabricant: Fabricant, old: Terms, new: Terms, outcome: Outcome, *, deadline: UnixSeconds
) -> Amending:
    """A change order that nobody has signed yet. `outcome` is the old line's; `deadline` is exclusive."""
    domain, lines = fabricant.escrow.domain, {"old": old, "new": new}
    ids = {f"{name}_id": line_id(terms, domain) for name, terms in lines.items()}
    amendment = Amendment(**ids, outcome=outcome, deadline=deadline)
    return Amending(fabricant, SignedFile(AMENDMENT_FILE, domain, amendment, lines=lines))


def rescheduling(
    fabricant: Fabricant,
    current: Reservation,
    following: Reservation,
    outcome: Outcome,
    *,
    deadline: UnixSeconds,
) -> Rescheduling:
    """A change of a line of the market that nobody has signed yet. `deadline` is exclusive."""
    amended = amending(fabricant, current.terms, following.terms, outcome, deadline=deadline).file
    bookings = {"old": current.booking, "new": following.booking}
    file = replace(amended, kind=RESCHEDULING_FILE, bookings=bookings)
    return Rescheduling(fabricant, file)


def assigning(fabricant: Fabricant, terms: Terms, payee: Address, *, deadline: UnixSeconds) -> Assigning:
    """An assignment that the payee has not signed yet. `deadline` is exclusive."""
    domain = fabricant.escrow.domain
    assignment = Assignment(id=line_id(terms, domain), payee=payee, deadline=deadline)
    return Assigning(fabricant, SignedFile(ASSIGNMENT_FILE, domain, assignment, lines={"line": terms}))


def _hours_words(what: str, booking: Booking) -> list[str]:
    if booking.hours is None:
        return [f"{what} no machine-hours."]
    hours = count_of(booking.hours.count, "hour")
    return [
        f"{what} {hours} of the machine {booking.machine:#066x}:",
        *(f"  {each}" for each in booking.hours.lines()),
    ]


def _across(side: str, other: str) -> bool:
    """Whether two sides face each other: nobody speaks for both. Supplier and payee are on one side."""
    return (side == "buyer") != (other == "buyer")


def _both(terms: Terms) -> dict[str, Address]:
    return {"buyer": terms.buyer, "supplier": terms.supplier}
