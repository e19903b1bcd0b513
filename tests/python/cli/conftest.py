"""The command line as a person has it: a working folder, a home and a keystore of one's own."""

import inspect
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from fabricant.chain import keystore, wallet
from fabricant.chain.anvil import LocalChain
from fabricant.chain.secret import Secret
from fabricant.cli import _local as local_chain
from fabricant.cli import main
from tests.python.cli.market import BEGINNING, Market

Run = Callable[..., Result]

# Before click 8.2, the runner mixed standard output and standard error unless told otherwise.
_APART = {"mix_stderr": False} if "mix_stderr" in inspect.signature(CliRunner).parameters else {}


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's own folder, empty; the working folder is empty too."""
    for variable in [name for name in os.environ if name.startswith("FABRICANT_")]:
        monkeypatch.delenv(variable)
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)
    monkeypatch.setenv("FABRICANT_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(wallet, "SCRYPT_N", 2**17)  # the least that the keystore takes
    return tmp_path / "home"


@pytest.fixture
def run() -> Run:
    """Runs `fabricant` with arguments, in this process."""

    def run_(*arguments: object, **environment: str) -> Result:
        runner = CliRunner(**_APART)  # type: ignore[arg-type]
        return runner.invoke(main, [str(each) for each in arguments], env=environment, prog_name="fabricant")

    return run_


@pytest.fixture
def running(local: LocalChain, home: Path) -> Iterator[LocalChain]:
    """The chain that `fabricant chain start` would run."""
    with local_chain.announced(local.rpc.url):
        yield local


# A market with people in it


@pytest.fixture(scope="session")
def session_market(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Market]:
    """A chain with the contracts, play money, and wallets of a buyer, a supplier and others."""
    with LocalChain.start(options=("--timestamp", str(BEGINNING))) as chain:
        yield Market.set_up(chain, tmp_path_factory.mktemp("market"))


@pytest.fixture(scope="session")
def session_trade(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Market]:
    """The same, where everybody is ready to trade."""
    with LocalChain.start(options=("--timestamp", str(BEGINNING))) as chain:
        yield Market.set_up(chain, tmp_path_factory.mktemp("trade"), trading=True)


@pytest.fixture
def market(session_market: Market, run: Run, monkeypatch: pytest.MonkeyPatch) -> Iterator[Market]:
    """A market on which nothing happened yet, for one test."""
    yield from _for_one_test(session_market, run, monkeypatch)


@pytest.fixture
def trade(session_trade: Market, run: Run, monkeypatch: pytest.MonkeyPatch) -> Iterator[Market]:
    """A market open for business, for one test: conditions, operators, deposit and a machine."""
    yield from _for_one_test(session_trade, run, monkeypatch)


# A line that two parties agree on directly


@pytest.fixture
def draft(trade: Market) -> Path:
    """The draft of a line for 1,000: due in three weeks, a warranty of 10 % for 90 days."""
    own = ("--retention-bps", "10 %", "--retention", "90 days", "--advance-bps", "20 %")
    trade.see("conditions", "new", "own.toml", *own)
    conditions = trade.do("conditions", "publish", "own.toml", by="supplier")["id"]
    parties = ("--buyer", "buyer", "--supplier", "supplier", "--inspector", "inspector")
    times = ("--open-by", "2027-01-10T00:00Z", "--due-by", "2027-01-25T12:00Z")
    price = ("--token", trade.token, "--amount", "1000", "--conditions", conditions)
    trade.see("order", "propose", "open", "line.toml", *parties, *times, *price, "--order-number", "4711")
    return Path("line.toml")


@pytest.fixture
def line(trade: Market, draft: Path) -> str:
    """That line, signed by the supplier and opened by the buyer."""
    trade.do("order", "sign", draft, by="supplier")
    return str(trade.do("order", "send", "line.json", by="buyer")["id"])


def _for_one_test(market: Market, run: Run, monkeypatch: pytest.MonkeyPatch) -> Iterator[Market]:
    snapshot = market.chain.snapshot()
    for variable, value in market.environment.items():
        monkeypatch.setenv(variable, value)
    monkeypatch.setattr(keystore, "_decrypt", _decrypt_once)
    yield replace(market, run=run)
    market.chain.revert(snapshot)


_opened: dict[tuple[str, str], wallet.Wallet] = {}
_decrypt = keystore._decrypt


def _decrypt_once(contents: Mapping[str, Any], passphrase: Secret[str], path: Path) -> wallet.Wallet:
    """Opens each keystore once for all tests, since that takes half a second."""
    key = (str(contents["crypto"]), passphrase.reveal())
    if key not in _opened:
        _opened[key] = _decrypt(contents, passphrase, path)
    return _opened[key]
