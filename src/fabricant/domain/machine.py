"""The machine that wrote a log, as the log itself names it.

Adapters say who made a machine in one of three ways: by commands (`* manufacturer: …`), by keys of their
own (`serialNumber|…`), or in one long value of the form `Manufacturer = …;Serial Number = …;`. The ways are
tried in this order. A list counts only if it names both a maker and a serial number, because an operating
system has a serial number as well.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from fabricant.domain.shdr import UNAVAILABLE, Command, Log, Observations, plain_name
from fabricant.domain.units import printable
from fabricant.errors import InvalidInput

MAX_NAME: Final = 80  # characters of maker, model or serial number

# How adapters call what we look for, in small letters and without spaces; the first that is there counts.
_MAKER: Final = ("manufacturer", "machinemanufacturer", "maker")
_MODEL: Final = ("model", "machinemodel", "nativename", "casmodeldata")  # CAS: Okuma's collision avoidance
_SERIAL: Final = ("serialnumber", "machineserialnumber")
_WANTED: Final = frozenset((*_MAKER, *_MODEL, *_SERIAL))

_NOTHING: Final = frozenset({"", UNAVAILABLE, "N/A", "[N/A]"})

Names = Mapping[str, frozenset[str]]  # what one kind of source says, by the name that it uses


class MachineUnknown(InvalidInput):
    """The log does not say which machine it is from: it does not name `what`."""

    def __init__(self, what: str) -> None:
        super().__init__(
            f"the log does not name the machine's {what}; have the adapter send"
            " * manufacturer:, * nativeName: (the model) and * serialNumber:"
        )
        self.what = what


class SeveralMachines(InvalidInput):
    """The log names different machines. `values` are what it says of one thing, safe to show."""

    def __init__(self, what: str, values: tuple[str, ...]) -> None:
        super().__init__(f"the log names more than one {what} ({', '.join(values)}); split it by machine")
        self.what = what
        self.values = values


@dataclass(frozen=True, slots=True)
class Machine:
    """A machine as its maker marked it, in the words of the log."""

    maker: str
    model: str
    serial: str

    def __post_init__(self) -> None:
        """Raises InvalidInput for texts that are empty, too long, or not what they look like."""
        for text in (self.maker, self.model, self.serial):
            if not 0 < len(text) <= MAX_NAME or printable(text) != text:
                raise InvalidInput(f"{printable(text, MAX_NAME)!r} cannot stand on a machine's name plate")


def machine_of(log: Log) -> Machine:
    """The machine that a log is from.

    Raises MachineUnknown if maker, model or serial number are not named, SeveralMachines if one of them is
    named differently in different places, InvalidInput if a name is not fit to be shown.
    """
    commands = _gather((record.name, record.value) for record in log.records if isinstance(record, Command))
    values = [pair for record in log.records if isinstance(record, Observations) for pair in record.values]
    lists = _gather(pair for _, value in values if ";" in value for pair in _identifying(value))
    sources = (commands, _gather(values), lists)
    return Machine(
        maker=_pick(sources, "maker", _MAKER),
        model=_pick(sources, "model", _MODEL),
        serial=_pick(sources, "serial number", _SERIAL),
    )


def _gather(pairs: Iterable[tuple[str, str]]) -> Names:
    names: dict[str, frozenset[str]] = {}
    for name, value in pairs:
        plain = plain_name(name)
        if plain in _WANTED and value.strip() not in _NOTHING:
            names[plain] = names.get(plain, frozenset()) | {value.strip()}
    return names


def _identifying(text: str) -> list[tuple[str, str]]:
    """The entries of a value list, if it is one that identifies a machine."""
    parts = (part.partition("=") for part in text.split(";"))
    entries = [(name, value) for name, equals, value in parts if equals]
    names = {plain_name(name) for name, _ in entries}
    return entries if names.intersection(_MAKER) and names.intersection(_SERIAL) else []


def _pick(sources: tuple[Names, ...], what: str, aliases: tuple[str, ...]) -> str:
    for names in sources:
        for alias in aliases:
            values = names.get(alias)
            if values and len(values) > 1:
                raise SeveralMachines(what, tuple(sorted(printable(value, MAX_NAME) for value in values)))
            if values:
                return next(iter(values))
    raise MachineUnknown(what)
