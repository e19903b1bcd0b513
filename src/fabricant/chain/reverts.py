"""How a contract's refusal becomes a Python exception.

A contract reverts with a selector and arguments; each declared error is a subclass of `ContractError` whose
name is the Solidity error's name, whose fields are its arguments, and whose sentence says what happened.
Decoding is strict: data that is not exactly one declared error, encoded as the compiler encodes it, is an
`UnknownContractError` that keeps every byte. `fabricant.chain.errors` declares them all:

    class SupplierEscrow_NotBuyer(
        ContractError, types="bytes32,address", says="line {id}: {caller} may not act for the buyer"
    ):
        id: LineId
        caller: Address

In `says`, a field can name how it reads: {at:time}, {length:duration}, {hour:hour}, {share:bps}, {id:asset},
{mask:bits}, {number:condition}, {id:full}, {token:token}, {status:standing}, {flags:flags}, {unit:unit}.
"""

import inspect
from collections.abc import Callable, Mapping
from enum import Enum
from string import Formatter
from typing import Any, ClassVar, Final, Self, dataclass_transform, get_type_hints

from fabricant.chain.abi import decode_strictly, selector, split_types
from fabricant.domain.assets import AssetFlag
from fabricant.domain.escrow import Status
from fabricant.domain.escrow.conditions import field_name
from fabricant.domain.typed_data import as_hinted
from fabricant.domain.units import (
    COIN_NAME,
    ZERO_ADDRESS,
    format_bps,
    format_duration,
    format_time,
    printable,
    start_of,
)
from fabricant.errors import ChainError


@dataclass_transform(kw_only_default=True, frozen_default=True, eq_default=False)
class ContractError(ChainError):
    """A contract refused the call; nothing changed. Catch the subclass for one error, this class for any."""

    signature: ClassVar[str] = ""
    selector: ClassVar[bytes] = b""

    _types: ClassVar[tuple[str, ...]] = ()
    _says: ClassVar[str] = ""
    _fields: ClassVar[tuple[str, ...]] = ()

    def __init_subclass__(cls, *, types: str | None = None, says: str, name: str | None = None) -> None:
        """Declares an error. `types`: its ABI types; None for an error that no selector leads to."""
        super().__init_subclass__()
        cls._says, cls._fields = says, tuple(inspect.get_annotations(cls))
        cls.__doc__ = cls.__doc__ or says
        if types is not None:
            cls._types = split_types(types)
            cls.signature = f"{name or cls.__name__}({','.join(cls._types)})"
            cls.selector = selector(cls.signature)
            if len(cls._types) != len(cls._fields) or cls.selector in _declared:
                raise TypeError(f"{cls.signature} needs one field for each type, and to be declared once")
            _declared[cls.selector] = cls

    def __init__(self, **arguments: object) -> None:
        if arguments.keys() != set(self._fields):
            raise TypeError(f"{type(self).__name__} takes exactly {', '.join(self._fields) or 'nothing'}")
        self.__dict__.update(arguments)
        super().__init__(_words.vformat(self._sentence(arguments), (), arguments))

    @classmethod
    def _sentence(cls, arguments: Mapping[str, object]) -> str:  # noqa: ARG003 - for errors with several
        """What these arguments mean; an error that has more than one meaning overrides it."""
        return cls._says

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """The error with these encoded arguments (no selector). Raises ValueError if they are not its own."""
        hints = get_type_hints(cls)
        values = decode_strictly(cls._types, data)
        return cls(
            **{name: as_hinted(value, hints[name]) for name, value in zip(cls._fields, values, strict=True)}
        )

    @property
    def arguments(self) -> dict[str, object]:
        """The error's arguments by name, in the contract's order."""
        return {name: self.__dict__[name] for name in self._fields}

    def __setattr__(self, name: str, value: object) -> None:
        if name in self._fields:
            raise AttributeError(f"{type(self).__name__}.{name} is what the contract said")
        super().__setattr__(name, value)

    def __reduce__(self) -> tuple[Callable[..., "ContractError"], tuple[type, dict[str, object]]]:
        return _rebuild, (type(self), self.arguments)


_declared: Final[dict[bytes, type[ContractError]]] = {}


def _rebuild(declared: type[ContractError], arguments: Mapping[str, object]) -> ContractError:
    return declared(**arguments)


class UnknownContractError(ContractError, says="the contract refused with an undeclared error, {data:full}"):
    """Revert data that is no declared error. `data` is all of it; empty when the contract gave no reason."""

    data: bytes


class RevertedWithReason(ContractError, name="Error", types="string", says="the contract refused: {reason}"):
    """A plain `require` or `revert` with a text."""

    reason: str


class Panicked(ContractError, name="Panic", types="uint256", says="the contract hit a defect: {code:panic}"):
    """A check that the compiler put in failed: overflow, division by zero, index out of bounds."""

    code: int


def decode_revert(data: bytes) -> ContractError:
    """The error that a contract reverted with. Never raises: what is not exactly declared is unknown."""
    declared = _declared.get(data[:4])
    try:
        return declared.decode(data[4:]) if declared else UnknownContractError(data=data)
    except ValueError:  # NotCanonical, or a number outside its enumeration
        return UnknownContractError(data=data)


def declared_errors() -> dict[str, type[ContractError]]:
    """All declared errors by signature."""
    return {declared.signature: declared for declared in _declared.values()}


_PANICS: Final = {
    0x01: "an assertion failed",
    0x11: "a number overflowed",
    0x12: "a division by zero",
    0x21: "a value outside its enumeration",
    0x22: "storage is corrupt",
    0x31: "an empty array was popped",
    0x32: "an index is out of bounds",
    0x41: "too much memory was asked for",
    0x51: "an uninitialised function was called",
}
_STANDINGS: Final = {
    Status.NONE: "not open",
    Status.OPEN: "open, and nothing was delivered yet",
    Status.DELIVERED: "delivered, and not accepted or rejected yet",
    Status.RETAINED: "accepted, and its retention is still held",
    Status.DISPUTED: "in dispute",
}
_SHORT: Final = 4  # bytes of an id that are shown


class _Words(Formatter):
    """Formats the arguments of an error for people."""

    def format_field(self, value: Any, format_spec: str) -> str:
        """An argument as its reading says; without one, as its type is written."""
        if format_spec:
            return _READINGS[format_spec](value)
        match value:
            case bytes():
                return f"0x{value[:_SHORT].hex()}…" if len(value) > 2 * _SHORT else f"0x{value.hex()}"
            case Enum():
                return str(value.name)
            case str():
                return printable(value)
            case _:
                return str(value)


_READINGS: Final[dict[str, Callable[[Any], str]]] = {
    "time": format_time,
    "duration": format_duration,
    "hour": lambda hour: format_time(start_of(hour)),
    "bps": format_bps,
    "asset": lambda asset: f"0x{asset >> 8 * (32 - _SHORT):0{2 * _SHORT}x}…",
    "bits": lambda word: str(word.bit_count()),
    "condition": field_name,
    "token": lambda token: COIN_NAME if token == ZERO_ADDRESS else str(token),
    "standing": lambda status: _STANDINGS.get(status) or Status(status).name.lower(),
    "full": lambda data: f"0x{data.hex()}" if data else "no data",
    "flags": lambda flags: ", ".join(str(flag.name).lower() for flag in AssetFlag(flags)) or "not locked",
    "unit": lambda unit: unit.rstrip(b"\0").decode("ascii", "backslashreplace") or "pieces",
    "panic": lambda code: _PANICS.get(code, f"panic {code:#x}"),
}
_words: Final = _Words()
