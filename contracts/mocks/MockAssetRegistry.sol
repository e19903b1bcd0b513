// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice A registry in which anybody registers anything, and which holds back the assets it is told to.
contract MockAssetRegistry {
    mapping(uint256 id => address) public ownerOf;
    mapping(uint256 id => bool) public heldBack;

    error HeldBack(uint256 id);
    error WrongFrom(uint256 id, address from);

    function register(uint256[] calldata ids, address owner) external {
        for (uint256 i = 0; i < ids.length; ++i) {
            ownerOf[ids[i]] = owner;
        }
    }

    function holdBack(uint256[] calldata ids, bool held) external {
        for (uint256 i = 0; i < ids.length; ++i) {
            heldBack[ids[i]] = held;
        }
    }

    function transferFrom(address from, address to, uint256 id) external payable {
        if (heldBack[id]) revert HeldBack(id);
        if (ownerOf[id] != from) revert WrongFrom(id, from);
        ownerOf[id] = to;
    }

    function deliverablesOf(uint256[] calldata) external pure returns (bytes32) {
        return 0;
    }
}
