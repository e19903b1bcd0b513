"""The base of the typed clients: one contract at one address on one network.

A typed client is written by hand, a method for each function; what it inherits here is encoding, reading at
a block, sending through a `Sender`, and events as dataclasses, all of it strict:

    class Directory(Client, contract="Directory", events=(OperatorSet, ProfileSet)):
        def may_act(self, principal: Address, actor: Address, role: Role, *, at: At = "latest") -> bool:
            return bool(self._read("mayAct", principal, actor, role, at=at))

        def set_profile(self, encryption_key: bytes, uri: str) -> Done[ProfileSet]:
            return self._do(ProfileSet, "setProfile", encryption_key, uri)

A method that sends can also be tried, or prepared for a wallet that is elsewhere, without sending anything:
`client.simulate(client.set_profile, key, uri)`, `client.prepare(client.set_profile, key, uri)`.

An event's dataclass has the event's name, and its fields in snake case; a struct's dataclass likewise.
"""

import copy
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import Any, ClassVar, Final, Generic, NoReturn, ParamSpec, TypeVar

from fabricant.artifacts import load
from fabricant.chain.abi import Abi, NotCanonical, build
from fabricant.chain.answers import Log, Receipt
from fabricant.chain.network import NO_COIN, At, Call, Network
from fabricant.chain.signing import read_domain
from fabricant.chain.transactions import Policy, Sender
from fabricant.chain.wallet import Wallet
from fabricant.domain.typed_data import Domain, domain_of, snake
from fabricant.domain.units import Address, BaseUnits, format_amount
from fabricant.errors import BadAnswer, NotFound, SigningRefused, UnfundedWallet, WalletError

P = ParamSpec("P")
T = TypeVar("T")

DEFAULT_POLICY: Final = Policy()


@dataclass(frozen=True, slots=True)
class UnknownEvent:
    """An event that the contract's ABI does not know, as it is."""

    log: Log


@dataclass(frozen=True, slots=True)
class Done(Generic[T]):
    """A transaction that did what was wanted, and what the contract said of it."""

    receipt: Receipt
    event: T


@dataclass(frozen=True, slots=True)
class AllDone(Generic[T]):
    """A transaction that did several things at once, and what the contract said of each, in order."""

    receipt: Receipt
    events: tuple[T, ...]


class _Prepared(BaseException):
    """Carries a call out of the method that would have sent it."""

    def __init__(self, call: Call) -> None:
        super().__init__()
        self.call = call


class _Recorder:
    """Stands in for a sender."""

    def send(self, to: Address | None, data: bytes = b"", *, value: BaseUnits = NO_COIN) -> NoReturn:
        raise _Prepared(Call(to, data, value))


