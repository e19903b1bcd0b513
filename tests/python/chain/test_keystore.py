"""Keys at rest: private, whole, well encrypted, or refused."""

import getpass
import json
import os
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from eth_account import Account

from fabricant.chain import keystore as keystores
from fabricant.chain import wallet as wallets
from fabricant.chain.keystore import Entry, Keystore
from fabricant.chain.secret import Secret, read_secret
from fabricant.errors import InvalidInput, UnsafeKeystore, WalletError, WalletNotFound, WrongPassphrase
from tests.support.canary import shown_by_error

KEY = "c0ffee" * 10 + "beef"
PHRASE = "canary passphrase 41"


@pytest.fixture
def keystore(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Keystore:
    """A keystore whose keys are quick to open. What is strong enough is tested on its own."""
    monkeypatch.setattr(wallets, "SCRYPT_N", 2**10)
    monkeypatch.setattr(keystores, "SCRYPT_MEMORY", range(2**13, 2**23))
    return Keystore(tmp_path / "home" / "keystore")


@pytest.fixture
def stored(keystore: Keystore) -> Path:
    keystore.import_key("supplier", Secret(KEY), Secret(PHRASE))
    return keystore.folder / "supplier.json"


def names(keystore: Keystore) -> list[str]:
    return sorted(path.name for path in keystore.folder.iterdir())


def test_a_key_that_is_kept_opens_again(keystore: Keystore) -> None:
    made = keystore.create("buyer", Secret(PHRASE))
    kept = keystore.import_key("supplier", Secret(f"0x{KEY}\n"), Secret(PHRASE))
    assert keystore.open("buyer", Secret(PHRASE)).address == made.address
    assert keystore.open("supplier", Secret(PHRASE)).address == kept.address == Account.from_key(KEY).address
    assert keystore.entries() == [Entry("buyer", made.address), Entry("supplier", kept.address)]


def test_f116_what_is_written_by_default_is_strong_private_and_readable_by_others(tmp_path: Path) -> None:
    keystore = Keystore(tmp_path / "keystore")
    wallet = keystore.create("buyer", Secret(PHRASE))
    path = keystore.folder / "buyer.json"
    assert (keystore.folder.stat().st_mode & 0o777, path.stat().st_mode & 0o777) == (0o700, 0o600)
    assert names(keystore) == ["buyer.json"]
    contents = json.loads(path.read_text())
    assert contents["crypto"]["kdfparams"].items() >= {"n": 2**18, "r": 8, "p": 1, "dklen": 32}.items()
    assert Account.from_key(Account.decrypt(contents, PHRASE)).address == wallet.address
    assert keystore.open("buyer", Secret(PHRASE)).address == wallet.address


def test_f116_a_lax_umask_changes_nothing(keystore: Keystore) -> None:
    before = os.umask(0)
    try:
        keystore.create("buyer", Secret(PHRASE))
    finally:
        os.umask(before)
    assert keystore.folder.stat().st_mode & 0o777 == 0o700
    assert (keystore.folder / "buyer.json").stat().st_mode & 0o777 == 0o600


def make_lax(path: Path) -> None:
    path.chmod(0o640)


def make_folder_lax(path: Path) -> None:
    path.parent.chmod(0o755)


def make_link(path: Path) -> None:
    path.rename(path.with_suffix(".real"))
    path.symlink_to(path.with_suffix(".real"))


def make_folder_link(path: Path) -> None:
    path.parent.rename(path.parent.with_name("real"))
    path.parent.symlink_to(path.parent.with_name("real"))


def make_dangling_link(path: Path) -> None:
    path.unlink()
    path.symlink_to("/nowhere")


def make_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path, 0o600)


def make_folder(path: Path) -> None:
    path.unlink()
    path.mkdir(mode=0o700)


@pytest.mark.parametrize(
    "spoil",
    [make_lax, make_folder_lax, make_link, make_folder_link, make_dangling_link, make_pipe, make_folder],
    ids=lambda spoil: spoil.__name__,
)
def test_f116_a_key_does_not_rest_on_links_or_lax_permissions(
    keystore: Keystore, stored: Path, spoil: Callable[[Path], None]
) -> None:
    spoil(stored)
    with pytest.raises(UnsafeKeystore):
        keystore.open("supplier", Secret(PHRASE))


def test_f116_a_foreign_owner_is_refused(
    keystore: Keystore, stored: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 12345)
    with pytest.raises(UnsafeKeystore, match="belongs to another user"):
        keystore.open("supplier", Secret(PHRASE))


