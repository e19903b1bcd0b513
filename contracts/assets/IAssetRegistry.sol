// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IDirectory} from "../directory/IDirectory.sol";
import {IEip712} from "../directory/IEip712.sol";
import {Asset, Batch, DeviceBinding, Kind, Progress, Registration, Standing, Status} from "./AssetRegistryTypes.sol";
import {IERC4907} from "./IERC4907.sol";
import {IERC5192} from "./IERC5192.sol";
import {IGenealogy} from "./IGenealogy.sol";
import {INamespaces} from "./INamespaces.sol";

/// @title AssetRegistry: the identity of machines, parts, lots and products
/// @notice One asset is one ERC-721 token. Its id is the hash of a namespace and of the local id that the namespace's issuer
/// gave it: `uint256(keccak256(abi.encode(namespace, keccak256(bytes(localId)))))`. It is never burnt and never reused.
///
/// ROLES. The issuer registers, to any first owner, and may add records to what it registered; it can't take anything back.
/// What an issuer committed as a batch, anyone registers unit by unit, as it was committed.
/// The owner transfers, lends, and sets status, twin and device; its ASSETS operators in the Directory do the latter three,
/// whom it approved (ERC-721) the former two. The user has the asset to itself until its term ends: nobody but the user can
/// shorten it, not by a sale, a suspension or a retirement. The device records, until the asset changes hands, and so does whom
/// the owner named, until the date it named. There is no administrator; the registrar of namespaces touches no asset.
///
/// LOCKS. What is consumed, part of another asset, recalled or held can't be transferred: see {IGenealogy}, which the registry
/// deploys and obeys.
///
/// TOKENS. The registry takes no coin and is no owner: transfers to it revert. Registering calls no receiver;
/// `safeTransferFrom` does, after everything is written.
///
/// TIME. Unix seconds; terms and deadlines end at the stated instant: at it, they are over.
interface IAssetRegistry is INamespaces, IERC4907, IERC5192, IEip712 {
    /* ERRORS THAT MANY ACTIONS SHARE */

    /// @notice Thrown when an asset was never registered.
    error AssetRegistry_UnknownAsset(uint256 id);
    /// @notice Thrown when the caller is neither the owner nor an operator of the owner with the role.
    error AssetRegistry_NotOwner(uint256 id, address caller, address owner);
    /// @notice Thrown when an asset's life is over.
    error AssetRegistry_Final(uint256 id, Status status);
    /// @notice Thrown when an asset is in use by somebody whose right the call would cut.
    error AssetRegistry_InUse(uint256 id, address user, uint64 until);

    /// @notice The Directory that knows who acts for whom.
    function directory() external view returns (IDirectory);

    /// @notice What assets are made of, and which are called back. It alone may use the functions at the end.
    function genealogy() external view returns (IGenealogy);

    /* REGISTERING */

    /// @notice Emitted when an asset comes into being: Active, with twin version 1 if it has a twin and 0 if not.
    event AssetRegistered(
        uint256 indexed id,
        bytes32 indexed namespace,
        address indexed owner,
        Kind kind,
        string localId,
        bytes32 twin,
        string uri
    );
    /// @notice Emitted when a lot has a new quantity, the first time when it is registered.
    event QuantitySet(uint256 indexed id, uint128 quantity, bytes3 unit);

    /// @notice Thrown when the caller is neither the namespace's issuer nor its operator with ASSETS.
    error AssetRegistry_NotIssuer(bytes32 namespace, address caller, address issuer);
    /// @notice Thrown when a local id is empty.
    error AssetRegistry_EmptyLocalId(bytes32 namespace);
    /// @notice Thrown when the namespace has this local id already.
    error AssetRegistry_AlreadyRegistered(uint256 id);
    /// @notice Thrown when a lot has no quantity or no unit, or when anything else is not one, without a unit.
    error AssetRegistry_BadQuantity(uint256 id, uint128 quantity, bytes3 unit);
    /// @notice Thrown when an asset would go to nobody or to the registry.
    error AssetRegistry_BadReceiver(uint256 id, address receiver);

    /// @notice Registers an asset. Issuer of the namespace, or its ASSETS operator.
    function register(bytes32 namespace, Registration calldata registration) external returns (uint256 id);

    /// @notice Registers many assets of one namespace, all or none.
    function registerMany(bytes32 namespace, Registration[] calldata registrations)
        external
        returns (uint256[] memory ids);

    /// @notice The id of a local id in a namespace, registered or not.
    function assetId(bytes32 namespace, string calldata localId) external pure returns (uint256);

    /// @notice Everything that an asset's slot holds.
    function assetOf(uint256 id) external view returns (Asset memory);

    /// @notice What others need to know before they deal in an asset.
    function standingOf(uint256 id) external view returns (Standing memory);

    /// @notice How much an asset is: a lot's quantity, in whole base units of its unit; one for anything else.
    function quantityOf(uint256 id) external view returns (uint128);

