"""The contracts through ape, on the Anvil that it starts: deployed, used, and refused with typed errors."""

import pytest
from ape import accounts, networks
from ape.contracts import ContractContainer, ContractInstance
from ape.exceptions import ContractLogicError

RECORD = 1 << 4
ALWAYS = 2**40 - 1


@pytest.fixture
def directory(compiled: dict[str, ContractContainer]) -> ContractInstance:
    return accounts.test_accounts[0].deploy(compiled["Directory"])


def test_ape_runs_anvil_on_a_free_port() -> None:
    assert "anvil" in networks.provider.client_version.lower()
    assert not networks.provider.uri.endswith(":8545")


def test_profile_is_announced(directory: ContractInstance) -> None:
    supplier = accounts.test_accounts[1]

    receipt = directory.setProfile(b"\x11" * 32, "https://example.org/card", sender=supplier)

    (event,) = receipt.decode_logs(directory.ProfileSet)
    assert (event.participant, event.uri) == (supplier, "https://example.org/card")


def test_operator_may_do_what_its_role_says(directory: ContractInstance) -> None:
    supplier, gateway = accounts.test_accounts[1], accounts.test_accounts[2]

    directory.setOperator(gateway, RECORD, ALWAYS, sender=supplier)

    assert directory.mayAct(supplier, gateway, RECORD)
    assert not directory.mayAct(supplier, gateway, RECORD << 1)


def test_refusal_is_the_contracts_own_error(directory: ContractInstance) -> None:
    supplier = accounts.test_accounts[1]

    with pytest.raises(ContractLogicError) as caught:
        directory.setOperator(supplier, RECORD, ALWAYS, sender=supplier)

    assert type(caught.value).__name__ == "Directory_BadOperator"
    assert caught.value.inputs == {"principal": supplier, "operator": supplier}
