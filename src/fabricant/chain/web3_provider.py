"""web3.py over Fabricant's own transport.

Everything that web3.py can do, with the same deadlines, caps, retries and masked URLs. Built on demand:
importing web3 takes longer than most commands run.
"""

from typing import Any

from web3 import Web3
from web3.providers.base import JSONBaseProvider
from web3.types import RPCEndpoint, RPCResponse

from fabricant.chain.rpc import Rpc
from fabricant.errors import RpcRefused


class RpcProvider(JSONBaseProvider):
    """A web3.py provider that sends through `Rpc`."""

    def __init__(self, rpc: Rpc) -> None:
        super().__init__()
        self._rpc = rpc

    def make_request(self, method: RPCEndpoint, params: Any) -> RPCResponse:
        """Sends one request; refusals go back to web3.py, which has its own exceptions for them."""
        try:
            return {"jsonrpc": "2.0", "id": 0, "result": self._rpc.call(method, *params)}
        except RpcRefused as refusal:
            error: Any = {"code": refusal.code, "message": str(refusal)}
            if refusal.data is not None:
                error["data"] = refusal.data
            return {"jsonrpc": "2.0", "id": 0, "error": error}


def web3_over(rpc: Rpc) -> Web3:
    """A Web3 object on this connection."""
    return Web3(RpcProvider(rpc))
