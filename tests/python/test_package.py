"""What a user of the package gets: one wheel with everything that is needed and nothing for tests."""

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from fabricant import artifacts
from fabricant.chain.anvil import LocalChain
from fabricant.chain.build import find_project

ROOT = find_project(Path(__file__).parent)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    """The wheel, built now."""
    folder = tmp_path_factory.mktemp("dist")
    uv = [
        str(ROOT / ".venv" / "bin" / "uv"),
        "build",
        "--quiet",
        "--wheel",
        "--out-dir",
        str(folder),
        str(ROOT),
    ]
    subprocess.run(uv, check=True)
    (file,) = folder.glob("*.whl")
    return zipfile.ZipFile(file)


def test_wheel_carries_every_module_artifact_and_data_file(wheel: zipfile.ZipFile) -> None:
    source = ROOT / "src"
    wanted = {
        file.relative_to(source).as_posix()
        for file in (source / "fabricant").rglob("*")
        if file.is_file() and "__pycache__" not in file.parts
    }

    assert wanted == {name for name in wheel.namelist() if name.startswith("fabricant/") and name[-1] != "/"}
    assert {f"fabricant/artifacts/{name}.json" for name in artifacts.names()} <= wanted


def test_wheel_carries_no_mock(wheel: zipfile.ZipFile) -> None:
    mocks = {file.stem for file in (ROOT / "contracts" / "mocks").glob("*.sol")}

    assert mocks & {Path(name).stem for name in wheel.namelist()} == set()


def test_wheel_needs_no_development_tool(wheel: zipfile.ZipFile) -> None:
    (metadata,) = (name for name in wheel.namelist() if name.endswith("METADATA"))
    needed = [line for line in wheel.read(metadata).decode().splitlines() if line.startswith("Requires-Dist")]

    assert [line for line in needed if "solc" in line or "ape" in line or "pytest" in line] == [
        "Requires-Dist: py-solc-x>=2.0.5,<3 ; extra == 'build'"
    ]


def test_wheel_deploys_and_plays_the_deal_on_an_anvil_it_did_not_start(
    wheel: zipfile.ZipFile, tmp_path: Path
) -> None:
    """With no compiler, no ape and no Anvil of its own."""
    wheel.extractall(tmp_path / "installed")
    program = (
        "import sys; sys.modules |= dict.fromkeys(['solcx', 'ape']);"
        "import fabricant; assert 'installed' in fabricant.__file__, fabricant.__file__;"
        "from fabricant.cli import main; main()"
    )
    environment = os.environ | {"PYTHONPATH": str(tmp_path / "installed"), "FABRICANT_ANVIL": "/nowhere"}
    with LocalChain.start() as chain:
        network = ["--network", chain.rpc.url.reveal()]
        for command in (["deploy", "--wallet", "dev:0"], ["verify", "--no-compile"], ["demo"]):
            run = [sys.executable, "-c", program, *command, *network]
            subprocess.run(run, check=True, cwd=tmp_path, env=environment, stdout=subprocess.DEVNULL)

    assert json.loads((tmp_path / "demo.json").read_text())["verified"] is True
