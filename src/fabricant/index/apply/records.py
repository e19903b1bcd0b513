"""Streams and what was anchored in them."""

from collections.abc import Callable, Mapping
from typing import Final

from fabricant.index.decode import Values
from fabricant.index.rows import Anchor, Reader, RetainedRoot, Stream
from fabricant.index.state import Place, State


def _stream_opened(state: State, event: Values, place: Place) -> None:
    state.put(Stream(stream=event["stream"], owner=event["owner"], at=place.time))


def _batch_anchored(state: State, event: Values, place: Place) -> None:
    stream = state.edit(Stream, event["stream"])
    state.put(
        Anchor(
            stream=stream.stream,
            number=stream.batches,
            root=event["root"],
            count=event["count"],
            head=event["head"],
            uri=event["uri"],
            block=place.block,
            at=place.time,
        )
    )
    stream.head = event["head"]
    stream.batches += 1
    stream.records += event["count"]


def _root_retained(state: State, event: Values, place: Place) -> None:
    del place
    state.put(RetainedRoot(stream=event["stream"], root=event["root"], since=event["since"]))


def _reader_granted(state: State, event: Values, place: Place) -> None:
    del place
    state.put(
        Reader(
            stream=event["stream"],
            reader=event["reader"],
            sealed_key=event["sealedKey"],
            until=event["until"],
        )
    )


HANDLERS: Final[Mapping[str, Callable[[State, Values, Place], None]]] = {
    "StreamOpened": _stream_opened,
    "BatchAnchored": _batch_anchored,
    "RootRetained": _root_retained,
    "ReaderGranted": _reader_granted,
}
