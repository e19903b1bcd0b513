// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title The user role of ERC-4907; its interface id is 0xad092b5c.
interface IERC4907 {
    /// @notice Emitted when an asset gets a user, or its user's term changes; zero, zero when the term is given up.
    event UpdateUser(uint256 indexed tokenId, address indexed user, uint64 expires);

    /// @notice Lends an asset to `user`, exclusively, for a term.
    /// @dev The owner, or whom it approved (ERC-721): when nobody uses the asset, to anybody or nobody; when somebody does, to
    /// the same user for longer. The live user: to itself for shorter, or to nobody. A transfer leaves the user.
    /// @param expires Unix seconds, exclusive: later than now and at most 10 years ahead; zero without a user.
    function setUser(uint256 tokenId, address user, uint64 expires) external;

    /// @notice Who uses the asset; zero = nobody but its owner.
    function userOf(uint256 tokenId) external view returns (address);

    /// @notice When its user's term ends, in Unix seconds, exclusive; zero = no user.
    function userExpires(uint256 tokenId) external view returns (uint256);
}
