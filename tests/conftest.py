"""Keeps two runners apart: `ape test` runs tests/ape and nothing else, pytest everything else without ape."""

import sys
from pathlib import Path

import pytest

APE = Path(__file__).parent / "ape"
RUN_BY_APE = Path(sys.argv[0]).name == "ape"


def pytest_addoption(pluginmanager: pytest.PytestPluginManager) -> None:
    """Drops ape's plugin, which would connect to a network of its own before any test."""
    if not RUN_BY_APE:
        pluginmanager.unregister(name="ape_test")


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    """Whether this folder or file belongs to the other runner."""
    of_ape = collection_path.is_relative_to(APE)
    if RUN_BY_APE:
        return True if not of_ape and not APE.is_relative_to(collection_path) else None
    return True if of_ape else None
