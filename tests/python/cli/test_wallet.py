"""Keys go into the keystore and never come out: not in a result, not in an error."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from fabricant.chain.anvil import LocalChain
from fabricant.chain.keystore import Keystore
from fabricant.chain.secret import Secret
from fabricant.chain.wallet import Wallet
from fabricant.cli import _app as app
from tests.python.cli.conftest import Run

PASSPHRASE = "correct horse battery"
KEY = "c1" * 32
ADDRESS = Wallet(Secret(bytes.fromhex(KEY))).address


@pytest.fixture
def descriptor() -> Callable[[str], int]:
    """A file descriptor from which a secret can be read."""

    def make(secret: str) -> int:
        reader, writer = os.pipe()
        os.write(writer, secret.encode())
        os.close(writer)
        return reader

    return make


def test_created_wallet_is_listed_and_opens(run: Run) -> None:
    created = run("wallet", "create", "purchasing", "--json", FABRICANT_PASSPHRASE=PASSPHRASE)
    listed = run("wallet", "list", "--json")

    facts = json.loads(created.stdout)
    assert facts["name"] == "purchasing"
    assert json.loads(listed.stdout) == [facts]
    assert Keystore().open("purchasing", Secret(PASSPHRASE)).address == facts["address"]
    assert run("wallet", "list").stdout.splitlines()[1].split() == ["purchasing", facts["address"]]


def test_name_that_is_taken_is_refused(run: Run) -> None:
    run("wallet", "create", "purchasing", FABRICANT_PASSPHRASE=PASSPHRASE)

    again = run("wallet", "create", "purchasing", FABRICANT_PASSPHRASE=PASSPHRASE)

    assert again.exit_code == 2
    assert "choose another name" in again.stderr


def test_no_wallets_yet(run: Run) -> None:
    text, facts = run("wallet", "list"), run("wallet", "list", "--json")

    assert "fabricant wallet create NAME" in text.stderr
    assert json.loads(facts.stdout) == []


def test_key_is_imported_from_a_descriptor_or_the_environment(
    run: Run, descriptor: Callable[[str], int]
) -> None:
    first = run("wallet", "import", "one", "--key-fd", descriptor(KEY), FABRICANT_PASSPHRASE=PASSPHRASE)
    second = run("wallet", "import", "two", FABRICANT_PRIVATE_KEY=f"0x{KEY}", FABRICANT_PASSPHRASE=PASSPHRASE)

    assert first.stdout == f"one is {ADDRESS}.\n"
    assert second.stdout == f"two is {ADDRESS}.\n"


def test_keystore_of_another_program_is_imported(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "UTC--2026"
    file.write_text(json.dumps(Wallet(Secret(bytes.fromhex(KEY))).encrypted(Secret(PASSPHRASE))))

    result = run("wallet", "import", "treasury", "--file", file, FABRICANT_PASSPHRASE=PASSPHRASE)

    assert result.stdout == f"treasury is {ADDRESS}.\n"


def test_f115_neither_key_nor_passphrase_is_ever_shown(run: Run, descriptor: Callable[[str], int]) -> None:
    results = [
        run("wallet", "import", "one", FABRICANT_PRIVATE_KEY=KEY, FABRICANT_PASSPHRASE=PASSPHRASE),
        run("wallet", "import", "short", FABRICANT_PRIVATE_KEY=KEY[2:], FABRICANT_PASSPHRASE=PASSPHRASE),
        run("wallet", "import", "weak", FABRICANT_PRIVATE_KEY=KEY, FABRICANT_PASSPHRASE=PASSPHRASE[:9]),
        run("wallet", "list"),
        run("wallet", "import", KEY, FABRICANT_PRIVATE_KEY=KEY, FABRICANT_PASSPHRASE=PASSPHRASE),
        run(
            "wallet",
            "import",
            "two",
            "--key-fd",
            descriptor(KEY),
            FABRICANT_PASSPHRASE=PASSPHRASE,
            FABRICANT_HOME="/dev/null",
        ),
    ]
    told = "".join(result.stdout + result.stderr for result in results)
    told += "".join(repr(result.exception) for result in results)

    assert [result.exit_code for result in results] == [0, 2, 2, 0, 0, 1]
    assert KEY[2:] not in told.replace(f"{KEY} is", "")
    assert PASSPHRASE[:9] not in told


def test_passphrase_comes_from_descriptor_then_file_then_environment(
    run: Run, descriptor: Callable[[str], int], tmp_path: Path
) -> None:
    file = tmp_path / "passphrase"
    file.write_text("from the file\n")
    named = {app.PASSPHRASE_FILE_VARIABLE: str(file), app.PASSPHRASE_VARIABLE: "from the environment"}

    run("wallet", "create", "a", "--passphrase-fd", descriptor("from descriptor"), **named)
    run("wallet", "create", "b", **named)
    run("wallet", "create", "c", **{app.PASSPHRASE_VARIABLE: "from the environment"})

    keystore = Keystore()
    keystore.open("a", Secret("from descriptor"))
    keystore.open("b", Secret("from the file"))
    keystore.open("c", Secret("from the environment"))


def test_passphrase_file_that_is_not_there_is_a_sentence(run: Run) -> None:
    result = run("wallet", "create", "a", FABRICANT_PASSPHRASE_FILE="nowhere")

    assert result.exit_code == 2
    assert "FABRICANT_PASSPHRASE_FILE names no file to read" in result.stderr


def test_without_a_terminal_nobody_is_asked(run: Run) -> None:
    result = run("wallet", "create", "a")

    assert result.exit_code == 2
    assert "no terminal to ask for the new passphrase of a" in result.stderr


def test_wallet_shows_what_it_holds_and_stays_closed(running: LocalChain, run: Run) -> None:
    run("wallet", "import", "buyer", FABRICANT_PRIVATE_KEY=KEY, FABRICANT_PASSPHRASE=PASSPHRASE)
    running.rpc.call("anvil_setBalance", ADDRESS, hex(25 * 10**17))

    text, facts = run("wallet", "show", "buyer"), run("wallet", "show", "buyer", "--json")

    assert "2.50 on chain 31337" in text.stdout
    assert json.loads(facts.stdout) == {
        "address": ADDRESS,
        "chainId": 31337,
        "coin": str(25 * 10**17),
        "transactions": 0,
    }


def test_chosen_wallet_is_shown_without_a_name(running: LocalChain, run: Run) -> None:
    run("wallet", "import", "buyer", FABRICANT_PRIVATE_KEY=KEY, FABRICANT_PASSPHRASE=PASSPHRASE)

    assert json.loads(run("wallet", "show", "--json", FABRICANT_WALLET="buyer").stdout)["address"] == ADDRESS
    assert json.loads(run("--wallet", "buyer", "wallet", "show", "--json").stdout)["address"] == ADDRESS
    assert "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266" in run("wallet", "show").stdout


def test_dev_wallets_are_for_development_chains_only(run: Run) -> None:
    with LocalChain.start(options=["--chain-id", "11155111"]) as lasting:
        dev = run("wallet", "show", "dev:0", "--network", lasting.rpc.url.reveal())
        unnamed = run("wallet", "show", "--network", lasting.rpc.url.reveal())

    assert dev.exit_code == 5
    assert "use a keystore there" in dev.stderr
    assert unnamed.exit_code == 2
    assert "which wallet?" in unnamed.stderr


def test_broken_keystore_hides_no_other(run: Run, home: Path) -> None:
    run("wallet", "create", "purchasing", FABRICANT_PASSPHRASE=PASSPHRASE)
    broken = home / "keystore" / "broken.json"
    broken.write_text("{}")
    broken.chmod(0o600)

    text, facts = run("wallet", "list"), run("wallet", "list", "--json")

    assert [each["name"] for each in json.loads(facts.stdout)] == ["purchasing"]
    assert "purchasing" in text.stdout
    assert "broken.json is no keystore of version 3" in text.stderr


def test_any_account_is_shown(running: LocalChain, run: Run) -> None:
    assert json.loads(run("wallet", "show", ADDRESS, "--json").stdout)["address"] == ADDRESS
    assert run("wallet", "show", ADDRESS[:-1]).exit_code == 2


def test_new_passphrase_is_asked_for_with_its_least_length(run: Run) -> None:
    asked = run("wallet", "create", "purchasing")

    assert "the new passphrase of purchasing (at least 10 characters)" in asked.stderr
