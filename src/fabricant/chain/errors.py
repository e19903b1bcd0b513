"""Every error that Fabricant's contracts can refuse with, as an exception.

One class for each Solidity error, named like it, so that `grep` finds the contract, the client and the test
with one word. The arguments are fields; the sentence says what happened and what to do. How they are
declared and decoded is in `fabricant.chain.reverts`.
"""

from fabricant.chain.reverts import (
    ContractError,
    Panicked,
    RevertedWithReason,
    UnknownContractError,
    declared_errors,
    decode_revert,
)

__all__ = [
    "ContractError",
    "Panicked",
    "RevertedWithReason",
    "UnknownContractError",
    "declared_errors",
    "decode_revert",
]
