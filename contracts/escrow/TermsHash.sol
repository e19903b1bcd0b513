// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Terms} from "./SupplierEscrowTypes.sol";

/// @notice EIP-712 struct hash of an order line's Terms.
library TermsHash {
    bytes32 internal constant TYPEHASH = keccak256(
        "Terms(address buyer,address supplier,address inspector,address arbiter,address broker,address token,"
        "uint128 amount,uint40 openBy,uint40 dueBy,uint16 assets,bytes32 deliverables,bytes32 documents,bytes32 orderRef,"
        "address opener,bytes32 subject,bytes32 conditions,uint256 salt)"
    );

    /// @dev Hashes the words as they are: a field wider than its type gives another id, which `open` refuses.
    function structHash(Terms calldata terms) internal pure returns (bytes32 hash) {
        bytes32 typehash = TYPEHASH;
        // Terms is static, so its 17 words lie in calldata as EIP-712 encodes them; memory past 0x40 is free to use.
        assembly ("memory-safe") {
            let free := mload(0x40)
            mstore(free, typehash)
            calldatacopy(add(free, 32), terms, 544)
            hash := keccak256(free, 576)
        }
    }
}
