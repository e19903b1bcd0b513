"""Purchase orders: several new lines of the same parties, signed with one signature and opened at once.

Each line keeps a file of its own, so that it can also be opened by itself: a signature over the schedule of
all lines is in every file, with the proof that the line is among them. Opened together they cost half as
much, and open all or not at all.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, Self

from fabricant.chain.agreements import MissingConsent, Opening
from fabricant.chain.fabricant import Fabricant
from fabricant.chain.payments import Payment, payment_of
from fabricant.chain.signing import Signer, is_valid
from fabricant.domain.escrow import BY_CALLING, SCHEDULE, Consent, LineId, Schedule, Terms
from fabricant.domain.typed_data import Message
from fabricant.domain.units import Address, BaseUnits
from fabricant.errors import InvalidInput

# What the lines of one order have in common, as the contract wants it.
_SHARED: Final = ("buyer", "supplier", "token", "broker", "opener")


@dataclass(frozen=True, slots=True)
class PurchaseOrder:
    """New lines that are signed and opened together, in the order in which they were named."""

    openings: tuple[Opening, ...]

    @classmethod
    def of(cls, openings: Iterable[Opening]) -> Self:
        """Raises InvalidInput for fewer than two lines, a line twice, or lines that can't go together."""
        found = tuple(openings)
        if len({each.file.id for each in found}) < max(len(found), 2):
            raise InvalidInput("a purchase order has at least two lines, each of them once; name their files")
        first = found[0].file.content
        for name in _SHARED:
            if any(getattr(each.file.content, name) != getattr(first, name) for each in found):
                raise InvalidInput(f"these lines have not all the same {name}; sign and send them one by one")
        return cls(found)

    @property
    def fabricant(self) -> Fabricant:
        """The contracts that it is for."""
        return self.openings[0].fabricant

    @property
    def terms(self) -> tuple[Terms, ...]:
        """Those of the lines."""
        return tuple(each.file.content for each in self.openings)

    @property
    def token(self) -> Address:
        """Of all prices."""
        return self.terms[0].token

    @property
    def price(self) -> BaseUnits:
        """Of all lines together, in base units."""
        return BaseUnits(sum(each.amount for each in self.terms))

    @property
    def parties(self) -> Mapping[str, Address]:
        """Buyer and supplier."""
        return self.openings[0].parties

    def signed(self, side: str, *, by: Signer) -> Self:
        """The same with one signature over all lines. Sends nothing. Raises as `Opening.signed`."""
        for each in self.openings:
            each.check_signer(side, by.address)
        signature = self.fabricant.escrow.sign_schedule(self.terms, by=by)
        return type(self)(
            tuple(
                replace(each, file=each.file.signed(side, signature.consent(LineId(each.file.id))))
                for each in self.openings
            )
        )

    def counts(self, side: str) -> bool:
        """Whether a side has signed all lines together, and its signature counts now."""
        return all(each.counts(side) for each in self.openings) and self._is_together(side)

    def payment(self, payer: Address) -> Payment:
        """What it takes that `payer` pays for all lines. Raises as `payment_of`.

        InvalidInput if `payer` has not as much of the chain's own coin as its free balance: from there it is
        paid.
        """
        payment = payment_of(self.fabricant, self.token, self.price, payer=payer)
        if payment.value and self.fabricant.escrow.free_balance_of(payer, self.token) < self.price:
            raise InvalidInput(
                "several lines at once are paid in coin from the free balance, which has not enough; put it "
                "there first (fabricant order deposit), or send the lines one by one"
            )
        return replace(payment, value=BaseUnits(0))

    def arguments(self, *, payer: Address) -> Mapping[str, Any]:
        """What `SupplierEscrow.open_many` takes.

        Raises MissingConsent if a side signed some of the lines, InvalidInput if it signed them one by one.
        """
        return {"terms": self.terms, "payer": payer, **{side: self._consent(side) for side in self.parties}}

    def _consent(self, side: str) -> Consent:
        consents = [each.file.consents.get(side) for each in self.openings]
        given = [each for each in consents if each is not None]
        if not given:
            return BY_CALLING
        if len(given) < len(consents):
            raise MissingConsent(
                f"the {side} signed some of these lines only; have all of them signed together (fabricant "
                "order sign, with all files at once)"
            )
        if not self._is_together(side):
            raise InvalidInput(
                f"the {side} did not sign exactly these lines together; send them one by one, or have them "
                "signed together (fabricant order sign, with all files at once)"
            )
        return Consent(given[0].signer, (), given[0].signature)

    def _is_together(self, side: str) -> bool:
        """Whether a side's signature in the first file is over exactly these lines."""
        consent = self.openings[0].file.consents.get(side)
        if consent is None:
            return False
        schedule = Schedule([LineId(each.file.id) for each in self.openings])
        digest = Message(self.fabricant.escrow.domain, SCHEDULE, schedule).digest
        return is_valid(consent.signature, digest, signer=consent.signer, on=self.fabricant.network)
