"""What assets are made of: assemblies, transformations, recalls and holds."""

from collections.abc import Callable, Mapping
from typing import Final

from fabricant.domain.genealogy import Reach
from fabricant.index.decode import Values
from fabricant.index.rows import (
    ZERO,
    Acknowledgement,
    Asset,
    AssetEdge,
    Authority,
    Notice,
    Processing,
    Recall,
)
from fabricant.index.state import Place, State

ASSEMBLED: Final = "assembled"
TRANSFORMED: Final = "transformed"
_REACHES: Final = {each.value: each.name.lower() for each in Reach}


def _assembled(state: State, event: Values, place: Place) -> None:
    child = state.edit(Asset, event["child"])
    child.parent, child.parent_since = event["parent"], f"{place.block}:{place.index}"
    state.put(
        _edge(place, kind=ASSEMBLED, parent=event["parent"], child=event["child"], quantity=child.quantity)
    )


def _disassembled(state: State, event: Values, place: Place) -> None:
    child = state.edit(Asset, event["child"])
    block, index = map(int, child.parent_since.split(":"))
    state.edit(AssetEdge, block, index, 0).until_block = place.block
    child.parent, child.parent_since = ZERO, ""


def _transformed(state: State, event: Values, place: Place) -> None:
    pairs = [(each, made) for each in event["inputs"] for made in event["outputs"]]
    for number, (each, made) in enumerate(pairs):
        state.put(
            _edge(
                place,
                number=number,
                kind=TRANSFORMED,
                parent=made,
                child=each["asset"],
                quantity=each["quantity"],
            )
        )


def _edge(place: Place, *, number: int = 0, kind: str, parent: str, child: str, quantity: str) -> AssetEdge:
    return AssetEdge(
        block=place.block,
        log_index=place.index,
        number=number,
        kind=kind,
        parent=parent,
        child=child,
        quantity=quantity,
        at=place.time,
    )


def _processing_permitted(state: State, event: Values, place: Place) -> None:
    del place
    state.put(
        Processing(
            lot=event["lot"],
            owner=event["owner"],
            processor=event["processor"],
            until=event["until"],
            max_scrap_bps=event["maxScrapBps"],
        )
    )


# Recalls


def _notice_issued(state: State, event: Values, place: Place) -> None:
    if state.find(Notice, event["notice"]) is None:
        state.put(Notice(**event, at=place.time))


def _notice_lifted(state: State, event: Values, place: Place) -> None:
    del place
    state.edit(Notice, event["notice"]).lifted = True


def _recalled(state: State, event: Values, place: Place) -> None:
    reach = _REACHES[event["reach"]]
    state.put(Recall(notice=event["notice"], id=event["id"], reach=reach, at=place.time))


def _recall_cleared(state: State, event: Values, place: Place) -> None:
    del place
    state.edit(Recall, event["notice"], event["id"]).cleared = True


def _recall_acknowledged(state: State, event: Values, place: Place) -> None:
    state.put(Acknowledgement(**event, at=place.time))


# Holds


def _authority_set(state: State, event: Values, place: Place) -> None:
    del place
    state.put(Authority(**event))


def _held(state: State, event: Values, place: Place) -> None:
    del place
    state.edit(Asset, event["id"]).held_until = event["until"]


HANDLERS: Final[Mapping[str, Callable[[State, Values, Place], None]]] = {
    "Assembled": _assembled,
    "Disassembled": _disassembled,
    "Transformed": _transformed,
    "ProcessingPermitted": _processing_permitted,
    "NoticeIssued": _notice_issued,
    "NoticeLifted": _notice_lifted,
    "Recalled": _recalled,
    "RecallCleared": _recall_cleared,
    "RecallAcknowledged": _recall_acknowledged,
    "AuthoritySet": _authority_set,
    "Held": _held,
}
