"""The contracts through ape: compiled by ape-solidity, deployed on the Anvil that ape starts."""

from ape import networks


def test_runs_on_anvil() -> None:
    assert networks.provider.name == "foundry"
    assert "anvil" in networks.provider.client_version.lower()
