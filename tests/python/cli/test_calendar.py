"""Calendars of machines on the command line: a chart, the lines behind it, files for other programs."""

from pathlib import Path
from xml.etree import ElementTree as ET

from icalendar import Calendar

from tests.python.cli.market import Market, when

HOURS = ("--hours", "2027-01-11 06:00 to 14:00", "--zone", "Europe/Berlin")
WEEK = ("--from", "2027-01-11", "--zone", "Europe/Berlin")


def test_calendar_shows_a_week_in_local_time(trade: Market) -> None:
    trade.book(trade.offer())
    block = ("--hours", "2027-01-12 to 2027-01-13 22:00 to 02:00", "--zone", "Europe/Berlin")
    trade.do("calendar", "block", "NMW-0417", *block, "--reason", "spindle", by="supplier")

    week = ("calendar", "show", trade.machine, "--from", "2027-01-11", "--zone", "Europe/Berlin")
    lines = trade.text(*week).splitlines()

    assert lines[1] == "Mon 2027-01-11 ······BBBBBBBB··········"
    assert lines[2] == "Tue 2027-01-12 ······················xx"
    assert lines[3] == "Wed 2027-01-13 xx····················xx"
    assert lines[4] == "Thu 2027-01-14 xx······················"
    seen = trade.see(*week)
    assert (len(seen["booked"]), len(seen["blocked"])) == (8, 8)


def test_blocked_hours_are_not_sold_until_they_are_unblocked(trade: Market) -> None:
    offer = trade.offer()
    trade.do("calendar", "block", trade.machine, *HOURS, by="supplier")
    assert trade.refused("book", offer, *HOURS, by="buyer").error == "HoursTaken"
    stranger = ("calendar", "unblock", trade.machine, *HOURS)
    assert trade.refused(*stranger, by="stranger").error == "CapacityMarket_NotSeller"

    trade.do(*stranger, by="supplier")

    trade.book(offer)


def test_each_booking_is_shown_with_its_line(trade: Market) -> None:
    offer = trade.offer()
    first = trade.book(offer)["line"]
    second = trade.book(offer, hours="2027-01-11 14:00 to 16:00")["line"]

    seen = trade.see("calendar", trade.machine, *WEEK)["entries"]
    assert [(entry["use"], entry["line"]) for entry in seen] == [("booked", first), ("booked", second)]
    assert when(seen[1]["from"]) == "2027-01-11 13:00"
    told = trade.text("calendar", trade.machine, *WEEK)
    assert f"B Mon 2027-01-11 14:00 to Mon 2027-01-11 16:00 CET (2 h)  line {second[:10]}" in told


def test_hours_that_a_line_kept_are_shown_with_the_later_one(trade: Market) -> None:
    line = trade.book(trade.offer())["line"]
    change = ("order", "propose", "reschedule", line, "--price", "960", "--work-in-progress", "0")
    proposed = trade.do(*change, by="supplier")
    later = trade.do("order", "send", proposed["file"], by="buyer")["line"]

    (entry,) = trade.see("calendar", trade.machine, *WEEK)["entries"]
    assert entry["line"] == later != line


def test_a_calendar_is_exported_for_other_programs(trade: Market) -> None:
    line = trade.book(trade.offer())["line"]
    trade.see("calendar", trade.machine, *WEEK, "--ical", "week.ics", "--svg", "week.svg")

    (event,) = Calendar.from_ical(Path("week.ics").read_bytes()).walk("VEVENT")
    assert (event["SUMMARY"], event["DESCRIPTION"]) == ("NMW-0417 booked", f"Order line {line}")
    drawn = ET.fromstring(Path("week.svg").read_text())  # noqa: S314 - our own
    assert len(drawn.findall(".//*[@class='booked']")) == 8
    again = trade.refused("calendar", trade.machine, *WEEK, "--ical", "week.ics", by="stranger", yes=False)
    assert (again.code, again.error) == (2, "InvalidInput")


def test_without_a_date_the_week_begins_today(trade: Market) -> None:
    lines = trade.text("calendar", trade.machine, "--zone", "UTC", "--days", "2").splitlines()
    assert [line[:14] for line in lines[1:]] == ["Mon 2027-01-04", "Tue 2027-01-05"]
