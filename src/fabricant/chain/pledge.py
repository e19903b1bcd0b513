"""The typed client of the Pledge: an asset secures a debt while its owner goes on using it.

Both parties sign terms, and one transaction takes the asset into custody, lends it back to the pledger and
pays the lender's advance. It ends when somebody redeems it, when the lender releases it, or, after a
default and its cure, when the lender forecloses.
"""

from dataclasses import dataclass
from typing import Final, Self

from eth_abi.abi import encode

from fabricant.artifacts import load
from fabricant.chain.answers import Log, Receipt
from fabricant.chain.client import Client, Done
from fabricant.chain.court import OwedChanged
from fabricant.chain.create2 import FACTORY, address_of, creation
from fabricant.chain.network import At, Network
from fabricant.chain.signing import Signer, sign
from fabricant.chain.transactions import Sender
from fabricant.chain.wallet import Wallet
from fabricant.domain.assets import AssetId, Namespace
from fabricant.domain.escrow import Consent
from fabricant.domain.pledges import PLEDGE_TERMS, Lien, PledgeId, PledgeTerms, pledge_id
from fabricant.domain.typed_data import Message
from fabricant.domain.units import Address, BaseUnits, UnixSeconds
from fabricant.errors import NotFound

BY_SENDING: Final = b""  # instead of the signature of who sends


@dataclass(frozen=True, slots=True, kw_only=True)
class PledgeMade:
    """An asset was pledged."""

    id: PledgeId
    pledger: Address
    lender: Address
    terms: PledgeTerms


@dataclass(frozen=True, slots=True, kw_only=True)
class PledgeRevoked:
    """A party made sure that terms are never pledged."""

    id: PledgeId
    by: Address


@dataclass(frozen=True, slots=True, kw_only=True)
class PledgeRedeemed:
    """Somebody paid what redeems an asset, in base units of the token."""

    id: PledgeId
    payer: Address
    amount: BaseUnits


@dataclass(frozen=True, slots=True, kw_only=True)
class PledgeReleased:
    """The lender gave an asset back without being paid here."""

    id: PledgeId


@dataclass(frozen=True, slots=True, kw_only=True)
class DefaultDeclared:
    """The lender declared default. `foreclose_from` is inclusive."""

    id: PledgeId
    foreclose_from: UnixSeconds


@dataclass(frozen=True, slots=True, kw_only=True)
class PledgeForeclosed:
    """An asset became the lender's."""

    id: PledgeId


@dataclass(frozen=True, slots=True, kw_only=True)
class PledgeHandedOver:
    """An asset left the contract, with the end of its pledge or later."""

    id: PledgeId
    to: Address
    asset: AssetId