    /// @notice What is handed over with these assets: keccak256(abi.encode(ids, quantities)).
    /// @dev Reverts with AssetRegistry_InUse if somebody has the right to use one of them.
    function deliverablesOf(uint256[] calldata ids) external view returns (bytes32);

    /// @notice A lot's unit (UN/CEFACT Recommendation 20); zero for anything else.
    function unitOf(uint256 id) external view returns (bytes3);

    /* BATCHES */

    /// @notice Emitted when a production run is committed.
    event BatchCommitted(
        uint256 indexed batch, bytes32 indexed namespace, uint256 indexed origin, bytes32 root, uint64 count, string uri
    );
    /// @notice Emitted when a unit of a batch becomes a token of its own, after it was registered.
    event UnitSerialised(uint256 indexed id, uint256 indexed batch);

    /// @notice Thrown when a batch has no units.
    error AssetRegistry_EmptyBatch(bytes32 namespace, bytes32 root);
    /// @notice Thrown when the same batch was committed before.
    error AssetRegistry_AlreadyCommitted(uint256 batch);
    /// @notice Thrown when a batch was never committed.
    error AssetRegistry_UnknownBatch(uint256 batch);
    /// @notice Thrown when all units of a batch are tokens already.
    error AssetRegistry_BatchUsedUp(uint256 batch, uint64 count);
    /// @notice Thrown when a proof does not lead from a unit's leaf to the batch's root.
    error AssetRegistry_NotInBatch(uint256 batch, bytes32 leaf);

    /// @notice Commits a production run of any size. Issuer of the namespace, or its ASSETS operator.
    /// @param uri Where the units' registrations are found.
    function commitBatch(Batch calldata batch, string calldata uri) external returns (uint256 id);

    /// @notice Makes a unit of a batch a token, for the owner that its registration names. Anyone, once.
    /// @param proof From the unit's leaf to the batch's root.
    function serialise(Batch calldata batch, Registration calldata unit, bytes32[] calldata proof)
        external
        returns (uint256 id);

    /// @notice The id of a batch, committed or not.
    function batchId(Batch calldata batch) external pure returns (uint256);

    /// @notice How far a batch has become tokens.
    function progressOf(uint256 batch) external view returns (Progress memory);

    /// @notice A unit's leaf in OpenZeppelin's standard tree of
    /// `(string localId, uint8 kind, address owner, uint128 quantity, bytes3 unit, bytes32 twin, string uri)`.
    function leafOf(Registration calldata unit) external pure returns (bytes32);

    /* OWNING (ERC-721) */

    /// @notice Thrown when `from` does not own the asset.
    error AssetRegistry_WrongFrom(uint256 id, address from, address owner);
    /// @notice Thrown when the caller is neither the owner nor approved (ERC-721).
    error AssetRegistry_NotApproved(uint256 id, address caller);
    /// @notice Thrown when an asset is part of another, recalled or held.
    error AssetRegistry_Locked(uint256 id, uint8 flags);
    /// @notice Thrown when coin is sent along: the registry has no use for it.
    error AssetRegistry_NoCoin(uint256 value);

    /// @notice Hands an asset over, without asking the receiver. Owner, or whom it approved.
    /// @dev Its user stays; its device does not. Payable as in ERC-721, but any coin reverts.
    function transferFrom(address from, address to, uint256 id) external payable;

    /// @notice Who owns the asset.
    function ownerOf(uint256 id) external view returns (address);

    /// @notice Whether somebody may hand over all assets of an owner.
    function isApprovedForAll(address owner, address operator) external view returns (bool);

    /// @notice Who may hand an asset over beside its owner; zero = nobody.
    function getApproved(uint256 id) external view returns (address);

    /* LENDING (ERC-4907) */

    /// @notice Thrown when a term is over already, is longer than 10 years, or has no user.
    error AssetRegistry_BadTerm(uint256 id, address user, uint64 expires, uint256 nowAt);

    /* STATUS */

    /// @notice Emitted when an asset's status changes.
    event StatusSet(uint256 indexed id, Status status);

    /// @notice Thrown when there is no way from one status to the other.
    error AssetRegistry_BadStatus(uint256 id, Status status, Status current);

    /// @notice Suspends, resumes or retires (for ever) an asset. Owner or its ASSETS operator, while nobody else uses it.
    /// @param status Active, Suspended or Retired, other than now.
    function setStatus(uint256 id, Status status) external;

    /* DIGITAL TWINS */

    /// @notice Emitted when an asset's digital twin changes.
    /// @param version Counts the changes.
    event TwinSet(uint256 indexed id, uint32 version, bytes32 hash, string uri);

    /// @notice Thrown when a twin was made from a version that is not the present one.
    error AssetRegistry_StaleTwin(uint256 id, uint32 expected, uint32 current);

    /// @notice Replaces an asset's digital twin, if nobody else did so first. Owner or its ASSETS operator.
    /// @param expectedVersion The version that it replaces.
    /// @param hash Of the new twin; zero withdraws it.
    function setTwin(uint256 id, uint32 expectedVersion, bytes32 hash, string calldata uri) external;

