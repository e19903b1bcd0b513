"""Ape and `fabricant build` produce the same code, down to the metadata hash."""

import pytest
from ape.contracts import ContractContainer

from fabricant import artifacts


@pytest.mark.parametrize("name", artifacts.names())
def test_ape_compiles_to_the_packaged_bytes(compiled: dict[str, ContractContainer], name: str) -> None:
    by_ape = compiled[name].contract_type
    packaged = artifacts.load(name)

    assert bytes(by_ape.get_runtime_bytecode()) == packaged.deployed
    assert bytes(by_ape.get_deployment_bytecode()) == packaged.bytecode
