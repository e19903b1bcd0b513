"""Where a story about goods plays: firms on a chain of its own, and a clock in days.

Each firm is a fresh account, whose address is the namespace in which it names what it makes. No money moves
but for gas. Time stands still between the steps, so that a story ends the same each time.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, Self

from fabricant.chain.anvil import LocalChain
from fabricant.chain.deploy import deploy
from fabricant.chain.fabricant import Fabricant
from fabricant.chain.reverts import ContractError
from fabricant.chain.transactions import Sender
from fabricant.chain.wallet import Wallet, dev_wallets
from fabricant.domain.assets import AssetId, Kind, Namespace, Registration, asset_id, namespace_of
from fabricant.domain.units import Address, BaseUnits, UnixSeconds
from fabricant.errors import VerificationFailed

DAY: Final = 86_400
WEALTH: Final = BaseUnits(100 * 10**18)

Say = Callable[[str], object]


@dataclass(frozen=True, slots=True)
class Firm:
    """Somebody who makes or owns goods: a name, an account, and the contracts in its name."""

    name: str
    wallet: Wallet
    fabricant: Fabricant

    @property
    def address(self) -> Address:
        """Its account."""
        return self.wallet.address

    @property
    def namespace(self) -> Namespace:
        """In which it names what it makes."""
        return namespace_of(self.address)

    def id(self, local_id: str) -> AssetId:
        """The id of something that it named."""
        return asset_id(self.namespace, local_id)

    def piece(self, local_id: str, kind: Kind = Kind.COMPONENT) -> Registration:
        """Something of its own that is no lot."""
        return Registration(local_id=local_id, kind=kind, owner=self.address)


@dataclass(slots=True)
class Firms:
    """The chain of a story. Days count from its beginning."""

    chain: LocalChain
    fabricant: Fabricant
    say: Say
    began: UnixSeconds
    _chapters: int = 0

    @classmethod
    def set_up(cls, chain: LocalChain, *, folder: Path, say: Say) -> Self:
        """Deploys everything and stops the clock. Sends transactions; `folder` keeps their record."""
        fabricant = Fabricant(chain, deploy(Sender(chain, dev_wallets(chain)[0]), folder=folder))
        chain.freeze()
        return cls(chain, fabricant, say, chain.now())

    def firm(self, name: str) -> Firm:
        """A new firm, with coin for gas."""
        wallet = Wallet.create()
        self.chain.set_balance(wallet.address, WEALTH)
        return Firm(name, wallet, self.fabricant.acting(wallet))

    def wait_for(self, day: int) -> None:
        """Sets the clock to a day of the story."""
        self.chain.mine(at=UnixSeconds(self.began + day * DAY))

    def chapter(self, title: str) -> None:
        """Begins a part of the story."""
        self._chapters += 1
        self.say(f"\n{self._chapters}  {title}")

    def did(self, firm: Firm, what: str) -> None:
        """Tells what a firm has done."""
        self.say(f"   day {(self.chain.now() - self.began) // DAY:<4} {firm.name:<8} {what}")

    def note(self, text: str) -> None:
        """Tells what no transaction shows."""
        self.say(f"{'':21}{text}")

    @contextmanager
    def refused(self, firm: Firm, what: str, error: type[ContractError]) -> Iterator[None]:
        """For what has to be refused with this error; tells it.

        Raises VerificationFailed if it is not refused.
        """
        try:
            yield
        except error:
            self.did(firm, f"{what}: {error.__name__}")
        else:
            raise VerificationFailed(f"{firm.name} could do this: {what}")


@contextmanager
def own_chain(say: Say = print) -> Iterator[Firms]:
    """A chain that ends with the story. What an example's file runs on."""
    with TemporaryDirectory() as folder, LocalChain.start() as chain:
        yield Firms.set_up(chain, folder=Path(folder), say=say)
