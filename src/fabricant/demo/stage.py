"""Where a deal takes place: the contracts, play money, and parties who do not know each other.

Each party is a fresh account with a little coin for gas, and buyer and supplier have play money. Nobody has
any right that it does not get in the deal itself.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final, Self

from fabricant.chain.anvil import DevelopmentChain
from fabricant.chain.deploy import deploy
from fabricant.chain.deployment import Deployment, read
from fabricant.chain.fabricant import Fabricant
from fabricant.chain.fees import DEFAULT_CAP, suggest
from fabricant.chain.survey import survey
from fabricant.chain.tokens import COIN
from fabricant.chain.transactions import Sender
from fabricant.chain.wallet import Wallet
from fabricant.demo.account import Balances
from fabricant.demo.money import PlayMoney
from fabricant.domain.units import Address, BaseUnits, Token, format_amount
from fabricant.errors import UnfundedWallet

PARTY_GAS: Final = 3_000_000  # what each party can spend
STAGE_GAS: Final = 2_000_000  # for creating the money and handing it out
BUYER_HAS: Final = "10000"  # whole tokens
SUPPLIER_HAS: Final = "1000"
ESCROW: Final = "escrow"
NOBODY: Final[Mapping[str, str]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Party:
    """Somebody in the deal: a name, an account, and the contracts in its name."""

    name: str
    wallet: Wallet
    fabricant: Fabricant

    @property
    def address(self) -> Address:
        """Its account."""
        return self.wallet.address


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """All that is there before the deal begins."""

    chain: DevelopmentChain
    deployment: Deployment
    money: Token
    buyer: Party
    supplier: Party
    gateway: Party  # the machine's
    inspector: Party
    arbiter: Party
    guests: tuple[Party, ...]  # whom else a story needs

    @classmethod
    def set_up(
        cls,
        chain: DevelopmentChain,
        funder: Wallet,
        *,
        folder: Path,
        buyer_has: str = BUYER_HAS,
        supplier_has: str = SUPPLIER_HAS,
        guests: Mapping[str, str] = NOBODY,
    ) -> Self:
        """Deploys what is missing, and funds fresh accounts. Sends transactions of `funder`.

        `folder`: where the deployment is recorded. `buyer_has`, `supplier_has`: play money, in whole tokens.
        `guests`: further parties, and the play money that each has.
        Raises UnfundedWallet before the first transaction, and what `deploy` raises.
        """
        recorded = read(folder, chain.chain_id)
        registrar = funder.address if recorded is None else recorded.registrar
        price = suggest(chain, cap=chain.profile.max_fee or DEFAULT_CAP).most
        allowance = BaseUnits(PARTY_GAS * price)
        cost = survey(chain, registrar=registrar, folder=folder).cost + STAGE_GAS * price
        cost += (5 + len(guests)) * allowance
        _require_funds(chain, funder.address, BaseUnits(cost))

        sender = Sender(chain, funder)
        deployment = deploy(sender, registrar=registrar, folder=folder)
        money = PlayMoney.create(chain, funder)
        fabricant = Fabricant(chain, deployment)

        def party(name: str) -> Party:
            wallet = Wallet.create()
            sender.send(wallet.address, value=allowance)
            return Party(name, wallet, fabricant.acting(wallet))

        stage = cls(
            chain=chain,
            deployment=deployment,
            money=fabricant.token(money.address).info,
            buyer=party("buyer"),
            supplier=party("supplier"),
            gateway=party("gateway"),
            inspector=party("inspector"),
            arbiter=party("arbiter"),
            guests=tuple(party(name) for name in guests),
        )
        money.mint(stage.buyer.address, stage.money.parse(buyer_has))
        money.mint(stage.supplier.address, stage.money.parse(supplier_has))
        for guest in stage.guests:
            money.mint(guest.address, stage.money.parse(guests[guest.name]))
        return stage

    @property
    def parties(self) -> tuple[Party, ...]:
        """Everybody."""
        return (self.buyer, self.supplier, self.gateway, self.inspector, self.arbiter, *self.guests)

    def balances(self) -> Balances:
        """What everybody has now, and what the escrow holds."""
        accounts = {party.name: party.address for party in self.parties} | {ESCROW: self.deployment.escrow}
        money = self.buyer.fabricant.token(self.money.address)
        return {
            name: {self.money: money.balance_of(account), COIN: self.chain.balance(account)}
            for name, account in accounts.items()
        }


def _require_funds(chain: DevelopmentChain, funder: Address, needed: BaseUnits) -> None:
    if (balance := chain.balance(funder)) < needed:
        has, needs = (format_amount(amount, COIN.decimals) for amount in (balance, needed))
        raise UnfundedWallet(
            f"{funder} has {has} coin on chain {chain.chain_id}, and this may take {needs}; fund it first. "
            "Nothing was sent"
        )
