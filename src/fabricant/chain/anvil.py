"""A chain of one's own: Anvil, started for one program and gone with it.

Anvil runs in a process group of its own, behind a watchdog that waits for the end of a pipe which only this
program holds. However this program ends, by return, exception, signal or kill -9, the pipe closes and the
group is killed, unless the program asked to keep it. A `DevelopmentChain` is a Network that can also do what
no real chain can: set the clock, go back, act as anybody; a `LocalChain` is one that this program started.
"""

import os
import platform
import shutil
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final, Self

from fabricant.chain.answers import Block
from fabricant.chain.network import Network
from fabricant.chain.profiles import LOCAL, Profile
from fabricant.chain.rpc import Rpc, RpcUrl
from fabricant.domain.units import Address, BaseUnits, UnixSeconds, printable
from fabricant.errors import BadAnswer, LocalChainFailed

HARDFORK: Final = "osaka"
START_TIMEOUT: Final = 30.0  # seconds
_MACHINES: Final = {"x86_64": "amd64", "aarch64": "arm64"}  # as npm names them

# Waits until its input ends, then removes the scratch folder and kills its own process group, Anvil included.
# After the word "keep" it first waits until it is told to end (TERM), or until Anvil ends by itself.
_WATCHDOG: Final = """
scratch=$1; shift
{ "$@"; echo "anvil ended with code $?"; } >"$scratch/log" 2>&1 </dev/null &
read -r last
if [ "$last" = keep ]; then
  exec >/dev/null 2>&1
  trap : TERM
  wait
fi
rm -rf "$scratch"
kill -KILL 0
"""


def find_anvil() -> Path:
    """The Anvil program: FABRICANT_ANVIL, else the project's own in node_modules, else the one on PATH."""
    if named := os.environ.get("FABRICANT_ANVIL"):
        return Path(named)
    machine = platform.machine().lower()
    system = f"{platform.system().lower()}-{_MACHINES.get(machine, machine)}"
    package = Path("node_modules", "@foundry-rs", f"anvil-{system}", "bin", "anvil")
    for folder in (Path.cwd(), *Path.cwd().parents, *Path(__file__).resolve().parents):
        if (folder / package).is_file():
            return folder / package
    if on_path := shutil.which("anvil"):
        return Path(on_path)
    raise LocalChainFailed("there is no Anvil here; install Foundry, or set FABRICANT_ANVIL to its path")


class _Anvil:
    """The running program."""

    def __init__(self, program: Path, port: int, options: Sequence[str]) -> None:
        self._scratch = Path(tempfile.mkdtemp(prefix="fabricant-anvil-"))
        scratch = str(self._scratch)
        fixed = ("--port", str(port), "--hardfork", HARDFORK, "--cache-path", scratch)
        self._watchdog = subprocess.Popen(
            ["/bin/sh", "-c", _WATCHDOG, "watchdog", scratch, str(program), *fixed, *options],
            stdin=subprocess.PIPE,
            start_new_session=True,
        )
        self._kept = False
        _held.add(self)
        try:
            self.url = RpcUrl(f"http://127.0.0.1:{self._wait_for_port()}")
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Ends Anvil. Does nothing the second time."""
        _held.discard(self)
        self.let_go()
        if not self._kept:
            self._watchdog.wait()

    def keep(self) -> int:
        """Lets Anvil outlive this program; the process that this names ends it."""
        if self._watchdog.stdin is not None:
            self._watchdog.stdin.write(b"keep\n")
        self._kept = True
        self.stop()
        return self._watchdog.pid

    def let_go(self) -> None:
        """Closes this process's end of the pipe."""
        if self._watchdog.stdin is not None:
            self._watchdog.stdin.close()

    def _wait_for_port(self) -> int:
        deadline = time.monotonic() + START_TIMEOUT
        while time.monotonic() < deadline:
            said = self._log()
            if "Listening on" in said:
                return int(said.rsplit(":", 1)[-1])
            if "anvil ended" in said:
                raise LocalChainFailed(f"Anvil did not start: {printable(said.strip(), 500)}")
            time.sleep(0.01)
        raise LocalChainFailed(f"Anvil did not start within {START_TIMEOUT:g} s; is the machine very busy?")

    def _log(self) -> str:
        log = self._scratch / "log"
        said = log.read_text("utf-8", "replace") if log.exists() else ""
        return said if said.endswith("\n") else said.rpartition("\n")[0]


