"""One deal about the shipped sample, played once for the process; the chain is set back after each test."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from fabricant.chain.anvil import LocalChain
from fabricant.chain.fabricant import Fabricant
from fabricant.chain.wallet import dev_wallets
from fabricant.demo import Report, run
from fabricant.demo.evidence import Evidence
from fabricant.demo.journal import Chapter, Remark, Step
from fabricant.demo.stranger import Stranger
from tests.python.domain.conftest import real_log, sample_log

__all__ = ["real_log", "sample_log"]  # fixtures


@dataclass
class Played:
    """A deal that is over, its chain, and what was told of it."""

    chain: LocalChain
    report: Report
    told: list[Chapter | Remark | Step]

    @property
    def fabricant(self) -> Fabricant:
        """The contracts, for somebody who only reads."""
        return Fabricant(self.chain, self.report.stage.deployment)


@pytest.fixture(scope="session")
def sample(sample_log: bytes) -> Evidence:
    """What the shipped log says."""
    return Evidence.read(sample_log)


@pytest.fixture(scope="session")
def session_deal(sample: Evidence, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Played]:
    """The deal. Tests use `deal`."""
    told: list[Chapter | Remark | Step] = []
    folder = tmp_path_factory.mktemp("deployments")
    with LocalChain.start() as chain:
        report = run(sample, chain=chain, funder=dev_wallets(chain)[0], folder=folder, tell=told.append)
        yield Played(chain, report, told)


@pytest.fixture
def deal(session_deal: Played) -> Iterator[Played]:
    """The deal, for one test."""
    snapshot = session_deal.chain.snapshot()
    yield session_deal
    session_deal.chain.revert(snapshot)


@pytest.fixture
def stranger(deal: Played, sample_log: bytes) -> Stranger:
    """Somebody with the chain and the file."""
    return Stranger.with_file(deal.fabricant, sample_log)
