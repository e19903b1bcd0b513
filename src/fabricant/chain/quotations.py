"""Quotations before they are awarded: whether one still stands, and where it departs from its request.

Everything is checked here first, by the market's own rules, so that a refusal comes as a sentence and before
anything is signed. What only the chain can know is asked of it.
"""

import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from eth_utils.crypto import keccak

from fabricant.chain import sealing
from fabricant.chain.capacity import QuotationsRequested, SignedQuotation
from fabricant.chain.errors import ContractError
from fabricant.chain.fabricant import Fabricant
from fabricant.chain.lookup import find_request, token_of
from fabricant.chain.offers import check_ready
from fabricant.chain.signing import Signer, is_valid
from fabricant.chain.wallet import Wallet
from fabricant.domain.capacity import (
    OFFER_BUNDLE,
    Booking,
    BrokenQuotation,
    Goal,
    OfferId,
    Quotation,
    Request,
    check_free,
    check_seller,
    departures,
)
from fabricant.domain.directory import Role
from fabricant.domain.escrow import NO_HASH, Conditions, Status, Terms, bond
from fabricant.domain.merkle import leaf_of, root_over
from fabricant.domain.signed_files import QUOTATION_FILE, SignedFile
from fabricant.domain.typed_data import Message
from fabricant.domain.units import Address, BaseUnits, HourIndex, UnixSeconds
from fabricant.errors import FabricantError, InsufficientFunds, InvalidInput, NotFound


class NotSigned(BrokenQuotation):
    """The signature is not the supplier's, nor that of an operator that may sign."""


class Withdrawn(BrokenQuotation):
    """The supplier cancelled it, or it was awarded or revoked."""


@dataclass(frozen=True, slots=True)
class QuotationReport:
    """A quotation as it stands now. `problems` are why nobody can award it; `departures` are where it is not
    what its request asks for, None if there is no such request.
    """

    id: OfferId
    signed: SignedQuotation
    conditions: Conditions | None
    departures: tuple[str, ...] | None
    problems: tuple[FabricantError, ...]

    @property
    def answers(self) -> bool:
        """Whether it can be awarded, and is what was asked for."""
        return not self.problems and self.departures == ()


def answering(
    fabricant: Fabricant,
    request: Request,
    *,
    seller: Address,
    booking: Booking,
    price: BaseUnits,
    open_by: UnixSeconds,
    due_by: UnixSeconds,
) -> Terms:
    """The terms that a request asks for, at this price and bound to these hours. Their salt is random."""
    return Terms(
        buyer=request.buyer,
        supplier=seller,
        inspector=request.inspector,
        arbiter=request.arbiter,
        broker=request.broker,
        token=request.token,
        amount=price,
        open_by=open_by,
        due_by=due_by,
        assets=request.assets,
        documents=request.documents,
        order_ref=request.order_ref,
        opener=fabricant.deployment.capacity,
        subject=booking.subject,
        conditions=request.conditions,
        salt=int.from_bytes(secrets.token_bytes(32)),
    )


def sign_answer(
    fabricant: Fabricant, quotation: Quotation, booking: Booking, *, by: Signer
) -> SignedFile[Quotation]:
    """A quotation as a signed file. Sends nothing; raises as `CapacityMarket.sign_quotation`."""
    conditions = fabricant.escrow.conditions_of(quotation.terms.conditions)
    return as_file(
        fabricant, fabricant.capacity.sign_quotation(quotation, conditions, by=by, booking=booking)
    )


def as_file(fabricant: Fabricant, signed: SignedQuotation) -> SignedFile[Quotation]:
    """A signed quotation as a file."""
    consents, hours = {"supplier": signed.consent}, {"line": signed.booking}
    return SignedFile(QUOTATION_FILE, fabricant.capacity.domain, signed.quotation, consents, bookings=hours)


def handed_over(file: SignedFile[Quotation], asked: QuotationsRequested) -> bytes:
    """What the buyer gets: the signed file, sealed if it asked for that."""
    raw = file.serialise()
    return raw if asked.request.sealing_key == NO_HASH else sealing.seal(raw, asked.request, to=asked.id)


def read_answer(fabricant: Fabricant, raw: bytes, *, opener: Callable[[], Wallet]) -> SignedQuotation:
    """A signed quotation from what was handed over. `opener`: who asked; is called for a sealed one only.

    Raises InvalidInput, VerificationFailed, WrongChain, NotFound if nobody asked for a sealed one.
    """
    if sealing.is_sealed(raw):
        asked = find_request(fabricant, f"0x{sealing.request_of(raw).hex()}").request
        raw = sealing.unseal(raw, asked, opener())
    read = SignedFile.parse(QUOTATION_FILE, raw)
    read.check_domain(fabricant.capacity.domain)
    return SignedQuotation(read.content, read.bookings["line"], read.consent("supplier"))


