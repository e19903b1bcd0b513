"""Finding things again: lines, offers and assets by the beginning of their id, goods by their line.

People pass on a few digits of an id, and the chain keeps only hashes; the events hold the rest. Everything
found here proves itself by its id, whoever the node is.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from fabricant import conditions as shipped
from fabricant.chain.answers import Log
from fabricant.chain.capacity import OfferPublished, QuotationsRequested
from fabricant.chain.directory import OperatorSet, ProfileSet
from fabricant.chain.escrow import LineDelivered, SupplierEscrow
from fabricant.chain.fabricant import Fabricant
from fabricant.chain.genealogy import NoticeIssued
from fabricant.chain.records import BatchAnchored
from fabricant.chain.tokens import COIN
from fabricant.conditions import ConditionsSet
from fabricant.domain.assets import AssetId, Namespace, asset_id
from fabricant.domain.batches import Batch
from fabricant.domain.capacity import OfferId, RequestId
from fabricant.domain.escrow import NO_HASH, Conditions, ConditionsId, LineId, Terms, goods_hash
from fabricant.domain.genealogy import notice_id
from fabricant.domain.pledges import PledgeId, PledgeTerms
from fabricant.domain.streams import StreamId, head_after
from fabricant.domain.units import ZERO_ADDRESS, Address, Token, UnixSeconds, printable
from fabricant.errors import BadAnswer, InvalidInput, NotFound, VerificationFailed

FEWEST_DIGITS: Final = 8  # of an id
NO_NAME: Final = "–"
_ID: Final = re.compile(r"0x[0-9a-fA-F]{8,64}")


def is_id(text: str) -> bool:
    """Whether a text is an id, or the beginning of one: 0x and 8 to 64 hex digits."""
    return _ID.fullmatch(text) is not None


def match_id(text: str, ids: Iterable[bytes], *, what: str) -> bytes:
    """The one id that begins as `text` does. Raises NotFound for none, InvalidInput for several or no id.

    `what` is looked for, such as "line".
    """
    if not is_id(text):
        raise InvalidInput(
            f"{printable(text, 80)!r} is no {what}; write 0x and at least {FEWEST_DIGITS} digits of its id"
        )
    found = sorted({each for each in ids if each.hex().startswith(text[2:].lower())})
    if not found:
        raise NotFound(f"there is no {what} {text} on this chain; check its id and the network")
    if len(found) > 1:
        raise InvalidInput(f"{text} is the beginning of {len(found)} ids; write more digits of the {what}'s")
    return found[0]


# Lines and offers


def find_line(fabricant: Fabricant, text: str) -> tuple[LineId, Terms]:
    """A line that was opened, by its id or the beginning of it. Raises NotFound, InvalidInput."""
    escrow, since = fabricant.escrow, fabricant.deployment.first_block
    if len(text) == 66 and is_id(text):
        line = LineId(bytes.fromhex(text[2:]))
    else:
        opened = (event.id for _, event in escrow.lines_opened(since=since))
        line = LineId(match_id(text, opened, what="line"))
    return line, escrow.terms_of(line, since=since)


def find_offer(fabricant: Fabricant, text: str) -> OfferPublished:
    """An offer that was published, by its id or the beginning of it. Raises NotFound, InvalidInput."""
    market = fabricant.capacity
    published = {event.id: event for _, event in market.offers(since=fabricant.deployment.first_block)}
    found = published[OfferId(match_id(text, published, what="published offer"))]
    if market.offer_id(found.offer) != found.id:
        raise NotFound(f"the node shows another offer as {text}; use another node")
    return found


def find_request(fabricant: Fabricant, text: str) -> QuotationsRequested:
    """A request that was published, by its id or the beginning of it. Raises NotFound, InvalidInput."""
    market = fabricant.capacity
    published = {event.id: event for _, event in market.requests(since=fabricant.deployment.first_block)}
    found = published[RequestId(match_id(text, published, what="published request"))]
    if market.request_id(found.request) != found.id:
        raise NotFound(f"the node shows another request as {text}; use another node")
    return found


def lines_of_order(fabricant: Fabricant, reference: bytes) -> list[tuple[LineId, Terms]]:
    """The opened lines of a purchase order, in the order of their opening.

    `reference`: `Terms.order_ref`, 32 bytes. Raises NotFound if there are none, InvalidInput for zero.
    """
    if reference == NO_HASH:
        raise InvalidInput(
            "lines without a purchase order have no reference in common; name one that is not zero"
        )
    escrow = fabricant.escrow
    opened = (event for _, event in escrow.lines_opened(since=fabricant.deployment.first_block))
    ours = [event for event in opened if event.terms.order_ref == reference]
    found = [(event.id, event.terms) for event in ours if escrow.line_id(event.terms) == event.id]
    if not found:
        raise NotFound(
            f"no line of the purchase order 0x{reference.hex()} was opened on chain "
            f"{fabricant.network.chain_id}; check number, salt and network"
        )
    return found


def goods_in_custody(escrow: SupplierEscrow, line: LineId, *, since: int) -> tuple[AssetId, ...]:
    """The list of assets that a line's goods in custody were delivered as; empty if there are none.

    Raises NotFound if no delivery in block `since` or later was of these.
    """
    custody = escrow.custody_of(line)
    if not custody.owed:
        return ()
    for _, event in reversed(escrow.history_of(line, since=since)):
        if isinstance(event, LineDelivered) and goods_hash(event.assets) == custody.assets_hash:
            return event.assets
    raise NotFound(f"no delivery of 0x{line.hex()} lists the goods in custody; use a node with all events")


# Pledges


def find_pledge(fabricant: Fabricant, text: str) -> tuple[PledgeId, PledgeTerms]:
    """A pledge that was made, by its id or the beginning of it. Raises NotFound, InvalidInput."""
    since = fabricant.deployment.first_block
    made = {event.id: event.terms for _, event in fabricant.pledges.pledges_made(since=since)}
    pledge = PledgeId(match_id(text, made, what="pledge"))
    return pledge, fabricant.pledges.terms_of(pledge, since=since)


# Assets and tokens


def find_asset(fabricant: Fabricant, text: str, *, namespace: Namespace) -> AssetId:
    """An asset by its local id in a namespace, by its id, or by the beginning of its id.

    An id of 0x and 64 digits need not be registered. Raises NotFound, InvalidInput.
    """
    if not text.startswith("0x"):
        return asset_id(namespace, text)
    if len(text) == 66 and is_id(text):
        return AssetId(int(text, 16))
    registered = fabricant.assets.assets_registered(since=fabricant.deployment.first_block)
    ids = (event.id.to_bytes(32) for _, event in registered)
    return AssetId(int.from_bytes(match_id(text, ids, what="asset")))


def find_batch_of_units(fabricant: Fabricant, text: str) -> Batch:
    """A committed batch, by its id or the beginning of it. Raises NotFound, InvalidInput."""
    committed = fabricant.assets.batches_committed(since=fabricant.deployment.first_block)
    found = {}
    for _, event in committed:
        batch = Batch(namespace=event.namespace, root=event.root, count=event.count, origin=event.origin)
        found[batch.id.to_bytes(32)] = batch
    return found[match_id(text, found, what="committed batch")]


def find_notice(fabricant: Fabricant, text: str) -> NoticeIssued:
    """A recall's notice, by its id, the hash of its text, or the beginning of either.

    Raises NotFound, InvalidInput.
    """
    events = fabricant.genealogy.notices_issued(since=fabricant.deployment.first_block)
    issued = [event for _, event in events if notice_id(event.namespace, event.hash) == event.notice]
    name = match_id(text, (id_ for each in issued for id_ in (each.notice, each.hash)), what="recall notice")
    found = [each for each in issued if name in (each.notice, each.hash)]
    if len(found) > 1:
        raise InvalidInput(f"{len(found)} issuers have a notice of this text; name the notice by its id")
    return found[0]


def token_of(fabricant: Fabricant, token: Address) -> Token:
    """How people write amounts of a token, or of the chain's own coin (zero). Raises NotFound, BadAnswer."""
    return COIN if token == ZERO_ADDRESS else fabricant.token(token).info


