"""The registry, the Genealogy and a model of both, driven together: every asset after every action.

Hypothesis has two firms register, make, assemble, take apart, sell and recall through the typed clients, also
what they must not. The model below knows nothing of the contracts, and says beforehand what is allowed.
"""

import os
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count, product
from typing import ClassVar, Final, Self

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)

from fabricant.chain.fabricant import Fabricant
from fabricant.chain.reverts import ContractError
from fabricant.domain.assets import (
    AssetId,
    Kind,
    Namespace,
    Registration,
    Status,
    asset_id,
    namespace_of,
    parse_unit,
)
from fabricant.domain.genealogy import Input, Reach, Scrap, Transformation, notice_id
from tests.support.world import World, wallet

EXAMPLES: Final = int(os.environ.get("FABRICANT_CASES", "2000")) // 250
STEPS: Final = 40
FIRMS: Final = ("supplier", "buyer")
KG: Final = parse_unit("KGM")
MOST: Final = 100  # of a lot, so that what is taken is often too much or all


@dataclass(eq=False)
class Thing:
    """An asset as the model knows it. `notices`: the hash of each recall that covers it, and why."""

    name: str
    issuer: str
    owner: str
    quantity: int  # 1 for what is no lot
    is_lot: bool
    whole: Self | None = None
    parts: set[Self] = field(default_factory=set)
    notices: dict[bytes, Reach] = field(default_factory=dict)

    @property
    def id(self) -> AssetId:
        """What the registry calls it."""
        return asset_id(namespace(self.issuer), self.name)

    @property
    def root(self) -> "Thing":
        """What it is in, in the end."""
        return self.whole.root if self.whole else self

    def is_locked(self, lifted: set[bytes]) -> bool:
        """Whether it stays where it is."""
        return bool(self.whole or not self.quantity or self.notices.keys() - lifted)


def namespace(firm: str) -> Namespace:
    """In which a firm names what it makes."""
    return namespace_of(wallet(firm).address)


