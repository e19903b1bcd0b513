"""Every story about goods plays as its page tells it, and ends as it should."""

import importlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest

from fabricant.chain.anvil import LocalChain
from fabricant.chain.build import find_project
from fabricant.demo.firms import Firms
from fabricant.domain.logbook import Backwards, FalseCorrection, Unreadable
from fabricant.domain.pedigree import ClonedSerial, Expired, SkippedWholesaler, UnknownSerial
from fabricant.domain.recalls import Fate
from fabricant.domain.service_life import Gap, LifeOver
from tests.checks.documents import dead_links
from tests.docs.blocks import read_blocks, read_console

EXAMPLES: Final = find_project(Path(__file__).parent) / "examples"
NAMES: Final = sorted(script.parent.name for script in EXAMPLES.glob("*/story.py"))

Played = Callable[[str], tuple[str, Any]]


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Played:
    """What a story told, and its outcome; each is played once."""
    done: dict[str, tuple[str, Any]] = {}

    def play(name: str) -> tuple[str, Any]:
        if name not in done:
            told: list[str] = []
            with LocalChain.start() as chain:
                firms = Firms.set_up(chain, folder=tmp_path_factory.mktemp(name), say=told.append)
                outcome = importlib.import_module(f"examples.{name}.story").play(firms)
            done[name] = ("\n".join(told), outcome)
        return done[name]

    return play


@pytest.mark.parametrize("name", NAMES)
def test_it_tells_what_its_page_shows(name: str, played: Played) -> None:
    page = (EXAMPLES / name / "README.md").read_text(encoding="utf-8")
    (block,) = (each for each in read_blocks(page) if each.language == "console")
    ((command, shown),) = read_console(block.text)

    assert command == f"python examples/{name}/story.py"
    assert shown.strip("\n") == played(name)[0].strip("\n")


@pytest.mark.parametrize("name", NAMES)
def test_its_page_leads_somewhere(name: str) -> None:
    assert dead_links([EXAMPLES / name / "README.md"]) == []


def test_the_heats_recall_names_all_and_only_the_affected_engines(played: Played) -> None:
    _, outcome = played("turbine_blade")

    assert outcome.engines == outcome.by_hand == {"ENGINE-1", "ENGINE-2"}
    assert outcome.before == {"ENGINE-1", "ENGINE-2", "ENGINE-3"}
    assert outcome.covered == 1 + 40 + 40 + 2 + 2
    assert outcome.closure.counts == {Fate.CONSUMED: 41, Fate.ACKNOWLEDGED: 42, Fate.RETURNED: 2}
    assert outcome.closure.is_closed


def test_a_disc_is_refused_with_a_gap_and_beyond_its_limit(played: Played) -> None:
    told, outcome = played("life_limited_part")

    assert outcome.used == {"DISC-1": 8_000 + 7_000 + 3_500, "DISC-2": 8_000 + 4_400}
    assert [type(each) for each in outcome.gap] == [Gap]
    assert [(type(each), each.over) for each in outcome.over] == [(LifeOver, 500)]
    assert told.count("Genealogy_Unfit") == 3


def test_a_service_book_keeps_what_was_corrected_and_flags_the_rest(played: Played) -> None:
    told, outcome = played("service_book")

    wrong = outcome.last.entries[1]
    assert (wrong.reading.value, outcome.last.corrections[2].reading.value) == (310_000, 31_000)
    assert [(type(each), each.entry.number) for each in outcome.sold.findings] == [
        (Backwards, 5),
        (FalseCorrection, 6),
        (Backwards, 6),
    ]
    assert (type(outcome.last.findings[0]), outcome.last.findings[0].entry.number) == (Unreadable, 4)
    assert told.count("AssetRegistry_NoRecorder") == 3


def test_pharmacies_find_what_is_wrong_and_nothing_else(played: Played) -> None:
    _, outcome = played("medicine")

    assert (outcome.checked, outcome.alarms) == (1_000, ())
    assert outcome.unknown == (UnknownSerial(),)
    assert [(type(each), each.sold) for each in outcome.cloned] == [(ClonedSerial, None)]
    assert [(type(each), each.sold.by) for each in outcome.sold_twice] == [
        (ClonedSerial, outcome.sold_twice[0].holder)
    ]
    assert [type(each) for each in outcome.skipped] == [SkippedWholesaler]
    assert [type(each) for each in outcome.expired] == [Expired]