# Conditions


def find_conditions(fabricant: Fabricant, text: str) -> ConditionsSet:
    """Trade conditions by the name of a shipped set, or by their id or its beginning. Raises NotFound."""
    if not text.startswith("0x"):
        return shipped.load(text)
    known = {each.id: each.conditions for each in shipped.library()}
    known |= conditions_published(fabricant)
    return named(known[ConditionsId(match_id(text, known, what="set of conditions"))])


def named(conditions: Conditions) -> ConditionsSet:
    """The shipped set that these conditions are, or else a set without a name."""
    own = ConditionsSet(NO_NAME, "Conditions of their own", "They are none of the shipped sets.", conditions)
    return shipped.conditions_named(conditions.id) or own


def conditions_published(fabricant: Fabricant) -> dict[ConditionsId, Conditions]:
    """All conditions that were published on the chain, by id."""
    events = fabricant.escrow.conditions_published(since=fabricant.deployment.first_block)
    return {event.id: event.conditions.unpack() for _, event in events if event.conditions.id == event.id}


# Who acts for whom


def profile_of(fabricant: Fabricant, participant: Address) -> ProfileSet | None:
    """How a participant described itself last; None if it never did."""
    profiles = fabricant.directory.profiles_of(participant, since=fabricant.deployment.first_block)
    return profiles[-1][1] if profiles else None


def operators_of(fabricant: Fabricant, principal: Address) -> list[OperatorSet]:
    """What a principal's operators may do since their last change, those that may do nothing left out."""
    changes = fabricant.directory.operators_set(principal, since=fabricant.deployment.first_block)
    latest = {event.operator: event for _, event in changes}
    return [event for event in latest.values() if event.roles]


# Records


@dataclass(frozen=True, slots=True)
class Anchored:
    """A batch, and when it was anchored."""

    batch: BatchAnchored
    block: int
    time: UnixSeconds


def batches_of(fabricant: Fabricant, stream: StreamId) -> list[Anchored]:
    """Everything that was anchored in a stream, in order.

    Raises VerificationFailed if these batches do not make the stream's head: a node has left some out.
    """
    found = [
        Anchored(event, log.block, time_of(fabricant, log))
        for log, event in fabricant.records.batches(stream, since=fabricant.deployment.first_block)
    ]
    head = head_after((each.batch.root, each.batch.count, each.time) for each in found)
    if head != fabricant.records.head_of(stream):
        raise VerificationFailed("the node does not show all that was anchored in this stream; use another")
    return found


def find_batch(fabricant: Fabricant, stream: StreamId, *, candidates: Sequence[bytes]) -> Anchored:
    """The newest batch of a stream with the first of these roots that it has; else its newest batch.

    Raises NotFound if nothing was anchored, VerificationFailed as `batches_of`.
    """
    batches = batches_of(fabricant, stream)
    if not batches:
        raise NotFound("nothing was anchored in this stream; check its name, its owner and the network")
    known = (each for root in candidates for each in reversed(batches) if each.batch.root == root)
    return next(known, batches[-1])


def time_of(fabricant: Fabricant, log: Log) -> UnixSeconds:
    """When something happened. Raises BadAnswer if the node has not its block."""
    if (block := fabricant.network.block(log.block_hash)) is None:
        raise BadAnswer(f"the node has no block {log.block}, of which it shows events; ask again")
    return block.timestamp
