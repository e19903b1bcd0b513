// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title IERC5192: tokens that can be locked
/// @notice https://eips.ethereum.org/EIPS/eip-5192
interface IERC5192 {
    /// @notice Emitted when a token becomes locked.
    event Locked(uint256 tokenId);
    /// @notice Emitted when a token is no longer locked.
    event Unlocked(uint256 tokenId);

    /// @notice Whether every transfer of a token reverts.
    function locked(uint256 tokenId) external view returns (bool);
}
