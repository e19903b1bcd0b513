"""The logs that the record tests read: the shipped sample always, a real machine's log where there is one."""

from pathlib import Path

import pytest

from fabricant.samples import machine_log

SHARED = Path(__file__).parents[4] / "shared"
REAL_LOG = SHARED / "data" / "mtconnect" / "okuma-multus-u3000.shdr.txt"


@pytest.fixture(scope="session")
def sample_log() -> bytes:
    """The log that the package ships."""
    return machine_log()


@pytest.fixture(scope="session")
def real_log() -> bytes:
    """What an Okuma MULTUS U3000 sent on one day. It lies beside the repository, not in it."""
    if not REAL_LOG.is_file():
        pytest.skip(
            "the real machine log is not part of the repository; the shipped sample is tested instead"
        )
    return REAL_LOG.read_bytes()
