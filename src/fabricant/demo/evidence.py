"""What a machine's log says: which machine it was, which parts it made, and what proves it.

Everything follows from the bytes of the file, so that the supplier who anchors it and the stranger who checks
it later come to the same machine, the same production records and the same root.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Self

from fabricant.domain import shdr
from fabricant.domain.assets import check_local_id
from fabricant.domain.escrow import MAX_ASSETS
from fabricant.domain.locator import Locator
from fabricant.domain.machine import Machine, machine_of
from fabricant.domain.production import ProducedPart, TwinHash, produced_parts, production_record, twin_hash
from fabricant.domain.records import LineProof, Manifest
from fabricant.domain.shdr import LineNumber
from fabricant.errors import InvalidInput


class NothingProduced(InvalidInput):
    """The log shows no finished part, so there is nothing to deliver."""


class TooManyParts(InvalidInput):
    """The log shows more parts than one order line hands over."""


@dataclass(frozen=True)
class Evidence:
    """A log, and all that follows from it."""

    data: bytes
    machine: Machine
    parts: tuple[ProducedPart, ...]
    manifest: Manifest

    @classmethod
    def read(cls, data: bytes) -> Self:
        """Reads the bytes of an SHDR log.

        Raises NotShdr, MachineUnknown, SeveralMachines, NoSignal, NothingProduced, TooManyParts, and
        InvalidInput for a serial number that can't be an id.
        """
        log = shdr.parse(data)
        machine = machine_of(log)
        check_local_id(machine.serial)
        parts = produced_parts(log, machine)
        if not parts:
            raise NothingProduced(
                "the log shows no finished part; take one in which a program ends and counts"
            )
        if len(parts) > MAX_ASSETS:
            raise TooManyParts(
                f"the log shows {len(parts)} finished parts, and a line hands over {MAX_ASSETS}; cut the log"
            )
        return cls(data, machine, parts, Manifest.of(data))

    @cached_property
    def twins(self) -> tuple[TwinHash, ...]:
        """The digest of each part's production record."""
        return tuple(
            twin_hash(production_record(part, machine=self.machine, manifest=self.manifest))
            for part in self.parts
        )

    @cached_property
    def locator(self) -> Locator:
        """What finds a changed line without the manifest."""
        return Locator.of(self.manifest)

    def line(self, number: LineNumber) -> bytes:
        """A line with its ending. Lines are numbered from 1."""
        return shdr.split_lines(self.data)[number - 1]

    def prove(self, number: LineNumber) -> LineProof:
        """The proof of one line, for somebody who has the root alone."""
        return self.manifest.prove(number, self.line(number))
