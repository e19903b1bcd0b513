"""Numbers, times, addresses and texts, with one meaning each.

Inside Fabricant money is whole base units, time is Unix seconds, and an address carries its checksum;
decimals, ISO times and free text exist only at the edge, and this module is that edge. Every conversion is
exact or refused: nothing is rounded unless the function's name says in which direction. Text from files or
from the chain is data, and `printable` makes it safe to show.
"""

import re
import unicodedata
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Final, NewType

from eth_utils.address import to_checksum_address

from fabricant.errors import InvalidInput

BaseUnits = NewType("BaseUnits", int)  # 10**decimals to the whole token; never float
UnixSeconds = NewType("UnixSeconds", int)
Seconds = NewType("Seconds", int)  # a duration
HourIndex = NewType("HourIndex", int)  # Unix seconds // 3600
Bps = NewType("Bps", int)  # 1 bps = 0.01 %; never above 10,000
Address = NewType("Address", str)  # 0x and 40 hex digits, with the EIP-55 checksum

NOTHING: Final = BaseUnits(0)
ZERO_ADDRESS: Final = Address("0x" + "0" * 40)
COIN_NAME: Final = "coin"  # what people call the chain's own, which has the zero address
MAX_BPS: Final = Bps(10_000)
MAX_TIME: Final = UnixSeconds(2**40 - 1)  # uint40 on chain
MAX_DURATION: Final = Seconds(2**32 - 1)  # uint32 on chain
MAX_DECIMALS: Final = 77  # 10**77 is the largest power of ten in a uint256
HOUR: Final = Seconds(3600)

_DIGITS: Final = 78  # of 2**256 - 1


# Addresses


def parse_address(text: str) -> Address:
    """The address that `text` spells. Accepts one case throughout, or a mixed case whose checksum holds.

    Raises InvalidInput for everything else: a wrong checksum, a missing digit, ICAP, names.
    """
    if not re.fullmatch(r"0x[0-9a-fA-F]{40}", text):
        raise InvalidInput(f"{printable(text, 60)!r} is not an address; write 0x and 40 hex digits")
    address = _checksummed(text)
    digits = text[2:]
    if address != text and digits not in (digits.lower(), digits.upper()):
        raise InvalidInput(f"{text} has a wrong checksum: at least one digit is mistyped; copy it again")
    return address


def address_from_bytes(raw: bytes) -> Address:
    """The address that these 20 bytes are."""
    if len(raw) != 20:
        raise InvalidInput(f"an address has 20 bytes, not {len(raw)}")
    return _checksummed(raw)


@lru_cache(maxsize=4096)  # the same few addresses are in very many events
def _checksummed(address: str | bytes) -> Address:
    return Address(to_checksum_address(address))


def address_word(address: Address) -> bytes:
    """An address as the ABI and events write it: a word of 32 bytes."""
    return bytes.fromhex(address[2:]).rjust(32, b"\0")


# Money


@dataclass(frozen=True, slots=True)
class Token:
    """A currency. `address` zero is the chain's own coin; `symbol` is text from the chain, for display."""

    address: Address
    symbol: str
    decimals: int

    def __post_init__(self) -> None:
        if not 0 <= self.decimals <= MAX_DECIMALS:
            raise InvalidInput(
                f"token {self.address} has {self.decimals} decimals; at most {MAX_DECIMALS} can be"
            )

    @property
    def argument(self) -> str:
        """How people name it to a command: its address, or "coin"."""
        return COIN_NAME if self.address == ZERO_ADDRESS else self.address

    def parse(self, text: str) -> BaseUnits:
        """Base units of a whole-token amount such as "1250.50"."""
        return to_base_units(parse_decimal(text), self.decimals)

    def format(self, amount: BaseUnits) -> str:
        """The amount in whole tokens with the symbol: "1250.50 USDT"."""
        return f"{format_amount(amount, self.decimals)} {printable(self.symbol, 16)}"


