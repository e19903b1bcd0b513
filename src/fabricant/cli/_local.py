"""The chain that `fabricant chain start` runs, found by the commands in other terminals.

While it runs, a file in the user's folder holds its URL. A file that was left behind does no harm: only a
chain that answers counts.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fabricant.chain.profiles import user_folder
from fabricant.chain.rpc import Patience, Rpc, RpcUrl
from fabricant.errors import InvalidInput, NetworkError

_SOON = Patience(timeout=2.0, attempts=1)


def find() -> RpcUrl | None:
    """The running chain's URL; None if there is none."""
    try:
        url = RpcUrl(str(json.loads(_file().read_text("utf-8"))["url"]))
        client = Rpc(url, patience=_SOON).call("web3_clientVersion")
    except (FileNotFoundError, ValueError, KeyError, TypeError, InvalidInput, NetworkError):
        return None
    return url if str(client).startswith("anvil/") else None


@contextmanager
def announced(url: RpcUrl) -> Iterator[None]:
    """Lets the other commands find this chain for as long as the block lasts."""
    file, text = _file(), json.dumps({"url": url.reveal()})
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, "utf-8")
    try:
        yield
    finally:
        if file.exists() and file.read_text("utf-8") == text:
            file.unlink()


def _file() -> Path:
    return user_folder() / "local-chain.json"
