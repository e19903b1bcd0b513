"""Sending: one intent, one nonce, one outcome.

A `Sender` first asks the chain whether a call would succeed, and sends nothing if not. What it sends is
signed once and known by its hash before it leaves, so that a lost answer is settled by looking the hash up
and handing in the same bytes again, never by a second transaction. While it waits it replaces what is
stuck, hands in again what a node forgot or a reorganisation threw out, and believes a receipt only if its
block is in the chain.
"""

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

from fabricant.chain.answers import Hash, Receipt
from fabricant.chain.errors import ContractError
from fabricant.chain.fees import DEFAULT_CAP, Fees, replacement, suggest
from fabricant.chain.network import NO_COIN, Call, Network
from fabricant.chain.nonces import lane
from fabricant.chain.wallet import SignedTransaction, Wallet
from fabricant.domain.units import Address, BaseUnits, format_amount
from fabricant.errors import (
    BadAnswer,
    FeeCapExceeded,
    GasCapExceeded,
    InsufficientFunds,
    NetworkError,
    OutcomeUnknown,
    RpcRefused,
    TransactionFailed,
    TransactionReplaced,
)

GAS_CAP: Final = 16_777_216  # what one transaction may use (EIP-7825)
GAS_MARGIN: Final = 20  # percent above the estimate: state may change before the transaction is mined
FIRST_PAUSE: Final = 0.01  # seconds; doubles up to the longest
LONGEST_PAUSE: Final = 2.0
NONCE_PAUSES: Final = (0.1, 0.2, 0.5, 1.0, 2.0)  # seconds, after each failed attempt to get one
SIGHTINGS: Final = 3  # of a taken nonce without a receipt, since a node may be behind another

_ALREADY_THERE: Final = ("already known", "already imported", "known transaction", "alreadyknown")
_NONCE_TAKEN: Final = ("nonce too low", "oldnonce", "replacement transaction underpriced")
_TOO_MUCH_GAS: Final = ("gas required exceeds allowance",)
_NO_FUNDS: Final = ("insufficient funds", "insufficientfunds", "upfront cost exceeds")


@dataclass(frozen=True, slots=True)
class Policy:
    """How patient and how generous a sender is. Times in seconds.

    `cap` is the most it pays per gas, in wei; `confirmations` counts the transaction's own block. None takes
    either from the network's profile. After `stuck_after`, a waiting transaction is replaced by a dearer one.
    """

    cap: BaseUnits | None = None
    confirmations: int | None = None
    stuck_after: float = 60.0
    give_up_after: float = 900.0


@dataclass(slots=True)
class _Intent:
    """What is wanted, its nonce, and all that was signed for it, of which at most one is ever mined."""

    call: Call
    gas: int
    nonce: int
    fees: Fees
    started_at: float
    offered_at: float
    signed: list[SignedTransaction] = field(default_factory=list)
    sightings: int = 0  # of its nonce taken, but no receipt

    @property
    def hash(self) -> Hash:
        """The newest transaction's."""
        return self.signed[-1].hash


class _NonceTaken(Exception):
    """Another program used the nonce first, and the node never took ours."""


