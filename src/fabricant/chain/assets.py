"""The typed client of the AssetRegistry: machines, parts, lots and products.

Assets are ERC-721 tokens whose ids follow from a namespace and a local id. Methods that send a transaction
return its receipt with the event that the contract emitted. Who may act is said at each: the issuer of a
namespace, the owner, the user, the device, or their operators with the role.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from fabricant.chain.answers import Log
from fabricant.chain.client import AllDone, Client, Done
from fabricant.chain.errors import AssetRegistry_UnknownAsset
from fabricant.chain.network import At
from fabricant.chain.signing import Signer, sign
from fabricant.domain.assets import (
    BINDING,
    NO_TWIN,
    Asset,
    AssetId,
    DeviceBinding,
    Kind,
    Namespace,
    Registration,
    Standing,
    Status,
    asset_id,
    local_id_hash,
)
from fabricant.domain.batches import Batch, BatchId, Progress
from fabricant.domain.merkle import Root
from fabricant.domain.typed_data import Message
from fabricant.domain.units import ZERO_ADDRESS, Address, UnixSeconds, address_word
from fabricant.errors import NotFound


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetRegistered:
    """An asset came into being: active, with twin version 1 if it has a twin."""

    id: AssetId
    namespace: Namespace
    owner: Address
    kind: Kind
    local_id: str
    twin: bytes
    uri: str


@dataclass(frozen=True, slots=True, kw_only=True)
class QuantitySet:
    """A lot has a new quantity."""

    id: AssetId
    quantity: int
    unit: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchCommitted:
    """A production run was committed; `origin` is what it was made of, or zero."""

    batch: BatchId
    namespace: Namespace
    origin: AssetId
    root: Root
    count: int
    uri: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitSerialised:
    """A unit of a batch became a token of its own."""

    id: AssetId
    batch: BatchId


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer:
    """An asset changed hands (ERC-721); from the zero address: it was registered."""

    from_: Address
    to: Address
    id: AssetId


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """Somebody may move one asset (ERC-721)."""

    owner: Address
    account: Address
    id: AssetId


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalForAll:
    """Somebody may, or may no longer, move all assets of an owner (ERC-721)."""

    owner: Address
    operator: Address
    is_approved: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateUser:
    """An asset has a user until `expires` (ERC-4907); zero: its term was given up."""

    token_id: AssetId
    user: Address
    expires: UnixSeconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Locked:
    """An asset can't change hands any more (ERC-5192): it is recalled, held, assembled or consumed."""

    token_id: AssetId


@dataclass(frozen=True, slots=True, kw_only=True)
class Unlocked:
    """An asset can change hands again (ERC-5192)."""

    token_id: AssetId


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusSet:
    """An asset's status changed."""

    id: AssetId
    status: Status


@dataclass(frozen=True, slots=True, kw_only=True)
class TwinSet:
    """An asset's digital twin changed; `version` counts the changes."""

    id: AssetId
    version: int
    hash: bytes
    uri: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceBound:
    """A device began to speak for an asset."""

    id: AssetId
    device: Address
    nonce: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceUnbound:
    """A device ceased to speak for an asset."""

    id: AssetId
    device: Address


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordAdded:
    """`author` stated something about an asset, sent by `by`; `supersedes` an earlier record, or zero."""

    id: AssetId
    topic: bytes
    author: Address
    by: Address
    hash: bytes
    supersedes: bytes
    uri: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RecorderSet:
    """An owner lets somebody record about an asset until a time; one that is over ends it."""

    id: AssetId
    owner: Address
    recorder: Address
    until: UnixSeconds


@dataclass(frozen=True, slots=True, kw_only=True)
class NamespaceProposed:
    """A prefix was offered to an issuer, who can accept from `open_from`; zero: the offer was withdrawn."""

    namespace: Namespace
    issuer: Address
    open_from: UnixSeconds
    prefix: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NamespaceAssigned:
    """An issuer accepted a prefix; `previous` lost it."""

    namespace: Namespace
    issuer: Address
    previous: Address


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistrarProposed:
    """The registrar named its successor; zero: it withdrew the name."""

    registrar: Address
    successor: Address


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistrarChanged:
    """A successor took the registrar's office."""

    registrar: Address
    previous: Address


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """To whom a prefix is offered, and from when it can be accepted; zero: to nobody."""

    issuer: Address
    open_from: UnixSeconds


