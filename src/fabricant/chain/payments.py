"""How money and goods get into the escrow: coin is sent along, tokens and assets are taken as allowed.

Before anything is signed it is known what a payment needs, and whether there is money enough. An allowance
is set to exactly what is to be paid next, so that nothing more can ever be taken.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from fabricant.chain.fabricant import Fabricant
from fabricant.chain.network import NO_COIN
from fabricant.domain.assets import AssetId
from fabricant.domain.units import ZERO_ADDRESS, Address, BaseUnits
from fabricant.errors import InsufficientFunds, InvalidInput


@dataclass(frozen=True, slots=True)
class Payment:
    """What paying takes: coin to send along, in wei, and an allowance to set first; zero for neither."""

    value: BaseUnits = NO_COIN
    allowance: BaseUnits = NO_COIN


def payment_of(fabricant: Fabricant, token: Address, amount: BaseUnits, *, payer: Address) -> Payment:
    """What it takes that `payer` pays an amount into the escrow. Reads only.

    Raises InsufficientFunds if the payer has not as much, InvalidInput if an allowance is missing that the
    acting account can't give, because it is not the payer.
    """
    if token == ZERO_ADDRESS:
        return Payment(value=amount)
    money, escrow = fabricant.token(token), fabricant.deployment.escrow
    if (balance := money.balance_of(payer)) < amount:
        has, needs = money.info.format(balance), money.info.format(amount)
        raise InsufficientFunds(f"{payer} has {has} and needs {needs}; get the rest first")
    if money.allowance(payer, escrow) >= amount:
        return Payment()
    if payer != fabricant.account:
        raise InvalidInput(
            f"{payer} has not let the escrow take {money.info.format(amount)}; it has to approve that itself"
        )
    return Payment(allowance=amount)


def free_balances(fabricant: Fabricant, owner: Address) -> dict[Address, BaseUnits]:
    """What an owner may withdraw of every token that it ever had in the escrow. Reads only."""
    changes = fabricant.escrow.balances_changed(owner, since=fabricant.deployment.first_block)
    tokens = dict.fromkeys(change.token for _, change in changes)
    return {token: fabricant.escrow.free_balance_of(owner, token) for token in tokens}


def check_approved(fabricant: Fabricant, assets: Iterable[AssetId], *, owner: Address) -> None:
    """Raises InvalidInput if the escrow may not take one of these assets from their owner."""
    registry, escrow = fabricant.assets, fabricant.deployment.escrow
    if registry.is_approved_for_all(owner, escrow):
        return
    for asset in assets:
        if registry.get_approved(asset) != escrow:
            raise InvalidInput(
                f"{owner} has not let the escrow take asset {asset:#066x}: it has to run "
                f"`fabricant asset approve {asset:#066x}`"
            )
