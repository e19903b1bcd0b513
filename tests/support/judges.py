"""The mock court for tests of the library: it charges, and does what it is told."""

from fabricant.chain.abi import Abi
from fabricant.chain.network import Network
from fabricant.chain.transactions import Sender
from fabricant.chain.wallet import Wallet
from fabricant.domain.units import BaseUnits
from tests.support.chain import artifact

COST = BaseUnits(3 * 10**16)  # wei


class Judges:
    """The judges, in the name of somebody who pays for their orders."""

    def __init__(self, network: Network, wallet: Wallet) -> None:
        mock = artifact("MockArbitrator")
        self._sender = Sender(network, wallet)
        self._functions = Abi.parse(mock.abi).functions
        created = self._sender.send(None, mock.bytecode).created
        assert created is not None
        self.address = created
        self.tell("setPrice", COST)

    def tell(self, function: str, *arguments: object) -> None:
        """Tells the judges what to do."""
        self._sender.send(self.address, self._functions[function].encode(arguments))
