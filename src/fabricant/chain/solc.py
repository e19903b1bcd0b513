"""The one Solidity compiler, of exactly one version, that every tool of the project uses.

A native compiler is preferred, then one that py-solc-x downloads, then npm's JavaScript build behind a
launcher; all three write the same bytes. It stands in `.cache/solcx` under the name that py-solc-x and
ape-solidity look for, so that every tool uses it and nothing is kept in anybody's home folder.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from fabricant.errors import InvalidInput, NotFound

VERSION = "0.8.37"
_DOWNLOAD_SECONDS = 60


class CompileError(InvalidInput):
    """The sources do not compile. `diagnostics` are the compiler's own words, one for each error."""

    def __init__(self, diagnostics: tuple[str, ...]) -> None:
        super().__init__("the contracts do not compile:\n\n" + "\n".join(diagnostics))
        self.diagnostics = diagnostics


def install_compiler(root: Path) -> Path:
    """The pinned compiler for the project at `root`, put in place where it is missing.

    A refused download is remembered by the launcher that takes its place: delete `.cache/solcx` to ask again.
    Raises `NotFound` when there is neither a native compiler nor npm's.
    """
    place = root / ".cache" / "solcx" / f"solc-v{VERSION}"
    native = shutil.which("solc")
    if native and _version(Path(native)) == VERSION:
        _link(place, Path(native))
    elif not place.exists() and not _download(place):
        _link(place, _launcher(root))
    return place


def compile_standard(compiler: Path, standard_input: dict[str, Any]) -> dict[str, Any]:
    """The compiler's standard-JSON answer.

    Raises `CompileError` with the errors in the compiler's words, and `NotFound` without py-solc-x.
    """
    try:  # a development tool: an installed package never compiles
        import solcx  # noqa: PLC0415
        from solcx.exceptions import SolcError  # noqa: PLC0415
    except ImportError:
        raise NotFound("py-solc-x is missing: run `make install`, or install fabricant[build]") from None
    try:
        output: dict[str, Any] = solcx.compile_standard(standard_input, solc_binary=compiler)
    except SolcError as error:
        found = [entry for entry in error.error_dict or () if entry["severity"] == "error"]
        raise CompileError(tuple(entry["formattedMessage"] for entry in found) or (str(error),)) from None
    return output


def _version(compiler: Path) -> str | None:
    answer = subprocess.run([compiler, "--version"], capture_output=True, text=True, check=False).stdout
    match = re.search(r"Version: (\d+\.\d+\.\d+)", answer)
    return match[1] if match else None


def _link(place: Path, target: Path) -> None:
    if place.is_symlink() and place.readlink() == target:
        return
    place.parent.mkdir(parents=True, exist_ok=True)
    temporary = place.with_suffix(f".{os.getpid()}")
    temporary.symlink_to(target)
    temporary.replace(place)


def _download(place: Path) -> bool:
    place.parent.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "solcx.install", VERSION, "--solcx-binary-path", str(place.parent)]
    try:
        subprocess.run(command, capture_output=True, check=True, timeout=_DOWNLOAD_SECONDS)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired):
        place.unlink(missing_ok=True)
    return place.exists()


def _launcher(root: Path) -> Path:
    if not (root / "node_modules" / "solc").is_dir():
        raise NotFound(
            f"there is no Solidity compiler {VERSION}: run `make install`, or put solc on the PATH"
        )
    return Path("../../scripts/solc")
