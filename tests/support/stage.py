"""The stage on which hostile tokens and receivers meet every path of the escrow.

Everybody who takes part is a contract wallet that can turn into something else. A `Play` is a scene of the
table of paths, prepared once; `act` makes its call among those who misbehave, and says how everybody's money,
every line and all goods should be then, by what the domain foretold. `check` compares.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any, Final

from eth_utils.crypto import keccak
from web3.contract import Contract

from fabricant.chain.answers import Receipt
from fabricant.domain.escrow import Line, LineFlag, Status
from fabricant.domain.units import Address, BaseUnits, Seconds, UnixSeconds, parse_address
from tests.support.actors import Actor
from tests.support.chain import Chain, artifact
from tests.support.decoding import VOCABULARY, Said, signature
from tests.support.lines import FOREVER, beside
from tests.support.paths import PEOPLE, Foretold, Scene, State
from tests.support.reverts import reverts
from tests.support.zoo import CONTRACT, MANNERS, Cast, Fate, Paid

EVERYTHING: Final = int(os.environ.get("FABRICANT_CASES", "0")) > 2_000  # the whole product
FINANCE: Final = 8
ENOUGH_GAS: Final = 4_000_000  # for a withdrawal by somebody who returns a megabyte
STRANGER: Final = Actor("stranger")
WATCHED: Final = tuple(each.address for each in (*PEOPLE, Actor("owner")))
REFUSED: Final = "ReentrancyGuardReentrantCall"
OPEN_DOOR: Final = {"publishConditions": "SupplierEscrow_ConditionOutOfRange"}  # it calls nobody


class Stage:
    """The escrow, its books, and everybody."""

    def __init__(self, chain: Chain, escrow: Contract, directory: Contract) -> None:
        self.chain, self.escrow = chain, escrow
        self.books = chain.deploy("MockBooks")
        self.lent = chain.deploy("MockParty")
        self.doors = {
            keccak(text=signature(each))[:4]: each["name"]
            for each in escrow.abi
            if each["type"] == "function" and each["stateMutability"] not in ("view", "pure")
        }
        for address in WATCHED:
            chain.local.set_code(address, artifact("MockParty").deployed)
            self.show_doors(chain.at("MockParty", address))
            chain.send(directory.functions.setOperator(self.books.address, FINANCE, FOREVER), by=address)

    def show_doors(self, intruder: Contract) -> None:
        """Tells somebody by which functions to enter: all that write."""
        doors = intruder.functions.setDoors(self.escrow.address, list(self.doors), self.books.address)
        self.chain.send(doors, by=STRANGER)

    def look(self, scene: Scene) -> State:
        """Everybody's money, every line and the goods."""
        money, owners, free, lines, owed, payees = self.chain.ask(self.books.functions.look())
        found: dict[tuple[str, Any], Any] = {}
        for name, keys, values in (
            ("pocket", (*WATCHED, scene.escrow), money),
            ("free", WATCHED, free),
            ("line", scene.ids, map(_as_kept, lines)),
            ("owed goods", scene.ids, owed),
            ("payee", scene.ids, map(parse_address, payees)),
            ("owner", scene.goods, map(parse_address, owners)),
        ):
            found |= {(name, key): value for key, value in zip(keys, values, strict=True)}
        return found

    def seen(self) -> bytes:
        """The hash of what the escrow's views say now."""
        found: bytes = self.chain.ask(self.books.functions.seen())
        return found

    def cast(self, cast: Cast) -> None:
        """People misbehave from now on."""
        codes = {"none": b"", "lent": bytes.fromhex("ef0100" + self.lent.address[2:])}
        for address, receiver in cast.items():
            if receiver.code != CONTRACT.code:
                self.chain.local.set_code(address, codes[receiver.code])
            if receiver.manner != CONTRACT.manner:
                self._set_manner(address, receiver.manner)

    def calm(self, cast: Cast) -> None:
        """They behave again."""
        for address in cast:
            self.chain.local.set_code(address, artifact("MockParty").deployed)
            self._set_manner(address, CONTRACT.manner)

    def _set_manner(self, address: Address, manner: str) -> None:
        slot, word = (f"{number:#066x}" for number in (_manner_slot(), MANNERS.index(manner)))
        self.chain.local.rpc.call("anvil_setStorageAt", address, slot, word)


@cache
def _manner_slot() -> int:
    storage = artifact("MockParty").layout["storage"]
    return next(int(each["slot"]) for each in storage if each["label"] == "manner")


