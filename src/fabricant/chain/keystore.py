"""Keys at rest: one encrypted file for each wallet (keystore version 3), readable by its owner alone.

The folder has mode 0700 and each file 0600; links, foreign owners, laxer permissions and key derivations
that can be guessed are refused, because a key must not rest on them. A file appears whole or not at all,
and none is ever overwritten. Passphrases and keys come in as `Secret`.
"""

import json
import os
import re
import secrets
import stat
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from eth_account import Account

from fabricant.chain.profiles import user_folder
from fabricant.chain.secret import Secret, sealed
from fabricant.chain.wallet import Wallet
from fabricant.domain.units import Address, parse_address, printable
from fabricant.errors import FabricantError, InvalidInput, UnsafeKeystore, WalletNotFound, WrongPassphrase

LARGEST_FILE: Final = 2**14  # bytes; so that no nesting of JSON in it can exhaust the stack
SHORTEST_PASSPHRASE: Final = 10
# What a key may rest on. scrypt's memory is 128 * n * r bytes: 128 MiB at least, 1 GiB at most.
SCRYPT_MEMORY: Final = range(2**20, 2**23 + 1)  # n * r
SCRYPT_MOST_P: Final = 16
PBKDF2_ROUNDS: Final = range(262_144, 100_000_001)


@dataclass(frozen=True, slots=True)
class Entry:
    """One keystore. `address` is what the file says; opening it proves it."""

    name: str
    address: Address


class Keystore:
    """A folder of encrypted keys; without `folder`, the user's own."""

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder or user_folder() / "keystore"

    def create(self, name: str, passphrase: Secret[str]) -> Wallet:
        """Makes a new key and keeps it."""
        wallet = Wallet.create()
        self.add(name, wallet, passphrase)
        return wallet

    def add(self, name: str, wallet: Wallet, passphrase: Secret[str]) -> None:
        """Keeps a wallet under a name. Raises InvalidInput for a taken name or a short passphrase."""
        path = self._path(name)
        if len(passphrase.reveal()) < SHORTEST_PASSPHRASE:
            raise InvalidInput(f"the passphrase is too short; {SHORTEST_PASSPHRASE} characters at least")
        self._prepare_folder()
        _write_new(path, json.dumps(wallet.encrypted(passphrase), indent=2).encode())

    def import_key(self, name: str, key: Secret[str], passphrase: Secret[str]) -> Wallet:
        """Keeps a private key given as 64 hex digits, with or without 0x."""
        digits = Secret(key.reveal().strip().removeprefix("0x"))
        if not re.fullmatch(r"[0-9a-fA-F]{64}", digits.reveal()):
            raise InvalidInput("a private key has 64 hex digits; this has not")
        wallet = Wallet(Secret(bytes.fromhex(digits.reveal())))
        self.add(name, wallet, passphrase)
        return wallet

    def import_file(self, name: str, path: Path, passphrase: Secret[str]) -> Wallet:
        """Keeps the key of another program's keystore, encrypted anew and well with the same passphrase.

        Weak key derivation is no obstacle here, since the old file is not what the key rests on afterwards.
        """
        with path.open("rb") as source:
            wallet = _decrypt(_parse(source.read(LARGEST_FILE + 1), path), passphrase, path)
        self.add(name, wallet, passphrase)
        return wallet

    def entries(self, *, broken: Callable[[FabricantError], object] = lambda _: None) -> list[Entry]:
        """All wallets by name. `broken` hears of each file that can't be used."""
        if not self.folder.exists():
            return []
        self._check_folder()
        names = sorted(path.stem for path in self.folder.glob("*.json") if not path.name.startswith("."))
        entries = []
        for name in names:
            try:
                entries.append(Entry(name, self.address(name)))
            except (UnsafeKeystore, InvalidInput) as problem:
                broken(problem)
        return entries

    def address(self, name: str) -> Address:
        """The address that a keystore says it holds the key of; it stays closed."""
        return _address(self._read(name), self._path(name))

    def open(self, name: str, passphrase: Secret[str]) -> Wallet:
        """The wallet of that name. Raises WalletNotFound, UnsafeKeystore, WrongPassphrase."""
        contents, path = self._read(name), self._path(name)
        _check_derivation(contents, path)
        wallet = _decrypt(contents, passphrase, path)
        if wallet.address != _address(contents, path):
            raise UnsafeKeystore(f"{path} holds another key than it says; somebody changed it")
        return wallet

    def _path(self, name: str) -> Path:
        if not re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,63}", name):
            raise InvalidInput(f"{printable(name, 40)!r} is no wallet name; use a-z, 0-9, - and _")
        return self.folder / f"{name}.json"

    def _prepare_folder(self) -> None:
        self.folder.parent.mkdir(parents=True, exist_ok=True)
        with suppress(FileExistsError):
            self.folder.mkdir(mode=0o700)
        self._check_folder()

    def _check_folder(self) -> None:
        found = self.folder.lstat()
        if not stat.S_ISDIR(found.st_mode):
            raise UnsafeKeystore(f"{self.folder} is a link or no folder; keys need a folder of their own")
        _check_private(found, self.folder, "700")

    def _read(self, name: str) -> Mapping[str, Any]:
        path = self._path(name)
        if not path.is_symlink() and not path.exists():
            known = ", ".join(sorted(each.stem for each in self.folder.glob("*.json"))) or "none yet"
            raise WalletNotFound(f"there is no wallet called {name}; there are: {known}")
        self._check_folder()
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        except OSError:
            raise UnsafeKeystore(
                f"{path} is a link, or can't be read; a key must be a file of its own"
            ) from None
        try:
            found = os.fstat(descriptor)
            if not stat.S_ISREG(found.st_mode):
                raise UnsafeKeystore(f"{path} is not a plain file; a key must be a file of its own")
            _check_private(found, path, "600")
            return _parse(os.read(descriptor, LARGEST_FILE + 1), path)
        finally:
            os.close(descriptor)


