"""Every receiver on every path: coin arrives or is credited, to the last wei, and nobody else notices."""

from collections.abc import Iterator

import pytest

from fabricant.domain.units import Address
from tests.support.deals import NATIVE
from tests.support.lines import Deals
from tests.support.paths import PATHS, Path, Register
from tests.support.stage import EVERYTHING, Play, Stage
from tests.support.zoo import CONTRACT, LOOKING, RECEIVERS, Cast, Paid, Receiver, arrives, fails

MARGIN = 10_000  # gas
WITHDRAW = next(path for path in PATHS if path.action == "withdraw")
SCENES = [
    (path, assigned)
    for path in PATHS
    if path is not WITHDRAW and (path.pays or EVERYTHING)
    for assigned in (False, True)
    if path.sellable or not assigned
]


def casts(play: Play) -> Iterator[Cast]:
    """Who is what: everybody is everything once; in the short run somebody is, before an assignment or after."""
    paid, count, path = play.receivers, len(RECEIVERS), play.scene.path
    turns = range(count)
    if not EVERYTHING:
        half = turns[count // 2 :] if play.scene.assigned else turns[: count // 2]
        turns = (half if path.sellable else turns)[:: max(1, len(paid))]
    for turn in turns:
        yield {who: RECEIVERS[(turn + number) % count] for number, who in enumerate(paid)}


@pytest.mark.parametrize(("path", "assigned"), SCENES, ids=str)
def test_f001_f002_f003_f014_f015_f016_f033_f057_no_receiver_stops_a_path(
    stage: Stage, deal: Deals, register: Register, path: Path, assigned: bool
) -> None:
    play = Play(stage, path.prepare(deal, register, token=NATIVE, assigned=assigned))
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
