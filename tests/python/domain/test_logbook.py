"""What counts in a logbook and what can't be believed; that a correction never erases anything."""

import pytest
from eth_utils.crypto import keccak
from hypothesis import given
from hypothesis import strategies as st

from fabricant.domain.canonical import canonical_json
from fabricant.domain.logbook import (
    FORMAT,
    LARGEST_DOCUMENT,
    Backwards,
    Content,
    DocumentAltered,
    DocumentMalformed,
    DocumentMissing,
    Entry,
    FalseCorrection,
    ForeignLimit,
    Logbook,
    Meter,
    OtherUnit,
    Reading,
    Right,
    Unreadable,
    find_document,
)
from fabricant.errors import InvalidInput
from tests.support.logbooks import CYCLES, at, book, entry, limit

MILES = Meter("odometer", "SMI")
KILOMETRES = Meter("odometer", "KMT")

meters = st.builds(
    Meter, st.from_regex(r"[a-z][a-z0-9-]{0,39}", fullmatch=True), st.sampled_from(["B7", "KMT"])
)
readings = st.none() | st.builds(Reading, meters, st.integers(0, 2**53 - 1))
contents = st.builds(
    Content, work=st.text(st.characters(exclude_categories=["Cs"])), reading=readings, limit=readings
)


def showing(meter: Meter, value: int) -> Content:
    """A reading."""
    return Content(work="service", reading=Reading(meter, value))


def standing(read: Logbook) -> list[int]:
    """The numbers of the entries that count, in the order in which they count."""
    return [each.number for _, each in read.in_force()]


# Documents


@given(contents)
def test_a_document_is_read_as_it_was_written(content: Content) -> None:
    assert Content.parse(content.serialise()) == content


READING = {"meter": {"name": "cycles", "unit": "B7"}, "value": 7}
GOOD = {"format": FORMAT, "reading": READING, "work": "read"}


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff",
        b"[" * 50_000,
        canonical_json({**GOOD, "format": "fabricant-log-entry/2"}),
        canonical_json({**GOOD, "more": 1}),
        canonical_json({"format": FORMAT}),
        canonical_json({**GOOD, "reading": {**READING, "value": -1}}),
        canonical_json({**GOOD, "reading": {**READING, "value": True}}),
        canonical_json({**GOOD, "reading": {**READING, "value": "7"}}),
        canonical_json({**GOOD, "reading": {**READING, "meter": {"name": "cycles\n", "unit": "B7"}}}),
        canonical_json({**GOOD, "reading": {**READING, "meter": {"name": "cycles", "unit": "cycle"}}}),
        canonical_json(GOOD).replace(b"7}", b"7.0}"),
        canonical_json(GOOD).replace(b"7}", b"9007199254740992}"),
        canonical_json(GOOD).replace(b'"value":7', b'"value":9,"value":7'),
        canonical_json(GOOD).replace(b'"read"', rb'"\ud800"'),
        canonical_json(GOOD) + b"\n",
        canonical_json({**GOOD, "work": "x" * LARGEST_DOCUMENT}),
    ],
)
def test_anything_else_is_malformed(data: bytes) -> None:
    assert Content.parse(canonical_json(GOOD)).reading == Reading(CYCLES, 7)
    with pytest.raises(DocumentMalformed):
        Content.parse(data)


def test_f072_a_document_has_to_be_there_unchanged() -> None:
    content = showing(CYCLES, 7)
    data = content.serialise()

    assert find_document(content.hash, "a", {"a": data}.get) == content
    with pytest.raises(DocumentMissing, match=r"no document at 'b.*u202e'"):
        find_document(content.hash, "b\u202e", {"a": data}.get)
    with pytest.raises(DocumentAltered, match="'a' is not the one"):
        find_document(content.hash, "a", {"a": data.replace(b"7", b"8")}.get)
    with pytest.raises(DocumentMalformed):
        find_document(keccak(b"{}"), "a", {"a": b"{}"}.get)


# Corrections


def test_a_correction_counts_in_the_place_of_what_it_corrects() -> None:
    wrong, later = entry(1, 310_000), entry(2, 40_000)
    right = entry(3, 31_000, corrects=wrong)
    better = entry(4, 31_500, corrects=right)
    read = book(wrong, later, right, better)

    assert list(read.in_force()) == [(at(1), better), (at(2), later)]
    assert read.corrections == {1: right, 3: better}
    assert read.entries == (wrong, later, right, better)
    assert [mark.reading.value for mark in read.marks(CYCLES)] == [31_500, 40_000]
    assert (read.total(CYCLES), read.findings) == (8_500, ())


def test_nobody_corrects_what_another_wrote() -> None:
    said, denied = entry(1, 60_000), entry(2, 60_001, author="stranger", corrects=entry(1, 60_000))
    read = book(said, denied)

    assert standing(read) == [1, 2]
    assert read.findings == (FalseCorrection(at(2), denied),)


def test_an_entry_is_corrected_once() -> None:
    wrong = entry(1, 100)
    again = entry(3, 300, corrects=wrong)
    read = book(wrong, entry(2, 200, corrects=wrong), again)

    assert standing(read) == [2, 3]
    assert read.findings == (FalseCorrection(at(3), again),)


