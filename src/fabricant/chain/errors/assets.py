"""What the AssetRegistry refuses."""

from fabricant.chain.reverts import ContractError
from fabricant.domain.assets import AssetFlag, AssetId, Status
from fabricant.domain.batches import BatchId
from fabricant.domain.units import Address, UnixSeconds


class AssetRegistry_UnknownAsset(
    ContractError,
    types="uint256",
    says="asset {id:asset} was never registered; check namespace and local id",
):
    id: AssetId


class AssetRegistry_NotOwner(
    ContractError,
    types="uint256,address,address",
    says="{caller} may not act for {owner}, who owns asset {id:asset}; let the owner do it, or lend the role",
):
    id: AssetId
    caller: Address
    owner: Address


class AssetRegistry_Final(
    ContractError,
    types="uint256,uint8",
    says="asset {id:asset} is {status}, which is final",
):
    id: AssetId
    status: Status


class AssetRegistry_InUse(
    ContractError,
    types="uint256,address,uint64",
    says="{user} has the use of asset {id:asset} until {until:time}; wait, or let the user give it up",
):
    id: AssetId
    user: Address
    until: UnixSeconds


class AssetRegistry_NotIssuer(
    ContractError,
    types="bytes32,address,address",
    says="{caller} may not name assets in namespace {namespace}; its issuer is {issuer}",
):
    namespace: bytes
    caller: Address
    issuer: Address


class AssetRegistry_EmptyLocalId(
    ContractError,
    types="bytes32",
    says="an asset in namespace {namespace} needs a local id, such as its serial number",
):
    namespace: bytes


class AssetRegistry_AlreadyRegistered(
    ContractError,
    types="uint256",
    says="asset {id:asset} is registered already; its namespace has this local id",
):
    id: AssetId


class AssetRegistry_BadQuantity(
    ContractError,
    types="uint256,uint128,bytes3",
    says=(
        "asset {id:asset} can't have quantity {quantity} and unit {unit}: a lot has both, anything "
        "else is one without unit"
    ),
):
    id: AssetId
    quantity: int
    unit: bytes


class AssetRegistry_BadReceiver(
    ContractError,
    types="uint256,address",
    says="asset {id:asset} can't go to {receiver}; name an owner",
):
    id: AssetId
    receiver: Address


class AssetRegistry_EmptyBatch(
    ContractError,
    types="bytes32,bytes32",
    says="a batch in namespace {namespace} needs at least one unit",
):
    namespace: bytes
    root: bytes


class AssetRegistry_AlreadyCommitted(
    ContractError,
    types="uint256",
    says="batch {batch:asset} is committed already; its units can be serialised",
):
    batch: BatchId


class AssetRegistry_UnknownBatch(
    ContractError,
    types="uint256",
    says="batch {batch:asset} was never committed; check the file, or let the issuer commit it",
):
    batch: BatchId


class AssetRegistry_BatchUsedUp(
    ContractError,
    types="uint256,uint64",
    says="all {count} units of batch {batch:asset} are tokens already",
):
    batch: BatchId
    count: int


class AssetRegistry_NotInBatch(
    ContractError,
    types="uint256,bytes32",
    says="batch {batch:asset} has no such unit (leaf {leaf}); check the file",
):
    batch: BatchId
    leaf: bytes


class AssetRegistry_WrongFrom(
    ContractError,
    types="uint256,address,address",
    says="asset {id:asset} is {owner}'s, not {from_}'s; read its owner again",
):
    id: AssetId
    from_: Address
    owner: Address


class AssetRegistry_NotApproved(
    ContractError,
    types="uint256,address",
    says="{caller} may not move asset {id:asset}; its owner has to, or has to approve it first",
):
    id: AssetId
    caller: Address


class AssetRegistry_Locked(
    ContractError,
    types="uint256,uint8",
    says=(
        "asset {id:asset} can't change hands, it is {flags:flags}; `fabricant asset show` says by whom and "
        "until when"
    ),
):
    id: AssetId
    flags: AssetFlag


class AssetRegistry_NoCoin(
    ContractError,
    types="uint256",
    says="the registry takes no coin, and {value} wei were sent along; send none",
):
    value: int


