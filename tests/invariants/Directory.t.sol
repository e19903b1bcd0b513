// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {DirectoryHandler} from "./DirectoryHandler.sol";

/// @notice Who acts for whom, and never beyond it.
contract DirectoryInvariants {
    DirectoryHandler private handler;

    function setUp() external {
        handler = new DirectoryHandler();
    }

    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(handler);
    }

    /// @notice An operator does only what its unexpired role lists; a revoked grant never comes back.
    function invariant_dir1_f028_directory() external view {
        handler.check();
    }
}
