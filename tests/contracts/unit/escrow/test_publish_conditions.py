"""Trade conditions: every clock ends, no share is above the whole, and what is published stays."""

from typing import Any

import pytest
from web3.contract import Contract

from tests.support.actors import Actor
from tests.support.chain import Chain, event
from tests.support.deals import DAY, FIELDS, HOUR, USUAL, conditions, conditions_id
from tests.support.reverts import reverts

YEAR, NO_LIMIT = 365 * DAY, 2**32 - 1
RANGES = {
    **dict.fromkeys(("advanceBps", "bondBps", "cancelBps", "retentionBps", "lateBps"), (0, 10_000)),
    **dict.fromkeys(("maxLateBps", "defaultSupplierBps"), (0, 10_000)),
    **dict.fromkeys(("brokerBps", "arbiterFeeBps"), (0, 500)),
    "maxRejections": (0, 16),
    "inspection": (HOUR, YEAR),
    "arbitration": (HOUR, YEAR),
    "lateEvery": (HOUR, NO_LIMIT),
    "cancelNotice": (USUAL["deliveryWindow"], NO_LIMIT),
    "longStop": (USUAL["cure"], 2 * YEAR),
    "transit": (0, 2 * YEAR),
    "cure": (HOUR, YEAR),
    "retention": (0, 5 * YEAR),
}


def out_of_range(field: int, value: int, least: int, most: int) -> Any:
    return reverts("SupplierEscrow_ConditionOutOfRange", field=field, value=value, least=least, most=most)


def publish(chain: Chain, escrow: Contract, published: dict[str, int], uri: str = "") -> Any:
    return chain.send(escrow.functions.publishConditions(published, uri), by=Actor("stranger"))


@pytest.mark.parametrize("name", [name for name, (least, _) in RANGES.items() if least])
def test_conditions_below_their_range_are_refused(chain: Chain, escrow: Contract, name: str) -> None:
    least, most = RANGES[name]
    with out_of_range(FIELDS.index(name), least - 1, least, most):
        publish(chain, escrow, conditions(**{name: least - 1}))


@pytest.mark.parametrize("name", ["inspection", "arbitration", "cure", "lateEvery"])
def test_f049_no_window_is_shorter_than_an_hour(chain: Chain, escrow: Contract, name: str) -> None:
    with out_of_range(FIELDS.index(name), HOUR - 1, *RANGES[name]):
        publish(chain, escrow, conditions(**{name: HOUR - 1}))


@pytest.mark.parametrize("name", [name for name, (_, most) in RANGES.items() if most != NO_LIMIT])
def test_conditions_above_their_range_are_refused(chain: Chain, escrow: Contract, name: str) -> None:
    least, most = RANGES[name]
    others = {"longStop": 2 * YEAR} if name == "cure" else {}
    with out_of_range(FIELDS.index(name), most + 1, least, most):
        publish(chain, escrow, conditions(**others | {name: most + 1}))


@pytest.mark.parametrize(("period", "bit", "expected"), [(0, 1, 0), (1, 0, 1), (DAY, 2, 1), (0, 255, 0)])
def test_the_resign_bit_must_match_the_period(
    chain: Chain, escrow: Contract, period: int, bit: int, expected: int
) -> None:
    with out_of_range(FIELDS.index("hasResignPeriod"), bit, expected, expected):
        publish(chain, escrow, conditions(resignPeriod=period, hasResignPeriod=bit))


@pytest.mark.parametrize("change", [-1, 1])
def test_both_late_intervals_must_match(chain: Chain, escrow: Contract, change: int) -> None:
    published, last = conditions(), len(FIELDS) - 1
    published["periods"] += change << 224
    with out_of_range(last, DAY + change, DAY, DAY):
        publish(chain, escrow, published)


LEAST = {name: least for name, (least, _) in RANGES.items()} | {"cancelNotice": 0, "longStop": HOUR}
MOST = {name: most for name, (_, most) in RANGES.items()}


@pytest.mark.parametrize(
    "agreed",
    [
        LEAST | {"deliveryWindow": 0, "resignPeriod": 0},
        MOST | {"deliveryWindow": NO_LIMIT, "resignPeriod": NO_LIMIT},
    ],
    ids=["least", "most"],
)
def test_conditions_at_the_ends_of_their_ranges_are_published(
    chain: Chain, escrow: Contract, agreed: dict[str, int]
) -> None:
    published = conditions(**agreed)
    publish(chain, escrow, published)
    assert escrow.functions.conditionsOf(conditions_id(published)).call() == tuple(published.values())


def test_anybody_publishes_conditions(chain: Chain, escrow: Contract) -> None:
    published = conditions(bondBps=1_234)
    identifier, words = conditions_id(published), tuple(published.values())
    call = escrow.functions.publishConditions(published, "ipfs://conditions")

    assert escrow.functions.conditionsOf(identifier).call() == (0, 0)
    assert call.call() == identifier
    receipt = chain.send(call, by=Actor("stranger"))

    told = event(escrow, "ConditionsPublished", id=identifier, conditions=words, uri="ipfs://conditions")
    assert chain.events(receipt) == [told]
    assert escrow.functions.conditionsOf(identifier).call() == words


def test_f056_conditions_never_change(chain: Chain, escrow: Contract) -> None:
    published = conditions(bondBps=1_234)
    identifier, words = conditions_id(published), tuple(published.values())
    publish(chain, escrow, published, "ipfs://first")
    receipt = publish(chain, escrow, published, "ipfs://second")

    told = event(escrow, "ConditionsPublished", id=identifier, conditions=words, uri="ipfs://second")
    assert chain.events(receipt) == [told]
    assert escrow.functions.conditionsOf(identifier).call() == words
