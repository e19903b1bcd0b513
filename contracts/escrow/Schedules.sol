// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Hashes} from "@openzeppelin/contracts/utils/cryptography/Hashes.sol";

import {LineId} from "./SupplierEscrowTypes.sol";

/// @notice The Merkle tree of lines that are signed together.
library Schedules {
    /// @dev Root of the tree whose leaves are these lines: OpenZeppelin's standard tree if they are in the order of their
    /// leaves.
    function root(LineId[] memory ids) internal pure returns (bytes32) {
        uint256 count = ids.length;
        // There is a line, and no array in memory is long enough to overflow.
        unchecked {
            // A complete tree, from the last node to the root: the leaves first, then each pair's parent.
            bytes32[] memory nodes = new bytes32[](2 * count - 1);
            for (uint256 i = 0; i < count; ++i) {
                nodes[i] = leaf(ids[i]);
            }
            for (uint256 i = count; i < nodes.length; ++i) {
                uint256 left = 2 * (i - count);
                nodes[i] = Hashes.commutativeKeccak256(nodes[left], nodes[left + 1]);
            }
            return nodes[nodes.length - 1];
        }
    }

    /// @dev Hashed twice, so that no inner node passes for a leaf.
    function leaf(LineId id) internal pure returns (bytes32) {
        return keccak256(bytes.concat(keccak256(abi.encode(id))));
    }
}