class AssetRegistry(
    Client,
    contract="AssetRegistry",
    events=(
        *(AssetRegistered, QuantitySet, BatchCommitted, UnitSerialised),
        *(Transfer, Approval, ApprovalForAll, UpdateUser, Locked, Unlocked, StatusSet, TwinSet),
        *(DeviceBound, DeviceUnbound, RecordAdded, RecorderSet),
        *(NamespaceProposed, NamespaceAssigned, RegistrarProposed, RegistrarChanged),
    ),
):
    """Assets, their namespaces, users, twins, devices and records."""

    # Registering

    def register(self, namespace: Namespace, registration: Registration) -> Done[AssetRegistered]:
        """Registers an asset. Issuer of the namespace (ASSETS); sends a transaction.

        Raises InvalidInput for a local id that could be mistaken, AssetRegistry_NotIssuer,
        AssetRegistry_AlreadyRegistered, AssetRegistry_BadQuantity, AssetRegistry_BadReceiver.
        """
        registration.check()
        return self._do(AssetRegistered, "register", namespace, registration)

    def register_many(
        self, namespace: Namespace, registrations: Sequence[Registration]
    ) -> AllDone[AssetRegistered]:
        """Registers many assets of one namespace, all or none. Sends a transaction. Raises as `register`."""
        for each in registrations:
            each.check()
        return self._do_all(AssetRegistered, "registerMany", namespace, tuple(registrations))

    def asset_id(self, namespace: Namespace, local_id: str) -> AssetId:
        """The id of a local id, worked out here as the contract does."""
        return asset_id(namespace, local_id)

    def is_registered(self, asset: AssetId, *, at: At = "latest") -> bool:
        """Whether an asset was registered."""
        try:
            self.owner_of(asset, at=at)
        except AssetRegistry_UnknownAsset:
            return False
        return True

    def asset_of(self, asset: AssetId, *, at: At = "latest") -> Asset:
        """Everything that an asset's slot holds. Raises AssetRegistry_UnknownAsset."""
        return self._read_as(Asset, "assetOf", asset, at=at)

    def standing_of(self, asset: AssetId, *, at: At = "latest") -> Standing:
        """What others need to know before they deal in an asset. Raises AssetRegistry_UnknownAsset."""
        return self._read_as(Standing, "standingOf", asset, at=at)

    def quantity_of(self, asset: AssetId, *, at: At = "latest") -> int:
        """A lot's quantity in whole units; one for anything else. Raises AssetRegistry_UnknownAsset."""
        return int(self._read("quantityOf", asset, at=at))

    def deliverables_of(self, assets: Sequence[AssetId], *, at: At = "latest") -> bytes:
        """What is handed over with these assets: the hash of their ids and quantities, as lines name it.

        Raises AssetRegistry_InUse if somebody has the right to use one, AssetRegistry_UnknownAsset.
        """
        return bytes(self._read("deliverablesOf", tuple(assets), at=at))

    def unit_of(self, asset: AssetId, *, at: At = "latest") -> bytes:
        """A lot's unit (UN/CEFACT Rec. 20); zero for anything else. Raises AssetRegistry_UnknownAsset."""
        return bytes(self._read("unitOf", asset, at=at))

    def registration_of(self, asset: AssetId, *, since: int = 0) -> AssetRegistered:
        """How an asset was registered, in block `since` or later: namespace, local id, first twin.

        Raises NotFound if it was not. Namespace and local id prove the id, whoever the node is.
        """
        found = [event for _, event in self._find(AssetRegistered, asset.to_bytes(32), since=since)]
        if not found or asset_id(found[0].namespace, found[0].local_id) != asset:
            raise NotFound(
                f"asset {asset:#066x} was not registered on chain {self.network.chain_id}; check its id"
            )
        return found[0]

    def assets_registered(
        self,
        *,
        namespace: Namespace | None = None,
        owner: Address | None = None,
        since: int = 0,
        until: int | None = None,
    ) -> list[tuple[Log, AssetRegistered]]:
        """The assets registered in these blocks, in a namespace or to a first owner if they are named."""
        whose = None if owner is None else address_word(owner)
        return self._find(AssetRegistered, None, namespace, whose, since=since, until=until)

    # Batches

    def commit_batch(self, batch: Batch, *, uri: str = "") -> Done[BatchCommitted]:
        """Commits a production run of any size. Issuer of the namespace (ASSETS); sends a transaction.

        `uri` says where the units' registrations are found. Raises AssetRegistry_NotIssuer,
        AssetRegistry_AlreadyCommitted, AssetRegistry_EmptyBatch, AssetRegistry_UnknownAsset for the origin.
        """
        return self._do(BatchCommitted, "commitBatch", batch, uri)

    def serialise(self, batch: Batch, unit: Registration, *, proof: Sequence[bytes]) -> Done[UnitSerialised]:
        """Makes a unit of a batch a token, for the owner it names. Anyone, once; sends a transaction.

        Raises AssetRegistry_UnknownBatch, AssetRegistry_NotInBatch, AssetRegistry_AlreadyRegistered,
        AssetRegistry_BatchUsedUp, and as `register` for a unit that can't be registered.
        """
        return self._do(UnitSerialised, "serialise", batch, unit, tuple(proof))

    def progress_of(self, batch: BatchId, *, at: At = "latest") -> Progress:
        """How far a batch has become tokens; zeros for one that was never committed."""
        return self._read_as(Progress, "progressOf", batch, at=at)

    def batches_committed(
        self, *, namespace: Namespace | None = None, since: int = 0, until: int | None = None
    ) -> list[tuple[Log, BatchCommitted]]:
        """The batches committed in these blocks, in a namespace if one is named."""
        return self._find(BatchCommitted, None, namespace, since=since, until=until)

    def units_serialised(
        self, *, batch: BatchId | None = None, since: int = 0, until: int | None = None
    ) -> list[tuple[Log, UnitSerialised]]:
        """The units that became tokens in these blocks, of a batch if one is named."""
        of_batch = None if batch is None else batch.to_bytes(32)
        return self._find(UnitSerialised, None, of_batch, since=since, until=until)

    # Owning, as ERC-721 has it

    def transfer_from(self, from_: Address, to: Address, asset: AssetId) -> Done[Transfer]:
        """Hands an asset over, without asking the receiver. Owner, or whom it approved; sends a transaction.

        Its user stays; its device does not. Raises AssetRegistry_WrongFrom, AssetRegistry_NotApproved,
        AssetRegistry_BadReceiver, AssetRegistry_Locked, AssetRegistry_Final.
        """
        return self._do(Transfer, "transferFrom", from_, to, asset)

    def safe_transfer_from(
        self, from_: Address, to: Address, asset: AssetId, *, data: bytes = b""
    ) -> Done[Transfer]:
        """Hands an asset over to an account, or to a contract that takes assets. Sends a transaction.

        Raises as `transfer_from`, TransferToNonERC721ReceiverImplementer.
        """
        function = "safeTransferFrom(address,address,uint256,bytes)"
        return self._do(Transfer, function, from_, to, asset, data)

    def approve(self, account: Address, asset: AssetId) -> Done[Approval]:
        """Lets an account move one asset, such as the escrow before a delivery. Owner; sends a transaction.

        Raises AssetRegistry_NotApproved.
        """
        return self._do(Approval, "approve", account, asset)

    def set_approval_for_all(self, operator: Address, *, approved: bool) -> Done[ApprovalForAll]:
        """Lets an account move all of the sender's assets, or no longer. Sends a transaction."""
        return self._do(ApprovalForAll, "setApprovalForAll", operator, approved)

    def owner_of(self, asset: AssetId, *, at: At = "latest") -> Address:
        """Who owns an asset. Raises AssetRegistry_UnknownAsset."""
        return Address(self._read("ownerOf", asset, at=at))

    def balance_of(self, owner: Address, *, at: At = "latest") -> int:
        """How many assets an account owns."""
        return int(self._read("balanceOf", owner, at=at))

    def get_approved(self, asset: AssetId, *, at: At = "latest") -> Address:
        """Who may move one asset; zero: nobody but its owner. Raises AssetRegistry_UnknownAsset."""
        return Address(self._read("getApproved", asset, at=at))

    def is_approved_for_all(self, owner: Address, operator: Address, *, at: At = "latest") -> bool:
        """Whether an account may move all assets of an owner."""
        return bool(self._read("isApprovedForAll", owner, operator, at=at))

    # Lending, as ERC-4907 has it

    def set_user(self, asset: AssetId, user: Address, *, expires: UnixSeconds) -> Done[UpdateUser]:
        """Lends an asset to a user, exclusively, until `expires`. Sends a transaction.

        The owner or whom it approved: when nobody uses it, or the same user for longer. The live user: for
        shorter, or to nobody (zero, zero). Raises AssetRegistry_InUse, AssetRegistry_BadTerm,
        AssetRegistry_NotApproved, AssetRegistry_Final.
        """
        return self._do(UpdateUser, "setUser", asset, user, expires)

    def give_up_use(self, asset: AssetId) -> Done[UpdateUser]:
        """Ends the sender's own term. The live user; sends a transaction. Raises AssetRegistry_InUse."""
        return self.set_user(asset, ZERO_ADDRESS, expires=UnixSeconds(0))

    # Locks, as ERC-5192 has them

    def locked(self, asset: AssetId, *, at: At = "latest") -> bool:
        """Whether every transfer of an asset reverts. Raises AssetRegistry_UnknownAsset."""
        return bool(self._read("locked", asset, at=at))

    # Status and digital twins

    def set_status(self, asset: AssetId, status: Status) -> Done[StatusSet]:
        """Suspends, resumes or retires (for ever) an asset. Owner (ASSETS); sends a transaction.

        Raises AssetRegistry_NotOwner, AssetRegistry_InUse, AssetRegistry_BadStatus, AssetRegistry_Final.
        """
        return self._do(StatusSet, "setStatus", asset, status)

    def set_twin(self, asset: AssetId, *, expected_version: int, twin: bytes, uri: str = "") -> Done[TwinSet]:
        """Replaces an asset's digital twin, if nobody else did so first. Owner (ASSETS); sends a transaction.

        `expected_version` is the one that it replaces; `twin` its hash, zero to withdraw it. Raises
        AssetRegistry_StaleTwin, AssetRegistry_NotOwner.
        """
        return self._do(TwinSet, "setTwin", asset, expected_version, twin, uri)

    def twin_of(self, asset: AssetId, *, since: int = 0) -> bytes:
        """The hash of an asset's digital twin now, by its events from block `since` on; zero: none."""
        twins = self._find(TwinSet, asset.to_bytes(32), since=since)
        if twins:
            return twins[-1][1].hash
        registered = self._find(AssetRegistered, asset.to_bytes(32), since=since)
        return registered[0][1].twin if registered else NO_TWIN

    # Devices

    def bind_device(self, binding: DeviceBinding, signature: bytes) -> Done[DeviceBound]:
        """Binds a device, by its own signature, to an asset without one. Owner (ASSETS); sends a transaction.

        Raises AssetRegistry_BadSignature (also when owner or nonce are not the present ones),
        AssetRegistry_Expired, AssetRegistry_DevicePresent, AssetRegistry_DeviceTaken,
        AssetRegistry_NotOwner, Eip712_ForeignChain.
        """
        return self._do(DeviceBound, "bindDevice", binding.asset, binding.device, binding.deadline, signature)

    def next_binding(self, asset: AssetId, device: Address, *, deadline: UnixSeconds) -> DeviceBinding:
        """What a device signs to be bound to an asset now. Raises AssetRegistry_UnknownAsset."""
        owner = self.owner_of(asset)
        nonce = self.binding_nonce(asset)
        return DeviceBinding(asset=asset, device=device, owner=owner, nonce=nonce, deadline=deadline)

    def sign_binding(self, binding: DeviceBinding, *, by: Signer) -> bytes:
        """The device's signature over a binding. Sends nothing. Raises SigningRefused as `signing.sign`."""
        return sign(Message(self.domain, BINDING, binding), by=by, on=self.network)

    def binding_digest(self, binding: DeviceBinding) -> bytes:
        """What a device signs."""
        return Message(self.domain, BINDING, binding).digest

    def unbind_device(self, asset: AssetId) -> Done[DeviceUnbound]:
        """Ends a binding. The device itself, or the owner (ASSETS); sends a transaction.

        Raises AssetRegistry_NoDevice, AssetRegistry_NotOwner.
        """
        return self._do(DeviceUnbound, "unbindDevice", asset)

    def device_of(self, asset: AssetId, *, at: At = "latest") -> Address:
        """The device that speaks for an asset; zero: none."""
        return Address(self._read("deviceOf", asset, at=at))

    def bound_to(self, device: Address, *, at: At = "latest") -> AssetId:
        """The asset that a device speaks for; zero: none."""
        return AssetId(self._read("boundTo", device, at=at))

    def binding_nonce(self, asset: AssetId, *, at: At = "latest") -> int:
        """How many devices were bound to an asset so far: the nonce of the next binding."""
        return int(self._read("bindingNonce", asset, at=at))

    # Records

    def record(
        self, asset: AssetId, *, topic: bytes, hash_: bytes, uri: str = "", supersedes: bytes = bytes(32)
    ) -> Done[RecordAdded]:
        """States something about an asset. Owner, user, RECORD operators of either, device or recorder.

        Sends a transaction. `topic`: what it is about, as a hash; `hash_` of the record; `supersedes`: an
        earlier one that it corrects. Raises AssetRegistry_NoRecorder.
        """
        return self._do(RecordAdded, "record", asset, topic, hash_, uri, supersedes)

    def record_as_issuer(
        self,
        namespace: Namespace,
        local_id: str,
        *,
        topic: bytes,
        hash_: bytes,
        uri: str = "",
        supersedes: bytes = bytes(32),
    ) -> Done[RecordAdded]:
        """The same by the issuer (RECORD), whoever owns the asset. Sends a transaction.

        Raises AssetRegistry_NotIssuer, AssetRegistry_UnknownAsset.
        """
        local = local_id_hash(local_id)
        return self._do(RecordAdded, "recordAsIssuer", namespace, local, topic, hash_, uri, supersedes)

    def set_recorder(self, asset: AssetId, recorder: Address, *, until: UnixSeconds) -> Done[RecorderSet]:
        """Lets somebody record, such as an inspector or a garage, until a time. Owner (RECORD).

        Sends a transaction. Ends with the ownership; a time that is over ends it. Raises
        AssetRegistry_NotOwner, AssetRegistry_UnknownAsset.
        """
        return self._do(RecorderSet, "setRecorder", asset, recorder, until)

    def recorder_until(
        self, asset: AssetId, owner: Address, recorder: Address, *, at: At = "latest"
    ) -> UnixSeconds:
        """Until when somebody may record for an owner; zero: never."""
        return UnixSeconds(self._read("recorderUntil", asset, owner, recorder, at=at))

    def records_of(
        self, asset: AssetId, *, topic: bytes | None = None, since: int = 0, until: int | None = None
    ) -> list[tuple[Log, RecordAdded]]:
        """What was stated about an asset in these blocks, in order."""
        return self._find(RecordAdded, asset.to_bytes(32), topic, since=since, until=until)

    def history_of(
        self, asset: AssetId, *, since: int = 0, until: int | None = None
    ) -> list[tuple[Log, object]]:
        """Everything that the registry said of an asset, in order, hand-overs and loans included."""
        own = self._find_all(None, asset.to_bytes(32), since=since, until=until)
        moved = self._find(Transfer, None, None, asset.to_bytes(32), since=since, until=until)
        return sorted([*own, *moved], key=lambda found: (found[0].block, found[0].index))

    # Namespaces

    def propose_namespace(self, prefix: str, issuer: Address) -> Done[NamespaceProposed]:
        """Offers a prefix to an issuer; zero withdraws the offer. The registrar; sends a transaction.

        Raises AssetRegistry_NotRegistrar, AssetRegistry_EmptyPrefix.
        """
        return self._do(NamespaceProposed, "proposeNamespace", prefix, issuer)

    def accept_namespace(self, namespace: Namespace) -> Done[NamespaceAssigned]:
        """Takes a namespace that was offered to the sender. Sends a transaction.

        Raises AssetRegistry_NotProposed, AssetRegistry_NoticeRunning.
        """
        return self._do(NamespaceAssigned, "acceptNamespace", namespace)

    def issuer_of(self, namespace: Namespace, *, at: At = "latest") -> Address:
        """Who names assets in a namespace; zero: nobody."""
        return Address(self._read("issuerOf", namespace, at=at))

    def proposal_of(self, namespace: Namespace, *, at: At = "latest") -> Proposal:
        """To whom a prefix is offered, and from when it can be accepted."""
        return self._read_as(Proposal, "proposalOf", namespace, at=at)

    def namespaces_assigned(
        self, *, namespace: Namespace | None = None, since: int = 0, until: int | None = None
    ) -> list[tuple[Log, NamespaceAssigned]]:
        """Who became the issuer in these blocks, of a namespace if it is named."""
        return self._find(NamespaceAssigned, namespace, since=since, until=until)

    def propose_registrar(self, successor: Address) -> Done[RegistrarProposed]:
        """Names a successor, who has to accept; zero withdraws. The registrar; sends a transaction.

        Raises AssetRegistry_NotRegistrar.
        """
        return self._do(RegistrarProposed, "proposeRegistrar", successor)

    def accept_registrar(self) -> Done[RegistrarChanged]:
        """Takes the registrar's office. Its named successor; sends a transaction.

        Raises AssetRegistry_NotSuccessor.
        """
        return self._do(RegistrarChanged, "acceptRegistrar")

    def registrar(self, *, at: At = "latest") -> Address:
        """Who assigns prefixes."""
        return Address(self._read("registrar", at=at))

    def registrar_successor(self, *, at: At = "latest") -> Address:
        """Who may take the registrar's office; zero: nobody."""
        return Address(self._read("registrarSuccessor", at=at))