class Pledge(
    Client,
    contract="Pledge",
    events=(
        PledgeMade,
        PledgeRevoked,
        PledgeRedeemed,
        PledgeReleased,
        DefaultDeclared,
        PledgeForeclosed,
        PledgeHandedOver,
        OwedChanged,
    ),
):
    """The pledges on the assets of one registry."""

    @classmethod
    def create(cls, network: Network, wallet: Wallet, *, assets: Address) -> Self:
        """Puts the contract where every chain has it, unless it stands there. Anyone; sends a transaction.

        `assets`: the AssetRegistry.
        """
        place = pledge_address(assets)
        if not network.code(place):
            Sender(network, wallet).send(FACTORY, creation(_initcode(assets)))
        return cls(network, place, wallet=wallet)

    # Agreeing

    def sign_terms(self, terms: PledgeTerms, *, by: Signer) -> Consent:
        """A party's consent. Sends nothing. Raises BrokenPledge, SigningRefused."""
        terms.check(at=self.network.head().timestamp)
        return Consent(
            by.address, (), sign(Message(self.domain, PLEDGE_TERMS, terms), by=by, on=self.network)
        )

    def pledge(
        self, terms: PledgeTerms, *, pledger: bytes = BY_SENDING, lender: bytes = BY_SENDING
    ) -> Done[PledgeMade]:
        """Pledges an asset, with the signatures of the parties that don't send. Sends a transaction.

        The pledger approved the contract for the asset, the lender for the advance. Raises Pledge_NoConsent,
        Pledge_TooLate, Pledge_WrongStatus, Pledge_WrongQuantity, Pledge_NoToken, Pledge_InexactTransfer, and
        the registry's and the token's errors: AssetRegistry_InUse if somebody has the use of it.
        """
        return self._do(PledgeMade, "pledge", terms, pledger, lender)

    def revoke(self, terms: PledgeTerms) -> Done[PledgeRevoked]:
        """Makes sure that terms are never pledged. Pledger or lender; sends a transaction.

        Raises Pledge_NotParty, Pledge_WrongStatus.
        """
        return self._do(PledgeRevoked, "revoke", terms)

    def prolong_use(self, terms: PledgeTerms) -> Receipt:
        """Prolongs the pledger's use to the earliest foreclosure. Anyone; sends a transaction.

        Raises Pledge_WrongStatus, AssetRegistry_InUse if that is no later than its use ends anyway,
        AssetRegistry_BadTerm if the lender may foreclose.
        """
        return self._send("prolongUse", terms)

    # Ending

    def redeem(self, terms: PledgeTerms) -> Done[PledgeRedeemed]:
        """Pays what redeems an asset, which goes back to the pledger. Anyone; sends a transaction.

        The payer approved the contract for the amount. Raises Pledge_WrongStatus, Pledge_InexactTransfer, or
        the token's error.
        """
        return self._do(PledgeRedeemed, "redeem", terms)

    def release(self, terms: PledgeTerms) -> Done[PledgeReleased]:
        """Gives an asset back without being paid here. Lender; sends a transaction.

        Raises Pledge_NotLender, Pledge_WrongStatus.
        """
        return self._do(PledgeReleased, "release", terms)

    def declare_default(self, terms: PledgeTerms) -> Done[DefaultDeclared]:
        """Declares default, from when it is due; the cure begins. Lender; sends a transaction.

        Raises Pledge_NotLender, Pledge_TooEarly, Pledge_AlreadyDeclared, Pledge_WrongStatus.
        """
        return self._do(DefaultDeclared, "declareDefault", terms)

    def foreclose(self, terms: PledgeTerms) -> Done[PledgeForeclosed]:
        """Takes an asset, once the cure is over. Lender; sends a transaction.

        Raises Pledge_NotLender, Pledge_NotDeclared, Pledge_TooEarly, Pledge_WrongStatus.
        """
        return self._do(PledgeForeclosed, "foreclose", terms)

    def collect(self, terms: PledgeTerms) -> Done[PledgeHandedOver]:
        """Hands over an asset that was held back. Anyone; sends a transaction.

        Raises Pledge_NothingToCollect, AssetRegistry_Locked while it still is.
        """
        return self._do(PledgeHandedOver, "collect", terms)

    def collect_recalled(
        self, terms: PledgeTerms, *, namespace: Namespace, local_id_hash: bytes
    ) -> Done[PledgeHandedOver]:
        """Hands over an asset that is recalled still, if whose it is knows of that. Anyone.

        Sends a transaction. Raises Pledge_NothingToCollect, Pledge_WrongAsset, or the Genealogy's error.
        """
        return self._do(PledgeHandedOver, "collectRecalled", terms, namespace, local_id_hash)

    def withdraw(self, owner: Address, token: Address) -> Done[OwedChanged]:
        """Pays all that is owed to a lender in a token, to that lender. Anyone; sends a transaction.

        Raises Pledge_NothingOwed, or the token's error.
        """
        return self._do(OwedChanged, "withdraw", owner, token)

    # Looking

    def pledge_id(self, terms: PledgeTerms) -> PledgeId:
        """What both parties sign; worked out here."""
        return pledge_id(terms, self.domain)

    def lien_of(self, pledge: PledgeId, *, at: At = "latest") -> Lien:
        """How a pledge stands."""
        return self._read_as(Lien, "lienOf", pledge, at=at)

    def entitled_to(self, terms: PledgeTerms, *, at: At = "latest") -> Address:
        """Whose the asset is while it is in custody; zero: it is not."""
        return Address(self._read("entitledTo", terms, at=at))

    def owed_to(self, owner: Address, token: Address, *, at: At = "latest") -> BaseUnits:
        """What an owner can withdraw, in base units."""
        return BaseUnits(self._read("owedTo", owner, token, at=at))

    def pledges_made(self, *, since: int = 0) -> list[tuple[Log, PledgeMade]]:
        """All pledges from block `since` on."""
        return self._find(PledgeMade, since=since)

    def terms_of(self, pledge: PledgeId, *, since: int = 0) -> PledgeTerms:
        """The terms of a pledge that was made in block `since` or later. Raises NotFound."""
        for _, event in self._find(PledgeMade, pledge, since=since):
            if self.pledge_id(event.terms) == pledge:
                return event.terms
        raise NotFound(f"there is no pledge 0x{pledge.hex()} on this chain; check its id and the network")

    def history_of(self, pledge: PledgeId, *, since: int = 0) -> list[tuple[Log, object]]:
        """Everything that was said about a pledge from block `since` on, in order."""
        return self._find_all(None, pledge, since=since)


def pledge_address(assets: Address) -> Address:
    """Where the Pledge of an AssetRegistry stands, on every chain on which somebody created it."""
    return address_of(_initcode(assets))


def _initcode(assets: Address) -> bytes:
    return load("Pledge").bytecode + encode(["address"], [assets])
