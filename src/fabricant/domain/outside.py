"""What is wrong with data from outside, in words.

Files and options are checked by pydantic, whose own messages are for programmers. Here the first thing that
is wrong becomes a sentence that names the field; what a value is itself is never repeated unless a parser of
Fabricant's did so.
"""

from typing import Final

from pydantic import ValidationError

from fabricant.domain.units import printable

_WHOLE: Final = "has to be a whole number"
_SENTENCES: Final = {
    "missing": "is missing",
    "extra_forbidden": "is no field that there is",
    "int_type": _WHOLE,
    "int_parsing": _WHOLE,
    "int_from_float": _WHOLE,
    "string_type": "has to be text",
    "list_type": "has to be a list",
    "dict_type": "has to be a table",
    "greater_than": "has to be above {gt}",
    "greater_than_equal": "has to be at least {ge}",
    "less_than": "has to be below {lt}",
    "less_than_equal": "has to be at most {le}",
    "string_pattern_mismatch": "is not written as it has to be ({pattern})",
}


def first_problem(wrong: ValidationError) -> str:
    """The first thing that is wrong, with the name of its field."""
    first = wrong.errors(include_url=False, include_input=False)[0]
    place = ".".join(map(str, first["loc"]))
    if sentence := _SENTENCES.get(first["type"]):
        said = f"{place or 'it'} {sentence.format_map(first.get('ctx', {}))}"
    else:
        told = first["msg"].removeprefix("Value error, ")
        said = f"{place}: {told}" if place else told
    return printable(said, 300)
