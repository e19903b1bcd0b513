"""`fabricant deploy` and `fabricant verify`: the library's words, tables and exit codes."""

import json
from pathlib import Path

from click.testing import Result

from fabricant.chain.anvil import LocalChain
from fabricant.chain.plan import CONTRACTS, CREATORS, plan
from fabricant.chain.wallet import dev_wallets
from tests.python.cli.conftest import Run

REGISTRAR = "0x" + "5e" * 20
PASSPHRASE = "correct horse"


def failure(result: Result) -> tuple[int, str]:
    """How a command with --json failed."""
    told = json.loads(result.stderr)
    assert told["exitCode"] == result.exit_code
    return result.exit_code, told["error"]


def test_deployed_recorded_and_verified(running: LocalChain, run: Run) -> None:
    deployed = run("deploy", "--json")
    verified = run("verify", "--no-compile", "--json")

    assert (deployed.exit_code, deployed.stderr) == (0, "")
    contracts = json.loads(deployed.stdout)["contracts"]
    record = json.loads(Path("deployments/31337.json").read_text())
    assert list(contracts) == list(record["contracts"]) == list(CONTRACTS)
    assert verified.exit_code == 0
    verdict = json.loads(verified.stdout)
    assert (verdict["verified"], verdict["compiler"]) == (True, None)
    assert verdict["contracts"]["Directory"] == {
        "address": contracts["Directory"]["address"],
        "verified": True,
        "differences": [],
    }


def test_people_see_steps_and_tables(running: LocalChain, run: Run) -> None:
    deployed, verified = run("deploy"), run("verify", "--no-compile")

    assert "SupplierEscrow: sending …" in deployed.stderr
    assert "Genealogy: is there" in deployed.stderr
    assert "Recorded in deployments/31337.json." in deployed.stderr
    assert [line.split()[0] for line in deployed.stdout.splitlines()] == ["contract", *CONTRACTS]
    assert verified.stdout.count("as it should be") == len(CONTRACTS)
    assert "packaged bytecode (nothing was compiled)" in verified.stdout


def test_dry_run_sends_nothing(running: LocalChain, run: Run) -> None:
    head = running.head()

    text, facts = run("deploy", "--dry-run"), run("deploy", "--dry-run", "--json")

    assert "Nothing was sent." in text.stdout
    plain = json.loads(facts.stdout)
    assert int(plain["cost"]) > 0
    assert plain["registrar"] == dev_wallets(running)[0].address
    assert all(each["missing"] for each in plain["contracts"].values())
    assert running.head() == head
    assert not Path("deployments").exists()


def test_rehearsal_on_a_chain_of_its_own(run: Run) -> None:
    result = run("deploy", "--network", "local")

    assert result.exit_code == 0
    assert "this one ends with the command" in result.stderr


def test_wallet_and_registrar_of_ones_choice(running: LocalChain, run: Run) -> None:
    named = json.loads(run("deploy", "--json", "--wallet", "dev:4", "--registrar", REGISTRAR).stdout)

    assert named["registrar"].lower() == REGISTRAR
    assert running.nonce(dev_wallets(running)[4].address) == len(CONTRACTS) - len(CREATORS)


def test_f114_wrong_chain_ends_with_4(running: LocalChain, run: Run) -> None:
    assert failure(run("deploy", "--chain-id", "1", "--json")) == (4, "WrongChain")
    assert failure(run("deploy", "--chain-id", "1", "--network", running.rpc.url.reveal(), "--json")) == (
        4,
        "WrongChain",
    )
    assert failure(run("verify", "--chain-id", "1", "--json")) == (4, "WrongChain")


def test_rehearsal_refuses_the_wrong_chain_too(run: Run) -> None:
    result = run("deploy", "--chain-id", "1", "--json")

    assert failure(result) == (4, "WrongChain")


def test_f114_unfunded_wallet_ends_with_3(running: LocalChain, run: Run) -> None:
    run("wallet", "create", "empty", FABRICANT_PASSPHRASE=PASSPHRASE)

    result = run("deploy", "--wallet", "empty", "--json", FABRICANT_PASSPHRASE=PASSPHRASE)

    assert failure(result) == (3, "UnfundedWallet")
    assert running.head().number == 0


def test_wallet_trouble_ends_with_5(running: LocalChain, run: Run) -> None:
    run("wallet", "create", "treasury", FABRICANT_PASSPHRASE=PASSPHRASE)
    wrong = run("deploy", "--wallet", "treasury", "--json", FABRICANT_PASSPHRASE="wrong horse")

    assert failure(run("deploy", "--wallet", "nobody", "--json")) == (5, "WalletNotFound")
    assert failure(wrong) == (5, "WrongPassphrase")


def test_changed_contract_ends_with_6_and_is_named(running: LocalChain, run: Run) -> None:
    run("deploy")
    market = plan(dev_wallets(running)[0].address)[-1]
    code = running.code(market.address)
    running.set_code(market.address, b"\x5b" + code[1:])

    text, facts = run("verify", "--no-compile"), run("verify", "--no-compile", "--json")

    assert text.exit_code == facts.exit_code == 6
    assert "CapacityMarket: code at byte 0\n  expected 0x60\n  found    0x5b" in text.stdout
    assert "not what this package says on chain 31337: CapacityMarket" in text.stderr
    verdict = json.loads(facts.stdout)
    assert verdict["verified"] is False
    assert verdict["contracts"]["CapacityMarket"]["differences"] == [
        {"where": "code at byte 0", "expected": "0x60", "found": "0x5b"}
    ]


def test_stranger_verifies_without_a_record(running: LocalChain, run: Run, tmp_path: Path) -> None:
    run("deploy", "--registrar", REGISTRAR)
    elsewhere = ("--deployments", tmp_path / "elsewhere", "--no-compile")

    unnamed = run("verify", *elsewhere)
    named = run("verify", *elsewhere, "--registrar", REGISTRAR)

    assert (unnamed.exit_code, named.exit_code) == (6, 0)
    assert "name the --registrar" in unnamed.stderr


def test_folder_that_cannot_be_written_is_a_sentence(running: LocalChain, run: Run) -> None:
    Path("taken").touch()

    result = run("deploy", "--deployments", "taken/below")

    assert result.exit_code == 1
    assert result.stderr.splitlines()[-1].startswith("fabricant: [Errno 20] Not a directory")
