"""Everything Fabricant reports on purpose.

Every error is a sentence that says what happened and what to do next, and a class that a program can catch.
The class carries the exit code of the command line, so that scripts can tell a refusal from an outage.
Nothing here ever holds a key, a passphrase or an RPC token: messages are safe to print and to log.

    FabricantError                 1   anything else that went wrong
    ├── InvalidInput               2   bad data from a person, a file or an argument
    ├── NotFound                   6   what was asked for does not exist
    ├── VerificationFailed         6   evidence does not prove what it should
    └── ChainError                 3   the chain side
        ├── ContractError          3   a contract refused (one class for each error: fabricant.chain.errors)
        ├── TransactionError       3   a transaction did not do what was wanted
        │   ├── FeeCapExceeded         the network asks for more than the sender's cap allows
        │   ├── GasCapExceeded         more gas than one transaction may use
        │   ├── InsufficientFunds      the sender cannot pay value and fees
        │   │   └── UnfundedWallet     … nor all that is about to be done: nothing was sent
        │   ├── TransactionFailed      mined, but failed
        │   ├── TransactionReplaced    another transaction took its nonce
        │   └── OutcomeUnknown         sent, not yet confirmed: it may still be mined
        ├── NetworkError           4   the node, or the way to it
        │   ├── RpcUnavailable         no answer, also after retries
        │   ├── RpcRefused             the node answered with an error of its own
        │   ├── BadAnswer              the answer is malformed, too large or contradicts itself
        │   ├── WrongChain             the node serves another chain than expected
        │   ├── UnsupportedChain       the chain cannot run the contracts
        │   └── LocalChainFailed       Anvil is missing or did not start
        └── WalletError            5   keys and signatures
            ├── WalletNotFound         no keystore of that name
            ├── WrongPassphrase        the passphrase does not open the keystore
            ├── UnsafeKeystore         permissions, links or parameters that no key should rest on
            └── SigningRefused         the message is not for this chain, contract or signer

Exit codes of the command line: 0 done, 1 unexpected, 2 usage or invalid input, 3 refused by the chain,
4 network, 5 wallet, 6 not found or not verified.
"""

from typing import ClassVar


class FabricantError(Exception):
    """Root of the tree. `str(error)` is a sentence for people; `exit_code` is for scripts."""

    exit_code: ClassVar[int] = 1


class InvalidInput(FabricantError):
    """Bad data from a person, a file or an argument."""

    exit_code = 2


class NotFound(FabricantError):
    """What was asked for does not exist."""

    exit_code = 6


class VerificationFailed(FabricantError):
    """Evidence does not prove what it should."""

    exit_code = 6


class ChainError(FabricantError):
    """The chain side: contracts, transactions, nodes and wallets."""

    exit_code = 3


class TransactionError(ChainError):
    """A transaction did not do what was wanted. `transaction` is its hash, if it was ever signed."""

    def __init__(self, message: str, transaction: str | None = None) -> None:
        super().__init__(message)
        self.transaction = transaction


class FeeCapExceeded(TransactionError):
    """The network asks for a higher fee than the sender's cap allows."""


class GasCapExceeded(TransactionError):
    """The call needs more gas than one transaction may use."""


class InsufficientFunds(TransactionError):
    """The sender cannot pay the value and the highest possible fee."""


class UnfundedWallet(InsufficientFunds):
    """The wallet cannot pay for all that is about to be done, so nothing was sent."""


class TransactionFailed(TransactionError):
    """The transaction was mined and failed; only its fee was spent."""


class TransactionReplaced(TransactionError):
    """Another transaction with the same nonce was mined instead."""


class OutcomeUnknown(TransactionError):
    """The transaction was sent and not confirmed in time: it may still be mined. Ask again by its hash."""


class NetworkError(ChainError):
    """The node, or the way to it."""

    exit_code = 4


class RpcUnavailable(NetworkError):
    """No usable answer, also after the retries that are allowed for this kind of request."""


class RpcRefused(NetworkError):
    """The node answered with a JSON-RPC error. `data` is revert data as hex, where the node sent any."""

    def __init__(self, message: str, code: int = 0, data: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.data = data


class BadAnswer(NetworkError):
    """The node's answer is malformed, too large or contradicts itself."""


class WrongChain(NetworkError):
    """The node serves another chain than the one expected."""


class UnsupportedChain(NetworkError):
    """The chain cannot run the contracts, or does not let them stand at their addresses."""


class LocalChainFailed(NetworkError):
    """Anvil is missing or did not start."""


class WalletError(ChainError):
    """Keys and signatures."""

    exit_code = 5


class WalletNotFound(WalletError):
    """There is no keystore of that name."""


class WrongPassphrase(WalletError):
    """The passphrase does not open the keystore."""


class UnsafeKeystore(WalletError):
    """Permissions, links or parameters that no key should rest on."""


class SigningRefused(WalletError):
    """The message is not meant for this chain, this contract or this signer."""
