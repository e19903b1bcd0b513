"""Anchoring logs and verifying them on the command line."""

import json
from pathlib import Path

import pytest

from fabricant.samples import machine_log
from tests.python.cli.market import Market

STREAM = ("--stream", "machine-data", "--owner", "supplier")


@pytest.fixture
def log(market: Market) -> Path:
    """The sample log, anchored by the gateway."""
    file = Path("machine.shdr")
    file.write_bytes(machine_log())
    role = ("directory", "operator", "set", "gateway", "--roles", "RECORD", "--until", "forever")
    market.do(*role, by="supplier")
    market.do("record", "anchor", file, *STREAM, "--uri", "ipfs://log", by="gateway")
    return file


def test_anchoring_writes_the_leaves_and_a_locator(market: Market, log: Path) -> None:
    shown = market.see("record", "streams", "show", "machine-data", "--owner", "supplier")

    (batch,) = shown["batches"]
    assert batch["uri"].startswith("ipfs://log#locator=")
    header = Path("machine.shdr.leaves").read_text().splitlines()[0]
    assert header == f"fabricant-manifest/1 {batch['count']} {batch['root']}"


def test_stranger_verifies_the_log(market: Market, log: Path) -> None:
    Path("machine.shdr.leaves").unlink()

    found = market.see("record", "verify", log, *STREAM, "--line", 3)

    assert found["intact"]
    assert found["line"]["proven"]


def test_changed_byte_is_found_and_its_line_named(market: Market, log: Path) -> None:
    log.write_bytes(log.read_bytes().replace(b"CC-112", b"CC-113", 1))
    number = log.read_bytes()[: log.read_bytes().index(b"CC-113")].count(b"\n") + 1
    assert market.run is not None

    result = market.run("--json", "record", "verify", log, *STREAM, "--wallet", "stranger")

    assert result.exit_code == 6
    found = json.loads(result.stdout)
    assert found["findings"] == [{"change": "changed", "original": number, "present": number}]
    assert f"line {number} was changed" in result.stderr


def test_second_log_is_compared_with_its_own_root(market: Market, log: Path) -> None:
    Path("other.shdr").write_bytes(machine_log() + b"2026-02-17T23:00:00Z|execution|READY\n")
    market.do("record", "anchor", "other.shdr", *STREAM, by="supplier")

    assert market.see("record", "verify", log, *STREAM)["intact"]
    assert market.see("record", "verify", "other.shdr", *STREAM)["intact"]


def test_line_is_proven_to_somebody_without_the_log(market: Market, log: Path) -> None:
    market.see("record", "proof", "make", log, 210, "--out", "line.json")

    found = market.see("record", "proof", "check", "line.json", *STREAM)

    assert found["text"] == machine_log().split(b"\n")[209].decode()
    document = json.loads(Path("line.json").read_text())
    document["line"] = 211
    Path("line.json").write_text(json.dumps(document))
    assert market.refused("record", "proof", "check", "line.json", *STREAM, by="buyer", yes=False).code == 6


def test_only_the_owner_and_its_recorders_anchor(market: Market, log: Path) -> None:
    refusal = market.refused("record", "anchor", log, *STREAM, by="stranger")

    assert (refusal.code, refusal.error) == (3, "RecordAnchor_NotOwner")


def test_file_that_is_no_log_is_refused_unless_wanted(market: Market) -> None:
    Path("report.csv").write_text("a;b\n")
    anchor = ("record", "anchor", "report.csv", "--stream", "reports")
    refusal = market.refused(*anchor, by="supplier")
    assert (refusal.code, refusal.error) == (2, "NotShdr")
    assert not Path("report.csv.leaves").exists()

    assert market.do(*anchor, "--any-file", by="supplier")["count"] == 1


def test_stream_in_which_nothing_was_anchored_is_not_found(market: Market, log: Path) -> None:
    verify = ("record", "verify", log, "--stream", "machine-dta", "--owner", "supplier")

    assert market.refused(*verify, by="buyer", yes=False).error == "NotFound"


def test_line_beyond_the_log_is_refused(market: Market, log: Path) -> None:
    make = ("record", "proof", "make", log, 100_000, "--out", "line.json")

    assert market.refused(*make, by="buyer", yes=False).code == 2