class Client:
    """One contract. Without a wallet it only reads; `account` is in whose name it acts or would act."""

    contract: ClassVar[str]
    abi: ClassVar[Abi]
    event_types: ClassVar[dict[bytes, type[Any]]]

    def __init_subclass__(cls, *, contract: str, events: tuple[type[Any], ...] = (), abi: Any = None) -> None:
        """Binds a client to its artifact. `events` are the dataclasses of the events that it decodes."""
        super().__init_subclass__()
        cls.contract = contract
        cls.abi = Abi.parse(load(contract).abi if abi is None else abi)
        cls.event_types = {cls.abi.events[form.__name__].topic: form for form in events}
        for form in events:
            names = [snake(each.name) for each in cls.abi.events[form.__name__].inputs]
            if names != [each.name for each in fields(form)]:
                raise TypeError(f"{form.__name__} must have the fields {', '.join(names)}")

    def __init__(
        self,
        network: Network,
        address: Address,
        *,
        wallet: Wallet | None = None,
        account: Address | None = None,
        policy: Policy = DEFAULT_POLICY,
    ) -> None:
        """Raises NotFound if there is no contract at the address.

        `account` is for a client without a wallet, to prepare and simulate what that account would send.
        """
        if not network.code(address):
            raise NotFound(
                f"there is no {self.contract} at {address} on chain {network.chain_id}; deploy it first"
            )
        self.network = network
        self.address = address
        self.account = account if wallet is None else wallet.address
        self._sender: Sender | _Recorder | None = None
        if wallet is not None:
            self._sender = Sender(network, wallet, policy=policy)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.address} on chain {self.network.chain_id}>"

    @cached_property
    def domain(self) -> Domain:
        """What signatures for this contract are bound to, as it states itself.

        Raises SigningRefused if that is not this contract.
        """
        domain = read_domain(self.address, self.network)
        if domain != domain_of(self.contract, domain.chain_id, self.address):
            raise SigningRefused(f"{self.address} states that it is {domain}; do not use it")
        return domain

    def prepare(self, action: Callable[P, object], /, *args: P.args, **kwargs: P.kwargs) -> Call:
        """The call that a method of this client would send, for a wallet that is elsewhere. Sends nothing.

        Raises what the method raises before it sends, TypeError for one that sends nothing.
        """
        twin = copy.copy(self)
        vars(twin)["_sender"] = _Recorder()
        try:
            action.__func__(twin, *args, **kwargs)  # type: ignore[attr-defined] # methods are bound to self
        except _Prepared as prepared:
            return replace(prepared.call, sender=self.account)
        raise TypeError(f"{action} sends no transaction")

    def simulate(self, action: Callable[P, object], /, *args: P.args, **kwargs: P.kwargs) -> bytes:
        """What a method of this client would answer now, or its ContractError. Sends nothing.

        Raises UnfundedWallet if the account hasn't the coin that is sent along, and some for the fee.
        """
        call = self.prepare(action, *args, **kwargs)
        if call.value and call.sender is not None:
            _require_funds(self.network, call.sender, call.value)
        return self.network.call(call, at="pending")

    def decode(self, log: Log) -> object:
        """The dataclass of one of this contract's events; UnknownEvent for one it was not told of."""
        form = self.event_types.get(log.topics[0]) if log.topics else None
        if form is None:
            return UnknownEvent(log)
        event = self.abi.events[form.__name__]
        try:
            return build(form, event.inputs, event.decode(log.topics, log.data))
        except ValueError:
            raise BadAnswer(
                f"log {log.index} of block {log.block} is no {form.__name__}; try another node"
            ) from None

    def events(self, receipt: Receipt) -> list[object]:
        """What this contract said in a transaction, in order."""
        return [self.decode(log) for log in receipt.logs if log.address == self.address]

    def event(self, receipt: Receipt, form: type[T]) -> T:
        """The one event of that kind in a transaction. Raises BadAnswer if there is not exactly one."""
        found = [event for event in self.events(receipt) if isinstance(event, form)]
        if len(found) != 1:
            raise BadAnswer(f"{receipt.transaction} holds {len(found)} events {form.__name__} instead of one")
        return found[0]

    def history(self, *, since: int, until: int) -> list[tuple[Log, object]]:
        """Everything this contract said in blocks `since` to `until`, both included."""
        return self._find_all(since=since, until=until)

    def _find(
        self, form: type[T], *topics: bytes | None, since: int = 0, until: int | None = None
    ) -> list[tuple[Log, T]]:
        """All events of one kind whose indexed arguments are these; None stands for any."""
        found = self._find_all(self.abi.events[form.__name__].topic, *topics, since=since, until=until)
        return [(log, event) for log, event in found if isinstance(event, form)]

    def _find_all(
        self, *topics: bytes | None, since: int = 0, until: int | None = None
    ) -> list[tuple[Log, object]]:
        """All events with these topics in blocks `since` to `until`, both included, by default the newest."""
        newest = self.network.head().number if until is None else until
        logs = self.network.logs([self.address], since=since, until=newest, topics=topics)
        return [(log, self.decode(log)) for log in logs]

    def _read(self, function: str, *arguments: Any, at: At = "latest", sender: Address | None = None) -> Any:
        """What a function returns: nothing, a value, or a tuple of several. Raises the contract's error."""
        chosen = self.abi.functions[function]
        answer = self.network.call(Call(self.address, chosen.encode(arguments), sender=sender), at=at)
        try:
            values = chosen.decode(answer)
        except NotCanonical:
            raise BadAnswer(
                f"{self.address} answered {function} with no such values; try another node"
            ) from None
        return values[0] if len(values) == 1 else values

    def _read_as(self, form: type[T], function: str, *arguments: Any, at: At = "latest") -> T:
        """What a function returns as a dataclass: its one struct, or its several values by name."""
        values, outputs = self._read(function, *arguments, at=at), self.abi.functions[function].outputs
        try:
            return build(form, outputs[0].parts if len(outputs) == 1 else outputs, values)
        except ValueError:
            raise BadAnswer(
                f"{self.address} answered {function} with a value that is none; update fabricant"
            ) from None

    def _send(self, function: str, *arguments: Any, value: BaseUnits = NO_COIN) -> Receipt:
        """Sends a transaction, as `Sender.send` does. Raises WalletError if the client only reads."""
        data = self.abi.functions[function].encode(arguments)
        return self._sending.send(self.address, data, value=value)

    def _do(self, form: type[T], function: str, *arguments: Any, value: BaseUnits = NO_COIN) -> Done[T]:
        """Sends a transaction of which the contract says one event of that kind."""
        receipt = self._send(function, *arguments, value=value)
        return Done(receipt, self.event(receipt, form))

    def _do_all(
        self, form: type[T], function: str, *arguments: Any, value: BaseUnits = NO_COIN
    ) -> AllDone[T]:
        """Sends a transaction of which the contract says any number of events of that kind."""
        receipt = self._send(function, *arguments, value=value)
        found = (event for event in self.events(receipt) if isinstance(event, form))
        return AllDone(receipt, tuple(found))

    @property
    def _sending(self) -> Sender | _Recorder:
        if self._sender is None:
            raise WalletError(f"this client of {self.contract} only reads; open it with a wallet")
        return self._sender


def _require_funds(network: Network, sender: Address, value: BaseUnits) -> None:
    if (balance := network.balance(sender, at="pending")) <= value:
        has, needs = (format_amount(amount, 18) for amount in (balance, value))
        raise UnfundedWallet(
            f"{sender} has {has} coin on chain {network.chain_id}, and this takes {needs} and the fee; "
            "fund it first. Nothing was sent"
        )
