"""What is new in the index, and what was taken back: for those who want to hear of events as they happen."""

from collections.abc import Iterator
from dataclasses import dataclass

from fabricant.index.questions import MOST_ROWS, EventSeen, Questions

Place = tuple[int, int]


@dataclass(frozen=True, slots=True)
class News:
    """An event that happened, or one that was told and didn't: its block was replaced."""

    event: EventSeen
    removed: bool = False


class Watch:
    """Tells every event once, and takes back what a reorganisation removed."""

    def __init__(
        self,
        ask: Questions,
        *,
        since: int,
        contract: str | None = None,
        event: str | None = None,
        subject: str | None = None,
    ) -> None:
        """From block `since` on; the others as in `Questions.events`."""
        self._ask = ask
        self._since = since
        self._contract = contract
        self._event = event
        self._subject = subject
        self._told: dict[Place, EventSeen] = {}  # what may still be taken back

    def news(self) -> list[News]:
        """What changed since the last time: first what is taken back, the latest first, then what is new."""
        final = self._ask.cursor().final
        present = {(each.block, each.log_index): each for each in self._events()}
        gone = [each for place, each in self._told.items() if present.get(place) != each]
        new = [each for place, each in present.items() if self._told.get(place) != each]
        self._told = {place: each for place, each in present.items() if each.block > final}
        self._since = max(self._since, final + 1)
        return [*(News(each, removed=True) for each in reversed(gone)), *map(News, new)]

    def _events(self) -> Iterator[EventSeen]:
        after: Place | None = None
        while found := self._ask.events(
            contract=self._contract,
            event=self._event,
            subject=self._subject,
            since=self._since,
            after=after,
        ):
            yield from found
            if len(found) < MOST_ROWS:
                return
            after = (found[-1].block, found[-1].log_index)
