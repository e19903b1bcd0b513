// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";

/// @notice The one way in which Fabricant checks a signature: an account's key first, then its code (ERC-1271).
/// @dev A key that was lent code by EIP-7702 signs as before. Only 65-byte signatures with v = 27 or 28 and a low s
/// count as a key's; replay protection must hang on the digest, never on the signature's bytes.
library Signatures {
    /// @dev Half of secp256k1's order: a larger s is the mirror image of a lower one (EIP-2).
    uint256 private constant HIGHEST_S = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0;

    /// @notice Whether `signature` over `digest` is `signer`'s.
    /// @dev Never reverts for a bad signature. The call to the signer's code is static.
    function isValid(address signer, bytes32 digest, bytes calldata signature) internal view returns (bool) {
        return _isKeys(signer, digest, signature) || _isCodes(signer, digest, signature);
    }

    function _isKeys(address signer, bytes32 digest, bytes calldata signature) private pure returns (bool) {
        if (signature.length != 65) return false;
        bytes32 r;
        bytes32 s;
        uint8 v;
        // The signature is 65 bytes long, so all three lie within it.
        assembly ("memory-safe") {
            r := calldataload(signature.offset)
            s := calldataload(add(signature.offset, 32))
            v := byte(0, calldataload(add(signature.offset, 64)))
        }
        if (uint256(s) > HIGHEST_S) return false;
        address recovered = ecrecover(digest, v, r, s);
        return recovered == signer && recovered != address(0);
    }

    function _isCodes(address signer, bytes32 digest, bytes calldata signature) private view returns (bool accepted) {
        if (signer.code.length == 0) return false;
        bytes memory question = abi.encodeCall(IERC1271.isValidSignature, (digest, signature));
        // Reads one word of the answer, however long it is: a megabyte returned costs the signer's side only.
        assembly ("memory-safe") {
            mstore(0, 0)
            accepted := staticcall(gas(), signer, add(question, 32), mload(question), 0, 32)
            accepted := and(accepted, gt(returndatasize(), 31))
            accepted := and(accepted, eq(mload(0), shl(224, 0x1626ba7e)))
        }
    }
}
