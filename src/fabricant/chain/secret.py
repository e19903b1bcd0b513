"""Values that must never show: keys and passphrases.

A `Secret` can be used, but not printed, logged, pickled or copied by accident. `sealed` runs code of a
library that handles one, so that nothing which is raised in there reaches a traceback. `read_secret` takes
one from where no other program can see it: a file descriptor, the environment, or the keyboard, and never
the command line.
"""

import getpass
import os
import sys
from collections.abc import Callable, Mapping
from typing import Final, Generic, NoReturn, TypeVar

from fabricant.errors import InvalidInput, WalletError

T = TypeVar("T")

LONGEST: Final = 4096  # bytes of a secret


class Secret(Generic[T]):
    """A value that only `reveal` gives away."""

    __slots__ = ("_value",)

    def __init__(self, value: T) -> None:
        self._value = value

    def reveal(self) -> T:
        """The value. Pass it on; don't keep it."""
        return self._value

    def __repr__(self) -> str:
        return "<secret>"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret is not stored or copied")


def sealed(action: Callable[[], T], failure: WalletError) -> T:
    """What `action` returns; if it raises, `failure` and nothing of the original, not even its frames."""
    try:
        return action()
    except Exception:  # noqa: BLE001, S110 - its message and its frames may hold the secret
        pass
    raise failure


def read_secret(
    what: str,
    *,
    variable: str,
    descriptor: int | None = None,
    twice: bool = False,
    environment: Mapping[str, str] = os.environ,
) -> Secret[str]:
    """A secret from an open file descriptor if one is given, else the environment, else the keyboard.

    `what` names it in the prompt; `twice` asks again, for a new passphrase. Raises InvalidInput if there is
    none.
    """
    if descriptor is not None:
        return Secret(_from_descriptor(descriptor, what))
    if variable in environment:
        return Secret(environment[variable])
    if not sys.stdin.isatty():
        raise InvalidInput(f"no terminal to ask for the {what}; set {variable} or give a file descriptor")
    secret = Secret(getpass.getpass(f"{what}: "))
    if twice and getpass.getpass(f"{what}, again: ") != secret.reveal():
        raise InvalidInput(f"the two entries of the {what} differ; try again")
    return secret


def _from_descriptor(descriptor: int, what: str) -> str:
    try:
        with os.fdopen(descriptor, "rb") as source:
            raw = source.read(LONGEST + 1)
        if len(raw) <= LONGEST:
            return raw.removesuffix(b"\n").removesuffix(b"\r").decode()
    except (OSError, UnicodeDecodeError):
        pass
    raise InvalidInput(
        f"no {what} can be read from file descriptor {descriptor}; it must hold one short line"
    )
