"""Issuing a recall's notice, on any number of assets and batches.

One transaction covers only so many, so that a notice is issued once and added to after that. The chain knows
what it covers: whatever interrupts it, issuing it again goes on from there.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from fabricant.chain.chunks import chunks, send_in_chunks
from fabricant.chain.client import AllDone
from fabricant.chain.genealogy import Genealogy, Recalled
from fabricant.domain.assets import Namespace, asset_id
from fabricant.domain.batches import Batch
from fabricant.domain.genealogy import NoticeId, Reach, notice_id

TOGETHER: Final = 50  # in one transaction, if its gas suffices; each may be 15 levels deep in something


@dataclass(frozen=True, slots=True, kw_only=True)
class Naming:
    """What a namespace's issuer names in a notice: assets by their local ids, and batches."""

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


def still_to_name(genealogy: Genealogy, wanted: Naming, *, since: int = 0) -> Naming:
    """What of it the notice does not name yet, by the events from block `since` on. Each thing once."""
    events = genealogy.recalled(notice=wanted.notice, since=since)
    named = {event.id for _, event in events if event.reach is Reach.ISSUED}
    local_ids = dict.fromkeys(wanted.local_ids)
    batches = dict.fromkeys(wanted.batches)
    return replace(
        wanted,
        local_ids=tuple(each for each in local_ids if asset_id(wanted.namespace, each) not in named),
        batches=tuple(each for each in batches if each.id not in named),
    )


def try_naming(genealogy: Genealogy, wanted: Naming) -> None:
    """Raises what `name` would, as things are now. Sends nothing."""
    for things in chunks(_things(wanted), TOGETHER) or [()]:
        part = _part(wanted, things)
        genealogy.simulate(
            genealogy.recall,
            part.namespace,
            part.hash,
            local_ids=part.local_ids,
            batches=part.batches,
            uri=part.uri,
        )


def name(genealogy: Genealogy, wanted: Naming) -> Iterator[AllDone[Recalled]]:
    """Names it all in the notice, issuing it if it is new. Issuer (ASSETS); sends transactions.

    Raises as `Genealogy.recall`. What was sent stays; `still_to_name` says what is left.
    """

    def send(things: Sequence[str | Batch]) -> AllDone[Recalled]:
        part = _part(wanted, things)
        return genealogy.recall(
            part.namespace, part.hash, local_ids=part.local_ids, batches=part.batches, uri=part.uri
        )

    if wanted.is_empty:
        yield send(())
    yield from send_in_chunks(_things(wanted), TOGETHER, send)


def _things(wanted: Naming) -> tuple[str | Batch, ...]:
    return (*wanted.local_ids, *wanted.batches)


def _part(wanted: Naming, things: Sequence[str | Batch]) -> Naming:
    return replace(
        wanted,
        local_ids=tuple(each for each in things if isinstance(each, str)),
        batches=tuple(each for each in things if isinstance(each, Batch)),
    )
