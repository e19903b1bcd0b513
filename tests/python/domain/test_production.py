"""A part is claimed when the log shows it being made, once, with its own lines, and never otherwise."""

import json
from itertools import pairwise

import pytest
from eth_hash.auto import keccak
from hypothesis import given
from hypothesis import strategies as st

from fabricant.domain.machine import Machine, machine_of
from fabricant.domain.production import (
    ImplausibleCount,
    NoSignal,
    ProducedPart,
    Signals,
    produced_parts,
    production_record,
    twin_hash,
)
from fabricant.domain.records import Manifest
from fabricant.domain.shdr import parse

MILL = Machine(maker="Nonesuch", model="M-1", serial="0042")
SNAPSHOT = "avail|AVAILABLE|execution|READY|program|O1|partcount|0|tool|T1|S1load|90"


def log_of(*moments: tuple[float, str]) -> bytes:
    """A log of what was observed at so many seconds after eight o'clock."""
    return b"".join(
        f"2026-02-17T08:{int(at) // 60:02}:{at % 60:06.3f}Z|{items}\n".encode() for at, items in moments
    )


def parts_of(*moments: tuple[float, str]) -> tuple[ProducedPart, ...]:
    return produced_parts(parse(log_of(*moments)), MILL)


def told(*moments: tuple[float, str]) -> list[tuple[str, int, int]]:
    """The parts as program, cycle in milliseconds and count."""
    return [(part.program, part.cycle_ms, part.count) for part in parts_of(*moments)]


def test_a_program_that_ends_and_is_counted_makes_a_part():
    (part,) = parts_of(
        (0, SNAPSHOT),
        (10, "execution|ACTIVE"),
        (15, "S1load|40"),
        (20, "tool|"),
        (22, "tool|T2|S1load|55.5|S2load|7|feed|99"),
        (30, "tool|T1|S1load|UNAVAILABLE"),
        (70.5, "execution|PROGRAM_COMPLETED"),
        (70.6, "partcount|1"),
        (71, "execution|READY|S1load|99"),
    )
    assert part.serial == "0042-20260217T080110"
    assert part.program == "O1"
    assert part.cycle_ms == 60_500
    assert part.counted - part.finished == 100_000_000
    assert part.count == 1
    assert part.tools == ("T1", "T2")
    assert part.spindle_loads == (("S1load", "55.5"), ("S2load", "7"))
    assert part.lines == ((2, 8),)


def test_a_count_before_the_end_finishes_the_part():
    assert told((0, SNAPSHOT), (5, "execution|ACTIVE"), (35, "partcount|1"), (36, "execution|READY")) == [
        ("O1", 30_000, 1)
    ]


def test_what_happens_after_the_end_is_not_of_the_part():
    (part,) = parts_of(
        (0, SNAPSHOT),
        (5, "execution|ACTIVE"),
        (35, "execution|READY"),
        (36, "tool|T9"),
        (37, "partcount|1"),
        (38, "partcount|2"),  # by hand: no program was running
    )
    assert (part.count, part.tools) == (1, ("T1",))


def test_a_count_that_is_only_repeated_changes_nothing():
    run = [(5, "execution|ACTIVE"), (20, "partcount|0"), (35, "execution|READY|partcount|1")]
    assert told((0, SNAPSHOT), *run) == [("O1", 30_000, 1)]


def test_a_program_that_goes_on_makes_a_part_at_each_count():
    bar = [
        (0, SNAPSHOT),
        (5, "execution|ACTIVE"),
        (25, "partcount|1"),
        (50, "partcount|2"),
        (77, "partcount|3"),
    ]
    assert told(*bar) == [("O1", 20_000, 1), ("O1", 25_000, 2), ("O1", 27_000, 3)]


def test_a_fixture_of_several_gives_as_many_parts_with_different_serials():
    parts = parts_of((0, SNAPSHOT), (5, "execution|ACTIVE"), (65, "execution|READY|partcount|3"))
    assert [part.serial for part in parts] == [
        "0042-20260217T080105",
        "0042-20260217T080105-2",
        "0042-20260217T080105-3",
    ]
    assert [part.count for part in parts] == [1, 2, 3]


def test_an_interruption_belongs_to_the_cycle():
    states = ["FEED_HOLD", "INTERRUPTED", "PROGRAM_STOPPED", "OPTIONAL_STOP", "STOPPED", "WAIT"]
    for state in states:
        run = [
            (5, "execution|ACTIVE"),
            (10, f"execution|{state}"),
            (40, "execution|ACTIVE"),
            (50, "execution|READY"),
        ]
        assert told((0, SNAPSHOT), *run, (50.2, "partcount|1")) == [("O1", 45_000, 1)]


