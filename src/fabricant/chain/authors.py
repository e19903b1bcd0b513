"""Who may write about an asset, followed through the events of the registry and the genealogy.

The registry refuses whoever has no part in an asset's life at that moment. Whoever reads the events can say
by which right an author wrote, and notices a node that shows what nobody could have written.
"""

from fabricant.chain.assets import (
    DeviceBound,
    DeviceUnbound,
    NamespaceAssigned,
    RecorderSet,
    Transfer,
    UpdateUser,
)
from fabricant.chain.genealogy import Assembled, Disassembled
from fabricant.domain.assets import AssetId, Namespace, namespace_of
from fabricant.domain.logbook import Right
from fabricant.domain.units import ZERO_ADDRESS, Address, UnixSeconds

_NOBODY = (ZERO_ADDRESS, UnixSeconds(0))


class Authors:
    """Who may write about an asset after the events that were followed, in their order."""

    def __init__(self, asset: AssetId, namespace: Namespace) -> None:
        self._asset, self._namespace = asset, namespace
        self._owners: dict[AssetId, Address] = {}
        self._wholes: dict[AssetId, AssetId] = {}
        self._recorders: dict[tuple[Address, Address], UnixSeconds] = {}
        self._user, self._device, self._issuer = _NOBODY, ZERO_ADDRESS, ZERO_ADDRESS

    def follow(self, event: object) -> None:
        """Takes in what happened to the asset, to a whole of it, or to its namespace."""
        match event:
            case Transfer():
                self._owners[event.id] = event.to
            case Assembled():
                self._wholes[event.child] = event.parent
            case Disassembled():
                self._wholes.pop(event.child, None)
            case NamespaceAssigned():
                self._issuer = event.issuer
            case UpdateUser(token_id=self._asset):
                self._user = event.user, event.expires
            case DeviceBound(id=self._asset):
                self._device = event.device
            case DeviceUnbound(id=self._asset):
                self._device = ZERO_ADDRESS
            case RecorderSet(id=self._asset):
                self._recorders[event.owner, event.recorder] = event.until

    def rights(self, author: Address, at: UnixSeconds) -> Right:
        """By which rights somebody may write now, which is `at`; by none: Right(0)."""
        owner, (user, until) = self._owner(), self._user
        held = {
            Right.OWNER: author == owner,
            Right.USER: author == user and at < until,
            Right.DEVICE: author == self._device,
            Right.RECORDER: at < self._recorders.get((owner, author), 0),
            Right.ISSUER: author == self._issuer or self._namespace == namespace_of(author),
        }
        return Right(sum(right.value for right, has in held.items() if has))

    def _owner(self) -> Address:
        root = self._asset
        for _ in self._wholes:  # as many levels at most, whatever a node invents
            root = self._wholes.get(root, root)
        return self._owners.get(root, ZERO_ADDRESS)