_held: Final[set[_Anvil]] = set()


def _let_all_go() -> None:
    while _held:
        _held.pop().let_go()


os.register_at_fork(after_in_child=_let_all_go)  # else a child would keep the pipe open beyond its parent


class DevelopmentChain(Network):
    """Anybody's Anvil, as a Network. Times are Unix seconds; amounts are wei."""

    def now(self) -> UnixSeconds:
        """The time of the newest block."""
        return self.head().timestamp

    def warp(self, to: UnixSeconds) -> None:
        """Gives the next block exactly this time. Calls at `pending` see it already, at `latest` not yet."""
        self.rpc.call("evm_setNextBlockTimestamp", to)

    def freeze(self) -> None:
        """Time stands still from now on, but for `warp`: blocks have the time of the one before."""
        self.rpc.call("anvil_setBlockTimestampInterval", 0)

    def mine(self, blocks: int = 1, *, at: UnixSeconds | None = None) -> Block:
        """Adds empty blocks, the first of them at a given time. Returns the newest."""
        if at is not None:
            self.warp(at)
        for _ in range(blocks):
            self.rpc.call("evm_mine")
        return self.head()

    def snapshot(self) -> str:
        """Remembers the state. The name is good for one `revert`."""
        return str(self.rpc.call("evm_snapshot"))

    def revert(self, snapshot: str) -> None:
        """Goes back to a snapshot: state, blocks and clock."""
        if self.rpc.call("evm_revert", snapshot) is not True:
            raise BadAnswer(f"Anvil knows no snapshot {snapshot}; each can be used once")

    def automine(self, *, on: bool) -> None:
        """Whether each transaction gets its block at once (the default), or waits for `mine`."""
        self.rpc.call("evm_setAutomine", on)

    def reorganise(self, depth: int) -> None:
        """Replaces the last `depth` blocks by empty ones."""
        self.rpc.call("anvil_reorg", depth, [])

    def set_balance(self, address: Address, amount: BaseUnits) -> None:
        """Gives an account exactly this much of the chain's coin."""
        self.rpc.call("anvil_setBalance", address, hex(amount))

    def set_base_fee(self, fee: BaseUnits) -> None:
        """The base fee per gas of the next block, in wei."""
        self.rpc.call("anvil_setNextBlockBaseFeePerGas", hex(fee))

    def set_code(self, address: Address, code: bytes) -> None:
        """Puts runtime code at an address."""
        self.rpc.call("anvil_setCode", address, "0x" + code.hex())


class LocalChain(DevelopmentChain):
    """An Anvil of one's own, which ends with this program."""

    def __init__(self, anvil: _Anvil) -> None:
        self._anvil = anvil
        super().__init__(Rpc(anvil.url), Profile(LOCAL, anvil.url))
        self.rpc.call("anvil_setLoggingEnabled", False)

    @classmethod
    def start(cls, *, port: int = 0, options: Sequence[str] = ()) -> Self:
        """Starts Anvil, on a free port if none is named. `options` go on its command line.

        Raises LocalChainFailed.
        """
        anvil = _Anvil(find_anvil(), port, options)
        try:
            return cls(anvil)
        except BaseException:
            anvil.stop()
            raise

    def keep(self) -> int:
        """Lets the chain outlive this program. Returns the id of the process that ends it: `kill` it then."""
        return self._anvil.keep()

    def close(self) -> None:
        """Ends the chain, unless it is kept."""
        super().close()
        self._anvil.stop()
