"""The base of the typed clients: one contract at one address on one network.

A typed client is written by hand, a method for each function; what it inherits here is encoding, reading at
a block, sending through a `Sender`, and events as dataclasses, all of it strict:

    class DirectoryClient(Client, contract="Directory", events=(OperatorSet, ProfileSet)):
        def may_act(self, principal: Address, actor: Address, role: int, *, at: At = "latest") -> bool:
            return bool(self._read("mayAct", principal, actor, role, at=at))

        def set_profile(self, encryption_key: bytes, uri: str) -> Receipt:
            return self._send("setProfile", encryption_key, uri)

An event's dataclass has the event's name, and its fields in snake case; a struct's dataclass likewise.
"""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any, ClassVar, Final, TypeVar

from fabricant.artifacts import load
from fabricant.chain.abi import Abi, NotCanonical, build
from fabricant.chain.answers import Log, Receipt
from fabricant.chain.network import NO_COIN, At, Call, Network
from fabricant.chain.signing import read_domain
from fabricant.chain.transactions import Policy, Sender
from fabricant.chain.wallet import Wallet
from fabricant.domain.typed_data import Domain, snake
from fabricant.domain.units import Address, BaseUnits
from fabricant.errors import BadAnswer, NotFound, WalletError

T = TypeVar("T")

DEFAULT_POLICY: Final = Policy()


@dataclass(frozen=True, slots=True)
class UnknownEvent:
    """An event that the contract's ABI does not know, as it is."""

    log: Log


class Client:
    """One contract. Without a wallet it only reads."""

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
        policy: Policy = DEFAULT_POLICY,
    ) -> None:
        """Raises NotFound if there is no contract at the address."""
        if not network.code(address):
            raise NotFound(
                f"there is no {self.contract} at {address} on chain {network.chain_id}; deploy it first"
            )
        self.network = network
        self.address = address
        self._sender = None if wallet is None else Sender(network, wallet, policy=policy)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.address} on chain {self.network.chain_id}>"

    @cached_property
    def domain(self) -> Domain:
        """What signatures for this contract are bound to, as it states itself. Raises SigningRefused."""
        return read_domain(self.address, self.network)

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

    def history(self, *, since: int, until: int) -> Iterator[tuple[Log, object]]:
        """Everything this contract said in blocks `since` to `until`, both included."""
        for log in self.network.logs([self.address], since=since, until=until):
            yield log, self.decode(log)

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

    @property
    def _sending(self) -> Sender:
        if self._sender is None:
            raise WalletError(f"this client of {self.contract} only reads; open it with a wallet")
        return self._sender
