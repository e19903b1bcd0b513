"""Play money: a token that anyone mints, so it is worth nothing. Each demonstration creates its own."""

from typing import Self

from fabricant.artifacts import load
from fabricant.chain.answers import Receipt
from fabricant.chain.client import Client
from fabricant.chain.network import Network
from fabricant.chain.transactions import Sender
from fabricant.chain.wallet import Wallet
from fabricant.domain.units import Address, BaseUnits
from fabricant.errors import BadAnswer


class PlayMoney(Client, contract="DemoToken"):
    """The token. Amounts in base units: it has six decimals."""

    @classmethod
    def create(cls, network: Network, wallet: Wallet) -> Self:
        """Puts a new token on the chain. Sends a transaction."""
        receipt = Sender(network, wallet).send(None, load(cls.contract).bytecode)
        if receipt.created is None:
            raise BadAnswer(f"{receipt.transaction} created no contract; try another node")
        return cls(network, receipt.created, wallet=wallet)

    def mint(self, to: Address, amount: BaseUnits) -> Receipt:
        """Creates tokens out of nothing. Anyone; sends a transaction."""
        return self._send("mint", to, amount)
