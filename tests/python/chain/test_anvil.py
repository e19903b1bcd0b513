"""A local chain starts fast, obeys, and never outlives the program that wanted it."""

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from contextlib import suppress
from pathlib import Path

import pytest

from fabricant.chain import anvil
from fabricant.chain.anvil import LocalChain, find_anvil
from fabricant.chain.connect import connect
from fabricant.chain.network import Call
from fabricant.domain.units import BaseUnits, UnixSeconds, parse_address
from fabricant.errors import BadAnswer, LocalChainFailed

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")

CLOCK = bytes.fromhex("425f5260205ff3")  # returns the time
SOMEBODY = parse_address("0x" + "11" * 20)


def group(leader: int) -> list[int]:
    """The processes of a group that still run."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            state, _, process_group = stat.read_text().rpartition(")")[2].split()[:3]
            if int(process_group) == leader and state != "Z":
                found.append(int(stat.parent.name))
    return found


def ends(leader: int) -> bool:
    """Whether a process group is gone, or goes within ten seconds."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline and group(leader):
        time.sleep(0.01)
    return not group(leader)


def program(ending: str) -> subprocess.Popen[str]:
    source = f"""
        import os, signal, sys, threading, time, multiprocessing
        from fabricant.chain.anvil import LocalChain
        chain = LocalChain.start()
        print(chain._anvil._watchdog.pid, chain._anvil._scratch, flush=True)
        {ending}
    """
    command = [sys.executable, "-c", textwrap.dedent(source)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment
    )


@pytest.mark.parametrize(
    ("ending", "signal_"),
    [
        ("pass", None),
        ("raise ValueError", None),
        ("sys.exit(3)", None),
        ("os._exit(1)", None),
        ("os.abort()", None),
        ("time.sleep(60)", signal.SIGTERM),
        ("time.sleep(60)", signal.SIGINT),
        ("time.sleep(60)", signal.SIGKILL),
        ("pid = os.fork(); time.sleep(60 if pid else 20)", signal.SIGKILL),
    ],
    ids=[
        "return",
        "exception",
        "exit",
        "hard exit",
        "abort",
        "SIGTERM",
        "SIGINT",
        "SIGKILL",
        "SIGKILL with a child",
    ],
)
def test_no_anvil_is_left_behind(ending: str, signal_: signal.Signals | None) -> None:
    with program(ending) as parent:
        assert parent.stdout
        leader, scratch = parent.stdout.readline().split()
        if signal_ is not None:
            assert group(int(leader))
            parent.send_signal(signal_)
        parent.wait(10)
        assert ends(int(leader))
        assert not Path(scratch).exists()
        parent.stdout.close()


@pytest.mark.parametrize("end_it", ["the group's leader", "Anvil itself"])
def test_a_kept_chain_outlives_its_program_and_is_ended_by_a_signal(end_it: str) -> None:
    with program("print(chain.keep(), flush=True)\n        chain.close()") as parent:
        assert parent.stdout
        leader, scratch = parent.stdout.readline().split()
        assert parent.stdout.readline().strip() == leader
        parent.wait(10)
        parent.stdout.close()
    kept = group(int(leader))
    assert len(kept) == 3
    os.kill(int(leader) if end_it == "the group's leader" else max(kept), signal.SIGTERM)
    assert ends(int(leader))
    assert not Path(scratch).exists()


def test_it_also_lives_on_when_the_thread_that_started_it_ends() -> None:
    started: list[LocalChain] = []
    thread = threading.Thread(target=lambda: started.append(LocalChain.start()))
    thread.start()
    thread.join()
    with started[0] as chain:
        time.sleep(0.2)
        assert chain.head().number == 0


def test_closing_ends_it_and_closing_again_does_nothing() -> None:
    chain = LocalChain.start()
    assert group(leader := chain._anvil._watchdog.pid)
    chain.close()
    chain.close()
    assert ends(leader)


def test_connect_local_is_a_chain_of_its_own() -> None:
    with connect("local") as first, connect("local") as second:
        assert first.chain_id == second.chain_id == 31337
        assert first.rpc.url != second.rpc.url
        assert repr(first) == f"<LocalChain local: chain 31337 at {first.rpc.url}>"


def test_osaka_rules_hold(local: LocalChain) -> None:
    local.set_code(SOMEBODY, bytes.fromhex("5f1e5f5260205ff3"))  # CLZ(0)
    assert local.call(Call(SOMEBODY)) == (256).to_bytes(32)


@pytest.mark.parametrize(
    "script", ["#!/bin/sh\necho 'error: unexpected argument' >&2; exit 2\n", "not a program"]
)
def test_a_program_that_is_no_anvil_is_reported_with_its_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str
) -> None:
    fake = tmp_path / "anvil"
    fake.write_text(script)
    fake.chmod(0o755)
    monkeypatch.setenv("FABRICANT_ANVIL", str(fake))
    with pytest.raises(LocalChainFailed, match=r"did not start: .*(unexpected argument|not)"):
        LocalChain.start()


def test_an_anvil_that_never_answers_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake = tmp_path / "anvil"
    fake.write_text("#!/bin/sh\nsleep 60\n")
    fake.chmod(0o755)
    monkeypatch.setenv("FABRICANT_ANVIL", str(fake))
    monkeypatch.setattr(anvil, "START_TIMEOUT", 0.2)
    with pytest.raises(LocalChainFailed, match="did not start within"):
        LocalChain.start()


def test_without_an_anvil_it_says_how_to_get_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("FABRICANT_ANVIL", raising=False)
    monkeypatch.setattr(anvil, "__file__", str(tmp_path / "anvil.py"))
    with pytest.raises(LocalChainFailed, match="install Foundry"):
        find_anvil()
    (tmp_path / "anvil").touch(mode=0o755)
    assert find_anvil() == tmp_path / "anvil"


def test_the_clock_obeys(local: LocalChain) -> None:
    local.set_code(SOMEBODY, CLOCK)
    later = UnixSeconds(local.now() + 1_000_000)
    local.warp(later)
    assert int.from_bytes(local.call(Call(SOMEBODY), at="pending")) == later
    assert local.mine().timestamp == local.now() == later
    block = local.mine(3, at=UnixSeconds(later + 500))
    assert block.number == 4
    first = local.block(2)
    assert first is not None
    assert first.timestamp == later + 500


def test_a_snapshot_brings_back_state_blocks_and_clock_once(local: LocalChain) -> None:
    before = local.head()
    name = local.snapshot()
    local.set_balance(SOMEBODY, BaseUnits(5))
    local.mine(3, at=UnixSeconds(before.timestamp + 10**6))
    local.revert(name)
    assert local.balance(SOMEBODY) == 0
    assert local.head() == before
    assert local.mine().timestamp < before.timestamp + 3600
    with pytest.raises(BadAnswer, match="knows no snapshot"):
        local.revert(name)


def test_blocks_can_be_replaced(local: LocalChain) -> None:
    local.mine(5)
    old = local.block(3)
    local.reorganise(4)
    assert local.head().number == 5
    assert local.block(3) != old
    assert old is not None
    assert local.block(old.hash) is None


def test_a_frozen_chain_keeps_its_time() -> None:
    with LocalChain.start() as chain:
        chain.freeze()
        before = chain.now()
        chain.mine(2)
        assert chain.now() == before
        chain.mine(at=UnixSeconds(before + 100))
        assert chain.mine().timestamp == before + 100
