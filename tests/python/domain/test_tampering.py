"""Whatever is done to a log is found, and with its manifest or its locator said in words, line by line."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fabricant.domain.locator import Locator
from fabricant.domain.records import Manifest
from fabricant.domain.shdr import split_lines
from fabricant.domain.tampering import Change, Finding, Verdict, compare, verify_log
from fabricant.errors import VerificationFailed

LOG = b"".join(b"%d\n" % number for number in range(1, 21))
LINES = [bytes(line) for line in split_lines(LOG)]
FEW = st.lists(st.sampled_from([b"a\n", b"b\n", b"c\n", b"d\n", b"e\n", b"f\n"]), max_size=9)

Tamper = Callable[[list[bytes]], list[bytes]]


def told(present: list[bytes]) -> str:
    """The verdict on an altered log, in words, by its manifest."""
    manifest = Manifest.of(LOG)
    return str(verify_log(b"".join(present), root=manifest.root, manifest=manifest))


def told_by_chain(present: list[bytes]) -> str:
    """The same, with nothing but what the chain holds: the root and a locator."""
    manifest = Manifest.of(LOG)
    return str(verify_log(b"".join(present), root=manifest.root, locator=Locator.of(manifest)))


def test_the_same_bytes_are_the_anchored_log():
    assert told(LINES) == told_by_chain(LINES) == "the log is exactly the one that was anchored"
    assert verify_log(LOG, root=Manifest.of(LOG).root) == Verdict(intact=True, located=True, findings=())


@pytest.mark.parametrize(
    ("tamper", "finding"),
    [
        (lambda lines: [*lines[:6], b"x\n", *lines[7:]], "line 7 was changed"),
        (lambda lines: [*lines[:6], b"7\r\n", *lines[7:]], "line 7 was changed"),
        (lambda lines: [*lines[:19], b"20"], "line 20 was changed"),
        (lambda lines: lines[:6] + lines[7:], "line 7 of the original is missing"),
        (lambda lines: lines[:19], "line 20 of the original is missing"),
        (lambda lines: [*lines[:6], b"x\n", *lines[6:]], "line 7 was added"),
        (lambda lines: [*lines[:7], lines[6], *lines[7:]], "line 8 was added"),
        (lambda lines: [*lines, b"x\n"], "line 21 was added"),
        (
            lambda lines: [*lines[:6], lines[7], lines[6], *lines[8:]],
            "line 7 was moved (it was line 8)",
        ),
        (
            lambda lines: [*lines[:6], b"7x8\n", *lines[8:]],
            "line 7 was changed, line 8 of the original is missing",
        ),
        (lambda lines: [*lines[:9], b"1\n", b"0\n", *lines[10:]], "line 10 was changed, line 11 was added"),
    ],
)
def test_what_was_done_in_one_place_is_told_by_manifest_and_by_chain_alone(tamper: Tamper, finding: str):
    sentence = f"the log is not the one that was anchored: {finding}"
    assert told(tamper(LINES)) == sentence
    assert told_by_chain(tamper(LINES)) == sentence


@pytest.mark.parametrize(
    ("tamper", "finding"),
    [
        (
            lambda lines: [lines[18], *lines[:18], lines[19]],
            "line 1 was moved (it was line 19)",
        ),
        (
            lambda lines: [b"x\n", *lines[1:9], *lines[10:], b"y\n"],
            "line 1 was changed, line 10 of the original is missing, line 20 was added",
        ),
        (
            lambda lines: [b"x\n", *lines],
            "line 1 was added",
        ),
        (
            lambda lines: lines[10:],
            ", ".join(f"line {number} of the original is missing" for number in (1, 2, 3)) + ", and 7 more",
        ),
        (
            lambda lines: [b"x\n", *lines[:9], b"y\n", *lines[10:]],
            "line 1 was added, line 11 was changed (it was line 10)",
        ),
    ],
)
def test_what_was_done_in_many_places_is_told_by_the_manifest(tamper: Tamper, finding: str):
    assert told(tamper(LINES)) == f"the log is not the one that was anchored: {finding}"


def test_without_a_manifest_damage_in_many_places_is_found_and_not_located():
    verdict = verify_log(b"", root=Manifest.of(LOG).root)
    assert verdict == Verdict(intact=False, located=False, findings=())
    ask = "the log is not the one that was anchored; to see which lines differ, ask for its manifest"
    assert told_by_chain([b"x\n", *LINES[1:19], b"y\n"]) == str(verdict) == ask


def test_a_manifest_of_another_log_is_refused():
    with pytest.raises(VerificationFailed, match="belongs to another root"):
        verify_log(LOG, root=Manifest.of(LOG).root, manifest=Manifest.of(LOG[2:]))


@given(FEW, FEW)
def test_findings_account_for_every_line_of_both_sides(original: list[bytes], present: list[bytes]):
    findings = compare(original, present)  # type: ignore[arg-type]
    gone = [found.original for found in findings if found.original]
    come = [found.present for found in findings if found.present]
    assert len(set(gone)) == len(gone)
    assert len(set(come)) == len(come)
    kept_then = [line for number, line in enumerate(original, 1) if number not in gone]
    kept_now = [line for number, line in enumerate(present, 1) if number not in come]
    assert kept_then == kept_now
    for found in findings:
        then = original[found.original - 1] if found.original else None
        now = present[found.present - 1] if found.present else None
        assert (then == now) == (found.change is Change.MOVED)
        assert (found.change is Change.MISSING) == (now is None)
        assert (found.change is Change.ADDED) == (then is None)
    assert (findings == ()) == (original == present)


@given(st.binary(min_size=1, max_size=80), st.data())
def test_any_changed_byte_is_told_with_its_line_by_chain_alone(log: bytes, data: st.DataObject):
    at = data.draw(st.integers(0, len(log) - 1))
    byte = data.draw(st.integers(0, 255).filter(lambda value: value != log[at]))
    manifest = Manifest.of(log)
    changed = log[:at] + bytes([byte]) + log[at + 1 :]
    verdict = verify_log(changed, root=manifest.root, locator=Locator.of(manifest))
    assert not verdict.intact
    assert verdict.located
    line = log[:at].count(b"\n") + 1
    near = {found.present or found.original for found in verdict.findings}
    if ord("\n") in (byte, log[at]):  # two lines became one, or one two
        assert near <= {line, line + 1}
    else:
        assert verdict.findings == (Finding(Change.CHANGED, line, line),)  # type: ignore[arg-type]


def test_every_line_of_the_sample_is_named_when_it_is_changed(sample_log: bytes):
    manifest = Manifest.of(sample_log)
    locator, lines = Locator.of(manifest), split_lines(sample_log)
    for index in range(0, len(lines), 7):
        changed = b"".join([*lines[:index], lines[index].swapcase() + b" ", *lines[index + 1 :]])
        verdict = verify_log(changed, root=manifest.root, locator=locator)
        assert verdict.findings[0].original == index + 1


def test_the_real_log_tells_its_changed_byte(real_log: bytes):
    manifest = Manifest.of(real_log)
    changed = bytearray(real_log)
    changed[400_000] ^= 1
    number = real_log[:400_000].count(b"\n") + 1
    for verdict in (
        verify_log(bytes(changed), root=manifest.root, manifest=manifest),
        verify_log(bytes(changed), root=manifest.root, locator=Locator.of(manifest)),
    ):
        assert str(verdict) == f"the log is not the one that was anchored: line {number} was changed"
