"""The compiler and the artifacts, on a small project of fixture contracts."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from fabricant import artifacts
from fabricant.artifacts import Artifact
from fabricant.chain import build as building
from fabricant.chain import solc
from fabricant.chain.build import Report, build, find_project
from fabricant.chain.solc import CompileError, install_compiler
from fabricant.cli.build import command
from fabricant.errors import InvalidInput, NotFound, VerificationFailed

ROOT = find_project(Path(__file__).parent)
HEAD = "// SPDX-License-Identifier: MIT\npragma solidity 0.8.37;\n"
VAULT = f"""{HEAD}
import {{Base}} from "./Base.sol";
// import {{Nothing}} from "./Nothing.sol";
contract Vault is Base {{
    string private constant LINK = "https://example.org/*";
    address private immutable KEEPER = msg.sender;
    uint256 private total;
    function keeper() external view returns (address) {{ return KEEPER; }}
}}
"""
BASE = f"{HEAD}abstract contract Base {{ function one() external pure returns (uint256) {{ return 1; }} }}\n"
OTHER = f"{HEAD}contract Other {{ function two() external pure returns (uint256) {{ return 2; }} }}\n"
MOCK = f"{HEAD}contract Mock {{ }}\n"


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One cache for all tests: it is keyed by content, so they cannot disturb each other."""
    install_compiler(ROOT)
    return tmp_path_factory.mktemp("build")


@pytest.fixture
def project(tmp_path: Path, cache: Path) -> Path:
    """A project with the compiler of this one, and contracts of its own."""
    (tmp_path / "foundry.toml").touch()
    (tmp_path / ".cache").mkdir()
    (tmp_path / ".cache" / "solcx").symlink_to(ROOT / ".cache" / "solcx")
    (tmp_path / ".cache" / "build").symlink_to(cache)
    for name in ("node_modules", "scripts"):
        (tmp_path / name).symlink_to(ROOT / name)
    files = {"vault/Vault": VAULT, "vault/Base": BASE, "other/Other": OTHER, "mocks/Mock": MOCK}
    for name, text in files.items():
        _source(tmp_path, name).parent.mkdir(parents=True, exist_ok=True)
        _source(tmp_path, name).write_text(text)
    return tmp_path


def _source(project: Path, name: str) -> Path:
    return project / "contracts" / f"{name}.sol"


def _packaged(project: Path, name: str) -> Path:
    return project / "src" / "fabricant" / "artifacts" / f"{name}.json"


def _edit(project: Path, name: str, old: str, new: str) -> None:
    file = _source(project, name)
    assert old in file.read_text()
    file.write_text(file.read_text().replace(old, new))


def _names(report: Report) -> set[str]:
    return {built.artifact.name for built in report.built}


def test_build_writes_one_artifact_for_each_contract_and_keeps_mocks_out_of_the_package(
    project: Path,
) -> None:
    report = build(project)

    assert _names(report) == {"Vault", "Other", "Mock"}
    assert {file.stem for file in _packaged(project, "Vault").parent.iterdir()} == {"Vault", "Other"}
    assert (project / ".build" / "mocks" / "Mock.json").is_file()


def test_artifact_carries_what_clients_and_verifiers_need(project: Path) -> None:
    build(project, only=["Vault"])
    vault = Artifact.parse(_packaged(project, "Vault").read_text())

    assert (vault.name, vault.source) == ("Vault", "contracts/vault/Vault.sol")
    assert [entry["name"] for entry in vault.abi if entry["type"] == "function"] == ["keeper", "one"]
    assert vault.methods == {"keeper()": bytes.fromhex("aced1661"), "one()": bytes.fromhex("901717d1")}
    assert vault.bytecode.endswith(vault.deployed)
    assert [slot["label"] for slot in vault.layout["storage"]] == ["total"]
    assert vault.compiler.startswith(f"{solc.VERSION}+commit.")
    assert set(vault.input["sources"]) == {"contracts/vault/Vault.sol", "contracts/vault/Base.sol"}
    assert vault.input["settings"]["evmVersion"] == "cancun"


