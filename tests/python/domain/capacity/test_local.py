"""Hours as people say them."""

import pytest

from fabricant.domain.capacity.local import (
    joined,
    local_spans,
    parse_local_hours,
    parse_zone,
)
from fabricant.errors import InvalidInput

BERLIN = parse_zone("Europe/Berlin")


def spans(text: str) -> list[str]:
    """The hours of a text, in UTC."""
    return parse_local_hours(text, BERLIN).lines()


@pytest.mark.parametrize(
    ("text", "hours"),
    [
        ("2027-01-11 06:00 to 14:00", ["2027-01-11 05:00 UTC to 2027-01-11 13:00 UTC (8 h)"]),
        ("2027-07-12 06:00 to 14:00", ["2027-07-12 04:00 UTC to 2027-07-12 12:00 UTC (8 h)"]),
        ("2027-01-11 22:00 to 06:00", ["2027-01-11 21:00 UTC to 2027-01-12 05:00 UTC (8 h)"]),
        ("2027-01-11 22:00 to 2027-01-13 06:00", ["2027-01-11 21:00 UTC to 2027-01-13 05:00 UTC (32 h)"]),
        (
            "2027-01-11 to 2027-01-12, 06:00 to 14:00",
            [
                "2027-01-11 05:00 UTC to 2027-01-11 13:00 UTC (8 h)",
                "2027-01-12 05:00 UTC to 2027-01-12 13:00 UTC (8 h)",
            ],
        ),
        ("2027-03-27 22:00 to 06:00", ["2027-03-27 21:00 UTC to 2027-03-28 04:00 UTC (7 h)"]),
        ("2027-10-30 22:00 to 06:00", ["2027-10-30 20:00 UTC to 2027-10-31 05:00 UTC (9 h)"]),
        ("2027-01-11T06:00+01:00/8 h", ["2027-01-11 05:00 UTC to 2027-01-11 13:00 UTC (8 h)"]),
    ],
)
def test_f076_local_hours_are_hours_of_utc(text: str, hours: list[str]) -> None:
    assert spans(text) == hours


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("2027-02-29 06:00 to 14:00", "are no hours"),
        ("2027-01-11 06:30 to 14:00", "not on a full hour"),
        ("2027-01-11 24:00 to 06:00", "are no hours"),
        ("2027-03-28 02:00 to 06:00", "twice or never"),
        ("2027-10-31 02:00 to 06:00", "twice or never"),
        ("2027-01-12 06:00 to 2027-01-11 06:00", "are no hours to book"),
        ("2027-01-11 6:00 to 14:00", "write them like"),
        ("11.1.2027 06:00 to 14:00", "write them like"),
        ("", "write them like"),
        ("٢٠٢٧-01-11 06:00 to 14:00", "write them like"),
    ],
)
def test_what_are_no_hours_is_refused(text: str, told: str) -> None:
    with pytest.raises(InvalidInput, match=told):
        parse_local_hours(text, BERLIN)


def test_local_hours_need_a_zone() -> None:
    with pytest.raises(InvalidInput, match="has no time zone"):
        parse_local_hours("2027-01-11 06:00 to 14:00", None)


@pytest.mark.parametrize("name", ["", "Mars/Base", "../../etc/passwd", "/etc/localtime", "Europe/Berlin\0"])
def test_what_is_no_zone_is_refused(name: str) -> None:
    with pytest.raises(InvalidInput, match="there is no time zone"):
        parse_zone(name)


def test_hours_are_joined_unless_one_is_named_twice() -> None:
    first, second = (parse_local_hours(f"2027-01-1{day} 06:00 to 14:00", BERLIN) for day in (1, 2))

    assert joined([second, first]).count == 16
    with pytest.raises(InvalidInput, match="named twice"):
        joined([first, first])


def test_spans_are_shown_in_local_time() -> None:
    pattern = parse_local_hours("2027-01-11 06:00 to 14:00", BERLIN)

    assert local_spans(pattern, BERLIN) == ["Mon 2027-01-11 06:00 to Mon 2027-01-11 14:00 CET (8 h)"]
