"""From logs to a batch: each log is read, becomes a row of `events`, and changes the state."""

from collections.abc import Iterable, Mapping

import orjson

from fabricant.errors import BadAnswer
from fabricant.index.apply import HANDLERS
from fabricant.index.batch import EventRow
from fabricant.index.decode import WORD, EventReader, NotAnEvent, Values
from fabricant.index.fetch import RawLog
from fabricant.index.state import Place, State

Readers = Mapping[str, Mapping[str, EventReader]]  # by address and first topic


class Pipeline:
    """Reads logs into a state. `unknown` counts what could not be read."""

    def __init__(self, readers: Readers, names: Mapping[str, str], state: State) -> None:
        """`readers` and `names` of the contracts, by their addresses in lower case."""
        self.unknown = 0
        self._readers = readers
        self._names = names
        self._state = state

    def read(self, logs: Iterable[RawLog]) -> list[EventRow]:
        """The rows of logs, each applied to the state, in order. Raises BadAnswer for what can't be."""
        rows: list[EventRow] = []
        state, dumps, handlers = self._state, orjson.dumps, HANDLERS
        for log in logs:
            try:
                reader, values = self._event(log)
            except NotAnEvent:
                rows.append(self._raw(log))
                continue
            except (ValueError, TypeError):
                raise BadAnswer(f"log {log.index} of block {log.block} is no log; try another node") from None
            contract, name = reader.contract, reader.name
            subject, arguments = str(values.get(reader.subject, "")), dumps(values).decode()
            rows.append((log.block, log.index, log.time, log.transaction, contract, name, subject, arguments))
            if (handler := handlers.get((contract, name))) is not None:
                try:
                    handler(state, values, Place(log.block, log.index, log.time))
                except (KeyError, ValueError) as wrong:
                    raise BadAnswer(
                        f"log {log.index} of block {log.block} contradicts those before; try another node"
                    ) from wrong
        return rows

    def _event(self, log: RawLog) -> tuple[EventReader, Values]:
        topics, data = log.topics, bytes.fromhex(log.data[2:])
        head = bytes.fromhex("".join([each[2:] for each in topics[1:]]))
        reader = self._readers[log.address].get(topics[0]) if topics else None
        if reader is None or len(topics) != reader.indexed + 1 or len(head) != reader.indexed * WORD:
            raise NotAnEvent
        if len(data) * 2 + 2 != len(log.data):  # blanks between the digits
            raise ValueError
        return reader, reader.read(head, data)

    def _raw(self, log: RawLog) -> EventRow:
        """A log that is no event of its contract, kept as it is."""
        self.unknown += 1
        kept = orjson.dumps({"topics": log.topics, "data": log.data}).decode()
        name = self._names[log.address]
        return (log.block, log.index, log.time, log.transaction, name, "", "", kept)
