"""The people in the tests, by role. Each has a key of its own, derived from the role's name."""

from dataclasses import dataclass, field
from functools import cache, cached_property

from eth_account import Account
from eth_account.signers.local import LocalAccount
from eth_typing import Hash32
from eth_utils.crypto import keccak

from fabricant.domain.units import Address, parse_address

ROLES = (
    "buyer",
    "supplier",
    "inspector",
    "arbiter",
    "broker",
    "payer",
    "payee",
    "pledger",
    "lender",
    "operator",
    "gateway",
    "device",
    "issuer",
    "owner",
    "user",
    "registrar",
    "stranger",
)


@dataclass(frozen=True)
class Actor:
    """Somebody with a key. `address` is the account; `sign` signs a 32-byte digest as it is."""

    name: str
    key: bytes = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "key", keccak(text=f"fabricant test role {self.name}"))

    @cached_property
    def account(self) -> LocalAccount:
        """The eth-account signer."""
        return _account(self.key)

    @cached_property
    def address(self) -> Address:
        """The checksummed address."""
        return parse_address(self.account.address)

    def sign(self, digest: bytes) -> bytes:
        """The 65-byte signature r, s, v of a digest, with a low s."""
        return bytes(self.account.unsafe_sign_hash(Hash32(digest)).signature)


@cache
def _account(key: bytes) -> LocalAccount:
    account: LocalAccount = Account.from_key(key)
    return account
