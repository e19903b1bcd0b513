"""The parser takes what real adapters send, keeps every line, and refuses the rest by line and reason."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from fabricant.domain import shdr
from fabricant.domain.shdr import (
    Alarm,
    AllAssetsRemoval,
    Asset,
    AssetRemoval,
    AssetUpdate,
    Blank,
    Command,
    Condition,
    LineNumber,
    Log,
    Message,
    NotShdr,
    Observations,
    Record,
    Timed,
    TimeSeries,
    UnixNanoseconds,
    parse,
    plain_name,
    time_text,
)

NOON = UnixNanoseconds(1_660_046_400_000_000_000)  # 2022-08-09T12:00:00Z
T = "2022-08-09T12:00:00Z"


def only(text: str) -> Record:
    """The one record of a log."""
    records = parse(text.encode()).records
    assert len(records) == 1
    return records[0]


def refusal(data: str | bytes) -> NotShdr:
    """How a log is refused."""
    with pytest.raises(NotShdr) as caught:
        parse(data if isinstance(data, bytes) else data.encode())
    return caught.value


def assert_every_line_is_kept(data: bytes, log: Log) -> None:
    """The lines are the bytes, and the records cover each line exactly once, in order."""
    assert b"".join(log.lines) == data
    covered = [number for record in log.records for number in range(record.first, record.last + 1)]
    assert covered == list(range(1, len(log.lines) + 1))


# Times


@pytest.mark.parametrize(
    ("text", "nanoseconds"),
    [
        ("2022-08-09T12:00:00Z", 0),
        ("2022-08-09T12:00:00", 0),
        ("2022-08-09T12:00:00.5Z", 500_000_000),
        ("2022-08-09T12:00:00.7167146Z", 716_714_600),
        ("2022-08-09T12:00:00.123456789", 123_456_789),
        ("2022-08-09T14:00:00+02:00", 0),
        ("2022-08-09T07:30:00.25-0430", 250_000_000),
        ("2022-08-09T11:59:60Z", 0),
        (" 2022-08-09T12:00:00Z ", 0),
    ],
)
def test_a_time_is_utc_and_exact_to_the_nanosecond(text: str, nanoseconds: int):
    record = only(f"{text}|k|v")
    assert isinstance(record, Timed)
    assert record.time == NOON + nanoseconds
    assert record.duration is None


@pytest.mark.parametrize(
    ("suffix", "duration"), [("@100", 100_000_000_000), ("@123.4", 123_400_000_000), ("@0.000000001", 1)]
)
def test_a_statistic_says_how_long_it_covers(suffix: str, duration: int):
    assert only(f"{T}{suffix}|k|v") == Observations(
        first=LineNumber(1), last=LineNumber(1), time=NOON, duration=duration, values=(("k", "v"),)
    )


@pytest.mark.parametrize(
    "text",
    [
        "",
        "12.5",
        "noon",
        "2022-08-09 12:00:00Z",
        "2022-08-09T12:00Z",
        "2022-08-09T24:00:00Z",
        "2022-08-09T12:60:00Z",
        "2022-08-09T12:00:00.1234567890Z",
        "2022-02-30T12:00:00Z",
        "1969-12-31T23:59:59Z",
        "9999-12-31T23:59:59Z",
        "٢٠٢٢-08-09T12:00:00Z",
        "2022-08-09T12:00:00Z@",
        "2022-08-09T12:00:00Z@-1",
    ],
)
def test_a_line_without_a_proper_time_is_refused(text: str):
    error = refusal(f"{T}|k|v\n{text}|k|v\n")
    assert error.line_number == 2
    assert "time" in error.reason or "date" in error.reason


@given(st.integers(min_value=0, max_value=32_503_679_999_999_999_999))
def test_a_time_is_written_as_it_is_read(time: int):
    record = only(f"{time_text(UnixNanoseconds(time))}|k|v")
    assert isinstance(record, Timed)
    assert record.time == time


# What a line says


def test_pairs_are_observations_with_empty_and_unavailable_values_kept():
    record = only(f"{T}|avail|AVAILABLE|program||load|UNAVAILABLE|X| -1.5 ")
    assert isinstance(record, Observations)
    assert record.values == (("avail", "AVAILABLE"), ("program", ""), ("load", "UNAVAILABLE"), ("X", "-1.5"))


def test_one_stray_separator_at_the_end_is_no_value():
    for items, values in {
        "a|1|": (("a", "1"),),
        "a|1|b|2|": (("a", "1"), ("b", "2")),
        "a||": (("a", ""),),
    }.items():
        record = only(f"{T}|{items}")
        assert isinstance(record, Observations)
        assert record.values == values


def test_data_sets_tables_resets_and_devices_stay_as_they_were_sent():
    pairs = (
        ("vars", ":MANUAL a=1 b='two words' c="),
        ("table", "G54={X=1.0 Y=2.0} G55={X=3.0}"),
        ("pcount", "0:DAY"),
        ("mill:program", "O1"),
    )
    record = only(f"{T}|" + "|".join(f"{key}|{value}" for key, value in pairs))
    assert isinstance(record, Observations)
    assert record.values == pairs


@pytest.mark.parametrize(
    ("items", "fields"),
    [
        ("system|NORMAL||||", ("system", "NORMAL", "", "", "", "")),
        ("oil|WARNING|HTEMP|1|HIGH|Oil hot", ("oil", "WARNING", "HTEMP", "1", "HIGH", "Oil hot")),
        ("oil|fault|H|1||x", ("oil", "FAULT", "H", "1", "", "x")),
        ("oil|NORMAL|H|||", ("oil", "NORMAL", "H", "", "", "")),
        ("oil|UNAVAILABLE||||", ("oil", "UNAVAILABLE", "", "", "", "")),
        ("oil|FAULT|E7", ("oil", "FAULT", "E7", "", "", "")),
        ("oil|FAULT|E7|2|LOW", ("oil", "FAULT", "E7", "2", "LOW", "")),
    ],
)
def test_a_condition_is_known_by_its_level_and_its_number_of_fields(items: str, fields: tuple[str, ...]):
    record = only(f"{T}|{items}")
    assert isinstance(record, Condition)
    told = (
        record.key,
        record.level,
        record.native_code,
        record.native_severity,
        record.qualifier,
        record.text,
    )
    assert told == fields


@pytest.mark.parametrize(
    "items",
    [
        "mode|NORMAL|x|1|y|2",
        "a|UNAVAILABLE|b|UNAVAILABLE|c|1",
        "x|FAULT|y|1",
        "x|NORMAL",
        "x|FAULT|",
        "a|1|b|2|ACTIVE|x",
    ],
)
def test_a_level_word_among_pairs_makes_no_condition(items: str):
    assert isinstance(only(f"{T}|{items}"), Observations)


def test_three_fields_are_a_message():
    assert only(f"{T}|msg|CHG|Change inserts") == Message(
        first=LineNumber(1),
        last=LineNumber(1),
        time=NOON,
        duration=None,
        key="msg",
        native_code="CHG",
        text="Change inserts",
    )


def test_an_alarm_is_known_by_severity_and_state():
    record = only(f"{T}|alarm|ESTOP|31|CRITICAL|ACTIVE|Emergency stop")
    assert isinstance(record, Alarm)
    assert (record.key, record.code, record.native_code) == ("alarm", "ESTOP", "31")
    assert (record.severity, record.state, record.text) == ("CRITICAL", "ACTIVE", "Emergency stop")


def test_a_time_series_has_as_many_samples_as_it_says():
    record = only(f"{T}|current|3|100|1 2.5 -3")
    assert isinstance(record, TimeSeries)
    assert (record.key, record.rate, record.samples) == ("current", "100", ("1", "2.5", "-3"))
    assert isinstance(only(f"{T}|current|4|100|1 2 3"), Observations)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        (r'"Text with \| (pipe)"', "Text with | (pipe)"),
        (r'"say \"stop\""', 'say "stop"'),
        (r'"a\\b"', r"a\b"),
        ('"quoted"', "quoted"),
        ('"not closed', '"not closed'),
        ('5" drill', '5" drill'),
        ('"half" quoted', '"half" quoted'),
    ],
)
def test_a_quoted_value_may_hold_an_escaped_separator(field: str, value: str):
    record = only(f"{T}|a|{field}|b|2")
    assert isinstance(record, Observations)
    assert record.values == (("a", value), ("b", "2"))


def test_assets_are_updated_and_removed():
    log = parse(
        f"{T}|@ASSET@|T1|CuttingTool|<Tool a='1|2'/>\n"
        f"{T}|@UPDATE_ASSET@|T1|Length|323.64|Diameter|76.2\n"
        f"{T}|@REMOVE_ASSET@|T1\n{T}|@REMOVE_ALL_ASSETS@|CuttingTool\n{T}|@REMOVE_ALL_ASSETS@\n".encode()
    )
    asset, update, removal, all_tools, everything = log.records
    assert isinstance(asset, Asset)
    assert (asset.asset_id, asset.type, asset.body) == ("T1", "CuttingTool", "<Tool a='1|2'/>")
    assert isinstance(update, AssetUpdate)
    assert (update.asset_id, update.changes) == ("T1", (("Length", "323.64"), ("Diameter", "76.2")))
    assert isinstance(removal, AssetRemoval)
    assert removal.asset_id == "T1"
    assert isinstance(all_tools, AllAssetsRemoval)
    assert all_tools.type == "CuttingTool"
    assert isinstance(everything, AllAssetsRemoval)
    assert everything.type == ""


def test_a_multi_line_asset_is_one_record_of_all_its_lines():
    head, tail = f"{T}|k|v\r\n{T}|@ASSET@|T1|CuttingTool|--multiline--AB", f"--multiline--AB\r\n{T}|k|v"
    data = f"{head}\r\n<Tool>\r\n\r\n</Tool>\r\n{tail}".encode()
    log = parse(data)
    assert_every_line_is_kept(data, log)
    asset = log.records[1]
    assert isinstance(asset, Asset)
    assert (asset.first, asset.last, asset.body) == (2, 6, "<Tool>\n\n</Tool>")


def test_a_value_that_only_mentions_the_marker_opens_nothing():
    record = only(f"{T}|note|see --multiline--AB")
    assert isinstance(record, Observations)


@pytest.mark.parametrize(
    ("line", "name", "value"),
    [
        ("* shdrVersion: 2.0", "shdrVersion", "2.0"),
        ("*adapterVersion:UNAVAILABLE", "adapterVersion", "UNAVAILABLE"),
        ("* PONG 10000", "PONG", "10000"),
        ("* PONG", "PONG", ""),
        ("* description: a: b | c", "description", "a: b | c"),
        ("* deviceModel: --multiline--X\n<Device/>\n--multiline--X", "deviceModel", "<Device/>"),
    ],
)
def test_a_command_has_a_name_and_a_value(line: str, name: str, value: str):
    record = only(line)
    assert isinstance(record, Command)
    assert (record.name, record.value) == (name, value)


def test_blank_lines_byte_order_marks_and_windows_endings_are_taken():
    data = b"\xef\xbb\xbf" + f"{T}|k|v\r\n\r\n  \n{T}|k|v".encode()
    log = parse(data)
    assert_every_line_is_kept(data, log)
    assert [type(record) for record in log.records] == [Observations, Blank, Blank, Observations]


def test_bytes_that_are_not_utf8_are_shown_and_kept():
    data = T.encode() + b"|text|\xe4 \xff\n"
    log = parse(data)
    assert log.lines == (data,)
    assert log.records == (Observations(LineNumber(1), LineNumber(1), NOON, None, (("text", r"\xe4 \xff"),)),)


# What is refused


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("<html>", "time"),
        ("{}", "time"),
        (f"{T}", "key"),
        (f"{T}|", "key"),
        (f"{T}|a", "key"),
        (f"{T}||1", "key"),
        (f"{T}||NORMAL||||", "key"),
        (f"{T}||code|text", "key"),
        (f"\ufeff{T}|k|v", "time"),
        (f"{T}|a|x||2", "key"),
        (f"{T}|a|1|b|2|c", "key"),
        (f"{T}|@ASSET@|T1", "@ASSET@"),
        (f"{T}|@ASSET@||CuttingTool|x", "@ASSET@"),
        (f"{T}|@UPDATE_ASSET@|T1", "@UPDATE_ASSET@"),
        (f"{T}|@REMOVE_ASSET@|", "@REMOVE_ASSET@"),
        (f"{T}|@DESTROY@|T1", "@DESTROY@"),
        ("*", "command"),
        ("*** restarted ***", "command"),
        (f"{T}|k|\0", "NUL"),
    ],
)
def test_a_line_that_is_not_shdr_is_named_with_the_reason(line: str, reason: str):
    error = refusal(f"{T}|k|v\n\n{line}\n{T}|k|v\n")
    assert error.line_number == 3
    assert reason in error.reason
    assert str(error).startswith("line 3 is not SHDR: ")
    assert error.exit_code == 2


def test_an_asset_that_never_ends_is_named_where_it_begins():
    error = refusal(f"{T}|k|v\n{T}|@ASSET@|T1|CuttingTool|--multiline--AB\n<Tool>\n{T}|k|v\n")
    assert error.line_number == 2
    assert "--multiline--AB" in error.reason


def test_a_bad_line_inside_an_asset_is_named_itself():
    error = refusal(f"{T}|@ASSET@|T1|CuttingTool|--multiline--AB\n<Tool>\n\0\n--multiline--AB\n")
    assert error.line_number == 3


def test_an_empty_file_is_no_log():
    assert refusal(b"").reason == "the log is empty"


def test_sizes_are_limited(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(shdr, "MAX_LINE_BYTES", 40)
    assert "longer than 40 bytes" in refusal(f"{T}|k|v\n{T}|k|{'v' * 40}\n").reason
    monkeypatch.setattr(shdr, "MAX_LOG_BYTES", 50)
    assert "larger than 50 bytes" in refusal(f"{T}|k|v\n" * 3).reason


def test_f107_hostile_text_never_reaches_the_terminal():
    error = refusal("\x1b[2J\u202egpj.exe\u200b" + "A" * 10_000)
    assert len(error.excerpt) < 200
    assert str(error).isprintable()
    assert "\u202e" not in str(error)


@example(b"\xef\xbb\xbf")
@example(b"*\n")
@example(T.encode() + b"|@|\n")
@example(T.encode() + b"|@ASSET@|a|b|--multiline--\n--multiline--")
@example(T.encode() + b'|a|"\\')
@given(st.binary(max_size=400))
def test_any_bytes_are_a_log_or_not_shdr(data: bytes):
    try:
        log = parse(data)
    except NotShdr:
        return
    assert_every_line_is_kept(data, log)
    assert parse(b"".join(log.lines)) == log


FIELDS = st.sampled_from(
    [
        "",
        "k",
        "NORMAL",
        "FAULT",
        "UNAVAILABLE",
        "ACTIVE",
        "3",
        "1 2 3",
        '"a\\|b"',
        '"',
        "@ASSET@",
        "@",
        "--multiline--A",
    ]
) | st.text(max_size=6)
LINES = st.builds(
    lambda head, fields, end: "|".join([head, *fields]) + end,
    st.sampled_from([T, f"{T}@1.5", "2022-08-09T12:00:00.1", "*", "* a: b", "--multiline--A", ""]),
    st.lists(FIELDS, max_size=7),
    st.sampled_from(["\n", "\r\n", ""]),
)


@given(st.lists(LINES, max_size=8))
def test_anything_like_a_log_is_a_log_or_not_shdr(lines: list[str]):
    data = "".join(lines).encode("utf-8", "surrogatepass")
    try:
        log = parse(data)
    except NotShdr:
        return
    assert_every_line_is_kept(data, log)


def test_a_key_is_known_without_device_case_and_punctuation():
    assert plain_name("Mill:Serial Number") == "serialnumber"
    assert plain_name("part_count") == "partcount"


# Whole logs


def test_the_sample_shows_every_form(sample_log: bytes):
    log = parse(sample_log)
    assert_every_line_is_kept(sample_log, log)
    kinds = {type(record) for record in log.records}
    assert kinds == {
        *(Observations, Condition, Message, TimeSeries, Asset, AssetRemoval, AllAssetsRemoval, Command, Blank)
    }


def test_the_real_log_is_read_whole(real_log: bytes):
    log = parse(real_log)
    assert_every_line_is_kept(real_log, log)
    assert len(log.lines) == 10_770
    counts = {
        kind: sum(type(record) is kind for record in log.records) for kind in (Asset, Condition, Command)
    }
    assert counts == {Asset: 118, Condition: 40, Command: 9}


def test_refusal_shows_the_line_as_it_is_and_an_empty_log_shows_none() -> None:
    with pytest.raises(NotShdr, match=r"it reads: \\x00\|\\x0a$"):
        parse(b"\x00|\n")
    with pytest.raises(NotShdr, match=r"not SHDR: the log is empty$"):
        parse(b"")
