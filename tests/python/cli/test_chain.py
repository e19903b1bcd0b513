"""A local chain for everybody to try things on, found by the commands in other terminals."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from fabricant.chain.anvil import LocalChain
from fabricant.chain.plan import CONTRACTS
from fabricant.chain.rpc import RpcUrl
from fabricant.cli import _local as local_chain
from fabricant.domain.units import format_time
from tests.python.cli.conftest import Run
from tests.support.faulty_node import FaultyNode


@contextmanager
def started(*options: str) -> Iterator[subprocess.Popen[str]]:
    """`fabricant chain start` in a process of its own, ended as Ctrl-C does."""
    with subprocess.Popen(
        [sys.executable, "-c", "from fabricant.cli import main; main()", "chain", "start", *options],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.send_signal(signal.SIGINT)


def said(process: subprocess.Popen[str]) -> dict[str, object]:
    """The JSON object that a process printed first."""
    assert process.stdout is not None
    lines = []
    while (line := process.stdout.readline()) != "}\n":
        assert line, process.communicate()
        lines.append(line)
    found = json.loads("".join([*lines, line]))
    assert isinstance(found, dict)
    return found


def test_started_chain_has_the_contracts_and_is_found_as_local(run: Run, home: Path) -> None:
    with started("--deploy", "--json") as process:
        facts = said(process)
        status = json.loads(run("chain", "status", "--json").stdout)
        again = run("chain", "start")

    assert process.returncode == 0
    assert status["url"] == facts["url"]
    assert status["contracts"] == facts["contracts"]
    assert list(status["contracts"]) == list(CONTRACTS)
    assert len(facts["accounts"]) == 10  # type: ignore[arg-type]
    assert again.exit_code == 2
    assert "a local chain is running already" in again.stderr
    assert local_chain.find() is None
    assert list(home.iterdir()) == []


def test_started_chain_shows_wallets_and_no_key(run: Run) -> None:
    with started() as process:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(15)]

    text = "".join(lines)
    assert "dev:9   0xa0Ee7A142d267C1f36714E4a8F75612F20a79720" in text
    assert lines[-1] == "Ctrl-C ends it.\n"
    assert "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80" not in text


def test_ended_by_sigterm_it_leaves_nothing(home: Path) -> None:
    with started("--json") as process:
        said(process)
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0

    assert list(home.iterdir()) == []


def test_file_that_was_left_behind_does_no_harm(run: Run, home: Path) -> None:
    file = home / "local-chain.json"
    home.mkdir()
    for text in ('{"url": "http://127.0.0.1:1"}', "{}", "[", '{"url": "ftp://x"}', '{"url": 5}'):
        file.write_text(text)

        assert local_chain.find() is None

    result = run("chain", "status")
    assert result.exit_code == 6
    assert "no local chain is running: start one with `fabricant chain start`" in result.stderr


def test_other_programs_on_the_old_port_are_not_taken_for_it(home: Path) -> None:
    with (
        FaultyNode(results={"web3_clientVersion": "Geth/v1.16"}) as node,
        local_chain.announced(RpcUrl(node.url)),
    ):
        assert local_chain.find() is None


def test_announcement_of_a_later_chain_is_left_alone(home: Path) -> None:
    with local_chain.announced(RpcUrl("http://127.0.0.1:1")):
        (home / "local-chain.json").write_text("another's")

    assert (home / "local-chain.json").read_text() == "another's"


def test_status_tells_what_one_wants_to_know(running: LocalChain, run: Run) -> None:
    head = running.head()

    text, facts = run("chain", "status").stdout, json.loads(run("chain", "status", "--json").stdout)

    assert format_time(head.timestamp) in text
    assert "not deployed, or not recorded here" in text
    assert facts == {
        "network": "local",
        "url": running.rpc.url.reveal(),
        "chainId": 31337,
        "client": "anvil/v1.7.1",
        "block": head.number,
        "time": head.timestamp,
        "baseFee": str(running.fee_market().base_fee),
        "tip": str(running.fee_market().tip),
        "contracts": None,
    }


def test_status_of_any_url_hides_its_token(running: LocalChain, run: Run) -> None:
    url = f"{running.rpc.url.reveal()}/?key=secret-token"

    result = run("chain", "status", "--network", url)

    assert result.exit_code == 0
    assert "secret-token" not in result.stdout + result.stderr


def test_time_passes_when_told(running: LocalChain, run: Run) -> None:
    before = running.now()

    result = json.loads(run("chain", "advance", "1 day 2 hours", "--json").stdout)

    assert result == {"block": running.head().number, "time": before + 26 * 3600}
    assert running.now() == before + 26 * 3600


def test_time_of_other_chains_is_left_alone(run: Run) -> None:
    with FaultyNode(results={"web3_clientVersion": "Geth/v1.16"}) as node:
        result = run("chain", "advance", "1 day", "--network", node.url)

    assert result.exit_code == 2
    assert "is no Anvil" in result.stderr


@pytest.mark.parametrize("options", [("--port", "70000"), ("--block-time", "0")])
def test_impossible_options_are_usage_errors(run: Run, options: tuple[str, ...]) -> None:
    assert run("chain", "start", *options).exit_code == 2