def test_the_same_entry_written_twice_is_corrected_twice() -> None:
    read = book(entry(1, 100), entry(2, 100), *(entry(n, n, corrects=entry(1, 100)) for n in (3, 4)))

    assert standing(read) == [4, 3]
    assert [each.number for each in read.corrections.values()] == [3, 4]


def test_nothing_corrects_what_comes_later() -> None:
    later = entry(2, 100)
    early = entry(1, 90, corrects=later)

    assert book(early, later).findings == (FalseCorrection(at(1), early),)


@st.composite
def scribbles(draw: st.DrawFn) -> Logbook:
    """Any entries, of two authors, that correct anything or nothing."""
    entries = list[Entry]()
    for number in range(1, draw(st.integers(0, 12)) + 1):
        author = draw(st.sampled_from(["garage", "stranger"]))
        corrects = draw(st.sampled_from([bytes(32), *(each.hash for each in entries)]))
        entries.append(entry(number, draw(st.integers(0, 3)), author=author, corrects=corrects))
    return book(*entries)


@given(scribbles())
def test_a_correction_erases_nothing(read: Logbook) -> None:
    counting = {each.number for _, each in read.in_force()}
    corrected = read.corrections.keys()

    assert counting | corrected == {each.number for each in read.entries}
    assert counting.isdisjoint(corrected)
    for number, correction in read.corrections.items():
        earlier = read.entries[number - 1]
        assert earlier.number < correction.number
        assert (earlier.author, earlier.hash) == (correction.author, correction.supersedes)
    false = {each.entry.number for each in read.findings if isinstance(each, FalseCorrection)}
    claiming = {each.number for each in read.entries if any(each.supersedes)}
    correcting = {each.number for each in read.corrections.values()}
    assert correcting <= claiming
    assert false == (claiming - correcting) & counting


@given(scribbles(), st.integers(0, 12))
def test_what_is_written_later_takes_no_entry_away(read: Logbook, kept: int) -> None:
    earlier = book(*read.entries[:kept])

    assert earlier.corrections.items() <= read.corrections.items()
    assert read.entries[:kept] == earlier.entries


# Meters


def test_a_meter_that_runs_backwards_is_told_once() -> None:
    before, back, on = entry(1, 62_300), entry(2, 41_000), entry(3, 45_000)
    read = book(before, back, on)

    (finding,) = read.findings
    assert finding == Backwards(at(2), back, read.marks(CYCLES)[0])
    assert str(finding) == "No. 2 says cycles 41,000 B7, and No. 1 said cycles 62,300 B7 before"
    assert read.total(CYCLES) == 4_000


def test_a_correction_can_make_a_meter_run_backwards() -> None:
    first, second = entry(1, 10), entry(2, 20)
    raised = entry(3, 30, corrects=first)
    read = book(first, second, raised)

    assert read.findings == (Backwards(at(2), second, read.marks(CYCLES)[0]),)


def test_a_reading_in_another_unit_does_not_count() -> None:
    miles = entry(2, showing(MILES, 30_000))
    read = book(entry(1, showing(KILOMETRES, 40_000)), miles, entry(3, showing(KILOMETRES, 50_000)))

    assert read.findings == (OtherUnit(at(2), miles, KILOMETRES),)
    assert str(read.findings[0]) == "No. 2 says odometer 30,000 SMI; this meter counts KMT"
    assert (read.total(KILOMETRES), read.total(MILES), read.total(CYCLES)) == (10_000, 0, 0)


def test_an_entry_that_cannot_be_read_is_told_until_it_is_corrected() -> None:
    lost = entry(1, DocumentMissing("it is gone"))
    read = book(lost)

    assert read.findings == (Unreadable(at(1), lost),)
    assert str(read.findings[0]) == "No. 1 can't be read: it is gone"
    assert (lost.reading, lost.limit) == (None, None)
    assert book(lost, entry(2, 5, corrects=lost)).findings == ()


# Limits


def test_the_strictest_limit_of_the_issuer_counts() -> None:
    first = limit(1, 20_000)

    assert book().limits == {}
    assert book(first, limit(2, 18_000)).limits == {CYCLES: 18_000}
    assert book(first, limit(2, 25_000)).limits == {CYCLES: 20_000}
    assert book(first, limit(2, 25_000, corrects=first)).limits == {CYCLES: 25_000}


def test_nobody_else_states_a_limit() -> None:
    first, owners = limit(1, 20_000), limit(2, 90_000, author="stranger", rights=Right.OWNER)

    assert book(first, owners).limits == {CYCLES: 20_000}
    assert book(first, owners).findings == (ForeignLimit(at(2), owners),)
    assert book(first, limit(2, 90_000, corrects=first, rights=Right.OWNER)).limits == {}


def test_a_reading_is_written_by_people() -> None:
    reading = Reading.parse("cycles 12,400 B7")

    assert (reading, str(reading)) == (Reading(CYCLES, 12_400), "cycles 12,400 B7")
    for text in ("cycles", "cycles B7", "Cycles 1 B7", "cycles -1 B7", "cycles , B7", "cycles 1 B7\n"):
        with pytest.raises(InvalidInput, match="is no reading"):
            Reading.parse(text)
