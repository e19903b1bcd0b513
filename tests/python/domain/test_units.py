"""Units convert exactly or refuse: every round trip holds, and every near miss is named."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fabricant.domain import units
from fabricant.domain.units import (
    BaseUnits,
    Bps,
    HourIndex,
    Seconds,
    Token,
    UnixSeconds,
    address_from_bytes,
    bps_ceil,
    bps_floor,
    format_amount,
    format_bps,
    format_duration,
    format_time,
    hour_of,
    parse_address,
    parse_bps,
    parse_decimal,
    parse_duration,
    parse_time,
    printable,
    start_of,
    to_base_units,
    to_whole,
)
from fabricant.errors import InvalidInput

CHECKSUMMED = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"  # an example of EIP-55

amounts = st.integers(0, 2**256 - 1).map(BaseUnits)
decimals = st.integers(0, 77)


@pytest.mark.parametrize("spelling", [CHECKSUMMED, CHECKSUMMED.lower(), "0x" + CHECKSUMMED[2:].upper()])
def test_f106_an_address_in_one_case_or_with_its_checksum_is_normalised(spelling: str) -> None:
    assert parse_address(spelling) == CHECKSUMMED


@pytest.mark.parametrize(
    "wrong",
    [
        CHECKSUMMED.replace("aA", "Aa"),
        CHECKSUMMED[:-1],
        CHECKSUMMED + "0",
        CHECKSUMMED[2:],
        "0X" + CHECKSUMMED[2:],
        CHECKSUMMED + "\n",
        " " + CHECKSUMMED,
        CHECKSUMMED.replace("0x5", "0x٥"),
        "XE7338O073KYGTWWZN0F2WZ0R8PX5ZPPZS",
        "supplier.eth",
        "0x",
        "",
        "\u202e" + CHECKSUMMED,
    ],
)
def test_f106_anything_else_is_no_address(wrong: str) -> None:
    with pytest.raises(InvalidInput):
        parse_address(wrong)


@given(st.binary(min_size=20, max_size=20), st.integers(2, 41))
def test_f106_one_digit_in_the_other_case_breaks_the_checksum(raw: bytes, position: int) -> None:
    address = address_from_bytes(raw)
    assert parse_address(address) == address
    flipped = address[:position] + address[position].swapcase() + address[position + 1 :]
    if flipped != address and flipped[2:] not in (flipped[2:].lower(), flipped[2:].upper()):
        with pytest.raises(InvalidInput, match="checksum"):
            parse_address(flipped)


def test_an_address_of_another_length_than_20_bytes_is_refused() -> None:
    with pytest.raises(InvalidInput, match="not 32"):
        address_from_bytes(bytes(32))


@given(amounts, decimals)
def test_f018_amounts_survive_the_way_to_text_and_back(amount: BaseUnits, places: int) -> None:
    assert to_base_units(to_whole(amount, places), places) == amount
    assert to_base_units(parse_decimal(format_amount(amount, places)), places) == amount


@given(amounts.filter(lambda amount: amount % 10), st.integers(0, 76))
def test_f018_an_amount_with_a_place_too_many_is_refused_not_rounded(amount: BaseUnits, places: int) -> None:
    with pytest.raises(InvalidInput, match="decimal places"):
        to_base_units(to_whole(amount, places + 1), places)


@pytest.mark.parametrize(
    ("whole", "places", "base"),
    [
        ("1250.50", 6, 1_250_500_000),
        ("0", 18, 0),
        ("0.000", 2, 0),
        ("7", 0, 7),
        ("1", 77, 10**77),
        ("1.10", 1, 11),
    ],
)
def test_amounts_are_exact(whole: str, places: int, base: int) -> None:
    assert to_base_units(parse_decimal(whole), places) == base


@pytest.mark.parametrize(
    "text",
    ["", "1e3", "-1", "+1", "1,5", "1_000", "NaN", "Infinity", ".5", "5.", "1 ", "١", "0x1", "9" * 157],
)
def test_only_plain_decimal_numbers_are_amounts(text: str) -> None:
    with pytest.raises(InvalidInput):
        parse_decimal(text)


@pytest.mark.parametrize(
    "number", ["-0.01", "NaN", "Infinity", "-Infinity", "1E+9999999", "1E-9999999", "1" * 200]
)
def test_a_number_that_no_amount_can_be_is_refused(number: str) -> None:
    with pytest.raises(InvalidInput):
        to_base_units(Decimal(number), 18)


def test_the_largest_amount_is_the_largest_uint256() -> None:
    assert to_base_units(Decimal(2**256 - 1), 0) == 2**256 - 1
    with pytest.raises(InvalidInput, match="more than any"):
        to_base_units(Decimal(2**256), 0)


def test_a_token_reads_and_writes_its_own_amounts() -> None:
    token = Token(parse_address(CHECKSUMMED), "USDT\u202e", 6)
    assert token.parse("1250.5") == 1_250_500_000
    assert token.format(BaseUnits(1_250_500_000)) == "1250.50 USDT\\u202e"
    with pytest.raises(InvalidInput, match="78 decimals"):
        Token(token.address, "BAD", 78)


@given(amounts, st.integers(0, 10_000).map(Bps))
def test_floor_and_ceiling_of_a_share_differ_by_the_remainder_alone(amount: BaseUnits, share: Bps) -> None:
    below, above = bps_floor(amount, share), bps_ceil(amount, share)
    assert below * 10_000 <= amount * share <= above * 10_000
    assert above - below == (amount * share % 10_000 > 0)


@given(st.integers(0, 10_000).map(Bps))
def test_a_share_survives_the_way_to_text_and_back(share: Bps) -> None:
    assert parse_bps(format_bps(share)) == share == parse_bps(f"{share} bps")


@pytest.mark.parametrize("text", ["100.01 %", "10001 bps", "1.005 %", "2.5 bps", "-1 %", "5", "% 5"])
def test_no_share_beyond_the_whole_or_finer_than_a_basis_point(text: str) -> None:
    with pytest.raises(InvalidInput):
        parse_bps(text)


@given(st.integers(0, 253_402_300_799).map(UnixSeconds))
def test_times_survive_the_way_to_text_and_back(time: UnixSeconds) -> None:
    assert parse_time(format_time(time)) == time


@pytest.mark.parametrize(
    "text",
    ["2026-11-20T14:00Z", "2026-11-20 14:00 UTC", "2026-11-20T15:00+01:00", "2026-11-20T08:30:00-05:30"],
)
def test_one_moment_has_many_spellings(text: str) -> None:
    assert parse_time(text) == 1_795_183_200
    assert format_time(UnixSeconds(1_795_183_200)) == "2026-11-20 14:00 UTC"


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-20",
        "2026-11-20T14:00",
        "2026-02-30T00:00Z",
        "2026-11-20T14:00:00.5Z",
        "1969-12-31T23:59Z",
        "now",
        "20-11-2026 14:00 UTC",
        "2026-11-20T14:00Z\n",
    ],
)
def test_a_time_without_offset_or_off_the_calendar_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput):
        parse_time(text)


def test_a_time_beyond_any_calendar_still_shows() -> None:
    assert format_time(units.MAX_TIME) == "1099511627775 s after 1970 (beyond any calendar)"


@given(st.integers(0, units.MAX_TIME).map(UnixSeconds))
def test_an_hour_begins_within_the_hour_before(time: UnixSeconds) -> None:
    assert start_of(hour_of(time)) <= time < start_of(HourIndex(hour_of(time) + 1))


@given(st.integers(0, 2**32 - 1).map(Seconds))
def test_durations_survive_the_way_to_words_and_back(duration: Seconds) -> None:
    assert parse_duration(format_duration(duration)) == duration


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("3 days", 259_200),
        ("48 h", 172_800),
        ("1 day 12 hours", 129_600),
        ("90min", 5_400),
        ("2 weeks", 1_209_600),
        ("0 s", 0),
    ],
)
def test_durations_in_words(text: str, seconds: int) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize(
    "text",
    [
        "",
        "3",
        "days",
        "3 months",
        "-1 h",
        "1.5 h",
        "1 h 2 h",
        "1 h 1 hours",
        "9999999999 d",
        "3 days\n",
        "1  h",
    ],
)
def test_no_duration_is_guessed(text: str) -> None:
    with pytest.raises(InvalidInput):
        parse_duration(text)


@pytest.mark.parametrize(
    ("hostile", "shown"),
    [
        ("Müller & Söhne 株式会社", "Müller & Söhne 株式会社"),
        ("a\x00b\r\n\tc\x1b[31m", "a\\x00b\\x0d\\x0a\\x09c\\x1b[31m"),
        ("invoice\u202efdp.exe", "invoice\\u202efdp.exe"),
        ("zero\u200bwidth\ufeff", "zero\\u200bwidth\\ufeff"),
        ("line\u2028break\xa0", "line\\u2028break\\xa0"),
        ("\ud800", "\\ud800"),
        ("\U000e0041\u3164", "\\U000e0041\\u3164"),
        ("e\u0301\u0301\u0301", "e\u0301\u0301\\u0301"),
        (b"caf\xc3\xa9 \xff", "café \\xff"),
    ],
)
def test_f107_hostile_text_is_shown_inert(hostile: str | bytes, shown: str) -> None:
    assert printable(hostile) == shown


def test_f107_a_megabyte_is_cut_and_counted() -> None:
    assert printable("x" * 1_000_000, 10) == "xxxxxxxxxx… (999990 more)"


@given(st.text() | st.binary())
def test_f107_whatever_comes_is_one_printable_encodable_line(text: str | bytes) -> None:
    shown = printable(text)
    assert shown.isprintable()
    assert shown.encode() is not None
