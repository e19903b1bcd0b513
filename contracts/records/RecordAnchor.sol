// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";

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
    function anchor(
        address owner,
        bytes32 name,
        bytes32 expectedHead,
        bytes32 root,
        uint32 count,
        string calldata uri
    ) external returns (bytes32 head) {
        (, head) = _anchor(owner, name, expectedHead, root, count, uri);
    }

    /// @inheritdoc IRecordAnchor
    function anchorRetained(
        address owner,
        bytes32 name,
        bytes32 expectedHead,
        bytes32 root,
        uint32 count,
        string calldata uri
    ) external returns (bytes32 head) {
        bytes32 stream;
        (stream, head) = _anchor(owner, name, expectedHead, root, count, uri);
        if (retainedSince[stream][root] != 0) return head;
        retainedSince[stream][root] = uint40(block.timestamp);
        emit RootRetained(stream, root, uint40(block.timestamp));
    }

    function _anchor(
        address owner,
        bytes32 name,
        bytes32 expectedHead,
        bytes32 root,
        uint32 count,
        string calldata uri
    ) private returns (bytes32 stream, bytes32 head) {
        stream = streamId(owner, name);
        if (msg.sender != owner && !directory.mayAct(owner, msg.sender, ROLE_RECORD)) {
            revert RecordAnchor_NotOwner(stream, msg.sender, owner);
        }
        if (root == 0 || count == 0) revert RecordAnchor_EmptyBatch(stream, root, count);
        bytes32 current = headOf[stream];
        if (expectedHead != current) revert RecordAnchor_StaleHead(stream, expectedHead, current);

        head = keccak256(abi.encode(current, root, count, block.timestamp));
        headOf[stream] = head;
        emit BatchAnchored(stream, owner, name, root, count, head, uri);
    }

    /// @inheritdoc IRecordAnchor
    function streamId(address owner, bytes32 name) public pure returns (bytes32) {
        return keccak256(abi.encode(owner, name));
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
        return keccak256(abi.encode(record));
    }

    /* READERS */

    /// @inheritdoc IRecordAnchor
    function grant(bytes32 name, address reader, bytes calldata sealedKey, uint40 until) external {
        bytes32 stream = streamId(msg.sender, name);
        if (reader == address(0)) revert RecordAnchor_NoReader(stream);
        emit ReaderGranted(stream, msg.sender, reader, sealedKey, until);
    }
}
