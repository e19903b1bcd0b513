"""Canonical JSON: one value, one sequence of bytes, so that its hash means the value.

The form is RFC 8785 (JSON Canonicalization Scheme) for strings, integers, booleans, null, lists and objects.
Fractions are refused, because their spelling differs between languages: write them as text.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Final

from fabricant.errors import InvalidInput

Json = str | int | None | Sequence["Json"] | Mapping[str, "Json"]  # bool is an int

_LARGEST: Final = 2**53 - 1  # that every JSON reader holds exactly


def canonical_json(value: Json) -> bytes:
    """The one spelling of `value` in UTF-8, without a final newline.

    Raises InvalidInput for fractions, integers beyond 2**53 - 1, lone surrogates and keys that are not text.
    """
    try:
        return json.dumps(_ordered(value), ensure_ascii=False, separators=(",", ":")).encode()
    except UnicodeEncodeError:
        raise InvalidInput("a text holds half a surrogate pair, which UTF-8 can't; correct it") from None


def _ordered(value: Json) -> Json:
    match value:
        case str() | bool() | None:
            return value
        case int():
            if abs(value) > _LARGEST:
                raise InvalidInput(f"{value} is beyond what JSON holds exactly; write it as text")
            return value
        case Mapping():
            if not all(isinstance(key, str) for key in value):
                raise InvalidInput("the keys of a JSON object are texts")
            keys = sorted(value, key=lambda key: key.encode("utf-16-be", "surrogatepass"))
            return {key: _ordered(value[key]) for key in keys}
        case list() | tuple():
            return [_ordered(item) for item in value]
    raise InvalidInput(f"canonical JSON has no {type(value).__name__}; write it as text")