def examine(fabricant: Fabricant, signed: SignedQuotation) -> QuotationReport:
    """Whether a quotation can be awarded, and what departs from its request. Sends nothing."""
    quotation, booking = signed.quotation, signed.booking
    terms, market = quotation.terms, fabricant.capacity
    problems: list[FabricantError] = []

    def collect(check: Callable[[], None]) -> None:
        try:
            check()
        except (ContractError, InvalidInput, NotFound, InsufficientFunds) as problem:
            problems.append(problem)

    conditions: Conditions | None = None
    try:
        conditions = fabricant.escrow.conditions_of(terms.conditions)
        market.check_quotation(quotation, booking, conditions)
    except (ContractError, InvalidInput, NotFound) as problem:
        problems.append(problem)
    collect(lambda: _check_signature(fabricant, signed))
    collect(lambda: _check_standing(fabricant, signed))
    collect(lambda: _check_hours(fabricant, signed))
    collect(lambda: check_ready(fabricant, terms.supplier))
    if conditions is not None:
        collect(lambda: _check_bond(fabricant, signed, conditions))
    asked = request_of(fabricant, signed)
    departed = None if asked is None else tuple(departures(asked.request, quotation, booking))
    return QuotationReport(market.quotation_id(quotation), signed, conditions, departed, tuple(problems))


def request_of(fabricant: Fabricant, signed: SignedQuotation) -> QuotationsRequested | None:
    """The request that a quotation answers, None if nobody published it."""
    market, wanted = fabricant.capacity, signed.quotation.request_id
    found = market.requests(id_=wanted, since=fabricant.deployment.first_block)
    return next((event for _, event in found if market.request_id(event.request) == wanted), None)


def rank(reports: Iterable[QuotationReport], goal: Goal) -> list[QuotationReport]:
    """Quotations, the best first: those that answer their request, then those that can be awarded at all.

    Among equals the lower id is first, so that everybody finds the same order.
    """

    def key(report: QuotationReport) -> tuple[bool, bool, tuple[int, int], bytes]:
        terms = report.signed.quotation.terms
        measure = goal.measure(terms.amount, terms.due_by)
        return (not report.answers, bool(report.problems), measure, report.id)

    return sorted(reports, key=key)


def _check_signature(fabricant: Fabricant, signed: SignedQuotation) -> None:
    supplier, consent = signed.quotation.terms.supplier, signed.consent
    digest: bytes = fabricant.capacity.quotation_id(signed.quotation)
    if consent.proof:  # signed together with others
        root = root_over(leaf_of(keccak(digest)), consent.proof)
        digest = Message(fabricant.capacity.domain, OFFER_BUNDLE, {"root": root}).digest
    may = consent.signer == supplier or fabricant.directory.may_act(supplier, consent.signer, Role.OPEN)
    if not may or not is_valid(consent.signature, digest, signer=consent.signer, on=fabricant.network):
        raise NotSigned(f"the signature is not {supplier}'s, nor its operator's (OPEN); ask for it again")


def _check_standing(fabricant: Fabricant, signed: SignedQuotation) -> None:
    if fabricant.capacity.is_cancelled(signed.quotation):
        raise Withdrawn("the supplier cancelled the quotation; ask for a new one")
    line = fabricant.escrow.line_of(fabricant.escrow.line_id(signed.quotation.terms))
    if line.status is not Status.NONE:
        raise Withdrawn(f"its line is {line.status.name.lower()} already; ask for a new quotation")


def _check_hours(fabricant: Fabricant, signed: SignedQuotation) -> None:
    booking = signed.booking
    if booking.hours is None:
        return
    end = HourIndex(booking.hours.last + 1)
    calendar = fabricant.capacity.calendar_of(booking.machine, booking.hours.first, end)
    check_free(booking.hours, [*calendar.values()])
    standing = fabricant.assets.standing_of(booking.machine)
    check_seller(standing, signed.quotation.terms.supplier, booking.hours)


def _check_bond(fabricant: Fabricant, signed: SignedQuotation, conditions: Conditions) -> None:
    terms = signed.quotation.terms
    needed, has = (
        bond(terms.amount, conditions),
        fabricant.escrow.free_balance_of(terms.supplier, terms.token),
    )
    if has < needed:
        token = token_of(fabricant, terms.token)
        missing = token.format(BaseUnits(needed - has))
        raise InsufficientFunds(
            f"{terms.supplier} has {token.format(has)} of free balance in the escrow, and the line locks "
            f"{token.format(needed)} as security deposit; it has to deposit {missing} more"
        )
