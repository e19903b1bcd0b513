"""Trade conditions that ship with Fabricant, and the form of files with one's own.

Conditions are standard terms that firms agree once: machine time, prototypes, series parts, tooling,
repair. A file states a title, a purpose and every parameter in the words that people use ("5 days", "2.5
%"). On chain a set is known by the hash of its numbers alone, so a set that is known by its id is
recognised wherever it is met.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError

from fabricant.domain.escrow import Conditions, ConditionsId, explain
from fabricant.domain.escrow.conditions import PARAMETERS
from fabricant.domain.outside import first_problem
from fabricant.domain.units import (
    Bps,
    Seconds,
    format_bps,
    format_duration,
    parse_bps,
    parse_duration,
    printable,
)
from fabricant.errors import InvalidInput, NotFound

LARGEST_FILE: Final = 2**16  # characters


@dataclass(frozen=True, slots=True)
class ConditionsSet:
    """A set of trade conditions with a name."""

    name: str  # of its file, without the ending
    title: str
    purpose: str
    conditions: Conditions

    @property
    def id(self) -> ConditionsId:
        """How every chain knows it."""
        return self.conditions.id

    @property
    def sentences(self) -> tuple[str, ...]:
        """What it means, in plain words."""
        return explain(self.conditions)

    @property
    def values(self) -> "Values":
        """Every condition by name, as people write it."""
        return {name: _plain(name, self.conditions) for names in SECTIONS.values() for name in names}

    def changed(self, values: "Values", *, name: str, title: str, purpose: str) -> "ConditionsSet":
        """A set of one's own, which differs in these values. Raises InvalidInput for what can't be."""
        return ConditionsSet(name, title, purpose, _conditions({**self.values, **values}))

    def serialise(self) -> str:
        """The set as a file, which `parse` reads back."""
        head = f"title = {_quoted(self.title)}\npurpose = {_quoted(self.purpose)}\n"
        tables = (
            "\n".join([f"\n[{section}]", *(f"{name} = {_written(name, self.conditions)}" for name in names)])
            for section, names in SECTIONS.items()
        )
        return head + "\n".join(tables) + "\n"


SECTIONS: Final = {
    "payment": ("advance_bps", "bond_bps", "broker_bps"),
    "calling_off": ("cancel_bps", "cancel_notice", "resign_period"),
    "delivery": ("delivery_window", "late_bps", "late_every", "max_late_bps", "long_stop", "transit"),
    "inspection": ("inspection", "max_rejections", "cure", "retention_bps", "retention"),
    "disputes": ("arbiter_fee_bps", "arbitration", "default_supplier_bps"),
}


@cache
def library() -> tuple[ConditionsSet, ...]:
    """The sets that ship with the package, by name."""
    found = (file for file in files(__name__).iterdir() if file.name.endswith(".toml"))
    sets = (parse(file.read_text("utf-8"), name=file.name.removesuffix(".toml")) for file in found)
    return tuple(sorted(sets, key=lambda each: each.name))


def load(name: str) -> ConditionsSet:
    """The set of this name. Raises NotFound if none ships with the package."""
    for each in library():
        if each.name == name:
            return each
    known = ", ".join(each.name for each in library())
    raise NotFound(f"no conditions are called {printable(name, 40)!r}; there are {known}")


def conditions_named(conditions: ConditionsId) -> ConditionsSet | None:
    """The set that a chain knows by this id, if it is one of the package's."""
    return next((each for each in library() if each.id == conditions), None)


def parse(text: str, *, name: str) -> ConditionsSet:
    """A set from the text of its file. Raises InvalidInput, naming what is wrong."""
    if len(text) > LARGEST_FILE:
        raise InvalidInput(f"{printable(name)} is longer than any conditions; is it the right file?")
    try:
        file = _File.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as wrong:
        raise InvalidInput(f"{printable(name)} is not written in TOML: {printable(str(wrong))}") from None
    except ValidationError as wrong:
        raise InvalidInput(f"{printable(name)}: {first_problem(wrong)}") from None
    values = {key: value for section in SECTIONS for key, value in getattr(file, section).items()}
    return ConditionsSet(name, file.title, file.purpose.strip(), _conditions(values))


_Text = Annotated[str, StringConstraints(min_length=1, max_length=2000)]
_Section = dict[str, str | int]
Values = Mapping[str, str | int]


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    title: _Text
    purpose: _Text
    payment: _Section
    calling_off: _Section
    delivery: _Section
    inspection: _Section
    disputes: _Section


def _conditions(values: Values) -> Conditions:
    if unknown := values.keys() - set(PARAMETERS):
        raise InvalidInput(
            f"there is no condition {printable(min(unknown), 40)!r}; there are {', '.join(PARAMETERS)}"
        )
    if missing := set(PARAMETERS) - values.keys():
        raise InvalidInput(f"the conditions say nothing of {min(missing)}; state it")
    return Conditions(**{name: _read(name, value) for name, value in values.items()})  # type: ignore[arg-type]


def _read(name: str, value: str | int) -> int:
    if name == "max_rejections":
        if isinstance(value, int):
            return value
        raise InvalidInput("max_rejections is a number, such as 2")
    if isinstance(value, int):
        raise InvalidInput(f"{name} needs its unit, in quotes: {value} of what?")
    try:
        return parse_bps(value) if name.endswith("_bps") else parse_duration(value)
    except InvalidInput as wrong:
        raise InvalidInput(f"{name}: {wrong}") from None


def _written(name: str, conditions: Conditions) -> str:
    value = _plain(name, conditions)
    return str(value) if isinstance(value, int) else _quoted(value)


def _plain(name: str, conditions: Conditions) -> str | int:
    value: int = getattr(conditions, name)
    if name == "max_rejections":
        return value
    return format_bps(Bps(value)) if name.endswith("_bps") else format_duration(Seconds(value))


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'
