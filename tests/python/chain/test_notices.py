"""A notice is issued on any number of things, and what it names once, it does not name again."""

import pytest

from fabricant.chain import notices
from fabricant.chain.errors import Genealogy_BadBatch, Genealogy_NotIssuer
from fabricant.chain.genealogy import NoticeIssued
from fabricant.chain.notices import Scope, issue, require_registered, try_issuing, uncovered
from fabricant.domain.assets import Kind, namespace_of
from fabricant.domain.batches import Run
from fabricant.domain.genealogy import Reach
from fabricant.errors import NotFound
from tests.support.world import World, registration, wallet

OWN = namespace_of(wallet("supplier").address)
NAMES = tuple(f"T-{number}" for number in range(5))
RUN = Run(OWN, (registration("PACK", kind=Kind.PRODUCT),))
SCOPE = Scope(
    namespace=OWN, hash=b"\x5e" * 32, local_ids=(*NAMES, "T-0"), batches=(RUN.batch,), uri="ipfs://n"
)


@pytest.fixture
def named(world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """Five assets and a batch of the supplier's; a transaction covers two."""
    monkeypatch.setattr(notices, "TOGETHER", 2)
    assets = world.as_("supplier").assets
    assets.register_many(OWN, [registration(name) for name in NAMES])
    assets.commit_batch(RUN.batch)
    return world


def test_all_is_named_once(named: World) -> None:
    genealogy = named.as_("supplier").genealogy
    left = uncovered(genealogy, SCOPE)
    assert (left.local_ids, left.batches) == (NAMES, (RUN.batch,))
    try_issuing(genealogy, left)

    first = next(issue(genealogy, left))  # and then it is interrupted
    rest = list(issue(genealogy, uncovered(genealogy, SCOPE)))

    assert [len(each.events) for each in (first, *rest)] == [2, 2, 2]
    assert genealogy.recalls_of(RUN.batch.id)[0].reach is Reach.ISSUED
    done = uncovered(genealogy, SCOPE)
    assert (done.is_empty, done.notice) == (True, SCOPE.notice)


def test_a_notice_on_nothing_is_issued_all_the_same(named: World) -> None:
    genealogy = named.as_("supplier").genealogy
    empty = Scope(namespace=OWN, hash=SCOPE.hash)

    try_issuing(genealogy, empty)
    (done,) = issue(genealogy, empty)

    assert [type(each) for each in genealogy.events(done.receipt)] == [NoticeIssued]


def test_what_can_not_be_named_is_told_before_anything_is_sent(named: World) -> None:
    other = Scope(namespace=OWN, hash=SCOPE.hash, batches=(Run(OWN, (registration("X"),)).batch,))
    with pytest.raises(Genealogy_BadBatch):
        try_issuing(named.as_("supplier").genealogy, other)
    with pytest.raises(Genealogy_NotIssuer):
        try_issuing(named.as_("stranger").genealogy, SCOPE)
    require_registered(named.fabricant.assets, SCOPE)
    unknown = Scope(namespace=OWN, hash=SCOPE.hash, local_ids=("T-1", *(f"U-{n}" for n in range(12))))
    with pytest.raises(NotFound, match=r"U-0, .*U-9 and 2 more were never registered"):
        require_registered(named.fabricant.assets, unknown)
