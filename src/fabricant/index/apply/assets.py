"""Machines, components, products and lots: who owns them, and what is recorded about them."""

from collections.abc import Callable, Mapping
from typing import Final

from fabricant.domain.assets import Kind, Status
from fabricant.index.decode import Values
from fabricant.index.rows import (
    NOBODY,
    Asset,
    AssetOperator,
    Batch,
    Namespace,
    Record,
    Recorder,
    Registrar,
)
from fabricant.index.state import Place, State

_REGISTRY: Final = "AssetRegistry"
_KINDS: Final = {each.value: each.name.lower() for each in Kind}
_STATUSES: Final = {each.value: each.name.lower() for each in Status}


# Registering


def _registered(state: State, event: Values, place: Place) -> None:
    state.put(
        Asset(
            id=event["id"],
            namespace=event["namespace"],
            local_id=event["localId"],
            kind=_KINDS[event["kind"]],
            owner=event["owner"],
            status=_STATUSES[Status.ACTIVE],
            twin=event["twin"],
            twin_version=1 if int(event["twin"], 16) else 0,
            uri=event["uri"],
            registered_at=place.time,
        )
    )


def _transferred(state: State, event: Values, place: Place) -> None:
    del place
    if event["from"] == NOBODY:
        return  # a token begins before its asset: `_registered` names the owner
    asset = state.edit(Asset, event["id"])
    asset.owner, asset.approved = event["to"], NOBODY


def _quantity_set(state: State, event: Values, place: Place) -> None:
    del place
    asset = state.edit(Asset, event["id"])
    asset.quantity, asset.unit = event["quantity"], _unit(event["unit"])


def _batch_committed(state: State, event: Values, place: Place) -> None:
    state.put(
        Batch(
            id=event["batch"],
            namespace=event["namespace"],
            origin=event["origin"],
            root=event["root"],
            count=event["count"],
            uri=event["uri"],
            at=place.time,
        )
    )


def _serialised(state: State, event: Values, place: Place) -> None:
    del place
    state.edit(Asset, event["id"]).batch = event["batch"]


def _unit(code: str) -> str:
    """A unit's code as people write it: three bytes without the zeros behind."""
    return bytes.fromhex(code[2:]).rstrip(b"\0").decode("ascii", "backslashreplace")


# Life


def _status_set(state: State, event: Values, place: Place) -> None:
    del place
    state.edit(Asset, event["id"]).status = _STATUSES[event["status"]]


def _twin_set(state: State, event: Values, place: Place) -> None:
    del place
    asset = state.edit(Asset, event["id"])
    asset.twin, asset.twin_version, asset.uri = event["hash"], event["version"], event["uri"]


def _locked(state: State, event: Values, place: Place) -> None:
    del place
    state.edit(Asset, event["tokenId"]).locked = True


def _unlocked(state: State, event: Values, place: Place) -> None:
    del place
    state.edit(Asset, event["tokenId"]).locked = False


def _user_updated(state: State, event: Values, place: Place) -> None:
    del place
    asset = state.edit(Asset, event["tokenId"])
    asset.user, asset.user_until = event["user"], int(event["expires"])


def _device_bound(state: State, event: Values, place: Place) -> None:
    del place
    state.edit(Asset, event["id"]).device = event["device"]


def _device_unbound(state: State, event: Values, place: Place) -> None:
    del place
    state.edit(Asset, event["id"]).device = NOBODY


def _approved(state: State, event: Values, place: Place) -> None:
    del place
    state.edit(Asset, event["id"]).approved = event["account"]


def _approved_for_all(state: State, event: Values, place: Place) -> None:
    del place
    state.put(AssetOperator(owner=event["owner"], operator=event["operator"], approved=event["isApproved"]))


# Records


def _record_added(state: State, event: Values, place: Place) -> None:
    state.put(
        Record(
            block=place.block,
            log_index=place.index,
            asset=event["id"],
            topic=event["topic"],
            author=event["author"],
            by=event["by"],
            hash=event["hash"],
            supersedes=event["supersedes"],
            uri=event["uri"],
            at=place.time,
        )
    )


def _recorder_set(state: State, event: Values, place: Place) -> None:
    del place
    state.put(
        Recorder(asset=event["id"], owner=event["owner"], recorder=event["recorder"], until=event["until"])
    )


# Namespaces


def _namespace_proposed(state: State, event: Values, place: Place) -> None:
    del place
    namespace = state.either(Namespace, event["namespace"])
    namespace.proposed, namespace.open_from = event["issuer"], event["openFrom"]
    namespace.prefix = event["prefix"] or namespace.prefix


def _namespace_assigned(state: State, event: Values, place: Place) -> None:
    del place
    namespace = state.either(Namespace, event["namespace"])
    namespace.issuer, namespace.proposed, namespace.open_from = event["issuer"], NOBODY, 0


def _registrar_proposed(state: State, event: Values, place: Place) -> None:
    del place
    registrar = state.either(Registrar, _REGISTRY)
    registrar.registrar, registrar.proposed = event["registrar"], event["successor"]


def _registrar_changed(state: State, event: Values, place: Place) -> None:
    del place
    registrar = state.either(Registrar, _REGISTRY)
    registrar.registrar, registrar.proposed = event["registrar"], NOBODY


HANDLERS: Final[Mapping[str, Callable[[State, Values, Place], None]]] = {
    "AssetRegistered": _registered,
    "Transfer": _transferred,
    "QuantitySet": _quantity_set,
    "BatchCommitted": _batch_committed,
    "UnitSerialised": _serialised,
    "StatusSet": _status_set,
    "TwinSet": _twin_set,
    "Locked": _locked,
    "Unlocked": _unlocked,
    "UpdateUser": _user_updated,
    "DeviceBound": _device_bound,
    "DeviceUnbound": _device_unbound,
    "Approval": _approved,
    "ApprovalForAll": _approved_for_all,
    "RecordAdded": _record_added,
    "RecorderSet": _recorder_set,
    "NamespaceProposed": _namespace_proposed,
    "NamespaceAssigned": _namespace_assigned,
    "RegistrarProposed": _registrar_proposed,
    "RegistrarChanged": _registrar_changed,
}
