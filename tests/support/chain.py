"""A chain under a test's control.

`send` mines one transaction, at an exact time if wanted, and returns its receipt or raises `Reverted`; gas
is free, so that balances of coin add up. Views see the time of the next block, which `warp` sets. Anybody
can send, also contracts.
"""

import os
from functools import cache
from pathlib import Path
from typing import Any

from eth_utils.abi import get_aligned_abi_inputs
from web3.contract import Contract
from web3.contract.contract import ContractFunction

from fabricant.artifacts import Artifact
from fabricant.chain.answers import Receipt, as_bytes, as_receipt
from fabricant.chain.anvil import LocalChain
from fabricant.chain.build import build
from fabricant.chain.rpc import Rpc
from fabricant.domain.units import Address, BaseUnits, UnixSeconds, parse_address, parse_time
from fabricant.errors import RpcRefused
from tests.support.actors import ROLES, Actor
from tests.support.decoding import VOCABULARY, Event, Said, type_of
from tests.support.reverts import Reverted

ROOT = Path(__file__).resolve().parents[2]
BEGINNING = parse_time("2027-01-04T08:00Z")  # a Monday morning, on the hour
WEALTH = BaseUnits(10_000 * 10**18)
TRANSACTION_GAS = 16_777_216
FAST = os.environ.get("FABRICANT_FAST") == "1"  # unoptimised contracts: quicker to compile

OPTIONS = (
    *("--timestamp", str(BEGINNING)),
    *("--base-fee", "0", "--disable-min-priority-fee"),
    *("--gas-limit", "1000000000"),  # so large that no test moves the base fee
    *("--accounts", "1", "--auto-impersonate"),
    *(["--disable-code-size-limit"] if FAST else []),
)


@cache
def artifact(name: str) -> Artifact:
    """The artifact of a contract or mock, built now if its sources changed."""
    built = build(ROOT, only=(name,), fast=FAST).built
    return next(each.artifact for each in built if each.artifact.name == name)


class Chain:
    """An Anvil with free gas and funded actors."""

    def __init__(self, local: LocalChain) -> None:
        self.local = local
        self.local.freeze()  # so that no test depends on how long it takes
        self.w3 = local.w3
        self.w3.eth.default_block = "pending"
        for role in ROLES:
            local.set_balance(Actor(role).address, WEALTH)

    @classmethod
    def start(cls) -> "Chain":
        """Starts a chain of its own."""
        return cls(LocalChain.start(options=OPTIONS))

    @property
    def now(self) -> UnixSeconds:
        """The time of the newest block."""
        return self.local.now()

    def warp(self, to: int) -> None:
        """The next block has exactly this time; views see it at once."""
        self.local.warp(UnixSeconds(to))

    def send(
        self,
        call: ContractFunction,
        *,
        by: Actor | Address,
        value: int = 0,
        at: int | None = None,
        gas: int = TRANSACTION_GAS,
    ) -> Receipt:
        """Mines one call, at exactly the time `at` if given. Raises Reverted with what the contract said."""
        return self._mine(call_data(call), by=by, to=call.address, value=value, at=at, gas=gas)

    def attempt(
        self, call: ContractFunction, *, by: Actor | Address, gas: int = TRANSACTION_GAS
    ) -> Said | None:
        """What a call would revert with in the next block; None if it would succeed. Changes nothing."""
        try:
            self._look(call, by=by.address if isinstance(by, Actor) else by, gas=hex(gas))
        except RpcRefused as refused:
            return VOCABULARY.error(as_bytes(refused.data or "0x", "revert data"))
        return None

    def ask(self, call: ContractFunction) -> Any:
        """What a view answers, as web3.py decodes it but much sooner: with one request instead of three."""
        answer = as_bytes(self._look(call), "an answer")
        values = self.w3.codec.decode([type_of(each) for each in call.abi["outputs"]], answer)
        return values[0] if len(values) == 1 else values

    def _look(self, call: ContractFunction, *, by: str = Actor("stranger").address, **limits: str) -> Any:
        asked = {"from": by, "to": call.address, "data": f"0x{call_data(call).hex()}"} | limits
        return self.local.rpc.call("eth_call", asked, "pending")

    def deploy(self, name: str, *arguments: Any, by: Actor | None = None) -> Contract:
        """Deploys a contract or mock by its name. A contract among the arguments stands for its address."""
        code, abi = artifact(name).bytecode, artifact(name).abi
        VOCABULARY.learn(abi)
        plain = [each.address if isinstance(each, Contract | Actor) else each for each in arguments]
        data = self.w3.eth.contract(abi=abi, bytecode=code).constructor(*plain).data_in_transaction
        receipt = self._mine(data, by=by or Actor("stranger"), to=None)
        return self.at(name, receipt.created)

    def at(self, name: str, address: Any) -> Contract:
        """The contract of this name at an address."""
        VOCABULARY.learn(artifact(name).abi)
        contract: Contract = self.w3.eth.contract(address=address, abi=artifact(name).abi)
        return contract

    def events(self, receipt: Receipt, *emitters: Contract) -> list[Event]:
        """What contracts said in a transaction, in order, with every field; if any are named, only these."""
        wanted: set[str] = {emitter.address for emitter in emitters}
        return [VOCABULARY.event(log) for log in receipt.logs if not wanted or log.address in wanted]

    def balance(self, whom: Actor | Contract) -> int:
        """Somebody's coin, in wei."""
        return self.local.balance(parse_address(whom.address))

    def _mine(
        self,
        data: Any,
        *,
        by: Actor | Address,
        to: Any,
        value: int = 0,
        at: int | None = None,
        gas: int = TRANSACTION_GAS,
    ) -> Receipt:
        if at is not None:
            self.warp(at)
        transaction = {
            "from": by.address if isinstance(by, Actor) else by,
            "data": data if isinstance(data, str) else f"0x{bytes(data).hex()}",
            "value": hex(value),
            "gas": hex(gas),
            "gasPrice": "0x0",
        } | ({} if to is None else {"to": to})
        receipt = mined(self.local.rpc, transaction)
        if not receipt.succeeded:
            raise Reverted(self._reason(receipt))
        return receipt

    def _reason(self, receipt: Receipt) -> bytes:
        trace = self.local.rpc.call("debug_traceTransaction", receipt.transaction, {"tracer": "callTracer"})
        return as_bytes(trace.get("output", "0x"), "revert data")


def mined(rpc: Rpc, transaction: dict[str, Any]) -> Receipt:
    """Asked for until it is there: Anvil's eth_sendTransactionSync can miss its own block and wait."""
    sent = rpc.call("eth_sendTransaction", transaction)
    while (found := rpc.call("eth_getTransactionReceipt", sent)) is None:
        pass
    return as_receipt(found, "a receipt")


def call_data(call: ContractFunction) -> bytes:
    """The calldata of a call."""
    types, arguments = get_aligned_abi_inputs(call.abi, call.args)
    return bytes.fromhex(call.selector.removeprefix("0x")) + call.w3.codec.encode(types, arguments)


def event(emitter: Contract, name: str, /, **arguments: Any) -> Event:
    """An event to compare with: `assert chain.events(receipt) == [event(escrow, "LinePaid", id=…, …)]`."""
    return Event(name, arguments, parse_address(emitter.address))
