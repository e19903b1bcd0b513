// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Operator, OperatorGrant} from "./DirectoryTypes.sol";
import {Eip712} from "./Eip712.sol";
import {IDirectory} from "./IDirectory.sol";
import {Signatures} from "./Signatures.sol";

/// @title Directory
/// @notice See {IDirectory}: one slot for each operator of a principal, a bit for each nonce, profiles in events.
contract Directory is IDirectory, Eip712 {
    bytes32 private constant GRANT_TYPEHASH = keccak256(
        "OperatorGrant(address principal,address operator,uint16 roles,uint40 until,"
        "uint32 version,uint256 nonce,uint40 deadline)"
    );

    mapping(address principal => mapping(address operator => Operator)) private _operators;
    mapping(address principal => mapping(uint248 word => uint256)) public spentNonces;

    constructor() Eip712("Fabricant Directory") {}

    /* PROFILES */

    /// @inheritdoc IDirectory
    function setProfile(bytes32 encryptionKey, string calldata uri) external {
        emit ProfileSet(msg.sender, encryptionKey, uri);
    }

    /* OPERATORS */

    /// @inheritdoc IDirectory
    function setOperator(address operator, uint16 roles, uint40 until) external {
        _setOperator(msg.sender, operator, roles, until);
    }

    /// @inheritdoc IDirectory
    function setOperatorBySignature(OperatorGrant calldata grant, bytes calldata signature) external {
        _requireHomeChain();
        if (block.timestamp >= grant.deadline) {
            revert Directory_Expired(grant.principal, block.timestamp, grant.deadline);
        }
        uint32 current = _operators[grant.principal][grant.operator].version;
        if (grant.version != current) {
            revert Directory_StaleVersion(grant.principal, grant.operator, grant.version, current);
        }
        bytes32 digest = grantDigest(grant);
        if (!Signatures.isValid(grant.principal, digest, signature)) {
            revert Directory_BadSignature(grant.principal, digest);
        }
        _spendNonce(grant.principal, grant.nonce);
        _setOperator(grant.principal, grant.operator, grant.roles, grant.until);
    }

    function _setOperator(address principal, address operator, uint16 roles, uint40 until) private {
        if (operator == address(0) || operator == principal) revert Directory_BadOperator(principal, operator);
        if (roles == 0) until = 0;
        else if (block.timestamp >= until) revert Directory_AlreadyOver(operator, until, block.timestamp);

        Operator storage lent = _operators[principal][operator];
        uint32 version = lent.version + 1;
        (lent.roles, lent.until, lent.version) = (roles, until, version);
        emit OperatorSet(principal, operator, roles, until, version);
    }

    /// @inheritdoc IDirectory
    function mayAct(address principal, address actor, uint16 role) external view returns (bool) {
        if (actor == principal) return true;
        Operator memory lent = _operators[principal][actor];
        return role != 0 && lent.roles & role == role && block.timestamp < lent.until;
    }

    /// @inheritdoc IDirectory
    function operatorOf(address principal, address operator) external view returns (Operator memory) {
        return _operators[principal][operator];
    }

    /// @inheritdoc IDirectory
    function grantDigest(OperatorGrant calldata grant) public view returns (bytes32) {
        return _digest(keccak256(abi.encode(GRANT_TYPEHASH, grant)));
    }

    /* NONCES */

    /// @inheritdoc IDirectory
    function invalidateNonces(uint248 word, uint256 mask) external {
        _spendNonces(msg.sender, word, mask);
    }

    function _spendNonce(address principal, uint256 nonce) private {
        (uint248 word, uint256 bit) = (uint248(nonce >> 8), 1 << (nonce & 255));
        if (spentNonces[principal][word] & bit != 0) revert Directory_NonceSpent(principal, nonce);
        _spendNonces(principal, word, bit);
    }

    function _spendNonces(address principal, uint248 word, uint256 mask) private {
        uint256 spent = spentNonces[principal][word] | mask;
        spentNonces[principal][word] = spent;
        emit NoncesInvalidated(principal, word, spent);
    }
}
