// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Operator, OperatorGrant} from "./DirectoryTypes.sol";
import {IEip712} from "./IEip712.sol";

/// @title Directory: who acts for whom
/// @notice Participants are addresses: people, Safes, smart accounts. Nobody needs permission to take part, and what is
/// said here moves no money by itself: the other contracts ask `mayAct` when the caller is not the party itself.
///
/// ROLES. A principal alone sets its profile and lends roles to operators, by its own call or by its signature. An operator
/// can do what its roles list until they end; it can lend nothing on, and it can't sign grants.
///
/// TIME. Unix seconds. An operator's roles and a grant's deadline end at the stated instant: at it, they are over.
///
/// REPLAY. Every change of an operator raises its version; a signed grant names the version that it replaces and a nonce.
/// So a grant works at most once, and one that was revoked or overtaken never comes back.
interface IDirectory is IEip712 {
    /* PROFILES */

    /// @notice Emitted when a participant describes itself. The latest profile counts; nothing is stored.
    event ProfileSet(address indexed participant, bytes32 encryptionKey, string uri);

    /// @notice Tells the world how to write to the caller and who it is.
    /// @param encryptionKey X25519 public key to which documents are sealed; zero = none.
    /// @param uri Company card; empty = none.
    function setProfile(bytes32 encryptionKey, string calldata uri) external;

    /* OPERATORS */

    /// @notice Emitted on every change of an operator, with what it may do from now on.
    event OperatorSet(
        address indexed principal, address indexed operator, uint16 roles, uint40 until, uint32 version
    );

    /// @notice Thrown when a principal names nobody, or itself, as its operator.
    error Directory_BadOperator(address principal, address operator);
    /// @notice Thrown when roles would already be over when they are lent.
    error Directory_AlreadyOver(address operator, uint40 until, uint256 nowAt);
    /// @notice Thrown when a signed grant comes at its deadline or later.
    error Directory_Expired(address principal, uint256 nowAt, uint40 deadline);
    /// @notice Thrown when a signed grant does not replace the operator's present version.
    error Directory_StaleVersion(address principal, address operator, uint32 version, uint32 current);
    /// @notice Thrown when a signed grant's nonce was used or invalidated.
    error Directory_NonceSpent(address principal, uint256 nonce);
    /// @notice Thrown when a signature over `digest` is not the principal's.
    error Directory_BadSignature(address principal, bytes32 digest);

    /// @notice Lends `roles` to `operator`, in place of whatever it had from the caller.
    /// @param roles ROLE_* bits; zero revokes, and `until` then counts as zero.
    /// @param until Unix seconds, exclusive; later than now.
    function setOperator(address operator, uint16 roles, uint40 until) external;

    /// @notice Does the same for the principal who signed `grant`. Anyone may send it.
    /// @param signature Over `grantDigest(grant)`, by the principal's key (65 bytes) or its code (ERC-1271).
    function setOperatorBySignature(OperatorGrant calldata grant, bytes calldata signature) external;

    /// @notice Whether `actor` may do now, for `principal`, everything that the bits of `role` stand for.
    /// @dev True for the principal itself; else false when no bit is asked for.
    function mayAct(address principal, address actor, uint16 role) external view returns (bool);

    /// @notice What `principal` lent to `operator`, also when it is over.
    function operatorOf(address principal, address operator) external view returns (Operator memory);

    /// @notice What a principal signs to lend roles (EIP-712).
    function grantDigest(OperatorGrant calldata grant) external view returns (bytes32);

    /* NONCES */

    /// @notice Emitted when nonces of a principal are spent, by a signed grant or on purpose.
    /// @param spent The whole word from now on: bit b stands for nonce `word * 256 + b`.
    event NoncesInvalidated(address indexed principal, uint248 indexed word, uint256 spent);

    /// @notice Spends nonces of the caller, so that grants signed with them can't be used.
    /// @param word Nonces `word * 256` to `word * 256 + 255`.
    /// @param mask Bit b spends nonce `word * 256 + b`.
    function invalidateNonces(uint248 word, uint256 mask) external;

    /// @notice Which nonces of a word are spent, one bit each.
    function spentNonces(address principal, uint248 word) external view returns (uint256);
}
