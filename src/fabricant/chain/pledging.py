"""A pledge beside the chain: the file that its parties sign, and what has to be allowed before it is sent.

The asset is taken from the pledger and the advance from the lender as they allow it (ERC-721, ERC-20), so
each sees to its own part, and whoever sends finds out first what the other has left undone.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from fabricant.chain.fabricant import Fabricant
from fabricant.chain.signing import is_valid
from fabricant.domain.pledges import BrokenPledge, PledgeId, PledgeStatus, PledgeTerms
from fabricant.domain.signed_files import PLEDGE_FILE, SignedFile
from fabricant.domain.units import NOTHING, Address, BaseUnits
from fabricant.errors import InsufficientFunds, InvalidInput, SigningRefused, VerificationFailed


def proposed(fabricant: Fabricant, terms: PledgeTerms) -> SignedFile[PledgeTerms]:
    """A pledge that nobody has signed yet."""
    return SignedFile(PLEDGE_FILE, fabricant.pledges.domain, terms)


def parties(terms: PledgeTerms) -> Mapping[str, Address]:
    """Who has to agree, by side."""
    return {"pledger": terms.pledger, "lender": terms.lender}


def side_of(terms: PledgeTerms, account: Address) -> str:
    """Which side an account is. Raises SigningRefused for anybody else: no operator pledges."""
    for side, party in parties(terms).items():
        if party == account:
            return side
    raise SigningRefused(f"{account} is neither pledger nor lender; use the wallet of one")


def check(fabricant: Fabricant, file: SignedFile[PledgeTerms]) -> None:
    """Raises InvalidInput, by rule, if a pledge can't be made any more, or should not be. Reads only.

    Raises WrongChain if the file is for another contract or chain, VerificationFailed if a signature in it is
    not its party's.
    """
    network, house, terms = fabricant.network, fabricant.pledges, file.content
    file.check_domain(house.domain)
    terms.check(at=network.head().timestamp)
    status = house.lien_of(PledgeId(file.id)).status
    if status is not PledgeStatus.NONE:
        raise BrokenPledge(f"these terms are {status.name.lower()} already; agree on new ones")
    quantity = fabricant.assets.quantity_of(terms.asset)
    if quantity != terms.quantity:
        raise BrokenPledge(
            f"the lot has {quantity:,} units, and {terms.quantity:,} are agreed; propose it anew"
        )
    for side, consent in file.consents.items():
        if not is_valid(consent.signature, file.id, signer=parties(terms)[side], on=network):
            raise VerificationFailed(
                f"the {side}'s signature in this file is not the {side}'s; ask for it again"
            )


@dataclass(frozen=True, slots=True)
class Missing:
    """What a party has to allow yet: that its asset is taken, and this much of the token."""

    asset: bool = False
    allowance: BaseUnits = NOTHING

    def __bool__(self) -> bool:
        return self.asset or bool(self.allowance)


def missing(fabricant: Fabricant, terms: PledgeTerms, side: str) -> Missing:
    """What a side has to allow before it is pledged. Reads only. Raises InsufficientFunds."""
    if side == "lender":
        return Missing(allowance=missing_allowance(fabricant, terms, terms.advance, payer=terms.lender))
    registry, house = fabricant.assets, fabricant.pledges.address
    may = registry.get_approved(terms.asset) == house or registry.is_approved_for_all(terms.pledger, house)
    return Missing(asset=not may)


def missing_allowance(
    fabricant: Fabricant, terms: PledgeTerms, amount: BaseUnits, *, payer: Address
) -> BaseUnits:
    """The allowance that a payer has to give yet; zero if there is enough. Reads only.

    Raises InsufficientFunds if it has not as much.
    """
    money = fabricant.token(terms.token)
    if (balance := money.balance_of(payer)) < amount:
        has, needs = money.info.format(balance), money.info.format(amount)
        raise InsufficientFunds(f"{payer} has {has} and needs {needs}; get the rest first")
    enough = money.allowance(payer, fabricant.pledges.address) >= amount
    return NOTHING if enough else amount


def check_others(fabricant: Fabricant, file: SignedFile[PledgeTerms], sender: Address) -> None:
    """Raises InvalidInput if who does not send has to sign, or to allow something, yet."""
    terms = file.content
    for side, party in parties(terms).items():
        if party == sender:
            continue
        file.consent(side)
        if missing(fabricant, terms, side):
            raise InvalidInput(f"the {side} has to allow its part first: `fabricant pledge approve FILE`")