def parse_decimal(text: str) -> Decimal:
    """A plain non-negative decimal number: digits, at most one point, no sign, exponent or grouping."""
    if len(text) > 2 * _DIGITS or not re.fullmatch(r"[0-9]+(\.[0-9]+)?", text):
        raise InvalidInput(f"{printable(text, 60)!r} is not an amount; write it like 1250.50, from 0 up")
    return Decimal(text)


def to_base_units(whole: Decimal, decimals: int) -> BaseUnits:
    """Exact base units of `whole` tokens. Refuses to lose a digit; refuses what exceeds 256 bits."""
    sign, digits, exponent = whole.as_tuple()
    if not isinstance(exponent, int) or len(digits) > 2 * _DIGITS or (sign and any(digits)):
        raise InvalidInput(f"{printable(str(whole), 60)} is not an amount; it must be a number from zero up")
    significand = int("".join(map(str, digits)))
    if significand == 0:
        return BaseUnits(0)
    shift = exponent + decimals
    if shift > _DIGITS:
        raise InvalidInput(f"{whole} is more than any token amount can be")
    divisor = 10 ** min(max(-shift, 0), len(digits))
    amount, lost = divmod(significand * 10 ** max(shift, 0), divisor)
    if lost:
        raise InvalidInput(f"{whole} has more decimal places than the token's {decimals}; round it yourself")
    if amount >= 2**256:
        raise InvalidInput(f"{whole} is more than any token amount can be")
    return BaseUnits(amount)


def to_whole(amount: BaseUnits, decimals: int) -> Decimal:
    """Exact whole tokens of `amount` base units, with every decimal place of the token."""
    digits = tuple(map(int, str(abs(amount))))
    return Decimal((int(amount < 0), digits, -decimals))


def format_amount(amount: BaseUnits, decimals: int) -> str:
    """Whole tokens as plain text, two places if the token has them; `parse_decimal` reads it back."""
    whole, _, places = f"{to_whole(amount, decimals):f}".partition(".")
    places = places.rstrip("0").ljust(min(2, decimals), "0")
    return f"{whole}.{places}" if places else whole


# Shares


def bps(share: int) -> Bps:
    """Checks that a share lies between 0 and 10,000 bps."""
    if not 0 <= share <= MAX_BPS:
        raise InvalidInput(f"a share lies between 0 and {MAX_BPS} bps (100 %), not {share}")
    return Bps(share)


