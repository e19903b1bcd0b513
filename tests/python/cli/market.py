"""A market for the tests of the command line: people with wallets, money and a machine.

`market.do("order", "accept", line, by="inspector")` runs a command that signs or sends, and gives its JSON;
`market.see` the same for one that reads; `market.refused` gives the failure of one that must not work.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Self

from click.testing import Result

from fabricant.chain import wallet as wallets
from fabricant.chain.anvil import LocalChain
from fabricant.chain.deploy import deploy
from fabricant.chain.fabricant import Fabricant
from fabricant.chain.keystore import Keystore
from fabricant.chain.secret import Secret
from fabricant.chain.tokens import Erc20
from fabricant.chain.transactions import Sender
from fabricant.chain.wallet import Wallet, dev_wallets
from fabricant.conditions import load
from fabricant.demo.money import PlayMoney
from fabricant.domain.assets import Kind, Registration, asset_id, namespace_of
from fabricant.domain.directory import Role
from fabricant.domain.units import Address, BaseUnits, UnixSeconds, parse_time

BEGINNING: Final = parse_time("2027-01-04T08:00Z")  # a Monday morning
PEOPLE: Final = ("buyer", "supplier", "inspector", "arbiter", "gateway", "stranger")
RICH: Final = BaseUnits(10_000 * 10**6)
COIN: Final = BaseUnits(10 * 10**18)
PASSPHRASE: Final = "ten or more characters"
UNIT: Final = 10**6
DEPOSIT: Final = BaseUnits(1_000 * UNIT)


@dataclass(frozen=True)
class Refusal:
    """How a command ended that did not work."""

    code: int
    error: str
    message: str


@dataclass(frozen=True, kw_only=True)
class Market:
    """The chain, its people's addresses, and the play money."""

    chain: LocalChain
    token: Address
    people: dict[str, Address]
    environment: dict[str, str]
    run: Callable[..., Result] | None = None

    @classmethod
    def set_up(cls, chain: LocalChain, folder: Path, *, trading: bool = False) -> Self:
        """Deploys everything, once for many tests; `trading`: and opens for business."""
        first = dev_wallets(chain)[0]
        deploy(Sender(chain, first), folder=folder / "deployments")
        money = PlayMoney.create(chain, first)
        keystore, opened = Keystore(folder / "home" / "keystore"), {}
        cost, wallets.SCRYPT_N = wallets.SCRYPT_N, 2**17  # the least that the keystore takes
        for name in PEOPLE:
            made = Wallet.create()
            keystore.add(name, made, Secret(PASSPHRASE))
            chain.set_balance(made.address, COIN)
            opened[name] = made
        wallets.SCRYPT_N = cost
        for name in ("buyer", "supplier"):
            money.mint(opened[name].address, RICH)
        if trading:
            _open_for_business(Fabricant.on(chain, folder=folder / "deployments"), opened, money.address)
        people = {name: each.address for name, each in opened.items()}
        environment = {
            "FABRICANT_RPC_URL": chain.rpc.url.reveal(),
            "FABRICANT_HOME": str(folder / "home"),
            "FABRICANT_DEPLOYMENTS": str(folder / "deployments"),
            "FABRICANT_PASSPHRASE": PASSPHRASE,
        }
        return cls(chain=chain, token=money.address, people=people, environment=environment)

    # Commands

    def do(self, *arguments: object, by: str) -> Any:
        """The JSON result of a command that signs or sends."""
        return self._result("--wallet", by, *arguments, "--yes")

    def see(self, *arguments: object, by: str = "stranger", code: int = 0) -> Any:
        """The JSON result of a command that reads. `code`: what it ends with."""
        return self._result("--wallet", by, *arguments, code=code)

    def text(self, *arguments: object, by: str = "stranger", code: int = 0) -> str:
        """What a command that reads shows to people."""
        result = self._run("--wallet", by, *arguments)
        assert result.exit_code == code, result.stderr
        return result.stdout

    def noted(self, *arguments: object, by: str = "stranger") -> str:
        """What a command tells beside its result."""
        return self._run("--wallet", by, *arguments).stderr

    def refused(self, *arguments: object, by: str, yes: bool = True) -> Refusal:
        """The failure of a command that must not work; it prints no result."""
        result = self._run("--json", "--wallet", by, *arguments, *(["--yes"] if yes else []))
        assert result.exit_code != 0, result.stdout
        facts = json.loads(result.stderr.strip().splitlines()[-1])
        assert facts["exitCode"] == result.exit_code
        return Refusal(result.exit_code, facts["error"], facts["message"])

    def _result(self, *arguments: object, code: int = 0) -> Any:
        result = self._run("--json", *arguments)
        assert result.exit_code == code, result.stderr
        return json.loads(result.stdout)

    def _run(self, *arguments: object) -> Result:
        assert self.run is not None
        return self.run(*arguments)

    # Time and money

    def wait_until(self, time: str | int) -> None:
        """Lets time pass, to a block at exactly this time."""
        self.chain.mine(at=UnixSeconds(time if isinstance(time, int) else parse_time(time)))

    def has(self, name: str) -> int:
        """Somebody's play money, in base units."""
        return Erc20(self.chain, self.token).balance_of(self.people[name])

    # What most tests begin with

    def open_for_business(self) -> str:
        """Conditions published, the market made operator of both, deposit paid, machine registered."""
        self.do("conditions", "publish", "machine-time", by="supplier")
        for name in ("buyer", "supplier"):
            self.do(
                "directory", "operator", "set", "market", "--roles", "OPEN", "--until", "forever", by=name
            )
        self.do("order", "deposit", "1000", "--token", self.token, by="supplier")
        machine = self.do("asset", "register", "NMW-0417", "--kind", "equipment", by="supplier")
        return str(machine["id"])

    @property
    def machine(self) -> str:
        """The id of the supplier's machine."""
        return f"{asset_id(namespace_of(self.people['supplier']), 'NMW-0417'):#066x}"

    def offer(self, name: str = "offer", **changes: object) -> Path:
        """A signed offer of the supplier: 95 an hour, for a month."""
        usual: dict[str, object] = {
            "machine": "NMW-0417",
            "token": self.token,
            "hourly": "95",
            "setup": "120",
            "begin": "2027-01-05T00:00Z",
            "end": "2027-02-05T00:00Z",
            "max_span": 80,
            "delivery_hours": 48,
            "max_assets": 8,
            "inspector": "inspector",
            "valid_until": "2027-02-01T00:00Z",
            "conditions": "machine-time",
        }
        fields = usual | changes
        options = [
            part for field, value in fields.items() for part in (f"--{field.replace('_', '-')}", value)
        ]
        self.see("offer", "new", f"{name}.toml", *options, by="supplier")
        return Path(self.do("offer", "sign", f"{name}.toml", by="supplier")["file"])

    def book(self, offer: Path | str, *options: object, hours: str = "2027-01-11 06:00 to 14:00") -> Any:
        """A booking of the buyer."""
        return self.do("book", offer, "--hours", hours, "--zone", "Europe/Berlin", *options, by="buyer")


def _open_for_business(fabricant: Fabricant, people: dict[str, Wallet], token: Address) -> None:
    """The same as the method, without the command line."""
    for name in ("buyer", "supplier"):
        market = fabricant.deployment.capacity
        fabricant.acting(people[name]).directory.set_operator(market, Role.OPEN)
    supplier = fabricant.acting(people["supplier"])
    supplier.escrow.publish_conditions(load("machine-time").conditions)
    supplier.token(token).approve(fabricant.deployment.escrow, DEPOSIT)
    supplier.escrow.deposit(token, DEPOSIT)
    owner = people["supplier"].address
    machine = Registration(local_id="NMW-0417", kind=Kind.EQUIPMENT, owner=owner)
    supplier.assets.register(namespace_of(owner), machine)


def when(time: int) -> str:
    """A time of the JSON for comparing."""
    return f"{datetime.fromtimestamp(time, UTC):%Y-%m-%d %H:%M}"
