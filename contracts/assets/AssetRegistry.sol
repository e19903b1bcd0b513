// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";
import {ERC721} from "solady/tokens/ERC721.sol";
import {EfficientHashLib} from "solady/utils/EfficientHashLib.sol";

import {ROLE_ASSETS, ROLE_RECORD} from "../directory/DirectoryTypes.sol";
import {Eip712} from "../directory/Eip712.sol";
import {IDirectory} from "../directory/IDirectory.sol";
import {Signatures} from "../directory/Signatures.sol";
import {
    Asset,
    Batch,
    Device,
    DeviceBinding,
    FLAG_DEVICE,
    FLAG_HELD,
    FLAG_RECALLED,
    FLAGS_UNFIT,
    Kind,
    Lot,
    Progress,
    Registration,
    Standing,
    Status,
    Use
} from "./AssetRegistryTypes.sol";
import {AssetWord, AssetWords} from "./AssetWord.sol";
import {Genealogy} from "./Genealogy.sol";
import {IAssetRegistry} from "./IAssetRegistry.sol";
import {IERC4907} from "./IERC4907.sol";
import {IERC5192} from "./IERC5192.sol";
import {IGenealogy} from "./IGenealogy.sol";
import {Namespaces} from "./Namespaces.sol";

/// @title AssetRegistry
/// @notice See {IAssetRegistry}. Owner and AssetWord share one slot, which Solady's ERC721 keeps; users, devices and lots
/// have a slot only when there is one; everything else is in events.
contract AssetRegistry is IAssetRegistry, ERC721, Namespaces, Eip712 {
    uint64 private constant LONGEST_TERM = 3650 days;
    bytes32 private constant BINDING_TYPEHASH =
        keccak256("DeviceBinding(uint256 asset,address device,address owner,uint96 nonce,uint40 deadline)");

    uint8 private constant FLAGS_ASKED = FLAG_RECALLED | FLAG_HELD; // of the Genealogy, where they are stored

    IDirectory public immutable directory;
    IGenealogy public immutable genealogy;

    mapping(uint256 id => Use) private _uses;
    mapping(uint256 id => Device) private _devices;
    mapping(uint256 id => Lot) private _lots;
    mapping(uint256 batch => Progress) private _progress;
    mapping(address device => uint256 id) public boundTo;
    mapping(uint256 id => mapping(address owner => mapping(address recorder => uint40))) public recorderUntil;

    constructor(IDirectory directory_, address registrar_)
        Namespaces(registrar_)
        Eip712("Fabricant AssetRegistry")
    {
        directory = directory_;
        genealogy = new Genealogy(directory_);
    }

    modifier onlyGenealogy() {
        if (msg.sender != address(genealogy)) revert AssetRegistry_NotGenealogy(msg.sender);
        _;
    }

    /* REGISTERING */

    /// @inheritdoc IAssetRegistry
    function register(bytes32 namespace, Registration calldata registration) external returns (uint256 id) {
        _requireIssuer(namespace, ROLE_ASSETS);
        return _register(namespace, registration);
    }

    /// @inheritdoc IAssetRegistry
    function registerMany(bytes32 namespace, Registration[] calldata registrations)
        external
        returns (uint256[] memory ids)
    {
        _requireIssuer(namespace, ROLE_ASSETS);
        ids = new uint256[](registrations.length);
        for (uint256 i = 0; i < registrations.length; ++i) {
            ids[i] = _register(namespace, registrations[i]);
        }
    }

    function _register(bytes32 namespace, Registration calldata registration) private returns (uint256 id) {
        string calldata localId = registration.localId;
        (Kind kind, address owner, bytes32 twin) = (registration.kind, registration.owner, registration.twin);
        if (bytes(localId).length == 0) revert AssetRegistry_EmptyLocalId(namespace);
        id = assetId(namespace, localId);
        if (_exists(id)) revert AssetRegistry_AlreadyRegistered(id);
        _requireReceiver(id, owner);
        _requireQuantity(id, kind, registration.quantity, registration.unit);

        AssetWord word = AssetWords.create(kind, twin == 0 ? 0 : 1, uint40(block.timestamp));
        _mintAndSetExtraDataUnchecked(owner, id, AssetWord.unwrap(word));
        emit AssetRegistered(id, namespace, owner, kind, localId, twin, registration.uri);
        if (kind == Kind.Lot) _setQuantity(id, registration.quantity, registration.unit);
    }

    function _requireQuantity(uint256 id, Kind kind, uint128 quantity, bytes3 unit) private pure {
        bool valid = kind == Kind.Lot ? quantity != 0 && unit != 0 : quantity == 1 && unit == 0;
        if (!valid) revert AssetRegistry_BadQuantity(id, quantity, unit);
    }

    function _setQuantity(uint256 id, uint128 quantity, bytes3 unit) private {
        _lots[id] = Lot({quantity: quantity, unit: unit});
        emit QuantitySet(id, quantity, unit);
    }

    /// @inheritdoc IAssetRegistry
    function assetId(bytes32 namespace, string calldata localId) public pure returns (uint256) {
        return _assetId(namespace, keccak256(bytes(localId)));
    }

    function _assetId(bytes32 namespace, bytes32 localIdHash) private pure returns (uint256) {
        return uint256(keccak256(abi.encode(namespace, localIdHash)));
    }

    /// @inheritdoc IAssetRegistry
    function assetOf(uint256 id) external view returns (Asset memory) {
        (address owner, AssetWord word) = _read(id);
        return Asset({
            owner: owner,
            kind: word.kind(),
            status: word.status(),
            flags: _flags(id, word),
            height: word.height(),
            twinVersion: word.twinVersion(),
            registeredAt: word.registeredAt()
        });
    }

    /// @inheritdoc IAssetRegistry
    function standingOf(uint256 id) external view returns (Standing memory) {
        (address owner, AssetWord word) = _read(id);
        (address user, uint64 userUntil) = _liveUse(id);
        return Standing({
            owner: owner,
            user: user,
            userUntil: userUntil,
            kind: word.kind(),
            status: word.status(),
            flags: _flags(id, word)
        });
    }

    /// @inheritdoc IAssetRegistry
    function quantityOf(uint256 id) public view returns (uint128) {
        (, AssetWord word) = _read(id);
        return word.kind() == Kind.Lot ? _lots[id].quantity : 1;
    }

    /// @inheritdoc IAssetRegistry
    function deliverablesOf(uint256[] calldata ids) external view returns (bytes32) {
        uint128[] memory quantities = new uint128[](ids.length);
        for (uint256 i = 0; i < ids.length; ++i) {
            (address user, uint64 until) = _liveUse(ids[i]);
            if (user != address(0)) revert AssetRegistry_InUse(ids[i], user, until);
            quantities[i] = quantityOf(ids[i]);
        }
        return keccak256(abi.encode(ids, quantities));
    }

    /// @inheritdoc IAssetRegistry
    function unitOf(uint256 id) external view returns (bytes3) {
        ownerOf(id);
        return _lots[id].unit;
    }

    /* BATCHES */

    /// @inheritdoc IAssetRegistry
    function commitBatch(Batch calldata batch, string calldata uri) external returns (uint256 id) {
        _requireIssuer(batch.namespace, ROLE_ASSETS);
        if (batch.count == 0) revert AssetRegistry_EmptyBatch(batch.namespace, batch.root);
        id = batchId(batch);
        if (_progress[id].committedAt != 0) revert AssetRegistry_AlreadyCommitted(id);

        _progress[id].committedAt = uint40(block.timestamp);
        emit BatchCommitted(id, batch.namespace, batch.origin, batch.root, batch.count, uri);
        if (batch.origin != 0) {
            (, AssetWord word) = _read(batch.origin);
            if (word.flags() & FLAG_RECALLED != 0) genealogy.inherit(batch.origin, id);
        }
    }

    /// @inheritdoc IAssetRegistry
    function serialise(Batch calldata batch, Registration calldata unit, bytes32[] calldata proof)
        external
        returns (uint256 id)
    {
        uint256 batch_ = batchId(batch);
        Progress memory progress = _progress[batch_];
        if (progress.committedAt == 0) revert AssetRegistry_UnknownBatch(batch_);
        if (progress.serialised == batch.count) revert AssetRegistry_BatchUsedUp(batch_, batch.count);
        bytes32 leaf = leafOf(unit);
        if (!MerkleProof.verifyCalldata(proof, batch.root, leaf)) revert AssetRegistry_NotInBatch(batch_, leaf);

        _progress[batch_].serialised = progress.serialised + 1;
        id = _register(batch.namespace, unit);
        emit UnitSerialised(id, batch_);
        if (progress.recalled) genealogy.inherit(batch_, id);
    }

    /// @inheritdoc IAssetRegistry
    function batchId(Batch calldata batch) public pure returns (uint256) {
        return uint256(keccak256(abi.encode(batch)));
    }

    /// @inheritdoc IAssetRegistry
    function progressOf(uint256 batch) external view returns (Progress memory) {
        return _progress[batch];
    }

    /// @inheritdoc IAssetRegistry
    function leafOf(Registration calldata unit) public pure returns (bytes32) {
        bytes memory told =
            abi.encode(unit.localId, unit.kind, unit.owner, unit.quantity, unit.unit, unit.twin, unit.uri);
        return EfficientHashLib.hash(keccak256(told));
    }

    /* OWNING */

    /// @inheritdoc IAssetRegistry
    function transferFrom(address from, address to, uint256 id) public payable override(ERC721, IAssetRegistry) {
        _requireNoCoin();
        (address owner, AssetWord word) = _read(id);
        if (from != owner) revert AssetRegistry_WrongFrom(id, from, owner);
        _requireApproved(id);
        _requireReceiver(id, to);
        if (word.status() == Status.Consumed) revert AssetRegistry_Final(id, Status.Consumed);

        if (word.flags() != 0) {
            uint8 flags = _flags(id, word);
            if (flags & FLAGS_UNFIT != 0) revert AssetRegistry_Locked(id, flags);
            _mark(id, word, FLAGS_ASKED, false);
            _unbindDevice(id);
        }
        super.transferFrom(from, to, id);
    }

    /// @inheritdoc ERC721
    function approve(address account, uint256 id) public payable override {
        _requireNoCoin();
        address owner = ownerOf(id);
        if (msg.sender != owner && !isApprovedForAll(owner, msg.sender)) {
            revert AssetRegistry_NotApproved(id, msg.sender);
        }
        _approve(account, id);
    }

    /// @inheritdoc IAssetRegistry
    function getApproved(uint256 id) public view override(ERC721, IAssetRegistry) returns (address) {
        ownerOf(id);
        return _getApproved(id);
    }

    /// @inheritdoc IAssetRegistry
    function isApprovedForAll(address owner, address operator)
        public
        view
        override(ERC721, IAssetRegistry)
        returns (bool)
    {
        return super.isApprovedForAll(owner, operator);
    }

    /// @inheritdoc IAssetRegistry
    function ownerOf(uint256 id) public view override(ERC721, IAssetRegistry) returns (address owner) {
        owner = _ownerOf(id);
        if (owner == address(0)) revert AssetRegistry_UnknownAsset(id);
    }

    /// @inheritdoc ERC721
    function name() public pure override returns (string memory) {
        return "Fabricant Assets";
    }

    /// @inheritdoc ERC721
    function symbol() public pure override returns (string memory) {
        return "FABRICANT";
    }

    /// @inheritdoc ERC721
    function tokenURI(uint256 id) public view override returns (string memory) {
        ownerOf(id);
        return "";
    }

    /// @inheritdoc ERC721
    function supportsInterface(bytes4 interfaceId) public view override returns (bool) {
        return interfaceId == type(IERC4907).interfaceId || interfaceId == type(IERC5192).interfaceId
            || super.supportsInterface(interfaceId);
    }

    /// @inheritdoc IERC5192
    function locked(uint256 id) external view returns (bool) {
        (, AssetWord word) = _read(id);
        return _flags(id, word) & FLAGS_UNFIT != 0 || word.status() == Status.Consumed;
    }

    /// @dev An asset's flags as they are now: recalls and holds may be over.
    function _flags(uint256 id, AssetWord word) private view returns (uint8 flags) {
        flags = word.flags();
        if (flags & FLAGS_ASKED != 0) flags = (flags & ~FLAGS_ASKED) | genealogy.locksOf(id);
    }

    /* LENDING */

    /// @inheritdoc IERC4907
    function setUser(uint256 id, address user, uint64 expires) external {
        (, AssetWord word) = _read(id);
        (address current, uint64 until) = _liveUse(id);
        bool prolongs = user == current && expires > until;
        if (current == address(0) || prolongs) {
            _requireApproved(id);
            _requireNotFinal(id, word);
            uint8 flags = _flags(id, word);
            if (flags & FLAGS_UNFIT != 0) revert AssetRegistry_Locked(id, flags);
        } else {
            bool shortens = user == current || user == address(0);
            if (!shortens || msg.sender != current) revert AssetRegistry_InUse(id, current, until);
        }
        _requireTerm(id, user, expires);

        _uses[id] = Use({user: user, until: expires});
        emit UpdateUser(id, user, expires);
    }

    /// @inheritdoc IERC4907
    function userOf(uint256 id) external view returns (address user) {
        (user,) = _liveUse(id);
    }

    /// @inheritdoc IERC4907
    function userExpires(uint256 id) external view returns (uint256 until) {
        (, until) = _liveUse(id);
    }

    function _liveUse(uint256 id) private view returns (address user, uint64 until) {
        Use memory use = _uses[id];
        if (block.timestamp < use.until) return (use.user, use.until);
    }

    function _requireTerm(uint256 id, address user, uint64 expires) private view {
        bool valid = user == address(0)
            ? expires == 0
            : block.timestamp < expires && expires <= block.timestamp + LONGEST_TERM;
        if (!valid) revert AssetRegistry_BadTerm(id, user, expires, block.timestamp);
    }

    /* STATUS */

    /// @inheritdoc IAssetRegistry
    function setStatus(uint256 id, Status status) external {
        (address owner, AssetWord word) = _read(id);
        _requireActor(id, owner, ROLE_ASSETS);
        _requireNotFinal(id, word);
        (address user, uint64 until) = _liveUse(id);
        if (user != address(0) && user != owner) revert AssetRegistry_InUse(id, user, until);
        if (status == word.status() || status == Status.Consumed) {
            revert AssetRegistry_BadStatus(id, status, word.status());
        }

        _setWord(id, word.withStatus(status));
        emit StatusSet(id, status);
    }

    /* DIGITAL TWINS */

    /// @inheritdoc IAssetRegistry
    function setTwin(uint256 id, uint32 expectedVersion, bytes32 hash, string calldata uri) external {
        (address owner, AssetWord word) = _read(id);
        _requireActor(id, owner, ROLE_ASSETS);
        uint32 current = word.twinVersion();
        if (expectedVersion != current) revert AssetRegistry_StaleTwin(id, expectedVersion, current);

        _setWord(id, word.withTwinVersion(current + 1));
        emit TwinSet(id, current + 1, hash, uri);
    }

    /* DEVICES */

    /// @inheritdoc IAssetRegistry
    function bindDevice(uint256 id, address device, uint40 deadline, bytes calldata signature) external {
        _requireHomeChain();
        (address owner, AssetWord word) = _read(id);
        _requireActor(id, owner, ROLE_ASSETS);
        if (block.timestamp >= deadline) revert AssetRegistry_Expired(id, block.timestamp, deadline);
        Device memory present = _devices[id];
        if (present.key != address(0)) revert AssetRegistry_DevicePresent(id, present.key);
        if (boundTo[device] != 0) revert AssetRegistry_DeviceTaken(id, device, boundTo[device]);
        bytes32 digest = _bindingDigest(
            DeviceBinding({asset: id, device: device, owner: owner, nonce: present.bindings, deadline: deadline})
        );
        if (!Signatures.isValid(device, digest, signature)) {
            revert AssetRegistry_BadSignature(id, device, digest);
        }

        _devices[id] = Device({key: device, bindings: present.bindings + 1});
        boundTo[device] = id;
        _setWord(id, word.withFlags(word.flags() | FLAG_DEVICE));
        emit DeviceBound(id, device, present.bindings);
    }

    /// @inheritdoc IAssetRegistry
    function unbindDevice(uint256 id) external {
        address owner = ownerOf(id);
        address device = _devices[id].key;
        if (device == address(0)) revert AssetRegistry_NoDevice(id);
        if (msg.sender != device) _requireActor(id, owner, ROLE_ASSETS);
        _unbindDevice(id);
    }

    /// @dev Does nothing without a device.
    function _unbindDevice(uint256 id) private {
        (, AssetWord word) = _read(id);
        if (word.flags() & FLAG_DEVICE == 0) return;
        address device = _devices[id].key;
        delete _devices[id].key;
        delete boundTo[device];
        _setWord(id, word.withFlags(word.flags() & ~FLAG_DEVICE));
        emit DeviceUnbound(id, device);
    }

    /// @inheritdoc IAssetRegistry
    function deviceOf(uint256 id) external view returns (address) {
        return _devices[id].key;
    }

    /// @inheritdoc IAssetRegistry
    function bindingNonce(uint256 id) external view returns (uint96) {
        return _devices[id].bindings;
    }

    /// @inheritdoc IAssetRegistry
    function bindingDigest(DeviceBinding calldata binding) external view returns (bytes32) {
        return _bindingDigest(binding);
    }

    function _bindingDigest(DeviceBinding memory binding) private view returns (bytes32) {
        return _digest(keccak256(abi.encode(BINDING_TYPEHASH, binding)));
    }

    /* RECORDS */

    /// @inheritdoc IAssetRegistry
    function record(uint256 id, bytes32 topic, bytes32 hash, string calldata uri, bytes32 supersedes) external {
        address author = _authorOf(id);
        if (author == address(0)) revert AssetRegistry_NoRecorder(id, msg.sender);
        emit RecordAdded(id, topic, author, msg.sender, hash, supersedes, uri);
    }

    /// @inheritdoc IAssetRegistry
    function recordAsIssuer(
        bytes32 namespace,
        bytes32 localIdHash,
        bytes32 topic,
        bytes32 hash,
        string calldata uri,
        bytes32 supersedes
    ) external {
        address issuer = _requireIssuer(namespace, ROLE_RECORD);
        uint256 id = _assetId(namespace, localIdHash);
        ownerOf(id);
        emit RecordAdded(id, topic, issuer, msg.sender, hash, supersedes, uri);
    }

    /// @inheritdoc IAssetRegistry
    function setRecorder(uint256 id, address recorder, uint40 until) external {
        address owner = _titleOf(id);
        _requireActor(id, owner, ROLE_RECORD);
        recorderUntil[id][owner][recorder] = until;
        emit RecorderSet(id, owner, recorder, until);
    }

    /// @dev For whom the caller may state something about an asset; zero = for nobody. Oneself comes before one's principals.
    function _authorOf(uint256 id) private view returns (address) {
        address owner = _titleOf(id);
        if (msg.sender == owner) return owner;
        (address user,) = _liveUse(id);
        if (msg.sender == user) return user;
        if (boundTo[msg.sender] == id) return msg.sender;
        if (block.timestamp < recorderUntil[id][owner][msg.sender]) return msg.sender;
        if (_isActor(owner, ROLE_RECORD)) return owner;
        if (_isActor(user, ROLE_RECORD)) return user;
        return address(0);
    }

    /// @dev Whose asset it is, by itself or as a part.
    function _titleOf(uint256 id) private view returns (address owner) {
        owner = ownerOf(id);
        if (owner == address(this)) owner = genealogy.titleOf(id);
    }

    /* FOR THE GENEALOGY ALONE */

    /// @inheritdoc IAssetRegistry
    function mark(uint256 id, uint8 flags, bool on) external onlyGenealogy {
        if (!_exists(id) && _progress[id].committedAt != 0) {
            if (flags & FLAG_RECALLED != 0) _progress[id].recalled = on;
            return;
        }
        (, AssetWord word) = _read(id);
        _mark(id, word, flags, on);
    }

    function _mark(uint256 id, AssetWord word, uint8 flags, bool on) private {
        uint8 before = word.flags();
        uint8 then = on ? before | flags : before & ~flags;
        if (then == before) return;
        _setWord(id, word.withFlags(then));
        bool wasLocked = before & FLAGS_UNFIT != 0;
        if (wasLocked == (then & FLAGS_UNFIT != 0) || word.status() == Status.Consumed) return;
        if (wasLocked) emit Unlocked(id);
        else emit Locked(id);
    }

    /// @inheritdoc IAssetRegistry
    function move(uint256 id, address to) external onlyGenealogy {
        _unbindDevice(id);
        _transfer(ownerOf(id), to, id);
    }

    /// @inheritdoc IAssetRegistry
    function setHeight(uint256 id, uint8 height) external onlyGenealogy {
        (, AssetWord word) = _read(id);
        _setWord(id, word.withHeight(height));
    }

    /// @inheritdoc IAssetRegistry
    function draw(uint256 id, uint128 quantity) external onlyGenealogy {
        (, AssetWord word) = _read(id);
        bool isLot = word.kind() == Kind.Lot;
        uint128 available = isLot ? _lots[id].quantity : 1;
        if (quantity == 0 || quantity > available) revert AssetRegistry_NotEnough(id, quantity, available);
        if (isLot) _setQuantity(id, available - quantity, _lots[id].unit);
        if (quantity < available) return;
        _setWord(id, word.withStatus(Status.Consumed));
        emit StatusSet(id, Status.Consumed);
        emit Locked(id);
    }

    /// @inheritdoc IAssetRegistry
    function registerOutput(bytes32 namespace, Registration calldata output)
        external
        onlyGenealogy
        returns (uint256 id)
    {
        return _register(namespace, output);
    }

    /* CHECKS THAT MANY ACTIONS SHARE */

    function _requireIssuer(bytes32 namespace, uint16 role) private view returns (address issuer) {
        issuer = issuerOf(namespace);
        if (!_isActor(issuer, role)) revert AssetRegistry_NotIssuer(namespace, msg.sender, issuer);
    }

    function _requireActor(uint256 id, address owner, uint16 role) private view {
        if (!_isActor(owner, role)) revert AssetRegistry_NotOwner(id, msg.sender, owner);
    }

    function _requireApproved(uint256 id) private view {
        if (!_isApprovedOrOwner(msg.sender, id)) revert AssetRegistry_NotApproved(id, msg.sender);
    }

    function _isActor(address principal, uint16 role) private view returns (bool) {
        return msg.sender == principal || directory.mayAct(principal, msg.sender, role);
    }

    function _requireReceiver(uint256 id, address to) private view {
        if (to == address(0) || to == address(this)) revert AssetRegistry_BadReceiver(id, to);
    }

    function _requireNotFinal(uint256 id, AssetWord word) private pure {
        Status status = word.status();
        if (status == Status.Consumed || status == Status.Retired) revert AssetRegistry_Final(id, status);
    }

    function _requireNoCoin() private {
        if (msg.value != 0) revert AssetRegistry_NoCoin(msg.value);
    }

    function _read(uint256 id) private view returns (address owner, AssetWord word) {
        return (ownerOf(id), AssetWord.wrap(_getExtraData(id)));
    }

    function _setWord(uint256 id, AssetWord word) private {
        _setExtraData(id, AssetWord.unwrap(word));
    }
}
