"""A world for tests of the typed clients: all contracts on a local chain, and firms that trade there.

Everybody has a wallet with coin and play money, has approved the escrow, and has made the market its
operator where it trades. Nothing here goes around the clients, so what works here works for users.
"""

import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Self

from fabricant.artifacts import load
from fabricant.chain.abi import Abi
from fabricant.chain.anvil import LocalChain
from fabricant.chain.deploy import deploy
from fabricant.chain.fabricant import Fabricant
from fabricant.chain.pledge import Pledge
from fabricant.chain.secret import Secret
from fabricant.chain.transactions import Sender
from fabricant.chain.wallet import Wallet, dev_wallets
from fabricant.domain.assets import AssetId, Kind, Registration, asset_id, namespace_of
from fabricant.domain.capacity import HourPattern, Offer, Order
from fabricant.domain.directory import Role
from fabricant.domain.escrow import Conditions, Terms
from fabricant.domain.units import Address, BaseUnits, Bps, HourIndex, Seconds, UnixSeconds, hour_of
from tests.support.actors import Actor

HOUR, DAY = 3600, 24 * 3600
FIRMS = ("buyer", "supplier", "inspector", "arbiter", "broker", "operator", "gateway", "device", "stranger")
COIN = BaseUnits(10_000 * 10**18)
MONEY = BaseUnits(10**15)  # a billion dollars, in base units
USUAL = Conditions(
    bond_bps=Bps(1_000),
    cancel_bps=Bps(1_000),
    retention_bps=Bps(500),
    late_bps=Bps(100),
    max_late_bps=Bps(500),
    default_supplier_bps=Bps(5_000),
    broker_bps=Bps(200),
    max_rejections=2,
    inspection=Seconds(5 * DAY),
    arbitration=Seconds(30 * DAY),
    cancel_notice=Seconds(7 * DAY),
    resign_period=Seconds(DAY),
    delivery_window=Seconds(7 * DAY),
    long_stop=Seconds(21 * DAY),
    transit=Seconds(3 * DAY),
    cure=Seconds(14 * DAY),
    retention=Seconds(90 * DAY),
)


@cache
def wallet(role: str) -> Wallet:
    """Somebody's wallet."""
    return Wallet(Secret(Actor(role).key))


@dataclass(frozen=True)
class World:
    """The contracts, and everybody's view of them."""

    chain: LocalChain
    fabricant: Fabricant
    token: Address

    @classmethod
    def create(cls, chain: LocalChain) -> Self:
        """Deploys everything and lets the firms settle in."""
        chain.freeze()  # so that no test depends on how long it takes
        sender = Sender(chain, dev_wallets(chain)[0])
        fabricant = Fabricant(chain, deploy(sender, folder=Path(tempfile.mkdtemp())))
        Pledge.create(chain, sender.wallet, assets=fabricant.deployment.assets)
        token = sender.send(None, load("DemoToken").bytecode).created
        assert token
        mint = Abi.parse(load("DemoToken").abi).functions["mint"]
        world = cls(chain, fabricant, token)
        for role in FIRMS:
            chain.set_balance(wallet(role).address, COIN)
            sender.send(token, mint.encode([wallet(role).address, MONEY]))
        for role in ("buyer", "supplier"):
            firm = world.as_(role)
            firm.token(token).approve(firm.deployment.escrow, MONEY)
            firm.directory.set_operator(firm.deployment.capacity, Role.OPEN)
        supplier = world.as_("supplier")
        supplier.escrow.deposit(token, BaseUnits(MONEY // 2))
        supplier.assets.register(namespace_of(wallet("supplier").address), registration("B400-0815"))
        supplier.escrow.publish_conditions(USUAL)
        return world

    def as_(self, role: str) -> Fabricant:
        """The contracts in somebody's name."""
        return self.fabricant.acting(wallet(role))

    @property
    def now(self) -> UnixSeconds:
        """The time of the newest block."""
        return self.chain.now()

    @property
    def machine(self) -> AssetId:
        """The supplier's machine."""
        return asset_id(namespace_of(wallet("supplier").address), "B400-0815")

    def terms(self, **changes: object) -> Terms:
        """Usual terms of a line, due in 30 days."""
        usual: dict[str, object] = {
            "buyer": wallet("buyer").address,
            "supplier": wallet("supplier").address,
            "inspector": wallet("inspector").address,
            "arbiter": wallet("arbiter").address,
            "broker": wallet("broker").address,
            "token": self.token,
            "amount": BaseUnits(1_000_000_007),
            "open_by": UnixSeconds(self.now + DAY),
            "due_by": UnixSeconds(self.now + 30 * DAY),
            "documents": b"\x0d" * 32,
            "conditions": USUAL.id,
            "salt": 4711,
        }
        return Terms(**(usual | changes))  # type: ignore[arg-type]

    def offer(self, **changes: object) -> Offer:
        """A usual offer of the machine's hours in the next 60 days."""
        usual: dict[str, object] = {
            "supplier": wallet("supplier").address,
            "machine": self.machine,
            "token": self.token,
            "hourly": BaseUnits(90_000_000),
            "setup": BaseUnits(45_000_000),
            "last_minute_hourly": BaseUnits(60_000_000),
            "decay_hours": 72,
            "from_hour": hour_of(self.now),
            "until_hour": HourIndex(hour_of(self.now) + 60 * 24),
            "min_hours": 2,
            "max_span": 80,
            "total_hours": 200,
            "setup_hours": 1,
            "notice_hours": 4,
            "delivery_hours": 24,
            "max_assets": 8,
            "inspector": wallet("inspector").address,
            "valid_until": UnixSeconds(self.now + 20 * DAY),
            "nonce": 7,
            "documents": b"\x0e" * 32,
            "conditions": USUAL.id,
        }
        return Offer(**(usual | changes))  # type: ignore[arg-type]

    def order(self, **changes: object) -> Order:
        """A usual order: nine hours, of which one is for setup, beginning tomorrow."""
        begin = hour_of(self.now) + 24
        usual: dict[str, object] = {
            "buyer": wallet("buyer").address,
            "max_price": BaseUnits(10**12),
            "salt": 12,
            "hours": HourPattern.of(HourIndex(hour) for hour in range(begin, begin + 9)),
        }
        return Order(**(usual | changes))  # type: ignore[arg-type]


def registration(local_id: str, **changes: object) -> Registration:
    """The supplier registers something of its own."""
    usual: dict[str, object] = {
        "local_id": local_id,
        "kind": Kind.EQUIPMENT,
        "owner": wallet("supplier").address,
        "twin": b"\x0a" * 32,
        "uri": "ipfs://bafybeigdyrzt5sfp7udm7hu76uh7y26nf3efuylqabf3oclgtqy55fbzdi",
    }
    return Registration(**(usual | changes))  # type: ignore[arg-type]