def bps_floor(amount: BaseUnits, share: Bps) -> BaseUnits:
    """The share of an amount, rounded down to the base unit."""
    return BaseUnits(amount * share // MAX_BPS)


def bps_ceil(amount: BaseUnits, share: Bps) -> BaseUnits:
    """The share of an amount, rounded up to the base unit."""
    return BaseUnits(-(-amount * share // MAX_BPS))


def parse_bps(text: str) -> Bps:
    """A share such as "2.5 %" or "250 bps"."""
    match = re.fullmatch(r"([0-9]{1,5}(?:\.[0-9]{1,2})?) ?(%|bps)", text)
    if match is None or (match[2] == "bps" and "." in match[1]):
        raise InvalidInput(f"{printable(text, 60)!r} is not a share; write it like 2.5 % or 250 bps")
    return bps(int(match[1]) if match[2] == "bps" else to_base_units(Decimal(match[1]), 2))


def format_bps(share: Bps) -> str:
    """A share in percent: "2.5 %"."""
    percent = f"{to_whole(BaseUnits(share), 2):f}"
    return percent.rstrip("0").rstrip(".") + " %"


# Time


def parse_time(text: str) -> UnixSeconds:
    """Unix seconds of an ISO 8601 time, such as "2026-11-20T14:00Z" or "2026-11-20 14:00 UTC".

    Raises InvalidInput for a time with fractions or without an offset: that differs from place to place.
    """
    iso = re.sub(r" ?UTC$", "Z", text)
    if not re.fullmatch(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?(Z|[+-]\d\d:\d\d)", iso, re.ASCII):
        raise InvalidInput(
            f"{printable(text, 60)!r} is not a time; write it with its offset: 2026-11-20T14:00Z"
        )
    try:
        moment = datetime.fromisoformat(iso)
        seconds = (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(seconds=1)
    except ValueError as wrong:
        raise InvalidInput(f"{text} is not a time: {wrong}") from None
    if seconds < 0:
        raise InvalidInput(f"{text} lies before 1970, where the chain's time begins")
    return UnixSeconds(seconds)


def format_time(time: UnixSeconds) -> str:
    """A time for people, in UTC: "2026-11-20 14:00 UTC". `parse_time` reads it back, up to the year 9999."""
    try:
        moment = datetime.fromtimestamp(time, UTC)
    except (ValueError, OverflowError, OSError):
        return f"{time} s after 1970 (beyond any calendar)"
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC" if moment.second else f"{moment:%Y-%m-%d %H:%M} UTC"


def hour_of(time: UnixSeconds) -> HourIndex:
    """The hour that a moment lies in."""
    return HourIndex(time // HOUR)


def start_of(hour: HourIndex) -> UnixSeconds:
    """The first second of an hour."""
    return UnixSeconds(hour * HOUR)


_UNITS: Final = {"week": 604_800, "day": 86_400, "hour": 3600, "minute": 60, "second": 1}
_SHORT: Final = {"w": "week", "d": "day", "h": "hour", "min": "minute", "s": "second"}


def parse_duration(text: str) -> Seconds:
    """Seconds of a duration in words or short: "3 days", "48 h", "1 day 12 hours", "90min"."""
    parts = re.findall(r"([0-9]{1,10}) ?([a-z]+)", text)
    names = [_SHORT.get(unit, unit.removesuffix("s")) for _, unit in parts]
    well_formed = re.fullmatch(r"[0-9]{1,10} ?[a-z]+( [0-9]{1,10} ?[a-z]+)*", text)
    if not well_formed or len(set(names)) < len(names) or not set(names) <= _UNITS.keys():
        raise InvalidInput(f"{printable(text, 60)!r} is not a duration; write it like 3 days or 1 day 12 h")
    seconds = sum(int(count) * _UNITS[name] for (count, _), name in zip(parts, names, strict=True))
    if seconds > MAX_DURATION:
        raise InvalidInput(f"{text} is too long; the longest period is {format_duration(MAX_DURATION)}")
    return Seconds(seconds)


def format_duration(duration: Seconds) -> str:
    """A duration in words, exact: "2 days 3 hours". `parse_duration` reads it back."""
    words, rest = [], int(duration)
    for name, size in list(_UNITS.items())[1:]:
        count, rest = divmod(rest, size)
        if count:
            words.append(f"{count} {name}{'s' if count > 1 else ''}")
    return " ".join(words) or "0 seconds"


# Text

_INVISIBLE: Final = frozenset("\u115f\u1160\u2800\u3164\uffa0")  # letters and symbols that show nothing
_MARKS_IN_A_ROW: Final = 2  # enough for any living script's spelling; more of them climb over other lines


def count_of(number: int, what: str) -> str:
    """How many of something, in the singular or the plural: "1 hour", "2,000 hours"."""
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def printable(text: str | bytes, most: int = 200) -> str:
    """Foreign text, safe for a terminal, a log or a table: one line, at most about `most` characters.

    Controls, direction overrides, invisible and unassigned characters, odd spaces and lone surrogates show as
    escapes such as \\u202e; bytes that are not UTF-8 as \\xff; what is cut off is counted.
    """
    length = len(text)
    head = text[:most].decode("utf-8", "backslashreplace") if isinstance(text, bytes) else text[:most]
    safe, marks = [], 0
    for character in head:
        category = unicodedata.category(character)
        marks = marks + 1 if category[0] == "M" else 0
        harmless = category[0] not in "CZ" and character not in _INVISIBLE and marks <= _MARKS_IN_A_ROW
        safe.append(character if harmless or character == " " else _escape(character))
    cut = f"… ({length - most} more)" if length > most else ""
    return "".join(safe) + cut


def _escape(character: str) -> str:
    code = ord(character)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