def test_artifact_matches_deployed_code_whatever_its_immutables(project: Path) -> None:
    build(project, only=["Vault"])
    vault = Artifact.parse(_packaged(project, "Vault").read_text())
    ((start, length),) = vault.immutables["KEEPER"]
    deployed = vault.deployed[:start] + b"\x11" * length + vault.deployed[start + length :]

    assert length == 32
    assert vault.matches(deployed)
    assert not vault.matches(b"\xfe" + deployed[1:])
    assert not vault.matches(deployed + b"\x00")


def test_unchanged_tree_compiles_nothing(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    build(project)
    monkeypatch.setattr(building, "compile_standard", lambda *_: pytest.fail("compiled again"))

    report = build(project)

    assert report.compiled == ()
    assert not any(built.changed for built in report.built)


def test_edit_compiles_only_what_imports_the_edited_file(project: Path) -> None:
    build(project)
    _edit(project, "vault/Base", "return 1", "return 11")

    report = build(project)

    assert report.compiled == ("contracts/vault/Vault.sol",)
    assert {built.artifact.name for built in report.built if built.changed} == {"Vault"}


def test_same_sources_give_the_same_bytes_in_another_place(project: Path, tmp_path: Path) -> None:
    build(project, only=["Vault"])
    first = _packaged(project, "Vault").read_bytes()
    (project / ".cache" / "build").unlink()

    report = build(project, only=["Vault"])

    assert report.compiled
    assert _packaged(project, "Vault").read_bytes() == first
    assert str(tmp_path).encode() not in first


def test_compiler_errors_are_shown_as_the_compiler_shows_them(project: Path) -> None:
    _edit(project, "vault/Base", "return 1", 'return "one"')

    with pytest.raises(CompileError, match="Return argument type literal_string") as caught:
        build(project)

    assert len(caught.value.diagnostics) == 1
    assert "--> contracts/vault/Base.sol:3:" in caught.value.diagnostics[0]
    assert _packaged(project, "Other").is_file(), "what does compile is written"


def test_missing_import_is_the_compilers_to_report(project: Path) -> None:
    _source(project, "vault/Base").unlink()

    with pytest.raises(CompileError, match=r'Source "contracts/vault/Base.sol" not found'):
        build(project, only=["Vault"])


def test_warnings_are_reported_also_from_the_cache_but_not_those_of_libraries(project: Path) -> None:
    library = project / "library" / "Lib.sol"
    library.parent.mkdir()
    library.write_text(
        f"{HEAD}library Lib {{ function f() internal view returns (uint256) {{ return 1; }} }}\n"
    )
    _edit(
        project, "other/Other", "contract Other {", 'import {Lib} from "library/Lib.sol";\ncontract Other {'
    )
    _edit(project, "other/Other", "pure returns", "view returns")

    first = build(project, only=["contracts/other/Other.sol"]).warnings
    again = build(project, only=["contracts/other/Other.sol"]).warnings

    assert first == again
    assert ["--> contracts/other/Other.sol" in warning for warning in first] == [True]


def test_two_contracts_of_one_name_are_refused(project: Path) -> None:
    _source(project, "mocks/Again").write_text(f"{HEAD}contract Other {{ }}\n")

    with pytest.raises(
        InvalidInput, match=r"Other is declared in contracts/mocks/Again.sol and in .*rename one"
    ):
        build(project)


def test_unknown_contract_is_refused(project: Path) -> None:
    with pytest.raises(NotFound, match="there is no contract 'Valut'"):
        build(project, only=["Valut"])


def test_source_that_nothing_imports_is_compiled_for_its_errors(project: Path) -> None:
    _source(project, "vault/Loose").write_text(f"{HEAD}library Loose {{ uint256 constant X = true; }}\n")

    with pytest.raises(CompileError, match=r"contracts/vault/Loose.sol:3:"):
        build(project, only=["contracts/vault/Loose.sol"])


def test_fast_profile_leaves_the_optimiser_out_and_the_package_alone(project: Path) -> None:
    build(project, only=["Vault"], fast=True)
    vault = Artifact.parse((project / ".build" / "fast" / "Vault.json").read_text())

    assert vault.input["settings"]["optimizer"]["enabled"] is False
    assert not _packaged(project, "Vault").exists()


def test_check_accepts_fresh_artifacts_and_writes_nothing(project: Path) -> None:
    build(project)
    before = _packaged(project, "Vault").stat().st_mtime_ns

    build(project, check=True)

    assert _packaged(project, "Vault").stat().st_mtime_ns == before


@pytest.mark.parametrize("damage", ["edited source", "edited bytecode", "missing", "leftover"])
def test_check_finds_stale_artifacts(project: Path, damage: str) -> None:
    build(project)
    file = _packaged(project, "Other")
    match damage:
        case "edited source":
            _edit(project, "other/Other", "return 2", "return 22")
        case "edited bytecode":
            file.write_text(file.read_text().replace('"bytecode": "0x60', '"bytecode": "0x61'))
        case "missing":
            file.unlink()
        case "leftover":
            _packaged(project, "Gone").write_text(file.read_text())
    before = {path: path.read_bytes() for path in file.parent.iterdir()}

    with pytest.raises(VerificationFailed, match="Gone" if damage == "leftover" else "Other"):
        build(project, check=True)

    assert {path: path.read_bytes() for path in file.parent.iterdir()} == before


def test_whole_build_removes_artifacts_of_contracts_that_are_gone(project: Path) -> None:
    build(project)
    _source(project, "other/Other").unlink()

    build(project)

    assert not _packaged(project, "Other").exists()


def test_project_is_found_from_any_folder_inside_it(
    project: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    assert find_project(project / "contracts" / "vault") == project
    with pytest.raises(NotFound, match="not in a clone of Fabricant"):
        find_project(tmp_path_factory.mktemp("elsewhere"))


# The command


def test_command_reports_json(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(project)

    result = CliRunner().invoke(command, ["--json", "Other"])

    told = json.loads(result.output)
    other = Artifact.parse(_packaged(project, "Other").read_text())
    sizes = {"runtime": len(other.deployed), "initcode": len(other.bytecode)}
    assert told["artifacts"] == {"Other": {**sizes, "changed": True}}


def test_command_ends_with_exit_code_2_when_a_contract_is_broken(project: Path) -> None:
    _edit(project, "other/Other", "return 2", "return two")

    done = subprocess.run(
        [sys.executable, "-c", "from fabricant.cli import main; main()", "build", "Other"],
        cwd=project,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 2
    assert "--> contracts/other/Other.sol:3:" in done.stderr
    assert "Traceback" not in done.stderr


# The compiler


def test_launcher_tells_the_version_of_the_compiler_behind_it() -> None:
    told = subprocess.check_output([ROOT / "scripts" / "solc", "--version"], text=True)
    own = subprocess.check_output(
        ["node", "-p", "require('solc').version()"],
        cwd=ROOT,
        text=True,
    )

    assert f"Version: {own.strip()}\n" in told


def test_launcher_writes_more_than_a_pipe_holds_without_loss() -> None:
    source = f"{HEAD}contract C {{ }} // {'x' * 200_000}"
    standard_input = {
        "language": "Solidity",
        "sources": {"C.sol": {"content": source}},
        "settings": {"outputSelection": {"*": {"*": ["metadata"]}}, "metadata": {"useLiteralContent": True}},
    }
    done = subprocess.run(
        [ROOT / "scripts" / "solc", "--standard-json"],
        input=json.dumps(standard_input),
        capture_output=True,
        text=True,
        check=True,
    )

    assert json.loads(json.loads(done.stdout)["contracts"]["C.sol"]["C"]["metadata"])["sources"]
    assert len(done.stdout) > 200_000


def test_launcher_refuses_other_options() -> None:
    done = subprocess.run([ROOT / "scripts" / "solc", "--bin"], capture_output=True, text=True, check=False)

    assert done.returncode == 1
    assert "--standard-json" in done.stderr


def test_version_is_the_same_everywhere() -> None:
    named = {
        "package.json": json.loads((ROOT / "package.json").read_text())["devDependencies"]["solc"],
        "launcher": re.search(r'VERSION = "(\d+\.\d+\.\d+)', (ROOT / "scripts/solc").read_text())[1],
        "foundry.toml": re.search(r"solc-v(\d+\.\d+\.\d+)", (ROOT / "foundry.toml").read_text())[1],
        "ape-config.yaml": re.search(r"version: (\d+\.\d+\.\d+)", (ROOT / "ape-config.yaml").read_text())[1],
    }
    for file in (ROOT / "contracts").rglob("*.sol"):
        named[file.name] = re.search(r"pragma solidity ([^;]+);", file.read_text())[1]

    assert {place: version for place, version in named.items() if version != solc.VERSION} == {}


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project without any compiler, on a machine whose downloads are refused."""
    (tmp_path / "bin").mkdir()
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    monkeypatch.setattr(solc, "_download", lambda _: False)
    return tmp_path


def _native(bare: Path, version: str) -> Path:
    compiler = bare / "bin" / "solc"
    compiler.write_text(f"#!/bin/sh\necho 'Version: {version}+commit.0.Linux.g++'\n")
    compiler.chmod(0o755)
    return compiler


def test_native_compiler_of_exactly_the_pinned_version_is_preferred(bare: Path) -> None:
    native = _native(bare, solc.VERSION)

    assert install_compiler(bare).resolve() == native


def test_native_compiler_of_another_version_is_passed_over(bare: Path) -> None:
    _native(bare, "0.8.30")
    (bare / "node_modules" / "solc").mkdir(parents=True)

    assert install_compiler(bare).readlink() == Path("../../scripts/solc")


def test_download_comes_before_the_launcher(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def download(place: Path) -> bool:
        place.parent.mkdir(parents=True)
        place.write_text("downloaded")
        return True

    monkeypatch.setattr(solc, "_download", download)

    assert install_compiler(bare).read_text() == "downloaded"


def test_refused_download_is_not_tried_again(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (bare / "node_modules" / "solc").mkdir(parents=True)
    (bare / "scripts").mkdir()
    (bare / "scripts" / "solc").touch()
    install_compiler(bare)
    monkeypatch.setattr(solc, "_download", lambda _: pytest.fail("asked again"))

    assert install_compiler(bare).resolve() == bare / "scripts" / "solc"


def test_without_any_compiler_the_error_says_what_to_do(bare: Path) -> None:
    with pytest.raises(NotFound, match=r"no Solidity compiler 0\.8\.37: run `make install`"):
        install_compiler(bare)


def test_without_py_solc_x_the_error_says_what_to_install(
    bare: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "solcx", None)

    with pytest.raises(NotFound, match=r"py-solc-x is missing: run `make install`"):
        solc.compile_standard(bare / "solc", {})


# The loader


def test_loader_names_what_there_is() -> None:
    with pytest.raises(NotFound, match=r"no contract 'Nonsense' ships with this package; there are: "):
        artifacts.load("Nonsense")


@pytest.mark.parametrize("name", artifacts.names())
def test_every_packaged_artifact_loads(name: str) -> None:
    artifact = artifacts.load(name)

    assert artifact.name == name
    assert artifact.source in artifact.input["sources"]
    assert not artifact.source.startswith(building.MOCKS)
