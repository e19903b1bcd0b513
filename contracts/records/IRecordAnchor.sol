// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IDirectory} from "../directory/IDirectory.sol";

/// @title RecordAnchor: proof that records existed, and in which order
/// @notice Records (machine data, inspections, EPCIS events) stay off chain. A batch of them becomes a Merkle tree, whose root
/// is anchored in a stream. A stream is its owner and a name: `keccak256(abi.encode(owner, name))`, so that no storage is needed
/// to know whose it is, and nobody else can ever write to it. Its head, `keccak256(abi.encode(head before, root, count,
/// time))` with zero before the first, commits to every root ever anchored in it, in order.
///
/// ROLES. The owner, or an operator of the owner with RECORD (a machine's gateway), anchors. Only the owner grants readers.
/// Nobody can change, remove or reorder what was anchored. Anyone verifies.
///
/// TREES. A leaf is `keccak256(record)`, where the record is itself a hash, `keccak256(abi.encode(values))`: the leaves of
/// OpenZeppelin's "standard tree". Pairs are sorted before they are hashed. Because the two hashes have inputs of
/// different lengths, no inner node passes for a record.
///
/// TIME. Unix seconds of the block.
interface IRecordAnchor {
    /// @notice The Directory that knows who acts for whom.
    function directory() external view returns (IDirectory);

    /* ANCHORING */

    /// @notice Emitted when a batch is anchored; `head` is the stream's from now on.
    event BatchAnchored(
        bytes32 indexed stream,
        address indexed owner,
        bytes32 indexed name,
        bytes32 root,
        uint32 count,
        bytes32 head,
        string uri
    );
    /// @notice Emitted when a root is kept on chain for the first time in its stream.
    event RootRetained(bytes32 indexed stream, bytes32 indexed root, uint40 since);

    /// @notice Thrown when the caller is neither the owner of a stream nor its operator with the role.
    error RecordAnchor_NotOwner(bytes32 stream, address caller, address owner);
    /// @notice Thrown when somebody else anchored first.
    error RecordAnchor_StaleHead(bytes32 stream, bytes32 expected, bytes32 current);
    /// @notice Thrown when there is nothing in a batch.
    error RecordAnchor_EmptyBatch(bytes32 stream, bytes32 root, uint32 count);

    /// @notice Anchors a batch of records in the stream of `owner` and `name`. Owner or its RECORD operator.
    /// @param name Hash of the stream's name, or a short name itself.
    /// @param expectedHead The head that the batch follows; zero for the first.
    /// @param root Of the Merkle tree of the batch.
    /// @param count How many records it has, at least one.
    /// @param uri Where the records are found.
    /// @return head The stream's new head.
    function anchor(
        address owner,
        bytes32 name,
        bytes32 expectedHead,
        bytes32 root,
        uint32 count,
        string calldata uri
    ) external returns (bytes32 head);

    /// @notice Does the same and keeps the time at which the root first came, for proofs that a contract has to check.
    function anchorRetained(
        address owner,
        bytes32 name,
        bytes32 expectedHead,
        bytes32 root,
        uint32 count,
        string calldata uri
    ) external returns (bytes32 head);

    /// @notice The id of a stream.
    function streamId(address owner, bytes32 name) external pure returns (bytes32);

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
    event ReaderGranted(
        bytes32 indexed stream, address indexed owner, address indexed reader, bytes sealedKey, uint40 until
    );

    /// @notice Thrown when a grant names no reader.
    error RecordAnchor_NoReader(bytes32 stream);

    /// @notice Hands the key of the caller's stream to a reader. What was read can't be taken back: to end it, change the key.
    /// @param sealedKey The stream's data key, sealed to the reader's encryption key in the Directory.
    /// @param until Unix seconds: until when the owner will seal later keys to this reader too.
    function grant(bytes32 name, address reader, bytes calldata sealedKey, uint40 until) external;
}
