"""Hostile tokens and receivers: how each behaves, and what then becomes of money.

Coming in, a token is refused with one exact error, or all of it is there. Going out, a payment arrives or is
credited to its receiver, and nobody else notices. The tables say which, also for the tokens that the escrow
does not support because they change balances by themselves: they cost their own lines alone.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

from fabricant.domain.units import Address
from tests.support.decoding import Said

PAYOUT_GAS, CREDIT_GAS = 200_000, 30_000
FAILED_GAS = PAYOUT_GAS + CREDIT_GAS
MANNERS: Final = (
    *("Accepts", "Reverts", "BurnsGas", "ReturnsMegabyte", "Calls", "ReturnsMuch", "RevertsMuch"),
    *("Enters", "Looks"),
)
ODDITIES: Final = (
    *("None", "ReturnsNothing", "ReturnsFalse", "ReturnsTwo", "TakesFee", "Paused", "Blocks", "Calls"),
    *("BurnsGas", "ReturnsMegabyte", "ReturnsMuch", "EntersBefore", "EntersAfter", "LooksBefore"),
    *("LooksAfter", "Pretends", "Understates"),
)


class Paid(NamedTuple):
    """What becomes of a payment."""

    arrives: int
    credited: int
    leaves: int  # the escrow


Fate = Callable[[Address, int], Paid]


def arrives(who: Address, amount: int) -> Paid:
    """It is paid."""
    return Paid(amount, 0, amount)


def fails(who: Address, amount: int) -> Paid:
    """It is credited."""
    return Paid(0, amount, 0)


def _twice(who: Address, amount: int) -> Paid:
    """It is paid and credited: the token did not say that it moved."""
    return Paid(amount, amount, amount)


def _less(who: Address, amount: int) -> Paid:
    """A fee is missing."""
    return Paid(amount - amount // 100, 0, amount)


def _nothing(who: Address, amount: int) -> Paid:
    """It is neither paid nor credited: the token said that it moved."""
    return Paid(0, 0, 0)


@dataclass(frozen=True)
class Receiver:
    """Somebody who is paid in coin. `code`: a contract's "own", one that was "lent" to a key, or "none"."""

    name: str
    manner: str = "Accepts"
    code: str = "own"
    fate: Fate = arrives
    withdraws: bool = True
    gas: int = 0

    def __str__(self) -> str:
        return self.name


CONTRACT: Final = Receiver("a contract wallet")  # as all, it refuses an ERC-721 that asks it
LOOKING: Final = Receiver("looks around", "Looks", gas=PAYOUT_GAS)
RECEIVERS: Final = (
    Receiver("reverts", "Reverts", fate=fails, withdraws=False, gas=CREDIT_GAS),
    Receiver("burns all gas", "BurnsGas", fate=fails, withdraws=False, gas=FAILED_GAS),
    Receiver("returns a megabyte", "ReturnsMegabyte", fate=fails, gas=FAILED_GAS),
    Receiver("returns what its gas affords", "ReturnsMuch", gas=PAYOUT_GAS),
    Receiver("reverts with as much", "RevertsMuch", "own", fails, withdraws=False, gas=FAILED_GAS),
    Receiver("re-enters every function", "Enters", gas=PAYOUT_GAS),
    Receiver("destroyed in its constructor", code="none"),
    Receiver("a key with lent code", code="lent"),
    Receiver("a key with lent code that reverts", "Reverts", "lent", fails, withdraws=False, gas=CREDIT_GAS),
)
Cast = Mapping[Address, Receiver]


class Coming(NamedTuple):
    """Tokens on their way in."""

    token: str
    before: int  # the escrow's
    amount: int


Refusal = Callable[[Coming], Said]


def _not_true(coming: Coming) -> Said:
    return Said("SafeERC20FailedOperation", {"token": coming.token})


def _odd(coming: Coming) -> Said:
    return Said("Odd", {})


def _silent(coming: Coming) -> Said:
    return Said("no reason", {})


def _inexact(coming: Coming, received: int, expected: int) -> Said:
    told = {"token": coming.token, "received": received, "expected": expected}
    return Said("SupplierEscrow_InexactTransfer", told)


def _fee_missing(coming: Coming) -> Said:
    whole = coming.before + coming.amount
    return _inexact(coming, whole - coming.amount // 100, whole)


def _half_told(coming: Coming) -> Said:
    return _inexact(coming, (coming.before + coming.amount) // 2, coming.before // 2 + coming.amount)


@dataclass(frozen=True)
class Token:
    """A token, and how it behaves in a scene's call, with what becomes of payments to whom it concerns."""

    name: str
    oddity: str = "None"
    refusal: Refusal | None = None  # of money on its way in
    fate: Fate = arrives
    withdraws: bool = True
    sound: bool = True  # whether the escrow has afterwards what it owes in it
    blocks: str = ""  # a role, the supplier's "side" or the "escrow"
    becomes: Callable[[int], int] | None = None  # the escrow's balance, when it is rebased
    gone: bool = False  # no code is left

    def __str__(self) -> str:
        return self.name

    @property
    def pretends(self) -> bool:
        """Whether nothing moves, neither in nor out."""
        return self.oddity == "Pretends"


TOKENS: Final = (
    Token("returns nothing", "ReturnsNothing"),
    Token("returns a megabyte", "ReturnsMegabyte", fate=fails),
    Token("returns what its gas affords", "ReturnsMuch"),
    Token("calls before it moves", "EntersBefore"),
    Token("calls after it moved", "EntersAfter"),
    Token("looks before it moves", "LooksBefore"),
    Token("looks after it moved", "LooksAfter"),
    Token("returns false", "ReturnsFalse", _not_true, fails, withdraws=False),
    Token("moves, and returns two", "ReturnsTwo", _not_true, _twice, withdraws=False, sound=False),
    Token("takes a fee", "TakesFee", _fee_missing, _less),
    Token("is paused", "Paused", _odd, fails, withdraws=False),
    Token("blocks the escrow", "Blocks", _odd, fails, withdraws=False, blocks="escrow"),
    Token("blocks the buyer", "Blocks", _odd, fails, withdraws=False, blocks="buyer"),
    Token("blocks the supplier's side", "Blocks", _odd, fails, withdraws=False, blocks="side"),
    Token("blocks the broker", "Blocks", _odd, fails, withdraws=False, blocks="broker"),
    Token("blocks the arbiter", "Blocks", _odd, fails, withdraws=False, blocks="arbiter"),
    Token("burns all gas", "BurnsGas", _silent, fails, withdraws=False),
    Token("is gone", "None", _silent, fails, withdraws=False, gone=True),
    Token("grows", becomes=lambda balance: balance + 77),
    Token("shrinks to nothing", fate=fails, withdraws=False, becomes=lambda balance: 0),
    Token("pretends to move", "Pretends", fate=_nothing, sound=False),
    Token("understates balances", "Understates", _half_told),
)
