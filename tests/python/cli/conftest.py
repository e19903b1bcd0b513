"""The command line as a person has it: a working folder, a home and a keystore of one's own."""

import inspect
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from fabricant.chain import wallet
from fabricant.chain.anvil import LocalChain
from fabricant.cli import _local as local_chain
from fabricant.cli import main

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
