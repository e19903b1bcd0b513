"""What commands know, as JSON has it: amounts as text, ids as hex digits, flags as lists of names."""

import dataclasses
from collections.abc import Mapping, Sequence
from enum import Enum, Flag
from typing import Any, Final, get_args, get_type_hints

from fabricant.chain.answers import Receipt
from fabricant.cli import _output as output
from fabricant.domain.assets import AssetId
from fabricant.domain.batches import BatchId
from fabricant.domain.capacity import HOURS_PER_WORD, HourPattern
from fabricant.domain.units import BaseUnits, HourIndex, start_of

SHOWN_DIGITS: Final = 10  # of an id in a table
_WORDS: Final = ("first_word", "hour_masks")
_AS_TEXT: Final = frozenset({"nonce", "salt", "quantity"})  # up to 256 bits; JSON readers hold 53


def sent(receipt: Receipt) -> dict[str, object]:
    """A transaction for programs."""
    return {
        "transaction": receipt.transaction,
        "block": receipt.block,
        "gasUsed": receipt.gas_used,
        "fee": str(receipt.fee),
    }


def of(value: object) -> dict[str, Any]:
    """A dataclass for programs: amounts as text in base units, asset ids as hex, flags as lists of names.

    Words of hours become spans, from and until in Unix seconds.
    """
    named = {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}  # type: ignore[arg-type] # it is one
    words = {name: named.pop(name) for name in _WORDS if name in named}
    return of_fields(type(value), named) | ({"hours": _spans(**words)} if words else {})


def of_fields(kind: type, values: Mapping[str, object]) -> dict[str, Any]:
    """Fields of a class for programs, each as its type says."""
    hints = get_type_hints(kind)
    return {output.camel(name): _fact(each, hints[name], name) for name, each in values.items()}


def _spans(first_word: int, hour_masks: Sequence[int]) -> list[dict[str, int]]:
    bits = sum(mask << HOURS_PER_WORD * at for at, mask in enumerate(hour_masks))
    hours = [HourIndex(first_word * HOURS_PER_WORD + at) for at in range(bits.bit_length()) if bits >> at & 1]
    spans = HourPattern.of(hours).spans() if hours else ()
    return [{"from": start_of(begin), "until": start_of(end)} for begin, end in spans]


def _fact(value: Any, hint: Any, name: str) -> Any:
    kinds = (hint, *get_args(hint))  # of an optional field, too
    if isinstance(value, int) and (BaseUnits in kinds or name in _AS_TEXT):
        return str(value)
    if isinstance(value, int) and (AssetId in kinds or BatchId in kinds):
        return asset_text(value)
    if isinstance(value, tuple | list):
        inner = (get_args(hint) or (Any,))[0]
        return [_fact(each, inner, name) for each in value]
    if isinstance(value, Flag):
        return [str(flag.name).lower() for flag in type(value) if flag in value]
    if dataclasses.is_dataclass(value):
        return of(value)
    return _word(value, name)


def _word(value: Any, name: str) -> Any:
    if isinstance(value, bytes) and name == "unit":
        return value.rstrip(b"\0").decode("ascii", "backslashreplace")
    return value.name.lower() if isinstance(value, Enum) else output.plain(value)


def asset_text(asset: int) -> str:
    """An asset's id as people pass it around."""
    return f"{asset:#066x}"


def bytes_text(identifier: bytes) -> str:
    """Any other id, or a hash, as people pass it around."""
    return f"0x{identifier.hex()}"


def short(identifier: bytes) -> str:
    """The beginning of an id, as tables show it; enough to name it again."""
    return f"0x{identifier.hex()[:SHOWN_DIGITS]}"