class Sender:
    """Sends for one wallet on one network. Threads may share it, and a wallet may have several."""

    def __init__(
        self,
        network: Network,
        wallet: Wallet,
        *,
        policy: Policy = Policy(),
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.network = network
        self.wallet = wallet
        self._policy = policy
        self._cap = policy.cap or network.profile.max_fee or DEFAULT_CAP
        self._confirmations = policy.confirmations or network.profile.confirmations
        self._lane = lane(network, wallet.address)
        self._clock = clock
        self._sleep = sleep

    def send(self, to: Address | None, data: bytes = b"", *, value: BaseUnits = NO_COIN) -> Receipt:
        """Sends one transaction and waits until it is confirmed. `to` None creates a contract; `value`: wei.

        Nothing is sent if the call would fail (ContractError), the account lacks money (InsufficientFunds) or
        a cap is passed (GasCapExceeded, FeeCapExceeded). Once it is sent: FeeCapExceeded if it is stuck and
        a replacement would pass the cap, TransactionReplaced if another program used its nonce,
        TransactionFailed or the ContractError if it was mined but failed, OutcomeUnknown if no answer came
        in time. They name the transaction's hash: ask for its receipt before you repeat anything.
        """
        call = Call(to, data, value, self.wallet.address)
        intent = self._hand_in(call, self._gas(call))
        try:
            return self._result(intent, self._wait(intent))
        finally:
            self._lane.done(intent.nonce)

    # Before anything is sent

    def _gas(self, call: Call) -> int:
        if call.value:
            self._check_funds(call.value)
        try:
            estimate = self.network.estimate_gas(call)
        except RpcRefused as refusal:
            if not _says(refusal, _TOO_MUCH_GAS):
                raise
            raise GasCapExceeded(
                f"this needs more than the {GAS_CAP} gas of one transaction; split it"
            ) from None
        if estimate > GAS_CAP:
            raise GasCapExceeded(f"this needs {estimate} gas, and one transaction has {GAS_CAP}; split it")
        return min(estimate * (100 + GAS_MARGIN) // 100, GAS_CAP)

    def _check_funds(self, cost: int) -> None:
        balance = self.network.balance(self.wallet.address)
        if balance < cost:
            has, needs = (format_amount(BaseUnits(wei), 18) for wei in (balance, cost))
            raise InsufficientFunds(
                f"{self.wallet.address} has {has} coin and may need {needs}; fund it first"
            )

    # Handing in

    def _hand_in(self, call: Call, gas: int) -> _Intent:
        for pause in NONCE_PAUSES:
            fees = suggest(self.network, cap=self._cap)
            self._check_funds(call.value + gas * fees.most)
            with suppress(_NonceTaken), self._lane.turn(self.network, self.wallet.address) as nonce:
                intent = _Intent(call, gas, nonce, fees, started_at=self._clock(), offered_at=self._clock())
                self._sign(intent, fees)
                self._deliver(intent)
                return intent
            self._sleep(pause)
        raise TransactionReplaced(f"other programs keep sending from {self.wallet.address}; nothing was sent")

    def _sign(self, intent: _Intent, fees: Fees) -> None:
        call = intent.call
        target = {} if call.to is None else {"to": call.to}
        signed = self.wallet.sign_transaction(
            target
            | {
                "type": 2,
                "chainId": self.network.chain_id,
                "nonce": intent.nonce,
                "value": call.value,
                "data": call.data,
                "gas": intent.gas,
                "maxFeePerGas": fees.most,
                "maxPriorityFeePerGas": fees.tip,
            }
        )
        intent.signed.append(signed)
        intent.fees, intent.offered_at = fees, self._clock()

    def _deliver(self, intent: _Intent) -> None:
        """Hands a signed transaction in until the node has it; the same bytes each time."""
        doubtful, pause = False, FIRST_PAUSE
        while True:
            try:
                return self.network.send_raw(intent.signed[-1].raw)
            except RpcRefused as refusal:
                taken = _says(refusal, _NONCE_TAKEN)
                if _says(refusal, _ALREADY_THERE) or (taken and (doubtful or self._is_known(intent))):
                    return None
                if not doubtful:  # else an earlier attempt may have arrived after all
                    raise (_NonceTaken() if taken else _typed(refusal, intent)) from None
            except NetworkError:
                doubtful = True
            with suppress(NetworkError):
                if self._is_known(intent):
                    return None
            self._give_up_when_late(intent)
            self._sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)

    def _is_known(self, intent: _Intent) -> bool:
        return any(self.network.knows(signed.hash) for signed in intent.signed)

    # Waiting

    def _wait(self, intent: _Intent) -> Receipt:
        pause = FIRST_PAUSE
        while True:
            with suppress(NetworkError):
                receipt = self._receipt(intent)
                if receipt is None:
                    self._tend(intent)
                elif self.network.head().number - receipt.block + 1 >= self._confirmations:
                    return receipt
            self._give_up_when_late(intent)
            self._sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)

    def _receipt(self, intent: _Intent) -> Receipt | None:
        receipts = (self.network.receipt(signed.hash) for signed in reversed(intent.signed))
        return next((receipt for receipt in receipts if receipt is not None), None)

    def _tend(self, intent: _Intent) -> None:
        """Does what a transaction without a receipt needs: nothing, a second delivery, or a better offer."""
        if self.network.nonce(self.wallet.address) > intent.nonce and self._receipt(intent) is None:
            self._count_taken(intent)
        elif self._clock() - intent.offered_at > self._policy.stuck_after:
            self._replace(intent)
        elif not self._is_known(intent):
            self.network.send_raw(intent.signed[-1].raw)

    def _count_taken(self, intent: _Intent) -> None:
        intent.sightings += 1
        if intent.sightings >= SIGHTINGS:
            raise TransactionReplaced(
                f"another transaction of {self.wallet.address} was mined as number {intent.nonce}; "
                "this one never will be",
                intent.hash,
            )

    def _replace(self, intent: _Intent) -> None:
        try:
            fees = replacement(intent.fees, self.network, cap=self._cap)
        except FeeCapExceeded as exceeded:
            raise FeeCapExceeded(f"{exceeded}; until then {intent.hash} waits", intent.hash) from None
        self._sign(intent, fees)
        self.network.send_raw(intent.signed[-1].raw)

    def _give_up_when_late(self, intent: _Intent) -> None:
        if self._clock() - intent.started_at > self._policy.give_up_after:
            raise OutcomeUnknown(
                f"{intent.hash} was sent and is not confirmed; it may still be mined, so look it up first",
                intent.hash,
            )

    # The outcome

    def _result(self, intent: _Intent, receipt: Receipt) -> Receipt:
        if (receipt.sender, receipt.to) != (self.wallet.address, intent.call.to):
            raise BadAnswer(f"{self.network.rpc.url} answered with a receipt of somebody else's transaction")
        if receipt.succeeded:
            return receipt
        with suppress(NetworkError):
            self._explain(intent, receipt)
        why = "it ran out of gas" if receipt.gas_used >= intent.gas else "its reason is gone"
        raise TransactionFailed(f"{receipt.transaction} failed in block {receipt.block}: {why}", intent.hash)

    def _explain(self, intent: _Intent, receipt: Receipt) -> None:
        """Raises the contract's error, if the call still fails on the state that its block left behind."""
        try:
            self.network.call(intent.call, at=receipt.block)
        except ContractError as error:
            error.add_note(f"transaction {receipt.transaction}, mined in block {receipt.block}")
            raise


def _says(refusal: RpcRefused, phrases: tuple[str, ...]) -> bool:
    said = str(refusal).lower()
    return any(phrase in said for phrase in phrases)


def _typed(refusal: RpcRefused, intent: _Intent) -> Exception:
    return InsufficientFunds(str(refusal), intent.hash) if _says(refusal, _NO_FUNDS) else refusal
