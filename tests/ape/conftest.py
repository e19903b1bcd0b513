"""What ape makes of the contracts, always of all: its partial compilations differ in their metadata."""

import pytest
from ape import project
from ape.contracts import ContractContainer


@pytest.fixture(scope="session")
def compiled() -> dict[str, ContractContainer]:
    """Every contract by name, compiled by ape-solidity now."""
    return project.load_contracts(use_cache=False)
