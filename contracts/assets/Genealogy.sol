// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";
import {Multicallable} from "solady/utils/Multicallable.sol";

import {ROLE_ASSETS} from "../directory/DirectoryTypes.sol";
import {IDirectory} from "../directory/IDirectory.sol";
import {
    Asset,
    Batch,
    FLAG_ASSEMBLED,
    FLAG_HELD,
    FLAG_RECALLED,
    FLAGS_UNFIT,
    Registration,
    Status
} from "./AssetRegistryTypes.sol";
import {
    Hold,
    Input,
    Notice,
    NoticeId,
    Processing,
    Reach,
    Recall,
    Scrap,
    Transformation
} from "./GenealogyTypes.sol";
import {IAssetRegistry} from "./IAssetRegistry.sol";
import {IGenealogy} from "./IGenealogy.sol";

/// @title Genealogy
/// @notice See {IGenealogy}. A part keeps its whole, an output the hash of its inputs, and what is recalled its notices: an edge
/// is proven against one word. The registry's flags say whether there is something to look up here.
contract Genealogy is IGenealogy, Multicallable {
    uint256 private constant MOST_ASKED = 8; // notices that are over, before an asset counts as recalled
    uint256 private constant MOST_HANDED = 32; // notices in force
    uint256 private constant MOST_FORGOTTEN = 128; // notices that are over
    uint8 private constant MOST_LEVELS = 15;
    uint40 private constant LONGEST_HOLD = 180 days;
    uint40 private constant BETWEEN_HOLDS = 180 days;
    uint256 private constant FULL = 10_000; // bps
    uint256 private constant UNLIMITED = type(uint256).max; // an owner may scrap as it likes

    IAssetRegistry public immutable registry;
    IDirectory public immutable directory;

    mapping(uint256 child => uint256) public parentOf;
    mapping(uint256 whole => uint256) public partsIn;
    mapping(uint256 output => bytes32) public madeOf;
    mapping(uint256 lot => mapping(address owner => Processing)) private _processing;
    mapping(NoticeId => Notice) private _notices;
    mapping(uint256 id => mapping(NoticeId => Reach)) public reachOf;
    // Two lists, so that whoever makes a part of it can't fill the one that its own parts and outputs take over.
    mapping(uint256 id => mapping(bool upward => NoticeId[])) private _recalls;
    mapping(NoticeId => mapping(address account => bool)) public hasAcknowledged;
    mapping(bytes32 namespace => mapping(address issuer => mapping(address authority => bool))) private _authorities;
    mapping(uint256 id => Hold) private _holds;

    /// @dev The registry deploys this contract, so that each knows the other for ever.
    constructor(IDirectory directory_) {
        registry = IAssetRegistry(msg.sender);
        directory = directory_;
    }

    /* ASSEMBLIES */

    /// @inheritdoc IGenealogy
    function assemble(uint256 parent, uint256[] calldata children) external {
        Asset memory whole = _requireFit(parent);
        _requireOwner(parent, whole.owner);
        uint8 height = whole.height;
        for (uint256 i = 0; i < children.length; ++i) {
            uint256 child = children[i];
            Asset memory part = _requireFit(child);
            if (part.owner != whole.owner || child == parent) {
                revert Genealogy_NotJoinable(parent, child, part.owner);
            }
            _requireUnused(child);
            if (part.height >= MOST_LEVELS) revert Genealogy_TooHigh(parent, child);
            if (part.height >= height) height = part.height + 1;

            (parentOf[child], partsIn[parent]) = (parent, partsIn[parent] + 1);
            registry.mark(child, FLAG_ASSEMBLED, true);
            registry.move(child, address(registry));
            emit Assembled(parent, child);
        }
        registry.setHeight(parent, height);
    }

    /// @inheritdoc IGenealogy
    function disassemble(uint256 parent, uint256[] calldata children) external {
        Asset memory whole = registry.assetOf(parent);
        bool isHeld = block.timestamp < _holds[parent].itself;
        if (isHeld || whole.flags & FLAG_ASSEMBLED != 0) revert Genealogy_Unfit(parent, whole.flags);
        _requireOwner(parent, whole.owner);
        _requireUnused(parent);
        for (uint256 i = 0; i < children.length; ++i) {
            uint256 child = children[i];
            if (parentOf[child] != parent) revert Genealogy_NotAPart(parent, child);

            (parentOf[child], partsIn[parent]) = (0, partsIn[parent] - 1);
            registry.mark(child, FLAG_ASSEMBLED, false);
            registry.move(child, whole.owner);
            emit Disassembled(parent, child);
            if (whole.flags & FLAG_RECALLED != 0) _handDown(parent, child);
        }
        if (partsIn[parent] == 0) registry.setHeight(parent, 0);
    }

    /// @inheritdoc IGenealogy
    function rootOf(uint256 id) public view returns (uint256 root) {
        root = id;
        for (uint256 above = parentOf[id]; above != 0; above = parentOf[above]) {
            root = above;
        }
    }

    /// @inheritdoc IGenealogy
    function titleOf(uint256 id) public view returns (address) {
        return registry.ownerOf(rootOf(id));
    }

    /* TRANSFORMATIONS */

    /// @inheritdoc IGenealogy
    function transform(Transformation calldata t) external returns (uint256[] memory outputs) {
        if (t.inputs.length == 0) revert Genealogy_NoInputs();
        _requireIssuer(t.namespace);
        address owner = registry.ownerOf(t.inputs[0].asset);
        bytes32 hash = keccak256(abi.encode(t.inputs));
        (uint256[] memory put, uint256 maxScrapBps) = _draw(t, owner);
        uint256[] memory made;
        (outputs, made) = _make(t, owner, hash);
        _requireBalance(t.scrap, put, made, maxScrapBps);
        emit Transformed(hash, owner, msg.sender, t.inputs, t.scrap, outputs);
    }

    /// @return put How much of each unit for which scrap is declared.
    /// @return maxScrapBps What the owner permits at most.
    function _draw(Transformation calldata t, address owner)
        private
        returns (uint256[] memory put, uint256 maxScrapBps)
    {
        put = new uint256[](t.scrap.length);
        maxScrapBps = UNLIMITED;
        for (uint256 i = 0; i < t.inputs.length; ++i) {
            (uint256 id, uint128 quantity) = (t.inputs[i].asset, t.inputs[i].quantity);
            uint256 permitted = _requireTransformable(id, owner);
            if (permitted < maxScrapBps) maxScrapBps = permitted;
            bytes3 unit = registry.unitOf(id);
            bool declared = _add(put, t.scrap, unit, quantity);
            if (!declared && (unit != 0 || permitted != UNLIMITED)) revert Genealogy_UndeclaredUnit(unit);
            registry.draw(id, quantity);
        }
    }

    /// @return outputs Their ids.
    /// @return made How much of each unit for which scrap is declared.
    function _make(Transformation calldata t, address owner, bytes32 hash)
        private
        returns (uint256[] memory outputs, uint256[] memory made)
    {
        outputs = new uint256[](t.outputs.length);
        made = new uint256[](t.scrap.length);
        for (uint256 i = 0; i < outputs.length; ++i) {
            Registration calldata output = t.outputs[i];
            outputs[i] = registry.registerOutput(t.namespace, output);
            if (output.owner != owner) revert Genealogy_MixedOwners(outputs[i], output.owner, owner);
            _add(made, t.scrap, output.unit, output.quantity);
            madeOf[outputs[i]] = hash;
        }
    }

    /// @dev The share of scrap that the owner permits the caller; UNLIMITED if the caller acts for the owner.
    function _requireTransformable(uint256 id, address owner) private view returns (uint256 maxScrapBps) {
        Asset memory asset = _requireFit(id);
        if (asset.owner != owner) revert Genealogy_MixedOwners(id, asset.owner, owner);
        if (partsIn[id] != 0) revert Genealogy_HasParts(id, partsIn[id]);
        address user = registry.userOf(id);
        if (user == address(0) || user == owner) {
            _requireOwner(id, owner);
            return UNLIMITED;
        }
        Processing memory permitted = _processing[id][owner];
        bool mayProcess = permitted.processor == user && block.timestamp < permitted.until && _actsFor(user);
        if (!mayProcess) revert Genealogy_InUse(id, user, registry.userExpires(id));
        return permitted.maxScrapBps;
    }

    /// @dev Adds a quantity to the sum of its unit, if scrap is declared for it.
    function _add(uint256[] memory sums, Scrap[] calldata scrap, bytes3 unit, uint256 quantity)
        private
        pure
        returns (bool declared)
    {
        for (uint256 i = 0; i < scrap.length; ++i) {
            if (scrap[i].unit != unit) continue;
            sums[i] += quantity;
            return true;
        }
    }

    function _requireBalance(
        Scrap[] calldata scrap,
        uint256[] memory put,
        uint256[] memory made,
        uint256 maxScrapBps
    ) private pure {
        for (uint256 i = 0; i < scrap.length; ++i) {
            (bytes3 unit, uint128 lost) = (scrap[i].unit, scrap[i].quantity);
            bool exact = made[i] != 0 || maxScrapBps != UNLIMITED;
            bool balanced = exact ? put[i] == made[i] + lost : lost <= put[i];
            if (!balanced || put[i] == 0) revert Genealogy_Unbalanced(unit, put[i], made[i], lost);
            if (maxScrapBps != UNLIMITED && lost * FULL > put[i] * maxScrapBps) {
                revert Genealogy_TooMuchScrap(unit, lost, uint16(maxScrapBps));
            }
        }
    }

    /// @inheritdoc IGenealogy
    function permitProcessing(uint256 lot, address processor, uint40 until, uint16 maxScrapBps) external {
        address owner = registry.ownerOf(lot);
        _requireOwner(lot, owner);
        if (maxScrapBps > FULL) revert Genealogy_BadShare(maxScrapBps);
        _processing[lot][owner] = Processing({processor: processor, until: until, maxScrapBps: maxScrapBps});
        emit ProcessingPermitted(lot, owner, processor, until, maxScrapBps);
    }

    /// @inheritdoc IGenealogy
    function processingOf(uint256 lot, address owner) external view returns (Processing memory) {
        return _processing[lot][owner];
    }

    /* RECALLS */

    /// @inheritdoc IGenealogy
    function recall(
        bytes32 namespace,
        bytes32[] calldata localIdHashes,
        Batch[] calldata batches,
        bytes32 hash,
        string calldata uri
    ) external returns (NoticeId notice) {
        _requireIssuer(namespace);
        notice = noticeId(namespace, hash);
        if (_notices[notice].liftedAt != 0) revert Genealogy_Lifted(notice);
        if (_notices[notice].issuedAt == 0) {
            _notices[notice].issuedAt = uint40(block.timestamp);
            emit NoticeIssued(notice, namespace, hash, uri);
        }
        for (uint256 i = 0; i < localIdHashes.length; ++i) {
            _recall(_assetId(namespace, localIdHashes[i]), notice, Reach.Issued);
        }
        for (uint256 i = 0; i < batches.length; ++i) {
            uint256 batch = registry.batchId(batches[i]);
            if (batches[i].namespace != namespace || registry.progressOf(batch).committedAt == 0) {
                revert Genealogy_BadBatch(namespace, batch);
            }
            _recall(batch, notice, Reach.Issued);
        }
    }

    /// @inheritdoc IGenealogy
    function extendToOutputs(NoticeId notice, Input[] calldata inputs, uint256 from, uint256[] calldata outputs)
        external
    {
        uint256 input = from < inputs.length ? inputs[from].asset : 0;
        _requireSpreading(notice, input);
        bytes32 hash = keccak256(abi.encode(inputs));
        for (uint256 i = 0; i < outputs.length; ++i) {
            if (madeOf[outputs[i]] != hash) revert Genealogy_NoEdge(input, outputs[i]);
            _recall(outputs[i], notice, Reach.Downward);
        }
    }

    /// @inheritdoc IGenealogy
    function extendToParts(NoticeId notice, uint256[] calldata children) external {
        for (uint256 i = 0; i < children.length; ++i) {
            _requireSpreading(notice, parentOf[children[i]]);
            _recall(children[i], notice, Reach.Downward);
        }
    }

    /// @inheritdoc IGenealogy
    function extendToBatch(NoticeId notice, Batch calldata batch) external {
        _requireSpreading(notice, batch.origin);
        uint256 id = registry.batchId(batch);
        if (registry.progressOf(id).committedAt == 0) revert Genealogy_NoEdge(batch.origin, id);
        _recall(id, notice, Reach.Downward);
    }

    /// @inheritdoc IGenealogy
    function extendToUnit(
        NoticeId notice,
        Batch calldata batch,
        Registration calldata unit,
        bytes32[] calldata proof
    ) external {
        uint256 from = registry.batchId(batch);
        _requireSpreading(notice, from);
        uint256 id = registry.assetId(batch.namespace, unit.localId);
        if (!MerkleProof.verifyCalldata(proof, batch.root, registry.leafOf(unit))) revert Genealogy_NoEdge(from, id);
        _recall(id, notice, Reach.Downward);
    }

    /// @inheritdoc IGenealogy
    function clearRecall(NoticeId notice, bytes32 namespace, bytes32 localIdHash) external {
        _requireIssuer(namespace);
        uint256 id = _assetId(namespace, localIdHash);
        Reach reach = reachOf[id][notice];
        if (reach != Reach.Upward) revert Genealogy_NotClearable(notice, id, reach);
        reachOf[id][notice] = Reach.None;
        emit RecallCleared(notice, id);
        _unlock(id);
    }

    /// @inheritdoc IGenealogy
    function liftRecall(bytes32 namespace, bytes32 hash) external {
        _requireIssuer(namespace);
        NoticeId notice = noticeId(namespace, hash);
        _requireInForce(notice);
        _notices[notice].liftedAt = uint40(block.timestamp);
        emit NoticeLifted(notice);
    }

    /// @inheritdoc IGenealogy
    function acknowledgeRecall(NoticeId notice) external {
        _requireInForce(notice);
        hasAcknowledged[notice][msg.sender] = true;
        emit RecallAcknowledged(notice, msg.sender);
    }

    /// @inheritdoc IGenealogy
    function returnRecalled(bytes32 namespace, bytes32 localIdHash, address to) external {
        uint256 id = _assetId(namespace, localIdHash);
        Asset memory asset = registry.assetOf(id);
        _requireApproved(id, asset.owner);
        if (asset.flags & FLAG_RECALLED == 0) revert Genealogy_NotRecalled(id);
        if (asset.flags & FLAG_HELD != 0) revert Genealogy_Unfit(id, asset.flags);
        if (asset.status == Status.Consumed) revert Genealogy_Final(id, asset.status);
        if (to != registry.issuerOf(namespace)) {
            _requireAcknowledged(id, false, to);
            _requireAcknowledged(id, true, to);
        }
        registry.move(id, to);
        emit RecalledReturned(id, asset.owner, to);
    }

    /// @inheritdoc IGenealogy
    function noticeId(bytes32 namespace, bytes32 hash) public pure returns (NoticeId) {
        return NoticeId.wrap(bytes31(keccak256(abi.encode(namespace, hash))));
    }

    /// @inheritdoc IGenealogy
    function noticeOf(NoticeId notice) external view returns (Notice memory) {
        return _notices[notice];
    }

    /// @inheritdoc IGenealogy
    function recallsOf(uint256 id) external view returns (Recall[] memory recalls) {
        (NoticeId[] storage own, NoticeId[] storage ofParts) = (_recalls[id][false], _recalls[id][true]);
        uint256 count;
        recalls = new Recall[](own.length + ofParts.length);
        for (uint256 i = 0; i < recalls.length; ++i) {
            bool upward = i >= own.length;
            NoticeId notice = upward ? ofParts[i - own.length] : own[i];
            Reach reach = reachOf[id][notice];
            if ((reach == Reach.Upward) != upward) continue;
            recalls[count++] = Recall({notice: notice, reach: reach, lifted: _notices[notice].liftedAt != 0});
        }
        assembly ("memory-safe") {
            mstore(recalls, count)
        }
    }

    /// @dev Covers an asset or a batch, and all that the asset is in.
    function _recall(uint256 id, NoticeId notice, Reach reach) private {
        if (!_cover(id, notice, reach)) return;
        for (id = parentOf[id]; id != 0; id = parentOf[id]) {
            _cover(id, notice, Reach.Upward);
        }
    }

    /// @dev Whether a notice covers more than before.
    function _cover(uint256 id, NoticeId notice, Reach reach) private returns (bool) {
        Reach before = reachOf[id][notice];
        if (before != Reach.None && before <= reach) return false;
        bool upward = reach == Reach.Upward;
        if (before != Reach.Downward) _recalls[id][upward].push(notice);
        reachOf[id][notice] = reach;
        registry.mark(id, FLAG_RECALLED, true);
        emit Recalled(notice, id, reach);
        return true;
    }

    /// @dev What is not upward only goes on.
    function _handDown(uint256 from, uint256 to) private {
        _forget(from, false);
        NoticeId[] storage notices = _recalls[from][false];
        if (notices.length > MOST_HANDED) revert Genealogy_TooManyNotices(from);
        for (uint256 i = 0; i < notices.length; ++i) {
            _recall(to, notices[i], Reach.Downward);
        }
    }

    /// @dev Takes what is over out of the end of a list.
    function _forget(uint256 id, bool upward) private {
        NoticeId[] storage notices = _recalls[id][upward];
        uint256 end = notices.length;
        for (uint256 i = end; i != 0 && end - i < MOST_FORGOTTEN; --i) {
            if (_covers(id, notices[i - 1], upward)) continue;
            notices[i - 1] = notices[notices.length - 1];
            notices.pop();
        }
    }

    /// @dev Whether one of a list's notices covers the asset; if too many at its end do not, as if one did.
    function _isCovered(uint256 id, bool upward) private view returns (bool) {
        NoticeId[] storage notices = _recalls[id][upward];
        uint256 end = notices.length;
        for (uint256 i = 0; i < end; ++i) {
            if (i == MOST_ASKED || _covers(id, notices[end - 1 - i], upward)) return true;
        }
        return false;
    }

    /// @dev Whether a notice of a list is in force, and reaches the asset in this list's way. Only what is upward is ever
    /// cleared, so a notice of the other list reaches the asset for good.
    function _covers(uint256 id, NoticeId notice, bool upward) private view returns (bool) {
        return (reachOf[id][notice] == Reach.Upward) == upward && _notices[notice].liftedAt == 0;
    }

    function _requireSpreading(NoticeId notice, uint256 from) private view {
        _requireInForce(notice);
        Reach reach = reachOf[from][notice];
        if (reach != Reach.Issued && reach != Reach.Downward) revert Genealogy_NotSpreading(notice, from);
    }

    function _requireAcknowledged(uint256 id, bool upward, address to) private view {
        NoticeId[] storage notices = _recalls[id][upward];
        for (uint256 i = 0; i < notices.length; ++i) {
            bool knows = !_covers(id, notices[i], upward) || hasAcknowledged[notices[i]][to];
            if (!knows) revert Genealogy_NotAcknowledged(id, to);
        }
    }

    function _requireInForce(NoticeId notice) private view {
        if (_notices[notice].issuedAt == 0) revert Genealogy_UnknownNotice(notice);
        if (_notices[notice].liftedAt != 0) revert Genealogy_Lifted(notice);
    }

    /* HOLDS */

    /// @inheritdoc IGenealogy
    function setAuthority(bytes32 namespace, address authority, bool allowed) external {
        _requireIssuer(namespace);
        _authorities[namespace][registry.issuerOf(namespace)][authority] = allowed;
        emit AuthoritySet(namespace, authority, allowed);
    }

    /// @inheritdoc IGenealogy
    function hold(bytes32 namespace, bytes32 localIdHash, uint40 until) external {
        if (!isAuthority(namespace, msg.sender)) revert Genealogy_NotAuthority(namespace, msg.sender);
        if (until <= block.timestamp || until > block.timestamp + LONGEST_HOLD) {
            revert Genealogy_BadTerm(until, block.timestamp);
        }
        uint256 id = _assetId(namespace, localIdHash);
        Hold storage held = _holds[id];
        if (block.timestamp < held.again) revert Genealogy_HeldBefore(id, block.timestamp, held.again);
        (held.itself, held.again) = (until, until + BETWEEN_HOLDS);
        emit HoldPlaced(id, msg.sender, until);
        // A part that is held would change hands with what it is in, so that all of that is held.
        for (; id != 0; id = parentOf[id]) {
            if (_holds[id].until >= until) continue;
            _holds[id].until = until;
            registry.mark(id, FLAG_HELD, true);
            emit Held(id, until);
        }
    }

    /// @inheritdoc IGenealogy
    function isAuthority(bytes32 namespace, address authority) public view returns (bool) {
        return _authorities[namespace][registry.issuerOf(namespace)][authority];
    }

    /// @inheritdoc IGenealogy
    function holdOf(uint256 id) external view returns (Hold memory) {
        return _holds[id];
    }

    /* LOCKS */

    /// @inheritdoc IGenealogy
    function unlock(uint256[] calldata ids) external {
        for (uint256 i = 0; i < ids.length; ++i) {
            _unlock(ids[i]);
        }
    }

    function _unlock(uint256 id) private {
        _forget(id, false);
        _forget(id, true);
        registry.mark(id, (FLAG_RECALLED | FLAG_HELD) & ~locksOf(id), false);
    }

    /// @inheritdoc IGenealogy
    function locksOf(uint256 id) public view returns (uint8 flags) {
        if (_isCovered(id, false) || _isCovered(id, true)) flags = FLAG_RECALLED;
        if (block.timestamp < _holds[id].until) flags |= FLAG_HELD;
    }

    /// @inheritdoc IGenealogy
    function inherit(uint256 from, uint256 to) external {
        if (msg.sender != address(registry)) revert Genealogy_NotRegistry(msg.sender);
        _handDown(from, to);
    }

    /* CHECKS THAT MANY ACTIONS SHARE */

    function _requireFit(uint256 id) private view returns (Asset memory asset) {
        asset = registry.assetOf(id);
        if (asset.flags & FLAGS_UNFIT != 0) revert Genealogy_Unfit(id, asset.flags);
        if (asset.status == Status.Consumed || asset.status == Status.Retired) {
            revert Genealogy_Final(id, asset.status);
        }
    }

    function _requireUnused(uint256 id) private view {
        address user = registry.userOf(id);
        if (user != address(0)) revert Genealogy_InUse(id, user, registry.userExpires(id));
    }

    function _requireOwner(uint256 id, address owner) private view {
        if (!_actsFor(owner)) revert Genealogy_NotOwner(id, msg.sender, owner);
    }

    function _requireApproved(uint256 id, address owner) private view {
        bool approved = msg.sender == owner || registry.isApprovedForAll(owner, msg.sender)
            || registry.getApproved(id) == msg.sender;
        if (!approved) revert Genealogy_NotApproved(id, msg.sender);
    }

    function _requireIssuer(bytes32 namespace) private view {
        address issuer = registry.issuerOf(namespace);
        if (!_actsFor(issuer)) revert Genealogy_NotIssuer(namespace, msg.sender, issuer);
    }

    function _actsFor(address principal) private view returns (bool) {
        return msg.sender == principal || directory.mayAct(principal, msg.sender, ROLE_ASSETS);
    }

    function _assetId(bytes32 namespace, bytes32 localIdHash) private pure returns (uint256) {
        return uint256(keccak256(abi.encode(namespace, localIdHash)));
    }
}