def _check_private(found: os.stat_result, path: Path, mode: str) -> None:
    if found.st_uid != os.geteuid():
        raise UnsafeKeystore(f"{path} belongs to another user; a key must be your own")
    if found.st_mode & 0o077:
        raise UnsafeKeystore(f"{path} is open to other users; close it: chmod {mode} {path}")


def _parse(raw: bytes, path: Path) -> Mapping[str, Any]:
    try:
        found: Any = json.loads(raw) if len(raw) <= LARGEST_FILE else None
        lowered = {str(key).lower(): value for key, value in found.items()}  # some programs write "Crypto"
        if lowered["version"] == 3 and isinstance(lowered["crypto"], dict):
            return lowered
    except (ValueError, KeyError, AttributeError, RecursionError):
        pass
    raise UnsafeKeystore(f"{path} is no keystore of version 3; import the key from its source again")


def _address(contents: Mapping[str, Any], path: Path) -> Address:
    try:
        return parse_address("0x" + str(contents.get("address")).removeprefix("0x").lower())
    except InvalidInput:
        raise UnsafeKeystore(f"{path} names no address; import the key again") from None


def _check_derivation(contents: Mapping[str, Any], path: Path) -> None:
    crypto = contents["crypto"]
    parameters = crypto.get("kdfparams")
    strong = isinstance(parameters, dict) and _is_strong(crypto.get("kdf"), parameters)
    if not strong or crypto.get("cipher") != "aes-128-ctr":
        raise UnsafeKeystore(
            f"the passphrase of {path} could be guessed (weak key derivation); import it anew"
        )


def _is_strong(kdf: object, parameters: Mapping[str, Any]) -> bool:
    numbers = {name: value for name, value in parameters.items() if type(value) is int}
    if numbers.get("dklen") != 32 or len(str(parameters.get("salt"))) < 32:
        return False
    if kdf == "pbkdf2":
        return parameters.get("prf") == "hmac-sha256" and numbers.get("c") in PBKDF2_ROUNDS
    memory = numbers.get("n", 0) * numbers.get("r", 0)
    return kdf == "scrypt" and memory in SCRYPT_MEMORY and 1 <= numbers.get("p", 0) <= SCRYPT_MOST_P


def _decrypt(contents: Mapping[str, Any], passphrase: Secret[str], path: Path) -> Wallet:
    refusal = WrongPassphrase(f"the passphrase does not open {path}; try again")
    return sealed(
        lambda: Wallet(Secret(bytes(Account.decrypt(dict(contents), passphrase.reveal())))), refusal
    )


def _write_new(path: Path, contents: bytes) -> None:
    """The file is complete before it has its name, and takes no other file's name."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as target:
            target.write(contents)
            target.flush()
            os.fsync(descriptor)
        os.link(draft, path)
    except FileExistsError:
        raise InvalidInput(f"there is a wallet at {path} already; choose another name") from None
    finally:
        draft.unlink()
