"""All six contracts of one deployment, in the name of one account.

    fabricant = Fabricant.on(network, wallet=wallet)
    booked = fabricant.capacity.book(offer, consent, order)
    fabricant.acting(inspector).escrow.accept(terms)

Without a wallet everything can be read, and prepared or simulated for `account`. Nothing is asked of the
chain before a client is used.
"""

from functools import cached_property
from pathlib import Path
from typing import Self, TypeVar

from fabricant.chain.answers import Receipt
from fabricant.chain.assets import AssetRegistry
from fabricant.chain.capacity import CapacityMarket
from fabricant.chain.client import DEFAULT_POLICY, Client
from fabricant.chain.court import ArbiterERC792
from fabricant.chain.deployment import Deployment, find
from fabricant.chain.directory import Directory
from fabricant.chain.escrow import SupplierEscrow
from fabricant.chain.genealogy import Genealogy
from fabricant.chain.network import Network
from fabricant.chain.pledge import Pledge, pledge_address
from fabricant.chain.reader import EscrowReader
from fabricant.chain.records import RecordAnchor
from fabricant.chain.tokens import Erc20
from fabricant.chain.transactions import Policy
from fabricant.chain.wallet import Wallet
from fabricant.domain.units import Address
from fabricant.errors import WrongChain

C = TypeVar("C", bound=Client)


class Fabricant:
    """The typed clients of a deployment."""

    def __init__(
        self,
        network: Network,
        deployment: Deployment,
        *,
        wallet: Wallet | None = None,
        account: Address | None = None,
        policy: Policy = DEFAULT_POLICY,
    ) -> None:
        """Raises WrongChain if the deployment is another chain's. `account`: as in `Client`."""
        if deployment.chain_id != network.chain_id:
            raise WrongChain(f"this deployment is on chain {deployment.chain_id}, and {network} is another")
        self.network = network
        self.deployment = deployment
        self.wallet = wallet
        self.account = account if wallet is None else wallet.address
        self.policy = policy

    @classmethod
    def on(
        cls,
        network: Network,
        *,
        wallet: Wallet | None = None,
        account: Address | None = None,
        folder: Path | None = None,
        policy: Policy = DEFAULT_POLICY,
    ) -> Self:
        """The deployment that is recorded for a network in `folder`. Raises NotFound if there is none."""
        return cls(network, find(network, folder), wallet=wallet, account=account, policy=policy)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} on chain {self.network.chain_id} for {self.account or 'nobody'}>"

    def acting(self, wallet: Wallet) -> Self:
        """The same contracts in the name of another wallet."""
        return type(self)(self.network, self.deployment, wallet=wallet, policy=self.policy)

    @cached_property
    def directory(self) -> Directory:
        """Who acts for whom."""
        return self._client(Directory, self.deployment.directory)

    @cached_property
    def records(self) -> RecordAnchor:
        """Streams of anchored records."""
        return self._client(RecordAnchor, self.deployment.records)

    @cached_property
    def assets(self) -> AssetRegistry:
        """Machines, parts, lots and products."""
        return self._client(AssetRegistry, self.deployment.assets)

    @cached_property
    def genealogy(self) -> Genealogy:
        """What assets are made of, and which of them are called back."""
        return self._client(Genealogy, self.deployment.genealogy)

    @cached_property
    def escrow(self) -> SupplierEscrow:
        """Order lines and their money."""
        return self._client(SupplierEscrow, self.deployment.escrow)

    @cached_property
    def capacity(self) -> CapacityMarket:
        """Offers, bookings and calendars."""
        return self._client(CapacityMarket, self.deployment.capacity)

    def token(self, address: Address) -> Erc20:
        """Any ERC-20 token on the same chain. Raises NotFound if there is none."""
        return self._client(Erc20, address)

    def court(self, address: Address) -> ArbiterERC792:
        """A court that is the arbiter of lines. Raises NotFound if there is none."""
        return self._client(ArbiterERC792, address)

    @cached_property
    def pledges(self) -> Pledge:
        """Assets that secure debts. Raises NotFound if nobody put that contract on this chain."""
        return self._client(Pledge, pledge_address(self.deployment.assets))

    def reader(self, address: Address) -> EscrowReader:
        """A reader of the escrow: everything about a line at once. Raises NotFound if there is none."""
        return self._client(EscrowReader, address)

    def events(self, receipt: Receipt) -> list[object]:
        """What all six contracts said in a transaction, in order; other contracts' events are left out."""
        clients: list[Client] = [
            *(self.directory, self.records, self.assets),
            *(self.genealogy, self.escrow, self.capacity),
        ]
        by_address = {client.address: client for client in clients}
        return [by_address[log.address].decode(log) for log in receipt.logs if log.address in by_address]

    def _client(self, form: type[C], address: Address) -> C:
        return form(self.network, address, wallet=self.wallet, account=self.account, policy=self.policy)
