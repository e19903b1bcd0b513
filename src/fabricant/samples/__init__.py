"""Small inputs to try Fabricant with. They are invented: no such machine, maker or part exists."""

from importlib.resources import files
from typing import Final

MACHINE_LOG: Final = "imaginaria-400.shdr.txt"


def machine_log() -> bytes:
    """The SHDR log of one shift on an invented turning centre: two recordings, three finished parts."""
    return files(__name__).joinpath(MACHINE_LOG).read_bytes()
