"""Lending (ERC-4907): the user has the asset to itself until its term ends. CAP-3 rests on it."""

from collections.abc import Callable
from typing import Any, Final

import pytest
from web3.contract import Contract

from fabricant.chain.answers import Receipt
from tests.support.actors import Actor
from tests.support.assets import FLAG_HELD, FLAG_RECALLED, Kind, Status
from tests.support.chain import BEGINNING, Chain, event
from tests.support.genealogy import Works
from tests.support.reverts import reverts

NOBODY: Final = "0x" + "00" * 20
DAY: Final = 86_400
UNTIL: Final = BEGINNING + 30 * DAY
TEN_YEARS: Final = 3_650 * DAY

Lend = Callable[..., Receipt]


@pytest.fixture
def lend(chain: Chain, assets: Contract, machine: int, owner: Actor, user: Actor) -> Lend:
    """The owner lends its machine to the user, unless said otherwise."""

    def send(to: str = user.address, until: int = UNTIL, *, by: Actor = owner, **more: Any) -> Receipt:
        return chain.send(assets.functions.setUser(machine, to, until), by=by, **more)

    return send


@pytest.fixture
def lent(assets: Contract, machine: int) -> Callable[[], tuple[str, int]]:
    """The machine's user and the end of its term, which all views agree on."""

    def ask() -> tuple[str, int]:
        user, until = assets.functions.userOf(machine).call(), assets.functions.userExpires(machine).call()
        assert assets.functions.standingOf(machine).call()[1:3] == (user, until)
        return user, until

    return ask


def in_use(machine: int, user: Actor, until: int = UNTIL) -> Any:
    return reverts("AssetRegistry_InUse", id=machine, user=user.address, until=until)


def not_approved(machine: int, caller: Actor) -> Any:
    return reverts("AssetRegistry_NotApproved", id=machine, caller=caller.address)


def test_an_unknown_asset_is_not_lent(chain: Chain, assets: Contract, owner: Actor, user: Actor) -> None:
    with reverts("AssetRegistry_UnknownAsset", id=7):
        chain.send(assets.functions.setUser(7, user.address, UNTIL), by=owner)
    assert assets.functions.userOf(7).call() == NOBODY
    assert assets.functions.userExpires(7).call() == 0


def test_f063_only_the_owner_lends(
    lend: Lend,
    lend_role: Callable[..., None],
    machine: int,
    owner: Actor,
    stranger: Actor,
    issuer: Actor,
    operator: Actor,
    user: Actor,
) -> None:
    lend_role(owner, operator)
    for caller in (stranger, issuer, operator, user):
        with not_approved(machine, caller):
            lend(by=caller)


def test_an_owner_lends(
    chain: Chain,
    assets: Contract,
    lend: Lend,
    lent: Callable[..., Any],
    machine: int,
    owner: Actor,
    user: Actor,
    operator: Actor,
) -> None:
    chain.send(assets.functions.approve(operator.address, machine), by=owner)
    for caller, until in ((owner, UNTIL), (operator, UNTIL + 1)):
        receipt = lend(until=until, by=caller)
        assert chain.events(receipt) == [
            event(assets, "UpdateUser", tokenId=machine, user=user.address, expires=until)
        ]
        assert lent() == (user.address, until)
    standing = (owner.address, user.address, UNTIL + 1, Kind.EQUIPMENT, Status.ACTIVE, 0)
    assert assets.functions.standingOf(machine).call() == standing
    assert assets.functions.ownerOf(machine).call() == owner.address


def bad_term(machine: int, user: str, expires: int, now: int) -> Any:
    return reverts("AssetRegistry_BadTerm", id=machine, user=user, expires=expires, nowAt=now)


def test_f048_a_term_begins_before_it_ends(
    lend: Lend, lent: Callable[..., Any], machine: int, user: Actor
) -> None:
    for until in (0, UNTIL - 1, UNTIL):
        with bad_term(machine, user.address, until, UNTIL):
            lend(until=until, at=UNTIL)
    lend(until=UNTIL + 3, at=UNTIL + 2)
    assert lent() in ((NOBODY, 0), (user.address, UNTIL + 3))


def test_a_term_has_a_limit(lend: Lend, lent: Callable[..., Any], machine: int, user: Actor) -> None:
    for until in (UNTIL + TEN_YEARS + 1, UNTIL * 1_000, 2**64 - 1):
        with bad_term(machine, user.address, until, UNTIL):
            lend(until=until, at=UNTIL)
    lend(until=UNTIL + TEN_YEARS + 1, at=UNTIL + 1)
    assert lent() == (user.address, UNTIL + TEN_YEARS + 1)


def test_nobody_has_no_term(lend: Lend, machine: int) -> None:
    with bad_term(machine, NOBODY, UNTIL, BEGINNING + 100):
        lend(NOBODY, UNTIL, at=BEGINNING + 100)


def test_lending_to_nobody(
    chain: Chain, assets: Contract, lend: Lend, lent: Callable[..., Any], machine: int
) -> None:
    receipt = lend(NOBODY, 0)
    assert chain.events(receipt) == [event(assets, "UpdateUser", tokenId=machine, user=NOBODY, expires=0)]
    assert lent() == (NOBODY, 0)


