"""Logbooks as the chain tells them: who wrote what about an asset, and by which right.

Records of one topic are the entries; the documents that they commit to are files, which the reader brings and
whose hashes are checked here. What the chain does not prove is that the node left nothing out.
"""

from dataclasses import replace

from fabricant.chain.answers import Log
from fabricant.chain.assets import RecordAdded
from fabricant.chain.authors import Authors
from fabricant.chain.client import Done
from fabricant.chain.fabricant import Fabricant
from fabricant.chain.genealogy import Assembled
from fabricant.chain.lookup import time_of
from fabricant.domain.assets import AssetId, Namespace
from fabricant.domain.logbook import (
    NOTHING,
    TOPIC,
    BadDocument,
    Content,
    Documents,
    Entry,
    Logbook,
    Moment,
    find_document,
)
from fabricant.domain.service_life import ServiceLife, Stay
from fabricant.errors import BadAnswer


def write_entry(
    fabricant: Fabricant, asset: AssetId, content: Content, *, uri: str, corrects: bytes = NOTHING
) -> Done[RecordAdded]:
    """Writes into an asset's logbook; its document is for its author to keep at `uri`. Sends a transaction.

    `corrects`: the hash of an earlier entry of the same author. Raises AssetRegistry_NoRecorder, and as
    `Content.serialise`.
    """
    return fabricant.assets.record(asset, topic=TOPIC, hash_=content.hash, uri=uri, supersedes=corrects)


def read_logbook(fabricant: Fabricant, asset: AssetId, documents: Documents) -> Logbook:
    """An asset's logbook now. Sends nothing.

    Raises NotFound if there is no such asset, BadAnswer for an entry that nobody could have written.
    """
    namespace = fabricant.assets.registration_of(asset, since=fabricant.deployment.first_block).namespace
    entries, authors = list[Entry](), Authors(asset, namespace)
    for log, event in _told(fabricant, asset, namespace):
        authors.follow(event)
        if isinstance(event, RecordAdded) and (event.id, event.topic) == (asset, TOPIC):
            when = _moment(fabricant, log)
            if not (rights := authors.rights(event.author, when.time)):
                raise BadAnswer(f"the node shows an entry that {event.author} could not write; use another")
            entry = Entry(
                number=len(entries) + 1,
                when=when,
                author=event.author,
                by=event.by,
                rights=rights,
                hash=event.hash,
                supersedes=event.supersedes,
                uri=event.uri,
                content=_content(event, documents),
            )
            entries.append(entry)
    return Logbook(asset, tuple(entries))


def read_service_life(fabricant: Fabricant, part: AssetId, documents: Documents) -> ServiceLife:
    """A part's logbook, where it was, and the logbooks of that. Sends nothing. Raises as `read_logbook`."""
    book, stays = read_logbook(fabricant, part, documents), list[Stay]()
    for log, event in fabricant.genealogy.assemblies(child=part, since=fabricant.deployment.first_block):
        if isinstance(event, Assembled):
            stays.append(Stay(event.parent, _moment(fabricant, log)))
        elif stays and stays[-1].whole == event.parent:
            stays[-1] = replace(stays[-1], until=_moment(fabricant, log))
        else:
            raise BadAnswer("the node shows a part that came out of what it never went into; use another")
    wholes = dict.fromkeys(stay.whole for stay in stays)
    return ServiceLife(
        book, tuple(stays), {each: read_logbook(fabricant, each, documents) for each in wholes}
    )


def _told(fabricant: Fabricant, asset: AssetId, namespace: Namespace) -> list[tuple[Log, object]]:
    """What happened to an asset, to all that it was ever in, and to its namespace, in order."""
    registry, genealogy, since = fabricant.assets, fabricant.genealogy, fabricant.deployment.first_block
    found: list[tuple[Log, object]] = [*registry.namespaces_assigned(namespace=namespace, since=since)]
    ahead = [asset]
    for each in ahead:  # which grows
        moves = genealogy.assemblies(child=each, since=since)
        ahead += {event.parent for _, event in moves}.difference(ahead)
        found += [*moves, *registry.history_of(each, since=since)]
    return sorted(found, key=lambda one: (one[0].block, one[0].index))


def _content(event: RecordAdded, documents: Documents) -> Content | BadDocument:
    try:
        return find_document(event.hash, event.uri, documents)
    except BadDocument as bad:
        return bad


def _moment(fabricant: Fabricant, log: Log) -> Moment:
    return Moment(log.block, log.index, time_of(fabricant, log))
