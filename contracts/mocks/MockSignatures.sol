// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Signatures} from "../directory/Signatures.sol";

/// @notice Shows what Signatures says of a signature.
contract MockSignatures {
    function isValid(address signer, bytes32 digest, bytes calldata signature) external view returns (bool) {
        return Signatures.isValid(signer, digest, signature);
    }
}
