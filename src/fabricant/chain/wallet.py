"""Who signs: a wallet with a key, or a contract whose owner's key signs for it.

A `Wallet` holds its key where no output can reach it: not a repr, not a log, not a traceback, not a pickle.
It signs transactions and typed data and derives keys for other purposes; `fabricant.chain.signing.sign`
checks what is signed first. A `ContractWallet` is a principal that is a contract (a Safe, a smart account):
its owner signs, and the contract itself says whether that counts (ERC-1271).
"""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, NoReturn

from eth_account import Account
from eth_account.messages import SignableMessage
from eth_account.signers.local import LocalAccount

from fabricant.chain.answers import Hash
from fabricant.chain.network import Network
from fabricant.chain.secret import Secret, sealed
from fabricant.chain.signing import Signer
from fabricant.domain.typed_data import Message
from fabricant.domain.units import Address, parse_address
from fabricant.errors import SigningRefused, WalletError

SCRYPT_N: Final = 2**18  # with r = 8 and p = 1: a second and 256 MiB for each guess
ANVIL_CHAIN: Final = 31337
DEV_ACCOUNTS: Final = 10
_DEV_MNEMONIC: Final = "test " * 11 + "junk"  # published with Anvil; worthless anywhere else


@dataclass(frozen=True, slots=True)
class SignedTransaction:
    """A transaction ready to send, and the hash that it will have."""

    raw: bytes
    hash: Hash


class Wallet:
    """An account with its key."""

    __slots__ = ("_account", "address")

    def __init__(self, key: Secret[bytes]) -> None:
        """Raises WalletError if this is no private key."""
        refusal = WalletError("this is no private key: it has 32 bytes and is below the order of secp256k1")
        self._account: Secret[LocalAccount] = sealed(lambda: Secret(Account.from_key(key.reveal())), refusal)
        self.address: Address = parse_address(self._account.reveal().address)

    @classmethod
    def create(cls) -> "Wallet":
        """A new account, its key from the system's random source."""
        return cls(Secret(bytes(Account.create().key)))

    def sign_transaction(self, fields: Mapping[str, Any]) -> SignedTransaction:
        """Signs a transaction; it is not sent. Raises SigningRefused if the fields make none."""
        refusal = SigningRefused("these fields are no transaction that can be signed")
        signed = sealed(lambda: self._account.reveal().sign_transaction(dict(fields)), refusal)
        return SignedTransaction(bytes(signed.raw_transaction), f"0x{bytes(signed.hash).hex()}")

    def sign_typed_data(self, message: Message) -> bytes:
        """The 65-byte signature r, s, v. It checks nothing: call `fabricant.chain.signing.sign` instead."""
        signable = SignableMessage(b"\x01", message.domain.separator, message.hash)
        refusal = SigningRefused("this message could not be signed")
        return bytes(sealed(lambda: self._account.reveal().sign_message(signable), refusal).signature)

    def derived(self, purpose: bytes) -> Secret[bytes]:
        """Another key for one purpose, 32 bytes, always the same; this one can't be learnt from it.

        HKDF with SHA-256 (RFC 5869), the purpose as its info.
        """

        def derive() -> Secret[bytes]:
            extracted = hmac.digest(b"fabricant", bytes(self._account.reveal().key), "sha256")
            return Secret(hmac.digest(extracted, purpose + b"\x01", "sha256"))

        return sealed(derive, WalletError("no key could be derived from this wallet's"))

    def encrypted(self, passphrase: Secret[str]) -> dict[str, Any]:
        """The key as a keystore, version 3."""
        account = self._account.reveal()
        refusal = WalletError("the key could not be encrypted; is there memory enough (256 MiB)?")
        return sealed(
            lambda: account.encrypt(passphrase.reveal(), kdf="scrypt", iterations=SCRYPT_N), refusal
        )

    def __repr__(self) -> str:
        return f"<Wallet {getattr(self, 'address', 'without a key')}>"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a wallet is not stored or copied; a keystore does that")


@dataclass(frozen=True, slots=True)
class ContractWallet:
    """A contract that acts through its owner. It signs typed data; its transactions are its own matter."""

    address: Address
    owner: Signer

    def sign_typed_data(self, message: Message) -> bytes:
        """The owner's signature, unchanged; `signing.sign` asks the chain whether the contract accepts it."""
        return self.owner.sign_typed_data(message)


def dev_wallets(network: Network) -> tuple[Wallet, ...]:
    """Anvil's ten accounts, rich on every Anvil. Raises WalletError on any other chain."""
    client = network.rpc.call("web3_clientVersion")
    if network.chain_id != ANVIL_CHAIN or not isinstance(client, str) or not client.startswith("anvil/"):
        raise WalletError(f"{network} is no Anvil; everybody has these keys, so use a keystore there")
    Account.enable_unaudited_hdwallet_features()
    keys = (
        Account.from_mnemonic(_DEV_MNEMONIC, account_path=f"m/44'/60'/0'/0/{index}").key
        for index in range(DEV_ACCOUNTS)
    )
    return tuple(Wallet(Secret(bytes(key))) for key in keys)