class Play:
    """A scene that is acted again and again."""

    def __init__(self, stage: Stage, scene: Scene) -> None:
        self.stage, self.scene, self._chain = stage, scene, stage.chain
        watched = (scene.escrow, scene.token, WATCHED, scene.ids, scene.goods)
        self._chain.send(stage.books.functions.watch(*watched), by=STRANGER)
        self.before, self._seen = stage.look(scene), stage.seen()
        self.foretold = scene.foretell(self.before)
        self._of_neighbour = scene.foretell_neighbour(self.before)
        self._is_solvent(self.before)
        self._snapshot = self._chain.local.snapshot()

    @property
    def receivers(self) -> list[Address]:
        """Who is paid by the call."""
        return [who for who, amount in self.foretold.pockets.items() if amount > 0]

    @property
    def transfers(self) -> int:
        """How often the call moves money."""
        return sum(1 for amount in self.foretold.pockets.values() if amount)

    @contextmanager
    def again(self, what: object) -> Iterator[None]:
        """From the beginning; afterwards everything is as it was. `what` it is about, should it fail."""
        try:
            yield
        except BaseException as error:
            error.add_note(f"{self.scene.path}: {what}")
            raise
        self._chain.local.revert(self._snapshot)
        self._snapshot = self._chain.local.snapshot()

    # Acting

    def act(self, fate: Fate, *, comes: bool = True) -> tuple[Receipt, State]:
        """Makes the call. How everything should be then; `comes`: whether what is taken in is there."""
        return self.scene.make(), self._follow(self.before, self.foretold, fate, comes=comes)

    def pay_neighbour(self, state: State, fate: Fate) -> State:
        """Another line is paid meanwhile. How everything should be then."""
        self.scene.neighbour.send("pay", 0, by=self.scene.neighbour.buyer)
        return self._follow(state, self._of_neighbour, fate)

    def refuse(self, error: str, **arguments: Any) -> None:
        """The call must revert with exactly this, and change nothing."""
        with reverts(error, **arguments):
            self.scene.make(gas=ENOUGH_GAS)

    def may_withdraw(self, state: State, whom: Address, *, withdraws: bool) -> None:
        """Whether somebody gets its free balance at once, while it or the token misbehaves."""
        amount, token = state["free", whom], self.scene.token
        call = self.scene.first.escrow.functions.withdraw(whom, token, amount)
        said = self._chain.attempt(call, by=whom, gas=ENOUGH_GAS)
        failed = Said("SupplierEscrow_PayoutFailed", {"token": token, "to": whom, "amount": amount})
        assert said == (None if withdraws else failed)

    def pay_all_out(self, state: State) -> None:
        """Nobody misbehaves any more: everybody gets its free balance, and lines have the rest."""
        self._chain.send(self.stage.books.functions.withdrawAll(), by=STRANGER)
        expected = dict(state)
        for who in WATCHED:
            expected["pocket", who] += expected["free", who]
            expected["pocket", self.scene.escrow] -= expected["free", who]
            expected["free", who] = 0
        self.check(expected)
        self._is_solvent(expected)

    # Looking

    def check(self, expected: State) -> None:
        """Everything is as it should be."""
        assert self.stage.look(self.scene) == expected

    def was_refused_everywhere(self, receipt: Receipt, *, times: int) -> None:
        """Whoever was called in a transaction, so often, was let in by no door."""
        doors = [OPEN_DOOR.get(name, REFUSED) for name in self.stage.doors.values()]
        assert [VOCABULARY.error(answer).name for answer in _answers(receipt, done=False)] == doors * times

    def saw_the_end(self, receipt: Receipt, *, times: int) -> None:
        """Whoever was called, so often, saw how everything is afterwards; a deposit is credited last."""
        end = self._seen if self.scene.path.action == "deposit" else self.stage.seen()
        assert _answers(receipt, done=True) == [end] * times

    def _follow(self, before: State, foretold: Foretold, fate: Fate, *, comes: bool = True) -> State:
        """What the domain says, with what becomes of each payment."""
        after, escrow = dict(before), self.scene.escrow
        for who, amount in foretold.pockets.items():
            paid = fate(who, amount) if amount > 0 else Paid(amount * comes, 0, amount * comes)
            after["pocket", who] += paid.arrives
            after["free", who] += paid.credited
            after["pocket", escrow] -= paid.leaves
        for who, amount in foretold.free.items():
            after["free", who] += amount
        for name, values in foretold.others.items():
            after |= {(name, key): value for key, value in values.items()}
        return after

    def _is_solvent(self, state: State) -> None:
        """ESC-1: the escrow has what lines hold, what is locked beside them and the free balances."""
        held = sum(value.held for (name, _), value in state.items() if name == "line")
        free = sum(value for (name, _), value in state.items() if name == "free")
        deals = self.scene.deals
        locked = sum(beside(line, state["line", line.id].status.name.title()) for line in deals)
        assert state["pocket", self.scene.escrow] == held + locked + free, "ESC-1"


def _as_kept(line: tuple[int, ...]) -> Line:
    """A line as the domain knows it."""
    status, flags, rejections, since, late, extra, held = line
    times = UnixSeconds(since), late, Seconds(extra)
    return Line(Status(status), LineFlag(flags), rejections, *times, BaseUnits(held))


def _answers(receipt: Receipt, *, done: bool) -> list[bytes]:
    """What intruders were answered, in order: all by success, or all by refusal."""
    events = [VOCABULARY.event(log) for log in receipt.logs]
    answers = [each.arguments for each in events if each.name == "Answered"]
    assert all(each["done"] is done for each in answers)
    return [each["answer"] for each in answers]
