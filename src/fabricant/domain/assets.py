"""What machines, parts, lots and products are called, whose they are, and whether they are fit for use.

An asset's id is the hash of a namespace and of the local id that the namespace's issuer gave it, so anybody
who knows both knows the id, and no other issuer can take it. Every address is a namespace of its own; a
public prefix (a GS1 company prefix URI, a DNS domain) is one that was assigned. Local ids are written in
plain ASCII, where no two look alike by accident.
"""

import re
from dataclasses import dataclass
from enum import IntEnum, IntFlag
from typing import Final, NewType

from eth_hash.auto import keccak

from fabricant.domain.identifiers import identify
from fabricant.domain.typed_data import Struct
from fabricant.domain.units import ZERO_ADDRESS, Address, UnixSeconds, address_word, printable
from fabricant.errors import InvalidInput

AssetId = NewType("AssetId", int)  # 256 bits
Namespace = NewType("Namespace", bytes)  # 32 bytes

NO_UNIT: Final = bytes(3)
NO_TWIN: Final = bytes(32)

BINDING: Final = Struct(
    "DeviceBinding", "uint256 asset, address device, address owner, uint96 nonce, uint40 deadline"
)


class Kind(IntEnum):
    """What an asset is. Only a lot has a quantity other than one."""

    EQUIPMENT = 0
    COMPONENT = 1
    PRODUCT = 2
    LOT = 3


class Status(IntEnum):
    """Life of an asset. ACTIVE and SUSPENDED alternate; CONSUMED and RETIRED are final."""

    ACTIVE = 0
    SUSPENDED = 1
    CONSUMED = 2
    RETIRED = 3


class AssetFlag(IntFlag):
    """What else is known of an asset. UNFIT is any of the first three: not for sale."""

    RECALLED = 1 << 0  # its issuer called it back
    HELD = 1 << 1  # an authority holds it
    ASSEMBLED = 1 << 2  # it is part of another asset
    DEVICE = 1 << 3  # a device is bound to it
    UNFIT = RECALLED | HELD | ASSEMBLED


@dataclass(frozen=True, slots=True, kw_only=True)
class Asset:
    """Everything about an asset that its slot holds."""

    owner: Address
    kind: Kind
    status: Status
    flags: AssetFlag
    height: int  # levels of assembly below it
    twin_version: int  # zero: no digital twin yet
    registered_at: UnixSeconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What others need to know before they deal in an asset."""

    owner: Address
    user: Address  # zero: nobody uses it but its owner
    user_until: UnixSeconds  # exclusive; zero without a user
    kind: Kind
    status: Status
    flags: AssetFlag

    @property
    def is_fit(self) -> bool:
        """Whether it can be sold or booked: active, and neither recalled, held nor assembled."""
        return self.status is Status.ACTIVE and not self.flags & AssetFlag.UNFIT


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """What an issuer says about an asset when it registers it.

    `quantity` and `unit` (UN/CEFACT Recommendation 20, such as b"KGM") are a lot's; anything else is one,
    without a unit. `twin` is the hash of the first digital twin, which is found at `uri`.
    """

    local_id: str
    kind: Kind
    owner: Address
    quantity: int = 1
    unit: bytes = NO_UNIT
    twin: bytes = NO_TWIN
    uri: str = ""

    def check(self) -> None:
        """Raises InvalidInput if the registry would refuse it, or if its local id could be mistaken."""
        check_local_id(self.local_id)
        if self.owner == ZERO_ADDRESS:
            raise InvalidInput(f"{self.local_id} needs a first owner")
        if self.kind is Kind.LOT and (not 0 < self.quantity < 2**128 or not is_unit(self.unit)):
            raise InvalidInput(
                f"lot {self.local_id} needs a quantity above zero and a unit such as KGM (UN/CEFACT Rec. 20)"
            )
        if self.kind is not Kind.LOT and (self.quantity != 1 or self.unit != NO_UNIT):
            raise InvalidInput(f"{self.local_id} is no lot; its quantity is one, without a unit")


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceBinding:
    """A device's consent to speak for an asset, as the device signs it. `deadline` is exclusive."""

    asset: AssetId
    device: Address
    owner: Address  # of the asset; the binding ends with its ownership
    nonce: int  # how many devices were bound to the asset before
    deadline: UnixSeconds


def namespace_of(issuer: Address) -> Namespace:
    """The namespace that an address owns for ever."""
    return Namespace(address_word(issuer))


def namespace_of_prefix(prefix: str) -> Namespace:
    """The namespace of a public prefix, such as "https://id.gs1.org/414/9521321" or "example.com"."""
    if not prefix:
        raise InvalidInput("an empty prefix is no namespace; give a GS1 prefix URI or a DNS domain")
    return Namespace(keccak(prefix.encode()))


def local_id_hash(local_id: str) -> bytes:
    """How the registry's calls name a local id."""
    return keccak(local_id.encode())


def asset_id(namespace: Namespace, local_id: str) -> AssetId:
    """The id of a local id in a namespace, registered or not."""
    return AssetId(int.from_bytes(keccak(namespace + local_id_hash(local_id))))


def check_local_id(local_id: str) -> None:
    """Raises UnclearCharacter, or InvalidInput for a local id that breaks its scheme's rules or form.

    One thing has one local id: `identify` gives the canonical form of what its label says.
    """
    canonical = identify(local_id).local_id
    if canonical != local_id:
        raise InvalidInput(f"{local_id} is written {canonical} in its canonical form; use that")


def is_unit(unit: bytes) -> bool:
    """Whether this is a unit code as the registry keeps it: two or three ASCII capitals or digits."""
    return len(unit) == len(NO_UNIT) and re.fullmatch(rb"[A-Z0-9]{2}[A-Z0-9\0]", unit) is not None


def parse_unit(code: str) -> bytes:
    """A unit from its UN/CEFACT Recommendation 20 code: "KGM", "C62". Raises InvalidInput."""
    unit = code.encode("ascii", "replace").upper().ljust(len(NO_UNIT), b"\0")
    if not is_unit(unit):
        raise InvalidInput(
            f"{printable(code, 20)!r} is no unit code; use UN/CEFACT Rec. 20, such as KGM or C62"
        )
    return unit
