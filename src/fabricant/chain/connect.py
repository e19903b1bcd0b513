"""The one way to get a network.

A name from the configuration, an RPC URL, or `local`; `fabricant.chain.profiles` says how names are found.
"""

from dataclasses import replace

from fabricant.chain.anvil import LocalChain
from fabricant.chain.network import Network
from fabricant.chain.profiles import choose
from fabricant.chain.rpc import Rpc
from fabricant.errors import WrongChain


def connect(target: str | None = None, *, chain_id: int | None = None) -> Network:
    """Connects to a network by name or URL. `local` starts Anvil, which ends with it.

    `chain_id` is the chain that the caller insists on. Raises InvalidInput for an unknown name,
    RpcUnavailable, WrongChain, LocalChainFailed.
    """
    profile = choose(target)
    if profile.url is None:
        return LocalChain.start()
    if chain_id is not None and profile.chain_id not in (None, chain_id):
        raise WrongChain(f"{profile.name} is chain {profile.chain_id}, not {chain_id}; name another network")
    return Network(Rpc(profile.url), replace(profile, chain_id=chain_id or profile.chain_id))
