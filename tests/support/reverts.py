"""The strict check of a revert: this error, with these arguments, or the test fails.

    with reverts("SupplierEscrow_NotBuyer", id=line_id, caller=stranger.address):
        chain.send(escrow.functions.accept(terms, []), by=stranger)

It fails when nothing reverts, when another error comes, when an argument differs, is missing or is too
many, and when no contract has an error of that name. Built-in names: "Error" (message), "Panic" (code), "no
reason".
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from web3.exceptions import ContractLogicError

from fabricant.chain.reverts import ContractError, UnknownContractError
from tests.support.decoding import VOCABULARY, Said


class Reverted(Exception):
    """A transaction or a call reverted with `data`."""

    def __init__(self, data: bytes) -> None:
        super().__init__(repr(VOCABULARY.error(data)))
        self.data = data


@contextmanager
def reverts(error: str, /, **arguments: Any) -> Iterator[None]:
    """Passes only if the block reverts with exactly this error and exactly these arguments."""
    __tracebackhide__ = True
    expected = Said(error, arguments)
    if error != "no reason" and not VOCABULARY.has_error(error):
        pytest.fail(f"no deployed contract has an error called {error}")
    try:
        yield
    except (Reverted, ContractLogicError, ContractError) as refused:
        said = _said(refused)
    else:
        pytest.fail(f"expected {expected}, but nothing reverted")
    if said != expected:
        pytest.fail(f"expected {expected}\n but got {said}")


def _said(refused: Exception) -> Said:
    match refused:
        case Reverted():
            return VOCABULARY.error(refused.data)
        case UnknownContractError():
            return VOCABULARY.error(refused.data)
        case ContractError():
            return Said(type(refused).__name__, refused.arguments)
        case ContractLogicError():
            data = refused.data if isinstance(refused.data, str) else "0x"
            return VOCABULARY.error(bytes.fromhex(data.removeprefix("0x")))
    raise refused
