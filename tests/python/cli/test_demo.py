"""`fabricant demo`: what people see, what is left behind, and how it refuses."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import Result

from fabricant.chain.anvil import LocalChain
from fabricant.chain.fabricant import Fabricant
from fabricant.chain.network import Network
from fabricant.chain.profiles import Profile
from fabricant.chain.rpc import Rpc, RpcUrl
from fabricant.cli import demo
from fabricant.demo import journal
from fabricant.domain.units import BaseUnits
from fabricant.errors import NetworkError
from fabricant.samples import machine_log
from tests.python.cli.conftest import Run
from tests.support.faulty_node import FaultyNode

COMMAND = [sys.executable, "-c", "from fabricant.cli import main; main()", "demo"]


def report(file: str = "demo.json") -> dict[str, object]:
    found: dict[str, object] = json.loads(Path(file).read_text())
    return found


def refusal(result: Result) -> tuple[int, str]:
    """How a command failed, which left nothing behind."""
    assert result.stdout == ""
    assert [file.name for file in Path().iterdir() if file.suffix != ".txt"] == []
    return result.exit_code, result.stderr


@pytest.fixture
def untouched(local: LocalChain) -> Iterator[LocalChain]:
    """A chain on which nothing may be sent."""
    before = local.head()
    yield local
    assert local.head() == before


# What people see


def test_deal_on_a_fresh_chain_is_shown_and_reported(run: Run) -> None:
    shown = run("demo")

    assert (shown.exit_code, shown.stderr) == (0, "")
    chapters = re.findall(r"^\d  (.*)$", shown.stdout, re.MULTILINE)
    assert chapters == [
        "The supplier registers its machine and offers its idle hours",
        "The buyer finds the offer and books five day shifts",
        "The machine works, and its gateway anchors what it said",
        "Every finished part becomes a product with an identity of its own",
        "Delivery, receipt, acceptance: money against goods",
        "A stranger verifies it, with only the chain and the file",
    ]
    step = (
        r"^   gateway   anchors the root of 364 lines +0x[0-9a-f]{4}…[0-9a-f]{4} +\d\d,\d{3} +\d\d\d,\d{3}$"
    )
    assert re.search(step, shown.stdout, re.MULTILINE)
    assert "with one byte changed, the log is not the one that was anchored: line 160" in shown.stdout
    assert re.search(r"^   sum +11,000\.000000 +0\.000000 +11,000\.000000$", shown.stdout, re.MULTILINE)
    assert shown.stdout.endswith(
        "Verified. The account adds up to the last base unit. The report is in demo.json.\n"
    )
    assert max(map(len, shown.stdout.splitlines())) <= demo.WIDTH
    assert report()["verified"] is True
    assert [file.name for file in Path().iterdir()] == ["demo.json"]


def test_json_prints_the_report_and_nothing_else(run: Run) -> None:
    shown = run("demo", "--json", "--out", "elsewhere.json")

    assert json.loads(shown.stdout) == report("elsewhere.json")
    assert shown.stderr == ""


def test_node_without_traces_shows_a_dash(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal, "repriced", lambda *_: None)

    assert re.search(r"anchors the root of 364 lines .* +–$", run("demo").stdout, re.MULTILINE)


# Chains that it did not start


def test_deal_on_an_anvil_that_it_did_not_start(local: LocalChain, run: Run) -> None:
    shown = run("demo", "--network", local.rpc.url.reveal())

    assert (shown.exit_code, shown.stderr) == (0, "")
    assert report()["verified"] is True
    assert Path("deployments/31337.json").exists()
    assert "kill" not in shown.stdout
    assert local.head().number > 0


def test_deal_on_the_chain_of_chain_start_after_deploy(running: LocalChain, run: Run) -> None:
    run("deploy")
    contracts = Path("deployments/31337.json").read_text()

    shown = run("demo", "--network", "local", "--wallet", "dev:3")

    assert shown.exit_code == 0
    assert Path("deployments/31337.json").read_text() == contracts


def test_funded_wallet_pays_for_everybody_on_an_anvil_of_another_chain_id(run: Run) -> None:
    passphrase = {"FABRICANT_PASSPHRASE": "correct horse battery"}
    payer = json.loads(run("wallet", "create", "payer", "--json", **passphrase).stdout)["address"]
    with LocalChain.start(options=("--chain-id", "77")) as chain:
        arguments = ("demo", "--network", chain.rpc.url.reveal(), "--wallet", "payer")

        unfunded = refusal(run(*arguments, **passphrase))
        chain.set_balance(payer, BaseUnits(10**18))
        shown = run(*arguments, **passphrase)

    assert unfunded[0] == 3
    assert "fund it first. Nothing was sent" in unfunded[1]
    assert (shown.exit_code, report()["verified"]) == (0, True)
    assert json.loads(Path("deployments/77.json").read_text())["registrar"] == payer


def test_network_whose_clock_cannot_be_set_is_refused(run: Run) -> None:
    with FaultyNode(results={"web3_clientVersion": "Geth/v1.16"}) as node:
        refused = refusal(run("demo", "--network", node.url))

        assert refused[0] == 2
        assert "is no Anvil" in refused[1]
        assert node.count("eth_sendRawTransaction") == 0


def test_node_that_is_not_there_is_told(run: Run) -> None:
    code, said = refusal(run("demo", "--network", "http://127.0.0.1:9"))

    assert code == 4
    assert "http://127.0.0.1:9" in said


def test_wrong_chain_is_refused_before_anything_is_sent(untouched: LocalChain, run: Run) -> None:
    code, said = refusal(run("demo", "--network", untouched.rpc.url.reveal(), "--chain-id", 1))

    assert code == 4
    assert "31337" in said


def test_wrong_chain_of_its_own_is_refused(run: Run) -> None:
    assert refusal(run("demo", "--chain-id", 1))[0] == 4


# Bad input


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"\x89PNG\r\n\x1a\n", "line 1 is not SHDR"),
        (b"2026-01-01T00:00:00Z|execution|READY|part_count|1\n", "does not name the machine's maker"),
        (machine_log().partition(b"* PONG")[0], "no finished part"),
        (b"", "the log is empty"),
    ],
)
def test_log_that_is_no_good_is_refused(run: Run, data: bytes, says: str) -> None:
    Path("log.txt").write_bytes(data)

    code, said = refusal(run("demo", "--machine-log", "log.txt"))

    assert code == 2
    assert says in said


def test_log_that_is_not_there_is_refused(run: Run) -> None:
    assert refusal(run("demo", "--machine-log", "nowhere.txt"))[0] == 2


@pytest.mark.parametrize("out", ["no/such/folder/demo.json", ".", "/proc/demo.json"])
def test_report_without_a_place_is_refused_before_anything_happens(
    untouched: LocalChain, run: Run, out: str
) -> None:
    code, said = refusal(run("demo", "--network", untouched.rpc.url.reveal(), "--out", out))

    assert code == 2
    assert out in said


# The end


def test_kept_chain_can_be_connected_to_and_ended(home: Path) -> None:
    shown = subprocess.run(
        [*COMMAND, "--keep"], capture_output=True, text=True, check=True, timeout=120
    ).stdout
    url, process = re.search(r"at (http://\S+)", shown), re.search(r"kill (\d+)$", shown.strip())
    assert url
    assert process

    with Network(Rpc(RpcUrl(url[1])), Profile("kept")) as network:
        fabricant = Fabricant.on(network)
        product = int(report()["products"][0], 16)  # type: ignore[index]
        buyer = re.search(r"^   buyer +(0x\w{40})$", shown, re.MULTILINE)
        assert buyer
        assert fabricant.assets.owner_of(product) == buyer[1]
        os.kill(int(process[1]), signal.SIGTERM)
        assert wait_until_gone(network)


def test_json_says_how_to_go_on_with_a_kept_chain(home: Path) -> None:
    shown = subprocess.run(
        [*COMMAND, "--keep", "--json"], capture_output=True, check=True, timeout=120
    ).stdout

    facts = json.loads(shown)["chain"]
    with Network(Rpc(RpcUrl(facts["url"])), Profile("kept", chain_id=facts["chainId"])) as network:
        assert network.code(facts["addresses"]["CapacityMarket"])
        os.kill(facts["process"], signal.SIGTERM)
        assert wait_until_gone(network)
    assert "chain" not in report()


def test_ctrl_c_ends_the_chain_and_leaves_nothing_behind(tmp_path: Path) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    with subprocess.Popen(
        COMMAND,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env=os.environ | {"TMPDIR": str(scratch), "PYTHONUNBUFFERED": "1"},
    ) as program:
        assert program.stdout
        while "1  The supplier" not in program.stdout.readline():
            assert program.poll() is None
        assert len(list(scratch.iterdir())) == 2  # Anvil's, and the record of the deployment
        os.killpg(program.pid, signal.SIGINT)
        _, said = program.communicate(timeout=30)

    assert (program.returncode, said) == (130, "\nfabricant: stopped\n")  # on a line of its own, after ^C
    assert list(scratch.iterdir()) == []
    assert list(Path().iterdir()) == []


def wait_until_gone(network: Network) -> bool:
    for _ in range(100):
        try:
            network.head()
        except NetworkError:
            return True
        time.sleep(0.05)
    return False


def test_network_of_the_environment_is_told_to_be_unused(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo, "run", _stopped)

    result = run("demo", FABRICANT_RPC_URL="http://127.0.0.1:1")

    assert "FABRICANT_RPC_URL is not used" in result.stderr
    assert "Name another with --network." in result.stderr


def test_log_that_is_no_good_is_named(run: Run) -> None:
    Path("machine.log").write_bytes(b"")

    result = run("demo", "--machine-log", "machine.log")

    assert result.stderr == "fabricant: machine.log: line 1 is not SHDR: the log is empty\n"


def _stopped(*_: object, **__: object) -> None:
    raise KeyboardInterrupt