def test_a_run_that_is_not_counted_makes_no_part():
    aborted = [(5, "execution|ACTIVE"), (9, "execution|STOPPED"), (12, "execution|READY")]
    assert told((0, SNAPSHOT), *aborted) == []
    finished = [(20, "execution|ACTIVE"), (50, "execution|PROGRAM_COMPLETED"), (50.1, "partcount|1")]
    assert told((0, SNAPSHOT), *aborted, *finished) == [("O1", 30_000, 1)]


@pytest.mark.parametrize(
    "moments",
    [
        [(0, SNAPSHOT), (5, "partcount|1")],  # no program was seen running
        [(0, "execution|ACTIVE"), (5, "partcount|7")],  # a first count is where counting begins
        [(0, SNAPSHOT), (5, "execution|ACTIVE"), (9, "execution|READY"), (70, "partcount|1")],  # too late
        [(0, SNAPSHOT), (5, "execution|ACTIVE"), (9, "execution|READY|partcount|0")],
        [
            (0, "execution|READY|partcount|5"),
            (5, "execution|ACTIVE"),
            (9, "partcount|0:DAY"),
            (10, "execution|READY"),
        ],
        [(0, SNAPSHOT), (5, "execution|ACTIVE"), (9, "partcount|UNAVAILABLE"), (10, "partcount|1")],
        [(0, SNAPSHOT), (5, "execution|ACTIVE"), (9, "execution|READY"), (12, "avail|AVAILABLE|partcount|1")],
    ],
)
def test_what_the_log_does_not_show_is_not_claimed(moments: list[tuple[float, str]]):
    assert told(*moments) == []


def test_recordings_count_in_the_order_of_time_not_of_the_file():
    first = [(0, SNAPSHOT), (5, "execution|ACTIVE"), (15, "execution|READY|partcount|1")]
    second = [(40, SNAPSHOT.replace("O1", "O2").replace("count|0", "count|8")), (45, "execution|ACTIVE")]
    second += [(75, "execution|READY|partcount|9")]
    forward, backward = parts_of(*first, *second), parts_of(*second, *first)
    assert [part.program for part in backward] == ["O1", "O2"]
    assert [part.serial for part in backward] == [part.serial for part in forward]
    assert [part.lines for part in backward] == [((5, 6),), ((2, 3),)]


def test_the_program_that_is_named_with_the_start_is_the_parts_program():
    run = [(5, "execution|ACTIVE|program|O2"), (9, "program|O9000"), (20, "execution|READY|partcount|1")]
    assert told((0, SNAPSHOT), *run) == [("O2", 15_000, 1)]
    assert told((0, "execution|READY|partcount|0"), (5, "execution|ACTIVE"), run[2]) == [("", 15_000, 1)]


def test_lines_that_came_late_or_from_elsewhere_belong_by_their_time():
    (part,) = parts_of(
        (0, SNAPSHOT),
        (10, "execution|ACTIVE"),
        (9, "X|1"),  # sent late
        (20, "X|2"),
        (30, "execution|READY|partcount|1"),
        (31, "X|3"),
        (29, "X|4"),
    )
    assert part.lines == ((2, 2), (4, 5), (7, 7))


def test_a_count_that_leaps_is_not_believed():
    with pytest.raises(ImplausibleCount, match="at line 3 the part count leaps from 0 to 101") as caught:
        parts_of((0, SNAPSHOT), (5, "execution|ACTIVE"), (9, "partcount|101"))
    assert (caught.value.line_number, caught.value.before, caught.value.after) == (3, 0, 101)


# Signals


@pytest.mark.parametrize(
    ("keys", "signals"),
    [
        ("execution|1|part_count|1", Signals("execution", "part_count")),
        (
            "pexecution|1|pprogram|1|p1ProgramHeader|1|ppartcount|1|p1ToolAssetId|1|p1CurrentTool|1",
            Signals("pexecution", "ppartcount", "pprogram", "p1CurrentTool"),
        ),
        (
            "mill:path1_execution|1|mill:PartCountAct|1|mill:Tool_number|1|mill:path2_execution|1",
            Signals("mill:path1_execution", "mill:PartCountAct", None, "mill:Tool_number"),
        ),
    ],
)
def test_signals_are_found_under_the_names_that_adapters_use(keys: str, signals: Signals):
    assert Signals.of(parse(log_of((0, keys)))) == signals


