"""A log is good for a deal, or says why not, before anything is sent."""

import re

import pytest

from fabricant.demo.evidence import Evidence, NothingProduced, TooManyParts
from fabricant.domain.machine import Machine, MachineUnknown, SeveralMachines
from fabricant.domain.production import NoSignal
from fabricant.domain.records import Manifest
from fabricant.domain.shdr import NotShdr
from fabricant.errors import InvalidInput

HEAD = b"* manufacturer: Nonesuch\n* nativeName: M1\n* serialNumber: N-1\n"


def log(*lines: bytes, head: bytes = HEAD) -> bytes:
    return head + b"".join(line + b"\n" for line in lines)


def shift(parts: int) -> list[bytes]:
    """Cycles of a minute, each of which counts one part."""
    lines = [b"2026-01-01T00:00:00Z|avail|AVAILABLE|execution|READY|part_count|0"]
    for part in range(parts):
        hour, minute = divmod(part, 60)
        at = f"2026-01-01T{hour:02}:{minute:02}".encode()
        lines.append(at + b":10Z|execution|ACTIVE|program|P")
        lines.append(at + b":40Z|execution|READY|part_count|" + str(part + 1).encode())
    return lines


def test_sample_names_its_machine_and_three_parts(sample: Evidence, sample_log: bytes) -> None:
    assert sample.machine == Machine("Nonesuch Machine Works (fictional)", "Imaginaria 400", "NMW-0417")
    assert len(sample.parts) == len(set(sample.twins)) == 3
    assert sample.manifest == Manifest.of(sample_log)


def test_real_log_names_serial_p229810_and_four_parts(real_log: bytes) -> None:
    evidence = Evidence.read(real_log)

    assert evidence.machine.serial == "P229810"
    assert len(evidence.parts) == 4
    assert evidence.manifest.count == 10_770


def test_line_can_be_proven_to_who_has_the_root_alone(sample: Evidence) -> None:
    proof = sample.prove(sample.parts[0].lines[0][0])

    assert proof.holds(sample.manifest.root, sample.manifest.count)


@pytest.mark.parametrize(
    ("data", "error", "says"),
    [
        (b"PK\x03\x04 this is no log\n", NotShdr, "line 1"),
        (log(*shift(1), head=b""), MachineUnknown, "maker"),
        (log(*shift(1)) + b"* serialNumber: N-2\n", SeveralMachines, "N-1, N-2"),
        (log(b"2026-01-01T00:00:00Z|Xact|1"), NoSignal, "execution"),
        (log(*shift(0)), NothingProduced, "no finished part"),
        (log(*shift(65)), TooManyParts, "65 finished parts"),
        (log(*shift(1)).replace(b"N-1", "Ñ-1".encode()), InvalidInput, "local id"),
    ],
)
def test_log_that_is_no_good_is_refused_in_a_sentence(data: bytes, error: type[Exception], says: str) -> None:
    with pytest.raises(error, match=re.escape(says)):
        Evidence.read(data)


def test_as_many_parts_as_a_line_hands_over_are_fine() -> None:
    assert len(Evidence.read(log(*shift(64))).parts) == 64
