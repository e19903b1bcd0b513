// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC5267} from "@openzeppelin/contracts/interfaces/IERC5267.sol";

/// @title Typed signatures (EIP-712) of a Fabricant contract; the domain can be read from the chain (EIP-5267).
/// @dev The chain id in the domain is that of deployment and never changes, because ids are digests: a fork of the chain
/// keeps the ids of what exists. So that no signature works on both branches, calls that take one work only at home.
interface IEip712 is IERC5267 {
    /// @notice Thrown by every call that takes a signature when the chain is not the one of deployment any more.
    error Eip712_ForeignChain(uint256 chainId, uint256 homeChainId);
}