@pytest.mark.parametrize(("items", "role"), [("partcount|1", "execution"), ("execution|ACTIVE", "count")])
def test_a_log_without_a_signal_says_which(items: str, role: str):
    with pytest.raises(NoSignal, match=f"never reports the {role}") as caught:
        parts_of((0, items))
    assert caught.value.role == role


def test_signals_can_be_named():
    log = parse(log_of((0, "state|READY|made|4"), (5, "state|ACTIVE"), (9, "state|READY|made|5")))
    (part,) = produced_parts(log, MILL, Signals(execution="state", count="made"))
    assert (part.cycle_ms, part.count) == (4000, 5)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["execution", "partcount", "program", "tool", "avail", "S1load"]),
            st.sampled_from(
                ["ACTIVE", "READY", "PROGRAM_COMPLETED", "UNAVAILABLE", "AVAILABLE", "", "0", "1", "2", "9"]
            ),
        ),
        max_size=40,
    )
)
def test_parts_never_overlap_and_their_serials_never_repeat(items: list[tuple[str, str]]):
    parts = parts_of(
        (0, SNAPSHOT), *((n * 7.3 + 1, f"{key}|{value}") for n, (key, value) in enumerate(items))
    )
    assert len({part.serial for part in parts}) == len(parts)
    cycles = sorted({(part.started, part.finished) for part in parts})
    assert all(start <= end for start, end in cycles)
    assert all(before[1] <= after[0] for before, after in pairwise(cycles))


# The production record


def test_a_production_record_binds_part_machine_and_log():
    data = log_of((0, SNAPSHOT), (5, "execution|ACTIVE|S1load|3"), (15.25, "execution|READY|partcount|1"))
    (part,) = produced_parts(parse(data), MILL)
    manifest = Manifest.of(data)
    record = production_record(part, machine=MILL, manifest=manifest)
    assert json.loads(record) == {
        "format": "fabricant-production/1",
        "machine": {"maker": "Nonesuch", "model": "M-1", "serial": "0042"},
        "log": {"root": f"0x{manifest.root.hex()}", "lines": 3},
        "serial": "0042-20260217T080015",
        "program": "O1",
        "started": "2026-02-17T08:00:05Z",
        "finished": "2026-02-17T08:00:15.25Z",
        "counted": "2026-02-17T08:00:15.25Z",
        "cycleMs": 10_250,
        "count": 1,
        "tools": ["T1"],
        "spindleLoads": {"S1load": "3"},
        "evidence": [[2, 3]],
    }
    assert twin_hash(record) == keccak(record)


def test_a_changed_byte_anywhere_in_the_log_changes_every_twin(sample_log: bytes):
    def twins(data: bytes) -> set[bytes]:
        log, manifest = parse(data), Manifest.of(data)
        machine = machine_of(log)
        parts = produced_parts(log, machine)
        return {twin_hash(production_record(part, machine=machine, manifest=manifest)) for part in parts}

    changed = sample_log.replace(b"cell 3", b"cell 4", 1)
    assert len(twins(sample_log)) == len(twins(changed)) == 3
    assert not twins(sample_log) & twins(changed)


# Whole logs


def test_the_sample_shows_three_parts(sample_log: bytes):
    log = parse(sample_log)
    parts = produced_parts(log, machine_of(log))
    assert [(part.serial, part.program, part.count, part.tools) for part in parts] == [
        ("NMW-0417-20260217T081438", "FLANGE-60-OP10.NC", 17, ("5", "2", "7", "3")),
        ("NMW-0417-20260217T094251", "BEARING-CAP-OP20.NC", 19, ("3", "2", "8")),
        ("NMW-0417-20260217T094658", "BEARING-CAP-OP20.NC", 20, ("3", "2", "8")),
    ]


def test_the_real_log_shows_four_parts(real_log: bytes):
    log = parse(real_log)
    parts = produced_parts(log, machine_of(log))
    assert [(part.serial, part.program, part.cycle_ms, part.count) for part in parts] == [
        ("P229810-20220808T134727", "IMTS-2022-1E-mm.MIN", 604_962, 1),
        ("P229810-20220808T135443", "IMTS-2022-2-HOB.MIN", 186_729, 1),
        ("P229810-20220808T135801", "IMTS-2022-3-TRAN.MIN", 16_751, 1),
        ("P229810-20220808T143019", "IMTS-2022-4B-mm.MIN", 548_931, 3),
    ]
    assert parts[0].tools == ("8003", "2207", "2201", "2202", "2208", "2205", "2204", "2206")
    assert dict(parts[0].spindle_loads) == {"S1load": "176", "S6load": "93"}
    assert all(sum(last - first + 1 for first, last in part.lines) > 50 for part in parts)
