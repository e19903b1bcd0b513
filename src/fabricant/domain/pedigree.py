"""A pack's pedigree: whether it is genuine, may be sold, and came by whom it should.

A maker commits a whole run of packs and ships them in cases, each an asset that changes hands. A pack's leaf
fixes its label, a document with lot, expiry and case, and who sells a pack says so once, as a record about
the case. So anybody with the run, the labels and the events of a few cases checks every single pack.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final

from eth_utils.crypto import keccak
from pydantic import Field, TypeAdapter, ValidationError

from fabricant.domain.assets import Namespace
from fabricant.domain.batches import Run, leaf_of_unit
from fabricant.domain.canonical import canonical_json
from fabricant.domain.outside import first_problem
from fabricant.domain.units import Address, UnixSeconds, format_time, printable
from fabricant.errors import InvalidInput, VerificationFailed

FORMAT: Final = "fabricant-label/1"
DISPENSED: Final = keccak(text="fabricant-dispensed/1")  # the topic of records that a pack was sold
LARGEST_LABEL: Final = 2**12  # bytes

Documents = Callable[[str], bytes | None]  # what is found at the URI of a pack


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """What is printed on all packs of a case. `expires`: Unix seconds, exclusive; `case`: its local id."""

    lot: Annotated[str, Field(min_length=1, max_length=100)]
    expires: Annotated[UnixSeconds, Field(ge=0, lt=2**40)]
    case: Annotated[str, Field(min_length=1, max_length=100)]

    @property
    def hash(self) -> bytes:
        """What the leaf of a pack says as its twin."""
        return keccak(self.serialise())

    def serialise(self) -> bytes:
        """The document: canonical JSON."""
        told: dict[str, Any] = _LABEL.dump_python(self)
        return canonical_json({"format": FORMAT, **told})

    @staticmethod
    def parse(data: bytes) -> "Label":
        """Reads a document. Raises InvalidInput for anything that `serialise` does not write."""
        if len(data) > LARGEST_LABEL:
            raise InvalidInput(f"a label has at most {LARGEST_LABEL:,} bytes")
        try:
            label = _LABEL.validate_json(data, strict=True)
        except ValidationError as wrong:
            raise InvalidInput(f"this is no label: {first_problem(wrong)}") from None
        if label.serialise() != data:
            raise InvalidInput(f"this is not canonical JSON of the form {FORMAT}")
        return label


_LABEL: Final = TypeAdapter(Label)


@dataclass(frozen=True, slots=True)
class Licences:
    """Who may trade, as the reader knows it from the authorities."""

    makers: frozenset[Namespace]
    wholesalers: frozenset[Address]
    pharmacies: frozenset[Address]


@dataclass(frozen=True, slots=True)
class Sale:
    """A pack that was sold out of its case, by whom and when."""

    by: Address
    at: UnixSeconds


@dataclass(frozen=True, slots=True)
class Custody:
    """Who had a case, in order and the last one now, and what each of them then said was sold, by leaves."""

    holders: Sequence[Address]
    sales: Mapping[bytes, Sequence[Sale]]
    recalled: bool = False


# Findings


@dataclass(frozen=True, slots=True)
class UnknownSerial:
    """The maker made no pack with this serial number."""

    def __str__(self) -> str:
        return "its maker made no pack with this serial number"


@dataclass(frozen=True, slots=True)
class Unlabelled:
    """There is no document with the hash that the pack commits to, or it is no label."""

    why: str

    def __str__(self) -> str:
        return f"its lot, expiry and case are unknown: {self.why}"


@dataclass(frozen=True, slots=True)
class Expired:
    """It must not be sold any more."""

    since: UnixSeconds

    def __str__(self) -> str:
        return f"it expired at {format_time(self.since)}"


@dataclass(frozen=True, slots=True)
class Recalled:
    """Its maker recalls it."""

    def __str__(self) -> str:
        return "its maker recalls it"


@dataclass(frozen=True, slots=True)
class ClonedSerial:
    """The genuine pack is elsewhere: with `holder`, or sold already."""

    holder: Address
    sold: Sale | None = None

    def __str__(self) -> str:
        if self.sold:
            return f"{self.sold.by} sold it at {format_time(self.sold.at)}; so this one is another"
        return f"the genuine one is with {self.holder}"


@dataclass(frozen=True, slots=True)
class Unlicensed:
    """It was with somebody who has no licence."""

    holder: Address

    def __str__(self) -> str:
        return f"it was with {self.holder}, who has no licence"


@dataclass(frozen=True, slots=True)
class UnlicensedMaker:
    """Who committed the run may make nothing, whatever licences its buyers have."""

    def __str__(self) -> str:
        return "its maker has no licence"


@dataclass(frozen=True, slots=True)
class SkippedWholesaler:
    """It came to a pharmacy past every wholesaler."""

    pharmacy: Address

    def __str__(self) -> str:
        return f"it came to {self.pharmacy} past every wholesaler"


Finding = (
    UnknownSerial
    | Unlabelled
    | Expired
    | Recalled
    | ClonedSerial
    | Unlicensed
    | UnlicensedMaker
    | SkippedWholesaler
)


class NotGenuine(VerificationFailed):
    """A pack must not be sold, for these reasons."""

    def __init__(self, serial: str, findings: tuple[Finding, ...]) -> None:
        super().__init__(
            f"{printable(serial, 60)} must not be sold: {'; '.join(map(str, findings))}; keep it apart"
        )
        self.findings = findings


@dataclass(frozen=True, slots=True)
class Pedigrees:
    """What is known of the packs of a run: labels by their hashes, custody by the local id of the case.

    `apart`: who has packs whose own tokens changed hands, by their leaves.
    """

    run: Run
    recalled: bool
    labels: Mapping[bytes, Label | Unlabelled]
    custody: Mapping[str, Custody]
    apart: Mapping[bytes, Address]

    def require_genuine(
        self, serial: str, *, presented_by: Address, at: UnixSeconds, licences: Licences
    ) -> None:
        """Raises NotGenuine unless a pack may be sold by whoever has it in hand."""
        if found := self.check(serial, presented_by=presented_by, at=at, licences=licences):
            raise NotGenuine(serial, found)

    def check(
        self, serial: str, *, presented_by: Address, at: UnixSeconds, licences: Licences
    ) -> tuple[Finding, ...]:
        """What is wrong with a pack that somebody has in hand; nothing if it may be sold."""
        try:
            pack = self.run.unit(serial)
        except InvalidInput:
            return (UnknownSerial(),)
        label, leaf = self.labels[pack.twin], leaf_of_unit(pack)
        unlicensed = () if self.run.namespace in licences.makers else (UnlicensedMaker(),)
        if isinstance(label, Unlabelled):
            return (*([Recalled()] if self.recalled else []), *unlicensed, label)
        custody = self.custody[label.case]
        found: list[Finding] = [Recalled()] if self.recalled or custody.recalled else []
        found += unlicensed
        if at >= label.expires:
            found.append(Expired(label.expires))
        holders = [*custody.holders, *([self.apart[leaf]] if leaf in self.apart else [])]
        sale = next((each for each in custody.sales.get(leaf, ()) if each.by in licences.pharmacies), None)
        if sale or holders[-1] != presented_by:
            found.append(ClonedSerial(holders[-1], sale))
        return (*found, *_strayed(pack.owner, holders, licences))


def _strayed(maker: Address, holders: Sequence[Address], licences: Licences) -> Iterator[Finding]:
    came_by_wholesaler = False
    for holder in dict.fromkeys(holders):
        if holder in licences.wholesalers:
            came_by_wholesaler = True
        elif holder in licences.pharmacies:
            if not came_by_wholesaler:
                yield SkippedWholesaler(holder)
        elif holder != maker:
            yield Unlicensed(holder)