class AssetRegistry_BadTerm(
    ContractError,
    types="uint256,address,uint64,uint256",
    says=(
        "asset {id:asset} can't be lent to {user} until {expires:time} (now {now_at:time}); a term ends "
        "later than now, within 10 years"
    ),
):
    id: AssetId
    user: Address
    expires: UnixSeconds
    now_at: UnixSeconds


class AssetRegistry_BadStatus(
    ContractError,
    types="uint256,uint8,uint8",
    says="asset {id:asset} is {current} and can't become {status} this way",
):
    id: AssetId
    status: Status
    current: Status


class AssetRegistry_StaleTwin(
    ContractError,
    types="uint256,uint32,uint32",
    says=(
        "the twin of asset {id:asset} is at version {current}, and yours replaces {expected}; start "
        "from the present one"
    ),
):
    id: AssetId
    expected: int
    current: int


class AssetRegistry_DevicePresent(
    ContractError,
    types="uint256,address",
    says="asset {id:asset} has the device {device} already; unbind it first",
):
    id: AssetId
    device: Address


class AssetRegistry_NoDevice(
    ContractError,
    types="uint256",
    says="asset {id:asset} has no device to unbind",
):
    id: AssetId


class AssetRegistry_DeviceTaken(
    ContractError,
    types="uint256,address,uint256",
    says=(
        "the device {device} speaks for asset {bound_to:asset} already; unbind it there before asset "
        "{id:asset}"
    ),
):
    id: AssetId
    device: Address
    bound_to: AssetId


class AssetRegistry_Expired(
    ContractError,
    types="uint256,uint256,uint40",
    says=(
        "the device's consent for asset {id:asset} expired at {deadline:time} (now {now_at:time}); "
        "let it sign again"
    ),
):
    id: AssetId
    now_at: UnixSeconds
    deadline: UnixSeconds


class AssetRegistry_BadSignature(
    ContractError,
    types="uint256,address,bytes32",
    says=(
        "this is not {device}'s signature for asset {id:asset}, its owner and its next nonce; let it "
        "sign again"
    ),
):
    id: AssetId
    device: Address
    digest: bytes


class AssetRegistry_NoRecorder(
    ContractError,
    types="uint256,address",
    says=(
        "{caller} has no part in asset {id:asset}: its owner, user, their RECORD operators, its device and "
        "its recorders record; let the owner name it a recorder"
    ),
):
    id: AssetId
    caller: Address


class AssetRegistry_NotGenealogy(
    ContractError,
    types="address",
    says="{caller} is not the Genealogy, to which this function belongs; call the Genealogy instead",
):
    caller: Address


class AssetRegistry_NotEnough(
    ContractError,
    types="uint256,uint128,uint128",
    says=(
        "asset {id:asset} has {available}, and {quantity} would be taken; take more than nothing, and at "
        "most what there is"
    ),
):
    id: AssetId
    quantity: int
    available: int


class AssetRegistry_NotRegistrar(
    ContractError,
    types="address,address",
    says="{caller} does not hold the registrar's office; {registrar} does",
):
    caller: Address
    registrar: Address


class AssetRegistry_NotSuccessor(
    ContractError,
    types="address,address",
    says="{caller} was not named as the registrar's successor; {successor} was",
):
    caller: Address
    successor: Address


class AssetRegistry_EmptyPrefix(
    ContractError, types="", says="a namespace needs a prefix: a GS1 company prefix URI or a DNS domain"
):
    pass


class AssetRegistry_NotProposed(
    ContractError,
    types="bytes32,address,address",
    says="namespace {namespace} was offered to {proposed}, not to {caller}",
):
    namespace: bytes
    caller: Address
    proposed: Address


class AssetRegistry_NoticeRunning(
    ContractError,
    types="bytes32,uint256,uint40",
    says=(
        "namespace {namespace} can be accepted from {open_from:time} (now {now_at:time}); its notice "
        "is running"
    ),
):
    namespace: bytes
    now_at: UnixSeconds
    open_from: UnixSeconds
