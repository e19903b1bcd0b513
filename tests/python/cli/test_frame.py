"""Every command teaches itself, starts fast, and ends as its errors say."""

import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.shell_completion import ShellComplete

from fabricant import errors
from fabricant.chain.anvil import LocalChain
from fabricant.chain.errors import AssetRegistry_UnknownAsset, SupplierEscrow_InsufficientBalance
from fabricant.cli import _app as app
from fabricant.cli import _summary, main
from fabricant.cli import _trade as trade
from fabricant.domain.assets import AssetId
from fabricant.domain.units import ZERO_ADDRESS, Address, BaseUnits, parse_duration
from fabricant.errors import FabricantError, InvalidInput, TransactionFailed, WrongChain
from tests.python.cli.conftest import Run

OWNER = Address("0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266")


def contexts(
    command: click.Command = main, name: str = "fabricant", parent: click.Context | None = None
) -> Iterator[click.Context]:
    """Every command there is, groups before what they hold."""
    context = command.make_context(name, [], parent=parent, resilient_parsing=True)
    yield context
    if isinstance(command, click.Group):
        for child in command.list_commands(context):
            found = command.get_command(context, child)
            assert found is not None
            yield from contexts(found, child, context)


COMMANDS = {context.command_path: context for context in contexts()}


def examples(context: click.Context) -> list[str]:
    """The commands in the last paragraph of a help text."""
    last = (context.command.help or "").rstrip().split("\n\n")[-1]
    joined = re.sub(r"\\\n\s*", "", last)  # a backslash carries a command on to the next line
    head, *lines = [line.strip() for line in joined.splitlines() if line.strip("\b ")]
    return lines if head == "Example:" else []


