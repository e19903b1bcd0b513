"""ABI types as text and ABI data, decoded strictly.

`eth_abi` reads leniently where the compiler never writes; here, data is accepted only if encoding its
values gives the same bytes again. Addresses come out checksummed, arrays and structs as tuples.
"""

from collections.abc import Sequence
from typing import Any, cast

from eth_abi.abi import decode, encode
from eth_abi.exceptions import DecodingError
from eth_abi.grammar import TupleType, parse
from eth_utils.crypto import keccak

from fabricant.domain.units import parse_address


class NotCanonical(ValueError):
    """The data is not what the compiler would write for values of these types."""


def selector(signature: str) -> bytes:
    """The four bytes that name a function or an error: of "transfer(address,uint256)", a9059cbb."""
    return keccak(text=signature)[:4]


def split_types(types: str) -> tuple[str, ...]:
    """The types of a list: "bytes32,(uint8,address)[]" gives "bytes32" and "(uint8,address)[]"."""
    components = cast("TupleType", parse(f"({types})")).components
    return tuple(component.to_type_str() for component in components)


def decode_strictly(types: Sequence[str], data: bytes) -> tuple[Any, ...]:
    """The values that `data` encodes. Raises NotCanonical for anything but their exact encoding."""
    try:
        values = decode(types, data)
        canonical = encode(types, values) == data
    except (DecodingError, UnicodeError, OverflowError):
        canonical = False
    if not canonical:
        raise NotCanonical(f"{len(data)} bytes that do not encode ({','.join(types)})")
    return tuple(_checksummed(value, type_) for value, type_ in zip(values, types, strict=True))


def _checksummed(value: Any, type_: str) -> Any:
    if type_ == "address":
        return parse_address(value)
    if type_.endswith("]"):
        item = type_[: type_.rindex("[")]
        return tuple(_checksummed(part, item) for part in value)
    if type_.startswith("("):
        return tuple(map(_checksummed, value, split_types(type_[1:-1])))
    return value
