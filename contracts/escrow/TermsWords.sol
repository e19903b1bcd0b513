// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Terms} from "./SupplierEscrowTypes.sol";

/// @notice An order line's Terms as 17 words: copied, hashed and logged in one piece, because a line's id proves them.
library TermsWords {
    bytes32 internal constant TYPEHASH = keccak256(
        "Terms(address buyer,address supplier,address inspector,address arbiter,address broker,address token,"
        "uint128 amount,uint40 openBy,uint40 dueBy,uint16 assets,bytes32 deliverables,bytes32 documents,bytes32 orderRef,"
        "address opener,bytes32 subject,bytes32 conditions,uint256 salt)"
    );

    /// @dev Copies without a look at the fields: terms with one that is wider than its type have another id, which `open`
    /// refuses. Returns an array of one, because the compiler would fill a returned struct with zeros first (340 gas).
    function load(Terms calldata terms) internal pure returns (Terms[] memory one) {
        // Terms is static, so calldata and memory hold it alike. Allocated: length, pointer, a word for the type hash, terms.
        assembly ("memory-safe") {
            one := mload(0x40)
            let loaded := add(one, 96)
            mstore(one, 1)
            mstore(add(one, 32), loaded)
            calldatacopy(loaded, terms, 544)
            mstore(0x40, add(loaded, 544))
        }
    }

    /// @dev EIP-712 struct hash of terms that `load` returned.
    function structHash(Terms memory loaded) internal pure returns (bytes32 hash) {
        bytes32 typehash = TYPEHASH;
        // Writes the word that `load` reserved.
        assembly ("memory-safe") {
            mstore(sub(loaded, 32), typehash)
            hash := keccak256(sub(loaded, 32), 576)
        }
    }

    /// @dev Whether each field is as narrow as its type: seven addresses, one uint128, two uint40, one uint16.
    function isNarrow(Terms memory loaded) internal pure returns (bool narrow) {
        // Reads the struct's own words.
        assembly ("memory-safe") {
            function word(base, index) -> value {
                value := mload(add(base, shl(5, index)))
            }
            let addresses := or(or(word(loaded, 0), word(loaded, 1)), or(word(loaded, 2), word(loaded, 3)))
            addresses := or(or(addresses, word(loaded, 4)), or(word(loaded, 5), word(loaded, 13)))
            let excess := or(shr(160, addresses), shr(128, word(loaded, 6)))
            excess := or(excess, or(shr(40, or(word(loaded, 7), word(loaded, 8))), shr(16, word(loaded, 9))))
            narrow := iszero(excess)
        }
    }
}
