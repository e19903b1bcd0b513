"""The base of the typed clients, proved on a small client of the Directory."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import IntEnum, IntFlag
from typing import Any

import pytest

from fabricant.artifacts import load
from fabricant.chain.abi import Abi, NotCanonical, Parameter, build, encode_strictly
from fabricant.chain.answers import Log, Receipt
from fabricant.chain.anvil import LocalChain
from fabricant.chain.client import Client, UnknownEvent
from fabricant.chain.errors import ContractError
from fabricant.chain.network import At
from fabricant.chain.secret import Secret
from fabricant.chain.transactions import Sender
from fabricant.chain.wallet import Wallet
from fabricant.domain.typed_data import Domain
from fabricant.domain.units import Address, BaseUnits, UnixSeconds, parse_address
from fabricant.errors import BadAnswer, InvalidInput, NotFound, WalletError

OPERATOR = parse_address("0x" + "0b" * 20)
ECHO = bytes.fromhex("365f5f37365ff3")
ENDLESS = UnixSeconds(2**40 - 1)


class Role(IntFlag):
    OPEN = 1
    CHANGE = 2


@dataclass(frozen=True, slots=True)
class OperatorSet:
    principal: Address
    operator: Address
    roles: Role
    until: UnixSeconds
    version: int


@dataclass(frozen=True, slots=True)
class ProfileSet:
    participant: Address
    encryption_key: bytes
    uri: str


@dataclass(frozen=True, slots=True)
class Operator:
    roles: Role
    until: UnixSeconds
    version: int


class SmallDirectory(Client, contract="Directory", events=(OperatorSet, ProfileSet)):
    def set_profile(self, encryption_key: bytes, uri: str) -> Receipt:
        return self._send("setProfile", encryption_key, uri)

    def set_operator(self, operator: Address, roles: Role, until: UnixSeconds) -> Receipt:
        return self._send("setOperator", operator, roles, until)

    def operator_of(self, principal: Address, operator: Address, *, at: At = "latest") -> Operator:
        return self._read_as(Operator, "operatorOf", principal, operator, at=at)

    def may_act(self, principal: Address, actor: Address, role: Role) -> bool:
        return bool(self._read("mayAct", principal, actor, role))


@pytest.fixture
def supplier(local: LocalChain) -> Wallet:
    wallet = Wallet(Secret(b"\x05" * 32))
    local.set_balance(wallet.address, BaseUnits(10**20))
    return wallet


@pytest.fixture
def directory(local: LocalChain, supplier: Wallet) -> SmallDirectory:
    created = Sender(local, supplier).send(None, load("Directory").bytecode).created
    assert created
    return SmallDirectory(local, created, wallet=supplier)


def test_it_writes_and_reads_with_types(directory: SmallDirectory, supplier: Wallet) -> None:
    receipt = directory.set_operator(OPERATOR, Role.OPEN | Role.CHANGE, ENDLESS)
    found = directory.operator_of(supplier.address, OPERATOR)
    assert (found.roles, found.until) == (Role.OPEN | Role.CHANGE, ENDLESS)
    assert isinstance(found.roles, Role)
    assert directory.may_act(supplier.address, OPERATOR, Role.OPEN)
    assert receipt.gas_used > 21_000


def test_it_reads_at_a_block(directory: SmallDirectory, supplier: Wallet) -> None:
    first = directory.set_operator(OPERATOR, Role.OPEN, ENDLESS)
    directory.set_operator(OPERATOR, Role(0), UnixSeconds(0))
    assert directory.operator_of(supplier.address, OPERATOR, at=first.block).roles == Role.OPEN
    assert directory.operator_of(supplier.address, OPERATOR).roles == Role(0)


def test_events_are_dataclasses(directory: SmallDirectory, supplier: Wallet) -> None:
    receipt = directory.set_operator(OPERATOR, Role.OPEN, ENDLESS)
    said = directory.event(receipt, OperatorSet)
    assert said == OperatorSet(supplier.address, OPERATOR, Role.OPEN, ENDLESS, version=said.version)
    assert directory.events(receipt) == [said]
    later = directory.set_profile(b"\x01" * 32, "https://supplier.example")
    profile = ProfileSet(supplier.address, b"\x01" * 32, "https://supplier.example")
    history = directory.history(since=receipt.block, until=later.block)
    assert [event for _, event in history] == [said, profile]
    assert [log.block for log, _ in history] == [receipt.block, later.block]


def test_a_refusal_is_a_contract_error_and_nothing_is_sent(
    local: LocalChain, directory: SmallDirectory, supplier: Wallet
) -> None:
    before = local.nonce(supplier.address)
    with pytest.raises(ContractError):
        directory.set_operator(supplier.address, Role.OPEN, ENDLESS)
    assert local.nonce(supplier.address) == before


def test_its_domain_is_what_the_contract_states(directory: SmallDirectory) -> None:
    assert directory.domain == Domain("Fabricant Directory", "1", 31337, directory.address)


def test_without_a_wallet_it_only_reads(local: LocalChain, directory: SmallDirectory) -> None:
    reader = SmallDirectory(local, directory.address)
    assert not reader.may_act(OPERATOR, directory.address, Role.OPEN)
    with pytest.raises(WalletError, match="only reads"):
        reader.set_profile(bytes(32), "")


def test_an_address_without_code_is_no_contract(local: LocalChain) -> None:
    with pytest.raises(NotFound, match="no Directory at"):
        SmallDirectory(local, OPERATOR)


@pytest.mark.parametrize(
    "arguments",
    [
        (OPERATOR, 2**16, 0),
        (OPERATOR, -1, 0),
        (OPERATOR.lower().replace("0b", "0B"), 1, 0),
        (b"\x0b" * 20, 1, 0),
        (OPERATOR, "1", 0),
        (OPERATOR, 1.0, 0),
        (OPERATOR, 1),
    ],
)
def test_arguments_that_the_function_does_not_take_exactly_are_refused(
    directory: SmallDirectory, arguments: tuple[Any, ...]
) -> None:
    with pytest.raises(InvalidInput):
        directory._send("setOperator", *arguments)


def test_bytes_are_never_padded(directory: SmallDirectory) -> None:
    with pytest.raises(InvalidInput, match="are not values of"):
        directory.set_profile(b"\x01" * 31, "")


def test_an_answer_that_is_not_exactly_the_values_is_refused(
    local: LocalChain, directory: SmallDirectory
) -> None:
    local.set_code(OPERATOR, ECHO)
    other = SmallDirectory(local, OPERATOR)
    with pytest.raises(BadAnswer, match="no such values"):
        other.may_act(OPERATOR, OPERATOR, Role.OPEN)


def spoil_topics(log: Log) -> Log:
    return replace(log, topics=log.topics[:-1])


def spoil_data(log: Log) -> Log:
    return replace(log, data=log.data + bytes(32))


def spoil_padding(log: Log) -> Log:
    return replace(log, data=b"\x01" + log.data[1:])


@pytest.mark.parametrize("spoil", [spoil_topics, spoil_data, spoil_padding])
def test_f104_a_log_that_is_not_exactly_its_event_is_refused(
    directory: SmallDirectory, spoil: Callable[[Log], Log]
) -> None:
    (log,) = directory.set_operator(OPERATOR, Role.OPEN, ENDLESS).logs
    with pytest.raises(BadAnswer, match="is no OperatorSet"):
        directory.decode(spoil(log))


def test_f104_a_log_of_another_event_or_an_anonymous_one_is_kept_as_it_is(directory: SmallDirectory) -> None:
    (log,) = directory.set_operator(OPERATOR, Role.OPEN, ENDLESS).logs
    for topics in ((), (b"\x01" * 32,)):
        foreign = replace(log, topics=topics)
        assert directory.decode(foreign) == UnknownEvent(foreign)


def test_an_event_that_is_missing_is_named(directory: SmallDirectory) -> None:
    receipt = directory.set_profile(bytes(32), "")
    with pytest.raises(BadAnswer, match="0 events OperatorSet"):
        directory.event(receipt, OperatorSet)


def test_f095_events_of_other_contracts_are_not_this_ones(
    local: LocalChain, directory: SmallDirectory
) -> None:
    receipt = directory.set_profile(bytes(32), "")
    foreign = replace(receipt, logs=tuple(replace(log, address=OPERATOR) for log in receipt.logs))
    assert directory.events(foreign) == []


def test_an_event_class_must_have_the_events_fields() -> None:
    @dataclass
    class ProfileSet:  # not the one above
        participant: Address
        uri: str

    with pytest.raises(TypeError, match="encryption_key"):
        type("Wrong", (Client,), {}, contract="Directory", events=(ProfileSet,))


# Values in and out of an ABI

PARTY = [{"name": "who", "type": "address"}, {"name": "shareBps", "type": "uint16"}]
DEAL = {
    "name": "deal",
    "type": "tuple",
    "components": [
        {"name": "id", "type": "bytes32"},
        {"name": "status", "type": "uint8"},
        {"name": "parties", "type": "tuple[]", "components": PARTY},
        {"name": "hourMasks", "type": "uint256[2]"},
    ],
}


class Status(IntEnum):
    OPEN = 1


@dataclass(frozen=True)
class Party:
    who: Address
    share_bps: int


@dataclass(frozen=True)
class Deal:
    id: bytes
    status: Status
    parties: tuple[Party, ...]
    hour_masks: tuple[int, ...]


VALUE = Deal(b"\x07" * 32, Status.OPEN, (Party(OPERATOR, 5),), (1, 2))
PLAIN = (b"\x07" * 32, 1, ((OPERATOR, 5),), (1, 2))


def test_structs_go_in_by_name_and_come_out_typed() -> None:
    parameter = Parameter.parse(DEAL)
    assert parameter.type == "(bytes32,uint8,(address,uint16)[],uint256[2])"
    assert parameter.plain(VALUE) == parameter.plain(PLAIN) == PLAIN
    built = build(Deal, parameter.parts, PLAIN)
    assert built == VALUE
    assert isinstance(built.status, Status)
    with pytest.raises(ValueError, match="Status"):
        build(Deal, parameter.parts, (PLAIN[0], 9, *PLAIN[2:]))


def test_the_encoding_is_exact_or_refused() -> None:
    assert len(encode_strictly(["bytes32", "uint8[2]"], [bytes(32), (1, 2)])) == 96
    for types, values in (
        (["uint8[2]"], [(1,)]),
        (["bool"], [1]),
        (["bytes4"], [b"123"]),
        (["string"], ["\ud800"]),
    ):
        with pytest.raises(InvalidInput):
            encode_strictly(types, values)


def test_overloaded_functions_go_by_their_signature_only() -> None:
    def transfer(*types: str) -> dict[str, Any]:
        inputs = [{"name": f"a{index}", "type": type_} for index, type_ in enumerate(types)]
        return {"type": "function", "name": "transfer", "inputs": inputs, "outputs": []}

    abi = Abi.parse(
        [transfer("address"), transfer("address", "bytes"), {"type": "constructor", "inputs": []}]
    )
    assert set(abi.functions) == {"transfer(address)", "transfer(address,bytes)"}


def test_indexed_values_that_are_hashed_stay_hashes() -> None:
    entry = {
        "type": "event",
        "name": "Noted",
        "anonymous": False,
        "inputs": [
            {"name": "topic", "type": "string", "indexed": True},
            {"name": "who", "type": "address", "indexed": True},
            {"name": "masks", "type": "uint256[2]", "indexed": True},
            {"name": "uri", "type": "string", "indexed": False},
        ],
    }
    event = Abi.parse([entry]).events["Noted"]
    topics = [event.topic, b"\x01" * 32, bytes(12) + b"\x0b" * 20, b"\x02" * 32]
    data = encode_strictly(["string"], ["ipfs://x"])
    assert event.decode(topics, data) == (b"\x01" * 32, OPERATOR, b"\x02" * 32, "ipfs://x")
    with pytest.raises(NotCanonical):
        event.decode([event.topic, topics[2], topics[1], topics[3]], data)