def test_a_locked_asset_is_not_lent(works: Works, issuer: Actor, user: Actor) -> None:
    recalled, held = works.parts("recalled", "held")
    works.recall("recalled")
    works.empower(issuer)
    works.hold("held", BEGINNING + 86_400, by=issuer)
    for asset, flags in ((recalled, FLAG_RECALLED), (held, FLAG_HELD)):
        call = works.assets.functions.setUser(asset, user.address, BEGINNING + 3_600)
        with reverts("AssetRegistry_Locked", id=asset, flags=flags):
            works.chain.send(call, by=works.owner)


def test_a_retired_asset_is_not_lent(
    chain: Chain, assets: Contract, lend: Lend, machine: int, owner: Actor
) -> None:
    chain.send(assets.functions.setStatus(machine, Status.RETIRED), by=owner)
    with reverts("AssetRegistry_Final", id=machine, status=Status.RETIRED):
        lend()


def test_cap3_the_owner_cannot_evict(
    lend: Lend, lent: Callable[..., Any], machine: int, user: Actor, stranger: Actor, owner: Actor
) -> None:
    lend()
    attempts = [
        (user.address, UNTIL - 1),
        (user.address, UNTIL),
        (user.address, 0),
        (NOBODY, 0),
        (NOBODY, UNTIL),
        (stranger.address, UNTIL),
        (stranger.address, UNTIL + 1),
        (owner.address, UNTIL + 1),
    ]
    for to, until in attempts:
        with in_use(machine, user):
            lend(to, until)
    assert lent() == (user.address, UNTIL)


def test_the_owner_prolongs(lend: Lend, lent: Callable[..., Any], machine: int, user: Actor) -> None:
    lend()
    lend(until=UNTIL + DAY)
    assert lent() == (user.address, UNTIL + DAY)
    with in_use(machine, user, UNTIL + DAY):
        lend(until=UNTIL)


def test_the_user_cannot_prolong(lend: Lend, machine: int, user: Actor) -> None:
    lend()
    with not_approved(machine, user):
        lend(until=UNTIL + 1, by=user)


def test_the_user_shortens(
    chain: Chain, assets: Contract, lend: Lend, lent: Callable[..., Any], machine: int, user: Actor
) -> None:
    lend()
    receipt = lend(until=UNTIL - DAY, by=user)
    assert chain.events(receipt) == [
        event(assets, "UpdateUser", tokenId=machine, user=user.address, expires=UNTIL - DAY)
    ]
    assert lent() == (user.address, UNTIL - DAY)
    with bad_term(machine, user.address, BEGINNING, UNTIL - DAY - 1):
        lend(until=BEGINNING, by=user, at=UNTIL - DAY - 1)


def test_the_user_leaves(
    chain: Chain,
    assets: Contract,
    lend: Lend,
    lent: Callable[..., Any],
    machine: int,
    user: Actor,
    stranger: Actor,
) -> None:
    lend()
    receipt = lend(NOBODY, 0, by=user)
    assert chain.events(receipt) == [event(assets, "UpdateUser", tokenId=machine, user=NOBODY, expires=0)]
    assert lent() == (NOBODY, 0)
    with not_approved(machine, user):
        lend(by=user)
    lend(stranger.address)
    assert lent() == (stranger.address, UNTIL)


def test_the_user_cannot_sublet(lend: Lend, machine: int, user: Actor, stranger: Actor) -> None:
    lend()
    for until in (UNTIL - 1, UNTIL, UNTIL + 1):
        with in_use(machine, user):
            lend(stranger.address, until, by=user)


def test_the_users_operator_cannot_leave_for_it(
    lend: Lend, lend_role: Callable[..., None], machine: int, user: Actor, operator: Actor
) -> None:
    lend()
    lend_role(user, operator)
    with in_use(machine, user):
        lend(NOBODY, 0, by=operator)


def test_an_owner_as_its_own_user(
    give: Callable[..., None],
    lend: Lend,
    lent: Callable[..., Any],
    machine: int,
    owner: Actor,
    buyer: Actor,
    stranger: Actor,
) -> None:
    """Sale and lease back: the seller goes on using what it sold."""
    lend(owner.address)
    with in_use(machine, owner):
        lend(stranger.address)
    give(machine, buyer)
    assert lent() == (owner.address, UNTIL)
    with in_use(machine, owner):
        lend(NOBODY, 0, by=buyer)
    lend(NOBODY, 0, by=owner)
    assert lent() == (NOBODY, 0)


def test_f048_a_user_leaves_at_its_instant(
    chain: Chain, lend: Lend, lent: Callable[..., Any], machine: int, user: Actor, stranger: Actor
) -> None:
    lend()
    chain.warp(UNTIL - 1)
    assert lent() == (user.address, UNTIL)
    with in_use(machine, user):
        lend(stranger.address, UNTIL + DAY, at=UNTIL - 1)
    chain.warp(UNTIL)
    assert lent() == (NOBODY, 0)
    with not_approved(machine, user):
        lend(NOBODY, 0, by=user, at=UNTIL)
    lend(stranger.address, UNTIL + DAY, at=UNTIL + 1)
    assert lent() == (stranger.address, UNTIL + DAY)
