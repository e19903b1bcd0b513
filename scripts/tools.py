"""Puts the project's tools where everything finds them, without touching anybody's home folder.

Foundry's binaries are linked into the virtual environment, because npm's own launcher of forge ends with 0
when tests fail. A `.pth` file lets every program of the environment see them, the one compiler and a data
folder for ape inside the project, whether or not the environment was activated.
"""

import shutil
import sys
from pathlib import Path

from fabricant.chain.solc import install_compiler

ROOT = Path(__file__).resolve().parent.parent
FOUNDRY = ("anvil", "cast", "forge")


def main() -> None:
    """Prepare the environment that runs this script; safe to repeat."""
    for name in FOUNDRY:
        link_foundry(name)
    write_environment()
    print(f"compiler: {install_compiler(ROOT).resolve()}")


def link_foundry(name: str) -> None:
    """Link npm's binary for this platform, or else one on the PATH, into the environment."""
    place = Path(sys.prefix) / "bin" / name
    place.unlink(missing_ok=True)
    packaged = sorted((ROOT / "node_modules" / "@foundry-rs").glob(f"{name}-*/bin/{name}"))
    found = packaged[0] if packaged else shutil.which(name)
    if not found:
        sys.exit(f"npm has no {name} for this platform: install Foundry 1.7.1 yourself and run make again")
    place.symlink_to(found)


def write_environment() -> None:
    """Let every Python of the environment start with the project's tools and folders."""
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    settings = {"SOLCX_BINARY_PATH": f"{ROOT}/.cache/solcx", "APE_DATA_FOLDER": f"{ROOT}/.cache/ape"}
    lines = [f"os.environ.setdefault({name!r}, {value!r})" for name, value in settings.items()]
    lines.append(f"os.environ.update(PATH={f'{sys.prefix}/bin:'!r} + os.environ.get('PATH', ''))")
    hook = Path(sys.prefix) / "lib" / version / "site-packages" / "fabricant-tools.pth"
    hook.write_text(f"import os; {'; '.join(lines)}\n")


if __name__ == "__main__":
    main()
