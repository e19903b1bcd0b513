// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";
import {EfficientHashLib} from "solady/utils/EfficientHashLib.sol";

import {ROLE_RECORD} from "../directory/DirectoryTypes.sol";
import {IDirectory} from "../directory/IDirectory.sol";
import {IRecordAnchor} from "./IRecordAnchor.sol";

/// @title RecordAnchor
/// @notice See {IRecordAnchor}: one reused slot a stream, everything else in events.
contract RecordAnchor is IRecordAnchor {
    IDirectory public immutable directory;

    mapping(bytes32 stream => bytes32) public headOf;
    mapping(bytes32 stream => mapping(bytes32 root => uint40)) public retainedSince;

    constructor(IDirectory directory_) {
        directory = directory_;
    }

    /* ANCHORING */

    /// @inheritdoc IRecordAnchor
    function anchor(bytes32 stream, bytes32 expectedHead, bytes32 root, uint32 count, string calldata uri) public {
        address owner = ownerOf(stream);
        if (msg.sender != owner && !directory.mayAct(owner, msg.sender, ROLE_RECORD)) {
            revert RecordAnchor_NotOwner(stream, msg.sender, owner);
        }
        if (count == 0) revert RecordAnchor_EmptyBatch(stream, root);
        bytes32 current = headOf[stream];
        if (expectedHead != current) revert RecordAnchor_StaleHead(stream, expectedHead, current);

        bytes32 head = EfficientHashLib.hash(current, root, bytes32(uint256(count)), bytes32(block.timestamp));
        headOf[stream] = head;
        if (current == 0) emit StreamOpened(stream, owner);
        emit BatchAnchored(stream, root, count, head, uri);
    }

    /// @inheritdoc IRecordAnchor
    function anchorRetained(bytes32 stream, bytes32 expectedHead, bytes32 root, uint32 count, string calldata uri)
        external
    {
        anchor(stream, expectedHead, root, count, uri);
        if (retainedSince[stream][root] != 0) return;
        retainedSince[stream][root] = uint40(block.timestamp);
        emit RootRetained(stream, root, uint40(block.timestamp));
    }

    /// @inheritdoc IRecordAnchor
    function streamId(address owner, string calldata name) external pure returns (bytes32) {
        return bytes32(bytes20(owner)) | (keccak256(bytes(name)) >> 160);
    }

    /// @inheritdoc IRecordAnchor
    function ownerOf(bytes32 stream) public pure returns (address) {
        return address(bytes20(stream));
    }

    /* VERIFYING */

    /// @inheritdoc IRecordAnchor
    function verify(bytes32 root, bytes32 record, bytes32[] calldata proof) external pure returns (bool) {
        return MerkleProof.verifyCalldata(proof, root, _leaf(record));
    }

    /// @inheritdoc IRecordAnchor
    function verifyMany(bytes32 root, bytes32[] calldata records, bytes32[] calldata proof, bool[] calldata flags)
        external
        pure
        returns (bool)
    {
        bytes32[] memory leaves = new bytes32[](records.length);
        for (uint256 i = 0; i < records.length; ++i) {
            leaves[i] = _leaf(records[i]);
        }
        // With no leaves the only thing proven would be that the root is itself.
        return records.length != 0 && MerkleProof.multiProofVerifyCalldata(proof, flags, root, leaves);
    }

    function _leaf(bytes32 record) private pure returns (bytes32) {
        return EfficientHashLib.hash(record);
    }

    /* READERS */

    /// @inheritdoc IRecordAnchor
    function grant(bytes32 stream, address reader, bytes calldata sealedKey, uint40 until) external {
        address owner = ownerOf(stream);
        if (msg.sender != owner) revert RecordAnchor_NotOwner(stream, msg.sender, owner);
        if (reader == address(0)) revert RecordAnchor_NoReader(stream);
        emit ReaderGranted(stream, reader, sealedKey, until);
    }
}
