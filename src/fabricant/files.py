"""Files that nobody ever finds half written."""

import os
from pathlib import Path


def write_whole(file: Path, raw: bytes) -> None:
    """Writes a file, maybe in place of its former self, all at once, also if the power fails meanwhile."""
    part = file.with_name(f".{file.name}.part")
    try:
        with part.open("wb") as target:
            target.write(raw)
            target.flush()
            os.fsync(target.fileno())
        part.replace(file)
    finally:
        part.unlink(missing_ok=True)
