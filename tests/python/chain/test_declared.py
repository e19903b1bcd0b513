"""The library knows everything that the contracts can do, say and refuse."""

import re
from collections.abc import Iterator
from typing import Any, get_type_hints

import pytest

from fabricant.artifacts import load, names
from fabricant.chain.abi import Parameter
from fabricant.chain.assets import AssetRegistry
from fabricant.chain.capacity import CapacityMarket
from fabricant.chain.client import Client
from fabricant.chain.court import ArbiterERC792
from fabricant.chain.directory import Directory
from fabricant.chain.errors import ContractError, declared_errors
from fabricant.chain.escrow import SupplierEscrow
from fabricant.chain.genealogy import Genealogy
from fabricant.chain.pledge import Pledge
from fabricant.chain.reader import EscrowReader
from fabricant.chain.records import RecordAnchor
from fabricant.domain.assets import AssetFlag
from fabricant.domain.assets import Status as AssetStatus
from fabricant.domain.escrow import Status as LineStatus
from fabricant.domain.genealogy import Reach
from fabricant.domain.pledges import PledgeStatus
from fabricant.domain.typed_data import snake

CLIENTS: tuple[type[Client], ...] = (
    Directory,
    RecordAnchor,
    AssetRegistry,
    Genealogy,
    SupplierEscrow,
    CapacityMarket,
    ArbiterERC792,
    EscrowReader,
    Pledge,
)

# Functions that no method is named after, and what stands for them.
OTHERWISE = {
    "eip712Domain": "domain",
    "directory": None,  # where a contract looks is in its deployment
    "registry": None,
    "genealogy": None,
    "escrow": None,
    "anchorRetained": "anchor",
    "streamId": None,  # worked out in fabricant.domain.streams, like a stream's owner
    "RecordAnchor.ownerOf": None,
    "ArbiterERC792.rule": None,  # the court's, which is a contract
    "batchId": None,  # worked out in fabricant.domain.batches, like a leaf
    "leafOf": None,
    "userOf": "standing_of",
    "userExpires": "standing_of",
    "AssetRegistry.mark": None,  # for the Genealogy alone
    "AssetRegistry.move": None,
    "AssetRegistry.setHeight": None,
    "AssetRegistry.draw": None,
    "AssetRegistry.registerOutput": None,
    "Genealogy.inherit": None,  # for the registry alone
    "name": None,  # ERC-721's texts, which say nothing here
    "symbol": None,
    "tokenURI": None,
    "supportsInterface": None,
}
NEVER_SAID = {"EIP712DomainChanged"}  # of ERC-5267; Fabricant's domains never change

ENUMS = {
    "AssetRegistry_Final.status": AssetStatus,
    "AssetRegistry_BadStatus.status": AssetStatus,
    "AssetRegistry_BadStatus.current": AssetStatus,
    "AssetRegistry_Locked.flags": AssetFlag,
    "Genealogy_Final.status": AssetStatus,
    "Genealogy_Unfit.flags": AssetFlag,
    "Genealogy_NotClearable.reach": Reach,
    "SupplierEscrow_WrongStatus.status": LineStatus,
    "ArbiterERC792_NotDisputed.status": LineStatus,
    "CapacityMarket_LineNotClosed.status": LineStatus,
    "CapacityMarket_MachineUnfit.status": AssetStatus,
    "CapacityMarket_MachineUnfit.flags": AssetFlag,
    "Pledge_WrongStatus.status": PledgeStatus,
    "Pledge_NothingToCollect.status": PledgeStatus,
}
SAMPLES: dict[str, Any] = {
    "address": "0x" + "0" * 40,
    "string": "text",
    "bytes3": b"KGM",
    "bytes31": b"\x01" * 31,
    "bytes32": b"\x01" * 32,
}


def _entries(kind: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for contract in names():
        for entry in load(contract).abi:
            if entry["type"] == kind:
                yield contract, dict(entry)


@pytest.mark.parametrize(
    "entry", [pytest.param(entry, id=f"{contract}-{entry['name']}") for contract, entry in _entries("error")]
)
def test_every_error_has_its_class(entry: dict[str, Any]) -> None:
    parameters = [Parameter.parse(each) for each in entry["inputs"]]
    signature = f"{entry['name']}({','.join(each.type for each in parameters)})"

    declared = declared_errors()[signature]

    values = {snake(each.name): SAMPLES.get(each.type, 1) for each in parameters}
    error = declared(**values)
    assert declared.__name__ == entry["name"]
    assert list(error.arguments) == list(values)
    assert {f"{entry['name']}.{name}" for name, hint in _hints(declared) if hint in ENUMS.values()} == {
        name for name in ENUMS if name.split(".")[0] == entry["name"]
    }
    _is_a_sentence(str(error), declared._says)


def _hints(declared: type[ContractError]) -> list[tuple[str, Any]]:
    hints = get_type_hints(declared)
    return [(name, hints[name]) for name in declared._fields]


def _is_a_sentence(said: str, template: str) -> None:
    assert said.isprintable()
    assert not re.search(r"[{}]|\.$", said)
    assert len(template) > 20
    assert not said[0].isupper()


@pytest.mark.parametrize("client", CLIENTS, ids=lambda client: client.contract)
def test_every_event_has_its_class(client: type[Client]) -> None:
    known = {form.__name__ for form in client.event_types.values()}

    assert known == client.abi.events.keys() - NEVER_SAID
    assert all(form.__doc__ for form in client.event_types.values())


@pytest.mark.parametrize("client", CLIENTS, ids=lambda client: client.contract)
def test_every_function_has_its_method(client: type[Client]) -> None:
    functions = {each.name for each in client.abi.functions.values()}

    usual = {name: OTHERWISE.get(name, snake(name)) for name in functions}
    wanted = {name: OTHERWISE.get(f"{client.contract}.{name}", method) for name, method in usual.items()}
    missing = {name for name, method in wanted.items() if method and not hasattr(client, method)}
    assert missing == set()


@pytest.mark.parametrize("client", CLIENTS, ids=lambda client: client.contract)
def test_every_method_says_whether_it_sends(client: type[Client]) -> None:
    sending = {
        snake(entry["name"])
        for contract, entry in _entries("function")
        if contract == client.contract
        and entry["stateMutability"] in ("payable", "nonpayable")
        and f"{contract}.{entry['name']}" not in OTHERWISE
    }

    for name in sending - {"anchor_retained"}:
        assert "ends a transaction" in str(getattr(client, name).__doc__), name
