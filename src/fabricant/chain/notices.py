"""Issuing a recall's notice, on any number of assets and batches.

One transaction covers only so many, so that a notice is issued once and added to after that. The chain knows
what it covers: whatever interrupts it, issuing it again goes on from there.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from fabricant.chain.assets import AssetRegistry
from fabricant.chain.chunks import chunks, send_in_chunks
from fabricant.chain.client import AllDone
from fabricant.chain.genealogy import Genealogy, Recalled
from fabricant.domain.assets import Namespace, asset_id
from fabricant.domain.batches import Batch
from fabricant.domain.genealogy import NoticeId, Reach, notice_id
from fabricant.errors import NotFound

TOGETHER: Final = 50  # in one transaction, if its gas suffices; each may be 15 levels deep in something
SHOWN: Final = 10  # of many, in a sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """A notice, and what a namespace's issuer names in it: assets by their local ids, and batches."""

    namespace: Namespace
    hash: bytes  # of the notice's text
    local_ids: tuple[str, ...] = ()
    batches: tuple[Batch, ...] = ()
    uri: str = ""  # where the text is found; told with the first transaction

    @property
    def notice(self) -> NoticeId:
        """The notice's id."""
        return notice_id(self.namespace, self.hash)

    @property
    def is_empty(self) -> bool:
        """Whether it names nothing."""
        return not self.local_ids and not self.batches


def require_registered(registry: AssetRegistry, scope: Scope, *, since: int = 0) -> None:
    """Raises NotFound with the assets of it that were never registered, if there are any."""
    events = registry.assets_registered(namespace=scope.namespace, since=since)
    known = {event.local_id for _, event in events}
    missing = [each for each in scope.local_ids if each not in known]
    if missing:
        told = ", ".join(missing[:SHOWN]) + (f" and {len(missing) - SHOWN} more" if missing[SHOWN:] else "")
        raise NotFound(f"{told} were never registered in this namespace; check the local ids and the issuer")


def uncovered(genealogy: Genealogy, scope: Scope, *, since: int = 0) -> Scope:
    """What of it the notice does not name yet, by the events from block `since` on. Each thing once."""
    events = genealogy.recalled(notice=scope.notice, since=since)
    named = {event.id for _, event in events if event.reach is Reach.ISSUED}
    local_ids = dict.fromkeys(scope.local_ids)
    batches = dict.fromkeys(scope.batches)
    return replace(
        scope,
        local_ids=tuple(each for each in local_ids if asset_id(scope.namespace, each) not in named),
        batches=tuple(each for each in batches if each.id not in named),
    )


def try_issuing(genealogy: Genealogy, scope: Scope) -> None:
    """Raises what `issue` would, as things are now. Sends nothing."""
    for things in chunks(_things(scope), TOGETHER) or [()]:
        part = _part(scope, things)
        genealogy.simulate(
            genealogy.recall,
            part.namespace,
            part.hash,
            local_ids=part.local_ids,
            batches=part.batches,
            uri=part.uri,
        )


def issue(genealogy: Genealogy, scope: Scope) -> Iterator[AllDone[Recalled]]:
    """Names it all in the notice, issuing it if it is new. Issuer (ASSETS); sends transactions.

    Raises as `Genealogy.recall`. What was sent stays; `uncovered` says what is left.
    """

    def send(things: Sequence[str | Batch]) -> AllDone[Recalled]:
        part = _part(scope, things)
        return genealogy.recall(
            part.namespace, part.hash, local_ids=part.local_ids, batches=part.batches, uri=part.uri
        )

    if scope.is_empty:
        yield send(())
    yield from send_in_chunks(_things(scope), TOGETHER, send)


def _things(scope: Scope) -> tuple[str | Batch, ...]:
    return (*scope.local_ids, *scope.batches)


def _part(scope: Scope, things: Sequence[str | Batch]) -> Scope:
    return replace(
        scope,
        local_ids=tuple(each for each in things if isinstance(each, str)),
        batches=tuple(each for each in things if isinstance(each, Batch)),
    )