class ShopFloor(RuleBasedStateMachine):
    """Two firms and their goods."""

    world: World  # set for the run
    taken: ClassVar[Counter[str]] = Counter()

    def __init__(self) -> None:
        super().__init__()
        self.snapshot = self.world.chain.snapshot()
        self.things: list[Thing] = []
        self.issued: dict[bytes, str] = {}  # each recall's text, and whose it is
        self.lifted: set[bytes] = set()
        self.numbers = count(1)

    def teardown(self) -> None:
        self.world.chain.revert(self.snapshot)

    # What happens

    @initialize()
    def begin(self) -> None:
        for is_lot in (True, True, False, False, False):
            self.register("supplier", MOST if is_lot else 1, is_lot=is_lot)

    @rule(firm=st.sampled_from(FIRMS), quantity=st.integers(1, MOST), is_lot=st.booleans())
    def arrive(self, *, firm: str, quantity: int, is_lot: bool) -> None:
        if len(self.things) < 8:
            self.register(firm, quantity if is_lot else 1, is_lot=is_lot)

    @rule(data=st.data())
    def transform(self, data: st.DataObject) -> None:
        firm, wasted = data.draw(st.sampled_from(FIRMS)), data.draw(st.sampled_from([0, 0, 0, 1, MOST]))
        lots = [each for each in self.things if each.is_lot]
        if data.draw(st.integers(0, 3)):
            free = [each for each in lots if not (each.is_locked(self.lifted) or each.parts)]
            lots = [each for each in free if each.owner == firm] or lots
        put = {each: data.draw(st.sampled_from([1, *[each.quantity or 1] * 3, MOST + 1])) for each in lots}
        put = {
            each: put[each] for each in data.draw(st.lists(st.sampled_from(lots), min_size=1, unique=True))
        }
        made = sum(put.values()) - wasted + data.draw(st.sampled_from([0, 0, 0, 0, 1, -1]))
        output = self.thing(firm, max(made, 1), is_lot=True)
        exact = sum(put.values()) == output.quantity + wasted
        allowed = exact and all(
            each.owner == firm
            and not (each.is_locked(self.lifted) or each.parts)
            and quantity <= each.quantity
            for each, quantity in put.items()
        )
        making = Transformation(
            inputs=tuple(Input(asset=each.id, quantity=quantity) for each, quantity in put.items()),
            scrap=(Scrap(unit=KG, quantity=wasted),),
            namespace=namespace(firm),
            outputs=(self.registration(output),),
        )
        if self.done("transform", lambda: self.as_(firm).genealogy.transform(making), allowed=allowed):
            for each, quantity in put.items():
                each.quantity -= quantity
            self.things.append(output)
        self.check()

    @rule(data=st.data())
    def assemble(self, data: st.DataObject) -> None:
        def may(firm: str, whole: Thing, part: Thing) -> bool:
            both_free = not (whole.is_locked(self.lifted) or part.is_locked(self.lifted))
            return both_free and whole is not part and whole.owner == part.owner == firm

        firm, whole, part = self.draw(data, may)
        allowed = may(firm, whole, part)
        if self.done(
            "assemble", lambda: self.as_(firm).genealogy.assemble(whole.id, [part.id]), allowed=allowed
        ):
            part.whole = whole
            whole.parts.add(part)
        self.check()

    @rule(data=st.data())
    def disassemble(self, data: st.DataObject) -> None:
        def may(firm: str, whole: Thing, part: Thing) -> bool:
            return part.whole is whole and whole.whole is None and whole.owner == firm

        firm, whole, part = self.draw(data, may)
        allowed = may(firm, whole, part)
        if self.done(
            "disassemble", lambda: self.as_(firm).genealogy.disassemble(whole.id, [part.id]), allowed=allowed
        ):
            part.whole, part.owner = None, firm
            whole.parts.remove(part)
            for notice, reach in whole.notices.items():
                if notice not in self.lifted and reach is not Reach.UPWARD:
                    part.notices.setdefault(notice, Reach.DOWNWARD)
        self.check()

    @rule(data=st.data())
    def sell(self, data: st.DataObject) -> None:
        def may(firm: str, thing: Thing, _: Thing) -> bool:
            return thing.owner == firm and not thing.is_locked(self.lifted)

        firm, thing, other = self.draw(data, may)
        allowed = may(firm, thing, other)
        buyer = next(each for each in FIRMS if each != firm)
        names = wallet(firm).address, wallet(buyer).address
        if self.done("sell", lambda: self.as_(firm).assets.transfer_from(*names, thing.id), allowed=allowed):
            thing.owner = buyer
        self.check()

    @precondition(lambda self: self.in_force < 2)
    @rule(data=st.data())
    def recall(self, data: st.DataObject) -> None:
        firm, thing, _ = self.draw(data, lambda firm, thing, _: thing.issuer == firm)
        text, local_ids = next(self.numbers).to_bytes(32), [thing.name]
        recall = self.as_(firm).genealogy.recall
        allowed = thing.issuer == firm
        if self.done(
            "recall", lambda: recall(namespace(thing.issuer), text, local_ids=local_ids), allowed=allowed
        ):
            self.issued[text] = firm
            thing.notices[text] = Reach.ISSUED
            while thing.whole:
                thing = thing.whole
                thing.notices[text] = Reach.UPWARD
        self.check()

    @precondition(lambda self: self.issued)
    @rule(data=st.data(), firm=st.sampled_from(FIRMS))
    def lift(self, data: st.DataObject, *, firm: str) -> None:
        text, issuer = data.draw(st.sampled_from(sorted(self.issued.items())))
        lift, allowed = self.as_(firm).genealogy.lift_recall, issuer == firm and text not in self.lifted
        if self.done("lift", lambda: lift(namespace(issuer), text), allowed=allowed):
            self.lifted.add(text)
        self.check()

    # What must be so

    def check(self) -> None:
        """Every asset is on the chain what it is in the model."""
        assets, genealogy = self.world.fabricant.assets, self.world.fabricant.genealogy
        for each in self.things:
            assert genealogy.root_of(each.id) == each.root.id
            assert genealogy.title_of(each.id) == wallet(each.root.owner).address
            assert genealogy.parts_in(each.id) == len(each.parts)
            assert assets.locked(each.id) == each.is_locked(self.lifted)
            assert (assets.standing_of(each.id).status is Status.CONSUMED) == (not each.quantity)
            if each.is_lot:
                assert assets.quantity_of(each.id) == each.quantity
            recalls = {
                recall.notice: recall.reach for recall in genealogy.recalls_of(each.id) if not recall.lifted
            }
            assert recalls == {
                notice_id(namespace(self.issued[text]), text): reach
                for text, reach in each.notices.items()
                if text not in self.lifted
            }

    # Helpers

    @property
    def in_force(self) -> int:
        """How many recalls are not lifted."""
        return len(self.issued) - len(self.lifted)

    def as_(self, firm: str) -> Fabricant:
        """The contracts in a firm's name."""
        return self.world.as_(firm)

    def draw(self, data: st.DataObject, may: Callable[[str, Thing, Thing], bool]) -> tuple[str, Thing, Thing]:
        """A firm and two things, mostly some with which it may do it."""
        every = list(product(FIRMS, self.things, self.things))
        wanted = [each for each in every if may(*each)] if data.draw(st.integers(0, 3)) else []
        return data.draw(st.sampled_from(wanted or every))

    def done(self, name: str, act: Callable[[], object], *, allowed: bool) -> bool:
        """Does it, and whether it was done: if and only if it is allowed."""
        try:
            act()
        except ContractError:
            assert not allowed, name
        else:
            assert allowed, name
            self.taken[name] += 1
        return allowed

    def thing(self, firm: str, quantity: int, *, is_lot: bool) -> Thing:
        """Something new, which nobody knows yet."""
        name = f"{'LOT' if is_lot else 'PART'}-{next(self.numbers)}"
        return Thing(name, firm, firm, quantity, is_lot)

    def register(self, firm: str, quantity: int, *, is_lot: bool) -> None:
        """Something new."""
        thing = self.thing(firm, quantity, is_lot=is_lot)
        self.as_(firm).assets.register(namespace(firm), self.registration(thing))
        self.things.append(thing)
        self.check()

    def registration(self, thing: Thing) -> Registration:
        """As the registry is told of it."""
        owner = wallet(thing.owner).address
        if thing.is_lot:
            return Registration(
                local_id=thing.name, kind=Kind.LOT, owner=owner, quantity=thing.quantity, unit=KG
            )
        return Registration(local_id=thing.name, kind=Kind.COMPONENT, owner=owner)


def test_the_model_knows_every_asset(world: World) -> None:
    ShopFloor.world = world
    quick = settings(
        max_examples=EXAMPLES,
        stateful_step_count=STEPS,
        deadline=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(ShopFloor, settings=quick)
    print(sum(ShopFloor.taken.values()), "actions:", dict(ShopFloor.taken))
    assert len(ShopFloor.taken) == 6