def program(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Runs `fabricant` as a process of its own."""
    return subprocess.run(
        [sys.executable, "-c", "from fabricant.cli import main; main(prog_name='fabricant')", *arguments],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), **environment},
        capture_output=True,
        text=True,
        check=False,
    )


# Help


@pytest.mark.parametrize("path", COMMANDS)
def test_help_ends_with_an_example(path: str) -> None:
    assert examples(COMMANDS[path]), f"the help of `{path}` needs a last paragraph 'Example:'"


@pytest.mark.parametrize(
    ("path", "example"),
    [(path, example) for path, context in COMMANDS.items() for example in examples(context)],
)
def test_example_is_a_command_that_there_is(path: str, example: str) -> None:
    assert example.startswith("fabricant ")
    words = shlex.split(example.partition(" <")[0])[1:]
    command, context = main, COMMANDS["fabricant"]
    while isinstance(command, click.Group):
        found = command.get_command(context, words.pop(0))
        assert found is not None, f"{example}: no such command"
        command, context = found, click.Context(found, parent=context)

    rest = command.make_parser(context).parse_args(words)

    assert path == "fabricant" or example.startswith(path)
    assert rest


@pytest.mark.parametrize("path", COMMANDS)
def test_help_says_what_each_option_is_for(path: str) -> None:
    options = [each for each in COMMANDS[path].command.params if isinstance(each, click.Option)]

    assert [option.name for option in options if not option.help] == []


@pytest.mark.parametrize("name", main.list_commands(click.Context(main)))
def test_list_of_commands_says_what_the_module_says(name: str) -> None:
    summary = _summary(name)

    assert summary.endswith(".")
    assert summary[0].isupper()
    assert "`" not in summary


def test_listing_the_commands_loads_none_of_them() -> None:
    code = (
        "import sys\nfrom fabricant.cli import main\ntry: main(['--help'])\nexcept SystemExit: pass\n"
        "print('|'.join(sys.modules), file=sys.stderr)"
    )
    told = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = set(told.stderr.strip().split("|"))

    assert all(name in told.stdout for name in main.list_commands(click.Context(main)))
    assert loaded & {"web3", "eth_account", "eth_utils", "pydantic", "requests", "rich"} == set()
    assert {name for name in loaded if name.startswith("fabricant.cli.")} == {
        "fabricant.cli._app",
        "fabricant.cli._output",
    }


# Options


def test_shared_options_stand_before_or_behind_the_command(running: LocalChain, run: Run) -> None:
    before = run("--json", "--network", "local", "chain", "status")
    behind = run("chain", "status", "--json", "--network", "local")

    assert (before.exit_code, behind.exit_code) == (0, 0)
    assert json.loads(before.stdout) == json.loads(behind.stdout)


def test_option_behind_the_command_counts_more(running: LocalChain, run: Run) -> None:
    result = run("--network", "nowhere", "chain", "status", "--network", "local")

    assert result.exit_code == 0


def test_parsed_argument_says_what_is_wrong_with_it(running: LocalChain, run: Run) -> None:
    result = run("chain", "advance", "3 potatoes")

    assert result.exit_code == 2
    assert "'3 potatoes' is not a duration" in result.stderr
    assert app.Parsed("duration", parse_duration).convert(5, None, None) == 5


def test_completion_knows_commands_options_networks_and_wallets(
    run: Run, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("wallet", "create", "purchasing", FABRICANT_PASSPHRASE="correct horse")
    Path("fabricant.toml").write_text("[networks.sepolia]\nurl = 'https://example.org'\n")

    def completions(*words: str) -> list[str]:
        *args, incomplete = words
        found = ShellComplete(main, {}, "fabricant", "_FABRICANT_COMPLETE").get_completions(args, incomplete)
        return [each.value for each in found]

    assert completions("wal") == ["wallet"]
    assert completions("wallet", "im") == ["import"]
    assert completions("--net") == ["--network"]
    assert completions("chain", "status", "--network", "") == ["local", "sepolia"]
    assert completions("deploy", "--wallet", "pur") == ["purchasing"]
    assert completions("wallet", "show", "pur") == ["purchasing"]
    assert completions("offer", "new", "x.toml", "--conditions", "mach") == ["machine-time"]
    assert completions("order", "propose", "open", "x.toml", "--buyer", "pur") == ["purchasing"]


def test_bash_gets_its_completion() -> None:
    told = program(_FABRICANT_COMPLETE="bash_source")

    assert told.returncode == 0
    assert "complete -o nosort -F _fabricant_completion fabricant" in told.stdout


# Ends


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> list[BaseException]:
    """A command `fail` that raises what is put in here."""
    raised: list[BaseException] = []

    @click.command
    @app.json_option
    def fail() -> None:
        raise raised[0]

    original = main.get_command
    monkeypatch.setattr(
        main, "get_command", lambda ctx, name: fail if name == "fail" else original(ctx, name)
    )
    return raised


def error_classes(root: type[FabricantError] = FabricantError) -> Iterator[type[FabricantError]]:
    yield root
    for child in root.__subclasses__():
        if child.__module__ == errors.__name__:
            yield from error_classes(child)


@pytest.mark.parametrize("kind", sorted(set(error_classes()), key=lambda kind: kind.__name__))
def test_error_ends_with_its_sentence_and_its_code(
    run: Run, failing: list[BaseException], kind: type[FabricantError]
) -> None:
    failing.append(kind("do this instead"))

    result, as_json = run("fail"), run("fail", "--json")

    assert result.exit_code == as_json.exit_code == kind.exit_code
    assert result.stderr == "fabricant: do this instead\n"
    assert result.stdout == as_json.stdout == ""
    assert json.loads(as_json.stderr) == {
        "error": kind.__name__,
        "message": "do this instead",
        "exitCode": kind.exit_code,
    }


def test_exit_codes_are_those_of_the_help() -> None:
    codes = {kind.exit_code for kind in error_classes()}

    assert codes == {1, 2, 3, 4, 5, 6}
    assert (InvalidInput.exit_code, WrongChain.exit_code) == (2, 4)


def test_error_tells_its_transaction_and_notes(run: Run, failing: list[BaseException]) -> None:
    error = TransactionFailed("it failed", "0x" + "ab" * 32)
    error.add_note("in block 7")
    failing.append(error)

    assert run("fail").stderr == "fabricant: it failed\nin block 7\n"
    assert json.loads(run("fail", "--json").stderr)["transaction"] == "0x" + "ab" * 32


def test_system_error_is_a_sentence_too(run: Run, failing: list[BaseException]) -> None:
    failing.append(PermissionError(13, "Permission denied", "deployments/1.json"))

    result = run("fail")

    assert result.exit_code == 1
    assert result.stderr == "fabricant: [Errno 13] Permission denied: 'deployments/1.json'\n"


def test_ctrl_c_ends_with_130(run: Run, failing: list[BaseException]) -> None:
    failing.append(KeyboardInterrupt())

    result = run("fail")

    assert (result.exit_code, result.stderr.strip()) == (130, "fabricant: stopped")


def test_ctrl_d_where_something_is_asked_ends_likewise(run: Run, failing: list[BaseException]) -> None:
    failing.append(EOFError())

    result, as_json = run("fail"), run("fail", "--json")

    assert (result.exit_code, result.stderr.strip()) == (130, "fabricant: stopped")
    assert json.loads(as_json.stderr) == {"error": "Stopped", "message": "stopped", "exitCode": 130}


def test_ctrl_c_while_it_loads_ends_without_a_traceback() -> None:
    code = (
        "import builtins, sys\nfrom fabricant.__main__ import main\nload = builtins.__import__\n"
        "def stopped(name, *rest):\n"
        "    if name.startswith('click'): raise KeyboardInterrupt\n"
        "    return load(name, *rest)\n"
        "builtins.__import__ = stopped\nmain()"
    )
    told = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert (told.returncode, told.stdout, told.stderr) == (130, "", "fabricant: stopped\n")


@pytest.mark.parametrize("answer", [KeyboardInterrupt, EOFError])
def test_ctrl_c_at_a_question_stops_but_no_answer_is_no(
    run: Run, failing: list[BaseException], monkeypatch: pytest.MonkeyPatch, answer: type[BaseException]
) -> None:
    def ask(_: object) -> str:
        raise answer

    monkeypatch.setattr("click.termui.visible_prompt_func", ask)
    with click.Context(main), pytest.raises((click.Abort, InvalidInput)) as ended:
        trade.agree(click.get_current_context(), [])

    assert isinstance(ended.value, click.Abort) == (answer is KeyboardInterrupt)


@pytest.mark.parametrize(
    "words",
    [
        ("--json", "chian"),
        ("wallet", "frobnicate", "--json"),
        ("--jsno", "--json"),
        ("chain", "advance", "3 potatoes", "--json"),
        ("order", "deposit", "--json"),
    ],
)
def test_usage_error_is_json_where_that_is_wanted(run: Run, words: tuple[str, ...]) -> None:
    result = run(*words)

    told = json.loads(result.stderr)
    assert (result.exit_code, result.stdout) == (2, "")
    assert told == {"error": "Usage", "message": told["message"], "exitCode": 2}


def test_contract_error_gives_its_arguments_with_ids_and_amounts_as_text(
    run: Run, failing: list[BaseException]
) -> None:
    failing.append(
        SupplierEscrow_InsufficientBalance(
            owner=OWNER, token=ZERO_ADDRESS, balance=BaseUnits(1), needed=BaseUnits(2**80)
        )
    )

    told = json.loads(run("fail", "--json").stderr)

    assert told["arguments"] == {"owner": OWNER, "token": ZERO_ADDRESS, "balance": "1", "needed": str(2**80)}
    assert "of coin in the escrow" in told["message"]
    assert "`fabricant order deposit AMOUNT --token coin`" in told["message"]


def test_contract_error_gives_asset_ids_as_hex(run: Run, failing: list[BaseException]) -> None:
    failing.append(AssetRegistry_UnknownAsset(id=AssetId(7)))

    assert json.loads(run("fail", "--json").stderr)["arguments"] == {"id": f"{7:#066x}"}


def test_unknown_command_is_a_usage_error(run: Run) -> None:
    result = run("chian")

    assert result.exit_code == 2
    assert "No such command 'chian'" in result.stderr


@pytest.mark.parametrize("name", ["_app", "__init__", "../errors", "os"])
def test_only_commands_are_commands(name: str) -> None:
    assert main.get_command(COMMANDS["fabricant"], name) is None


def test_process_ends_with_the_code() -> None:
    told = program("chain", "status", "--network", "nowhere")

    assert told.returncode == 2
    assert told.stdout == ""
    assert told.stderr.startswith("fabricant: no network is called 'nowhere'")
