"""ESC-5: every receiver on every path: coin arrives or is credited, exactly, and nobody else notices."""

from collections.abc import Iterator

import pytest

from fabricant.domain.units import Address
from tests.support.deals import NATIVE
from tests.support.lines import Deals
from tests.support.paths import ASSIGNED_PATHS, PATHS, Path, Register
from tests.support.stage import EVERYTHING, OPEN_DOOR, Play, Stage
from tests.support.zoo import CONTRACT, LOOKING, RECEIVERS, Cast, Paid, arrives, fails

MARGIN = 10_000  # gas
WITHDRAW = next(path for path in PATHS if path.action == "withdraw")
SCENES = [each for each in PATHS + ASSIGNED_PATHS if each != WITHDRAW and (each.pays or EVERYTHING)]


def casts(play: Play) -> Iterator[Cast]:
    """Who is what: everybody everything once; in the short run somebody, before an assignment or after."""
    paid, count, path = play.receivers, len(RECEIVERS), play.scene.path
    turns = range(count)
    if not EVERYTHING:
        half = turns[count // 2 :] if path.assigned else turns[: count // 2]
        turns = (half if path.sellable else turns)[:: max(1, len(paid))]
    for turn in turns:
        yield {who: RECEIVERS[(turn + number) % count] for number, who in enumerate(paid)}


@pytest.mark.parametrize("path", SCENES, ids=str)
def test_f001_f002_f003_f005_f014_f015_f016_f033_f053_f057_no_receiver_stops_a_path(
    stage: Stage, deal: Deals, register: Register, path: Path
) -> None:
    play = Play(stage, path.prepare(deal, register, token=NATIVE))
    with play.again("all behave"):
        receipt, expected = play.act(arrives)
        play.check(expected)
        calm = receipt.gas_used
    with play.again("all look around"):
        stage.cast(dict.fromkeys(play.receivers, LOOKING))
        receipt, _ = play.act(arrives)
        play.saw_the_end(receipt, times=len(play.receivers))
    for number, cast in enumerate(casts(play)):
        with play.again({who: str(each) for who, each in cast.items()}):
            meet(play, cast, calm=calm, whole=EVERYTHING or number == 0)


def meet(play: Play, cast: Cast, *, calm: int, whole: bool) -> None:
    """A call among bad receivers. `calm`: its gas among good ones; `whole`: until all are paid in the end."""

    def fate(who: Address, amount: int) -> Paid:
        return cast.get(who, CONTRACT).fate(who, amount)

    play.stage.cast(cast)
    receipt, expected = play.act(fate)
    play.check(expected)
    assert receipt.gas_used < calm + sum(each.gas for each in cast.values()) + MARGIN
    play.was_refused_everywhere(receipt, times=[each.manner for each in cast.values()].count("Enters"))
    for who, receiver in cast.items():
        if receiver.fate is fails:
            play.may_withdraw(expected, who, withdraws=receiver.withdraws)
    if whole:
        expected = play.pay_neighbour(expected, fate)
        play.stage.calm(cast)
        play.pay_all_out(expected)


def test_every_function_that_writes_is_a_path(stage: Stage) -> None:
    assert {path.action for path in PATHS} | OPEN_DOOR.keys() == set(stage.doors.values())


def test_f001_f015_f016_a_withdrawal_is_paid_or_refused(
    stage: Stage, deal: Deals, register: Register
) -> None:
    play = Play(stage, WITHDRAW.prepare(deal, register, token=NATIVE))
    (owner,) = play.receivers
    for receiver in RECEIVERS:
        with play.again(receiver):
            stage.cast({owner: receiver})
            if receiver.withdraws:
                receipt, expected = play.act(arrives)
                play.was_refused_everywhere(receipt, times=int(receiver.manner == "Enters"))
            else:
                expected = play.before
                play.refuse("SupplierEscrow_PayoutFailed", token=NATIVE, to=owner, amount=play.scene.put_in)
            play.check(expected)