    /* DEVICES */

    /// @notice Emitted when a device begins to speak for an asset.
    event DeviceBound(uint256 indexed id, address indexed device, uint96 nonce);
    /// @notice Emitted when it ceases to.
    event DeviceUnbound(uint256 indexed id, address indexed device);

    /// @notice Thrown when the asset has a device already.
    error AssetRegistry_DevicePresent(uint256 id, address device);
    /// @notice Thrown when the asset has no device.
    error AssetRegistry_NoDevice(uint256 id);
    /// @notice Thrown when the device is another asset's.
    error AssetRegistry_DeviceTaken(uint256 id, address device, uint256 boundTo);
    /// @notice Thrown when a device's consent comes at its deadline or later.
    error AssetRegistry_Expired(uint256 id, uint256 nowAt, uint40 deadline);
    /// @notice Thrown when a signature over `digest` is not the device's.
    error AssetRegistry_BadSignature(uint256 id, address device, bytes32 digest);

    /// @notice Binds a device to an asset that has none. Owner or its ASSETS operator.
    /// @param signature The device's, over `bindingDigest` of this asset, its owner and its next nonce.
    /// @param deadline Unix seconds, exclusive; part of what the device signed.
    function bindDevice(uint256 id, address device, uint40 deadline, bytes calldata signature) external;

    /// @notice Ends a binding. The device itself, the owner or its ASSETS operator.
    function unbindDevice(uint256 id) external;

    /// @notice The device that speaks for an asset; zero = none.
    function deviceOf(uint256 id) external view returns (address);

    /// @notice The asset that a device speaks for; zero = none.
    function boundTo(address device) external view returns (uint256);

    /// @notice How many devices were bound to an asset so far: the nonce of the next binding.
    function bindingNonce(uint256 id) external view returns (uint96);

    /// @notice What a device signs to be bound (EIP-712).
    function bindingDigest(DeviceBinding calldata binding) external view returns (bytes32);

    /* RECORDS */

    /// @notice Emitted when somebody with a part in an asset's life states something about it.
    /// @param author Whose statement it is: the owner, user, device, recorder or issuer at that time.
    /// @param by Who sent it: the author or its RECORD operator.
    /// @param supersedes Hash of an earlier record on the same topic that the same author corrects; zero = none.
    event RecordAdded(
        uint256 indexed id,
        bytes32 indexed topic,
        address indexed author,
        address by,
        bytes32 hash,
        bytes32 supersedes,
        string uri
    );

    /// @notice Emitted when an owner lets somebody record until a date, or no longer.
    event RecorderSet(uint256 indexed id, address indexed owner, address indexed recorder, uint40 until);

    /// @notice Thrown when the caller has no part in the asset's life.
    error AssetRegistry_NoRecorder(uint256 id, address caller);

    /// @notice States something about an asset: its owner, its user, RECORD operators of either, its device, or a recorder. For a
    /// part, its owner is the owner of the whole.
    /// @param topic What it is about, such as the hash of a schema's name.
    /// @param hash Of the record.
    function record(uint256 id, bytes32 topic, bytes32 hash, string calldata uri, bytes32 supersedes) external;

    /// @notice The same, by the issuer or its RECORD operator; the id follows from namespace and local id.
    function recordAsIssuer(
        bytes32 namespace,
        bytes32 localIdHash,
        bytes32 topic,
        bytes32 hash,
        string calldata uri,
        bytes32 supersedes
    ) external;

    /// @notice Lets somebody record while the owner owns the asset, such as an inspector or a garage. Owner or its RECORD operator.
    /// @param until Unix seconds, exclusive; one that is over ends it.
    function setRecorder(uint256 id, address recorder, uint40 until) external;

    /// @notice Until when somebody may record for an owner.
    function recorderUntil(uint256 id, address owner, address recorder) external view returns (uint40);

    /* FOR THE GENEALOGY ALONE */

    /// @notice Thrown when the caller is not the Genealogy.
    error AssetRegistry_NotGenealogy(address caller);
    /// @notice Thrown when an asset has less than what would be taken, or when nothing would.
    error AssetRegistry_NotEnough(uint256 id, uint128 quantity, uint128 available);

    /// @notice Sets or clears flags of an asset, or FLAG_RECALLED of a batch.
    function mark(uint256 id, uint8 flags, bool on) external;

    /// @notice Hands an asset over, whoever approved.
    function move(uint256 id, address to) external;

    /// @notice Says how many levels of assembly are below an asset.
    function setHeight(uint256 id, uint8 height) external;

    /// @notice Takes some of a lot, or all of an asset, which is consumed then.
    function draw(uint256 id, uint128 quantity) external;

    /// @notice Registers what was made of other assets.
    function registerOutput(bytes32 namespace, Registration calldata output) external returns (uint256 id);
}
