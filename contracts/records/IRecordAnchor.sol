// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IDirectory} from "../directory/IDirectory.sol";

/// @title RecordAnchor: proof that records existed, and in which order
/// @notice Records (machine data, inspections, EPCIS events) stay off chain. A batch of them becomes a Merkle tree, whose root
/// is anchored in a stream. A stream's id is its owner's address, followed by the first 12 bytes of `keccak256(name)`:
/// it says itself whose it is, and nobody else can ever write to it. The stream's head, `keccak256(abi.encode(head
/// before, root, count, time))` with zero before the first, commits to every root ever anchored in it, in order.
///
/// ROLES. The owner, or an operator of the owner with RECORD (a machine's gateway), anchors. Only the owner grants readers.
/// Nobody can change, remove or reorder what was anchored. Anyone verifies.
///
/// TREES. A leaf is `keccak256(record)`, where the record is itself a hash, `keccak256(abi.encode(values))`: the leaves of
/// OpenZeppelin's "standard tree". Pairs are sorted before they are hashed. Because a leaf hashes 32 bytes and a node 64,
/// no node passes for a record.
///
/// TIME. Unix seconds of the block.
interface IRecordAnchor {
    /// @notice The Directory that knows who acts for whom.
    function directory() external view returns (IDirectory);

    /* ANCHORING */

    /// @notice Emitted before the first batch of a stream.
    event StreamOpened(bytes32 indexed stream, address indexed owner);
    /// @notice Emitted when a batch is anchored; `head` is the stream's from now on.
    event BatchAnchored(bytes32 indexed stream, bytes32 indexed root, uint32 count, bytes32 head, string uri);
    /// @notice Emitted when a root is kept on chain for the first time in its stream.
    event RootRetained(bytes32 indexed stream, bytes32 indexed root, uint40 since);

    /// @notice Thrown when the caller is neither the owner of a stream nor its operator with the role.
    error RecordAnchor_NotOwner(bytes32 stream, address caller, address owner);
    /// @notice Thrown when somebody else anchored first.
    error RecordAnchor_StaleHead(bytes32 stream, bytes32 expected, bytes32 current);
    /// @notice Thrown when there is nothing in a batch.
    error RecordAnchor_EmptyBatch(bytes32 stream, bytes32 root);

    /// @notice Anchors a batch of records. Owner of the stream, or its RECORD operator.
    /// @param expectedHead The head that the batch follows; zero for the first.
    /// @param root Of the Merkle tree of the batch.
    /// @param count How many records it has, at least one.
    /// @param uri Where the records are found.
    function anchor(bytes32 stream, bytes32 expectedHead, bytes32 root, uint32 count, string calldata uri) external;

    /// @notice Does the same and keeps the time at which the root first came, for proofs that a contract has to check.
    function anchorRetained(bytes32 stream, bytes32 expectedHead, bytes32 root, uint32 count, string calldata uri)
        external;

    /// @notice The id of the stream of `owner` with this name.
    function streamId(address owner, string calldata name) external pure returns (bytes32);

    /// @notice Whose a stream is.
    function ownerOf(bytes32 stream) external pure returns (address);

    /// @notice The head of a stream; zero = nothing was anchored in it.
    function headOf(bytes32 stream) external view returns (bytes32);

    /// @notice When a retained root first came to a stream; zero = never.
    function retainedSince(bytes32 stream, bytes32 root) external view returns (uint40);

    /* VERIFYING */

    /// @notice Whether a record is in the tree with this root. That the root was anchored is a question of its own.
    function verify(bytes32 root, bytes32 record, bytes32[] calldata proof) external pure returns (bool);

    /// @notice Whether many records are all in the tree with this root; false for none.
    /// @param proof Siblings that do not follow from the records.
    /// @param flags For each step, whether both sides follow from the records (OpenZeppelin's multi-proof).
    function verifyMany(
        bytes32 root,
        bytes32[] calldata records,
        bytes32[] calldata proof,
        bool[] calldata flags
    ) external pure returns (bool);

    /* READERS */

    /// @notice Emitted when the owner of a stream lets somebody read it.
    event ReaderGranted(bytes32 indexed stream, address indexed reader, bytes sealedKey, uint40 until);

    /// @notice Thrown when a grant names no reader.
    error RecordAnchor_NoReader(bytes32 stream);

    /// @notice Hands a stream's key to a reader. What was read can't be taken back: to end it, change the key. Owner only.
    /// @param sealedKey The stream's data key, sealed to the reader's encryption key in the Directory.
    /// @param until Unix seconds: until when the owner will seal later keys to this reader too.
    function grant(bytes32 stream, address reader, bytes calldata sealedKey, uint40 until) external;
}
