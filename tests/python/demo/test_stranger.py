"""A stranger believes what the chain and the file prove, and nothing else."""

import dataclasses

import pytest

from fabricant.demo.evidence import Evidence
from fabricant.demo.stranger import Stranger, change_line
from fabricant.domain.production import ProducedPart
from fabricant.domain.shdr import LineNumber, split_lines
from fabricant.domain.streams import stream_id
from fabricant.errors import VerificationFailed
from tests.python.demo.conftest import Played


def with_parts(stranger: Stranger, *parts: ProducedPart) -> Stranger:
    """The stranger with other parts than the log shows."""
    return dataclasses.replace(stranger, evidence=dataclasses.replace(stranger.evidence, parts=parts))


def test_everything_is_told_in_sentences(stranger: Stranger) -> None:
    line, machine, *products, hours, times, exchange, change = stranger.verify()

    assert line.startswith("line 160 is in the anchored log, by a proof of 9 hashes: 2026-02-17T")
    assert "serial NMW-0417" in machine
    assert [each.split()[1] for each in products] == [part.serial for part in stranger.evidence.parts]
    assert hours.startswith("40 hours of the machine were booked, the first on ")
    assert times.startswith("they arrived on ")
    assert exchange == "3730.00 TUSD went to the supplier and 3 products to the buyer, in one transaction"
    assert change == ("with one byte changed, the log is not the one that was anchored: line 160 was changed")


def test_every_line_of_the_log_can_be_verified(stranger: Stranger) -> None:
    for number in (1, 100, stranger.batch.count):
        assert stranger.verify_line(LineNumber(number)).startswith(f"line {number} is in")


def test_stranger_finds_supplier_machine_and_products_from_the_file_alone(
    deal: Played, stranger: Stranger
) -> None:
    assert stranger.supplier == deal.report.stage.supplier.address
    assert stranger.machine == deal.report.agreed.machine
    assert stranger.products == deal.report.agreed.products


def test_changed_byte_is_found_wherever_it_is(stranger: Stranger, sample_log: bytes) -> None:
    lines = split_lines(sample_log)
    starts = [sum(map(len, lines[:index])) for index in range(len(lines))]
    places = [0, 17, *range(500, len(sample_log), 3_001), len(sample_log) - 2]

    for place in places:
        changed = sample_log[:place] + bytes([sample_log[place] ^ 0x20]) + sample_log[place + 1 :]
        number = max(index for index, start in enumerate(starts, 1) if start <= place)
        assert f"line {number} was changed" in str(stranger.compare(changed))


def test_untouched_file_is_intact(stranger: Stranger, sample_log: bytes) -> None:
    assert stranger.compare(sample_log).intact


def test_change_line_flips_one_bit_of_that_line(sample_log: bytes) -> None:
    changed = change_line(sample_log, LineNumber(12))

    different = [at for at, (old, new) in enumerate(zip(sample_log, changed, strict=True)) if old != new]
    assert len(different) == 1
    assert sample_log.count(b"\n", 0, different[0]) == 11


def test_changed_file_was_never_anchored(deal: Played, sample_log: bytes) -> None:
    with pytest.raises(VerificationFailed, match="nobody ever anchored this file"):
        Stranger.with_file(deal.fabricant, change_line(sample_log, LineNumber(160)))


def test_product_of_another_record_is_refused(stranger: Stranger) -> None:
    first, *others = stranger.evidence.parts
    told_otherwise = with_parts(stranger, dataclasses.replace(first, program="ANOTHER.NC"), *others)

    with pytest.raises(VerificationFailed, match=f"product {first.serial} is not the part of that name"):
        told_otherwise.verify()


def test_products_that_were_not_delivered_together_are_refused(stranger: Stranger) -> None:
    with pytest.raises(VerificationFailed, match="no order line delivered these products"):
        with_parts(stranger, *stranger.evidence.parts[:2]).verify()


def test_log_that_the_machine_did_not_anchor_is_refused(deal: Played, stranger: Stranger) -> None:
    deal.report.stage.supplier.fabricant.assets.unbind_device(deal.report.agreed.machine)

    with pytest.raises(VerificationFailed, match="not anchored by the device of machine NMW-0417"):
        stranger.verify()


def test_copy_anchored_later_disturbs_nobody(deal: Played, sample: Evidence, sample_log: bytes) -> None:
    copycat = deal.report.stage.arbiter
    stream = stream_id(copycat.address, sample.machine.serial)
    copycat.fabricant.records.anchor(stream, sample.manifest.root, count=sample.manifest.count)

    stranger = Stranger.with_file(deal.fabricant, sample_log)

    assert stranger.supplier == deal.report.stage.supplier.address
    assert stranger.verify()


def test_copy_alone_proves_no_deal(deal: Played, sample: Evidence, sample_log: bytes) -> None:
    copycat, since = deal.report.stage.arbiter, deal.chain.head().number + 1
    stream = stream_id(copycat.address, sample.machine.serial)
    copycat.fabricant.records.anchor(stream, sample.manifest.root, count=sample.manifest.count)
    stranger = Stranger.with_file(deal.fabricant, sample_log, since=since)

    with pytest.raises(VerificationFailed, match="not anchored by the device of machine NMW-0417"):
        stranger.verify()
