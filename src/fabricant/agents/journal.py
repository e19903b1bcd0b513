"""An agent's folder: what it decided, what it signed, and that nobody else works in it.

Decisions are lines of JSON in `decisions.jsonl`, written before anything else happens, so that an agent which
was killed knows what it said. The same decision is not written twice in a row, whoever asks again.
"""

import fcntl
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Final, Self

from fabricant.domain.units import UnixSeconds, format_time, printable
from fabricant.errors import InvalidInput

DECISIONS: Final = "decisions.jsonl"
_LONGEST_LINE: Final = 2**14  # characters; what is longer was not written here
_LONGEST_REASON: Final = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What an agent decided at a time of the chain, about what, and why. `more` is for programs."""

    time: UnixSeconds
    decision: str
    about: str
    why: str = ""
    more: dict[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """The decision as a line of the journal has it."""
        own = {"time": self.time, "decision": self.decision, "about": self.about, "why": self.why}
        return {**own, **self.more}

    def __str__(self) -> str:
        words = f"{format_time(self.time)}  {self.decision:<10} {self.about}"
        return f"{words}: {self.why}" if self.why else words


Tell = Callable[[Decision], object]


@dataclass(slots=True)
class Journal:
    """An agent's folder, which is its alone while it runs."""

    folder: Path
    tell: Tell
    _file: IO[str] = field(init=False)
    _latest: dict[str, Decision] = field(init=False, default_factory=dict)

    @classmethod
    @contextmanager
    def opened(cls, folder: Path, tell: Tell) -> Iterator[Self]:
        """The journal of a folder, which is made if there is none. `tell` hears each new decision.

        Raises InvalidInput if another agent works in it, or it can't be written.
        """
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            file = (folder / DECISIONS).open("a+", encoding="utf-8")
        except OSError as problem:
            raise InvalidInput(f"{folder} can't be written: {problem.strerror}") from None
        with file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise InvalidInput(
                    f"another agent works in {folder}; stop it, or give this one rules of its own"
                ) from None
            journal = cls(folder, tell)
            journal._file = file
            journal._read()
            yield journal

    def note(self, time: UnixSeconds, decision: str, about: str, why: str = "", **more: Any) -> None:
        """Writes a decision down and tells it, unless it is the last one about the same thing."""
        why = printable(why, _LONGEST_REASON)
        made = Decision(time=time, decision=decision, about=about, why=why, more=more)
        if (last := self._latest.get(about)) and (last.decision, last.why) == (decision, why):
            return
        self._latest[about] = made
        self._file.write(json.dumps(made.as_json(), ensure_ascii=True) + "\n")
        self._file.flush()
        self.tell(made)

    def last(self, about: str) -> str:
        """What was decided last about something; nothing if nothing was."""
        found = self._latest.get(about)
        return found.decision if found else ""

    def count(self, decision: str) -> int:
        """About how many things this was decided last."""
        return sum(each.decision == decision for each in self._latest.values())

    def _read(self) -> None:
        """Remembers what was decided. A line that was cut off by a kill is passed over, and ended."""
        self._file.seek(0)
        line = "\n"
        for line in self._file:
            if (read := _decision(line)) is not None:
                self._latest[read.about] = read
        if not line.endswith("\n"):
            self._file.write("\n")


def _decision(line: str) -> Decision | None:
    if len(line) > _LONGEST_LINE or line.count("{") + line.count("[") > _LONGEST_LINE // 100:
        return None
    try:
        found = json.loads(line)
        known = {name: found.pop(name) for name in ("time", "decision", "about", "why")}
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
    if type(known["time"]) is not int or not all(isinstance(known[name], str) for name in list(known)[1:]):
        return None
    words = {name: printable(known[name], _LONGEST_REASON) for name in ("decision", "about", "why")}
    return Decision(time=UnixSeconds(known["time"]), **words, more=found)