def test_f116_nothing_is_written_into_a_folder_that_is_not_private(keystore: Keystore) -> None:
    keystore.folder.mkdir(parents=True, mode=0o755)
    with pytest.raises(UnsafeKeystore, match="chmod 700"):
        keystore.create("buyer", Secret(PHRASE))
    assert names(keystore) == []


def test_f116_a_name_is_never_overwritten_also_not_in_a_race(keystore: Keystore, stored: Path) -> None:
    before = stored.read_bytes()
    with pytest.raises(InvalidInput, match="already"):
        keystore.create("supplier", Secret(PHRASE))
    assert stored.read_bytes() == before
    outcomes: list[str] = []

    def attempt() -> None:
        try:
            outcomes.append(keystore.create("raced", Secret(PHRASE)).address)
        except InvalidInput:
            outcomes.append("taken")

    threads = [threading.Thread(target=attempt) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes.count("taken") == 5
    assert keystore.open("raced", Secret(PHRASE)).address in outcomes
    assert names(keystore) == ["raced.json", "supplier.json"]


def test_f116_a_write_that_fails_leaves_nothing(keystore: Keystore, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        keystore.create("buyer", Secret(PHRASE))
    assert names(keystore) == []


SCRYPT = {"dklen": 32, "n": 2**18, "r": 8, "p": 1, "salt": "ab" * 16}
PBKDF2 = {"dklen": 32, "c": 262_144, "prf": "hmac-sha256", "salt": "ab" * 16}


@pytest.mark.parametrize(
    ("kdf", "parameters", "strong"),
    [
        ("scrypt", SCRYPT, True),
        ("scrypt", SCRYPT | {"n": 2**17}, True),
        ("scrypt", SCRYPT | {"n": 4096, "p": 6}, False),
        ("scrypt", SCRYPT | {"n": 2**24}, False),
        ("scrypt", SCRYPT | {"r": 1}, False),
        ("scrypt", SCRYPT | {"p": 0}, False),
        ("scrypt", SCRYPT | {"p": 1000}, False),
        ("scrypt", SCRYPT | {"n": True}, False),
        ("scrypt", SCRYPT | {"n": "262144"}, False),
        ("scrypt", SCRYPT | {"salt": "ab"}, False),
        ("scrypt", SCRYPT | {"dklen": 16}, False),
        ("pbkdf2", PBKDF2, True),
        ("pbkdf2", PBKDF2 | {"c": 10_240}, False),
        ("pbkdf2", PBKDF2 | {"c": 10**9}, False),
        ("pbkdf2", PBKDF2 | {"prf": "hmac-md5"}, False),
        ("argon2", SCRYPT, False),
        (None, {}, False),
    ],
)
def test_f116_weak_and_exhausting_key_derivations_are_told_apart(
    kdf: object, parameters: dict[str, Any], *, strong: bool
) -> None:
    contents = {"crypto": {"cipher": "aes-128-ctr", "kdf": kdf, "kdfparams": parameters}}
    if strong:
        keystores._check_derivation(contents, Path("x.json"))
    else:
        with pytest.raises(UnsafeKeystore, match="weak key derivation"):
            keystores._check_derivation(contents, Path("x.json"))


@pytest.mark.parametrize(("field", "value"), [("cipher", "none"), ("kdfparams", None), ("kdfparams", [])])
def test_f116_other_weaknesses_are_refused(field: str, value: object) -> None:
    crypto = {"cipher": "aes-128-ctr", "kdf": "scrypt", "kdfparams": SCRYPT, field: value}
    with pytest.raises(UnsafeKeystore):
        keystores._check_derivation({"crypto": crypto}, Path("x.json"))


def test_f116_a_weak_file_of_another_program_is_taken_in_and_made_strong(tmp_path: Path) -> None:
    weak = tmp_path / "UTC--wallet"
    weak.write_text(json.dumps(Account.encrypt(bytes.fromhex(KEY), PHRASE, kdf="pbkdf2", iterations=1000)))
    keystore = Keystore(tmp_path / "keystore")
    imported = keystore.import_file("buyer", weak, Secret(PHRASE))
    assert keystore.open("buyer", Secret(PHRASE)).address == imported.address == Account.from_key(KEY).address


@pytest.mark.parametrize(
    "contents",
    [
        "",
        "{}",
        "[]",
        "null",
        '{"version": 4, "crypto": {}}',
        '{"version": 3}',
        "[" * 50_000,
        " " * 70_000,
        "\xff",
    ],
)
def test_what_is_no_keystore_is_refused(keystore: Keystore, stored: Path, contents: str) -> None:
    stored.write_text(contents, "latin-1")
    with pytest.raises(UnsafeKeystore):
        keystore.open("supplier", Secret(PHRASE))


@pytest.mark.parametrize("address", [None, "", "0x12", 5, "0x" + "11" * 20])
def test_a_file_that_lies_about_its_address_is_refused(
    keystore: Keystore, stored: Path, address: object
) -> None:
    stored.write_text(json.dumps(json.loads(stored.read_text()) | {"address": address}))
    with pytest.raises(UnsafeKeystore):
        keystore.open("supplier", Secret(PHRASE))


def test_f115_a_wrong_passphrase_shows_neither_itself_nor_the_key(keystore: Keystore, stored: Path) -> None:
    with pytest.raises(WrongPassphrase) as refused:
        keystore.open("supplier", Secret("canary wrong"))
    shown = shown_by_error(refused.value)
    assert "canary" not in shown
    assert KEY[:12] not in shown
    assert refused.value.exit_code == 5


@pytest.mark.parametrize("key", ["", "c0ffee", KEY + "00", "zz" * 32, "0x" + "ff" * 32, KEY[:-1] + "\n"])
def test_f115_what_is_no_key_is_not_imported_and_not_shown(keystore: Keystore, key: str) -> None:
    with pytest.raises((InvalidInput, WalletError)) as refused:
        keystore.import_key("buyer", Secret(key), Secret(PHRASE))
    if key:
        assert key[:12] not in shown_by_error(refused.value)
    assert not keystore.folder.exists()


@pytest.mark.parametrize("name", ["", "../x", "a/b", "A", "-a", "a" * 65, ".a", "a.json", "a\0", "\u202ea"])
def test_f123_a_name_is_no_path(keystore: Keystore, name: str) -> None:
    for use in (keystore.create, keystore.open):
        with pytest.raises(InvalidInput, match="no wallet name"):
            use(name, Secret(PHRASE))


def test_an_unknown_name_lists_the_known(keystore: Keystore, stored: Path) -> None:
    with pytest.raises(WalletNotFound, match="there are: supplier"):
        keystore.open("buyer", Secret(PHRASE))
    assert Keystore(stored.parent.with_name("other")).entries() == []


def test_a_short_passphrase_is_refused(keystore: Keystore) -> None:
    with pytest.raises(InvalidInput, match="too short"):
        keystore.create("buyer", Secret("123456789"))


def test_the_users_own_folder_is_the_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FABRICANT_HOME", str(tmp_path))
    assert Keystore().folder == tmp_path / "keystore"


def descriptor_with(contents: bytes) -> int:
    reader, writer = os.pipe()
    os.write(writer, contents)
    os.close(writer)
    return reader


@pytest.mark.parametrize("ending", [b"", b"\n", b"\r\n"])
def test_a_secret_from_a_file_descriptor_comes_first(ending: bytes) -> None:
    descriptor = descriptor_with(PHRASE.encode() + ending)
    secret = read_secret("passphrase", variable="P", descriptor=descriptor, environment={"P": "other"})
    assert secret.reveal() == PHRASE


@pytest.mark.parametrize("contents", [b"x" * 5000, b"\xff\xfe"])
def test_a_descriptor_without_a_line_of_text_is_refused(contents: bytes) -> None:
    with pytest.raises(InvalidInput, match="file descriptor"):
        read_secret("passphrase", variable="P", descriptor=descriptor_with(contents))
    with pytest.raises(InvalidInput, match="file descriptor"):
        read_secret("passphrase", variable="P", descriptor=10**6)


def test_then_the_environment_then_the_keyboard(monkeypatch: pytest.MonkeyPatch) -> None:
    assert read_secret("passphrase", variable="P", environment={"P": PHRASE}).reveal() == PHRASE
    monkeypatch.setattr(sys.stdin, "isatty", lambda: False, raising=False)
    with pytest.raises(InvalidInput, match="no terminal"):
        read_secret("passphrase", variable="P", environment={})
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    answers = iter([PHRASE, PHRASE, PHRASE, "other"])
    monkeypatch.setattr(getpass, "getpass", lambda prompt: next(answers))
    assert read_secret("passphrase", variable="P", environment={}, twice=True).reveal() == PHRASE
    with pytest.raises(InvalidInput, match="differ") as refused:
        read_secret("passphrase", variable="P", environment={}, twice=True)
    assert PHRASE not in shown_by_error(refused.value)
